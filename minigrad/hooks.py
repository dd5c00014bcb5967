"""Tables of hooks, and the handles that take hooks away again."""

import itertools
import weakref
from typing import Any

__all__ = ["HookTable", "RemovableHandle"]

_keys = itertools.count()


class HookTable(dict[int, Any]):
    """Hooks in the order of their registration."""

    def add(self, hook: Any, first: bool = False) -> "RemovableHandle":
        """Register `hook`, last or `first`; the handle takes it away again."""
        key = next(_keys)
        rest = dict(self) if first else {}
        if first:
            self.clear()
        self[key] = hook
        self.update(rest)
        return RemovableHandle(self, key)


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook away, as leaving a `with` block does."""

    def __init__(self, table: HookTable, key: int) -> None:
        self._table = weakref.ref(table)
        self._key = key

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        table = self._table()
        if table is not None:
            table.pop(self._key, None)

    def __enter__(self) -> "RemovableHandle":
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()
