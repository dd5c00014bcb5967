"""L-BFGS on functions whose minimum is known, and what it asks of its closure and state."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, StateDictError
from minigrad.optim.line_search import Point, strong_wolfe


def closure_of(optimizer, loss):
    def closure():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    return closure


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_a_quadratic_is_minimised_by_as_many_pairs_as_it_has_axes(search):
    source = np.random.default_rng(0)
    half = source.standard_normal((5, 5))
    matrix, target = half @ half.T + np.eye(5), source.standard_normal(5)
    p = mg.zeros(5, dtype=mg.float64, requires_grad=True)
    optimizer = mg.optim.LBFGS([p], max_iter=40, line_search_fn=search)
    a, b = mg.from_numpy(matrix), mg.from_numpy(target)
    optimizer.step(closure_of(optimizer, lambda: 0.5 * p @ (a @ p) - b @ p))
    np.testing.assert_allclose(p.detach().numpy(), np.linalg.solve(matrix, target), atol=1e-5)


def test_the_direction_is_the_formulas_with_matrices():
    p = mg.tensor(np.linspace(-1, 1, 5), requires_grad=True)
    optimizer = mg.optim.LBFGS([p], max_iter=1, history_size=3, line_search_fn="strong_wolfe")
    closure = closure_of(optimizer, lambda: (p**4).sum() + (p * mg.arange(5.0) - 1).cosh().sum())
    for _ in range(6):
        optimizer.step(closure)
    state = optimizer.state[p]
    pairs = [(y.numpy(), s.numpy()) for y, s in zip(state["old_dirs"], state["old_stps"], strict=True)]
    y, s = pairs[-1]
    inverse = np.eye(5) * (y @ s) / (y @ y)
    for y, s in pairs:
        rho, one = 1 / (y @ s), np.eye(5)
        inverse = (one - rho * np.outer(s, y)) @ inverse @ (one - rho * np.outer(y, s)) + rho * np.outer(s, s)
    np.testing.assert_allclose(state["d"].numpy(), -inverse @ state["prev_flat_grad"].numpy(), rtol=1e-9)


def test_rosenbrocks_valley_is_walked_to_its_end():
    p = mg.tensor(np.array([-1.2, 1.0]), requires_grad=True)
    optimizer = mg.optim.LBFGS([p], max_iter=100, max_eval=300, line_search_fn="strong_wolfe")
    loss = lambda: 100 * (p[1] - p[0] ** 2) ** 2 + (1 - p[0]) ** 2  # noqa: E731
    assert optimizer.step(closure_of(optimizer, loss)).item() == pytest.approx(24.2)
    np.testing.assert_allclose(p.detach().numpy(), 1, atol=1e-3)


def test_several_parameters_of_any_order_and_dtype():
    a = mg.from_numpy(np.asfortranarray(np.ones((3, 2)))).requires_grad_()
    b, c = mg.ones(2, requires_grad=True), mg.tensor(3.0, requires_grad=True)
    target = mg.arange(6, dtype=mg.float64).reshape(3, 2)
    optimizer = mg.optim.LBFGS([a, b, c], max_iter=50, line_search_fn="strong_wolfe")
    loss = lambda: ((a - target) ** 2).sum() + ((b - 4) ** 2).sum().double() + ((c + 1) ** 2).double()  # noqa: E731
    optimizer.step(closure_of(optimizer, loss))
    np.testing.assert_allclose(a.detach().numpy(), target.numpy(), atol=1e-4)
    np.testing.assert_allclose([*b.tolist(), c.item()], [4, 4, -1], atol=1e-4)
    assert [one.dtype for one in (a, b, c)] == [mg.float64, mg.float32, mg.float32]


def test_a_closure_that_fails_in_the_search_leaves_the_parameters():
    p = mg.ones(2, requires_grad=True)
    optimizer = mg.optim.LBFGS([p], line_search_fn="strong_wolfe")
    calls = []

    def closure():
        calls.append(p.tolist())
        if len(calls) == 2:
            raise KeyError
        optimizer.zero_grad()
        loss = (p**4).sum()
        loss.backward()
        return loss

    with mg.no_grad():
        with pytest.raises(KeyError):
            optimizer.step(closure)
        assert not mg.is_grad_enabled()
    assert p.tolist() == [1, 1] == calls[0] != calls[1]


def test_the_history_is_as_long_as_it_may_be():
    p = mg.tensor(np.linspace(-1, 1, 6), requires_grad=True)
    optimizer = mg.optim.LBFGS([p], lr=0.1, max_iter=10, history_size=3)
    for _ in range(3):
        optimizer.step(closure_of(optimizer, lambda: (p**4).sum() + (p - 1).cosh().sum()))
    state = optimizer.state[p]
    assert [len(state[name]) for name in ("old_dirs", "old_stps", "ro")] == [3, 3, 3]
    assert state["n_iter"] > 10


@pytest.mark.parametrize(
    ("options", "error"),
    [({"lr": -1}, ArgumentError), ({"max_iter": 0}, ArgumentError), ({"max_iter": 1.5}, DTypeError),
     ({"max_eval": 0}, ArgumentError), ({"history_size": 0}, ArgumentError), ({"tolerance_grad": -1}, ArgumentError),
     ({"tolerance_change": "no"}, DTypeError), ({"line_search_fn": "wolfe"}, ArgumentError),
     ({"line_search_fn": np.ones(2)}, ArgumentError)],
)  # fmt: skip
def test_options_outside_their_range(options, error):
    with pytest.raises(error, match="LBFGS"):
        mg.optim.LBFGS([mg.ones(1, requires_grad=True)], **options)


def test_one_group_and_a_closure():
    p, q = (mg.ones(1, requires_grad=True) for _ in range(2))
    with pytest.raises(ArgumentError, match="second group"):
        mg.optim.LBFGS([{"params": [p]}, {"params": [q]}])
    optimizer = mg.optim.LBFGS([p])
    with pytest.raises(ArgumentError, match="second group"):
        optimizer.add_param_group({"params": [q]})
    with pytest.raises(ArgumentError, match="no closure"):
        optimizer.step()
    with pytest.raises(DTypeError, match="Tensor"):
        optimizer.step((p * p).sum())
    with pytest.raises(DTypeError, match="loss"):
        optimizer.step(lambda: None)


GOOD = {
    "n_iter": 2, "func_evals": 3, "t": 1.0, "H_diag": 1.0, "d": np.ones(3), "prev_flat_grad": np.ones(3),
    "old_dirs": [np.ones(3)], "old_stps": [np.ones(3)], "ro": [1 / 3], "prev_loss": 1.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("spoilt", "error"),
    [({"d": np.ones(2)}, StateDictError), ({"d": None}, StateDictError), ({"old_dirs": [np.ones(4)]}, StateDictError),
     ({"prev_flat_grad": 3.0}, StateDictError), ({"n_iter": "two"}, DTypeError), ({"t": None}, DTypeError), ({}, None)],
)  # fmt: skip
def test_states_that_do_not_fit(spoilt, error):
    p = mg.tensor(np.full(3, 2.0), requires_grad=True)
    optimizer = mg.optim.LBFGS([p])
    optimizer.load_state_dict({"state": {0: {**GOOD, **spoilt}}, "param_groups": [{"params": [0]}]})
    step = lambda: optimizer.step(closure_of(optimizer, lambda: (p * p).sum()))  # noqa: E731
    if error is None:
        step()
        assert p.tolist() != [2, 2, 2]
    else:
        with pytest.raises(error):
            step()
        assert p.tolist() == [2, 2, 2]


# ----------------------------------------------------------------- line search

LINES = {
    "parabola": lambda t: ((t - 3) ** 2, 2 * (t - 3)),
    "far": lambda t: (-t / (t * t + 1000), (t * t - 1000) / (t * t + 1000) ** 2),
    "flat": lambda t: ((t - 1) ** 4, 4 * (t - 1) ** 3),
    "steep": lambda t: (1e3 * t * t - t, 2e3 * t - 1),
    "oscillating": lambda t: (np.cos(t) - 0.3 * t, -np.sin(t) - 0.3),
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("first", [1e-6, 0.01, 1.0, 30.0])
def test_what_is_found_fulfils_both_conditions(name, first):
    def at(t):
        loss, slope = LINES[name](t)
        return Point(t, float(loss), np.array([slope]), float(slope))

    start = at(0.0)
    found = strong_wolfe(at, start, first, 40, 1.0, 0.0)
    assert found.loss <= start.loss + 1e-4 * found.place * start.slope
    assert abs(found.slope) <= 0.9 * abs(start.slope)
    assert found.place > 0


def test_the_best_is_kept_when_there_are_no_tries_left():
    rising = lambda t: Point(t, t, np.ones(1), -1.0)  # noqa: E731 - a slope that lies
    assert strong_wolfe(rising, rising(0.0), 1.0, 5, 1.0, 0.0).place == 0
    assert strong_wolfe(rising, rising(0.0), 1.0, 0, 1.0, 0.0).place == 0
    tried = []

    def falling(t):
        tried.append(t)
        return Point(t, -t, np.ones(1), -1.0)

    assert strong_wolfe(falling, falling(0.0), 1.0, 2, 1.0, 0.0).place == max(tried)
    assert len(tried) == 4
