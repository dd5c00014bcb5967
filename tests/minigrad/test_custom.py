"""Primitives of users' own: what is operand and what static, what is told, and what may be declared again."""

import inspect

import numpy as np
import pytest

import minigrad as mg
from minigrad import registry
from minigrad.autograd import GradcheckError, gradcheck
from minigrad.errors import ArgumentError, DTypeError, GradError


@pytest.fixture(autouse=True)
def forget():
    """Take out again what a test has declared."""
    before = set(registry._primitives)
    yield
    for name in set(registry._primitives) - before:
        del registry._primitives[name]


def leaf(*shape):
    return mg.randn(*shape, dtype=mg.float64, requires_grad=True)


def declare_shrink():
    @mg.primitive
    def shrink(x, lam=0.5):
        """Soft thresholding.

        More about it.
        """
        return np.sign(x) * np.maximum(np.abs(x) - lam, 0)

    shrink.defvjp(x=lambda g, x, lam: g * (x.abs() > lam))
    return shrink


# --------------------------------------------------------------- declaring


def test_a_bare_decorator_will_do():
    shrink = declare_shrink()
    x = leaf(7)
    assert (shrink.name, shrink.formula, shrink.vjp) == ("shrink", "Soft thresholding.", "")
    assert mg.primitives()["shrink"] is shrink
    assert shrink(x).grad_fn.name() == "shrink"
    assert gradcheck(shrink, x, order=2)
    assert list(inspect.signature(shrink).parameters) == ["x", "lam"]
    assert inspect.getdoc(shrink).startswith("Soft thresholding.")


def test_the_formula_may_be_given_and_nothing_need_be():
    assert mg.primitive("y = 2x", vjp="x̄ = 2g", notes="N101", name="double_it")(lambda x: x * 2).notes == ("N101",)
    double = mg.primitives()["double_it"]
    assert (double.formula, double.vjp) == ("y = 2x", "x̄ = 2g")
    silent = mg.primitive(name="silent")(lambda x: x * 1)
    assert (silent.formula, silent.name) == ("", "silent")


def test_a_name_can_be_declared_again_and_old_graphs_keep_the_old_one():
    def declare(factor):
        @mg.primitive
        def times(x):
            return x * factor

        times.defvjp(x=lambda g: g * factor)
        return times

    old = declare(2.0)
    x = leaf(3)
    y = old(x).sum()
    new = declare(5.0)
    assert mg.primitives()["times"] is new is not old
    (new(x).sum() + y).backward()
    assert x.grad.tolist() == [7.0] * 3


@pytest.mark.parametrize("name", ["tanh", "reshape", "conv2d", "correlate"])
def test_names_of_the_library_are_refused(name):
    before = registry.lookup(name)
    with pytest.raises(ArgumentError, match=f"'{name}' is registered already: choose another name, with name="):
        mg.primitive(name=name)(lambda x: x)
    assert registry.lookup(name) is before


def generator(x):
    yield x


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        (np.exp, "a forward is a function"),
        (3, "it is text"),
        (lambda x: x, "a lambda: it has no name"),
        (generator, "generator or coroutine"),
        (lambda x, **words: x, "takes .*keywords; name its static"),
        (lambda: 1, "takes no operand"),
        (lambda *, x: x, "takes no operand"),
        (lambda x, *more: x, "before its .operands"),
        (lambda x=1: x, "every parameter has a default"),
    ],
)
def test_what_cannot_be_a_forward(forward, message):
    bare = forward == 3 or "no name" in message
    with pytest.raises(DTypeError, match=message):
        (mg.primitive if bare else mg.primitive(name="wrong"))(forward)
    assert "wrong" not in mg.primitives()


def test_options_of_the_wrong_kind():
    with pytest.raises(DTypeError, match="vjp=3; it is text"):
        mg.primitive("y", vjp=3)
    with pytest.raises(DTypeError, match="name=''"):
        mg.primitive("y", name="")
    with pytest.raises(ArgumentError, match="static argument 'y', and 'y' is its output"):
        mg.primitive(name="wrong")(lambda x, *, y: x)
    assert "wrong" not in mg.primitives()


# ------------------------------------------------------ operands and statics


def test_a_default_makes_static_and_a_vjp_makes_an_operand():
    shrink = declare_shrink()
    x = leaf(6)
    assert mg.equal(shrink(x, 0.1), shrink(x, lam=0.1))
    assert not mg.equal(shrink(x, 0.1), shrink(x))
    with pytest.raises(
        GradError, match="shrink got a tensor as 'lam', which is static since it has a default and no VJP"
    ):
        shrink(x, mg.tensor(0.1))
    shrink.defvjp(lam=lambda g, x, lam: -(g * x.sign() * (x.abs() > lam)).sum())
    assert (shrink.arguments, shrink.static) == (("x", "lam"), ())
    lam = mg.tensor(0.3, dtype=mg.float64, requires_grad=True)
    assert gradcheck(shrink, [x, lam], order=2)
    assert mg.equal(shrink(x), shrink(x, lam=0.5)), "the default is still there"


def test_an_operand_may_stand_between_static_arguments():
    @mg.primitive
    def mixed(x, power=2, factor=1.0, *, shift=0.0):
        return x**power * factor + shift

    mixed.defvjp(
        x=lambda g, x, power, factor: g * factor * power * x ** (power - 1),
        factor=lambda g, x, power, shift: (g * x**power).sum(),
    )
    assert (mixed.arguments, mixed.static) == (("x", "factor"), ("power", "shift"))
    factor = mg.tensor(2.0, dtype=mg.float64, requires_grad=True)
    assert gradcheck(lambda x, f: mixed(x, 3, f, shift=1.0), [leaf(4), factor], order=2)
    assert mixed(mg.tensor([2.0]), shift=1.0).tolist() == [5.0]
    with pytest.raises(GradError, match="'shift', which is static since it stands behind"):
        mixed(leaf(1), shift=leaf(1))
    with pytest.raises(GradError, match="'shift' of mixed stands behind"):
        mixed.defvjp(shift=lambda g: g)
    with pytest.raises(
        DTypeError, match=r"mixed\(x, power=2, factor=1.0, \*, shift=0.0\): missing a required argument"
    ):
        mixed()
    with pytest.raises(DTypeError, match="got an unexpected keyword argument 'shfit'"):
        mixed(leaf(1), shfit=1)
    with pytest.raises(DTypeError, match="mixed got a list"):
        mixed([1.0])


def test_numbers_as_operands_round_and_widen_nothing():
    @mg.primitive
    def times(x, factor):
        return x * factor

    times.defvjp(x=lambda g, factor: g * factor)
    assert times(mg.ones(2, dtype=mg.float64), 0.1).tolist() == [0.1, 0.1]
    assert times(mg.ones(2), 3).dtype == mg.float32
    assert times(mg.ones(2), np.float64(0.5)).dtype == mg.float32
    assert times(2, 3).item() == 6


def test_broadcasting_sums_gradients():
    @mg.primitive("y = a·b", broadcast=True)
    def product(a, b):
        return a * b

    product.defvjp(lambda g, b: g * b, lambda g, a: g * a)
    assert gradcheck(product, [leaf(2, 3), leaf(3)], order=2)
    product.defvjp(b=lambda g, a: mg.ones(5))
    with pytest.raises(
        GradError, match=r"shape \(5,\) for an input of shape \(3,\); a gradient has the shape of its input$"
    ):
        product(leaf(2, 3), leaf(3)).sum().backward()


def test_any_number_of_operands_auxiliary_results_and_several_outputs():
    @mg.primitive
    def total(*xs, scale=1.0):
        return sum(xs) * scale

    total.defvjp(xs=lambda g, scale, position: g * scale)
    x, z = leaf(2), leaf(2)
    assert gradcheck(lambda x, z: total(x, z, x, scale=2.0), [x, z], order=2)

    @mg.primitive(aux="slope")
    def bent(x):
        return np.maximum(x, 0), x > 0

    bent.defvjp(x=lambda g, slope: g * slope)
    assert gradcheck(bent, leaf(5))

    @mg.primitive(outputs=("low", "high"))
    def parted(x):
        return np.minimum(x, 0), np.maximum(x, 0)

    parted.defvjp(x=lambda g, x: sum(one * mask for one, mask in zip(g, (x < 0, x >= 0)) if one is not None))
    low, high = parted(leaf(5))
    assert low.grad_fn is high.grad_fn
    assert gradcheck(lambda x: parted(x)[1], leaf(5))


# -------------------------------------------------------- the forward's duties


@pytest.mark.parametrize(
    ("forward", "options", "error", "message"),
    [
        (lambda x: None, {}, DTypeError, "returned a NoneType; it returns an array"),
        (lambda x: [x], {}, DTypeError, "returned a list"),
        (lambda x: 1.0, {}, DTypeError, "returned a float"),
        (lambda x: mg.exp(x), {}, DTypeError, "returned a tensor; a forward computes with NumPy"),
        (lambda x: x.astype(complex), {}, DTypeError, "complex"),
        (lambda x: x * 1, {"aux": "a"}, DTypeError, r"returned a ndarray; with outputs=\(\) and aux=\('a',\) it"),
        (lambda x: (x * 1, x, x), {"outputs": ("a", "b")}, DTypeError, "returned 3 results"),
        (lambda x: x.sort(), {}, ArgumentError, "the forward of wrong writes into an argument"),
        (lambda x: np.add(x, 1, out=x), {}, ArgumentError, "writes into an argument"),
    ],
)
def test_forwards_that_go_wrong(forward, options, error, message):
    wrong = mg.primitive(name="wrong", **options)(forward)
    x = leaf(3)
    before = x.tolist()
    with pytest.raises(error, match=message):
        wrong(x)
    assert x.tolist() == before


def test_an_error_of_the_forward_is_its_own():
    @mg.primitive
    def failing(x):
        raise ValueError("something else")

    with pytest.raises(ValueError, match=r"^something else$"):
        failing(leaf(1))


def test_a_result_does_not_share_memory_with_an_argument():
    same = mg.primitive(name="same")(lambda x: x[::2])
    same.defvjp(x=lambda g, x_shape: mg.stack([g, mg.zeros_like(g)], 1).flatten())
    x = leaf(4)
    assert gradcheck(same, x)
    y = same(x)
    with mg.no_grad():
        y += 1
    assert y.tolist() == [x[0].item() + 1, x[2].item() + 1]


# ------------------------------------------------------------ the VJPs' duties


def test_a_missing_vjp_is_an_error_as_soon_as_a_gradient_has_to_pass():
    @mg.primitive
    def times(a, b):
        return a * b

    times.defvjp(a=lambda g, b: g * b)
    a, b = leaf(3), leaf(3)
    assert times(a, b).requires_grad
    assert mg.autograd.grad(times(a, b).sum(), a)[0].tolist() == b.tolist()
    loss = (times(a, b) * 2).sum() + a.sum()
    with pytest.raises(
        GradError, match=r"times to its argument 'b', which has no VJP. Declare it with times.defvjp\(b="
    ):
        loss.backward()
    assert a.grad is None, "nothing was changed"
    times.defvjp(b=None)
    times(a, b).sum().backward()
    assert (a.grad.tolist(), b.grad) == (b.tolist(), None)
    assert not times(3.0, b).requires_grad, "no gradient flows at all"


def test_a_vjp_that_comes_too_late():
    @mg.primitive
    def power(x, n=2.0):
        return x**n

    y = power(leaf(2)).sum()
    power.defvjp(x=lambda g, x, n: g * n * x ** (n - 1))
    with pytest.raises(GradError, match=r"a VJP of power was declared after <power #.* had been recorded"):
        y.backward()
    y = power(leaf(2)).sum()
    power.defvjp(n=lambda g: g.sum())
    with pytest.raises(GradError, match="declared after"):
        y.backward()


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (np.multiply, "is a ufunc; give a function of the cotangent"),
        (3, "is a int"),
        (lambda: 1, r"takes \(\); it takes the cotangent"),
        (lambda *g: g, "without"),
        (lambda g, *, x: g, "without"),
        (lambda g, nonsense: g, "asks for 'nonsense'; it can ask for x, x_shape, y, power"),
    ],
)
def test_vjps_that_cannot_be_called(rule, message):
    @mg.primitive
    def f(x, power=1):
        return x * 1

    with pytest.raises(GradError, match=message):
        f.defvjp(x=rule)
    with pytest.raises(GradError, match=message):
        f.defvjp(rule)
    with pytest.raises(GradError, match="f has 1 arguments; 2 VJPs arrived"):
        f.defvjp(None, None)
    with pytest.raises(GradError, match="f has no argument 'z'; its arguments are x"):
        f.defvjp(z=lambda g: g)
    with pytest.raises(GradError, match="asks for 'nonsense'"):
        f.defvjp(power=lambda g, nonsense: g)
    assert f.arguments == ("x",), "a refused VJP makes no operand"


def write(g, x):
    with mg.no_grad():
        x += 1
    return g


def scale(g):
    g *= 2
    return g


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda g: g.detach().numpy(), "a VJP of f returned a ndarray; it returns a tensor, or None"),
        (lambda g: 1.0, "returned a float"),
        (lambda g, x: x > 0, "returned a tensor of bool for an input of float64; was g forgotten"),
        (lambda g: mg.ones(2), r"shape \(2,\) for an input of shape \(3,\).* declare it with broadcast=True"),
        (scale, r"changed its cotangent in place"),
        (write, "changed in place"),
    ],
)
def test_vjps_that_go_wrong(rule, message):
    f = mg.primitive(name="f")(lambda x: x * 1)
    f.defvjp(x=rule)
    x = leaf(3)
    with pytest.raises(GradError, match=message):
        (f(x) * mg.ones(3, dtype=mg.float64)).backward(mg.ones(3, dtype=mg.float64))
    assert x.grad is None


def test_decorators_and_gradcheck_on_a_planted_error():
    @mg.primitive
    def cube(x):
        return x**3

    @cube.defvjp("x")
    def wrong(g, x):
        return g * x * x

    assert inspect.isfunction(wrong)
    with pytest.raises(GradcheckError, match=r"^order 1, input 0"):
        gradcheck(cube, leaf(4))
    cube.defvjp(x=lambda g, x: g * (3 * x.detach() ** 2))
    assert gradcheck(cube, leaf(4))
    with pytest.raises(GradcheckError, match=r"^order 2"):
        gradcheck(cube, leaf(4), order=2)


def test_several_results_share_no_memory():
    @mg.primitive(outputs=("a", "b"))
    def twins(x):
        y = x * 2
        return y, y

    twins.defvjp(x=lambda g: 2 * (g[0] + g[1]))
    x = mg.ones(2, requires_grad=True)
    a, b = twins(x)
    a.mul_(5)
    assert b.tolist() == [2.0, 2.0]
    (a + b).sum().backward()
    assert x.grad.tolist() == [12.0, 12.0]


@pytest.mark.parametrize("kept", ["the argument", "the result"])
def test_what_is_kept_for_vjps_shares_no_memory(kept):
    @mg.primitive(aux="power")
    def raised(x):
        power = x if kept == "the argument" else np.exp(x)
        return np.exp(x) if kept == "the argument" else power, power

    raised.defvjp(x=lambda g, power: g * (np.exp(power) if kept == "the argument" else power))
    x = mg.tensor([0.0, 1.0], requires_grad=True)
    argument = x * 1
    y = raised(argument)
    with mg.no_grad():
        argument.mul_(7)
    y.mul_(3)
    y.sum().backward()
    assert np.allclose(x.grad.tolist(), 3 * np.exp([0.0, 1.0]))


def test_second_derivatives_through_auxiliary_numbers_are_refused():
    @mg.primitive(aux="power")
    def raised(x):
        power = np.exp(x)
        return power, power

    raised.defvjp(x=lambda g, power: g * power)
    x = leaf(3)
    assert gradcheck(raised, x)
    (dx,) = mg.autograd.grad(raised(x).sum(), x, create_graph=True)
    assert np.allclose(dx.tolist(), np.exp(x.tolist()))
    with pytest.raises(GradError, match=r"computed from 'power', an array of numbers whose own derivative is not"):
        dx.sum().backward()
    # It is linear in the cotangent all the same, which is what forward mode needs.
    tangent = mg.ones_like(x)
    assert np.allclose(mg.func.jvp(raised, (x.detach(),), (tangent,))[1].tolist(), np.exp(x.tolist()))
    with pytest.raises(GradError, match="'power'"):
        mg.func.hessian(lambda x: raised(x).sum())(x.detach())


def test_a_static_array_is_kept_as_it_was():
    @mg.primitive
    def masked(x, mask=None):
        return x * mask

    masked.defvjp(x=lambda g, mask: g * mg.tensor(mask))
    x, mask = mg.ones(2, requires_grad=True), np.array([1.0, 0.0], np.float32)
    y = masked(x, mask=mask)
    mask[:] = 7
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0]
