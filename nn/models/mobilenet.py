"""MobileNets: convolutions split into one per channel and one across the channels."""

from collections.abc import Callable, Sequence
from typing import Any

import minigrad as mg

from .. import init
from ..activation import ReLU, ReLU6
from ..adaptive import AdaptiveAvgPool2d
from ..batchnorm import BatchNorm2d
from ..container import Sequential
from ..conv import Conv2d
from ..dropout import Dropout
from ..linear import Linear
from ..module import Module

__all__ = ["InvertedResidual", "MobileNetV1", "MobileNetV2", "mobilenet_v1", "mobilenet_v2"]


def _conv_norm(
    channels: int, width: int, kernel_size: int, stride: int = 1, groups: int = 1,
    activation: Callable[..., Module] = ReLU6,
) -> Sequential:  # fmt: skip
    """A convolution that keeps sizes but for its stride, normalisation, activation."""
    padding = (kernel_size - 1) // 2
    return Sequential(
        Conv2d(channels, width, kernel_size, stride, padding, groups=groups, bias=False),
        BatchNorm2d(width),
        activation(inplace=True),
    )


def _initialise(model: Module) -> None:
    for module in model.modules():
        if isinstance(module, Conv2d):
            init.kaiming_normal_(module.weight, mode="fan_out")
        elif isinstance(module, Linear):
            init.normal_(module.weight, 0, 0.01)
            init.zeros_(module.bias)


class MobileNetV1(Module):
    """MobileNet after Howard et al., "MobileNets" (2017), table 1: 4 231 976 parameters for 1000 classes.

    (N, C, H, W) -> (N, num_classes) logits

        blocks        maps           size for 224×224
        convolution   32, stride 2   112×112
        1             64             112×112
        2             128, 128       56×56
        2             256, 256       28×28
        6             512, …         14×14
        2             1024, 1024     7×7
        pooling       1024           1×1
        dense         num_classes

    A block is a depthwise separable convolution: a 3×3 window on each map by itself
    (groups=C), then 1×1 across the maps, each with normalisation and ReLU. Instead of
    9·C·O products per position it takes 9·C + C·O. `width` scales the numbers of maps.

    >>> import minigrad as mg, nn
    >>> nn.models.MobileNetV1(10, width=0.125)(mg.zeros(2, 3, 32, 32)).shape
    (2, 10)
    """

    def __init__(self, num_classes: int = 1000, in_channels: int = 3, width: float = 1.0, dropout: float = 0.0) -> None:
        super().__init__()
        # Maps and stride of each block.
        plan = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
        channels = max(1, round(32 * width))
        layers: list[Module] = [_conv_norm(in_channels, channels, 3, 2, activation=ReLU)]
        for maps, stride in plan:
            wide = max(1, round(maps * width))
            layers.append(
                Sequential(
                    _conv_norm(channels, channels, 3, stride, groups=channels, activation=ReLU),
                    _conv_norm(channels, wide, 1, activation=ReLU),
                )
            )
            channels = wide
        self.features = Sequential(*layers)
        self.avgpool = AdaptiveAvgPool2d(1)
        self.classifier = Sequential(Dropout(dropout), Linear(channels, num_classes))
        _initialise(self)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) -> (N, num_classes) logits"""
        return self.classifier(self.avgpool(self.features(input)).flatten(1))  # type: ignore[no-any-return]


class InvertedResidual(Module):
    """A skip between narrow layers, around a wide one (Sandler et al., 2018, figure 3).

    (N, inp, H, W) -> (N, oup, H/stride, W/stride): 1×1 to `expand_ratio` times the
    maps, 3×3 on each map by itself, 1×1 back without a nonlinearity; the input is added
    where the shape stays.

    >>> import minigrad as mg, nn
    >>> nn.models.InvertedResidual(4, 4, 1, 6)(mg.zeros(1, 4, 5, 5)).shape
    (1, 4, 5, 5)
    """

    def __init__(self, inp: int, oup: int, stride: int, expand_ratio: int) -> None:
        super().__init__()
        hidden = round(inp * expand_ratio)
        layers: list[Module] = [] if expand_ratio == 1 else [_conv_norm(inp, hidden, 1)]
        layers += [
            _conv_norm(hidden, hidden, 3, stride, groups=hidden), Conv2d(hidden, oup, 1, bias=False), BatchNorm2d(oup)
        ]  # fmt: skip
        self.stride = stride
        self.use_res_connect = stride == 1 and inp == oup
        self.conv = Sequential(*layers)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, inp, H, W) -> (N, oup, H/stride, W/stride)"""
        output = self.conv(input)
        return input + output if self.use_res_connect else output  # type: ignore[no-any-return]


def _divisible(maps: float, divisor: int) -> int:
    """The nearest multiple of the divisor, but no more than a tenth below."""
    nearest = max(divisor, int(maps + divisor / 2) // divisor * divisor)
    return nearest if nearest >= 0.9 * maps else nearest + divisor


# Expansion, maps, number of blocks and stride of each stage: table 2 of the paper.
_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


class MobileNetV2(Module):
    """MobileNetV2 after Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks" (2018), table 2.

    (N, C, H, W) -> (N, num_classes) logits

        blocks        maps           size for 224×224
        convolution   32, stride 2   112×112
        1             16             112×112
        2             24             56×56
        3             32             28×28
        4, 3          64, 96         14×14
        3, 1          160, 320       7×7
        convolution   1280, 1×1      7×7
        pooling       1280           1×1
        dense         num_classes

    The blocks are `InvertedResidual`s. `width_mult` scales the numbers of maps, to
    multiples of `round_nearest`; `last_channel` is that of the last convolution, which
    only grows with the width. `inverted_residual_setting` replaces the table by rows
    (expansion, maps, blocks, stride). Modules are named as in torchvision.

    >>> import minigrad as mg, nn
    >>> nn.models.MobileNetV2(10, width_mult=0.1, last_channel=32)(mg.zeros(2, 3, 32, 32)).shape
    (2, 10)
    """

    def __init__(
        self,
        num_classes: int = 1000,
        width_mult: float = 1.0,
        inverted_residual_setting: Sequence[Sequence[int]] | None = None,
        round_nearest: int = 8,
        dropout: float = 0.2,
        in_channels: int = 3,
        last_channel: int = 1280,
    ) -> None:
        super().__init__()
        channels = _divisible(32 * width_mult, round_nearest)
        self.last_channel = _divisible(last_channel * max(1.0, width_mult), round_nearest)
        layers: list[Module] = [_conv_norm(in_channels, channels, 3, 2)]
        for expansion, maps, count, stride in inverted_residual_setting or _STAGES:
            wide = _divisible(maps * width_mult, round_nearest)
            for number in range(count):
                layers.append(InvertedResidual(channels, wide, 1 if number else stride, expansion))
                channels = wide
        layers.append(_conv_norm(channels, self.last_channel, 1))
        self.features = Sequential(*layers)
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.classifier = Sequential(Dropout(dropout), Linear(self.last_channel, num_classes))
        _initialise(self)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) -> (N, num_classes) logits"""
        return self.classifier(self.avgpool(self.features(input)).flatten(1))  # type: ignore[no-any-return]


def mobilenet_v1(**options: Any) -> MobileNetV1:
    """MobileNet: 4 231 976 parameters for 1000 classes. Options as `MobileNetV1`.

    >>> import nn
    >>> len(nn.models.mobilenet_v1(width=0.05).features)
    14
    """
    return MobileNetV1(**options)


def mobilenet_v2(**options: Any) -> MobileNetV2:
    """MobileNetV2: 3 504 872 parameters for 1000 classes. Options as `MobileNetV2`.

    >>> import nn
    >>> len(nn.models.mobilenet_v2(width_mult=0.1).features)
    19
    """
    return MobileNetV2(**options)
