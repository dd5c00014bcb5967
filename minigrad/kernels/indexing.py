"""Reading by index, and its adjoint: adding into the places that were read."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


class Index:
    """An index of an array, taken in steps: all but the last are basic, so they give views.

    Two steps say what PyTorch means by an integer beside an index array: the
    integer is taken first. (To NumPy it would be one more index array.)
    """

    __slots__ = ("basic", "steps")

    def __init__(self, steps: Sequence[tuple[Any, ...]]) -> None:
        self.steps = tuple(steps)
        self.basic = not any(isinstance(part, np.ndarray | bool | np.bool_) for part in self.steps[-1])

    def read(self, array: Array) -> Array:
        """The elements at the index; a view if it is basic."""
        source = array
        for step in self.steps:
            array = array[step]
        return array if self.basic or source.flags.c_contiguous else in_order_of(source, array)

    def write(self, array: Array, values: Array) -> None:
        """Put values at the index."""
        for step in self.steps[:-1]:
            array = array[step]
        array[self.steps[-1]] = values


class Places(Index):
    """As an index of `whole`: the elements at which `part` looks, a view of the same memory."""

    __slots__ = ("numbers",)

    def __init__(self, whole: Array, part: Array) -> None:
        self.steps = ()
        self.basic = part.flags.writeable  # then no element is read twice
        self.numbers = _numbers(whole, part)

    def read(self, array: Array) -> Array:
        """The elements at these places."""
        return np.take(array, self.numbers)

    def write(self, array: Array, values: Array) -> None:
        """Put values at these places."""
        np.put(array, self.numbers, np.broadcast_to(values, self.numbers.shape))


def _numbers(whole: Array, part: Array) -> Array:
    """The row-major numbers in `whole` of the elements of `part`, from where they lie in memory."""
    far = np.asarray(part.__array_interface__["data"][0] - np.lib.array_utils.byte_bounds(whole)[0])
    for axis, mesh in enumerate(np.ogrid[tuple(slice(size) for size in part.shape)]):
        far = far + mesh * part.strides[axis]
    numbers = np.zeros(part.shape, np.int64)
    for axis in sorted(range(whole.ndim), key=lambda axis: -abs(whole.strides[axis])):
        size, stride = whole.shape[axis], whole.strides[axis]
        if size > 1:
            place, far = np.divmod(far, abs(stride))
            numbers += (place if stride > 0 else size - 1 - place) * math.prod(whole.shape[axis + 1 :])
    assert not far.any()
    return numbers


def zeros_in_order(like: Array, shape: tuple[int, ...]) -> Array:
    """Zeros in the memory order of `like`, where it has as many axes."""
    return np.zeros_like(like, shape=shape) if like.ndim == len(shape) else np.zeros(shape, like.dtype)


def in_order_of(like: Array, array: Array) -> Array:
    """`array`, in the memory order of `like` where that has as many axes."""
    if like.ndim != array.ndim:
        return array
    out = np.empty_like(like, shape=array.shape, dtype=array.dtype)
    out[...] = array
    return out


def positions(shape: tuple[int, ...], index: Index) -> Array:
    """The row-major numbers of the elements that `index` reads."""
    return index.read(np.arange(int(np.prod(shape, dtype=np.int64))).reshape(shape))


def scatter_add(g: Array, index: Index, shape: tuple[int, ...]) -> Array:
    """Zeros of `shape` with `g` added where `index` reads; what is read twice gets both."""
    if index.basic:
        out = zeros_in_order(g, shape)
        index.write(out, g)
        return out
    size = int(np.prod(shape, dtype=np.int64))
    where = positions(shape, index)
    if g.dtype.kind != "f":  # bincount adds up in float64, which does not hold every integer
        whole = np.zeros(shape, g.dtype)
        np.add.at(whole.reshape(-1), where.ravel(), g.ravel())
        return whole
    total = np.bincount(where.ravel(), weights=g.ravel(), minlength=size) if size else np.zeros(0)
    whole = total.reshape(shape).astype(g.dtype, copy=False)
    return whole if g.flags.c_contiguous else in_order_of(g, whole)


def last_writers(shape: tuple[int, ...], index: Index) -> Array:
    """Of the elements written by `x[index] = v`, which are not written over again by a later one."""
    where = positions(shape, index)
    writer = np.full(int(np.prod(shape, dtype=np.int64)), -1)
    number = np.arange(where.size).reshape(where.shape)
    writer[where.ravel()] = number.ravel()
    return np.equal(writer[where], number)  # type: ignore[no-any-return]


def along(axis: int, index: Any) -> Any:
    """What reads by an index, an array or a slice, along one axis."""
    return (*(slice(None),) * axis, index)


def take(x: Array, index: Array, axis: int) -> Array:
    """The slices of `x` at `index` along an axis, in the memory order of x."""
    out = np.empty_like(x, shape=(*x.shape[:axis], len(index), *x.shape[axis + 1 :]))
    out[...] = x[along(axis, index)]
    return out


def take_adjoint(g: Array, index: Array, axis: int, size: int) -> Array:
    """Add the slices of `g` into the places along an axis that `take` read them from."""
    out = np.zeros_like(g, shape=(*g.shape[:axis], size, *g.shape[axis + 1 :]))
    if index.size:
        order = np.argsort(index, kind="stable")
        targets, starts = np.unique(index[order], return_index=True)
        out[along(axis, targets)] = np.add.reduceat(g[along(axis, order)], starts, axis)
    return out
