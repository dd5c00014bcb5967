"""Norms, distances and cosines against NumPy, at zero, refusals."""

import itertools
import math

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError
from nn.functional.distance import vector_norm

ORDERS = [0, 0.5, 1, 2, 2.5, 3, -1, math.inf, -math.inf]


def normal(*shape, seed=0):
    return mg.from_numpy(np.random.default_rng(seed).standard_normal(shape))


@pytest.mark.parametrize("p", ORDERS)
def test_norms(p):
    x = normal(3, 4)
    for dim in (0, 1, -1):
        np.testing.assert_allclose(vector_norm(x, p, dim).numpy(), np.linalg.norm(x.numpy(), p, dim), rtol=1e-9)
        assert vector_norm(x, p, dim, True).shape == ((1, 4) if dim == 0 else (3, 1))
    if p != 0 and math.isfinite(p):
        assert gradcheck(lambda t: vector_norm(t, p, 1), normal(2, 3).requires_grad_(), order=2)


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, math.inf])
def test_no_vector_has_no_gradient(p):
    x = mg.zeros(2, 3, requires_grad=True)
    y = vector_norm(x, p, 1)
    (gradient,) = mg.autograd.grad(y.sum(), x, create_graph=True)
    assert y.tolist() == [0, 0]
    assert not gradient.any()
    assert vector_norm(mg.zeros(2, 3), -1, 1).tolist() == [0, 0]


@pytest.mark.parametrize("p", [1, 2, 3, math.inf])
def test_normalized_vectors_have_length_one(p):
    x = normal(4, 5).requires_grad_()
    y = F.normalize(x, p)
    np.testing.assert_allclose(vector_norm(y, p, 1).detach().numpy(), np.ones(4), rtol=1e-12)
    assert gradcheck(lambda t: F.normalize(t, 2), x, order=2)
    assert F.normalize(mg.zeros(1, 3)).tolist() == [[0, 0, 0]]


def test_cosines():
    a, b = normal(3, 4), normal(3, 4, seed=1)
    lengths = np.linalg.norm(a.numpy(), axis=1) * np.linalg.norm(b.numpy(), axis=1)
    wanted = (a.numpy() * b.numpy()).sum(1) / lengths
    np.testing.assert_allclose(F.cosine_similarity(a, b).numpy(), wanted, rtol=1e-12)
    assert F.cosine_similarity(a, a * -2).tolist() == pytest.approx([-1] * 3)
    assert F.cosine_similarity(a, b[0]).shape == (3,)
    assert F.cosine_similarity(mg.zeros(1, 3), mg.ones(1, 3)).tolist() == [0]
    assert gradcheck(F.cosine_similarity, (a.requires_grad_(), b.requires_grad_()), order=2)


def test_distances_of_pairs():
    a, b = normal(3, 4), normal(3, 4, seed=1)
    for p in (1, 2, 3):
        wanted = np.linalg.norm(a.numpy() - b.numpy() + 1e-6, p, 1)
        np.testing.assert_allclose(F.pairwise_distance(a, b, p).numpy(), wanted, rtol=1e-9)
    assert F.pairwise_distance(a, b, keepdim=True).shape == (3, 1)
    assert F.pairwise_distance(a, a, eps=0.0).tolist() == [0] * 3
    assert gradcheck(F.pairwise_distance, (a.requires_grad_(), b.requires_grad_()), order=2)


@pytest.mark.parametrize("p", [1, 2, 2.5, math.inf])
def test_distances_of_all_pairs(p):
    x = normal(5, 3)
    rows = x.numpy()
    wanted = [np.linalg.norm(a - b, p) for a, b in itertools.combinations(rows, 2)]
    np.testing.assert_allclose(F.pdist(x, p).numpy(), wanted, rtol=1e-9)


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (4, 0)])
def test_no_pairs_and_no_elements(shape):
    x = mg.zeros(shape, requires_grad=True)
    y = F.pdist(x)
    assert y.tolist() == [0] * (6 if shape[0] == 4 else 0)
    y.sum().backward()
    assert x.grad.shape == shape


def test_refusals():
    x = mg.ones(2, 3)
    for function in (F.normalize, F.pdist, lambda t: F.cosine_similarity(t, t)):
        with pytest.raises(DTypeError, match=r"of a tensor of int64; it takes floats"):
            function(x.to(mg.int64))
    with pytest.raises(ShapeError, match=r"cosine_similarity of shapes \(2, 3\) and \(4, 3\)"):
        F.cosine_similarity(x, mg.ones(4, 3))
    with pytest.raises(IndexOutOfRangeError):
        F.cosine_similarity(x, x, 2)
    with pytest.raises(ShapeError, match=r"\(2, 3\) and \(4, 3\)"):
        F.pairwise_distance(x, mg.ones(4, 3))
    with pytest.raises(ShapeError, match=r"pdist got an input of shape \(3,\); it needs \(N, D\)"):
        F.pdist(x[0])
    with pytest.raises(ArgumentError, match="the order of the norm is not negative"):
        F.pdist(x, -1)
    with pytest.raises(ShapeError, match="a maximum over no elements"):
        F.normalize(mg.ones(2, 0), math.inf)
