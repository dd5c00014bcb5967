"""A graph as lines for a terminal, in the order of computation: what each step is, its shape, and what it reads."""

from collections import Counter, defaultdict
from collections.abc import Mapping

from .cards import Card, Show
from .describe import shape_text
from .graph import Graph, Wire

__all__ = ["text"]

LEAVES = ("parameter", "leaf", "data")


def text(graph: Graph, cards: Mapping[int, Card], show: Show) -> str:
    """The lines; a step has a number, layers have a bar along their steps."""
    order = _order(graph)
    names = _references(graph, order)
    inputs: dict[int, list[Wire]] = defaultdict(list)
    for wire in graph.wires:
        inputs[wire.target].append(wire)
    rows: list[tuple[str, ...]] = []
    chain: list[int] = []
    chains = [graph.enclosing(graph.boxes[number].cluster) for number in order]
    for place, number in enumerate(order):
        for depth, cluster in enumerate(chains[place]):
            if chain[: depth + 1] != chains[place][: depth + 1]:
                rows.append(("", "│ " * depth + "┌ " + graph.clusters[cluster].label()))
                chain = chains[place][: depth + 1]
        chain = chains[place]
        after = chains[place + 1] if place + 1 < len(order) else []
        bars = "".join("│ " if after[: depth + 1] == chain[: depth + 1] else "└ " for depth in range(len(chain)))
        rows.append(_row(graph, cards, number, bars, names, inputs[number], show))
    widths = [max((len(row[at]) for row in rows if len(row) > 2), default=0) for at in range(5)]
    widths[0] = max(widths[0], 2)
    lines = []
    for row in rows:
        cells = [
            row[0].rjust(widths[0]),
            *(cell.ljust(width) for cell, width in zip(row[1:], widths[1:], strict=False)),
        ]
        lines.append("  ".join([*cells, *row[5:]]).rstrip())
    return "\n".join(lines)


def _order(graph: Graph) -> list[int]:
    """Boxes by their time; leaves just before their first use, or before the layer around it that they are not in."""
    chains = {number: graph.enclosing(box.cluster) for number, box in graph.boxes.items()}
    late = {wire.source for wire in graph.wires if graph.boxes[wire.source].kind in LEAVES}
    steps = [number for number in graph.order() if number not in late]
    first: dict[int, int] = {}
    for number in steps:
        for cluster in chains[number]:
            first.setdefault(cluster, number)
    leaves: dict[int, list[int]] = defaultdict(list)
    for wire in graph.wires:
        if wire.source in late:
            depth, chain = len(chains[wire.source]), chains[wire.target]
            leaves[first[chain[depth]] if len(chain) > depth else wire.target].append(wire.source)
    found: dict[int, None] = {}
    for number in steps:
        before = sorted(leaves[number], key=lambda leaf: len(chains[leaf]))
        found.update(dict.fromkeys([*before, number]))
    return list(found)


def _references(graph: Graph, order: list[int]) -> dict[int, str]:
    """How other lines speak of a box: leaves by their names where these are unique, the rest by numbers."""
    count = Counter(box.title for box in graph.boxes.values())
    read = {wire.source for wire in graph.wires}
    names, place = {}, 0
    for number in order:
        box = graph.boxes[number]
        if box.kind in LEAVES and count[box.title] == 1:
            names[number] = box.title
        elif number in read:
            place += 1
            names[number] = f"#{place}"
    return names


def _row(
    graph: Graph,
    cards: Mapping[int, Card],
    number: int,
    bars: str,
    names: dict[int, str],
    wires: list[Wire],
    show: Show,
) -> tuple[str, ...]:
    box = graph.boxes[number]
    title = bars + box.title
    what = [] if box.kind == "operation" else [box.kind]
    what += [box.badge] * bool(box.badge) + box.notes
    reads = []
    for wire in wires:
        several = len(graph.boxes[wire.source].results) > 1
        reads.append(names[wire.source] + (f"[{wire.output}]" if several else ""))
    shapes = ", ".join(shape_text(result.shape, result.dtype) for result in box.results) if show.shapes else ""
    arrow = "← " + ", ".join(reads) if reads else ""
    extra = _contents(cards[number])
    name = names.get(number, "")
    step = name if name != box.title else ""
    return (step, title, ", ".join(what), shapes, arrow, *([extra] if extra else []))


def _contents(card: Card) -> str:
    """Values and gradients in one line."""
    parts: list[str] = []
    for line in card.lines:
        if line.style in ("value", "grad") and not line.pictures:
            parts.append(
                f"{line.word}: {line.text}" if line.word.strip() in line.word[:5] and line.word.strip() else line.text
            )
        elif line.style == "missing":
            parts.append(f"({line.text})")
    return "  ".join(parts)
