"""Stretches of an axis: their bounds, sums against a loop, maxima against a loop, the order of equal ones."""

import itertools

import numpy as np
import pytest

from minigrad.kernels.segments import Segments, adaptive_max, segment_sum


def bounds(n, o):
    return [(i * n // o, -(-(i + 1) * n // o)) for i in range(o)]


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("o", range(1, 11))
def test_adaptive_stretches(n, o):
    segments = Segments.adaptive(n, o)
    assert list(zip(segments.starts, segments.ends)) == bounds(n, o)
    assert list(segments.lengths) == [end - start for start, end in bounds(n, o)]
    assert set().union(*(range(start, end) for start, end in bounds(n, o))) == set(range(n)), "all elements are read"


@pytest.mark.parametrize(("n", "o"), [(7, 3), (3, 7), (6, 3), (5, 5), (9, 1), (1, 4), (4, 0)])
def test_transposed_stretches_name_the_stretches_that_hold_an_element(n, o):
    transposed = Segments.adaptive(n, o).transposed
    assert transposed.size == o
    for place, start, end in zip(range(n), transposed.starts, transposed.ends):
        assert list(range(start, end)) == [i for i, (low, high) in enumerate(bounds(n, o)) if low <= place < high]
    back = transposed.transposed
    assert list(back.starts) == [low for low, _ in bounds(n, o)]
    assert list(back.ends) == [high for _, high in bounds(n, o)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64])
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("o", [1, 2, 3, 5, 7, 0])
def test_sums(dtype, axis, o):
    x = np.random.default_rng(0).integers(-9, 9, (5, 7, 6)).astype(dtype)
    segments = Segments.adaptive(x.shape[axis], o)
    found = segment_sum(x, segments, axis)
    parts = [x.take(range(start, end), axis).sum(axis, keepdims=True) for start, end in bounds(x.shape[axis], o)]
    wanted = np.concatenate(parts, axis) if parts else np.zeros((*x.shape[:axis], 0, *x.shape[axis + 1 :]))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, wanted)


def test_sums_of_float16_do_not_lose_what_is_small():
    x = np.full((1, 4096), 0.25, np.float16)
    assert segment_sum(x, Segments.adaptive(4096, 1), 1).item() == 1024


@pytest.mark.parametrize("outputs", [(1, 1), (2, 3), (3, 2), (5, 4), (7, 9), (0, 2)])
@pytest.mark.parametrize("ties", [False, True])
def test_maxima(outputs, ties):
    source = np.random.default_rng(1)
    x = source.integers(0, 3, (2, 5, 4)).astype(float) if ties else source.standard_normal((2, 5, 4))
    found = adaptive_max(x, outputs)
    assert (found.shape, found.dtype) == ((2, *outputs), np.int64)
    for lead, i, j in itertools.product(range(2), *map(range, outputs)):
        rows, columns = bounds(5, outputs[0])[i], bounds(4, outputs[1])[j]
        places = [row * 4 + column for row in range(*rows) for column in range(*columns)]
        plane = x[lead].ravel()
        best = max(plane[places])
        assert found[lead, i, j] == next(place for place in places if plane[place] == best), (
            "the first in row-major order"
        )


def test_the_last_nan_wins_and_minus_infinity_has_a_place():
    nan, inf = np.nan, np.inf
    assert adaptive_max(np.array([[1.0, nan, nan, inf], [2, 3, 4, 5]]), (1, 1)).item() == 2
    assert adaptive_max(np.array([[nan, 1.0], [nan, 2]]), (1, 1)).item() == 2
    assert adaptive_max(np.full((3, 3), -inf), (2, 2)).tolist() == [[0, 1], [3, 4]]
