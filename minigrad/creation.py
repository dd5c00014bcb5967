"""Making tensors: from values, constant, counted and random."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .device import device as as_device
from .dtypes import as_dtype, check_supported, get_default_dtype, result_dtype
from .errors import ArgumentError, DTypeError, ShapeError
from .primitive import as_operand
from .random import default_generator
from .registry import function
from .tensor import Array, Tensor

__all__ = [
    "arange",
    "as_tensor",
    "bernoulli",
    "empty",
    "empty_like",
    "eye",
    "from_numpy",
    "full",
    "full_like",
    "linspace",
    "normal",
    "ones",
    "ones_like",
    "rand",
    "rand_like",
    "randint",
    "randn",
    "randn_like",
    "randperm",
    "tensor",
    "zeros",
    "zeros_like",
]


def _finish(array: Array, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    if device is not None:
        as_device(device)
    if dtype is not None:
        array = array.astype(as_dtype(dtype), copy=False)
    return Tensor._wrap(array).requires_grad_(requires_grad)


def _array_of(data: Any, dtype: Any = None) -> Array:
    """`data` as an array: of `dtype`, or its own; Python floats make the default dtype, integers int64."""
    if isinstance(data, Tensor):
        array = data._array
    elif isinstance(data, np.ndarray | np.generic):
        array = np.asarray(data)
        if array.dtype.kind in "biuf" and not array.dtype.isnative:
            array = array.astype(array.dtype.newbyteorder("="))
    else:
        array = _array_of_numbers(data)
        if dtype is None and not _holds_arrays(data) and array.dtype.kind in "iuf":
            dtype = get_default_dtype() if array.dtype.kind == "f" else np.int64
        _refuse_overflow(array, array.dtype if dtype is None else as_dtype(dtype))
    with np.errstate(all="ignore"):
        array = array if dtype is None else array.astype(as_dtype(dtype), copy=False)
    check_supported(array.dtype)
    return array


def _refuse_overflow(array: Array, target: np.dtype[Any]) -> None:
    """Raise `ArgumentError` for Python integers that the dtype cannot hold."""
    if target.kind in "iu" and array.dtype.kind in "iu" and array.size:
        limits = np.iinfo(target)
        if int(array.min()) < limits.min or int(array.max()) > limits.max:
            raise ArgumentError(
                f"integers from {array.min()} to {array.max()} arrived for {target}, which holds {limits.min} to "
                f"{limits.max}; use a wider dtype"
            )


def _array_of_numbers(data: Any) -> Array:
    """Nested lists of numbers, arrays and tensors as an array."""
    if isinstance(data, list | tuple) and any(isinstance(one, Tensor) for one in data):
        data = [one._array if isinstance(one, Tensor) else one for one in data]
    try:
        array = np.array(data)
    except ValueError as error:
        raise ShapeError(f"nested lists of uneven lengths cannot be a tensor: {error}") from error
    if array.dtype.kind not in "biuf":
        raise DTypeError(
            f"a {type(data).__name__} with elements of {array.dtype} arrived; tensors hold numbers, given as numbers, "
            "nested lists, or arrays"
        )
    return array


def _holds_arrays(data: Any) -> bool:
    """Whether an array, or a NumPy number, is anywhere in nested lists; it then has a say in the dtype."""
    if isinstance(data, list | tuple):
        return any(_holds_arrays(one) for one in data)
    return isinstance(data, np.ndarray | np.generic | Tensor)


@function
def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new tensor with a copy of `data`: a number, nested lists, an array or a tensor.

    Python floats give float32 (the default dtype), Python integers int64; NumPy
    arrays keep their dtype. Raises `ShapeError` for uneven lists, `DTypeError`
    for what is no number, `GradError` for integers that ask for gradients.

    >>> tensor([[1., 2.], [3., 4.]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    return _finish(np.array(_array_of(data, dtype), order="K"), None, device, requires_grad)


@function
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, without a copy where it is a tensor or an array of that dtype already.

    >>> as_tensor([1, 2])
    tensor([1, 2])
    """
    if device is not None:
        as_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype=dtype)
    return _finish(_array_of(data, dtype), None, device, False)


@function
def from_numpy(array: Array) -> Tensor:
    """A tensor that shares the memory of a NumPy array.

    Raises `DTypeError` for anything but an array of a supported dtype.

    >>> a = np.zeros(2, np.float32)
    >>> t = from_numpy(a); a[0] = 5; t
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


def _shape(size: tuple[Any, ...]) -> tuple[int, ...]:
    """`zeros(2, 3)` and `zeros((2, 3))` mean the same."""
    given = size[0] if len(size) == 1 and isinstance(size[0], Sequence | np.ndarray) else size
    try:
        shape = tuple(one.__index__() for one in given)
    except AttributeError:
        raise DTypeError(f"a shape of {given!r} arrived; sizes are integers") from None
    if any(one < 0 for one in shape):
        raise ArgumentError(f"a shape of {shape} arrived; sizes cannot be negative")
    return shape


def _dtype(dtype: Any) -> np.dtype[Any]:
    return get_default_dtype() if dtype is None else as_dtype(dtype)


@function
def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of a shape, float32 unless `dtype` says otherwise.

    >>> zeros(2)
    tensor([0., 0.])
    """
    return _finish(np.zeros(_shape(size), _dtype(dtype)), None, device, requires_grad)


@function
def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of a shape, float32 unless `dtype` says otherwise.

    >>> ones(2)
    tensor([1., 1.])
    """
    return _finish(np.ones(_shape(size), _dtype(dtype)), None, device, requires_grad)


@function
def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of a shape whose values are whatever the memory held.

    >>> empty(2, 3).shape
    (2, 3)
    """
    return _finish(np.empty(_shape(size), _dtype(dtype)), None, device, requires_grad)


@function
def full(size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A constant of a shape; the dtype is the constant's unless given.

    >>> full((2,), 7)
    tensor([7, 7])
    """
    value = _array_of(fill_value, dtype)
    return _finish(np.full(_shape((size,)), value, value.dtype), None, device, requires_grad)


@function
def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The identity matrix: ones on the diagonal.

    >>> eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    rows, columns = _shape((n, n if m is None else m))
    return _finish(np.eye(rows, columns, dtype=_dtype(dtype)), None, device, requires_grad)


def _like(x: Tensor, maker: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    x = as_operand(x, maker.__name__)
    target = x.dtype if dtype is None else as_dtype(dtype)
    return _finish(maker(x._array, dtype=target), None, device, requires_grad)


@function
def zeros_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros in the shape and dtype of a tensor."""
    return _like(input, np.zeros_like, dtype, device, requires_grad)


@function
def ones_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones in the shape and dtype of a tensor."""
    return _like(input, np.ones_like, dtype, device, requires_grad)


@function
def empty_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of undetermined values in the shape and dtype of a tensor."""
    return _like(input, np.empty_like, dtype, device, requires_grad)


@function
def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A constant in the shape and dtype of a tensor."""
    return full(input.shape, fill_value, dtype=input.dtype if dtype is None else dtype, device=device,
                requires_grad=requires_grad)  # fmt: skip


# --------------------------------------------------------------- counting


@function
def arange(
    start: Any = None, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """start, start + step, … below end; from 0 where only one number is given. Integers give int64.

    Raises `ArgumentError` for a step of 0 or in the wrong direction.

    >>> arange(3)
    tensor([0, 1, 2])
    """
    first, last = (0, start) if end is None else (0 if start is None else start, end)
    if any(one is None or not math.isfinite(one) for one in (first, last, step)):
        raise ArgumentError(f"arange from {first} to {last} with step {step}: three finite numbers are needed")
    if step == 0 or (last - first) * step < 0:
        raise ArgumentError(f"arange from {first} to {last} with step {step}: the step leads away from the end")
    whole = all(isinstance(one, int | np.integer) for one in (first, last, step))
    if dtype is None:
        dtype = np.int64 if whole else get_default_dtype()
    count = max(math.ceil((last - first) / step), 0)
    values = np.arange(first, last, step) if whole else first + step * np.arange(count)
    return _finish(values, dtype, device, requires_grad)


@function
def linspace(
    start: float, end: float, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` evenly spaced values from start to end, both included.

    >>> linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    (count,) = _shape((steps,))
    return _finish(np.linspace(start, end, count), _dtype(dtype), device, requires_grad)


# ----------------------------------------------------------------- random


def _generator(generator: Any) -> np.random.Generator:
    if generator is None:
        return default_generator()
    if not isinstance(generator, np.random.Generator):
        raise DTypeError(
            f"generator={type(generator).__name__} arrived; give mg.Generator() or a numpy.random.Generator"
        )
    return generator


@function
def uniform_array(shape: tuple[int, ...], low: float, high: float, dtype: Any, generator: Any) -> Array:
    """Uniform values from [low, high) as an array."""
    draw = _generator(generator)
    kind: Any = np.float32 if dtype in (np.float32, np.float16) else np.float64
    values = np.asarray(draw.random(shape, dtype=kind) * kind(high - low) + kind(low)).astype(dtype, copy=False)
    # Rounding can reach the upper bound, which does not belong to the interval.
    return values if high <= low else np.minimum(values, np.nextafter(values.dtype.type(high), values.dtype.type(low)))


@function
def normal_array(shape: tuple[int, ...], mean: float, std: float, dtype: Any, generator: Any) -> Array:
    """Normal values as an array."""
    if std < 0:
        raise ArgumentError(f"a standard deviation of {std} arrived; it cannot be negative")
    draw = _generator(generator)
    kind: Any = np.float32 if dtype in (np.float32, np.float16) else np.float64
    values = draw.standard_normal(shape, dtype=kind)
    return np.asarray(values * kind(std) + kind(mean)).astype(dtype, copy=False)


@function
def rand(
    *size: Any, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Uniform random numbers from [0, 1).

    >>> rand(2, 3).shape
    (2, 3)
    """
    return _finish(uniform_array(_shape(size), 0.0, 1.0, _dtype(dtype), generator), None, device, requires_grad)


@function
def randn(
    *size: Any, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Standard normal random numbers.

    >>> randn(2, 3).shape
    (2, 3)
    """
    return _finish(normal_array(_shape(size), 0.0, 1.0, _dtype(dtype), generator), None, device, requires_grad)


@function
def rand_like(input: Tensor, *, generator: Any = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Uniform random numbers in the shape and dtype of a tensor."""
    return rand(
        input.shape, generator=generator, dtype=input.dtype if dtype is None else dtype, requires_grad=requires_grad
    )


@function
def randn_like(input: Tensor, *, generator: Any = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Standard normal random numbers in the shape and dtype of a tensor."""
    return randn(
        input.shape, generator=generator, dtype=input.dtype if dtype is None else dtype, requires_grad=requires_grad
    )


@function
def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *, generator: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Normal random numbers of a mean and a standard deviation: numbers with a `size`, or tensors that broadcast.

    Raises `ArgumentError` for a negative deviation.

    >>> normal(0.0, 1.0, (2, 3)).shape
    (2, 3)
    """
    if size is not None:
        return _finish(normal_array(_shape((size,)), mean, std, _dtype(dtype), generator), None, device, requires_grad)
    centre, spread = as_operand(mean, "normal"), as_operand(std, "normal")
    if spread._array.size and spread._array.min() < 0:
        raise ArgumentError(f"a standard deviation of {spread._array.min()} arrived; it cannot be negative")
    kind = result_dtype([(one.dtype, min(one.ndim, 1)) for one in (centre, spread)]) if dtype is None else _dtype(dtype)
    shape = np.broadcast_shapes(centre.shape, spread.shape)
    draws = normal_array(shape, 0.0, 1.0, kind, generator)
    return _finish(draws * spread._array + centre._array, kind, device, requires_grad)


@function
def randint(low: int, high: Any = None, size: Any = None, *, generator: Any = None, dtype: Any = None) -> Tensor:
    """Random integers from low (0 if only one bound is given) to high − 1; int64 unless `dtype` says otherwise.

    >>> randint(0, 10, (2, 3)).shape
    (2, 3)
    """
    if size is None:
        low, high, size = 0, low, high
    if high <= low:
        raise ArgumentError(f"randint from {low} to {high}: the upper bound must be larger, and is itself excluded")
    return _finish(_generator(generator).integers(low, high, _shape((size,))), dtype, None, False)


@function
def randperm(n: int, *, generator: Any = None) -> Tensor:
    """0 … n − 1 in random order, int64.

    >>> sorted(randperm(4).tolist())
    [0, 1, 2, 3]
    """
    (count,) = _shape((n,))
    return Tensor._wrap(_generator(generator).permutation(count).astype(np.int64))


@function
def bernoulli(input: Tensor, *, generator: Any = None) -> Tensor:
    """Ones with the probabilities in `input`, else zeros; no gradient."""
    input = as_operand(input, "bernoulli")
    draws = uniform_array(input.shape, 0.0, 1.0, np.float64, generator)
    return Tensor._wrap((draws < input._array).astype(input.dtype))
