"""Averages against NumPy's."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import metrics
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from tests.strategies import given, st

FINITE = st.floats(-1e6, 1e6)


@given(st.lists(st.tuples(FINITE, st.integers(1, 64)), min_size=1, max_size=20))
def test_the_weighted_mean(pairs):
    mean = metrics.MeanMetric()
    for value, weight in pairs:
        mean.update(value, weight)
    values, weights = np.array(pairs).T
    assert mean.compute() == pytest.approx(np.average(values, weights=weights), rel=1e-12, abs=1e-9)


def test_unequal_batches_count_by_their_size():
    mean = metrics.MeanMetric()
    mean.update(mg.tensor(1.0), weight=30)
    mean.update(mg.tensor(4.0), weight=10)
    assert mean.compute() == 1.75


def test_arrays_of_values_and_weights():
    mean = metrics.MeanMetric()
    mean.update(mg.tensor([1.0, 2.0, 6.0]))
    assert mean.compute() == 3.0
    mean.update([[1.0, 3.0]], [2.0, 0.0])
    assert mean.compute() == 11 / 5


def test_float32_batches_are_added_up_in_float64():
    mean = metrics.MeanMetric()
    for _ in range(10_000):
        mean.update(np.float32(0.1))
    assert mean.compute() == pytest.approx(float(np.float32(0.1)), rel=1e-12)


def test_nan_shows_unless_it_weighs_nothing():
    mean = metrics.MeanMetric()
    mean.update(float("nan"), weight=0)
    mean.update(2.0)
    assert mean.compute() == 2.0
    mean.update(float("nan"))
    assert math.isnan(mean.compute())


@pytest.mark.parametrize("weight", [-1, [1.0, -0.5], float("nan")])
def test_a_negative_weight(weight):
    with pytest.raises(ArgumentError, match="a weight is a number of items"):
        metrics.MeanMetric().update([1.0, 2.0], weight)


def test_weights_that_do_not_fit():
    with pytest.raises(ShapeError, match=r"values of shape \(2,\) and weights of shape \(3,\)"):
        metrics.MeanMetric().update([1.0, 2.0], [1, 1, 1])


@given(st.lists(FINITE, min_size=1, max_size=20), st.integers(1, 8))
def test_the_running_mean(values, window):
    mean = metrics.RunningMean(window)
    for value in values:
        mean.update(value)
    assert mean.compute() == pytest.approx(np.mean(values[-window:]), rel=1e-12, abs=1e-9)


@given(st.lists(FINITE, min_size=1, max_size=20), st.sampled_from([0.0, 0.5, 0.9, 0.999]))
def test_the_exponential_average(values, decay):
    mean = metrics.ExponentialMovingAverage(decay)
    for value in values:
        mean.update(mg.tensor(value, dtype=mg.float64))
    weights = decay ** np.arange(len(values))[::-1]
    assert mean.compute() == pytest.approx(np.average(values, weights=weights), rel=1e-9, abs=1e-6)


def test_the_exponential_average_of_one_value_is_that_value():
    mean = metrics.ExponentialMovingAverage(0.999)
    mean.update(3.0)
    assert mean.compute() == pytest.approx(3.0)


@pytest.mark.parametrize("decay", [1.0, -0.1, float("nan"), 2])
def test_a_decay_outside_its_range(decay):
    with pytest.raises(ArgumentError, match="at least 0, for the latest value alone, and below 1"):
        metrics.ExponentialMovingAverage(decay)


@pytest.mark.parametrize("window", [0, -3])
def test_an_empty_window(window):
    with pytest.raises(ArgumentError, match=f"window={window}; it is the number of values"):
        metrics.RunningMean(window)


@pytest.mark.parametrize("kind", [metrics.RunningMean, metrics.ExponentialMovingAverage])
def test_several_numbers_are_refused(kind):
    with pytest.raises(DTypeError, match="a number"):
        kind().update(mg.ones(2))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([math.inf, -math.inf], math.nan),
        ([1e308, 1e308], 1e308),
        ([1e308, 1e308, 1e308], 1e308),
        ([1e308, 1e308, -math.inf], -math.inf),
        ([1.0, math.inf], math.inf),
        ([1.0, math.nan], math.nan),
        ([-1e308, -1e308, -1e308, -1e308, -1e308], -1e308),
    ],
)
def test_the_latest_may_be_endless_or_very_large(values, expected):
    mean = metrics.RunningMean(5)
    for value in values:
        mean.update(value)
    assert mean.compute() == pytest.approx(expected, rel=1e-15, nan_ok=True)
