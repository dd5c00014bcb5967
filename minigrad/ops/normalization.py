"""Standardising over axes: what batch, layer, group and instance normalisation have in common."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..joint import Joint
from ..kernels import normalize as kernels
from ..operands import as_number, as_operand
from ..primitive import primitive
from ..tensor import Array, Tensor
from .axes import Dims
from .elementary import rsqrt
from .reduction import floating, reduced_axes, reduction, sum_primitive
from .shape import check_broadcast, expand, sum_to


def _size(shape: tuple[int, ...], axes: tuple[int, ...]) -> int:
    return math.prod([shape[axis] for axis in axes])


def _mean_of(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    return sum_primitive(x, axes=axes, keepdims=True) / _size(x.shape, axes)


@primitive(
    "y = w·z + b of z = (x − μ)/√(σ² + ε), with the mean μ and the variance σ² over axes",
    vjp="x̄ = r·(g·w − mean(g·w) − z·mean(g·w·z)) + (μ̄ + 2(x − μ)·σ̄²)/n, w̄ = Σ g·z, b̄ = Σ g; r = 1/√(σ² + ε)",
    outputs=("y", "mean", "var"),
    kind=Joint,
)
def standardize_primitive(
    x: Array, w: Array, b: Array, *, axes: tuple[int, ...], eps: float
) -> tuple[Array, Array, Array]:
    """Values with mean 0 and variance 1 over axes, times w plus b; and the mean and the variance that they had."""
    return kernels.standardize(x, w, b, axes, eps)


@primitive(
    "x̄ = r·(g·w − mean(g·w) − z·mean(g·w·z)) over axes, r = 1/√(σ² + ε), z = r·(x − μ)",
    vjp="ḡ = w·S, w̄ = g·S, S the same of h without w; z̄ = −r·(h·mean(g·w·z) + g·w·mean(h·z)), and from z to x, μ, σ²",
)
def standardize_vjp(
    g: Array, x: Array, mean: Array, var: Array, w: Array, *, axes: tuple[int, ...], eps: float
) -> Array:
    """The VJP of standardising for its input."""
    return kernels.standardize_vjp(g, x, mean, var, w, axes, eps)


@primitive(
    "w̄ = Σ g·z to the shape of w, z = (x − μ)/√(σ² + ε)",
    vjp="ḡ = h·z, x̄ = h·g·r, μ̄ = −Σ h·g·r, σ̄² = −Σ h·g·z·r²/2; r = 1/√(σ² + ε)",
)
def standardize_weight(g: Array, x: Array, mean: Array, var: Array, *, shape: tuple[int, ...], eps: float) -> Array:
    """The VJP of standardising for its weight."""
    return kernels.standardize_weight(g, x, mean, var, shape, eps)


def _z(x: Tensor, mean: Tensor, var: Tensor, eps: float) -> Tensor:
    return (x - mean) * rsqrt(var + eps)


def _plain(h: Tensor, x: Tensor, mean: Tensor, var: Tensor, axes: tuple[int, ...], eps: float) -> Tensor:
    """The VJP without a weight: linear in h, and its own transpose."""
    return standardize_vjp(h, x, mean, var, Tensor._wrap(np.ones((), x.dtype)), axes=axes, eps=eps)


class _Bend(NamedTuple):
    """What standardize_vjp was given, and the cotangent h of what it returned."""

    h: Tensor
    g: Tensor
    x: Tensor
    mean: Tensor
    var: Tensor
    w: Tensor
    axes: tuple[int, ...]
    eps: float

    def of_x(self) -> Tensor:
        """The cotangent of z, which is (x − μ)·r, times r."""
        h, g, z = self.h, self.g * self.w, _z(self.x, self.mean, self.var, self.eps)
        bent = h * _mean_of(g * z, self.axes) + g * _mean_of(h * z, self.axes)
        return -bent / (self.var + self.eps)

    def of_var(self, y: Tensor) -> Tensor:
        """By r, which stands before the sum and in z: dr/dσ² = −r³/2."""
        through = self.h * y + self.of_x() * (self.x - self.mean)
        return sum_to(through, self.var.shape) * -0.5 / (self.var + self.eps)


standardize_vjp.defvjp(
    g=lambda h, x, mean, var, w, axes, eps: _plain(h, x, mean, var, axes, eps) * w,
    x=lambda h, g, x, mean, var, w, axes, eps: _Bend(h, g, x, mean, var, w, axes, eps).of_x(),
    mean=lambda h, g, x, mean, var, w, axes, eps: -sum_to(_Bend(h, g, x, mean, var, w, axes, eps).of_x(), mean.shape),
    var=lambda h, y, g, x, mean, var, w, axes, eps: _Bend(h, g, x, mean, var, w, axes, eps).of_var(y),
    w=lambda h, g, x, mean, var, w_shape, axes, eps: sum_to(_plain(h, x, mean, var, axes, eps) * g, w_shape),
)
standardize_weight.defvjp(
    g=lambda h, x, mean, var, eps: h * _z(x, mean, var, eps),
    x=lambda h, g, var, eps: h * (g * rsqrt(var + eps)),
    mean=lambda h, g, mean, var, eps: -sum_to(h * (g * rsqrt(var + eps)), mean.shape),
    var=lambda h, g, x, mean, var, eps: sum_to(h * (g * _z(x, mean, var, eps)), var.shape) * -0.5 / (var + eps),
)


def _pulled(
    cotangents: Any, x: Tensor, w: Tensor, mean: Tensor, var: Tensor, axes: tuple[int, ...], eps: float
) -> Tensor:
    of_y, of_mean, of_var = cotangents
    found = [] if of_y is None else [standardize_vjp(of_y, x, mean, var, w, axes=axes, eps=eps)]
    count = _size(x.shape, axes)
    if of_mean is not None:
        found.append(expand(of_mean / count, x.shape))
    if of_var is not None:
        found.append((x - mean) * (of_var * 2 / count))
    total = found[0]
    for more in found[1:]:
        total = total + more
    return total


def _pulled_at_once(
    g: Any, x: Array, w: Array, mean: Array, var: Array, b_shape: tuple[int, ...], axes: tuple[int, ...],
    eps: float,
) -> tuple[Array, ...] | None:  # fmt: skip
    of_y, of_mean, of_var = g
    if of_y is None or of_mean is not None or of_var is not None:
        return None
    return kernels.standardize_vjps(of_y, x, mean, var, w, b_shape, axes, eps)


def _to_weight(
    of_y: Tensor | None, x: Tensor, w_shape: tuple[int, ...], mean: Tensor, var: Tensor, eps: float
) -> Tensor | None:
    return None if of_y is None else standardize_weight(of_y, x, mean, var, shape=w_shape, eps=eps)


def _pushed(
    t: Tensor, x: Tensor, w: Tensor, mean: Tensor, var: Tensor, axes: tuple[int, ...], eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    slope = _plain(t, x, mean, var, axes, eps)
    return slope * w, _mean_of(t, axes), _mean_of((x - mean) * t, axes) * 2


standardize_primitive.defvjp(
    x=lambda g, x, w, mean, var, axes, eps: _pulled(g, x, w, mean, var, axes, eps),
    w=lambda g, x, w_shape, mean, var, eps: _to_weight(g[0], x, w_shape, mean, var, eps),
    b=lambda g, b_shape: None if g[0] is None else sum_to(g[0], b_shape),
)
assert isinstance(standardize_primitive, Joint)
standardize_primitive.defjoint("x", "w", "b", rule=_pulled_at_once)
standardize_primitive.defjvp(
    x=lambda t, x, w, mean, var, axes, eps: _pushed(t, x, w, mean, var, axes, eps),
    w=lambda t, x, mean, var, eps: (_z(x, mean, var, eps) * t, None, None),
)


class Standardized(NamedTuple):
    """What `standardize` returns: the values, and the mean and the biased variance that were taken out."""

    values: Tensor
    mean: Tensor
    var: Tensor


@reduction
def standardize(
    input: Tensor, dim: Dims = None, eps: float = 0.0, weight: Tensor | None = None, bias: Tensor | None = None
) -> Standardized:
    """w·(x − μ)/√(σ² + ε) + b with the mean μ and the biased variance σ² over `dim`, which come with it, of size 1.

    (*) -> (*), (* with 1 along dim) twice; `weight` and `bias` broadcast to (*)

    What batch, layer, group and instance normalisation have in common; they differ
    in the axes. The variance is that of the centred values, so that large means do
    no harm. float16 is computed in float32, the dtype of its mean and variance.

    Raises `DTypeError` for integers, `IndexOutOfRangeError` for an axis there is not,
    `ShapeError` for a weight or bias that does not broadcast.

    >>> import minigrad as mg
    >>> mg.standardize(mg.tensor([[1., 3.], [2., 6.]]), dim=1)
    Standardized(values=tensor([[-1.,  1.],
            [-1.,  1.]]), mean=tensor([[2.],
            [4.]]), var=tensor([[1.],
            [4.]]))
    """
    input = floating(input, "standardize")
    axes = reduced_axes(dim, input.ndim, "standardize")
    eps = as_number(eps, "standardize")
    wide = input.to(dtype=np.float32) if input.dtype == np.float16 else input
    w, b = (_parameter(one, default, wide) for one, default in ((weight, 1), (bias, 0)))
    values, mean, var = standardize_primitive.many(wide, w, b, axes=axes, eps=eps)
    return Standardized(values if wide is input else values.to(dtype=np.float16), mean, var)


def _parameter(given: Tensor | None, default: int, input: Tensor) -> Tensor:
    """A weight or bias in the dtype of the input, or the number that changes nothing."""
    if given is None:
        return Tensor._wrap(np.full((), default, input.dtype))
    given = as_operand(given, "standardize")
    if given.dtype != input.dtype:
        given = given.to(dtype=input.dtype)
    check_broadcast(given.shape, input.shape, "standardize")
    return given
