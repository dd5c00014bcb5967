"""A line search: how far to go along a direction."""

import math
from collections.abc import Callable
from typing import NamedTuple

from ..tensor import Array

__all__ = ["Point", "strong_wolfe"]

# What the loss must fall by, and what the slope must become, of what the slope at the start promises.
_ARMIJO, _CURVATURE = 1e-4, 0.9


class Point(NamedTuple):
    """A place on the line, with the loss and gradient there and the gradient's component along the line."""

    place: float
    loss: float
    gradient: Array
    slope: float


def strong_wolfe(
    at: Callable[[float], Point], start: Point, place: float, tries: int, reach: float, still: float
) -> Point:
    """A point that fulfils the strong Wolfe conditions (Nocedal and Wright, 2006, algorithms 3.5 and 3.6).

    With loss f, slope f′ and place t, from the start 0:

        f(t) ≤ f(0) + 10⁻⁴·t·f′(0),  |f′(t)| ≤ 0.9·|f′(0)|

    The first place is `place`. Where none is found in so many tries more, or where the ends of the interval move no
    parameter further than `still`, at a largest change of `reach` per unit, it is the best that was seen.

    >>> from minigrad.optim.line_search import Point, strong_wolfe
    >>> at = lambda t: Point(t, (t - 1) ** 2, [], 2 * (t - 1))
    >>> strong_wolfe(at, at(0.0), 8.0, 25, 1.0, 1e-9).place
    1.0
    """
    before, there = start, at(place)
    for tried in range(tries):
        if _too_high(there, start) or (tried > 1 and there.loss >= before.loss):
            return _between(at, start, [before, there], tries - tried, reach, still)
        if _level(there, start):
            return there
        if there.slope >= 0:
            return _between(at, start, [before, there], tries - tried, reach, still)
        nearest, farthest = there.place + 0.01 * (there.place - before.place), there.place * 10
        before, there = there, at(_lowest(before, there, nearest, farthest))
    return start if start.loss <= there.loss else there


def _too_high(there: Point, start: Point) -> bool:
    return there.loss > start.loss + _ARMIJO * there.place * start.slope


def _level(there: Point, start: Point) -> bool:
    return abs(there.slope) <= -_CURVATURE * start.slope


def _between(
    at: Callable[[float], Point], start: Point, ends: list[Point], tries: int, reach: float, still: float
) -> Point:
    """The point in an interval whose ends draw nearer to each other."""
    low = int(ends[1].loss < ends[0].loss)
    stuck = False
    for _ in range(tries):
        left, right = sorted(one.place for one in ends)
        if (right - left) * reach < still:
            break
        place = _lowest(ends[0], ends[1], left, right)
        margin = 0.1 * (right - left)
        near = min(right - place, place - left) < margin
        if near and (stuck or place >= right or place <= left):
            place = right - margin if abs(place - right) < abs(place - left) else left + margin
            near = False
        stuck = near
        there = at(place)
        if _too_high(there, start) or there.loss >= ends[low].loss:
            ends[1 - low] = there
            low = int(ends[1].loss < ends[0].loss)
            continue
        if _level(there, start):
            return there
        if there.slope * (ends[1 - low].place - ends[low].place) >= 0:
            ends[1 - low] = ends[low]
        ends[low] = there
    return ends[low]


def _lowest(one: Point, other: Point, left: float, right: float) -> float:
    """Where the cubic through two points, with their slopes, is lowest between two places; else halfway."""
    one, other = sorted((one, other), key=lambda point: point.place)
    width = other.place - one.place
    bend = one.slope + other.slope + 3 * (one.loss - other.loss) / width if width else 0.0
    square = bend**2 - one.slope * other.slope
    if square >= 0:
        root = math.sqrt(square)
        spread = other.slope - one.slope + 2 * root
        if spread:
            lowest = other.place - width * ((other.slope + root - bend) / spread)
            return min(max(lowest, left), right)
    return (left + right) / 2
