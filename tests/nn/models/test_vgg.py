"""VGG: depths, counts, options."""

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError
from nn.models import VGG

SMALL = {"num_classes": 4, "widths": (4, 6, 8, 8, 8), "hidden": 16}


@pytest.mark.parametrize(("make", "parameters"), [
    (nn.models.vgg11, 132_863_336), (nn.models.vgg13, 133_047_848), (nn.models.vgg16, 138_357_544),
    (nn.models.vgg19, 143_667_240), (nn.models.vgg11_bn, 132_868_840), (nn.models.vgg16_bn, 138_365_992),
])  # fmt: skip
def test_published_numbers_of_parameters(count, make, parameters):
    assert count(make) == parameters


@pytest.mark.parametrize("depth", [11, 13, 16, 19])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_layers_with_weights(depth, batch_norm):
    model = VGG(depth, batch_norm=batch_norm, **SMALL)
    kinds = [type(one).__name__ for one in model.modules()]
    assert kinds.count("Conv2d") + kinds.count("Linear") == depth
    assert kinds.count("MaxPool2d") == 5
    assert kinds.count("BatchNorm2d") == (depth - 3 if batch_norm else 0)
    shorthand = getattr(nn.models, f"vgg{depth}{'_bn' if batch_norm else ''}")(**SMALL)
    assert list(shorthand.state_dict()) == list(model.state_dict())


def test_runs_and_learns(sound, learns, classes):
    model = VGG(11, batch_norm=True, dropout=0.0, **SMALL)
    sound(VGG(11, batch_norm=True, dropout=0.0, in_channels=1, **{**SMALL, "hidden": 256}), mg.randn(2, 1, 64, 64))
    for layer in model.classifier:  # N(0, 0.01) is meant for 4096 units
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight)
    learns(model, classes(3, 32), 0.5)


def test_any_size_from_32_on():
    model = VGG(11, **SMALL)
    for size in ((32, 32), (48, 40), (224, 64)):
        assert model(mg.zeros(1, 3, *size)).shape == (1, 4)
    with pytest.raises(mg.errors.MinigradError, match=r"features\.20"):
        model(mg.zeros(1, 3, 16, 16))


def test_initial_values():
    model = VGG(11, num_classes=64, widths=(32, 32, 32, 32, 32), hidden=128)
    weight = model.features[3].weight
    assert float(weight.std()) == pytest.approx((2 / (32 * 9)) ** 0.5, rel=0.1)
    assert float(model.classifier[3].weight.std()) == pytest.approx(0.01, rel=0.1)
    assert not bool(model.features[3].bias.any())
    plain = VGG(11, num_classes=64, widths=(32, 32, 32, 32, 32), hidden=128, init_weights=False)
    assert float(plain.features[3].weight.std()) == pytest.approx((1 / (3 * 32 * 9)) ** 0.5, rel=0.1)
    assert bool(plain.features[3].bias.any())


def test_arguments():
    with pytest.raises(ArgumentError, match="depth=12; the paper's are 11, 13, 16, 19"):
        VGG(12)
    with pytest.raises(ArgumentError, match=r"widths=\(1, 2\); it has five stages"):
        VGG(11, widths=(1, 2))
