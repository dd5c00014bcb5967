"""Layers: constructors, repr, state, exchange of weights, containers, and initial values."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import copy
import inspect
import math
from collections import OrderedDict

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad import nn
from tests.torch_oracle.compare import assert_close, assert_same, both_refuse, compare, normal
from tests.torch_oracle.modules import twins

# Name, positional arguments, keywords, shape of an input.
LAYERS = [
    ("Linear", (4, 3), {}, (2, 4)), ("Linear", (4, 3), {"bias": False}, (2, 5, 4)), ("Linear", (4, 3, True), {}, (4,)),
    ("Conv1d", (2, 4, 3), {}, (2, 2, 7)), ("Conv1d", (4, 6, 3), {"stride": 2, "padding": 1, "groups": 2}, (2, 4, 9)),
    ("Conv2d", (2, 4, 3), {}, (2, 2, 7, 6)), ("Conv2d", (2, 4, (3, 2)), {"stride": (2, 1), "padding": (1, 0)},
    (2, 2, 7, 6)),
    ("Conv2d", (2, 4, 3, 2, 1, 2, 2), {}, (2, 2, 9, 9)), ("Conv2d", (2, 4, 3), {"padding": "same"}, (2, 2, 7, 6)),
    ("Conv2d", (2, 4, 3), {"padding": "valid", "bias": False}, (2, 7, 6)),
    ("Conv2d", (2, 4, 3), {"padding": 1, "padding_mode": "reflect"}, (2, 2, 7, 6)),
    ("Conv2d", (2, 4, 3), {"padding": (2, 1), "padding_mode": "replicate", "stride": 2}, (2, 2, 7, 6)),
    ("Conv2d", (2, 4, 3), {"padding": "same", "padding_mode": "circular"}, (2, 2, 7, 6)),
    ("Conv2d", (2, 4, (2, 4)), {"padding": "same", "padding_mode": "reflect", "dilation": (1, 2)}, (2, 2, 8, 9)),
    ("Conv1d", (2, 4, 3), {"padding": 2, "padding_mode": "circular", "dilation": 2}, (2, 2, 7)),
    ("Conv3d", (1, 2, 2), {"dilation": 2}, (1, 1, 4, 5, 4)), ("Conv3d", (1, 2, (2, 1, 3)), {"padding": (1, 0, 1)},
    (1, 1, 4, 5, 4)),
    ("Conv3d", (1, 2, 3), {"padding": 1, "padding_mode": "replicate"}, (1, 1, 4, 5, 4)),
    ("ConvTranspose1d", (2, 3, 3), {"stride": 2, "output_padding": 1}, (2, 2, 4)),
    ("ConvTranspose2d", (4, 6, 3), {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2}, (2, 4, 4, 3)),
    ("ConvTranspose2d", (2, 3, 3, 2, 1, 1, 1, False), {}, (2, 2, 4, 3)),
    ("ConvTranspose2d", (2, 3, 2), {"dilation": 2}, (2, 4, 3)),
    ("ConvTranspose3d", (2, 1, 2), {"stride": 2}, (1, 2, 2, 3, 2)), ("MaxPool1d", (2,), {}, (2, 2, 7)),
    ("MaxPool2d", (2,), {}, (2, 2, 7, 6)), ("MaxPool2d", ((3, 2), (2, 1), (1, 0)), {}, (2, 2, 7, 6)),
    ("MaxPool2d", (3,), {"stride": 2, "padding": 1, "dilation": 2, "ceil_mode": True}, (2, 2, 9, 9)),
    ("MaxPool2d", (2,), {"return_indices": True}, (2, 2, 7, 6)), ("MaxPool3d", (2,), {}, (2, 1, 4, 4, 4)),
    ("AvgPool1d", (2,), {}, (2, 2, 7)), ("AvgPool1d", (3, 2, 1, True, False), {}, (2, 2, 7)),
    ("AvgPool2d", (2,), {}, (2, 2, 7, 6)),
    ("AvgPool2d", (3,), {"stride": 2, "padding": 1, "count_include_pad": False, "ceil_mode": True}, (2, 2, 8, 8)),
    ("AvgPool2d", ((2, 3),), {"divisor_override": 3}, (2, 7, 6)), ("AvgPool3d", (2,), {}, (2, 1, 4, 4, 4)),
    ("ReLU", (), {}, (2, 3)), ("ReLU", (), {"inplace": True}, None), ("ReLU6", (), {}, (2, 3)),
    ("ReLU6", (True,), {}, None), ("LeakyReLU", (), {}, (2, 3)), ("LeakyReLU", (0.2, True), {}, None),
    ("ELU", (), {}, (2, 3)), ("ELU", (0.5,), {}, (2, 3)), ("ELU", (1.0, True), {}, None),
    ("Hardtanh", (), {}, (2, 3)), ("Hardtanh", (-2.0, 0.5), {}, (2, 3)), ("Hardtanh", (), {"inplace": True}, None),
    ("GELU", (), {}, (2, 3)), ("GELU", ("tanh",), {}, (2, 3)), ("SiLU", (), {}, (2, 3)), ("SiLU", (True,), {}, None),
    ("Sigmoid", (), {}, (2, 3)), ("LogSigmoid", (), {}, (2, 3)), ("Tanh", (), {}, (2, 3)),
    ("Softsign", (), {}, (2, 3)), ("Softplus", (), {}, (2, 3)), ("Softplus", (2.0, 5.0), {}, (2, 3)),
    ("Softmax", (1,), {}, (2, 3)), ("Softmax", (), {"dim": -1}, (2, 3)), ("LogSoftmax", (1,), {}, (2, 3)),
    ("Identity", (), {}, (2, 3)), ("Identity", (54,), {"unused": 1}, (2, 3)), ("Flatten", (), {}, (2, 3, 4)),
    ("Flatten", (0, 1), {}, (2, 3, 4)), ("Unflatten", (1, (3, 4)), {}, (2, 12)), ("Dropout", (), {}, None),
    ("Dropout", (0.2, True), {}, None), ("MSELoss", (), {}, None), ("NLLLoss", (), {}, None),
    ("CrossEntropyLoss", (), {"label_smoothing": 0.1}, None),
]  # fmt: skip


def name_of(case):
    return f"{case[0]}{case[1]}{case[2]}"


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize(("name", "arguments", "options", "shape"), LAYERS, ids=map(name_of, LAYERS))
def test_layer(name, arguments, options, shape):
    """The same repr, keys and shapes; with the same weights, the same outputs and gradients."""
    ours, theirs = twins(name, *arguments, **options)
    assert repr(ours) == repr(theirs)
    assert {k: v.shape for k, v in ours.state_dict().items()} == {
        k: tuple(v.shape) for k, v in theirs.state_dict().items()
    }
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    if shape is None:
        return
    compare(ours, theirs, normal(*shape), single=False)
    for module in (ours, theirs):
        module.zero_grad()
    a, b = mg.tensor(normal(*shape)), torch.tensor(normal(*shape))
    outputs = [module(x)[0] if options.get("return_indices") else module(x) for module, x in ((ours, a), (theirs, b))]
    if not outputs[1].requires_grad:
        assert not outputs[0].requires_grad
        return
    seed = normal(*outputs[1].shape, seed=9)
    outputs[0].backward(mg.tensor(seed))
    outputs[1].backward(torch.tensor(seed))
    for (key, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        assert_same(p.grad, q.grad, f"gradient of {key}")


@pytest.mark.parametrize(("name", "arguments", "options", "shape"), LAYERS, ids=map(name_of, LAYERS))
def test_attributes_of_layers(name, arguments, options, shape):
    """What PyTorch keeps of the constructor's arguments is found under the same names, with the same values."""
    ours, theirs = getattr(nn, name)(*arguments, **options), getattr(torch.nn, name)(*arguments, **options)
    for key in inspect.signature(type(theirs).__init__).parameters:
        if key in theirs.__dict__:
            assert getattr(ours, key) == getattr(theirs, key), key
    assert ours.training


def test_refused_constructors():
    for name, arguments, options in [
        ("Conv2d", (3, 4, 3), {"groups": 2}), ("Conv2d", (4, 3, 3), {"groups": 2}),
        ("Conv2d", (2, 2, 3), {"groups": 0}), ("Conv2d", (2, 2, 3), {"padding_mode": "mirror"}),
        ("ConvTranspose2d", (2, 2, 3), {"padding_mode": "reflect"}), ("Conv2d", (2, 2, 3), {"padding": "full "}),
        ("Dropout", (1.5,), {}), ("Dropout", (-0.5,), {}),
    ]:  # fmt: skip
        both_refuse(
            lambda: getattr(nn, name)(*arguments, **options), lambda: getattr(torch.nn, name)(*arguments, **options)
        )


def test_dropout_follows_the_mode():
    for library in (mg, torch):
        layer, x = pick(library).Dropout(0.25), library.ones(20_000)
        y = layer(x)
        assert abs((y == 0).to(library.float32).mean().item() - 0.25) < 0.02
        assert set(np.unique(y.numpy()).round(5)) == {np.float32(0), np.float32(1.33333)}
        assert (layer(x) != y).any()
        assert layer.eval()(x) is x or (layer(x) == x).all()


# ------------------------------------------------------------- nested modules


def network(library):
    """A small network of every kind of container."""
    layers = library.nn if library is torch else nn
    return layers.Sequential(OrderedDict([
        ("first", layers.Conv2d(1, 2, 3)), ("act", layers.ReLU()),
        ("body", layers.Sequential(layers.Conv2d(2, 2, 1, bias=False), layers.Tanh(), layers.Sequential())),
        ("flat", layers.Flatten()), ("out", layers.Linear(32, 3)),
    ]))  # fmt: skip


def test_repr_of_containers():
    for make in (
        network, lambda library: pick(library).ModuleList([pick(library).Linear(2, 3), pick(library).ReLU()]),
        lambda library: pick(library).ModuleList([pick(library).Linear(2, 3) for _ in range(4)]),
        lambda library: pick(library).ModuleList([pick(library).Linear(2, 3), pick(library).ReLU(),
        pick(library).ReLU()]),
        lambda library: pick(library).Sequential(*[pick(library).ReLU() for _ in range(3)]),
        lambda library: pick(library).ModuleDict({"a": pick(library).Linear(2, 3), "b": pick(library).ModuleDict()}),
        lambda library: pick(library).ModuleList(), lambda library: pick(library).ModuleDict(),
        lambda library: pick(library).Sequential(),
        lambda library: pick(library).Sequential(pick(library).ModuleList([network(library)] * 2)),
        lambda library: pick(library).Module(),
    ):  # fmt: skip
        assert repr(make(mg)) == repr(make(torch))
    for library in (mg, torch):
        parameter = pick(library).Parameter(library.zeros(2))
        assert repr(parameter) == "Parameter containing:\ntensor([0., 0.], requires_grad=True)"


def pick(library):
    return library.nn


def test_nested_names_and_state():
    ours, theirs = network(mg), network(torch)
    for walk in ("named_parameters", "named_modules", "named_children", "named_buffers"):
        assert [name for name, _ in getattr(ours, walk)()] == [name for name, _ in getattr(theirs, walk)()]
    for walk in ("parameters", "modules", "children", "buffers"):
        assert len(list(getattr(ours, walk)())) == len(list(getattr(theirs, walk)()))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert list(ours.state_dict(prefix="net.")) == list(theirs.state_dict(prefix="net."))
    assert [name for name, _ in ours.named_parameters(prefix="net")] == [
        name for name, _ in theirs.named_parameters(prefix="net")
    ]
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    x = normal(2, 1, 6, 6).astype(np.float32)
    assert_close(ours(mg.tensor(x)).detach().numpy(), theirs(torch.tensor(x)).detach().numpy(), "output", 1e-5, 1e-6)
    theirs.load_state_dict({key: torch.tensor(value.numpy()) for key, value in ours.state_dict().items()})
    assert repr(ours.get_submodule("body.0")) == repr(theirs.get_submodule("body.0"))
    assert ours.get_parameter("body.0.weight").shape == tuple(theirs.get_parameter("body.0.weight").shape)


def test_loading_reports_the_same_keys():
    for library in (mg, torch):
        module = network(library)
        state = dict(module.state_dict())
        del state["out.bias"]
        state["more"] = library.zeros(1)
        found = module.load_state_dict(state, strict=False)
        assert found.missing_keys == ["out.bias"]
        assert found.unexpected_keys == ["more"]
        with pytest.raises(RuntimeError):
            module.load_state_dict(state)
        state["out.weight"] = library.zeros(1, 1)
        with pytest.raises(RuntimeError):
            module.load_state_dict(state, strict=False)


class Shared:
    """Built for one library: modules with buffers, shared parameters and None in their places."""

    @staticmethod
    def make(library):
        layers = pick(library)

        class Net(layers.Module):
            def __init__(self):
                super().__init__()
                self.a = layers.Linear(2, 2)
                self.b = layers.Linear(2, 2)
                self.b.weight = self.a.weight
                self.twin = self.a
                self.scale = layers.Parameter(library.ones(1))
                self.register_buffer("count", library.zeros(2))
                self.register_buffer("hidden", library.zeros(1), persistent=False)
                self.register_parameter("none", None)
                self.register_buffer("empty", None)
                self.nothing = None
                self.items = layers.ModuleList([layers.ReLU()])

            def forward(self, x):
                return self.b(self.twin(x)) * self.scale + self.count

            def extra_repr(self):
                return "two\nlines"

        return Net()


def test_shared_parts_buffers_and_nones():
    ours, theirs = Shared.make(mg), Shared.make(torch)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for walk in ("named_parameters", "named_buffers", "named_modules"):
        for once in (True, False):
            assert [n for n, _ in getattr(ours, walk)(remove_duplicate=once)] == [
                n for n, _ in getattr(theirs, walk)(remove_duplicate=once)
            ]
    for module, late in ((ours, nn.ReLU()), (theirs, torch.nn.ReLU())):
        module.scale.requires_grad_(False)
        assert [name for name, p in module.named_parameters() if not p.requires_grad] == ["scale"]
        assert module.none is None
        module.register_module("late", late)
        assert type(module.late).__name__ == "ReLU"
        del module.scale
        assert "scale" not in dict(module.named_parameters())
        assert "count" in dir(module)
        module.count = module.count + 1
        assert module.get_buffer("count").tolist() == [1, 1]
        with pytest.raises(TypeError):
            module.count = 5
        with pytest.raises(TypeError):
            module.a.weight = module.count
        with pytest.raises(AttributeError):
            module.unknown  # noqa: B018
        for register in (module.register_buffer, module.register_parameter, module.add_module):
            for wrong in ("a.b", "", "forward"):
                with pytest.raises((KeyError, ValueError)):
                    register(wrong, None)


def test_modes_devices_and_dtypes():
    for library in (mg, torch):
        net = pick(library).Sequential(pick(library).Linear(2, 2), pick(library).Dropout(), Shared.make(library))
        assert net.eval() is net
        assert not any(module.training for module in net.modules())
        assert net.train() is net
        assert all(module.training for module in net.modules())
        assert net[1].eval() is net[1]
        assert net.training
        assert net.double() is net
        assert {str(p.dtype).removeprefix("torch.") for p in net.parameters()} == {"float64"}
        assert str(net[2].count.dtype).removeprefix("torch.") == "float64"
        net.to(library.float32).to("cpu").cpu()
        assert {str(p.dtype).removeprefix("torch.") for p in net.parameters()} == {"float32"}
        assert net.requires_grad_(False) is net
        assert not any(p.requires_grad for p in net.parameters())
        seen = []
        assert net.apply(lambda module: seen.append(type(module).__name__)) is net
        assert seen == ["Linear", "Dropout", "Linear", "Linear", "ReLU", "ModuleList", "Net", "Sequential"]


def test_zero_grad_and_copies():
    for library in (mg, torch):
        net = pick(library).Linear(2, 2)
        net(library.ones(1, 2)).sum().backward()
        twin = copy.deepcopy(net)
        assert (twin.weight == net.weight).all()
        net.zero_grad(set_to_none=False)
        assert (net.weight.grad == 0).all()
        net.zero_grad()
        assert net.weight.grad is None
        with library.no_grad():
            net.weight.fill_(3)
        assert not (twin.weight == 3).any()


def test_sequences():
    for library in (mg, torch):
        layers = pick(library)
        net = layers.Sequential(layers.Linear(2, 3), layers.ReLU(), layers.Linear(3, 2))
        assert len(net) == 3
        assert net[-1] is net[2]
        assert [type(one).__name__ for one in net[1:]] == ["ReLU", "Linear"]
        assert isinstance(net[:2], layers.Sequential)
        net[1] = layers.Tanh()
        assert list(dict(net.named_children())) == ["0", "1", "2"]
        assert net.append(layers.ReLU()) is net
        net.insert(0, layers.Identity())
        assert [type(one).__name__ for one in net] == ["Identity", "Linear", "Tanh", "Linear", "ReLU"]
        assert list(net.state_dict()) == ["1.weight", "1.bias", "3.weight", "3.bias"]
        del net[0]
        assert list(net.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
        assert type(net.pop(-1)).__name__ == "ReLU"
        net.extend([layers.Identity(), layers.Identity()])
        assert len(net) == 5
        joined = net + layers.Sequential(layers.ReLU())
        assert len(joined) == 6
        with pytest.raises(IndexError):
            net[7]
        many = layers.ModuleList([layers.Linear(2, 2)])
        many += [layers.ReLU()]
        many.append(layers.ReLU())
        many.insert(1, layers.Tanh())
        assert [type(one).__name__ for one in many] == ["Linear", "Tanh", "ReLU", "ReLU"]
        assert isinstance(many[1:], layers.ModuleList)
        assert type(many.pop(1)).__name__ == "Tanh"
        del many[-1]
        assert list(many.state_dict()) == ["0.weight", "0.bias"]
        assert many[0] in many
        table = layers.ModuleDict({"a": layers.ReLU()})
        table["b"] = layers.Linear(2, 2)
        table.update({"c": layers.Tanh()})
        table.update([("d", layers.Tanh())])
        assert list(table) == list(table.keys()) == ["a", "b", "c", "d"]
        assert "a" in table
        assert len(table) == 4
        assert [key for key, _ in table.items()] == list(table)
        assert type(table.pop("a")).__name__ == "ReLU"
        del table["c"]
        assert [type(one).__name__ for one in table.values()] == ["Linear", "Tanh"]
        table.clear()
        assert len(table) == 0
        with pytest.raises(KeyError):
            table["x"]


# ------------------------------------------------------------- initial values


@pytest.mark.parametrize(("name", "arguments"), [
    ("Linear", (64, 50)), ("Conv1d", (16, 24, 5)), ("Conv2d", (12, 24, 3)), ("Conv3d", (6, 12, 3)),
    ("ConvTranspose1d", (16, 24, 5)), ("ConvTranspose2d", (12, 24, 3)), ("ConvTranspose3d", (6, 12, 3)),
    ("Conv2d", (12, 24, 3, 1, 0, 1, 4)),
])  # fmt: skip
def test_default_initialisation(name, arguments):
    """Uniform over the same interval: largest value and variance agree."""
    ours, theirs = getattr(nn, name)(*arguments), getattr(torch.nn, name)(*arguments)
    for key in ("weight", "bias"):
        many = [np.concatenate([getattr(getattr(library, name)(*arguments),
        key).detach().numpy().ravel() for _ in range(
            1 if key == "weight" else 60)]) for library in (nn, torch.nn)]  # fmt: skip
        a, b = (np.abs(values).max() for values in many)
        assert math.isclose(a, b, rel_tol=0.02), f"{key}: largest {a} and {b}"
        assert math.isclose(many[0].std(), many[1].std(), rel_tol=0.06), key
        assert abs(many[0].mean()) < 5 * many[1].std() / math.sqrt(many[0].size)
    assert ours.bias.abs().max().item() <= theirs.weight.abs().max().item() * 1.02
