import inspect
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError
from minigrad.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    default_collate,
    get_worker_info,
    random_split,
)


class Counted(TensorDataset):
    """A subclass that keeps the access to items, so that one index per tensor is allowed."""


class Doubled(TensorDataset):
    """A subclass that changes the items."""

    def __getitem__(self, index: Any) -> tuple[mg.Tensor, ...]:
        return tuple(part + part for part in super().__getitem__(index))


class Stream(IterableDataset[int]):
    def __init__(self, stop: int) -> None:
        self.stop = stop

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.stop))

    def __len__(self) -> int:
        return self.stop


def pairs(count: int = 10, kind: type[TensorDataset] = TensorDataset) -> TensorDataset:
    images = np.random.default_rng(0).random((count, 2, 3)).astype(np.float32)
    return kind(mg.from_numpy(images), mg.from_numpy(np.arange(count)))


def values(loader: Any) -> list[Any]:
    return [batch.tolist() if isinstance(batch, mg.Tensor) else [part.tolist() for part in batch] for batch in loader]


def same(first: Any, second: Any) -> bool:
    """Tell whether two loaders give the same batches: types, dtypes, shapes and bits."""
    first, second = list(first), list(second)
    return len(first) == len(second) and all(
        type(one) is type(other) is list
        and len(one) == len(other)
        and all(
            isinstance(a, mg.Tensor)
            and isinstance(b, mg.Tensor)
            and a.dtype == b.dtype
            and a.shape == b.shape
            and a.requires_grad == b.requires_grad
            and a.detach().numpy().tobytes() == b.detach().numpy().tobytes()
            for a, b in zip(one, other, strict=True)
        )
        for one, other in zip(first, second, strict=True)
    )


def item_by_item(batch: list[Any]) -> Any:
    """Do what the default does, but not be it, so that the short cut is not taken."""
    return default_collate(batch)


def test_the_signature_is_pytorchs() -> None:
    parameters = inspect.signature(DataLoader).parameters.values()
    assert [(entry.name, entry.default) for entry in parameters][1:] == [
        ("batch_size", 1),
        ("shuffle", None),
        ("sampler", None),
        ("batch_sampler", None),
        ("num_workers", 0),
        ("collate_fn", None),
        ("pin_memory", False),
        ("drop_last", False),
        ("timeout", 0),
        ("worker_init_fn", None),
        ("multiprocessing_context", None),
        ("generator", None),
        ("prefetch_factor", None),
        ("persistent_workers", False),
        ("pin_memory_device", ""),
        ("in_order", True),
    ]
    kinds = {entry.name for entry in parameters if entry.kind is entry.KEYWORD_ONLY}
    assert kinds == {"prefetch_factor", "persistent_workers", "pin_memory_device", "in_order"}


@pytest.mark.parametrize("drop_last", [True, False])
@pytest.mark.parametrize("batch_size", [1, 3, 5, 10, 11])
def test_batches_in_order(batch_size: int, drop_last: bool) -> None:
    dataset = pairs()
    loader = DataLoader(dataset, batch_size, drop_last=drop_last)
    batches = list(loader)
    assert len(loader) == len(batches) == (10 // batch_size if drop_last else -(-10 // batch_size))
    kept = 10 - 10 % batch_size if drop_last else 10
    assert [label for _, labels in batches for label in labels.tolist()] == list(range(kept))
    assert all(images.shape == (len(labels), 2, 3) for images, labels in batches)
    assert values(loader) == values(loader)


@pytest.mark.parametrize(
    "dataset",
    [
        pairs(),
        pairs(kind=Counted),
        TensorDataset(mg.from_numpy(np.arange(10.0)[::-1])),
        TensorDataset(mg.from_numpy(np.arange(60.0).reshape(3, 2, 10).T)),
        TensorDataset(mg.from_numpy(np.zeros((10, 0, 2), np.float32)), mg.from_numpy(np.arange(10) % 2 == 0)),
        Subset(pairs(30), [7, 3, 3, -1, 0, 29, 11, 5, 2, 1]),
        Subset(Subset(pairs(30), range(29, -1, -2)), np.array([9, 1, 0, -1, 4, 4, 2, 3, 8, 7])),
        Subset(Subset(Subset(pairs(30), mg.arange(20)), list(range(12))), (11, 0, 3, 4, 5, 6, 7, 8, 9, 10)),
        random_split(pairs(40), [10, 30], mg.Generator().manual_seed(3))[0],
    ],
    ids=["plain", "subclass", "reversed", "permuted axes", "empty axis", "subset", "nested", "thrice", "split"],
)
@pytest.mark.parametrize("batch_size", [1, 4, 10])
@pytest.mark.parametrize("shuffle", [True, False])
def test_one_index_per_tensor_gives_what_item_by_item_gives(dataset: Any, batch_size: int, shuffle: bool) -> None:
    one, other = (mg.Generator().manual_seed(9) for _ in range(2))
    assert same(
        DataLoader(dataset, batch_size, shuffle, generator=one),
        DataLoader(dataset, batch_size, shuffle, generator=other, collate_fn=item_by_item),
    )


@pytest.mark.parametrize("indices", [[0, 2], (0, 2), np.array([0, 2]), [np.int32(0), np.uint8(2)], [-3, 2]])
def test_batch_samplers_may_yield_any_sequence_of_integers(indices: Any) -> None:
    for dataset in (pairs(), Subset(pairs(), list(range(9)))):
        both = [DataLoader(dataset, batch_sampler=[indices], collate_fn=collate) for collate in (None, item_by_item)]
        assert same(*both)


def test_tensors_as_indices() -> None:
    dataset = pairs()
    for sampler in (mg.tensor([4, 1, 2]), SubsetRandomSampler(mg.tensor([4, 1, 2]), mg.Generator().manual_seed(0))):
        labels = next(iter(DataLoader(dataset, 3, sampler=sampler)))[1]
        assert sorted(labels.tolist()) == [1, 2, 4]


def test_the_short_cut_asks_for_no_single_item(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pairs()
    loader = DataLoader(Subset(Subset(whole, range(10)), range(0, 10, 2)), batch_size=2)
    original, asked = mg.Tensor.__getitem__, []

    def watched(tensor: mg.Tensor, index: Any) -> mg.Tensor:
        asked.append(index)
        return original(tensor, index)

    monkeypatch.setattr(mg.Tensor, "__getitem__", watched)
    assert len(list(loader)) == 3
    assert len(asked) == 3 * 2
    assert all(isinstance(index, np.ndarray) for index in asked)


def test_changed_access_to_items_is_respected() -> None:
    assert same(DataLoader(pairs(kind=Doubled), 4), DataLoader(pairs(kind=Doubled), 4, collate_fn=item_by_item))
    _, labels = next(iter(DataLoader(pairs(kind=Doubled), 10)))
    assert labels.tolist() == list(range(0, 20, 2))

    class Shifted(Subset[Any]):
        def __getitem__(self, index: Any) -> Any:
            return self.dataset[index + 1]

        def __getitems__(self, indices: Any) -> Any:
            return [self[index] for index in indices]

    assert next(iter(DataLoader(Shifted(pairs(), range(5)), 5)))[1].tolist() == [1, 2, 3, 4, 5]


def test_getitems_is_asked_for_the_whole_batch() -> None:
    class Whole(Dataset[int]):
        def __len__(self) -> int:
            return 5

        def __getitems__(self, indices: list[int]) -> list[int]:
            return [10 * index for index in indices]

    assert values(DataLoader(Whole(), 3)) == [[0, 10, 20], [30, 40]]
    assert values(DataLoader(Subset(Whole(), [4, 2]), 2)) == [[40, 20]]


def test_shuffling_follows_the_seed() -> None:
    dataset = pairs(50)

    def order(**options: Any) -> list[Any]:
        return [labels.tolist() for _, labels in DataLoader(dataset, 7, shuffle=True, **options)]

    mg.manual_seed(3)
    first, second = order(), order()
    assert first != second
    assert sorted(label for labels in first for label in labels) == list(range(50))
    mg.manual_seed(3)
    assert [order(), order()] == [first, second]
    assert order(generator=mg.Generator().manual_seed(3)) == first
    assert order(generator=np.random.default_rng(3)) != order(generator=np.random.default_rng(4))


def test_a_generator_in_the_loader_leaves_the_default_one_alone() -> None:
    before = mg.default_generator().get_state()
    list(DataLoader(pairs(), 3, shuffle=True, generator=mg.Generator().manual_seed(0)))
    list(DataLoader(pairs(), 3))
    assert mg.default_generator().get_state() == before


def test_each_thread_shuffles_by_its_own_seed() -> None:
    loader = DataLoader(pairs(30), 30, shuffle=True)
    orders: dict[int, Any] = {}

    def load(number: int) -> None:
        mg.manual_seed(8)
        orders[number] = values(loader)

    threads = [threading.Thread(target=load, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load(3)
    assert orders[0] == orders[1] == orders[2] == orders[3]


def test_two_passes_at_once_do_not_disturb_each_other() -> None:
    loader = DataLoader(pairs(), 3)
    together = [(a[1].tolist(), b[1].tolist()) for a, b in zip(loader, loader, strict=True)]
    assert all(a == b for a, b in together)
    assert len(together) == 4


def test_lists_and_other_indexables_are_data_sets() -> None:
    assert values(DataLoader([1.5, 2.5, 3.5], batch_size=2)) == [[1.5, 2.5], [3.5]]
    assert values(DataLoader(range(3), batch_size=3)) == [[0, 1, 2]]
    assert list(DataLoader("abc", batch_size=2)) == [["a", "b"], ["c"]]
    assert values(DataLoader(ConcatDataset([range(2), range(2)]), 3)) == [[0, 1, 0], [1]]
    assert list(DataLoader([], batch_size=2)) == []


def test_samplers_and_batch_samplers_set_the_order() -> None:
    assert values(DataLoader(range(10), 2, sampler=[5, 1, 7])) == [[5, 1], [7]]
    loader = DataLoader(range(10), batch_sampler=[[1], [2, 3, 4]])
    assert values(loader) == [[1], [2, 3, 4]]
    assert len(loader) == 2
    assert loader.batch_size is None
    sampler = BatchSampler(SequentialSampler(range(5)), 2, True)
    assert values(DataLoader(range(5), batch_sampler=sampler)) == [[0, 1], [2, 3]]


def test_without_a_batch_size_single_items_come() -> None:
    loader = DataLoader([np.zeros(2), (1, np.ones(1)), "a"], batch_size=None)
    first, second, third = loader
    assert isinstance(first, mg.Tensor)
    assert second[0] == 1
    assert isinstance(second[1], mg.Tensor)
    assert third == "a"
    assert len(loader) == 3
    assert sorted(DataLoader(range(5), batch_size=None, shuffle=True)) == [0, 1, 2, 3, 4]
    assert list(DataLoader(Stream(3), batch_size=None)) == [0, 1, 2]
    assert len(DataLoader(Stream(3), batch_size=None)) == 3


@pytest.mark.parametrize("drop_last", [True, False])
def test_streams_are_cut_into_batches(drop_last: bool) -> None:
    loader = DataLoader(Stream(5), batch_size=2, drop_last=drop_last)
    assert values(loader) == [[0, 1], [2, 3]] + ([] if drop_last else [[4]])
    assert len(loader) == len(list(loader))


def test_an_endless_stream_is_read_no_further_than_asked() -> None:
    taken = []

    class Endless(IterableDataset[int]):
        def __iter__(self) -> Iterator[int]:
            number = 0
            while True:
                taken.append(number)
                yield number
                number += 1

    loader = DataLoader(Endless(), batch_size=3)
    assert next(iter(loader)).tolist() == [0, 1, 2]
    assert taken == [0, 1, 2]
    with pytest.raises(DTypeError, match="Endless has no length"):
        len(loader)


def test_a_collate_function_gets_the_list_of_items() -> None:
    assert list(DataLoader(range(5), 2, collate_fn=tuple)) == [(0, 1), (2, 3), (4,)]
    assert list(DataLoader(pairs(4), 4, collate_fn=len)) == [4]
    assert list(DataLoader(range(3), None, collate_fn=lambda item: -item)) == [0, -1, -2]
    assert list(DataLoader(Stream(3), 2, collate_fn=sum)) == [1, 2]


def test_options_for_workers_are_accepted_and_change_nothing() -> None:
    here = threading.get_ident()

    class Where(Dataset[int]):
        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: Any) -> int:
            assert threading.get_ident() == here
            assert get_worker_info() is None
            return int(index)

    loader = DataLoader(
        Where(),
        2,
        num_workers=2,
        pin_memory=True,
        timeout=5,
        worker_init_fn=print,
        multiprocessing_context="spawn",
        prefetch_factor=4,
        persistent_workers=True,
        pin_memory_device="cpu",
        in_order=False,
    )
    threads = threading.active_count()
    assert values(loader) == [[0, 1], [2, 3]]
    assert threading.active_count() == threads
    assert (loader.num_workers, loader.pin_memory, loader.prefetch_factor) == (2, True, 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampler": [0], "shuffle": True}, "sampler= already gives the order"),
        ({"batch_sampler": [[0]], "batch_size": 2}, "batch_sampler= already gives the batches"),
        ({"batch_sampler": [[0]], "shuffle": True}, "batch_sampler="),
        ({"batch_sampler": [[0]], "sampler": [0]}, "batch_sampler="),
        ({"batch_sampler": [[0]], "drop_last": True}, "batch_sampler="),
        ({"batch_size": None, "drop_last": True}, "no batch to drop"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"batch_size": -2}, "batch_size=-2"),
        ({"batch_size": 2.0}, r"batch_size=2\.0"),
        ({"batch_size": True}, "batch_size=True"),
        ({"shuffle": "False"}, "shuffle='False'; expected True or False"),
        ({"drop_last": 1}, "drop_last=1; expected True or False"),
        ({"num_workers": -1}, "num_workers=-1"),
        ({"timeout": -1}, "timeout=-1"),
        ({"prefetch_factor": 0}, "prefetch_factor=0; expected a positive integer"),
        ({"prefetch_factor": True}, "prefetch_factor=True"),
        ({"persistent_workers": True}, "num_workers=0 has no workers"),
        ({"multiprocessing_context": "fork"}, "num_workers=0 has no workers"),
    ],
)
def test_options_that_exclude_each_other_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        DataLoader(range(4), **options)


@pytest.mark.parametrize("options", [{"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}])
def test_a_stream_sets_its_own_order(options: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="Stream is a stream"):
        DataLoader(Stream(3), **options)
    assert len(list(DataLoader(Stream(3), shuffle=False))) == 3


def test_a_wrong_generator_is_refused() -> None:
    with pytest.raises(DTypeError, match="generator=0"):
        DataLoader(range(3), generator=0)  # type: ignore[arg-type]


def test_an_empty_data_set_cannot_be_shuffled_but_read() -> None:
    with pytest.raises(ArgumentError, match="no items to draw from"):
        DataLoader([], shuffle=True)
    assert list(DataLoader([], 3)) == []


@pytest.mark.parametrize("dataset", [pairs(), range(4)])
def test_an_empty_batch_is_refused(dataset: Any) -> None:
    with pytest.raises(ArgumentError, match="empty batch"):
        list(DataLoader(dataset, batch_sampler=[[]]))


@pytest.mark.parametrize("dataset", [pairs(), Subset(pairs(), [1, 2]), [1, 2]])
def test_an_index_out_of_range_is_an_index_error(dataset: Any) -> None:
    with pytest.raises(IndexError):
        list(DataLoader(dataset, batch_sampler=[[0, 99]]))


@pytest.mark.parametrize("name", ["dataset", "batch_size", "sampler", "batch_sampler", "drop_last", "generator"])
def test_what_the_order_was_made_from_cannot_change(name: str) -> None:
    loader = DataLoader(range(4), 2)
    before = getattr(loader, name)
    with pytest.raises(ArgumentError, match=f"DataLoader.{name} cannot change"):
        setattr(loader, name, 3)
    assert getattr(loader, name) is before
    loader.collate_fn = tuple
    assert list(loader) == [(0, 1), (2, 3)]


def test_errors_of_the_data_set_pass_through_unchanged() -> None:
    class Broken(Dataset[int]):
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: Any) -> int:
            raise KeyError("item 7")

    with pytest.raises(KeyError, match="item 7"):
        list(DataLoader(Broken()))


def test_gradients_reach_the_tensors_of_the_data_set() -> None:
    images = mg.ones(4, 2)
    images.requires_grad = True
    for (batch,) in DataLoader(TensorDataset(images), 3, sampler=[0, 0, 2]):
        batch.sum().backward()
    assert images.grad is not None
    assert images.grad.tolist() == [[2.0, 2.0], [0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
