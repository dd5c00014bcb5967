"""Arithmetic: element-wise primitives of one and two operands, each with its VJP below it.

Operands are promoted and broadcast as in PyTorch; the gradient of an operand
that was broadcast is summed back to its shape.
"""

from typing import Any

import numpy as np

from ..dtypes import refuse_overflow
from ..errors import ArgumentError
from ..kernels.elementwise import in_order
from ..operands import as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .comparison import where
from .elementary import trunc, zeros_like


@primitive("y = a + b", vjp="ā = g, b̄ = g", notes=("N139",), broadcast=True)
def add_primitive(a: Array, b: Array) -> Array:
    """The sum, element by element."""
    return in_order(np.add, a, b)


add_primitive.defvjp(a=lambda g: g, b=lambda g: g)


@function
def add(input: Any, other: Any, *, alpha: float = 1) -> Tensor:
    """Add two tensors: y = a + α·b (N139: the skip connection; its VJP sends g both ways).

    (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.add(mg.tensor([1., 2.]), 10)
    tensor([11., 12.])
    """
    return add_primitive(input, other if alpha == 1 else mul(other, alpha))


@primitive("y = a − b", vjp="ā = g, b̄ = −g", broadcast=True)
def sub_primitive(a: Array, b: Array) -> Array:
    """The difference, element by element."""
    return in_order(np.subtract, a, b)


sub_primitive.defvjp(a=lambda g: g, b=lambda g: -g)


@function
def sub(input: Any, other: Any, *, alpha: float = 1) -> Tensor:
    """Subtract: y = a − α·b.

    (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit, `DTypeError` for two bools.

    >>> import minigrad as mg
    >>> mg.sub(mg.tensor([1., 2.]), 1)
    tensor([0., 1.])
    """
    return sub_primitive(input, other if alpha == 1 else mul(other, alpha))


@primitive("y = a·b", vjp="ā = g·b, b̄ = g·a", notes=("N66",), broadcast=True)
def mul(a: Array, b: Array) -> Array:
    """Multiply element by element: y = a·b (N66: the gain of a map).

    (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.mul(mg.tensor([1., 2.]), 3)
    tensor([3., 6.])
    """
    return in_order(np.multiply, a, b)


mul.defvjp(a=lambda g, b: g * b, b=lambda g, a: g * a)


@primitive("y = a/b", vjp="ā = g/b, b̄ = −g·y/b", broadcast=True, floating=True)
def div_primitive(a: Array, b: Array) -> Array:
    """The quotient, element by element."""
    return in_order(np.true_divide, a, b)


div_primitive.defvjp(a=lambda g, b: g / b, b=lambda g, b, y: -(g * (y / b)))


@function
def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """Divide: y = a/b; integers give floats. `rounding_mode` 'floor' rounds down, 'trunc' towards zero.

    (*), (*) -> (*) after broadcasting. Raises `ArgumentError` for another mode, and for
    integers rounded after a division by 0; `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.div(mg.tensor([1, 3]), 2)
    tensor([0.5000, 1.5000])
    """
    if rounding_mode is None:
        return div_primitive(input, other)
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode == "trunc":
        down = floor_divide(input, other)
        if down.dtype.kind == "f":
            return trunc(div_primitive(input, other))
        return where((down < 0) & (mul(down, other) != input), down + 1, down)  # type: ignore[no-any-return]
    raise ArgumentError(f"div got rounding_mode={rounding_mode!r}; it is None, 'floor' or 'trunc'")


def _refuse_integer_zero(b: Array, name: str) -> None:
    if b.dtype.kind in "iu" and not b.all():
        raise ArgumentError(
            f"{name} of integers by 0: there is no integer to return. Convert first for ∞ or NaN: t.float()"
        )


@primitive("y = ⌊a/b⌋", vjp="ā = 0, b̄ = 0", broadcast=True)
def floor_divide(a: Array, b: Array) -> Array:
    """Divide and round down: y = ⌊a/b⌋; the gradient is 0.

    (*), (*) -> (*) after broadcasting. Raises `ArgumentError` for integers divided by 0,
    `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.floor_divide(mg.tensor([7, -7]), 2)
    tensor([ 3, -4])
    """
    _refuse_integer_zero(b, "floor_divide")
    return np.floor_divide(a, b)


floor_divide.defvjp(a=zeros_like, b=zeros_like)


@primitive("y = a − b·⌊a/b⌋", vjp="ā = g, b̄ = −g·⌊a/b⌋", broadcast=True)
def remainder(a: Array, b: Array) -> Array:
    """The remainder y = a − b·⌊a/b⌋, with the sign of the divisor, as Python's %.

    (*), (*) -> (*) after broadcasting. Raises `ArgumentError` for integers divided by 0,
    `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.remainder(mg.tensor([7, -7]), 3)
    tensor([1, 2])
    """
    _refuse_integer_zero(b, "remainder")
    return np.remainder(a, b)


remainder.defvjp(a=lambda g: g, b=lambda g, a, b: -(g * floor_divide(a, b)))


@primitive("y = −x", vjp="x̄ = −g", broadcast=True)
def neg(x: Array) -> Array:
    """Change the sign: y = −x.

    (*) -> (*). Raises `DTypeError` for bools.

    >>> import minigrad as mg
    >>> mg.neg(mg.tensor([1., -2.]))
    tensor([-1.,  2.])
    """
    return np.negative(x)


neg.defvjp(x=lambda g: -g)


@primitive("y = max(a, b)", vjp="ā = g·[a > b], b̄ = g·[b > a], half each where equal", broadcast=True)
def maximum(a: Array, b: Array) -> Array:
    """The larger of two, element by element; NaN wins. Equal operands share the gradient, as in PyTorch.

    (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.maximum(mg.tensor([1., 5.]), 3)
    tensor([3., 5.])
    """
    return np.maximum(a, b)


maximum.defvjp(
    a=lambda g, a, b: where(a == b, g * 0.5, where(a < b, 0, g)),
    b=lambda g, a, b: where(a == b, g * 0.5, where(b < a, 0, g)),
)


@primitive("y = min(a, b)", vjp="ā = g·[a < b], b̄ = g·[b < a], half each where equal", broadcast=True)
def minimum(a: Array, b: Array) -> Array:
    """The smaller of two, element by element; NaN wins. Equal operands share the gradient, as in PyTorch.

    (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.minimum(mg.tensor([1., 5.]), 3)
    tensor([1., 3.])
    """
    return np.minimum(a, b)


minimum.defvjp(
    a=lambda g, a, b: where(a == b, g * 0.5, where(a > b, 0, g)),
    b=lambda g, a, b: where(a == b, g * 0.5, where(b > a, 0, g)),
)


@primitive("y = max(x, l)", vjp="x̄ = g·[x ≥ l], l̄ = g·[x < l]", broadcast=True)
def clamp_min_primitive(x: Array, low: Array) -> Array:
    """x, but at least l."""
    return np.maximum(x, low)


clamp_min_primitive.defvjp(
    x=lambda g, x, low: where(x >= low, g, 0),
    low=lambda g, x, low: where(x < low, g, 0),
)


@primitive("y = min(x, h)", vjp="x̄ = g·[x ≤ h], h̄ = g·[x > h]", broadcast=True)
def clamp_max_primitive(x: Array, high: Array) -> Array:
    """x, but at most h."""
    return np.minimum(x, high)


clamp_max_primitive.defvjp(
    x=lambda g, x, high: where(x <= high, g, 0),
    high=lambda g, x, high: where(x > high, g, 0),
)


@primitive("y = min(max(x, l), h)", vjp="x̄ = g·[l ≤ x ≤ h], l̄ = g·[x < l < h], h̄ = g·[x > h or h < l]", broadcast=True)
def clamp_both(x: Array, low: Array, high: Array) -> Array:
    """x, but at least l and at most h; h where they cross."""
    return np.minimum(np.maximum(x, low), high)


clamp_both.defvjp(
    x=lambda g, x, low, high: where((x >= low) & (x <= high), g, 0),
    low=lambda g, x, low, high: where((x < low) & (low < high), g, 0),
    high=lambda g, x, low, high: where((x > high) | (high < low), g, 0),
)


@function
def clamp(input: Tensor, min: Tensor | float | None = None, max: Tensor | float | None = None) -> Tensor:
    """Limit to [min, max], each a number, a tensor or None; the gradient passes where x is inside, bounds included.

    (*), (*), (*) -> (*) after broadcasting. Raises `ArgumentError` where both bounds are missing or the
    dtype cannot hold one, `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.clamp(mg.tensor([-1., 0.5, 2.]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    for bound in (min, max):
        if isinstance(bound, int | np.integer) and isinstance(input, Tensor):
            refuse_overflow(bound, input.dtype, "clamp")
    if min is not None and max is not None:
        return clamp_both(input, min, max)
    if min is not None:
        return clamp_min_primitive(input, min)
    if max is not None:
        return clamp_max_primitive(input, max)
    raise ArgumentError("clamp got neither min nor max; give at least one bound")


@function
def clip(input: Tensor, min: Tensor | float | None = None, max: Tensor | float | None = None) -> Tensor:
    """NumPy's name for `clamp`.

    (*), (*), (*) -> (*) after broadcasting. Raises as `clamp`.

    >>> import minigrad as mg
    >>> mg.clip(mg.tensor([-1., 2.]), max=1)
    tensor([-1.,  1.])
    """
    return clamp(input, min, max)


@function
def clamp_min(input: Tensor, min: Tensor | float) -> Tensor:
    """x, but at least `min`; the gradient passes where x is not below it.

    (*), (*) -> (*) after broadcasting. Raises as `clamp`.

    >>> import minigrad as mg
    >>> mg.clamp_min(mg.tensor([-1., 2.]), 0)
    tensor([0., 2.])
    """
    return clamp(input, min=min)


@function
def clamp_max(input: Tensor, max: Tensor | float) -> Tensor:
    """x, but at most `max`; the gradient passes where x is not above it.

    (*), (*) -> (*) after broadcasting. Raises as `clamp`.

    >>> import minigrad as mg
    >>> mg.clamp_max(mg.tensor([-1., 2.]), 0)
    tensor([-1.,  0.])
    """
    return clamp(input, max=max)


@function
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """x + value·tensor1·tensor2.

    (*), (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.addcmul(mg.ones(2), mg.tensor([1., 2.]), mg.tensor([3., 4.]), value=0.5)
    tensor([2.5000, 5.0000])
    """
    return add(input, mul(mul(tensor1, tensor2), value))


@function
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """x + value·tensor1/tensor2.

    (*), (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.addcdiv(mg.ones(2), mg.tensor([1., 2.]), mg.tensor([2., 4.]))
    tensor([1.5000, 1.5000])
    """
    return add(input, mul(div(tensor1, tensor2), value))


@function
def lerp(input: Tensor, end: Tensor, weight: Tensor | float) -> Tensor:
    """Between start and end: start + weight·(end − start).

    (*), (*), (*) -> (*) after broadcasting. Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.lerp(mg.tensor([0.]), mg.tensor([10.]), 0.25)
    tensor([2.5000])
    """
    # From the nearer end, so that weight 1 gives `end` exactly, as in PyTorch.
    weight = weight if isinstance(weight, int | float) else as_operand(weight, "lerp")
    step = sub(end, input)
    from_start, from_end = add(input, mul(step, weight)), sub(end, mul(step, sub(1, weight)))
    if isinstance(weight, Tensor):
        return where(abs(weight) < 0.5, from_start, from_end)  # type: ignore[no-any-return]
    return from_start if abs(weight) < 0.5 else from_end
