"""Accuracy: how often the right class is the first, or among the first k."""

from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError
from ..operands import as_integer
from ..tensor import Array
from .metric import Metric, array_of, of_one_batch

__all__ = ["Accuracy", "accuracy", "predictions", "true_classes"]


def _targets(target: Array, name: str) -> None:
    """Refuse what are no class numbers."""
    if target.dtype.kind not in "biu":
        remedy = "Of one-hot rows take target.argmax(1)" if target.ndim == 2 else "Write target.long()"
        raise DTypeError(f"{name} got a target of dtype {target.dtype}; class numbers are integers. {remedy}")


def predictions(preds: Any, target: Any, name: str) -> tuple[Array, Array, int | None]:
    """Scores (items, classes) or predicted classes (items,), true classes (items,), and how many classes there are.

    (N, C, *x), (N, *x) -> (N·∏x, C), (N·∏x,), C; and (N, *x), (N, *x) -> (N·∏x,), (N·∏x,), None

    Raises `ShapeError` for shapes that do not fit, `DTypeError` for classes that are no integers.

    >>> from minigrad.metrics.classification import predictions
    >>> predictions([[1., 3.], [2., 0.]], [1, 1], "accuracy")[1:]
    (array([1, 1]), 2)
    """
    given, true = array_of(preds, name), array_of(target, name)
    _targets(true, name)
    if given.ndim == true.ndim + 1 and true.ndim and given.shape[:1] + given.shape[2:] == true.shape:
        return np.moveaxis(given, 1, -1).reshape(true.size, given.shape[1]), true.reshape(-1), given.shape[1]
    if given.shape != true.shape:
        raise ShapeError(
            f"{name} got preds of shape {given.shape} and a target of shape {true.shape}; for a target of that shape "
            f"it takes scores, shape ({', '.join(['N', 'C', *map(str, true.shape[1:])])}) with the classes on axis 1, "
            f"or predicted classes, shape {true.shape}"
        )
    if given.dtype.kind not in "biu":
        raise DTypeError(
            f"{name} got preds of dtype {given.dtype} and the shape of the target, {true.shape}; predicted classes are "
            "integers. Scores have the classes on axis 1, (N, C); with one probability an item, compare: preds > 0.5"
        )
    return given.reshape(-1), true.reshape(-1), None


def true_classes(classes: Array, number: int, name: str, role: str) -> Array:
    """The classes as integers; raises `IndexOutOfRangeError` for one outside [0, number).

    >>> import numpy as np
    >>> from minigrad.metrics.classification import true_classes
    >>> true_classes(np.array([True, False]), 2, "accuracy", "target")
    array([1, 0])
    """
    wrong = (classes < 0) | (classes >= number)
    if wrong.any():
        place = int(wrong.argmax())
        remedy = f"does it mark what does not count: ignore_index={classes[place]}?"
        raise IndexOutOfRangeError(
            f"{name} got class {classes[place]} as item {place} of {role}; with {number} classes they are 0 to "
            f"{number - 1}. Are there more classes{', or ' + remedy if role == 'target' else '?'}"
        )
    return classes.astype(np.int64)


def index_or_none(value: Any, name: str) -> int | None:
    """The class to leave out, or None."""
    return None if value is None else as_integer(value, name, "ignore_index")


class Accuracy(Metric):
    """The share of items whose true class is among the `top_k` with the largest scores (N1).

    (N, C, *x), (N, *x) -> (): scores with the classes on axis 1, or, with `top_k=1`, (N, *x): predicted classes.

    Of equal scores the first counts as larger, as for `argmax`; NaN counts as the largest. Items of the class
    `ignore_index` are left out.

    Raises `ArgumentError` for a `top_k` below 1, or above the number of classes; `ShapeError`, `DTypeError` and
    `IndexOutOfRangeError` for scores and classes that do not fit.

    >>> import minigrad as mg
    >>> accuracy = mg.metrics.Accuracy()
    >>> accuracy.update(mg.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]), mg.tensor([1, 0, 0]))
    >>> accuracy.update(mg.tensor([[0.4, 0.6]]), mg.tensor([1])); accuracy.compute()
    0.75
    """

    def __init__(self, top_k: int = 1, ignore_index: int | None = None) -> None:
        self.top_k = as_integer(top_k, "Accuracy", "top_k")
        if self.top_k < 1:
            raise ArgumentError(f"Accuracy got top_k={top_k}; it is how many classes may be named, 1 or more")
        self.ignore_index = index_or_none(ignore_index, "Accuracy")
        super().__init__()

    def _start(self) -> dict[str, Any]:
        return {"correct": 0, "total": 0}

    def _misfit(self, state: dict[str, Any]) -> str:
        return "" if 0 <= state["correct"] <= state["total"] else "there are no more right answers than items"

    def update(self, preds: Any, target: Any) -> None:
        """Take in the scores, or the predicted classes, and the true classes of a batch."""
        given, true, number = predictions(preds, target, "accuracy")
        if self.ignore_index is not None:
            counted = true != self.ignore_index
            given, true = given[counted], true[counted]
        if number is None:
            if self.top_k > 1:
                raise ShapeError(
                    f"accuracy got predicted classes, shape {given.shape}, and top_k={self.top_k}; whether a class is "
                    "among the first k can be seen in scores only, shape (N, C)"
                )
            correct = given == true
        else:
            if self.top_k > number:
                raise ArgumentError(
                    f"accuracy got top_k={self.top_k} and scores of {number} classes; no more can be named than there "
                    "are"
                )
            true = true_classes(true, number, "accuracy", "target")
            correct = _rank(given, true) < self.top_k
        self._state["correct"] += int(correct.sum())
        self._state["total"] += correct.size

    def compute(self) -> float:
        """The share so far, from 0 to 1."""
        correct, total = self._state["correct"], self._of(self._state["total"])
        return float(correct / total)


def _rank(scores: Array, true: Array) -> Array:
    """How many classes stand before the true one: those with larger scores, and the first of equal ones."""
    own = np.take_along_axis(scores, true[:, None], 1)
    larger, equal = scores > own, scores == own
    if scores.dtype.kind == "f":
        unknown, unknown_own = np.isnan(scores), np.isnan(own)
        larger |= unknown & ~unknown_own
        equal |= unknown & unknown_own
    first = np.arange(scores.shape[1]) < true[:, None]
    ahead = larger | (equal & first)
    return np.asarray(ahead.sum(1))


def accuracy(preds: Any, target: Any, top_k: int = 1, ignore_index: int | None = None) -> float:
    """The share of items whose true class is among the `top_k` with the largest scores, as `Accuracy`, of one batch.

    >>> from minigrad import metrics
    >>> metrics.accuracy([[0.1, 0.6, 0.3], [0.5, 0.1, 0.4]], [1, 2], top_k=2)
    1.0
    """
    return float(of_one_batch(Accuracy(top_k, ignore_index), preds, target))
