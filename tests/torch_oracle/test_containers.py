"""ParameterList and ParameterDict: the same calls in both libraries; branches against their meaning in PyTorch."""

from collections import OrderedDict

import pytest
import torch

import minigrad as mg
from minigrad import nn
from minigrad.errors import DTypeError, IndexOutOfRangeError
from tests.torch_oracle.compare import agree, both_refuse, compare, normal


def text_of(module):
    """The repr, with PyTorch's names of dtypes as minigrad's."""
    return repr(module).replace("torch.FloatTensor", "float32").replace("torch.float32", "float32")


def shapes(values):
    return [tuple(value.shape) if hasattr(value, "shape") else value for value in values]


def state_of(module):
    return [*module.state_dict(), "|", *(name for name, _ in module.named_parameters()), "|", text_of(module)]


def test_lists():
    def run(library):
        weights = library.nn.ParameterList([library.ones(2, 3), 5, library.nn.Parameter(library.zeros(1))])
        found = [*state_of(weights), *shapes(weights), *shapes(weights[::2]), text_of(weights[1:])]
        weights[0] = library.ones(4)
        weights.append(library.ones(())).extend([library.ones(1), "text"])
        weights += (library.zeros(2),)
        found += [*state_of(weights), *shapes(weights), tuple(weights[-1].shape), len(weights)]
        return [*found, *state_of(library.nn.ParameterList()), *state_of(library.nn.ParameterList([library.ones(1)]))]

    agree(run)


def test_dictionaries():
    def run(library):
        weights = library.nn.ParameterDict({"b": library.ones(2, 3), "a": library.zeros(1), "n": 3})
        found = [*state_of(weights), *weights.keys(), *shapes(weights.values()), *reversed(weights)]
        weights["c"] = library.ones(4)
        found += [weights.get("z"), weights.get("z", 4), "a" in weights, "z" in weights, len(weights)]
        found += shapes([weights.setdefault("d", library.ones(5)), weights.setdefault("a"), weights.pop("b")])
        found += [*weights.copy().keys(), *(weights | {"e": library.ones(1)}).keys(), *({"z": 1} | weights)]
        weights.update(OrderedDict(y=library.ones(1), x=library.ones(1)))
        weights |= [("w", library.ones(1))]
        weights.update({"v": library.ones(1), "u": library.ones(1)})
        del weights["a"]
        found += [*state_of(weights), weights.popitem()[0], *weights.fromkeys(["q", "p"], library.ones(1))]
        weights.clear()
        return [*found, len(weights), text_of(weights)]

    agree(run)


def test_refusals():
    def lists(library):
        return library.nn.ParameterList([library.ones(1)])

    def dictionaries(library):
        return library.nn.ParameterDict({"a": library.ones(1)})

    for make, call, kind in (
        (lists, lambda w, library: w[1], IndexOutOfRangeError),
        (lists, lambda w, library: w[-2], IndexOutOfRangeError),
        (lists, lambda w, library: w["0"], DTypeError),
        (lists, lambda w, library: w.__setitem__(0, 3), DTypeError),
        (lists, lambda w, library: w.extend(library.ones(2)), DTypeError),
        (lists, lambda w, library: w.extend(3), DTypeError),
        (lists, lambda w, library: w.append(library.tensor([1])), mg.errors.GradError),
        (lists, lambda w, library: w(library.ones(1)), mg.errors.MissingForwardError),
        (dictionaries, lambda w, library: w.__setitem__(3, library.ones(1)), DTypeError),
        (dictionaries, lambda w, library: w.__setitem__("a.b", library.ones(1)), mg.errors.ArgumentError),
        (dictionaries, lambda w, library: w.__setitem__("keys", library.ones(1)), mg.errors.ArgumentError),
        (dictionaries, lambda w, library: w.update(3), DTypeError),
        (dictionaries, lambda w, library: w.update([("k",)]), DTypeError),
        (dictionaries, lambda w, library: w(library.ones(1)), mg.errors.MissingForwardError),
    ):
        both_refuse(lambda: call(make(mg), mg), lambda: call(make(torch), torch), kind)  # noqa: B023 - called at once
    with pytest.raises(KeyError):
        dictionaries(mg)["z"]


def test_branches():
    """The formulae of Residual and Concat, written in PyTorch."""
    block, projection = nn.Conv2d(2, 3, 3, 2, 1).double(), nn.Conv2d(2, 3, 1, 2).double()
    weights = [p.detach().numpy() for one in (block, projection) for p in one.parameters()]
    k, b, p, c = (torch.from_numpy(one.copy()) for one in weights)
    conv = torch.nn.functional.conv2d
    x = normal(2, 2, 6, 6)
    compare(nn.Residual(block, projection), lambda x: conv(x, k, b, 2, 1) + conv(x, p, c, 2), x, single=False)
    joined = nn.Concat(block, projection, nn.Sequential(block, nn.Tanh()))
    compare(joined, lambda x: torch.cat([conv(x, k, b, 2, 1), conv(x, p, c, 2), conv(x, k, b, 2, 1).tanh()], 1), x,
            single=False)  # fmt: skip
