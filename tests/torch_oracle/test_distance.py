"""Cosines, distances of pairs and of all pairs, vectors of length one: every order, broadcast, at zero."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal
from tests.torch_oracle.modules import compare_layer

ORDERS = st.sampled_from([0, 0.5, 1, 1.5, 2, 2.5, 3, -1, math.inf, -math.inf])
LEADS = st.sampled_from([((), ()), ((2,), (2,)), ((2,), ()), ((3, 1), (1, 2)), ((0,), (0,)), ((2, 3), (3,))])


@drawn(100)
@given(LEADS, st.integers(1, 4), st.data())
def test_cosine_similarity(leads, size, data):
    a, b = ((*lead, size) for lead in leads)
    rank = max(len(a), len(b))
    dim = data.draw(st.integers(-rank, rank - 1))
    options = {"dim": dim, "eps": data.draw(st.sampled_from([1e-8, 1e-3, 2.0]))}
    compare(*functional("cosine_similarity", **options), normal(*a), normal(*b, seed=1))
    compare_layer("CosineSimilarity", (), options, normal(*a), normal(*b, seed=1))


@drawn(100)
@given(LEADS, st.integers(1, 4), ORDERS, st.booleans())
def test_pairwise_distance(leads, size, p, keepdim):
    a, b = ((*lead, size) for lead in leads)
    compare(*functional("pairwise_distance", p=p, keepdim=keepdim), normal(*a), normal(*b, seed=1), rtol=1e-8)
    compare_layer("PairwiseDistance", (p, 1e-3, keepdim), None, normal(*a), normal(*b, seed=1), rtol=1e-8)


@drawn(100)
@given(st.sampled_from([(2, 3), (3,), (2, 3, 4), (0, 3), (1, 1)]), ORDERS, st.data())
def test_normalize(shape, p, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    if shape[dim] == 0 and (math.isinf(p) or p < 0):
        return
    eps = data.draw(st.sampled_from([1e-12, 1e-3, 2.0]))
    compare(*functional("normalize", p=p, dim=dim, eps=eps), normal(*shape), rtol=1e-8)


def test_normalize_over_several_axes():
    compare(*functional("normalize", dim=(0, 2)), normal(2, 3, 4))
    compare(*functional("normalize", dim=None), normal(2, 3))


@drawn(80)
@given(st.integers(0, 5), st.integers(0, 3), st.sampled_from([0, 0.5, 1, 1.5, 2, 2.5, 3, math.inf]))
def test_pdist(rows, size, p):
    """PyTorch has no second derivative, and breaks down in the first where there is nothing to differentiate."""
    compare(*functional("pdist", p=p), normal(rows, size), order=int(rows > 1 and size > 0), rtol=1e-8)


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 2.5, 3, math.inf])
def test_vectors_without_length(p):
    zero = np.zeros((2, 3))
    compare(*functional("normalize", p=p), zero, order=1)
    compare(*functional("pairwise_distance", p=p, eps=0.0), zero, normal(2, 3) * [[0], [1]], order=1)
    compare(*functional("pdist", p=p), np.array([[1.0, 2], [1, 2], [3, 5]]), order=1, rtol=1e-8)


def test_cosines_without_length():
    zero = np.zeros((2, 3))
    compare(*functional("cosine_similarity"), zero, normal(2, 3), order=1)
    compare(*functional("cosine_similarity"), zero, zero, order=1)
    compare(
        *functional("cosine_similarity"), normal(2, 3) * 1e-10, normal(2, 3, seed=1), order=1, single=False, rtol=1e-7
    )


def test_ties():
    compare(*functional("pairwise_distance", p=math.inf, eps=0.0), np.array([[1.0, -1, 0]]), np.zeros((1, 3)), order=1)
    compare(*functional("normalize", p=math.inf), np.array([[1.0, -1, 0]]), order=1)


def test_mixed_dtypes():
    for name in ("cosine_similarity", "pairwise_distance"):
        compare(*functional(name), normal(2, 3).astype("float32"), normal(2, 3, seed=1), order=1, rtol=1e-5, atol=1e-6)
    compare(*functional("pairwise_distance"), np.arange(6).reshape(2, 3), np.ones((2, 3), int), rtol=1e-5, atol=1e-6)


REFUSED = [
    ("cosine_similarity", [(3,), (3,)], {}), ("cosine_similarity", [(2, 3), (4, 3)], {}),
    ("cosine_similarity", [(2, 3), (2, 3)], {"dim": 2}), ("pairwise_distance", [(2, 3), (4, 3)], {}),
    ("normalize", [(3,)], {}), ("normalize", [(2, 0)], {"p": math.inf}), ("pdist", [(4,)], {}),
    ("pdist", [(2, 3, 4)], {}), ("pdist", [(3, 2)], {"p": -1}),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_both_refuse(number):
    name, shapes, options = REFUSED[number]
    ours, theirs = functional(name, **options)
    both_refuse(lambda: ours(*map(mg.ones, shapes)), lambda: theirs(*map(torch.ones, shapes)))


@pytest.mark.parametrize("name", ["cosine_similarity", "normalize", "pdist"])
def test_integers_are_refused(name):
    count = 2 if name == "cosine_similarity" else 1
    ours, theirs = functional(name)
    both_refuse(
        lambda: ours(*[mg.ones(2, 3, dtype=mg.int64)] * count),
        lambda: theirs(*[torch.ones(2, 3, dtype=torch.int64)] * count),
        TypeError,
    )
