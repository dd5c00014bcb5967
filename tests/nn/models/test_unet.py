"""U-Net: output as large as the input, skips at every level."""

from itertools import pairwise

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, ShapeError
from nn.models import UNet


def test_number_of_parameters(count):
    """Two 3×3 convolutions with normalisation per level, on both ways; 2×2 windows up; 1×1 at the end."""

    def double(a, b):
        return 9 * a * b + 9 * b * b + 4 * b

    widths = [64, 128, 256, 512, 1024]
    down = double(1, 64) + sum(double(a, b) for a, b in pairwise(widths))
    up = sum(4 * b * a + a + double(2 * a, a) for a, b in pairwise(widths))
    assert count(UNet) == down + up + 64 * 2 + 2


@pytest.mark.parametrize("bilinear", [False, True])
@pytest.mark.parametrize(("depth", "size"), [(1, (6, 4)), (2, (12, 16)), (4, (16, 32))])
def test_output_like_input(sound, bilinear, depth, size):
    model = UNet(2, 3, width=2, depth=depth, bilinear=bilinear)
    assert model.eval()(mg.zeros(1, 2, *size)).shape == (1, 3, *size)
    sound(UNet(2, 3, width=4, depth=depth, bilinear=bilinear), mg.randn(4, 2, 16 * size[0] // 4, 16 * size[1] // 4))


def test_skips_join_each_level():
    model = UNet(1, 2, width=2, depth=2)
    table = nn.summary(model, (1, 16, 16))
    shapes = {row.path: row.output[1:] for row in table.rows if row.path}
    assert [shapes[f"down.{n}"] for n in range(3)] == [(2, 16, 16), (4, 8, 8), (8, 4, 4)]
    assert [shapes[f"up.{n}"] for n in range(2)] == [(4, 8, 8), (2, 16, 16)]
    assert [model.merge[n][0].in_channels for n in range(2)] == [8, 4]
    for part in (model.up, model.down[2]):  # what does not go through the bottom goes past it
        for parameter in part.parameters():
            nn.init.zeros_(parameter)
    x = mg.randn(1, 1, 16, 16)
    assert model.eval()(x).tolist() != model(x * 2).tolist()


def test_learns_to_draw_an_outline(learns):
    image = mg.zeros(2, 1, 16, 16)
    image[0, 0, 4:12, 4:12] = 1.0
    image[1, 0, 2:8, 6:14] = 1.0
    labels = image[:, 0].to(mg.int64)
    noisy = image + 0.3 * mg.randn(2, 1, 16, 16)
    learns(UNet(1, 2, width=4, depth=2), lambda model: nn.functional.cross_entropy(model(noisy), labels), 0.3)


@pytest.mark.parametrize("shape", [(1, 1, 10, 12), (1, 1, 12, 10), (1, 12, 12), (12, 12)])
def test_sizes_that_cannot_be_halved(shape):
    with pytest.raises(ShapeError, match=r"UNet\(depth=2\) got images of shape .* multiples of 4"):
        UNet(depth=2, width=1)(mg.zeros(*shape))


@pytest.mark.parametrize("depth", [0, -1])
def test_depth(depth):
    with pytest.raises(ArgumentError, match=f"depth={depth}"):
        UNet(depth=depth)
