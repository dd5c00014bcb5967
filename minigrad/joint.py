"""VJPs of several arguments that are computed together, where they read the same arrays.

Each argument has a VJP of its own, made of primitives, as everywhere. Where the gradients of all are
needed and nobody records or watches the walk, one function of arrays may give them at once.
"""

from collections.abc import Callable, Sequence
from typing import Any

from .errors import GradError
from .mode import MODE
from .primitive import Primitive
from .tape import Node
from .tensor import Array, Saved, Tensor

__all__ = ["Joint"]


class Joint(Primitive):
    """A primitive with a VJP for several arguments at once, beside those for each."""

    joint: tuple[tuple[str, ...], Callable[..., Sequence[Array] | None], tuple[str, ...]] | None = None

    def defjoint(self, *arguments: str, rule: Callable[..., Sequence[Array] | None]) -> None:
        """Register what gives the VJPs of these arguments at once, after those: arrays from arrays.

        Its first parameter is the list of the cotangents of all outputs, with None for what the loss
        does not depend on; the others are named as in a VJP. It may return None, to leave the
        matter to the VJPs, whose results are the same.
        """
        missing = [argument for argument in arguments if argument not in self.rules]
        if missing:
            raise GradError(f"{self.name} has no VJP for {missing[0]!r}; declare that before the joint one")
        known = [name for argument in arguments for name in self.rules[argument][1]]
        named = self._named(rule, ", ".join(arguments), "joint VJP", tuple(dict.fromkeys([*known, *self.static])))
        self.joint = arguments, rule, named

    def pull(self, node: Node, cotangents: Sequence[Tensor | None], wanted: tuple[bool, ...]) -> list[Tensor | None]:
        """The gradients of the wanted inputs, together where they are those of the joint VJP."""
        mode = MODE.get()
        if self.joint is not None and not (mode.recording or mode.observers):
            arguments, rule, names = self.joint
            if wanted == tuple([argument in arguments for argument in self.arguments]):
                found = rule([None if one is None else one._array for one in cotangents], *_values(node, names))
                if found is not None:
                    rest = iter(found)
                    return [Tensor._wrap(next(rest)) if one else None for one in wanted]
        return super().pull(node, cotangents, wanted)


def _values(node: Node, names: Sequence[str]) -> list[Any]:
    """What a VJP asks for, as arrays."""
    assert node.saved is not None
    values = [node.saved[name] if name in node.saved else node.static[name] for name in names]
    return [value.array if isinstance(value, Saved) else value for value in values]
