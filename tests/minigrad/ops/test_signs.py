"""Signs, remainders and repairs: against Python's own, refusals."""

import math

import pytest

import minigrad as mg
from minigrad.autograd import grad
from minigrad.errors import ArgumentError, DTypeError

VALUES = [7.5, -7.5, 0.0, -0.0, 2.0]


def test_signs():
    x = mg.tensor(VALUES)
    assert mg.signbit(x).tolist() == [math.copysign(1, one) < 0 for one in VALUES]
    assert mg.copysign(mg.tensor(3.0), x).tolist() == [math.copysign(3, one) for one in VALUES]
    assert mg.sgn(x).tolist() == [1, -1, 0, 0, 1]
    assert mg.heaviside(x, mg.tensor(0.5)).tolist() == [1, 0, 0.5, 0.5, 1]
    assert mg.isposinf(mg.tensor([mg.inf, -mg.inf])).tolist() == [True, False]
    assert mg.isneginf(mg.tensor([mg.inf, -mg.inf])).tolist() == [False, True]


def test_remainders():
    assert mg.fmod(mg.tensor(VALUES), 2).tolist() == [math.fmod(one, 2) for one in VALUES]
    assert mg.frac(mg.tensor(VALUES)).tolist() == [0.5, -0.5, 0, 0, 0]
    assert mg.rsub(mg.tensor([1, 2]), 10, alpha=3).tolist() == [7, 4]


def test_pairs_with_nan():
    a, b = mg.tensor([1.0, mg.nan], requires_grad=True), mg.tensor([mg.nan, 2.0])
    assert mg.fmax(a, b).tolist() == mg.fmin(a, b).tolist() == [1, 2]
    assert grad(mg.fmax(a, b).sum(), a)[0].tolist() == [1, 0]
    assert mg.hypot(mg.tensor(3e30), mg.tensor(4e30)).item() == pytest.approx(5e30)


def test_repairs():
    x = mg.tensor([mg.nan, mg.inf, -mg.inf, 1.0], dtype=mg.float64, requires_grad=True)
    largest = mg.finfo(mg.float64).max
    assert mg.nan_to_num(x).tolist() == [0, largest, -largest, 1]
    assert grad(mg.nan_to_num(x, 7, 8, 9).sum(), x)[0].tolist() == [0, 0, 0, 1]
    assert mg.nan_to_num(mg.tensor([1, 2])).tolist() == [1, 2]


def test_refusals():
    with pytest.raises(ArgumentError, match="fmod of integers by 0"):
        mg.fmod(mg.arange(3), 0)
    with pytest.raises(DTypeError, match=r"values\.to\(mg\.float32\)"):
        mg.heaviside(mg.ones(1), mg.ones(1).double())
