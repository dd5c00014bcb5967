"""Resizing in every mode, up and down, by sizes and by factors; reading maps at places of a grid."""

import numpy as np
import pytest
import torch
import torch.nn.functional as G
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
import minigrad.nn.functional as F
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal, whole
from tests.torch_oracle.modules import compare_layer

pytestmark = pytest.mark.filterwarnings("ignore")  # PyTorch's, of names and defaults that it has given up

AXES = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3, "lanczos": 2}
ALIGNED = ("linear", "bilinear", "bicubic", "trilinear")
FACTORS = st.sampled_from([2.0, 3.0, 0.5, 1.5, 0.75, 2.5])


@st.composite
def resizings(draw, modes):
    """An input's shape and the options of `interpolate`."""
    mode = draw(st.sampled_from(modes))
    axes = AXES.get(mode) or draw(st.integers(1, 3))
    sizes = st.lists(st.integers(1, 7), min_size=axes, max_size=axes)
    spatial = draw(sizes)
    options = {"mode": mode}
    if draw(st.booleans()):
        options["size"] = draw(sizes)
        if mode.startswith("nearest"):
            # Where the ratio is no binary fraction, PyTorch's own results depend on dtype and memory order.
            spatial = [2 ** draw(st.integers(0, 3)) for _ in spatial]
            options["size"] = [2 ** draw(st.integers(0, 4)) for _ in spatial]
        if len(set(options["size"])) == 1 and draw(st.booleans()):
            options["size"] = options["size"][0]
    else:
        factors = [max(draw(FACTORS), 1 / n) for n in spatial]
        if mode.startswith("nearest"):
            # PyTorch's gradient takes a factor for 1 or 2 where the sizes say so, its result over two axes only.
            factors = [draw(st.sampled_from([1.0, 2.0, 4.0])) for _ in spatial]
        options["scale_factor"] = factors[0] if len(set(factors)) == 1 and draw(st.booleans()) else factors
        options["recompute_scale_factor"] = draw(st.sampled_from([None, True, False]))
    if mode in ALIGNED:
        options["align_corners"] = draw(st.sampled_from([None, True, False]))
    return (draw(st.integers(0, 2)), draw(st.integers(1, 2)), *spatial), options


@drawn(150)
@given(resizings(["nearest", "nearest-exact", "linear", "bilinear", "trilinear"]))
def test_interpolate(case):
    shape, options = case
    compare(*functional("interpolate", **options), normal(*shape))


ODD = st.floats(0.3, 3.2).map(lambda factor: round(factor, 2))
ELEMENTS = st.sampled_from(["float64", "float32", "float16", "uint8"])


@drawn(150)
@given(st.lists(st.tuples(st.integers(1, 6), ODD), min_size=1, max_size=3), st.booleans(), ELEMENTS)
def test_nearest_by_any_factor(axes, exact, dtype):
    """The result; where it is of the size of the input or of twice that, PyTorch's gradient may be another's."""
    factors = [max(factor, 1 / n) for n, factor in axes]
    x = whole(0, 200, 2, 2, *(n for n, _ in axes)).astype(dtype)
    mode = "nearest-exact" if exact else "nearest"
    compare(*functional("interpolate", scale_factor=factors, mode=mode), x, order=0)


@pytest.mark.parametrize("factor", [1.2, 2.3, 1.7])
def test_nearest_in_the_plane_and_its_gradient(factor):
    compare(*functional("interpolate", scale_factor=factor), normal(2, 3, 3, 3))
    compare_layer("Upsample", (), {"scale_factor": factor}, normal(2, 3, 3, 3))


@drawn(120)
@given(resizings(["bicubic", "area", "linear", "bilinear"]))
def test_interpolate_by_wider_kernels(case):
    shape, options = case
    compare(*functional("interpolate", **options), normal(*shape))


@drawn(90)
@given(resizings(["bilinear", "bicubic", "lanczos"]))
def test_antialias(case):
    shape, options = case
    width = shape[3] * 9 if "scale_factor" in options else options["size"]
    if (min(np.ravel(width)) if "size" in options else 1) == 1 or max(shape[2:]) < 3:
        return  # PyTorch's second pass reads wrong rows where its output is one element wide
    if "scale_factor" in options and min(np.multiply(shape[2:], options["scale_factor"])) < 2:
        return
    compare(*functional("interpolate", antialias=True, **options), normal(*shape), order=1)


@drawn(120)
@given(resizings(["bilinear", "bicubic", "nearest"]), st.booleans())
def test_bytes(case, antialias):
    """Images of uint8 are rounded, to the last bit."""
    shape, options = case
    if antialias and options["mode"] != "nearest":
        options = {**options, "antialias": True}
    x = torch.from_numpy(whole(0, 256, *shape).astype(np.uint8))
    try:
        expected = G.interpolate(x, **options)
    except RuntimeError:  # an assertion of PyTorch's own, at one output pixel
        return
    found = F.interpolate(mg.tensor(x.numpy()), **options)
    assert found.dtype == mg.uint8
    assert found.tolist() == expected.tolist()


@drawn(90)
@given(resizings(["nearest", "bilinear", "trilinear", "bicubic", "linear", "area"]))
def test_layers(case):
    shape, options = case
    compare_layer(
        "Upsample", (), {key: tuple(v) if isinstance(v, list) else v for key, v in options.items()}, normal(*shape)
    )


@pytest.mark.parametrize("options", [{"size": 5}, {"size": (3, 4)}, {"scale_factor": 2}, {"scale_factor": (2, 1.5)}])
@pytest.mark.parametrize("name", ["UpsamplingNearest2d", "UpsamplingBilinear2d"])
def test_older_layers_and_functions(name, options):
    x = normal(2, 3, 2, 4)
    compare_layer(name, (), options, x)
    compare(*functional("upsample_nearest" if "Nearest" in name else "upsample_bilinear", **options), x)
    compare(*functional("upsample", **options), x)


REFUSED = [
    {}, {"size": 2, "scale_factor": 2}, {"size": (2, 2, 2)}, {"size": (2,)}, {"scale_factor": (2, 2, 2)}, {"size": 0},
    {"size": -1}, {"scale_factor": 0}, {"scale_factor": -1.0}, {"scale_factor": 0.1}, {"size": 2.5}, {"size": (2.5, 2)},
    {"size": True}, {"scale_factor": "2"}, {"size": 2, "align_corners": True}, {"size": 2, "align_corners": False},
    {"size": 2, "mode": "area", "align_corners": False}, {"size": 2, "mode": "linear"},
    {"size": 2, "mode": "trilinear"},
    {"size": 2, "mode": "cubic"}, {"size": 2, "recompute_scale_factor": True}, {"size": 2, "antialias": True},
    {"size": 2, "mode": "lanczos"}, {"size": 2, "mode": "area", "antialias": True},
]  # fmt: skip


@pytest.mark.parametrize("options", REFUSED, ids=str)
def test_what_both_refuse(options):
    both_refuse(
        lambda: F.interpolate(mg.ones(1, 2, 4, 4), **options), lambda: G.interpolate(torch.ones(1, 2, 4, 4), **options)
    )


def test_shapes_that_both_refuse():
    for shape, mode in (
        ((4, 4), "nearest"), ((1, 1, 1, 1, 4, 4), "nearest"), ((1, 2, 4), "bilinear"), ((1, 2, 4), "bicubic"),
        ((1, 0, 4, 4), "nearest"), ((1, 2, 0, 4), "bilinear"), ((1, 2, 0, 4), "area"), ((1, 2, 4, 4, 4), "bicubic"),
    ):  # fmt: skip
        both_refuse(
            lambda shape=shape, mode=mode: F.interpolate(mg.ones(shape), 2, mode=mode),
            lambda shape=shape, mode=mode: G.interpolate(torch.ones(shape), 2, mode=mode),
        )


# ------------------------------------------------------------------ sampling


@st.composite
def samplings(draw):
    axes = draw(st.sampled_from([2, 2, 3]))
    sizes = st.lists(st.integers(1, 4), min_size=axes, max_size=axes)
    batch = draw(st.integers(0, 2))
    mode = draw(st.sampled_from(["bilinear", "nearest", *(["bicubic"] if axes == 2 else [])]))
    border = draw(st.sampled_from(["zeros", "border", "reflection"]))
    align = draw(st.sampled_from([None, True, False]))
    return (batch, 2, *draw(sizes)), (batch, *draw(sizes), axes), (mode, border, align), draw(st.integers(0, 99))


@drawn(150)
@given(samplings())
def test_grid_sample(case):
    """To first order: PyTorch has no second derivatives of it."""
    x, grid, arguments, seed = case
    places = np.random.default_rng(seed).uniform(-1.7, 1.7, grid)
    compare(*functional("grid_sample", *arguments), normal(*x), places, order=1, single=arguments[0] != "nearest")


@drawn(60)
@given(
    st.sampled_from([2, 3]), st.lists(st.integers(1, 4), min_size=5, max_size=5), st.sampled_from([None, True, False])
)
def test_affine_grid(axes, sizes, align):
    theta = normal(sizes[0], axes, axes + 1)
    compare(*functional("affine_grid", sizes[: axes + 2], align), theta)


@pytest.mark.parametrize("align", [None, True, False])
@pytest.mark.parametrize("axes", [2, 3])
def test_affine_grid_of_an_empty_batch(axes, align):
    """As PyTorch, which makes a grid of it or refuses it."""
    theta, size = normal(0, axes, axes + 1), (0, 2, *(3,) * axes)
    try:
        G.affine_grid(torch.from_numpy(theta), size, align)
    except (RuntimeError, ValueError):
        both_refuse(
            lambda: F.affine_grid(mg.tensor(theta), size, align),
            lambda: G.affine_grid(torch.from_numpy(theta), size, align),
        )
        return
    compare(*functional("affine_grid", size, align), theta)


def test_what_both_refuse_to_sample():
    for x, grid, arguments in (
        ((1, 2, 2), (1, 2, 2, 2), ()), ((1, 1, 2, 2), (1, 2, 2, 3), ()), ((2, 1, 2, 2), (1, 2, 2, 2), ()),
        ((1, 1, 2, 2), (1, 2, 2, 2), ("linear",)), ((1, 1, 2, 2), (1, 2, 2, 2), ("nearest", "zero")),
        ((1, 1, 2, 2, 2), (1, 1, 1, 1, 3), ("bicubic",)), ((1, 1, 0, 2), (1, 2, 2, 2), ()),
    ):  # fmt: skip
        both_refuse(
            lambda x=x, grid=grid, arguments=arguments: F.grid_sample(mg.ones(x), mg.ones(grid), *arguments),
            lambda x=x, grid=grid, arguments=arguments: G.grid_sample(torch.ones(x), torch.ones(grid), *arguments),
        )
    for theta, size in (
        ((1, 2, 2), (1, 1, 2, 2)),
        ((1, 2, 3), (2, 1, 2, 2)),
        ((1, 2, 3), (1, 1, 0, 2)),
        ((1, 2, 3), (1, 2)),
    ):
        both_refuse(
            lambda theta=theta, size=size: F.affine_grid(mg.ones(theta), size),
            lambda theta=theta, size=size: G.affine_grid(torch.ones(theta), size),
        )
