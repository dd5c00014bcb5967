"""Events as files for other programs: traces for Perfetto and chrome://tracing, stacks for flame graphs."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import ArgumentError
from ..files import replace_atomically
from .events import Event
from .recorder import Recorder

__all__ = ["chrome_trace", "stacks"]


def _slice(event: Event, begin: int, process: int) -> dict[str, Any]:
    """A complete event; times are microseconds since the profile began."""
    told: dict[str, Any] = {}
    if event.kind in ("operation", "step"):
        told["direction"] = event.direction
    if event.layer:
        told["layer"] = event.layer
    if event.kind == "operation":
        told |= {"flops": event.flops, "bytes": event.bytes}
    if event.input_shapes:
        told["input shapes"] = [list(shape) for shape in event.input_shapes]
    if event.number is not None:
        told["node"] = event.number
    if event.stack:
        told["stack"] = [str(line) for line in event.stack]
    if event.raised:
        told["raised"] = True
    name = event.layer if event.kind == "module" else event.name
    return {
        "ph": "X", "name": name or event.name, "cat": event.kind, "ts": (event.start - begin) / 1000,
        "dur": (event.end - event.start) / 1000, "pid": process, "tid": event.thread, "args": told,
    }  # fmt: skip


def _arrow(step: Event, begin: int, process: int) -> Iterator[dict[str, Any]]:
    """From an application to the step of the walk that differentiates it."""
    assert step.forward is not None
    for phase, event in (("s", step.forward), ("f", step)):
        yield {
            "ph": phase, "name": "backward of", "cat": "tape", "id": step.number, "bp": "e", "pid": process,
            "tid": event.thread, "ts": (event.start - begin) / 1000,
        }  # fmt: skip


def chrome_trace(path: Path, events: Sequence[Event], recorder: Recorder) -> None:
    """Write events in the Trace Event format: slices, arrows from forward to backward, and the memory of results."""
    import gzip

    process, begin = os.getpid(), recorder.begin
    entries: list[dict[str, Any]] = [
        {"ph": "M", "name": "process_name", "pid": process, "tid": 0, "args": {"name": "minigrad"}}
    ]
    entries += [_slice(event, begin, process) for event in events]
    for event in events:
        if event.kind == "step" and event.forward is not None:
            entries += _arrow(event, begin, process)
    entries += [
        {"ph": "C", "name": "results alive", "pid": process, "tid": 0, "ts": (time - begin) / 1000,
         "args": {"bytes": count}}
        for time, count in recorder.alive.curve
    ]  # fmt: skip
    import json

    text = json.dumps({"displayTimeUnit": "ms", "traceEvents": entries}, allow_nan=False).encode()
    with replace_atomically(path) as file:
        file.write(gzip.compress(text) if path.suffix == ".gz" else text)


def stacks(path: Path, events: Sequence[Event], metric: str) -> None:
    """Write one line for each stack of the user's lines: outermost first, then the microseconds spent there."""
    if metric not in ("self_cpu_time_total", "cpu_time_total"):
        raise ArgumentError(f"export_stacks got metric={metric!r}; it is 'self_cpu_time_total' or 'cpu_time_total'")
    times: Counter[str] = Counter()
    for event in events:
        if event.stack:
            lines = [f"{line.file}({line.number}): {line.function}".replace(";", ",") for line in reversed(event.stack)]
            times[";".join([*lines, event.name])] += round(getattr(event, metric))
    with replace_atomically(path) as file:
        file.write("".join(f"{stack} {time}\n" for stack, time in times.items() if time).encode())
