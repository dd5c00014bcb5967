"""Accuracy against loops, over any cut into batches."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import metrics
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError
from tests.strategies import given, st

nan = float("nan")


def naive(scores, target, k):
    """Sort by falling score, equal ones by index."""
    hits = 0
    for row, true in zip(scores, target, strict=True):
        order = sorted(range(len(row)), key=lambda c: (-row[c], c))
        hits += true in order[:k]
    return hits / len(target)


@given(st.data())
def test_any_cut_into_batches_gives_the_same(data):
    classes, count = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 20))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    scores = rng.integers(-3, 3, (count, classes)).astype(np.float32)  # with ties
    target = rng.integers(0, classes, count)
    k = data.draw(st.integers(1, classes))
    metric, done = metrics.Accuracy(top_k=k), 0
    while done < count:
        size = data.draw(st.integers(1, count - done))
        metric.update(mg.tensor(scores[done : done + size]), mg.tensor(target[done : done + size]))
        done += size
    assert metric.compute() == naive(scores, target, k) == metrics.accuracy(scores, target, k)
    if k == 1:
        assert metric.compute() == (scores.argmax(1) == target).mean()


def test_predicted_classes_and_scores_agree():
    scores = np.random.default_rng(0).normal(size=(50, 7))
    target = np.arange(50) % 7
    assert metrics.accuracy(scores, target) == metrics.accuracy(scores.argmax(1), target)


def test_maps_of_classes():
    scores = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    target = np.random.default_rng(1).integers(0, 3, (2, 4, 5))
    assert metrics.accuracy(scores, target) == (scores.argmax(1) == target).mean()


def test_classes_that_do_not_count():
    scores = mg.tensor([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8]])
    assert metrics.accuracy(scores, [0, -100, 0], ignore_index=-100) == 0.5
    assert metrics.accuracy([0, 1, 1], [0, 5, 0], ignore_index=5) == 0.5


def test_nan_and_infinity_are_ordered_as_by_argmax():
    scores = np.array([[nan, nan], [nan, 5.0], [1.0, nan], [np.inf, 1.0], [-np.inf, -np.inf]])
    assert metrics.accuracy(scores, [0, 0, 1, 0, 0]) == 1.0
    assert metrics.accuracy(scores, [1, 1, 0, 1, 1]) == 0.0


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int8, np.uint8, bool])
def test_scores_of_every_kind(dtype):
    scores = np.array([[0, 1, 0], [1, 0, 0]], dtype)
    assert metrics.accuracy(scores, np.array([1, 2], np.uint8)) == 0.5


def test_answers_of_yes_and_no():
    assert metrics.accuracy(mg.tensor([0.2, 0.9, 0.6]) > 0.5, mg.tensor([0, 1, 0])) == pytest.approx(2 / 3)


def test_a_batch_without_items_changes_nothing():
    metric = metrics.Accuracy()
    metric.update(mg.zeros(0, 3), mg.zeros(0, dtype=mg.int64))
    metric.update([[1.0, 0.0, 0.0]], [0])
    assert metric.compute() == 1.0


WRONG = [
    (np.zeros((3, 2)), np.zeros(3), DTypeError, r"target of dtype float64; class numbers are integers"),
    (np.zeros((3, 2)), np.zeros((3, 2)), DTypeError, r"target\.argmax\(1\)"),
    (np.zeros((3, 2)), np.zeros(4, int), ShapeError, r"preds of shape \(3, 2\) and a target of shape \(4,\)"),
    (np.zeros(3), np.zeros(3, int), DTypeError, r"compare: preds > 0\.5"),
    (np.zeros((2, 5, 5, 3)), np.zeros((2, 5, 5), int), ShapeError, r"shape \(N, C, 5, 5\) with the classes on axis 1"),
    (np.zeros((3, 2)), [0, 1, 2], IndexOutOfRangeError, r"class 2 as item 2 of target; with 2 classes they are 0 to 1"),
    (np.zeros((3, 2)), [0, -100, 1], IndexOutOfRangeError, r"what does not count: ignore_index=-100"),
    (np.zeros(2), 1, ShapeError, r"a target of shape \(\)"),
]


@pytest.mark.parametrize(("preds", "target", "kind", "text"), WRONG)
def test_what_does_not_fit_is_told(preds, target, kind, text):
    with pytest.raises(kind, match=text):
        metrics.accuracy(preds, target)


def test_a_k_outside_its_range():
    with pytest.raises(ArgumentError, match="top_k=0; it is how many classes"):
        metrics.Accuracy(top_k=0)
    with pytest.raises(ArgumentError, match="top_k=3 and scores of 2 classes"):
        metrics.accuracy(np.zeros((1, 2)), [0], top_k=3)
    with pytest.raises(ShapeError, match="can be seen in scores only"):
        metrics.accuracy([1, 2], [1, 2], top_k=2)
    with pytest.raises(DTypeError, match=r"top_k=1\.5; it is an integer"):
        metrics.Accuracy(top_k=1.5)


def test_a_batch_that_is_refused_is_not_half_counted():
    metric = metrics.Accuracy()
    metric.update([[1.0, 0.0]], [0])
    with pytest.raises(IndexOutOfRangeError):
        metric.update([[1.0, 0.0], [1.0, 0.0]], [0, 7])
    assert metric.state_dict() == {"correct": 1, "total": 1}


def test_nan_is_larger_than_infinity_as_for_argmax():
    rng = np.random.default_rng(3)
    scores = rng.choice([0.0, 1.0, np.inf, -np.inf, np.nan], (300, 4))
    classes = rng.integers(0, 4, 300)
    assert metrics.accuracy([[1.0, np.inf, np.nan]], [1]) == 0
    assert metrics.accuracy([[1.0, np.inf, np.nan]], [1], top_k=2) == 1
    assert metrics.accuracy(scores, classes) == (scores.argmax(1) == classes).mean()
