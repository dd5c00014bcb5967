"""Making tensors: from values, constant and counted."""

import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from .callers import in_library, warn
from .device import device as as_device
from .dtypes import as_dtype, check_supported, get_default_dtype, refuse_overflow
from .errors import ArgumentError, CopiedTensorWarning, DTypeError, ShapeError
from .operands import as_number, as_operand
from .registry import function
from .tensor import Array, Tensor

__all__ = [
    "arange",
    "as_tensor",
    "asarray",
    "empty",
    "empty_like",
    "eye",
    "from_numpy",
    "full",
    "full_like",
    "linspace",
    "logspace",
    "ones",
    "ones_like",
    "tensor",
    "zeros",
    "zeros_like",
]


def finish(array: Array, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    if device is not None:
        as_device(device)
    if dtype is not None:
        with np.errstate(all="ignore"):
            array = array.astype(as_dtype(dtype), copy=False)
    return Tensor._wrap(array).requires_grad_(requires_grad)


def _array_of(data: Any, dtype: Any = None) -> Array:
    """`data` as an array: of `dtype`, or its own; Python floats make the default dtype, integers int64."""
    if hasattr(data, "__array__") and not isinstance(data, Tensor | np.ndarray | np.generic):
        data = _foreign_array(data)
    if isinstance(data, Tensor):
        array = data._array
    elif isinstance(data, np.ndarray | np.generic):
        array = np.asarray(data)
        if array.dtype.kind not in "biuf":
            check_supported(array.dtype)
        if not array.dtype.isnative:
            array = array.astype(array.dtype.newbyteorder("="))
    else:
        array = _array_of_numbers(data)
        if array.dtype.kind not in "biuf":
            raise DTypeError(
                f"a {type(data).__name__} with elements of {array.dtype} arrived; tensors hold numbers, given as "
                "numbers, nested lists, or arrays"
            )
        if dtype is None and not _holds_arrays(data) and array.dtype.kind in "iuf":
            dtype = get_default_dtype() if array.dtype.kind == "f" else np.int64
        refuse_overflow(array, array.dtype if dtype is None else as_dtype(dtype), "tensor()")
    with np.errstate(all="ignore"):
        array = array if dtype is None else array.astype(as_dtype(dtype), copy=False)
    check_supported(array.dtype)
    return array


def _foreign_array(data: Any) -> Any:
    """Another library's tensor as an array: it keeps its dtype; off that library's own tape."""
    data = data.detach() if hasattr(data, "detach") else data
    return data.__array__()  # np.asarray warns where the method knows no `copy`


def _array_of_numbers(data: Any) -> Array:
    """Nested lists of numbers, arrays and tensors as an array."""
    if isinstance(data, list | tuple) and any(isinstance(one, Tensor) for one in data):
        data = [one._array if isinstance(one, Tensor) else one for one in data]
    try:
        array = np.array(data)
    except ValueError as error:
        raise ShapeError(
            f"nested lists of uneven lengths{_uneven(data)} cannot be a tensor. Fill the short ones up, or keep a list "
            "of tensors"
        ) from error
    return array


def _uneven(data: Any) -> str:
    """The lengths that meet in nested lists, in brackets."""
    level = [data]
    while level and all(hasattr(one, "__len__") and getattr(one, "ndim", 1) for one in level):
        lengths = sorted({len(one) for one in level})
        if len(lengths) > 1 or isinstance(level[0], str):
            return f" ({' and '.join(map(str, lengths))})"
        level = [entry for one in level for entry in one]
    return ""


def _holds_arrays(data: Any) -> bool:
    """Whether an array, or a NumPy number, is anywhere in nested lists; it then has a say in the dtype."""
    if isinstance(data, list | tuple):
        return any(_holds_arrays(one) for one in data)
    return isinstance(data, np.ndarray | np.generic | Tensor)


def _warn_of_copies(data: Any) -> None:
    """Say that values are taken off the tape, which is seldom what was meant."""
    if isinstance(data, Tensor):
        warn(
            "tensor() of a tensor copies its values and forgets the tape. Write t.detach().clone() for that, or "
            "t.clone() for a copy with its gradient",
            CopiedTensorWarning,
        )
    elif any(isinstance(one, Tensor) and one.requires_grad for one in data):
        warn(
            "tensor() of tensors that require gradients copies their values and forgets the tape: nothing will flow "
            "back to them. Use mg.stack, or detach() them to say that it is meant",
            CopiedTensorWarning,
        )


@function
def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new tensor with a copy of `data`: a number, nested lists, an array or a tensor.

    Python floats give float32 (the default dtype), Python integers int64; NumPy
    arrays keep their dtype. Raises `ShapeError` for uneven lists, `DTypeError`
    for what is no number, `GradError` for integers that ask for gradients.

    >>> import minigrad as mg
    >>> mg.tensor([[1., 2.], [3., 4.]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    # The caller's frame: between it and this one stands the wrapper that `function` has put there.
    if isinstance(data, Tensor | list | tuple) and not in_library(sys._getframe(2).f_code.co_filename):
        _warn_of_copies(data)
    return finish(np.array(_array_of(data, dtype), order="K"), None, device, requires_grad)


@function
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, without a copy where it is a tensor or an array of that dtype already.

    Raises `ShapeError` for uneven lists, `DTypeError` for what is no number.

    >>> import minigrad as mg
    >>> mg.as_tensor([1, 2])
    tensor([1, 2])
    """
    if device is not None:
        as_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype=dtype)
    return finish(_array_of(data, dtype), None, device, False)


@function
def from_numpy(array: Array) -> Tensor:
    """A tensor that shares the memory of a NumPy array.

    Raises `DTypeError` for anything but an array of a supported dtype.

    >>> import minigrad as mg, numpy as np
    >>> a = np.zeros(2, np.float32)
    >>> t = mg.from_numpy(a); a[0] = 5; t
    tensor([5., 0.])
    """
    if not isinstance(array, np.ndarray):
        raise DTypeError(
            f"from_numpy got a {type(array).__name__}; it shares an array's memory. Use mg.tensor(…) for a copy"
        )
    if hasattr(array, "mask"):
        raise DTypeError("from_numpy got a masked array, whose mask a tensor cannot keep; use array.filled(value)")
    check_supported(array.dtype)
    return Tensor._wrap(np.asarray(array))


# ------------------------------------------------------------- constants


def refuse_size(shape: tuple[int, ...]) -> None:
    """Raise `ArgumentError` for more elements than an address can number."""
    if len(shape) > 64:
        raise ArgumentError(f"a shape of {len(shape)} axes arrived; a tensor has 64 at most")
    if math.prod(shape) >= 2**59 or max(shape, default=0) >= 2**59:
        raise ArgumentError(f"a shape of {shape} arrived; no memory holds so many elements")


def as_shape(sizes: tuple[Any, ...], size: Any = None) -> tuple[int, ...]:
    """`zeros(2, 3)`, `zeros((2, 3))` and `zeros(size=(2, 3))` mean the same."""
    given = sizes if size is None else (size,)
    if len(given) == 1 and isinstance(given[0], np.ndarray | Tensor):
        given = (given[0].tolist(),)
    if len(given) == 1 and isinstance(given[0], Sequence) and not isinstance(given[0], str):
        given = tuple(given[0])
    try:
        shape = tuple(one.__index__() for one in given)
    except (AttributeError, TypeError):
        raise DTypeError(f"a shape of {given!r} arrived; sizes are integers") from None
    if any(one < 0 for one in shape):
        raise ArgumentError(f"a shape of {shape} arrived; sizes cannot be negative")
    refuse_size(shape)
    return shape


def dtype_or_default(dtype: Any) -> np.dtype[Any]:
    return get_default_dtype() if dtype is None else as_dtype(dtype)


@function
def zeros(*sizes: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of a shape, float32 unless `dtype` says otherwise.

    () -> (*sizes). Raises `ArgumentError` for a negative size, `DTypeError` for one that is no integer.

    >>> import minigrad as mg
    >>> mg.zeros(2)
    tensor([0., 0.])
    """
    return finish(np.zeros(as_shape(sizes, size), dtype_or_default(dtype)), None, device, requires_grad)


@function
def ones(*sizes: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of a shape, float32 unless `dtype` says otherwise.

    () -> (*sizes). Raises as `zeros`.

    >>> import minigrad as mg
    >>> mg.ones(2)
    tensor([1., 1.])
    """
    return finish(np.ones(as_shape(sizes, size), dtype_or_default(dtype)), None, device, requires_grad)


@function
def empty(*sizes: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of a shape whose values are whatever the memory held.

    () -> (*sizes). Raises as `zeros`.

    >>> import minigrad as mg
    >>> mg.empty(2, 3).shape
    (2, 3)
    """
    return finish(np.empty(as_shape(sizes, size), dtype_or_default(dtype)), None, device, requires_grad)


@function
def full(size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A constant of a shape; the dtype is the constant's unless given.

    () -> (*size). Raises as `zeros`, and `ArgumentError` for a constant that the dtype cannot hold.

    >>> import minigrad as mg
    >>> mg.full((2,), 7)
    tensor([7, 7])
    """
    if dtype is None and isinstance(fill_value, float):  # NumPy's float64 scalar is a Python float too
        dtype = get_default_dtype()
    value = _array_of(fill_value, dtype)
    if value.ndim:
        raise ShapeError(f"full got a fill value of shape {value.shape}; it is one number")
    return finish(np.full(as_shape((size,)), value, value.dtype), None, device, requires_grad)


@function
def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The identity matrix: ones on the diagonal.

    () -> (n, m), m being n unless given. Raises as `zeros`.

    >>> import minigrad as mg
    >>> mg.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    rows, columns = as_shape((n, n if m is None else m))
    return finish(np.eye(rows, columns, dtype=dtype_or_default(dtype)), None, device, requires_grad)


def _like(x: Tensor, maker: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    x = as_operand(x, maker.__name__)
    target = x.dtype if dtype is None else as_dtype(dtype)
    return finish(maker(x._array, dtype=target), None, device, requires_grad)


@function
def zeros_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros in the shape and dtype of a tensor.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.zeros_like(mg.tensor([1, 2]))
    tensor([0, 0])
    """
    return _like(input, np.zeros_like, dtype, device, requires_grad)


@function
def ones_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones in the shape and dtype of a tensor.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.ones_like(mg.tensor([1., 2.]))
    tensor([1., 1.])
    """
    return _like(input, np.ones_like, dtype, device, requires_grad)


@function
def empty_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of undetermined values in the shape and dtype of a tensor.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.empty_like(mg.zeros(2, 3)).shape
    (2, 3)
    """
    return _like(input, np.empty_like, dtype, device, requires_grad)


@function
def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A constant in the shape and dtype of a tensor.

    (*) -> (*)

    >>> import minigrad as mg
    >>> mg.full_like(mg.zeros(2), 7)
    tensor([7., 7.])
    """
    input = as_operand(input, "full_like")
    return full(input.shape, fill_value, dtype=input.dtype if dtype is None else dtype, device=device,
                requires_grad=requires_grad)  # fmt: skip


# --------------------------------------------------------------- counting


@function
def arange(
    start: Any = None, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """start, start + step, … below end; from 0 where only one number is given. Integers give int64.

    () -> (⌈(end − start)/step⌉)

    Raises `ArgumentError` for a step of 0 or in the wrong direction, and for what is no finite number.

    >>> import minigrad as mg
    >>> mg.arange(3)
    tensor([0, 1, 2])
    """
    first, last = (0, start) if end is None else (0 if start is None else start, end)
    first, last, step = (one.item() if isinstance(one, np.number) else one for one in (first, last, step))
    numbers = [one for one in (first, last, step) if isinstance(one, int | float) and math.isfinite(one)]
    if len(numbers) < 3:
        raise ArgumentError(f"arange from {first} to {last} with step {step}: three finite numbers are needed")
    if step == 0 or (last - first) * step < 0:
        raise ArgumentError(f"arange from {first} to {last} with step {step}: the step leads away from the end")
    whole = all(isinstance(one, int | np.integer) for one in (first, last, step))
    if dtype is None:
        dtype = np.int64 if whole else get_default_dtype()
    count = max(math.ceil((last - first) / step), 0)
    refuse_size((count,))
    values = np.arange(first, last, step) if whole else first + step * np.arange(count)
    return finish(values, dtype, device, requires_grad)


@function
def linspace(
    start: float, end: float, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` evenly spaced values from start to end, both included.

    () -> (steps). Raises as `zeros`.

    >>> import minigrad as mg
    >>> mg.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    first, last = as_number(start, "linspace", "start"), as_number(end, "linspace", "end")
    (count,) = as_shape((steps,))
    with np.errstate(all="ignore"):
        return finish(np.linspace(first, last, count), dtype_or_default(dtype), device, requires_grad)


@function
def logspace(
    start: float, end: float, steps: int, base: float = 10.0, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` powers of a base, with evenly spaced exponents from start to end, both included.

    () -> (steps). Raises as `zeros`.

    >>> import minigrad as mg
    >>> mg.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    first, last, root = (as_number(one, "logspace") for one in (start, end, base))
    (count,) = as_shape((steps,))
    with np.errstate(all="ignore"):
        return finish(root ** np.linspace(first, last, count), dtype_or_default(dtype), device, requires_grad)


@function
def asarray(
    obj: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    copy: bool | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """`obj` as a tensor, without a copy where it can be; with `copy` always a new one.

    Unless `requires_grad` says otherwise, a tensor stays on the tape where it is; False takes it off.

    Raises as `tensor`, and `ArgumentError` where copy=False was asked for and cannot be.

    >>> import minigrad as mg
    >>> mg.asarray([1, 2])
    tensor([1, 2])
    """
    made = as_tensor(obj, dtype, device)
    if copy:
        made = made.clone()
    source = obj._array if isinstance(obj, Tensor) else obj
    if copy is False and not (isinstance(source, np.ndarray) and np.shares_memory(source, made._array)):
        raise ArgumentError("asarray(copy=False) of what is no tensor or array of that dtype; it has to be copied")
    if requires_grad is False:
        return made.detach() if made.requires_grad else made
    return made.requires_grad_() if requires_grad and not made.requires_grad else made
