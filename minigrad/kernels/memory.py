"""Where the kernels' working arrays come from, and in what order they lie.

Logically everything is (N, C, *space). The correlation kernels work channel by
channel over the whole batch, in memory order (C, N, *space); the views they
return have the logical order and those strides.
"""

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
