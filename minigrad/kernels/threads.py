"""Sharing large kernels between threads, once the user has asked for it.

Handing work to another thread costs some 50 µs, so only kernels that take much
longer are shared. How the work is cut depends on its sizes and the number of threads,
never on who is done first: results are the same from run to run.
"""

import os
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context, copy_context
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

__all__ = ["count", "run", "share", "sharing"]

T = TypeVar("T")

_LARGE = 5e7  # multiplications, about a millisecond, from which another thread is worth asking

_threads = 1
_workers: list[Thread] = []
_calls: SimpleQueue[Any] = SimpleQueue()


def count(multiplications: float) -> int:
    """How many threads a kernel of that many multiplications is worth."""
    return _threads if multiplications >= _LARGE else 1


def share(threads: int) -> None:
    """Use so many threads for large kernels from now on."""
    global _threads
    for _ in _workers:
        _calls.put(None)
    while _workers:
        _workers.pop().join()
    _threads = threads


def sharing() -> int:
    """How many threads large kernels use."""
    return _threads


def run(tasks: Sequence[Callable[[], T]], threads: int) -> list[T]:
    """The results of the tasks, in order.

    This thread takes them from the front and the others from the back, so that neighbouring
    ones go to the same. Where no other can be started, or none is in time, this one does them all.
    """
    if min(threads, len(tasks)) < 2:
        return [task() for task in tasks]
    left = deque(enumerate(tasks))
    done: SimpleQueue[tuple[int, T | None, BaseException | None]] = SimpleQueue()
    _call(min(threads, len(tasks)) - 1, (left, done))
    results: dict[int, Any] = {}
    try:
        while (taken := _next(left.popleft)) is not None:
            results[taken[0]] = taken[1]()
        while len(results) < len(tasks):
            number, result, error = done.get()
            if error is not None:
                raise error
            results[number] = result
    finally:
        left.clear()
    return [results[number] for number in range(len(tasks))]


def _call(helpers: int, work: tuple[Any, Any]) -> None:
    """Ask for help, from threads that are started when they are first needed."""
    with suppress(RuntimeError):
        while len(_workers) < helpers:
            worker = Thread(target=_help, args=(_calls,), name=f"minigrad_{len(_workers)}", daemon=True)
            worker.start()
            _workers.append(worker)
    for _ in range(min(helpers, len(_workers))):
        _calls.put((copy_context(), *work))


def _next(take: Callable[[], T]) -> T | None:
    with suppress(IndexError):
        return take()
    return None


def _help(calls: SimpleQueue[Any]) -> None:
    """Do what is left, whenever asked, in the context of the caller: ignoring the warnings that are ignored there."""
    while (work := calls.get()) is not None:
        context: Context = work[0]
        context.run(_do, *work[1:])
        del work, context


def _do(left: deque[Any], done: SimpleQueue[Any]) -> None:
    while (taken := _next(left.pop)) is not None:
        try:
            done.put((taken[0], taken[1](), None))
        except BaseException as error:
            done.put((taken[0], None, error))


def _after_fork() -> None:
    """Threads do not survive in a forked process; it makes its own when it needs them."""
    global _calls
    _workers.clear()
    _calls = SimpleQueue()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
