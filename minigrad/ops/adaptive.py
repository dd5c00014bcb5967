"""Adaptive pooling: the output's size is given, and the windows follow from it (N86–N88).

Along an axis of n elements, output i of o reads from ⌊i·n/o⌋ up to, not
including, ⌈(i + 1)·n/o⌉. The windows differ in size by one element at most
and overlap where o does not divide n.

avg: `segment_sum` along each axis / count      segment_sum is its own adjoint, over the transposed segments
     where one window is a whole axis, the mean over it
max: reading by index at the winners
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, ShapeError
from ..geometry import per_axis
from ..kernels import segments as kernels
from ..kernels.segments import Segments
from ..operands import as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .indexing import gather
from .pooling import avg_pool1d, avg_pool2d, avg_pool3d, check_maps, max_pool1d, max_pool2d, max_pool3d
from .reduction import mean_primitive
from .shape import reshape


@primitive(
    "y = Σ of x over stretches of an axis", vjp="x̄ = g added to each stretch", notes=("N88", "N129"), linear=True
)
def segment_sum(x: Array, *, segments: Segments, axis: int) -> Array:
    """The sum of each stretch along an axis; its own adjoint, over the transposed stretches."""
    return kernels.segment_sum(x, segments, axis)


segment_sum.defvjp(x=lambda g, segments, axis: segment_sum(g, segments=segments.transposed, axis=axis))


def _outputs(axes: int, x: Tensor, output_size: Any, name: str) -> tuple[int, ...]:
    """One output size per axis: an integer counts for all of them, None among several is the input's own size."""
    check_maps(x.shape, axes, name)
    if x.dtype.kind != "f":
        raise DTypeError(f"{name} of a tensor of {x.dtype}; it takes floats. Convert first, for example t.float()")
    plane = x.shape[-axes:]
    if 0 in plane:
        raise ShapeError(f"{name} of an input of shape {x.shape}: a window over an axis of size 0 holds nothing")
    if hasattr(output_size, "tolist"):
        output_size = output_size.tolist()
    several = isinstance(output_size, Sequence) and not isinstance(output_size, str)
    given = output_size if several else (output_size,) * axes
    if len(given) != axes:
        raise ArgumentError(
            f"{name} got output_size={output_size!r}: {len(given)} sizes for {axes} axes; give one number, or one per "
            "axis"
        )
    if all(size is None for size in given) and (axes == 1 or not several):
        raise DTypeError(f"{name} got output_size={output_size!r}; None stands only for one of several axes")
    sizes = [n if size is None else size for n, size in zip(plane, given, strict=True)]
    outputs = per_axis(sizes, axes, "output_size", 0)
    if math.prod(outputs) >= 2**40:
        raise ArgumentError(f"{name} got output_size={output_size!r}: no memory holds so many elements")
    return outputs


def _small_windows(plane: tuple[int, ...], outputs: tuple[int, ...]) -> tuple[int, ...] | None:
    """The kernel of an ordinary pooling that has these windows, if there is one and it has few elements."""
    if any(o == 0 or n % o for n, o in zip(plane, outputs, strict=True)):
        return None
    kernel = tuple(n // o for n, o in zip(plane, outputs, strict=True))
    return kernel if math.prod(kernel) <= 16 else None


def _adaptive_avg_pool(axes: int, input: Any, output_size: Any) -> Tensor:
    name = f"adaptive_avg_pool{axes}d"
    x = as_operand(input, name)
    outputs = _outputs(axes, x, output_size, name)
    if x.dtype == np.float16:  # the sum of a window may be too large for it, the mean is not
        return _adaptive_avg_pool(axes, x.to(dtype=np.float32), outputs).to(dtype=np.float16)
    kernel = _small_windows(x.shape[-axes:], outputs)
    if kernel is not None:
        return (avg_pool1d, avg_pool2d, avg_pool3d)[axes - 1](x, kernel)
    lead = x.ndim - axes
    whole = tuple([axis for axis, o in enumerate(outputs, lead) if o == 1 != x.shape[axis]])
    total = mean_primitive(x, axes=whole, keepdims=True) if whole else x
    if total.shape[lead:] == outputs:
        return total
    counts = np.ones((), np.int64)
    for axis, o in enumerate(outputs, lead):
        segments = Segments.adaptive(total.shape[axis], o)
        counts = counts[..., None] * segments.lengths
        if o != total.shape[axis]:
            total = segment_sum(total, segments=segments, axis=axis)
    if counts.size and (counts == counts.flat[0]).all():
        return total / int(counts.flat[0])
    return total / Tensor._wrap(counts.astype(x.dtype))


def _adaptive_max_pool(axes: int, input: Any, output_size: Any) -> tuple[Tensor, Tensor]:
    name = f"adaptive_max_pool{axes}d"
    x = as_operand(input, name)
    outputs = _outputs(axes, x, output_size, name)
    kernel = _small_windows(x.shape[-axes:], outputs)
    if kernel is not None:
        found = (max_pool1d, max_pool2d, max_pool3d)[axes - 1](x, kernel, return_indices=True)
        return found  # type: ignore[no-any-return]
    winners = Tensor._wrap(kernels.adaptive_max(x._array, outputs))
    lead = x.shape[:-axes]
    planes, flat = ((*lead, math.prod(sizes)) for sizes in (x.shape[-axes:], outputs))
    return reshape(gather(reshape(x, planes), -1, reshape(winners, flat)), winners.shape), winners


@function
def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """Means over as many windows as `output_size` says: (N, C, n) or (C, n) -> (N, C, o) or (C, o).

    See `adaptive_avg_pool2d`.

    >>> import minigrad as mg
    >>> mg.adaptive_avg_pool1d(mg.tensor([[1., 3., 2.]]), 2)
    tensor([[2.0000, 2.5000]])
    """
    return _adaptive_avg_pool(1, input, output_size)


@function
def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Means over windows that cut each map into `output_size` parts (N88); the gradient is spread over them (N129).

    (N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow)

    Output i of o reads from ⌊i·n/o⌋ up to, not including, ⌈(i + 1)·n/o⌉. A
    single size counts for every axis; None leaves an axis as it is.

    Raises `ShapeError` for a wrong rank or an empty map, `ArgumentError` for
    another number of sizes or a negative one, `DTypeError` for integers.

    >>> import minigrad as mg
    >>> mg.adaptive_avg_pool2d(mg.arange(9.).reshape(1, 3, 3), (1, None))
    tensor([[[3., 4., 5.]]])
    """
    return _adaptive_avg_pool(2, input, output_size)


@function
def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """Means over windows: (N, C, D, H, W) or (C, D, H, W) -> likewise. See `adaptive_avg_pool2d`.

    >>> import minigrad as mg
    >>> mg.adaptive_avg_pool3d(mg.ones(2, 5, 5, 5), (1, 2, None)).shape
    (2, 1, 2, 5)
    """
    return _adaptive_avg_pool(3, input, output_size)


@function
def adaptive_max_pool1d(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """The largest of each window, and where it was: (N, C, n) or (C, n) -> twice (N, C, o) or (C, o).

    See `adaptive_max_pool2d`.

    >>> import minigrad as mg
    >>> mg.adaptive_max_pool1d(mg.tensor([[1., 3., 2.]]), 2)
    (tensor([[3., 3.]]), tensor([[1, 1]]))
    """
    return _adaptive_max_pool(1, input, output_size)


@function
def adaptive_max_pool2d(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """The largest of each window that cuts a map into `output_size` parts (N87), and its place in the plane.

    (N, C, H, W) or (C, H, W) -> twice (N, C, oh, ow) or (C, oh, ow)

    The windows are those of `adaptive_avg_pool2d`. The whole gradient goes to
    the winner, the first in row-major order where several are equal (N128, X21).
    Raises as `adaptive_avg_pool2d`.

    >>> import minigrad as mg
    >>> mg.adaptive_max_pool2d(mg.arange(9.).reshape(1, 3, 3), (1, 2))
    (tensor([[[7., 8.]]]), tensor([[[7, 8]]]))
    """
    return _adaptive_max_pool(2, input, output_size)


@function
def adaptive_max_pool3d(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """The largest of each window and its place: (N, C, D, H, W) or (C, D, H, W) -> twice likewise.

    See `adaptive_max_pool2d`.

    >>> import minigrad as mg
    >>> mg.adaptive_max_pool3d(mg.ones(2, 5, 5, 5), 2)[0].shape
    (2, 2, 2, 2)
    """
    return _adaptive_max_pool(3, input, output_size)
