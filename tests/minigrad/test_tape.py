"""The walk, its order and its cost; hooks and observers; and that a refused or failed walk changes nothing."""

import asyncio
import json
import os
import subprocess
import sys
import textwrap
import weakref
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import Observer, observe
from minigrad.errors import DTypeError, GradError, MinigradError, NonLeafGradWarning, ShapeError
from minigrad.hooks import HookTable


class Counter(Observer):
    """Counts applications and pulls, and remembers the order of the pulls."""

    def __init__(self):
        self.names, self.nodes = [], []

    def applied(self, primitive, inputs, outputs):
        self.names.append(primitive.name)

    def pulled(self, node, cotangents, gradients):
        self.nodes.append(node)


def leaf(*values, dtype=mg.float32):
    return mg.tensor(values, dtype=dtype, requires_grad=True)


def saved_values(root):
    """Whether each node below `root`, itself first, still holds what its VJP needs."""
    stack, seen = [root], {}
    while stack:
        node = stack.pop()
        if node is not None and node not in seen:
            seen[node] = node.saved is not None
            stack.extend(below for below, _ in node.next_functions)
    return list(seen.values())


# ------------------------------------------------------------------ depth and cost


DEEP = textwrap.dedent(
    """
    import gc, json, sys, threading, time, weakref
    import minigrad as mg

    def walked(length):
        x = y = mg.zeros(1, requires_grad=True)
        for number in range(length):
            y = y + 0.0 if number % 2 else y.tanh()  # held by edges alone, or by what was saved too
            first = weakref.ref(y.grad_fn) if number == 0 else first
        start = time.perf_counter()
        y.backward(retain_graph=True)
        times.setdefault(str(length), []).append(time.perf_counter() - start)
        alive = first() is not None
        del y
        return {"gradient": x.grad.tolist(), "freed": alive and first() is None}

    def run():
        sys.setrecursionlimit(150)
        for length in (10_000, 10_000, 100_000):
            report = walked(length)
        print(json.dumps({**report, "times": times}))

    times = {}
    gc.disable()
    threading.stack_size(8 * 1024 * 1024)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    """
)


@pytest.fixture(scope="module")
def deep():
    """What became of long chains, in a process of its own: on a small stack a recursion in C crashes."""
    done = subprocess.run(
        [sys.executable, "-c", DEEP],
        env=os.environ | {"PYTHONPATH": str(Path(mg.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_deep_chain_runs_backward_without_recursion(deep):
    assert deep["gradient"] == [1.0]


def test_deep_chain_is_freed_at_once_without_recursion(deep):
    assert deep["freed"]


def test_backward_takes_linear_time(deep):
    assert deep["times"]["100000"][0] < 40 * min(deep["times"]["10000"])


@pytest.mark.parametrize("length", [1, 10, 300])
def test_every_node_is_pulled_once_however_many_paths_lead_to_it(length):
    x = leaf(1.0, dtype=mg.float64)
    y = x
    for _ in range(length):
        y = y + y  # 2**length paths
    with observe(Counter()) as counter:
        y.backward()
    assert x.grad.item() == 2.0**length
    assert len(counter.nodes) == length


def test_nodes_are_pulled_by_falling_serial_number():
    x = leaf(1.0, 2.0)
    early, late = x.exp(), x.sin()
    y = ((late * early).tanh() + early * late.detach()).sum()
    with observe(Counter()) as counter:
        y.backward()
    serials = [node.serial for node in counter.nodes]
    assert serials == sorted(serials, reverse=True)
    assert len(set(serials)) == len(serials) == 7


def test_nothing_is_computed_for_what_needs_no_gradient():
    image, weight = mg.ones(1, 1, 4, 4), mg.ones(1, 1, 2, 2, requires_grad=True)
    y = mg.conv2d(image, weight).sum()
    with observe(Counter()) as counter:
        y.backward()
    assert "correlate_weight" in counter.names
    assert "correlate_input" not in counter.names


def test_only_the_way_to_the_inputs_is_walked():
    x, z = leaf(1.0), leaf(2.0)
    y = (x.exp() * z.sin()).sum()
    with observe(Counter()) as counter:
        mg.autograd.grad(y, x)
    assert "sin" not in [node.name() for node in counter.nodes]
    assert "cos" not in counter.names


# ---------------------------------------------------------------------- gradients


def test_gradients_of_several_uses_add_up():
    x = leaf(3.0)
    (x * x + x.exp().detach() * x + x).backward()
    assert x.grad.item() == pytest.approx(6 + np.exp(3) + 1, rel=1e-6)


def test_the_gradient_of_a_number_used_twice_can_be_written():
    x = leaf(2.0).sum().detach().requires_grad_()
    h = x * 1
    h.retain_grad()
    seen = []
    h.register_hook(lambda g: seen.append(g.numpy().ndim))
    (h * 3 + h * h).backward()
    for one in (x, h):
        assert one.grad.item() == 7
        assert one.grad.zero_().item() == 0
    assert seen == [0]


def test_gradients_accumulate_over_calls_and_can_be_forgotten():
    x = leaf(1.0, 2.0)
    (x * x).sum().backward()
    (x * 3).sum().backward()
    assert x.grad.tolist() == [5.0, 7.0]
    x.grad = None
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("given", [None, "gradient"])
def test_leaves_that_get_the_same_cotangent_do_not_alias(given):
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    seed = mg.tensor([1.0, 1.0])
    total = x + y
    (total.sum() if given is None else total).backward(None if given is None else seed)
    x.grad.mul_(100)
    assert (y.grad.tolist(), seed.tolist()) == ([1.0, 1.0], [1.0, 1.0])


def test_gradient_given_by_the_user_is_not_kept_or_changed():
    x = leaf(1.0, 2.0)
    seed = mg.tensor([3.0, 4.0])
    x.backward(seed)
    x.backward(seed)
    seed.zero_()
    assert x.grad.tolist() == [6.0, 8.0]


def test_gradients_are_writable_and_contiguous_arrays_of_their_tensor():
    x = mg.ones(2, 3, dtype=mg.float64, requires_grad=True)
    y = mg.ones(3, 2, requires_grad=True)
    (x.sum() + y.T.sum() + (y.T * 2).to(mg.float64).sum()).backward()
    for tensor in (x, y):
        array = tensor.grad.numpy()
        assert (array.dtype, array.shape) == (tensor.dtype, tensor.shape)
        assert array.flags.c_contiguous
        assert array.flags.writeable


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_create_graph_gives_every_order(order):
    x = leaf(0.7, dtype=mg.float64)
    y = x**5 * x.sin()
    for number in range(order):
        (y,) = mg.autograd.grad(y, x, create_graph=number < order - 1)
    # Leibniz: the derivatives of x⁵ and of sin.
    powers = [0.7**5, 5 * 0.7**4, 20 * 0.7**3, 60 * 0.7**2, 120 * 0.7]
    sines = [np.sin(0.7), np.cos(0.7), -np.sin(0.7), -np.cos(0.7), np.sin(0.7)]
    binomial = {1: [1, 1], 2: [1, 2, 1], 3: [1, 3, 3, 1], 4: [1, 4, 6, 4, 1]}[order]
    right = sum(c * powers[k] * sines[order - k] for k, c in enumerate(binomial))
    assert y.item() == pytest.approx(right, rel=1e-12)
    assert y.requires_grad is False


@pytest.mark.parametrize("function", [mg.exp, mg.tanh, mg.sqrt, mg.sigmoid, mg.reciprocal], ids=lambda f: f.__name__)
def test_vjps_that_read_their_output_can_be_differentiated(function):
    x = leaf(0.3, 0.8, dtype=mg.float64)
    assert mg.autograd.gradcheck(function, x, order=3)


def test_backward_with_create_graph_makes_grad_differentiable():
    x = leaf(2.0, dtype=mg.float64)
    (x**3).backward(create_graph=True)
    assert x.grad.item() == 12.0
    (second,) = mg.autograd.grad(x.grad, x)
    assert second.item() == 12.0


def test_gradients_are_off_the_tape_without_create_graph():
    x = leaf(2.0)
    (x**3).backward()
    assert not x.grad.requires_grad
    assert not mg.autograd.grad(x**3, x)[0].requires_grad


def test_backward_under_no_grad_walks_what_was_recorded():
    x = leaf(2.0)
    y = x * x
    with mg.no_grad():
        y.backward()
    assert x.grad.item() == 4.0


def test_create_graph_under_no_grad_is_recorded_in_leaves_and_inputs_alike():
    x, z = leaf(2.0), leaf(2.0)
    y, w = x**3, z**3
    with mg.no_grad():
        y.backward(create_graph=True)
        w.backward(create_graph=True, inputs=[z])
    assert (x.grad.requires_grad, z.grad.requires_grad) == (True, True)


def test_scalar_leaf_is_its_own_gradient():
    x = leaf(5.0)
    x.backward()
    assert x.grad.tolist() == [1.0]


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_one_element_needs_no_cotangent(shape):
    x = mg.full(shape, 3.0, requires_grad=True)
    (x * x).backward()
    assert x.grad.shape == shape
    assert x.grad.item() == 6.0


def test_cotangent_is_cast_to_the_outputs_dtype():
    x = leaf(1.0, 1.0)
    (x * 2).backward(mg.tensor([1, 2]))
    assert (x.grad.dtype, x.grad.tolist()) == (mg.float32, [2.0, 4.0])


def test_backward_of_several_outputs_is_one_walk():
    x = leaf(1.0, 2.0)
    trunk = x.exp()
    a, b = trunk.sum(), (trunk * 2).sum()
    with observe(Counter()) as counter:
        mg.autograd.backward([a, b, a], [None, mg.tensor(3.0), None])
    assert x.grad.numpy() == pytest.approx(np.exp([1, 2]) * (1 + 6 + 1), rel=1e-6)
    assert [node.name() for node in counter.nodes].count("exp") == 1


def test_backward_into_chosen_inputs_only():
    x, y = leaf(2.0), leaf(3.0)
    inner = x * y
    (inner * y).backward(inputs=[y, inner])
    assert (x.grad, y.grad.item(), inner.grad.item()) == (None, 12.0, 3.0)


def test_a_single_input_needs_no_list():
    x, y = leaf(2.0), leaf(3.0)
    (x * y).backward(inputs=x)
    assert (x.grad.item(), y.grad) == (3.0, None)


def test_a_leaf_that_died_is_passed_over():
    x, y = leaf(2.0), leaf(3.0)
    z = x * y
    del x
    z.backward()
    assert y.grad.item() == 2.0


def test_a_leaf_that_stopped_asking_gets_nothing():
    x, y = leaf(2.0), leaf(3.0)
    z = x * y
    x.requires_grad_(False)
    z.backward()
    assert (x.grad, y.grad.item()) == (None, 2.0)


def test_gradients_of_a_parameter_are_plain_tensors():
    from nn import Parameter

    x = Parameter(mg.tensor(2.0))
    x.backward()
    assert type(x.grad) is mg.Tensor


# -------------------------------------------------------------- gradients as values


def test_grad_returns_a_tuple_and_touches_no_grad():
    x, y = leaf(2.0), leaf(5.0)
    x.grad = mg.tensor([7.0])
    inner = x * y
    inner.retain_grad()
    gradients = mg.autograd.grad(inner * x, [y, x, inner])
    assert isinstance(gradients, tuple)
    assert [g.item() for g in gradients] == [4.0, 20.0, 2.0]
    assert (x.grad.item(), y.grad) == (7.0, None)


def test_grad_of_an_unused_input():
    x, z = leaf(2.0), mg.ones(2, 3, dtype=mg.float64, requires_grad=True)
    y = x * x
    with pytest.raises(GradError, match=r"do not depend on input 1 \(shape \(2, 3\)\).*allow_unused=True"):
        mg.autograd.grad(y, [x, z], retain_graph=True)
    assert mg.autograd.grad(y, [x, z], retain_graph=True, allow_unused=True)[1] is None
    zeros = mg.autograd.grad(y, [x, z], materialize_grads=True)[1]
    assert (zeros.tolist(), zeros.dtype) == ([[0.0] * 3] * 2, mg.float64)


def test_grad_outputs_are_cotangents():
    x = leaf(1.0, 2.0)
    assert mg.autograd.grad(x * x, x, mg.tensor([1.0, 10.0]))[0].tolist() == [2.0, 40.0]
    a, b = x * 2, x * 3
    gradient = mg.autograd.grad([a, b], x, [mg.tensor([1.0, 0.0]), mg.tensor([0.0, 1.0])])[0]
    assert gradient.tolist() == [2.0, 3.0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: mg.autograd.grad(x * 2, x), GradError, r"shape \(2,\): a gradient starts from a scalar"),
        (lambda x: (x * 2).backward(), GradError, r"mean\(\), or give the cotangent"),
        (lambda x: (x * 2).backward(mg.ones(3)), ShapeError, r"gradient of shape \(3,\) for an output of shape \(2,\)"),
        (lambda x: (x * 2).backward([1.0, 1.0]), DTypeError, "was given a list as gradient"),
        (lambda x: mg.ones(1).backward(), GradError, r"does not require gradients \(shape \(1,\)\)"),
        (lambda x: mg.autograd.grad(x.sum(), mg.ones(2)), GradError, "input 0 .* does not require gradients"),
        (lambda x: mg.autograd.grad(x.sum(), [3.0]), DTypeError, "input 0 is a float"),
        (lambda x: mg.autograd.grad([x.sum()], x, [None, None]), GradError, "2 cotangents for 1 outputs"),
        (lambda x: mg.autograd.backward([x.sum()], []), GradError, "0 cotangents for 1 outputs"),
        (lambda x: x.sum().backward(inputs=[]), GradError, "at least one"),
        (lambda x: x.sum().backward(inputs=[mg.ones(2)]), GradError, "must require gradients"),
        (lambda x: x.sum().backward(inputs=[np.ones(2)]), DTypeError, "ndarray"),
        (lambda x: mg.autograd.backward(3.0), DTypeError, "float"),
        (lambda x: mg.autograd.grad([1.0], [x]), DTypeError, "float"),
        (lambda x: mg.autograd.backward([x.sum(), None]), DTypeError, "NoneType"),
    ],
)  # fmt: skip
def test_refusals_teach_and_change_nothing(call, error, message):
    x = leaf(1.0, 2.0)
    x.grad = mg.tensor([7.0, 7.0])
    with pytest.raises(error, match=message):
        call(x)
    assert x.grad.tolist() == [7.0, 7.0]


# ------------------------------------------------------------------- freed graphs


def test_backward_twice_raises_and_leaves_every_grad():
    x, y = leaf(2.0), leaf(3.0)
    z = (x * y).exp()
    z.backward()
    before = (x.grad.tolist(), y.grad.tolist())
    with pytest.raises(GradError, match=r"freed by an earlier backward.*retain_graph=True"):
        z.backward()
    assert (x.grad.tolist(), y.grad.tolist()) == before


@pytest.mark.parametrize("again", [lambda y, x: y.backward(), lambda y, x: mg.autograd.grad(y, x)])
def test_grad_frees_the_graph_as_backward_does(again):
    x = leaf(2.0)
    y = x * x
    mg.autograd.grad(y, x)
    with pytest.raises(GradError, match="retain_graph"):
        again(y, x)
    assert x.grad is None


def test_second_loss_over_a_freed_trunk_changes_nothing():
    x, head = leaf(2.0), leaf(5.0)
    trunk = x.exp()
    first, second = trunk * 3, (trunk * head).tanh()
    first.backward()
    before = x.grad.item()
    with pytest.raises(GradError, match="retain_graph"):
        second.backward()
    assert (x.grad.item(), head.grad) == (before, None)
    assert saved_values(second.grad_fn)[:2] == [True, True], "the head was freed by a walk that was refused"
    second.backward(inputs=[head])  # which does not lead through the trunk
    assert head.grad is not None


def test_retain_graph_keeps_the_graph():
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 12.0
    with pytest.raises(GradError, match="retain_graph"):
        y.backward()


def test_create_graph_retains_unless_told_otherwise():
    x = leaf(2.0)
    y = x * x
    y.backward(create_graph=True)
    y.backward(create_graph=True, retain_graph=False)
    with pytest.raises(GradError, match="retain_graph"):
        y.backward()


def test_walk_releases_what_was_saved():
    x = leaf(2.0)
    y = (x * x).exp()
    assert saved_values(y.grad_fn)[:2] == [True, True]
    y.backward()
    assert saved_values(y.grad_fn)[:2] == [False, False]


# ---------------------------------------------------------------- retained gradients


def test_interior_gradients_only_after_retain_grad():
    x = leaf(2.0)
    plain, kept = x * 3, x * 5
    kept.retain_grad()
    assert (plain.retains_grad, kept.retains_grad, x.retains_grad) == (False, True, False)
    (plain * kept).backward()
    assert (kept.grad.item(), x.grad.item()) == (6.0, 60.0)
    with pytest.warns(NonLeafGradWarning, match=r"computed, by mul, is None.*retain_grad\(\)"):
        assert plain.grad is None


def test_retained_gradients_add_up_over_walks_as_those_of_leaves():
    x = leaf(1.0, 1.0)
    inner = x * 2
    inner.retain_grad()
    y = (inner * inner).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert (inner.grad.tolist(), x.grad.tolist()) == ([8.0, 8.0], [16.0, 16.0])


def test_retained_gradient_belongs_to_its_tensor_alone():
    x = leaf(1.0, 1.0)
    a, b = x * 2, x * 3
    a.retain_grad()
    b.retain_grad()
    seed = mg.tensor([1.0, 2.0])
    (a + b).backward(seed)
    a.grad.zero_()
    assert (b.grad.tolist(), seed.tolist()) == ([1.0, 2.0], [1.0, 2.0])


def test_retained_gradient_is_writable():
    x = leaf(1.0, 1.0)
    inner = x * 2
    inner.retain_grad()
    inner.sum().backward()
    assert inner.grad.zero_().tolist() == [0.0, 0.0]


def test_a_retained_gradient_that_is_asked_for_as_well_counts_once():
    x = leaf(1.0, 1.0)
    inner = x * 2
    inner.retain_grad()
    (inner * inner).sum().backward(inputs=[inner])
    assert (inner.grad.tolist(), x.grad) == ([4.0, 4.0], None)


def test_retain_grad_of_a_leaf_is_nothing_new_and_of_a_constant_is_refused():
    x = leaf(2.0)
    x.retain_grad()
    assert not x.retains_grad
    with pytest.raises(GradError, match=r"requires_grad_\(\)"):
        mg.ones(1).retain_grad()


def test_retaining_does_not_keep_the_tensor_alive():
    x = leaf(2.0)
    inner = x * 2
    y = inner * 3
    inner.retain_grad()
    reference = weakref.ref(inner)
    del inner
    assert reference() is None
    y.backward()
    assert x.grad.item() == 6.0


# ---------------------------------------------------------------------- tensor hooks


def test_hooks_run_in_order_see_the_whole_gradient_and_may_replace_it():
    x = leaf(1.0)
    seen = []
    x.register_hook(lambda g: seen.append(("first", g.item())))
    x.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: seen.append(("last", g.item())))
    (x * 2 + x * 3).backward()
    assert seen == [("first", 5.0), ("last", 50.0)]
    assert x.grad.item() == 50.0


def test_hook_on_an_interior_tensor_changes_what_lies_below():
    x = leaf(1.0, 2.0)
    inner = x * 2
    inner.retain_grad()
    inner.register_hook(lambda g: g.clone().zero_())
    (inner * 3).sum().backward()
    assert (inner.grad.tolist(), x.grad.tolist()) == ([0.0, 0.0], [0.0, 0.0])


def test_hooks_can_be_removed_and_removed_again():
    x = leaf(1.0)
    handle = x.register_hook(lambda g: g * 10)
    with x.register_hook(lambda g: g * 100):
        (x * 2).backward()
    assert x.grad.item() == 2000.0
    handle.remove()
    handle.remove()
    x.grad = None
    (x * 2).backward()
    assert x.grad.item() == 2.0


def test_a_hook_may_remove_itself():
    x = leaf(1.0)
    calls = []

    def once(g):
        calls.append(1)
        handle.remove()

    handle = x.register_hook(once)
    x.register_hook(lambda g: calls.append(2))
    (x * 2).backward()
    (x * 2).backward()
    assert calls == [1, 2, 2]


def test_hooks_are_part_of_the_recorded_walk():
    x = leaf(3.0, dtype=mg.float64)
    x.register_hook(lambda g: g * g)
    (first,) = mg.autograd.grad(x * x, x, create_graph=True)  # (2x)², so 8x
    x._node.hooks.clear()
    assert first.item() == 36.0
    assert mg.autograd.grad(first, x)[0].item() == 24.0


def test_hook_of_one_output_of_several():
    x = leaf(1.0, 2.0, 3.0)
    low, high = mg.split(x, [1, 2])
    high.register_hook(lambda g: g * 10)
    (low.sum() + high.sum()).backward()
    assert x.grad.tolist() == [1.0, 10.0, 10.0]


def test_hook_is_not_called_where_no_gradient_arrives():
    x = leaf(1.0, 2.0, 3.0)
    low, high = mg.split(x, [1, 2])
    high.register_hook(lambda g: pytest.fail("no gradient arrives here"))
    low.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 0.0]


def test_a_hook_may_walk_other_graphs():
    x, z = leaf(2.0), leaf(3.0)
    other = z * z
    seen = []

    def hook(g):
        assert not mg.is_grad_enabled()
        other.backward()
        with mg.enable_grad():
            seen.append(mg.autograd.grad(z * z * z, z)[0].item())

    x.register_hook(hook)
    (x * x).backward()
    assert (seen, x.grad.item(), z.grad.item()) == ([27.0], 4.0, 6.0)
    assert mg.is_grad_enabled()


def test_a_hook_that_walks_its_own_graph_again_is_refused():
    x = leaf(2.0)
    y = x * x
    x.register_hook(lambda g: y.backward())
    with pytest.raises(GradError, match="retain_graph"):
        y.backward()
    assert x.grad is None


def test_hooks_off_the_way_are_not_called():
    x, z = leaf(1.0), leaf(2.0)
    off, on = z.exp(), x.exp()
    off.register_hook(pytest.fail)
    off.grad_fn.register_prehook(pytest.fail)
    z.register_hook(pytest.fail)
    assert mg.autograd.grad([off, on], x)[0].item() == pytest.approx(np.e)
    mg.autograd.backward([x.exp(), z.exp()], inputs=[x])
    assert z.grad is None


def test_hooks_stay_while_a_leaf_is_frozen():
    x = leaf(1.0)
    seen = []
    x.register_hook(lambda g: seen.append(g.item()))
    x.requires_grad_(False)
    x.requires_grad_(True)
    (x * 3).backward()
    assert seen == [3.0]


def test_hook_on_a_constant_is_refused():
    with pytest.raises(GradError, match="does not require gradients"):
        mg.ones(1).register_hook(print)


@pytest.mark.parametrize("wrong", [3, None, "print"], ids=repr)
def test_hooks_are_functions(wrong):
    x = leaf(1.0)
    node = (x * 2).grad_fn
    for register in (x.register_hook, node.register_hook, node.register_prehook):
        with pytest.raises(DTypeError, match=type(wrong).__name__):
            register(wrong)


WRONG_GRADIENTS = [mg.zeros(7), mg.zeros(2, dtype=mg.float64), np.zeros(2, np.float32), 3.0]


@pytest.mark.parametrize(
    "wrong", WRONG_GRADIENTS, ids=lambda wrong: f"{type(wrong).__name__}{getattr(wrong, 'shape', '')}"
)
@pytest.mark.parametrize("where", ["leaf", "interior", "pre", "post", "leaf pre"])
def test_hooks_must_return_gradients_of_the_same_kind(where, wrong):
    x = leaf(1.0, 2.0)
    inner = x * x
    register = {
        "leaf": lambda: x.register_hook(lambda g: wrong),
        "interior": lambda: inner.register_hook(lambda g: wrong),
        "pre": lambda: inner.grad_fn.register_prehook(lambda cotangents: (wrong,)),
        "post": lambda: inner.grad_fn.register_hook(lambda gradients, cotangents: (wrong, None)),
        "leaf pre": lambda: inner.grad_fn.next_functions[0][0].register_prehook(lambda cotangents: (wrong,)),
    }[where]
    register()
    with pytest.raises(GradError, match=r"hook returned"):
        inner.sum().backward()
    assert x.grad is None


def test_hook_tables_keep_order_and_can_put_first():
    table = HookTable()
    table.add(min)
    handle = table.add(max)
    table.add(abs, first=True)
    assert list(table.values()) == [abs, min, max]
    handle.remove()
    assert list(table.values()) == [abs, min]
    del table
    handle.remove()  # the table is gone


# ------------------------------------------------------------------------ node hooks


def test_node_hooks_see_cotangents_and_gradients():
    x, y = leaf(2.0), leaf(3.0)
    z = x * y
    seen = []
    z.grad_fn.register_prehook(lambda cotangents: seen.append([g.item() for g in cotangents]))
    z.grad_fn.register_hook(lambda gradients, cotangents: seen.append([g.item() for g in (*gradients, *cotangents)]))
    (z * 10).backward()
    assert seen == [[10.0], [30.0, 20.0, 10.0]]


def test_node_hooks_may_replace():
    x, y = leaf(2.0), leaf(3.0)
    z = x * y
    z.grad_fn.register_prehook(lambda cotangents: tuple(g * 2 for g in cotangents))
    z.grad_fn.register_hook(lambda gradients, cotangents: (gradients[0] + 1, gradients[1] * 0))
    z.backward()
    assert (x.grad.item(), y.grad.item()) == (7.0, 0.0)


@pytest.mark.parametrize("kind", ["pre", "post"])
def test_node_hooks_must_return_as_many(kind):
    x, y = leaf(2.0), leaf(3.0)
    z = x * y
    if kind == "pre":
        z.grad_fn.register_prehook(lambda cotangents: (cotangents[0],) * 2)
    else:
        z.grad_fn.register_hook(lambda gradients, cotangents: gradients[:1])
    with pytest.raises(GradError, match="as many"):
        z.backward()
    assert (x.grad, y.grad) == (None, None)


def test_removed_node_hooks_are_silent():
    x = leaf(2.0)
    y = x * x
    for handle in (y.grad_fn.register_prehook(pytest.fail), y.grad_fn.register_hook(pytest.fail)):
        handle.remove()
    y.backward()
    assert x.grad.item() == 4.0


def test_nodes_name_their_primitive_and_what_they_came_from():
    x = leaf(2.0)
    y = x * 3
    z = y.exp()
    assert (z.grad_fn.name(), y.grad_fn.name(), x.grad_fn) == ("exp", "mul", None)
    assert z.grad_fn.next_functions == ((y.grad_fn, 0),)
    (first, number), constant = y.grad_fn.next_functions
    assert (first.name(), number, constant) == ("leaf", 0, (None, 0))
    assert repr(z.grad_fn) == f"<exp #{z.grad_fn.serial}>"


# ------------------------------------------------------------------------- observers


def test_observers_see_each_application_and_each_pull():
    x = leaf(1.0, 2.0)
    with observe(Counter()) as counter:
        y = (x * x).sum()
        with mg.no_grad():
            x.detach().exp()
        assert counter.names == ["mul", "sum", "detach", "exp"]
        y.backward()
    assert [node.name() for node in counter.nodes] == ["sum", "mul"]
    seen = len(counter.names)
    x.exp().sum().backward()
    assert (len(counter.names), len(counter.nodes)) == (seen, 2)


def test_observers_get_the_real_tensors():
    class Check(Observer):
        def applied(self, primitive, inputs, outputs):
            self.record = (primitive, tuple(inputs), tuple(outputs))

        def pulled(self, node, cotangents, gradients):
            self.walk = (node, [c.tolist() for c in cotangents], [None if g is None else g.tolist() for g in gradients])

    x = leaf(2.0)
    with observe(Check()) as check:
        y = mg.mul(x, 3)
        assert check.record[0] is mg.mul
        assert check.record[1][0] is x
        assert check.record[2][0] is y
        y.backward()
    assert check.walk == (y.grad_fn, [[1.0]], [[3.0], None])


def test_observers_nest_and_survive_a_change_of_the_switch():
    with observe(Counter()) as outer:
        with observe(Counter()) as inner, mg.no_grad():
            mg.ones(1).exp()
        mg.ones(1).sin()
    assert (inner.names, outer.names) == (["exp"], ["exp", "sin"])


def test_an_observer_leaves_the_switch_alone():
    with mg.no_grad():
        with observe(Counter()):
            mg.set_grad_enabled(True)
        assert mg.is_grad_enabled()
    assert mg.is_grad_enabled()


# ----------------------------------------------------------------------- exceptions


class Boom(Exception):
    pass


def explode(*_):
    raise Boom


@pytest.mark.parametrize("where", ["leaf hook", "interior hook", "prehook", "posthook", "vjp", "observer"])
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_failing_walk_changes_no_grad_and_restores_the_switch(where, create_graph, monkeypatch):
    x, y = leaf(2.0), leaf(3.0)
    x.grad = mg.tensor([7.0])
    inner = x.sin()
    inner.retain_grad()
    last = inner * y
    last.retain_grad()

    class Explosive(Observer):
        def pulled(self, node, cotangents, gradients):
            if node.name() == "sin":
                raise Boom

    register = {
        "leaf hook": lambda: x.register_hook(explode),
        "interior hook": lambda: inner.register_hook(explode),
        "prehook": lambda: inner.grad_fn.register_prehook(explode),
        "posthook": lambda: inner.grad_fn.register_hook(explode),
        "vjp": lambda: monkeypatch.setitem(mg.sin.rules, "x", (explode, mg.sin.rules["x"][1])),
        "observer": lambda: None,
    }[where]
    register()
    errors = np.geterr()
    with observe(Explosive() if where == "observer" else Observer()), pytest.raises(Boom):
        last.backward(create_graph=create_graph)
    assert mg.is_grad_enabled()
    assert np.geterr() == errors
    assert (x.grad.item(), y.grad, inner.grad, last.grad) == (7.0, None, None, None)


def test_walk_refused_under_no_grad_keeps_no_grad():
    x = leaf(2.0)
    y = x * x
    x.register_hook(explode)
    with mg.no_grad():
        with pytest.raises(Boom):
            y.backward(create_graph=True)
        assert not mg.is_grad_enabled()


def test_a_vjp_that_forgets_the_shape_is_told(monkeypatch):
    x = mg.ones(2, 3, requires_grad=True)
    y = mg.permute(x, (1, 0))
    rule, names = y.grad_fn.operation.rules["x"]
    monkeypatch.setitem(y.grad_fn.operation.rules, "x", (lambda g, axes: g, names))
    with pytest.raises(GradError, match=r"returned shape \(3, 2\) for an input of shape \(2, 3\)"):
        y.sum().backward()
    assert rule is not None
    assert x.grad is None


# --------------------------------------------------------------------- the switch


def test_switch_as_block_decorator_and_function():
    @mg.no_grad
    def bare():
        return mg.is_grad_enabled()

    @mg.no_grad()
    def called():
        return mg.is_grad_enabled()

    @mg.set_grad_enabled(False)
    def chosen():
        return mg.is_grad_enabled()

    @mg.enable_grad()
    def enabled(x):
        return (x * 2).requires_grad

    assert mg.is_grad_enabled()
    assert (bare(), called(), chosen()) == (False, False, False)
    with mg.no_grad():
        assert enabled(leaf(1.0))
        with mg.enable_grad():
            assert mg.is_grad_enabled()
        assert not mg.is_grad_enabled()
    mg.set_grad_enabled(False)
    assert not mg.is_grad_enabled()
    mg.set_grad_enabled(True)
    assert (bare.__name__, called.__name__) == ("bare", "called")


def test_one_block_can_be_entered_again_and_nested():
    block = mg.no_grad()
    for _ in range(2):
        with block:
            with mg.enable_grad(), block:
                assert not mg.is_grad_enabled()
            assert not mg.is_grad_enabled()
        assert mg.is_grad_enabled()


@pytest.mark.parametrize("block", [mg.no_grad, mg.enable_grad, lambda: mg.set_grad_enabled(False)])
def test_switch_comes_back_after_an_exception(block):
    def failing():
        with block():
            raise Boom

    with pytest.raises(Boom):
        failing()
    assert mg.is_grad_enabled()
    with pytest.raises(Boom):
        block()(explode)()
    assert mg.is_grad_enabled()


def test_generators_and_coroutines_cannot_be_decorated():
    def generator():
        yield 1

    async def coroutine():
        return 1

    async def both():
        yield 1

    for function in (generator, coroutine, both):
        for switch in (mg.no_grad, mg.no_grad(), mg.enable_grad()):
            with pytest.raises(GradError, match=r"generator or coroutine.*with"):
                switch(function)


def test_switch_belongs_to_the_asynchronous_task():
    async def quiet():
        with mg.no_grad():
            await asyncio.sleep(0)
            return mg.is_grad_enabled()

    async def loud():
        await asyncio.sleep(0)
        return mg.is_grad_enabled()

    async def both():
        return await asyncio.gather(quiet(), loud())

    assert asyncio.run(both()) == [False, True]


def test_results_under_no_grad_are_leaves():
    x = leaf(2.0)
    with mg.no_grad():
        y = x * 2
    assert (y.requires_grad, y.is_leaf, y.grad_fn) == (False, True, None)
    with pytest.raises(MinigradError, match="no_grad"):
        y.backward()


def test_a_retained_gradient_is_that_before_the_nodes_own_hooks():
    x = leaf(1.0)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 5)
    y.grad_fn.register_prehook(lambda cotangents: (cotangents[0] * 3,))
    y.sum().backward()
    assert (y.grad.tolist(), x.grad.tolist()) == ([5.0], [30.0])
