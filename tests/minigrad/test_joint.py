"""A VJP of several arguments at once: when it is taken, and what may be declared."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import GradError
from minigrad.joint import Joint
from minigrad.primitive import primitive


@pytest.fixture
def pair(monkeypatch):
    """a·b with a VJP for each, and with one for both, which says that it was called and leaves odd sizes alone."""
    monkeypatch.setattr(mg.registry, "_primitives", mg.primitives())

    @primitive("y = a·b", vjp="ā = g·b, b̄ = g·a", name="pair", kind=Joint)
    def pair(a, b):
        return a * b

    called = []

    def both(g, a, b):
        called.append([type(one) for one in (*g, a, b)])
        return None if a.size % 2 else (g[0] * b, g[0] * a)

    pair.defvjp(a=lambda g, b: g * b, b=lambda g, a: g * a)
    pair.defjoint("a", "b", rule=both)
    return pair, called


def test_a_joint_vjp_is_taken_where_nobody_looks(pair):
    pair, called = pair
    a, b = (mg.arange(1.0, 5.0, requires_grad=True) for _ in range(2))
    pair(a, b).sum().backward()
    assert called == [[np.ndarray] * 3]
    assert a.grad.tolist() == b.grad.tolist() == [1, 2, 3, 4]
    pair(a, b.detach()).sum().backward()
    mg.autograd.grad(pair(a, b).sum(), a)
    mg.autograd.grad(pair(a, b).sum(), (a, b), create_graph=True)
    with mg.autograd.observe(applied=lambda *args: None):
        pair(a, b).sum().backward()
    assert len(called) == 1, "one is not needed, or somebody looks"
    assert a.grad.tolist() == [3, 6, 9, 12]


def test_a_joint_vjp_may_leave_it_to_the_others(pair):
    pair, called = pair
    a, b = (mg.arange(1.0, 4.0, requires_grad=True) for _ in range(2))
    pair(a, b).sum().backward()
    assert len(called) == 1
    assert a.grad.tolist() == b.grad.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("arguments", "rule", "words"),
    [
        (("a", "c"), lambda g: g, "pair has no VJP for 'c'; declare that before the joint one"),
        (("a", "b"), lambda g, y: g, "the joint VJP of pair for 'a, b' asks for 'y'; it can ask for b, a"),
    ],
)
def test_what_cannot_be_declared(pair, arguments, rule, words):
    with pytest.raises(GradError, match=words):
        pair[0].defjoint(*arguments, rule=rule)


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
@pytest.mark.parametrize("mean", [0, 100])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 1, 3, 0)])
@pytest.mark.parametrize("shape", [(6, 3), (256, 120), (4, 3, 5, 2), (1, 3, 7, 1), (32, 6, 28, 28)])
def test_batch_normalisation_is_the_same_together_and_apart(shape, order, mean, dtype):
    axes = (0, *range(2, len(shape)))
    x, g = mg.randn(*shape, dtype=dtype) + mean, mg.randn(*shape, dtype=dtype)
    if len(shape) == 4:
        back = [order.index(axis) for axis in range(4)]
        x, g = (mg.from_numpy(one.permute(*order).contiguous().numpy()).permute(*back) for one in (x, g))
    leaves = [x, *mg.randn(2, shape[1], *(1,) * (len(shape) - 2), dtype=dtype)]
    leaves = [one.detach().requires_grad_() for one in leaves]

    def gradients(**options):
        return mg.autograd.grad(mg.standardize(leaves[0], axes, 0.1, *leaves[1:]).values, leaves, g, **options)

    for one, other in zip(gradients(), gradients(create_graph=True), strict=True):
        assert mg.equal(one, other)
        assert one.shape == other.shape


def test_the_statistics_have_gradients_beside_it():
    leaves = [mg.randn(5, 3, dtype=mg.float64), *mg.randn(2, 3, dtype=mg.float64)]
    leaves = [one.detach().requires_grad_() for one in leaves]

    def loss():
        return sum((one * one).sum() for one in mg.standardize(leaves[0], 0, 0.1, *leaves[1:]))

    for one, other in zip(mg.autograd.grad(loss(), leaves), mg.autograd.grad(loss(), leaves, create_graph=True)):
        assert mg.allclose(one, other, rtol=1e-12)
