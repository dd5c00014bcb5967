"""Max unpooling: every value goes back to the place that a max pooling took it from, zeros stand elsewhere."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError
from ..geometry import per_axis
from ..kernels.indexing import Index, zeros_in_order
from ..operands import as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .indexing import getitem_primitive
from .pooling import check_maps
from .shape import reshape


@primitive("y = zeros of a shape with x at index", vjp="x̄ = g[index]", notes=("N128",), quiet=True, linear=True)
def unpool(x: Array, *, index: Index, shape: tuple[int, ...]) -> Array:
    """Zeros with elements written at an index, the last one where two meet; where none meet, `scatter`."""
    out = zeros_in_order(x, shape)
    index.write(out, x)
    return out


unpool.defvjp(x=lambda g, index: getitem_primitive(g, index=index))


def _output_size(
    sizes: tuple[int, ...], kernel: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...], wanted: Any,
    name: str,
) -> tuple[int, ...]:  # fmt: skip
    """The size of each axis: (n − 1)·s − 2p + k, or the one that is wanted, less than a stride away from it."""
    axes = len(sizes)
    plain = tuple((n - 1) * s - 2 * p + k for n, k, s, p in zip(sizes, kernel, stride, padding, strict=True))
    if wanted is None:
        if min(plain) < 0:
            raise ArgumentError(f"{name} of a plane of {sizes} with padding {padding} would give {plain}; pad less")
        return plain
    given = wanted.tolist() if hasattr(wanted, "tolist") else wanted
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise DTypeError(f"{name} got output_size={wanted!r}; it is a list of {axes} sizes, or the whole shape")
    if len(given) == axes + 2:
        given = given[2:]
    if len(given) != axes:
        raise ArgumentError(
            f"{name} got output_size={tuple(given)}; give the {axes} spatial sizes, or all {axes + 2} of the shape"
        )
    outputs = per_axis(list(given), axes, "output_size", 0)
    if any(not p - s < o < p + s for o, p, s in zip(outputs, plain, stride, strict=True)):
        least, most = (tuple(p + sign * (s - 1) for p, s in zip(plain, stride, strict=True)) for sign in (-1, 1))
        raise ArgumentError(
            f"{name} got output_size={outputs} for a plane of {sizes} with kernel {kernel}, stride {stride} and "
            f"padding {padding}; each size lies between {least} and {most}, less than a stride away from {plain}"
        )
    return outputs


def _max_unpool(
    axes: int, input: Any, indices: Any, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Tensor:
    name = f"max_unpool{axes}d"
    x, places = as_operand(input, name), as_operand(indices, name)
    check_maps(x.shape, axes, name)
    if x.dtype.kind != "f":
        raise DTypeError(f"{name} of a tensor of {x.dtype}; it takes floats. Convert first, for example t.float()")
    if places.dtype != np.int64:
        raise DTypeError(f"{name} got indices of {places.dtype}; they are int64, as max_pool{axes}d returns them")
    if places.shape != x.shape:
        raise ShapeError(
            f"{name} got indices of shape {places.shape} for an input of shape {x.shape}; every value needs its own. "
            "Take both from one max pooling with return_indices=True"
        )
    kernel = per_axis(kernel_size, axes, "kernel_size")
    missing = stride is None or (isinstance(stride, Sequence) and len(stride) == 0)
    steps = kernel if missing else per_axis(stride, axes, "stride")
    lead = x.shape[:-axes]
    outputs = _output_size(x.shape[-axes:], kernel, steps, per_axis(padding, axes, "padding", 0), output_size, name)
    room = math.prod(outputs)
    if not room:  # PyTorch looks at no index then
        return reshape(getitem_primitive(x, index=Index([(..., slice(0, 0))])), (*lead, *outputs))
    flat = places._array.reshape((*lead, math.prod(x.shape[-axes:])))
    if flat.size and not (flat.min() >= 0 and flat.max() < room):
        wrong = flat[(flat < 0) | (flat >= room)][0]
        raise IndexOutOfRangeError(
            f"{name} got the index {wrong} for a plane of {outputs}, whose places count from 0 to {room - 1}. Was the "
            "pooled input larger? Then give its shape as output_size"
        )
    mesh: list[Any] = list(np.ogrid[tuple(slice(size) for size in flat.shape)])
    mesh[-1] = flat.copy()
    values = unpool(reshape(x, flat.shape), index=Index([tuple(mesh)]), shape=(*lead, room))
    return reshape(values, (*lead, *outputs))


@function
def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Each value at the place of its index, zeros elsewhere: (N, C, n) or (C, n) -> (N, C, o) or (C, o).

    See `max_unpool2d`.

    >>> import minigrad as mg
    >>> mg.max_unpool1d(mg.tensor([[3., 5.]]), mg.tensor([[1, 3]]), 2)
    tensor([[0., 3., 0., 5.]])
    """
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


@function
def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Each value at the place of its index, zeros elsewhere: max pooling undone (Zeiler and Fergus, 2014).

    (N, C, h, w) or (C, h, w), indices of the same shape -> (N, C, H, W) or (C, H, W)

    `indices` are row-major numbers in the output plane, as max pooling returns
    them with `return_indices`. The size is (n − 1)·s − 2p + k along each axis;
    `output_size` (the spatial sizes, or the whole shape) chooses another one
    less than a stride away. Where an index comes twice, the value that is
    written last stays; both get the gradient of that place, as in PyTorch.

    Raises `IndexOutOfRangeError` for an index outside the plane, `ArgumentError`
    for a size that no pooling could have had, `ShapeError`, `DTypeError`.

    >>> import minigrad as mg
    >>> y, where = mg.max_pool2d(mg.tensor([[[1., 2.], [4., 3.]]]), 2, return_indices=True)
    >>> mg.max_unpool2d(y, where, 2)
    tensor([[[0., 0.],
             [4., 0.]]])
    """
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


@function
def max_unpool3d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Each value at the place of its index, zeros elsewhere: (N, C, d, h, w) or (C, d, h, w) -> likewise.

    See `max_unpool2d`.

    >>> import minigrad as mg
    >>> mg.max_unpool3d(mg.ones(1, 1, 1, 1), mg.tensor([[[[7]]]]), 2).shape
    (1, 2, 2, 2)
    """
    return _max_unpool(3, input, indices, kernel_size, stride, padding, output_size)
