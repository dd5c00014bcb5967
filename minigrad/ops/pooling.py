"""Pooling over one to three spatial axes (N86–N88, N128, N129).

max_pool: `select` of the winners      select ↔ place
avg_pool: `window_sum` over counts     window_sum ↔ window_spread
"""

import math
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, ShapeError
from ..geometry import Geometry, Padding, remembered
from ..kernels import pool as kernels
from ..mode import is_grad_enabled
from ..operands import as_flag, as_integer, as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .arithmetic import div

_HALF = np.dtype(np.float16)

# -------------------------------------------------------------- primitives


@primitive(
    "y = max of x in each window", vjp="x̄ = g, all of it to the winners", notes=("N87", "N128", "X21"), aux=("winners",)
)
def max_pool_primitive(x: Array, *, geometry: Geometry, named: bool = True) -> tuple[Array, Array | None]:
    """The maxima, and, if it is to be named, which kernel element won in each window: the first in row-major order."""
    return kernels.max_pool(x, geometry, named)


@primitive(
    "y = the chosen x in each window", vjp="x̄ = g at the chosen, 0 elsewhere", notes=("N128",), quiet=True, linear=True
)
def select(x: Array, *, winners: Array, geometry: Geometry) -> Array:
    """One element of each window; the adjoint of `place`."""
    return kernels.select(x, winners, geometry)


@primitive(
    "y = x added at the chosen place of each window",
    vjp="x̄ = the chosen g of each window",
    notes=("N128",),
    linear=True,
)
def place(x: Array, *, winners: Array, geometry: Geometry) -> Array:
    """Each value added where `select` reads; its adjoint."""
    return kernels.place(x, winners, geometry)


max_pool_primitive.defvjp(x=lambda g, winners, geometry: place(g, winners=winners, geometry=geometry))
max_pool_primitive.defjvp(x=lambda t, winners, geometry: select(t, winners=winners, geometry=geometry))
select.defvjp(x=lambda g, winners, geometry: place(g, winners=winners, geometry=geometry))
place.defvjp(x=lambda g, winners, geometry: select(g, winners=winners, geometry=geometry))


@primitive(
    "y = Σ of x in each window / divisor",
    vjp="x̄ = g / divisor added to its whole window",
    notes=("N88", "N129"),
    linear=True,
)
def window_sum(x: Array, *, geometry: Geometry, divisor: Array | int | None) -> Array:
    """The sum of each window, over a number or, for each window, one of its own; the adjoint of `window_spread`."""
    return kernels.window_sum(x, geometry, divisor)


@primitive(
    "y = x / divisor added to its whole window",
    vjp="x̄ = Σ of g in each window / divisor",
    notes=("N129",),
    linear=True,
)
def window_spread(x: Array, *, geometry: Geometry, divisor: Array | int | None) -> Array:
    """Each value over its divisor, added to its whole window; the adjoint of `window_sum`."""
    return kernels.window_spread(x, geometry, divisor)


window_sum.defvjp(x=lambda g, geometry, divisor: window_spread(g, geometry=geometry, divisor=divisor))
window_spread.defvjp(x=lambda g, geometry, divisor: window_sum(g, geometry=geometry, divisor=divisor))

# ------------------------------------------------------------------ layers


def check_maps(x: tuple[int, ...], axes: int, name: str) -> None:
    """Raise `ShapeError` where x is not (N, C, *n) or (C, *n) with so many spatial axes."""
    if len(x) not in (axes + 1, axes + 2):
        raise ShapeError(
            f"{name} got an input of shape {x}; it needs {axes + 2} axes (batch, channels, {axes} spatial), or "
            f"{axes + 1} without the batch"
        )


Window = tuple[Geometry, tuple[tuple[int, int], ...]]


@remembered
def _window(
    x: tuple[int, ...], axes: int, name: str, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: int
) -> Window:
    """The geometry, and the padding that was asked for."""
    check_maps(x, axes, name)
    geometry = Geometry.pooling(x[-axes:], kernel, stride, padding, dilation, bool(ceil_mode), name)
    return geometry, geometry.asked(padding)


def _plane_indices(winners: Array, geometry: Geometry) -> Array:
    """The winners as row-major numbers in the unpadded spatial plane, as PyTorch's indices are."""
    offsets = np.unravel_index(winners.astype(np.intp), geometry.kernel)
    flat = np.zeros(winners.shape, np.int64)
    for axis, offset in enumerate(offsets):
        shape = [1] * len(geometry.outputs)
        shape[axis] = -1
        start = (np.arange(geometry.outputs[axis]) * geometry.stride[axis] - geometry.padding[axis][0]).reshape(shape)
        flat = flat * geometry.inputs[axis] + (start + offset * geometry.dilation[axis])
    return flat


def _max_pool(
    axes: int, x: Any, kernel_size: Any, stride: Any, padding: Padding, dilation: Any, ceil_mode: bool, indices: bool
) -> Any:
    name = f"max_pool{axes}d"
    x = as_operand(x, name)
    if x.dtype.kind == "b":
        raise DTypeError(f"{name} of a bool tensor; convert first, for example t.float()")
    ceil = int(as_flag(ceil_mode, name, "ceil_mode"))
    geometry, _ = _window(x._array.shape, axes, name, kernel_size, stride, padding, dilation, ceil)
    if not as_flag(indices, name, "return_indices"):
        return max_pool_primitive(x, geometry=geometry, named=x.requires_grad and is_grad_enabled())
    winners = kernels.max_pool(x._array, geometry)[1]
    assert winners is not None
    return select(x, winners=winners, geometry=geometry), Tensor._wrap(_plane_indices(winners, geometry))


def _avg_pool(
    axes: int,
    x: Any,
    kernel_size: Any,
    stride: Any,
    padding: Padding,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    name = f"avg_pool{axes}d"
    x = as_operand(x, name)
    count_include_pad = as_flag(count_include_pad, name, "count_include_pad")
    ceil = int(as_flag(ceil_mode, name, "ceil_mode"))
    geometry, asked = _window(x._array.shape, axes, name, kernel_size, stride, padding, 1, ceil)
    if axes == 3 and any(n + sum(p) < k for n, p, k in zip(x.shape[-3:], asked, geometry.kernel, strict=True)):
        raise ShapeError(
            f"{name} with kernel_size {geometry.kernel} of an input of shape {x.shape}: the kernel is larger than the "
            "padded input, with ceil_mode too. Use a smaller kernel"
        )
    dtype = x.dtype
    if dtype == _HALF:  # the sum of a window may be too large for it, the mean is not
        wide = x.to(dtype=np.float32)
        return _avg_pool(axes, wide, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override).to(
            dtype=np.float16
        )
    if dtype.kind != "f" and dtype != np.int64:
        raise DTypeError(f"{name} of a tensor of {dtype}; it takes floats, and int64. Convert first, by t.float()")
    if divisor_override is not None:
        if as_integer(divisor_override, name, "divisor_override") == 0:
            raise ArgumentError(f"{name} got divisor_override=0; the sum cannot be divided by it")
        # The mean of int64 is int64, as in PyTorch: what it lacks to a whole number is cut.
        return div(
            window_sum(x, geometry=geometry, divisor=None),
            divisor_override,
            rounding_mode=None if x.dtype.kind == "f" else "trunc",
        )
    divisor: Any = math.prod(geometry.kernel)
    if geometry.padding != asked or (not count_include_pad and any(pair != (0, 0) for pair in asked)):
        divisor = kernels.window_count(geometry, asked if count_include_pad else None).astype(x.dtype)
    if dtype.kind == "f":
        return window_sum(x, geometry=geometry, divisor=divisor)
    return div(window_sum(x, geometry=geometry, divisor=None), divisor, rounding_mode="trunc")


@function
def max_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Padding = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest element of each window: (N, C, n) or (C, n) -> (N, C, o) or (C, o). See `max_pool2d`.

    >>> import minigrad as mg
    >>> mg.max_pool1d(mg.tensor([[1., 3., 2., 5.]]), 2)
    tensor([[3., 5.]])
    """
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@function
def max_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Padding = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest element of each window, map by map (N87).

    (N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow); the stride is the kernel size unless given.

    The whole gradient goes to the winner, the first in row-major order where
    several are equal (N128, X21). Padding counts as −∞. With `return_indices`
    the row-major numbers of the winners in the input plane come too.

    Raises `ShapeError` for a wrong rank or a kernel larger than the padded
    input, `ArgumentError` for padding of more than half the kernel.

    >>> import minigrad as mg
    >>> mg.max_pool2d(mg.tensor([[[1., 2.], [4., 3.]]]), 2)
    tensor([[[4.]]])
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@function
def max_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Padding = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest element of each window: (N, C, D, H, W) or (C, D, H, W) -> likewise. See `max_pool2d`.

    >>> import minigrad as mg
    >>> mg.max_pool3d(mg.ones(1, 4, 4, 4), 2).shape
    (1, 2, 2, 2)
    """
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@function
def avg_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Padding = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """The mean of each window: (N, C, n) or (C, n) -> (N, C, o) or (C, o). See `avg_pool2d`.

    >>> import minigrad as mg
    >>> mg.avg_pool1d(mg.tensor([[1., 3., 2., 5.]]), 2)
    tensor([[2.0000, 3.5000]])
    """
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


@function
def avg_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Padding = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window, map by map (N88); the gradient is spread equally over it (N129).

    (N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow); the stride is the kernel size unless given.

    Padding counts as zeros, which are counted in the mean unless
    `count_include_pad` is False. Raises as `max_pool2d`.

    >>> import minigrad as mg
    >>> mg.avg_pool2d(mg.tensor([[[1., 2.], [4., 5.]]]), 2)
    tensor([[[3.]]])
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@function
def avg_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Padding = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window: (N, C, D, H, W) or (C, D, H, W) -> likewise. See `avg_pool2d`.

    >>> import minigrad as mg
    >>> mg.avg_pool3d(mg.ones(1, 4, 4, 4), 2).shape
    (1, 2, 2, 2)
    """
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
