"""Observers as users write them: nested, failing, computing, in threads and tasks, and begun or ended half-way."""

import asyncio
import contextvars
import threading

import pytest

import minigrad as mg
import nn
from minigrad.autograd import Observer, observe, observers, region
from minigrad.errors import ArgumentError, DTypeError, GradError
from minigrad.observing import unwatch, watch


class Diary(Observer):
    def __init__(self, name="", lines=None):
        self.name = name
        self.lines = [] if lines is None else lines

    def note(self, text):
        self.lines.append(f"{self.name} {text}".strip())

    def applying(self, primitive, inputs, static):
        self.note(f"applying {primitive.name}")

    def applied(self, primitive, inputs, outputs):
        self.note(f"applied {primitive.name}")

    def pulling(self, node, cotangents):
        self.note(f"pulling {node.name()}")

    def pulled(self, node, cotangents, gradients):
        self.note(f"pulled {node.name()}")

    def raised(self, source, error):
        self.note(f"raised {type(error).__name__}")

    def entering(self, module, args):
        self.note(f"entering {type(module).__name__}")

    def left(self, module, output):
        self.note(f"left {type(module).__name__}")

    def begun(self, name):
        self.note(f"begun {name}")

    def ended(self, name):
        self.note(f"ended {name}")


class Boom(Exception):
    pass


def leaf(*values):
    return mg.tensor(values, requires_grad=True)


def names(diary):
    return [line.removeprefix("applied ") for line in diary.lines if line.startswith("applied")]


# ------------------------------------------------------------------------ order


def test_ends_come_in_the_opposite_order_of_starts():
    lines = []
    x = leaf(1.0)
    with observe(Diary("outer", lines)), observe(Diary("inner", lines)):
        nn.Tanh()(x)
    assert lines == [
        "outer entering Tanh", "inner entering Tanh", "outer applying tanh", "inner applying tanh",
        "inner applied tanh", "outer applied tanh", "inner left Tanh", "outer left Tanh",
    ]  # fmt: skip


def test_a_backward_pass_is_a_region_with_everything_in_it():
    x = leaf(2.0)
    y = (x * x).sum()
    with observe(Diary()) as diary:
        y.backward()
    assert (diary.lines[0], diary.lines[-1]) == ("begun autograd.backward", "ended autograd.backward")
    # x is used twice: its gradients are added up in the step of mul, and copied to x.grad in the end.
    step = diary.lines[diary.lines.index("pulling mul") : diary.lines.index("pulled mul")]
    assert step == ["pulling mul", *("applying mul", "applied mul") * 2, "applying add", "applied add"]
    assert diary.lines[-2] == "applied clone"


def test_grad_is_a_region():
    x = leaf(2.0)
    with observe(Diary()) as diary:
        mg.autograd.grad(x.exp().sum(), x)
    assert [line for line in diary.lines if "autograd" in line] == ["begun autograd.grad", "ended autograd.grad"]


def test_an_optimiser_is_a_region():
    x = leaf(2.0)
    x.sum().backward()
    with observe(Diary()) as diary:
        mg.optim.SGD([x], lr=0.1).step()
    assert (diary.lines[0], diary.lines[-1]) == ("begun Optimizer.step#SGD.step", "ended Optimizer.step#SGD.step")


def test_regions_end_where_they_raise():
    with observe(Diary()) as diary, pytest.raises(Boom), region("mine"):
        raise Boom
    assert diary.lines == ["begun mine", "ended mine"]


# -------------------------------------------------------------------- functions


def test_functions_instead_of_a_class():
    applied, pulled = [], []
    x = leaf(2.0)
    with observe(
        applied=lambda primitive, inputs, outputs: applied.append(primitive.name),
        pulled=lambda node, cotangents, gradients: pulled.append((node.name(), gradients[0].item())),
    ):
        y = x.exp().sum()
        y.backward()
    assert applied[:2] == ["exp", "sum"]
    assert pulled == [("sum", 1.0), ("exp", y.item())]


@pytest.mark.parametrize(
    ("arguments", "functions", "error", "message"),
    [
        ((Observer,), {}, DTypeError, "observe got the class Observer; give an instance"),
        ((3,), {}, DTypeError, "observe got a int; give an instance of a subclass of minigrad.autograd.Observer"),
        (
            (),
            {"aplied": print},
            ArgumentError,
            "named applying, applied, writing, pulling, pulled, raised",
        ),
        ((), {"applied": 3}, ArgumentError, "observe got a int as applied; it takes functions"),
        (
            (Observer(),),
            {"applied": print},
            ArgumentError,
            "got an observer and applied; give one or the other",
        ),
    ],
)
def test_wrong_observers_are_refused(arguments, functions, error, message):
    with pytest.raises(error, match=message), observe(*arguments, **functions):
        pass
    assert observers() == ()


# ------------------------------------------------------------------------ errors


@pytest.mark.parametrize("method", ["applying", "applied", "entering", "left"])
def test_an_observer_that_raises_in_a_forward(method):
    def boom(*_):
        raise Boom

    x, before, after = leaf(1.0), Diary(), Diary()
    with pytest.raises(Boom), observe(before), observe(**{method: boom}), observe(after):
        nn.Tanh()(x)
    assert observers() == ()
    assert mg.is_grad_enabled()
    for diary in (before, after):  # whoever heard a start heard its end
        assert diary.lines[0] == "entering Tanh"
        assert diary.lines[-1] == "left Tanh"
        assert ("raised Boom" in diary.lines) == (method in ("applying", "applied"))
    nn.Tanh()(x).backward()
    assert x.grad is not None


@pytest.mark.parametrize("method", ["pulling", "pulled", "begun", "ended"])
def test_an_observer_that_raises_in_a_walk(method):
    def boom(*_):
        raise Boom

    x = leaf(1.0)
    y = x.exp().sum()
    with observe(Diary()) as diary, pytest.raises(Boom), observe(**{method: boom}):
        y.backward(retain_graph=True)
    assert diary.lines[-1] == "ended autograd.backward"
    assert (x.grad is None) == (method != "ended")
    x.grad = None
    y.backward()
    assert x.grad.item() == pytest.approx(2.718281828, rel=1e-6)


def test_what_raises_is_told_and_the_next_operation_is_seen_again():
    with observe(Diary()) as diary:
        with pytest.raises(mg.errors.ShapeError):
            mg.ones(2) + mg.ones(3)
        diary.lines.clear()
        with pytest.raises(mg.errors.ShapeError):
            mg.add(mg.zeros(2), mg.zeros(3))
        mg.ones(1).exp()
    assert diary.lines.count("raised ShapeError") == 1
    assert names(diary)[-1] == "exp"


def test_a_vjp_that_raises_is_told(monkeypatch):
    def boom(*_):
        raise Boom

    x = leaf(1.0)
    y = x.sin()
    monkeypatch.setitem(mg.sin.rules, "x", (boom, mg.sin.rules["x"][1]))
    with observe(Diary()) as diary, pytest.raises(Boom):
        y.backward()
    assert diary.lines[-3:] == ["pulling sin", "raised Boom", "ended autograd.backward"]


# -------------------------------------------------------------- observers compute


def test_what_an_observer_computes_nobody_sees():
    outer = Diary()
    means = []

    def mean(primitive, inputs, outputs):
        means.append(outputs[0].mean().item())
        nn.Tanh()(leaf(1.0)).backward()

    with observe(outer), observe(applied=mean):
        mg.ones(2).exp()
    assert means[-1] == pytest.approx(2.7182817)
    assert names(outer)[-1] == "exp"
    assert set(names(outer)) <= {"detach", "exp"}


def test_an_observer_leaves_the_switch_and_the_observers_as_they_were():
    def careless(*_):
        mg.set_grad_enabled(False)
        watch(Diary())

    x = leaf(1.0)
    with observe(applied=careless) as observer:
        assert (x * 2).requires_grad
        assert observers() == (observer,)


def test_an_observer_in_a_backward_hook():
    x = leaf(3.0)
    inner, outer = Diary(), Diary()

    def hook(gradient):
        with observe(inner):
            return gradient * 2

    x.register_hook(hook)
    y = x.exp().sum()
    with observe(outer):
        y.backward()
    assert inner.lines == ["applying mul", "applied mul"]
    assert "pulled exp" in outer.lines
    assert observers() == ()


def test_an_observer_may_come_and_go_inside_a_walk():
    x = leaf(3.0)
    middle = x.exp()
    last = middle.sin().sum()
    diary = Diary()
    middle.register_hook(lambda gradient: watch(diary))
    x.register_hook(lambda gradient: unwatch(diary))
    last.backward()
    assert [line for line in diary.lines if "pull" in line] == ["pulling exp", "pulled exp"]
    assert observers() == ()


def test_an_observer_begun_between_forward_and_backward():
    x = leaf(3.0)
    y = x.exp().sum()
    with observe(Diary()) as diary:
        y.backward()
    assert [line for line in diary.lines if line.startswith("pulled")] == ["pulled sum", "pulled exp"]


def test_observers_leave_in_any_order():
    first, second = Diary(), Diary()
    watch(first)
    watch(second)
    watch(first)
    unwatch(first)
    assert observers() == (first, second)
    unwatch(first)
    assert observers() == (second,)
    unwatch(first)
    unwatch(second)
    assert observers() == ()


# ------------------------------------------------------------- threads and tasks


def test_a_thread_has_no_observers_unless_it_is_given_the_context():
    diary = Diary()

    def run(target):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()

    with observe(diary):
        run(lambda: mg.ones(1).sin())
        context = contextvars.copy_context()
        run(lambda: context.run(lambda: mg.ones(1).cos()))
    assert [name for name in names(diary) if name in ("sin", "cos")] == ["cos"]


def test_a_task_has_the_observers_of_where_it_was_made():
    seen = {name: Diary() for name in ("main", "first", "second")}

    async def task(name):
        with observe(seen[name]):
            for _ in range(3):
                getattr(mg.ones(1), {"first": "sin", "second": "cos"}[name])()
                await asyncio.sleep(0)

    async def main():
        with observe(seen["main"]):
            await asyncio.gather(task("first"), task("second"))
        mg.ones(1).exp()

    asyncio.run(main())
    interesting = {name: [one for one in names(diary) if one in ("sin", "cos", "exp")] for name, diary in seen.items()}
    assert interesting == {
        "main": ["sin", "cos", "sin", "cos", "sin", "cos"], "first": ["sin"] * 3, "second": ["cos"] * 3
    }  # fmt: skip


def test_scopes_that_begin_inside_a_module_keep_their_balance():
    scopes = mg.scopes.Scopes()

    class Late(nn.Module):
        def forward(self, x):
            watch(scopes)
            return x

    nn.Sequential(Late(), nn.Tanh())(mg.ones(1))
    unwatch(scopes)
    assert scopes.modules == []


def test_nothing_of_the_tape_is_told_after_a_refusal():
    x = leaf(1.0)
    y = x.exp().sum()
    y.backward()
    with observe(Diary()) as diary, pytest.raises(GradError):
        y.backward()
    assert not [line for line in diary.lines if "pull" in line]


def test_only_what_observers_know_can_be_told():
    with pytest.raises(ArgumentError, match="tell got 'seen'; observers hear of applying, applied"):
        mg.autograd.tell([Observer()], "seen")
