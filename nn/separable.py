"""Depthwise separable convolutions: space first, then channels (Sifre, 2014; Chollet, "Xception", 2017)."""

from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError

from .conv import Conv1d, Conv2d, Conv3d
from .module import Module

__all__ = ["SeparableConv1d", "SeparableConv2d", "SeparableConv3d"]


class _SeparableConv(Module):
    kind: type[Conv1d] | type[Conv2d] | type[Conv3d]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        depth_multiplier: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if not hasattr(depth_multiplier, "__index__") or depth_multiplier < 1:
            raise ArgumentError(
                f"{type(self).__name__} got depth_multiplier={depth_multiplier!r}; it is the number of kernels for "
                "each input channel, an integer of at least 1"
            )
        mg.as_integer(in_channels, type(self).__name__, "in_channels")
        between = in_channels * depth_multiplier
        self.depthwise = self.kind(
            in_channels,
            between,
            kernel_size,
            stride,
            padding,
            dilation,
            in_channels,
            False,
            padding_mode,
            device,
            dtype,
        )
        self.pointwise = self.kind(between, out_channels, 1, bias=bias, device=device, dtype=dtype)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *n) or (C, *n) -> (N, O, *o) or (O, *o)"""
        return self.pointwise(self.depthwise(input))  # type: ignore[no-any-return]


class SeparableConv1d(_SeparableConv):
    """A depthwise and a pointwise `Conv1d`: (N, C, n) or (C, n) -> (N, O, o) or (O, o). See `SeparableConv2d`.

    >>> import minigrad as mg, nn
    >>> nn.SeparableConv1d(8, 16, 3)(mg.zeros(1, 8, 10)).shape
    (1, 16, 8)
    """

    kind = Conv1d


class SeparableConv2d(_SeparableConv):
    """A convolution in two steps: each channel with kernels of its own, then all channels pixel by pixel.

    (N, C, H, W) or (C, H, W) -> (N, O, oh, ow) or (O, oh, ow), sizes as `Conv2d`'s

    `depthwise` is a `Conv2d` with a group per channel and `depth_multiplier` = m
    kernels for each, without bias; `pointwise` is one of 1×1 with the bias. They
    have C·m·kh·kw + C·m·O + O parameters, where `Conv2d` has C·O·kh·kw + O (Sifre,
    2014; Chollet, "Xception", 2017).

    Raises `ArgumentError` for sizes that cannot be; when it is called, as `functional.conv2d`.

    >>> import minigrad as mg, nn
    >>> layer = nn.SeparableConv2d(8, 16, 3, padding=1)
    >>> layer(mg.zeros(1, 8, 10, 10)).shape, sum(p.numel() for p in layer.parameters())
    ((1, 16, 10, 10), 216)
    """

    kind = Conv2d


class SeparableConv3d(_SeparableConv):
    """A depthwise and a pointwise `Conv3d`: (N, C, D, H, W) or (C, …) -> (N, O, …) or (O, …). See `SeparableConv2d`.

    >>> import minigrad as mg, nn
    >>> nn.SeparableConv3d(2, 3, 2)(mg.zeros(1, 2, 4, 4, 4)).shape
    (1, 3, 3, 3, 3)
    """

    kind = Conv3d
