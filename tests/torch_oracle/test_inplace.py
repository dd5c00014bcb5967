"""In-place operations: what they compute, how they are recorded, and what is refused."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import numpy as np
import pytest
import torch

import minigrad as mg
from tests.torch_oracle.compare import agree, assert_same, both_refuse, compare, normal, positive, whole

METHODS = [
    ("add_", (0.5,)), ("sub_", (0.5,)), ("mul_", (0.5,)), ("div_", (0.5,)), ("pow_", (2,)), ("neg_", ()), ("abs_", ()),
    ("exp_", ()), ("log_", ()), ("sqrt_", ()), ("tanh_", ()), ("sigmoid_", ()), ("relu_", ()), ("clamp_", (0.7, 1.2)),
    ("clip_", (0.7, 1.2)), ("round_", ()), ("floor_", ()), ("ceil_", ()), ("zero_", ()), ("fill_", (3.0,)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), METHODS)
def test_recorded_on_an_interior_tensor(name, arguments):
    def run(x):
        t = x * 2
        early = t * 3 if name in ("add_", "sub_", "neg_") else x * 3
        returned = getattr(t, name)(*arguments)
        assert returned is t
        return t * x, early

    compare(run, run, positive(3, 4))


@pytest.mark.parametrize(("name", "arguments"), METHODS)
def test_off_the_tape(name, arguments):
    results = []
    for library in (mg, torch):
        x = library.tensor(positive(3, 4))
        view = x[1]
        version = x._version
        assert getattr(x, name)(*arguments) is x
        assert (view == x[1]).all()
        assert x._version > version
        assert view._version == x._version
        results.append(x)
    assert_same(*results)


def augmented(symbol):
    """The augmented assignment on an interior tensor."""
    body = compile(f"t {symbol} u", "<assignment>", "exec")

    def run(x, y):
        names = {"t": x * 2, "u": y}
        alias = names["t"]
        exec(body, names)
        assert names["t"] is alias
        return alias * x

    return run


@pytest.mark.parametrize("symbol", ["+=", "-=", "*=", "/=", "**="])
@pytest.mark.parametrize("shape", [(3, 4), (4,), (3, 1), ()])
def test_augmented_assignment(symbol, shape):
    compare(augmented(symbol), augmented(symbol), positive(3, 4), positive(*shape, seed=1))
    compare(augmented(symbol), augmented(symbol), positive(3, 4), 2, order=1)


@pytest.mark.parametrize("symbol", ["+=", "-=", "*=", "//=", "%=", "&=", "|=", "^=", "**="])
def test_augmented_assignment_of_integers(symbol):
    results = []
    for library in (mg, torch):
        t = library.tensor(whole(1, 9, 5))
        names = {"t": t}
        exec(f"t {symbol} 3", names)
        results.append((names["t"], names["t"] is t))
    assert_same(*results)


def test_copies_and_random_fills_are_recorded():
    def copy(x, y):
        t = x * 2
        t.copy_(y)
        return t * x

    compare(copy, copy, normal(3, 4), normal(4))
    compare(copy, copy, normal(3, 4), normal(3, 4).astype(np.float32), single=False, order=1)

    def fill(x, y):
        t = x * 2
        t.fill_(y)
        return t * x

    compare(fill, fill, normal(3, 4), np.array(2.0))

    def fused(x, y):
        t = x * 2
        t.addcmul_(x, y, value=0.5).addcdiv_(x, y, value=-1).lerp_(y, 0.25)
        return t

    compare(fused, fused, normal(3, 4), positive(3, 4))

    def masked(x, y):
        t = x * 2
        t.masked_fill_(y > 1, 0.5)
        return t * x

    compare(masked, masked, normal(3, 4), positive(3, 4))
    for library in (mg, torch):
        for name in ("uniform_", "normal_", "bernoulli_"):
            x = library.ones(3, requires_grad=True)
            t = x * 2
            getattr(t, name)()
            (t * x).sum().backward()
            assert (x.grad == t).all()


def test_leaves_are_refused_outside_no_grad():
    for change in (
        lambda t: t.add_(1), lambda t: t.zero_(), lambda t: t.__setitem__(0, 1.0), lambda t: t.__iadd__(1),
        lambda t: t.copy_(t * 2), lambda t: t.normal_(), lambda t: t.relu_(), lambda t: t.uniform_(),
    ):  # fmt: skip
        ours, theirs = mg.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
        both_refuse(lambda: change(ours), lambda: change(theirs), RuntimeError)
        assert ours.tolist() == [1, 1, 1]
        with mg.no_grad(), torch.no_grad():
            for tensor in (ours, theirs):
                change(tensor)
                assert tensor.is_leaf
                assert tensor.requires_grad


def test_stale_values_are_refused():
    """Backward through a VJP that needs a value changed since; and where it does not need it, it runs."""
    needs = [
        lambda t: t * t, lambda t: t.exp(), lambda t: t.sqrt(), lambda t: t**2, lambda t: t.sin(), lambda t: t.abs(),
        lambda t: t / 2 * t, lambda t: t.tanh(), lambda t: t.sigmoid(), lambda t: t.log(), lambda t: t.relu(),
    ]  # fmt: skip
    for changed in ("input", "output"):
        for function in needs:
            outcomes = []
            for library in (mg, torch):
                x = library.tensor([0.5, 2.0], requires_grad=True)
                t = x * 1.5
                y = function(t)
                with library.no_grad():
                    (t if changed == "input" else y).mul_(3)
                try:
                    y.sum().backward()
                except RuntimeError:
                    outcomes.append(None)
                else:
                    outcomes.append(x.grad.tolist())
            assert (outcomes[0] is None) == (outcomes[1] is None), (changed, outcomes)


def test_harmless_changes_are_not_refused():
    for library in (mg, torch):
        for function in (
            lambda t: t + 1,
            lambda t: t * 3,
            lambda t: t.sum(),
            lambda t: -t,
            lambda t: t.reshape(2, 1),
            lambda t: t[0],
        ):
            x = library.tensor([0.5, 2.0], requires_grad=True)
            t = x * 1.5
            y = function(t).sum()
            with library.no_grad():
                t.mul_(3)
            y.backward()
            assert x.grad is not None


def test_detached_twins_share_the_version():
    for library in (mg, torch):
        x = library.tensor([0.5, 2.0], requires_grad=True)
        t = x * 1.5
        y = (t * t).sum()
        t.detach().zero_()
        with pytest.raises(RuntimeError):
            y.backward()
        assert x.grad is None


def test_what_cannot_grow_or_change_kind():
    for change in (
        lambda t: t.add_(t.reshape(1, 3) * t.reshape(3, 1)), lambda t: t.mul_(t.new_ones(2)),
        lambda t: t.copy_(t.new_ones(2)), lambda t: t.copy_(t.new_ones(2, 3)),
    ):  # fmt: skip
        both_refuse(lambda: change(mg.ones(3)), lambda: change(torch.ones(3)))
    for change in (
        lambda t: t.add_(0.5),
        lambda t: t.div_(2),
        lambda t: t.mul_(t.new_ones(2).double()),
        lambda t: t.exp_(),
    ):
        both_refuse(lambda: change(mg.tensor([1, 2])), lambda: change(torch.tensor([1, 2])))


def test_writes_through_one_element_in_many_places_are_refused():
    for change in (lambda t: t.add_(1), lambda t: t.mul_(2), lambda t: t.exp_()):
        both_refuse(lambda: change(mg.ones(1, 2).expand(3, 2)), lambda: change(torch.ones(1, 2).expand(3, 2)))


def test_requires_grad_of_a_target():
    """A constant that is written with something on the tape joins the tape."""
    for library in (mg, torch):
        x = library.ones(2, requires_grad=True)
        t = library.zeros(2)
        t += x
        assert t.requires_grad
        assert not t.is_leaf
        t[0] = 5
        t.sum().backward()
        assert x.grad.tolist() == [0, 1]
        with library.no_grad():
            u = library.zeros(2)
            u += x
        assert not u.requires_grad


def test_data_is_outside_the_tape():
    for library in (mg, torch):
        x = library.ones(2, requires_grad=True)
        x.data.mul_(3)
        assert x.tolist() == [3, 3]
        assert x.requires_grad
        x.data = library.zeros(3)
        assert tuple(x.shape) == (3,)
        assert x.requires_grad
        (x * 2).sum().backward()
        assert x.grad.tolist() == [2, 2, 2]


def test_fractions_written_into_float64_keep_their_digits():
    def run(library):
        t = library.zeros(8, dtype=library.float64)
        place = library.tensor([2])
        t[0] = 0.1
        t[1:3] = -0.3
        return [
            t, t.clone().fill_(0.7), t.masked_fill(t == 0, 0.7), t.clone().masked_fill_(t == 0, 0.7),
            t.index_fill(0, place, 0.7), t.scatter(0, place, 0.7), t.clone().requires_grad_().scatter(0, place, 0.7),
            library.zeros(2, 2, dtype=library.float64).fill_diagonal_(0.7),
        ]  # fmt: skip

    agree(run)
