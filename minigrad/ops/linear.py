"""Matrix products in all of NumPy's shapes (N94, N109, N110)."""

import math
from typing import Any

import numpy as np

from ..errors import DTypeError, ShapeError
from ..operands import as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .reduction import sum_primitive
from .shape import permute, reshape, squeeze, unsqueeze


def refuse_mixed_dtypes(name: str, **operands: Tensor | None) -> None:
    """Raise `DTypeError` where the operands of a product differ in dtype; the first is asked to follow the others."""
    given = {word: operand.dtype for word, operand in operands.items() if operand is not None}
    if len(set(given.values())) > 1:
        floats = {word: dtype for word, dtype in given.items() if dtype.kind == "f"} or given
        target = list(floats.values())[1 if len(floats) == len(given) else 0]  # the first follows the others
        wrong = next(word for word, dtype in given.items() if dtype != target)
        arrived = ", ".join(f"{word} {dtype}" for word, dtype in given.items())
        raise DTypeError(
            f"{name} got {arrived}: products do not promote, since that would silently change precision and time. "
            f"Convert: {wrong}.to(mg.{target})"
        )


@primitive("Y = A·B", vjp="Ā = G·Bᵀ, B̄ = Aᵀ·G", notes=("N94", "N109", "N110"), broadcast=True, linear=True)
def matmul_primitive(a: Array, b: Array) -> Array:
    """The product of matrices, or of stacks of them."""
    return np.matmul(a, b)  # type: ignore[no-any-return]


matmul_primitive.defvjp(
    a=lambda g, b: matmul_primitive(g, b.mT),
    b=lambda g, a: matmul_primitive(a.mT, g),
)


def _product(x: Array, w: Array) -> Array:
    """X·Wᵀ; what lies with its rows innermost gives such a product, so that nothing is copied on the way."""
    if x.flags.f_contiguous and not x.flags.c_contiguous:
        return np.matmul(w, x.T).T  # type: ignore[no-any-return]
    return np.matmul(x, w.T)  # type: ignore[no-any-return]


@primitive("Y = X·Wᵀ", vjp="X̄ = G·W, W̄ = Gᵀ·X", notes=("N94",), linear=True)
def project(x: Array, w: Array) -> Array:
    """The product with the transpose of a matrix, in the memory order of X."""
    return _product(x, w)


@primitive("Y = X·Wᵀ + b", vjp="X̄ = G·W, W̄ = Gᵀ·X, b̄ = Σ rows of G", notes=("N94",))
def linear_primitive(x: Array, w: Array, b: Array) -> Array:
    """`project`, and a bias added in the same place."""
    y = _product(x, w)
    return np.add(y, b, out=y)


project.defvjp(x=lambda g, w: project(g, w.mT), w=lambda g, x: matmul_primitive(g.mT, x))
linear_primitive.defvjp(
    x=lambda g, w: project(g, w.mT),
    w=lambda g, x: matmul_primitive(g.mT, x),
    b=lambda g: sum_primitive(g, axes=(0,), keepdims=False),
)
linear_primitive.defjvp(x=lambda t, w: project(t, w), w=lambda t, x: project(x, t))


@function
def matmul(input: Any, other: Any) -> Tensor:
    """The matrix product, in all of NumPy's shapes: `(*, M, K), (*, K, N) -> (*, M, N)`, stacks broadcast.

    A vector on the left counts as a row, on the right as a column, and its axis
    goes away. Ȳ pulls back to Ā = Ȳ·Bᵀ and B̄ = Aᵀ·Ȳ (N109, N110).

    Raises `ShapeError` where the inner sizes differ or a 0-d operand arrives,
    `DTypeError` where the dtypes differ.

    >>> import minigrad as mg
    >>> mg.matmul(mg.tensor([[1., 2.], [3., 4.]]), mg.tensor([1., 1.]))
    tensor([3., 7.])
    """
    input, other = as_operand(input, "matmul"), as_operand(other, "matmul")
    if input.ndim == 0 or other.ndim == 0:
        raise ShapeError(
            f"matmul of shapes {input.shape} and {other.shape}: a 0-d tensor has no axis to sum over; use * instead"
        )
    refuse_mixed_dtypes("matmul", input=input, other=other)
    inner = other.shape[-2] if other.ndim > 1 else other.shape[0]
    if input.shape[-1] != inner:
        raise ShapeError(
            f"matmul of shapes {input.shape} and {other.shape}: the last axis of the first has size {input.shape[-1]}, "
            f"the {'second-last' if other.ndim > 1 else 'only'} axis of the second {inner}; they are summed over and "
            "must agree"
        )
    _refuse_other_stacks(input.shape[:-2], other.shape[:-2])
    row, column = input.ndim == 1, other.ndim == 1
    left = unsqueeze(input, 0) if row else input
    right = unsqueeze(other, 1) if column else other
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


def _refuse_other_stacks(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    for a, b in zip(left[::-1], right[::-1], strict=False):
        if a != b and 1 not in (a, b):
            raise ShapeError(
                f"matmul of stacks of shapes {left} and {right} (all axes but the last two): they must broadcast, so "
                "each pair, from the last on, must be equal or contain a 1"
            )


def _rows(x: Tensor) -> int:
    return math.prod(x.shape[:-1])


def _of_rank(x: Any, rank: int, name: str) -> Tensor:
    tensor = as_operand(x, name)
    if tensor.ndim != rank:
        raise ShapeError(
            f"{name} got a tensor of shape {tensor.shape} where one with {rank} axes belongs; matmul takes any"
        )
    return tensor


@function
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices: (M, K), (K, N) -> (M, N).

    Raises `ShapeError` for other ranks or sizes, `DTypeError` where the dtypes differ.

    >>> import minigrad as mg
    >>> mg.mm(mg.tensor([[1., 2.]]), mg.tensor([[3.], [4.]]))
    tensor([[11.]])
    """
    return matmul(_of_rank(input, 2, "mm"), _of_rank(mat2, 2, "mm"))


@function
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two stacks of matrices: (B, M, K), (B, K, N) -> (B, M, N).

    Raises `ShapeError` for other ranks or sizes, `DTypeError` where the dtypes differ.

    >>> import minigrad as mg
    >>> mg.bmm(mg.ones(5, 2, 3), mg.ones(5, 3, 4)).shape
    (5, 2, 4)
    """
    first, second = _of_rank(input, 3, "bmm"), _of_rank(mat2, 3, "bmm")
    if first.shape[0] != second.shape[0]:
        raise ShapeError(f"bmm of stacks of {first.shape[0]} and {second.shape[0]} matrices; both need as many")
    return matmul(first, second)


@function
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """A matrix times a vector: (M, K), (K) -> (M).

    Raises `ShapeError` for other ranks or sizes, `DTypeError` where the dtypes differ.

    >>> import minigrad as mg
    >>> mg.mv(mg.tensor([[1., 2.], [3., 4.]]), mg.tensor([1., 1.]))
    tensor([3., 7.])
    """
    return matmul(_of_rank(input, 2, "mv"), _of_rank(vec, 1, "mv"))


@function
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The inner product of two vectors: (K), (K) -> ().

    Raises `ShapeError` for other ranks or sizes, `DTypeError` where the dtypes differ.

    >>> import minigrad as mg
    >>> mg.dot(mg.tensor([1., 2.]), mg.tensor([3., 4.]))
    tensor(11.)
    """
    return matmul(_of_rank(input, 1, "dot"), _of_rank(tensor, 1, "dot"))


@function
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; vectors and numbers are returned as they are.

    (M, N) -> (N, M). Raises `ShapeError` for more than two axes.

    >>> import minigrad as mg
    >>> mg.t(mg.tensor([[1, 2]]))
    tensor([[1],
            [2]])
    """
    input = as_operand(input, "t")
    if input.ndim > 2:
        raise ShapeError(f"t() of a tensor of shape {input.shape}: it has more than two axes; use transpose or permute")
    return permute(input, tuple(range(input.ndim))[::-1])


@function
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x·Wᵀ + b (N94): (*, in), (out, in), (out) -> (*, out)

    The bias may have another shape that broadcasts to the last two axes of the
    result. Raises `ShapeError` where the last axis of the input is not `in` or the
    bias does not fit, `DTypeError` for mixed dtypes.

    >>> import minigrad as mg
    >>> mg.linear(mg.tensor([1., 2.]), mg.tensor([[3., 4.]]), mg.tensor([1.]))
    tensor([12.])
    """
    input, weight = as_operand(input, "linear"), as_operand(weight, "linear")
    b = None if bias is None else as_operand(bias, "linear")
    dtype = weight.dtype
    if input.dtype != dtype or (b is not None and b.dtype != dtype):
        refuse_mixed_dtypes("linear", input=input, weight=weight, bias=b)
    shape, features = input.shape, weight.shape
    if len(features) not in (1, 2):
        raise ShapeError(f"linear got a weight of shape {features}; it needs (out, in)")
    if not shape or shape[-1] != features[-1]:
        raise ShapeError(_wrong_features(shape, features))
    usual = b is None or b.shape == features[:-1]
    if b is not None and not usual and not _bias_fits(shape, features, b.shape):
        raise ShapeError(
            f"linear got a bias of shape {b.shape} with a weight of shape {features}; it needs "
            f"{features[:-1]}, or to broadcast to the last two axes that an input of shape {shape} gives"
        )
    if len(features) == 1 or not usual:
        y = matmul(input, weight.T)
        return y if b is None else reshape(y + b, y.shape)
    rows = input if len(shape) == 2 else reshape(input, (_rows(input), shape[-1]))
    y = project(rows, weight) if b is None else linear_primitive(rows, weight, b)
    return y if len(shape) == 2 else reshape(y, (*shape[:-1], features[0]))


def _bias_fits(x: tuple[int, ...], weight: tuple[int, ...], bias: tuple[int, ...]) -> bool:
    """Whether a bias broadcasts against the output, which has the last say on its shape."""
    if len(weight) == 1:  # one output: PyTorch takes one number, and nothing that has an axis
        return not bias
    output = (*x[:-1], weight[0])
    if len(bias) > len(output) or len(bias) > 2:
        return len(output) == 1 and bias == (1, *output)
    return all(own in (1, size) for own, size in zip(bias[::-1], output[::-1], strict=False))


def _wrong_features(shape: tuple[int, ...], weight: tuple[int, ...]) -> str:
    """What is likely to be wrong with an input of another number of features."""
    wanted = weight[-1]
    arrived = f"linear got an input of shape {shape}; its last axis must have {wanted} features, like {weight}'s"
    for start in range(1, len(shape)):
        if math.prod(shape[start:]) == wanted:
            return f"{arrived}. Flattened from axis {start} on it has: put nn.Flatten({start}) before the layer"
    if math.prod(shape) == wanted:
        return f"{arrived}. All its elements together are {wanted}: is the batch axis missing? Then use x.unsqueeze(0)"
    if len(shape) == 1 and wanted and shape[0] % wanted == 0:
        return f"{arrived}. Was the batch axis flattened too? Flatten() keeps it, Flatten(0) does not"
    if len(shape) == 2:
        return f"{arrived}. Make the layer Linear({shape[1]}, …)"
    return f"{arrived}. Is a Flatten() missing before it? Then the layer is Linear({math.prod(shape[1:])}, …)"
