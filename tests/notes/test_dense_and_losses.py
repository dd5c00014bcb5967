"""Fully connected layers and losses (N94–N101), and the vectors of labels (N2)."""

import itertools
import math

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.autograd import gradcheck
from nn import notes
from tests.notes.golden import entry
from tests.samples import normal, positive

TASKS = entry("task_targets")


def tensor(*shape, seed=0):
    """A leaf that requires gradients."""
    return mg.tensor(normal(*shape, seed=seed), requires_grad=True)


def gradient(loss, y, t):
    """The gradient by the first argument."""
    y = mg.tensor(np.asarray(y, float), requires_grad=True)
    return mg.autograd.grad(loss(y, mg.tensor(np.asarray(t, float))), [y])[0].numpy()


# ------------------------------------------------------------------ N2


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task["task"])
def test_N2_labels_as_vectors(task):
    present = [label for label, one in zip(task["labels"], task["target"], strict=True) if one]
    assert notes.multi_hot(present, task["labels"]).tolist() == task["target"]
    assert notes.multi_hot(set(present), task["labels"]).tolist() == task["target"]
    if task["kind"] == "one-hot":
        assert notes.one_hot(*present, task["labels"]).tolist() == task["target"]


def test_N2_X22_the_first_vector_has_four_ones_the_others_one():
    assert [sum(task["target"]) for task in TASKS] == [4, 1, 1]
    assert [task["kind"] == "one-hot" for task in TASKS] == [False, True, True]


def test_N2_both_heads():
    z = tensor(3, 6)
    several = mg.tensor([TASKS[0]["target"]] * 3, dtype=mg.float64)
    head = nn.BCEWithLogitsLoss(reduction="sum")
    (given,) = mg.autograd.grad(head(z, several), [z])
    np.testing.assert_allclose(given.numpy(), 1 / (1 + np.exp(-z.detach().numpy())) - several.numpy(), rtol=1e-10)
    assert gradcheck(lambda z: head(z, several), z, order=2)
    one = notes.one_hot([0, 3, 1], 6, mg.float64)
    single = nn.CrossEntropyLoss(reduction="sum")
    (given,) = mg.autograd.grad(single(z, one), [z])
    np.testing.assert_allclose(given.numpy(), (mg.softmax(z, 1).detach() - one).numpy(), rtol=1e-10, atol=1e-12)
    assert gradcheck(lambda z: single(z, one), z, order=2)
    # A softmax shares 1 out, so it cannot answer "four of them are there".
    assert mg.softmax(z, 1).sum(1).tolist() == pytest.approx([1] * 3)


# ------------------------------------------------------------------ dense layers


def test_N94_X61_a_unit_of_one_carries_the_bias():
    layer, y = notes.Linear(4, 3).double(), tensor(5, 4)
    whole = mg.cat([layer.bias[:, None], layer.weight], 1)  # w_i0 = b_i
    extended = mg.cat([mg.ones(5, 1, dtype=mg.float64), y], 1)  # y_0 = 1, of the layer before
    np.testing.assert_allclose(layer(y).detach().numpy(), (extended @ whole.T).detach().numpy(), rtol=1e-12)
    # As printed both sides stand in layer l: the sum would be over the layer's own three outputs.
    with pytest.raises(mg.errors.MinigradError):
        whole @ layer(y)[0]


def test_N95_four_indices():
    layer, y = notes.FullyConnectedMaps(2, (3, 4), 5).double(), tensor(2, 3, 4)
    w = layer.weight.detach().numpy()
    expected = layer.bias.detach().numpy().copy()
    for i, j, r, s in np.ndindex(w.shape):
        expected[i] += w[i, j, r, s] * y[j, r, s].item()
    z, g = layer(y), normal(5, seed=1)
    np.testing.assert_allclose(z.detach().numpy(), expected, rtol=1e-10)
    by_weight, by_maps = mg.autograd.grad(z, [layer.weight, y], mg.tensor(g))
    np.testing.assert_allclose(by_weight.numpy(), np.multiply.outer(g, y.detach().numpy()), rtol=1e-12)
    np.testing.assert_allclose(by_maps.numpy(), np.tensordot(g, w, 1), rtol=1e-12)


def test_N95_N105_the_same_by_flattening_and_by_a_convolution():
    layer, y, g = notes.FullyConnectedMaps(3, 4, 5).double(), tensor(2, 3, 4, 4), mg.tensor(normal(2, 5, seed=1))
    dense = nn.Sequential(nn.Flatten(), nn.Linear(48, 5)).double()
    convolution = nn.Sequential(notes.Conv2d.after_d(3, 5, 4), nn.Flatten()).double()
    weight, bias = layer.weight.detach(), layer.bias.detach()
    dense[1].load_state_dict({"weight": weight.reshape(5, 48), "bias": bias})
    convolution[0].load_state_dict({"weight": weight, "bias": bias})
    results = [
        [model(y).detach().numpy().ravel()]
        + [one.numpy().ravel() for one in mg.autograd.grad(model(y), [y, *model.parameters()], g)]
        for model in (layer, dense, convolution)
    ]
    for first, *others in zip(*results, strict=True):
        for other in others:
            np.testing.assert_allclose(other, first, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("make", [nn.models.LeNet5, nn.models.ConvNet28, nn.models.ClassicCNN, nn.models.LeCun89])
def test_N96_features_and_classifier(make):
    model = make()
    size = getattr(model, "input_size", 28)
    x = mg.randn(3, 1, size, size)
    assert model.classifier(model.features(x)).tolist() == model(x).tolist()
    model.features.requires_grad_(False)
    model(x).square().sum().backward()
    assert all(p.grad is None for p in model.features.parameters())
    assert all(p.grad.any() for p in model.classifier.parameters())


def test_N96_the_classifier_learns_over_frozen_features():
    mg.manual_seed(0)
    model = nn.models.ClassicCNN(num_classes=3, input_size=16)
    x, labels = mg.tensor(normal(9, 1, 16, 16), dtype=mg.float32), mg.tensor([0, 1, 2] * 3)
    model.features.requires_grad_(False)
    before = [p.tolist() for p in model.features.parameters()]
    optimizer = mg.optim.Adam(model.classifier.parameters(), lr=0.1)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]
    assert [p.tolist() for p in model.features.parameters()] == before


# ------------------------------------------------------------------ losses


def example(loss):
    """The loss of the worked example."""
    case = entry("losses_example")
    return loss(mg.tensor(case["y"], dtype=mg.float64), mg.tensor(case["t"], dtype=mg.float64)).item()


def test_N97_sum_of_squared_errors():
    case = entry("losses_example")
    assert example(notes.SumSquaredError()) == pytest.approx(case["sse"], rel=1e-12)
    y, t = normal(3, 4), normal(3, 4, seed=1)
    np.testing.assert_allclose(gradient(notes.SumSquaredError(), y, t), 2 * (y - t), rtol=1e-12)


def test_N99_X63_half_of_it():
    assert example(notes.HalfSquaredError()) == pytest.approx(entry("losses_example")["half_se"], rel=1e-12)
    y, t = normal(3, 4), normal(3, 4, seed=1)
    np.testing.assert_allclose(gradient(notes.HalfSquaredError(), y, t), y - t, rtol=1e-12)


def test_X63_the_derivative_of_a_square_keeps_its_two():
    y, t, h = 0.8, 0.3, 1e-6
    numeric = ((t - y - h) ** 2 - (t - y + h) ** 2) / (2 * h)
    assert numeric == pytest.approx(2 * (y - t), rel=1e-8)
    assert numeric != pytest.approx(y - t, rel=0.1)  # what is printed for ∂(t − y)²
    assert gradient(notes.HalfSquaredError(), [y], [t]).item() == pytest.approx(y - t, rel=1e-12)


def test_N98_X62_the_cross_entropy_falls_as_the_fit_improves():
    loss, t = notes.CrossEntropy(), mg.tensor([0.0, 1.0, 0.0])
    assert example(loss) == pytest.approx(entry("losses_example")["cross_entropy"], rel=1e-12)
    fits = [mg.tensor([(1 - p) / 2, p, (1 - p) / 2]) for p in (0.1, 0.4, 0.7, 0.9, 0.99)]
    losses = [loss(y, t).item() for y in fits]
    printed = [(t * mg.log(y)).sum().item() for y in fits]  # without the sign
    assert all(a > b > 0 for a, b in itertools.pairwise(losses))
    assert all(a < b < 0 for a, b in itertools.pairwise(printed))


def test_N98_gradients():
    z, t = tensor(4, 3), notes.one_hot([2, 0, 1, 1], 3, mg.float64)
    y = mg.softmax(z, 1)
    np.testing.assert_allclose(mg.softmax(mg.tensor([1.0, 2.0, 3.0]), 0).numpy(),
                               entry("losses_example")["softmax_of_1_2_3"], rtol=1e-6)  # fmt: skip
    by_shares, by_logits = mg.autograd.grad(notes.CrossEntropy()(y, t), [y, z])
    np.testing.assert_allclose(by_shares.numpy(), -t.numpy() / y.detach().numpy(), rtol=1e-10, atol=0)
    np.testing.assert_allclose(by_logits.numpy(), (y.detach() - t).numpy(), rtol=1e-9, atol=1e-12)
    stable = nn.CrossEntropyLoss(reduction="sum")
    assert stable(z, t).item() == pytest.approx(notes.CrossEntropy()(y, t).item(), rel=1e-12)


def test_N98_no_nan_at_a_probability_of_zero():
    loss = notes.CrossEntropy()
    assert loss(mg.tensor([0.0, 1.0]), mg.tensor([0.0, 1.0])).item() == 0
    assert np.isfinite(gradient(loss, [0.0, 1.0], [0.0, 1.0])).all()
    logits = mg.tensor([[-1e4, 1e4]], requires_grad=True)
    stable = nn.CrossEntropyLoss()(logits, mg.tensor([0]))
    stable.backward()
    assert stable.item() == 2e4
    assert logits.grad.tolist() == [[-1, 1]]


def test_N100_the_three_squared_errors_are_multiples_of_each_other():
    y, t = mg.tensor(normal(3, 4)), mg.tensor(normal(3, 4, seed=1))
    whole = notes.SumSquaredError()(y, t).item()
    assert whole == pytest.approx(12 * nn.MSELoss()(y, t).item())
    assert whole == pytest.approx(2 * notes.HalfSquaredError()(y, t).item())
    assert whole == pytest.approx(nn.MSELoss(reduction="sum")(y, t).item())
    assert example(nn.MSELoss()) == pytest.approx(entry("losses_example")["mse"], rel=1e-12)


def test_N101_any_differentiable_loss():
    def loss(y, t):
        return (mg.log(mg.cosh(y - t)) * (1 + mg.abs(t))).sum() + math.pi * (y**4).mean()

    y, t = tensor(3, 4), mg.tensor(positive(3, 4))
    assert gradcheck(lambda y: loss(y, t), y, order=2)
    layer = notes.Linear(4, 4).double()
    loss(layer(y), t).backward()
    assert all(p.grad.any() for p in layer.parameters())
