"""Further element-wise functions, other names, and what changes a tensor in place."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import math

import numpy as np
import pytest
import torch

import minigrad as mg
from tests.torch_oracle.compare import (
    agree,
    as_single,
    assert_same,
    both,
    both_refuse,
    compare,
    method,
    normal,
    positive,
    same,
    whole,
)

EVERYWHERE = [
    "arcsinh", "arctan", "asinh", "atan", "cosh", "deg2rad", "erfc", "exp2", "fix", "frac", "nan_to_num", "negative",
    "rad2deg", "sgn", "sinc", "sinh", "tan", "absolute",
]  # fmt: skip
INSIDE = ["acos", "arccos", "arcsin", "arctanh", "asin", "atanh", "erfinv"]  # from −1 to 1
ABOVE_ZERO = ["digamma", "lgamma", "log10", "log2"]
ABOVE_ONE = ["acosh", "arccosh"]
UNARY = EVERYWHERE + INSIDE + ABOVE_ZERO + ABOVE_ONE
TESTS = ["isneginf", "isposinf", "signbit"]
BINARY = [
    "arctan2", "atan2", "copysign", "divide", "fmax", "fmin", "fmod", "hypot", "logaddexp", "logaddexp2", "multiply",
    "rsub", "subtract", "true_divide", "xlogy", "float_power",
]  # fmt: skip
COMPARISONS = ["greater", "greater_equal", "less", "less_equal", "logical_xor", "not_equal"]

SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 6.0, 30.0, -30.0, 1e300, -1e300, 5e-324, math.inf,
                    -math.inf, math.nan])  # fmt: skip


def values(name, *shape):
    """Values where the function has one, away from its poles."""
    if name in INSIDE:
        return positive(*shape) / 2 - 0.5
    return positive(*shape) + 1 if name in ABOVE_ONE else positive(*shape) if name in ABOVE_ZERO else normal(*shape)


@pytest.mark.parametrize("name", UNARY)
def test_function_and_method(name):
    x = values(name, 3, 4)
    compare(*both(name), x)
    same(method(name), x)
    compare(*both(name), np.array(x[0, 0]))
    compare(*both(name), x[:0])


@pytest.mark.parametrize("name", UNARY)
def test_special_points(name):
    """The first derivative too; not that of the gamma function at its poles, which are rounding there."""
    compare(
        *both(name), SPECIAL, order=0 if name in ("digamma", "lgamma", "sinc", "tan") else 1, single=False, rtol=1e-8
    )


@pytest.mark.parametrize("name", UNARY)
def test_second_derivative_at_ordinary_special_points(name):
    points = np.array([0.25, 1.0, 2.5]) if name in ABOVE_ZERO else np.array([0.0, 0.5, -0.5])
    if name not in ABOVE_ONE:
        compare(*both(name), points, rtol=1e-8, order=2 if name != "sinc" else 1)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "float16"])
@pytest.mark.parametrize("name", [*UNARY, *TESTS])
def test_other_dtypes(name, dtype):
    x = np.array([0, 1, 2, 5]).astype(dtype)
    if dtype == "float16":
        compare(*both(name), x, order=0, rtol=4e-3, atol=1e-3)
    elif not (name in ("negative", "frac") and dtype != "float16"):
        # The sine of the float32 nearest to a multiple of π is no 0 in PyTorch.
        compare(*both(name), x, rtol=1e-5, atol=1e-7, order=0)


@pytest.mark.parametrize("name", TESTS)
def test_tests(name):
    compare(*both(name), SPECIAL)
    same(method(name), SPECIAL)


def test_sinc_to_second_order():
    compare(*both("sinc"), np.array([0.1, 0.6, -0.9, 1.3, 2.7, -4.2]), rtol=1e-8, atol=1e-9)
    x = mg.tensor([0.0, 1e-9], dtype=mg.float64, requires_grad=True)
    (slope,) = mg.autograd.grad(mg.sinc(x).sum(), x, create_graph=True)
    (curvature,) = mg.autograd.grad(slope.sum(), x)
    assert np.allclose(curvature.numpy(), -(math.pi**2) / 3)


@pytest.mark.parametrize("name", BINARY)
def test_two_operands(name):
    for first, second in (((3, 4), (3, 4)), ((3, 1), (2, 1, 4)), ((), (3,)), ((0, 3), (3,))):
        compare(*both(name), positive(*first), positive(*second, seed=1), single=name != "float_power")
        same(
            method(name) if name != "rsub" else (lambda x, y: y - x),
            positive(*first),
            positive(*second, seed=1),
            order=1,
        )
    if name not in ("logaddexp", "logaddexp2", "atan2", "arctan2", "hypot", "fmax", "fmin"):
        compare(*both(name, 3), positive(4), order=1)
        compare(*both(name, 2.5), positive(4), order=1)


PAIRS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-1.5, 2.0], [7.0, -3.0], [-7.0, 3.0], [2.0, math.inf],
                  [math.inf, 2.0], [0.0, -1.0], [-0.0, 1.0], [1.0, -0.0], [2.0, 2.0]]).T.copy()  # fmt: skip


# Where the two differ in the gradient at infinities and zeros.
AT_KINKS = ["float_power", "logaddexp", "logaddexp2", "hypot", "atan2", "arctan2", "divide", "true_divide", "copysign"]


@pytest.mark.parametrize("name", BINARY)
def test_special_pairs(name):
    order = 0 if name in AT_KINKS else 1
    compare(*both(name), *PAIRS, order=order, single=False)
    both_nan = np.array([math.nan, 1.0, math.nan, 0.0]), np.array([1.0, math.nan, math.nan, math.nan])
    compare(*both(name), *both_nan, order=0, single=False)


def test_the_origin_has_no_angle():
    x = mg.zeros(1, requires_grad=True)
    mg.atan2(x, mg.zeros(1)).sum().backward()
    assert x.grad.tolist() == [0.0]


@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons(name):
    compare(*both(name), whole(0, 2, 3, 4), whole(0, 2, 4, seed=1))
    same(method(name), normal(3, 4), normal(4, seed=1))


def test_remainders_of_integers():
    a, b = whole(-9, 10, 20), np.array([-3, -2, 2, 5] * 5)
    compare(*both("fmod"), a, b)
    compare(*both("fmod", 3), a)
    both_refuse(lambda: mg.fmod(mg.arange(3), 0), lambda: torch.fmod(torch.arange(3), 0))


def test_heaviside():
    compare(*both("heaviside"), whole(-1, 2, 9), whole(5, 9, 9))
    agree(lambda library: library.heaviside(library.tensor([-1.0, 0.0, 2.0, math.nan]), library.tensor([0.5])))
    both_refuse(
        lambda: mg.heaviside(mg.ones(2), mg.ones(2, dtype=mg.float64)),
        lambda: torch.heaviside(torch.ones(2), torch.ones(2, dtype=torch.float64)),
    )


def test_logit_and_nan_to_num():
    x = np.array([0.0, 0.05, 0.1, 0.5, 0.9, 1.0, -0.5, 1.5, math.nan])
    compare(*both("logit"), x[1:5])
    compare(*both("logit"), x, order=1)
    for eps in (0.0, 0.1, 0.3):
        compare(*both("logit", eps), x[1:5])
        compare(*both("logit", eps), x, order=1)
        same(lambda t: (t * 1).logit_(eps), x[1:5], order=1)
    for options in ({}, {"nan": 2.0}, {"posinf": 3.0, "neginf": -3.0}):
        compare(*both("nan_to_num", **options), SPECIAL)
        same(method("nan_to_num", **options), as_single(SPECIAL), order=1)


def test_polygamma():
    for n in range(4):
        compare(lambda x: mg.polygamma(n, x), lambda x: torch.polygamma(n, x), positive(3, 4), rtol=1e-8)
    both_refuse(lambda: mg.polygamma(-1, mg.ones(1)), lambda: torch.polygamma(-1, torch.ones(1)))


def test_clamping_on_one_side():
    for name in ("clamp_min", "clamp_max"):
        compare(*both(name, 0.3), normal(3, 4))
        compare(*both(name), normal(3, 4), normal(4, seed=1))
        compare(*both(name, 2), whole(0, 5, 6))
        same(lambda x: getattr(x * 1, f"{name}_")(0.3), normal(3, 4))


# -------------------------------------------------------------------- in place

OF_NOTHING = """
    absolute_ acos_ acosh_ arccos_ arccosh_ arcsin_ arcsinh_ arctan_ arctanh_ asin_ asinh_ atan_ atanh_ cos_ cosh_
    deg2rad_ digamma_ erf_ erfc_ erfinv_ exp2_ expm1_ fix_ frac_ lgamma_ log10_ log1p_ log2_ nan_to_num_ negative_
    rad2deg_ reciprocal_ rsqrt_ sgn_ sign_ sin_ sinc_ sinh_ square_ tan_ trunc_
"""
OF_A_NUMBER = """
    clamp_max_ clamp_min_ copysign_ divide_ eq_ floor_divide_ fmod_ ge_ greater_ greater_equal_ gt_ le_ less_
    less_equal_ lt_ multiply_ ne_ not_equal_ remainder_ subtract_ true_divide_
"""
CHANGES = [*((name, ()) for name in OF_NOTHING.split()), *((name, (0.5,)) for name in OF_A_NUMBER.split())]
# In PyTorch; here the inverse hyperbolic functions have it in place too.
NO_GRADIENT = """
    acosh_ arccosh_ arcsinh_ asinh_ arctanh_ atanh_ floor_divide_ eq_ ge_ greater_ greater_equal_ gt_ le_ less_
    less_equal_ lt_ ne_ not_equal_
"""


@pytest.mark.parametrize(("name", "arguments"), CHANGES)
def test_changes_in_place(name, arguments):
    x = values(name[:-1], 3, 4) if name[:-1] in UNARY else positive(3, 4)

    def run(x):
        t = x * 1
        assert getattr(t, name)(*arguments) is t
        return t

    if name not in NO_GRADIENT.split():  # in PyTorch; here the inverse hyperbolic functions have it in place too
        compare(run, run, x)
    results = []
    for library in (mg, torch):
        t = library.tensor(x)
        view, before = t[1], t._version
        assert getattr(t, name)(*arguments) is t
        assert t._version > before
        results += [(t, view)]
    assert_same(*results)


def test_changes_in_place_with_tensors():
    x, y = positive(3, 4), positive(4, seed=1)
    for name in ("atan2_", "arctan2_", "hypot_", "xlogy_"):
        same(lambda t, u: getattr(t * 1, name)(u), x, y)
    for name in ("logical_and_", "logical_or_", "logical_xor_", "bitwise_and_", "bitwise_or_", "bitwise_xor_"):
        agree(lambda library: getattr(library.tensor(whole(0, 4, 3, 4)), name)(library.tensor(whole(0, 4, 4, seed=1))))
    for name in ("logical_not_", "bitwise_not_"):
        agree(lambda library: getattr(library.tensor(whole(0, 4, 3, 4)), name)())
    agree(lambda library: library.tensor(x).heaviside_(library.tensor(y)))


def test_other_shapes_in_place():
    for call in (
        lambda t: t.unsqueeze_(1), lambda t: t.squeeze_(), lambda t: t.squeeze_(0), lambda t: t.transpose_(0, 1),
        lambda t: t.swapaxes_(0, 1), lambda t: t.swapdims_(0, 1), lambda t: t[0].t_(),
    ):  # fmt: skip

        def run(x):
            t = x * 1
            changed = call(t)
            assert changed is t or changed.ndim == 2
            return changed * 2

        compare(run, run, normal(1, 3, 4))
        agree(lambda library: call(library.tensor(normal(1, 3, 4))))
        both_refuse(
            lambda: call(mg.ones(1, 3, 4, requires_grad=True)), lambda: call(torch.ones(1, 3, 4, requires_grad=True))
        )
    for library in (mg, torch):
        x = library.ones(2, requires_grad=True)
        y = x * 2
        assert y.detach_() is y
        assert not y.requires_grad
        with library.no_grad():
            x.unsqueeze_(0)
        assert (tuple(x.shape), x.requires_grad, x.is_leaf) == ((1, 2), True, True)


def test_random_fills():
    for library in (mg, torch):
        library.manual_seed(0)
        t = library.zeros(20000)
        assert t.exponential_(2.0) is t
        assert abs(t.mean().item() - 0.5) < 0.02
        assert t.min().item() >= 0
        assert abs(t.log_normal_(0.5, 0.25).log().mean().item() - 0.5) < 0.01
        assert abs(t.log().std().item() - 0.25) < 0.01
        whole_numbers = library.zeros(20000, dtype=library.int64)
        assert sorted(whole_numbers.random_(3).unique().tolist()) == [0, 1, 2]
        assert sorted(whole_numbers.random_(2, 5).unique().tolist()) == [2, 3, 4]
        assert sorted(t.random_(2, 5).unique().tolist()) == [2, 3, 4]
        assert whole_numbers.random_().max().item() > 2**60
        assert t.random_().max().item() <= 2**24
        assert sorted(library.zeros(100, dtype=library.bool).random_().unique().tolist()) == [False, True]
    for call in (lambda t: t.exponential_(0), lambda t: t.log_normal_(0, -1), lambda t: t.random_(5, 5),
                 lambda t: t.byte().random_(0, 300)):  # fmt: skip
        both_refuse(lambda: call(mg.ones(2)), lambda: call(torch.ones(2)))


def test_multinomial():
    for library in (mg, torch):
        library.manual_seed(0)
        weights = library.tensor([[0.0, 1.0, 3.0], [2.0, 2.0, 0.0]])
        drawn = library.multinomial(weights, 4000, replacement=True)
        assert tuple(drawn.shape) == (2, 4000)
        assert abs((drawn[0] == 2).float().mean().item() - 0.75) < 0.03
        assert set(drawn[1].tolist()) == {0, 1}
        assert sorted(library.multinomial(weights[0], 2).tolist()) == [1, 2]
        assert tuple(weights.multinomial(1).shape) == (2, 1)
        assert abs(library.poisson(library.full((4000,), 3.0)).mean().item() - 3) < 0.15
    for values, count in (([0.0, 0.0], 1), ([-1.0, 2.0], 1), ([1.0], 0), ([[[1.0]]], 1)):
        both_refuse(
            lambda: mg.multinomial(mg.tensor(values), count), lambda: torch.multinomial(torch.tensor(values), count)
        )
