"""minigrad.func against torch.func: values, structures, shapes, what raises, and what ends up on the tape."""

import warnings

import numpy as np
import pytest
import torch
import torch.func

import minigrad as mg
from minigrad import nn
from tests.torch_oracle.compare import assert_close, normal, positive

LIBRARIES = [mg, torch]

with (
    warnings.catch_warnings()
):  # PyTorch's forward mode compiles something when it is used first, which it has given up
    warnings.simplefilter("ignore", DeprecationWarning)
    torch.func.jvp(torch.sin, (torch.zeros(()),), (torch.ones(()),))


def tensors(library, tree):
    """The arrays in nested tuples, lists and dictionaries as tensors."""
    if isinstance(tree, dict):
        return {key: tensors(library, one) for key, one in tree.items()}
    if isinstance(tree, tuple | list):
        return type(tree)(tensors(library, one) for one in tree)
    return library.tensor(tree) if isinstance(tree, np.ndarray) else tree


def assert_same_tree(ours, theirs, what="result"):
    """The same structure, shapes, dtypes, values, and the same tensors on the tape."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs), what
        for key in theirs:
            assert_same_tree(ours[key], theirs[key], f"{what}[{key!r}]")
    elif isinstance(theirs, tuple | list):
        assert type(ours) is type(theirs), f"{what}: {type(ours)} and {type(theirs)}"
        assert len(ours) == len(theirs), what
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            assert_same_tree(one, other, f"{what}[{number}]")
    elif isinstance(theirs, torch.Tensor):
        assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch."), what
        assert ours.requires_grad == theirs.requires_grad, f"{what} requires gradients: {ours.requires_grad}"
        assert_close(ours.detach().numpy(), theirs.detach().numpy(), what, 1e-9, 1e-11)
    else:
        assert ours == theirs, what


def agree(compute, *arrays):
    """`compute(library, transforms, *tensors)` gives the same in both, and changes no argument."""
    results = []
    for library in LIBRARIES:
        args = tensors(library, arrays)
        results.append(compute(library, library.func, *args))
    assert_same_tree(*results)


def both_raise(compute, *arrays):
    with pytest.raises(mg.errors.MinigradError):
        compute(mg, mg.func, *tensors(mg, arrays))
    with pytest.raises((RuntimeError, ValueError, TypeError, NotImplementedError)):
        compute(torch, torch.func, *tensors(torch, arrays))


X, Y = normal(3), normal(3, seed=1)
TREE = {"a": normal(2), "b": [normal(2, seed=1), (normal(2, seed=2),)]}


def scalar(x):
    return (x**3 * x.exp()).sum()


def of_tree(tree):
    return (tree["a"] * tree["b"][0].exp()).sum() * tree["b"][1][0].tanh().sum()


def mixed(x, y):
    return x * y.sin(), {"s": (x * y).sum(), "v": [x.exp()]}


# ------------------------------------------------------------------ gradients


@pytest.mark.parametrize("name", ["grad", "grad_and_value"])
@pytest.mark.parametrize("argnums", [0, 1, -1, (0,), (1, 0), (0, -1)])
def test_argnums(name, argnums):
    agree(lambda lib, f, x, y: getattr(f, name)(lambda x, y: (x * y.exp()).sum(), argnums)(x, y), X, Y)


@pytest.mark.parametrize("name", ["grad", "grad_and_value"])
def test_aux(name):
    def function(x):
        return (x * x).sum(), {"more": [x * 2, x.sum()]}

    agree(lambda lib, f, x: getattr(f, name)(function, has_aux=True)(x), X)


@pytest.mark.parametrize("name", ["grad", "grad_and_value", "jacrev", "jacfwd", "hessian"])
def test_nested_arguments(name):
    agree(lambda lib, f, tree: getattr(f, name)(of_tree)(tree), TREE)


def test_keyword_arguments_are_passed_on():
    agree(lambda lib, f, x, y: f.grad(lambda x, *, scale, y: (x * y).sum() * scale)(x, scale=3.0, y=y), X, Y)


def test_a_constant_has_gradient_0():
    agree(lambda lib, f, x: f.grad(lambda x: lib.tensor(1.0))(x), X)
    agree(lambda lib, f, x: f.jacrev(lambda x: lib.ones(2))(x), X)
    agree(lambda lib, f, x: f.jacfwd(lambda x: lib.ones(2))(x), X)
    agree(lambda lib, f, x: f.jvp(lambda x: lib.ones(2), (x,), (x,)), X)


# ------------------------------------------------------------------- products


def test_vjp_and_jvp_of_trees():
    def pulled(lib, f, x, y, cotangents):
        output, pull = f.vjp(mixed, x, y)
        return output, pull(cotangents), pull(cotangents)

    cotangents = (normal(3, seed=3), {"s": normal(seed=4), "v": [normal(3, seed=5)]})
    agree(pulled, X, Y, cotangents)
    agree(lambda lib, f, x, y, s, t: f.jvp(mixed, (x, y), (s, t)), X, Y, Y, X)
    agree(lambda lib, f, tree, tangent: f.jvp(of_tree, (tree,), (tangent,)), TREE, TREE)


def test_aux_of_products():
    def function(x):
        return x * x, {"aux": x.sum()}

    agree(lambda lib, f, x: f.jvp(function, (x,), (x,), has_aux=True), X)
    agree(lambda lib, f, x: f.jacrev(function, has_aux=True)(x), X)
    agree(lambda lib, f, x: f.jacfwd(function, has_aux=True)(x), X)

    def pulled(lib, f, x):
        output, pull, aux = f.vjp(function, x, has_aux=True)
        return output, pull(x), aux

    agree(pulled, X)


@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node")
def test_linearize():
    def pushed(lib, f, x, t):
        output, push = f.linearize(lambda x: (x * x).exp(), x)
        return output, push(t), push(x)

    agree(pushed, X, Y)


def test_integer_outputs_of_jvp():
    agree(lambda lib, f, x: f.jvp(lambda x: (x * x, x.argmax()), (x,), (x,)), X)


# ------------------------------------------------------------------ Jacobians


@pytest.mark.parametrize("name", ["jacrev", "jacfwd"])
@pytest.mark.parametrize("argnums", [0, (0, 1), (1,)])
def test_jacobians(name, argnums):
    agree(lambda lib, f, x, y: getattr(f, name)(mixed, argnums)(x, y), X, Y)
    outer = lambda x, y: x[:, None] * y.sin()[None] ** 2  # noqa: E731
    agree(lambda lib, f, x, y: getattr(f, name)(outer, argnums)(x, y), X, normal(2))


@pytest.mark.parametrize("name", ["jacrev", "jacfwd"])
@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (2, 1, 2)])
def test_shapes_of_jacobians(name, shape):
    agree(lambda lib, f, x: getattr(f, name)(lambda x: x.sum().reshape(1) * x)(x), normal(*shape))


@pytest.mark.parametrize("outer", ["jacrev", "jacfwd"])
@pytest.mark.parametrize("inner", ["jacrev", "jacfwd"])
def test_jacobians_of_jacobians(outer, inner):
    agree(lambda lib, f, x: getattr(f, outer)(getattr(f, inner)(lambda x: (x**3).tanh()))(x), X)


@pytest.mark.parametrize("argnums", [0, (0, 1), (1,)])
def test_hessians(argnums):
    agree(lambda lib, f, x, y: f.hessian(lambda x, y: (x * y).exp().sum() * x[0], argnums)(x, y), X, Y)


# ---------------------------------------------------------------- composition


def test_third_derivatives():
    agree(lambda lib, f, x: f.grad(f.grad(f.grad(lambda x: x**5 * x.sin())))(x), positive())
    agree(lambda lib, f, x: f.jacfwd(f.jacrev(f.jacfwd(lambda x: (x**4).sum())))(x), X)
    agree(lambda lib, f, x: f.jacfwd(f.hessian(lambda x: (x**4).prod()))(x), X)


def test_products_of_products():
    agree(lambda lib, f, x, t: f.jvp(lambda x: f.jvp(lambda x: x.exp() * x[0], (x,), (t,))[1], (x,), (t,)), X, Y)
    agree(lambda lib, f, x, t: f.vjp(lambda x: f.jvp(lambda x: x.exp() * x[0], (x,), (t,))[1], x)[1](t), X, Y)
    agree(lambda lib, f, x, t: f.jvp(lambda x: f.vjp(lambda x: x.exp() * x[0], x)[1](t)[0], (x,), (t,)), X, Y)
    agree(lambda lib, f, x, t: f.vjp(lambda x: f.vjp(lambda x: x.exp() * x[0], x)[1](t)[0], x)[1](t), X, Y)
    agree(lambda lib, f, x, t: f.jvp(f.grad(scalar), (x,), (t,)), X, Y)


def test_no_perturbation_is_confused_with_another():
    agree(
        lambda lib, f, x: f.grad(lambda x: x * f.grad(lambda y: x + y)(lib.tensor(1.0, dtype=lib.float64)))(x), normal()
    )

    def forward(lib, f, x):
        one = lib.tensor(1.0, dtype=lib.float64)
        inner = lambda x: f.jvp(lambda y: x * y * y, (one,), (one,))[1]  # noqa: E731
        return f.jvp(lambda x: x * inner(x), (x,), (one,))

    agree(forward, normal())


# --------------------------------------------------------- the tape around them


def test_the_result_is_on_the_tape_where_something_outside_asks():
    def outside(lib, f, x, y):
        w = y.clone().requires_grad_()
        inside = f.grad(lambda x: (w * x**3).sum())(x)
        (of_w,) = lib.autograd.grad(inside.sum(), w)
        leaf = x.clone().requires_grad_()
        first = f.grad(scalar)(leaf)
        (second,) = lib.autograd.grad(first.sum(), leaf)
        return inside, of_w, first, second, f.grad(scalar)(x), leaf.grad, w.grad

    agree(outside, X, Y)


@pytest.mark.parametrize("name", ["jacrev", "jacfwd", "hessian"])
def test_jacobians_are_differentiable_from_outside(name):
    def outside(lib, f, x):
        leaf = x.clone().requires_grad_()
        found = getattr(f, name)(lambda x: (x**3).sum() * x[0])(leaf)
        return found, lib.autograd.grad((found * found).sum(), leaf)

    agree(outside, X)


def test_products_are_differentiable_from_outside():
    def outside(lib, f, x, y):
        leaf, tangent = x.clone().requires_grad_(), y.clone().requires_grad_()
        output, pushed = f.jvp(lambda x: (x * x).tanh(), (leaf,), (tangent,))
        value, pull = f.vjp(lambda x: (x * x).tanh(), leaf)
        (pulled,) = pull(tangent)
        total = (pushed * pulled * output * value).sum()
        return output, pushed, value, pulled, lib.autograd.grad(total, (leaf, tangent))

    agree(outside, X, Y)


def test_under_no_grad():
    def outside(lib, f, x, y):
        w = y.clone().requires_grad_()
        with lib.no_grad():
            return f.grad(lambda x: (w * x**2).sum())(x), f.hessian(scalar)(w), f.jvp(lambda x: x * w, (x,), (x,))

    agree(outside, X, Y)


def test_no_grad_inside_a_gradient():
    def function(lib, x):
        with lib.no_grad():
            constant = x * 2
        return (constant * x).sum()

    agree(lambda lib, f, x: f.grad(lambda x: function(lib, x))(x), X)


# --------------------------------------------------------------------- refusals


def test_refusals():
    both_raise(lambda lib, f, x: f.grad(lambda x: x)(x), X)
    both_raise(lambda lib, f, x: f.grad(lambda x: x.sum()[None])(x), X)
    both_raise(lambda lib, f, x: f.grad(lambda x: (x.sum(), x))(x), X)
    both_raise(lambda lib, f, x: f.grad(lambda x: x.sum(), has_aux=True)(x), X)
    both_raise(lambda lib, f, x: f.grad(lambda x: x.sum(), 1)(x), X)
    both_raise(lambda lib, f, x: f.grad(lambda x: x.sum(), (0, 0))(x), X)
    both_raise(lambda lib, f, x: f.grad(lambda x: x.sum(), ())(x), X)
    both_raise(lambda lib, f, x: f.grad(lambda x: x.sum(), "0")(x), X)
    both_raise(lambda lib, f, x: f.grad(lambda x: x["a"].sum())({"a": x, "b": 2.0}), X)
    both_raise(lambda lib, f, x: f.vjp(lambda x: (x, x), x)[1](x), X)
    both_raise(lambda lib, f, x: f.vjp(lambda x: x, x)[1](x[:2]), X)
    both_raise(lambda lib, f, x: f.vjp(lambda x: x.argmax(), x), X)
    both_raise(lambda lib, f, x: f.jvp(lambda x: x, x, x), X)
    both_raise(lambda lib, f, x: f.jvp(lambda x: x, (x,), (x[:2],)), X)
    both_raise(lambda lib, f, x: f.jvp(lambda x: x, (x,), (x, x)), X)
    both_raise(lambda lib, f, x: f.jvp(lambda x: lib.ones(2), (x,), (x,), strict=True), X)
    both_raise(lambda lib, f, x: f.jvp(lambda x: 3, (x,), (x,)), X)
    both_raise(lambda lib, f, x: f.jacrev(lambda x: x, chunk_size=0)(x), X)
    both_raise(lambda lib, f, x: f.jacrev(lambda x: 3)(x), X)
    both_raise(lambda lib, f, x: f.jacfwd(lambda x: x, randomness="none")(x), X)


@pytest.mark.parametrize("name", ["grad", "jacrev", "jacfwd"])
def test_integers_have_no_derivatives(name):
    both_raise(lambda lib, f, x: getattr(f, name)(lambda x: x.sum())(x), np.arange(3))


# ------------------------------------------------------------- functional_call


def linear(library):
    return (nn if library is mg else torch.nn).Linear(3, 2).double()


def test_functional_call():
    weight, bias = normal(2, 3), normal(2)

    def call(lib, f, x, weight, bias):
        layer = linear(lib)
        found = [
            f.functional_call(layer, {"weight": weight, "bias": bias}, x),
            f.functional_call(layer, ({"weight": weight}, {"bias": bias}), (x,)),
            f.functional_call(layer, {"weight": weight, "bias": bias}, kwargs={"input": x}, strict=True),
        ]
        assert layer.weight.requires_grad, "the layer has its own parameters again"
        found.append(f.grad(lambda p: (f.functional_call(layer, p, x) ** 2).sum())({"weight": weight, "bias": bias}))
        return found

    agree(call, X, weight, bias)


def test_functional_call_refuses():
    both_raise(lambda lib, f, x, w: f.functional_call(linear(lib), ({"weight": w}, {"weight": w}), x), X, normal(2, 3))
    both_raise(lambda lib, f, x, w: f.functional_call(linear(lib), {"weight": w}, x, strict=True), X, normal(2, 3))
    both_raise(lambda lib, f, x: f.functional_call(linear(lib), {"weight": 3}, x), X)
    both_raise(lambda lib, f, x: f.functional_call(linear(lib), 3, x), X)
    both_raise(lambda lib, f, x: f.functional_call(linear(lib), [3], x), X)


def counter(library):
    layers = nn if library is mg else torch.nn

    class Counter(layers.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("count", library.zeros(()))
            self.scale = layers.Parameter(library.ones(()))
            self.tied = self.scale

        def forward(self, x):
            self.count = self.count + 1
            return x * self.scale * self.tied + self.count

    return Counter()


def test_functional_call_with_state_and_tied_weights():
    def call(lib, f, x):
        module, two = counter(lib), lib.tensor(2.0)
        buffers = {"count": lib.zeros(())}
        found = [f.functional_call(module, buffers, x), buffers, module.count]
        for arguments in ({"tie_weights": True}, {"tie_weights": False}):
            found.append(f.functional_call(module, {"scale": two, "count": lib.zeros(())}, x, **arguments))
        found.append(f.functional_call(module, {"scale": two, "tied": two, "count": lib.zeros(())}, x, strict=True))
        return [one.detach() if hasattr(one, "detach") else one for one in found]

    agree(call, X)
    both_raise(lambda lib, f, x: f.functional_call(counter(lib), {"scale": lib.ones(()), "tied": lib.zeros(())}, x), X)


def test_functional_call_of_batch_norm_moves_the_buffers_that_were_given():
    def call(lib, f, x):
        norm = (nn if lib is mg else torch.nn).BatchNorm1d(3).double()
        buffers = {name: one.clone() for name, one in norm.named_buffers()}
        y = f.functional_call(norm, buffers, x)
        return y.detach(), buffers, norm.running_mean

    agree(call, normal(4, 3))
