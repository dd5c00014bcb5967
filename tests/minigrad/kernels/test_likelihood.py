"""Costs of scores against the formula in float64: every order of memory, every cut, threads or not."""

import numpy as np
import pytest

from minigrad.kernels import elementwise, likelihood, threads

RNG = np.random.default_rng(11)
SHAPE = (3, 5, 4, 2)
ORDERS = [(0, 1, 2, 3), (2, 1, 3, 0), (3, 2, 1, 0), (1, 0, 2, 3), (0, 2, 3, 1)]


def laid(order, shape=SHAPE, dtype=np.float64):
    array = RNG.standard_normal(shape).astype(dtype) * 3
    return np.ascontiguousarray(array.transpose(order)).transpose(np.argsort(order))


def formula(x, labels, ignored, smoothing):
    """The costs and their slopes, class by class."""
    logs = x - np.log(np.exp(x).sum(1, keepdims=True))
    hot = np.moveaxis(labels[..., None] == np.arange(x.shape[1]), -1, 1)
    target = hot * (1 - smoothing) + smoothing / x.shape[1]
    counts = (labels != ignored)[:, None]
    return -(logs * target * counts).sum(1), (np.exp(logs) - target) * counts


@pytest.fixture(params=[None, 7, 40], ids=["whole", "columns", "rows"])
def cut(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(likelihood, "MOST", request.param)


@pytest.mark.parametrize("smoothing", [0.0, 0.25])
@pytest.mark.parametrize("ignored", [None, 2])
@pytest.mark.parametrize("order", ORDERS)
def test_costs_and_slopes(cut, order, ignored, smoothing):
    x, labels = laid(order), RNG.integers(0, 5, (3, 4, 2))
    right, slopes = formula(x, labels, ignored, smoothing)
    y, pieces = likelihood.costs(x, labels, 1, ignored, smoothing, None)
    np.testing.assert_allclose(y, right, rtol=1e-12, atol=1e-14)
    g = RNG.standard_normal((3, 4, 2))
    found = likelihood.gradient(g, x, 1, smoothing, None, pieces)
    np.testing.assert_allclose(found, slopes * g[:, None], rtol=1e-10, atol=1e-13)
    assert found.strides == x.strides

    total, pieces = likelihood.costs(x, labels, 1, ignored, smoothing, 7)
    assert total == pytest.approx(right.sum() / 7, rel=1e-12)
    found = likelihood.gradient(np.float64(2), x, 1, smoothing, 7, pieces)
    np.testing.assert_allclose(found, slopes * 2 / 7, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("shape", [(4, 3), (3,), (0, 3), (2, 3, 0), (1, 1)])
def test_any_rank(shape):
    axis = min(len(shape) - 1, 1)
    x, labels = RNG.standard_normal(shape), np.zeros(shape[:axis] + shape[axis + 1 :], np.int64)
    y, pieces = likelihood.costs(x, labels, axis, None, 0.0, None)
    assert y.shape == labels.shape
    np.testing.assert_allclose(y, np.log(np.exp(x).sum(axis)) - x.take(0, axis), atol=1e-14)
    slopes = likelihood.gradient(np.ones_like(y), x, axis, 0.0, None, pieces)
    np.testing.assert_allclose(slopes.sum(axis), 0, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_certain_class_keeps_its_digits(dtype):
    x, labels = np.array([[0, -30, -30], [-30, 0, -30]], dtype), np.array([0, 1])
    y, pieces = likelihood.costs(x, labels, 1, None, 0.0, None)
    rest = 2 * np.exp(-30.0)
    np.testing.assert_allclose(y, rest, rtol=1e-6)
    slopes = likelihood.gradient(np.ones(2, dtype), x, 1, 0.0, None, pieces)
    np.testing.assert_allclose([slopes[0, 0], slopes[1, 1]], -rest, rtol=1e-6)


def test_the_gradient_leaves_what_was_kept():
    x, labels = laid(ORDERS[0]), np.zeros((3, 4, 2), np.int64)
    _, pieces = likelihood.costs(x, labels, 1, None, 0.1, 1)
    first = likelihood.gradient(np.float64(1), x, 1, 0.1, 1, pieces)
    np.testing.assert_array_equal(likelihood.gradient(np.float64(1), x, 1, 0.1, 1, pieces), first)


def test_threads_change_no_bit(monkeypatch):
    x, labels = laid((0, 1, 2, 3), (40, 50, 3, 1), np.float32), RNG.integers(0, 50, (40, 3, 1))
    for module, name in ((likelihood, "MOST"), (elementwise, "MANY")):
        monkeypatch.setattr(module, name, 300)

    def results():
        y, pieces = likelihood.costs(x, labels, 1, None, 0.0, 1)
        return y, likelihood.gradient(np.float32(1), x, 1, 0.0, 1, pieces)

    alone = results()
    threads.share(2)
    try:
        for one, other in zip(alone, results(), strict=True):
            np.testing.assert_array_equal(one, other)
    finally:
        threads.share(1)
