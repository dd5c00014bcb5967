"""What holds for every figure: one axis, given or made, in any style, from tensors and arrays."""

import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import minigrad as mg
import nn
from minigrad import plot
from minigrad.errors import ArgumentError, DTypeError, MissingPackageError, ShapeError
from minigrad.plot.axes import background, ink_on

IMAGES = np.random.default_rng(0).random((6, 1, 5, 4)).astype(np.float32)


def trained():
    """A model with gradients."""
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(12, 1))
    model(mg.tensor(IMAGES)).sum().backward()
    return model


CALLS = {
    "learning_curves": lambda ax=None, make=list: plot.learning_curves({"loss": make([3.0, 2.0, 1.0])}, ax, log=True),
    "gradient_flow": lambda ax=None, make=list: plot.gradient_flow(trained(), ax),
    "filters": lambda ax=None, make=np.asarray: plot.filters(make(IMAGES), ax),
    "feature_maps": lambda ax=None, make=np.asarray: plot.feature_maps(make(IMAGES), ax),
    "receptive_field": lambda ax=None, make=list: plot.receptive_field(nn.Conv2d(1, 2, 3), IMAGES[:1], ax=ax),
    "image_grid": lambda ax=None, make=np.asarray: plot.image_grid(make(IMAGES), ax),
    "confusion_matrix": lambda ax=None, make=np.asarray: plot.confusion_matrix(make(np.eye(3)), ax),
    "embedding": lambda ax=None, make=np.asarray: plot.embedding(make(IMAGES.reshape(6, 20)), make(np.arange(6)), ax),
}


@pytest.fixture(params=CALLS)
def call(request):
    return CALLS[request.param]


def test_every_function_is_in_the_table():
    assert set(plot.__all__) == CALLS.keys()


def test_the_axis_is_drawn_on_and_returned(call, ax):
    assert call(ax) is ax
    assert ax.has_data()
    assert pyplot.get_fignums() == []


def test_without_an_axis_there_is_one_new_figure(call):
    ax = call()
    assert pyplot.get_fignums() == [ax.figure.number]
    assert ax.figure.axes[0] is ax
    ax.figure.canvas.draw()  # everything fits, without a warning


def test_the_current_figure_of_pyplot_is_not_drawn_on(call):
    mine, axis = pyplot.subplots()
    call()
    assert not axis.has_data()
    assert mine.axes == [axis]


def test_tensors_and_arrays_are_drawn_alike(call, ax):
    def pixels(make):
        canvas = FigureCanvasAgg(Figure(dpi=50))
        call(canvas.figure.subplots(), make)
        canvas.draw()
        return bytes(canvas.buffer_rgba())

    mg.manual_seed(0)
    first = pixels(lambda values: np.asarray(values))
    mg.manual_seed(0)
    assert pixels(lambda values: mg.tensor(values, requires_grad=np.asarray(values).dtype.kind == "f")) == first


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_words_differ_from_what_lies_behind_them(call, style):
    """Whatever is written outside of images has contrast to the background of the figure."""
    with pyplot.style.context(style):
        ax = call()
        page = np.array(background(ax))
        words = [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()]
        words += [] if ax.images and ax.get_xlabel() == "predicted" else ax.texts
        for word in words:
            assert abs(np.array(to_rgb(word.get_color())) - page).max() > 0.4, word
        pyplot.close(ax.figure)


WRONG_AXES = [
    (lambda: Figure(), r"got a Figure as ax.*A figure has axes: pass figure\.subplots\(\)"),
    (lambda: Figure().subplots(2, 2), r"got a ndarray as ax.*pass one: axes\[0, 0\]"),
    (lambda: "curves.png", "got a str as ax; it draws on one axis"),
    (lambda: 3, "got a int as ax"),
]


@pytest.mark.parametrize(("make", "text"), WRONG_AXES)
def test_what_is_no_axis_is_refused(call, make, text):
    with pytest.raises(DTypeError, match=text):
        call(make())
    assert pyplot.get_fignums() == []


def test_without_matplotlib_the_message_says_what_to_install(call, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingPackageError, match=r"draws with matplotlib.*pip install matplotlib, or the extra viz"):
        call()


def test_a_refusal_leaves_no_empty_figure():
    for wrong in (plot.filters, plot.feature_maps, plot.image_grid, plot.confusion_matrix, plot.embedding):
        with pytest.raises((ShapeError, DTypeError)):
            wrong(np.zeros(3))
        with pytest.raises(DTypeError):
            wrong("words")
        with pytest.raises((ShapeError, DTypeError)):
            wrong(np.zeros((2, 0)))
    assert pyplot.get_fignums() == []


def test_the_background_is_seen_through_what_is_transparent(ax):
    ax.figure.set_facecolor("black")
    ax.set_facecolor((1.0, 1.0, 1.0, 0.0))
    assert background(ax) == (0.0, 0.0, 0.0)
    ax.set_facecolor("red")
    assert background(ax) == (1.0, 0.0, 0.0)


def test_ink():
    assert [ink_on(colour) for colour in [(1, 1, 1), (0, 0, 0), (1, 1, 0), (0, 0, 1), (0, 0.8, 0)]] == [
        "black", "white", "black", "white", "black",
    ]  # fmt: skip


COLOURED = {
    "feature_maps": lambda cmap, ax=None: plot.feature_maps(IMAGES, ax, cmap=cmap),
    "image_grid": lambda cmap, ax=None: plot.image_grid(IMAGES, ax, cmap=cmap),
    "confusion_matrix": lambda cmap, ax=None: plot.confusion_matrix(np.eye(3), ax, cmap=cmap),
    "embedding": lambda cmap, ax=None: plot.embedding(IMAGES.reshape(6, 20), np.arange(6), ax, cmap=cmap),
}


@pytest.mark.parametrize("name", COLOURED)
@pytest.mark.parametrize("cmap", ["nope", 3, ["gray"], ""])
def test_a_colour_map_that_there_is_not_is_refused_before_a_figure_is_made(name, cmap):
    with pytest.raises(ArgumentError, match=rf"^{name} got cmap=.*such as 'gray'"):
        COLOURED[name](cmap)
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("name", COLOURED)
def test_colour_maps_come_by_name_and_as_they_are(name, ax):
    for cmap in ("magma", mpl.colormaps["magma"], None):
        assert COLOURED[name](cmap, ax) is ax


def test_a_name_that_is_nearly_right_is_guessed():
    with pytest.raises(ArgumentError, match=r"Is it 'viridis'\?"):
        plot.image_grid(IMAGES, cmap="virids")
    with pytest.raises(ArgumentError, match=r"or 'RdBu_r'$"):
        plot.image_grid(IMAGES, cmap="nope")


def test_what_goes_wrong_while_drawing_leaves_no_figure(call, monkeypatch):
    def fail(*args, **kwargs):
        raise KeyboardInterrupt

    for method in ("set", "set_title"):
        monkeypatch.setattr(mpl.axes.Axes, method, fail)
    with pytest.raises(KeyboardInterrupt):
        call()
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("projection", ["polar", "3d"])
def test_an_axis_that_is_not_straight_is_refused(call, projection):
    axis = Figure().add_subplot(projection=projection)
    with pytest.raises(DTypeError, match=rf"got an axis of the projection '{projection}'.*without projection="):
        call(axis)
