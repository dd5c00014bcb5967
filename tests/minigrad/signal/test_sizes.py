"""Sizes, receptive fields and parameter counts, against counting windows and against layers."""

import math

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad import signal
from minigrad.errors import ArgumentError, DTypeError, ShapeError


@pytest.mark.parametrize("options", [
    {"stride": (2, 3)},
    {"padding": ((0, 1), (2, 0))},
    {"padding": "same", "stride": 2},
    {"padding": "full", "dilation": (2, 1)},
    {"pad_total": (3, 0), "skip": 1},
], ids=str)  # fmt: skip
def test_several_axes_as_correlate_counts_them(options):
    of_layer = {word: value for word, value in options.items() if word not in ("pad_total", "skip")}
    if "skip" in options:
        of_layer |= {"stride": 2, "padding": ((1, 2), (0, 0))}
    expected = mg.correlate(mg.zeros(1, 1, 9, 12), mg.zeros(1, 1, 3, 2), **of_layer).shape[2:]
    assert signal.output_size((9, 12), (3, 2), **options) == expected


def test_a_number_for_a_number_and_a_tuple_for_a_list():
    assert signal.output_size(9, 3) == 7
    assert signal.output_size((9,), 3) == (7,)
    assert signal.output_size(9, (3, 2)) == (7, 8)
    assert signal.output_size(9, 3, padding=(1, 0)) == (9, 7)
    assert signal.output_size(np.array([9, 5]), mg.tensor([3, 1])) == (7, 5)
    assert signal.transposed_output_size([2, 3], 2, padding=0) == (3, 4)


@pytest.mark.parametrize("n", range(4, 12))
def test_ceil_mode_is_that_of_pooling(n):
    x = mg.zeros(1, 1, n)
    for k, s, p in [(2, 2, 0), (3, 2, 1), (2, 3, 1), (4, 3, 2)]:
        expected = F.max_pool1d(x, k, s, p, ceil_mode=True).shape[2]
        assert signal.output_size(n, k, s, p, ceil_mode=True) == expected


def test_sizes_of_transposed_convolutions():
    for n, k, s, p, extra, d in [(4, 3, 2, 1, 1, 1), (5, 2, 3, 0, 2, 1), (3, 3, 1, 2, 1, 2), (6, 4, 2, 0, 0, 3)]:
        y = F.conv_transpose1d(mg.zeros(1, 1, n), mg.zeros(1, 1, k), None, s, p, extra, 1, d)
        assert signal.transposed_output_size(n, k, s, p, extra, d) == y.shape[2]
    assert signal.transposed_output_size((4, 5), 3, 2, "same") == (8, 10)


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: signal.output_size(3, 5), ShapeError, "the kernel spans 5"),
    (lambda: signal.output_size(8, 3, 2, skip=1), ArgumentError, "say the same in two ways"),
    (lambda: signal.output_size(8, 3, padding=1, pad_total=2), ArgumentError, "padding counts one side"),
    (lambda: signal.output_size(8, 3, skip=-1), ArgumentError, "skip cannot be negative"),
    (lambda: signal.output_size((8, 8), (3, 3, 3)), ArgumentError, "2 entries for 3 axes"),
    (lambda: signal.output_size(8.5, 3), DTypeError, "it takes an integer"),
    (lambda: signal.output_size(8, 3, ceil_mode="yes"), DTypeError, "True or False"),
    (lambda: signal.output_size_a(8, 3, 0, 2, exact=True), ArgumentError, r"\(8 − 3 \+ 0\)/2: 5 is no multiple of 2"),
    (lambda: signal.output_size_a(8, (3,)), DTypeError, "got F="),
    (lambda: signal.output_size_b(8, 3, 0, 2, exact=True), ArgumentError, "7 is no multiple of 2"),
    (lambda: signal.output_size_e(7, 1, 1, exact=True), ArgumentError, "5 is no multiple of 2.*counted: 3"),
    (lambda: signal.output_size_e(7, -1), ArgumentError, "h is 0 or more"),
    (lambda: signal.transposed_output_size(4, 3, 2, 0, 2), ArgumentError, "stays below the stride"),
    (lambda: signal.transposed_output_size(1, 2, 1, 2), ShapeError, "use less padding"),
    (lambda: signal.receptive_field(5), DTypeError, "a list with"),
    (lambda: signal.receptive_field([(5, 1), 3]), ArgumentError, "for layer 1"),
    (lambda: signal.receptive_field([(5, 1, 1, 1)]), ArgumentError, "for layer 0"),
    (lambda: signal.receptive_field([(0, 1)]), ArgumentError, "kernel_size must be at least 1"),
    (lambda: signal.convolution_parameters(0, 6, 5), ArgumentError, "c_in=0; there is at least 1"),
    (lambda: signal.dense_parameters(2.5, 6), DTypeError, "an integer"),
])  # fmt: skip
def test_mistakes(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize("layers", [
    [(3, 1), (3, 2), (3, 1)],
    [(3, 1, 2), (2, 2), (3, 2, 3), (2, 1)],
    [(5, 3), (1, 1), (2, 2)],
], ids=str)  # fmt: skip
def test_receptive_field_is_what_the_gradient_of_one_unit_reaches(layers):
    for depth, expected in enumerate(signal.receptive_field(layers)):
        x = mg.zeros(1, 1, 90, requires_grad=True)
        y = x
        for kernel, stride, *dilation in layers[:depth]:
            y = F.conv1d(y, mg.ones(1, 1, kernel), None, stride, 0, *dilation)
        y[0, 0, 0].backward()
        (reached,) = np.nonzero(x.grad[0, 0].numpy())
        assert (reached.min(), reached.max()) == (0, expected - 1)


def test_receptive_field_along_several_axes():
    assert signal.receptive_field([((5, 3), 1), (2, (2, 1)), (3, 1, (1, 2))]) == [(1, 1), (5, 3), (6, 4), (10, 8)]
    assert signal.receptive_field([]) == [1]


def test_parameters_are_those_of_layers():
    def held(layer):
        return sum(p.numel() for p in layer.parameters())

    assert signal.convolution_parameters(3, 8, (5, 2)) == held(nn.Conv2d(3, 8, (5, 2)))
    assert signal.convolution_parameters(3, 8, 5, bias=False) == held(nn.Conv2d(3, 8, 5, bias=False))
    assert signal.convolution_parameters(3, 8, (5,)) == held(nn.Conv1d(3, 8, 5))
    assert signal.dense_parameters(30, 7) == held(nn.Linear(30, 7))
    assert signal.dense_parameters(30, 7, bias=False) == held(nn.Linear(30, 7, bias=False))
    assert signal.local_parameters(3, 8, (5, 2), (4, 6), bias=False) == math.prod((4, 6, 8, 5, 2, 3))
    assert signal.local_parameters(3, 8, (5,), 4) == 4 * 8 * (5 * 3 + 1)
