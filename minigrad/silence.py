"""NumPy's floating-point warnings, switched off for a moment at little cost.

NumPy keeps what `np.errstate` sets in a context variable. Entering that block builds the same
setting anew each time, which takes longer than a small operation; setting the
variable to a setting that was built once does not.

    before = WARNINGS.set(SILENT)
    try:
        ...
    finally:
        WARNINGS.reset(before)
"""

from contextvars import copy_context
from types import TracebackType
from typing import Any

import numpy as np

__all__ = ["SILENT", "WARNINGS", "Errstate", "silent"]


class Errstate:
    """`np.errstate` with the methods of a context variable, for a NumPy that keeps its setting elsewhere."""

    def get(self) -> None:
        """No setting that anybody could compare."""

    def set(self, setting: Any) -> Any:
        """Switch the warnings off; returns what `reset` needs."""
        block = np.errstate(all="ignore")
        block.__enter__()
        return block

    def reset(self, block: Any) -> None:
        """Switch back to what was before."""
        block.__exit__(None, None, None)


def _found() -> tuple[Any, Any]:
    """The variable that `np.errstate` changes, and what it sets it to."""
    before = copy_context()
    with np.errstate(all="ignore"):
        inside = copy_context()
    changed = [(variable, setting) for variable, setting in inside.items() if before.get(variable) is not setting]
    return changed[0] if len(changed) == 1 else (Errstate(), object())


WARNINGS, SILENT = _found()


class silent:  # noqa: N801 - reads as an adjective
    """No floating-point warnings inside a `with` block."""

    __slots__ = ("before",)

    def __enter__(self) -> None:
        self.before = WARNINGS.set(SILENT)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        WARNINGS.reset(self.before)
