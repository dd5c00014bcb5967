"""The padding layers over every rank and width that PyTorch takes; `pad` itself is in test_padding."""

import pytest
import torch
import torch.nn.functional as G
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal
from tests.torch_oracle.modules import compare_layer

LAYERS = [
    "ZeroPad1d", "ZeroPad2d", "ZeroPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d", "ReflectionPad1d",
    "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d", "CircularPad1d",
    "CircularPad2d", "CircularPad3d",
]  # fmt: skip


@drawn(150)
@given(st.sampled_from(LAYERS), st.data())
def test_layers(name, data):
    """Batched, unbatched and empty batches; negative widths too."""
    axes = int(name[-2])
    spatial = tuple(data.draw(st.lists(st.integers(3, 5), min_size=axes, max_size=axes)))
    lead = data.draw(st.sampled_from([(2,), (1, 2), (2, 1), (0, 2)]))
    lowest = 0 if "Circular" in name else -1
    if data.draw(st.booleans()):
        padding = data.draw(st.integers(0, 2))
    else:
        padding = tuple(data.draw(st.lists(st.integers(lowest, 2), min_size=2 * axes, max_size=2 * axes)))
    value = (data.draw(st.sampled_from([0, 1, 2.5])),) if "Constant" in name else ()
    compare_layer(name, (padding, *value), {}, normal(*lead, *spatial))


@pytest.mark.parametrize("name", LAYERS)
def test_ranks_and_attributes(name):
    value = (1.5,) if "Constant" in name else ()
    ours, theirs = (getattr(side, name)(1, *value) for side in (nn, torch.nn))
    assert (ours.padding, getattr(ours, "value", None)) == (theirs.padding, getattr(theirs, "value", None))
    for rank in range(1, 6):
        shape = (3,) * rank
        try:
            theirs(torch.ones(shape))
        except (RuntimeError, ValueError):
            both_refuse(lambda shape=shape: ours(mg.ones(shape)), lambda shape=shape: theirs(torch.ones(shape)))
        else:
            compare(ours, theirs, normal(*shape), order=1)


@pytest.mark.parametrize("mode", ["reflect", "replicate"])
def test_what_is_cut_away_is_still_mirrored(mode):
    for widths in ((3, -2), (-2, 3), (-4, 1), (2, -4), (-3, 3)):
        compare(*functional("pad", widths, mode), normal(1, 2, 4))


def test_what_both_refuse():
    for widths, mode, value in (
        ((-4, 0), "reflect", None), ((-4, 0), "replicate", None), ((-5, 0), "circular", None), ((-5, 6), "constant", 0),
        ((4, -3), "reflect", None), ((1, 1), "reflect", 2.0), ((1, 1), "circular", 1), ((1, 1), "zeros", None),
        ((1.5, 1), "constant", None),
    ):  # fmt: skip
        both_refuse(
            lambda widths=widths, mode=mode, value=value: F.pad(mg.ones(1, 2, 4), widths, mode, value),
            lambda widths=widths, mode=mode, value=value: G.pad(torch.ones(1, 2, 4), widths, mode, value),
        )
