"""U-Net (Ronneberger et al., 2015): a class for every pixel."""

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError

from ..activation import ReLU
from ..batchnorm import BatchNorm2d
from ..container import ModuleList, Sequential
from ..conv import Conv2d, ConvTranspose2d
from ..module import Module
from ..pooling import MaxPool2d
from ..upsampling import Upsample

__all__ = ["UNet"]


def _double_conv(channels: int, width: int) -> Sequential:
    """Two 3×3 convolutions that keep the size, each with normalisation and ReLU."""
    return Sequential(
        Conv2d(channels, width, 3, padding=1, bias=False), BatchNorm2d(width), ReLU(inplace=True),
        Conv2d(width, width, 3, padding=1, bias=False), BatchNorm2d(width), ReLU(inplace=True),
    )  # fmt: skip


class UNet(Module):
    """U-Net after Ronneberger et al., "U-Net: convolutional networks for biomedical image segmentation" (2015).

    (N, C, H, W) -> (N, num_classes, H, W) logits, a score per class for every pixel

        level      maps on the way down   maps on the way up         size
        1          64                     128 joined, 64             H×W
        2          128                    256 joined, 128            H/2×W/2
        3          256                    512 joined, 256            H/4×W/4
        4          512                    1024 joined, 512           H/8×W/8
        bottom     1024                                              H/16×W/16

    Two 3×3 convolutions at every level; 2×2 max pooling leads down, a transposed
    convolution up, and the maps of the way down are joined to those of the way up
    (N139, N140). Unlike in the paper, convolutions are padded, so that the maps fit
    without cropping and the output is as large as the input, and normalised.

    `width` is the number of maps at the top and `depth` the number of poolings.
    `bilinear=True` leads up by interpolation and a 1×1 convolution instead.

    Raises `ArgumentError` for a depth below one, `ShapeError` for images whose sides are no
    multiples of 2ᵈᵉᵖᵗʰ.

    >>> import minigrad as mg, nn
    >>> nn.models.UNet(1, 3, width=4, depth=2)(mg.zeros(1, 1, 12, 16)).shape
    (1, 3, 12, 16)
    """

    def __init__(
        self, in_channels: int = 1, num_classes: int = 2, width: int = 64, depth: int = 4, bilinear: bool = False
    ) -> None:
        super().__init__()
        if not 1 <= depth <= 30:
            raise ArgumentError(f"UNet got depth={depth}; it is the number of poolings, from 1 on")
        self.depth = depth
        widths = [width << level for level in range(depth + 1)]
        self.pool = MaxPool2d(2)
        self.down = ModuleList([_double_conv(n, o) for n, o in zip([in_channels, *widths], widths, strict=False)])
        self.up = ModuleList()
        self.merge = ModuleList()
        for wide, narrow in zip(widths[:0:-1], widths[-2::-1], strict=True):
            self.up.append(
                Sequential(Upsample(scale_factor=2, mode="bilinear", align_corners=True), Conv2d(wide, narrow, 1))
                if bilinear
                else ConvTranspose2d(wide, narrow, 2, stride=2)
            )
            self.merge.append(_double_conv(2 * narrow, narrow))
        self.head = Conv2d(width, num_classes, 1)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) -> (N, num_classes, H, W) logits"""
        if not hasattr(input, "shape"):
            raise DTypeError(f"UNet got a {type(input).__name__}; it takes a tensor of images (N, C, H, W)")
        multiple = 2**self.depth
        if input.ndim != 4 or input.shape[-2] % multiple or input.shape[-1] % multiple:
            raise ShapeError(
                f"UNet(depth={self.depth}) got images of shape {tuple(input.shape)}; it takes (N, C, H, W) with H and "
                f"W multiples of {multiple}, since they are halved {self.depth} times and doubled back. Pad them"
            )
        output, beside = input, []
        for level, convolutions in enumerate(self.down):
            output = convolutions(self.pool(output) if level else output)
            beside.append(output)
        for up, merge in zip(self.up, self.merge, strict=True):
            beside.pop()
            output = merge(mg.cat([beside[-1], up(output)], 1))
        return self.head(output)  # type: ignore[no-any-return]
