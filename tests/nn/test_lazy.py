"""Lazy layers: uninitialised until the first input, or the first state dict; then as any other."""

import copy
import pickle

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, ShapeError, StateDictError
from nn.lazy import LazyModuleMixin
from nn.parameter import is_lazy

CONV = [
    (getattr(nn, f"Lazy{kind}{d}d"), getattr(nn, f"{kind}{d}d"), d)
    for kind in ("Conv", "ConvTranspose")
    for d in (1, 2, 3)
]


@pytest.mark.parametrize(("lazy", "plain", "axes"), CONV)
def test_convolutions_take_their_channels_from_the_input(lazy, plain, axes):
    options = {"stride": 2, "padding": 1, "groups": 2}
    layer = lazy(4, 3, **options)
    assert isinstance(layer, plain)
    assert (layer.in_channels, layer.out_channels, layer.has_uninitialized_params()) == (0, 4, True)
    x = mg.randn(2, 6, *(5,) * axes)
    y = layer(x)
    twin = plain(6, 4, 3, **options)
    twin.load_state_dict(layer.state_dict())
    assert type(layer) is plain
    assert repr(layer) == repr(twin)
    assert (layer.in_channels, type(layer.weight), layer.weight.requires_grad) == (6, nn.Parameter, True)
    assert mg.equal(y, twin(x))
    assert lazy(4, 3, bias=False)(x[0]).shape == plain(6, 4, 3)(x[0]).shape


def test_initial_values_are_the_plain_layers():
    made = []
    for make in (lambda: nn.LazyLinear(5), lambda: nn.Linear(7, 5)):
        mg.manual_seed(1)
        layer = make()
        mg.manual_seed(1)
        layer(mg.zeros(1, 7))
        layer.reset_parameters()
        made.append(layer.weight.abs().max().item())
    assert all(value <= 7**-0.5 for value in made)


def test_linear_in_a_chain_after_a_dry_run():
    net = nn.Sequential(nn.LazyConv2d(4, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(3, bias=False))
    assert [type(module) for module in net] == [nn.LazyConv2d, nn.ReLU, nn.Flatten, nn.LazyLinear]
    optimizer = mg.optim.SGD(net.parameters(), lr=0.1)
    with mg.no_grad():
        net(mg.zeros(1, 1, 6, 6))
    assert repr(net[3]) == "Linear(in_features=64, out_features=3, bias=False)"
    before = net[0].weight.detach().clone()
    net(mg.randn(2, 1, 6, 6)).sum().backward()
    optimizer.step()
    assert not mg.equal(net[0].weight, before), "the optimiser made before holds the real parameters"


def test_it_is_used_only_after_its_first_input():
    layer = nn.LazyConv2d(4, 3)
    for use in (
        lambda: layer.weight.shape, lambda: layer.weight + 1, lambda: sum(p.numel() for p in layer.parameters()),
        lambda: nn.init.zeros_(layer.weight), lambda: layer.requires_grad_(False),
    ):  # fmt: skip
        with pytest.raises(ArgumentError, match=r"UninitializedParameter has no shape.*Call the model once"):
            use()
    layer.zero_grad()
    layer.reset_parameters()
    assert repr(layer.weight) == "<UninitializedParameter>"
    assert repr(layer) == "LazyConv2d(0, 4, kernel_size=(3, 3), stride=(1, 1))"
    assert repr(nn.LazyLinear(2)) == "LazyLinear(in_features=0, out_features=2, bias=True)"
    assert isinstance(layer.weight, nn.Parameter)


def test_dtypes():
    assert nn.LazyConv2d(4, 3, dtype=mg.float64).weight.dtype == mg.float64
    layer = nn.LazyConv2d(4, 3).double().to("cpu")
    assert layer(mg.zeros(1, 2, 5, 5, dtype=mg.float64)).dtype == mg.float64


@pytest.mark.parametrize(
    ("make", "x", "error", "message"),
    [
        (lambda: nn.LazyConv2d(4, 3), (5, 5), ShapeError, r"\(5, 5\).*takes 4 axes.*or 3.*\[in LazyConv2d"),
        (lambda: nn.LazyConv2d(4, 3, groups=3), (1, 4, 5, 5), ArgumentError, "groups=3, 4 input and 4 output"),
        (lambda: nn.LazyConv2d(4, 3, groups=2), (1, 3, 5, 5), ArgumentError, "groups=2, 3 input"),
        (lambda: nn.LazyLinear(4), (), ShapeError, "0-d"),
    ],
)
def test_inputs_that_do_not_fit_leave_it_lazy(make, x, error, message):
    layer = make()
    with pytest.raises(error, match=message):
        layer(mg.zeros(x))
    assert layer.has_uninitialized_params()


# -------------------------------------------------------------------- state


def test_loading_materialises():
    full, layer = nn.Conv2d(6, 4, 3, groups=2), nn.LazyConv2d(4, 3, groups=2)
    for assign in (False, True):
        layer = nn.LazyConv2d(4, 3, groups=2)
        layer.load_state_dict(full.state_dict(), assign=assign)
        assert not layer.has_uninitialized_params()
        x = mg.randn(1, 6, 5, 5)
        assert mg.equal(layer(x), full(x))
        assert repr(layer) == repr(full)
        assert type(layer.weight) is nn.Parameter
    linear = nn.LazyLinear(2)
    linear.load_state_dict(nn.Linear(3, 2).state_dict())
    assert linear(mg.zeros(1, 3)).shape == (1, 2)
    assert linear.in_features == 3
    layer = nn.LazyConv2d(4, 3, groups=2)
    layer.load_state_dict(full.state_dict())
    with pytest.raises(ShapeError, match=r"reads 6 channels.*\[in Conv2d\(6, 4"):
        layer(mg.zeros(1, 2, 5, 5))


def test_uninitialised_states():
    state = nn.LazyLinear(2).state_dict()
    assert [is_lazy(value) for value in state.values()] == [True, True]
    layer = nn.LazyLinear(2)
    layer.load_state_dict(state)
    assert layer.has_uninitialized_params()
    with pytest.raises(StateDictError, match="weight is uninitialised in the dict, and not in the module"):
        nn.Linear(3, 2).load_state_dict(state)
    layer = nn.LazyLinear(2)
    with pytest.raises(StateDictError, match="missing keys: bias"):
        layer.load_state_dict({"weight": mg.ones(2, 3)})
    assert is_lazy(layer.weight), "all, or nothing"
    layer.load_state_dict({"bias": mg.ones(2)}, strict=False)
    assert (is_lazy(layer.weight), is_lazy(layer.bias)) == (True, False)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_copies_are_lazy_by_themselves(copied):
    layer = nn.LazyConv2d(4, 3)
    twin = copied(layer)
    twin(mg.zeros(1, 2, 5, 5))
    assert (type(layer), type(twin)) == (nn.LazyConv2d, nn.Conv2d)


def test_hooks_see_the_first_call():
    layer, seen = nn.LazyLinear(2), []
    layer.register_forward_pre_hook(lambda module, args: seen.append(type(module)))
    layer.register_forward_hook(lambda module, args, output: seen.append(output.shape))
    layer(mg.zeros(1, 3))
    layer(mg.zeros(4, 3))
    assert seen == [nn.Linear, (1, 2), nn.Linear, (4, 2)]


# ----------------------------------------------------------------- of one's own


class Scale(LazyModuleMixin, nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.UninitializedParameter()
        self.register_buffer("seen", nn.UninitializedBuffer())
        self.calls = 0

    def initialize_parameters(self, x):
        self.calls += 1
        self.scale.materialize(x.shape[-1:])
        self.seen.materialize(x.shape[-1:])
        with mg.no_grad():
            self.scale.fill_(2.0)
            self.seen.zero_()

    def forward(self, x):
        return x * self.scale + self.seen


def test_a_lazy_module_of_ones_own():
    module = Scale()
    assert module.double().seen.dtype == mg.float64
    for _ in range(2):
        assert module(mg.ones(1, 2, dtype=mg.float64)).tolist() == [[2.0, 2.0]]
    assert (type(module), module.calls, type(module.seen)) == (Scale, 1, mg.Tensor)
    fresh = Scale()
    fresh.load_state_dict(module.state_dict())
    assert fresh.scale.tolist() == [2.0, 2.0]


def test_lazy_modules_that_are_not_complete():
    class Silent(LazyModuleMixin, nn.Module):
        pass

    class Forgetful(Scale):
        def initialize_parameters(self, x):
            self.scale.materialize(x.shape)

    with pytest.raises(ArgumentError, match=r"define initialize_parameters.*\[in Silent"):
        Silent()(mg.ones(1))
    with pytest.raises(ArgumentError, match="give shapes to all of them"):
        Forgetful()(mg.ones(1))
