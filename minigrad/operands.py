"""What functions of tensors take besides tensors: NumPy arrays and Python's numbers, as constants."""

import contextlib
from typing import Any

import numpy as np

from .dtypes import check_supported, python_dtype
from .errors import ArgumentError, DTypeError, MinigradError
from .tensor import Tensor

__all__ = ["as_filling", "as_flag", "as_integer", "as_number", "as_operand", "not_an_operand"]

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


def _misplaced(value: Any, name: str, role: str, what: str) -> str:
    return f"{name} got {role}={value!r}; it is {what}" if role else f"{name} got {value!r} where {what} belongs"


def as_number(value: Any, name: str, role: str = "") -> float:
    """`value` as a Python number.

    Raises `DTypeError`, naming the function and the argument's role, for what is none: None, text, arrays.

    >>> import minigrad as mg
    >>> mg.as_number(mg.tensor(2), "scale", "factor")
    2.0
    """
    if isinstance(value, int | float | np.number | Tensor | np.ndarray) and getattr(value, "ndim", 0) == 0:
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            return float(value)
    raise DTypeError(_misplaced(value, name, role, "a number"))


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
        raise DTypeError(_misplaced(value, name, role, "an integer"))
    if abs(number) > MOST:
        raise ArgumentError(_misplaced(value, name, role, "an integer that memory can hold"))
    return number


def as_flag(value: Any, name: str, role: str = "") -> bool:
    """Whether `value` is true; raises `DTypeError`, naming the function, for what is neither true nor false.

    >>> import minigrad as mg
    >>> mg.as_flag(1, "sort", "descending")
    True
    """
    try:
        return bool(value)
    except (ValueError, MinigradError):
        raise DTypeError(_misplaced(value, name, role, "True or False")) from None
