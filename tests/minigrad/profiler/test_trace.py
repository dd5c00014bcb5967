"""Traces in the Trace Event format, nested and with arrows; stacks for flame graphs; files whole or not at all."""

import gzip
import json
import re

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError
from minigrad.profiler import profile, record_function


@pytest.fixture(scope="module")
def prof():
    model, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh()), mg.zeros(2, 3)
    with profile(record_shapes=True, profile_memory=True, with_stack=True) as prof, record_function("step"):
        model(x).sum().backward()
    return prof


@pytest.fixture
def entries(prof, tmp_path):
    prof.export_chrome_trace(tmp_path / "new folder" / "trace.json")
    assert [path.name for path in (tmp_path / "new folder").iterdir()] == ["trace.json"]
    trace = json.loads((tmp_path / "new folder" / "trace.json").read_text())
    assert trace["displayTimeUnit"] == "ms"
    return trace["traceEvents"]


def test_slices_are_complete_events(prof, entries):
    slices = [entry for entry in entries if entry["ph"] == "X"]
    assert len(slices) == len(prof.events())
    for entry in slices:
        assert {"name", "cat", "ts", "dur", "pid", "tid", "args"} <= entry.keys()
        assert entry["ts"] >= 0
        assert entry["dur"] >= 0
        assert entry["name"]
    (linear,) = [one for one in slices if one["name"] == "linear" and one["args"]["direction"] == "forward"]
    assert linear["args"]["layer"] == "Sequential.0"
    assert linear["args"]["flops"] == 2 * 2 * 3 * 4
    assert linear["args"]["bytes"] == 2 * 4 * 4
    assert linear["args"]["input shapes"] == [[2, 3], [4, 3], [4]]
    assert any(__file__ in line for line in linear["args"]["stack"])
    (step,) = [one for one in slices if one["name"] == "tanh.backward"]
    assert (step["cat"], step["args"]["layer"], step["args"]["direction"]) == ("step", "Sequential.1", "backward")
    assert {"Sequential", "Sequential.0", "Sequential.1"} == {one["name"] for one in slices if one["cat"] == "module"}


def test_slices_nest(entries):
    open_ones = []
    for entry in sorted((one for one in entries if one["ph"] == "X"), key=lambda one: (one["ts"], -one["dur"])):
        while open_ones and open_ones[-1]["ts"] + open_ones[-1]["dur"] <= entry["ts"]:
            open_ones.pop()
        if open_ones:
            assert entry["ts"] + entry["dur"] <= open_ones[-1]["ts"] + open_ones[-1]["dur"] + 1e-6
        open_ones.append(entry)


def test_arrows_lead_from_forward_to_backward(prof, entries):
    starts = {entry["id"]: entry for entry in entries if entry["ph"] == "s"}
    ends = {entry["id"]: entry for entry in entries if entry["ph"] == "f"}
    assert starts.keys() == ends.keys()
    assert len(starts) == len([event for event in prof.events() if event.kind == "step"]) == 3
    slices = {(one["ts"], one["cat"]): one for one in entries if one["ph"] == "X"}
    for number, start in starts.items():
        assert start["ts"] < ends[number]["ts"]
        assert ends[number]["bp"] == "e"
        forward, step = slices[start["ts"], "operation"], slices[ends[number]["ts"], "step"]
        assert (forward["args"]["node"], step["args"]["node"]) == (number, number)
        assert step["name"] == f"{forward['name']}.backward"


def test_memory_is_a_counter(prof, entries):
    counts = [entry["args"]["bytes"] for entry in entries if entry["ph"] == "C"]
    assert max(counts) == prof.peak_memory
    assert min(counts) >= 0


def test_a_compressed_trace(prof, entries, tmp_path):
    prof.export_chrome_trace(str(tmp_path / "trace.json.gz"))
    assert json.loads(gzip.decompress((tmp_path / "trace.json.gz").read_bytes()))["traceEvents"] == entries


def test_a_trace_that_cannot_be_written_leaves_the_old_one(prof, tmp_path, monkeypatch):
    path = tmp_path / "trace.json"
    path.write_text("old")

    def boom(*_, **__):
        raise OSError("the disk is full")

    monkeypatch.setattr("os.fsync", boom)
    with pytest.raises(OSError, match="the disk is full"):
        prof.export_chrome_trace(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_stacks(prof, tmp_path):
    prof.export_stacks(tmp_path / "stacks.txt")
    lines = (tmp_path / "stacks.txt").read_text().splitlines()
    assert lines
    for line in lines:
        stack, _, time = line.rpartition(" ")
        assert int(time) > 0
        assert re.search(r"test_trace\.py\(\d+\): prof;[\w.]+$", stack)
    with pytest.raises(ArgumentError, match="metric='count'"):
        prof.export_stacks(tmp_path / "stacks.txt", "count")
