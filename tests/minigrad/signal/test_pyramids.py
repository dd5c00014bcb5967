"""Subsampling, its matrices, and pyramids, against SciPy and against each other."""

import numpy as np
import pytest
import scipy.ndimage

import minigrad as mg
from minigrad import signal
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.signal import kernels

DEFAULT = np.array([1, 4, 6, 4, 1]) / 16


def random(*shape):
    return mg.randn(shape, dtype=mg.float64)


@pytest.mark.parametrize(("shape", "step", "kept"), [
    ((7,), 2, (4,)),
    ((6, 7), 2, (3, 4)),
    ((2, 3, 6, 7), 3, (2, 3, 2, 3)),
    ((2, 3, 6, 7), (1, 3), (2, 3, 6, 3)),
    ((6, 7), (2,), (6, 4)),
], ids=str)  # fmt: skip
def test_subsampling_is_slicing(shape, step, kept):
    x = random(*shape)
    y = signal.subsample(x, step)
    assert y.shape == kept
    steps = (step,) * min(len(shape), 2) if isinstance(step, int) else step
    assert y.tolist() == x[(..., *(slice(None, None, one) for one in steps))].tolist()


def test_matrices_subsample_rows_and_columns():
    x = random(9, 8)
    rows, columns = (signal.subsampling_matrix(n, 3, dtype=mg.float64) for n in x.shape)
    assert (rows @ x @ columns.T).tolist() == signal.subsample(x, 3).tolist()


@pytest.mark.parametrize(("border", "ndimages"), [
    ("reflect", "mirror"), ("symmetric", "reflect"), ("edge", "nearest"), ("wrap", "wrap"), ("zero", "constant"),
])  # fmt: skip
def test_levels_as_ndimage_smooths_them(border, ndimages):
    x = random(13, 10)
    expected = x.numpy()
    for level in signal.pyramid(x, 3, border=border):
        np.testing.assert_allclose(level.numpy(), expected, rtol=0, atol=1e-12)
        for axis in (0, 1):
            expected = scipy.ndimage.convolve1d(expected, DEFAULT, axis=axis, mode=ndimages)
        expected = expected[::2, ::2]


def test_signals_batches_lists_and_integers():
    line = random(11)
    x = random(2, 3, 8, 6)
    batch = signal.pyramid(x, 2, [0.25, 0.5, 0.25])
    alone = signal.pyramid(x[1, 2], 2, mg.tensor([0.25, 0.5, 0.25]))
    assert [one.shape for one in batch] == [(2, 3, 8, 6), (2, 3, 4, 3), (2, 3, 2, 2)]
    for level, of_one in zip(batch, alone, strict=True):
        np.testing.assert_allclose(level[1, 2].numpy(), of_one.numpy(), rtol=0, atol=1e-15)
    assert [one.shape for one in signal.pyramid(line, 2)] == [(11,), (6,), (3,)]
    assert signal.pyramid(np.full((4, 4), 7), 1)[1].tolist() == [[7, 7], [7, 7]]
    (only,) = signal.pyramid(line, 0)
    assert only.tolist() == line.tolist()


def test_a_convolution_turns_its_kernel_round():
    assert signal.pyramid(mg.tensor([0.0, 1, 0, 0, 0]), 1, [1, 2, 4], "zero")[1].tolist() == [1, 4, 0]


def test_a_named_kernel_smooths_as_it_is_meant_and_in_the_images_dtype():
    slope, x = kernels.Kernel([0, 0, 1], "correlation"), random(6, 7)
    assert signal.pyramid(x, 1, slope)[1].tolist() == signal.pyramid(x, 1, slope.as_convolution())[1].tolist()
    assert signal.pyramid(mg.arange(6.0), 1, slope, "zero")[1].tolist() == [1, 3, 5]
    square = kernels.Kernel.separable([[0, 0, 1], [0, 0, 1]], "correlation")
    assert signal.pyramid(x, 1, square)[1].tolist() == signal.pyramid(x, 1, slope)[1].tolist()
    bell = kernels.gaussian((5,), 1.0)
    assert signal.pyramid(x, 1, bell)[1].tolist() == signal.pyramid(x, 1, bell.entries.copy())[1].tolist()


def test_gradients_reach_the_image_and_the_kernel():
    image = mg.randn(5, 6, dtype=mg.float64, requires_grad=True)
    kernel = mg.tensor(DEFAULT[:3].copy(), requires_grad=True)
    assert gradcheck(lambda x, h: signal.pyramid(x, 2, h)[-1], (image, kernel))
    assert gradcheck(lambda h: signal.projection_matrix((3, 2), h, dtype=mg.float64), kernel)


@pytest.mark.parametrize("border", ["reflect", "zero", lambda x, widths: mg.pad(x, widths, "symmetric")])
@pytest.mark.parametrize("shape", [(7,), (6, 5), (3, 4, 4)])
def test_projection_matrices_are_what_a_step_does(shape, border):
    x, h = random(*shape), np.array([0.5, 0.3, 0.2])
    matrix = signal.projection_matrix(shape, h, border=border, dtype=mg.float64)
    smooth = signal.convolve_separable(x, [h] * len(shape), "same", border=border)
    expected = smooth[(slice(None, None, 2),) * len(shape)].flatten()
    np.testing.assert_allclose((matrix @ x.flatten()).numpy(), expected.numpy(), rtol=0, atol=1e-14)


def test_the_default_kernel_is_binomial():
    assert signal.projection_matrix(9, border="wrap")[2].tolist() == [0, 0, *DEFAULT, 0, 0]
    np.testing.assert_allclose(np.outer(DEFAULT, DEFAULT), kernels.binomial(5).weight.numpy(), rtol=1e-6)


def test_named_kernels():
    x = random(6, 7)
    expected = signal.pyramid(x, 1)[1].numpy()
    np.testing.assert_allclose(signal.pyramid(x, 1, kernels.binomial(5))[1].numpy(), expected, rtol=0, atol=1e-7)
    expected = signal.pyramid(x, 1, [0.25, 0.5, 0.25])[1].tolist()
    assert signal.pyramid(x, 1, kernels.smoothing())[1].tolist() == expected


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: signal.subsample(mg.ones(3), 0), ArgumentError, "at least 1"),
    (lambda: signal.subsample(mg.ones(3), (2, 2)), ShapeError, "an axis for each step"),
    (lambda: signal.subsample(mg.tensor(1.0)), ShapeError, "an axis for each step"),
    (lambda: signal.subsampling_matrix(0), ArgumentError, "at least 1"),
    (lambda: signal.pyramid(mg.ones(4, 4), -1), ArgumentError, "0 or more"),
    (lambda: signal.pyramid(mg.ones(4, 4), 1.5), DTypeError, "an integer"),
    (lambda: signal.pyramid(mg.tensor(1.0), 1), ShapeError, "got a number"),
    (lambda: signal.pyramid(mg.ones(4, 4), 1, mg.ones(3, 3)), ShapeError, "one line"),
    (lambda: signal.pyramid(mg.ones(4, 4), 1, kernels.outline()), ShapeError, "one line"),
    (lambda: signal.pyramid(mg.ones(4, 4), 1, []), ShapeError, "one line"),
    (lambda: signal.pyramid(mg.ones(4, 4), 1, border="mirror"), ArgumentError, "borders are"),
    (lambda: signal.projection_matrix((4, 4), step=(1, 2, 3)), ArgumentError, "3 entries for 2 axes"),
    (lambda: signal.projection_matrix(4, dtype=int), DTypeError, "its entries are fractions"),
    (lambda: signal.sampling_kind(0, 3), ArgumentError, "at least 1"),
])  # fmt: skip
def test_mistakes(call, error, text):
    with pytest.raises(error, match=text):
        call()
