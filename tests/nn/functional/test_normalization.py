"""Normalisation against its formulae in plain NumPy, derivatives, running statistics, and what is refused."""

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError

RNG = np.random.default_rng(9)
X = RNG.standard_normal((3, 4, 2, 5))
W, B = RNG.standard_normal(4), RNG.standard_normal(4)
EPS = 1e-3


def normalised(x, axes):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + EPS)


def channels(values):
    return values[:, None, None]


def in_groups(x, groups):
    return normalised(x.reshape(3, groups, -1), 2).reshape(x.shape)


def response(x, size, alpha, beta, k):
    y = np.empty_like(x)
    for c in range(x.shape[1]):
        near = x[:, max(c - size // 2, 0) : c + (size - 1) // 2 + 1]
        y[:, c] = x[:, c] / (k + alpha / size * (near**2).sum(1)) ** beta
    return y


CASES = {
    "batch_norm": (
        lambda x, w, b: F.batch_norm(x, None, None, w, b, True, eps=EPS),
        lambda x: normalised(x, (0, 2, 3)),
    ),
    "instance_norm": (lambda x, w, b: F.instance_norm(x, weight=w, bias=b, eps=EPS), lambda x: normalised(x, (2, 3))),
    "group_norm": (lambda x, w, b: F.group_norm(x, 2, w, b, EPS), lambda x: in_groups(x, 2)),
    "one group": (lambda x, w, b: F.group_norm(x, 1, w, b, EPS), lambda x: normalised(x, (1, 2, 3))),
    "a group each": (lambda x, w, b: F.group_norm(x, 4, w, b, EPS), lambda x: normalised(x, (2, 3))),
}


@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives(name):
    function, expected = CASES[name]
    found = function(*map(mg.tensor, (X, W, B)))
    np.testing.assert_allclose(found.numpy(), expected(X) * channels(W) + channels(B), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(function(mg.tensor(X), None, None).numpy(), expected(X), rtol=1e-10, atol=1e-12)
    leaves = [mg.tensor(one, requires_grad=True) for one in (X[:, :, :1, :2], W, B)]
    assert gradcheck(function, leaves, order=2)


def test_layer_norm_and_rms_norm():
    w, b = RNG.standard_normal((2, 5)), RNG.standard_normal((2, 5))
    found = F.layer_norm(mg.tensor(X), (2, 5), mg.tensor(w), mg.tensor(b), EPS)
    np.testing.assert_allclose(found.numpy(), normalised(X, (2, 3)) * w + b, rtol=1e-10, atol=1e-12)
    found = F.rms_norm(mg.tensor(X), (2, 5), mg.tensor(w), EPS)
    expected = X / np.sqrt((X**2).mean((2, 3), keepdims=True) + EPS) * w
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-10)
    leaves = [mg.tensor(one, requires_grad=True) for one in (X[0, :2], w, b)]
    assert gradcheck(lambda x, w, b: F.layer_norm(x, (2, 5), w, b), leaves, order=2)
    assert gradcheck(lambda x, w: F.rms_norm(x, (2, 5), w), leaves[:2], order=2)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 9])
def test_local_response_norm(size):
    x = mg.tensor(X, requires_grad=True)
    found = F.local_response_norm(x, size, 0.5, 0.75, 2.0).detach().numpy()
    np.testing.assert_allclose(found, response(X, size, 0.5, 0.75, 2.0), rtol=1e-10)
    small = mg.tensor(X[:1, :, :1, :2], requires_grad=True)
    assert gradcheck(lambda x: F.local_response_norm(x, size, 0.5), small, order=2)


def test_N79_a_window_over_all_channels_is_the_divisive_normalisation():
    kappa, lam, mu = 2.0, 0.3, 0.75
    found = F.local_response_norm(mg.tensor(X), 7, lam * 7, mu, kappa).numpy()  # three to either side: all four
    np.testing.assert_allclose(found, X / (kappa + lam * (X**2).sum(1, keepdims=True)) ** mu, rtol=1e-10)


# ------------------------------------------------------------ running statistics


def test_the_running_statistics_take_a_step():
    mean, var = mg.tensor(W), mg.tensor(B * B)
    F.batch_norm(mg.tensor(X), mean, var, training=True, momentum=0.3)
    np.testing.assert_allclose(mean.numpy(), 0.7 * W + 0.3 * X.mean((0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(var.numpy(), 0.7 * B * B + 0.3 * X.var((0, 2, 3), ddof=1), rtol=1e-12)
    mean, var = mg.tensor(W), mg.tensor(B * B)
    F.instance_norm(mg.tensor(X), mean, var, momentum=0.3)
    np.testing.assert_allclose(mean.numpy(), 0.7 * W + 0.3 * X.mean((0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(var.numpy(), 0.7 * B * B + 0.3 * X.var((2, 3), ddof=1).mean(0), rtol=1e-12)


@pytest.mark.parametrize("name", ["batch_norm", "instance_norm"])
def test_evaluation_goes_by_the_running_statistics(name):
    flag = {"training": False} if name == "batch_norm" else {"use_input_stats": False}

    def function(x, w, b):
        return getattr(F, name)(x, mean, var, w, b, eps=EPS, **flag)

    mean, var = mg.tensor(W), mg.tensor(B * B)
    leaves = [mg.tensor(one, requires_grad=True) for one in (X[:, :, :1, :2], W, B)]
    expected = (X[:, :, :1, :2] - channels(W)) / np.sqrt(channels(B * B) + EPS) * channels(W) + channels(B)
    np.testing.assert_allclose(function(*leaves).detach().numpy(), expected, rtol=1e-12)
    assert gradcheck(function, leaves, order=2)
    assert mean.tolist() == W.tolist()


def test_statistics_that_move_before_backward_leave_the_gradient_right():
    mean, var = mg.zeros(2), mg.ones(2)
    x = mg.tensor([[1.0, 2.0], [3.0, 5.0]], requires_grad=True)
    w = mg.tensor([2.0, 4.0], requires_grad=True)
    evaluated = F.batch_norm(x, mean, var, w, eps=0.0)
    trained = F.batch_norm(x, mean, var, w, training=True)
    F.batch_norm(x, mean, var, w, training=True)
    (gradient,) = mg.autograd.grad(evaluated.sum(), x, create_graph=True)
    assert gradient.tolist() == [[2, 4], [2, 4]]
    trained.sum().backward()
    assert w.grad.isfinite().all()
    assert mean.grad_fn is None
    assert not mean.requires_grad


def test_an_empty_batch_leaves_the_statistics_alone():
    for function in (lambda m, v: F.batch_norm(mg.zeros(0, 2, 3), m, v, training=True),
                     lambda m, v: F.instance_norm(mg.zeros(0, 2, 3), m, v)):  # fmt: skip
        mean, var = mg.zeros(2), mg.ones(2)
        assert function(mean, var).shape == (0, 2, 3)
        assert (mean.tolist(), var.tolist()) == ([0, 0], [1, 1])


def test_float16_with_parameters_of_float32():
    x = mg.tensor([[300.0], [-300.0]], dtype=mg.float16)
    mean, var = mg.zeros(1), mg.ones(1)
    y = F.batch_norm(x, mean, var, mg.full((1,), 2.0), mg.ones(1), training=True)
    assert (y.dtype, y.tolist()) == (mg.float16, [[3], [-1]])
    assert var.tolist() == pytest.approx([0.9 + 0.1 * 180000])
    assert F.batch_norm(x, mean, var, mg.ones(1)).dtype == mg.float16
    assert F.rms_norm(x, (1,)).tolist() == [[1], [-1]]


# ------------------------------------------------------------------------ refusals


REFUSALS = [
    (lambda: F.batch_norm(mg.ones(2, 3), None, None), ArgumentError, "no running_mean .* training=True"),
    (lambda: F.batch_norm(mg.ones(1, 3), None, None, training=True), ShapeError, "one value per channel.*eval"),
    (lambda: F.batch_norm(mg.ones(2, 3), None, None, training=True, eps=0.0), ArgumentError, "eps=0.0.*positive"),
    (lambda: F.batch_norm(mg.ones(3), None, None), ShapeError, r"\(3,\).*at least 2 axes"),
    (lambda: F.batch_norm(mg.arange(4).reshape(2, 2), None, None), DTypeError, r"int64.*x.float\(\)"),
    (lambda: F.batch_norm(mg.ones(2, 3), mg.ones(2), mg.ones(3)), ShapeError, r"running_mean of shape \(2,\).*\(3,\)"),
    (lambda: F.batch_norm(mg.ones(2, 3), None, None, mg.ones(3).double(), training=True), DTypeError, "of float64"),
    (lambda: F.instance_norm(mg.ones(2, 3, 2), 3), DTypeError, "an? int as running_mean"),
    (lambda: F.instance_norm(mg.ones(2, 3, 1)), ShapeError, "one value per map.* larger"),
    (lambda: F.instance_norm(mg.ones(2, 3, 2), use_input_stats=False), ArgumentError, "give both"),
    (lambda: F.group_norm(mg.ones(2, 3), 2), ArgumentError, "3 channels.* 2 groups.*divide"),
    (lambda: F.group_norm(mg.ones(1, 3), 3), ShapeError, "one value per group.* fewer groups"),
    (lambda: F.layer_norm(mg.ones(2, 3), 3), DTypeError, r"normalized_shape=3.*tuple"),
    (lambda: F.layer_norm(mg.ones(2, 3), (2,)), ShapeError, r"\(2, 3\) for normalized_shape \(2,\).*last axes"),
    (lambda: F.layer_norm(mg.ones(2, 3), ()), ShapeError, "one at least"),
    (lambda: F.layer_norm(mg.ones(2, 3), (3,), bias=mg.ones(2)), ShapeError, r"bias of shape \(2,\).*\(3,\)"),
    (lambda: F.rms_norm(mg.ones(2, 3), (3,), mg.ones(2)), ShapeError, r"weight of shape \(2,\).*\(3,\)"),
    (lambda: F.local_response_norm(mg.ones(2, 3), 2), ShapeError, "at least 3 axes"),
    (lambda: F.local_response_norm(mg.ones(2, 3, 4), 0), ArgumentError, "size=0"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "words"), REFUSALS)
def test_refusals_teach(call, kind, words):
    with pytest.raises(kind, match=words):
        call()
