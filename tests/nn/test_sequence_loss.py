"""The layer of connectionist temporal classification is the function with its options."""

import pytest

import minigrad as mg
import nn
import nn.functional as F

X = F.log_softmax(mg.arange(24.0).reshape(4, 2, 3).sin(), 2)
LABELS, INPUTS, LENGTHS = mg.tensor([[0, 2], [2, 0]]), (4, 1), (2, 2)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_the_layer_is_the_function(reduction):
    layer = nn.CTCLoss(1, reduction, True)
    right = F.ctc_loss(X, LABELS, INPUTS, LENGTHS, 1, reduction, True)
    assert layer(X, LABELS, INPUTS, LENGTHS).tolist() == right.tolist()
    assert (repr(layer), layer.blank, layer.zero_infinity) == ("CTCLoss()", 1, True)


def test_defaults_are_pytorchs():
    layer = nn.CTCLoss()
    assert (layer.blank, layer.reduction, layer.zero_infinity) == (0, "mean", False)
