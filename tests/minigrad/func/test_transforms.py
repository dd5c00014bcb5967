"""Reverse-mode transforms: formulae, structures, the tape around them, and every refusal."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, GradError, ShapeError
from minigrad.func import grad, grad_and_value, hessian, jacrev, jvp, value_and_grad, vjp


def drawn(*shape, seed=0):
    return mg.from_numpy(np.random.default_rng([seed, *shape]).standard_normal(shape))


def cube(x):
    return (x**3).sum()


# ------------------------------------------------------------------ gradients


def test_gradient_and_value_in_each_order():
    x = mg.tensor([1.0, 2.0])
    assert grad(cube)(x).tolist() == [3, 12]
    gradient, value = grad_and_value(cube)(x)
    assert (gradient.tolist(), value.item()) == ([3, 12], 9)
    value, gradient = value_and_grad(cube)(x)
    assert (gradient.tolist(), value.item()) == ([3, 12], 9)
    (value, aux), gradient = value_and_grad(lambda x: (cube(x), {"x": x, "n": 3}), has_aux=True)(x)
    assert (value.item(), aux["x"].tolist(), aux["n"], gradient.tolist()) == (9, [1, 2], 3, [3, 12])


def test_to_order_five():
    derivative = lambda x: x**5  # noqa: E731
    for expected in (80, 160, 240, 240, 120):
        derivative = grad(derivative)
        assert derivative(mg.tensor(2.0)).item() == expected


def test_the_name_and_documentation_of_the_function_stay():
    def loss(x):
        """A loss."""
        return x.sum()

    for transform in (grad, value_and_grad, jacrev, mg.func.jacfwd):
        assert (transform(loss).__name__, transform(loss).__doc__) == ("loss", "A loss.")


def test_anything_that_can_be_called():
    class Callable:
        def __call__(self, x):
            return x.sum()

    assert grad(Callable())(mg.ones(2)).tolist() == [1, 1]
    assert grad(mg.sum)(mg.ones(2)).tolist() == [1, 1]


# --------------------------------------------------------- perturbations apart


def test_the_classical_perturbation_confusion():
    """d/dx (x · d/dy (x + y)) at x = y = 1 is 1; who takes the two perturbations for one gets 2."""
    one = mg.tensor(1.0)
    assert grad(lambda x: x * grad(lambda y: x + y)(one))(one).item() == 1

    def forward(function):
        return lambda at: jvp(function, (at,), (one,))[1]

    assert forward(lambda x: x * forward(lambda y: x + y)(one))(one).item() == 1
    assert forward(lambda x: x * grad(lambda y: x + y)(one))(one).item() == 1
    assert grad(lambda x: x * forward(lambda y: x + y)(one))(one).item() == 1


def test_the_same_tensor_inside_and_outside():
    x = mg.tensor(2.0)
    assert grad(lambda y: y * grad(lambda z: z * y * y)(y))(x).item() == 3 * 2**2
    assert grad(lambda y: grad(lambda z: z * z * x)(y))(x).item() == 2 * 2


# --------------------------------------------------------- the tape around them


def test_results_are_off_the_tape_unless_something_outside_asks():
    x, w = mg.ones(2), mg.ones(2, requires_grad=True)
    assert not grad(cube)(x).requires_grad
    assert grad(cube)(w).requires_grad
    assert grad(lambda x: (w * x).sum())(x).requires_grad
    assert not grad(lambda x: (w.detach() * x).sum())(x).requires_grad
    assert not jacrev(lambda x: x * x)(x).requires_grad
    value, aux = jacrev(lambda x: (x * x, x + 1), has_aux=True)(x)
    assert not value.requires_grad
    assert not aux.requires_grad
    with mg.no_grad():
        assert not grad(lambda x: (w * x).sum())(w).requires_grad
        assert grad(cube)(w).tolist() == [3, 3]
        assert not mg.is_grad_enabled()


def test_an_outer_tape_differentiates_through():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    inside = grad(lambda x: (w * x**3).sum())(mg.tensor([1.0, 3.0]))
    inside.sum().backward()
    assert w.grad.tolist() == [3, 27]
    leaf = mg.tensor(2.0, requires_grad=True)
    grad(grad(lambda x: x**4))(leaf).backward()
    assert leaf.grad.item() == 24 * 2


def test_no_leaf_is_given_a_gradient():
    x, w = mg.ones(2, requires_grad=True), mg.ones(2, requires_grad=True)
    kept = mg.ones(2)
    w.grad = kept
    grad(lambda x: (x * w).sum())(x)
    jacrev(lambda x: x * w)(x)
    vjp(lambda x: x * w, x)[1](mg.ones(2))
    assert x.grad is None
    assert w.grad is kept
    assert w.grad.tolist() == [1, 1]


def test_gradients_inside_a_function_that_calls_backward_for_others():
    w = mg.ones(2, requires_grad=True)

    def function(x):
        (w * 2).sum().backward()
        return (x * w.grad).sum()

    assert grad(function)(mg.ones(2)).tolist() == [2, 2]


def test_the_graph_is_freed_with_the_result():
    import weakref

    class Probe:
        pass

    probe = Probe()
    reference = weakref.ref(probe)

    def function(x, probe=probe):
        y = x * x
        y.register_hook(lambda g, probe=probe: None)
        return y.sum()

    result = grad(function)(mg.ones(2))
    del function, probe
    assert reference() is None
    assert result.tolist() == [2, 2]


# ------------------------------------------------------------------- products


def test_vjp_of_a_linear_map_is_its_transpose():
    matrix = drawn(3, 2)
    y, pull = vjp(lambda x: matrix @ x, drawn(2, seed=1))
    for seed in (2, 3):
        v = drawn(3, seed=seed)
        assert np.allclose(pull(v)[0].numpy(), matrix.numpy().T @ v.numpy())
    assert y.shape == (3,)


def test_cotangents_of_a_tuple_come_as_one_tree_or_several():
    x = mg.tensor([1.0, 2.0])
    _, pull = vjp(lambda x: (x * 2, x.sum()), x)
    v = mg.ones(2), mg.tensor(3.0)
    assert pull(v)[0].tolist() == pull(*v)[0].tolist() == [5, 5]


def test_pulling_once_frees_where_it_is_told_to():
    _, pull = vjp(cube, mg.ones(2))
    pull(mg.tensor(1.0), retain_graph=False)
    with pytest.raises(GradError, match="freed"):
        pull(mg.tensor(1.0))


def test_create_graph_puts_the_result_on_the_tape():
    _, pull = vjp(cube, mg.ones(2))
    assert not pull(mg.tensor(1.0))[0].requires_grad
    assert pull(mg.tensor(1.0), create_graph=True)[0].requires_grad
    v = mg.tensor(1.0, requires_grad=True)
    pull(v)[0].sum().backward()
    assert v.grad.item() == 6


def test_cotangents_in_another_float_dtype_are_cast():
    assert vjp(cube, mg.ones(2))[1](mg.tensor(1.0, dtype=mg.float64))[0].dtype == mg.float32


# ------------------------------------------------------------------ Jacobians


def test_the_jacobian_of_a_convolution_holds_its_kernel():
    w = mg.tensor([[[1.0, 2.0, 3.0]]])
    found = jacrev(lambda x: mg.conv1d(x, w))(mg.zeros(1, 1, 4))
    assert found.shape == (1, 1, 2, 1, 1, 4)
    assert found.reshape(2, 4).tolist() == [[1, 2, 3, 0], [0, 1, 2, 3]]


@pytest.mark.parametrize("transform", [jacrev, mg.func.jacfwd])
def test_jacobians_without_elements(transform):
    assert transform(lambda x: x * 2)(mg.zeros(0)).shape == (0, 0)
    assert transform(lambda x: mg.zeros(2, 0) * x.sum())(mg.ones(3)).shape == (2, 0, 3)
    assert transform(lambda x: x.sum())(mg.zeros(0)).shape == (0,)


def test_chunk_size_changes_nothing():
    assert jacrev(lambda x: x * x, chunk_size=1)(mg.ones(2)).tolist() == [[2, 0], [0, 2]]


def test_hessian_of_a_quadratic_form():
    matrix = drawn(3, 3)
    found = hessian(lambda x: x @ matrix @ x)(drawn(3, seed=1))
    assert np.allclose(found.numpy(), matrix.numpy() + matrix.numpy().T)


# ------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: grad(lambda x: x)(x), GradError, r"grad: the function returned a tensor of shape \(2,\)"),
        (lambda x: grad(lambda x: (x.sum(), x))(x), DTypeError, r"returned \(\*, \*\), where \* is a tensor"),
        (lambda x: grad(lambda x: x.argmax())(x), GradError, "dtype int64"),
        (lambda x: grad(lambda x: 3)(x), DTypeError, "a int arrived where tensors belong"),
        (lambda x: value_and_grad(cube, has_aux=True)(x), DTypeError, r"has_aux=True: the function returned a Tensor"),
        (lambda x: grad(cube, 1)(x), ArgumentError, r"argnums=1, and the function was called with 1 positional"),
        (lambda x: grad(cube, -2)(x), ArgumentError, "there is no argument -2"),
        (lambda x: grad(cube, ())(x), ArgumentError, "name at least one argument, and each once"),
        (lambda x: grad(lambda x, y: x.sum(), (0, -2))(x, x), ArgumentError, "each once"),
        (lambda x: grad(cube, "x")(x), DTypeError, "it is an integer or a tuple of integers"),
        (lambda x: grad(cube, True)(x), DTypeError, "argnums=True"),
        (lambda x: grad(cube)(x=x), ArgumentError, "Keyword arguments are never differentiated"),
        (lambda x: grad(cube)(2.0), DTypeError, "grad: a float arrived"),
        (lambda x: grad(lambda x: mg.ones(()))(()), ArgumentError, "hold no tensor"),
        (lambda x: grad(lambda n: n.sum())(mg.arange(2)), GradError, "tensor 0 of the arguments is int64"),
        (lambda x: vjp(cube), ArgumentError, "vjp got no primals"),
        (lambda x: vjp(lambda x: x.argmax(), x), GradError, "int64, which has no derivative"),
        (lambda x: vjp(cube, x)[1](mg.ones(2)), ShapeError, r"cotangent 0 has shape \(2,\)"),
        (lambda x: vjp(cube, x)[1](3), DTypeError, "cotangent 0 is a int"),
        (lambda x: vjp(cube, x)[1](x, x), ArgumentError, "the cotangents have the structure"),
        (lambda x: jacrev(cube, chunk_size=0), ArgumentError, "chunk_size=0; it is at least 1"),
        (lambda x: jacrev(lambda x: x.argmax())(x), GradError, "jacrev: the function returned a tensor of int64"),
    ],
)  # fmt: skip
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call(mg.ones(2))
    assert mg.is_grad_enabled()
