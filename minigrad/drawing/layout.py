"""Where everything stands: one layered layout for each cluster, innermost first, each then an item of the one around.

So boxes of a cluster stay together, clusters are rectangles that overlap nothing,
and a wire that crosses the edge of a cluster does so at one place for all its
uses inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from .cards import Card, text_width
from .describe import shape_text
from .graph import Graph, Wire
from .layers import CircleError, Item, Link, arrange

__all__ = ["Curve", "Rect", "Scene", "Tag", "layout"]

HEAD = 24.0  # the heading of a cluster
PAD = 12.0
STEM = 17.0  # the room for the shape below a box
PORT = 10.0

Key = tuple[str, Any]
Net = tuple[int, int]


class Rect(NamedTuple):
    """A rectangle: its left upper corner and its sizes."""

    x: float
    y: float
    width: float
    height: float


class Tag(NamedTuple):
    """A shape written on a wire, centred at a point."""

    text: str
    x: float
    y: float


class Curve(NamedTuple):
    """A piece of a wire through points; `wire` is None unless it arrives at a box."""

    net: Net
    points: list[tuple[float, float]]
    wire: Wire | None
    starts: bool


@dataclass(slots=True)
class Scene:
    """Everything in its place."""

    direction: str
    width: float = 0.0
    height: float = 0.0
    boxes: dict[int, Rect] = field(default_factory=dict)
    clusters: dict[int, Rect] = field(default_factory=dict)
    curves: list[Curve] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)


@dataclass(slots=True)
class _Level:
    """What stands directly inside one cluster, or outside of all."""

    keys: dict[Key, int] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    links: dict[Any, tuple[Link, Net, Key, Key, Wire | None]] = field(default_factory=dict)
    breadth: float = 0.0
    depth: float = 0.0


def layout(graph: Graph, cards: Mapping[int, Card], direction: str, shapes: bool) -> Scene:
    """The places of all boxes and clusters, and the ways of all wires."""
    try:
        return _Nest(graph, cards, direction, shapes, nested=True).run()
    except CircleError:  # a layer that was left and entered again, as no call can be
        return _Nest(graph, cards, direction, shapes, nested=False).run()


class _Nest:
    def __init__(self, graph: Graph, cards: Mapping[int, Card], direction: str, shapes: bool, nested: bool) -> None:
        self.graph = graph
        self.cards = cards
        self.down = direction == "TB"
        self.scene = Scene(direction)
        self.nested = nested
        self.used: dict[int, list[int]] = {}
        for wire in graph.wires:
            self.used.setdefault(wire.source, [])
            if wire.output not in self.used[wire.source]:
                self.used[wire.source].append(wire.output)
        self.labels: dict[Net, str] = {}
        for number, outputs in self.used.items():
            outputs.sort()
            box = graph.boxes[number]
            if shapes and box.kind in ("operation", "module"):
                for output in outputs:
                    result = box.results[output]
                    self.labels[number, output] = shape_text(result.shape, result.dtype)
        self.nets: dict[Net, int] = {}
        self.levels: dict[int | None, _Level] = {None: _Level()}

    def run(self) -> Scene:
        chains = {number: self._chain(number) for number in self.graph.boxes}
        for number in self.graph.order():
            chain = chains[number]
            for outer, inner in pairwise(chain):
                self.levels.setdefault(inner, _Level())
                self._key(outer, ("cluster", inner))
            self._key(chain[-1], ("box", number))
        for wire in self.graph.wires:
            self._lead(wire, chains[wire.source], chains[wire.target])
        inside = [cluster for cluster in self.levels if cluster is not None]
        for cluster in sorted(inside, key=lambda cluster: -len(self.graph.enclosing(cluster))):
            self._arrange(cluster)
        self._arrange(None)
        level = self.levels[None]
        breadth, depth = level.breadth + 2 * PAD, level.depth + 2 * PAD
        self.scene.width, self.scene.height = (breadth, depth) if self.down else (depth, breadth)
        self._settle()
        return self.scene

    def _chain(self, number: int) -> list[int | None]:
        inside = self.graph.enclosing(self.graph.boxes[number].cluster) if self.nested else []
        return [None, *inside]

    def _key(self, level: int | None, key: Key) -> Key:
        keys = self.levels[level].keys
        keys.setdefault(key, len(keys))
        return key

    def _lead(self, wire: Wire, source: list[int | None], target: list[int | None]) -> None:
        """Lead a wire out of the clusters around its source and into those around its target."""
        net = (wire.source, wire.output)
        self.nets.setdefault(net, len(self.nets))
        common = 0
        while common < min(len(source), len(target)) and source[common] == target[common]:
            common += 1
        common -= 1
        start: Key = ("box", wire.source)
        for place in range(len(source) - 1, common, -1):
            self._link(source[place], start, self._key(source[place], ("out", net)), net, None)
            start = ("cluster", source[place])
        for place in range(common, len(target) - 1):
            self._link(target[place], start, ("cluster", target[place + 1]), net, None)
            start = self._key(target[place + 1], ("in", net))
        self._link(target[-1], start, ("box", wire.target), net, wire)

    def _link(self, level: int | None, start: Key, end: Key, net: Net, wire: Wire | None) -> None:
        keys = self.levels[level].keys
        link = Link(keys[start], keys[end], self.nets[net])
        name = (start, end, net) if wire is None else (start, end, net, len(self.levels[level].links))
        self.levels[level].links.setdefault(name, (link, net, start, end, wire))

    # --------------------------------------------------------- one level

    def _arrange(self, cluster: int | None) -> None:
        level = self.levels[cluster]
        level.items = [self._item(key) for key in level.keys]
        for link, net, start, end, _ in level.links.values():
            link.out = self._port(start, net, out=True)
            link.into = None if end[0] == "box" else self._port(end, net, out=False)
        level.breadth, level.depth = arrange(level.items, [entry[0] for entry in level.links.values()])

    def _item(self, key: Key) -> Item:
        kind, name = key
        if kind == "box":
            return self._box_item(name)
        if kind == "cluster":
            width, height, _, _ = self._frame(name)
            return Item(width, height)
        return Item(PORT, 0.0, -1 if kind == "in" else 1)

    def _box_item(self, number: int) -> Item:
        card = self.cards[number]
        widths = [text_width(self.labels[number, one], "tag") + 10 for one in self.used.get(number, [])
                  if (number, one) in self.labels]  # fmt: skip
        if self.down:
            return Item(max(card.width, sum(widths)), card.height + (STEM if widths else 0.0))
        ports = 16.0 * len(self.used.get(number, [])) if len(widths) > 1 else 0.0
        return Item(max(card.height, ports), card.width + (max(widths) + 6 if widths else 0.0))

    def _frame(self, cluster: int) -> tuple[float, float, float, float]:
        """Breadth and depth of a cluster with its heading, and where its inside starts."""
        level = self.levels[cluster]
        head = text_width(self.graph.clusters[cluster].label(), "head") + 2 * PAD
        if self.down:
            breadth = max(level.breadth + 2 * PAD, head)
            return breadth, level.depth + HEAD + PAD, (breadth - level.breadth) / 2, HEAD
        depth = max(level.depth + 2 * PAD, head)
        return level.breadth + HEAD + PAD, depth, HEAD, (depth - level.depth) / 2

    def _port(self, key: Key, net: Net, out: bool) -> float:
        """Where a wire meets an item, from the item's centre."""
        kind, name = key
        if kind == "cluster":
            level = self.levels[name]
            breadth, _, along, _ = self._frame(name)
            return level.items[level.keys["out" if out else "in", net]].at + along - breadth / 2
        outputs = self.used.get(name, []) if kind == "box" else []
        if len(outputs) < 2:
            return 0.0
        if not self.down:
            return (outputs.index(net[1]) - (len(outputs) - 1) / 2) * 16.0
        widths = [text_width(self.labels[name, one], "tag") + 10 if (name, one) in self.labels else 16.0
                  for one in outputs]  # fmt: skip
        place = outputs.index(net[1])
        return sum(widths[:place]) + widths[place] / 2 - sum(widths) / 2

    # ------------------------------------------------------------ paper

    def _settle(self) -> None:
        """Turn places along and across the ranks into places on paper, outermost level first."""
        waiting: list[tuple[int | None, float, float, float, float]] = [(None, PAD, PAD, 0.0, 0.0)]
        while waiting:
            cluster, along, across, lead, trail = waiting.pop()
            level = self.levels[cluster]
            for (kind, name), item in zip(level.keys, level.items, strict=True):
                left, top = along + item.at - item.breadth / 2, across + item.start
                if kind == "box":
                    self._settle_box(name, left, top, item)
                elif kind == "cluster":
                    breadth, depth, inner_along, inner_across = self._frame(name)
                    self.scene.clusters[name] = self._rect(left, top, breadth, depth)
                    inner = self.levels[name]
                    rest = depth - inner_across - inner.depth
                    waiting.append((name, left + inner_along, top + inner_across, inner_across, rest))
            for link, net, start, end, wire in level.links.values():
                points = [(along + at, across + one) for at, first, last in link.stops for one in (first, last)]
                if start[0] == "in" and not link.branch:
                    points[0] = (points[0][0], points[0][1] - lead)
                if end[0] == "out":
                    points[-1] = (points[-1][0], points[-1][1] + trail)
                paper = [point if self.down else (point[1], point[0]) for point in points]
                self.scene.curves.append(Curve(net, paper, wire, start[0] == "box" and not link.branch))

    def _rect(self, left: float, top: float, breadth: float, depth: float) -> Rect:
        return Rect(left, top, breadth, depth) if self.down else Rect(top, left, depth, breadth)

    def _settle_box(self, number: int, left: float, top: float, item: Item) -> None:
        card = self.cards[number]
        if self.down:
            rect = Rect(left + (item.breadth - card.width) / 2, top, card.width, card.height)
        else:
            rect = Rect(top, left + (item.breadth - card.height) / 2, card.width, card.height)
        self.scene.boxes[number] = rect
        middle = left + item.breadth / 2
        for output in self.used.get(number, []):
            text = self.labels.get((number, output))
            if text is None:
                continue
            at = middle + self._port(("box", number), (number, output), out=True)
            if self.down:
                self.scene.tags.append(Tag(text, at, rect.y + rect.height + STEM / 2 + 2))
            else:
                self.scene.tags.append(Tag(text, rect.x + rect.width + (item.depth - rect.width) / 2 + 2, at))
