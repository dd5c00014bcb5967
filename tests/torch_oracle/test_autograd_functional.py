"""minigrad.autograd.functional against torch.autograd.functional."""

import itertools

import pytest
import torch
import torch.autograd.functional

import minigrad as mg
from tests.torch_oracle.compare import normal
from tests.torch_oracle.test_func import assert_same_tree, tensors

X, Y, ONE = normal(3), normal(3, seed=1), normal(1)


def agree(compute, *arrays):
    results = [compute(lib, lib.autograd.functional, *tensors(lib, arrays)) for lib in (mg, torch)]
    assert_same_tree(*results)


def both_raise(compute, *arrays):
    with pytest.raises(mg.errors.MinigradError):
        compute(mg, mg.autograd.functional, *tensors(mg, arrays))
    with pytest.raises((RuntimeError, ValueError, TypeError, AssertionError)):
        compute(torch, torch.autograd.functional, *tensors(torch, arrays))


def cube(x):
    return (x**3).sum() * x[0]


def product(x, y):
    return (x * x * y * y.exp()).sum()


def several(x, y):
    return x * y, (x.exp() * y).sum()


# ----------------------------------------------------------------- derivatives


def jacobian(f, *args, **options):
    """With tuples throughout: PyTorch gives lists where it is vectorized."""

    def tuples(found):
        return tuple(tuples(one) for one in found) if isinstance(found, tuple | list) else found

    return tuples(f.jacobian(*args, **options))


@pytest.mark.parametrize(
    "options",
    [{}, {"strict": True}, {"vectorize": True}, {"vectorize": True, "strategy": "forward-mode"}],
    ids=lambda options: " ".join(options) or "plain",
)
def test_jacobian(options):
    agree(lambda lib, f, x: jacobian(f, lambda x: x * x.sum(), x, **options), X)
    agree(lambda lib, f, x: jacobian(f, lambda x: x * x.sum(), (x,), **options), X)
    agree(lambda lib, f, x: jacobian(f, lambda x: (x * x, x.sum()), x, **options), X)
    agree(lambda lib, f, x: jacobian(f, lambda x: (x * x,), x, **options), X)
    agree(lambda lib, f, x, y: jacobian(f, several, (x, y), **options), X, Y)
    agree(lambda lib, f, x, y: jacobian(f, product, (x, y), **options), X, Y)


@pytest.mark.parametrize(
    "options",
    [
        {}, {"strict": True}, {"vectorize": True},
    ],
    ids=lambda options: " ".join(options) or "plain",
)  # fmt: skip
def test_hessian(options):
    agree(lambda lib, f, x: f.hessian(cube, x, **options), X)
    agree(lambda lib, f, x: f.hessian(cube, (x,), **options), X)
    agree(lambda lib, f, x: f.hessian(lambda x: cube(x)[None, None], x, **options), X)
    agree(lambda lib, f, x, y: f.hessian(product, (x, y), **options), X, Y)


def test_hessian_in_forward_mode():
    def both(lib, f, x, y):
        found = f.hessian(product, (x, y), vectorize=True, outer_jacobian_strategy="forward-mode")
        return [[block.detach() for block in row] for row in found]

    agree(both, X, Y)


@pytest.mark.parametrize("name", ["vjp", "jvp"])
def test_first_products(name):
    agree(lambda lib, f, x, v: getattr(f, name)(lambda x: x * x.exp(), x, v), X, Y)
    agree(lambda lib, f, x, v: getattr(f, name)(lambda x: x * x.exp(), (x,), v), X, Y)
    agree(lambda lib, f, x, v: getattr(f, name)(lambda x: x * x.exp(), x, (v,)), X, Y)
    agree(lambda lib, f, x, v: getattr(f, name)(lambda x: (x * x.exp(),), x, v), X, Y)
    agree(lambda lib, f, x: getattr(f, name)(lambda x: x * x, x), ONE)
    agree(lambda lib, f, x, y, v, w: getattr(f, name)(lambda x, y: (x * y, y), (x, y), (v, w)), X, Y, Y, X)
    agree(lambda lib, f, x, v: getattr(f, name)(lambda x: lib.ones(3), x, v), X, Y)


@pytest.mark.parametrize("name", ["vhp", "hvp"])
def test_second_products(name):
    agree(lambda lib, f, x, v: getattr(f, name)(cube, x, v), X, Y)
    agree(lambda lib, f, x, v: getattr(f, name)(cube, (x,), (v,)), X, Y)
    agree(lambda lib, f, x, v: getattr(f, name)(cube, x, v, strict=True), X, Y)
    agree(lambda lib, f, x: getattr(f, name)(cube, x), ONE)
    agree(lambda lib, f, x, y, v, w: getattr(f, name)(product, (x, y), (v, w)), X, Y, Y, X)
    agree(lambda lib, f, x, v: getattr(f, name)(lambda x: x.sum(), x, v), X, Y)
    agree(lambda lib, f, x, v: getattr(f, name)(lambda x: lib.tensor(1.0), x, v), X, Y)


@pytest.mark.parametrize(
    ("name", "takes"), [("jacobian", 0), ("vjp", 1), ("jvp", 1), ("hessian", 0), ("vhp", 1), ("hvp", 1)]
)
def test_results_with_create_graph(name, takes):
    """They are differentiable where the inputs ask for gradients, and only with create_graph."""

    def differentiated(lib, f, x, v):
        found = []
        function = cube if name in ("hessian", "vhp", "hvp") else lambda x: x**3 * x[0]
        for create in (False, True):
            leaf, vector = x.clone().requires_grad_(), v.clone().requires_grad_()
            result = getattr(f, name)(function, leaf, *[vector] * takes, create_graph=create)
            found.append(result)
            if create:
                last = result[-1] if takes else result
                found.append(lib.autograd.grad((last * last).sum(), (leaf, vector)[: 1 + takes]))
        return found

    agree(differentiated, X, Y)


# ------------------------------------------------------------------- refusals


def test_inputs_and_outputs_are_tensors_or_tuples():
    for name in ("jacobian", "hessian"):
        both_raise(lambda lib, f, x, name=name: getattr(f, name)(lambda x: x.sum(), [x]), X)
        both_raise(lambda lib, f, x, name=name: getattr(f, name)(lambda x: x.sum(), 3), X)
        both_raise(lambda lib, f, x, name=name: getattr(f, name)(lambda x, y: x.sum(), (x, 3)), X)
        both_raise(lambda lib, f, x, name=name: getattr(f, name)(lambda x: 3, x), X)
        both_raise(lambda lib, f, x, name=name: getattr(f, name)(lambda x: [x.sum()], x), X)
    both_raise(lambda lib, f, x: f.jacobian(lambda x: x, x, strategy="sideways"), X)
    both_raise(lambda lib, f, x: f.hessian(cube, x, outer_jacobian_strategy="sideways"), X)


@pytest.mark.parametrize("name", ["vjp", "jvp", "vhp", "hvp"])
def test_vectors_that_do_not_fit(name):
    function = cube if name in ("vhp", "hvp") else lambda x: x * x
    wrong = [lambda x: (), lambda x: (x[:2],), lambda x: ((x, x),), lambda x: (3,), lambda x: ([x],)]
    for arguments in wrong:
        both_raise(lambda lib, f, x, arguments=arguments: getattr(f, name)(function, x, *arguments(x)), X)


@pytest.mark.parametrize("name", ["hessian", "vhp", "hvp"])
def test_second_derivatives_of_more_than_a_number(name):
    more = [X] * (name != "hessian")
    both_raise(lambda lib, f, x, *v: getattr(f, name)(lambda x: x * x, x, *v), X, *more)
    both_raise(lambda lib, f, x, *v: getattr(f, name)(lambda x: (cube(x),), x, *v), X, *more)


# --------------------------------------------------------------------- strict

# Functions of x and y, by what does not depend on what.
LOST = {
    "nothing": lambda lib, x, y: x * y.exp(),
    "constant": lambda lib, x, y: lib.ones(3),
    "without y": lambda lib, x, y: x * x,
    "a constant beside": lambda lib, x, y: (x * y, lib.ones(3)),
    "one each": lambda lib, x, y: (x * x, y * y),
    "linear": lambda lib, x, y: x * 2 + y * 3,
}
SCALARS = {
    "nothing": lambda lib, x, y: (x * y.exp()).sum(),
    "constant": lambda lib, x, y: lib.tensor(1.0),
    "without y": lambda lib, x, y: (x * x).sum(),
    "linear": lambda lib, x, y: x.sum() * 2 + y.sum(),
    "linear in y": lambda lib, x, y: (x * x).sum() + y.sum(),
    "apart": lambda lib, x, y: (x * x).sum() + (y * y).sum(),
}


def outcome(compute):
    try:
        return compute()
    except RuntimeError:  # which GradError is
        return "refused"


def strict_agrees(name, function, create, count):
    def run(lib, f, x, y):
        vectors = [tuple([x, y, x][:count])] if count else []
        call = getattr(f, name)
        result = outcome(
            lambda: call(lambda x, y: function(lib, x, y), (x, y), *vectors, create_graph=create, strict=True)
        )
        return "refused" if result == "refused" else "computed"

    agree(run, X, Y)


@pytest.mark.parametrize(("lost", "create"), [*itertools.product(LOST, (False, True))])
def test_strict_first_derivatives(lost, create):
    function = LOST[lost]
    outputs = 2 if lost in ("a constant beside", "one each") else 1
    for name, count in (("jacobian", 0), ("vjp", outputs), ("jvp", 2)):
        strict_agrees(name, function, create, count)


@pytest.mark.parametrize(("lost", "create"), [*itertools.product(SCALARS, (False, True))])
def test_strict_second_derivatives(lost, create):
    for name, count in (("hessian", 0), ("vhp", 2), ("hvp", 2)):
        strict_agrees(name, SCALARS[lost], create, count)
