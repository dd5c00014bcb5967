"""Who looks into a storage, and what a change in place means for them.

A change in place overwrites the storage, so every alias shows the new values:
views, detached twins, NumPy arrays. A recorded change does two things more.
Values that earlier operations saved are copied first, where they overlap with
what is written, so that no gradient of the past changes. Then the base of the
view that was written is bound to a new place on the tape, the old value with the
written part replaced, and so is each living view of it, as an index of the base.
"""

import threading
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import lookup

if TYPE_CHECKING:
    from ..tape import Node
    from .core import TensorCore

Array = np.ndarray[Any, np.dtype[Any]]


# Threads may share a tensor, and must agree on its version.
MAKING = threading.Lock()


class Saved:
    """A value kept for a VJP: the array, its storage, and the storage's version when it was saved."""

    __slots__ = ()

    array: Any
    storage: "Version"
    stamp: int

    def lie(self, array: Array, storage: "Version") -> None:
        """Let this value be kept in that storage, as it is now."""


class Version(Saved):
    """Counts the in-place changes of one piece of storage; knows, weakly, its views and what was saved of it.

    It stands itself for the array that was saved first, as most storages have a single array that is saved.
    """

    __slots__ = ("array", "count", "last", "lookers", "own", "room", "stamp")

    def __init__(self, array: Array | None = None) -> None:
        self.array = array
        self.count = self.stamp = 0
        self.own: Version | None = None
        self.last: weakref.ref[Any] | None = None
        self.lookers: list[weakref.ref[Any]] | None = None  # those before the last

    @property
    def storage(self) -> "Version":  # type: ignore[override]
        """Where the array that was saved lies: here, or in a copy that had to be made of it."""
        return self if self.own is None else self.own

    def lie(self, array: Array, storage: "Version") -> None:
        self.array = array
        self.own = storage
        self.stamp = storage.count

    def watch(self, looker: Any) -> None:
        """Remember a view or a saved value, as long as it lives."""
        last = self.last
        self.last = weakref.ref(looker)
        if last is None or last() is None:
            return
        if self.lookers is None:
            self.lookers, self.room = [], 16
        elif len(self.lookers) >= self.room:
            self.lookers[:] = [one for one in self.lookers if one() is not None]
            self.room = 2 * len(self.lookers) + 16
        self.lookers.append(last)

    def living(self) -> list[Any]:
        """The views and the saved values that are still there."""
        references = (*(self.lookers or ()), self.last)
        return [one for reference in references if reference is not None and (one := reference()) is not None]

    def views(self, base: "TensorCore") -> "list[TensorCore]":
        """The living views of that base."""
        return [one for one in self.living() if not isinstance(one, Saved) and one._base is base]


class Copied(Version):
    """The storage of what should be a view of `source` and had to be a copy: a write would not reach the source."""

    __slots__ = ("source",)

    def __init__(self, source: "TensorCore") -> None:
        super().__init__()
        self.source = weakref.ref(source)


class Another(Saved):
    """A value that is saved beside the first of its storage; of what a `Function` keeps, with its place on the tape."""

    __slots__ = ("__weakref__", "array", "index", "node", "stamp", "storage")

    def __init__(self, array: Array, storage: Version, node: "Node | None" = None, index: int = 0) -> None:
        self.node = node
        self.index = index
        self.lie(array, storage)

    def lie(self, array: Array, storage: Version) -> None:
        self.array = array
        self.storage = storage
        self.stamp = storage.count
        storage.watch(self)


def kept(array: Array, tensor: "TensorCore") -> Saved:
    """`array`, the value of a tensor or a cast copy of it, for a VJP; what was saved already is shared."""
    storage = tensor._held
    if storage is None and array is tensor._array:
        with MAKING:
            if tensor._held is None:
                tensor._held = storage = Version(array)
                return storage
    storage = tensor._storage if storage is None else storage
    if storage.array is array and storage.own is None and storage.stamp == storage.count:
        return storage
    last = None if storage.last is None else storage.last()
    if type(last) is Another and last.array is array and last.node is None and last.stamp == storage.count:
        return last
    return Another(array, storage)


def overlap(a: Array, b: Array) -> bool:
    """Whether two arrays have an element in common; True also where that is hard to tell."""
    return np.may_share_memory(a, b, max_work=1000)  # type: ignore[arg-type]


def keep_saved(storage: Version, place: Array) -> None:
    """Before a recorded write to a place: copy what was saved of it, and count the change."""
    copies: dict[int, tuple[Array, Version]] = {}
    valid, storage.count = storage.count, storage.count + 1
    for one in (storage, *storage.living()):
        if not isinstance(one, Saved) or one.array is None or one.storage is not storage or one.stamp != valid:
            continue
        if overlap(one.array, place):
            if id(one.array) not in copies:
                copies[id(one.array)] = one.array.copy(order="K"), Version()
            one.lie(*copies[id(one.array)])
        else:
            one.stamp = storage.count  # type: ignore[misc]


def replace(tensor: "TensorCore", value: "TensorCore") -> None:
    """A recorded change of all elements of `tensor` to those of `value`, of its shape and dtype."""
    keep_saved(tensor._storage, tensor._array)
    np.copyto(tensor._array, value._array)
    if value._node is not None:
        memory = value._node.saved or {}
        for name, one in tuple(memory.items()):
            if isinstance(one, Saved) and one.array is value._array:
                memory[name] = Another(tensor._array, tensor._storage, getattr(one, "node", None), value._index)
    bind(tensor, value, tensor._array)


def bind(tensor: "TensorCore", value: "TensorCore", place: Array) -> None:
    """Let `tensor`, of which a place was overwritten, stand where `value` does; tell its base and their views."""
    base = tensor if tensor._base is None else tensor._base
    joins = base._node is None
    if joins and value._node is None:
        return
    move(base, value if base is tensor else lookup("written")(base, value, tensor._array))
    for view in tensor._storage.views(base):
        if (joins and view._node is None) or overlap(view._array, place):
            move(view, lookup("seen")(base, view._array))


def move(tensor: "TensorCore", value: "TensorCore") -> None:
    """Let this Python object stand where `value` does on the tape; a wish to retain the gradient goes with it."""
    old, index = tensor._node, tensor._index
    tensor._node, tensor._index = value._node, value._index
    if old is not None and old.retained and old.retained.pop(index, None) is not None and value._node is not None:
        value._node.retained = {**(value._node.retained or {}), value._index: weakref.ref(tensor)}  # type: ignore[arg-type]


def leave(tensor: "TensorCore") -> None:
    """Before `tensor` gets other storage: its views keep one that stays behind as base, and it is no view any more."""
    views = tensor._storage.views(tensor)
    if views:
        stays = tensor._wrap(tensor._array, tensor._node, tensor._index, tensor._storage)
        for view in views:
            view._base = stays
    tensor._base = None
