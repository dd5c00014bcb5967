"""Layers that resize and rearrange: the functions with their arguments, attributes, repr."""

import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError, ShapeError


@pytest.mark.parametrize(
    ("layer", "function", "shape"),
    [
        (lambda: nn.Upsample(5), lambda x: F.interpolate(x, 5), (1, 2, 3)),
        (
            lambda: nn.Upsample(scale_factor=1.5, mode="bicubic", align_corners=True),
            lambda x: F.interpolate(x, scale_factor=1.5, mode="bicubic", align_corners=True), (1, 2, 3, 5),
        ),
        (
            lambda: nn.Upsample(None, 1.3, "linear", None, True),
            lambda x: F.interpolate(x, scale_factor=1.3, mode="linear", recompute_scale_factor=True), (1, 2, 7),
        ),
        (lambda: nn.UpsamplingNearest2d(scale_factor=2), lambda x: F.interpolate(x, scale_factor=2), (1, 2, 3, 4)),
        (lambda: nn.UpsamplingBilinear2d((5, 6)), lambda x: F.upsample_bilinear(x, (5, 6)), (1, 2, 3, 4)),
        (lambda: nn.PixelShuffle(2), lambda x: F.pixel_shuffle(x, 2), (1, 8, 3, 4)),
        (lambda: nn.PixelUnshuffle(2), lambda x: F.pixel_unshuffle(x, 2), (1, 2, 4, 6)),
        (lambda: nn.ChannelShuffle(2), lambda x: F.channel_shuffle(x, 2), (1, 8, 3)),
        (lambda: nn.Unfold((2, 3), 1, 1, 2), lambda x: F.unfold(x, (2, 3), 1, 1, 2), (1, 2, 4, 6)),
        (lambda: nn.Fold((4, 5), (2, 3), 1, 1, 2), lambda x: F.fold(x, (4, 5), (2, 3), 1, 1, 2), (1, 12, 9)),
    ],
)  # fmt: skip
def test_layers_are_the_functions(layer, function, shape):
    x = mg.randn(*shape)
    assert mg.equal(layer()(x), function(x))


REPR = {
    "Upsample(size=3, mode='nearest')": lambda: nn.Upsample(size=3),
    "Upsample(scale_factor=2.0, mode='bilinear')": lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
    "Upsample(scale_factor=(2.0, 1.5), mode='nearest')": lambda: nn.Upsample(scale_factor=(2, 1.5)),
    "UpsamplingNearest2d(scale_factor=2.0, mode='nearest')": lambda: nn.UpsamplingNearest2d(scale_factor=2),
    "UpsamplingBilinear2d(size=3, mode='bilinear')": lambda: nn.UpsamplingBilinear2d(3),
    "PixelShuffle(upscale_factor=2)": lambda: nn.PixelShuffle(2),
    "PixelUnshuffle(downscale_factor=3)": lambda: nn.PixelUnshuffle(3),
    "ChannelShuffle(groups=4)": lambda: nn.ChannelShuffle(4),
    "Unfold(kernel_size=2, dilation=1, padding=0, stride=1)": lambda: nn.Unfold(2),
    "Fold(output_size=(3, 3), kernel_size=2, dilation=1, padding=0, stride=1)": lambda: nn.Fold((3, 3), 2),
}


@pytest.mark.parametrize(("text", "make"), REPR.items(), ids=list(REPR))
def test_repr(text, make):
    assert repr(make()) == text


def test_attributes():
    layer = nn.UpsamplingBilinear2d(scale_factor=2)
    found = (layer.name, layer.size, layer.scale_factor, layer.mode, layer.align_corners, layer.recompute_scale_factor)
    assert found == ("UpsamplingBilinear2d", None, 2.0, "bilinear", True, None)


def test_errors_name_the_layer():
    with pytest.raises(ArgumentError, match=r"\[in Upsample\(size=None"):
        nn.Upsample()(mg.ones(1, 1, 2))
    with pytest.raises(ShapeError, match=r"multiple of 2² = 4 \[in 0: PixelShuffle"):
        nn.Sequential(nn.PixelShuffle(2))(mg.ones(1, 3, 2, 2))


def test_a_sub_pixel_convolution_learns():
    mg.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.PixelShuffle(2))
    x = mg.randn(4, 1, 6, 6)
    target = F.interpolate(x, scale_factor=2, mode="bilinear")
    optimizer = mg.optim.SGD(net.parameters(), lr=0.5)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = F.mse_loss(net(x), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 4
