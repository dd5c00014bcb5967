"""Arithmetic and the elementary functions: NumPy's values, broadcasting gradients, corners as in PyTorch."""

import math

import numpy as np
import pytest
import scipy.special

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from tests.strategies import broadcastable, given, seeds, settings, whole_numbers

NAN, INF = math.nan, math.inf


def leaf(*values):
    return mg.tensor(np.array(values, float), requires_grad=True)


def slopes(function, *arguments):
    """The gradients of the sum of function(*arguments)."""
    return [one.tolist() for one in grad(function(*arguments).sum(), arguments)]


def second_slopes(function, *arguments):
    """The gradients of the sum of the gradients; zeros where they do not depend."""
    first = [one.sum() for one in grad(function(*arguments).sum(), arguments, create_graph=True) if one.requires_grad]
    return [one.tolist() for one in grad(sum(first), arguments, materialize_grads=True)]


# ------------------------------------------------------- values, broadcasting

BINARY = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "maximum": np.maximum,
    "minimum": np.minimum,
}
UNARY = {
    "neg": np.negative,
    "abs": np.abs,
    "sign": lambda x: np.where(np.isnan(x), 0, np.sign(x)),  # PyTorch's sign of NaN is 0
    "square": np.square,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "reciprocal": np.reciprocal,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.rint,
    "trunc": np.trunc,
    "sin": np.sin,
    "cos": np.cos,
    "erf": scipy.special.erf,
}
SPECIAL = np.array([0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-300, 700.0, -700.0, 1e300, INF, -INF, NAN])


@pytest.mark.parametrize("name", BINARY)
@settings(max_examples=30)
@given(shapes=broadcastable(2), seed=seeds)
def test_two_operands_broadcast_and_each_gets_its_sum(name, shapes, seed):
    a, b = whole_numbers(seed, *shapes)
    expected = BINARY[name](a, b)
    left, right = mg.from_numpy(a).requires_grad_(), mg.from_numpy(b).requires_grad_()
    y = getattr(mg, name)(left, right)
    assert y.shape == expected.shape
    assert np.array_equal(y.detach().numpy(), expected)
    g = whole_numbers(seed + 1, expected.shape)
    share = {
        "add": (1, 1),
        "sub": (1, -1),
        "mul": (b, a),
        "maximum": ((a > b) + (a == b) / 2, (b > a) + (a == b) / 2),
        "minimum": ((a < b) + (a == b) / 2, (b < a) + (a == b) / 2),
    }[name]
    for array, part, gradient in zip((a, b), share, grad(y, [left, right], mg.from_numpy(g)), strict=True):
        whole = np.broadcast_to(g * part, expected.shape)
        lead = whole.ndim - array.ndim
        repeated = tuple(axis for axis in range(lead, whole.ndim) if array.shape[axis - lead] != whole.shape[axis])
        total = whole.sum(axis=(*range(lead), *repeated), keepdims=True).reshape(array.shape)
        assert np.array_equal(gradient.numpy(), total)


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_operand_are_numpys_without_a_warning(name):
    with np.errstate(all="ignore"):
        expected = UNARY[name](SPECIAL)
    for form in (getattr(mg, name)(mg.from_numpy(SPECIAL)), getattr(mg.from_numpy(SPECIAL), name)()):
        np.testing.assert_allclose(form.numpy(), expected, rtol=1e-15)


@pytest.mark.parametrize("name", [*UNARY, "tanh", "sigmoid", "softplus"])
def test_derivatives_may_be_infinite_without_a_warning(name):
    x = mg.tensor(SPECIAL, requires_grad=True)
    function = getattr(mg, name)
    (first,) = grad(function(x).sum(), x, create_graph=True)
    if first.requires_grad:
        grad(first.sum(), x)


def test_shapes_that_do_not_broadcast_are_refused():
    message = r"add of shapes \(2, 3\) and \(2,\): sizes are compared from the last axis backwards"
    with pytest.raises(ShapeError, match=message):
        mg.ones(2, 3) + mg.ones(2)


@pytest.mark.parametrize("operand", ["x", None, [1.0], {}, 1j, object()])
def test_what_is_no_number_is_refused(operand):
    with pytest.raises(DTypeError, match=r"add got a \w+; it takes tensors, NumPy arrays and numbers"):
        mg.add(mg.ones(2), operand)


@pytest.mark.parametrize("operand", [np.array(["a"]), np.array([1j]), np.array([None])])
def test_arrays_that_hold_no_numbers_are_refused(operand):
    with pytest.raises(DTypeError, match="tensors hold one of bool, uint8"):
        mg.ones(1) + mg.as_tensor(operand)
    with pytest.raises(DTypeError, match="tensors hold one of bool, uint8"):
        mg.add(mg.ones(1), operand)


@pytest.mark.parametrize("action", [lambda x: -x, lambda x: x - x])
def test_what_bools_cannot_do_is_refused(action):
    with pytest.raises(DTypeError, match=r"is not defined for bool.*; convert first, for example t\.to\(mg\.float32\)"):
        action(mg.tensor([True]))


def test_a_wrong_number_of_operands_is_refused():
    with pytest.raises(DTypeError, match="mul takes input, other; 1 operands arrived"):
        mg.mul(mg.ones(2))
    with pytest.raises(DTypeError, match="exp takes input; 2 operands arrived"):
        mg.exp(mg.ones(2), mg.ones(2))


# -------------------------------------------------------------------- corners


def test_ties_of_maximum_and_minimum_are_shared_as_in_pytorch():
    a, b = leaf(1, 2, 3), leaf(1, 3, 2)
    assert slopes(mg.maximum, a, b) == [[0.5, 0, 1], [0.5, 1, 0]]
    assert slopes(mg.minimum, a, b) == [[0.5, 1, 0], [0.5, 0, 1]]
    assert mg.maximum(mg.tensor([NAN, 1.0]), mg.tensor([1.0, NAN])).isnan().all()
    assert slopes(mg.maximum, leaf(NAN, 1), leaf(1, NAN)) == [[1, 1], [1, 1]]


def test_clamp_passes_the_gradient_inside_bounds_included():
    x = leaf(-1, 0, 0.5, 1, 2, NAN)
    assert mg.clamp(x, 0, 1).detach().tolist()[:5] == [0, 0, 0.5, 1, 1]
    assert slopes(lambda x: mg.clamp(x, 0, 1), x) == [[0, 1, 1, 1, 0, 0]]
    assert slopes(lambda x: mg.clamp(x, min=0), x) == [[0, 1, 1, 1, 1, 0]]
    assert slopes(lambda x: mg.clamp(x, max=0.5), x) == [[1, 1, 1, 0, 0, 0]]
    assert slopes(lambda x: x.clip(0, 1), x) == [[0, 1, 1, 1, 0, 0]]


def test_bounds_of_clamp_may_be_tensors_with_gradients():
    x, low, high = leaf(-1, 0, 0.5, 2), leaf(0, 0, 0, 0), leaf(1, 1, 1, 1)
    assert slopes(mg.clamp, x, low, high) == [[0, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]
    assert slopes(lambda x, low: mg.clamp(x, low), x, low) == [[0, 1, 1, 1], [1, 0, 0, 0]]


def test_the_upper_bound_wins_where_bounds_cross():
    x = leaf(-1, 1, 1.5, 2, 3)
    assert mg.clamp(x, 2, 1).tolist() == [1] * 5
    assert slopes(lambda x: mg.clamp(x, 2, 1), x) == [[0] * 5]
    one = leaf(1)
    assert slopes(lambda high: mg.clamp(mg.tensor(np.array([-1.0, 3.0])), 2, high), one) == [[2]]


def test_clamp_needs_a_bound():
    with pytest.raises(ArgumentError, match="clamp got neither min nor max; give at least one bound"):
        mg.clamp(mg.ones(2))


@pytest.mark.parametrize(
    ("base", "exponent", "value", "by_base", "by_exponent"),
    [
        (0.0, 0.0, 1, 0, 0),
        (0.0, 1.0, 0, 1, 0),
        (0.0, 2.0, 0, 0, 0),
        (0.0, 0.5, 0, INF, 0),
        (0.0, -1.0, INF, -INF, -INF),
        (2.0, 0.0, 1, 0, math.log(2)),
        (-2.0, 2.0, 4, -4, NAN),
        (2.0, 3.0, 8, 12, 8 * math.log(2)),
    ],
)
def test_powers_at_zero_and_elsewhere(base, exponent, value, by_base, by_exponent):
    a, b = leaf(base), leaf(exponent)
    assert mg.pow(a, b).item() == value
    np.testing.assert_allclose(slopes(mg.pow, a, b), [[by_base], [by_exponent]], rtol=1e-14)
    assert slopes(lambda a: a**exponent, a) == [[by_base]]


@pytest.mark.parametrize(
    ("exponent", "first", "second"),
    [
        (0, [0, 0, 0], [0, 0, 0]),
        (1, [1, 1, 1], [0, 0, 0]),
        (2, [0, 4, -4], [2, 2, 2]),
        (3, [0, 12, 12], [0, 12, -12]),
        (-1, [-INF, -0.25, -0.25], [INF, 0.25, -0.25]),
    ],
)
@pytest.mark.parametrize("kind", [int, float, mg.tensor, np.float64], ids=["int", "float", "tensor", "numpy"])
def test_whole_powers_to_second_order(exponent, first, second, kind):
    x = leaf(0, 2, -2)
    power = kind(exponent)
    assert slopes(lambda x: x**power, x) == [first]
    assert second_slopes(lambda x: x**power, x) == [second]


def test_powers_of_a_number():
    x = leaf(0, 2, -2, 0.5)
    log2 = math.log(2)
    np.testing.assert_allclose(slopes(lambda x: 2.0**x, x), [[log2, 4 * log2, log2 / 4, math.sqrt(2) * log2]])
    assert slopes(lambda x: 0.0**x, x) == [[0, 0, -INF, 0]]


def test_integers_to_negative_powers_are_refused():
    for power in (-1, mg.tensor(-1), mg.tensor([-1, 2])):
        with pytest.raises(ArgumentError, match="integers to a negative power arrived, which are fractions; convert"):
            mg.tensor([2, 3]) ** power
    assert (mg.tensor([2, 3]) ** -1.0).tolist() == pytest.approx([0.5, 1 / 3])


@pytest.mark.parametrize("function", [mg.floor_divide, mg.remainder])
@pytest.mark.parametrize("divisor", [0, mg.tensor([1, 0]), mg.tensor(0)])
def test_integers_divided_by_zero_are_refused(function, divisor):
    with pytest.raises(ArgumentError, match=r"of integers by 0: there is no integer to return\. Convert first"):
        function(mg.tensor([7, 8]), divisor)


def test_remainders_have_the_sign_of_the_divisor():
    a, b = leaf(5, -5, 5, 5.5), leaf(3, 3, -3, 2)
    assert (a % b).tolist() == [2, 1, -1, 1.5]
    assert slopes(mg.remainder, a, b) == [[1, 1, 1, 1], [-1, 2, 2, -2]]
    assert (mg.tensor([7, -7]) % 3).tolist() == [1, 2]
    assert (7 % mg.tensor([4, 5])).tolist() == [3, 2]
    assert np.isnan((mg.tensor([1.0]) % 0.0).item())


def test_floor_division_rounds_down_and_has_slope_zero():
    x = leaf(7, -7, 1, 0)
    y = x // mg.tensor([2.0, 2.0, 0.0, 0.0])
    assert y.tolist()[:3] == [3, -4, INF]
    assert np.isnan(y[3].item())
    assert slopes(lambda x: x // 2.5, x) == [[0, 0, 0, 0]]
    assert (7 // mg.tensor([2, -2])).tolist() == [3, -4]


@pytest.mark.parametrize(
    ("mode", "expected"), [(None, [3.5, -3.5, -3.5, 2.0]), ("floor", [3, -4, -4, 2]), ("trunc", [3, -3, -3, 2])]
)
@pytest.mark.parametrize("dtype", [mg.int64, mg.float64])
def test_division_with_rounding(mode, expected, dtype):
    a, b = mg.tensor([7, -7, 7, 6], dtype=dtype), mg.tensor([2, 2, -2, 3], dtype=dtype)
    y = mg.div(a, b, rounding_mode=mode)
    assert y.tolist() == expected
    if mode is not None:
        assert y.dtype == dtype


def test_another_rounding_is_refused():
    with pytest.raises(ArgumentError, match=r"div got rounding_mode='up'; it is None, 'floor' or 'trunc'"):
        mg.div(mg.ones(1), 2, rounding_mode="up")


def test_division_by_zero():
    a, b = leaf(1, 0), leaf(0, 0)
    assert (a / b).tolist()[0] == INF
    assert slopes(mg.div, a, b)[0] == [INF, INF]
    assert slopes(mg.div, a, b)[1][0] == -INF
    assert (mg.tensor([1, 3]) / 2).tolist() == [0.5, 1.5]


def test_constant_pieces_have_slope_zero():
    x = leaf(0.3, -1.7, 2.5)
    for function in (mg.sign, mg.floor, mg.ceil, mg.round, mg.trunc):
        assert slopes(function, x) == [[0, 0, 0]]
    assert mg.round(x).tolist() == [0, -2, 2]
    assert mg.trunc(x).tolist() == [0, -1, 2]
    for function in (mg.floor, mg.ceil, mg.round, mg.trunc):
        assert function(mg.tensor([3, -2])).dtype == np.int64


def test_rounding_to_decimals():
    assert mg.round(mg.tensor([1.25, 1.35, -2.345], dtype=mg.float64), decimals=1).tolist() == [1.2, 1.4, -2.3]
    assert mg.round(mg.tensor([1234.0, 1250.0, 1350.0]), decimals=-2).tolist() == [1200, 1200, 1400]
    assert slopes(lambda x: mg.round(x, decimals=1), leaf(1.23)) == [[0]]


def test_powers_of_bools():
    a, b = mg.tensor([True, True, False, False]), mg.tensor([True, False, True, False])
    assert (a**b).tolist() == [True, True, False, True]


def test_X75_the_slope_of_the_absolute_value_at_zero_is_zero():
    assert slopes(mg.abs, leaf(-2, 0, 3)) == [[-1, 0, 1]]
    assert second_slopes(lambda x: mg.abs(x) * x, leaf(-2, 0, 3)) == [[-2, 0, 2]]


def test_roots_and_logarithms_at_their_ends():
    assert slopes(mg.sqrt, leaf(0, 4)) == [[INF, 0.25]]
    assert slopes(mg.rsqrt, leaf(0, 4)) == [[-INF, -0.0625]]
    assert slopes(mg.log, leaf(0, 2)) == [[INF, 0.5]]
    assert np.isnan(mg.log(mg.tensor(-1.0)).item())
    assert mg.expm1(mg.tensor(1e-20, dtype=mg.float64)).item() == 1e-20
    assert mg.log1p(mg.tensor(1e-20, dtype=mg.float64)).item() == 1e-20


def test_squares_of_bools_count():
    assert mg.square(mg.tensor([True, False])).tolist() == [1, 0]
    assert mg.square(mg.tensor([True, False])).dtype == np.int64


@settings(max_examples=20)
@given(broadcastable(3, min_side=1))
def test_combinations_gradcheck_to_second_order(shapes):
    x, a, b = (mg.randn(shape, dtype=mg.float64, requires_grad=True) for shape in shapes)
    assert gradcheck(lambda x, a, b: mg.addcmul(x, a, b, value=0.5), [x, a, b], order=2)
    assert gradcheck(lambda x, a, b: mg.addcdiv(x, a, b * b + 1, value=2), [x, a, b], order=2)
    assert gradcheck(lambda x, a, b: mg.lerp(x, a, b), [x, a, b], order=2)


def test_combinations_are_what_their_names_say():
    x, a, b = (mg.tensor(values) for values in ([1.0, 1.0], [1.0, 2.0], [2.0, 4.0]))
    assert mg.addcmul(x, a, b, value=0.5).tolist() == [2, 5]
    assert mg.addcdiv(x, a, b, value=2).tolist() == [2, 2]
    assert mg.lerp(x, b, 0.25).tolist() == [1.25, 1.75]
    assert mg.lerp(x, b, mg.tensor([0.0, 1.0])).tolist() == [1, 4]


def test_sums_and_differences_with_a_factor():
    x, y = leaf(1, 2), leaf(10, 20)
    assert mg.add(x, y, alpha=2).tolist() == [21, 42]
    assert mg.sub(x, y, alpha=0.5).tolist() == [-4, -8]
    assert slopes(lambda x, y: mg.sub(x, y, alpha=3), x, y) == [[1, 1], [-3, -3]]


def test_methods_and_operators_are_the_functions():
    x, y = mg.tensor([4.0, 9.0]), mg.tensor([2.0, 3.0])
    for name in ("add", "sub", "mul", "div", "pow"):
        assert mg.equal(getattr(x, name)(y), getattr(mg, name)(x, y))
    assert (x + y).tolist() == [6, 12]
    assert (10 - x).tolist() == [6, 1]
    assert (2 * x).tolist() == [8, 18]
    assert (36 / x).tolist() == [9, 4]
    assert (2**y).tolist() == [4, 8]
    assert (-x).tolist() == [-4, -9]
    assert abs(-x).tolist() == [4, 9]
    assert (+x) is x
