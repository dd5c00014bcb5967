"""Diagonals and triangles: NumPy's values, views, refusals."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, IndexOutOfRangeError, ShapeError
from tests.strategies import given, seeds, settings, shapes, st, whole_numbers


@settings(max_examples=60)
@given(shapes(2, 3), seeds, st.integers(-3, 3))
def test_values_are_numpys(shape, seed, offset):
    a = whole_numbers(seed, shape)
    x = mg.tensor(a)
    assert np.array_equal(mg.diagonal(x, offset).numpy(), np.diagonal(a, offset))
    assert np.array_equal(mg.tril(x, offset).numpy(), np.tril(a, offset))
    assert np.array_equal(mg.triu(x, offset).numpy(), np.triu(a, offset))
    if len(shape) == 2:
        assert np.array_equal(mg.diag(x, offset).numpy(), np.diag(a, offset))
        assert mg.trace(x).item() == np.trace(a)
        assert np.array_equal(mg.diagflat(x, offset).numpy(), np.diagflat(a, offset))
        for name in ("tril_indices", "triu_indices"):
            expected = np.stack(getattr(np, name)(shape[0], offset, shape[1]))
            assert np.array_equal(getattr(mg, name)(*shape, offset).numpy(), expected)


def test_a_diagonal_shares_memory_and_a_diag_does_not():
    x = mg.zeros(2, 3)
    x.diagonal(1)[...] = 5
    x.diag().fill_(7)
    assert x.tolist() == [[0, 5, 0], [0, 0, 5]]


def test_filling():
    assert mg.zeros(2, 3).fill_diagonal_(1).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert mg.zeros(5, 2).fill_diagonal_(1, wrap=True).tolist() == [[1, 0], [0, 1], [0, 0], [1, 0], [0, 1]]
    with pytest.raises(ShapeError, match="fill_diagonal_ of shape"):
        mg.zeros(3).fill_diagonal_(1)


def test_a_causal_mask():
    mask = mg.triu(mg.ones(3, 3), 1).bool()
    weights = mg.softmax(mg.zeros(3, 3).masked_fill(mask, -mg.inf), 1)
    assert np.allclose(weights.numpy(), [[1, 0, 0], [0.5, 0.5, 0], [1 / 3] * 3])


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: mg.diag(mg.ones(2, 2, 2)), ShapeError, "diagonal takes stacks"),
        (lambda: mg.trace(mg.ones(2)), ShapeError, "takes a matrix"),
        (lambda: mg.tril(mg.ones(2)), ShapeError, "takes matrices"),
        (lambda: mg.diag_embed(mg.tensor(1.0)), ShapeError, "0-d"),
        (lambda: mg.diagonal(mg.ones(2, 2), 0, 1, 1), ArgumentError, "needs two"),
        (lambda: mg.diagonal(mg.ones(2, 2), 0, 0, 2), IndexOutOfRangeError, "dim=2"),
        (lambda: mg.tril_indices(-1, 2), ArgumentError, "-1 rows"),
        (lambda: mg.triu(mg.ones(2, 2), 2**70), ArgumentError, "no matrix is that large"),
    ],
)
def test_refusals(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
