"""Sums and means over a moving window, against noise (N25)."""

from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..operands import as_integer, as_operand
from ..ops.arithmetic import div
from ..ops.cumulative import cumsum
from ..ops.padding import pad
from ..ops.shape import cast, flip, movedim, reshape
from ..registry import guarded
from ..tensor import Tensor
from .kernels import floating
from .sliding import check_ranks, mode_of, prepared

__all__ = ["moving_average"]


@guarded
def moving_average(x: Tensor, m: int, mode: str = "same", *, border: Any = "reflect", value: float = 0.0) -> Tensor:
    """The mean of each element and its m neighbours on either side, along the last axis: N = 2m + 1 (N25, X49).

    (*a, n) -> (*a, o) with y_i = (x_{i−m} + … + x_{i+m})/N

    White noise loses all but 1/N of its variance. `mode` and `border` are those of
    `convolve`; with the default border a constant stays, but for rounding. Whole
    numbers become floats. Time and memory do not grow with m. Raises `ArgumentError` for a negative m, `ShapeError` for
    'valid' windows that are longer than the signal.

    >>> import minigrad as mg
    >>> x = mg.tensor([1., 4., 9., 16.])
    >>> mg.signal.moving_average(x, 1, "valid"), mg.signal.moving_average(x, 1)
    (tensor([4.6667, 9.6667]), tensor([ 3.0000,  4.6667,  9.6667, 11.3333]))
    """
    signal, m = floating(as_operand(x, "moving_average")), as_integer(m, "moving_average", "m")
    if m < 0:
        raise ArgumentError(f"moving_average got m={m}; it is the number of neighbours on each side, 0 or more")
    size = 2 * m + 1
    if signal.ndim and mode_of(mode, "moving_average") == "valid" and size > signal.shape[-1]:
        raise ShapeError(
            f"moving_average got m={m}, windows of {size}, and {signal.shape[-1]} elements along the last axis; in "
            "mode 'valid' a window must fit. Use a smaller m, or mode='same'"
        )
    ones = Tensor._wrap(np.ones(size, signal.dtype))
    check_ranks(signal, ones, "moving_average")
    x, _, zeros = prepared(signal, ones, 1, mode, border, value, "moving_average", convolving=True)
    # The sum of many halves may be beyond what a half can hold, though the mean is not.
    x = cast(pad(x, zeros), np.promote_types(x.dtype, np.float32))
    return cast(div(window_sums(x, size, -1), size), signal.dtype)


def window_sums(x: Tensor, size: int, axis: int) -> Tensor:
    """The sum of every `size` neighbours along an axis, n -> n − size + 1, in a time that does not grow with the size.

    Cut into blocks as long as a window, a window is the end of one block and the beginning of the next: two running
    sums of each block are enough. Nothing outside the window is in the sum, not even rounded away.

    >>> import minigrad as mg
    >>> from minigrad.signal.smoothing import window_sums
    >>> window_sums(mg.tensor([1., 2., 3., 4., 5.]), 3, 0)
    tensor([ 6.,  9., 12.])
    """
    x = movedim(x, axis, -1)
    batch, n = x.shape[:-1], x.shape[-1]
    length = (n // size + 1) * size
    blocks = reshape(pad(x, ((0, length - n),)), (*batch, length // size, size))
    ends = flip(cumsum(flip(blocks, -1), -1), -1)
    beginnings = pad(cumsum(blocks, -1), ((1, 0),))[..., :-1]
    ends, beginnings = (reshape(part, (*batch, length)) for part in (ends, beginnings))
    return movedim(ends[..., : n - size + 1] + beginnings[..., size : n + 1], -1, axis)
