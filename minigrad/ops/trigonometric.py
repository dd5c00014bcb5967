"""Circular and hyperbolic functions with their inverses, and degrees: element-wise primitives with their VJPs."""

import math
from typing import Any

import numpy as np

from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .arithmetic import mul
from .comparison import where
from .elementary import rsqrt

__all__ = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cosh",
    "deg2rad",
    "rad2deg",
    "sinc",
    "sinh",
    "tan",
]

# --------------------------------------------------------------- circular


@primitive("y = tan x", vjp="x̄ = g·(1 + y²)", broadcast=True, floating=True)
def tan(x: Array) -> Array:
    """The tangent: y = tan x.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.tan(mg.tensor([0., 1.]))
    tensor([0.0000, 1.5574])
    """
    return np.tan(x)


tan.defvjp(x=lambda g, y: g * (1 + y * y))


@primitive("y = arcsin x", vjp="x̄ = g/√(1 − x²)", broadcast=True, floating=True)
def asin(x: Array) -> Array:
    """The inverse of the sine, from −π/2 to π/2; NaN where |x| > 1.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.asin(mg.tensor([0., 1.]))
    tensor([0.0000, 1.5708])
    """
    return np.arcsin(x)


@primitive("y = arccos x", vjp="x̄ = −g/√(1 − x²)", broadcast=True, floating=True)
def acos(x: Array) -> Array:
    """The inverse of the cosine, from 0 to π; NaN where |x| > 1.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.acos(mg.tensor([0., 1.]))
    tensor([1.5708, 0.0000])
    """
    return np.arccos(x)


asin.defvjp(x=lambda g, x: g * rsqrt(1 - x * x))
acos.defvjp(x=lambda g, x: -(g * rsqrt(1 - x * x)))


@primitive("y = arctan x", vjp="x̄ = g/(1 + x²)", broadcast=True, floating=True)
def atan(x: Array) -> Array:
    """The inverse of the tangent, from −π/2 to π/2.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.atan(mg.tensor([0., 1.]))
    tensor([0.0000, 0.7854])
    """
    return np.arctan(x)


atan.defvjp(x=lambda g, x: g / (1 + x * x))


def _over_radius(g: Tensor, part: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """g·part/(a² + b²), and 0 at the origin, which has no angle."""
    square = a * a + b * b
    origin = square == 0
    return where(origin, 0, g * part / where(origin, 1, square))  # type: ignore[no-any-return]


@primitive("y = the angle of the point (b, a)", vjp="ā = g·b/(a² + b²), b̄ = −g·a/(a² + b²)", broadcast=True,
           floating=True)  # fmt: skip
def atan2(a: Array, b: Array) -> Array:
    """The angle of the point (other, input), from −π to π; its gradient at the origin is 0.

    (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.atan2(mg.tensor([1., 0.]), mg.tensor([0., -1.]))
    tensor([1.5708, 3.1416])
    """
    return np.arctan2(a, b)


atan2.defvjp(
    a=lambda g, a, b: _over_radius(g, b, a, b),
    b=lambda g, a, b: _over_radius(g, -a, a, b),
)


@function
def sinc(input: Any) -> Tensor:
    """sin(πx)/(πx), and 1 at 0.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.sinc(mg.tensor([0., 0.5]))
    tensor([1.0000, 0.6366])
    """
    return sinc_derivative(input, n=0)


@primitive("y = the n-th derivative of sin(πx)/(πx)", vjp="x̄ = g·the derivative of order n + 1", broadcast=True,
           floating=True)  # fmt: skip
def sinc_derivative(x: Array, *, n: int) -> Array:
    """A derivative of the cardinal sine: by Leibniz' rule from a distance to 0 on, by its power series near it."""
    angle = math.pi * x.astype(np.float64)
    near = np.abs(angle) < 2 + n
    safe = np.where(near, 1, angle)
    far = np.zeros_like(angle)
    for k in range(n + 1):
        # Σ C(n, k)·sin⁽ⁿ⁻ᵏ⁾(t)·(1/t)⁽ᵏ⁾
        wave = np.sin(safe + (n - k) * math.pi / 2)
        far += math.comb(n, k) * wave * (-1) ** k * math.factorial(k) / safe ** (k + 1)
    small = np.where(near, angle, 0)
    series = np.zeros_like(angle)
    for k in range((n + 1) // 2, 20 + n):
        power = 2 * k - n
        series += (-1) ** k * small**power / ((2 * k + 1) * math.factorial(power))
    return np.asarray(np.where(near, series, far) * math.pi**n, x.dtype)


sinc_derivative.defvjp(x=lambda g, x, n: g * sinc_derivative(x, n=n + 1))


# -------------------------------------------------------------- hyperbolic


@primitive("y = sinh x", vjp="x̄ = g·cosh x", broadcast=True, floating=True)
def sinh(x: Array) -> Array:
    """The hyperbolic sine: y = (eˣ − e⁻ˣ)/2.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.sinh(mg.tensor([0., 1.]))
    tensor([0.0000, 1.1752])
    """
    return np.sinh(x)


@primitive("y = cosh x", vjp="x̄ = g·sinh x", broadcast=True, floating=True)
def cosh(x: Array) -> Array:
    """The hyperbolic cosine: y = (eˣ + e⁻ˣ)/2.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.cosh(mg.tensor([0., 1.]))
    tensor([1.0000, 1.5431])
    """
    return np.cosh(x)


sinh.defvjp(x=lambda g, x: g * cosh(x))
cosh.defvjp(x=lambda g, x: g * sinh(x))


@primitive("y = arsinh x", vjp="x̄ = g/√(x² + 1)", broadcast=True, floating=True)
def asinh(x: Array) -> Array:
    """The inverse of the hyperbolic sine: y = ln(x + √(x² + 1)).

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.asinh(mg.tensor([0., 1.]))
    tensor([0.0000, 0.8814])
    """
    return np.arcsinh(x)


@primitive("y = arcosh x", vjp="x̄ = g/√(x² − 1)", broadcast=True, floating=True)
def acosh(x: Array) -> Array:
    """The inverse of the hyperbolic cosine: y = ln(x + √(x² − 1)); NaN below 1.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.acosh(mg.tensor([1., 2.]))
    tensor([0.0000, 1.3170])
    """
    return np.arccosh(x)


asinh.defvjp(x=lambda g, x: g * rsqrt(x * x + 1))
acosh.defvjp(x=lambda g, x: g * rsqrt(x * x - 1))


@primitive("y = artanh x", vjp="x̄ = g/(1 − x²)", broadcast=True, floating=True)
def atanh(x: Array) -> Array:
    """The inverse of the hyperbolic tangent: y = ln((1 + x)/(1 − x))/2; ±∞ at ±1, NaN beyond.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.atanh(mg.tensor([0., 0.5]))
    tensor([0.0000, 0.5493])
    """
    return np.arctanh(x)


atanh.defvjp(x=lambda g, x: g / (1 - x * x))

# ------------------------------------------------------------------ degrees


@function
def deg2rad(input: Any) -> Tensor:
    """Degrees as radians: y = x·π/180.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.deg2rad(mg.tensor([180.]))
    tensor([3.1416])
    """
    return mul(input, math.pi / 180)


@function
def rad2deg(input: Any) -> Tensor:
    """Radians as degrees: y = x·180/π.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.rad2deg(mg.tensor([mg.pi]))
    tensor([180.])
    """
    return mul(input, 180 / math.pi)
