"""What lies where in a pooling: integers alone, worked out once for each geometry."""

import itertools
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from ..geometry import Geometry

Plan = TypeVar("Plan")


class Tap(NamedTuple):
    """One element of the kernel along one axis: in which windows it lies in the input, and where it does.

    Of the positions a stride apart, from `phase` on, it meets those in `spots`.
    """

    windows: slice
    where: slice
    phase: int
    spots: slice


@lru_cache(maxsize=1024)
def _taps(n: int, o: int, k: int, s: int, before: int, d: int) -> tuple[Tap | None, ...]:
    """The kernel elements of an axis, None for one that lies in the padding in every window.

    Gathering and scattering both go through these slices, so each is the
    adjoint of the other by construction.
    """
    taps: list[Tap | None] = []
    for start in range(-before, k * d - before, d):
        first, last = max(-(start // s), 0), min((n - 1 - start) // s, o - 1)
        if first > last:
            taps.append(None)
            continue
        low, high = start + first * s, start + last * s
        spots = slice(low // s, high // s + 1)
        taps.append(Tap(slice(first, last + 1), slice(low, high + 1, s), low % s, spots))
    return tuple(taps)


def taps_of(geometry: Geometry) -> list[tuple[Tap | None, ...]]:
    """The taps of each axis."""
    axes = zip(
        geometry.inputs, geometry.outputs, geometry.kernel, geometry.stride, geometry.padding, geometry.dilation,
        strict=True,
    )  # fmt: skip
    return [_taps(n, o, k, s, p[0], d) for n, o, k, s, p, d in axes]


class Line(NamedTuple):
    """The kernel along one axis, counted from the end: its outputs, and what each element reads for which windows.

    Where an element lies in the input in every window, the index of the windows is None.
    """

    axis: int
    outputs: int
    reads: tuple[tuple[tuple[Any, ...], tuple[Any, ...] | None], ...]


class Element(NamedTuple):
    """One element of the kernel that meets the input: its number in row-major order, where it does, in which windows.

    `taps` are those along each axis, and `whole` says that it lies in the input in every window.
    """

    number: int
    where: tuple[Any, ...]
    windows: tuple[Any, ...]
    taps: tuple[Tap, ...]
    whole: bool


class Grid(NamedTuple):
    """The positions of the input a stride apart from a first one: an index, their number along each axis.

    `elements` are those of the kernel that meet them, each with whether it gives a value to every position from the
    window of the same place.
    """

    where: tuple[Any, ...]
    sizes: tuple[int, ...]
    elements: tuple[tuple[Element, bool], ...]


def _remembered(plan: Callable[[Geometry], Plan]) -> Callable[[Geometry], Plan]:
    """A function of a geometry that remembers what it found for small kernels."""
    remembered = lru_cache(maxsize=256)(plan)
    return lambda geometry: (remembered if math.prod(geometry.kernel) <= 256 else plan)(geometry)


@_remembered
def elements_of(geometry: Geometry) -> tuple[Element, ...]:
    """The kernel elements that meet the input, in row-major order."""
    found = []
    for number, taps in enumerate(itertools.product(*taps_of(geometry))):
        if None not in taps:
            met: tuple[Tap, ...] = taps  # type: ignore[assignment]
            whole = all(tap.windows == slice(0, o) for tap, o in zip(met, geometry.outputs, strict=True))
            where, windows = (..., *(tap.where for tap in met)), (..., *(tap.windows for tap in met))
            found.append(Element(number, where, windows, met, whole))
    return tuple(found)


@_remembered
def grids_of(geometry: Geometry) -> tuple[tuple[Grid, ...], bool]:
    """The grids of the input that kernel elements meet, and whether these are all positions.

    Elements whose positions lie a multiple of the stride apart meet the same grid.
    """
    groups: dict[tuple[int, ...], list[Element]] = {}
    for element in elements_of(geometry):
        groups.setdefault(tuple(tap.phase for tap in element.taps), []).append(element)
    grids = []
    for phase, elements in groups.items():
        axes = list(zip(geometry.inputs, phase, geometry.stride, strict=True))
        sizes = tuple((n - 1 - first) // s + 1 for n, first, s in axes)
        fills = tuple(sizes == geometry.outputs and all(tap.spots == slice(0, o) == tap.windows
                      for tap, o in zip(one.taps, sizes, strict=True)) for one in elements)  # fmt: skip
        where = (..., *(slice(first, None, s) for _, first, s in axes))
        grids.append(Grid(where, sizes, tuple(zip(elements, fills, strict=True))))
    return tuple(grids), sum(math.prod(grid.sizes) for grid in grids) == math.prod(geometry.inputs)


@_remembered
def lines_of(geometry: Geometry) -> tuple[Line, ...]:
    """The kernel along each axis."""
    found = []
    for axis, (taps, o) in enumerate(zip(taps_of(geometry), geometry.outputs, strict=True), -len(geometry.outputs)):
        rest = (slice(None),) * (-1 - axis)
        reads = [
            ((..., tap.where, *rest), None if tap.windows == slice(0, o) else (..., tap.windows, *rest))
            for tap in taps
            if tap is not None
        ]
        found.append(Line(axis, o, tuple(reads)))
    return tuple(found)


class Apart(NamedTuple):
    """Windows side by side: what they cover, its sizes with an axis for the windows and one inside them, and if all."""

    where: tuple[Any, ...]
    sizes: tuple[int, ...]
    everything: bool


@_remembered
def apart_of(geometry: Geometry) -> Apart | None:
    """How the windows lie where there is no gap, padding or overlap between them; None where there is."""
    solid = all(d == 1 for d in geometry.dilation) and all(pair == (0, 0) for pair in geometry.padding)
    if not solid or geometry.stride != geometry.kernel:
        return None
    along = list(zip(geometry.outputs, geometry.kernel, strict=True))
    covered = tuple([o * k for o, k in along])
    return Apart((..., *map(slice, covered)), tuple(itertools.chain(*along)), covered == geometry.inputs)
