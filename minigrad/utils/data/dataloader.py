"""The loader: a data set, an order and a batch size make an iterable of batches."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from ...errors import ArgumentError, DTypeError
from ...operands import as_flag, as_integer, as_number
from ...random import chosen_generator, default_generator
from .collate import default_collate, default_convert
from .dataset import Dataset, IterableDataset, at_once, items_of
from .position import Pass, Position, generator_of, position_from, set_state, state_of
from .prefetch import Prefetched
from .sampler import BatchSampler, RandomSampler, SequentialSampler, batch_count, flag, length_of, positive

__all__ = ["DataLoader", "get_worker_info"]


def get_worker_info() -> None:
    """Return None, as in PyTorch's main process: batches are loaded where they are asked for.

    >>> from minigrad.utils.data import get_worker_info
    >>> get_worker_info() is None
    True
    """
    return None


class DataLoader:
    """An iterable of batches of a data set; each `iter()` is one pass.

    `shuffle=True` visits the items in random order, drawn from `generator` or from the calling thread's default one:
    same seed, same order. `sampler` gives the order itself, `batch_sampler` whole lists of indices; `batch_size=None`
    gives single items. `collate_fn` makes a batch from a list of items (`default_collate`). A `TensorDataset`, images
    with the transforms of `minigrad.transforms`, and subsets of these are then read once a batch, with the same result.

    `prefetch_factor=k`, which PyTorch refuses without workers, has a thread load up to k batches before they are asked
    for. They are the same batches, with the same random numbers; an error is raised where its batch would have come.
    The sampler and the data set are then read in that thread. Its draws come from copies of the generators, which are
    brought up to date batch by batch: if the loop itself draws from one of them in between, a `PrefetchWarning` says
    so, the rest of the pass is loaded when asked for, and what was read ahead is read again. Numbers that are drawn
    past minigrad, by methods of a NumPy generator, are drawn ahead. It pays where a batch waits for a disk or a server;
    what is computed from arrays in memory is mostly quicker without, since both threads share one interpreter.

    `num_workers`, `timeout`, `worker_init_fn`, `multiprocessing_context`, `persistent_workers`, `pin_memory`,
    `pin_memory_device` and `in_order` are accepted so that scripts run, and change nothing: with num_workers > 0 the
    batches are loaded in the calling thread, when they are asked for, whatever `prefetch_factor` is.

    Raises `ArgumentError` for options that exclude each other, and when an option is changed later.

    >>> from minigrad.utils.data import DataLoader, TensorDataset
    >>> import minigrad as mg
    >>> [x.tolist() for (x,) in DataLoader(TensorDataset(mg.arange(5)), batch_size=2)]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        dataset: Dataset[Any] | Sequence[Any],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Sequence[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: object = None,
        generator: "np.random.Generator | None" = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if shuffle is not None:
            flag("DataLoader: shuffle", shuffle)
        _check_workers(num_workers, timeout, multiprocessing_context, prefetch_factor, persistent_workers)
        _check_exclusive(dataset, batch_size, shuffle, sampler, batch_sampler, flag("DataLoader: drop_last", drop_last))
        if generator is not None:
            chosen_generator(generator)
        if collate_fn is not None and not callable(collate_fn):
            raise DTypeError(f"DataLoader: collate_fn={collate_fn!r}; expected a function of a list of items")
        if batch_sampler is not None:
            batch_size = None
        elif batch_size is not None:
            positive("DataLoader: batch_size", batch_size)
        source: Any = dataset
        if sampler is None and not isinstance(source, IterableDataset):
            sampler = RandomSampler(source, generator=generator) if shuffle else SequentialSampler(source)
        if batch_sampler is None and batch_size is not None and sampler is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        batched = batch_sampler is not None or batch_size is not None

        self.dataset: Any = source
        self.batch_size = batch_size
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = num_workers
        self.collate_fn = collate_fn or (default_collate if batched else default_convert)
        self.pin_memory = pin_memory
        self.drop_last = drop_last
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.generator = generator
        self.prefetch_factor = prefetch_factor
        self.persistent_workers = persistent_workers
        self.pin_memory_device = pin_memory_device
        self.in_order = in_order
        self._position, self._resumes = Position(), False
        self._ready = True

    # What the samplers were made from: a later change would have no effect, and nobody would notice.
    _FIXED = frozenset({"dataset", "batch_size", "sampler", "batch_sampler", "drop_last", "generator"})

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._FIXED and "_ready" in self.__dict__:
            raise ArgumentError(f"DataLoader.{name} cannot change once the loader is made; make another DataLoader")
        super().__setattr__(name, value)

    def __len__(self) -> int:
        if self.batch_sampler is not None:
            return length_of(self.batch_sampler)
        if self.sampler is not None:
            return length_of(self.sampler)
        items = length_of(self.dataset)
        return items if self.batch_size is None else batch_count(items, self.batch_size, self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        position = self._position if self._resumes else Position()
        self._position, self._resumes = position, False
        if self.prefetch_factor is None or self.num_workers:
            return self._pass(position)
        return Prefetched(position, self._pass, self.prefetch_factor)

    def _pass(self, position: Position) -> Pass:
        order: Any = self.sampler if self.batch_sampler is None else self.batch_sampler
        if type(order) is BatchSampler:
            order = order.sampler
        # Its blocks are drawn one without the other; what is known of no other sampler, and of no stream.
        latest = type(order) is RandomSampler
        return Pass(position, self._ordered, self._load, self._drawing() or default_generator(), latest)

    def state_dict(self) -> dict[str, Any]:
        """Where the latest pass stands, as integers, strings, lists and dicts: what goes into a checkpoint.

        It counts the batches that were handed out, and holds the states of the generator from which the order was
        drawn; with them the order is drawn again. A `generator` that was given to the loader or to its sampler is in
        it with the state that it has now. The calling thread's own one (`get_rng_state`) and those of transforms are
        not, and are saved beside it. After a pass, or before the first, the state says that the next one is new; after
        a loop that was left by `break`, that it goes on. A stream is read again up to its position, with the numbers
        that its attribute `generator`, or else the default one, gave it then; what it drew from others is not kept.

        >>> from minigrad.utils.data import DataLoader
        >>> loader = DataLoader(range(6), batch_size=2, shuffle=True); batches = iter(loader)
        >>> _ = next(batches); state = loader.state_dict(); rest = [batch.tolist() for batch in batches]
        >>> again = DataLoader(range(6), batch_size=2, shuffle=True); again.load_state_dict(state)
        >>> [batch.tolist() for batch in again] == rest
        True
        """
        generator = self._generator()
        return {
            **self._position.state_dict(),
            "generator": None if generator is None else state_of(generator),
            "batch_size": self.batch_size or 0,
            "length": self._length(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Let the next `iter()` go on where `state_dict` was taken.

        What is left of the pass is bit for bit what was left of it then. Raises `StateDictError`, changing nothing,
        for a state of another loader: another batch size or length, with a generator or without.
        """
        generator = self._generator()
        position, state = position_from(
            state_dict, generator, self._drawing() or default_generator(), self.batch_size or 0, self._length()
        )
        if generator is not None and state is not None:
            set_state(generator, state)
        self._position, self._resumes = position, True

    def _length(self) -> int:
        try:
            return len(self)
        except DTypeError:
            return -1

    def _drawing(self) -> "np.random.Generator | None":
        """What the order is drawn from; None for the default generator."""
        return generator_of(next(one for one in (self.batch_sampler, self.sampler, self.dataset) if one is not None))

    def _generator(self) -> "np.random.Generator | None":
        return self._drawing() or self.generator

    def _ordered(self) -> Iterator[Any]:
        """What the batches are loaded from, one after the other: indices, or the items of a stream."""
        if self.batch_sampler is not None:
            return iter(self.batch_sampler)
        if self.sampler is not None:
            return iter(self.sampler)
        return iter(self.dataset) if self.batch_size is None else self._streamed(self.batch_size)

    def _streamed(self, batch_size: int) -> Iterator[list[Any]]:
        items = iter(self.dataset)
        while batch := list(islice(items, batch_size)):
            if len(batch) == batch_size or not self.drop_last:
                yield batch

    def _load(self, key: Any) -> Any:
        if self.batch_sampler is not None:
            return self._fetch(key)
        return self.collate_fn(self.dataset[key] if self.sampler is not None else key)

    def _fetch(self, indices: Sequence[Any]) -> Any:
        if self.collate_fn is default_collate:
            batch = at_once(self.dataset, indices)
            if batch is not None:
                return batch
        return self.collate_fn(items_of(self.dataset, indices))


def _check_workers(
    num_workers: int, timeout: float, context: object, prefetch_factor: int | None, persistent_workers: bool
) -> None:
    num_workers = as_integer(num_workers, "DataLoader", "num_workers")
    persistent_workers = as_flag(persistent_workers, "DataLoader", "persistent_workers")
    if num_workers < 0 or not as_number(timeout, "DataLoader", "timeout") >= 0:
        raise ArgumentError(f"DataLoader: num_workers={num_workers}, timeout={timeout}; neither may be negative")
    if prefetch_factor is not None:
        positive("DataLoader: prefetch_factor", prefetch_factor)
    if num_workers == 0 and (context is not None or persistent_workers):
        raise ArgumentError(
            f"DataLoader: num_workers=0 has no workers for multiprocessing_context={context!r}, "
            f"persistent_workers={persistent_workers!r}; leave these out"
        )


def _check_exclusive(
    dataset: Any,
    batch_size: int | None,
    shuffle: bool | None,
    sampler: object,
    batch_sampler: object,
    drop_last: bool,
) -> None:
    if isinstance(dataset, IterableDataset) and (shuffle or sampler is not None or batch_sampler is not None):
        raise ArgumentError(
            f"DataLoader: {type(dataset).__name__} is a stream, which sets its own order; it takes neither "
            "shuffle=True nor sampler= nor batch_sampler=. Shuffle inside its __iter__"
        )
    if sampler is not None and shuffle:
        raise ArgumentError("DataLoader: sampler= already gives the order, so shuffle=True cannot hold; drop one")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ArgumentError(
            f"DataLoader: batch_sampler= already gives the batches; batch_size={batch_size}, shuffle={shuffle}, "
            f"sampler={sampler!r}, drop_last={drop_last} must be left out"
        )
    if batch_size is None and drop_last:
        raise ArgumentError("DataLoader: batch_size=None gives single items, so drop_last=True has no batch to drop")
