"""`utils.data`: what the loaders yield, in which order and shape. Shuffled orders are compared as sets."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import inspect

import numpy as np
import pytest
import torch
import torch.utils.data

import minigrad as mg
import minigrad.utils.data
from tests.torch_oracle.compare import agree, assert_same, both_refuse, normal, whole

LIBRARIES = [mg, torch]
SHARED = [name for name in minigrad.utils.data.__all__ if hasattr(torch.utils.data, name)]


def pairs(library, count=7):
    return library.utils.data.TensorDataset(library.tensor(normal(count, 2)), library.tensor(whole(0, 3, count)))


@pytest.mark.parametrize("name", SHARED)
def test_signatures(name):
    ours, theirs = (inspect.signature(getattr(library.utils.data, name)).parameters for library in LIBRARIES)
    assert list(ours) == list(theirs)
    for key in ours:
        if key != "generator":  # a generator object in PyTorch's random_split, None here
            assert ours[key].default == theirs[key].default, key


def test_every_name_is_pytorchs():
    assert set(minigrad.utils.data.__all__) == set(SHARED)


@pytest.mark.parametrize("options", [
    {}, {"batch_size": 3}, {"batch_size": 3, "drop_last": True}, {"batch_size": None}, {"batch_size": 7},
    {"batch_size": 20}, {"batch_size": 2, "sampler": [4, 0, 4]}, {"batch_sampler": [[1, 2], [0], [6, 6, 6]]},
    {"batch_size": 20, "drop_last": True},
])  # fmt: skip
def test_batches(options):
    def run(library):
        loader = library.utils.data.DataLoader(pairs(library), **options)
        return list(loader), list(loader), len(loader)

    agree(run)


def test_collation():
    items = [
        {
            "image": np.ones((2, 2), np.float32) * k,
            "label": k,
            "score": k / 2,
            "name": f"n{k}",
            "pair": (k, [k, k + 1.0]),
            "flag": k > 1,
        }
        for k in range(3)
    ]
    results = []
    for library in LIBRARIES:
        found = library.utils.data.default_collate(items)
        assert list(found) == list(items[0])
        assert found["name"] == ["n0", "n1", "n2"]
        results.append([found[key] for key in found if key != "name"])
    assert_same(*results)
    for batch in (
        [1, 2],
        [1.5, 2.0],
        [np.float64(1.5)],
        [(1, 2.0), (3, 4.0)],
        [np.arange(3), np.arange(3)],
        [[1, 2], [3, 4]],
        [True],
    ):
        agree(lambda library: library.utils.data.default_collate(batch))
    agree(lambda library: library.utils.data.default_collate([library.ones(2), library.zeros(2)]))
    agree(lambda library: library.utils.data.default_convert([np.arange(3), 1, (np.ones(2),)]))
    for batch in ([(1, 2), (1,)], [object()], [np.array(["a"])]):
        both_refuse(lambda: mg.utils.data.default_collate(batch), lambda: torch.utils.data.default_collate(batch))


def test_datasets():
    def run(library):
        data = library.utils.data
        first, second = pairs(library), pairs(library, 3)
        joined = data.ConcatDataset([first, second])
        part = data.Subset(joined, [9, 0, 7])
        return (
            [joined[k] for k in (0, 6, 7, -1)],
            len(joined),
            [part[k] for k in range(3)],
            len(part),
            (first + second)[8],
            first[2:4],
        )

    agree(run)
    for library in LIBRARIES:
        data = library.utils.data
        for far in (20, -20):
            with pytest.raises((IndexError, ValueError)):
                data.ConcatDataset([pairs(library)])[far]
        with pytest.raises((AssertionError, ValueError)):
            data.ConcatDataset([])
        with pytest.raises((AssertionError, ValueError)):
            data.TensorDataset(library.ones(2), library.ones(3))


def test_streams():
    for library in LIBRARIES:
        data = library.utils.data

        class Count(data.IterableDataset):
            def __init__(self, stop):
                self.stop = stop

            def __iter__(self):
                return iter(range(self.stop))

        chained = data.ChainDataset([Count(3), Count(2)])
        assert list(chained) == [0, 1, 2, 0, 1] == list(Count(3) + Count(2))
        assert [batch.tolist() for batch in data.DataLoader(chained, batch_size=2)] == [[0, 1], [2, 0], [1]]
        assert [batch.tolist() for batch in data.DataLoader(chained, batch_size=2, drop_last=True)] == [[0, 1], [2, 0]]
        with pytest.raises(ValueError, match="shuffle"):
            data.DataLoader(Count(2), shuffle=True)
        assert data.get_worker_info() is None


def test_samplers():
    for library in LIBRARIES:
        data = library.utils.data
        assert list(data.SequentialSampler(range(4))) == [0, 1, 2, 3]
        assert sorted(data.RandomSampler(range(20))) == list(range(20))
        assert sorted(data.SubsetRandomSampler([5, 7, 9])) == [5, 7, 9]
        assert len(data.RandomSampler(range(5), replacement=True, num_samples=12)) == 12
        assert len(list(data.RandomSampler(range(5), num_samples=12))) == 12
        assert sorted(data.RandomSampler(range(5), num_samples=10)) == sorted([*range(5), *range(5)])
        assert list(data.BatchSampler(range(5), 2, False)) == [[0, 1], [2, 3], [4]]
        assert list(data.BatchSampler(range(5), 2, True)) == [[0, 1], [2, 3]]
        assert len(data.BatchSampler(range(5), 2, False)) == 3
        weights = [0.0, 1.0, 3.0]
        chosen = np.bincount(list(data.WeightedRandomSampler(weights, 8000)), minlength=3) / 8000
        np.testing.assert_allclose(chosen, [0, 0.25, 0.75], atol=0.03)
        assert sorted(data.WeightedRandomSampler([1.0, 2.0, 3.0], 3, replacement=False)) == [0, 1, 2]
        order = [batch.tolist() for batch in data.DataLoader(range(20), shuffle=True, batch_size=5)]
        assert sorted(k for batch in order for k in batch) == list(range(20))
        twice = [
            [
                batch.tolist()
                for batch in data.DataLoader(range(20), shuffle=True, generator=library.Generator().manual_seed(3))
            ]
            for _ in range(2)
        ]
        assert twice[0] == twice[1]
        assert isinstance(data.RandomSampler(range(3)), data.Sampler)


def test_random_split():
    for lengths in ([3, 4], [7], [0.5, 0.5], [0.3, 0.3, 0.4], [0, 7]):
        sizes = []
        for library in LIBRARIES:
            parts = library.utils.data.random_split(range(7), lengths, generator=library.Generator().manual_seed(0))
            assert sorted(k for part in parts for k in part) == list(range(7))
            sizes.append([len(part) for part in parts])
        assert sizes[0] == sizes[1]
    for lengths in ([3, 3], [0.5, 0.6]):
        both_refuse(
            lambda: mg.utils.data.random_split(range(7), lengths),
            lambda: torch.utils.data.random_split(range(7), lengths),
        )


def test_what_both_refuse():
    for options in (
        {"shuffle": True, "sampler": [0]}, {"batch_sampler": [[0]], "batch_size": 2},
        {"batch_size": None, "drop_last": True}, {"batch_size": 0}, {"num_workers": -1},
        {"batch_sampler": [[0]], "shuffle": True}, {"timeout": -1},
    ):  # fmt: skip
        both_refuse(
            *[lambda library=library: library.utils.data.DataLoader(pairs(library), **options) for library in LIBRARIES]
        )
    for make in (
        lambda data: data.RandomSampler(range(3), num_samples=0), lambda data: data.BatchSampler(range(3), 0, False),
        lambda data: data.RandomSampler(range(3), replacement=1), lambda data: data.WeightedRandomSampler([1.0], 0),
    ):  # fmt: skip
        both_refuse(lambda: make(mg.utils.data), lambda: make(torch.utils.data))
