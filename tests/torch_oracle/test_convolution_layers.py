"""Convolution layers over every option, with borders of all kinds; lazy ones; the edges of sizes."""

import pytest
import torch
import torch.nn.functional as G
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal
from tests.torch_oracle.modules import compare_layer, compare_modules

pytestmark = [
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths"),
    pytest.mark.filterwarnings("ignore:Lazy modules are a new feature"),
]

ATTRIBUTES = (
    "in_channels out_channels kernel_size stride padding dilation transposed output_padding groups padding_mode"
)


@st.composite
def layers(draw, transposed):
    """The number of axes, the arguments of a constructor, and an input's shape."""
    axes = draw(st.integers(1, 3))
    few = st.lists(st.integers(1, 2 if axes == 3 else 3), min_size=axes, max_size=axes).map(tuple)
    groups, kernel = draw(st.integers(1, 2)), draw(few)
    channels = groups * draw(st.integers(1, 2))
    options = {
        "kernel_size": kernel[0] if draw(st.booleans()) else kernel,
        "stride": draw(few),
        "padding": draw(st.integers(0, 2)),
        "dilation": draw(few),
        "groups": groups,
        "bias": draw(st.booleans()),
    }
    if transposed:
        options["output_padding"] = tuple(
            draw(st.integers(0, max(s, d) - 1)) for s, d in zip(options["stride"], options["dilation"], strict=True)
        )
        options["padding"] = draw(st.integers(0, 1))
    else:
        options["padding_mode"] = draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
        word = draw(st.sampled_from([None, None, "same", "valid"]))
        if word is not None:
            options["padding"] = word
        if word == "same":
            options["stride"] = 1
    lead = draw(st.sampled_from([(channels,), (2, channels), (0, channels)]))
    size = draw(st.integers(7, 8))
    return axes, (channels, groups * draw(st.integers(1, 2))), options, (*lead, *(size,) * axes)


@drawn(120)
@given(layers(False))
def test_convolutions(case):
    axes, channels, options, shape = case
    compare_layer(f"Conv{axes}d", channels, options, normal(*shape))


@drawn(90)
@given(layers(True))
def test_transposed_convolutions(case):
    axes, channels, options, shape = case
    compare_layer(f"ConvTranspose{axes}d", channels, options, normal(*shape))


@drawn(60)
@given(st.booleans(), st.data())
def test_attributes(transposed, data):
    axes, channels, options, _ = data.draw(layers(transposed))
    name = f"Conv{'Transpose' if transposed else ''}{axes}d"
    ours, theirs = (getattr(side, name)(*channels, **options) for side in (nn, torch.nn))
    for attribute in ATTRIBUTES.split():
        assert getattr(ours, attribute) == getattr(theirs, attribute), attribute


LAZY = {
    (1, False): "LazyConv1d", (2, False): "LazyConv2d", (3, False): "LazyConv3d",
    (1, True): "LazyConvTranspose1d", (2, True): "LazyConvTranspose2d", (3, True): "LazyConvTranspose3d",
}  # fmt: skip


@drawn(90)
@given(st.booleans(), st.data())
def test_lazy_convolutions(transposed, data):
    """Their first input makes them the plain layers, with the same representation and state."""
    axes, (_, out), options, shape = data.draw(layers(transposed))
    name = LAZY[axes, transposed]
    ours, theirs = (getattr(side, name)(out, **options) for side in (nn, torch.nn))
    assert repr(ours) == repr(theirs)
    assert (ours.in_channels, ours.has_uninitialized_params()) == (theirs.in_channels, True)
    with mg.no_grad(), torch.no_grad():
        assert ours(mg.zeros(shape)).shape == tuple(theirs(torch.zeros(shape)).shape)
    assert repr(ours) == repr(theirs)
    assert type(ours).__name__ == type(theirs).__name__ == name.removeprefix("Lazy")
    ours.load_state_dict(theirs.state_dict())
    ours.double()
    theirs.double()
    compare(ours, theirs, normal(*shape), order=1, single=False)


@pytest.mark.parametrize("name", ["UninitializedParameter", "UninitializedBuffer"])
def test_uninitialised_tensors_materialise(name):
    for options in ({}, {"dtype": "float64"}, {"requires_grad": False}):
        made = []
        for library, side in ((mg, nn), (torch, torch.nn)):
            words = {key: getattr(library, one) if key == "dtype" else one for key, one in options.items()}
            one = getattr(side, name)(**words)
            before = repr(one), one.requires_grad, one.is_leaf, one.grad
            one.materialize((2, 3))
            made.append((before, type(one).__name__, tuple(one.shape), str(one.dtype)[-7:], one.requires_grad))
        assert made[0] == made[1]


def test_lazy_linear():
    ours, theirs = nn.LazyLinear(3), torch.nn.LazyLinear(3)
    assert repr(ours) == repr(theirs)
    for name in ("weight", "bias"):
        assert repr(getattr(ours, name)) == repr(getattr(theirs, name)) == "<UninitializedParameter>"
    full = torch.nn.Linear(5, 3, dtype=torch.float64)
    for layer in (ours, theirs):
        layer.double()
        layer.load_state_dict(full.state_dict())
    compare(ours, theirs, normal(2, 5), single=False)
    assert repr(ours) == repr(full)


def lazy_uses(library, layers):
    """What is refused of uninitialised parameters, as calls."""
    layer = layers.LazyConv2d(4, 3)
    zeros = library.zeros
    return [
        lambda: layer.weight.shape, lambda: layer.weight + 1, lambda: layer.weight.numel(), lambda: layer.weight.sum(),
        lambda: layer.weight.numpy(), lambda: len(layer.weight), lambda: list(layer.weight), lambda: layer.weight[0],
        lambda: layer.weight.detach(), lambda: layer.weight.clone(), lambda: layer.requires_grad_(False),
        lambda: layers.Conv2d(2, 4, 3).load_state_dict(layer.state_dict()), lambda: layers.init.zeros_(layer.weight),
        lambda: layer(zeros(5, 5)), lambda: layer(zeros(1, 1, 2, 5, 5)),
        lambda: layers.LazyConv2d(4, 3, groups=3)(zeros(1, 4, 5, 5)), lambda: layers.LazyLinear(3)(zeros(())),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(17))
def test_what_both_refuse_of_lazy_layers(number):
    both_refuse(lazy_uses(mg, nn)[number], lazy_uses(torch, torch.nn)[number])


# ----------------------------------------------------------------- the edges


def test_one_pixel_maps():
    for axes in (1, 2, 3):
        shape, w = (2, 2, *(1,) * axes), normal(3, 2, *(3,) * axes, seed=1)
        compare(*functional(f"conv{axes}d", padding=1), normal(*shape), w)
        compare(*functional(f"conv{axes}d"), normal(*shape), normal(3, 2, *(1,) * axes, seed=1))
        compare(*functional(f"conv_transpose{axes}d", stride=2), normal(*shape), normal(2, 3, *(3,) * axes, seed=1))
        compare_layer(f"Conv{axes}d", (2, 3, 3), {"padding": "same", "padding_mode": "replicate"}, normal(*shape))


def test_output_sizes_that_both_refuse():
    ours, theirs = (side.ConvTranspose2d(2, 4, 3, stride=2, padding=1) for side in (nn, torch.nn))
    for size in ((11, 9), (8, 9), (10,), (4, 10, 10), (7, 7, 7, 10, 10)):
        both_refuse(
            lambda size=size: ours(mg.zeros(1, 2, 5, 5), output_size=size),
            lambda size=size: theirs(torch.zeros(1, 2, 5, 5), output_size=size),
        )


EMPTY = [
    ("conv2d", (1, 2, 0, 5), (4, 2, 3, 3), {"padding": 2}), ("conv2d", (1, 2, 5, 5), (0, 2, 3, 3), {}),
    ("conv2d", (1, 2, 0, 5), (4, 2, 3, 3), {}), ("conv_transpose2d", (1, 2, 0, 5), (2, 4, 3, 3), {}),
    ("conv_transpose2d", (1, 2, 5, 5), (2, 0, 3, 3), {}), ("conv1d", (0, 2, 2), (4, 2, 3), {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "x", "w", "options"), EMPTY)
def test_empty_maps_that_both_refuse(name, x, w, options):
    both_refuse(
        lambda: getattr(F, name)(mg.ones(x), mg.ones(w), **options),
        lambda: getattr(G, name)(torch.ones(x), torch.ones(w), **options),
    )


LAYERS_REFUSED = [
    ((1, 1, 0), {}), ((1, 1, 2.5), {}), ((1, 1, None), {}), ((1, 1, "3"), {}), ((-1, 1, 3), {}),
    ((4, 4, 3), {"groups": 0}),
    ((4, 3, 3), {"groups": 2}), ((3, 4, 3), {"groups": 2}), ((1, 1, 3), {"padding": "nonsense"}),
    ((1, 1, 3), {"padding_mode": "mirror"}), ((1, 1, (3, 3, 3)), {}), ((1, 1, 3), {"stride": (1, 2, 3)}),
    ((1, 1, 3), {"padding": 2, "padding_mode": "circular"}), ((1, 1, 2), {"padding": 1, "padding_mode": "reflect"}),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "options"), LAYERS_REFUSED)
def test_layers_that_both_refuse(arguments, options):
    """When they are made, or with an input of one pixel."""
    both_refuse(
        lambda: nn.Conv2d(*arguments, **options)(mg.zeros(1, 1, 1, 1)),
        lambda: torch.nn.Conv2d(*arguments, **options)(torch.zeros(1, 1, 1, 1)),
    )


# ---------------------------------------------------------- beyond PyTorch


LEADS = st.sampled_from([(), (2,), (0,)])  # without a batch, with one, with an empty one


@drawn(60)
@given(st.integers(1, 3), LEADS, st.data())
def test_separable_convolutions_are_two_of_pytorchs(axes, lead, data):
    few, sizes = st.integers(1, 2), st.integers(5, 6)
    c, o, m = data.draw(few), data.draw(few), data.draw(few)
    options = {"stride": data.draw(few), "padding": data.draw(few), "dilation": data.draw(few)}
    options["padding_mode"] = data.draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
    kernel, bias = data.draw(st.lists(st.integers(1, 3), min_size=axes, max_size=axes)), data.draw(st.booleans())
    ours = getattr(nn, f"SeparableConv{axes}d")(c, o, kernel, depth_multiplier=m, bias=bias, **options)
    kind = getattr(torch.nn, f"Conv{axes}d")
    theirs = torch.nn.Sequential(kind(c, c * m, kernel, groups=c, bias=False, **options), kind(c * m, o, 1, bias=bias))
    renamed = {"depthwise.weight": "0.weight", "pointwise.weight": "1.weight", "pointwise.bias": "1.bias"}
    ours.load_state_dict({key: theirs.state_dict()[renamed[key]] for key in ours.state_dict()})
    shape = (*lead, c, *data.draw(st.lists(sizes, min_size=axes, max_size=axes)))
    compare_modules(ours, theirs, normal(*shape))


class Bordered(torch.nn.Module):
    """PyTorch's convolution without padding, of an input that PyTorch has padded."""

    def __init__(self, layer, widths, mode):
        super().__init__()
        self.layer, self.widths, self.mode = layer, widths, mode

    def forward(self, t):
        batch = t.dim() > len(self.layer.kernel_size) + 1
        border = G.pad(t if batch else t[None], self.widths, self.mode)  # a constant border needs no batch, others do
        return self.layer(border if batch else border[0])


@drawn(90)
@given(st.integers(1, 3), LEADS, st.data())
def test_pairs_of_padding_and_strided_same_are_an_explicit_border(axes, lead, data):
    few = st.lists(st.integers(1, 2 if axes == 3 else 3), min_size=axes, max_size=axes)
    kernel, stride, dilation = data.draw(few), data.draw(few), data.draw(few)
    sizes = data.draw(st.lists(st.integers(5, 6) if axes == 3 else st.integers(7, 9), min_size=axes, max_size=axes))
    if data.draw(st.booleans()):
        padding = "same"
        totals = [
            max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
            for n, k, s, d in zip(sizes, kernel, stride, dilation, strict=True)
        ]
        pairs = [(total // 2, total - total // 2) for total in totals]
    else:
        pairs = padding = [tuple(data.draw(st.lists(st.integers(0, 2), min_size=2, max_size=2))) for _ in sizes]
    mode = data.draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
    groups, bias = data.draw(st.integers(1, 2)), data.draw(st.booleans())
    layer = getattr(nn, f"Conv{axes}d")(2, 2, kernel, stride, padding, dilation, groups, bias, padding_mode=mode)
    plain = getattr(torch.nn, f"Conv{axes}d")(2, 2, kernel, stride, 0, dilation, groups, bias)
    layer.load_state_dict(plain.state_dict())
    flat = [width for pair in pairs[::-1] for width in pair]
    theirs = Bordered(plain, flat, "constant" if mode == "zeros" else mode)
    compare_modules(layer, theirs, normal(*lead, 2, *sizes))
