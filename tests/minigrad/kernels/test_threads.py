"""Work shared between threads: the same results in the same order, whoever does it."""

import threading
import weakref

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


def test_another_thread_works_from_the_back(shared):
    met = threading.Barrier(2, timeout=60)

    def task():
        met.wait()  # needs two threads at a time
        return threading.current_thread().name

    names = threads.run([task] * 4, 2)
    assert names[:2] == [threading.current_thread().name] * 2
    assert all(name.startswith("minigrad") for name in names[2:])


def test_a_thread_that_is_busy_is_not_waited_for(shared):
    begun, over = threading.Event(), threading.Event()

    def long():
        begun.set()
        assert over.wait(60)

    other = threading.Thread(target=threads.run, args=([lambda: begun.wait(60), long], 2))
    other.start()
    assert begun.wait(60)
    assert threads.run([threading.get_ident] * 4, 2) == [threading.get_ident()] * 4
    over.set()
    other.join()


def test_nothing_is_kept_of_what_was_done(shared):
    class Held:
        pass

    held = Held()
    gone = weakref.ref(held)
    threads.run([lambda held=held: None] * 4, 2)
    del held
    threads.share(2)  # waits until the others are through
    assert gone() is None


@pytest.mark.parametrize("wrong", [0, 3])
def test_errors_of_any_kind_arrive(shared, wrong):
    def task(number):
        if number == wrong:
            raise IndexError("seen")

    with pytest.raises(IndexError, match="seen"):
        threads.run([lambda number=number: task(number) for number in range(4)], 2)


def test_one_thread_does_everything_itself(shared):
    assert threads.run([threading.get_ident] * 3, 1) == [threading.get_ident()] * 3


def test_where_no_thread_can_start_this_one_does_the_work(shared, monkeypatch):
    def refused(*args):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    assert threads.run([threading.get_ident] * 4, 2) == [threading.get_ident()] * 4


def test_workers_ignore_what_the_caller_ignores(shared):
    met = threading.Barrier(2, timeout=60)

    def task(divisor):
        met.wait()
        return np.float32(1) / np.float32(divisor)  # warnings would be errors

    tasks = [lambda: task(1), lambda: task(0)]
    with np.errstate(divide="ignore"):
        assert threads.run(tasks, 2) == [1, np.inf]
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        threads.run(tasks, 2)


def test_what_a_worker_raises_arrives(shared):
    def wrong():
        raise ValueError("seen")

    with pytest.raises(ValueError, match="seen"):
        threads.run([lambda: 1, wrong], 2)


def test_a_forked_process_makes_workers_of_its_own(shared):
    before = _everybody()
    kept = threads._team
    threads._after_fork()
    after = _everybody()
    assert after - {threading.get_ident()} != before - {threading.get_ident()}
    kept.dismiss()
    assert not any(worker.is_alive() for worker in kept.workers)


def _everybody():
    """The threads that do two tasks which wait for each other."""
    met = threading.Barrier(2, timeout=60)

    def task():
        met.wait()
        return threading.get_ident()

    return set(threads.run([task] * 2, 2))


def test_the_number_of_threads_may_change_while_another_thread_works(shared):
    going, rounds, wrong = threading.Event(), [0], []
    going.set()

    def work():
        while going.is_set():
            found = threads.run([lambda n=n: n * n for n in range(8)], 3)
            if found != [n * n for n in range(8)]:
                wrong.append(found)
            rounds[0] += 1

    def change():
        for number in range(300):
            threads.share(1 + number % 3)

    others = [threading.Thread(target=work, daemon=True) for _ in range(2)]
    changing = threading.Thread(target=change, daemon=True)
    for one in (*others, changing):
        one.start()
    changing.join(60)
    stuck = changing.is_alive()
    going.clear()
    for one in others:
        one.join(60)
    assert not stuck
    assert not any(one.is_alive() for one in others)
    assert rounds[0] > 0
    assert not wrong


def test_a_task_may_share_its_own_work_and_change_the_number_of_threads(shared):
    def task():
        return threads.run([lambda: 1, lambda: 2], 2)

    assert threads.run([task] * 4, 2) == [[1, 2]] * 4
    met = threading.Barrier(2, timeout=60)

    def changing():
        met.wait()
        if threading.current_thread() is not threading.main_thread():
            threads.share(2)
        return threads.sharing()

    assert threads.run([changing] * 2, 2) == [2, 2]
