"""Work shared between threads: the same results in the same order, whoever does it."""

import threading

import numpy as np
import pytest

from minigrad.kernels import threads


@pytest.fixture
def shared(monkeypatch):
    """Two threads for every kernel, however small."""
    monkeypatch.setattr(threads, "_LARGE", 0)
    threads.share(2)
    yield
    threads.share(1)


def test_small_kernels_are_not_shared():
    threads.share(3)
    try:
        assert threads.count(threads._LARGE) == 3
        assert threads.count(threads._LARGE - 1) == 1
    finally:
        threads.share(1)
    assert threads.count(1e12) == 1


@pytest.mark.parametrize("tasks", [0, 1, 2, 3, 7])
def test_results_come_in_order(shared, tasks):
    assert threads.run([lambda n=n: n * n for n in range(tasks)], 2) == [n * n for n in range(tasks)]


def test_the_second_half_is_done_by_another_thread(shared):
    names = threads.run([lambda: threading.current_thread().name] * 4, 2)
    assert names[:2] == [threading.current_thread().name] * 2
    assert all(name.startswith("minigrad") for name in names[2:])


def test_one_thread_does_everything_itself(shared):
    assert threads.run([threading.get_ident] * 3, 1) == [threading.get_ident()] * 3


def test_where_no_thread_can_start_this_one_does_the_work(shared, monkeypatch):
    def refused(*args):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    assert threads.run([threading.get_ident] * 4, 2) == [threading.get_ident()] * 4


def test_workers_ignore_what_the_caller_ignores(shared):
    one = np.float32(1)
    tasks = [lambda: one, lambda: one / np.float32(0)]
    with np.errstate(divide="ignore"):
        assert threads.run(tasks, 2) == [1, np.inf]  # warnings would be errors
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        threads.run(tasks, 2)


def test_what_a_worker_raises_arrives(shared):
    def wrong():
        raise ValueError("seen")

    with pytest.raises(ValueError, match="seen"):
        threads.run([lambda: 1, wrong], 2)


def test_a_forked_process_makes_workers_of_its_own(shared):
    threads.run([threading.get_ident] * 2, 2)
    before = threads._pool
    threads._after_fork()
    assert threads.run([threading.get_ident] * 2, 2)[0] == threading.get_ident()
    assert threads._pool is not before
    before.shutdown()
