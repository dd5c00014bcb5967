import gc
import subprocess
import sys
import threading
import time
import traceback
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import PrefetchWarning
from minigrad.transforms import Compose, RandomAffine, RandomCrop, ToTensor
from minigrad.utils.data import DataLoader, Dataset, IterableDataset, RandomSampler, TensorDataset
from minigrad.utils.data.prefetch import _Copies
from tests.strategies import given, st

SIZE = 10


class Noisy(Dataset[Any]):
    def __init__(self, generator: Any = None, size: int = SIZE) -> None:
        self.generator = generator
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> Any:
        return np.float64(index) + mg.rand(2, generator=self.generator).numpy()


class Stream(IterableDataset[Any]):
    def __init__(self, generator: Any = None) -> None:
        self.generator = generator

    def __iter__(self) -> Iterator[Any]:
        for item in range(SIZE):
            yield item + mg.randint(0, 9, (1,), generator=self.generator).item()


def bits(batch: Any) -> bytes:
    return np.asarray(batch).tobytes()


def ours() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "minigrad.utils.data"]


def ends(condition: Callable[[], bool]) -> bool:
    """Whether it comes true in time."""
    limit = time.monotonic() + 20
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(0.002)
    return True


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert ends(lambda: not ours())


def seeded(seed: int) -> Any:
    return mg.Generator().manual_seed(seed)


IMAGES = np.random.default_rng(0).integers(256, size=(SIZE, 9, 9), dtype=np.uint8)

LOADERS: dict[str, Callable[[Any], Any]] = {
    "in order": lambda k: DataLoader(TensorDataset(mg.arange(SIZE)), 3, prefetch_factor=k, collate_fn=collated),
    "shuffled": lambda k: DataLoader(range(SIZE), 3, shuffle=True, prefetch_factor=k),
    "own generator": lambda k: DataLoader(range(SIZE), 3, shuffle=True, generator=seeded(3), prefetch_factor=k),
    "noise of the thread": lambda k: DataLoader(Noisy(), 3, shuffle=True, prefetch_factor=k),
    "noise of its own": lambda k: DataLoader(Noisy(seeded(4)), 3, shuffle=True, prefetch_factor=k),
    "noise of NumPy": lambda k: DataLoader(
        Noisy(np.random.Generator(np.random.MT19937(4))), 3, shuffle=True, prefetch_factor=k
    ),
    "several permutations": lambda k: DataLoader(
        Noisy(), 3, sampler=RandomSampler(range(SIZE), num_samples=25), prefetch_factor=k
    ),
    "stream": lambda k: DataLoader(Stream(), 3, prefetch_factor=k),
    "items": lambda k: DataLoader(Noisy(), None, shuffle=True, prefetch_factor=k),
    "images": lambda k: DataLoader(
        mg.datasets.ImageDataset(
            IMAGES, np.arange(SIZE), Compose([RandomCrop(9, 2), ToTensor(), RandomAffine(20, generator=seeded(8))])
        ),
        4,
        shuffle=True,
        prefetch_factor=k,
        collate_fn=None,
    ),
}


def collated(items: list[Any]) -> Any:
    return mg.stack([item for (item,) in items])


def seen(loader: Any, drawing: bool, passes: int = 2) -> list[Any]:
    """Batches, the caller's own numbers, and the state of its generator, step by step."""
    found: list[Any] = []
    for _ in range(passes):
        for batch in loader:
            found.append([bits(part) for part in batch] if isinstance(batch, list) else bits(batch))
            if drawing:
                found.append(bits(mg.rand(3)))
            found.append(mg.get_rng_state().tolist())
            found.append(loader.state_dict())
        found.append(mg.get_rng_state().tolist())
    return found


@pytest.mark.parametrize("ahead", [1, 2, 5, 100])
@pytest.mark.parametrize("drawing", [False, True], ids=["quiet loop", "drawing loop"])
@pytest.mark.parametrize("name", LOADERS)
def test_all_is_as_without_the_thread(name: str, drawing: bool, ahead: int) -> None:
    mg.manual_seed(1)
    expected = seen(LOADERS[name](None), drawing)
    mg.manual_seed(1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = seen(LOADERS[name](ahead), drawing)
    assert found == expected
    conflicts = name in ("noise of the thread", "several permutations", "stream", "items", "images")
    assert bool(caught) == (drawing and conflicts)
    assert all(warning.category is PrefetchWarning for warning in caught)


@given(
    st.integers(1, 4),
    st.integers(1, 30),
    st.booleans(),
    st.lists(st.integers(0, 2), min_size=1, max_size=12),
    st.data(),
)
def test_any_loop_that_draws_now_and_then(
    batch: int, count: int, replacement: bool, draws: list[int], data: st.DataObject
) -> None:
    noisy = data.draw(st.sampled_from([Noisy(), Noisy(None, 3)]))

    def run(ahead: int | None) -> list[Any]:
        mg.manual_seed(5)
        sampler = RandomSampler(range(len(noisy)), replacement, count)
        loader = DataLoader(noisy, batch, sampler=sampler, prefetch_factor=ahead)
        found: list[Any] = []
        for step, value in enumerate(loader):
            found += [bits(value), bits(mg.rand(draws[step % len(draws)])), loader.state_dict()]
        return found

    expected = run(None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrefetchWarning)
        assert run(data.draw(st.integers(1, 4))) == expected


def test_a_run_resumes_with_batches_loaded_ahead() -> None:
    noise = seeded(7)
    loader = DataLoader(Noisy(noise), 2, shuffle=True, prefetch_factor=3)
    mg.manual_seed(2)
    batches = iter(loader)
    next(batches), next(batches)
    state, random_state, noise_state = loader.state_dict(), mg.get_rng_state(), noise.get_state()
    rest = [bits(batch) for batch in batches]
    for ahead in (None, 3):
        other = seeded(0)
        again = DataLoader(Noisy(other), 2, shuffle=True, prefetch_factor=ahead)
        again.load_state_dict(state)
        mg.set_rng_state(random_state)
        other.set_state(noise_state)
        assert [bits(batch) for batch in again] == rest


def test_the_warning_points_at_the_loop() -> None:
    batches = iter(DataLoader(Noisy(), 2, prefetch_factor=2))
    next(batches)
    mg.rand(1)
    with pytest.warns(PrefetchWarning, match=r"prefetch_factor=2.*Give the transforms or the sampler") as caught:
        next(batches)
    assert [warning.filename for warning in caught] == [__file__]


class Watched(Dataset[Any]):
    """Tells which items were read, and waits before those that a test holds back."""

    def __init__(self, size: int = 20) -> None:
        self.size = size
        self.read: list[int] = []
        self.threads: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> int:
        assert self.gate.wait(20)
        self.read.append(index)
        self.threads.add(threading.current_thread().name)
        return index


@pytest.mark.parametrize("ahead", [1, 3])
def test_no_more_than_so_many_batches_are_loaded(ahead: int) -> None:
    data = Watched()
    batches = iter(DataLoader(data, 2, prefetch_factor=ahead))
    assert not ours()
    for step in range(1, 5):
        next(batches)
        limit = 2 * (step + ahead)
        assert ends(lambda limit=limit: len(data.read) >= limit)  # type: ignore[misc]
        time.sleep(0.02)
        assert len(data.read) == limit
    assert data.threads == {"minigrad.utils.data"}
    assert data.read == list(range(len(data.read)))


def left_by_an_error(loader: Any) -> None:
    for _ in loader:
        raise KeyError


@pytest.mark.parametrize("how", ["break", "delete", "error"])
def test_who_leaves_early_ends_the_thread(how: str) -> None:
    data = Watched()
    loader = DataLoader(data, 2, prefetch_factor=2)
    if how == "break":
        for _ in loader:
            break
    elif how == "delete":
        batches = iter(loader)
        next(batches)
        assert len(ours()) == 1
        del batches
    else:
        with pytest.raises(KeyError):
            left_by_an_error(loader)
    assert ends(lambda: not ours())
    assert len(data.read) < 20


def test_the_thread_ends_with_the_last_batch_and_the_iterator_stays_at_its_end() -> None:
    batches = iter(DataLoader(range(4), 2, prefetch_factor=2))
    assert len(list(batches)) == 2
    assert ends(lambda: not ours())
    for _ in range(3):
        with pytest.raises(StopIteration):
            next(batches)


def test_nothing_keeps_a_batch_or_the_data_alive() -> None:
    class Item:
        pass

    made: list[weakref.ref[Item]] = []

    class Items(Dataset[Any]):
        def __len__(self) -> int:
            return 8

        def __getitem__(self, index: int) -> Item:
            item = Item()
            made.append(weakref.ref(item))
            return item

    data = Items()
    gone = weakref.ref(data)
    gc.disable()
    try:
        for batch in DataLoader(data, 1, collate_fn=lambda items: items[0], prefetch_factor=1):
            assert isinstance(batch, Item)
            number = len([one for one in made if one() is not None])
            assert number <= 3  # ours, the one before it, the one that waits
        del batch, data
        assert ends(lambda: not ours() and gone() is None and not any(one() for one in made))
    finally:
        gc.enable()


class Failing(Dataset[Any]):
    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> int:
        if index in (2, 3):
            self.fail(index)
        return index

    def fail(self, index: int) -> None:
        raise KeyError(f"item {index} is broken")


@pytest.mark.parametrize("ahead", [None, 1, 3])
def test_errors_come_where_their_batch_would_have_with_their_traceback(ahead: int | None) -> None:
    batches = iter(DataLoader(Failing(), 1, prefetch_factor=ahead))
    found: list[Any] = []
    for _ in range(6):
        try:
            found.append(next(batches).item())
        except KeyError as error:
            found.append(str(error))
            names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
            assert names[0].startswith("test_errors_come")
            assert names[-2:] == ["__getitem__", "fail"]
    assert found == [0, 1, "'item 2 is broken'", "'item 3 is broken'", 4, 5]
    assert next(batches, None) is None


def test_an_exit_in_the_data_set_reaches_the_caller() -> None:
    class Exiting(Dataset[Any]):
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            raise SystemExit(index)

    with pytest.raises(SystemExit):
        next(iter(DataLoader(Exiting(), prefetch_factor=2)))


def test_batches_come_where_no_thread_can_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(thread: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    loader = DataLoader(range(5), 2, prefetch_factor=2)
    found = []
    for batch in loader:
        found.append(batch.tolist())
        assert loader.state_dict()["batches"] == len(found)
    assert found == [[0, 1], [2, 3], [4]]
    assert loader.state_dict()["under_way"] is False


def test_recording_is_switched_off_in_the_thread_too() -> None:
    images = mg.ones(4, 2)
    images.requires_grad = True
    loader = DataLoader(TensorDataset(images), 2, prefetch_factor=1)
    with mg.no_grad():
        assert [batch.requires_grad for (batch,) in loader] == [False, False]
    assert [batch.requires_grad for (batch,) in loader] == [True, True]


def test_with_workers_nothing_changes() -> None:
    data = Watched(4)
    loader = DataLoader(data, 2, num_workers=2, prefetch_factor=2)
    assert len(list(loader)) == 2
    assert data.threads == {threading.current_thread().name}


def test_two_passes_at_once() -> None:
    loader = DataLoader(range(9), 2, prefetch_factor=2)
    together = [(a.tolist(), b.tolist()) for a, b in zip(loader, loader, strict=True)]
    assert all(a == b for a, b in together)
    assert len(together) == 5


def test_generators_made_for_each_item_do_not_pile_up() -> None:
    copies = _Copies()
    order = seeded(1)
    held = copies(order)
    for seed in range(200):
        copies(seeded(seed)).random()
        assert len(copies.draws()) == 1
    assert len(copies.copies) == len(copies.known) <= 64
    held.random()
    assert [generator for generator, _, _ in copies.draws()] == [order]

    class OwnSeed(Dataset[Any]):
        def __len__(self) -> int:
            return 30

        def __getitem__(self, index: int) -> Any:
            return mg.rand(2, generator=seeded(index)).numpy()

    found = []
    for ahead in (None, 2):
        mg.manual_seed(1)
        found.append(
            seen(
                DataLoader(OwnSeed(), 70, sampler=RandomSampler(range(30), num_samples=600), prefetch_factor=ahead),
                False,
            )
        )
    assert found[0] == found[1]


@pytest.mark.parametrize("last", ["next(batches)", "raise SystemExit(3)", "next(batches); gate.clear()"])
def test_the_program_ends(last: str) -> None:
    program = f"""
import threading, time
import minigrad as mg
from minigrad.utils.data import DataLoader, Dataset
gate = threading.Event(); gate.set()
class Slow(Dataset):
    def __len__(self): return 1000
    def __getitem__(self, index):
        gate.wait(0.05)
        return mg.ones(100, 100) @ mg.ones(100, 100)
batches = iter(DataLoader(Slow(), 4, prefetch_factor=2))
next(batches)
{last}
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == (3 if "SystemExit" in last else 0)
    assert done.stderr == ""
