"""Adding into the places that an index reads, against loops."""

import numpy as np
import pytest

from minigrad.kernels.indexing import Index, last_writers, positions, scatter_add, take, take_adjoint
from tests.strategies import advanced_indices, given, seeds, settings, shapes, st, whole_numbers

INDICES = [
    (np.array([0, 2, 2, -1]),),
    (slice(None, None, -2), 1),
    (np.array([[0, 1], [1, 1]]),),
    (slice(None), np.array([1, 1, 0])),
    (np.array([0, 0]), slice(None), np.array([1, 1])),
    (np.array([True, False, True]),),
    (..., np.array([3, 3, -1])),
    (None, np.array([], np.int64)),
]


def places(shape, index):
    """The position that each element of x[index] comes from, found by reading a table of numbers."""
    return np.arange(np.prod(shape, dtype=int)).reshape(shape)[index]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_positions_are_row_major(index):
    shape = (3, 2, 4)
    x = np.random.default_rng(0).standard_normal(shape)
    found = positions(shape, Index([index]))
    assert np.array_equal(x.ravel()[found], x[index])


def scattered(g, index, shape):
    total = np.zeros(shape)
    for where, value in zip(places(shape, index).ravel(), g.ravel()):
        total.ravel()[where] += value
    return total


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_scatter_add_adds_up_what_is_read_twice(index):
    shape = (3, 2, 4)
    g = whole_numbers(0, places(shape, index).shape)
    assert np.array_equal(scatter_add(g, Index([index]), shape), scattered(g, index, shape))


@settings(max_examples=100)
@given(st.data(), shapes(1, 3), seeds)
def test_scatter_add_is_the_adjoint_of_reading(data, shape, seed):
    index = data.draw(advanced_indices(shape))
    x = whole_numbers(seed, shape)
    try:
        read = x[index]
    except IndexError:
        return  # the arrays in the index do not broadcast: nothing to add to
    g = whole_numbers(seed + 1, read.shape)
    total = scatter_add(g, Index([index]), shape)
    assert total.shape == shape
    assert np.vdot(total, x) == np.vdot(g, read)
    assert np.array_equal(total, scattered(g, index, shape))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_dtype_is_kept(dtype):
    assert scatter_add(np.ones(3, dtype), Index([(np.array([0, 0, 1]),)]), (2,)).dtype == dtype
    assert take_adjoint(np.ones(3, dtype), np.array([0, 0, 1]), 0, 2).dtype == dtype


def test_nothing_added_to_nothing():
    nowhere = Index([(np.array([], int),)])
    assert scatter_add(np.ones((0, 3)), nowhere, (0, 3)).shape == (0, 3)
    assert scatter_add(np.ones((0, 3)), nowhere, (2, 3)).tolist() == [[0] * 3] * 2


def test_an_index_in_steps_reads_and_writes():
    x = np.arange(24).reshape(2, 3, 4)
    index = Index([(1, ...), (slice(None), np.array([3, 0]))])
    assert not index.basic
    assert Index([(1, ...)]).basic
    assert np.array_equal(index.read(x), x[1][:, [3, 0]])
    index.write(x, np.array([-1, -2]))
    assert x[1].tolist() == [[-2, 13, 14, -1], [-2, 17, 18, -1], [-2, 21, 22, -1]]
    assert np.array_equal(x[0].ravel(), np.arange(12))


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_last_writers_are_those_whose_value_stays(index):
    shape = (3, 2, 4)
    x = np.full(shape, -1)
    number = np.arange(places(shape, index).size).reshape(places(shape, index).shape)
    x[index] = number
    assert np.array_equal(last_writers(shape, Index([index])), x[index] == number)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("numbers", [[0], [1, 1, 0, 1], [], [0, 1, 0, 1, 0]])
def test_take_and_its_adjoint(axis, numbers):
    index = np.array(numbers, int)
    x = whole_numbers(axis, (2, 3, 2))
    taken = take(x, index, axis)
    assert np.array_equal(taken, np.take(x, index, axis))
    g = whole_numbers(axis + 1, taken.shape)
    back = take_adjoint(g, index, axis, x.shape[axis])
    expected = np.zeros_like(x)
    for number, where in enumerate(numbers):
        expected[(slice(None),) * axis + (where,)] += g[(slice(None),) * axis + (number,)]
    assert np.array_equal(back, expected)
    assert np.vdot(back, x) == np.vdot(g, taken)
