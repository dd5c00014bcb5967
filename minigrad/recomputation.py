"""Computing again what a derivative needs, instead of keeping it: what checkpoints are made of.

A function runs once under the eyes of a `Recorder`, which takes from every node
what it saved for its VJP. When the walk asks one of these nodes, the `Region`
runs the function again, from the same random numbers and the same state, matches
the new nodes with the old ones by their order, and gives back to all of them what
they had saved. Walks, hooks and derivatives of derivatives see no difference.
"""

import contextlib
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .errors import GradError
from .mode import recording
from .observing import observe
from .random import default_generator
from .recorder import AskedTooEarly, Bound, Lent, Recorder
from .tape import Node, Spec
from .tensor import Another, Array, Saved, Tensor

__all__ = ["recomputed"]

# How many elements of a result are kept, to see that computing it again gave the same.
SAMPLE = 1024


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
        tensors = _listed((args, kwargs))
        free = frozenset(id(t._storage) for t in tensors if t._base is None and not t._storage.views(t))
        self.record = Recorder(self, free)
        try:
            with context, observe(self.record):
                result = self.run[0](*args, **kwargs)
        except AskedTooEarly:
            # A walk inside the function: its nodes keep everything until the end.
            self._rewind(args, kwargs)
            self.record = Recorder(free=free)
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
            raise AskedTooEarly
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
        mine = {id(tensor._storage) for tensor in _listed((args, kwargs))}
        own = [pair for pair, one in zip(now, self.record.written.values()) if id(one.storage) in mine]
        counts = [(storage, storage.count) for storage, _ in self.record.changed.values()]
        modules = [Bound(one.module) for one in self.record.modules.values()]
        random = [(generator, generator.bit_generator.state) for generator, _ in self._here()]
        recorder = Recorder()
        try:
            for generator, state in self._here():
                generator.bit_generator.state = state
            for written in reversed(self.record.written.values()):
                np.copyto(written.array, written.before)
            for bound in self.record.modules.values():
                bound.bind()
            args, kwargs = _mapped((args, kwargs), self._private)
            for array, content in own:
                np.copyto(array, content)
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

    def _private(self, tensor: Tensor) -> Tensor:
        """An argument that the function changes in place, in memory of its own; any other as it is."""
        if id(tensor._storage) not in self.record.changed:
            return tensor
        return type(tensor)._wrap(tensor._array.copy("K"), tensor._node, tensor._index)

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
            if old is None or not isinstance(old.saved, Lent) or old.saved.region is not self or new is None:
                continue
            for value in dict.values(new):
                if isinstance(value, Another) and value.node is not None:
                    value.node = self._place(value.node, stands_for) or value.node
            lent = old.saved
            for name in lent.away & dict.keys(new):
                dict.__setitem__(lent, name, dict.__getitem__(new, name))
            lent.away, lent.region = frozenset(), None
            if isinstance(new, Lent) and isinstance(new.region, Region):
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
