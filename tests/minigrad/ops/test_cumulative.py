"""Running sums, products and extremes against loops; derivatives with zeros and far from zero."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, IndexOutOfRangeError, ShapeError

COMBINE = {
    "cumsum": lambda a, b: a + b, "cumprod": lambda a, b: a * b, "logcumsumexp": np.logaddexp, "cummax": max,
    "cummin": min,
}  # fmt: skip


def running(x, combine):
    found = [x[0]]
    for value in x[1:]:
        found.append(combine(found[-1], value))
    return np.array(found)


@pytest.mark.parametrize("name", COMBINE)
@pytest.mark.parametrize("size", range(1, 10))
def test_loops(name, size):
    x = np.random.default_rng(size).standard_normal(size)
    y = getattr(mg, name)(mg.tensor(x), 0)
    assert np.allclose((y.values if isinstance(y, tuple) else y).numpy(), running(x, COMBINE[name]), 1e-12, 1e-12)


@pytest.mark.parametrize("values", [[2.0, 0.0, 3.0], [0.0, 0.0, 3.0, 1.0, 2.0], [1.5, -2.0, 0.5, 0.0]])
def test_a_product_with_zeros_to_second_order(values):
    assert gradcheck(lambda x: mg.cumprod(x, 0), [mg.tensor(values, dtype=mg.float64, requires_grad=True)], order=2)


def test_logarithms_of_sums_do_not_overflow():
    x = mg.tensor([-1000.0, 900.0, 900.0], dtype=mg.float64, requires_grad=True)
    y = mg.logcumsumexp(x, 0)
    assert np.allclose(y.detach().numpy(), [-1000, 900, 900 + np.log(2)])
    (gradient,) = mg.autograd.grad(y[2], x)
    assert np.allclose(gradient.numpy(), [0, 0.5, 0.5])


def test_the_last_of_equal_ones():
    assert mg.cummax(mg.tensor([1, 3, 3, 2]), 0).indices.tolist() == [0, 1, 2, 2]
    assert mg.cummin(mg.tensor([2, 2, 3, 1]), 0).indices.tolist() == [0, 1, 1, 3]


def test_integers_add_up_in_int64():
    assert mg.cumsum(mg.tensor([200, 100], dtype=mg.uint8), 0).tolist() == [200, 300]
    assert mg.cumprod(mg.tensor([True, True]), 0).dtype == mg.int64


def test_float16_adds_up_in_more():
    assert mg.cumsum(mg.ones(4096).half() * 0.5, 0)[-1].item() == 2048


def test_differences_undo_a_running_sum():
    x = mg.tensor([3.0, -1.0, 4.0])
    assert mg.diff(mg.cumsum(x, 0), prepend=mg.zeros(1)).tolist() == x.tolist()
    assert mg.diff(mg.arange(4), n=9).shape == (0,)
    assert mg.diff(mg.tensor([True, False, False])).tolist() == [True, False]


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: mg.cumsum(mg.ones(2), 1), IndexOutOfRangeError, "dim=1"),
        (lambda: mg.cummax(mg.ones(2, 2), -3), IndexOutOfRangeError, "cummax got dim=-3"),
        (lambda: mg.diff(mg.tensor(1.0)), ShapeError, "no axis with neighbours"),
        (lambda: mg.diff(mg.ones(2), -1), ArgumentError, "n=-1"),
    ],
)
def test_refusals(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
