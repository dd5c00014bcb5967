"""The one device."""

import copy
import pickle

import pytest

import minigrad as mg
from minigrad.device import CPU, Device, device
from minigrad.errors import ArgumentError


@pytest.mark.parametrize("asked", ["cpu", "cpu:0", CPU, mg.ones(1).device])
def test_the_cpu(asked):
    found = device(asked)
    assert found == CPU == "cpu"
    assert (found.type, found.index, str(found), repr(found)) == ("cpu", None, "cpu", "device(type='cpu')")
    assert mg.zeros(1, device=asked).device == found


@pytest.mark.parametrize("asked", ["cuda", "cuda:0", "mps", "xpu", "CPU", "gpu", "", " cpu", "cpux", 0, None, 1.5])
def test_no_other(asked):
    with pytest.raises(ArgumentError, match=r"device .* was asked for; minigrad computes on the CPU.*device='cpu'"):
        device(asked)


def test_comparison_and_hash():
    assert Device() == CPU
    assert CPU != "cuda"
    assert (CPU == None) is False  # noqa: E711
    assert {CPU: 1}["cpu"] == 1
    assert copy.deepcopy(CPU) == pickle.loads(pickle.dumps(CPU)) == CPU


def test_scripts_for_several_devices_run():
    chosen = mg.device("cuda" if False else "cpu")
    x = mg.ones(2, device=chosen).to(chosen).cpu()
    assert x.to(chosen) is x
    assert x.device == chosen
