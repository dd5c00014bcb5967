"""Clusters inside clusters: rectangles that hold theirs and overlap nothing else, and wires that go around boxes."""

import itertools

import numpy as np
import pytest

from minigrad.drawing.cards import Show, cards
from minigrad.drawing.fold import tidied
from minigrad.drawing.graph import Box, Cluster, Graph, Result, Wire
from minigrad.drawing.layout import layout
from tests.strategies import given, settings, st


@st.composite
def nested(draw):
    """A random tape: every step reads earlier ones; clusters are stretches of steps inside stretches of steps."""
    graph = Graph()
    count = draw(st.integers(1, 12))
    open_, depth = [], 0
    for step in range(count):
        while open_ and draw(st.booleans()):
            open_.pop()
        depth = len(open_)
        if depth < 3 and draw(st.booleans()):
            number = len(graph.clusters)
            graph.clusters[number] = Cluster(f"layer{number}", "Layer", open_[-1] if open_ else None, depth)
            open_.append(number)
        result = Result((2, draw(st.integers(1, 30))), np.dtype(np.float32))
        outputs = draw(st.integers(1, 2))
        graph.add(Box("operation", f"op{step}", [result] * outputs, step, open_[-1] if open_ else None))
        for source in draw(st.lists(st.integers(0, step - 1), max_size=3)) if step else []:
            output = draw(st.integers(0, len(graph.boxes[source].results) - 1))
            graph.wires.append(Wire(source, output, step))
    return tidied(graph)


def overlap(a, b, slack=0.1):
    return (
        a.x < b.x + b.width - slack and b.x < a.x + a.width - slack
        and a.y < b.y + b.height - slack and b.y < a.y + a.height - slack
    )  # fmt: skip


def contains(outer, inner):
    return (
        outer.x <= inner.x + 0.1 and inner.x + inner.width <= outer.x + outer.width + 0.1
        and outer.y <= inner.y + 0.1 and inner.y + inner.height <= outer.y + outer.height + 0.1
    )  # fmt: skip


def points_on(curve, down):
    """Points along a curve as it is drawn: straight pieces with cubic curves between."""
    for number, (one, two) in enumerate(itertools.pairwise(curve.points)):
        for t in np.linspace(0, 1, 9):
            if number % 2 == 0:
                yield one[0] + t * (two[0] - one[0]), one[1] + t * (two[1] - one[1])
            else:
                ends = (one, two) if down else (one[::-1], two[::-1])
                middle = (ends[0][1] + ends[1][1]) / 2
                weights = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3]
                along = np.dot(weights, [ends[0][0], ends[0][0], ends[1][0], ends[1][0]])
                across = np.dot(weights, [ends[0][1], middle, middle, ends[1][1]])
                yield (along, across) if down else (across, along)


@given(nested(), st.sampled_from(["TB", "LR"]))
@settings(max_examples=120)
def test_everything_has_a_place_of_its_own(graph, direction):
    show = Show()
    scene = layout(graph, cards(graph, show), direction, True)
    assert scene.boxes.keys() == graph.boxes.keys()
    assert scene.clusters.keys() == graph.clusters.keys()
    for one, two in itertools.combinations(scene.boxes.values(), 2):
        assert not overlap(one, two)
    for number, rect in scene.clusters.items():
        for box, place in scene.boxes.items():
            inside = number in graph.enclosing(graph.boxes[box].cluster)
            assert contains(rect, place) if inside else not overlap(rect, place)
        for other, place in scene.clusters.items():
            if number in graph.enclosing(other):
                assert contains(rect, place)
            elif other not in graph.enclosing(number):
                assert not overlap(rect, place)
    assert all(rect.x >= 0 and rect.x + rect.width <= scene.width for rect in scene.boxes.values())
    assert all(rect.y >= 0 and rect.y + rect.height <= scene.height for rect in scene.boxes.values())


@given(nested(), st.sampled_from(["TB", "LR"]))
@settings(max_examples=80)
def test_wires_lead_forward_around_the_boxes(graph, direction):
    scene = layout(graph, cards(graph, Show()), direction, True)
    down = direction == "TB"
    arrived = []
    for curve in scene.curves:
        across = [point[1 if down else 0] for point in curve.points]
        assert across == pytest.approx(sorted(across))
        for x, y in points_on(curve, down):
            for rect in scene.boxes.values():
                inside = rect.x + 0.1 < x < rect.x + rect.width - 0.1 and rect.y + 0.1 < y < rect.y + rect.height - 0.1
                assert not inside
        if curve.wire is not None:
            rect = scene.boxes[curve.wire.target]
            x, y = curve.points[-1]
            assert (y == pytest.approx(rect.y)) if down else (x == pytest.approx(rect.x))
            assert rect.x - 0.1 <= x <= rect.x + rect.width + 0.1
            arrived.append(id(curve.wire))
    assert sorted(arrived) == sorted(map(id, graph.wires))


def test_layers_that_wait_for_each_other_are_drawn_without_clusters():
    graph = Graph(clusters={0: Cluster("a", "A", None, 0)})
    for step, cluster in enumerate((0, None, 0)):
        graph.add(Box("operation", f"op{step}", [Result((), np.dtype(np.float32))], step, cluster))
    graph.wires = [Wire(0, 0, 1), Wire(1, 0, 2)]
    scene = layout(graph, cards(graph, Show()), "TB", True)
    assert len(scene.boxes) == 3
    assert not scene.clusters


def test_shapes_stand_below_or_beside_their_boxes():
    graph = Graph()
    for step in range(2):
        graph.add(Box("operation", f"op{step}", [Result((64, 128, 7, 7), np.dtype(np.float64))], step))
    graph.wires = [Wire(0, 0, 1)]
    made = cards(graph, Show())
    (tag,) = layout(graph, made, "TB", True).tags
    assert tag.text == "64×128×7×7 float64"
    scene = layout(graph, made, "LR", True)
    assert scene.boxes[0].x + scene.boxes[0].width < scene.tags[0].x < scene.boxes[1].x
    assert layout(graph, made, "TB", False).tags == []
