"""Losses of probabilities, logits and distributions: every option, both ends, what broadcasts, refusals."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import math
import warnings

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

# Both libraries warn of kl_div's mean.
pytestmark = [
    pytest.mark.filterwarnings("ignore:kl_div with:minigrad.errors.MinigradWarning"),
    pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning"),
]

REDUCTIONS = ["mean", "sum", "none"]
reductions = st.sampled_from(REDUCTIONS)
shapes = st.sampled_from([(3, 4), (5,), (), (2, 3, 2), (0,), (0, 3)])
seeds = st.integers(0, 30)


def unit(*shape, seed=0):
    """Probabilities."""
    return np.random.default_rng([seed, *shape]).uniform(0.01, 0.99, shape)


def coins(*shape, seed=0):
    """0.0 and 1.0."""
    return whole(0, 2, *shape, seed=seed).astype(float)


def weighted(name, reduction, **arrays):
    """The loss of both libraries with constants besides, in the dtype of the input."""

    def of(side, library):
        def function(x, t):
            constants = {key: library.tensor(array).to(x.dtype) for key, array in arrays.items()}
            return getattr(side, name)(x, t, reduction=reduction, **constants)

        return function

    return of(F, mg), of(G, torch)


def refuse(name, *operands, **options):
    """Both refuse these arrays."""
    calls = []
    for side, library in ((F, mg), (G, torch)):
        words = {key: library.tensor(one) if isinstance(one, np.ndarray) else one for key, one in options.items()}
        tensors = [library.tensor(one) if isinstance(one, np.ndarray) else one for one in operands]
        calls.append(lambda side=side, tensors=tensors, words=words: getattr(side, name)(*tensors, **words))
    both_refuse(*calls)


ONES, HALF = np.ones(3), np.full(3, 0.5)

# ------------------------------------------------------------------------- yes or no


@drawn(100)
@given(shapes, reductions, st.booleans(), seeds)
def test_binary_cross_entropy(shape, reduction, soft, seed):
    x, t = unit(*shape, seed=seed), (unit if soft else coins)(*shape, seed=seed + 50)
    compare(*functional("binary_cross_entropy", reduction=reduction), x, t, order=1 if 0 in shape else 2)


@pytest.mark.parametrize("name", ["binary_cross_entropy", "binary_cross_entropy_with_logits"])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weight", [(3, 4), (4,), (3, 1), (1,), (), (1, 4)])
def test_weights_that_broadcast(name, reduction, weight):
    x, t = unit(3, 4), coins(3, 4)
    compare(*weighted(name, reduction, weight=positive(*weight)), x, t)
    if name.endswith("logits"):
        compare(*weighted(name, reduction, pos_weight=positive(*weight)), normal(3, 4) * 3, t)
        both = {"weight": positive(*weight), "pos_weight": positive(*weight, seed=1)}
        compare(*weighted(name, reduction, **both), normal(3, 4) * 3, unit(3, 4))


def test_binary_cross_entropy_of_certainty():
    certain = np.array([0.0, 1.0, 0.0, 1.0, 1e-50, 1e-13, 1 - 1e-13, 0.5])
    answers = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.5])
    for reduction in REDUCTIONS:
        function = functional("binary_cross_entropy", reduction=reduction)
        compare(*function, certain, answers, order=1, single=False)
        compare(*function, certain.astype(np.float32), answers.astype(np.float32), order=1, single=False, rtol=1e-5)
        # The second derivative with respect to x alone, since t's is infinite; and not within 1e-12 of the ends, where
        # PyTorch's derivative of the gradient by the cotangent is not the gradient.
        sides = [(function[0], mg), (function[1], torch)]
        constant = [lambda x, f=f, lib=lib: f(x, lib.tensor(answers)[[0, 1, 2, 3, 7]]) for f, lib in sides]
        compare(*constant, certain[[0, 1, 2, 3, 7]], order=2, single=False, rtol=1e-8)


def test_binary_cross_entropy_dtypes():
    x, t = unit(3), coins(3)
    for weight in (positive(3), np.array([1, 0, 2])):
        compare(*functional("binary_cross_entropy"), x, t, order=1)
        for side in ((F, mg), (G, torch)):
            loss = side[0].binary_cross_entropy(
                side[1].tensor(x).float(), side[1].tensor(t).float(), side[1].tensor(weight)
            )
            assert str(loss.dtype).endswith("float32")
    refuse("binary_cross_entropy", x, whole(0, 2, 3))
    refuse("binary_cross_entropy", x, t > 0)
    refuse("binary_cross_entropy", whole(0, 2, 3), t)
    refuse("binary_cross_entropy", x, t.astype(np.float32))
    compare(
        *functional("binary_cross_entropy"), x.astype(np.float16), t.astype(np.float16), order=0, rtol=1e-3, atol=1e-3
    )


def test_binary_cross_entropy_refusals():
    for x in (1.1, -0.1, math.nan, math.inf):
        refuse("binary_cross_entropy", np.full(3, x), HALF)
        refuse("binary_cross_entropy", HALF, np.full(3, x))
    for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits"):
        refuse(name, HALF[:, None], HALF)
        refuse(name, HALF, HALF[:2])
        refuse(name, HALF, HALF, reduction="average")
        for weight in (np.ones(2), np.ones((2, 3)), np.ones((3, 1))):
            refuse(name, HALF, HALF, weight=weight)
    refuse("binary_cross_entropy_with_logits", HALF, HALF, pos_weight=np.ones((2, 3)))
    refuse("binary_cross_entropy_with_logits", HALF, HALF, pos_weight=np.ones(2))


@drawn(100)
@given(shapes, reductions, st.booleans(), seeds)
def test_binary_cross_entropy_with_logits(shape, reduction, soft, seed):
    x, t = normal(*shape, seed=seed) * 4, (normal if soft else coins)(*shape, seed=seed + 50)
    function = functional("binary_cross_entropy_with_logits", reduction=reduction)
    compare(*function, x, t, order=1 if 0 in shape else 2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("answer", [0.0, 1.0, 0.3])
def test_extreme_logits(dtype, answer):
    # At −∞ PyTorch's values are NaN (a departure).
    x = np.array([1e4, -1e4, 100, -100, 0, -0.0, 1e30, -1e30, 20, -20, math.inf], dtype)
    t = np.full(11, answer, dtype)
    options = (
        {"order": 1, "single": False, "rtol": 1e-6, "atol": 1e-7}
        if dtype is np.float32
        else {"order": 1, "single": False}
    )
    for words in ({}, {"pos_weight": np.array(2.0)}):
        ours, theirs = weighted("binary_cross_entropy_with_logits", "none", **words)
        compare(lambda x: ours(x, mg.tensor(t)), lambda x: theirs(x, torch.tensor(t)), x, **options)
        compare(ours, theirs, x[:-1], t[:-1], **options)


def test_dtypes_of_logits():
    x, t = normal(3), coins(3)
    name = "binary_cross_entropy_with_logits"
    for a, b in ((x, t.astype(np.float32)), (x.astype(np.float32), t)):
        compare(*functional(name), a, b, order=0, single=False, rtol=1e-5)
    refuse(name, whole(0, 2, 3), t)
    refuse(name, x, whole(0, 2, 3))
    refuse(name, x, t > 0)
    refuse(name, whole(0, 2, 3), whole(0, 2, 3))
    for words in ({"weight": positive(3)}, {"pos_weight": np.array([1, 2, 3])}):
        loss = F.binary_cross_entropy_with_logits(
            mg.tensor(x).float(), mg.tensor(t).float(), **{key: mg.tensor(one) for key, one in words.items()}
        )
        theirs = G.binary_cross_entropy_with_logits(
            torch.tensor(x).float(), torch.tensor(t).float(), **{key: torch.tensor(one) for key, one in words.items()}
        )
        assert str(theirs.dtype) == f"torch.{loss.dtype}"
        assert loss.item() == pytest.approx(theirs.item(), rel=1e-5)


@drawn(80)
@given(st.sampled_from([(3, 4), (5,), (2, 3, 2), (0, 3)]), reductions, st.booleans(), seeds)
def test_multilabel_soft_margin_loss(shape, reduction, soft, seed):
    x, t = normal(*shape, seed=seed) * 3, (unit if soft else coins)(*shape, seed=seed + 50)
    order = 1 if 0 in shape else 2
    compare(*functional("multilabel_soft_margin_loss", reduction=reduction), x, t, order=order)
    compare(*functional("multilabel_soft_margin_loss", reduction=reduction), x, (t > 0.5).astype(int), order=order)
    for weight in (shape[-1:], shape, ()):
        compare(*weighted("multilabel_soft_margin_loss", reduction, weight=positive(*weight)), x, t, order=order)


def test_multilabel_soft_margin_loss_at_its_ends():
    name = "multilabel_soft_margin_loss"
    compare(*functional(name, reduction="none"), normal(3, 4), coins(4))
    compare(*functional(name, reduction="none"), normal(3, 0), coins(3, 0), order=0)
    compare(*functional(name), np.array([[1e4, -1e4, 1e30]]), np.array([[0, 1, 0]]), order=1, single=False)
    compare(*functional(name), normal(3, 4), coins(3, 4), positive(4))
    refuse(name, np.array(1.0), np.array(1.0))
    refuse(name, np.ones((3, 4)), np.ones((3, 3)))
    refuse(name, np.ones((3, 4)), np.ones((3, 4)), weight=np.ones(3))
    refuse(name, np.ones((3, 4)), np.ones((3, 4)) > 0)
    refuse(name, np.ones((3, 4), int), np.ones((3, 4)))
    refuse(name, np.ones((3, 4)), np.ones((3, 4)), reduction="average")


@drawn(60)
@given(shapes, reductions, seeds)
def test_soft_margin_loss(shape, reduction, seed):
    x, t = normal(*shape, seed=seed) * 3, coins(*shape, seed=seed + 50).astype(int) * 2 - 1
    compare(*functional("soft_margin_loss", reduction=reduction), x, t, order=1 if 0 in shape else 2)


def test_soft_margin_loss_at_its_ends():
    compare(*functional("soft_margin_loss", reduction="none"), normal(3, 4), np.array([1, -1, 0, 3]))
    # Beyond, PyTorch's overflows (a departure).
    compare(*functional("soft_margin_loss", reduction="none"), np.array([80.0, -80.0, 80.0]), np.array([1, 1, -1]))
    refuse("soft_margin_loss", np.ones((3, 1)), np.ones(3))
    refuse("soft_margin_loss", np.ones(4), np.ones(3))
    refuse("soft_margin_loss", np.ones(3, int), np.ones(3))
    refuse("soft_margin_loss", np.ones(3), np.ones(3), reduction="average")
    both = [
        str(side.soft_margin_loss(library.ones(3), library.ones(3).double()).dtype)
        for side, library in ((F, mg), (G, torch))
    ]
    assert both == ["float32", "torch.float32"]


# ------------------------------------------------------------ divergences, likelihoods


@drawn(100)
@given(shapes, st.sampled_from([*REDUCTIONS, "batchmean"]), st.booleans(), seeds)
def test_kl_div(shape, reduction, log_target, seed):
    x, t = normal(*shape, seed=seed), unit(*shape, seed=seed + 50)
    function = functional("kl_div", reduction=reduction, log_target=log_target)
    compare(*function, x, np.log(t) if log_target else t, order=1 if 0 in shape else 2)


def test_kl_div_at_its_ends():
    for reduction in (*REDUCTIONS, "batchmean"):
        for shapes in (((3, 4), (4,)), ((4,), (3, 4)), ((3, 1), (3, 4)), ((), (3,))):
            compare(*functional("kl_div", reduction=reduction), normal(*shapes[0]), unit(*shapes[1]))
    special = np.array([0.0, 1.0, -0.5, 0.5, math.nan])
    compare(*functional("kl_div", reduction="none"), normal(5), special, order=1, single=False)
    compare(*functional("kl_div", reduction="none"), np.array([-math.inf, 0.0, -math.inf]), np.array([0.0, 1.0, 0.5]),
            order=1, single=False)  # fmt: skip
    compare(*functional("kl_div", reduction="none", log_target=True), np.array([-1.0, 0.0]), np.array([-math.inf, 1.0]),
            order=1, single=False)  # fmt: skip
    refuse("kl_div", np.ones((3, 4)), np.ones((2, 4)), reduction="sum")
    refuse("kl_div", np.ones(3), np.ones(3, int), reduction="sum")
    refuse("kl_div", np.ones(3, int), np.ones(3), reduction="sum")
    refuse("kl_div", np.ones(3), np.ones(3), reduction="average")
    for name in ("mse_loss", "binary_cross_entropy"):
        refuse(name, np.ones(3), np.ones(3), reduction="batchmean")


def test_both_warn_of_the_mean():
    for side, library in ((F, mg), (G, torch)):
        with pytest.warns(UserWarning, match="batchmean"):
            side.kl_div(library.zeros(2), library.ones(2))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            side.kl_div(library.zeros(2), library.ones(2), reduction="batchmean")


@drawn(100)
@given(shapes, reductions, st.booleans(), st.booleans(), st.sampled_from([1e-8, 0.1]), seeds)
def test_poisson_nll_loss(shape, reduction, log_input, full, eps, seed):
    x, t = positive(*shape, seed=seed), positive(*shape, seed=seed + 50) * 3
    function = functional("poisson_nll_loss", log_input=log_input, full=full, eps=eps, reduction=reduction)
    compare(*function, x, t, order=1 if 0 in shape else 2)
    compare(*function, x, whole(0, 5, *shape, seed=seed), order=1 if 0 in shape else 2)


def test_poisson_nll_loss_at_its_ends():
    name = "poisson_nll_loss"
    for full in (False, True):
        compare(*functional(name, full=full, reduction="none"), normal(3, 1), positive(3))
        compare(*functional(name, full=full), np.array([0, 1, 2]), np.array([1.0, 2.0, 3.0]), order=0, rtol=1e-6)
        compare(*functional(name, full=full), np.array([0, 1, 2]), np.array([1, 2, 3]), rtol=1e-6)
        compare(*functional(name, full=full, reduction="none"), np.array([-1.0, 0.5]), np.array([-1.0, -2.0]), order=0)
        compare(*functional(name, False, full, reduction="none"), np.array([0.0, -1.0]), np.array([2, 3]), order=1,
                single=False)  # fmt: skip
    refuse(name, np.ones(4), np.ones(3))
    refuse(name, np.ones(3), np.ones(3), reduction="average")


VARIANCES = [
    ((3, 4), (3, 4)), ((3, 4), (3,)), ((3, 4), (3, 1)), ((3, 4), (1, 4)), ((4,), (4,)), ((4,), (1,)), ((4,), ()),
    ((), ()), ((2, 3, 4), (2, 1, 4)), ((2, 3, 4), (2, 3)), ((0, 2), (0, 2)),
]  # fmt: skip


@drawn(100)
@given(st.sampled_from(VARIANCES), reductions, st.booleans(), st.sampled_from([1e-6, 1.0]), seeds)
def test_gaussian_nll_loss(shapes, reduction, full, eps, seed):
    shape, var = shapes
    operands = normal(*shape, seed=seed), normal(*shape, seed=seed + 50), positive(*var, seed=seed)
    function = functional("gaussian_nll_loss", full=full, eps=eps, reduction=reduction)
    compare(*function, *operands, order=1 if 0 in shape else 2)
    if shape == var:
        compare(*functional("gaussian_nll_loss", 0.7, full, reduction=reduction), *operands[:2],
                order=1 if 0 in shape else 2)  # fmt: skip


def test_gaussian_nll_loss_at_its_ends():
    name = "gaussian_nll_loss"
    x, t = np.ones(5), np.zeros(5)
    small = np.array([1.0, 0.5, 0.2, 0.0, 1e-9])
    for eps in (0.5, 1e-3, 0.0):
        chosen = small if eps else small[:3]
        compare(*functional(name, eps=eps, reduction="none"), x[: chosen.size], t[: chosen.size], chosen)
    compare(
        *functional(name, reduction="none"), x, t, np.array([math.inf, math.nan, 1.0, 1.0, 1.0]), order=1, single=False
    )
    compare(*functional(name, reduction="none"), normal(3, 1), normal(3), positive(3, 1))
    compare(*functional(name), whole(-2, 3, 4), whole(-2, 3, 4, seed=1), positive(4))
    compare(*functional(name), whole(-2, 3, 4), whole(-2, 3, 4, seed=1), 2.0, order=0)
    compare(*functional(name), normal(3).astype(np.float32), normal(3), positive(3), order=0, single=False)
    for var in ((4,), (), (1,), (1, 1), (2, 4)):
        refuse(name, np.ones((3, 4)), np.ones((3, 4)), np.ones(var))
    refuse(name, np.array(1.0), np.array(1.0), np.ones(1))
    refuse(name, x, t, -x)
    refuse(name, x, t, -1.0)
    refuse(name, x, t, np.ones(5, int))
    refuse(name, x, t, np.ones(5) > 0)
    refuse(name, np.ones(4), np.ones(3), np.ones(4))
    refuse(name, x, t, x, reduction="average")


# ------------------------------------------------------------------------------- modules

P, T, X = unit(3, 4), coins(3, 4), normal(3, 4) * 3
W = positive(4)
LAYERS = [
    ("BCELoss", {}, (P, T)), ("BCELoss", {"weight": W}, (P, T)),
    ("BCEWithLogitsLoss", {}, (X, T)), ("BCEWithLogitsLoss", {"weight": W, "pos_weight": W[::-1].copy()}, (X, T)),
    ("MultiLabelSoftMarginLoss", {}, (X, T)), ("MultiLabelSoftMarginLoss", {"weight": W}, (X, T)),
    ("SoftMarginLoss", {}, (X, T.astype(int) * 2 - 1)),
    ("KLDivLoss", {}, (X, P)), ("KLDivLoss", {"log_target": True}, (X, np.log(P))),
    ("PoissonNLLLoss", {}, (X, P * 4)), ("PoissonNLLLoss", {"full": True}, (X, P * 4)),
    ("PoissonNLLLoss", {"log_input": False, "eps": 0.1}, (P, P * 4)),
    ("GaussianNLLLoss", {}, (X, T, P)), ("GaussianNLLLoss", {"full": True, "eps": 0.5}, (X, T, P)),
]  # fmt: skip


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("name", "options", "operands"), LAYERS, ids=[f"{one[0]}-{list(one[1])}" for one in LAYERS])
def test_layers(name, options, operands, reduction):
    compare_layer(name, (), {**options, "reduction": reduction}, *operands)
    ours, theirs = (getattr(side, name)(reduction=reduction) for side in (nn, torch.nn))
    for key in ("reduction", "weight", "pos_weight", "log_target", "log_input", "full", "eps"):
        assert getattr(ours, key, "nothing") == getattr(theirs, key, "nothing")


def test_weights_are_buffers():
    for name, words in (
        ("BCELoss", ["weight"]), ("BCEWithLogitsLoss", ["weight", "pos_weight"]),
        ("MultiLabelSoftMarginLoss", ["weight"]),
    ):  # fmt: skip
        for side, library in ((nn, mg), (torch.nn, torch)):
            assert list(getattr(side, name)().state_dict()) == []
            layer = getattr(side, name)(**{word: library.ones(2) for word in words})
            assert list(layer.state_dict()) == words
