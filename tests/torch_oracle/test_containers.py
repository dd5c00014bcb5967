"""ParameterList and ParameterDict: the same calls in both libraries; branches against their meaning in PyTorch."""

from collections import OrderedDict

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.errors import DTypeError, IndexOutOfRangeError
from tests.torch_oracle.compare import agree, both_refuse, drawn, normal
from tests.torch_oracle.modules import compare_modules


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


class Sum(torch.nn.Module):
    """The formula of Residual, in PyTorch."""

    def __init__(self, block, projection=None):
        super().__init__()
        self.block, self.projection = block, projection

    def forward(self, x):
        return self.block(x) + (x if self.projection is None else self.projection(x))


class Joined(torch.nn.ModuleList):
    """The formula of Concat along an axis, in PyTorch."""

    dim = 1

    def forward(self, x):
        return torch.cat([one(x) for one in self], self.dim)


LEADS = st.sampled_from([(), (2,), (0,)])  # without a batch, with one, with an empty one


@drawn(60)
@given(axes=st.integers(1, 3), lead=LEADS, stride=st.integers(1, 2), projected=st.booleans(), bias=st.booleans())
def test_residual(axes, lead, stride, projected, bias):
    def make(layers, kind):
        conv = getattr(layers, f"Conv{axes}d")
        if not projected:
            return kind(layers.Sequential(conv(2, 2, 3, 1, 1, bias=bias), layers.Tanh()))
        return kind(conv(2, 3, 3, stride, 1, bias=bias), conv(2, 3, 1, stride))

    ours, theirs = make(nn, nn.Residual), make(torch.nn, Sum)
    ours.load_state_dict(theirs.state_dict())
    compare_modules(ours, theirs, normal(*lead, 2, *(5, 4, 3)[:axes]))


@drawn(60)
@given(axes=st.integers(1, 3), lead=LEADS, stride=st.integers(1, 2), count=st.integers(1, 3), negative=st.booleans())
def test_concat(axes, lead, stride, count, negative):
    """Along the channels; the third branch shares its parameters with the first."""
    dim = -axes - 1 if negative else len(lead)

    def make(layers):
        conv = getattr(layers, f"Conv{axes}d")
        first = conv(2, 3, 3, stride, 1)
        return [first, conv(2, 1, 1, stride), layers.Sequential(first, layers.Tanh())][:count]

    ours, theirs = nn.Concat(*make(nn), dim=dim), Joined(make(torch.nn))
    theirs.dim = dim
    ours.load_state_dict(theirs.state_dict())
    compare_modules(ours, theirs, normal(*lead, 2, *(5, 4, 3)[:axes]))


@pytest.mark.parametrize("shape", [(2, 2, 4), (0, 2, 4), (3, 2, 4)])
def test_branches_of_branches(shape):
    """The skip connection that concatenates, in a skip connection that adds; the axis of the channels is 1 unsaid."""

    def make(layers, total, joined):
        dense = joined(layers.Identity(), layers.Conv1d(2, 3, 3, padding=1))
        return layers.Sequential(dense, layers.Conv1d(5, 2, 1), total(layers.Conv1d(2, 2, 1)))

    ours = make(nn, nn.Residual, nn.Concat)
    theirs = make(torch.nn, Sum, lambda *branches: Joined(branches))
    ours.load_state_dict(theirs.state_dict())
    compare_modules(ours, theirs, normal(*shape))
