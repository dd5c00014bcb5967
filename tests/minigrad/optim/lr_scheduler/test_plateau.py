"""The scheduler that waits for a metric."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError
from minigrad.optim.lr_scheduler import ReduceLROnPlateau


def make(**options):
    optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    return ReduceLROnPlateau(optimizer, **options)


def run(scheduler, metrics):
    path = []
    for metric in metrics:
        scheduler.step(metric)
        path.append(scheduler.get_last_lr()[0])
    return path


def test_patience_is_how_many_bad_epochs_are_borne():
    assert run(make(patience=2, factor=0.5), [3, 3, 3, 3, 3, 3, 3]) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]
    assert run(make(patience=0, factor=0.5), [3, 3, 2, 2]) == [1, 0.5, 0.5, 0.25]


def test_cooldown_forgives():
    path = run(make(patience=0, factor=0.5, cooldown=2), [1, 1, 1, 1, 1])
    assert path == [1, 0.5, 0.5, 0.5, 0.25]


@pytest.mark.parametrize(
    ("options", "metrics", "better"),
    [
        ({"threshold": 0.5}, [8.0, 4.0], False),
        ({"threshold": 0.5}, [8.0, 3.9], True),
        ({"threshold": 0.5, "threshold_mode": "abs"}, [8.0, 7.4], True),
        ({"mode": "max", "threshold": 0.5}, [8.0, 12.0], False),
        ({"mode": "max", "threshold": 0.5}, [8.0, 12.1], True),
        ({"mode": "max", "threshold": 0.5, "threshold_mode": "abs"}, [8.0, 8.5], False),
        ({"mode": "max"}, [-8.0, math.nan], False),
        ({}, [math.inf, 1e300], True),
    ],
)
def test_what_is_better(options, metrics, better):
    scheduler = make(**options)
    run(scheduler, metrics)
    assert (scheduler.best == metrics[-1]) is better
    assert scheduler.num_bad_epochs == (not better)


def test_rates_have_a_floor():
    assert run(make(patience=0, factor=0.1, min_lr=0.05), [1, 1, 1, 1]) == [1, 0.1, 0.05, 0.05]
    assert run(make(patience=0, factor=0.9, eps=0.2), [1, 1]) == [1, 1]


@pytest.mark.parametrize("metric", [mg.tensor(2.0), np.float32(2), np.array(2), 2, mg.tensor(2.0, requires_grad=True)])
def test_metrics_of_any_kind(metric):
    scheduler = make()
    scheduler.step(metric)
    assert scheduler.best == 2.0
    assert type(scheduler.best) is float


@pytest.mark.parametrize("metric", [None, "2", mg.ones(2), [1.0]])
def test_what_is_no_metric(metric):
    scheduler = make()
    before = scheduler.state_dict()
    with pytest.raises(DTypeError, match="metrics"):
        scheduler.step(metric)
    assert scheduler.state_dict() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [({"factor": 1.0}, "below 1"), ({"mode": "best"}, "'min' or 'max'"), ({"threshold_mode": "x"}, "'rel' or 'abs'"),
     ({"patience": -1}, "patience=-1"), ({"cooldown": -1}, "cooldown=-1"), ({"min_lr": [0.1, 0.2]}, "2 numbers")],
)  # fmt: skip
def test_options_outside_their_range(options, message):
    with pytest.raises(ArgumentError, match=message):
        make(**options)
