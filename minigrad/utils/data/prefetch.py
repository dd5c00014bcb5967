"""Batches loaded ahead by a thread, with the random numbers that they would have had when asked for.

The thread draws from copies of the generators, and notes the states before and
after. When a batch is handed over, the generators themselves go on to the state
after it, so that all is as if it had been loaded then. A generator that stands
elsewhere by that time was drawn from by the caller: the batches loaded ahead
are wrong, and the rest of the pass is loaded when it is asked for.
"""

import atexit
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import copy_context
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np

from ...callers import warn
from ...errors import PrefetchWarning
from ...random import default_generator, stand_ins
from .position import Pass, Position, set_state, state_of

__all__ = ["Prefetched"]

# Seconds that the end of the program waits for a batch that is being loaded.
_PATIENCE = 5.0

# Copies that are kept. A data set may make a generator for each item; one that is copied again too late is noticed.
_MOST = 64

_NOTHING: Iterator[Any] = iter(())


class _Loaded(NamedTuple):
    """A batch or the error instead of it, the states of the generators before and after, and the position then."""

    batch: Any
    error: BaseException | None
    draws: list[tuple[np.random.Generator, dict[str, Any], dict[str, Any]]]
    position: dict[str, Any]


class _Copies:
    """Copies of generators, made when they are first asked for, each with its state after the latest batch.

    The first is that of the order, which a sampler may hold for the whole pass: it is never made again.
    """

    def __init__(self) -> None:
        self.copies: dict[int, tuple[np.random.Generator, np.random.Generator, dict[str, Any]]] = {}
        self.known: set[int] = set()
        self.first: int | None = None

    def __call__(self, generator: np.random.Generator) -> np.random.Generator:
        key = id(generator)
        if key in self.known:  # a copy itself
            return generator
        if key not in self.copies:
            copy = _copy(generator)
            self.copies[key] = generator, copy, state_of(copy)
            self.known.add(id(copy))
            self.first = key if self.first is None else self.first
        return self.copies[key][1]

    def draws(self) -> list[tuple[np.random.Generator, dict[str, Any], dict[str, Any]]]:
        """The generators that were drawn from since the last call, with the states before and now."""
        found = []
        for key, (generator, copy, before) in list(self.copies.items()):
            after = state_of(copy)
            if after != before:
                found.append((generator, before, after))
                del self.copies[key]  # to the end: the ones that were not drawn from for long stand first
                self.copies[key] = generator, copy, after
        while len(self.copies) > _MOST:
            _, oldest, _ = self.copies.pop(next(key for key in self.copies if key != self.first))
            self.known.discard(id(oldest))
        return found


def _copy(generator: np.random.Generator) -> np.random.Generator:
    with generator.bit_generator.lock:
        return deepcopy(generator)


class _Buffer:
    """A few batches between the thread that loads them and the one that takes them."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.changed = threading.Condition()
        self.batches: deque[_Loaded] = deque()
        self.closed = False
        self.ended = False

    def room(self) -> bool:
        """Wait until another batch is wanted; False when none will be any more."""
        with self.changed:
            while len(self.batches) >= self.size and not self.closed:
                self.changed.wait()
            return not self.closed

    def put(self, loaded: _Loaded) -> None:
        with self.changed:
            if not self.closed:
                self.batches.append(loaded)
                self.changed.notify_all()

    def get(self) -> _Loaded | None:
        """The next batch, as soon as there is one; None when there will be none any more."""
        with self.changed:
            while not self.batches and not self.ended:
                self.changed.wait()
            self.changed.notify_all()
            return self.batches.popleft() if self.batches else None

    def end(self) -> None:
        """Say that nothing more will be put in."""
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def close(self) -> None:
        """End the thread as soon as its batch is loaded, and let go of all."""
        with self.changed:
            self.closed = True
            self.batches.clear()
            self.changed.notify_all()


def _load(source: Pass, buffer: _Buffer, default: np.random.Generator) -> None:
    """Load batch after batch: what the thread does. It knows the buffer, and not who takes from it."""
    copies = _Copies()
    try:
        with stand_ins(default, copies):
            source.generator = copies(source.generator)
            ended = False
            while not ended and buffer.room():
                batch = error = None
                try:
                    batch = next(source)
                except BaseException as raised:
                    error = raised
                    ended = isinstance(raised, StopIteration)
                buffer.put(_Loaded(batch, error, copies.draws(), source.position.state_dict()))
                del batch, error
    finally:
        buffer.end()


_running: "weakref.WeakKeyDictionary[threading.Thread, _Buffer]" = weakref.WeakKeyDictionary()


def _end_all() -> None:
    running = list(_running.items())
    for _, buffer in running:
        buffer.close()
    for thread, _ in running:
        thread.join(_PATIENCE)


class Prefetched(Iterator[Any]):
    """The batches of a pass, up to `ahead` of them loaded before they are asked for.

    The thread starts with the first batch, and ends with the last one or when nobody holds the iterator any more.
    """

    def __init__(self, position: Position, make: Callable[[Position], Pass], ahead: int) -> None:
        self._position = position
        self._make = make
        self._ahead = ahead
        self._buffer: _Buffer | None = None
        # The thread counts for itself; the position that others see goes on when a batch is handed over.
        self._source: Pass | None = make(position.copy())
        position.update(self._source.position.state_dict())
        self._plain = False

    def __next__(self) -> Any:
        if self._buffer is None and not self._plain:
            self._start()
        if self._source is not None:
            return next(self._source)
        loaded = None if self._buffer is None else self._buffer.get()
        if loaded is None:
            return next(_NOTHING)
        if any(state_of(generator) != before for generator, before, _ in loaded.draws):
            return self._without()
        for generator, _, after in loaded.draws:
            set_state(generator, after)
        self._position.update(loaded.position)
        if loaded.error is None:
            return loaded.batch
        if isinstance(loaded.error, StopIteration):
            self._close()
        try:
            raise loaded.error
        finally:
            del loaded

    def _start(self) -> None:
        source = self._source
        if source is None:
            return
        buffer = _Buffer(self._ahead)
        thread = threading.Thread(
            target=copy_context().run,
            args=(_load, source, buffer, default_generator()),
            name="minigrad.utils.data",
            daemon=True,
        )
        if not _running:
            atexit.unregister(_end_all)
            atexit.register(_end_all)
        try:
            thread.start()
        except RuntimeError:  # where no thread can start, batches come all the same
            self._plain = True
            source.position = self._position
            return
        _running[thread] = buffer
        self._source, self._buffer = None, buffer
        weakref.finalize(self, buffer.close).atexit = False

    def _close(self) -> None:
        if self._buffer is not None:
            self._buffer.close()
        self._buffer, self._plain = None, True

    def _without(self) -> Any:
        warn(
            f"DataLoader(prefetch_factor={self._ahead}): between two batches the loop drew from a generator that the "
            "next batch draws from too, so what was loaded ahead is thrown away, and the rest of this pass is loaded "
            "when it is asked for. Give the transforms or the sampler a generator= of their own",
            PrefetchWarning,
        )
        self._close()
        self._source = self._make(self._position)
        return next(self._source)
