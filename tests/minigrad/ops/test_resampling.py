"""Resizing, against the formulae written element by element."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import gradcheck, gradgradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from tests.strategies import given, seeds, settings, st

MODES = ["nearest", "nearest-exact", "linear", "cubic"]


def at(x, i):
    """An element of a line whose ends go on for ever."""
    return x[min(max(i, 0), len(x) - 1)]


def keys(t, a=-0.75):
    t = abs(t)
    if t <= 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a if t < 2 else 0.0


def resized(x, o, mode, align):
    """One line, by the definition of each mode."""
    n = len(x)
    if mode == "nearest":
        return [x[i * n // o] for i in range(o)]
    if mode == "nearest-exact":
        return [x[(2 * i + 1) * n // (2 * o)] for i in range(o)]
    out = []
    for i in range(o):
        place = (i * (n - 1) / (o - 1) if o > 1 else 0.0) if align else (i + 0.5) * n / o - 0.5
        if mode == "linear":
            place = min(max(place, 0), n - 1)
        below = math.floor(place)
        if mode == "linear":
            out.append(at(x, below) * (below + 1 - place) + at(x, below + 1) * (place - below))
        else:
            out.append(sum(at(x, below + tap) * keys(place - below - tap) for tap in (-1, 0, 1, 2)))
    return out


@settings(max_examples=150)
@given(st.sampled_from(MODES), st.integers(1, 9), st.integers(1, 16), st.booleans(), seeds)
def test_a_line_by_the_definition(mode, n, o, align, seed):
    # At sizes whose ratio is no binary fraction a place may fall on either side of a border.
    if mode.startswith("nearest"):
        n = 2 ** (n % 4)
    align = align and mode in ("linear", "cubic")
    x = np.random.default_rng(seed).standard_normal(n)
    y = mg.resize(x, (o,), mode, align)
    assert y.dtype == np.float64
    np.testing.assert_allclose(y.numpy(), resized(x, o, mode, align), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_axes_follow_one_another(mode):
    x = np.random.default_rng(0).standard_normal((2, 4, 3, 5))
    whole = mg.resize(x, (2, 6, 4), mode)
    steps = x
    for axis, o in ((1, 2), (2, 6), (3, 4)):
        steps = mg.resize(mg.as_tensor(steps).movedim(axis, -1), (o,), mode).movedim(-1, axis)
    np.testing.assert_allclose(whole.numpy(), steps.numpy(), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("sizes", [(3, 7), (6, 2), (1, 1)])
@pytest.mark.parametrize(
    ("mode", "antialias"),
    [("linear", False), ("cubic", False), ("linear", True), ("cubic", True), ("lanczos", True)],
)
def test_means_of_constants_are_constants_and_gradients_are_right(mode, antialias, sizes):
    x = mg.randn(2, 5, 4, dtype=mg.float64, requires_grad=True)

    def resize(t):
        return mg.resize(t, sizes, mode, antialias=antialias)

    np.testing.assert_allclose(resize(mg.ones(5, 4, dtype=mg.float64)).numpy(), 1, rtol=1e-12)
    assert gradcheck(resize, (x,))
    assert gradgradcheck(resize, (x,))


def test_antialiasing_is_a_triangle_as_wide_as_the_step():
    x = np.arange(8.0)
    weights = np.array([1, 3, 3, 1])  # centred between elements 1 and 2
    first = (x[:4] @ np.array([3, 3, 1, 0]) + 0) / 7  # the triangle is cut off at the edge
    y = mg.resize(x, (4,), "linear", antialias=True).numpy()
    np.testing.assert_allclose(y[1], x[1:5] @ weights / 8)
    np.testing.assert_allclose(y[0], first)


def test_dtypes():
    assert mg.resize(mg.ones(4).half(), (3,), "linear").dtype == mg.float16
    assert mg.resize(mg.tensor([0, 100, 255], dtype=mg.uint8), (6,), "nearest").tolist() == [0, 0, 100, 100, 255, 255]
    assert mg.resize(mg.tensor([0, 101], dtype=mg.uint8), (4,), "linear").tolist() == [0, 25, 76, 101]
    overshoot = mg.resize(mg.tensor([0, 0, 255, 255], dtype=mg.uint8), (16,), "cubic")
    assert (overshoot.dtype, overshoot.min().item(), overshoot.max().item()) == (mg.uint8, 0, 255)
    assert mg.resize(mg.tensor([True, False]), (4,)).tolist() == [True, True, False, False]
    with pytest.raises(DTypeError, match=r"int64.*float\(\)"):
        mg.resize(mg.arange(4), (2,), "linear")


def test_a_scale_of_its_own_moves_the_places():
    x = mg.arange(4.0)
    assert mg.resize(x, (4,), scale=(2.0,)).tolist() == [0, 0, 1, 1]
    assert mg.resize(x, (2,), "linear", scale=(0.5,)).tolist() == [0.5, 2.5]
    assert mg.resize(mg.tensor([0, 1, 2], dtype=mg.uint8), (3,), scale=(1.2,)).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("scale", "line", "plane"),
    [(1.2, [0, 0, 1], [0, 1, 2]), (2.3, [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2]), (1.7, [0, 0, 1, 1, 2], None)],
)
def test_in_the_plane_the_same_size_and_twice_the_size_pass_over_the_scale(scale, line, plane):
    o = int(3 * scale)
    for axes in (1, 2, 3):
        x = mg.arange(3.0).expand((3,) * axes).clone().requires_grad_()
        y = mg.resize(x, (o,) * axes, "nearest", scale=(scale,) * axes)
        expected = line if plane is None or axes != 2 else plane
        assert y[(0,) * (axes - 1)].tolist() == expected
        (slope,) = mg.autograd.grad(y.sum(), x)
        counts = [expected.count(i) for i in range(3)]  # on every axis, of which the others are summed over
        assert slope.reshape(-1, 3).sum(0).tolist() == [c * o ** (axes - 1) for c in counts]
    exact = mg.resize(mg.arange(3.0).expand(3, 3), (6, 6), "nearest-exact", scale=(2.3, 2.3))
    assert exact[0].tolist() == [0, 0, 1, 1, 1, 2]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: mg.resize(x, (2,), "bilinear"), ArgumentError, "mode='bilinear'.*linear, cubic"),
        (lambda x: mg.resize(x, (2,), "area", antialias=True), ArgumentError, "with antialias.*lanczos"),
        (lambda x: mg.resize(x, (0, 2)), ShapeError, r"\(3, 4\) to \(0, 2\).*at least 1"),
        (lambda x: mg.resize(x, (1, 2, 3)), ShapeError, "as many of the last axes"),
        (lambda x: mg.resize(x, (2, 2), scale=(1.0,)), ShapeError, "sizes"),
        (lambda x: mg.resize(x[:0], (2, 2)), ShapeError, "old and the new"),
        (lambda x: mg.resize(x, 2.5), DTypeError, "size=2.5"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call(mg.ones(3, 4))
