"""Sequential, ModuleList, ModuleDict: order, names, slices, and that the order is what runs."""

from collections import OrderedDict

import pytest

import minigrad as mg
import nn
from minigrad.errors import DTypeError, IndexOutOfRangeError, MinigradError


class Add(nn.Module):
    """Multiplies by ten and adds a digit, so that a result spells the order of the layers."""

    def __init__(self, digit):
        super().__init__()
        self.digit = digit

    def forward(self, x):
        return x * 10 + self.digit

    def extra_repr(self):
        return str(self.digit)


def adders(*digits):
    return [Add(digit) for digit in digits]


def order(sequential):
    return int(sequential(mg.tensor(0)).item())


def digits(modules):
    return [one.digit for one in modules]


# -------------------------------------------------------------------------- Sequential


def test_runs_in_order():
    assert order(nn.Sequential(*adders(1, 2, 3))) == 123
    assert order(nn.Sequential(OrderedDict(first=Add(1), second=Add(2)))) == 12
    assert order(nn.Sequential(nn.Sequential(*adders(1, 2)), Add(3))) == 123
    x = mg.ones(1)
    assert nn.Sequential()(x) is x


@pytest.mark.parametrize("index", [0, 1, 2, -1, -3])
def test_replacing_a_layer_keeps_its_place(index):
    layers = nn.Sequential(*adders(1, 2, 3))
    layers[index] = Add(7)
    wanted = [1, 2, 3]
    wanted[index] = 7
    assert (digits(layers), order(layers)) == (wanted, int("".join(map(str, wanted))))
    assert [name for name, _ in layers.named_children()] == ["0", "1", "2"]


def test_names_can_be_given_and_stay():
    layers = nn.Sequential(OrderedDict(conv=Add(1), act=Add(2)))
    layers[0] = Add(5)
    assert (layers.conv.digit, order(layers), list(layers._modules)) == (5, 52, ["conv", "act"])
    assert list(layers[1:]._modules) == ["act"]
    assert layers[-1] is layers.act


def test_growing_and_shrinking():
    layers = nn.Sequential(*adders(1, 2))
    assert layers.append(Add(3)) is layers
    layers.insert(0, Add(9)).extend(adders(4, 5))
    assert order(layers) == 912345
    del layers[0]
    del layers[-2:]
    assert layers.pop(1).digit == 2
    assert (order(layers), len(layers)) == (13, 2)
    assert [name for name, _ in layers.named_children()] == ["0", "1"]
    layers.append(Add(6))
    assert order(layers) == 136


def test_slices_share_their_modules():
    layers = nn.Sequential(*adders(1, 2, 3))
    part = layers[1:]
    assert type(part) is nn.Sequential
    assert part[0] is layers[1]
    assert (order(part), order(layers[::-1]), len(layers[5:])) == (23, 321, 0)


def test_membership_and_iteration():
    layers = nn.Sequential(*adders(1, 2))
    assert layers[0] in layers
    assert Add(1) not in layers
    assert digits(layers) == [1, 2]
    for layer in layers:  # a change while iterating is no harm
        layers.append(layer)
    assert len(layers) == 4


def test_one_module_twice_runs_twice():
    one = Add(1)
    layers = nn.Sequential(one, one)
    assert (order(layers), len(layers), len(list(layers.children()))) == (11, 2, 1)


def test_sequentials_can_be_joined_as_in_pytorch():
    joined = nn.Sequential(*adders(1)) + nn.Sequential(*adders(2, 3))
    assert (type(joined), order(joined)) == (nn.Sequential, 123)
    assert order(nn.Sequential(*adders(4)) * 3) == order(3 * nn.Sequential(*adders(4))) == 444
    joined += nn.Sequential(*adders(4))
    joined *= 2
    assert order(joined) == 12341234
    for wrong in (5, None, nn.ReLU()):
        with pytest.raises(DTypeError, match=type(wrong).__name__):
            joined + wrong


@pytest.mark.parametrize("container", [nn.Sequential, nn.ModuleList])
@pytest.mark.parametrize("index", [2, -3, 100])
def test_places_there_are_not(container, index):
    layers = container(*adders(1, 2)) if container is nn.Sequential else container(adders(1, 2))
    for attempt in (
        lambda: layers[index],
        lambda: layers.__setitem__(index, Add(1)),
        lambda: layers.__delitem__(index),
        lambda: layers.pop(index),
    ):
        with pytest.raises(IndexOutOfRangeError, match=rf"index {index} into a {container.__name__} of 2 modules"):
            attempt()
    assert digits(layers) == [1, 2]


@pytest.mark.parametrize("wrong", [5, "relu", nn.ReLU, [nn.ReLU()], lambda x: x], ids=lambda w: type(w).__name__)
def test_what_is_no_module(wrong):
    layers = nn.Sequential(*adders(1))
    for attempt in (
        lambda: nn.Sequential(wrong),
        lambda: nn.Sequential(Add(1), wrong),
        lambda: layers.append(wrong),
        lambda: layers.insert(0, wrong),
        lambda: layers.__setitem__(0, wrong),
        lambda: nn.ModuleList([wrong]),
        lambda: nn.ModuleDict({"a": wrong}),
    ):
        with pytest.raises(DTypeError, match=rf"{type(wrong).__name__}.*nn\.Module"):
            attempt()
    assert digits(layers) == [1]


# -------------------------------------------------------------------------- ModuleList


def test_a_list_registers_its_modules():
    layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    assert len(list(layers.parameters())) == 6
    assert [name for name, _ in layers.named_parameters()][:2] == ["0.weight", "0.bias"]
    assert len(nn.ModuleList()) == len(nn.ModuleList(None)) == 0


def test_a_list_is_a_list():
    layers = nn.ModuleList(adders(1, 2, 3))
    layers[1] = Add(7)
    assert digits(layers) == [1, 7, 3]
    layers += adders(4)
    layers.insert(-1, Add(9))
    assert digits(layers) == [1, 7, 3, 9, 4]
    del layers[::2]
    assert (digits(layers), type(layers[:1])) == ([7, 9], nn.ModuleList)
    assert digits(layers + adders(5)) == [7, 9, 5]
    assert digits(layers) == [7, 9]
    assert layers[-1].digit == 9


def test_a_list_prints_runs_of_equal_modules_in_one_line():
    layers = nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Linear(2, 2), nn.Sequential(nn.ReLU())])
    assert repr(layers) == (
        "ModuleList(\n  (0-1): 2 x ReLU()\n  (2): Linear(in_features=2, out_features=2, bias=True)\n"
        "  (3): Sequential(\n    (0): ReLU()\n  )\n)"
    )
    assert repr(nn.ModuleList()) == "ModuleList()"


# -------------------------------------------------------------------------- ModuleDict


def test_a_dictionary_registers_its_modules():
    layers = nn.ModuleDict({"b": nn.Linear(2, 2), "a": nn.ReLU()})
    assert (list(layers), list(layers.keys()), len(layers), "a" in layers, "c" in layers) == (
        ["b", "a"],
        ["b", "a"],
        2,
        True,
        False,
    )
    assert [name for name, _ in layers.named_parameters()] == ["b.weight", "b.bias"]
    assert [type(one).__name__ for one in layers.values()] == ["Linear", "ReLU"]
    replaced = layers["b"] = nn.Tanh()
    assert list(layers.items()) == [("b", replaced), ("a", layers["a"])]
    layers.update({"c": nn.Sigmoid()})
    assert type(layers.pop("c")) is nn.Sigmoid
    del layers["a"]
    assert list(layers) == ["b"]
    layers.clear()
    assert len(layers) == len(nn.ModuleDict()) == 0


def test_a_dictionary_takes_pairs_as_pytorchs_does():
    assert list(nn.ModuleDict([("x", nn.ReLU()), ("y", nn.Tanh())])) == ["x", "y"]


@pytest.mark.parametrize("attempt", [lambda d: d["none"], lambda d: d.pop("none"), lambda d: d.__delitem__("none")])
def test_keys_there_are_not(attempt):
    layers = nn.ModuleDict({"a": nn.ReLU()})
    with pytest.raises(KeyError, match="none"):
        attempt(layers)
    assert list(layers) == ["a"]


@pytest.mark.parametrize("key", ["", "a.b", "forward", "keys"])
def test_keys_that_cannot_be_names(key):
    with pytest.raises(MinigradError, match=f"'{key}'"):
        nn.ModuleDict({key: nn.ReLU()})


@pytest.mark.parametrize("wrong", [3, [nn.ReLU()], nn.ReLU()], ids=lambda w: type(w).__name__)
def test_what_is_no_dictionary(wrong):
    with pytest.raises(MinigradError):
        nn.ModuleDict(wrong)


def test_attributes_of_containers():
    layers = nn.Sequential(*adders(1))
    layers.head = Add(2)  # as in PyTorch, an attribute that is a module joins the sequence
    assert order(layers) == 12
