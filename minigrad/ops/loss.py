"""The one loss that is a primitive: its gradient at 0 and 1 is bounded, which no composition would give."""

import numpy as np

from ..primitive import primitive
from ..tensor import Array, Tensor
from .arithmetic import clamp_min
from .elementary import log, log1p

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
