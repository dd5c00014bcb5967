"""The layered layout: nothing overlaps, everything points down, and orders and places are no worse than they can be."""

import itertools
import time

import numpy as np
import pytest

from minigrad.drawing.layers import CircleError, Item, Link, arrange, ranks
from minigrad.drawing.order import crossings, ordered
from minigrad.drawing.places import settled
from minigrad.drawing.rows import Rows
from tests.strategies import given, settings, st

SIZES = st.tuples(st.floats(5, 120), st.floats(5, 60))


@st.composite
def graphs(draw, most=12):
    """Items and links between them that point from smaller to larger numbers."""
    items = [Item(*size) for size in draw(st.lists(SIZES, min_size=1, max_size=most))]
    pairs = list(itertools.combinations(range(len(items)), 2))
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=2 * most)) if pairs else []
    return items, [Link(one, two, draw(st.integers(0, 1))) for one, two in chosen]


def crosses(item, along, start, end):
    """Whether a straight piece across the ranks goes through an item."""
    inside = abs(along - item.at) < item.breadth / 2 - 1e-6
    return inside and start < item.start + item.depth - 1e-6 and end > item.start + 1e-6


@given(graphs())
@settings(max_examples=120)
def test_nothing_overlaps_and_links_lead_down_beside_the_items(graph):
    items, links = graph
    breadth, depth = arrange(items, links)
    for one, two in itertools.combinations(items, 2):
        apart = abs(one.at - two.at) >= (one.breadth + two.breadth) / 2 - 1e-6
        below = one.start + one.depth <= two.start + 1e-6 or two.start + two.depth <= one.start + 1e-6
        assert apart or below
    for item in items:
        assert item.breadth / 2 - 1e-6 <= item.at <= breadth - item.breadth / 2 + 1e-6
        assert -1e-6 <= item.start <= depth - item.depth + 1e-6
    for link in links:
        source, target = items[link.source], items[link.target]
        assert source.start + source.depth < target.start
        assert link.stops[-1][2] == target.start
        assert abs(link.stops[-1][0] - target.at) <= target.breadth / 2
        for (_, _, end), (_, start, _) in itertools.pairwise(link.stops):
            assert end < start
        for along, start, end in link.stops[1:-1] if not link.branch else link.stops[:0]:
            assert not any(crosses(item, along, start, end) for item in items)
        # Between the straight pieces are the gaps between ranks, in which no item stands.
        for (_, _, end), (_, start, _) in itertools.pairwise(link.stops):
            assert not any(item.start < start - 1e-6 and item.start + item.depth > end + 1e-6 for item in items)


@given(graphs())
@settings(max_examples=60)
def test_the_same_graph_is_drawn_the_same(graph):
    items, links = graph
    again = [Item(item.breadth, item.depth) for item in items]
    copies = [Link(link.source, link.target, link.net) for link in links]
    assert arrange(items, links) == arrange(again, copies)
    assert items == again
    assert links == copies


@given(graphs())
@settings(max_examples=60)
def test_ranks_fall_along_every_link_and_are_not_longer_than_paths(graph):
    items, links = graph
    rank = ranks(items, links)
    assert all(rank[link.source] < rank[link.target] for link in links)
    longest = [0] * len(items)
    for link in sorted(links, key=lambda link: link.source):
        longest[link.target] = max(longest[link.target], longest[link.source] + 1)
    assert max(rank) <= max(longest)


def rows_of(edges, upper, lower):
    rows = Rows([10.0] * (upper + lower), upper + lower)
    for one, two in edges:
        rows.join(one, upper + two, 0.0, 0.0, 1.0)
    rows.fill([0] * upper + [1] * lower)
    return rows


def naive_crossings(rows):
    place = {v: at for row in rows.rows for at, v in enumerate(row)}
    pieces = [(place[v], place[w]) for v in rows.rows[0] for w, *_ in rows.down[v]]
    return sum((a - c) * (b - d) < 0 for (a, b), (c, d) in itertools.combinations(pieces, 2))


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=14))
@settings(max_examples=100)
def test_the_order_never_has_more_crossings(edges):
    rows = rows_of(edges, 5, 5)
    before = naive_crossings(rows)
    assert crossings(rows) == before
    ordered(rows)
    assert crossings(rows) == naive_crossings(rows) <= before
    assert sorted(itertools.chain(*rows.rows)) == list(range(10))


def test_crossings_that_can_be_avoided_are():
    rows = rows_of([(0, 3), (1, 2), (2, 1), (3, 0), (0, 2), (3, 1)], 4, 4)
    rows.rows = [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert crossings(rows) > 0
    ordered(rows)
    assert crossings(rows) == 0


@given(
    st.lists(st.tuples(st.floats(-50, 50), st.floats(0.1, 5), st.floats(0, 20)), min_size=1, max_size=8),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=60)
def test_settled_places_are_the_nearest_to_the_wishes(rows, seed):
    wishes, weights, gaps = (np.array(column) for column in zip(*rows, strict=True))
    gaps = gaps[1:]
    found = np.array(settled(wishes, weights, gaps))
    assert (np.diff(found) >= gaps - 1e-9).all()

    def cost(places):
        return float((weights * (places - wishes) ** 2).sum())

    source = np.random.default_rng(seed)
    for scale in (0.01, 1.0, 30.0):
        first = found[0] + scale * source.standard_normal()
        steps = np.maximum(np.diff(found) + scale * source.standard_normal(len(gaps)), gaps)
        other = first + np.concatenate([[0], np.cumsum(steps)])
        assert cost(found) <= cost(other) + 1e-6


def test_a_chain_is_straight_and_a_long_one_is_quick():
    count = 10_000
    items = [Item(40.0, 20.0) for _ in range(count)]
    links = [Link(place, place + 1, 0) for place in range(count - 1)]
    links += [Link(0, place, 0) for place in range(2, count)]  # a weight that every step uses
    start = time.perf_counter()
    arrange(items, links)
    assert time.perf_counter() - start < 20
    assert sum(len(link.stops) for link in links) < 5 * count
    chain = [Item(40.0 + 10 * (place % 3), 20.0) for place in range(9)]
    arrange(chain, [Link(place, place + 1, 0) for place in range(8)])
    assert {round(item.at, 6) for item in chain} == {30.0}


def test_a_circle_is_refused():
    with pytest.raises(CircleError):
        arrange([Item(1, 1), Item(1, 1)], [Link(0, 1, 0), Link(1, 0, 0)])


def test_pins_have_the_first_and_the_last_rank():
    items = [Item(10, 10), Item(10, 0, -1), Item(10, 0, 1), Item(10, 10)]
    assert ranks(items, [Link(1, 0, 0), Link(0, 2, 0), Link(3, 0, 1)]) == [2, 0, 3, 1]
