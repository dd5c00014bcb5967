"""Mean squared errors and signal-to-noise ratios over batches."""

import math

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad import metrics
from minigrad.errors import ArgumentError, ShapeError
from tests.strategies import given, st


@given(st.integers(0, 99), st.integers(1, 20), st.integers(1, 7))
def test_any_cut_into_batches_gives_the_error_of_all(seed, count, size):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, count, 3)).astype(np.float32)
    error, ratio = metrics.MeanSquaredError(), metrics.PeakSignalNoiseRatio(2.0)
    for start in range(0, count, size):
        for metric in (error, ratio):
            metric.update(mg.tensor(a[start : start + size]), b[start : start + size])
    expected = np.square(a.astype(np.float64) - b).mean()
    assert error.compute() == pytest.approx(expected, rel=1e-12)
    assert ratio.compute() == pytest.approx(10 * math.log10(4 / expected), rel=1e-12)


def test_it_is_the_loss_of_that_name():
    a, b = mg.randn(4, 5), mg.randn(4, 5)
    assert metrics.mean_squared_error(a, b) == pytest.approx(F.mse_loss(a, b).item(), rel=1e-6)
    assert metrics.mean_squared_error(a, b, squared=False) == pytest.approx(
        math.sqrt(F.mse_loss(a, b).item()), rel=1e-6
    )


def test_bytes_do_not_wrap_around():
    black, white = np.zeros((2, 2), np.uint8), np.full((2, 2), 255, np.uint8)
    assert metrics.mean_squared_error(black, white) == 255.0**2
    assert metrics.peak_signal_noise_ratio(black, white, data_range=255) == 0.0
    assert metrics.mean_squared_error([True, False], [False, False]) == 0.5


def test_any_order_of_memory():
    a = np.random.default_rng(0).normal(size=(3, 4, 5))
    assert metrics.mean_squared_error(np.asfortranarray(a), a.copy()) == 0.0
    assert metrics.mean_squared_error(a.T, np.ascontiguousarray(a.T) + 2) == pytest.approx(4.0)


def test_no_error_is_an_infinite_ratio():
    assert metrics.peak_signal_noise_ratio([1.0], [1.0]) == math.inf


def test_nan_shows():
    assert math.isnan(metrics.mean_squared_error([float("nan"), 1.0], [1.0, 1.0]))
    assert math.isnan(metrics.peak_signal_noise_ratio([float("nan"), 1.0], [1.0, 1.0]))


def test_a_mean_of_ratios_is_another_figure():
    ratio = metrics.PeakSignalNoiseRatio()
    ratio.update([0.0], [0.1])
    ratio.update([0.0, 0.0, 0.0], [0.5, 0.5, 0.5])
    assert ratio.compute() == pytest.approx(-10 * math.log10((0.01 + 3 * 0.25) / 4))


def test_shapes_are_never_broadcast():
    with pytest.raises(ShapeError, match=r"preds of shape \(3, 1\) and a target of shape \(3,\).*squeeze"):
        metrics.mean_squared_error(np.zeros((3, 1)), np.zeros(3))


@pytest.mark.parametrize("size", [0, -1, math.inf, math.nan])
def test_a_range_that_is_none(size):
    with pytest.raises(ArgumentError, match="the largest value minus the smallest"):
        metrics.PeakSignalNoiseRatio(size)
