"""VGG (Simonyan & Zisserman, 2014): nothing but 3×3 convolutions and 2×2 pooling."""

from collections.abc import Sequence
from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError

from .. import init
from ..activation import ReLU
from ..adaptive import AdaptiveAvgPool2d
from ..batchnorm import BatchNorm2d
from ..container import Sequential
from ..conv import Conv2d
from ..dropout import Dropout
from ..linear import Linear
from ..module import Module
from ..pooling import MaxPool2d

__all__ = ["VGG", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn"]

# Convolutions before each of the five poolings, by the number of layers with weights.
_DEPTHS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


class VGG(Module):
    """VGG after Simonyan & Zisserman, "Very deep convolutional networks" (2014).

    (N, C, H, W) -> (N, num_classes) logits

        stage     maps   convolutions of VGG-11, 13, 16, 19   size for 224×224
        1         64     1, 2, 2, 2                           112×112
        2         128    1, 2, 2, 2                           56×56
        3         256    2, 2, 3, 4                           28×28
        4         512    2, 2, 3, 4                           14×14
        5         512    2, 2, 3, 4                           7×7
        pooling   512    average to 7×7 maps                  7×7
        dense     4096, 4096, num_classes

    Two 3×3 convolutions see as much as one of 5×5, three as much as one of 7×7, with
    fewer weights and more nonlinearities. Every stage ends in 2×2 max pooling.
    `batch_norm=True` puts a normalisation behind each convolution, `widths` and `hidden`
    are the numbers of maps and of dense units. `init_weights=False` leaves the weights as
    the layers draw them, which is quicker where others are to be loaded. Modules are named
    as in torchvision.

    Raises `ArgumentError` for another depth, `ShapeError` for images under 32×32.

    >>> import minigrad as mg, nn
    >>> net = nn.models.VGG(11, num_classes=10, widths=(4, 8, 8, 8, 8), hidden=16)
    >>> net(mg.zeros(1, 3, 32, 32)).shape
    (1, 10)
    """

    def __init__(
        self,
        depth: int = 16,
        num_classes: int = 1000,
        in_channels: int = 3,
        batch_norm: bool = False,
        dropout: float = 0.5,
        widths: Sequence[int] = (64, 128, 256, 512, 512),
        hidden: int = 4096,
        init_weights: bool = True,
    ) -> None:
        super().__init__()
        if depth not in _DEPTHS:
            raise ArgumentError(f"VGG got depth={depth}; the paper's are {', '.join(map(str, _DEPTHS))}")
        if len(widths) != 5:
            raise ArgumentError(
                f"VGG got widths={tuple(widths)}; it has five stages, so five numbers of maps, "
                "as (64, 128, 256, 512, 512)"
            )
        layers: list[Module] = []
        channels = in_channels
        for count, width in zip(_DEPTHS[depth], widths, strict=True):
            for _ in range(count):
                layers.append(Conv2d(channels, width, 3, padding=1))
                if batch_norm:
                    layers.append(BatchNorm2d(width))
                layers.append(ReLU(inplace=True))
                channels = width
            layers.append(MaxPool2d(2, 2))
        self.features = Sequential(*layers)
        self.avgpool = AdaptiveAvgPool2d((7, 7))
        self.classifier = Sequential(
            Linear(channels * 7 * 7, hidden), ReLU(True), Dropout(dropout),
            Linear(hidden, hidden), ReLU(True), Dropout(dropout), Linear(hidden, num_classes),
        )  # fmt: skip
        if init_weights:
            for module in self.modules():
                if isinstance(module, Conv2d):
                    init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                    init.zeros_(module.bias)
                elif isinstance(module, Linear):
                    init.normal_(module.weight, 0, 0.01)
                    init.zeros_(module.bias)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) -> (N, num_classes) logits"""
        features = self.avgpool(self.features(input))
        return self.classifier(features.flatten(1))  # type: ignore[no-any-return]


def vgg11(**options: Any) -> VGG:
    """VGG-11, the paper's configuration A: 132 863 336 parameters for 1000 classes. Options as `VGG`.

    >>> import nn
    >>> len(nn.models.vgg11(widths=(1, 1, 1, 1, 1), hidden=1).features)
    21
    """
    return VGG(11, **options)


def vgg11_bn(**options: Any) -> VGG:
    """VGG-11 with batch normalisation. Options as `VGG`.

    >>> import nn
    >>> len(nn.models.vgg11_bn(widths=(1, 1, 1, 1, 1), hidden=1).features)
    29
    """
    return VGG(11, batch_norm=True, **options)


def vgg13(**options: Any) -> VGG:
    """VGG-13, the paper's configuration B. Options as `VGG`.

    >>> import nn
    >>> len(nn.models.vgg13(widths=(1, 1, 1, 1, 1), hidden=1).features)
    25
    """
    return VGG(13, **options)


def vgg13_bn(**options: Any) -> VGG:
    """VGG-13 with batch normalisation. Options as `VGG`.

    >>> import nn
    >>> len(nn.models.vgg13_bn(widths=(1, 1, 1, 1, 1), hidden=1).features)
    35
    """
    return VGG(13, batch_norm=True, **options)


def vgg16(**options: Any) -> VGG:
    """VGG-16, the paper's configuration D: 138 357 544 parameters for 1000 classes. Options as `VGG`.

    >>> import nn
    >>> len(nn.models.vgg16(widths=(1, 1, 1, 1, 1), hidden=1).features)
    31
    """
    return VGG(16, **options)


def vgg16_bn(**options: Any) -> VGG:
    """VGG-16 with batch normalisation. Options as `VGG`.

    >>> import nn
    >>> len(nn.models.vgg16_bn(widths=(1, 1, 1, 1, 1), hidden=1).features)
    44
    """
    return VGG(16, batch_norm=True, **options)


def vgg19(**options: Any) -> VGG:
    """VGG-19, the paper's configuration E. Options as `VGG`.

    >>> import nn
    >>> len(nn.models.vgg19(widths=(1, 1, 1, 1, 1), hidden=1).features)
    37
    """
    return VGG(19, **options)


def vgg19_bn(**options: Any) -> VGG:
    """VGG-19 with batch normalisation. Options as `VGG`.

    >>> import nn
    >>> len(nn.models.vgg19_bn(widths=(1, 1, 1, 1, 1), hidden=1).features)
    53
    """
    return VGG(19, batch_norm=True, **options)
