"""Joining and cutting by direction, and grids: NumPy's values, refusals."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError

A = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize("name", ["hstack", "vstack", "dstack", "column_stack"])
@pytest.mark.parametrize("array", [A, A[0], A.reshape(1, 2, 3)], ids=["matrix", "vector", "stack"])
def test_stacks_are_numpys(name, array):
    expected = getattr(np, name)([array, array + 1])
    assert np.array_equal(getattr(mg, name)([mg.tensor(array), mg.tensor(array + 1)]).numpy(), expected)


def test_ranks_at_least():
    for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
        for array in (np.array(1.0), A[0], A):
            assert getattr(mg, name)(mg.tensor(array)).shape == getattr(np, name)(array).shape
        assert isinstance(getattr(mg, name)(mg.ones(1), mg.ones(2)), tuple)


def test_cuts_are_numpys():
    x = mg.arange(7)
    for how in (3, [2, 5], [-3], [9], 9):
        found = [part.tolist() for part in mg.tensor_split(x, how)]
        assert found == [part.tolist() for part in np.array_split(np.arange(7), how)]
    assert [part.shape for part in mg.hsplit(mg.zeros(2, 4), 2)] == [(2, 2), (2, 2)]
    assert [part.shape for part in mg.vsplit(mg.zeros(4, 2), indices=(1,))] == [(1, 2), (3, 2)]
    assert [part.shape for part in mg.dsplit(mg.zeros(2, 2, 4), sections=2)] == [(2, 2, 2)] * 2


def test_grids():
    a, b = np.arange(2.0), np.arange(3.0)
    for indexing in ("ij", "xy"):
        found = mg.meshgrid(mg.tensor(a), mg.tensor(b), indexing=indexing)
        for one, expected in zip(found, np.meshgrid(a, b, indexing=indexing), strict=True):
            assert np.array_equal(one.numpy(), expected)
    assert mg.cartesian_prod(mg.tensor(a), mg.tensor(b)).tolist() == [list(p) for p in itertools.product(a, b)]
    assert mg.combinations(mg.tensor(b), 2).tolist() == [list(p) for p in itertools.combinations(b, 2)]
    assert mg.block_diag(mg.ones(1, 2), mg.tensor(3.0)).tolist() == [[1, 1, 0], [0, 0, 3]]


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: mg.hstack(mg.ones(2)), DTypeError, "list of tensors"),
        (lambda: mg.vstack([]), ArgumentError, "no tensors"),
        (lambda: mg.tensor_split(mg.ones(2), 0), ArgumentError, "at least one"),
        (lambda: mg.tensor_split(mg.tensor(1.0), 1), ShapeError, "no axis to cut"),
        (lambda: mg.tensor_split(mg.ones(2)), ArgumentError, "0 of them arrived"),
        (lambda: mg.hsplit(mg.ones(2, 3), 2), ArgumentError, "use tensor_split"),
        (lambda: mg.vsplit(mg.ones(2), 2), ShapeError, "needs 2 axes"),
        (lambda: mg.block_diag(mg.ones(1, 1, 1)), ShapeError, "blocks are matrices"),
        (lambda: mg.meshgrid(mg.ones(2), indexing="yx"), ArgumentError, "'ij' or 'xy'"),
        (lambda: mg.meshgrid(mg.ones(2, 2)), ShapeError, "takes vectors"),
        (lambda: mg.meshgrid(mg.ones(2), mg.arange(2)), DTypeError, "one dtype"),
        (lambda: mg.cartesian_prod(mg.ones(2, 2)), ShapeError, "takes vectors"),
        (lambda: mg.combinations(mg.ones(2, 2)), ShapeError, "takes a vector"),
        (lambda: mg.combinations(mg.ones(2), -1), ArgumentError, "not negative"),
        (lambda: mg.broadcast_tensors(mg.ones(2), mg.ones(3)), ShapeError, "do not broadcast"),
    ],
)
def test_refusals(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
