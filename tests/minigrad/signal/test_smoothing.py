"""The moving average against SciPy's uniform filter."""

import numpy as np
import pytest
import scipy.ndimage

import minigrad as mg
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.signal import moving_average
from minigrad.signal.smoothing import window_sums
from tests.strategies import given, seeds, st, whole_numbers


@given(st.integers(1, 8), st.integers(0, 6), seeds)
def test_N25_it_is_the_uniform_filter_along_the_last_axis(n, m, seed):
    x = whole_numbers(seed, (2, 3, n))
    for border, theirs in (("reflect", "mirror"), ("symmetric", "reflect"), ("edge", "nearest"), ("wrap", "wrap")):
        expected = scipy.ndimage.uniform_filter1d(x, 2 * m + 1, mode=theirs)
        assert np.allclose(moving_average(x, m, border=border).numpy(), expected)
    if 2 * m + 1 <= n:
        inside = np.lib.stride_tricks.sliding_window_view(x, 2 * m + 1, -1).mean(-1)
        assert np.allclose(moving_average(x, m, "valid").numpy(), inside)


def test_N25_constants_stay_and_no_neighbours_change_nothing():
    assert moving_average(mg.full((5,), 3.0), 4).tolist() == [3.0] * 5
    x = mg.randn(4)
    assert mg.equal(moving_average(x, 0), x)
    assert moving_average(mg.tensor([0, 3, 6]), 1, "valid").tolist() == [3.0]


@pytest.mark.parametrize(("n", "size"), [(1, 1), (7, 1), (7, 7), (12, 3), (13, 4), (13, 12)])
def test_sums_of_windows_hold_nothing_from_outside(n, size):
    x = mg.randn(2, n, 3, dtype=mg.float64)
    windows = np.lib.stride_tricks.sliding_window_view(x.numpy(), size, 1)
    assert np.allclose(window_sums(x, size, 1).numpy(), windows.sum(-1), rtol=0, atol=1e-13)
    x[:, n // 2] = np.inf
    touched = np.isinf(windows).any(-1)
    assert np.array_equal(np.isinf(window_sums(x, size, 1).numpy()), touched)


def test_N25_the_mean_of_halves_is_one_although_their_sum_is_too_large():
    x = mg.full((300,), 1000.0, dtype=mg.float16)
    assert moving_average(x, 100).tolist() == x.tolist()


def test_gradcheck():
    x = mg.randn(2, 5, dtype=mg.float64, requires_grad=True)
    assert gradcheck(lambda x: moving_average(x, 2) ** 2, [x], order=2)


def test_what_it_refuses():
    with pytest.raises(ArgumentError, match="m=-1; it is the number of neighbours on each side"):
        moving_average(mg.ones(3), -1)
    with pytest.raises(DTypeError, match=r"m=1\.5"):
        moving_average(mg.ones(3), 1.5)
    with pytest.raises(ShapeError, match="windows of 5, and 3 elements along the last axis"):
        moving_average(mg.ones(3), 2, "valid")
    with pytest.raises(ShapeError, match="the kernel needs an axis for each"):
        moving_average(mg.tensor(1.0), 1)
