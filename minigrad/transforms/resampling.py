"""Images read between their pixels: one gather for a whole batch, each image at its own places."""

from enum import Enum
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..tensor import Array

__all__ = ["InterpolationMode", "interpolation_of", "resampled", "rounded"]


class InterpolationMode(Enum):
    """How a value between pixels is found: that of the nearest one, or bilinear between four.

    >>> import minigrad as mg
    >>> mg.transforms.InterpolationMode.BILINEAR.value
    'bilinear'
    """

    NEAREST = "nearest"
    BILINEAR = "bilinear"


def interpolation_of(name: str, given: Any) -> InterpolationMode:
    """The mode that is named: by torchvision's or our enumeration, or by its value."""
    value = getattr(given, "value", given)
    for mode in InterpolationMode:
        if isinstance(value, str) and mode.value == value:
            return mode
    raise ArgumentError(f"{name}(interpolation={given!r}): expected InterpolationMode.NEAREST or .BILINEAR")


def real_of(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype that images of a dtype are computed in."""
    return np.dtype(np.float64 if dtype == np.float64 or (dtype.itemsize > 2 and dtype.kind != "f") else np.float32)


def rounded(values: Array, dtype: np.dtype[Any]) -> Array:
    """Computed values in the images' dtype: integers are rounded, and stay in their range."""
    if values.dtype == dtype:
        return values
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if values.dtype.kind in "iu":
            own = np.iinfo(values.dtype)
            values = np.clip(values, max(own.min, limits.min), min(own.max, limits.max))
        else:
            values = np.rint(values)
            largest = values.dtype.type(limits.max)
            if int(largest) > limits.max:  # the floats next to 2⁶³ are far from 2⁶³ − 1
                above = values >= largest
                values = np.clip(values, limits.min, np.nextafter(largest, values.dtype.type(0))).astype(dtype)
                return np.where(above, dtype.type(limits.max), values)
            values = np.clip(values, limits.min, largest)
    elif dtype.kind == "b":
        values = values >= 0.5
    return values.astype(dtype, copy=False)


def resampled(images: Array, rows: Array, columns: Array, mode: InterpolationMode, fill: Array) -> Array:
    """The images (N, C, H, W) read at the places (N, H', W') -> (N, C, H', W').

    Around an image lies the fill (C,), so that between the two the value passes from one to the other. Both arrays
    of places are used up.
    """
    count, channels, height, width = images.shape
    nearest = mode is InterpolationMode.NEAREST
    if nearest:
        rows += 0.5
        columns += 0.5
    # One pixel of fill before, two after: a place outside is moved to where all its neighbours are fill.
    top, left = (np.floor(np.clip(at, -1, size, out=at)) for at, size in ((rows, height), (columns, width)))
    pitch = width + 3
    index = top.astype(np.intp)
    index *= pitch
    index += left.astype(np.intp)
    index += (np.arange(count) * ((height + 3) * pitch) + pitch + 1).reshape(-1, 1, 1)
    down, right = np.subtract(rows, top, out=rows), np.subtract(columns, left, out=columns)

    result = np.empty((count, channels, *rows.shape[1:]), images.dtype)
    padded = np.empty((count, height + 3, pitch), images.dtype if nearest else rows.dtype)
    flat = padded.reshape(-1)
    for channel in range(channels):
        padded[...] = rounded(fill[channel], padded.dtype)
        padded[:, 1 : height + 1, 1 : width + 1] = images[:, channel]
        if nearest:
            result[:, channel] = flat.take(index)
            continue
        upper = _between(flat.take(index), flat[1:].take(index), right)
        lower = _between(flat[pitch:].take(index), flat[pitch + 1 :].take(index), right)
        result[:, channel] = rounded(_between(upper, lower, down), images.dtype)
    return result


def _between(first: Array, second: Array, part: Array) -> Array:
    second -= first
    second *= part
    second += first
    return second
