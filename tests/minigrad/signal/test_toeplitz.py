"""The matrix of a convolution: against the convolution itself, SciPy's Toeplitz matrices and its own transpose."""

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.signal import convolve, correlate, kernels, toeplitz_matrix
from tests.strategies import correlations, given, seeds, settings, st, whole_numbers

LINEAR = ["zero", "reflect", "symmetric", "edge", "wrap"]


@given(st.integers(1, 7), st.integers(1, 4), seeds)
def test_N54_in_one_dimension_it_is_scipys(n, k, seed):
    h = whole_numbers(seed, k)
    n += k - 1
    zeros = np.zeros(n - k)
    assert np.array_equal(toeplitz_matrix(h, n).numpy(), scipy.linalg.toeplitz(np.r_[h[0], zeros], np.r_[h, zeros]))
    full = toeplitz_matrix(h, n, mode="full", operator="convolution").numpy()
    assert np.array_equal(full, scipy.linalg.convolution_matrix(h, n, "full"))
    same = toeplitz_matrix(h, n, mode="same", operator="convolution").numpy()
    assert np.array_equal(same, scipy.linalg.convolution_matrix(h, n, "same"))


@given(correlations(), seeds)
def test_N54_times_an_input_it_is_the_layer_and_its_transpose_the_gradient(c, seed):
    x, w, g = whole_numbers(seed, c.x, c.w, c.y)
    matrix = toeplitz_matrix(w, c.x[1:], **c.options)
    assert matrix.shape == (np.prod(c.y[1:]), np.prod(c.x[1:]))
    leaf = mg.from_numpy(x).requires_grad_()
    y = mg.correlate(leaf, mg.from_numpy(w), **c.options)
    (pulled,), y = grad(y, leaf, mg.from_numpy(g)), y.detach()
    for i in range(len(x)):
        assert np.array_equal(matrix.numpy() @ x[i].ravel(), y[i].numpy().ravel())
        assert np.array_equal(matrix.numpy().T @ g[i].ravel(), pulled[i].numpy().ravel())
    sparse = toeplitz_matrix(w, c.x[1:], sparse=True, **c.options)
    assert isinstance(sparse, scipy.sparse.csr_array)
    assert np.array_equal(sparse.toarray(), matrix.numpy())


@given(st.integers(1, 2), seeds, st.sampled_from(["full", "same", "valid"]), st.sampled_from(LINEAR))
def test_N36_borders_add_up_where_they_were_read(rank, seed, mode, border):
    source = np.random.default_rng(seed)
    k = source.integers(1, 4, rank)
    n = k + source.integers(0, 3, rank) if mode == "valid" else source.integers(1, 5, rank)
    x, h = whole_numbers(seed, n, k)
    for function, operator in ((correlate, "correlation"), (convolve, "convolution")):
        options = {"mode": mode, "border": border, "operator": operator}
        y = function(x, h, mode, border=border).numpy().ravel()
        assert np.array_equal(toeplitz_matrix(h, tuple(n), **options).numpy() @ x.ravel(), y)
        assert np.array_equal(toeplitz_matrix(h, tuple(n), sparse=True, **options) @ x.ravel(), y)


def test_N54_images_give_a_toeplitz_matrix_of_toeplitz_matrices():
    w = mg.arange(1, 7).reshape(2, 3)
    blocks = toeplitz_matrix(w, (4, 5)).numpy().reshape(3, 3, 4, 5)
    for i, j in np.ndindex(3, 4):
        expected = toeplitz_matrix(w[j - i], 5).numpy() if 0 <= j - i < 2 else np.zeros((3, 5))
        assert np.array_equal(blocks[i, :, j], expected)


def test_N54_maps_and_kernels_of_one_element_make_the_dense_layer():
    weights = mg.randn(3, 2, dtype=mg.float64)
    assert mg.equal(toeplitz_matrix(weights[:, :, None, None], (2, 1, 1)), weights)


def test_N62_the_gradient_of_a_weight_is_the_sum_over_its_copies():
    w, g = mg.randn(2, 2, dtype=mg.float64, requires_grad=True), mg.randn(6, 12, dtype=mg.float64)
    (shared,) = grad((toeplitz_matrix(w, (3, 4)) * g).sum(), w)
    for place in np.ndindex(2, 2):
        unit = np.zeros((2, 2))
        unit[place] = 1
        assert shared[place].item() == pytest.approx(float((toeplitz_matrix(unit, (3, 4)).numpy() * g.numpy()).sum()))


@settings(max_examples=10)
@given(st.sampled_from(["full", "same", "valid"]), st.sampled_from(LINEAR))
def test_it_gradchecks_to_second_order(mode, border):
    w = mg.randn(2, 3, dtype=mg.float64, requires_grad=True)
    assert gradcheck(lambda w: toeplitz_matrix(w, (3, 3), mode=mode, border=border) ** 3, [w], order=2)


def test_kinds_of_kernels_and_shapes():
    assert toeplitz_matrix(mg.tensor([1, 2]), 3).dtype == mg.int64
    assert toeplitz_matrix(mg.tensor([1.0, 2.0]), [3]).shape == (2, 3)
    ramp = toeplitz_matrix(kernels.difference(), 4, operator="convolution") @ mg.arange(4.0)
    assert ramp.tolist() == [2, 2]
    assert toeplitz_matrix(mg.ones(2), 3, border="constant").tolist() == [[1, 1, 0], [0, 1, 1]]
    leaf = mg.ones(2, requires_grad=True)
    assert toeplitz_matrix(leaf, 3, sparse=True).toarray().tolist() == [[1, 1, 0], [0, 1, 1]]


def test_no_padding_is_none_in_numpys_integers_too():
    one, other = (toeplitz_matrix(mg.ones(2), 3, mode="same", padding=none) for none in (0, np.int64(0)))
    assert mg.equal(one, other)


def test_what_it_refuses():
    w = mg.ones(2, 2)
    with pytest.raises(ShapeError, match=r"a kernel of shape \(2, 2\) and an input of shape \(3,\); give one size"):
        toeplitz_matrix(w, 3)
    with pytest.raises(ShapeError, match="give one size"):
        toeplitz_matrix(mg.tensor(1.0), ())
    with pytest.raises(ShapeError, match="the kernel spans 2"):
        toeplitz_matrix(w, (1, 4))
    with pytest.raises(ShapeError, match="reads 3 channels, the input has 2"):
        toeplitz_matrix(mg.ones(1, 3, 2), (2, 5))
    with pytest.raises(ArgumentError, match="operator='flip'; it is 'correlation' or 'convolution'"):
        toeplitz_matrix(w, (3, 3), operator="flip")
    with pytest.raises(ArgumentError, match="a border of your own; a matrix needs one that is linear"):
        toeplitz_matrix(w, (3, 3), border=mg.pad)
    with pytest.raises(ArgumentError, match="mode='same' and padding=1; each says what lies round, so give one"):
        toeplitz_matrix(w, (3, 3), mode="same", padding=1)
    with pytest.raises(ArgumentError, match="mode='circular'"):
        toeplitz_matrix(w, (3, 3), mode="circular")
    with pytest.raises(DTypeError, match="input_shape"):
        toeplitz_matrix(w, "33")
    with pytest.raises(ArgumentError, match="input_shape must be at least 1"):
        toeplitz_matrix(w, (3, 0))
