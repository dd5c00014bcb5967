"""The nonlinearities against their formulae, at the ends of the number line too, and their slopes."""

import math

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, MinigradError, ShapeError

S, A = 1.0507009873554805, 1.6732632423543772
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
    "celu": (F.celu, lambda x: np.maximum(x, 0) + np.minimum(0, np.expm1(x))),
    "celu 2": (lambda x: F.celu(x, 2.0), lambda x: np.maximum(x, 0) + np.minimum(0, 2 * np.expm1(x / 2))),
    "selu": (F.selu, lambda x: S * (np.maximum(x, 0) + np.minimum(0, A * np.expm1(x)))),
    "mish": (F.mish, lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    "hardsigmoid": (F.hardsigmoid, lambda x: np.clip(x + 3, 0, 6) / 6),
    "hardswish": (F.hardswish, lambda x: x * np.clip(x + 3, 0, 6) / 6),
    "hardshrink": (F.hardshrink, lambda x: np.where(np.abs(x) > 0.5, x, 0)),
    "hardshrink 1": (lambda x: F.hardshrink(x, 1), lambda x: np.where(np.abs(x) > 1, x, 0)),
    "hardshrink all": (lambda x: F.hardshrink(x, -1.0), lambda x: x),
    "softshrink": (F.softshrink, lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0)),
    "softshrink 1": (lambda x: F.softshrink(x, 1), lambda x: np.sign(x) * np.maximum(np.abs(x) - 1, 0)),
    "tanhshrink": (F.tanhshrink, lambda x: x - np.tanh(x)),
    "threshold": (lambda x: F.threshold(x, 0.5, -7.0), lambda x: np.where(x > 0.5, x, -7)),
    "rrelu": (lambda x: F.rrelu(x, 0.2, 0.4), lambda x: np.where(x > 0, x, 0.3 * x)),
    "prelu": (lambda x: F.prelu(x, mg.tensor([0.3], dtype=x.dtype)), lambda x: np.where(x > 0, x, 0.3 * x)),
}
IN_PLACE = {
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "celu": F.celu,
    "selu": F.selu,
    "hardtanh": F.hardtanh,
    "silu": F.silu,
    "mish": F.mish,
    "hardsigmoid": F.hardsigmoid,
    "hardswish": F.hardswish,
    "rrelu": F.rrelu,
    "threshold": lambda x, inplace=False: F.threshold(x, 0.5, 2.0, inplace),
}
STRAIGHT = ("relu", "leaky", "hardtanh", "hardsigmoid", "hardshrink", "softshrink", "threshold", "rrelu", "prelu")


@pytest.mark.parametrize("name", FORMULAE)
def test_formula_and_derivatives(name):
    function, formula = FORMULAE[name]
    x = mg.tensor(np.array([-4.3, -1.7, -0.9, -0.31, 0.42, 0.77, 1.3, 2.9, 6.4]), requires_grad=True)
    np.testing.assert_allclose(function(x).detach().numpy(), formula(x.detach().numpy()), rtol=1e-12, atol=1e-15)
    assert gradcheck(function, x)
    if not name.startswith(STRAIGHT):  # whose second derivatives are nothing
        assert gradcheck(function, x, order=2)


@pytest.mark.parametrize("name", FORMULAE)
@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_dtype_shape_and_input_are_kept(name, dtype):
    x = mg.tensor([[-0.5, 0.0, 1.5]], dtype=dtype, requires_grad=True)
    function = FORMULAE[name][0]
    y = function(x)
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
    "celu": (-1, -1, 1000, math.inf),
    "selu": (-S * A, -S * A, 1000 * S, math.inf),
    "hardsigmoid": (0, 0, 1, 1),
    "hardshrink": (-math.inf, -1000, 1000, math.inf),
    "softshrink": (-math.inf, -999.5, 999.5, math.inf),
    "tanhshrink": (-math.inf, -999, 999, math.inf),
    "threshold": (-7, -7, 1000, math.inf),
    "prelu": (-math.inf, -300, 1000, math.inf),
}


@pytest.mark.parametrize("name", LIMITS)
def test_nothing_overflows(name):
    x = mg.tensor([-math.inf, -1000.0, 1000.0, math.inf], dtype=mg.float64, requires_grad=True)
    y = FORMULAE[name][0](x)
    assert y.tolist() == pytest.approx(LIMITS[name])
    y.sum().backward()
    assert np.isfinite(x.grad.numpy()[1:3]).all()


@pytest.mark.parametrize("name", ["silu", "gelu", "softsign", "gelu tanh", "mish", "hardswish"])
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


def test_relu_in_place_is_one_step_of_the_tape():
    inner = mg.ones(3, requires_grad=True) * 2
    made = inner.grad_fn
    F.relu(inner, inplace=True)
    assert inner.grad_fn.name() == "relu"
    assert inner.grad_fn.next_functions == ((made, 0),)


@pytest.mark.parametrize(
    ("function", "points", "slopes"),
    [
        (F.hardsigmoid, [-3.0, 3.0], [0, 0]),
        (F.hardswish, [-3.0, 3.0], [0, 1]),
        (F.hardshrink, [-0.5, 0.0, 0.5], [0, 0, 0]),
        (F.softshrink, [-0.5, 0.0, 0.5], [0, 0, 0]),
        (lambda x: F.threshold(x, 0.5, 2.0), [0.5], [0]),
        (F.selu, [0.0], [S * A]),
        (lambda x: F.celu(x, 3.0), [0.0], [1]),
        (lambda x: F.prelu(x, mg.tensor([0.25], dtype=mg.float64)), [0.0], [0.25]),
    ],
)
def test_slopes_at_the_corners(function, points, slopes):
    x = mg.tensor(points, dtype=mg.float64, requires_grad=True)
    (slope,) = mg.autograd.grad(function(x).sum(), x)
    assert slope.tolist() == pytest.approx(slopes)


def test_selu_keeps_mean_and_variance():
    x = mg.randn(100_000, generator=mg.Generator().manual_seed(2), dtype=mg.float64)
    y = F.selu(x)
    assert y.mean().item() == pytest.approx(0, abs=0.02)
    assert y.var().item() == pytest.approx(1, abs=0.03)


def test_prelu_has_a_weight_for_each_channel():
    x = mg.tensor(np.random.default_rng(1).standard_normal((2, 3, 4)), requires_grad=True)
    weight = mg.tensor([0.5, -0.25, 0.0], dtype=mg.float64, requires_grad=True)
    y = F.prelu(x, weight)
    values, factors = x.detach().numpy(), weight.detach().numpy().reshape(1, 3, 1)
    np.testing.assert_array_equal(y.detach().numpy(), np.where(values > 0, values, factors * values))
    y.sum().backward()
    np.testing.assert_allclose(weight.grad.numpy(), np.minimum(values, 0).sum((0, 2)))
    assert gradcheck(F.prelu, (x.detach().requires_grad_(), weight.detach().requires_grad_()), order=2)


def test_prelu_with_infinities_above_keeps_the_weights_gradient():
    weight = mg.tensor([0.25], requires_grad=True)
    F.prelu(mg.tensor([math.inf, -2.0]), weight).sum().backward()
    assert weight.grad.item() == -2


def test_rrelu_draws_a_slope_for_each_element():
    x = -mg.ones(10_000, dtype=mg.float64).requires_grad_()
    y = F.rrelu(x, 0.25, 0.75, True, generator=mg.Generator().manual_seed(4))
    again = F.rrelu(x, 0.25, 0.75, True, generator=mg.Generator().manual_seed(4))
    assert y.tolist() == again.tolist()
    slopes = -y.detach().numpy()
    assert 0.25 <= slopes.min() < 0.26
    assert 0.74 < slopes.max() < 0.75
    assert slopes.mean() == pytest.approx(0.5, abs=5 * 0.5 / math.sqrt(12 * 10_000))
    assert len(set(slopes.tolist())) > 9_900
    leaf = mg.full((5,), -2.0, requires_grad=True)
    z = F.rrelu(leaf, training=True)
    z.sum().backward()
    assert leaf.grad.tolist() == pytest.approx([value / -2 for value in z.tolist()])
    assert F.rrelu(mg.tensor([0.0, 3.0]), training=True).tolist() == [0, 3]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.hardtanh(mg.ones(1), 2, 1), ArgumentError, "lower limit is above"),
        (lambda: F.gelu(mg.ones(1), "erf"), ArgumentError, "'none' or 'tanh'"),
        (lambda: F.celu(mg.ones(1), 0), ArgumentError, "alpha=0"),
        (lambda: F.softshrink(mg.ones(1), -0.5), ArgumentError, "lambd=-0.5"),
        (lambda: F.softshrink(mg.ones(1), math.nan), ArgumentError, "lambd=nan"),
        (lambda: F.rrelu(mg.ones(1), 0.5, 0.25), ArgumentError, "from 0.5 to 0.25.*lower bound first"),
        (lambda: F.rrelu(mg.ones(1), 0.5, math.inf), ArgumentError, "finite"),
        (lambda: F.rrelu(mg.ones(1, dtype=mg.int64), training=True), DTypeError, "int64"),
        (lambda: F.threshold(mg.ones(1, dtype=mg.uint8), 0, 300), ArgumentError, "300"),
        (lambda: F.prelu(mg.ones(2, 3), mg.ones(2)), ShapeError, r"2 weights.*\(2, 3\).*num_parameters=1 or 3"),
        (lambda: F.prelu(mg.ones(3), mg.ones(3)), ShapeError, r"3 weights.*\(3,\)"),
        (lambda: F.prelu(mg.ones(2, 3), mg.ones(1, 3)), ShapeError, r"weight of shape \(1, 3\)"),
        (lambda: F.prelu(mg.ones(2), mg.ones(1).double()), DTypeError, "float32.*float64"),
        *[
            (lambda f=f: f([1.0, 2.0]), DTypeError, "list")
            for f in (*IN_PLACE.values(), F.gelu, F.softsign, F.logsigmoid, F.softplus, F.tanhshrink)
        ],
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message) as raised:
        call()
    assert isinstance(raised.value, MinigradError)
