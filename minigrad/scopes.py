"""Where in a user's program something is computed: in which layer of which model, and on which line.

What drawing, profiling and anomaly mode share.
"""

import linecache
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from .callers import in_library
from .observing import Observer

__all__ = ["Line", "Scopes", "user_line", "user_lines"]


class Line(NamedTuple):
    """A line of a program: its file, its number, the function around it, and its text."""

    file: str
    number: int
    function: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.number}, in {self.function}" + (f": {self.text}" if self.text else "")


def user_lines() -> Iterator[Line]:
    """The lines that are being run outside minigrad and nn, innermost first."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not in_library(file):
            text = linecache.getline(file, frame.f_lineno, frame.f_globals).strip()
            yield Line(file, frame.f_lineno, frame.f_code.co_qualname, text)
        frame = frame.f_back  # type: ignore[assignment]


def user_line() -> Line | None:
    """The innermost line outside minigrad and nn: what a user would call "my line".

    >>> from minigrad.scopes import user_line
    >>> user_line().function
    '<module>'
    """
    return next(user_lines(), None)


class Scopes(Observer):
    """An observer that knows in which module of which model it stands.

    `path()` is the place below the outermost module that runs, as in
    `named_modules`: 'features.0', or '' for that module itself and outside of all.

    >>> import minigrad as mg, nn
    >>> class Paths(mg.scopes.Scopes):
    ...     def applied(self, primitive, inputs, outputs): print(primitive.name, self.path())
    >>> with mg.autograd.observe(Paths()): _ = nn.Sequential(nn.ReLU())(mg.ones(1))
    relu 0
    """

    def __init__(self) -> None:
        self.modules: list[Any] = []
        self._paths: dict[int, str] = {}

    def entering(self, module: Any, args: tuple[Any, ...]) -> None:
        """Go one module deeper."""
        if not self.modules:
            self._paths = {id(one): path for path, one in module.named_modules()}
        self.modules.append(module)

    def left(self, module: Any, output: Any) -> None:
        """Come back out of it."""
        if self.modules and self.modules[-1] is module:
            self.modules.pop()

    def path(self) -> str:
        """The path of the innermost module that has one."""
        return next((self._paths[id(one)] for one in reversed(self.modules) if id(one) in self._paths), "")
