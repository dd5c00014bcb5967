"""Losses of pairs and triplets: every option, what broadcasts, kinks, refusals."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as G
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal, whole
from tests.torch_oracle.modules import compare_layer

REDUCTIONS = ["mean", "sum", "none"]
reductions = st.sampled_from(REDUCTIONS)
seeds = st.integers(0, 30)


def answers(*shape, seed=0):
    """1 and −1."""
    return whole(0, 2, *shape, seed=seed) * 2 - 1


def refuse(name, *shapes, ints=(), **options):
    """Both refuse operands of ones in these shapes; those at the positions `ints` are integers."""
    calls = []
    for side, library in ((F, mg), (G, torch)):
        operands = [
            library.ones(shape, dtype=library.int64 if place in ints else library.float32)
            for place, shape in enumerate(shapes)
        ]
        calls.append(lambda side=side, operands=operands: getattr(side, name)(*operands, **options))
    both_refuse(*calls)


# -------------------------------------------------------------------------------- pairs


@drawn(80)
@given(st.sampled_from([(3, 4), (5,), (), (0, 2), (2, 3, 2)]), reductions, st.sampled_from([1.0, 0.3, -0.5, 2]), seeds)
def test_hinge_embedding_loss(shape, reduction, margin, seed):
    x, t = normal(*shape, seed=seed), answers(*shape, seed=seed)
    order = 1 if 0 in shape else 2
    compare(*functional("hinge_embedding_loss", margin=margin, reduction=reduction), x, t, order=order)
    compare(*functional("hinge_embedding_loss", margin, reduction=reduction), x, t.astype(float), order=order)


def test_hinge_embedding_loss_of_other_answers_and_kinks():
    function = functional("hinge_embedding_loss", reduction="none")
    compare(*function, np.array([1.0, 2.0, 0.5, -1.0]), np.array([0.0, 2.0, -2.0, 0.5]))
    compare(*function, np.array([1.0, 0.0, 1.0, 0.0]), np.array([-1, 1, 1, -1]))
    compare(*function, np.array([math.inf, -math.inf, math.nan] * 2), np.array([1, 1, 1, -1, -1, -1]), single=False,
            order=1)  # fmt: skip
    compare(*function, normal(3, 1), answers(4))
    refuse("hinge_embedding_loss", (4,), (3,))
    refuse("hinge_embedding_loss", (3,), (3,), reduction="average")
    refuse("hinge_embedding_loss", (3,), (3,), ints=(0,))


@drawn(80)
@given(st.sampled_from([(3, 4), (5,), (), (0, 2)]), reductions, st.sampled_from([0, 0.5, -0.5, 2.0]), seeds)
def test_margin_ranking_loss(shape, reduction, margin, seed):
    x1, x2, t = normal(*shape, seed=seed), normal(*shape, seed=seed + 50), answers(*shape, seed=seed)
    order = 1 if 0 in shape else 2
    function = functional("margin_ranking_loss", margin=margin, reduction=reduction)
    compare(*function, x1, x2, t, order=order)
    compare(*function, x1, x2, t.astype(float), order=order)


def test_margin_ranking_loss_at_its_ends():
    compare(*functional("margin_ranking_loss", 1.0), np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([1, -1]))
    compare(*functional("margin_ranking_loss", reduction="none"), normal(3, 2), normal(1, 2, seed=1), answers(3, 1))
    compare(*functional("margin_ranking_loss"), np.array([1, 2]), np.array([2, 2]), np.array([1, -1]))
    refuse("margin_ranking_loss", (3, 1), (3, 1), (3,))
    refuse("margin_ranking_loss", (4,), (3,), (3,))
    refuse("margin_ranking_loss", (3,), (3,), (3,), reduction="average")


@drawn(80)
@given(st.sampled_from([(3, 4), (5,), (0, 2), (1, 1), (2, 0)]), reductions, st.sampled_from([0, 0.3, -0.5]), seeds)
def test_cosine_embedding_loss(shape, reduction, margin, seed):
    x1, x2, t = normal(*shape, seed=seed), normal(*shape, seed=seed + 50), answers(*shape[:-1], seed=seed)
    function = functional("cosine_embedding_loss", margin=margin, reduction=reduction)
    compare(*function, x1, x2, t, order=1 if 0 in shape else 2)
    compare(*functional("cosine_embedding_loss", margin, reduction=reduction), x1, x2, t.astype(float), order=1)


def test_cosine_embedding_loss_at_its_ends():
    function = functional("cosine_embedding_loss", reduction="none")
    compare(*function, np.zeros((2, 3)), np.ones((2, 3)), np.array([1, -1]), order=1)
    compare(*function, np.zeros((2, 3)), np.zeros((2, 3)), np.array([1, -1]), order=1)
    compare(*function, normal(3, 4), normal(3, 4, seed=1), np.array([0, 2, -2]), order=0)
    compare(*function, normal(3, 4), normal(1, 4, seed=1), answers(3))
    compare(*function, normal(3, 4), normal(3, 4, seed=1), np.array([1]))
    compare(*function, np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), np.array([-1]))  # the kink
    compare(*function, normal(3, 4) * 1e-9, normal(3, 4, seed=1), answers(3))
    compare(*function, whole(-3, 4, 3, 4), normal(3, 4, seed=1), answers(3))
    for shapes in (
        ((4,), (4,), (1,)), ((3, 4), (3, 4), ()), ((3, 4), (3, 4), (3, 1)), ((3, 4), (4,), (3,)), ((), (), ()),
        ((3, 4), (3, 3), (3,)), ((3, 4), (3, 4), (2,)), ((1, 3, 4), (1, 3, 4), (1, 3)),
    ):  # fmt: skip
        refuse("cosine_embedding_loss", *shapes)
    refuse("cosine_embedding_loss", (3, 4), (3, 4), (3,), reduction="average")


# ------------------------------------------------------------------------------ triplets


@drawn(120)
@given(
    st.sampled_from([(3, 4), (5,), (2, 3, 2), (0, 2), (1, 1)]), reductions, st.sampled_from([1.0, 0.2, 5]),
    st.sampled_from([2, 2.0, 1.0, 3.0, 1.5, math.inf, 0.0, 0.5]), st.sampled_from([1e-6, 0.1]), st.booleans(), seeds,
)  # fmt: skip
def test_triplet_margin_loss(shape, reduction, margin, p, eps, swap, seed):
    triplet = [normal(*shape, seed=3 * seed + number) for number in range(3)]
    function = functional("triplet_margin_loss", margin=margin, p=p, eps=eps, swap=swap, reduction=reduction)
    compare(*function, *triplet, order=1 if 0 in shape else 2)


@drawn(60)
@given(
    st.sampled_from([(3, 4), (5,), (2, 3, 2), (0, 2), (1, 1)]), reductions, st.sampled_from([1.0, 0.2]), st.booleans(),
    st.sampled_from([None, lambda x, y: (x - y).abs().sum(-1), lambda x, y: (x - y) ** 2]), seeds,
)  # fmt: skip
def test_triplet_margin_with_distance_loss(shape, reduction, margin, swap, distance, seed):
    triplet = [normal(*shape, seed=3 * seed + number) for number in range(3)]
    options = {"distance_function": distance, "margin": margin, "swap": swap, "reduction": reduction}
    compare(*functional("triplet_margin_with_distance_loss", **options), *triplet, order=1 if 0 in shape else 2)


def test_triplets_at_their_ends():
    for name in ("triplet_margin_loss", "triplet_margin_with_distance_loss"):
        compare(*functional(name), np.array(1.0), np.array(2.0), np.array(4.0))
        compare(*functional(name, swap=True), np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1)))
        compare(*functional(name, reduction="none"), normal(3, 4), normal(1, 4, seed=1), normal(3, 4, seed=2))
        for margin in (0.0, -1.0):
            refuse(name, (3, 4), (3, 4), (3, 4), margin=margin)
        refuse(name, (3, 4), (4,), (3, 4))
        refuse(name, (3, 4), (3, 3), (3, 4))
        refuse(name, (3, 4), (3, 4), (3, 4), reduction="average")
    for p in (1.0, 2.0, 3.0, math.inf):
        same = np.zeros((1, 2))
        compare(
            *functional("triplet_margin_loss", p=p, eps=0.0, margin=5.0), same, same, np.array([[1.0, 2.0]]), order=1
        )
    compare(*functional("triplet_margin_loss", p=math.inf, eps=0.0, margin=5.0), np.zeros((1, 2)), np.ones((1, 2)),
            np.full((1, 2), 2.0), order=1)  # fmt: skip


# ------------------------------------------------------------------------------- modules


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    ("name", "options", "operands"),
    [
        ("HingeEmbeddingLoss", {"margin": 0.5}, (normal(5), answers(5))),
        ("HingeEmbeddingLoss", {}, (normal(5), answers(5))),
        ("MarginRankingLoss", {}, (normal(5), normal(5, seed=1), answers(5))),
        ("MarginRankingLoss", {"margin": 0.5}, (normal(5), normal(5, seed=1), answers(5))),
        ("CosineEmbeddingLoss", {}, (normal(5, 3), normal(5, 3, seed=1), answers(5))),
        ("CosineEmbeddingLoss", {"margin": 0.3}, (normal(5, 3), normal(5, 3, seed=1), answers(5))),
        ("TripletMarginLoss", {}, tuple(normal(5, 3, seed=seed) for seed in range(3))),
        ("TripletMarginLoss", {"margin": 2.0, "p": 1.0, "eps": 1e-3, "swap": True},
         tuple(normal(5, 3, seed=seed) for seed in range(3))),
        ("TripletMarginWithDistanceLoss", {}, tuple(normal(5, 3, seed=seed) for seed in range(3))),
        ("TripletMarginWithDistanceLoss", {"margin": 2.0, "swap": True},
         tuple(normal(5, 3, seed=seed) for seed in range(3))),
        ("TripletMarginWithDistanceLoss", {"distance_function": lambda x, y: (x - y).abs().sum(-1)},
         tuple(normal(5, 3, seed=seed) for seed in range(3))),
    ],
)  # fmt: skip
def test_layers(name, options, operands, reduction):
    compare_layer(name, (), {**options, "reduction": reduction}, *operands)
    ours, theirs = (getattr(side, name)(**options, reduction=reduction) for side in (nn, torch.nn))
    for key in ("reduction", "margin", "p", "eps", "swap"):
        assert getattr(ours, key, None) == getattr(theirs, key, None)


@pytest.mark.parametrize("name", ["TripletMarginLoss", "TripletMarginWithDistanceLoss"])
def test_layers_refuse_a_margin_when_they_are_made(name):
    for margin in (0.0, -1.0):
        both_refuse(lambda: getattr(nn, name)(margin=margin), lambda: getattr(torch.nn, name)(margin=margin))


def test_a_distance_that_is_a_module_is_a_submodule():
    for library in (mg, torch):
        measure = library.nn.Linear(2, 2)
        layer = library.nn.TripletMarginWithDistanceLoss(distance_function=measure)
        assert [name for name, _ in layer.named_modules()] == ["", "distance_function"]
