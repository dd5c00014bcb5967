"""Profiles as users run them: what is seen, in which tree, over steps, nested, in threads; nothing is changed."""

import asyncio
import gc
import re
import threading
import weakref

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.autograd import observers
from minigrad.errors import ArgumentError, DTypeError, MinigradWarning, ShapeError
from minigrad.profiler import ProfilerActivity, profile, record_function, schedule


def leaf(*values):
    return mg.tensor(values, requires_grad=True)


def names(prof, kind=None):
    return [event.name for event in prof.events() if kind in (None, event.kind)]


def check_tree(prof):
    """Children lie inside their parents, one after the other, and self times are what is left."""
    for event in prof.events():
        assert event.start <= event.end
        assert event.self_cpu_time_total >= 0
        inside = sum(child.cpu_time_total for child in event.children)
        assert event.self_cpu_time_total + inside == pytest.approx(event.cpu_time_total)
        if event.parent is not None:
            assert event in event.parent.children
            assert event.parent.start <= event.start <= event.end <= event.parent.end
        for one, other in zip(event.children, event.children[1:], strict=False):
            assert one.end <= other.start


def train(steps=2, each=lambda: None):
    mg.manual_seed(3)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(18, 3))
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(mg.randn(4, 1, 5, 5)), mg.randint(0, 3, (4,)))
        loss.backward()
        optimizer.step()
        each()
    return [p.detach().numpy().tobytes() for p in model.parameters()], mg.rand(1).item()


# ----------------------------------------------------------------- what is seen


def test_forward_backward_and_update_are_told_apart():
    with profile() as prof:
        train(1)
    check_tree(prof)
    of = {(event.name, event.direction) for event in prof.events() if event.kind == "operation"}
    assert {("correlate_bias", "forward"), ("correlate_weight", "backward"), ("clone", "backward")} <= of
    assert ("linear", "forward") in of
    assert ("matmul", "backward") in of
    assert "update" in {direction for _, direction in of}
    assert not {name for name, direction in of if direction == "forward"} & {"correlate_weight", "relu_vjp"}


def test_what_a_vjp_computes_is_inside_its_step():
    x = leaf(2.0, 3.0)
    with profile() as prof:
        (x * x).sum().backward()
    check_tree(prof)
    (step,) = [event for event in prof.events() if event.name == "mul.backward"]
    assert [child.name for child in step.children] == ["mul", "mul", "add"]
    assert {child.direction for child in step.children} == {"backward"}
    assert (step.parent.name, step.parent.kind, step.parent.parent) == ("autograd.backward", "region", None)
    assert (step.forward.name, step.forward.direction, step.forward.number) == ("mul", "forward", step.number)
    (row,) = [row for row in prof.key_averages() if row.key == "mul.backward"]
    assert row.cpu_time_total == step.cpu_time_total
    assert row.self_cpu_time_total < row.cpu_time_total


def test_a_forward_inside_a_walk_belongs_to_the_backward_pass():
    x = leaf(2.0)
    y = x * 2
    y.register_hook(lambda gradient: gradient * leaf(1.0).exp().detach())
    with profile() as prof:
        y.sum().backward()
    assert {event.direction for event in prof.events() if event.kind == "operation"} >= {"backward"}
    assert [event.direction for event in prof.events() if event.name == "exp"] == ["backward"]


def test_second_order_walks():
    x = leaf(2.0)
    with profile() as prof:
        (first,) = mg.autograd.grad(x**3, x, create_graph=True)
        first.backward()
    check_tree(prof)
    recorded = [event for event in prof.events() if event.kind == "step" and event.forward.direction == "backward"]
    assert recorded, "a step that differentiates what another step computed"


def test_a_profile_between_forward_and_backward():
    x = leaf(2.0)
    y = x.exp().sum()
    with profile() as prof:
        y.backward()
    assert names(prof, "step") == ["sum.backward", "exp.backward"]
    assert {event.forward for event in prof.events()} == {None}


def test_bytes_and_shapes():
    a, b = mg.zeros(2, 3), mg.zeros(3, 5)
    with profile(record_shapes=True) as prof:
        (a @ b).reshape(10)
        mg.zeros(4, 3) @ b
    found = {(row.key, row.input_shapes): row.bytes for row in prof.key_averages(group_by_input_shape=True)}
    assert found["matmul", ((2, 3), (3, 5))] == 40
    assert found["matmul", ((4, 3), (3, 5))] == 80
    assert found["reshape", ((2, 5),)] == 40
    assert "[(2, 3), (3, 5)]" in prof.key_averages(group_by_input_shape=True).table()
    with profile() as prof:
        a @ b
    with pytest.raises(ArgumentError, match="record_shapes=True"):
        prof.key_averages(group_by_input_shape=True)


def test_memory_is_what_results_hold_at_one_time():
    a = mg.zeros(1000)
    with profile(profile_memory=True) as prof:
        b = a.exp()  # 4000 bytes
        view = b.reshape(10, 100)
        c = (b + 1).sin()  # 4000 for the result, and for a moment 4000 for b + 1
        del b
        d = c.clone()  # view keeps the memory of b
    assert prof.peak_memory == 12000
    by_name = {row.key: (row.bytes, row.cpu_memory_usage) for row in prof.key_averages()}
    assert by_name["exp"] == by_name["sin"] == by_name["clone"] == (4000, 4000)
    assert by_name["reshape"] == (4000, 0)
    assert "CPU Mem" in str(prof)
    assert (view.shape, d.shape) == ((10, 100), (1000,))
    with profile() as prof, pytest.raises(ArgumentError, match="profile_memory=True"):
        _ = prof.peak_memory


def test_lines_of_the_user(tmp_path):
    with profile(with_stack=True) as prof:
        nn.Tanh()(mg.zeros(1))  # line of interest
    (event,) = [event for event in prof.events() if event.name == "tanh"]
    assert (event.stack[0].file, event.stack[0].text) == (__file__, "nn.Tanh()(mg.zeros(1))  # line of interest")
    rows = {row.key: row for row in prof.key_averages(group_by_stack_n=1)}
    assert rows["tanh"].stack[0].endswith("# line of interest")
    assert "line of interest" in prof.key_averages(group_by_stack_n=1).table(max_src_column_width=1000)
    with profile() as other:
        mg.zeros(1).exp()
    with pytest.raises(ArgumentError, match="with_stack=True"):
        other.key_averages(group_by_stack_n=1)
    with pytest.raises(ArgumentError, match="with_stack=True"):
        other.export_stacks(tmp_path / "stacks")


def test_regions_of_a_program():
    @record_function("decorated")
    def decorated():
        return mg.zeros(1).sin()

    with profile() as prof:
        with record_function("outer"), record_function("inner", "7"):
            mg.zeros(1).exp()
        decorated()
        decorated()
    check_tree(prof)
    around = {event.name: [one.name for one in event.ancestors()] for event in prof.events()}
    assert around["exp"] == ["inner(7)", "outer"]
    assert around["sin"] == ["decorated"]
    assert [row.count for row in prof.key_averages() if row.key == "decorated"] == [2]
    with pytest.raises(DTypeError, match="record_function got a int"):
        record_function(3)


def test_a_recursive_region_counts_its_time_once():
    def recurse(depth):
        with record_function("deep"):
            mg.zeros(1).exp()
            if depth:
                recurse(depth - 1)

    with profile() as prof:
        recurse(3)
    (row,) = [row for row in prof.key_averages() if row.key == "deep"]
    assert row.count == 4
    assert row.cpu_time_total == max(event.cpu_time_total for event in prof.events() if event.name == "deep")


def test_an_error_ends_what_it_went_through():
    class Wrong(nn.Module):
        def forward(self, x):
            return x.exp() + mg.zeros(7)

    with profile() as prof:
        with pytest.raises(ShapeError):
            nn.Sequential(Wrong())(mg.zeros(2))
        mg.zeros(1).sin()
    check_tree(prof)
    (failed,) = [event for event in prof.events() if event.name == "add"]
    assert failed.raised
    (sin,) = [event for event in prof.events() if event.name == "sin"]
    assert (sin.parent, sin.layer) == (None, "")


def test_an_error_in_a_walk_ends_the_walk():
    x = leaf(2.0)
    y = x.exp().sum()

    def boom(*_):
        raise ZeroDivisionError

    handle = y.grad_fn.register_hook(boom)
    with profile() as prof:
        with pytest.raises(ZeroDivisionError):
            y.backward(retain_graph=True)
        handle.remove()
        y.backward()
    check_tree(prof)
    assert [event.raised for event in prof.events() if event.name == "sum.backward"] == [True, False]
    assert [len(list(event.ancestors())) for event in prof.events() if event.name == "exp.backward"] == [1]


# -------------------------------------------------------------- nothing is changed


def test_profiling_changes_neither_results_nor_random_numbers():
    plain = train()
    with profile(record_shapes=True, profile_memory=True, with_stack=True, with_modules=True) as prof:
        profiled = train()
    assert profiled == plain
    assert len(prof.events()) > 50


def test_a_profile_keeps_no_tensor_and_no_node():
    gc.collect()
    gc.disable()
    try:
        with profile(profile_memory=True, with_stack=True, record_shapes=True) as prof:
            x = leaf(1.0, 2.0)
            y = (x * x).sum()
            gone = [weakref.ref(one) for one in (x, y, y.grad_fn)]
            y.backward()
            del x, y
            assert [one() for one in gone] == [None] * 3
        assert names(prof)
    finally:
        gc.enable()


# ------------------------------------------------------------------ from when to when


def test_nested_profiles():
    with profile() as outer:
        mg.zeros(1).exp()
        with profile() as inner:
            mg.zeros(1).sin()
        mg.zeros(1).cos()
    check_tree(inner)
    check_tree(outer)
    assert [name for name in names(outer) if name in ("exp", "sin", "cos")] == ["exp", "sin", "cos"]
    assert "exp" not in names(inner)
    assert "cos" not in names(inner)


def test_start_and_stop():
    prof = profile()
    assert str(prof) == "a profile that has recorded nothing"
    with pytest.raises(ArgumentError, match="nothing was recorded yet"):
        prof.events()
    prof.start()
    with pytest.raises(ArgumentError, match="runs already"):
        prof.start()
    mg.zeros(1).exp()
    prof.stop()
    assert observers() == ()
    mg.zeros(1).sin()
    assert "exp" in names(prof)
    assert "sin" not in names(prof)
    for method in (prof.stop, prof.step):
        with pytest.raises(ArgumentError, match="does not run"):
            method()
    prof.start()
    mg.zeros(1).cos()
    prof.stop()
    assert "exp" not in names(prof)


def test_two_profiles_that_overlap():
    first, second = profile(), profile()
    first.start()
    second.start()
    first.stop()
    mg.zeros(1).exp()
    second.stop()
    assert observers() == ()
    assert "exp" in names(second)
    assert "exp" not in names(first)


def test_a_profile_that_begins_and_ends_in_the_middle():
    class Middle(nn.Module):
        def forward(self, x):
            prof.start()
            x = x.exp()
            with record_function("open"):
                x = x.sin()
                prof.stop()
            return x.cos()

    prof = profile()
    nn.Sequential(Middle(), nn.Tanh())(mg.zeros(1))
    check_tree(prof)
    assert names(prof) == ["exp", "open", "sin"]
    with profile() as prof:
        mg.zeros(1).exp()
    assert {event.parent for event in prof.events()} == {None}


def test_an_exception_leaves_the_block():
    prof = profile()

    def fail():
        with prof:
            mg.zeros(1).exp()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert observers() == ()
    assert "exp" in names(prof)


def test_schedules():
    ready = []

    def on_trace_ready(prof):
        ready.append((prof.step_num, names(prof, "operation"), names(prof, "region")))

    functions = [mg.exp, mg.sin, mg.cos, mg.tan, mg.sinh, mg.cosh, mg.tanh, mg.sqrt]
    x = mg.zeros(1)
    with profile(schedule=schedule(wait=1, warmup=1, active=2, repeat=2), on_trace_ready=on_trace_ready) as prof:
        for function in functions:
            function(x)
            prof.step()
            assert len(observers()) == (prof.current_action.name.startswith("RECORD"))
    assert ready == [
        (3, ["cos", "tan"], ["ProfilerStep#2", "ProfilerStep#3"]),
        (7, ["tanh", "sqrt"], ["ProfilerStep#6", "ProfilerStep#7"]),
    ]


def test_a_cycle_that_ends_early_is_ready_all_the_same():
    ready = []
    with profile(schedule=schedule(wait=0, warmup=0, active=5), on_trace_ready=ready.append) as prof:
        mg.zeros(1).exp()
        prof.step()
    assert ready == [prof]
    with profile(schedule=schedule(wait=5, warmup=0, active=5), on_trace_ready=ready.append):
        pass
    assert ready == [prof]


def test_steps_without_a_schedule_are_all_recorded():
    ready = []
    with profile(on_trace_ready=ready.append) as prof:
        mg.zeros(1).exp()
        prof.step()
        mg.zeros(1).sin()
    assert {"exp", "sin"} <= set(names(prof))
    assert names(prof, "region") == []
    assert ready == [prof]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: schedule(wait=0, warmup=0, active=0), ArgumentError, "active=0; it counts steps, from 1 on"),
        (lambda: schedule(wait=-1, warmup=0, active=1), ArgumentError, "wait=-1; it counts steps, from 0 on"),
        (lambda: schedule(wait=0, warmup=0, active=1)(-1), ArgumentError, "steps count from 0"),
        (lambda: profile(schedule=3), DTypeError, "got a int as schedule"),
        (lambda: profile(on_trace_ready=3), DTypeError, "got a int as on_trace_ready"),
        (lambda: profile(activities=["cpu"]), DTypeError, "the activity 'cpu'"),
        (lambda: profile(schedule=lambda step: True).start(), DTypeError, "returned True; it returns a ProfilerAction"),
    ],
)
def test_wrong_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()
    assert observers() == ()


def test_there_is_no_cuda():
    with profile(activities=[ProfilerActivity.CPU]) as prof:
        mg.zeros(1).exp()
    assert "exp" in names(prof)
    with pytest.warns(MinigradWarning, match="there is no CUDA here"):
        profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA])


# ------------------------------------------------------------------ threads and tasks


def test_a_profile_sees_its_thread_only():
    found = {}

    def work(name):
        with profile() as prof:
            barrier.wait()
            for _ in range(20):
                getattr(mg.zeros(10), name)()
        found[name] = prof

    barrier = threading.Barrier(2, timeout=30)
    threads = [threading.Thread(target=work, args=(name,)) for name in ("exp", "sin")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, other in (("exp", "sin"), ("sin", "exp")):
        check_tree(found[name])
        assert names(found[name]).count(name) == 20
        assert other not in names(found[name])
        assert len({event.thread for event in found[name].events()}) == 1


def test_tasks_that_take_turns_keep_their_own_trees():
    async def task(name):
        with record_function(f"task {name}"):
            for _ in range(3):
                getattr(mg.zeros(1), name)()
                await asyncio.sleep(0)

    async def main():
        await asyncio.gather(task("exp"), task("sin"))

    with profile() as prof:
        asyncio.run(main())
    parents = {(event.name, event.parent.name) for event in prof.events() if event.name in ("exp", "sin")}
    assert parents == {("exp", "task exp"), ("sin", "task sin")}
    assert names(prof).count("exp") == 3


def test_the_module_prints_its_table():
    with profile() as prof:
        mg.zeros(1).exp()
    assert re.search(r"^exp +forward +1 ", str(prof), re.MULTILINE)
    assert repr(prof) == str(prof)
    assert np.isfinite(prof.events()[0].cpu_time_total)


def test_anomaly_mode_inside_a_profile():
    x = leaf(0.0)
    with profile() as prof:
        y = mg.sqrt(x)
        with pytest.raises(mg.errors.AnomalyError), mg.autograd.detect_anomaly():
            y.backward()
        mg.zeros(1).sin()
    check_tree(prof)
    assert names(prof, "step") == ["sqrt.backward"]
    assert [event.parent for event in prof.events() if event.name == "sin"] == [None]
