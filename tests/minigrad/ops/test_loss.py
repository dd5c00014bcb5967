"""The binary cross-entropy of probabilities at certainty; losses that are reduced where they are computed."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad
from minigrad.errors import ArgumentError, ShapeError


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


# ------------------------------------------------------- the sum and the mean at once

REDUCED = {
    "squared_error": {}, "absolute_error": {}, "huber_error": {"delta": 0.75, "beta": 0.5}, "logistic_loss": {},
}  # fmt: skip


def operands(dtype, shape=(3, 4)):
    source = np.random.default_rng(2)
    x = mg.tensor(source.standard_normal(shape).astype(dtype), requires_grad=True)
    t = mg.tensor(source.random(shape).astype(dtype), requires_grad=True)
    return x, t


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", REDUCED)
def test_reduced_at_once_is_reduced_afterwards(name, dtype, reduction):
    """To second order, and in forward mode."""
    loss, static = getattr(mg, name), REDUCED[name]
    x, t = operands(dtype)
    at_once, later = (loss(x, t, reduction=reduction, **static), getattr(loss(x, t, **static), reduction)())
    rtol = {"float16": 1e-2, "float32": 1e-5, "float64": 1e-12}[dtype]
    assert at_once.dtype == later.dtype == x.dtype
    found, right = [], []
    for total, results in ((at_once, found), (later, right)):
        first = grad(total, [x, t], create_graph=True)
        second = grad((first[0] * x).sum() + (first[1] * 2).sum(), [x, t], allow_unused=True)
        results += [total, *first, *[one for one in second if one is not None]]
    assert len(found) == len(right)
    for one, other in zip(found, right):
        np.testing.assert_allclose(one.detach().numpy(), other.detach().numpy(), rtol=rtol, atol=rtol)
    tangents = (mg.ones_like(x).detach(), mg.full_like(t, 0.5).detach())
    _, at_once = mg.func.jvp(lambda x, t: loss(x, t, reduction=reduction, **static), (x, t), tangents)
    _, later = mg.func.jvp(lambda x, t: getattr(loss(x, t, **static), reduction)(), (x, t), tangents)
    np.testing.assert_allclose(at_once.detach().numpy(), later.detach().numpy(), rtol=rtol, atol=rtol)


@pytest.mark.parametrize("name", REDUCED)
def test_operands_that_are_not_alike_are_reduced_as_well(name):
    x, _ = operands("float32")
    for t in (0.5, np.full((3, 4), 0.5), mg.full((4,), 0.5), mg.full((3, 4), 0.5, dtype=mg.float64)):
        found = getattr(mg, name)(x, t, reduction="mean")
        right = getattr(mg, name)(x, mg.full((3, 4), 0.5), reduction="mean")
        assert found.item() == pytest.approx(right.item(), rel=1e-6)
        with pytest.raises(ArgumentError, match="reduction"):
            getattr(mg, name)(x, t, reduction="average")


@pytest.mark.parametrize("name", REDUCED)
def test_the_mean_of_nothing(name):
    x, t = mg.zeros(0, 3, requires_grad=True), mg.zeros(0, 3)
    loss = getattr(mg, name)(x, t, reduction="mean")
    assert np.isnan(loss.item())
    assert getattr(mg, name)(x, t, reduction="sum").item() == 0
    loss.backward()
    assert x.grad.shape == (0, 3)


def test_infinite_and_missing_errors():
    x = mg.tensor([float("nan"), float("inf"), 2.0], requires_grad=True)
    mg.absolute_error(x, mg.zeros(3), reduction="sum").backward()
    assert np.array_equal(x.grad.numpy(), [np.nan, 1, 1], equal_nan=True)
    x = mg.tensor([float("inf"), -float("inf"), -0.0, 0.0], requires_grad=True)
    mg.logistic_loss(x, mg.tensor([0.0, 1.0, 1.0, 1.0]), reduction="sum").backward()
    assert x.grad.tolist() == [1, -1, -0.5, -0.5]


def test_a_graph_that_is_kept_gives_the_same_again():
    x, t = operands("float64")
    for name in REDUCED:
        loss = getattr(mg, name)(x, t, reduction="mean")
        first, again = (grad(loss, [x, t], retain_graph=True) for _ in range(2))
        assert all(one.equal(other) for one, other in zip(first, again))
