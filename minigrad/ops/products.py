"""Products of vectors and matrices with a sum, outer and inner products, and sums over chosen axes."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..operands import as_operand
from ..registry import function
from ..tensor import Tensor
from .arithmetic import add, mul
from .axes import axes_of, axis_of, whole
from .indexing import index_select
from .linear import bmm, dot, matmul, mm, mv, refuse_mixed_dtypes
from .reduction import sum_primitive
from .shape import expand, permute, reshape, unsqueeze

__all__ = [
    "addbmm",
    "addmm",
    "addmv",
    "addr",
    "baddbmm",
    "cross",
    "inner",
    "kron",
    "outer",
    "tensordot",
    "vdot",
]

# ------------------------------------------------------------- with a sum


def _plus(input: Any, product: Tensor, beta: float, alpha: float, name: str) -> Tensor:
    """β·input + α·product; an input with β = 0 does not count, whatever its values."""
    x = as_operand(input, name)
    refuse_mixed_dtypes(name, input=x, product=product)
    if len(x.shape) > len(product.shape) or any(
        a not in (1, b) for a, b in zip(x.shape[::-1], product.shape[::-1], strict=False)
    ):
        raise ShapeError(f"{name} adds an input of shape {x.shape} to a product of shape {product.shape}")
    scaled = product if alpha == 1 else mul(product, alpha)
    if beta == 0:
        return scaled
    return add(x if beta == 1 else mul(x, beta), scaled)


@function
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """β·x + α·A·B of two matrices: (*), (N, K), (K, M) -> (N, M), where (*) broadcasts to (N, M).

    Raises `ShapeError` for other ranks or sizes, `DTypeError` where the dtypes differ.

    >>> import minigrad as mg
    >>> mg.addmm(mg.ones(1), mg.tensor([[1., 2.]]), mg.tensor([[3.], [4.]]))
    tensor([[12.]])
    """
    return _plus(input, mm(mat1, mat2), beta, alpha, "addmm")


@function
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """β·x + α·A·v of a matrix and a vector: (*), (N, M), (M) -> (N), where (*) broadcasts to (N).

    Raises `ShapeError` for other ranks or sizes, `DTypeError` where the dtypes differ.

    >>> import minigrad as mg
    >>> mg.addmv(mg.ones(2), mg.tensor([[1., 2.], [3., 4.]]), mg.tensor([1., 1.]))
    tensor([4., 8.])
    """
    return _plus(input, mv(mat, vec), beta, alpha, "addmv")


@function
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """β·x + α·u·vᵀ of two vectors: (*), (N), (M) -> (N, M), where (*) broadcasts to (N, M).

    Raises `ShapeError` for other ranks or sizes, `DTypeError` where the dtypes differ.

    >>> import minigrad as mg
    >>> mg.addr(mg.zeros(2, 2), mg.tensor([1., 2.]), mg.tensor([3., 4.]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    return _plus(input, outer(vec1, vec2), beta, alpha, "addr")


@function
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """β·x + α·A·B of stacks of matrices: (*), (B, N, K), (B, K, M) -> (B, N, M), where (*) broadcasts to that.

    Raises `ShapeError` for other ranks or sizes, `DTypeError` where the dtypes differ.

    >>> import minigrad as mg
    >>> mg.baddbmm(mg.zeros(1), mg.ones(5, 2, 3), mg.ones(5, 3, 4)).shape
    (5, 2, 4)
    """
    return _plus(input, bmm(batch1, batch2), beta, alpha, "baddbmm")


@function
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """β·x + α·Σ A·B over a stack of matrices: (*), (B, N, K), (B, K, M) -> (N, M), where (*) broadcasts to (N, M).

    Raises `ShapeError` for other ranks or sizes, `DTypeError` where the dtypes differ.

    >>> import minigrad as mg
    >>> mg.addbmm(mg.zeros(1), mg.ones(5, 2, 3), mg.ones(5, 3, 4))[0, 0]
    tensor(15.)
    """
    return _plus(input, sum_primitive(bmm(batch1, batch2), axes=(0,), keepdims=False), beta, alpha, "addbmm")


# ---------------------------------------------------------- outer and inner


@function
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Every product of an element of one vector with one of another: (N), (M) -> (N, M).

    Raises `ShapeError` for what is no vector.

    >>> import minigrad as mg
    >>> mg.outer(mg.tensor([1., 2.]), mg.tensor([3., 4.]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    first, second = as_operand(input, "outer"), as_operand(vec2, "outer")
    if first.ndim != 1 or second.ndim != 1:
        raise ShapeError(f"outer of shapes {first.shape} and {second.shape}: it takes two vectors; flatten them first")
    return mul(unsqueeze(first, 1), second)


@function
def inner(input: Tensor, other: Tensor) -> Tensor:
    """The sums over the products along the last axes: (*a, K), (*b, K) -> (*a, *b); of a number, its multiples.

    Raises `ShapeError` where the last axes differ, `DTypeError` where the dtypes do.

    >>> import minigrad as mg
    >>> mg.inner(mg.tensor([1., 2.]), mg.tensor([3., 4.]))
    tensor(11.)
    """
    first, second = as_operand(input, "inner"), as_operand(other, "inner")
    if first.ndim == 0 or second.ndim == 0:
        return mul(first, second)
    if first.shape[-1] != second.shape[-1]:
        raise ShapeError(
            f"inner of shapes {first.shape} and {second.shape}: the last axes, which are summed over, must agree"
        )
    return tensordot(first, second, dims=([-1], [-1]))


@function
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The inner product of two vectors, as `dot`: (K), (K) -> ().

    Raises as `dot`.

    >>> import minigrad as mg
    >>> mg.vdot(mg.tensor([1., 2.]), mg.tensor([3., 4.]))
    tensor(11.)
    """
    return dot(input, other)


def _pairs(dims: Any, first: Tensor, second: Tensor) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of both operands that `dims` pairs: so many last and first ones, or two lists."""
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, Sequence) and not isinstance(dims, str):
        if len(dims) != 2:
            raise ArgumentError(f"tensordot got dims={dims!r}; it is a number of axes, or a pair of lists of axes")
        left, right = ([one] if isinstance(one, int) else one for one in dims)
        return axes_of(tuple(left), first.ndim, "tensordot"), axes_of(tuple(right), second.ndim, "tensordot")
    count = whole(dims, "tensordot")
    if not 0 <= count <= min(first.ndim, second.ndim):
        raise ShapeError(
            f"tensordot over {count} axes of shapes {first.shape} and {second.shape}; both need that many axes, at "
            "least 0"
        )
    return tuple(range(first.ndim - count, first.ndim)), tuple(range(count))


@function
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The sums over the products along paired axes: the last `dims` of a with the first of b, or those listed.

    (*m, *k), (*k, *n) -> (*m, *n). Raises `ShapeError` where the sizes of a pair differ,
    `ArgumentError` where as many axes are not given for both, `DTypeError` where the dtypes differ.

    >>> import minigrad as mg
    >>> mg.tensordot(mg.ones(2, 3, 4), mg.ones(4, 3, 5), dims=([1, 2], [1, 0])).shape
    (2, 5)
    """
    a, b = as_operand(a, "tensordot"), as_operand(b, "tensordot")
    left, right = _pairs(dims, a, b)
    if len(left) != len(right):
        raise ArgumentError(f"tensordot pairs {len(left)} axes of a with {len(right)} of b; give as many of both")
    for i, j in zip(left, right, strict=True):
        if a.shape[i] != b.shape[j] and a.shape[i] == 1:
            b = sum_primitive(b, axes=(j,), keepdims=True)
        elif a.shape[i] != b.shape[j] and b.shape[j] == 1:
            a = sum_primitive(a, axes=(i,), keepdims=True)
        elif a.shape[i] != b.shape[j]:
            raise ShapeError(
                f"tensordot of shapes {a.shape} and {b.shape} pairs axis {i} of size {a.shape[i]} with axis {j} of "
                f"size {b.shape[j]}; they are summed over and must agree"
            )
    refuse_mixed_dtypes("tensordot", a=a, b=b)
    rows = [axis for axis in range(a.ndim) if axis not in left]
    columns = [axis for axis in range(b.ndim) if axis not in right]
    inside = math.prod(a.shape[axis] for axis in left)
    outside = [a.shape[axis] for axis in rows], [b.shape[axis] for axis in columns]
    tall = reshape(permute(a, (*rows, *left)), (math.prod(outside[0]), inside))
    wide = reshape(permute(b, (*right, *columns)), (inside, math.prod(outside[1])))
    return reshape(matmul(tall, wide), (*outside[0], *outside[1]))


@function
def kron(input: Tensor, other: Tensor) -> Tensor:
    """Kronecker's product: each element of the first times all of the second, side by side.

    (n₁, …), (m₁, …) -> (n₁·m₁, …); the operand with fewer axes gets axes of size 1 in front.

    >>> import minigrad as mg
    >>> mg.kron(mg.eye(2), mg.tensor([[1., 2.]]))
    tensor([[1., 2., 0., 0.],
            [0., 0., 1., 2.]])
    """
    first, second = as_operand(input, "kron"), as_operand(other, "kron")
    rank = max(first.ndim, second.ndim)
    n, m = ((1,) * (rank - one.ndim) + one.shape for one in (first, second))
    left = reshape(first, tuple(size for pair in zip(n, (1,) * rank, strict=True) for size in pair))
    right = reshape(second, tuple(size for pair in zip((1,) * rank, m, strict=True) for size in pair))
    return reshape(mul(left, right), tuple(p * q for p, q in zip(n, m, strict=True)))


@function
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The cross product a × b of vectors of three elements along `dim`, the first axis of size 3 unless given.

    (*a, 3, *c), (*a, 3, *c) -> (*a, 3, *c) after broadcasting. Raises `ShapeError` where that axis has another size.

    >>> import minigrad as mg
    >>> mg.cross(mg.tensor([1., 0., 0.]), mg.tensor([0., 1., 0.]), dim=0)
    tensor([0., 0., 1.])
    """
    a, b = as_operand(input, "cross"), as_operand(other, "cross")
    if a.ndim != b.ndim:
        raise ShapeError(f"cross of shapes {a.shape} and {b.shape}; both need as many axes")
    shape = tuple(n if m == 1 else m for n, m in zip(a.shape, b.shape, strict=True))
    if dim is None:
        dim = next((axis for axis, size in enumerate(shape) if size == 3), 0)
    axis = axis_of(dim, a.ndim, "cross")
    if a.ndim == 0 or a.shape[axis] != 3 or b.shape[axis] != 3:
        raise ShapeError(f"cross of shapes {a.shape} and {b.shape}: axis {axis} must have size 3 in both")
    a, b = expand(a, shape), expand(b, shape)
    turns = np.array([1, 2, 0]), np.array([2, 0, 1])
    (a1, a2), (b1, b2) = ([index_select(one, axis, turn) for turn in turns] for one in (a, b))
    return mul(a1, b2) - mul(a2, b1)
