"""The comparison itself: planted differences in values, shapes, dtypes and derivatives of either order are caught."""

import numpy as np
import pytest
import torch

import minigrad as mg
from tests.torch_oracle.compare import assert_same, both_refuse, compare, normal


def replaced(wrong):
    """x·x, with the gradient that `wrong` makes of the cotangent and x; both are on the tape."""

    def function(x):
        y = x * x
        twin = mg.where(mg.tensor(True), y, 0)
        twin.register_hook(lambda g: wrong(g, x) / (x * 2))
        return twin

    return function


def test_right_derivatives_pass():
    compare(replaced(lambda g, x: g * x * 2), lambda x: x * x, normal(3))


@pytest.mark.parametrize(("wrong", "message"), [
    (lambda g, x: g * x * 2.000001, "derivative of order 1"),
    (lambda g, x: g * x.detach() * 2, "derivative of order 2, operand 0"),
    (lambda g, x: g.detach() * x * 2, "derivative of order 2, operand 1"),
])  # fmt: skip
def test_wrong_derivatives_are_caught(wrong, message):
    with pytest.raises(AssertionError, match=message):
        compare(replaced(wrong), lambda x: x * x, normal(3))


@pytest.mark.parametrize(("ours", "message"), [
    (lambda x: x * 2.0000001, "output differs at 4 of 4 places"),
    (lambda x: x.reshape(1, 4) * 2, r"minigrad \(1, 4\), PyTorch \(4,\)"),
    (lambda x: (x * 2).float(), "minigrad float32, PyTorch float64"),
    (lambda x: (x * 2, x), "minigrad gives 2 results, PyTorch 1"),
    (lambda x: (x * 2).detach(), "requires_grad"),
    (lambda x: (x * 2).double(), "float32 output: minigrad float64, PyTorch float32"),
    (lambda x: 2.0, "minigrad gives 2.0, PyTorch a tensor"),
])  # fmt: skip
def test_wrong_results_are_caught(ours, message):
    with pytest.raises(AssertionError, match=message):
        compare(ours, lambda x: x * 2, normal(4))


def test_special_values_are_told_apart():
    for a, b in ((np.nan, 1.0), (np.inf, -np.inf), (np.inf, np.nan), (1e300, np.inf)):
        with pytest.raises(AssertionError, match="differs at 1 of 2 places"):
            assert_same(mg.tensor(np.array([a, 1e300])), torch.tensor(np.array([b, 1e300])))
    with pytest.raises(AssertionError, match="differs at 1 of 2 places"):
        assert_same(mg.tensor(np.array([1e-7, 1e300])), torch.tensor(np.array([0.0, 1e300])))
    assert_same(mg.tensor(np.array([np.nan, -np.inf])), torch.tensor(np.array([np.nan, -np.inf])))


def test_refusals_are_told_apart():
    def refuse():
        raise mg.errors.ShapeError("no")

    both_refuse(refuse, refuse)
    for ours, theirs, message in (
        (refuse, lambda: 1, "PyTorch computes 1"), (lambda: 1, refuse, "minigrad computes 1"),
        (lambda: [][0], refuse, "not an error of its own"),
    ):  # fmt: skip
        with pytest.raises(AssertionError, match=message):
            both_refuse(ours, theirs)
    with pytest.raises(AssertionError, match="is no IndexError"):
        both_refuse(refuse, refuse, IndexError)
