"""Special functions: identities between them, edges, refusals."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError

X = mg.tensor(np.linspace(0.3, 4, 9))


def test_identities():
    assert np.allclose(mg.erfc(X).numpy(), 1 - mg.erf(X).numpy())
    assert np.allclose(mg.erf(mg.erfinv(X / 5)).numpy(), (X / 5).numpy())
    assert np.allclose(mg.lgamma(X + 1).numpy(), (mg.lgamma(X) + mg.log(X)).numpy())
    assert np.allclose(mg.digamma(X + 1).numpy(), (mg.digamma(X) + 1 / X).numpy())
    assert np.allclose(mg.polygamma(1, X + 1).numpy(), (mg.polygamma(1, X) - 1 / X**2).numpy())
    assert mg.equal(mg.polygamma(0, X), mg.digamma(X))


def test_edges():
    edges = mg.lgamma(mg.tensor([0.0, 5e-324, -math.inf, math.inf], dtype=mg.float64)).tolist()
    assert edges == [math.inf, pytest.approx(744.4400719), math.inf, math.inf]
    assert mg.erfinv(mg.tensor([1.0, -1.0])).tolist() == [math.inf, -math.inf]


def test_refusals():
    for n in (-1, 2**40):
        with pytest.raises(ArgumentError, match=f"n={n}"):
            mg.polygamma(n, X)
