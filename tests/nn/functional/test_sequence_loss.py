"""Connectionist temporal classification against the sum over all alignments; what the errors teach."""

import itertools
import math

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, MinigradError, ShapeError

RANDOM = np.random.default_rng(7)


def by_enumeration(probabilities, labels, blank):
    """−ln of the summed probability of the alignments (T, C) that collapse to the labels."""
    times, classes = probabilities.shape
    total = 0.0
    for alignment in itertools.product(range(classes), repeat=times):
        collapsed = [label for label, _ in itertools.groupby(alignment) if label != blank]
        if collapsed == list(labels):
            total += math.prod(probabilities[time, label] for time, label in enumerate(alignment))
    return -math.log(total) if total else math.inf


@pytest.mark.parametrize("blank", [0, 2])
@pytest.mark.parametrize("labels", [[], [1], [1, 1], [1, 3], [3, 1, 1], [1, 3, 1, 3]])
def test_all_alignments(labels, blank):
    logits = RANDOM.normal(size=(5, 4))
    for times in (1, 3, 5):
        probabilities = np.exp(logits[:times]) / np.exp(logits[:times]).sum(1, keepdims=True)
        right = by_enumeration(probabilities, labels, blank)
        targets = mg.tensor(labels, dtype=mg.int64)
        loss = F.ctc_loss(mg.tensor(np.log(probabilities)), targets, [times], [len(labels)], blank, "sum")
        assert loss.item() == pytest.approx(right, rel=1e-12)
        padded = mg.tensor(np.log(np.exp(logits) / np.exp(logits).sum(1, keepdims=True)))
        assert F.ctc_loss(padded, targets, [times], [len(labels)], blank, "sum").item() == pytest.approx(right)


X = mg.tensor(RANDOM.normal(size=(4, 2, 3)), requires_grad=True)
LABELS, INPUTS, LENGTHS = mg.tensor([[1, 2], [2, 0]]), [4, 3], [2, 1]


def loss(x, **options):
    return F.ctc_loss(F.log_softmax(x, 2), LABELS, INPUTS, LENGTHS, **options)


def test_reductions_and_gradients():
    losses = loss(X, reduction="none").detach().numpy()
    assert loss(X, reduction="sum").item() == pytest.approx(losses.sum())
    assert loss(X).item() == pytest.approx((losses / [2, 1]).mean())
    assert gradcheck(loss, X, order=2)
    assert gradcheck(lambda x: F.ctc_loss(x, LABELS, INPUTS, LENGTHS), X, order=2)


def test_labels_in_a_row_and_lengths_as_tensors():
    row = F.ctc_loss(F.log_softmax(X, 2), mg.tensor([1, 2, 2]), mg.tensor(INPUTS), mg.tensor(LENGTHS))
    assert row.item() == loss(X).item()


@pytest.mark.parametrize("zero", [False, True])
def test_what_does_not_fit_costs_infinity_and_gives_no_gradient(zero):
    x = mg.zeros(2, 1, 3, requires_grad=True)
    cost = F.ctc_loss(F.log_softmax(x, 2), mg.tensor([[1, 1]]), [2], [2], zero_infinity=zero)
    cost.backward()
    assert cost.item() == (0 if zero else math.inf)
    assert x.grad.abs().sum().item() == 0


def test_outputs_that_are_certain():
    certain = mg.eye(3)[:, None].log().requires_grad_()
    right = F.ctc_loss(certain, mg.tensor([[1, 2]]), [3], [2])
    right.backward()
    assert right.item() == 0
    assert np.isfinite(certain.grad.numpy()).all()


PROBS = mg.zeros(4, 2, 3)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (
            (PROBS, LABELS, [5, 3], LENGTHS),
            {},
            ArgumentError,
            r"input_lengths of \[5, 3\]; there are 4 steps in time, so they are 0 to 4",
        ),
        ((PROBS, LABELS, [4, -3], LENGTHS), {}, ArgumentError, "so they are 0 to 4"),
        ((PROBS, LABELS, [4], LENGTHS), {}, ShapeError, "1 input_lengths for 2 samples"),
        ((PROBS, LABELS, INPUTS, [3, 1]), {}, ShapeError, r"targets of shape \(2, 2\).*S at least 3"),
        ((PROBS, LABELS, mg.tensor([4.0, 3.0]), LENGTHS), {}, DTypeError, "input_lengths of float32"),
        ((PROBS, mg.tensor([1, 2]), INPUTS, LENGTHS), {}, ShapeError, "2 targets in a row.*add up to 3"),
        ((PROBS, LABELS + 1, INPUTS, LENGTHS), {}, IndexOutOfRangeError, "label 3 .*0 to 2, and 0 is the blank"),
        ((PROBS, LABELS, INPUTS, LENGTHS), {"blank": 3}, ArgumentError, "blank=3 for 3 classes"),
        ((PROBS, LABELS, INPUTS, LENGTHS), {"reduction": "average"}, ArgumentError, "'none', 'mean' or 'sum'"),
        ((PROBS.long(), LABELS, INPUTS, LENGTHS), {}, DTypeError, "log_probs of int64.*log_softmax"),
        ((PROBS[0, 0], LABELS, INPUTS, LENGTHS), {}, ShapeError, r"\(T, N, C\).*transpose\(0, 1\)"),
        ((PROBS[:0], LABELS, INPUTS, LENGTHS), {}, ShapeError, "not empty"),
    ],
)
def test_refusals(arguments, options, error, message):
    with pytest.raises(error, match=message) as raised:
        F.ctc_loss(*arguments, **options)
    assert isinstance(raised.value, MinigradError)
