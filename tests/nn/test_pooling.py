"""Pooling layers: their arguments, the stride that is not given, repr; the maps are tested with the primitives."""

import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError, DTypeError, MinigradError, ShapeError

MAX = {1: (nn.MaxPool1d, F.max_pool1d), 2: (nn.MaxPool2d, F.max_pool2d), 3: (nn.MaxPool3d, F.max_pool3d)}
AVG = {1: (nn.AvgPool1d, F.avg_pool1d), 2: (nn.AvgPool2d, F.avg_pool2d), 3: (nn.AvgPool3d, F.avg_pool3d)}
SIZES = (7, 6, 5)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("options", [{}, {"stride": 1}, {"padding": 1}, {"ceil_mode": True}], ids=str)
def test_layers_are_the_functions_with_their_arguments(axes, options):
    x = mg.randn(2, 3, *SIZES[:axes])
    for kind in (MAX, AVG):
        layer, function = kind[axes]
        assert layer(2, **options)(x).tolist() == function(x, 2, **options).tolist()
        assert layer(2, **options)(x[0]).tolist() == layer(2, **options)(x)[0].tolist()
    layer, function = MAX[axes]
    values, indices = layer(2, return_indices=True, dilation=2)(x)
    wanted, places = function(x, 2, dilation=2, return_indices=True)
    assert (values.tolist(), indices.tolist(), indices.dtype) == (wanted.tolist(), places.tolist(), mg.int64)


def test_stride_is_the_kernel_size_unless_given():
    x = mg.zeros(1, 1, 6, 6)
    for layer in (nn.MaxPool2d, nn.AvgPool2d):
        assert layer(2)(x).shape == layer(2, None)(x).shape == (1, 1, 3, 3)
        assert layer((2, 3))(x).shape == (1, 1, 3, 2)
        assert layer(2, 1)(x).shape == (1, 1, 5, 5)


def test_options_of_the_mean():
    x = mg.ones(1, 1, 2, 2)
    assert nn.AvgPool2d(2, padding=1)(x).tolist() == [[[[0.25, 0.25], [0.25, 0.25]]]]
    assert nn.AvgPool2d(2, padding=1, count_include_pad=False)(x).tolist() == [[[[1.0, 1.0], [1.0, 1.0]]]]
    assert nn.AvgPool2d(2, divisor_override=2)(x).item() == 2.0
    with pytest.raises(ArgumentError, match="divisor_override=0"):
        nn.AvgPool2d(2, divisor_override=0)(x)
    with pytest.raises(TypeError):
        nn.AvgPool1d(2, divisor_override=3)


def test_N128_the_gradient_goes_to_the_first_winner():
    x = mg.tensor([[[1.0, 3.0], [3.0, 2.0]]], requires_grad=True)
    nn.MaxPool2d(2)(x).sum().backward()
    assert x.grad.tolist() == [[[0.0, 1.0], [0.0, 0.0]]]


def test_N129_the_gradient_is_spread_equally():
    x = mg.zeros(1, 2, 2, requires_grad=True)
    nn.AvgPool2d(2)(x).sum().backward()
    assert x.grad.tolist() == [[[0.25, 0.25], [0.25, 0.25]]]


@pytest.mark.parametrize("layer", [nn.MaxPool2d, nn.AvgPool2d])
@pytest.mark.parametrize(
    ("arguments", "shape", "error", "message"),
    [
        ((2,), (4, 4), ShapeError, r"needs 4 axes|4 axes.*or 3"),
        ((2,), (1, 1, 1, 4, 4), ShapeError, "4 axes"),
        ((5,), (1, 1, 4, 4), ShapeError, "kernel spans 5 .*has only 4"),
        ((0,), (1, 1, 4, 4), ArgumentError, "kernel_size=0"),
        ((2, 0), (1, 1, 4, 4), ArgumentError, "stride=0"),
        ((2, 1, 2), (1, 1, 4, 4), ArgumentError, "at most half the kernel"),
        ((2, 1, -1), (1, 1, 4, 4), ArgumentError, "padding=-1"),
        (((2, 2, 2),), (1, 1, 4, 4), ArgumentError, "3 entries for 2 axes"),
        ((2.5,), (1, 1, 4, 4), DTypeError, r"kernel_size=2\.5"),
        (("2",), (1, 1, 4, 4), DTypeError, "kernel_size='2'"),
        ((None,), (1, 1, 4, 4), DTypeError, "kernel_size=None"),
    ],
)  # fmt: skip
def test_what_does_not_fit(layer, arguments, shape, error, message):
    with pytest.raises(error, match=message) as raised:
        layer(*arguments)(mg.zeros(*shape))
    assert isinstance(raised.value, MinigradError)


def test_errors_name_the_layer():
    with pytest.raises(ShapeError, match=r"\[in 1: MaxPool2d\(kernel_size=9, "):
        nn.Sequential(nn.ReLU(), nn.MaxPool2d(9))(mg.zeros(1, 1, 4, 4))


def test_repr():
    assert repr(nn.MaxPool2d(2)) == "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"
    assert repr(nn.MaxPool2d((2, 3), 1, padding=1, ceil_mode=True)) == (
        "MaxPool2d(kernel_size=(2, 3), stride=1, padding=1, dilation=1, ceil_mode=True)"
    )
    assert repr(nn.AvgPool2d(3, 2, 1)) == "AvgPool2d(kernel_size=3, stride=2, padding=1)"
    assert repr(nn.AvgPool3d(2, 1)) == "AvgPool3d(kernel_size=2, stride=1, padding=0)"


def test_pooling_has_nothing_to_learn():
    for kind in (*MAX.values(), *AVG.values()):
        assert list(kind[0](2).state_dict()) == []
