"""The softmax family with and without an axis, draws with a gradient, gated linear units."""

import math

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import grad, gradcheck
from minigrad.errors import DTypeError, IndexOutOfRangeError, MinigradError, MinigradWarning, ShapeError

FAMILY = {
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(0),
    "log_softmax": lambda x: x - np.log(np.exp(x).sum(0)),
    "softmin": lambda x: np.exp(-x) / np.exp(-x).sum(0),
}


@pytest.mark.parametrize("name", FAMILY)
def test_formula_and_derivatives(name):
    x = mg.tensor(np.random.default_rng(3).standard_normal((4, 3)), requires_grad=True)
    y = getattr(F, name)(x, 0)
    np.testing.assert_allclose(y.detach().numpy(), FAMILY[name](x.detach().numpy()), rtol=1e-13)
    assert gradcheck(lambda t: getattr(F, name)(t, 0), x, order=2)


@pytest.mark.parametrize("name", FAMILY)
@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_dtypes(name, dtype):
    function = getattr(F, name)
    assert function(mg.zeros(3, dtype=dtype), 0).dtype == dtype
    assert function(mg.zeros(3, dtype=dtype), 0, dtype=mg.float64).dtype == np.float64
    assert function(mg.zeros(3, dtype=mg.int64), 0, dtype=dtype).dtype == dtype


@pytest.mark.parametrize("name", FAMILY)
@pytest.mark.parametrize(("rank", "guess"), [(1, 0), (2, 1), (3, 0), (4, 1), (5, 1)])
def test_without_an_axis_it_guesses_and_warns(name, rank, guess):
    x = mg.arange(2.0**rank).reshape((2,) * rank)
    with pytest.warns(MinigradWarning, match=rf"{name} got no dim .*dim={guess}") as caught:
        y = getattr(F, name)(x)
    assert caught[0].filename == __file__
    assert y.tolist() == getattr(F, name)(x, guess).tolist()


@pytest.mark.parametrize("name", FAMILY)
def test_of_a_number(name):
    with pytest.warns(MinigradWarning, match="dim=0"):
        assert getattr(F, name)(mg.tensor(3.0)).item() == (0 if name == "log_softmax" else 1)


def test_far_out():
    for x in ([1000.0, -1000.0], [-math.inf, 0.0]):
        assert F.softmax(mg.tensor(x), 0).tolist() == F.softmin(-mg.tensor(x), 0).tolist()
    leaf = mg.tensor([1e30, -1e30, 0.0], requires_grad=True)
    F.softmin(leaf, 0)[1].backward()
    assert leaf.grad.tolist() == [0, 0, 0]


# ------------------------------------------------------------------------- glu


@pytest.mark.parametrize("dim", [0, 1, 2, -1, -3])
def test_glu(dim):
    x = mg.tensor(np.random.default_rng(5).standard_normal((2, 4, 6)), requires_grad=True)
    value, gate = np.split(x.detach().numpy(), 2, dim)
    np.testing.assert_allclose(F.glu(x, dim).detach().numpy(), value / (1 + np.exp(-gate)), rtol=1e-14)
    assert gradcheck(lambda t: F.glu(t, dim), x, order=2)


def test_glu_of_nothing():
    assert F.glu(mg.zeros(0, 4), 0).shape == (0, 4)
    assert F.glu(mg.zeros(0, 4)).shape == (0, 2)


# -------------------------------------------------------------- gumbel softmax


def seeded(seed=1):
    return mg.Generator().manual_seed(seed)


def test_gumbel_softmax_is_a_softmax_with_noise():
    zeros = mg.zeros(1000, 3, dtype=mg.float64)
    noise = mg.log(F.gumbel_softmax(zeros, generator=seeded()))
    x = mg.tensor([0.5, -1.0, 2.0], dtype=mg.float64)
    for tau in (0.3, 1, 5.0):
        expected = mg.softmax((x + noise) / tau, 1)
        found = F.gumbel_softmax(x.expand(1000, 3), tau, generator=seeded())
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-9, atol=1e-15)


def test_gumbel_softmax_when_hard_is_one_class_with_the_soft_gradient():
    x = mg.tensor(np.random.default_rng(1).standard_normal((5, 4)), requires_grad=True)
    weights = mg.arange(4.0).double()
    for dim in (0, 1, -1):
        soft = F.gumbel_softmax(x, 0.7, dim=dim, generator=seeded())
        hard = F.gumbel_softmax(x, 0.7, True, dim=dim, generator=seeded())
        rounded = np.round(hard.detach().numpy(), 12)
        np.testing.assert_array_equal(rounded.sum(dim), 1)
        np.testing.assert_array_equal(rounded.argmax(dim), soft.detach().numpy().argmax(dim))
        assert set(np.unique(rounded)) == {0, 1}
        gradients = [grad((one * weights).sum(), x)[0].numpy() for one in (soft, hard)]
        np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-12)


def test_gumbel_softmax_wins_by_the_softmax():
    logits = np.array([0.0, 1.0, -1.0, 2.0])
    count = 20_000
    y = F.gumbel_softmax(mg.tensor(np.tile(logits, (count, 1))), hard=True, generator=seeded())
    expected = np.exp(logits) / np.exp(logits).sum()
    assert (np.abs(y.numpy().mean(0) - expected) < 5 * np.sqrt(expected * (1 - expected) / count)).all()


@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_gumbel_softmax_draws_the_same_in_every_dtype(dtype):
    y = F.gumbel_softmax(mg.zeros(200, 3, dtype=dtype), hard=True, generator=seeded())
    assert y.dtype == dtype
    expected = F.gumbel_softmax(mg.zeros(200, 3), hard=True, generator=seeded())
    assert y.argmax(1).tolist() == expected.argmax(1).tolist()


def test_gumbel_softmax_of_a_number_and_of_nothing():
    for hard in (False, True):
        assert F.gumbel_softmax(mg.tensor(2.0), hard=hard).item() == 1
        assert F.gumbel_softmax(mg.zeros(0, 3), hard=hard).shape == (0, 3)


def test_eps_has_no_effect_and_says_so():
    with pytest.warns(MinigradWarning, match=r"eps=1e-05.*no effect"):
        y = F.gumbel_softmax(mg.zeros(3), eps=1e-5, generator=seeded())
    assert y.tolist() == F.gumbel_softmax(mg.zeros(3), generator=seeded()).tolist()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.softmax(mg.ones(2, dtype=mg.int64), 0), DTypeError, "int64"),
        (lambda: F.softmax(mg.ones(2), 5), IndexError, "dim=5"),
        (lambda: F.softmax(mg.ones(2), 0.5), DTypeError, "0.5"),
        (lambda: F.softmin(mg.ones(2), 5), IndexError, "dim=5"),
        (lambda: F.softmin([1.0], 0), DTypeError, "softmin got a list"),
        (lambda: F.softmax([1.0], 0), DTypeError, "softmax got a list"),
        (lambda: F.log_softmax([1.0]), DTypeError, "log_softmax got a list"),
        (lambda: F.gumbel_softmax(mg.ones(2, dtype=mg.int64)), DTypeError, "int64"),
        (lambda: F.gumbel_softmax(mg.ones(2), dim=5), IndexError, "dim=5"),
        (lambda: F.gumbel_softmax([1.0]), DTypeError, "list"),
        (lambda: F.glu(mg.ones(2, 3)), ShapeError, r"dim=-1 of shape \(2, 3\), which has 3 elements; it must be even"),
        (lambda: F.glu(mg.tensor(1.0)), ShapeError, "0-d"),
        (lambda: F.glu(mg.ones(2, 4), 2), IndexOutOfRangeError, r"\(2, 4\)"),
        (lambda: F.glu([1.0, 2.0]), DTypeError, "list"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message) as raised:
        call()
    assert isinstance(raised.value, MinigradError)
