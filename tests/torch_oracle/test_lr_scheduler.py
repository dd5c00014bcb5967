"""Every scheduler over hundreds of steps: alone, chained, one after another, resumed, by epoch numbers."""

import itertools
import json
import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.torch_oracle.compare import both_refuse, drawn

STEPS = 300


def numbers(low, high):
    return st.floats(low, high, width=32)


RISING = st.lists(st.integers(0, 60), max_size=5)
CYCLE = {
    "base_lr": st.sampled_from([0.01, [0.01, 0.5]]),
    "max_lr": st.sampled_from([2.0, [2, 0.75]]),
    "step_size_up": st.integers(1, 40),
    "step_size_down": st.none() | st.integers(1, 40),
    "mode": st.sampled_from(["triangular", "triangular2", "exp_range"]),
    "gamma": numbers(0.875, 1),
    "scale_fn": st.sampled_from([None, lambda x: 1 / (1 + x), lambda x: math.cos(x)]),
    "scale_mode": st.sampled_from(["cycle", "iterations"]),
    "cycle_momentum": st.booleans(),
    "base_momentum": numbers(0.5, 0.75),
    "max_momentum": numbers(0.75, 0.9375),
}
ONE_CYCLE = {
    "max_lr": st.sampled_from([2.0, [2.0, 0.5]]),
    "total_steps": st.integers(STEPS + 20, STEPS + 40),
    "pct_start": numbers(0.125, 0.75),
    "anneal_strategy": st.sampled_from(["cos", "linear"]),
    "cycle_momentum": st.booleans(),
    "base_momentum": st.sampled_from([0.8, [0.8, 0.7]]),
    "max_momentum": st.sampled_from([0.9, [0.99, 0.9]]),
    "div_factor": numbers(1, 50),
    "final_div_factor": numbers(1, 100),
    "three_phase": st.booleans(),
}

# Options of each, the first few of which have to be given.
OPTIONS = {
    "LambdaLR": (1, {"lr_lambda": st.sampled_from([lambda t: 1 / (1 + t), [lambda t: 0.9**t, lambda t: t % 7]])}),
    "MultiplicativeLR": (1, {"lr_lambda": st.sampled_from([lambda t: 0.99, [lambda t: 0.9, lambda t: 1 + 1 / t]])}),
    "StepLR": (1, {"step_size": st.integers(1, 40), "gamma": numbers(0.125, 1)}),
    "MultiStepLR": (1, {"milestones": RISING, "gamma": numbers(0.125, 1)}),
    "ConstantLR": (0, {"factor": numbers(0.125, 1), "total_iters": st.integers(0, 40)}),
    "LinearLR": (
        0,
        {"start_factor": numbers(0.125, 1), "end_factor": numbers(0, 1), "total_iters": st.integers(1, 40)},
    ),
    "ExponentialLR": (1, {"gamma": numbers(0.875, 1)}),
    "PolynomialLR": (0, {"total_iters": st.integers(1, 40), "power": numbers(0, 3)}),
    "CosineAnnealingLR": (1, {"T_max": st.integers(1, 40), "eta_min": st.sampled_from([0.0, 0.01, 0.3])}),
    "CosineAnnealingWarmRestarts": (
        1,
        {"T_0": st.integers(1, 40), "T_mult": st.integers(1, 3), "eta_min": st.sampled_from([0, 0.01])},
    ),
    "CyclicLR": (2, CYCLE),
    "OneCycleLR": (2, ONE_CYCLE),
}
NAMES = sorted(OPTIONS)


def drawn_options(name):
    needed, options = OPTIONS[name]
    keys = [*options]
    return st.fixed_dictionaries(
        {key: options[key] for key in keys[:needed]}, optional={key: options[key] for key in keys[needed:]}
    )


def optimizer_of(library, kind="SGD", state=None):
    """Two groups with rates of their own."""
    p, q = (library.ones(1, requires_grad=True) for _ in range(2))
    options = {"momentum": 0.9} if kind == "SGD" else {}
    optimizer = getattr(library.optim, kind)([{"params": [p]}, {"params": [q], "lr": 0.25}], lr=1.0, **options)
    if state is not None:
        optimizer.load_state_dict(state)
    return optimizer


def made(library, optimizer, name, options):
    return getattr(library.optim.lr_scheduler, name)(optimizer, **options)


def seen(optimizer, scheduler):
    """Rates and momenta of the groups, and the rates that the scheduler tells."""
    groups = optimizer.param_groups
    momenta = [group["betas"][0] if "betas" in group else group["momentum"] for group in groups]
    return [*(group["lr"] for group in groups), *momenta, *scheduler.get_last_lr()]


def follow(optimizer, scheduler, steps, arguments=()):
    rows = [seen(optimizer, scheduler)]
    for number in range(steps):
        optimizer.step()
        scheduler.step(*(arguments[number : number + 1]))
        rows.append(seen(optimizer, scheduler))
    return np.array(rows, np.float64)


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("name", NAMES)
def test_hundreds_of_steps_with_drawn_options(name):
    @drawn(25)
    @given(drawn_options(name), st.sampled_from(["SGD", "Adam"]))
    def run(options, kind):
        rows = []
        for library in (mg, torch):
            optimizer = optimizer_of(library, kind)
            rows.append(follow(optimizer, made(library, optimizer, name, options), STEPS))
        close(*rows)

    run()


@pytest.mark.parametrize("name", NAMES)
def test_resumed_in_the_middle(name):
    """Ours goes on to the bit, by way of JSON; from PyTorch's state it goes on as PyTorch."""

    @drawn(10)
    @given(drawn_options(name), st.integers(0, 100))
    def run(options, middle):
        ends = []
        for library in (mg, torch):
            optimizer = optimizer_of(library)
            scheduler = made(library, optimizer, name, options)
            follow(optimizer, scheduler, middle)
            states = optimizer.state_dict(), scheduler.state_dict()
            if library is mg:
                assert states[1] == json.loads(json.dumps(states[1]))
            # The two states are read before the run goes on, which they share numbers with.
            fresh = optimizer_of(mg)
            resumed = made(mg, fresh, name, options)
            fresh.load_state_dict(states[0])
            resumed.load_state_dict(states[1])
            whole, rest = follow(optimizer, scheduler, 100), follow(fresh, resumed, 100)
            if library is mg:
                assert np.array_equal(whole, rest)
            ends += [whole, rest]
        for one in ends[1:]:
            close(one, ends[0])

    run()


@pytest.mark.parametrize("name", NAMES)
def test_last_epoch(name):
    """A new scheduler over an optimiser that was loaded goes on from an epoch."""

    @drawn(10)
    @given(drawn_options(name), st.integers(0, 50))
    def run(options, middle):
        options.pop("T_mult", None)  # longer periods are found here, and not in PyTorch (a departure)
        rows = []
        for library in (mg, torch):
            optimizer = optimizer_of(library)
            follow(optimizer, made(library, optimizer, name, options), middle)
            fresh = optimizer_of(library, state=optimizer.state_dict())
            rows.append(follow(fresh, made(library, fresh, name, {**options, "last_epoch": middle}), 60))
        close(*rows)

    run()


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"MultiplicativeLR"}))
def test_epochs_by_number(name):
    @drawn(10)
    @given(drawn_options(name), st.lists(st.integers(0, 100), min_size=5, max_size=20))
    def run(options, epochs):
        rows = []
        for library in (mg, torch):
            optimizer = optimizer_of(library)
            with warnings.catch_warnings():  # PyTorch's, that this goes out of use
                warnings.simplefilter("ignore", UserWarning)
                rows.append(follow(optimizer, made(library, optimizer, name, options), len(epochs), epochs))
        close(*rows)

    run()


def test_parts_of_epochs():
    times = [0.0, 0.5, 3.25, 9.75, 10.0, 31.5, 2.0]
    rows = []
    for library in (mg, torch):
        for mult in (1, 2):
            optimizer = optimizer_of(library)
            scheduler = made(library, optimizer, "CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": mult})
            rows.append(follow(optimizer, scheduler, len(times), times))
    close(rows[:2], rows[2:])


# ------------------------------------------------------------------- several

SIMPLE = {
    "ConstantLR": {"factor": 0.5, "total_iters": 3},
    "LinearLR": {"start_factor": 0.25, "total_iters": 5},
    "ExponentialLR": {"gamma": 0.9},
    "StepLR": {"step_size": 2, "gamma": 0.5},
    "MultiStepLR": {"milestones": [2, 4, 4], "gamma": 0.5},
    "PolynomialLR": {"total_iters": 30},
    "CosineAnnealingLR": {"T_max": 6},
    "CosineAnnealingWarmRestarts": {"T_0": 4},
    "LambdaLR": {"lr_lambda": lambda t: 1 / (1 + t)},
    "MultiplicativeLR": {"lr_lambda": lambda t: 0.9},
    "CyclicLR": {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 4, "cycle_momentum": False},
    "OneCycleLR": {"max_lr": 2.0, "total_steps": 60},
}


def several(library, kind, names, milestones):
    optimizer = optimizer_of(library)
    schedulers = [made(library, optimizer, name, SIMPLE[name]) for name in names]
    kinds = library.optim.lr_scheduler
    if kind == "ChainedScheduler":
        return optimizer, kinds.ChainedScheduler(schedulers)
    return optimizer, kinds.SequentialLR(optimizer, schedulers, milestones)


@pytest.mark.parametrize("kind", ["ChainedScheduler", "SequentialLR"])
@pytest.mark.parametrize("first", sorted(SIMPLE))
def test_pairs(kind, first):
    for second in SIMPLE:
        rows = [follow(*several(library, kind, [first, second], [7]), 25) for library in (mg, torch)]
        np.testing.assert_allclose(*rows, rtol=1e-9, atol=1e-13, err_msg=f"{first}, {second}")


@pytest.mark.parametrize("kind", ["ChainedScheduler", "SequentialLR"])
def test_several_and_resumed(kind):
    @drawn(20)
    @given(st.lists(st.sampled_from(sorted(SIMPLE)), min_size=1, max_size=4), st.integers(0, 30))
    def run(names, middle):
        milestones = [5 * number + 3 for number in range(len(names) - 1)]
        ends = []
        for library in (mg, torch):
            optimizer, scheduler = several(library, kind, names, milestones)
            begin = follow(optimizer, scheduler, middle)
            states = optimizer.state_dict(), scheduler.state_dict()
            if library is mg:
                assert states[1] == json.loads(json.dumps(states[1]))
            fresh, resumed = several(mg, kind, names, milestones)
            fresh.load_state_dict(states[0])
            resumed.load_state_dict(states[1])
            whole, rest = follow(optimizer, scheduler, 30), follow(fresh, resumed, 30)
            if library is mg:
                assert np.array_equal(whole, rest)
            ends.append((begin, whole, rest))
        for ours, theirs in zip(*ends, strict=True):
            close(ours, theirs)

    run()


# ------------------------------------------------------------------- plateaus


@pytest.mark.parametrize(("mode", "threshold_mode"), [*itertools.product(["min", "max"], ["rel", "abs"])])
def test_plateaus(mode, threshold_mode):
    @drawn(20)
    @given(
        st.fixed_dictionaries(
            {},
            optional={
                "factor": numbers(0.125, 0.875),
                "patience": st.integers(0, 5),
                "threshold": st.sampled_from([0, 1e-4, 0.5]),
                "cooldown": st.integers(0, 4),
                "min_lr": st.sampled_from([0, 0.01, [0.1, 0.001]]),
                "eps": st.sampled_from([0, 1e-8, 0.05]),
            },
        ),
        st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.00001, 2.0, -1.0, math.nan, math.inf]), max_size=40),
        st.integers(0, 40),
    )
    def run(options, metrics, middle):
        rows = []
        options = {**options, "mode": mode, "threshold_mode": threshold_mode}
        for library in (mg, torch):
            optimizer = optimizer_of(library)
            scheduler = made(library, optimizer, "ReduceLROnPlateau", options)
            first = follow(optimizer, scheduler, len(metrics[:middle]), metrics[:middle])
            fresh = optimizer_of(mg, state=optimizer.state_dict())
            resumed = made(mg, fresh, "ReduceLROnPlateau", options)
            resumed.load_state_dict(scheduler.state_dict())
            rest = metrics[middle:]
            rows.append(
                [first, *(follow(*pair, len(rest), rest)[1:] for pair in ((optimizer, scheduler), (fresh, resumed)))]
            )
        for one, other in zip(*rows, strict=True):
            close(one, other)

    run()


# --------------------------------------------------------------------- the rest


def test_a_rate_that_is_a_tensor_is_filled():
    for library in (mg, torch):
        rate = library.tensor(0.5)
        optimizer = library.optim.SGD([library.ones(1, requires_grad=True)], lr=rate)
        scheduler = library.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
        optimizer.step()
        scheduler.step()
        assert rate.item() == 0.25
        assert optimizer.param_groups[0]["lr"] is rate
        assert [float(one) for one in scheduler.get_last_lr()] == [0.25]
        assert [float(one) for one in scheduler.base_lrs] == [0.5]


def order(library, actions):
    """The warnings of a run of steps of an optimiser and two schedulers of it."""
    optimizer = optimizer_of(library)
    done, schedulers = [], []
    with warnings.catch_warnings(record=True, action="always") as caught:
        for action in actions:
            if action == "make":
                schedulers.append(library.optim.lr_scheduler.StepLR(optimizer, 2))
            elif action == "optimizer":
                optimizer.step()
            elif schedulers:
                schedulers[-1].step()
            done.append(len(caught))
    return done


@pytest.mark.parametrize("length", [2, 3, 4, 5])
def test_warnings_come_where_pytorchs_come(length):
    for actions in itertools.product(["make", "optimizer", "scheduler"], repeat=length):
        assert order(mg, actions) == order(torch, actions), actions


@pytest.mark.parametrize("name", [*SIMPLE, "ReduceLROnPlateau"])
def test_options_are_attributes_under_the_same_names(name):
    states = []
    for library in (mg, torch):
        optimizer = optimizer_of(library)
        scheduler = made(library, optimizer, name, SIMPLE.get(name, {}))
        states.append(scheduler.state_dict())
    quirks = {"_is_initial", "_get_lr_called_within_step", "_scale_fn_custom", "mode_worse", "default_min_lr"}
    assert states[0].keys() == states[1].keys() - quirks
    for key in states[0].keys() - {"milestones", "_step_count"}:
        assert states[0][key] == states[1][key], key


def test_classes_of_ones_own():
    def run(library):
        class Halving(library.optim.lr_scheduler.LRScheduler):
            def get_lr(self):
                return [rate / 2**self.last_epoch for rate in self.base_lrs]

        optimizer = optimizer_of(library)
        return follow(optimizer, Halving(optimizer), 10)

    close(run(mg), run(torch))


def test_what_both_refuse():
    for make in (
        lambda library, o, kinds: kinds.StepLR(3, 3),
        lambda library, o, kinds: kinds.StepLR(o, 3, last_epoch=4),
        lambda library, o, kinds: kinds.LambdaLR(o, [abs]),
        lambda library, o, kinds: kinds.MultiplicativeLR(o, [abs]),
        lambda library, o, kinds: kinds.ConstantLR(o, factor=1.5),
        lambda library, o, kinds: kinds.LinearLR(o, start_factor=0),
        lambda library, o, kinds: kinds.LinearLR(o, end_factor=2),
        lambda library, o, kinds: kinds.CosineAnnealingWarmRestarts(o, 0),
        lambda library, o, kinds: kinds.CosineAnnealingWarmRestarts(o, 1, 0),
        lambda library, o, kinds: kinds.CosineAnnealingWarmRestarts(o, 1).step(-1),
        lambda library, o, kinds: kinds.CyclicLR(o, 0.1, 1, mode="square"),
        lambda library, o, kinds: kinds.CyclicLR(o, [0.1], 1),
        lambda library, o, kinds: kinds.CyclicLR(library.optim.Adagrad([library.ones(1, requires_grad=True)]), 0.1, 1),
        lambda library, o, kinds: kinds.OneCycleLR(o, 1),
        lambda library, o, kinds: kinds.OneCycleLR(o, 1, epochs=3),
        lambda library, o, kinds: kinds.OneCycleLR(o, 1, 0),
        lambda library, o, kinds: kinds.OneCycleLR(o, 1, 10, pct_start=1.5),
        lambda library, o, kinds: kinds.OneCycleLR(o, 1, 10, anneal_strategy="exp"),
        lambda library, o, kinds: kinds.OneCycleLR(o, [1], 10),
        lambda library, o, kinds: follow(o, kinds.OneCycleLR(o, 1, 10), 12),
        lambda library, o, kinds: kinds.ReduceLROnPlateau(o, factor=1.0),
        lambda library, o, kinds: kinds.ReduceLROnPlateau(o, mode="best"),
        lambda library, o, kinds: kinds.ReduceLROnPlateau(o, threshold_mode="best"),
        lambda library, o, kinds: kinds.ReduceLROnPlateau(o, min_lr=[0.1]),
        lambda library, o, kinds: kinds.SequentialLR(o, [], []),
        lambda library, o, kinds: kinds.SequentialLR(o, [kinds.StepLR(o, 1)], [3]),
        lambda library, o, kinds: kinds.SequentialLR(o, [kinds.ReduceLROnPlateau(o)], []),
        lambda library, o, kinds: kinds.SequentialLR(optimizer_of(library), [kinds.StepLR(o, 1)], []),
        lambda library, o, kinds: kinds.ChainedScheduler([]),
        lambda library, o, kinds: kinds.ChainedScheduler([kinds.StepLR(o, 1), kinds.StepLR(optimizer_of(library), 1)]),
        lambda library, o, kinds: kinds.LRScheduler(o),
    ):  # fmt: skip
        both_refuse(*[
            lambda library=library, make=make: make(library, optimizer_of(library), library.optim.lr_scheduler)
            for library in (mg, torch)
        ], kind=Exception)  # fmt: skip
