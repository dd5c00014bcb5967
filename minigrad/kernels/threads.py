"""Sharing large kernels between threads, once the user has asked for it.

Handing work to another thread costs some 50 µs, so only kernels that take much
longer are shared. How the work is cut depends on its sizes and the number of threads,
never on who is done first: results are the same from run to run.
"""

import itertools
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

__all__ = ["count", "run", "share", "sharing"]

T = TypeVar("T")

_LARGE = 5e7  # multiplications, about a millisecond, from which another thread is worth asking

_threads = 1
_pool: "ThreadPoolExecutor | None" = None


def count(multiplications: float) -> int:
    """How many threads a kernel of that many multiplications is worth."""
    return _threads if multiplications >= _LARGE else 1


def share(threads: int) -> None:
    """Use so many threads for large kernels from now on."""
    global _threads, _pool
    if _pool is not None:
        _pool.shutdown()
        _pool = None
    _threads = threads


def sharing() -> int:
    """How many threads large kernels use."""
    return _threads


def run(tasks: Sequence[Callable[[], T]], threads: int) -> list[T]:
    """The results of the tasks, in order; neighbouring ones go to the same thread.

    Where no thread can be started, this one does them all.
    """
    threads = min(threads, len(tasks))
    if threads < 2:
        return [task() for task in tasks]
    borders = [len(tasks) * number // threads for number in range(threads + 1)]
    lots = [tasks[first:last] for first, last in itertools.pairwise(borders)]
    others: list[Future[list[T]]] = []
    with suppress(RuntimeError):
        others.extend(_workers().submit(copy_context().run, _done, lot) for lot in lots[1:])
    results = [task() for task in lots[0]]
    for number, lot in enumerate(lots[1:]):
        results += others[number].result() if number < len(others) else [task() for task in lot]
    return results


def _done(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """The results; a worker works in the context of the caller, and ignores the warnings that are ignored there."""
    return [task() for task in tasks]


def _workers() -> "ThreadPoolExecutor":
    global _pool
    if _pool is None:
        from concurrent.futures import ThreadPoolExecutor

        _pool = ThreadPoolExecutor(max(_threads - 1, 1), "minigrad")
    return _pool


def _after_fork() -> None:
    """Threads do not survive in a forked process; it makes its own when it needs them."""
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
