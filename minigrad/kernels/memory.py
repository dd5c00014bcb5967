"""Where the kernels' working arrays come from, and in what order they lie.

Logically everything is (N, C, h, *rest). In memory the kernels hold the first
spatial axis outermost and the batch innermost: (h, C, *rest, N). Copies of
windows, pooling slices and element-wise passes then run over long contiguous
stretches. Strides say so; nobody above this package needs to know.
"""

from typing import Any

import numpy as np

from ..geometry import Geometry

Array = np.ndarray[Any, np.dtype[Any]]

_LARGEST = 2**25 - 2**16  # bytes; glibc's threshold never rises above 32 MiB


def keep_pages() -> None:
    """Let the C library keep freed arrays instead of giving their pages back to the system.

    A training step frees its arrays and asks for the same sizes again in the
    next one. glibc maps large arrays freshly from the system until it has seen
    one freed; from then on it serves everything smaller from memory that it
    keeps, so that pages are not faulted in again and again. Elsewhere this is
    one allocation that is never touched.
    """
    np.empty(_LARGEST, np.uint8)


keep_pages()


def rows_first(x: Array) -> Array:
    """(N, C, h, *rest) -> (h, C, *rest, N), a view; signals (N, C, w) count as one row, (1, C, w, N)."""
    if x.ndim == 3:
        x = x[:, :, None]
    return x.transpose(2, 1, *range(3, x.ndim), 0)


def batch_first(x: Array, axes: int) -> Array:
    """(h, C, *rest, N) -> (N, C, h, *rest), a view; with one spatial axis, the single row goes away."""
    y = x.transpose(x.ndim - 1, 1, 0, *range(2, x.ndim - 1))
    return y[:, :, 0] if axes == 1 else y


def padded(x: Array, geometry: Geometry, fill: Any = 0) -> Array:
    """The last axes of `x`, which are spatial, inside a border of `fill`; x itself where there is none."""
    if geometry.padded == geometry.inputs:
        return x
    lead = x.shape[: x.ndim - len(geometry.inputs)]
    out = np.full_like(x, fill, shape=(*lead, *geometry.padded))
    out[geometry.interior] = x
    return out
