"""Shape and order: linear primitives in adjoint pairs, each the VJP of the other.

reshape ↔ reshape      permute ↔ its inverse      flip ↔ flip
expand ↔ sum_to        cat ↔ split                cast ↔ cast
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dtypes import as_dtype
from ..errors import ArgumentError, ShapeError
from ..kernels.sums import total_to
from ..operands import as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from ..tensor.views import Copied
from .axes import Dims, axes_of, axis_of, sizes_of, whole

# ------------------------------------------------------------ same elements


@primitive("y = x, elsewhere in memory", vjp="x̄ = g", quiet=True, linear=True)
def clone(x: Array) -> Array:
    """A recorded copy.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.clone(mg.tensor([1.]))
    tensor([1.])
    """
    return x.copy(order="K")


clone.defvjp(x=lambda g: g)


@primitive("y = x, in C order", vjp="x̄ = g", quiet=True, linear=True)
def contiguous(x: Array) -> Array:
    """A recorded copy whose memory is C-contiguous."""
    return x.copy(order="C")


contiguous.defvjp(x=lambda g: g)


@primitive("y = x, off the tape", quiet=True, view=True)
def detach(x: Array) -> Array:
    """The same storage outside the tape: no gradient flows through it.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.detach(mg.ones(2, requires_grad=True)).requires_grad
    False
    """
    return x.view()


@primitive("y = x", vjp="x̄ = g", quiet=True, view=True)
def identity_primitive(*xs: Array) -> tuple[Array, ...]:
    """Its arguments, as one node of the tape: a place to watch all their gradients at once."""
    return tuple(x.view() for x in xs)


identity_primitive.defvjp(xs=lambda g, position: g[position])


@function
def identity(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors themselves, passed through one node of the tape: a place to watch all their gradients at once.

    (*), … -> (*), …

    >>> import minigrad as mg
    >>> a, b = mg.identity(mg.ones(1), mg.zeros(1))
    >>> a
    tensor([1.])
    """
    return identity_primitive.many(*tensors)


@primitive("y = x in another dtype", vjp="x̄ = g in the dtype of x", linear=True)
def cast_primitive(x: Array, *, dtype: Any) -> Array:
    """Conversion; the walk brings the cotangent back to the dtype of x."""
    return x.astype(dtype)


cast_primitive.defvjp(x=lambda g: g)


@function
def cast(input: Tensor, dtype: Any) -> Tensor:
    """`x` in another dtype: a new tensor."""
    return cast_primitive(input, dtype=as_dtype(dtype))


# ------------------------------------------------------------------ reshape


@primitive("y = x in another shape", vjp="x̄ = g in the shape of x", quiet=True, view=True, linear=True)
def reshape_primitive(x: Array, *, shape: tuple[int, ...]) -> Array:
    """The same elements, in row-major order, in another shape; a batch that lies innermost stays there."""
    if x.ndim > 1 and shape and shape[0] == x.shape[0] > 1 and x.strides[0] == x.itemsize and x.size:
        # If it must be copied, then in stretches over the batch; which as rows of a product need no copy again.
        last = x.transpose((*range(1, x.ndim), 0)).reshape((*shape[1:], shape[0]))
        return last.transpose((len(shape) - 1, *range(len(shape) - 1)))
    return x.reshape(shape)


reshape_primitive.defvjp(x=lambda g, x_shape: reshape_primitive(g, shape=x_shape))


@function
def reshape(input: Tensor, shape: Any) -> Tensor:
    """The same elements in another shape; one size may be -1, which means what is left.

    (*) -> (*shape)

    Shares memory where the strides allow it. Where they do not and `input` is no
    view itself, the copy cannot be changed in place as long as `input` is there:
    `input` would not see it. Raises `ShapeError` where the numbers of elements differ.

    >>> import minigrad as mg
    >>> mg.reshape(mg.arange(6), (2, -1))
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    input = as_operand(input, "reshape")
    sizes = sizes_of(shape, "reshape")
    free = sizes.count(-1)
    count, known = input._array.size, math.prod([size for size in sizes if size != -1] if free else sizes)
    fits = count == known if free == 0 else free == 1 and known != 0 and count % known == 0
    if not fits or min(sizes, default=0) < -1:
        raise ShapeError(
            f"reshape of shape {input.shape} ({count} elements) to {sizes}; the sizes must multiply to {count}, and at "
            "most one may be -1"
        )
    return _reshaped(input, tuple([count // known if size == -1 else size for size in sizes]) if free else sizes)


def _reshaped(input: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The same elements in a shape that has as many."""
    result = reshape_primitive(input, shape=shape)
    if (result._held is None or result._held is not input._held) and input._base is None and input._array.size:
        result._storage = Copied(input)
    return result


@function
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The axes from start_dim to end_dim joined into one.

    (*a, *b, *c) -> (*a, product of b, *c). Raises `IndexOutOfRangeError` for an axis there is not,
    `ArgumentError` where start_dim comes after end_dim.

    >>> import minigrad as mg
    >>> mg.flatten(mg.zeros(2, 3, 4), 1).shape
    (2, 12)
    """
    input = as_operand(input, "flatten")
    shape = input._array.shape
    first, last = axis_of(start_dim, len(shape), "flatten"), axis_of(end_dim, len(shape), "flatten")
    if not shape:
        return _reshaped(input, (1,))
    if first > last:
        raise ArgumentError(f"flatten from axis {first} to axis {last}: the first comes after the last")
    return _reshaped(input, (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


@function
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One axis split into several; one size may be -1, which means what is left.

    (*a, n, *c) -> (*a, *sizes, *c). Raises `ShapeError` where the sizes do not multiply to n,
    `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.unflatten(mg.zeros(2, 12), 1, (3, 4)).shape
    (2, 3, 4)
    """
    input = as_operand(input, "unflatten")
    if input.ndim == 0:
        raise ShapeError("unflatten got a 0-d tensor, which has no axis to split; use reshape")
    axis = axis_of(dim, input.ndim, "unflatten")
    inner = sizes_of(sizes, "unflatten")
    known = math.prod(size for size in inner if size != -1)
    if not inner or (known == 0 and -1 in inner):
        raise ShapeError(
            f"unflatten of an axis of {input.shape[axis]} elements into {inner}: "
            + ("-1 beside 0 can be any size; say which" if inner else "give at least one size")
        )
    inner = tuple(input.shape[axis] // max(known, 1) if size == -1 else size for size in inner)
    return reshape(input, (*input.shape[:axis], *inner, *input.shape[axis + 1 :]))


@function
def squeeze(input: Tensor, dim: Dims = None) -> Tensor:
    """Without the axes of size 1, or without those of `dim` that have size 1.

    (*a, 1, *c) -> (*a, *c). Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.squeeze(mg.zeros(1, 3, 1)).shape
    (3,)
    """
    input = as_operand(input, "squeeze")
    axes = axes_of(dim, input.ndim, "squeeze")
    return reshape(input, tuple(n for axis, n in enumerate(input.shape) if n != 1 or axis not in axes))


@function
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new axis of size 1 at position `dim`.

    (*a, *c) -> (*a, 1, *c). Raises `IndexOutOfRangeError` for a position there is not.

    >>> import minigrad as mg
    >>> mg.unsqueeze(mg.zeros(3), 0).shape
    (1, 3)
    """
    input = as_operand(input, "unsqueeze")
    axis = axis_of(dim, input.ndim + 1, "unsqueeze")
    return reshape(input, (*input.shape[:axis], 1, *input.shape[axis:]))


# ------------------------------------------------------------ order of axes


@primitive("y = x with its axes permuted", vjp="x̄ = g with the inverse permutation", quiet=True, view=True, linear=True)
def permute_primitive(x: Array, *, axes: tuple[int, ...]) -> Array:
    """The axes in another order."""
    return x.transpose(axes)


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


permute_primitive.defvjp(x=lambda g, axes: permute_primitive(g, axes=_inverse(axes)))


@function
def permute(input: Tensor, dims: Sequence[int]) -> Tensor:
    """The axes in the order `dims`; shares memory.

    (*) -> (*) in that order. Raises `ArgumentError` where `dims` does not name each
    axis once, `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.permute(mg.zeros(2, 3, 4), (2, 0, 1)).shape
    (4, 2, 3)
    """
    input = as_operand(input, "permute")
    axes = axes_of(sizes_of(dims, "permute"), input.ndim, "permute")
    if len(axes) != input.ndim:
        raise ArgumentError(f"permute got {len(axes)} axes for a tensor with {input.ndim}; name each axis once")
    return permute_primitive(input, axes=axes)


@function
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two axes exchanged; shares memory.

    (*a, n, *b, m, *c) -> (*a, m, *b, n, *c). Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.transpose(mg.zeros(2, 3), 0, 1).shape
    (3, 2)
    """
    input = as_operand(input, "transpose")
    order = list(range(input.ndim))
    first, second = axis_of(dim0, input.ndim, "transpose"), axis_of(dim1, input.ndim, "transpose")
    if order:
        order[first], order[second] = second, first
    return permute_primitive(input, axes=tuple(order))


@function
def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """NumPy's name for `transpose`.

    (*a, n, *b, m, *c) -> (*a, m, *b, n, *c). Raises as `transpose`.

    >>> import minigrad as mg
    >>> mg.swapaxes(mg.zeros(2, 3), 0, 1).shape
    (3, 2)
    """
    return transpose(input, axis0, axis1)


@function
def movedim(input: Tensor, source: Dims, destination: Dims) -> Tensor:
    """Axes moved to other positions, the rest in their order.

    (*a, n, *b, *c) -> (*a, *b, n, *c). Raises `ArgumentError` where there are not as many
    destinations as axes, `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.movedim(mg.zeros(2, 3, 4), 1, -1).shape
    (2, 4, 3)
    """
    input = as_operand(input, "movedim")
    origin, goal = axes_of(source, input.ndim, "movedim"), axes_of(destination, input.ndim, "movedim")
    if len(origin) != len(goal):
        raise ArgumentError(f"movedim got {len(origin)} axes and {len(goal)} destinations; give as many of each")
    order = [axis for axis in range(input.ndim) if axis not in origin]
    for position, axis in sorted(zip(goal, origin, strict=True)):
        order.insert(position, axis)
    return permute_primitive(input, axes=tuple(order))


@primitive("y = x in reverse order along axes", vjp="x̄ = g in reverse order", notes=("N13",), quiet=True, linear=True)
def flip_primitive(x: Array, *, axes: tuple[int, ...]) -> Array:
    """Reverse the order along axes."""
    return np.flip(x, axes).copy(order="K")


flip_primitive.defvjp(x=lambda g, axes: flip_primitive(g, axes=axes))


@function
def flip(input: Tensor, dims: Any = None, *more: int) -> Tensor:
    """The order reversed along `dims`; of two axes it is the rot180 of the notes (N13).

    (*) -> (*). Raises `IndexOutOfRangeError` for an axis there is not, `ArgumentError` for one named twice.

    It is a copy; basic indices such as `x[::-1]` give views.

    >>> import minigrad as mg
    >>> mg.flip(mg.tensor([1, 2, 3]), 0)
    tensor([3, 2, 1])
    """
    input = as_operand(input, "flip")
    given = (dims, *more) if more else dims
    return flip_primitive(input, axes=axes_of(given, input.ndim, "flip"))


# ---------------------------------------------------------- expand ↔ sum_to


@primitive("y = x repeated along axes of size 1", vjp="x̄ = g summed over them", quiet=True, view=True, linear=True)
def expand_primitive(x: Array, *, shape: tuple[int, ...]) -> Array:
    """Broadcast without a copy; the adjoint of `sum_to`."""
    return np.broadcast_to(x, shape)


@primitive("y = x summed to a shape that broadcasts to it", vjp="x̄ = g expanded", linear=True)
def sum_to_primitive(x: Array, *, shape: tuple[int, ...]) -> Array:
    """Sum over what broadcasting repeated; the adjoint of `expand`."""
    return total_to(x, shape)


expand_primitive.defvjp(x=lambda g, x_shape: sum_to_primitive(g, shape=x_shape))
sum_to_primitive.defvjp(x=lambda g, x_shape: expand_primitive(g, shape=x_shape))


@function
def sum_to(input: Tensor, shape: tuple[int, ...]) -> Tensor:
    """`x` summed to `shape`, which must broadcast to the shape of x; the adjoint of `expand`.

    (*) -> (*shape). Raises `ShapeError` where `shape` does not broadcast to (*).

    >>> import minigrad as mg
    >>> mg.sum_to(mg.ones(2, 3), (1, 3))
    tensor([[2., 2., 2.]])
    """
    input = as_operand(input, "sum_to")
    if input.shape == tuple(shape):
        return input
    check_broadcast(tuple(shape), input.shape, "sum_to")
    return sum_to_primitive(input, shape=tuple(shape))


def check_broadcast(small: tuple[int, ...], large: tuple[int, ...], name: str) -> None:
    """Raise `ShapeError` where the first shape does not broadcast to the second."""
    tail = large[len(large) - len(small) :]
    if len(small) > len(large) or any(a not in (1, b) for a, b in zip(small, tail, strict=True)):
        raise ShapeError(
            f"{name}: shape {small} does not broadcast to {large}; from the last axis on, sizes must be equal or 1"
        )


@function
def expand(input: Tensor, sizes: Sequence[int]) -> Tensor:
    """Axes of size 1 repeated to `sizes`, new ones in front; -1 keeps a size. No copy, so it cannot be written.

    (*) -> (*sizes). Raises `ShapeError` where (*) does not broadcast to `sizes`.

    >>> import minigrad as mg
    >>> mg.expand(mg.tensor([[1], [2]]), (-1, 3))
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    input = as_operand(input, "expand")
    sizes = sizes_of(sizes, "expand")
    lead = len(sizes) - input.ndim
    shape = tuple(
        input.shape[axis - lead] if size == -1 and axis >= lead else whole(size, "expand")
        for axis, size in enumerate(sizes)
    )
    if min(shape, default=0) < 0:
        raise ShapeError(f"expand of shape {input.shape} to {tuple(sizes)}: -1 keeps a size, so a new axis needs one")
    if max(shape, default=0) >= 2**59:
        raise ArgumentError(f"expand to {shape}: no index reaches so many elements")
    check_broadcast(input.shape, shape, "expand")
    return input if shape == input.shape else expand_primitive(input, shape=shape)


@function
def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """NumPy's name for `expand`.

    (*) -> (*size). Raises as `expand`.

    >>> import minigrad as mg
    >>> mg.broadcast_to(mg.tensor([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    return expand(input, size)
