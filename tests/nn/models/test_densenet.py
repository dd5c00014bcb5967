"""DenseNet: every layer reads all before it."""

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError
from nn.models import DenseNet


@pytest.mark.parametrize(("make", "parameters"), [
    (nn.models.densenet121, 7_978_856), (nn.models.densenet161, 28_681_000), (nn.models.densenet169, 14_149_480),
    (nn.models.densenet201, 20_013_928),
])  # fmt: skip
def test_published_numbers_of_parameters(count, make, parameters):
    assert count(make) == parameters


def test_maps_grow_by_the_growth_rate():
    model = DenseNet(3, (2, 3), 4, bn_size=2)
    assert [layer.conv1.in_channels for layer in model.features.denseblock1.values()] == [4, 7]
    assert [layer.conv1.in_channels for layer in model.features.denseblock2.values()] == [5, 8, 11]
    assert {layer.conv1.out_channels for layer in model.features.denseblock2.values()} == {6}
    table = nn.summary(model, (3, 64, 64))
    shapes = {row.path: row.output for row in table.rows}
    assert shapes["features.denseblock1"] == (1, 10, 16, 16)
    assert shapes["features.transition1"] == (1, 5, 8, 8)
    assert shapes["features.denseblock2"] == (1, 14, 8, 8)


def test_runs_and_learns(sound, learns, classes):
    sound(DenseNet(4, (2, 2, 2, 2), 8, num_classes=4, in_channels=1), mg.randn(3, 1, 64, 64))
    learns(DenseNet(4, (2, 2), 8, num_classes=4), classes(3, 32), 0.5)


def test_dropout():
    model, x = DenseNet(4, (2, 2), 8, drop_rate=0.5), mg.randn(2, 3, 32, 32)
    assert model(x).tolist() != model(x).tolist()
    model.eval()
    assert model(x).tolist() == model(x).tolist()


@pytest.mark.parametrize("blocks", [(), (2, 0)])
def test_blocks_without_layers(blocks):
    with pytest.raises(ArgumentError, match="number of layers of each block"):
        DenseNet(block_config=blocks)
