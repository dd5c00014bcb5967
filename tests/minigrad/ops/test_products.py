"""Products with a sum, outer and inner ones: NumPy's values, gradients, refusals."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError

RNG = np.random.default_rng(4)
M, N, V, W = (RNG.standard_normal(shape) for shape in [(2, 3), (3, 4), (3,), (2,)])
STACK, OTHER = RNG.standard_normal((5, 2, 3)), RNG.standard_normal((5, 3, 4))
Y = RNG.standard_normal((2, 4))

CASES = {
    "addmm": ((Y, M, N), lambda y, a, b: 2 * y + 3 * a @ b, {"beta": 2, "alpha": 3}),
    "addmv": ((W, M, V), lambda y, a, b: 2 * y + 3 * a @ b, {"beta": 2, "alpha": 3}),
    "addr": ((M, W, V), lambda y, a, b: 2 * y + 3 * np.outer(a, b), {"beta": 2, "alpha": 3}),
    "baddbmm": ((Y, STACK, OTHER), lambda y, a, b: 2 * y + 3 * a @ b, {"beta": 2, "alpha": 3}),
    "addbmm": ((Y, STACK, OTHER), lambda y, a, b: 2 * y + 3 * (a @ b).sum(0), {"beta": 2, "alpha": 3}),
    "outer": ((V, W), np.outer, {}),
    "inner": ((M, V), np.inner, {}),
    "vdot": ((V, V + 1), np.vdot, {}),
    "kron": ((M, V), np.kron, {}),
    "tensordot": ((STACK, OTHER), lambda a, b: np.tensordot(a, b, ([0, 2], [0, 1])), {"dims": ([0, 2], [0, 1])}),
    "cross": ((M, M + 1), np.cross, {"dim": 1}),
}


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients(name):
    arrays, expected, options = CASES[name]
    assert np.allclose(getattr(mg, name)(*map(mg.tensor, arrays), **options).numpy(), expected(*arrays), 1e-12, 1e-12)
    leaves = [mg.tensor(array, requires_grad=True) for array in arrays]
    assert gradcheck(lambda *x: getattr(mg, name)(*x, **options), leaves, order=2)


def test_without_beta_the_input_does_not_count():
    assert mg.addmm(mg.tensor([mg.nan]), mg.ones(1, 2), mg.ones(2, 1), beta=0).tolist() == [[2]]


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: mg.addmm(mg.ones(3), mg.ones(1, 2), mg.ones(2, 2)), ShapeError, r"input of shape \(3,\) to a product"),
        (lambda: mg.addmm(mg.ones(1).double(), mg.ones(1, 2), mg.ones(2, 2)), DTypeError, "addmm got input float64"),
        (lambda: mg.outer(mg.ones(2, 2), mg.ones(2)), ShapeError, "two vectors"),
        (lambda: mg.inner(mg.ones(2), mg.ones(3)), ShapeError, "last axes"),
        (lambda: mg.tensordot(mg.ones(2), mg.ones(2), 2), ShapeError, "over 2 axes"),
        (lambda: mg.tensordot(mg.ones(2), mg.ones(2), ([0],)), ArgumentError, "pair of lists"),
        (lambda: mg.tensordot(mg.ones(2, 2), mg.ones(2), ([0, 1], [0])), ArgumentError, "pairs 2 axes of a with 1"),
        (lambda: mg.tensordot(mg.ones(2), mg.ones(3), 1), ShapeError, "axis 0 of size 2 with axis 0 of size 3"),
        (lambda: mg.cross(mg.ones(2), mg.ones(2), 0), ShapeError, "must have size 3"),
        (lambda: mg.cross(mg.ones(3), mg.ones(1, 3)), ShapeError, "as many axes"),
    ],
)
def test_refusals(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
