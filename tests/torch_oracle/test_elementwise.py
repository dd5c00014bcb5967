"""Element-wise functions: broadcasting, special points, and gradients at ties and kinks."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.torch_oracle.compare import both, both_refuse, compare, drawn, method, normal, positive, same, whole

EVERYWHERE = [
    "abs", "ceil", "cos", "erf", "exp", "expm1", "floor", "neg", "relu", "round", "sigmoid", "sign", "sin", "square",
    "tanh", "trunc",
]  # fmt: skip
ABOVE_ZERO = ["log", "log1p", "reciprocal", "rsqrt", "sqrt"]
UNARY = EVERYWHERE + ABOVE_ZERO
TESTS = ["isfinite", "isinf", "isnan"]
BINARY = ["add", "div", "maximum", "minimum", "mul", "sub"]
COMPARISONS = ["eq", "ge", "gt", "le", "lt", "ne"]
LOGIC = ["logical_and", "logical_or"]
BITS = ["bitwise_and", "bitwise_or", "bitwise_xor"]

SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 6.0, 30.0, -30.0, 1e300, -1e300, 5e-324, math.inf,
                    -math.inf, math.nan])  # fmt: skip
# Bools: PyTorch refuses some of these, minigrad computes them (a departure).
NOT_OF_BOOL = ["abs", "ceil", "floor", "neg", "relu", "round", "trunc"]
# Of constants: PyTorch's result claims to require gradients, and then has none (a departure).
FLOOR_DIVIDE = [
    lambda a, b: mg.floor_divide(a.detach(), b.detach()), lambda a, b: torch.floor_divide(a.detach(), b.detach())
]  # fmt: skip
INTEGERS = ["uint8", "int8", "int16", "int32", "int64"]


@st.composite
def broadcastable(draw, count):
    """That many shapes that broadcast together, zero sizes included."""
    full = draw(st.lists(st.integers(0, 3), max_size=3))
    shapes = []
    for _ in range(count):
        shape = [1 if draw(st.booleans()) else size for size in full]
        shapes.append(tuple(shape[draw(st.integers(0, len(full))) :]))
    return shapes


# ------------------------------------------------------------------- unary


@pytest.mark.parametrize("name", UNARY)
def test_function_and_method(name):
    x = (positive if name in ABOVE_ZERO else normal)(3, 4)
    compare(*both(name), x)
    same(method(name), x)
    compare(*both(name), np.array(x[0, 0]))
    compare(*both(name), x[:0])


@pytest.mark.parametrize("name", UNARY)
def test_special_points(name):
    """0, −0, ties, halves, infinities and NaN; the first derivative there too."""
    compare(*both(name), SPECIAL, order=1, single=False)


@pytest.mark.parametrize("name", UNARY)
def test_second_derivative_at_ordinary_special_points(name):
    points = np.array([0.25, 1.0, 2.5]) if name in ABOVE_ZERO else np.array([0.0, 0.5, -0.5, 1.0, -2.5])
    compare(*both(name), points)


@pytest.mark.parametrize("dtype", ["bool", *INTEGERS, "float16"])
@pytest.mark.parametrize("name", UNARY)
def test_other_dtypes(name, dtype):
    x = np.array([0, 1, 2, 5]).astype(dtype)
    if dtype == "bool" and name in NOT_OF_BOOL:
        return
    compare(*both(name), x, order=0, rtol=2e-3)


@pytest.mark.parametrize("name", TESTS)
def test_kinds_of_numbers(name):
    compare(*both(name), SPECIAL)
    same(method(name), SPECIAL)
    compare(*both(name), np.arange(3))


def test_logical_and_bitwise_not():
    for x in (np.array([True, False]), np.array([0, 1, 5]), np.array([0, 1, 5], np.uint8)):
        compare(mg.logical_not, torch.logical_not, x)
        same(method("logical_not"), x)
        compare(mg.bitwise_not, torch.bitwise_not, x)
        compare(lambda t: ~t, lambda t: ~t, x)
    compare(mg.logical_not, torch.logical_not, SPECIAL)
    both_refuse(lambda: mg.bitwise_not(mg.ones(2)), lambda: torch.bitwise_not(torch.ones(2)))


# ------------------------------------------------------------------ binary


@drawn(120)
@given(st.sampled_from(BINARY), broadcastable(2))
def test_broadcasting(name, shapes):
    a, b = shapes
    other = positive(*b, seed=1) if name == "div" else normal(*b, seed=1)
    compare(*both(name), normal(*a), other)


@pytest.mark.parametrize("name", [*BINARY, *COMPARISONS, *LOGIC])
def test_all_pairs_of_special_points(name):
    a, b = np.meshgrid(SPECIAL, SPECIAL)
    compare(*both(name), a, b, order=1, single=False)


@pytest.mark.parametrize("name", [*COMPARISONS, *LOGIC])
def test_comparison_and_logic(name):
    a, b = whole(0, 3, 4, 5), whole(0, 3, 5, seed=1)
    for left in (a, a.astype(np.uint8), a.astype(float), a > 1):
        compare(*both(name), left, b)
        same(method(name), left, b)
    if name in COMPARISONS:
        compare(lambda x: getattr(x, name)(1), lambda x: getattr(x, name)(1), a)
        compare(lambda x: getattr(x, name)(0.5), lambda x: getattr(x, name)(0.5), a)


@pytest.mark.parametrize("name", BITS)
def test_bits(name):
    a, b = whole(0, 9, 4, 5), whole(0, 9, 5, seed=1)
    for left, right in ((a, b), (a.astype(np.uint8), b.astype(np.int16)), (a > 4, b > 4)):
        compare(*both(name), left, right)


def test_operators():
    a, b = normal(3, 4), positive(4, seed=1)
    for operator in (
        lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / y, lambda x, y: 2 + x, lambda x,
        y: 2 - x, lambda x, y: 2 * x, lambda x, y: 2 / y, lambda x, y: y**2, lambda x, y: y**x, lambda x, y: 2**x,
        lambda x, y: y**0.5, lambda x, y: y**-1, lambda x, y: -x, lambda x, y: +x, lambda x, y: abs(x), lambda x,
        y: x < y, lambda x, y: x <= y, lambda x, y: x > y, lambda x, y: x >= y, lambda x, y: x == y, lambda x,
        y: x != y, lambda x, y: x > 0, lambda x, y: x == 1,
    ):  # fmt: skip
        compare(operator, operator, a, b)


def test_integer_operators():
    a, b = whole(-7, 8, 3, 4), whole(1, 4, 4, seed=1)
    for operator in (
        lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / y, lambda x, y: x // y,
        lambda x, y: x % y, lambda x, y: x**y, lambda x, y: x & y, lambda x, y: x | y, lambda x, y: x ^ y,
        lambda x, y: 7 // y, lambda x, y: 7 % y, lambda x, y: x // 2, lambda x, y: x % -3, lambda x, y: x & 3,
        lambda x, y: 3 | x, lambda x, y: 3 ^ x, lambda x, y: -x, lambda x, y: abs(x), lambda x, y: ~x,
    ):  # fmt: skip
        compare(operator, operator, a, b)


def test_floor_divide_and_remainder():
    a, b = normal(40) * 5, positive(40, seed=1) * np.where(np.arange(40) % 2, 1, -1)
    compare(FLOOR_DIVIDE[0], FLOOR_DIVIDE[1], a, b)
    compare(mg.remainder, torch.remainder, a, b, order=1)
    x, y = np.meshgrid(SPECIAL, SPECIAL[SPECIAL != 5e-324])  # PyTorch's quotients by it overflow
    compare(mg.remainder, torch.remainder, x, y, order=0, single=False)
    compare(FLOOR_DIVIDE[0], FLOOR_DIVIDE[1], x, y, single=False)
    m, n = np.meshgrid(np.arange(-5, 6), [-3, -2, -1, 1, 2, 3])
    compare(mg.remainder, torch.remainder, m, n)
    compare(mg.floor_divide, torch.floor_divide, m, n)


def test_integer_division_by_zero_is_refused():
    ours, theirs = mg.tensor([1, 2]), torch.tensor([1, 2])
    both_refuse(lambda: ours // 0, lambda: theirs // 0)
    both_refuse(lambda: ours % 0, lambda: theirs % 0)


# ------------------------------------------------------------------- powers


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, -1, -2, 0.5, -0.5, 1.5, 2.0, 0.0])
def test_number_as_exponent(exponent):
    compare(lambda x: x**exponent, lambda x: x**exponent, positive(3, 4))
    # PyTorch takes x**±0.5 for square roots, which differ from powers at −0 and −∞ (a departure).
    points = SPECIAL[~np.isin(SPECIAL, [0.0, -math.inf])] if abs(exponent) == 0.5 else SPECIAL
    compare(lambda x: mg.pow(x, exponent), lambda x: torch.pow(x, exponent), points, order=1, single=False)
    same(method("pow", exponent), np.array([0.0]), order=2, single=False)


@pytest.mark.parametrize("base", [0, 1, 2, -1, 0.5, 0.0])
def test_number_as_base(base):
    exponents = np.array([0.0, 1.0, 2.0, -1.0, 0.5, -2.0, math.inf, -math.inf, math.nan])
    compare(lambda x: base**x, lambda x: base**x, exponents, order=1, single=False)


def test_tensor_as_exponent():
    compare(mg.pow, torch.pow, positive(3, 4), normal(4, seed=1))
    bases = np.array([0.0, -0.0, 1.0, -1.0, 2.0, -2.0, math.inf, -math.inf, math.nan])
    a, b = np.meshgrid(bases, [0.0, 1.0, 2.0, 3.0, -1.0, 0.5, -0.5, math.inf, -math.inf, math.nan])
    compare(mg.pow, torch.pow, a, b, order=1, single=False)


def test_integer_powers():
    a, b = np.meshgrid(np.arange(-3, 4), np.arange(5))
    compare(mg.pow, torch.pow, a, b)
    both_refuse(lambda: mg.tensor([2]) ** -1, lambda: torch.tensor([2]) ** -1)


# --------------------------------------------------------------- composites


@pytest.mark.parametrize("bounds", [(-0.5, 0.5), (None, 0.5), (-0.5, None), (0.5, -0.5), (0, 1), (math.nan, 1.0)])
def test_clamp_by_numbers(bounds):
    compare(lambda x: mg.clamp(x, *bounds), lambda x: torch.clamp(x, *bounds), normal(4, 5))
    compare(lambda x: x.clamp(*bounds), lambda x: x.clamp(*bounds), SPECIAL, order=1, single=False)
    compare(lambda x: x.clip(*bounds), lambda x: x.clip(*bounds), normal(4, 5), order=1)


def test_clamp_by_tensors():
    x, low, high = normal(4, 5), normal(5, seed=1), normal(4, 1, seed=2)
    compare(mg.clamp, torch.clamp, x, low, high)
    compare(lambda a, b: mg.clamp(a, min=b), lambda a, b: torch.clamp(a, min=b), x, low)
    compare(lambda a, b: mg.clamp(a, max=b), lambda a, b: torch.clamp(a, max=b), x, low)
    few = [0.0, 1.0, math.inf, -math.inf, math.nan]
    grids = np.meshgrid(few, few, few)
    compare(mg.clamp, torch.clamp, *grids, order=1, single=False)


def test_clamp_of_integers():
    x = whole(-5, 6, 20)
    compare(lambda t: t.clamp(-2, 2), lambda t: t.clamp(-2, 2), x)
    compare(lambda t: t.clamp(-1.5, 2), lambda t: t.clamp(-1.5, 2), x)
    compare(lambda t: t.clamp(0, 2), lambda t: t.clamp(0, 2), x.astype(np.int8))


@drawn(75)
@given(broadcastable(3))
def test_where(shapes):
    c, a, b = shapes
    mask = normal(*c, seed=2) > 0
    compare(mg.where, torch.where, mask, normal(*a), normal(*b, seed=1))


def test_where_keeps_what_is_not_chosen_out_of_the_gradient():
    x = np.array([-1.0, 0.0, 4.0])

    def ours(t):
        return mg.where(t > 0, mg.sqrt(t), t * 0)

    def theirs(t):
        return torch.where(t > 0, torch.sqrt(t), t * 0)

    compare(ours, theirs, x, order=1)


def test_where_with_numbers_and_alone():
    x = normal(3, 4)
    compare(lambda t: mg.where(t > 0, t, 0), lambda t: torch.where(t > 0, t, 0), x)
    compare(lambda t: mg.where(t > 0, 1, 0), lambda t: torch.where(t > 0, 1, 0), x)
    compare(lambda t: mg.where(t > 0, 1.5, 0), lambda t: torch.where(t > 0, 1.5, 0), x)
    compare(lambda t: mg.where(t > 0), lambda t: torch.where(t > 0), x)
    compare(lambda t: t.where(t > 0, -t), lambda t: t.where(t > 0, -t), x)


def test_masked_fill():
    x, mask = normal(3, 4), normal(4, seed=1) > 0
    compare(lambda t, m: t.masked_fill(m, 0.5), lambda t, m: t.masked_fill(m, 0.5), x, mask)
    compare(lambda t, m: mg.masked_fill(t, m, 7), lambda t, m: torch.masked_fill(t, m, 7), whole(0, 9, 3, 4), mask)
    compare(lambda t, m, v: t.masked_fill(m, v), lambda t, m, v: t.masked_fill(m, v), x, mask, np.array(0.25))


def test_masked_fill_keeps_the_dtype():
    compare(
        lambda t, m: t.masked_fill(m, 2.5),
        lambda t, m: t.masked_fill(m, 2.5),
        normal(3).astype(np.float32),
        normal(3) > 0,
    )
    compare(
        lambda t, m: t.masked_fill(m, 1),
        lambda t, m: t.masked_fill(m, 1),
        np.array([True, False]),
        np.array([True, True]),
    )
    compare(
        lambda t, m, v: t.masked_fill(m, v), lambda t, m, v: t.masked_fill(m, v), normal(3).astype(np.float32),
        normal(3) > 0, np.array(2.5), single=False, order=1,
    )  # fmt: skip


def test_fused_arithmetic():
    a, b, c = normal(3, 4), normal(4, seed=1), positive(3, 1, seed=2)
    for name in ("addcmul", "addcdiv"):
        compare(*both(name), a, b, c)
        compare(
            lambda x, y, z, name=name: getattr(mg, name)(x, y, z, value=0.5),
            lambda x, y, z, name=name: getattr(torch, name)(x, y, z, value=0.5), a, b, c,
        )  # fmt: skip
        compare(
            lambda x, y, z, name=name: getattr(x, name)(y, z, value=-2),
            lambda x, y, z, name=name: getattr(x, name)(y, z, value=-2), a, b, c,
        )  # fmt: skip
    compare(mg.lerp, torch.lerp, a, b, c)
    compare(lambda x, y: mg.lerp(x, y, 0.25), lambda x, y: torch.lerp(x, y, 0.25), a, b)
    compare(lambda x, y: x.lerp(y, 0.75), lambda x, y: x.lerp(y, 0.75), a, b)
    compare(lambda x, y: x.lerp(y, 1.0), lambda x, y: x.lerp(y, 1.0), np.array([1e16]), np.array([1.0]))


def test_isclose_allclose_equal():
    a = np.array([1.0, 1.0, 0.0, 1e-9, math.nan, math.inf, math.inf, 100.0])
    b = np.array([1.0, 1.00001, 1e-9, 0.0, math.nan, math.inf, -math.inf, 100.0011])
    for options in ({}, {"equal_nan": True}, {"rtol": 0.0, "atol": 1e-5}, {"rtol": 1e-3}):
        compare(lambda x, y: mg.isclose(x, y, **options), lambda x, y: torch.isclose(x, y, **options), a, b)
        compare(lambda x, y: x.isclose(y, **options), lambda x, y: x.isclose(y, **options), a, b)
        for n in range(len(a)):
            left, right = a[: n + 1], b[: n + 1]
            compare(
                lambda x, y: mg.allclose(x, y, **options), lambda x, y: torch.allclose(x, y, **options), left, right
            )
    compare(mg.equal, torch.equal, a, a)
    compare(mg.equal, torch.equal, a[:4], a[:4].copy())
    compare(mg.equal, torch.equal, a[:3], a[:4])


def test_softplus():
    for options in ({}, {"beta": 2.0}, {"beta": 3.0, "threshold": 1.0}):
        compare(
            lambda x: mg.softplus(x, **options), lambda x: torch.nn.functional.softplus(x, **options), normal(4, 5) * 3
        )
        compare(
            lambda x: mg.softplus(x, **options), lambda x: torch.nn.functional.softplus(x, **options), SPECIAL,
            order=1, single=False,
        )  # fmt: skip
