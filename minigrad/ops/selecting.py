"""Picking elements out by number, by mask or by place, and putting others there."""

import math
from typing import Any

import numpy as np

from ..errors import DTypeError, IndexOutOfRangeError, ShapeError
from ..operands import as_operand
from ..registry import function
from ..tensor import Tensor
from .axes import axis_of, whole
from .indexing import gather, getitem, normalised, setitem
from .indexing import scatter as scatter_zeros
from .shape import expand, flatten, reshape

__all__ = [
    "argwhere",
    "index_put",
    "masked_scatter",
    "masked_select",
    "nonzero",
    "put",
    "select",
    "take",
    "take_along_dim",
]


def positions_of(index: Any, name: str) -> Tensor:
    """An index as a tensor; raises `DTypeError` where it is not of integers."""
    chosen = as_operand(index, name)
    if chosen.dtype.kind not in "iu":
        raise DTypeError(f"{name} got an index of {chosen.dtype}; it must be integers, for example int64")
    return chosen


def mask_of(mask: Any, name: str) -> Tensor:
    """A mask as a tensor; raises `DTypeError` where it is not bool."""
    chosen = as_operand(mask, name)
    if chosen.dtype.kind != "b":
        raise DTypeError(f"{name} got a mask of {chosen.dtype}; it must be bool, such as x > 0")
    return chosen


def together(name: str, *tensors: Tensor) -> list[Tensor]:
    """The tensors broadcast to their common shape; raises `ShapeError` where there is none."""
    try:
        shape = np.broadcast_shapes(*(one.shape for one in tensors))
    except ValueError as error:
        shapes = " and ".join(str(one.shape) for one in tensors)
        raise ShapeError(
            f"{name} of shapes {shapes}, which do not broadcast: from the last axis on, sizes must be equal or 1"
        ) from error
    return [expand(one, shape) for one in tensors]


# -------------------------------------------------------------------- by number


@function
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice at `index` along `dim`, without that axis; shares memory.

    (*a, n, *c) -> (*a, *c). Raises `IndexOutOfRangeError` for an axis or a position there is
    not, `ShapeError` for a 0-d tensor.

    >>> import minigrad as mg
    >>> mg.select(mg.tensor([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    x = as_operand(input, "select")
    if x.ndim == 0:
        raise ShapeError("select from a 0-d tensor: it has no axis")
    axis, place = axis_of(dim, x.ndim, "select"), whole(index, "select")
    size = x.shape[axis]
    if not -size <= place < size:
        raise IndexOutOfRangeError(
            f"select of position {place} along axis {axis} of shape {x.shape}, which has {size} positions, from 0 on"
        )
    return getitem(x, (*(slice(None),) * axis, place))


@function
def take(input: Tensor, index: Any) -> Tensor:
    """The elements at row-major numbers, in the shape of the index; negative numbers count from the end.

    (*), (*m) -> (*m). Raises `IndexOutOfRangeError` for a number there is not, `DTypeError` for
    an index that is not integers.

    >>> import minigrad as mg
    >>> mg.take(mg.tensor([[1, 2], [3, 4]]), mg.tensor([0, 3]))
    tensor([1, 4])
    """
    return getitem(flatten(as_operand(input, "take")), positions_of(index, "take"))


@function
def take_along_dim(input: Tensor, indices: Any, dim: int | None = None) -> Tensor:
    """Along `dim` the elements that `indices` name, as `gather`, other axes broadcast; without it as `take`.

    (*), (*m) -> (*m) after broadcasting. Raises `ShapeError` where the shapes do not fit,
    `IndexOutOfRangeError` for a wrong entry, `DTypeError` for an index that is not integers.

    >>> import minigrad as mg
    >>> x = mg.tensor([[2., 1.], [3., 4.]])
    >>> mg.take_along_dim(x, x.argsort(1), 1)
    tensor([[1., 2.],
            [3., 4.]])
    """
    x, chosen = as_operand(input, "take_along_dim"), positions_of(indices, "take_along_dim")
    if chosen.dtype != np.int64:
        raise DTypeError(f"take_along_dim got indices of {chosen.dtype}; they must be int64: indices.long()")
    if dim is None:
        return gather(flatten(x), 0, flatten(chosen))
    axis = axis_of(dim, x.ndim, "take_along_dim")
    if x.ndim != chosen.ndim:
        raise ShapeError(
            f"take_along_dim of shape {x.shape} and indices of shape {chosen.shape}; both need as many axes"
        )
    around = [math.prod(pair) if 1 in pair else pair[0] for pair in zip(x.shape, chosen.shape, strict=True)]
    both = [expand(one, (*around[:axis], one.shape[axis], *around[axis + 1 :])) for one in (x, chosen)]
    return gather(both[0], axis, both[1])


@function
def put(input: Tensor, index: Any, source: Any, accumulate: bool = False) -> Tensor:
    """x with the elements of a source at row-major numbers, or added there with `accumulate`.

    (*), (*m), (*m) -> (*). Raises `IndexOutOfRangeError` for a number there is not,
    `ShapeError` where index and source differ in size, `DTypeError` where the dtypes differ.

    >>> import minigrad as mg
    >>> mg.put(mg.zeros(2, 2), mg.tensor([0, 3]), mg.tensor([1., 2.]))
    tensor([[1., 0.],
            [0., 2.]])
    """
    x, chosen, given = as_operand(input, "put"), positions_of(index, "put"), as_operand(source, "put")
    if chosen._array.size != given._array.size:
        raise ShapeError(f"put got {given._array.size} elements for {chosen._array.size} places; give one for each")
    if given.dtype != x.dtype:
        raise DTypeError(
            f"put got a source of {given.dtype} for a tensor of {x.dtype}; convert: source.to(mg.{x.dtype})"
        )
    return reshape(index_put(flatten(x), (flatten(chosen),), flatten(given), accumulate), x.shape)


@function
def index_put(input: Tensor, indices: Any, values: Any, accumulate: bool = False) -> Tensor:
    """x with values at an index, as in `t[indices] = values`, or added there with `accumulate`.

    `indices` is a tuple of tensors (integers or bools) or None, one for each of the first axes.
    Raises `IndexOutOfRangeError` for a place there is not, `ShapeError` for values that do not
    fit, `DTypeError` where the dtypes differ.

    >>> import minigrad as mg
    >>> mg.index_put(mg.zeros(3), (mg.tensor([0, 0]),), mg.tensor([1., 2.]), accumulate=True)
    tensor([3., 0., 0.])
    """
    x, given = as_operand(input, "index_put"), as_operand(values, "index_put")
    if not isinstance(indices, tuple | list):
        raise DTypeError(f"index_put got indices of type {type(indices).__name__}; give a tuple of tensors")
    if given.dtype != x.dtype:
        raise DTypeError(
            f"index_put got values of {given.dtype} for a tensor of {x.dtype}; convert: values.to(mg.{x.dtype})"
        )
    key = tuple(slice(None) if one is None else one for one in indices)
    if not accumulate:
        return setitem(x, key, given)
    place = getitem(x.detach(), key).shape
    return x + added_at(expand(given, place), key, x.shape)


def added_at(values: Tensor, index: Any, shape: tuple[int, ...]) -> Tensor:
    """Zeros of a shape with values added at an index."""
    return scatter_zeros(values, index=normalised(index, len(shape)), shape=shape)


# ---------------------------------------------------------------------- by mask


@function
def masked_select(input: Tensor, mask: Any) -> Tensor:
    """The elements where the mask is True, as a vector.

    (*), (*) -> (k) after broadcasting. Raises `DTypeError` for a mask that is not bool,
    `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> x = mg.tensor([1., -2., 3.])
    >>> mg.masked_select(x, x > 0)
    tensor([1., 3.])
    """
    x, chosen = together("masked_select", as_operand(input, "masked_select"), mask_of(mask, "masked_select"))
    return getitem(flatten(x), flatten(chosen))


@function
def masked_scatter(input: Tensor, mask: Any, source: Any) -> Tensor:
    """x with the first elements of a source, in order, where the mask is True.

    (*), (*), (*m) -> (*) after broadcasting. Raises `ShapeError` where the source has too few
    elements or the shapes do not fit, `DTypeError` for a mask that is not bool, or where the dtypes differ.

    >>> import minigrad as mg
    >>> mg.masked_scatter(mg.zeros(3), mg.tensor([True, False, True]), mg.tensor([1., 2.]))
    tensor([1., 0., 2.])
    """
    x, given = as_operand(input, "masked_scatter"), as_operand(source, "masked_scatter")
    x, chosen = together("masked_scatter", x, mask_of(mask, "masked_scatter"))
    if given.dtype != x.dtype:
        raise DTypeError(
            f"masked_scatter got a source of {given.dtype} for a tensor of {x.dtype}; convert: source.to(mg.{x.dtype})"
        )
    count = int(np.count_nonzero(chosen._array))
    if given._array.size < count:
        raise ShapeError(f"masked_scatter to {count} places got a source of {given._array.size} elements; give as many")
    return setitem(x, chosen, flatten(given)[:count])


# --------------------------------------------------------------------- by place


@function
def nonzero(input: Any, *, as_tuple: bool = False) -> Any:
    """Where the elements are not 0: one row of positions each, or with `as_tuple` one vector for each axis.

    (*) -> (k, number of axes), or so many tensors (k)

    >>> import minigrad as mg
    >>> mg.nonzero(mg.tensor([[0, 5], [7, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    x = as_operand(input, "nonzero")._array
    if as_tuple:
        return tuple(Tensor._wrap(one) for one in np.nonzero(np.atleast_1d(x)))
    return Tensor._wrap(np.argwhere(x))


@function
def argwhere(input: Any) -> Tensor:
    """Where the elements are not 0, one row of positions each, as `nonzero`.

    (*) -> (k, number of axes)

    >>> import minigrad as mg
    >>> mg.argwhere(mg.tensor([0, 5, 7]))
    tensor([[1],
            [2]])
    """
    return nonzero(input)  # type: ignore[no-any-return]
