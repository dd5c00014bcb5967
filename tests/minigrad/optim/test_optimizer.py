"""Groups, state and what an optimiser refuses."""

import copy

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, DTypeError, GradError, MinigradError, StateDictError
from minigrad.optim import SGD, Optimizer


def parameters(*sizes):
    return [mg.ones(size, requires_grad=True) for size in sizes]


def step(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


# ----------------------------------------------------------------------------- groups


def test_groups_have_their_own_options():
    p, q = parameters(1, 1)
    optimizer = SGD([{"params": p}, {"params": [q], "lr": 0.5, "momentum": 0.9}], lr=0.1)
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.5]
    assert [group["params"] for group in optimizer.param_groups] == [[p], [q]]
    step(optimizer, (p + q).sum())
    assert (p.item(), q.item()) == (pytest.approx(0.9), 0.5)
    assert set(optimizer.state) == {q}


def test_a_group_can_join_later():
    p, q = parameters(1, 1)
    optimizer = SGD([p], lr=0.1)
    optimizer.add_param_group({"params": (one for one in [q]), "lr": 1.0})
    step(optimizer, (p + q).sum())
    assert (p.item(), q.item()) == (pytest.approx(0.9), 0.0)


def test_options_can_be_changed_between_steps():
    (p,) = parameters(1)
    optimizer = SGD([p], lr=0.1)
    optimizer.param_groups[0]["lr"] = 1.0
    step(optimizer, p.sum())
    assert p.item() == 0.0


def test_generators_are_read_once():
    model = nn.Linear(2, 2)
    assert len(SGD(model.parameters(), lr=0.1).param_groups[0]["params"]) == 2


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (lambda p: p, DTypeError, r"one tensor; give a list.*model\.parameters\(\)"),
        (lambda p: [], ArgumentError, r"no parameters.*used up.*plain list"),
        (lambda p: iter(()), ArgumentError, "no parameters"),
        (lambda p: nn.Linear(2, 2), DTypeError, r"Linear; did you mean its \.parameters\(\)"),
        (lambda p: nn.Sequential(nn.Linear(2, 2)), DTypeError, r"parameters\(\)"),
        (lambda p: [p, 3.0], DTypeError, "got a float as parameter 1"),
        (lambda p: [p, p.detach().numpy()], DTypeError, "got a ndarray as parameter 1"),
        (lambda p: [p * 2], GradError, r"parameter 0 \(shape \(2,\)\) was computed, by <mul"),
        (lambda p: [p, p], ArgumentError, r"parameter 1 \(shape \(2,\)\) is given twice"),
        (lambda p: [{"params": [p]}, {"params": p}], ArgumentError, "given twice"),
        (lambda p: [{"lr": 0.1}], ArgumentError, "needs the key 'params'"),
        (lambda p: [{"params": [p]}, p], MinigradError, "group|param"),
        (lambda p: {p}, DTypeError, "set"),
        (lambda p: nn.Linear(2, 2).parameters, DTypeError, r"parameters\(\)"),
        (lambda p: None, DTypeError, "NoneType"),
        (lambda p: 3, DTypeError, "int"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_parameters(given, error, message):
    (p,) = parameters(2)
    with pytest.raises(error, match=message):
        SGD(given(p), lr=0.1)


def test_a_group_that_is_refused_changes_nothing():
    p, q = parameters(1, 1)
    optimizer = SGD([p], lr=0.1)
    for group in ({"params": [q, p]}, {"params": [q], "lr": -1}, {"params": [q, 3]}, {}):
        with pytest.raises(MinigradError):
            optimizer.add_param_group(group)
    assert [one["params"] for one in optimizer.param_groups] == [[p]]


def test_shared_parameters_of_a_model_are_moved_once():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model[1].weight = model[0].weight
    assert len(SGD(model.parameters(), lr=0.1).param_groups[0]["params"]) == 1


# -------------------------------------------------------------------- gradients, steps


def test_zero_grad():
    p, q = parameters(1, 1)
    optimizer = SGD([p, q], lr=0.1)
    p.sum().backward()
    gradient = p.grad
    optimizer.zero_grad(set_to_none=False)
    assert (p.grad.tolist(), gradient.tolist(), q.grad) == ([0.0], [0.0], None)
    optimizer.zero_grad()
    assert (p.grad, q.grad) == (None, None)


@pytest.mark.parametrize("kind", ["recorded", "expanded"])
def test_zero_grad_of_gradients_that_cannot_be_written(kind):
    (p,) = parameters(2)
    optimizer = SGD([p], lr=0.1)
    p.grad = mg.ones(1).expand(2) if kind == "expanded" else mg.ones(2, requires_grad=True) * 2
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0, 0.0]
    assert not p.grad.requires_grad


def test_closure_is_recorded_and_its_loss_returned():
    (p,) = parameters(1)
    optimizer = SGD([p], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with mg.no_grad():
        assert optimizer.step(closure).item() == 1.0
        assert not mg.is_grad_enabled()
    assert p.item() == 0.5
    assert optimizer.step() is None


def test_a_failing_closure_leaves_the_switch_and_the_parameters():
    (p,) = parameters(1)
    optimizer = SGD([p], lr=0.25)
    p.grad = mg.ones(1)

    def closure():
        raise KeyError

    with mg.no_grad():
        with pytest.raises(KeyError):
            optimizer.step(closure)
        assert not mg.is_grad_enabled()
    assert p.item() == 1.0


def test_an_optimiser_of_ones_own():
    class Sign(Optimizer):
        def __init__(self, params, lr=1.0):
            super().__init__(params, {"lr": lr})

        def _update(self, group):
            for param in group["params"]:
                param -= param.grad.sign() * group["lr"]

    (p,) = parameters(2)
    step(Sign([p], lr=0.5), (p * mg.tensor([3.0, -7.0])).sum())
    assert p.tolist() == [0.5, 1.5]
    with pytest.raises(NotImplementedError, match=r"Optimizer must define _update"):
        Optimizer([p], {}).step()


# ----------------------------------------------------------------------------- state


def trained(steps=2):
    p, q = parameters(2, 3)
    optimizer = SGD([{"params": [p], "lr": 0.5}, {"params": [q]}], lr=0.1, momentum=0.9)
    for _ in range(steps):
        step(optimizer, (p * p).sum() + (q * q * q).sum())
    return p, q, optimizer


def test_state_dict_speaks_of_parameters_by_number():
    p, _q, optimizer = trained()
    state = optimizer.state_dict()
    assert [group["params"] for group in state["param_groups"]] == [[0], [1]]
    assert [group["lr"] for group in state["param_groups"]] == [0.5, 0.1]
    assert state["state"][0]["momentum_buffer"].tolist() == optimizer.state[p]["momentum_buffer"].tolist()
    assert sorted(state["state"]) == [0, 1]


def test_load_state_dict_goes_on_exactly():
    p, q, optimizer = trained()
    state, values = copy.deepcopy(optimizer.state_dict()), [p.tolist(), q.tolist()]
    step(optimizer, (p * p).sum() + (q * q * q).sum())
    right = [p.tolist(), q.tolist()]

    other, another = (mg.tensor(value, requires_grad=True) for value in values)
    fresh = SGD([{"params": [other]}, {"params": [another]}], lr=9.0)
    fresh.load_state_dict(state)
    step(fresh, (other * other).sum() + (another * another * another).sum())
    assert [other.tolist(), another.tolist()] == right
    assert fresh.param_groups[0]["lr"] == 0.5


def test_loaded_state_is_a_copy():
    p, q, optimizer = trained()
    state = optimizer.state_dict()
    fresh = SGD([{"params": [p]}, {"params": [q]}], lr=0.1, momentum=0.9)
    fresh.load_state_dict(state)
    fresh.state[p]["momentum_buffer"].zero_()
    assert optimizer.state[p]["momentum_buffer"].tolist() != [0.0, 0.0]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda state: state["param_groups"].pop(), r"groups of \[1, 1\] parameters, the state dict of \[1\]"),
        (lambda state: state["param_groups"][0]["params"].append(2), r"\[2, 1\]"),
        (lambda state: state.pop("state"), "'state' and 'param_groups'"),
        (lambda state: state["state"].__setitem__(7, {}), "7"),
        (lambda state: state["state"].__setitem__("weight", {}), "weight"),
    ],
)
def test_a_state_dict_that_does_not_fit_changes_nothing(spoil, message):
    _p, _q, optimizer = trained()
    before = copy.deepcopy(optimizer.state_dict())
    state = copy.deepcopy(before)
    state["param_groups"][0]["lr"] = 77.0
    spoil(state)
    with pytest.raises(StateDictError, match=message):
        optimizer.load_state_dict(state)
    after = optimizer.state_dict()
    assert after["param_groups"] == before["param_groups"]
    assert [s["momentum_buffer"].tolist() for s in after["state"].values()] == [
        s["momentum_buffer"].tolist() for s in before["state"].values()
    ]


@pytest.mark.parametrize(
    "wrong", [None, "state.npz", 3, [], nn.Linear(2, 2).state_dict()], ids=lambda w: type(w).__name__
)
def test_what_is_no_state_dict(wrong):
    optimizer = trained()[2]
    with pytest.raises(StateDictError, match="keys 'state' and 'param_groups'"):
        optimizer.load_state_dict(wrong)


def test_repr_lists_the_options():
    text = repr(SGD(parameters(1), lr=0.5, momentum=0.9))
    assert text == (
        "SGD (\nParameter Group 0\n    dampening: 0\n    lr: 0.5\n    maximize: False\n    momentum: 0.9\n"
        "    nesterov: False\n    weight_decay: 0\n)"
    )


def test_deepcopy_of_model_and_optimiser_together():
    model = nn.Linear(2, 1)
    optimizer = SGD(model.parameters(), lr=0.5, momentum=0.9)
    step(optimizer, model(mg.ones(1, 2)).sum())
    twin, other = copy.deepcopy((model, optimizer))
    before = model.weight.tolist()
    step(other, twin(mg.ones(1, 2)).sum())
    assert twin.weight.tolist() != model.weight.tolist() == before
