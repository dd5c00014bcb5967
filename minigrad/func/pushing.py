"""Forward mode: tangents pushed along the tape, from the arguments of a function to its value.

The nodes are visited by rising serial number, so a node's turn comes after those of
all its inputs. Each takes the tangents of its inputs to J·t, as its primitive
declares (see `rules`), and where nothing is declared by its VJP: u ↦ Jᵀ·u is
linear, and its own VJP at the cotangent t is J·t.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import GradError
from ..mode import MODE, recording
from ..primitive import Primitive
from ..registry import lookup
from ..tape import Edge, Node, Spec, reachable, walk
from ..tensor import Array, Tensor, edge_of

__all__ = ["Push", "variable"]


def variable(array: Array) -> Tensor:
    """A tensor over `array` on the tape with nothing behind it; no leaf, so that nothing outside asks for it."""
    return Tensor._wrap(array, Node(None, (), (Spec(array.shape, array.dtype),), {}, {}))


def _between(sources: Sequence[Edge], roots: Sequence[Edge | None]) -> list[tuple[Node, tuple[bool, ...]]]:
    """The nodes on a way from a source to a root by rising serial, with the inputs that lie on one."""
    own = {edge.node for edge in sources}
    nodes = reachable((edge.node for edge in roots if edge is not None), min(node.serial for node in own))
    reached, plan = set(own), []
    for node in reversed(nodes):
        wanted = tuple(edge is not None and edge.node in reached for edge in node.edges)
        if node not in own and any(wanted):
            reached.add(node)
            plan.append((node, wanted))
    return plan


# ------------------------------------------------------------- what is declared


def _by_declaration(primitive: Primitive, node: Node, tangents: Sequence[Tensor | None]) -> list[Tensor | None] | None:
    """The tangents of the outputs from those of the inputs; None where nothing is declared."""
    if primitive.variadic:
        return [primitive._called(_filled(primitive, node, tangents), node.static)] if primitive.linear else None
    total: list[Tensor | None] = [None] * len(node.specs)
    for position, tangent in enumerate(tangents):
        if tangent is not None:
            part = _by_one(primitive, node, position, tangent)
            if part is NotImplemented:
                return None
            parts = part if isinstance(part, tuple) else (part,)
            total = [
                one if other is None else other if one is None else lookup("add")(one, other)
                for one, other in zip(total, parts, strict=True)
            ]
    return total


def _by_one(primitive: Primitive, node: Node, position: int, tangent: Tensor) -> Any:
    """The part of the outputs' tangents that one input's tangent gives."""
    argument = primitive.arguments[position]
    if argument in primitive.jvps:
        rule, names = primitive.jvps[argument]
    elif primitive.linear:
        operands = [
            tangent if name == argument else primitive._resolve(node, name, position) for name in primitive.arguments
        ]
        return primitive._called(tuple(operands), node.static)
    elif primitive.symmetric or primitive.broadcast:
        rule, names = primitive.rules[argument]
        shape, dtype = node.specs[0]
        if tangent.dtype != dtype:
            tangent = lookup("cast")(tangent, dtype)
        if tangent.shape != shape:
            tangent = lookup("expand")(tangent, shape)
    else:
        return NotImplemented
    return rule(tangent, *[primitive._resolve(node, name, position) for name in names])


def _filled(primitive: Primitive, node: Node, tangents: Sequence[Tensor | None]) -> tuple[Tensor, ...]:
    """The tangents, with zeros for those that are missing."""
    assert node.saved is not None
    shapes = node.saved[f"{primitive.arguments[0]}_shape"]
    return tuple(
        [
            Tensor._wrap(np.zeros(shape, node.specs[0].dtype)) if tangent is None else tangent
            for tangent, shape in zip(tangents, shapes, strict=True)
        ]
    )


class _Transposed:
    """The VJP of one node as a linear function on the tape, whose VJP is the node's JVP."""

    def __init__(self, node: Node, wanted: tuple[bool, ...]) -> None:
        with recording(True):
            given = [variable(np.ones(*spec)) if spec.dtype.kind == "f" else None for spec in node.specs]
            assert node.operation is not None
            self.pulled = node.operation.pull(node, given, wanted)
        self.ends = [None if u is None else edge_of(u) for u in given]
        if not isinstance(node.operation, Primitive):
            for gradient in self.pulled:
                if gradient is not None and not gradient.requires_grad and gradient._array.any():
                    raise GradError(
                        f"forward mode through {node!r}: its backward leaves the tape, so that no tangent can be found "
                        "from it. Write it with operations on tensors, or use reverse mode: vjp, jacrev, grad"
                    )

    def __call__(self, tangents: Sequence[Tensor | None]) -> list[Tensor | None]:
        pairs = [
            (edge_of(gradient), tangent)
            for gradient, tangent in zip(self.pulled, tangents, strict=True)
            if gradient is not None and tangent is not None and gradient.requires_grad
        ]
        if not pairs:
            return [None] * len(self.ends)
        roots, seeds = zip(*pairs, strict=True)
        targets = {edge for edge in self.ends if edge is not None}
        found = walk(roots, seeds, retain_graph=True, create_graph=MODE.get().recording, targets=targets).captured
        return [None if edge is None else found.get(edge) for edge in self.ends]


class Push:
    """The tape between sources and roots, ready to take tangents along it as often as wanted."""

    def __init__(self, sources: Sequence[Edge], roots: Sequence[Edge | None]) -> None:
        self.sources = list(sources)
        self.roots = list(roots)
        self.plan = _between(sources, roots)
        self._transposed: dict[Node, _Transposed] = {}

    def __call__(self, tangents: Sequence[Tensor | None]) -> list[Tensor | None]:
        """The tangents of the roots from those of the sources; None stands for zero."""
        found = dict(zip(self.sources, tangents, strict=True))
        for node, wanted in self.plan:
            arrived = [
                found.get(edge) if flag and edge is not None else None
                for flag, edge in zip(wanted, node.edges, strict=True)
            ]
            if any(tangent is not None for tangent in arrived):
                for index, tangent in enumerate(self._step(node, wanted, arrived)):
                    if tangent is not None and node.specs[index].dtype.kind == "f":
                        found[Edge(node, index)] = self._conforming(tangent, node, index)
        return [None if edge is None else found.get(edge) for edge in self.roots]

    def _step(self, node: Node, wanted: tuple[bool, ...], tangents: list[Tensor | None]) -> Sequence[Tensor | None]:
        operation = node.operation
        assert operation is not None
        if node.saved is None:
            raise GradError(
                f"forward mode reached {node!r}, whose saved values were freed by a backward inside the function. Give "
                "that one retain_graph=True"
            )
        operation.check(node, wanted)
        found = _by_declaration(operation, node, tangents) if isinstance(operation, Primitive) else None
        if found is None:
            if node not in self._transposed:
                self._transposed[node] = _Transposed(node, wanted)
            found = self._transposed[node](tangents)
        return found

    def _conforming(self, tangent: Tensor, node: Node, index: int) -> Tensor:
        spec = node.specs[index]
        if tangent.shape != spec.shape:
            raise GradError(
                f"the forward rule of {node.name()} gave a tangent of shape {tangent.shape} for an output of shape "
                f"{spec.shape}; a tangent has the shape of its output"
            )
        return tangent if tangent.dtype == spec.dtype else lookup("cast")(tangent, spec.dtype)
