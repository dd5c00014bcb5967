"""Exponentials and logarithms to other bases, and their sums and products, element by element."""

import math
from typing import Any

import numpy as np

from ..operands import as_number, as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .activation import sigmoid
from .comparison import where
from .elementary import log, pow

__all__ = [
    "exp2",
    "float_power",
    "log10",
    "log2",
    "logaddexp",
    "logaddexp2",
    "logit",
    "xlogy",
]


@primitive("y = 2ˣ", vjp="x̄ = g·y·ln 2", broadcast=True, floating=True)
def exp2(x: Array) -> Array:
    """Two to the power x: y = 2ˣ.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.exp2(mg.tensor([0., 3.]))
    tensor([1., 8.])
    """
    return np.exp2(x)


exp2.defvjp(x=lambda g, y: g * y * math.log(2))


@primitive("y = log₂ x", vjp="x̄ = g/(x·ln 2)", broadcast=True, floating=True)
def log2(x: Array) -> Array:
    """The logarithm to base 2; −∞ at 0 and NaN below.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.log2(mg.tensor([1., 8.]))
    tensor([0., 3.])
    """
    return np.log2(x)


log2.defvjp(x=lambda g, x: g / (x * math.log(2)))


@primitive("y = log₁₀ x", vjp="x̄ = g/(x·ln 10)", broadcast=True, floating=True)
def log10(x: Array) -> Array:
    """The logarithm to base 10; −∞ at 0 and NaN below.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.log10(mg.tensor([1., 1000.]))
    tensor([0., 3.])
    """
    return np.log10(x)


log10.defvjp(x=lambda g, x: g / (x * math.log(10)))


@primitive("y = ln(eᵃ + eᵇ)", vjp="ā = g·s(a − b), b̄ = g·s(b − a)", broadcast=True, floating=True)
def logaddexp(a: Array, b: Array) -> Array:
    """The logarithm of a sum of exponentials: y = ln(eᵃ + eᵇ), without overflow.

    (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.logaddexp(mg.tensor([0., 1000.]), 1000)
    tensor([1000.0000, 1000.6932])
    """
    return np.logaddexp(a, b)


logaddexp.defvjp(a=lambda g, a, b: g * sigmoid(a - b), b=lambda g, a, b: g * sigmoid(b - a))


@primitive("y = log₂(2ᵃ + 2ᵇ)", vjp="ā = g·s((a − b)·ln 2), b̄ = g·s((b − a)·ln 2)", broadcast=True, floating=True)
def logaddexp2(a: Array, b: Array) -> Array:
    """The logarithm to base 2 of a sum of powers of 2: y = log₂(2ᵃ + 2ᵇ), without overflow.

    (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.logaddexp2(mg.tensor([3., 1000.]), mg.tensor([3., 0.]))
    tensor([   4., 1000.])
    """
    return np.logaddexp2(a, b)


logaddexp2.defvjp(
    a=lambda g, a, b: g * sigmoid((a - b) * math.log(2)), b=lambda g, a, b: g * sigmoid((b - a) * math.log(2))
)


@primitive("y = a·ln b, and 0 where a = 0", vjp="ā = g·ln b, b̄ = g·a/b", broadcast=True, floating=True)
def xlogy(a: Array, b: Array) -> Array:
    """a·ln b, and 0 where a is 0, whatever b is but NaN.

    (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.xlogy(mg.tensor([0., 2.]), mg.tensor([0., 1.]))
    tensor([0., 0.])
    """
    return np.where((a == 0) & ~np.isnan(b), a.dtype.type(0), a * np.log(b))


xlogy.defvjp(
    a=lambda g, a, b: g * log(where((a == 0) & (b <= 0), 1, b)),
    b=lambda g, a, b: g * (a / b),
)


@primitive(
    "y = ln(x/(1 − x)), x limited to [eps, 1 − eps]",
    vjp="x̄ = g/(x·(1 − x)), 0 beyond the limits",
    broadcast=True,
    floating=True,
)
def logit_primitive(x: Array, *, eps: float | None) -> Array:
    """The inverse of the logistic function."""
    if eps is not None:
        x = np.maximum(np.minimum(x, x.dtype.type(1 - eps)), x.dtype.type(eps))
    return np.asarray(np.log(x / (1 - x)), x.dtype)


def _logit_vjp(g: Tensor, x: Tensor, eps: float | None) -> Tensor:
    low = 0.0 if eps is None else eps
    inside = (x >= low) & (x <= 1 - low)
    return where(inside, g / (x * (1 - x)), math.nan if eps is None else 0)  # type: ignore[no-any-return]


logit_primitive.defvjp(x=_logit_vjp)


@function
def logit(input: Any, eps: float | None = None) -> Tensor:
    """The inverse of the logistic function: y = ln(x/(1 − x)); with `eps`, of x limited to [eps, 1 − eps].

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.logit(mg.tensor([0.25, 0.5]))
    tensor([-1.0986,  0.0000])
    """
    return logit_primitive(input, eps=None if eps is None else as_number(eps, "logit"))


@function
def float_power(input: Any, exponent: Any) -> Tensor:
    """Raise to a power in float64: y = aᵇ.

    (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.float_power(mg.tensor([2, 4]), -1)
    tensor([0.5000, 0.2500], dtype=float64)
    """
    base, power = (as_operand(one, "float_power").to(dtype=np.float64) for one in (input, exponent))
    return pow(base, power)
