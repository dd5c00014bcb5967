"""The three maps of one trilinear form, as matrix products over rows.

The first spatial axis counts as rows, all others as columns (a signal is one
row). Two pairs of adjoint steps make up the maps. `_lower` copies the input once
for each kernel *column* j, not for each kernel element,

    L[r, (j, c), (w, n)] = x[n, c, r, w·s + j·d − p]

and `_raise` adds such copies back to where they were read. Rows of L lie one
after another, so the k rows that an output row sees are one matrix already, in
place: an overlapping view. `_slide` multiplies a kernel with each of them,

    y[t] = Σ_i K_i · L[t·s − p + i]

which is one stacked matrix product, and `_slide_weight` is its derivative in K.

    correlate         lower x, slide w over it
    correlate_weight  lower x, slide_weight of it and y
    correlate_input   slide the turned w over y, raise

A lowered input has rows and columns of zeros for its padding. A cotangent has none:
at its edges the kernel rows that look outside are left out. Dilated or strided rows
are dealt into classes in which they follow one another.
"""

import math
from collections.abc import Callable
from functools import partial, reduce, wraps
from typing import Any

import numpy as np

from ..geometry import Geometry
from . import threads, whole
from .memory import batch_first, rows_first
from .pieces import Piece, class_pieces, cuts, cuts_of_sums, row_pieces, turning_pays
from .rows import Band, Columns, bands, split

Array = np.ndarray[Any, np.dtype[Any]]

_LAID = 2**19  # bytes that are put into another order at a time
_COPY = 25  # multiplications take as long as one copy from and to memory


# ------------------------------------------------------------- lowering and raising


def _lower(x: Array, columns: Columns, groups: int, zeros: tuple[int, int]) -> Array:
    """(r, C, *n, N) -> (G, r, taps, C/G, *o, N): what each kernel column reads, between rows of zeros."""
    rows, channels, batch = x.shape[0], x.shape[1], x.shape[-1]
    per_group, taps = channels // groups, columns.taps
    source = x.reshape(rows, groups, per_group, *columns.inputs, batch).swapaxes(0, 1)
    if columns.plain and source.flags.c_contiguous and zeros == (0, 0):
        return source.reshape(groups, rows, 1, per_group, *columns.outputs, batch)
    low = np.empty((groups, rows + sum(zeros), len(taps), per_group, *columns.outputs, batch), x.dtype)
    low[:, : zeros[0]] = low[:, zeros[0] + rows :] = 0
    out = low[:, zeros[0] : zeros[0] + rows]
    for number, tap in enumerate(taps):
        copy = out[:, :, number]
        if not tap.whole:
            _clear_around(copy, tap.outputs)
        into, read = (..., *tap.outputs, slice(None)), (..., *tap.inputs, slice(None))
        copy[into] = source[read]
    return low


def _clear_around(x: Array, inner: tuple[Any, ...]) -> None:
    """Zeros everywhere but at `inner`, an index of the axes before the last."""
    for axis, part in enumerate(inner):
        lead = (..., *inner[:axis])
        rest = (slice(None),) * (len(inner) - axis)
        x[(*lead, slice(0, part.start), *rest)] = 0
        x[(*lead, slice(part.stop, None), *rest)] = 0


def _raise(low: Array, columns: Columns, x: Array) -> None:
    """(G, r, taps, C/G, *o, N) added up in x, (r, C, *n, N): the adjoint of `_lower`."""
    groups, rows, _, per_group = low.shape[:4]
    target = x.reshape(rows, groups, per_group, *columns.inputs, x.shape[-1]).swapaxes(0, 1)
    for reached in columns.reached:
        part = target[(..., *reached.columns, slice(None))]
        if not reached.taps:
            part[...] = 0
        for place, (number, outputs, within) in enumerate(reached.taps):
            copy, into = low[:, :, number][(..., *outputs, slice(None))], part[(..., *within, slice(None))]
            if place:
                into += copy
            else:
                into[...] = copy
                _clear_around(part, within)


# ------------------------------------------------------------------------- sliding


def _matrices(source: Array, band: Band, stride: int, pieces: int) -> Array:
    """(G, r, P, M) -> (G, t, pieces, (hi − lo)·P, M/pieces): what each output row of a band sees, as a view."""
    groups, count, depth, width = source.shape
    item = source.itemsize
    line = width * item  # not its strides, which mean nothing along axes of size 1
    row = depth * line
    group = count * row
    return np.ndarray(
        (groups, band.last - band.first, pieces, (band.hi - band.lo) * depth, width // pieces),
        source.dtype,
        source,
        band.source * row,
        (group, stride * row, width // pieces * item, line, item),
    )


def _slide(kernel: Array, source: Array, stride: int, before: int, bias: Array | None, out: Array) -> None:
    """out[t] = Σ_i K_i · source[t·s − before + i] + bias: (G, O, k, P), (G, r, P, M), (G·O) -> (G, t, O, M)."""
    groups, rows, k, depth = kernel.shape
    width = out.shape[3]
    for band in bands(out.shape[1], source.shape[1], k, stride, before):
        part = out[:, band.first : band.last]
        if band.lo == band.hi or not source.size:
            part[...] = 0
        else:
            seen = (band.hi - band.lo) * depth
            matrix = kernel[:, :, band.lo : band.hi].reshape(groups, 1, 1, rows, seen)
            pieces = cuts(rows, seen, width, out.itemsize)
            cut = part.reshape(groups, band.last - band.first, rows, pieces, width // pieces).swapaxes(2, 3)
            np.matmul(matrix, _matrices(source, band, stride, pieces), out=cut)
        if bias is not None:
            part += bias.reshape(groups, 1, rows, 1)


def _slide_weight(source: Array, y: Array, stride: int, k: int) -> Array:
    """K_i = Σ_t source[t·s + i] · y[t]ᵀ: (G, r, P, M), (G, t, O, M) -> (G, k, P, O)."""
    groups, count, rows, width = y.shape
    depth = k * source.shape[2]
    turned = y.swapaxes(2, 3)
    if turning_pays(depth, rows):
        turned = np.ascontiguousarray(turned)
    pieces = cuts_of_sums(depth, rows, width)
    seen = turned.reshape(groups, count, pieces, width // pieces, rows)
    products = np.matmul(_matrices(source, Band(0, count, 0, 0, k), stride, pieces), seen)
    return products.sum(axis=(1, 2), dtype=y.dtype).reshape(groups, k, depth // k, rows)  # type: ignore[no-any-return]


# ------------------------------------------------------------------ the three maps


def _map(kernel: Callable[..., Array]) -> Callable[..., Array]:
    """The map, as one product where there is one window; with float16 computed in float32.

    Products of float16 are slow, and their sums lose digits.
    """
    of_one: Callable[..., Array] = getattr(whole, kernel.__name__)

    @wraps(kernel)
    def computed(*given: Any) -> Array:
        known = kernel if whole.window(given[2]) is None else of_one
        if given[0].dtype != np.float16:
            return known(*given)
        wide = [one.astype(np.float32) if isinstance(one, np.ndarray) else one for one in given]
        return known(*wide).astype(np.float16)

    return computed


def laid(x: Array) -> Array:
    """(N, C, *n) in the memory order that the maps read; x itself where it lies so."""
    if rows_first(x).flags.c_contiguous:
        return x
    return batch_first(_as_rows(x, threads.count(_COPY * x.size)), x.ndim - 2)


def _as_rows(x: Array, shared: int) -> Array:
    """(N, C, h, *rest) -> (h, C, *rest, N), contiguous."""
    source = rows_first(x)
    if source.flags.c_contiguous:
        return source
    rows = np.empty(source.shape, x.dtype)
    step = max(_LAID // max(source[:, :1].nbytes, 1), 1)  # whole maps: what lies together is read together
    some = [slice(first, first + step) for first in range(0, source.shape[1], step)]
    threads.run([partial(np.copyto, rows[:, maps], source[:, maps]) for maps in some], shared)
    return rows


def _grouped(y: Array, groups: int) -> Array:
    """(t, O, *o, N) -> (G, t, O/G, M), a view."""
    return y.reshape(len(y), groups, y.shape[1] // groups, math.prod(y.shape[2:])).swapaxes(0, 1)


def _flat(low: Array) -> Array:
    """(G, r, taps, C/G, *o, N) -> (G, r, P, M), a view."""
    return low.reshape(*low.shape[:2], low.shape[2] * low.shape[3], math.prod(low.shape[4:]))


def _work(batch: int, w_shape: tuple[int, ...], geometry: Geometry) -> int:
    """What each of the three maps takes, in multiplications."""
    rows, columns = split(geometry)
    channels, per_group = w_shape[0], w_shape[1]
    copied = rows.n * per_group * geometry.groups * len(columns.taps) + rows.o * channels
    products = rows.o * rows.k * len(columns.taps) * channels * per_group
    return batch * math.prod(columns.outputs) * (products + _COPY * copied)


@_map
def correlate(x: Array, w: Array, geometry: Geometry, bias: Array | None = None) -> Array:
    """(N, C, *n), (O, C/G, *k) -> (N, O, *o), plus a number for each output channel."""
    rows, columns = split(geometry)
    groups, channels, taps = geometry.groups, len(w), len(columns.taps)
    kernel = w.reshape(groups, channels // groups, w.shape[1], rows.k * taps).swapaxes(2, 3)
    kernel = kernel.reshape(groups, channels // groups, rows.k, taps * w.shape[1])
    shared = threads.count(_work(len(x), w.shape, geometry))
    source, y = _as_rows(x, shared), np.empty((rows.o, channels, *columns.outputs, len(x)), x.dtype)

    def compute(piece: Piece) -> None:
        low = _flat(_lower(source[piece.inputs], columns, groups, piece.zeros))
        _slide(kernel, low, piece.stride, 0, bias, _grouped(y[piece.outputs], groups))

    pieces = row_pieces(rows, source[:1].nbytes * taps, shared)
    threads.run([partial(compute, piece) for piece in pieces], shared)
    return batch_first(y, len(geometry.inputs))


@_map
def correlate_weight(x: Array, y: Array, geometry: Geometry) -> Array:
    """(N, C, *n), (N, O, *o) -> (O, C/G, *k)"""
    rows, columns = split(geometry)
    groups, per_group, taps = geometry.groups, x.shape[1] // geometry.groups, len(columns.taps)
    shared = threads.count(_work(len(x), (y.shape[1], per_group), geometry))
    source, target = _as_rows(x, shared), _as_rows(y, shared)

    def compute(piece: Piece) -> Array:
        low = _flat(_lower(source[piece.inputs], columns, groups, piece.zeros))
        return _slide_weight(low, _grouped(target[piece.outputs], groups), piece.stride, rows.k)

    pieces = row_pieces(rows, source[:1].nbytes * taps, shared)
    w = reduce(np.add, threads.run([partial(compute, piece) for piece in pieces], shared))
    w = w.reshape(groups, rows.k * taps, per_group, w.shape[3]).transpose(0, 3, 2, 1)
    return np.ascontiguousarray(w).reshape(y.shape[1], per_group, *geometry.kernel)


@_map
def correlate_input(w: Array, y: Array, geometry: Geometry, bias: Array | None = None) -> Array:
    """(O, C/G, *k), (N, O, *o) -> (N, C, *n), plus a number for each input channel."""
    rows, columns = split(geometry)
    groups, per_group, taps = geometry.groups, w.shape[1], len(columns.taps)
    kernel = w.reshape(groups, len(w) // groups, per_group, rows.k, taps).transpose(0, 4, 2, 3, 1)
    kernel = kernel.reshape(groups, per_group * taps, rows.k, len(w) // groups)
    shared = threads.count(_work(len(y), w.shape, geometry))
    source, x = _as_rows(y, shared), np.empty((rows.n, per_group * groups, *columns.inputs, len(y)), y.dtype)

    def compute(piece: Piece, turned: slice) -> None:
        part, target = np.ascontiguousarray(_grouped(source[piece.outputs], groups)), x[piece.inputs]
        if columns.plain:
            _slide(kernel[:, :, turned], part, 1, piece.before, bias, _grouped(target, groups))
            return
        low = np.empty((groups, len(target), per_group * taps, part.shape[3]), y.dtype)
        _slide(kernel[:, :, turned], part, 1, piece.before, None, low)
        _raise(low.reshape(*low.shape[:2], taps, per_group, *columns.outputs, len(y)), columns, target)
        if bias is not None:
            target += bias.reshape(-1, *(1,) * (x.ndim - 2))

    bytes_of_one = source[:1].nbytes // max(len(w), 1) * w.shape[1] * groups * taps
    pieces = class_pieces(rows, bytes_of_one, shared)
    threads.run([partial(compute, *piece) for piece in pieces], shared)
    return batch_first(x, len(geometry.inputs))
