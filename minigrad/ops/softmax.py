"""The softmax family (N98): logsumexp, softmax, log_softmax, in the forms that do not overflow."""

from typing import Any

import numpy as np

from ..dtypes import get_default_dtype
from ..errors import ArgumentError
from ..kernels.sums import total
from ..operands import as_flag
from ..primitive import primitive
from ..tensor import Array, Tensor
from .axes import Dims, axis_of
from .elementary import exp
from .reduction import floating, kept, reduced_axes, reduction, spread, sum_primitive
from .shape import reshape


def _finite_peak(x: Array, axes: tuple[int, ...]) -> Array:
    """The maximum over axes, 0 where it is infinite, to shift by before exponentials."""
    peak = x.max(axis=axes, keepdims=True, initial=-np.inf)
    return np.where(np.isfinite(peak), peak, 0).astype(x.dtype, copy=False)


def log_total(shifted: Array, axes: tuple[int, ...]) -> Array:
    """ln Σ eˣ where the largest x is 0; as ln(1 + the rest), which keeps the digits of a small rest."""
    largest = np.asarray(shifted == 0)
    rest = np.asarray(np.exp(shifted) - largest)
    others = largest.sum(axis=axes, keepdims=True, dtype=shifted.dtype) - 1
    return np.log1p(np.add(others, total(rest, axes, True)))  # type: ignore[no-any-return]


@primitive("y = ln Σ eˣ over axes", vjp="x̄ = g·e^(x − y)")
def logsumexp_primitive(x: Array, *, axes: tuple[int, ...], keepdims: bool) -> Array:
    """The logarithm of a sum of exponentials, without overflow."""
    peak = _finite_peak(x, axes)
    y = log_total(x - peak, axes) + peak
    return y if keepdims else y.reshape([n for axis, n in enumerate(x.shape) if axis not in axes])


logsumexp_primitive.defvjp(x=lambda g, x, y, axes: spread(g, x.shape, axes) * exp(x - reshape(y, kept(x.shape, axes))))
logsumexp_primitive.defjvp(
    x=lambda t, x, y, axes, keepdims: sum_primitive(
        t * exp(x - reshape(y, kept(x.shape, axes))), axes=axes, keepdims=keepdims
    )
)


@reduction
def logsumexp(input: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    """ln Σ eˣ over `dim`, without overflow.

    (*) -> (* without dim). In float32 it is within 4 ulp of the larger of |max x| and
    ln Σ eˣ⁻ᵐᵃˣ. Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.logsumexp(mg.tensor([1000., 1000.]), 0)
    tensor(1000.6932)
    """
    if input.dtype.kind != "f":
        input = input.to(dtype=get_default_dtype())
    return logsumexp_primitive(
        input, axes=reduced_axes(dim, input.ndim, "logsumexp"), keepdims=as_flag(keepdim, "logsumexp", "keepdim")
    )


@primitive("y = eˣ/Σ eˣ over an axis", vjp="x̄ = y·(g − Σ g·y)", notes=("N2", "N98"), symmetric=True)
def softmax_primitive(x: Array, *, axes: tuple[int, ...]) -> Array:
    """Exponentials divided by their sum."""
    y = np.exp(x - x.max(axis=axes, keepdims=True, initial=-np.inf))
    return np.divide(y, total(y, axes, True))  # type: ignore[no-any-return]


softmax_primitive.defvjp(x=lambda g, y, axes: y * (g - sum_primitive(g * y, axes=axes, keepdims=True)))


@primitive("y = x − ln Σ eˣ over an axis", vjp="x̄ = g − eʸ·Σ g", notes=("N98",))
def log_softmax_primitive(x: Array, *, axes: tuple[int, ...]) -> Array:
    """The logarithm of softmax, in the form that loses no digits."""
    shifted = np.subtract(x, x.max(axis=axes, keepdims=True, initial=-np.inf))
    return np.subtract(shifted, log_total(shifted, axes))  # type: ignore[no-any-return]


log_softmax_primitive.defvjp(x=lambda g, y, axes: g - exp(y) * sum_primitive(g, axes=axes, keepdims=True))
log_softmax_primitive.defjvp(x=lambda t, y, axes: t - sum_primitive(exp(y) * t, axes=axes, keepdims=True))


def _softmax_axes(x: Tensor, dim: int | None, name: str) -> tuple[int, ...]:
    if dim is None:
        raise ArgumentError(
            f"{name} got no dim; say along which axis the values sum to 1, for example dim=1 for (N, C)"
        )
    axis = axis_of(dim, x.ndim, name)
    return (axis,) if x.ndim else ()


@reduction
def softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """eˣ divided by its sum along `dim`, without overflow (N98).

    (*) -> (*). In float32 it is within 5 + max x − x ulp: x − max x is rounded
    before the exponential, which makes of its last digit that much.

    Raises `ArgumentError` where `dim` is missing, `DTypeError` for integers.

    >>> import minigrad as mg
    >>> mg.softmax(mg.tensor([0., 0.]), dim=0)
    tensor([0.5000, 0.5000])
    """
    input = floating(input, "softmax", dtype)
    return softmax_primitive(input, axes=_softmax_axes(input, dim, "softmax"))


@reduction
def log_softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """The logarithm of softmax along `dim`, in the form that loses no digits (N98).

    (*) -> (*). A certain class keeps its digits: of logits 0 and −20 the first has
    −2.06·10⁻⁹, where ln(1 + 2.06·10⁻⁹) would be 0 in float32. It is within 5 ulp, and
    within 5 + max x − x ulp of the second largest x where the result is near 0.

    Raises `ArgumentError` where `dim` is missing, `DTypeError` for integers.

    >>> import minigrad as mg
    >>> mg.log_softmax(mg.tensor([0., 0.]), dim=0)
    tensor([-0.6931, -0.6931])
    """
    input = floating(input, "log_softmax", dtype)
    return log_softmax_primitive(input, axes=_softmax_axes(input, dim, "log_softmax"))
