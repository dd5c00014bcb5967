"""The adjoints of reading by index: adding into the places that were read."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def positions(shape: tuple[int, ...], index: Any) -> Array:
    """The row-major numbers of the elements that `index` reads."""
    return np.arange(int(np.prod(shape, dtype=np.int64))).reshape(shape)[index]  # type: ignore[no-any-return]


def scatter_add(g: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros of `shape` with `g` added where `index` reads; what is read twice gets both."""
    size = int(np.prod(shape, dtype=np.int64))
    where = positions(shape, index)
    total = np.bincount(where.ravel(), weights=g.ravel(), minlength=size) if size else np.zeros(0)
    return total.reshape(shape).astype(g.dtype, copy=False)


def last_writers(shape: tuple[int, ...], index: Any) -> Array:
    """Of the elements written by `x[index] = v`, which are not written over again by a later one."""
    where = positions(shape, index)
    writer = np.full(int(np.prod(shape, dtype=np.int64)), -1)
    number = np.arange(where.size).reshape(where.shape)
    writer[where.ravel()] = number.ravel()
    return writer[where] == number  # type: ignore[no-any-return]


def _along(axis: int, index: Array) -> Any:
    return (*(slice(None),) * axis, index)


def take(x: Array, index: Array, axis: int) -> Array:
    """The slices of `x` at `index` along an axis, in the memory order of x."""
    return x[_along(axis, index)]  # type: ignore[no-any-return]


def take_adjoint(g: Array, index: Array, axis: int, size: int) -> Array:
    """Add the slices of `g` into the places along an axis that `take` read them from."""
    out = np.zeros((*g.shape[:axis], size, *g.shape[axis + 1 :]), g.dtype)
    waiting = np.arange(len(index))
    while waiting.size:  # as often as the most read slice was read; each round writes a place once
        _, first = np.unique(index[waiting], return_index=True)
        chosen = waiting[first]
        out[_along(axis, index[chosen])] += g[_along(axis, chosen)]
        waiting = np.delete(waiting, first)
    return out
