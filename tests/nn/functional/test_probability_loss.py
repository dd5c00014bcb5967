"""Losses of probabilities and distributions against their formulae; extreme logits; what the errors teach."""

import math
import warnings

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, MinigradError, MinigradWarning, ShapeError

RANDOM = np.random.default_rng(5)
X, P, T = RANDOM.normal(size=(3, 4)), RANDOM.uniform(0.05, 0.95, (3, 4)), RANDOM.uniform(0, 1, (3, 4))
W = RANDOM.uniform(0.5, 2, 4)


def s(x):
    return 1 / (1 + np.exp(-x))


LOG_T = np.log(T / T.sum(1, keepdims=True))
FORMULAE = {
    "binary_cross_entropy": (P, T, {}, -T * np.log(P) - (1 - T) * np.log(1 - P)),
    "weighted binary_cross_entropy": (P, T, {"weight": W}, W * (-T * np.log(P) - (1 - T) * np.log(1 - P))),
    "binary_cross_entropy_with_logits": (X, T, {}, -T * np.log(s(X)) - (1 - T) * np.log(s(-X))),
    "weighted binary_cross_entropy_with_logits": (
        X, T, {"weight": W, "pos_weight": W[::-1].copy()}, W * (-W[::-1] * T * np.log(s(X)) - (1 - T) * np.log(s(-X))),
    ),
    "multilabel_soft_margin_loss": (X, T, {}, (-T * np.log(s(X)) - (1 - T) * np.log(s(-X))).mean(1)),
    "weighted multilabel_soft_margin_loss": (
        X, T, {"weight": W}, (W * (-T * np.log(s(X)) - (1 - T) * np.log(s(-X)))).mean(1)),
    "soft_margin_loss": (X, np.sign(T - 0.5), {}, np.log(1 + np.exp(-np.sign(T - 0.5) * X))),
    "kl_div": (X, T, {}, T * (np.log(T) - X)),
    "logarithmic kl_div": (X, LOG_T, {"log_target": True}, np.exp(LOG_T) * (LOG_T - X)),
    "poisson_nll_loss": (X, T * 5, {}, np.exp(X) - T * 5 * X),
    "linear poisson_nll_loss": (P, T * 5, {"log_input": False, "eps": 0.1}, P - T * 5 * np.log(P + 0.1)),
    "gaussian_nll_loss": (X, T, {"var": P}, 0.5 * (np.log(P) + (X - T) ** 2 / P)),
    "full gaussian_nll_loss": (
        X, T, {"var": P, "full": True}, 0.5 * (np.log(2 * math.pi * P) + (X - T) ** 2 / P)),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:kl_div with")
@pytest.mark.parametrize("name", FORMULAE)
def test_N98_formulae_reductions_and_gradients(name):
    x, t, options, right = FORMULAE[name]
    function = getattr(F, name.split()[-1])
    words = {key: mg.tensor(one) if isinstance(one, np.ndarray) else one for key, one in options.items()}

    def loss(x, t, reduction="none"):
        return function(x, t, reduction=reduction, **words)

    inputs = mg.tensor(x, requires_grad=True), mg.tensor(t)
    np.testing.assert_allclose(loss(*inputs).detach().numpy(), right, rtol=1e-11)
    assert loss(*inputs, "sum").item() == pytest.approx(right.sum(), rel=1e-11)
    assert loss(*inputs, "mean").item() == pytest.approx(right.mean(), rel=1e-11)
    assert gradcheck(loss, inputs, order=2)
    assert gradcheck(lambda t: loss(inputs[0], t), mg.tensor(t, requires_grad=True), order=2)


def test_the_gradient_in_the_logits_is_sigmoid_minus_target():
    x = mg.tensor(X, requires_grad=True)
    F.binary_cross_entropy_with_logits(x, mg.tensor(T), reduction="sum").backward()
    np.testing.assert_allclose(x.grad.numpy(), s(X) - T, rtol=1e-12)
    probabilities = F.binary_cross_entropy(F.sigmoid(x), mg.tensor(T), reduction="sum")
    assert probabilities.item() == pytest.approx(
        F.binary_cross_entropy_with_logits(x, mg.tensor(T), reduction="sum").item()
    )


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: F.binary_cross_entropy_with_logits(x, mg.tensor([1.0, 0.0, 0.0, 1.0]), reduction="none"),
        lambda x: F.soft_margin_loss(x, mg.tensor([1.0, -1.0, -1.0, 1.0]), reduction="none"),
        lambda x: F.multilabel_soft_margin_loss(x[:, None], mg.tensor([[1.0], [0.0], [0.0], [1.0]]), reduction="none"),
    ],
)
def test_extreme_logits_in_float32(loss):
    x = mg.tensor([1e4, -1e4, 1e4, -1e4], requires_grad=True)
    losses = loss(x)
    assert losses.tolist() == [0, 0, 1e4, 1e4]
    losses.sum().backward()
    assert x.grad.tolist() == [0, 0, 1, -1]


def test_digits_at_both_ends():
    for sign, answer in ((1, 1.0), (-1, 0.0)):
        x = mg.tensor([sign * 30.0], requires_grad=True)
        loss = F.binary_cross_entropy_with_logits(x, mg.tensor([answer]))
        loss.backward()
        assert loss.item() == pytest.approx(math.exp(-30), rel=1e-6)
        assert x.grad.item() == pytest.approx(-sign * math.exp(-30), rel=1e-6)


def test_certain_probabilities():
    x = mg.tensor([0.0, 1.0, 1.0], requires_grad=True)
    loss = F.binary_cross_entropy(x, mg.tensor([0.0, 1.0, 0.0]), reduction="sum")
    loss.backward()
    assert (loss.item(), x.grad.tolist()[:2]) == (100, [0, 0])
    assert x.grad.tolist()[2] == pytest.approx(1e12)


def test_kl_div_of_distributions():
    p, q = mg.tensor([[0.5, 0.5], [0.25, 0.75]]), mg.tensor([[0.9, 0.1], [0.25, 0.75]])
    divergence = (0.5 * math.log(0.5 / 0.9) + 0.5 * math.log(0.5 / 0.1)) / 2  # of the first row; the second's is 0
    assert F.kl_div(q.log(), p, reduction="batchmean").item() == pytest.approx(divergence, rel=1e-6)
    assert F.kl_div(p.log(), p, reduction="batchmean").item() == pytest.approx(0, abs=1e-7)
    assert F.kl_div(q.log(), p.log(), "batchmean", True).item() == pytest.approx(divergence, rel=1e-6)
    assert F.kl_div(mg.tensor(-1.0), mg.tensor(1.0), "batchmean").item() == 1.0
    assert F.kl_div(mg.zeros(2), mg.tensor([0.0, 1.0]), "none").tolist() == [0.0, 0.0]


def test_the_mean_of_kl_div_warns_where_it_is_called():
    with pytest.warns(MinigradWarning, match="'batchmean' divides by the size of the batch") as caught:
        F.kl_div(mg.zeros(2), mg.ones(2))
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        F.kl_div(mg.zeros(2), mg.ones(2), "sum")


def test_stirling():
    counts = mg.tensor([0.0, 1.0, 2.0, 10.0, 50.0], dtype=mg.float64, requires_grad=True)
    x = mg.zeros(5, dtype=mg.float64)
    extra = F.poisson_nll_loss(x, counts, full=True, reduction="none") - F.poisson_nll_loss(x, counts, reduction="none")
    right = [0, 0, *(n * math.log(n) - n + 0.5 * math.log(2 * math.pi * n) for n in (2, 10, 50))]
    assert extra.tolist() == pytest.approx(right)
    assert extra[-1].item() == pytest.approx(math.lgamma(51), rel=1e-4)
    extra.sum().backward()
    assert counts.grad.tolist() == pytest.approx([0, 0, *(math.log(n) + 0.5 / n for n in (2, 10, 50))])


def test_small_variances_count_as_eps_and_still_learn():
    var = mg.tensor([0.0, 1e-9, 2.0], requires_grad=True)
    loss = F.gaussian_nll_loss(mg.ones(3), mg.zeros(3), var, eps=0.5, reduction="none")
    assert loss.tolist() == pytest.approx([0.5 * (math.log(v) + 1 / v) for v in (0.5, 0.5, 2.0)])
    loss.sum().backward()
    assert var.grad.tolist() == pytest.approx([0.5 * (1 / v - 1 / v**2) for v in (0.5, 0.5, 2.0)])
    assert var.tolist() == pytest.approx([0.0, 1e-9, 2.0])


@pytest.mark.parametrize(
    ("shape", "var"), [((3, 4), (3,)), ((3, 4), (3, 1)), ((3, 4), (1, 4)), ((2, 3, 4), (2, 3)), ((4,), ()), ((), ())]
)
def test_variances_that_are_shared(shape, var):
    x, t, v = RANDOM.normal(size=shape), RANDOM.normal(size=shape), RANDOM.uniform(0.5, 2, var)
    whole = np.broadcast_to(v[..., None] if len(var) < len(shape) else v, shape)
    loss = F.gaussian_nll_loss(mg.tensor(x), mg.tensor(t), mg.tensor(v))
    assert loss.item() == pytest.approx((0.5 * (np.log(whole) + (x - t) ** 2 / whole)).mean())
    number = F.gaussian_nll_loss(mg.tensor(x), mg.tensor(t), 2)
    assert number.item() == pytest.approx((0.5 * (math.log(2) + (x - t) ** 2 / 2)).mean())


def test_no_samples():
    empty = mg.zeros(0, 3)
    for loss in (
        F.binary_cross_entropy, F.binary_cross_entropy_with_logits, F.multilabel_soft_margin_loss, F.soft_margin_loss,
        F.poisson_nll_loss, lambda x, t, reduction: F.gaussian_nll_loss(x, t, x, reduction=reduction),
    ):  # fmt: skip
        assert math.isnan(loss(empty, empty, reduction="mean").item())
        assert loss(empty, empty, reduction="sum").item() == 0


# ------------------------------------------------------------------------------ refusals

HALF, ROW, INTS = mg.full((3,), 0.5), mg.full((3, 1), 0.5), mg.tensor([0, 1, 1])
LOGITS = "binary_cross_entropy_with_logits"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.binary_cross_entropy(HALF * 4, HALF), ArgumentError,
         "an input of 2.0; they lie between 0 and 1. Did you forget the sigmoid.*binary_cross_entropy_with_logits"),
        (lambda: F.binary_cross_entropy(HALF - 1, HALF), ArgumentError, "an input of -0.5"),
        (lambda: F.binary_cross_entropy(HALF * math.nan, HALF), ArgumentError, "an input of nan"),
        (lambda: F.binary_cross_entropy(mg.tensor(2.0), mg.tensor(1.0)), ArgumentError, "an input of 2.0"),
        (lambda: F.binary_cross_entropy(HALF, HALF * 4), ArgumentError, "a target of 2.0.*swap input and target"),
        (lambda: F.binary_cross_entropy(HALF, INTS), DTypeError,
         r"target of int64 for an input of float32; use target\.to\(input\.dtype\)"),
        (lambda: F.binary_cross_entropy(INTS, HALF), DTypeError, r"an input of int64.*\(input, target\)"),
        (lambda: F.binary_cross_entropy(HALF, HALF.double()), DTypeError, "target of float64"),
        (lambda: F.binary_cross_entropy(HALF, ROW), ShapeError, r"target\.reshape\(3,\)"),
        (lambda: F.binary_cross_entropy(HALF, HALF, mg.ones(2)), ShapeError,
         r"weight of shape \(2,\) for an input of shape \(3,\)"),
        (lambda: F.binary_cross_entropy(HALF, HALF, mg.ones(2, 3)), ShapeError, r"weight of shape \(2, 3\)"),
        (lambda: F.binary_cross_entropy(HALF, HALF, reduction="average"), ArgumentError, "'none', 'mean' or 'sum'"),
        (lambda: F.binary_cross_entropy_with_logits(ROW, HALF), ShapeError, LOGITS),
        (lambda: F.binary_cross_entropy_with_logits(INTS, HALF), DTypeError, r"an input of int64.*\(input, target\)"),
        (lambda: F.binary_cross_entropy_with_logits(HALF, INTS), DTypeError, r"a target of int64.*target\.float\(\)"),
        (lambda: F.binary_cross_entropy_with_logits(HALF, HALF, pos_weight=mg.ones(2)), ShapeError,
         r"pos_weight of shape \(2,\)"),
        (lambda: F.multilabel_soft_margin_loss(HALF, INTS > 0), DTypeError, r"target of bool; use target\.float\(\)"),
        (lambda: F.multilabel_soft_margin_loss(HALF, mg.ones(2, 3)), ShapeError, r"target of shape \(2, 3\)"),
        (lambda: F.multilabel_soft_margin_loss(mg.tensor(1.0), mg.tensor(1.0)), ShapeError, r"\(N, C\)"),
        (lambda: F.multilabel_soft_margin_loss(ROW, ROW, mg.ones(3)), ShapeError, r"weight of shape \(3,\)"),
        (lambda: F.multilabel_soft_margin_loss(HALF, mg.ones(2)), ShapeError, r"input \(3,\), target \(2,\)"),
        (lambda: F.soft_margin_loss(ROW, HALF), ShapeError, r"target of shape \(3,\) for an input of shape \(3, 1\)"),
        (lambda: F.soft_margin_loss(INTS, HALF), DTypeError, "an input of int64"),
        (lambda: F.kl_div(HALF, INTS, "sum"), DTypeError, "target of int64.*log_target=True"),
        (lambda: F.kl_div(INTS, HALF, "sum"), DTypeError, "input of int64.*log_softmax"),
        (lambda: F.kl_div(HALF, mg.ones(2), "sum"), ShapeError, r"input \(3,\), target \(2,\)"),
        (lambda: F.kl_div(HALF, HALF, "average"), ArgumentError, "'average'.*'batchmean'"),
        (lambda: F.poisson_nll_loss(HALF, mg.ones(2)), ShapeError, "poisson_nll_loss of shapes that do not fit"),
        (lambda: F.gaussian_nll_loss(HALF, HALF, -HALF), ArgumentError, "a variance of -0.5.*softplus"),
        (lambda: F.gaussian_nll_loss(HALF, HALF, -1), ArgumentError, "a variance of -1.0"),
        (lambda: F.gaussian_nll_loss(HALF, HALF, mg.ones(2)), ShapeError,
         r"variances of shape \(2,\) for an input of shape \(3,\)"),
        (lambda: F.gaussian_nll_loss(HALF, HALF, INTS), DTypeError, r"a var of int64.*var\.float\(\)"),
        (lambda: F.gaussian_nll_loss(HALF, mg.ones(2), HALF), ShapeError, r"target \(2,\)"),
    ],
)  # fmt: skip
def test_refusals(call, error, message):
    with pytest.raises(error, match=message) as raised:
        call()
    assert isinstance(raised.value, MinigradError)
