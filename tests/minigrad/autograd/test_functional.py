"""Jacobians, Hessians and products at given inputs: values, what comes back on the tape, strict, and refusals."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd.functional import hessian, hvp, jacobian, jvp, vhp, vjp
from minigrad.errors import ArgumentError, DTypeError, GradError, ShapeError


def drawn(*shape, seed=0):
    return mg.from_numpy(np.random.default_rng([seed, *shape]).standard_normal(shape))


def cube(x):
    return (x**3).sum()


X = drawn(3)


@pytest.mark.parametrize("strategy", ["reverse-mode", "forward-mode"])
def test_jacobians_come_as_inputs_and_outputs_do(strategy):
    matrix = drawn(2, 3)
    found = jacobian(lambda x: matrix @ x, X, strategy=strategy)
    assert np.allclose(found.numpy(), matrix.numpy())
    (found,) = jacobian(lambda x: matrix @ x, (X,), strategy=strategy)
    assert np.allclose(found.numpy(), matrix.numpy())
    first, second = jacobian(lambda x: (matrix @ x, x.sum()), X, strategy=strategy)
    assert (first.shape, second.tolist()) == ((2, 3), [1, 1, 1])
    ((a, b),) = jacobian(lambda x, y: (x * y,), (X, X + 1), strategy=strategy)
    assert np.allclose(a.numpy(), np.diag(X.numpy() + 1))
    assert np.allclose(b.numpy(), np.diag(X.numpy()))


@pytest.mark.parametrize("strategy", ["reverse-mode", "forward-mode"])
def test_hessians(strategy):
    found = hessian(lambda x: cube(x)[None], X, outer_jacobian_strategy=strategy)
    assert np.allclose(found.numpy(), np.diag(6 * X.numpy()))
    ((aa, ab), (ba, bb)) = hessian(lambda a, b: (a * a * b).sum(), (X, X + 1), outer_jacobian_strategy=strategy)
    assert np.allclose(aa.numpy(), np.diag(2 * (X.numpy() + 1)))
    assert np.allclose(ab.numpy(), np.diag(2 * X.numpy()))
    assert np.allclose(ab.numpy(), ba.numpy().T)
    assert not bb.numpy().any()


def test_products():
    v = drawn(3, seed=1)
    for product, expected in ((vjp, 2 * X * v), (jvp, 2 * X * v)):
        output, found = product(lambda x: x * x, X, v)
        assert np.allclose(output.numpy(), X.numpy() ** 2)
        assert np.allclose(found.numpy(), expected.numpy())
    for product in (vhp, hvp):
        output, found = product(cube, X, v)
        assert output.item() == pytest.approx(cube(X).item())
        assert np.allclose(found.numpy(), (6 * X * v).numpy())
    assert jvp(lambda x: x * x, mg.tensor(3.0))[1].item() == 6
    assert vjp(cube, mg.ones(2))[1].tolist() == [3, 3]
    assert hvp(cube, mg.tensor(2.0))[1].item() == 12


def test_a_constant_has_derivatives_0():
    assert jacobian(lambda x: mg.ones(2), X).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert hessian(lambda x: x.sum(), X).tolist() == [[0] * 3] * 3
    assert vhp(lambda x: mg.ones(()), X, X)[1].tolist() == [0, 0, 0]
    assert hvp(lambda x: x.sum(), X, X)[1].tolist() == [0, 0, 0]


def test_results_are_on_the_tape_with_create_graph_only():
    leaf = X.clone().requires_grad_()
    square = lambda x: x * x  # noqa: E731
    for function, compute, vectors in [
        (square, jacobian, ()), (square, vjp, (X,)), (square, jvp, (X,)),
        (cube, hessian, ()), (cube, vhp, (X,)), (cube, hvp, (X,)),
    ]:  # fmt: skip
        for create in (False, True):
            found = compute(function, leaf, *vectors, create_graph=create)
            assert all(one.requires_grad == create for one in (found if vectors else [found]))
        found = compute(function, X, *vectors, create_graph=True)
        assert not any(one.requires_grad for one in (found if vectors else [found]))
    with mg.no_grad():
        assert jacobian(square, leaf, create_graph=True).requires_grad
    assert leaf.grad is None


def test_a_vector_on_the_tape():
    v = X.clone().requires_grad_()
    assert not vjp(lambda x: x * x, X, v)[1].requires_grad
    vjp(lambda x: x * x, X, v, create_graph=True)[1].sum().backward()
    assert np.allclose(v.grad.numpy(), 2 * X.numpy())


# --------------------------------------------------------------------- strict


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: jacobian(lambda x: mg.ones(2), X, strict=True), "jacobian: output 0 .* does not depend on input 0"),
        (lambda: jacobian(lambda x, y: (x * y, x), (X, X), strict=True), "output 1 .* does not depend on input 1"),
        (lambda: jacobian(lambda x: x * 2, X, strict=True, create_graph=True), "its own derivative would be 0"),
        (lambda: vjp(lambda x, y: x * 1, (X, X), X, strict=True), "vjp: output 0 .* does not depend on input 1"),
        (lambda: jvp(lambda x: (x, mg.ones(1)), X, X, strict=True), "jvp: output 1 .* does not depend on input 0"),
        (lambda: hessian(lambda x: x.sum(), X, strict=True), "hessian: the gradient for input 0 does not depend"),
        (
            lambda: hessian(lambda x, y: cube(x) + cube(y), (X, X), strict=True),
            "hessian, of the gradient: output 0 .* does not depend on input 1",
        ),
        (lambda: vhp(lambda x: x.sum(), X, X, strict=True), "vhp: the gradient for input 0 does not depend"),
        (lambda: hvp(lambda x: mg.ones(()), X, X, strict=True), "hvp: output 0 .* does not depend on input 0"),
    ],
)
def test_strict_refuses_what_is_0_because_nothing_is_connected(call, words):
    with pytest.raises(GradError, match=words):
        call()


def test_strict_lets_the_rest_pass():
    assert vjp(lambda x, y: (x * 1, y * 1), (X, X), (X, X), strict=True)[1][0].shape == (3,)
    assert hvp(lambda x, y: cube(x) + cube(y), (X, X), (X, X), strict=True)[1][0].shape == (3,)


# ------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: jacobian(cube, [X]), DTypeError, "jacobian: the inputs: a list arrived"),
        (lambda: jacobian(cube, ()), ArgumentError, "jacobian: the inputs: an empty tuple arrived"),
        (lambda: jacobian(lambda x: [x], X), DTypeError, "jacobian: what the function returned: a list arrived"),
        (lambda: jacobian(cube, mg.arange(2)), GradError, "int64"),
        (lambda: jacobian(cube, X, strategy="sideways"), ArgumentError, "it is 'reverse-mode' or 'forward-mode'"),
        (lambda: hessian(cube, X, outer_jacobian_strategy="x"), ArgumentError, "outer_jacobian_strategy='x'"),
        (lambda: hessian(lambda x: x, X), GradError, r"hessian: the function returned a tensor of shape \(3,\)"),
        (lambda: hvp(lambda x: (cube(x),), X, X), GradError, "hvp: the function returned a tuple"),
        (lambda: vjp(lambda x: x, X), GradError, "vjp got no v; it may be missing only where the output is a single"),
        (lambda: jvp(cube, X), GradError, "jvp got no v; it may be missing only where the input is a single"),
        (lambda: vjp(cube, X, (X, X)), GradError, "vjp got a v of 2 tensors for the 1 of the output"),
        (lambda: jvp(cube, X, mg.ones(2)), ShapeError, r"jvp: tensor 0 of v has shape \(2,\)"),
        (lambda: vhp(cube, X, [X]), DTypeError, "vhp: v: a list arrived"),
    ],
)
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call()
