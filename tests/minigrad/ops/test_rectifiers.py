"""Functions in pieces at their corners and beyond."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad

X = [-math.inf, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, math.inf]
EXPECTED = {
    "leaky_relu": (lambda x: mg.leaky_relu(x, 0.5), lambda x: np.where(x > 0, x, x * 0.5), [0.5] * 5 + [1] * 4),
    "hardtanh": (mg.hardtanh, lambda x: np.clip(x, -1, 1), [0, 0, 0, 1, 1, 1, 0, 0, 0]),
    "elu": (mg.elu, lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), None),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", EXPECTED)
def test_values_and_slopes(name, dtype):
    function, formula, slopes = EXPECTED[name]
    x = np.array(X, dtype)
    leaf = mg.tensor(x, requires_grad=True)
    y = function(leaf)
    np.testing.assert_allclose(y.detach().numpy(), formula(x), rtol=1e-6)
    (gradient,) = grad(y.sum(), leaf)
    if slopes is not None:
        assert gradient.tolist() == slopes


@pytest.mark.parametrize("function", [mg.leaky_relu, mg.hardtanh, mg.hardswish, mg.elu, mg.relu, mg.silu])
def test_not_a_number_stays_one(function):
    x = mg.tensor([math.nan, 1.0])
    assert mg.isnan(function(x)).tolist() == [True, False]
