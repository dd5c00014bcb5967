"""Likely causes: every operation of the tables has one, and what is not known is told in general words."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import causes
from minigrad.causes import Spot, backward_cause, count, forward_cause

SINGLE = np.dtype("float32")


def spot(kind="an infinity", at=None, operands=None, **rest):
    return Spot(kind, SINGLE, at or {}, operands or {}, rest.pop("static", {}), **rest)


def test_the_tables_name_operations_that_exist():
    assert set(causes._FORWARD) <= set(mg.primitives())
    assert set(causes._STEEP) <= set(mg.primitives())
    for name, (argument, poles, remedy) in causes._STEEP.items():
        assert argument in (*mg.primitives()[name].arguments, "y")
        assert poles
        assert remedy


@pytest.mark.parametrize("name", causes._FORWARD)
def test_every_entry_gives_words_also_where_the_place_is_not_known(name):
    whole = {"x": np.array([1.0, 2.0])}
    for kind in ("NaN", "an infinity"):
        assert forward_cause(name, spot(kind, operands=whole))


@pytest.mark.parametrize("name", causes._STEEP)
def test_steep_slopes_are_named_where_they_are_steep_only(name):
    argument, poles, remedy = causes._STEEP[name]
    for pole in poles:
        assert f"the slope of {name} at" in backward_cause(name, spot(at={argument: pole}, cotangent=1.0))
        assert backward_cause(name, spot(at={argument: pole}, cotangent=1.0)).endswith(remedy)
        assert "0·∞ is NaN" in backward_cause(name, spot("NaN", at={argument: pole}, cotangent=0.0))
    assert "slope" not in backward_cause(name, spot(at={argument: 0.5}, cotangent=1.0))


def test_what_is_in_no_table():
    infinite = {"a": np.array([math.inf])}
    assert "0·∞ and ∞/∞ are NaN" in forward_cause("matmul", spot("NaN", operands=infinite))
    assert "not defined for them" in forward_cause("sin", spot("NaN", at={"x": 1.0}))
    assert "(there a = −2)" in forward_cause("mul", spot(at={"a": -2.0}))
    assert backward_cause("mul", spot("NaN", cotangent=0.0)).startswith("the cotangent there is 0")
    assert "∞ − ∞, 0·∞ or ∞/∞ on the way" in backward_cause("mul", spot("NaN", cotangent=1.0))
    words = "the gradient is beyond float32, whose largest number is 3.4e+38 (there a = 2)"
    assert backward_cause("mul", spot(at={"a": 2.0})) == words
    assert "or its formula divides by 0 (there a = 0)" in backward_cause("mul", spot(at={"a": 0.0}))


def test_count_tells_how_many_and_where():
    values = np.array([[1.0, math.nan], [math.inf, -math.inf]])
    assert count(values, nan=True) == ("1 of 4 elements, the first at index (0, 1)", (0, 1))
    assert count(values, nan=False) == ("2 of 4 elements, the first at index (1, 0)", (1, 0))
    assert count(np.array(math.nan), nan=True) == ("its only element", ())
