"""Adaptive average and max pooling over one to three axes, drawn over sizes, None and layouts of the batch."""

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
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal, whole
from tests.torch_oracle.modules import compare_layer

AVG_LAYERS = ("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d")
MAX_LAYERS = ("AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "AdaptiveMaxPool3d")
AVG = ("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d")
MAX = ("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d")
PLACES = ("adaptive_max_pool1d_with_indices", "adaptive_max_pool2d_with_indices", "adaptive_max_pool3d_with_indices")


@st.composite
def adaptives(draw, axes=None):
    """The number of axes, an input's shape, and an output size in one of its forms."""
    axes = draw(st.integers(1, 3)) if axes is None else axes
    most = {1: 12, 2: 8, 3: 5}[axes]
    plane = draw(st.lists(st.integers(1, most), min_size=axes, max_size=axes))
    sizes = draw(st.lists(st.integers(1, most), min_size=axes, max_size=axes))
    output: object = tuple(sizes)
    if axes > 1:
        output = tuple(None if draw(st.integers(0, 4)) == 0 else size for size in sizes)
    form = draw(st.sampled_from(["tuple", "list", "one"]))
    output = list(output) if form == "list" else sizes[0] if form == "one" else output
    lead = draw(st.sampled_from([(1,), (2,), (1, 2), (2, 1), (0, 1)]))
    return axes, (*lead, *plane), output


def values(shape, kind):
    if kind == "ties":
        return whole(0, 3, *shape).astype(float)
    x = normal(*shape)
    if kind == "special" and x.size:
        spots = whole(0, 6, *shape, seed=3)
        x[spots == 0], x[spots == 1], x[spots == 2] = -math.inf, math.nan, math.inf
    return x


@drawn(150)
@given(adaptives(), st.sampled_from(["distinct", "special"]))
def test_adaptive_avg_pool(case, kind):
    axes, shape, output = case
    x = values(shape, kind)
    compare(*functional(AVG[axes - 1], output), x, order=1 if kind == "special" else 2)


@drawn(150)
@given(adaptives(), st.sampled_from(["distinct", "ties", "special"]), st.booleans())
def test_adaptive_max_pool(case, kind, indices):
    axes, shape, output = case
    x = values(shape, kind)
    order = 1 if kind == "special" else 2
    compare(*functional(MAX[axes - 1], output, return_indices=indices), x, order=order)
    compare(*functional(PLACES[axes - 1], output), x, order=1)


@drawn(80)
@given(adaptives(), st.booleans())
def test_the_layers(case, indices):
    axes, shape, output = case
    compare_layer(AVG_LAYERS[axes - 1], (output,), None, normal(*shape))
    compare_layer(MAX_LAYERS[axes - 1], (output, indices), None, normal(*shape))


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_every_pair_of_sizes(axes):
    """From 1 to 9 elements into 1 to 10."""
    for n in range(1, 10):
        for o in range(1, 11):
            x = normal(1, *(n, 3, 2)[:axes])
            output = (o, 2, 3)[:axes]
            compare(*functional(AVG[axes - 1], output), x, order=1, single=False)
            compare(*functional(MAX[axes - 1], output, True), x, order=1, single=False)


def test_long_axes_in_float32():
    x = normal(1, 2, 257, 190)
    for output in (1, 7, (64, 200), (300, 1)):
        compare(*functional("adaptive_avg_pool2d", output), x, order=1)
        compare(*functional("adaptive_max_pool2d", output, True), x, order=1)


def test_no_windows():
    """An output size of 0. PyTorch has no gradient there; ours is 0."""
    for axes, output in ((1, 0), (2, (0, 2)), (3, (2, 0, 1))):
        x = normal(1, 2, *(4,) * axes)
        for name in (AVG[axes - 1], MAX[axes - 1]):
            compare(*functional(name, output), x, order=0)
            leaf = mg.tensor(x, requires_grad=True)
            getattr(F, name)(leaf, output).sum().backward()
            assert not leaf.grad.any()


def test_top_level_names():
    x = normal(2, 3, 7)
    compare(lambda t: mg.adaptive_avg_pool1d(t, 3), lambda t: torch.adaptive_avg_pool1d(t, 3), x)
    compare(lambda t: mg.adaptive_max_pool1d(t, 3), lambda t: torch.adaptive_max_pool1d(t, 3), x)
    for axes in (1, 2, 3):
        assert getattr(F, AVG[axes - 1]) is getattr(mg, AVG[axes - 1])


def test_infinite_windows():
    for axes in (1, 2, 3):
        x = np.full((1, 1, *(4,) * axes), -math.inf)
        compare(*functional(MAX[axes - 1], 3, True), x, order=1)


def test_float16():
    x = (normal(1, 2, 7, 5) * 100).astype(np.float16)
    for name in ("adaptive_avg_pool2d", "adaptive_max_pool2d"):
        ours, theirs = getattr(F, name)(mg.tensor(x), 3), getattr(G, name)(torch.tensor(x), 3)
        assert ours.dtype == mg.float16
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-3)


REFUSED = [
    (1, (1, 2, 5), None), (2, (1, 2, 5, 5), None), (1, (5,), 2), (2, (5, 5), 2), (3, (1, 1, 5, 5), (2, 2)),
    (2, (1, 2, 5, 5), (3,)), (2, (1, 2, 5, 5), (3, 3, 3)), (2, (1, 2, 5, 5), -1), (2, (1, 2, 5, 5), 2.0),
    (2, (2, 1, 0, 5), 2), (1, (2, 1, 0), 2), (2, (1, 1, 1, 5, 5), 2), (2, (1, 2, 5, 5), "2"), (1, (1, 2, 5), (1, 1)),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["avg", "max"])
@pytest.mark.parametrize(("axes", "shape", "output"), REFUSED)
def test_what_both_refuse(kind, axes, shape, output):
    ours, theirs = functional((AVG if kind == "avg" else MAX)[axes - 1], output)
    both_refuse(lambda: ours(mg.ones(shape)), lambda: theirs(torch.ones(shape)))
    layer = (AVG_LAYERS if kind == "avg" else MAX_LAYERS)[axes - 1]
    both_refuse(
        lambda: getattr(nn, layer)(output)(mg.ones(shape)), lambda: getattr(torch.nn, layer)(output)(torch.ones(shape))
    )


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "bool"])
def test_integers_are_refused(dtype):
    for name in ("adaptive_avg_pool2d", "adaptive_max_pool2d"):
        ours, theirs = functional(name, 2)
        both_refuse(
            lambda ours=ours: ours(mg.ones(1, 4, 4, dtype=getattr(mg, dtype))),
            lambda theirs=theirs: theirs(torch.ones(1, 4, 4, dtype=getattr(torch, dtype))),
            TypeError,
        )
