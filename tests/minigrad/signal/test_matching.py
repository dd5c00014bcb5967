"""Normalised correlation against NumPy's correlation coefficient of every window."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ShapeError
from minigrad.signal import normalized_correlation
from tests.strategies import given, seeds, st


@given(st.integers(1, 3), seeds, st.sampled_from(["valid", "same", "full"]), st.sampled_from(["zero", "reflect"]))
def test_N19_each_place_is_the_correlation_coefficient_of_its_window(rank, seed, mode, border):
    source = np.random.default_rng(seed)
    k = source.integers(2, 4, rank)
    x, t = source.normal(size=(2, *k + source.integers(0, 3, rank))), source.normal(size=k)
    y = normalized_correlation(x, t, mode, border=border).numpy()
    widths = {"valid": [(0, 0)] * rank, "full": [(size - 1,) * 2 for size in k],
              "same": [((size - 1) // 2, size // 2) for size in k]}[mode]  # fmt: skip
    padded = np.pad(x, [(0, 0), *widths], {"zero": "constant"}.get(border, border))
    windows = np.lib.stride_tricks.sliding_window_view(padded, tuple(k), tuple(range(1, rank + 1)))
    assert y.shape == windows.shape[: rank + 1]
    for place in np.ndindex(y.shape):
        window = windows[place].ravel()
        expected = 0.0 if np.ptp(window) == 0 else np.corrcoef(window, t.ravel())[0, 1]
        assert y[place] == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_N19_a_match_is_1_however_bright_and_whatever_its_contrast(dtype):
    x = mg.rand(9, 9, dtype=mg.float64, generator=None)
    template = x[2:5, 3:6]
    y = normalized_correlation((x * 0.25 + 1).to(dtype), (template * 0.5).to(dtype))
    assert y.dtype == dtype
    assert divmod(int(y.argmax()), 7) == (2, 3)
    assert float(y.max()) == pytest.approx(1, abs=2e-3 if dtype == mg.float16 else 1e-6)
    assert float(normalized_correlation(-x, template)[2, 3]) == pytest.approx(-1)


def test_constants_are_like_nothing_and_give_no_nan():
    x = mg.full((6,), 0.1, requires_grad=True)
    for image, template in ((x, mg.tensor([1.0, 2.0, 4.0])), (x * mg.arange(6), mg.full((3,), 0.1))):
        y = normalized_correlation(image, template)
        assert y.tolist() == [0] * 4
        assert grad(y.sum(), x)[0].tolist() == [0] * 6
    big = normalized_correlation(mg.full((6,), 1e6 / 3, dtype=mg.float64), mg.tensor([1.0, 2.0, 4.0]))
    assert big.tolist() == [0] * 4
    small = mg.tensor([5000.0, 5000.01, 5000.02, 5000.0], dtype=mg.float64)
    assert normalized_correlation(small, mg.tensor([0.0, 1.0, 2.0]))[0].item() == pytest.approx(1)


@pytest.mark.parametrize("odd", [np.nan, np.inf, 1e20])
def test_an_odd_pixel_spoils_the_windows_that_see_it_and_no_other(odd):
    x, template = mg.randn(9, 9, dtype=mg.float64), mg.randn(3, 3, dtype=mg.float64)
    expected = normalized_correlation(x, template).numpy()
    x[0, 0] = odd
    y = normalized_correlation(x, template).numpy()
    assert np.isnan(y[0, 0]) == (not np.isfinite(odd))
    assert np.allclose(y.ravel()[1:], expected.ravel()[1:], rtol=0, atol=1e-12)
    assert np.isnan(normalized_correlation(mg.tensor([1.0, np.nan, 2.0]), template[0].float()).item())
    assert np.isnan(normalized_correlation(x, template * np.nan).numpy()).all()
    assert normalized_correlation(mg.ones(0, 4, 4), template.float()).shape == (0, 2, 2)


def test_whole_numbers():
    x = np.array([[0, 0, 2, 1], [0, 5, 2, 2]])
    assert normalized_correlation(x, x[:, 1:3]).dtype == mg.float32
    assert normalized_correlation(x, x[:, 1:3])[0, 1].item() == pytest.approx(1)


@pytest.mark.parametrize("mode", ["valid", "same"])
def test_gradcheck_to_second_order(mode):
    x, t = mg.randn(2, 4, 5, dtype=mg.float64, requires_grad=True), mg.randn(2, 3, dtype=mg.float64, requires_grad=True)
    assert gradcheck(lambda x, t: normalized_correlation(x, t, mode, border="reflect"), [x, t], order=2)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="the kernel spans 3"):
        normalized_correlation(mg.ones(2), mg.ones(3))
    with pytest.raises(ShapeError, match="normalized_correlation got an image of shape"):
        normalized_correlation(mg.ones(4), mg.ones(2, 2))
