"""Windows as columns and back, against loops and against the convolution that they make."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from tests import naive
from tests.strategies import correlations, given, seeds, settings, whole_numbers


def columns_by_loop(x, kernel, stride, padding, dilation):
    places = naive.windows(x.shape[2:], kernel, stride, padding, dilation)
    spots = list(np.ndindex(places.shape[:-1]))
    out = np.zeros((*x.shape[:2], math.prod(kernel), len(spots)))
    for number, spot in enumerate(spots):
        for row, tap in enumerate(np.ndindex(*kernel)):
            position = tuple(int(start) + d * j for start, d, j in zip(places[spot], dilation, tap))
            if naive.inside(position, x.shape[2:]):
                out[:, :, row, number] = x[(slice(None), slice(None), *position)]
    return out.reshape(x.shape[0], -1, len(spots))


@settings(max_examples=80)
@given(correlations(groups=1), seeds)
def test_N132_columns_are_the_windows_and_their_product_the_convolution(case, seed):
    x, w = whole_numbers(seed, case.x, case.w)
    columns = mg.im2col(x, case.w[2:], **case.sliding)
    assert columns.tolist() == columns_by_loop(x, case.w[2:], **case.sliding).tolist()
    product = w.reshape(case.w[0], -1) @ columns.numpy()
    assert product.reshape(case.y).tolist() == mg.correlate(x, w, **case.options).tolist()


@settings(max_examples=60)
@given(correlations(groups=1), seeds)
def test_N135_col2im_is_the_adjoint(case, seed):
    x = whole_numbers(seed, case.x)
    columns = mg.im2col(x, case.w[2:], **case.sliding)
    y = whole_numbers(seed + 1, columns.shape)
    back = mg.col2im(y, case.x[2:], case.w[2:], **case.sliding)
    assert back.shape == case.x
    assert np.vdot(columns.numpy(), y) == np.vdot(x, back.numpy())


def test_col2im_counts_how_often_a_window_covers_an_element():
    ones = mg.ones(1, 1, 3, 3)
    assert mg.col2im(mg.im2col(ones, 2), (3, 3), 2).tolist() == [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]


def test_one_number_means_a_square_and_words_are_padding():
    assert mg.col2im(mg.ones(1, 4, 9), 4, 2).shape == (1, 1, 4, 4)
    assert mg.col2im(mg.ones(1, 2, 3), 4, (2,)).shape == (1, 1, 4)
    assert mg.im2col(mg.ones(1, 1, 4, 4), 3, padding="same").shape == (1, 9, 16)
    assert mg.im2col(mg.ones(0, 2, 4), 3).shape == (0, 6, 2)
    assert mg.im2col(mg.arange(4).reshape(1, 1, 4), 2).tolist() == [[[0, 1, 2], [1, 2, 3]]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mg.im2col(mg.ones(3, 4), 2), ShapeError, r"\(3, 4\).*at least one spatial axis"),
        (lambda: mg.im2col(mg.ones(1, 0, 4), 2), ShapeError, "none of them empty"),
        (lambda: mg.im2col(mg.ones(1, 1, 4), 5), ShapeError, "spans 5 .*only 4"),
        (lambda: mg.im2col(mg.ones(1, 1, 4), (2, 2)), ArgumentError, "2 entries for 1 axes"),
        (lambda: mg.im2col(mg.ones(1, 1, 4), 1.5), DTypeError, "kernel_size=1.5"),
        (lambda: mg.col2im(mg.ones(4, 4), 3, 2), ShapeError, r"\(4, 4\).*batch, channels"),
        (lambda: mg.col2im(mg.ones(1, 5, 4), 3, 2), ShapeError, "4 rows.*5 is no multiple"),
        (
            lambda: mg.col2im(mg.ones(1, 4, 5), (3, 3), 2),
            ShapeError,
            r"stands at 2 · 2 = 4 places, so the last axis must have 4 columns; it has 5",
        ),
        (lambda: mg.col2im(mg.ones(1, 4, 4), (3, 3, 3), 2), ShapeError, "8 rows"),
        (lambda: mg.col2im(mg.ones(1, 4, 4), (3, 3), (2, 2, 2)), ArgumentError, "output_size"),
        (lambda: mg.col2im(mg.ones(1, 4, 4), 1, 2), ShapeError, "spans 2"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()
