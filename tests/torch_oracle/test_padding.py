"""`nn.functional.pad` in every mode, negative widths included."""

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
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal, whole


@drawn(240)
@given(st.data())
def test_constant(data):
    """Any number of trailing axes; negative widths cut away."""
    shape = tuple(data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    widths = []
    for size in shape[::-1][: data.draw(st.integers(0, len(shape)))]:
        before = data.draw(st.integers(-size, 3))
        widths += [before, data.draw(st.integers(-size - min(before, 0), 3))]
    value = data.draw(st.sampled_from([None, 0.0, 1.5, -math.inf]))
    try:
        G.pad(torch.ones(shape), widths, value=value)
    except RuntimeError:  # more is cut away than there is
        return
    compare(*functional("pad", widths, "constant", value), normal(*shape))
    compare(*functional("pad", tuple(widths)), normal(*shape), order=1)


@drawn(270)
@given(st.sampled_from(["reflect", "replicate", "circular"]), st.integers(1, 3), st.data())
def test_other_borders(mode, axes, data):
    lead = data.draw(st.sampled_from([(2,), (1, 2), (2, 1)]))
    spatial = tuple(data.draw(st.lists(st.integers(2, 4), min_size=axes, max_size=axes)))
    widths = []
    for size in spatial[::-1]:
        limit = {"reflect": size - 1, "replicate": 3, "circular": size}[mode]
        before = data.draw(st.integers(-1, limit))
        widths += [before, data.draw(st.integers(-1 if before > -1 else 0, limit))]
    if mode == "circular" and min(widths) < 0:
        return  # PyTorch's circular border of a cut input takes what was cut away: see the test below
    if mode == "reflect" and any(
        max(a, b) >= size + min(a, 0) + min(b, 0)
        for a, b, size in zip(widths[::2], widths[1::2], spatial[::-1], strict=True)
    ):
        return  # the cut input is too small to be mirrored
    compare(*functional("pad", widths, mode), normal(*lead, *spatial))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_widest_borders(mode):
    n = {"reflect": 2, "replicate": 7, "circular": 3}[mode]
    compare(*functional("pad", (n, n), mode), normal(2, 2, 3))
    compare(*functional("pad", (n, n, n, n), mode), normal(2, 3, 3))
    compare(*functional("pad", (n, 0, 0, n, n, n), mode), normal(1, 2, 3, 3, 3))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("widths", [(-1, 2), (2, -1), (-1, -1), (1, -2), (0, -1)])
def test_negative_widths_in_other_modes(mode, widths):
    compare(*functional("pad", widths, mode), normal(1, 2, 6))
    compare(*functional("pad", (*widths, *widths), mode), normal(1, 2, 6, 6), order=1)


def test_dtypes_and_values():
    for dtype in ("bool", "uint8", "int64", "float16"):
        x = whole(0, 2, 2, 3).astype(dtype)
        compare(*functional("pad", (1, 2)), x, order=0)
        compare(*functional("pad", (1, 2), "constant", 1), x, order=0)
    compare(*functional("pad", (1, 1), mode="constant", value=2.5), normal(2, 3).astype(np.float32), order=1)


def test_no_elements():
    compare(*functional("pad", (1, 1, 2, 0)), np.zeros((0, 3)), order=1)
    compare(*functional("pad", (1, 1), "reflect"), np.zeros((0, 2, 3)), order=1)
    compare(*functional("pad", (1, 2)), np.zeros((2, 0)), order=1)


def test_what_both_refuse():
    for shape, arguments in [
        ((2, 3), ((1,),)), ((3,), ((1, 1, 1, 1),)), ((1, 2, 3), ((3, 0), "reflect")), ((1, 2, 3), ((4, 0), "circular")),
        ((1, 2, 3), ((1, 1), "mirror")), ((2, 3), ((-2, -2),)), ((1, 2, 0), ((1, 1), "replicate")),
    ]:  # fmt: skip
        both_refuse(lambda: F.pad(mg.ones(shape), *arguments), lambda: G.pad(torch.ones(shape), *arguments))
