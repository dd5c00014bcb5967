"""Elementary functions: exponentials, powers, roots, rounding; element-wise primitives with their VJPs.

(*) -> (*) throughout; integers become the default floating dtype where the
result is a fraction.
"""

import math
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..operands import as_integer, as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .comparison import isfinite, where


def zeros_like(g: Tensor) -> Tensor:
    """Zeros in the shape and dtype of `g`: the gradient of a piecewise constant function."""
    return Tensor._wrap(np.zeros_like(g._array))


@primitive("y = eˣ", vjp="x̄ = g·y", broadcast=True, floating=True)
def exp(x: Array) -> Array:
    """The exponential: y = eˣ.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.exp(mg.tensor([0., 1.]))
    tensor([1.0000, 2.7183])
    """
    return np.exp(x)


exp.defvjp(x=lambda g, y: g * y)


@primitive("y = eˣ − 1", vjp="x̄ = g·(y + 1)", broadcast=True, floating=True)
def expm1(x: Array) -> Array:
    """y = eˣ − 1, exact for small x.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.expm1(mg.tensor([0., 1.]))
    tensor([0.0000, 1.7183])
    """
    return np.expm1(x)


expm1.defvjp(x=lambda g, y: g * (y + 1))


@primitive("y = ln x", vjp="x̄ = g/x", broadcast=True, floating=True)
def log(x: Array) -> Array:
    """The natural logarithm: y = ln x; −∞ at 0 and NaN below, without a warning.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.log(mg.tensor([1., 10.]))
    tensor([0.0000, 2.3026])
    """
    return np.log(x)


log.defvjp(x=lambda g, x: g / x)


@primitive("y = x²", vjp="x̄ = 2g·x", broadcast=True)
def square(x: Array) -> Array:
    """The square: y = x².

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.square(mg.tensor([2., -3.]))
    tensor([4., 9.])
    """
    return np.square(x) if x.dtype.kind != "b" else x.astype(np.int64)


square.defvjp(x=lambda g, x: g * x * 2)


@primitive("y = 1/x", vjp="x̄ = −g·y²", broadcast=True, floating=True)
def reciprocal(x: Array) -> Array:
    """One over x: y = 1/x.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.reciprocal(mg.tensor([2., 4.]))
    tensor([0.5000, 0.2500])
    """
    return np.reciprocal(x)


reciprocal.defvjp(x=lambda g, y: -(g * (y * y)))


@primitive("y = aᵇ", vjp="ā = g·b·aᵇ⁻¹, b̄ = g·y·ln a", broadcast=True, keywords=("input", "exponent"))
def pow_primitive(a: Array, b: Array) -> Array:
    """The power, element by element."""
    if a.dtype.kind == "b":
        return a | ~b
    if a.dtype.kind in "iu" and bool((b < 0).any()):
        raise ArgumentError(
            "integers to a negative power arrived, which are fractions; convert first, for example t.float()"
        )
    return np.power(a, b)


def _pow_base_vjp(g: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """b·aᵇ⁻¹, and 0 where b = 0 even if a has no reciprocal; 1 in its place keeps 0·∞ out of every order."""
    no_reciprocal = (b == 0) & ~isfinite(reciprocal(a.detach()))
    return g * (b * pow_primitive(where(no_reciprocal, 1, a), b - 1))


pow_primitive.defvjp(
    a=_pow_base_vjp,
    b=lambda g, a, b, y: g * (y * log(where((a == 0) & (b >= 0), 1, a))),
)


@function
def pow(input: Any, exponent: Any) -> Tensor:
    """Raise to a power: y = aᵇ. The gradient of a⁰ with respect to a is 0, also at a = 0.

    (*), (*) -> (*) after broadcasting. Raises `ArgumentError` for integers to negative integer powers,
    `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.pow(mg.tensor([1., 2., 3.]), 2)
    tensor([1., 4., 9.])
    """
    if isinstance(input, Tensor) and isinstance(exponent, int | float) and exponent == 2:
        squared = square(input)
        return squared if isinstance(exponent, int) or squared.dtype.kind == "f" else squared * 1.0
    return pow_primitive(input, exponent)


@primitive("y = ln(1 + x)", vjp="x̄ = g/(1 + x)", broadcast=True, floating=True)
def log1p(x: Array) -> Array:
    """y = ln(1 + x), exact for small x.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.log1p(mg.tensor([0., 1.]))
    tensor([0.0000, 0.6931])
    """
    return np.log1p(x)


log1p.defvjp(x=lambda g, x: g / (x + 1))


@primitive("y = √x", vjp="x̄ = g/(2y)", broadcast=True, floating=True)
def sqrt(x: Array) -> Array:
    """The square root: y = √x; its slope at 0 is ∞.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.sqrt(mg.tensor([4., 9.]))
    tensor([2., 3.])
    """
    return np.sqrt(x)


sqrt.defvjp(x=lambda g, y: g / (y * 2))


@primitive("y = 1/√x", vjp="x̄ = −g·y³/2", broadcast=True, floating=True)
def rsqrt(x: Array) -> Array:
    """One over the square root: y = 1/√x.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.rsqrt(mg.tensor([4., 16.]))
    tensor([0.5000, 0.2500])
    """
    return np.true_divide(1, np.sqrt(x), dtype=x.dtype)


rsqrt.defvjp(x=lambda g, y: g * (y * y * y) * -0.5)


@primitive("y = sgn x", vjp="x̄ = 0", broadcast=True)
def sign(x: Array) -> Array:
    """−1, 0 or 1 by the sign; its gradient is 0.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.sign(mg.tensor([3., 0., -2.]))
    tensor([ 1.,  0., -1.])
    """
    # By comparison, so that NaN gives 0, as in PyTorch.
    return x.copy() if x.dtype.kind == "b" else np.subtract(x > 0, x < 0, dtype=x.dtype)


sign.defvjp(x=zeros_like)


@primitive("y = |x|", vjp="x̄ = g·sgn x", notes=("N72", "X75"), broadcast=True)
def abs(x: Array) -> Array:
    """The absolute value y = |x| (N72's rectification layer); its gradient at 0 is 0 (X75).

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.abs(mg.tensor([1., -2.]))
    tensor([1., 2.])
    """
    return np.abs(x)


abs.defvjp(x=lambda g, x: g * sign(x))


@primitive("y = ⌊x⌋", vjp="x̄ = 0", broadcast=True)
def floor(x: Array) -> Array:
    """Round down: y = ⌊x⌋; the gradient is 0.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.floor(mg.tensor([1.7, -1.2]))
    tensor([ 1., -2.])
    """
    return np.floor(x) if x.dtype.kind == "f" else x.copy()


floor.defvjp(x=zeros_like)


@primitive("y = ⌈x⌉", vjp="x̄ = 0", broadcast=True)
def ceil(x: Array) -> Array:
    """Round up: y = ⌈x⌉; the gradient is 0.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.ceil(mg.tensor([1.2, -1.7]))
    tensor([ 2., -1.])
    """
    return np.ceil(x) if x.dtype.kind == "f" else x.copy()


ceil.defvjp(x=zeros_like)


@primitive("y = x rounded to the nearest integer, halves to even", vjp="x̄ = 0", notes=("N3",), broadcast=True)
def round_primitive(x: Array) -> Array:
    """The nearest integer, halves to even."""
    return np.rint(x) if x.dtype.kind == "f" else x.copy()


round_primitive.defvjp(x=zeros_like)


@function
def round(input: Any, *, decimals: int = 0) -> Tensor:
    """Round to the nearest integer, or to so many decimals, halves to even (N3: quantisation); the gradient is 0.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.round(mg.tensor([1.4, 2.5]))
    tensor([1., 2.])
    """
    x, digits = as_operand(input, "round"), as_integer(decimals, "round", "decimals")
    if digits == 0:
        return round_primitive(x)
    scale = 10.0**digits
    return round_primitive(x * scale) / scale


@primitive("y = x without its fraction", vjp="x̄ = 0", broadcast=True)
def trunc(x: Array) -> Array:
    """Round towards zero; the gradient is 0.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.trunc(mg.tensor([1.7, -1.7]))
    tensor([ 1., -1.])
    """
    return np.trunc(x) if x.dtype.kind == "f" else x.copy()


trunc.defvjp(x=zeros_like)


@primitive("y = sin x", vjp="x̄ = g·cos x", broadcast=True, floating=True)
def sin(x: Array) -> Array:
    """The sine: y = sin x.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.sin(mg.tensor([0., 1.]))
    tensor([0.0000, 0.8415])
    """
    return np.sin(x)


@primitive("y = cos x", vjp="x̄ = −g·sin x", broadcast=True, floating=True)
def cos(x: Array) -> Array:
    """The cosine: y = cos x.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.cos(mg.tensor([0., 1.]))
    tensor([1.0000, 0.5403])
    """
    return np.cos(x)


sin.defvjp(x=lambda g, x: g * cos(x))
cos.defvjp(x=lambda g, x: -(g * sin(x)))


@primitive("y = 2/√π ∫₀ˣ e^(−t²) dt", vjp="x̄ = g·2/√π·e^(−x²)", broadcast=True, floating=True)
def erf(x: Array) -> Array:
    """The error function y = 2/√π ∫₀ˣ e^(−t²) dt, by `scipy.special.erf`.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.erf(mg.tensor([0., 1.]))
    tensor([0.0000, 0.8427])
    """
    from scipy.special import erf as scipy_erf

    return np.asarray(scipy_erf(x)).astype(x.dtype, copy=False)


erf.defvjp(x=lambda g, x: g * (exp(-(x * x)) * (2 / math.sqrt(math.pi))))
