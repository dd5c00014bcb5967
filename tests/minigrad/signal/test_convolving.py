"""Correlation and convolution against SciPy, NumPy and the loops: any rank, mode and border, batches and banks."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.signal import (
    convolve,
    convolve2d,
    convolve_sampled,
    convolve_separable,
    correlate,
    correlate2d,
    full_convolve2d,
    kernels,
    rot180,
)
from tests import naive
from tests.strategies import given, seeds, settings, st, whole_numbers

MODES = ["full", "same", "valid"]
BORDERS = ["zero", "constant", "reflect", "symmetric", "edge", "wrap"]
NDIMAGE = {
    "zero": "constant", "constant": "constant", "reflect": "mirror", "symmetric": "reflect", "edge": "nearest",
    "wrap": "wrap",
}  # fmt: skip


@st.composite
def images(draw, largest_kernel=4):
    """Shapes of an image and of a kernel that fits into it."""
    kernel = draw(st.integers(1, largest_kernel)), draw(st.integers(1, largest_kernel))
    return tuple(k + draw(st.integers(0, 3)) for k in kernel), kernel


@st.composite
def operands(draw, largest_rank=3, contained=False):
    """Shapes of an image and of a kernel of one rank; `contained`: one lies inside the other."""
    rank = draw(st.integers(1, largest_rank))
    n = tuple(draw(st.integers(1, 6 - rank)) for _ in range(rank))
    k = tuple(draw(st.integers(1, 6 - rank)) for _ in range(rank))
    if contained:
        pairs = [sorted(sizes, reverse=True) for sizes in zip(n, k, strict=True)]
        n, k = (tuple(sizes) for sizes in zip(*pairs, strict=True))
        n, k = (k, n) if draw(st.booleans()) else (n, k)
    return n, k


def value_of(border):
    return 3.0 if border == "constant" else 0.0


def test_they_are_public_under_their_names():
    assert mg.correlate2d is correlate2d
    assert mg.full_convolve2d is full_convolve2d


@given(images(), seeds)
def test_N15_correlation_is_scipys_in_valid_and_full(shapes, seed):
    x, w = whole_numbers(seed, *shapes)
    for mode in ("valid", "full"):
        assert np.array_equal(correlate2d(x, w, mode).numpy(), scipy.signal.correlate2d(x, w, mode))
    assert np.array_equal(correlate2d(x, w).numpy(), correlate2d(x, w, "valid").numpy())


@given(images(), seeds)
def test_X81_same_keeps_the_size_and_begins_half_a_kernel_before(shapes, seed):
    x, w = whole_numbers(seed, *shapes)
    y = correlate2d(x, w, "same")
    assert y.shape == x.shape
    full = scipy.signal.correlate2d(x, w, "full")
    # Position i of 'full' begins k − 1 before the image; 'same' begins ⌊(k − 1)/2⌋ before it.
    begin = [k - 1 - (k - 1) // 2 for k in w.shape]
    assert np.array_equal(y.numpy(), full[begin[0] : begin[0] + x.shape[0], begin[1] : begin[1] + x.shape[1]])
    if all(k % 2 for k in w.shape):
        assert np.array_equal(y.numpy(), scipy.signal.correlate2d(x, w, "same"))


@given(images(), seeds, st.sampled_from(["valid", "same", "full"]))
def test_a_matrix_is_a_batch_of_one_map(shapes, seed, mode):
    x, w = whole_numbers(seed, *shapes)
    assert mg.equal(correlate2d(x, w, mode), correlate2d(x[None, None], w[None, None], mode)[0, 0])
    assert mg.equal(full_convolve2d(x, w), full_convolve2d(x[None, None], w[None, None])[0, 0])


@given(images(), seeds)
def test_N12_true_convolution_over_every_overlap(shapes, seed):
    x, w = whole_numbers(seed, *shapes)
    y = full_convolve2d(x, w).numpy()
    assert np.array_equal(y, naive.full_convolve2d(x, w))
    assert np.array_equal(y, scipy.signal.convolve2d(x, w))


@given(images(), seeds)
def test_N13_convolution_is_correlation_with_the_kernel_turned(shapes, seed):
    x, w = (mg.from_numpy(array) for array in whole_numbers(seed, *shapes))
    assert mg.equal(full_convolve2d(x, w), correlate2d(x, mg.flip(w, (0, 1)), "full"))


@given(images(3), seeds)
def test_N16_full_convolution_is_commutative_associative_and_distributive(shapes, seed):
    f, g, h, k = whole_numbers(seed, *shapes, (2, 3), shapes[1])
    assert mg.equal(full_convolve2d(f, g), full_convolve2d(g, f))
    assert mg.equal(full_convolve2d(full_convolve2d(f, g), h), full_convolve2d(f, full_convolve2d(g, h)))
    assert mg.equal(full_convolve2d(f, g + k), full_convolve2d(f, g) + full_convolve2d(f, k))
    delta = np.ones((1, 1))
    assert np.array_equal(full_convolve2d(f, delta).numpy(), f)


def test_correlation_is_not_commutative():
    x, w = mg.tensor([[1.0, 2.0]]), mg.tensor([[3.0, 4.0]])
    assert correlate2d(x, w, "full").tolist() == [[4, 11, 6]]
    assert correlate2d(w, x, "full").tolist() == [[6, 11, 4]], "swapped operands turn the result (X24)"


@given(images(3), seeds, st.integers(1, 2), st.integers(1, 2), st.integers(1, 2))
def test_N124_of_a_batch_it_is_the_gradient_of_correlation(shapes, seed, batch, channels, maps):
    n, k = shapes
    x, w = whole_numbers(seed, (batch, channels, *n), (maps, channels, *k))
    image = mg.from_numpy(x).requires_grad_()
    y = correlate2d(image, mg.from_numpy(w))
    g = whole_numbers(seed + 1, y.shape)
    (pulled,) = grad(y, image, mg.from_numpy(g))
    assert mg.equal(full_convolve2d(g, w), pulled)
    for i, c in np.ndindex(batch, channels):
        assert np.array_equal(pulled[i, c].numpy(), sum(naive.full_convolve2d(g[i, o], w[o, c]) for o in range(maps)))


@pytest.mark.parametrize("mode", ["valid", "same", "full"])
@pytest.mark.parametrize("options", [{}, {"stride": (2, 1)}, {"dilation": (1, 2)}])
def test_options_are_those_of_correlate(mode, options):
    x, w = mg.randn(2, 4, 6, 7, dtype=mg.float64), mg.randn(2, 2, 3, 2, dtype=mg.float64)
    expected = mg.correlate(x, w, padding=mode, groups=2, **options)
    assert mg.equal(correlate2d(x, w, mode, groups=2, **options), expected)


@settings(max_examples=15)
@given(images(3), st.sampled_from(["valid", "same", "full"]))
def test_images_gradcheck_to_third_order(shapes, mode):
    x, w = (mg.randn(shape, dtype=mg.float64, requires_grad=True) for shape in shapes)
    assert gradcheck(lambda x, w: correlate2d(x, w, mode), [x, w], order=3)
    assert gradcheck(full_convolve2d, [x, w], order=3)


@pytest.mark.parametrize("function", [correlate2d, full_convolve2d])
@pytest.mark.parametrize(
    ("x", "w"), [((3, 3), (1, 1, 2, 2)), ((1, 3, 3), (1, 2, 2)), ((3,), (2,)), ((1, 1, 3, 3), (2, 2))]
)
def test_other_ranks_are_refused(function, x, w):
    with pytest.raises(ShapeError, match=r"two matrices \(H, W\) and \(kh, kw\), or a batch \(N, C, H, W\) with a"):
        function(mg.ones(x), mg.ones(w))


def test_other_modes_sizes_and_kinds_are_refused():
    with pytest.raises(ArgumentError, match=r"got mode='circular'; the modes are 'valid', 'same' and 'full'"):
        correlate2d(mg.ones(3, 3), mg.ones(2, 2), "circular")
    with pytest.raises(ShapeError, match=r"the kernel spans 4 .* has only 3"):
        correlate2d(mg.ones(3, 3), mg.ones(4, 4))
    with pytest.raises(DTypeError, match="products do not promote"):
        correlate2d(mg.ones(3, 3), mg.ones(2, 2, dtype=mg.float64))
    with pytest.raises(DTypeError, match="full_convolve2d got a str"):
        full_convolve2d("x", mg.ones(2, 2))


# ------------------------------------------------------------------- any rank


@given(operands(), seeds)
def test_N12_convolution_is_scipys_in_full_and_same(shapes, seed):
    x, h = whole_numbers(seed, *shapes)
    for mode in ("full", "same"):
        assert np.array_equal(convolve(x, h, mode).numpy(), scipy.signal.convolve(x, h, mode, method="direct"))
    assert np.array_equal(convolve(x, h).numpy(), convolve(x, h, "full").numpy())


@given(operands(contained=True), seeds)
def test_valid_is_scipys_whichever_lies_inside_the_other(shapes, seed):
    x, h = whole_numbers(seed, *shapes)
    assert np.array_equal(convolve(x, h, "valid").numpy(), scipy.signal.convolve(x, h, "valid", method="direct"))
    assert np.array_equal(correlate(x, h, "valid").numpy(), scipy.signal.correlate(x, h, "valid", method="direct"))
    assert mg.equal(convolve(x, h, "valid"), convolve(h, x, "valid"))


@given(operands(), seeds)
def test_N14_correlation_is_scipys_and_same_begins_later_for_even_kernels(shapes, seed):
    x, h = whole_numbers(seed, *shapes)
    full = scipy.signal.correlate(x, h, "full", method="direct")
    assert np.array_equal(correlate(x, h).numpy(), full)
    same = correlate(x, h, "same").numpy()
    begin = [k // 2 for k in h.shape]
    assert np.array_equal(same, full[tuple(slice(b, b + n) for b, n in zip(begin, x.shape, strict=True))])
    theirs = scipy.signal.correlate(x, h, "same", method="direct")
    later = tuple(slice(int(k % 2 == 0), None) for k in h.shape)
    without_last = tuple(slice(0, n - int(k % 2 == 0)) for n, k in zip(x.shape, h.shape, strict=True))
    assert np.array_equal(theirs[later], same[without_last]), "X81: SciPy's begins one place before ours"


@given(st.integers(1, 8), st.integers(1, 8), seeds)
def test_X81_one_dimensional_convolution_is_numpys(n, k, seed):
    x, h = whole_numbers(seed, max(n, k), min(n, k))
    for mode in MODES:
        assert np.array_equal(convolve(x, h, mode).numpy(), np.convolve(x, h, mode))


@given(operands(), seeds, st.sampled_from(BORDERS))
def test_X80_same_in_a_border_is_ndimages(shapes, seed, border):
    """Of even sizes SciPy's own origin is elsewhere; −1 puts it where X81 has it, for both operators."""
    x, h = whole_numbers(seed, *shapes)
    options = {"mode": NDIMAGE[border], "cval": value_of(border), "origin": [-(k % 2 == 0) for k in h.shape]}
    ours = {"mode": "same", "border": border, "value": value_of(border)}
    assert np.array_equal(convolve(x, h, **ours).numpy(), scipy.ndimage.convolve(x, h, **options))
    assert np.array_equal(correlate(x, h, **ours).numpy(), scipy.ndimage.correlate(x, h, **options))


@given(operands(), seeds, st.sampled_from(BORDERS), st.sampled_from(MODES))
def test_N13_both_operators_are_one_with_the_kernel_turned(shapes, seed, border, mode):
    """But for 'same' of even sizes, where the two halves of the border change sides."""
    if mode == "valid":
        shapes = tuple(max(a, b) for a, b in zip(*shapes, strict=True)), shapes[1]
    elif mode == "same":
        shapes = shapes[0], tuple(k - (k % 2 == 0) for k in shapes[1])
    x, h = whole_numbers(seed, *shapes)
    options = {"mode": mode, "border": border, "value": value_of(border)}
    assert mg.equal(convolve(x, h, **options), correlate(x, np.flip(h).copy(), **options))


@given(operands(2), seeds, st.sampled_from(MODES), st.sampled_from(BORDERS))
def test_axes_in_front_are_a_batch(shapes, seed, mode, border):
    (n, k), options = shapes, {"mode": mode, "border": border, "value": value_of(border)}
    k = tuple(min(sizes) for sizes in zip(n, k, strict=True)) if mode == "valid" else k
    x, h = whole_numbers(seed, (2, 3, *n), k)
    for function in (convolve, correlate):
        y = function(x, h, **options)
        for place in np.ndindex(2, 3):
            assert np.array_equal(y[place].numpy(), function(x[place], h, **options).numpy())
    large = np.ones([size + 1 for size in n])
    assert mg.equal(correlate(x, large, "valid")[1, 2], correlate(x[1, 2], large, "valid"))


@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64, mg.int64])
def test_dtypes_are_kept(dtype):
    x, h = mg.arange(5).to(dtype), mg.arange(3).to(dtype)
    for y in (convolve(x, h), correlate(x, h, "same", border="edge"), convolve_separable(x, [h]), rot180(h)):
        assert y.dtype == dtype
    assert convolve(x, h).tolist() == [0, 0, 1, 4, 7, 10, 8]


@settings(max_examples=12)
@given(operands(2), st.sampled_from(MODES), st.sampled_from(BORDERS))
def test_N17_both_arguments_gradcheck_to_second_order(shapes, mode, border):
    n, k = shapes
    k = tuple(min(sizes) for sizes in zip(n, k, strict=True)) if mode == "valid" else k
    x, h = (mg.randn(shape, dtype=mg.float64, requires_grad=True) for shape in (n, k))
    options = {"mode": mode, "border": border, "value": value_of(border)}
    for function in (convolve, correlate):
        assert gradcheck(lambda x, h, f=function: f(x, h, **options), [x, h], order=2)


def test_an_image_inside_the_kernel_gradchecks():
    x, h = mg.randn(2, 2, 3, dtype=mg.float64, requires_grad=True), mg.randn(3, 4, dtype=mg.float64, requires_grad=True)
    for function in (convolve, correlate):
        assert gradcheck(lambda x, h, f=function: f(x, h, "valid"), [x, h], order=2)


def test_mixed_dtypes_and_other_kinds_are_refused():
    for function in (convolve, correlate):
        with pytest.raises(DTypeError, match=f"{function.__name__} got x float32, h float64: products do not promote"):
            function(mg.ones(3), np.ones(2))
        with pytest.raises(DTypeError, match=f"{function.__name__} got a list"):
            function([1.0, 2.0], mg.ones(2))
    with pytest.raises(DTypeError, match="convolve got x float32, h float64"):
        convolve(mg.ones(2), np.ones(3), "valid")


# ------------------------------------------------------------ images and banks


@given(images(), seeds, st.sampled_from(["full", "same"]), st.sampled_from(["constant", "wrap", "symmetric"]))
def test_N12_convolve2d_is_scipys_with_its_boundaries(shapes, seed, mode, border):
    x, w = whole_numbers(seed, *shapes)
    theirs = {"constant": "fill", "wrap": "wrap", "symmetric": "symm"}[border]
    y = convolve2d(x, w, mode, border=border, value=value_of(border))
    assert np.array_equal(y.numpy(), scipy.signal.convolve2d(x, w, mode, theirs, value_of(border)))
    if mode == "full":
        y = correlate2d(x, w, mode, border=border, value=value_of(border))
        assert np.array_equal(y.numpy(), scipy.signal.correlate2d(x, w, mode, theirs, value_of(border)))


@given(images(3), seeds, st.sampled_from(MODES), st.sampled_from(BORDERS))
def test_matrices_are_those_of_any_rank(shapes, seed, mode, border):
    x, w = whole_numbers(seed, *shapes)
    options = {"mode": mode, "border": border, "value": value_of(border)}
    assert mg.equal(convolve2d(x, w, **options), convolve(x, w, **options))
    assert mg.equal(correlate2d(x, w, **options), correlate(x, w, **options))


@given(images(3), seeds, st.sampled_from(MODES), st.sampled_from(BORDERS))
def test_N51_a_bank_convolves_every_channel_and_adds_them(shapes, seed, mode, border):
    n, k = shapes
    options = {"mode": mode, "border": border, "value": value_of(border)}
    x, w = whole_numbers(seed, (2, 2, *n), (3, 2, *k))
    y = convolve2d(x, w, **options)
    for i, o in np.ndindex(2, 3):
        expected = sum(convolve2d(x[i, c], w[o, c], **options).numpy() for c in range(2))
        assert np.array_equal(y[i, o].numpy(), expected)


@pytest.mark.parametrize("border", ["zero", "reflect"])
def test_stride_dilation_and_groups_of_a_convolution_are_those_of_the_turned_kernel(border):
    x, w = mg.randn(2, 4, 9, 8, dtype=mg.float64), mg.randn(2, 2, 3, 3, dtype=mg.float64)
    options = {"stride": (2, 1), "dilation": (1, 2), "groups": 2, "border": border}
    for mode in MODES:
        assert mg.allclose(convolve2d(x, w, mode, **options), correlate2d(x, rot180(w), mode, **options))
    every = convolve2d(x, w, "full", dilation=(1, 2), groups=2, border=border)
    assert mg.allclose(convolve2d(x, w, "full", **options), every[:, :, ::2])


def test_both_take_matrices_or_banks_only():
    with pytest.raises(ShapeError, match=r"convolve2d got shapes \(3, 3\) and \(2,\); give two matrices"):
        convolve2d(mg.ones(3, 3), mg.ones(2))
    with pytest.raises(ShapeError, match=r"convolve2d of an input of shape \(1, 2, 3, 3\) with a weight"):
        convolve2d(mg.ones(1, 2, 3, 3), mg.ones(1, 3, 2, 2))
    with pytest.raises(DTypeError, match="convolve2d got x float32, w float64"):
        convolve2d(mg.ones(3, 3), np.ones((2, 2)))


@settings(max_examples=8)
@given(images(2), st.sampled_from(MODES), st.sampled_from(BORDERS))
def test_banks_gradcheck_to_second_order(shapes, mode, border):
    (n, k), options = shapes, {"border": border, "value": value_of(border)}
    x, w = (mg.randn(shape, dtype=mg.float64, requires_grad=True) for shape in ((1, 2, *n), (1, 2, *k)))
    assert gradcheck(lambda x, w: convolve2d(x, w, mode, **options), [x, w], order=2)


# ----------------------------------------------------- products of vectors, samples


@given(operands(), seeds, st.sampled_from(MODES), st.sampled_from(BORDERS))
def test_N31_a_separable_convolution_is_that_with_the_outer_product(shapes, seed, mode, border):
    n, k = shapes
    k = tuple(min(sizes) for sizes in zip(n, k, strict=True)) if mode == "valid" else k
    x, *factors = whole_numbers(seed, (2, *n), *((size,) for size in k))
    options = {"mode": mode, "border": border, "value": value_of(border)}
    outer = factors[0]
    for factor in factors[1:]:
        outer = np.multiply.outer(outer, factor)
    assert mg.equal(convolve_separable(x, factors, **options), convolve(x, outer, **options))


def test_separable_borders_of_ones_own_and_gradients():
    x, a, b = (mg.randn(size, dtype=mg.float64, requires_grad=True) for size in ((4, 3), (3,), (2,)))
    own = {"border": lambda x, widths: mg.pad(x, widths, "reflect")}
    assert mg.allclose(
        convolve_separable(x, [a, b], "same", **own), convolve_separable(x, [a, b], "same", border="reflect")
    )
    assert gradcheck(lambda x, a, b: convolve_separable(x, [a, b], "same", **own), [x, a, b], order=2)


def test_a_separable_convolution_takes_named_kernels_and_images_inside_them():
    assert convolve_separable(mg.tensor([0, 4, 0]), [kernels.smoothing()], "same").tolist() == [1, 2, 1]
    x, f = mg.randn(4, 2, 3, dtype=mg.float64), [mg.randn(k, dtype=mg.float64) for k in (4, 3)]
    assert mg.allclose(convolve_separable(x, f, "valid"), convolve(x, mg.outer(*f), "valid"))


@pytest.mark.parametrize("k", [3, 64, 65, 90])
@pytest.mark.parametrize("batch", [(), (3,), (2, 0)])
def test_long_and_short_lines_are_numpys(k, batch):
    x, h = mg.randn(*batch, 80, dtype=mg.float64, requires_grad=True), mg.randn(k, dtype=mg.float64, requires_grad=True)
    for mode in ("full", "same", "valid")[: 3 if k <= 80 else 2]:
        y = convolve(x, h, mode)
        start = {"full": 0, "same": (k - 1) // 2, "valid": k - 1}[mode]
        lines = [np.convolve(line, h.detach().numpy()) for line in x.detach().numpy().reshape(-1, 80)]
        expected = np.reshape(lines, (-1, 79 + k))[:, start : start + y.shape[-1]]
        assert np.allclose(y.detach().numpy().reshape(expected.shape), expected, rtol=0, atol=1e-12)
    # The gradient of the sum: each element meets every weight.
    by_x, by_h = grad(convolve(x, h).sum(), [x, h])
    assert np.allclose(by_x.numpy(), h.sum().item())
    assert np.allclose(by_h.numpy(), x.sum().item())


def test_factors_are_vectors_one_for_each_axis():
    x = mg.ones(3, 3)
    for wrong in ([], mg.ones(2), "ab", None):
        with pytest.raises(ArgumentError, match="give a list of vectors, one for each axis"):
            convolve_separable(x, wrong)
    with pytest.raises(ShapeError, match=r"factors of shapes \[\(2, 2\)\]; each is a vector"):
        convolve_separable(x, [mg.ones(2, 2)])
    with pytest.raises(ShapeError, match="needs an axis for each"):
        convolve_separable(mg.ones(3), [mg.ones(2), mg.ones(2)])
    with pytest.raises(ShapeError, match="neither ever lies inside the other"):
        convolve_separable(x, [mg.ones(4), mg.ones(1)], "valid")


def test_N10_samples_are_weighed_with_their_distance():
    x, h = mg.randn(3, 4, dtype=mg.float64, requires_grad=True), mg.randn(2, 2, dtype=mg.float64, requires_grad=True)
    assert mg.allclose(convolve_sampled(x, h, 0.5), convolve(x, h) * 0.25)
    assert mg.allclose(convolve_sampled(x, h, (0.5, 2.0), "same", border="wrap"), convolve(x, h, "same", border="wrap"))
    assert gradcheck(lambda x, h: convolve_sampled(x, h, 0.1), [x, h], order=2)
    for wrong in (0, -1.0, (1, 2, 3), np.inf, np.nan):
        with pytest.raises(ArgumentError, match="the positive distance of two samples"):
            convolve_sampled(x, h, wrong)
    with pytest.raises(DTypeError, match="dt"):
        convolve_sampled(x, h, "1")


# ---------------------------------------------------------------------- rotation


def test_N13_rot180():
    w = mg.arange(24.0).reshape(2, 3, 4)
    assert np.array_equal(rot180(w).numpy(), np.rot90(w.numpy(), 2, (1, 2)))
    assert mg.equal(rot180(rot180(w)), w)
    assert rot180(mg.tensor([1, 2, 3])).tolist() == [3, 2, 1]
    assert mg.equal(rot180(kernels.sobel(1)), kernels.sobel(1, as_correlation=True).weight)
    assert gradcheck(rot180, [mg.randn(2, 3, dtype=mg.float64, requires_grad=True)], order=2)
    with pytest.raises(ShapeError, match="a kernel has one axis at least"):
        rot180(mg.tensor(1.0))


# ----------------------------------------------------------------- named kernels


def test_a_kernel_takes_the_dtype_of_the_image_and_its_entries_stand():
    x = np.arange(5)
    for image in (mg.tensor(x, dtype=mg.float64), mg.tensor(x, dtype=mg.float16)):
        y = convolve(image, kernels.difference(), "valid")
        assert y.dtype == image.dtype
        assert y.tolist() == [2, 2, 2]
    assert convolve(x, kernels.difference(), "valid").dtype == mg.float32, "whole numbers become floats"
    assert correlate(x, kernels.difference(), "valid").tolist() == [-2, -2, -2]
    assert convolve(kernels.smoothing(), kernels.difference()).tolist() == [0.25, 0.5, 0, -0.5, -0.25]
    assert mg.equal(convolve2d(mg.ones(4, 4), kernels.outline()), convolve(mg.ones(4, 4), kernels.outline()))
    assert mg.equal(
        convolve_separable(mg.ones(4, 4), [kernels.smoothing(), kernels.difference()]),
        convolve(mg.ones(4, 4), mg.outer(kernels.smoothing().weight, kernels.difference().weight)),
    )
