"""Who watches: starting and ending it, and telling observers what happens.

The places that tell are the application of a primitive, the step of the walk, the
call of a module, and regions. Where nobody watches, each asks once and goes on.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .errors import ArgumentError, DTypeError
from .mode import MODE, Observer

__all__ = ["attempt", "observe", "observers", "region", "tell", "unwatch", "watch"]

_HAPPENINGS = tuple(name for name in vars(Observer) if name[0] != "_")
_ENDS = {"applied", "pulled", "raised", "left", "ended"}


def watch(observer: Observer) -> None:
    """Let `observer` see what happens in this thread or task from now on."""
    if not isinstance(observer, Observer):
        what = f"the class {observer.__name__}" if isinstance(observer, type) else f"a {type(observer).__name__}"
        raise DTypeError(
            f"observe got {what}; give an instance of a subclass of minigrad.autograd.Observer, or functions by name, "
            "as applied=print"
        )
    mode = MODE.get()
    MODE.set(mode._replace(observers=(*mode.observers, observer)))


def unwatch(observer: Observer) -> None:
    """Let `observer` see nothing more; others stay, in whichever order they leave."""
    mode = MODE.get()
    places = [place for place, one in enumerate(mode.observers) if one is observer]
    if places:
        MODE.set(mode._replace(observers=mode.observers[: places[-1]] + mode.observers[places[-1] + 1 :]))


@contextmanager
def observe(observer: Observer | None = None, /, **functions: Callable[..., Any]) -> Iterator[Observer]:
    """Let `observer`, or functions that are named after its methods, see what happens inside the block.

    Observers belong to the context: another thread has none, and a task has those of the place where it was made.

    Raises `DTypeError` for what is no observer, `ArgumentError` for a function that is named after none of its methods.

    >>> import minigrad as mg
    >>> with mg.autograd.observe(applied=lambda primitive, inputs, outputs: print(primitive.name)):
    ...     _ = mg.exp(mg.ones(2))
    exp
    """
    if observer is None:
        observer = Observer()
    elif functions:
        raise ArgumentError(f"observe got an observer and {', '.join(functions)}; give one or the other")
    for name, function in functions.items():
        if name not in _HAPPENINGS or not callable(function):
            what = f"a {type(function).__name__} as {name}"
            raise ArgumentError(f"observe got {what}; it takes functions named {', '.join(_HAPPENINGS)}")
        setattr(observer, name, function)
    watch(observer)
    try:
        yield observer
    finally:
        unwatch(observer)


def observers() -> tuple[Observer, ...]:
    """Who watches in this thread or task.

    >>> import minigrad as mg
    >>> mg.autograd.observers()
    ()
    """
    return MODE.get().observers


def tell(watching: Sequence[Observer], happening: str, *what: Any) -> None:
    """Call the method `happening` of each observer, of ends in the opposite order; nobody sees what they compute.

    Raises what the first of them raised, after all have heard; `ArgumentError` for what is no method of observers.

    >>> import minigrad as mg
    >>> with mg.autograd.observe(begun=print): mg.autograd.tell(mg.autograd.observers(), "begun", "data")
    data
    """
    if happening not in _HAPPENINGS:
        raise ArgumentError(f"tell got {happening!r}; observers hear of {', '.join(_HAPPENINGS)}")
    mode, errors = MODE.get(), []
    MODE.set(mode._replace(observers=()))
    try:
        for observer in reversed(watching) if happening in _ENDS else watching:
            try:
                getattr(observer, happening)(*what)
            except BaseException as error:
                errors.append(error)
    finally:
        MODE.set(mode)
    if errors:
        raise errors[0]


@contextmanager
def attempt(watching: Sequence[Observer], source: Any) -> Iterator[None]:
    """Tell the observers where the block raises."""
    try:
        yield
    except BaseException as error:
        tell(watching, "raised", source, error)
        raise


@contextmanager
def region(name: str) -> Iterator[None]:
    """Give a part of the program a name that observers hear.

    >>> import minigrad as mg
    >>> with mg.autograd.observe(begun=print), mg.autograd.region("data"): pass
    data
    """
    watching = MODE.get().observers
    if watching:
        tell(watching, "begun", name)
    try:
        yield
    finally:
        if watching:
            tell(watching, "ended", name)
