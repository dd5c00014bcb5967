"""Linear, Flatten, Unflatten, Identity."""

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.autograd import gradcheck
from minigrad.errors import DTypeError, GradError, MinigradError, ShapeError


def test_N94_is_the_affine_map():
    layer = nn.Linear(3, 2).double()
    x = mg.randn(4, 3, dtype=mg.float64, requires_grad=True)
    w, b = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(x).detach().numpy(), x.detach().numpy() @ w.T + b, rtol=1e-12)
    assert (layer.weight.shape, layer.bias.shape) == ((2, 3), (2,))
    assert gradcheck(lambda x, w, b: nn.functional.linear(x, w, b), (x, layer.weight, layer.bias), order=2)


@pytest.mark.parametrize("lead", [(), (4,), (2, 4), (0,), (2, 3, 4)])
def test_any_number_of_leading_axes(lead):
    layer = nn.Linear(3, 2)
    y = layer(mg.ones(*lead, 3))
    assert y.shape == (*lead, 2)
    np.testing.assert_allclose(
        y.detach().numpy(), np.broadcast_to((layer.weight.sum(1) + layer.bias).detach().numpy(), (*lead, 2)), rtol=1e-5
    )


def test_without_bias_and_of_no_features():
    layer = nn.Linear(3, 2, bias=False)
    assert layer.bias is None
    assert layer(mg.zeros(1, 3)).tolist() == [[0.0, 0.0]]
    assert nn.Linear(0, 2)(mg.zeros(5, 0)).shape == (5, 2)


def test_parameters_begin_in_the_interval_of_pytorchs_default():
    layer = nn.Linear(100, 50)
    for parameter in (layer.weight, layer.bias):
        assert 0.08 < parameter.abs().max().item() <= 0.1


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 16, 5, 5), r"put nn\.Flatten\(1\) before the layer"),
        ((16, 5, 5), r"is the batch axis missing"),
        ((2, 399), r"Make the layer Linear\(399, …\)"),
        ((), "last axis must have 400 features"),
        ((400, 2), r"Make the layer Linear\(2, …\)"),
    ],
)
def test_inputs_that_do_not_fit(shape, message):
    with pytest.raises(ShapeError, match=message + r".*\[in Linear\(in_features=400, out_features=120, bias=True\)\]"):
        nn.Linear(400, 120)(mg.zeros(*shape))


@pytest.mark.parametrize("dtype", [mg.int64, mg.uint8, mg.float64, mg.float16])
def test_mixed_dtypes_are_refused(dtype):
    with pytest.raises(DTypeError, match=rf"{dtype}.*t\.to\("):
        nn.Linear(3, 2)(mg.ones(1, 3, dtype=dtype))


@pytest.mark.parametrize("arguments", [(-1, 2), (2, -1), (2.5, 2), ("2", 2), (None, 2)])
def test_sizes_that_cannot_be(arguments):
    with pytest.raises(MinigradError):
        nn.Linear(*arguments)
    with pytest.raises(GradError, match="int64"):
        nn.Linear(2, 2, dtype=mg.int64)


def test_flatten_and_unflatten():
    x = mg.arange(24.0).reshape(2, 3, 4)
    assert nn.Flatten()(x).shape == (2, 12)
    assert nn.Flatten(0)(x).shape == (24,)
    assert nn.Flatten(0, 1)(x).shape == (6, 4)
    assert nn.Unflatten(1, (3, 4))(nn.Flatten()(x)).tolist() == x.tolist()
    assert nn.Unflatten(1, (3, -1))(mg.zeros(2, 12)).shape == (2, 3, 4)
    with pytest.raises(ShapeError, match=r"\[in Unflatten"):
        nn.Unflatten(1, (5, 5))(mg.zeros(2, 24))
    with pytest.raises(MinigradError, match=r"\[in Flatten"):
        nn.Flatten(2, 1)(x)


def test_identity_takes_anything():
    x = mg.ones(1)
    assert nn.Identity(54, unused=True)(x) is x
    assert nn.Identity()(None) is None


def test_repr():
    assert repr(nn.Linear(2, 3, bias=False)) == "Linear(in_features=2, out_features=3, bias=False)"
    assert repr(nn.Flatten()) == "Flatten(start_dim=1, end_dim=-1)"
    assert repr(nn.Unflatten(1, (2, 3))) == "Unflatten(dim=1, unflattened_size=(2, 3))"
    assert repr(nn.Identity(3)) == "Identity()"


def test_bilinear():
    layer = nn.Bilinear(9, 4, 30)
    x, y = mg.randn(5, 9), mg.randn(5, 4)
    assert mg.equal(layer(x, y), nn.functional.bilinear(x, y, layer.weight, layer.bias))
    for parameter in (layer.weight, layer.bias):
        assert 0.25 < parameter.abs().max().item() <= 1 / 3
    bare = nn.Bilinear(9, 4, 30, bias=False, dtype=mg.float64)
    assert (bare.bias, bare.weight.dtype, bare.weight.shape) == (None, mg.float64, (30, 9, 4))
    assert repr(bare) == "Bilinear(in1_features=9, in2_features=4, out_features=30, bias=False)"
    with pytest.raises(MinigradError, match="in1_features=0; it is a positive integer"):
        nn.Bilinear(0, 2, 3)


def test_sizes_of_unflatten_stay_as_they_came():
    assert repr(nn.Unflatten(1, [2, 3])) == "Unflatten(dim=1, unflattened_size=[2, 3])"
    for wrong in (6, (2, 2.5), ("a", "b"), (("b", 2), ("c", 3))):
        with pytest.raises(DTypeError, match="it is a tuple or list of integers"):
            nn.Unflatten(1, wrong)
    with pytest.raises(ShapeError, match="give at least one size"):
        nn.Unflatten(1, ())(mg.zeros(2, 1))
    with pytest.raises(ShapeError, match="-1 beside 0 can be any size"):
        nn.Unflatten(0, (0, -1))(mg.zeros(0, 6))
