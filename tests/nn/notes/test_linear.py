"""Dense layers as the notes write them."""

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from nn.notes import FullyConnectedMaps, Linear
from nn.notes.functional import fully_connected_maps, linear
from tests.samples import normal


def test_a_subtracted_bias():
    layer, other = Linear(3, 2, bias_sign=-1), nn.Linear(3, 2)
    other.load_state_dict({"weight": layer.weight.detach(), "bias": -layer.bias.detach()})
    x = mg.randn(4, 3)
    np.testing.assert_allclose(layer(x).detach().numpy(), other(x).detach().numpy(), rtol=1e-5)
    for one in (layer, other):
        one(x).sum().backward()
    assert layer.bias.grad.tolist() == (-other.bias.grad).tolist() == [-4, -4]
    assert repr(layer) == "Linear(3, 2, bias=True, bias_sign=-1)"


def test_without_a_bias():
    assert Linear(3, 2, bias=False).bias is None
    assert Linear(3, 2, False, -1)(mg.zeros(3)).tolist() == [0, 0]


def test_maps_to_neurons():
    layer = FullyConnectedMaps(3, (2, 4), 5)
    assert (layer.weight.shape, layer.bias.shape) == ((5, 3, 2, 4), (5,))
    assert repr(layer) == "FullyConnectedMaps(3, (2, 4), 5, bias=True)"
    x = mg.randn(2, 3, 2, 4)
    np.testing.assert_allclose(layer(x)[1].detach().numpy(), layer(x[1]).detach().numpy(), rtol=1e-5, atol=1e-6)


def test_derivatives_to_the_second_order():
    x, w, b = (mg.tensor(normal(*shape), requires_grad=True) for shape in ((2, 3, 2, 2), (4, 3, 2, 2), (4,)))
    assert gradcheck(fully_connected_maps, (x, w, b), order=2)
    assert gradcheck(lambda x, w, b: linear(x.flatten(1), w.flatten(1), b, -1), (x, w, b), order=2)


def test_refusals():
    with pytest.raises(ShapeError, match=r"shape \(3, 2, 3\) and a weight of shape \(1, 3, 2, 2\).*for each unit"):
        FullyConnectedMaps(3, 2, 1)(mg.ones(1, 3, 2, 3))
    with pytest.raises(DTypeError, match="an input of float64 and a weight of float32"):
        FullyConnectedMaps(3, 2, 1)(mg.ones(1, 3, 2, 2, dtype=mg.float64))
    with pytest.raises(ArgumentError, match="bias_sign=0"):
        Linear(3, 2, bias_sign=0)
    with pytest.raises(ArgumentError, match="n_in=-1"):
        Linear(-1, 2)
    with pytest.raises(ArgumentError, match="n_out=0"):
        FullyConnectedMaps(1, 2, 0)
