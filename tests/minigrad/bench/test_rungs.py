"""Every rung of the ladder computes the three maps."""

import numpy as np
import pytest

from minigrad.bench import RUNGS, Problem
from tests import naive

SIZES = [Problem(1, 1, 3, 1, 3), Problem(2, 3, 7, 4, 3), Problem(3, 2, 6, 1, 2), Problem(2, 1, 5, 2, 1)]


@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.name)
@pytest.mark.parametrize("problem", SIZES, ids=str)
def test_a_rung_computes_what_the_formulae_say(rung, problem):
    x, w, g = (one.astype(np.float64) for one in problem.arrays())
    y, dx, dw = rung.run(rung.laid(x), w, rung.laid(g))
    plain = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}
    wanted = (
        naive.correlate(x, w, **plain),
        naive.correlate_input(w, g, x.shape, **plain),
        naive.correlate_weight(x, g, w.shape, **plain),
    )
    for have, want in zip((y, dx, dw), wanted, strict=True):
        np.testing.assert_allclose(have, want, atol=1e-12)


@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.name)
def test_a_rung_leaves_its_operands_alone(rung):
    operands = SIZES[1].arrays()
    before = [one.copy() for one in operands]
    rung.run(*operands)
    for have, want in zip(operands, before, strict=True):
        np.testing.assert_array_equal(have, want)


@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.name)
def test_images_are_laid_in_the_order_that_is_promised(rung):
    x = np.arange(120.0).reshape(2, 3, 4, 5)
    laid = rung.laid(x)
    np.testing.assert_array_equal(laid, x)
    assert tuple(np.argsort(laid.strides)[::-1]) == rung.order
