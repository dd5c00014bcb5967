"""Standardising over axes: what batch, layer, group and instance normalisation have in common."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..operands import as_number
from ..primitive import primitive
from ..tensor import Array, Tensor
from .axes import Dims
from .elementary import rsqrt
from .reduction import floating, reduced_axes, reduction, sum_primitive
from .shape import expand

# The dtype of sums: means of many float32 values, or of large ones, keep their digits.
_WIDE: dict[str, Any] = {"float16": np.float32, "float32": np.float64, "float64": np.float64}


def _size(shape: tuple[int, ...], axes: tuple[int, ...]) -> int:
    return math.prod([shape[axis] for axis in axes])


def _mean(x: Array, axes: tuple[int, ...]) -> Array:
    """The mean over axes, which stay with size 1."""
    total = x.sum(axis=axes, keepdims=True, dtype=_WIDE[x.dtype.name])
    return np.asarray(np.divide(total, _size(x.shape, axes))).astype(x.dtype, copy=False)


def _mean_of(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    return sum_primitive(x, axes=axes, keepdims=True) / _size(x.shape, axes)


@primitive(
    "y = (x − μ)/√(σ² + ε), with the mean μ and the variance σ² over axes",
    vjp="x̄ = (g − mean g − y·mean(g·y))/√(σ² + ε) + (μ̄ + 2(x − μ)·σ̄²)/n",
    outputs=("y", "mean", "var"),
)
def standardize_primitive(x: Array, *, axes: tuple[int, ...], eps: float) -> tuple[Array, Array, Array]:
    """Values with mean 0 and variance 1 over axes, and the mean and the variance that they had."""
    mean = _mean(x, axes)
    centred = np.subtract(x, mean)
    y = np.asarray(np.multiply(centred, centred))
    var = _mean(y, axes)
    np.divide(centred, np.sqrt(var + x.dtype.type(eps)), out=y)
    return y, mean, var


@primitive("x̄ = r·(g − mean g − z·mean(g·z)) over axes", vjp="ḡ = the same of h, z̄ = −r·(h·mean(g·z) + g·mean(h·z))")
def standardize_vjp(g: Array, z: Array, r: Array, *, axes: tuple[int, ...]) -> Array:
    """The VJP of standardising from its output z and r = 1/√(σ² + ε): linear and symmetric in g."""
    y = np.asarray(np.multiply(g, z))
    np.multiply(z, _mean(y, axes), out=y)
    np.add(y, _mean(g, axes), out=y)
    np.subtract(g, y, out=y)
    np.multiply(y, r, out=y)
    return y


standardize_vjp.defvjp(
    g=lambda h, z, r, axes: standardize_vjp(h, z, r, axes=axes),
    z=lambda h, g, z, r, axes: (h * _mean_of(g * z, axes) + g * _mean_of(h * z, axes)) * -r,
    r=lambda h, y, r, axes: sum_primitive(h * y, axes=axes, keepdims=True) / r,
)
standardize_vjp.defjvp(
    g=lambda t, z, r, axes: standardize_vjp(t, z, r, axes=axes),
    z=lambda t, g, z, r, axes: (t * _mean_of(g * z, axes) + z * _mean_of(g * t, axes)) * -r,
    r=lambda t, y, r: y * (t / r),
)


def _pulled(cotangents: Any, y: Tensor, var: Tensor, axes: tuple[int, ...], eps: float) -> Tensor:
    of_y, of_mean, of_var = cotangents
    r = rsqrt(var + eps)
    found = [] if of_y is None else [standardize_vjp(of_y, y, r, axes=axes)]
    if of_mean is not None:
        found.append(expand(of_mean / _size(y.shape, axes), y.shape))
    if of_var is not None:
        found.append(y * (of_var * 2 / (r * _size(y.shape, axes))))
    total = found[0]
    for more in found[1:]:
        total = total + more
    return total


def _pushed(t: Tensor, y: Tensor, var: Tensor, axes: tuple[int, ...], eps: float) -> tuple[Tensor, Tensor, Tensor]:
    r = rsqrt(var + eps)
    return standardize_vjp(t, y, r, axes=axes), _mean_of(t, axes), _mean_of(y * t, axes) * 2 / r


standardize_primitive.defvjp(x=lambda g, y, var, axes, eps: _pulled(g, y, var, axes, eps))
standardize_primitive.defjvp(x=lambda t, y, var, axes, eps: _pushed(t, y, var, axes, eps))


class Standardized(NamedTuple):
    """What `standardize` returns: the values, and the mean and the biased variance that were taken out."""

    values: Tensor
    mean: Tensor
    var: Tensor


@reduction
def standardize(input: Tensor, dim: Dims = None, eps: float = 0.0) -> Standardized:
    """(x − μ)/√(σ² + ε) with the mean μ and the biased variance σ² over `dim`, which come with it, of size 1 there.

    (*) -> (*), (* with 1 along dim) twice

    What batch, layer, group and instance normalisation have in common; they differ
    in the axes. The variance is that of the centred values, so that large means do
    no harm. float16 is computed in float32, the dtype of its mean and variance.

    Raises `DTypeError` for integers, `IndexOutOfRangeError` for an axis there is not.

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
    if input.dtype == np.float16:
        values, mean, var = standardize_primitive.many(input.to(dtype=np.float32), axes=axes, eps=eps)
        return Standardized(values.to(dtype=np.float16), mean, var)
    return Standardized(*standardize_primitive.many(input, axes=axes, eps=eps))
