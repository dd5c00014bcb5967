"""Tables of hooks, and the handles that take hooks away again."""

import itertools
import weakref
from typing import Any

from .errors import DTypeError

__all__ = ["HookTable", "RemovableHandle"]

_keys = itertools.count()


class HookTable(dict[int, Any]):
    """Hooks in the order of their registration.

    >>> from minigrad.autograd import HookTable
    >>> hooks = HookTable(); handle = hooks.add(print); list(hooks.values())
    [<built-in function print>]
    """

    def add(self, hook: Any, first: bool = False) -> "RemovableHandle":
        """Register `hook`, last or `first`; the handle takes it away again."""
        key = next(_keys)
        rest = dict(self) if first else {}
        if first:
            self.clear()
        self[key] = hook
        self.update(rest)
        return RemovableHandle(self, key)

    def register(self, hook: Any, first: bool = False, *options: Any) -> "RemovableHandle":
        """As `add` for what must be a function; with options, the pair of the function and its options is kept.

        Raises `DTypeError` for anything that cannot be called.
        """
        if not callable(hook):
            raise DTypeError(f"a hook of type {type(hook).__name__} arrived; a hook is a function")
        return self.add((hook, *options) if options else hook, first)


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook away, as leaving a `with` block does.

    >>> import minigrad as mg
    >>> x = mg.ones(1, requires_grad=True)
    >>> with x.register_hook(lambda g: g * 10): x.sum().backward()
    >>> x.grad
    tensor([10.])
    """

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
