"""NumPy's floating-point warnings, switched off for a moment at little cost.

NumPy keeps what `np.errstate` sets in a context variable. Setting that variable itself, to the
value that stands for "ignore everything", takes a fraction of the time of entering that block.
Should a NumPy keep its setting elsewhere, `silent` is `np.errstate`.

The size of the ufuncs' buffer lies in the same variable. What is repeated along rows that are
shorter than the buffer, NumPy copies into it; with a smaller one a bias is added in half the time.
"""

from collections.abc import Callable
from contextvars import ContextVar, Token, copy_context
from functools import partial
from types import TracebackType
from typing import Any

import numpy as np

__all__ = ["SILENT", "WARNINGS", "silent"]


BUFFER = 1024  # elements; NumPy's own is 8192


def found() -> tuple[ContextVar[Any], Any] | None:
    """The variable that `np.errstate` changes, and what it sets it to; None where there is no such variable."""
    before = copy_context()
    with np.errstate(all="ignore"):
        np.setbufsize(BUFFER)
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


def _entered() -> silent:
    block = silent()
    block.__enter__()
    return block


def _left(block: silent) -> None:
    block.__exit__(None, None, None)


# The same as two calls, `token = hush()` and `speak(token)`, for where a block takes too long.
hush: Callable[[], Any] = _entered if KNOWN is None else partial(WARNINGS.set, SILENT)
speak: Callable[[Any], None] = _left if KNOWN is None else WARNINGS.reset
