"""What stands in a box, line by line, and how much room it takes."""

from dataclasses import dataclass, field

from .describe import array_lines, shape_text, short
from .graph import Box, Graph, Result
from .thumbnails import Thumbnail, thumbnails

__all__ = ["Card", "Line", "Show", "cards", "sans_width", "text_width"]

# Widths of the characters of a common sans-serif face in thousandths of its size; others count as 600.
_WIDTHS = {
    278: " !,./:;I[]\\|ft·", 222: "ijl'", 333: "()-r`", 500: "ckxsvyzJ", 556: "abdeghnopqu0123456789_$#?L",
    584: "+<=>~×", 611: "FTZ", 667: "ABEKPSVXY&", 722: "CDHNRUw", 778: "GOQ", 833: "mM", 944: "W", 889: "%",
    1000: "…←→@—",
}  # fmt: skip
_WIDTH = {character: width for width, characters in _WIDTHS.items() for character in characters}

# size, room on the line, and how much wider than the table the face is
STYLES = {
    "badge": (10.0, 14.0, 1.14),
    "title": (13.0, 18.0, 1.26),
    "note": (11.0, 15.0, 1.14),
    "value": (10.5, 14.0, 0.0),
    "grad": (10.5, 14.0, 0.0),
    "missing": (10.0, 14.0, 1.1),
    "tag": (10.0, 14.0, 1.12),
    "head": (11.0, 15.0, 1.26),
}
MONO = 0.61
PAD_X, PAD_Y = 10.0, 6.0


def sans_width(text: str, size: float, factor: float = 1.14) -> float:
    """About how wide a text is, on the generous side; `factor` says how much wider than the table its face is."""
    return sum(_WIDTH.get(character, 600) for character in text) * size * factor / 1000


def text_width(text: str, style: str) -> float:
    """About how wide a text is in one of the styles."""
    size, _, factor = STYLES[style]
    return sans_width(text, size, factor) if factor else len(text) * size * MONO


@dataclass(frozen=True, slots=True)
class Show:
    """What the user asked to see."""

    values: bool = False
    grads: bool = False
    shapes: bool = True


@dataclass(slots=True)
class Line:
    """One line of a box: text in a style, with a word before it, or pictures."""

    style: str
    text: str
    word: str = ""
    pictures: list[Thumbnail] = field(default_factory=list)

    def whole(self) -> str:
        """The line as plain text."""
        return f"{self.word} {self.text}".strip() if self.word.strip() else self.text

    def size(self) -> tuple[float, float]:
        """Its width and height."""
        if self.pictures:
            return sum(one.width + 3 for one in self.pictures) - 3, max(one.height for one in self.pictures) + 5
        word = text_width(self.word, self.style) + 6 if self.word else 0.0
        return word + text_width(self.text, self.style), STYLES[self.style][1]


@dataclass(slots=True)
class Card:
    """The lines of a box and its size."""

    lines: list[Line]

    @property
    def width(self) -> float:
        """How wide the box has to be."""
        return max([36.0, *(line.size()[0] for line in self.lines)]) + 2 * PAD_X

    @property
    def height(self) -> float:
        """How high it has to be."""
        return sum(line.size()[1] for line in self.lines) + 2 * PAD_Y


def cards(graph: Graph, show: Show) -> dict[int, Card]:
    """The lines of every box; what an output shows, the operation before it does not."""
    told = {(wire.source, wire.output) for wire in graph.wires if graph.boxes[wire.target].kind == "output"}
    return {number: _card(graph, number, show, told) for number, box in graph.boxes.items()}


def _card(graph: Graph, number: int, show: Show, told: set[tuple[int, int]]) -> Card:
    box = graph.boxes[number]
    lines = [Line("badge", short(box.badge, 40))] if box.badge else []
    lines.append(Line("title", short(_title(graph, box), 40)))
    if show.shapes and box.kind in ("parameter", "leaf", "data"):
        lines.append(Line("note", shape_text(box.results[0].shape, box.results[0].dtype)))
    lines += [Line("note", note) for note in box.notes]
    several = len(box.results) > 1
    for index, result in enumerate(box.results):
        if (number, index) not in told:
            lines += _content(result, show, f" {index}" if several else "", box.kind != "output")
    return Card(lines)


def _title(graph: Graph, box: Box) -> str:
    """The title; a parameter inside the cluster of its layer needs no path."""
    if box.kind == "parameter" and box.cluster is not None and box.cluster in graph.clusters:
        return box.title.removeprefix(graph.clusters[box.cluster].path + ".")
    return box.title


def _content(result: Result, show: Show, suffix: str, complain: bool) -> list[Line]:
    wanted = [("value", result.value)] * show.values + [("grad", result.grad)] * (show.grads and result.taped)
    lines, missing = [], []
    for style, array in wanted:
        if array is None:
            missing.append(style + suffix)
            continue
        for place, text in enumerate(array_lines(array)):
            lines.append(Line(style, text, (style if not place else " " * len(style)) + suffix))
        pictures = thumbnails(array, signed=style == "grad")
        if pictures:
            lines.append(Line(style, "", "", pictures))
    if missing and complain:
        lines.append(Line("missing", f"{' and '.join(missing)} not kept"))
    return lines
