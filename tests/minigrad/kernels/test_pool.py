"""Pooling on arrays, against the loops of `tests/naive.py`."""

import numpy as np
import pytest

from minigrad.geometry import Geometry
from minigrad.kernels import pool
from minigrad.kernels.pool import max_pool, place, select, window_count, window_spread, window_sum
from tests import naive
from tests.strategies import correlations, given, poolings, seeds, settings, st, whole_numbers


def window(sizes, ceil_mode=False):
    return Geometry.window(sizes.x[2:], sizes.w[2:], **sizes.sliding, ceil_mode=ceil_mode)


@settings(max_examples=100)
@given(poolings(), st.booleans(), seeds)
def test_max_pool_finds_the_first_winner(sizes, ceil_mode, seed):
    x = whole_numbers(seed, sizes.x)  # of nine values, so that there are ties
    geometry = window(sizes, ceil_mode)
    values, winners = max_pool(x, geometry)
    expected, places = naive.max_pool(x, sizes.w[2:], **sizes.sliding, ceil_mode=ceil_mode)
    assert np.array_equal(values, expected)
    chosen = select(np.arange(x[0, 0].size).reshape(x.shape[2:]) + np.zeros(x.shape, np.int64), winners, geometry)
    assert np.array_equal(chosen, places)


@given(poolings(), st.booleans(), seeds)
def test_select_takes_from_each_window_what_won_there(sizes, ceil_mode, seed):
    x, other = whole_numbers(seed, sizes.x, sizes.x)
    geometry = window(sizes, ceil_mode)
    _, winners = max_pool(x, geometry)
    _, places = naive.max_pool(x, sizes.w[2:], **sizes.sliding, ceil_mode=ceil_mode)
    lead = np.indices(places.shape)[:2]
    expected = other.reshape(*other.shape[:2], -1)[(*lead, places)]
    assert np.array_equal(select(other, winners, geometry), expected)


@given(poolings(), st.booleans(), seeds)
def test_place_adds_where_select_reads(sizes, ceil_mode, seed):
    x, other = whole_numbers(seed, sizes.x, sizes.x)
    geometry = window(sizes, ceil_mode)
    values, winners = max_pool(x, geometry)
    _, places = naive.max_pool(x, sizes.w[2:], **sizes.sliding, ceil_mode=ceil_mode)
    g = values + 1
    expected = np.zeros((*x.shape[:2], x[0, 0].size))
    np.add.at(expected, (*np.indices(places.shape)[:2], places), g)
    placed = place(g, winners, geometry)
    assert np.array_equal(placed, expected.reshape(x.shape))
    assert np.vdot(placed, other) == np.vdot(g, select(other, winners, geometry)), "they are adjoint"
    assert placed.sum() == g.sum(), "N128: nothing is lost"


@given(poolings(), st.booleans(), seeds)
def test_window_sum_adds_up_each_window(sizes, ceil_mode, seed):
    x = whole_numbers(seed, sizes.x)
    expected = np.zeros_like(naive.max_pool(x, sizes.w[2:], **sizes.sliding, ceil_mode=ceil_mode)[0])
    places = naive.windows(sizes.x[2:], sizes.w[2:], **sizes.sliding, ceil_mode=ceil_mode)
    for spot in np.ndindex(places.shape[:-1]):
        for position in naive.members(places[spot], sizes.w[2:], sizes.dilation, sizes.x[2:]):
            expected[(..., *spot)] += x[(..., *position)]
    assert np.array_equal(window_sum(x, window(sizes, ceil_mode)), expected)


@given(poolings(), st.booleans(), seeds)
def test_window_spread_is_the_adjoint_of_window_sum(sizes, ceil_mode, seed):
    geometry = window(sizes, ceil_mode)
    x = whole_numbers(seed, sizes.x)
    total = window_sum(x, geometry)
    g = whole_numbers(seed + 1, total.shape)
    spread = window_spread(g, geometry)
    assert spread.shape == x.shape
    assert np.vdot(spread, x) == np.vdot(g, total)


@given(correlations())
def test_every_column_of_window_spread_is_a_window(sizes):
    geometry = window(sizes)
    places = naive.windows(sizes.x[2:], sizes.w[2:], **sizes.sliding)
    for spot in np.ndindex(geometry.outputs):
        g = np.zeros(geometry.outputs)
        g[spot] = 1
        expected = np.zeros(geometry.inputs)
        for position in naive.members(places[spot], sizes.w[2:], sizes.dilation, sizes.x[2:]):
            expected[position] = 1
        assert np.array_equal(window_spread(g, geometry), expected)


@given(poolings(), st.booleans())
def test_window_count_counts(sizes, ceil_mode):
    geometry = window(sizes, ceil_mode)
    ones = np.ones(sizes.x[2:])
    inside = window_sum(ones, geometry)
    assert np.array_equal(window_count(geometry, None), inside)
    with_border = naive.pad(ones, sizes.padding, value=1)
    beyond = [(0, after - asked) for (_, after), (_, asked) in zip(geometry.padding, sizes.padding)]
    everywhere = Geometry.window(with_border.shape, sizes.w[2:], sizes.stride, tuple(beyond), sizes.dilation)
    expected = window_sum(with_border, everywhere)[tuple(slice(o) for o in geometry.outputs)]
    assert np.array_equal(window_count(geometry, sizes.padding), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64])
def test_padding_never_wins_over_integers(dtype):
    lowest = np.iinfo(dtype).min
    values, winners = max_pool(np.full((1, 3), lowest, dtype), Geometry.window((3,), (3,), 1, 1))
    assert values.dtype == dtype
    assert values.tolist() == [[lowest] * 3]
    assert winners.tolist() == [[1, 0, 0]], "the first element that lies inside"


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_padding_never_wins_over_minus_infinity(dtype):
    values, winners = max_pool(np.full((1, 3), -np.inf, dtype), Geometry.window((3,), (2,), 1, 1))
    assert values.tolist() == [[-np.inf] * 4]
    assert winners.tolist() == [[1, 0, 0, 0]]


def test_nan_wins_and_the_last_of_them():
    x = np.array([[1, np.nan, 3, np.nan, 2.0]])
    values, winners = max_pool(x, Geometry.window((5,), (5,)))
    assert np.isnan(values).all()
    assert winners.tolist() == [[3]]


def test_many_kernel_elements_have_many_numbers():
    x = np.zeros((1, 300))
    x[0, 299] = 1
    values, winners = max_pool(x, Geometry.window((300,), (300,)))
    assert values.tolist() == [[1]]
    assert winners.tolist() == [[299]]


def test_what_is_not_chosen_may_be_infinite():
    x = np.array([[-np.inf, 1.0, -np.inf, 2.0]])
    geometry = Geometry.window((4,), (2,), 2)
    values, winners = max_pool(x, geometry)
    assert select(x, winners, geometry).tolist() == values.tolist() == [[1, 2]]
    assert place(np.array([[np.inf, 1.0]]), winners, geometry).tolist() == [[0, np.inf, 0, 1]]


def test_nan_wins_in_its_own_windows_only():
    x = np.arange(36.0).reshape(1, 6, 6)
    x[0, 0, 1] = x[0, 1, 0] = x[0, 4, 4] = np.nan
    values, winners = max_pool(x, Geometry.window((6, 6), (2, 2), 2))
    assert np.isnan(values).tolist() == [[[True, False, False], [False] * 3, [False, False, True]]]
    assert winners.tolist() == [[[2, 3, 3], [3, 3, 3], [3, 3, 0]]], "the last NaN, and elsewhere the largest"


@given(poolings(), st.booleans(), st.integers(0, 3), seeds)
def test_nan_wins_as_in_a_loop(sizes, ceil_mode, share, seed):
    x = whole_numbers(seed, sizes.x)
    x[np.random.default_rng(seed).random(x.shape) < share / 4] = np.nan
    geometry = window(sizes, ceil_mode)
    values, winners = max_pool(x, geometry)
    expected, places = naive.max_pool(x, sizes.w[2:], **sizes.sliding, ceil_mode=ceil_mode)
    assert np.array_equal(values, expected, equal_nan=True)
    assert np.array_equal(max_pool(x, geometry, False)[0], expected, equal_nan=True)
    chosen = select(np.arange(x[0, 0].size).reshape(x.shape[2:]) + np.zeros(x.shape, np.int64), winners, geometry)
    assert np.array_equal(chosen, places)


def test_of_zeros_the_first_wins_with_its_sign():
    x, geometry = np.array([[0.0, -0.0, -0.0, 0.0]]), Geometry.window((4,), (2,), 2)
    assert max_pool(x, geometry)[1].tolist() == [[0, 0]]
    for named in (True, False):
        assert np.signbit(max_pool(x, geometry, named)[0]).tolist() == [[False, True]]


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.float16, np.float32, np.float64])
def test_one_byte_says_who_won_up_to_255_elements(dtype):
    geometry = Geometry.window((4, 6), (2, 3), (2, 3))
    x = np.arange(24).reshape(1, 4, 6).astype(dtype)
    values, winners = max_pool(x, geometry)
    assert (values.dtype, winners.dtype) == (dtype, np.uint8)
    assert values.tolist() == [[[8, 11], [20, 23]]]
    placed = place(values, winners, geometry)
    assert placed.dtype == dtype
    assert placed[0, [1, 1, 3, 3], [2, 5, 2, 5]].tolist() == [8, 11, 20, 23]
    assert np.count_nonzero(placed) == 4
    assert max_pool(np.zeros((1, 256)), Geometry.window((256,), (256,)))[1].dtype == np.uint16


ORDERS = {"channels outermost": (1, 0, 2), "batch innermost": (2, 1, 0), "channels innermost": (0, 2, 1)}


@pytest.mark.parametrize("order", ORDERS)
@settings(max_examples=40)
@given(o=st.lists(st.integers(1, 4), min_size=1, max_size=3), seed=seeds, rest=st.booleans(), data=st.data())
def test_windows_side_by_side_are_spread_alike_by_repeating_and_by_assigning(order, o, seed, rest, data):
    """Short stretches of memory are repeated, unless a rest of the input is in no window."""
    k = [data.draw(st.integers(1, 3)) for _ in o]
    n = [size * step + (step - 1 if rest else 0) for size, step in zip(o, k)]
    geometry = Geometry.window(n, k, k)
    flat = np.random.default_rng(seed).standard_normal((2, 3, int(np.prod(o)))).astype(np.float32)
    g = np.ascontiguousarray(flat.transpose(ORDERS[order])).transpose(np.argsort(ORDERS[order])).reshape(2, 3, *o)
    expected = np.zeros((2, 3, *n), np.float32)
    for corner in np.ndindex(*o):
        window = tuple(slice(i * step, (i + 1) * step) for i, step in zip(corner, k))
        expected[(..., *window)] = (g[(..., *corner)] / np.float32(3))[(..., *[None] * len(o))]
    usual = pool._STRETCH
    try:
        for pool._STRETCH in (0, 10**6):
            found = window_spread(g, geometry, 3)
            assert found.dtype == np.float32
            assert found.flags.writeable
            assert np.array_equal(found, expected)
            assert (
                found.strides == np.empty_like(g, shape=(2, 3, *n)).strides or 1 in g.shape
            )  # where strides mean nothing
    finally:
        pool._STRETCH = usual


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("block", [1, 7, 2**15])
@settings(max_examples=25)
@given(sizes=poolings(), ceil_mode=st.booleans(), seed=seeds)
def test_neither_blocks_nor_the_order_of_memory_change_a_bit(block, order, sizes, ceil_mode, seed):
    geometry = window(sizes, ceil_mode)
    x = np.random.default_rng(seed).standard_normal((3, 4, *sizes.x[2:])).astype(np.float32)
    values, winners = max_pool(x, geometry)
    counts = 1 + window_count(geometry, None).astype(np.float32)
    plain = [winners, *results(x, values, winners, geometry, counts)]

    flat = x.reshape(3, 4, -1)
    other = np.ascontiguousarray(flat.transpose(ORDERS[order])).transpose(np.argsort(ORDERS[order])).reshape(x.shape)
    usual, pool._BLOCK = pool._BLOCK, block
    try:
        values, winners = max_pool(other, geometry)
        for one, right in zip([winners, *results(other, values, winners, geometry, counts)], plain):
            assert one.dtype == right.dtype
            assert np.array_equal(one, right)
    finally:
        pool._BLOCK = usual


def results(x, g, winners, geometry, counts):
    return (
        g,
        select(x, winners, geometry),
        place(g, winners, geometry),
        max_pool(x, geometry, False)[0],
        window_sum(x, geometry, counts),
        window_spread(g, geometry, counts),
        window_sum(x, geometry),
        window_spread(g, geometry, 3),
    )


def test_results_lie_as_their_input_does():
    x = np.random.default_rng(0).standard_normal((6, 3, 7, 4)).transpose(3, 1, 0, 2)
    geometry = Geometry.window((6, 7), (2, 2), 2)
    values, winners = max_pool(x, geometry)
    for one in (winners, *results(x, values, winners, geometry, window_count(geometry, None))):
        assert np.argsort(one.strides).tolist() == np.argsort(x.strides).tolist() == [0, 3, 1, 2]


def test_positions_that_no_window_reaches_get_nothing():
    x = np.arange(1.0, 50.0).reshape(1, 7, 7)
    geometry = Geometry.window((7, 7), (2, 1), (3, 4))
    values, winners = max_pool(x, geometry)
    for scattered in (place(values, winners, geometry), window_spread(values, geometry)):
        reached = np.zeros((7, 7), bool)
        reached[np.ix_([0, 1, 3, 4], [0, 4])] = True
        assert not scattered[0][~reached].any()
