"""Matrices of confusions: numbers, colours and names."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import minigrad as mg
from minigrad import metrics, plot
from minigrad.errors import DTypeError, ShapeError
from minigrad.plot.axes import ink_on

COUNTS = np.array([[90, 1, 0], [4, 80, 2], [0, 0, 70]])


def words(ax):
    return {text.get_position()[::-1]: text.get_text() for text in ax.texts}


def test_cells_hold_the_counts(ax):
    metric = metrics.ConfusionMatrix(2)
    metric.update([0, 0, 1], [0, 1, 1])
    plot.confusion_matrix(metric.compute(), ax)
    assert ax.images[0].get_array().tolist() == [[1, 0], [1, 1]]
    assert words(ax) == {(0, 0): "1", (1, 0): "1", (1, 1): "1"}
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("Confusions", "predicted", "true")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1"]


def test_rows_are_drawn_downwards(ax):
    plot.confusion_matrix(COUNTS, ax)
    bottom, top = ax.get_ylim()
    assert bottom > top


def test_only_mistakes_are_coloured_if_asked_for(ax):
    plot.confusion_matrix(mg.tensor(COUNTS), ax, diagonal=False)
    assert ax.images[0].get_array().tolist() == [[0, 1, 0], [4, 0, 2], [0, 0, 0]]
    assert ax.images[0].get_clim() == (0, 4)
    assert words(ax)[(0, 0)] == "90"


def test_shares_have_two_decimals(ax):
    plot.confusion_matrix([[0.999, 0.001], [0.25, 0.75]], ax)
    assert words(ax) == {(0, 0): "1.00", (0, 1): "<.01", (1, 0): "0.25", (1, 1): "0.75"}


@pytest.mark.parametrize("page", ["white", "black"])
def test_colours_begin_at_the_background_and_numbers_can_be_read(page, ax):
    ax.figure.set_facecolor(page)
    ax.set_facecolor(page)
    plot.confusion_matrix(COUNTS, ax)
    image = ax.images[0]
    assert image.cmap(0.0)[:3] == pytest.approx(to_rgb(page), abs=0.01)
    for text in ax.texts:
        column, row = text.get_position()
        assert text.get_color() == ink_on(image.cmap(image.norm(COUNTS[row, column])))


def test_names(ax):
    plot.confusion_matrix(COUNTS, ax, labels=["T-shirt", "trouser", "dress"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["T-shirt", "trouser", "dress"]
    assert ax.get_xticklabels()[0].get_rotation() == 45


def test_many_classes_have_no_numbers(ax):
    plot.confusion_matrix(np.ones((30, 30)), ax)
    assert not ax.texts
    plot.confusion_matrix(np.ones((30, 30)), ax, annotate=True)
    assert len(ax.texts) == 900


def test_a_matrix_of_zeros(ax):
    plot.confusion_matrix(np.zeros((2, 2)), ax)
    assert not ax.texts
    ax.figure.canvas.draw()


def test_another_colour_map(ax):
    plot.confusion_matrix(COUNTS, ax, cmap="viridis")
    assert ax.images[0].cmap.name == "viridis"


WRONG = [
    (np.zeros((2, 3)), {}, ShapeError, r"matrix of shape \(2, 3\); it is square"),
    (np.zeros(3), {}, ShapeError, r"ConfusionMatrix\(C\)\.compute\(\)"),
    (COUNTS, {"labels": ["a"]}, ShapeError, "1 labels for 3 of them; give one for each class"),
    (COUNTS, {"labels": 3}, DTypeError, "labels=3; it is a list"),
    (COUNTS, {"diagonal": "no"}, DTypeError, "diagonal='no'"),
    (metrics.ConfusionMatrix(3), {}, DTypeError, "matrix=ConfusionMatrix"),
]


@pytest.mark.parametrize(("matrix", "options", "kind", "text"), WRONG)
def test_what_is_wrong_is_told(matrix, options, kind, text, ax):
    with pytest.raises(kind, match=text):
        plot.confusion_matrix(matrix, ax, **options)
    assert not ax.has_data()
