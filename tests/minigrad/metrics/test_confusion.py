"""The confusion matrix against a loop; precision, recall and F1 against their definitions."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import metrics
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError
from tests.strategies import given, st


def drawn(seed, classes, count):
    rng = np.random.default_rng(seed)
    return rng.integers(0, classes, count), rng.integers(0, classes, count)


def naive(preds, target, classes):
    counts = np.zeros((classes, classes), int)
    for predicted, true in zip(preds, target, strict=True):
        counts[true, predicted] += 1
    return counts


@given(st.integers(0, 99), st.integers(1, 5), st.integers(1, 30), st.integers(1, 7))
def test_any_cut_into_batches_gives_the_counts(seed, classes, count, size):
    preds, target = drawn(seed, classes, count)
    metric = metrics.ConfusionMatrix(classes)
    for start in range(0, count, size):
        metric.update(preds[start : start + size], mg.tensor(target[start : start + size]))
    assert metric.compute().tolist() == naive(preds, target, classes).tolist()
    assert metric.compute().dtype == mg.int64
    assert metric.accuracy() == metrics.accuracy(preds, target)


def test_scores_are_taken_at_their_largest():
    scores, target = np.random.default_rng(0).normal(size=(9, 3)), np.arange(9) % 3
    expected = naive(scores.argmax(1), target, 3)
    assert metrics.confusion_matrix(scores, target, 3).tolist() == expected.tolist()


@pytest.mark.parametrize(("normalize", "axis"), [("true", 1), ("pred", 0), ("all", None)])
def test_shares(normalize, axis):
    preds, target = drawn(0, 4, 40)
    counts = naive(preds, target, 4)
    shares = metrics.confusion_matrix(preds, target, 4, normalize=normalize)
    np.testing.assert_allclose(shares.numpy(), counts / counts.sum(axis, keepdims=True), rtol=1e-6)
    assert shares.dtype == mg.float32


def test_classes_without_items_have_shares_of_zero():
    assert metrics.confusion_matrix([0, 0], [0, 0], 2, normalize="true").tolist() == [[1, 0], [0, 0]]


def test_the_result_is_a_copy():
    metric = metrics.ConfusionMatrix(2)
    metric.update([0], [1])
    metric.compute().zero_()
    assert metric.compute().tolist() == [[0, 0], [1, 0]]


def definitions(preds, target, classes):
    """Precision, recall and F1 of each class by counting; 0 where there is nothing to divide by."""
    rows = []
    for c in range(classes):
        hits = sum(p == c == t for p, t in zip(preds, target, strict=True))
        predicted, true = list(preds).count(c), list(target).count(c)
        precision = hits / predicted if predicted else 0.0
        recall = hits / true if true else 0.0
        f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
        rows.append((precision, recall, f1, true, true + predicted > 0))
    return np.array(rows).T


@given(st.integers(0, 99), st.integers(1, 5), st.integers(1, 20))
def test_precision_recall_and_f1(seed, classes, count):
    preds, target = drawn(seed, classes, count)
    *figures, support, occurs = definitions(preds, target, classes)
    functions = (metrics.precision, metrics.recall, metrics.f1_score)
    for function, each in zip(functions, figures, strict=True):
        np.testing.assert_allclose(function(preds, target, classes, average=None).numpy(), each, rtol=1e-6)
        macro = each[occurs > 0].mean()
        assert function(preds, target, classes) == pytest.approx(macro, rel=1e-12)
        weighted = np.average(each, weights=support)
        assert function(preds, target, classes, average="weighted") == pytest.approx(weighted, rel=1e-12)
        assert function(preds, target, classes, average="micro") == pytest.approx((preds == target).mean(), rel=1e-12)


def test_classes_that_do_not_count():
    metric = metrics.Recall(2, ignore_index=-1)
    metric.update([0, 1, 1], [0, -1, 0])
    assert metric.compute() == 0.5 * (1 / 2 + 0)


WRONG = [
    (lambda: metrics.ConfusionMatrix(0), ArgumentError, "num_classes=0; it is the number of classes"),
    (lambda: metrics.ConfusionMatrix(2.5), DTypeError, "num_classes=2.5; it is an integer"),
    (lambda: metrics.ConfusionMatrix(2, normalize="rows"), ArgumentError, "one of None, 'none', 'true', 'pred', 'all'"),
    (lambda: metrics.Precision(2, average="mean"), ArgumentError, "one of 'micro', 'macro', 'weighted'"),
    (lambda: metrics.confusion_matrix(np.zeros((2, 3)), [0, 1], 2), ArgumentError, "2 classes and got scores of 3"),
    (lambda: metrics.confusion_matrix([0, 2], [0, 1], 2), IndexOutOfRangeError, "class 2 as item 1 of preds"),
    (lambda: metrics.confusion_matrix([0, 1], [0, -1], 2), IndexOutOfRangeError, "class -1 as item 1 of target"),
]


@pytest.mark.parametrize(("call", "kind", "text"), WRONG)
def test_what_does_not_fit_is_told(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
