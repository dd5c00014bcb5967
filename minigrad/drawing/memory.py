"""What a recording remembers: what was computed in which layer, with the values and gradients that went through."""

from collections.abc import Sequence
from typing import Any

from ..errors import DTypeError
from ..scopes import Scopes
from ..tape import Edge, Node
from ..tensor import Tensor, edge_of
from .graph import Array, Cluster

__all__ = ["Kept", "Memory"]


class Kept:
    """An array as it was when it was seen; `now()` is None if it was changed in place since."""

    __slots__ = ("_stamp", "_storage", "array")

    def __init__(self, tensor: Tensor) -> None:
        self.array = tensor._array
        self._storage = tensor._storage
        self._stamp = tensor._storage.count

    def now(self) -> Array | None:
        """The array, if it still holds what it held."""
        return self.array if self._storage.count == self._stamp else None


class Memory(Scopes):
    """An observer that keeps values, gradients and the layers around them, as long as it lives."""

    def __init__(self, model: Any = None) -> None:
        super().__init__()
        if model is not None and not hasattr(type(model), "named_modules"):
            raise DTypeError(f"record got a {type(model).__name__}; give a model, an nn.Module, or nothing")
        self.models = [] if model is None else [model]
        self.calls: list[Cluster] = []
        self.place: dict[Node, int] = {}
        self.inputs: dict[Node, tuple[Kept, ...]] = {}
        self.values: dict[Edge, Kept] = {}
        self.cotangents: dict[Edge, Array] = {}
        self.given: dict[int, tuple[Array, list[int]]] = {}
        self._open: list[int] = []
        self._times: dict[int, int] = {}
        self._consumed: set[Edge] = set()
        if model is not None:
            self._paths = {id(one): path for path, one in model.named_modules()}

    def entering(self, module: Any, args: tuple[Any, ...]) -> None:
        """Open the cluster of a call."""
        if self.modules or id(module) in self._paths:
            self.modules.append(module)
        else:
            super().entering(module, args)
            self.models.append(module)
        times = self._times[id(module)] = self._times.get(id(module), 0) + 1
        parent = self._open[-1] if self._open else None
        path = self._paths.get(id(module), "")
        self._open.append(len(self.calls))
        self.calls.append(Cluster(path, type(module).__name__, parent, len(self._open) - 1, times))
        for arg in args:
            if isinstance(arg, Tensor) and arg._node is None:
                self.given.setdefault(id(arg._array), (arg._array, []))[1].append(self._open[-1])

    def left(self, module: Any, output: Any) -> None:
        """Close it."""
        super().left(module, output)
        self._open.pop()

    def applied(self, primitive: Any, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        """Keep the values of a recorded application, and where it stands."""
        node = next((output._node for output in outputs if output._node is not None), None)
        if node is None:
            return
        if self._open:
            self.place[node] = self._open[-1]
        self.inputs[node] = tuple(Kept(tensor) for tensor in inputs)
        for output in outputs:
            if output._node is node:
                self.values[edge_of(output)] = Kept(output)
        self._consumed.update(edge for edge in node.edges if edge is not None)

    def pulling(self, node: Node, cotangents: Sequence[Tensor | None]) -> None:
        """Keep the complete gradients of what a node gave."""
        for index, cotangent in enumerate(cotangents):
            if cotangent is not None:
                self.cotangents[Edge(node, index)] = cotangent._array.copy()

    def ends(self) -> list[Tensor]:
        """What was computed and not used again, as tensors."""
        kept = [(edge, value) for edge, value in self.values.items() if edge not in self._consumed]
        return [Tensor._wrap(value.array, edge.node, edge.output) for edge, value in kept]
