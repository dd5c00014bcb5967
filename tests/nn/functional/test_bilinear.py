"""The bilinear map against its formula."""

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import gradcheck
from minigrad.errors import DTypeError, ShapeError


def normal(*shape, seed=0):
    return mg.from_numpy(np.random.default_rng(seed).standard_normal(shape))


@pytest.mark.parametrize("lead", [(), (4,), (0,), (2, 3)])
def test_the_formula(lead):
    x, y, w, b = normal(*lead, 3), normal(*lead, 2, seed=1), normal(5, 3, 2, seed=2), normal(5, seed=3)
    wanted = np.einsum("...i,oij,...j->...o", x.numpy(), w.numpy(), y.numpy())
    np.testing.assert_allclose(F.bilinear(x, y, w).numpy(), wanted, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(F.bilinear(x, y, w, b).numpy(), wanted + b.numpy(), rtol=1e-12, atol=1e-14)
    assert F.bilinear(x, y, w[:0]).shape == (*lead, 0)


def test_gradients_to_third_order():
    operands = [normal(2, 3), normal(2, 2, seed=1), normal(4, 3, 2, seed=2), normal(4, seed=3)]
    assert gradcheck(F.bilinear, [one.requires_grad_() for one in operands], order=3)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 3), (3, 2), (5, 3, 2)), r"inputs of shapes \(2, 3\) and \(3, 2\)"),
        (((2, 2), (2, 2), (5, 3, 2)), "their last axes need 3 and 2 features"),
        (((2, 3), (2,), (5, 3, 2)), "all axes before them are equal"),
        (((), (), (5, 3, 2)), "need 3 and 2 features"),
        (((2, 3), (2, 2), (3, 2)), r"it needs \(out, in1, in2\)"),
        (((2, 3), (2, 2), (5, 3, 2), (1,)), r"bias of shape \(1,\).* it needs \(5,\)"),
    ],
)
def test_shapes_that_do_not_fit(shapes, message):
    with pytest.raises(ShapeError, match=message):
        F.bilinear(*(mg.ones(shape) for shape in shapes))


def test_mixed_dtypes_are_refused():
    with pytest.raises(DTypeError, match="operands of float32, float64, float32"):
        F.bilinear(mg.ones(2, 3), mg.ones(2, 2, dtype=mg.float64), mg.ones(5, 3, 2))
