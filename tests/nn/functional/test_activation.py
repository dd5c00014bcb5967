"""The nonlinearities against their formulae, at the ends of the number line too, and their slopes."""

import math

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, MinigradError

PHI = np.vectorize(lambda x: 0.5 * (1 + math.erf(x / math.sqrt(2))))

FORMULAE = {
    "relu": (F.relu, lambda x: np.maximum(x, 0)),
    "relu6": (F.relu6, lambda x: np.clip(x, 0, 6)),
    "leaky_relu": (F.leaky_relu, lambda x: np.where(x > 0, x, 0.01 * x)),
    "leaky_relu 0.3": (lambda x: F.leaky_relu(x, 0.3), lambda x: np.where(x > 0, x, 0.3 * x)),
    "elu": (F.elu, lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0)))),
    "elu 2": (lambda x: F.elu(x, 2.0), lambda x: np.where(x > 0, x, 2 * np.expm1(np.minimum(x, 0)))),
    "hardtanh": (F.hardtanh, lambda x: np.clip(x, -1, 1)),
    "hardtanh -2 3": (lambda x: F.hardtanh(x, -2.0, 3.0), lambda x: np.clip(x, -2, 3)),
    "gelu": (F.gelu, lambda x: x * PHI(x)),
    "gelu tanh": (
        lambda x: F.gelu(x, "tanh"),
        lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    ),
    "silu": (F.silu, lambda x: x / (1 + np.exp(-x))),
    "sigmoid": (F.sigmoid, lambda x: 1 / (1 + np.exp(-x))),
    "logsigmoid": (F.logsigmoid, lambda x: -np.log1p(np.exp(-x))),
    "tanh": (F.tanh, np.tanh),
    "softsign": (F.softsign, lambda x: x / (1 + np.abs(x))),
    "softplus": (F.softplus, lambda x: np.log1p(np.exp(x))),
    "softplus 3": (lambda x: F.softplus(x, 3.0), lambda x: np.log1p(np.exp(3 * x)) / 3),
    "softmax": (lambda x: F.softmax(x, 0), lambda x: np.exp(x) / np.exp(x).sum()),
    "log_softmax": (lambda x: F.log_softmax(x, 0), lambda x: x - np.log(np.exp(x).sum())),
}
IN_PLACE = {
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "hardtanh": F.hardtanh,
    "silu": F.silu,
}


@pytest.mark.parametrize("name", FORMULAE)
def test_formula_and_derivatives(name):
    function, formula = FORMULAE[name]
    x = mg.tensor(np.array([-4.3, -1.7, -0.9, -0.31, 0.42, 0.77, 1.3, 2.9, 6.4]), requires_grad=True)
    np.testing.assert_allclose(function(x).detach().numpy(), formula(x.detach().numpy()), rtol=1e-12, atol=1e-15)
    assert gradcheck(function, x)
    if not name.startswith(("relu", "leaky", "hardtanh")):  # whose second derivatives are nothing
        assert gradcheck(function, x, order=2)


@pytest.mark.parametrize("name", FORMULAE)
@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_dtype_shape_and_input_are_kept(name, dtype):
    x = mg.tensor([[-0.5, 0.0, 1.5]], dtype=dtype, requires_grad=True)
    function = FORMULAE[name][0]
    y = function(x[0] if "softmax" in name else x)
    y.sum().backward()
    assert (y.dtype, x.grad.dtype, x.tolist()) == (dtype, dtype, [[-0.5, 0.0, 1.5]])
    assert function(mg.zeros(0, dtype=dtype)).shape == (0,)


LIMITS = {  # at −∞, −1000, 1000, ∞
    "relu": (0, 0, 1000, math.inf),
    "relu6": (0, 0, 6, 6),
    "elu": (-1, -1, 1000, math.inf),
    "hardtanh": (-1, -1, 1, 1),
    "sigmoid": (0, 0, 1, 1),
    "tanh": (-1, -1, 1, 1),
    "logsigmoid": (-math.inf, -1000, 0, 0),
    "softplus": (0, 0, 1000, math.inf),
    "leaky_relu": (-math.inf, -10, 1000, math.inf),
}


@pytest.mark.parametrize("name", LIMITS)
def test_nothing_overflows(name):
    x = mg.tensor([-math.inf, -1000.0, 1000.0, math.inf], dtype=mg.float64, requires_grad=True)
    y = FORMULAE[name][0](x)
    assert y.tolist() == pytest.approx(LIMITS[name])
    y.sum().backward()
    assert np.isfinite(x.grad.numpy()[1:3]).all()


@pytest.mark.parametrize("name", ["silu", "gelu", "softsign", "gelu tanh"])
def test_large_numbers_stay_finite(name):
    x = mg.tensor([-1000.0, 1000.0], requires_grad=True)
    y = FORMULAE[name][0](x)
    y.sum().backward()
    assert np.isfinite(y.detach().numpy()).all()
    assert np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize("name", FORMULAE)
def test_nan_passes(name):
    assert np.isnan(FORMULAE[name][0](mg.tensor([math.nan])).numpy()).all()


def test_N69_slope_at_the_corner_is_zero():
    x = mg.zeros(1, requires_grad=True)
    for function in (F.relu, F.relu6):
        assert mg.autograd.grad(function(x).sum(), x)[0].item() == 0.0
    edges = mg.tensor([-1.0, 1.0], requires_grad=True)
    assert mg.autograd.grad(F.hardtanh(edges).sum(), edges)[0].tolist() == [0.0, 0.0]


def test_N67_the_sigmoids_slope_is_at_most_a_quarter():
    x = mg.linspace(-5, 5, 101, dtype=mg.float64).requires_grad_()
    (slope,) = mg.autograd.grad(F.sigmoid(x).sum(), x)
    assert (slope.max().item(), int(slope.argmax())) == (0.25, 50)


SOFTPLUS = {
    1: [0.1269280110429725, 0.31326168751822286, 0.4740769841801067, 0.6931471805599453, 0.9740769841801067,
        1.3132616875182228, 2.1269280110429727],
    2: [0.009074963958904869, 0.06346400552148625, 0.15663084375911143, 0.34657359027997264, 0.6566308437591114,
        1.0634640055214863, 2.0090749639589047],
    10: [2.061153620314381e-10, 4.539889921686465e-06, 0.0006715348489118068, 0.06931471805599453, 0.5006715348489118,
         1.0000045398899218, 2.0000000002061156],
}  # fmt: skip


@pytest.mark.parametrize("gain", SOFTPLUS)
def test_N70_softplus_values(gain):
    x = mg.tensor([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0], dtype=mg.float64)
    np.testing.assert_allclose(F.softplus(x, float(gain), threshold=math.inf).numpy(), SOFTPLUS[gain], rtol=1e-12)


def test_N70_X69_the_gap_to_relu_and_no_overflow():
    x = mg.tensor([-1.0, 0.0, 1.0], dtype=mg.float64, requires_grad=True)
    y = F.softplus(x, 1e4)
    assert y.tolist() == pytest.approx([0.0, 6.931471805599453e-05, 1.0])
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place(name):
    function = IN_PLACE[name]
    x = mg.tensor([-1.5, 0.25, 7.0])
    right = function(x).tolist()
    assert x.tolist() == [-1.5, 0.25, 7.0]
    assert function(x, inplace=True) is x
    assert x.tolist() == right
    leaf = mg.tensor([-1.5, 0.25, 7.0], requires_grad=True)
    inner = leaf * 1
    assert function(inner, inplace=True) is inner
    inner.sum().backward()
    assert leaf.grad.tolist() == mg.autograd.grad(function(leaf).sum(), leaf)[0].tolist()
    with pytest.raises(MinigradError, match="leaf"):
        function(leaf, inplace=True)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.hardtanh(mg.ones(1), 2, 1), ArgumentError, "lower limit is above"),
        (lambda: F.gelu(mg.ones(1), "erf"), ArgumentError, "'none' or 'tanh'"),
        (lambda: F.softmax(mg.ones(2)), ArgumentError, "no dim"),
        (lambda: F.log_softmax(mg.ones(2)), ArgumentError, "no dim"),
        (lambda: F.softmax(mg.ones(2, dtype=mg.int64), 0), DTypeError, "int64"),
        (lambda: F.softmax(mg.ones(2), 5), IndexError, "dim=5"),
        (lambda: F.softmax(mg.ones(2), 0.5), DTypeError, "0.5"),
        *[
            (lambda f=f: f([1.0, 2.0]), DTypeError, "list")
            for f in (*IN_PLACE.values(), F.gelu, F.softsign, F.logsigmoid, F.softplus)
        ],
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message) as raised:
        call()
    assert isinstance(raised.value, MinigradError)
