"""Layers of absolute, squared, smooth and Huber losses are the functions with their options."""

import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError, ShapeError

Y, T = mg.tensor([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]]), mg.tensor([[1.5, 0.0, 0.5], [0.2, 1.0, 2.0]])


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_layers_are_the_functions(reduction):
    pairs = [
        (nn.L1Loss(reduction), F.l1_loss(Y, T, reduction)),
        (nn.MSELoss(reduction), F.mse_loss(Y, T, reduction)),
        (nn.SmoothL1Loss(reduction, 0.3), F.smooth_l1_loss(Y, T, reduction, 0.3)),
        (nn.HuberLoss(reduction, 0.3), F.huber_loss(Y, T, reduction, 0.3)),
    ]
    for layer, right in pairs:
        assert layer(Y, T).tolist() == right.tolist()
        assert (layer.reduction, repr(layer)) == (reduction, f"{type(layer).__name__}()")


def test_defaults_are_pytorchs():
    assert (nn.SmoothL1Loss().beta, nn.HuberLoss().delta) == (1.0, 1.0)
    assert {layer().reduction for layer in (nn.L1Loss, nn.MSELoss, nn.SmoothL1Loss, nn.HuberLoss)} == {"mean"}


def test_refusals_name_the_layer():
    with pytest.raises(ShapeError, match=r"mse_loss of .*\[in MSELoss\(\)\]"):
        nn.MSELoss()(mg.ones(3, 1), mg.ones(3))
    with pytest.raises(ArgumentError, match=r"delta=-1.*\[in HuberLoss\(\)\]"):
        nn.HuberLoss(delta=-1)(Y, T)
