"""What a profile is made of: events with a start and an end, in a tree."""

from collections.abc import Iterator, Sequence
from typing import Any

from ..scopes import Line

__all__ = ["Event"]


class Event:
    """One application of a primitive, step of the walk, call of a module or region, with its times.

    Attributes: `name`; `kind`, one of 'operation', 'step', 'module' and 'region'; `direction`, the part of
    training that it belongs to, 'forward', 'backward' or 'update'; `start` and `end` in nanoseconds;
    `parent` and `children`; `layer`, the module it belongs to; `flops` and `bytes`, the operations
    and the size of the results of an application; `allocated`, those of these bytes that are no view of
    an input; `input_shapes` and `stack`, where they were asked for; `forward`, for a step of the walk the
    application that it differentiates; `raised`, whether an error ended it.

    >>> import minigrad as mg
    >>> with mg.profiler.profile() as prof: _ = mg.ones(2).exp()
    >>> event = prof.events()[0]; event.name, event.kind, event.flops, event.bytes
    ('exp', 'operation', 2, 8)
    """

    __slots__ = (
        "allocated", "bytes", "children", "direction", "end", "flops", "forward", "input_shapes", "kind", "layer",
        "module", "name", "number", "parent", "paths", "raised", "stack", "start", "static", "subject", "thread",
    )  # fmt: skip

    def __init__(self, kind: str, name: str, subject: Any, parent: "Event | None", thread: int) -> None:
        self.kind = kind
        self.name = name
        self.subject: Any = subject  # while it is going on
        self.parent = parent
        self.thread = thread
        self.direction: str = "forward" if parent is None else parent.direction
        self.layer: str = "" if parent is None else parent.layer
        self.module: str = "" if parent is None else parent.module
        self.paths: dict[int, str] = {} if parent is None else parent.paths
        self.children: list[Event] = []
        self.start = self.end = 0
        self.flops = self.bytes = self.allocated = 0
        self.input_shapes: tuple[tuple[int, ...], ...] = ()
        self.stack: Sequence[Line] = ()
        self.static: Any = None
        self.forward: Event | None = None
        self.number: int | None = None
        self.raised = False

    @property
    def backward(self) -> bool:
        """Whether it happened in a backward pass."""
        return self.direction == "backward"

    @property
    def key(self) -> str:
        """The name, by which events are averaged."""
        return self.name

    @property
    def cpu_time_total(self) -> float:
        """From start to end, in microseconds."""
        return (self.end - self.start) / 1000

    @property
    def self_cpu_time_total(self) -> float:
        """`cpu_time_total` without that of the children."""
        return (self.end - self.start - sum(child.end - child.start for child in self.children)) / 1000

    def ancestors(self) -> Iterator["Event"]:
        """The events around this one, innermost first."""
        event = self.parent
        while event is not None:
            yield event
            event = event.parent

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}: {self.cpu_time_total:.1f} µs>"
