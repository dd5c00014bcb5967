"""Plain containers of modules and parameters: when the warning comes, what it sees, and when it stays silent."""

import copy
import warnings
from collections import OrderedDict, deque
from unittest.mock import Mock

import pytest

import minigrad as mg
import nn
from minigrad.errors import UnregisteredModuleWarning


def holding(value):
    module = nn.Sequential(nn.Linear(2, 2))
    module.layers = value
    return module


CONTAINERS = {
    "list": lambda one: [one],
    "tuple": lambda one: (one,),
    "dict": lambda one: {"a": one},
    "ordered dict": lambda one: OrderedDict(a=one),
    "set": lambda one: {one},
    "frozenset": lambda one: frozenset([one]),
    "deque": lambda one: deque([one]),
    "list of lists": lambda one: [[1, 2], [3, one]],
    "dict of lists": lambda one: {"a": [], "b": [one]},
    "list of dicts": lambda one: [{"a": one}],
}


@pytest.mark.parametrize("made", [nn.ReLU, nn.Parameter])
@pytest.mark.parametrize("container", CONTAINERS)
def test_every_plain_container_is_seen(container, made):
    module = holding(CONTAINERS[container](made()))
    with pytest.warns(UnregisteredModuleWarning, match=r"Sequential\.layers is a plain \w+ with modules.*ModuleList"):
        module.parameters()


ASKS = {
    "parameters": lambda module: module.parameters(),
    "named_parameters": lambda module: module.named_parameters(),
    "optimiser": lambda module: mg.optim.SGD(module.parameters(), lr=0.1),
    "state_dict": lambda module: module.state_dict(),
    "load_state_dict": lambda module: module.load_state_dict(nn.Sequential(nn.Linear(2, 2)).state_dict()),
    "to": lambda module: module.to(mg.float64),
    "double": lambda module: module.double(),
    "train": lambda module: module.train(),
    "eval": lambda module: module.eval(),
    "zero_grad": lambda module: module.zero_grad(),
    "requires_grad_": lambda module: module.requires_grad_(False),
}


@pytest.mark.parametrize("ask", ASKS)
def test_whoever_would_miss_them_is_told_once_and_at_the_users_line(ask):
    module = holding([nn.ReLU(), nn.Linear(2, 2)])
    with pytest.warns(UnregisteredModuleWarning) as caught:
        ASKS[ask](module)
    assert [one.filename for one in caught] == [__file__]
    for other in ASKS.values():
        other(module)  # warnings are errors here


def test_each_attribute_of_each_module_below_is_told():
    root = nn.Sequential(holding([nn.ReLU()]), holding([nn.ReLU()]))
    root[1].more = [nn.ReLU()]
    with pytest.warns(UnregisteredModuleWarning) as caught:
        root.state_dict()
    assert len(caught) == 3


SILENT = {
    "numbers": [1, [2, (3, {"a": 4})]],
    "names": {"a": "b"},
    "tensors": [mg.ones(2, requires_grad=True)],
    "classes": [nn.ReLU, nn.Linear],
    "what answers to every name": [Mock()],
    "nothing": [],
    "much": list(range(10**5)),
}


@pytest.mark.parametrize("case", SILENT)
def test_what_holds_none_is_silent(case):
    holding(SILENT[case]).state_dict()


def test_a_list_that_holds_itself_ends():
    circle = [1]
    circle.append(circle)
    holding(circle).state_dict()


def test_what_is_registered_elsewhere_or_meant_is_silent():
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    module.order = [module[1], module[0]]
    module.groups = [{"params": [module[0].weight]}, {"params": [module[1].weight]}]
    module._teacher = [nn.Linear(2, 2)]
    module.state_dict()
    module.train()


def test_a_copy_remembers_what_was_told():
    module = holding([nn.ReLU()])
    with pytest.warns(UnregisteredModuleWarning):
        module.parameters()
    copy.deepcopy(module).parameters()


def test_it_can_be_switched_off():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=mg.errors.UnregisteredModuleWarning)
        holding([nn.ReLU()]).state_dict()
