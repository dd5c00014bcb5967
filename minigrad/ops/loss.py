"""Losses that are primitives, element by element: one pass over memory each, and one for their gradient.

That of `binary_cross_entropy` is bounded at 0 and 1, which no composition would give.
"""

import numpy as np

from ..kernels.elementwise import choose, in_pieces
from ..operands import as_number
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .activation import sigmoid
from .arithmetic import clamp_min
from .comparison import where
from .elementary import log, log1p

__all__ = ["binary_cross_entropy", "huber_error", "logistic_loss", "squared_error"]

# What keeps the gradients finite at x = 0 and 1, and the float32 nearest to it, which PyTorch uses for the first.
_TINY, _TINY_SINGLE = 1e-12, 9.999999960041972e-13


@primitive(
    "y = −t·ln x − (1 − t)·ln(1 − x), no logarithm below −100",
    vjp="x̄ = g·(x − t)/(x·(1 − x)), t̄ = g·(ln(1 − x) − ln x)",
    notes=("N98",),
    broadcast=True,
    floating=True,
    keywords=("input", "target"),
)
def binary_cross_entropy(x: Array, t: Array) -> Array:
    """−t·ln x − (1 − t)·ln(1 − x), element by element (N98): what a probability x costs where t is true.

    (*), (*) -> (*) after broadcasting. Logarithms below −100 count as −100, and
    the gradient's denominator is at least 10⁻¹², so that a certain mistake is finite.

    Raises `ShapeError` where the shapes do not fit. `nn.functional` checks the values.

    >>> import minigrad as mg
    >>> mg.binary_cross_entropy(mg.tensor([0.5, 0., 0.]), mg.tensor([1., 0., 1.]))
    tensor([  0.6931,   0.0000, 100.0000])
    """
    return (t - 1) * np.maximum(np.log1p(-x), -100) - t * np.maximum(np.log(x), -100)  # type: ignore[no-any-return]


@primitive(
    "x̄ = g·(x − t)/(x·(1 − x))",
    vjp="ḡ = h·(x − t)/(x·(1 − x)), x̄ = h·g·(x² − 2x·t + t)/(x·(1 − x))², t̄ = −h·g/(x·(1 − x))",
    notes=("N98",),
    broadcast=True,
)
def binary_cross_entropy_vjp(g: Array, x: Array, t: Array) -> Array:
    """The VJP of binary_cross_entropy for the probability x."""
    return g * ((x - t) / np.maximum(x * (1 - x), _TINY_SINGLE))  # type: ignore[no-any-return]


def _curvature(h: Tensor, g: Tensor, x: Tensor, t: Tensor) -> Tensor:
    side = (x + _TINY) * (1 - x + _TINY)
    return h * g * ((x * x - x * t * 2 + t) / (side * side))


binary_cross_entropy.defvjp(
    x=lambda g, x, t: binary_cross_entropy_vjp(g, x, t),
    t=lambda g, x: g * (log1p(-x) - log(x)),
)
binary_cross_entropy_vjp.defvjp(
    g=lambda h, x, t: binary_cross_entropy_vjp(h, x, t),
    x=lambda h, g, x, t: _curvature(h, g, x, t),
    t=lambda h, g, x: -(h * g / clamp_min(x * (1 - x), _TINY)),
)


# ------------------------------------------------------------------------ from logits


@primitive(
    "y = t·ln(1 + e⁻ˣ) + (1 − t)·ln(1 + eˣ)",
    vjp="x̄ = g·((1 − t)·s(x) − t·s(−x)), t̄ = −g·x; s the sigmoid",
    notes=("N98", "N67"),
    broadcast=True,
    floating=True,
    keywords=("input", "target"),
)
def logistic_loss(x: Array, t: Array) -> Array:
    """−t·ln s(x) − (1 − t)·ln s(−x), element by element, s the sigmoid (N98, N67): what a logit x costs.

    (*), (*) -> (*) after broadcasting. It does not overflow, and loses no digits at either end.

    Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.logistic_loss(mg.tensor([0., 1e4]), mg.tensor([1., 0.]))
    tensor([6.9315e-01, 1.0000e+04])
    """

    def compute(out: Array, x: Array, t: Array) -> None:
        bend = np.log1p(np.exp(-np.abs(x)))
        yes, no = np.maximum(-x, 0) + bend, np.maximum(x, 0) + bend
        np.add(t * yes, (1 - t) * no, out=out)

    return in_pieces(compute, x, t)


@primitive(
    "x̄ = g·((1 − t)·s(x) − t·s(−x))",
    vjp="ḡ = h·((1 − t)·s(x) − t·s(−x)), x̄ = h·g·s(x)·s(−x), t̄ = −h·g",
    notes=("N98", "N67"),
    broadcast=True,
)
def logistic_loss_vjp(g: Array, x: Array, t: Array) -> Array:
    """The VJP of logistic_loss for the logit x; s(−x) is not taken from 1 − s(x), which would lose its digits."""

    def compute(out: Array, g: Array, x: Array, t: Array) -> None:
        decay = np.exp(-np.abs(x))
        large = 1 / (decay + 1)
        small, positive = decay * large, x >= 0
        yes, no = np.empty_like(large), np.empty_like(large)
        choose(yes, positive, large, small)
        choose(no, positive, small, large)
        np.multiply(g, (1 - t) * yes - t * no, out=out)

    return in_pieces(compute, g, x, t)


logistic_loss.defvjp(x=lambda g, x, t: logistic_loss_vjp(g, x, t), t=lambda g, x: -(g * x))
logistic_loss_vjp.defvjp(
    g=lambda h, x, t: logistic_loss_vjp(h, x, t),
    x=lambda h, g, x: h * g * (sigmoid(x) * sigmoid(-x)),
    t=lambda h, g: -(h * g),
)

# ------------------------------------------------------------------------ differences


@primitive(
    "y = (a − b)²",
    vjp="ā = 2g·(a − b), b̄ = −ā",
    notes=("N97", "N100"),
    broadcast=True,
    floating=True,
    keywords=("input", "target"),
)
def squared_error(a: Array, b: Array) -> Array:
    """The squared difference (a − b)² (N97, N100), element by element.

    (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.squared_error(mg.tensor([1., 2.]), mg.tensor([1., 4.]))
    tensor([0., 4.])
    """

    def compute(out: Array, a: Array, b: Array) -> None:
        np.square(np.subtract(a, b, out=out), out=out)

    return in_pieces(compute, a, b)


@primitive("ā = 2g·(a − b)", vjp="ḡ = 2h·(a − b), ā = 2h·g, b̄ = −2h·g", notes=("N97", "N100"), broadcast=True)
def squared_error_vjp(g: Array, a: Array, b: Array) -> Array:
    """The VJP of squared_error for its first argument."""

    def compute(out: Array, g: Array, a: Array, b: Array) -> None:
        np.multiply(g * 2, np.subtract(a, b, out=out), out=out)

    return in_pieces(compute, g, a, b)


squared_error.defvjp(
    a=lambda g, a, b: squared_error_vjp(g, a, b),
    b=lambda g, a, b: squared_error_vjp(g, b, a),
)
squared_error_vjp.defvjp(
    g=lambda h, a, b: squared_error_vjp(h, a, b), a=lambda h, g: h * g * 2, b=lambda h, g: h * g * -2
)


@primitive(
    "y = z²/(2β) where |z| < δ, δ·(|z| − δ/2)/β beyond; z = a − b",
    vjp="ā = g·z/β, limited to ±δ·g/β, b̄ = −ā",
    broadcast=True,
    floating=True,
)
def huber_error_primitive(a: Array, b: Array, *, delta: float, beta: float) -> Array:
    """A difference squared near 0, and linear beyond δ; divided by β."""
    limit, divisor = a.dtype.type(delta), a.dtype.type(beta)

    def compute(out: Array, a: Array, b: Array) -> None:
        np.subtract(a, b, out=out)
        limited = np.clip(out, -limit, limit)
        np.multiply(limited / divisor, out - limited / 2, out=out)

    return in_pieces(compute, a, b)


@primitive(
    "ā = g·z/β, limited to ±δ·g/β; z = a − b",
    vjp="ḡ = the same of h, ā = h·g/β where |z| < δ, 0 beyond, b̄ = −ā",
    broadcast=True,
)
def huber_error_vjp(g: Array, a: Array, b: Array, *, delta: float, beta: float) -> Array:
    """The VJP of huber_error for its first argument."""
    limit, divisor = a.dtype.type(delta), a.dtype.type(beta)

    def compute(out: Array, g: Array, a: Array, b: Array) -> None:
        np.subtract(a, b, out=out)
        np.multiply(g / divisor, np.clip(out, -limit, limit, out=out), out=out)

    return in_pieces(compute, g, a, b)


def _huber_bend(h: Tensor, g: Tensor, a: Tensor, b: Tensor, delta: float, beta: float) -> Tensor:
    z = a - b
    return where((z > -delta) & (z < delta), h * g / beta, 0)  # type: ignore[no-any-return]


huber_error_primitive.defvjp(
    a=lambda g, a, b, delta, beta: huber_error_vjp(g, a, b, delta=delta, beta=beta),
    b=lambda g, a, b, delta, beta: huber_error_vjp(g, b, a, delta=delta, beta=beta),
)
huber_error_vjp.defvjp(
    g=lambda h, a, b, delta, beta: huber_error_vjp(h, a, b, delta=delta, beta=beta),
    a=_huber_bend,
    b=lambda h, g, a, b, delta, beta: -_huber_bend(h, g, a, b, delta, beta),
)


@function
def huber_error(input: Tensor, target: Tensor, delta: float = 1.0, beta: float = 1.0) -> Tensor:
    """z²/2 where |z| < δ, else δ·(|z| − δ/2) (Huber, 1964), divided by β; z = y − t, element by element.

    (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.huber_error(mg.tensor([1., 2.]), mg.tensor([0.5, 4.]))
    tensor([0.1250, 1.5000])
    """
    delta, beta = as_number(delta, "huber_error", "delta"), as_number(beta, "huber_error", "beta")
    return huber_error_primitive(input, target, delta=delta, beta=beta)
