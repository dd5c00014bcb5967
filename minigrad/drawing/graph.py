"""What a picture shows, before anything is placed: boxes, the wires between them, and clusters around them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Array", "Box", "Cluster", "Graph", "Result", "Wire"]

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(slots=True)
class Result:
    """One value that leaves a box: its shape and dtype, and its value and gradient where somebody keeps them."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    value: Array | None = None
    grad: Array | None = None
    taped: bool = True


@dataclass(slots=True)
class Box:
    """An operation, a leaf, a constant, an output, a module drawn as one, or what was left out.

    `kind` is 'operation', 'parameter', 'leaf', 'data', 'output', 'module' or 'more'; `badge` names the
    layer that an operation is all of; `notes` are its arguments that are no tensors, `facts` what a tooltip adds.
    """

    kind: str
    title: str
    results: list[Result]
    step: int
    cluster: int | None = None
    badge: str = ""
    notes: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Wire:
    """What flows from result `output` of one box into another, as its `argument`."""

    source: int
    output: int
    target: int
    argument: str = ""


@dataclass(slots=True)
class Cluster:
    """One call of a module: its path in the model, its class, the call it was made from, and how deep that is."""

    path: str
    kind: str
    parent: int | None
    depth: int
    repeat: int = 1

    def label(self) -> str:
        """Its path and class, as a heading."""
        again = f" (call {self.repeat})" if self.repeat > 1 else ""
        return f"{self.path} · {self.kind}{again}" if self.path else f"{self.kind}{again}"


@dataclass(slots=True)
class Graph:
    """Boxes by number, wires between them, clusters by number."""

    boxes: dict[int, Box] = field(default_factory=dict)
    wires: list[Wire] = field(default_factory=list)
    clusters: dict[int, Cluster] = field(default_factory=dict)
    hidden: int = 0

    def add(self, box: Box) -> int:
        """Add a box; its number."""
        number = len(self.boxes)
        self.boxes[number] = box
        return number

    def enclosing(self, cluster: int | None) -> list[int]:
        """A cluster and those around it, outermost first."""
        found: list[int] = []
        while cluster is not None:
            found.append(cluster)
            cluster = self.clusters[cluster].parent
        return found[::-1]

    def shared(self, clusters: list[int | None]) -> int | None:
        """The innermost cluster around all of the given ones."""
        chains = [self.enclosing(cluster) for cluster in clusters]
        common = None
        for level in zip(*chains, strict=False):
            if len(set(level)) > 1:
                break
            common = level[0]
        return common

    def order(self) -> list[int]:
        """The numbers of the boxes in the order of their computation; outputs stand last."""
        return sorted(self.boxes, key=lambda number: (self.boxes[number].step, number))
