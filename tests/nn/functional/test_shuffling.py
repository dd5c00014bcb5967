"""Pixels and channels in another order, against the formulae."""

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.errors import ArgumentError, DTypeError, ShapeError


@pytest.mark.parametrize("r", [1, 2, 3])
@pytest.mark.parametrize("lead", [(), (2,), (2, 0), (2, 1, 3)])
def test_pixel_shuffle(r, lead):
    x = np.random.default_rng(0).standard_normal((*lead, 2 * r * r, 3, 4))
    y = F.pixel_shuffle(x, r)
    assert y.shape == (*lead, 2, 3 * r, 4 * r)
    for c, i, a, j, b in np.ndindex(2, 3, r, 4, r):
        assert np.array_equal(y.numpy()[..., c, r * i + a, r * j + b], x[..., c * r * r + a * r + b, i, j])
    assert np.array_equal(F.pixel_unshuffle(y, r).numpy(), x)


@pytest.mark.parametrize("shape", [(2, 6, 3), (1, 6, 2, 2), (0, 6, 1, 2, 3)])
@pytest.mark.parametrize("g", [1, 2, 3, 6])
def test_channel_shuffle(shape, g):
    x = np.random.default_rng(0).standard_normal(shape)
    y = F.channel_shuffle(x, g).numpy()
    for a, k in np.ndindex(g, 6 // g):
        assert np.array_equal(y[:, k * g + a], x[:, a * (6 // g) + k])


def test_gradients_go_back_to_where_values_came_from():
    x = mg.arange(16.0).reshape(1, 4, 2, 2).requires_grad_()
    for there, back in ((F.pixel_shuffle, F.pixel_unshuffle), (F.pixel_unshuffle, F.pixel_shuffle)):
        y = there(x, 2)
        (g,) = mg.autograd.grad(y, x, y.detach())
        assert mg.equal(g, back(y.detach(), 2))
        assert mg.equal(g, x.detach())


@pytest.mark.parametrize("function", [F.pixel_shuffle, F.pixel_unshuffle, F.channel_shuffle])
@pytest.mark.parametrize(
    ("shape", "number", "error", "message"),
    [
        ((1, 3, 3, 3), 2, ShapeError, "multiple"),
        ((4, 4), 2, ShapeError, "at least 3 axes"),
        ((1, 4, 4, 4), 0, ArgumentError, "=0; it must be at least 1"),
        ((1, 4, 4, 4), -2, ArgumentError, "=-2"),
        ((1, 4, 4, 4), 2.0, DTypeError, "=2.0; it is an integer"),
    ],
)
def test_refusals(function, shape, number, error, message):
    with pytest.raises(error, match=message):
        function(mg.ones(shape), number)
