"""Training, history, remarks and sources (N141–N144)."""

from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.optim import SGD
from tests.notes import by_hand
from tests.notes.golden import golden

SOURCE = np.random.default_rng(141)
HISTORY = Path(__file__).parents[2] / "docs" / "explanation" / "history.md"


def slope_of_tanh(p):
    return 1 - np.tanh(p) ** 2


def trained_by_hand(images, targets, kernels, biases, rate, steps):
    """Gradient descent by note C's recursion over two of its layers; the losses and the last parameters."""
    kernels, biases = [w.copy() for w in kernels], [b.copy() for b in biases]
    losses = []
    for _ in range(steps):
        totals = [[np.zeros(w.shape), np.zeros(b.shape)] for w, b in zip(kernels, biases)]
        loss = 0.0
        for image, target in zip(images, targets):
            activations, held = [image], []
            for w, b in zip(kernels, biases):
                held.append(by_hand.c_forward(activations[-1], w, b))
                activations.append(np.tanh(held[-1]))
            delta = activations[-1] - target
            loss += (delta**2).sum() / 2
            for layer in (1, 0):
                by_w, by_b, delta = by_hand.c_backward(
                    activations[layer], kernels[layer], slope_of_tanh(held[layer]), delta
                )
                totals[layer][0] += by_w
                totals[layer][1] += by_b
        for layer in (0, 1):
            kernels[layer] -= rate * totals[layer][0]
            biases[layer] -= rate * totals[layer][1]
        losses.append(loss)
    return losses, [*kernels, *biases]


def trained_by_tape(images, targets, kernels, biases, rate, steps):
    """The same two layers as a model of the notes' own layers."""
    layers = [nn.notes.Conv2d.after_c(w.shape[1], w.shape[0], w.shape[2:]).double() for w in kernels]
    with mg.no_grad():
        for layer, w, b in zip(layers, kernels, biases):
            layer.weight.copy_(mg.tensor(w))
            layer.bias.copy_(mg.tensor(b))
    model = nn.Sequential(layers[0], nn.Tanh(), layers[1], nn.Tanh())
    optimizer = SGD(model.parameters(), lr=rate)
    losses = []
    for _ in range(steps):
        loss = nn.notes.HalfSquaredError()(model(mg.tensor(images)), mg.tensor(targets))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    values = [layer.weight for layer in layers] + [layer.bias for layer in layers]
    return losses, [value.detach().numpy() for value in values]


def test_N141_the_recursion_of_C_trains_as_the_tape_does():
    """Left from right edges: two layers of reversed kernels and subtracted biases, ten steps."""
    images = np.zeros((4, 1, 5, 5))
    for number, column in enumerate((1, 2, 3, 2)):
        images[number, 0, :, column:] = 1 if number < 2 else 0
        images[number, 0, :, :column] = 0 if number < 2 else 1
    targets = np.array([0.5, 0.5, -0.5, -0.5]).reshape(4, 1, 1, 1)
    kernels = [SOURCE.standard_normal((2, 1, 3, 3)) / 3, SOURCE.standard_normal((1, 2, 3, 3)) / 4]
    biases = [np.zeros((2, 1)), np.zeros((1, 2))]
    by_hand_losses, by_hand_values = trained_by_hand(images, targets, kernels, biases, 0.1, 10)
    taped_losses, taped_values = trained_by_tape(images, targets, kernels, biases, 0.1, 10)
    np.testing.assert_allclose(by_hand_losses, taped_losses, rtol=1e-12)
    for one, other in zip(by_hand_values, taped_values):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
    assert by_hand_losses[-1] < by_hand_losses[0] / 2


def test_N141_the_recipe_trains_the_classical_chain():
    """Stripes down or across, told apart by forward, loss, backward and step."""
    mg.manual_seed(141)
    i, j = np.indices((12, 12))
    stripes = np.stack([(i // 2 % 2), (j // 2 % 2)] * 4)[:, None].astype(np.float32)
    images, labels = mg.tensor(stripes - 0.5) + 0.1 * mg.randn(8, 1, 12, 12), mg.tensor([0, 1] * 4)
    model = nn.models.ClassicCNN(2, input_size=12, widths=(4, 8))
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for _ in range(20):
        loss = nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 4
    assert model(images).argmax(1).tolist() == labels.tolist()


@pytest.mark.parametrize("towards", [0, 30, 90, 200])
def test_N142_a_turned_sobel_kernel_answers_most_to_its_own_direction(towards):
    """The response to a unit ramp in direction φ is 8 cos(θ − φ), by true convolution."""
    phi = np.deg2rad(towards)
    i, j = np.indices((3, 3))
    ramp = mg.tensor(j * np.cos(phi) + i * np.sin(phi))
    angles = np.deg2rad(np.arange(0, 360, 10))
    bank = [golden("sobel_1") * np.cos(theta) + golden("sobel_2") * np.sin(theta) for theta in angles]
    responses = [mg.full_convolve2d(ramp, mg.tensor(kernel))[2, 2].item() for kernel in bank]
    np.testing.assert_allclose(responses, 8 * np.cos(angles - phi), atol=1e-13)
    assert np.rad2deg(angles[int(np.argmax(responses))]) == pytest.approx(towards)


def test_N142_X72_the_history_names_those_who_did_it():
    text = HISTORY.read_text(encoding="utf-8")
    for name in ("Hubel", "Wiesel", "Fukushima", "Yann LeCun", "Kavukcuoglu"):
        assert name in text
    first = next(line for line in text.splitlines() if "1989" in line and "LeCun" in line)
    assert "Bengio" not in first


def test_N143_the_history_says_where_the_limits_are():
    text = HISTORY.read_text(encoding="utf-8")
    assert "(N143)" in text
    assert "## Limits" in text


def test_N144_the_sources_that_the_notes_cite():
    text = HISTORY.read_text(encoding="utf-8")
    for source in ("Rachel Draelos", "Kamath", "Whitaker", "Lakz2MoHy6o", "Jarrett", "Handwritten Zip Code", "LeNet-5"):
        assert source in text
