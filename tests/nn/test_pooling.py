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


LP = {1: (nn.LPPool1d, F.lp_pool1d), 2: (nn.LPPool2d, F.lp_pool2d), 3: (nn.LPPool3d, F.lp_pool3d)}
UNPOOL = {
    1: (nn.MaxUnpool1d, F.max_unpool1d),
    2: (nn.MaxUnpool2d, F.max_unpool2d),
    3: (nn.MaxUnpool3d, F.max_unpool3d),
}


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_norms_and_unpooling_are_the_functions(axes):
    x = mg.rand(2, 3, *SIZES[:axes])
    layer, function = LP[axes]
    assert mg.equal(layer(3, 2, 1, True)(x), function(x, 3, 2, 1, True))
    pooled, places = MAX[axes][0](3, 2, return_indices=True)(x)
    layer, function = UNPOOL[axes]
    size = SIZES[:axes]
    assert mg.equal(layer(3, 2)(pooled, places, size), function(pooled, places, 3, 2, output_size=size))
    assert mg.equal(layer(3, 2, 1)(pooled, places * 0), function(pooled, places * 0, 3, 2, 1))


def test_repr_of_norms_and_unpooling():
    assert repr(nn.LPPool2d(2, (2, 3))) == "LPPool2d(norm_type=2, kernel_size=(2, 3), stride=None, ceil_mode=False)"
    assert repr(nn.MaxUnpool2d(3, 2, 1)) == "MaxUnpool2d(kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))"
    assert nn.MaxUnpool1d(2).stride == (2,)


def test_means_of_integers_are_cut():
    x = mg.tensor([[-3, -4, 1, 2]])
    assert (F.avg_pool1d(x, 2).tolist(), F.avg_pool1d(x, 2).dtype) == ([[-3, 1]], mg.int64)
    assert F.avg_pool1d(x, 2, padding=1, count_include_pad=False).tolist() == [[-3, -1, 2]]
    assert F.avg_pool2d(x.reshape(1, 2, 2), 2, divisor_override=-3).item() == 1
    with pytest.raises(DTypeError, match="avg_pool1d of a tensor of int32; it takes floats, and int64"):
        F.avg_pool1d(x.to(mg.int32), 2)
