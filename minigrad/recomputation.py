"""Computing again what a derivative needs, instead of keeping it: what checkpoints are made of.

A function runs once under the eyes of a `Recorder`, which takes from every node
what it saved for its VJP. When the walk asks one of these nodes, the `Region`
runs the function again, from the same random numbers and the same state, matches
the new nodes with the old ones by their order, and gives back to all of them what
they had saved. Walks, hooks and derivatives of derivatives see no difference.
"""

import contextlib
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .errors import GradError
from .mode import Observer, observe, recording
from .primitive import Saved
from .random import default_generator
from .tape import Node, Spec
from .tensor import Array, Tensor, Version

__all__ = ["recomputed"]

# How many elements of a result are kept, to see that computing it again gave the same.
SAMPLE = 1024


class _AskedTooEarly(BaseException):
    """A walk inside the function asked for what the recorder had taken."""


class _Lent(dict[str, Any]):
    """What a node has saved, as far as it costs no memory; the rest comes back when it is asked for."""

    __slots__ = ("__weakref__", "away", "region")

    def __init__(self, kept: Mapping[str, Any], away: frozenset[str], region: "Region") -> None:
        super().__init__(kept)
        self.away = away
        self.region: Region | None = region

    def __missing__(self, name: str) -> Any:
        if name not in self.away or self.region is None:
            raise KeyError(name)
        self.region.fill()
        return self[name]

    def get(self, name: str, default: Any = None) -> Any:
        """What is here; the check before a walk asks so, and nothing is computed for it."""
        if name in self.away and self.region is not None:
            self.region.refuse_changes()
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.away

    def __iter__(self) -> Iterator[str]:
        yield from (*super().keys(), *self.away)

    def __bool__(self) -> bool:
        return True


def _is_light(value: Any) -> bool:
    """Whether a saved value takes no memory to speak of: numbers, words, shapes."""
    if isinstance(value, tuple):
        return all(_is_light(one) for one in value)
    return value is None or isinstance(value, int | float | str | np.dtype)


class _Written:
    """A piece of storage that the function changes in place, as it was before."""

    def __init__(self, tensor: Tensor) -> None:
        self.array, self.storage = tensor._array, tensor._storage
        self.before = self.array.copy("K")


class _Bound:
    """The training flag and the buffers of a module as they are bound now."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.training = module.training
        self.buffers = [
            (name, one, one._array, one._storage)
            for name, one in module.named_buffers(recurse=False)
            if isinstance(one, Tensor)
        ]

    def bind(self) -> None:
        """Bind them so again."""
        if self.module.training != self.training:
            self.module.training = self.training
        for name, tensor, array, storage in self.buffers:
            if getattr(self.module, name, None) is not tensor:
                setattr(self.module, name, tensor)
            tensor._array, tensor._storage = array, storage


class Recorder(Observer):
    """Notes what a function records, reads and changes; with a region, it takes from nodes what they saved."""

    def __init__(self, region: "Region | None" = None) -> None:
        self.region = region
        self.first = Node(None, (), (), None, {}).serial
        self.nodes: list[Any] = []  # weak references with a region, else the nodes
        self.steps: list[tuple[Any, tuple[Spec, ...]]] = []
        self.made: dict[int, Version] = {}
        self.read: dict[int, tuple[Version, int]] = {}
        self.written: dict[int, _Written] = {}
        self.changed: dict[int, tuple[Version, int]] = {}
        self.modules: dict[int, _Bound] = {}

    def entering(self, module: Any, args: tuple[Any, ...]) -> None:
        """Note the state of a module before it runs for the first time."""
        if id(module) not in self.modules:
            self.modules[id(module)] = _Bound(module)

    def applying(self, primitive: Any, inputs: Sequence[Tensor], static: Mapping[str, Any]) -> None:
        """Note the versions of what comes from outside."""
        for tensor in inputs:
            storage = tensor._storage
            if id(storage) not in self.made and id(storage) not in self.changed:
                self.read.setdefault(id(storage), (storage, storage.count))

    def writing(self, tensor: Tensor) -> None:
        """Keep what is about to be changed in place, if it comes from outside."""
        storage = tensor._storage
        if id(storage) not in self.made:
            self.read.pop(id(storage), None)
            self.changed.setdefault(id(storage), (storage, storage.count))
            if id(tensor._array) not in self.written:
                self.written[id(tensor._array)] = _Written(tensor)

    def applied(self, primitive: Any, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        """Note the node, and take what it saved."""
        for tensor in outputs:
            if id(tensor._storage) not in self.read and id(tensor._storage) not in self.changed:
                self.made[id(tensor._storage)] = tensor._storage
        node = next((one._node for one in outputs if one._node is not None), None)
        if node is None or node.serial < self.first:
            return
        self.steps.append((node.operation, node.specs))
        self.nodes.append(node if self.region is None else weakref.ref(node))
        if self.region is not None:
            self.take(node, self.region)

    def take(self, node: Node, region: "Region") -> None:
        """Take from a node what it saved, except what a change inside the function has made its own."""
        saved = node.saved
        if saved is None or (isinstance(saved, _Lent) and saved.region is region):
            return
        names = set(saved)
        kept = {
            name: value
            for name, value in dict.items(saved)
            if _is_light(value) or (isinstance(value, Saved) and id(value.storage) in self.changed)
        }
        if len(kept) < len(names):
            node.saved = _Lent(kept, frozenset(names - kept.keys()), region)

    def forget_scratch(self) -> None:
        """Let go of changed storage that only this recorder knows any more."""
        for key, one in list(self.written.items()):
            place = id(one.storage)
            own = 2 + sum(other.storage is one.storage for other in self.written.values())
            if sys.getrefcount(one.storage) <= own:
                del self.written[key]
                if not any(id(other.storage) == place for other in self.written.values()):
                    self.changed.pop(place, None)
        self.made.clear()


def _mapped(value: Any, function: Callable[[Tensor], Any]) -> Any:
    """Nested tuples, lists and dictionaries with `function` of each tensor in its place."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, tuple):
        parts = [_mapped(one, function) for one in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, list):
        return [_mapped(one, function) for one in value]
    if isinstance(value, dict):
        return {key: _mapped(one, function) for key, one in value.items()}
    return value


def _alias(tensor: Tensor) -> Tensor:
    """Another object for the same value at the same place on the tape."""
    alias = type(tensor)._wrap(tensor._array, tensor._node, tensor._index, tensor._storage)
    alias.__dict__.update(tensor.__dict__)
    return alias


def _sampled(result: Any) -> list[Array]:
    """Some elements of each tensor in a result."""
    samples: list[Array] = []

    def sample(tensor: Tensor) -> None:
        array = np.asarray(tensor._array)
        samples.append(np.array(array.flat[:: max(1, array.size // SAMPLE)]))

    _mapped(result, sample)
    return samples


def _same(one: Array, other: Array) -> bool:
    if one.shape != other.shape or one.dtype.kind != "f":
        return np.array_equal(one, other)
    finite = np.abs(one[np.isfinite(one)])
    slack = 1e-2 if one.dtype.itemsize < 4 else 1e-3
    with np.errstate(all="ignore"):
        return np.allclose(other, one, rtol=slack, atol=slack * float(finite.max(initial=0)), equal_nan=True)


def _described(step: tuple[Any, tuple[Spec, ...]]) -> str:
    operation, specs = step
    return f"{operation.name} of {' and '.join(f'shape {spec.shape} and dtype {spec.dtype}' for spec in specs)}"


class Region:
    """One run of a function, which can be run again."""

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        preserve_rng_state: bool,
        compare: bool,
        again: Callable[[], Any],
    ) -> None:
        self.run: tuple[Callable[..., Any], Any, Any] | None = (
            function, _mapped(args, _alias), _mapped(kwargs, _alias)
        )  # fmt: skip
        self.again = again
        self.compare = compare
        self.lock = threading.RLock()
        self.complete = False
        self.generators = [one for one in (*args, *kwargs.values()) if isinstance(one, np.random.Generator)]
        self.seeded = preserve_rng_state
        self.random = self._random()
        self.record = Recorder()
        self.samples: list[Array] = []
        self.known: dict[Node, Node] = {}  # shells of an outer region's recomputation -> the nodes they stand for

    def _random(self) -> list[tuple[Any, Any]]:
        drawn = [default_generator(), *self.generators] if self.seeded else self.generators
        return [(one, one.bit_generator.state) for one in drawn]

    # ---------------------------------------------------------- the first run

    def first_run(self, args: tuple[Any, ...], kwargs: dict[str, Any], context: Any) -> Any:
        """Run the function on the tensors that it was given, and take what its nodes save."""
        assert self.run is not None
        self.record = Recorder(self)
        try:
            with context, observe(self.record):
                result = self.run[0](*args, **kwargs)
        except _AskedTooEarly:
            # A walk inside the function: its nodes keep everything until the end.
            self._rewind(args, kwargs)
            self.record = Recorder()
            with context, observe(self.record):
                result = self.run[0](*args, **kwargs)
            self.record.nodes = [weakref.ref(node) for node in self.record.nodes]
        finally:
            self.record.region = None  # which would be a circle
        self.complete = True
        self.record.forget_scratch()
        for reference in self.record.nodes:
            node = reference()
            if node is not None:
                self.record.take(node, self)
        self.samples = _sampled(result) if self.compare else []
        return result

    def _rewind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Undo what the function has done so far, as far as it can be known."""
        assert self.run is not None
        for generator, state in self.random:
            generator.bit_generator.state = state
        for written in reversed(self.record.written.values()):
            np.copyto(written.array, written.before)
        for bound in self.record.modules.values():
            bound.bind()
        before = iter(_listed(self.run[1:]))
        for tensor in _listed((args, kwargs)):
            alias = next(before)
            tensor._array, tensor._storage = alias._array, alias._storage
            tensor._node, tensor._index = alias._node, alias._index

    # ------------------------------------------------------------ once more

    def refuse_changes(self) -> None:
        """Raise `GradError` where something that the function reads was changed in place since."""
        if not self.complete:
            raise _AskedTooEarly
        if any(storage.count != stamp for storage, stamp in self.record.read.values()):
            raise GradError(
                "a checkpoint has to compute again from an argument, a parameter or another tensor that was changed in "
                "place after its function had run: the gradient would be wrong. Make the change (as optimizer.step() "
                "does) after backward, or on a clone()"
            )

    def fill(self) -> None:
        """Run the function again and give the nodes back what they had saved."""
        with self.lock:
            if self.run is None:
                return
            self.refuse_changes()
            fresh, result = self._run_again()
            self._refuse_differences(fresh)
            self._refuse_other_values(result)
            self._give_back(fresh)
            self.run = None
            self.record, self.known = Recorder(), {}

    def _run_again(self) -> tuple[list[Node], Any]:
        assert self.run is not None
        function, args, kwargs = self.run
        now = [(one.array, one.array.copy("K")) for one in self.record.written.values()]
        counts = [(storage, storage.count) for storage, _ in self.record.changed.values()]
        modules = [_Bound(one.module) for one in self.record.modules.values()]
        random = [(generator, generator.bit_generator.state) for generator, _ in self._here()]
        recorder = Recorder()
        try:
            for generator, state in self._here():
                generator.bit_generator.state = state
            for written in reversed(self.record.written.values()):
                np.copyto(written.array, written.before)
            for bound in self.record.modules.values():
                bound.bind()
            with recording(True), self.again(), observe(recorder):
                result = function(*args, **kwargs)
            for node in recorder.nodes:
                _refuse_stale(node)
        finally:
            for array, content in now:
                np.copyto(array, content)
            for storage, count in counts:
                storage.count = count
            for bound in modules:
                bound.bind()
            for generator, state in random:
                generator.bit_generator.state = state
        return recorder.nodes, result

    def _refuse_other_values(self, result: Any) -> None:
        samples = _sampled(result) if self.compare else self.samples
        if len(samples) != len(self.samples) or not all(map(_same, self.samples, samples)):
            raise GradError(
                "computing a checkpoint again gave other values than its first run: its function draws from a "
                "generator of its own, or reads something that has changed. Pass a generator as an argument, or "
                "keep the function free of state"
            )

    def _here(self) -> list[tuple[Any, Any]]:
        """The generators with their states before the first run; this thread's for that of the first run's thread."""
        if not self.seeded:
            return self.random
        return [(default_generator(), self.random[0][1]), *self.random[1:]]

    def _refuse_differences(self, fresh: Sequence[Node]) -> None:
        """Raise `GradError` at the first step that is not the same as in the first run."""
        steps = self.record.steps
        stands_for: dict[Node, Node | None] = {}
        for number, node in enumerate(fresh):
            step = (node.operation, node.specs)
            if number >= len(steps) or step[0] is not steps[number][0] or step[1] != steps[number][1]:
                was = "the end" if number >= len(steps) else _described(steps[number])
                raise GradError(_other(number, was, _described(step)))
            old = self.record.nodes[number]()
            stands_for[node] = old
            if old is None:
                continue
            for before, after in zip(old.edges, node.edges, strict=True):
                place = None if after is None else (self._place(after.node, stands_for), after.output)
                if place != (None if before is None else (before.node, before.output)):
                    raise GradError(
                        f"computing a checkpoint again, step {number}, {node.name()}, reads another tensor than in the "
                        "first run: a variable that its function reads from outside was bound to something else, for "
                        "example by the loop around it. Pass it as an argument of checkpoint"
                    )
        if len(fresh) < len(steps):
            raise GradError(_other(len(fresh), _described(steps[len(fresh)]), "the end"))

    def _place(self, node: Node, stands_for: Mapping[Node, Node | None]) -> Node | None:
        return stands_for[node] if node in stands_for else self.known.get(node, node)

    def _give_back(self, fresh: Sequence[Node]) -> None:
        stands_for = {node: reference() for node, reference in zip(fresh, self.record.nodes, strict=True)}
        inner: set[Region] = set()
        for node, old in stands_for.items():
            new, node.saved = node.saved, None
            if old is None or not isinstance(old.saved, _Lent) or old.saved.region is not self or new is None:
                continue
            for value in dict.values(new):
                if isinstance(value, Saved) and value.node is not None:
                    value.node = self._place(value.node, stands_for) or value.node
            lent = old.saved
            for name in lent.away & dict.keys(new):
                dict.__setitem__(lent, name, dict.__getitem__(new, name))
            lent.away, lent.region = frozenset(), None
            if isinstance(new, _Lent) and new.region is not None:
                lent.away, lent.region = new.away, new.region
                inner.add(new.region)
        for region in inner:
            region.retarget(self.known | {node: old for node, old in stands_for.items() if old is not None})

    def retarget(self, stands_for: Mapping[Node, Node]) -> None:
        """Belong to the nodes that those of an outer region's recomputation stand for."""
        nodes = [reference() for reference in self.record.nodes]
        self.record.nodes = [
            weakref.ref(stands_for.get(node, node)) if node is not None else reference
            for node, reference in zip(nodes, self.record.nodes, strict=True)
        ]
        self.known = {key: stands_for.get(node, node) for key, node in self.known.items()} | dict(stands_for)


def _refuse_stale(node: Node) -> None:
    """Raise `GradError` where the function itself has changed what its node saved."""
    for value in dict.values(node.saved or {}):
        if isinstance(value, Saved) and value.storage.count != value.stamp:
            raise GradError(
                f"{node.name()} inside a checkpoint has saved a value (shape {value.array.shape}) that the function of "
                "the checkpoint changed in place afterwards: the gradient would be wrong"
            )


def _listed(value: Any) -> list[Tensor]:
    """The tensors in nested tuples, lists and dictionaries."""
    found: list[Tensor] = []
    _mapped(value, found.append)
    return found


def _other(number: int, was: str, now: str) -> str:
    return (
        f"computing a checkpoint again went otherwise than its first run: step {number} was {was}, and is {now} now. "
        "Its function must do the same each time"
    )


def recomputed(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    preserve_rng_state: bool = True,
    compare: bool = True,
    contexts: tuple[Any, Any] | None = None,
) -> Any:
    """Call `function` so that its nodes keep nothing: see `minigrad.checkpoint`.

    >>> import minigrad as mg
    >>> from minigrad.recomputation import recomputed
    >>> x = mg.tensor(2., requires_grad=True)
    >>> recomputed(lambda x: (x * x).exp().log(), (x,), {}).backward(); x.grad
    tensor(4.)
    """
    first, again = contexts or (contextlib.nullcontext(), contextlib.nullcontext())
    region = Region(function, args, kwargs, preserve_rng_state, compare, lambda: again)
    return region.first_run(args, kwargs, first)
