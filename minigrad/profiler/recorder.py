"""The observer that times what happens, and names for parts of a program."""

import itertools
import threading
import weakref
from collections.abc import Mapping, Sequence
from contextlib import ContextDecorator
from contextvars import ContextVar
from time import perf_counter_ns
from typing import Any

from ..errors import DTypeError
from ..observing import Observer, region
from ..scopes import user_lines
from ..tape import Node
from ..tensor import Tensor
from .events import Event
from .flops import count_flops

__all__ = ["Options", "Recorder", "record_function"]

_numbers = itertools.count()

# The innermost event that is going on, for each recorder: tasks and threads have their own.
_GOING_ON: ContextVar[Mapping[int, Event]] = ContextVar("minigrad_events", default={})  # noqa: B039 - never changed


# What regions of the library itself say about the operations in them.
_DIRECTIONS = {"autograd.backward": "backward", "autograd.grad": "backward", "Optimizer.step": "update"}


class Options:
    """What is recorded beside times."""

    def __init__(self, shapes: bool, memory: bool, stack: bool, flops: bool) -> None:
        self.shapes = shapes
        self.memory = memory
        self.stack = stack
        self.flops = flops


class Alive:
    """How many bytes the results of operations hold."""

    def __init__(self) -> None:
        self.now = self.peak = 0
        self.curve: list[tuple[int, int]] = []  # (time, bytes)
        self._owners: dict[int, tuple[int, weakref.ref[Any]]] = {}

    def add(self, tensor: Tensor) -> None:
        """Follow the memory behind a result until it is freed."""
        owner = tensor._array
        while type(owner.base) is type(owner):
            owner = owner.base
        key = id(owner)
        if key not in self._owners:
            self._owners[key] = owner.nbytes, weakref.ref(owner, lambda _: self._freed(key))
            self._changed(owner.nbytes)

    def leave(self) -> None:
        """Follow nothing more."""
        self._owners.clear()

    def _freed(self, key: int) -> None:
        found = self._owners.pop(key, None)
        if found is not None:
            self._changed(-found[0])

    def _changed(self, by: int) -> None:
        self.now += by
        self.peak = max(self.peak, self.now)
        self.curve.append((perf_counter_ns(), self.now))


class Recorder(Observer):
    """Times what it sees. It keeps numbers and names only, never a tensor or a node."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.number = next(_numbers)
        self.running = True
        self.begin = perf_counter_ns()
        self.events: list[Event] = []
        self.alive = Alive()
        self._made: dict[int, Event] = {}  # by the serial number of the node

    # ----------------------------------------------------------- in general

    def _open(self, kind: str, name: str, subject: Any) -> Event:
        going_on = _GOING_ON.get()
        event = Event(kind, name, subject, going_on.get(self.number), threading.get_ident())
        _GOING_ON.set({**going_on, self.number: event})
        if self.options.stack:
            event.stack = tuple(user_lines())
        return event

    def _close(self, subject: Any, end: int) -> Event | None:
        """End the innermost event about `subject`; those inside it that are still open end with it."""
        going_on = _GOING_ON.get()
        event = found = going_on.get(self.number)
        while found is not None and found.subject is not subject:
            found = found.parent
        if found is None:
            return None
        while event is not None:
            event.end, event.subject = end, None
            self.events.append(event)
            if event.parent is not None:
                event.parent.children.append(event)
            if event is found:
                break
            event = event.parent
        rest = {number: one for number, one in going_on.items() if number != self.number}
        _GOING_ON.set(rest if found.parent is None else {**rest, self.number: found.parent})
        return found

    def stop(self) -> None:
        """See nothing more; what is still going on ends now."""
        event = _GOING_ON.get().get(self.number)
        while event is not None and event.parent is not None:
            event = event.parent
        if event is not None:
            self._close(event.subject, perf_counter_ns())
        self.running = False
        self._made = {}
        self.alive.leave()

    # ----------------------------------------------------------- operations

    def applying(self, primitive: Any, inputs: Sequence[Tensor], static: Mapping[str, Any]) -> None:
        """A primitive is about to compute."""
        if self.running:
            event = self._open("operation", primitive.name, primitive)
            event.static = static
            event.start = perf_counter_ns()

    def applied(self, primitive: Any, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        """A primitive has computed."""
        end = perf_counter_ns()
        event = self._close(primitive, end) if self.running else None
        if event is None:
            return
        event.bytes = sum(output._array.nbytes for output in outputs)
        if self.options.flops:
            event.flops = count_flops(primitive, inputs, outputs, event.static)
        event.static = None
        if self.options.shapes:
            event.input_shapes = tuple(tensor.shape for tensor in inputs)
        if self.options.memory:
            storages = {id(tensor._storage) for tensor in inputs}
            for output in outputs:
                if id(output._storage) not in storages:
                    event.allocated += output._array.nbytes
                    self.alive.add(output)
        node = next((output._node for output in outputs if output._node is not None), None)
        if node is not None:
            event.number = node.serial
            self._made.setdefault(node.serial, event)

    def pulling(self, node: Node, cotangents: Sequence[Tensor | None]) -> None:
        """The walk is about to take a step: it belongs to the layer that made the node."""
        if self.running:
            event = self._open("step", f"{node.name()}.backward", node)
            event.direction = "backward"
            event.forward = self._made.get(node.serial)
            if event.forward is not None:
                event.layer, event.module, event.number = event.forward.layer, event.forward.module, node.serial
            event.start = perf_counter_ns()

    def pulled(self, node: Node, cotangents: Sequence[Tensor | None], gradients: Sequence[Tensor | None]) -> None:
        """The walk has taken a step."""
        end = perf_counter_ns()
        if self.running:
            self._close(node, end)

    def raised(self, source: Any, error: BaseException) -> None:
        """An application or a step has raised."""
        end = perf_counter_ns()
        event = self._close(source, end) if self.running else None
        if event is not None:
            event.raised, event.static = True, None

    # ---------------------------------------------------- modules and regions

    def entering(self, module: Any, args: tuple[Any, ...]) -> None:
        """A module is about to run."""
        if not self.running:
            return
        event = self._open("module", type(module).__name__, module)
        model = type(module).__name__
        path = event.paths.get(id(module))
        if not event.paths:
            event.paths = {id(one): f"{model}.{path}" if path else model for path, one in module.named_modules()}
            path = model
        if path is not None:  # a module made on the way belongs to the one around it
            event.layer, event.module = path, model
        event.start = perf_counter_ns()

    def left(self, module: Any, output: Any) -> None:
        """A module has run."""
        end = perf_counter_ns()
        event = self._close(module, end) if self.running else None
        if event is not None:
            event.paths = {}

    def begun(self, name: str) -> None:
        """A region begins."""
        if self.running:
            event = self._open("region", name, name)
            event.direction = _DIRECTIONS.get(name.partition("#")[0], event.direction)
            event.start = perf_counter_ns()

    def ended(self, name: str) -> None:
        """A region ends."""
        end = perf_counter_ns()
        if self.running:
            self._close(name, end)


class record_function(ContextDecorator):  # noqa: N801 - PyTorch's name
    """Give a part of the program a name in the profile: a `with` block or a decorator.

    Costs next to nothing where nobody profiles. Raises `DTypeError` for a name that is no string.

    >>> import minigrad as mg
    >>> with mg.profiler.profile() as prof:
    ...     with mg.profiler.record_function("data"): _ = mg.ones(2) * 2
    >>> [event.name for event in prof.events()]
    ['data', 'mul']
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        if not isinstance(name, str):
            raise DTypeError(f"record_function got a {type(name).__name__}; give a name: record_function('data')")
        self.name = name if args is None else f"{name}({args})"
        self._regions: list[Any] = []

    def _recreate_cm(self) -> "record_function":
        return record_function(self.name)

    def __enter__(self) -> "record_function":
        self._regions.append(region(self.name))
        self._regions[-1].__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._regions.pop().__exit__(*exc)
