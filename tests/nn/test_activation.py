"""Activation layers are the functions with their options, and print as PyTorch's do."""

import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError, DTypeError

X = mg.tensor([[-7.5, -0.25, 0.0, 0.5, 7.5]])

LAYERS = {
    "ReLU()": (nn.ReLU(), F.relu),
    "ReLU6()": (nn.ReLU6(), F.relu6),
    "LeakyReLU(negative_slope=0.01)": (nn.LeakyReLU(), F.leaky_relu),
    "LeakyReLU(negative_slope=0.2)": (nn.LeakyReLU(0.2), lambda x: F.leaky_relu(x, 0.2)),
    "ELU(alpha=1.0)": (nn.ELU(), F.elu),
    "ELU(alpha=0.5)": (nn.ELU(0.5), lambda x: F.elu(x, 0.5)),
    "Hardtanh(min_val=-1.0, max_val=1.0)": (nn.Hardtanh(), F.hardtanh),
    "Hardtanh(min_val=-2, max_val=3)": (nn.Hardtanh(-2, 3), lambda x: F.hardtanh(x, -2, 3)),
    "GELU(approximate='none')": (nn.GELU(), F.gelu),
    "GELU(approximate='tanh')": (nn.GELU("tanh"), lambda x: F.gelu(x, "tanh")),
    "SiLU()": (nn.SiLU(), F.silu),
    "Sigmoid()": (nn.Sigmoid(), F.sigmoid),
    "LogSigmoid()": (nn.LogSigmoid(), F.logsigmoid),
    "Tanh()": (nn.Tanh(), F.tanh),
    "Softsign()": (nn.Softsign(), F.softsign),
    "Softplus(beta=1.0, threshold=20.0)": (nn.Softplus(), F.softplus),
    "Softplus(beta=2.0, threshold=10.0)": (nn.Softplus(2.0, 10.0), lambda x: F.softplus(x, 2.0, 10.0)),
    "RReLU(lower=0.25, upper=0.5)": (nn.RReLU(0.25, 0.5).eval(), lambda x: F.rrelu(x, 0.25, 0.5)),
    "Threshold(threshold=0.25, value=7.0)": (nn.Threshold(0.25, 7.0), lambda x: F.threshold(x, 0.25, 7.0)),
    "CELU(alpha=2.0)": (nn.CELU(2.0), lambda x: F.celu(x, 2.0)),
    "SELU()": (nn.SELU(), F.selu),
    "Hardsigmoid()": (nn.Hardsigmoid(), F.hardsigmoid),
    "Hardswish()": (nn.Hardswish(), F.hardswish),
    "Hardshrink(0.25)": (nn.Hardshrink(0.25), lambda x: F.hardshrink(x, 0.25)),
    "Softshrink(0.25)": (nn.Softshrink(0.25), lambda x: F.softshrink(x, 0.25)),
    "Tanhshrink()": (nn.Tanhshrink(), F.tanhshrink),
    "Mish()": (nn.Mish(), F.mish),
}


@pytest.mark.parametrize("text", LAYERS)
def test_layers_are_the_functions(text):
    layer, function = LAYERS[text]
    assert repr(layer) == text
    assert layer(X).tolist() == function(X).tolist()
    assert list(layer.state_dict()) == []


@pytest.mark.parametrize(
    "kind", [nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.Hardtanh, nn.SiLU, nn.Mish]
)
def test_in_place(kind):
    layer, x = kind(inplace=True), X.clone()
    assert repr(layer).endswith("inplace=True)")
    assert layer(x) is x
    assert x.tolist() == kind()(X).tolist()
    layer.inplace = False
    assert layer(x) is not x


def test_hardsigmoid_has_no_slope_at_its_limits_and_at_nan():
    x = mg.tensor([float("-inf"), -3.0, 1.5, 3.0, float("inf"), float("nan")], requires_grad=True)
    y = F.hardsigmoid(x)
    assert y.tolist()[:5] == [0, 0, 0.75, 1, 1]
    assert y.isnan().tolist() == [False] * 5 + [True]
    y.backward(mg.ones_like(y))
    assert x.grad.tolist() == [0, 0, pytest.approx(1 / 6), 0, 0, 0]


def test_gelu_of_large_float16_has_a_slope():
    x = mg.tensor([300.0, -300.0], dtype=mg.float16, requires_grad=True)
    y = F.gelu(x, "tanh")
    y.sum().backward()
    assert (y.dtype, y.tolist(), x.grad.tolist()) == (mg.float16, [300, 0], [1, 0])


def test_in_place_without_a_word_in_the_repr():
    for kind in (nn.Hardsigmoid, nn.Hardswish):
        layer, x = kind(inplace=True), X.clone()
        assert repr(layer) == f"{kind.__name__}()"
        assert layer(x) is x
        assert x.tolist() == kind()(X).tolist()


def test_random_slopes_in_training_only():
    layer, x = nn.RReLU(0.25, 0.75), -mg.ones(1000)
    slopes = [-value for value in layer(x).tolist()]
    assert 0.25 <= min(slopes) < 0.3 < 0.7 < max(slopes) <= 0.75
    assert layer.eval()(x).tolist() == [-0.5] * 1000


def test_options_are_attributes_that_can_be_changed():
    layer = nn.LeakyReLU(0.5)
    layer.negative_slope = 0.25
    assert layer(mg.tensor([-1.0])).item() == -0.25
    assert (nn.ReLU6().min_val, nn.ReLU6().max_val) == (0.0, 6.0)


@pytest.mark.parametrize("limits", [(1, 1), (2, 1)])
def test_hardtanh_wants_its_limits_in_order(limits):
    with pytest.raises(ArgumentError, match="max_val must be above min_val"):
        nn.Hardtanh(*limits)


def test_in_place_on_the_output_of_a_layer_keeps_its_gradient():
    mg.manual_seed(0)
    first = nn.Linear(5, 3)
    x = mg.ones(2, 5, requires_grad=True)
    gradients = []
    for activation in (nn.ReLU(inplace=True), nn.ReLU()):
        nn.Sequential(first, activation)(x).sum().backward()
        gradients.append((x.grad.tolist(), first.weight.grad.tolist()))
        x.grad = first.weight.grad = None
    assert gradients[0] == gradients[1]


@pytest.mark.parametrize("text", LAYERS)
def test_lists_are_refused_and_the_layer_named(text):
    with pytest.raises(DTypeError, match=r"got a list.*mg\.tensor.*\[in "):
        LAYERS[text][0]([1.0, 2.0])
