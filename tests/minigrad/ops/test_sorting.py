"""Order, different values and searching: NumPy's values, ties, gradients, refusals."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad
from minigrad.errors import ArgumentError, IndexOutOfRangeError, ShapeError
from tests.strategies import given, seeds, settings, shapes, st, whole_numbers


@settings(max_examples=60)
@given(shapes(1, 3), seeds, st.booleans())
def test_sorting_is_stable_both_ways(shape, seed, descending):
    x = whole_numbers(seed, shape)
    values, indices = mg.sort(mg.tensor(x), -1, descending)
    assert np.array_equal(values.numpy(), np.sort(x)[..., ::-1] if descending else np.sort(x))
    assert np.array_equal(np.take_along_axis(x, indices.numpy(), -1), values.numpy())
    same = np.diff(values.numpy()) == 0
    assert (np.diff(indices.numpy())[same] > 0).all()


def test_gradients_follow_the_elements():
    x = mg.tensor([3.0, 1.0, 2.0], requires_grad=True)
    weights = mg.tensor([1.0, 10.0, 100.0])
    (gradient,) = grad((mg.sort(x).values * weights).sum(), x)
    assert gradient.tolist() == [100, 1, 10]
    (gradient,) = grad((mg.topk(x, 2).values * weights[:2]).sum(), x)
    assert gradient.tolist() == [1, 0, 10]
    (gradient,) = grad(mg.kthvalue(x, 2).values, x)
    assert gradient.tolist() == [0, 0, 1]


def test_topk_as_evaluation_scripts_use_it():
    logits, labels = mg.tensor([[0.1, 0.9, 0.5], [0.8, 0.1, 0.3]]), mg.tensor([2, 1])
    _, guesses = logits.topk(2, 1, True, True)
    assert guesses.t().eq(labels.view(1, -1).expand_as(guesses.t())).sum(0).tolist() == [1, 0]


def test_nan_is_the_largest():
    x = mg.tensor([1.0, mg.nan, 0.0])
    assert mg.argsort(x).tolist() == [2, 0, 1]
    assert mg.argsort(x, descending=True).tolist() == [1, 0, 2]


def test_different_values():
    x = mg.tensor([[3, 1], [3, 1], [1, 2]])
    values, inverse, counts = mg.unique(x, return_inverse=True, return_counts=True)
    assert (values.tolist(), counts.tolist()) == ([1, 2, 3], [3, 1, 2])
    assert mg.equal(values[inverse], x)
    rows, inverse = x.unique(return_inverse=True, dim=0)
    assert (rows.tolist(), inverse.tolist()) == ([[1, 2], [3, 1]], [1, 1, 0])
    rows, counts = x.unique_consecutive(return_counts=True, dim=0)
    assert (rows.tolist(), counts.tolist()) == ([[3, 1], [1, 2]], [2, 1])
    assert len(mg.unique(mg.tensor([mg.nan, mg.nan]))) == 2


def test_searching():
    edges = mg.tensor([1.0, 2.0, 2.0, 3.0])
    for right in (False, True):
        side = "right" if right else "left"
        expected = np.searchsorted(edges.numpy(), [0, 2, 9], side).tolist()
        assert mg.searchsorted(edges, mg.tensor([0.0, 2.0, 9.0]), right=right).tolist() == expected
        assert mg.searchsorted(edges, mg.tensor([0.0, 2.0, 9.0]), side=side).tolist() == expected
    assert mg.bucketize(mg.tensor([2.0]), edges, out_int32=True).dtype == mg.int32
    assert mg.isin(mg.tensor([1, 2]), mg.tensor([2]), invert=True).tolist() == [True, False]


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: mg.topk(mg.ones(2), 3), IndexOutOfRangeError, "topk of 3 elements along an axis of size 2"),
        (lambda: mg.topk(mg.tensor(1.0), 0), ShapeError, "0-d"),
        (lambda: mg.kthvalue(mg.ones(2), 0), IndexOutOfRangeError, "k counts from 1"),
        (lambda: mg.sort(mg.ones(2), 1), IndexOutOfRangeError, "dim=1"),
        (lambda: mg.unique(mg.ones(2, 0), dim=0), ShapeError, "no elements to compare"),
        (lambda: mg.searchsorted(mg.ones(2), mg.ones(2), side="middle"), ArgumentError, "'left' or 'right'"),
        (lambda: mg.searchsorted(mg.ones(2), mg.ones(2), side="left", right=True), ArgumentError, "contradict"),
        (lambda: mg.searchsorted(mg.ones(2, 3), mg.ones(3, 3)), ShapeError, "all axes but the last agree"),
        (lambda: mg.searchsorted(mg.ones(2), mg.ones(2), sorter=mg.arange(3)), ShapeError, r"sorter of shape \(3,\)"),
        (lambda: mg.searchsorted(mg.ones(2), mg.ones(2), sorter=mg.tensor([0, 5])), IndexOutOfRangeError, "sorter"),
        (lambda: mg.bucketize(mg.ones(2), mg.ones(2, 2)), ShapeError, "they are a vector"),
    ],
)
def test_refusals(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
