"""Dropouts: the mask recovered and given to PyTorch's formula; rates, means and variances; ends, ranks, refusals."""

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
from minigrad.errors import MinigradWarning
from tests.torch_oracle.compare import both_refuse, compare, drawn, normal
from tests.torch_oracle.modules import compare_layer

SINGLE_VALUES = ["dropout", "alpha_dropout"]
CHANNELS = ["dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]
EVERY = [*SINGLE_VALUES, *CHANNELS]
CLASSES = {
    "dropout": "Dropout", "dropout1d": "Dropout1d", "dropout2d": "Dropout2d", "dropout3d": "Dropout3d",
    "alpha_dropout": "AlphaDropout", "feature_alpha_dropout": "FeatureAlphaDropout",
}  # fmt: skip
SATURATED = -1.0507009873554805 * 1.6732632423543772
RANKS = {"dropout1d": (2, 3), "dropout2d": (4,), "dropout3d": (4, 5), "feature_alpha_dropout": (2, 3, 4, 5)}


def shape_for(name, data):
    ranks = RANKS.get(name, (0, 1, 2, 3))
    rank = data.draw(st.sampled_from(ranks))
    return tuple(data.draw(st.lists(st.integers(0, 4), min_size=rank, max_size=rank)))


def batched(name, rank):
    """Whether the first two axes, not only the first, tell the channels apart."""
    return name in ("dropout2d", "feature_alpha_dropout") or rank == {"dropout1d": 3, "dropout3d": 5}.get(name)


def kept_by(name, shape, p, seed):
    """The mask that a seed draws, from the dropout of ones, whose dropped values are the smaller ones."""
    y = getattr(F, name)(mg.ones(shape), p, True, generator=mg.Generator().manual_seed(seed)).numpy()
    return torch.from_numpy(
        np.asarray(y > (0 if "alpha" not in name else affine(p)[0] * SATURATED + affine(p)[1] + 1e-3))
    )


def affine(p):
    """Klambauer et al.: a and b restore mean 0 and variance 1."""
    a = ((1 - p) * (1 + p * SATURATED**2)) ** -0.5
    return a, -a * p * SATURATED


def formula(name, x, keep, p):
    """PyTorch's documented formula for a given mask, in PyTorch."""
    if "alpha" not in name:
        return x * keep.to(x.dtype) / (1 - p)
    a, b = affine(p)
    return torch.where(keep, x, SATURATED) * a + b


@pytest.mark.parametrize("name", EVERY)
@drawn(60)
@given(data=st.data())
def test_with_the_mask(name, data):
    """Values and derivatives to second order are those of the formula; the mask has one drop for each channel."""
    shape = shape_for(name, data)
    p, seed = data.draw(st.sampled_from([0.1, 0.25, 0.5, 0.9])), data.draw(st.integers(0, 1000))
    keep = kept_by(name, shape, p, seed)
    compare(
        lambda x: getattr(F, name)(x, p, True, generator=mg.Generator().manual_seed(seed)),
        lambda x: formula(name, x, keep, p),
        normal(*shape),
    )
    if name in CHANNELS and keep.numel():
        leading = 2 if batched(name, len(shape)) else 1
        per_channel = keep.reshape(*shape[:leading], -1)
        assert (per_channel == per_channel[..., :1]).all()


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("name", EVERY)
def test_statistics(name, p):
    """The share that is dropped, and what the mean and the variance become, in both libraries."""
    shape = {"dropout1d": (100, 200, 2), "dropout2d": (100, 200, 2, 1), "dropout3d": (100, 200, 1, 1, 2)}.get(
        name, (100, 200)
    )
    count = 20_000
    for side, library in ((F, mg), (G, torch)):
        library.manual_seed(17)
        y = getattr(side, name)(library.ones(*shape, dtype=library.float64), p, True).numpy().reshape(count, -1)
        assert (y == y[:, :1]).all()
        values = y[:, 0]
        a, b = affine(p) if "alpha" in name else (1 / (1 - p), 0.0)
        dropped = np.isclose(values, a * SATURATED + b if "alpha" in name else 0.0)
        assert np.isclose(values[~dropped], a + b).all()
        assert abs(dropped.mean() - p) < 5 * math.sqrt(p * (1 - p) / count)


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_alpha_dropout_keeps_mean_and_variance(p):
    """Of normal values, within five standard errors of the mean and of the variance."""
    count = 40_000
    x = normal(200, count // 200)
    for side, library in ((F, mg), (G, torch)):
        library.manual_seed(23)
        y = side.alpha_dropout(library.tensor(x), p, True).numpy()
        assert abs(y.mean()) < 5 / math.sqrt(count)
        fourth = ((y - y.mean()) ** 4).mean()
        assert abs(y.var() - 1) < 5 * math.sqrt((fourth - y.var() ** 2) / count)


def test_masks_differ_from_sample_to_sample_and_channel_to_channel():
    mg.manual_seed(1)
    for name, shape in (("dropout2d", (8, 8, 2, 2)), ("dropout1d", (8, 8, 2)), ("dropout3d", (8, 8, 2, 1, 1))):
        y = getattr(F, name)(mg.ones(shape)).numpy().reshape(8, 8, -1)[:, :, 0]
        assert len({tuple(row) for row in y.tolist()}) > 1
        assert len({tuple(row) for row in y.T.tolist()}) > 1


# ------------------------------------------------------------------------ ends


@pytest.mark.parametrize("name", EVERY)
def test_ends(name):
    shape = {"dropout2d": (2, 3, 2, 2), "dropout3d": (3, 2, 2, 1)}.get(name, (2, 3))
    ours, theirs = getattr(F, name), getattr(G, name)
    for p, training in ((0.0, True), (1.0, True), (0.5, False), (1.0, False)):
        compare(lambda x: ours(x, p, training), lambda x: theirs(x, p, training), normal(*shape))
        compare(
            lambda x: ours(x * 2, p, training, True), lambda x: theirs(x * 2, p, training, True), normal(*shape),
            order=1,
        )  # fmt: skip
        compare_layer(CLASSES[name], (p,), None, normal(*shape), train=training)
    special = np.resize([math.inf, math.nan, 1.0], shape)
    compare(lambda x: ours(x, 1.0, True), lambda x: theirs(x, 1.0, True), special, order=0)
    compare(lambda x: ours(x, 1.0, True), lambda x: theirs(x, 1.0, True), np.ones(shape, np.int64))
    compare(lambda x: ours(x, 0.5, False), lambda x: theirs(x, 0.5, False), np.ones(shape, np.int64))


@pytest.mark.parametrize("name", EVERY)
def test_in_place(name):
    shape = {"dropout2d": (2, 3, 2, 2), "dropout3d": (3, 2, 2, 1)}.get(name, (2, 3))
    for side, library in ((F, mg), (G, torch)):
        x = library.ones(shape)
        assert getattr(side, name)(x, 0.5, True, True) is x
        assert not (x == 1).any()
        x = library.ones(shape)
        layer = getattr(library.nn, CLASSES[name])(0.5, inplace=True)
        assert (layer(x) is x) == ("alpha" not in name)
        assert repr(layer) == f"{CLASSES[name]}(p=0.5, inplace=True)"


@pytest.mark.parametrize("name", EVERY)
def test_refusals(name):
    shape = {"dropout2d": (2, 3, 2, 2), "dropout3d": (3, 2, 2, 1)}.get(name, (2, 3))
    for p in (-0.1, 1.1):
        for training in (True, False):
            both_refuse(
                lambda: getattr(F, name)(mg.ones(shape), p, training),
                lambda: getattr(G, name)(torch.ones(shape), p, training),
                mg.errors.ArgumentError,
            )
        both_refuse(lambda: getattr(nn, CLASSES[name])(p), lambda: getattr(torch.nn, CLASSES[name])(p))
    both_refuse(
        lambda: getattr(F, name)(mg.ones(shape), math.nan, True),
        lambda: getattr(G, name)(torch.ones(shape), math.nan, True),
        mg.errors.ArgumentError,
    )
    both_refuse(
        lambda: getattr(F, name)(mg.ones(shape, dtype=mg.int64), 0.5, True),
        lambda: getattr(G, name)(torch.ones(shape, dtype=torch.int64), 0.5, True),
        mg.errors.DTypeError,
    )


def test_ranks_that_are_refused():
    refused = {"dropout1d": [(), (2,), (1, 1, 1, 1)], "dropout2d": [(), (2,)], "dropout3d": [()]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, shapes in {**refused, "feature_alpha_dropout": [(), (2,)]}.items():
            for shape in shapes:
                both_refuse(
                    lambda: getattr(F, name)(mg.ones(shape), 0.5, True),
                    lambda: getattr(G, name)(torch.ones(shape), 0.5, True),
                    mg.errors.ShapeError,
                )


@pytest.mark.parametrize(
    ("name", "shape", "leading"),
    [
        ("dropout2d", (40, 50, 2), 2), ("dropout2d", (40, 50), 2), ("dropout2d", (40, 50, 2, 1, 2), 2),
        ("dropout3d", (40,), 1), ("dropout3d", (40, 2), 1), ("dropout3d", (40, 2, 3), 1),
        ("dropout3d", (40, 2, 1, 2, 1, 2), 1),
    ],
)  # fmt: skip
def test_ranks_that_are_given_up(name, shape, leading):
    """Both warn, and drop the same whole channels."""
    for side, library, kind in ((F, mg, MinigradWarning), (G, torch, UserWarning)):
        with pytest.warns(kind, match=name):
            y = getattr(side, name)(library.ones(shape)).numpy()
        rows = y.reshape(*shape[:leading], -1)
        assert (rows == rows[..., :1]).all()
        channels = rows[..., 0]
        assert {0.0, 2.0} == set(np.unique(channels))
        if leading == 2:
            assert len({tuple(row) for row in channels.tolist()}) > 1


def test_half_precision():
    """float16 stays float16."""
    for name in EVERY:
        shape = {"dropout2d": (2, 3, 2, 2), "dropout3d": (3, 2, 2, 1)}.get(name, (2, 3))
        for dtype in ("float16", "float32", "float64"):
            ours = getattr(F, name)(mg.ones(shape, dtype=getattr(mg, dtype)), 0.5, True)
            theirs = getattr(G, name)(torch.ones(shape, dtype=getattr(torch, dtype)), 0.5, True)
            assert str(ours.dtype) == dtype
            assert str(theirs.dtype) == f"torch.{dtype}"
