"""Padding and cropping (N35–N37).

    pad with a constant ↔ crop        take ↔ take_adjoint (the other borders)

Every border but a constant one is a reading of the input by index along each
axis, so its VJP adds the border's gradient back onto its source.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dtypes import refuse_overflow
from ..errors import ArgumentError, ShapeError
from ..geometry import pairs
from ..kernels import indexing as kernels
from ..kernels.indexing import Index
from ..operands import as_number, as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .indexing import getitem_primitive

Widths = tuple[tuple[int, int], ...]

# Our names, PyTorch's and NumPy's -> NumPy's.
_MODES = {
    "constant": "constant", "zero": "constant", "zeros": "constant",
    "reflect": "reflect", "symmetric": "symmetric",
    "replicate": "edge", "edge": "edge",
    "circular": "wrap", "wrap": "wrap",
}  # fmt: skip


def _inside(widths: Widths, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Where an unpadded tensor of `shape` lies in the padded one."""
    return tuple(slice(before, before + n) for (before, _), n in zip(widths, shape, strict=True))


@primitive("y = x in a border of a constant", vjp="x̄ = g without the border", notes=("N35", "N37"), quiet=True)
def pad_constant(x: Array, *, widths: Widths, value: float) -> Array:
    """A constant border; the adjoint of cropping where the constant is 0."""
    shape = tuple(n + before + after for n, (before, after) in zip(x.shape, widths, strict=True))
    out = np.full_like(x, value, shape=shape)
    out[_inside(widths, x.shape)] = x
    return out


pad_constant.defvjp(
    x=lambda g, x_shape, widths: getitem_primitive(g, index=Index([_inside(widths, x_shape)])),
)
pad_constant.defjvp(x=lambda t, widths: pad_constant(t, widths=widths, value=0))


@primitive(
    "y = the slices of x at index along an axis",
    vjp="x̄ = g added back at index",
    notes=("N36", "N37"),
    quiet=True,
    linear=True,
)
def take(x: Array, *, index: Array, axis: int) -> Array:
    """Slices along an axis, by number; the adjoint of `take_adjoint`."""
    return kernels.take(x, index, axis)


@primitive(
    "y = zeros with the slices of x added at index along an axis",
    vjp="x̄ = the slices of g at index",
    notes=("N36",),
    linear=True,
)
def take_adjoint(x: Array, *, index: Array, axis: int, size: int) -> Array:
    """Slices added along an axis, by number: the border folded back; the adjoint of `take`."""
    return kernels.take_adjoint(x, index, axis, size)


take.defvjp(x=lambda g, x_shape, index, axis: take_adjoint(g, index=index, axis=axis, size=x_shape[axis]))
take_adjoint.defvjp(x=lambda g, index, axis: take(g, index=index, axis=axis))


def _trailing(x: Tensor, widths: Any, name: str) -> Widths:
    """A pair for every axis of x; `widths` speaks of the last ones."""
    given = pairs(widths, len(widths) if isinstance(widths, Sequence) else x.ndim)
    if any(max(pair) >= 2**59 for pair in given):
        raise ArgumentError(f"{name} by {widths}: no memory holds so many elements")
    if len(given) > x.ndim:
        raise ShapeError(f"{name} got {len(given)} pairs for a tensor of shape {x.shape}; give at most one per axis")
    return ((0, 0),) * (x.ndim - len(given)) + given


@function
def pad(input: Tensor, widths: Any, mode: str = "constant", value: float = 0) -> Tensor:
    """`x` inside a border.

    (*a, *n) -> (*a, *(before + n + after))

    `widths`: a pair (before, after) for each of the *last* axes, first axis
    first, so that ((1, 1), (2, 2)) pads an image's rows by 1 and columns by 2
    whatever comes before them; one integer pads every axis. (`nn.functional.pad`
    takes PyTorch's flat, last-axis-first order.)

    `mode`: 'constant' (the `value`; 'zero' is the same), 'reflect' (mirrored
    without the edge), 'symmetric' (mirrored with it), 'replicate' (the edge
    repeated), 'circular' (from the other side). N35–N37, X80.

    Raises `ArgumentError` for another mode, a negative width or a value that the
    dtype cannot hold, `ShapeError` for a border that is wider than what it mirrors.

    >>> import minigrad as mg
    >>> mg.pad(mg.tensor([1., 2., 3.]), ((2, 1),), "reflect")
    tensor([3., 2., 1., 2., 3., 2.])
    """
    input = as_operand(input, "pad")
    full = _trailing(input, widths, "pad")
    kind = _MODES.get(mode) if isinstance(mode, str) else None
    if kind is None:
        raise ArgumentError(
            f"pad got mode={mode!r}; the modes are constant, reflect, symmetric, replicate and circular"
        )
    if kind == "constant":
        as_number(value, "pad")
        refuse_overflow(value, input.dtype, "pad")
        if input.dtype.kind != "f" and value != int(value):
            raise ArgumentError(
                f"pad of a tensor of {input.dtype} with {value}, which it cannot hold; convert it first"
            )
        return pad_constant(input, widths=full, value=value)
    for axis, width in enumerate(full):
        if max(width) == 0:
            continue
        n = input.shape[axis]
        limit = {"reflect": n - 1, "edge": None if n else 0}.get(kind, n)
        if limit is not None and max(width) > limit:
            raise ShapeError(
                f"pad with mode={mode!r} by {width} along axis {axis} of size {n}: at most {max(limit, 0)} on each "
                "side, since there is no more to take the border from"
            )
        index = np.pad(np.arange(n), width, mode=kind)  # type: ignore[call-overload]
        input = take(input, index=index, axis=axis)
    return input


@function
def crop(input: Tensor, widths: Any) -> Tensor:
    """`x` without a border of these widths, given as for `pad`; its adjoint is zero padding (N35).

    (*a, *(before + n + after)) -> (*a, *n). Raises `ShapeError` where more would be
    cut away than there is, `ArgumentError` for a negative width.

    >>> import minigrad as mg
    >>> mg.crop(mg.tensor([0., 1., 2., 0.]), 1)
    tensor([1., 2.])
    """
    input = as_operand(input, "crop")
    full = _trailing(input, widths, "crop")
    sizes = tuple(n - before - after for n, (before, after) in zip(input.shape, full, strict=True))
    if min(sizes, default=0) < 0:
        raise ShapeError(f"crop of shape {input.shape} by {full}: more would be cut away than there is")
    return getitem_primitive(input, index=Index([_inside(full, sizes)]))
