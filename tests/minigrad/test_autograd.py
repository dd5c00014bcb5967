"""Gradients as values, and the checks of gradients, which must find what is planted for them."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import registry
from minigrad.autograd import GradcheckError, Observer, backward, grad, gradcheck, gradgradcheck, observe
from minigrad.errors import ArgumentError, DTypeError, GradError, MinigradError, ShapeError
from minigrad.geometry import Geometry
from minigrad.primitive import primitive


def leaf(*values):
    return mg.tensor(np.array(values, float), requires_grad=True)


def random_leaf(*shape):
    return mg.randn(shape, dtype=mg.float64, requires_grad=True)


# -------------------------------------------------------------------- grad


def test_grad_returns_the_gradients_and_touches_no_leaf():
    x, y = leaf(2, 3), leaf(5, 7)
    result = grad((x * x * y).sum(), [x, y])
    assert isinstance(result, tuple)
    assert [one.tolist() for one in result] == [[20, 42], [4, 9]]
    assert x.grad is None
    assert y.grad is None
    assert not any(one.requires_grad for one in result)


def test_grad_of_one_input_is_a_tuple_of_one():
    x = leaf(2)
    (gradient,) = grad(x * 3, x)
    assert gradient.tolist() == [3]


def test_grad_keeps_the_order_of_the_inputs_and_takes_one_twice():
    x, y = leaf(2), leaf(5)
    assert [one.item() for one in grad(x * y, [y, x, y])] == [2, 5, 2]


def test_several_outputs_add_up():
    x = leaf(2, 3)
    (gradient,) = grad([x.sum(), (x * x).sum()], x)
    assert gradient.tolist() == [5, 7]


def test_cotangents_weigh_the_outputs():
    x = leaf(2, 3)
    (gradient,) = grad([x * x, x.sum()], x, [mg.tensor([1.0, 10.0]), None])
    assert gradient.tolist() == [5, 61]


def test_a_cotangent_takes_the_dtype_of_its_output():
    x = mg.ones(2, requires_grad=True)
    (gradient,) = grad(x * 2, x, mg.ones(2, dtype=mg.float64))
    assert gradient.dtype == np.float32
    assert gradient.tolist() == [2, 2]


def test_interior_tensors_have_gradients_too():
    x = leaf(2)
    y = x * 3
    z = y * y
    assert [one.item() for one in grad(z, [y, x, z])] == [12, 36, 1]


def test_an_output_that_is_an_input_gives_its_cotangent():
    x = leaf(2, 3)
    (gradient,) = grad(x, x, mg.tensor([4.0, 5.0]))
    assert gradient.tolist() == [4, 5]


def test_a_value_that_is_used_twice_collects_both():
    x = leaf(3)
    y = x * x
    (gradient,) = grad(y + y * x, x)
    assert gradient.item() == 2 * 3 + 3 * 3**2


def test_one_part_of_several_outputs_is_enough():
    x = leaf(1, 2, 3)
    first, _ = mg.split(x, [1, 2])
    (gradient,) = grad(first * 5, x)
    assert gradient.tolist() == [5, 0, 0]


def test_without_create_graph_the_gradient_is_off_the_tape():
    x = leaf(2)
    (plain,) = grad(x**3, x)
    (recorded,) = grad(x**3, x, create_graph=True)
    assert not plain.requires_grad
    assert recorded.requires_grad


def test_gradients_of_gradients_of_gradients():
    x = leaf(0.3)
    y = mg.tanh(x)
    derivatives = []
    for _ in range(4):
        (y,) = grad(y, x, create_graph=True)
        derivatives.append(y.item())
    t = np.tanh(0.3)
    s = 1 - t**2
    assert derivatives == pytest.approx([s, -2 * t * s, -2 * s * (1 - 3 * t**2), 8 * t * s * (2 - 3 * t**2)], rel=1e-13)


def test_mixed_second_derivatives_are_symmetric():
    x, y = leaf(0.7), leaf(1.3)
    f = mg.sin(x * y) * mg.exp(x)
    by_x, by_y = grad(f, [x, y], create_graph=True)
    (xy,) = grad(by_x, y, retain_graph=True)
    (yx,) = grad(by_y, x)
    assert xy.item() == pytest.approx(yx.item(), rel=1e-14)


def test_a_graph_is_walked_once_unless_it_is_kept():
    x = leaf(2)
    y = x * x
    grad(y, x, retain_graph=True)
    grad(y, x)
    with pytest.raises(GradError, match=r"saved values were freed by an earlier backward.*retain_graph=True"):
        grad(y, x)


def test_create_graph_keeps_the_graph_unless_told_otherwise():
    x = leaf(2)
    y = x * x
    grad(y, x, create_graph=True)
    grad(y, x, create_graph=True, retain_graph=False)
    with pytest.raises(GradError, match="freed"):
        grad(y, x)


def test_only_nodes_on_the_way_to_the_inputs_are_visited():
    x, y = leaf(2), leaf(3)
    z = mg.exp(x) * mg.sin(y)

    class Walked(Observer):
        names: list[str] = []  # noqa: RUF012 - one test's own

        def pulled(self, node, cotangents, gradients):
            self.names.append(node.name())

    with observe(Walked()) as walked:
        grad(z, y)
    assert walked.names == ["mul", "sin"]


def test_an_unused_input_is_an_error_none_or_zeros():
    x, other = leaf(2), mg.ones(2, 3, requires_grad=True)
    y = x * x
    with pytest.raises(GradError, match=r"the outputs do not depend on input 1 \(shape \(2, 3\)\).*allow_unused=True"):
        grad(y, [x, other], retain_graph=True)
    assert grad(y, [x, other], retain_graph=True, allow_unused=True)[1] is None
    zeros = grad(y, [x, other], materialize_grads=True)[1]
    assert zeros.shape == (2, 3)
    assert zeros.dtype == np.float32
    assert (zeros == 0).all()


def test_wishes_for_unused_inputs_that_contradict_are_refused():
    x = leaf(2)
    with pytest.raises(ArgumentError, match="allow_unused=False with materialize_grads=True"):
        grad(x * x, x, allow_unused=False, materialize_grads=True)


def test_recording_may_be_off_around_it():
    x = leaf(2)
    y = x**3
    with mg.no_grad():
        (first,) = grad(y, x, create_graph=True)
        assert not mg.is_grad_enabled()
    assert grad(first, x)[0].item() == 12


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((lambda x: x.sum(), mg.ones(2)), GradError, r"input 0 \(shape \(2,\)\) does not require gradients"),
        ((lambda x: x.sum(), [np.ones(2)]), DTypeError, r"input 0 is a ndarray; inputs are tensors"),
        ((lambda x: x * 2,), GradError, r"grad\(\) on a tensor of shape \(2,\): a gradient starts from a scalar"),
        ((lambda x: x.detach().sum(),), GradError, r"grad\(\) on a tensor that does not require gradients"),
        ((lambda x: x * 2, None, mg.ones(3)), ShapeError, r"gradient of shape \(3,\) for an output of shape \(2,\)"),
        ((lambda x: x * 2, None, 1.0), DTypeError, r"grad_outputs|float"),
        ((lambda x: x * 2, None, [None, None]), GradError, r"grad got 2 cotangents for 1 outputs"),
    ],
)
def test_what_grad_cannot_do_is_refused(arguments, error, message):
    function, wanted, cotangent = (*arguments, None, None)[:3]
    x = leaf(1, 2)
    with pytest.raises(error, match=message):
        grad(function(x), x if wanted is None else wanted, cotangent)


def test_nothing_is_changed_by_a_walk_that_is_refused():
    x = leaf(2)
    y = x * x
    z = y * y
    grad(y, x)
    before = z.grad_fn.saved
    with pytest.raises(GradError, match="freed"):
        grad(z, x)
    assert z.grad_fn.saved is before
    assert grad(z, y)[0].item() == 8, "the part that was not freed can still be walked"


# ---------------------------------------------------------------- backward


def test_backward_of_several_outputs_adds_to_the_leaves():
    x = leaf(2, 3)
    backward([x.sum(), x * x], [None, mg.tensor([1.0, 10.0])])
    backward(x.sum())
    assert x.grad.tolist() == [6, 62]


def test_backward_into_some_leaves_only():
    x, y = leaf(2), leaf(3)
    z = x * y
    backward(z * z, inputs=[y])
    assert x.grad is None
    assert y.grad.item() == 2 * 6 * 2


# ---------------------------------------------------- the checker is checked


@pytest.fixture
def declare(monkeypatch):
    """Declares primitives that are forgotten after the test."""
    monkeypatch.setattr(registry, "_primitives", dict(registry._primitives))
    return primitive


def spoil(owner, argument):
    """Let the VJP give a hundredth too much."""
    rule, names = owner.rules[argument]
    owner.rules[argument] = (lambda *saved: rule(*saved) * 1.01, names)


def cube_with(declare, wrong):
    """y = x³ with a chain of primitives as its derivatives; `wrong` names the one VJP that is not right."""

    @declare("y = x³", vjp="x̄ = g·3x²", name="planted_cube", broadcast=True)
    def cube(x):
        return x * x * x

    @declare("x̄ = g·3x²", vjp="…", name="planted_slope", broadcast=True)
    def slope(g, x):
        return 3 * g * x * x

    @declare("h·g·6x", vjp="…", name="planted_curve", broadcast=True)
    def curve(h, g, x):
        return 6 * h * g * x

    cube.defvjp(x=lambda g, x: slope(g, x))
    slope.defvjp(g=lambda h, x: slope(h, x), x=lambda h, g, x: curve(h, g, x))
    curve.defvjp(
        h=lambda k, g, x: curve(k, g, x), g=lambda k, h, x: curve(h, k, x), x=lambda k, h, g: k * h * g * 6
    )  # fmt: skip
    if wrong:
        name, argument = wrong
        spoil({"cube": cube, "slope": slope, "curve": curve}[name], argument)
    return cube


CUBE_ORDERS = {
    ("cube", "x"): 1,
    ("slope", "g"): 2,
    ("slope", "x"): 2,
    ("curve", "h"): 3,
    ("curve", "g"): 3,
    ("curve", "x"): 3,
}


@pytest.mark.parametrize(("wrong", "caught_at"), list(CUBE_ORDERS.items()), ids=str)
def test_a_wrong_vjp_is_caught_at_its_order_and_not_below(declare, wrong, caught_at):
    cube = cube_with(declare, wrong)
    x = random_leaf(4)
    for order in range(1, caught_at):
        assert gradcheck(cube, x, order=order)
    for order in range(caught_at, 4):
        with pytest.raises(GradcheckError, match=f"^order {caught_at}, "):
            gradcheck(cube, x, order=order)
        assert gradcheck(cube, x, order=order, raise_exception=False) is False


def test_right_vjps_pass_at_every_order(declare):
    assert gradcheck(cube_with(declare, None), random_leaf(4), order=4)


GEOMETRY = Geometry.window((5, 4), (3, 2), (2, 1), ((1, 0), (0, 1)), (1, 2), 2)
SHAPES = {"x": (2, 2, 5, 4), "w": (4, 1, 3, 2), "y": (2, 4, *GEOMETRY.outputs)}
SLOTS = {"correlate": ("x", "w"), "correlate_input": ("w", "y"), "correlate_weight": ("x", "y")}
SIX = [(name, slot) for name, slots in SLOTS.items() for slot in slots]


def three_maps(declare, name, following=None, wrong=None):
    """A copy of the trilinear form whose VJPs call `following`, by default the copy itself; one slot may be wrong."""
    copies = {}
    for key in SLOTS:
        original = mg.primitives()[key]
        copies[key] = declare(original.formula, vjp=original.vjp, name=f"{name}_{key}")(original.forward)
    into = copies if following is None else following
    copies["correlate"].defvjp(
        x=lambda g, w, geometry: into["correlate_input"](w, g, geometry=geometry),
        w=lambda g, x, geometry: into["correlate_weight"](x, g, geometry=geometry),
    )
    copies["correlate_input"].defvjp(
        w=lambda g, y, geometry: into["correlate_weight"](g, y, geometry=geometry),
        y=lambda g, w, geometry: into["correlate"](g, w, geometry=geometry),
    )
    copies["correlate_weight"].defvjp(
        x=lambda g, y, geometry: into["correlate_input"](g, y, geometry=geometry),
        y=lambda g, x, geometry: into["correlate"](x, g, geometry=geometry),
    )
    if wrong:
        key, slot = wrong
        spoil(copies[key], slot)
    return copies


def checked(maps, name):
    arguments = [random_leaf(*SHAPES[slot]) for slot in SLOTS[name]]
    return (lambda a, b: maps[name](a, b, geometry=GEOMETRY)), arguments


@pytest.mark.parametrize("start", SLOTS)
def test_a_copy_of_the_trilinear_form_is_right_to_third_order(declare, start):
    assert gradcheck(*checked(three_maps(declare, "copy"), start), order=3)


@pytest.mark.parametrize("wrong", SIX, ids="-".join)
@pytest.mark.parametrize("start", SLOTS)
def test_one_wrong_slot_of_the_trilinear_form_is_caught(declare, start, wrong):
    caught_at = 1 if wrong[0] == start else 2
    function, arguments = checked(three_maps(declare, "copy", wrong=wrong), start)
    if caught_at == 2:
        assert gradcheck(function, arguments, order=1)
    with pytest.raises(GradcheckError, match=f"^order {caught_at}, "):
        gradcheck(function, arguments, order=caught_at)


@pytest.mark.parametrize(
    ("level", "wrong"),
    [(1, one) for one in SIX if one[0] == "correlate"]
    + [(2, one) for one in SIX if one[0] != "correlate"]
    + [(3, one) for one in SIX],
    ids=str,
)
def test_a_slot_that_is_wrong_further_down_is_caught_at_its_order(declare, level, wrong):
    maps = three_maps(declare, "level4")
    for number in (3, 2, 1):
        maps = three_maps(declare, f"level{number}", maps, wrong if number == level else None)
    function, arguments = checked(maps, "correlate")
    for order in range(1, level):
        assert gradcheck(function, arguments, order=order)
    with pytest.raises(GradcheckError, match=f"^order {level}, "):
        gradcheck(function, arguments, order=level)


def test_a_rule_of_the_engine_that_is_spoilt_is_caught(monkeypatch):
    tanh = mg.primitives()["tanh"]
    rule, names = tanh.rules["x"]
    with monkeypatch.context() as patch:
        patch.setitem(tanh.rules, "x", (lambda g, y: rule(g, y) * 1.01, names))
        with pytest.raises(GradcheckError, match="order 1, input 0"):
            gradcheck(mg.tanh, random_leaf(3))
    assert gradcheck(mg.tanh, random_leaf(3), order=3)


def test_one_wrong_element_among_many_is_caught():
    error = np.ones(100)
    error[37] = 1.1

    def function(x):
        return (x * mg.tensor(error) - (x * mg.tensor(error - 1)).detach()).sum()  # the value of x.sum()

    with pytest.raises(GradcheckError, match=r"order 1, input 0 \(shape \(100,\)\)"):
        gradcheck(function, random_leaf(100))


def test_a_gradient_lost_on_the_way_is_caught():
    with pytest.raises(GradcheckError, match="the tape says 0"):
        gradcheck(lambda x: mg.sin(x.detach()), random_leaf(3))
    with pytest.raises(GradcheckError, match="input 1"):
        gradcheck(lambda x, y: x * y.detach(), [random_leaf(3), random_leaf(3)])


def test_a_gradient_that_is_not_a_number_is_caught():
    x = leaf(0.0, 1.0)
    with pytest.raises(GradcheckError, match="the tape says nan"):
        gradcheck(lambda x: mg.where(x > 0.5, x, mg.sqrt(x * 0) * x), x)


def test_kinks_are_reported_as_such():
    with pytest.raises(GradcheckError, match="or the function is not smooth at this point"):
        gradcheck(mg.relu, leaf(0.0))


def test_an_error_of_the_sign_is_caught():
    with pytest.raises(GradcheckError, match=r"a random direction the tape says .*, central differences with eps"):
        gradcheck(lambda x: (x * 4).detach() - x * 2, leaf(1.0))  # the value of 2x


@pytest.mark.parametrize("order", [1, 2, 3])
def test_constants_integers_and_what_is_no_tensor_pass_through(order):
    def function(x, n, scale, word):
        assert word == "word"
        return mg.ones(3, dtype=mg.float64), n, (x**n * scale).sum(), x * 2

    assert gradcheck(function, [random_leaf(2), mg.tensor([2, 3]), 1.5, "word"], order=order)


def test_inputs_that_are_not_used_have_zero_gradients():
    assert gradcheck(lambda x, y: x * x, [random_leaf(2), random_leaf(3)], order=2)


def test_inputs_are_left_as_they_were():
    x = random_leaf(3)
    before = x.tolist()
    gradcheck(mg.exp, x, order=3)
    assert x.tolist() == before
    assert x.grad is None
    assert x.is_leaf


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        (lambda: mg.ones(2, requires_grad=True), DTypeError, r"input 0 is float32; differences need float64"),
        (lambda: mg.ones(2, dtype=mg.float64), GradError, r"no input requires gradients, so there is nothing to check"),
        (lambda: [1.0, "x"], GradError, r"no input requires gradients"),
    ],
)
def test_inputs_that_cannot_be_checked_are_refused(check, inputs, error, message):
    with pytest.raises(error, match=rf"{check.__name__}: {message}"):
        check(lambda *args: args[0] * 2, inputs())


@pytest.mark.parametrize("result", [None, mg.tensor([1]), [1.0]])
def test_functions_without_a_floating_result_are_refused(result):
    with pytest.raises(GradError, match="returned no floating-point tensor, so there is nothing to differentiate"):
        gradcheck(lambda x: result, random_leaf(2))


def test_directions_come_from_the_generator_that_is_given():
    mg.manual_seed(3)
    following = mg.rand(1).item()
    mg.manual_seed(3)
    x = mg.zeros(4, dtype=mg.float64, requires_grad=True)
    wrong = []
    for seed in (0, 0, 1):
        with pytest.raises(GradcheckError) as caught:
            gradcheck(mg.relu, x, generator=np.random.default_rng(seed))
        wrong.append(str(caught.value))
    assert wrong[0] == wrong[1] != wrong[2]
    assert gradcheck(mg.exp, x, order=3, generator=np.random.default_rng(0))
    assert mg.rand(1).item() == following, "the thread's generator was not asked"


def test_errors_of_the_function_are_not_hidden():
    with pytest.raises(ShapeError):
        gradcheck(lambda x: x + mg.ones(3), random_leaf(2), raise_exception=False)


def test_gradcheck_error_is_an_error_of_minigrad():
    assert issubclass(GradcheckError, MinigradError)
    assert issubclass(GradcheckError, RuntimeError)


def test_gradgradcheck_takes_the_cotangents():
    x = random_leaf(3)
    assert gradgradcheck(mg.tanh, x, mg.ones(3, dtype=mg.float64))
    assert gradgradcheck(lambda x: (x * x, mg.sin(x)), x, [mg.ones(3, dtype=mg.float64), None], order=3)
    with pytest.raises(GradError, match="gradgradcheck got 1 cotangents for 2 outputs"):
        gradgradcheck(lambda x: (x * x, mg.sin(x)), x, mg.ones(3, dtype=mg.float64))


def test_gradgradcheck_begins_at_the_second_order(declare):
    x, cube = random_leaf(3), cube_with(declare, ("slope", "x"))
    with pytest.raises(GradcheckError, match=r"^order 2"):
        gradgradcheck(cube, x)
    assert gradgradcheck(lambda x: x * 2 + 1, x), "a linear function has a second derivative of zero"
    assert gradgradcheck(mg.round, leaf(0.3, 1.2)), "and so has a constant one"
    assert gradgradcheck(lambda x: x.detach().round(), leaf(0.3, 1.2)), "also where nothing is recorded"
    assert gradgradcheck(cube, x, raise_exception=False) is False


def test_tolerances_are_obeyed():
    def function(x):
        return x * 1.01 - (x * 0.01).detach()  # the tape is wrong by one per cent

    x = leaf(1.0)
    assert not gradcheck(function, x, raise_exception=False)
    assert gradcheck(function, x, rtol=0.02)
    assert gradcheck(function, x, atol=0.1, rtol=0)
    assert not gradcheck(function, x, atol=1e-4, rtol=0, raise_exception=False)
    assert gradcheck(lambda x: mg.sin(x * 1e4), x, eps=1e-9)
    assert not gradcheck(lambda x: mg.sin(x * 1e4), x, eps=1e-3, raise_exception=False)
