"""Writing to the places that an index names: along an axis element by element, or slice by slice.

What is written is on the tape, and so is what stays. `scatter` with a place
written twice keeps one value, and so does its gradient.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..dtypes import refuse_overflow
from ..errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError
from ..operands import as_filling, as_operand
from ..registry import function
from ..tensor import Array, Tensor
from .arithmetic import div, mul
from .axes import axis_of
from .comparison import where
from .indexing import getitem, setitem
from .selecting import added_at, positions_of
from .shape import expand, reshape

__all__ = [
    "index_add",
    "index_copy",
    "index_fill",
    "index_reduce",
    "scatter",
    "scatter_add",
    "scatter_reduce",
]

Key = tuple[Any, ...]


# ------------------------------------------------------- element by element


def _key(x: Tensor, dim: int, index: Any, name: str) -> tuple[Key, tuple[int, ...]]:
    """The place of each element of an index: its own position, but along `dim` the one that it names.

    Raises `ShapeError`, `IndexOutOfRangeError` and `DTypeError` where the index does not fit the tensor.
    """
    chosen = positions_of(index, name)
    axis = axis_of(dim, x.ndim, name)
    if chosen._array.size == 0:
        return (np.zeros(0, np.int64),) * max(x.ndim, 1), (0,)
    fits = max(chosen.ndim, 1) == max(x.ndim, 1) and all(
        a <= b for position, (a, b) in enumerate(zip(chosen.shape, x.shape, strict=False)) if position != axis
    )
    if not fits:
        raise ShapeError(
            f"{name} along axis {axis} of shape {x.shape} with an index of shape {chosen.shape}; the index needs as "
            "many axes, and may be larger only along that axis"
        )
    size = x.shape[axis] if x.ndim else 1
    low, high = int(chosen._array.min()), int(chosen._array.max())
    if low < 0 or high >= size:
        raise IndexOutOfRangeError(
            f"{name} got the index {low if low < 0 else high} for axis {axis} of size {size}; entries count from 0 to "
            f"{size - 1}"
        )
    mesh: list[Any] = list(np.ogrid[tuple(slice(n) for n in chosen.shape)]) or [None]
    shape = chosen.shape or (1,)
    mesh[axis] = chosen._array.reshape(shape)
    return tuple(mesh), shape


def _source(x: Tensor, src: Any, shape: tuple[int, ...], name: str) -> Tensor:
    """The part of the source that an index of that shape reads, in the dtype of the tensor."""
    given = as_operand(src, name)
    if given.dtype != x.dtype:
        raise DTypeError(f"{name} got a source of {given.dtype} for a tensor of {x.dtype}; use src.to(mg.{x.dtype})")
    if shape == (0,):
        return Tensor._wrap(np.zeros(0, x.dtype))
    if given.ndim == 0 and shape == (1,):
        return reshape(given, (1,))
    if given.ndim != len(shape) or any(a < b for a, b in zip(given.shape, shape, strict=True)):
        raise ShapeError(
            f"{name} got a source of shape {given.shape} for an index of shape {shape}; it needs as many axes, and as "
            "many elements along each at least"
        )
    return given if given.shape == shape else getitem(given, tuple(slice(n) for n in shape))


def _as_line(x: Tensor) -> Tensor:
    return x if x.ndim else reshape(x, (1,))


@function
def scatter(
    input: Tensor, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """x with elements of a source, or one number, at the places that an index names along `dim`.

    (*), (*m), (*m) -> (*): y[index[i, j], j] = src[i, j] for dim 0. `reduce` 'add' or 'multiply'
    combines them with what was there. Where a place is named twice, the last value stays.
    Raises `ShapeError`, `IndexOutOfRangeError` and `DTypeError` where index or source do not fit.

    >>> import minigrad as mg
    >>> mg.scatter(mg.zeros(2, 3), 1, mg.tensor([[2], [0]]), 1.0)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    x = as_operand(input, "scatter")
    given = value if src is None else src
    if given is None:
        raise ArgumentError("scatter got neither a source nor a value; give what is to be written")
    if reduce not in (None, "add", "multiply"):
        raise ArgumentError(f"scatter got reduce={reduce!r}; it is 'add', 'multiply' or None")
    key, shape = _key(x, dim, index, "scatter")
    if not isinstance(given, Tensor | np.ndarray):
        refuse_overflow(given, x.dtype, "scatter")
        given = expand(as_filling(given, "scatter").to(dtype=x.dtype), shape)
    source = _source(x, given, shape, "scatter")
    y = _as_line(x)
    if reduce is None:
        return reshape(setitem(y, key, source), x.shape)
    combined = y + added_at(source, key, y.shape) if reduce == "add" else _in_rounds(y, key, source, mul)
    return reshape(combined, x.shape)


@function
def scatter_add(input: Tensor, dim: int, index: Any, src: Tensor) -> Tensor:
    """x with the elements of a source added at the places that an index names along `dim`.

    (*), (*m), (*m) -> (*): y[index[i, j], j] += src[i, j] for dim 0; the adjoint of `gather`. Raises
    `ShapeError`, `IndexOutOfRangeError` and `DTypeError` where index or source do not fit.

    >>> import minigrad as mg
    >>> mg.scatter_add(mg.zeros(3), 0, mg.tensor([0, 2, 2]), mg.tensor([1., 2., 3.]))
    tensor([1., 0., 5.])
    """
    return _reduced(input, dim, index, src, "sum", True, "scatter_add")


REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


@function
def scatter_reduce(
    input: Tensor, dim: int, index: Any, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """x with the 'sum', 'prod', 'mean', 'amax' or 'amin' of all source elements whose index names a place.

    (*), (*m), (*m) -> (*). What was there takes part unless `include_self` is False; what no
    index names stays. Equal extremes share the gradient. Raises `ArgumentError` for another
    reduction, and `ShapeError`, `IndexOutOfRangeError` and `DTypeError` where index or source do not fit.

    >>> import minigrad as mg
    >>> mg.scatter_reduce(mg.ones(3), 0, mg.tensor([0, 2, 2]), mg.tensor([1., 2., 3.]), "amax")
    tensor([1., 1., 3.])
    """
    if reduce not in REDUCTIONS:
        raise ArgumentError(f"scatter_reduce got reduce={reduce!r}; it is one of {', '.join(REDUCTIONS)}")
    return _reduced(input, dim, index, src, reduce, include_self, "scatter_reduce")


def _reduced(input: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool, name: str) -> Tensor:
    x = as_operand(input, name)
    key, shape = _key(x, dim, index, name)
    source, y = _source(x, src, shape, name), _as_line(x)
    hits = added_at(Tensor._wrap(np.ones(shape, np.int64)), key, y.shape)
    start = y if include_self else where(hits > 0, _neutral(reduce, y.dtype), y)
    if reduce == "prod":
        return reshape(_in_rounds(start, key, source, mul), x.shape)
    if reduce in ("amax", "amin"):
        return reshape(_extreme(start, key, source, reduce), x.shape)
    total = start + added_at(source, key, y.shape)
    if reduce == "mean":
        count = (hits + 1 if include_self else where(hits > 0, hits, 1)).to(dtype=x.dtype)
        total = div(total, count, rounding_mode=None if x.dtype.kind == "f" else "floor")
    return reshape(total, x.shape)


def _neutral(reduce: str, dtype: Any) -> Tensor:
    """What changes no result of a reduction."""
    if reduce in ("sum", "mean", "prod"):
        return Tensor._wrap(np.asarray(int(reduce == "prod"), dtype))
    limits = (-np.inf, np.inf) if dtype.kind == "f" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return Tensor._wrap(np.asarray(limits[reduce == "amin"], dtype))


def _in_rounds(y: Tensor, key: Key, source: Tensor, combine: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Combine elements with what stands at their places; those that meet at one place come in turn."""
    flat = np.ravel_multi_index(np.broadcast_arrays(*key), y.shape).ravel() if source._array.size else np.zeros(0, int)
    order = np.argsort(flat, kind="stable")
    ranked = flat[order]
    turn = np.empty(len(flat), np.int64)
    turn[order] = np.arange(len(flat)) - np.searchsorted(ranked, ranked)
    line, values = reshape(y, (-1,) if y._array.size else (0,)), reshape(source, (len(flat),))
    for number in range(int(turn.max(initial=-1)) + 1):
        mine = np.flatnonzero(turn == number)
        line = setitem(line, flat[mine], combine(getitem(line, flat[mine]), getitem(values, mine)))
    return reshape(line, y.shape)


def _extreme(start: Tensor, key: Key, source: Tensor, reduce: str) -> Tensor:
    """The largest or smallest of what meets at a place; equal ones share the gradient."""
    best: Array = start._array.copy()
    with np.errstate(all="ignore"):
        (np.maximum if reduce == "amax" else np.minimum).at(best, key, source._array)
    found = Tensor._wrap(best)
    if found.dtype.kind != "f":
        return found
    same, equal = start == found, source == getitem(found, key)
    count = added_at(equal.to(dtype=found.dtype), key, found.shape) + same.to(dtype=found.dtype)
    shared = (where(same, start, 0) + added_at(where(equal, source, 0), key, found.shape)) / count
    # The shares add up to the extreme but for rounding, so they lend it only their gradient; ∞ − ∞ would be NaN.
    return where(Tensor._wrap(np.isinf(best)), shared, found + (shared - shared.detach()))  # type: ignore[no-any-return]


# ----------------------------------------------------------- slice by slice


def _slices(x: Tensor, dim: int, index: Any, name: str) -> tuple[Key, int, int]:
    """The key of slices along an axis, the axis, and how many there are; checks as `index_select`."""
    chosen = positions_of(index, name)
    if chosen.ndim > 1:
        raise ShapeError(f"{name} got an index of shape {chosen.shape}; it is a list of positions")
    axis = axis_of(dim, x.ndim, name)
    array = chosen._array.reshape(-1)
    size = x.shape[axis] if x.ndim else 1
    wrong = array[(array < 0) | (array >= size)]
    if wrong.size:
        raise IndexOutOfRangeError(
            f"{name} got the index {wrong[0]} for axis {axis} of size {size}; entries count from 0 to {size - 1}"
        )
    return (*(slice(None),) * axis, array), axis, array.size


def _slices_of(x: Tensor, source: Any, axis: int, count: int, name: str) -> Tensor:
    given = as_operand(source, name)
    if given.dtype != x.dtype:
        raise DTypeError(
            f"{name} got a source of {given.dtype} for a tensor of {x.dtype}; convert: source.to(mg.{x.dtype})"
        )
    line = _as_line(x)
    wanted = (*line.shape[:axis], count, *line.shape[axis + 1 :])
    if given.shape != wanted and not (given.ndim == 0 and wanted == (1,)):
        raise ShapeError(
            f"{name} along axis {axis} of shape {x.shape} with {count} positions got a source of shape {given.shape}; "
            f"it needs {wanted}"
        )
    return reshape(given, wanted)


@function
def index_add(input: Tensor, dim: int, index: Any, source: Tensor, *, alpha: float = 1) -> Tensor:
    """x with α times the slices of a source added to its own at the positions of an index along `dim`.

    (*a, n, *c), (m), (*a, m, *c) -> (*a, n, *c); the adjoint of `index_select`. Raises `ShapeError`,
    `IndexOutOfRangeError` and `DTypeError` where index or source do not fit.

    >>> import minigrad as mg
    >>> mg.index_add(mg.zeros(3), 0, mg.tensor([0, 2, 2]), mg.tensor([1., 2., 3.]))
    tensor([1., 0., 5.])
    """
    x = as_operand(input, "index_add")
    key, axis, count = _slices(x, dim, index, "index_add")
    given = _slices_of(x, source, axis, count, "index_add")
    if alpha != 1:
        given = mul(given, alpha).to(dtype=x.dtype)
    y = _as_line(x)
    return reshape(y + added_at(given, key, y.shape), x.shape)


@function
def index_copy(input: Tensor, dim: int, index: Any, source: Tensor) -> Tensor:
    """x with the slices of a source for its own at the positions of an index along `dim`.

    (*a, n, *c), (m), (*a, m, *c) -> (*a, n, *c). Raises as `index_add`.

    >>> import minigrad as mg
    >>> mg.index_copy(mg.zeros(3), 0, mg.tensor([2, 0]), mg.tensor([1., 2.]))
    tensor([2., 0., 1.])
    """
    x = as_operand(input, "index_copy")
    key, axis, count = _slices(x, dim, index, "index_copy")
    given = _slices_of(x, source, axis, count, "index_copy")
    return reshape(setitem(_as_line(x), key, given), x.shape)


@function
def index_fill(input: Tensor, dim: int, index: Any, value: Any) -> Tensor:
    """x with one number in the slices at the positions of an index along `dim`.

    (*a, n, *c), (m) -> (*a, n, *c). Raises `IndexOutOfRangeError`, `ShapeError` and `DTypeError` where
    the index does not fit, `ArgumentError` for a value that the dtype cannot hold.

    >>> import minigrad as mg
    >>> mg.index_fill(mg.zeros(3), 0, mg.tensor([2, 0]), 7)
    tensor([7., 0., 7.])
    """
    x, number = as_operand(input, "index_fill"), as_filling(value, "index_fill")
    if number.ndim:
        raise ShapeError(f"index_fill got a value of shape {number.shape}; it is one number")
    key, _, _ = _slices(x, dim, index, "index_fill")
    if not isinstance(value, Tensor | np.ndarray):
        refuse_overflow(value, x.dtype, "index_fill")
    return reshape(setitem(_as_line(x), key, number.to(dtype=x.dtype)), x.shape)


@function
def index_reduce(
    input: Tensor, dim: int, index: Any, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """x with the 'prod', 'mean', 'amax' or 'amin' of the slices of a source whose index names a position.

    (*a, n, *c), (m), (*a, m, *c) -> (*a, n, *c). Otherwise as `scatter_reduce`.

    >>> import minigrad as mg
    >>> mg.index_reduce(mg.ones(3), 0, mg.tensor([0, 2, 2]), mg.tensor([1., 2., 3.]), "prod")
    tensor([1., 1., 6.])
    """
    x = as_operand(input, "index_reduce")
    if reduce not in REDUCTIONS[1:]:
        raise ArgumentError(f"index_reduce got reduce={reduce!r}; it is one of {', '.join(REDUCTIONS[1:])}")
    key, axis, count = _slices(x, dim, index, "index_reduce")
    given = _slices_of(x, source, axis, count, "index_reduce")
    full = np.broadcast_to(
        key[-1].reshape([-1 if position == axis else 1 for position in range(given.ndim)]), given.shape
    )
    y = scatter_reduce(_as_line(x), axis, Tensor._wrap(full), given, reduce, include_self=include_self)
    return reshape(y, x.shape)
