"""Forward mode: tangents pushed along the tape, from the arguments of a function to its value.

The nodes are visited by rising serial number, so a node's turn comes after those of
all its inputs. Each takes the tangents of its inputs to J·t, by the rule that its
primitive declares (`Primitive.push`), and where none is declared by its VJP:
u ↦ Jᵀ·u is linear, and its own VJP at the cotangent t is J·t.
"""

from collections.abc import Sequence

import numpy as np

from ..errors import GradError
from ..mode import MODE, recording
from ..primitive import Primitive
from ..registry import lookup
from ..tape import Edge, Node, walk
from ..tensor import Tensor, edge_of

__all__ = ["Push"]


def _between(sources: Sequence[Edge], roots: Sequence[Edge | None]) -> list[tuple[Node, tuple[bool, ...]]]:
    """The nodes on a way from a source to a root by rising serial, with the inputs that lie on one."""
    own = {edge.node for edge in sources}
    first = min(node.serial for node in own)
    seen = {edge.node for edge in roots if edge is not None}
    stack = list(seen)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and edge.node.serial >= first and edge.node not in seen:
                seen.add(edge.node)
                stack.append(edge.node)
    reached, plan = set(own), []
    for node in sorted(seen, key=lambda node: node.serial):
        wanted = tuple(edge is not None and edge.node in reached for edge in node.edges)
        if node not in own and any(wanted):
            reached.add(node)
            plan.append((node, wanted))
    return plan


class _Transposed:
    """The VJP of one node as a linear function on the tape, whose VJP is the node's JVP."""

    def __init__(self, node: Node, wanted: Sequence[bool]) -> None:
        with recording(True):
            us = [Tensor._wrap(np.ones(*spec)) for spec in node.specs]
            given = [u.requires_grad_() if u.dtype.kind == "f" else None for u in us]
            assert node.operation is not None
            self.pulled = node.operation.pull(node, given, wanted)
        self.ends = [None if u is None else edge_of(u) for u in given]
        self._alive = us  # leaves know their tensors by weak references
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
        push = getattr(operation, "push", None)
        found = push(node, tangents) if push is not None else None
        if found is None:
            if node not in self._transposed:
                self._transposed[node] = _Transposed(node, wanted)
            found = self._transposed[node](tangents)
        return found  # type: ignore[no-any-return]

    def _conforming(self, tangent: Tensor, node: Node, index: int) -> Tensor:
        spec = node.specs[index]
        if tangent.shape != spec.shape:
            raise GradError(
                f"the forward rule of {node.name()} gave a tangent of shape {tangent.shape} for an output of shape "
                f"{spec.shape}; a tangent has the shape of its output"
            )
        return tangent if tangent.dtype == spec.dtype else lookup("cast")(tangent, spec.dtype)
