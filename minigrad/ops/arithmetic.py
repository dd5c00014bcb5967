"""Arithmetic, powers, exponentials: element-wise primitives, each with its VJP below it.

Operands are promoted and broadcast as in PyTorch; the gradient of an operand
that was broadcast is summed back to its shape. Where a shape line is missing it
is `(*), (*) -> (*)` after broadcasting.
"""

import math

import numpy as np

from ..errors import ArgumentError
from ..primitive import primitive
from ..registry import function, lookup
from ..tensor import Array, Tensor
from .comparison import where


def zeros_like(g: Tensor) -> Tensor:
    """Zeros in the shape and dtype of `g`: the gradient of a piecewise constant function."""
    return Tensor._wrap(np.zeros_like(g._array))


@primitive("y = a + b", vjp="ā = g, b̄ = g", notes=("N139",), broadcast=True)
def add(a: Array, b: Array) -> Array:
    """Add two tensors: y = a + b (N139: the skip connection; its VJP sends g both ways).

    >>> import minigrad as mg
    >>> mg.add(mg.tensor([1., 2.]), 10)
    tensor([11., 12.])
    """
    return np.add(a, b)


add.defvjp(a=lambda g: g, b=lambda g: g)


@primitive("y = a − b", vjp="ā = g, b̄ = −g", broadcast=True)
def sub(a: Array, b: Array) -> Array:
    """Subtract: y = a − b.

    >>> import minigrad as mg
    >>> mg.sub(mg.tensor([1., 2.]), 1)
    tensor([0., 1.])
    """
    return np.subtract(a, b)


sub.defvjp(a=lambda g: g, b=lambda g: -g)


@primitive("y = a·b", vjp="ā = g·b, b̄ = g·a", notes=("N66",), broadcast=True)
def mul(a: Array, b: Array) -> Array:
    """Multiply element by element: y = a·b (N66: the gain of a map).

    >>> import minigrad as mg
    >>> mg.mul(mg.tensor([1., 2.]), 3)
    tensor([3., 6.])
    """
    return np.multiply(a, b)


mul.defvjp(a=lambda g, b: g * b, b=lambda g, a: g * a)


@primitive("y = a/b", vjp="ā = g/b, b̄ = −g·y/b", broadcast=True, floating=True)
def div(a: Array, b: Array) -> Array:
    """Divide: y = a/b; integers give floats.

    >>> import minigrad as mg
    >>> mg.div(mg.tensor([1, 3]), 2)
    tensor([0.5000, 1.5000])
    """
    return np.true_divide(a, b)


div.defvjp(a=lambda g, b: g / b, b=lambda g, b, y: -(g * (y / b)))


@primitive("y = ⌊a/b⌋", broadcast=True)
def floor_divide(a: Array, b: Array) -> Array:
    """Divide and round down: y = ⌊a/b⌋; piecewise constant, so no gradient is recorded.

    >>> import minigrad as mg
    >>> mg.floor_divide(mg.tensor([7, -7]), 2)
    tensor([ 3, -4])
    """
    return np.floor_divide(a, b)


@primitive("y = a − b·⌊a/b⌋", vjp="ā = g, b̄ = −g·⌊a/b⌋", broadcast=True)
def remainder(a: Array, b: Array) -> Array:
    """The remainder, with the sign of the divisor, as Python's %.

    >>> import minigrad as mg
    >>> mg.remainder(mg.tensor([7, -7]), 3)
    tensor([1, 2])
    """
    return np.remainder(a, b)


remainder.defvjp(a=lambda g: g, b=lambda g, a, b: -(g * floor_divide(a, b)))


@primitive("y = −x", vjp="x̄ = −g", broadcast=True)
def neg(x: Array) -> Array:
    """Change the sign: y = −x.

    >>> import minigrad as mg
    >>> mg.neg(mg.tensor([1., -2.]))
    tensor([-1.,  2.])
    """
    return np.negative(x)


neg.defvjp(x=lambda g: -g)


@primitive("y = eˣ", vjp="x̄ = g·y", broadcast=True, floating=True)
def exp(x: Array) -> Array:
    """The exponential: y = eˣ.

    >>> import minigrad as mg
    >>> mg.exp(mg.tensor([0., 1.]))
    tensor([1.0000, 2.7183])
    """
    return np.exp(x)


exp.defvjp(x=lambda g, y: g * y)


@primitive("y = eˣ − 1", vjp="x̄ = g·(y + 1)", broadcast=True, floating=True)
def expm1(x: Array) -> Array:
    """eˣ − 1, exact for small x.

    >>> import minigrad as mg
    >>> mg.expm1(mg.tensor([0., 1.]))
    tensor([0.0000, 1.7183])
    """
    return np.expm1(x)


expm1.defvjp(x=lambda g, y: g * (y + 1))


@primitive("y = ln x", vjp="x̄ = g/x", broadcast=True, floating=True)
def log(x: Array) -> Array:
    """The natural logarithm: y = ln x; −∞ at 0 and NaN below, without a warning.

    >>> import minigrad as mg
    >>> mg.log(mg.tensor([1., 10.]))
    tensor([0.0000, 2.3026])
    """
    return np.log(x)


log.defvjp(x=lambda g, x: g / x)


@primitive("y = aᵇ", vjp="ā = g·b·aᵇ⁻¹, b̄ = g·y·ln a", broadcast=True)
def pow(a: Array, b: Array) -> Array:
    """Raise to a power: y = aᵇ. The gradient of a⁰ with respect to a is 0, also at a = 0.

    Raises `ArgumentError` for integers to negative integer powers.

    >>> import minigrad as mg
    >>> mg.pow(mg.tensor([1., 2., 3.]), 2)
    tensor([1., 4., 9.])
    """
    if a.dtype.kind in "iu" and bool((b < 0).any()):
        raise ArgumentError(
            "integers to a negative power arrived, which are fractions; convert first, for example t.float()"
        )
    if b.ndim == 0 and b == 2:
        return np.square(a)
    return np.power(a, b)


# The exponent 1 in place of −1 where b = 0, and ln 1 in place of ln 0, keep 0·∞ out of every order of derivative.
pow.defvjp(
    a=lambda g, a, b: g * (b * pow(a, where(b == 0, 1, b - 1))),
    b=lambda g, a, b, y: g * (y * log(where((a == 0) & (b >= 0), 1, a))),
)


@primitive("y = ln(1 + x)", vjp="x̄ = g/(1 + x)", broadcast=True, floating=True)
def log1p(x: Array) -> Array:
    """ln(1 + x), exact for small x.

    >>> import minigrad as mg
    >>> mg.log1p(mg.tensor([0., 1.]))
    tensor([0.0000, 0.6931])
    """
    return np.log1p(x)


log1p.defvjp(x=lambda g, x: g / (x + 1))


@primitive("y = √x", vjp="x̄ = g/(2y)", broadcast=True, floating=True)
def sqrt(x: Array) -> Array:
    """The square root: y = √x; its slope at 0 is ∞.

    >>> import minigrad as mg
    >>> mg.sqrt(mg.tensor([4., 9.]))
    tensor([2., 3.])
    """
    return np.sqrt(x)


sqrt.defvjp(x=lambda g, y: g / (y * 2))


@primitive("y = 1/√x", vjp="x̄ = −g·y³/2", broadcast=True, floating=True)
def rsqrt(x: Array) -> Array:
    """One over the square root.

    >>> import minigrad as mg
    >>> mg.rsqrt(mg.tensor([4., 16.]))
    tensor([0.5000, 0.2500])
    """
    return np.true_divide(1, np.sqrt(x), dtype=x.dtype)


rsqrt.defvjp(x=lambda g, y: g * (y * y * y) * -0.5)


@primitive("y = x²", vjp="x̄ = 2g·x", broadcast=True)
def square(x: Array) -> Array:
    """The square: y = x².

    >>> import minigrad as mg
    >>> mg.square(mg.tensor([2., -3.]))
    tensor([4., 9.])
    """
    return np.square(x)


square.defvjp(x=lambda g, x: g * x * 2)


@primitive("y = 1/x", vjp="x̄ = −g·y²", broadcast=True, floating=True)
def reciprocal(x: Array) -> Array:
    """One over x.

    >>> import minigrad as mg
    >>> mg.reciprocal(mg.tensor([2., 4.]))
    tensor([0.5000, 0.2500])
    """
    return np.reciprocal(x)


reciprocal.defvjp(x=lambda g, y: -(g * (y * y)))


@primitive("y = sgn x", vjp="x̄ = 0", notes=("N73",), broadcast=True)
def sign(x: Array) -> Array:
    """−1, 0 or 1 by the sign; its gradient is 0.

    >>> import minigrad as mg
    >>> mg.sign(mg.tensor([3., 0., -2.]))
    tensor([ 1.,  0., -1.])
    """
    return np.sign(x)


sign.defvjp(x=zeros_like)


@primitive("y = |x|", vjp="x̄ = g·sgn x", notes=("N72", "X75"), broadcast=True)
def abs(x: Array) -> Array:
    """The absolute value (N72's rectification layer); its gradient at 0 is 0 (X75).

    >>> import minigrad as mg
    >>> mg.abs(mg.tensor([1., -2.]))
    tensor([1., 2.])
    """
    return np.abs(x)


abs.defvjp(x=lambda g, x: g * sign(x))


@primitive("y = ⌊x⌋", vjp="x̄ = 0", broadcast=True)
def floor(x: Array) -> Array:
    """Round down; the gradient is 0.

    >>> import minigrad as mg
    >>> mg.floor(mg.tensor([1.7, -1.2]))
    tensor([ 1., -2.])
    """
    return np.floor(x)


floor.defvjp(x=zeros_like)


@primitive("y = ⌈x⌉", vjp="x̄ = 0", broadcast=True)
def ceil(x: Array) -> Array:
    """Round up; the gradient is 0.

    >>> import minigrad as mg
    >>> mg.ceil(mg.tensor([1.2, -1.7]))
    tensor([ 2., -1.])
    """
    return np.ceil(x)


ceil.defvjp(x=zeros_like)


@primitive("y = x rounded to the nearest integer, halves to even", vjp="x̄ = 0", notes=("N3",), broadcast=True)
def round(x: Array) -> Array:
    """Round to the nearest integer, halves to even (N3: quantisation); the gradient is 0.

    >>> import minigrad as mg
    >>> mg.round(mg.tensor([1.4, 2.5]))
    tensor([1., 2.])
    """
    return np.rint(x) if x.dtype.kind == "f" else x.copy()


round.defvjp(x=zeros_like)


@primitive("y = x without its fraction", vjp="x̄ = 0", broadcast=True)
def trunc(x: Array) -> Array:
    """Round towards zero; the gradient is 0.

    >>> import minigrad as mg
    >>> mg.trunc(mg.tensor([1.7, -1.7]))
    tensor([ 1., -1.])
    """
    return np.trunc(x)


trunc.defvjp(x=zeros_like)


@primitive("y = sin x", vjp="x̄ = g·cos x", broadcast=True, floating=True)
def sin(x: Array) -> Array:
    """The sine.

    >>> import minigrad as mg
    >>> mg.sin(mg.tensor([0., 1.]))
    tensor([0.0000, 0.8415])
    """
    return np.sin(x)


@primitive("y = cos x", vjp="x̄ = −g·sin x", broadcast=True, floating=True)
def cos(x: Array) -> Array:
    """The cosine.

    >>> import minigrad as mg
    >>> mg.cos(mg.tensor([0., 1.]))
    tensor([1.0000, 0.5403])
    """
    return np.cos(x)


sin.defvjp(x=lambda g, x: g * cos(x))
cos.defvjp(x=lambda g, x: -(g * sin(x)))


@primitive("y = 2/√π ∫₀ˣ e^(−t²) dt", vjp="x̄ = g·2/√π·e^(−x²)", broadcast=True, floating=True)
def erf(x: Array) -> Array:
    """The error function, by `scipy.special.erf`.

    >>> import minigrad as mg
    >>> mg.erf(mg.tensor([0., 1.]))
    tensor([0.0000, 0.8427])
    """
    from scipy.special import erf as scipy_erf

    return scipy_erf(x)  # type: ignore[no-any-return]


erf.defvjp(x=lambda g, x: g * (exp(-(x * x)) * (2 / math.sqrt(math.pi))))


@primitive("y = max(a, b)", vjp="ā = g·[a > b], b̄ = g·[b > a], half each where equal", broadcast=True)
def maximum(a: Array, b: Array) -> Array:
    """The larger of two, element by element; NaN wins. Equal operands share the gradient, as in PyTorch.

    >>> import minigrad as mg
    >>> mg.maximum(mg.tensor([1., 5.]), 3)
    tensor([3., 5.])
    """
    return np.maximum(a, b)


maximum.defvjp(
    a=lambda g, a, b: where(a == b, g * 0.5, where(a < b, 0, g)),
    b=lambda g, a, b: where(a == b, g * 0.5, where(b < a, 0, g)),
)


@primitive("y = min(a, b)", vjp="ā = g·[a < b], b̄ = g·[b < a], half each where equal", broadcast=True)
def minimum(a: Array, b: Array) -> Array:
    """The smaller of two, element by element; NaN wins. Equal operands share the gradient, as in PyTorch.

    >>> import minigrad as mg
    >>> mg.minimum(mg.tensor([1., 5.]), 3)
    tensor([1., 3.])
    """
    return np.minimum(a, b)


minimum.defvjp(
    a=lambda g, a, b: where(a == b, g * 0.5, where(a > b, 0, g)),
    b=lambda g, a, b: where(a == b, g * 0.5, where(b > a, 0, g)),
)


@function
def clamp(x: Tensor, min: Tensor | float | None = None, max: Tensor | float | None = None) -> Tensor:
    """Limit to [min, max], each a number, a tensor or None; the gradient passes where x is inside, bounds included.

    Raises `ArgumentError` where both bounds are missing.

    >>> import minigrad as mg
    >>> mg.clamp(mg.tensor([-1., 0.5, 2.]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise ArgumentError("clamp got neither min nor max; give at least one bound")
    if min is not None:
        x = where(lookup("lt")(x, min), min, x)
    if max is not None:
        x = where(lookup("gt")(x, max), max, x)
    return x


@function
def addcmul(x: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """x + value·tensor1·tensor2.

    >>> import minigrad as mg
    >>> mg.addcmul(mg.ones(2), mg.tensor([1., 2.]), mg.tensor([3., 4.]), value=0.5)
    tensor([2.5000, 5.0000])
    """
    return add(x, mul(mul(tensor1, tensor2), value))


@function
def addcdiv(x: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """x + value·tensor1/tensor2.

    >>> import minigrad as mg
    >>> mg.addcdiv(mg.ones(2), mg.tensor([1., 2.]), mg.tensor([2., 4.]))
    tensor([1.5000, 1.5000])
    """
    return add(x, mul(div(tensor1, tensor2), value))


@function
def lerp(start: Tensor, end: Tensor, weight: Tensor | float) -> Tensor:
    """Between start and end: start + weight·(end − start).

    >>> import minigrad as mg
    >>> mg.lerp(mg.tensor([0.]), mg.tensor([10.]), 0.25)
    tensor([2.5000])
    """
    return add(start, mul(sub(end, start), weight))
