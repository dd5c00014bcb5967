"""The nonlinearities of the notes (N67, N69–N71): element-wise primitives and their VJPs."""

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


tanh.defvjp(x=lambda g, y: tanh_vjp(g, y))
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
    "y = ln(1 + e^(k·x))/k, and x where k·x > threshold",
    vjp="x̄ = g·s(k·x), and g beyond the threshold",
    notes=("N70", "X69"),
    floating=True,
    broadcast=True,
)
def softplus_primitive(x: Array, *, beta: float, threshold: float) -> Array:
    """The smooth rectifier with gain `beta`, in the form that does not overflow."""
    scaled = x * x.dtype.type(beta)
    smooth = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(scaled))) / x.dtype.type(beta)
    return np.where(scaled > threshold, x, smooth)


softplus_primitive.defvjp(x=lambda g, x, beta, threshold: where(x * beta > threshold, g, g * sigmoid(x * beta)))


@function
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """The smooth rectifier ln(1 + e^(βx))/β with gain β (N70); linear where βx exceeds the threshold.

    (*) -> (*)

    The largest gap to `relu` is ln 2/β, at 0. It does not overflow (X69).

    >>> import minigrad as mg
    >>> mg.softplus(mg.tensor([-1., 0., 1.]), beta=1e4)
    tensor([0.0000e+00, 6.9315e-05, 1.0000e+00])
    """
    return softplus_primitive(input, beta=as_number(beta, "softplus"), threshold=as_number(threshold, "softplus"))
