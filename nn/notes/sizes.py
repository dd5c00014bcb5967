"""Strides and padding as the notes write them: skipped pixels, totals of both sides, words (N39, N41, N44)."""

from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError
from minigrad.geometry import Geometry, pairs, per_axis

__all__ = ["BORDERS", "Pair", "checked_stride", "checked_widths", "count", "output_shape"]

Pair = tuple[int, int]

# The notes' words for how far a kernel reaches over the border, each with the total padding in units of d(k − 1).
BORDERS = {"full": 2, "wide": 2, "same": 1, "valid": 0, "narrow": 0}


def count(value: Any, name: str, role: str) -> int:
    """A number of maps or neurons, at least 1.

    >>> from nn.notes.sizes import count
    >>> count(3, "Gain", "maps")
    3
    """
    number = mg.as_integer(value, name, role)
    if number < 1:
        raise ArgumentError(f"{name} got {role}={number}; it is a number of maps or neurons, at least 1")
    return number


def checked_stride(stride: Any, skip: Any, name: str) -> Pair:
    """The stride per axis; E's skipping factor counts the pixels in between, so stride = skip + 1 (N39, X77).

    Raises `ArgumentError` where both are given.

    >>> from nn.notes.sizes import checked_stride
    >>> checked_stride(1, 1, "Conv2d")
    (2, 2)
    """
    steps = per_axis(stride, 2, "stride")
    if skip is None:
        return steps[0], steps[1]
    if steps != (1, 1):
        raise ArgumentError(
            f"{name} got stride={stride!r} and skip={skip!r}, which say the same: stride = skip + 1. Give one of them"
        )
    rows, columns = per_axis(skip, 2, "skip", 0)
    return rows + 1, columns + 1


def _split(total: int, flip: bool) -> Pair:
    """A total as (before, after): a surplus goes to the end for ⋆, and to the beginning for * (X81)."""
    less, more = total // 2, total - total // 2
    return (more, less) if flip else (less, more)


def checked_widths(
    padding: Any, pad_total: Any, mode: Any, kernel_size: Pair, dilation: Pair, flip: bool, name: str
) -> tuple[Pair, Pair]:
    """The zeros (before, after) per axis, from what is given: per side, in total (N41, X26), or a word (N34, N45).

    Raises `ArgumentError` where two of them are given, or for another word.

    >>> from nn.notes.sizes import checked_widths
    >>> checked_widths(0, 3, None, (4, 4), (1, 1), False, "Conv2d")
    ((1, 2), (1, 2))
    """
    given = pairs(padding, 2)
    if isinstance(mode, str | None) and sum((any(map(any, given)), pad_total is not None, mode is not None)) < 2:
        if pad_total is not None:
            rows, columns = per_axis(pad_total, 2, "pad_total", 0)
        elif mode is None:
            return given[0], given[1]
        elif mode in BORDERS:
            rows, columns = (BORDERS[mode] * d * (k - 1) for k, d in zip(kernel_size, dilation, strict=True))
        else:
            raise ArgumentError(
                f"{name} got mode={mode!r}; the modes are 'full' (or 'wide'), 'same' and 'valid' (or 'narrow')"
            )
        return _split(rows, flip), _split(columns, flip)
    raise ArgumentError(
        f"{name} got padding={padding!r}, pad_total={pad_total!r} and mode={mode!r}; each says how many zeros there "
        "are round the input: padding on each side, pad_total on both together, mode by a word. Give one of them"
    )


def output_shape(size: Any, kernel_size: Pair, stride: Pair, padding: tuple[Pair, Pair], dilation: Pair) -> Pair:
    """The size of the maps that come out, of those that go in (N44).

    >>> from nn.notes.sizes import output_shape
    >>> output_shape(7, (3, 3), (2, 2), ((0, 0), (0, 0)), (1, 1))
    (3, 3)
    """
    sizes = per_axis(size, 2, "size")
    rows, columns = Geometry.window(sizes, kernel_size, stride, padding, dilation).outputs
    return rows, columns
