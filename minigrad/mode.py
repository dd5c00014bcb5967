"""The recording switch, and who watches: what every application of a primitive looks up once.

Both belong to the context (`contextvars`): a thread, or an asynchronous task.
"""

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from .errors import DTypeError, GradError
from .explaining import as_flag

if TYPE_CHECKING:
    from .observing import Observer

__all__ = [
    "enable_grad",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "set_grad_enabled",
]

F = TypeVar("F", bound=Callable[..., Any])


class Mode(NamedTuple):
    """What every application looks up once: whether to record, and who watches; and what blocks will go back to."""

    recording: bool
    observers: tuple["Observer", ...] = ()
    outer: tuple[bool, ...] = ()


MODE: ContextVar[Mode] = ContextVar("minigrad_mode", default=Mode(True))  # noqa: B039 - immutable


def is_grad_enabled() -> bool:
    """Whether operations are being recorded in this thread or task.

    >>> import minigrad as mg
    >>> with mg.no_grad(): mg.is_grad_enabled()
    False
    """
    return MODE.get().recording


def _switch(recording: bool) -> bool:
    """Set recording and return what it was."""
    mode = MODE.get()
    if mode.recording is not recording:
        MODE.set(Mode(recording, mode.observers, mode.outer))
    return mode.recording


class recording:  # noqa: N801 - reads as a verb
    """Set recording for a block."""

    __slots__ = ("before", "mode")

    def __init__(self, mode: bool) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        self.before = _switch(self.mode)

    def __exit__(self, *exc: object) -> None:
        _switch(self.before)


_LAZY_BODY = 0x20 | 0x80 | 0x200  # code flags: generator, coroutine, asynchronous generator


def _decorate(function: F, mode: bool) -> F:
    if not callable(function):
        raise DTypeError(f"a {type(function).__name__} cannot be decorated; use `with no_grad():` for a block")
    code = getattr(function, "__code__", None)
    if code is not None and code.co_flags & _LAZY_BODY:
        raise GradError(
            f"{function.__qualname__} is a generator or coroutine: its body runs after the decorated call has "
            "returned, so a decorator cannot keep recording switched. Use a `with` block inside it"
        )

    @wraps(function)
    def switched(*args: Any, **kwargs: Any) -> Any:
        with recording(mode):
            return function(*args, **kwargs)

    return switched  # type: ignore[return-value]


class _Block:
    """Recording set to `mode` inside a `with` block or a decorated function."""

    mode: bool

    def __new__(cls, function: Any = None) -> Any:
        return super().__new__(cls) if function is None else _decorate(function, cls.mode)

    def __init__(self) -> None:
        """No state: what to go back to stands in the context, since threads may share the object."""

    def __enter__(self) -> None:
        mode = MODE.get()
        MODE.set(Mode(self.mode, mode.observers, (mode.recording, *mode.outer)))

    def __exit__(self, *exc: object) -> None:
        mode = MODE.get()
        if mode.outer:  # a suspended generator may leave its block in another thread, which never entered it
            MODE.set(Mode(mode.outer[0], mode.observers, mode.outer[1:]))

    def __call__(self, function: F) -> F:
        return _decorate(function, self.mode)


class no_grad(_Block):  # noqa: N801 - PyTorch's name
    """Record nothing inside: a `with` block or a decorator.

    >>> import minigrad as mg
    >>> x = mg.ones(2, requires_grad=True)
    >>> with mg.no_grad():
    ...     (x * 2).requires_grad
    False
    """

    mode = False


class enable_grad(_Block):  # noqa: N801 - PyTorch's name
    """Record inside, even within `no_grad`: a `with` block or a decorator.

    >>> import minigrad as mg
    >>> x = mg.ones(2, requires_grad=True)
    >>> with mg.no_grad(), mg.enable_grad():
    ...     (x * 2).requires_grad
    True
    """

    mode = True


class inference_mode(_Block):  # noqa: N801 - PyTorch's name
    """`no_grad` by PyTorch's newer name; `inference_mode(False)` is `enable_grad`. A `with` block or a decorator.

    Its results are ordinary tensors: they may be used on the tape later. Raises `DTypeError` for a mode that is
    no bool.

    >>> import minigrad as mg
    >>> x = mg.ones(2, requires_grad=True)
    >>> with mg.inference_mode():
    ...     (x * 2).requires_grad
    False
    """

    def __new__(cls, mode: Any = True) -> Any:
        """A block, or the decorated function where the decorator stands without brackets."""
        if isinstance(mode, bool):
            return object.__new__(cls)
        if not callable(mode):
            raise DTypeError(f"inference_mode got {mode!r}, a {type(mode).__name__}; its mode is True or False")
        return _decorate(mode, False)

    def __init__(self, mode: bool = True) -> None:
        self.mode = not mode


class set_grad_enabled:  # noqa: N801 - PyTorch's name
    """Switch recording: at once, for a `with` block, or for a decorated function.

    >>> import minigrad as mg
    >>> x = mg.ones(2, requires_grad=True)
    >>> with mg.set_grad_enabled(False):
    ...     (x * 2).requires_grad
    False
    """

    def __init__(self, mode: bool) -> None:
        self._mode = as_flag(mode, "set_grad_enabled", "mode")
        self._before = _switch(self._mode)

    def __enter__(self) -> None:
        _switch(self._mode)

    def __exit__(self, *exc: object) -> None:
        _switch(self._before)

    def __call__(self, function: F) -> F:
        """Decorate `function`; outside it, recording goes back to what it was."""
        _switch(self._before)
        return _decorate(function, self._mode)
