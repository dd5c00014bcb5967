"""Comparisons, logic and choice. Comparisons give bool tensors, which have no gradient."""

import math
from typing import Any

import numpy as np

from ..dtypes import refuse_overflow
from ..errors import ArgumentError, DTypeError, ShapeError
from ..kernels.elementwise import choose, in_pieces
from ..operands import as_filling, as_flag, as_number, as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor


@primitive("y = [a = b]", broadcast=True)
def eq(a: Array, b: Array) -> Array:
    """Where a equals b.

    (*), (*) -> (*) of bools, after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.eq(mg.tensor([1, 2]), 2)
    tensor([False,  True])
    """
    return np.equal(a, b)


@primitive("y = [a ≠ b]", broadcast=True)
def ne(a: Array, b: Array) -> Array:
    """Where a differs from b.

    (*), (*) -> (*) of bools, after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.ne(mg.tensor([1, 2]), 2)
    tensor([ True, False])
    """
    return np.not_equal(a, b)


@primitive("y = [a < b]", broadcast=True)
def lt(a: Array, b: Array) -> Array:
    """Where a is less than b.

    (*), (*) -> (*) of bools, after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.lt(mg.tensor([1, 2]), 2)
    tensor([ True, False])
    """
    return np.less(a, b)


@primitive("y = [a ≤ b]", broadcast=True)
def le(a: Array, b: Array) -> Array:
    """Where a is less than b or equal.

    (*), (*) -> (*) of bools, after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.le(mg.tensor([1, 2, 3]), 2)
    tensor([ True,  True, False])
    """
    return np.less_equal(a, b)


@primitive("y = [a > b]", broadcast=True)
def gt(a: Array, b: Array) -> Array:
    """Where a is greater than b.

    (*), (*) -> (*) of bools, after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.gt(mg.tensor([1, 2, 3]), 2)
    tensor([False, False,  True])
    """
    return np.greater(a, b)


@primitive("y = [a ≥ b]", broadcast=True)
def ge(a: Array, b: Array) -> Array:
    """Where a is greater than b or equal.

    (*), (*) -> (*) of bools, after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.ge(mg.tensor([1, 2, 3]), 2)
    tensor([False,  True,  True])
    """
    return np.greater_equal(a, b)


@primitive("y = a ∧ b", broadcast=True)
def logical_and(a: Array, b: Array) -> Array:
    """Where both are non-zero.

    (*), (*) -> (*) of bools, after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.logical_and(mg.tensor([True, True]), mg.tensor([True, False]))
    tensor([ True, False])
    """
    return np.logical_and(a, b)


@primitive("y = a ∨ b", broadcast=True)
def logical_or(a: Array, b: Array) -> Array:
    """Where at least one is non-zero.

    (*), (*) -> (*) of bools, after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.logical_or(mg.tensor([True, False]), mg.tensor([False, False]))
    tensor([ True, False])
    """
    return np.logical_or(a, b)


@primitive("y = a ⊻ b", broadcast=True)
def logical_xor(a: Array, b: Array) -> Array:
    """Where exactly one is non-zero.

    (*), (*) -> (*) of bools, after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.logical_xor(mg.tensor([True, True]), mg.tensor([True, False]))
    tensor([False,  True])
    """
    return np.logical_xor(a, b)


@primitive("y = ¬x", broadcast=True)
def logical_not(x: Array) -> Array:
    """Where x is zero.

    (*) -> (*) of bools

    >>> import minigrad as mg
    >>> mg.logical_not(mg.tensor([0, 5]))
    tensor([ True, False])
    """
    return np.logical_not(x)


@primitive("y = a & b, bit by bit", broadcast=True)
def bitwise_and(a: Array, b: Array) -> Array:
    """Bit-wise and, of integers or bools.

    (*), (*) -> (*) after broadcasting. Raises `DTypeError` for floats, `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.bitwise_and(mg.tensor([6, 5]), 3)
    tensor([2, 1])
    """
    return np.bitwise_and(a, b)


@primitive("y = a | b, bit by bit", broadcast=True)
def bitwise_or(a: Array, b: Array) -> Array:
    """Bit-wise or, of integers or bools.

    (*), (*) -> (*) after broadcasting. Raises `DTypeError` for floats, `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.bitwise_or(mg.tensor([6, 5]), 3)
    tensor([7, 7])
    """
    return np.bitwise_or(a, b)


@primitive("y = a ^ b, bit by bit", broadcast=True)
def bitwise_xor(a: Array, b: Array) -> Array:
    """Bit-wise exclusive or, of integers or bools.

    (*), (*) -> (*) after broadcasting. Raises `DTypeError` for floats, `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.bitwise_xor(mg.tensor([6, 5]), 3)
    tensor([5, 6])
    """
    return np.bitwise_xor(a, b)


@primitive("y = ~x, bit by bit", broadcast=True)
def bitwise_not(x: Array) -> Array:
    """Bit-wise not, of integers or bools.

    (*) -> (*). Raises `DTypeError` for floats.

    >>> import minigrad as mg
    >>> mg.bitwise_not(mg.tensor([0, 5]))
    tensor([-1, -6])
    """
    return np.invert(x)


@primitive("y = [x is NaN]", broadcast=True)
def isnan(x: Array) -> Array:
    """Where x is not a number.

    (*) -> (*) of bools

    >>> import minigrad as mg
    >>> mg.isnan(mg.tensor([1., float("nan")]))
    tensor([False,  True])
    """
    return np.isnan(x)


@primitive("y = [|x| = ∞]", broadcast=True)
def isinf(x: Array) -> Array:
    """Where x is infinite.

    (*) -> (*) of bools

    >>> import minigrad as mg
    >>> mg.isinf(mg.tensor([1., -float("inf")]))
    tensor([False,  True])
    """
    return np.isinf(x)


@primitive("y = [x is finite]", broadcast=True)
def isfinite(x: Array) -> Array:
    """Where x is neither NaN nor infinite.

    (*) -> (*) of bools

    >>> import minigrad as mg
    >>> mg.isfinite(mg.tensor([1., float("inf"), float("nan")]))
    tensor([ True, False, False])
    """
    return np.isfinite(x)


@primitive(
    "y = a where the condition holds, else b",
    vjp="ā = g where it holds, b̄ = g elsewhere",
    broadcast=True,
    conditions=1,
    keywords=("condition", "input", "other"),
)
def where_primitive(condition: Array, a: Array, b: Array) -> Array:
    """Choose between two operands by a bool condition."""
    return in_pieces(choose, condition, a, b)


where_primitive.defvjp(
    a=lambda g, condition: where(condition, g, 0),
    b=lambda g, condition: where(condition, 0, g),
)


@function
def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """`a` where the condition is True, `b` elsewhere; with the condition alone, the indices where it is.

    (*), (*), (*) -> (*) after broadcasting. The branch that is not taken gets
    a gradient of exactly 0, whatever its value.

    Raises `DTypeError` for a condition that is not bool, `ShapeError` where the
    shapes do not fit.

    >>> import minigrad as mg
    >>> x = mg.tensor([1., -2.])
    >>> mg.where(x > 0, x, 0)
    tensor([1., 0.])
    """
    mask = as_operand(condition, "where")
    if input is None and other is None:
        return tuple(Tensor._wrap(index) for index in np.nonzero(np.atleast_1d(mask._array)))
    if mask.dtype.kind != "b":
        raise DTypeError(f"where got a condition of {mask.dtype}; it must be bool, for example x > 0")
    for one, against in ((input, other), (other, input)):
        if isinstance(one, int | np.integer) and isinstance(against, Tensor | np.ndarray):
            refuse_overflow(one, against.dtype, "where")
    return where_primitive(mask, input, other)


@function
def where_method(input: Tensor, condition: Any, other: Any) -> Any:
    """`x.where(condition, other)`: x where the condition is True, other elsewhere."""
    return where(condition, input, other)


@function
def masked_fill(input: Tensor, mask: Any, value: Any) -> Tensor:
    """`x` with `value` where the mask is True.

    (*), (*) -> (*) after broadcasting. Raises `DTypeError` for a mask that is not bool, `ShapeError` where
    the shapes do not fit, `ArgumentError` for a value that an integer dtype cannot hold.

    >>> import minigrad as mg
    >>> mg.masked_fill(mg.tensor([1., 2.]), mg.tensor([True, False]), 9)
    tensor([9., 2.])
    """
    if as_operand(mask, "masked_fill").dtype.kind != "b":
        raise DTypeError(
            f"masked_fill got a mask of {as_operand(mask, 'masked_fill').dtype}; it must be bool, such as x > 0"
        )
    refuse_overflow(value._array if isinstance(value, Tensor) else value, input.dtype, "masked_fill")
    return where(mask, as_filling(value, "masked_fill").to(dtype=input.dtype), input)  # type: ignore[no-any-return]


@function
def isclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Where |a − b| ≤ atol + rtol·|b|.

    (*), (*) -> (*) of bools, after broadcasting

    >>> import minigrad as mg
    >>> mg.isclose(mg.tensor([1., 2.]), mg.tensor([1. + 1e-6, 3.]))
    tensor([ True, False])
    """
    left, right = as_operand(input, "isclose"), as_operand(other, "isclose")
    rtol, atol = as_number(rtol, "isclose"), as_number(atol, "isclose")
    if not (0 <= rtol < math.inf and 0 <= atol < math.inf):
        raise ArgumentError(f"isclose got rtol={rtol} and atol={atol}; they are finite and not negative")
    try:
        with np.errstate(all="ignore"):
            close = np.isclose(left._array, right._array, rtol, atol, as_flag(equal_nan, "isclose", "equal_nan"))
    except ValueError as error:
        raise ShapeError(
            f"isclose of shapes {left.shape} and {right.shape}, which do not broadcast: from the last axis on, sizes "
            "must be equal or 1"
        ) from error
    return Tensor._wrap(np.asarray(close))


@function
def allclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether |a − b| ≤ atol + rtol·|b| everywhere.

    (*), (*) -> a bool, after broadcasting

    >>> import minigrad as mg
    >>> mg.allclose(mg.ones(2), mg.ones(2) + 1e-9)
    True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())


@function
def equal(input: Any, other: Any) -> bool:
    """Whether two tensors have the same shape and elements.

    (*), (*) -> a bool

    >>> import minigrad as mg
    >>> mg.equal(mg.ones(2), mg.ones(3))
    False
    """
    return bool(np.array_equal(as_operand(input, "equal")._array, as_operand(other, "equal")._array))
