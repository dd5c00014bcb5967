"""Channels as pixels, pixels as channels, and channels in another order: reshape and permute."""

from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError, ShapeError
from minigrad.registry import guarded


def _checked(input: Any, number: Any, word: str, name: str) -> tuple[mg.Tensor, int]:
    """The input as a tensor with at least three axes, and the number as a positive integer."""
    tensor = mg.as_operand(input, name)
    number = mg.as_integer(number, name, word)
    if number < 1:
        raise ArgumentError(f"{name} got {word}={number}; it must be at least 1")
    if tensor.ndim < 3:
        raise ShapeError(
            f"{name} got an input of shape {tensor.shape}; it needs at least 3 axes, the channels among them"
        )
    return tensor, number


@guarded
def pixel_shuffle(input: mg.Tensor, upscale_factor: int) -> mg.Tensor:
    """Every r² channels as one channel of r·r times as many pixels (Shi et al., 2016: sub-pixel convolution).

    (*, C·r², h, w) -> (*, C, h·r, w·r): y[c, r·i + a, r·j + b] = x[c·r² + a·r + b, i, j]

    Raises `ShapeError` for fewer than three axes or channels that r² does not
    divide, `ArgumentError` for a factor below 1.

    >>> import minigrad as mg, nn.functional as F
    >>> F.pixel_shuffle(mg.tensor([[[1.]], [[2.]], [[3.]], [[4.]]]), 2)
    tensor([[[1., 2.],
             [3., 4.]]])
    """
    input, r = _checked(input, upscale_factor, "upscale_factor", "pixel_shuffle")
    *lead, channels, h, w = input.shape
    if channels % (r * r):
        raise ShapeError(
            f"pixel_shuffle of shape {input.shape} with upscale_factor={r}: the {channels} channels must be a multiple "
            f"of {r}² = {r * r}"
        )
    n = len(lead)
    y = input.reshape(*lead, channels // (r * r), r, r, h, w)
    return y.permute(*range(n), n, n + 3, n + 1, n + 4, n + 2).reshape(*lead, channels // (r * r), h * r, w * r)


@guarded
def pixel_unshuffle(input: mg.Tensor, downscale_factor: int) -> mg.Tensor:
    """Every block of r·r pixels as r² channels of one pixel: the inverse of `pixel_shuffle`.

    (*, C, h·r, w·r) -> (*, C·r², h, w)

    Raises `ShapeError` for fewer than three axes or maps that r does not divide,
    `ArgumentError` for a factor below 1.

    >>> import minigrad as mg, nn.functional as F
    >>> F.pixel_unshuffle(mg.ones(1, 3, 4, 6), 2).shape
    (1, 12, 2, 3)
    """
    input, r = _checked(input, downscale_factor, "downscale_factor", "pixel_unshuffle")
    *lead, channels, h, w = input.shape
    if h % r or w % r:
        raise ShapeError(
            f"pixel_unshuffle of shape {input.shape} with downscale_factor={r}: the last two sizes must be multiples "
            f"of {r}"
        )
    n = len(lead)
    y = input.reshape(*lead, channels, h // r, r, w // r, r)
    return y.permute(*range(n), n, n + 2, n + 4, n + 1, n + 3).reshape(*lead, channels * r * r, h // r, w // r)


@guarded
def channel_shuffle(input: mg.Tensor, groups: int) -> mg.Tensor:
    """The channels of g groups interleaved, so that the next grouped convolution sees all of them (Zhang et al., 2017).

    (N, C, *) -> (N, C, *): channel k·g + a is what was channel a·(C/g) + k

    Raises `ShapeError` for fewer than three axes or channels that `groups` does
    not divide, `ArgumentError` for groups below 1.

    >>> import minigrad as mg, nn.functional as F
    >>> F.channel_shuffle(mg.tensor([[[1.], [2.], [3.], [4.]]]), 2).flatten()
    tensor([1., 3., 2., 4.])
    """
    input, groups = _checked(input, groups, "groups", "channel_shuffle")
    batch, channels, *space = input.shape
    if channels % groups:
        raise ShapeError(
            f"channel_shuffle of shape {input.shape} with groups={groups}: the {channels} channels must be a multiple "
            "of the groups"
        )
    return input.reshape(batch, groups, channels // groups, *space).transpose(1, 2).reshape(input.shape)
