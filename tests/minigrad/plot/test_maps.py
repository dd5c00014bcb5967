"""Kernels and maps: their values, scales and words."""

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad import plot
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError

RNG = np.random.default_rng(0)


def canvas(ax):
    return np.ma.filled(np.ma.masked_invalid(ax.images[0].get_array()), np.nan)


def test_filters_of_one_channel_stand_in_a_grid(ax):
    layer = nn.Conv2d(1, 6, 5)
    assert plot.filters(layer, ax) is ax
    weight = layer.weight.detach().numpy()
    drawn = canvas(ax)
    assert drawn.shape == (11, 17)
    np.testing.assert_allclose(drawn[:5, :5], weight[0, 0], rtol=1e-6)
    np.testing.assert_allclose(drawn[6:, 12:], weight[5, 0], rtol=1e-6)
    limit = abs(weight).max()
    assert ax.images[0].get_clim() == pytest.approx((-limit, limit))
    assert ax.get_title() == "6 filters, 5×5"
    assert ax.get_xlabel() == f"blue −{limit:.3g}, white 0, red {limit:.3g}"


def test_positive_weights_are_red_and_negative_ones_blue(ax):
    image = plot.filters(np.array([[[[1.0, 0.0, -1.0]]]]), ax).images[0]
    plus, zero, minus = image.cmap(image.norm(canvas(ax)[0]))
    assert plus[0] > plus[2]
    assert minus[2] > minus[0]
    assert min(zero) > 0.95


def test_filters_of_several_channels_are_a_table(ax):
    weight = RNG.normal(size=(4, 2, 3, 3))
    plot.filters(mg.tensor(weight), ax)
    drawn = canvas(ax)
    assert drawn.shape == (15, 7)
    np.testing.assert_allclose(drawn[8:11, 4:7], weight[2, 1])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0", "1", "2", "3"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1"]
    assert ax.get_yticks()[2] == 9.0
    assert ax.get_ylabel() == "filter"
    assert ax.get_xlabel().startswith("input channel")


def test_many_filters_are_numbered_now_and_then(ax):
    plot.filters(np.ones((100, 2, 1, 1)), ax)
    assert [label.get_text() for label in ax.get_yticklabels()][:3] == ["0", "4", "8"]


def test_filters_as_colours(ax):
    weight = RNG.normal(size=(2, 3, 4, 4))
    plot.filters(weight, ax, rgb=True, columns=2)
    drawn = ax.images[0].get_array()
    np.testing.assert_allclose(drawn[:, :4, :3], 0.5 + 0.5 * weight[0].transpose(1, 2, 0) / abs(weight).max())
    assert drawn.min() >= 0
    assert drawn.max() <= 1


def test_filters_over_one_axis(ax):
    weight = RNG.normal(size=(2, 3, 7))
    drawn = canvas(plot.filters(weight, ax))
    np.testing.assert_allclose(drawn[0, :7], weight[0, 0])
    assert ax.get_title() == "2 filters, 1×7"


@pytest.mark.parametrize("weight", [np.zeros((2, 1, 3, 3)), np.full((1, 1, 2, 2), np.nan)])
def test_weights_without_a_size(weight, ax):
    assert plot.filters(weight, ax).images[0].get_clim() == (-1.0, 1.0)


WRONG = [
    (nn.ReLU(), {}, DTypeError, "numbers"),
    (nn.Linear(2, 3), {}, ShapeError, r"weight of shape \(3, 2\); it takes the weight of a convolution"),
    (np.zeros((2, 1, 3, 3, 3)), {}, ShapeError, "over one or two axes"),
    (np.zeros((2, 1, 3, 3)), {"rgb": True}, ArgumentError, "kernels of 1 channels; a colour has three"),
    (np.zeros((2, 1, 3, 3)), {"rgb": "yes"}, DTypeError, "rgb='yes'"),
    (np.zeros((2, 1, 3, 3)), {"columns": -1}, ArgumentError, "columns=-1"),
]


@pytest.mark.parametrize(("weight", "options", "kind", "text"), WRONG)
def test_wrong_filters_are_told(weight, options, kind, text, ax):
    with pytest.raises(kind, match=text):
        plot.filters(weight, ax, **options)
    assert not ax.has_data()


MAPS = RNG.normal(size=(2, 6, 4, 5)) * np.arange(1, 7).reshape(6, 1, 1)


def test_maps_of_one_example(ax):
    plot.feature_maps(mg.tensor(MAPS), ax, index=1, scale="all")
    np.testing.assert_allclose(canvas(ax)[:4, :5], MAPS[1, 0])
    assert ax.images[0].get_clim() == (MAPS[1].min(), MAPS[1].max())
    assert ax.get_title() == "6 maps of 4×5"
    assert ax.get_xlabel() == f"dark −{-MAPS[1].min():.3g}, bright {MAPS[1].max():.3g}"


def test_each_map_has_its_own_scale_unless_told_otherwise(ax):
    plot.feature_maps(MAPS[0], ax, columns=6)
    drawn = canvas(ax)
    for number in range(6):
        tile = drawn[:, 6 * number : 6 * number + 5]
        assert (tile.min(), tile.max()) == (0.0, 1.0)
        assert tile.argmax() == MAPS[0, number].argmax()
    assert ax.get_xlabel() == "each from its least to its largest"


def test_a_map_that_is_constant_or_broken(ax):
    drawn = canvas(plot.feature_maps(np.stack([np.full((2, 2), 3.0), [[np.nan, 1.0], [2.0, np.inf]]]), ax, columns=1))
    assert (drawn[:2] == 0).all()
    assert drawn[3, 1] == 0.0
    assert drawn[4, 0] == 1.0


def test_examples_are_counted_from_the_end_too(ax):
    plot.feature_maps(MAPS, ax, index=-1, scale="all")
    np.testing.assert_allclose(canvas(ax)[:4, :5], MAPS[1, 0])


WRONG_MAPS = [
    (MAPS, {"index": 2}, IndexOutOfRangeError, r"index=2 and 2 examples, of shape \(2, 6, 4, 5\)"),
    (MAPS, {"index": 0.5}, DTypeError, "index=0.5; it is an integer"),
    (MAPS, {"scale": "both"}, ArgumentError, "scale='both'; it is 'each', or 'all'"),
    (MAPS[0, 0], {}, ShapeError, r"shape \(4, 5\); it takes what a convolution over two axes gives"),
]


@pytest.mark.parametrize(("maps", "options", "kind", "text"), WRONG_MAPS)
def test_wrong_maps_are_told(maps, options, kind, text, ax):
    with pytest.raises(kind, match=text):
        plot.feature_maps(maps, ax, **options)
    assert not ax.has_data()
