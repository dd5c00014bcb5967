"""Convolutions and transposed convolutions over one to three axes, drawn over every option."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import numpy as np
import pytest
import torch
import torch.nn.functional as G
from hypothesis import assume, given
from hypothesis import strategies as st

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")


@st.composite
def convolutions(draw, axes, batches=(1, 3)):
    """Operands' shapes and options of one convolution that fits."""
    sizes = st.lists(st.integers(1, 3), min_size=axes, max_size=axes)
    kernel, stride, dilation = draw(sizes), draw(sizes), draw(sizes)
    padding = draw(st.lists(st.integers(0, 3), min_size=axes, max_size=axes))
    outputs = draw(st.lists(st.integers(1, 3), min_size=axes, max_size=axes))
    spatial = []
    for k, s, d, p, o in zip(kernel, stride, dilation, padding, outputs, strict=True):
        remainder = draw(st.integers(0, s - 1))
        spatial.append(max((o - 1) * s + d * (k - 1) + 1 - 2 * p, 1) + remainder)
    groups, per_group, out = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    batch = (draw(st.integers(*batches)),) if draw(st.booleans()) else ()
    x = (*batch, groups * per_group, *spatial)
    w = (groups * out, per_group, *kernel)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    for name in ("stride", "padding", "dilation"):
        if len(set(options[name])) == 1 and draw(st.booleans()):
            options[name] = options[name][0]
    return x, w, draw(st.booleans()), options


def check(axes, case):
    x, w, biased, options = case
    operands = [normal(*x), normal(*w, seed=1), *([normal(w[0], seed=2)] if biased else [])]
    compare(*functional(f"conv{axes}d", **options), *operands)


@drawn(300)
@given(convolutions(1))
def test_conv1d(case):
    check(1, case)


@drawn(300)
@given(convolutions(2))
def test_conv2d(case):
    check(2, case)


@drawn(240)
@given(convolutions(3))
def test_conv3d(case):
    check(3, case)


@drawn(120)
@given(st.integers(1, 3), st.data())
def test_words_for_padding(axes, data):
    """'valid', and 'same' with stride 1: even kernels get their surplus at the end."""
    x, w, _, options = data.draw(convolutions(axes))
    x = (*x[:-axes], *(n + 6 for n in x[-axes:]))
    word = data.draw(st.sampled_from(["same", "same", "valid"]))
    options = {**options, "padding": word}
    if word == "same":
        del options["stride"]
    compare(*functional(f"conv{axes}d", **options), normal(*x), normal(*w, seed=1))


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_no_batch_elements(axes):
    for shape, options in (((0, 2, *(5,) * axes), {"padding": 1, "stride": 2}), ((0, 2, *(5,) * axes), {})):
        compare(
            *functional(f"conv{axes}d", **options),
            normal(*shape),
            normal(3, 2, *(3,) * axes, seed=1),
            normal(3, seed=2),
            order=1,
        )
    compare(
        *functional(f"conv_transpose{axes}d", stride=2),
        normal(0, 2, *(3,) * axes),
        normal(2, 3, *(3,) * axes, seed=1),
        order=1,
    )


def test_public_names_are_those_of_the_engine():
    for axes in (1, 2, 3):
        for name in (f"conv{axes}d", f"conv_transpose{axes}d"):
            assert getattr(F, name) is getattr(mg, name)
            x, w = normal(1, 2, *(4,) * axes), normal(2, 2, *(2,) * axes, seed=1)
            compare(getattr(mg, name), getattr(torch, name), x, w)


def test_larger_and_strided_operands():
    """Sizes beyond the drawn ones, and operands that do not lie in C order."""
    cases = [
        ((4, 3, 17, 19), (8, 3, 5, 5), {"stride": 2, "padding": 2}),
        ((2, 8, 12, 12), (8, 1, 3, 3), {"groups": 8, "padding": 1}),
        ((2, 4, 9, 30), (6, 4, 7, 1), {"padding": (3, 0), "stride": (1, 3)}), ((1, 16, 6, 6), (4, 16, 1, 1), {}),
        ((2, 3, 28, 28), (6, 3, 5, 5), {"padding": 2}), ((2, 2, 20, 20), (2, 2, 3, 3), {"dilation": 6}),
    ]  # fmt: skip
    for x, w, options in cases:
        compare(*functional("conv2d", **options), normal(*x), normal(*w, seed=1), order=1, atol=1e-10)
    ours, theirs = functional("conv2d", padding=1)
    compare(
        lambda x, w: ours(x.permute(3, 2, 0, 1), w.transpose(2, 3)), lambda x,
        w: theirs(x.permute(3, 2, 0, 1), w.transpose(2, 3)), normal(6, 7, 2, 3), normal(4, 2, 3, 2, seed=1),
    )  # fmt: skip
    compare(
        lambda x, w: ours(x[:, :, ::2, 1:], w.flip(2)), lambda x, w: theirs(x[:, :, ::2, 1:], w.flip(2)),
        normal(2, 2, 9, 6), normal(4, 2, 3, 3, seed=1),
    )  # fmt: skip
    compare(
        lambda x, w: ours(x.expand(3, 2, 6, 6), w.expand(4, 2, 3, 3)), lambda x,
        w: theirs(x.expand(3, 2, 6, 6), w.expand(4, 2, 3, 3)), normal(1, 2, 6, 6), normal(4, 2, 1, 1, seed=1),
    )  # fmt: skip


# -------------------------------------------------------------- transposed


@st.composite
def transposed(draw, axes):
    """Operands' shapes and options of one transposed convolution, output_padding up to PyTorch's limit."""
    x, w, biased, options = draw(convolutions(axes))
    spatial = draw(st.lists(st.integers(1, 4), min_size=axes, max_size=axes))
    stride, dilation = (
        [one] * axes if isinstance(one, int) else one for one in (options["stride"], options["dilation"])
    )
    kernel = w[2:]
    extra = [draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True)]
    padding = []
    for n, k, s, d, e in zip(spatial, kernel, stride, dilation, extra, strict=True):
        largest = ((n - 1) * s + d * (k - 1) + e) // 2
        padding.append(draw(st.integers(0, min(3, largest))))
    groups = options["groups"]
    channels = x[-axes - 1]
    x = (*x[: -axes - 1], channels, *spatial)
    w = (channels, w[0] // groups, *kernel)
    return x, w, biased, {**options, "padding": padding, "output_padding": extra}


def check_transposed(axes, case):
    x, w, biased, options = case
    operands = [normal(*x), normal(*w, seed=1), *([normal(w[1] * options["groups"], seed=2)] if biased else [])]
    compare(*functional(f"conv_transpose{axes}d", **options), *operands)


@drawn(300)
@given(transposed(1))
def test_conv_transpose1d(case):
    check_transposed(1, case)


@drawn(300)
@given(transposed(2))
def test_conv_transpose2d(case):
    check_transposed(2, case)


@drawn(240)
@given(transposed(3))
def test_conv_transpose3d(case):
    check_transposed(3, case)


@drawn(90)
@given(st.integers(1, 3), st.data())
def test_output_size_of_the_modules(axes, data):
    """Every output size that PyTorch allows, as the spatial sizes or as the whole shape."""
    x, w, biased, options = data.draw(transposed(axes))
    groups = options["groups"]
    arguments = (w[0], w[1] * groups, w[2:])
    keywords = {key: options[key] for key in ("stride", "padding", "dilation", "groups")} | {"bias": biased}
    ours = getattr(nn, f"ConvTranspose{axes}d")(*arguments, **keywords, dtype=mg.float64)
    theirs = getattr(torch.nn, f"ConvTranspose{axes}d")(*arguments, **keywords, dtype=torch.float64)
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    size = []
    for n, k, s, p, d in zip(
        x[-axes:], theirs.kernel_size, theirs.stride, theirs.padding, theirs.dilation, strict=True
    ):
        size.append((n - 1) * s - 2 * p + d * (k - 1) + 1 + data.draw(st.integers(0, s - 1)))
    assume(min(size) > 0)
    if data.draw(st.booleans()):
        size = [*x[: -axes - 1], theirs.out_channels, *size]
    compare(lambda t: ours(t, output_size=size), lambda t: theirs(t, output_size=size), normal(*x), single=False)


# ---------------------------------------------------------------- refusals


REFUSED = [
    ((1, 2, 4, 4), (3, 3, 2, 2), {}), ((1, 3, 4, 4), (3, 3, 2, 2), {"groups": 2}),
    ((1, 2, 4, 4), (3, 1, 2, 2), {"groups": 2}), ((1, 2, 2, 2), (3, 2, 3, 3), {}),
    ((1, 2, 4, 4), (3, 2, 2, 2), {"stride": 0}), ((1, 2, 4, 4), (3, 2, 2, 2), {"padding": -1}),
    ((1, 2, 4, 4), (3, 2, 2, 2), {"dilation": 0}), ((1, 2, 4, 4), (3, 2, 2, 2), {"stride": (1, 1, 1)}),
    ((1, 2, 4, 4), (3, 2, 2, 2), {"groups": 0}), ((4, 4), (3, 2, 2, 2), {}), ((1, 1, 2, 4, 4), (3, 2, 2, 2), {}),
    ((1, 2, 4, 4), (3, 2, 2), {}), ((1, 2, 4, 4), (3, 2, 2, 2), {"padding": "full"}),
    ((1, 2, 4, 4), (3, 2, 2, 2), {"dilation": 4}), ((1, 2, 0, 4), (3, 2, 1, 1), {}),
    ((1, 2, 4, 4), (3, 2, 2, 2), {"padding": (1, 1, 1)}), ((1, 2, 4, 4), (3, 2, 2, 2), {"stride": -1}),
    ((1, 2, 4, 4), (3, 2, 2, 2), {"groups": -1}), ((1, 2, 4, 4), (3, 2, 2, 2), {"padding": "SAME"}),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_both_refuse(number):
    x, w, options = REFUSED[number]
    if options.get("padding") == "full":
        assert F.conv2d(mg.ones(x), mg.ones(w), **options).shape == (1, 3, 5, 5)  # minigrad goes further
        return
    both_refuse(
        lambda: F.conv2d(mg.ones(x), mg.ones(w), **options), lambda: G.conv2d(torch.ones(x), torch.ones(w), **options)
    )


def test_what_both_refuse_in_transposed_convolutions():
    for x, w, options in [
        ((1, 2, 4, 4), (3, 2, 2, 2), {}), ((1, 2, 4, 4), (2, 2, 2, 2), {"output_padding": 1}),
        ((1, 2, 4, 4), (2, 2, 2, 2), {"stride": 2, "output_padding": 2}), ((1, 2, 1, 1), (2, 2, 2, 2), {"padding": 1}),
        ((1, 2, 4, 4), (2, 2, 2, 2), {"output_padding": -1}), ((1, 3, 4, 4), (3, 2, 2, 2), {"groups": 2}),
        ((1, 2, 4, 4), (2, 2, 2, 2), {"stride": 0}), ((1, 2, 4, 4), (2, 2, 2), {}),
    ]:  # fmt: skip
        both_refuse(
            lambda: F.conv_transpose2d(mg.ones(x), mg.ones(w), **options),
            lambda: G.conv_transpose2d(torch.ones(x), torch.ones(w), **options),
        )


def test_wrong_bias_is_refused():
    for name, w in (("conv2d", (3, 2, 2, 2)), ("conv_transpose2d", (2, 3, 2, 2))):
        for b in ((2,), (3, 1), ()):
            both_refuse(
                lambda: getattr(F, name)(mg.ones(1, 2, 4, 4), mg.ones(w), mg.ones(b)),
                lambda: getattr(G, name)(torch.ones(1, 2, 4, 4), torch.ones(w), torch.ones(b)),
            )


def test_mixed_dtypes_are_refused():
    for left, right in (("float32", "float64"), ("float64", "float32"), ("int64", "float32"), ("float32", "int64")):
        calls = [
            lambda library=library, functional=functional: functional.conv2d(
                library.ones(1, 1, 3, 3, dtype=getattr(library, left)),
                library.ones(1, 1, 2, 2, dtype=getattr(library, right)),
            )
            for library, functional in ((mg, F), (torch, G))
        ]
        both_refuse(*calls, TypeError)


def test_special_values_spread_as_they_do_in_sums():
    x = normal(1, 1, 5, 5)
    x[0, 0, 2, 2] = np.nan
    compare(*functional("conv2d", padding=1), x, normal(1, 1, 3, 3, seed=1), order=1, single=False)
    x[0, 0, 2, 2] = np.inf
    compare(*functional("conv2d"), x, np.abs(normal(1, 1, 3, 3, seed=1)), order=0, single=False)
