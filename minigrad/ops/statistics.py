"""Medians, quantiles and counts; means and deviations in pairs; sums that leave NaN out."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..dtypes import as_dtype
from ..errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError
from ..operands import as_number, as_operand
from ..registry import function
from ..tensor import Array, Tensor
from .arithmetic import lerp
from .axes import Dims, axis_of, whole
from .comparison import isnan, where
from .elementary import ceil, floor, zeros_like
from .indexing import gather, getitem
from .reduction import ValuesAndIndices, amax, amin, floating, mean, reduced_axes, reduction, std, sum, var
from .shape import flatten, movedim, reshape
from .sorting import order_along, picked

__all__ = [
    "aminmax",
    "bincount",
    "count_nonzero",
    "histc",
    "median",
    "mode",
    "nanmean",
    "nanmedian",
    "nanquantile",
    "nansum",
    "quantile",
    "std_mean",
    "var_mean",
]

# ---------------------------------------------------------------- in pairs


@reduction
def var_mean(
    input: Tensor, dim: Dims = None, correction: float = 1, keepdim: bool = False, *, unbiased: bool | None = None
) -> tuple[Tensor, Tensor]:
    """The variance over `dim` and the mean, as `var` and `mean` give them.

    (*) -> (* without dim), (* without dim). Raises `DTypeError` for integers.

    >>> import minigrad as mg
    >>> mg.var_mean(mg.tensor([1., 2., 3.]))
    (tensor(1.), tensor(2.))
    """
    return var(input, dim, correction, keepdim, unbiased=unbiased), _mean(input, dim, keepdim)


@reduction
def std_mean(
    input: Tensor, dim: Dims = None, correction: float = 1, keepdim: bool = False, *, unbiased: bool | None = None
) -> tuple[Tensor, Tensor]:
    """The standard deviation over `dim` and the mean, as `std` and `mean` give them.

    (*) -> (* without dim), (* without dim). Raises `DTypeError` for integers.

    >>> import minigrad as mg
    >>> mg.std_mean(mg.tensor([1., 2., 3.]))
    (tensor(1.), tensor(2.))
    """
    return std(input, dim, correction, keepdim, unbiased=unbiased), _mean(input, dim, keepdim)


def _mean(input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    return mean(input, None if isinstance(dim, bool) else dim, keepdim)  # var(unbiased) names no axis


class MinAndMax(NamedTuple):
    """What `aminmax` returns."""

    min: Tensor
    max: Tensor


@reduction
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> MinAndMax:
    """The smallest and the largest element, along `dim` or of all; equal ones share the gradient.

    (*) -> (* without dim), (* without dim). Raises `ShapeError` where there are no elements.

    >>> import minigrad as mg
    >>> mg.aminmax(mg.tensor([1., 5., 3.])).max
    tensor(5.)
    """
    axes = None if dim is None else axis_of(dim, input.ndim, "aminmax")
    return MinAndMax(amin(input, axes, keepdim), amax(input, axes, keepdim))


# ------------------------------------------------------------- leaving NaN out


@reduction
def nansum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim` of the elements that are not NaN.

    (*) -> (* without dim). Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.nansum(mg.tensor([1., float("nan")]))
    tensor(1.)
    """
    if dtype is not None:
        input = input.to(dtype=as_dtype(dtype))
    return sum(where(isnan(input), 0, input) if input.dtype.kind == "f" else input, dim, keepdim)


@reduction
def nanmean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim` of the elements that are not NaN; NaN where there are none.

    (*) -> (* without dim). Raises `DTypeError` for integers.

    >>> import minigrad as mg
    >>> mg.nanmean(mg.tensor([1., float("nan"), 3.]))
    tensor(2.)
    """
    input = floating(input, "nanmean", dtype)
    count = sum(~isnan(input.detach()), dim, keepdim)
    return nansum(input, dim, keepdim) / count.to(dtype=input.dtype)


# ------------------------------------------------------- medians and quantiles


def _ranked(input: Tensor, dim: int | None, name: str) -> tuple[Tensor, int]:
    """The operand, flat where no axis was named, and the axis along which its elements are ranked."""
    if dim is None:
        return flatten(input), 0
    axis = axis_of(dim, input.ndim, name)
    return (input if input.ndim else flatten(input)), axis


def _missing(x: Array, axis: int) -> Array:
    """How many NaNs there are along an axis, which is kept."""
    count = np.isnan(x) if x.dtype.kind == "f" else np.zeros(x.shape, bool)
    return count.sum(axis, keepdims=True)  # type: ignore[no-any-return]


def _middle(input: Tensor, dim: int | None, keepdim: bool, name: str, skip_nan: bool) -> Any:
    """The lower median: of all elements, or along an axis with its index."""
    line, axis = _ranked(input, dim, name)
    size = line.shape[axis]
    if size == 0:
        if dim is None and input.dtype.kind == "f":
            return sum(line) + math.nan
        raise IndexOutOfRangeError(f"{name} over no elements (shape {input.shape}): there is none in the middle")
    missing = _missing(line._array, axis)  # NaN is the largest, so they stand at the end
    if skip_nan:
        place = np.maximum(size - missing - 1, 0) // 2
    else:
        place = np.where(missing > 0, size - missing, (size - 1) // 2)
    places = np.take_along_axis(order_along(line._array, axis, False), place, axis)
    if dim is not None:
        return _like_operand(picked(line, axis, places, keepdim), input, keepdim)
    value = line._array[places[0]]
    equal = np.isnan(line._array) if value != value else line._array == value
    return amax(getitem(line, np.flatnonzero(equal)))


def _like_operand(found: ValuesAndIndices, input: Tensor, keepdim: bool) -> ValuesAndIndices:
    """A 0-d tensor, which was ranked as a vector, has 0-d results."""
    if input.ndim or not keepdim:
        return found
    return ValuesAndIndices(reshape(found.values, ()), reshape(found.indices, ()))


@reduction
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The element in the middle, the lower one of two; along `dim` the pair (values, indices). NaN wins.

    (*) -> (), or (* without dim) twice. Of all elements, equal ones share the gradient. Raises
    `IndexOutOfRangeError` for an axis there is not, or one without elements.

    >>> import minigrad as mg
    >>> mg.median(mg.tensor([5., 1., 2., 4.]))
    tensor(2.)
    """
    return _middle(input, dim, keepdim, "median", False)


@reduction
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The element in the middle of those that are not NaN; otherwise as `median`.

    (*) -> (), or (* without dim) twice. Raises as `median`.

    >>> import minigrad as mg
    >>> mg.nanmedian(mg.tensor([1., float("nan"), 3., 2.]))
    tensor(2.)
    """
    return _middle(input, dim, keepdim, "nanmedian", True)


@reduction
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> ValuesAndIndices:
    """The most frequent element along `dim`, the smallest of several, and the last place where it stands.

    (*) -> (* without dim), (* without dim). Raises `IndexOutOfRangeError` for an axis there is
    not, or one without elements.

    >>> import minigrad as mg
    >>> mg.mode(mg.tensor([2, 1, 2]))
    ValuesAndIndices(values=tensor(2), indices=tensor(2))
    """
    line, axis = _ranked(input, dim, "mode")
    if line.shape[axis] == 0:
        raise IndexOutOfRangeError(f"mode over no elements (shape {input.shape}): none is the most frequent")
    rows = np.moveaxis(line._array, axis, -1)
    flat = rows.reshape(-1, rows.shape[-1])
    places = np.empty(len(flat), np.int64)
    for number, row in enumerate(flat):
        values, counts = np.unique(row, return_counts=True, equal_nan=False)
        most = values[counts.argmax()]
        places[number] = np.flatnonzero((row == most) | ((row != row) & (most != most)))[-1]
    shaped = np.moveaxis(places.reshape(*rows.shape[:-1], 1), -1, axis)
    return _like_operand(picked(line, axis, shaped, keepdim), input, keepdim)


INTERPOLATIONS = ("linear", "lower", "higher", "nearest", "midpoint")


def _quantile(
    input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str, name: str, skip_nan: bool
) -> Tensor:
    """Elements at fractions of the way through the order, or between the two nearest."""
    x = floating(input, name)
    fractions = as_operand(q, name) if isinstance(q, Tensor) else Tensor._wrap(np.asarray(as_number(q, name), x.dtype))
    if isinstance(q, Tensor) and fractions.dtype != x.dtype:
        raise DTypeError(f"{name} got q of {fractions.dtype} for an input of {x.dtype}; convert: q.to(mg.{x.dtype})")
    if fractions.ndim > 1 or not bool(((fractions._array >= 0) & (fractions._array <= 1)).all()):
        raise ArgumentError(f"{name} got q={q!r}; it is a number from 0 to 1, or a vector of them")
    if interpolation not in INTERPOLATIONS:
        raise ArgumentError(f"{name} got interpolation={interpolation!r}; it is one of {', '.join(INTERPOLATIONS)}")
    line, axis = _ranked(x, dim, name)
    size = line.shape[axis]
    if size == 0:
        raise ShapeError(f"{name} over no elements (shape {input.shape}): there is none to pick")
    kept = tuple(1 for _ in input.shape) if dim is None else _with_one(line.shape, axis)[: input.ndim]
    line = movedim(line, axis, -1)
    order = order_along(line._array, line.ndim - 1, False)
    missing = _missing(line._array, line.ndim - 1)
    last = np.maximum(size - missing - 1, 0) if skip_nan else np.full(missing.shape, size - 1)
    rank = reshape(fractions.to(dtype=x.dtype), (-1,)) * Tensor._wrap(last.astype(x.dtype))
    if not skip_nan:
        rank = where(Tensor._wrap(missing > 0), float(size - 1), rank)
    below, above, share = _between(rank, interpolation)
    ends = [
        gather(line, -1, Tensor._wrap(np.take_along_axis(order, one._array.astype(np.int64), -1)))
        for one in (below, above)
    ]
    between = interpolation in ("linear", "midpoint")
    found = movedim(lerp(ends[0], ends[1], share) if between else ends[0], -1, 0)
    found = reshape(found, (found.shape[0], *(kept if keepdim else _without(kept, axis, dim))))
    return found if fractions.ndim else reshape(found, found.shape[1:])


def _between(rank: Tensor, interpolation: str) -> tuple[Tensor, Tensor, Tensor]:
    """The ranks below and above a fractional one, and how far it is on its way."""
    if interpolation == "nearest":
        rank = rank.detach().round()
    below, above = (one.detach() for one in (floor(rank), ceil(rank)))
    if interpolation == "lower":
        above = below
    elif interpolation == "higher":
        below = above
    elif interpolation == "midpoint":
        return below, above, where(below == above, 0, zeros_like(rank) + 0.5)
    return below, above, rank - below


def _with_one(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return tuple(1 if position == axis else size for position, size in enumerate(shape))


def _without(kept: tuple[int, ...], axis: int, dim: int | None) -> tuple[int, ...]:
    return () if dim is None else tuple(size for position, size in enumerate(kept) if position != axis)


@function
def quantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The element a fraction q of the way through the order along `dim`, between two neighbours by interpolation.

    (*) -> (* without dim), with an axis in front where q is a vector. NaN wins. Raises
    `ArgumentError` for a q outside [0, 1] or another interpolation, `DTypeError` for integers,
    `ShapeError` for no elements.

    >>> import minigrad as mg
    >>> mg.quantile(mg.tensor([0., 1., 2., 3.]), 0.5)
    tensor(1.5000)
    """
    return _quantile(as_operand(input, "quantile"), q, dim, keepdim, interpolation, "quantile", False)


@function
def nanquantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """As `quantile`, of the elements that are not NaN; NaN where there are none.

    (*) -> (* without dim), with an axis in front where q is a vector. Raises as `quantile`.

    >>> import minigrad as mg
    >>> mg.nanquantile(mg.tensor([0., float("nan"), 2.]), 0.5)
    tensor(1.)
    """
    return _quantile(as_operand(input, "nanquantile"), q, dim, keepdim, interpolation, "nanquantile", True)


# --------------------------------------------------------------------- counts


@function
def count_nonzero(input: Any, dim: Dims = None) -> Tensor:
    """How many elements over `dim` are not 0; int64.

    (*) -> (* without dim). Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.count_nonzero(mg.tensor([0, 5, 7]))
    tensor(2)
    """
    x = as_operand(input, "count_nonzero")
    axes = reduced_axes(dim, x.ndim, "count_nonzero")
    return Tensor._wrap(np.asarray(np.count_nonzero(x._array, axis=axes), np.int64)) if axes else (x != 0).long()


@function
def bincount(input: Any, weights: Any = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, 2, … comes, or the sums of the weights where it does; off the tape.

    (n), (n) -> (max(largest + 1, minlength)). Raises `ShapeError` for what is no vector,
    `ArgumentError` for a negative element or length, `DTypeError` for fractions.

    >>> import minigrad as mg
    >>> mg.bincount(mg.tensor([0, 2, 2]))
    tensor([1, 0, 2])
    """
    x, least = as_operand(input, "bincount"), whole(minlength, "bincount")
    if x.dtype.kind not in "iu":
        raise DTypeError(f"bincount of a tensor of {x.dtype}; it counts integers")
    if x.ndim != 1:
        raise ShapeError(f"bincount of a tensor of shape {x.shape}; it takes a vector")
    if not 0 <= least < 2**40 or (x._array.size and x._array.min() < 0):
        raise ArgumentError(f"bincount got minlength={least} and elements from {x._array.min(initial=0)}; neither is "
                            "negative")  # fmt: skip
    if (
        x._array.max(initial=0) >= 2**40
    ):  # NumPy's own count of the largest would wrap around, and write outside its array
        raise ArgumentError(f"bincount of a tensor with the element {x._array.max()}; no memory holds so many counts")
    if weights is None or not x._array.size:
        return Tensor._wrap(np.bincount(x._array.astype(np.int64), minlength=least))
    w = as_operand(weights, "bincount")
    if w.shape != x.shape:
        raise ShapeError(f"bincount got weights of shape {w.shape} for elements of shape {x.shape}; one for each")
    sums = np.bincount(x._array.astype(np.int64), w._array, least)
    return Tensor._wrap(sums.astype(w.dtype if w.dtype == np.float32 else np.float64))


@function
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall into each of `bins` intervals between min and max (the last one closed); off the tape.

    (*) -> (bins). Elements outside do not count; where min and max are equal the smallest and
    the largest element bound. Raises `ArgumentError` for fewer than 1 bin or bounds that are no
    interval, `DTypeError` for integers.

    >>> import minigrad as mg
    >>> mg.histc(mg.tensor([1., 2., 1.]), bins=3, min=0, max=3)
    tensor([0., 2., 1.])
    """
    x, count = floating(as_operand(input, "histc"), "histc"), whole(bins, "histc")
    low, high = as_number(min, "histc"), as_number(max, "histc")
    array = x._array
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not 0 < count < 2**40 or not (low < high and math.isfinite(low) and math.isfinite(high)):
        raise ArgumentError(f"histc got {count} bins from {low} to {high}; at least 1, between finite bounds")
    inside = array[(array >= low) & (array <= high)]
    place = ((inside - low) / (high - low) * count).astype(np.int64)
    counts = np.bincount(np.minimum(place, count - 1), minlength=count)
    return Tensor._wrap(counts.astype(x.dtype))
