"""Losses of pairs and triplets against their formulae; what the errors teach."""

import math

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, MinigradError, ShapeError

RANDOM = np.random.default_rng(6)
A, B, C = RANDOM.normal(size=(3, 6, 4))
SCORES = A[:, 0]
ANSWERS = np.array([1, -1, 1, -1, -1, 1])


def cosines(a, b):
    return (a * b).sum(1) / np.sqrt((a * a).sum(1) * (b * b).sum(1))


def distances(a, b, p=2.0, eps=1e-6):
    size = np.abs(a - b + eps)
    return size.max(1) if p == math.inf else (size**p).sum(1) ** (1 / p)


def hinge(x):
    return np.maximum(x, 0)


FORMULAE = {
    "hinge_embedding_loss": (
        (SCORES,), {"margin": 0.8}, np.where(ANSWERS == 1, SCORES, hinge(0.8 - SCORES)),
    ),
    "margin_ranking_loss": ((SCORES, B[:, 0]), {"margin": 0.3}, hinge(0.3 - ANSWERS * (SCORES - B[:, 0]))),
    "cosine_embedding_loss": (
        (A, B), {"margin": 0.2}, np.where(ANSWERS == 1, 1 - cosines(A, B), hinge(cosines(A, B) - 0.2)),
    ),
    "triplet_margin_loss": ((A, B, C), {}, hinge(distances(A, B) - distances(A, C) + 1)),
    "triplet_margin_loss with p=3": (
        (A, B, C), {"p": 3, "eps": 1e-3, "margin": 0.5},
        hinge(distances(A, B, 3, 1e-3) - distances(A, C, 3, 1e-3) + 0.5),
    ),
    "triplet_margin_loss with p=∞": (
        (A, B, C), {"p": math.inf}, hinge(distances(A, B, math.inf) - distances(A, C, math.inf) + 1),
    ),
    "triplet_margin_loss with a swap": (
        (A, B, C), {"swap": True}, hinge(distances(A, B) - np.minimum(distances(A, C), distances(B, C)) + 1),
    ),
    "triplet_margin_with_distance_loss": ((A, B, C), {}, hinge(distances(A, B) - distances(A, C) + 1)),
    "triplet_margin_with_distance_loss of cosines": (
        (A, B, C), {"distance_function": lambda x, y: -(x * y).sum(-1), "margin": 0.1, "swap": True},
        hinge(-(A * B).sum(1) - np.minimum(-(A * C).sum(1), -(B * C).sum(1)) + 0.1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMULAE)
def test_formulae_reductions_and_gradients(name):
    arrays, options, right = FORMULAE[name]
    function = getattr(F, name.split()[0])
    answers = () if "triplet" in name else (mg.tensor(ANSWERS),)

    def loss(*operands, reduction="none"):
        return function(*operands, *answers, reduction=reduction, **options)

    operands = [mg.tensor(array, requires_grad=True) for array in arrays]
    np.testing.assert_allclose(loss(*operands).detach().numpy(), right, rtol=1e-9, atol=1e-12)
    assert loss(*operands, reduction="sum").item() == pytest.approx(right.sum())
    assert loss(*operands, reduction="mean").item() == pytest.approx(right.mean())
    assert gradcheck(loss, operands, order=2)
    if "ranking" not in name and "hinge" not in name:
        answers = tuple(one[0] for one in answers)
        assert loss(*(one[0] for one in operands)).item() == pytest.approx(right[0])


def test_slopes_at_the_kinks():
    x = mg.tensor([1.0], requires_grad=True)
    F.hinge_embedding_loss(x, mg.tensor([-1])).backward()
    assert x.grad.tolist() == [-1]
    x = mg.tensor([1.0], requires_grad=True)
    F.margin_ranking_loss(x, mg.tensor([0.0]), mg.tensor([1]), margin=1).backward()
    assert x.grad.tolist() == [-1]


def test_zero_vectors_have_the_cosine_0():
    x = mg.zeros(2, 3, requires_grad=True)
    loss = F.cosine_embedding_loss(x, mg.ones(2, 3), mg.tensor([1, -1]), reduction="none")
    assert loss.tolist() == [1, 0]
    loss.sum().backward()
    assert np.isfinite(x.grad.numpy()).all()


def test_equal_points_have_finite_gradients():
    for options in ({}, {"p": 1.0}, {"p": 3.0}, {"p": math.inf}):
        x = mg.ones(2, 3, requires_grad=True)
        F.triplet_margin_loss(x, x, x, eps=0.0, **options).backward()
        assert np.isfinite(x.grad.numpy()).all()


def test_no_samples():
    no, none = mg.zeros(0, 3), mg.zeros(0).long()
    for loss in (
        lambda reduction: F.hinge_embedding_loss(mg.zeros(0), none, reduction=reduction),
        lambda reduction: F.margin_ranking_loss(mg.zeros(0), mg.zeros(0), none, reduction=reduction),
        lambda reduction: F.cosine_embedding_loss(no, no, none, reduction=reduction),
        lambda reduction: F.triplet_margin_loss(no, no, no, reduction=reduction),
        lambda reduction: F.triplet_margin_with_distance_loss(no, no, no, reduction=reduction),
    ):
        assert (loss("none").shape, loss("sum").item()) == ((0,), 0)
        assert math.isnan(loss("mean").item())


VECTORS, ROW, LABELS = mg.ones(3, 4), mg.ones(3), mg.tensor([1, -1, 1])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.hinge_embedding_loss(LABELS, ROW), DTypeError, r"an input of int64.*\(input, target\)"),
        (lambda: F.hinge_embedding_loss(ROW, mg.ones(2)), ShapeError, r"input \(3,\), target \(2,\)"),
        (lambda: F.hinge_embedding_loss(ROW, [1, 1, 1]), DTypeError, "list"),
        (lambda: F.hinge_embedding_loss(ROW, LABELS, reduction="average"), ArgumentError, "'none', 'mean' or 'sum'"),
        (lambda: F.margin_ranking_loss(ROW[:, None], ROW[:, None], LABELS), ShapeError, "the same number of axes"),
        (lambda: F.margin_ranking_loss(ROW, mg.ones(2), LABELS), ShapeError, r"input2 \(2,\)"),
        (lambda: F.cosine_embedding_loss(VECTORS, VECTORS, mg.tensor(1)), ShapeError, r"\(N, D\), \(N, D\) and \(N\)"),
        (lambda: F.cosine_embedding_loss(VECTORS[0], VECTORS[0], LABELS), ShapeError, r"\(D\), \(D\) and \(\)"),
        (lambda: F.cosine_embedding_loss(VECTORS, VECTORS[:, :3], LABELS), ShapeError, r"input2 \(3, 3\)"),
        (lambda: F.cosine_embedding_loss(VECTORS, VECTORS, LABELS[:2]), ShapeError, r"target \(2,\)"),
        (lambda: F.triplet_margin_loss(VECTORS, VECTORS, VECTORS, margin=0), ArgumentError, "margin=0; .* positive"),
        (lambda: F.triplet_margin_loss(VECTORS, ROW, VECTORS), ShapeError, r"a positive \(3,\).*number of axes"),
        (lambda: F.triplet_margin_loss(VECTORS, VECTORS[:, :3], VECTORS), ShapeError, r"\(3, 4\).*\(3, 3\)"),
        (lambda: F.triplet_margin_with_distance_loss(VECTORS, VECTORS, VECTORS, margin=-1), ArgumentError, "margin=-1"),
        (lambda: F.triplet_margin_with_distance_loss(VECTORS, VECTORS, ROW), ShapeError, r"a negative \(3,\)"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message) as raised:
        call()
    assert isinstance(raised.value, MinigradError)
