"""Pooling layers: the largest, the mean or a norm of each window, map by map (N86–N89), and max pooling undone."""

from collections.abc import Sequence
from typing import Any

import minigrad as mg

from . import functional as F
from .module import Module

__all__ = [
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]


class _MaxPool(Module):
    axes: int

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: mg.Tensor) -> Any:
        """(N, C, *n) or (C, *n) -> (N, C, *o) or (C, *o)"""
        function = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[self.axes - 1]
        return function(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )

    def extra_repr(self) -> str:
        """The sizes."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest of each window: (N, C, n) -> (N, C, o). See `MaxPool2d`.

    >>> import minigrad as mg, nn
    >>> nn.MaxPool1d(2)(mg.tensor([[[1., 3., 2., 5.]]]))
    tensor([[[3., 5.]]])
    """

    axes = 1


class MaxPool2d(_MaxPool):
    """The largest of each window (N87); the gradient goes to the first winner in row-major order (N128).

    (N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow); the stride is the kernel size unless given.
    Raises, when it is called, as `functional.max_pool2d`.

    >>> import minigrad as mg, nn
    >>> nn.MaxPool2d(2)(mg.zeros(2, 6, 28, 28)).shape
    (2, 6, 14, 14)
    """

    axes = 2


class MaxPool3d(_MaxPool):
    """The largest of each window: (N, C, D, H, W) -> (N, C, …). See `MaxPool2d`.

    >>> import minigrad as mg, nn
    >>> nn.MaxPool3d(2)(mg.zeros(1, 1, 4, 4, 4)).shape
    (1, 1, 2, 2, 2)
    """

    axes = 3


class _AvgPool(Module):
    axes: int

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *n) or (C, *n) -> (N, C, *o) or (C, *o)"""
        if self.axes == 1:
            return F.avg_pool1d(
                input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
            )
        function = F.avg_pool2d if self.axes == 2 else F.avg_pool3d
        return function(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """The sizes."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPool):
    """The mean of each window: (N, C, n) -> (N, C, o). See `AvgPool2d`.

    >>> import minigrad as mg, nn
    >>> nn.AvgPool1d(2)(mg.tensor([[[1., 3., 2., 6.]]]))
    tensor([[[2., 4.]]])
    """

    axes = 1

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        stride = kernel_size if stride is None else stride
        kernel_size, stride, padding = (
            tuple(one) if isinstance(one, Sequence) else (one,) for one in (kernel_size, stride, padding)
        )
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)


class AvgPool2d(_AvgPool):
    """The mean of each window (N88); the gradient is spread equally over it (N129).

    (N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow); the stride is the kernel size unless given.
    Raises, when it is called, as `functional.avg_pool2d`.

    >>> import minigrad as mg, nn
    >>> nn.AvgPool2d(2)(mg.zeros(2, 6, 28, 28)).shape
    (2, 6, 14, 14)
    """

    axes = 2


class AvgPool3d(_AvgPool):
    """The mean of each window: (N, C, D, H, W) -> (N, C, …). See `AvgPool2d`.

    >>> import minigrad as mg, nn
    >>> nn.AvgPool3d(2)(mg.zeros(1, 1, 4, 4, 4)).shape
    (1, 1, 2, 2, 2)
    """

    axes = 3


class _LPPool(Module):
    axes: int

    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *n) or (C, *n) -> (N, C, *o) or (C, *o)"""
        function = (F.lp_pool1d, F.lp_pool2d, F.lp_pool3d)[self.axes - 1]
        norm_type = mg.as_number(self.norm_type, type(self).__name__, "norm_type")
        return function(input, norm_type, self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        """The order and the sizes."""
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """The p-norm of each window: (N, C, n) -> (N, C, o). See `LPPool2d`.

    >>> import minigrad as mg, nn
    >>> nn.LPPool1d(2, 2)(mg.tensor([[[3., 4., 0., 0.]]]))
    tensor([[[5., 0.]]])
    """

    axes = 1


class LPPool2d(_LPPool):
    """The p-norm of each window, (Σ xᵖ)^(1/p) (N89); the gradient is 0 where the sum is (N130).

    (N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow); the stride is the kernel size unless given.
    Raises, when it is called, as `functional.lp_pool2d`.

    >>> import minigrad as mg, nn
    >>> nn.LPPool2d(2, 2)(mg.tensor([[[3., -4.], [0., 0.]]]))
    tensor([[[5.]]])
    """

    axes = 2


class LPPool3d(_LPPool):
    """The p-norm of each window: (N, C, D, H, W) -> (N, C, …). See `LPPool2d`.

    >>> import minigrad as mg, nn
    >>> nn.LPPool3d(1, 2)(mg.ones(1, 1, 2, 2, 2)).item()
    8.0
    """

    axes = 3


class _MaxUnpool(Module):
    axes: int

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size = _entries(kernel_size, self.axes)
        self.stride = self.kernel_size if stride is None else _entries(stride, self.axes)
        self.padding = _entries(padding, self.axes)

    def forward(self, input: mg.Tensor, indices: mg.Tensor, output_size: Any = None) -> mg.Tensor:
        """(N, C, *n) or (C, *n), indices of that shape -> (N, C, *o) or (C, *o)"""
        function = (F.max_unpool1d, F.max_unpool2d, F.max_unpool3d)[self.axes - 1]
        return function(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        """The sizes."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


def _entries(value: Any, axes: int) -> tuple[Any, ...]:
    """One entry per axis."""
    return tuple(value) if isinstance(value, Sequence) else (value,) * axes


class MaxUnpool1d(_MaxUnpool):
    """Each value at the place of its index, zeros elsewhere: (N, C, n) -> (N, C, o). See `MaxUnpool2d`.

    >>> import minigrad as mg, nn
    >>> nn.MaxUnpool1d(2)(mg.tensor([[[3., 5.]]]), mg.tensor([[[1, 3]]]))
    tensor([[[0., 3., 0., 5.]]])
    """

    axes = 1


class MaxUnpool2d(_MaxUnpool):
    """Each value at the place that a max pooling took it from, zeros elsewhere (Zeiler and Fergus, 2014).

    (N, C, h, w) or (C, h, w), indices of that shape -> (N, C, H, W) or (C, H, W);
    `output_size`, given in the call, chooses among the sizes that the pooling
    may have had. Raises, when it is called, as `functional.max_unpool2d`.

    >>> import minigrad as mg, nn
    >>> y, where = nn.MaxPool2d(2, return_indices=True)(mg.ones(1, 6, 5, 5))
    >>> nn.MaxUnpool2d(2)(y, where, output_size=(5, 5)).shape
    (1, 6, 5, 5)
    """

    axes = 2


class MaxUnpool3d(_MaxUnpool):
    """Each value at the place of its index, zeros elsewhere: (N, C, d, h, w) -> (N, C, …). See `MaxUnpool2d`.

    >>> import minigrad as mg, nn
    >>> nn.MaxUnpool3d(2)(mg.ones(1, 1, 1, 1, 1), mg.zeros(1, 1, 1, 1, 1, dtype=mg.int64)).shape
    (1, 1, 2, 2, 2)
    """

    axes = 3
