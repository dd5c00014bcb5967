"""Losses that are primitives, element by element: one pass over memory each, and one for their gradient.

Where only their sum or mean is wanted it is one primitive, too: it adds up piece by piece, and keeps the slopes for
the gradient, which is then a multiplication. Derivatives of higher order are those of the loss itself.

That of `binary_cross_entropy` is bounded at 0 and 1, which no composition would give.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..kernels.elementwise import (
    added,
    empty_in_order,
    in_pieces,
    inner,
    negative_size,
    not_negative,
    sum_in_pieces,
    with_sign,
)
from ..operands import as_number
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .activation import sigmoid
from .arithmetic import clamp_min
from .comparison import where
from .elementary import abs as magnitude
from .elementary import log, log1p, zeros_like
from .reduction import divisor

__all__ = ["absolute_error", "binary_cross_entropy", "huber_error", "logistic_loss", "squared_error"]

Costs = Callable[..., float]
_HALF = np.dtype(np.float16)

# What keeps the gradients finite at x = 0 and 1, and the float32 nearest to it, which PyTorch uses for the first.
_TINY, _TINY_SINGLE = 1e-12, 9.999999960041972e-13


def _reduced(each: Callable[..., Any], whole: Callable[..., Any], input: Any, target: Any, reduction: str,
             **static: Any) -> Tensor:  # fmt: skip
    """The losses of elements; or their sum or mean, at once where the operands are alike."""
    if reduction == "none":
        return each(input, target, **static)  # type: ignore[no-any-return]
    if isinstance(input, Tensor) and isinstance(target, Tensor):
        x, t = input._array, target._array
        if x.shape == t.shape and x.dtype is t.dtype and x.dtype.kind == "f" and x.dtype != _HALF:
            return whole(input, target, count=divisor(reduction, x.size), **static)  # type: ignore[no-any-return]
    losses = each(input, target, **static)
    divisor(reduction, losses.numel())
    return losses.mean() if reduction == "mean" else losses.sum()  # type: ignore[no-any-return]


def _divided(compute: Costs, count: int, x: Array, t: Array) -> tuple[Array, Array]:
    """The sum of costs divided by a count, and the slopes."""
    total, slope = sum_in_pieces(compute, x, t)
    return np.asarray(total / (count or np.nan), x.dtype), slope


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
def logistic_loss_primitive(x: Array, t: Array) -> Array:
    """What a logit costs, as x·([x ≥ 0] − t) + ln(1 + e^−|x|)."""

    def compute(out: Array, x: Array, t: Array) -> None:
        x = np.atleast_1d(x)
        bend = np.log1p(_decay(x))
        np.add(np.multiply(x, _lack(x, t), out=out), bend, out=out)

    return in_pieces(compute, x, t)


def _decay(x: Array) -> Array:
    """e^−|x|"""
    decay = negative_size(x)
    return np.exp(decay, out=decay)


def _lack(x: Array, t: Array) -> Array:
    """[x ≥ 0] − t: what a certain logit would be short of the answer, with all digits; −0 counts as negative."""
    return np.subtract(not_negative(x), t, dtype=x.dtype)


def _tilt(out: Array, x: Array, lack: Array, decay: Array) -> None:
    """s(x) − t, where s is [x ≥ 0] less or plus e^−|x|/(1 + e^−|x|)."""
    small = np.divide(decay, decay + 1, out=decay)
    np.subtract(lack, with_sign(x, small), out=out)


@primitive(
    "x̄ = g·(s(x) − t)",
    vjp="ḡ = h·(s(x) − t), x̄ = h·g·s(x)·s(−x), t̄ = −h·g",
    notes=("N98", "N67"),
    broadcast=True,
)
def logistic_loss_vjp(g: Array, x: Array, t: Array, *, slope: Array | None = None) -> Array:
    """The VJP of logistic_loss for the logit x, which loses no digits at either end; `slope` is s(x) − t if known."""
    if slope is not None:
        return np.multiply(slope, g)

    def compute(out: Array, g: Array, x: Array, t: Array) -> None:
        x = np.atleast_1d(x)
        _tilt(out, x, _lack(x, t), _decay(x))
        np.multiply(g, out, out=out)

    return in_pieces(compute, g, x, t)


@primitive("y = Σ (t·ln(1 + e⁻ˣ) + (1 − t)·ln(1 + eˣ))/n", vjp="x̄ = g·(s(x) − t)/n, t̄ = −g·x/n; s the sigmoid",
           notes=("N98", "N67"), aux=("slope",))  # fmt: skip
def logistic_loss_total(x: Array, t: Array, *, count: int) -> tuple[Array, Array]:
    """The sum of logistic losses divided by a count, and their slopes."""

    def compute(out: Array, x: Array, t: Array) -> float:
        decay, lack = _decay(x), _lack(x, t)
        costs = inner(x, lack) + added(np.log1p(decay))
        _tilt(out, x, lack, decay)
        return costs

    return _divided(compute, count, x, t)


logistic_loss_primitive.defvjp(x=lambda g, x, t: logistic_loss_vjp(g, x, t), t=lambda g, x: -(g * x))
logistic_loss_vjp.defvjp(
    g=lambda h, x, t: logistic_loss_vjp(h, x, t),
    x=lambda h, g, x: h * g * (sigmoid(x) * sigmoid(-x)),
    t=lambda h, g: -(h * g),
)
logistic_loss_total.defvjp(
    x=lambda g, x, t, slope, count: logistic_loss_vjp(g / (count or 1), x, t, slope=slope),
    t=lambda g, x, count: x * (g / -(count or 1)),
)


@function
def logistic_loss(input: Tensor, target: Tensor, reduction: str = "none") -> Tensor:
    """−t·ln s(x) − (1 − t)·ln s(−x), element by element, s the sigmoid (N98, N67): what a logit x costs.

    (*), (*) -> (*) after broadcasting, or () with reduction 'sum' or 'mean'. It does not overflow, and loses no
    digits at either end.

    Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.logistic_loss(mg.tensor([0., 1e4]), mg.tensor([1., 0.]))
    tensor([6.9315e-01, 1.0000e+04])
    """
    return _reduced(logistic_loss_primitive, logistic_loss_total, input, target, reduction)


# ------------------------------------------------------------------------ differences


@primitive("ā = g·sign(a − b)", vjp="ḡ = h·sign(a − b), ā = b̄ = 0", broadcast=True)
def absolute_error_vjp(g: Array, a: Array, b: Array, *, slope: Array | None = None) -> Array:
    """The VJP of the absolute error for its first argument; `slope` is the sign if known."""
    if slope is not None:
        return np.multiply(slope, g)

    def compute(out: Array, g: Array, a: Array, b: Array) -> None:
        np.multiply(g, np.sign(np.subtract(a, b, out=out), out=out), out=out)

    return in_pieces(compute, g, a, b)


@primitive("y = Σ |a − b|/n", vjp="ā = g·sign(a − b)/n, b̄ = −ā", aux=("slope",))
def absolute_error_total(a: Array, b: Array, *, count: int) -> tuple[Array, Array]:
    """The sum of absolute errors divided by a count, and their signs."""

    def compute(out: Array, a: Array, b: Array) -> float:
        np.subtract(a, b, out=out)
        costs = added(np.abs(out))
        if costs == costs:  # without branches, and without NaN
            np.subtract((out > 0).view(np.int8), (out < 0).view(np.int8), out=out)
        else:
            np.sign(out, out=out)
        return costs

    return _divided(compute, count, a, b)


absolute_error_vjp.defvjp(g=lambda h, a, b: absolute_error_vjp(h, a, b), a=zeros_like, b=zeros_like)
absolute_error_total.defvjp(
    a=lambda g, a, b, slope, count: absolute_error_vjp(g / (count or 1), a, b, slope=slope),
    b=lambda g, a, b, slope, count: absolute_error_vjp(g / -(count or 1), a, b, slope=slope),
)


@function
def absolute_error(input: Tensor, target: Tensor, reduction: str = "none") -> Tensor:
    """The absolute difference |y − t|, element by element; the gradient where both are equal is 0.

    (*), (*) -> (*) after broadcasting, or () with reduction 'sum' or 'mean'. Raises `ShapeError` where
    the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.absolute_error(mg.tensor([1., 2.]), mg.tensor([1., 4.]))
    tensor([0., 2.])
    """
    return _reduced(lambda a, b: magnitude(a - b), absolute_error_total, input, target, reduction)


@primitive(
    "y = (a − b)²",
    vjp="ā = 2g·(a − b), b̄ = −ā",
    notes=("N97", "N100"),
    broadcast=True,
    floating=True,
    keywords=("input", "target"),
)
def squared_error_primitive(a: Array, b: Array) -> Array:
    """A difference squared."""

    def compute(out: Array, a: Array, b: Array) -> None:
        np.square(np.subtract(a, b, out=out), out=out)

    return in_pieces(compute, a, b)


@primitive("ā = 2g·(a − b)", vjp="ḡ = 2h·(a − b), ā = 2h·g, b̄ = −2h·g", notes=("N97", "N100"), broadcast=True)
def squared_error_vjp(g: Array, a: Array, b: Array, *, slope: Array | None = None) -> Array:
    """The VJP of squared_error for its first argument; `slope` is a − b if known."""
    if slope is not None:
        return np.multiply(slope, g * 2)  # type: ignore[no-any-return]

    def compute(out: Array, g: Array, a: Array, b: Array) -> None:
        np.multiply(g * 2, np.subtract(a, b, out=out), out=out)

    return in_pieces(compute, g, a, b)


@primitive("y = Σ (a − b)²/n", vjp="ā = 2g·(a − b)/n, b̄ = −ā", notes=("N97", "N100"), aux=("slope",))
def squared_error_total(a: Array, b: Array, *, count: int) -> tuple[Array, Array]:
    """The sum of squared differences divided by a count, and the differences."""

    def compute(out: Array, a: Array, b: Array) -> float:
        np.subtract(a, b, out=out)
        return inner(out, out)

    return _divided(compute, count, a, b)


squared_error_primitive.defvjp(
    a=lambda g, a, b: squared_error_vjp(g, a, b),
    b=lambda g, a, b: squared_error_vjp(g, b, a),
)
squared_error_vjp.defvjp(
    g=lambda h, a, b: squared_error_vjp(h, a, b), a=lambda h, g: h * g * 2, b=lambda h, g: h * g * -2
)
squared_error_total.defvjp(
    a=lambda g, a, b, slope, count: squared_error_vjp(g / (count or 1), a, b, slope=slope),
    b=lambda g, a, b, slope, count: squared_error_vjp(g / -(count or 1), a, b, slope=slope),
)


@function
def squared_error(input: Tensor, target: Tensor, reduction: str = "none") -> Tensor:
    """The squared difference (y − t)² (N97, N100), element by element.

    (*), (*) -> (*) after broadcasting, or () with reduction 'sum' or 'mean'. Raises `ShapeError` where
    the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.squared_error(mg.tensor([1., 2.]), mg.tensor([1., 4.]))
    tensor([0., 4.])
    """
    return _reduced(squared_error_primitive, squared_error_total, input, target, reduction)


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
def huber_error_vjp(g: Array, a: Array, b: Array, *, delta: float, beta: float, slope: Array | None = None) -> Array:
    """The VJP of huber_error for its first argument; `slope` is z within the limits, if known."""
    limit, divided = a.dtype.type(delta), a.dtype.type(beta)
    if slope is not None:
        return np.multiply(slope, g / divided)  # type: ignore[no-any-return]

    def compute(out: Array, g: Array, a: Array, b: Array) -> None:
        np.subtract(a, b, out=out)
        np.multiply(g / divided, np.clip(out, -limit, limit, out=out), out=out)

    return in_pieces(compute, g, a, b)


@primitive("y = Σ huber_error/n", vjp="ā = g·z/(β·n), limited to ±δ·g/(β·n), b̄ = −ā; z = a − b", aux=("slope",))
def huber_error_total(a: Array, b: Array, *, delta: float, beta: float, count: int) -> tuple[Array, Array]:
    """The sum of Huber's errors divided by a count, and the differences within the limits."""
    limit = a.dtype.type(delta)

    def compute(out: Array, a: Array, b: Array) -> float:
        z = np.subtract(a, b, out=empty_in_order(out))
        np.clip(z, -limit, limit, out=out)
        return (inner(out, z) - inner(out, out) / 2) / beta

    return _divided(compute, count, a, b)


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
huber_error_total.defvjp(
    a=lambda g, a, b, slope, delta, beta, count: huber_error_vjp(
        g / (count or 1), a, b, delta=delta, beta=beta, slope=slope
    ),
    b=lambda g, a, b, slope, delta, beta, count: huber_error_vjp(
        g / -(count or 1), a, b, delta=delta, beta=beta, slope=slope
    ),
)


@function
def huber_error(
    input: Tensor, target: Tensor, delta: float = 1.0, beta: float = 1.0, reduction: str = "none"
) -> Tensor:
    """z²/2 where |z| < δ, else δ·(|z| − δ/2) (Huber, 1964), divided by β; z = y − t, element by element.

    (*), (*) -> (*) after broadcasting, or () with reduction 'sum' or 'mean'. Raises `ShapeError` where
    the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.huber_error(mg.tensor([1., 2.]), mg.tensor([0.5, 4.]))
    tensor([0.1250, 1.5000])
    """
    delta, beta = as_number(delta, "huber_error", "delta"), as_number(beta, "huber_error", "beta")
    return _reduced(huber_error_primitive, huber_error_total, input, target, reduction, delta=delta, beta=beta)
