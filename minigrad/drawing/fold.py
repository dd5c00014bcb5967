"""Making a graph smaller: modules as one box, clusters of one operation as its heading, and the far end left out."""

from collections import defaultdict

from .describe import shape_text
from .graph import Box, Graph, Result, Wire

__all__ = ["abbreviated", "collapsed", "tidied"]


def collapsed(graph: Graph, depth: int) -> Graph:
    """The graph with every call of a module `depth` levels down as one box."""
    group = {}
    for number, box in graph.boxes.items():
        found = [cluster for cluster in graph.enclosing(box.cluster) if graph.clusters[cluster].depth == depth]
        if found:
            group[number] = found[0]
    members: dict[int, list[int]] = defaultdict(list)
    for number in graph.order():
        if number in group:
            members[group[number]].append(number)
    small = Graph(clusters=graph.clusters, hidden=graph.hidden)
    small.boxes = {number: box for number, box in graph.boxes.items() if number not in group}
    heads, results = {}, {}
    leaving = [(wire.source, wire.output) for wire in graph.wires if _leaves(wire, group)]
    for cluster, inside in members.items():
        nets = [net for net in dict.fromkeys(leaving) if group.get(net[0]) == cluster]
        results.update({net: number for number, net in enumerate(nets)})
        heads[cluster] = inside[-1]
        small.boxes[inside[-1]] = _module(graph, cluster, inside, [graph.boxes[box].results[at] for box, at in nets])
    wires = {}
    for wire in graph.wires:
        source, target = group.get(wire.source), group.get(wire.target)
        if source is not None and source == target:
            continue
        output = wire.output if source is None else results[wire.source, wire.output]
        start = wire.source if source is None else heads[source]
        if target is None:
            wires[start, output, wire.target, wire.argument] = Wire(start, output, wire.target, wire.argument)
        else:
            wires[start, output, heads[target], ""] = Wire(start, output, heads[target])
    small.wires = list(wires.values())
    return small


def _leaves(wire: Wire, group: dict[int, int]) -> bool:
    return wire.source in group and group[wire.source] != group.get(wire.target)


def _module(graph: Graph, cluster: int, inside: list[int], results: list[Result]) -> Box:
    call = graph.clusters[cluster]
    parameters = [graph.boxes[number] for number in inside if graph.boxes[number].kind == "parameter"]
    operations = [graph.boxes[number] for number in inside if graph.boxes[number].kind == "operation"]
    box = Box("module", call.kind, results, operations[-1].step, call.parent)
    box.badge = (call.path or call.kind) + (f" (call {call.repeat})" if call.repeat > 1 else "")
    if box.badge == box.title:
        box.badge = ""
    count = sum(_size(one.results[0].shape) for one in parameters)
    if count:
        box.notes.append(f"{count:,} parameter{'s' * (count != 1)}".replace(",", " "))
    box.facts = [f"{one.title}  {shape_text(one.results[0].shape)}" for one in parameters]
    box.facts.append("computes " + ", ".join(dict.fromkeys(one.title.rpartition("= ")[2] for one in operations)))
    return box


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for one in shape:
        size *= one
    return size


def tidied(graph: Graph) -> Graph:
    """The graph without empty clusters, and with a heading instead of a cluster around a single operation."""
    while True:
        inside: dict[int, list[int]] = defaultdict(list)
        for number, box in graph.boxes.items():
            for cluster in graph.enclosing(box.cluster):
                inside[cluster].append(number)
        single = [
            cluster for cluster, boxes in inside.items() if len(boxes) == 1 and graph.boxes[boxes[0]].cluster == cluster
        ]
        for cluster in single:
            box = graph.boxes[inside[cluster][0]]
            box.badge = box.badge or graph.clusters[cluster].label()
            box.cluster = graph.clusters[cluster].parent
        if not single:
            graph.clusters = {number: graph.clusters[number] for number in sorted(inside)}
            return graph


def abbreviated(graph: Graph, most: int) -> Graph:
    """The `most` boxes that were computed last, and one that stands for all others."""
    if len(graph.boxes) <= most:
        return graph
    inputs: dict[int, list[int]] = defaultdict(list)
    for wire in graph.wires:
        inputs[wire.target].append(wire.source)
    kept: dict[int, None] = {}
    for number in reversed(graph.order()):
        if graph.boxes[number].kind in ("operation", "module", "output"):
            leaves = [one for one in inputs[number] if graph.boxes[one].kind in ("parameter", "leaf", "data")]
            together = dict.fromkeys([number, *leaves])
            if len(kept.keys() | together.keys()) > most - 1 and kept:
                break
            kept.update(together)
    hidden = len(graph.boxes) - len(kept)
    small = Graph({number: graph.boxes[number] for number in sorted(kept)}, [], graph.clusters, hidden)
    rest = max(graph.boxes) + 1
    first = min(box.step for box in small.boxes.values()) - 1
    text = f"{hidden:,} more".replace(",", " ")
    small.boxes[rest] = Box("more", text, [], first, notes=[f"max_nodes={most}"])
    small.boxes[rest].facts = ["Not drawn: give a larger max_nodes, or record the modules and draw them with depth="]
    seen = set()
    for wire in graph.wires:
        if wire.target in kept:
            inside = wire.source in kept
            if inside or (wire.target not in seen):
                small.wires.append(wire if inside else Wire(rest, 0, wire.target))
            if not inside:
                seen.add(wire.target)
    return small
