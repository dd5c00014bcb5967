"""What lies where in a correlation, row by row: integers alone, worked out once for each geometry.

The first spatial axis counts as rows, all others as columns; a signal is one row.
"""

import math
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from ..geometry import Geometry

_SCRATCH = 2**22  # bytes of a lowered piece: it should stay in a core's cache


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


# ------------------------------------------------------------- pieces of work


class Piece(NamedTuple):
    """Rows of the output, the rows of the input that they see, and stride and padding between the two.

    `zeros` are rows of padding, before and after.
    """

    outputs: slice
    inputs: slice
    stride: int
    before: int
    zeros: tuple[int, int]


def _spans(count: int, bytes_of_one: int, threads: int) -> list[tuple[int, int]]:
    """Spans of rows whose scratch memory stays small, as many for each thread."""
    pieces = -(-count // max(_SCRATCH // max(bytes_of_one, 1), 1))
    step = max(-(-count // (-(-pieces // threads) * threads)), 1) if count else 1
    return [(first, min(first + step, count)) for first in range(0, count, step)]


@lru_cache(maxsize=4096)
def row_pieces(rows: Rows, bytes_of_one: int, threads: int) -> tuple[Piece, ...]:
    """Pieces of the rows for a lowered input; dilated ones are dealt into classes without dilation."""
    found = []
    common = math.gcd(rows.s, rows.d)
    stride, apart = rows.s // common, rows.d // common
    for number in range(min(apart, rows.o)):
        start = number * rows.s - rows.p
        skipped = max(-(start // rows.d), 0)  # of the input rows of this class, those in the padding
        start += skipped * rows.d
        available = len(range(start, rows.n, rows.d))
        for first, last in _spans(len(range(number, rows.o, apart)), stride * bytes_of_one, threads):
            lo = min(max(first * stride - skipped, 0), available)
            hi = max(min((last - 1) * stride - skipped + rows.k, available), lo)
            before = skipped - first * stride + lo
            behind = (last - first - 1) * stride - before + rows.k - (hi - lo)
            piece = Piece(
                slice(number + first * apart, number + (last - 1) * apart + 1, apart),
                slice(start + lo * rows.d, start + hi * rows.d, rows.d),
                stride,
                min(before, 0),
                (max(before, 0), max(behind, 0)),
            )
            found.append(piece)
    return tuple(found)


@lru_cache(maxsize=4096)
def class_pieces(rows: Rows, bytes_of_one: int, threads: int) -> tuple[tuple[Piece, slice], ...]:
    """Pieces of the rows for a gradient of the input, each with its kernel rows: those that meet it, turned."""
    found = []
    common = math.gcd(rows.s, rows.d)
    every, apart = rows.s // common, rows.d // common
    step = every * rows.d
    for number in range(min(step, rows.n)):
        met = [i for i in range(rows.k) if (number + rows.p - i * rows.d) % rows.s == 0]
        start, turned = 0, slice(0, 0)
        if met:
            start = (number + rows.p - met[0] * rows.d) // rows.s
            turned = slice(met[-1], met[0] - 1 if met[0] else None, -every)
        offset = start % apart
        available = len(range(offset, rows.o, apart))
        for first, last in _spans(len(range(number, rows.n, step)), bytes_of_one, threads):
            inputs = slice(number + first * step, number + (last - 1) * step + 1, step)
            before = len(met) - 1 - start // apart - first
            lo = min(max(-before, 0), available)
            hi = max(min(last - first - 1 - before + len(met), available), lo)
            outputs = slice(offset + lo * apart, offset + hi * apart, apart)
            found.append((Piece(outputs, inputs, 1, before + lo, (0, 0)), turned))
    return tuple(found)
