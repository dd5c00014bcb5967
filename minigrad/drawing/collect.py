"""From tensors to a graph: the nodes of the tape behind them, and what is known about each."""

from collections.abc import Sequence

from ..tape import Edge, Leaf, Node, Spec, reachable
from ..tensor import Saved, Tensor, edge_of
from .describe import number_text, static_notes
from .graph import Array, Box, Graph, Result, Wire
from .memory import Memory
from .names import Names

__all__ = ["collect"]


def collect(tensors: Sequence[Tensor], names: Names, memory: Memory | None) -> Graph:
    """The graph behind `tensors`, one box for each node, constant and output."""
    return _Collector(names, memory).run(tensors)


class _Collector:
    """One collection: the graph that grows, and the boxes that nodes and constants got."""

    def __init__(self, names: Names, memory: Memory | None) -> None:
        self.graph = Graph()
        self.names = names
        self.memory = memory
        self.boxes: dict[Node, int] = {}
        self.constants: dict[int, int] = {}
        self.values: dict[Edge, Array] = {}
        self.homeless: dict[int, list[int]] = {}  # boxes of constants, and the calls that they were given to

    def run(self, tensors: Sequence[Tensor]) -> Graph:
        if self.memory is not None:
            self.graph.clusters = dict(enumerate(self.memory.calls))
        nodes = reachable(tensor._node for tensor in tensors if tensor._node is not None)[::-1]
        for node in nodes:
            self._note_saved(node)
        ends = {edge_of(tensor) for tensor in tensors if tensor._node is not None}
        for node in nodes:
            self.boxes[node] = self._leaf(node) if isinstance(node, Leaf) else self._operation(node, ends)
        for number, tensor in enumerate(tensors):
            self._output(tensor, number, len(tensors))
        self._settle_leaves()
        return self.graph

    # ------------------------------------------------------------- values

    def _note_saved(self, node: Node) -> None:
        """The values that a node keeps for its derivatives, under the places that they came from."""
        arguments = getattr(node.operation, "arguments", ())
        for name, saved in (node.saved or {}).items():
            if not isinstance(saved, Saved) or saved.storage.count != saved.stamp:
                continue
            edge: Edge | None = Edge(node, getattr(node.operation, "_outputs", {}).get(name, 0))
            if name in arguments:
                edge = node.edges[arguments.index(name)]
            if edge is not None and edge.node.specs[edge.output].shape == saved.array.shape:
                self.values[edge] = saved.array

    def _result(self, edge: Edge, tensor: Tensor | None = None) -> Result:
        """What is known about a place on the tape, from a tensor there, from the tape or from a recording."""
        spec = edge.node.specs[edge.output]
        result = Result(spec.shape, spec.dtype)
        tensor = self.names.taped(edge)[1] if tensor is None else tensor
        for index, reference in (edge.node.retained or {}).items():
            if tensor is None and index == edge.output:
                tensor = reference()
        if tensor is not None:
            result.value = tensor._array
            if tensor._grad is not None:
                result.grad = tensor._grad._array
        else:
            result.value = self.values.get(edge)
        if self.memory is not None:
            kept = self.memory.values.get(edge)
            if result.value is None and kept is not None:
                result.value = kept.now()
            if result.grad is None:
                result.grad = self.memory.cotangents.get(edge)
        return result

    # -------------------------------------------------------------- boxes

    def _leaf(self, leaf: Leaf) -> int:
        edge = Edge(leaf, 0)
        name, _ = self.names.taped(edge)
        kind = "parameter" if edge in self.names.parameters else "leaf"
        facts = ["leaf: the walk ends here, and its gradient adds up in .grad"]
        box = Box(kind, name or kind, [self._result(edge, leaf.tensor())], leaf.serial, facts=facts)
        return self.graph.add(box)

    def _operation(self, node: Node, ends: set[Edge]) -> int:
        operation = node.operation
        results = [self._result(Edge(node, index)) for index in range(len(node.specs))]
        named = [self.names.taped(Edge(node, index))[0] for index in range(len(node.specs))]
        shown = [name for index, name in enumerate(named) if name and Edge(node, index) not in ends]
        title = f"{', '.join(shown)} = {node.name()}" if shown else node.name()
        facts = [f"{node.name()} #{node.serial}"]
        if getattr(operation, "formula", ""):
            facts.append(str(operation.formula))  # type: ignore[union-attr]
        if getattr(operation, "vjp", ""):
            facts.append(f"VJP: {operation.vjp}")  # type: ignore[union-attr]
        cluster = None if self.memory is None else self.memory.place.get(node)
        box = Box("operation", title, results, node.serial, cluster, facts=facts)
        box.notes = static_notes(operation, node.static)
        number = self.graph.add(box)
        for position, edge in enumerate(node.edges):
            argument = self._argument(node, position)
            if edge is not None:
                self.graph.wires.append(Wire(self.boxes[edge.node], edge.output, number, argument))
            else:
                self._constant(node, position, argument, number)
        return number

    @staticmethod
    def _argument(node: Node, position: int) -> str:
        arguments: tuple[str, ...] = getattr(node.operation, "arguments", ())
        if getattr(node.operation, "variadic", False):
            return f"{arguments[0]}[{position}]"
        return arguments[position] if position < len(arguments) else f"argument {position}"

    def _constant(self, node: Node, position: int, argument: str, target: int) -> None:
        """An input off the tape: a box, a note where it is a number, or a note that nobody keeps it."""
        box = self.graph.boxes[target]
        array, kept = None, None
        if self.memory is not None and node in self.memory.inputs:
            kept = self.memory.inputs[node][position]
            array = kept.array
        else:
            saved = dict((node.saved or {}).items()).get(argument)
            if isinstance(saved, Saved):
                array = saved.array
        if array is None:
            box.notes.append(f"{argument}: constant, not kept")
            return
        name = self.names.loose(array)
        if not array.ndim and not name:
            box.notes.append(f"{argument} = {number_text(array)}")
            return
        known = self.constants.get(id(array))
        if known is None:
            value = kept.now() if kept is not None else array
            known = self._data(name or "data", value, Spec(array.shape, array.dtype), node.serial)
            self.constants[id(array)] = known
            given = self.memory.given.get(id(array)) if self.memory is not None else None
            self.homeless[known] = given[1] if given is not None else []
        self.graph.wires.append(Wire(known, 0, target, argument))

    def _data(self, title: str, value: Array | None, spec: Spec, step: int) -> int:
        facts = ["off the tape: no gradient flows here"]
        result = Result(spec.shape, spec.dtype, value, taped=False)
        return self.graph.add(Box("data", title, [result], step, facts=facts))

    def _output(self, tensor: Tensor, number: int, count: int) -> None:
        last = 2**62 + number
        if tensor._node is None:
            name = self.names.loose(tensor._array)
            self._data(name or "data", tensor._array, Spec(tensor.shape, tensor.dtype), number)
        elif not isinstance(tensor._node, Leaf):
            edge = edge_of(tensor)
            name = self.names.taped(edge)[0] or ("output" if count == 1 else f"output {number}")
            box = Box("output", name, [self._result(edge, tensor)], last)
            self.graph.wires.append(Wire(self.boxes[edge.node], edge.output, self.graph.add(box)))

    def _settle_leaves(self) -> None:
        """Parameters, and constants made inside a layer, stand in the innermost cluster around all their uses."""
        users: dict[int, list[int | None]] = {}
        for wire in self.graph.wires:
            users.setdefault(wire.source, []).append(self.graph.boxes[wire.target].cluster)
        for number, box in self.graph.boxes.items():
            if box.kind == "parameter" or number in self.homeless:
                around = self.graph.enclosing(self.graph.shared(users.get(number, [])))
                outside = self.homeless.get(number, [])
                inside = [place for place, cluster in enumerate(around) if cluster in outside]
                around = around[: inside[0]] if inside else around
                box.cluster = around[-1] if around else None
