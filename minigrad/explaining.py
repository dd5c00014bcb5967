"""What an accident inside a function says about the arguments that it got, in words of ours.

Functions check what users mistake. What they do not check ends in an error of
NumPy's or Python's about the inside of the function; here it becomes one about
its arguments: the first that is not what the signature asks for, or all of them.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .errors import ArgumentError, DTypeError, IndexOutOfRangeError, MinigradError, OutOfMemoryError

__all__ = ["ACCIDENTS", "as_flag", "as_path", "explained", "iterable", "misplaced", "mistaken"]

# What NumPy and Python raise about values. An AssertionError is a mistake of ours, and is left alone.
ACCIDENTS = (
    TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError, ZeroDivisionError, MemoryError,
)  # fmt: skip

# Modules with public names of their own, the inner ones first.
_PUBLIC = {
    "minigrad.signal.kernels": "mg.signal.kernels",
    "minigrad.signal": "mg.signal",
    "nn.notes.functional": "nn.notes.functional",
}

_TOO_LARGE = ("array is too big", "Maximum allowed", "maximum supported", "maximum possible size")


def explained(function: Callable[..., Any], args: Sequence[Any], keywords: Mapping[str, Any], error: Exception) -> Any:
    """The error to raise where a call of `function` ended in `error`: `error` itself for a call with wrong arguments.

    >>> from minigrad.explaining import explained
    >>> def scaled(x, by: int): return x * by
    >>> explained(scaled, (2, "a"), {}, ValueError())
    DTypeError("scaled got by='a'; it is an integer")
    """
    if isinstance(error, MinigradError):
        return error
    from inspect import signature

    parameters = signature(function)
    try:
        bound = parameters.bind(*args, **keywords).arguments
    except TypeError:  # Python says which argument is missing or unknown
        return error
    name, home = function.__name__, function.__module__
    if name == "__init__":
        name = type(bound.pop("self")).__name__
        home = "nn" if home.startswith("nn.") and not home.startswith(("nn.models", "nn.notes")) else home
    mistake = mistaken(function, name, bound)
    if mistake is not None:
        return mistake
    given = ", ".join(f"{word}={described(value)}" for word, value in bound.items())
    if isinstance(error, MemoryError) or any(word in str(error) for word in _TOO_LARGE):
        return OutOfMemoryError(f"{name} of {given}: there is no memory for what that asks for")
    if isinstance(error, OverflowError):
        return ArgumentError(f"{name} of {given}: one of these numbers is larger than any that can be counted with")
    kind: type[MinigradError] = DTypeError if isinstance(error, TypeError | AttributeError) else ArgumentError
    if isinstance(error, IndexError):
        kind = IndexOutOfRangeError
    return kind(f"{name} cannot work with {given}; help({_public(home)}.{name}) says what each of them may be")


def _public(home: str) -> str:
    """Where a reader finds what the module `home` of this project defines."""
    for place, name in _PUBLIC.items():
        if home == place or home.startswith(f"{place}."):
            return name
    return ".".join(home.split(".")[:2]) if home.partition(".")[0] == "nn" else "mg"


def mistaken(function: Callable[..., Any], name: str, bound: Mapping[str, Any]) -> DTypeError | None:
    """The error for the first argument that is not of the kind that the signature asks for; None where all are.

    >>> from minigrad.explaining import mistaken
    >>> def scaled(x, by: int): return x * by
    >>> mistaken(scaled, "scaled", {"x": 2, "by": 1.5})
    DTypeError('scaled got by=1.5; it is an integer')
    """
    from inspect import signature

    known = signature(function).parameters
    for word, value in bound.items():
        what = _expected(known[word].annotation, value) if word in known else ""
        if what:
            return DTypeError(f"{name} got {word}={described(value)}; it is {what}")
    return None


def _expected(annotation: Any, value: Any) -> str:
    """What the annotation asks for where the value is not of its kind; '' where it is, or where it asks for nothing."""
    several: tuple[Any, ...] = getattr(annotation, "__args__", ())
    if type(None) in several and len(several) == 2:
        what = "" if value is None else _expected(several[several[0] is type(None)], value)
        return f"{what}, or None" if what else ""
    if annotation is bool:
        return "" if value is None or _is_flag(value) else "True or False"
    single = getattr(value, "ndim", 0) == 0 and not isinstance(value, type)
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if annotation is int:
        return "" if single and hasattr(value, "__index__") and not isinstance(value, bool | np.bool_) else "an integer"
    if annotation is float:
        return "" if isinstance(value, int | float) or (single and kind and kind in "biuf") else "a number"
    if annotation is str:
        return "" if isinstance(value, str) else "a word"
    return ""


def _is_flag(value: Any) -> bool:
    """Whether a value is true or false: a number, or an array or tensor of one; text and lists are neither."""
    if isinstance(value, bool | int | float | np.bool_):
        return True
    shape = getattr(value, "shape", None)
    single = isinstance(shape, tuple) and all(size == 1 for size in shape)
    return single and getattr(value, "dtype", None) is not None and not isinstance(value, type)


def misplaced(value: Any, name: str, role: str, what: str) -> str:
    """The message for an argument that is not what it has to be."""
    got = described(value)
    return (
        f"{name} got {role}={got}; it is {what}"
        if isinstance(role, str) and role
        else f"{name} got {got} where {what} belongs"
    )


def as_flag(value: Any, name: str, role: str = "") -> bool:
    """Whether `value` is true; raises `DTypeError`, naming the function, for what is neither: text, lists, functions.

    >>> import minigrad as mg
    >>> mg.as_flag(1, "sort", "descending")
    True
    """
    if value is True or value is False:
        return value
    if value is None or _is_flag(value):
        try:
            return bool(value)
        except (TypeError, ValueError, MinigradError):
            pass
    raise DTypeError(misplaced(value, name, role, "True or False"))


def as_path(value: Any, name: str) -> Path:
    """`value` as a path; raises `DTypeError`, naming the function, for what is none.

    >>> from minigrad.explaining import as_path
    >>> as_path("digits.idx", "read_idx").suffix
    '.idx'
    """
    if not isinstance(value, str | os.PathLike):
        raise DTypeError(misplaced(value, name, "path", "a str or a Path"))
    return Path(value)


def iterable(value: Any) -> bool:
    """Whether there is something to go through; 0-d arrays only look as if there were.

    >>> import minigrad as mg
    >>> from minigrad.explaining import iterable
    >>> iterable([1]), iterable(mg.tensor(1))
    (True, False)
    """
    return isinstance(value, Iterable) and getattr(value, "ndim", 1) != 0 and not isinstance(value, type)


def described(value: Any) -> str:
    """A value in few words: an array or a tensor by its shape and dtype."""
    if getattr(value, "shape", ()) != () and hasattr(value, "dtype"):
        return f"{type(value).__name__} of shape {value.shape} and dtype {value.dtype}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
