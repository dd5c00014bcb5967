"""Layers that resize maps, or move numbers between space and channels."""

from collections.abc import Sequence
from typing import Any

import minigrad as mg

from . import functional as F
from .module import Module

__all__ = [
    "ChannelShuffle",
    "Fold",
    "PixelShuffle",
    "PixelUnshuffle",
    "Unfold",
    "Upsample",
    "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
]


def _as_float(value: Any) -> Any:
    return float(value) if isinstance(value, int) else value


class Upsample(Module):
    """Maps with other sizes: (N, C, *n) -> (N, C, *o), o = `size` or ⌊n · scale_factor⌋.

    `mode`: 'nearest', 'linear', 'bilinear', 'bicubic', 'trilinear', … as for
    `functional.interpolate`. With a convolution behind it, it makes larger maps
    without the checkerboard of a transposed convolution (Odena et al., 2016).
    Raises, when it is called, as `functional.interpolate`.

    >>> import minigrad as mg, nn
    >>> nn.Upsample(scale_factor=2, mode="bilinear")(mg.zeros(1, 3, 7, 7)).shape
    (1, 3, 14, 14)
    """

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        several = isinstance(scale_factor, Sequence) and not isinstance(scale_factor, str)
        self.scale_factor = tuple(map(_as_float, scale_factor)) if several else _as_float(scale_factor)
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *n) -> (N, C, *o)"""
        return F.interpolate(
            input, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor
        )

    def extra_repr(self) -> str:
        """The size or the factor, and the mode."""
        size = f"size={self.size}" if self.scale_factor is None else f"scale_factor={self.scale_factor}"
        return f"{size}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Images with other sizes, each pixel the nearest one: (N, C, H, W) -> (N, C, oh, ow). See `Upsample`.

    >>> import minigrad as mg, nn
    >>> nn.UpsamplingNearest2d(scale_factor=2)(mg.zeros(1, 3, 7, 7)).shape
    (1, 3, 14, 14)
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Images with other sizes, bilinear with the corners in place: (N, C, H, W) -> (N, C, oh, ow). See `Upsample`.

    >>> import minigrad as mg, nn
    >>> nn.UpsamplingBilinear2d((1, 3))(mg.tensor([[[[1., 3.]]]]))
    tensor([[[[1., 2., 3.]]]])
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


class PixelShuffle(Module):
    """Every r² channels as one channel of r·r times as many pixels: (*, C·r², h, w) -> (*, C, h·r, w·r).

    A convolution with this behind it is the sub-pixel convolution of Shi et al.
    (2016). Raises, when it is called, as `functional.pixel_shuffle`.

    >>> import minigrad as mg, nn
    >>> nn.PixelShuffle(3)(mg.zeros(1, 9, 4, 4)).shape
    (1, 1, 12, 12)
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*, C·r², h, w) -> (*, C, h·r, w·r)"""
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        """The factor."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Every block of r·r pixels as r² channels: (*, C, h·r, w·r) -> (*, C·r², h, w); the inverse of `PixelShuffle`.

    Raises, when it is called, as `functional.pixel_unshuffle`.

    >>> import minigrad as mg, nn
    >>> nn.PixelUnshuffle(3)(mg.zeros(1, 1, 12, 12)).shape
    (1, 9, 4, 4)
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*, C, h·r, w·r) -> (*, C·r², h, w)"""
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        """The factor."""
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """The channels of several groups interleaved (Zhang et al., 2017): (N, C, *) -> (N, C, *).

    Raises, when it is called, as `functional.channel_shuffle`.

    >>> import minigrad as mg, nn
    >>> nn.ChannelShuffle(2)(mg.tensor([[[1.], [2.], [3.], [4.]]])).flatten()
    tensor([1., 3., 2., 4.])
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *) -> (N, C, *)"""
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        """The number of groups."""
        return f"groups={self.groups}"


class Unfold(Module):
    """What a kernel meets at each of its L places, as columns: (N, C, *n) or (C, *n) -> (N, C·∏k, L) or (C·∏k, L).

    Raises, when it is called, as `functional.unfold`.

    >>> import minigrad as mg, nn
    >>> nn.Unfold(2)(mg.zeros(1, 3, 4, 5)).shape
    (1, 12, 12)
    """

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *n) or (C, *n) -> (N, C·∏k, L) or (C·∏k, L)"""
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """The sizes."""
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """Columns added to the windows that they stand for: (N, C·∏k, L) or (C·∏k, L) -> (N, C, *n) or (C, *n).

    The transpose of `Unfold`, not its inverse: where windows overlap, values add
    up. Raises, when it is called, as `functional.fold`.

    >>> import minigrad as mg, nn
    >>> nn.Fold((4, 5), 2)(mg.zeros(1, 12, 12)).shape
    (1, 3, 4, 5)
    """

    def __init__(
        self, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C·∏k, L) or (C·∏k, L) -> (N, C, *n) or (C, *n)"""
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """The sizes."""
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
