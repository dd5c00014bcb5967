"""Data sets: indexed, streamed, wrapped around tensors, cut up and put together."""

import math
import operator
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from typing import Any, Generic, TypeVar

import numpy as np

from ...callers import warn
from ...errors import (
    ArgumentError,
    DTypeError,
    EmptySplitWarning,
    IndexOutOfRangeError,
    MissingMethodError,
    ShapeError,
)
from ...explaining import iterable
from ...operands import as_numbers
from ...random import chosen_generator
from ...tensor import Tensor
from .sampler import indexed, length_of

__all__ = ["ChainDataset", "ConcatDataset", "Dataset", "IterableDataset", "Subset", "TensorDataset", "random_split"]

Item = TypeVar("Item", covariant=True)


class Dataset(Generic[Item]):
    """A collection whose items are found by key, usually 0 … len − 1.

    Derive from it and define `__getitem__`, and `__len__` for all samplers but your own; a class that also
    defines `__getitems__(indices) -> list` is asked for a whole batch at once.

    >>> from minigrad.utils.data import Dataset
    >>> class Squares(Dataset[int]):
    ...     def __len__(self): return 5
    ...     def __getitem__(self, index): return index**2
    >>> Squares()[3], len(Squares() + Squares())
    (9, 10)
    """

    def __getitem__(self, index: Any) -> Item:
        """Return the item under `index`."""
        raise MissingMethodError(
            f"{type(self).__name__} defines no __getitem__: define it, or make it an IterableDataset with __iter__"
        )

    def __add__(self, other: "Dataset[Any]") -> "Dataset[Any]":
        return ConcatDataset([self, other])


class IterableDataset(Dataset[Item]):
    """A stream of items: derive from it and define `__iter__`.

    >>> from minigrad.utils.data import IterableDataset
    >>> class Countdown(IterableDataset[int]):
    ...     def __iter__(self): return iter((3, 2, 1))
    >>> list(Countdown() + Countdown())
    [3, 2, 1, 3, 2, 1]
    """

    def __iter__(self) -> Iterator[Item]:
        raise MissingMethodError(f"{type(self).__name__} defines no __iter__: an IterableDataset yields items there")

    def __add__(self, other: Dataset[Any]) -> Dataset[Any]:
        return ChainDataset([self, other])


class ChainDataset(IterableDataset[Any]):
    """Several streams, one after the other.

    Raises `DTypeError`, while it is read, for a part that is no `IterableDataset`.

    >>> from minigrad.utils.data import ChainDataset, IterableDataset
    >>> class Countdown(IterableDataset[int]):
    ...     def __iter__(self): return iter((3, 2, 1))
    >>> list(ChainDataset([Countdown(), Countdown()]))
    [3, 2, 1, 3, 2, 1]
    """

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        if not iterable(datasets):
            raise DTypeError(f"ChainDataset got a {type(datasets).__name__}; it takes a list of streams")
        self.datasets = datasets

    def _streams(self) -> Iterator[IterableDataset[Any]]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise DTypeError(
                    f"ChainDataset got a {type(dataset).__name__}; it chains IterableDatasets only. Data sets with an "
                    "index go into ConcatDataset"
                )
            yield dataset

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(self._streams())

    def __len__(self) -> int:
        return sum(length_of(dataset) for dataset in self._streams())


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors of equal length; item i is the tuple of their i-th entries.

    (N, *), (N, *), … -> (*), (*), …

    Raises `DTypeError` for anything but tensors, `ShapeError` for lengths that differ, `ArgumentError` for none.

    >>> import minigrad as mg
    >>> mg.utils.data.TensorDataset(mg.tensor([[1, 2], [3, 4]]), mg.tensor([0, 1]))[1][0].tolist()
    [3, 4]
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor) -> None:
        if not tensors:
            raise ArgumentError("TensorDataset() got no tensor; it needs at least one: TensorDataset(images, labels)")
        for position, tensor in enumerate(tensors):
            if not isinstance(tensor, Tensor):
                raise DTypeError(
                    f"TensorDataset: argument {position} is a {type(tensor).__name__}, not a Tensor; wrap an array by "
                    "minigrad.from_numpy(array)"
                )
        if any(not tensor.shape or tensor.shape[0] != tensors[0].shape[0] for tensor in tensors):
            raise ShapeError(
                f"TensorDataset got shapes {', '.join(str(tuple(tensor.shape)) for tensor in tensors)}; the first axis "
                "counts the items and must be equally long in all"
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])

    def _collated(self, indices: Sequence[Any]) -> list[Tensor] | None:
        rows = rows_of(indices)
        return None if rows is None else [tensor[rows] for tensor in self.tensors]


class Subset(Dataset[Item]):
    """Those items of `dataset` that `indices` names, in that order.

    >>> from minigrad.utils.data import Subset
    >>> Subset("abcdef", [4, 0])[0]
    'e'
    """

    dataset: Any
    indices: Sequence[int]

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        if isinstance(dataset, type) or not hasattr(dataset, "__getitem__"):
            raise DTypeError(f"Subset of a {type(dataset).__name__}, which has no index; it takes a data set")
        self.dataset = dataset
        self.indices = indexed("Subset: indices", indices)

    def __getitem__(self, index: Any) -> Item:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]  # type: ignore[no-any-return]
        try:
            place = self.indices[index]
        except (TypeError, KeyError):
            raise DTypeError(f"Subset[{index!r}]: an index is one integer, or a list of them") from None
        except IndexError:
            raise IndexOutOfRangeError(f"index {index} is outside this Subset of {len(self)} items") from None
        return self.dataset[place]  # type: ignore[no-any-return]

    def __getitems__(self, indices: Sequence[int]) -> list[Item]:
        """Return several items; a data set that can give them at once is asked to."""
        return items_of(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)

    def _collated(self, indices: Sequence[Any]) -> list[Tensor] | None:
        return at_once(self.dataset, [self.indices[i] for i in indices])


def at_once(dataset: Any, indices: Sequence[Any]) -> list[Tensor] | None:
    """What `default_collate` makes of the items under `indices`, or None where only one by one is sure to give it.

    A data set that lies in arrays says it by `_collated`, as long as no subclass has another way to its items.
    """
    kind = type(dataset)
    owner = next((one for one in kind.__mro__ if "_collated" in vars(one)), None)
    if owner is None or any(
        getattr(kind, name, None) is not getattr(owner, name, None) for name in ("__getitem__", "__getitems__")
    ):
        return None
    return dataset._collated(indices)  # type: ignore[no-any-return]


def rows_of(indices: Sequence[Any]) -> Any:
    """A list of integers as an array; None for an empty one and for anything else."""
    try:
        rows = np.asarray(indices)
    except ValueError:  # uneven lists
        return None
    return rows if rows.ndim == 1 and rows.dtype.kind in "iu" and len(rows) else None


def items_of(dataset: Any, indices: Sequence[Any]) -> list[Any]:
    """Return the items under `indices`, by `__getitems__` where the data set has it."""
    several = getattr(dataset, "__getitems__", None)
    if several is None:
        return [dataset[index] for index in indices]
    items: list[Any] = several(indices)
    if len(items) != len(indices):
        raise ShapeError(
            f"{type(dataset).__name__}.__getitems__ returned {len(items)} items for {len(indices)} indices; it must "
            "return a list with one item for each index"
        )
    return items


class ConcatDataset(Dataset[Item]):
    """Several data sets behind one index, one after the other.

    Raises `ArgumentError` for none at all, `DTypeError` for a stream, and `IndexOutOfRangeError`, when it is read, for
    an index there is not.

    >>> from minigrad.utils.data import ConcatDataset
    >>> ConcatDataset(["ab", "cde"])[-1]
    'e'
    """

    datasets: list[Any]
    cumulative_sizes: list[int]

    def __init__(self, datasets: Iterable[Any]) -> None:
        if not iterable(datasets):
            raise DTypeError(f"ConcatDataset got a {type(datasets).__name__}; it takes a list of data sets")
        self.datasets = list(datasets)
        if not self.datasets:
            raise ArgumentError("ConcatDataset got no data set; it needs at least one")
        for dataset in self.datasets:
            if isinstance(dataset, IterableDataset):
                raise DTypeError(
                    f"ConcatDataset got {type(dataset).__name__}, a stream without an index; use ChainDataset"
                )
        self.cumulative_sizes = list(accumulate(length_of(dataset) for dataset in self.datasets))

    def __getitem__(self, index: int) -> Item:
        try:
            index = operator.index(index)
        except TypeError:
            raise DTypeError(f"ConcatDataset[{index!r}]: an index is one integer") from None
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexOutOfRangeError(f"index {index} is outside this ConcatDataset of {len(self)} items")
        which = bisect_right(self.cumulative_sizes, position)
        start = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][position - start]  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


def random_split(
    dataset: Any, lengths: Sequence[int | float], generator: "np.random.Generator | None" = None
) -> list[Subset[Any]]:
    """Cut a data set at random into parts that share no item.

    `lengths` are the sizes, which add up to the size of the whole, or fractions that add up to 1: each part gets
    ⌊fraction · size⌋ items, and what is left over goes to the parts in turn, one each. Without `generator` the
    calling thread's default one is drawn from. Raises `ArgumentError` for lengths that do not fit.

    >>> from minigrad.utils.data import random_split
    >>> [len(part) for part in random_split(range(10), [0.75, 0.25])]
    [8, 2]
    """
    total = length_of(dataset)
    numbers = as_numbers(lengths, "random_split", "lengths")
    if numbers.ndim != 1:
        raise DTypeError(f"random_split got lengths={lengths!r}; it is a list of sizes, or of fractions")
    sizes = _split_sizes(total, list(lengths) if isinstance(lengths, list | tuple) else numbers.tolist())
    order = chosen_generator(generator).permutation(total).tolist()
    ends = list(accumulate(sizes))
    return [Subset(dataset, order[end - size : end]) for size, end in zip(sizes, ends, strict=True)]


def _split_sizes(total: int, lengths: Sequence[int | float]) -> list[int]:
    if not all(0 <= length < math.inf for length in lengths):
        raise ArgumentError(f"random_split: lengths={list(lengths)}; sizes and fractions must be finite and at least 0")
    if all(int(length) == length for length in lengths) and sum(lengths) == total:
        return [int(length) for length in lengths]
    if math.isclose(sum(lengths), 1.0, rel_tol=1e-12):
        sizes = [math.floor(total * length) for length in lengths]
        for position in range(total - sum(sizes)):
            sizes[position % len(sizes)] += 1
        if 0 in sizes:
            warn(
                f"random_split: lengths={list(lengths)} of {total} items make parts of {sizes}; one has no items",
                EmptySplitWarning,
            )
        return sizes
    raise ArgumentError(
        f"random_split: lengths={list(lengths)} add up to {sum(lengths)}; give sizes that add up to the {total} items "
        "of the data set, or fractions that add up to 1"
    )
