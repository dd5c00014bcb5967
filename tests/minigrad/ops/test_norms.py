"""Norms and distances: NumPy's values, gradients at 0, refusals."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError

A = np.random.default_rng(2).standard_normal((3, 4))
X = mg.tensor(A)
ORDERS = [0, 0.5, 1, 1.5, 2, 3, np.inf, -np.inf, -1]


@pytest.mark.parametrize("p", ORDERS)
def test_values_and_gradients(p):
    assert np.allclose(mg.norm(X, p, 1).numpy(), np.linalg.norm(A, p, 1), 1e-12)
    assert mg.dist(X, X[0] + 3, p).item() == pytest.approx(np.linalg.norm((A - A[0] - 3).ravel(), p))
    if p:
        assert gradcheck(lambda x: mg.norm(x, p, 1), [mg.tensor(A, requires_grad=True)], order=2)


@pytest.mark.parametrize("p", ORDERS)
def test_the_gradient_at_zero_is_zero(p):
    x = mg.zeros(3, requires_grad=True)
    (gradient,) = grad(mg.norm(x, p), x, materialize_grads=True)
    assert gradient.tolist() == [0, 0, 0]


@pytest.mark.parametrize("p", [2, 3, 0.5])
def test_norms_of_float16_do_not_overflow(p):
    x = mg.tensor([300.0, 400.0], dtype=mg.float16, requires_grad=True)
    expected = (300.0**p + 400.0**p) ** (1 / p)
    y = mg.norm(x, p)
    assert y.dtype == np.float16
    assert y.item() == pytest.approx(expected, rel=1e-3)
    assert grad(y, x)[0].tolist() == pytest.approx([(v / expected) ** (p - 1) for v in (300, 400)], rel=2e-3)
    assert mg.dist(x, -x).item() == 1000


def test_distances():
    other = A[:2] + 1
    for p in (1.0, 2.0, 3.0, np.inf):
        expected = [[np.linalg.norm(one - two, p) for two in other] for one in A]
        assert np.allclose(mg.cdist(X, mg.tensor(other), p).numpy(), expected, 1e-12)
    x = mg.tensor(A, requires_grad=True)
    (gradient,) = grad(mg.cdist(x, x).sum(), x)  # no NaN from a row's distance to itself
    assert np.isfinite(gradient.numpy()).all()


def test_renorm():
    y = mg.renorm(X * 10, 2, 0, 1)
    assert np.allclose(mg.norm(y, 2, 1).numpy(), 1, 1e-6)
    assert mg.equal(mg.renorm(X, 2, 0, 100), X)


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: mg.norm(mg.arange(3)), DTypeError, "norm of a tensor of int64"),
        (lambda: mg.norm(X, dtype=mg.float32), DTypeError, "narrower"),
        (lambda: mg.norm(X, "nuc"), ArgumentError, "'nuc'"),
        (lambda: mg.norm(X, mg.nan), ArgumentError, "p=nan"),
        (lambda: mg.norm(mg.ones(2, 2, 2), "fro", (0, 1, 2)), ShapeError, "over two"),
        (lambda: mg.norm(mg.zeros(0), mg.inf), ShapeError, "no elements"),
        (lambda: mg.norm(mg.zeros(0), -1), ShapeError, "no elements"),
        (lambda: mg.cdist(X, X[:, :2]), ShapeError, "rows of equal length"),
        (lambda: mg.cdist(X, X, -1), ArgumentError, "not negative"),
        (lambda: mg.cdist(mg.ones(1, 1).long(), mg.ones(1, 1)), DTypeError, "fractions"),
        (lambda: mg.renorm(X[0], 2, 0, 1), ShapeError, "two axes or more"),
        (lambda: mg.renorm(X, 0, 0, 1), ArgumentError, "p is positive"),
    ],
)
def test_refusals(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
