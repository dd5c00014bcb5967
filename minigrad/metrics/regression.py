"""How far values are from where they should be: mean squared error, and the signal-to-noise ratio of images."""

import math
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..explaining import as_flag
from ..operands import as_number
from ..silence import silent
from .metric import Metric, array_of, of_one_batch

__all__ = ["MeanSquaredError", "PeakSignalNoiseRatio", "mean_squared_error", "peak_signal_noise_ratio"]


class MeanSquaredError(Metric):
    """The mean of (p − t)² over all numbers of all batches; with `squared=False` the root of it.

    (*), (*) -> (). Differences and sums are float64, whatever the dtypes, so that bytes do not wrap around.

    Raises `ShapeError` for two shapes.

    >>> import minigrad as mg
    >>> error = mg.metrics.MeanSquaredError()
    >>> error.update(mg.tensor([1., 2.]), mg.tensor([1., 4.])); error.update([0.], [1.]); error.compute()
    1.6667
    """

    def __init__(self, squared: bool = True) -> None:
        self.squared = as_flag(squared, type(self).__name__, "squared")
        super().__init__()

    def _start(self) -> dict[str, Any]:
        return {"total": 0.0, "count": 0}

    def _misfit(self, state: dict[str, Any]) -> str:
        if state["count"] < 0 or state["total"] < 0:
            return "neither a sum of squares nor a count is negative"
        return "" if state["count"] or not state["total"] else "there is no sum without items"

    def update(self, preds: Any, target: Any) -> None:
        """Take in what came out and what should have come out."""
        name = type(self).__name__
        given, wanted = array_of(preds, name), array_of(target, name)
        if given.shape != wanted.shape:
            raise ShapeError(
                f"{name} got preds of shape {given.shape} and a target of shape {wanted.shape}; they are compared "
                "number by number, so the shapes are the same. Is there an axis of size 1 too many: squeeze, or "
                "reshape?"
            )
        with silent():
            difference = np.asarray(np.subtract(given, wanted, dtype=np.float64))
            self._state["total"] += float(np.square(difference, out=difference).sum())
        self._state["count"] += given.size

    def compute(self) -> float:
        """The error so far."""
        mean = self._state["total"] / self._of(self._state["count"])
        return float(mean) if self.squared else math.sqrt(mean)


class PeakSignalNoiseRatio(MeanSquaredError):
    """10·log₁₀(R² / MSE) decibels, with R the range of the values: 1.0, or 255 for bytes; infinite without error.

    (*), (*) -> (). The mean squared error is that of all batches; a mean of ratios would be another figure.

    Raises `ShapeError` for two shapes, `ArgumentError` for a range that is not positive.

    >>> import minigrad as mg
    >>> ratio = mg.metrics.PeakSignalNoiseRatio(); ratio.update(mg.zeros(2, 2), mg.full((2, 2), 0.1)); ratio.compute()
    20.0
    """

    def __init__(self, data_range: float = 1.0) -> None:
        self.data_range = as_number(data_range, "PeakSignalNoiseRatio", "data_range")
        if not 0 < self.data_range < math.inf:
            raise ArgumentError(
                f"PeakSignalNoiseRatio got data_range={data_range!r}; it is the largest value minus the smallest that "
                "there may be, 1.0 for images in [0, 1] and 255 for bytes"
            )
        super().__init__()

    def compute(self) -> float:
        """The ratio so far, in decibels."""
        error = super().compute()
        return 20 * math.log10(self.data_range) - 10 * math.log10(error) if error else math.inf


def mean_squared_error(preds: Any, target: Any, squared: bool = True) -> float:
    """The mean of (p − t)², or its root with `squared=False`: `MeanSquaredError` of one batch.

    >>> from minigrad import metrics
    >>> metrics.mean_squared_error([1., 2.], [1., 4.])
    2.0
    """
    return float(of_one_batch(MeanSquaredError(squared), preds, target))


def peak_signal_noise_ratio(preds: Any, target: Any, data_range: float = 1.0) -> float:
    """10·log₁₀(R² / MSE) decibels: `PeakSignalNoiseRatio` of one batch.

    >>> from minigrad import metrics
    >>> metrics.peak_signal_noise_ratio([0., 0.5], [0., 0.6])
    23.0103
    """
    return float(of_one_batch(PeakSignalNoiseRatio(data_range), preds, target))
