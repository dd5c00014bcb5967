"""Declaring primitives: what a VJP may ask for, what is saved, what is refused."""

import inspect

import numpy as np
import pytest

import minigrad as mg
from minigrad import registry
from minigrad.autograd import gradcheck
from minigrad.errors import DTypeError, GradError, MinigradError, ShapeError
from minigrad.primitive import as_operand, primitive


@pytest.fixture
def declare():
    """The decorator; what it has registered in a test is taken out again."""
    before = set(registry._primitives)
    yield primitive
    for name in set(registry._primitives) - before:
        del registry._primitives[name]


def test_a_primitive_of_ones_own(declare):
    @declare("y = x³", vjp="x̄ = 3g·x²", notes=("N101",), broadcast=True)
    def cube(x):
        """The third power."""
        return x**3

    cube.defvjp(x=lambda g, x: g * x * x * 3)
    x = mg.tensor([1.0, 2.0], dtype=mg.float64, requires_grad=True)
    y = cube(x)
    assert (y.tolist(), y.grad_fn.name()) == ([1.0, 8.0], "cube")
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 12.0]
    assert gradcheck(cube, x, order=3)
    assert mg.primitives()["cube"] is cube
    assert (cube.formula, cube.vjp, cube.notes, cube.__doc__) == ("y = x³", "x̄ = 3g·x²", ("N101",), "The third power.")
    assert repr(cube) == "<primitive cube: y = x³>"


def test_it_looks_like_the_function_it_is(declare):
    @declare("y = 2x")
    def double_it(x):
        """Twice x."""
        return x * 2

    assert inspect.getdoc(double_it) == "Twice x."
    assert double_it.__name__ == "double_it"
    assert inspect.unwrap(double_it)(3) == 6
    assert list(inspect.signature(double_it).parameters) == ["input"]


def test_what_a_vjp_can_ask_for(declare):
    seen = {}

    @declare("…", aux=("extra",))
    def everything(a, b, *, factor):
        return a * b * factor, "auxiliary"

    def rule(g, b, y, a_shape, b_shape, factor, extra):
        seen.update(b=b.tolist(), y=y.tolist(), a_shape=a_shape, b_shape=b_shape, factor=factor, extra=extra)
        return g * b * factor

    everything.defvjp(a=rule)
    a, b = mg.tensor([1.0, 2.0], requires_grad=True), mg.tensor([3.0, 4.0], requires_grad=True)
    y = everything(a, b, factor=10)
    y.sum().backward()
    assert seen == {
        "b": [3.0, 4.0],
        "y": [30.0, 80.0],
        "a_shape": (2,),
        "b_shape": (2,),
        "factor": 10,
        "extra": "auxiliary",
    }
    assert (a.grad.tolist(), b.grad) == ([30.0, 40.0], None)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"z": lambda g: g}, "twice_it has no argument 'z'; its arguments are x"),
        ({"x": lambda g, nonsense: g}, "asks for 'nonsense'; it can ask for x, x_shape, y, factor"),
        ({"x": lambda g, position: g}, "asks for 'position'"),
    ],
)
def test_rules_that_cannot_be(declare, rules, message):
    @declare("y = f·x")
    def twice_it(x, *, factor):
        return x * factor

    with pytest.raises(GradError, match=message):
        twice_it.defvjp(**rules)


def test_any_number_of_arguments(declare):
    @declare("y = Σ xᵢ")
    def total(*xs):
        return np.sum(xs, axis=0)

    seen = []
    total.defvjp(xs=lambda g, xs_shape, position: seen.append((position, xs_shape[position])) or g)
    x, z = mg.ones(2, requires_grad=True), mg.ones(2, requires_grad=True)
    total(x, mg.ones(2), z, x).sum().backward()
    assert (x.grad.tolist(), z.grad.tolist()) == ([2.0, 2.0], [1.0, 1.0])
    assert seen == [(0, (2,)), (2, (2,)), (3, (2,))]

    total.defvjp(xs=lambda g, xs: g)
    with pytest.raises(GradError, match="any number of arguments, cannot ask for them"):
        total(x)


@pytest.mark.parametrize("count", [1, 2])
def test_outputs_in_a_tuple_get_cotangents_in_a_tuple(declare, count):
    @declare("y₁, y₂ = x, 2x")
    def fan(x):
        return tuple(x * (number + 1) for number in range(count))

    seen = []
    fan.defvjp(
        x=lambda g: (
            seen.append([one.tolist() for one in g]) or sum((one * (n + 1) for n, one in enumerate(g)), mg.zeros(2))
        )
    )
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    outputs = fan(x)
    assert isinstance(outputs, tuple)
    outputs[-1].sum().backward()
    assert seen == [[[0.0, 0.0]] * (count - 1) + [[1.0, 1.0]]], "an output that nothing used gets zeros"
    assert x.grad.tolist() == [float(count)] * 2


def test_a_rule_may_say_nothing(declare):
    @declare("y = x")
    def silent(x):
        return x.copy()

    silent.defvjp(x=lambda g: None)
    x = mg.ones(2, requires_grad=True)
    silent(x).sum().backward()
    assert x.grad is None
    assert mg.autograd.grad(silent(x).sum(), x, materialize_grads=True)[0].tolist() == [0.0, 0.0]


def test_without_rules_nothing_is_recorded(declare):
    @declare("y = x")
    def constant(x):
        return x * 1.0

    assert not constant(mg.ones(2, requires_grad=True)).requires_grad


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda g: mg.ones(3), GradError, r"VJP of crooked returned shape \(3,\) for an input of shape \(2,\)"),
        (lambda g: np.ones(2), MinigradError, "crooked"),
        (lambda g: 1.0, MinigradError, "crooked"),
    ],
)
def test_rules_that_return_something_else(declare, wrong, error, message):
    @declare("y = x")
    def crooked(x):
        return x * 1.0

    crooked.defvjp(x=wrong)
    x = mg.ones(2, requires_grad=True)
    with pytest.raises(error, match=message):
        crooked(x).sum().backward()
    assert x.grad is None


def test_a_gradient_of_another_dtype_is_brought_back(declare):
    @declare("y = x")
    def widening(x):
        return x * 1.0

    widening.defvjp(x=lambda g: g.double())
    x = mg.ones(2, requires_grad=True)
    widening(x).sum().backward()
    assert x.grad.dtype == mg.float32


def test_broadcast_gradients_are_summed_back():
    for shape in ((), (1,), (3,), (1, 3), (2, 1), (2, 3)):
        x = mg.ones(*shape, requires_grad=True)
        (x * mg.arange(6.0).reshape(2, 3)).sum().backward()
        assert x.grad.shape == shape
        assert x.grad.sum().item() == 15.0


def test_which_vjps_are_given_arrays():
    known = mg.primitives()
    assert known["mul"]._ways("a")[1](np.float32(2), np.float32(3)) == 6, "operators alone"
    assert known["maximum"]._ways("a")[1] is None, "it asks for `where`"
    assert known["tanh"]._ways("x")[1] == known["tanh_vjp"].forward, "it is a primitive"
    doubled = mg.primitive("y = 2x", vjp="x̄ = 2g", name="doubled_by_a_user")(lambda x: x * 2)
    doubled.defvjp(x=lambda g: g * 2)
    assert doubled._ways("x")[1] is None, "a user's"


@pytest.mark.parametrize("shape", [(), (3,)])
def test_what_a_vjp_on_arrays_gives_is_a_tensor_of_its_own(shape):
    x = mg.full(shape, 2.0, requires_grad=True)
    steps = []
    ((x * 3) + 1).sum().backward()
    assert type(x.grad) is mg.Tensor
    assert (x.grad.shape, x.grad.dtype) == (shape, mg.float32)
    y = x * 3
    y.register_hook(lambda g: steps.append(g))
    (y * 1).sum().backward()
    assert type(steps[0]) is mg.Tensor
    assert steps[0].shape == shape
    with mg.autograd.observe(applied=lambda primitive, inputs, outputs: steps.append(primitive.name)):
        (x * 3).sum().backward()
    assert steps.count("mul") == 2, "whoever watches sees the steps of the walk"


def test_operands():
    x = mg.ones(1)
    assert as_operand(x, "f") is x
    assert [as_operand(one, "f").dtype for one in (1, 1.0, True, np.float64(1), np.ones(1, np.int8))] == [
        mg.int64, mg.float32, mg.bool, mg.float64, mg.int8]  # fmt: skip
    for wrong in ([1.0], None, "1", 1j, {}):
        with pytest.raises(DTypeError, match=rf"f got a {type(wrong).__name__}"):
            as_operand(wrong, "f")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: mg.exp(), "exp takes input"),
        (lambda x: mg.exp(x, x), "exp takes input"),
        (lambda x: mg.add(x), r"add\(\)"),
        (lambda x: mg.add(x, x, x), r"add\(\)"),
        (lambda x: mg.exp(x, out=x), "out"),
        (lambda x: x.abs(dim=1), "dim"),
        (lambda x: x.relu(inplace=True), "inplace"),
        (lambda x: mg.sin(inputs=x), "inputs"),
    ],
)
def test_arguments_that_are_missing_or_too_many(call, message):
    with pytest.raises(TypeError, match=message) as raised:
        call(mg.ones(2))
    assert "not defined for" not in str(raised.value), "the dtype has nothing to do with it"


def test_an_error_inside_a_forward_is_not_disguised(declare):
    @declare("y = x", broadcast=True)
    def failing(x):
        raise ValueError("something else")

    with pytest.raises(ValueError, match="something else"):
        failing(mg.ones(1))


def test_complaints_of_numpy_become_ours():
    with pytest.raises(ShapeError, match=r"add of shapes \(2,\) and \(3,\)"):
        mg.ones(2) + mg.ones(3)
    with pytest.raises(DTypeError, match="bitwise_and is not defined for float32 and float32"):
        mg.ones(2) & mg.ones(2)


def test_forward_is_silent_and_leaves_numpys_settings():
    with np.errstate(all="raise"):
        before = np.geterr()
        x = mg.tensor([0.0, -1.0, 1e38], requires_grad=True)
        y = (x.log() + x.reciprocal() + x.exp() + x * 1e38).sum()
        y.backward()
        assert np.geterr() == before
        with pytest.raises(FloatingPointError):
            np.log(np.zeros(1))


def test_outputs_that_the_vjps_know_by_name(declare):
    seen = []

    @declare("y = x², z = x³", vjp="x̄ = 2ȳ·x + 3z̄·x²", outputs=("y", "z"))
    def powers(x):
        return x * x, x * x * x

    def pulled(g, y, z):
        seen.append(g)
        of_y, of_z = g
        root = z / y
        total = 0 if of_y is None else of_y * root * 2
        return total if of_z is None else total + of_z * y * 3

    powers.defvjp(x=pulled)
    x = mg.tensor(2.0, dtype=mg.float64, requires_grad=True)
    for chosen in ((0,), (1,), (0, 1)):
        assert gradcheck(lambda x: tuple(powers.many(x)[one] for one in chosen), x, order=3)  # noqa: B023
    seen.clear()
    y, z = powers.many(x)
    assert set(y.grad_fn.saved) == {"y", "z"}
    z.backward()
    assert [one is None for one in seen[0]] == [True, False], "nothing depends on y"
    y, z = powers.many(x)
    with mg.no_grad():
        z.detach().mul_(2)
    with pytest.raises(GradError, match="needs its output"):
        y.backward()
