"""Images side by side: every pixel in its place, with the colours that it should have."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import minigrad as mg
from minigrad import plot
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.plot.grids import Grid, balanced

RNG = np.random.default_rng(0)


def canvas(ax):
    (image,) = ax.images
    return np.ma.filled(np.ma.masked_invalid(image.get_array()), np.nan)


def test_tiles_lie_where_their_corners_say():
    tiles = [np.full((4, 3), float(number)) for number in range(5)]
    grid = Grid.of([*tiles, None], 3)
    assert grid.canvas.shape == (9, 11)
    for number, (top, left) in enumerate(grid.corners[:5]):
        assert (grid.canvas[top : top + 4, left : left + 3] == number).all()
    assert np.isnan(grid.canvas).sum() == 9 * 11 - 5 * 12
    assert grid.filled == [True] * 5 + [False]


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 2), (6, 3), (10, 5), (16, 4), (64, 8), (7, 4), (13, 5)])
def test_grids_are_a_little_wide_and_full_if_they_can(count, columns):
    assert balanced(count, 1.0) == columns


def test_pixels_are_those_of_the_images(ax):
    images = RNG.random((6, 5, 4))
    plot.image_grid(mg.tensor(images), ax, columns=3)
    drawn = canvas(ax)
    assert drawn.shape == (11, 14)
    np.testing.assert_allclose(drawn[:5, :4], images[0])
    np.testing.assert_allclose(drawn[6:, 10:], images[5])
    assert np.isnan(drawn[5]).all()
    assert np.isnan(drawn[:, 4]).all()
    assert len(ax.collections[0].get_paths()) == 6
    assert list(ax.get_xticks()) == list(ax.get_yticks()) == []


@pytest.mark.parametrize("shape", [(5, 4), (3, 5, 4), (3, 1, 5, 4)])
def test_shapes_that_are_taken(shape, ax):
    images = RNG.random(shape)
    plot.image_grid(images, ax, columns=1)
    np.testing.assert_allclose(canvas(ax)[:5], images.reshape(-1, 5, 4)[0])


def test_one_row_of_many(ax):
    plot.image_grid(RNG.random((3, 2, 2)), ax, columns=99)
    assert canvas(ax).shape == (2, 8)


LIMITS = [
    (np.array([[[0.2, 0.7]]]), (0.0, 1.0)),
    (np.array([[[-0.5, 2.0]]]), (-0.5, 2.0)),
    (np.array([[[3, 20]]], np.uint8), (0.0, 255.0)),
    (np.array([[[3, 20]]]), (3.0, 20.0)),
    (np.array([[[-1.0, np.nan, np.inf, 1.0]]]), (-1.0, 1.0)),
    (np.array([[[7.0, 7.0]]]), (7.0, 8.0)),
]


@pytest.mark.parametrize(("images", "limits"), LIMITS)
def test_what_is_black_and_what_is_white(images, limits, ax):
    assert plot.image_grid(images, ax).images[0].get_clim() == limits


def test_limits_can_be_given(ax):
    assert plot.image_grid(RNG.random((2, 3, 3)), ax, vmin=-1, vmax=mg.tensor(2.0)).images[0].get_clim() == (-1.0, 2.0)


def test_colours(ax):
    images = RNG.random((2, 3, 5, 5)) * 4 - 2
    plot.image_grid(images, ax, columns=2)
    drawn = ax.images[0].get_array()
    low, high = images.min(), images.max()
    np.testing.assert_allclose(drawn[:, :5, :3], (images[0].transpose(1, 2, 0) - low) / (high - low))
    assert (drawn[:, 5, 3] == 0).all()
    assert (drawn[:, 6:, 3] == 1).all()
    bytes_ = plot.image_grid(np.full((1, 3, 2, 2), 51, np.uint8), Figure().subplots()).images[0].get_array()
    np.testing.assert_allclose(bytes_[..., :3], 0.2)


def test_rows_with_names(ax):
    rows = {"original": RNG.random((3, 1, 4, 4)), "noisy": mg.rand(3, 1, 4, 4), "restored": RNG.random((2, 1, 4, 4))}
    plot.image_grid(rows, ax, titles=["a", "b", "c"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["original", "noisy", "restored"]
    drawn = canvas(ax)
    for number, place in enumerate(ax.get_yticks()):
        top = round(place - 1.5)
        np.testing.assert_allclose(drawn[top : top + 4, :4], np.asarray(list(rows.values())[number])[0, 0])
    assert np.isnan(drawn[-4:, 10:]).all()  # the row that is shorter
    assert len(ax.collections[0].get_paths()) == 8
    assert [text.get_text() for text in ax.texts] == ["a", "b", "c"]


def test_a_row_can_be_cut(ax):
    plot.image_grid({"a": RNG.random((5, 2, 2)), "b": RNG.random((5, 2, 2))}, ax, columns=2)
    assert canvas(ax).shape == (5, 5)


def test_titles_stand_above_their_images(ax):
    plot.image_grid(RNG.random((4, 20, 10)), ax, columns=2, titles=range(4), title="all")
    assert [text.get_text() for text in ax.texts] == ["0", "1", "2", "3"]
    drawn = canvas(ax)
    for text in ax.texts:
        x, y = text.get_position()
        assert np.isnan(drawn[int(np.floor(y)), int(x)])
        assert not np.isnan(drawn[int(np.floor(y)) + 3, int(x)])
    assert ax.get_title() == "all"


WRONG = [
    (np.zeros((2, 5, 5, 3)), {}, ShapeError, r"5 channels; are they last\? Then pass images\.permute\(0, 3, 1, 2\)"),
    (np.zeros((2, 6, 5, 5)), {}, ShapeError, "6 channels; for the channels of a layer there is feature_maps"),
    (np.zeros((1, 2, 3, 4, 5)), {}, ShapeError, "images with the channels second"),
    (np.zeros((0, 5, 5)), {}, ShapeError, r"shape \(0, 5, 5\)"),
    ({}, {}, ShapeError, "an empty dictionary"),
    ({"a": np.zeros((1, 2, 2)), "b": np.zeros((1, 3, 3))}, {}, ShapeError, r"of the sizes \(2, 2\), \(3, 3\)"),
    ({"a": np.zeros((1, 2, 2)), "b": np.zeros(3)}, {}, ShapeError, r"images\['b'\] of shape \(3,\)"),
    (np.zeros((2, 5, 5)), {"titles": ["a"]}, ShapeError, "1 titles for 2 of them; give one for each image"),
    (np.zeros((2, 5, 5)), {"titles": "ab"}, DTypeError, "titles='ab'; it is a list"),
    (np.zeros((2, 5, 5)), {"columns": 0}, ArgumentError, "columns=0"),
    (np.zeros((2, 5, 5)), {"vmin": 2, "vmax": 1}, ArgumentError, "shows 2 as black and 1 as white"),
    (np.zeros((2, 5, 5)), {"vmin": "low"}, DTypeError, "vmin='low'; it is a number"),
]


@pytest.mark.parametrize(("images", "options", "kind", "text"), WRONG)
def test_what_is_wrong_is_told(images, options, kind, text, ax):
    with pytest.raises(kind, match=text):
        plot.image_grid(images, ax, **options)
    assert not ax.has_data()


BYTES = np.array([[3, 51], [0, 20]], np.uint8)


@pytest.mark.parametrize(
    "images",
    [
        [BYTES, BYTES], (mg.from_numpy(BYTES), mg.from_numpy(BYTES)), {"a": [BYTES]}, {"a": BYTES[None], "b": [BYTES]},
        [list(BYTES)],
    ],
)  # fmt: skip
def test_a_list_of_bytes_is_bytes(images, ax):
    assert plot.image_grid(images, ax).images[0].get_clim() == (0.0, 255.0)


def test_a_list_that_is_not_all_bytes_is_not(ax):
    assert plot.image_grid([BYTES, BYTES.astype(float)], ax).images[0].get_clim() == (0.0, 51.0)


def test_rows_of_bytes_and_of_other_numbers_are_alike(ax):
    floats = BYTES[None] / 255
    plot.image_grid({"bytes": BYTES[None], "floats": floats, "list": [BYTES]}, ax)
    assert ax.images[0].get_clim() == (0.0, 1.0)
    for place in ax.get_yticks():
        top = round(place - 0.5)
        np.testing.assert_allclose(canvas(ax)[top : top + 2, :2], floats[0])
