"""Nonlinearities with a gain, and gains."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from nn import notes
from tests.samples import normal

SMOOTH = [notes.Softplus(3.0), notes.SmoothSign(3.0), notes.SmoothAbs(3.0), notes.SmoothAbs(3.0, centered=False)]


@pytest.mark.parametrize("layer", SMOOTH, ids=repr)
def test_smooth_to_the_third_order_at_zero_too(layer):
    x = mg.tensor(np.append(normal(5), 0.0), requires_grad=True)
    assert gradcheck(layer, x, order=3)


@pytest.mark.parametrize("layer", SMOOTH, ids=repr)
@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
def test_no_overflow_and_the_dtype_stays(layer, dtype):
    x = mg.tensor([-3e38, -1e4, 0, 1e4, 3e38], dtype=dtype, requires_grad=True)
    y = layer(x)
    y.sum().backward()
    assert y.dtype == dtype
    assert np.isfinite(y.detach().numpy()).all()
    assert np.isfinite(x.grad.numpy()).all()


def test_smooth_absolute_values_keep_their_digits_near_zero():
    x = mg.tensor([1e-6, 1e-3, 0.4], requires_grad=True)
    y = notes.SmoothAbs(2.0)(x)  # ln cosh x
    y.sum().backward()
    wide = x.detach().double().numpy()
    np.testing.assert_allclose(y.detach().numpy(), np.log1p(2 * np.sinh(wide / 2) ** 2), rtol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), np.tanh(wide), rtol=1e-6)


def test_both_forms_of_the_smooth_absolute_value_meet():
    x = mg.tensor([-0.5 - 1e-9, -0.5 + 1e-9, 0.5 - 1e-9, 0.5 + 1e-9], dtype=mg.float64, requires_grad=True)
    y = notes.SmoothAbs(4.0)(x)
    (slope,) = mg.autograd.grad(y.sum(), [x], create_graph=True)
    (bend,) = mg.autograd.grad(slope.sum(), [x])
    for found, expected in ((y, np.log(np.cosh(1)) / 2), (slope.abs(), np.tanh(1)), (bend, 2 / np.cosh(1) ** 2)):
        np.testing.assert_allclose(found.detach().numpy(), expected, atol=1e-8)


def test_repr():
    assert [repr(one) for one in (*SMOOTH, notes.Abs(), notes.Gain(2, False))] == [
        "Softplus(k=3.0)", "SmoothSign(k=3.0)", "SmoothAbs(k=3.0, centered=True)", "SmoothAbs(k=3.0, centered=False)",
        "Abs()", "Gain(2, trainable=False)",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [notes.Softplus, notes.SmoothSign, notes.SmoothAbs])
def test_gains_of_nonlinearities_are_positive_and_finite(kind):
    for k in (0, -1, mg.inf, mg.nan):
        with pytest.raises(ArgumentError, match=rf"{kind.__name__} got k=.*; it is a finite number above 0"):
            kind(k)
    with pytest.raises(DTypeError, match=r"tensor of int64; convert it first, for example x\.float\(\)"):
        kind(2)(mg.tensor([1, 2]))


def test_gain_as_parameter_and_as_buffer():
    learnt, fixed = notes.Gain(3), notes.Gain(3, trainable=False)
    assert [name for name, _ in learnt.named_parameters()] == ["gain"]
    assert [name for name, _ in fixed.named_buffers()] == ["gain"]
    assert not list(fixed.parameters())
    assert list(learnt.state_dict()) == list(fixed.state_dict()) == ["gain"]


def test_gains_that_do_not_fit():
    with pytest.raises(ShapeError, match=r"gains of shape \(3,\) for maps of shape \(1, 2, 4, 4\).*the 2 maps"):
        notes.Gain(3)(mg.ones(1, 2, 4, 4))
    with pytest.raises(ShapeError, match=r"gain got a tensor of shape \(4, 4\).*x\[None, None\]"):
        notes.Gain(1)(mg.ones(4, 4))
    with pytest.raises(ShapeError, match="only the batch may be empty"):
        notes.Gain(1)(mg.ones(1, 0, 4))
    assert notes.Gain(1)(mg.ones(0, 1, 4, 4)).shape == (0, 1, 4, 4)
