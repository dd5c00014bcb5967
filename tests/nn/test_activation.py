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
    "Softmax(dim=1)": (nn.Softmax(1), lambda x: F.softmax(x, 1)),
    "LogSoftmax(dim=0)": (nn.LogSoftmax(0), lambda x: F.log_softmax(x, 0)),
}


@pytest.mark.parametrize("text", LAYERS)
def test_layers_are_the_functions(text):
    layer, function = LAYERS[text]
    assert repr(layer) == text
    assert layer(X).tolist() == function(X).tolist()
    assert list(layer.state_dict()) == []


@pytest.mark.parametrize("kind", [nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.Hardtanh, nn.SiLU])
def test_in_place(kind):
    layer, x = kind(inplace=True), X.clone()
    assert repr(layer).endswith("inplace=True)")
    assert layer(x) is x
    assert x.tolist() == kind()(X).tolist()


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


def test_softmax_without_an_axis_says_so():
    for layer in (nn.Softmax(), nn.LogSoftmax()):
        with pytest.raises(ArgumentError, match=r"no dim.*\[in (Log)?Softmax\(dim=None\)\]"):
            layer(X)


@pytest.mark.parametrize("text", LAYERS)
def test_lists_are_refused_and_the_layer_named(text):
    with pytest.raises(DTypeError, match=r"got a list.*mg\.tensor.*\[in "):
        LAYERS[text][0]([1.0, 2.0])
