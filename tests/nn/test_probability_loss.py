"""Layers of probabilities and distributions are the functions with their options; weights are buffers."""

import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError, MinigradWarning

P, T = mg.tensor([[0.1, 0.2, 0.7], [0.3, 0.3, 0.4]]), mg.tensor([[0.0, 1.0, 1.0], [0.5, 0.0, 0.2]])
X = P.log()
W, V = mg.tensor([1.0, 2.0, 0.5]), mg.tensor([0.5, 1.0, 3.0])


@pytest.mark.filterwarnings("ignore:kl_div with")
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_layers_are_the_functions(reduction):
    answers = T.round() * 2 - 1
    pairs = [
        (nn.BCELoss(W, reduction), (P, T), F.binary_cross_entropy(P, T, W, reduction)),
        (nn.BCEWithLogitsLoss(W, reduction, V), (X, T), F.binary_cross_entropy_with_logits(X, T, W, reduction, V)),
        (nn.MultiLabelSoftMarginLoss(W, reduction), (X, T), F.multilabel_soft_margin_loss(X, T, W, reduction)),
        (nn.SoftMarginLoss(reduction), (X, answers), F.soft_margin_loss(X, answers, reduction)),
        (nn.KLDivLoss(reduction), (X, T), F.kl_div(X, T, reduction)),
        (nn.KLDivLoss(reduction, True), (X, X * 2), F.kl_div(X, X * 2, reduction, True)),
        (nn.PoissonNLLLoss(False, True, 0.1, reduction), (P, T), F.poisson_nll_loss(P, T, False, True, 0.1, reduction)),
        (nn.GaussianNLLLoss(full=True, eps=0.2, reduction=reduction), (X, T, P),
         F.gaussian_nll_loss(X, T, P, True, 0.2, reduction)),
    ]  # fmt: skip
    for layer, arguments, right in pairs:
        assert layer(*arguments).tolist() == right.tolist()
        assert (layer.reduction, repr(layer)) == (reduction, f"{type(layer).__name__}()")


def test_batchmean():
    layer = nn.KLDivLoss("batchmean")
    assert layer(X, T).item() == pytest.approx(F.kl_div(X, T, "sum").item() / 2)


def test_weights_are_buffers():
    layer = nn.BCEWithLogitsLoss(W, pos_weight=V)
    assert (list(layer.parameters()), list(layer.state_dict())) == ([], ["weight", "pos_weight"])
    assert layer.double().pos_weight.dtype == mg.float64
    for kind in (nn.BCELoss, nn.BCEWithLogitsLoss, nn.MultiLabelSoftMarginLoss):
        assert list(kind(W).state_dict()) == ["weight"]
        assert (list(kind().state_dict()), kind().weight) == ([], None)


def test_defaults_are_pytorchs():
    poisson, gauss = nn.PoissonNLLLoss(), nn.GaussianNLLLoss()
    assert (poisson.log_input, poisson.full, poisson.eps) == (True, False, 1e-8)
    assert (gauss.full, gauss.eps, nn.KLDivLoss().log_target) == (False, 1e-6, False)


def test_refusals_and_warnings():
    with pytest.raises(ArgumentError, match=r"Did you forget the sigmoid.*\[in BCELoss\(\)\]"):
        nn.BCELoss()(X, T)
    layer = nn.KLDivLoss()
    with pytest.warns(MinigradWarning, match="batchmean"):
        layer(X, T)
