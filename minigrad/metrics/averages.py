"""Averages of numbers that come in one after the other: weighted, of the latest, and fading."""

import math
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..operands import as_integer, as_number
from ..silence import silent
from .metric import Metric, array_of, fits_float

__all__ = ["ExponentialMovingAverage", "MeanMetric", "RunningMean"]


class MeanMetric(Metric):
    """The weighted mean Σ w·v / Σ w: with the batch's size as weight, the mean over all items of unequal batches.

    Values and weights are numbers, or arrays that broadcast. Sums are float64.

    Raises `ArgumentError` for a negative weight, `ShapeError` for weights that do not broadcast.

    >>> from minigrad import metrics
    >>> loss = metrics.MeanMetric(); loss.update(0.5, weight=32); loss.update(0.2, weight=16); loss.compute()
    0.4
    """

    def _start(self) -> dict[str, Any]:
        return {"total": 0.0, "weight": 0.0}

    def _misfit(self, state: dict[str, Any]) -> str:
        return "" if state["weight"] >= 0 else "a sum of weights is not negative"

    def update(self, value: Any, weight: Any = 1.0) -> None:
        """Take in a mean, or several, and how many items each stands for."""
        values = array_of(value, "MeanMetric.update").astype(np.float64)
        weights = array_of(weight, "MeanMetric.update").astype(np.float64)
        if not (weights >= 0).all():
            raise ArgumentError(f"MeanMetric got weight={weight!r}; a weight is a number of items, 0 or more")
        try:
            weights = np.broadcast_to(weights, values.shape)
        except ValueError as error:
            raise ShapeError(
                f"MeanMetric got values of shape {values.shape} and weights of shape {weights.shape}; give one weight, "
                "or one for each value"
            ) from error
        with silent():
            self._state["total"] += float((values * weights)[weights > 0].sum())
            self._state["weight"] += float(weights.sum())

    def compute(self) -> float:
        """The mean so far."""
        total, weight = self._state["total"], self._of(self._state["weight"])
        return float(total / weight)


class RunningMean(Metric):
    """The mean of the latest `window` values.

    >>> from minigrad import metrics
    >>> mean = metrics.RunningMean(window=2)
    >>> for value in (9., 1., 2.): mean.update(value)
    >>> mean.compute()
    1.5
    """

    def __init__(self, window: int = 100) -> None:
        self.window = as_integer(window, "RunningMean", "window")
        if self.window < 1:
            raise ArgumentError(f"RunningMean got window={window}; it is the number of values to average, 1 or more")
        super().__init__()

    def _start(self) -> dict[str, Any]:
        return {"values": []}

    def _misfit(self, state: dict[str, Any]) -> str:
        values = state["values"]
        if not all(type(one) in (int, float) and fits_float(one) for one in values):
            return "the values are numbers"
        return "" if len(values) <= self.window else f"the window holds at most {self.window} values"

    def update(self, value: Any) -> None:
        """Take in one number."""
        values = [*self._state["values"], as_number(value, "RunningMean.update", "value")]
        self._state["values"] = values[-self.window :]

    def compute(self) -> float:
        """The mean of those in the window."""
        values = self._state["values"]
        count = int(self._of(len(values)))
        endless = [value for value in values if not math.isfinite(value)]
        if endless:
            return float(sum(endless))
        scale = 0.5 ** count.bit_length()  # so that the sum of the largest numbers is one
        try:
            return math.fsum(values) / count
        except OverflowError:
            return math.fsum(value * scale for value in values) / (count * scale)


class ExponentialMovingAverage(Metric):
    """An average that forgets: s ← β·s + (1 − β)·v, divided by 1 − βᵗ, so that it starts at the first value.

    With the decay β the latest 1/(1 − β) values count most; the division is that of Kingma and Ba (2015).

    Raises `ArgumentError` for a decay outside [0, 1).

    >>> from minigrad import metrics
    >>> smooth = metrics.ExponentialMovingAverage(0.5); smooth.update(3.); smooth.compute()
    3.0
    >>> smooth.update(6.); smooth.compute()
    5.0
    """

    def __init__(self, decay: float = 0.98) -> None:
        self.decay = as_number(decay, "ExponentialMovingAverage", "decay")
        if not 0 <= self.decay < 1:
            raise ArgumentError(
                f"ExponentialMovingAverage got decay={decay!r}; it is at least 0, for the latest value alone, and "
                "below 1"
            )
        super().__init__()

    def _start(self) -> dict[str, Any]:
        return {"sum": 0.0, "weight": 0.0}

    def _misfit(self, state: dict[str, Any]) -> str:
        return "" if 0 <= state["weight"] <= 1 else "the weight is from 0 to 1"

    def update(self, value: Any) -> None:
        """Take in one number."""
        number = as_number(value, "ExponentialMovingAverage.update", "value")
        self._state["sum"] += (1 - self.decay) * (number - self._state["sum"])
        self._state["weight"] += (1 - self.decay) * (1 - self._state["weight"])

    def compute(self) -> float:
        """The average so far."""
        total, weight = self._state["sum"], self._of(self._state["weight"])
        return float(total / weight)
