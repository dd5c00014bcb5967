"""What a function that is to be computed again records, reads and changes in its first run."""

import sys
import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from .errors import GradError
from .observing import Observer
from .tape import Node, Spec
from .tensor import Saved, Tensor, Version

__all__ = ["AskedTooEarly", "Bound", "Lender", "Lent", "Recorder", "Written"]


class AskedTooEarly(BaseException):
    """A walk inside the function asked for what the recorder had taken."""


class Lender(Protocol):
    """Who can give back what nodes had saved."""

    def fill(self) -> None:
        """Give it back."""

    def refuse_changes(self) -> None:
        """Raise `GradError` where that would not be the same any more."""


class Lent(dict[str, Any]):
    """What a node has saved, as far as it costs no memory; the rest comes back when it is asked for."""

    __slots__ = ("__weakref__", "away", "region")

    def __init__(self, kept: Mapping[str, Any], away: frozenset[str], region: "Lender") -> None:
        super().__init__(kept)
        self.away = away
        self.region: Lender | None = region

    def __missing__(self, name: str) -> Any:
        if name not in self.away or self.region is None:
            raise KeyError(name)
        self.region.fill()
        return self[name]

    def get(self, name: str, default: Any = None) -> Any:
        """What is here; the check before a walk asks so, and nothing is computed for it."""
        if name in self.away and self.region is not None:
            self.region.refuse_changes()
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.away

    def __iter__(self) -> Iterator[str]:
        yield from (*super().keys(), *self.away)

    def __bool__(self) -> bool:
        return True


def is_light(value: Any) -> bool:
    """Whether a saved value takes no memory to speak of: numbers, words, shapes."""
    if isinstance(value, tuple):
        return all(is_light(one) for one in value)
    return value is None or isinstance(value, int | float | str | np.dtype)


class Written:
    """A piece of storage that the function changes in place, as it was before."""

    def __init__(self, tensor: Tensor) -> None:
        self.array, self.storage = tensor._array, tensor._storage
        self.before = self.array.copy("K")


class Bound:
    """The training flag and the buffers of a module as they are bound now."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.training = module.training
        self.buffers = [
            (name, one, one._array, one._storage)
            for name, one in module.named_buffers(recurse=False)
            if isinstance(one, Tensor)
        ]

    def bind(self) -> None:
        """Bind them so again."""
        if self.module.training != self.training:
            self.module.training = self.training
        for name, tensor, array, storage in self.buffers:
            if getattr(self.module, name, None) is not tensor:
                setattr(self.module, name, tensor)
            tensor._array, tensor._storage = array, storage


class Recorder(Observer):
    """Notes what a function records, reads and changes; with a region, it takes from nodes what they saved.

    `free` are the storages of arguments that are no views and have none: what may be changed on the tape.
    """

    def __init__(self, region: "Lender | None" = None, free: frozenset[int] | None = None) -> None:
        self.region = region
        self.free = free
        self.first = Node(None, (), (), None, {}).serial
        self.nodes: list[Any] = []  # weak references with a region, else the nodes
        self.steps: list[tuple[Any, tuple[Spec, ...]]] = []
        self.made: dict[int, Version] = {}
        self.read: dict[int, tuple[Version, int]] = {}
        self.written: dict[int, Written] = {}
        self.changed: dict[int, tuple[Version, int]] = {}
        self.modules: dict[int, Bound] = {}

    def entering(self, module: Any, args: tuple[Any, ...]) -> None:
        """Note the state of a module before it runs for the first time."""
        if id(module) not in self.modules:
            self.modules[id(module)] = Bound(module)

    def applying(self, primitive: Any, inputs: Sequence[Tensor], static: Mapping[str, Any]) -> None:
        """Note the versions of what comes from outside."""
        for tensor in inputs:
            storage = tensor._storage
            if id(storage) not in self.made and id(storage) not in self.changed:
                self.read.setdefault(id(storage), (storage, storage.count))

    def writing(self, tensor: Tensor, recorded: bool) -> None:
        """Keep what is about to be changed in place, if it comes from outside.

        Raises `GradError` for a recorded change that would reach beyond the arguments: other graphs may have
        saved what it changes.
        """
        storage = tensor._storage
        if id(storage) not in self.made:
            if recorded and self.free is not None and id(storage) not in self.free:
                raise GradError(
                    f"the function of a checkpoint changes a tensor on the tape (shape {tensor.shape}) in place that "
                    "is none of its arguments, or is a view or has views, and will do so again. Give it to checkpoint "
                    "as an argument, or change a clone() of it"
                )
            self.read.pop(id(storage), None)
            self.changed.setdefault(id(storage), (storage, storage.count))
            if id(tensor._array) not in self.written:
                self.written[id(tensor._array)] = Written(tensor)

    def applied(self, primitive: Any, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        """Note the node, and take what it saved."""
        for tensor in outputs:
            if id(tensor._storage) not in self.read and id(tensor._storage) not in self.changed:
                self.made[id(tensor._storage)] = tensor._storage
        node = next((one._node for one in outputs if one._node is not None), None)
        if node is None or node.serial < self.first:
            return
        self.steps.append((node.operation, node.specs))
        self.nodes.append(node if self.region is None else weakref.ref(node))
        if self.region is not None:
            self.take(node, self.region)

    def take(self, node: Node, region: "Lender") -> None:
        """Take from a node what it saved, except what a change inside the function has made its own."""
        saved = node.saved
        if saved is None or (isinstance(saved, Lent) and saved.region is region):
            return
        names = set(saved)
        kept = {
            name: value
            for name, value in dict.items(saved)
            if is_light(value) or (isinstance(value, Saved) and id(value.storage) in self.changed)
        }
        if len(kept) < len(names):
            node.saved = Lent(kept, frozenset(names - kept.keys()), region)

    def forget_scratch(self) -> None:
        """Let go of changed storage that only this recorder knows any more."""
        for key, one in list(self.written.items()):
            place = id(one.storage)
            own = 2 + sum(other.storage is one.storage for other in self.written.values())
            if sys.getrefcount(one.storage) <= own:
                del self.written[key]
                if not any(id(other.storage) == place for other in self.written.values()):
                    self.changed.pop(place, None)
        self.made.clear()
