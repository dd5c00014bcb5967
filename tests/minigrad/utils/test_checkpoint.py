"""Checkpoints: the same bits in less memory, and a refusal where computing again would give something else."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.autograd import Function, grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, GradError
from minigrad.utils.checkpoint import checkpoint, checkpoint_sequential


def leaf(*shape):
    return mg.randn(*shape, dtype=mg.float64, requires_grad=True)


def plainly(function, *args, **kwargs):
    """What a checkpoint must agree with."""
    return function(*args, **kwargs)


def bits(tensors):
    return [None if one is None else (one.shape, one.detach().numpy().tobytes()) for one in tensors]


LAYERS = {
    "conv": lambda: nn.Conv2d(2, 2, 3, padding=1),
    "batch norm": lambda: nn.BatchNorm2d(2),
    "relu": lambda: nn.ReLU(inplace=True),
    "dropout": lambda: nn.Dropout(0.4),
    "dropout of channels": lambda: nn.Dropout2d(0.4),
    "tanh": nn.Tanh,
    "group norm": lambda: nn.GroupNorm(2, 2),
    "spectral norm": lambda: (
        nn.utils.parametrizations.spectral_norm(nn.Conv2d(2, 2, 1))
        if hasattr(nn.utils, "parametrizations")
        else nn.utils.spectral_norm(nn.Conv2d(2, 2, 1))
    ),
    "noise": lambda: Noise(),
    "counter": lambda: Counter(),
}


class Noise(nn.Module):
    """Adds normal noise."""

    def forward(self, x):
        return x + mg.randn_like(x)


class Counter(nn.Module):
    """Scales by how often it ran, which it keeps in a buffer that it binds anew."""

    def __init__(self):
        super().__init__()
        self.register_buffer("runs", mg.zeros(1))

    def forward(self, x):
        self.runs = self.runs + 1
        return x * self.runs


def trained(run, names, order=1, seed=0):
    """Two training steps of a network, then everything that they have left behind."""
    mg.manual_seed(seed)
    layers = [LAYERS[name]() for name in names]
    network = nn.Sequential(*layers)
    optimizer = mg.optim.SGD(network.parameters(), lr=0.1) if list(network.parameters()) else None
    x = mg.randn(3, 2, 4, 4, requires_grad=True)
    left = []
    for _ in range(2):
        # The same network twice before one backward, as in adversarial training.
        loss = sum((run(network, value) ** 2).mean() for value in (x * 1, x * 2))
        points = [x, *network.parameters()]
        gradients = grad(loss, points, create_graph=order > 1)
        if order > 1:
            gradients = [*gradients, *grad(sum((one**2).sum() for one in gradients), points, materialize_grads=True)]
        left += [loss, *gradients]
        if optimizer is not None:
            for parameter, gradient in zip(network.parameters(), gradients[1:]):
                parameter.grad = gradient.detach()
            optimizer.step()
    return bits([*left, *network.parameters(), *network.buffers(), mg.rand(3)])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_gives_the_same_bits(name, order):
    names = ("conv", name, "tanh")
    assert trained(checkpoint, names, order) == trained(plainly, names, order)


def test_random_networks_give_the_same_bits():
    hypothesis = pytest.importorskip("hypothesis")
    from hypothesis import strategies as st

    @hypothesis.settings(max_examples=30, deadline=None)
    @hypothesis.given(
        names=st.lists(st.sampled_from(sorted(LAYERS)), min_size=1, max_size=5),
        split=st.integers(0, 5),
        nested=st.booleans(),
        order=st.integers(1, 2),
        seed=st.integers(0, 100),
    )
    def agree(names, split, nested, order, seed):
        def run(network, x):
            def rest(value):
                return network[split:](value) if split < len(names) else value

            def whole(value):
                value = network[:split](value) if split else value
                return checkpoint(rest, value) if nested else rest(value)

            return checkpoint(whole, x)

        assert trained(run, names, order, seed) == trained(plainly, names, order, seed)

    agree()


def test_a_checkpoint_may_begin_by_changing_what_group_normalisation_gave():
    network = nn.Sequential(nn.GroupNorm(2, 4), nn.ReLU(inplace=True))
    x = mg.randn(3, 4, 5, 5, requires_grad=True)
    checkpoint(lambda value: checkpoint(network[1], network[0](value)), x).square().sum().backward()
    found, x.grad = x.grad, None
    network(x).square().sum().backward()
    assert mg.equal(found, x.grad)


# ---------------------------------------------------------------- what comes out


def test_every_way_to_walk():
    w = leaf(3)

    def part(x, scale=1.0):
        return (x * w * scale).sin() * x

    def run(call):
        x, h = leaf(3), leaf(3)
        mg.manual_seed(1)
        results = []
        loss = call(part, x * h, scale=2.0).sum()
        loss.backward(retain_graph=True)
        loss.backward()
        results += [x.grad, h.grad, w.grad]
        results += grad(call(part, x).sum(), [w])
        results += grad(call(part, x).sum(), [x, w], create_graph=True)
        call(part, x).sum().backward(inputs=[w])
        results += [x.grad, w.grad]
        with mg.no_grad():
            results.append(call(part, x))
        return results

    w.grad = None
    mg.manual_seed(5)
    ours = bits(run(checkpoint))
    w.grad = None
    mg.manual_seed(5)
    assert ours == bits(run(plainly))


def test_derivatives_agree_with_differences():
    w = leaf(4)
    assert gradcheck(lambda x: checkpoint(lambda y: (y * w).tanh() * y.exp(), x), leaf(4), order=3)
    assert gradcheck(lambda x: checkpoint(lambda y: checkpoint(mg.sin, y * w).exp(), x), leaf(4), order=3)


def test_nested_results_and_arguments_keep_their_structure():
    x, z = leaf(3), leaf(3)

    def part(pair, *, table):
        a, (b,) = pair
        return {"sum": [a + b * table["z"]], "rest": (a.sin(), "text", None)}

    out = checkpoint(part, (x, [x * 2]), table={"z": z})
    assert out["rest"][1:] == ("text", None)
    (out["sum"][0] * out["rest"][0]).sum().backward()
    expected = grad(((x + x * 2 * z) * x.sin()).sum(), [x, z])
    assert bits([x.grad, z.grad]) == bits(expected)


def test_nested_checkpoints_and_variables_from_outside():
    def run(call):
        x, w = leaf(3), leaf(3)

        def outer(x):
            h = call(lambda y: (y * w).sin().exp(), x)
            q = h.mean().exp()
            inner = call(lambda y: call(lambda t: (t * q).cos(), y * h).sin(), h)
            return inner * call(mg.tanh, h), q

        y, q = call(outer, x)
        first = grad((y * q).sum(), [x, w], create_graph=True)
        second = grad(sum((one**2).sum() for one in first), [x, w])
        return bits([y, *first, *second])

    mg.manual_seed(0)
    ours = run(checkpoint)
    mg.manual_seed(0)
    assert ours == run(plainly)


def test_a_walk_inside_the_function():
    def penalty(x, generator):
        y = (x**3).sin() * mg.rand(3, generator=generator, dtype=mg.float64)
        (slope,) = grad(y.sum(), x, create_graph=True)
        return (slope**2).sum() + y.sum()

    def run(call):
        mg.manual_seed(0)
        x = leaf(3)
        y = call(penalty, x * 2, mg.Generator().manual_seed(3))
        y.backward()
        return bits([y, x.grad])

    assert run(checkpoint) == run(plainly)


def test_functions_and_primitives_of_ones_own():
    class Cube(Function):
        """x³."""

        @staticmethod
        def forward(ctx, x):
            y = x**3
            ctx.save_for_backward(x, y)
            ctx.three = 3
            return y

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            return g * ctx.three * y / x

    def part(x):
        return Cube.apply(Cube.apply(x.sin()) + x).cos()

    assert gradcheck(lambda x: checkpoint(part, x), leaf(3), order=2)
    x = leaf(3)
    assert bits(grad(checkpoint(part, x).sum(), x)) == bits(grad(part(x).sum(), x))


def test_changes_in_place_inside_the_function():
    def part(x, counter):
        counter += 1
        x = x * 2
        x += counter
        x[0] = 5.0
        scratch = mg.zeros(3, dtype=mg.float64)
        scratch[1] = 2.0
        return x.sin() * scratch

    def run(call):
        mg.manual_seed(0)
        x, counter = leaf(3), mg.zeros(3, dtype=mg.float64)
        y = call(part, x, counter) + call(part, x, counter)
        version = counter._version
        y.sum().backward()
        assert counter._version == version
        return bits([y, x.grad, counter])

    assert run(checkpoint) == run(plainly)


def test_the_callers_tensor_is_bound_as_without_checkpoint():
    def part(x):
        x += 1
        return x.sin()

    def run(call):
        mg.manual_seed(0)
        x = leaf(3)
        h = x * 1
        y = call(part, h)
        (y * h).sum().backward()
        return bits([x.grad, h, y])

    assert run(checkpoint) == run(plainly)


def test_what_was_saved_outside_of_a_changed_argument_stays_right():
    def part(x, other):
        x[1:].mul_(other[:1])
        x += 1
        return x.sin() * other[0]

    def run(call):
        mg.manual_seed(0)
        x, other = leaf(4), leaf(3)
        h = x * 1
        before = h * h
        y = call(part, h, other)
        after = h * h  # saves the changed h, while the function is computed again from the old one
        loss = (y * other[0]).sum() + after.sum() + before.sum()
        loss.backward()
        return bits([x.grad, other.grad, h])

    assert run(checkpoint) == run(plainly)


def test_a_change_on_the_tape_of_what_is_no_argument_is_refused():
    h = leaf(3) * 1
    with pytest.raises(GradError, match=r"changes a tensor on the tape .* none of its arguments"):
        checkpoint(lambda x: h.mul_(x), leaf(3))
    view = h[:2]
    for argument in (view, h):
        with pytest.raises(GradError, match="is a view or has views"):
            checkpoint(lambda x: x.mul_(2), argument)
    assert h._version == 0


def test_evaluation_mode_in_between_changes_nothing():
    def run(call):
        mg.manual_seed(0)
        layer = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5))
        x = mg.randn(4, 3, requires_grad=True)
        y = call(layer, x)
        layer.eval()
        layer[0].running_mean.zero_()
        (y**2).sum().backward()
        assert not layer.training
        return bits([x.grad, *layer.buffers()])

    assert run(checkpoint) == run(plainly)


def test_nothing_is_recorded_where_nothing_is_asked_for():
    calls = []
    x = mg.ones(2, requires_grad=True)
    with mg.no_grad():
        assert not checkpoint(lambda x: calls.append(1) or x.sin(), x).requires_grad
    assert not checkpoint(lambda x: x.sin(), mg.ones(2)).requires_grad
    assert checkpoint(lambda x: x, x) is x
    assert checkpoint(lambda: 3) == 3
    assert len(calls) == 1


def test_it_runs_twice_and_only_if_a_derivative_needs_it():
    calls = []

    def part(x):
        calls.append(mg.is_grad_enabled())
        return x.exp().sin()

    x = leaf(3)
    checkpoint(part, x).sum().backward()
    assert calls == [True, True]
    calls.clear()
    checkpoint(lambda x: calls.append(1) or (x + 1).reshape(3, 1).sum(), x).backward()
    assert calls == [1], "shapes are kept"


# ------------------------------------------------------------------- memory


def chain(x):
    for _ in range(10):
        x = x.sin().cos()
    return x


def test_memory_falls_and_nothing_stays():
    x = mg.randn(50_000, requires_grad=True)

    def peaks(call):
        x.grad = None
        tracemalloc.start()
        try:
            h = x
            for _ in range(10):
                h = call(chain, h)
            forward, _ = tracemalloc.get_traced_memory()
            h.sum().backward()
            after, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        return forward, peak, after

    forward, peak, after = peaks(plainly)
    with_forward, with_peak, with_after = peaks(checkpoint)
    assert with_forward < forward / 10
    assert with_peak < peak / 4
    assert with_after < after + 20_000


def test_interior_arrays_are_free_during_the_first_run():
    alive = []

    class Watch(mg.autograd.Observer):
        def applied(self, primitive, inputs, outputs):
            alive.append(weakref.ref(outputs[0]._array))

    with mg.autograd.observe(Watch()):
        y = checkpoint(chain, mg.ones(4, requires_grad=True))
    assert [reference() is not None for reference in alive] == [False] * 19 + [True]
    y.sum().backward()


@pytest.mark.parametrize("walk", ["none", "backward", "retained", "create_graph", "partial", "raised"])
def test_a_dropped_loss_takes_everything_along(walk):
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5), nn.Tanh())

    def once():
        x = mg.randn(2, 1, 5, 5, requires_grad=True)
        argument = x * 1
        loss = checkpoint(lambda y: checkpoint(network, y).sin(), argument).sum()
        references.extend(weakref.ref(one) for one in (argument, loss.grad_fn))
        if walk == "raised":
            with mg.no_grad():
                argument += 1
            with pytest.raises(GradError) as raised:
                loss.backward()
            raised.value.__traceback__ = None
            del raised
        elif walk == "partial":
            grad(loss, argument)
        elif walk != "none":
            loss.backward(retain_graph=walk == "retained", create_graph=walk == "create_graph")
            for tensor in (x, *network.parameters()):
                tensor.grad = None

    references = []
    gc.collect()
    gc.disable()
    try:
        once()
        assert [reference() for reference in references] == [None, None]
    finally:
        gc.enable()


# ----------------------------------------------------------------- refusals


def test_changes_between_forward_and_backward():
    w, buffer = leaf(3), mg.ones(3, dtype=mg.float64)
    for changed in ("argument", "parameter", "closure"):
        x = leaf(3)
        argument = x * 1
        y = checkpoint(lambda a: ((a + w) * buffer).sin(), argument).sum()
        with mg.no_grad():
            {"argument": argument, "parameter": w, "closure": buffer}[changed].add_(1)
        with pytest.raises(GradError, match="an argument, a parameter or another tensor that was changed in place"):
            y.backward()
        assert (x.grad, w.grad) == (None, None)


def test_a_variable_that_a_loop_binds_anew():
    x = leaf(3)
    weights = [leaf(3) for _ in range(3)]
    h = x
    for w in weights:
        h = checkpoint(lambda h: (h * w).sin(), h)  # noqa: B023
    with pytest.raises(GradError, match=r"step 0, mul, reads another tensor .* by the loop around it"):
        h.sum().backward()
    h = x
    for w in weights:
        h = checkpoint(lambda h, w: (h * w).sin(), h, w)
    h.sum().backward()
    assert weights[0].grad is not None


def test_functions_that_do_something_else_the_second_time():
    runs = []

    def other_steps(x):
        runs.append(1)
        return x.sin().exp() if len(runs) == 1 else x.cos().exp()

    def fewer(x):
        runs.append(1)
        return x.sin().exp() if len(runs) == 1 else x.sin()

    def other_values(x):
        runs.append(1)
        return (x * len(runs)).sin()

    generator = mg.Generator().manual_seed(0)

    def drawn(x):
        return F.dropout(x.exp(), 0.5, generator=generator).sin()

    x = mg.ones(64, requires_grad=True)
    for function, message in [
        (other_steps, r"step 0 was sin of shape \(64,\) and dtype float32, and is cos of shape"),
        (fewer, r"step 1 was exp of shape .*, and is the end now"),
        (other_values, "gave other values than its first run"),
        (drawn, "draws from a generator of its own"),
    ]:
        runs.clear()
        with pytest.raises(GradError, match=message):
            checkpoint(function, x).sum().backward()
    runs.clear()
    runs.append(1)
    y = checkpoint(fewer, x).sum()
    runs.clear()
    with pytest.raises(GradError, match=r"step 1 was the end, and is exp of shape .* now"):
        y.backward()
    assert x.grad is None
    runs.clear()
    checkpoint(other_values, x, determinism_check="none").sum().backward()
    assert x.grad is not None


def test_a_change_of_a_saved_value_inside_is_found():
    def part(x):
        y = x.sin()
        z = y.exp() * y
        with mg.no_grad():
            y.mul_(2)
        return z

    x = leaf(3)
    with pytest.raises(GradError, match=r"inside a checkpoint has saved a value .* changed in place"):
        checkpoint(part, x).sum().backward()
    with pytest.raises(GradError, match="changed in place"):
        part(x).sum().backward()


def test_a_generator_among_the_arguments_is_rewound():
    x = mg.ones(64, requires_grad=True)
    generator = mg.Generator().manual_seed(0)
    part = lambda x, generator: F.dropout(x.exp(), 0.5, generator=generator).sin()  # noqa: E731
    y = checkpoint(part, x, generator)
    after = generator.get_state()
    y.sum().backward()
    assert generator.get_state() == after
    expected = grad(part(x, mg.Generator().manual_seed(0)).sum(), x)
    assert bits([x.grad]) == bits(expected)


def test_without_the_random_state_a_drawing_function_is_refused():
    x = mg.ones(64, requires_grad=True)
    y = checkpoint(lambda x: F.dropout(x.exp(), 0.5).sin(), x, preserve_rng_state=False)
    with pytest.raises(GradError, match="other values"):
        y.sum().backward()


def test_an_error_of_the_function_passes_and_leaves_nothing():
    with pytest.raises(ZeroDivisionError):
        checkpoint(lambda x: x.sin() / (1 / 0), leaf(1))
    assert mg.autograd.observers() == ()


def test_arguments_that_cannot_be():
    x = leaf(1)
    with pytest.raises(DTypeError, match="checkpoint got a Tensor as its function"):
        checkpoint(x, mg.sin)
    with pytest.raises(ArgumentError, match="determinism_check='often'"):
        checkpoint(mg.sin, x, determinism_check="often")
    assert mg.checkpoint is checkpoint


def test_contexts_around_both_runs():
    seen = []

    class Noted:
        def __init__(self, name):
            self.name = name

        def __enter__(self):
            seen.append(self.name)

        def __exit__(self, *exc):
            seen.append(f"after {self.name}")

    y = checkpoint(lambda x: x.sin().exp(), leaf(2), context_fn=lambda: (Noted("first"), Noted("again")))
    assert seen == ["first", "after first"]
    y.sum().backward()
    assert seen[2:] == ["again", "after again"]


# ------------------------------------------------------------------ sequential


@pytest.mark.parametrize("segments", [1, 2, 3, 5])
def test_chains_in_segments(segments):
    mg.manual_seed(0)
    network = nn.Sequential(*[nn.Sequential(nn.Linear(4, 4), nn.Tanh()) for _ in range(5)])
    x = mg.randn(2, 4, requires_grad=True)
    points = [x, *network.parameters()]
    expected = grad((network(x) ** 2).sum(), points)
    for chain in (network, list(network)):
        out = checkpoint_sequential(chain, segments, x, use_reentrant=False)
        assert bits(grad((out**2).sum(), points)) == bits(expected)


@pytest.mark.parametrize("segments", [0, 3, True, 1.5])
def test_segments_that_cannot_be(segments):
    with pytest.raises(ArgumentError, match=f"segments={segments} for 2 functions"):
        checkpoint_sequential([mg.sin, mg.cos], segments, leaf(1))
    assert np.isfinite(checkpoint_sequential([mg.sin, mg.cos], 2, leaf(1), preserve_rng_state=False).item())
