"""Subsampling, and pooling by norms, power means and draws (N81, N89, N90)."""

from typing import Any

import minigrad as mg
from minigrad.geometry import per_axis

from ..module import Module
from . import functional as F
from .functional.pooling import as_order, subsampling_steps

__all__ = ["L2Pool2d", "LpMeanPool2d", "StochasticPool2d", "Subsample2d"]


class Subsample2d(Module):
    """Every step-th row and column: Y = S·X·Sᵀ (N81, X68).

    (N, C, H, W) or (C, H, W) -> (N, C, ⌈H/s⌉, ⌈W/s⌉) or (C, …)

    `skip` = step − 1 is the number of pixels left out in between (N39); the step
    is 2 where neither is given. Raises `ArgumentError` where both are.

    >>> import minigrad as mg, nn
    >>> nn.notes.Subsample2d(skip=1)(mg.zeros(1, 9, 10)).shape
    (1, 5, 5)
    """

    kernel_size = (1, 1)  # of the window that each number is taken from

    def __init__(self, step: Any = None, skip: Any = None) -> None:
        super().__init__()
        self.stride = subsampling_steps(step, skip, type(self).__name__)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow)"""
        return F.subsample2d(input, self.stride)

    def extra_repr(self) -> str:
        """The step, and what is skipped."""
        return f"step={self.stride}, skip={tuple(step - 1 for step in self.stride)}"


class _Pool(Module):
    def __init__(self, kernel_size: Any, stride: Any) -> None:
        super().__init__()
        self.kernel_size = per_axis(kernel_size, 2, "kernel_size")
        self.stride = self.kernel_size if stride is None else per_axis(stride, 2, "stride")

    def extra_repr(self) -> str:
        """The sizes."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}"


class L2Pool2d(_Pool):
    """The root of the sum of squares of each window, √(Σ x²) (N89, X7); with `normalize`, of their mean.

    (N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow); the stride is the kernel size unless given.
    Raises, when it is called, as `notes.functional.l2_pool2d`.

    >>> import minigrad as mg, nn
    >>> nn.notes.L2Pool2d(2)(mg.tensor([[[3., -4.], [0., 0.]]]))
    tensor([[[5.]]])
    """

    def __init__(self, kernel_size: Any, stride: Any = None, normalize: bool = False) -> None:
        super().__init__(kernel_size, stride)
        self.normalize = mg.as_flag(normalize, type(self).__name__, "normalize")

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow)"""
        return F.l2_pool2d(input, self.kernel_size, self.stride, self.normalize)

    def extra_repr(self) -> str:
        """The sizes, and whether it is the root of the mean."""
        return f"{super().extra_repr()}, normalize={self.normalize}"


class LpMeanPool2d(_Pool):
    """The power mean of the absolute values of each window, (mean |x|ᵖ)^(1/p) (N89).

    (N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow); the stride is the kernel size unless given.
    Between the mean, p = 1, and the largest, p = ∞. Raises, when it is called, as `notes.functional.lp_mean_pool2d`.

    >>> import minigrad as mg, nn
    >>> nn.notes.LpMeanPool2d(1, 2)(mg.tensor([[[3., -4.], [0., 0.]]]))
    tensor([[[1.7500]]])
    """

    def __init__(self, p: float, kernel_size: Any, stride: Any = None) -> None:
        super().__init__(kernel_size, stride)
        self.p = as_order(p, type(self).__name__)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow)"""
        return F.lp_mean_pool2d(input, self.p, self.kernel_size, self.stride)

    def extra_repr(self) -> str:
        """The order and the sizes."""
        return f"p={self.p}, {super().extra_repr()}"


class StochasticPool2d(_Pool):
    """One number of each window, drawn with probability a_i/Σ a; in evaluation the mean Σ a_i²/Σ a (N90).

    (N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow); the stride is the kernel size unless given.

    The gradient goes to the drawn places, which the tape keeps (N130). Draws from
    `generator`, or from the calling thread's. Raises, when it is called, as
    `notes.functional.stochastic_pool2d`.

    >>> import minigrad as mg, nn
    >>> nn.notes.StochasticPool2d(2).eval()(mg.tensor([[[1., 2.], [3., 4.]]]))
    tensor([[[3.]]])
    """

    def __init__(self, kernel_size: Any, stride: Any = None, generator: Any = None) -> None:
        super().__init__(kernel_size, stride)
        self.generator = generator

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow)"""
        return F.stochastic_pool2d(input, self.kernel_size, self.stride, self.training, self.generator)
