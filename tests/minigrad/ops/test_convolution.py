"""The three maps and the convolutions with their sizes as arguments, against the loops of `tests/naive.py`."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.kernels import correlate as kernels
from minigrad.kernels import memory
from tests import naive
from tests.strategies import axis_sizes, correlations, given, seeds, settings, st, whole_numbers

CONV = {1: mg.conv1d, 2: mg.conv2d, 3: mg.conv3d}
TRANSPOSE = {1: mg.conv_transpose1d, 2: mg.conv_transpose2d, 3: mg.conv_transpose3d}


def tensors(*arrays, grad=False):
    return [mg.from_numpy(array).requires_grad_(grad) for array in arrays]


def equal(tensor, array):
    assert tensor.shape == array.shape
    assert np.array_equal(tensor.detach().numpy(), array)


# ------------------------------------------------------------- the three maps


@settings(max_examples=100)
@given(correlations(), seeds)
def test_the_maps_are_the_sums_of_their_terms(sizes, seed):
    x, w, y = whole_numbers(seed, sizes.x, sizes.w, sizes.y)
    equal(mg.correlate(x, w, **sizes.options), naive.correlate(x, w, **sizes.options))
    back = mg.correlate_input(w, y, sizes.x[2:], **sizes.options)
    equal(back, naive.correlate_input(w, y, sizes.x, **sizes.options))
    slopes = mg.correlate_weight(x, y, sizes.w[2:], **sizes.options)
    equal(slopes, naive.correlate_weight(x, y, sizes.w, **sizes.options))


@given(correlations(), seeds)
def test_the_tape_pulls_back_what_the_loops_pull_back(sizes, seed):
    x, w, y = whole_numbers(seed, sizes.x, sizes.w, sizes.y)
    image, kernel = tensors(x, w, grad=True)
    by_image, by_kernel = grad(mg.correlate(image, kernel, **sizes.options), [image, kernel], mg.from_numpy(y))
    equal(by_image, naive.correlate_input(w, y, sizes.x, **sizes.options))
    equal(by_kernel, naive.correlate_weight(x, y, sizes.w, **sizes.options))


@settings(max_examples=25)
@given(correlations())
def test_derivatives_of_the_drawn_maps_to_third_order(sizes):
    x, w, y = (mg.randn(shape, dtype=mg.float64, requires_grad=True) for shape in (sizes.x, sizes.w, sizes.y))
    gradcheck(lambda x, w: mg.correlate(x, w, **sizes.options), [x, w], order=3)
    gradcheck(lambda w, y: mg.correlate_input(w, y, sizes.x[2:], **sizes.options), [w, y], order=2)
    gradcheck(lambda x, y: mg.correlate_weight(x, y, sizes.w[2:], **sizes.options), [x, y], order=2)


@given(correlations(), seeds)
def test_N38_a_stride_is_a_slice_of_stride_one_forward_and_backward(sizes, seed):
    x, w, y = whole_numbers(seed, sizes.x, sizes.w, sizes.y)
    image, kernel = tensors(x, w, grad=True)
    dense_options = {**sizes.options, "stride": 1}
    every = (slice(None), slice(None), *(slice(None, None, s) for s in sizes.stride))
    strided = mg.correlate(image, kernel, **sizes.options)
    sliced = mg.correlate(image, kernel, **dense_options)[every]
    assert mg.equal(strided, sliced)
    for one, other in zip(grad(strided, [image, kernel], mg.from_numpy(y)),
                          grad(sliced, [image, kernel], mg.from_numpy(y))):  # fmt: skip
        assert mg.equal(one, other)


@given(correlations(), seeds)
def test_N35_padding_is_a_border_of_zeros(sizes, seed):
    x, w = tensors(*whole_numbers(seed, sizes.x, sizes.w))
    bordered = mg.pad(x, sizes.padding)
    assert mg.equal(mg.correlate(x, w, **sizes.options), mg.correlate(bordered, w, **{**sizes.options, "padding": 0}))


@given(correlations(), seeds)
def test_N132_dilation_is_a_kernel_with_zeros_inside(sizes, seed):
    x, w = whole_numbers(seed, sizes.x, sizes.w)
    stretched = np.zeros((*sizes.w[:2], *(d * (k - 1) + 1 for d, k in zip(sizes.dilation, sizes.w[2:]))))
    stretched[(..., *(slice(None, None, d) for d in sizes.dilation))] = w
    plain = {**sizes.options, "dilation": 1}
    assert mg.equal(mg.correlate(x, w, **sizes.options), mg.correlate(x, stretched, **plain))


@given(correlations(), seeds)
def test_groups_are_correlations_side_by_side(sizes, seed):
    x, w = tensors(*whole_numbers(seed, sizes.x, sizes.w))
    parts = zip(mg.chunk(x, sizes.groups, 1), mg.chunk(w, sizes.groups, 0))
    beside = mg.cat([mg.correlate(a, b, **sizes.sliding) for a, b in parts], 1)
    assert mg.equal(mg.correlate(x, w, **sizes.options), beside)


@given(correlations(groups=1), seeds)
def test_N46_channels_add_up(sizes, seed):
    x, w = tensors(*whole_numbers(seed, sizes.x, sizes.w))
    total = sum(mg.correlate(x[:, c : c + 1], w[:, c : c + 1], **sizes.sliding) for c in range(sizes.x[1]))
    assert mg.equal(mg.correlate(x, w, **sizes.sliding), total)


def test_correlate_input_takes_the_smallest_input_by_default():
    w, y = mg.ones(1, 1, 3), mg.ones(1, 1, 4)
    assert mg.correlate_input(w, y, stride=2).shape == (1, 1, 9)
    assert mg.correlate_input(w, y, (10,), stride=2).shape == (1, 1, 10)
    assert mg.correlate_input(w, y, 10, stride=2).shape == (1, 1, 10)


def test_kernel_size_may_be_one_number():
    x, y = mg.ones(1, 1, 5, 5), mg.ones(1, 1, 4, 4)
    assert mg.correlate_weight(x, y, 2).tolist() == [[[[16, 16], [16, 16]]]]


def test_N44_even_and_odd_sizes_of_same():
    x = mg.arange(1, 7, dtype=mg.float64).reshape(1, 1, 6)
    for k, s in [(1, 1), (2, 1), (3, 1), (4, 1), (2, 2), (3, 2), (5, 4)]:
        y = mg.correlate(x, mg.ones(1, 1, k, dtype=mg.float64), stride=s, padding="same")
        before = (max((-(-6 // s) - 1) * s + k - 6, 0)) // 2
        expected = [
            sum(float(i + 1) for i in range(start - before, start - before + k) if 0 <= i < 6)
            for start in range(0, 6, s)
        ]
        assert y.tolist() == [[expected]]


# ------------------------------------------------------------ conv1d, 2d, 3d


@given(correlations(), seeds)
def test_conv_is_correlate_and_a_bias_per_channel(sizes, seed):
    x, w, b = whole_numbers(seed, sizes.x, sizes.w, sizes.w[:1])
    conv = CONV[sizes.axes]
    options = (sizes.stride, sizes.padding, sizes.dilation, sizes.groups)
    expected = naive.correlate(x, w, **sizes.options)
    column = b.reshape(-1, *(1,) * sizes.axes)
    equal(conv(*tensors(x, w), None, *options), expected)
    equal(conv(*tensors(x, w, b), *options), expected + column)
    equal(conv(*tensors(x[0], w, b), *options), (expected + column)[0])


@given(correlations(), seeds)
def test_N121_the_bias_gets_the_sum_of_its_map(sizes, seed):
    x, w, b, y = whole_numbers(seed, sizes.x, sizes.w, sizes.w[:1], sizes.y)
    bias = mg.from_numpy(b).requires_grad_()
    (gradient,) = grad(CONV[sizes.axes](*tensors(x, w), bias, **sizes.options), bias, mg.from_numpy(y))
    equal(gradient, y.sum(axis=(0, *range(2, y.ndim))))


@given(correlations(), seeds, st.data())
def test_conv_transpose_is_the_adjoint_of_conv(sizes, seed, data):
    y, w, b = whole_numbers(seed, sizes.y, sizes.w, (sizes.x[1],))
    window = sizes.geometry
    least = [
        (o - 1) * s - sum(p) + d * (k - 1) + 1
        for o, s, p, d, k in zip(window.outputs, window.stride, window.padding, window.dilation, window.kernel)
    ]
    extra = [data.draw(st.integers(max(0, 1 - m), max(s, d) - 1)) if m + max(s, d) - 1 >= 1 else None
             for m, s, d in zip(least, window.stride, window.dilation)]  # fmt: skip
    if None in extra:
        return  # the padding would cut everything away
    n = [m + e for m, e in zip(least, extra)]
    column = b.reshape(-1, *(1,) * sizes.axes)
    x_shape = (*sizes.x[:2], *n)
    # More windows than y has may fit into this input: they carry nothing.
    room = naive.output_shape(x_shape, sizes.w, sizes.stride, sizes.padding, sizes.dilation)
    larger = np.zeros(room)
    larger[tuple(slice(m) for m in y.shape)] = y
    expected = naive.correlate_input(w, larger, x_shape, **sizes.options) + column
    transpose = TRANSPOSE[sizes.axes]
    rest = (sizes.groups, sizes.dilation)
    equal(transpose(*tensors(y, w, b), sizes.stride, sizes.padding, extra, *rest), expected)
    equal(transpose(*tensors(y, w, b), sizes.stride, sizes.padding, 0, *rest, output_size=n), expected)
    equal(transpose(*tensors(y[0], w, b), sizes.stride, sizes.padding, extra, *rest), expected[0])


@given(correlations(rank=2, groups=1), seeds)
def test_N138_transposed_and_plain_convolution_are_adjoint(sizes, seed):
    u, w, x = whole_numbers(seed, sizes.x, sizes.w, sizes.y)
    forward = mg.conv2d(u, w, None, **sizes.sliding)
    back = mg.conv_transpose2d(x, w, None, **sizes.sliding, output_size=sizes.x[2:])
    assert np.vdot(forward.numpy(), x) == np.vdot(u, back.numpy())


@pytest.mark.parametrize("n", [(3,), (2, 3), (2, 1, 3)])
def test_same_for_transposed_convolution_multiplies_by_the_stride(n):
    axes = len(n)
    x, w = mg.randn(2, 3, *n), mg.randn(3, 1, *(3,) * axes)
    y = TRANSPOSE[axes](x, w, stride=2, padding="same")
    assert y.shape == (2, 1, *(2 * size for size in n))
    back = CONV[axes](y, w, stride=2, padding="same")
    assert back.shape == x.shape


def test_an_output_size_may_be_a_whole_shape():
    x, w = mg.randn(2, 3, 4), mg.randn(3, 5, 3)
    expected = mg.conv_transpose1d(x, w, stride=2, output_padding=1)
    assert expected.shape == (2, 5, 10)
    assert mg.equal(mg.conv_transpose1d(x, w, stride=2, output_size=(2, 5, 10)), expected)
    assert mg.equal(mg.conv_transpose1d(x[0], w, stride=2, output_size=(5, 10)), expected[0])
    with pytest.raises(ArgumentError, match=r"output_size=\(5, 10\) has the wrong length"):
        mg.conv_transpose1d(x, w, stride=2, output_size=(5, 10))


def test_weights_and_bias_of_a_transposed_convolution_gradcheck():
    x, w, b = (mg.randn(*shape, dtype=mg.float64, requires_grad=True) for shape in [(2, 4, 3, 2), (4, 3, 2, 3), (6,)])
    assert gradcheck(
        lambda x, w, b: mg.conv_transpose2d(x, w, b, (2, 1), 1, (1, 0), 2, (1, 2)), [x, w, b], order=2
    )  # fmt: skip


@given(axis_sizes(3, 4), seeds)
def test_N20_true_convolution_is_correlation_with_the_kernel_reversed(axis, seed):
    n, k, *_ = axis
    x, w = whole_numbers(seed, (n + k,), (k,))
    correlated = mg.correlate(x.reshape(1, 1, -1), w[::-1].reshape(1, 1, -1))
    equal(correlated.flatten(), np.convolve(x, w, "valid"))


def test_float32_stays_float32():
    for axes in (1, 2, 3):
        x, w = mg.ones(1, 1, *(3,) * axes), mg.ones(1, 1, *(2,) * axes)
        assert CONV[axes](x, w, mg.ones(1)).dtype == np.float32
        assert TRANSPOSE[axes](x, w, mg.ones(1)).dtype == np.float32


def test_an_empty_batch_has_empty_outputs_and_zero_weight_gradients():
    x, w, b = mg.ones(0, 2, 4, 4), mg.ones(3, 2, 2, 2, requires_grad=True), mg.ones(3, requires_grad=True)
    y = mg.conv2d(x, w, b)
    assert y.shape == (0, 3, 3, 3)
    y.sum().backward()
    assert w.grad.shape == w.shape
    assert (w.grad == 0).all()
    assert b.grad.tolist() == [0, 0, 0]


@pytest.mark.parametrize("x", [(1, 2, 0, 4), (2, 0, 4)])
@pytest.mark.parametrize("convolve", [mg.conv2d, mg.conv_transpose2d])
def test_empty_maps_are_refused_even_where_padding_would_fill_them(convolve, x):
    with pytest.raises(ShapeError, match="only the batch may be empty"):
        convolve(mg.ones(x), mg.ones(2, 2, 3, 3), padding=2)


@pytest.mark.parametrize(("x", "w"), [((2, 1, 3), (0, 1, 2)), ((2, 0, 3), (0, 0, 2))])
def test_convolutions_without_outputs_are_refused(x, w):
    with pytest.raises(ShapeError, match="0 output channels"):
        mg.conv1d(mg.ones(x), mg.ones(w))
    with pytest.raises(ShapeError, match="0 output channels"):
        mg.conv_transpose1d(mg.ones(2, 1, 3), mg.ones(1, 0, 2))


def test_zero_input_channels_leave_the_bias():
    y = mg.conv1d(mg.ones(2, 0, 3), mg.ones(3, 0, 2), mg.tensor([1.0, 2.0, 3.0]))
    assert y.shape == (2, 3, 2)
    assert y[0, :, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize(("x", "w"), [((2, 0, 3), (1, 0, 2)), ((2, 1, 3), (0, 1, 2)), ((2, 0, 3), (0, 0, 2))])
def test_without_channels_there_is_nothing_to_add_up(x, w):
    x, w = mg.ones(x, requires_grad=True), mg.ones(w, requires_grad=True)
    y = mg.correlate(x, w)
    assert y.shape == (2, w.shape[0], 2)
    assert (y == 0).all()
    y.sum().backward()
    assert x.grad.shape == x.shape
    assert w.grad.shape == w.shape
    assert (x.grad == 0).all()


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize("name", ["conv1d", "conv_transpose1d", "correlate"])
def test_mixed_dtypes_are_refused_and_the_conversion_named(name):
    message = rf"{name} .*float32.*float64.*products do not promote.*\.to\(mg\.float64\)"
    with pytest.raises(DTypeError, match=message):
        getattr(mg, name)(mg.ones(1, 1, 3), mg.ones(1, 1, 2, dtype=mg.float64))


def test_a_bias_of_another_dtype_is_refused():
    with pytest.raises(DTypeError, match=r"conv1d .*float32.*float64: products do not promote"):
        mg.conv1d(mg.ones(1, 1, 3), mg.ones(1, 1, 2), mg.ones(1, dtype=mg.float64))


@pytest.mark.parametrize("shape", [(3,), (1, 2), ()])
def test_a_bias_of_another_shape_is_refused(shape):
    with pytest.raises(
        ShapeError, match=r"conv1d got a bias of shape .*; it needs one number per output channel: \(2,\)"
    ):
        mg.conv1d(mg.ones(1, 1, 3), mg.ones(2, 1, 2), mg.ones(shape))


def test_outputs_that_do_not_belong_to_the_input_are_refused():
    message = (
        r"inputs of sizes \(9,\) give outputs of sizes \(4,\) with kernel \(3,\), stride \(2,\) .* but y has \(5,\)"
    )
    with pytest.raises(ShapeError, match=f"correlate_input: {message}"):
        mg.correlate_input(mg.ones(1, 1, 3), mg.ones(1, 1, 5), (9,), stride=2)
    with pytest.raises(ShapeError, match=f"correlate_weight: {message}"):
        mg.correlate_weight(mg.ones(1, 1, 9), mg.ones(1, 1, 5), 3, stride=2)


@pytest.mark.parametrize(("x", "y"), [((2, 1, 9), (1, 1, 7)), ((1, 1, 9), (1, 1, 7, 7)), ((1, 9), (1, 7))])
def test_correlate_weight_needs_two_batches(x, y):
    with pytest.raises(
        ShapeError, match="they need the same batch, a channel axis and the same number of spatial axes"
    ):
        mg.correlate_weight(mg.ones(x), mg.ones(y), 3)


def test_correlate_weight_needs_groups_that_divide():
    with pytest.raises(
        ArgumentError, match="correlate_weight with groups=2, 2 input and 3 output channels: groups must"
    ):
        mg.correlate_weight(mg.ones(1, 2, 9), mg.ones(1, 3, 7), 3, groups=2)


@pytest.mark.parametrize("wrong", ["x", None, [1.0], {}])
def test_what_is_no_tensor_is_refused(wrong):
    with pytest.raises(DTypeError, match=r"conv1d got a \w+; it takes tensors, NumPy arrays and numbers"):
        mg.conv1d(wrong, mg.ones(1, 1, 2))


@pytest.mark.parametrize("layer", [mg.conv2d, mg.conv_transpose2d])
@pytest.mark.parametrize("biased", [False, True])
def test_a_cotangent_in_c_order_is_laid_once_for_all_maps_that_read_it(layer, biased, monkeypatch):
    x, w, b, g = (mg.from_numpy(one) for one in whole_numbers(0, (3, 2, 4, 5), (2, 2, 1, 1), (2,), (3, 2, 4, 5)))
    inputs = [one.to(mg.float64).requires_grad_() for one in (x, w, b)[: 3 if biased else 2]]
    y, g = layer(*inputs), g.to(mg.float64).contiguous()
    expected = grad(y, inputs, g, retain_graph=True, create_graph=True)  # on tensors, which are not laid
    copied = []
    convert = kernels._as_rows
    monkeypatch.setattr(kernels, "_as_rows", lambda a, shared: copied.append(rows_are_new(a)) or convert(a, shared))
    found = grad(y, inputs, g)
    assert [one.tolist() for one in found] == [one.tolist() for one in expected]
    assert sum(copied) == 2, "of the cotangent, and of the input, which was in C order as well"


def rows_are_new(x):
    """Whether an array is not in the kernels' own memory order."""
    return not memory.rows_first(x).flags.c_contiguous
