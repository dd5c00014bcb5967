from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, MinigradWarning, ShapeError
from minigrad.utils.data import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    random_split,
)


class Letters(Dataset[str]):
    def __init__(self, letters: str) -> None:
        self.letters = letters

    def __getitem__(self, index: Any) -> str:
        return self.letters[index]

    def __len__(self) -> int:
        return len(self.letters)


class Stream(IterableDataset[int]):
    def __init__(self, stop: int) -> None:
        self.stop = stop

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.stop))


class SizedStream(Stream):
    def __len__(self) -> int:
        return self.stop


class Batching(Letters):
    """Counts how it is asked."""

    asked: list[Any]

    def __getitem__(self, index: Any) -> str:
        raise AssertionError("item by item")

    def __getitems__(self, indices: list[int]) -> list[str]:
        self.asked.append(list(indices))
        return [self.letters[index] for index in indices]


def test_what_a_subclass_must_define_is_said() -> None:
    with pytest.raises(NotImplementedError, match="Dataset defines no __getitem__"):
        Dataset()[0]
    with pytest.raises(NotImplementedError, match="IterableDataset defines no __iter__"):
        iter(IterableDataset())


def test_items_are_tuples_of_tensors() -> None:
    images, labels = mg.tensor([[1, 2], [3, 4], [5, 6]]), mg.tensor([7, 8, 9])
    dataset = TensorDataset(images, labels)
    assert len(dataset) == 3
    image, label = dataset[1]
    assert isinstance(label, mg.Tensor)
    assert label.shape == ()
    assert (image.tolist(), label.tolist()) == ([3, 4], 8)
    assert dataset[-1][1].tolist() == 9
    assert [part.tolist() for part in dataset[0:2]] == [[[1, 2], [3, 4]], [7, 8]]
    assert dataset.tensors == (images, labels)
    with pytest.raises(IndexError):
        dataset[3]
    assert [label.tolist() for _, label in dataset] == [7, 8, 9]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: TensorDataset(), ArgumentError, "no tensor"),
        (lambda: TensorDataset(mg.ones(3, 2), mg.ones(2)), ShapeError, r"\(3, 2\), \(2,\)"),
        (lambda: TensorDataset(mg.ones(3), mg.tensor(1.0)), ShapeError, r"\(3,\), \(\)"),
        (lambda: TensorDataset(mg.ones(3), np.zeros(3)), DTypeError, r"argument 1 is a ndarray.*from_numpy"),
        (lambda: TensorDataset([1, 2]), DTypeError, "argument 0 is a list"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_a_subset_names_items_of_the_whole() -> None:
    subset = Subset(Letters("abcdef"), [4, 0, 4])
    assert len(subset) == 3
    assert [subset[0], subset[1], subset[-1]] == ["e", "a", "e"]
    assert subset.__getitems__([2, 1]) == ["e", "a"]
    assert Subset(subset, [1])[0] == "a"
    with pytest.raises(IndexError):
        subset[3]


def test_a_subset_asks_for_a_whole_batch_where_it_can() -> None:
    whole = Batching("abcdef")
    whole.asked = []
    assert Subset(Subset(whole, [5, 4, 3, 2]), [0, 2]).__getitems__([1, 0]) == ["d", "f"]
    assert whole.asked == [[3, 5]]


def test_a_subset_takes_a_list_as_pytorchs_does() -> None:
    subset = Subset(TensorDataset(mg.tensor([10, 11, 12, 13])), [3, 1, 0])
    assert subset[[0, 2]][0].tolist() == [13, 10]


def test_a_wrong_number_of_items_is_refused() -> None:
    class Short(Letters):
        def __getitems__(self, indices: list[int]) -> list[str]:
            return ["a"]

    with pytest.raises(ShapeError, match="returned 1 items for 2 indices"):
        Subset(Short("abc"), [0, 1]).__getitems__([0, 1])


def test_concatenation_counts_through() -> None:
    dataset = Letters("ab") + Letters("") + Letters("cde")
    assert len(dataset) == 5
    assert [dataset[index] for index in range(-5, 5)] == list("abcdeabcde")
    assert ConcatDataset(iter([Letters("ab"), Letters("c")])).cumulative_sizes == [2, 3]
    for index in (5, -6):
        with pytest.raises(IndexOutOfRangeError, match=f"index {index} is outside this ConcatDataset of 5 items"):
            dataset[index]


def test_concatenation_refuses_what_it_cannot_index() -> None:
    class NoLength(Dataset[int]):
        """Has no length."""

    with pytest.raises(ArgumentError, match="at least one"):
        ConcatDataset([])
    with pytest.raises(DTypeError, match="ChainDataset"):
        ConcatDataset([Letters("a"), Stream(2)])
    with pytest.raises(DTypeError, match=r"NoLength has no length.*__len__"):
        ConcatDataset([NoLength()])


def test_streams_are_chained() -> None:
    dataset = Stream(2) + Stream(3)
    assert isinstance(dataset, ChainDataset)
    assert list(dataset) == [0, 1, 0, 1, 2]
    assert list(dataset) == [0, 1, 0, 1, 2]
    assert len(ChainDataset([SizedStream(2), SizedStream(3)])) == 5
    with pytest.raises(DTypeError, match="ConcatDataset"):
        list(Stream(2) + Letters("ab"))
    with pytest.raises(DTypeError, match="Stream has no length"):
        len(dataset)


@pytest.mark.parametrize(
    ("total", "lengths", "sizes"),
    [
        (10, [3, 7], [3, 7]),
        (10, [0, 10], [0, 10]),
        (10, [0.5, 0.5], [5, 5]),
        (10, [1 / 3] * 3, [4, 3, 3]),
        (10, [0.1, 0.2, 0.7], [1, 2, 7]),
        (10, [0.7, 0.2, 0.1], [7, 2, 1]),
        (11, [0.25] * 4, [3, 3, 3, 2]),
        (1, [1], [1]),
        (5, [1.0], [5]),
        (0, [], []),
        (0, [0, 0], [0, 0]),
    ],
)
def test_the_parts_are_of_the_given_sizes_and_share_nothing(total: int, lengths: list[float], sizes: list[int]) -> None:
    parts = random_split(range(100, 100 + total), lengths)
    assert [len(part) for part in parts] == sizes
    assert sorted(item for part in parts for item in (part[i] for i in range(len(part)))) == list(
        range(100, 100 + total)
    )


def test_a_split_is_random_and_repeatable() -> None:
    def order(seed: int) -> list[Any]:
        return [list(part.indices) for part in random_split(range(50), [0.5, 0.5], mg.Generator().manual_seed(seed))]

    assert order(1) == order(1) != order(2)
    mg.manual_seed(1)
    assert [list(part.indices) for part in random_split(range(50), [25, 25])] == order(1)
    with pytest.raises(DTypeError, match="generator=42"):
        random_split(range(50), [25, 25], 42)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "lengths", [[5, 4], [11, -1], [0.5, 0.4], [0.5, 0.6], [1.5, -0.5], [float("nan")], [float("inf")], []]
)
def test_lengths_that_do_not_fit_are_refused(lengths: list[float]) -> None:
    with pytest.raises(ArgumentError, match="random_split: lengths="):
        random_split(range(10), lengths)


def test_a_part_without_items_is_warned_of() -> None:
    with pytest.warns(MinigradWarning, match=r"parts of \[3, 0\]"):
        random_split(range(3), [0.9, 0.1])
