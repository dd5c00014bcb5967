"""The residual networks for small images (He et al., 2015, section 4.2)."""

from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError

from .. import init
from ..activation import ReLU
from ..adaptive import AdaptiveAvgPool2d
from ..batchnorm import BatchNorm2d
from ..branches import Residual
from ..container import Sequential
from ..conv import Conv2d
from ..linear import Linear
from ..module import Module

__all__ = ["CifarResNet", "resnet110", "resnet20", "resnet32", "resnet44", "resnet56"]


def _block(channels: int, width: int, stride: int) -> Sequential:
    """Two 3×3 convolutions beside a skip, then the nonlinearity."""
    branch = Sequential(
        Conv2d(channels, width, 3, stride, 1, bias=False), BatchNorm2d(width), ReLU(),
        Conv2d(width, width, 3, 1, 1, bias=False), BatchNorm2d(width),
    )  # fmt: skip
    projection = None
    if stride != 1 or channels != width:
        projection = Sequential(Conv2d(channels, width, 1, stride, bias=False), BatchNorm2d(width))
    return Sequential(Residual(branch, projection), ReLU())


class CifarResNet(Module):
    """A residual network for 32×32 images, of 6n + 2 layers with weights, made of `nn.Residual`.

    (N, C, H, W) -> (N, num_classes) logits

        stage         maps   blocks   size for 32×32
        convolution   16              32×32
        1             16     n        32×32
        2             32     n        16×16
        3             64     n        8×8
        pooling       64              1×1
        dense         num_classes

    After He et al., "Deep residual learning for image recognition" (2015), section 4.2.
    Where a stage changes the shape, a 1×1 convolution with normalisation projects the
    input (the paper's option B). `width` is that of the first stage.

    Raises `ArgumentError` for a depth that is not 6n + 2.

    >>> import minigrad as mg, nn
    >>> nn.models.CifarResNet(8, width=4)(mg.zeros(2, 3, 32, 32)).shape
    (2, 10)
    """

    def __init__(self, depth: int = 20, num_classes: int = 10, in_channels: int = 3, width: int = 16) -> None:
        super().__init__()
        if not 8 <= depth <= 10_000 or depth % 6 != 2:
            raise ArgumentError(
                f"CifarResNet got depth={depth}; three stages of n blocks with two layers each, and two more, make "
                f"6n + 2: for example {6 * max(1, round((depth - 2) / 6)) + 2}"
            )
        count = depth // 6
        layers: list[Module] = [Conv2d(in_channels, width, 3, 1, 1, bias=False), BatchNorm2d(width), ReLU()]
        channels = width
        for stage in range(3):
            for number in range(count):
                layers.append(_block(channels, width << stage, 2 if stage and not number else 1))
                channels = width << stage
        self.features = Sequential(*layers)
        self.pool = AdaptiveAvgPool2d(1)
        self.classifier = Linear(channels, num_classes)
        for module in self.modules():
            if isinstance(module, Conv2d | Linear):
                init.kaiming_normal_(module.weight)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) -> (N, num_classes) logits"""
        return self.classifier(self.pool(self.features(input)).flatten(1))  # type: ignore[no-any-return]


def resnet20(**options: Any) -> CifarResNet:
    """The network of 20 layers for 32×32 images. Options as `CifarResNet`.

    >>> import nn
    >>> sum(p.numel() for p in nn.models.resnet20().parameters())
    272474
    """
    return CifarResNet(20, **options)


def resnet32(**options: Any) -> CifarResNet:
    """The network of 32 layers for 32×32 images. Options as `CifarResNet`.

    >>> import nn
    >>> len(nn.models.resnet32(width=1).features)
    18
    """
    return CifarResNet(32, **options)


def resnet44(**options: Any) -> CifarResNet:
    """The network of 44 layers for 32×32 images. Options as `CifarResNet`.

    >>> import nn
    >>> len(nn.models.resnet44(width=1).features)
    24
    """
    return CifarResNet(44, **options)


def resnet56(**options: Any) -> CifarResNet:
    """The network of 56 layers for 32×32 images. Options as `CifarResNet`.

    >>> import nn
    >>> len(nn.models.resnet56(width=1).features)
    30
    """
    return CifarResNet(56, **options)


def resnet110(**options: Any) -> CifarResNet:
    """The network of 110 layers for 32×32 images. Options as `CifarResNet`.

    >>> import nn
    >>> len(nn.models.resnet110(width=1).features)
    57
    """
    return CifarResNet(110, **options)
