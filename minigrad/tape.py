"""The tape: nodes, their hook slots, and the backward walk.

Each recorded application of a primitive makes one `Node`. A node knows the
primitive, the nodes that its inputs came from, and what its vector-Jacobian
product needs; nothing else, and never a tensor, so there is no reference cycle
and a dropped graph is freed at once. No list holds all nodes.

The walk (N111, N141) visits the reachable nodes by falling serial number. A
node's serial is larger than those of all nodes it depends on, so when a node is
visited every contribution to its cotangent has arrived. The walk is a loop, not
a recursion, so depth costs nothing but time.
"""

import itertools
import operator
import weakref
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from .errors import GradError
from .hooks import HookTable, RemovableHandle
from .mode import MODE, recording
from .observing import planned, pulled, tell
from .registry import operation
from .silence import silent

if TYPE_CHECKING:
    from .tensor import Tensor

__all__ = ["Edge", "Form", "Leaf", "Node", "Spec", "Walk", "reachable", "walk"]

# ----------------------------------------------------------------- the nodes

_serials = itertools.count()
_by_serial = operator.attrgetter("serial")


class Operation(Protocol):
    """What a node asks of the primitive that made it."""

    name: str

    def check(self, node: "Node", wanted: tuple[bool, ...]) -> None:
        """Raise `GradError` where a value that the wanted VJPs read was changed in place."""

    def pull(
        self, node: "Node", cotangents: Sequence["Tensor | None"], wanted: tuple[bool, ...]
    ) -> list["Tensor | None"]:
        """The gradients of the wanted inputs."""


Form = tuple[tuple[int, ...], np.dtype[Any]]


class Edge(NamedTuple):
    """Where an input came from: a node, and which of its outputs."""

    node: "Node"
    output: int


class Spec(NamedTuple):
    """Shape and dtype of one output of a node, hence of its cotangent."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


class Node:
    """One recorded application of a primitive; a tensor's `grad_fn`.

    >>> import minigrad as mg
    >>> (mg.ones(2, requires_grad=True) * 3).grad_fn.name()
    'mul'
    """

    __slots__ = (
        "__weakref__", "forms", "hooks", "operation", "parents", "places", "posthooks", "prehooks", "retained", "saved",
        "serial", "several", "static", "wanted",
    )  # fmt: skip

    def __init__(
        self,
        operation: Operation | None,
        edges: tuple[Edge | None, ...],
        specs: tuple[Spec, ...],
        saved: dict[str, Any] | None,
        static: dict[str, Any],
        several: bool = False,
    ) -> None:
        parents = tuple([None if edge is None else edge.node for edge in edges])
        places = tuple([0 if edge is None else edge.output for edge in edges])
        self._fill(operation, parents, places, specs, saved, static, tuple(map(bool, parents)), several)

    def _fill(
        self, operation: Operation | None, parents: tuple["Node | None", ...], places: tuple[int, ...],
        forms: tuple[Form, ...], saved: dict[str, Any] | None, static: dict[str, Any], wanted: tuple[bool, ...],
        several: bool,
    ) -> None:  # fmt: skip
        """Set the fields: edges and specs as plain tuples, in which the walk reads them."""
        self.several = several
        self.serial = next(_serials)
        self.operation = operation
        self.parents = parents
        self.places = places
        self.forms = forms
        self.wanted = wanted
        self.saved = saved
        self.static = static
        self.hooks: dict[int, HookTable] | None = None
        self.prehooks: HookTable | None = None
        self.posthooks: HookTable | None = None
        self.retained: dict[int, weakref.ref[Tensor]] | None = None

    def name(self) -> str:
        """The primitive's name."""
        return self.operation.name if self.operation is not None else "leaf"

    @property
    def edges(self) -> tuple[Edge | None, ...]:
        """Where each input came from; None for one that needs no gradient."""
        pairs = zip(self.parents, self.places, strict=True)
        return tuple([None if node is None else Edge(node, output) for node, output in pairs])

    @property
    def specs(self) -> tuple[Spec, ...]:
        """Shape and dtype of each output."""
        return tuple([Spec(*form) for form in self.forms])

    @property
    def next_functions(self) -> tuple[tuple["Node | None", int], ...]:
        """The nodes that the inputs came from, with the number of their output, as in PyTorch."""
        return tuple(zip(self.parents, self.places, strict=True))

    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(gradients, cotangents)` after this node's step of the walk; it may return other gradients."""
        if self.posthooks is None:
            self.posthooks = HookTable()
        return self.posthooks.register(hook)

    def register_prehook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(cotangents)` before this node's step of the walk; what it returns replaces the cotangents."""
        if self.prehooks is None:
            self.prehooks = HookTable()
        return self.prehooks.register(hook)

    def tensor_hooks(self, index: int) -> HookTable:
        """The hooks on the gradient of output `index`."""
        if self.hooks is None:
            self.hooks = {}
        return self.hooks.setdefault(index, HookTable())

    def __repr__(self) -> str:
        return f"<{self.name()} #{self.serial}>"


class Leaf(Node):
    """The node of a tensor that was not computed: the walk's gradients end here.

    It knows its tensor by a weak reference only, since the tensor owns it.
    """

    __slots__ = ("grown", "tensor")

    def __init__(self, tensor: "Tensor", spec: Spec) -> None:
        super().__init__(None, (), (spec,), {}, {})
        self.tensor = weakref.ref(tensor)
        self.grown: HookTable | None = None

    def keep(self, gradient: "Tensor", create_graph: bool) -> None:
        """Add a gradient to the tensor's `grad`, then call the hooks that wait for it."""
        tensor = self.tensor()
        if tensor is None or tensor._node is None:
            return
        tensor._accumulate(gradient, create_graph)
        for hook in list(self.grown.values()) if self.grown else ():
            returned = hook(tensor)
            if returned is not None:
                raise GradError(
                    f"a post-accumulate-grad hook returned a {type(returned).__name__}; it returns None, and may "
                    "change the tensor's grad"
                )
        if self.posthooks:
            _replaced(self.posthooks, (), (), (gradient,))

    def refuse_another_shape(self) -> None:
        """Raise `GradError` where the tensor was given other storage, into which the gradient does not fit."""
        tensor = self.tensor()
        if tensor is None or tensor._node is None:
            return
        if self.forms[0] != (tensor._array.shape, tensor._array.dtype):
            raise GradError(
                f"a leaf had shape {self.specs[0].shape} and dtype {self.specs[0].dtype} when it was used, and has "
                f"{tensor.shape} and {tensor.dtype} now: its gradient does not fit. Compute the loss again"
            )


# ------------------------------------------------------------------ the walk

Cotangents = list["Tensor | None"]


def reachable(roots: Iterable[Node], first: int = 0) -> list[Node]:
    """The nodes below `roots`, and these, by falling serial number, those older than `first` left out."""
    seen = {node for node in roots if node.serial >= first}
    stack = list(seen)
    found = list(seen)
    while stack:
        for node in stack.pop().parents:
            if node is not None and node not in seen and node.serial >= first:
                seen.add(node)
                stack.append(node)
                found.append(node)
    found.sort(key=_by_serial, reverse=True)  # nearly so already: nodes were found from the newest on
    return found


def _on_the_way(nodes: Sequence[Node], targets: Collection[Node]) -> set[Node]:
    """Those of `nodes` (by falling serial) from which a target can be reached."""
    found: set[Node] = set()
    for node in reversed(nodes):
        if node in targets or not found.isdisjoint(node.parents):
            found.add(node)
    return found


def _refuse_what_cannot_be_walked(plan: Sequence[tuple[Node, tuple[bool, ...]]]) -> None:
    """Raise before anything is changed, so that a refused walk leaves everything as it was."""
    for node, wanted in plan:
        if node.operation is None or True not in wanted:
            if isinstance(node, Leaf):
                node.refuse_another_shape()
            continue
        try:
            if node.saved is None:
                raise GradError(
                    f"backward reached {node!r}, whose saved values were freed by an earlier backward; each recorded "
                    "graph can be walked once. Call the first backward with retain_graph=True to keep it, or compute "
                    "the loss again"
                )
            node.operation.check(node, wanted)
        except GradError as error:
            tell(MODE.get().observers, "raised", node, error)
            raise


class Walk(NamedTuple):
    """What a walk brings: the gradients at leaves, of tensors that retain theirs, and at the targets asked for."""

    leaves: list[tuple[Leaf, "Tensor"]]
    retained: list[tuple["Tensor", "Tensor"]]
    captured: dict[Edge, "Tensor"]


def walk(
    roots: Sequence[Edge],
    seeds: Sequence["Tensor"],
    *,
    retain_graph: bool,
    create_graph: bool,
    targets: Collection[Edge] | None = None,
) -> Walk:
    """Pull the cotangents `seeds` of `roots` back through the tape.

    With `targets`, only nodes on the way to them are visited and their
    cotangents are captured; without, the walk ends at the leaves. The caller
    writes the gradients where they belong, after the walk has succeeded.
    """
    # What is older than every target leads to none of them.
    nodes = reachable((edge.node for edge in roots), min((edge.node.serial for edge in targets or ()), default=0))
    if targets is None:
        plan = [(node, node.wanted) for node in nodes]
    else:
        way = _on_the_way(nodes, {edge.node for edge in targets})
        nodes = [node for node in nodes if node in way]
        plan = [(node, tuple([parent in way for parent in node.parents])) for node in nodes]
    _refuse_what_cannot_be_walked(plan)

    pending: dict[Node, Cotangents] = {}
    for edge, seed in zip(roots, seeds, strict=True):
        _deposit(pending, edge.node, edge.output, seed)
    result = Walk([], [], {})
    with recording(create_graph), planned(nodes), silent():
        for node, wanted in plan:
            cotangents = pending.pop(node, None)
            if cotangents is None:
                continue
            if node.hooks or node.retained or node.prehooks:
                _run_hooks(node, cotangents, result.retained)
            if targets is not None:
                for index, cotangent in enumerate(cotangents):
                    if cotangent is not None and Edge(node, index) in targets:
                        result.captured[Edge(node, index)] = cotangent
            if node.operation is None or True not in wanted:
                if isinstance(node, Leaf):
                    result.leaves.append((node, cotangents[0]))  # type: ignore[arg-type]
                continue
            watching = MODE.get().observers
            if watching:
                pulled(watching, node, cotangents, partial(_step, node, cotangents, wanted, pending))
            else:
                _step(node, cotangents, wanted, pending)
            if not retain_graph:
                node.saved = None
    return result


def _step(node: Node, cotangents: Cotangents, wanted: tuple[bool, ...], pending: dict[Node, Cotangents]) -> Cotangents:
    """Pull the cotangents of one node back to its inputs."""
    assert node.operation is not None
    gradients = node.operation.pull(node, cotangents, wanted)
    if node.posthooks:
        specs = [None if edge is None else edge.node.specs[edge.output] for edge in node.edges]
        gradients = _replaced(node.posthooks, gradients, specs, tuple(cotangents))
    for position, gradient in enumerate(gradients):
        parent = node.parents[position]
        if gradient is None or parent is None:
            continue
        if parent not in pending and len(parent.forms) == 1:
            pending[parent] = [gradient]
        else:
            _deposit(pending, parent, node.places[position], gradient)
    return gradients


def _deposit(pending: dict[Node, Cotangents], node: Node, place: int, gradient: "Tensor") -> None:
    """Add a contribution to a cotangent: gradients add up where a value was used more than once."""
    slots = pending.get(node)
    if slots is None:
        slots = pending[node] = [None] * len(node.forms)
    before = slots[place]
    if before is None:
        slots[place] = gradient
    elif (mode := MODE.get()).recording or mode.observers:
        slots[place] = operation("add")(before, gradient)
    else:
        add: Any = operation("add")
        slots[place] = before._wrap(np.asarray(add.forward(before._array, gradient._array)))


def _run_hooks(node: Node, cotangents: list["Tensor | None"], retained: list[tuple["Tensor", "Tensor"]]) -> None:
    """Let the hooks see, and replace, the complete cotangents; then keep those that were asked for."""
    if node.hooks is not None:
        for index, table in node.hooks.items():
            for hook in list(table.values()):
                cotangent = cotangents[index]
                if cotangent is not None:
                    changed = hook(cotangent)
                    if changed is not None:
                        cotangents[index] = _conforming(changed, node.specs[index])
    for index, reference in (node.retained or {}).items():
        tensor, kept = reference(), cotangents[index]
        if tensor is not None and kept is not None:
            retained.append((tensor, kept))
    if node.prehooks:
        cotangents[:] = _replaced(node.prehooks, cotangents, node.specs)


def _conforming(gradient: "Tensor", spec: Spec) -> "Tensor":
    shape, dtype = getattr(gradient, "shape", None), getattr(gradient, "dtype", None)
    if shape != spec.shape or dtype != spec.dtype or not hasattr(gradient, "requires_grad"):
        raise GradError(
            f"a hook returned a {type(gradient).__name__} of shape {shape} and dtype {dtype} for a gradient of shape "
            f"{spec.shape} and dtype {spec.dtype}; return a tensor of that kind, or None to keep it"
        )
    return gradient


def _replaced(
    hooks: HookTable, values: Sequence["Tensor | None"], specs: Sequence[Spec | None], *context: Any
) -> list["Tensor | None"]:
    """`values` after each hook had its say; a hook returns None or as many values as it was given."""
    current = list(values)
    for hook in list(hooks.values()):
        changed = hook(tuple(current), *context)
        if changed is None:
            continue
        replacement = list(changed) if isinstance(changed, tuple | list) else [changed]
        if len(replacement) != len(current):
            raise GradError(
                f"a hook returned {len(replacement)} gradients where {len(current)} arrived; return as many, or None"
            )
        current = [
            one if one is None or spec is None else _conforming(one, spec)
            for one, spec in zip(replacement, specs, strict=True)
        ]
    return current
