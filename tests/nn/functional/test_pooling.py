"""Power means against their formula, their gradient at zero, maxima with their places."""

import math

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError

LP = {1: F.lp_pool1d, 2: F.lp_pool2d, 3: F.lp_pool3d}


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("p", [1, 1.5, 2, 3, 7.0, math.inf, -1, -math.inf])
def test_N89_the_norm_of_each_window(axes, p):
    x = np.random.default_rng(0).uniform(0.1, 2, (2, *(4,) * axes))
    windows = x.reshape(2, *(2, 2) * axes)
    order = (0, *range(1, 2 * axes, 2), *range(2, 2 * axes + 1, 2))
    flat = windows.transpose(order).reshape(2, *(2,) * axes, -1)
    np.testing.assert_allclose(LP[axes](mg.from_numpy(x), p, 2).numpy(), np.linalg.norm(flat, p, -1) if axes == 1
                               else np.apply_along_axis(np.linalg.norm, -1, flat, p), rtol=1e-9)  # fmt: skip


def test_N89_it_grows_from_the_sum_to_the_maximum():
    x = mg.tensor([[3.0, 1.0, 2.0, 2.0]], dtype=mg.float64)
    assert F.lp_pool1d(x, 1, 4).item() == 8
    assert F.lp_pool1d(x, 200, 4).item() == pytest.approx(F.lp_pool1d(x, math.inf, 4).item(), rel=1e-2)
    assert F.lp_pool1d(-x, math.inf, 4).item() == 3
    assert F.lp_pool1d(-x, -math.inf, 4).item() == 1


@pytest.mark.parametrize("p", [0.5, 1, 1.5, 2, 3, 4])
def test_N130_without_a_sum_there_is_no_gradient_of_any_order(p):
    x = mg.tensor([[0.0, 0.0, 1.0, 2.0, 0.0, 5.0]], dtype=mg.float64, requires_grad=True)
    y = F.lp_pool1d(x, p, 2)
    seed = mg.ones(1, 3, dtype=mg.float64, requires_grad=True)
    (first,) = mg.autograd.grad(y, x, seed, create_graph=True)
    assert first.tolist()[0][:2] == [0, 0]
    second = mg.autograd.grad(mg.square(first).sum(), (x, seed))
    assert mg.isfinite(first).all()
    assert second[0].tolist()[0][:2] == [0, 0]
    assert all(mg.isfinite(one).all() for one in second)


def test_N130_gradients_to_second_order():
    x = mg.tensor(np.random.default_rng(2).uniform(0.5, 2, (1, 5, 4)), requires_grad=True)
    for p in (1.5, 2, 3, -1):
        assert gradcheck(lambda t, p=p: F.lp_pool2d(t, p, (2, 3), 1), x, order=2)


def test_roots_of_negative_sums():
    assert math.isnan(F.lp_pool1d(mg.tensor([[-1.0, -2.0]]), 3, 2).item())
    assert F.lp_pool1d(mg.tensor([[-1.0, -2.0]]), 1, 2).item() == -3


def test_refusals():
    with pytest.raises(DTypeError, match="lp_pool2d of a tensor of int64: a norm is no integer"):
        F.lp_pool2d(mg.ones(1, 4, 4, dtype=mg.int64), 2, 2)
    with pytest.raises(DTypeError, match="norm_type='2'; it is a number"):
        F.lp_pool2d(mg.ones(1, 4, 4), "2", 2)
    with pytest.raises(ArgumentError, match="there is no root of order 0"):
        F.lp_pool2d(mg.ones(1, 4, 4), 0, 2)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_maxima_with_their_places(axes):
    x = mg.randn(2, *(5,) * axes)
    pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[axes - 1]
    both = (F.max_pool1d_with_indices, F.max_pool2d_with_indices, F.max_pool3d_with_indices)[axes - 1]
    for one, other in zip(both(x, 2, 1), pool(x, 2, 1, return_indices=True)):
        assert mg.equal(one, other)
    pool = (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d)[axes - 1]
    both = (
        F.adaptive_max_pool1d_with_indices,
        F.adaptive_max_pool2d_with_indices,
        F.adaptive_max_pool3d_with_indices,
    )[axes - 1]
    assert mg.equal(pool(x, 2), both(x, 2)[0])
    assert mg.equal(pool(x, 2, True)[1], both(x, 2, False)[1])
