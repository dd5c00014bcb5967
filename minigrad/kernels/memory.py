"""Where the kernels' working arrays come from, and in what order they lie.

Logically everything is (N, C, *space). The correlation kernels work channel by
channel over the whole batch, in memory order (C, N, *space); the views they
return have the logical order and those strides.
"""

import math
from typing import Any

import numpy as np

from ..geometry import Geometry

Array = np.ndarray[Any, np.dtype[Any]]


def channels_first(x: Array) -> Array:
    """(N, C, *space) -> (C, N, *space), or back: a view."""
    return x.swapaxes(0, 1)


def padded(x: Array, geometry: Geometry, fill: Any = 0) -> Array:
    """The last axes of `x`, which are spatial, inside a border of `fill`; x itself where there is none."""
    if geometry.padded == geometry.inputs:
        return x
    lead = x.shape[: x.ndim - len(geometry.inputs)]
    out = np.full_like(x, fill, shape=(*lead, *geometry.padded))
    out[geometry.interior] = x
    return out


def total(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    """The sum of a floating array over axes, in its dtype.

    NumPy adds in pairs along the last axis only; over others it adds up one by
    one, and float16 overflows. A wider accumulator keeps those sums exact.
    """
    wide: Any = x.dtype
    if x.dtype == np.float16:
        wide = np.float32
    elif x.dtype == np.float32 and axes and x.ndim - 1 not in axes and math.prod(x.shape[axis] for axis in axes) > 512:
        wide = np.float64
    return np.asarray(x.sum(axis=axes, keepdims=keepdims, dtype=wide)).astype(x.dtype, copy=False)
