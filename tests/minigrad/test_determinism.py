"""The switch for deterministic algorithms."""

import pytest

import minigrad as mg
from minigrad.errors import DTypeError


def test_it_is_remembered():
    mg.use_deterministic_algorithms(False)
    assert not mg.are_deterministic_algorithms_enabled()
    mg.use_deterministic_algorithms(True, warn_only=True)
    try:
        assert mg.are_deterministic_algorithms_enabled()
        with pytest.raises(DTypeError, match="got 0, a int; give True or False"):
            mg.use_deterministic_algorithms(0)
        assert mg.are_deterministic_algorithms_enabled()
    finally:
        mg.use_deterministic_algorithms(False)
