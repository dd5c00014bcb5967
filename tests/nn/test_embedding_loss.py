"""Layers of pairs and triplets are the functions with their options."""

import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError

A, P, N = mg.randn(3, 5, 4, generator=mg.Generator().manual_seed(1))
S, Y = A[:, 0], mg.tensor([1, -1, 1, 1, -1])


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_layers_are_the_functions(reduction):
    pairs = [
        (nn.HingeEmbeddingLoss(0.5, reduction), (S, Y), F.hinge_embedding_loss(S, Y, 0.5, reduction)),
        (nn.MarginRankingLoss(0.5, reduction), (S, -S, Y), F.margin_ranking_loss(S, -S, Y, 0.5, reduction)),
        (nn.CosineEmbeddingLoss(0.1, reduction), (A, P, Y), F.cosine_embedding_loss(A, P, Y, 0.1, reduction)),
        (nn.TripletMarginLoss(2.0, 1, 0.1, True, reduction), (A, P, N),
         F.triplet_margin_loss(A, P, N, 2.0, 1, 0.1, True, reduction)),
        (nn.TripletMarginWithDistanceLoss(margin=2.0, swap=True, reduction=reduction), (A, P, N),
         F.triplet_margin_with_distance_loss(A, P, N, margin=2.0, swap=True, reduction=reduction)),
    ]  # fmt: skip
    for layer, arguments, right in pairs:
        assert layer(*arguments).tolist() == right.tolist()
        assert layer.reduction == reduction


def test_defaults_are_pytorchs():
    triplet = nn.TripletMarginLoss()
    assert (triplet.margin, triplet.p, triplet.eps, triplet.swap) == (1.0, 2.0, 1e-6, False)
    margins = nn.HingeEmbeddingLoss().margin, nn.MarginRankingLoss().margin, nn.CosineEmbeddingLoss().margin
    assert margins == (1.0, 0.0, 0.0)


def test_a_distance_that_is_a_layer_is_registered():
    layer = nn.TripletMarginWithDistanceLoss(distance_function=nn.PairwiseDistance(1.0))
    assert [name for name, _ in layer.named_modules()] == ["", "distance_function"]
    assert layer(A, P, N).item() == nn.TripletMarginLoss(p=1.0)(A, P, N).item()
    assert isinstance(nn.TripletMarginWithDistanceLoss().distance_function, nn.PairwiseDistance)


def test_repr():
    for layer in (nn.HingeEmbeddingLoss(), nn.MarginRankingLoss(), nn.CosineEmbeddingLoss(), nn.TripletMarginLoss()):
        assert repr(layer) == f"{type(layer).__name__}()"


@pytest.mark.parametrize("kind", [nn.TripletMarginLoss, nn.TripletMarginWithDistanceLoss])
def test_a_margin_that_is_none_is_refused_when_the_layer_is_made(kind):
    with pytest.raises(ArgumentError, match=rf"{kind.__name__} got margin=0"):
        kind(margin=0)
