"""What functions of tensors take besides tensors: NumPy arrays and Python's numbers, as constants."""

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from .dtypes import DIMENSIONED, PYTHON_NUMBER, ZERO_DIM, check_supported, get_default_dtype, python_dtype, result_dtype
from .errors import ArgumentError, DTypeError, MinigradError, ShapeError
from .explaining import as_flag, misplaced
from .silence import silent
from .tensor import Array, Tensor

__all__ = [
    "as_filling", "as_flag", "as_integer", "as_number", "as_numbers", "as_operand", "misfit", "not_an_operand",
    "promoted",
]  # fmt: skip

# No array has so many elements, and no axis is so long.
MOST = 2**59

# Every floating dtype holds numbers up to this one.
_MODERATE = 65504.0
_NUMBERS = (float, int)


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
    if type(value) in _NUMBERS and -MOST <= value <= MOST:
        return float(value)
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
    if type(value) is int and -MOST <= value <= MOST:
        return value
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


# ------------------------------------------------------- several operands


def promoted(
    args: tuple[Any, ...], name: str, floating: bool, conditions: int
) -> tuple[Sequence[Tensor], Sequence[Array]]:
    """The operands of something element-wise, as tensors and as arrays in their common dtype; numbers become constants.

    The first `conditions` are masks, which keep theirs; with `floating`, integers become the default floating dtype.

    >>> import minigrad as mg
    >>> from minigrad.operands import promoted
    >>> promoted((mg.ones(1), 2), "f", False, 0)[1]
    (array([1.], dtype=float32), array(2., dtype=float32))
    """
    # The usual operands need no weighing: one tensor, two floating ones of one dtype, one beside a number.
    if len(args) == 1 and isinstance(args[0], Tensor):
        array = args[0]._array
        if not floating or array.dtype.kind == "f":
            return args, (array,)
    elif len(args) == 2 and not conditions:
        first, second = args
        if isinstance(first, Tensor):
            array = first._array
            if array.dtype.kind == "f":
                if isinstance(second, Tensor):
                    if second._array.dtype is array.dtype:
                        return args, (array, second._array)
                elif type(second) in _NUMBERS and -_MODERATE < second < _MODERATE:
                    number = np.asarray(second, array.dtype)
                    return (first, Tensor._wrap(number)), (array, number)
        elif type(first) in _NUMBERS and isinstance(second, Tensor) and -_MODERATE < first < _MODERATE:
            array = second._array
            if array.dtype.kind == "f":
                number = np.asarray(first, array.dtype)
                return (Tensor._wrap(number), second), (number, array)
    return _weighed_up(args, name, floating, conditions)


def _weighed_up(args: tuple[Any, ...], name: str, floating: bool, conditions: int) -> tuple[list[Tensor], list[Array]]:
    masks = [as_operand(arg, name) for arg in args[:conditions]]
    operands = args[conditions:]
    dtypes = [_weighed(arg, name) for arg in operands]
    first = dtypes[0]
    common = first[0] if all(other == first for other in dtypes) else result_dtype(dtypes)
    if floating and common.kind != "f":
        common = get_default_dtype()
    inputs, arrays = masks, [mask._array for mask in masks]
    for arg in operands:
        if isinstance(arg, Tensor):
            array = arg._array
            inputs.append(arg)
        else:
            array = _constant(arg, common, name)
            inputs.append(Tensor._wrap(array))
        arrays.append(array if array.dtype == common else _cast(array, common))
    return inputs, arrays


def _weighed(arg: Any, name: str) -> tuple[np.dtype[Any], int]:
    """The dtype of an operand, and its rank of priority in promotion."""
    if isinstance(arg, Tensor):
        return arg._array.dtype, DIMENSIONED if arg._array.ndim else ZERO_DIM
    if isinstance(arg, bool | int | float):
        return python_dtype(arg), PYTHON_NUMBER
    if isinstance(arg, np.generic):
        check_supported(arg.dtype)
        return python_dtype(arg.item()), PYTHON_NUMBER
    if isinstance(arg, np.ndarray):
        return check_supported(arg.dtype), DIMENSIONED if arg.ndim else ZERO_DIM
    raise not_an_operand(arg, name)


def _constant(arg: Any, dtype: np.dtype[Any], name: str) -> Array:
    array = np.asarray(arg)
    if array.dtype == dtype:
        return array
    try:
        return _cast(array, dtype)
    except OverflowError as error:
        raise ArgumentError(f"{name} with {arg}: {dtype} cannot hold it; use a float") from error


def _cast(array: Array, dtype: np.dtype[Any]) -> Array:
    with silent():
        return array.astype(dtype)


def misfit(error: Exception, name: str, arrays: Sequence[Array]) -> Exception:
    """NumPy's complaint about the shapes or dtypes of element-wise operands as one of ours; any other error itself."""
    if isinstance(error, MinigradError):
        return error
    if isinstance(error, TypeError) and "not supported" in str(error):
        kinds = " and ".join(str(array.dtype) for array in arrays)
        return DTypeError(f"{name} is not defined for {kinds}; convert first, for example t.to(mg.float32)")
    if "broadcast" not in str(error):
        return error
    shapes = " and ".join(str(array.shape) for array in arrays)
    return ShapeError(
        f"{name} of shapes {shapes}: sizes are compared from the last axis backwards, and each pair must be "
        "equal or contain a 1. Use unsqueeze or reshape to line the axes up"
    )
