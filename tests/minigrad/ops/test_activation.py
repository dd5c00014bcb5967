"""The nonlinearities of the notes: values, derivatives, no overflow."""

import math

import numpy as np
import pytest
import scipy.special

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import DTypeError

X = np.linspace(-4, 4, 33)
FAR = mg.tensor([-1e4, -1000.0, -50.0, 50.0, 1000.0, 1e4], dtype=mg.float64)
FUNCTIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": scipy.special.expit,
    "softplus": lambda x: np.logaddexp(0, x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values(name):
    y = getattr(mg, name)(mg.from_numpy(X)).numpy()
    np.testing.assert_allclose(y, FUNCTIONS[name](X), rtol=1e-14, atol=1e-300)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_N65_derivatives_to_third_order(name):
    x = mg.tensor(X + 0.01, requires_grad=True)  # not at the kink of the rectifier
    assert gradcheck(getattr(mg, name), x, order=3)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_overflow_far_out(name):
    x = FAR.clone().requires_grad_()
    y = getattr(mg, name)(x)
    (slope,) = grad(y.sum(), x)
    assert mg.isfinite(y).all()
    assert mg.isfinite(slope).all()
    assert slope.tolist()[-1] == (1 if name in ("relu", "softplus", "elu") else 0)
    assert slope.tolist()[0] == 0


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_the_dtype_is_kept(name, dtype):
    x = mg.ones(3, dtype=dtype, requires_grad=True)
    y = getattr(mg, name)(x)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == dtype


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus", "elu"])
def test_integers_become_floats(name):
    assert getattr(mg, name)(mg.tensor([0, 1])).dtype == np.float32


def test_N69_the_rectifier_has_slope_zero_at_zero():
    x = mg.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    (slope,) = grad(mg.relu(x).sum(), x, create_graph=True)
    assert slope.tolist() == [0, 0, 1]
    assert slope.requires_grad, "so that second derivatives, which are 0, can be asked for"
    assert grad(slope.sum(), x)[0].tolist() == [0, 0, 0]
    assert mg.relu(mg.tensor([2, -3])).tolist() == [2, 0]
    assert np.isnan(mg.relu(mg.tensor(np.nan)).item())


def test_N67_first_and_second_derivative_of_the_sigmoid():
    x = mg.tensor(X, requires_grad=True)
    s = scipy.special.expit(X)
    (first,) = grad(mg.sigmoid(x).sum(), x, create_graph=True)
    np.testing.assert_allclose(first.detach().numpy(), s * (1 - s), rtol=1e-13)
    (second,) = grad(first.sum(), x)
    np.testing.assert_allclose(second.numpy(), s * (1 - s) * (1 - 2 * s), rtol=1e-12, atol=1e-16)
    assert X[first.argmax().item()] == 0
    assert first.max().item() == 0.25


def test_N68_a_chain_of_sigmoids_lets_the_gradient_vanish():
    x = mg.tensor(0.0, dtype=mg.float64, requires_grad=True)
    y = x
    for depth in range(1, 11):
        y = mg.sigmoid(y)
        (slope,) = grad(y, x, retain_graph=True)
        assert 0 < slope.item() <= 0.25**depth


def test_N71_the_slope_of_tanh():
    x = mg.tensor(X, requires_grad=True)
    (slope,) = grad(mg.tanh(x).sum(), x)
    np.testing.assert_allclose(slope.numpy(), 1 - np.tanh(X) ** 2, rtol=1e-13)


@pytest.mark.parametrize("beta", [0.5, 1, 2.0, 10])
def test_N70_softplus_with_a_gain(beta):
    x = mg.tensor(X, requires_grad=True)
    y = mg.softplus(x, beta, math.inf)
    np.testing.assert_allclose(y.detach().numpy(), np.logaddexp(0, beta * X) / beta, rtol=1e-13)
    (slope,) = grad(y.sum(), x)
    np.testing.assert_allclose(slope.numpy(), scipy.special.expit(beta * X), rtol=1e-13)
    gap = (y - mg.relu(x)).detach().numpy()
    assert X[gap.argmax()] == 0
    assert gap.max() == pytest.approx(math.log(2) / beta)


@pytest.mark.parametrize("beta", [-0.5, -3.0])
def test_softplus_with_a_negative_gain_bends_the_other_way(beta):
    x = mg.tensor(X, requires_grad=True)
    y = mg.softplus(x, beta, math.inf)
    np.testing.assert_allclose(y.detach().numpy(), np.logaddexp(0, beta * X) / beta, rtol=1e-13)
    (slope,) = grad(y.sum(), x)
    np.testing.assert_allclose(slope.numpy(), scipy.special.expit(beta * X), rtol=1e-13)
    assert mg.softplus(mg.tensor([-100.0]), beta).item() == -100, "linear where k·x exceeds the threshold"


def test_hardswish_and_its_derivatives_at_the_corners_and_beyond():
    x = mg.tensor([-math.inf, -4, -3, 0, 1.5, 3, 4, math.inf, math.nan], dtype=mg.float64, requires_grad=True)
    y = mg.hardswish(x)
    np.testing.assert_array_equal(y.detach().numpy(), [np.nan, 0, 0, 0, 1.125, 3, 4, np.inf, np.nan])
    (slope,) = grad(y, x, mg.ones_like(x), create_graph=True)
    assert slope.tolist() == [0, 0, 0, 0.5, 1, 1, 1, 1, 1]
    (curvature,) = grad(slope.sum(), x)
    assert curvature.tolist() == [0, 0, 0, pytest.approx(1 / 3), pytest.approx(1 / 3), 0, 0, 0, 0]


def test_hardswish_of_large_float16_does_not_overflow():
    assert mg.hardswish(mg.tensor([20000.0, -20000.0], dtype=mg.float16)).tolist() == [20000, 0]


def test_softplus_is_linear_beyond_its_threshold():
    x = mg.tensor([1.4, 1.6, 100.0], dtype=mg.float64, requires_grad=True)
    y = mg.softplus(x, beta=2, threshold=3)
    assert y.tolist() == [pytest.approx(math.log1p(math.exp(2.8)) / 2), 1.6, 100]
    (slope,) = grad(y.sum(), x, create_graph=True)
    assert slope.tolist() == [pytest.approx(scipy.special.expit(2.8)), 1, 1]
    at_the_threshold = mg.softplus(mg.tensor([1.5], dtype=mg.float64), beta=2, threshold=3)
    assert at_the_threshold.item() == pytest.approx(math.log1p(math.exp(3)) / 2, rel=1e-14)
    (curvature,) = grad(slope.sum(), x)
    assert curvature.tolist()[1:] == [0, 0]
    assert curvature.tolist()[0] == pytest.approx(2 * scipy.special.expit(2.8) * scipy.special.expit(-2.8))


def test_X69_softplus_with_a_gain_of_ten_thousand_is_finite():
    x = mg.tensor([-1000.0, -1.0, 1.0, 1000.0], dtype=mg.float64, requires_grad=True)
    for threshold in (20, math.inf):
        y = mg.softplus(x, 1e4, threshold)
        assert y.tolist() == [0, 0, 1, 1000]
        assert grad(y.sum(), x)[0].tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(("alpha", "scale", "gain"), [(1.0, 1.0, 1.0), (2.0, 0.5, 3.0), (-1.0, 1.0, 0.25)])
def test_elu_with_its_three_numbers(alpha, scale, gain):
    x = mg.tensor(X + 0.01, requires_grad=True)
    y = mg.elu(x, alpha, scale, gain)
    below = scale * alpha * np.expm1(gain * np.minimum(X + 0.01, 0))
    np.testing.assert_allclose(y.detach().numpy(), np.where(X + 0.01 > 0, scale * (X + 0.01), below), rtol=1e-14)
    assert gradcheck(lambda t: mg.elu(t, alpha, scale, gain), x, order=3)


def test_elu_at_its_corner():
    """The slope is the left branch's, the second derivative 0, and NaN passes with slope 1."""
    x = mg.tensor([0.0, math.nan], dtype=mg.float64, requires_grad=True)
    y = mg.elu(x, 2.0)
    (slope,) = grad(y, x, mg.ones_like(x), create_graph=True)
    assert slope.tolist() == [2, 1]
    assert grad(slope.sum(), x)[0].tolist() == [0, 0]
    assert np.isnan(y.detach().numpy()).tolist() == [False, True]


def test_elu_wants_numbers():
    for words in ({"alpha": "a"}, {"scale": None}, {"input_scale": [1.0]}):
        with pytest.raises(DTypeError, match=r"elu got .* where a number belongs"):
            mg.elu(mg.ones(2), **words)
