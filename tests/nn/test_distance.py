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


def test_float16_vectors_are_measured_in_float32():
    x = mg.tensor([[300.0, 400.0]], dtype=mg.float16)
    assert F.normalize(x).tolist() == [[pytest.approx(0.6, rel=1e-3), pytest.approx(0.8, rel=1e-3)]]
    assert F.cosine_similarity(x, x).item() == 1
    assert F.pairwise_distance(x, -x).item() == 1000
    assert F.normalize(x).dtype == F.cosine_similarity(x, x).dtype == F.pairwise_distance(x, x).dtype == mg.float16
    scores = mg.full((1, 3, 4), 200.0, dtype=mg.float16)
    mask = mg.zeros(3, 3, dtype=mg.float16)
    for options in ({}, {"attn_mask": mask}, {"is_causal": True}):
        y = F.scaled_dot_product_attention(scores, scores, scores, **options)
        assert (y.dtype, y.tolist()) == (mg.float16, scores.tolist())


def test_repr_and_attributes():
    assert (repr(nn.CosineSimilarity()), repr(nn.PairwiseDistance())) == ("CosineSimilarity()", "PairwiseDistance()")
    assert (nn.PairwiseDistance(3).norm, nn.CosineSimilarity(0).dim) == (3, 0)


def test_errors_name_the_layer():
    with pytest.raises(ShapeError, match=r"\[in CosineSimilarity\(\)\]"):
        nn.CosineSimilarity()(mg.ones(2, 3), mg.ones(4, 3))
