import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import PrefetchWarning, StateDictError
from minigrad.random import chosen_generator
from minigrad.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from tests.strategies import given, st

SIZE = 10


class Noisy(Dataset[Any]):
    """Items that are drawn anew whenever they are read."""

    def __init__(self, generator: Any = None) -> None:
        self.generator = generator

    def __len__(self) -> int:
        return SIZE

    def __getitem__(self, index: int) -> Any:
        return np.float64(index) + mg.rand(2, generator=self.generator).numpy()


class Stream(IterableDataset[int]):
    """A stream that shuffles through a buffer, so that each item depends on all draws before it."""

    def __init__(self, generator: Any = None) -> None:
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        generator = chosen_generator(self.generator)
        buffer = list(range(4))
        for new in range(4, SIZE + 4):
            place = int(generator.integers(4))
            yield buffer[place] % SIZE
            buffer[place] = new


class OwnSampler(RandomSampler):
    """A sampler of which nothing is known."""


def random(replacement: bool, count: int | None) -> Callable[[Any], Any]:
    return lambda g: DataLoader(Noisy(), 3, sampler=RandomSampler(range(SIZE), replacement, count, g))


LOADERS: dict[str, Callable[[Any], Any]] = {
    "in order": lambda g: DataLoader(Noisy(), 3),
    "shuffled": lambda g: DataLoader(Noisy(), 3, shuffle=True, generator=g),
    "last dropped": lambda g: DataLoader(Noisy(), 3, shuffle=True, drop_last=True, generator=g),
    "several permutations": random(False, 25),
    "draws": random(True, 25),
    "blocks of draws": lambda g: DataLoader(range(SIZE), 1000, sampler=RandomSampler(range(SIZE), True, 9500, g)),
    "subset": lambda g: DataLoader(Noisy(), 2, sampler=SubsetRandomSampler([1, 5, 7, 8, 9], g)),
    "weighted": lambda g: DataLoader(Noisy(), 2, sampler=WeightedRandomSampler([1.0, 2.0, 3.0], 9, generator=g)),
    "batches": lambda g: DataLoader(
        Noisy(), batch_sampler=BatchSampler(RandomSampler(range(9), generator=g), 4, False)
    ),
    "single items": lambda g: DataLoader(Noisy(), None, shuffle=True, generator=g),
    "weighted items": lambda g: DataLoader(Noisy(), None, sampler=WeightedRandomSampler([1.0, 2.0], 7, generator=g)),
    "blocks under another type": lambda g: DataLoader(Noisy(), 3, sampler=OwnSampler(range(SIZE), False, 25, g)),
    "buffer of a sampler": lambda g: DataLoader(Noisy(), 3, sampler=Stream(g)),
    "a loader's generator that nobody draws from": lambda g: DataLoader(
        Noisy(), 3, sampler=RandomSampler(range(SIZE)), generator=g or np.random.Generator(np.random.MT19937(4))
    ),
    "stream with a loader's generator": lambda g: DataLoader(Stream(), 3, generator=g),
    "stream": lambda g: DataLoader(Stream(g), 3),
    "stream of items": lambda g: DataLoader(Stream(g), None),
}


def bits(batch: Any) -> bytes:
    return np.asarray(batch).tobytes()


def run(
    loader: Any, passes: int, draws: list[int], watch: Callable[[int], None] = lambda step: None, done: int = 0
) -> list[bytes]:
    """What a training loop sees that draws numbers of its own between the batches."""
    seen = []
    while passes:
        for batch in loader:
            seen.append(bits(batch))
            if draws:
                seen.append(bits(mg.rand(draws[done % len(draws)])))
            done += 1
            watch(done)
        seen.append(b"end")
        passes -= 1
    return seen


@pytest.mark.filterwarnings("ignore::minigrad.errors.PrefetchWarning")
@pytest.mark.parametrize("ahead", [None, 3])
@pytest.mark.parametrize("own", [True, False], ids=["own generator", "default generator"])
@pytest.mark.parametrize("name", LOADERS)
def test_a_resumed_run_is_the_uninterrupted_one(name: str, own: bool, ahead: int | None) -> None:
    def loader() -> Any:
        made = LOADERS[name](mg.Generator().manual_seed(5) if own else None)
        made.prefetch_factor = ahead
        return made

    states: list[tuple[str, Any]] = []
    whole = loader()
    mg.manual_seed(1)
    states.append((json.dumps(whole.state_dict()), mg.get_rng_state()))
    expected = run(
        whole, 2, [1, 2, 3], lambda step: states.append((json.dumps(whole.state_dict()), mg.get_rng_state()))
    )
    steps = len(states) - 1
    assert steps == 2 * len(list(loader())) > 2
    middle = {2, 3, 4, 5, steps // 2 - 2} if steps > 6 else set()
    for done in {0, 1, 2, steps // 2 - 1, steps // 2, steps // 2 + 1, steps - 1, steps} | middle:
        state, random_state = states[done]
        again = loader()
        mg.manual_seed(99)
        again.load_state_dict(json.loads(state))
        mg.set_rng_state(random_state)
        ended = 1 if done > steps // 2 else 0  # the state before the end of a pass is seen still belongs to it
        found = run(again, 2 - ended, [1, 2, 3], done=done)
        assert found == expected[2 * done + ended :]


@given(
    st.sampled_from(sorted(LOADERS)),
    st.booleans(),
    st.lists(st.sampled_from([None, 1, 2, 3]), min_size=1, max_size=4),
    st.lists(st.integers(0, 2), min_size=1, max_size=5),
    st.lists(st.integers(1, 4), min_size=1, max_size=5),
    st.booleans(),
)
def test_a_run_that_is_stopped_again_and_again(
    name: str, own: bool, aheads: list[int | None], draws: list[int], stops: list[int], shared: bool
) -> None:
    """`shared` has the loop draw from the generator of the order; each stop may change `prefetch_factor`."""

    def go(stops: list[int], aheads: list[int | None]) -> list[bytes]:
        seen: list[bytes] = []
        mg.manual_seed(1)
        state: Any = None
        for stop, ahead in zip([*stops, -1], [*aheads, None] * (len(stops) + 1), strict=False):
            generator = mg.Generator().manual_seed(5) if own else None
            loader = LOADERS[name](generator)
            loader.prefetch_factor = ahead
            if state is not None:
                random_state = mg.get_rng_state()
                mg.manual_seed(77)
                loader.load_state_dict(json.loads(state))
                mg.set_rng_state(random_state)
            shares = generator if shared and loader.state_dict()["generator"] else None
            batches = iter(loader)
            while stop:
                stop -= 1
                try:
                    seen.append(bits(next(batches)))
                except StopIteration:
                    return seen
                seen.append(bits(mg.rand(draws[len(seen) % len(draws)], generator=shares)))
            state = json.dumps(loader.state_dict())
        return seen

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrefetchWarning)
        assert go(stops, aheads) == go([], [None])


def test_the_generator_may_be_restored_before_or_after() -> None:
    mg.manual_seed(0)
    loader = LOADERS["several permutations"](None)
    batches = iter(loader)
    first = [bits(next(batches)) for _ in range(5)]
    state, random_state = loader.state_dict(), mg.get_rng_state()
    rest = [bits(batch) for batch in batches]
    assert len(first) + len(rest) == 9
    for order in ("before", "after"):
        again = LOADERS["several permutations"](None)
        if order == "before":
            mg.set_rng_state(random_state)
        again.load_state_dict(state)
        resumed = iter(again)
        if order == "after":
            mg.set_rng_state(random_state)
        assert [bits(batch) for batch in resumed] == rest


@given(st.integers(1, 12), st.integers(1, 5), st.booleans(), st.integers(1, 30), st.data())
def test_any_position_of_any_sampler(size: int, batch: int, replacement: bool, count: int, data: st.DataObject) -> None:
    def make() -> Any:
        return DataLoader(range(size), batch, sampler=RandomSampler(range(size), replacement, count))

    done = data.draw(st.integers(0, -(-count // batch)))
    mg.manual_seed(2)
    loader = make()
    batches = iter(loader)
    for _ in range(done):
        next(batches)
        mg.rand(3)
    state, random_state = loader.state_dict(), mg.get_rng_state()
    rest = [bits(one) for one in batches]
    again = make()
    again.load_state_dict(state)
    mg.set_rng_state(random_state)
    assert [bits(one) for one in again] == rest


def test_the_state_passes_through_a_file(tmp_path: Path) -> None:
    loader = LOADERS["shuffled"](np.random.Generator(np.random.MT19937(4)))
    batches = iter(loader)
    next(batches)
    mg.save(loader.state_dict(), tmp_path / "loader")
    random_state = mg.get_rng_state()
    rest = [bits(batch) for batch in batches]
    again = LOADERS["shuffled"](np.random.Generator(np.random.MT19937(4)))
    again.load_state_dict(mg.load(tmp_path / "loader"))
    mg.set_rng_state(random_state)
    assert [bits(batch) for batch in again] == rest


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_every_generator_of_numpy_will_do(kind: str) -> None:
    def make(seed: int) -> Any:
        generator = np.random.Generator(getattr(np.random, kind)(seed))
        generator.integers(9, dtype=np.int32)
        return DataLoader(range(20), 3, shuffle=True, generator=generator)

    loader = make(1)
    batches = iter(loader)
    next(batches)
    state = json.loads(json.dumps(loader.state_dict()))
    expected = [bits(batch) for batch in batches] + [bits(batch) for batch in loader]
    again = make(2)
    again.load_state_dict(state)
    assert [bits(batch) for batch in again] + [bits(batch) for batch in again] == expected


def test_a_stream_is_read_again_without_moving_any_generator() -> None:
    class Noised(IterableDataset[Any]):
        def __init__(self, seed: int) -> None:
            self.noise = mg.Generator().manual_seed(seed)

        def __iter__(self) -> Iterator[Any]:
            for item in range(SIZE):
                yield item + mg.rand(2, generator=self.noise) + mg.rand(2)

    mg.manual_seed(5)
    data = Noised(1)
    loader = DataLoader(data, 3)
    batches = iter(loader)
    next(batches), next(batches)
    state, noise, random_state = loader.state_dict(), data.noise.get_state(), mg.get_rng_state()
    rest = [bits(batch) for batch in batches]
    for ahead in (None, 2):
        other = Noised(2)
        other.noise.set_state(noise)
        again = DataLoader(other, 3, prefetch_factor=ahead)
        again.load_state_dict(state)
        mg.set_rng_state(random_state)
        assert [bits(batch) for batch in again] == rest


@pytest.mark.parametrize("ahead", [None, 2])
def test_an_order_that_is_drawn_past_minigrad(ahead: int | None) -> None:
    class Direct(IterableDataset[int]):
        def __init__(self, seed: int) -> None:
            self.generator = np.random.default_rng(seed)

        def __iter__(self) -> Iterator[int]:
            yield from self.generator.permutation(SIZE).tolist()

    loader = DataLoader(Direct(1), 3, prefetch_factor=ahead)
    batches = iter(loader)
    next(batches)
    state = loader.state_dict()
    rest = [bits(batch) for batch in batches]
    again = DataLoader(Direct(2), 3, prefetch_factor=ahead)
    again.load_state_dict(state)
    assert [bits(batch) for batch in again] == rest


def test_a_state_is_a_copy_and_can_be_used_again() -> None:
    loader = DataLoader(range(9), 2, shuffle=True, generator=mg.Generator().manual_seed(1))
    batches = iter(loader)
    next(batches)
    state = loader.state_dict()
    kept = json.dumps(state)
    rest = [bits(batch) for batch in batches]
    for _ in range(2):
        loader.load_state_dict(state)
        assert json.dumps(loader.state_dict()) == kept
        assert [bits(batch) for batch in loader] == rest
    assert json.dumps(state) == kept


def test_the_position_between_two_passes_and_after_a_break() -> None:
    loader = DataLoader(range(6), 2)
    assert (loader.state_dict()["under_way"], loader.state_dict()["batches"]) == (False, 0)
    for _ in loader:
        break
    assert (loader.state_dict()["under_way"], loader.state_dict()["batches"]) == (True, 1)
    assert len(list(loader)) == 3
    assert (loader.state_dict()["under_way"], loader.state_dict()["batches"]) == (False, 0)


def test_all_batches_handed_out_but_the_end_not_seen() -> None:
    loader = DataLoader(range(4), 2, shuffle=True)
    batches = iter(loader)
    next(batches), next(batches)
    again = DataLoader(range(4), 2, shuffle=True)
    again.load_state_dict(loader.state_dict())
    assert list(again) == []
    assert len(list(again)) == 2


def test_the_latest_pass_counts() -> None:
    loader = DataLoader(range(6), 2)
    first, second = iter(loader), iter(loader)
    next(first), next(first), next(second)
    assert loader.state_dict()["batches"] == 1


def test_a_position_does_not_grow_with_the_pass() -> None:
    loader = DataLoader(range(3), 500, sampler=RandomSampler(range(3), True, 100_000))
    sizes = set()
    for _ in loader:
        sizes.add(len(json.dumps(loader.state_dict())) // 200)
        mg.rand(1)
    assert max(sizes) - min(sizes) <= 1


def wrong(**entries: Any) -> dict[str, Any]:
    return {**DataLoader(range(6), 2, shuffle=True).state_dict(), **entries}


PCG64 = {"bit_generator": "PCG64", "state": {"state": 1, "inc": 1}, "has_uint32": 0, "uinteger": 0}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (3, "got int; a loader's state dict has the keys"),
        ({}, r"got \[\]; a loader's"),
        (wrong(extra=1), "a loader's state dict has the keys"),
        ({"state": {}, "param_groups": []}, "another object's"),
        (wrong(batch_size=3), "batch_size=3 and length 3; this one has batch_size=2 and length 3"),
        (wrong(length=4), "length 4"),
        (wrong(batches=-1), "batches=-1 of 3"),
        (wrong(batches=4), "batches=4 of 3"),
        (wrong(batches=2**70), "batches"),
        (wrong(batches="1"), "batches='1'"),
        (wrong(batches=None), "batches"),
        (wrong(drawn=3), "drawn holds no pairs of a batch below 0 and a state"),
        (wrong(drawn=[3]), "drawn holds no pairs"),
        (wrong(drawn=[[0]]), "drawn holds no pairs"),
        (wrong(batches=1, drawn=[[0, None]]), "drawn holds no pairs"),
        (wrong(batches=1, drawn=[[1, PCG64]]), "drawn holds no pairs of a batch below 1"),
        (wrong(batches=1, drawn=[[-1, PCG64]]), "drawn holds no pairs"),
        (wrong(batches=2, drawn=[[1, PCG64], [0, PCG64]]), "in ascending order"),
        (wrong(batches=2, drawn=[[1, PCG64], [1, PCG64]]), "in ascending order"),
        (wrong(batches=1, drawn=[[0.5, PCG64]]), "drawn"),
        (wrong(start=3), "start is no state of the generator"),
        (wrong(start={}), "start is no state"),
        (wrong(start={**PCG64, "bit_generator": "MT19937"}), "start is no state"),
        (wrong(start={**PCG64, "state": {"state": 2**200, "inc": 1}}), "start is no state"),
        (wrong(start={**PCG64, "state": {"state": 1.5, "inc": 1}}), "start is no state"),
        (wrong(batches=1, drawn=[[0, {**PCG64, "has_uint32": "x"}]]), "drawn is no state"),
        (wrong(generator=PCG64), "with generator=, and this one is made without"),
    ],
)
def test_a_wrong_state_is_refused_and_changes_nothing(state: Any, message: str) -> None:
    mg.manual_seed(4)
    loader = DataLoader(range(6), 2, shuffle=True)
    batches = iter(loader)
    next(batches)
    before, random_state = json.dumps(loader.state_dict()), mg.get_rng_state().tolist()
    with pytest.raises(StateDictError, match=message):
        loader.load_state_dict(state)
    assert json.dumps(loader.state_dict()) == before
    assert mg.get_rng_state().tolist() == random_state
    assert len(list(batches)) == 2


def test_a_generator_that_is_missing_is_refused() -> None:
    state = DataLoader(range(6), 2, shuffle=True).state_dict()
    loader = DataLoader(range(6), 2, shuffle=True, generator=mg.Generator())
    with pytest.raises(StateDictError, match="without generator=, and this one is made with"):
        loader.load_state_dict(state)
