"""Cells that have room for their digits."""

import numpy as np
import pytest

from minigrad.drawing.cards import sans_width
from minigrad.drawing.cells import NARROW, WIDEST, Grid, written


@pytest.mark.parametrize("columns", range(1, 25))
@pytest.mark.parametrize("value", [1, -12, -0.123456, 1e-9])
def test_digits_fit_into_their_cells_or_are_left_out(columns, value):
    texts = written(np.full((2, columns), value), 3)
    if texts is None:
        assert columns * sans_width("-0.12", 11) > WIDEST / 2
        return
    grid = Grid.of(texts)
    assert sans_width(texts[0][0], grid.size) < grid.width
    assert columns * grid.width <= WIDEST
    assert grid.size == 11 or columns * grid.width <= NARROW
