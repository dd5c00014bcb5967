"""Questions about tensors and dtypes, answered without computing."""

from typing import Any

import numpy as np

from ..dtypes import DIMENSIONED, PYTHON_NUMBER, ZERO_DIM, as_dtype, can_hold, python_dtype
from ..dtypes import result_dtype as promoted
from ..errors import ShapeError
from ..operands import as_operand
from ..registry import function
from ..tensor import Tensor
from .axes import sizes_of

__all__ = [
    "broadcast_shapes",
    "can_cast",
    "is_floating_point",
    "is_nonzero",
    "is_same_size",
    "is_tensor",
    "numel",
    "promote_types",
    "result_type",
]


def is_tensor(obj: Any) -> bool:
    """Whether an object is a tensor.

    >>> import minigrad as mg
    >>> mg.is_tensor(mg.ones(2)), mg.is_tensor([1, 2])
    (True, False)
    """
    return isinstance(obj, Tensor)


def numel(input: Tensor) -> int:
    """The number of elements.

    >>> import minigrad as mg
    >>> mg.numel(mg.zeros(2, 3))
    6
    """
    return as_operand(input, "numel").numel()


def is_floating_point(input: Tensor) -> bool:
    """Whether the elements are floating-point numbers.

    >>> import minigrad as mg
    >>> mg.is_floating_point(mg.ones(2))
    True
    """
    return as_operand(input, "is_floating_point").is_floating_point()


@function
def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not 0.

    Raises `ShapeError` for more elements, or none.

    >>> import minigrad as mg
    >>> mg.is_nonzero(mg.tensor([0.]))
    False
    """
    return bool(as_operand(input, "is_nonzero"))


@function
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape.

    >>> import minigrad as mg
    >>> mg.is_same_size(mg.zeros(2, 3), mg.zeros(3, 2))
    False
    """
    return as_operand(input, "is_same_size").shape == as_operand(other, "is_same_size").shape


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The shape that tensors of these shapes broadcast to.

    Raises `ShapeError` where they do not fit.

    >>> import minigrad as mg
    >>> mg.broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    sizes = [sizes_of(shape, "broadcast_shapes") for shape in shapes]
    try:
        return np.broadcast_shapes(*sizes)
    except ValueError as error:
        raise ShapeError(f"broadcast_shapes of {sizes}: from the last axis on, sizes must be equal or 1") from error


def promote_types(type1: Any, type2: Any) -> np.dtype[Any]:
    """The smallest dtype that holds the values of both.

    >>> import minigrad as mg
    >>> mg.promote_types(mg.int64, mg.float32)
    dtype('float32')
    """
    return promoted([(as_dtype(type1), DIMENSIONED), (as_dtype(type2), DIMENSIONED)])


def result_type(tensor: Any, other: Any) -> np.dtype[Any]:
    """The dtype of an element-wise result of two tensors or numbers.

    >>> import minigrad as mg
    >>> mg.result_type(mg.tensor([1, 2]), 1.0)
    dtype('float32')
    """
    weighed = []
    for one in (tensor, other):
        operand = as_operand(one, "result_type")
        number = isinstance(one, bool | int | float) and not isinstance(one, np.generic)
        rank = PYTHON_NUMBER if number else DIMENSIONED if operand.ndim else ZERO_DIM
        weighed.append((python_dtype(one) if number else operand.dtype, rank))
    return promoted(weighed)


def can_cast(from_: Any, to: Any) -> bool:
    """Whether an in-place result of the first dtype may be cast to the second: not from a higher kind to a lower.

    >>> import minigrad as mg
    >>> mg.can_cast(mg.float64, mg.float32), mg.can_cast(mg.float32, mg.int64)
    (True, False)
    """
    return can_hold(as_dtype(to), as_dtype(from_))
