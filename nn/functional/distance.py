"""Distances and similarities between vectors, and vectors of length one."""

import itertools
import math
from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.registry import guarded


def _floats(name: str, *operands: Any) -> list[mg.Tensor]:
    """The operands as tensors; raises `DTypeError` for integers."""
    tensors = [mg.as_operand(one, name) for one in operands]
    for one in tensors:
        if one.dtype.kind != "f":
            raise DTypeError(f"{name} of a tensor of {one.dtype}; it takes floats. Convert first: t.float()")
    return tensors


def vector_norm(input: mg.Tensor, p: float, dim: Any, keepdim: bool = False) -> mg.Tensor:
    """The p-norm (Σ|x|ᵖ)^(1/p) along `dim`: (*) -> (* without dim); its gradient is 0 where all elements are.

    p = 0 counts the elements that are not 0, ∞ and −∞ give the largest and the smallest |x|.

    >>> import minigrad as mg
    >>> from nn.functional.distance import vector_norm
    >>> vector_norm(mg.tensor([3., -4.]), 2, 0)
    tensor(5.)
    """
    if input.dtype == mg.float16:  # the powers may be too large for it, the norm is not
        return vector_norm(input.float(), p, dim, keepdim).to(mg.float16)
    size = abs(input)
    if p == 0:
        return ((input != 0) + mg.clamp(size, max=0)).sum(dim, keepdim)  # the clamped part is 0, as is its slope
    if p == 1:
        return size.sum(dim, keepdim)
    if math.isinf(p):
        return size.amax(dim, keepdim) if p > 0 else size.amin(dim, keepdim)
    total = (mg.square(input) if p == 2 else _power(size, p)).sum(dim, keepdim)
    level = total == 0
    safe = mg.where(level, 1, total)
    root = mg.sqrt(safe) if p == 2 else safe ** (1 / p)
    return mg.where(level, 0 if p > 0 else math.inf, root)  # type: ignore[no-any-return]


def _power(size: mg.Tensor, p: float) -> mg.Tensor:
    """|x|ᵖ; an element that is 0 gets the gradient 0."""
    level = size == 0
    return mg.where(level, 0 if p > 0 else math.inf, mg.where(level, 1, size) ** p)  # type: ignore[no-any-return]


@guarded
def normalize(input: mg.Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> mg.Tensor:
    """x/max(‖x‖ₚ, eps): vectors along `dim` of length one.

    (*) -> (*). Raises `DTypeError` for integers, `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg, nn.functional as F
    >>> F.normalize(mg.tensor([[3., 4.]]))
    tensor([[0.6000, 0.8000]])
    """
    (input,) = _floats("normalize", input)
    p = mg.as_number(p, "normalize", "p")
    return input / mg.clamp(vector_norm(input, p, dim, True), min=eps)


@guarded
def cosine_similarity(x1: mg.Tensor, x2: mg.Tensor, dim: int = 1, eps: float = 1e-8) -> mg.Tensor:
    """x₁·x₂/(‖x₁‖ ‖x₂‖) along `dim`, no norm counted as less than `eps`.

    (*), (*) -> (* without dim) after broadcasting. Raises `DTypeError` for
    integers, `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg, nn.functional as F
    >>> F.cosine_similarity(mg.tensor([[1., 0.]]), mg.tensor([[3., 4.]]))
    tensor([0.6000])
    """
    x1, x2 = _floats("cosine_similarity", x1, x2)
    if x1.dtype == x2.dtype == mg.float16:
        return cosine_similarity(x1.float(), x2.float(), dim, eps).to(mg.float16)
    shape = _common_shape("cosine_similarity", x1, x2)
    whole = (mg.broadcast_to(x, shape) for x in (x1, x2))
    first, second = (x / _at_least(vector_norm(x, 2, dim, True), eps) for x in whole)
    return (first * second).sum(dim)


def _at_least(norm: mg.Tensor, eps: float) -> mg.Tensor:
    """max(norm, eps) with the slope of the norm everywhere, as PyTorch's."""
    return norm + (mg.clamp(norm, min=eps) - norm).detach()


def _common_shape(name: str, x1: mg.Tensor, x2: mg.Tensor) -> tuple[int, ...]:
    """The shape that both broadcast to; raises `ShapeError` where there is none."""
    sizes = list(itertools.zip_longest(x1.shape[::-1], x2.shape[::-1], fillvalue=1))[::-1]
    if any(a != b and 1 not in (a, b) for a, b in sizes):
        raise ShapeError(
            f"{name} of shapes {x1.shape} and {x2.shape}: sizes are compared from the last axis backwards, and each "
            "pair must be equal or contain a 1"
        )
    return tuple(b if a == 1 else a for a, b in sizes)


@guarded
def pairwise_distance(
    x1: mg.Tensor, x2: mg.Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> mg.Tensor:
    """‖x₁ − x₂ + eps‖ₚ along the last axis.

    (*, D), (*, D) -> (*), or (*, 1) with `keepdim`. Raises `ShapeError` where the shapes do not broadcast.

    >>> import minigrad as mg, nn.functional as F
    >>> F.pairwise_distance(mg.tensor([[1., 2.]]), mg.tensor([[4., 6.]]))
    tensor([5.0000])
    """
    x1, x2 = mg.as_operand(x1, "pairwise_distance"), mg.as_operand(x2, "pairwise_distance")
    difference = x1 - x2 + eps
    keepdim = mg.as_flag(keepdim, "pairwise_distance", "keepdim")
    return vector_norm(difference, mg.as_number(p, "pairwise_distance", "p"), -1, keepdim)


@guarded
def pdist(input: mg.Tensor, p: float = 2.0) -> mg.Tensor:
    """The distances ‖xᵢ − xⱼ‖ₚ of all pairs i < j of rows, those of the first row first.

    (N, D) -> (N·(N − 1)/2). Raises `ShapeError` for another rank, `DTypeError`
    for integers, `ArgumentError` for a negative order.

    >>> import minigrad as mg, nn.functional as F
    >>> F.pdist(mg.tensor([[0., 0.], [3., 4.], [0., 1.]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    (input,) = _floats("pdist", input)
    if input.ndim != 2:
        raise ShapeError(f"pdist got an input of shape {input.shape}; it needs (N, D), one vector a row")
    p = mg.as_number(p, "pdist", "p")
    if not p >= 0:
        raise ArgumentError(f"pdist got p={p}; the order of the norm is not negative")
    count = input.shape[0]
    rows = [row for row in range(count) for _ in range(row + 1, count)]
    others = [other for row in range(count) for other in range(row + 1, count)]
    if not rows or not input.shape[1]:
        return input.sum() * 0 + mg.zeros(len(rows), dtype=input.dtype)
    first, second = (mg.index_select(input, 0, mg.tensor(chosen)) for chosen in (rows, others))
    return vector_norm(first - second, p, 1)
