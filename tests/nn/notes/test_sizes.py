"""Strides and padding in the notes' words."""

import itertools

import pytest

from minigrad.errors import ArgumentError, DTypeError
from nn.notes.sizes import checked_stride, checked_widths, count, output_shape

ONE = (1, 1)


def widths(padding=0, pad_total=None, mode=None, k=(3, 3), d=ONE, flip=False):
    return checked_widths(padding, pad_total, mode, k, d, flip, "Conv2d")


def test_N39_X77_a_stride_is_the_skipped_pixels_and_one_more():
    assert checked_stride(3, None, "Conv2d") == (3, 3)
    assert checked_stride(1, 0, "Conv2d") == (1, 1)
    assert checked_stride(1, (1, 2), "Conv2d") == (2, 3)
    with pytest.raises(ArgumentError, match=r"stride=2 and skip=1, which say the same: stride = skip \+ 1"):
        checked_stride(2, 1, "Conv2d")
    with pytest.raises(ArgumentError, match="skip=-1"):
        checked_stride(1, -1, "Conv2d")


def test_padding_on_each_side_in_total_and_in_words():
    assert widths(2) == ((2, 2), (2, 2))
    assert widths(((0, 1), (2, 3))) == ((0, 1), (2, 3))
    assert widths(pad_total=(2, 3)) == ((1, 1), (1, 2))
    assert widths(mode="wide") == widths(mode="full") == ((2, 2), (2, 2))
    assert widths(mode="narrow") == widths(mode="valid") == widths() == ((0, 0), (0, 0))
    assert widths(mode="same", k=(4, 1), d=(3, 1)) == ((4, 5), (0, 0))


def test_X81_the_surplus_goes_to_the_end_and_of_a_true_convolution_to_the_beginning():
    assert widths(mode="same", k=(2, 4)) == widths(pad_total=(1, 3)) == ((0, 1), (1, 2))
    assert widths(mode="same", k=(2, 4), flip=True) == widths(pad_total=(1, 3), flip=True) == ((1, 0), (2, 1))


@pytest.mark.parametrize("given", [*itertools.combinations(({"padding": 1}, {"pad_total": 0}, {"mode": "same"}), 2)])
def test_two_ways_at_once(given):
    with pytest.raises(ArgumentError, match=r"padding on each side, pad_total on both together.*Give one of them"):
        widths(**given[0], **given[1])


def test_other_words():
    with pytest.raises(ArgumentError, match=r"mode='reflect'; the modes are 'full' \(or 'wide'\), 'same'"):
        widths(mode="reflect")
    with pytest.raises(ArgumentError, match="mode=1"):
        widths(mode=1)


def test_counts_and_outputs():
    assert count(2, "Gain", "maps") == 2
    with pytest.raises(ArgumentError, match="Gain got maps=0; it is a number of maps or neurons, at least 1"):
        count(0, "Gain", "maps")
    with pytest.raises(DTypeError, match=r"maps=1\.5"):
        count(1.5, "Gain", "maps")
    assert output_shape((12, 9), (3, 3), (2, 2), ((0, 0), (1, 0)), ONE) == (5, 4)
