"""Diagonals and triangles of matrices, and of stacks of them.

diagonal ↔ diagonal_embed, each the VJP of the other.
"""

from typing import Any

import numpy as np

from ..dtypes import as_dtype
from ..errors import ArgumentError, ShapeError
from ..operands import as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .axes import axis_of, whole
from .comparison import masked_fill
from .reduction import sum_primitive
from .shape import clone, flatten

__all__ = [
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal",
    "trace",
    "tril",
    "tril_indices",
    "triu",
    "triu_indices",
]


def _plane(x: Array, axes: tuple[int, int], offset: int) -> Array:
    """A writable view of a diagonal of the matrices along two axes, as the last axis."""
    x = np.moveaxis(x, axes, (-2, -1))[..., max(-offset, 0) :, max(offset, 0) :]
    size = min(x.shape[-2:])
    strides = (*x.strides[:-2], x.strides[-2] + x.strides[-1])
    return np.lib.stride_tricks.as_strided(x, (*x.shape[:-2], size), strides, writeable=x.flags.writeable)


@primitive(
    "y = x along the diagonal of two axes", vjp="x̄ = zeros with g on that diagonal", quiet=True, view=True, linear=True
)
def diagonal_primitive(x: Array, *, axes: tuple[int, int], offset: int) -> Array:
    """A diagonal as a new last axis; the adjoint of `diagonal_embed`."""
    return _plane(x, axes, offset)


@primitive("y = zeros with x on the diagonal of two axes", vjp="x̄ = g along that diagonal", quiet=True, linear=True)
def diagonal_embed(x: Array, *, axes: tuple[int, int], offset: int, shape: tuple[int, ...]) -> Array:
    """Zeros of a shape with the last axis on a diagonal; the adjoint of `diagonal`."""
    out = np.zeros(shape, x.dtype)
    _plane(out, axes, offset)[...] = x
    return out


diagonal_primitive.defvjp(x=lambda g, x_shape, axes, offset: diagonal_embed(g, axes=axes, offset=offset, shape=x_shape))
diagonal_embed.defvjp(x=lambda g, axes, offset: diagonal_primitive(g, axes=axes, offset=offset))


def _two_axes(dim1: int, dim2: int, ndim: int, name: str) -> tuple[int, int]:
    axes = axis_of(dim1, ndim, name), axis_of(dim2, ndim, name)
    if axes[0] == axes[1] or ndim < 2:
        raise ArgumentError(f"{name} got dim1={dim1} and dim2={dim2} of {ndim} axes; a diagonal needs two")
    return axes


@function
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of the matrices along two axes, as a new last axis; shares memory.

    (*a, n, *b, m, *c) -> (*a, *b, *c, k). A positive `offset` means a diagonal further up,
    a negative one further down. Raises `IndexOutOfRangeError` for an axis there is not,
    `ArgumentError` where both axes are the same.

    >>> import minigrad as mg
    >>> mg.diagonal(mg.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    x, shift = as_operand(input, "diagonal"), _offset(offset, "diagonal")
    return diagonal_primitive(x, axes=_two_axes(dim1, dim2, x.ndim, "diagonal"), offset=shift)


def _offset(value: Any, name: str) -> int:
    shift = whole(value, name)
    if abs(shift) >= 2**59:
        raise ArgumentError(f"{name} got a diagonal {shift} steps away; no matrix is that large")
    return shift


@function
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Square matrices along two new axes with the last axis on their diagonal, zeros elsewhere.

    (*, k) -> (*, k + |offset|, k + |offset|). Raises `ShapeError` for a 0-d tensor,
    `IndexOutOfRangeError` for an axis there is not, `ArgumentError` where both axes are the same.

    >>> import minigrad as mg
    >>> mg.diag_embed(mg.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    x, shift = as_operand(input, "diag_embed"), _offset(offset, "diag_embed")
    if x.ndim == 0:
        raise ShapeError("diag_embed of a 0-d tensor: it has no axis to put on a diagonal")
    axes = _two_axes(dim1, dim2, x.ndim + 1, "diag_embed")
    size = x.shape[-1] + abs(shift)
    rest = iter(x.shape[:-1])
    shape = tuple(size if axis in axes else next(rest) for axis in range(x.ndim + 1))
    return diagonal_embed(x, axes=axes, offset=shift, shape=shape)


@function
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix; of a vector, the matrix that has it on the diagonal.

    (n, m) -> (k), or (k) -> (k + |diagonal|, k + |diagonal|). Raises `ShapeError` for other ranks.

    >>> import minigrad as mg
    >>> mg.diag(mg.tensor([[1, 2], [3, 4]]), 1)
    tensor([2])
    """
    x, shift = as_operand(input, "diag"), _offset(diagonal, "diag")
    if x.ndim not in (1, 2):
        raise ShapeError(f"diag of a tensor of shape {x.shape}: it takes a matrix or a vector; diagonal takes stacks")
    return diag_embed(x, shift) if x.ndim == 1 else clone(diagonal_primitive(x, axes=(0, 1), offset=shift))


@function
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """The matrix that has all elements, in row-major order, on its diagonal.

    (*) -> (k + |offset|, k + |offset|), k elements

    >>> import minigrad as mg
    >>> mg.diagflat(mg.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    return diag_embed(flatten(as_operand(input, "diagflat")), offset)


@function
def trace(input: Tensor) -> Tensor:
    """The sum over the diagonal of a matrix.

    (n, m) -> (). Raises `ShapeError` for other ranks.

    >>> import minigrad as mg
    >>> mg.trace(mg.tensor([[1., 2.], [3., 4.]]))
    tensor(5.)
    """
    x = as_operand(input, "trace")
    if x.ndim != 2:
        raise ShapeError(f"trace of a tensor of shape {x.shape}: it takes a matrix")
    return sum_primitive(diagonal_primitive(x, axes=(0, 1), offset=0), axes=(0,), keepdims=False)


# ------------------------------------------------------------------ triangles


def _outside(input: Tensor, diagonal: int, lower: bool, name: str) -> Tensor:
    """The matrices with zeros above (or below) a diagonal."""
    x, shift = as_operand(input, name), _offset(diagonal, name)
    if x.ndim < 2:
        raise ShapeError(f"{name} of a tensor of shape {x.shape}: it takes matrices, along the last two axes")
    inside = np.tri(x.shape[-2], x.shape[-1], shift if lower else shift - 1, dtype=bool)
    return masked_fill(x, Tensor._wrap(~inside if lower else inside), 0)


@function
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of matrices along the last two axes, up to a diagonal; zeros above.

    (*, n, m) -> (*, n, m). Raises `ShapeError` for fewer than two axes.

    >>> import minigrad as mg
    >>> mg.tril(mg.ones(2, 2))
    tensor([[1., 0.],
            [1., 1.]])
    """
    return _outside(input, diagonal, True, "tril")


@function
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of matrices along the last two axes, from a diagonal on; zeros below.

    (*, n, m) -> (*, n, m). Raises `ShapeError` for fewer than two axes.

    >>> import minigrad as mg
    >>> mg.triu(mg.ones(2, 2))
    tensor([[1., 1.],
            [0., 1.]])
    """
    return _outside(input, diagonal, False, "triu")


def _indices(found: tuple[Array, ...], dtype: Any, device: Any) -> Tensor:
    index = Tensor._wrap(np.stack(found)).to(dtype=as_dtype(dtype))
    return index if device is None else index.to(device)


def _sides(row: int, col: int, name: str) -> tuple[int, int]:
    sides = whole(row, name), whole(col, name)
    if min(sides) < 0 or max(sides) >= 2**20:
        raise ArgumentError(f"{name} got {sides[0]} rows and {sides[1]} columns; both are counted from 0 on")
    return sides


@function
def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = np.int64, device: Any = None) -> Tensor:
    """The rows and columns of the elements of a lower triangle, in row-major order.

    () -> (2, count). Raises `ArgumentError` for negative sizes.

    >>> import minigrad as mg
    >>> mg.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    rows, columns = _sides(row, col, "tril_indices")
    return _indices(np.nonzero(np.tri(rows, columns, _offset(offset, "tril_indices"), dtype=bool)), dtype, device)


@function
def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = np.int64, device: Any = None) -> Tensor:
    """The rows and columns of the elements of an upper triangle, in row-major order.

    () -> (2, count). Raises `ArgumentError` for negative sizes.

    >>> import minigrad as mg
    >>> mg.triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])
    """
    rows, columns = _sides(row, col, "triu_indices")
    below = np.tri(rows, columns, _offset(offset, "triu_indices") - 1, dtype=bool)
    return _indices(np.nonzero(~below), dtype, device)
