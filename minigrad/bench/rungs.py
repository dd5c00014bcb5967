"""The same three maps written in six ways, each with less to do for the memory than the one before.

Every rung gets an image x (N, C, H, W), a kernel w (O, C, k, k) and the cotangent g (N, O, H', W') of the output, and
returns the output and both gradients (N46, N113, N114): stride 1, no padding, H' = H − k + 1. The arrays lie in memory
in the order that the rung works in, as they would inside a network made of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..creation import from_numpy
from ..mode import no_grad
from ..ops.convolution import correlate, correlate_input, correlate_weight
from ..tensor import Array

__all__ = ["RUNGS", "Rung"]

Maps = tuple[Array, Array, Array]


def seven_loops(x: Array, w: Array, g: Array) -> Maps:
    """The definition, number by number, in plain Python.

    y[n,o,i,j] = Σ x[n,c,i+r,j+s]·w[o,c,r,s] over c, r, s; seven loops, and each product has three partners.
    """
    images, kernels, cotangents = x.tolist(), w.tolist(), g.tolist()
    zeros: Any = [np.zeros(one.shape).tolist() for one in (g, x, w)]
    y, dx, dw = zeros
    (batch, channels), (outputs, _, k, _), (height, width) = x.shape[:2], w.shape, g.shape[2:]
    for n in range(batch):
        for o in range(outputs):
            for c in range(channels):
                image, kernel, d_image, d_kernel = images[n][c], kernels[o][c], dx[n][c], dw[o][c]
                for i in range(height):
                    for j in range(width):
                        cotangent, total = cotangents[n][o][i][j], 0.0
                        for r in range(k):
                            for s in range(k):
                                total += image[i + r][j + s] * kernel[r][s]
                                d_image[i + r][j + s] += cotangent * kernel[r][s]
                                d_kernel[r][s] += cotangent * image[i + r][j + s]
                        y[n][o][i][j] += total
    return np.array(y), np.array(dx), np.array(dw)


def loops_over_taps(x: Array, w: Array, g: Array) -> Maps:
    """Loops over the kernel's k·k elements only: each meets a shifted image, all of it at once."""
    (n, c), (o, _, k, _), (height, width) = x.shape[:2], w.shape, g.shape[2:]
    flat = g.reshape(n, o, height * width)
    y, dx, dw = np.zeros_like(flat), np.zeros_like(x), np.zeros_like(w)
    for r in range(k):
        for s in range(k):
            shifted = x[:, :, r : r + height, s : s + width].reshape(n, c, height * width)
            y += w[:, :, r, s] @ shifted
            dx[:, :, r : r + height, s : s + width] += (w[:, :, r, s].T @ flat).reshape(n, c, height, width)
            dw[:, :, r, s] = (flat @ shifted.swapaxes(1, 2)).sum(0)
    return y.reshape(g.shape), dx, dw


def image_to_columns(x: Array, w: Array, g: Array) -> Maps:
    """All windows of the batch as columns of one matrix (C·k·k, N·H'·W'): one product for each map."""
    (n, c), (o, _, k, _), (height, width) = x.shape[:2], w.shape, g.shape[2:]
    columns = np.empty((c, k, k, n, height, width), x.dtype)
    for r in range(k):
        for s in range(k):
            columns[:, r, s] = x[:, :, r : r + height, s : s + width].swapaxes(0, 1)
    columns = columns.reshape(c * k * k, -1)
    kernel, cotangent = w.reshape(o, -1), g.swapaxes(0, 1).reshape(o, -1)
    y = (kernel @ columns).reshape(o, n, height, width).swapaxes(0, 1)
    spread = (kernel.T @ cotangent).reshape(c, k, k, n, height, width)
    dx = np.zeros_like(x)
    for r in range(k):
        for s in range(k):
            dx[:, :, r : r + height, s : s + width] += spread[:, r, s].swapaxes(0, 1)
    return y, dx, (cotangent @ columns.T).reshape(w.shape)


def batch_innermost(x: Array, w: Array, g: Array) -> Maps:
    """The same columns from images in the memory order C, H, W, N: copies run over whole rows of the batch."""
    (n, c), (o, _, k, _), (height, width) = x.shape[:2], w.shape, g.shape[2:]
    images, cotangent = x.transpose(1, 2, 3, 0), g.transpose(1, 2, 3, 0).reshape(o, -1)
    columns = np.empty((c, k, k, height, width, n), x.dtype)
    for r in range(k):
        for s in range(k):
            columns[:, r, s] = images[:, r : r + height, s : s + width]
    columns = columns.reshape(c * k * k, -1)
    kernel = w.reshape(o, -1)
    y = (kernel @ columns).reshape(o, height, width, n).transpose(3, 0, 1, 2)
    spread = (kernel.T @ cotangent).reshape(c, k, k, height, width, n)
    dx = np.zeros_like(images)
    for r in range(k):
        for s in range(k):
            dx[:, r : r + height, s : s + width] += spread[:, r, s]
    return y, dx.transpose(3, 0, 1, 2), (cotangent @ columns.T).reshape(w.shape)


def lowered_rows(x: Array, w: Array, g: Array) -> Maps:
    """Only the k shifts along a row are copied: L[h, c, s, j, n] = x[n, c, h, j + s], in the memory order H, C, W, N.

    The k rows of L that one output row needs lie next to each other, so all windows are an overlapping view of L,
    (H', k·C·k, W'·N), and nothing more is stored. The image's gradient gathers rows of the cotangent by the same
    kind of view, and adds k shifted pieces.
    """
    (n, c), (o, _, k, _), (height, width) = x.shape[:2], w.shape, g.shape[2:]
    images, cotangent = x.transpose(2, 1, 3, 0), g.transpose(2, 1, 3, 0).reshape(height, o, width * n)
    lowered = np.empty((len(images), c, k, width, n), x.dtype)
    for s in range(k):
        lowered[:, :, s] = images[:, :, s : s + width]
    windows = _overlapping(lowered, height, k)  # (H', k·C·k, W'·N)
    y = w.transpose(0, 2, 1, 3).reshape(o, -1) @ windows
    dw = (cotangent @ windows.swapaxes(1, 2)).sum(0).reshape(o, k, c, k).transpose(0, 2, 1, 3)

    padded = np.zeros((height + 2 * (k - 1), o, width, n), g.dtype)
    padded[k - 1 : k - 1 + height] = cotangent.reshape(height, o, width, n)
    # Row h of the image meets output rows h − k + 1 … h, that is, the kernel from its last row to its first.
    turned = w[:, :, ::-1].transpose(1, 3, 2, 0).reshape(c * k, k * o)
    spread = (turned @ _overlapping(padded, len(images), k)).reshape(len(images), c, k, width, n)
    dx = np.zeros_like(images)
    for s in range(k):
        dx[:, :, s : s + width] += spread[:, :, s]
    return y.reshape(height, o, width, n).transpose(3, 1, 0, 2), dx.transpose(3, 1, 0, 2), dw


def _overlapping(rows: Array, count: int, k: int) -> Array:
    """(H, …, W', N) -> (count, k·…, W'·N): rows h … h + k − 1 as one matrix, for each h; a view."""
    inner = rows.shape[-2] * rows.shape[-1]
    shape = (count, k * (rows[0].size // inner), inner)
    strides = (rows.strides[0], inner * rows.itemsize, rows.itemsize)
    return np.lib.stride_tricks.as_strided(rows, shape, strides, writeable=False)


def library(x: Array, w: Array, g: Array) -> Maps:
    """The kernels of this library, for any stride, padding, dilation, groups and number of axes."""
    image, kernel, cotangent = map(from_numpy, (x, w, g))
    with no_grad():
        y = correlate(image, kernel)
        dx = correlate_input(kernel, cotangent, x.shape[2:])
        dw = correlate_weight(image, cotangent, w.shape[2:])
    return y._array, dx._array, dw._array


@dataclass(frozen=True)
class Rung:
    """One way to compute the three maps.

    `order` is the memory order of its images, the axes of (N, C, H, W) from the outermost to the innermost.

    >>> from minigrad.bench import RUNGS
    >>> [rung.order for rung in RUNGS if rung.name == "batch innermost"]
    [(1, 2, 3, 0)]
    """

    name: str
    run: Callable[[Array, Array, Array], Maps]
    order: tuple[int, int, int, int] = (0, 1, 2, 3)
    one_image: bool = False  # too slow for the whole batch

    def laid(self, x: Array) -> Array:
        """The same (N, C, H, W), in the memory order of this rung."""
        return np.ascontiguousarray(x.transpose(self.order)).transpose(np.argsort(self.order))


RUNGS = (
    Rung("seven nested loops", seven_loops, one_image=True),
    Rung("loops over the kernel", loops_over_taps),
    Rung("one matrix product", image_to_columns),
    Rung("batch innermost", batch_innermost, (1, 2, 3, 0)),
    Rung("lowered along rows", lowered_rows, (2, 1, 3, 0)),
    Rung("this library", library, (2, 1, 3, 0)),
)
