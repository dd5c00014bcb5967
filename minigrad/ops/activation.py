"""The nonlinearities of the notes (N67, N69–N71) and their smooth relatives.

The VJP of each is one primitive, computed piece by piece, with a VJP of its own.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from ..kernels.elementwise import choose, drop, in_pieces
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
    return in_pieces(lambda out, y, g: drop(out, y <= 0, g), y, g)


relu.defvjp(x=lambda g, y: relu_vjp(g, y))
relu_vjp.defvjp(g=lambda h, y: relu_vjp(h, y), y=zeros_like)


@lru_cache(maxsize=8)
def _one(dtype: np.dtype[Any]) -> Array:
    """1 as an array, which small operations take in a fraction of the time that Python's number takes."""
    return np.ones((), dtype)


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
    return in_pieces(_tanh_vjp, g, y)


def _tanh_vjp(out: Array, g: Array, y: Array) -> None:
    slope = np.multiply(y, y, out=out)
    np.subtract(_one(y.dtype), slope, out=slope)
    np.multiply(g, slope, out=out)


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
    return in_pieces(_logistic, x)


def _logistic(out: Array, x: Array) -> None:
    """Neither exponential sees a positive number, so neither overflows."""
    rest = np.exp(-np.abs(x))
    np.exp(np.minimum(x, 0, out=out), out=out)
    np.divide(out, rest + 1, out=out)


@primitive("x̄ = g·y·(1 − y)", vjp="ḡ = h·y·(1 − y), ȳ = h·g·(1 − 2y)", notes=("N67",), broadcast=True)
def sigmoid_vjp(g: Array, y: Array) -> Array:
    """The VJP of the sigmoid in one pass over memory, from the output y."""
    return in_pieces(_sigmoid_vjp, g, y)


def _sigmoid_vjp(out: Array, g: Array, y: Array) -> None:
    slope = np.subtract(_one(y.dtype), y, out=out)
    np.multiply(slope, y, out=slope)
    np.multiply(g, slope, out=out)


sigmoid.defvjp(x=lambda g, y: sigmoid_vjp(g, y))
sigmoid_vjp.defvjp(g=lambda h, y: sigmoid_vjp(h, y), y=lambda h, g, y: h * g * (1 - y * 2))


@primitive(
    "y = ln(1 + e^(k·x))/k, and x where k·x > threshold",
    vjp="x̄ = g·s(k·x), and g beyond the threshold",
    notes=("N70", "X69"),
    floating=True,
    broadcast=True,
)
def softplus_primitive(x: Array, *, beta: float, threshold: float) -> Array:
    """The smooth rectifier with gain `beta`, in the form that does not overflow."""
    gain = x.dtype.type(beta)
    bend = np.minimum if beta < 0 else np.maximum  # max(k·x, 0)/k

    def compute(out: Array, x: Array) -> None:
        scaled = x * gain
        smooth = bend(x, 0) + np.log1p(np.exp(-np.abs(scaled))) / gain
        choose(out, scaled > threshold, x, smooth)

    return in_pieces(compute, x)


@primitive(
    "x̄ = g·s(k·x), and g beyond the threshold",
    vjp="ḡ = the same of h, x̄ = h·g·k·s(k·x)·(1 − s(k·x)), and 0 beyond the threshold",
    notes=("N70",),
    broadcast=True,
)
def softplus_vjp(g: Array, x: Array, *, beta: float, threshold: float) -> Array:
    """The VJP of softplus in one pass over memory."""
    gain = x.dtype.type(beta)

    def compute(out: Array, g: Array, x: Array) -> None:
        scaled = x * gain
        slope = np.empty_like(scaled)
        _logistic(slope, scaled)
        choose(out, scaled > threshold, g, g * slope)

    return in_pieces(compute, g, x)


def _softplus_bend(h: Tensor, g: Tensor, x: Tensor, beta: float, threshold: float) -> Tensor:
    scaled = x * beta
    slope = sigmoid(scaled)
    return where(scaled > threshold, 0, h * g * (slope * (1 - slope) * beta))  # type: ignore[no-any-return]


softplus_primitive.defvjp(x=lambda g, x, beta, threshold: softplus_vjp(g, x, beta=beta, threshold=threshold))
softplus_vjp.defvjp(
    g=lambda h, x, beta, threshold: softplus_vjp(h, x, beta=beta, threshold=threshold), x=_softplus_bend
)


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


@primitive("y = x·s(x), s the sigmoid", vjp="x̄ = g·s·(1 + x·(1 − s))", broadcast=True, floating=True)
def silu(x: Array) -> Array:
    """The input times its sigmoid: y = x·s(x) (Elfwing et al., 2017).

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.silu(mg.tensor([0., 2.]))
    tensor([0.0000, 1.7616])
    """

    def compute(out: Array, x: Array) -> None:
        _logistic(out, x)
        np.multiply(x, out, out=out)

    return in_pieces(compute, x)


@primitive(
    "x̄ = g·s·(1 + x·(1 − s)), s the sigmoid of x",
    vjp="ḡ = the same of h, x̄ = h·g·s·(1 − s)·(2 + x·(1 − 2s))",
    broadcast=True,
)
def silu_vjp(g: Array, x: Array) -> Array:
    """The VJP of silu in one pass over memory."""

    def compute(out: Array, g: Array, x: Array) -> None:
        slope = np.empty_like(x)
        _logistic(slope, x)
        np.multiply(g, slope * (x * (1 - slope) + 1), out=out)

    return in_pieces(compute, g, x)


def _silu_bend(h: Tensor, g: Tensor, x: Tensor) -> Tensor:
    slope = sigmoid(x)
    return h * g * (slope * (1 - slope) * (x * (1 - slope * 2) + 2))


silu.defvjp(x=lambda g, x: silu_vjp(g, x))
silu_vjp.defvjp(g=lambda h, x: silu_vjp(h, x), x=_silu_bend)
