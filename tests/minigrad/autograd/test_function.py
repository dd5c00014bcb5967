"""`Function`: forward and backward on tensors, what the context keeps, and what is refused."""

import gc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import Function, gradcheck
from minigrad.autograd.function import FunctionCtx, once_differentiable
from minigrad.errors import DTypeError, GradError, MissingForwardError


def leaf(*shape):
    return mg.randn(*shape, dtype=mg.float64, requires_grad=True)


def function(forward, backward=None, **methods):
    """A `Function` of these static methods."""
    body = {"forward": forward, **({} if backward is None else {"backward": backward}), **methods}
    return type("Mine", (Function,), {name: staticmethod(method) for name, method in body.items()})


class Product(Function):
    """x·w, keeping both."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x * w

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return (g * w if ctx.needs_input_grad[0] else None), (g * x if ctx.needs_input_grad[1] else None)


class Exponential(Function):
    """exp x, which keeps its output."""

    @staticmethod
    def forward(ctx, x):
        y = mg.exp(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]


class Power(Function):
    """xⁿ in the newer form."""

    @staticmethod
    def forward(x, n=2):
        return x**n

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, ctx.n = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * ctx.n * x ** (ctx.n - 1), None


def test_derivatives_of_every_order():
    assert gradcheck(Product.apply, [leaf(3), leaf(3)], order=3)
    assert gradcheck(Exponential.apply, leaf(3), order=3)
    assert gradcheck(lambda x: Power.apply(x, 3), leaf(3), order=3)


def test_names_nodes_and_what_is_seen_of_them():
    seen = []

    class Watch(mg.autograd.Observer):
        def applied(self, primitive, inputs, outputs):
            seen.append((primitive.name, [one.shape for one in inputs], [one.shape for one in outputs]))

        def pulled(self, node, cotangents, gradients):
            seen.append(node.name())

    x = leaf(2)
    with mg.autograd.observe(Watch()):
        y = Exponential.apply(x)
        y.backward(mg.ones(2, dtype=mg.float64))
    assert y.grad_fn.name() == "ExponentialBackward"
    assert y.grad_fn.next_functions[0][0].name() == "leaf"
    assert ("ExponentialBackward", [(2,)], [(2,)]) in seen
    assert "ExponentialBackward" in seen
    assert repr(y.grad_fn.operation) == "<function Exponential>"


def test_forward_runs_without_recording_and_knows_what_is_needed():
    seen = []

    def forward(ctx, x, text, w, numbers):
        seen.append((mg.is_grad_enabled(), ctx.needs_input_grad, x.requires_grad))
        return x * w

    mine = function(forward, lambda ctx, g: (g, None, g, None))
    x, w = leaf(2), mg.ones(2, dtype=mg.float64)
    assert mine.apply(x, "text", w, [1]).requires_grad
    assert not mine.apply(w, "text", w, [1]).requires_grad
    with mg.no_grad():
        assert not mine.apply(x, "text", w, [1]).requires_grad
    assert seen == [
        (False, (True, False, False, False), True),
        (False, (False,) * 4, False),
        (False, (True, False, False, False), True),
    ]


def test_arguments_by_keyword_and_defaults():
    x = leaf(2)
    assert Power.apply(x).tolist() == (x * x).tolist()
    assert Power.apply(x, n=3).tolist() == (x**3).tolist()
    assert Product.apply(x, w=x).tolist() == (x * x).tolist()
    with pytest.raises(DTypeError, match=r"Power.apply: got an unexpected keyword argument 'm'"):
        Power.apply(x, m=3)
    keyword_only = function(lambda ctx, x, *, k=1: x * k, lambda ctx, g: g)
    with pytest.raises(DTypeError, match="got k for arguments of forward that are by keyword only"):
        keyword_only.apply(x, k=2)


def test_results_of_every_kind():
    seen = []

    def forward(ctx, x):
        still = x * 4
        ctx.mark_non_differentiable(still)
        twice = x * 2
        return twice, "text", (x > 0).long(), still, None, twice

    def backward(ctx, *gradients):
        seen.append([None if one is None else one.tolist() for one in gradients])
        return gradients[0] * 2 + gradients[5] * 2

    mine = function(forward, backward)
    x = mg.tensor([1.0, -1.0], requires_grad=True)
    results = mine.apply(x)
    assert [getattr(one, "requires_grad", one) for one in results] == [True, "text", False, False, None, True]
    (results[0].sum() + 10 * results[5].sum()).backward()
    assert x.grad.tolist() == [22.0, 22.0]
    zeros = [0, 0]
    assert seen == [[[1.0, 1.0], None, zeros, [0.0, 0.0], None, [10.0, 10.0]]]


def test_gradients_are_not_made_up_where_that_is_said():
    seen = []

    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 1, x * 2

    mine = function(forward, lambda ctx, *g: seen.append([one is None for one in g]) or g[1] * 2)
    mine.apply(leaf(2))[1].sum().backward()
    assert seen == [[True, False]]


def test_an_input_that_is_returned_becomes_another_tensor():
    mine = function(lambda ctx, x: x, lambda ctx, g: g * 3)
    x = leaf(2)
    y = mine.apply(x)
    assert y is not x
    assert (y.requires_grad, x.is_leaf, y.grad_fn.name()) == (True, True, "MineBackward")
    assert mg.autograd.grad(y.sum(), x)[0].tolist() == [3.0, 3.0]
    constant = mg.ones(2)
    assert mine.apply(constant) is not constant


def test_a_constant_of_ones_own_stays_off_the_tape():
    constant = mg.ones(2)
    y = function(lambda ctx, x: constant, lambda ctx, g: g * 0).apply(leaf(2))
    assert (y.requires_grad, constant.requires_grad) == (True, False)


def test_anything_can_be_kept_on_the_context():
    def forward(ctx, x, factor):
        assert isinstance(ctx, FunctionCtx)
        ctx.factor, ctx.shape = factor, x.shape
        ctx.save_for_backward(None, x)
        ctx.save_for_forward(x)
        return (x * factor).sum()

    def backward(ctx, g):
        nothing, x = ctx.saved_tensors
        assert nothing is None
        assert x.shape == ctx.shape
        return g.expand(ctx.shape) * ctx.factor, None

    x = leaf(3)
    function(forward, backward).apply(x, 5.0).backward()
    assert x.grad.tolist() == [5.0] * 3


# -------------------------------------------------------------- what is kept


def test_saved_tensors_know_their_versions():
    x, w = leaf(2), mg.ones(2, dtype=mg.float64)
    y = Product.apply(x, w)
    w += 1
    with pytest.raises(
        GradError, match=r"ProductBackward needs a saved tensor \(shape \(2,\)\) .* \(version 1, saved at 0\)"
    ):
        y.sum().backward()
    y = Exponential.apply(x)
    with mg.no_grad():
        y.mul_(2)
    with pytest.raises(GradError, match="changed in place"):
        y.sum().backward()
    assert x.grad is None


def test_saved_tensors_are_freed_and_belong_to_backward():
    x = leaf(2)
    y = Exponential.apply(x).sum()
    y.backward()
    with pytest.raises(GradError, match="freed by an earlier backward"):
        y.backward()
    y = Exponential.apply(x).sum()
    y.backward(retain_graph=True)
    y.backward()
    kept = []
    mine = function(lambda ctx, x: kept.append(ctx) or ctx.save_for_backward(x) or x * 1, lambda ctx, g: g)
    y = mine.apply(x)
    with pytest.raises(GradError, match="saved_tensors is there while backward runs"):
        _ = kept[0].saved_tensors
    y.sum().backward()
    with pytest.raises(GradError, match="freed"):
        _ = kept[0].saved_tensors


def test_a_saved_output_makes_no_circle():
    gc.collect()
    gc.disable()
    try:
        for walk in (False, True):
            x = leaf(3)
            y = Exponential.apply(x)
            reference = weakref.ref(y.grad_fn)
            if walk:
                y.sum().backward(create_graph=True)
                x.grad = None
            del y
            assert reference() is None
    finally:
        gc.enable()


# ------------------------------------------------------------------ in place


class Doubled(Function):
    """2x, in place."""

    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        x.mul_(2)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx, g):
        assert ctx.saved_tensors[0].requires_grad
        return g * 2


def test_a_change_in_place_binds_the_tensor_to_its_new_value():
    x = leaf(4)
    a = x * 1
    view = a[:2]
    old = a.tolist()
    squared = a * a  # has saved the old value
    b = Doubled.apply(a)
    assert b is a
    assert a.grad_fn.name() == "DoubledBackward"
    assert a.tolist() == [2 * one for one in old]
    assert view.tolist() == [2 * one for one in old[:2]]
    (b.sum() + squared.sum() + view[0] * 10).backward()
    assert np.allclose(x.grad.tolist(), [22 + 2 * old[0]] + [2 + 2 * one for one in old[1:]])


def test_a_change_in_place_of_a_view_is_one_of_its_base():
    x = leaf(4)
    a = x * 3
    Doubled.apply(a[1:3])
    a.sum().backward()
    assert x.grad.tolist() == [3.0, 6.0, 6.0, 3.0]
    with pytest.raises(GradError, match="leaf that requires gradients"):
        Doubled.apply(x[1:3])


@pytest.mark.parametrize(
    ("forward", "backward", "expected"),
    [
        (lambda ctx, t: t, lambda ctx, g: -g, [-30.0, -30.0]),
        (lambda ctx, t: t.view_as(t), lambda ctx, g: -g, [-30.0, -30.0]),
        (lambda ctx, t: t[1:], lambda ctx, g: mg.cat([g.new_zeros(1), -g]), [0.0, -30.0]),
    ],
)
def test_an_argument_or_a_part_of_it_that_is_returned_keeps_its_backward(forward, backward, expected):
    x = leaf(2)
    y = x * 1
    part = function(forward, backward).apply(y)
    old = part.tolist()
    y.mul_(7)
    assert part.tolist() == old
    part.mul_(3)
    (part * 10 + y.sum() * 0).sum().backward()
    assert x.grad.tolist() == expected
    with mg.no_grad():
        function(forward, backward).apply(y).mul_(2)
    assert y.tolist()[-1] == 14 * x.tolist()[-1]


def test_a_constant_that_is_changed_in_place_is_written():
    class Counted(Function):
        @staticmethod
        def forward(ctx, x, counter):
            ctx.mark_dirty(counter)
            counter.add_(1)
            return x * 2, counter

        @staticmethod
        def backward(ctx, g, _):
            return g * 2, None

    x, counter = leaf(2), mg.zeros(1, dtype=mg.int64)
    alias = counter.detach()
    _, given = Counted.apply(x, counter)
    assert given is counter
    assert (counter.tolist(), alias.tolist()) == ([1], [1])
    assert not counter.requires_grad


def test_off_the_tape_it_is_in_place():
    a = mg.ones(2)
    view = a[:1]
    assert Doubled.apply(a) is a
    assert (view.tolist(), a._version) == ([2.0], 2)
    x = leaf(2)
    before = x.tolist()
    with mg.no_grad():
        assert Doubled.apply(x) is x
    assert x.tolist() == [2 * one for one in before]
    assert x.is_leaf


def test_changes_that_the_tape_cannot_follow():
    x = leaf(2)
    before = x.tolist()
    with pytest.raises(GradError, match="Doubled would change a leaf that requires gradients"):
        Doubled.apply(x)
    lost = function(lambda ctx, x: ctx.mark_dirty(x) or x.mul_(2) * 1, lambda ctx, g: g)
    with pytest.raises(GradError, match=r"marks an input dirty .* and does not return it"):
        lost.apply(x)
    foreign = function(lambda ctx, x: ctx.mark_dirty(mg.ones(1)) or x * 1, lambda ctx, g: g)
    with pytest.raises(GradError, match="not among its inputs"):
        foreign.apply(x)

    def aside(ctx, x):
        ctx.mark_dirty(x)

    hidden = function(lambda ctx, x: aside(ctx, x) or x, lambda ctx, g: g)
    with pytest.raises(GradError, match="in forward or setup_context itself"):
        hidden.apply(x * 1)
    assert x.tolist() == before


# ------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (lambda g: g, "returned 1 gradients for 2 arguments of forward"),
        (lambda g: (g, None, g), "returned 3 gradients for 2 arguments"),
        (lambda g: (g, g), "returned a gradient for argument 1, which is no tensor"),
        (lambda g: (1.0, None), "returned a float as gradient 0"),
        (lambda g: [g, None], "returned a list; several gradients come in a tuple"),
        (lambda g: (g.detach().numpy(), None), "returned a ndarray as gradient 0"),
        (lambda g: (mg.ones(2), None), r"returned shape \(2,\) for argument 0 of shape \(3,\)"),
        (lambda g: (g.mul_(2), None), "changed its cotangent in place"),
    ],
)
def test_backwards_that_go_wrong(result, message):
    mine = function(lambda ctx, x, k: x * k, lambda ctx, g: result(g))
    x = leaf(3)
    with pytest.raises(GradError, match=message):
        (mine.apply(x, 2.0)).backward(mg.ones(3, dtype=mg.float64))
    assert x.grad is None


def test_what_is_let_pass_as_in_pytorch():
    x = leaf(3)
    more = function(lambda ctx, x: x * 1, lambda ctx, g: (g, None, None))
    broadcast = function(lambda ctx, x: x * 1, lambda ctx, g: mg.ones(2, 3))
    silent = function(lambda ctx, x: x * 1, lambda ctx, g: None)
    (more.apply(x) + broadcast.apply(x) + silent.apply(x)).sum().backward()
    assert (x.grad.tolist(), x.grad.dtype) == ([3.0] * 3, mg.float64)


def test_missing_methods_objects_and_results():
    x = leaf(2)
    with pytest.raises(MissingForwardError, match="Mine has no forward"):
        type("Mine", (Function,), {}).apply(x)
    with pytest.raises(GradError, match="Mine has no backward; a gradient through it needs"):
        function(lambda ctx, x: x * 1).apply(x).sum().backward()
    both = function(lambda ctx, x: x * 1, lambda ctx, g: g, vjp=lambda ctx, g: g)
    with pytest.raises(GradError, match="both a backward and a vjp"):
        both.apply(x).sum().backward()
    named_vjp = function(lambda ctx, x: x * 1, None, vjp=lambda ctx, g: g * 7)
    assert mg.autograd.grad(named_vjp.apply(x).sum(), x)[0].tolist() == [7.0, 7.0]
    for call in (lambda: Product(), lambda: Product(x, x)):
        with pytest.raises(GradError, match=r"call Product.apply"):
            call()
    with pytest.raises(DTypeError, match="argument 1 is a int; it takes tensors"):
        function(lambda ctx, x: ctx.save_for_backward(x, 3)).apply(x)
    for wrong in (lambda x: [x * 1], lambda x: {"a": x * 1}, lambda x: np.ones(2)):
        with pytest.raises(DTypeError, match="to which no gradient can flow"):
            function(lambda ctx, x: wrong(x)).apply(x)  # noqa: B023


def test_a_backward_that_is_once_differentiable():
    def slope(ctx, g):
        assert not mg.is_grad_enabled()
        return g * 3 * ctx.saved_tensors[0] ** 2

    mine = function(lambda ctx, x: ctx.save_for_backward(x) or x**3, once_differentiable(slope))
    x = leaf(3)
    assert gradcheck(mine.apply, x)
    (gradient,) = mg.autograd.grad(mine.apply(x).sum(), x, create_graph=True)
    assert np.allclose(gradient.tolist(), (3 * x**2).tolist())
    with pytest.raises(GradError, match="marked once_differentiable"):
        (gradient.sum() + x.sum()).backward()
    assert x.grad is None
    mine.apply(x).sum().backward()
    assert not x.grad.requires_grad


def test_a_class_may_be_inherited_and_its_methods_replaced():
    class Triple(Product):
        """3x, with the product's backward."""

        @staticmethod
        def forward(ctx, x, w):
            return Product.forward(ctx, x, w * 3)

    x = leaf(2)
    assert Triple.apply(x, 1.0 * x).grad_fn.name() == "TripleBackward"
    mine = function(lambda ctx, x: x * 1, lambda ctx, g: g)
    assert mine.apply(x).tolist() == x.tolist()
    mine.forward = staticmethod(lambda ctx, x: x * 2)
    assert mine.apply(x).tolist() == (2 * x).tolist()


def test_results_share_no_memory_with_each_other():
    class Twice(Function):
        @staticmethod
        def forward(ctx, x):
            y = x * 2
            return y, y.view(-1), y

        @staticmethod
        def backward(ctx, *gs):
            return 2 * sum(gs)

    x = leaf(3)
    a, b, c = Twice.apply(x)
    old = b.tolist()
    a.mul_(5)
    assert b.tolist() == c.tolist() == old
    (a + b * 10 + c * 100).sum().backward()
    assert x.grad.tolist() == [230.0] * 3


def test_an_argument_that_is_saved_and_returned_is_saved_as_the_argument():
    class Slope(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    x = mg.tensor([2.0, 3.0], requires_grad=True)
    (dx,) = mg.autograd.grad(Slope.apply(x).sum(), x, create_graph=True)
    (second,) = mg.autograd.grad(dx.sum(), x)
    assert second.tolist() == [1.0, 1.0]
