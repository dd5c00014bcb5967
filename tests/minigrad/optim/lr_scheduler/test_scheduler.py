"""The schedulers' formulae, their order, their states, and what they refuse."""

import json
import math
import warnings

import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, MissingMethodError, StateDictError, StepOrderWarning
from minigrad.optim import lr_scheduler as kinds


def sgd(*rates):
    groups = [{"params": [mg.ones(1, requires_grad=True)], "lr": rate} for rate in rates or (1.0,)]
    return mg.optim.SGD(groups, lr=1.0, momentum=0.9)


def run(scheduler, steps):
    """The first group's rate before each step."""
    path = []
    for _ in range(steps):
        path.append(scheduler.get_last_lr()[0])
        scheduler.optimizer.step()
        scheduler.step()
    return path


# Each with its formula for the rate at a time.
FORMULAE = {
    "StepLR": ({"step_size": 3, "gamma": 0.5}, lambda t: 0.5 ** (t // 3)),
    "MultiStepLR": ({"milestones": [2, 5, 5], "gamma": 0.5}, lambda t: 0.5 ** ((t >= 2) + 2 * (t >= 5))),
    "ExponentialLR": ({"gamma": 0.9}, lambda t: 0.9**t),
    "ConstantLR": ({"factor": 0.25, "total_iters": 4}, lambda t: 0.25 if t < 4 else 1),
    "LinearLR": ({"start_factor": 0.5, "end_factor": 0.1, "total_iters": 8}, lambda t: 0.5 - 0.05 * min(t, 8)),
    "PolynomialLR": ({"total_iters": 10, "power": 2}, lambda t: (1 - min(t, 10) / 10) ** 2),
    "CosineAnnealingLR": (
        {"T_max": 6, "eta_min": 0.1},
        lambda t: 0.1 + 0.9 * (1 + math.cos(math.pi * t / 6)) / 2,
    ),
    "CosineAnnealingWarmRestarts": ({"T_0": 4}, lambda t: (1 + math.cos(math.pi * (t % 4) / 4)) / 2),
    "LambdaLR": ({"lr_lambda": lambda t: 1 / (1 + t)}, lambda t: 1 / (1 + t)),
    "MultiplicativeLR": ({"lr_lambda": lambda t: 1 / t}, lambda t: 1 / math.factorial(t)),
    "CyclicLR": (
        {"base_lr": 0.5, "max_lr": 1.5, "step_size_up": 4, "step_size_down": 2},
        lambda t: 0.5 + (t % 6 / 4 if t % 6 < 4 else (6 - t % 6) / 2),
    ),
    "OneCycleLR": (
        {"max_lr": 2.0, "total_steps": 41, "pct_start": 21 / 41, "div_factor": 2, "anneal_strategy": "linear"},
        lambda t: 1 + t / 20 if t <= 20 else 2 - (2 - 1e-4) * (t - 20) / 20,
    ),
}


def make(name, optimizer, **more):
    return getattr(kinds, name)(optimizer, **FORMULAE[name][0], **more)


@pytest.mark.parametrize("name", FORMULAE)
def test_rates_follow_the_formula(name):
    formula = FORMULAE[name][1]
    expected = [formula(t) for t in range(25)]
    assert run(make(name, sgd()), 25) == pytest.approx(expected, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("name", sorted(FORMULAE.keys() - {"CyclicLR", "OneCycleLR"}))
def test_every_group_has_its_own_rate(name):
    optimizer = sgd(1.0, 0.25)
    scheduler = make(name, optimizer)
    for _ in range(3):
        optimizer.step()
        scheduler.step()
    floor = FORMULAE[name][0].get("eta_min", 0)
    first, second = (group["lr"] - floor for group in optimizer.param_groups)
    ratio = (0.25 - floor) / (1 - floor)
    assert second == pytest.approx(first * ratio)
    assert scheduler.get_last_lr() == [group["lr"] for group in optimizer.param_groups]


def test_momentum_goes_the_other_way():
    for optimizer in (sgd(), mg.optim.Adam([mg.ones(1, requires_grad=True)])):
        scheduler = kinds.OneCycleLR(optimizer, 1.0, 11, pct_start=6 / 11, anneal_strategy="linear")
        momenta = []
        for _ in range(10):
            group = optimizer.param_groups[0]
            momenta.append(group["betas"][0] if "betas" in group else group["momentum"])
            optimizer.step()
            scheduler.step()
        assert momenta[0] == 0.95
        assert momenta[5] == pytest.approx(0.85)
        assert momenta[:6] == sorted(momenta[:6], reverse=True)


def test_one_cycle_of_any_length():
    for total in range(1, 6):
        for share in (0.0, 1 / total, 0.5, 1.0):
            for three in (False, True):
                scheduler = kinds.OneCycleLR(sgd(), 1.0, total, pct_start=share, three_phase=three)
                assert all(0 < rate <= 1 for rate in run(scheduler, total - 1))
    with pytest.raises(ArgumentError, match="made for 5 steps, and this is number 6"):
        run(scheduler, 7)


def test_a_factor_of_nothing_comes_back():
    assert run(kinds.ConstantLR(sgd(), factor=0, total_iters=2), 4) == [0, 0, 1, 1]


def test_powers_beyond_floats_are_infinite():
    scheduler = kinds.ExponentialLR(sgd(), gamma=10.0)
    scheduler.optimizer.step()
    scheduler.step(400)
    assert scheduler.get_last_lr() == [math.inf]


# ------------------------------------------------------------------------ order


def test_a_scheduler_that_comes_first_warns_once_at_the_users_line():
    scheduler = kinds.StepLR(sgd(), 2)
    with pytest.warns(StepOrderWarning, match=r"StepLR.step\(\) came before the optimiser's") as caught:
        scheduler.step()
    assert caught[0].filename == __file__
    scheduler.step()


def test_steps_of_any_optimiser_count():
    p = mg.ones(1, requires_grad=True)
    lbfgs = mg.optim.LBFGS([p])
    scheduler = kinds.StepLR(lbfgs, 2)
    lbfgs.step(lambda: (p * p).sum())
    with warnings.catch_warnings(action="error"):
        scheduler.step()

    class Own(mg.optim.SGD):
        def step(self, closure=None):
            return None

    own = Own([p])
    scheduler = kinds.StepLR(own, 2)
    own.step()
    with warnings.catch_warnings(action="error"):
        scheduler.step()


def test_a_resumed_run_does_not_warn():
    scheduler = kinds.StepLR(sgd(), 2)
    run(scheduler, 3)
    fresh = kinds.StepLR(sgd(), 2)
    fresh.load_state_dict(scheduler.state_dict())
    with warnings.catch_warnings(action="error"):
        fresh.step()


def test_a_rate_that_is_a_tensor_stays_one():
    rate = mg.tensor(0.5)
    optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=rate)
    scheduler = kinds.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    assert rate.item() == 0.25 == scheduler.get_last_lr()[0]
    assert optimizer.param_groups[0]["lr"] is rate
    assert json.dumps(scheduler.state_dict())


# ----------------------------------------------------------------------- groups


@pytest.mark.parametrize("name", ["LambdaLR", "CosineAnnealingLR", "CyclicLR", "OneCycleLR", "MultiplicativeLR"])
def test_groups_that_join_later_are_refused(name):
    optimizer = sgd()
    scheduler = make(name, optimizer)
    optimizer.add_param_group({"params": [mg.ones(1, requires_grad=True)]})
    optimizer.step()
    with pytest.raises(ArgumentError, match="made for 1 parameter groups, the optimiser now has 2"):
        scheduler.step()


@pytest.mark.parametrize("name", ["StepLR", "ExponentialLR"])
def test_groups_that_join_later_follow_factors(name):
    optimizer = sgd()
    scheduler = make(name, optimizer)
    optimizer.add_param_group({"params": [mg.ones(1, requires_grad=True)], "lr": 0.5})
    run(scheduler, 3)
    first, second = (group["lr"] for group in optimizer.param_groups)
    assert second == first / 2 == scheduler.get_last_lr()[1]


# ------------------------------------------------------------------------ state


@pytest.mark.parametrize("name", [*FORMULAE, "ReduceLROnPlateau"])
def test_states_are_plain_and_their_own(name, tmp_path):
    optimizer = sgd(1.0, 0.5)
    scheduler = kinds.ReduceLROnPlateau(optimizer) if name == "ReduceLROnPlateau" else make(name, optimizer)
    state = scheduler.state_dict()
    mg.save(state, tmp_path / "scheduler.npz")
    assert mg.load(tmp_path / "scheduler.npz") == state == json.loads(json.dumps(state))
    for value in state.values():
        if isinstance(value, list):
            value.clear()
    assert scheduler.get_last_lr()
    assert scheduler.state_dict() != state


@pytest.mark.parametrize("name", FORMULAE)
@pytest.mark.parametrize("other", FORMULAE)
def test_states_of_other_schedulers_are_refused(name, other):
    scheduler, stranger = make(name, sgd()), make(other, sgd())
    before = scheduler.state_dict()
    state = stranger.state_dict()
    if before.keys() <= state.keys():
        scheduler.load_state_dict(state)
    else:
        with pytest.raises(StateDictError, match="Nothing was loaded"):
            scheduler.load_state_dict(state)
        assert scheduler.state_dict() == before


@pytest.mark.parametrize(
    ("key", "value"),
    [("gamma", "0.5"), ("base_lrs", [1.0, 2.0]), ("base_lrs", 1.0), ("last_epoch", None), ("_last_lr", ["a"]),
     ("last_epoch", [3]), ("milestones", "abc"), ("milestones", [1.5]), ("milestones", None)],
)  # fmt: skip
def test_states_with_something_else_in_them_are_refused(key, value):
    scheduler = kinds.MultiStepLR(sgd(), [3, 5])
    before = scheduler.state_dict()
    with pytest.raises(StateDictError, match=key):
        scheduler.load_state_dict({**before, key: value})
    assert scheduler.state_dict() == before
    for wrong in (None, "scheduler.npz", [], 3):
        with pytest.raises(StateDictError, match="state_dict"):
            scheduler.load_state_dict(wrong)


def test_milestones_are_a_list_and_may_be_counted():
    scheduler = kinds.MultiStepLR(sgd(), iter([5, 3, 5]))
    assert scheduler.state_dict()["milestones"] == [3, 5, 5]
    for counted in ({3: 1, 5: 2}, {"3": 1, "5": 2}, [3, 5, 5]):
        fresh = kinds.MultiStepLR(sgd(), [1])
        fresh.load_state_dict({**scheduler.state_dict(), "milestones": counted})
        assert fresh.milestones == [3, 5, 5]


def test_functions_are_not_saved():
    optimizer = sgd()
    scheduler = kinds.LambdaLR(optimizer, lambda t: 0.5**t)
    assert scheduler.state_dict()["lr_lambdas"] == [None]
    run(scheduler, 2)
    fresh = kinds.LambdaLR(sgd(), lambda t: 0.1**t)
    fresh.load_state_dict(scheduler.state_dict())
    assert fresh.lr_lambdas[0](1) == 0.1
    assert fresh.last_epoch == 2
    cyclic = kinds.CyclicLR(sgd(), 0.1, 1.0, scale_fn=lambda x: 0.5)
    assert "scale_fn" not in cyclic.state_dict()


@pytest.mark.parametrize("mult", [1, 2, 3])
@pytest.mark.parametrize("middle", [0, 1, 5, 17, 40])
def test_warm_restarts_find_their_place_again(mult, middle):
    optimizer = sgd()
    scheduler = kinds.CosineAnnealingWarmRestarts(optimizer, 4, mult)
    whole = run(scheduler, 80)
    fresh = sgd()
    fresh.param_groups[0]["initial_lr"] = 1.0
    resumed = kinds.CosineAnnealingWarmRestarts(fresh, 4, mult, last_epoch=middle)
    assert run(resumed, 30) == pytest.approx(whole[middle + 1 : middle + 31])


# -------------------------------------------------------------------- refusals


@pytest.mark.parametrize("name", FORMULAE)
@pytest.mark.parametrize("optimizer", [None, 3, mg.optim.SGD, [], mg.ones(1)], ids=str)
def test_what_is_no_optimiser(name, optimizer):
    with pytest.raises(DTypeError, match=f"{name} got .* as its optimizer"):
        make(name, optimizer)


def test_to_go_on_there_must_be_rates_of_the_beginning():
    with pytest.raises(ArgumentError, match="group 0 of the optimiser has no 'initial_lr'"):
        kinds.StepLR(sgd(), 3, last_epoch=5)
    with pytest.raises(ArgumentError, match="last_epoch=-2"):
        kinds.StepLR(sgd(), 3, last_epoch=-2)


def test_classes_of_ones_own():
    class Short(kinds.LRScheduler):
        def get_lr(self):
            return [0.5]

    assert run(Short(sgd()), 2) == [0.5, 0.5]
    with pytest.raises(ArgumentError, match=r"Short.get_lr\(\) returned \[0.5\]"):
        Short(sgd(1.0, 2.0))
    with pytest.raises(MissingMethodError, match="must define get_lr"):
        kinds.LRScheduler(sgd())


def test_a_method_of_ones_own_keeps_any_attribute():
    class Kept(kinds.LRScheduler):
        def __init__(self, optimizer, words):
            self.words = words
            super().__init__(optimizer)

        def get_lr(self):
            return self.base_lrs

    scheduler = Kept(sgd(), {"a": (1, 2)})
    fresh = Kept(sgd(), {"a": [7, 8]})
    fresh.load_state_dict(json.loads(json.dumps(scheduler.state_dict())))
    assert fresh.words == {"a": [1, 2]}


def test_a_history_of_ones_own_may_have_grown():
    class Recording(kinds.LRScheduler):
        def __init__(self, optimizer):
            self.history, self.seen = [], {}
            super().__init__(optimizer)

        def get_lr(self):
            self.history.append(self.last_epoch)
            self.seen[str(self.last_epoch)] = [self.last_epoch]
            return [base / (1 + self.last_epoch) for base in self.base_lrs]

    def make(groups=1):
        params = [{"params": [mg.ones(1, requires_grad=True)]} for _ in range(groups)]
        return Recording(mg.optim.SGD(params, lr=1.0))

    scheduler = make()
    for _ in range(3):
        scheduler.optimizer.step()
        scheduler.step()
    state = json.loads(json.dumps(scheduler.state_dict()))
    fresh = make()
    fresh.load_state_dict(state)
    assert fresh.state_dict() == scheduler.state_dict()
    fresh.history.append(9)
    assert len(scheduler.history) == 4
    other = make(groups=2)
    before = other.state_dict()
    for wrong in (state, {**before, "history": 3}, {**before, "seen": [1]}):
        with pytest.raises(StateDictError, match="Nothing was loaded"):
            other.load_state_dict(wrong)
    assert other.state_dict() == before
