"""What tensors print, letter by letter."""

import re

import pytest

import minigrad as mg
from minigrad import printing
from minigrad.errors import ArgumentError

EXACT = {
    "tensor([1., 2.])": lambda: mg.tensor([1.0, 2.0]),
    "tensor([1.5000, 2.0000])": lambda: mg.tensor([1.5, 2.0]),
    "tensor(3.1416)": lambda: mg.tensor(3.14159265),
    "tensor(2.)": lambda: mg.tensor(2.0),
    "tensor(7)": lambda: mg.tensor(7),
    "tensor([[True]])": lambda: mg.tensor([[True]]),
    "tensor([[ True],\n        [False]])": lambda: mg.tensor([[True], [False]]),
    "tensor(True)": lambda: mg.tensor(True),
    "tensor([ True, False])": lambda: mg.tensor([True, False]),
    "tensor([  1, -20])": lambda: mg.tensor([1, -20]),
    "tensor([ 1., -2.])": lambda: mg.tensor([1.0, -2.0]),
    "tensor([-0.5000,  0.2500])": lambda: mg.tensor([-0.5, 0.25]),
    "tensor([inf, 1.])": lambda: mg.tensor([float("inf"), 1.0]),
    "tensor([nan])": lambda: mg.tensor([float("nan")]),
    "tensor([   nan,   -inf, 0.5000])": lambda: mg.tensor([float("nan"), float("-inf"), 0.5]),
    "tensor([1.0000e-10, 1.0000e+00])": lambda: mg.tensor([1e-10, 1.0]),
    "tensor([1.2346e+05, 5.0000e-01])": lambda: mg.tensor([123456.0, 0.5]),
    "tensor([100000000.])": lambda: mg.tensor([1e8]),
    "tensor([])": lambda: mg.tensor([]),
    "tensor([], size=(0, 3))": lambda: mg.zeros(0, 3),
    "tensor([1], dtype=int32)": lambda: mg.tensor([1], dtype=mg.int32),
    "tensor([1.5000], dtype=float64)": lambda: mg.tensor([1.5], dtype=mg.float64),
    "tensor([2.], dtype=float16)": lambda: mg.tensor([2], dtype=mg.float16),
    "tensor([1., 1.], requires_grad=True)": lambda: mg.ones(2, requires_grad=True),
    "tensor([1.], dtype=float64, requires_grad=True)": lambda: mg.ones(1, dtype=mg.float64, requires_grad=True),
    "tensor([[0, 1],\n        [2, 3]])": lambda: mg.arange(4).reshape(2, 2),
    "tensor([[[0.],\n         [1.]],\n\n        [[2.],\n         [3.]]])": lambda: mg.arange(4.0).reshape(2, 2, 1),
}


@pytest.mark.parametrize(("text", "make"), EXACT.items())
def test_exact(text, make):
    assert repr(make()) == str(make()) == text


def test_nodes_are_named():
    x = mg.ones(2, requires_grad=True)
    assert re.fullmatch(r"tensor\(\[2\., 2\.\], grad_fn=<mul #\d+>\)", repr(x * 2))
    assert re.fullmatch(r"tensor\(\[2\., 2\.\], dtype=float64, grad_fn=<cast #\d+>\)", repr((x * 2).double()))


def test_long_ones_are_summarised():
    assert repr(mg.arange(1001)) == "tensor([   0,    1,    2,  ...,  998,  999, 1000])"
    assert "..." not in repr(mg.arange(1000))


def test_long_floats_are_formatted_by_what_is_shown():
    assert repr(mg.arange(2000.0)) == (
        "tensor([0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 1.9970e+03, 1.9980e+03,\n        1.9990e+03])"
    )
    hidden = mg.ones(2000)
    hidden[1000] = 1e10
    assert repr(hidden) == "tensor([1., 1., 1.,  ..., 1., 1., 1.])"


def test_lines_are_eighty_wide():
    assert max(map(len, repr(mg.arange(100)).splitlines())) <= 80
    assert repr(mg.arange(100)).splitlines()[1].startswith("        ")


@pytest.fixture
def print_options():
    """Every test begins with the options there are at first, and puts them back."""
    before = dict(printing._options)
    yield mg.set_printoptions
    printing._options.clear()
    printing._options.update(before)


def test_print_options(print_options):
    t = mg.tensor([0.123456789, 1.0])
    print_options(precision=2)
    assert repr(t) == "tensor([0.12, 1.00])"
    print_options(precision=6)
    assert repr(t) == "tensor([0.123457, 1.000000])"
    print_options(threshold=5, edgeitems=1)
    assert repr(mg.arange(6)) == "tensor([0,  ..., 5])"
    assert repr(mg.arange(5)) == "tensor([0, 1, 2, 3, 4])"
    print_options(threshold=1000, linewidth=20)
    assert max(map(len, repr(mg.arange(20)).splitlines())) <= 20


def test_print_options_of_numpy_do_not_matter_and_stay():
    import numpy as np

    with np.printoptions(precision=1, suppress=True, threshold=2):
        assert repr(mg.tensor([0.123456, 2.0, 3.0])) == "tensor([0.1235, 2.0000, 3.0000])"
        assert np.get_printoptions()["precision"] == 1


def test_default_dtype_is_not_mentioned():
    mg.set_default_dtype(mg.float64)
    try:
        assert repr(mg.tensor([1.5])) == "tensor([1.5000])"
        assert repr(mg.tensor([1.5], dtype=mg.float32)) == "tensor([1.5000], dtype=float32)"
    finally:
        mg.set_default_dtype(mg.float32)


def test_profiles_and_powers_of_ten(print_options):
    t = mg.tensor([0.5, 2.0])
    print_options(profile="short")
    assert repr(t) == "tensor([0.50, 2.00])"
    print_options(profile="default", sci_mode=True)
    assert repr(t) == "tensor([5.0000e-01, 2.0000e+00])"
    print_options(precision=1)
    assert repr(t) == "tensor([0.5, 2.0])", "every call sets the mode"
    print_options(profile="full")
    assert "..." not in repr(mg.arange(2000))
    with pytest.raises(ArgumentError, match=r"profile='wide'; .*'default', 'short', 'full'"):
        print_options(profile="wide", precision=9)
    assert printing._options["precision"] == 4
