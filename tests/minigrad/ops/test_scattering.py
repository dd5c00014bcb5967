"""Writing at places: against loops, the gradients of places named twice, and what each refusal says."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError

RNG = np.random.default_rng(3)
X, S = RNG.uniform(0.5, 2, (3, 4)), RNG.uniform(0.5, 2, (5, 4))
INDEX = RNG.integers(0, 3, (5, 4))
FOLD = {
    "sum": sum, "prod": np.prod, "mean": np.mean, "amax": max, "amin": min,
}  # fmt: skip


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", FOLD)
def test_reductions_are_loops(reduce, include_self):
    expected = X.copy()
    for i, j in itertools.product(range(3), range(4)):
        meeting = [X[i, j]] * include_self + [S[k, j] for k in range(5) if INDEX[k, j] == i]
        if len(meeting) > include_self:
            expected[i, j] = FOLD[reduce](meeting)
    arguments = mg.tensor(X), 0, mg.tensor(INDEX), mg.tensor(S), reduce
    assert np.allclose(mg.scatter_reduce(*arguments, include_self=include_self).numpy(), expected, 1e-12)
    leaves = [mg.tensor(one, requires_grad=True) for one in (X, S)]
    assert gradcheck(
        lambda x, s: mg.scatter_reduce(x, 0, mg.tensor(INDEX), s, reduce, include_self=include_self), leaves, order=2
    )


def test_equal_extremes_share_the_gradient():
    x, s = mg.tensor([3.0, 0.0], requires_grad=True), mg.tensor([3.0, 3.0, 1.0], requires_grad=True)
    y = mg.scatter_reduce(x, 0, mg.tensor([0, 0, 1]), s, "amax")
    assert y.tolist() == [3.0, 1.0]
    gx, gs = grad(y.sum(), [x, s])
    assert np.allclose(gx.numpy(), [1 / 3, 0])
    assert np.allclose(gs.numpy(), [1 / 3, 1 / 3, 1])


def test_products_of_zeros_have_the_right_gradient():
    s = mg.tensor([0.0, 2.0, 0.0, 5.0], dtype=mg.float64, requires_grad=True)
    x = mg.ones(2, dtype=mg.float64)
    assert gradcheck(lambda s: mg.scatter_reduce(x, 0, mg.tensor([0, 0, 1, 1]), s, "prod"), [s], order=2)


def test_scatter_add_is_the_adjoint_of_gather():
    x, y = mg.tensor(X), mg.tensor(S)
    index = mg.tensor(INDEX)
    left = (mg.gather(x, 0, index) * y).sum().item()
    assert np.isclose(left, (x * mg.scatter_add(mg.zeros_like(x), 0, index, y)).sum().item())


def test_large_integers_are_added_exactly():
    x = mg.tensor([2**60, 0])
    assert mg.scatter_add(x, 0, mg.tensor([0, 0]), mg.tensor([1, 2**53 + 1])).tolist() == [2**60 + 2**53 + 2, 0]
    assert mg.index_add(x, 0, mg.tensor([1]), mg.tensor([2**53 + 1])).tolist() == [2**60, 2**53 + 1]


def test_one_number_in_many_places():
    assert mg.scatter(mg.zeros(2, 3), 1, mg.tensor([[2], [0]]), 1).tolist() == [[0, 0, 1], [1, 0, 0]]
    labels = mg.tensor([[2], [0]])
    assert mg.zeros(2, 3).scatter_(1, labels, 1.0).argmax(1).tolist() == [2, 0]  # one-hot
    assert mg.scatter(mg.ones(2), 0, mg.tensor([0, 0]), 3.0, reduce="multiply").tolist() == [9, 1]


def test_slices():
    x = mg.zeros(3, 2)
    rows = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert mg.index_add(x, 0, mg.tensor([2, 2]), rows, alpha=10).tolist() == [[0, 0], [0, 0], [40, 60]]
    assert mg.index_copy(x, 0, mg.tensor([2, 0]), rows).tolist() == [[3, 4], [0, 0], [1, 2]]
    assert mg.index_fill(x, 1, mg.tensor([0]), 7).tolist() == [[7, 0]] * 3
    assert mg.index_reduce(x + 2, 0, mg.tensor([1, 1]), rows, "prod").tolist() == [[2, 2], [6, 16], [2, 2]]


Z, ONE = mg.zeros(3, 4), mg.ones(1, 1)
REFUSALS = [
    (lambda: mg.scatter(Z, 0, mg.tensor([[3]]), ONE), IndexOutOfRangeError, "index 3 for axis 0 of size 3.*0 to 2"),
    (lambda: mg.scatter_add(Z, 1, mg.tensor([[-1]]), ONE), IndexOutOfRangeError, "scatter_add got the index -1"),
    (lambda: mg.scatter(Z, 0, mg.tensor([[0.5]]), ONE), DTypeError, "index of float32"),
    (lambda: mg.scatter(Z, 0, mg.tensor([0]), ONE), ShapeError, r"shape \(3, 4\) with an index of shape \(1,\)"),
    (lambda: mg.scatter(Z, 0, mg.tensor([[0, 1]]), ONE), ShapeError, r"source of shape \(1, 1\) for an index of shape"),
    (lambda: mg.scatter(Z, 0, mg.tensor([[0]]), ONE.double()), DTypeError, r"src\.to\(mg\.float32\)"),
    (lambda: mg.scatter(Z, 0, mg.tensor([[0]])), ArgumentError, "neither a source nor a value"),
    (lambda: mg.scatter(Z, 0, mg.tensor([[0]]), ONE, reduce="mean"), ArgumentError, "'add', 'multiply' or None"),
    (lambda: mg.scatter(Z.byte(), 0, mg.tensor([[0]]), 300), ArgumentError, "300 for uint8"),
    (lambda: mg.scatter_reduce(Z, 0, mg.tensor([[0]]), ONE, "max"), ArgumentError, "sum, prod, mean, amax, amin"),
    (lambda: mg.index_add(Z, 0, mg.tensor([3]), mg.ones(1, 4)), IndexOutOfRangeError, "index 3 for axis 0 of size 3"),
    (lambda: mg.index_add(Z, 0, mg.tensor([0]), mg.ones(2, 4)), ShapeError, r"needs \(1, 4\)"),
    (lambda: mg.index_copy(Z, 0, mg.tensor([[0]]), mg.ones(1, 4)), ShapeError, "list of positions"),
    (lambda: mg.index_copy(Z, 0, mg.tensor([0]), mg.ones(1, 4).double()), DTypeError, "source of float64"),
    (lambda: mg.index_fill(Z, 0, mg.tensor([0]), mg.ones(2)), ShapeError, "one number"),
    (lambda: mg.index_reduce(Z, 0, mg.tensor([0]), mg.ones(1, 4), "sum"), ArgumentError, "prod, mean, amax, amin"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), REFUSALS)
def test_refusals(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
