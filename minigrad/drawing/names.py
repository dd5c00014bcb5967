"""Names for what is drawn: parameters of modules, tensors given by name, variables of the caller."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import DTypeError
from ..tape import Edge
from ..tensor import Tensor, edge_of

__all__ = ["Names"]


class Names:
    """Tensors by their place on the tape, or by their array where they are off it; the first name counts."""

    def __init__(self) -> None:
        self.parameters: set[Edge] = set()
        self._taped: dict[Edge, tuple[str, Tensor]] = {}
        self._loose: dict[int, tuple[str, Any]] = {}

    def add(self, name: str, tensor: Tensor, parameter: bool = False) -> None:
        """Call a tensor by a name."""
        if tensor._node is None:
            self._loose.setdefault(id(tensor._array), (name, tensor._array))
        else:
            edge = edge_of(tensor)
            self._taped.setdefault(edge, (name, tensor))
            if parameter:
                self.parameters.add(edge)

    def add_module(self, module: Any, prefix: str = "") -> None:
        """The parameters of a module, and its buffers, under their paths."""
        for name, parameter in module.named_parameters():
            if isinstance(parameter, Tensor):
                self.add(prefix + name, parameter, parameter=True)
        for name, buffer in module.named_buffers() if hasattr(module, "named_buffers") else ():
            if isinstance(buffer, Tensor):
                self.add(prefix + name, buffer)

    def add_parameters(self, params: Any) -> None:
        """`params` as `draw` takes it: a module, a dictionary, or pairs of names and tensors."""
        if params is None:
            return
        if hasattr(type(params), "named_parameters"):
            self.add_module(params)
            return
        pairs = params.items() if isinstance(params, Mapping) else params
        if not isinstance(pairs, Iterable) or isinstance(pairs, str | Tensor):
            raise DTypeError(
                f"params is a {type(params).__name__}; give a module, or a dictionary from names to tensors such as "
                "dict(model.named_parameters())"
            )
        for pair in pairs:
            if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[1], Tensor)):
                raise DTypeError(
                    f"params holds a {type(pair).__name__} where a name and a tensor belong; give a module, or "
                    "dict(model.named_parameters())"
                )
            self.add(str(pair[0]), pair[1], parameter=True)

    def add_given(self, given: Mapping[str, Any]) -> None:
        """Tensors given by keyword."""
        for name, tensor in given.items():
            if not isinstance(tensor, Tensor):
                raise DTypeError(
                    f"draw got {name}= with a {type(tensor).__name__}; besides its own options it takes tensors, to "
                    "draw them under the names of their keywords"
                )
            self.add(name, tensor)

    def add_variables(self, variables: Mapping[str, Any]) -> None:
        """The tensors and modules among the variables of a program."""
        listed = [(name, value) for name, value in variables.items() if not name.startswith("_")]
        for name, value in listed:
            if isinstance(value, Tensor):
                self.add(name, value)
        modules = {id(value): (name, value) for name, value in listed if hasattr(type(value), "named_modules")}
        for _, outer in list(modules.values()):
            for path, inner in outer.named_modules():
                if path:
                    modules.pop(id(inner), None)
        for name, module in modules.values():
            self.add_module(module, f"{name}." if len(modules) > 1 else "")

    def taped(self, edge: Edge) -> tuple[str, Tensor | None]:
        """The name of a place on the tape, '' if it has none, and the tensor there."""
        return self._taped.get(edge, ("", None))

    def loose(self, array: Any) -> str:
        """The name of an array off the tape."""
        name, known = self._loose.get(id(array), ("", None))
        return name if known is array else ""
