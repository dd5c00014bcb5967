"""The binary cross-entropy of probabilities: formula, and its bounded gradient at certainty."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad
from minigrad.errors import ShapeError


def test_N98_formula():
    x, t = np.linspace(0.05, 0.95, 7), np.linspace(1, 0, 7)
    right = -t * np.log(x) - (1 - t) * np.log(1 - x)
    np.testing.assert_allclose(mg.binary_cross_entropy(mg.tensor(x), mg.tensor(t)).numpy(), right, rtol=1e-14)


def test_a_certain_mistake_costs_100_and_a_certain_hit_nothing():
    losses = mg.binary_cross_entropy(mg.tensor([0.0, 1.0, 0.0, 1.0]), mg.tensor([1.0, 0.0, 0.0, 1.0]))
    assert losses.tolist() == [100, 100, 0, 0]


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
def test_gradients_at_certainty_are_finite(dtype):
    x = mg.tensor([0.0, 1.0, 0.0, 1.0], dtype=dtype, requires_grad=True)
    loss = mg.binary_cross_entropy(x, mg.tensor([1.0, 0.0, 0.0, 1.0], dtype=dtype)).sum()
    (first,) = grad(loss, [x], create_graph=True)
    assert first.detach().numpy() == pytest.approx([-1e12, 1e12, 0, 0], rel=1e-6)
    (second,) = grad(first.sum(), [x])
    assert second.numpy() == pytest.approx([1e24, 1e24, 0, 0], rel=1e-6)


def test_shapes_that_do_not_fit():
    with pytest.raises(ShapeError, match="binary_cross_entropy"):
        mg.binary_cross_entropy(mg.ones(2), mg.ones(3))
