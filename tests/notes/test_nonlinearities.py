"""Nonlinearities and the detector stage (N65–N75)."""

import math

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.autograd import gradcheck
from nn import notes
from tests.notes.golden import entry, golden
from tests.samples import normal

EVERY = [
    nn.Sigmoid(), nn.Tanh(), nn.ReLU(), notes.Abs(), notes.Softplus(2.0), notes.SmoothAbs(2.0), notes.SmoothSign(2.0),
    nn.Identity(),
]  # fmt: skip


def slope(function, x):
    """f′ at each of the values."""
    x = mg.tensor(x, dtype=mg.float64, requires_grad=True)
    return mg.autograd.grad(function(x).sum(), [x])[0].numpy()


@pytest.mark.parametrize("layer", EVERY, ids=repr)
def test_N65_X55_a_nonlinearity_works_unit_by_unit(layer):
    y, g = mg.tensor(normal(2, 4, 5, 5), requires_grad=True), normal(2, 4, 5, 5, seed=1)
    z = layer(y)
    assert z.shape == y.shape  # as many maps as came in, of the same size
    (given,) = mg.autograd.grad(z, [y], mg.tensor(g))
    np.testing.assert_allclose(given.numpy(), g * slope(layer, y.detach().numpy()), rtol=1e-12)
    assert gradcheck(layer, y, order=2)


def test_N66_a_gain_per_map():
    y = mg.tensor(normal(2, 3, 4, 4), requires_grad=True)
    gain = mg.tensor([2.0, -1.0, 0.5], dtype=mg.float64, requires_grad=True)
    g = normal(2, 3, 4, 4, seed=1)
    detected = mg.tanh(y)
    by_gain, by_input = mg.autograd.grad(notes.functional.gain(detected, gain), [gain, y], mg.tensor(g))
    f = np.tanh(y.detach().numpy())
    np.testing.assert_allclose(by_gain.numpy(), (g * f).sum((0, 2, 3)), rtol=1e-12)
    expected = gain.detach().numpy()[:, None, None] * g * (1 - f**2)
    np.testing.assert_allclose(by_input.numpy(), expected, rtol=1e-12)
    assert gradcheck(notes.functional.gain, (y, gain), order=2)
    assert notes.Gain(3).double()(y).tolist() == y.tolist()
    assert [list(notes.Gain(3, trainable).parameters()) != [] for trainable in (True, False)] == [True, False]
    assert list(notes.Gain(3, False).state_dict()) == ["gain"]


def test_N67_derivatives_of_the_sigmoid():
    x = mg.linspace(-6, 6, 25, dtype=mg.float64, requires_grad=True)
    s = mg.sigmoid(x)
    (first,) = mg.autograd.grad(s.sum(), [x], create_graph=True)
    (second,) = mg.autograd.grad(first.sum(), [x])
    e, sigma = np.exp(-x.detach().numpy()), s.detach().numpy()
    for form in (e / (1 + e) ** 2, sigma * (1 - sigma)):
        np.testing.assert_allclose(first.detach().numpy(), form, rtol=1e-12)
    for form in (-e / (1 + e) ** 2 + 2 * e**2 / (1 + e) ** 3, sigma * (1 - sigma) * (1 - 2 * sigma)):
        np.testing.assert_allclose(second.numpy(), form, rtol=1e-9, atol=1e-16)
    largest = first.argmax().item()
    assert x[largest].item() == entry("sigmoid_derivative")["argmax"] == 0
    assert first[largest].item() == entry("sigmoid_derivative")["maximum"] == 0.25
    assert second[largest].item() == 0


def test_N67_X69_no_overflow_far_out():
    x = [-1000.0, 1000.0]
    assert mg.sigmoid(mg.tensor(x, dtype=mg.float64)).tolist() == [0, 1]
    assert slope(mg.sigmoid, x).tolist() == [0, 0]


@pytest.mark.parametrize("depth", [int(k) for k in entry("sigmoid_derivative")["powers"]])
def test_N68_X71_a_chain_of_sigmoids_multiplies_factors_of_at_most_a_quarter(depth):
    bound = entry("sigmoid_derivative")["powers"][str(depth)]
    assert bound == 0.25**depth

    def chain(x, shift):
        for _ in range(depth):
            x = mg.sigmoid(x) - shift
        return x

    x = np.linspace(-8, 8, 161)
    plain, shifted = slope(lambda x: chain(x, 0.0), x), slope(lambda x: chain(x, 0.5), x)
    for slopes in (plain, shifted):
        assert (slopes <= bound).all()
    # The printed limit of 0.25ᵏ supposes that every sigmoid sees 0. Behind another one that takes a shift.
    assert x[shifted == bound].tolist() == [0]
    assert (plain == bound).any() == (depth == 1)


def test_N68_rectifiers_keep_the_gradient():
    x = mg.tensor([1.0], dtype=mg.float64)
    chains = {}
    for f in (mg.relu, mg.sigmoid):
        y = start = x.clone().requires_grad_()
        for _ in range(20):
            y = f(y)
        (chains[f],) = mg.autograd.grad(y.sum(), [start])
    assert chains[mg.relu].item() == 1
    assert 0 < chains[mg.sigmoid].item() < 1e-12


def test_N69_relu_and_its_slope_at_zero():
    x = [-2.0, -0.0, 0.0, 3.0]
    assert mg.relu(mg.tensor(x)).tolist() == [0, 0, 0, 3]
    assert slope(mg.relu, x).tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize("k", [1, 2, 10, 10000])
def test_N70_softplus_with_a_gain(k):
    values = entry("softplus_values")
    f = notes.Softplus(k)
    x = mg.tensor(values["x"], dtype=mg.float64)
    np.testing.assert_allclose(f(x).numpy(), values[f"k={k}"], rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(slope(f, values["x"]), mg.sigmoid(x * k).numpy(), rtol=1e-12)
    gap = (f(x) - mg.relu(x)).numpy()
    assert (gap >= 0).all()
    assert gap.argmax() == values["x"].index(0)
    assert gap.max() == pytest.approx(entry("softplus_max_gap_to_relu")[f"k={k}"], rel=1e-12)


def test_N70_X69_the_printed_softplus_overflows():
    k, x = 1e4, np.array([1.0, 1e3])
    with np.errstate(over="ignore", invalid="ignore"):
        printed = np.log(1 + np.exp(k * x)) / k
        derivative = np.exp(k * x) / (1 + np.exp(k * x))
        smooth_abs = 2 / k * np.log(1 + np.exp(k * x)) - x - 2 / k * np.log(2)
    assert np.isinf(printed).all()
    assert np.isnan(derivative).all()
    assert np.isinf(smooth_abs).all()
    far = np.concatenate([-x, x])
    assert notes.Softplus(k)(mg.tensor(far)).tolist() == [0, 0, 1, 1e3]
    assert slope(notes.Softplus(k), far).tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(notes.SmoothAbs(k)(mg.tensor(far)).numpy(), abs(far) - 2 * math.log(2) / k, rtol=1e-12)
    assert slope(notes.SmoothAbs(k), far).tolist() == [-1, -1, 1, 1]


def test_N71_tanh():
    x = normal(9)
    np.testing.assert_allclose(slope(mg.tanh, x), 1 - np.tanh(x) ** 2, rtol=1e-12)
    assert gradcheck(mg.tanh, mg.tensor(x, requires_grad=True), order=2)


def test_N72_X75_the_rectification_layer_and_its_slope():
    x = [-2.0, 0.0, 3.0]
    assert notes.Abs()(mg.tensor(x)).tolist() == [2, 0, 3]
    assert slope(notes.Abs(), x).tolist() == [-1, 0, 1]


def test_N72_without_rectification_edges_of_both_kinds_cancel():
    mg.manual_seed(0)
    upright = mg.randint(2, (200,))
    waves = mg.sin(1.6 * mg.arange(8.0) + 6.28 * mg.rand(200, 1)).reshape(-1, 1, 1, 8)
    images = mg.where(upright.reshape(-1, 1, 1, 1) == 1, waves, waves.transpose(2, 3)).expand(-1, 1, 8, 8)
    right = []
    for layer in (nn.Identity(), nn.notes.Abs()):
        model = nn.Sequential(nn.Conv2d(1, 4, 3), layer, nn.AvgPool2d(6), nn.Flatten(), nn.Linear(4, 2))
        optimizer = mg.optim.Adam(model.parameters(), lr=0.05)
        for _ in range(40):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[:100]), upright[:100]).backward()
            optimizer.step()
        right.append(float((model(images[100:]).argmax(1) == upright[100:]).float().mean()))
    assert right[0] < 0.7 < 0.95 < right[1]


def test_N73_the_smooth_sign_has_two_forms_and_a_limit():
    x = np.linspace(-3, 3, 13)
    for k in (1.0, 4.0):
        printed = 2 * np.exp(k * x) / (1 + np.exp(k * x)) - 1
        np.testing.assert_allclose(notes.SmoothSign(k)(mg.tensor(x)).numpy(), printed, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(printed, np.tanh(k * x / 2), rtol=1e-9, atol=1e-15)
    assert notes.SmoothSign(1e4)(mg.tensor(x)).tolist() == np.sign(x).tolist()


@pytest.mark.parametrize("k", [1, 4, 20])
def test_N74_the_smooth_absolute_value(k):
    values = entry("smooth_abs_values")
    f = notes.SmoothAbs(k)
    x = mg.tensor(values["x"], dtype=mg.float64)
    np.testing.assert_allclose(f(x).numpy(), values[f"k={k}"], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(f(-x).numpy(), f(x).numpy(), rtol=1e-12)
    np.testing.assert_allclose(slope(f, values["x"]), notes.SmoothSign(k)(x).numpy(), rtol=1e-9, atol=1e-15)
    printed = 2 / k * np.log(1 + np.exp(k * x.numpy())) - x.numpy() - 2 / k * math.log(2)
    np.testing.assert_allclose(f(x).numpy(), printed, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("k", [1, 4, 20])
def test_X70_one_constant_cannot_serve_zero_and_infinity(k):
    offset = 2 / k * math.log(2)
    centred, other = notes.SmoothAbs(k), notes.SmoothAbs(k, centered=False)
    zero, far = mg.zeros(1, dtype=mg.float64), mg.tensor([1e3], dtype=mg.float64)
    assert centred(zero).item() == 0
    assert centred(far).item() == pytest.approx(1e3 - offset, rel=1e-14)
    assert other(zero).item() == pytest.approx(offset, rel=1e-14)
    assert other(far).item() == 1e3


def test_N75_relu_of_the_worked_example():
    before, after = golden("smile_conv_output"), mg.relu(mg.tensor(golden("smile_conv_output"))).numpy()
    np.testing.assert_array_equal(after, golden("smile_relu_output"))
    assert before[before != after].tolist() == [-2]
