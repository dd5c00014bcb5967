"""Sums, means, extremes and the softmax family: NumPy's values, PyTorch's gradients at ties and zeros."""

import inspect
import math

import numpy as np
import pytest
import scipy.special

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError
from tests.strategies import given, seeds, settings, shapes, st, whole_numbers


@st.composite
def reductions(draw, least=0):
    """A shape, some of its axes as PyTorch is given them, the same for NumPy, and whether they are kept."""
    shape = draw(shapes(0, 3, least, 3))
    kind = draw(st.sampled_from(["all", "one", "some"]))
    if kind == "all" or not shape:
        return shape, None, None, draw(st.booleans())
    axes = draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True))
    axes = tuple(axis - len(shape) if draw(st.booleans()) else axis for axis in axes)
    dim = axes[0] if kind == "one" else axes
    return shape, dim, dim, draw(st.booleans())


def same(y, expected):
    expected = np.asarray(expected)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y.detach().numpy(), expected, rtol=1e-13, atol=1e-13)


REDUCTIONS = {
    "sum": (mg.sum, np.sum, 0),
    "mean": (mg.mean, np.mean, 1),
    "amax": (mg.amax, np.max, 1),
    "amin": (mg.amin, np.min, 1),
    "any": (mg.any, np.any, 0),
    "all": (mg.all, np.all, 0),
    "logsumexp": (mg.logsumexp, lambda x, axis, keepdims: np.log(np.exp(x).sum(axis=axis, keepdims=keepdims)), 1),
}


@pytest.mark.parametrize("name", REDUCTIONS)
@given(data=st.data(), seed=seeds)
def test_reductions_are_numpys(name, data, seed):
    function, numpy, least = REDUCTIONS[name]
    shape, dim, axis, keep = data.draw(reductions(least))
    x = whole_numbers(seed, shape)
    same(function(x, dim, keep), numpy(x, axis=axis, keepdims=keep))


@given(reductions(2), st.sampled_from([0, 1, 0.5]), seeds)
def test_variances_are_numpys(drawn, correction, seed):
    shape, dim, axis, keep = drawn
    if not shape:
        return  # the variance of one number is NaN
    x = whole_numbers(seed, shape)
    same(mg.var(x, dim, correction, keep), np.var(x, axis=axis, ddof=correction, keepdims=keep))
    same(mg.std(x, dim, correction, keep), np.std(x, axis=axis, ddof=correction, keepdims=keep))


@given(shapes(0, 3, 0, 4), st.data(), seeds)
def test_products_are_numpys(shape, data, seed):
    x = whole_numbers(seed, shape)
    keep = data.draw(st.booleans())
    same(mg.prod(x), np.prod(x))
    if shape:
        axis = data.draw(st.integers(-len(shape), len(shape) - 1))
        same(mg.prod(x, axis, keep), np.prod(x, axis=axis, keepdims=keep))


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin", "logsumexp", "var", "std"])
@pytest.mark.parametrize(("dim", "keep"), [(None, False), (1, True), ((0, 2), False)])
def test_reductions_gradcheck_to_second_order(name, dim, keep):
    x = mg.randn(2, 3, 4, dtype=mg.float64, requires_grad=True)
    assert gradcheck(lambda x: getattr(mg, name)(x, dim, keepdim=keep) ** 2, x, order=2)


def test_numpys_words_are_understood():
    x = mg.randn(2, 3)
    for name in ["sum", "mean", "amax", "amin", "prod", "var", "argmax", "any", "softmax", "logsumexp"]:
        function = getattr(mg, name)
        assert mg.equal(function(x, axis=1), function(x, dim=1))
        assert mg.equal(function(input=x, dim=1), function(x, 1))
        if "keepdim" in inspect.signature(function).parameters:
            assert mg.equal(function(x, axis=1, keepdims=True), function(x, dim=1, keepdim=True))


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin", "var", "std", "logsumexp"])
def test_no_axes_are_all_axes_as_in_pytorch(name):
    x = mg.rand(2, 3)
    function = getattr(mg, name)
    assert mg.equal(function(x, ()), function(x, (0, 1)))


def test_any_and_all_over_no_axes_reduce_nothing_as_in_pytorch():
    x = mg.tensor([0.0, 2.0])
    assert mg.any(x, ()).tolist() == mg.all(x, ()).tolist() == [False, True]


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "var", "logsumexp", "softmax", "argmax", "prod", "any"])
@pytest.mark.parametrize("dim", [2, -3])
def test_axes_that_are_not_there_are_refused(name, dim):
    with pytest.raises(IndexOutOfRangeError, match=rf"{name} got dim={dim} for a tensor with 2 axes; it can be"):
        getattr(mg, name)(mg.ones(2, 3), dim)


def test_an_axis_is_named_once():
    with pytest.raises(ArgumentError, match=r"sum got dim=\(0, -2\), which names an axis twice"):
        mg.sum(mg.ones(2, 3), (0, -2))


# ------------------------------------------------------------------ sums, means


def test_integers_and_bools_add_up_in_int64():
    assert mg.tensor([200, 200], dtype=mg.uint8).sum().item() == 400
    assert mg.tensor([True, True]).sum().item() == 2
    assert mg.tensor([1, 2], dtype=mg.int32).sum().dtype == np.int64
    assert mg.ones(2, dtype=mg.float16).sum().dtype == np.float16
    assert mg.ones(2).sum(dtype=mg.float64).dtype == np.float64
    assert mg.tensor([1, 2]).mean(dtype=mg.float32).item() == 1.5


@pytest.mark.parametrize("name", ["mean", "var", "std", "softmax", "log_softmax"])
def test_fractions_of_integers_are_refused(name):
    with pytest.raises(DTypeError, match=r"of a tensor of int64: the result is a fraction\. Convert first"):
        getattr(mg, name)(mg.tensor([1, 2]), 0)


def test_float16_means_do_not_overflow():
    x = mg.full((70000,), 2.0, dtype=mg.float16).requires_grad_()
    assert x.mean().dtype == np.float16
    assert x.mean().item() == 2
    assert mg.var(x).item() == 0
    assert mg.full((70000,), 2.0, dtype=mg.float16).sum().item() == np.inf, "which float16 cannot hold"
    (gradient,) = grad(mg.full((70000,), 2.0, dtype=mg.float16, requires_grad=True).mean() * 0 + x.mean(), x)
    assert gradient.dtype == np.float16


@pytest.mark.parametrize("dim", [0, 1, None])
def test_long_sums_of_float32_lose_no_digits(dim):
    x = np.random.default_rng(0).random((20000, 3), np.float32)
    x = np.ascontiguousarray(x.T) if dim == 1 else x
    y = mg.sum(x, dim)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y.numpy(), x.sum(axis=dim, dtype=np.float64), rtol=1e-6)


def test_logsumexp_takes_integers_as_in_pytorch():
    y = mg.logsumexp(mg.tensor([1, 2]), 0)
    assert y.dtype == np.float32
    assert y.item() == pytest.approx(math.log(math.e + math.e**2), rel=1e-6)


def test_float16_deviations_do_not_overflow():
    x = mg.tensor([30000.0, -30000.0], dtype=mg.float16, requires_grad=True)
    y = mg.std(x, correction=0)
    assert (y.dtype, y.item()) == (np.float16, 30000)
    assert grad(y, x)[0].tolist() == [0.5, -0.5]


@pytest.mark.parametrize("name", ["mean", "var"])
@pytest.mark.parametrize("dtype", [mg.float16, mg.float64])
def test_cotangents_of_means_of_nothing_have_no_share_in_anything(name, dtype):
    x = mg.zeros(0, 3, dtype=dtype, requires_grad=True)
    seed = mg.tensor(1.0, dtype=dtype, requires_grad=True)
    (gradient,) = grad(getattr(mg, name)(x), x, seed, create_graph=True)
    assert gradient.shape == (0, 3)
    assert grad(gradient.sum(), seed)[0].item() == 0


def test_means_of_nothing_are_nan():
    assert np.isnan(mg.zeros(0).mean().item())
    assert mg.zeros(0).sum().item() == 0
    assert np.isnan(mg.zeros(0, 3).var(0).numpy()).all()
    assert mg.zeros(0, 3).sum(0).tolist() == [0, 0, 0]
    assert mg.zeros(0, 3).sum(1).shape == (0,)
    assert mg.zeros(0, 3).logsumexp(0).tolist() == [-np.inf] * 3


@pytest.mark.parametrize(
    ("arguments", "words", "value"),
    [
        ((), {}, 7 / 3),
        ((0,), {}, 7 / 3),
        ((0, 0), {}, 14 / 9),
        ((0, 2), {}, 14 / 3),
        ((), {"correction": 0}, 14 / 9),
        ((), {"correction": 0.5}, 14 / 7.5),
        ((0, False), {}, 14 / 9),
        ((False,), {}, 14 / 9),
        ((), {"unbiased": False}, 14 / 9),
        ((), {"unbiased": True}, 7 / 3),
        ((), {"correction": 3}, np.inf),
        ((), {"correction": 4}, np.inf),
    ],
)
def test_variance_with_every_correction(arguments, words, value):
    x = mg.tensor(np.array([1.0, 2.0, 4.0]))
    assert mg.var(x, *arguments, **words).item() == pytest.approx(value, rel=1e-14)
    assert mg.std(x, *arguments, **words).item() == pytest.approx(math.sqrt(value), rel=1e-14)


def test_the_variance_of_one_number_is_nan():
    assert np.isnan(mg.var(mg.ones(1)).item())
    assert mg.var(mg.ones(1), correction=0).item() == 0


def test_the_deviation_of_equal_numbers_has_no_slope():
    x = mg.ones(3, dtype=mg.float64, requires_grad=True)
    (gradient,) = grad(mg.std(x), x)
    assert gradient.tolist() == [0, 0, 0], "as in PyTorch"
    y = mg.tensor([1.0, 2.0, 4.0], dtype=mg.float64, requires_grad=True)
    (slope,) = grad(mg.std(y), y)
    np.testing.assert_allclose(slope.numpy(), (y.detach().numpy() - 7 / 3) / 2 / math.sqrt(7 / 3), rtol=1e-14)


# --------------------------------------------------------------------- products


@pytest.mark.parametrize("values", [[2.0, 3.0, 5.0], [0.0, 3.0, 5.0], [0.0, 0.0, 5.0], [0.0, 0.0, 0.0], [-1.0], [0.0]])
def test_products_with_zeros_are_right_to_second_order(values):
    x = mg.tensor(np.array(values), requires_grad=True)
    n = len(values)
    rest = [math.prod(values[j] for j in range(n) if j != i) for i in range(n)]
    curvature = [
        [0.0 if i == j else math.prod(values[k] for k in range(n) if k not in (i, j)) for j in range(n)]
        for i in range(n)
    ]
    (first,) = grad(mg.prod(x), x, create_graph=True)
    assert first.tolist() == pytest.approx(rest)
    for i in range(n):
        if first.requires_grad:
            (second,) = grad(first[i], x, retain_graph=True, materialize_grads=True)
            assert second.tolist() == pytest.approx(curvature[i])
        else:
            assert n == 1


def test_products_along_an_axis_gradcheck():
    x = mg.tensor(np.array([[0.0, 2.0, 3.0, 1.5, -1.0], [1.0, 0.0, 0.0, 2.0, 3.0]]), requires_grad=True)
    assert gradcheck(lambda x: mg.prod(x, 1), x, order=3)
    assert gradcheck(lambda x: mg.prod(x), x, order=2)


def test_products_of_integers_of_nothing_and_in_another_dtype():
    assert mg.prod(mg.tensor([3, 4], dtype=mg.int32)).dtype == np.int64
    assert mg.prod(mg.tensor([True, True])).item() == 1
    assert mg.prod(mg.ones(2), dtype=mg.float64).dtype == np.float64
    assert mg.prod(mg.zeros(0)).item() == 1
    assert mg.prod(mg.zeros(0, 3), 0).tolist() == [1, 1, 1]
    assert mg.prod(mg.tensor(3.0)).item() == 3
    assert mg.prod(mg.ones(2, 3), 1, True).shape == (2, 1)


# ---------------------------------------------------------------------- extremes


@pytest.mark.parametrize(("name", "sign"), [("amax", 1), ("amin", -1)])
def test_equal_extremes_share_the_gradient(name, sign):
    x = mg.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], requires_grad=True)
    (gradient,) = grad(getattr(mg, name)(x * sign, 1), x, mg.tensor([6.0, 12.0]))
    assert (gradient * sign).tolist() == [[0, 3, 3], [4, 4, 4]]
    (gradient,) = grad(getattr(mg, name)(x * sign), x)
    assert (gradient * sign).tolist() == [[0, 0.5, 0.5], [0, 0, 0]]


@pytest.mark.parametrize(("name", "sign"), [("max", 1), ("min", -1)])
def test_along_an_axis_the_first_extreme_gets_the_gradient(name, sign):
    x = mg.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], requires_grad=True)
    values, indices = getattr(mg, name)(x * sign, 1)
    assert (values * sign).tolist() == [3, 2]
    assert indices.tolist() == [1, 0]
    assert indices.dtype == np.int64
    (gradient,) = grad(values, x, mg.tensor([6.0, 12.0]))
    assert (gradient * sign).tolist() == [[0, 6, 0], [12, 0, 0]]


@given(shapes(1, 3, 1, 3), st.data(), seeds)
def test_max_and_argmax_along_an_axis_are_numpys(shape, data, seed):
    x = whole_numbers(seed, shape)
    axis, keep = data.draw(st.integers(-len(shape), len(shape) - 1)), data.draw(st.booleans())
    for name, extreme, arg in [("max", np.max, np.argmax), ("min", np.min, np.argmin)]:
        found = getattr(mg, name)(x, axis, keep)
        same(found.values, extreme(x, axis=axis, keepdims=keep))
        same(found.indices, arg(x, axis=axis, keepdims=keep))
        same(getattr(mg, f"arg{name}")(x, axis, keep), arg(x, axis=axis, keepdims=keep))
        assert getattr(mg, f"arg{name}")(x).item() == arg(x)


def test_max_of_two_tensors_and_of_everything():
    x, y = mg.tensor([1.0, 5.0]), mg.tensor([3.0, 2.0])
    assert mg.max(x, y).tolist() == x.max(y).tolist() == [3, 5]
    assert mg.min(x, y).tolist() == [1, 2]
    assert mg.max(x).item() == 5
    assert mg.max(mg.tensor(3.0), 0).values.item() == 3


def test_argmax_keeps_axes_and_finds_nan():
    x = mg.tensor([[1.0, np.nan, 3.0]])
    assert mg.argmax(x).item() == 1
    assert mg.argmax(x, keepdim=True).shape == (1, 1)
    assert mg.argmax(x, 1, True).tolist() == [[1]]
    assert not mg.argmax(mg.ones(3, requires_grad=True)).requires_grad


def test_where_nan_is_the_largest_it_gets_the_gradient():
    x = mg.tensor([[1.0, np.nan, 3.0], [1.0, 2.0, 3.0]], requires_grad=True)
    y = mg.amax(x, 1)
    assert np.isnan(y[0].item())
    assert y[1].item() == 3
    (gradient,) = grad(y.sum(), x)
    assert gradient.tolist() == [[0, 1, 0], [0, 0, 1]]


@pytest.mark.parametrize("name", ["amax", "amin", "max", "min", "argmax", "argmin"])
def test_nothing_has_no_extreme(name):
    function = getattr(mg, name)
    with pytest.raises(ShapeError, match=r"over no elements \(shape \(0, 3\), axes \(0, 1\)\)"):
        function(mg.zeros(0, 3))
    with pytest.raises(ShapeError, match="there is no largest or smallest one"):
        function(mg.zeros(0, 3), 0)
    found = function(mg.zeros(0, 3), 1)
    assert (found.values if name in ("max", "min") else found).shape == (0,)


def test_any_and_all_see_nan_and_zeros():
    assert mg.any(mg.tensor([0.0, np.nan])).item() is True
    assert mg.all(mg.tensor([1.0, 0.0])).item() is False
    assert mg.any(mg.zeros(0)).item() is False
    assert mg.all(mg.zeros(0)).item() is True
    assert mg.all(mg.ones(2, 3), 1).tolist() == [True, True]


# --------------------------------------------------------------------- softmax


@given(shapes(1, 3, 1, 4), st.data(), seeds)
def test_softmax_and_its_logarithm_are_scipys(shape, data, seed):
    x = np.random.default_rng(seed).standard_normal(shape) * 10
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    same(mg.softmax(x, axis), scipy.special.softmax(x, axis))
    same(mg.log_softmax(x, axis), scipy.special.log_softmax(x, axis))


@settings(max_examples=20)
@given(shapes(1, 3, 1, 3), st.data())
def test_the_softmax_family_gradchecks_to_third_order(shape, data):
    x = mg.randn(shape, dtype=mg.float64, requires_grad=True)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    for function in (mg.softmax, mg.log_softmax, mg.logsumexp):
        assert gradcheck(lambda x, function=function: function(x, axis), x, order=3)


def test_N98_no_overflow_and_no_lost_digits():
    x = mg.tensor([1000.0, 0.0, -1000.0])
    assert mg.softmax(x, 0).tolist() == [1, 0, 0]
    assert mg.log_softmax(x, 0).tolist() == [0, -1000, -2000]
    assert mg.logsumexp(mg.tensor([-1000.0, -1000.0], dtype=mg.float64), 0).item() == pytest.approx(math.log(2) - 1000)
    y = mg.tensor([1000.0, 0.0], requires_grad=True)
    (gradient,) = grad(mg.log_softmax(y, 0)[1], y)
    assert gradient.tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("values", "softmax", "total"),
    [
        ([-np.inf, 1.0], [0, 1], 1),
        ([-np.inf, -np.inf], [np.nan, np.nan], -np.inf),
        ([np.inf, 1.0], [np.nan, np.nan], np.inf),
    ],
)
def test_infinities_are_treated_as_in_pytorch(values, softmax, total):
    x = mg.tensor(values)
    np.testing.assert_array_equal(mg.softmax(x, 0).numpy(), softmax)
    assert mg.logsumexp(x, 0).item() == total


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_needs_an_axis(name):
    with pytest.raises(ArgumentError, match=rf"{name} got no dim; say along which axis the values sum to 1"):
        getattr(mg, name)(mg.ones(2, 3))
    assert getattr(mg, name)(mg.tensor([1, 2]), 0, dtype=mg.float64).dtype == np.float64
