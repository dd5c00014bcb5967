"""one_hot and embedding."""

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError


def test_one_hot():
    labels = mg.tensor([[0, 2], [1, 1]])
    encoded = F.one_hot(labels)
    assert (encoded.shape, encoded.dtype) == ((2, 2, 3), mg.int64)
    assert encoded.argmax(2).tolist() == labels.tolist()
    assert F.one_hot(labels, 5).sum(2).tolist() == [[1, 1], [1, 1]]
    assert F.one_hot(mg.zeros(0, dtype=mg.int64), 3).shape == (0, 3)


def test_labels_that_are_refused():
    with pytest.raises(ArgumentError, match="cannot tell how many classes"):
        F.one_hot(mg.zeros(0, dtype=mg.int64), 0)
    with pytest.raises(IndexOutOfRangeError, match="labels from 0 to 2 for 2 classes"):
        F.one_hot(mg.tensor([0, 2]), 2)


def test_rows_by_number():
    table = mg.randn(5, 3, dtype=mg.float64)
    for shape in ((), (4,), (2, 3), (0,)):
        numbers = np.random.default_rng(0).integers(0, 5, shape)
        found = F.embedding(mg.tensor(numbers), table)
        np.testing.assert_array_equal(found.numpy(), table.numpy()[numbers])
    assert gradcheck(lambda t: F.embedding(mg.tensor([[0, 2], [2, 2]]), t), table.requires_grad_(), order=2)


def test_it_is_the_product_with_one_hot_rows():
    numbers, table = mg.tensor([3, 1, 1]), mg.randn(4, 2)
    assert mg.equal(F.embedding(numbers, table), F.one_hot(numbers, 4).float() @ table)


@pytest.mark.parametrize("padding", [1, -3])
def test_padding_learns_nothing(padding):
    table = mg.ones(4, 2, requires_grad=True)
    F.embedding(mg.tensor([0, 1, 1, 3]), table, padding).sum().backward()
    assert table.grad.tolist() == [[1, 1], [0, 0], [0, 0], [1, 1]]


def test_gradients_by_frequency():
    table = mg.tensor([[1.0, np.inf], [np.nan, 2.0], [3.0, 4.0]], requires_grad=True)
    y = F.embedding(mg.tensor([2, 0, 2, 2]), table, scale_grad_by_freq=True)
    np.testing.assert_array_equal(y.detach().numpy(), table.detach().numpy()[[2, 0, 2, 2]])
    y.backward(mg.tensor([[1.0, 2.0], [5.0, 0.0], [2.0, 4.0], [6.0, 9.0]]))
    assert table.grad.tolist() == [[5, 0], [0, 0], [3, 5]]


def test_long_rows_are_shortened_in_place():
    table = mg.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]], requires_grad=True)
    y = F.embedding(mg.tensor([[0, 1], [0, 1]]), table, max_norm=1.0)
    np.testing.assert_allclose(table.detach().numpy(), [[0.6, 0.8], [0.3, 0.4], [6, 8]], rtol=1e-6)
    np.testing.assert_allclose(y[0].detach().numpy(), table[:2].detach().numpy())
    y.sum().backward()
    assert table.grad.tolist() == [[2, 2], [2, 2], [0, 0]]


@pytest.mark.parametrize(
    ("numbers", "options", "error", "message"),
    [
        ([5], {}, IndexOutOfRangeError, "number 5 for a table of 5 rows; they count from 0 to 4"),
        ([-1], {}, IndexOutOfRangeError, "number -1"),
        ([1.0], {}, DTypeError, "rows are counted in int64 or int32"),
        ([1], {"padding_idx": 5}, ArgumentError, "padding_idx=5 for 5 rows; it is -5 to 4"),
        ([1], {"padding_idx": 1.5}, ArgumentError, r"padding_idx=1\.5"),
        ([1], {"sparse": True}, ArgumentError, "gradients are dense arrays here"),
    ],
)
def test_what_embedding_refuses(numbers, options, error, message):
    with pytest.raises(error, match=message):
        F.embedding(mg.tensor(numbers), mg.ones(5, 3), **options)
    with pytest.raises(ShapeError, match=r"it is a table \(rows, features\)"):
        F.embedding(mg.tensor([0]), mg.ones(5))
