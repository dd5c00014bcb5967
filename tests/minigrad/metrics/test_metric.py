"""What every metric shares: states, their saving, and teaching errors."""

import pickle
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import metrics
from minigrad.errors import ArgumentError, DTypeError, MissingMethodError, StateDictError

RNG = np.random.default_rng(0)
SCORES, CLASSES = RNG.normal(size=(12, 4)).astype(np.float32), RNG.integers(0, 4, 12)
VALUES = RNG.normal(size=(12, 3))

METRICS = {
    "Accuracy": (metrics.Accuracy, (SCORES, CLASSES)),
    "ConfusionMatrix": (lambda: metrics.ConfusionMatrix(4), (SCORES, CLASSES)),
    "Precision": (lambda: metrics.Precision(4), (SCORES, CLASSES)),
    "Recall": (lambda: metrics.Recall(4), (SCORES, CLASSES)),
    "F1Score": (lambda: metrics.F1Score(4), (SCORES, CLASSES)),
    "MeanSquaredError": (metrics.MeanSquaredError, (VALUES, VALUES + 1)),
    "PeakSignalNoiseRatio": (metrics.PeakSignalNoiseRatio, (VALUES, VALUES + 1)),
    "MeanMetric": (metrics.MeanMetric, (0.5, 3)),
    "RunningMean": (lambda: metrics.RunningMean(3), (0.5,)),
    "ExponentialMovingAverage": (metrics.ExponentialMovingAverage, (0.5,)),
}


def plain(value):
    return value.tolist() if isinstance(value, mg.Tensor) else value


@pytest.fixture(params=METRICS)
def made(request):
    make, batch = METRICS[request.param]
    return make, batch


def test_every_metric_is_in_the_table():
    kinds = {name for name in metrics.__all__ if isinstance(getattr(metrics, name), type)}
    assert kinds - {"Metric"} == METRICS.keys()


def test_reset_starts_anew(made):
    make, batch = made
    metric = make()
    metric.update(*batch)
    first = plain(metric.compute())
    metric.update(*(-one if isinstance(one, np.ndarray) and one.dtype.kind == "f" else one for one in batch))
    metric.reset()
    metric.update(*batch)
    assert plain(metric.compute()) == first


def test_nothing_to_compute_is_told(made):
    make, _ = made
    metric = make()
    if type(metric) is metrics.ConfusionMatrix:
        assert metric.compute().sum().item() == 0
        metric = metric.accuracy
    else:
        metric = metric.compute
    with pytest.raises(ArgumentError, match=r"before any item came in: call update"):
        metric()


def test_a_state_goes_through_a_file_and_on(made, tmp_path):
    make, batch = made
    metric, straight = make(), make()
    for one in (metric, straight):
        one.update(*batch)
    mg.save(metric.state_dict(), tmp_path / "state")
    again = make()
    again.load_state_dict(mg.load(tmp_path / "state"))
    for one in (again, straight):
        one.update(*batch)
    assert plain(again.compute()) == plain(straight.compute())


def test_a_state_is_a_copy(made):
    make, batch = made
    metric = make()
    metric.update(*batch)
    before = plain(metric.compute())
    state = metric.state_dict()
    metric.update(*batch)
    metric.load_state_dict(state)
    metric.update(*batch)
    again = make()
    again.load_state_dict(state)
    assert plain(again.compute()) == before


@pytest.mark.parametrize("state", [None, {}, {"correct": 1}, {"correct": 1, "totals": 2}, [1, 2]])
def test_a_strange_state_changes_nothing(state):
    metric = metrics.Accuracy()
    metric.update([1, 0], [1, 1])
    with pytest.raises(StateDictError, match=r"keys 'correct', 'total'"):
        metric.load_state_dict(state)
    assert metric.compute() == 0.5


@pytest.mark.parametrize("value", ["1", 1.5, None, True, [1]])
def test_a_number_of_another_kind_is_refused(value):
    with pytest.raises(StateDictError, match=r"total is .*; it is of type int"):
        metrics.Accuracy().load_state_dict({"correct": 1, "total": value})


COUNTS = np.zeros((2, 2), np.int64)


@pytest.mark.parametrize(
    ("make", "state"),
    [
        (metrics.Accuracy, {"correct": 0, "total": -3}),
        (metrics.Accuracy, {"correct": -1, "total": 3}),
        (metrics.Accuracy, {"correct": 4, "total": 3}),
        (lambda: metrics.ConfusionMatrix(2), {"counts": COUNTS - 1}),
        (lambda: metrics.ConfusionMatrix(2), {"counts": COUNTS[0]}),
        (lambda: metrics.ConfusionMatrix(2), {"counts": COUNTS.astype(float)}),
        (lambda: metrics.ConfusionMatrix(2), {"counts": "abc"}),
        (lambda: metrics.ConfusionMatrix(2), {"counts": None}),
        (lambda: metrics.ConfusionMatrix(2), {"counts": [[1], [2, 3]]}),
        (lambda: metrics.Precision(2), {"counts": COUNTS - 1}),
        (metrics.MeanSquaredError, {"total": 1.0, "count": -1}),
        (metrics.MeanSquaredError, {"total": -1.0, "count": 1}),
        (metrics.MeanSquaredError, {"total": 1.0, "count": 0}),
        (metrics.MeanSquaredError, {"total": 10**400, "count": 1}),
        (metrics.PeakSignalNoiseRatio, {"total": 1.0, "count": 1.0}),
        (metrics.MeanMetric, {"total": 1.0, "weight": -1.0}),
        (metrics.MeanMetric, {"total": "1", "weight": 1.0}),
        (metrics.MeanMetric, {"total": 1.0, "weight": float("nan")}),
        (lambda: metrics.RunningMean(2), {"values": ["x"]}),
        (lambda: metrics.RunningMean(2), {"values": [1.0, 2.0, 3.0, 4.0]}),
        (lambda: metrics.RunningMean(2), {"values": [True]}),
        (lambda: metrics.RunningMean(2), {"values": [10**400]}),
        (lambda: metrics.RunningMean(2), {"values": (1.0,)}),
        (metrics.ExponentialMovingAverage, {"sum": 1.0, "weight": -0.5}),
        (metrics.ExponentialMovingAverage, {"sum": 1.0, "weight": 2.0}),
        (metrics.ExponentialMovingAverage, {"sum": [1.0], "weight": 0.5}),
    ],
)
def test_a_state_that_no_update_leads_to_is_refused_and_nothing_is_loaded(make, state):
    metric = make()
    before = repr(metric.state_dict())
    with pytest.raises(StateDictError, match=rf"^{type(metric).__name__}[ :]"):
        metric.load_state_dict(state)
    assert repr(metric.state_dict()) == before


def test_the_state_of_another_number_of_classes_is_refused():
    with pytest.raises(StateDictError, match=r"shape \(3, 3\).*here it has \(2, 2\).*number of classes"):
        metrics.ConfusionMatrix(2).load_state_dict(metrics.ConfusionMatrix(3).state_dict())


def test_a_subclass_says_what_it_lacks():
    with pytest.raises(MissingMethodError, match=r"Metric must define _start"):
        metrics.Metric()

    class Bare(metrics.Metric):
        def _start(self):
            return {}

    for method in ("update", "compute"):
        with pytest.raises(MissingMethodError, match=rf"Bare must define {method}"):
            getattr(Bare(), method)()


@pytest.mark.parametrize("wrong", [[[1, 2], [3]], [object()], "words", {"a": 1}, None])
def test_what_holds_no_numbers_is_refused(wrong):
    with pytest.raises(DTypeError):
        metrics.accuracy(wrong, [0, 1])


def test_metrics_leave_the_tape_and_the_arguments_alone():
    scores = mg.tensor(SCORES, requires_grad=True) * 2
    before = scores.detach().clone()
    metric = metrics.Accuracy()
    metric.update(scores, mg.tensor(CLASSES))
    loss = metrics.MeanMetric()
    loss.update(scores.sum(), weight=12)
    assert all(isinstance(value, int) for value in metric.state_dict().values())
    assert all(type(value) is float for value in loss.state_dict().values())
    assert mg.equal(scores, before)


def test_memory_does_not_grow(made):
    make, batch = made
    metric = make()
    for _ in range(3):
        metric.update(*batch)
    before = len(pickle.dumps(vars(metric)))
    for _ in range(100):
        metric.update(*batch)
    assert len(pickle.dumps(vars(metric))) <= before + 16  # numbers get longer


def test_batches_are_let_go():
    scores, classes, metric = SCORES.copy(), CLASSES.copy(), metrics.Accuracy()
    metric.update(mg.from_numpy(scores), classes)
    watched = [weakref.ref(scores), weakref.ref(classes)]
    del scores, classes
    assert [one() for one in watched] == [None, None]


def test_options_are_shown():
    assert repr(metrics.Accuracy(top_k=5)) == "Accuracy(top_k=5, ignore_index=None)"
