"""Folding: what a smaller graph still says."""

import numpy as np

from minigrad.drawing.fold import abbreviated, collapsed, tidied
from minigrad.drawing.graph import Box, Cluster, Graph, Result, Wire

ONE = Result((2,), np.dtype(np.float32))


def chain(clusters, places):
    """Steps 0 → 1 → 2 … in the given clusters."""
    graph = Graph(clusters=dict(enumerate(clusters)))
    for step, place in enumerate(places):
        graph.add(Box("operation", f"op{step}", [ONE], step, place))
        if step:
            graph.wires.append(Wire(step - 1, 0, step, "x"))
    return graph


def test_several_results_of_a_module_are_kept_apart():
    graph = chain([Cluster("a", "A", None, 0)], [0, 0, None, None])
    graph.wires.append(Wire(0, 0, 3))
    small = collapsed(graph, 0)
    assert [box.title for box in small.boxes.values()] == ["op2", "op3", "A"]
    (module,) = [number for number, box in small.boxes.items() if box.kind == "module"]
    assert len(small.boxes[module].results) == 2
    assert sorted((wire.output, small.boxes[wire.target].title) for wire in small.wires if wire.source == module) == [
        (0, "op2"), (1, "op3"),
    ]  # fmt: skip


def test_two_uses_of_one_value_in_a_module_are_one_wire():
    graph = chain([Cluster("a", "A", None, 0)], [None, 0, 0])
    graph.wires.append(Wire(0, 0, 2))
    assert len(collapsed(graph, 0).wires) == 1


def test_a_layer_of_one_step_becomes_its_heading_and_so_does_the_one_around():
    graph = tidied(chain([Cluster("a", "A", None, 0), Cluster("a.0", "B", 0, 1)], [1, None]))
    assert not graph.clusters
    assert graph.boxes[0].badge == "a.0 · B"
    assert graph.boxes[0].cluster is None


def test_empty_layers_go():
    graph = tidied(chain([Cluster("a", "A", None, 0), Cluster("b", "B", None, 0)], [1, 1]))
    assert list(graph.clusters) == [1]


def test_the_end_is_kept():
    graph = abbreviated(chain([], [None] * 9), 4)
    assert [box.title for box in graph.boxes.values()] == ["op6", "op7", "op8", "6 more"]
    assert [(graph.boxes[w.source].title, graph.boxes[w.target].title) for w in graph.wires] == [
        ("6 more", "op6"), ("op6", "op7"), ("op7", "op8"),
    ]  # fmt: skip
    assert abbreviated(chain([], [None] * 9), 9).hidden == 0
