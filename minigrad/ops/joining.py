"""Joining and cutting tensors along an axis (N140): cat ↔ split, each the VJP of the other."""

from collections.abc import Iterable, Sequence

import numpy as np

from ..dtypes import result_dtype
from ..errors import ArgumentError, DTypeError, ShapeError
from ..operands import as_integer, as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .axes import axis_of, whole
from .shape import squeeze, unsqueeze


@primitive(
    "y = x₁, x₂, … joined along an axis",
    vjp="x̄ᵢ = the part of g that came from xᵢ",
    notes=("N140",),
    quiet=True,
    linear=True,
)
def cat_primitive(*xs: Array, axis: int) -> Array:
    """Join along an existing axis."""
    like = next((x for x in xs if not x.flags.c_contiguous), xs[0])
    shape = list(like.shape)
    shape[axis] = sum(x.shape[axis] for x in xs)
    return np.concatenate(xs, axis, out=np.empty_like(like, shape=shape))


@primitive(
    "y₁, y₂, … = the parts of x along an axis",
    vjp="x̄ = the ḡᵢ joined",
    notes=("N140",),
    quiet=True,
    view=True,
    linear=True,
)
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

    (*a, n, *c), (*a, m, *c), … -> (*a, n + m + …, *c). Raises `ShapeError` where the other axes
    differ, `ArgumentError` for an empty list, `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.cat([mg.tensor([1, 2]), mg.tensor([3])])
    tensor([1, 2, 3])
    """
    parts = _common(tensors, "cat")
    parts = [part for part in parts if part.shape != (0,)] or parts[:1]  # PyTorch's rule for empty vectors
    axis = axis_of(dim, parts[0].ndim, "cat")
    reference = parts[0].shape
    for number, part in enumerate(parts):
        others = [a == b for a, b in zip(part.shape, reference, strict=False)]
        if part.ndim != len(reference) or not reference or not all(others[:axis] + others[axis + 1 :]):
            raise ShapeError(
                f"cat along axis {axis}: tensor {number} has shape {part.shape}, tensor 0 has {reference}; all axes "
                "but the joined one must agree, and there must be one"
            )
    return cat_primitive(*parts, axis=axis)


def _common(tensors: Sequence[Tensor], name: str) -> list[Tensor]:
    """The tensors in their common dtype."""
    if isinstance(tensors, Tensor):
        raise DTypeError(f"{name} got one tensor; give a list of tensors. Its rows are listed by tensor.unbind()")
    if not isinstance(tensors, Iterable):
        raise DTypeError(f"{name} got a {type(tensors).__name__}; give a list of tensors")
    operands = [as_operand(one, name) for one in tensors]
    if not operands:
        raise ArgumentError(f"{name} got no tensors; give at least one")
    dtype = result_dtype([(operand.dtype, 2) for operand in operands])
    return [operand.to(dtype=dtype) for operand in operands]


@function
def concatenate(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """NumPy's name for `cat`.

    (*a, n, *c), (*a, m, *c), … -> (*a, n + m + …, *c). Raises as `cat`.

    >>> import minigrad as mg
    >>> mg.concatenate([mg.tensor([1, 2]), mg.tensor([3])])
    tensor([1, 2, 3])
    """
    return cat(tensors, dim)


@function
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis.

    (*a, *c), … -> (*a, number of tensors, *c). Raises `ShapeError` where the shapes differ,
    `ArgumentError` for an empty list, `IndexOutOfRangeError` for a position there is not.

    >>> import minigrad as mg
    >>> mg.stack([mg.tensor([1, 2]), mg.tensor([3, 4])]).shape
    (2, 2)
    """
    parts = _common(tensors, "stack")
    for number, part in enumerate(parts):
        if part.shape != parts[0].shape:
            raise ShapeError(
                f"stack: tensor {number} has shape {part.shape}, tensor 0 has {parts[0].shape}; all must be equal"
            )
    return cat([unsqueeze(part, dim) for part in parts], dim)


@function
def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of a given size along `dim` (the last may be smaller), or of given sizes; they share memory.

    (*a, n, *c) -> (*a, n₁, *c), (*a, n₂, *c), … Raises `ShapeError` where given sizes do not add
    up, `ArgumentError` for a size below 1, `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> [part.tolist() for part in mg.split(mg.arange(5), 2)]
    [[0, 1], [2, 3], [4]]
    """
    tensor = as_operand(tensor, "split")
    axis = axis_of(dim, tensor.ndim, "split")
    if tensor.ndim == 0:
        raise ShapeError("split of a 0-d tensor: it has no axis to cut")
    length = tensor.shape[axis]
    if isinstance(split_size_or_sections, int):
        size = split_size_or_sections
        if size <= 0:
            raise ArgumentError(f"split got a size of {size}; it must be positive")
        sizes = tuple(min(size, length - start) for start in range(0, length, size)) or (0,)
    else:
        sizes = tuple(whole(size, "split") for size in split_size_or_sections)
        if sum(sizes) != length or min(sizes, default=0) < 0:
            raise ShapeError(f"split of an axis of size {length} into {sizes}, which add up to {sum(sizes)}")
    return split_primitive.many(tensor, sizes=sizes, axis=axis)


@function
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` parts of equal size along `dim`, the last maybe smaller.

    (*a, n, *c) -> (*a, n₁, *c), (*a, n₂, *c), … Raises `ArgumentError` for fewer than 1 part,
    `ShapeError` for a 0-d tensor, `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> len(mg.chunk(mg.arange(6), 3))
    3
    """
    input = as_operand(input, "chunk")
    chunks = as_integer(chunks, "chunk", "chunks")
    if chunks <= 0:
        raise ArgumentError(f"chunk got {chunks} chunks; it must be positive")
    if input.ndim == 0:
        raise ShapeError("chunk of a 0-d tensor: it has no axis to cut")
    length = input.shape[axis_of(dim, input.ndim, "chunk")]
    if length == 0:
        return split(input, [0] * chunks, dim)
    return split(input, max(1, -(-length // chunks)), dim)


@function
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, without that axis.

    (*a, n, *c) -> n tensors (*a, *c). Raises `ShapeError` for a 0-d tensor,
    `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> [one.tolist() for one in mg.unbind(mg.tensor([[1, 2], [3, 4]]))]
    [[1, 2], [3, 4]]
    """
    input = as_operand(input, "unbind")
    axis = axis_of(dim, input.ndim, "unbind")
    if input.ndim == 0:
        raise ShapeError("unbind of a 0-d tensor: it has no axis")
    if input.shape[axis] == 0:
        return ()
    return tuple(squeeze(part, axis) for part in split(input, 1, axis))
