"""Ranks, channels and groups that do not fit: what the convolutions say about them."""

import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError


def refused(error, match):
    return pytest.raises(error, match=match)


def conv(name, x, w, **options):
    return getattr(mg, name)(mg.ones(x), mg.ones(w), **options)


CHANNELS = r"correlate of an input of shape \(1, 4, 9\) with a weight of shape \(2, 3, 3\) and groups=1: the weight "
NARROW = r"conv2d got a weight of shape \(6, 1, 5\); it needs \(out, in/groups\) and then 2 kernel axes"
TRANSPOSED = (
    r"conv_transpose1d of an input of shape \(1, 4, 9\) with a weight of shape \(3, 2, 3\): the weight's first axis "
)


@pytest.mark.parametrize(
    ("name", "x", "w", "message"),
    [
        ("correlate", (1, 4, 9), (2, 3, 3), CHANNELS + r"reads 3 channels, the input has 4\. Make the layer for that"),
        ("conv2d", (1, 8, 8, 3), (2, 3, 3, 3), r"reads 3 channels, the input has 8\. The last axis has 3: is this ch"),
        ("conv2d", (1, 8, 8, 3), (2, 3, 3, 3), r"channels-last\? Then use x\.permute\(0, 3, 1, 2\)"),
        ("conv2d", (1, 5, 28, 28), (6, 1, 5, 5), r"reads 1 channels, the input has 5\. Is the channel axis missing"),
        ("conv2d", (1, 5, 28, 28), (6, 1, 5, 5), r"so that the batch was taken for it\? Then use x\.unsqueeze\(1\)"),
        ("conv2d", (28, 28), (6, 1, 5, 5), r"conv2d got an input of shape \(28, 28\); it needs 4 axes: batch, cha"),
        ("conv2d", (1, 1, 9, 9), (6, 1, 5), NARROW),
        ("conv1d", (1, 1, 9, 9), (6, 1, 5), r"conv1d got an input of shape \(1, 1, 9, 9\); it needs 3 axes"),
        ("correlate", (1, 9, 9), (6, 1, 5, 5), r"and 2 spatial\. Is the batch axis missing\? Use x\.unsqueeze\(0\)"),
        ("correlate", (3, 3), (3, 3), r"correlate got a weight of shape \(3, 3\); it needs \(out, in/groups\)"),
        ("conv_transpose1d", (1, 4, 9), (3, 2, 3), TRANSPOSED + "has 3 channels, the input 4"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(name, x, w, message):
    with refused(ShapeError, message):
        conv(name, x, w)


@pytest.mark.parametrize("groups", [0, -1, 2, 3])
@pytest.mark.parametrize("name", ["correlate", "conv1d", "conv_transpose1d"])
def test_groups_that_divide_nothing_are_refused(name, groups):
    w = (3, 1, 2) if name == "conv_transpose1d" else (3, 4, 2)
    with refused(ArgumentError, rf"{name} with groups={groups}, \d input and \d output channels: groups must be"):
        conv(name, (1, 4, 5), w, groups=groups)


@pytest.mark.parametrize("name", ["correlate", "conv1d", "conv_transpose1d"])
def test_groups_that_are_no_integer_are_refused(name):
    with refused(DTypeError, rf"{name} got groups=1\.5; it is an integer"):
        conv(name, (1, 4, 5), (4, 4, 2), groups=1.5)
