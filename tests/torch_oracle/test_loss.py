"""Losses of classification: every option, every shape that PyTorch takes, and what both refuse."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as G
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal, positive, whole
from tests.torch_oracle.modules import compare_layer

REDUCTIONS = ["mean", "sum", "none"]


def functions(name, *others, **options):
    """The loss of both libraries; arrays among the options become tensors."""

    def run(side, library):
        keywords = {key: library.tensor(one) if isinstance(one, np.ndarray) else one for key, one in options.items()}
        if "weight" in keywords and keywords["weight"] is not None:
            return lambda x, t: getattr(side, name)(x, t, **{**keywords, "weight": keywords["weight"].to(x.dtype)})
        return lambda x, t: getattr(side, name)(x, t, **keywords)

    return run(F, mg), run(G, torch)


@st.composite
def classifications(draw):
    """Logits' shape, labels (some of them ignored), and options."""
    classes, batch = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    kind = draw(st.sampled_from(["batch", "single", "map", "volume"]))
    spatial = {"batch": (), "single": (), "map": (2,), "volume": (2, 1, 2)}[kind]
    shape = (classes,) if kind == "single" else (batch, classes, *spatial)
    labels = whole(0, classes, *(() if kind == "single" else (batch, *spatial)), seed=draw(st.integers(0, 20)))
    options = {"reduction": draw(st.sampled_from(REDUCTIONS))}
    if draw(st.booleans()):
        options["weight"] = positive(classes, seed=5)
    ignored = draw(st.sampled_from([-100, 0, -1, 7]))
    options["ignore_index"] = ignored
    if ignored in (-1, 7, -100) and draw(st.booleans()):
        labels = np.where(whole(0, 3, *labels.shape, seed=9) == 0, ignored, labels)
    return shape, labels, options


@drawn(300)
@given(classifications(), st.sampled_from([0.0, 0.0, 0.1, 1.0]))
def test_cross_entropy(case, smoothing):
    shape, labels, options = case
    compare(*functions("cross_entropy", label_smoothing=smoothing, **options), normal(*shape), labels)


@drawn(300)
@given(classifications())
def test_nll_loss(case):
    shape, labels, options = case
    compare(*functions("nll_loss", **options), normal(*shape), labels)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("shape", [(3,), (4, 3), (4, 3, 2), (2, 3, 2, 2), (0, 3)])
def test_class_probabilities(reduction, weighted, smoothing, shape):
    options = {"weight": positive(3, seed=5)} if weighted else {}
    axis = 0 if len(shape) == 1 else 1
    targets = positive(*shape, seed=1)
    targets /= targets.sum(axis, keepdims=True)
    ours, theirs = functions("cross_entropy", reduction=reduction, label_smoothing=smoothing, **options)
    compare(ours, theirs, normal(*shape), targets, order=2 if 0 not in shape else 1)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_everything_ignored_or_nothing_there(name, reduction):
    options = {"reduction": reduction}
    compare(*functions(name, ignore_index=1, **options), normal(2, 3), np.array([1, 1]), order=1)
    compare(*functions(name, **options), normal(0, 3), np.zeros(0, np.int64), order=1)
    compare(*functions(name, **options), normal(0, 3, 2), np.zeros((0, 2), np.int64), order=1)
    if name == "cross_entropy":
        compare(
            *functions(name, ignore_index=1, label_smoothing=0.1, **options), normal(2, 3), np.array([1, 1]), order=1
        )


EMPTY = {
    "mse_loss": 2, "l1_loss": 2, "smooth_l1_loss": 2, "huber_loss": 2, "poisson_nll_loss": 2,
    "binary_cross_entropy": 2, "binary_cross_entropy_with_logits": 2, "multilabel_soft_margin_loss": 2,
    "hinge_embedding_loss": 2, "cross_entropy": 2, "gaussian_nll_loss": 3, "triplet_margin_loss": 3,
    "triplet_margin_with_distance_loss": 3,
}  # fmt: skip


@pytest.mark.parametrize(("name", "count"), EMPTY.items())
def test_the_mean_over_nothing_is_nan_and_its_derivatives_are_zero(name, count):
    compare(*functional(name), *[normal(0, 3)] * count)


def test_the_mean_over_no_pairs_is_nan_and_its_derivatives_are_zero():
    compare(*functional("margin_ranking_loss"), normal(0), normal(0), np.ones(0, np.int64))
    compare(*functional("cosine_embedding_loss"), normal(0, 3), normal(0, 3), np.ones(0, np.int64))


def test_extreme_logits():
    for logits in (
        [[1000.0, 0.0], [-1000.0, 1000.0]],
        [[-math.inf, 0.0], [0.0, -math.inf]],
        [[1e30, -1e30], [5.0, 5.0]],
    ):
        for labels in itertools.product([0, 1], [0, 1]):
            compare(
                *functions("cross_entropy", reduction="none"), np.array(logits), np.array(labels), order=1, single=False
            )
    compare(
        *functions("cross_entropy", reduction="sum", ignore_index=0),
        np.array([[-math.inf, 0.0]]),
        np.array([0]),
        order=0,
        single=False,
    )
    compare(
        *functions("cross_entropy", reduction="sum", ignore_index=1), np.array([[math.nan, 0.0], [1.0, 2.0]]),
        np.array([1, 0]), order=0, single=False,
    )  # fmt: skip


def test_labels_of_other_integers():
    for dtype in (np.uint8, np.int64):
        compare(*functions("nll_loss"), normal(4, 3), np.array([0, 2, 1, 0]).astype(dtype))
        compare(*functions("cross_entropy"), normal(4, 3), np.array([0, 2, 1, 0]).astype(dtype))


def test_what_both_refuse():
    cases = [
        ((2, 3), [0, 3]), ((2, 3), [0, -1]), ((2, 3), [0]), ((2, 3), [[0], [1]]), ((2, 3), [0.0, 1.0]),
        ((2, 3, 2), [0, 1]), ((), [0]), ((2, 3), [True, False]),
    ]  # fmt: skip
    for name in ("cross_entropy", "nll_loss"):
        for shape, labels in cases:
            both_refuse(
                lambda: getattr(F, name)(mg.ones(shape), mg.tensor(labels)),
                lambda: getattr(G, name)(torch.ones(shape), torch.tensor(labels)),
            )
        for options in ({"reduction": "average"}, {"weight": 2}, {"weight": (2,)}, {"weight": (3, 1)}):
            calls = []
            for side, library in ((F, mg), (G, torch)):
                keywords = {key: library.ones(one) if key == "weight" else one for key, one in options.items()}
                calls.append(
                    lambda side=side, library=library, keywords=keywords: getattr(side, name)(
                        library.ones(2, 3), library.tensor([0, 1]), **keywords
                    )
                )
            both_refuse(*calls)
    both_refuse(
        lambda: F.cross_entropy(mg.ones(2, 3), mg.tensor([0, 1]), label_smoothing=1.5),
        lambda: G.cross_entropy(torch.ones(2, 3), torch.tensor([0, 1]), label_smoothing=1.5),
    )


def test_probabilities_cannot_be_ignored():
    for ignored in (0, 1):
        both_refuse(
            lambda: F.cross_entropy(mg.ones(2, 3), mg.ones(2, 3), ignore_index=ignored),
            lambda: G.cross_entropy(torch.ones(2, 3), torch.ones(2, 3), ignore_index=ignored),
        )
    compare(*functions("cross_entropy", ignore_index=-1), normal(2, 3), positive(2, 3))


def test_maps_without_pixels():
    for shape in ((2, 3, 0, 2), (0, 3, 2, 2)):
        for reduction in REDUCTIONS:
            labels = np.zeros((shape[0], *shape[2:]), np.int64)
            compare(*functions("nll_loss", reduction=reduction), normal(*shape), labels, order=1)
            compare(*functions("cross_entropy", reduction=reduction), normal(*shape), labels, order=1)


# ---------------------------------------------------------------------------- margins

# PyTorch has no second derivatives of these two.
reductions, seeds = st.sampled_from(REDUCTIONS), st.integers(0, 30)


@drawn(100)
@given(st.sampled_from([(4, 3), (1, 5), (3,), (2, 1), ()]), st.sampled_from([1, 2, 1.0]), reductions,
       st.sampled_from([1.0, 0.3, -0.5]), st.booleans(), seeds)  # fmt: skip
def test_multi_margin_loss(shape, p, reduction, margin, weighted, seed):
    classes = shape[-1] if shape else 1
    options = {"weight": positive(classes, seed=5)} if weighted else {}
    function = functions("multi_margin_loss", p=p, margin=margin, reduction=reduction, **options)
    for label_shape in (shape[:-1], (1,)) if len(shape) < 2 else (shape[:1],):
        compare(*function, normal(*shape, seed=seed), whole(0, classes, *label_shape, seed=seed), order=1)


def test_multi_margin_loss_at_its_ends():
    for p in (1, 2):
        kinks = np.array([[1.0, 0.0, 0.0, 0.5], [0.0, 1.0, 1.0, 1.0]])
        compare(*functions("multi_margin_loss", p=p, reduction="none"), kinks, np.array([0, 1]), order=1)
    compare(*functions("multi_margin_loss", reduction="none"), normal(0, 3), np.zeros(0, np.int64), order=1)
    compare(*functions("multi_margin_loss"), np.array([[math.inf, 1.0], [1.0, 2.0]]), np.array([0, 0]), order=0)
    for shape, labels, options in (
        ((2, 3), [0, 3], {}), ((2, 3), [0, -1], {}), ((2, 3), [0], {}), ((2, 3), [0.0, 1.0], {}), ((3,), [0, 1], {}),
        ((2, 0), [0, 0], {}), ((1, 2, 3), [[0, 1]], {}), ((2, 3), [0, 1], {"p": 3}), ((2, 3), [0, 1], {"p": 0}),
        ((2, 3), [0, 1], {"reduction": "average"}), ((2, 3), [0, 1], {"weight": (2,)}),
        ((2, 3), [0, 1], {"weight": (1, 3)}), ((2, 3), [[0], [1]], {}), ((2, 3), [True, False], {}),
    ):  # fmt: skip
        refuse("multi_margin_loss", shape, labels, **options)
    both_refuse(
        lambda: F.multi_margin_loss(mg.ones(2, 3, dtype=mg.int64), mg.tensor([0, 1])),
        lambda: G.multi_margin_loss(torch.ones(2, 3, dtype=torch.int64), torch.tensor([0, 1])),
    )
    both_refuse(
        lambda: F.multi_margin_loss(mg.ones(2, 3), mg.tensor([0, 1]), weight=mg.ones(3).double()),
        lambda: G.multi_margin_loss(torch.ones(2, 3), torch.tensor([0, 1]), weight=torch.ones(3).double()),
    )


def refuse(name, shape, labels, **options):
    """Both refuse ones of that shape with these labels; tuples among the options are the shapes of ones."""
    calls = []
    for side, library in ((F, mg), (G, torch)):
        words = {key: library.ones(one) if isinstance(one, tuple) else one for key, one in options.items()}
        calls.append(
            lambda side=side, library=library, words=words: getattr(side, name)(
                library.ones(shape), library.tensor(labels), **words
            )
        )
    both_refuse(*calls)


@drawn(100)
@given(st.sampled_from([(4, 3), (1, 5), (3,), (2, 1), ()]), reductions, seeds)
def test_multilabel_margin_loss(shape, reduction, seed):
    classes = shape[-1] if shape else 1
    function = functions("multilabel_margin_loss", reduction=reduction)
    compare(*function, normal(*shape, seed=seed), whole(-1, classes, *shape, seed=seed), order=1)


def test_multilabel_margin_loss_at_its_ends():
    function = functions("multilabel_margin_loss", reduction="none")
    scores = np.array([[0.1, 0.2, 0.4, 0.8]])
    for labels in ([3, 0, -1, 1], [3, 3, -1, 0], [-1, 3, -1, 0], [0, 1, 2, 3], [2, 1, 0, -1]):
        compare(*function, scores, np.array([labels]), order=1)
    compare(*function, np.array([[1.0, 0.0, 0.0]]), np.array([[0, -1, 0]]), order=1)  # the kink
    compare(*function, normal(0, 3), np.zeros((0, 3), np.int64), order=1)
    for x, labels in (((), [0]), ((1,), 0), ((), 0)):
        compare(*functions("multilabel_margin_loss"), np.ones(x), np.array(labels), order=1)
    for shape, labels in (
        ((1, 4), [[4, 0, 0, 0]]), ((1, 4), [[-2, 0, 0, 0]]), ((1, 4), [[3, -1, 9, 0]]), ((1, 4), [3, 0, -1, 1]),
        ((4,), [[3, 0, -1, 1]]), ((1, 4), [[3.0, 0.0, -1.0, 1.0]]), ((1, 0), [[]]), ((1, 1, 2), [[[0, -1]]]),
        ((4,), [0, 1, 2]),
    ):  # fmt: skip
        refuse("multilabel_margin_loss", shape, labels)
    refuse("multilabel_margin_loss", (1, 4), [[3, 0, -1, 1]], reduction="average")


# ------------------------------------------------------------------------------- modules

X, LABELS, WEIGHT = normal(4, 3), np.array([0, 2, 1, 1]), positive(3)
LAYERS = [
    ("CrossEntropyLoss", {}, LABELS, 2), ("CrossEntropyLoss", {"label_smoothing": 0.1, "ignore_index": 1}, LABELS, 2),
    ("CrossEntropyLoss", {"weight": WEIGHT, "label_smoothing": 0.1, "ignore_index": 1}, LABELS, 2),
    ("CrossEntropyLoss", {"weight": WEIGHT}, positive(4, 3, seed=1), 2),
    ("NLLLoss", {"ignore_index": 2, "weight": WEIGHT}, LABELS, 2), ("NLLLoss", {}, LABELS, 2),
    ("NLLLoss2d", {"weight": WEIGHT}, LABELS, 2),
    ("MultiMarginLoss", {}, LABELS, 1), ("MultiMarginLoss", {"p": 2, "margin": 0.5, "weight": WEIGHT}, LABELS, 1),
    ("MultiLabelMarginLoss", {}, np.array([[0, -1, 2], [1, 2, -1], [0, 1, 2], [-1, 0, 0]]), 1),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*NLLLoss2d:FutureWarning")
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("name", "options", "target", "order"), LAYERS,
                         ids=[f"{one[0]}-{list(one[1])}" for one in LAYERS])  # fmt: skip
def test_layers(name, options, target, order, reduction):
    compare_layer(name, (), {**options, "reduction": reduction}, X, target, order=order)
    ours, theirs = (getattr(side, name)(reduction=reduction) for side in (nn, torch.nn))
    for key in ("reduction", "weight", "ignore_index", "label_smoothing", "p", "margin"):
        assert getattr(ours, key, "nothing") == getattr(theirs, key, "nothing")


def test_maps_of_classes_as_a_layer():
    for name in ("CrossEntropyLoss", "NLLLoss"):
        compare_layer(name, (), {"ignore_index": 1}, normal(2, 3, 4, 2), whole(0, 3, 2, 4, 2))
        compare_layer(name, (), {}, normal(3), np.array(1))


def test_layers_refuse_what_they_can_when_they_are_made():
    for options in ({"p": 3}, {"weight": (2, 2)}):
        calls = []
        for side, library in ((nn, mg), (torch.nn, torch)):
            words = {key: library.ones(one) if key == "weight" else one for key, one in options.items()}
            calls.append(lambda side=side, words=words: side.MultiMarginLoss(**words))
        both_refuse(*calls)
