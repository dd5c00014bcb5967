"""Adaptive pooling: against loops and ordinary pooling, gradients, sizes in every form, refusals."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError

AVG = {1: mg.adaptive_avg_pool1d, 2: mg.adaptive_avg_pool2d, 3: mg.adaptive_avg_pool3d}
MAX = {1: mg.adaptive_max_pool1d, 2: mg.adaptive_max_pool2d, 3: mg.adaptive_max_pool3d}
PLANE = (7, 5, 4)


def naive(x, outputs, reduce):
    """(C, *n) -> (C, *o), window by window."""
    planes = x.shape[1:]
    y = np.empty((len(x), *outputs))
    for place in itertools.product(*map(range, outputs)):
        window = tuple(slice(i * n // o, -(-(i + 1) * n // o)) for i, n, o in zip(place, planes, outputs))
        y[(slice(None), *place)] = reduce(x[(slice(None), *window)].reshape(len(x), -1), 1)
    return y


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("outputs", [(3, 2, 3), (1, 1, 1), (7, 5, 2), (8, 6, 9), (2, 5, 3)])
def test_N88_windows_are_those_of_the_formula(axes, outputs):
    x = np.random.default_rng(0).standard_normal((2, *PLANE[:axes]))
    wanted = outputs[:axes]
    np.testing.assert_allclose(AVG[axes](mg.from_numpy(x), wanted).numpy(), naive(x, wanted, np.mean), rtol=1e-12)
    values, places = MAX[axes](mg.from_numpy(x), wanted)
    np.testing.assert_array_equal(values.numpy(), naive(x, wanted, np.max))
    np.testing.assert_array_equal(np.take_along_axis(x.reshape(2, -1), places.numpy().reshape(2, -1), 1),
                                  values.numpy().reshape(2, -1))  # fmt: skip


@pytest.mark.parametrize("kernel", [(2, 2), (3, 1), (4, 2), (12, 8)])
def test_where_the_size_divides_it_is_ordinary_pooling(kernel):
    x = mg.randn(2, 3, 12, 8, dtype=mg.float64)
    outputs = tuple(n // k for n, k in zip((12, 8), kernel))
    assert mg.allclose(mg.adaptive_avg_pool2d(x, outputs), mg.avg_pool2d(x, kernel), rtol=1e-12)
    for one, other in zip(mg.adaptive_max_pool2d(x, outputs), mg.max_pool2d(x, kernel, return_indices=True)):
        assert mg.equal(one, other)


def test_one_window_of_everything_is_a_mean():
    x = mg.randn(3, 2, 17, 20, dtype=mg.float64, requires_grad=True)
    for outputs, dim in [(1, (2, 3)), ((1, None), 2), ((17, 1), 3)]:
        y = mg.adaptive_avg_pool2d(x, outputs)
        assert y.grad_fn.name() == "mean"
        assert mg.equal(y, x.mean(dim, keepdim=True))
    assert mg.allclose(mg.adaptive_avg_pool2d(x, (1, 6)), mg.adaptive_avg_pool1d(x.mean(2), 6).unsqueeze(2), rtol=1e-12)
    mg.adaptive_avg_pool2d(x, 1).sum().backward()
    assert x.grad.tolist() == mg.full(x.shape, 1 / 340, dtype=mg.float64).tolist()


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("output", [1, 2, 3, 6])
def test_gradients_to_second_order(axes, output):
    x = mg.from_numpy(np.random.default_rng(1).permutation(np.linspace(-2, 2, int(np.prod(PLANE[:axes])))))
    x = x.reshape(1, *PLANE[:axes]).requires_grad_()
    assert gradcheck(lambda t: AVG[axes](t, output), x, order=2)
    assert gradcheck(lambda t: MAX[axes](t, output)[0], x, order=1)
    assert gradcheck(lambda t: mg.square(MAX[axes](t, output)[0]), x, order=2)


def test_N129_the_gradient_is_conserved():
    x = mg.zeros(1, 7, 5, dtype=mg.float64, requires_grad=True)
    mg.adaptive_avg_pool2d(x, (3, 4)).sum().backward()
    assert x.grad.sum().item() == pytest.approx(12)


def test_sizes_in_every_form():
    x = mg.randn(2, 6, 7)
    shapes = {
        3: (2, 3, 3), (3, 4): (2, 3, 4), (None, 2): (2, 6, 2), (None, None): (2, 6, 7), (0, 2): (2, 0, 2),
    }  # fmt: skip
    for output, shape in shapes.items():
        assert mg.adaptive_avg_pool2d(x, output).shape == shape
        assert [one.shape for one in mg.adaptive_max_pool2d(x, output)] == [shape, shape]
    assert mg.adaptive_avg_pool2d(x, np.array([3, 4])).shape == (2, 3, 4)
    assert mg.equal(mg.adaptive_avg_pool2d(x, (None, None)), x)


@pytest.mark.parametrize("shape", [(0, 2, 6, 6), (2, 0, 6, 6)])
@pytest.mark.parametrize("output", [3, 4])
def test_no_images_or_no_maps(shape, output):
    for function in (mg.adaptive_avg_pool2d, lambda t, size: mg.adaptive_max_pool2d(t, size)[0]):
        x = mg.ones(shape, requires_grad=True)
        y = function(x, output)
        assert y.shape == (*shape[:2], output, output)
        y.sum().backward()
        assert x.grad.shape == shape


def test_means_of_float16_do_not_overflow():
    x = mg.full((1, 65, 65), 1000.0, dtype=mg.float16, requires_grad=True)
    y = mg.adaptive_avg_pool2d(x, 2)
    y.sum().backward()
    assert (y.tolist(), y.dtype, x.grad.dtype) == ([[[1000.0] * 2] * 2], mg.float16, mg.float16)


@pytest.mark.parametrize("table", [AVG, MAX], ids=["avg", "max"])
@pytest.mark.parametrize(
    ("axes", "shape", "output", "error", "message"),
    [
        (2, (5, 5), 2, ShapeError, r"needs 4 axes \(batch, channels, 2 spatial\), or 3 without the batch"),
        (1, (2, 1, 0), 2, ShapeError, "a window over an axis of size 0 holds nothing"),
        (2, (1, 5, 5), (2, 2, 2), ArgumentError, "3 sizes for 2 axes"),
        (2, (1, 5, 5), -1, ArgumentError, "output_size cannot be negative"),
        (2, (1, 5, 5), 2.5, DTypeError, r"output_size=\[2\.5, 2\.5\] arrived"),
        (2, (1, 5, 5), None, DTypeError, "None stands only for one of several axes"),
        (1, (1, 5), (None,), DTypeError, "None stands only for one of several axes"),
        (2, (1, 5, 5), 2**31, ArgumentError, "no memory holds so many elements"),
    ],
)
def test_refusals(table, axes, shape, output, error, message):
    with pytest.raises(error, match=message):
        table[axes](mg.ones(*shape), output)


@pytest.mark.parametrize("dtype", [mg.int64, mg.uint8, mg.bool])
def test_integers_are_refused(dtype):
    for table in (AVG, MAX):
        with pytest.raises(DTypeError, match=r"it takes floats\. Convert first"):
            table[1](mg.ones(1, 4, dtype=dtype), 2)
