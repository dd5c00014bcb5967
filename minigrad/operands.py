"""What functions of tensors take besides tensors: NumPy arrays and Python's numbers, as constants."""

import contextlib
from typing import Any

import numpy as np

from .dtypes import check_supported, python_dtype
from .errors import ArgumentError, DTypeError
from .tensor import Tensor

__all__ = ["as_filling", "as_number", "as_operand", "not_an_operand"]


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


def as_number(value: Any, name: str) -> float:
    """`value` as a Python number; raises `DTypeError`, naming the function, for what is none."""
    if isinstance(value, int | float | np.number | Tensor | np.ndarray) and getattr(value, "ndim", 0) == 0:
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            return float(value)
    raise DTypeError(f"{name} got {value!r} where a number belongs")
