"""Hooks after gradients are added up, on several gradients, on the nodes of leaves, and on every module."""

import pytest
import torch

import minigrad as mg
import nn.modules  # noqa: F401 - so that both libraries have it
from tests.torch_oracle.compare import agree, both_refuse, leaf, normal
from tests.torch_oracle.test_hooks import layers

LIBRARIES = [mg, torch]


def test_post_accumulate_grad_hooks():
    """Sums, several passes, `inputs=`, no call by `grad`, removal."""

    def run(library):
        trace = []
        x, w = leaf(library, 3), leaf(library, 3, seed=1)
        handle = x.register_post_accumulate_grad_hook(lambda t: trace.append(("x", t is x, t.grad.clone())))
        w.register_post_accumulate_grad_hook(lambda t: trace.append(("first", t.grad.clone())))
        w.register_post_accumulate_grad_hook(lambda t: trace.append(("second", t.grad.clone())))
        x.register_hook(lambda g: g * 2)
        (x * w).sum().backward()
        (x * w * w).sum().backward(inputs=[w])
        library.autograd.grad((x * w).sum(), [x, w])
        handle.remove()
        (x * w).sum().backward()
        of_x = [entry for entry in trace if entry[0] == "x"]
        return of_x, [entry for entry in trace if entry[0] != "x"], x.grad, w.grad

    agree(run)


def test_an_optimiser_step_in_the_hook():
    def run(library):
        net = layers(library)
        losses = []
        for parameter in net.parameters():
            optimizer = library.optim.SGD([parameter], lr=0.1)

            def descend(tensor, optimizer=optimizer):
                optimizer.step()
                optimizer.zero_grad()

            parameter.register_post_accumulate_grad_hook(descend)
        x = library.tensor(normal(5, 3))
        for _ in range(4):
            loss = net(x).square().sum()
            loss.backward()
            losses.append(loss.detach())
        return losses, [p.detach() for p in net.parameters()]

    agree(run)


def test_what_cannot_have_a_post_accumulate_hook():
    constants = [library.ones(1) for library in LIBRARIES]
    interior = [leaf(library, 3) * 2 for library in LIBRARIES]
    for tensors in (constants, interior):
        both_refuse(*(lambda t=t: t.register_post_accumulate_grad_hook(print) for t in tensors))


def test_nodes_of_leaves():
    def run(library):
        trace = []
        x = leaf(library, 3)
        y = x * 2
        node = y.grad_fn.next_functions[0][0]
        node.register_prehook(lambda cotangents: trace.append((cotangents[0].clone(), x.grad is None)))
        node.register_hook(
            lambda gradients, cotangents: trace.append((len(gradients), cotangents[0].clone(), x.grad.clone()))
        )
        y.sum().backward()
        return trace, x.grad

    agree(run)


@pytest.mark.parametrize("mode", ["all", "any"])
def test_hooks_on_several_gradients(mode):
    def run(library):
        trace = []
        x, w = leaf(library, 3), leaf(library, 3, seed=1)
        other, inner = w * 3, x * w

        def note(gradients):
            several = gradients if mode == "all" else [gradients]
            trace.append([None if one is None else one.clone() for one in several])

        tensors = [inner, x, other] if mode == "all" else [inner, other]
        handle = library.autograd.graph.register_multi_grad_hook(tensors, note, mode=mode)
        inner.sum().backward(retain_graph=True)
        (inner.exp().sum() + other.sum()).backward(retain_graph=True)
        library.autograd.grad(inner.sum(), inner, retain_graph=True)
        handle.remove()
        inner.sum().backward()
        return trace

    agree(run)


def test_increment_version():
    def run(library):
        x = library.ones(3)
        library.autograd.graph.increment_version(x)
        library.autograd.graph.increment_version([x, x[:1]])
        return x._version

    agree(run)


def test_hooks_on_every_module():
    """Order against a module's own hooks, values, replacement and removal."""

    def run(library):
        trace = []
        net = layers(library)
        everywhere = library.nn.modules.module
        net[1].register_forward_pre_hook(lambda module, args: trace.append(("own pre", args[0].clone())))
        net[1].register_forward_hook(lambda module, args, output: trace.append(("own", output.clone())))
        net[1].register_full_backward_pre_hook(lambda module, go: trace.append(("own backward pre", go[0].clone())))
        net[1].register_full_backward_hook(lambda module, gi, go: trace.append(("own backward", gi[0].clone())))

        def note(what):
            return lambda module, *values: trace.append((what, type(module).__name__, len(values)))

        handles = [
            everywhere.register_module_forward_pre_hook(note("pre")),
            everywhere.register_module_forward_hook(note("after")),
            everywhere.register_module_forward_hook(note("with kwargs"), with_kwargs=True),
            everywhere.register_module_forward_hook(lambda module, args, output: output * 2),
            everywhere.register_module_full_backward_pre_hook(note("backward pre")),
            everywhere.register_module_full_backward_hook(note("backward")),
            everywhere.register_module_full_backward_hook(lambda module, gi, go: (gi[0] * 3,)),
        ]
        x = leaf(library, 2, 3)
        y = net(x)
        y.sum().backward()
        for handle in handles:
            handle.remove()
        z = net(x)
        z.sum().backward()
        return trace, y, z, x.grad, [p.grad for p in net.parameters()]

    agree(run)
