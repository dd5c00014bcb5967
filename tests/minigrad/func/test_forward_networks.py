"""Derivatives to order three of a small convolutional network, by gradcheck and by nested transforms."""

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import gradcheck
from minigrad.func import grad, hessian, hvp, jacfwd, jacrev, jvp, vjp


def drawn(*shape, seed=0):
    return mg.from_numpy(np.random.default_rng([seed, *shape]).standard_normal(shape))


IMAGES, LABELS = drawn(2, 1, 6, 6), mg.tensor([0, 2])
PARAMETERS = (drawn(2, 1, 3, 3) / 2, drawn(2, seed=1), drawn(2, seed=2), drawn(3, 8, seed=3) / 2)


def network(pool):
    def loss(kernel, scale, shift, dense):
        x = mg.tanh(mg.conv2d(IMAGES, kernel))
        x = F.batch_norm(x, None, None, scale, shift, training=True)
        return F.cross_entropy(pool(x, 2).flatten(1) @ dense.T, LABELS)

    return loss


POOLS = {"average": F.avg_pool2d, "max": F.max_pool2d}
every_pool = pytest.mark.parametrize("loss", [network(pool) for pool in POOLS.values()], ids=list(POOLS))


@every_pool
def test_order_three_agrees_with_differences(loss):
    assert gradcheck(loss, [one.clone().requires_grad_() for one in PARAMETERS], order=3)


@every_pool
def test_order_three_by_nested_transforms(loss):
    """Σ ∂³f vₐ v_b v_c in every order of the modes, and by differences of second derivatives."""
    directions = [drawn(*one.shape, seed=7) for one in PARAMETERS]

    def line(s):
        return loss(*(p + s * d for p, d in zip(PARAMETERS, directions)))

    zero, one = mg.zeros((), dtype=mg.float64), mg.ones((), dtype=mg.float64)
    modes = {
        "reverse": grad,
        "forward": lambda f: lambda s: jvp(f, (s,), (one,))[1],
        "pulled": lambda f: lambda s: vjp(f, s)[1](one)[0],
        "rows": jacrev,
        "columns": jacfwd,
    }
    found = {
        (a, b, c): modes[a](modes[b](modes[c](line)))(zero).item()
        for a, b, c in [
            ("reverse", "reverse", "reverse"), ("forward", "forward", "forward"), ("forward", "reverse", "forward"),
            ("reverse", "forward", "reverse"), ("pulled", "forward", "forward"), ("columns", "rows", "columns"),
        ]
    }  # fmt: skip
    step = 1e-4
    second = grad(grad(line))
    slope = (second(zero + step).item() - second(zero - step).item()) / (2 * step)
    for modes_used, value in found.items():
        assert value == pytest.approx(slope, rel=1e-5), modes_used
        assert value == pytest.approx(found["reverse", "reverse", "reverse"], rel=1e-9), modes_used


@every_pool
def test_the_hessian_is_symmetric_and_gives_its_products(loss):
    of_kernel = lambda kernel: loss(kernel, *PARAMETERS[1:])  # noqa: E731
    kernel, direction = PARAMETERS[0], drawn(2, 1, 3, 3, seed=5)
    found = hessian(of_kernel)(kernel).reshape(18, 18).numpy()
    assert np.allclose(found, found.T)
    _, (product,) = hvp(of_kernel, (kernel,), (direction,))
    assert np.allclose(product.numpy().ravel(), found @ direction.numpy().ravel())


def test_dropout_is_one_function_for_both_modes():
    mg.manual_seed(3)
    x, t, v = drawn(20), drawn(20, seed=1), drawn(20, seed=2)

    def function(x):
        return F.dropout(x * x, 0.5, generator=mg.Generator().manual_seed(5))

    pushed, pulled = jvp(function, (x,), (t,))[1], vjp(function, x)[1](v)[0]
    assert (pushed == 0).any()
    assert (v * pushed).sum().item() == pytest.approx((pulled * t).sum().item())
