"""Forward mode along the tape: in-place changes, several outputs, what is no primitive, and what it costs."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import Observer, observe
from minigrad.errors import GradError
from minigrad.func import jvp, linearize, vjp
from minigrad.func.pushing import Push
from minigrad.registry import lookup
from minigrad.tape import Edge, Node, Spec


def drawn(*shape, seed=0):
    return mg.from_numpy(np.random.default_rng([seed, *shape]).standard_normal(shape))


def agree(function, *points):
    """⟨v, J·t⟩ = ⟨Jᵀ·v, t⟩ for a function of tensors to a tensor."""
    tangents = tuple(drawn(*point.shape, seed=1 + n) for n, point in enumerate(points))
    output, pushed = jvp(function, points, tangents)
    v = drawn(*output.shape, seed=9)
    pulled = vjp(function, *points)[1](v)
    right = sum((one * t).sum().item() for one, t in zip(pulled, tangents))
    assert np.isclose((v * pushed).sum().item(), right, 1e-6)
    assert abs(right) > 1e-6, "the identity says something"


def changed(x):
    y = x * 1
    y[1:] = x[:2] * x[0]
    y += x * x
    y[0] *= 3
    y.relu_()
    return y * x


PROGRAMS = {
    "in place": changed,
    "an argument in place": lambda x: x.mul_(x + 1).exp_(),
    "split and joined": lambda x: mg.cat([part * (n + 1) for n, part in enumerate(mg.split(x * x, 1))][::-1]),
    "joined with a constant": lambda x: mg.cat([mg.ones(2, dtype=mg.float64), x.exp(), x]),
    "passed through": lambda x: mg.identity(x * x, mg.ones(3), x)[0] * x,
    "extremes": lambda x: mg.amax(x * x[0]) * x + mg.min(x, 0).values,
    "sorted": lambda x: mg.sort(x * x, descending=True).values * x,
    "a number twice": lambda x: x + x,
    "cast": lambda x: (x.float() * 1).double() * x,
    "written over": lambda x: lookup("setitem")(x * 2, [0, 0], x[1:].exp()),
    "chosen": lambda x: mg.where(x > 0, x * x, mg.exp(x)),
    "standardised": lambda x: mg.standardize(x, 0)[0] * mg.standardize(x, 0, 0.1)[2] + mg.standardize(x, 0)[1] * x,
    "off the tape for a while": lambda x: x * x.detach() + x.data,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_both_modes_agree(name):
    agree(PROGRAMS[name], drawn(3))


def test_an_argument_changed_in_place_stays_as_it_was_outside():
    x = drawn(3)
    before = x.numpy().copy()
    jvp(lambda x: x.mul_(2), (x,), (x,))
    assert np.array_equal(x.numpy(), before)


def test_no_grad_inside_makes_constants_in_both_modes():
    def function(x):
        with mg.no_grad():
            constant = x * 2
        return constant * x

    x = mg.tensor([1.0, 2.0])
    assert jvp(function, (x,), (mg.ones(2),))[1].tolist() == [2, 4]
    assert vjp(function, x)[1](mg.ones(2))[0].tolist() == [2, 4]


class Applied(Observer):
    def __init__(self):
        self.names = []

    def applied(self, primitive, inputs, outputs):
        self.names.append(primitive.name)


def test_a_tangent_of_a_linear_map_is_one_application():
    x, w = drawn(1, 2, 8), drawn(3, 2, 3)
    _, push = linearize(lambda x: mg.conv1d(x, w), x)
    with observe(Applied()) as applied:
        push(x)
    assert applied.names == ["correlate"]


def test_what_the_primitive_leaves_open_is_recorded_once_for_many_tangents():
    _, push = linearize(lambda x: mg.amax(x), drawn(3))
    counts = []
    for _ in range(3):
        with observe(Applied()) as applied:
            push(mg.ones(3, dtype=mg.float64))
        counts.append(len(applied.names))
    assert counts[0] > counts[1] == counts[2] > 0


def test_nodes_off_the_way_are_not_visited():
    y = drawn(3).requires_grad_()
    with observe(Applied()) as applied:
        jvp(lambda x: (y.exp() * y).sum() * x.sum(), (drawn(2),), (drawn(2),))
    assert applied.names.count("exp") == 1


class Doubled:
    """An operation that is no primitive; `pull` is all that it has."""

    name = "doubled"

    def __init__(self, pull):
        self.pull = pull

    def check(self, node, wanted):
        """Nothing was saved."""


def through(pull):
    def function(x):
        node = Node(Doubled(pull), (Edge(x._node, x._index),), (Spec(x.shape, x.dtype),), {}, {})
        return mg.Tensor._wrap(x._array * 2, node)

    return function


def test_another_operation_is_pushed_through_by_its_vjp():
    function = through(lambda node, cotangents, wanted: [cotangents[0] * 2])
    assert jvp(function, (mg.ones(2),), (mg.tensor([1.0, 3.0]),))[1].tolist() == [2, 6]


def test_one_whose_backward_leaves_the_tape_is_refused():
    function = through(lambda node, cotangents, wanted: [cotangents[0].detach() * 2])
    with pytest.raises(GradError, match=r"forward mode through <doubled #\d+>: its backward leaves the tape"):
        jvp(function, (mg.ones(2),), (mg.ones(2),))


def test_one_whose_gradient_is_0_is_no_reason_to_refuse():
    function = through(lambda node, cotangents, wanted: [mg.zeros(2)])
    assert jvp(function, (mg.ones(2),), (mg.ones(2),))[1].tolist() == [0, 0]


def test_a_graph_that_was_freed_inside_is_refused():
    def function(x):
        y = x * x
        y.sum().backward()
        return y

    with pytest.raises(GradError, match=r"forward mode reached <mul #\d+>, whose saved values were freed"):
        jvp(function, (mg.ones(2),), (mg.ones(2),))


def test_a_value_changed_in_place_is_noticed():
    w = mg.ones(2)

    def function(x):
        y = x * w
        w.add_(1)
        return y

    with pytest.raises(GradError, match=r"changed in place"):
        jvp(function, (mg.ones(2),), (mg.ones(2),))


def test_a_rule_that_gives_another_shape_is_caught(monkeypatch):
    monkeypatch.setattr(mg.primitives()["sum"], "jvps", {"x": (lambda t: t, ())})
    with pytest.raises(GradError, match=r"the forward rule of sum gave a tangent of shape \(2,\)"):
        jvp(lambda x: x.sum(), (mg.ones(2),), (mg.ones(2),))


def test_an_output_that_is_an_input():
    x = mg.ones(2)
    assert jvp(lambda x: x, (x,), (mg.tensor([2.0, 3.0]),))[1].tolist() == [2, 3]
    node = Node(None, (), (Spec((), np.dtype(float)),), {}, {})
    assert Push([Edge(node, 0)], [Edge(node, 0), None])([mg.ones(())])[0].item() == 1
