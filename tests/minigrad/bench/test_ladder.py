"""The ladder is climbed, and a rung that computes something else is caught."""

import dataclasses
import importlib
import time

import numpy as np
import pytest

from minigrad.bench import PROBLEMS, RUNGS, Problem, ladder, threaded
from minigrad.bench.ladder import timed
from minigrad.errors import MissingPackageError

climbing = importlib.import_module("minigrad.bench.ladder")  # the function of that name hides it

TINY = Problem(2, 2, 5, 2, 3)


def test_every_rung_is_timed():
    steps = ladder(TINY, seconds=0.001)
    assert [step.name for step in steps] == [rung.name for rung in RUNGS]
    assert all(step.seconds > 0 for step in steps)
    assert [step.extrapolated for step in steps] == [True] + [False] * 5
    for step in steps:
        assert step.factor == pytest.approx(steps[0].seconds / step.seconds)
        assert step.gflops == pytest.approx(6 * TINY.products / step.seconds / 1e9)


def test_products_are_those_of_the_definition():
    assert TINY.products == 2 * 2 * 2 * 9 * 9
    assert PROBLEMS["lenet"].products == 64 * 16 * 6 * 100 * 25


@pytest.mark.parametrize(("number", "name"), list(enumerate(["output", "image gradient", "kernel gradient"])))
def test_a_wrong_rung_is_caught(number, name):
    def wrong(*operands):
        maps = list(RUNGS[2].run(*operands))
        maps[number] = maps[number] * np.float32(1.01)
        return tuple(maps)

    with pytest.raises(AssertionError, match=f"^slightly off: the {name} is wrong by 1.0e-02"):
        ladder(TINY, 0.001, [*RUNGS[:2], dataclasses.replace(RUNGS[2], name="slightly off", run=wrong)])


def test_what_ran_for_one_image_is_multiplied():
    seen = []

    def run(x, w, g):
        seen.append((len(x), len(g)))
        time.sleep(0.01)
        return RUNGS[1].run(x, w, g)

    (step,) = ladder(TINY._replace(batch=50), 0.001, [dataclasses.replace(RUNGS[0], run=run)])
    assert set(seen) == {(1, 1)}
    assert step.seconds >= 50 * 0.01


def test_runs_are_repeated_until_the_time_is_up():
    calls = []
    timed(lambda: calls.append(time.sleep(0.002)), 0.05)
    assert len(calls) >= 3
    calls.clear()
    timed(lambda: calls.append(time.sleep(0.05)), 0.01)
    assert len(calls) == 1


def test_threads_are_taken_and_given_back(monkeypatch):
    asked = []
    monkeypatch.setattr(climbing, "set_num_threads", asked.append)
    steps = threaded(TINY, 0.001, number=3)
    assert asked == [3, None]
    assert [step.name for step in steps] == ["this library", "this library, 3 threads"]
    assert steps[0].factor == 1
    assert steps[1].factor == pytest.approx(steps[0].seconds / steps[1].seconds)
    monkeypatch.setattr(climbing, "get_num_threads", lambda: 2)
    threaded(TINY, 0.001, number=3)
    assert asked == [3, None, 3, 2]


def test_where_threads_cannot_be_had_the_reason_is_told(monkeypatch):
    def refuse(number):
        raise MissingPackageError("BLAS cannot be told")

    monkeypatch.setattr(climbing, "set_num_threads", refuse)
    assert threaded(TINY, 0.001) == "BLAS cannot be told"
