"""Sizes: the formula of N44, 'same' and 'full', transposed sizes, and a message for everything that does not fit."""

import dataclasses

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.geometry import Geometry, pairs, per_axis
from tests import naive
from tests.strategies import axis_sizes, correlations, given, st

# ------------------------------------------------------------------- values


@given(correlations())
def test_outputs_are_the_windows_that_fit(sizes):
    geometry = sizes.geometry
    assert geometry.outputs == sizes.y[2:]
    assert geometry.inputs == sizes.x[2:]
    assert geometry.padded == tuple(n + before + after for n, (before, after) in zip(sizes.x[2:], sizes.padding))


def test_N44_output_size_is_the_number_of_windows():
    for n in range(1, 13):
        for k in range(1, 6):
            for s in range(1, 5):
                for p in range(4):
                    windows = naive.starts(n, k, s, (p, p), 1)
                    if windows:
                        assert Geometry.window((n,), (k,), s, p).outputs == (len(windows),)
                    else:
                        with pytest.raises(ShapeError, match=f"the padded input has only {n + 2 * p}"):
                            Geometry.window((n,), (k,), s, p)


@given(axis_sizes(4, 6))
def test_ceil_mode_lays_one_more_window_where_it_begins_inside(axis):
    n, k, s, p, d = axis
    half = (d * (k - 1) + 1) // 2
    p = (min(p[0], half), min(p[1], half))  # as pooling demands
    expected = naive.starts(n, k, s, p, d, ceil_mode=True)
    if not expected:
        with pytest.raises(ShapeError, match=f"the kernel spans {d * (k - 1) + 1} "):
            Geometry.window((n,), (k,), s, (p,), d, ceil_mode=True)
        return
    geometry = Geometry.window((n,), (k,), s, (p,), d, ceil_mode=True)
    assert geometry.outputs == (len(expected),)
    assert geometry.padding[0][0] == p[0]
    assert expected[-1] + d * (k - 1) + 1 <= n + geometry.padding[0][1], "what the last window lacks is padding"


@given(axis_sizes(4, 6), st.integers(1, 12))
def test_same_gives_the_quotient_rounded_up(axis, n):
    _, k, s, _, d = axis
    geometry = Geometry.window((n,), (k,), s, "same", d)
    before, after = geometry.padding[0]
    assert geometry.outputs == (-(-n // s),)
    assert after - before in (0, 1), "a surplus stands at the end"
    total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
    assert before + after == total


@pytest.mark.parametrize(("k", "before"), [(1, 0), (2, 0), (3, 1), (4, 1), (5, 2), (6, 2)])
def test_X81_same_puts_the_smaller_half_before(k, before):
    assert Geometry.window((9,), (k,), 1, "same").padding == ((before, k - 1 - before),)


@given(axis_sizes(4, 6))
def test_N34_valid_and_full(axis):
    n, k, _, _, d = axis
    span = d * (k - 1) + 1
    if n >= span:
        assert Geometry.window((n,), (k,), 1, "valid", d).outputs == (n - span + 1,)
    assert Geometry.window((n,), (k,), 1, "full", d).outputs == (n + span - 1,)


def test_N136_transposed_sizes_invert():
    for n in range(1, 20):
        for k in range(1, 6):
            for s in range(1, 4):
                for p in range(3):
                    if n + 2 * p < k:
                        continue
                    window = Geometry.window((n,), (k,), s, p)
                    extra = (n + 2 * p - k) % s
                    transposed = Geometry.transposed(window.outputs, (k,), s, p, extra)
                    assert transposed == window


@given(correlations())
def test_transposed_sizes_invert_by_output_size(sizes):
    window = sizes.geometry
    transposed = Geometry.transposed(
        window.outputs, window.kernel, window.stride, window.padding, 0, window.dilation, window.groups, window.inputs
    )
    assert transposed == window


@given(axis_sizes(4, 6), st.integers(1, 6))
def test_same_for_transposed_multiplies_by_the_stride(axis, o):
    _, k, s, _, d = axis
    geometry = Geometry.transposed((o,), (k,), s, "same", 0, d)
    assert geometry.inputs == (o * s,)
    assert geometry == Geometry.window((o * s,), (k,), s, "same", d), "it is the transpose of that very correlation"


@pytest.mark.parametrize(("word", "n"), [("valid", 9), ("full", 1)])
def test_words_for_transposed(word, n):
    assert Geometry.transposed((5,), (3,), 1, word, 0, 2).inputs == (n,)


@given(correlations())
def test_taps_are_what_each_kernel_element_meets(sizes):
    geometry = sizes.geometry
    padded = np.arange(np.prod(geometry.padded)).reshape(geometry.padded)  # the number of each place
    places = naive.windows(sizes.x[2:], sizes.w[2:], sizes.stride, sizes.padding, sizes.dilation)
    for tap, where in zip(np.ndindex(sizes.w[2:]), geometry.taps(), strict=True):
        positions = places + [p[0] + d * j for p, d, j in zip(sizes.padding, sizes.dilation, tap)]
        assert np.array_equal(padded[where], padded[tuple(np.moveaxis(positions, -1, 0))])


def test_interior_is_the_input():
    geometry = Geometry.window((3, 2), (1, 1), 1, ((1, 2), (0, 3)))
    padded = np.zeros((2, *geometry.padded))
    padded[geometry.interior] = 1
    assert np.array_equal(padded, naive.pad(np.ones((2, 3, 2)), ((0, 0), (1, 2), (0, 3))))


def test_a_geometry_is_a_value():
    geometry = Geometry.window((5,), (3,), 2)
    assert geometry == Geometry.window([5], [3], (2,), "valid", [1])
    assert hash(geometry) == hash(Geometry.window((5,), (3,), 2))
    with pytest.raises(dataclasses.FrozenInstanceError):
        geometry.stride = (1,)


@pytest.mark.parametrize(
    ("padding", "expected"),
    [
        (2, ((2, 2), (2, 2))),
        ((1,), ((1, 1), (1, 1))),
        ((1, 2), ((1, 1), (2, 2))),
        (((0, 1), (2, 3)), ((0, 1), (2, 3))),
        ([[0, 1], [2, 3]], ((0, 1), (2, 3))),
        (np.int64(1), ((1, 1), (1, 1))),
    ],
)
def test_padding_is_a_pair_per_axis(padding, expected):
    assert pairs(padding, 2) == expected


def test_per_axis_takes_integers_of_every_kind():
    assert per_axis(np.int32(2), 3, "stride") == (2, 2, 2)
    assert per_axis([1, np.uint8(2)], 2, "stride") == (1, 2)
    assert per_axis(mg.tensor(3), 1, "stride") == (3,)
    assert per_axis(np.array(3), 1, "stride") == (3,)
    assert per_axis(np.array([1, 2]), 2, "stride") == (1, 2)
    assert per_axis(mg.tensor([1, 2]), 2, "stride") == (1, 2)


# ----------------------------------------------------------------- refusals


def refused(error, match):
    return pytest.raises(error, match=match)


@pytest.mark.parametrize("name", ["stride", "dilation"])
@pytest.mark.parametrize("value", [0, -1, (1, 0)])
def test_sizes_below_one_are_refused(name, value):
    with refused(ArgumentError, rf"{name}=.*: {name} must be at least 1 along every axis"):
        Geometry.window((5, 5), (2, 2), **{name: value})


def test_a_kernel_without_elements_is_refused():
    with refused(ArgumentError, r"kernel_size=\(0, 2\): kernel_size must be at least 1"):
        Geometry.window((5, 5), (0, 2))


@pytest.mark.parametrize("value", [-1, (0, -2), ((0, 1), (-1, 0))])
def test_negative_padding_is_refused(value):
    with refused(ArgumentError, r"padding=.*-\d.*: padding cannot be negative along every axis"):
        Geometry.window((5, 5), (2, 2), padding=value)


@pytest.mark.parametrize("value", [1.5, "2", None, (1, 2.0), np.float64(1), np.array([1.0, 2.0])])
def test_sizes_that_are_no_integers_are_refused(value):
    with refused(DTypeError, r"stride=.* arrived; it takes an integer, or one for each of the 2 axes"):
        Geometry.window((5, 5), (2, 2), stride=value)


def test_padding_that_is_no_integer_is_refused():
    with refused(DTypeError, r"padding=1\.5 arrived; it takes an integer, or one for each of the 2 axes"):
        Geometry.window((5, 5), (2, 2), padding=1.5)


def test_a_wrong_number_of_sizes_is_refused():
    with refused(ArgumentError, r"stride=\(1, 2, 3\) has 3 entries for 2 axes; give one number, or one per axis"):
        Geometry.window((5, 5), (2, 2), stride=(1, 2, 3))


def test_the_kernel_needs_a_size_for_every_axis():
    with refused(ArgumentError, r"kernel_size=\(2, 2\) has 2 entries for 3 axes"):
        Geometry.window((5, 5, 5), (2, 2))


@pytest.mark.parametrize("value", [((1, 1),), ((1, 1), (1, 1), (1, 1)), ((1, 2, 3), (1, 1)), ((1, 1), 2)])
def test_wrong_pairs_are_refused(value):
    with refused(ArgumentError, r"padding=.*: give a pair \(before, after\) for each of the 2 axes"):
        Geometry.window((5, 5), (2, 2), padding=value)


def test_an_unknown_word_is_refused():
    with refused(ArgumentError, r"padding='circular'; the words are 'valid', 'same' and 'full'"):
        Geometry.window((5,), (2,), padding="circular")


def test_a_window_larger_than_the_padded_input_is_refused():
    message = (
        r"spatial axis 1 the kernel spans 7 \(size 4, dilation 2\) and makes 1 step\(s\) of stride 3, "
        r"but the padded input has only 6 \(size 4, padding \(0, 2\)\)"
    )
    with refused(ShapeError, message):
        Geometry.window((9, 4), (4, 4), 3, ((0, 0), (0, 2)), 2)


def test_sizes_that_break_the_constraint_are_refused_whoever_makes_them():
    with refused(ShapeError, r"spans 3 \(size 3, dilation 1\) and makes 3 step\(s\) of stride 2.*has only 6"):
        Geometry((6,), (3,), (3,), (2,), ((0, 0),), (1,))
    with refused(ShapeError, r"has only 6"):
        Geometry((6,), (0,), (3,), (2,), ((0, 0),), (1,))


@pytest.mark.parametrize(
    "fields",
    [
        ((6,), (3,), (3,), (2, 2), ((0, 0),), (1,)),
        ((6, 6), (3,), (3,), (2,), ((0, 0),), (1,)),
        ((6,), (3,), (3,), (2,), (), (1,)),
        ((6,), (3,), (3,), (0,), ((0, 0),), (1,)),
        ((6,), (3,), (0,), (1,), ((0, 0),), (1,)),
    ],
)
def test_fields_of_different_lengths_or_below_one_are_refused(fields):
    with refused(ArgumentError, "every field needs an entry per axis; kernel, stride and dilation are at least 1"):
        Geometry(*fields)


@pytest.mark.parametrize("extra", [2, 3, (0, 2), -1])
def test_N136_output_padding_stays_below_stride_or_dilation(extra):
    message = (
        r"output_padding=.*with stride \(2, 2\) and dilation \(1, 1\): the output can be \(7, 7\) and up to \(8, 8\)"
    )
    if extra == -1:
        message = r"output_padding=-1: output_padding cannot be negative"
    with refused(ArgumentError, message):
        Geometry.transposed((3, 3), (3, 3), 2, 0, extra)
    assert Geometry.transposed((3, 3), (3, 3), 2, 0, 2, dilation=3).inputs == (13, 13), "a larger dilation allows more"


def test_output_sizes_out_of_reach_are_refused():
    with refused(ArgumentError, r"output_size=\(9,\) with stride .2,. .* the output can be \(7,\) and up to \(8,\)"):
        Geometry.transposed((3,), (3,), 2, output_size=(9,))
    with refused(ArgumentError, r"output_size=\(6,\).*the output can be \(7,\)"):
        Geometry.transposed((3,), (3,), 2, output_size=(6,))


def test_an_output_size_of_another_rank_is_refused():
    with refused(ArgumentError, r"output_size=\(1, 1, 1, 7\) has the wrong length; give the 1 spatial sizes"):
        Geometry.transposed((3,), (3,), 2, output_size=(1, 1, 1, 7))


def test_a_transposed_convolution_with_nothing_left_is_refused():
    with refused(ShapeError, r"kernel \(2,\), stride \(1,\) and padding \(\(2, 2\),\) would give \(-1,\)"):
        Geometry.transposed((2,), (2,), 1, 2)


def test_same_and_another_wish_for_the_size_contradict():
    with refused(ArgumentError, r"output_padding=\(1,\) with padding='same'"):
        Geometry.transposed((3,), (3,), 2, "same", 1)
    with refused(ArgumentError, r"output_size=\(7,\) with padding='same', stride \(2,\) and an input of \(3,\)"):
        Geometry.transposed((3,), (3,), 2, "same", output_size=(7,))
    with refused(ArgumentError, r"output_size=\(4,\) with padding='same'"):
        Geometry.transposed((3,), (3,), 2, "same", output_size=(4,))


@given(axis_sizes(4, 6), st.integers(1, 12))
def test_same_for_transposed_inverts_by_output_size(axis, n):
    _, k, s, _, d = axis
    window = Geometry.window((n,), (k,), s, "same", d)
    assert Geometry.transposed(window.outputs, (k,), s, "same", 0, d, output_size=(n,)) == window
