"""Shape and order: linear primitives in adjoint pairs, each the VJP of the other.

reshape ↔ reshape      permute ↔ its inverse      flip ↔ flip
expand ↔ sum_to        cat ↔ split                cast ↔ cast
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dtypes import as_dtype, result_dtype
from ..errors import ArgumentError, DTypeError, ShapeError
from ..primitive import as_operand, primitive
from ..registry import function
from ..tensor import Array, Tensor
from .axes import Dims, axes_of, axis_of

# ------------------------------------------------------------ same elements


@primitive("y = x, elsewhere in memory", vjp="x̄ = g", quiet=True)
def clone(x: Array) -> Array:
    """A recorded copy.

    >>> import minigrad as mg
    >>> mg.clone(mg.tensor([1.]))
    tensor([1.])
    """
    return x.copy(order="K")


clone.defvjp(x=lambda g: g)


@primitive("y = x, in C order", vjp="x̄ = g", quiet=True)
def contiguous(x: Array) -> Array:
    """A recorded copy whose memory is C-contiguous."""
    return x.copy(order="C")


contiguous.defvjp(x=lambda g: g)


@primitive("y = x, off the tape", quiet=True, view=True)
def detach(x: Array) -> Array:
    """The same storage outside the tape: no gradient flows through it.

    >>> import minigrad as mg
    >>> mg.detach(mg.ones(2, requires_grad=True)).requires_grad
    False
    """
    return x.view()


@primitive("y = x", vjp="x̄ = g", name="identity", quiet=True, view=True)
def identity_primitive(*xs: Array) -> tuple[Array, ...]:
    """Its arguments, as one node of the tape: a place to watch all their gradients at once."""
    return tuple(x.view() for x in xs)


identity_primitive.defvjp(xs=lambda g, position: g[position])


@function
def identity(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors themselves, passed through one node of the tape: a place to watch all their gradients at once.

    >>> import minigrad as mg
    >>> a, b = mg.identity(mg.ones(1), mg.zeros(1))
    >>> a
    tensor([1.])
    """
    return identity_primitive.many(*tensors)


@primitive("y = x in another dtype", vjp="x̄ = g in the dtype of x", name="cast")
def cast_primitive(x: Array, *, dtype: Any) -> Array:
    """Conversion; the walk brings the cotangent back to the dtype of x."""
    return x.astype(dtype)


cast_primitive.defvjp(x=lambda g: g)


@function
def cast(x: Tensor, dtype: Any) -> Tensor:
    """`x` in another dtype: a new tensor."""
    return cast_primitive(x, dtype=as_dtype(dtype))


# ------------------------------------------------------------------ reshape


@primitive("y = x in another shape", vjp="x̄ = g in the shape of x", quiet=True, view=True)
def reshape_primitive(x: Array, *, shape: tuple[int, ...]) -> Array:
    """The same elements, in row-major order, in another shape."""
    return x.reshape(shape)


reshape_primitive.defvjp(x=lambda g, x_shape: reshape_primitive(g, shape=x_shape))


@function
def reshape(x: Tensor, shape: Any) -> Tensor:
    """The same elements in another shape; one size may be -1, which means what is left.

    Shares memory where the strides allow it. Raises `ShapeError` where the
    numbers of elements differ.

    >>> import minigrad as mg
    >>> mg.reshape(mg.arange(6), (2, -1))
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    x = as_operand(x, "reshape")
    sizes = tuple(int(size) for size in shape) if isinstance(shape, Sequence) else (int(shape),)
    count, known = x._array.size, math.prod(size for size in sizes if size != -1)
    free = sizes.count(-1)
    fits = count == known if free == 0 else free == 1 and known != 0 and count % known == 0
    if not fits or min(sizes, default=0) < -1:
        raise ShapeError(
            f"reshape of shape {x.shape} ({count} elements) to {sizes}; the sizes must multiply to {count}, and at "
            "most one "
            "may be -1"
        )
    return reshape_primitive(x, shape=tuple(count // known if size == -1 else size for size in sizes))


@function
def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The axes from start_dim to end_dim joined into one.

    >>> import minigrad as mg
    >>> mg.flatten(mg.zeros(2, 3, 4), 1).shape
    (2, 12)
    """
    x = as_operand(x, "flatten")
    if x.ndim == 0:
        return reshape(x, (1,))
    first, last = axis_of(start_dim, x.ndim, "flatten"), axis_of(end_dim, x.ndim, "flatten")
    if first > last:
        raise ArgumentError(f"flatten from axis {first} to axis {last}: the first comes after the last")
    return reshape(x, (*x.shape[:first], math.prod(x.shape[first : last + 1]), *x.shape[last + 1 :]))


@function
def unflatten(x: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One axis split into several.

    >>> import minigrad as mg
    >>> mg.unflatten(mg.zeros(2, 12), 1, (3, 4)).shape
    (2, 3, 4)
    """
    x = as_operand(x, "unflatten")
    axis = axis_of(dim, x.ndim, "unflatten")
    inner = tuple(sizes)
    known = math.prod(size for size in inner if size != -1)
    inner = tuple(x.shape[axis] // max(known, 1) if size == -1 else size for size in inner)
    return reshape(x, (*x.shape[:axis], *inner, *x.shape[axis + 1 :]))


@function
def squeeze(x: Tensor, dim: Dims = None) -> Tensor:
    """Without the axes of size 1, or without those of `dim` that have size 1.

    >>> import minigrad as mg
    >>> mg.squeeze(mg.zeros(1, 3, 1)).shape
    (3,)
    """
    x = as_operand(x, "squeeze")
    axes = axes_of(dim, x.ndim, "squeeze")
    return reshape(x, tuple(n for axis, n in enumerate(x.shape) if n != 1 or axis not in axes))


@function
def unsqueeze(x: Tensor, dim: int) -> Tensor:
    """With a new axis of size 1 at position `dim`.

    >>> import minigrad as mg
    >>> mg.unsqueeze(mg.zeros(3), 0).shape
    (1, 3)
    """
    x = as_operand(x, "unsqueeze")
    axis = axis_of(dim, x.ndim + 1, "unsqueeze")
    return reshape(x, (*x.shape[:axis], 1, *x.shape[axis:]))


# ------------------------------------------------------------ order of axes


@primitive("y = x with its axes permuted", vjp="x̄ = g with the inverse permutation", quiet=True, view=True)
def permute_primitive(x: Array, *, axes: tuple[int, ...]) -> Array:
    """The axes in another order."""
    return x.transpose(axes)


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


permute_primitive.defvjp(x=lambda g, axes: permute_primitive(g, axes=_inverse(axes)))


@function
def permute(x: Tensor, dims: Sequence[int]) -> Tensor:
    """The axes in the order `dims`; shares memory.

    Raises `ArgumentError` where `dims` does not name each axis once.

    >>> import minigrad as mg
    >>> mg.permute(mg.zeros(2, 3, 4), (2, 0, 1)).shape
    (4, 2, 3)
    """
    x = as_operand(x, "permute")
    axes = axes_of(tuple(dims), x.ndim, "permute")
    if len(axes) != x.ndim:
        raise ArgumentError(f"permute got {len(axes)} axes for a tensor with {x.ndim}; name each axis once")
    return permute_primitive(x, axes=axes)


@function
def transpose(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two axes exchanged; shares memory.

    >>> import minigrad as mg
    >>> mg.transpose(mg.zeros(2, 3), 0, 1).shape
    (3, 2)
    """
    x = as_operand(x, "transpose")
    order = list(range(x.ndim))
    first, second = axis_of(dim0, x.ndim, "transpose"), axis_of(dim1, x.ndim, "transpose")
    if order:
        order[first], order[second] = second, first
    return permute_primitive(x, axes=tuple(order))


@function
def swapaxes(x: Tensor, axis0: int, axis1: int) -> Tensor:
    """NumPy's name for `transpose`."""
    return transpose(x, axis0, axis1)


@function
def movedim(x: Tensor, source: Dims, destination: Dims) -> Tensor:
    """Axes moved to other positions, the rest in their order.

    >>> import minigrad as mg
    >>> mg.movedim(mg.zeros(2, 3, 4), 1, -1).shape
    (2, 4, 3)
    """
    x = as_operand(x, "movedim")
    origin, goal = axes_of(source, x.ndim, "movedim"), axes_of(destination, x.ndim, "movedim")
    if len(origin) != len(goal):
        raise ArgumentError(f"movedim got {len(origin)} axes and {len(goal)} destinations; give as many of each")
    order = [axis for axis in range(x.ndim) if axis not in origin]
    for position, axis in sorted(zip(goal, origin, strict=True)):
        order.insert(position, axis)
    return permute_primitive(x, axes=tuple(order))


@primitive("y = x in reverse order along axes", vjp="x̄ = g in reverse order", notes=("N13",), quiet=True, view=True)
def flip_primitive(x: Array, *, axes: tuple[int, ...]) -> Array:
    """Reverse the order along axes."""
    return np.flip(x, axes)


flip_primitive.defvjp(x=lambda g, axes: flip_primitive(g, axes=axes))


@function
def flip(x: Tensor, *dims: Any) -> Tensor:
    """The order reversed along `dims`; of two axes it is the rot180 of the notes (N13).

    Unlike PyTorch's it shares memory.

    >>> import minigrad as mg
    >>> mg.flip(mg.tensor([1, 2, 3]), 0)
    tensor([3, 2, 1])
    """
    x = as_operand(x, "flip")
    given = dims[0] if len(dims) == 1 else (dims or None)
    return flip_primitive(x, axes=axes_of(given, x.ndim, "flip"))


# ---------------------------------------------------------- expand ↔ sum_to


@primitive("y = x repeated along axes of size 1", vjp="x̄ = g summed over them", quiet=True, view=True)
def expand_primitive(x: Array, *, shape: tuple[int, ...]) -> Array:
    """Broadcast without a copy; the adjoint of `sum_to`."""
    return np.broadcast_to(x, shape)


@primitive("y = x summed to a shape that broadcasts to it", vjp="x̄ = g expanded")
def sum_to_primitive(x: Array, *, shape: tuple[int, ...]) -> Array:
    """Sum over what broadcasting repeated; the adjoint of `expand`."""
    lead = x.ndim - len(shape)
    repeated = tuple(axis + lead for axis, size in enumerate(shape) if size == 1 and x.shape[axis + lead] != 1)
    total = x.sum(axis=(*range(lead), *repeated), keepdims=True, dtype=x.dtype)
    return total.reshape(total.shape[lead:])  # type: ignore[no-any-return]


expand_primitive.defvjp(x=lambda g, x_shape: sum_to_primitive(g, shape=x_shape))
sum_to_primitive.defvjp(x=lambda g, x_shape: expand_primitive(g, shape=x_shape))


@function
def sum_to(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """`x` summed to `shape`, which must broadcast to the shape of x; the adjoint of `expand`.

    >>> import minigrad as mg
    >>> mg.sum_to(mg.ones(2, 3), (1, 3))
    tensor([[2., 2., 2.]])
    """
    x = as_operand(x, "sum_to")
    if x.shape == tuple(shape):
        return x
    _check_broadcast(tuple(shape), x.shape, "sum_to")
    return sum_to_primitive(x, shape=tuple(shape))


def _check_broadcast(small: tuple[int, ...], large: tuple[int, ...], name: str) -> None:
    tail = large[len(large) - len(small) :]
    if len(small) > len(large) or any(a not in (1, b) for a, b in zip(small, tail, strict=True)):
        raise ShapeError(
            f"{name}: shape {small} does not broadcast to {large}; from the last axis on, sizes must be equal or 1"
        )


@function
def expand(x: Tensor, sizes: Sequence[int]) -> Tensor:
    """Axes of size 1 repeated to `sizes`, new ones in front; -1 keeps a size. No copy, so it cannot be written.

    >>> import minigrad as mg
    >>> mg.expand(mg.tensor([[1], [2]]), (-1, 3))
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    x = as_operand(x, "expand")
    lead = len(sizes) - x.ndim
    shape = tuple(x.shape[axis - lead] if size == -1 and axis >= lead else int(size) for axis, size in enumerate(sizes))
    _check_broadcast(x.shape, shape, "expand")
    return x if shape == x.shape else expand_primitive(x, shape=shape)


@function
def broadcast_to(x: Tensor, shape: Sequence[int]) -> Tensor:
    """NumPy's name for `expand`."""
    return expand(x, tuple(shape))


# --------------------------------------------------------------- cat ↔ split


@primitive(
    "y = x₁, x₂, … joined along an axis", vjp="x̄ᵢ = the part of g that came from xᵢ", notes=("N140",), quiet=True
)
def cat_primitive(*xs: Array, axis: int) -> Array:
    """Join along an existing axis."""
    return np.concatenate(xs, axis)


@primitive("y₁, y₂, … = the parts of x along an axis", vjp="x̄ = the ḡᵢ joined", notes=("N140",), quiet=True, view=True)
def split_primitive(x: Array, *, sizes: tuple[int, ...], axis: int) -> tuple[Array, ...]:
    """Cut along an axis."""
    ends = np.cumsum(sizes)
    lead = (slice(None),) * axis
    return tuple(x[(*lead, slice(end - size, end))] for size, end in zip(sizes, ends, strict=True))


def _part(g: Tensor, xs_shape: tuple[tuple[int, ...], ...], axis: int, position: int) -> Tensor:
    start = sum(shape[axis] for shape in xs_shape[:position])
    return g[(*(slice(None),) * axis, slice(start, start + xs_shape[position][axis]))]


cat_primitive.defvjp(xs=_part)
split_primitive.defvjp(x=lambda g, axis: cat_primitive(*g, axis=axis))


@function
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors joined along an existing axis (N140); different dtypes are promoted.

    Raises `ShapeError` where the other axes differ, `ArgumentError` for an empty list.

    >>> import minigrad as mg
    >>> mg.cat([mg.tensor([1, 2]), mg.tensor([3])])
    tensor([1, 2, 3])
    """
    parts = _common([as_operand(one, "cat") for one in tensors], "cat")
    axis = axis_of(dim, parts[0].ndim, "cat")
    reference = parts[0].shape
    for number, part in enumerate(parts):
        others = [a == b for a, b in zip(part.shape, reference, strict=False)]
        if part.ndim != len(reference) or not reference or not all(others[:axis] + others[axis + 1 :]):
            raise ShapeError(
                f"cat along axis {axis}: tensor {number} has shape {part.shape}, tensor 0 has {reference}; all axes "
                "but "
                "the joined one must agree, and there must be one"
            )
    return cat_primitive(*parts, axis=axis)


def _common(tensors: list[Tensor], name: str) -> list[Tensor]:
    if not tensors:
        raise ArgumentError(f"{name} got no tensors; give at least one")
    dtype = result_dtype([(tensor.dtype, 2) for tensor in tensors])
    return [tensor.to(dtype=dtype) for tensor in tensors]


@function
def concatenate(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """NumPy's name for `cat`."""
    return cat(tensors, dim)


@function
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis.

    >>> import minigrad as mg
    >>> mg.stack([mg.tensor([1, 2]), mg.tensor([3, 4])]).shape
    (2, 2)
    """
    parts = _common([as_operand(one, "stack") for one in tensors], "stack")
    for number, part in enumerate(parts):
        if part.shape != parts[0].shape:
            raise ShapeError(
                f"stack: tensor {number} has shape {part.shape}, tensor 0 has {parts[0].shape}; all must be equal"
            )
    return cat([unsqueeze(part, dim) for part in parts], dim)


@function
def split(x: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of a given size along `dim` (the last may be smaller), or of given sizes; they share memory.

    Raises `ShapeError` where given sizes do not add up.

    >>> import minigrad as mg
    >>> [part.tolist() for part in mg.split(mg.arange(5), 2)]
    [[0, 1], [2, 3], [4]]
    """
    x = as_operand(x, "split")
    axis = axis_of(dim, x.ndim, "split")
    if x.ndim == 0:
        raise ShapeError("split of a 0-d tensor: it has no axis to cut")
    whole = x.shape[axis]
    if isinstance(split_size_or_sections, int):
        size = split_size_or_sections
        if size <= 0:
            raise ArgumentError(f"split got a size of {size}; it must be positive")
        sizes = tuple(min(size, whole - start) for start in range(0, whole, size)) or (0,)
    else:
        sizes = tuple(int(size) for size in split_size_or_sections)
        if sum(sizes) != whole or min(sizes, default=0) < 0:
            raise ShapeError(f"split of an axis of size {whole} into {sizes}, which add up to {sum(sizes)}")
    return split_primitive.many(x, sizes=sizes, axis=axis)


@function
def chunk(x: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` parts of equal size along `dim`, the last maybe smaller.

    >>> import minigrad as mg
    >>> len(mg.chunk(mg.arange(6), 3))
    3
    """
    x = as_operand(x, "chunk")
    if chunks <= 0:
        raise ArgumentError(f"chunk got {chunks} chunks; it must be positive")
    whole = x.shape[axis_of(dim, x.ndim, "chunk")]
    return split(x, max(1, -(-whole // chunks)), dim)


@function
def unbind(x: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, without that axis.

    >>> import minigrad as mg
    >>> [one.tolist() for one in mg.unbind(mg.tensor([[1, 2], [3, 4]]))]
    [[1, 2], [3, 4]]
    """
    x = as_operand(x, "unbind")
    axis = axis_of(dim, x.ndim, "unbind")
    if x.ndim == 0:
        raise ShapeError("unbind of a 0-d tensor: it has no axis")
    if x.shape[axis] == 0:
        return ()
    return tuple(squeeze(part, axis) for part in split(x, 1, axis))


def refuse_mixed_floats(tensors: Sequence[Tensor], name: str) -> None:
    """Raise `DTypeError` where the floating dtypes of the operands of a product differ."""
    kinds = [tensor.dtype for tensor in tensors]
    if any(kind != kinds[0] for kind in kinds):
        wide = result_dtype([(kind, 2) for kind in kinds])
        raise DTypeError(
            f"{name} of {' and '.join(str(kind) for kind in kinds)}: products do not promote, since that would "
            "silently "
            f"double memory and time. Convert one of them, for example t.to(mg.{wide})"
        )
