"""Python's operators: each means its function, from either side, and refuses what it cannot take."""

import operator

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DTypeError, IndexOutOfRangeError, ShapeError

ARITHMETIC = {
    operator.add: np.add, operator.sub: np.subtract, operator.mul: np.multiply, operator.truediv: np.true_divide,
    operator.floordiv: np.floor_divide, operator.mod: np.remainder, operator.pow: np.power,
}  # fmt: skip
COMPARISONS = {
    operator.eq: np.equal, operator.ne: np.not_equal, operator.lt: np.less, operator.le: np.less_equal,
    operator.gt: np.greater, operator.ge: np.greater_equal,
}  # fmt: skip
LOGIC = {operator.and_: np.bitwise_and, operator.or_: np.bitwise_or, operator.xor: np.bitwise_xor}

LEFT, RIGHT = [[1.5, 2.0, 3.0]], [[2.0], [3.0]]


@pytest.mark.parametrize(("operation", "meaning"), {**ARITHMETIC, **COMPARISONS}.items())
def test_two_tensors(operation, meaning):
    result = operation(mg.tensor(LEFT, dtype=mg.float64), mg.tensor(RIGHT, dtype=mg.float64))
    assert isinstance(result, mg.Tensor)
    np.testing.assert_array_equal(result.numpy(), meaning(np.array(LEFT), np.array(RIGHT)))


@pytest.mark.parametrize(("operation", "meaning"), {**ARITHMETIC, **COMPARISONS}.items())
@pytest.mark.parametrize("number", [2, 2.5, True, np.float64(2.5), np.int32(2)])
def test_a_number_on_either_side_does_not_widen(operation, meaning, number):
    t = mg.tensor([1.5, 2.0, 4.0])
    for result, right in (
        (operation(t, number), meaning(t.numpy(), number)),
        (operation(number, t), meaning(number, t.numpy())),
    ):
        assert isinstance(result, mg.Tensor)
        assert result.dtype == (mg.bool if operation in COMPARISONS else mg.float32)
        np.testing.assert_allclose(result.numpy(), right, rtol=1e-6)


@pytest.mark.parametrize(("operation", "meaning"), LOGIC.items())
def test_logic(operation, meaning):
    for a, b in (([True, True, False, False], [True, False, True, False]), ([5, 6, 7, 8], [3, 3, 3, 3])):
        np.testing.assert_array_equal(operation(mg.tensor(a), mg.tensor(b)).numpy(), meaning(a, b))
        np.testing.assert_array_equal(operation(b[1], mg.tensor(a)).numpy(), meaning(b[1], a))


def test_unary():
    t = mg.tensor([1.5, -2.0])
    assert ((-t).tolist(), abs(t).tolist(), +t is t) == ([-1.5, 2.0], [1.5, 2.0], True)
    assert (~mg.tensor([True, False])).tolist() == [False, True]
    assert (~mg.tensor([0, 5])).tolist() == [-1, -6]


def test_matmul_from_both_sides():
    a, b = mg.arange(6.0).reshape(2, 3), mg.arange(12.0).reshape(3, 4)
    right = a.numpy() @ b.numpy()
    for result in (a @ b, a.numpy() @ b, a @ b.numpy()):
        assert isinstance(result, mg.Tensor)
        np.testing.assert_array_equal(result.numpy(), right)


@pytest.mark.parametrize("foreign", [[1.0, 2.0], (1.0, 2.0), "1", None, {}, object(), 1j, b"1"], ids=repr)
@pytest.mark.parametrize("operation", [*ARITHMETIC, operator.lt, operator.ge, operator.and_, operator.matmul])
def test_other_objects_are_refused_with_the_remedy(operation, foreign):
    t = mg.tensor([1.0, 2.0])
    for operands in ((t, foreign), (foreign, t)):
        if operation is operator.mod and operands[0] in ("1", b"1"):
            continue  # string formatting
        with pytest.raises(DTypeError, match=rf"got a {type(foreign).__name__}; .*mg.tensor\("):
            operation(*operands)
    assert t.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("foreign", [None, "cpu", {}, object()], ids=repr)
def test_equality_with_other_objects_is_false_as_everywhere_in_python(foreign):
    t = mg.tensor([1.0, 2.0])
    assert (t == foreign) is False
    assert (foreign == t) is False
    assert (t != foreign) is True
    assert foreign in [t, foreign]


def test_an_object_that_knows_tensors_gets_its_turn():
    class Knowing:
        def __radd__(self, tensor):
            return "added"

        def __rmatmul__(self, tensor):
            return "multiplied"

    assert mg.ones(2) + Knowing() == "added"
    assert mg.ones(2) @ Knowing() == "multiplied"


@pytest.mark.parametrize(
    "operation", [operator.and_, operator.or_, operator.xor, lambda a, b: ~a], ids=["and", "or", "xor", "not"]
)
def test_bits_of_floats_are_refused(operation):
    with pytest.raises(DTypeError, match="float32"):
        operation(mg.ones(2), mg.ones(2))


@pytest.mark.parametrize("operation", [*ARITHMETIC, *COMPARISONS])
def test_shapes_that_do_not_broadcast_are_named(operation):
    with pytest.raises(ShapeError, match=r"shapes \(2, 3\) and \(2,\).*last axis"):
        operation(mg.ones(2, 3), mg.ones(2))


# ------------------------------------------------------------------------ containers


def test_tensors_are_sequences_of_their_rows():
    t = mg.arange(6).reshape(3, 2)
    assert len(t) == 3
    assert [row.tolist() for row in t] == [[0, 1], [2, 3], [4, 5]]
    assert (4 in t, 9 in t) == (True, False)
    assert list(mg.zeros(0, 2)) == []


def test_rows_of_a_recorded_tensor_carry_gradients():
    for rows in (1, 3):
        x = mg.ones(rows, 2, requires_grad=True)
        total = 0
        for number, row in enumerate(x):
            total = total + (row * (number + 1)).sum()
        total.backward()
        assert x.grad.tolist() == [[n + 1.0] * 2 for n in range(rows)]


@pytest.mark.parametrize("attempt", [len, iter, list])
def test_a_number_is_no_sequence(attempt):
    with pytest.raises(DTypeError, match=r"0-d tensor.*item\(\)"):
        attempt(mg.tensor(3.0))


def test_truth_of_one_element_only():
    assert bool(mg.tensor([[3.0]]))
    assert not mg.tensor(0)
    for t in (mg.ones(2), mg.zeros(0)):
        with pytest.raises(ShapeError, match=r"truth value of a tensor of shape .*any\(\) or .all\(\)"):
            bool(t)


def test_builtins_that_go_through_operators():
    parts = [mg.tensor([1.0, 5.0]), mg.tensor([2.0, 3.0])]
    assert sum(parts).tolist() == [3.0, 8.0]
    assert max(mg.tensor(1.0), mg.tensor(2.0)).item() == 2.0
    assert sorted(mg.tensor([3, 1, 2]), key=float)[0].item() == 1
    assert divmod(7, 2) == (int(mg.tensor(7) // 2), int(mg.tensor(7) % 2))


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (5, IndexOutOfRangeError, r"shape \(2, 3\)"),
        ((0, 0, 0), IndexOutOfRangeError, r"shape \(2, 3\).*too many"),
        ([0, 2], IndexOutOfRangeError, "out of bounds"),
        ("a", DTypeError, "index of type str"),
        (1.0, DTypeError, "index of type float"),
        (1.5, DTypeError, "index of type float"),
        ([0.0, 1.0], DTypeError, "index of float"),
        (slice(0, 1.5), DTypeError, "float"),
        (slice("a", None), DTypeError, "str"),
        ([[0, 1], [0]], (ShapeError, DTypeError), "index"),
        (slice(None, None, 0), (ValueError, IndexOutOfRangeError), "step"),
        ({}, DTypeError, "index of type dict"),
    ],
)  # fmt: skip
def test_indices_that_mean_nothing(index, error, message):
    t = mg.arange(6).reshape(2, 3)
    with pytest.raises(error, match=message) as raised:
        t[index]
    assert isinstance(raised.value, mg.errors.MinigradError)
    with pytest.raises(error):
        t[index] = 0
    assert t.flatten().tolist() == list(range(6))


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
def test_float_tensors_are_no_indices(dtype):
    with pytest.raises(DTypeError, match=rf"index of {dtype}.*long\(\)"):
        mg.arange(3)[mg.tensor([0.0, 1.0], dtype=dtype)]


def test_mask_of_another_shape():
    with pytest.raises(IndexOutOfRangeError, match="boolean"):
        mg.arange(3)[mg.tensor([True, False])]
