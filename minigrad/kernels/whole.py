"""The three maps of a correlation whose kernel is as large as its input: one window, so one matrix product each.

With (k) for all places of the kernel, and the batch innermost,

    correlate         Y = W · X      (O, C·k) · (C·k, N)
    correlate_weight  W = Y · Xᵀ     (O, N) · (N, C·k)
    correlate_input   X = Wᵀ · Y     (C·k, O) · (O, N)

for each group. The kernel is read where it lies; nothing is lowered.
"""

import itertools
import math
from functools import lru_cache, partial
from typing import Any

import numpy as np

from ..geometry import Geometry
from . import threads
from .memory import batch_first

Array = np.ndarray[Any, np.dtype[Any]]


@lru_cache(maxsize=1024)
def window(geometry: Geometry) -> tuple[Any, ...] | None:
    """Where the only window lies in the input, as an index of the last axes; None where there are more, or padding."""
    if any(o != 1 for o in geometry.outputs) or any(pair != (0, 0) for pair in geometry.padding):
        return None
    steps = zip(geometry.kernel, geometry.dilation, strict=True)
    return (..., *[slice(0, (k - 1) * d + 1, d) for k, d in steps])


def _product(a: Array, b: Array) -> Array:
    """(G, M, K), (G, K, N) -> (G, M, N), its rows shared between threads if there is enough to do."""
    groups, rows, columns = len(a), a.shape[1], b.shape[2]
    out = np.empty((groups, rows, columns), a.dtype)
    shared = min(threads.count(a.size * columns), max(rows, 1))
    borders = [rows * number // shared for number in range(shared + 1)]
    tasks = [
        partial(np.matmul, a[:, first:last], b, out=out[:, first:last]) for first, last in itertools.pairwise(borders)
    ]
    threads.run(tasks, shared)
    return out


def _laid(x: Array, groups: int) -> Array:
    """(N, C, *k) -> (G, C/G·k, N): a matrix for each group; a view where the images lie one after another."""
    batch, size = x.shape[0], math.prod(x.shape[1:]) // groups
    if x.flags.c_contiguous:
        return x.reshape((batch, groups, size)).transpose(1, 2, 0)
    return x.transpose((*range(1, x.ndim), 0)).reshape((groups, size, batch))


def correlate(x: Array, w: Array, geometry: Geometry, bias: Array | None = None) -> Array:
    """(N, C, *n), (O, C/G, *k) -> (N, O, *1), plus a number for each output channel."""
    groups, channels = geometry.groups, len(w)
    y = _product(w.reshape((groups, channels // groups, math.prod(w.shape[1:]))), _laid(x[window(geometry)], groups))
    y = y.reshape((channels, len(x)))
    if bias is not None:
        np.add(y, bias[:, None], out=y)
    return y.T.reshape((len(x), channels, *geometry.outputs))


def correlate_weight(x: Array, y: Array, geometry: Geometry) -> Array:
    """(N, C, *n), (N, O, *1) -> (O, C/G, *k)"""
    groups, channels = geometry.groups, y.shape[1]
    w = _product(_laid(y, groups), _laid(x[window(geometry)], groups).swapaxes(1, 2))
    return w.reshape((channels, x.shape[1] // groups, *geometry.kernel))


def correlate_input(w: Array, y: Array, geometry: Geometry, bias: Array | None = None) -> Array:
    """(O, C/G, *k), (N, O, *1) -> (N, C, *n), plus a number for each input channel."""
    groups, channels = geometry.groups, len(w)
    kernel = w.reshape((groups, channels // groups, math.prod(w.shape[1:])))
    seen = _product(kernel.swapaxes(1, 2), _laid(y, groups)).reshape((groups * w.shape[1], *geometry.kernel, len(y)))
    rows = geometry.inputs if len(geometry.inputs) > 1 else (1, *geometry.inputs)
    make = np.empty if geometry.kernel == geometry.inputs else np.zeros
    x = make((rows[0], len(seen), *rows[1:], len(y)), y.dtype)
    out = batch_first(x, len(geometry.inputs))
    out[window(geometry)] = seen.transpose((seen.ndim - 1, *range(seen.ndim - 1)))
    if bias is not None:
        x += bias.reshape((-1, *(1,) * (x.ndim - 2)))
    return out
