"""A graph in the languages of Graphviz and of Mermaid."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from .cards import Card, Show
from .describe import shape_text
from .graph import Cluster, Graph, Wire
from .style import KINDS

__all__ = ["dot", "mermaid"]


def _label(graph: Graph, wire: Wire, show: Show) -> str:
    """The shape on a wire; leaves have it in their boxes."""
    box = graph.boxes[wire.source]
    if not show.shapes or box.kind not in ("operation", "module"):
        return ""
    return shape_text(box.results[wire.output].shape, box.results[wire.output].dtype)


def _lines(card: Card) -> list[str]:
    return [line.whole() for line in card.lines if not line.pictures]


def _inside(graph: Graph) -> dict[int | None, list[int]]:
    """The boxes that stand directly in each cluster."""
    found: dict[int | None, list[int]] = {}
    for number in graph.order():
        found.setdefault(graph.boxes[number].cluster, []).append(number)
    return found


class _Marks(NamedTuple):
    """How a language writes a box, and what stands before and behind those of a cluster."""

    box: Callable[[int], str]
    opening: Callable[[int, Cluster], list[str]]
    closing: str


def _nested(
    graph: Graph, inside: Mapping[int | None, list[int]], marks: _Marks, parent: int | None = None, margin: str = "  "
) -> Iterator[str]:
    """The lines of the boxes in a cluster, and of the clusters in it."""
    for number in inside.get(parent, []):
        yield margin + marks.box(number)
    for child, cluster in graph.clusters.items():
        if cluster.parent == parent:
            yield from (margin + line for line in marks.opening(child, cluster))
            yield from _nested(graph, inside, marks, child, margin + "  ")
            yield margin + marks.closing


# ---------------------------------------------------------------- Graphviz


def _quoted(text: str) -> str:
    """A string of DOT: backslashes and quotes escaped, line ends as \\n."""
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "\\n".join(re.split(r"\r\n|\r|\n", text)) + '"'


def dot(graph: Graph, cards: Mapping[int, Card], show: Show, direction: str) -> str:
    """The graph in DOT, with a cluster for each layer."""
    lines = [
        "digraph minigrad {",
        f"  rankdir={direction};",
        '  graph [fontname="Helvetica", fontsize=11, style="rounded,filled", color="#d3dbe2", fillcolor="#f7f9fb"];',
        '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11];',
        '  edge [fontname="Helvetica", fontsize=9, color="#8493a2", fontcolor="#566573"];',
    ]

    def box(number: int) -> str:
        fill, line = KINDS[graph.boxes[number].kind][:2]
        label = _quoted("\n".join(_lines(cards[number])))
        return f'n{number} [label={label}, fillcolor="{fill}", color="{line}"];'

    def opening(child: int, cluster: Cluster) -> list[str]:
        return [f"subgraph cluster_{child} {{", f"  label={_quoted(cluster.label())};"]

    lines.extend(_nested(graph, _inside(graph), _Marks(box, opening, "}")))
    for wire in graph.wires:
        label = _label(graph, wire, show)
        result = graph.boxes[wire.source].results
        options = [f"label={_quoted(label)}"] * bool(label)
        options += ["style=dashed"] * bool(result and not result[wire.output].taped)
        lines.append(f"  n{wire.source} -> n{wire.target}" + (f" [{', '.join(options)}]" if options else "") + ";")
    return "\n".join([*lines, "}"]) + "\n"


# ----------------------------------------------------------------- Mermaid


def _entity(found: "re.Match[str]") -> str:
    return f"#{ord(found[0])};"


def _escaped(text: str) -> str:
    """Text inside Mermaid's quotes: what it takes for markup as entities, what starts a list likewise."""
    text = re.sub(r"[\x00-\x1f]", " ", text)
    text = re.sub(r'["#&<>`\\]', _entity, text)
    return re.sub(r"^(\d+)\.", r"\1#46;", re.sub(r"^[-+*]", _entity, text))


def mermaid(graph: Graph, cards: Mapping[int, Card], show: Show, direction: str) -> str:
    """The graph as a Mermaid flowchart, with a subgraph for each layer."""
    lines = [f"flowchart {direction}"]

    def box(number: int) -> str:
        kind = graph.boxes[number].kind
        before, behind = ("[", "]") if kind in ("operation", "module", "more") else ("([", "])")
        label = "<br/>".join(map(_escaped, _lines(cards[number])))
        return f'n{number}{before}"{label}"{behind}:::{kind}'

    def opening(child: int, cluster: Cluster) -> list[str]:
        return [f'subgraph c{child}["{_escaped(cluster.label())}"]']

    lines.extend(_nested(graph, _inside(graph), _Marks(box, opening, "end")))
    for wire in graph.wires:
        label = _label(graph, wire, show)
        result = graph.boxes[wire.source].results
        arrow = "-.->" if result and not result[wire.output].taped else "-->"
        middle = f'|"{_escaped(label)}"|' if label else ""
        lines.append(f"  n{wire.source} {arrow}{middle} n{wire.target}")
    for kind in dict.fromkeys(box.kind for box in graph.boxes.values()):
        fill, line = KINDS[kind][:2]
        lines.append(f"  classDef {kind} fill:{fill},stroke:{line},color:#17212b")
    return "\n".join(lines) + "\n"
