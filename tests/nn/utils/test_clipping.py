"""Clipping by norm and by value."""

import math

import pytest

import minigrad as mg
import nn
from minigrad.errors import DTypeError, GradError


def parameters(*gradients):
    found = [nn.Parameter(mg.zeros(len(one))) for one in gradients]
    for one, gradient in zip(found, gradients):
        one.grad = mg.tensor(gradient)
    return found


def test_the_norm_is_that_of_all_gradients_together():
    a, b = parameters([3.0, 0.0], [4.0])
    c = nn.Parameter(mg.zeros(2))
    assert nn.utils.clip_grad_norm_([a, c, b], 1.0).item() == 5
    assert a.grad.tolist() == pytest.approx([0.6, 0])
    assert b.grad.tolist() == pytest.approx([0.8])
    assert c.grad is None
    assert nn.utils.clip_grad_norm_([a, b], 10.0).item() == pytest.approx(1)
    assert b.grad.tolist() == pytest.approx([0.8])  # short enough already


@pytest.mark.parametrize(
    ("order", "norm"), [(1, 7), (math.inf, 4), (-math.inf, 3), (0, 2), (3, (27 + 64) ** (1 / 3)), ("inf", 4)]
)
def test_orders(order, norm):
    gradients = [mg.tensor([3.0]), mg.tensor([-4.0])]
    assert nn.utils.get_total_norm(gradients, order).item() == pytest.approx(norm)


def test_nothing_to_clip():
    assert nn.utils.clip_grad_norm_([], 1.0).item() == 0
    assert nn.utils.get_total_norm([]).item() == 0


def test_float16_does_not_overflow():
    one = nn.Parameter(mg.zeros(2, dtype=mg.float16))
    one.grad = mg.tensor([300.0, 400.0], dtype=mg.float16)
    assert nn.utils.clip_grad_norm_(one, 1.0).item() == 500
    assert one.grad.dtype == mg.float16


def test_values():
    (a,) = parameters([5.0, -0.5, -5.0])
    before = a.grad
    nn.utils.clip_grad_value_(iter([a]), 1)
    assert a.grad is before
    assert before.tolist() == [1, -0.5, -1]


def test_refusals():
    (a,) = parameters([math.nan])
    with pytest.raises(GradError, match=r"norm of order 2.0 of the gradients is nan.*first layer"):
        nn.utils.clip_grad_norm_(a, 1.0, error_if_nonfinite=True)
    with pytest.raises(DTypeError, match="int64"):
        nn.utils.get_total_norm(mg.arange(3))
