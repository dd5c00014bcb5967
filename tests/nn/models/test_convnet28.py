"""Note B's network."""

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from nn.models import ConvNet28


@pytest.mark.parametrize("options", [{}, {"pad_total": 4, "pool": "average"}])
def test_it_is_sound(sound, options):
    assert sound(ConvNet28(num_classes=4, in_channels=3, **options), mg.randn(2, 3, 28, 28)).shape == (2, 4)


def test_it_learns(learns, classes):
    learns(ConvNet28(4, 2), classes(2, 28), 0.5)


def test_layers_without_a_printed_kind():
    model = ConvNet28()
    kinds = [type(layer) for layer in model.modules()]
    assert kinds.count(nn.Tanh) == 4
    assert kinds.count(nn.MaxPool2d) == 2
    assert isinstance(list(model.modules())[-1], nn.Linear)
    assert [type(layer) for layer in ConvNet28(pool="average").modules()].count(nn.AvgPool2d) == 2


def test_refusals():
    for padding in (0, 3, "same"):
        with pytest.raises(ArgumentError, match=r"pad_total=.*2 for both sides together, or 4"):
            ConvNet28(pad_total=padding)
    for pool in ("min", None):
        with pytest.raises(ArgumentError, match=r"pool=.*; it is 'max' or 'average'"):
            ConvNet28(pool=pool)
    with pytest.raises(ShapeError, match=r"shape \(1, 1, 32, 32\); it takes 28×28"):
        ConvNet28()(mg.zeros(1, 1, 32, 32))
    with pytest.raises(DTypeError, match="got a list"):
        ConvNet28()([1])
