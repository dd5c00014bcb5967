"""The residual networks for small images: depth, counts, learning."""

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError
from nn.models import CifarResNet


@pytest.mark.parametrize("depth", [20, 32, 44, 56, 110])
def test_depth(depth):
    model = getattr(nn.models, f"resnet{depth}")(width=1)
    weighted = [one for path, one in model.named_modules()
                if isinstance(one, nn.Conv2d | nn.Linear) and "projection" not in path]  # fmt: skip
    assert len(weighted) == depth
    assert sum(isinstance(one, nn.Residual) for one in model.modules()) == (depth - 2) // 2
    assert sum(one.projection is not None for one in model.modules() if isinstance(one, nn.Residual)) == 2


def test_number_of_parameters():
    def stage(channels, width, n):
        first = 9 * channels * width + 9 * width * width + 4 * width
        projection = channels * width + 2 * width if channels != width else 0
        return first + projection + (n - 1) * (18 * width * width + 4 * width)

    for depth, n in ((20, 3), (32, 5)):
        wanted = 3 * 16 * 9 + 32 + stage(16, 16, n) + stage(16, 32, n) + stage(32, 64, n) + 64 * 10 + 10
        assert sum(p.numel() for p in CifarResNet(depth).parameters()) == wanted


def test_sizes():
    table = nn.summary(CifarResNet(8, width=4), (3, 32, 32))
    shapes = [row.output for row in table.rows if row.kind == "Residual"]
    assert shapes == [(1, 4, 32, 32), (1, 8, 16, 16), (1, 16, 8, 8)]


def test_runs_and_learns(sound, learns, classes):
    sound(CifarResNet(14, width=3), mg.randn(3, 3, 16, 16))
    learns(CifarResNet(8, 4, width=6), classes(3, 16), 0.5)


@pytest.mark.parametrize(("depth", "remedy"), [(18, 20), (2, 8), (21, 20), (0, 8)])
def test_depths_there_are_not(depth, remedy):
    with pytest.raises(ArgumentError, match=rf"depth={depth}; .*6n \+ 2: for example {remedy}"):
        CifarResNet(depth)
