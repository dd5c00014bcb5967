"""Logarithms and exponentials to other bases, and their sums: values far from 0, refusals."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad
from minigrad.errors import DTypeError


def test_bases():
    x = mg.tensor([0.25, 1.0, 10.0], dtype=mg.float64)
    assert np.allclose(mg.exp2(mg.log2(x)).numpy(), x.numpy())
    assert np.allclose(mg.log10(x).numpy(), np.log10(x.numpy()))
    assert mg.float_power(mg.tensor([2, 3]), 2).dtype == mg.float64


def test_sums_of_exponentials_do_not_overflow():
    a = mg.tensor([1000.0], requires_grad=True)
    y = mg.logaddexp(a, 1000.0)
    assert y.item() == pytest.approx(1000 + math.log(2))
    assert grad(y, a)[0].item() == 0.5
    assert mg.logaddexp2(a, 1000.0).item() == pytest.approx(1001)


def test_nothing_times_a_logarithm_of_nothing_is_nothing():
    a = mg.zeros(1, requires_grad=True)
    y = mg.xlogy(a, mg.zeros(1))
    assert (y.item(), grad(y, a)[0].item()) == (0, 0)
    assert math.isnan(mg.xlogy(0.0, mg.tensor(mg.nan)).item())


def test_logit_undoes_the_logistic_function():
    x = mg.tensor([-3.0, 0.0, 2.0], dtype=mg.float64)
    assert np.allclose(mg.logit(mg.sigmoid(x)).numpy(), x.numpy())
    y = mg.tensor([0.0, 0.5], requires_grad=True)
    assert grad(mg.logit(y, eps=0.1).sum(), y)[0].tolist() == [0, 4]
    with pytest.raises(DTypeError, match="a number belongs"):
        mg.logit(x, "x")
