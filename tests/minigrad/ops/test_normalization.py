"""Standardising against its formula: values, statistics, derivatives of each output, digits, memory."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import DTypeError, IndexOutOfRangeError, ShapeError

RNG = np.random.default_rng(8)


def formula(x, axes, eps):
    mean = x.mean(axes, keepdims=True)
    var = ((x - mean) ** 2).mean(axes, keepdims=True)
    return (x - mean) / np.sqrt(var + eps), mean, var


@pytest.mark.parametrize(("shape", "dim"), [((2, 3, 4), (0, 2)), ((5,), 0), ((2, 3), -1), ((2, 3), None), ((), None)])
def test_values_and_statistics(shape, dim):
    x = RNG.standard_normal(shape)
    axes = tuple(range(x.ndim)) if dim is None else dim
    for found, expected in zip(mg.standardize(mg.tensor(x), dim, 0.1), formula(x, axes, 0.1)):
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12, atol=1e-14)


def test_each_output_has_its_derivatives():
    x = mg.tensor(RNG.standard_normal((3, 4)), requires_grad=True)

    def some(*chosen):
        return lambda x: tuple(mg.standardize(x, 1, 1e-2)[one] for one in chosen)

    for chosen in ((0,), (1,), (2,), (0, 2), (1, 2), (0, 1, 2)):
        assert gradcheck(some(*chosen), x, order=2)
    assert gradcheck(some(0), x, order=3)


def test_gradient_from_its_formula():
    x, g, eps = RNG.standard_normal((4, 5)), RNG.standard_normal((4, 5)), 0.3
    leaf = mg.tensor(x, requires_grad=True)
    (found,) = grad(mg.standardize(leaf, 0, eps).values, leaf, mg.tensor(g))
    y, _, var = formula(x, 0, eps)
    expected = (g - g.mean(0) - y * (g * y).mean(0)) / np.sqrt(var + eps)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)


def test_without_eps_shift_and_scale_do_not_matter():
    x = mg.tensor(RNG.standard_normal(6), requires_grad=True)
    y = mg.standardize(x).values
    np.testing.assert_allclose(mg.standardize(x * 3 + 7).values.detach().numpy(), y.detach().numpy(), rtol=1e-12)
    (gradient,) = grad(y, x, mg.tensor(RNG.standard_normal(6)))
    assert abs(gradient.sum().item()) < 1e-14
    assert abs((gradient * y).sum().item()) < 1e-14


def test_a_constant_has_a_finite_gradient():
    x = mg.full((2, 3), 5.0, requires_grad=True)
    values, _, var = mg.standardize(x, 1, 1e-5)
    assert values.tolist() == [[0, 0, 0]] * 2
    assert var.tolist() == [[0], [0]]
    (values * mg.tensor([1.0, 2.0, 4.0])).sum().backward()
    assert x.grad.isfinite().all()


def test_large_means_cost_float32_no_more_than_their_rounding():
    x = (RNG.standard_normal((50, 2, 60)) + 1e4).astype(np.float32)
    exact, mean, var = formula(x.astype(float), (0, 2), 1e-5)
    found = mg.standardize(mg.tensor(x), (0, 2), 1e-5)
    spacing = np.spacing(np.float32(1e4))
    assert np.abs(found.mean.numpy() - mean).max() <= spacing / 2
    np.testing.assert_allclose(found.var.numpy(), var, rtol=1e-6)
    assert np.abs(found.values.numpy() - exact).max() <= spacing


def test_many_values_of_float32_keep_the_mean():
    x = mg.full((3, 400, 300), 0.1)
    assert mg.standardize(x, (0, 1, 2), 1e-5).mean.item() == np.float32(0.1)


def test_float16_is_computed_in_float32():
    x = mg.tensor([[300.0, -300.0]], dtype=mg.float16, requires_grad=True)  # their squares do not fit
    values, mean, var = mg.standardize(x, 1, 1e-5)
    assert (values.dtype, mean.dtype, var.dtype) == (mg.float16, mg.float32, mg.float32)
    assert values.tolist() == [[1, -1]]
    assert var.item() == 90000
    values.sum().backward()
    assert x.grad.dtype == mg.float16


def test_the_mean_of_nothing_is_nan_and_harms_nobody():
    values, mean, _ = mg.standardize(mg.zeros(3, 0), 1)
    assert values.shape == (3, 0)
    assert all(math.isnan(one) for (one,) in mean.tolist())


def test_what_it_refuses():
    with pytest.raises(DTypeError, match=r"standardize of a tensor of int64.*t.float\(\)"):
        mg.standardize(mg.arange(3))
    with pytest.raises(IndexOutOfRangeError, match="dim=2"):
        mg.standardize(mg.ones(2, 3), 2)


def test_only_the_input_and_small_things_are_kept():
    x = mg.ones(2, 3, requires_grad=True)
    y = mg.standardize(x, 1, 1e-5).values
    assert set(y.grad_fn.saved) == {"x", "w", "mean", "var"}
    y.sum().backward()
    assert x.grad.tolist() == [[0, 0, 0]] * 2


LAYOUTS = [(0, 1, 2, 3), (2, 1, 3, 0), (3, 2, 1, 0), (1, 0, 3, 2)]


@pytest.mark.parametrize("order", LAYOUTS)
@pytest.mark.parametrize("axes", [(0, 2, 3), (1, 2, 3), (2, 3), (0,), (3,), (0, 1, 2, 3)])
@pytest.mark.parametrize("affine", [(1, 6, 1, 1), (6, 7, 40), (40,), (), (5, 1, 7, 1)])
def test_whatever_lies_innermost(order, axes, affine):
    x, g = (RNG.standard_normal((5, 6, 7, 40)) for _ in range(2))
    w, b = (RNG.standard_normal(affine) for _ in range(2))

    def laid(array):
        return mg.from_numpy(np.ascontiguousarray(array.transpose(order)).transpose(np.argsort(order)))

    leaves = [laid(x).requires_grad_(), mg.tensor(w, requires_grad=True), mg.tensor(b, requires_grad=True)]
    values, mean, var = mg.standardize(leaves[0], axes, 0.1, *leaves[1:])
    z, level, spread = formula(x, axes, 0.1)
    for found, expected in [(values, w * z + b), (mean, level), (var, spread)]:
        np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-9, atol=1e-11)
    h = g * w
    slope = h - h.mean(axes, keepdims=True) - z * (h * z).mean(axes, keepdims=True)
    expected = [slope / np.sqrt(spread + 0.1), *(summed_to(one, affine) for one in (g * z, g))]
    for found, one in zip(grad(values, leaves, laid(g)), expected):
        np.testing.assert_allclose(found.numpy(), one.reshape(found.shape), rtol=1e-9, atol=1e-11)


def summed_to(array, shape):
    shape = (1,) * (array.ndim - len(shape)) + shape
    axes = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return array.sum(axes, keepdims=True)


def test_weights_in_another_shape_are_refused():
    with pytest.raises(ShapeError, match=r"standardize: shape \(2,\) does not broadcast to \(2, 3\)"):
        mg.standardize(mg.ones(2, 3), 1, 0.1, mg.ones(2))
