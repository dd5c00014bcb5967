"""Weight norm and spectral norm: what they compute, their gradients, copies and states."""

import copy

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, GradError, IndexOutOfRangeError


def test_length_and_direction_are_parameters():
    layer = nn.utils.weight_norm(nn.Linear(3, 2))
    before = layer.weight.detach().clone()
    assert list(layer.state_dict()) == ["bias", "weight_g", "weight_v"]
    np.testing.assert_allclose(layer.weight_g.detach().numpy()[:, 0], np.linalg.norm(before.numpy(), axis=1), rtol=1e-6)
    with mg.no_grad():
        layer.weight_v.mul_(7)
        layer.weight_g.mul_(2)
    layer(mg.ones(1, 3)).sum().backward()
    assert mg.allclose(layer.weight, before * 2)
    assert layer.weight_g.grad.shape == (2, 1)
    assert abs((layer.weight_v.grad * layer.weight_v).sum().item()) < 1e-5  # the length of v does not matter


@pytest.mark.parametrize(
    ("dim", "shape"), [(0, (3, 1, 1)), (1, (1, 2, 1)), (-2, (1, 2, 1)), (2, (1, 1, 4)), (None, ())]
)
def test_axes_of_the_norm(dim, shape):
    layer = nn.Conv1d(2, 3, 4)
    x = mg.randn(1, 2, 5)
    before = layer(x)
    assert nn.utils.weight_norm(layer, dim=dim).weight_g.shape == shape
    assert mg.allclose(layer(x), before, atol=1e-6)


@pytest.mark.parametrize("wrap", [nn.utils.weight_norm, nn.utils.spectral_norm])
def test_second_derivatives(wrap):
    layer = wrap(nn.Linear(3, 2)).double().eval()
    names = [name for name, _ in layer.named_parameters()]

    def run(x, *values):
        for name, value in zip(names, values, strict=True):
            layer._parameters[name] = value
        return layer(x)

    points = [one.detach().clone().requires_grad_() for one in layer.parameters()]
    assert gradcheck(run, [mg.randn(2, 3, dtype=mg.float64, requires_grad=True), *points], order=2)


@pytest.mark.parametrize("wrap", [nn.utils.weight_norm, nn.utils.spectral_norm])
def test_copies_and_states(wrap):
    layer, x = wrap(nn.Linear(3, 2)), mg.randn(4, 3)
    layer(x).sum().backward()
    layer.eval()
    twin = copy.deepcopy(layer)
    assert mg.equal(twin(x), layer(x))
    with mg.no_grad():
        twin.bias.add_(1)
    assert not mg.equal(twin(x), layer(x))
    other = wrap(nn.Linear(3, 2)).eval()
    other.load_state_dict(layer.state_dict())
    assert mg.equal(other(x), layer(x))
    twin(x).sum().backward()
    assert all(one.grad is not None for one in twin.parameters())


def test_the_largest_singular_value_becomes_one():
    layer = nn.utils.spectral_norm(nn.Conv2d(2, 3, 2), n_power_iterations=30)
    layer(mg.zeros(1, 2, 4, 4))
    matrix = layer.weight.detach().numpy().reshape(3, -1)
    assert np.linalg.svd(matrix)[1][0] == pytest.approx(1, rel=1e-4)
    up = nn.utils.spectral_norm(nn.ConvTranspose1d(2, 3, 2), n_power_iterations=30)
    assert up.weight_u.shape == (3,)


def test_evaluation_leaves_the_vectors_alone():
    layer = nn.utils.spectral_norm(nn.Linear(4, 5))
    before = layer.weight_u.clone()
    layer.eval()(mg.ones(1, 4))
    assert mg.equal(layer.weight_u, before)
    layer.train()(mg.ones(1, 4))
    assert not mg.equal(layer.weight_u, before)


def test_removing_leaves_the_value():
    layer, x = nn.utils.weight_norm(nn.Linear(3, 2)), mg.randn(4, 3)
    with mg.no_grad():
        layer.weight_g.mul_(3)
    y = layer(x)
    assert isinstance(nn.utils.remove_weight_norm(layer).weight, nn.Parameter)
    assert mg.equal(layer(x), y)
    assert not layer._forward_pre_hooks
    layer = nn.utils.spectral_norm(nn.Linear(3, 2))
    y = layer(x)
    assert mg.allclose(nn.utils.remove_spectral_norm(layer)(x), y, 1e-6)
    assert list(layer.state_dict()) == ["bias", "weight"]


def test_refusals_change_nothing():
    layer = nn.Linear(2, 3)
    with pytest.raises(IndexOutOfRangeError, match="dim=5"):
        nn.utils.weight_norm(layer, dim=5)
    with pytest.raises(ArgumentError, match="no parameter 'nothing' of its own; it has weight, bias"):
        nn.utils.weight_norm(layer, "nothing")
    with pytest.raises(ArgumentError, match="n_power_iterations=0"):
        nn.utils.spectral_norm(layer, n_power_iterations=0)
    with pytest.raises(ArgumentError, match="nothing to remove"):
        nn.utils.remove_weight_norm(layer)
    assert list(layer.state_dict()) == ["weight", "bias"]
    nn.utils.weight_norm(layer)
    with pytest.raises(GradError, match="already"):
        nn.utils.weight_norm(layer)
