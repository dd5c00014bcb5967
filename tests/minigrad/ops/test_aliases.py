"""Other names mean the same."""

import inspect

import pytest

import minigrad as mg
from minigrad.ops import aliases

PAIRS = {
    "absolute": "abs", "negative": "neg", "subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div",
    "fix": "trunc", "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le", "not_equal": "ne",
    "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan", "arctan2": "atan2",
    "arctanh": "atanh", "concat": "cat", "ger": "outer", "moveaxis": "movedim", "row_stack": "vstack",
    "ravel": "flatten", "swapdims": "transpose",
}  # fmt: skip
ARGUMENTS = {
    **dict.fromkeys(["concat", "row_stack"], ([mg.ones(2), mg.zeros(2)],)), "moveaxis": (mg.zeros(2, 3), 0, 1),
    "swapdims": (mg.zeros(2, 3), 0, 1),
}  # fmt: skip


def test_all_are_here():
    assert set(PAIRS) == set(aliases.__all__)


@pytest.mark.parametrize("name", PAIRS)
def test_the_same_result(name):
    meant = getattr(mg, PAIRS[name])
    x = mg.tensor([0.25, 0.75])
    count = len([one for one in inspect.signature(meant).parameters.values() if one.default is one.empty])
    arguments = ARGUMENTS.get(name, (x, x + 1)[: min(count, 2)])
    ours, theirs = getattr(mg, name)(*arguments), meant(*arguments)
    assert (repr(ours), ours.dtype) == (repr(theirs), theirs.dtype)
    assert getattr(mg, name).__name__ == name
