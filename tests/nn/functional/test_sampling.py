"""grid_sample and affine_grid, against the definition place by place."""

import itertools
import math

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import gradcheck, gradgradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError


def place_of(g, n, align):
    return (g + 1) / 2 * (n - 1) if align else ((g + 1) * n - 1) / 2


def bordered(p, n, border, align):
    if border == "reflection":
        low, high = (0, n - 1) if align else (-0.5, n - 0.5)
        while high > low and not low <= p <= high:
            p = 2 * low - p if p < low else 2 * high - p
        p = p if high > low else 0
    return p if border == "zeros" else min(max(p, 0), n - 1)


def sampled(x, grid, mode, border, align):
    """Every output a sum over all elements of the input."""
    axes = grid.shape[-1]
    out = np.zeros((*x.shape[:2], *grid.shape[1:-1]))
    for number in np.ndindex(grid.shape[:-1]):
        places = [bordered(place_of(g, n, align), n, border, align) for g, n in zip(grid[number][::-1], x.shape[2:])]
        for position in itertools.product(*(range(n) for n in x.shape[2:])):
            if mode == "nearest":
                weight = float(all(round(p) == i for p, i in zip(places, position)))
            else:
                weight = math.prod(max(1 - abs(p - i), 0) for p, i in zip(places, position))
            out[(number[0], slice(None), *number[1:])] += weight * x[(number[0], slice(None), *position)]
    assert axes == x.ndim - 2
    return out


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("border", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("sizes", [(3, 4), (1, 2), (2, 3, 2)])
def test_every_place(sizes, mode, border, align):
    source = np.random.default_rng(1)
    x = source.standard_normal((2, 2, *sizes))
    grid = source.uniform(-1.9, 1.9, (2, *(2, 3, 2)[: len(sizes)], len(sizes)))
    y = F.grid_sample(x, grid, mode, border, align)
    np.testing.assert_allclose(y.numpy(), sampled(x, grid, mode, border, align), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("border", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_gradients_to_second_order(mode, border):
    mg.manual_seed(3)
    x = mg.randn(1, 2, 4, 3, dtype=mg.float64, requires_grad=True)
    grid = (mg.rand(1, 2, 2, 2, dtype=mg.float64) * 3 - 1.5).requires_grad_()
    assert gradcheck(lambda a, b: F.grid_sample(a, b, mode, border), (x, grid))
    assert gradgradcheck(lambda a, b: F.grid_sample(a, b, mode, border), (x, grid))


def test_places_that_are_no_numbers_are_outside():
    x = mg.ones(1, 1, 2, 2)
    grid = mg.tensor([[[[math.nan, 0.0], [math.inf, 0.0], [1e38, 0.0], [0.0, 0.0]]]])
    assert F.grid_sample(x, grid).flatten().tolist() == [0, 0, 0, 1]


def test_bicubic_reads_elements_where_they_are():
    x = mg.randn(1, 1, 4, 5)
    grid = F.affine_grid(mg.tensor([[[1.0, 0, 0], [0, 1, 0]]]), (1, 1, 4, 5), align_corners=True)
    y = F.grid_sample(x, grid, "bicubic", align_corners=True)
    np.testing.assert_allclose(y.numpy(), x.numpy(), atol=1e-5)


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("sizes", [(2, 3), (1, 4), (2, 1, 3)])
def test_affine_grids_are_the_map_of_each_place(sizes, align):
    axes = len(sizes)
    theta = np.random.default_rng(0).standard_normal((2, axes, axes + 1))
    grid = F.affine_grid(theta, (2, 5, *sizes), align).numpy()
    for position in np.ndindex(*sizes):
        point = [
            (2 * i / (n - 1) - 1 if n > 1 else 0) if align else (2 * i + 1) / n - 1 for i, n in zip(position, sizes)
        ]
        np.testing.assert_allclose(grid[(slice(None), *position)], theta @ [*point[::-1], 1], atol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x, g: F.grid_sample(x, g, "linear"), ArgumentError, "mode='linear'; it is one of bilinear"),
        (lambda x, g: F.grid_sample(x, g, padding_mode="zero"), ArgumentError, "padding_mode='zero'"),
        (lambda x, g: F.grid_sample(x[0], g), ShapeError, r"\(1, 2, 2\).*\(N, h, w, 2\)"),
        (lambda x, g: F.grid_sample(x, g[..., :1]), ShapeError, r"\(1, 3, 3, 1\)"),
        (lambda x, g: F.grid_sample(mg.ones(2, 1, 2, 2), g), ShapeError, "the same N"),
        (lambda x, g: F.grid_sample(x[:, :0], g), ShapeError, "only the batch may be empty"),
        (lambda x, g: F.grid_sample(x.double(), g), DTypeError, "float64 and a grid of float32"),
        (lambda x, g: F.grid_sample(mg.ones(1, 1, 1, 1, 1), mg.ones(1, 1, 1, 1, 3), "bicubic"), ShapeError, "4 axes"),
        (lambda x, g: F.affine_grid(mg.ones(1, 2, 3), (1, 1, 4)), ShapeError, r"size \(1, 1, 4\)"),
        (lambda x, g: F.affine_grid(mg.ones(1, 2, 2), (1, 1, 4, 4)), ShapeError, r"theta of shape \(1, 2, 2\)"),
        (lambda x, g: F.affine_grid(mg.ones(1, 2, 3), (1, 1, 0, 4)), ShapeError, "at least 1"),
        (lambda x, g: F.affine_grid(mg.arange(6).reshape(1, 2, 3), (1, 1, 4, 4)), DTypeError, "int64"),
        (lambda x, g: F.affine_grid(mg.ones(1, 2, 3), 4), DTypeError, "size=4"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call(mg.ones(1, 1, 2, 2), mg.zeros(1, 3, 3, 2))
