"""unfold, fold, and the layers that move numbers between space and channels."""

import math

import pytest
import torch
import torch.nn.functional as G
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
import minigrad.nn.functional as F
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal
from tests.torch_oracle.modules import compare_layer


@st.composite
def windows(draw):
    """An input's shape, the number of places, and the options of one sliding kernel that fits."""
    pair = st.lists(st.integers(1, 3), min_size=2, max_size=2).map(tuple)
    kernel, stride, dilation, outputs = (draw(pair) for _ in range(4))
    padding = draw(st.lists(st.integers(0, 2), min_size=2, max_size=2).map(tuple))
    spatial = tuple(
        max((o - 1) * s + d * (k - 1) + 1 - 2 * p, 1) + draw(st.integers(0, s - 1))
        for o, s, d, k, p in zip(outputs, stride, dilation, kernel, padding, strict=True)
    )
    places = math.prod(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, s, d, k, p in zip(spatial, stride, dilation, kernel, padding, strict=True)
    )
    options = {"kernel_size": kernel, "dilation": dilation, "padding": padding, "stride": stride}
    for name, value in options.items():
        if value[0] == value[1] and draw(st.booleans()):
            options[name] = value[0]
    lead = draw(st.sampled_from([(1,), (2,), (1, 2), (2, 1), (0, 2)]))
    return (*lead, *spatial), places, kernel, options


@drawn(120)
@given(windows())
def test_unfold(case):
    shape, _, _, options = case
    compare(*functional("unfold", **options), normal(*shape))
    compare_layer("Unfold", tuple(options.values()), {}, normal(*shape), order=1)


@drawn(120)
@given(windows())
def test_fold(case):
    shape, places, kernel, options = case
    columns = normal(*shape[:-3], shape[-3] * math.prod(kernel), places)
    compare(*functional("fold", output_size=shape[-2:], **options), columns)
    compare_layer("Fold", (shape[-2:], *options.values()), {}, columns, order=1)


@drawn(90)
@given(
    st.sampled_from(["pixel_shuffle", "pixel_unshuffle"]), st.integers(1, 3),
    st.lists(st.integers(0, 2), max_size=2), st.integers(1, 2), st.integers(1, 3), st.integers(1, 3),
)  # fmt: skip
def test_pixels_and_channels(name, r, lead, c, h, w):
    shape = (*lead, c * r * r, h, w) if name == "pixel_shuffle" else (*lead, c, h * r, w * r)
    if name == "pixel_unshuffle" and 0 in shape:  # PyTorch's leaves the sizes as they are
        assert F.pixel_unshuffle(mg.ones(shape), r).shape == (*lead, c * r * r, h, w)
        return
    # PyTorch cannot differentiate some of those without elements.
    compare(*functional(name, r), normal(*shape), order=2 if min(shape) else 0)
    layer = "PixelShuffle" if name == "pixel_shuffle" else "PixelUnshuffle"
    compare_layer(layer, (r,), {}, normal(*shape), order=1 if min(shape) else 0)


@drawn(60)
@given(st.integers(1, 4), st.integers(0, 2), st.integers(0, 2), st.lists(st.integers(0, 3), min_size=1, max_size=3))
def test_channel_shuffle(groups, batch, per_group, space):
    x = normal(batch, groups * per_group, *space)
    compare(*functional("channel_shuffle", groups), x, order=2 if x.size else 0)
    compare_layer("ChannelShuffle", (groups,), {}, x, order=1 if x.size else 0)


REFUSED = [
    ("unfold", (4, 4), (2,)), ("unfold", (1, 1, 1, 4, 4), (2,)), ("unfold", (1, 0, 4, 4), (2,)),
    ("unfold", (1, 1, 4, 4), (5,)), ("unfold", (1, 1, 4, 4), ((2,),)), ("unfold", (1, 1, 4, 4), ((2, 2, 2),)),
    ("unfold", (1, 1, 4, 4), (2, 0)), ("unfold", (1, 1, 4, 4), (2, 1, -1)), ("unfold", (1, 1, 4, 4), (2, 1, 0, 0)),
    ("fold", (1, 4, 5), (3, 2)), ("fold", (1, 5, 4), (3, 2)), ("fold", (1, 1, 4, 4), (3, 2)), ("fold", (4,), (3, 2)),
    ("fold", (4, 4), (1, 2)), ("fold", (4, 0), (3, 2)), ("fold", (1, 4, 4), (0, 2)),
    ("pixel_shuffle", (1, 3, 2, 2), (2,)), ("pixel_shuffle", (4, 4), (2,)), ("pixel_shuffle", (1, 4, 2, 2), (0,)),
    ("pixel_shuffle", (1, 4, 2, 2), (2.0,)), ("pixel_unshuffle", (1, 1, 3, 2), (2,)),
    ("pixel_unshuffle", (1, 1, 2, 3), (2,)), ("pixel_unshuffle", (2, 2), (2,)),
    ("pixel_unshuffle", (1, 1, 2, 2), (-1,)),
    ("channel_shuffle", (1, 3, 2), (2,)), ("channel_shuffle", (4, 4), (2,)), ("channel_shuffle", (1, 4, 2), (0,)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "shape", "arguments"), REFUSED)
def test_what_both_refuse(name, shape, arguments):
    both_refuse(
        lambda: getattr(F, name)(mg.ones(shape), *arguments), lambda: getattr(G, name)(torch.ones(shape), *arguments)
    )
