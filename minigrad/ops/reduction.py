"""Reductions over axes, each with its VJP below it.

Public functions take PyTorch's `dim` and `keepdim`; primitives take `axes`, a
tuple of numbers from 0 on.
"""

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ..dtypes import as_dtype
from ..errors import ArgumentError, DTypeError, ShapeError
from ..kernels.sums import total
from ..operands import as_flag, as_operand
from ..primitive import primitive
from ..registry import function, guarded, lookup
from ..tensor import Array, Tensor
from .arithmetic import maximum, minimum
from .axes import Dims, axes_of, axis_of
from .comparison import where
from .elementary import sqrt
from .shape import expand_primitive, flatten, reshape

F = TypeVar("F", bound=Callable[..., Any])

_HALF = np.dtype(np.float16)


def reduction(operation: F) -> F:
    """Register a public reduction: its first argument becomes a tensor."""
    called = guarded(operation)

    @wraps(operation)
    def reduce(input: Any, *args: Any, **keywords: Any) -> Any:
        return called(input if isinstance(input, Tensor) else as_operand(input, operation.__name__), *args, **keywords)

    return function(reduce)  # type: ignore[return-value]


def reduced_axes(dim: Dims, ndim: int, name: str) -> tuple[int, ...]:
    """The axes to reduce over; no axes mean all of them, as in PyTorch."""
    return axes_of(None if isinstance(dim, tuple | list) and not dim else dim, ndim, name)


def kept(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """`shape` with size 1 along `axes`."""
    return tuple([1 if axis in axes else size for axis, size in enumerate(shape)])


def spread(g: Tensor, shape: tuple[int, ...], axes: tuple[int, ...]) -> Tensor:
    """The cotangent of a reduction repeated over the axes that were reduced."""
    lined_up = reshape(g, kept(shape, axes)) if g.ndim else g
    return lined_up if lined_up.shape == shape else expand_primitive(lined_up, shape=shape)


# ------------------------------------------------------------- sums and means


@primitive("y = Σ x over axes", vjp="x̄ = g repeated over the axes", linear=True)
def sum_primitive(x: Array, *, axes: tuple[int, ...], keepdims: bool) -> Array:
    """The sum over axes; its adjoint is `expand`."""
    if x.dtype.kind != "f":
        return x.sum(axis=axes, keepdims=keepdims, dtype=np.int64)  # type: ignore[no-any-return]
    return total(x, axes, keepdims)


sum_primitive.defvjp(x=lambda g, x_shape, axes: spread(g, x_shape, axes))


@reduction
def sum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim`, or of everything. Integers and bools add up in int64.

    (*) -> (* without dim). Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.sum(mg.tensor([[1., 2.], [3., 4.]]), dim=0)
    tensor([4., 6.])
    """
    if dtype is not None:
        input = input.to(dtype=as_dtype(dtype))
    return sum_primitive(input, axes=reduced_axes(dim, input.ndim, "sum"), keepdims=as_flag(keepdim, "sum", "keepdim"))


@primitive("y = Σ x/n over axes of n elements", vjp="x̄ = g/n repeated over the axes", linear=True)
def mean_primitive(x: Array, *, axes: tuple[int, ...], keepdims: bool) -> Array:
    """The mean over axes; NaN for no elements."""
    count = math.prod([x.shape[axis] for axis in axes])
    return np.asarray(np.true_divide(total(x, axes, keepdims), count or math.nan, dtype=x.dtype))


mean_primitive.defvjp(
    x=lambda g, x_shape, axes: spread(g / (math.prod([x_shape[axis] for axis in axes]) or 1), x_shape, axes)
)


def _count(x: Tensor, axes: tuple[int, ...]) -> int:
    return int(np.prod([x.shape[axis] for axis in axes], dtype=np.int64))


def floating(x: Tensor, name: str, dtype: Any = None) -> Tensor:
    """`x`, in `dtype` if that is given; raises `DTypeError` where it is not floating then."""
    if dtype is not None:
        x = x.to(dtype=as_dtype(dtype))
    if x.dtype.kind != "f":
        raise DTypeError(
            f"{name} of a tensor of {x.dtype}: the result is a fraction. Convert first, for example t.float()"
        )
    return x


@reduction
def mean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim`, or of everything; NaN for no elements.

    (*) -> (* without dim). Raises `DTypeError` for integers, whose mean is no integer.

    >>> import minigrad as mg
    >>> mg.mean(mg.tensor([1., 2., 6.]))
    tensor(3.)
    """
    input = floating(input, "mean", dtype)
    if input.dtype == _HALF:  # the sum may be too large for it, the mean is not
        return mean(input.to(dtype=np.float32), dim, keepdim).to(dtype=np.float16)
    return mean_primitive(
        input, axes=reduced_axes(dim, input.ndim, "mean"), keepdims=as_flag(keepdim, "mean", "keepdim")
    )


def divisor(reduction: str, count: int) -> int | None:
    """What a loss divides the sum of `count` costs by; None where they are not to be added up, 0 for a mean of nothing.

    Raises `ArgumentError` for another word than 'none', 'mean' and 'sum'.
    """
    if not isinstance(reduction, str) or reduction not in ("none", "mean", "sum"):
        raise ArgumentError(f"reduction={reduction!r}; it is 'none', 'mean' or 'sum'")
    return None if reduction == "none" else 1 if reduction == "sum" else count


@reduction
def var(
    input: Tensor, dim: Dims = None, correction: float = 1, keepdim: bool = False, *, unbiased: bool | None = None
) -> Tensor:
    """The variance over `dim`: Σ(x − x̄)²/(n − correction); correction 1 is Bessel's, as in PyTorch.

    (*) -> (* without dim). Raises `DTypeError` for integers.

    >>> import minigrad as mg
    >>> mg.var(mg.tensor([1., 2., 3.]))
    tensor(1.)
    """
    # PyTorch's older order of arguments: var(unbiased) and var(dim, unbiased).
    if isinstance(dim, bool):
        correction, dim = int(dim), None
    correction = int(correction) if isinstance(correction, bool) else correction
    if unbiased is not None:
        correction = int(unbiased)
    input = floating(input, "var")
    if input.dtype == np.float16:
        return var(input.to(dtype=np.float32), dim, correction, keepdim).to(dtype=np.float16)
    axes = reduced_axes(dim, input.ndim, "var")
    count = _count(input, axes)
    if not count:
        return mean(input, axes, keepdim)
    centred = input - sum_primitive(input, axes=axes, keepdims=True) / count
    freedom = count - correction if count > correction else 0
    return sum_primitive(centred * centred, axes=axes, keepdims=as_flag(keepdim, "var", "keepdim")) / freedom


@reduction
def std(
    input: Tensor, dim: Dims = None, correction: float = 1, keepdim: bool = False, *, unbiased: bool | None = None
) -> Tensor:
    """The standard deviation, √var.

    (*) -> (* without dim). Raises `DTypeError` for integers.

    >>> import minigrad as mg
    >>> mg.std(mg.tensor([1., 2., 3.]))
    tensor(1.)
    """
    if input.dtype == np.float16:  # the variance may be too large for it, its root is not
        return std(input.to(dtype=np.float32), dim, correction, keepdim, unbiased=unbiased).to(dtype=np.float16)
    variance = var(input, dim, correction, keepdim, unbiased=unbiased)
    # Equal elements have no spread, and get the gradient 0 rather than 0/0, as in PyTorch.
    level = variance == 0
    return where(level, 0, sqrt(where(level, 1, variance)))  # type: ignore[no-any-return]


@reduction
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product along one axis, or of everything, by halving: right to every order also where elements are 0.

    (*) -> (* without dim). Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.prod(mg.tensor([2., 3., 4.]))
    tensor(24.)
    """
    if dtype is not None or input.dtype.kind != "f":
        input = input.to(dtype=np.int64 if dtype is None else as_dtype(dtype))
    axis = 0
    shape: tuple[int, ...] = (1,) * input.ndim
    if dim is None:
        input = flatten(input)
    else:
        axis = axis_of(dim, input.ndim, "prod")
        shape = kept(input.shape, (axis,))
    if input.ndim == 0:
        return lookup("clone")(input)
    if input.shape[axis] == 0:
        input = sum_primitive(input, axes=(axis,), keepdims=True) + 1
    while input.shape[axis] > 1:
        half = input.shape[axis] // 2
        first, second, *rest = lookup("split")(
            input, [half, half, input.shape[axis] - 2 * half][: 3 if input.shape[axis] % 2 else 2], axis
        )
        input = lookup("cat")([first * second, *rest], axis)
    if not keepdim:
        shape = tuple(size for position, size in enumerate(shape) if position != axis) if dim is not None else ()
    return reshape(input, shape)


# ---------------------------------------------------------- largest, smallest


def _share_among_winners(g: Tensor, x: Tensor, y: Tensor, axes: tuple[int, ...]) -> Tensor:
    """The cotangent of an extreme value, in equal parts to all elements that reach it."""
    best = reshape(y, kept(x.shape, axes))
    winners = (x == best) | ((x != x) & (best != best))  # NaN wins, and is not equal to itself
    share = reshape(g, kept(x.shape, axes)) / sum_primitive(winners, axes=axes, keepdims=True).to(dtype=x.dtype)
    return winners.to(dtype=x.dtype) * share


def _refuse_empty(x: Array, axes: tuple[int, ...], name: str) -> None:
    if 0 in [x.shape[axis] for axis in axes]:
        raise ShapeError(
            f"{name} over no elements (shape {x.shape}, axes {axes}): there is no largest or smallest one. Did "
            "a filter before it leave nothing?"
        )


@primitive("y = max x over axes", vjp="x̄ = g, shared equally by the elements that are y")
def amax_primitive(x: Array, *, axes: tuple[int, ...], keepdims: bool) -> Array:
    """The largest element over axes."""
    _refuse_empty(x, axes, "a maximum")
    return x.max(axis=axes, keepdims=keepdims)  # type: ignore[no-any-return]


amax_primitive.defvjp(x=lambda g, x, y, axes: _share_among_winners(g, x, y, axes))


@primitive("y = min x over axes", vjp="x̄ = g, shared equally by the elements that are y")
def amin_primitive(x: Array, *, axes: tuple[int, ...], keepdims: bool) -> Array:
    """The smallest element over axes."""
    _refuse_empty(x, axes, "a minimum")
    return x.min(axis=axes, keepdims=keepdims)  # type: ignore[no-any-return]


amin_primitive.defvjp(x=lambda g, x, y, axes: _share_among_winners(g, x, y, axes))


@reduction
def amax(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The largest element over `dim`; equal ones share the gradient, as in PyTorch.

    (*) -> (* without dim). Raises `ShapeError` where there are no elements.

    >>> import minigrad as mg
    >>> mg.amax(mg.tensor([[1., 5.], [3., 2.]]), dim=1)
    tensor([5., 3.])
    """
    return amax_primitive(
        input, axes=reduced_axes(dim, input.ndim, "amax"), keepdims=as_flag(keepdim, "amax", "keepdim")
    )


@reduction
def amin(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The smallest element over `dim`; equal ones share the gradient.

    (*) -> (* without dim). Raises `ShapeError` where there are no elements.

    >>> import minigrad as mg
    >>> mg.amin(mg.tensor([[1., 5.], [3., 2.]]), dim=1)
    tensor([1., 2.])
    """
    return amin_primitive(
        input, axes=reduced_axes(dim, input.ndim, "amin"), keepdims=as_flag(keepdim, "amin", "keepdim")
    )


def _arg(x: Tensor, dim: int | None, keepdim: bool, name: str, find: Callable[..., Any]) -> Tensor:
    axes = axes_of(None, x.ndim, name) if dim is None or x.ndim == 0 else (axis_of(dim, x.ndim, name),)
    _refuse_empty(x._array, axes, name)
    if dim is None or x.ndim == 0:
        found = np.asarray(find(x._array))
        return Tensor._wrap(found.reshape((1,) * x.ndim) if keepdim else found)
    return Tensor._wrap(np.asarray(find(x._array, axis=axes[0], keepdims=as_flag(keepdim, name, "keepdim"))))


@reduction
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest element is: the first in row-major order. int64, no gradient.

    (*) -> (* without dim). Raises `ShapeError` where there are no elements,
    `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.argmax(mg.tensor([[1., 5.], [3., 2.]]), dim=1)
    tensor([1, 0])
    """
    return _arg(input, dim, keepdim, "argmax", np.argmax)


@reduction
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest element is: the first in row-major order. int64, no gradient.

    (*) -> (* without dim). Raises `ShapeError` where there are no elements,
    `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.argmin(mg.tensor([[1., 5.], [3., 2.]]), dim=1)
    tensor([0, 1])
    """
    return _arg(input, dim, keepdim, "argmin", np.argmin)


class ValuesAndIndices(NamedTuple):
    """What `max` and `min` along an axis return."""

    values: Tensor
    indices: Tensor


def _extreme(x: Tensor, other: Any, keepdim: bool, full: Any, pairwise: Any, arg: Any) -> Any:
    if other is None:
        return full(x)
    if isinstance(other, Tensor | np.ndarray):
        return pairwise(x, other)
    indices = arg(x, other, True)
    values = lookup("gather")(x, other, indices) if x.ndim else x
    if not keepdim and x.ndim:
        values, indices = lookup("squeeze")(values, other), lookup("squeeze")(indices, other)
    return ValuesAndIndices(values, indices)


@reduction
def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The largest element; along `dim` the pair (values, indices); of two tensors the larger, element by element.

    (*) -> (* without dim). Raises `ShapeError` where there are no elements,
    `IndexOutOfRangeError` for an axis there is not.
    Along `dim` the gradient goes to the element at `indices`, the first of equal ones.

    >>> import minigrad as mg
    >>> mg.max(mg.tensor([[1., 5.], [3., 2.]]), 1).indices
    tensor([1, 0])
    """
    return _extreme(input, dim if other is None else as_operand(other, "max"), keepdim, amax, maximum, argmax)


@reduction
def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The smallest element; along `dim` the pair (values, indices); of two tensors the smaller, element by element.

    (*) -> (* without dim). Raises `ShapeError` where there are no elements,
    `IndexOutOfRangeError` for an axis there is not.
    Along `dim` the gradient goes to the element at `indices`, the first of equal ones.

    >>> import minigrad as mg
    >>> mg.min(mg.tensor([[1., 5.], [3., 2.]]), 1).values
    tensor([1., 2.])
    """
    return _extreme(input, dim if other is None else as_operand(other, "min"), keepdim, amin, minimum, argmin)


@reduction
def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether at least one element is not zero.

    (*) -> (* without dim). Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.any(mg.tensor([False, True]))
    tensor(True)
    """
    return Tensor._wrap(
        np.asarray(input._array.any(axis=axes_of(dim, input.ndim, "any"), keepdims=as_flag(keepdim, "any", "keepdim")))
    )


@reduction
def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether no element is zero.

    (*) -> (* without dim). Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.all(mg.tensor([False, True]))
    tensor(False)
    """
    return Tensor._wrap(
        np.asarray(input._array.all(axis=axes_of(dim, input.ndim, "all"), keepdims=as_flag(keepdim, "all", "keepdim")))
    )
