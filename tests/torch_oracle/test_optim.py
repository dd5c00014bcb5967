"""SGD: trajectories over 20 steps, groups, closures, state, and what both refuse."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import inspect
import itertools

import numpy as np
import pytest
import torch

import minigrad as mg
from tests.torch_oracle.compare import both_refuse, normal

STEPS = 20


def quadratic(library):
    """A loss of two parameters whose gradients differ from step to step."""
    matrix = library.tensor(normal(4, 4, seed=7))

    def loss(a, b):
        return ((matrix @ a - 1) ** 2).sum() + (a * b).sum() + (b**4).sum() * 0.1

    return loss


def trajectory(library, make, steps=STEPS, between=None):
    """The parameters after each step, and the losses."""
    a = library.tensor(normal(4), requires_grad=True)
    b = library.tensor(normal(4, seed=1), requires_grad=True)
    optimizer, loss = make(library, a, b), quadratic(library)
    path = []
    for step in range(steps):
        optimizer.zero_grad()
        value = loss(a, b)
        value.backward()
        optimizer.step()
        path.append(np.concatenate([[value.item()], a.detach().numpy(), b.detach().numpy()]))
        if between is not None:
            between(library, optimizer, step)
    return np.array(path), optimizer


def check(make, **options):
    ours, theirs = (trajectory(library, make, **options)[0] for library in (mg, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("decay", [0.0, 0.05])
@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize(("dampening", "nesterov"), [(0.0, False), (0.3, False), (0.0, True)])
def test_trajectories(momentum, decay, maximize, dampening, nesterov):
    if nesterov and not momentum:
        momentum = 0.5
    check(
        lambda library, a, b: library.optim.SGD(
            [a, b],
            lr=0.01,
            momentum=momentum,
            weight_decay=decay,
            maximize=maximize,
            dampening=dampening,
            nesterov=nesterov,
        )
    )


def test_positional_arguments_and_defaults():
    check(lambda library, a, b: library.optim.SGD([a, b]))
    check(lambda library, a, b: library.optim.SGD([a, b], 0.01, 0.9, 0.1, 0.05))
    check(lambda library, a, b: library.optim.SGD(iter([a, b]), 0.01, 0.9, 0, 0.05, True))


def test_groups():
    check(
        lambda library, a, b: library.optim.SGD(
            [{"params": [a], "lr": 0.02}, {"params": b, "momentum": 0.9}], lr=0.005, weight_decay=0.1
        )
    )

    def later(library, a, b):
        optimizer = library.optim.SGD([a], lr=0.01, momentum=0.5)
        optimizer.add_param_group({"params": [b], "lr": 0.002, "nesterov": True})
        return optimizer

    check(later)
    check(
        lambda library, a, b: library.optim.SGD([a, b], lr=0.01, momentum=0.9),
        between=lambda library, optimizer, step: optimizer.param_groups[0].update(lr=0.01 / (step + 1)),
    )


def test_named_parameters():
    """PyTorch also takes pairs of a name and a parameter."""
    check(lambda library, a, b: library.optim.SGD([("a", a), ("b", b)], lr=0.01, momentum=0.9))


def test_parameters_without_gradients_stay():
    for library in (mg, torch):
        a, b = (library.ones(2, requires_grad=True) for _ in range(2))
        optimizer = library.optim.SGD([a, b], lr=0.1, momentum=0.9, weight_decay=0.1)
        (a * 2).sum().backward()
        optimizer.step()
        assert b.tolist() == [1, 1]
        assert a.tolist() != [1, 1]
        assert b not in optimizer.state
        assert "momentum_buffer" in optimizer.state[a]


def test_state_is_saved_and_loaded():
    paths = []
    for library in (mg, torch):
        make = lambda library, a, b: library.optim.SGD([a, b], lr=0.01, momentum=0.9, nesterov=True)  # noqa: E731
        _, before = trajectory(library, make, 5)
        state = before.state_dict()
        assert list(state) == ["state", "param_groups"]
        assert sorted(state["state"]) == [0, 1]
        assert list(state["state"][0]) == ["momentum_buffer"]
        assert state["param_groups"][0]["params"] == [0, 1]

        def resumed(library, a, b):
            optimizer = library.optim.SGD([a, b], lr=1.0)
            optimizer.load_state_dict(state)
            return optimizer

        paths.append(trajectory(library, resumed, 5)[0])
    np.testing.assert_allclose(*paths, rtol=1e-12, atol=1e-12)


RUN = {
    "foreach",
    "differentiable",
    "fused",
}  # how PyTorch runs the step, not what it computes: taken, not kept (a departure)


def test_the_same_options_under_the_same_names():
    ours, theirs = (library.optim.SGD([library.ones(1, requires_grad=True)], lr=0.1) for library in (mg, torch))
    assert {key: value for key, value in theirs.defaults.items() if key not in RUN} == ours.defaults
    found, wanted = (inspect.signature(library.optim.SGD).parameters for library in (mg, torch))
    assert [(key, one.default) for key, one in found.items()] == [(key, one.default) for key, one in wanted.items()]
    check(lambda library, a, b: library.optim.SGD([a, b], lr=0.01, foreach=False))


def test_repr():
    lines = [
        [line for line in repr(library.optim.SGD([library.ones(1, requires_grad=True)], lr=0.1)).splitlines()
         if line.split(":")[0].strip() not in RUN]
        for library in (mg, torch)
    ]  # fmt: skip
    assert lines[0] == lines[1]


def test_closures_and_zero_grad():
    for library in (mg, torch):
        a = library.ones(2, requires_grad=True)
        optimizer = library.optim.SGD([a], lr=0.1)

        def closure():
            optimizer.zero_grad()
            loss = (a * a).sum()
            loss.backward()
            return loss

        assert optimizer.step(closure).item() == 2
        np.testing.assert_allclose(a.detach().numpy(), 0.8, rtol=1e-6)
        optimizer.zero_grad(set_to_none=False)
        assert a.grad.tolist() == [0, 0]
        optimizer.zero_grad()
        assert a.grad is None
        with library.no_grad():
            assert optimizer.step(closure).requires_grad


def test_what_both_refuse():
    for options in (
        {"lr": -0.1}, {"momentum": -0.1}, {"weight_decay": -0.1}, {"nesterov": True},
        {"nesterov": True, "momentum": 0.9, "dampening": 0.1},
    ):  # fmt: skip
        both_refuse(
            *[
                lambda library=library: library.optim.SGD([library.ones(1, requires_grad=True)], **options)
                for library in (mg, torch)
            ],
            ValueError,
        )
    for make in (
        lambda library: library.optim.SGD([], lr=0.1), lambda library: library.optim.SGD(library.ones(1,
        requires_grad=True), lr=0.1),
        lambda library: library.optim.SGD([1.0], lr=0.1), lambda library: library.optim.SGD([library.ones(1,
        requires_grad=True) * 2], lr=0.1),
        lambda library: library.optim.SGD([{"params": [one]} for one in itertools.repeat(library.ones(1,
        requires_grad=True), 2)], lr=0.1),
    ):  # fmt: skip
        both_refuse(lambda: make(mg), lambda: make(torch))


def test_loading_a_state_of_another_shape_is_refused():
    def make(library, count):
        return library.optim.SGD([library.ones(1, requires_grad=True) for _ in range(count)], lr=0.1)

    both_refuse(
        *[
            lambda library=library: make(library, 1).load_state_dict(make(library, 2).state_dict())
            for library in (mg, torch)
        ]
    )


def test_state_begins_empty_for_every_parameter():
    """What optimisers written by hand rely on."""
    for library in (mg, torch):
        parameter = library.ones(2, requires_grad=True)
        optimizer = library.optim.SGD([parameter], lr=0.1, momentum=0.9)
        assert optimizer.state[parameter] == {}
        optimizer.load_state_dict(optimizer.state_dict())
        optimizer.state[parameter]["step"] = 3
        assert library.optim.SGD([parameter], lr=0.1).state[parameter] == {}
