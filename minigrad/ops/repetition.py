"""Repeating, rolling and turning."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, ShapeError
from ..operands import as_operand
from ..registry import function
from ..tensor import Tensor
from .axes import axes_of, axis_of, sizes_of, whole
from .indexing import index_select, narrow
from .joining import cat
from .shape import expand, flatten, flip, reshape, transpose

__all__ = [
    "fliplr",
    "flipud",
    "repeat_interleave",
    "roll",
    "rot90",
    "tile",
]

# ------------------------------------------------------------------ repeating


@function
def repeat(input: Tensor, repeats: Any) -> Tensor:
    """All of x so many times along each axis; more numbers than axes put new axes in front.

    (n, *) -> (r·n, *). Raises `ShapeError` for fewer numbers than axes, `ArgumentError` for a negative one.
    """
    x, times = as_operand(input, "repeat"), sizes_of(repeats, "repeat")
    if len(times) < x.ndim:
        raise ShapeError(f"repeat of shape {x.shape} got {len(times)} numbers; it needs one for each axis at least")
    return _repeated(x, times, "repeat")


def _repeated(x: Tensor, times: tuple[int, ...], name: str) -> Tensor:
    if min(times, default=0) < 0 or math.prod((*times, *x.shape)) >= 2**59:
        raise ArgumentError(f"{name} of shape {x.shape} got the numbers {times}; how often is not negative, nor beyond "
                            "all memory")  # fmt: skip
    shape = (1,) * (len(times) - x.ndim) + x.shape
    apart = reshape(x, tuple(size for n in shape for size in (1, n)))
    spread = expand(apart, tuple(size for r, n in zip(times, shape, strict=True) for size in (r, n)))
    return reshape(spread, tuple(r * n for r, n in zip(times, shape, strict=True))).to(copy=True)


@function
def tile(input: Tensor, dims: Any) -> Tensor:
    """All of x so many times along the last axes; fewer numbers than axes leave the first axes alone.

    (*a, n) -> (*a, r·n). Raises `ArgumentError` for a negative number.

    >>> import minigrad as mg
    >>> mg.tile(mg.tensor([[1, 2]]), (2, 2))
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    x, times = as_operand(input, "tile"), sizes_of(dims, "tile")
    return _repeated(x, (1,) * (x.ndim - len(times)) + times, "tile")


@function
def repeat_interleave(
    input: Any = None, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element along `dim` so many times in a row: one number for all, or one for each. Without `dim`, of x flat.

    (*a, n, *c) -> (*a, Σ repeats, *c). With the repeats alone, the numbers of the elements that they mean.
    Raises `ShapeError` where there are not as many repeats as elements, `ArgumentError` for a
    negative one, `DTypeError` for one that is no integer.

    >>> import minigrad as mg
    >>> mg.repeat_interleave(mg.tensor([1, 2]), mg.tensor([1, 3]))
    tensor([1, 2, 2, 2])
    """
    if input is None or repeats is None:
        times = _times(repeats if input is None else input, "repeat_interleave")
        return Tensor._wrap(np.repeat(np.arange(times.size, dtype=times.dtype), times))
    x = as_operand(input, "repeat_interleave")
    if dim is None:
        x = flatten(x)
    axis = axis_of(0 if dim is None else dim, x.ndim, "repeat_interleave")
    line = x if x.ndim else reshape(x, (1,))
    times = _times(repeats, "repeat_interleave")
    if times.size not in (1, line.shape[axis]):
        raise ShapeError(
            f"repeat_interleave got {times.size} repeats for {line.shape[axis]} elements along axis {axis}; give one, "
            "or one for each"
        )
    index = np.repeat(np.arange(line.shape[axis]), times)
    if output_size is not None and output_size != len(index):
        raise ArgumentError(f"repeat_interleave got output_size={output_size}, but the repeats add up to {len(index)}")
    return index_select(line, axis, index)


def _times(repeats: Any, name: str) -> Any:
    """How often, as an array of integers."""
    times = as_operand(repeats, name)._array
    if times.dtype.kind not in "iu" or times.ndim > 1:
        raise DTypeError(f"{name} got repeats of {times.dtype} and shape {times.shape}; they are integers in a vector")
    if times.size and (times.min() < 0 or times.max() >= 2**40):
        raise ArgumentError(f"{name} got {times.min()} to {times.max()} repeats; how often is not negative")
    return times.reshape(-1)


# -------------------------------------------------------------------- turning


@function
def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """The elements moved by `shifts` along `dims`, those that leave at one end back at the other.

    (*) -> (*). Without dims, of x flat. Raises `ArgumentError` where there are not as many shifts as
    axes, `IndexOutOfRangeError`
    for an axis there is not.

    >>> import minigrad as mg
    >>> mg.roll(mg.tensor([1, 2, 3]), 1)
    tensor([3, 1, 2])
    """
    x, steps = as_operand(input, "roll"), sizes_of(shifts, "roll")
    if dims is None or (isinstance(dims, tuple | list) and not dims):
        if len(steps) != 1:
            raise ArgumentError(f"roll got {len(steps)} shifts and no dims; without dims it takes one shift")
        return reshape(roll(flatten(x), steps, 0), x.shape)
    axes = tuple(axis_of(one, x.ndim, "roll") for one in sizes_of(dims, "roll"))
    if len(axes) != len(steps):
        raise ArgumentError(f"roll got {len(steps)} shifts for {len(axes)} axes; give one for each")
    for axis, step in zip(axes, steps, strict=True):
        size = x.shape[axis] if x.ndim else 0
        split = -step % size if size else 0
        if split:
            x = cat([narrow(x, axis, split, size - split), narrow(x, axis, 0, split)], axis)
    return x.to(copy=True)


@function
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """x turned by k·90° from the first of two axes towards the second.

    (*a, n, *b, m, *c) -> (*a, m, *b, n, *c), or (*a, n, *b, m, *c) for an even k. Raises `ArgumentError`
    for what is not two axes, `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.rot90(mg.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    x = as_operand(input, "rot90")
    axes = axes_of(sizes_of(dims, "rot90"), x.ndim, "rot90")
    if len(axes) != 2:
        raise ArgumentError(f"rot90 got dims={dims} for a tensor of {x.ndim} axes; a turn needs two axes")
    turns = whole(k, "rot90") % 4
    if turns == 2:
        return flip(x, axes)
    if turns:
        x = transpose(flip(x, axes[1 if turns == 1 else 0]), *axes)
    return x.to(copy=True)


@function
def fliplr(input: Tensor) -> Tensor:
    """Left and right exchanged: the order along the second axis reversed.

    (n, m, *) -> (n, m, *). Raises `ShapeError` for fewer than two axes.

    >>> import minigrad as mg
    >>> mg.fliplr(mg.tensor([[1, 2], [3, 4]]))
    tensor([[2, 1],
            [4, 3]])
    """
    x = as_operand(input, "fliplr")
    if x.ndim < 2:
        raise ShapeError(f"fliplr of shape {x.shape}: it needs two axes or more")
    return flip(x, 1)


@function
def flipud(input: Tensor) -> Tensor:
    """Up and down exchanged: the order along the first axis reversed.

    (n, *) -> (n, *). Raises `ShapeError` for a 0-d tensor.

    >>> import minigrad as mg
    >>> mg.flipud(mg.tensor([[1, 2], [3, 4]]))
    tensor([[3, 4],
            [1, 2]])
    """
    x = as_operand(input, "flipud")
    if x.ndim < 1:
        raise ShapeError("flipud of a 0-d tensor: it has no axis")
    return flip(x, 0)
