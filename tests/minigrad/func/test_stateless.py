"""Modules called with other parameters: what is replaced, what changes, what is refused."""

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.func import functional_call, grad, jvp


@pytest.fixture
def layer():
    return nn.Linear(2, 1)


def test_the_module_keeps_its_own_parameters(layer):
    before = dict(layer.named_parameters())
    x = mg.tensor([1.0, 2.0])
    assert functional_call(layer, {"weight": mg.ones(1, 2), "bias": mg.zeros(1)}, x).tolist() == [3]
    assert all(one is before[name] for name, one in layer.named_parameters())


def test_the_module_gets_them_back_after_an_error(layer):
    before = layer.weight
    with pytest.raises(ShapeError):
        functional_call(layer, {"weight": mg.ones(1, 3)}, mg.ones(2))
    assert layer.weight is before


def test_what_is_not_named_keeps_its_value_and_its_gradient(layer):
    y = functional_call(layer, {"weight": mg.ones(1, 2)}, mg.ones(2))
    y.sum().backward()
    assert layer.bias.grad.tolist() == [1]
    assert layer.weight.grad is None


def test_nested_paths_and_several_dictionaries():
    net = nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.Linear(1, 1, bias=False)))
    two = mg.full((1, 1), 2.0)
    y = functional_call(net, ({"0.weight": two, "0.bias": mg.ones(1)}, {"1.0.weight": two}), (mg.ones(1),), strict=True)
    assert y.tolist() == [6]


def test_a_missing_bias_can_be_given():
    layer = nn.Linear(1, 1, bias=False)
    given = {"weight": mg.ones(1, 1), "bias": mg.ones(1)}
    assert functional_call(layer, given, mg.ones(1)).tolist() == [2]
    assert layer.bias is None


def test_gradients_through_it(layer):
    params = {name: one.detach() for name, one in layer.named_parameters()}
    x = mg.tensor([3.0, 4.0])
    loss = lambda params: functional_call(layer, params, x).sum()  # noqa: E731
    found = grad(loss)(params)
    assert found["weight"].tolist() == [[3, 4]]
    assert found["bias"].tolist() == [1]
    assert not found["bias"].requires_grad
    assert jvp(loss, (params,), (params,))[1].item() == pytest.approx(loss(params).item())
    assert layer.weight.grad is None


def test_batch_norm_in_training_moves_the_buffers_it_is_given():
    norm = nn.BatchNorm1d(2).double()
    x = mg.from_numpy(np.random.default_rng(0).standard_normal((5, 2)))
    params = {name: one.detach() for name, one in norm.named_parameters()}
    buffers = {name: one.clone() for name, one in norm.named_buffers()}

    def loss(params, x):
        return (functional_call(norm, (params, buffers), (x,)) ** 3).sum()

    _, pushed = jvp(loss, (params, x), (params, x))
    assert buffers["num_batches_tracked"].item() == 1
    assert norm.num_batches_tracked.item() == 0
    by_params, by_x = grad(loss, (0, 1))(params, x)
    expected = sum((by_params[name] * params[name]).sum().item() for name in params) + (by_x * x).sum().item()
    assert pushed.item() == pytest.approx(expected, rel=1e-9)


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("count", mg.zeros(()))

    def forward(self, x):
        self.count = self.count + 1
        return x + self.count


def test_a_buffer_assigned_anew_is_told_to_the_dictionary():
    counter, state = Counter(), {"count": mg.zeros(())}
    assert functional_call(counter, state, mg.zeros(())).item() == 1
    assert functional_call(counter, state, mg.zeros(())).item() == 2
    assert (state["count"].item(), counter.count.item()) == (2, 0)


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(1, 1, bias=False)
        self.other = nn.Linear(1, 1, bias=False)
        self.other.weight = self.one.weight

    def forward(self, x):
        return self.other(self.one(x))


def test_tied_weights():
    net, two, x = Tied(), mg.full((1, 1), 2.0), mg.ones(1)
    net.one.weight.data.fill_(1)
    assert functional_call(net, {"one.weight": two}, x).tolist() == [4]
    assert functional_call(net, {"one.weight": two}, x, tie_weights=False).tolist() == [2]
    assert functional_call(net, {"one.weight": two, "other.weight": two}, x).tolist() == [4]
    assert grad(lambda p: functional_call(net, p, x).sum())({"one.weight": two})["one.weight"].tolist() == [[4]]
    three = {"one.weight": two, "other.weight": mg.full((1, 1), 3.0)}
    assert functional_call(net, three, x, tie_weights=False).tolist() == [6]
    with pytest.raises(ArgumentError, match=r"one\.weight and other\.weight are one tensor in the module"):
        functional_call(net, three, x)


@pytest.mark.parametrize(
    ("given", "options", "error", "words"),
    [
        ({"wieght": mg.ones(1, 2)}, {}, ArgumentError, "Linear has no parameter or buffer wieght; it has weight, bias"),
        ({"weight": mg.ones(1, 2)}, {"strict": True}, ArgumentError, r"strict=True\): bias missing"),
        (({"bias": mg.ones(1)}, {"bias": mg.ones(1)}), {}, ArgumentError, "bias stands in two of the dictionaries"),
        ({"bias": 1.0}, {}, DTypeError, "bias is a float; give a tensor, or None"),
        (3, {}, ArgumentError, "functional_call got a int for the parameters"),
        ([3], {}, ArgumentError, "functional_call got a list for the parameters"),
    ],
)
def test_refusals(layer, given, options, error, words):
    with pytest.raises(error, match=words):
        functional_call(layer, given, mg.ones(2), **options)


def test_what_is_no_module():
    with pytest.raises(DTypeError, match=r"functional_call got a int; its first argument is an nn\.Module"):
        functional_call(3, {}, ())
