"""Pooling windows: the largest element, the sum, and their adjoints.

Arrays are (*lead, *n) over (*lead, *o); the geometry's axes are the last ones.
"""

import math
from typing import Any

import numpy as np

from ..geometry import Geometry
from .memory import padded

Array = np.ndarray[Any, np.dtype[Any]]


def _lowest(dtype: np.dtype[Any]) -> Any:
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


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


def max_pool(x: Array, geometry: Geometry) -> tuple[Array, Array]:
    """(*lead, *n) -> the maxima (*lead, *o), and the number of the kernel element that won in each window.

    The first in row-major order wins (X21), as a strict comparison in that
    order gives; NaN beats every number, as in PyTorch.
    """
    source = padded(x, geometry, _lowest(x.dtype))
    kind = np.min_scalar_type(math.prod(geometry.kernel))
    best: Array | None = None
    for number, where in enumerate(geometry.taps()):
        value = source[where]
        if best is None:
            best = value.copy(order="K")
            winners = np.empty_like(best, dtype=kind)
            winners[...] = _first_inside(geometry)
            continue
        better = value > best
        if x.dtype.kind == "f":
            better |= np.isnan(value)
        np.copyto(best, value, where=better)
        winners[better] = number
    assert best is not None
    return best, winners


def select(x: Array, winners: Array, geometry: Geometry) -> Array:
    """(*lead, *n) -> (*lead, *o): from each window the element that `winners` names."""
    source = padded(x, geometry)
    out = np.zeros_like(x, shape=winners.shape)
    for number, where in enumerate(geometry.taps()):
        np.copyto(out, source[where], where=winners == number)
    return out


def place(g: Array, winners: Array, geometry: Geometry) -> Array:
    """(*lead, *o) -> (*lead, *n): each value added where `select` read it; its adjoint."""
    lead = g.shape[: g.ndim - len(geometry.outputs)]
    out = np.zeros_like(g, shape=(*lead, *geometry.padded))
    for number, where in enumerate(geometry.taps()):
        out[where] += np.where(winners == number, g, g.dtype.type(0))
    return out[geometry.interior]  # type: ignore[no-any-return]


def window_sum(x: Array, geometry: Geometry) -> Array:
    """(*lead, *n) -> (*lead, *o): the sum of each window."""
    source = padded(x, geometry)
    wide = np.float32 if x.dtype == np.float16 else x.dtype
    out: Array | None = None
    for where in geometry.taps():
        value = source[where]
        out = value.astype(wide, order="K") if out is None else np.add(out, value, out=out)
    assert out is not None
    return out.astype(x.dtype, copy=False)


def window_spread(g: Array, geometry: Geometry) -> Array:
    """(*lead, *o) -> (*lead, *n): each value added to its whole window; the adjoint of `window_sum`."""
    lead = g.shape[: g.ndim - len(geometry.outputs)]
    out = np.zeros_like(g, shape=(*lead, *geometry.padded))
    for where in geometry.taps():
        out[where] += g
    return out[geometry.interior]  # type: ignore[no-any-return]


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
