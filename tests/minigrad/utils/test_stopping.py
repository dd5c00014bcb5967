"""When to stop, and what to come back to."""

import math

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, DTypeError, StateDictError
from minigrad.utils.stopping import EarlyStopping, KeepBest
from tests.strategies import given, st

nan, inf = math.nan, math.inf
VALUES = st.lists(st.sampled_from([0.0, 0.05, 0.1, 0.5, 1.0, -2.0, nan, inf, -inf]), max_size=12)


def stops_at(values, patience, min_delta, mode):
    """The first call that stops, from 1, by looking back at all values each time."""
    for number in range(1, len(values) + 1):
        best, since = None, 0
        for value in values[:number]:
            signed = -value if mode == "min" else value
            if not math.isnan(value) and (best is None or signed - best > min_delta):
                best, since = signed, 0
            else:
                since += 1
        if since >= patience:
            return number
    return None


@given(VALUES, st.integers(1, 3), st.sampled_from([0.0, 0.1]), st.sampled_from(["min", "max"]))
def test_it_stops_when_it_should(values, patience, min_delta, mode):
    stopper = EarlyStopping(patience, min_delta, mode)
    answers = [stopper(value) for value in values]
    expected = stops_at(values, patience, min_delta, mode)
    assert (answers.index(True) + 1 if True in answers else None) == expected
    assert stopper.calls == len(values)
    assert stopper.stopped == (bool(answers) and answers[-1])


def test_a_plateau_is_no_improvement():
    stopper = EarlyStopping(patience=2)
    assert [stopper(1.0) for _ in range(3)] == [False, False, True]
    assert (stopper.best, stopper.best_at, stopper.waited) == (1.0, 1, 2)


def test_slow_steps_add_up_to_one_that_counts():
    stopper = EarlyStopping(patience=3, min_delta=0.25)
    assert [stopper(value) for value in (1.0, 0.9, 0.8, 0.7)] == [False] * 4
    assert stopper.best_at == 4


def test_values_may_be_tensors():
    stopper = EarlyStopping(patience=1, mode="max")
    assert not stopper(mg.tensor(0.5))
    assert stopper(mg.tensor(0.5))
    assert type(stopper.best) is float


def test_a_stopper_resumes(tmp_path):
    stopper, straight = EarlyStopping(2), EarlyStopping(2)
    for one in (stopper, straight):
        one(3.0)
        one(4.0)
    mg.save(stopper.state_dict(), tmp_path / "state")
    again = EarlyStopping(2)
    again.load_state_dict(mg.load(tmp_path / "state"))
    assert vars(again) == vars(straight)
    assert again(5.0) is straight(5.0) is True
    fresh = EarlyStopping(2)
    fresh.load_state_dict(EarlyStopping(2).state_dict())
    assert fresh.best is None


def set_to(layer, number):
    nn.init.constant_(layer.weight, number)


@given(VALUES, st.sampled_from(["min", "max"]))
def test_the_best_comes_back(values, mode):
    layer = nn.Linear(2, 1)
    keep = KeepBest(layer, mode)
    for number, value in enumerate(values):
        set_to(layer, number)
        was_best = keep(value)
        real = [one for one in values[:number] if not math.isnan(one)]
        better = not real or (value < min(real) if mode == "min" else value > max(real))
        assert was_best == (better and not math.isnan(value))
    real = [one for one in values if not math.isnan(one)]
    if real:
        best = min(real) if mode == "min" else max(real)
        keep.restore()
        assert layer.weight.tolist() == [[values.index(best)] * 2]
        assert (keep.best, keep.best_at) == (best, values.index(best) + 1)
    else:
        with pytest.raises(StateDictError, match="no state to restore"):
            keep.restore()


def test_what_is_kept_is_a_copy_and_stays_one():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    keep = KeepBest(model)
    keep(1.0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for _ in range(2):
        model(mg.randn(2, 1, 5, 5)).square().mul(mg.randn(2, 2, 3, 3)).sum().backward()
        mg.optim.SGD(model.parameters(), lr=1.0).step()
        assert not mg.equal(model[0].weight, before["0.weight"])
        keep.restore()
        assert all(mg.equal(value, before[name]) for name, value in model.state_dict().items())
        assert model[1].num_batches_tracked.item() == 0


def test_optimisers_are_kept_as_well():
    parameter = mg.ones(2, requires_grad=True)
    optimizer = mg.optim.SGD([parameter], lr=0.1, momentum=0.9)
    (parameter * parameter).sum().backward()
    optimizer.step()
    keep = KeepBest(optimizer)
    keep(0)
    before = optimizer.state[parameter]["momentum_buffer"].tolist()
    optimizer.param_groups[0]["lr"] = 7.0
    optimizer.step()
    keep.restore()
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert optimizer.state[parameter]["momentum_buffer"].tolist() == before


def test_a_keeper_resumes(tmp_path):
    layer = nn.Linear(2, 1)
    keep = KeepBest(layer)
    set_to(layer, 5)
    keep(0.5)
    set_to(layer, 6)
    keep(0.7)
    mg.save(keep.state_dict(), tmp_path / "state")
    other = nn.Linear(2, 1)
    again = KeepBest(other)
    again.load_state_dict(mg.load(tmp_path / "state"))
    assert (again.best, again.best_at, again.calls) == (0.5, 1, 2)
    assert not again(0.6)
    again.restore()
    assert other.weight.tolist() == [[5.0, 5.0]]


def test_a_model_of_other_shapes_is_left_alone():
    layer = nn.Linear(2, 1)
    keep = KeepBest(layer)
    keep(1.0)
    other = KeepBest(nn.Linear(3, 1))
    other.load_state_dict(keep.state_dict())
    before = other.model.weight.tolist()
    with pytest.raises(StateDictError, match="weight has shape"):
        other.restore()
    assert other.model.weight.tolist() == before


WRONG = [
    (lambda: EarlyStopping(0), ArgumentError, "patience=0; it is how many calls"),
    (lambda: EarlyStopping(1.5), DTypeError, "patience=1.5; it is an integer"),
    (lambda: EarlyStopping(2, -0.1), ArgumentError, r"min_delta=-0.1.*in both modes"),
    (lambda: EarlyStopping(2, nan), ArgumentError, "min_delta=nan"),
    (lambda: EarlyStopping(2, mode="less"), ArgumentError, "mode='less'; it is 'min' where less is better"),
    (lambda: KeepBest(nn.Linear), DTypeError, r"state_dict\(\) and load_state_dict\(\)"),
    (lambda: KeepBest(3), DTypeError, "KeepBest got 3 as its model"),
    (lambda: KeepBest(nn.ReLU(), 1), ArgumentError, "mode=1"),
    (lambda: EarlyStopping()(None), DTypeError, "value=None; it is a number"),
    (lambda: KeepBest(nn.ReLU())(mg.ones(2)), DTypeError, "it is a number"),
    (lambda: KeepBest(nn.ReLU()).restore(), StateDictError, "it was not called with a value"),
    (lambda: EarlyStopping().load_state_dict({}), StateDictError, "'waited', 'stopped'"),
    (lambda: EarlyStopping().load_state_dict(None), StateDictError, "cannot go on from NoneType"),
    (lambda: KeepBest(nn.ReLU()).load_state_dict(EarlyStopping().state_dict()), StateDictError, "'state'"),
]


@pytest.mark.parametrize(("call", "kind", "text"), WRONG)
def test_what_is_wrong_is_told(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


BOTH = [("best", "low"), ("best", nan), ("best", None), ("best_at", "q"), ("best_at", 0), ("best_at", 2),
        ("calls", 1.5), ("calls", 10**400), ("calls", 0), ("calls", True), ("mode", "max"), ("mode", None)]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), [*BOTH, ("waited", "x"), ("waited", -1), ("waited", 2), ("stopped", "a")])
def test_a_stopper_that_refuses_a_state_stays_as_it_was(key, value):
    stopper = EarlyStopping(3)
    stopper(1.0)
    other = EarlyStopping(3)
    other(0.5)
    state, before = {**other.state_dict(), key: value}, dict(vars(stopper))
    with pytest.raises(StateDictError, match=key):
        stopper.load_state_dict(state)
    assert vars(stopper) == before
    stopper.load_state_dict(other.state_dict())
    assert vars(stopper) == vars(other)


@pytest.mark.parametrize(("key", "value"), [*BOTH, ("state", 5), ("state", None), ("state", [mg.ones(1)])])
def test_a_keeper_that_refuses_a_state_stays_as_it_was(key, value):
    keep, other = KeepBest(nn.Linear(1, 1)), KeepBest(nn.Linear(1, 1))
    keep(1.0)
    other(0.5)
    state, before = {**other.state_dict(), key: value}, dict(vars(keep))
    with pytest.raises(StateDictError, match=key):
        keep.load_state_dict(state)
    assert all(vars(keep)[name] is before[name] for name in before)
    keep.restore()


@pytest.mark.parametrize("make", [EarlyStopping, lambda **mode: KeepBest(nn.Linear(1, 1), **mode)])
@pytest.mark.parametrize("values", [(), (nan,), (nan, 2.0, nan, 3.0)])
def test_every_state_of_a_run_is_taken(make, values):
    one, other = make(mode="max"), make(mode="max")
    for value in values:
        one(value)
    other.load_state_dict(one.state_dict())
    assert repr(other) == repr(one)
    assert (other.best, other.best_at, other.calls) == (one.best, one.best_at, one.calls)
    with pytest.raises(StateDictError, match="has mode='min', the state 'max'"):
        make().load_state_dict(one.state_dict())


def test_they_are_reached_by_short_names():
    assert mg.utils.EarlyStopping is EarlyStopping
    assert mg.utils.KeepBest is KeepBest


def test_they_say_where_they_are():
    stopper, keep = EarlyStopping(2), KeepBest(nn.ReLU())
    stopper(0.5)
    keep(0.5)
    assert repr(stopper) == "EarlyStopping(patience=2, min_delta=0.0, mode='min'): best 0.5, 0 calls ago"
    assert repr(keep) == "KeepBest(ReLU, mode='min'): best 0.5, at call 1"
