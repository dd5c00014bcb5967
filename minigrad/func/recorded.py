"""A function's value on a tape of its own: what every transform pulls cotangents and pushes tangents through.

The arguments become *sources*: values that stand for them on the tape. A source
of a tensor that is on the tape itself is joined to it, so that whatever comes out
can be differentiated from outside; any other has nothing behind it. Each transform
makes its own sources, so the derivatives of one are never mistaken for those of
another, however they are nested.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..errors import DTypeError, GradError, ShapeError
from ..mode import MODE, recording
from ..registry import lookup
from ..tape import Edge, Leaf, Node, walk
from ..tensor import Tensor, edge_of
from .pushing import Push, variable

__all__ = ["Recorded", "fitting", "source", "zeros_of"]


def source(tensor: Tensor, joined: bool) -> Tensor:
    """A copy that stands for `tensor` on the tape, joined to it where that is asked for and it is there.

    A copy, so that a function which changes its argument in place leaves the caller's as it was.
    """
    if joined and tensor.requires_grad:
        return lookup("clone")(tensor)
    return variable(tensor._array.copy(order="K"))


def zeros_of(tensor: Tensor) -> Tensor:
    """Zeros of its shape and dtype, off the tape."""
    return Tensor._wrap(np.zeros(tensor.shape, tensor.dtype))


def fitting(given: Any, tensor: Tensor, what: str) -> Tensor:
    """A cotangent or tangent in the dtype of the tensor that it belongs to.

    Raises `DTypeError` for what is no tensor, `ShapeError` for another shape.
    """
    if not isinstance(given, Tensor):
        raise DTypeError(f"{what} is a {type(given).__name__}; give a tensor of shape {tensor.shape}")
    if given.shape != tensor.shape:
        raise ShapeError(f"{what} has shape {given.shape} for a tensor of shape {tensor.shape}; the two are the same")
    return given if given.dtype == tensor.dtype else lookup("cast")(given, tensor.dtype)


class Recorded:
    """A call of a function, recorded from sources of its inputs to its outputs.

    Attributes: `inputs`, the tensors that the function was called with, as they
    came; `value`, what it returned, whose tensors `handed_out` makes fit for the
    world outside; `outputs`, set by `ends_at`.
    """

    def __init__(self, call: Callable[[list[Tensor]], Any], inputs: Sequence[Tensor], name: str, outer: bool) -> None:
        for number, tensor in enumerate(inputs):
            if tensor.dtype.kind != "f":
                raise GradError(
                    f"{name}: tensor {number} of the arguments is {tensor.dtype}, and only floating tensors have "
                    "derivatives. Convert it, for example by x.float(), or leave its argument out of argnums"
                )
        self.name = name
        self.inputs = list(inputs)
        self.outer = outer
        with recording(True):
            fresh = [source(tensor, outer) for tensor in inputs]
            self.sources = [edge_of(tensor) for tensor in fresh]
            self.value = call(fresh)
        self.outputs: list[Tensor] = []
        self.roots: list[Edge | None] = []
        self._push: Push | None = None

    def ends_at(self, outputs: Sequence[Tensor], others: Iterable[Any] = ()) -> None:
        """Say what is differentiated; `others` are handed out without being differentiated."""
        self.outputs = list(outputs)
        self.roots = [None if tensor._node is None else edge_of(tensor) for tensor in outputs]
        ends = [*outputs, *(one for one in others if isinstance(one, Tensor))]
        self.asked = self.outer and self._reaches_outside([one._node for one in ends if one._node is not None])

    def _reaches_outside(self, nodes: list[Node]) -> bool:
        """Whether one of the nodes depends on anything on the tape besides the sources."""
        first = min(edge.node.serial for edge in self.sources)
        seen, stack = set(nodes), list(nodes)
        while stack:
            node = stack.pop()
            if node.serial < first or isinstance(node, Leaf):
                return True
            fresh = [edge.node for edge in node.edges if edge is not None and edge.node not in seen]
            seen.update(fresh)
            stack.extend(fresh)
        return False

    def dependence(self) -> list[list[bool]]:
        """Of each output, on which inputs it depends."""
        reached = [{source.node} | {node for node, _ in Push([source], self.roots).plan} for source in self.sources]
        return [[root is not None and root.node in nodes for nodes in reached] for root in self.roots]

    def records(self, *given: Tensor | None) -> bool:
        """Whether what is computed now from these cotangents or tangents is wanted on the tape."""
        return MODE.get().recording and (self.asked or any(one is not None and one.requires_grad for one in given))

    def handed_out(self, value: Any) -> Any:
        """A result as the world outside sees it: off the tape, unless something outside asks for it."""
        return value.detach() if isinstance(value, Tensor) and value.requires_grad and not self.asked else value

    def pull(self, cotangents: Sequence[Tensor | None], *, record: bool, keep: bool = True) -> list[Tensor | None]:
        """The cotangents of the inputs from those of the outputs; None where nothing arrives."""
        pairs = [
            (root, cotangent)
            for root, cotangent in zip(self.roots, cotangents, strict=True)
            if root is not None and cotangent is not None
        ]
        if not pairs:
            return [None] * len(self.sources)
        roots, seeds = zip(*pairs, strict=True)
        targets = set(self.sources)
        captured = walk(roots, seeds, retain_graph=keep or record, create_graph=record, targets=targets).captured
        return [_settled(captured.get(edge), record) for edge in self.sources]

    def push(self, tangents: Sequence[Tensor | None], *, record: bool) -> list[Tensor | None]:
        """The tangents of the outputs from those of the inputs; None where nothing arrives."""
        with recording(record):
            if self._push is None:
                self._push = Push(self.sources, self.roots)
            return [_settled(one, record) for one in self._push(tangents)]


def _settled(value: Tensor | None, record: bool) -> Tensor | None:
    return value.detach() if value is not None and value.requires_grad and not record else value
