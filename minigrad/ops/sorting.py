"""Order: sorting, the largest and the smallest, and different values.

Where elements go is a constant; gradients follow the elements.
"""

from typing import Any

import numpy as np

from ..errors import ArgumentError, IndexOutOfRangeError, ShapeError
from ..explaining import as_flag
from ..operands import as_operand
from ..registry import function
from ..tensor import Array, Tensor
from .axes import axis_of, whole
from .indexing import gather, narrow
from .reduction import ValuesAndIndices, reduction

__all__ = [
    "argsort",
    "bucketize",
    "isin",
    "kthvalue",
    "msort",
    "searchsorted",
    "sort",
    "topk",
    "unique",
    "unique_consecutive",
]


def order_along(x: Array, axis: int, descending: bool) -> Array:
    """The positions that sort an array along an axis; equal elements keep their order, and NaN is the largest."""
    if not descending:
        return np.argsort(x, axis, kind="stable")
    backwards = np.flip(np.argsort(np.flip(x, axis), axis, kind="stable"), axis)
    return np.subtract(x.shape[axis] - 1, backwards)  # type: ignore[no-any-return]


def _sorted(input: Tensor, dim: int, descending: bool, name: str) -> ValuesAndIndices:
    axis = axis_of(dim, input.ndim, name)
    if not input.ndim:
        return ValuesAndIndices(input.to(copy=True), Tensor._wrap(np.zeros((), np.int64)))
    indices = Tensor._wrap(order_along(input._array, axis, as_flag(descending, name, "descending")))
    return ValuesAndIndices(gather(input, axis, indices), indices)


@reduction
def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> ValuesAndIndices:
    """The elements along `dim` in order, and where they were; equal ones keep their order, NaN is the largest.

    (*) -> (*), (*). Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.sort(mg.tensor([3., 1., 2.])).indices
    tensor([1, 2, 0])
    """
    return _sorted(input, dim, descending, "sort")


@reduction
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """Where the elements in order along `dim` were, as `sort` gives it.

    (*) -> (*). Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.argsort(mg.tensor([3., 1., 2.]), descending=True)
    tensor([0, 2, 1])
    """
    return _sorted(input.detach(), dim, descending, "argsort").indices


@function
def msort(input: Tensor) -> Tensor:
    """The elements along the first axis in order.

    (n, *) -> (n, *)

    >>> import minigrad as mg
    >>> mg.msort(mg.tensor([3., 1., 2.]))
    tensor([1., 2., 3.])
    """
    return _sorted(as_operand(input, "msort"), 0, False, "msort").values


@reduction
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> ValuesAndIndices:
    """The `k` largest (or smallest) elements along `dim`, and where they are; always in order.

    (*a, n, *c) -> (*a, k, *c), (*a, k, *c). Raises `IndexOutOfRangeError` for a k above n or an axis there is not.

    >>> import minigrad as mg
    >>> mg.topk(mg.tensor([1., 4., 3., 2.]), 2).values
    tensor([4., 3.])
    """
    axis, count = axis_of(dim, input.ndim, "topk"), whole(k, "topk")
    size = input.shape[axis] if input.ndim else 1
    if not 0 <= count <= size:
        raise IndexOutOfRangeError(f"topk of {count} elements along an axis of size {size}; k is 0 to {size}")
    if not input.ndim:
        if count == 0:
            raise ShapeError("topk of no elements of a 0-d tensor: there is no axis to shorten")
        return _sorted(input, 0, False, "topk")
    order = order_along(input._array, axis, as_flag(largest, "topk", "largest"))
    indices = narrow(Tensor._wrap(order), axis, 0, count).to(copy=True)
    return ValuesAndIndices(gather(input, axis, indices), indices)


@reduction
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> ValuesAndIndices:
    """The `k`-th smallest element along `dim`, counted from 1, and where it is.

    (*) -> (* without dim), (* without dim). Raises `IndexOutOfRangeError` for a k that is not
    from 1 to n, or an axis there is not.

    >>> import minigrad as mg
    >>> mg.kthvalue(mg.tensor([3., 1., 2.]), 2).values
    tensor(2.)
    """
    axis, count = axis_of(dim, input.ndim, "kthvalue"), whole(k, "kthvalue")
    size = input.shape[axis] if input.ndim else 1
    if not 1 <= count <= size:
        raise IndexOutOfRangeError(f"kthvalue got k={count} along an axis of size {size}; k counts from 1")
    if not input.ndim:
        return _sorted(input, 0, False, "kthvalue")
    return picked(input, axis, np.take(order_along(input._array, axis, False), [count - 1], axis), keepdim)


def picked(input: Tensor, axis: int, places: Array, keepdim: bool) -> ValuesAndIndices:
    """One element along an axis for every place in the others, and where it is."""
    indices = Tensor._wrap(np.ascontiguousarray(places))
    values = gather(input, axis, indices)
    if keepdim:
        return ValuesAndIndices(values, indices)
    return ValuesAndIndices(values.squeeze(axis), indices.squeeze(axis))


# ------------------------------------------------------------ different values


@function
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different elements in order, or the different slices along `dim`; off the tape.

    (*) -> (m). With `return_inverse` also where each element went, of shape (*), and with
    `return_counts` how often each came, (m). No two NaNs are equal. Raises
    `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.unique(mg.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    x = as_operand(input, "unique")
    axis = None if dim is None else axis_of(dim, x.ndim, "unique")
    array = np.atleast_1d(x._array) if axis is not None else x._array
    if axis is not None and 0 in array.shape[:axis] + array.shape[axis + 1 :]:
        raise ShapeError(f"unique along axis {axis} of shape {x.shape}: its slices have no elements to compare")
    values, inverse, counts = np.unique(array, return_inverse=True, return_counts=True, axis=axis, equal_nan=False)
    shape = x.shape if axis is None else (array.shape[axis],)
    return _chosen(values, inverse.reshape(shape), counts, return_inverse, return_counts)


def _chosen(values: Array, inverse: Array, counts: Array, return_inverse: bool, return_counts: bool) -> Any:
    found = [values] + [inverse] * bool(return_inverse) + [counts] * bool(return_counts)
    tensors = tuple(Tensor._wrap(one.copy()) for one in found)
    return tensors if len(tensors) > 1 else tensors[0]


@function
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements, or the slices along `dim`, without those equal to the one before; off the tape.

    (*) -> (m), and more as `unique`. Raises `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> mg.unique_consecutive(mg.tensor([3, 3, 1, 3]))
    tensor([3, 1, 3])
    """
    x = as_operand(input, "unique_consecutive")
    axis = 0 if dim is None else axis_of(dim, x.ndim, "unique_consecutive")
    array = x._array.reshape(-1) if dim is None or not x.ndim else np.moveaxis(x._array, axis, 0)
    count = array.shape[0]
    flat = array.reshape(count, -1) if array.size else np.zeros((count, 0))
    new = np.ones(count, bool)
    new[1:] = (flat[1:] != flat[:-1]).any(1)
    inverse = np.cumsum(new) - 1
    values = np.moveaxis(array[new], 0, axis) if array.ndim > 1 else array[new]
    counts = np.diff(np.append(np.flatnonzero(new), count))
    return _chosen(values, inverse.reshape(x.shape if dim is None else (count,)), counts, return_inverse, return_counts)


@function
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Where an element is among those of another tensor; with `invert`, where it is not.

    (*), (*) -> (*) of bools in the shape of the first

    >>> import minigrad as mg
    >>> mg.isin(mg.tensor([1, 2, 3]), mg.tensor([3, 1]))
    tensor([ True, False,  True])
    """
    one, others = as_operand(elements, "isin")._array, as_operand(test_elements, "isin")._array
    return Tensor._wrap(np.asarray(np.isin(one, others, invert=as_flag(invert, "isin", "invert"))))


# ------------------------------------------------------------------ searching


def _side(right: bool, side: str | None, name: str) -> str:
    if side not in (None, "left", "right"):
        raise ArgumentError(f"{name} got side={side!r}; it is 'left' or 'right'")
    if side == "left" and right:
        raise ArgumentError(f"{name} got side='left' and right=True, which contradict each other")
    return "right" if right or side == "right" else "left"


@function
def searchsorted(
    sorted_sequence: Any, input: Any, *, out_int32: bool = False, right: bool = False, side: str | None = None,
    sorter: Any = None,
) -> Tensor:  # fmt: skip
    """Where elements belong in a sorted sequence: before equal ones, or behind them with `right`.

    (m), (*) -> (*), or (*a, m), (*a, n) -> (*a, n) row by row. Raises `ShapeError` where the other axes differ,
    `ArgumentError` for another side.

    >>> import minigrad as mg
    >>> mg.searchsorted(mg.tensor([1, 3, 5]), mg.tensor([3, 6]))
    tensor([1, 3])
    """
    edges, x = as_operand(sorted_sequence, "searchsorted")._array, as_operand(input, "searchsorted")._array
    where: Any = _side(right, side, "searchsorted")
    if sorter is not None:
        order = as_operand(sorter, "searchsorted")._array
        if order.shape != edges.shape or order.dtype.kind not in "iu":
            raise ShapeError(f"searchsorted got a sorter of shape {order.shape} for a sequence of shape {edges.shape}")
        try:
            edges = np.take_along_axis(edges, order, -1)
        except (IndexError, ValueError) as error:
            raise IndexOutOfRangeError(f"searchsorted got a sorter that does not fit its sequence: {error}") from error
    kind = np.int32 if out_int32 else np.int64
    if edges.ndim == 0 or (edges.ndim > 1 and edges.shape[:-1] != x.shape[:-1]):
        raise ShapeError(
            f"searchsorted in shape {edges.shape} for shape {x.shape}; the sequence is a vector, or all axes but the "
            "last agree"
        )
    if edges.ndim == 1:
        return Tensor._wrap(np.asarray(np.searchsorted(edges, x, where)).astype(kind))
    rows = zip(edges.reshape(-1, edges.shape[-1]), x.reshape(-1, x.shape[-1]), strict=True)
    found = [np.searchsorted(row, values, where) for row, values in rows]
    return Tensor._wrap(np.asarray(found, kind).reshape(x.shape))


@function
def bucketize(input: Any, boundaries: Any, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """The number of the interval between boundaries that an element falls into.

    (*), (m) -> (*), from 0 to m. A boundary closes the interval below it, or opens the one above
    with `right`. Raises `ShapeError` for boundaries that are no vector.

    >>> import minigrad as mg
    >>> mg.bucketize(mg.tensor([0., 2., 9.]), mg.tensor([1., 2., 3.]))
    tensor([0, 1, 3])
    """
    edges = as_operand(boundaries, "bucketize")
    if edges.ndim != 1:
        raise ShapeError(f"bucketize got boundaries of shape {edges.shape}; they are a vector")
    return searchsorted(edges, input, out_int32=out_int32, right=right)
