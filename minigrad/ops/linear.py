"""Matrix products in all of NumPy's shapes (N94, N109, N110)."""

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..primitive import as_operand, primitive
from ..registry import function
from ..tensor import Array, Tensor
from .shape import permute, refuse_mixed_floats, reshape, squeeze, transpose, unsqueeze


def _mt(x: Tensor) -> Tensor:
    return transpose(x, -2, -1)


@primitive("Y = A·B", vjp="Ā = G·Bᵀ, B̄ = Aᵀ·G", notes=("N94", "N109", "N110"), broadcast=True)
def matmul_primitive(a: Array, b: Array) -> Array:
    """The product of matrices, or of stacks of them."""
    return np.matmul(a, b)  # type: ignore[no-any-return]


matmul_primitive.defvjp(
    a=lambda g, b: matmul_primitive(g, _mt(b)),
    b=lambda g, a: matmul_primitive(_mt(a), g),
)


@function
def matmul(a: Any, b: Any) -> Tensor:
    """The matrix product, in all of NumPy's shapes: `(*, M, K), (*, K, N) -> (*, M, N)`, stacks broadcast.

    A vector on the left counts as a row, on the right as a column, and its axis
    goes away. Ȳ pulls back to Ā = Ȳ·Bᵀ and B̄ = Aᵀ·Ȳ (N109, N110).

    Raises `ShapeError` where the inner sizes differ or a 0-d operand arrives,
    `DTypeError` where the dtypes differ.

    >>> import minigrad as mg
    >>> mg.matmul(mg.tensor([[1., 2.], [3., 4.]]), mg.tensor([1., 1.]))
    tensor([3., 7.])
    """
    a, b = as_operand(a, "matmul"), as_operand(b, "matmul")
    refuse_mixed_floats((a, b), "matmul")
    if a.ndim == 0 or b.ndim == 0:
        raise ShapeError(
            f"matmul of shapes {a.shape} and {b.shape}: a 0-d tensor has no axis to sum over; use * instead"
        )
    inner = b.shape[-2] if b.ndim > 1 else b.shape[0]
    if a.shape[-1] != inner:
        raise ShapeError(
            f"matmul of shapes {a.shape} and {b.shape}: the last axis of the first has size {a.shape[-1]}, the "
            f"{'second-last axis' if b.ndim > 1 else 'only axis'} of the second {inner}; they are summed over and "
            "must agree"
        )
    row, column = a.ndim == 1, b.ndim == 1
    left = unsqueeze(a, 0) if row else a
    right = unsqueeze(b, 1) if column else b
    if right.ndim == 2 and left.ndim > 2:
        # One product of a tall matrix instead of a stack: the gradient of b is then one product too.
        y = reshape(
            matmul_primitive(reshape(left, (-1, inner) if inner else (_rows(left), 0)), right),
            (*left.shape[:-1], right.shape[1]),
        )
    else:
        y = matmul_primitive(left, right)
    if row:
        y = squeeze(y, -2)
    return squeeze(y, -1) if column else y


def _rows(x: Tensor) -> int:
    return int(np.prod(x.shape[:-1], dtype=np.int64))


def _of_rank(x: Any, rank: int, name: str) -> Tensor:
    tensor = as_operand(x, name)
    if tensor.ndim != rank:
        raise ShapeError(
            f"{name} got a tensor of shape {tensor.shape} where one with {rank} axes belongs; matmul takes any"
        )
    return tensor


@function
def mm(a: Tensor, b: Tensor) -> Tensor:
    """The product of two matrices: (M, K), (K, N) -> (M, N)."""
    return matmul(_of_rank(a, 2, "mm"), _of_rank(b, 2, "mm"))


@function
def bmm(a: Tensor, b: Tensor) -> Tensor:
    """The products of two stacks of matrices: (B, M, K), (B, K, N) -> (B, M, N)."""
    return matmul(_of_rank(a, 3, "bmm"), _of_rank(b, 3, "bmm"))


@function
def mv(a: Tensor, b: Tensor) -> Tensor:
    """A matrix times a vector: (M, K), (K) -> (M)."""
    return matmul(_of_rank(a, 2, "mv"), _of_rank(b, 1, "mv"))


@function
def dot(a: Tensor, b: Tensor) -> Tensor:
    """The inner product of two vectors: (K), (K) -> ().

    >>> import minigrad as mg
    >>> mg.dot(mg.tensor([1., 2.]), mg.tensor([3., 4.]))
    tensor(11.)
    """
    return matmul(_of_rank(a, 1, "dot"), _of_rank(b, 1, "dot"))


@function
def t(x: Tensor) -> Tensor:
    """The transpose of a matrix; vectors and numbers are returned as they are."""
    x = as_operand(x, "t")
    if x.ndim > 2:
        raise ShapeError(f"t() of a tensor of shape {x.shape}: it has more than two axes; use transpose or permute")
    return permute(x, tuple(range(x.ndim))[::-1])
