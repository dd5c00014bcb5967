"""`draw`, and the `Drawing` that it returns."""

import os
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from ..errors import ArgumentError, DTypeError
from ..operands import as_flag, as_integer
from ..tensor import Tensor
from .cards import Card, Show, cards
from .collect import collect
from .figure import saved
from .fold import abbreviated, collapsed, tidied
from .graph import Graph
from .layout import Scene, layout
from .markup import dot, mermaid
from .memory import Memory
from .names import Names
from .svg import svg
from .text import text

__all__ = ["Drawing", "draw", "drawn"]

MAX_NODES = 400


class Drawing:
    """A picture of a graph, as SVG, text, DOT and Mermaid; notebooks show it.

    It keeps what was known when it was made: later changes of tensors do not show.

    >>> import minigrad as mg
    >>> x = mg.tensor(3., requires_grad=True)
    >>> print(mg.draw(x * x))
        x       leaf    scalar
    #1  mul             scalar  ← x, x
        output  output  scalar  ← #1
    """

    def __init__(self, graph: Graph, show: Show, direction: str) -> None:
        self._graph = graph
        self._show = show
        self._direction = direction
        self._cards: dict[int, Card] = cards(graph, show)

    def __repr__(self) -> str:
        counts = [(len(self._graph.boxes), "box"), (len(self._graph.wires), "wire")]
        counts += [(len(self._graph.clusters), "cluster")] * bool(self._graph.clusters)
        plural = {"box": "boxes", "wire": "wires", "cluster": "clusters"}
        return f"<Drawing: {', '.join(f'{n} {word if n == 1 else plural[word]}' for n, word in counts)}>"

    def __str__(self) -> str:
        return self.text()

    @cached_property
    def _scene(self) -> Scene:
        return layout(self._graph, self._cards, self._direction, self._show.shapes)

    @cached_property
    def _picture(self) -> str:
        boxes = self._graph.boxes.values()
        starts = [box.title for box in boxes if box.kind in ("parameter", "leaf")]
        ends = [box.title for box in boxes if box.kind == "output"]
        steps = sum(box.kind in ("operation", "module") for box in boxes)
        title = f"Graph of {', '.join(ends) or ', '.join(box.title for box in boxes)}"
        told = f"{steps} step{'s' * (steps != 1)} from {', '.join(starts[:12])}" if starts else f"{steps} steps"
        told += f" and {len(starts) - 12} more" if len(starts) > 12 else ""
        told += f" to {', '.join(ends)}" if ends else ""
        return svg(self._graph, self._cards, self._scene, self._show, title, told + ".\n" + self.text())

    def text(self) -> str:
        """The steps in the order of computation, one to a line, for a terminal; `print` shows it.

        A step that others read has a number, and named leaves are read by their names.
        """
        return text(self._graph, self._cards, self._show)

    def dot(self) -> str:
        """The graph in the language of Graphviz, with a cluster for each layer."""
        return dot(self._graph, self._cards, self._show, self._direction)

    def mermaid(self) -> str:
        """The graph as a Mermaid flowchart, which many wikis and code hosts draw, with a subgraph for each layer."""
        return mermaid(self._graph, self._cards, self._show, self._direction)

    def svg(self) -> str:
        """The picture: one SVG element with light and dark colours, that needs nothing from elsewhere.

        Pointing at a box shows its formula and its VJP, at a wire what flows there.
        """
        return self._picture

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file: .svg, .dot (or .gv), .mmd or .txt, by its ending; whole or not at all.

        Raises `ArgumentError` for another ending, `DTypeError` for what is no path.
        """
        forms = {".svg": self.svg, ".dot": self.dot, ".gv": self.dot, ".mmd": self.mermaid, ".txt": self.text}
        endings = (
            ".svg for a picture, .dot for Graphviz, .mmd for Mermaid, .txt for text. Browsers show SVG, and print it "
        )
        saved(path, forms, endings + "to PDF", "graph.svg")

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x:auto">{self.svg()}</div>'


def draw(
    tensors: Any,
    /,
    *,
    params: Any = None,
    values: bool = False,
    grads: bool = False,
    shapes: bool = True,
    max_nodes: int = MAX_NODES,
    direction: str = "TB",
    depth: int | None = None,
    **names: Tensor,
) -> Drawing:
    """Draw the recorded graph of a tensor, or of several: leaves, operations and what flows between them.

    The picture is ours from the ranks to the curves (Sugiyama's layered drawing); no program and no package is
    needed. Leaves have the names of `params` (a module, or a dictionary from names to tensors), of tensors given by
    keyword, or of the caller's variables. `values` and `grads` write into the boxes what is known: of tensors
    with a name, of what the tape keeps until it is walked, and of gradients kept in `grad`; `drawing.record` keeps
    everything, and the layers. `direction` 'LR' draws from left to right. Of more than `max_nodes` boxes those
    nearest to the end are drawn.

    Raises `DTypeError` for what is no tensor, `ArgumentError` for an unknown direction, or `depth` without a recording.

    >>> import minigrad as mg
    >>> w, x = mg.tensor([1., 2.], requires_grad=True), mg.tensor([3., 4.])
    >>> h = w * x
    >>> loss = h.sum()
    >>> print(mg.draw(loss, values=True))
        w        leaf    (2,)            value: [1, 2]
        x        data    (2,)            value: [3, 4]
    #1  h = mul          (2,)    ← w, x  value: [3, 8]
    #2  sum      axes 0  scalar  ← #1
        loss     output  scalar  ← #2    value: 11
    """
    if depth is not None:
        raise ArgumentError(
            f"draw got depth={depth!r}, but the tape does not know layers. Record them: `with mg.drawing.record(model) "
            "as tape: loss = …`, then tape.draw(depth=…)"
        )
    options = {"params": params, "values": values, "grads": grads, "shapes": shapes, "max_nodes": max_nodes,
               "direction": direction, **names}  # fmt: skip
    return drawn(tensors, None, options, sys._getframe(1).f_locals)


def drawn(tensors: Any, memory: Memory | None, options: Mapping[str, Any], variables: Mapping[str, Any]) -> Drawing:
    """The drawing of `tensors`, with what a recording kept; `variables` are those of the caller."""
    given = dict(options)
    direction = given.pop("direction", "TB")
    if direction not in ("TB", "LR"):
        raise ArgumentError(f"direction={direction!r}; it is 'TB', from top to bottom, or 'LR', from left to right")
    flags = {name: as_flag(given.pop(name, name == "shapes"), "draw", name) for name in ("values", "grads", "shapes")}
    most = as_integer(given.pop("max_nodes", MAX_NODES), "draw", "max_nodes")
    depth = given.pop("depth", None)
    if depth is not None:
        depth = as_integer(depth, "draw", "depth")
    if most < 2 or (depth is not None and depth < 0):
        raise ArgumentError(f"draw got max_nodes={most} and depth={depth}; at least 2 boxes, and no negative depth")
    names = Names()
    names.add_parameters(given.pop("params", None))
    names.add_given(given)
    outputs = _outputs(tensors, names)
    for model in memory.models if memory is not None else ():
        names.add_module(model)
    names.add_variables(variables)
    graph = collect(outputs, names, memory)
    if depth is not None:
        graph = collapsed(graph, depth)
    graph = tidied(abbreviated(graph, most))
    return Drawing(graph, Show(**flags), direction)


def _outputs(tensors: Any, names: Names) -> list[Tensor]:
    """The tensors to draw, each once."""
    if isinstance(tensors, Tensor):
        return [tensors]
    if hasattr(type(tensors), "named_modules"):
        raise DTypeError(
            f"draw got a {type(tensors).__name__}, a module; a graph belongs to what it computed: mg.draw(model(x), "
            "params=model), or with its layers: `with mg.drawing.record(model) as tape: model(x)`, then tape.draw()"
        )
    if isinstance(tensors, Mapping):
        names.add_given({str(name): tensor for name, tensor in tensors.items()})
        tensors = list(tensors.values())
    listed = list(tensors) if isinstance(tensors, list | tuple) else []
    for one in listed or [tensors]:
        if not isinstance(one, Tensor):
            raise DTypeError(f"draw got a {type(one).__name__}; it draws tensors: one, or a list of them")
    found: list[Tensor] = []
    for one in listed:
        if not any(one is other or (one._node is not None and one._node is other._node and one._index == other._index)
                   for other in found):  # fmt: skip
            found.append(one)
    return found
