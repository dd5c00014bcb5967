"""Reductions over axes: values, indices, ties, no elements, and the softmax family."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.torch_oracle.compare import both, both_refuse, compare, drawn, method, normal, same, whole

MANY_AXES = ["sum", "mean", "var", "std", "amax", "amin", "logsumexp"]
ONE_AXIS = ["prod", "softmax", "log_softmax", "argmax", "argmin", "max", "min", "any", "all"]


@st.composite
def reductions(draw, least=0):
    """A shape, axes of it (a number or several, negative ones too), and keepdim."""
    shape = tuple(draw(st.lists(st.integers(least, 3), min_size=1, max_size=4)))
    axes = draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, max_size=len(shape), unique=True))
    axes = tuple(axis - len(shape) if draw(st.booleans()) else axis for axis in axes)
    return shape, axes, draw(st.booleans())


@drawn(180)
@given(st.sampled_from(["sum", "mean", "logsumexp"]), reductions())
def test_sums_and_means(name, case):
    shape, axes, keepdim = case
    compare(*both(name, axes, keepdim), normal(*shape), order=2)
    same(method(name, axes[0], keepdim=keepdim), normal(*shape), order=1)


@drawn(120)
@given(st.sampled_from(["amax", "amin"]), reductions(least=1), st.booleans())
def test_extremes(name, case, ties):
    shape, axes, keepdim = case
    x = whole(0, 3, *shape).astype(float) if ties else normal(*shape)
    compare(*both(name, axes, keepdim), x)
    same(method(name, axes, keepdim), x, order=1)


@drawn(150)
@given(st.sampled_from(["var", "std"]), reductions(), st.sampled_from([0, 1, 2, 0.5]))
@pytest.mark.filterwarnings("ignore:.*degrees of freedom.*")
def test_variances(name, case, correction):
    shape, axes, keepdim = case
    options = {"correction": correction, "keepdim": keepdim}
    count = math.prod(shape[axis] for axis in axes)
    # No freedom: NaN, whose gradient PyTorch takes from a negative divisor. One value: a deviation of 0, at a kink.
    order = 0 if count <= correction else 1 if count == 1 else 2
    compare(*both(name, axes, **options), normal(*shape), order=order, atol=1e-10)


@pytest.mark.filterwarnings("ignore:.*degrees of freedom.*")
def test_variances_in_other_words():
    x = normal(3, 4)
    for name in ("var", "std"):
        compare(*both(name), x)
        same(method(name), x)
        compare(*both(name, 1), x)
        compare(*both(name, unbiased=False), x)
        compare(*both(name, False), x)
        compare(*both(name, 0, False), x)
        compare(*both(name, 0, unbiased=False, keepdim=True), x)
        compare(*both(name, None, correction=0), x)
        compare(*both(name, 0, True, True), x)
        compare(*both(name, (0, 1), False, True), x)
        compare(*both(name), np.array([2.0]), order=1)
        compare(*both(name, 0), np.zeros((0, 2)), order=1)
        compare(*both(name, correction=0), np.array([2.0, 2.0]), order=1)


@drawn(180)
@given(st.sampled_from(ONE_AXIS), reductions(least=1), st.booleans())
def test_one_axis(name, case, ties):
    shape, axes, keepdim = case
    x = whole(-1, 3, *shape).astype(float) if ties else normal(*shape)
    options = {} if name in ("softmax", "log_softmax") else {"keepdim": keepdim}
    compare(*both(name, axes[0], **options), x)
    same(method(name, axes[0], **options), x)


@pytest.mark.parametrize("name", [*MANY_AXES[:-1], "prod", "argmax", "argmin", "max", "min", "any", "all"])
def test_of_everything(name):
    for x in (normal(2, 3), np.array(1.5), np.array([[2.0]])):
        if name in ("var", "std") and x.size == 1:
            continue
        compare(*both(name), x)
        same(method(name), x)


@pytest.mark.parametrize("name", [*MANY_AXES, *ONE_AXIS])
@pytest.mark.parametrize("dim", [0, -1])
@pytest.mark.filterwarnings("ignore:.*degrees of freedom.*")
def test_an_axis_of_a_0_d_tensor(name, dim):
    compare(*both(name, dim), np.array(1.5), order=1)


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin", "var", "std", "any", "all"])
def test_no_axes_means_all_or_none(name):
    """An empty list of axes, as PyTorch reads it; its own gradient of var is then infinite, so that is left out."""
    order = 0 if name in ("var", "std") else 1
    compare(*both(name, ()), normal(2, 3), order=order)
    compare(*both(name, []), normal(2, 3), order=order)


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "any", "all"])
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_no_elements(name, shape):
    compare(*both(name), np.zeros(shape), order=1)
    for dim in range(len(shape)):
        compare(*both(name, dim), np.zeros(shape), order=1)
        compare(*both(name, dim, keepdim=True), np.zeros(shape), order=1)


@pytest.mark.parametrize("name", ["amax", "amin", "max", "min", "argmax", "argmin"])
def test_the_largest_of_nothing(name):
    both_refuse(lambda: getattr(mg, name)(mg.zeros(0)), lambda: getattr(torch, name)(torch.zeros(0)))
    both_refuse(lambda: getattr(mg, name)(mg.zeros(2, 0), 1), lambda: getattr(torch, name)(torch.zeros(2, 0), 1))
    compare(*both(name, 1), np.zeros((0, 3)), order=1)


def test_axes_that_are_refused():
    for name in ("sum", "mean", "amax", "logsumexp"):
        for axes in (2, -3, (0, 0), (0, -2)):
            both_refuse(
                lambda: getattr(mg, name)(mg.ones(2, 3), axes), lambda: getattr(torch, name)(torch.ones(2, 3), axes)
            )
    for name in ("mean", "var", "std", "softmax"):
        arguments = (0,) if name == "softmax" else ()
        both_refuse(
            lambda: getattr(mg, name)(mg.tensor([1, 2]), *arguments),
            lambda: getattr(torch, name)(torch.tensor([1, 2]), *arguments),
        )


SPECIAL_ROWS = np.array([
    [1.0, math.nan, 3.0, math.nan], [math.inf, 1.0, math.inf, 2.0], [-math.inf, 1.0, -math.inf, 1.0],
    [-math.inf] * 4, [math.inf] * 4, [math.nan] * 4, [0.0, -0.0, 0.0, -0.0], [2.0, 5.0, 5.0, 1.0],
    [math.inf, -math.inf, math.nan, 0.0],
])  # fmt: skip


@pytest.mark.parametrize(
    "name", ["sum", "mean", "amax", "amin", "max", "min", "argmax", "argmin", "any", "all", "prod"]
)
def test_special_values(name):
    rows = SPECIAL_ROWS
    compare(*both(name, 1), rows, order=0, single=False)
    if name in (
        "amax",
        "amin",
    ):  # rows with NaN share the gradient among the NaNs; in PyTorch only max and min do (a departure)
        rows = rows[~np.isnan(rows).any(1)]
    compare(*both(name, 1), rows, order=1 if name != "prod" else 0, single=False)


@pytest.mark.parametrize("name", ["amax", "amin", "max", "min"])
def test_gradient_of_ties_over_everything(name):
    compare(*both(name), np.array([[2.0, 5.0, 5.0], [5.0, 1.0, 1.0]]))
    if name in ("max", "min"):
        compare(*both(name), np.array([math.nan, 1.0, math.nan]), order=1)
    compare(*both(name), np.array([math.inf, 1.0, math.inf]), order=1)
    compare(*both(name), np.array([[3, 7, 7], [3, 1, 1]]))


@pytest.mark.parametrize("name", ["argmax", "argmin", "max", "min"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int64", "float16"])
def test_ties_of_other_dtypes(name, dtype):
    x = whole(0, 2, 5, 6).astype(dtype)
    if dtype == "bool" and name.startswith("arg"):
        return  # PyTorch refuses
    compare(*both(name, 1), x, order=0)
    compare(*both(name, 0, keepdim=True), x, order=0)
    compare(*both(name), x, order=0)


def test_extremes_of_two():
    a, b = whole(0, 3, 3, 4).astype(float), whole(0, 3, 4, seed=1).astype(float)
    compare(mg.max, torch.max, a, b)
    compare(mg.min, torch.min, a, b)
    compare(lambda x, y: x.max(y), lambda x, y: x.max(y), a, b)
    compare(lambda x, y: x.minimum(y), lambda x, y: x.minimum(y), a, b)


def test_names_of_the_pair():
    for library in (mg, torch):
        pair = library.max(library.tensor([[1.0, 5.0], [3.0, 2.0]]), 1)
        assert pair.values.tolist() == [5.0, 3.0]
        assert pair.indices.tolist() == [1, 0]
        values, indices = pair
        assert values is pair[0]
        assert indices is pair[1]


@pytest.mark.parametrize(
    "values", [[0.0, 0.0, 3.0], [2.0, 0.0, 3.0], [0.0], [1.0, 2.0, 3.0, 4.0, 5.0], [0.0, 0.0], [-2.0, 0.5]]
)
def test_products_with_zeros(values):
    compare(*both("prod"), np.array(values))
    compare(*both("prod", 0), np.array([values, values]).T)
    compare(*both("prod", 1, True), np.array([values, values[::-1]]))


def test_products_of_integers():
    compare(*both("prod"), whole(1, 4, 3, 4))
    compare(*both("prod", 0), whole(1, 4, 3, 4).astype(np.int8))
    compare(*both("sum", 0), whole(0, 200, 30, 4).astype(np.uint8))
    compare(*both("sum"), np.array([True, True, False]))


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_softmax_at_extremes(name):
    rows = np.array([[1000.0, 0.0, -1000.0], [-1e308, 1e308, 0.0], [0.0, -math.inf, 1.0], [5.0, 5.0, 5.0]])
    compare(*both(name, 1), rows, order=1, single=False)
    compare(*both(name, 1), rows[[0, 3]], order=2, single=False)
    compare(
        *both(name, 1),
        np.array([[-math.inf] * 3, [math.inf, 0, 0], [math.nan, 0, 0], [math.inf] * 3]),
        order=0,
        single=False,
    )
    compare(*both(name, 0), rows.T.copy(), order=1, single=False)


def test_logsumexp_of_infinities():
    rows = np.array([[-math.inf, -math.inf], [math.inf, 1.0], [-math.inf, 2.0], [math.inf, -math.inf]])
    compare(*both("logsumexp", 1), rows, order=1, single=False)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 3, 4)])
def test_softmax_shapes(name, shape):
    for dim in range(len(shape)):
        compare(*both(name, dim), normal(*shape), order=1)


def test_long_float32_sums():
    """Sums of many float32 values keep five digits along every axis."""
    x = np.random.default_rng(0).random(1_000_000, np.float32)
    for shape, axis in (((1_000_000,), 0), ((500_000, 2), 0), ((2, 500_000), 1), ((100, 2, 5000), (0, 2))):
        compare(*both("sum", axis), x.reshape(shape), order=0, rtol=1e-5)
