"""`autograd.Function` and checkpoints: the same classes and the same networks in both libraries."""

import numpy as np
import pytest
import torch
import torch.utils.checkpoint

import minigrad as mg
import minigrad.utils.checkpoint
import nn
from tests.torch_oracle.compare import agree, assert_same, both_refuse, compare, leaf, normal

LIBRARIES = [mg, torch]


def classes(library):
    """Functions of every shape, written once for both libraries."""
    Function, once = library.autograd.Function, library.autograd.function.once_differentiable

    class Gated(Function):
        @staticmethod
        def forward(ctx, x, w, scale):
            y = library.sigmoid(x) * w * scale
            ctx.save_for_backward(x, w, y)
            ctx.scale = scale
            return y

        @staticmethod
        def backward(ctx, g):
            x, _, y = ctx.saved_tensors
            s = library.sigmoid(x)
            return g * y * (1 - s), g * s * ctx.scale, None

    class Parts(Function):
        @staticmethod
        def forward(x):
            return x.clamp(min=0), x.clamp(max=0), "text", (x > 0).long()

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(inputs[0])
            ctx.mark_non_differentiable(output[3])

        @staticmethod
        def backward(ctx, high, low, text, places):
            (x,) = ctx.saved_tensors
            return high * (x > 0) + low * (x <= 0) * 3

    class InPlace(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            x.mul_(3)
            ctx.save_for_backward(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 3 * ctx.saved_tensors[0] ** 0

    class Once(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        @once
        def backward(ctx, g):
            return g * 3 * ctx.saved_tensors[0] ** 2

    return {one.__name__: one for one in (Gated, Parts, InPlace, Once)}


CLASSES = {library: classes(library) for library in LIBRARIES}


def test_saved_inputs_and_outputs_to_second_derivatives():
    def run(library):
        return lambda x, w: CLASSES[library]["Gated"].apply(x, w, 2.0)

    compare(run(mg), run(torch), normal(4, 3), normal(4, 3, seed=1))


def test_several_outputs_and_a_context_set_up_later():
    def run(library):
        def function(x):
            high, low, text, places = CLASSES[library]["Parts"].apply(x)
            assert (text, high.grad_fn.name(), places.requires_grad) == ("text", "PartsBackward", False)
            return high, low * 2, places

        return function

    compare(run(mg), run(torch), normal(7))


def test_in_place():
    def run(library):
        def function(x):
            a = x * 1
            b = CLASSES[library]["InPlace"].apply(a)
            assert b is a
            assert a.grad_fn.name() == "InPlaceBackward"
            return a * x

        return function

    compare(run(mg), run(torch), normal(5))


def test_once_differentiable_gives_the_first_derivative():
    def run(library):
        x = leaf(library, 4)
        (gradient,) = library.autograd.grad(CLASSES[library]["Once"].apply(x).sum(), x, create_graph=True)
        return gradient.detach()

    agree(run)


@pytest.mark.parametrize(
    "result",
    [
        lambda g: g,
        lambda g: (g, g),
        lambda g: (g, None, g),
        lambda g: (1.0, None),
        lambda g: [g, None],
        lambda g: (g[:2], None),
        lambda g: (g.sum(), None),
    ],
)
def test_wrong_gradients_are_refused(result):
    def run(library):
        class Wrong(library.autograd.Function):
            @staticmethod
            def forward(ctx, x, k):
                return x * k

            @staticmethod
            def backward(ctx, g):
                return result(g)

        Wrong.apply(leaf(library, 3), 2.0).sum().backward()

    both_refuse(lambda: run(mg), lambda: run(torch))


@pytest.mark.parametrize("result", [lambda g: (g, None, None), lambda g: (None, None), lambda g: (g.float(), None)])
def test_gradients_that_pass(result):
    def run(library):
        class Right(library.autograd.Function):
            @staticmethod
            def forward(ctx, x, k):
                return x * k

            @staticmethod
            def backward(ctx, g):
                return result(g)

        x = leaf(library, 3)
        Right.apply(x, 2.0).sum().backward()
        return x.grad

    agree(run)


# ---------------------------------------------------------------- checkpoints


def layers(library):
    modules = nn if library is mg else torch.nn
    return [
        modules.Conv2d(2, 4, 3, padding=1),
        modules.GroupNorm(2, 4),
        modules.Tanh(),
        modules.Conv2d(4, 3, 3, stride=2),
        modules.Softplus(),
        modules.AvgPool2d(2),
    ]


def networks():
    """The same network in both libraries."""
    theirs = torch.nn.Sequential(*layers(torch)).double()
    ours = nn.Sequential(*layers(mg)).double()
    ours.load_state_dict({key: mg.tensor(value.numpy()) for key, value in theirs.state_dict().items()})
    return {mg: ours, torch: theirs}


@pytest.mark.parametrize("split", [1, 3, 5])
@pytest.mark.parametrize("order", [1, 2])
def test_checkpoints_give_pytorchs_values_and_gradients(split, order):
    found = []
    for library, network in networks().items():
        checkpoint = library.utils.checkpoint.checkpoint
        x = leaf(library, 2, 2, 8, 8)
        parts = list(network)
        points = [x, *network.parameters()]

        def first(value, parts=parts):
            for one in parts[:split]:
                value = one(value)
            return value, {"same": [value * 2]}

        def rest(value, table, parts=parts):
            for one in parts[split:]:
                value = one(value + 0.5 * table["same"][0])
                table = {"same": [value]}
            return value

        y = checkpoint(rest, *checkpoint(first, x, use_reentrant=False), use_reentrant=False)
        gradients = library.autograd.grad((y**2).sum(), points, create_graph=order > 1)
        results = [y, *gradients]
        if order > 1:
            results += library.autograd.grad(sum((one**2).sum() for one in gradients), points)
        found.append([np.array(one.detach().numpy()) for one in results])
    for ours, theirs in zip(*found):
        assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("segments", [1, 2, 4])
def test_chains_in_segments(segments):
    found = []
    for library, network in networks().items():
        x = leaf(library, 2, 2, 8, 8)
        y = library.utils.checkpoint.checkpoint_sequential(network, segments, x, use_reentrant=False)
        (y**2).sum().backward()
        found.append([y, x.grad, *[one.grad for one in network.parameters()]])
    assert_same(*found)


def test_an_argument_changed_in_place_and_a_second_walk_are_refused():
    def changed(library):
        x = leaf(library, 3)
        h = x * 1
        y = library.utils.checkpoint.checkpoint(lambda h: h.sin().exp(), h, use_reentrant=False)
        y.sum().backward()
        y.sum().backward()

    both_refuse(lambda: changed(mg), lambda: changed(torch))
