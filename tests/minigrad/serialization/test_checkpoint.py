"""Checkpoints of a run: it goes on with the same bits, or nothing is touched."""

import contextlib
import os
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, DataError, DTypeError, StateDictError
from minigrad.files import replace_atomically
from minigrad.serialization import load_checkpoint, save_checkpoint
from minigrad.utils.data import DataLoader, TensorDataset


@pytest.fixture(params=["run.npz", "run.safetensors"])
def path(request, tmp_path):
    if request.param.endswith("safetensors"):
        pytest.importorskip("safetensors")
    return tmp_path / request.param


class Average:
    """An object of a user's own with a state."""

    def __init__(self):
        self.total, self.refuses = 0.0, False

    def state_dict(self):
        return {"total": self.total}

    def load_state_dict(self, state):
        self.total = state["total"]
        if self.refuses:
            raise KeyError("no")


class Run:
    """A small training with everything in it that has a state."""

    def __init__(self, seed=0, ahead=None):
        mg.manual_seed(0)
        self.noise = mg.Generator().manual_seed(seed + 1)
        data = TensorDataset(mg.rand(20, 1, 6, 6), mg.randint(0, 3, (20,)))
        mg.manual_seed(seed)
        self.model = nn.Sequential(
            nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Tanh(), nn.Dropout(0.3), nn.Flatten(), nn.Linear(32, 3)
        )
        self.optimizer = mg.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
        self.loader = DataLoader(
            data, 4, shuffle=True, prefetch_factor=ahead, generator=ahead and mg.Generator().manual_seed(seed)
        )
        self.average = Average()
        self.epoch = 0
        self.loop = self.endless()

    def objects(self):
        return {"model": self.model, "optimizer": self.optimizer, "loader": self.loader, "generators": [self.noise],
                "average": self.average}  # fmt: skip

    def endless(self):
        """The training loop: yields after each step."""
        while True:
            for x, labels in self.loader:
                self.optimizer.zero_grad()
                x = x + 0.1 * mg.randn(x.shape, generator=self.noise)
                nn.functional.cross_entropy(self.model(x), labels).backward()
                self.optimizer.step()
                self.average.total += float(mg.rand(1))
                yield
            self.epoch += 1

    def steps(self, count):
        for _ in range(count):
            next(self.loop)
        return self

    def resume(self, path):
        values = load_checkpoint(path, **self.objects())
        self.loop = self.endless()
        return values

    def bits(self):
        """All that can be seen of its state."""
        tensors = {name: t.numpy().tobytes() for name, t in self.model.state_dict().items()}
        kept = [
            {n: v.numpy().tobytes() for n, v in s.items() if isinstance(v, mg.Tensor)}
            for s in self.optimizer.state.values()
        ]
        lr = [group["lr"] for group in self.optimizer.param_groups]
        return [tensors, kept, lr, self.loader.state_dict(), self.average.total, mg.get_rng_state().tolist(),
                self.noise.get_state()]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), [(0, 7), (1, 9), (4, 1), (5, 6), (7, 8)])
def test_a_run_goes_on_with_the_same_bits(before, after, path):
    run = Run().steps(before)
    save_checkpoint(path, **run.objects(), epoch=run.epoch, history=[0.5, float("nan")], best=None)
    right = run.steps(after).bits()
    other = Run(seed=50).steps(3)
    values = other.resume(path)
    assert list(values) == ["epoch", "history", "best"]
    assert (values["epoch"], values["history"][0], values["best"]) == (max(before - 1, 0) // 5, 0.5, None)
    assert other.steps(after).bits() == right


@pytest.mark.parametrize("before", [1, 4, 5, 7])
def test_batches_that_are_loaded_ahead_do_not_count(before, path):
    """The thread is some batches further than the loop; the checkpoint is where the loop is."""
    run = Run(ahead=2).steps(before)
    save_checkpoint(path, **run.objects())
    right = run.steps(6).bits()
    other = Run(seed=50, ahead=2).steps(2)
    other.resume(path)
    assert other.steps(6).bits() == right
    assert Run(ahead=2).steps(before + 6).bits() == right


def test_a_scheduler_that_goes_on_does_not_miss_the_steps_before(path):
    def made():
        optimizer = mg.optim.SGD([mg.ones(2, requires_grad=True)], lr=1.0)
        return {"optimizer": optimizer, "scheduler": mg.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)}

    one, two = made(), made()
    one["optimizer"].step()
    save_checkpoint(path, **one)
    load_checkpoint(path, **two)
    two["scheduler"].step()  # a warning here would be an error
    assert two["optimizer"].param_groups[0]["lr"] == 0.5


def test_saving_changes_nothing(path):
    run = Run().steps(3)
    before = run.bits()
    save_checkpoint(path, **run.objects())
    assert run.bits() == before
    assert run.steps(4).bits() == Run().steps(7).bits()


def test_the_state_is_an_ordinary_file(path):
    run = Run().steps(2)
    save_checkpoint(path, **run.objects(), epoch=3)
    content = mg.load(path)
    assert content["values"] == {"epoch": 3}
    nn.Sequential(*run.model).load_state_dict(content["states"]["model"])
    assert list(content["states"]) == ["model", "optimizer", "loader", "generators[0]", "average"]


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_every_generator_of_numpy_goes_on(kind, path):
    one, two = (np.random.Generator(getattr(np.random, kind)(seed)) for seed in (0, 1))
    one.random(3), one.integers(5, dtype=np.int32)  # so that half of a number waits
    save_checkpoint(path, rng=one)
    right = one.random(5).tolist(), one.integers(100, size=7, dtype=np.int32).tolist()
    load_checkpoint(path, rng=two)
    assert (two.random(5).tolist(), two.integers(100, size=7, dtype=np.int32).tolist()) == right


def test_generators_keep_their_seed_and_their_kind(path):
    one = mg.Generator().manual_seed(-7)
    mg.manual_seed(12)
    save_checkpoint(path, rng=one)
    two = mg.Generator().manual_seed(1)
    mg.manual_seed(2)
    load_checkpoint(path, rng=two)
    assert (two.initial_seed(), mg.initial_seed()) == (-7, 12)
    before = two.get_state()
    with pytest.raises(StateDictError, match=r"the state of rng does not fit.*PCG64.*MT19937"):
        load_checkpoint(path, rng=np.random.Generator(np.random.MT19937(0)))
    assert two.get_state() == before


def test_containers_of_objects(path):
    def made():
        return [Average(), Average()], {"a": mg.Generator(), "b": (Average(),)}

    several, nested = made()
    several[1].total, nested["b"][0].total = 3.0, 4.0
    save_checkpoint(path, several=several, nested=nested, numbers=[1, 2], empty=[], options={"a": (1,)})
    several, nested = made()
    assert load_checkpoint(path, several=several, nested=nested) == {
        "numbers": [1, 2],
        "empty": [],
        "options": {"a": (1,)},
    }
    assert (several[1].total, nested["b"][0].total) == (3.0, 4.0)


# --------------------------------------------------------------------------- all or nothing


def changed(path, change):
    """Write a checkpoint again, with a right checksum and something else in it."""
    content = mg.load(path)
    change(content)
    mg.save(content, path)


def momentum(content):
    return list(content["states"]["optimizer"]["state"].values())[-1]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda c: c["states"]["model"].update({"5.bias": mg.ones(4)}), "model"),
        (lambda c: c["states"]["model"].pop("5.bias"), "model"),
        (lambda c: c["states"]["model"].update(more=mg.ones(1)), "model"),
        (lambda c: c["states"].update(model=[1]), "model"),
        (lambda c: c["states"]["optimizer"]["param_groups"][0]["params"].pop(), "optimizer"),
        (lambda c: c["states"]["optimizer"].pop("state"), "optimizer"),
        (lambda c: momentum(c).update(momentum_buffer=mg.ones(4)), "optimizer"),
        (lambda c: momentum(c).update(momentum_buffer=mg.ones(3, 2)), "optimizer"),
        (lambda c: c["states"]["optimizer"]["state"].update({"x": {}}), "optimizer"),
        (lambda c: c["states"]["loader"].update(batch_size=5), "loader"),
        (lambda c: c["states"].update(loader=None), "loader"),
        (lambda c: c["states"]["generators[0]"]["state"].update(bit_generator="MT19937"), r"generators\[0\]"),
        (lambda c: c["states"]["generators[0]"]["state"]["state"].update(state="many"), r"generators\[0\]"),
        (lambda c: c["states"]["generators[0]"].update(seed="x"), r"generators\[0\]"),
        (lambda c: c["states"]["average"].clear(), "average"),
        (lambda c: c["random"]["state"]["state"].pop("inc"), "the random numbers of this thread"),
        (lambda c: c.update(random=3), "the random numbers of this thread"),
    ],
)
def test_one_state_that_does_not_fit_leaves_everything_as_it_was(change, name, path):
    save_checkpoint(path, **Run().steps(3).objects(), epoch=1)
    changed(path, change)
    run = Run(9).steps(4)
    before = run.bits()
    with pytest.raises(StateDictError, match=rf"the state of {name} does not fit.*nothing was loaded"):
        load_checkpoint(path, **run.objects())
    assert run.bits() == before
    assert run.steps(3).bits() == Run(9).steps(7).bits()


def test_an_object_that_gives_up_in_the_middle_is_put_back_too(path):
    run = Run().steps(2)
    save_checkpoint(path, **run.objects())
    run.steps(2)
    before = run.bits()
    run.average.refuses = True
    with pytest.raises(StateDictError, match="average"):
        load_checkpoint(path, **run.objects())
    assert run.bits() == before


def test_ctrl_c_in_the_middle_is_no_half_either(path):
    class Interrupted(Average):
        def load_state_dict(self, state):
            super().load_state_dict(state)
            if state["total"] == 1:
                raise KeyboardInterrupt

    run, last = Run().steps(2), Interrupted()
    last.total = 1.0
    save_checkpoint(path, **run.objects(), last=last)
    run.steps(2)
    before, last.total = run.bits(), 2.0
    with pytest.raises(KeyboardInterrupt):
        load_checkpoint(path, **run.objects(), last=last)
    assert (run.bits(), last.total) == (before, 2.0)


def test_lazy_modules_stay_lazy_when_something_else_does_not_fit(path):
    lazy = nn.Sequential(nn.LazyLinear(3))
    full = nn.Sequential(nn.Linear(2, 3))
    save_checkpoint(path, model=full, average=Average())
    bad = Average()
    bad.refuses = True
    with pytest.raises(StateDictError):
        load_checkpoint(path, model=lazy, average=bad)
    assert isinstance(lazy[0].weight, mg.Uninitialized)
    load_checkpoint(path, model=lazy, average=Average())
    assert lazy[0].weight.tolist() == full[0].weight.tolist()


def test_options_that_only_the_file_has_do_not_stay(path):
    lr_scheduler = mg.optim.lr_scheduler
    model = nn.Linear(2, 1)
    optimizer = mg.optim.SGD(model.parameters(), lr=1.0, momentum=0.9)
    scheduler = lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=10)
    save_checkpoint(path, optimizer=optimizer, scheduler=scheduler, model=model)
    other = nn.Linear(3, 1)
    optimizer = mg.optim.SGD(other.parameters(), lr=0.01, momentum=0.9)
    scheduler = lr_scheduler.OneCycleLR(mg.optim.SGD(other.parameters(), momentum=0.5), 2.0, total_steps=10)
    (group,) = optimizer.param_groups
    before = list(group.items())
    with pytest.raises(StateDictError, match="the state of model does not fit"):
        load_checkpoint(path, optimizer=optimizer, scheduler=scheduler, model=other)
    assert optimizer.param_groups[0] is group
    assert list(group.items()) == before
    assert lr_scheduler.LambdaLR(optimizer, lambda epoch: 1.0).get_last_lr() == [0.01]


def test_every_lazy_module_stays_lazy(path):
    full = [nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 3)), nn.Linear(2, 4), nn.BatchNorm2d(5)]
    save_checkpoint(path, models=full)
    first, norm = nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 3)), nn.LazyBatchNorm2d()
    beside = first[1].weight.tolist()
    parameters = list(first.parameters())
    with pytest.raises(StateDictError, match=r"the state of models\[2\] does not fit"):
        load_checkpoint(path, models=[first, nn.LazyLinear(4), nn.BatchNorm2d(6)])
    with pytest.raises(StateDictError, match=r"the state of models\[1\] does not fit"):
        load_checkpoint(path, models=[first, nn.Sequential(nn.LazyLinear(4)), norm])
    assert first[1].weight.tolist() == beside
    assert first[0].has_uninitialized_params()
    assert norm.has_uninitialized_params()
    assert all(one is other for one, other in zip(first.parameters(), parameters, strict=True))
    assert first(mg.ones(1, 7)).shape == (1, 3)  # another size than the file's
    first(mg.ones(1, 7)).sum().backward()
    assert first[0].weight.grad.shape == (3, 7)


def test_an_optimiser_of_a_lazy_model_follows_it(path):
    model = nn.Linear(2, 3)
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(mg.ones(1, 2)).sum().backward()
    optimizer.step()
    save_checkpoint(path, model=model, optimizer=optimizer)
    lazy = nn.LazyLinear(3)
    other = mg.optim.SGD(lazy.parameters(), lr=0.1, momentum=0.9)
    load_checkpoint(path, model=lazy, optimizer=other)
    assert lazy.weight.tolist() == model.weight.tolist()
    assert other.state[lazy.weight]["momentum_buffer"].shape == (3, 2)


@pytest.mark.parametrize("damage", [lambda raw: raw[:-1], lambda raw: raw[: len(raw) // 2], lambda raw: b"",
                                    lambda raw: raw[:200] + bytes([raw[200] ^ 4]) + raw[201:]])  # fmt: skip
def test_a_damaged_file_touches_nothing(damage, path):
    run = Run().steps(2)
    save_checkpoint(path, **run.objects())
    path.write_bytes(damage(path.read_bytes()))
    run.steps(2)
    before = run.bits()
    with pytest.raises(DataError, match=path.name):
        load_checkpoint(path, **run.objects())
    assert run.bits() == before


# --------------------------------------------------------------------------- arguments


def test_both_sides_must_have_the_same_states(path):
    run = Run()
    save_checkpoint(path, model=run.model, optimizer=run.optimizer, epoch=1)
    with pytest.raises(StateDictError, match=r"also holds the state of optimizer.*\['states'\]"):
        load_checkpoint(path, model=run.model)
    with pytest.raises(StateDictError, match=r"holds the state of model, optimizer; there is none of average"):
        load_checkpoint(path, model=run.model, optimizer=run.optimizer, average=run.average)
    with pytest.raises(DTypeError, match=r"epoch=1, which has no state"):
        load_checkpoint(path, model=run.model, optimizer=run.optimizer, epoch=1)


def test_other_files_are_no_checkpoints(path):
    for value in ([1], {"w": mg.ones(1)}, {"checkpoint": "minigrad-checkpoint-9"}):
        mg.save(value, path)
        with pytest.raises(DataError, match="is no checkpoint"):
            load_checkpoint(path)
    for value in ({"states": 3}, {"states": {}, "values": {}}):
        mg.save({"checkpoint": "minigrad-checkpoint-1", **value}, path)
        with pytest.raises(DataError, match="without states"):
            load_checkpoint(path)
    with pytest.raises(FileNotFoundError):
        load_checkpoint(path.with_name("none"))


def test_what_cannot_be_saved(path):
    save_checkpoint(path, epoch=1)
    with pytest.raises(DTypeError, match=r"a object at \['values'\]\['thing'\]"):
        save_checkpoint(path, thing=object())
    with pytest.raises(DTypeError, match=r"mixed\[1\] is a int beside objects with a state"):
        save_checkpoint(path, mixed=[Average(), 1])
    around = [Average()]
    around.append(around)
    with pytest.raises(ArgumentError, match="contains itself"):
        save_checkpoint(path, around=around)
    for keep in (0, -1, 1.5, True, "3"):
        with pytest.raises(ArgumentError, match="keep"):
            save_checkpoint(path, keep=keep)
    for wrong in (None, 3):
        with pytest.raises(DTypeError, match="path"):
            save_checkpoint(wrong)
        with pytest.raises(DTypeError, match="path"):
            load_checkpoint(wrong)
    assert load_checkpoint(path) == {"epoch": 1}
    assert [one.name for one in path.parent.iterdir()] == [path.name]


# --------------------------------------------------------------------------- files


def epochs(path):
    return {one.name: load_checkpoint(one)["epoch"] for one in path.parent.iterdir()}


def test_the_latest_files_are_kept(tmp_path):
    path = tmp_path / "run.npz"
    for epoch in range(6):
        save_checkpoint(path, keep=3, epoch=epoch)
    assert epochs(path) == {"run.npz": 5, "run.1.npz": 4, "run.2.npz": 3}
    save_checkpoint(path, epoch=6)
    assert epochs(path) == {"run.npz": 6, "run.1.npz": 4, "run.2.npz": 3}


@pytest.mark.parametrize("moment", range(8))
def test_a_kill_between_any_two_names_loses_no_file(tmp_path, monkeypatch, moment):
    """Each change of a name is the last thing that a process does; the next one goes on."""
    path = tmp_path / "run.npz"
    for epoch in range(3):
        save_checkpoint(path, keep=3, epoch=epoch)
    left = [moment]

    def counted(function):
        def change(*arguments):
            if left[0] == 0:
                raise SystemExit
            left[0] -= 1
            return function(*arguments)

        return change

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", counted(os.link))
        patched.setattr(Path, "replace", counted(Path.replace))
        patched.setattr(Path, "unlink", lambda self, **_: None)  # a killed process clears nothing up
        for epoch in (3, 4):
            with contextlib.suppress(SystemExit):
                save_checkpoint(path, keep=3, epoch=epoch)
    latest = load_checkpoint(path)["epoch"]
    assert latest == 2 + (moment >= 4) + (moment >= 8)
    save_checkpoint(path, keep=3, epoch=9)
    kept = epochs(path)
    assert kept["run.npz"] == 9
    assert kept["run.1.npz"] == latest
    assert latest >= kept.get("run.2.npz", latest) >= latest - 1
    assert set(kept) <= {"run.npz", "run.1.npz", "run.2.npz"}


def test_files_are_kept_without_hard_links(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "run.npz"
    for epoch in range(3):
        save_checkpoint(path, keep=2, epoch=epoch)
    assert epochs(path) == {"run.npz": 2, "run.1.npz": 1}


def test_a_save_that_fails_keeps_all_files(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    for epoch in range(3):
        save_checkpoint(path, keep=2, epoch=epoch)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys.modules["minigrad.serialization.archives"], "seal", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, keep=2, epoch=9)
    assert epochs(path) == {"run.npz": 2, "run.1.npz": 1}


def test_what_a_killed_process_left_is_removed(tmp_path):
    path = tmp_path / "run[1].npz"
    (tmp_path / ".run[1].npz.0123456789ab.tmp").write_bytes(b"half")
    (tmp_path / ".run1.npz.0123456789ab.tmp").write_bytes(b"another's")
    save_checkpoint(path, epoch=1)
    assert sorted(one.name for one in tmp_path.iterdir()) == [".run1.npz.0123456789ab.tmp", "run[1].npz"]


@pytest.mark.parametrize("step", ["fsync", "link", "copy"])
def test_a_full_disk_costs_no_file(tmp_path, monkeypatch, step):
    path = tmp_path / "run.npz"
    for epoch in range(3):
        save_checkpoint(path, keep=3, epoch=epoch)
    before = epochs(path)
    assert before == {"run.npz": 2, "run.1.npz": 1, "run.2.npz": 0}
    sync, calls = os.fsync, []

    def full(*_):
        raise OSError(28, "No space left on device")

    def full_later(descriptor):
        calls.append(descriptor)
        return sync(descriptor) if len(calls) % 2 else full()

    with monkeypatch.context() as patched:
        if step != "link":
            patched.setattr(os, "fsync", full if step == "fsync" else full_later)
        if step != "fsync":
            patched.setattr(os, "link", full)
        if step == "link":
            patched.setattr(Path, "read_bytes", full)
        for _ in range(3):
            with pytest.raises(OSError, match="No space left"):
                save_checkpoint(path, keep=3, epoch=9)
    assert epochs(path) == before


def test_another_file_being_written_is_left_alone(tmp_path):
    with replace_atomically(tmp_path / "run.npz") as file:
        save_checkpoint(tmp_path / "run", epoch=1)
        file.write(b"whole")
    assert (tmp_path / "run.npz").read_bytes() == b"whole"


def test_behind_a_link_the_files_step_back_where_it_leads(tmp_path):
    (tmp_path / "disk").mkdir()
    link = tmp_path / "run.npz"
    link.symlink_to(Path("disk") / "run.npz")
    for epoch in range(3):
        save_checkpoint(link, keep=2, epoch=epoch)
    assert load_checkpoint(link) == {"epoch": 2}
    assert link.is_symlink()
    assert [one.name for one in tmp_path.iterdir() if one != link] == ["disk"]
    assert epochs(tmp_path / "disk" / "run.npz") == {"run.npz": 2, "run.1.npz": 1}
    assert not any(one.is_symlink() for one in (tmp_path / "disk").iterdir())


def test_folders_are_no_files(tmp_path):
    for path in (tmp_path, tmp_path / ".."):
        for write in (mg.save, lambda value, where: save_checkpoint(where, value=value)):
            with pytest.raises(DataError, match="folder"):
                write(1, path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("empty", [[], (), {}, [[], {}]])
def test_no_objects_are_saved_and_loaded(path, empty):
    average, other = Average(), Average()
    average.total = 2.0
    save_checkpoint(path, averages=[average], schedulers=empty, history=[], epoch=1)
    assert load_checkpoint(path, averages=[other], schedulers=empty) == {"history": [], "epoch": 1}
    assert other.total == 2.0
    save_checkpoint(path, schedulers=[average])
    with pytest.raises(StateDictError, match=r"also holds the state of schedulers\[0\]"):
        load_checkpoint(path, schedulers=empty)
    save_checkpoint(path, schedulers=[1, 2])
    with pytest.raises(StateDictError, match="holds a value as schedulers"):
        load_checkpoint(path, schedulers=empty)
