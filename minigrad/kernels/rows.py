"""What lies where in a correlation, row by row: integers alone, worked out once for each geometry.

The first spatial axis counts as rows, all others as columns; a signal is one row.
"""

from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from ..geometry import Geometry


class Tap(NamedTuple):
    """A kernel column: which of the outputs' columns read the input through it, which they read, and if all do."""

    outputs: tuple[Any, ...]
    inputs: tuple[Any, ...]
    whole: bool


class Reached(NamedTuple):
    """Input columns a stride apart, and the taps that read some of them: number, columns of the outputs, and which."""

    columns: tuple[Any, ...]
    taps: tuple[tuple[int, tuple[Any, ...], tuple[Any, ...]], ...]


class Columns(NamedTuple):
    """The columns of a geometry: sizes, all taps, and these once more by what they reach."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    taps: tuple[Tap, ...]
    reached: tuple[Reached, ...]
    plain: bool


class Rows(NamedTuple):
    """The rows of a geometry: n inputs, o outputs, k kernel rows, stride, padding before, dilation."""

    n: int
    o: int
    k: int
    s: int
    p: int
    d: int


class Band(NamedTuple):
    """Neighbouring output rows that see the same kernel rows lo … hi − 1, the first of them at a source row."""

    first: int
    last: int
    source: int
    lo: int
    hi: int


@lru_cache(maxsize=1024)
def split(geometry: Geometry) -> tuple[Rows, Columns]:
    """The rows and the columns of a geometry."""
    axes = list(
        zip(
            geometry.inputs, geometry.outputs, geometry.kernel, geometry.stride, geometry.padding, geometry.dilation,
            strict=True,
        )
    )  # fmt: skip
    if len(axes) == 1:
        axes.insert(0, (1, 1, 1, 1, (0, 0), 1))
    n, o, k, s, p, d = axes[0]
    rows = Rows(n, o, k, s, p[0], s if k == 1 else d)  # the dilation of a single row says nothing
    taps: list[Tap] = [Tap((), (), True)]
    for n, o, k, s, p, d in axes[1:]:
        along = []
        for j in range(k):
            start = j * d - p[0]
            lo = min(max(-(start // s), 0), o)
            hi = max(min((n - 1 - start) // s + 1, o), lo)
            first = lo * s + start
            along.append((slice(lo, hi), slice(first, first + max((hi - lo - 1) * s + 1, 0), s), (lo, hi) == (0, o)))
        taps = [
            Tap((*tap.outputs, out), (*tap.inputs, into), tap.whole and whole)
            for tap in taps
            for out, into, whole in along
        ]
    inputs, outputs = tuple(axis[0] for axis in axes[1:]), tuple(axis[1] for axis in axes[1:])
    plain = len(taps) == 1 and taps[0].whole and inputs == outputs
    return rows, Columns(inputs, outputs, tuple(taps), _reached(inputs, [axis[3] for axis in axes[1:]], taps), plain)


def _reached(inputs: tuple[int, ...], strides: list[int], taps: list[Tap]) -> tuple[Reached, ...]:
    found: dict[tuple[int, ...], list[Any]] = {
        first: [] for first in product(*[range(min(n, s)) for n, s in zip(inputs, strides, strict=True)])
    }
    for number, tap in enumerate(taps):
        if all(out.start < out.stop for out in tap.outputs):
            places = [divmod(read.start, s) for read, s in zip(tap.inputs, strides, strict=True)]
            within = [slice(at, at + out.stop - out.start) for (at, _), out in zip(places, tap.outputs, strict=True)]
            found[tuple([first for _, first in places])].append((number, tap.outputs, tuple(within)))
    return tuple(
        [
            Reached(tuple([slice(at, None, s) for at, s in zip(first, strides, strict=True)]), tuple(some))
            for first, some in found.items()
        ]
    )


@lru_cache(maxsize=4096)
def bands(count: int, sources: int, k: int, s: int, before: int) -> tuple[Band, ...]:
    """Output rows t < count over source rows t·s − before + i, i < k: where all k exist, and each other row."""
    first = min(max(-(-before // s), 0), count)
    last = max(min((sources - k + before) // s + 1, count), first)
    found = [Band(first, last, first * s - before, 0, k)] if first < last else []
    for t in (*range(first), *range(last, count)):
        start = t * s - before
        lo, hi = max(-start, 0), min(k, sources - start)
        found.append(Band(t, t + 1, start + lo, lo, max(lo, hi)))
    return tuple(found)
