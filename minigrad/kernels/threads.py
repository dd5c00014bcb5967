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
from threading import Lock, Thread, current_thread
from typing import Any, TypeVar

__all__ = ["count", "run", "share", "sharing"]

T = TypeVar("T")

_LARGE = 5e7  # multiplications, about a millisecond, from which another thread is worth asking

_threads = 1


class _Team:
    """Threads that wait for calls, and are started when they are first needed."""

    def __init__(self) -> None:
        self.workers: list[Thread] = []
        self.calls: SimpleQueue[Any] = SimpleQueue()
        self.lock = Lock()
        self.open = True

    def call(self, helpers: int, work: tuple[Any, Any]) -> None:
        """Ask so many for help; nobody comes where none can be started, or once the team is dismissed."""
        with self.lock, suppress(RuntimeError):
            while self.open and len(self.workers) < helpers:
                worker = Thread(target=_help, args=(self.calls,), name=f"minigrad_{len(self.workers)}", daemon=True)
                worker.start()
                self.workers.append(worker)
        if self.open:
            for _ in range(min(helpers, len(self.workers))):
                self.calls.put((copy_context(), *work))

    def dismiss(self) -> None:
        """Let all of them end, and wait for it."""
        with self.lock:
            self.open = False
            for _ in self.workers:
                self.calls.put(None)
        for worker in self.workers:
            if worker is not current_thread():
                worker.join()


_team = _Team()


def count(multiplications: float) -> int:
    """How many threads a kernel of that many multiplications is worth."""
    return _threads if multiplications >= _LARGE else 1


def share(threads: int) -> None:
    """Use so many threads for large kernels from now on."""
    global _threads, _team
    _threads, last, _team = threads, _team, _Team()
    last.dismiss()


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
    _team.call(min(threads, len(tasks)) - 1, (left, done))
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
    global _team
    _team = _Team()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
