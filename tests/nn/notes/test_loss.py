"""The losses as the notes write them."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from nn import notes
from tests.samples import normal, positive

LOSSES = [notes.SumSquaredError(), notes.HalfSquaredError(), notes.CrossEntropy()]


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_derivatives_to_the_second_order(loss):
    y, t = (mg.tensor(positive(3, 4, seed=seed) / 3, requires_grad=True) for seed in (0, 1))
    assert gradcheck(loss, (y, t), order=2)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_shapes_must_agree_and_numbers_be_fractions(loss):
    with pytest.raises(ShapeError, match="broadcasting would compare"):
        loss(mg.ones(3, 1), mg.ones(3))
    with pytest.raises(DTypeError, match="int64"):
        loss(mg.ones(3).long(), mg.ones(3))


def test_probabilities_only():
    for logits in ([2.0, -1.0], [0.5, 1.1]):
        with pytest.raises(ArgumentError, match=r"outside \[0, 1\]; it takes probabilities.*nn\.CrossEntropyLoss"):
            notes.CrossEntropy()(mg.tensor(logits), mg.tensor([1.0, 0.0]))


def test_a_probability_of_zero_that_is_not_asked_for():
    y = mg.tensor([1.0, 0.0], requires_grad=True)
    loss = notes.CrossEntropy()(y, mg.tensor([1.0, 0.0]))
    loss.backward()
    assert loss.item() == 0
    assert y.grad.tolist() == [-1, 0]
    assert notes.CrossEntropy()(mg.tensor([1.0, 0.0]), mg.tensor([0.0, 1.0])).item() == np.inf


def test_integers_as_targets():
    y = mg.tensor(normal(3))
    assert notes.SumSquaredError()(y, mg.tensor([0, 1, 2])).dtype == mg.float64
