"""Hooks on every module: before a module's own, in order, replacing values, and gone when they are taken away."""

import pytest

import minigrad as mg
import nn
from minigrad.errors import DTypeError
from nn.modules.module import (
    Module,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
)


def test_the_place_has_the_class_itself():
    assert Module is nn.Module
    assert nn.modules.module.Module is nn.Module


def test_they_run_before_a_modules_own():
    lines = []
    model = nn.Sequential(nn.Tanh())
    model[0].register_forward_pre_hook(lambda module, args: lines.append("own pre"))
    model[0].register_forward_hook(lambda module, args, output: lines.append("own"))
    model[0].register_full_backward_pre_hook(lambda module, grads: lines.append("own backward pre"))
    model[0].register_full_backward_hook(lambda module, gi, go: lines.append("own backward"))

    def note(what):
        return lambda module, *_: lines.append(f"{what} {type(module).__name__}")

    x = mg.ones(1, requires_grad=True)
    with (
        register_module_forward_pre_hook(note("pre")),
        register_module_forward_hook(note("after")),
        register_module_full_backward_pre_hook(note("backward pre")),
        register_module_full_backward_hook(note("backward")),
    ):
        model(x).backward()
    assert lines == [
        "pre Sequential", "pre Tanh", "own pre", "after Tanh", "own", "after Sequential",
        "backward pre Sequential", "backward pre Tanh", "own backward pre",
        "backward Tanh", "own backward", "backward Sequential",
    ]  # fmt: skip
    lines.clear()
    nn.Sequential(nn.Tanh())(x).backward()
    assert lines == []


def test_they_may_replace_values():
    x = mg.ones(1, requires_grad=True)
    with register_module_forward_pre_hook(lambda module, args: args[0] * 2):
        assert nn.ReLU()(x).item() == 2
    with register_module_forward_hook(lambda module, args, kwargs, output: output * 3, with_kwargs=True):
        assert nn.ReLU()(x).item() == 3
    with register_module_full_backward_pre_hook(lambda module, grads: (grads[0] * 5,)):
        nn.ReLU()(x).backward()
    with register_module_full_backward_hook(lambda module, gi, go: (gi[0] * 7,)):
        nn.ReLU()(x).backward()
    assert x.grad.item() == 12


def test_always_call():
    seen = []
    note = register_module_forward_hook(lambda module, args, output: seen.append(output), always_call=True)
    with note, pytest.raises(mg.errors.ShapeError):
        nn.Linear(2, 3)(mg.ones(1, 5))
    assert seen == [None]


@pytest.mark.parametrize(
    "register",
    [
        register_module_forward_hook, register_module_forward_pre_hook, register_module_full_backward_hook,
        register_module_full_backward_pre_hook,
    ],
)  # fmt: skip
def test_a_hook_is_a_function(register):
    with pytest.raises(DTypeError, match="a hook is a function"):
        register("hook")
