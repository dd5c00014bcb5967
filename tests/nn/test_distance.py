"""The layers that compare vectors are the functions with their arguments."""

import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ShapeError


def test_layers_are_the_functions():
    a, b = mg.randn(4, 3), mg.randn(4, 3)
    assert mg.equal(nn.CosineSimilarity(0, 0.5)(a, b), F.cosine_similarity(a, b, 0, 0.5))
    assert mg.equal(nn.CosineSimilarity()(a, b), F.cosine_similarity(a, b))
    assert mg.equal(nn.PairwiseDistance(3, 0.1, True)(a, b), F.pairwise_distance(a, b, 3, 0.1, True))
    assert nn.PairwiseDistance()(a, b).shape == (4,)


def test_repr_and_attributes():
    assert (repr(nn.CosineSimilarity()), repr(nn.PairwiseDistance())) == ("CosineSimilarity()", "PairwiseDistance()")
    assert (nn.PairwiseDistance(3).norm, nn.CosineSimilarity(0).dim) == (3, 0)


def test_errors_name_the_layer():
    with pytest.raises(ShapeError, match=r"\[in CosineSimilarity\(\)\]"):
        nn.CosineSimilarity()(mg.ones(2, 3), mg.ones(4, 3))
