"""Rectifiers and other functions in pieces, each with its VJP: leaky, limited, piecewise quadratic, exponential."""

import numpy as np

from ..kernels.elementwise import choose, drop, in_pieces
from ..operands import as_number
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .comparison import where
from .elementary import zeros_like


@primitive(
    "y = x above 0, slope·x below", vjp="x̄ = g above 0, slope·g up to 0", notes=("N69",), broadcast=True, floating=True
)
def leaky_relu_primitive(x: Array, *, slope: float) -> Array:
    """The rectifier that lets a share of what is negative pass."""
    share = x.dtype.type(slope)
    return in_pieces(lambda out, x: choose(out, x > 0, x, x * share), x)


@primitive("x̄ = g above 0, slope·g up to 0", vjp="ḡ = the same of h, x̄ = 0", notes=("N69",), broadcast=True)
def leaky_relu_vjp(g: Array, x: Array, *, slope: float) -> Array:
    """The VJP of leaky_relu; its own derivative in x is 0, and on the tape."""
    share = x.dtype.type(slope)
    return in_pieces(lambda out, g, x: choose(out, x > 0, g, g * share), g, x)


leaky_relu_primitive.defvjp(x=lambda g, x, slope: leaky_relu_vjp(g, x, slope=slope))
leaky_relu_vjp.defvjp(g=lambda h, x, slope: leaky_relu_vjp(h, x, slope=slope), x=zeros_like)


@function
def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """x above 0, negative_slope·x up to 0 (Maas et al., 2013).

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.leaky_relu(mg.tensor([-1., 2.]), 0.5)
    tensor([-0.5000,  2.0000])
    """
    return leaky_relu_primitive(input, slope=as_number(negative_slope, "leaky_relu", "negative_slope"))


@primitive("y = min(max(x, l), h)", vjp="x̄ = g between l and h, 0 at and beyond them", broadcast=True, floating=True)
def hardtanh_primitive(x: Array, *, low: float, high: float) -> Array:
    """x limited to an interval."""
    low, high = x.dtype.type(low), x.dtype.type(high)
    return in_pieces(lambda out, x: np.minimum(np.maximum(x, low), high, out=out), x)


@primitive("x̄ = g between l and h, 0 at and beyond them", vjp="ḡ = the same of h, x̄ = 0", broadcast=True)
def hardtanh_vjp(g: Array, x: Array, *, low: float, high: float) -> Array:
    """The VJP of hardtanh; its own derivative in x is 0, and on the tape."""
    low, high = x.dtype.type(low), x.dtype.type(high)
    return in_pieces(lambda out, x, g: drop(out, (x <= low) | (x >= high), g), x, g)


hardtanh_primitive.defvjp(x=lambda g, x, low, high: hardtanh_vjp(g, x, low=low, high=high))
hardtanh_vjp.defvjp(g=lambda h, x, low, high: hardtanh_vjp(h, x, low=low, high=high), x=zeros_like)


@function
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """x limited to [min_val, max_val] (Collobert, 2004); unlike that of `clamp`, the slope at the limits is 0.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.hardtanh(mg.tensor([-3., 0.5, 3.]))
    tensor([-1.0000,  0.5000,  1.0000])
    """
    low, high = as_number(min_val, "hardtanh", "min_val"), as_number(max_val, "hardtanh", "max_val")
    return hardtanh_primitive(input, low=low, high=high)


@primitive(
    "y = x·min(max(0, x + 3), 6)/6",
    vjp="x̄ = 0 up to −3, g·(x/3 + 1/2), g from 3 on",
    broadcast=True,
    floating=True,
)
def hardswish(x: Array) -> Array:
    """The piecewise quadratic swish: y = x·min(max(0, x + 3), 6)/6 (Howard et al., 2019).

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.hardswish(mg.tensor([-1.5, 4.]))
    tensor([-0.3750,  4.0000])
    """
    return in_pieces(lambda out, x: np.multiply(x, np.clip(x + 3, 0, 6) / 6, out=out), x)


@primitive(
    "x̄ = 0 up to −3, g·(x/3 + 1/2), g from 3 on",
    vjp="ḡ = the same of h, x̄ = h·g/3 between −3 and 3, 0 elsewhere",
    broadcast=True,
)
def hardswish_vjp(g: Array, x: Array) -> Array:
    """The VJP of hardswish; the cotangent of NaN is passed on, and its own derivative is 0 at the corners."""
    one = np.ones((), x.dtype)

    def compute(out: Array, g: Array, x: Array) -> None:
        rising, slope = np.empty_like(x), np.empty_like(x)
        choose(rising, x < 3, x / 3 + 0.5, one)
        drop(slope, x <= -3, rising)
        np.multiply(g, slope, out=out)

    return in_pieces(compute, g, x)


hardswish.defvjp(x=lambda g, x: hardswish_vjp(g, x))
hardswish_vjp.defvjp(
    g=lambda h, x: hardswish_vjp(h, x),
    x=lambda h, g, x: where((x > -3) & (x < 3), h * g / 3, 0),
)


@primitive(
    "y = scale·x above 0, scale·α·(e^(k·x) − 1) below",
    vjp="x̄ = g·scale, and g·scale·α·k·e^(k·x) up to 0",
    broadcast=True,
    floating=True,
)
def elu_primitive(x: Array, *, alpha: float, scale: float, input_scale: float) -> Array:
    """The exponential linear unit; the exponential sees no positive x, so it does not overflow."""
    kind = x.dtype.type

    def compute(out: Array, x: Array) -> None:
        below = np.expm1(np.minimum(x, 0) * kind(input_scale)) * kind(alpha * scale)
        choose(out, x <= 0, below, x * kind(scale))

    return in_pieces(compute, x)


@primitive(
    "x̄ = g·scale above 0, g·scale·α·k·e^(k·x) up to 0",
    vjp="ḡ = the same of h, x̄ = k times the same of h·g below 0",
    broadcast=True,
)
def elu_vjp(g: Array, x: Array, *, alpha: float, scale: float, input_scale: float) -> Array:
    """The VJP of elu; its own derivative at the corner is 0, as on the right of it."""
    kind = x.dtype.type
    above = np.full((), scale, x.dtype)

    def compute(out: Array, g: Array, x: Array) -> None:
        slope = np.empty_like(x)
        below = np.exp(np.minimum(x, 0) * kind(input_scale)) * kind(alpha * scale * input_scale)
        choose(slope, x <= 0, below, above)
        np.multiply(g, slope, out=out)

    return in_pieces(compute, g, x)


elu_primitive.defvjp(
    x=lambda g, x, alpha, scale, input_scale: elu_vjp(g, x, alpha=alpha, scale=scale, input_scale=input_scale)
)
elu_vjp.defvjp(
    g=lambda h, x, alpha, scale, input_scale: elu_vjp(h, x, alpha=alpha, scale=scale, input_scale=input_scale),
    x=lambda h, g, x, alpha, scale, input_scale: where(
        x < 0, elu_vjp(h * g, x, alpha=alpha, scale=scale, input_scale=input_scale) * input_scale, 0
    ),
)


@function
def elu(input: Tensor, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Tensor:
    """scale·x above 0, scale·α·(e^(input_scale·x) − 1) below: elu, celu and selu in one (Clevert et al., 2015).

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.elu(mg.tensor([-1., 2.]))
    tensor([-0.6321,  2.0000])
    """
    return elu_primitive(
        input, alpha=as_number(alpha, "elu"), scale=as_number(scale, "elu"), input_scale=as_number(input_scale, "elu")
    )
