"""Max and average pooling over one to three axes, drawn over every option; ties, NaN and −∞."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as G
from hypothesis import assume, given
from hypothesis import strategies as st

import minigrad as mg
import minigrad.nn.functional as F
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal, whole
from tests.torch_oracle.modules import compare_layer

MAX_LAYERS = ("MaxPool1d", "MaxPool2d", "MaxPool3d")
AVG_LAYERS = ("AvgPool1d", "AvgPool2d", "AvgPool3d")
LP_LAYERS = ("LPPool1d", "LPPool2d", "LPPool3d")
LP = ("lp_pool1d", "lp_pool2d", "lp_pool3d")
PLACES = ("max_pool1d_with_indices", "max_pool2d_with_indices", "max_pool3d_with_indices")


@st.composite
def poolings(draw, axes, dilated):
    """An input's shape and the options of one pooling that fits."""
    sizes = st.lists(st.integers(1, 3), min_size=axes, max_size=axes)
    kernel, stride = draw(sizes), draw(sizes)
    dilation = draw(sizes) if dilated else [1] * axes
    padding = [draw(st.integers(0, k // 2)) for k in kernel]
    outputs = draw(st.lists(st.integers(1, 3), min_size=axes, max_size=axes))
    spatial = [
        max((o - 1) * s + d * (k - 1) + 1 - 2 * p, 1) + draw(st.integers(0, s - 1))
        for k, s, d, p, o in zip(kernel, stride, dilation, padding, outputs, strict=True)
    ]
    # Windows that meet the padding only: PyTorch gives −∞ at index −1 or so there; minigrad refuses (a departure).
    # And PyTorch's avg_pool3d wants the unpadded input to hold the kernel.
    for n, k, s, d, p in zip(spatial, kernel, stride, dilation, padding, strict=True):
        last = (n + 2 * p - d * (k - 1) - 1 + s - 1) // s
        assume(all(any(0 <= o * s - p + j * d < n for j in range(k)) for o in range(last + 1)))
        assume(dilated or axes < 3 or n >= k)
    lead = draw(st.sampled_from([(1,), (2,), (1, 2), (2, 1), (0, 1)]))
    options = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": draw(st.booleans())}
    if dilated:
        options["dilation"] = dilation
    if len(lead) == 2 and draw(st.booleans()) and stride == kernel:
        del options["stride"]
    for name in ("kernel_size", "stride", "padding", "dilation"):
        if name in options and len(set(options[name])) == 1 and draw(st.booleans()):
            options[name] = options[name][0]
    return (*lead, *spatial), options


def values(shape, kind):
    """Values without ties, with ties, or with infinities and NaN."""
    if kind == "ties":
        return whole(0, 3, *shape).astype(float)
    x = normal(*shape)
    if kind == "special" and x.size:
        spots = whole(0, 6, *shape, seed=3)
        x[spots == 0], x[spots == 1], x[spots == 2] = -math.inf, math.nan, math.inf
    return x


def check_max(axes, case, kind, indices):
    shape, options = case
    x = values(shape, kind)
    compare(*functional(f"max_pool{axes}d", return_indices=indices, **options), x, order=1 if kind == "special" else 2)


KINDS = st.sampled_from(["distinct", "ties", "special"])


@drawn(300)
@given(poolings(1, True), KINDS, st.booleans())
def test_max_pool1d(case, kind, indices):
    check_max(1, case, kind, indices)


@drawn(300)
@given(poolings(2, True), KINDS, st.booleans())
def test_max_pool2d(case, kind, indices):
    check_max(2, case, kind, indices)


@drawn(300)
@given(poolings(3, True), KINDS, st.booleans())
def test_max_pool3d(case, kind, indices):
    check_max(3, case, kind, indices)


@st.composite
def averages(draw, axes):
    shape, options = draw(poolings(axes, False))
    options["count_include_pad"] = draw(st.booleans())
    if axes > 1:
        options["divisor_override"] = draw(st.sampled_from([None, None, 1, 3, -2]))
    return shape, options


def check_average(axes, case):
    shape, options = case
    compare(*functional(f"avg_pool{axes}d", **options), normal(*shape))


@drawn(300)
@given(averages(1))
def test_avg_pool1d(case):
    check_average(1, case)


@drawn(300)
@given(averages(2))
def test_avg_pool2d(case):
    check_average(2, case)


@drawn(300)
@given(averages(3))
def test_avg_pool3d(case):
    check_average(3, case)


def test_positional_order_of_the_arguments():
    x = normal(2, 3, 7, 7)
    compare(lambda t: F.max_pool2d(t, 3, 2, 1, 1, True), lambda t: G.max_pool2d(t, 3, 2, 1, 1, True), x)
    compare(lambda t: F.max_pool2d(t, 3, 2, 1, 2, False, True), lambda t: G.max_pool2d(t, 3, 2, 1, 2, False, True), x)
    compare(lambda t: F.avg_pool2d(t, 3, 2, 1, True, False, 5), lambda t: G.avg_pool2d(t, 3, 2, 1, True, False, 5), x)
    compare(lambda t: F.avg_pool1d(t, 3, 2, 1, True, False), lambda t: G.avg_pool1d(t, 3, 2, 1, True, False), x[0])
    compare(mg.max_pool1d, torch.max_pool1d, x[0], 3)
    compare(mg.avg_pool1d, torch.avg_pool1d, x[0], 3)


@pytest.mark.parametrize("name", ["max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d"])
def test_engine_and_functional_are_one(name):
    assert getattr(F, name) is getattr(mg, name)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_windows_that_hold_nothing_but_minus_infinity(axes):
    x = np.full((1, 1, *(4,) * axes), -math.inf)
    compare(*functional(f"max_pool{axes}d", kernel_size=3, stride=2, padding=1, return_indices=True), x, order=1)
    x = np.full((1, 1, *(4,) * axes), math.nan)
    compare(*functional(f"max_pool{axes}d", kernel_size=3, stride=2, padding=1, return_indices=True), x, order=1)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_ceil_mode_at_its_borders(axes):
    """Last windows that begin inside the input, in the padding, or just beyond."""
    for n in range(1, 8):
        for k, s, p in ((2, 2, 0), (2, 2, 1), (3, 2, 1), (3, 3, 1), (2, 3, 1), (3, 1, 1), (1, 3, 0), (3, 5, 1)):
            if n + 2 * p < k or (axes == 3 and n < k):
                continue
            x = normal(1, 1, *(n,) * axes)
            options = {"kernel_size": k, "stride": s, "padding": p, "ceil_mode": True}
            compare(*functional(f"max_pool{axes}d", **options), x, order=1)
            for counted in (True, False):
                compare(*functional(f"avg_pool{axes}d", count_include_pad=counted, **options), x, order=1)


def test_integers():
    """Max pooling of integers."""
    x = whole(-9, 9, 1, 2, 6, 6)
    for dtype in ("int64", "int32", "uint8", "int8"):
        compare(*functional("max_pool2d", kernel_size=2), np.abs(x).astype(dtype))
        compare(*functional("max_pool2d", kernel_size=3, padding=1), x.astype("int64"))


REFUSED = [
    ("max_pool2d", (1, 1, 4, 4), {"kernel_size": 2, "padding": 2}),
    ("avg_pool2d", (1, 1, 4, 4), {"kernel_size": 2, "padding": 2}), ("max_pool2d", (1, 1, 4, 4), {"kernel_size": 5}),
    ("avg_pool2d", (1, 1, 4, 4), {"kernel_size": 5}), ("max_pool2d", (4, 4), {"kernel_size": 2}),
    ("max_pool2d", (1, 1, 1, 4, 4), {"kernel_size": 2}), ("avg_pool2d", (4, 4), {"kernel_size": 2}),
    ("max_pool2d", (1, 1, 4, 4), {"kernel_size": 0}), ("max_pool2d", (1, 1, 4, 4), {"kernel_size": 2, "stride": 0}),
    ("max_pool2d", (1, 1, 4, 4), {"kernel_size": 2, "dilation": 0}),
    ("max_pool2d", (1, 1, 4, 4), {"kernel_size": (2, 2, 2)}), ("avg_pool2d", (1, 1, 4, 4),
    {"kernel_size": 2, "divisor_override": 0}),
    ("max_pool1d", (1, 1, 4), {"kernel_size": 2, "padding": -1}),
    ("max_pool3d", (1, 1, 4, 4, 4), {"kernel_size": 3, "padding": 2}),
    ("avg_pool1d", (1, 1, 4), {"kernel_size": 3, "padding": 2}),
    ("max_pool2d", (1, 1, 4, 4), {"kernel_size": 2, "padding": 1, "dilation": 3, "stride": 9, "ceil_mode": False}),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_both_refuse(number):
    name, shape, options = REFUSED[number]
    ours, theirs = functional(name, **options)
    try:
        theirs(torch.ones(shape))
    except (RuntimeError, ValueError, IndexError):
        both_refuse(lambda: ours(mg.ones(shape)), lambda: theirs(torch.ones(shape)))
    else:
        compare(ours, theirs, normal(*shape), order=1)


def test_means_of_integers():
    """Means of int64 are int64, cut towards zero; other integers are refused."""
    x = whole(-99, 99, 2, 2, 5, 6)
    for axes in (1, 2, 3):
        options = {"kernel_size": 2, "padding": 1, "ceil_mode": True}
        for counted in (True, False):
            compare(*functional(f"avg_pool{axes}d", count_include_pad=counted, **options), x if axes > 1 else x[0])
        if axes > 1:
            compare(*functional(f"avg_pool{axes}d", 2, divisor_override=-3), x)
        for dtype in ("int32", "uint8", "bool"):
            ours, theirs = functional(f"avg_pool{axes}d", 2)
            both_refuse(
                lambda ours=ours, dtype=dtype: ours(mg.ones(1, 2, 2, 2, dtype=getattr(mg, dtype))[..., :2]),
                lambda theirs=theirs, dtype=dtype: theirs(torch.ones(1, 2, 2, 2, dtype=getattr(torch, dtype))),
                mg.errors.MinigradError,
            )


@drawn(100)
@given(st.data())
def test_maxima_with_their_places(data):
    axes = data.draw(st.integers(1, 3))
    shape, options = data.draw(poolings(axes, True))
    compare(*functional(PLACES[axes - 1], **options), normal(*shape))


ORDERS = st.sampled_from([1, 2, 3, 4, 1.5, 2.5, 0.5, 5.0, -1, -2, math.inf, -math.inf])


@st.composite
def norms(draw):
    axes = draw(st.integers(1, 3))
    shape, options = draw(poolings(axes, False))
    del options["padding"]
    kernel = options["kernel_size"]
    kernel = [kernel] * axes if isinstance(kernel, int) else kernel
    if axes == 1:
        options = {key: one[0] if isinstance(one, list) else one for key, one in options.items()}
    assume(all(n >= k for n, k in zip(shape[-axes:], kernel, strict=True)))
    return axes, shape, options


@drawn(150)
@given(norms(), ORDERS, st.booleans())
def test_lp_pool(case, p, negative):
    """Odd orders of negative elements give NaN in both."""
    axes, shape, options = case
    x = normal(*shape) if negative else np.abs(normal(*shape)) + 0.1
    compare(*functional(LP[axes - 1], p, **options), x, rtol=1e-8)


@drawn(80)
@given(norms(), ORDERS)
def test_lp_pool_as_a_layer(case, p):
    axes, shape, options = case
    arguments = (p, options["kernel_size"], options.get("stride"), options["ceil_mode"])
    compare_layer(LP_LAYERS[axes - 1], arguments, None, np.abs(normal(*shape)) + 0.1, rtol=1e-8)


@pytest.mark.parametrize("p", [1, 2, 3, 4])
def test_norms_of_windows_without_a_sum(p):
    """PyTorch's second derivatives are NaN there, ours 0; the first agree."""
    compare(*functional("lp_pool1d", p, 2), np.array([[0.0, 0, 1, -1, 0, 3, 2, 2]]), order=1)


def test_norms_that_both_refuse():
    for p, error in ((0, ValueError), ("2", TypeError), (None, TypeError)):
        ours, theirs = functional("lp_pool2d", p, 2)
        both_refuse(lambda ours=ours: ours(mg.ones(1, 4, 4)), lambda theirs=theirs: theirs(torch.ones(1, 4, 4)), error)


@drawn(60)
@given(st.data(), st.booleans())
def test_the_layers(data, indices):
    axes = data.draw(st.integers(1, 3))
    shape, options = data.draw(poolings(axes, True))
    compare_layer(MAX_LAYERS[axes - 1], (), {**options, "return_indices": indices}, normal(*shape))
    shape, options = data.draw(averages(axes))
    compare_layer(AVG_LAYERS[axes - 1], (), options, normal(*shape))
