"""The convolution layer with the notes' conventions as arguments."""

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.func import functional_call
from nn.notes import Conv2d

LAYERS = [
    lambda: Conv2d.after_a(3, 2, 2, stride=2, padding=1),
    lambda: Conv2d.after_b(3, 2, (2, 3), pad_total=3),
    lambda: Conv2d.after_c(3, 2, 3),
    lambda: Conv2d.after_d(3, 2, 4, mode="wide", bias="map", size=5),
    lambda: Conv2d.after_e(3, 2, (1, 0), size=5, skip=1),
    lambda: Conv2d(3, 2, 2, dilation=2, flip=True, bias="map", bias_sign=-1, size=5),
    lambda: Conv2d(3, 2, 2, bias=None),
]


@pytest.mark.parametrize("make", LAYERS)
def test_derivatives_to_the_second_order(make):
    layer = make().double()
    names = [name for name, _ in layer.named_parameters()]
    x = mg.randn(2, 3, 5, 5, dtype=mg.float64, requires_grad=True)

    def run(x, *parameters):
        return functional_call(layer, dict(zip(names, parameters, strict=True)), (x,))

    assert gradcheck(run, (x, *layer.parameters()), order=2)


@pytest.mark.parametrize("make", LAYERS)
def test_one_image_is_a_batch_of_one(make):
    layer, x = make(), mg.randn(2, 3, 5, 5)
    np.testing.assert_allclose(layer(x[0]).detach().numpy(), layer(x)[0].detach().numpy(), rtol=1e-5, atol=1e-6)


def test_repr_shows_the_hyperparameters():
    assert repr(Conv2d(1, 6, 5, skip=1, pad_total=3)) == (
        "Conv2d(1, 6, kernel_size=(5, 5), stride=(2, 2), padding=((1, 2), (1, 2)))"
    )
    assert repr(Conv2d(2, 3, (3, 1), mode="narrow", dilation=2, flip=True, bias="pair", bias_sign=-1)) == (
        "Conv2d(2, 3, kernel_size=(3, 1), stride=(1, 1), padding=((0, 0), (0, 0)), mode='narrow', dilation=(2, 2), "
        "flip=True, bias='pair', bias_sign=-1)"
    )
    assert repr(Conv2d(1, 1, 3, bias="map", size=(4, 5))).endswith("bias='map', size=(4, 5))")
    assert repr(Conv2d(1, 1, 3, bias=None, bias_sign=-1)).endswith("bias=None)")


def test_shapes_of_the_biases():
    assert Conv2d(2, 3, 2).bias.shape == (3,)
    assert Conv2d(2, 3, 2, bias="pair").bias.shape == (3, 2)
    assert Conv2d(2, 3, 2, bias="map", size=(7, 8), skip=1, padding=1).bias.shape == (3, 4, 5)
    assert Conv2d(2, 3, 2, bias=None).bias is None


def test_initial_values_are_those_of_the_other_layer():
    for bias in ("channel", "pair"):
        mg.manual_seed(0)
        layer = Conv2d(4, 50, 5, bias=bias)
        for parameter in layer.parameters():
            largest = parameter.detach().abs().max().item()
            assert 0.09 < largest <= 0.1  # 1/√(4·5·5)
    mg.manual_seed(3)
    first = nn.Conv2d(4, 5, 3).weight.tolist()
    mg.manual_seed(3)
    assert Conv2d(4, 5, 3).weight.tolist() == first


def test_state_comes_back():
    first, second = Conv2d.after_c(2, 3, 3), Conv2d.after_c(2, 3, 3)
    second.load_state_dict(first.state_dict())
    x = mg.randn(1, 2, 5, 5)
    assert first(x).tolist() == second(x).tolist()


def test_arguments_that_cannot_be():
    for bias in ("channels", True, 1):
        with pytest.raises(ArgumentError, match=r"Conv2d got bias=.*; it is 'channel', 'pair', 'map' or None"):
            Conv2d(1, 1, 3, bias=bias)
    with pytest.raises(ArgumentError, match=r"bias='map' and size=None; a bias per unit.*size=\(H, W\)"):
        Conv2d(1, 1, 3, bias="map")
    with pytest.raises(ArgumentError, match=r"bias='channel' and size=\(9, 9\)"):
        Conv2d(1, 1, 3, size=9)
    with pytest.raises(ArgumentError, match=r"bias_sign=2; it is 1, or -1"):
        Conv2d(1, 1, 3, bias_sign=2)
    with pytest.raises(ArgumentError, match="c_out=0"):
        Conv2d(1, 0, 3)
    with pytest.raises(DTypeError, match="flip"):
        Conv2d(1, 1, 3, flip="yes")
    with pytest.raises(ShapeError, match="kernel spans 5"):
        Conv2d(1, 1, 5, bias="map", size=4)
    with pytest.raises(ArgumentError, match="kernel_size"):
        Conv2d(1, 1, (3, 3, 3))


def test_inputs_that_do_not_fit():
    with pytest.raises(ShapeError, match="weight reads 2 channels, the input has 3"):
        Conv2d(2, 1, 3)(mg.zeros(1, 3, 5, 5))
    with pytest.raises(ShapeError, match=r"bias of shape \(1, 3, 3\), and its maps have shape \(1, 4, 4\)"):
        Conv2d(1, 1, 3, bias="map", size=5)(mg.zeros(1, 1, 6, 6))
    with pytest.raises(DTypeError, match=r"float64.*float32"):
        Conv2d(1, 1, 3, bias="map", size=5)(mg.zeros(1, 1, 5, 5, dtype=mg.float64))


def test_kernels_is_a_view_of_the_weight():
    layer = Conv2d(2, 3, 2)
    assert layer.kernels.weight is layer.weight
    flipped = Conv2d(2, 3, 2, flip=True)
    x = mg.randn(1, 2, 4, 4)
    for one in (layer, flipped):
        y = one.kernels @ x + one.bias.reshape(-1, 1, 1)
        np.testing.assert_allclose(y.detach().numpy(), one(x).detach().numpy(), rtol=1e-5, atol=1e-6)
