"""The nonlinearities of the notes (N67, N69–N71) and the exponential linear unit, each with its VJP."""

import numpy as np

from ..operands import as_number
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .comparison import where
from .elementary import zeros_like


@primitive("y = max(0, x)", vjp="x̄ = g·[x > 0]", notes=("N69",), broadcast=True)
def relu(x: Array) -> Array:
    """The rectifier: y = max(0, x), with slope 0 at 0 (N69).

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.relu(mg.tensor([-1., 2.]))
    tensor([0., 2.])
    """
    return np.maximum(x, 0)


@primitive("x̄ = g·[y > 0]", vjp="ḡ = h·[y > 0], ȳ = 0", notes=("N69",), broadcast=True)
def relu_vjp(g: Array, y: Array) -> Array:
    """The VJP of relu from its output y; its own derivative in y is 0, and on the tape."""
    return np.where(y <= 0, g.dtype.type(0), g)


relu.defvjp(x=lambda g, y: relu_vjp(g, y))
relu_vjp.defvjp(g=lambda h, y: relu_vjp(h, y), y=zeros_like)


@primitive("y = tanh x", vjp="x̄ = g·(1 − y²)", notes=("N71",), broadcast=True, floating=True)
def tanh(x: Array) -> Array:
    """The hyperbolic tangent: y = tanh x (N71).

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.tanh(mg.tensor([0., 1.]))
    tensor([0.0000, 0.7616])
    """
    return np.tanh(x)


@primitive("x̄ = g·(1 − y²)", vjp="ḡ = h·(1 − y²), ȳ = −2h·g·y", notes=("N71",), broadcast=True)
def tanh_vjp(g: Array, y: Array) -> Array:
    """The VJP of tanh in one pass over memory, from the output y."""
    slope = np.multiply(y, y, out=np.empty_like(y))
    np.subtract(1, slope, out=slope)
    return np.multiply(g, slope)


tanh.defvjp(x=tanh_vjp)
tanh_vjp.defvjp(g=lambda h, y: tanh_vjp(h, y), y=lambda h, g, y: h * g * y * -2)


@primitive("y = 1/(1 + e⁻ˣ)", vjp="x̄ = g·y·(1 − y)", notes=("N67",), broadcast=True, floating=True)
def sigmoid(x: Array) -> Array:
    """The logistic function y = 1/(1 + e⁻ˣ), without overflow at either end (N67); its slope is at most 1/4.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.sigmoid(mg.tensor([0., 1000.]))
    tensor([0.5000, 1.0000])
    """
    decay = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, decay) / (1 + decay)  # type: ignore[no-any-return]


sigmoid.defvjp(x=lambda g, y: g * (y * (1 - y)))


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
    share = np.clip(x + x.dtype.type(3), 0, 6) / x.dtype.type(6)
    return np.asarray(np.multiply(x, share))


@primitive(
    "x̄ = 0 up to −3, g·(x/3 + 1/2), g from 3 on",
    vjp="ḡ = the same of h, x̄ = h·g/3 between −3 and 3, 0 elsewhere",
    broadcast=True,
)
def hardswish_vjp(g: Array, x: Array) -> Array:
    """The VJP of hardswish; the cotangent of NaN is passed on, and its own derivative is 0 at the corners."""
    kind = x.dtype.type
    slope = np.where(x <= -3, kind(0), np.where(x < 3, x / kind(3) + kind(0.5), kind(1)))
    return np.asarray(np.multiply(g, slope))


hardswish.defvjp(x=lambda g, x: hardswish_vjp(g, x))
hardswish_vjp.defvjp(
    g=lambda h, x: hardswish_vjp(h, x),
    x=lambda h, g, x: where((x > -3) & (x < 3), h * g / 3, 0),
)


@primitive(
    "y = ln(1 + e^(k·x))/k, and x where k·x > threshold",
    vjp="x̄ = g·s(k·x), and g beyond the threshold",
    notes=("N70", "X69"),
    floating=True,
    broadcast=True,
)
def softplus_primitive(x: Array, *, beta: float, threshold: float) -> Array:
    """The smooth rectifier with gain `beta`, in the form that does not overflow."""
    scaled = x * x.dtype.type(beta)
    bend = np.minimum(x, 0) if beta < 0 else np.maximum(x, 0)  # max(k·x, 0)/k
    smooth = bend + np.log1p(np.exp(-np.abs(scaled))) / x.dtype.type(beta)
    return np.where(scaled > threshold, x, smooth)


softplus_primitive.defvjp(x=lambda g, x, beta, threshold: where(x * beta > threshold, g, g * sigmoid(x * beta)))


@function
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """The smooth rectifier ln(1 + e^(βx))/β with gain β (N70); linear where βx exceeds the threshold.

    (*) -> (*)

    The largest gap to `relu` is ln 2/β, at 0. It does not overflow (X69). With a negative β it lies below min(0, x).

    >>> import minigrad as mg
    >>> mg.softplus(mg.tensor([-1., 0., 1.]), beta=1e4)
    tensor([0.0000e+00, 6.9315e-05, 1.0000e+00])
    """
    return softplus_primitive(input, beta=as_number(beta, "softplus"), threshold=as_number(threshold, "softplus"))


@primitive(
    "y = scale·x above 0, scale·α·(e^(k·x) − 1) below",
    vjp="x̄ = g·scale, and g·scale·α·k·e^(k·x) up to 0",
    broadcast=True,
    floating=True,
)
def elu_primitive(x: Array, *, alpha: float, scale: float, input_scale: float) -> Array:
    """The exponential linear unit; the exponential sees no positive x, so it does not overflow."""
    kind = x.dtype.type
    below = np.expm1(np.minimum(x, 0) * kind(input_scale)) * kind(alpha * scale)
    return np.asarray(np.where(x <= 0, below, x * kind(scale)))


@primitive(
    "x̄ = g·scale above 0, g·scale·α·k·e^(k·x) up to 0",
    vjp="ḡ = the same of h, x̄ = k times the same of h·g below 0",
    broadcast=True,
)
def elu_vjp(g: Array, x: Array, *, alpha: float, scale: float, input_scale: float) -> Array:
    """The VJP of elu; its own derivative at the corner is 0, as on the right of it."""
    kind = x.dtype.type
    below = np.exp(np.minimum(x, 0) * kind(input_scale)) * kind(alpha * scale * input_scale)
    return np.asarray(np.multiply(g, np.where(x <= 0, below, kind(scale))))


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
