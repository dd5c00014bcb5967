"""Convolution layers: parameters, arguments, shapes, repr; their maps are tested with the primitives."""

import re

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError, DTypeError, GradError, MinigradError, ShapeError

CONV = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSE = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
FUNCTION = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_layers_are_the_functions_with_their_parameters(axes):
    x = mg.randn(2, 4, *(6, 7, 8)[:axes])
    options = {"stride": 2, "padding": 1, "dilation": 1, "groups": 2}
    layer = CONV[axes](4, 6, 3, **options)
    assert layer(x).tolist() == FUNCTION[axes](x, layer.weight, layer.bias, **options).tolist()
    transpose = TRANSPOSE[axes](4, 6, 3, output_padding=1, **options)
    assert (
        transpose(x).tolist()
        == TRANSPOSED[axes](x, transpose.weight, transpose.bias, output_padding=1, **options).tolist()
    )
    assert (layer.weight.shape, layer.bias.shape) == ((6, 2, *(3,) * axes), (6,))
    assert (transpose.weight.shape, transpose.bias.shape) == ((4, 3, *(3,) * axes), (6,))
    single = layer(x[0])
    assert single.shape == layer(x).shape[1:]
    np.testing.assert_allclose(single.detach().numpy(), layer(x)[0].detach().numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_without_bias(axes):
    for kind in (CONV, TRANSPOSE):
        layer = kind[axes](1, 1, 2, bias=False)
        assert (layer.bias, [name for name, _ in layer.named_parameters()]) == (None, ["weight"])
        assert layer(mg.zeros(1, 1, *(3,) * axes)).abs().sum().item() == 0.0


def test_parameters_begin_in_the_interval_of_pytorchs_default():
    for layer, fan_in in (
        (nn.Conv2d(16, 32, 3), 16 * 9), (nn.Conv2d(16, 32, 3, groups=4), 4 * 9), (nn.Conv1d(8, 64, 5), 40),
        (nn.ConvTranspose2d(16, 32, 3), 32 * 9), (nn.ConvTranspose2d(16, 32, 3, groups=4), 8 * 9),
    ):  # fmt: skip
        bound = fan_in**-0.5
        for parameter in (layer.weight, layer.bias):
            largest = parameter.abs().max().item()
            assert 0.8 * bound < largest <= bound
    weight = nn.Conv2d(16, 64, 3).weight
    assert weight.var().item() == pytest.approx(1 / (3 * 144), rel=0.1)


def test_N8_equal_seeds_make_equal_filters():
    made = []
    for seed in (0, 0, 1):
        mg.manual_seed(seed)
        made.append(nn.Conv2d(1, 2, (2, 3)).weight.tolist())
    assert made[0] == made[1] != made[2]


@pytest.mark.parametrize(
    ("layer", "shape", "out"),
    [
        (lambda: nn.Conv2d(1, 6, 5), (2, 1, 32, 32), (2, 6, 28, 28)),
        (lambda: nn.Conv2d(1, 6, 5, padding=2), (2, 1, 28, 28), (2, 6, 28, 28)),
        (lambda: nn.Conv2d(1, 1, (3, 5), (2, 1), (0, 2)), (1, 1, 9, 9), (1, 1, 4, 9)),
        (lambda: nn.Conv2d(1, 1, 3, padding="same"), (1, 1, 9, 8), (1, 1, 9, 8)),
        (lambda: nn.Conv2d(1, 1, 4, stride=3, padding="same"), (1, 1, 10, 8), (1, 1, 4, 3)),
        (lambda: nn.Conv2d(1, 1, 3, padding="valid"), (1, 1, 9, 8), (1, 1, 7, 6)),
        (lambda: nn.Conv2d(1, 1, 3, padding=((0, 2), (1, 0))), (1, 1, 5, 5), (1, 1, 5, 4)),
        (lambda: nn.Conv2d(1, 1, 3, padding=[[0, 2], [1, 0]]), (1, 1, 5, 5), (1, 1, 5, 4)),
        (lambda: nn.Conv2d(1, 1, 3, dilation=2), (1, 1, 9, 9), (1, 1, 5, 5)),
        (lambda: nn.Conv2d(1, 1, np.int64(3), stride=np.int64(2)), (1, 1, 9, 9), (1, 1, 4, 4)),
        (lambda: nn.Conv2d(1, 1, 3, padding=1), (0, 1, 4, 4), (0, 1, 4, 4)),
        (lambda: nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1), (2, 8, 7, 7), (2, 4, 14, 14)),
        (lambda: nn.ConvTranspose2d(1, 1, 2, stride=2), (1, 1, 7, 5), (1, 1, 14, 10)),
        (lambda: nn.ConvTranspose2d(1, 1, 3, stride=2, padding="same"), (1, 1, 7, 5), (1, 1, 14, 10)),
        (lambda: nn.ConvTranspose1d(1, 1, 3, dilation=2), (1, 1, 4), (1, 1, 8)),
    ],
)  # fmt: skip
def test_N44_N136_sizes(layer, shape, out):
    assert layer()(mg.zeros(*shape)).shape == out


@pytest.mark.parametrize("size", [(13, 14), (14, 13), (13, 13), [14, 14], (1, 1, 14, 14)])
def test_N136_output_size_chooses(size):
    layer = nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1)
    assert layer(mg.zeros(1, 1, 7, 7), output_size=size).shape[2:] == tuple(size)[-2:]
    assert layer(mg.zeros(1, 1, 7, 7)).shape[2:] == (13, 13)


@pytest.mark.parametrize("size", [(12, 13), (15, 15), (13,), (1, 13, 13, 13, 13)])
def test_output_sizes_that_cannot_be(size):
    layer = nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1)
    with pytest.raises(ArgumentError, match=r"output_size=.*\[in ConvTranspose2d"):
        layer(mg.zeros(1, 1, 7, 7), output_size=size)


@pytest.mark.parametrize(
    ("mode", "numpys"), [("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap"), ("zeros", "constant")]
)
@pytest.mark.parametrize("padding", [2, (1, 2), ((0, 2), (1, 0)), "same"])
def test_padding_modes(mode, numpys, padding):
    layer = nn.Conv2d(1, 1, (3, 5), padding=padding, padding_mode=mode).double()
    x = mg.arange(30.0, dtype=mg.float64).reshape(1, 1, 5, 6)
    widths = {2: ((2, 2), (2, 2)), (1, 2): ((1, 1), (2, 2)), "same": ((1, 1), (2, 2))}.get(padding, padding)
    padded = mg.from_numpy(np.pad(x.numpy(), ((0, 0), (0, 0), *widths), mode=numpys))
    assert layer(x).tolist() == F.conv2d(padded, layer.weight, layer.bias).tolist()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Conv2d(3, 4, 3, groups=2), ArgumentError, r"groups=2, .*3.* and .*4"),
        (lambda: nn.Conv2d(4, 3, 3, groups=2), ArgumentError, "divide both"),
        (lambda: nn.Conv2d(4, 4, 3, groups=0), ArgumentError, "groups=0"),
        (lambda: nn.Conv2d(4, 4, 3, groups=-1), ArgumentError, "groups=-1"),
        (lambda: nn.Conv2d(1, 1, 0), ArgumentError, r"kernel_size=\(0, 0\)"),
        (lambda: nn.Conv2d(1, 1, -3), ArgumentError, r"kernel_size=\(-3, -3\)"),
        (lambda: nn.Conv2d(1, 1, (3, 3, 3)), ArgumentError, "kernel_size.* or 2 of them"),
        (lambda: nn.Conv1d(1, 1, (3, 3)), ArgumentError, "kernel_size.* or 1 of them"),
        (lambda: nn.Conv2d(1, 1, 2.5), ArgumentError, r"kernel_size=\(2\.5"),
        (lambda: nn.Conv2d(1, 1, "3"), ArgumentError, "kernel_size"),
        (lambda: nn.Conv2d(1, 1, None), ArgumentError, "kernel_size"),
        (lambda: nn.Conv2d(1, 1, 3, stride=0), ArgumentError, r"stride=\(0, 0\)"),
        (lambda: nn.Conv2d(1, 1, 3, dilation=0), ArgumentError, r"dilation=\(0, 0\)"),
        (lambda: nn.Conv2d(1, 1, 3, stride=(1, 2, 3)), ArgumentError, "stride"),
        (lambda: nn.Conv2d(1, 1, 3, padding="nonsense"), ArgumentError, "'valid', 'same' and 'full'"),
        (lambda: nn.Conv2d(1, 1, 3, padding_mode="mirror"), ArgumentError, "zeros, reflect, replicate, circular"),
        (lambda: nn.ConvTranspose2d(1, 1, 3, padding_mode="reflect"), ArgumentError, "only 'zeros' has a meaning"),
        (lambda: nn.ConvTranspose2d(1, 1, 3, output_padding=-1), ArgumentError, "output_padding"),
        (lambda: nn.Conv2d(-1, 1, 3), MinigradError, "-1"),
        (lambda: nn.Conv2d(1, 1, 3, device="cuda"), ArgumentError, "CPU"),
        (lambda: nn.Conv2d(1, 1, 3, dtype=mg.int64), GradError, "int64"),
        (lambda: nn.Conv2d(1, 1, 3, dtype="nonsense"), DTypeError, "nonsense"),
    ],
)  # fmt: skip
def test_layers_that_cannot_be_made(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("padding", [-1, (-1, 0), (1, 2, 3), ((1, 2),), ((1, 2), (3,)), 1.5, None])
def test_paddings_that_cannot_be(padding):
    """Refused when the layer is made or, at the latest, when it is used."""
    with pytest.raises(MinigradError, match="padding"):
        nn.Conv2d(1, 1, 3, padding=padding)(mg.zeros(1, 1, 9, 9))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 4, 9, 9), r"weight reads 3 channels, the input has 4"),
        ((2, 9, 9, 3), r"channels-last\? Then use x\.permute\(0, 3, 1, 2\)"),
        ((9, 9), r"needs 4 axes"),
        ((1, 2, 3, 9, 9), r"needs 4 axes"),
        ((2, 3, 2, 9), r"kernel spans 3 .*has only 2"),
        ((), "needs 4 axes"),
    ],
)
def test_inputs_that_do_not_fit(shape, message):
    with pytest.raises(ShapeError, match=message + r".*\[in Conv2d\(3, 8, kernel_size=\(3, 3\), stride=\(1, 1\)\)\]"):
        nn.Conv2d(3, 8, 3)(mg.zeros(*shape))


def test_a_batch_of_grey_images_without_channel_axis():
    with pytest.raises(ShapeError, match=r"channel axis missing.*unsqueeze\(1\)|weight reads 1 channels"):
        nn.Conv2d(1, 8, 3)(mg.zeros(5, 9, 9))


def test_transposed_layers_name_what_they_take():
    with pytest.raises(
        ShapeError, match=r"input of shape \(9, 9\) arrived; ConvTranspose2d takes 4 axes, or 3 without the batch"
    ):
        nn.ConvTranspose2d(3, 8, 3)(mg.zeros(9, 9))
    with pytest.raises(ShapeError, match="first axis has 3 channels, the input 4"):
        nn.ConvTranspose2d(3, 8, 3)(mg.zeros(1, 4, 9, 9))
    with pytest.raises(ShapeError, match="less padding"):
        nn.ConvTranspose2d(1, 1, 2, padding=4)(mg.zeros(1, 1, 2, 2))


@pytest.mark.parametrize("layer", [nn.Conv2d(1, 1, 3), nn.ConvTranspose2d(1, 1, 3)])
def test_mixed_dtypes_are_refused_with_the_conversion(layer):
    for dtype in (mg.float64, mg.int64, mg.uint8, mg.float16):
        with pytest.raises(DTypeError, match=rf"{dtype}.*float32.*to\(mg\.float"):
            layer(mg.zeros(1, 1, 4, 4, dtype=dtype))


REPR = {
    "Conv1d(1, 2, kernel_size=(3,), stride=(1,))": lambda: nn.Conv1d(1, 2, 3),
    "Conv2d(2, 4, kernel_size=(3, 5), stride=(2, 2), padding=(1, 2), dilation=(2, 2), groups=2, bias=False, "
    "padding_mode=reflect)": lambda: nn.Conv2d(2, 4, (3, 5), 2, (1, 2), 2, 2, bias=False, padding_mode="reflect"),
    "Conv2d(1, 1, kernel_size=(3, 3), stride=(1, 1), padding=same)": lambda: nn.Conv2d(1, 1, 3, padding="same"),
    "Conv3d(1, 1, kernel_size=(2, 2, 2), stride=(1, 1, 1))": lambda: nn.Conv3d(1, 1, 2),
    "ConvTranspose2d(2, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), output_padding=(1, 1), groups=2)": (
        lambda: nn.ConvTranspose2d(2, 4, 3, stride=2, padding=1, output_padding=1, groups=2)
    ),
    "ConvTranspose1d(1, 1, kernel_size=(2,), stride=(1,), dilation=(2,), bias=False)": (
        lambda: nn.ConvTranspose1d(1, 1, 2, bias=False, dilation=2)
    ),
}


@pytest.mark.parametrize(("text", "make"), REPR.items(), ids=list(REPR))
def test_repr(text, make):
    assert repr(make()) == text


def test_dtype_of_the_parameters():
    layer = nn.Conv2d(1, 1, 3, dtype=mg.float64)
    assert {p.dtype for p in layer.parameters()} == {mg.float64}
    assert layer(mg.zeros(1, 1, 3, 3, dtype=mg.float64)).dtype == mg.float64


def test_reset_draws_again_into_the_same_parameters():
    layer = nn.Conv2d(1, 2, 3)
    weight, before = layer.weight, layer.weight.tolist()
    layer.reset_parameters()
    assert layer.weight is weight
    assert (weight.requires_grad, weight.tolist() == before) == (True, False)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "circular"])
@pytest.mark.parametrize(
    ("axes", "shape", "remedy"),
    [
        (1, (2, 9, 3), "permute(0, 2, 1)"),
        (1, (9, 3), "permute(1, 0)"),
        (2, (2, 8, 9, 3), "permute(0, 3, 1, 2)"),
        (2, (8, 9, 3), "permute(2, 0, 1)"),
        (3, (2, 5, 6, 7, 3), "permute(0, 4, 1, 2, 3)"),
        (3, (5, 6, 7, 3), "permute(3, 0, 1, 2)"),
    ],
)
def test_channels_last_is_recognised_and_its_remedy_works(mode, axes, shape, remedy):
    layer = getattr(nn, f"Conv{axes}d")(3, 2, 3, padding=1, padding_mode=mode)
    x = mg.zeros(*shape)
    with pytest.raises(ShapeError, match=re.escape(f"input of shape {shape}")) as raised:
        layer(x)
    assert f"x.{remedy}" in str(raised.value)
    assert layer(eval(f"x.{remedy}")).shape[-axes:] == shape[-axes - 1 : -1]
