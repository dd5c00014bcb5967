from collections import Counter
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError
from minigrad.utils.data import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

MAKERS = {
    "random": lambda generator: RandomSampler(range(50), generator=generator),
    "with replacement": lambda generator: RandomSampler(range(50), True, 60, generator),
    "subset": lambda generator: SubsetRandomSampler(list(range(50)), generator),
    "weighted": lambda generator: WeightedRandomSampler(range(1, 51), 60, True, generator),
    "weighted without replacement": lambda generator: WeightedRandomSampler(range(1, 51), 40, False, generator),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_same_seed_gives_the_same_order(make: Any) -> None:
    first = list(make(mg.Generator().manual_seed(5)))
    assert first == list(make(mg.Generator().manual_seed(5)))
    assert first != list(make(mg.Generator().manual_seed(6)))
    assert all(type(index) is int for index in first)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_without_a_generator_the_default_one_is_drawn_from(make: Any) -> None:
    mg.manual_seed(5)
    first = list(make(None))
    assert first == list(make(mg.Generator().manual_seed(5)))
    assert first != list(make(None))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_given_generator_leaves_the_default_one_alone(make: Any) -> None:
    before = mg.default_generator().get_state()
    generator = mg.Generator().manual_seed(0)
    sampler = make(generator)
    first, second = list(sampler), list(sampler)
    assert first != second
    assert mg.default_generator().get_state() == before


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_numpys_own_generators_will_do_and_others_are_refused(make: Any) -> None:
    assert len(list(make(np.random.default_rng(0)))) == len(make(None))
    for wrong in (0, np.random.RandomState(0)):
        with pytest.raises(DTypeError, match="manual_seed"):
            make(wrong)


def test_sequential_order() -> None:
    assert list(SequentialSampler("abcd")) == [0, 1, 2, 3]
    assert len(SequentialSampler("abcd")) == 4
    assert list(SequentialSampler([])) == []


def test_a_permutation_has_every_index_once() -> None:
    sampler = RandomSampler(range(100))
    order = list(sampler)
    assert sorted(order) == list(range(100))
    assert order != list(range(100))
    assert len(sampler) == sampler.num_samples == 100


@pytest.mark.parametrize("count", [1, 9, 10, 11, 25, 30])
def test_more_draws_than_items_are_permutations_in_a_row(count: int) -> None:
    order = list(RandomSampler(range(10), num_samples=count))
    assert len(order) == count
    for start in range(0, count - 9, 10):
        assert sorted(order[start : start + 10]) == list(range(10))
    assert len(set(order[count - count % 10 :])) == count % 10


@pytest.mark.parametrize("count", [1, 4095, 4096, 4097, 9000])
def test_draws_with_replacement(count: int) -> None:
    order = list(RandomSampler(range(3), replacement=True, num_samples=count))
    assert len(order) == count
    assert set(order) <= {0, 1, 2}
    if count > 4000:
        assert all(abs(seen / count - 1 / 3) < 0.05 for seen in Counter(order).values())


def test_the_length_is_taken_when_it_is_needed() -> None:
    items = [1, 2]
    sampler = RandomSampler(items)
    items += [3, 4]
    assert sorted(sampler) == [0, 1, 2, 3]
    assert len(sampler) == 4


@pytest.mark.parametrize("count", [0, -1, 2.0, "3", True])
def test_wrong_counts_are_refused(count: Any) -> None:
    with pytest.raises(ArgumentError, match="positive integer"):
        RandomSampler(range(3), num_samples=count)
    with pytest.raises(ArgumentError, match="positive integer"):
        WeightedRandomSampler([1.0], count)
    with pytest.raises(ArgumentError, match="positive integer"):
        BatchSampler(range(3), count, False)


def test_flags_must_be_flags() -> None:
    with pytest.raises(ArgumentError, match="replacement=3; expected True or False"):
        RandomSampler(range(3), 3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="drop_last=None"):
        BatchSampler(range(3), 2, None)  # type: ignore[arg-type]


def test_nothing_to_draw_from_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"no items.*shuffle=False"):
        RandomSampler([])


def test_subset_indices_may_be_anything_with_an_index() -> None:
    assert sorted(SubsetRandomSampler(["x", "y", "z"])) == ["x", "y", "z"]
    assert sorted(int(index) for index in SubsetRandomSampler(np.array([4, 2]))) == [2, 4]
    assert sorted(int(index) for index in SubsetRandomSampler(mg.tensor([4, 2]))) == [2, 4]
    assert list(SubsetRandomSampler([])) == []
    assert len(SubsetRandomSampler("abc")) == 3


def test_draws_follow_the_weights() -> None:
    weights = [0.0, 1.0, 3.0, 0.0, 4.0]
    seen = Counter(WeightedRandomSampler(weights, 8000, generator=mg.Generator().manual_seed(1)))
    assert set(seen) == {1, 2, 4}
    assert all(abs(seen[index] / 8000 - weight / 8) < 0.03 for index, weight in enumerate(weights))


def test_weighted_draws_without_replacement_are_different_and_heavy_ones_come_first() -> None:
    sampler = WeightedRandomSampler([1.0, 1000.0, 0.0, 1.0], 3, replacement=False)
    first = Counter()
    for _ in range(200):
        draws = list(sampler)
        assert sorted(draws) == [0, 1, 3]
        first[draws[0]] += 1
    assert first[1] > 180


@pytest.mark.parametrize("weights", [[1e-300, 1e-300], [1e300, 1e300], [5e-324, 0.0], [1.7e308, 1.7e308]])
def test_weights_of_any_size_will_do(weights: list[float]) -> None:
    assert set(WeightedRandomSampler(weights, 100)) <= {index for index, weight in enumerate(weights) if weight}


@pytest.mark.parametrize(
    ("weights", "replacement", "message"),
    [
        ([1.0, -0.5], True, r"weight 1 is -0\.5"),
        ([float("nan"), 1.0], True, "weight 0 is nan"),
        ([1.0, float("inf")], True, "weight 1 is inf"),
        ([0.0, 0.0], True, "all 2 weights are 0"),
        ([], True, "all 0 weights are 0"),
        ([[1.0], [2.0]], True, r"shape \(2, 1\)"),
        ([1.0, 0.0, 2.0], False, "3 draws without replacement from 2 items of positive weight"),
    ],
)
def test_wrong_weights_are_refused(weights: Any, replacement: bool, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        WeightedRandomSampler(weights, 3, replacement)


def test_weights_are_copied() -> None:
    weights = np.array([1.0, 0.0])
    sampler = WeightedRandomSampler(weights, 5)
    weights[:] = [0.0, 1.0]
    assert list(sampler) == [0] * 5


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("items", [0, 1, 2, 6, 7])
@pytest.mark.parametrize("drop_last", [True, False])
def test_batches_are_consecutive(items: int, size: int, drop_last: bool) -> None:
    sampler = BatchSampler(range(items), size, drop_last)
    batches = list(sampler)
    assert len(batches) == len(sampler)
    kept = items - items % size if drop_last else items
    assert [index for batch in batches for index in batch] == list(range(kept))
    assert all(len(batch) == size for batch in batches[:-1])


def test_batches_of_a_sampler_that_only_iterates() -> None:
    class Three(Sampler[str]):
        def __iter__(self) -> Any:
            return iter("abc")

    sampler = BatchSampler(Three(), 2, False)
    assert list(sampler) == [["a", "b"], ["c"]]
    with pytest.raises(DTypeError, match="Three has no length"):
        len(sampler)


def test_a_sampler_without_iter_says_so() -> None:
    with pytest.raises(NotImplementedError, match="Sampler defines no __iter__"):
        iter(Sampler())
