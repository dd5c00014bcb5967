"""Layered drawing of a directed graph without circles, after Sugiyama, Tagawa and Toda (1981).

Four steps, none of which recurses: every item gets a *rank*, below all that it
depends on and as near to them as can be; a link over several ranks is led through
*bends*, one in each rank between, shared by all links of one net; the *order*
inside the ranks is sorted until links cross as little as can be found; and *places*
along the ranks keep that order and the distances. Everything is deterministic.

Lengths along a rank are breadths, lengths across it depths: what they are on paper
depends on the direction of the drawing.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from .order import ordered
from .places import placed, settled
from .rows import Rows

__all__ = ["CircleError", "Item", "Link", "arrange", "ranks"]

RANK_GAP = 30.0
PORT_GAP = 6.0  # before the rank of the ways out
STRAIGHT = 200.0  # how much a link over many ranks wants to be straight
ENTRY = 20.0  # between links that meet the same edge of an item


class CircleError(Exception):
    """The links go round in a circle, so nothing can be above all that depends on it."""


@dataclass(slots=True)
class Item:
    """What takes a place in a rank: its sizes, and then its centre along the rank and where it starts across it.

    `pin` −1 keeps it in a rank before all others, 1 in one behind them.
    """

    breadth: float
    depth: float
    pin: int = 0
    at: float = 0.0
    start: float = 0.0


@dataclass(slots=True)
class Link:
    """An arrow between two items; `arrange` finds its `stops`, straight pieces (along, from, to) across the ranks.

    Links of one `net` leave their source together, at `out` from its centre. `into` is the
    place where it meets its target; None lets the links of a target share its edge. The stops of
    a `branch` begin where it leaves another link of its net.
    """

    source: int
    target: int
    net: int
    out: float = 0.0
    into: float | None = None
    branch: bool = False
    stops: list[tuple[float, float, float]] = field(default_factory=list)


def arrange(items: Sequence[Item], links: Sequence[Link]) -> tuple[float, float]:
    """Give every item its place and every link its stops; returns the breadth and depth of the whole.

    Raises `CircleError` where the links have a circle.
    """
    if not items:
        return 0.0, 0.0
    rank = ranks(items, links)
    trunks = _trunks(links, rank)
    rows = _rows(items, links, rank, trunks)
    ordered(rows)
    at = placed(rows)
    _enter(items, links, rank, trunks, at)
    bands = _bands(items, links, rank, trunks, at)
    for item, along, place in zip(items, at, rank, strict=False):
        start, end = bands[place]
        item.at = along
        item.start = start + (end - start - item.depth) / 2
    led = set()
    for link in sorted(links, key=lambda link: -rank[link.target]):
        first, trunk = rank[link.source], trunks[link.source, link.net]
        passed = trunk[: rank[link.target] - first - 1]
        if passed and (link.source, link.net) in led:
            end = bands[first + len(passed)][1]
            link.branch = True
            link.stops = [(at[passed[-1]], end, end)]
        else:
            source = items[link.source]
            link.stops = [(source.at + link.out, source.start + source.depth, bands[first][1])]
            link.stops += [(at[v], *bands[first + step]) for step, v in enumerate(passed, 1)]
            led.add((link.source, link.net))
        target = items[link.target]
        link.stops.append((target.at + (link.into or 0.0), bands[rank[link.target]][0], target.start))
    return max(along + breadth / 2 for along, breadth in zip(at, rows.breadths, strict=True)), bands[-1][1]


# -------------------------------------------------------------------- ranks


def ranks(items: Sequence[Item], links: Sequence[Link]) -> list[int]:
    """The rank of every item: links point to larger ranks, and are short."""
    before: list[list[int]] = [[] for _ in items]
    after: list[list[int]] = [[] for _ in items]
    for link in links:
        after[link.source].append(link.target)
        before[link.target].append(link.source)
    topological = _topological(before, after)
    first = int(any(item.pin < 0 for item in items))
    rank = [0] * len(items)
    for v in topological:
        rank[v] = max((rank[u] + 1 for u in before[v]), default=0)
        if items[v].pin >= 0:
            rank[v] = max(rank[v], first)
    last = max((rank[v] for v in topological if items[v].pin <= 0), default=0)
    for v in reversed(topological):  # as late as can be: what is computed for a step stands beside it
        if items[v].pin > 0:
            rank[v] = last + 1
        elif not items[v].pin:
            rank[v] = min((rank[w] - 1 for w in after[v]), default=last)
    for _ in range(8):
        if not _shorten(rank, items, before, after, topological):
            break
    used = {value: number for number, value in enumerate(sorted(set(rank)))}
    return [used[value] for value in rank]


def _topological(before: list[list[int]], after: list[list[int]]) -> list[int]:
    missing = [len(sources) for sources in before]
    found = [v for v, count in enumerate(missing) if not count]
    for v in found:
        for w in after[v]:
            missing[w] -= 1
            if not missing[w]:
                found.append(w)
    if len(found) < len(before):
        raise CircleError
    return found


def _shorten(
    rank: list[int], items: Sequence[Item], before: list[list[int]], after: list[list[int]], topological: list[int]
) -> bool:
    """Move items to where their links are shorter in all; whether any moved."""
    moved = False
    for v in reversed(topological):
        if not items[v].pin and len(after[v]) > len(before[v]):
            lowest = min(rank[w] for w in after[v]) - 1
            moved |= lowest != rank[v]
            rank[v] = lowest
    for v in topological:
        if not items[v].pin and len(before[v]) > len(after[v]):
            highest = max(rank[u] for u in before[v]) + 1
            moved |= highest != rank[v]
            rank[v] = highest
    return moved


# -------------------------------------------------------------------- bends

Trunks = dict[tuple[int, int], list[int]]


def _trunks(links: Sequence[Link], rank: Sequence[int]) -> Trunks:
    """The bends of every net of a source, one in each rank that it passes; they are numbered after the items."""
    spans: dict[tuple[int, int], int] = {}
    for link in links:
        key = (link.source, link.net)
        spans[key] = max(spans.get(key, 1), rank[link.target] - rank[link.source])
    trunks, count = {}, len(rank)
    for key, span in spans.items():
        trunks[key] = list(range(count, count + span - 1))
        count += span - 1
    return trunks


def _last(link: Link, rank: Sequence[int], trunks: Trunks) -> int | None:
    """The bend from which a link goes into its target; None where it comes straight from its source."""
    span = rank[link.target] - rank[link.source]
    return trunks[link.source, link.net][span - 2] if span > 1 else None


def _rows(items: Sequence[Item], links: Sequence[Link], rank: Sequence[int], trunks: Trunks) -> Rows:
    bends = sum(map(len, trunks.values()))
    rows = Rows([item.breadth for item in items] + [0.0] * bends, len(items))
    place = list(rank) + [0] * bends
    weights = _weights(items, links, rank)
    outs = {(link.source, link.net): link.out for link in links}
    for link, weight in zip(links, weights, strict=True):
        last = _last(link, rank, trunks)
        into = link.into or 0.0
        if last is None:
            rows.join(link.source, link.target, link.out, into, weight)
        else:
            rows.join(last, link.target, 0.0, into, weight / 2)
    for (source, net), trunk in trunks.items():
        for step, v in enumerate(trunk):
            place[v] = rank[source] + step + 1
            if step:
                rows.join(trunk[step - 1], v, 0.0, 0.0, STRAIGHT)
            else:
                rows.join(source, v, outs[source, net], 0.0, 0.5)
    rows.fill(place)
    return rows


def _weights(items: Sequence[Item], links: Sequence[Link], rank: Sequence[int]) -> list[float]:
    """How much links want to be straight: more where most of the computation comes from, less beside it."""
    height = [1 << 30 if item.pin < 0 else 0 for item in items]
    for link in sorted(links, key=lambda link: rank[link.source]):
        height[link.target] = max(height[link.target], min(height[link.source] + 1, 1 << 30))
    highest: dict[int, list[int]] = defaultdict(list)
    for link in links:
        highest[link.target].append(height[link.source])
    weights = []
    for link in links:
        others = highest[link.target]
        top = max(others)
        tied = others.count(top) > 1
        weights.append((1.0 if tied else 4.0) if height[link.source] == top else 0.2)
    return weights


# ------------------------------------------------------------------- routes


def _enter(
    items: Sequence[Item], links: Sequence[Link], rank: Sequence[int], trunks: Trunks, at: Sequence[float]
) -> None:
    """Where links meet targets that leave it open: side by side, in the order in which they arrive."""
    arriving: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for number, link in enumerate(links):
        if link.into is None:
            last = _last(link, rank, trunks)
            arriving[link.target].append((at[link.source] + link.out if last is None else at[last], number))
    for target, found in arriving.items():
        count, found = len(found), sorted(found)
        room = max(items[target].breadth - ENTRY, 0.0)
        step = min(ENTRY, room / max(count - 1, 1))
        wishes, weights = [], []
        for place, (origin, _) in enumerate(found):
            straight = origin - at[target]
            within = abs(straight) <= room / 2
            wishes.append(straight if within else (place - (count - 1) / 2) * step)
            weights.append(8.0 if within else 1.0)
        entries = settled(wishes, weights, [step] * (count - 1))
        if entries[0] < -room / 2 or entries[-1] > room / 2:
            entries = [(place - (count - 1) / 2) * step for place in range(count)]
        for (_, number), entry in zip(found, entries, strict=True):
            links[number].into = entry


def _bands(
    items: Sequence[Item], links: Sequence[Link], rank: Sequence[int], trunks: Trunks, at: Sequence[float]
) -> list[tuple[float, float]]:
    """Where each rank starts and ends across: gaps are wider where links run far along them."""
    depths = [0.0] * (max(rank) + 1)
    for item, place in zip(items, rank, strict=True):
        depths[place] = max(depths[place], item.depth)
    run = [0.0] * len(depths)
    for link in links:
        last = _last(link, rank, trunks)
        origin = at[link.source] + link.out if last is None else at[last]
        gap = rank[link.target] - 1
        run[gap] = max(run[gap], abs(at[link.target] + (link.into or 0.0) - origin))
    for (source, _), trunk in trunks.items():
        for step, (one, two) in enumerate(zip([source, *trunk], trunk, strict=False)):
            run[rank[source] + step] = max(run[rank[source] + step], abs(at[two] - at[one]))
    bands, start = [], 0.0
    edge = {place for item, place in zip(items, rank, strict=True) if item.pin > 0}
    for place, (depth, far) in enumerate(zip(depths, run, strict=True)):
        bands.append((start, start + depth))
        start += depth + (PORT_GAP if place + 1 in edge else RANK_GAP) + min(0.07 * far, 40.0)
    return bands
