"""Absolute, squared, smooth and Huber losses: every option, weights, kinks, special values, refusals."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

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
NAMES = ["l1_loss", "mse_loss", "smooth_l1_loss", "huber_loss"]
WEIGHTED = ["l1_loss", "mse_loss", "huber_loss"]
# Exact in float32, to which PyTorch rounds them (a departure).
WIDTHS = {"smooth_l1_loss": ("beta", [1.0, 0.25, 2.5, 0.0, math.inf, 1]), "huber_loss": ("delta", [1.0, 0.25, 2.5, 2])}
SHAPES = [(3, 4), (3,), (), (1,), (2, 3, 2, 2), (0,), (2, 0, 3)]


@st.composite
def calls(draw):
    """A name, its options and a shape."""
    name = draw(st.sampled_from(NAMES))
    options = {"reduction": draw(st.sampled_from(REDUCTIONS))}
    if name in WIDTHS:
        option, values = WIDTHS[name]
        options[option] = draw(st.sampled_from(values))
    return name, options, draw(st.sampled_from(SHAPES))


@drawn(150)
@given(calls())
def test_values_and_derivatives(case):
    name, options, shape = case
    # The mean of nothing is NaN; its second derivative with respect to the cotangent is 0/0 here, 0 there.
    compare(*functional(name, **options), normal(*shape), normal(*shape, seed=1), order=1 if 0 in shape else 2)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", WEIGHTED)
def test_weights(name, reduction):
    def of(side):
        return lambda x, t, w: getattr(side, name)(x, t, reduction=reduction, weight=w)

    for shape in ((3, 4), (), (5,), (0, 2)):
        operands = normal(*shape), normal(*shape, seed=1), positive(*shape)
        compare(of(F), of(G), *operands, order=1 if 0 in shape else 2)
    compare(of(F), of(G), normal(3), normal(3, seed=1), np.array([1, 0, 2]))
    compare(of(F), of(G), normal(3), normal(3, seed=1), np.zeros(3), order=1)  # the mean is 0/0
    for weight in ((2,), (1,), (), (3, 1)):
        both_refuse(
            lambda: getattr(F, name)(mg.ones(3), mg.ones(3), reduction=reduction, weight=mg.ones(weight)),
            lambda: getattr(G, name)(torch.ones(3), torch.ones(3), reduction=reduction, weight=torch.ones(weight)),
        )


KINKS = np.array([0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5])
CASES = [("l1_loss", {}), ("mse_loss", {}), ("smooth_l1_loss", {}), ("smooth_l1_loss", {"beta": 0.5}),
         ("smooth_l1_loss", {"beta": 0.0}), ("huber_loss", {}), ("huber_loss", {"delta": 2.0}),
         ("huber_loss", {"delta": math.inf})]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), CASES, ids=[f"{name}-{options}" for name, options in CASES])
def test_kinks_and_extremes(name, options):
    function = functional(name, reduction="none", **options)
    compare(*function, KINKS, np.zeros(7))
    compare(*function, np.ones(7), KINKS)
    if options != {"delta": math.inf}:
        large = np.array([math.inf, -math.inf, 1e200, -1e200, math.nan, 1.0])
        compare(*function, large, np.zeros(6), order=1, single=False)
    compare(*function, np.array([1e30, -1e30]).astype(np.float32), np.zeros(2, np.float32), order=1, single=False)


def test_dtypes():
    ints, floats = whole(-3, 4, 5), normal(5)
    for name in NAMES:
        compare(*functional(name), floats, ints, order=0)  # PyTorch cannot walk back
        compare(*functional(name), floats.astype(np.float32), floats[::-1].copy(), order=0, single=False, rtol=1e-6)
        compare(*functional(name), floats, floats[::-1].astype(np.float32), order=0, single=False, rtol=1e-6)
    for name in ("l1_loss", "mse_loss", "smooth_l1_loss"):
        compare(*functional(name), ints, floats, order=1)
    for reduction in ("sum", "none"):
        compare(*functional("l1_loss", reduction=reduction), ints, ints[::-1].copy())
        compare(*functional("smooth_l1_loss", reduction=reduction, beta=0), ints, ints[::-1].copy())
    for name, options in (
        *((name, {}) for name in NAMES), ("mse_loss", {"reduction": "sum"}), ("smooth_l1_loss", {"reduction": "none"}),
        ("huber_loss", {"reduction": "sum"}),
    ):  # fmt: skip
        both_refuse(
            lambda: getattr(F, name)(mg.tensor(ints), mg.tensor(ints), **options),
            lambda: getattr(G, name)(torch.tensor(ints), torch.tensor(ints), **options),
        )
    both_refuse(
        lambda: F.huber_loss(mg.tensor(ints), mg.tensor(floats)),
        lambda: G.huber_loss(torch.tensor(ints), torch.tensor(floats)),
    )


def test_what_both_refuse():
    for name, options in (
        *((name, {"reduction": "average"}) for name in NAMES), ("smooth_l1_loss", {"beta": -1.0}),
        ("smooth_l1_loss", {"beta": math.nan}), ("huber_loss", {"delta": 0.0}), ("huber_loss", {"delta": -1.0}),
        ("huber_loss", {"delta": math.nan}), ("l1_loss", {"reduction": "average", "weight": 2}),
    ):  # fmt: skip
        both_refuse(
            lambda: getattr(F, name)(mg.ones(2), mg.ones(2), **options),
            lambda: getattr(G, name)(torch.ones(2), torch.ones(2), **options),
        )
    for name in NAMES:
        both_refuse(
            lambda: getattr(F, name)(mg.ones(4), mg.ones(3)),
            lambda: getattr(G, name)(torch.ones(4), torch.ones(3)),
        )


LAYERS = [("L1Loss", {}), ("MSELoss", {}), ("SmoothL1Loss", {}), ("SmoothL1Loss", {"beta": 0.25}), ("HuberLoss", {}),
          ("HuberLoss", {"delta": 0.25})]  # fmt: skip


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("name", "options"), LAYERS, ids=[f"{name}-{options}" for name, options in LAYERS])
def test_layers(name, options, reduction):
    for shape in ((3, 4), (), (2, 3, 2)):
        compare_layer(name, (), {"reduction": reduction, **options}, normal(*shape), normal(*shape, seed=1))
    ours, theirs = (getattr(side, name)(reduction=reduction, **options) for side in (nn, torch.nn))
    for key in ("reduction", *options):
        assert getattr(ours, key) == getattr(theirs, key)
    assert getattr(nn, name)("sum").reduction == "sum" or name == "SmoothL1Loss"
