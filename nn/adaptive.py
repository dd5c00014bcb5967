"""Pooling layers whose output size is given (N86–N88)."""

from typing import Any

import minigrad as mg

from . import functional as F
from .module import Module

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
]


class _AdaptiveAvgPool(Module):
    axes: int

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *n) or (C, *n) -> (N, C, *o) or (C, *o)"""
        function = (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[self.axes - 1]
        return function(input, self.output_size)

    def extra_repr(self) -> str:
        """The size."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """Means over `output_size` windows: (N, C, n) -> (N, C, o). See `AdaptiveAvgPool2d`.

    >>> import minigrad as mg, nn
    >>> nn.AdaptiveAvgPool1d(2)(mg.tensor([[[1., 3., 2.]]]))
    tensor([[[2.0000, 2.5000]]])
    """

    axes = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """Means over windows that cut each map into `output_size` parts (N88), whatever its size.

    (N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow). None among the
    sizes leaves an axis as it is. Raises, when it is called, as
    `functional.adaptive_avg_pool2d`.

    >>> import minigrad as mg, nn
    >>> nn.AdaptiveAvgPool2d((5, None))(mg.zeros(2, 6, 28, 14)).shape
    (2, 6, 5, 14)
    """

    axes = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """Means over windows: (N, C, D, H, W) -> (N, C, …). See `AdaptiveAvgPool2d`.

    >>> import minigrad as mg, nn
    >>> nn.AdaptiveAvgPool3d(1)(mg.zeros(1, 2, 4, 4, 4)).shape
    (1, 2, 1, 1, 1)
    """

    axes = 3


class _AdaptiveMaxPool(Module):
    axes: int

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: mg.Tensor) -> Any:
        """(N, C, *n) or (C, *n) -> (N, C, *o) or (C, *o)"""
        function = (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d)[self.axes - 1]
        return function(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        """The size."""
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest of each of `output_size` windows: (N, C, n) -> (N, C, o). See `AdaptiveMaxPool2d`.

    >>> import minigrad as mg, nn
    >>> nn.AdaptiveMaxPool1d(2)(mg.tensor([[[1., 3., 2.]]]))
    tensor([[[3., 3.]]])
    """

    axes = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest of each window that cuts a map into `output_size` parts (N87).

    (N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow). With
    `return_indices` the places come too, for `MaxUnpool2d`. Raises, when it is
    called, as `functional.adaptive_max_pool2d`.

    >>> import minigrad as mg, nn
    >>> nn.AdaptiveMaxPool2d(5)(mg.zeros(2, 6, 28, 14)).shape
    (2, 6, 5, 5)
    """

    axes = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The largest of each window: (N, C, D, H, W) -> (N, C, …). See `AdaptiveMaxPool2d`.

    >>> import minigrad as mg, nn
    >>> nn.AdaptiveMaxPool3d(1)(mg.zeros(1, 2, 4, 4, 4)).shape
    (1, 2, 1, 1, 1)
    """

    axes = 3
