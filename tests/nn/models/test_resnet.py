"""ResNet: stages, counts, blocks that start as the identity."""

import numpy as np
import pytest

import minigrad as mg
import nn
from nn.models import BasicBlock, Bottleneck, ResNet


@pytest.mark.parametrize(("make", "parameters"), [
    (nn.models.resnet18, 11_689_512), (nn.models.resnet34, 21_797_672), (nn.models.resnet50, 25_557_032),
    (nn.models.resnet101, 44_549_160), (nn.models.resnet152, 60_192_808),
])  # fmt: skip
def test_published_numbers_of_parameters(count, make, parameters):
    assert count(make) == parameters


@pytest.mark.parametrize(("make", "depth", "wide"), [(nn.models.resnet18, 18, 16), (nn.models.resnet50, 50, 64)])
def test_sizes_of_the_stages(make, depth, wide):
    model = make(width=2, num_classes=3)
    sizes = {}
    for name in ("conv1", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool", "fc"):
        getattr(model, name).register_forward_hook(
            lambda module, args, output, name=name: sizes.__setitem__(name, output.shape[1:])
        )
    model.eval()(mg.zeros(1, 3, 224, 224))
    factor = wide // 16
    assert sizes == {
        "conv1": (2, 112, 112), "maxpool": (2, 56, 56), "layer1": (2 * factor, 56, 56), "layer2": (4 * factor, 28, 28),
        "layer3": (8 * factor, 14, 14), "layer4": (wide, 7, 7), "avgpool": (wide, 1, 1), "fc": (3,),
    }  # fmt: skip
    weighted = [path for path, one in model.named_modules() if isinstance(one, nn.Conv2d | nn.Linear)]
    assert len([path for path in weighted if "downsample" not in path]) == depth


@pytest.mark.parametrize("make", [nn.models.resnet18, nn.models.resnet50])
def test_runs_and_learns(sound, learns, classes, make):
    sound(make(width=2, num_classes=4, in_channels=1), mg.randn(3, 1, 64, 64))
    learns(make(width=4, num_classes=4), classes(3, 32), 0.5)


@pytest.mark.parametrize("block", [BasicBlock(4, 4), Bottleneck(16, 4)], ids=["basic", "bottleneck"])
def test_a_block_of_zeros_is_the_identity_of_what_is_positive(block):
    nn.init.zeros_((block.bn2 if isinstance(block, BasicBlock) else block.bn3).weight)
    x = mg.rand(2, block.conv1.in_channels, 5, 5)
    np.testing.assert_array_equal(block(x).detach().numpy(), x.numpy())


def test_zero_init_residual():
    for kind, layers in ((BasicBlock, (1, 1, 1, 1)), (Bottleneck, (2, 1, 1, 1))):
        model = ResNet(kind, layers, width=2, zero_init_residual=True)
        last = "bn2" if kind is BasicBlock else "bn3"
        zero = [key for key, p in model.named_parameters() if not bool(p.any()) and key.endswith("weight")]
        assert zero == [key for key, _ in model.named_parameters() if key.endswith(f".{last}.weight")]
        assert len(zero) == sum(layers)


def test_strides_halve_and_project():
    block = BasicBlock(4, 8, 2, nn.Conv2d(4, 8, 1, 2))
    assert block(mg.zeros(1, 4, 7, 8)).shape == (1, 8, 4, 4)
    with pytest.raises(mg.errors.ShapeError, match=r"add of shapes .*in BasicBlock"):
        BasicBlock(4, 8)(mg.zeros(1, 4, 7, 8))
