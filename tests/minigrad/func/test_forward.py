"""Forward-mode transforms, both modes together, and what they cost."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import Observer, observe
from minigrad.errors import ArgumentError, DTypeError, GradError, ShapeError
from minigrad.func import grad, hessian, hvp, jacfwd, jacrev, jvp, linearize, vjp


def drawn(*shape, seed=0):
    return mg.from_numpy(np.random.default_rng([seed, *shape]).standard_normal(shape))


def cube(x):
    return (x**3).sum()


# ------------------------------------------------------------------- products


def test_jvp_of_a_linear_map_is_the_map():
    matrix, x, t = drawn(3, 2), drawn(2, seed=1), drawn(2, seed=2)
    y, pushed = jvp(lambda x: matrix @ x, (x,), (t,))
    assert np.allclose(y.numpy(), matrix.numpy() @ x.numpy())
    assert np.allclose(pushed.numpy(), matrix.numpy() @ t.numpy())


def test_structures_and_aux():
    x = {"a": mg.tensor(2.0), "b": [mg.tensor(3.0)]}
    t = {"b": [mg.tensor(10.0)], "a": mg.tensor(1.0)}
    y, pushed, aux = jvp(lambda p: ([p["a"] * p["b"][0]], p["a"] + 1), (x,), (t,), has_aux=True)
    assert (y[0].item(), pushed[0].item(), aux.item()) == (6, 23, 3)


def test_linearize_pushes_as_often_as_wanted():
    y, push = linearize(lambda a, b: a * b, mg.tensor(2.0), mg.tensor(5.0))
    assert y.item() == 10
    assert push(mg.tensor(1.0), mg.tensor(0.0)).item() == 5
    assert push(mg.tensor(0.0), mg.tensor(1.0)).item() == 2


def test_tangents_of_integer_outputs_are_0():
    _, (smooth, place) = jvp(lambda x: (x * 2, x.argmax()), (mg.ones(2),), (mg.ones(2),))
    assert smooth.tolist() == [2, 2]
    assert (place.item(), place.dtype) == (0, mg.int64)


def test_products_of_products():
    """f = x³ along t twice is 6x·t²; a tangent that is varied itself gives J."""
    x, t = mg.tensor(2.0), mg.tensor(3.0)
    along = lambda x: jvp(lambda x: x**3, (x,), (t,))[1]  # noqa: E731
    assert jvp(along, (x,), (t,))[1].item() == 6 * 2 * 9
    assert vjp(along, x)[1](t)[0].item() == 6 * 2 * 9
    assert grad(lambda t: jvp(lambda x: x**3, (x,), (t,))[1])(t).item() == 12


def test_results_are_on_the_tape_where_something_outside_asks():
    x, leaf = mg.ones(2), mg.ones(2, requires_grad=True)
    for outputs in (jvp(cube, (x,), (x,)), (jacfwd(cube)(x), hessian(cube)(x)), hvp(cube, (x,), (x,))[1]):
        assert not any(one.requires_grad for one in outputs)
    y, pushed = jvp(cube, (x,), (leaf,))
    assert pushed.requires_grad
    assert not y.requires_grad
    assert all(one.requires_grad for one in jvp(cube, (leaf,), (x,)))
    with mg.no_grad():
        assert not any(one.requires_grad for one in jvp(cube, (leaf,), (leaf,)))
    hessian(cube)(leaf).sum().backward()
    assert leaf.grad.tolist() == [6, 6]


# ------------------------------------------------------- Jacobians and Hessians


def test_both_jacobians_agree_on_trees():
    def function(p, z):
        return {"y": mg.tanh(p["w"] @ z), "s": [(p["w"] ** 2).sum() * z.sum()]}

    p, z = {"w": drawn(2, 3)}, drawn(3)
    reverse, forward = jacrev(function, (0, 1))(p, z), jacfwd(function, (0, 1))(p, z)
    assert reverse["y"][0]["w"].shape == (2, 2, 3)
    assert reverse["s"][0][1].shape == (3,)
    for one, other in [
        (reverse["y"][0]["w"], forward["y"][0]["w"]), (reverse["y"][1], forward["y"][1]),
        (reverse["s"][0][0]["w"], forward["s"][0][0]["w"]), (reverse["s"][0][1], forward["s"][0][1]),
    ]:  # fmt: skip
        assert np.allclose(one.numpy(), other.numpy())


def test_hvp_is_the_hessian_times_a_vector():
    x, v = drawn(4), drawn(4, seed=1)
    function = lambda x: mg.exp(x).prod() * x[0]  # noqa: E731
    value, (product,) = hvp(function, (x,), (v,))
    assert value.item() == function(x).item()
    assert np.allclose(product.numpy(), hessian(function)(x).numpy() @ v.numpy())


def test_hvp_of_several_arguments():
    value, (of_x, of_y) = hvp(
        lambda x, y: x * x * y, (mg.tensor(2.0), mg.tensor(3.0)), (mg.tensor(1.0), mg.tensor(10.0))
    )
    assert (value.item(), of_x.item(), of_y.item()) == (12, 2 * 3 * 1 + 2 * 2 * 10, 2 * 2 * 1)


def test_random_numbers_are_the_same_for_every_column():
    mg.manual_seed(0)
    diagonal = jacfwd(lambda x: x * mg.rand(3), randomness="different")(mg.ones(3))
    assert (diagonal == mg.diag(mg.diagonal(diagonal))).all()


class Counts(Observer):
    def __init__(self):
        self.count = 0

    def applied(self, primitive, inputs, outputs):
        self.count += primitive.name.startswith("correlate")


def convolutions(call):
    with observe(Counts()) as counts:
        call()
    return counts.count


def test_one_pass_for_each_column_or_each_row():
    w = drawn(2, 1, 3)
    wide = lambda x: mg.conv1d(x, w)  # noqa: E731
    x = drawn(1, 1, 5)  # 5 columns, 6 rows
    assert convolutions(lambda: jacfwd(wide)(x)) == 1 + 5
    assert convolutions(lambda: jacrev(wide)(x)) == 1 + 6
    assert convolutions(lambda: hvp(lambda x: cube(wide(x)), (x,), (x,))) == 4, "twice there, twice back"


# ------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: jvp(cube, x, x), DTypeError, r"jvp got primals of type Tensor; they are a tuple"),
        (lambda x: jvp(cube, (), ()), ArgumentError, "jvp got no primals"),
        (lambda x: jvp(cube, (x,), (x, x)), ArgumentError, "jvp: the tangents have the structure"),
        (lambda x: jvp(cube, (x,), (mg.ones(3),)), ShapeError, r"jvp: tangent 0 has shape \(3,\)"),
        (lambda x: jvp(cube, (x,), (1.0,)), DTypeError, "jvp: tangent 0 is a float"),
        (lambda x: jvp(lambda x: mg.ones(2), (x,), (x,), strict=True), GradError, "does not depend on the primals"),
        (lambda x: jvp(lambda x: "text", (x,), (x,)), DTypeError, "the function's output: a str arrived"),
        (lambda x: jvp(cube, (mg.arange(2),), (x,)), GradError, "int64"),
        (lambda x: linearize(cube), ArgumentError, "linearize got no primals"),
        (lambda x: jacfwd(cube, randomness="none"), ArgumentError, "it is 'error', 'different' or 'same'"),
        (lambda x: hvp(cube, x, x), DTypeError, "hvp got primals of type Tensor"),
        (lambda x: hvp(lambda x: x, (x,), (x,)), GradError, "a gradient is that of a floating scalar"),
    ],
)  # fmt: skip
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call(mg.ones(2))
    assert mg.is_grad_enabled()


def test_strict_is_satisfied_by_what_depends():
    assert jvp(cube, (mg.ones(2),), (mg.ones(2),), strict=True)[1].item() == 6
