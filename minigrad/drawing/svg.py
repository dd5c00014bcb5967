"""A scene as SVG: one self-contained element, with its colours for light and dark inside.

Every rule of its style begins with a class that is made from the contents, so
that several drawings stand in one page; there are no identifiers and no scripts.
"""

import hashlib
import re
from collections.abc import Mapping
from itertools import pairwise

from .cards import PAD_Y, STYLES, Card, Line, Show, text_width
from .describe import shape_text
from .figure import escaped, px
from .graph import Box, Graph
from .layout import Curve, Rect, Scene
from .style import stylesheet

__all__ = ["svg"]

ARROW = 7.0


def svg(graph: Graph, cards: Mapping[int, Card], scene: Scene, show: Show, title: str, description: str) -> str:
    """The drawing as the text of an SVG element."""
    parts = [f'<rect class="page" width="{px(scene.width)}" height="{px(scene.height)}" rx="8"/>']
    for number in sorted(scene.clusters, key=lambda cluster: len(graph.enclosing(cluster))):
        depth = len(graph.enclosing(number)) % 2
        parts.append(f'<rect class="cluster c{depth}" {_rectangle(scene.clusters[number])} rx="10"/>')
    parts += [_curve(graph, scene, curve, show) for curve in scene.curves]
    for number in graph.order():
        parts.append(_box(graph.boxes[number], cards[number], scene.boxes[number], show))
    for tag in scene.tags:
        parts.append(f'<text class="tag" x="{px(tag.x)}" y="{px(tag.y + 3.5)}">{escaped(tag.text)}</text>')
    parts += [_heading(graph, scene, number) for number in scene.clusters]
    body = re.sub('class="([^"]*)"', _prefixed, "\n".join(parts))
    name = "mg-" + hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()[:10]
    width, height = px(scene.width), px(scene.height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{name}" role="img" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" style="max-width:100%;height:auto">\n'
        f"<title>{escaped(title)}</title>\n<desc>{escaped(description)}</desc>\n"
        f"<style>\n{stylesheet(name)}</style>\n{body}\n</svg>\n"
    )


def _prefixed(found: "re.Match[str]") -> str:
    """Classes under names that no page has rules for."""
    return 'class="' + " ".join(f"mg-{name}" for name in found[1].split()) + '"'


def _rectangle(rect: Rect) -> str:
    return f'x="{px(rect.x)}" y="{px(rect.y)}" width="{px(rect.width)}" height="{px(rect.height)}"'


def _heading(graph: Graph, scene: Scene, number: int) -> str:
    """The label of a cluster, on the side that no wire crosses, if there is one."""
    rect, label = scene.clusters[number], graph.clusters[number].label()
    width = text_width(label, "head")
    x = rect.x + 12
    crossed = [
        at
        for curve in scene.curves
        for at, y in curve.points
        if scene.direction == "TB" and rect.x <= at <= rect.x + rect.width and abs(y - rect.y) < 1
    ]
    if any(x - 4 <= at <= x + width + 4 for at in crossed):
        right = rect.x + rect.width - 12 - width
        if not any(right - 4 <= at <= right + width + 4 for at in crossed):
            x = right
    return f'<text class="head" x="{px(x)}" y="{px(rect.y + 16)}">{escaped(label)}</text>'


# -------------------------------------------------------------------- wires


def _curve(graph: Graph, scene: Scene, curve: Curve, show: Show) -> str:
    """A piece of a wire: straight through ranks, an S between them; its arrow head, and one back for a gradient."""
    down = scene.direction == "TB"
    points = list(curve.points)
    result = graph.boxes[curve.net[0]].results
    taped = not result or result[curve.net[1]].taped
    marks = ""
    if curve.wire is not None:
        x, y = points[-1]
        points[-1] = (x, y - ARROW + 1) if down else (x - ARROW + 1, y)
        marks += f'<path class="tip" d="{_tip(x, y, down, 1)}"/>'
    if show.grads and taped and curve.starts and result and result[curve.net[1]].grad is not None:
        x, y = points[0]
        points[0] = (x, y + ARROW - 1) if down else (x + ARROW - 1, y)
        marks += f'<path class="back" d="{_tip(x, y, down, -1)}"/>'
    path = f"M{px(points[0][0])} {px(points[0][1])}"
    for number, (one, two) in enumerate(pairwise(points)):
        aside = abs(one[0] - two[0]) if down else abs(one[1] - two[1])
        if number % 2 == 0 or aside < 0.5:
            path += f"L{px(two[0])} {px(two[1])}"
        elif down:
            middle = px((one[1] + two[1]) / 2)
            path += f"C{px(one[0])} {middle} {px(two[0])} {middle} {px(two[0])} {px(two[1])}"
        else:
            middle = px((one[0] + two[0]) / 2)
            path += f"C{middle} {px(one[1])} {middle} {px(two[1])} {px(two[0])} {px(two[1])}"
    kind = "wire" if taped else "wire loose"
    source = graph.boxes[curve.net[0]]
    told = source.title if curve.wire is None else f"{source.title} → {graph.boxes[curve.wire.target].title}"
    if curve.wire is not None and curve.wire.argument:
        told += f" ({curve.wire.argument})"
    if result:
        told += f"\n{shape_text(result[curve.net[1]].shape, result[curve.net[1]].dtype)}"
    return f'<g><title>{escaped(told)}</title><path class="{kind}" d="{path}"/>{marks}</g>'


def _tip(x: float, y: float, down: bool, way: int) -> str:
    """A triangle whose point is at (x, y), or that starts there and points back."""
    base = -way * ARROW
    if way < 0:
        x, y, base = (x, y + ARROW, -ARROW) if down else (x + ARROW, y, -ARROW)
        far = (x, y + base) if down else (x + base, y)
        sides = ((x - 3.5, y), (x + 3.5, y)) if down else ((x, y - 3.5), (x, y + 3.5))
    else:
        far = (x, y)
        sides = ((x - 3.5, y + base), (x + 3.5, y + base)) if down else ((x + base, y - 3.5), (x + base, y + 3.5))
    (a, b), (c, d) = sides
    return f"M{px(far[0])} {px(far[1])}L{px(a)} {px(b)}L{px(c)} {px(d)}Z"


# -------------------------------------------------------------------- boxes


def _box(box: Box, card: Card, rect: Rect, show: Show) -> str:
    radius = "7" if box.kind in ("operation", "module", "more") else px(min(rect.height / 2, 15.0))
    parts = [f'<g class="box {box.kind}"><title>{escaped(_tooltip(box, card))}</title>']
    parts.append(f'<rect {_rectangle(rect)} rx="{radius}"/>')
    y = rect.y + PAD_Y
    rows = [line for line in card.lines if line.word]
    column = max((text_width(line.word, line.style) for line in rows), default=0.0) + 6
    block = max((column + text_width(line.text, line.style) for line in rows), default=0.0)
    left = rect.x + (rect.width - block) / 2
    for line in card.lines:
        parts.append(_line(line, rect, left, column, y))
        y += line.size()[1]
    return "".join(parts) + "</g>"


def _line(line: Line, rect: Rect, left: float, column: float, y: float) -> str:
    width, height = line.size()
    if line.pictures:
        x, parts = rect.x + (rect.width - width) / 2, []
        for one in line.pictures:
            sizes = f'width="{px(one.width)}" height="{px(one.height)}"'
            parts.append(
                f'<image x="{px(x)}" y="{px(y + 2)}" {sizes} preserveAspectRatio="none" href="{one.address}"/>'
                f'<rect class="frame {line.style}" x="{px(x)}" y="{px(y + 2)}" {sizes}/>'
            )
            x += one.width + 3
        return "".join(parts)
    base = px(y + height / 2 + STYLES[line.style][0] * 0.36)
    if line.word:
        text = escaped(line.text.replace(" ", "\u00a0"))
        word = f'<text class="word {line.style}" x="{px(left)}" y="{base}">{escaped(line.word)}</text>'
        return (
            word * bool(line.word.strip())
            + f'<text class="{line.style}" x="{px(left + column)}" y="{base}">{text}</text>'
        )
    middle = px(rect.x + rect.width / 2)
    return f'<text class="{line.style} mid" x="{middle}" y="{base}">{escaped(line.text)}</text>'


def _tooltip(box: Box, card: Card) -> str:
    lines = [f"{box.badge}: {box.title}" if box.badge else box.title]
    for result in box.results[:8]:
        lines.append(f"shape {shape_text(result.shape)}, {result.dtype.name}")
    lines += [line.whole() for line in card.lines if line.style in ("note", "value", "grad") and line.text]
    return "\n".join(dict.fromkeys([*lines, *box.facts]))
