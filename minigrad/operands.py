"""What functions of tensors take besides tensors: NumPy arrays and Python's numbers, as constants."""

import contextlib
from typing import Any

import numpy as np

from .dtypes import check_supported, python_dtype
from .errors import ArgumentError, DTypeError, MinigradError
from .explaining import as_flag, misplaced
from .tensor import Array, Tensor

__all__ = ["as_filling", "as_flag", "as_integer", "as_number", "as_numbers", "as_operand", "not_an_operand"]

# No array has so many elements, and no axis is so long.
MOST = 2**59


def not_an_operand(value: Any, name: str) -> DTypeError:
    """The error that names a function and what it cannot take."""
    return DTypeError(
        f"{name} got a {type(value).__name__}; it takes tensors, NumPy arrays and numbers. Make a tensor of it first, "
        "with mg.tensor(…)"
    )


def as_operand(value: Any, name: str) -> Tensor:
    """`value` as a tensor: arrays and numbers become constants.

    Raises `DTypeError`, naming the function, for anything else.

    >>> import minigrad as mg
    >>> mg.as_operand(2, "double")
    tensor(2)
    """
    if isinstance(value, Tensor):
        return value
    if isinstance(value, bool | int | float) and not isinstance(value, np.generic):
        try:
            with np.errstate(over="ignore"):
                return Tensor._wrap(np.asarray(value, python_dtype(value)))
        except OverflowError as error:
            raise ArgumentError(f"{name} got {value}, which int64 cannot hold; use a float") from error
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        check_supported(array.dtype)
        return Tensor._wrap(array)
    raise not_an_operand(value, name)


def as_filling(value: Any, name: str) -> Tensor:
    """`value` as a tensor to be cast to the dtype of what it is written to, so a Python float keeps all its digits."""
    return as_operand(np.float64(value) if type(value) is float else value, name)


def as_number(value: Any, name: str, role: str = "") -> float:
    """`value` as a Python number.

    Raises `DTypeError`, naming the function and the argument's role, for what is none: None, text, arrays.

    >>> import minigrad as mg
    >>> mg.as_number(mg.tensor(2), "scale", "factor")
    2.0
    """
    known = isinstance(value, int | float | np.number | Tensor | np.ndarray)
    known = known and getattr(getattr(value, "dtype", None), "kind", "f") != "c"
    if known and getattr(value, "ndim", 0) == 0:
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            return float(value)
    raise DTypeError(misplaced(value, name, role, "a number"))


def as_integer(value: Any, name: str, role: str = "") -> int:
    """`value` as a Python integer.

    Raises `DTypeError`, naming the function and the argument's role, for fractions, bools and what is no number,
    `ArgumentError` for an integer that counts more than any memory holds.

    >>> import minigrad as mg
    >>> mg.as_integer(mg.tensor(2), "repeat", "times")
    2
    """
    number: int | None = None
    if not isinstance(value, bool | np.bool_):
        with contextlib.suppress(AttributeError, TypeError, MinigradError):
            number = value.__index__()
    if number is None:
        raise DTypeError(misplaced(value, name, role, "an integer"))
    if abs(number) > MOST:
        raise ArgumentError(misplaced(value, name, role, "an integer that memory can hold"))
    return number


def as_numbers(values: Any, name: str, role: str = "") -> Array:
    """Numbers, in a list, an array or a tensor, as a float64 array; raises `DTypeError` where they are none.

    >>> from minigrad.operands import as_numbers
    >>> as_numbers([1, 2], "Normalize", "mean")
    array([1., 2.])
    """
    try:
        array = np.asarray(values.detach() if isinstance(values, Tensor) else values)
        if array.dtype.kind in "biuf":
            return array.astype(np.float64)
    except ValueError:
        pass
    raise DTypeError(misplaced(values, name, role, "one number, or a list of numbers"))
