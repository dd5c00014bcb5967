"""Loss layers are the functions with their options; class weights are buffers."""

import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError, ShapeError

LOGITS, LABELS = mg.tensor([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0], [1.0, 1.0, 1.0]]), mg.tensor([0, 2, 1])
WEIGHT = mg.tensor([1.0, 2.0, 0.5])


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_layers_are_the_functions(reduction):
    pairs = [
        (nn.MSELoss(reduction), F.mse_loss, (LOGITS, LOGITS * 2), {}),
        (nn.NLLLoss(WEIGHT, 2, reduction), F.nll_loss, (LOGITS, LABELS), {"weight": WEIGHT, "ignore_index": 2}),
        (nn.NLLLoss(reduction=reduction), F.nll_loss, (LOGITS, LABELS), {}),
        (nn.CrossEntropyLoss(WEIGHT, 1, reduction, 0.1), F.cross_entropy, (LOGITS, LABELS),
         {"weight": WEIGHT, "ignore_index": 1, "label_smoothing": 0.1}),
        (nn.CrossEntropyLoss(reduction=reduction), F.cross_entropy, (LOGITS, LABELS), {}),
    ]  # fmt: skip
    for layer, function, arguments, options in pairs:
        assert layer(*arguments).tolist() == function(*arguments, reduction=reduction, **options).tolist()


def test_class_weights_are_buffers():
    layer = nn.CrossEntropyLoss(WEIGHT)
    assert (list(layer.parameters()), layer.weight.tolist()) == ([], WEIGHT.tolist())
    assert layer.double().weight.dtype == mg.float64
    assert list(nn.CrossEntropyLoss().parameters()) == []
    assert nn.CrossEntropyLoss().weight is None


def test_defaults_are_pytorchs():
    layer = nn.CrossEntropyLoss()
    assert (layer.ignore_index, layer.reduction, layer.label_smoothing, nn.MSELoss().reduction) == (
        -100,
        "mean",
        0.0,
        "mean",
    )


def test_refusals_name_the_layer():
    with pytest.raises(ShapeError, match=r"mse_loss of .*\[in MSELoss\(\)\]"):
        nn.MSELoss()(mg.ones(3, 1), mg.ones(3))
    with pytest.raises(ArgumentError, match=r"'none', 'mean' or 'sum'.*\[in NLLLoss\(\)\]"):
        nn.NLLLoss(reduction="average")(LOGITS, LABELS)


def test_repr():
    assert [repr(layer) for layer in (nn.MSELoss(), nn.NLLLoss(), nn.CrossEntropyLoss(WEIGHT))] == [
        "MSELoss()", "NLLLoss()", "CrossEntropyLoss()"]  # fmt: skip
