"""Subsampling and the notes' further ways of pooling: norms, power means, draws (N81, N89, N90)."""

import math
from typing import Any

import minigrad as mg
from minigrad import signal
from minigrad.errors import ArgumentError
from minigrad.geometry import per_axis
from minigrad.registry import guarded

from .operands import as_maps


@guarded
def subsample2d(input: mg.Tensor, step: Any = None, skip: Any = None) -> mg.Tensor:
    """Every step-th row and column, from the first on: Y = S·X·Sᵀ with S_{r,2r} = 1 for the step 2 (N81).

    (N, C, H, W) or (C, H, W) -> (N, C, ⌈H/s⌉, ⌈W/s⌉) or (C, …)

    `skip` is the number of pixels left out in between, step − 1 (N39, X77); the
    step is 2 where neither is given. X̄ = Sᵀ·G·S: zeros where pixels were left out (N131).

    Raises `ArgumentError` where both are given.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> F.subsample2d(mg.arange(12.).reshape(1, 3, 4))
    tensor([[[ 0.,  2.],
             [ 8., 10.]]])
    """
    return signal.subsample(as_maps(input, "subsample2d"), subsampling_steps(step, skip, "subsample2d"))


def subsampling_steps(step: Any, skip: Any, name: str) -> tuple[int, int]:
    """The step per axis.

    >>> from nn.notes.functional.pooling import subsampling_steps
    >>> subsampling_steps(None, (0, 2), "subsample2d")
    (1, 3)
    """
    if step is not None and skip is not None:
        raise ArgumentError(f"{name} got step={step!r} and skip={skip!r}, which say the same: step = skip + 1")
    if skip is not None:
        rows, columns = per_axis(skip, 2, "skip", 0)
        return rows + 1, columns + 1
    rows, columns = per_axis(2 if step is None else step, 2, "step")
    return rows, columns


@guarded
def l2_pool2d(input: mg.Tensor, kernel_size: Any, stride: Any = None, normalize: bool = False) -> mg.Tensor:
    """The root of the sum of squares of each window, √(Σ x²) (N89, X7); with `normalize`, of their mean.

    (N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow); the stride is the kernel size unless given.

    X̄ = ȳ·x/y, and 0 where y is (N130). Raises as `max_pool2d`, and `DTypeError` for integers.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> F.l2_pool2d(mg.tensor([[[3., -4.], [0., 0.]]]), 2)
    tensor([[[5.]]])
    """
    y = _power_mean(as_maps(input, "l2_pool2d"), 2, kernel_size, stride)
    if mg.as_flag(normalize, "l2_pool2d", "normalize"):
        return y
    return y * math.sqrt(math.prod(per_axis(kernel_size, 2, "kernel_size")))


def _windows(input: mg.Tensor, kernel_size: Any, stride: Any) -> tuple[mg.Tensor, tuple[int, ...]]:
    """The windows of each map, (M, k, L), and the shape of what one number of each makes."""
    kernel = per_axis(kernel_size, 2, "kernel_size")
    columns = mg.im2col(input.reshape(-1, 1, *input.shape[-2:]), kernel, stride=kernel if stride is None else stride)
    steps = kernel if stride is None else per_axis(stride, 2, "stride")
    places = [(n - k) // s + 1 for n, k, s in zip(input.shape[-2:], kernel, steps, strict=True)]
    return columns, (*input.shape[:-2], *places)


def _scaled(windows: mg.Tensor) -> tuple[mg.Tensor, mg.Tensor]:
    """The windows (M, k, L) over their largest absolute values, so that nothing overflows, and these, (M, 1, L)."""
    largest = mg.abs(windows.detach()).amax(1, keepdim=True)
    scale: mg.Tensor = mg.where((largest == 0) | (largest == mg.inf), 1, largest)
    return windows / scale, scale


def as_order(p: Any, name: str) -> float:
    """The order of a norm; raises `ArgumentError` for one below 1.

    >>> from nn.notes.functional.pooling import as_order
    >>> as_order(2, "lp_mean_pool2d")
    2.0
    """
    order: float = mg.as_number(p, name, "p")
    if not order >= 1:
        raise ArgumentError(f"{name} got p={order}; a norm has p of at least 1: 1 for the mean, mg.inf for the max")
    return order


@guarded
def lp_mean_pool2d(input: mg.Tensor, p: float, kernel_size: Any, stride: Any = None) -> mg.Tensor:
    """The power mean of the absolute values of each window, (mean |x|ᵖ)^(1/p) (N89).

    (N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow); the stride is the kernel size unless given.

    The mean of |x| for p = 1, the root of the mean square for p = 2, the largest
    |x| for p = ∞. X̄ = ȳ·sgn(x)·|x|^(p−1)·y^(1−p)/m, m the number of elements of a
    window, and 0 where y is 0 (N130). The largest value of a window is taken out
    of the mean first, so no power overflows.

    Raises `ArgumentError` for p < 1, where the slope at 0 is infinite.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> x = mg.tensor([[[3., -4.], [0., 0.]]])
    >>> F.lp_mean_pool2d(x, 1, 2).item(), F.lp_mean_pool2d(x, 2, 2).item(), F.lp_mean_pool2d(x, mg.inf, 2).item()
    (1.75, 2.5, 4.0)
    """
    input, p = as_maps(input, "lp_mean_pool2d"), as_order(p, "lp_mean_pool2d")
    if p == mg.inf:
        y: mg.Tensor = mg.max_pool2d(mg.abs(input), kernel_size, stride)
        return y
    return _power_mean(input, p, kernel_size, stride)


def _power_mean(input: mg.Tensor, p: float, kernel_size: Any, stride: Any) -> mg.Tensor:
    """The power mean of each window for a finite p; squares need no absolute value, whose slope jumps at 0."""
    windows, shape = _windows(input if p == 2 else mg.abs(input), kernel_size, stride)
    parts, scale = _scaled(windows)
    if p == 2:
        powers: mg.Tensor = mg.square(parts)
    else:
        level = parts == 0  # whose slopes may be infinite in the second order
        powers = mg.where(level, 0, mg.where(level, 1, parts) ** p)
    total = powers.mean(1, keepdim=True)
    nothing = total == 0
    root: mg.Tensor = mg.where(nothing, 0, mg.where(nothing, 1, total) ** (1 / p))
    means: mg.Tensor = root * scale
    return means.reshape(shape)


@guarded
def stochastic_pool2d(
    input: mg.Tensor, kernel_size: Any, stride: Any = None, training: bool = True, generator: Any = None
) -> mg.Tensor:
    """One number of each window, drawn with probability p_i = a_i/Σ a; in evaluation the mean Σ p_i·a_i (N90).

    (N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow); the stride is the kernel size unless given.

    Windows of zeros draw uniformly. The drawn places are kept on the tape, and
    the gradient goes to them; that of the mean y is ā_i = ȳ·(2a_i − y)/Σ a (N130).

    Raises `ArgumentError` for negative, infinite or missing numbers, of which
    there are no probabilities.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> F.stochastic_pool2d(mg.tensor([[[1., 2.], [3., 4.]]]), 2, training=False)
    tensor([[[3.]]])
    """
    input = as_maps(input, "stochastic_pool2d")
    if not bool(((input >= 0) & (input < mg.inf)).all()):
        raise ArgumentError(
            "stochastic_pool2d got negative numbers, infinity or NaN; it draws with probabilities a/Σa, so it stands "
            "behind a nonlinearity that gives finite numbers from 0 on, such as nn.ReLU"
        )
    windows, shape = _windows(input, kernel_size, stride)
    if mg.as_flag(training, "stochastic_pool2d", "training"):
        places = _drawn(windows.detach(), generator)
        drawn: mg.Tensor = mg.take_along_dim(windows, places, 1)
        return drawn.reshape(shape)
    parts, scale = _scaled(windows)
    total = parts.sum(1, keepdim=True)
    mean: mg.Tensor = mg.square(parts).sum(1, keepdim=True) / mg.where(total == 0, 1, total)
    return (mean * scale).reshape(shape)


def _drawn(windows: mg.Tensor, generator: Any) -> mg.Tensor:
    """For each window (M, k, L), the number of the element that is drawn, (M, 1, L)."""
    wide, _ = _scaled(windows.to(mg.float64))
    wide = mg.where(wide.sum(1, keepdim=True) == 0, 1, wide)
    reached: mg.Tensor = wide.cumsum(1)
    total = reached[:, -1:]
    draw = mg.rand(total.shape, generator=generator, dtype=mg.float64) * total
    return (reached <= draw).sum(1, keepdim=True)
