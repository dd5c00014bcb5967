"""L-BFGS: the path over many steps, with and without a line search, and states that change sides."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.samples import normal
from tests.torch_oracle.compare import both_refuse, drawn


def rosenbrock(library, a, b):
    x = library.cat([a.reshape(-1), b.reshape(-1)])
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def quadratic(library, a, b):
    matrix = library.tensor(normal(7, 7, seed=3) + 3 * np.eye(7))
    x = library.cat([a.reshape(-1), b.reshape(-1)])
    return ((matrix @ x - 1) ** 2).sum() + 0.1 * (x**4).sum()


def flat(library, a, b):
    """Little curvature far from where it is least, and much there, so that a line search goes over it."""
    return (a * a + 1).sqrt().sum() + ((b - 2) ** 2 + 0.01).sqrt().sum()


LOSSES = {one.__name__: one for one in (rosenbrock, quadratic, flat)}


def begin(library, options, state=None, values=None):
    a, b = values or (normal(2, 2, seed=1), normal(3, seed=2))
    params = [library.tensor(a, requires_grad=True), library.tensor(b, requires_grad=True)]
    optimizer = library.optim.LBFGS(params, **options)
    if state is not None:
        optimizer.load_state_dict(state)
    return params, optimizer


def run(library, loss, params, optimizer, steps):
    """The losses that `step` returns, how often the closure was called, and the parameters.

    Up to where the gradient is nothing but rounding errors.
    """
    calls, path = 0, []

    def closure():
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        value = LOSSES[loss](library, *params)
        value.backward()
        return value

    for _ in range(steps):
        path += [optimizer.step(closure).item(), calls]
        path += [one for param in params for one in param.detach().numpy().ravel()]
        if max(float(param.grad.abs().max()) for param in params) < 1e-4:
            break
    return np.array(path)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_paths(loss, search):
    @drawn(20)
    @given(
        st.fixed_dictionaries(
            {"lr": st.sampled_from([1, 0.5, 0.01, 3.0] if search else [0.05, 0.001])},
            optional={
                "max_iter": st.integers(1, 12),
                "max_eval": st.integers(1, 15),
                "history_size": st.integers(1, 5),
                "tolerance_grad": st.sampled_from([1e-5, 1e-3, 10.0]),
                "tolerance_change": st.sampled_from([1e-7, 1e-5, 0.1]),
            },
        )
    )
    def compare(options):
        options = {"tolerance_grad": 1e-5, "tolerance_change": 1e-7, **options, "line_search_fn": search}
        ours, theirs = (run(library, loss, *begin(library, options), 6) for library in (mg, torch))
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)

    compare()


def test_a_hundred_steps_of_one_iteration():
    for search in (None, "strong_wolfe"):
        options = {"lr": 0.1, "max_iter": 1, "line_search_fn": search}
        ours, theirs = (run(library, "quadratic", *begin(library, options), 100) for library in (mg, torch))
        np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-7)


def test_single_precision():
    values = normal(2, 2, seed=1).astype(np.float32), normal(3, seed=2).astype(np.float32)

    def loss(library):
        a, b = (library.tensor(one, requires_grad=True) for one in values)
        optimizer = library.optim.LBFGS([a, b], line_search_fn="strong_wolfe")

        def closure():
            optimizer.zero_grad()
            value = ((a - 1) ** 2).sum() + (b**4).sum() + a.sum() * b.sum() * 0.1
            value.backward()
            return value

        for _ in range(10):
            optimizer.step(closure)
        assert str(a.dtype).removeprefix("torch.") == str(b.dtype).removeprefix("torch.") == "float32"
        return closure().item()

    assert loss(mg) == pytest.approx(loss(torch), rel=1e-3)


def arrays(value):
    if isinstance(value, dict):
        return {key: arrays(one) for key, one in value.items()}
    if isinstance(value, list):
        return [arrays(one) for one in value]
    return value.detach().numpy().copy() if isinstance(value, mg.Tensor | torch.Tensor) else value


def tensors(value):
    if isinstance(value, dict):
        return {key: tensors(one) for key, one in value.items()}
    if isinstance(value, list):
        return [tensors(one) for one in value]
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_states_change_sides(search):
    options = {"lr": 0.5 if search else 0.001, "max_iter": 4, "history_size": 3, "line_search_fn": search}
    halves, states, values = {}, {}, {}
    for library in (mg, torch):
        params, optimizer = begin(library, options)
        run(library, "rosenbrock", params, optimizer, 4)
        states[library] = arrays(optimizer.state_dict())
        values[library] = [one.detach().numpy().copy() for one in params]
        halves[library] = run(library, "rosenbrock", params, optimizer, 4)
    # `al` is room that PyTorch works in.
    assert states[mg]["state"][0].keys() == states[torch]["state"][0].keys() - {"al"}
    ours = run(mg, "rosenbrock", *begin(mg, {}, states[torch], values[torch]), 4)
    theirs = run(torch, "rosenbrock", *begin(torch, {}, tensors(states[mg]), values[mg]), 4)
    for one in (ours, theirs, halves[mg]):
        np.testing.assert_allclose(one, halves[torch], rtol=1e-7, atol=1e-7)


def test_a_parameter_without_a_gradient_stays():
    for library in (mg, torch):
        a, b = (library.ones(2, requires_grad=True) for _ in range(2))
        optimizer = library.optim.LBFGS([a, b], line_search_fn="strong_wolfe")

        def closure(a=a, optimizer=optimizer):
            optimizer.zero_grad()
            loss = ((a - 3) ** 2).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        assert b.tolist() == [1, 1]
        np.testing.assert_allclose(a.detach().numpy(), 3, rtol=1e-5)


def test_nothing_happens_where_the_gradient_is_flat():
    for library in (mg, torch):
        a = library.zeros(2, requires_grad=True)
        optimizer = library.optim.LBFGS([a])

        def closure(a=a, optimizer=optimizer):
            optimizer.zero_grad()
            loss = (a**2).sum()
            loss.backward()
            return loss

        assert optimizer.step(closure).item() == 0
        assert a.tolist() == [0, 0]
        assert optimizer.state_dict()["state"][0] == {"func_evals": 1, "n_iter": 0}


def closure(p):
    loss = (p * p).sum()
    loss.backward()
    return loss


def test_what_both_refuse():
    for make in (
        lambda library, p: library.optim.LBFGS([{"params": [p]}, {"params": [library.ones(1, requires_grad=True)]}]),
        lambda library, p: library.optim.LBFGS([p], line_search_fn="armijo").step(lambda: closure(p)),
        lambda library, p: library.optim.LBFGS([p]).step(),
        lambda library, p: library.optim.LBFGS([p], lr=-1),
    ):
        both_refuse(*[
            lambda library=library, make=make: make(library, library.ones(1, requires_grad=True))
            for library in (mg, torch)
        ])  # fmt: skip
