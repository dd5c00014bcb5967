"""Points of a latent space: where they lie, and their colours."""

import numpy as np
import pytest
from matplotlib import colormaps

import minigrad as mg
from minigrad import plot
from minigrad.errors import DTypeError, ShapeError

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(40, 2))


def test_points_of_the_plane_lie_where_they_are(ax):
    plot.embedding(mg.tensor(POINTS), ax=ax, title="latent plane")
    np.testing.assert_allclose(ax.collections[0].get_offsets(), POINTS)
    assert (ax.get_title(), ax.get_xlabel()) == ("latent plane", "first coordinate")
    assert ax.get_legend() is None


def test_classes_have_colours_and_a_legend(ax):
    labels = np.array([0, 2] * 20)
    plot.embedding(POINTS, mg.tensor(labels), ax)
    first, second = ax.collections
    np.testing.assert_allclose(first.get_offsets(), POINTS[::2])
    np.testing.assert_allclose(second.get_offsets(), POINTS[1::2])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["0", "2"]
    for drawn, number in ((first, 0), (second, 2)):  # a class has its colour, whichever others there are
        np.testing.assert_allclose(drawn.get_facecolor()[0, :3], colormaps["tab10"](number)[:3])


def test_classes_with_names(ax):
    plot.embedding(POINTS[:3], [0, 2, 2], ax, names=["cat", "dog", "horse"])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["cat", "horse"]


def test_another_scale_of_colours(ax):
    plot.embedding(POINTS[:3], [0, 1, 2], ax, cmap="viridis")
    np.testing.assert_allclose(ax.collections[2].get_facecolor()[0, :3], colormaps["viridis"](1.0)[:3])


def test_up_to_twenty_classes_differ(ax):
    plot.embedding(POINTS, np.arange(40) % 20, ax)
    assert len({tuple(one.get_facecolor()[0]) for one in ax.collections}) == 20


@pytest.mark.parametrize("labels", [RNG.normal(size=40), np.arange(40), -np.arange(40) % 3 - 1.0])
def test_other_numbers_are_a_scale(labels, ax):
    plot.embedding(POINTS, labels, ax)
    (points,) = ax.collections
    np.testing.assert_allclose(points.get_array(), labels)
    assert len(ax.figure.axes) == 2  # the scale


def test_more_than_two_axes_are_brought_down_to_the_two_widest(ax):
    flat = RNG.normal(size=(200, 2)) @ np.diag([5.0, 2.0])
    turned, _ = np.linalg.qr(RNG.normal(size=(7, 7)))
    points = flat @ turned[:2] + 3 + 0.01 * RNG.normal(size=(200, 7))
    plot.embedding(points, ax=ax)
    drawn = np.asarray(ax.collections[0].get_offsets())
    variances = np.linalg.eigvalsh(np.cov(points.T))[::-1]
    np.testing.assert_allclose(np.cov(drawn.T), np.diag(variances[:2]), atol=1e-9)
    share = variances[0] / variances.sum()
    assert ax.get_xlabel() == f"1st principal component ({share:.0%} of the variance)"
    assert ax.get_ylabel().startswith("2nd principal component")


def test_points_that_are_all_the_same(ax):
    plot.embedding(np.ones((4, 3)), ax=ax)
    assert np.abs(ax.collections[0].get_offsets()).max() == 0


def test_points_that_are_not_finite(ax):
    points = RNG.normal(size=(10, 3))
    points[3] = np.nan
    drawn = np.ma.filled(plot.embedding(points, ax=ax).collections[0].get_offsets(), np.nan)
    assert np.isnan(drawn[3]).all()
    assert np.isfinite(np.delete(drawn, 3, 0)).all()


def test_points_get_smaller_the_more_there_are(ax):
    plot.embedding(POINTS, ax=ax)
    plot.embedding(RNG.normal(size=(5000, 2)), ax=ax)
    plot.embedding(POINTS, ax=ax, size=7)
    few, many, given = (one.get_sizes()[0] for one in ax.collections)
    assert few > many
    assert given == 7


WRONG = [
    (np.zeros(3), {}, ShapeError, "points of at least two coordinates"),
    (np.zeros((3, 1)), {}, ShapeError, r"points of shape \(3, 1\)"),
    (POINTS, {"labels": [1, 2]}, ShapeError, r"labels of shape \(2,\) for 40 points"),
    (POINTS, {"labels": np.eye(40)}, ShapeError, "each has one"),
    (POINTS, {"labels": "a"}, DTypeError, "labels='a'"),
    (POINTS, {"labels": RNG.normal(size=40), "names": ["a"]}, DTypeError, "labels that are no classes"),
    (POINTS, {"names": ["a"]}, DTypeError, "labels that are no classes"),
    (POINTS, {"labels": np.arange(40) % 3, "names": ["a"]}, ShapeError, "1 names for 3 of them"),
    (POINTS, {"size": "big"}, DTypeError, "size='big'"),
]


@pytest.mark.parametrize(("points", "options", "kind", "text"), WRONG)
def test_what_is_wrong_is_told(points, options, kind, text, ax):
    with pytest.raises(kind, match=text):
        plot.embedding(points, ax=ax, **options)
    assert not ax.has_data()
