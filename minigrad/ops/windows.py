"""Windows along an axis: the method `unfold` and its adjoint.

windows ↔ windows_adjoint, each the VJP of the other.
"""

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..operands import as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .axes import axis_of, whole
from .shape import reshape


@primitive(
    "y = the windows of x along an axis", vjp="x̄ = the windows of g added back", quiet=True, view=True, linear=True
)
def windows_primitive(x: Array, *, axis: int, size: int, step: int) -> Array:
    """Every step-th window along an axis, its elements along a new last axis; the adjoint of `windows_adjoint`."""
    found = np.lib.stride_tricks.sliding_window_view(x, size, axis) if size else np.empty((*_room(x, axis), 0), x.dtype)
    return found[(*(slice(None),) * axis, slice(None, None, step))]


def _room(x: Array, axis: int) -> tuple[int, ...]:
    """The shape of x with one more element along the axis: so many windows of size 0 there are."""
    return (*x.shape[:axis], x.shape[axis] + 1, *x.shape[axis + 1 :])


@primitive("y = windows added up where they overlap", vjp="x̄ = the windows of g", quiet=True, linear=True)
def windows_adjoint(x: Array, *, axis: int, step: int, length: int) -> Array:
    """Windows, their elements along the last axis, added back to the axis that they were cut from."""
    out = np.zeros((*x.shape[:axis], length, *x.shape[axis + 1 : -1]), x.dtype)
    lead = (slice(None),) * axis
    reach = step * (x.shape[axis] - 1) + 1
    for place in range(x.shape[-1] if x.shape[axis] else 0):
        out[(*lead, slice(place, place + reach, step))] += x[..., place]
    return out


windows_primitive.defvjp(
    x=lambda g, x_shape, axis, step: windows_adjoint(g, axis=axis, step=step, length=x_shape[axis])
)
windows_adjoint.defvjp(x=lambda g, x_shape, axis, step: windows_primitive(g, axis=axis, size=x_shape[-1], step=step))


@function
def windows(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """All windows of `size` elements along an axis, `step` apart, as a new last axis; shares memory.

    (*a, n, *c) -> (*a, ⌊(n − size)/step⌋ + 1, *c, size). Raises `ShapeError` where a window is longer
    than the axis, `ArgumentError` for a step below 1 or a negative size.
    """
    x = as_operand(input, "unfold")
    axis, length, stride = axis_of(dimension, x.ndim, "unfold"), whole(size, "unfold"), whole(step, "unfold")
    if length < 0 or not 0 < stride < 2**59:
        raise ArgumentError(f"unfold got windows of size {length} with step {stride}; a step is at least 1")
    if x.ndim == 0 and length <= 1:
        return reshape(x, (1,))[:length]
    if x.ndim == 0 or length > x.shape[axis]:
        raise ShapeError(
            f"unfold of shape {x.shape}: windows of {length} elements do not fit an axis of size "
            f"{x.shape[axis] if x.ndim else 1}"
        )
    return windows_primitive(x, axis=axis, size=length, step=stride)
