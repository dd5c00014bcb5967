"""The order in which items are visited, and how they are grouped into batches."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from itertools import islice
from typing import Any, Generic, TypeVar

import numpy as np

from ...errors import ArgumentError, DTypeError, MissingMethodError
from ...explaining import iterable
from ...operands import as_numbers
from ...random import chosen_generator

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]

Key = TypeVar("Key", covariant=True)

# With replacement the indices are drawn in blocks: few calls, and no list of num_samples entries.
_BLOCK = 4096


def length_of(collection: Any) -> int:
    """Return the number of items, or say which method is missing."""
    try:
        return len(collection)
    except DTypeError:  # what it asks in its turn has none
        raise
    except TypeError as error:
        raise DTypeError(
            f"{type(collection).__name__} has no length, which is needed here. Define __len__, or stream it as an "
            "IterableDataset"
        ) from error


def positive(name: str, value: Any) -> int:
    """Return `value` if it is a positive integer."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 0 < value < 2**59:
        raise ArgumentError(f"{name}={value!r}; expected a positive integer that memory can hold")
    return int(value)


def indexed(name: str, value: Any) -> Any:
    """Return `value` if it has items under the indices 0, 1, …"""
    known = hasattr(value, "__len__") and hasattr(value, "__getitem__")
    if not known or isinstance(value, type | Mapping) or getattr(value, "ndim", 1) == 0:
        raise DTypeError(f"{name} got a {type(value).__name__}; it takes a list, or what has a length and an index")
    return value


def flag(name: str, value: Any) -> bool:
    """Return `value` if it is True or False: other truth values are mostly a misplaced argument."""
    if not isinstance(value, bool):
        raise ArgumentError(f"{name}={value!r}; expected True or False (is an argument in the wrong place?)")
    return value


class Sampler(Generic[Key]):
    """Something that can be iterated for indices: derive from it and define `__iter__`, and `__len__` if known.

    >>> from minigrad.utils.data import Sampler
    >>> class EveryOther(Sampler[int]):
    ...     def __iter__(self): return iter(range(0, 6, 2))
    >>> list(EveryOther())
    [0, 2, 4]
    """

    def __iter__(self) -> Iterator[Key]:
        raise MissingMethodError(f"{type(self).__name__} defines no __iter__: a Sampler yields indices there")


class SequentialSampler(Sampler[int]):
    """0, 1, …, len − 1.

    >>> from minigrad.utils.data import SequentialSampler
    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(length_of(self.data_source)))

    def __len__(self) -> int:
        return length_of(self.data_source)


class RandomSampler(Sampler[int]):
    """All indices in random order, or `num_samples` draws.

    Without replacement, more draws than items are several permutations in a row. Without `generator` the thread's
    default one is drawn from: same seed, same order. Raises `ArgumentError` if there is nothing to draw.

    >>> from minigrad.utils.data import RandomSampler
    >>> sorted(RandomSampler("abc"))
    [0, 1, 2]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: "np.random.Generator | None" = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = flag("RandomSampler: replacement", replacement)
        self.generator = generator
        self._num_samples = None if num_samples is None else positive("RandomSampler: num_samples", num_samples)
        if generator is not None:
            chosen_generator(generator)
        if length_of(data_source) == 0:
            raise ArgumentError(
                "RandomSampler: the data set has no items to draw from; was it filtered down to nothing, or split with "
                "a length of 0? An empty one needs shuffle=False"
            )

    @property
    def num_samples(self) -> int:
        """The number of indices in one pass."""
        return length_of(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        generator, size = chosen_generator(self.generator), length_of(self.data_source)
        left = self.num_samples
        while left > 0:
            if self.replacement:
                block = generator.integers(size, size=min(left, _BLOCK))
            else:
                block = generator.permutation(size)[:left]
            left -= len(block)
            yield from block.tolist()

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[Any]):
    """The given indices in random order.

    >>> from minigrad.utils.data import SubsetRandomSampler
    >>> sorted(SubsetRandomSampler([7, 3, 5]))
    [3, 5, 7]
    """

    def __init__(self, indices: Sequence[Any], generator: "np.random.Generator | None" = None) -> None:
        self.indices = indexed("SubsetRandomSampler", indices)
        self.generator = generator
        if generator is not None:
            chosen_generator(generator)

    def __iter__(self) -> Iterator[Any]:
        for position in chosen_generator(self.generator).permutation(len(self.indices)).tolist():
            yield self.indices[position]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """`num_samples` indices, each drawn in proportion to its weight.

    (N,) -> num_samples indices. The weights need not add up to 1; an index of weight 0 is never drawn. Raises
    `ArgumentError` for weights that are negative, not finite, all zero, or too few to draw without replacement.

    >>> from minigrad.utils.data import WeightedRandomSampler
    >>> list(WeightedRandomSampler([0.0, 3.0, 0.0], 4))
    [1, 1, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: "np.random.Generator | None" = None,
    ) -> None:
        self.weights = as_numbers(weights, "WeightedRandomSampler", "weights")
        self.num_samples = positive("WeightedRandomSampler: num_samples", num_samples)
        self.replacement = flag("WeightedRandomSampler: replacement", replacement)
        self.generator = generator
        if generator is not None:
            chosen_generator(generator)
        self._check_weights()

    def _check_weights(self) -> None:
        weights = self.weights
        if weights.ndim != 1:
            raise ArgumentError(
                f"WeightedRandomSampler: weights have shape {weights.shape}; expected (N,), one weight for each item"
            )
        if not np.all(np.isfinite(weights) & (weights >= 0)):
            wrong = int(np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))[0])
            raise ArgumentError(
                f"WeightedRandomSampler: weight {wrong} is {weights[wrong]}; every weight must be finite and at least 0"
            )
        drawable = int(np.count_nonzero(weights))
        if drawable == 0:
            raise ArgumentError(f"WeightedRandomSampler: all {len(weights)} weights are 0, so no item can be drawn")
        if not self.replacement and self.num_samples > drawable:
            raise ArgumentError(
                f"WeightedRandomSampler: {self.num_samples} draws without replacement from {drawable} items of "
                "positive weight; draw fewer, or set replacement=True"
            )

    def __iter__(self) -> Iterator[int]:
        chances = self.weights / self.weights.max()
        chances /= chances.sum()
        draws = chosen_generator(self.generator).choice(len(chances), self.num_samples, self.replacement, chances)
        return iter(draws.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[Any]]):
    """Lists of `batch_size` indices from another sampler; `drop_last` leaves out a short last one.

    Raises `ArgumentError` for a size below 1.

    >>> from minigrad.utils.data import BatchSampler
    >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:
        if not iterable(sampler):
            raise DTypeError(f"BatchSampler got a {type(sampler).__name__}; it takes a sampler, or a list of indices")
        self.sampler = sampler
        self.batch_size = positive("BatchSampler: batch_size", batch_size)
        self.drop_last = flag("BatchSampler: drop_last", drop_last)

    def __iter__(self) -> Iterator[list[Any]]:
        indices = iter(self.sampler)
        while batch := list(islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        return batch_count(length_of(self.sampler), self.batch_size, self.drop_last)


def batch_count(items: int, batch_size: int, drop_last: bool) -> int:
    """Return how many batches so many items make."""
    return items // batch_size if drop_last else -(-items // batch_size)
