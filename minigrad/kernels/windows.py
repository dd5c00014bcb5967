"""Windows as the columns of a matrix, and their adjoint: `im2col` and `col2im`, over any number of axes."""

import math
from typing import Any

import numpy as np

from ..geometry import Geometry
from .memory import padded

Array = np.ndarray[Any, np.dtype[Any]]


def channels_first(x: Array) -> Array:
    """(N, C, *space) -> (C, N, *space), or back: a view."""
    return x.swapaxes(0, 1)


def _windows(x: Array, geometry: Geometry) -> Array:
    """(N, C, *n) -> (G, C/G·k, N·o): the input under every kernel element."""
    batch, channels = x.shape[:2]
    source = padded(channels_first(x), geometry)
    taps = math.prod(geometry.kernel)
    out = np.empty((channels, taps, batch, *geometry.outputs), x.dtype)
    for number, where in enumerate(geometry.taps()):
        out[:, number] = source[where]
    rows = channels // geometry.groups * taps
    return out.reshape(geometry.groups, rows, batch * math.prod(geometry.outputs))


def _add_windows(columns: Array, batch: int, channels: int, geometry: Geometry) -> Array:
    """(G, C/G·k, N·o) -> (N, C, *n): the adjoint of `_windows`."""
    source = columns.reshape(channels, math.prod(geometry.kernel), batch, *geometry.outputs)
    out = np.zeros((channels, batch, *geometry.padded), columns.dtype)
    for number, where in enumerate(geometry.taps()):
        out[where] += source[:, number]
    return channels_first(out[geometry.interior])


def im2col(x: Array, geometry: Geometry) -> Array:
    """(N, C, *n) -> (N, C·k, L): the windows of each element of the batch as columns."""
    rows = _windows(x, geometry).reshape(x.shape[1] * math.prod(geometry.kernel), len(x), math.prod(geometry.outputs))
    return channels_first(rows)


def col2im(columns: Array, geometry: Geometry) -> Array:
    """(N, C·k, L) -> (N, C, *n): the adjoint of `im2col`."""
    channels = columns.shape[1] // math.prod(geometry.kernel)
    return _add_windows(channels_first(columns), len(columns), channels, geometry)
