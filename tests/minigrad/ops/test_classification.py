"""The losses of classification label by label, against their formulae."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError

RNG = np.random.default_rng(9)
CASES = [((4, 3), (4,)), ((3,), ()), ((2, 5, 3, 2), (2, 3, 2))]


def drawn(shape, labels):
    return RNG.standard_normal(shape), RNG.integers(0, shape[min(len(shape) - 1, 1)], labels)


@pytest.mark.parametrize(("shape", "labels"), CASES)
@pytest.mark.parametrize("smoothing", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("ignored", [-100, 1])
def test_cross_entropy_from_its_formula(shape, labels, smoothing, ignored):
    x, t = drawn(shape, labels)
    axis, classes = min(x.ndim - 1, 1), shape[min(len(shape) - 1, 1)]
    hot = np.moveaxis(np.eye(classes)[t], -1, axis)
    wanted = hot * (1 - smoothing) + smoothing / classes
    logs = x - np.log(np.exp(x).sum(axis, keepdims=True))
    counted = t != ignored
    leaf = mg.tensor(x, requires_grad=True)
    y = mg.cross_entropy(leaf, mg.tensor(t), ignored, smoothing)
    np.testing.assert_allclose(y.detach().numpy(), -(wanted * logs).sum(axis) * counted, rtol=1e-12, atol=1e-13)
    g = RNG.standard_normal(labels)
    expected = (np.exp(logs) - wanted) * np.expand_dims(g * counted, axis)
    np.testing.assert_allclose(grad(y, leaf, mg.tensor(g))[0].numpy(), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("shape", "labels"), CASES)
def test_the_likelihood_is_what_stands_there(shape, labels):
    x, t = drawn(shape, labels)
    axis = min(x.ndim - 1, 1)
    picked = np.take_along_axis(x, np.expand_dims(t, axis), axis).reshape(labels)
    assert np.array_equal(mg.nll_loss(mg.tensor(x), mg.tensor(t)).numpy(), -picked)
    assert np.array_equal(mg.nll_loss(mg.tensor(x), mg.tensor(t), 1).numpy(), np.where(t == 1, 0, -picked))


@pytest.mark.parametrize("function", [mg.cross_entropy, mg.nll_loss])
def test_refusals(function):
    x = mg.zeros(2, 3)
    for labels, error in [
        (mg.tensor([0, 3]), IndexOutOfRangeError), (mg.tensor([-1, 0]), IndexOutOfRangeError),
        (mg.tensor([0]), ShapeError), (mg.zeros(2), DTypeError),
    ]:  # fmt: skip
        with pytest.raises(error):
            function(x, labels)
    with pytest.raises(DTypeError):
        function(mg.ones(2, 3, dtype=mg.int64), mg.tensor([0, 1]))
    assert function(x, mg.tensor([0, -1]), -1).shape == (2,)
    with pytest.raises(ArgumentError, match="label_smoothing"):
        mg.cross_entropy(x, mg.tensor([0, 1]), label_smoothing=2)
