"""Special functions, by `scipy.special`: the error function's kin and the gamma function's logarithm."""

import math
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .axes import whole
from .elementary import exp

__all__ = [
    "digamma",
    "erfc",
    "erfinv",
    "lgamma",
    "polygamma",
]


def _scipy(name: str, x: Array, *more: Any) -> Array:
    """A function of scipy.special in the dtype of its argument."""
    import scipy.special

    return np.asarray(getattr(scipy.special, name)(*more, x)).astype(x.dtype, copy=False)


@primitive("y = 2/√π ∫ₓ^∞ e^(−t²) dt", vjp="x̄ = −g·2/√π·e^(−x²)", broadcast=True, floating=True)
def erfc(x: Array) -> Array:
    """The complementary error function: y = 1 − erf x, exact where erf x is close to 1.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.erfc(mg.tensor([0., 1.]))
    tensor([1.0000, 0.1573])
    """
    return _scipy("erfc", x)


erfc.defvjp(x=lambda g, x: g * (exp(-(x * x)) * (-2 / math.sqrt(math.pi))))


@primitive("y = erf⁻¹ x", vjp="x̄ = g·√π/2·e^(y²)", broadcast=True, floating=True)
def erfinv(x: Array) -> Array:
    """The inverse of the error function; ±∞ at ±1, NaN beyond.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.erfinv(mg.tensor([0., 0.5]))
    tensor([0.0000, 0.4769])
    """
    return _scipy("erfinv", x)


erfinv.defvjp(x=lambda g, y: g * (exp(y * y) * (math.sqrt(math.pi) / 2)))


@primitive("y = ln |Γ(x)|", vjp="x̄ = g·ψ(x)", broadcast=True, floating=True)
def lgamma(x: Array) -> Array:
    """The logarithm of the gamma function's absolute value: y = ln |Γ(x)|.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.lgamma(mg.tensor([1., 4.]))
    tensor([0.0000, 1.7918])
    """
    y = _scipy("gammaln", x)
    # Beside 0 scipy's overflows early, and at −∞ it has the other sign.
    near, far = (np.abs(x) < np.finfo(x.dtype).tiny) & (x != 0), np.isneginf(x)
    return np.where(near, -np.log(np.abs(x)), np.where(far, -y, y))


@primitive("y = ψ(x) = d/dx ln Γ(x)", vjp="x̄ = g·ψ′(x)", broadcast=True, floating=True)
def digamma(x: Array) -> Array:
    """The derivative of ln Γ: y = ψ(x).

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.digamma(mg.tensor([1., 2.]))
    tensor([-0.5772,  0.4228])
    """
    return _scipy("psi", x)


@primitive("y = ψ⁽ⁿ⁾(x)", vjp="x̄ = g·ψ⁽ⁿ⁺¹⁾(x)", broadcast=True, floating=True)
def polygamma_primitive(x: Array, *, n: int) -> Array:
    """The n-th derivative of ψ."""
    return _scipy("polygamma", x, n)


lgamma.defvjp(x=lambda g, x: g * digamma(x))
digamma.defvjp(x=lambda g, x: g * polygamma_primitive(x, n=1))
polygamma_primitive.defvjp(x=lambda g, x, n: g * polygamma_primitive(x, n=n + 1))


@function
def polygamma(n: int, input: Any) -> Tensor:
    """The n-th derivative of ψ, which is itself the derivative of ln Γ.

    (*) -> (*). Raises `ArgumentError` for a negative n.

    >>> import minigrad as mg
    >>> mg.polygamma(1, mg.tensor([1., 2.]))
    tensor([1.6449, 0.6449])
    """
    order = whole(n, "polygamma")
    if not 0 <= order < 2**31:
        raise ArgumentError(f"polygamma got n={order}; it counts derivatives, from 0 on")
    return digamma(input) if order == 0 else polygamma_primitive(input, n=order)
