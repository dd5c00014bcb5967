"""Medians, quantiles, counts, sums without NaN, and norms."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.torch_oracle.compare import agree, both, both_refuse, compare, drawn, method, normal, same, whole

FULL = st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple)
NAN, INF = math.nan, math.inf


def with_nan(x, seed=9):
    """Some of the values NaN."""
    return np.where(whole(0, 4, *x.shape, seed=seed) == 0, NAN, x)


# -------------------------------------------------------------------- medians


@drawn(120)
@given(st.sampled_from(["median", "nanmedian"]), FULL, st.booleans(), st.booleans(), st.data())
def test_medians(name, shape, keepdim, missing, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = with_nan(normal(*shape)) if missing else normal(*shape)
    compare(*both(name, dim, keepdim), x)
    same(method(name, dim, keepdim), x, order=1)
    if not np.isnan(x).any():
        compare(*both(name), x)
    compare(*both(name), x, order=0)


@pytest.mark.parametrize("name", ["median", "nanmedian"])
def test_medians_at_the_edges(name):
    for x in (np.array([1.0, 2.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0]), np.array(1.5), np.array([NAN, 1.0, 1.0])):
        compare(*both(name), x, order=0 if np.isnan(x).any() and name == "median" else 2)
    compare(*both(name), np.zeros(0), order=0)
    compare(*both(name, 0), np.array(1.5))
    compare(*both(name, 0, True), np.array(1.5))
    compare(*both(name), whole(0, 9, 6))
    compare(*both(name, 0), np.array([[3, 1], [2, 2], [1, 3]]), order=0)
    both_refuse(lambda: getattr(mg, name)(mg.zeros(0, 2), 0), lambda: getattr(torch, name)(torch.zeros(0, 2), 0))


@drawn(60)
@given(FULL, st.booleans(), st.data())
def test_mode(shape, keepdim, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = whole(0, 3, *shape).astype(float)
    compare(*both("mode", dim, keepdim), x, order=1)
    same(method("mode", dim, keepdim), x, order=1)


@drawn(150)
@given(
    st.sampled_from(["quantile", "nanquantile"]), FULL,
    st.sampled_from(["linear", "lower", "higher", "nearest", "midpoint"]),
    st.sampled_from([0.0, 0.25, 0.5, 0.7, 1.0, (0.1, 0.5), (1.0,)]), st.booleans(), st.booleans(), st.data(),
)  # fmt: skip
def test_quantiles(name, shape, interpolation, q, keepdim, missing, data):
    dim = data.draw(st.sampled_from([None, *range(-len(shape), len(shape))]))
    x = with_nan(normal(*shape)) if missing else normal(*shape)
    options = {"dim": dim, "keepdim": keepdim, "interpolation": interpolation}
    if isinstance(q, float):
        compare(*both(name, q, **options), x, order=0 if missing else 1)
        same(method(name, q, **options), x, order=0, single=False)
    else:
        compare(
            lambda t: getattr(mg, name)(t, mg.tensor(q, dtype=t.dtype), **options),
            lambda t: getattr(torch, name)(t, torch.tensor(q, dtype=t.dtype), **options),
            x, order=0 if missing else 1,
        )  # fmt: skip


def test_quantiles_refuse():
    for q, options in ((1.5, {}), (-0.1, {}), (0.5, {"interpolation": "cubic"}), (0.5, {"dim": 3})):
        both_refuse(lambda: mg.quantile(mg.ones(3), q, **options), lambda: torch.quantile(torch.ones(3), q, **options))
    both_refuse(lambda: mg.quantile(mg.arange(3), 0.5), lambda: torch.quantile(torch.arange(3), 0.5))
    both_refuse(lambda: mg.quantile(mg.zeros(0), 0.5), lambda: torch.quantile(torch.zeros(0), 0.5))
    both_refuse(
        lambda: mg.quantile(mg.ones(3), mg.tensor([[0.5]])),
        lambda: torch.quantile(torch.ones(3), torch.tensor([[0.5]])),
    )


# ---------------------------------------------------------------- sums and counts


@drawn(90)
@given(st.sampled_from(["nansum", "nanmean"]), FULL, st.booleans(), st.data())
def test_sums_without_nan(name, shape, keepdim, data):
    axes = tuple(data.draw(st.lists(st.integers(0, len(shape) - 1), unique=True, min_size=1)))
    x = with_nan(normal(*shape))
    # The gradient of a mean of nothing but NaN is 0 here, NaN there.
    order = 0 if name == "nanmean" and np.isnan(x).all(axes).any() else 2
    compare(*both(name, axes, keepdim), x, order=order)
    compare(*both(name), x, order=0 if np.isnan(x).all() else 2)
    same(method(name, axes[0], keepdim=keepdim), x, order=0)


def test_sums_of_other_dtypes():
    compare(*both("nansum"), whole(0, 9, 4))
    compare(*both("nansum", 0), np.array([NAN, INF, -1.0]), order=1)
    both_refuse(lambda: mg.nanmean(mg.arange(3)), lambda: torch.nanmean(torch.arange(3)))


@pytest.mark.parametrize("name", ["var_mean", "std_mean"])
def test_pairs(name):
    x = normal(3, 4)
    for positional, options in (
        ((), {}), ((1,), {}), ((False,), {}), ((), {"unbiased": False}), ((0, False), {}), ((0,), {"correction": 2}),
        (((0, 1), True, True), {}), ((None,), {"correction": 0, "keepdim": True}),
    ):  # fmt: skip
        compare(*both(name, *positional, **options), x)


def test_smallest_and_largest():
    for options in ({}, {"dim": 1}, {"dim": -1, "keepdim": True}):
        compare(*both("aminmax", **options), normal(3, 4))
        same(method("aminmax", **options), normal(3, 4), order=1)
        compare(*both("aminmax", **options), whole(0, 2, 3, 4).astype(float))
    for library in (mg, torch):
        found = library.aminmax(library.tensor([3.0, 1.0]))
        assert (found.min.item(), found.max.item()) == (1.0, 3.0)
    both_refuse(lambda: mg.aminmax(mg.zeros(0)), lambda: torch.aminmax(torch.zeros(0)))


@drawn(60)
@given(FULL, st.data())
def test_count_nonzero(shape, data):
    x = whole(0, 2, *shape)
    axes = tuple(data.draw(st.lists(st.integers(0, len(shape) - 1), unique=True, min_size=1)))
    for value in (x, x.astype(float), x > 0):
        compare(*both("count_nonzero"), value, order=0)
        compare(*both("count_nonzero", axes), value, order=0)
        same(method("count_nonzero", axes[0]), value, order=0)


def test_bincount():
    for x, options in (([0, 2, 2], {}), ([], {}), ([0, 1], {"minlength": 5}), ([3, 1], {"minlength": 2})):
        x = np.array(x, np.int64)
        agree(lambda library: library.bincount(library.tensor(x), **options))
        for dtype in ("float64", "float32", "int64"):
            weights = normal(len(x)).astype(dtype)
            agree(lambda library: library.bincount(library.tensor(x), library.tensor(weights), **options), rtol=1e-6)
            agree(lambda library: library.tensor(x).bincount(library.tensor(weights), **options), rtol=1e-6)
    for x in ([-1], [[1]], [0.5]):
        both_refuse(lambda: mg.bincount(mg.tensor(x)), lambda: torch.bincount(torch.tensor(x)))
    both_refuse(lambda: mg.bincount(mg.arange(2), mg.ones(3)), lambda: torch.bincount(torch.arange(2), torch.ones(3)))


@drawn(60)
@given(FULL, st.integers(1, 7), st.sampled_from([(0, 0), (-1, 1), (0, 3), (-0.5, 0.25)]))
def test_histc(shape, bins, bounds):
    for x in (normal(*shape), whole(-1, 4, *shape).astype(float)):
        agree(lambda library: library.histc(library.tensor(x), bins, *bounds))
        agree(lambda library: library.tensor(x).histc(bins, min=bounds[0], max=bounds[1]))


def test_histc_at_the_edges():
    agree(lambda library: library.histc(library.tensor([2.0, 2.0]), 4))
    agree(lambda library: library.histc(library.tensor([NAN, 1.0, INF, -INF]), 4, 0, 2))
    for bins, low, high in ((0, 0, 1), (3, 2, 1), (3, 0, INF)):
        both_refuse(lambda: mg.histc(mg.ones(2), bins, low, high), lambda: torch.histc(torch.ones(2), bins, low, high))


# -------------------------------------------------------------------- norms

ORDERS = ["fro", 2, 1, 3, 1.5, 0.5, 0, INF, -INF, -1, 2.5]


@drawn(150)
@given(st.sampled_from(ORDERS), FULL, st.booleans(), st.booleans(), st.data())
def test_norms(p, shape, keepdim, ties, data):
    x = whole(1, 3, *shape) * np.sign(normal(*shape)) if ties else normal(*shape)
    axes = tuple(data.draw(st.lists(st.integers(-len(shape), -1), unique=True, min_size=1, max_size=2)))
    for dim in (axes, axes[0]):
        compare(*both("norm", p, dim, keepdim), x, atol=1e-10)
        same(method("norm", p, dim, keepdim), x, order=1)
    compare(*both("norm", p), x, atol=1e-10)


@pytest.mark.parametrize("p", ORDERS)
def test_norms_at_zero(p):
    for x in (np.zeros(3), np.array([0.0, 2.0, -1.0]), np.array([0.0, NAN]), np.array([INF, 1.0])):
        compare(*both("norm", p), x, order=0 if not np.isfinite(x).all() else 1)
    compare(*both("norm", p), np.array(-1.5), order=1)
    compare(*both("norm", p, 1), np.zeros((2, 2)), order=1)
    if not (isinstance(p, int | float) and (p < 0 or p == INF)):
        compare(*both("norm", p, 0), np.zeros((0, 2)), order=1)
    compare(*both("norm", p, 1), np.zeros((0, 2)), order=1)


def test_norms_refuse():
    x = normal(2, 3, 2)
    for arguments in (("fro", (0, 1, 2)), ("abc",), (-1, 0)):
        shape = (0, 2) if arguments[0] == -1 else x.shape
        both_refuse(lambda: mg.norm(mg.ones(shape), *arguments), lambda: torch.norm(torch.ones(shape), *arguments))
    both_refuse(lambda: mg.norm(mg.arange(3)), lambda: torch.norm(torch.arange(3)))
    both_refuse(
        lambda: mg.norm(mg.tensor(x), dtype=mg.float32), lambda: torch.norm(torch.tensor(x), dtype=torch.float32)
    )
    agree(lambda library: library.norm(library.ones(3), dtype=library.float64))


@pytest.mark.parametrize("p", [2, 1, 0, 3, 1.5, INF, -INF])
def test_distances(p):
    compare(*both("dist", p), normal(2, 3), normal(3, seed=1), order=2 if p else 0)
    same(method("dist", p), normal(2, 3), normal(3, seed=1), order=1 if p else 0)
    compare(*both("dist", p), normal(2, 3), normal(2, 3), order=1 if p else 0)
    if p >= 0:
        for first, second in (
            ((3, 4), (2, 4)),
            ((2, 3, 4), (1, 2, 4)),
            ((0, 4), (2, 4)),
            ((30, 3), (28, 3)),
            ((2, 0), (3, 0)),
        ):
            compare(*both("cdist", float(p)), normal(*first), normal(*second, seed=1), order=1 if p else 0, rtol=1e-8)
        if p == 2:
            compare(*both("cdist"), normal(3, 4), normal(2, 4, seed=1), order=1)
            same_rows = normal(3, 4)
            compare(*both("cdist"), same_rows, same_rows, order=1)


def test_cdist_refuses():
    for first, second in (((3, 4), (2, 3)), ((4,), (2, 4))):
        both_refuse(
            lambda: mg.cdist(mg.ones(first), mg.ones(second)),
            lambda: torch.cdist(torch.ones(first), torch.ones(second)),
        )
    both_refuse(
        lambda: mg.cdist(mg.ones(1, 2), mg.ones(1, 2), -1), lambda: torch.cdist(torch.ones(1, 2), torch.ones(1, 2), -1)
    )


@pytest.mark.parametrize("p", [1, 2, 3])
def test_renorm(p):
    for dim in (0, 1, -1):
        compare(*both("renorm", p, dim, 1.0), normal(3, 4, 2), rtol=1e-7)
        same(lambda x: (x * 1).renorm_(p, dim, 0.5), normal(3, 4), order=1, rtol=1e-7)
    both_refuse(lambda: mg.renorm(mg.ones(3), p, 0, 1), lambda: torch.renorm(torch.ones(3), p, 0, 1))
