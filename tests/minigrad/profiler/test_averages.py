"""Rows of averages and of layers, their sums, and their tables."""

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError
from minigrad.profiler import profile


@pytest.fixture(scope="module")
def prof():
    model = nn.Sequential(nn.Sequential(nn.Linear(3, 4), nn.Tanh()), nn.Tanh(), nn.Linear(4, 2))
    optimizer, x = mg.optim.SGD(model.parameters(), lr=0.1), mg.zeros(5, 3)
    with profile(record_shapes=True) as prof:
        for _ in range(2):
            model(x).square().sum().backward()
            optimizer.step()
    return prof


def test_rows_add_events_up(prof):
    rows = {(row.key, row.direction): row for row in prof.key_averages()}
    events = [event for event in prof.events() if event.name == "tanh"]
    row = rows["tanh", "forward"]
    assert (row.count, row.flops, row.bytes) == (4, 4 * 20, 4 * 80)
    assert row.cpu_time_total == pytest.approx(sum(event.cpu_time_total for event in events))
    assert row.cpu_time == pytest.approx(row.cpu_time_total / 4)
    assert row.gflops == pytest.approx(row.flops / (row.self_cpu_time_total * 1e-6) / 1e9)
    assert rows["linear", "forward"].count == 4
    assert rows["matmul", "backward"].count == 2 * 2
    assert rows["project", "backward"].count == 2  # no gradient for the input of the model
    assert rows["linear.backward", "backward"].count == 4
    assert not [row for row in prof.key_averages() if row.key == "Tanh"]


def test_the_total_is_the_time_of_the_outermost_events(prof):
    total = prof.key_averages().total_average()
    modules = sum(event.self_cpu_time_total for event in prof.events() if event.kind == "module")
    outermost = sum(event.cpu_time_total for event in prof.events() if event.parent is None)
    assert total.self_cpu_time_total + modules == pytest.approx(outermost)
    assert total.cpu_time_total == total.self_cpu_time_total
    assert total.flops == sum(event.flops for event in prof.events())


def test_modules_are_rows_on_request():
    model, x = nn.Sequential(nn.Tanh()), mg.zeros(1)
    with profile(with_modules=True) as prof:
        model(x)
    assert {row.key for row in prof.key_averages()} == {"Sequential", "Tanh", "tanh"}


def test_rows_by_layer(prof):
    rows = prof.key_averages(group_by_module=True)
    found = {(row.layer, row.key): row.count for row in rows if row.key in ("tanh", "tanh.backward")}
    layers = ("Sequential.0.1", "Sequential.1")
    assert found == {(layer, key): 2 for layer in layers for key in ("tanh", "tanh.backward")}
    assert "Sequential.0.1" in rows.table()
    assert "Layer" not in prof.key_averages().table()


def test_the_table_sorts_cuts_and_limits(prof):
    rows = prof.key_averages()
    lines = rows.table(sort_by="count", row_limit=2, header="two rows").splitlines()
    most = sorted((row.count for row in rows), reverse=True)[:2]
    assert lines[0] == "two rows"
    assert lines[1].split()[:3] == ["Name", "Pass", "Calls"]
    assert len(lines) == 1 + 2 + 2 + 2
    counts = {(row.key, row.direction): row.count for row in rows}
    assert [counts[tuple(line.split()[:2])] for line in lines[3:5]] == most
    assert lines[-1].startswith("Self CPU time total: ")
    assert len(rows.table(row_limit=-1).splitlines()) == len(rows) + 4
    assert "autograd.back..." not in rows.table()
    assert "autograd.backward" not in rows.table(max_name_column_width=12)
    assert "autograd..." in rows.table(max_name_column_width=11)
    tops = rows.table(top_level_events_only=True)
    assert "tanh.backward" in tops
    assert "tanh_vjp" not in tops
    with pytest.raises(ArgumentError, match="sort_by='time'; it sorts by count, cpu_time, cpu_time_total"):
        rows.table(sort_by="time")


def test_the_default_order_is_that_of_own_time(prof):
    lines = prof.key_averages().table().splitlines()[2:-2]
    longest = max(prof.key_averages(), key=lambda row: row.self_cpu_time_total)
    assert lines[0].split()[0] == longest.key


def test_layers(prof):
    rows = {row.layer: row for row in prof.layers()}
    assert list(rows) == [
        "Sequential", "Sequential.0", "Sequential.0.0", "Sequential.0.1", "Sequential.1", "Sequential.2",
        "outside of modules",
    ]  # fmt: skip
    assert [row.kind for row in rows.values()] == ["Sequential", "Sequential", "Linear", "Tanh", "Tanh", "Linear", ""]
    assert [row.calls for row in rows.values()] == [2] * 6 + [0]
    linear = rows["Sequential.0.0"]
    assert (linear.forward_flops, linear.backward_flops) == (2 * 2 * 5 * 3 * 4, 2 * (2 * 5 * 3 * 4 + 20))
    assert rows["Sequential.0"].backward == 0
    assert all(row.backward > 0 for layer, row in rows.items() if layer.count(".") + (layer[-1] == "1") >= 2)
    assert linear.total == linear.forward + linear.backward
    # Nothing is lost and nothing counted twice, but for what optimisers do and the walk itself.
    own = sum(
        event.self_cpu_time_total for event in prof.events() if event.direction != "update" and event.kind != "region"
    )
    assert sum(row.total for row in rows.values()) == pytest.approx(own)


def test_the_table_of_layers(prof):
    lines = str(prof.layers()).splitlines()
    assert lines[0].split()[:5] == ["Layer", "Kind", "Calls", "Forward", "Backward"]
    assert lines[2].startswith("Sequential ")
    assert lines[-2].startswith("Total")
    assert "100.0%" in lines[-2]
    assert repr(prof.layers()) == str(prof.layers())


def test_empty_profiles_have_tables_too():
    with profile() as prof:
        pass
    assert prof.key_averages() == []
    assert prof.key_averages().total_average().gflops == 0
    assert "Self CPU time total: 0.000us" in str(prof)
    assert "Total" in str(prof.layers())


def test_a_layer_inside_another_model_has_the_outer_models_path():
    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Sequential(nn.Tanh())
            self.hidden = [nn.Sequential(nn.Sigmoid())]

        def forward(self, x):
            return self.hidden[0](self.inner(x))

    x = mg.zeros(1)
    model = Outer()
    with profile() as prof:
        model(x)
    assert [(row.layer, row.kind, row.calls) for row in prof.layers()] == [
        ("Outer", "Outer", 1), ("Outer.inner", "Sequential", 1), ("Outer.inner.0", "Tanh", 1)
    ]  # fmt: skip


def test_long_times_and_sizes_have_larger_units():
    from minigrad.profiler.averages import _size, _time

    assert [_time(value) for value in (0.5, 1500, 2.5e6)] == ["0.500us", "1.500ms", "2.500s"]
    assert [_size(value) for value in (5, 2048, 3 * 2**20, 5 * 2**40)] == ["5 B", "2.00 KiB", "3.00 MiB", "5120.00 GiB"]
