"""Losses: every option, every shape that PyTorch takes, and what both refuse."""

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
from tests.torch_oracle.compare import both_refuse, compare, drawn, normal, positive, whole

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


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(3, 4), (3,), (), (0,), (2, 0, 3)])
def test_mse_loss(reduction, shape):
    # The mean of nothing is NaN; its second derivative with respect to the cotangent is 0/0 here, 0 there.
    compare(
        *functions("mse_loss", reduction=reduction),
        normal(*shape),
        normal(*shape, seed=1),
        order=1 if 0 in shape else 2,
    )


def test_mse_loss_of_special_values():
    compare(*functions("mse_loss", reduction="none"), np.array([math.inf, math.nan, 1e200]),
    np.array([1.0, 1.0, -1e200]), order=1,
            single=False)  # fmt: skip
    both_refuse(
        lambda: F.mse_loss(mg.ones(2), mg.ones(2), reduction="average"),
        lambda: G.mse_loss(torch.ones(2), torch.ones(2), reduction="average"),
    )
    compare(
        lambda x, y: F.mse_loss(x, y),
        lambda x, y: G.mse_loss(x, y),
        normal(3).astype(np.float32),
        normal(3),
        single=False,
        order=1,
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_modules(reduction):
    x, labels, weight = normal(4, 3), np.array([0, 2, 1, 1]), positive(3)
    for name, options in (
        ("CrossEntropyLoss", {"ignore_index": 1, "label_smoothing": 0.1}), ("CrossEntropyLoss", {}),
        ("NLLLoss", {"ignore_index": 2}),
    ):  # fmt: skip
        ours = getattr(nn, name)(mg.tensor(weight), reduction=reduction, **options)
        theirs = getattr(torch.nn, name)(torch.tensor(weight), reduction=reduction, **options)
        compare(ours, theirs, x, labels, single=False)
        assert repr(ours) == repr(theirs)
        assert list(ours.state_dict()) == list(theirs.state_dict())
    compare(nn.MSELoss(reduction=reduction), torch.nn.MSELoss(reduction=reduction), x, normal(4, 3, seed=1))
    assert repr(nn.MSELoss()) == repr(torch.nn.MSELoss())
