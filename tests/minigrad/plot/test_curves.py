"""Learning curves: the points, the scales, the marks."""

import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad import plot
from minigrad.errors import ArgumentError, DTypeError, ShapeError

nan = float("nan")


def named_lines(ax):
    return {line.get_label(): line.get_xydata().tolist() for line in ax.lines if line.get_label()[0] != "_"}


def test_a_dictionary_of_curves(ax):
    history = {"training": [3.0, 2.0, 1.0], "test": mg.tensor([2.0, 1.5])}
    plot.learning_curves(history, ax, title="Loss", ylabel="cross-entropy")
    assert named_lines(ax) == {"training": [[1, 3], [2, 2], [3, 1]], "test": [[1, 2], [2, 1.5]]}
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("Loss", "epoch", "cross-entropy")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training", "test"]
    assert ax.get_yscale() == "linear"


def test_a_list_of_epochs(ax):
    plot.learning_curves([{"loss": mg.tensor(3.0)}, {"loss": 2, "accuracy": 0.5}, {"accuracy": None}], ax)
    lines = named_lines(ax)
    np.testing.assert_equal(lines["loss"], [[1, 3], [2, 2], [3, nan]])
    np.testing.assert_equal(lines["accuracy"], [[1, nan], [2, 0.5], [3, nan]])


def test_a_single_curve_has_no_legend(ax):
    plot.learning_curves([3, 1], ax)
    assert ax.lines[0].get_ydata().tolist() == [3, 1]
    assert ax.get_legend() is None


def test_where_it_starts_and_how_it_goes_on(ax):
    plot.learning_curves([3, 1, 2], ax, start=0, step=100, xlabel="step")
    assert ax.lines[0].get_xdata().tolist() == [0, 100, 200]


def test_epochs_are_whole_numbers(ax):
    plot.learning_curves([3, 1, 2], ax)
    ax.figure.canvas.draw()
    assert all(tick == int(tick) for tick in ax.get_xticks())


def test_a_logarithmic_axis(ax):
    plot.learning_curves({"a": [1.0, 0.0, 0.1]}, ax, log=True)
    ax.figure.canvas.draw()
    assert ax.get_yscale() == "log"
    labels = [label.get_text() for label in ax.get_yticklabels(which="both")]
    assert {"0.1", "1"} <= set(labels)


@pytest.mark.parametrize(("best", "place"), [("min", (3, 1.0)), ("max", (1, 4.0))])
def test_the_best_is_marked(best, place, ax):
    plot.learning_curves({"loss": [4.0, nan, 1.0, 2.0]}, ax, best=best)
    (ring,) = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert tuple(ring.get_xydata()[0]) == place
    (text,) = ax.texts
    assert text.get_text() == f"{place[1]:.4g}"
    assert (text.get_position()[1] < 0) == (best == "min")


def test_a_curve_of_nothing_but_nan(ax):
    plot.learning_curves({"loss": [nan, nan]}, ax, best="min")
    assert not ax.texts


def test_smoothing(ax):
    values = np.array([1.0, nan, 4.0, 2.0])
    plot.learning_curves({"loss": values}, ax, smooth=0.5)
    smooth, pale = ax.lines
    np.testing.assert_allclose(smooth.get_ydata(), [1.0, nan, (0.5 * 1 + 4) / 1.5, (0.25 * 1 + 0.5 * 4 + 2) / 1.75])
    np.testing.assert_equal(pale.get_ydata(), values)
    assert pale.get_alpha() < 0.5
    assert pale.get_color() == smooth.get_color()
    assert len(ax.get_legend().get_texts()) == 1


WRONG = [
    ({}, {}, ArgumentError, "no curve"),
    ([], {}, ShapeError, r"history of shape \(0,\); it takes one number for each epoch"),
    ({"a": []}, {}, ShapeError, r"history\['a'\] of shape \(0,\)"),
    ({"a": [1.0, "b"]}, {}, DTypeError, r"history\['a'\]\[1\]='b'; it is a number"),
    ({"a": np.zeros((2, 2))}, {}, ShapeError, r"shape \(2, 2\)"),
    (3, {}, ShapeError, r"history of shape \(\)"),
    ([1, 2], {"best": "low"}, ArgumentError, "best='low'"),
    ([1, 2], {"smooth": 1.0}, ArgumentError, r"smooth in \[0, 1\)"),
    ([1, 2], {"step": 0}, ArgumentError, "step is positive"),
    ([1, 2], {"start": "a"}, DTypeError, "start='a'; it is a number"),
    ([-1, 0], {"log": True}, ArgumentError, "log=True, and no number above 0"),
    ([1, 2], {"log": "yes"}, DTypeError, "log='yes'"),
]


@pytest.mark.parametrize(("history", "options", "kind", "text"), WRONG)
def test_what_is_wrong_is_told(history, options, kind, text, ax):
    with pytest.raises(kind, match=text):
        plot.learning_curves(history, ax, **options)
    assert not ax.has_data()


def test_a_name_with_an_underscore_stays_out_of_the_legend(ax):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot.learning_curves({"_x": [1.0, 2.0]}, ax)
        assert ax.get_legend() is None
        plot.learning_curves({"_x": [1.0, 2.0], "y": [1.0, 2.0]}, ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["y"]
