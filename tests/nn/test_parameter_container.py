"""ParameterList and ParameterDict: what they register, and that they are lists and dictionaries."""

import copy
from collections import OrderedDict

import pytest

import minigrad as mg
import nn
from minigrad.errors import DTypeError, IndexOutOfRangeError, MinigradError


def names(module):
    return [name for name, _ in module.named_parameters()]


# --------------------------------------------------------------- ParameterList


def test_a_list_registers_its_parameters():
    first = nn.Parameter(mg.ones(2))
    weights = nn.ParameterList([first, mg.zeros(3), 5])
    assert weights[0] is first
    assert type(weights[1]) is nn.Parameter
    assert (weights[2], len(weights), names(weights), list(weights.state_dict())) == (5, 3, ["0", "1"], ["0", "1"])
    assert weights[1].requires_grad


def test_a_list_inside_a_model_is_trained():
    class Scales(nn.Module):
        def __init__(self):
            super().__init__()
            self.scales = nn.ParameterList(mg.full((1,), float(n)) for n in (2, 3))

        def forward(self, x):
            for scale in self.scales:
                x = x * scale
            return x

    model = Scales()
    assert names(model) == ["scales.0", "scales.1"]
    model(mg.ones(1)).sum().backward()
    assert [p.grad.item() for p in model.parameters()] == [3, 2]
    twin = copy.deepcopy(model)
    assert names(twin) == names(model)
    assert twin.scales[0] is not model.scales[0]


def test_a_list_grows_and_is_cut():
    weights = nn.ParameterList()
    assert len(weights) == 0
    assert weights.append(mg.ones(1)) is weights
    weights += [mg.ones(2), mg.ones(3)]
    weights[-1] = mg.ones(4)
    assert [p.shape for p in weights] == [(1,), (2,), (4,)]
    part = weights[::2]
    assert (type(part), part[1] is weights[2], len(part)) == (nn.ParameterList, True, 2)


def test_a_list_extended_by_itself_ends():
    weights = nn.ParameterList([mg.ones(1)])
    weights.extend(weights)
    assert len(weights) == 2


def test_what_a_list_does_not_take():
    weights = nn.ParameterList([mg.ones(1)])
    for index in (1, -2):
        with pytest.raises(
            IndexOutOfRangeError, match=rf"index {index} into a ParameterList of 1; an index is -1 to 0"
        ):
            weights[index]
        with pytest.raises(IndexOutOfRangeError):
            weights[index] = mg.ones(1)
    with pytest.raises(DTypeError, match="index of type str"):
        weights["0"]
    for wrong in (mg.ones(2), 3, None):
        with pytest.raises(DTypeError, match=rf"ParameterList got a {type(wrong).__name__} to add"):
            weights.extend(wrong)
    with pytest.raises(DTypeError, match="parameter"):
        weights[0] = 3
    with pytest.raises(MinigradError):
        weights.append(mg.tensor([1]))  # integers cannot be learnt
    assert (len(weights), names(weights)) == (1, ["0"])
    with pytest.raises(MinigradError, match="forward"):
        weights(mg.ones(1))


def test_repr_of_a_list():
    weights = nn.ParameterList([mg.ones(2, 3), 3])
    assert repr(weights) == (
        "ParameterList(\n    (0): Parameter containing: [float32 of size 2x3]\n    (1): Object of type: int\n)"
    )
    assert repr(nn.ParameterList()) == "ParameterList()"


# --------------------------------------------------------------- ParameterDict


def test_a_dictionary_registers_its_parameters():
    weights = nn.ParameterDict({"b": mg.ones(2), "a": mg.zeros(3), "n": 3})
    assert names(weights) == ["a", "b"]
    assert list(weights) == list(weights.keys()) == ["a", "b", "n"]
    assert list(reversed(weights)) == ["n", "b", "a"]
    assert ("a" in weights, "z" in weights, len(weights), weights["n"]) == (True, False, 3, 3)
    assert weights.a is weights["a"]
    assert [key for key, _ in weights.items()] == ["a", "b", "n"]
    assert [type(value).__name__ for value in weights.values()] == ["Parameter", "Parameter", "int"]


@pytest.mark.parametrize("kind", [OrderedDict, lambda one: list(one.items()), nn.ParameterDict])
def test_an_order_that_was_meant_is_kept(kind):
    given = OrderedDict(b=mg.ones(1), a=mg.ones(2))
    assert list(nn.ParameterDict(kind(given))) == ["b", "a"]


def test_a_dictionary_is_a_dictionary():
    weights = nn.ParameterDict({"a": mg.ones(1)})
    weights["b"] = mg.ones(2)
    assert weights.setdefault("b") is weights["b"]
    assert weights.setdefault("c", mg.ones(3)) is weights["c"]
    assert weights.get("z") is None
    assert weights.get("z", 4) == 4
    assert weights.get("a") is weights["a"]
    twin = weights.copy()
    key, value = weights.popitem()
    assert (key, value.shape, len(weights), len(twin)) == ("c", (3,), 2, 3)
    assert twin["a"] is weights["a"]
    assert weights.pop("a").shape == (1,)
    del weights["b"]
    assert (len(weights), names(weights)) == (0, [])
    twin.clear()
    assert len(twin) == 0
    assert [p.shape for p in twin.fromkeys(["x", "y"], mg.ones(2)).values()] == [(2,), (2,)]


def test_dictionaries_can_be_joined():
    one, two = nn.ParameterDict({"a": mg.ones(1)}), nn.ParameterDict({"a": mg.ones(2), "b": mg.ones(2)})
    joined = one | two
    assert (list(joined), joined["a"] is two["a"], list(one)) == (["a", "b"], True, ["a"])
    assert list({"z": 1} | one) == ["z", "a"]
    one |= {"c": mg.ones(1)}
    assert list(one) == ["a", "c"]


def test_what_a_dictionary_does_not_take():
    weights = nn.ParameterDict({"a": mg.ones(1)})
    for attempt in (lambda: weights["z"], lambda: weights.pop("z"), lambda: weights.__delitem__("z")):
        with pytest.raises(KeyError, match=r"no 'z'; its names are a"):
            attempt()
    with pytest.raises(KeyError, match="empty"):
        nn.ParameterDict().popitem()
    for key in ("", "a.b", "keys"):
        with pytest.raises(MinigradError, match=f"'{key}'"):
            weights[key] = mg.ones(1)
    with pytest.raises(DTypeError, match=r"got 3 as a name"):
        weights[3] = mg.ones(1)
    for wrong in (3, mg.ones(2), "ab"):
        with pytest.raises(DTypeError, match=type(wrong).__name__):
            weights.update(wrong)
    with pytest.raises(DTypeError, match=r"element 0 .* is \('k',\)"):
        weights.update([("k",)])
    assert list(weights) == ["a"]


def test_repr_of_a_dictionary():
    weights = nn.ParameterDict({"a": mg.ones(2, 3), "n": 3})
    assert repr(weights) == (
        "ParameterDict(\n    (a): Parameter containing: [float32 of size 2x3]\n    (n): Object of type: int\n)"
    )
