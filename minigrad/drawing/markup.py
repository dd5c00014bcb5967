"""A graph in the languages of Graphviz and of Mermaid."""

import re
from collections.abc import Mapping

from .cards import Card, Show
from .describe import shape_text
from .graph import Graph, Wire
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
    inside = _inside(graph)

    def write(cluster: int | None, margin: str) -> None:
        for number in inside.get(cluster, []):
            fill, line = KINDS[graph.boxes[number].kind][:2]
            label = _quoted("\n".join(_lines(cards[number])))
            lines.append(f'{margin}n{number} [label={label}, fillcolor="{fill}", color="{line}"];')
        for child, one in graph.clusters.items():
            if one.parent == cluster:
                lines.append(f"{margin}subgraph cluster_{child} {{")
                lines.append(f"{margin}  label={_quoted(one.label())};")
                write(child, margin + "  ")
                lines.append(f"{margin}}}")

    write(None, "  ")
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
    inside = _inside(graph)

    def write(cluster: int | None, margin: str) -> None:
        for number in inside.get(cluster, []):
            kind = graph.boxes[number].kind
            opening, closing = ("[", "]") if kind in ("operation", "module", "more") else ("([", "])")
            label = "<br/>".join(map(_escaped, _lines(cards[number])))
            lines.append(f'{margin}n{number}{opening}"{label}"{closing}:::{kind}')
        for child, one in graph.clusters.items():
            if one.parent == cluster:
                lines.append(f'{margin}subgraph c{child}["{_escaped(one.label())}"]')
                write(child, margin + "  ")
                lines.append(f"{margin}end")

    write(None, "  ")
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
