"""Correlation and true convolution of plain images and of batches, against the loops and SciPy."""

import numpy as np
import pytest
import scipy.signal

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.signal import correlate2d, full_convolve2d
from tests import naive
from tests.strategies import given, seeds, settings, st, whole_numbers


@st.composite
def images(draw, largest_kernel=4):
    """Shapes of an image and of a kernel that fits into it."""
    kernel = draw(st.integers(1, largest_kernel)), draw(st.integers(1, largest_kernel))
    return tuple(k + draw(st.integers(0, 3)) for k in kernel), kernel


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
