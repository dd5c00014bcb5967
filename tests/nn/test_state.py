"""State dicts: extra states, what loading answers, and modules put at a path."""

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, DTypeError, GradError, MissingMethodError, ShapeError, StateDictError


class Counter(nn.Module):
    def __init__(self, count=0):
        super().__init__()
        self.layer = nn.Linear(1, 1)
        self.count = count

    def get_extra_state(self):
        return {"count": self.count}

    def set_extra_state(self, state):
        self.count = state["count"]


def test_extra_states_are_saved_and_loaded(tmp_path):
    mg.save(nn.Sequential(Counter(3)).state_dict(), tmp_path / "net.npz")
    state = mg.load(tmp_path / "net.npz")
    assert list(state) == ["0._extra_state", "0.layer.weight", "0.layer.bias"]
    net = nn.Sequential(Counter())
    assert repr(net.load_state_dict(state)) == "<All keys matched successfully>"
    assert net[0].count == 3


def test_nothing_is_loaded_where_something_does_not_fit():
    net = Counter(1)
    state = {**Counter(2).state_dict(), "layer.bias": mg.zeros(5)}
    with pytest.raises(StateDictError, match=r"layer\.bias has shape"):
        net.load_state_dict(state)
    assert net.count == 1
    with pytest.raises(StateDictError, match="missing keys: _extra_state"):
        net.load_state_dict({"layer.weight": mg.zeros(1, 1), "layer.bias": mg.zeros(1)})


def test_a_module_without_extra_state_says_so():
    with pytest.raises(MissingMethodError, match="ReLU has no extra state; define get_extra_state"):
        nn.ReLU().get_extra_state()
    with pytest.raises(MissingMethodError, match="ReLU has no extra state; define set_extra_state"):
        nn.ReLU().set_extra_state(1)


def test_a_module_is_put_at_a_path():
    net = nn.Sequential(nn.Sequential(nn.ReLU()))
    net.set_submodule("0.0", nn.Tanh())
    assert isinstance(net[0][0], nn.Tanh)
    with pytest.raises(ArgumentError, match="path ''"):
        net.set_submodule("", nn.ReLU())
    with pytest.raises(DTypeError, match="got a str"):
        net.set_submodule("0", "a")
    with pytest.raises(AttributeError, match="no submodule '3'"):
        net.set_submodule("3", nn.ReLU(), strict=True)


def test_a_backward_pre_hook_returns_a_tuple():
    layer = nn.Linear(2, 1)
    layer.register_full_backward_pre_hook(lambda module, grads: grads[0])
    with pytest.raises(GradError, match="Linear returned a Tensor for 1 outputs"):
        layer(mg.ones(3, 2)).sum().backward()


def test_sparse_initial_values_are_refused():
    with pytest.raises(ShapeError, match="fills matrices"):
        nn.init.sparse_(mg.empty(3), 0.5)
    with pytest.raises(ArgumentError, match=r"sparsity=1\.5"):
        nn.init.sparse_(mg.empty(3, 3), 1.5)


def test_inference_mode_takes_a_bool():
    with pytest.raises(DTypeError, match="got 'yes', a str"):
        mg.inference_mode("yes")
