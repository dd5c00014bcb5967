"""Sums and maxima over stretches of an axis that need not be equally long, as adaptive pooling has them.

Both work axis by axis: a window over several axes is a product of stretches.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .indexing import along
from .sums import total

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Stretches starts[i], …, ends[i] − 1 of an axis of `size` elements; starts and ends never fall."""

    starts: Array
    ends: Array
    size: int

    @classmethod
    def adaptive(cls, n: int, o: int) -> "Segments":
        """The o stretches of an adaptive pooling: from ⌊i·n/o⌋ up to, not including, ⌈(i + 1)·n/o⌉."""
        number = np.arange(o)
        return cls(number * n // max(o, 1), -(-(number + 1) * n // max(o, 1)), n)

    @property
    def lengths(self) -> Array:
        """How many elements each stretch has."""
        return self.ends - self.starts

    @property
    def transposed(self) -> "Segments":
        """For every element of the axis, the stretches that hold it: they follow one another as well."""
        places = np.arange(self.size)
        first = np.searchsorted(self.ends, places, "right")
        return Segments(first, np.searchsorted(self.starts, places, "right"), len(self.starts))


def _even(index: Array) -> Any:
    """Rising numbers as a slice where they are evenly spaced: it reads without a copy."""
    if len(index) < 2:
        return slice(index[0], index[0] + 1) if len(index) else slice(0, 0)
    steps = np.diff(index)
    return slice(index[0], index[-1] + 1, steps[0]) if steps[0] > 0 and (steps == steps[0]).all() else index


def _shape(x: Array, axis: int, size: int) -> tuple[int, ...]:
    return (*x.shape[:axis], size, *x.shape[axis + 1 :])


def segment_sum(x: Array, segments: Segments, axis: int) -> Array:
    """The sum of each stretch along an axis. Its adjoint is itself, over the transposed stretches."""
    lengths = segments.lengths
    longest = int(lengths.max(initial=0))
    if len(lengths) < longest:
        out = np.empty_like(x, shape=_shape(x, axis, len(lengths)))
        for number, (start, end) in enumerate(zip(segments.starts, segments.ends, strict=True)):
            out[along(axis, number)] = total(x[along(axis, slice(start, end))], (axis,), False)
        return out
    wide = np.float32 if x.dtype == np.float16 else x.dtype
    out = np.zeros_like(x, wide, shape=_shape(x, axis, len(lengths)))
    for offset in range(longest):
        chosen = np.flatnonzero(lengths > offset)
        out[along(axis, _even(chosen))] += x[along(axis, _even(segments.starts[chosen] + offset))]
    return out.astype(x.dtype, copy=False)


def adaptive_max(x: Array, outputs: Sequence[int]) -> Array:
    """(*lead, *n) -> (*lead, *o): the row-major number, in the plane of the last axes, of each window's maximum.

    The first of equal ones, and the last NaN, as in ordinary max pooling: the
    axes are reduced from the last to the first, so the order is row-major.
    """
    lead = x.ndim - len(outputs)
    best, flat = x, np.zeros((), np.int64)
    for axis in reversed(range(lead, x.ndim)):
        segments = Segments.adaptive(x.shape[axis], outputs[axis - lead])
        best, flat = _segment_max(
            best, np.broadcast_to(flat, best.shape), segments, axis, math.prod(x.shape[axis + 1 :])
        )
    return flat


def _segment_max(x: Array, flat: Array, segments: Segments, axis: int, step: int) -> tuple[Array, Array]:
    """The maximum of each stretch along an axis and its number: that of the element, and `step` for each place."""
    across = (-1,) + (1,) * (x.ndim - axis - 1)

    def numbers(places: Array) -> Array:
        return flat[along(axis, places)] + (places * step).reshape(across)  # type: ignore[no-any-return]

    best = x[along(axis, segments.starts)]
    winners = numbers(segments.starts)
    for offset in range(1, int(segments.lengths.max(initial=0))):
        chosen = np.flatnonzero(segments.lengths > offset)
        places = segments.starts[chosen] + offset
        value, here = x[along(axis, places)], along(axis, _even(chosen))
        better = (value > best[here]) | np.isnan(value)
        best[here] = np.where(better, value, best[here])
        winners[here] = np.where(better, numbers(places), winners[here])
    return best, winners
