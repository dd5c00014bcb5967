"""Figures of merit over unequal batches, in constant memory, under the names of torchmetrics.

accuracy = metrics.Accuracy()
for images, labels in loader:
    accuracy.update(model(images), labels)
print(f"{accuracy.compute():.2%}")
"""

from .averages import ExponentialMovingAverage, MeanMetric, RunningMean
from .classification import Accuracy, accuracy
from .confusion import ConfusionMatrix, F1Score, Precision, Recall, confusion_matrix, f1_score, precision, recall
from .metric import Metric
from .regression import MeanSquaredError, PeakSignalNoiseRatio, mean_squared_error, peak_signal_noise_ratio

__all__ = [
    "Metric",
    "Accuracy",
    "ConfusionMatrix",
    "Precision",
    "Recall",
    "F1Score",
    "MeanSquaredError",
    "PeakSignalNoiseRatio",
    "MeanMetric",
    "RunningMean",
    "ExponentialMovingAverage",
    "accuracy",
    "confusion_matrix",
    "precision",
    "recall",
    "f1_score",
    "mean_squared_error",
    "peak_signal_noise_ratio",
]
