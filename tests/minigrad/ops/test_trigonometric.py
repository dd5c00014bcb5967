"""Circular and hyperbolic functions: their inverses undo them; sinc to any order."""

import math

import numpy as np
import pytest

import minigrad as mg

X = mg.tensor(np.linspace(-0.9, 0.9, 7))


@pytest.mark.parametrize(
    ("function", "inverse"),
    [("sin", "asin"), ("tan", "atan"), ("sinh", "asinh"), ("tanh", "atanh"), ("deg2rad", "rad2deg")],
)
def test_inverses(function, inverse):
    assert np.allclose(getattr(mg, inverse)(getattr(mg, function)(X)).numpy(), X.numpy(), 1e-12)


def test_inverses_of_even_functions():
    x = X.abs() + 0.1
    assert np.allclose(mg.acos(mg.cos(x)).numpy(), x.numpy(), 1e-12)
    assert np.allclose(mg.acosh(mg.cosh(x)).numpy(), x.numpy(), 1e-12)


def test_the_angle_in_every_quadrant():
    angle = mg.tensor([0.5, 2.5, -2.5, -0.5])
    assert np.allclose(mg.atan2(mg.sin(angle), mg.cos(angle)).numpy(), angle.numpy(), 1e-6)


def test_names_of_the_inverses():
    for name in ("sin", "cos", "tan", "sinh", "tanh"):
        assert mg.equal(getattr(mg, f"arc{name}")(X), getattr(mg, f"a{name}")(X))


@pytest.mark.parametrize("n", range(5))
def test_derivatives_of_sinc_meet_where_the_series_ends(n):
    derivative = mg.primitives()["sinc_derivative"]
    edge = (2 + n) / math.pi
    below, above = (derivative(mg.tensor(edge + step, dtype=mg.float64), n=n).item() for step in (-1e-9, 1e-9))
    assert below == pytest.approx(above, rel=1e-5, abs=1e-6)
    centre = derivative(mg.zeros(1, dtype=mg.float64), n=n).item()
    assert centre == pytest.approx(0 if n % 2 else (-1) ** (n // 2) * math.pi**n / (n + 1), rel=1e-12)
