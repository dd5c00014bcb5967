"""Comparison, logic and choice."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from tests.strategies import broadcastable, given, seeds, settings, shapes, whole_numbers

COMPARISONS = {
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
    "logical_and": np.logical_and, "logical_or": np.logical_or,
}  # fmt: skip
VALUES = mg.tensor([0.0, -0.0, 1.0, np.inf, -np.inf, np.nan])


@pytest.mark.parametrize("name", COMPARISONS)
@settings(max_examples=25)
@given(both=broadcastable(2), seed=seeds)
def test_comparisons_are_numpys(name, both, seed):
    a, b = whole_numbers(seed, *both)
    expected = COMPARISONS[name](a, b)
    for form in (getattr(mg, name)(a, b), getattr(mg.from_numpy(a), name)(mg.from_numpy(b))):
        assert form.dtype == np.bool_
        assert form.shape == expected.shape
        assert np.array_equal(form.numpy(), expected)


def test_operators_compare():
    x = mg.tensor([1, 2, 3])
    assert (x == 2).tolist() == [False, True, False]
    assert (x != 2).tolist() == [True, False, True]
    assert (x < 2).tolist() == [True, False, False]
    assert (x <= 2).tolist() == [True, True, False]
    assert (x > 2).tolist() == [False, False, True]


def test_comparisons_are_off_the_tape():
    x = mg.ones(2, requires_grad=True)
    for name in COMPARISONS:
        assert not getattr(mg, name)(x, x).requires_grad


def test_nan_differs_from_itself():
    x = mg.tensor([np.nan])
    assert (x == x).tolist() == [False]
    assert (x != x).tolist() == [True]
    assert (x < x).tolist() == [False]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("isnan", [0, 0, 0, 0, 0, 1]),
        ("isinf", [0, 0, 0, 1, 1, 0]),
        ("isfinite", [1, 1, 1, 0, 0, 0]),
        ("logical_not", [1, 1, 0, 0, 0, 0]),
    ],
)
def test_kinds_of_numbers(name, expected):
    assert getattr(mg, name)(VALUES).tolist() == [bool(one) for one in expected]
    assert getattr(VALUES, name)().tolist() == [bool(one) for one in expected]


@pytest.mark.parametrize(("name", "operator"), [("and", "&"), ("or", "|"), ("xor", "^")])
def test_bitwise_operators(name, operator):
    function = getattr(mg, f"bitwise_{name}")
    a, b = np.array([0b1100, -1]), np.array([0b1010, 7])
    expected = getattr(np, f"bitwise_{name}")(a, b).tolist()
    assert function(a, b).tolist() == expected
    x, y = mg.from_numpy(a), mg.from_numpy(b)
    assert eval(f"x {operator} y", {"x": x, "y": y}).tolist() == expected
    assert eval(f"x {operator} 3", {"x": x}).tolist() == getattr(np, f"bitwise_{name}")(a, 3).tolist()
    assert eval(f"3 {operator} x", {"x": x}).tolist() == getattr(np, f"bitwise_{name}")(a, 3).tolist()
    p, q = mg.tensor([True, True, False]), mg.tensor([True, False, False])
    assert function(p, q).tolist() == getattr(np, f"logical_{name}")(p.numpy(), q.numpy()).tolist()


def test_not_of_bools_and_integers():
    assert (~mg.tensor([True, False])).tolist() == [False, True]
    assert (~mg.tensor([0, 5])).tolist() == [-1, -6]
    assert mg.bitwise_not(mg.tensor([True])).tolist() == [False]


@pytest.mark.parametrize("action", [lambda x: x & x, lambda x: ~x, lambda x: mg.bitwise_xor(x, 1)])
def test_bits_of_floats_are_refused(action):
    with pytest.raises(DTypeError, match=r"bitwise_\w+ is not defined for float32"):
        action(mg.ones(2))


# --------------------------------------------------------------------- where


@settings(max_examples=60)
@given(broadcastable(3), seeds)
def test_where_is_numpys_and_each_branch_gets_its_sum(three, seed):
    mask, a, b = whole_numbers(seed, *three)
    mask = mask > 0
    expected = np.where(mask, a, b)
    left, right = mg.from_numpy(a).requires_grad_(), mg.from_numpy(b).requires_grad_()
    y = mg.where(mask, left, right)
    assert y.shape == expected.shape
    assert np.array_equal(y.detach().numpy(), expected)
    g = whole_numbers(seed + 1, expected.shape)
    by_left, by_right = grad(y, [left, right], mg.from_numpy(g))
    chosen = mg.from_numpy(np.where(mask, g, 0))
    assert mg.equal(by_left, mg.sum_to(chosen, a.shape))
    assert mg.equal(by_right, mg.sum_to(mg.from_numpy(g) - chosen, b.shape))


def test_the_branch_that_is_not_taken_gets_exactly_zero():
    x = mg.tensor([-1.0, 0.0, 4.0], requires_grad=True)
    y = mg.where(x > 0, x, 0)
    (gradient,) = grad(mg.where(x > 0, mg.sqrt(y), 0).sum(), x, materialize_grads=True)
    assert gradient.tolist()[2] == 0.25
    a = mg.tensor([np.inf, np.nan], requires_grad=True)
    (gradient,) = grad(mg.where(mg.tensor([False, False]), a, 1.0).sum(), a)
    assert gradient.tolist() == [0, 0]


def test_where_takes_numbers_and_is_a_method():
    x = mg.tensor([1.0, -2.0])
    assert mg.where(x > 0, x, 0).tolist() == [1, 0]
    assert mg.where(x > 0, 1, 2).tolist() == [1, 2]
    assert x.where(x > 0, 7).tolist() == [1, 7]
    assert mg.where(True, x, 0).tolist() == [1, -2]


@given(shapes(1, 3, 0, 3), seeds)
def test_where_of_a_condition_alone_lists_the_places(shape, seed):
    mask = whole_numbers(seed, shape) > 1
    for found, expected in zip(mg.where(mask), np.nonzero(mask), strict=True):
        assert np.array_equal(found.numpy(), expected)
        assert found.dtype == np.int64


def test_where_gradchecks_to_second_order():
    mask = mg.tensor([[True, False, True], [False, True, True]])
    x, y = (mg.randn(*shape, dtype=mg.float64, requires_grad=True) for shape in [(2, 3), (3,)])
    assert gradcheck(lambda x, y: mg.where(mask, x * y, y * y), [x, y], order=2)


def test_conditions_that_are_not_bool_are_refused():
    with pytest.raises(DTypeError, match=r"where got a condition of float32; it must be bool, for example x > 0"):
        mg.where(mg.ones(2), 1, 2)
    with pytest.raises(ShapeError, match=r"where of shapes \(2,\) and \(3,\) and"):
        mg.where(mg.tensor([True, False]), mg.ones(3), 1)


def test_masked_fill():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = x.masked_fill(mg.tensor([True, False]), 9)
    assert y.tolist() == [9, 2]
    assert y.dtype == np.float32
    assert grad(y.sum(), x)[0].tolist() == [0, 1]
    assert mg.masked_fill(mg.tensor([1, 2]), mg.tensor([[True, False]]), 7).tolist() == [[7, 2]]


def test_masks_that_are_not_bool_and_values_that_do_not_fit_are_refused():
    with pytest.raises(DTypeError, match=r"masked_fill got a mask of float32; it must be bool, such as x > 0"):
        mg.masked_fill(mg.ones(2), mg.ones(2), 1)
    with pytest.raises(ArgumentError, match="masked_fill got 300 for uint8, which holds 0 to 255"):
        mg.masked_fill(mg.ones(2, dtype=mg.uint8), mg.tensor([True, False]), 300)


# ------------------------------------------------------------------ nearly equal


def test_closeness_is_numpys():
    a, b = mg.tensor([1.0, 1.0, np.nan, np.inf]), mg.tensor([1.0 + 1e-6, 1.1, np.nan, np.inf])
    assert mg.isclose(a, b).tolist() == [True, False, False, True]
    assert mg.isclose(a, b, equal_nan=True).tolist() == [True, False, True, True]
    assert mg.isclose(a, b, rtol=0, atol=0.2).tolist() == [True, True, False, True]
    assert mg.allclose(a[:1], b[:1]) is True
    assert mg.allclose(a, b, 0.2, equal_nan=True) is True
    assert mg.allclose(a, b) is False


def test_closeness_needs_shapes_that_broadcast():
    assert mg.isclose(mg.ones(2, 1), mg.ones(3)).shape == (2, 3)
    with pytest.raises(ShapeError, match=r"isclose of shapes \(2,\) and \(3,\), which do not broadcast"):
        mg.isclose(mg.ones(2), mg.ones(3))


def test_equal_compares_shapes_and_elements():
    assert mg.equal(mg.ones(2), mg.ones(2)) is True
    assert mg.equal(mg.ones(2), mg.ones(2, 1)) is False
    assert mg.equal(mg.ones(1), mg.ones(3)) is False
    assert mg.equal(mg.tensor([np.nan]), mg.tensor([np.nan])) is False
