"""Hooks on several gradients, versions, hooks after gradients were added up, hooks of the nodes of leaves."""

import gc
import weakref

import pytest

import minigrad as mg
from minigrad.autograd import graph
from minigrad.errors import ArgumentError, DTypeError, GradError


def leaf(*values):
    return mg.tensor(values, requires_grad=True)


def test_the_module_has_the_name_that_pytorch_gives_it():
    import minigrad.autograd.graph as other

    assert other is graph is mg.autograd.graph


def test_all_gradients_at_once():
    a, b, c = leaf(1.0), leaf(2.0), leaf(3.0)
    seen = []

    def note(gradients):
        seen.append([None if one is None else one.item() for one in gradients])

    handle = graph.register_multi_grad_hook([a, b, c], note)
    (a * 2 + b * 3).backward()
    (a * 2 + b * 3 + c * 4).backward()
    mg.autograd.grad(c * 5, c)
    handle.remove()
    (a + b).backward()
    assert seen == [[2.0, 3.0, None], [2.0, 3.0, 4.0], [None, None, 5.0]]


def test_the_first_gradient_of_each_walk():
    a, b = leaf(1.0), leaf(2.0)
    inner = a * b
    seen = []
    with graph.register_multi_grad_hook([a, inner], lambda gradient: seen.append(gradient.item()), mode="any"):
        inner.backward(retain_graph=True)
        (inner * 3).backward()
    assert seen == [1.0, 3.0]


def test_a_walk_that_failed_does_not_count():
    a, b = leaf(1.0), leaf(2.0)
    seen = []
    graph.register_multi_grad_hook([a, b], lambda gradients: seen.append([g.item() for g in gradients]))

    def once(gradient):
        handle.remove()
        raise ZeroDivisionError

    handle = b.register_hook(once)
    y = a * 2 + b * 3
    with pytest.raises(ZeroDivisionError):
        y.backward(retain_graph=True)
    y.backward()
    assert seen == [[2.0, 3.0]]


def test_a_walk_inside_a_hook_is_another_walk():
    a, b = leaf(1.0), leaf(2.0)
    seen = []
    graph.register_multi_grad_hook([b], lambda gradients: seen.append(gradients[0].item()))

    def other(gradient):
        with mg.enable_grad():
            mg.autograd.grad(b * 7, b)

    a.register_hook(other)
    (a + b).backward()
    assert sorted(seen) == [1.0, 7.0]


def test_what_cannot_be_hooked_is_refused():
    a = leaf(1.0)
    with pytest.raises(ArgumentError, match="mode='some'; it is 'all' or 'any'"):
        graph.register_multi_grad_hook([a], print, mode="some")
    with pytest.raises(DTypeError, match="got a int; a hook is a function"):
        graph.register_multi_grad_hook([a], 3)
    with pytest.raises(GradError, match=r"number 1 is a tensor of shape \(2,\) that does not require gradients"):
        graph.register_multi_grad_hook([a, mg.ones(2)], print)


def test_versions_can_be_raised_by_hand():
    x, c = leaf(1.0), mg.ones(1)
    graph.increment_version(c)
    graph.increment_version([c, c[:1]])
    assert c._version == 3
    y = x * c
    graph.increment_version(c)
    with pytest.raises(GradError, match="changed in place"):
        y.backward()
    with pytest.raises(DTypeError, match="increment_version got a int"):
        graph.increment_version([3])
    with pytest.raises(DTypeError, match="increment_version got a int"):
        graph.increment_version(3)


# ------------------------------------------------------- after gradients are added up


def test_post_accumulate_hooks_see_the_sum():
    x = leaf(2.0)
    seen = []
    handle = x.register_post_accumulate_grad_hook(lambda tensor: seen.append((tensor is x, tensor.grad.item())))
    (x * x).backward()
    (x * 3).backward(inputs=[x])
    mg.autograd.grad(x * 3, x)
    handle.remove()
    (x * 3).backward()
    assert seen == [(True, 4.0), (True, 7.0)]


def test_an_optimiser_in_a_post_accumulate_hook():
    x = leaf(2.0)

    @mg.no_grad()
    def descend(tensor):
        tensor -= 0.5 * tensor.grad
        tensor.grad = None

    x.register_post_accumulate_grad_hook(descend)
    (x * x).backward()
    assert (x.item(), x.grad) == (0.0, None)


def test_post_accumulate_hooks_move_with_the_data():
    x = leaf(2.0)
    seen = []
    x.register_post_accumulate_grad_hook(lambda tensor: seen.append(tensor.grad.tolist()))
    x.data = mg.ones(3)
    (x * 2).sum().backward()
    assert seen == [[2.0, 2.0, 2.0]]


def test_wrong_post_accumulate_hooks_are_refused():
    x = leaf(2.0)
    with pytest.raises(GradError, match="on a tensor that <mul #"):
        (x * 2).register_post_accumulate_grad_hook(print)
    with pytest.raises(GradError, match="on a tensor that does not require gradients"):
        mg.ones(1).register_post_accumulate_grad_hook(print)
    with pytest.raises(DTypeError, match="a hook is a function"):
        x.register_post_accumulate_grad_hook(None)
    x.register_post_accumulate_grad_hook(lambda tensor: tensor.grad)
    with pytest.raises(GradError, match="returned a Tensor; it returns None"):
        (x * 2).backward()


def test_hooks_of_the_node_of_a_leaf():
    x = leaf(2.0)
    y = x * 3
    node = y.grad_fn.next_functions[0][0]
    seen = []
    node.register_prehook(lambda cotangents: seen.append(("before", cotangents[0].item(), x.grad)))
    node.register_hook(lambda gradients, cotangents: seen.append((gradients, cotangents[0].item(), x.grad.item())))
    y.backward()
    assert seen == [("before", 3.0, None), ((), 3.0, 3.0)]


def test_hooks_make_no_cycle():
    gc.collect()
    gc.disable()
    try:
        x = leaf(2.0)
        x.register_post_accumulate_grad_hook(lambda tensor: None)
        graph.register_multi_grad_hook([x], lambda gradients: None)
        (x * 3).backward()
        gone = weakref.ref(x)
        del x
        assert gone() is None
    finally:
        gc.enable()
