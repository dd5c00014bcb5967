"""Whether a system is linear, and whether it is shift-invariant, tried on random signals."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..dtypes import as_dtype, get_default_dtype, is_floating
from ..errors import ArgumentError, DTypeError
from ..geometry import per_axis
from ..mode import no_grad
from ..operands import as_integer, as_number
from ..ops.padding import crop, pad
from ..ops.repetition import roll
from ..random import chosen_generator
from ..sampling import randn
from ..silence import silent
from ..tensor import Array, Tensor
from .sizes import listed

__all__ = ["is_linear", "is_shift_invariant"]

System = Callable[[Tensor], Any]
_TRIALS = 3


def _shape(shape: Any) -> tuple[int, ...]:
    return per_axis(shape, len(shape) if listed(shape) else 1, "shape")


def _kind(dtype: Any, name: str) -> Any:
    kind = get_default_dtype() if dtype is None else as_dtype(dtype)
    if not is_floating(kind):
        raise DTypeError(f"{name} got dtype={kind}; random signals are of a floating dtype")
    return kind


def _output(T: System, x: Tensor, name: str) -> Array:
    """What the system makes of a signal."""
    if not callable(T):
        raise DTypeError(f"{name} got T={T!r}; it is a function, or a layer, that makes a signal of a signal")
    y = T(x)
    if not isinstance(y, Tensor | np.ndarray):
        raise DTypeError(f"{name}: T returned a {type(y).__name__} of a signal; it must return a tensor")
    return np.array(y.detach() if isinstance(y, Tensor) else y, np.float64)


def _equal(first: Array, second: Array, tolerance: float) -> bool:
    """Whether two outputs agree, measured by the largest number in them; NaN agrees with nothing."""
    if first.shape != second.shape:
        return False
    with silent():
        scale = max(np.abs(first).max(initial=0), np.abs(second).max(initial=0))
        return bool((np.abs(first - second) <= tolerance * scale).all())


def _tolerance(tolerance: Any, dtype: Any, name: str) -> float:
    if tolerance is None:
        return float(np.sqrt(np.finfo(dtype).eps))
    return as_number(tolerance, name, "tolerance")


def is_linear(
    T: System, shape: Any, *, tolerance: float | None = None, dtype: Any = None, generator: Any = None
) -> bool:
    """Whether T(a·x) = a·T(x) and T(x₁ + x₂) = T(x₁) + T(x₂), on random signals (N9, X4).

    T: a function or a layer, tensor to tensor; `shape`: that of the signals. Outputs may differ by `tolerance` times
    their largest number, which is √ε of the dtype unless given. A yes is evidence, a no is certain. A layer with a
    bias is not linear, only affine.

    Raises `DTypeError` for what is no function, or returns no tensor, `ArgumentError`.

    >>> from minigrad import signal
    >>> signal.is_linear(lambda x: 3 * x, 8), signal.is_linear(lambda x: x * x, 8)
    (True, False)
    """
    sizes, kind = _shape(shape), _kind(dtype, "is_linear")
    allowed, source = _tolerance(tolerance, kind, "is_linear"), chosen_generator(generator)
    with no_grad():
        for _ in range(_TRIALS):
            first, second = (randn(sizes, generator=source, dtype=kind) for _ in range(2))
            factor = float(source.standard_normal())
            of_first, of_second = _output(T, first, "is_linear"), _output(T, second, "is_linear")
            if of_first.shape != of_second.shape:
                return False
            if not _equal(_output(T, first * factor, "is_linear"), factor * of_first, allowed):
                return False
            if not _equal(_output(T, first + second, "is_linear"), of_first + of_second, allowed):
                return False
    return True


def is_shift_invariant(
    T: System,
    shape: Any,
    shift: Any = 1,
    *,
    stride: Any = 1,
    margin: Any = None,
    tolerance: float | None = None,
    dtype: Any = None,
    generator: Any = None,
) -> bool:
    """Whether a shifted signal gives the shifted output, T(shift x) = shift T(x), on random signals (N9, N18, X4).

    T: a function or a layer, tensor to tensor; `shape`: that of the signals, whose last two axes (or only one) are
    moved by `shift`, a number or one per axis; with a shift per axis, as many axes as there are shifts. A
    system with a `stride` moves its output by shift/stride.

    `margin`: so many zeros stand on each side of the random part, along each axis, so that nothing reaches the
    border: a quarter of the axis unless given, on short axes 4 or what there is room for. The margin has to be as
    wide as the shift and the reach of the system together. With `margin=0` the signals go round, which is exact for
    systems with a wrapped border alone.

    Outputs may differ by `tolerance` times their largest number, √ε of the dtype unless given. A yes is evidence;
    a no is certain where the margin is wide enough.

    Raises `DTypeError` for what is no function, or returns no tensor, `ArgumentError` for a shift that moves nothing
    or is no multiple of the stride, and for margins that leave nothing.

    >>> import minigrad as mg
    >>> from minigrad import signal
    >>> signal.is_shift_invariant(lambda x: x * x, 16), signal.is_shift_invariant(lambda x: x * mg.arange(16), 16)
    (True, False)
    """
    sizes, kind = _shape(shape), _kind(dtype, "is_shift_invariant")
    allowed, source = _tolerance(tolerance, kind, "is_shift_invariant"), chosen_generator(generator)
    shifts, outputs, border = _moves(sizes, shift, stride, margin)
    ends = tuple(range(-len(shifts), 0))
    with no_grad():
        for _ in range(_TRIALS):
            x = pad(crop(randn(sizes, generator=source, dtype=kind), border), border)
            expected = _output(T, x, "is_shift_invariant")
            found = _output(T, roll(x, shifts, ends), "is_shift_invariant")
            if expected.ndim < len(ends) or not _equal(found, np.roll(expected, outputs, ends), allowed):
                return False
    return True


def _moves(sizes: tuple[int, ...], shift: Any, stride: Any, margin: Any) -> tuple[Any, Any, Any]:
    """How far signals and outputs move along each of the last axes, and the zeros before and behind."""
    axes = len(shift) if listed(shift) else min(len(sizes), 2)
    if axes > len(sizes):
        raise ArgumentError(
            f"is_shift_invariant got shift={shift!r} for signals of shape {sizes}; there is an axis for each shift"
        )
    given = shift if listed(shift) else (shift,) * axes
    shifts = tuple(as_integer(one, "is_shift_invariant", "shift") for one in given)
    steps = per_axis(stride, axes, "stride")
    if any(one % step for one, step in zip(shifts, steps, strict=True)):
        raise ArgumentError(
            f"is_shift_invariant got shift={shift!r} and stride={stride!r}: the output can only move by whole steps, "
            "so the shift is a multiple of the stride"
        )
    last = sizes[len(sizes) - axes :]
    if not any(one % n for one, n in zip(shifts, last, strict=True)):
        raise ArgumentError(
            f"is_shift_invariant got shift={shift!r} for signals of shape {sizes}, which moves nothing; shift by 1 or "
            "more elements"
        )
    room = tuple(max(n // 4, min(4, (n - 1) // 2)) for n in last)
    widths = room if margin is None else per_axis(margin, axes, "margin", 0)
    if any(2 * width >= n for width, n in zip(widths, last, strict=True)):
        raise ArgumentError(
            f"is_shift_invariant got margin={margin!r} for signals of shape {sizes}: nothing is left between the "
            "margins; make the signals longer"
        )
    outputs = tuple(one // step for one, step in zip(shifts, steps, strict=True))
    return shifts, outputs, tuple((width, width) for width in widths)
