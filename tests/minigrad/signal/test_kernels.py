"""The named kernels: their entries, their sums, what they answer to slopes, and the operator that each is meant for."""

import dataclasses
import itertools

import numpy as np
import pytest
import scipy.ndimage

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.signal import convolve, correlate, kernels
from minigrad.signal.kernels import Kernel
from tests.strategies import given, seeds, st, whole_numbers

NAMED = {
    **{name: getattr(kernels, name) for name in kernels.__all__ if name not in ("Kernel", "gaussian")},
    "gaussian": lambda: kernels.gaussian(5, 1.1),
    "derivative_of_gaussian": lambda: kernels.derivative_of_gaussian(5, 1.1),
}
EXAMPLES = [
    *(make() for make in NAMED.values()),
    kernels.sobel(0), kernels.sobel(1, as_correlation=True), kernels.box((2, 4)), kernels.binomial((4,)),
    kernels.gaussian((3, 4, 2), (1, 2, 0.5)), kernels.derivative_of_gaussian((4, 5), 1.0, axis=0),
    Kernel([[1, 2, 0], [0, 3, 1]], "convolution"), Kernel([3, -1]),
]  # fmt: skip


@pytest.mark.parametrize("kernel", EXAMPLES, ids=repr)
def test_apply_does_what_the_kernel_is_meant_for(kernel):
    image = whole_numbers(7, (2, *(5,) * len(kernel.shape)))
    function = correlate if kernel.operator == "correlation" else convolve
    for options in ({}, {"mode": "full", "border": "wrap"}, {"mode": "valid"}, {"border": "constant", "value": 2.0}):
        expected = function(image, kernel, **{"mode": "same", "border": "reflect", **options})
        assert mg.allclose(kernel.apply(image, **options), expected, atol=1e-12)


@pytest.mark.parametrize("name", NAMED)
def test_X82_the_documentation_says_what_a_kernel_is_meant_for(name):
    wanted = {"correlation": "to be correlated", "convolution": "to be convolved"}[NAMED[name]().operator]
    assert wanted in " ".join(getattr(kernels, name).__doc__.split()).lower()


@pytest.mark.parametrize("kernel", EXAMPLES, ids=repr)
def test_X82_either_form_gives_the_same_response(kernel):
    image = mg.from_numpy(whole_numbers(8, (6,) * len(kernel.shape)))
    plain, reversed_ = kernel.as_correlation(), kernel.as_convolution()
    assert plain.operator == "correlation"
    assert reversed_.operator == "convolution"
    assert np.array_equal(plain.entries, np.flip(reversed_.entries))
    assert plain.as_convolution().as_correlation().entries.tolist() == plain.entries.tolist()
    assert kernel in (plain, reversed_), "the form it has is the kernel itself"
    modes = ["full", "same"] if all(k % 2 for k in kernel.shape) else ["full"]
    for form, mode in itertools.product((plain, reversed_), modes):
        assert mg.allclose(form.apply(image, mode), kernel.apply(image, mode), atol=1e-12)


def test_X81_of_even_sizes_the_correlation_begins_one_place_later():
    kernel, image = kernels.binomial((4,)), mg.from_numpy(whole_numbers(9, 7))
    assert mg.allclose(kernel.as_correlation().apply(image)[:-1], kernel.apply(image)[1:])


@pytest.mark.parametrize("kernel", EXAMPLES, ids=repr)
def test_entries_are_the_outer_product_of_the_factors(kernel):
    if kernel.factors:
        outer = kernel.factors[0]
        for factor in kernel.factors[1:]:
            outer = np.multiply.outer(outer, factor)
        assert np.allclose(kernel.entries, outer, rtol=1e-15, atol=0)
        assert kernel.shape == tuple(len(factor) for factor in kernel.factors)


def test_entries_stay():
    given_entries = np.ones((2, 2))
    kernel = Kernel(given_entries)
    given_entries[:] = 0
    assert kernel.entries.tolist() == [[1, 1], [1, 1]]
    with pytest.raises(ValueError, match="read-only"):
        kernel.entries[0, 0] = 5
    with pytest.raises(dataclasses.FrozenInstanceError):
        kernel.operator = "convolution"
    weight = kernel.weight
    weight[0, 0] = 5
    assert kernel.weight.tolist() == [[1, 1], [1, 1]]
    assert kernel.weight.dtype == mg.get_default_dtype()
    assert kernel.to(mg.float64).dtype == mg.float64
    assert np.array_equal(np.asarray(kernel), kernel.entries)
    row = np.array([1.0, 2.0, 1.0])
    smooth = Kernel.separable([row, row])
    row[:] = 0
    assert smooth.factors[0].tolist() == [1, 2, 1]
    with pytest.raises(ValueError, match="read-only"):
        smooth.factors[0][0] = 5
    assert repr(kernels.sobel()) == "Kernel(sobel, 3×3, for convolution, N28)"


def test_what_is_no_kernel_is_refused():
    with pytest.raises(ArgumentError, match=r"operator='filter'; it is 'correlation' .* or 'convolution'"):
        Kernel([1, 2], "filter")
    for entries in (3.0, [], [[], []]):
        with pytest.raises(ShapeError, match="it needs an axis, and an entry along each"):
            Kernel(entries)
    with pytest.raises(DTypeError, match="entries"):
        Kernel("box")
    with pytest.raises(ArgumentError, match="operator=ndarray of shape"):
        Kernel([1, 2], np.array([1.0, 2.0]))
    for factors in ([], [1.0], [[[1.0]]], 3.0, "ab"):
        with pytest.raises(ShapeError, match="give a list with a vector for each axis"):
            Kernel.separable(factors)
    with pytest.raises(ShapeError, match="kernel needs an axis for each of the image"):
        kernels.box(3).apply(mg.ones(5))
    for factors in (([1, 2], [1, 2]), ([1],), 3):
        with pytest.raises(ArgumentError, match="factors whose outer product is not its entries"):
            Kernel(np.eye(2), factors=factors)
    assert len(Kernel(np.ones((2, 3)), factors=([1, 1], [1, 1, 1])).factors) == 2


def test_a_kernel_around_the_image_is_one_with_factors_or_without():
    image, gaussian = mg.randn(2, 3, 4, dtype=mg.float64), kernels.gaussian(5, 1.0)
    expected = convolve(image, gaussian, "valid")
    assert expected.shape == (2, 3, 2)
    assert mg.allclose(gaussian.apply(image, "valid"), expected)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=3), seeds)
def test_N26_box_is_the_uniform_filter(sizes, seed):
    sizes = [size - (size % 2 == 0) for size in sizes]
    image = whole_numbers(seed, (5,) * len(sizes))
    expected = scipy.ndimage.uniform_filter(image, sizes, mode="mirror")
    assert np.allclose(kernels.box(tuple(sizes)).apply(image).numpy(), expected)


@pytest.mark.parametrize("sigma", [0.7, 1.5])
def test_N31_gaussian_is_scipys(sigma):
    image = whole_numbers(3, (12, 11))
    size = 2 * int(4 * sigma + 0.5) + 1
    expected = scipy.ndimage.gaussian_filter(image, sigma, mode="mirror")
    assert np.allclose(kernels.gaussian(size, sigma).apply(image).numpy(), expected, atol=1e-12)


def test_N31_sums_widths_and_middles():
    for size in (4, 5):
        kernel = kernels.gaussian(size, 1.3)
        assert kernel.entries.sum() == pytest.approx(1)
        assert np.allclose(kernel.entries, kernel.entries[::-1, ::-1])
        assert np.array_equal(kernel.entries, kernel.entries.T)
    wide, narrow = kernels.gaussian((9, 9), (2.0, 0.5)).factors
    assert wide.max() < narrow.max()
    assert kernels.gaussian((1,), 1.0).entries.tolist() == [1]
    assert kernels.gaussian((3,), 1e-100).entries.tolist() == [0, 1, 0]
    assert kernels.gaussian((4,), 1e-100).entries.tolist() == [0, 0.5, 0.5, 0]


def test_N17_derivative_of_gaussian_is_scipys_but_for_its_norm():
    image = whole_numbers(4, (12, 11))
    for axis in (0, 1):
        raw = kernels.derivative_of_gaussian(13, 1.5, axis=axis, normalize=False)
        order = [int(a == axis) for a in range(2)]
        expected = scipy.ndimage.gaussian_filter(image, 1.5, order=order, mode="mirror", truncate=4)
        assert np.allclose(raw.apply(image).numpy(), expected, atol=1e-2)
        ramp = np.indices((16, 16))[axis].astype(float)
        assert np.allclose(kernels.derivative_of_gaussian(5, 1.5, axis=axis).apply(ramp, "valid").numpy(), 1)
        assert np.allclose(kernels.derivative_of_gaussian((4, 4), 1.5, axis - 2).apply(ramp, "valid").numpy(), 1)


def test_N6_sharpen_adds_what_the_blur_takes():
    image = whole_numbers(5, (6, 6))
    blurred = kernels.binomial(3).apply(image).numpy()
    assert np.allclose(kernels.sharpen(0.5, kernels.binomial(3)).apply(image).numpy(), image + 0.5 * (image - blurred))
    assert kernels.sharpen().entries.sum() == pytest.approx(1)
    with pytest.raises(ShapeError, match=r"a blur of sizes \(4, 4\); it needs a middle"):
        kernels.sharpen(blur=kernels.box(4))
    with pytest.raises(ArgumentError, match=r"amount=-inf; .* a finite number"):
        kernels.sharpen(-np.inf)
    with pytest.raises(DTypeError, match="sharpen"):
        kernels.sharpen(blur="box")


def test_N23_binomial_rows_are_those_of_pascal_as_far_as_floats_go():
    row = np.ones(1)
    for size in range(1, 8):
        assert np.array_equal(kernels.binomial((size,)).entries, row)
        row = np.convolve(row, [0.5, 0.5])
    longest = kernels.binomial((1075,)).entries
    assert longest[0] > 0
    assert longest.sum() == pytest.approx(1)
    with pytest.raises(ArgumentError, match="from 1076 elements on"):
        kernels.binomial((3, 1076))


@given(st.integers(1, 5), st.integers(1, 5), seeds)
def test_N16_identity_keeps_the_image_under_both_operators(h, w, seed):
    image, delta = mg.from_numpy(whole_numbers(seed, (4, 3))), kernels.identity((h, w))
    assert mg.equal(delta.apply(image), image)
    assert mg.equal(correlate(image, delta, "same"), image)


@pytest.mark.parametrize(
    "make", [kernels.box, kernels.binomial, kernels.identity, lambda size: kernels.gaussian(size, 1)]
)
def test_sizes(make):
    assert make(3).shape == (3, 3)
    assert make((3, 4, 5)).shape == make(np.array([3, 4, 5])).shape == (3, 4, 5)
    for wrong in (0, (3, -1)):
        with pytest.raises(ArgumentError, match="size must be at least 1"):
            make(wrong)
    for wrong in (2.5, "3", None):
        with pytest.raises(DTypeError, match="size"):
            make(wrong)


def test_wrong_widths_and_axes_are_refused():
    for sigma in (0, -1, 5e-324, (1, 2, 3), np.inf, np.nan):
        with pytest.raises(ArgumentError, match="it is a positive number, 1e-100 at least, or one for each axis"):
            kernels.gaussian(5, sigma)
    with pytest.raises(DTypeError, match="gaussian got sigma='1'"):
        kernels.gaussian(5, "1")
    with pytest.raises(ArgumentError, match=r"axis=2 for the sizes \(5, 5\)"):
        kernels.derivative_of_gaussian(5, 1.0, axis=2)
    with pytest.raises(ArgumentError, match="along axis 0 the samples have no slope"):
        kernels.derivative_of_gaussian((1, 3), 1.0, axis=0)
    for axis in (2, "0", None):
        with pytest.raises(ArgumentError, match=r"an image has the axes 0 \(down its rows\) and 1"):
            kernels.sobel(axis)
