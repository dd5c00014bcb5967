"""How far a loop has come: tqdm's bar where it is installed, lines of text otherwise, nothing where nobody looks on."""

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TextIO, TypeVar

from ..errors import ArgumentError, DTypeError
from ..explaining import as_flag
from ..explaining import iterable as is_iterable
from ..operands import as_integer, as_number

__all__ = ["Progress", "progress"]

T = TypeVar("T")


class _Lines:
    """Progress as lines: one after `interval` seconds, then one every so often, and a last one if there was any."""

    def __init__(self, desc: str, total: int | None, file: TextIO, interval: float, leave: bool) -> None:
        self.desc, self.total, self.file, self.interval, self.leave = desc, total, file, interval, leave
        self.start = self.told = time.monotonic()
        self.count = self.shown = 0
        self.postfix = ""

    def update(self, n: int) -> None:
        self.count += n
        now = time.monotonic()
        if now - self.told >= self.interval:
            self.told = now
            self._tell(now - self.start)

    def _tell(self, seconds: float) -> None:
        parts = [f"{self.count}/{self.total}" if self.total else str(self.count)]
        rate = self.count / seconds if seconds > 0 else math.inf
        if self.total:
            parts[0] += f" ({100 * self.count // self.total} %)"
        parts.append(f"{seconds:.0f} s")
        if self.total and 0 < self.count < self.total and rate < math.inf:
            parts.append(f"{(self.total - self.count) / rate:.0f} s left")
        text = ", ".join([*parts, *([self.postfix] if self.postfix else [])])
        print(f"{self.desc}: {text}" if self.desc else text, file=self.file, flush=True)
        self.shown = self.count

    def set_postfix_str(self, text: str, refresh: bool) -> None:
        self.postfix = text

    def close(self) -> None:
        if self.leave and 0 < self.shown < self.count:
            self._tell(time.monotonic() - self.start)


def _watched(file: Any) -> bool:
    """Whether a stream is a terminal."""
    try:
        return bool(file.isatty())
    except Exception:
        return False


def _bar(desc: str, total: int | None, file: Any, leave: bool) -> Any:
    """tqdm's bar, without the thread that it would start; None where tqdm is not installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        return None

    base: Any = tqdm

    class Bar(base):  # type: ignore[misc]
        monitor_interval = 0

    return Bar(total=total, desc=desc or None, file=file, leave=leave, dynamic_ncols=True)


class Progress(Generic[T]):
    """What `progress` returns: the loop's items, with figures beside the bar.

    Going through it shows the progress, and ends it when the loop ends, is left early or raises. Without an iterable
    it is a context, `with progress(total=100) as bar`, and `bar.update()` tells of a step.

    >>> from minigrad.utils.progress import progress
    >>> bar = progress([3, 4], "adding"); len(bar), sum(bar), bar.shown
    (2, 7, False)
    """

    def __init__(
        self, iterable: Iterable[T] | None, desc: str, total: int | None, leave: bool, file: Any, disable: bool | None,
        interval: float,
    ) -> None:  # fmt: skip
        self.iterable = iterable
        self.desc = desc
        self.total = total
        self._options = leave, file, disable, interval
        self._display: Any = None

    def __len__(self) -> int:
        if self.total is None:
            raise DTypeError("this progress has no length: its iterable has none, and no total=… was given")
        return self.total

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[T]:
        if self.iterable is None:
            raise DTypeError(
                "this progress has nothing to go through; give it an iterable, progress(loader), or tell it each step: "
                "with progress(total=100) as bar: bar.update()"
            )
        self._open()
        try:
            for item in self.iterable:
                yield item
                self.update()
        finally:
            self.close()

    def __enter__(self) -> "Progress[T]":
        self._open()
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    @property
    def shown(self) -> bool:
        """Whether there is a bar, or lines, at the moment."""
        return self._display is not None

    def update(self, n: int = 1) -> None:
        """Tell of `n` more steps; going through an iterable does."""
        if self._display is not None:
            self._try(lambda display: display.update(n))

    def set_postfix(self, /, **figures: Any) -> None:
        """Show figures from the next step on, such as `loss=0.25`; numbers with four digits."""
        if self._display is not None:
            self._try(
                lambda display: display.set_postfix_str(
                    ", ".join(f"{name} {_figure(one)}" for name, one in figures.items()), False
                )
            )

    def close(self) -> None:
        """End the display; a loop does."""
        if self._display is not None:
            self._try(lambda display: display.close())
            self._display = None

    def _open(self) -> None:
        leave, file, disable, interval = self._options
        self.close()
        file = sys.stderr if file is None else file
        terminal = _watched(file)
        if disable or (disable is None and not terminal) or file is None:
            return
        try:
            self._display = _bar(self.desc, self.total, file, leave) if terminal else None
            if self._display is None:
                self._display = _Lines(self.desc, self.total, file, interval, leave)
        except Exception:  # whoever cannot show progress does not stop the loop
            self._display = None

    def _try(self, show: Callable[[Any], Any]) -> None:
        """Do something with the display; one that fails, its stream closed perhaps, is given up without a word."""
        try:
            show(self._display)
        except Exception:
            self._display = None


def _figure(value: Any) -> str:
    """A number with four digits, anything else as text."""
    if isinstance(value, str | int):
        return str(value)
    try:
        return f"{float(value):.4g}"
    except Exception:
        return str(value)


def _length(iterable: Any) -> int | None:
    """How many items there will be; None where that is not known."""
    try:
        return len(iterable)
    except Exception:
        return None


def _numbered(value: Any) -> bool:
    """Whether the items can be asked for one by one, as those of a dataset."""
    kind = type(value)
    return hasattr(kind, "__getitem__") and hasattr(kind, "__len__") and bool(getattr(value, "ndim", 1))


def progress(
    iterable: Iterable[T] | None = None,
    desc: str = "",
    total: int | None = None,
    leave: bool = True,
    file: TextIO | None = None,
    disable: bool | None = None,
    interval: float = 10.0,
) -> Progress[T]:
    """The items of an iterable, while the progress is shown: `for batch in progress(loader, "epoch 1"): …`.

    Names and order of the arguments are tqdm's. On a terminal this is tqdm's bar; where tqdm is not installed, a line
    every `interval` seconds, so that a quick loop prints none. Where `file`, by default the standard error, is no
    terminal nothing is shown, with `disable=False` the lines. `leave` says whether the end remains to be seen.
    `total` is for iterables without a length.

    A display that fails never stops the loop; what the iterable raises goes through. No thread is started.

    Raises `DTypeError` for what cannot be gone through, `ArgumentError` for a negative total or interval.

    >>> from minigrad.utils.progress import progress
    >>> for number in (bar := progress(range(3), "numbers")): bar.set_postfix(square=number**2)
    """
    if iterable is not None and not is_iterable(iterable) and not _numbered(iterable):
        raise DTypeError(
            f"progress got a {type(iterable).__name__}, which cannot be gone through; give a loader or a list"
        )
    if not isinstance(desc, str):
        raise DTypeError(f"progress got desc={desc!r}; it is a word to stand before the bar")
    total = _length(iterable) if total is None else as_integer(total, "progress", "total")
    interval = as_number(interval, "progress", "interval")
    leave = as_flag(leave, "progress", "leave")
    disable = None if disable is None else as_flag(disable, "progress", "disable")
    if (total or 0) < 0 or not interval >= 0:
        raise ArgumentError(f"progress got total={total} and interval={interval}; neither is negative")
    return Progress(iterable, desc, total, leave, file, disable, interval)
