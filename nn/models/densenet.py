"""DenseNet (Huang et al., 2016): every layer reads the maps of all layers before it."""

from collections.abc import Sequence
from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError

from .. import functional as F
from .. import init
from ..activation import ReLU
from ..batchnorm import BatchNorm2d
from ..container import ModuleDict, Sequential
from ..conv import Conv2d
from ..linear import Linear
from ..module import Module
from ..pooling import AvgPool2d, MaxPool2d

__all__ = ["DenseNet", "densenet121", "densenet161", "densenet169", "densenet201"]


class _DenseLayer(Module):
    """Normalisation, ReLU and convolution, 1×1 and then 3×3, of the maps of all layers before."""

    def __init__(self, channels: int, growth_rate: int, bn_size: int, drop_rate: float) -> None:
        super().__init__()
        self.norm1 = BatchNorm2d(channels)
        self.relu1 = ReLU(inplace=True)
        self.conv1 = Conv2d(channels, bn_size * growth_rate, 1, bias=False)
        self.norm2 = BatchNorm2d(bn_size * growth_rate)
        self.relu2 = ReLU(inplace=True)
        self.conv2 = Conv2d(bn_size * growth_rate, growth_rate, 3, padding=1, bias=False)
        self.drop_rate = drop_rate

    def forward(self, maps: list[mg.Tensor]) -> mg.Tensor:
        """[(N, Cᵢ, H, W)] -> (N, growth_rate, H, W)"""
        output = self.conv1(self.relu1(self.norm1(mg.cat(maps, 1))))
        output = self.conv2(self.relu2(self.norm2(output)))
        return F.dropout(output, self.drop_rate, self.training) if self.drop_rate else output


class _DenseBlock(ModuleDict):
    """Layers that all read what came before, and are joined in the end."""

    def __init__(self, count: int, channels: int, growth_rate: int, bn_size: int, drop_rate: float) -> None:
        super().__init__()
        for number in range(count):
            layer = _DenseLayer(channels + number * growth_rate, growth_rate, bn_size, drop_rate)
            self[f"denselayer{number + 1}"] = layer

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) -> (N, C + count·growth_rate, H, W)"""
        maps = [input]
        for layer in self.values():
            maps.append(layer(maps))  # type: ignore[misc]
        return mg.cat(maps, 1)


def _transition(channels: int) -> Sequential:
    """Half the maps, of half the size."""
    layers = Sequential()
    layers.add_module("norm", BatchNorm2d(channels))
    layers.add_module("relu", ReLU(inplace=True))
    layers.add_module("conv", Conv2d(channels, channels // 2, 1, bias=False))
    layers.add_module("pool", AvgPool2d(2, 2))
    return layers


class DenseNet(Module):
    """DenseNet-BC after Huang et al., "Densely connected convolutional networks" (2016), table 1.

    (N, C, H, W) -> (N, num_classes) logits

        layers                  maps of DenseNet-121   size for 224×224
        conv0, 7×7, stride 2      64                   112×112
        pool0                     64                   56×56
        denseblock1, transition   256, 128             56×56, 28×28
        denseblock2, transition   512, 256             28×28, 14×14
        denseblock3, transition   1024, 512            14×14, 7×7
        denseblock4, norm5        1024                 7×7
        pooling                   1024                 1×1
        classifier                num_classes

    Each layer of a block adds `growth_rate` maps to those it read, by a 1×1 convolution
    to `bn_size · growth_rate` maps and one of 3×3. Modules are named as in torchvision.

    Raises `ArgumentError` for a block without layers.

    >>> import minigrad as mg, nn
    >>> net = nn.models.DenseNet(4, (2, 2, 2, 2), 8, num_classes=10)
    >>> net(mg.zeros(2, 3, 32, 32)).shape
    (2, 10)
    """

    def __init__(
        self,
        growth_rate: int = 32,
        block_config: Sequence[int] = (6, 12, 24, 16),
        num_init_features: int = 64,
        bn_size: int = 4,
        drop_rate: float = 0,
        num_classes: int = 1000,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        if not block_config or min(block_config) < 1:
            raise ArgumentError(
                f"DenseNet got block_config={tuple(block_config)}; it is the number of layers of each "
                "block, for one block at least, as (6, 12, 24, 16)"
            )
        channels = num_init_features
        self.features = Sequential()
        self.features.add_module("conv0", Conv2d(in_channels, channels, 7, 2, 3, bias=False))
        self.features.add_module("norm0", BatchNorm2d(channels))
        self.features.add_module("relu0", ReLU(inplace=True))
        self.features.add_module("pool0", MaxPool2d(3, 2, 1))
        for number, count in enumerate(block_config, 1):
            block = _DenseBlock(count, channels, growth_rate, bn_size, drop_rate)
            self.features.add_module(f"denseblock{number}", block)
            channels += count * growth_rate
            if number < len(block_config):
                self.features.add_module(f"transition{number}", _transition(channels))
                channels //= 2
        self.features.add_module("norm5", BatchNorm2d(channels))
        self.classifier = Linear(channels, num_classes)
        for module in self.modules():
            if isinstance(module, Conv2d):
                init.kaiming_normal_(module.weight)
            elif isinstance(module, Linear):
                init.zeros_(module.bias)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) -> (N, num_classes) logits"""
        features = F.relu(self.features(input), inplace=True)
        return self.classifier(F.adaptive_avg_pool2d(features, (1, 1)).flatten(1))  # type: ignore[no-any-return]


def densenet121(**options: Any) -> DenseNet:
    """DenseNet-121: 7 978 856 parameters for 1000 classes. Options as `DenseNet`, from `bn_size` on.

    >>> import nn
    >>> nn.models.densenet121(num_classes=10).classifier.in_features
    1024
    """
    return DenseNet(32, (6, 12, 24, 16), 64, **options)


def densenet161(**options: Any) -> DenseNet:
    """DenseNet-161: 28 681 000 parameters for 1000 classes. Options as `DenseNet`, from `bn_size` on.

    >>> import nn
    >>> nn.models.densenet161(bn_size=1).classifier.in_features
    2208
    """
    return DenseNet(48, (6, 12, 36, 24), 96, **options)


def densenet169(**options: Any) -> DenseNet:
    """DenseNet-169: 14 149 480 parameters for 1000 classes. Options as `DenseNet`, from `bn_size` on.

    >>> import nn
    >>> nn.models.densenet169(bn_size=1).classifier.in_features
    1664
    """
    return DenseNet(32, (6, 12, 32, 32), 64, **options)


def densenet201(**options: Any) -> DenseNet:
    """DenseNet-201: 20 013 928 parameters for 1000 classes. Options as `DenseNet`, from `bn_size` on.

    >>> import nn
    >>> nn.models.densenet201(bn_size=1).classifier.in_features
    1920
    """
    return DenseNet(32, (6, 12, 48, 32), 64, **options)
