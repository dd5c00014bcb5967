"""Observers hear of applications, of the walk and of modules in order; scopes and lines of the user's program."""

import pytest

import minigrad as mg
import nn
from minigrad.autograd import Observer, observe, observers
from minigrad.errors import ShapeError
from minigrad.scopes import Scopes, user_line, user_lines


class Diary(Observer):
    def __init__(self):
        self.lines = []

    def applying(self, primitive, inputs, static):
        self.lines.append(f"applying {primitive.name} {dict(static)}")

    def applied(self, primitive, inputs, outputs):
        self.lines.append(f"applied {primitive.name}")

    def pulling(self, node, cotangents):
        self.lines.append(f"pulling {node.name()}")

    def pulled(self, node, cotangents, gradients):
        self.lines.append(f"pulled {node.name()}")

    def entering(self, module, args):
        self.lines.append(f"entering {type(module).__name__} of {len(args)}")

    def left(self, module, output):
        self.lines.append(f"left {type(module).__name__} with {output is not None}")


def test_an_observer_hears_everything_in_order():
    x = mg.ones(2, requires_grad=True)
    with observe(Diary()) as diary:
        nn.ReLU()(x).backward(mg.ones(2).detach())
    start = ["entering ReLU of 1", "applying relu {}", "applied relu", "left ReLU with True"]
    assert diary.lines[:4] == start
    walk = [line for line in diary.lines if line.startswith("pull")]
    assert walk == ["pulling relu", "pulled relu"]


def test_a_module_that_raises_is_left_all_the_same():
    layer, x = nn.Linear(3, 2), mg.ones(2, 4)
    with observe(Diary()) as diary, pytest.raises(ShapeError):
        layer(x)
    assert diary.lines[0] == "entering Linear of 1"
    assert diary.lines[-1] == "left Linear with False"


def test_observers_are_those_of_the_block():
    assert observers() == ()
    with observe(Diary()) as first, observe(Diary()) as second:
        assert observers() == (first, second)
    assert observers() == ()


class Paths(Scopes):
    def __init__(self):
        super().__init__()
        self.paths = []

    def applied(self, primitive, inputs, outputs):
        self.paths.append((primitive.name, self.path()))


def test_scopes_know_the_path_below_the_outermost_module():
    model = nn.Sequential(nn.Sequential(nn.Tanh(), nn.ReLU()), nn.Sigmoid())
    with observe(Paths()) as scopes:
        mg.exp(model(mg.ones(1)))
    assert scopes.paths == [("tanh", "0.0"), ("relu", "0.1"), ("sigmoid", "1"), ("exp", "")]


def test_a_module_made_on_the_way_has_the_path_of_the_one_around_it():
    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Inner()

        def forward(self, x):
            return self.inner(x)

    class Inner(nn.Module):
        def forward(self, x):
            return nn.Tanh()(x)

    with observe(Paths()) as scopes:
        Outer()(mg.ones(1))
    assert scopes.paths == [("tanh", "inner")]


def test_the_users_line_is_outside_the_packages():
    found = []

    class Lines(Observer):
        def applied(self, primitive, inputs, outputs):
            found.append((user_line(), list(user_lines())))

    with observe(Lines()):
        nn.Sequential(nn.Tanh())(mg.ones(1))  # this line
    line, lines = found[0]
    # The observer's own method stands outside the packages too.
    assert (line.function.split(".")[-1], line.file) == ("applied", __file__)
    assert lines[1].text == "nn.Sequential(nn.Tanh())(mg.ones(1))  # this line"
    assert str(lines[1]).startswith(f"{__file__}:{lines[1].number}, in test_the_users_line")


def test_with_blocks_are_entered_from_the_users_line():
    found = []
    with observe(begun=lambda name: found.extend(user_lines())), mg.autograd.region("mine"):
        pass
    assert [line.text for line in found[:2]] == [
        'with observe(begun=lambda name: found.extend(user_lines())), mg.autograd.region("mine"):'
    ] * 2
