"""Pooling against the loops of `tests/naive.py`, and what it refuses."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.kernels import pool as kernels
from tests import naive
from tests.strategies import given, poolings, seeds, settings, st, whole_numbers

MAX = {1: mg.max_pool1d, 2: mg.max_pool2d, 3: mg.max_pool3d}
AVG = {1: mg.avg_pool1d, 2: mg.avg_pool2d, 3: mg.avg_pool3d}


def distinct(seed, shape):
    """Values with no two near each other, so that the largest stays the largest under small changes."""
    return np.random.default_rng(seed).permutation(np.linspace(-3, 3, int(np.prod(shape)))).reshape(shape)


# -------------------------------------------------------------------- largest


@settings(max_examples=100)
@given(poolings(), st.booleans(), seeds)
def test_N87_max_pool_takes_the_first_of_the_largest(sizes, ceil_mode, seed):
    x = whole_numbers(seed, sizes.x)
    kernel = sizes.w[2:]
    expected, places = naive.max_pool(x, kernel, **sizes.sliding, ceil_mode=ceil_mode)
    pool = MAX[sizes.axes]
    values, indices = pool(x, kernel, **sizes.sliding, ceil_mode=ceil_mode, return_indices=True)
    assert np.array_equal(values.numpy(), expected)
    assert np.array_equal(indices.numpy(), places)
    assert indices.dtype == np.int64
    assert mg.equal(pool(x, kernel, **sizes.sliding, ceil_mode=ceil_mode), values)
    assert mg.equal(pool(x[0], kernel, **sizes.sliding, ceil_mode=ceil_mode), values[0]), "without a batch"


@given(poolings(), st.booleans(), st.booleans(), seeds)
def test_N128_the_gradient_goes_to_the_winner(sizes, ceil_mode, with_indices, seed):
    x = whole_numbers(seed, sizes.x)
    leaf = mg.from_numpy(x).requires_grad_()
    kernel = sizes.w[2:]
    y = MAX[sizes.axes](leaf, kernel, **sizes.sliding, ceil_mode=ceil_mode, return_indices=with_indices)
    y = y[0] if with_indices else y
    g = whole_numbers(seed + 1, y.shape)
    _, places = naive.max_pool(x, kernel, **sizes.sliding, ceil_mode=ceil_mode)
    expected = np.zeros((*x.shape[:2], x[0, 0].size))
    np.add.at(expected, (*np.indices(places.shape)[:2], places), g)
    (gradient,) = grad(y, leaf, mg.from_numpy(g))
    assert np.array_equal(gradient.numpy(), expected.reshape(x.shape))


@settings(max_examples=25)
@given(poolings(), st.booleans(), seeds)
def test_max_pool_gradchecks_to_second_order(sizes, ceil_mode, seed):
    x = mg.from_numpy(distinct(seed, sizes.x)).requires_grad_()
    pool = MAX[sizes.axes]
    assert gradcheck(lambda x: pool(x, sizes.w[2:], **sizes.sliding, ceil_mode=ceil_mode) ** 2, x, order=2)


def test_minus_infinity_wins_over_the_padding():
    values, indices = mg.max_pool1d(mg.full((1, 3), -np.inf), 3, 1, 1, return_indices=True)
    assert values.tolist() == [[-np.inf] * 3]
    assert indices.tolist() == [[0, 0, 1]]


def test_nan_wins_over_everything():
    values, indices = mg.max_pool1d(mg.tensor([[1.0, np.nan, 3.0, 2.0]]), 2, return_indices=True)
    assert np.isnan(values[0, 0].item())
    assert values[0, 1].item() == 3
    assert indices.tolist() == [[1, 2]]


@pytest.mark.parametrize("dtype", [mg.uint8, mg.int64, mg.float16, mg.float32])
def test_max_pool_keeps_the_dtype(dtype):
    y = mg.max_pool2d(mg.arange(16, dtype=dtype).reshape(1, 4, 4), 2, padding=1)
    assert y.dtype == dtype
    assert y.tolist() == [[[0, 2, 3], [8, 10, 11], [12, 14, 15]]]


# ----------------------------------------------------------------------- mean


@settings(max_examples=100)
@given(poolings(dilated=False), st.booleans(), st.booleans(), st.sampled_from([None, 3, -2]), seeds)
def test_N88_avg_pool_is_the_mean_of_what_is_counted(sizes, ceil_mode, count_include_pad, divisor, seed):
    x = whole_numbers(seed, sizes.x)
    kernel, options = sizes.w[2:], {"stride": sizes.stride, "padding": sizes.padding, "ceil_mode": ceil_mode}
    options["count_include_pad"] = count_include_pad
    if sizes.axes > 1:
        options["divisor_override"] = divisor
    expected = naive.avg_pool(x, kernel, **options)
    pool = AVG[sizes.axes]
    np.testing.assert_allclose(pool(x, kernel, **options).numpy(), expected, rtol=1e-14)
    np.testing.assert_allclose(pool(x[0], kernel, **options).numpy(), expected[0], rtol=1e-14)


@settings(max_examples=25)
@given(poolings(dilated=False), st.booleans(), st.booleans())
def test_avg_pool_gradchecks_to_second_order(sizes, ceil_mode, count_include_pad):
    x = mg.randn(sizes.x, dtype=mg.float64, requires_grad=True)
    pool, options = AVG[sizes.axes], (sizes.w[2:], sizes.stride, sizes.padding, ceil_mode, count_include_pad)
    assert gradcheck(lambda x: pool(x, *options) ** 2, x, order=2)


def test_N129_the_gradient_is_spread_equally():
    x = mg.randn(1, 4, 6, requires_grad=True)
    y = mg.avg_pool2d(x, (2, 3))
    y.backward(mg.tensor([[[6.0, 12.0], [18.0, 24.0]]]))
    assert x.grad.tolist() == [[[1] * 3 + [2] * 3] * 2 + [[3] * 3 + [4] * 3] * 2]


def test_N88_average_pooling_is_a_box_convolution():
    x = mg.randn(2, 3, 6, 4, dtype=mg.float64)
    box = mg.full((3, 1, 2, 2), 0.25, dtype=mg.float64)
    assert mg.allclose(mg.avg_pool2d(x, 2), mg.conv2d(x, box, stride=2, groups=3), rtol=1e-14)


@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
@pytest.mark.parametrize("options", [{}, {"padding": 1, "count_include_pad": False}, {"ceil_mode": True}])
def test_avg_pool_keeps_the_dtype(dtype, options):
    assert mg.avg_pool2d(mg.ones(1, 5, 5, dtype=dtype), 2, **options).dtype == dtype


# ----------------------------------------------------------------------- both


@pytest.mark.parametrize("pool", [mg.max_pool2d, mg.avg_pool2d])
def test_N86_the_stride_is_the_kernel_unless_given(pool):
    x = mg.randn(1, 2, 6, 6)
    assert mg.equal(pool(x, (2, 3)), pool(x, (2, 3), (2, 3)))
    assert mg.equal(pool(x, (2, 3)), pool(x, (2, 3), []))
    assert mg.equal(pool(x, (2, 3)), pool(x, (2, 3), 1)[:, :, ::2, ::3]), "the dense form, sliced"


@pytest.mark.parametrize("pool", [mg.max_pool2d, mg.avg_pool2d])
def test_N93_maps_are_pooled_one_by_one(pool):
    x = mg.randn(2, 4, 4, 4)
    order = [3, 1, 0, 2]
    assert mg.equal(pool(x, 2)[:, order], pool(x[:, order], 2))
    assert mg.equal(pool(x, 2)[1, 2], pool(x[1:2, 2], 2)[0])


@pytest.mark.parametrize("pool", [mg.max_pool2d, mg.avg_pool2d])
def test_ceil_mode_lays_a_window_over_the_rest(pool):
    x = mg.arange(25, dtype=mg.float32).reshape(1, 5, 5)
    assert pool(x, 2).shape == (1, 2, 2)
    whole = pool(x, 2, ceil_mode=True)
    assert whole.shape == (1, 3, 3)
    assert whole[0, 2, 2].item() == 24
    assert whole[0, 2, 0].item() == (21 if pool is mg.max_pool2d else 20.5)


@pytest.mark.parametrize("pool", [mg.max_pool2d, mg.avg_pool2d])
def test_ceil_mode_allows_a_kernel_larger_than_the_input(pool):
    y = pool(mg.arange(4.0).reshape(1, 2, 2), 3, 2, ceil_mode=True)
    assert y.tolist() == [[[3.0 if pool is mg.max_pool2d else 1.5]]]


@pytest.mark.parametrize("pool", [mg.max_pool2d, mg.avg_pool2d])
@pytest.mark.parametrize("shape", [(0, 2, 4, 4), (2, 0, 4, 4)])
def test_no_images_or_no_maps(pool, shape):
    x = mg.ones(shape, requires_grad=True)
    y = pool(x, 2)
    assert y.shape == (*shape[:2], 2, 2)
    y.sum().backward()
    assert x.grad.shape == shape


# ------------------------------------------------------------------- refusals


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("table", [MAX, AVG], ids=["max", "avg"])
def test_a_wrong_rank_is_refused(table, axes):
    pool = table[axes]
    message = rf"_pool{axes}d got an input of shape .*; it needs {axes + 2} axes \(batch, channels, {axes} spatial\)"
    for rank in (axes, axes + 3):
        with pytest.raises(ShapeError, match=message):
            pool(mg.ones(*(4,) * rank), 2)


@pytest.mark.parametrize("pool", [mg.max_pool2d, mg.avg_pool2d])
@pytest.mark.parametrize("padding", [2, (0, 2), ((0, 2), (0, 0)), ((2, 0), (0, 0))])
def test_padding_of_more_than_half_the_kernel_is_refused(pool, padding):
    with pytest.raises(ArgumentError, match=r"with padding .* and kernel_size \(3, 3\): padding may be at most half"):
        pool(mg.ones(1, 9, 9), 3, padding=padding)


def test_half_a_dilated_kernel_does_not_count_its_gaps():
    assert mg.max_pool1d(mg.arange(9.0).reshape(1, 9), 3, 1, 1, dilation=2).shape == (1, 7)
    with pytest.raises(ArgumentError, match="padding may be at most half the kernel"):
        mg.max_pool1d(mg.ones(1, 9), 3, 1, 2, dilation=2)


def test_a_window_that_steps_over_the_input_is_refused():
    with pytest.raises(ArgumentError, match=r"over an input of \(1,\): a window lies in the padding only"):
        mg.max_pool1d(mg.ones(1, 1), 2, 1, 1, dilation=2)


@pytest.mark.parametrize("pool", [mg.max_pool2d, mg.avg_pool2d])
def test_a_kernel_larger_than_the_padded_input_is_refused(pool):
    with pytest.raises(ShapeError, match=r"the kernel spans 5 \(size 5, dilation 1\).* has only 4"):
        pool(mg.ones(1, 4, 4), 5)


@pytest.mark.parametrize(("divisor", "message"), [(0, "divisor_override=0; the sum cannot be divided by it")])
def test_a_divisor_of_zero_is_refused(divisor, message):
    with pytest.raises(ArgumentError, match=message):
        mg.avg_pool2d(mg.ones(1, 4, 4), 2, divisor_override=divisor)


def test_bools_have_no_largest():
    with pytest.raises(DTypeError, match=r"max_pool2d of a bool tensor; convert first"):
        mg.max_pool2d(mg.ones(1, 4, 4, dtype=mg.bool), 2)


@pytest.mark.parametrize("pool", [mg.max_pool2d, mg.avg_pool2d])
def test_sizes_that_are_no_integers_are_refused(pool):
    with pytest.raises(DTypeError, match=r"kernel_size=2\.0 arrived; it takes an integer, or one for each of"):
        pool(mg.ones(1, 4, 4), 2.0)


def test_means_of_float16_windows_do_not_overflow():
    x = mg.full((1, 1, 64, 64), 100.0, dtype=mg.float16, requires_grad=True)
    y = mg.avg_pool2d(x, 64)
    y.sum().backward()
    assert (y.item(), y.dtype, x.grad.dtype) == (100.0, mg.float16, mg.float16)


def test_nobody_names_the_winners_where_no_gradient_will_ask(monkeypatch):
    x = mg.randn(2, 3, 5, 5, requires_grad=True)
    right = mg.max_pool2d(x, 3, 2, 1)
    monkeypatch.setattr(kernels, "_Race", lambda winners: pytest.fail("they were named"))
    with mg.no_grad():
        assert mg.equal(mg.max_pool2d(x, 3, 2, 1), right)
    assert mg.equal(mg.max_pool2d(x.detach(), 3, 2, 1), right)
