"""NumPy's floating-point warnings, switched off for a moment at little cost.

NumPy keeps what `np.errstate` sets in a context variable, and entering that block takes longer
than a small operation. A context in which the variable is set already is entered
in no time: `SILENTLY.run(function, *arrays)` calls a function there. The function must be one
of arrays alone, since it sees none of the caller's context variables; `silent()` is
a block for everything else. Should a NumPy keep its setting elsewhere, both are `np.errstate`.
"""

import threading
from contextvars import Context, ContextVar, Token, copy_context
from types import TracebackType
from typing import Any

import numpy as np

__all__ = ["SILENT", "SILENTLY", "WARNINGS", "Silence", "silent"]


def found() -> tuple[ContextVar[Any], Any] | None:
    """The variable that `np.errstate` changes, and what it sets it to; None where there is no such variable."""
    before = copy_context()
    with np.errstate(all="ignore"):
        inside = copy_context()
    changed = [(variable, setting) for variable, setting in inside.items() if before.get(variable) is not setting]
    return changed[0] if len(changed) == 1 else None


KNOWN = found()
WARNINGS, SILENT = KNOWN or (ContextVar[Any]("minigrad_warnings", default=None), object())


class silent:  # noqa: N801 - reads as an adjective
    """No floating-point warnings inside a `with` block.

    >>> from minigrad.silence import silent
    >>> import numpy as np
    >>> with silent(): np.float32(1) / np.float32(0)
    np.float32(inf)
    """

    __slots__ = ("before", "block")

    before: Token[Any] | None

    def __enter__(self) -> None:
        self.before = None
        if KNOWN is not None:
            self.before = WARNINGS.set(SILENT)
        else:
            self.block = np.errstate(all="ignore")
            self.block.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.before is not None:
            WARNINGS.reset(self.before)
        else:
            self.block.__exit__(kind, error, trace)


class Silence(threading.local):
    """The context without warnings; each thread has its own, since a context cannot be entered twice at a time."""

    def __init__(self) -> None:
        context = Context()
        context.run(WARNINGS.set, SILENT)
        self.run = context.run if KNOWN is not None else _in_a_block


def _in_a_block(function: Any, *args: Any, **options: Any) -> Any:
    with silent():
        return function(*args, **options)


SILENTLY = Silence()
