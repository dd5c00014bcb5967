"""Depthwise separable convolutions: two layers in a row, with fewer parameters than one."""

import math

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, ShapeError

LAYERS = {1: nn.SeparableConv1d, 2: nn.SeparableConv2d, 3: nn.SeparableConv3d}
PLAIN = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


@pytest.mark.parametrize("m", [1, 3])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_it_is_the_two_layers(axes, m):
    kernel = (3, 2, 2)[:axes]
    layer = LAYERS[axes](4, 5, kernel, stride=2, padding=1, dilation=1, depth_multiplier=m)
    depthwise = PLAIN[axes](4, 4 * m, kernel, stride=2, padding=1, groups=4, bias=False)
    pointwise = PLAIN[axes](4 * m, 5, 1)
    depthwise.load_state_dict(layer.depthwise.state_dict())
    pointwise.load_state_dict(layer.pointwise.state_dict())
    x = mg.randn(2, 4, *(5, 6, 4)[:axes])
    assert mg.equal(layer(x), pointwise(depthwise(x)))
    assert layer(x[0]).shape == layer(x).shape[1:]
    count = sum(parameter.numel() for parameter in layer.parameters())
    assert count == 4 * m * math.prod(kernel) + 4 * m * 5 + 5
    assert list(layer.state_dict()) == ["depthwise.weight", "pointwise.weight", "pointwise.bias"]


def test_it_is_a_convolution_whose_kernels_are_products():
    layer = nn.SeparableConv2d(2, 3, 3, padding=1).double()
    whole = nn.Conv2d(2, 3, 3, padding=1).double()
    with mg.no_grad():
        # (O, C, 1, 1)·(C, 1, 3, 3) with C in the same place
        whole.weight.copy_(layer.pointwise.weight * layer.depthwise.weight.transpose(0, 1))
        whole.bias.copy_(layer.pointwise.bias)
    x = mg.randn(1, 2, 5, 5, dtype=mg.float64)
    assert mg.allclose(layer(x), whole(x))


def test_options_reach_the_layers():
    layer = nn.SeparableConv2d(2, 3, 3, padding="same", bias=False, padding_mode="reflect", dtype=mg.float64)
    assert layer(mg.zeros(1, 2, 5, 5, dtype=mg.float64)).shape == (1, 3, 5, 5)
    assert (layer.pointwise.bias, layer.depthwise.bias, layer.depthwise.padding_mode) == (None, None, "reflect")
    assert {parameter.dtype for parameter in layer.parameters()} == {mg.float64}


def test_refusals():
    for multiplier in (0, -1, 1.5, None):
        with pytest.raises(ArgumentError, match=f"depth_multiplier={multiplier}"):
            nn.SeparableConv2d(2, 3, 3, depth_multiplier=multiplier)
    with pytest.raises(ArgumentError, match=r"3 input and 2 output channels.*\[in depthwise: Conv2d"):
        nn.SeparableConv2d(2, 3, 3)(mg.zeros(1, 3, 5, 5))
    with pytest.raises(ShapeError, match=r"reads 2 channels, the input has 7.*channels-last.*\[in depthwise: Conv2d"):
        nn.SeparableConv2d(2, 3, 3)(mg.zeros(1, 7, 5, 2))
