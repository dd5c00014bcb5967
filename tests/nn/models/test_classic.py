"""Note A's classical chain."""

import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from nn.models import ClassicCNN


def test_it_is_sound(sound):
    model = ClassicCNN(3, 2, 20, widths=(3, 4), kernel_size=2, pool_size=3)
    assert sound(model, mg.randn(2, 2, 20, 20)).shape == (2, 3)


def test_it_learns(learns, classes):
    learns(ClassicCNN(4, 1), classes(1, 28), 0.5)


def test_the_smallest_images():
    assert ClassicCNN(input_size=10)(mg.zeros(1, 1, 10, 10)).shape == (1, 10)
    with pytest.raises(
        ArgumentError, match=r"input_size=9, kernel_size=3 and pool_size=2, with which no pixel is left"
    ):
        ClassicCNN(input_size=9)


def test_refusals():
    for widths in (8, (1, 2, 3)):
        with pytest.raises(ArgumentError, match="a number of kernels for each of the two"):
            ClassicCNN(widths=widths)
    with pytest.raises(ArgumentError, match="kernel_size=3 and pool_size=0; both are at least 1"):
        ClassicCNN(pool_size=0)
    with pytest.raises(ShapeError, match=r"ClassicCNN\(input_size=28\) got images of shape \(1, 1, 32, 32\)"):
        ClassicCNN()(mg.zeros(1, 1, 32, 32))
    with pytest.raises(DTypeError, match="got a list"):
        ClassicCNN()([1])
