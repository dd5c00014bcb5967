"""einsum: against sums written out, every way of calling it, and what each refusal says."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError


def normal(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def written_out(inputs, output, arrays):
    """Σ over all letters, one number at a time."""
    size = {letter: n for one, array in zip(inputs, arrays) for letter, n in zip(one, array.shape)}
    letters = sorted(size)
    y = np.zeros([size[letter] for letter in output])
    for place in itertools.product(*(range(size[letter]) for letter in letters)):
        at = dict(zip(letters, place))
        product = 1.0
        for one, array in zip(inputs, arrays):
            product *= array[tuple(at[letter] for letter in one)]
        y[tuple(at[letter] for letter in output)] += product
    return y


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]), ("ij,jk->ki", [(2, 3), (3, 4)]), ("ij,ij->", [(2, 3), (2, 3)]),
        ("ii->i", [(3, 3)]), ("ii->", [(3, 3)]), ("ij,kj,lk->il", [(2, 3), (2, 3), (4, 2)]), ("i,j->ji", [(2,), (3,)]),
        ("bij,bjk->bik", [(2, 2, 3), (2, 3, 2)]), ("iij,jk->ki", [(2, 2, 3), (3, 2)]), ("ijk->ki", [(2, 3, 2)]),
    ],
)  # fmt: skip
def test_sums_written_out(equation, shapes):
    arrays = [normal(*shape, seed=number) for number, shape in enumerate(shapes)]
    left, output = equation.split("->")
    expected = written_out(left.split(","), output, arrays)
    assert np.allclose(mg.einsum(equation, *map(mg.tensor, arrays)).numpy(), expected, 1e-12, 1e-12)
    leaves = [mg.tensor(array, requires_grad=True) for array in arrays]
    assert gradcheck(lambda *x: mg.einsum(equation, *x), leaves, order=2)


def test_attention():
    """softmax(Q·Kᵀ)·V over batch and heads, as networks write it."""
    q, k, v = (mg.tensor(normal(2, 3, 4, 5, seed=seed)) for seed in range(3))
    weights = mg.softmax(mg.einsum("bhid,bhjd->bhij", q, k), -1)
    assert mg.allclose(mg.einsum("bhij,bhjd->bhid", weights, v), mg.softmax(q @ k.mT, -1) @ v)


def test_the_result_without_an_arrow():
    x = mg.tensor(normal(2, 3))
    assert mg.equal(mg.einsum("ba", x), x.T)  # alphabetical
    assert mg.einsum("ij,jk", x, x.T).shape == (2, 2)
    assert mg.einsum("...i,...i", x, x).shape == (2,)
    assert mg.equal(mg.einsum(x, [0, 1], x, [0, 1], [0]), (x * x).sum(1))


REFUSALS = [
    (lambda x: mg.einsum("ij,jk->ik", x, x), ShapeError,
     r"letter 'j' has size 3 in operand 0 and size 2 in operand 1.*\(2, 3\)"),
    (lambda x: mg.einsum("ijk", x), ShapeError, r"operand 0 has shape \(2, 3\), which is not what 'ijk' says"),
    (lambda x: mg.einsum("i", x), ShapeError, "write … for further axes"),
    (lambda x: mg.einsum("ii", x), ShapeError, "'i' is repeated in operand 0.*sizes are 2 and 3"),
    (lambda x: mg.einsum("i1", x), ArgumentError, "'1' stands for no axis"),
    (lambda x: mg.einsum("...i...", x), ArgumentError, "more than one ellipsis"),
    (lambda x: mg.einsum("ij->ii", x), ArgumentError, "'i' stands more than once in the result"),
    (lambda x: mg.einsum("ij->k", x), ArgumentError, "result has 'k', which no operand has"),
    (lambda x: mg.einsum("ij,jk", x), ArgumentError, "names 2 operands, and 1 arrived"),
    (lambda x: mg.einsum(x, 3), DTypeError, "tensors each followed by a list"),
    (lambda x: mg.einsum(x, [0, 99]), ArgumentError, "axis 99; axes are numbered from 0 to 51"),
    (lambda x: mg.einsum("ij,ij", x, x.float()), DTypeError, "products do not promote"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), REFUSALS)
def test_refusals(call, kind, text):
    with pytest.raises(kind, match=text):
        call(mg.tensor(normal(2, 3)))
