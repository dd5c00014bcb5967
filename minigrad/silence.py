"""NumPy's floating-point warnings, switched off for a moment at little cost.

NumPy keeps what `np.errstate` sets in a context variable, and entering that block takes longer
than a small operation. A context in which the variable is set already is entered
in no time: `SILENTLY.run(function, *arrays)` calls a function there. The function must be one
of arrays alone, since it sees none of the caller's context variables; `silent()` is
a block for everything else.
"""

import threading
from contextvars import Context, ContextVar, copy_context
from types import TracebackType
from typing import Any

import numpy as np

__all__ = ["SILENT", "SILENTLY", "WARNINGS", "Silence", "silent"]


def _found() -> tuple[ContextVar[Any], Any]:
    """The variable that `np.errstate` changes, and what it sets it to."""
    before = copy_context()
    with np.errstate(all="ignore"):
        inside = copy_context()
    return next((one, setting) for one, setting in inside.items() if before.get(one) is not setting)


WARNINGS, SILENT = _found()


class Silence(threading.local):
    """The context without warnings; each thread has its own, since a context cannot be entered twice at a time."""

    def __init__(self) -> None:
        context = Context()
        context.run(WARNINGS.set, SILENT)
        self.run = context.run


SILENTLY = Silence()


class silent:  # noqa: N801 - reads as an adjective
    """No floating-point warnings inside a `with` block.

    >>> from minigrad.silence import silent
    >>> import numpy as np
    >>> with silent(): np.float32(1) / np.float32(0)
    np.float32(inf)
    """

    __slots__ = ("before",)

    def __enter__(self) -> None:
        self.before = WARNINGS.set(SILENT)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        WARNINGS.reset(self.before)
