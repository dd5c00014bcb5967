"""Loss layers of classification are the functions with their options; class weights are buffers."""

import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError, ShapeError

LOGITS, LABELS = mg.tensor([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0], [1.0, 1.0, 1.0]]), mg.tensor([0, 2, 1])
SEVERAL = mg.tensor([[0, 1, -1], [2, -1, 0], [-1, 0, 0]])
WEIGHT = mg.tensor([1.0, 2.0, 0.5])


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_layers_are_the_functions(reduction):
    pairs = [
        (nn.NLLLoss(WEIGHT, 2, reduction), F.nll_loss, LABELS, {"weight": WEIGHT, "ignore_index": 2}),
        (nn.NLLLoss(reduction=reduction), F.nll_loss, LABELS, {}),
        (nn.CrossEntropyLoss(WEIGHT, 1, reduction, 0.1), F.cross_entropy, LABELS,
         {"weight": WEIGHT, "ignore_index": 1, "label_smoothing": 0.1}),
        (nn.CrossEntropyLoss(reduction=reduction), F.cross_entropy, LABELS, {}),
        (nn.MultiMarginLoss(2, 0.5, WEIGHT, reduction), F.multi_margin_loss, LABELS,
         {"p": 2, "margin": 0.5, "weight": WEIGHT}),
        (nn.MultiMarginLoss(reduction=reduction), F.multi_margin_loss, LABELS, {}),
        (nn.MultiLabelMarginLoss(reduction), F.multilabel_margin_loss, SEVERAL, {}),
    ]  # fmt: skip
    for layer, function, target, options in pairs:
        assert layer(LOGITS, target).tolist() == function(LOGITS, target, reduction=reduction, **options).tolist()


@pytest.mark.parametrize("kind", [nn.CrossEntropyLoss, nn.NLLLoss, nn.MultiMarginLoss])
def test_class_weights_are_buffers(kind):
    layer = kind(weight=WEIGHT)
    assert (list(layer.parameters()), layer.weight.tolist()) == ([], WEIGHT.tolist())
    assert list(layer.state_dict()) == ["weight"]
    assert layer.double().weight.dtype == mg.float64
    assert list(kind().state_dict()) == []
    assert kind().weight is None


def test_defaults_are_pytorchs():
    layer, margins = nn.CrossEntropyLoss(), nn.MultiMarginLoss()
    assert (layer.ignore_index, layer.reduction, layer.label_smoothing) == (-100, "mean", 0.0)
    assert (margins.p, margins.margin, margins.reduction) == (1, 1.0, "mean")


def test_maps_of_classes():
    maps = mg.full((2, 3, 2, 2), -0.5)
    assert nn.NLLLoss2d(reduction="none")(maps, mg.ones(2, 2, 2).long()).tolist() == [[[0.5] * 2] * 2] * 2
    assert isinstance(nn.NLLLoss2d(), nn.NLLLoss)


def test_refusals_name_the_layer():
    with pytest.raises(ArgumentError, match=r"'none', 'mean' or 'sum'.*\[in NLLLoss\(\)\]"):
        nn.NLLLoss(reduction="average")(LOGITS, LABELS)


def test_what_is_refused_when_the_layer_is_made():
    with pytest.raises(ArgumentError, match="MultiMarginLoss got p=3"):
        nn.MultiMarginLoss(p=3)
    with pytest.raises(ShapeError, match=r"MultiMarginLoss got a weight of shape \(2, 2\)"):
        nn.MultiMarginLoss(weight=mg.ones(2, 2))


def test_repr():
    layers = nn.NLLLoss(), nn.NLLLoss2d(), nn.CrossEntropyLoss(WEIGHT), nn.MultiMarginLoss(), nn.MultiLabelMarginLoss()
    assert [repr(layer) for layer in layers] == [f"{type(layer).__name__}()" for layer in layers]
