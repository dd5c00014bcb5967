"""Picking out by number, by mask and by place: NumPy's values, and what each refusal says."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import gradcheck
from minigrad.errors import DTypeError, IndexOutOfRangeError, ShapeError

A = np.arange(12.0).reshape(3, 4)
X = mg.tensor(A)


def test_values_are_numpys():
    assert mg.take(X, mg.tensor([[0, -1]])).tolist() == np.take(A, [[0, -1]]).tolist()
    order = np.argsort(-A, 1)
    assert mg.take_along_dim(X, mg.tensor(order), 1).tolist() == np.take_along_axis(A, order, 1).tolist()
    assert mg.take_along_dim(X, mg.tensor([[1]]), 1).tolist() == [[1], [5], [9]]
    assert mg.masked_select(X, X > 8).tolist() == [9, 10, 11]
    assert mg.masked_select(X, mg.tensor([True, False, False, False])).tolist() == [0, 4, 8]
    assert mg.nonzero(X == 5).tolist() == mg.argwhere(X == 5).tolist() == [[1, 1]]
    assert [one.tolist() for one in mg.nonzero(X == 5, as_tuple=True)] == [[1], [1]]
    assert mg.select(X, 1, -1).tolist() == A[:, -1].tolist()


def test_values_put_back():
    mask = mg.tensor([True, False, True, False])
    assert mg.masked_scatter(mg.zeros(2, 4), mask, mg.arange(1.0, 9.0)).tolist() == [[1, 0, 2, 0], [3, 0, 4, 0]]
    assert mg.put(mg.zeros(3), mg.tensor([0, 0]), mg.tensor([1.0, 2.0]), accumulate=True).tolist() == [3, 0, 0]
    assert mg.index_put(mg.zeros(2, 2), (None, mg.tensor([1])), mg.tensor(5.0)).tolist() == [[0, 5], [0, 5]]


@pytest.mark.parametrize(
    "call",
    [
        lambda x, v: mg.take(x, mg.tensor([0, 0, 5])), lambda x, v: mg.select(x, 0, 1) * v[0],
        lambda x, v: mg.masked_select(x, mg.tensor([True, False, True, True])),
        lambda x, v: mg.masked_scatter(x, mg.tensor([True, False, True, True]), v),
        lambda x, v: mg.put(x, mg.tensor([[0, 3], [0, 1]]), v[:2, :2], True),
        lambda x, v: mg.index_put(x, (mg.tensor([0, 0]),), v[:2], accumulate=True),
    ],
)  # fmt: skip
def test_gradients(call):
    leaves = [mg.tensor(one, requires_grad=True) for one in (A, A[::-1] / 3 + 1)]
    assert gradcheck(lambda x, v: call(x, v) ** 2, leaves, order=2)


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: mg.take(X, mg.tensor([12])), IndexOutOfRangeError, "12"),
        (lambda: mg.take(X, mg.tensor([0.5])), DTypeError, "must be integers"),
        (lambda: mg.take_along_dim(X, mg.tensor([0]), 1), ShapeError, "both need as many axes"),
        (lambda: mg.take_along_dim(X, mg.tensor([[0]], dtype=mg.int32), 1), DTypeError, r"indices\.long\(\)"),
        (lambda: mg.masked_select(X, mg.tensor([1, 0, 1, 0])), DTypeError, "mask of int64"),
        (lambda: mg.masked_select(X, mg.tensor([True] * 5)), ShapeError, "do not broadcast"),
        (lambda: mg.masked_scatter(X, X > 5, X[0]), ShapeError, "to 6 places got a source of 4 elements"),
        (lambda: mg.masked_scatter(X, X > 5, X.float()), DTypeError, "source of float32"),
        (lambda: mg.put(X, mg.tensor([0]), X), ShapeError, "12 elements for 1 places"),
        (lambda: mg.put(X, mg.tensor([0]), mg.ones(1)), DTypeError, r"source\.to\(mg\.float64\)"),
        (lambda: mg.index_put(X, mg.tensor([0]), X[0]), DTypeError, "tuple of tensors"),
        (lambda: mg.index_put(X, (mg.tensor([0]),), mg.ones(4)), DTypeError, r"values\.to\(mg\.float64\)"),
        (lambda: mg.select(X, 0, 3), IndexOutOfRangeError, "position 3 along axis 0"),
        (lambda: mg.select(mg.tensor(1.0), 0, 0), ShapeError, "0-d"),
    ],
)
def test_refusals(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
