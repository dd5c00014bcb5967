"""What stands where numbers, integers and flags belong: taken, or refused by the name of function and argument."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError


@pytest.mark.parametrize("value", [2, 2.0, True, np.float32(2), mg.tensor(2), mg.tensor(2.0, requires_grad=True)])
def test_numbers_are_taken(value):
    number = mg.as_number(value, "f", "p")
    assert type(number) is float
    assert number == float(value)


@pytest.mark.parametrize("value", [None, "2", [2.0], np.ones(3), np.ones(1), mg.ones(2), object(), 10**400])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(DTypeError, match=r"f got p=.* it is a number"):
        mg.as_number(value, "f", "p")
    with pytest.raises(DTypeError, match=r"f got .* where a number belongs"):
        mg.as_number(value, "f")


@pytest.mark.parametrize("value", [2, np.int8(2), np.array(2), mg.tensor(2)])
def test_integers_are_taken(value):
    number = mg.as_integer(value, "f", "size")
    assert type(number) is int
    assert number == 2


@pytest.mark.parametrize("value", [None, "2", 2.0, [2], True, np.True_, np.ones(3), np.ones(3, int), mg.ones(2)])
def test_what_is_no_integer_is_refused(value):
    with pytest.raises(DTypeError, match=r"f got size=.* it is an integer"):
        mg.as_integer(value, "f", "size")


@pytest.mark.parametrize("value", [10**30, -(10**30)])
def test_integers_beyond_all_memory_are_refused(value):
    with pytest.raises(ArgumentError, match="memory can hold"):
        mg.as_integer(value, "f", "size")


@pytest.mark.parametrize("value", [True, 1, 0.5, np.True_, mg.tensor(True), np.ones(1), mg.ones(1, 1)])
def test_what_is_true(value):
    assert mg.as_flag(value, "f", "flag") is True


@pytest.mark.parametrize("value", [False, 0, None, np.False_, mg.tensor(0)])
def test_what_is_false(value):
    assert mg.as_flag(value, "f", "flag") is False


@pytest.mark.parametrize("value", [np.ones(3), mg.ones(3), "yes", "", [0], {}, len, np.ones(0)])
def test_what_is_neither_true_nor_false_is_refused(value):
    with pytest.raises(DTypeError, match=r"f got flag=.* it is True or False"):
        mg.as_flag(value, "f", "flag")
