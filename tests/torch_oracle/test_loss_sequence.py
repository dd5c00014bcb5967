"""Connectionist temporal classification: lengths, blanks, both forms of targets, what does not fit, refusals."""

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
from tests.torch_oracle.compare import both_refuse, compare, drawn, normal, whole

REDUCTIONS = ["mean", "sum", "none"]


def of_logits(inputs, targets, **options):
    """PyTorch's gradient takes a log_softmax before it for granted (a departure)."""

    def of(side):
        return lambda x, y: side.ctc_loss(side.log_softmax(x, -1), y, inputs, targets, **options)

    return of(F), of(G)


@st.composite
def cases(draw):
    """Logits, labels without the blank, lengths, options; targets may be too long for their inputs."""
    times, batch, classes, longest = (draw(st.integers(*ends)) for ends in ((1, 7), (1, 3), (2, 4), (0, 3)))
    blank = draw(st.integers(0, classes - 1))
    seed = draw(st.integers(0, 50))
    labels = (whole(1, classes, batch, longest, seed=seed) + blank) % classes
    inputs = [draw(st.integers(0, times)) for _ in range(batch)]
    lengths = [draw(st.integers(0, longest)) for _ in range(batch)]
    options = {"blank": blank, "reduction": draw(st.sampled_from(REDUCTIONS))}
    return normal(times, batch, classes, seed=seed) * 2, labels, inputs, lengths, options


@drawn(150)
@given(cases(), st.booleans())
def test_ctc_loss(case, concatenated):
    x, labels, inputs, lengths, options = case
    if concatenated:
        labels = np.concatenate([row[:length] for row, length in zip(labels, lengths)])
    ours, theirs = of_logits(inputs, lengths, zero_infinity=True, **options)
    compare(ours, theirs, x, labels, order=1)
    ours, theirs = of_logits(inputs, lengths, **options)
    compare(ours, theirs, x, labels, order=0)


def test_one_sample_and_kinds_of_lengths():
    x, labels = normal(5, 4), np.array([1, 3])
    for reduction in REDUCTIONS:
        for lengths in (((5,), (2,)), ([4], [2])):
            compare(*of_logits(*lengths, reduction=reduction), x, labels, order=1)
            compare(*of_logits(*lengths, reduction=reduction), x, labels[None], order=1)
        for side, library in ((F, mg), (G, torch)):
            loss = side.ctc_loss(
                library.zeros(5, 4), library.tensor([1, 3]), library.tensor(5), library.tensor(2), reduction=reduction
            )
            assert tuple(loss.shape) == ()
    for dtype in (np.int32, np.uint8, np.float64):
        y = np.array([[1, 3]]).astype(dtype)
        results = [
            side.ctc_loss(side.log_softmax(library.zeros(5, 1, 4), -1), library.tensor(y), [5], [2])
            for side, library in ((F, mg), (G, torch))
        ]
        assert results[0].item() == pytest.approx(results[1].item(), rel=1e-5)


def test_certain_outputs():
    with np.errstate(divide="ignore"):
        certain = np.log(np.eye(4))[:, None]
    compare(*(lambda x, y, side=side: side.ctc_loss(x, y, (4,), (3,), reduction="none") for side in (F, G)),
            certain, np.array([[1, 2, 3]]), order=0, single=False)  # fmt: skip


def test_what_does_not_fit_costs_infinity():
    for side, library in ((F, mg), (G, torch)):
        loss = side.ctc_loss(library.zeros(2, 1, 4), library.tensor([[1, 1]]), (2,), (2,))
        assert loss.item() == math.inf


def test_refusals():
    probs, labels = (5, 2, 4), [[1, 2, 0], [3, 3, 1]]
    for shape, y, inputs, targets, options in (
        (probs, [1, 2, 3, 3, 1, 1], (5, 4), (2, 3), {}), (probs, [1, 2, 3, 3], (5, 4), (2, 3), {}),
        (probs, labels, (6, 3), (1, 1), {}), (probs, labels, (-1, 3), (1, 1), {}), (probs, labels, (5, 5), (4, 1), {}),
        (probs, labels, (5, 5), (-1, 1), {}), (probs, labels, (5, 5), (2, 3), {"blank": 4}),
        (probs, labels, (5, 5), (2, 3), {"blank": -1}), (probs, labels, (5,), (2, 3), {}),
        (probs, labels, (5, 5), (2,), {}), (probs, labels[:1], (5, 5), (2, 3), {}),
        (probs, labels, (5, 5), (2, 3), {"reduction": "average"}), ((0, 2, 4), labels, (0, 0), (0, 0), {}),
        ((5, 0, 4), np.zeros((0, 2), int), (), (), {}), ((4,), labels, (5,), (1,), {}),
    ):  # fmt: skip
        both_refuse(
            lambda: F.ctc_loss(mg.zeros(shape), mg.tensor(y), inputs, targets, **options),
            lambda: G.ctc_loss(torch.zeros(shape), torch.tensor(y), inputs, targets, **options),
        )
    for library, side in ((mg, F), (torch, G)):
        with pytest.raises((TypeError, RuntimeError)):
            side.ctc_loss(library.zeros(5, 1, 4), library.tensor([[1]]), library.tensor([5.0]), library.tensor([1]))
        with pytest.raises((TypeError, RuntimeError)):
            side.ctc_loss(
                library.zeros(5, 1, 4).long(), library.tensor([[1]]), library.tensor([5]), library.tensor([1])
            )


@pytest.mark.parametrize("options", [{}, {"blank": 2, "reduction": "sum", "zero_infinity": True}])
def test_layer(options):
    ours, theirs = nn.CTCLoss(**options), torch.nn.CTCLoss(**options)
    assert repr(ours) == repr(theirs)
    for key in ("blank", "reduction", "zero_infinity"):
        assert getattr(ours, key) == getattr(theirs, key)
    y = np.array([[1, 3], [3, 1]])
    compare(lambda x, y: ours(F.log_softmax(x, 2), y, (5, 4), (2, 1)),
            lambda x, y: theirs(G.log_softmax(x, 2), y, (5, 4), (2, 1)), normal(5, 2, 4), y, order=1)  # fmt: skip
