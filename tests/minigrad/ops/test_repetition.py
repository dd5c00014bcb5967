"""Repeating and turning: NumPy's values, refusals."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError

A = np.arange(6.0).reshape(2, 3)
X = mg.tensor(A)


def test_values_are_numpys():
    assert np.array_equal(X.repeat(2, 1, 3).numpy(), np.tile(A, (2, 1, 3)))
    assert np.array_equal(mg.tile(X, (2,)).numpy(), np.tile(A, 2))
    assert np.array_equal(mg.repeat_interleave(X, mg.tensor([1, 0, 2]), 1).numpy(), np.repeat(A, [1, 0, 2], 1))
    assert np.array_equal(mg.roll(X, (1, -1), (0, 1)).numpy(), np.roll(A, (1, -1), (0, 1)))
    assert np.array_equal(mg.roll(X, 4).numpy(), np.roll(A, 4))
    for k in range(-4, 5):
        assert np.array_equal(mg.rot90(X, k).numpy(), np.rot90(A, k))
    assert np.array_equal(mg.fliplr(X).numpy(), np.fliplr(A))
    assert np.array_equal(mg.flipud(X).numpy(), np.flipud(A))
    assert mg.repeat_interleave(mg.tensor([2, 0, 1])).tolist() == [0, 0, 2]


def test_what_is_repeated_can_be_written():
    y = X[:1].repeat(2, 1)
    y[0, 0] = 9
    assert y.tolist() == [[9, 1, 2], [0, 1, 2]]


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: X.repeat(2), ShapeError, "one for each axis"),
        (lambda: X.repeat(2, -1), ArgumentError, "not negative"),
        (lambda: mg.repeat_interleave(X, mg.tensor([1, 2]), 1), ShapeError, "2 repeats for 3 elements"),
        (lambda: mg.repeat_interleave(X, -1), ArgumentError, "-1"),
        (lambda: mg.repeat_interleave(X, 1.5), DTypeError, "integers"),
        (lambda: mg.repeat_interleave(X, 2, 1, output_size=5), ArgumentError, "add up to 6"),
        (lambda: mg.roll(X, (1, 2)), ArgumentError, "one shift"),
        (lambda: mg.roll(X, (1, 2), 0), ArgumentError, "2 shifts for 1 axes"),
        (lambda: mg.rot90(X, 1, (0,)), ArgumentError, "two axes"),
        (lambda: mg.fliplr(X[0]), ShapeError, "two axes or more"),
        (lambda: mg.flipud(X[0, 0]), ShapeError, "no axis"),
    ],
)
def test_refusals(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
