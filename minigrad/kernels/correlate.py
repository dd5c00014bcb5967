"""The three maps of one trilinear form, as matrix products over rows.

The first spatial axis counts as rows, all others as columns (a signal is one
row). Two pairs of adjoint steps make up the maps. `_lower` copies the input once
for each kernel *column* j, not for each kernel element,

    L[r, (c, j), (w, n)] = x[n, c, r, w·s + j·d − p]

and `_raise` adds such copies back to where they were read. Rows of L lie one
after another, so the k rows that an output row sees are one matrix already, in
place: an overlapping view. `_slide` multiplies a kernel with each of them,

    y[t] = Σ_i K_i · L[t·s − p + i]

which is one stacked matrix product, and `_slide_weight` is its derivative in K.

    correlate         lower x, slide w over it
    correlate_weight  lower x, slide_weight of it and y
    correlate_input   slide the turned w over y, raise

No row or product is ever computed for padding: at the edges, the kernel rows
that look outside are left out. Dilated or strided rows are dealt into classes
in which they follow one another.
"""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..geometry import Geometry
from .memory import batch_first, rows_first

Array = np.ndarray[Any, np.dtype[Any]]

_SCRATCH = 2**22  # bytes of a lowered piece: it should stay in a core's cache
_SMALL = 10**6  # multiplications up to which OpenBLAS takes a matrix product without packing


# ------------------------------------------------------------------- what is where


class Tap(NamedTuple):
    """A kernel column: which of the outputs' columns read the input through it, which they read, and if all do."""

    outputs: tuple[slice, ...]
    inputs: tuple[slice, ...]
    whole: bool


class Columns(NamedTuple):
    """The columns of a geometry: sizes, and all taps."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    taps: tuple[Tap, ...]
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
def _split(geometry: Geometry) -> tuple[Rows, Columns]:
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
    return rows, Columns(inputs, outputs, tuple(taps), len(taps) == 1 and taps[0].whole and inputs == outputs)


@lru_cache(maxsize=4096)
def _bands(count: int, sources: int, k: int, s: int, before: int) -> tuple[Band, ...]:
    """Output rows t < count over source rows t·s − before + i, i < k: where all k exist, and each other row."""
    first = min(max(-(-before // s), 0), count)
    last = max(min((sources - k + before) // s + 1, count), first)
    bands = [Band(first, last, first * s - before, 0, k)] if first < last else []
    for t in (*range(first), *range(last, count)):
        start = t * s - before
        lo, hi = max(-start, 0), min(k, sources - start)
        bands.append(Band(t, t + 1, start + lo, lo, max(lo, hi)))
    return tuple(bands)


# ------------------------------------------------------------- lowering and raising


def _lower(x: Array, columns: Columns, groups: int) -> Array:
    """(r, C, *n, N) -> (G, r, C/G, taps, *o, N): what each kernel column reads."""
    rows, channels, batch = x.shape[0], x.shape[1], x.shape[-1]
    per_group, taps = channels // groups, columns.taps
    source = x.reshape(rows, groups, per_group, *columns.inputs, batch).swapaxes(0, 1)
    if columns.plain and source.flags.c_contiguous:
        return source.reshape(groups, rows, per_group, 1, *columns.outputs, batch)
    out = np.empty((groups, rows, per_group, len(taps), *columns.outputs, batch), x.dtype)
    for number, tap in enumerate(taps):
        copy = out[:, :, :, number]
        if not tap.whole:
            _clear_around(copy, tap.outputs)
        copy[(..., *tap.outputs, slice(None))] = source[(..., *tap.inputs, slice(None))]
    return out


def _clear_around(x: Array, inner: tuple[slice, ...]) -> None:
    """Zeros everywhere but at `inner`, an index of the axes before the last."""
    for axis, part in enumerate(inner):
        lead = (..., *inner[:axis])
        rest = (slice(None),) * (len(inner) - axis)
        x[(*lead, slice(0, part.start), *rest)] = 0
        x[(*lead, slice(part.stop, None), *rest)] = 0


def _raise(low: Array, columns: Columns, x: Array) -> None:
    """(G, r, C/G, taps, *o, N) added up into the zeros x, (r, C, *n, N): the adjoint of `_lower`."""
    groups, rows, per_group = low.shape[:3]
    target = x.reshape(rows, groups, per_group, *columns.inputs, x.shape[-1]).swapaxes(0, 1)
    for number, tap in enumerate(columns.taps):
        target[(..., *tap.inputs, slice(None))] += low[(slice(None),) * 3 + (number, *tap.outputs, slice(None))]


# ------------------------------------------------------------------------- sliding


def _matrices(source: Array, band: Band, stride: int, pieces: int) -> Array:
    """(G, r, P, M) -> (G, t, pieces, (hi − lo)·P, M/pieces): what each output row of a band sees, as a view."""
    groups, _, depth, width = source.shape
    group, row, line, item = source.strides
    return np.ndarray(
        (groups, band.last - band.first, pieces, (band.hi - band.lo) * depth, width // pieces),
        source.dtype,
        source,
        band.source * row,
        (group, stride * row, width // pieces * item, line, item),
    )


def _pieces(rows: int, depth: int, width: int) -> int:
    """Into how many equal parts the columns of a product of rows × depth × width should be cut."""
    least = -(-rows * depth * width // _SMALL)
    return next((n for n in range(least, 4) if width % n == 0), 1) if 1 < least < 4 else 1


def _cut(y: Array, pieces: int) -> Array:
    """(G, t, O, M) -> (G, t, pieces, O, M/pieces), a view."""
    return y.reshape(*y.shape[:3], pieces, y.shape[3] // pieces).swapaxes(2, 3)


def _slide(kernel: Array, source: Array, stride: int, before: int, out: Array) -> None:
    """out[t] = Σ_i K_i · source[t·s − before + i]: (G, O, k, P), (G, r, P, M) -> (G, t, O, M)."""
    groups, rows, k, depth = kernel.shape
    for band in _bands(out.shape[1], source.shape[1], k, stride, before):
        part = out[:, band.first : band.last]
        if band.lo == band.hi or not source.size:
            part[...] = 0
            continue
        matrix = kernel[:, :, band.lo : band.hi].reshape(groups, 1, 1, rows, (band.hi - band.lo) * depth)
        pieces = _pieces(rows, matrix.shape[-1], out.shape[3])
        np.matmul(matrix, _matrices(source, band, stride, pieces), out=_cut(part, pieces))


def _slide_weight(source: Array, y: Array, stride: int, before: int, out: Array) -> None:
    """out[i] += Σ_t source[t·s − before + i] · y[t]ᵀ: (G, r, P, M), (G, t, O, M) -> (G, k, P, O)."""
    groups, k, depth, rows = out.shape
    for band in _bands(y.shape[1], source.shape[1], k, stride, before):
        if band.lo < band.hi and source.size:
            matrices = _matrices(source, band, stride, 1)[:, :, 0]
            products = np.matmul(matrices, y[:, band.first : band.last].swapaxes(2, 3))
            part = out[:, band.lo : band.hi]
            part += products.sum(axis=1).reshape(part.shape)


# ------------------------------------------------------------------ the three maps


def _as_rows(x: Array) -> Array:
    """(N, C, h, *rest) -> (h, C, *rest, N), contiguous."""
    return np.ascontiguousarray(rows_first(x))


def _grouped(y: Array, groups: int) -> Array:
    """(t, O, *o, N) -> (G, t, O/G, M), a view."""
    return y.reshape(len(y), groups, y.shape[1] // groups, math.prod(y.shape[2:])).swapaxes(0, 1)


def _parts(rows: Rows) -> Iterator[tuple[slice, slice, int, int]]:
    """The rows of the output in classes, the input rows of each, and stride and padding within: dilation is 1 there."""
    common = math.gcd(rows.s, rows.d)
    for first in range(rows.d // common):
        start = first * rows.s - rows.p
        skipped = max(-(start // rows.d), 0)  # of the input rows of this class, those in the padding
        if first < rows.o:
            yield (
                slice(first, None, rows.d // common),
                slice(start + skipped * rows.d, None, rows.d),
                rows.s // common,
                skipped,
            )


def _spans(count: int, bytes_of_one: int) -> Iterator[tuple[int, int]]:
    """Spans of rows that make a piece of work each."""
    step = max(_SCRATCH // max(bytes_of_one, 1), 1)
    for first in range(0, count, step):
        yield first, min(first + step, count)


def _lowered(
    x: Array, y: Array, geometry: Geometry, rows: Rows, columns: Columns
) -> Iterator[tuple[Array, Array, int, int]]:
    """Pieces of (h, C, *n, N) lowered, the rows of (o, O, *o, N) above each, stride and padding."""
    for out, into, stride, before in _parts(rows):
        source, target = x[into], y[out]
        bytes_of_one = stride * source[:1].nbytes * len(columns.taps)
        for first, last in _spans(len(target), bytes_of_one):
            lo = min(max(first * stride - before, 0), len(source))
            hi = max(min((last - 1) * stride - before + rows.k, len(source)), lo)
            low = _lower(source[lo:hi], columns, geometry.groups)
            flat = low.reshape(*low.shape[:2], low.shape[2] * low.shape[3], math.prod(low.shape[4:]))
            yield flat, _grouped(target[first:last], geometry.groups), stride, before - first * stride + lo


def correlate(x: Array, w: Array, geometry: Geometry, bias: Array | None = None) -> Array:
    """(N, C, *n), (O, C/G, *k) -> (N, O, *o), plus a number for each output channel."""
    rows, columns = _split(geometry)
    groups, channels = geometry.groups, len(w)
    kernel = w.reshape(groups, channels // groups, w.shape[1], rows.k, len(columns.taps)).swapaxes(2, 3)
    kernel = kernel.reshape(groups, channels // groups, rows.k, w.shape[1] * len(columns.taps))
    y = np.empty((rows.o, channels, *columns.outputs, len(x)), x.dtype)
    for low, part, stride, before in _lowered(_as_rows(x), y, geometry, rows, columns):
        _slide(kernel, low, stride, before, part)
        if bias is not None:
            part += bias.reshape(groups, 1, channels // groups, 1)
    return batch_first(y, len(geometry.inputs))


def correlate_weight(x: Array, y: Array, geometry: Geometry) -> Array:
    """(N, C, *n), (N, O, *o) -> (O, C/G, *k)"""
    rows, columns = _split(geometry)
    groups, per_group, taps = geometry.groups, x.shape[1] // geometry.groups, len(columns.taps)
    w = np.zeros((groups, rows.k, per_group * taps, y.shape[1] // groups), x.dtype)
    for low, part, stride, before in _lowered(_as_rows(x), _as_rows(y), geometry, rows, columns):
        _slide_weight(low, part, stride, before, w)
    w = w.reshape(groups, rows.k, per_group, taps, w.shape[3]).transpose(0, 4, 2, 1, 3)
    return w.reshape(y.shape[1], per_group, *geometry.kernel)


def correlate_input(w: Array, y: Array, geometry: Geometry, bias: Array | None = None) -> Array:
    """(O, C/G, *k), (N, O, *o) -> (N, C, *n), plus a number for each input channel."""
    rows, columns = _split(geometry)
    groups, per_group, taps = geometry.groups, w.shape[1], len(columns.taps)
    kernel = w.reshape(groups, len(w) // groups, per_group, rows.k, taps).transpose(0, 2, 4, 3, 1)
    kernel = kernel.reshape(groups, per_group * taps, rows.k, len(w) // groups)
    x = np.zeros((rows.n, per_group * groups, *columns.inputs, len(y)), y.dtype)
    source = _as_rows(y)
    common = math.gcd(rows.s, rows.d)
    every, apart = rows.s // common, rows.d // common  # kernel rows of a class, its output rows
    for number in range(min(every * rows.d, rows.n)):
        padded = number + rows.p
        first = next((i for i in range(min(every, rows.k)) if (padded - i * rows.d) % rows.s == 0), None)
        if first is None:
            continue
        start = (padded - first * rows.d) // rows.s
        class_ = np.ascontiguousarray(_grouped(source[start % apart :: apart], groups))
        turned = kernel[:, :, first::every][:, :, ::-1]
        target = x[number :: every * rows.d]
        before = turned.shape[2] - 1 - start // apart
        line = class_.shape[3] * class_.itemsize
        for one, last in _spans(len(target), line * groups * per_group * taps):
            low = np.empty((groups, last - one, per_group * taps, class_.shape[3]), y.dtype)
            _slide(turned, class_, 1, before - one, low)
            low = low.reshape(groups, last - one, per_group, taps, *columns.outputs, len(y))
            _raise(low, columns, target[one:last])
    if bias is not None:
        x += bias.reshape(-1, *(1,) * (x.ndim - 2))
    return batch_first(x, len(geometry.inputs))
