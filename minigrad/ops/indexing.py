"""Reading and writing by index, with their adjoints.

    getitem ↔ scatter     setitem: getitem of what was written, zeros in the rest

Indices are NumPy's, basic and advanced; integer and bool tensors count as
arrays. Arrays in an index are copied when the operation is recorded, so a later
change of them cannot reach the VJP.
"""

from typing import Any

import numpy as np

from ..dtypes import refuse_overflow
from ..errors import ArgumentError, DTypeError, IndexOutOfRangeError, MinigradError, ShapeError
from ..kernels.indexing import Index, Places, last_writers, scatter_add
from ..operands import as_filling, as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from ..tensor.views import bind, keep_saved
from .axes import axis_of
from .comparison import where
from .shape import reshape


def _part(item: Any) -> Any:
    """One entry of an index as NumPy takes it; arrays as copies."""
    if isinstance(item, Tensor):
        item = item._array
    elif isinstance(item, slice):
        return slice(*(None if end is None else _whole(end) for end in (item.start, item.stop, item.step)))
    elif isinstance(item, list | tuple | range):
        try:
            item = np.asarray([one.item() if isinstance(one, Tensor) else one for one in item])
        except ValueError as error:
            raise DTypeError("an index of uneven lists arrived; every row needs as many entries") from error
        if item.size == 0:
            item = item.astype(np.int64)
    if isinstance(item, np.ndarray):
        if item.dtype.kind not in "iub":
            raise DTypeError(
                f"an index of {item.dtype} arrived; indices are integers or bools. Use t.long() if the values are whole"
            )
        if item.ndim == 0 and item.dtype.kind != "b":
            return int(item)
        return item.copy()
    if item is None or item is Ellipsis or isinstance(item, bool | np.bool_):
        return item
    return _whole(item)


def _whole(item: Any) -> int:
    try:
        return item.__index__()  # type: ignore[no-any-return]
    except (AttributeError, TypeError):
        raise DTypeError(
            f"an index of type {type(item).__name__} arrived; use integers, slices, None, …, lists, or integer or bool "
            "tensors"
        ) from None


def normalised(index: Any, ndim: int) -> Index:
    """`index` of a tensor of `ndim` axes, in steps of integers, slices, None, Ellipsis and arrays.

    An Ellipsis at the end keeps results arrays, and so views, down to 0-d. One
    that stands for no axis is dropped: to NumPy it would part index arrays.
    """
    parts = tuple(_part(item) for item in (index if isinstance(index, tuple) else (index,)))
    if sum(_axes_read(part) for part in parts) == ndim:
        parts = tuple(part for part in parts if part is not Ellipsis)
    if not any(part is Ellipsis for part in parts):
        parts = (*parts, Ellipsis)
    arrays = any(isinstance(part, np.ndarray | bool | np.bool_) for part in parts)
    if not arrays or not any(_is_integer(part) for part in parts):
        return Index([parts])
    first: list[Any] = []
    for part in parts:
        if _is_integer(part) or part is Ellipsis:
            first.append(part)
        elif part is not None:
            first.extend([slice(None)] * _axes_read(part))
    return Index([tuple(first), tuple(part for part in parts if not _is_integer(part))])


def _axes_read(part: Any) -> int:
    """How many axes of the tensor one part of an index speaks of."""
    if part is None or part is Ellipsis or isinstance(part, bool | np.bool_):
        return 0
    return part.ndim if isinstance(part, np.ndarray) and part.dtype.kind == "b" else 1


def _is_integer(part: Any) -> bool:
    return isinstance(part, int) and not isinstance(part, bool)


def _read(x: Array, index: Index) -> Array:
    try:
        return index.read(x)
    except IndexError as error:
        raise _out_of_range(x.shape, index, error) from error
    except (ValueError, OverflowError) as error:
        raise ArgumentError(
            f"index into a tensor of shape {x.shape}: the step of a slice is 0, or a number in it counts more than any "
            "memory holds"
        ) from error


def _out_of_range(shape: tuple[int, ...], index: Index, error: IndexError) -> MinigradError:
    """What is wrong with an index that NumPy refuses."""
    parts = [part for step in index.steps for part in step]
    arrays = [part.shape for part in parts if isinstance(part, np.ndarray)]
    read = sum(_axes_read(part) for part in index.steps[0])
    where = f"index into a tensor of shape {shape}"
    if read > len(shape):
        return IndexOutOfRangeError(f"{where}: too many indices, {read} of its {len(shape)} axes")
    if sum(part is Ellipsis for part in index.steps[0]) > 1:
        return IndexOutOfRangeError(f"{where}: a single Ellipsis (…) stands for all axes that are left")
    if "shape mismatch" in str(error):
        return IndexOutOfRangeError(f"{where}: index arrays of shapes {', '.join(map(str, arrays))} do not broadcast")
    if "boolean" in str(error):
        return IndexOutOfRangeError(
            f"{where}: a boolean mask has the sizes of the axes that it selects from, not {arrays[0]}"
        )
    return IndexOutOfRangeError(f"{where}: {error}")


@primitive("y = x[index]", vjp="x̄ = zeros with g added at index", notes=("N81",), quiet=True, view=True, linear=True)
def getitem_primitive(x: Array, *, index: Index) -> Array:
    """The elements at an index; the adjoint of `scatter`."""
    return _read(x, index)


@primitive("y = zeros of a shape with x added at index", vjp="x̄ = g[index]", notes=("N131",), quiet=True, linear=True)
def scatter(x: Array, *, index: Index, shape: tuple[int, ...]) -> Array:
    """Zeros with elements added where an index reads; the adjoint of `getitem`."""
    return scatter_add(x, index, shape)


getitem_primitive.defvjp(x=lambda g, x_shape, index: scatter(g, index=index, shape=x_shape))
scatter.defvjp(x=lambda g, index: getitem_primitive(g, index=index))


@function
def getitem(input: Tensor, index: Any) -> Tensor:
    """`x[index]`: basic indices give views, advanced ones copies, as in NumPy.

    Raises `IndexOutOfRangeError`, `DTypeError` for indices that are not integers or bools.
    """
    return getitem_primitive(input, index=normalised(index, input.ndim))


def _written_value(x: Array, value: Any, v: Array, index: Index) -> tuple[int, ...]:
    """The shape of `v` without leading ones that the place it goes to does not have.

    Raises `ShapeError` where it does not fit there, `DTypeError` for fractions
    in an integer tensor, `ArgumentError` for a number that it cannot hold.
    """
    if isinstance(value, int | float | np.generic):
        refuse_overflow(value, x.dtype, "t[index] = value")
    elif v.dtype.kind == "f" and x.dtype.kind != "f":
        raise DTypeError(f"t[index] = value of {v.dtype} into a tensor of {x.dtype}; convert the value first")
    place = _read(x, index).shape
    shape = v.shape
    while len(shape) > len(place) and shape[0] == 1:
        shape = shape[1:]
    tail = place[len(place) - len(shape) :] if len(shape) <= len(place) else ()
    if len(shape) > len(place) or any(a not in (1, b) for a, b in zip(shape, tail, strict=True)):
        raise ShapeError(
            f"t[index] = value: the place has shape {place}, the value {v.shape}, which does not broadcast to it"
        )
    return shape  # type: ignore[no-any-return]


@primitive("y = x, but v at index", vjp="x̄ = g, but 0 at index; v̄ = g[index]", broadcast=True, quiet=True)
def setitem_primitive(x: Array, v: Array, *, index: Index) -> Array:
    """A copy with the elements at an index replaced."""
    out = x.copy(order="K")
    index.write(out, v)
    return out


def _of_the_last_writer(g: Tensor, x_shape: tuple[int, ...], index: Index) -> Tensor:
    """The cotangent of a written value: none for elements that were written over."""
    read = getitem_primitive(g, index=index)
    if index.basic:
        return read
    return where(Tensor._wrap(last_writers(x_shape, index)), read, 0)  # type: ignore[no-any-return]


setitem_primitive.defvjp(
    x=lambda g, index: setitem_primitive(g, 0, index=index),
    v=lambda g, x_shape, index: _of_the_last_writer(g, x_shape, index),
)
setitem_primitive.defjvp(
    x=lambda t, index: setitem_primitive(t, 0, index=index),
    v=lambda t, x_shape, index: setitem_primitive(Tensor._wrap(np.zeros(x_shape, t.dtype)), t, index=index),
)


def _prepared(target: Tensor, index: Any, value: Any) -> tuple[Index, Tensor]:
    """The index, and the value in the dtype of the target, checked against the place it goes to."""
    key = normalised(index, target.ndim)
    given = as_filling(value, "t[index] = value")
    shape = _written_value(target._array, value, given._array, key)
    return key, reshape(given.to(dtype=target.dtype), shape)


@function
def setitem(input: Tensor, index: Any, value: Any) -> Tensor:
    """A new tensor: `x` with `value` at `index`."""
    key, prepared = _prepared(input, index, value)
    return setitem_primitive(input, prepared, index=key)


@function
def assign(target: Tensor, index: Any, value: Any) -> None:
    """`t[index] = value`, recorded: memory is written, and the tape is told of it."""
    key, prepared = _prepared(target, index, value)
    result = setitem_primitive.recorded([target, prepared], target._array, index=key)
    place = key.read(target._array) if key.basic else target._array
    keep_saved(target._storage, place)
    key.write(target._array, prepared._array)
    bind(target, result, place)


@function
def written(base: Tensor, value: Tensor, part: Array) -> Tensor:
    """`base` on the tape after `value` was written to `part` of its memory."""
    return setitem_primitive.recorded([base, value], base._array, index=Places(base._array, part))


@function
def seen(base: Tensor, part: Array) -> Tensor:
    """`part` of the memory of `base` on the tape, as an index of it."""
    return getitem_primitive.recorded([base], part, index=Places(base._array, part))


@function
def write(array: Array, index: Any, value: Any) -> None:
    """`array[index] = value` on an array, with a tensor's checks."""
    key = normalised(index, array.ndim)
    operand = as_filling(value, "t[index] = value")._array
    shape = _written_value(array, value, operand, key)
    with np.errstate(all="ignore"):
        key.write(array, operand.reshape(shape).astype(array.dtype, copy=False))


# --------------------------------------------------------- along one axis


@function
def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """`length` elements along `dim` from `start` on; shares memory.

    (*a, n, *c) -> (*a, length, *c). Raises `IndexOutOfRangeError` where that reaches beyond the axis.

    >>> import minigrad as mg
    >>> mg.narrow(mg.arange(5), 0, 1, 3)
    tensor([1, 2, 3])
    """
    input = as_operand(input, "narrow")
    axis = axis_of(dim, input.ndim, "narrow")
    size = input.shape[axis]
    begin = start + size if start < 0 else start
    if begin < 0 or length < 0 or begin + length > size:
        raise IndexOutOfRangeError(
            f"narrow to {length} elements from {start} of an axis of size {size}; they all lie inside it"
        )
    return getitem(input, (*(slice(None),) * axis, slice(begin, begin + length)))


def _integers(index: Any, name: str) -> Tensor:
    tensor = as_operand(index, name)
    if tensor.dtype.kind not in "iu":
        raise DTypeError(f"{name} got an index of {tensor.dtype}; it must be integers, for example int64")
    return tensor


@function
def index_select(input: Tensor, dim: int, index: Any) -> Tensor:
    """The slices at `index` along `dim`.

    (*a, n, *c), (m) -> (*a, m, *c). Raises `IndexOutOfRangeError` for an entry or an axis there is not,
    `DTypeError` for an index that is not integers.

    >>> import minigrad as mg
    >>> mg.index_select(mg.tensor([[1, 2], [3, 4]]), 1, mg.tensor([1, 1]))
    tensor([[2, 2],
            [4, 4]])
    """
    input = as_operand(input, "index_select")
    chosen = _integers(index, "index_select")
    if chosen.ndim > 1:
        raise IndexOutOfRangeError(f"index_select got an index of shape {chosen.shape}; it takes a list of positions")
    if chosen._array.size and chosen._array.min() < 0:
        raise IndexOutOfRangeError(
            f"index_select got the index {chosen._array.min()}; positions count from 0 on. t[index] counts from the "
            "end, too"
        )
    if input.ndim == 0:
        input = reshape(input, (1,))
        return reshape(index_select(input, 0, chosen), ())
    chosen = reshape(chosen, (-1,) if chosen._array.size else (0,))
    return getitem(input, (*(slice(None),) * axis_of(dim, input.ndim, "index_select"), chosen))


@function
def gather(input: Tensor, dim: int, index: Any) -> Tensor:
    """Along `dim`, the element that `index` names at each of its own positions.

    (*), (*m) -> (*m): y[i, j] = x[index[i, j], j] for dim 0. Raises `ShapeError`
    where `index` is larger than x along another axis, `IndexOutOfRangeError` for a
    wrong entry, `DTypeError` for an index that is not integers.

    >>> import minigrad as mg
    >>> mg.gather(mg.tensor([[1, 2], [3, 4]]), 1, mg.tensor([[0], [1]]))
    tensor([[1],
            [4]])
    """
    input, chosen = as_operand(input, "gather"), _integers(index, "gather")
    axis = axis_of(dim, input.ndim, "gather")
    fits = chosen.ndim == input.ndim and all(
        a <= b for position, (a, b) in enumerate(zip(chosen.shape, input.shape, strict=True)) if position != axis
    )
    if not fits:
        raise ShapeError(
            f"gather along axis {axis} of shape {input.shape} with an index of shape {chosen.shape}; the index needs "
            "as many axes, and may be larger only along that axis"
        )
    if input.ndim == 0:
        return getitem(input, ())
    if chosen._array.size and chosen._array.min() < 0:
        raise IndexOutOfRangeError(
            f"gather got the index {chosen._array.min()}; entries count from 0 to {input.shape[axis] - 1}"
        )
    mesh = list(np.ogrid[tuple(slice(size) for size in chosen.shape)])
    mesh[axis] = chosen._array
    return getitem(input, tuple(mesh))
