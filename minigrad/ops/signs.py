"""Signs, fractions, remainders and repairs of single elements: primitives and what they compose to."""

import math
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError
from ..operands import as_number, as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .arithmetic import add, div_primitive, sub
from .comparison import isfinite, isnan, where
from .elementary import sign, trunc, zeros_like

__all__ = [
    "copysign",
    "fmax",
    "fmin",
    "fmod",
    "frac",
    "heaviside",
    "hypot",
    "isneginf",
    "isposinf",
    "nan_to_num",
    "rsub",
    "sgn",
    "signbit",
]

# -------------------------------------------------------------------- signs


@function
def sgn(input: Any) -> Tensor:
    """`sign`, by the name it has for complex numbers too; its gradient is 0.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.sgn(mg.tensor([3., 0., -2.]))
    tensor([ 1.,  0., -1.])
    """
    return sign(input)


@primitive("y = [the sign of x is −]", broadcast=True)
def signbit(x: Array) -> Array:
    """Where the sign is negative, that of −0 included.

    (*) -> (*) of bools

    >>> import minigrad as mg
    >>> mg.signbit(mg.tensor([1., -0., -2.]))
    tensor([False,  True,  True])
    """
    return np.signbit(x) if x.dtype.kind == "f" else np.less(x, 0)


@primitive("y = |a| with the sign of b", vjp="ā = g·y/a, b̄ = 0", broadcast=True, floating=True)
def copysign(a: Array, b: Array) -> Array:
    """|a| with the sign of b, that of −0 included; the gradient is 0 where a is 0.

    (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.copysign(mg.tensor([1., -2.]), -1)
    tensor([-1., -2.])
    """
    return np.copysign(a, b)


copysign.defvjp(a=lambda g, a, b: g * (sign(a) * copysign(1, b)), b=zeros_like)


@primitive("y = 0, v or 1 where x < 0, x = 0 or x > 0", broadcast=True)
def heaviside_primitive(x: Array, values: Array) -> Array:
    """The step, with a value of its own at 0."""
    return np.where(x == 0, values, (x > 0).astype(x.dtype))


@function
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """The step: 0 below 0, 1 above, `values` at 0. It has no gradient.

    (*), (*) -> (*) after broadcasting. Raises `DTypeError` where the dtypes differ, `ShapeError` where
    the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.heaviside(mg.tensor([-2., 0., 3.]), mg.tensor([0.5]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    x, at_zero = as_operand(input, "heaviside"), as_operand(values, "heaviside")
    if x.dtype != at_zero.dtype:
        raise DTypeError(f"heaviside of {x.dtype} with values of {at_zero.dtype}; convert: values.to(mg.{x.dtype})")
    return heaviside_primitive(x, at_zero)


@primitive("y = [x = ∞]", broadcast=True)
def isposinf(x: Array) -> Array:
    """Where x is ∞.

    (*) -> (*) of bools

    >>> import minigrad as mg
    >>> mg.isposinf(mg.tensor([1., float("inf")]))
    tensor([False,  True])
    """
    return np.equal(x, math.inf)


@primitive("y = [x = −∞]", broadcast=True)
def isneginf(x: Array) -> Array:
    """Where x is −∞.

    (*) -> (*) of bools

    >>> import minigrad as mg
    >>> mg.isneginf(mg.tensor([1., -float("inf")]))
    tensor([False,  True])
    """
    return np.equal(x, -math.inf)


# --------------------------------------------------- fractions and remainders


@function
def frac(input: Any) -> Tensor:
    """What `trunc` cuts off: y = x − trunc x, with the sign of x.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.frac(mg.tensor([1.5, -2.25]))
    tensor([ 0.5000, -0.2500])
    """
    x = as_operand(input, "frac")
    return sub(x, trunc(x))


@primitive("y = a − b·trunc(a/b)", vjp="ā = g, b̄ = −g·trunc(a/b)", broadcast=True)
def fmod(a: Array, b: Array) -> Array:
    """The remainder y = a − b·trunc(a/b), with the sign of the dividend, as in C.

    (*), (*) -> (*) after broadcasting. Raises `ArgumentError` for integers divided by 0,
    `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.fmod(mg.tensor([7, -7]), 3)
    tensor([ 1, -1])
    """
    if b.dtype.kind in "iu" and not b.all():
        raise ArgumentError(
            "fmod of integers by 0: there is no integer to return. Convert first for ∞ or NaN: t.float()"
        )
    return np.fmod(a, b)


fmod.defvjp(a=lambda g: g, b=lambda g, a, b: -(g * trunc(div_primitive(a, b))))


@function
def rsub(input: Any, other: Any, *, alpha: float = 1) -> Tensor:
    """The other way round: y = other − α·input.

    (*), (*) -> (*) after broadcasting. Raises as `sub`.

    >>> import minigrad as mg
    >>> mg.rsub(mg.tensor([1., 2.]), 10)
    tensor([9., 8.])
    """
    return sub(other, as_operand(input, "rsub"), alpha=alpha)


# ------------------------------------------------------------------ of pairs


@primitive("y = √(a² + b²)", vjp="ā = g·a/y, b̄ = g·b/y", broadcast=True, floating=True)
def hypot(a: Array, b: Array) -> Array:
    """The hypotenuse: y = √(a² + b²), without overflow between; its gradient where both are 0 is 0.

    (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.hypot(mg.tensor([3.]), mg.tensor([4.]))
    tensor([5.])
    """
    return np.hypot(a, b)


def _hypot_vjp(g: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """One side's share of the hypotenuse, 0 where both are 0."""
    return g * (x / where(y == 0, 1, y))  # type: ignore[no-any-return]


hypot.defvjp(a=lambda g, a, y: _hypot_vjp(g, a, y), b=lambda g, b, y: _hypot_vjp(g, b, y))


@function
def fmax(input: Any, other: Any) -> Tensor:
    """The larger of two, element by element, and where one is NaN the other. The gradient goes to the one taken.

    (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.fmax(mg.tensor([1., float("nan")]), mg.tensor([2., 3.]))
    tensor([2., 3.])
    """
    a, b = as_operand(input, "fmax"), as_operand(other, "fmax")
    return where((a >= b) | isnan(b), a, b)  # type: ignore[no-any-return]


@function
def fmin(input: Any, other: Any) -> Tensor:
    """The smaller of two, element by element, and where one is NaN the other. The gradient goes to the one taken.

    (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.fmin(mg.tensor([1., float("nan")]), mg.tensor([2., 3.]))
    tensor([1., 3.])
    """
    a, b = as_operand(input, "fmin"), as_operand(other, "fmin")
    return where((a <= b) | isnan(b), a, b)  # type: ignore[no-any-return]


# -------------------------------------------------------------------- repairs


@function
def nan_to_num(
    input: Any, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """x with numbers for what is none: `nan` (0), `posinf` and `neginf` (the largest and the smallest of the dtype).

    (*) -> (*). The gradient is 0 where an element was replaced.

    >>> import minigrad as mg
    >>> mg.nan_to_num(mg.tensor([1., float("nan")]))
    tensor([1., 0.])
    """
    x = as_operand(input, "nan_to_num")
    given = [None if one is None else as_number(one, "nan_to_num") for one in (nan, posinf, neginf)]
    if x.dtype.kind != "f":
        return add(x, 0) if x.dtype.kind != "b" else x.to(copy=True)
    limits = np.finfo(x.dtype)
    with np.errstate(over="ignore"):
        zero, high, low = (
            Tensor._wrap(np.asarray(fallback if one is None else one, x.dtype))
            for one, fallback in zip(given, (0, limits.max, limits.min), strict=True)
        )
    repair = where(isnan(x), zero, where(x > 0, high, low))
    return where(isfinite(x), x, repair)  # type: ignore[no-any-return]
