"""Padding layers: `functional.pad` with the layer's widths, ranks, attributes, repr."""

import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError, DTypeError, MinigradError, ShapeError

KINDS = {"Reflection": "reflect", "Replication": "replicate", "Circular": "circular", "Zero": "constant"}
WIDTHS = (1, 2, 0, 1, 2, 1)


def layer_of(kind, axes):
    return getattr(nn, f"{kind}Pad{axes}d")


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_layers_are_pad_with_their_widths(kind, axes):
    x = mg.randn(2, 3, *(4, 5, 3)[:axes])
    for padding, widths in ((1, (1,) * 2 * axes), (WIDTHS[: 2 * axes], WIDTHS[: 2 * axes])):
        layer = layer_of(kind, axes)(padding)
        assert layer.padding == widths
        assert mg.equal(layer(x), F.pad(x, widths, KINDS[kind]))
        assert mg.equal(layer(x[0]), layer(x)[0])


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_constants(axes):
    x = mg.randn(2, *(4, 5, 3)[:axes])
    layer = getattr(nn, f"ConstantPad{axes}d")(2, 3.5)
    assert (layer.padding, layer.value) == ((2,) * 2 * axes, 3.5)
    assert mg.equal(layer(x), F.pad(x, (2,) * 2 * axes, value=3.5))
    zero = layer_of("Zero", axes)(list(WIDTHS[: 2 * axes]))
    assert (zero.padding, zero.value) == (WIDTHS[: 2 * axes], 0.0)
    assert isinstance(zero, getattr(nn, f"ConstantPad{axes}d"))


def test_negative_widths_cut():
    x = mg.arange(12.0).reshape(1, 3, 4)
    assert nn.ZeroPad2d((-1, 0, -2, 1))(x).tolist() == [[[9, 10, 11], [0, 0, 0]]]
    assert nn.ReflectionPad1d((2, -1))(x).tolist()[0][0] == [2, 1, 0, 1, 2]


@pytest.mark.parametrize("kind", ["Reflection", "Replication", "Circular"])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_borders_take_their_own_ranks_only(kind, axes):
    layer = layer_of(kind, axes)(1)
    for rank in range(6):
        x = mg.ones((2,) * rank)
        if rank in (axes + 1, axes + 2):
            assert layer(x).ndim == rank
        else:
            with pytest.raises(ShapeError, match=rf"takes {axes + 2} axes .* or {axes + 1} without the batch"):
                layer(x)


def test_constant_borders_take_any_rank():
    assert nn.ZeroPad1d(1)(mg.ones(3)).shape == (5,)
    assert nn.ZeroPad2d(1)(mg.ones(1, 2, 3, 4, 5)).shape == (1, 2, 3, 6, 7)
    with pytest.raises(ArgumentError, match=r"4 widths .*\(3,\).*\[in ZeroPad2d\(\(1, 1, 1, 1\)\)\]"):
        nn.ZeroPad2d(1)(mg.ones(3))


@pytest.mark.parametrize(
    ("padding", "error", "message"),
    [
        (1.5, DTypeError, "integers"),
        ("1", DTypeError, "integers"),
        (None, DTypeError, "integers"),
        ((1, 1, 1), ArgumentError, "3 widths"),
        (4, ShapeError, "at most 3 on each side"),
        ((-3, -3, 0, 0), ShapeError, "more would be cut away"),
    ],
)
def test_widths_that_cannot_be(padding, error, message):
    with pytest.raises(error, match=message) as raised:
        nn.ReflectionPad2d(padding)(mg.ones(1, 4, 4))
    assert isinstance(raised.value, MinigradError)


def test_repr():
    assert repr(nn.ZeroPad1d(2)) == "ZeroPad1d((2, 2))"
    assert repr(nn.ConstantPad1d((1, 2), 0.5)) == "ConstantPad1d(padding=(1, 2), value=0.5)"
    assert repr(nn.CircularPad3d(1)) == "CircularPad3d((1, 1, 1, 1, 1, 1))"
