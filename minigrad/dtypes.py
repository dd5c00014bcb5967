"""Element types and their promotion, by PyTorch's rules on NumPy's dtypes.

Three kinds are ordered bool < integer < floating. A higher kind always wins.
Within one kind, tensors with axes outrank 0-d tensors, and these outrank Python
numbers, so a scalar never widens an array of its own kind, and an integer
tensor never widens a floating one.
"""

import builtins
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from .errors import ArgumentError, DTypeError

DType = np.dtype[Any]

bool = np.dtype("bool")
uint8 = np.dtype("uint8")
int8 = np.dtype("int8")
int16 = short = np.dtype("int16")
int32 = int = np.dtype("int32")
int64 = long = np.dtype("int64")
float16 = half = np.dtype("float16")
float32 = float = np.dtype("float32")
float64 = double = np.dtype("float64")

SUPPORTED = (bool, uint8, int8, int16, int32, int64, float16, float32, float64)

# The names of PyTorch's constructors by dtype.
TYPE_NAMES = {
    "BoolTensor": bool,
    "ByteTensor": uint8,
    "CharTensor": int8,
    "ShortTensor": int16,
    "IntTensor": int32,
    "LongTensor": int64,
    "HalfTensor": float16,
    "FloatTensor": float32,
    "DoubleTensor": float64,
}

_KIND = {"b": 0, "u": 1, "i": 1, "f": 2}
_SUPPORTED = frozenset(SUPPORTED)
_default = float32

# How much a value's dtype counts within its kind.
DIMENSIONED, ZERO_DIM, PYTHON_NUMBER = 2, 1, 0


def get_default_dtype() -> DType:
    """The dtype of Python floats and of creation functions: float32 unless changed.

    >>> import minigrad as mg
    >>> mg.get_default_dtype()
    dtype('float32')
    """
    return _default


def set_default_dtype(dtype: Any) -> None:
    """Change the dtype of Python floats and creation functions for the whole process.

    Raises `ArgumentError` for a dtype that is not floating, `DTypeError` for what is no dtype.

    >>> import minigrad as mg
    >>> mg.set_default_dtype(mg.float64); mg.zeros(1).dtype
    dtype('float64')
    >>> mg.set_default_dtype(mg.float32)
    """
    global _default
    chosen = as_dtype(dtype)
    if chosen.kind != "f":
        raise ArgumentError(
            f"set_default_dtype got {chosen}; only a floating dtype can be the default, such as float64"
        )
    _default = chosen


def as_dtype(dtype: Any) -> DType:
    """The NumPy dtype that `dtype` names: a dtype, a string, or a type: Python's `float` is float64, as in PyTorch.

    Raises `DTypeError` for dtypes that tensors cannot have (complex, object, …).
    """
    if isinstance(dtype, np.dtype):
        return check_supported(dtype)
    try:
        with warnings.catch_warnings():  # aliases that NumPy is giving up
            warnings.simplefilter("ignore")
            found = np.dtype(dtype)
    except (TypeError, ValueError) as error:
        raise DTypeError(f"{dtype!r} is not a dtype; use one of NumPy's, for example mg.float32") from error
    return check_supported(found)


def check_supported(dtype: DType) -> DType:
    """`dtype` itself, or `DTypeError` where tensors cannot have it."""
    if dtype not in _SUPPORTED:
        names = ", ".join(str(known) for known in SUPPORTED)
        raise DTypeError(
            f"dtype {dtype} arrived; tensors hold one of {names}. Convert first, for example array.astype('float32')"
        )
    # Byte-swapped arrays compare unequal to native ones, so they end above.
    return dtype


def can_hold(target: DType, source: DType) -> builtins.bool:
    """Whether an in-place result of dtype `source` may be cast into `target`: its kind is not higher."""
    return _KIND[source.kind] <= _KIND[target.kind]


def is_floating(dtype: DType) -> builtins.bool:
    """Whether elements of this dtype can carry gradients."""
    return dtype.kind == "f"


def python_dtype(number: Any) -> DType:
    """The dtype a Python number stands for before promotion."""
    if isinstance(number, builtins.bool):
        return bool
    return int64 if isinstance(number, builtins.int) else _default


def result_dtype(operands: Iterable[tuple[DType, builtins.int]]) -> DType:
    """The dtype of an element-wise result of (dtype, rank of priority) pairs."""
    winner: DType | None = None
    best = (-1, -1)
    for dtype, priority in operands:
        score = (_KIND[dtype.kind], priority)
        if score > best:
            winner, best = dtype, score
        elif score == best and winner is not None and dtype != winner:
            winner = np.promote_types(winner, dtype)
    assert winner is not None, "an operation has operands"
    return winner


def refuse_overflow(values: Any, target: DType, name: str) -> None:
    """Raise `ArgumentError` for numbers, alone or as an array, that an integer dtype cannot hold."""
    values = np.asarray(values)
    if target.kind not in "iu" or values.dtype.kind not in "iufO" or not values.size:
        return
    if values.dtype.kind == "O":  # Python integers beyond 64 bits
        values = values.astype(np.float64)
    limits = np.iinfo(target)
    with np.errstate(invalid="ignore"):
        inside = (values >= limits.min) & (values <= limits.max)
    if not inside.all():
        raise ArgumentError(
            f"{name} got {values[~inside].flat[0]} for {target}, which holds {limits.min} to {limits.max}; use a wider "
            "dtype"
        )
