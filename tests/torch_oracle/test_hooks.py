"""Hooks on tensors, on nodes of the tape and on modules: order, values, replacement and removal."""

# Functions made in a loop are called before it goes on.

import pytest
import torch

import minigrad as mg
from tests.torch_oracle.compare import agree, both_refuse, leaf, normal, positive

LIBRARIES = [mg, torch]


def test_tensor_hooks():
    """Order, values, replacement, removal; on leaves and inside, before gradients are kept."""

    def run(library):
        trace = []
        x = leaf(library, 3)
        a = x * 2
        b = a * a
        x.register_hook(lambda g: trace.append(("x", g.clone())))
        a.register_hook(lambda g: trace.append(("a first", g.clone())))
        a.register_hook(lambda g: g * 10)
        a.register_hook(lambda g: trace.append(("a last", g.clone())))
        gone = b.register_hook(lambda g: trace.append(("gone", g)))
        b.register_hook(lambda g: trace.append(("b", g.clone())))
        a.retain_grad()
        gone.remove()
        gone.remove()
        b.sum().backward()
        return trace, x.grad, a.grad

    agree(run)


def test_hook_handles_as_contexts():
    def run(library):
        trace = []
        x = leaf(library, 3)
        with x.register_hook(lambda g: trace.append(g.clone())):
            (x * 2).sum().backward()
        (x * 3).sum().backward()
        return trace, x.grad

    agree(run)


def test_hook_sees_the_complete_gradient_once():
    def run(library):
        trace = []
        x = leaf(library, 3)
        a = x * 2
        a.register_hook(lambda g: trace.append(g.clone()))
        x.register_hook(lambda g: trace.append(g.clone()))
        (a * a + a.exp() + x).sum().backward()
        return trace, x.grad

    agree(run)


def test_hooks_run_in_grad_too():
    def run(library):
        trace = []
        x = leaf(library, 3)
        a = x * 2
        x.register_hook(lambda g: g * 5)
        a.register_hook(lambda g: trace.append(g.clone()))
        return library.autograd.grad((a * a).sum(), [x, a]), trace

    agree(run)


def test_wrong_hooks_are_refused():
    for wrong in (lambda g: g[:1], lambda g: 3.0):
        calls = []
        for library in LIBRARIES:
            x = leaf(library, 3)
            x.register_hook(wrong)
            calls.append(lambda x=x: (x * 2).sum().backward())
        both_refuse(*calls)


def test_node_hooks():
    def run(library):
        trace = []
        x = leaf(library, 3)
        y = (x * 2).exp()
        y.grad_fn.register_hook(lambda inputs, outputs: trace.append(("after", inputs[0].clone(), outputs[0].clone())))
        y.grad_fn.register_prehook(lambda outputs: trace.append(("before", outputs[0].clone())))
        y.grad_fn.register_prehook(lambda outputs: (outputs[0] * 3,))
        y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 2,))
        y.sum().backward()
        return trace, x.grad

    agree(run)


def test_next_functions():
    for library in LIBRARIES:
        x = leaf(library, 3)
        y = x * 2
        z = (y + x).exp()
        (added, place), *_ = z.grad_fn.next_functions
        assert place == 0
        assert added.next_functions[0][0] is y.grad_fn
        assert x.grad_fn is None
        assert z.grad_fn.name()


# ------------------------------------------------------------ hooks of modules


def layers(library):
    first, second = library.nn.Linear(3, 4), library.nn.Linear(4, 2)
    with library.no_grad():
        for number, parameter in enumerate((*first.parameters(), *second.parameters())):
            parameter.copy_(library.tensor(normal(*parameter.shape, seed=number)))
    return library.nn.Sequential(first, library.nn.Tanh(), second).double()


def test_forward_hooks():
    """Order of pre-hooks, hooks and forward; replacement of arguments and outputs; prepend; keywords; removal."""

    def run(library):
        trace = []
        net = layers(library)
        net[0].register_forward_pre_hook(lambda module, args: trace.append(("pre", args[0].clone())))
        net[0].register_forward_pre_hook(lambda module, args: (args[0] * 2,))
        net[0].register_forward_pre_hook(lambda module, args: trace.append(("first", args[0].clone())), prepend=True)
        net[0].register_forward_pre_hook(lambda module, args: args[0] + 1)
        net[1].register_forward_hook(
            lambda module, args, output: trace.append(("hook", args[0].clone(), output.clone()))
        )
        net[1].register_forward_hook(lambda module, args, output: output * 3)
        net[1].register_forward_hook(lambda module, args, output: trace.append(("last", output.clone())))
        net[1].register_forward_hook(lambda module, args, output: trace.append(("early", output.clone())), prepend=True)
        handle = net.register_forward_hook(lambda module, args, output: trace.append(("whole", output.clone())))
        net[2].register_forward_hook(lambda module, args, kwargs, output: trace.append(list(kwargs)), with_kwargs=True)
        net[2].register_forward_pre_hook(lambda module, args, kwargs: (args, kwargs), with_kwargs=True)
        x = leaf(library, 2, 3)
        y = net(x)
        handle.remove()
        y = y + net(x * 2)
        y.sum().backward()
        return trace, y, x.grad

    agree(run)


def test_full_backward_hooks():
    """Order over nested modules, values of grad_input and grad_output, replacement, prepend and removal."""

    def run(library):
        trace = []
        net = layers(library)

        def note(name):
            return lambda module, grad_input, grad_output: trace.append(
                (name, type(module).__name__, grad_input, grad_output)
            )

        net.register_full_backward_hook(note("whole"))
        for number, module in enumerate(net):
            module.register_full_backward_hook(note(str(number)))
        net[1].register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 2,))
        net[1].register_full_backward_hook(note("after"))
        net[1].register_full_backward_hook(note("prepended"), prepend=True)
        gone = net[2].register_full_backward_hook(note("gone"))
        gone.remove()
        x = leaf(library, 2, 3)
        net(x).sum().backward()
        return trace, x.grad, [p.grad for p in net.parameters()]

    agree(run)


@pytest.mark.filterwarnings("ignore:Full backward hook is firing when gradients are computed")
def test_full_backward_hook_without_gradients_of_the_input():
    def run(library):
        trace = []
        net = layers(library)
        net[0].register_full_backward_hook(lambda module, gi, go: trace.append((gi, go)))
        net(library.tensor(normal(2, 3))).sum().backward()
        return trace, [p.grad for p in net.parameters()]

    agree(run)


def test_full_backward_hook_of_several_inputs_and_outputs():
    def run(library):
        trace = []

        class Pair(library.nn.Module):
            def forward(self, a, number, b):
                return a * b, number, a + b

        module = Pair()
        module.register_full_backward_hook(lambda module, gi, go: trace.append((gi, go)))
        a, b = leaf(library, 3), leaf(library, 3, seed=1)
        product, number, total = module(a, 7, b)
        (product * 2 + total * number).sum().backward()
        module(a, 7, b)[0].sum().backward()
        return trace, a.grad, b.grad

    agree(run)


def test_hooks_under_no_grad():
    def run(library):
        trace = []
        net = layers(library)
        net[1].register_forward_hook(lambda module, args, output: trace.append(output.clone()))
        net[1].register_full_backward_hook(lambda module, gi, go: trace.append("never"))
        with library.no_grad():
            y = net(leaf(library, 2, 3))
        return trace, y, y.requires_grad

    agree(run)


def test_second_order_through_a_module_with_hooks():
    def run(library):
        net = layers(library)
        net[1].register_full_backward_hook(lambda module, gi, go: (gi[0] * 2,))
        x = leaf(library, 2, 3)
        (first,) = library.autograd.grad(net(x).sum(), x, create_graph=True)
        return first.detach(), library.autograd.grad((first * first).sum(), [x, *net.parameters()], allow_unused=True)

    agree(run)


def test_gradient_penalty_reaches_the_weights():
    def run(library):
        net = layers(library)
        x = library.tensor(positive(2, 3), requires_grad=True)
        (g,) = library.autograd.grad(net(x).sum(), x, create_graph=True)
        loss = ((g * g).sum(1).sqrt() - 1).square().mean() + net(x).square().mean()
        loss.backward()
        return loss.detach(), [p.grad for p in net.parameters()]

    agree(run)
