"""Sorting, the largest and the smallest, different values, and searching."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.torch_oracle.compare import (
    agree,
    assert_same,
    both,
    both_refuse,
    compare,
    drawn,
    method,
    normal,
    same,
    whole,
)

SHAPES = st.lists(st.integers(0, 5), min_size=1, max_size=3).map(tuple)


@drawn(120)
@given(SHAPES, st.booleans(), st.booleans(), st.data())
def test_sort_and_argsort(shape, descending, ties, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = whole(-1, 3, *shape).astype(float) if ties else normal(*shape)
    options = {"dim": dim, "descending": descending, "stable": True}
    for name in ("sort", "argsort"):
        compare(*both(name, **options), x)
        same(method(name, **options), x, order=1)


@drawn(90)
@given(SHAPES, st.booleans(), st.data())
def test_topk(shape, largest, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    k = data.draw(st.integers(0, shape[dim]))
    compare(*both("topk", k, dim, largest), normal(*shape))
    same(method("topk", k, dim, largest, True), normal(*shape), order=1)


@drawn(60)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple), st.booleans(), st.data())
def test_kthvalue(shape, keepdim, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    k = data.draw(st.integers(1, shape[dim]))
    compare(*both("kthvalue", k, dim, keepdim), normal(*shape))
    same(method("kthvalue", k, dim, keepdim), normal(*shape), order=1)


def test_defaults_and_names_of_the_results():
    x = normal(3, 5)
    for name in ("sort", "argsort", "msort"):
        compare(*both(name), x)
        same(method(name), x, order=1)
    for name in ("topk", "kthvalue"):
        compare(*both(name, 2), x)
    for library in (mg, torch):
        t = library.tensor(x)
        for found in (t.sort(), t.topk(2), t.kthvalue(2), t.cummax(0), t.median(1), t.mode()):
            assert found.values.shape == found.indices.shape


def test_one_number():
    x = np.array(1.5)
    for name in ("sort", "argsort"):
        compare(*both(name, 0), x)
    compare(*both("topk", 1), x)
    compare(*both("kthvalue", 1), x)


def test_nan_is_the_largest():
    x = np.array([1.0, math.nan, -math.inf, 2.0, math.nan, math.inf])
    for descending in (False, True):
        compare(*both("sort", 0, descending), x, order=1)
    compare(*both("topk", 1), x[:3], order=1)
    compare(*both("kthvalue", 4), x, order=1)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int64", "float32"])
def test_other_dtypes(dtype):
    x = whole(0, 5, 3, 4).astype(dtype)
    for descending in (False, True):
        compare(lambda t: mg.sort(t, 1, descending, stable=True),
                lambda t: torch.sort(t, dim=1, descending=descending, stable=True), x, order=0)  # fmt: skip


def test_refusals():
    for call in (
        lambda x: x.topk(6), lambda x: x.topk(-1), lambda x: x.kthvalue(0), lambda x: x.kthvalue(6),
        lambda x: x.sort(2), lambda x: x.argsort(-3),
    ):  # fmt: skip
        both_refuse(lambda: call(mg.ones(2, 5)), lambda: call(torch.ones(2, 5)))


@drawn(90)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=3).map(tuple), st.booleans(), st.booleans(), st.data())
def test_unique(shape, inverse, counts, data):
    x = whole(0, 3, *shape)
    if 0 in shape and len(shape) > 1:
        return  # PyTorch gives the inverse another shape
    dims = [None] if 0 in shape else [None, data.draw(st.integers(-len(shape), len(shape) - 1))]
    for dim in dims:
        agree(lambda library: library.unique(library.tensor(x), True, inverse, counts, dim))
        agree(lambda library: library.tensor(x).unique(return_inverse=inverse, return_counts=counts, dim=dim))
        # PyTorch leaves the inverse and the counts unwritten unless it is asked for both.
        agree(lambda library: library.unique_consecutive(library.tensor(x), True, True, dim))
        agree(lambda library: library.tensor(x).unique_consecutive(True, True, dim))
        alone = mg.unique_consecutive(mg.tensor(x), return_counts=True, dim=dim)
        assert_same(alone, torch.unique_consecutive(torch.tensor(x), True, True, dim)[::2])


def test_unique_of_other_values():
    for x in (
        np.array(2.0),
        np.array([1.5, 0.5, 1.5]),
        np.array([True, False, True]),
        np.array([math.nan, 1, math.nan]),
    ):
        for name in ("unique", "unique_consecutive"):
            agree(lambda library: getattr(library, name)(library.tensor(x), return_counts=True, return_inverse=True))


@drawn(60)
@given(SHAPES, st.lists(st.integers(0, 5), max_size=4), st.booleans())
def test_isin(shape, chosen, invert):
    x = whole(0, 6, *shape)
    agree(lambda library: library.isin(library.tensor(x), library.tensor(chosen, dtype=library.int64), invert=invert))
    agree(lambda library: library.isin(library.tensor(x), 3))
    agree(lambda library: library.isin(3, library.tensor(x)))


@drawn(90)
@given(st.integers(0, 5), SHAPES, st.booleans(), st.booleans())
def test_searching(count, shape, right, narrow):
    edges, x = np.sort(whole(0, 9, count).astype(float)), whole(0, 9, *shape).astype(float)
    options = {"out_int32": narrow, "right": right}
    agree(lambda library: library.searchsorted(library.tensor(edges), library.tensor(x), **options))
    agree(lambda library: library.bucketize(library.tensor(x), library.tensor(edges), **options))


def test_searching_row_by_row():
    rows, x = np.sort(normal(2, 3, 4)), normal(2, 3, 5)
    shuffled, order = normal(2, 4), np.argsort(normal(2, 4))
    for options in ({}, {"right": True}, {"side": "left"}, {"side": "right"}):
        agree(lambda library: library.searchsorted(library.tensor(rows), library.tensor(x), **options))
        agree(lambda library: library.searchsorted(
            library.tensor(shuffled), library.tensor(x[0, :2]), sorter=library.tensor(order), **options))  # fmt: skip
    agree(lambda library: library.searchsorted(library.tensor(rows[0, 0]), 0.3))
    agree(lambda library: library.bucketize(0.3, library.tensor(rows[0, 0])))
    for options in ({"side": "left", "right": True}, {"side": "middle"}):
        both_refuse(
            lambda: mg.searchsorted(mg.ones(2), mg.ones(2), **options),
            lambda: torch.searchsorted(torch.ones(2), torch.ones(2), **options),
        )
    both_refuse(
        lambda: mg.searchsorted(mg.ones(2, 3), mg.ones(3, 2)),
        lambda: torch.searchsorted(torch.ones(2, 3), torch.ones(3, 2)),
    )
