"""Residual networks (He et al., 2015): blocks that add to their input."""

from collections.abc import Sequence
from typing import Any

import minigrad as mg

from .. import init
from ..activation import ReLU
from ..adaptive import AdaptiveAvgPool2d
from ..batchnorm import BatchNorm2d
from ..container import Sequential
from ..conv import Conv2d
from ..linear import Linear
from ..module import Module
from ..pooling import MaxPool2d

__all__ = ["BasicBlock", "Bottleneck", "ResNet", "resnet101", "resnet152", "resnet18", "resnet34", "resnet50"]


class BasicBlock(Module):
    """Two 3×3 convolutions, added to their input: relu(F(x) + x) (He et al., 2015, figure 5 left).

    (N, C, H, W) -> (N, planes, H/stride, W/stride). `downsample` brings the input
    to the shape of the output, where they differ.

    >>> import minigrad as mg, nn
    >>> nn.models.BasicBlock(4, 4)(mg.zeros(1, 4, 5, 5)).shape
    (1, 4, 5, 5)
    """

    expansion = 1

    def __init__(self, inplanes: int, planes: int, stride: int = 1, downsample: Module | None = None) -> None:
        super().__init__()
        self.conv1 = Conv2d(inplanes, planes, 3, stride, 1, bias=False)
        self.bn1 = BatchNorm2d(planes)
        self.relu = ReLU(inplace=True)
        self.conv2 = Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = BatchNorm2d(planes)
        self.register_module("downsample", downsample)
        self.stride = stride

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) -> (N, planes, H/stride, W/stride)"""
        skipped = input if self.downsample is None else self.downsample(input)
        output = self.relu(self.bn1(self.conv1(input)))
        output = self.bn2(self.conv2(output))
        return self.relu(output + skipped)  # type: ignore[no-any-return]


class Bottleneck(Module):
    """1×1, 3×3, 1×1 convolutions, added to their input (He et al., 2015, figure 5 right).

    (N, C, H, W) -> (N, 4·planes, H/stride, W/stride). The stride is that of the 3×3
    convolution, as in torchvision; the paper's is in the first one.

    >>> import minigrad as mg, nn
    >>> nn.models.Bottleneck(16, 4)(mg.zeros(1, 16, 5, 5)).shape
    (1, 16, 5, 5)
    """

    expansion = 4

    def __init__(self, inplanes: int, planes: int, stride: int = 1, downsample: Module | None = None) -> None:
        super().__init__()
        self.conv1 = Conv2d(inplanes, planes, 1, bias=False)
        self.bn1 = BatchNorm2d(planes)
        self.conv2 = Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.bn2 = BatchNorm2d(planes)
        self.conv3 = Conv2d(planes, planes * self.expansion, 1, bias=False)
        self.bn3 = BatchNorm2d(planes * self.expansion)
        self.relu = ReLU(inplace=True)
        self.register_module("downsample", downsample)
        self.stride = stride

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) -> (N, 4·planes, H/stride, W/stride)"""
        skipped = input if self.downsample is None else self.downsample(input)
        output = self.relu(self.bn1(self.conv1(input)))
        output = self.relu(self.bn2(self.conv2(output)))
        output = self.bn3(self.conv3(output))
        return self.relu(output + skipped)  # type: ignore[no-any-return]


class ResNet(Module):
    """A residual network after He et al., "Deep residual learning for image recognition" (2015), table 1.

    (N, C, H, W) -> (N, num_classes) logits

        stage    maps of basic blocks   size for 224×224
        conv1    64, 7×7, stride 2      112×112
        maxpool  64, 3×3, stride 2      56×56
        layer1   64                     56×56
        layer2   128                    28×28
        layer3   256                    14×14
        layer4   512                    7×7
        avgpool                         1×1
        fc       num_classes

    `layers` are the numbers of blocks in the four stages; `width` the maps of the
    first, doubled from stage to stage; a `Bottleneck` gives four times as many. The
    first block of every later stage halves the map. Modules are named as in torchvision,
    whose `zero_init_residual` lets every block start as the identity.

    >>> import minigrad as mg, nn
    >>> net = nn.models.ResNet(nn.models.BasicBlock, (1, 1, 1, 1), num_classes=10, width=4)
    >>> net(mg.zeros(2, 3, 32, 32)).shape
    (2, 10)
    """

    def __init__(
        self,
        block: type[BasicBlock] | type[Bottleneck],
        layers: Sequence[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        in_channels: int = 3,
        width: int = 64,
    ) -> None:
        super().__init__()
        self.inplanes = width
        self.conv1 = Conv2d(in_channels, width, 7, 2, 3, bias=False)
        self.bn1 = BatchNorm2d(width)
        self.relu = ReLU(inplace=True)
        self.maxpool = MaxPool2d(3, 2, 1)
        self.layer1 = self._stage(block, width, layers[0], 1)
        self.layer2 = self._stage(block, width * 2, layers[1], 2)
        self.layer3 = self._stage(block, width * 4, layers[2], 2)
        self.layer4 = self._stage(block, width * 8, layers[3], 2)
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.fc = Linear(width * 8 * block.expansion, num_classes)
        for module in self.modules():
            if isinstance(module, Conv2d):
                init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif zero_init_residual and isinstance(module, BasicBlock):
                init.zeros_(module.bn2.weight)
            elif zero_init_residual and isinstance(module, Bottleneck):
                init.zeros_(module.bn3.weight)

    def _stage(self, block: type[BasicBlock] | type[Bottleneck], planes: int, count: int, stride: int) -> Sequential:
        """Blocks of one size of map; the first changes it."""
        wide = planes * block.expansion
        downsample = None
        if stride != 1 or self.inplanes != wide:
            downsample = Sequential(Conv2d(self.inplanes, wide, 1, stride, bias=False), BatchNorm2d(wide))
        first = block(self.inplanes, planes, stride, downsample)
        self.inplanes = wide
        return Sequential(first, *(block(wide, planes) for _ in range(1, count)))

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) -> (N, num_classes) logits"""
        output = self.maxpool(self.relu(self.bn1(self.conv1(input))))
        output = self.layer4(self.layer3(self.layer2(self.layer1(output))))
        return self.fc(self.avgpool(output).flatten(1))  # type: ignore[no-any-return]


def resnet18(**options: Any) -> ResNet:
    """ResNet-18: 11 689 512 parameters for 1000 classes. Options as `ResNet`.

    >>> import nn
    >>> [len(stage) for stage in (lambda net: (net.layer1, net.layer4))(nn.models.resnet18(width=1))]
    [2, 2]
    """
    return ResNet(BasicBlock, (2, 2, 2, 2), **options)


def resnet34(**options: Any) -> ResNet:
    """ResNet-34: 21 797 672 parameters for 1000 classes. Options as `ResNet`.

    >>> import nn
    >>> len(nn.models.resnet34(width=1).layer3)
    6
    """
    return ResNet(BasicBlock, (3, 4, 6, 3), **options)


def resnet50(**options: Any) -> ResNet:
    """ResNet-50: 25 557 032 parameters for 1000 classes. Options as `ResNet`.

    >>> import nn
    >>> nn.models.resnet50(width=2).fc.in_features
    64
    """
    return ResNet(Bottleneck, (3, 4, 6, 3), **options)


def resnet101(**options: Any) -> ResNet:
    """ResNet-101: 44 549 160 parameters for 1000 classes. Options as `ResNet`.

    >>> import nn
    >>> len(nn.models.resnet101(width=1).layer3)
    23
    """
    return ResNet(Bottleneck, (3, 4, 23, 3), **options)


def resnet152(**options: Any) -> ResNet:
    """ResNet-152: 60 192 808 parameters for 1000 classes. Options as `ResNet`.

    >>> import nn
    >>> len(nn.models.resnet152(width=1).layer3)
    36
    """
    return ResNet(Bottleneck, (3, 8, 36, 3), **options)
