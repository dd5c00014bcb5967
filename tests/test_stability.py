"""Values against higher precision over the whole range of float32, and gradients where a formula divides by zero."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
import nn.functional as F

# ------------------------------------------------------------------- every exponent


def ulps(y, exact):
    """How far `y` is from the exact values, in units of the last digit of its dtype there."""
    with np.errstate(all="ignore"):
        rounded = exact.astype(y.dtype)
        spacing = np.spacing(np.where(np.isfinite(rounded), np.abs(rounded), 1).astype(y.dtype)).astype(exact.dtype)
        distance = np.abs(y.astype(exact.dtype) - exact) / spacing
    return np.where((y == rounded) | (np.isnan(y) & np.isnan(exact)), 0, distance)


def every_exponent(mantissas, seed=0):
    """Floats of either sign with every exponent of float32, subnormal, zero and infinite ones too."""
    drawn = np.random.default_rng(seed).integers(0, 1 << 23, (255, mantissas), np.uint32)
    drawn[:, :2] = 0, (1 << 23) - 1
    finite = ((np.arange(255, dtype=np.uint32)[:, None] << 23) + drawn).reshape(-1).view(np.float32)
    x = np.append(finite, np.float32(np.inf))
    return np.concatenate([x, -x])


def exact_softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def exact_sigmoid(x):
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


ELEMENTWISE = {
    "tanh": (mg.tanh, np.tanh),
    "sigmoid": (mg.sigmoid, exact_sigmoid),
    "softplus": (mg.softplus, exact_softplus),
    "logsigmoid": (F.logsigmoid, lambda x: -exact_softplus(-x)),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_four_ulp_at_every_exponent(name):
    function, exact = ELEMENTWISE[name]
    x = every_exponent(600)
    assert ulps(function(mg.tensor(x)).numpy(), exact(x.astype(np.float64))).max() <= 4


LONG = np.finfo(np.longdouble).nmant > np.finfo(np.float64).nmant


@pytest.mark.skipif(not LONG, reason="long double is no wider than double here")
@pytest.mark.parametrize("name", ["tanh", "sigmoid", "logsigmoid"])
def test_four_ulp_in_double_precision(name):
    function, exact = ELEMENTWISE[name]
    x = np.concatenate([sign * np.logspace(-300, 2.84, 40_000) for sign in (1, -1)])
    assert ulps(function(mg.tensor(x)).numpy(), exact(x.astype(np.longdouble))).max() <= 4


@pytest.mark.parametrize("target", [0.0, 1.0, 0.5, 0.3, 1e-6, 1 - 2.0**-24])
def test_bce_with_logits_within_four_ulp(target):
    x = every_exponent(300)[1:-1]
    x = x[np.isfinite(x)]  # at infinity the answer that is not given counts 0 times infinity
    t = np.full_like(x, target)
    y = F.binary_cross_entropy_with_logits(mg.tensor(x), mg.tensor(t), reduction="none").numpy()
    wide, share = x.astype(np.float64), t.astype(np.float64)
    assert ulps(y, share * exact_softplus(-wide) + (1 - share) * exact_softplus(wide)).max() <= 4


# ------------------------------------------------------------------ the softmax family


def exact_family(x):
    """softmax, log_softmax and logsumexp of rows in long double; and the logarithm of the shifted sum."""
    wide = x.astype(np.longdouble)
    peak = wide.max(1, keepdims=True)
    powers = np.exp(wide - peak)
    rest = powers.copy()
    np.put_along_axis(rest, wide.argmax(1)[:, None], 0, 1)
    log_total = np.log1p(rest.sum(1, keepdims=True))
    return powers / (1 + rest.sum(1, keepdims=True)), wide - peak - log_total, peak + log_total, log_total


@given(
    st.integers(1, 40),
    st.floats(-8, 38, allow_nan=False),
    st.sampled_from([0.0, 1.0, 50.0, -3e3, 1e30]),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=150, deadline=None)
def test_the_softmax_family_keeps_its_bounds(classes, scale, shift, seed):
    with np.errstate(over="ignore"):
        x = np.random.default_rng(seed).standard_normal((30, classes)) * 10.0**scale + shift
        x = np.clip(x, -3e38, 3e38).astype(np.float32)
    share, log_share, log_sum, log_total = exact_family(x)
    t = mg.tensor(x)
    gap = x.max(1, keepdims=True).astype(np.float64) - x
    assert (ulps(mg.softmax(t, 1).numpy(), share) <= 5 + gap).all()

    runner_up = np.where(gap > 0, gap, np.inf).min(1, keepdims=True)
    slack = np.where((gap == 0) & (log_total < 0.5) & np.isfinite(runner_up), runner_up, 0)
    assert (ulps(mg.log_softmax(t, 1).numpy(), log_share) <= 5 + slack).all()

    larger = np.maximum(np.abs(x.max(1, keepdims=True)), log_total).astype(np.float32)
    error = np.abs(mg.logsumexp(t, 1, keepdim=True).numpy() - log_sum)
    assert (error <= 4 * np.spacing(larger)).all()


def test_a_certain_class_keeps_its_digits():
    x = mg.tensor([[0.0, -20.0], [0.0, -60.0]])
    np.testing.assert_allclose(mg.log_softmax(x, 1)[:, 0].numpy(), [-2.0611537e-09, -8.7565e-27], rtol=1e-4)
    np.testing.assert_allclose(mg.logsumexp(x, 1).numpy(), [2.0611537e-09, 8.7565e-27], rtol=1e-4)


def test_ties_and_infinities_of_the_softmax_family():
    inf = math.inf
    assert mg.logsumexp(mg.tensor([[0.0, 0, 0], [-inf, -inf, -inf], [inf, 1, -inf], [-inf, 2, -inf]]), 1).tolist() == (
        pytest.approx([math.log(3), -inf, inf, 2])
    )
    log_shares = mg.log_softmax(mg.tensor([[7.0, 7.0, -inf], [-inf, -inf, 0.0]]), 1)
    np.testing.assert_allclose(log_shares.numpy(), [[-math.log(2), -math.log(2), -inf], [-inf, -inf, 0]], rtol=1e-6)
    assert mg.isnan(mg.log_softmax(mg.tensor([[-inf, -inf], [inf, 1.0]]), 1)).all()


# ------------------------------------------------- gradients where a formula divides by zero


def zeros(*shape):
    return mg.zeros(*shape, dtype=mg.float64, requires_grad=True)


def constants(*shape):
    return mg.full(shape, 0.7, dtype=mg.float64, requires_grad=True)


AT_ZERO = {
    **{f"norm of order {p}": (lambda x, p=p: mg.norm(x, p, 1), zeros(2, 3)) for p in (0, 0.5, 1, 1.5, 2, 3, math.inf)},
    **{f"norm of order {p}": (lambda x, p=p: mg.norm(x, p, 1), zeros(2, 3)) for p in (-1, -math.inf)},
    **{
        f"cdist of order {p}": (lambda x, p=p: mg.cdist(x, x * 1, p), constants(3, 2)) for p in (0.5, 1, 2, 3, math.inf)
    },
    **{
        f"lp_pool of order {p}": (lambda x, p=p: F.lp_pool2d(x, p, 2), zeros(1, 1, 4, 4))
        for p in (0.5, 1, 1.5, 2, 3, math.inf)
    },
    **{f"var, correction {c}": (lambda x, c=c: mg.var(x, 1, correction=c), constants(2, 5)) for c in (0, 1)},
    **{f"std, correction {c}": (lambda x, c=c: mg.std(x, 1, correction=c), constants(2, 5)) for c in (0, 1)},
    "dist": (lambda x: mg.dist(x, x.detach()), constants(3)),
    "hypot": (lambda x: mg.hypot(x, x * 2), zeros(3)),
    "atan2": (lambda x: mg.atan2(x, x * 2), zeros(3)),
    "batch_norm": (lambda x: F.batch_norm(x, None, None, training=True), constants(4, 3, 2, 2)),
    "layer_norm": (lambda x: F.layer_norm(x, (4,)), constants(3, 4)),
    "group_norm": (lambda x: F.group_norm(x, 2), constants(3, 4, 2)),
    "instance_norm": (F.instance_norm, constants(3, 4, 3)),
    "rms_norm": (lambda x: F.rms_norm(x, (4,)), zeros(3, 4)),
    "normalize": (F.normalize, zeros(3, 4)),
    "cosine_similarity": (lambda x: F.cosine_similarity(x, x * 2), zeros(3, 4)),
    "pairwise_distance": (lambda x: F.pairwise_distance(x, x * 2), zeros(3, 4)),
    "triplet_margin_loss": (lambda x: F.triplet_margin_loss(x, x * 2, x * 3), zeros(3, 4)),
    "prod": (lambda x: mg.prod(x, 0), zeros(3)),
    "binary_cross_entropy": (lambda x: F.binary_cross_entropy(x, mg.ones_like(x)), zeros(3)),
    "smooth_l1_loss, beta 0": (lambda x: F.smooth_l1_loss(x, mg.zeros_like(x), beta=0), zeros(3)),
    "softmax with one class ruled out": (
        lambda x: mg.softmax(mg.where(mg.arange(3) == 0, -math.inf, x), 0),
        zeros(3),
    ),
}


@pytest.mark.parametrize("name", AT_ZERO)
def test_gradients_are_finite_to_second_order(name):
    function, x = AT_ZERO[name]
    y = function(x)
    (first,) = mg.autograd.grad(
        y, x, mg.linspace(0.5, 1.5, y.numel(), dtype=y.dtype).reshape(y.shape), create_graph=True
    )
    assert mg.isfinite(first).all()
    if first.requires_grad:
        seed = mg.linspace(0.3, 2, first.numel(), dtype=first.dtype).reshape(first.shape)
        (second,) = mg.autograd.grad(first, x, seed, materialize_grads=True)
        assert mg.isfinite(second).all()
