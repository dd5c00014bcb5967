"""Local contrast normalisation (N76–N79)."""

import math

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.autograd import gradcheck
from minigrad.signal import kernels
from nn import notes
from nn.notes.functional.normalization import gaussian_window
from tests.notes.golden import entry
from tests.samples import normal

BORDERS = ["reflect", "symmetric", "edge", "wrap"]


def test_N76_maps_keep_their_number_and_size():
    local = nn.Sequential(notes.SubtractiveNorm(1.5, 5), nn.ReLU(), notes.BrightnessNorm(2.0, 0.1, 0.75))
    for layer in (*local, local):
        assert layer(mg.randn(2, 6, 9, 8)).shape == (2, 6, 9, 8)


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("maps", [1, 2, 5])
def test_N77_constants_do_not_matter(maps, border):
    layer = notes.SubtractiveNorm(1.2, 5, border)
    x = mg.tensor(normal(2, maps, 7, 8))
    np.testing.assert_allclose(layer(mg.full((maps, 7, 8), 3.5, dtype=mg.float64)).numpy(), 0, atol=1e-13)
    np.testing.assert_allclose(layer(x + 100).numpy(), layer(x).numpy(), atol=1e-11)


@pytest.mark.parametrize("maps", [1, 2, 5])
def test_X58_the_printed_sum_over_the_maps_leaves_a_constant(maps):
    c = 3.5
    y = notes.SubtractiveNorm(1.2, 3, literal=True)(mg.full((maps, 6, 6), c, dtype=mg.float64))
    np.testing.assert_allclose(y.numpy(), (1 - maps) * c, atol=1e-13)
    if maps > 1:
        assert abs(y.numpy()).min() > 1


def test_N77_by_loops():
    x, sigma = normal(3, 5, 6), 0.9
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)), mode="reflect")
    window = gaussian_window(sigma, 3).entries
    y = notes.SubtractiveNorm(sigma, 3)(mg.tensor(x)).numpy()
    for i, r, s in np.ndindex(x.shape):
        mean = (padded[:, r : r + 3, s : s + 3] * window).sum() / 3
        assert y[i, r, s] == pytest.approx(x[i, r, s] - mean)


@pytest.mark.parametrize("border", [*BORDERS, "zero"])
@pytest.mark.parametrize("literal", [False, True])
def test_N77_the_derived_gradient_is_right_at_the_border_too(border, literal):
    maps, rows, columns = 3, 4, 5
    layer = notes.SubtractiveNorm(1.1, (3, 5), border, literal)
    # The blur with its border as one matrix; its adjoint is the transposed one.
    blur = mg.eye(rows * columns, dtype=mg.float64).reshape(-1, 1, rows, columns)
    H = (blur - notes.SubtractiveNorm(1.1, (3, 5), border)(blur)).reshape(rows * columns, -1).numpy().T
    x, g = mg.tensor(normal(maps, rows, columns), requires_grad=True), normal(maps, rows, columns, seed=1)
    (given,) = mg.autograd.grad(layer(x), [x], mg.tensor(g))
    spread = (H.T @ g.sum(0).ravel()).reshape(rows, columns) / (1 if literal else maps)
    np.testing.assert_allclose(given.numpy(), g - spread, rtol=1e-10, atol=1e-12)
    # Taking the window itself for the adjoint, as inside the map, is wrong where a border was filled from inside.
    naive = g - (H @ g.sum(0).ravel()).reshape(rows, columns) / (1 if literal else maps)
    if border in ("reflect", "edge"):
        assert abs(naive - given.numpy()).max() > 0.01
    assert gradcheck(layer, x, order=2)


def printed_window(size, sigma):
    """E's (16): a plus sign in the exponent, and the constant of one dimension."""
    u = np.arange(size) - size // 2
    squares = u[:, None] ** 2 + u**2
    return np.exp(squares / (2 * sigma**2)) / math.sqrt(2 * math.pi * sigma**2)


def test_N78_X57_the_window_falls_from_its_centre_and_sums_to_one():
    window, h = gaussian_window(3.8, 23).entries, 11
    assert window.sum() == pytest.approx(1)
    assert window.argmax() == window.size // 2
    for line in (window[h, h:], window[h:, h], np.diagonal(window)[h:]):
        assert (np.diff(line) < 0).all()
    np.testing.assert_allclose(kernels.gaussian(23, 3.8, normalize=False).entries, entry("gaussian23_raw"), rtol=1e-12)


def test_X57_the_printed_window_grows_outwards():
    printed = printed_window(23, 3.8)
    assert printed[11, 11] == pytest.approx(0.105, abs=5e-4)
    assert printed[0, 0] == pytest.approx(457, rel=2e-3)
    assert (np.diff(printed[11, 11:]) > 0).all()
    constant = kernels.gaussian(23, 3.8, normalize=False).entries * math.sqrt(2 * math.pi) * 3.8  # with the sign mended
    assert constant.sum() == pytest.approx(3.8 * math.sqrt(2 * math.pi), rel=0.01)


def test_N79_brightness_normalisation():
    example = entry("brightness_normalisation_example")
    layer = notes.BrightnessNorm(example["kappa"], example["lam"], example["mu"])
    np.testing.assert_allclose(layer(mg.tensor(np.array(example["x"]))).numpy(), example["y"], rtol=1e-12)


def test_N79_the_derived_gradient():
    kappa, lam, mu = 2.0, 0.3, 0.75
    layer = notes.BrightnessNorm(kappa, lam, mu)
    x, g = mg.tensor(normal(3, 4, 4), requires_grad=True), normal(3, 4, 4, seed=1)
    (given,) = mg.autograd.grad(layer(x), [x], mg.tensor(g))
    v = x.detach().numpy()
    D = kappa + lam * (v**2).sum(0)
    np.testing.assert_allclose(
        given.numpy(), g * D**-mu - 2 * mu * lam * v * D ** (-mu - 1) * (g * v).sum(0), rtol=1e-10, atol=1e-13
    )
    assert gradcheck(layer, x, order=2)


@pytest.mark.parametrize("maps", [1, 3, 4])
def test_N79_it_is_a_local_response_normalisation_over_all_maps(maps):
    every, lam = 2 * maps - 1, 0.2  # windows so wide that each of them holds all maps
    theirs = nn.LocalResponseNorm(every, alpha=lam * every, beta=0.75, k=2.0)
    x = mg.tensor(normal(2, maps, 3, 3))
    np.testing.assert_allclose(notes.BrightnessNorm(2.0, lam, 0.75)(x).numpy(), theirs(x).numpy(), rtol=1e-12)


@pytest.mark.parametrize("window", [1, 2, 3, 4, 9])
def test_N79_over_neighbouring_maps_only(window):
    """As PyTorch's layer takes its maps: of an even window, one more before."""
    lam, x = 0.2, normal(2, 5, 3, 3)
    y = notes.BrightnessNorm(2.0, lam, 0.75, window)(mg.tensor(x)).numpy()
    for i in range(5):
        first, last = max(i - window // 2, 0), i + (window - 1) // 2 + 1
        energy = 2 + lam * (x[:, first:last] ** 2).sum(1)
        np.testing.assert_allclose(y[:, i], x[:, i] / energy**0.75, rtol=1e-12)
    theirs = nn.LocalResponseNorm(window, alpha=lam * window, beta=0.75, k=2.0)
    np.testing.assert_allclose(y, theirs(mg.tensor(x)).numpy(), rtol=1e-12)


def test_N79_a_search_on_a_validation_split_finds_the_exponent():
    mg.manual_seed(0)
    maps = mg.rand(200, 2, 1, 1, dtype=mg.float64)
    share = maps[:, 0, 0, 0] / maps.square().sum((1, 2, 3)).sqrt()
    lit = maps * mg.exp(mg.randn(200, 1, 1, 1, dtype=mg.float64))
    errors = {}
    for mu in (0.25, 0.5, 1.0):
        values = notes.BrightnessNorm(0.01, 1.0, mu)(lit).flatten(1).numpy()
        table = np.column_stack([values, np.ones(200)])
        weights = np.linalg.lstsq(table[:100], share[:100].numpy(), rcond=None)[0]
        errors[mu] = np.square(table[100:] @ weights - share[100:].numpy()).mean()
    assert min(errors, key=errors.get) == 0.5
    assert errors[0.5] < errors[0.25] / 4
