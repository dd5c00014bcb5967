"""MobileNets: separable convolutions and inverted residuals."""

import pytest

import minigrad as mg
import nn
from nn.models import InvertedResidual, MobileNetV1, MobileNetV2


def test_published_numbers_of_parameters(count):
    assert count(nn.models.mobilenet_v1) == 4_231_976
    assert count(nn.models.mobilenet_v2) == 3_504_872


def test_published_numbers_of_multiplications():
    """569 million of MobileNet and 300 million of MobileNetV2, as the papers' tables round them."""
    assert round(nn.summary(MobileNetV1(), (3, 224, 224)).multiplications / 1e6) == 569
    assert round(nn.summary(MobileNetV2(), (3, 224, 224)).multiplications / 1e6) in (300, 301)


@pytest.mark.parametrize("kind", [MobileNetV1, MobileNetV2])
def test_sizes_and_groups(kind):
    model = kind(10)
    table = nn.summary(model, (3, 64, 64), depth=2)
    last = [row.output for row in table.rows if row.path.startswith("features.")][-1]
    assert last[2:] == (2, 2)
    deep = [one for one in model.modules() if isinstance(one, nn.Conv2d) and one.groups > 1]
    assert len(deep) == {MobileNetV1: 13, MobileNetV2: 17}[kind]
    assert all(one.groups == one.in_channels == one.out_channels for one in deep)


def test_inverted_residuals():
    same, wider, strided = InvertedResidual(4, 4, 1, 6), InvertedResidual(4, 6, 1, 1), InvertedResidual(4, 4, 2, 2)
    x = mg.randn(2, 4, 6, 6)
    assert [one.use_res_connect for one in (same, wider, strided)] == [True, False, False]
    assert [one(x).shape for one in (same, wider, strided)] == [(2, 4, 6, 6), (2, 6, 6, 6), (2, 4, 3, 3)]
    assert [len(one.conv) for one in (same, wider, strided)] == [4, 3, 4]
    nn.init.zeros_(same.conv[-1].weight)
    assert same(x).tolist() == x.tolist()


def test_widths_are_multiples():
    model = MobileNetV2(10, width_mult=0.5)
    assert {one.out_channels % 8 for one in model.modules() if isinstance(one, nn.Conv2d)} == {0}
    assert model.last_channel == 1280
    assert MobileNetV2(10, width_mult=1.4, inverted_residual_setting=[(1, 16, 1, 1)]).last_channel == 1792


def test_runs_and_learns(sound, learns, classes):
    sound(MobileNetV1(4, 1, width=0.1), mg.randn(3, 1, 64, 64))
    small = {"width_mult": 0.25, "round_nearest": 2, "last_channel": 16, "dropout": 0.0}
    sound(MobileNetV2(4, in_channels=1, **small), mg.randn(3, 1, 64, 64))
    learns(MobileNetV1(4, width=0.1), classes(3, 48), 0.8)
    learns(MobileNetV2(4, **small), classes(3, 64), 0.8)
