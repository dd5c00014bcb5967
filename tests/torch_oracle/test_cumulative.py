"""Running sums, products and extremes."""

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

NAMES = ["cumsum", "cumprod", "cummax", "cummin", "logcumsumexp"]


@drawn(120)
@given(st.sampled_from(NAMES), st.lists(st.integers(0, 5), min_size=1, max_size=3).map(tuple), st.data())
def test_along_an_axis(name, shape, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    ties = data.draw(st.booleans())
    x = whole(-2, 3, *shape).astype(float) if ties else normal(*shape)
    if 0 in shape and name in ("cummax", "cummin"):
        return
    # Of a product with zeros PyTorch's second derivative is right only up to a few of them.
    compare(*both(name, dim), x, order=1 if ties and name == "cumprod" else 2)
    same(method(name, dim), x, order=1)


@pytest.mark.parametrize("name", NAMES)
def test_of_one_number(name):
    for dim in (0, -1):
        compare(*both(name, dim), np.array(1.5))
    both_refuse(lambda: getattr(mg, name)(mg.ones(2), 1), lambda: getattr(torch, name)(torch.ones(2), 1))


@pytest.mark.parametrize("name", NAMES)
def test_special_values(name):
    for x in ([1.0, math.nan, 2.0, math.nan, 3.0], [1.0, math.inf, 2.0, 0.0, -math.inf], [-math.inf, -math.inf, 1.0]):
        order = 0 if name in ("logcumsumexp", "cumprod") else 1
        compare(*both(name, 0), np.array(x), order=order)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float32", "float16"])
def test_other_dtypes(name, dtype):
    if name == "logcumsumexp" and dtype != "float32":
        return
    x = whole(0, 3, 2, 4).astype(dtype)
    compare(*both(name, 1), x, order=0, rtol=1e-5)
    if name in ("cumsum", "cumprod"):
        for target in ("float64", "int32"):
            agree(lambda library: getattr(library, name)(library.tensor(x), 1, dtype=getattr(library, target)))


def test_logcumsumexp_far_from_zero():
    compare(*both("logcumsumexp", 0), np.array([-1000.0, 0.0, 900.0, 901.0, -5.0]))


def test_zeros_in_a_running_product():
    compare(*both("cumprod", 0), np.array([2.0, 0.0, 3.0, 4.0]))
    compare(*both("cumprod", 0), np.array([2.0, 0.0, 3.0, 0.0, 4.0]), order=1)


@drawn(60)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple), st.integers(0, 5), st.data())
def test_differences(shape, n, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    compare(*both("diff", n, dim), normal(*shape))
    edge = [1 if axis == dim % len(shape) else size for axis, size in enumerate(shape)]
    compare(
        lambda x, a, b: mg.diff(x, n, dim, a, b), lambda x, a, b: torch.diff(x, n, dim, a, b),
        normal(*shape), normal(*edge, seed=1), normal(*shape, seed=2),
    )  # fmt: skip


def test_differences_of_other_dtypes():
    compare(*both("diff"), whole(0, 9, 5))
    compare(*both("diff"), whole(0, 2, 5) > 0)
    both_refuse(lambda: mg.diff(mg.tensor(1.0)), lambda: torch.diff(torch.tensor(1.0)))
    both_refuse(lambda: mg.diff(mg.ones(2), -1), lambda: torch.diff(torch.ones(2), -1))


def test_in_place():
    for name in ("cumsum_", "cumprod_"):
        same(lambda x: getattr(x * 1, name)(1) * x, normal(3, 4))
