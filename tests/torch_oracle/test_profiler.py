"""Floating-point operations as PyTorch counts them, its schedules, and the names and arguments of its profiler."""

import inspect
import itertools

import pytest
import torch
import torch.profiler
from torch.utils.flop_counter import FlopCounterMode

import minigrad as mg
import nn as our_nn
from minigrad import profiler
from tests.torch_oracle.compare import agree, normal

PRODUCTS = {"correlate", "correlate_bias", "correlate_input", "correlate_weight", "linear", "project", "matmul"}


def counted(library, compute):
    """The operations of convolutions and matrix products, forward and backward."""
    if library is torch:
        with FlopCounterMode(display=False) as counter:
            compute()
        return counter.get_total_flops()
    with profiler.profile() as prof:
        compute()
    return sum(row.flops for row in prof.key_averages() if row.key in PRODUCTS)


def lenet(library):
    nn = library.nn if library is torch else our_nn
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip


@pytest.mark.parametrize("batch", [1, 4])
def test_lenet_forward_and_backward(batch):
    def run(library):
        model = lenet(library)
        x = library.tensor(normal(batch, 1, 32, 32).astype("float32"))
        forward = counted(library, lambda: model(x))
        return forward, counted(library, lambda: model(x).sum().backward())

    agree(run)


@pytest.mark.parametrize("options", [{}, {"stride": 2}, {"padding": 1}, {"dilation": 2}])
@pytest.mark.parametrize("transposed", [False, True])
def test_convolutions(options, transposed):
    def run(library):
        F = library.nn.functional if library is torch else our_nn.functional
        x = library.tensor(normal(2, 4, 9, 8), requires_grad=True)
        w = library.tensor(normal(4, 4 // options.get("groups", 1), 3, 2), requires_grad=True)
        function = F.conv_transpose2d if transposed else F.conv2d
        return counted(library, lambda: function(x, w, **options).sum().backward())

    agree(run)


def test_groups():
    """PyTorch counts the gradient of a grouped kernel as if there were one group; here it is what the forward is."""
    forward = 2 * (2 * 4 * 7 * 7) * 2 * 6

    def run(library):
        F = library.nn.functional if library is torch else our_nn.functional
        x = library.tensor(normal(2, 4, 9, 8), requires_grad=True)
        w = library.tensor(normal(4, 2, 3, 2), requires_grad=True)
        return [counted(library, lambda: F.conv2d(x, w, groups=2).detach()),
                counted(library, lambda: F.conv2d(x, w, groups=2).sum().backward())]  # fmt: skip

    assert run(mg) == [forward, 3 * forward]
    assert run(torch) == [forward, 4 * forward]


@pytest.mark.parametrize("shapes", [((3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5))])
def test_products(shapes):
    def run(library):
        a, b = (library.tensor(normal(*shape), requires_grad=True) for shape in shapes)
        return counted(library, lambda: (a @ b).sum().backward())

    agree(run)


@pytest.mark.filterwarnings("ignore:Profiler won't be using warmup")
def test_schedules():
    drawn = itertools.product((0, 2), (0, 1), (1, 3), (0, 2), (0, 4), (0, 1))
    for wait, warmup, active, repeat, skip, skip_wait in drawn:
        arguments = {
            "wait": wait, "warmup": warmup, "active": active, "repeat": repeat, "skip_first": skip,
            "skip_first_wait": skip_wait,
        }  # fmt: skip
        ours, theirs = profiler.schedule(**arguments), torch.profiler.schedule(**arguments)
        for step in range(20):
            assert ours(step).name == theirs(step).name, (arguments, step)


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("schedule", set()),
        ("record_function", set()),
        (
            "profile",
            {"experimental_config", "execution_trace_observer", "acc_events", "use_cuda", "custom_trace_id_callback",
             "post_processing_timeout_s"},
        ),
    ],
)  # fmt: skip
def test_arguments(name, left_out):
    ours, theirs = (dict(inspect.signature(getattr(module, name)).parameters) for module in (profiler, torch.profiler))
    assert list(ours) == [argument for argument in theirs if argument not in left_out]
    different = {argument for argument in ours if ours[argument].default != theirs[argument].default}
    assert different == ({"with_flops"} if name == "profile" else set())


def test_methods_and_rows():
    x = mg.ones(3, 3, requires_grad=True)
    y = torch.ones(3, 3, requires_grad=True)
    with profiler.profile(record_shapes=True) as ours:
        (x @ x).sum().backward()
    with torch.profiler.profile(record_shapes=True) as theirs:
        (y @ y).sum().backward()
    for method in ("start", "stop", "step", "events", "key_averages", "export_chrome_trace", "export_stacks"):
        assert hasattr(ours, method)
        assert hasattr(theirs, method)
    attributes = ("key", "count", "cpu_time", "cpu_time_total", "self_cpu_time_total", "flops", "input_shapes", "stack")
    for attribute in (*attributes, "cpu_memory_usage"):
        assert hasattr(ours.key_averages()[0], attribute)
        assert hasattr(theirs.key_averages()[0], attribute)
    for by_shape in (False, True):
        for table in (ours.key_averages(by_shape).table, theirs.key_averages(by_shape).table):
            assert "Self CPU time total" in table(sort_by="self_cpu_time_total", row_limit=2)
    theirs_of = {row.key: row for row in theirs.key_averages()}
    ours_of = {(row.key, row.direction): row for row in ours.key_averages()}
    assert theirs_of["aten::mm"].count == 3
    assert [ours_of["matmul", direction].count for direction in ("forward", "backward")] == [1, 2]
