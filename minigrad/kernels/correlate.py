"""The three maps of one trilinear form, as one matrix product each.

All three see the input as a matrix of windows, (C·k, N·o): row (c, j) holds what
kernel element j of channel c meets at every place. With it

    correlate         y = W · windows(x)
    correlate_weight  W = y · windows(x)ᵀ
    correlate_input   x = windowsᵀ(Wᵀ · y)

where windowsᵀ adds each row back to where `windows` read it. Groups are stacked
products. Any number of axes. `im2col` and `col2im` are the two by themselves.
"""

import math
from typing import Any

import numpy as np

from ..geometry import Geometry
from .memory import channels_first, padded

Array = np.ndarray[Any, np.dtype[Any]]


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


def _grouped_weight(w: Array, geometry: Geometry) -> Array:
    """(O, C/G, *k) -> (G, O/G, C/G·k)"""
    return w.reshape(geometry.groups, w.shape[0] // geometry.groups, math.prod(w.shape[1:]))


def _grouped_output(y: Array, geometry: Geometry) -> Array:
    """(N, O, *o) -> (G, O/G, N·o)"""
    columns = y.shape[0] * math.prod(geometry.outputs)
    return channels_first(y).reshape(geometry.groups, y.shape[1] // geometry.groups, columns)


def correlate(x: Array, w: Array, geometry: Geometry) -> Array:
    """(N, C, *n), (O, C/G, *k) -> (N, O, *o)"""
    y = np.matmul(_grouped_weight(w, geometry), _windows(x, geometry))  # (G, O/G, N·o)
    return channels_first(y.reshape(w.shape[0], x.shape[0], *geometry.outputs))


def correlate_input(w: Array, y: Array, geometry: Geometry) -> Array:
    """(O, C/G, *k), (N, O, *o) -> (N, C, *n)"""
    columns = np.matmul(_grouped_weight(w, geometry).swapaxes(1, 2), _grouped_output(y, geometry))
    return _add_windows(columns, y.shape[0], w.shape[1] * geometry.groups, geometry)


def correlate_weight(x: Array, y: Array, geometry: Geometry) -> Array:
    """(N, C, *n), (N, O, *o) -> (O, C/G, *k)"""
    w = np.matmul(_grouped_output(y, geometry), _windows(x, geometry).swapaxes(1, 2))  # (G, O/G, C/G·k)
    return w.reshape(y.shape[1], x.shape[1] // geometry.groups, *geometry.kernel)  # type: ignore[no-any-return]
