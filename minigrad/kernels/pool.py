"""Pooling windows: the largest element, the sum, and their adjoints.

Arrays are (*lead, *n) over (*lead, *o); the geometry's axes are the last ones.

Every kernel element meets a regular grid of the input, so a pooling is a few
passes for each of them. Three things make the passes fast. Only copies touch
strided slices, all arithmetic runs over compact arrays: NumPy would copy a strided
operand itself, and one that it writes to three times. No padding is ever made;
an element leaves out the windows in which it lies there. And the work is done
block by block, in the memory order of the input, so that it stays in the cache.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..geometry import Geometry
from .places import Line, Tap, apart_of, elements_of, grids_of, lines_of, taps_of

Array = np.ndarray[Any, np.dtype[Any]]

# So many elements of the output are worked on at a time.
_BLOCK = 2**17

# Elements that lie together for each place of a window, from which on they are assigned rather than repeated.
_STRETCH = 64


def _lowest(dtype: np.dtype[Any]) -> Any:
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _blocks(x: Array, lead: int, size: int) -> list[tuple[Any, ...]]:
    """Indices that cut the outermost in memory of the first axes, for `size` elements of output."""
    if not lead or size <= _BLOCK:
        return [()]
    axis = max(range(lead), key=lambda axis: (x.shape[axis] > 1, abs(x.strides[axis])))
    step = max(x.shape[axis] // -(-size // _BLOCK), 1)
    return [(*(slice(None),) * axis, slice(start, start + step)) for start in range(0, x.shape[axis], step)]


def _compact(x: Array) -> Array:
    """x itself where its elements lie without gaps, or a copy of which that is true, in the same memory order."""
    low, high = np.lib.array_utils.byte_bounds(x)
    return x if high - low == x.nbytes else x.copy(order="K")


def _empty(like: Array, sizes: Sequence[int], dtype: Any = None) -> Array:
    """Uninitialised (*lead, *sizes) in the memory order of an array, whose last axes these are."""
    return np.empty_like(like, dtype=dtype, shape=(*like.shape[: like.ndim - len(sizes)], *sizes))


# ------------------------------------------------------------------ the largest


def _first_inside(geometry: Geometry) -> Array:
    """(*o): the first kernel element of each window, in row-major order, that does not lie in the padding."""
    first = np.zeros((), np.intp)
    for o, k, s, p, d in zip(
        geometry.outputs, geometry.kernel, geometry.stride, geometry.padding, geometry.dilation, strict=True
    ):
        starts = np.arange(o) * s - p[0]
        inside = np.minimum(np.maximum(-(starts // d), 0), k - 1)
        first = first[..., None] * k + inside
    return first


def max_pool(x: Array, geometry: Geometry, named: bool = True) -> tuple[Array, Array | None]:
    """(*lead, *n) -> the maxima (*lead, *o), and, if named, the number of the kernel element that won in each window.

    The first in row-major order wins (X21), as a strict comparison in that
    order gives; NaN beats every number, as in PyTorch.
    """
    lead, kind = x.ndim - len(geometry.inputs), np.min_scalar_type(math.prod(geometry.kernel))
    best = _empty(x, geometry.outputs)
    winners = _empty(x, geometry.outputs, kind) if named else None
    parts = _blocks(x, lead, best.size)
    if len(parts) == 1:
        _max_of(x, best, winners, geometry)
        return best, winners
    for part in parts:
        values = _empty(x[part], geometry.outputs)
        numbers = None if winners is None else _empty(x[part], geometry.outputs, kind)
        _max_of(x[part], values, numbers, geometry)
        best[part] = values
        if winners is not None:
            winners[part] = numbers
    return best, winners


def _max_of(x: Array, best: Array, winners: Array | None, geometry: Geometry) -> None:
    """Fill `best` and `winners`, which are compact."""
    value, lowest, rest = np.empty_like(best), _lowest(x.dtype), elements_of(geometry)
    race = None if winners is None else _Race(winners)
    if rest and rest[0].whole and not rest[0].number:
        np.copyto(best, x[rest[0].where])
        if winners is not None:
            winners.fill(0)
        rest = rest[1:]
    else:
        best.fill(lowest)
        if winners is not None:
            winners[...] = _first_inside(geometry)
    for number, where, windows, _, whole in rest:
        if whole:
            np.copyto(value, x[where])
        else:
            value.fill(lowest)
            np.copyto(value[windows], x[where])
        if race is not None:
            race.run(number, value, best)
        np.maximum(value, best, out=best)  # of equal ones the second operand
    if winners is not None and x.dtype.kind == "f" and np.isnan(best).any():
        for number, where, windows, _, _ in elements_of(geometry):
            winners[windows][np.isnan(x[where])] = number


class _Race:
    """Who won so far, as the numbers of kernel elements.

    These rise, so a winner's number is the largest that was ever better: bytes are
    multiplied and compared instead of copied under a mask.
    """

    def __init__(self, winners: Array) -> None:
        self.winners = winners
        self.better = np.empty_like(winners, dtype=bool)
        self.latest = np.empty_like(winners)

    def run(self, number: int, value: Array, best: Array) -> None:
        np.greater(value, best, out=self.better)
        np.multiply(self.better.view(np.uint8), self.winners.dtype.type(number), out=self.latest)
        np.maximum(self.winners, self.latest, out=self.winners)


def _bits(x: Array) -> Array:
    """The elements as unsigned integers: times 1 or 0 they stay or vanish, infinity and NaN too."""
    return x.view(f"u{x.itemsize}")


def select(x: Array, winners: Array, geometry: Geometry) -> Array:
    """(*lead, *n) -> (*lead, *o): from each window the element that `winners` names."""
    out = _empty(x, geometry.outputs)
    for part in _blocks(x, x.ndim - len(geometry.inputs), out.size):
        source, names = _bits(x[part]), _compact(winners[part])
        total = _empty(source, geometry.outputs)
        total.fill(0)
        value, room, chosen = np.zeros_like(total), np.empty_like(total), np.empty_like(names, dtype=bool)
        for number, where, windows, _, _ in elements_of(geometry):
            np.copyto(value[windows], source[where])
            np.copyto(room, np.equal(names, number, out=chosen))
            np.bitwise_or(total, np.multiply(value, room, out=room), out=total)
        np.copyto(_bits(out[part]), total)
    return out


# ------------------------------------------------------------------ the adjoints


def _in_grid(values: Array, taps: Sequence[Tap], axis: int, sizes: tuple[int, ...]) -> Array:
    """Values of windows where the taps meet a grid, zeros elsewhere; the axes from `axis` on are those of the taps."""
    before, after = values.shape[:axis], values.shape[axis + len(sizes) :]
    out = np.zeros_like(values, shape=(*before, *sizes, *after))
    start = (slice(None),) * axis
    out[(*start, *(tap.spots for tap in taps))] = values[(*start, *(tap.windows for tap in taps))]
    return out


def place(g: Array, winners: Array, geometry: Geometry) -> Array:
    """(*lead, *o) -> (*lead, *n): each value added where `select` read it; its adjoint.

    What goes to the same grid of the input is added up before one copy writes the grid.
    """
    grids, full = grids_of(geometry)
    out = _empty(g, geometry.inputs)
    if not full:
        out.fill(0)
    lead = g.ndim - len(geometry.outputs)
    for part in _blocks(g, lead, g.size):
        source, names, target = _compact(_bits(g[part])), _compact(winners[part]), out[part]
        chosen, room = np.empty_like(names, dtype=bool), np.empty_like(source)
        for where, sizes, elements in grids:
            total = None
            for element, fills in elements:
                np.copyto(room, np.equal(names, element.number, out=chosen))
                product = np.multiply(source, room, out=room if len(elements) == 1 else None)
                value = product.view(g.dtype)
                if not fills:
                    value = _in_grid(value, element.taps, lead, sizes)
                total = value if total is None else np.add(total, value, out=total)
            target[where] = total
    return out


# --------------------------------------------------------------------- the sum


def window_sum(x: Array, geometry: Geometry, divisor: Any = None) -> Array:
    """(*lead, *n) -> (*lead, *o): the sum of each window, over a divisor: a number, or one for each window (*o).

    The sum over a box is one along each of its axes in turn.
    """
    lead = x.ndim - len(geometry.inputs)
    out = _empty(x, geometry.outputs)
    for part in _blocks(x, lead, out.size):
        total = x[part].astype(np.float32, order="K") if x.dtype == np.float16 else x[part]
        for line in lines_of(geometry):
            total = _sum_along(total, line)
        if divisor is None:
            out[part] = total
        else:
            np.divide(total, divisor, out=out[part], dtype=total.dtype, casting="same_kind")
    return out


def _sum_along(x: Array, line: Line) -> Array:
    """The sum of each window along one axis; a view of x where the window has one element."""
    total, owned = None, False
    for where, windows in line.reads:
        values = x[where]
        if windows is not None:
            partial = _zeros_along(x, line)
            partial[windows] = values
            values = partial
        if total is None:
            total = values
        else:
            total, owned = np.add(total, values, out=total if owned else None), True
    return _zeros_along(x, line) if total is None else total


def _zeros_along(x: Array, line: Line) -> Array:
    """Zeros in the memory order of x, with the outputs of one axis."""
    shape = list(x.shape)
    shape[line.axis] = line.outputs
    return np.zeros_like(x, shape=shape)


def window_spread(g: Array, geometry: Geometry, divisor: Any = None) -> Array:
    """(*lead, *o) -> (*lead, *n): each value, over the divisor, added to its whole window; adjoint of `window_sum`."""
    lead, apart = g.ndim - len(geometry.outputs), apart_of(geometry)
    if apart is not None and apart.everything and 0 < g.strides[-1] < _STRETCH * g.itemsize and g.size <= _BLOCK:
        return _repeated(g if divisor is None else np.divide(g, divisor, dtype=g.dtype), geometry)
    out = _empty(g, geometry.inputs)
    if apart is not None and math.prod(apart.sizes) < math.prod(geometry.inputs):
        out.fill(0)
    for part in _blocks(g, lead, g.size):
        share = g[part] if divisor is None else np.divide(g[part], divisor, dtype=g.dtype)
        if apart is not None:
            covered = out[part][apart.where]
            windows = covered.reshape((*covered.shape[:lead], *apart.sizes))
            windows[...] = share[(..., *(slice(None), None) * len(geometry.outputs))]
            continue
        along = taps_of(geometry)
        for axis in reversed(range(len(along))):
            n = geometry.inputs[axis]
            shape = (*share.shape[: lead + axis], n, *share.shape[lead + axis + 1 :])
            target = np.empty_like(share, shape=shape) if axis else out[part]
            _spread_along(share, target, lead + axis, along[axis], geometry.stride[axis])
            share = target
    return out


def _repeated(g: Array, geometry: Geometry) -> Array:
    """Each value at all places of its window, where the windows are all there is: for short stretches of memory."""
    axes = sorted(range(g.ndim), key=lambda axis: -g.strides[axis])
    lead, share = g.ndim - len(geometry.kernel), g.transpose(axes)
    for place in reversed(range(g.ndim)):
        if axes[place] >= lead:
            share = share.repeat(geometry.kernel[axes[place] - lead], place)
    return share.transpose([axes.index(axis) for axis in range(g.ndim)])


def _spread_along(g: Array, out: Array, axis: int, taps: Sequence[Tap | None], s: int) -> None:
    """Fill `out` with each value added to its whole window along one axis."""
    grids: dict[int, list[Tap]] = {}
    for tap in taps:
        if tap is not None:
            grids.setdefault(tap.phase, []).append(tap)
    n, everywhere = out.shape[axis], slice(0, g.shape[axis])
    if len(grids) < min(s, n):
        out.fill(0)
    for phase, members in grids.items():
        size = (n - 1 - phase) // s + 1
        total = None
        for tap in members:
            fills = size == g.shape[axis] and tap.spots == everywhere == tap.windows
            values = g if fills else _in_grid(g, [tap], axis, (size,))
            total = values if total is None else total + values
        out[(*(slice(None),) * axis, slice(phase, None, s))] = total


def window_count(geometry: Geometry, counted: tuple[tuple[int, int], ...] | None) -> Array:
    """(*o): how many elements of each window lie in the input, or, with `counted`, in it and that much padding."""
    border = counted or ((0, 0),) * len(geometry.inputs)
    ones = np.zeros(geometry.padded)
    ones[
        tuple(
            slice(before - lo, before + n + hi)
            for n, (before, _), (lo, hi) in zip(geometry.inputs, geometry.padding, border, strict=True)
        )
    ] = 1
    whole = Geometry.window(geometry.padded, geometry.kernel, geometry.stride, 0, geometry.dilation)
    return window_sum(ones, whole)[tuple(slice(o) for o in geometry.outputs)]
