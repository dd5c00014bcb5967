"""Sums in the order of memory against sums in higher precision."""

import itertools

import numpy as np
import pytest

from minigrad.kernels.sums import COLUMN, ROW, added, begun, begun_products, order_of, total

RNG = np.random.default_rng(6)
AXES = [axes for count in (1, 2, 3, 4) for axes in itertools.combinations(range(4), count)]


def laid(shape, order, dtype=np.float64):
    array = RNG.standard_normal(shape).astype(dtype)
    return np.ascontiguousarray(array.transpose(order)).transpose(np.argsort(order))


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 1, 3, 0), (3, 2, 1, 0), (1, 3, 0, 2)])
@pytest.mark.parametrize("axes", AXES)
def test_whatever_lies_innermost(axes, order):
    x = laid((9, 10, 11, 12), order)
    for keepdims in (True, False):
        np.testing.assert_allclose(total(x, axes, keepdims), x.sum(axes, keepdims=keepdims), rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize(
    "shape", [(ROW + 1, 3), (3, ROW * 2), (3, ROW * 2 + 5), (COLUMN * 5 + 1, 4), (2, COLUMN * 20, 3)]
)
def test_pieces_of_rows_and_columns(shape):
    x, y = RNG.standard_normal(shape), RNG.standard_normal(shape)
    for axis in range(len(shape)):
        np.testing.assert_allclose(total(x, (axis,), False), x.sum(axis), rtol=1e-12, atol=1e-11)
        order = order_of(x, (axis,))
        found = added([begun_products(order.lay(x), order.lay(y), order.summed)], order.summed)
        expected = (x * y).sum(axis, keepdims=True)
        np.testing.assert_allclose(order.restore(found, (axis,)), expected, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("axis", [0, 1])
def test_long_sums_of_float32_keep_their_digits(axis):
    x = np.full((3000, 3000), 0.1, np.float32)
    exact = np.float32(x.astype(np.float64).sum(axis)[0])
    assert np.abs(total(x, (axis,), False) / exact - 1).max() < 3e-6
    assert abs(total(x, (0, 1), False) / (exact * 3000.0) - 1) < 3e-6


def test_what_is_repeated_is_not_copied():
    x = np.broadcast_to(np.float32(0.5), (2000, 2000))
    assert total(x, (0, 1), False) == 2e6
    rows = np.broadcast_to(np.arange(2000, dtype=np.float32), (2000, 2000))
    assert np.array_equal(total(rows, (0,), False), np.arange(2000) * 2000)
    assert np.array_equal(total(rows, (1,), True), np.full((2000, 1), 1999000))


def test_slices_add_up():
    x = laid((40, 5, 6), (1, 0, 2))
    order = order_of(x, (0,))
    whole = order.lay(x)
    parts = [begun(whole[start : start + 2], order.summed) for start in range(0, len(whole), 2)]
    np.testing.assert_allclose(order.restore(added(parts, order.summed), (0,)), x.sum(0, keepdims=True), rtol=1e-12)


def test_neighbours_in_memory_count_as_one():
    x = laid((2, 3, 4, 5), (2, 1, 3, 0))
    order = order_of(x, (0, 2, 3))
    assert (order.sizes, order.summed) == ([4, 3, 10], [True, False, True])
    assert np.shares_memory(order.lay(x), x)
    assert np.array_equal(order.unlay(order.lay(x)), x)
    assert order.fit(np.ones((3, 1, 1))).shape == (1, 3, 1)
    assert order.fit(np.ones((3, 4, 1))).shape == (4, 3, 1)
    assert order.fit(np.ones((2, 1, 1, 1))).shape == (1, 1, 10)
