"""The tape seen from outside: hooks, retained gradients, options of `grad` and `backward`, accumulation."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import numpy as np
import pytest
import torch

import minigrad as mg
from tests.torch_oracle.compare import agree, assert_same, both_refuse, compare, leaf, normal

LIBRARIES = [mg, torch]


# ------------------------------------------------------------- accumulation


def test_gradients_add_up_in_leaves():
    def run(library):
        x, y = leaf(library, 3), leaf(library, 3, seed=1)
        (x * y).sum().backward()
        (x * x).sum().backward()
        first = x.grad
        (x * 3).sum().backward()
        return x.grad, y.grad, first is x.grad

    agree(run)


def test_interior_tensors_keep_their_gradient_only_when_asked():
    def run(library):
        x = leaf(library, 3)
        a = x * 2
        b = a * a
        b.retain_grad()
        x.retain_grad()
        (b * x).sum().backward()
        return x.grad, b.grad, b.retains_grad, a.retains_grad, x.retains_grad, a.is_leaf, x.is_leaf

    agree(run)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
@pytest.mark.filterwarnings("ignore::minigrad.errors.NonLeafGradWarning")
def test_grad_of_an_interior_tensor_is_none():
    for library in LIBRARIES:
        x = leaf(library, 3)
        a = x * 2
        a.sum().backward()
        assert a.grad is None


def test_retained_gradients_add_up():
    def run(library):
        x = leaf(library, 3)
        a = x * 2
        a.retain_grad()
        a.sum().backward(retain_graph=True)
        (a * a).sum().backward()
        return a.grad, x.grad

    agree(run)


def test_shared_subexpressions():
    def function(x):
        y = x
        for _ in range(6):
            y = y * y + y.sin() + x
        return y

    compare(function, function, normal(3) * 0.3)
    compare(lambda x: x + x, lambda x: x + x, normal(3))
    compare(lambda x: x * x * x - x, lambda x: x * x * x - x, normal(3))


def test_backward_with_cotangents():
    def run(library):
        x = leaf(library, 3)
        y = x * x
        y.backward(library.tensor(normal(3, seed=2)))
        z = x.sum().reshape(1, 1)
        z.backward()
        (x * 2).backward(gradient=library.ones(3, dtype=library.float64))
        return x.grad

    agree(run)


def test_backward_of_several():
    def run(library):
        x, y = leaf(library, 3), leaf(library, 2, seed=1)
        a, b = (x * x).sum(), y * x[:2]
        library.autograd.backward([a, b], [None, library.ones(2, dtype=library.float64)])
        library.autograd.backward((x * y.sum()).sum())
        return x.grad, y.grad

    agree(run)


def test_backward_into_chosen_inputs():
    def run(library):
        x, y = leaf(library, 3), leaf(library, 3, seed=1)
        z = x * y
        (z * z).sum().backward(inputs=[x])
        first = y.grad is None
        (x * y * 2).sum().backward(inputs=x)
        (x * y).sum().backward(inputs=[x, y])
        return x.grad, y.grad, first

    agree(run)
    for library in LIBRARIES:
        x = leaf(library, 3)
        z = x * 2
        (z * z).sum().backward(inputs=[z])
        assert x.grad is None
        z.retain_grad()
        both = z.grad
        assert_same(*([mg.tensor(both.numpy()), torch.tensor(both.numpy())]))
        np.testing.assert_allclose(both.numpy(), 2 * z.detach().numpy())
        with pytest.raises(RuntimeError):
            (x * 2).sum().backward(inputs=[])


def test_graphs_are_freed_unless_retained():
    for library in LIBRARIES:
        x = leaf(library, 3)
        loss = (x * x).sum()
        loss.backward(retain_graph=True)
        loss.backward()
        with pytest.raises(RuntimeError):
            loss.backward()
        assert_same(mg.tensor(x.grad.numpy()), torch.tensor(4 * x.detach().numpy()))
        y = (
            x * 2
        ).sum()  # nothing is saved here, so PyTorch and minigrad may differ in a second walk; the first is alike
        y.backward()


def test_create_graph_accumulates_on_the_tape():
    def run(library):
        x = leaf(library, 3)
        (x**3).sum().backward(create_graph=True)
        first = x.grad
        assert first.requires_grad
        x.grad = None
        (first**2).sum().backward()
        return x.grad

    with pytest.warns(UserWarning, match="create_graph=True will create a reference cycle"):
        theirs = run(torch)
    assert_same(run(mg), theirs)


def test_assigned_gradients():
    for library in LIBRARIES:
        x = leaf(library, 3)
        x.grad = library.ones(3, dtype=library.float64)
        x.sum().backward()
        assert x.grad.tolist() == [2, 2, 2]
        x.grad = None
        assert x.grad is None
    for wrong in (lambda library: library.ones(2).double(), lambda library: library.ones(3), lambda library: 1.0):
        calls = []
        for library in LIBRARIES:
            x = leaf(library, 3)
            calls.append(lambda x=x, library=library: setattr(x, "grad", wrong(library)))
        both_refuse(*calls)


def test_what_backward_refuses():
    for make in (
        lambda library: library.ones(3).sum().backward(), lambda library: (leaf(library, 3) * 2).backward(),
        lambda library: (leaf(library, 3) * 2).backward(library.ones(2)),
        lambda library: leaf(library, 3).detach().sum().backward(),
        lambda library: leaf(library, 3).long().sum().backward(),
    ):  # fmt: skip
        both_refuse(lambda: make(mg), lambda: make(torch))


def test_flags_of_results():
    def run(library):
        x = leaf(library, 3)
        with library.no_grad():
            a = x * 2
            with library.enable_grad():
                b = x * 2
        with library.set_grad_enabled(False):
            c = x * 2

        @library.no_grad()
        def off(t):
            return t * 2

        @library.enable_grad()
        def on(t):
            return t * 2

        with library.no_grad():
            d = on(x)
        library.set_grad_enabled(False)
        e = x * 2
        library.set_grad_enabled(True)
        return [
            t.requires_grad for t in (a, b, c, off(x), d, e, x.detach(), x > 0, x.argmax(), x.sign(), x.long())
        ], library.is_grad_enabled()

    agree(run)


def test_requires_grad_switched():
    for library in LIBRARIES:
        x = library.ones(3)
        assert x.requires_grad_() is x
        assert x.requires_grad
        x.requires_grad = False
        assert not (x * 2).requires_grad
        y = library.ones(3, requires_grad=True) * 2
        with pytest.raises(RuntimeError):
            y.requires_grad_(False)
        with pytest.raises(RuntimeError):
            library.ones(3, dtype=library.int64).requires_grad_()
        with pytest.raises(RuntimeError):
            y.numpy()
        with pytest.raises(RuntimeError):
            library.ones(3).retain_grad()
        with pytest.raises(RuntimeError):
            library.ones(3).register_hook(print)


# -------------------------------------------------------------------- grad


def test_options_of_grad():
    def run(library):
        x, y, z = leaf(library, 3), leaf(library, 3, seed=1), leaf(library, 2, seed=2)
        loss = (x * x * y).sum()
        grad = library.autograd.grad
        plain = grad(loss, [x, y], retain_graph=True)
        single = grad(loss, x, retain_graph=True)
        unused = grad(loss, [x, z], retain_graph=True, allow_unused=True)
        zeros = grad(loss, [x, z], retain_graph=True, materialize_grads=True)
        shaped = grad(x * y, [x], library.tensor(normal(3, seed=4)))
        several = grad([x * y, (x * 2).sum()], [x, y], [library.tensor(normal(3, seed=4)), None])
        recorded = grad(loss, x, create_graph=True)[0]
        second = grad(recorded.sum(), [x, y])
        interior = x * 2
        at_interior = grad((interior * interior).sum(), interior)
        same = grad(x.sum() * 1.0, [x, x])
        return plain, single, unused, zeros, shaped, several, second, at_interior, same, x.grad, recorded.requires_grad

    agree(run)


def test_what_grad_refuses():
    for make in (
        lambda library, x, z: library.autograd.grad((x * x).sum(), [x, z]),
        lambda library, x, z: library.autograd.grad(x * x, x),
        lambda library, x, z: library.autograd.grad((x * x).sum(), library.ones(2)),
        lambda library, x, z: library.autograd.grad(x * x, x, library.ones(2, dtype=library.float64)),
        lambda library, x, z: library.autograd.grad([(x * x).sum(), x.sum()], x, [None]),
        lambda library, x, z: library.autograd.grad(library.ones(1), x),
        lambda library, x, z: library.autograd.grad((x * x).sum(), [x, z], allow_unused=False, materialize_grads=False),
        lambda library, x, z: library.autograd.grad((x * x).sum(), [x, z], allow_unused=False, materialize_grads=True),
    ):
        both_refuse(
            *[lambda library=library: make(library, leaf(library, 3), leaf(library, 2)) for library in LIBRARIES]
        )


def test_third_and_fourth_derivatives():
    def run(library):
        x = leaf(library, 4)
        value, found = (x.tanh() * x.exp()).sum(), []
        for _ in range(4):
            (value,) = library.autograd.grad(value.sum(), x, create_graph=True)
            found.append(value.detach())
        return found

    agree(run)


def test_gradcheck():
    for library in LIBRARIES:
        x = leaf(library, 3)
        assert library.autograd.gradcheck(lambda t: (t * t).sin(), (x,))
        assert library.autograd.gradgradcheck(lambda t: (t * t).sin(), (x,))
        with pytest.raises(RuntimeError):
            library.autograd.gradcheck(lambda t: t.detach() * t, (x,))
        assert not library.autograd.gradcheck(lambda t: t.detach() * t, (x,), raise_exception=False)


def test_large_and_deep_graphs():
    def run(library):
        x = leaf(library, 2)
        y = x
        for step in range(3000):
            y = y * 0.999 + x * (0.001 * (step % 3))
        y.sum().backward()
        return x.grad

    agree(run)
