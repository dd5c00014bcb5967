"""Layers that know axes are the functions with their options, and print as PyTorch's do."""

import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, MinigradWarning, ShapeError

X = mg.tensor([[-7.5, -0.25, 0.0, 0.5], [1.0, 2.0, -3.0, 4.0]])

LAYERS = {
    "Softmax(dim=1)": (nn.Softmax(1), lambda x: F.softmax(x, 1)),
    "LogSoftmax(dim=0)": (nn.LogSoftmax(0), lambda x: F.log_softmax(x, 0)),
    "Softmin(dim=-1)": (nn.Softmin(-1), lambda x: F.softmin(x, -1)),
    "GLU(dim=-1)": (nn.GLU(), F.glu),
    "GLU(dim=0)": (nn.GLU(0), lambda x: F.glu(x, 0)),
}


@pytest.mark.parametrize("text", LAYERS)
def test_layers_are_the_functions(text):
    layer, function = LAYERS[text]
    assert repr(layer) == text
    assert layer(X).tolist() == function(X).tolist()
    assert list(layer.state_dict()) == []


@pytest.mark.parametrize("kind", [nn.Softmax, nn.LogSoftmax, nn.Softmin])
def test_without_an_axis_they_guess_and_warn(kind):
    layer = kind()
    assert repr(layer) == f"{kind.__name__}(dim=None)"
    with pytest.warns(MinigradWarning, match="no dim.*dim=1"):
        y = layer(X)
    assert y.tolist() == kind(1)(X).tolist()


def test_softmax2d():
    assert repr(nn.Softmax2d()) == "Softmax2d()"
    for shape in ((2, 3, 4, 5), (3, 4, 5)):
        x = mg.randn(shape)
        assert nn.Softmax2d()(x).tolist() == F.softmax(x, -3).tolist()
    with pytest.raises(ShapeError, match=r"got shape \(2, 3\).*\[in Softmax2d"):
        nn.Softmax2d()(mg.ones(2, 3))


def test_prelu():
    layer = nn.PReLU(3, 0.5)
    assert repr(layer) == "PReLU(num_parameters=3)"
    assert [(name, one.tolist()) for name, one in layer.named_parameters()] == [("weight", [0.5] * 3)]
    assert layer.init == 0.5
    x = mg.tensor([[-1.0, -2.0, 3.0]])
    assert layer(x).tolist() == [[-0.5, -1, 3]]
    layer(x).sum().backward()
    assert layer.weight.grad.tolist() == [-1, -2, 0]
    layer.load_state_dict({"weight": mg.tensor([1.0, 2.0, 3.0])})
    layer.reset_parameters()
    assert layer.weight.tolist() == [0.5] * 3
    assert nn.PReLU().weight.tolist() == [0.25]
    assert nn.PReLU(dtype=mg.float64).weight.dtype == mg.float64


def test_refusals():
    with pytest.raises(ShapeError, match=r"3 weights.*\(2, 4\).*\[in PReLU"):
        nn.PReLU(3)(X)
    with pytest.raises(ShapeError, match=r"must be even.*\[in GLU"):
        nn.GLU()(mg.ones(3))
    with pytest.raises(IndexOutOfRangeError, match=r"dim=2.*\[in Softmin"):
        nn.Softmin(2)(X)
    with pytest.raises(ArgumentError, match="-1"):
        nn.PReLU(-1)


@pytest.mark.parametrize("layer", [*(layer for layer, _ in LAYERS.values()), nn.PReLU(), nn.Softmax2d()])
def test_lists_are_refused_and_the_layer_named(layer):
    with pytest.raises(DTypeError, match=r"got a list.*mg\.tensor.*\[in "):
        layer([1.0, 2.0])
