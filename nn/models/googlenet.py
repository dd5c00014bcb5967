"""GoogLeNet and its inception module (Szegedy et al., 2014)."""

from typing import Any

import minigrad as mg

from .. import functional as F
from .. import init
from ..adaptive import AdaptiveAvgPool2d
from ..batchnorm import BatchNorm2d
from ..container import Sequential
from ..conv import Conv2d
from ..dropout import Dropout
from ..linear import Linear
from ..module import Module
from ..pooling import MaxPool2d

__all__ = ["GoogLeNet", "Inception", "googlenet"]


class _BasicConv2d(Module):
    """A convolution without bias, normalisation, ReLU."""

    def __init__(self, channels: int, width: int, kernel_size: int, stride: int = 1, padding: int = 0) -> None:
        super().__init__()
        self.conv = Conv2d(channels, width, kernel_size, stride, padding, bias=False)
        self.bn = BatchNorm2d(width, eps=0.001)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) -> (N, O, oh, ow)"""
        return F.relu(self.bn(self.conv(input)), inplace=True)


class Inception(Module):
    """Four branches of windows of different sizes, joined along the channels (Szegedy et al., 2014, figure 2b).

    (N, C, H, W) -> (N, ch1x1 + ch3x3 + ch5x5 + pool_proj, H, W)

        branch 1   1×1
        branch 2   1×1 to ch3x3red maps, 3×3
        branch 3   1×1 to ch5x5red maps, 3×3
        branch 4   3×3 max pooling, 1×1

    The 1×1 convolutions before the larger windows reduce the maps, and so the work.
    The third branch's window is 5×5 in the paper; that of torchvision's weights, and
    so this one's, is 3×3.

    >>> import minigrad as mg, nn
    >>> nn.models.Inception(8, 2, 2, 4, 1, 2, 2)(mg.zeros(1, 8, 5, 5)).shape
    (1, 10, 5, 5)
    """

    def __init__(
        self, in_channels: int, ch1x1: int, ch3x3red: int, ch3x3: int, ch5x5red: int, ch5x5: int, pool_proj: int
    ) -> None:
        super().__init__()
        self.branch1 = _BasicConv2d(in_channels, ch1x1, 1)
        self.branch2 = Sequential(_BasicConv2d(in_channels, ch3x3red, 1), _BasicConv2d(ch3x3red, ch3x3, 3, padding=1))
        self.branch3 = Sequential(_BasicConv2d(in_channels, ch5x5red, 1), _BasicConv2d(ch5x5red, ch5x5, 3, padding=1))
        self.branch4 = Sequential(
            MaxPool2d(3, stride=1, padding=1, ceil_mode=True), _BasicConv2d(in_channels, pool_proj, 1)
        )

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) -> (N, ch1x1 + ch3x3 + ch5x5 + pool_proj, H, W)"""
        branches = (self.branch1, self.branch2, self.branch3, self.branch4)
        return mg.cat([branch(input) for branch in branches], 1)


# The maps of each inception module, as its arguments, and whether a pooling follows.
_MODULES = {
    "inception3a": (64, 96, 128, 16, 32, 32), "inception3b": (128, 128, 192, 32, 96, 64),
    "inception4a": (192, 96, 208, 16, 48, 64), "inception4b": (160, 112, 224, 24, 64, 64),
    "inception4c": (128, 128, 256, 24, 64, 64), "inception4d": (112, 144, 288, 32, 64, 64),
    "inception4e": (256, 160, 320, 32, 128, 128), "inception5a": (256, 160, 320, 32, 128, 128),
    "inception5b": (384, 192, 384, 48, 128, 128),
}  # fmt: skip


class GoogLeNet(Module):
    """GoogLeNet after Szegedy et al., "Going deeper with convolutions" (2014), table 1, with batch normalisation.

    (N, C, H, W) -> (N, num_classes) logits

        layers               maps   size for 224×224
        conv1, 7×7, stride 2   64   112×112
        maxpool1               64   56×56
        conv2, conv3          192   56×56
        maxpool2              192   28×28
        inception3a, 3b       480   28×28
        maxpool3              480   14×14
        inception4a … 4e      832   14×14
        maxpool4              832   7×7
        inception5a, 5b      1024   7×7
        avgpool              1024   1×1
        fc                   num_classes

    Without the auxiliary classifiers of the paper. `width` scales the numbers of maps.
    Modules are named as in torchvision, whose network this is number for number.

    >>> import minigrad as mg, nn
    >>> nn.models.GoogLeNet(10, width=0.1)(mg.zeros(2, 3, 32, 32)).shape
    (2, 10)
    """

    def __init__(
        self,
        num_classes: int = 1000,
        in_channels: int = 3,
        dropout: float = 0.2,
        width: float = 1.0,
        init_weights: bool = True,
    ) -> None:
        super().__init__()

        def scaled(maps: int) -> int:
            return max(1, round(maps * width))

        channels = scaled(192)
        self.conv1 = _BasicConv2d(in_channels, scaled(64), 7, stride=2, padding=3)
        self.maxpool1 = MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = _BasicConv2d(scaled(64), scaled(64), 1)
        self.conv3 = _BasicConv2d(scaled(64), channels, 3, padding=1)
        self.maxpool2 = MaxPool2d(3, stride=2, ceil_mode=True)
        for name, maps in _MODULES.items():
            ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj = map(scaled, maps)
            self.add_module(name, Inception(channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj))
            channels = ch1x1 + ch3x3 + ch5x5 + pool_proj
            if name == "inception3b":
                self.maxpool3 = MaxPool2d(3, stride=2, ceil_mode=True)
            elif name == "inception4e":
                self.maxpool4 = MaxPool2d(2, stride=2, ceil_mode=True)
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.dropout = Dropout(dropout)
        self.fc = Linear(channels, num_classes)
        if init_weights:
            for module in self.modules():
                if isinstance(module, Conv2d | Linear):
                    init.trunc_normal_(module.weight, 0.0, 0.01, -2, 2)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) -> (N, num_classes) logits"""
        output = self.maxpool1(self.conv1(input))
        output = self.maxpool2(self.conv3(self.conv2(output)))
        output = self.maxpool3(self.inception3b(self.inception3a(output)))
        output = self.inception4c(self.inception4b(self.inception4a(output)))
        output = self.maxpool4(self.inception4e(self.inception4d(output)))
        output = self.inception5b(self.inception5a(output))
        return self.fc(self.dropout(self.avgpool(output).flatten(1)))  # type: ignore[no-any-return]


def googlenet(**options: Any) -> GoogLeNet:
    """GoogLeNet: 6 624 904 parameters for 1000 classes. Options as `GoogLeNet`.

    >>> import nn
    >>> nn.models.googlenet(width=0.05, init_weights=False).fc.out_features
    1000
    """
    return GoogLeNet(**options)
