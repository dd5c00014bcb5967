"""Receptive fields: the frame is what kernels and strides make of it, at the borders and through every layer (N61)."""

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad import plot, signal
from minigrad.errors import DTypeError, GradError, IndexOutOfRangeError, ShapeError


def frame(ax):
    """Corner (row, column) and size of what is framed."""
    (box,) = ax.patches
    return (box.get_y() + 0.5, box.get_x() + 0.5), (box.get_height(), box.get_width())


@pytest.mark.parametrize(
    ("layers", "sizes"),
    [
        ([nn.Conv2d(1, 3, 5)], [(5, 1)]),
        ([nn.Conv2d(1, 3, 5), nn.AvgPool2d(2)], [(5, 1), (2, 2)]),
        ([nn.Conv2d(1, 2, 3, stride=2), nn.Tanh(), nn.Conv2d(2, 2, 3, dilation=2)], [(3, 2), (3, 1, 2)]),
    ],
)
def test_the_frame_is_the_counted_field(ax, layers, sizes):
    plot.receptive_field(nn.Sequential(*layers), mg.rand(1, 28, 28), ax=ax)
    expected = signal.receptive_field(sizes)[-1]
    assert frame(ax)[1] == (expected, expected)


def test_the_units_of_lenet_see_what_the_table_says(ax):
    model = nn.models.LeNet5()
    plot.receptive_field(model.features[:4], mg.rand(1, 32, 32), (7, 2, 3), ax)
    assert frame(ax) == ((4, 6), (14, 14))
    assert ax.get_title() == "unit (7, 2, 3) sees 14×14 pixels"
    assert ax.get_xlabel() == "196 of 1024 pixels have a gradient"


def test_the_border_cuts_the_field(ax):
    plot.receptive_field(nn.Conv2d(2, 1, 5, padding=2), mg.rand(1, 2, 9, 9), (0, 0, -1), ax, title="corner")
    assert frame(ax) == ((0, 6), (3, 3))
    assert ax.get_title() == "corner"


def test_shades_are_gradients_whether_or_not_the_tape_is_on(ax):
    weight = mg.tensor([[[[1.0, 0.0], [0.0, -4.0]]]])
    with mg.no_grad():
        plot.receptive_field(lambda x: mg.conv2d(x, weight), np.ones((3, 3)), ax=ax)
    shades = np.array(ax.images[1].get_array())[..., 3]
    np.testing.assert_allclose(shades, 0.75 * np.sqrt([[0, 0, 0], [0, 0.25, 0], [0, 0, 1]]))
    assert frame(ax) == ((1, 1), (2, 2))


def test_a_unit_that_sees_nothing_has_no_frame(ax):
    plot.receptive_field(lambda x: (x * 0).sum((2, 3)), mg.rand(3, 4, 5), 2, ax)
    assert not ax.patches
    assert ax.get_title() == "unit (2,) sees 0×0 pixels"


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ((3, np.ones((4, 4))), DTypeError, "got a int as function"),
        ((nn.ReLU(), np.ones((2, 1, 4, 4))), ShapeError, "one image, not a batch"),
        ((nn.ReLU(), np.ones(4)), ShapeError, "one image"),
        ((lambda x: x.detach(), np.ones((4, 4))), GradError, "without a tape"),
        ((lambda x: None, np.ones((4, 4))), GradError, "gives None"),
        ((nn.ReLU(), np.ones((4, 4)), (0, 4, 0)), IndexOutOfRangeError, r"unit=\(0, 4, 0\)"),
        ((nn.ReLU(), np.ones((4, 4)), 1), IndexOutOfRangeError, r"comes \(1, 4, 4\)"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments, kind, words):
    with pytest.raises(kind, match=words):
        plot.receptive_field(*arguments)
