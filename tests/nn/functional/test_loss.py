"""Losses of classification against their formulae, and the labels and shapes that newcomers bring."""

import itertools
import math

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, MinigradError, ShapeError


def log_softmax(x, axis=1):
    shifted = x - x.max(axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


def by_loop(logs, labels, weight, ignore_index, reduction, smoothing):
    """Cross-entropy of log-probabilities (N, C, *d), label by label."""
    classes = logs.shape[1]
    losses, weights = np.zeros(labels.shape), np.zeros(labels.shape)
    for place in np.ndindex(labels.shape):
        label = labels[place]
        if label == ignore_index:
            continue
        row = logs[(place[0], slice(None), *place[1:])]
        weights[place] = weight[label]
        losses[place] = -(1 - smoothing) * weight[label] * row[label] - smoothing / classes * (weight * row).sum()
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / weights.sum()


SHAPES = [((4, 3), (4,)), ((2, 3, 5), (2, 5)), ((2, 3, 2, 2), (2, 2, 2)), ((1, 3), (1,))]


@pytest.mark.parametrize(("shape", "label_shape"), SHAPES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignore", [-100, 1])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_N98_cross_entropy(shape, label_shape, weighted, ignore, smoothing):
    random = np.random.default_rng(3)
    x, labels = random.normal(size=shape), random.integers(0, 3, label_shape)
    labels.flat[0] = 2  # at least one counts
    weight = random.uniform(0.5, 2, 3) if weighted else np.ones(3)
    given = mg.tensor(weight) if weighted else None
    for reduction in ("none", "sum", "mean"):
        loss = F.cross_entropy(mg.tensor(x), mg.tensor(labels), given, ignore, reduction, smoothing)
        right = by_loop(log_softmax(x), labels, weight, ignore, reduction, smoothing)
        np.testing.assert_allclose(loss.numpy(), right, rtol=1e-12)
    inputs = mg.tensor(x, requires_grad=True)
    assert gradcheck(
        lambda x: F.cross_entropy(x, mg.tensor(labels), given, ignore, label_smoothing=smoothing), inputs, order=2
    )


def test_N98_the_gradient_in_the_logits_is_softmax_minus_target():
    x = mg.tensor([[1.0, 2.0, 3.0]], dtype=mg.float64, requires_grad=True)
    F.cross_entropy(x, mg.tensor([1])).backward()
    softmax = [0.09003057317038046, 0.24472847105479764, 0.6652409557748218]
    np.testing.assert_allclose(F.softmax(x.detach(), 1).numpy()[0], softmax, rtol=1e-14)
    np.testing.assert_allclose(x.grad.numpy()[0], np.array(softmax) - [0, 1, 0], rtol=1e-12)


def test_N97_N98_N99_N100_losses_of_the_example():
    y, t = (
        mg.tensor([0.2, 0.7, 0.1], dtype=mg.float64, requires_grad=True),
        mg.tensor([0.0, 1.0, 0.0], dtype=mg.float64),
    )
    assert F.mse_loss(y, t, reduction="sum").item() == pytest.approx(0.14)
    assert (F.mse_loss(y, t, reduction="sum") / 2).item() == pytest.approx(0.07)
    assert F.mse_loss(y, t).item() == pytest.approx(0.04666666666666667)
    assert F.nll_loss(y.log()[None], mg.tensor([1])).item() == pytest.approx(0.35667494393873245)
    F.mse_loss(y, t, reduction="sum").backward()
    np.testing.assert_allclose(y.grad.numpy(), 2 * np.array([0.2, -0.3, 0.1]))


def test_N2_targets_of_the_tasks():
    objects = ["fireplace", "table", "couch", "chair", "mirror", "bed"]
    present = {"fireplace", "table", "chair", "mirror"}
    rows = F.one_hot(mg.tensor([objects.index(name) for name in present]), len(objects))
    assert rows.amax(0).tolist() == [1, 1, 0, 1, 1, 0]
    assert F.one_hot(mg.tensor(0), 4).tolist() == [1, 0, 0, 0]
    assert F.one_hot(mg.tensor([2]), 4).tolist() == [[0, 0, 1, 0]]


def test_probabilities_as_targets_agree_with_class_numbers():
    x, labels = mg.randn(4, 3, 2, dtype=mg.float64), mg.tensor([[0, 1], [2, 0], [1, 1], [2, 2]])
    soft = F.one_hot(labels, 3).double().permute(0, 2, 1)
    weight = mg.tensor([0.5, 1.0, 2.0], dtype=mg.float64)
    for smoothing, reduction in itertools.product((0.0, 0.2), ("none", "sum")):
        hard = F.cross_entropy(x, labels, weight, reduction=reduction, label_smoothing=smoothing)
        np.testing.assert_allclose(
            F.cross_entropy(x, soft, weight, reduction=reduction, label_smoothing=smoothing).numpy(), hard.numpy()
        )
    assert F.cross_entropy(x, soft).item() == pytest.approx(F.cross_entropy(x, labels).item())


def test_one_sample_without_batch():
    x = mg.tensor([1.0, 2.0, 3.0], dtype=mg.float64)
    assert F.cross_entropy(x, mg.tensor(1)).item() == pytest.approx(-math.log(0.24472847105479764))
    assert F.cross_entropy(x, mg.tensor([0.0, 1.0, 0.0], dtype=mg.float64)).item() == pytest.approx(
        -math.log(0.24472847105479764)
    )


def test_extreme_logits():
    x = mg.tensor([[1000.0, -1000.0], [-1e30, 1e30]], requires_grad=True)
    loss = F.cross_entropy(x, mg.tensor([0, 1]), reduction="none")
    assert loss.tolist() == [0.0, 0.0]
    assert F.cross_entropy(x, mg.tensor([1, 1]), reduction="none").tolist() == [2000.0, 0.0]
    F.cross_entropy(x, mg.tensor([1, 1])).backward()
    assert np.isfinite(x.grad.numpy()).all()


def test_a_class_that_cannot_be_is_no_nan_where_it_does_not_count():
    x = mg.tensor([[0.0, -math.inf]], requires_grad=True)
    F.nll_loss(x, mg.tensor([0])).backward()
    assert x.grad.tolist() == [[-1.0, 0.0]]
    ignored = F.nll_loss(mg.tensor([[-math.inf, 0.0], [0.0, 0.0]]), mg.tensor([0, 1]), ignore_index=0)
    assert ignored.item() == 0.0


def test_everything_ignored_is_nan_and_the_sum_is_zero():
    x, labels = mg.zeros(2, 3), mg.tensor([-100, -100])
    assert math.isnan(F.cross_entropy(x, labels).item())
    assert F.cross_entropy(x, labels, reduction="sum").item() == 0.0
    assert math.isnan(F.cross_entropy(mg.zeros(0, 3), mg.zeros(0, dtype=mg.int64)).item())


@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_dtype_is_kept(dtype):
    x = mg.ones(2, 3, dtype=dtype, requires_grad=True)
    for loss in (
        F.cross_entropy(x, mg.tensor([0, 1])),
        F.cross_entropy(x, x.detach()),
        F.nll_loss(x, mg.tensor([0, 1])),
        F.cross_entropy(x, mg.tensor([0, 1]), label_smoothing=0.1),
    ):
        assert loss.dtype == dtype


@pytest.mark.parametrize("label_dtype", [mg.uint8, mg.int8, mg.int16, mg.int32, mg.int64])
def test_labels_of_every_integer_dtype(label_dtype):
    labels = mg.tensor([0, 2], dtype=label_dtype)
    x = mg.tensor([[1.0, 2.0, 3.0]] * 2)
    assert F.cross_entropy(x, labels).item() == F.cross_entropy(x, labels.long()).item()
    assert F.one_hot(labels, 3).tolist() == [[1, 0, 0], [0, 0, 1]]


# ------------------------------------------------------------------------------- margins


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("weighted", [False, True])
def test_multi_margin_loss(p, weighted):
    random = np.random.default_rng(4)
    x, labels, weight = random.normal(size=(5, 4)), random.integers(0, 4, 5), random.uniform(0.5, 2, 4)
    right = np.zeros(5)
    for row, label in enumerate(labels):
        costs = [max(0, 0.7 - x[row, label] + x[row, other]) ** p for other in range(4) if other != label]
        right[row] = sum(costs) / 4 * (weight[label] if weighted else 1)
    inputs, given = mg.tensor(x, requires_grad=True), mg.tensor(weight) if weighted else None

    def loss(x, reduction):
        return F.multi_margin_loss(x, mg.tensor(labels), p, 0.7, given, reduction)

    np.testing.assert_allclose(loss(inputs, "none").detach().numpy(), right, rtol=1e-12)
    assert loss(inputs, "sum").item() == pytest.approx(right.sum())
    assert loss(inputs, "mean").item() == pytest.approx(right.mean())
    assert gradcheck(lambda x: loss(x, "none"), inputs, order=2)
    assert F.multi_margin_loss(inputs[0], mg.tensor(labels)[0], p, 0.7, given).item() == pytest.approx(right[0])


def test_multilabel_margin_loss():
    random = np.random.default_rng(4)
    x = random.normal(size=(4, 5))
    labels = np.array([[3, 0, -1, 1, 1], [-1, 0, 0, 0, 0], [4, 3, 2, 1, 0], [2, 2, -1, 0, 0]])
    right = np.zeros(4)
    for row in range(4):
        named = []
        for label in labels[row]:
            if label == -1:
                break
            named.append(label)
        for label in named:
            others = [other for other in range(5) if other not in named]
            right[row] += sum(max(0, 1 - x[row, label] + x[row, other]) for other in others) / 5
    inputs = mg.tensor(x, requires_grad=True)

    def loss(x, reduction):
        return F.multilabel_margin_loss(x, mg.tensor(labels), reduction)

    np.testing.assert_allclose(loss(inputs, "none").detach().numpy(), right, rtol=1e-12)
    assert loss(inputs, "sum").item() == pytest.approx(right.sum())
    assert loss(inputs, "mean").item() == pytest.approx(right.mean())
    assert gradcheck(lambda x: loss(x, "none"), inputs, order=2)
    assert F.multilabel_margin_loss(inputs[0], mg.tensor(labels)[0]).item() == pytest.approx(right[0])


def test_margins_of_no_samples():
    for target, loss in ((mg.zeros(0).long(), F.multi_margin_loss), (mg.zeros(0, 3).long(), F.multilabel_margin_loss)):
        assert loss(mg.zeros(0, 3), target, reduction="none").shape == (0,)
        assert loss(mg.zeros(0, 3), target, reduction="sum").item() == 0
        assert math.isnan(loss(mg.zeros(0, 3), target).item())


def test_scores_that_are_nan_are_not_free():
    assert math.isnan(F.multi_margin_loss(mg.tensor([[math.nan, 1.0]]), mg.tensor([0])).item())


# ------------------------------------------------------------------------------ refusals

X, LABELS = mg.zeros(4, 3), mg.tensor([0, 1, 2, 0])


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        (mg.tensor([0, 1, 3, 0]), IndexOutOfRangeError, "label 3 arrived for scores of 3 classes.*0 to 2.*start at 1"),
        (mg.tensor([0, -1, 2, 0]), IndexOutOfRangeError, "label -1"),
        (mg.tensor([[0, 1, 2, 0]]), ShapeError, r"labels of shape \(1, 4\).*labels of shape \(4,\) were expected"),
        (mg.tensor([[0], [1], [2], [0]]), ShapeError, r"labels of shape \(4, 1\)"),
        (mg.tensor([0, 1, 2]), ShapeError, r"labels of shape \(3,\)"),
        (mg.eye(4, 3, dtype=mg.int64), ShapeError, r"One-hot targets\? Use target\.argmax\(1\)"),
        (mg.tensor([True, False, True, False]), DTypeError, r"labels of bool.*target\.long\(\)"),
        ([0, 1, 2, 0], DTypeError, "got a list"),
        (None, DTypeError, "got a NoneType"),
    ],
)  # fmt: skip
def test_labels_that_do_not_fit(loss, target, error, message):
    with pytest.raises(error, match=message) as raised:
        loss(X, target)
    assert isinstance(raised.value, MinigradError)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.cross_entropy(X, mg.tensor([0.0, 1.0, 2.0, 0.0])), ShapeError, r"target\.long\(\)"),
        (lambda: F.nll_loss(X, mg.tensor([0.0, 1.0, 2.0, 0.0])), DTypeError, "labels of float32"),
        (lambda: F.cross_entropy(X.long(), mg.tensor([0, 1, 2, 0])), DTypeError, "int64"),
        (
            lambda: F.cross_entropy(X, mg.tensor([0, 1, 2, 0]), weight=mg.ones(4)),
            ShapeError,
            r"weight of shape \(4,\) arrived for 3 classes",
        ),
        (lambda: F.cross_entropy(X, mg.tensor([0, 1, 2, 0]), label_smoothing=1.5), ArgumentError, "between 0 and 1"),
        (
            lambda: F.cross_entropy(X, mg.tensor([0, 1, 2, 0]), reduction="average"),
            ArgumentError,
            "'none', 'mean' or 'sum'",
        ),
        (lambda: F.cross_entropy(X, X, reduction="average"), ArgumentError, "'none', 'mean' or 'sum'"),
        (
            lambda: F.cross_entropy(mg.tensor(1.0), mg.tensor(0)),
            (ShapeError, IndexOutOfRangeError),
            r"0 axes|shape \(\)",
        ),
        (
            lambda: F.cross_entropy(X, X, ignore_index=0),
            ArgumentError,
            "ignore_index=0 and probabilities; only class numbers",
        ),
        (lambda: F.multi_margin_loss(X, LABELS, p=3), ArgumentError, "p=3; it is 1 or 2"),
        (lambda: F.multi_margin_loss(X, LABELS + 1), IndexOutOfRangeError, "label 3 for scores of 3 classes.*0 to 2"),
        (lambda: F.multi_margin_loss(X, LABELS.float()), DTypeError, r"labels of float32.*target\.long\(\)"),
        (lambda: F.multi_margin_loss(LABELS, X), DTypeError, r"an input of int64.*\(input, target\)"),
        (lambda: F.multi_margin_loss(X, LABELS[:2]), ShapeError, r"labels of shape \(2,\).*shape \(4,\)"),
        (lambda: F.multi_margin_loss(X[None], LABELS[None]), ShapeError, r"scores of shape \(1, 4, 3\)"),
        (lambda: F.multi_margin_loss(X[:, :0], LABELS), ShapeError, "at least one class"),
        (lambda: F.multi_margin_loss(X, LABELS, weight=mg.ones(4)), ShapeError, r"weight of shape \(4,\).*3 classes"),
        (lambda: F.multi_margin_loss(X, LABELS, weight=mg.ones(3).double()), DTypeError, "weight of float64"),
        (lambda: F.multi_margin_loss(X, LABELS, reduction="average"), ArgumentError, "'none', 'mean' or 'sum'"),
        (lambda: F.multilabel_margin_loss(X, LABELS), ShapeError, r"labels of shape \(4,\); both have the same shape"),
        (
            lambda: F.multilabel_margin_loss(X[0], mg.tensor([3, -1, 0])),
            IndexOutOfRangeError,
            "label 3 .*0 to 2, and -1 ends them",
        ),
        (lambda: F.multilabel_margin_loss(X[0], mg.tensor([0, -2, 0])), IndexOutOfRangeError, "label -2"),
        (lambda: F.multilabel_margin_loss(X, X), DTypeError, "labels of float32"),
        (lambda: F.one_hot(mg.tensor([0.5])), DTypeError, "labels of float32"),
        (lambda: F.one_hot(mg.tensor([-1, 0])), IndexOutOfRangeError, "from -1 to 0"),
        (lambda: F.one_hot(mg.tensor([3]), 3), IndexOutOfRangeError, "for 3 classes"),
        (lambda: F.one_hot([0, 1]), DTypeError, "list"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message) as raised:
        call()
    assert isinstance(raised.value, MinigradError)


def test_arrays_are_taken_as_tensors():
    x = np.zeros((4, 3), np.float32)
    labels = np.array([0, 1, 2, 0])
    assert F.cross_entropy(x, labels).item() == F.cross_entropy(mg.tensor(x), mg.tensor(labels)).item()
