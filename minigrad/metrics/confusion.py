"""Which class is taken for which: the confusion matrix, and precision, recall and F1 from it."""

from typing import Any

import numpy as np

from ..dtypes import get_default_dtype
from ..errors import ArgumentError
from ..operands import as_integer
from ..tensor import Array, Tensor
from .classification import index_or_none, predictions, true_classes
from .metric import Metric, of_one_batch, one_of

__all__ = [
    "ConfusionMatrix",
    "F1Score",
    "Precision",
    "Recall",
    "confusion_matrix",
    "f1_score",
    "precision",
    "recall",
]

_AVERAGES = ("micro", "macro", "weighted", "none", None)


def _ratio(above: Array, below: Array) -> Array:
    """Quotients as float64; 0 where the divisor is 0."""
    zeros = np.zeros(np.broadcast_shapes(above.shape, below.shape))
    return np.asarray(np.divide(above, below, out=zeros, where=below != 0))


class ConfusionMatrix(Metric):
    """How many items of each true class, a row, were taken for each class, a column.

    (N, C, *x), (N, *x) -> (C, C): scores with the classes on axis 1, or (N, *x): predicted classes.

    `normalize` divides by the number of items: 'true' in each row, so that the diagonal is the recall, 'pred' in each
    column, so that it is the precision, 'all' altogether; rows and columns without items are 0. From the counts come
    `accuracy`, `precision`, `recall` and `f1_score` too. Items of the class `ignore_index` are left out.

    Raises `ArgumentError` for options that there are not; `ShapeError`, `DTypeError` and `IndexOutOfRangeError` for
    scores and classes that do not fit.

    >>> import minigrad as mg
    >>> confusion = mg.metrics.ConfusionMatrix(3)
    >>> confusion.update(mg.tensor([0, 1, 1, 2]), mg.tensor([0, 1, 2, 2])); confusion.compute()
    tensor([[1, 0, 0],
            [0, 1, 0],
            [0, 1, 1]])
    >>> confusion.recall(None)
    tensor([1.0000, 1.0000, 0.5000])
    """

    def __init__(self, num_classes: int, normalize: str | None = None, ignore_index: int | None = None) -> None:
        name = type(self).__name__
        self.num_classes = as_integer(num_classes, name, "num_classes")
        if not 1 <= self.num_classes <= 2**15:
            raise ArgumentError(f"{name} got num_classes={num_classes}; it is the number of classes, from 1 to 32768")
        self.normalize = one_of(normalize, (None, "none", "true", "pred", "all"), name, "normalize")
        self.ignore_index = index_or_none(ignore_index, name)
        super().__init__()

    def _start(self) -> dict[str, Any]:
        return {"counts": np.zeros((self.num_classes, self.num_classes), np.int64)}

    def _misfit(self, state: dict[str, Any]) -> str:
        return "" if (state["counts"] >= 0).all() else "no count is negative"

    def update(self, preds: Any, target: Any) -> None:
        """Take in the scores, or the predicted classes, and the true classes of a batch."""
        name, size = type(self).__name__, self.num_classes
        given, true, number = predictions(preds, target, name)
        if number is not None and number != size:
            raise ArgumentError(f"{name} was made for {size} classes and got scores of {number}, in shape (N, C, …)")
        if self.ignore_index is not None:
            counted = true != self.ignore_index
            given, true = given[counted], true[counted]
        predicted = given if number is None else given.argmax(1)
        true, predicted = (
            true_classes(true, size, name, "target"),
            true_classes(predicted, size, name, "preds"),
        )
        self._state["counts"] += np.bincount(true * size + predicted, minlength=size * size).reshape(size, size)

    def compute(self) -> Any:
        """The counts, an int64 tensor, or the shares that `normalize` asks for; all 0 before the first item."""
        counts = self._state["counts"]
        if self.normalize in (None, "none"):
            return Tensor._wrap(counts.copy())
        axis = {"true": 1, "pred": 0, "all": None}[self.normalize]
        return Tensor._wrap(_ratio(counts, counts.sum(axis, keepdims=True)).astype(get_default_dtype()))

    def accuracy(self) -> float:
        """The share of all items on the diagonal."""
        counts = self._state["counts"]
        return float(np.trace(counts) / self._of(counts.sum()))

    def precision(self, average: str | None = "macro") -> Any:
        """Of what was taken for a class, the share that is of it: averaged as in `Precision`."""
        hits, true, predicted = self._margins()
        return self._averaged(hits, predicted, true, predicted, average, "precision")

    def recall(self, average: str | None = "macro") -> Any:
        """Of what is of a class, the share that was taken for it: averaged as in `Precision`."""
        hits, true, predicted = self._margins()
        return self._averaged(hits, true, true, predicted, average, "recall")

    def f1_score(self, average: str | None = "macro") -> Any:
        """The harmonic mean of precision and recall, class by class, averaged as in `Precision`."""
        hits, true, predicted = self._margins()
        return self._averaged(2 * hits, true + predicted, true, predicted, average, "f1_score")

    def _margins(self) -> tuple[Array, Array, Array]:
        """For each class: items on the diagonal, items of it, items taken for it."""
        counts = self._state["counts"]
        self._of(counts.sum())
        return counts.diagonal(), counts.sum(1), counts.sum(0)

    def _averaged(
        self, above: Array, below: Array, true: Array, predicted: Array, average: str | None, name: str
    ) -> Any:
        one_of(average, _AVERAGES, name, "average")
        if average == "micro":
            return float(above.sum() / below.sum())
        each = _ratio(above, below)
        if average in (None, "none"):
            return Tensor._wrap(each.astype(get_default_dtype()))
        weights = true if average == "weighted" else (true + predicted > 0).astype(np.int64)
        return float((each * weights).sum() / weights.sum())


class Precision(ConfusionMatrix):
    """Of the items taken for a class, the share that is of it: TP / (TP + FP), averaged over classes.

    (N, C, *x), (N, *x) -> (), or (C,) with `average=None`.

    'macro' is the mean over the classes that occur, as true or predicted ones; 'weighted' counts each by its items;
    'micro' divides sums over all classes, which gives the accuracy; None or 'none' gives one number for each class,
    0 for one that was never predicted.

    >>> from minigrad import metrics
    >>> precision = metrics.Precision(2); precision.update([0, 1, 1, 1], [0, 0, 1, 1]); precision.compute()
    0.8333
    """

    def __init__(self, num_classes: int, average: str | None = "macro", ignore_index: int | None = None) -> None:
        self.average = one_of(average, _AVERAGES, type(self).__name__, "average")
        super().__init__(num_classes, None, ignore_index)

    def compute(self) -> Any:
        """The precision so far."""
        return self.precision(self.average)


class Recall(Precision):
    """Of the items of a class, the share that was taken for it: TP / (TP + FN), averaged as in `Precision`.

    (N, C, *x), (N, *x) -> (), or (C,) with `average=None`.

    >>> from minigrad import metrics
    >>> recall = metrics.Recall(2); recall.update([0, 1, 1, 1], [0, 0, 1, 1]); recall.compute()
    0.75
    """

    def compute(self) -> Any:
        """The recall so far."""
        return self.recall(self.average)


class F1Score(Precision):
    """The harmonic mean of precision and recall, 2·TP / (2·TP + FP + FN), averaged as in `Precision`.

    (N, C, *x), (N, *x) -> (), or (C,) with `average=None`.

    >>> from minigrad import metrics
    >>> f1 = metrics.F1Score(2); f1.update([0, 1, 1, 1], [0, 0, 1, 1]); f1.compute()
    0.7333
    """

    def compute(self) -> Any:
        """The F1 score so far."""
        return self.f1_score(self.average)


def confusion_matrix(
    preds: Any, target: Any, num_classes: int, normalize: str | None = None, ignore_index: int | None = None
) -> Tensor:
    """How many items of each true class, a row, were taken for each class, a column: `ConfusionMatrix` of one batch.

    >>> from minigrad import metrics
    >>> metrics.confusion_matrix([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]], [0, 1, 1], 2, normalize="true")
    tensor([[1.0000, 0.0000],
            [0.5000, 0.5000]])
    """
    result: Tensor = of_one_batch(ConfusionMatrix(num_classes, normalize, ignore_index), preds, target)
    return result


def precision(
    preds: Any, target: Any, num_classes: int, average: str | None = "macro", ignore_index: int | None = None
) -> Any:
    """Of the items taken for a class, the share that is of it: `Precision` of one batch.

    >>> from minigrad import metrics
    >>> metrics.precision([0, 1, 1, 1], [0, 0, 1, 1], 2, average=None)
    tensor([1.0000, 0.6667])
    """
    return of_one_batch(Precision(num_classes, average, ignore_index), preds, target)


def recall(
    preds: Any, target: Any, num_classes: int, average: str | None = "macro", ignore_index: int | None = None
) -> Any:
    """Of the items of a class, the share that was taken for it: `Recall` of one batch.

    >>> from minigrad import metrics
    >>> metrics.recall([0, 1, 1, 1], [0, 0, 1, 1], 2, average=None)
    tensor([0.5000, 1.0000])
    """
    return of_one_batch(Recall(num_classes, average, ignore_index), preds, target)


def f1_score(
    preds: Any, target: Any, num_classes: int, average: str | None = "macro", ignore_index: int | None = None
) -> Any:
    """The harmonic mean of precision and recall: `F1Score` of one batch.

    >>> from minigrad import metrics
    >>> metrics.f1_score([0, 1, 1, 1], [0, 0, 1, 1], 2, average="micro")
    0.75
    """
    return of_one_batch(F1Score(num_classes, average, ignore_index), preds, target)
