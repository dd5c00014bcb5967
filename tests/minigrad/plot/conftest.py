"""An axis to draw on, which pyplot does not know; and matplotlib's state, which no function may change."""

import matplotlib as mpl
import pytest
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


@pytest.fixture
def ax():
    """An axis of a figure of its own."""
    return FigureCanvasAgg(Figure()).figure.subplots()


@pytest.fixture(autouse=True)
def matplotlib_is_left_alone():
    """After the test the settings stand as they stood, and no figure remains but those that the test asked for."""
    mpl.use("Agg")
    before = dict(mpl.rcParams)
    yield
    pyplot.close("all")
    assert dict(mpl.rcParams) == before
