"""Running sums, products and extremes along an axis, and the differences that undo a sum.

A running sum is linear, and its adjoint runs the other way. Running products and
logarithms of sums are built by doubling: after k steps each element holds what
the last 2ᵏ elements make, so log₂ n steps do, and every order of derivative is
right also where elements are 0.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..dtypes import as_dtype, get_default_dtype
from ..errors import ArgumentError, ShapeError
from ..operands import as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .arithmetic import sub
from .axes import axis_of, whole
from .comparison import ne
from .exponential import logaddexp
from .indexing import gather, narrow
from .joining import cat
from .reduction import ValuesAndIndices, reduction
from .shape import flip_primitive

__all__ = [
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "diff",
    "logcumsumexp",
]


@primitive("yᵢ = x₀ + … + xᵢ along an axis", vjp="x̄ᵢ = gᵢ + … + gₙ₋₁", linear=True)
def cumsum_primitive(x: Array, *, axis: int) -> Array:
    """The running sum along an axis; its adjoint is the running sum from the other end."""
    wide: Any = np.float32 if x.dtype == np.float16 else x.dtype
    out = np.empty_like(x, dtype=wide)
    return np.cumsum(x, axis, dtype=wide, out=out).astype(x.dtype, copy=False)


def _from_the_end(g: Tensor, axis: int) -> Tensor:
    return flip_primitive(cumsum_primitive(flip_primitive(g, axes=(axis,)), axis=axis), axes=(axis,))


cumsum_primitive.defvjp(x=_from_the_end)


def _accumulating(input: Tensor, dtype: Any) -> Tensor:
    """The operand in the dtype that it adds up or multiplies in: int64 for integers and bools."""
    if dtype is not None:
        return input.to(dtype=as_dtype(dtype))
    return input if input.dtype.kind == "f" else input.to(dtype=np.int64)


@reduction
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running sum along `dim`: y_i = x_0 + … + x_i. Integers and bools add up in int64.

    (*) -> (*). Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.cumsum(mg.tensor([1., 2., 3.]), 0)
    tensor([1., 3., 6.])
    """
    axis = axis_of(dim, input.ndim, "cumsum")
    input = _accumulating(input, dtype)
    return cumsum_primitive(input, axis=axis) if input.ndim else input.to(copy=True)


def scan(x: Tensor, axis: int, combine: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """What an associative function makes of x_0 … x_i, for every i along an axis."""
    size = x.shape[axis] if x.ndim else 1
    reach = 1
    while reach < size:
        x = cat(
            [
                narrow(x, axis, 0, reach),
                combine(narrow(x, axis, 0, size - reach), narrow(x, axis, reach, size - reach)),
            ],
            axis,
        )
        reach *= 2
    return x


@reduction
def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running product along `dim`: y_i = x_0·…·x_i; right to every order also where elements are 0.

    (*) -> (*). Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.cumprod(mg.tensor([1., 2., 3.]), 0)
    tensor([1., 2., 6.])
    """
    axis = axis_of(dim, input.ndim, "cumprod")
    return scan(_accumulating(input, dtype).to(copy=True), axis, lambda first, second: first * second)


@reduction
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """The running ln Σ eˣ along `dim`, without overflow.

    (*) -> (*). Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.logcumsumexp(mg.tensor([1000., 1000.]), 0)
    tensor([1000.0000, 1000.6932])
    """
    axis = axis_of(dim, input.ndim, "logcumsumexp")
    if input.dtype.kind != "f":
        input = input.to(dtype=get_default_dtype())
    return scan(input.to(copy=True), axis, logaddexp)


def _running(input: Tensor, dim: int, name: str, extreme: np.ufunc) -> ValuesAndIndices:
    axis = axis_of(dim, input.ndim, name)
    x = input._array
    if not input.ndim:
        return ValuesAndIndices(input.to(copy=True), Tensor._wrap(np.zeros((), np.int64)))
    reached = x == extreme.accumulate(x, axis)
    if x.dtype.kind == "f":
        reached |= np.isnan(x)
    place = np.arange(x.shape[axis]).reshape([-1 if one == axis else 1 for one in range(x.ndim)])
    indices = Tensor._wrap(np.maximum.accumulate(np.where(reached, place, 0), axis))
    return ValuesAndIndices(gather(input, axis, indices), indices)


@reduction
def cummax(input: Tensor, dim: int) -> ValuesAndIndices:
    """The largest of x_0 … x_i along `dim`, and where it is: the last of equal ones. NaN wins.

    (*) -> (*), (*). Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.cummax(mg.tensor([1., 3., 2.]), 0).values
    tensor([1., 3., 3.])
    """
    return _running(input, dim, "cummax", np.maximum)


@reduction
def cummin(input: Tensor, dim: int) -> ValuesAndIndices:
    """The smallest of x_0 … x_i along `dim`, and where it is: the last of equal ones. NaN wins.

    (*) -> (*), (*). Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.cummin(mg.tensor([2., 1., 3.]), 0).indices
    tensor([0, 1, 1])
    """
    return _running(input, dim, "cummin", np.minimum)


@function
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """The differences of neighbours along `dim`, taken n times: y_i = x_{i+1} − x_i.

    (*a, m, *c) -> (*a, max(m − n, 0), *c). `prepend` and `append` are joined on first. Raises
    `ArgumentError` for a negative n, `ShapeError` for a 0-d tensor, `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.diff(mg.tensor([1, 4, 9]))
    tensor([3, 5])
    """
    x, times = as_operand(input, "diff"), whole(n, "diff")
    if times < 0:
        raise ArgumentError(f"diff got n={times}; differences are taken 0 times or more")
    if x.ndim == 0:
        raise ShapeError("diff of a 0-d tensor: it has no axis with neighbours")
    axis = axis_of(dim, x.ndim, "diff")
    if times == 0:
        return x.to(copy=True)
    parts = [as_operand(one, "diff") for one in (prepend, x, append) if one is not None]
    x = cat(parts, axis) if len(parts) > 1 else x.to(copy=True)
    for _ in range(min(times, x.shape[axis])):
        count = max(x.shape[axis] - 1, 0)
        later, earlier = narrow(x, axis, x.shape[axis] - count, count), narrow(x, axis, 0, count)
        x = ne(later, earlier) if x.dtype.kind == "b" else sub(later, earlier)
    return x
