"""Norms of tensors and distances between them; the gradient of a norm at 0 is 0."""

import math
from typing import Any

import numpy as np

from ..dtypes import as_dtype, result_dtype
from ..errors import ArgumentError, DTypeError, ShapeError
from ..operands import as_flag, as_number, as_operand
from ..registry import function
from ..tensor import Tensor
from .arithmetic import sub
from .axes import Dims, axes_of
from .comparison import where
from .elementary import abs, pow, sqrt, trunc
from .reduction import amax_primitive, amin_primitive, reduced_axes, reduction, sum_primitive
from .shape import unsqueeze

__all__ = [
    "cdist",
    "dist",
    "norm",
    "renorm",
]


def _root(total: Tensor, p: float) -> Tensor:
    """The p-th root, and 0 with gradient 0 at 0."""
    zero = total == 0
    safe = where(zero, 1, total)
    return where(zero, 0 if p > 0 else total, sqrt(safe) if p == 2 else pow(safe, 1 / p))  # type: ignore[no-any-return]


def _powers(x: Tensor, p: float) -> Tensor:
    """|x|ᵖ with gradient 0 at 0."""
    if p == 2:
        return x * x
    zero = x == 0
    return where(zero, 0 if p > 0 else math.inf, pow(where(zero, 1, abs(x)), p))  # type: ignore[no-any-return]


def p_norm(x: Tensor, p: float, axes: tuple[int, ...], keepdim: bool) -> Tensor:
    """The p-norm of a floating tensor over axes: (Σ|x|ᵖ)^(1/p), and its limits at 0, ∞ and −∞."""
    if p < 0 and 0 in [x.shape[axis] for axis in axes]:
        raise ShapeError(f"a norm with p={p} over no elements (shape {x.shape}): there is no smallest one")
    if x.dtype == np.float16:  # the powers may be too large for it, the norm is not
        return p_norm(x.to(dtype=np.float32), p, axes, keepdim).to(dtype=np.float16)
    if p == 0:
        return sum_primitive(trunc(where(x != 0, 1, x)), axes=axes, keepdims=keepdim)
    if math.isinf(p):
        return (amax_primitive if p > 0 else amin_primitive)(abs(x), axes=axes, keepdims=keepdim)
    if p == 1:
        return sum_primitive(abs(x), axes=axes, keepdims=keepdim)
    total = sum_primitive(_powers(x, p), axes=axes, keepdims=keepdim)
    if p > 0:
        return _root(total, p)
    # An element 0 makes the sum infinite and the norm 0, which has no slope.
    dead = total == math.inf
    return where(dead, 0, pow(where(dead, 1, total), 1 / p))  # type: ignore[no-any-return]


def order_of(p: Any, name: str) -> float:
    """The order of a norm as a number; 'fro', Frobenius' norm, is 2."""
    if p is None or p == "fro":
        return 2.0
    if isinstance(p, str):
        raise ArgumentError(f"{name} got p={p!r}; it is a number, inf, -inf or 'fro'")
    order = as_number(p, name)
    if math.isnan(order):
        raise ArgumentError(f"{name} got p=nan; it is a number, inf, -inf or 'fro'")
    return order


@reduction
def norm(
    input: Tensor, p: float | str | None = "fro", dim: Dims = None, keepdim: bool = False, dtype: Any = None
) -> Tensor:
    """The p-norm over `dim`, or of all elements: (Σ|x|ᵖ)^(1/p); 'fro' is p = 2, inf the largest |x|, 0 counts.

    (*) -> (* without dim). Its gradient at 0 is 0. Raises `DTypeError` for integers,
    `ArgumentError` for another word, `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.norm(mg.tensor([3., 4.]))
    tensor(5.)
    """
    if input.dtype.kind != "f":
        raise DTypeError(f"norm of a tensor of {input.dtype}: the result is a fraction. Convert first: t.float()")
    if dtype is not None:
        target = as_dtype(dtype)
        if result_dtype([(input.dtype, 2), (target, 2)]) != target:
            raise DTypeError(f"norm of {input.dtype} in {target}, which is narrower; convert the result instead")
        input = input.to(dtype=target)
    axes = reduced_axes(dim, input.ndim, "norm")
    if p == "fro" and dim is not None and len(axes) > 2:
        raise ShapeError(f"norm 'fro' over the axes {axes}: it is that of matrices, over two; p=2 takes any number")
    return p_norm(input, order_of(p, "norm"), axes, as_flag(keepdim, "norm", "keepdim"))


@function
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of the difference of two tensors.

    (*), (*) -> () after broadcasting. Raises `ShapeError` where the shapes do not fit, `DTypeError` for integers.

    >>> import minigrad as mg
    >>> mg.dist(mg.tensor([1., 1.]), mg.tensor([4., 5.]))
    tensor(5.)
    """
    return norm(sub(as_operand(input, "dist"), other), as_number(p, "dist"))


@function
def cdist(
    x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = "use_mm_for_euclid_dist_if_necessary"
) -> Tensor:
    """The p-norms of the differences of every row of one matrix and every row of another.

    (*, P, M), (*, R, M) -> (*, P, R). `compute_mode`, which chooses between roundings in PyTorch,
    has no effect. Raises `ShapeError` for other shapes, `ArgumentError` for a negative p.

    >>> import minigrad as mg
    >>> mg.cdist(mg.tensor([[0., 0.], [1., 0.]]), mg.tensor([[3., 4.]]))
    tensor([[5.0000],
            [4.4721]])
    """
    a, b = as_operand(x1, "cdist"), as_operand(x2, "cdist")
    order = as_number(p, "cdist")
    if a.ndim < 2 or b.ndim < 2 or a.shape[-1] != b.shape[-1]:
        raise ShapeError(f"cdist of shapes {a.shape} and {b.shape}: it takes rows of equal length, (P, M), (R, M)")
    if not order >= 0:
        raise ArgumentError(f"cdist got p={order}; it is not negative")
    if a.dtype.kind != "f" or b.dtype.kind != "f":
        raise DTypeError(f"cdist of {a.dtype} and {b.dtype}; distances are fractions. Convert first: t.float()")
    difference = sub(unsqueeze(a, -2), unsqueeze(b, -3))
    if difference.shape[-1] == 0:
        return sum_primitive(difference, axes=(difference.ndim - 1,), keepdims=False)
    return p_norm(difference, order, (difference.ndim - 1,), False)


@function
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """The slices along `dim`, those with a p-norm above `maxnorm` scaled down to it.

    (*) -> (*). Raises `ShapeError` for fewer than two axes, `ArgumentError` for p ≤ 0 or a negative
    `maxnorm`, `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.renorm(mg.tensor([[3., 4.], [0., 1.]]), 2, 0, 1)
    tensor([[0.6000, 0.8000],
            [0.0000, 1.0000]])
    """
    x = as_operand(input, "renorm")
    order, limit = as_number(p, "renorm"), as_number(maxnorm, "renorm")
    if x.ndim < 2:
        raise ShapeError(f"renorm of shape {x.shape}: it scales slices, so it needs two axes or more")
    if not order > 0 or not limit >= 0:
        raise ArgumentError(f"renorm got p={order} and maxnorm={limit}; p is positive, maxnorm not negative")
    (kept,) = axes_of(dim, x.ndim, "renorm")
    size = p_norm(x, order, tuple(axis for axis in range(x.ndim) if axis != kept), True)
    return x * where(size > limit, limit / (size + 1e-7), 1)  # type: ignore[no-any-return]
