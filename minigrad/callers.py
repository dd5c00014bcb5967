"""Who is calling: the user's program, this library or a tool; and warnings that point at the user's line."""

import contextlib
import opcode
import os
import sys
import warnings
from pathlib import Path
from types import FrameType

from .errors import MinigradWarning

__all__ = ["in_library", "reads_attribute", "users_frame", "warn"]

_LIBRARY = (
    *(str(Path(__file__).parents[1] / package) + os.sep for package in ("minigrad", "nn")),
    contextlib.__file__,  # stands between a `with` block and what it enters
)
_LOADS = {number for name, number in opcode.opmap.items() if name in ("LOAD_ATTR", "LOAD_METHOD")}
_CACHE = opcode.opmap.get("CACHE", -1)

# Programs that look at every attribute of what they are shown.
_INSPECTORS = {"IPython", "_pydevd_bundle", "debugpy", "jedi", "pydevd", "ptpython", "traitlets"}


def in_library(file: str) -> bool:
    """Whether a file of code belongs to minigrad or nn.

    >>> from minigrad import callers
    >>> callers.in_library(callers.__file__), callers.in_library("train.py")
    (True, False)
    """
    return file.startswith(_LIBRARY)


def users_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame from `frame` outwards that belongs neither to minigrad nor to nn.

    >>> import sys
    >>> from minigrad.callers import users_frame
    >>> users_frame(sys._getframe()).f_code.co_name
    '<module>'
    """
    while frame is not None and in_library(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def warn(message: str, category: type[MinigradWarning] = MinigradWarning) -> None:
    """Warn at the user's line, however deep in the library: `warnings.warn` with the right `stacklevel`.

    >>> import warnings
    >>> from minigrad.callers import warn
    >>> with warnings.catch_warnings(record=True, action="always") as caught: warn("look here")
    >>> caught[0].filename == warn.__code__.co_filename
    False
    """
    frame = users_frame(sys._getframe())
    if frame is None:  # a thread whose function is the library's own
        warnings.warn(message, category, stacklevel=2)
        return
    names = frame.f_globals
    registry = names.setdefault("__warningregistry__", {})
    file, number = frame.f_code.co_filename, frame.f_lineno
    warnings.warn_explicit(message, category, file, number, names.get("__name__"), registry, names)


def reads_attribute(frame: FrameType) -> bool:
    """Whether a program's own text reads an attribute at this moment, `t.name`, as opposed to `hasattr` or a tool.

    False inside the library, Python's own modules and debuggers, which look at attributes without wanting them.

    >>> import sys
    >>> from minigrad.callers import reads_attribute
    >>> class Watched:
    ...     @property
    ...     def read(self): return reads_attribute(sys._getframe(1))
    >>> Watched().read, getattr(Watched(), "read")
    (True, False)
    """
    code = frame.f_code
    program = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    if in_library(code.co_filename) or program in _INSPECTORS:
        return False
    if program in sys.stdlib_module_names and program != "__main__":
        return False
    instructions, place = code.co_code, frame.f_lasti
    while place > 0 and instructions[place] == _CACHE:  # room that belongs to the instruction before it
        place -= 2
    return instructions[place] in _LOADS
