"""Max unpooling: it undoes max pooling, its adjoint reads at the indices; admissible sizes, refusals."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError

POOL = {1: mg.max_pool1d, 2: mg.max_pool2d, 3: mg.max_pool3d}
UNPOOL = {1: mg.max_unpool1d, 2: mg.max_unpool2d, 3: mg.max_unpool3d}
PLANE = (6, 5, 4)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("lead", [(2, 3), (3,)])
def test_the_winners_return_to_their_places(axes, lead):
    x = mg.randn(*lead, *PLANE[:axes])
    y, places = POOL[axes](x, 2, return_indices=True)
    back = UNPOOL[axes](y, places, 2, output_size=PLANE[:axes])
    assert back.shape == x.shape
    kept = back != 0
    assert mg.equal(back[kept], x[kept])
    assert kept.sum().item() == y.numel()
    again, same_places = POOL[axes](back.clamp(min=-9), 2, return_indices=True)
    positive = y > 0
    assert mg.equal(again[positive], y[positive])
    assert mg.equal(same_places[positive], places[positive])


def test_it_is_linear_and_reads_at_the_indices_backwards():
    x = mg.randn(1, 2, 2, dtype=mg.float64, requires_grad=True)
    places = mg.tensor([[[0, 3], [13, 10]]])
    assert gradcheck(lambda t: mg.max_unpool2d(t, places, 2), x, order=2)
    g = mg.arange(16.0, dtype=mg.float64).reshape(1, 4, 4)
    mg.max_unpool2d(x, places, 2).backward(g)
    assert x.grad.tolist() == [[[0, 3], [13, 10]]]


def test_an_index_that_comes_twice():
    x = mg.tensor([[1.0, 2.0]], requires_grad=True)
    y = mg.max_unpool1d(x, mg.tensor([[1, 1]]), 2)
    assert y.tolist() == [[0, 2, 0, 0]], "the last stays"
    y.backward(mg.tensor([[5.0, 7.0, 5.0, 5.0]]))
    assert x.grad.tolist() == [[7, 7]], "both get the gradient"


def test_indices_are_read_when_it_is_called():
    x, places = mg.ones(1, 2, requires_grad=True), mg.tensor([[0, 3]])
    y = mg.max_unpool1d(x, places, 2)
    places.fill_(1)
    y.backward(mg.tensor([[1.0, 2.0, 3.0, 4.0]]))
    assert x.grad.tolist() == [[1, 4]]


@pytest.mark.parametrize("size", [(3, 3), (4, 5), [5, 5], (9, 9, 4, 4), np.array([5, 4])])
def test_admissible_sizes(size):
    y = mg.max_unpool2d(mg.ones(1, 1, 2, 2), mg.zeros(1, 1, 2, 2, dtype=mg.int64), 2, output_size=size)
    assert y.shape == (1, 1, *list(size)[-2:])


def test_sizes_follow_from_kernel_stride_and_padding():
    x, places = mg.ones(1, 3), mg.zeros(1, 3, dtype=mg.int64)
    for kernel, stride, padding, size in [(2, None, 0, 6), (3, 2, 0, 7), (3, 2, 1, 5), (2, [], 0, 6), (1, 1, 0, 3)]:
        assert mg.max_unpool1d(x, places, kernel, stride, padding).shape == (1, size)


@pytest.mark.parametrize("shape", [(0, 1, 2, 2), (1, 0, 2, 2)])
def test_no_images_or_no_maps(shape):
    x = mg.ones(shape, requires_grad=True)
    y = mg.max_unpool2d(x, mg.zeros(shape, dtype=mg.int64), 2)
    y.sum().backward()
    assert (y.shape, x.grad.shape) == ((*shape[:2], 4, 4), shape)


@pytest.mark.parametrize(
    ("shape", "index", "options", "error", "message"),
    [
        ((2, 2), 0, {}, ShapeError, "needs 4 axes"),
        ((1, 2, 2), 16, {}, IndexOutOfRangeError, r"index 16 for a plane of \(4, 4\), whose places count from 0 to 15"),
        ((1, 2, 2), -1, {}, IndexOutOfRangeError, "index -1 for a plane"),
        ((1, 2, 2), 0, {"output_size": (6, 4)}, ArgumentError, r"lies between \(3, 3\) and \(5, 5\)"),
        ((1, 2, 2), 0, {"output_size": (1, 4, 4)}, ArgumentError, "give the 2 spatial sizes, or all 4 of the shape"),
        ((1, 2, 2), 0, {"output_size": 4}, DTypeError, "it is a list of 2 sizes"),
        ((1, 1, 1), 0, {"padding": 2}, ArgumentError, r"would give \(-2, -2\); pad less"),
    ],
)
def test_refusals(shape, index, options, error, message):
    with pytest.raises(error, match=message):
        mg.max_unpool2d(mg.ones(*shape), mg.full(shape, index), 2, **options)


def test_operands_that_are_refused():
    places = mg.zeros(1, 2, 2, dtype=mg.int64)
    with pytest.raises(DTypeError, match=r"indices of int32; they are int64, as max_pool2d returns them"):
        mg.max_unpool2d(mg.ones(1, 2, 2), places.to(mg.int32), 2)
    with pytest.raises(ShapeError, match=r"indices of shape \(1, 2, 2\) for an input of shape \(1, 2, 3\)"):
        mg.max_unpool2d(mg.ones(1, 2, 3), places, 2)
    with pytest.raises(DTypeError, match="it takes floats"):
        mg.max_unpool2d(places, places, 2)
