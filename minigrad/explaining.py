"""What an accident inside a function says about the arguments that it got, in words of ours.

Functions check what users mistake. What they do not check ends in an error of
NumPy's or Python's about the inside of the function; here it becomes one about
its arguments: the first that is not what the signature asks for, or all of them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .errors import ArgumentError, DTypeError, IndexOutOfRangeError, MinigradError, OutOfMemoryError

__all__ = ["ACCIDENTS", "explained"]

# What NumPy and Python raise about values. An AssertionError is a mistake of ours, and is left alone.
ACCIDENTS = (
    TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError, ZeroDivisionError, MemoryError,
)  # fmt: skip

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
    name = function.__name__
    for word, value in bound.items():
        what = _expected(parameters.parameters[word].annotation, value)
        if what:
            return DTypeError(f"{name} got {word}={described(value)}; it is {what}")
    given = ", ".join(f"{word}={described(value)}" for word, value in bound.items())
    if isinstance(error, MemoryError) or any(word in str(error) for word in _TOO_LARGE):
        return OutOfMemoryError(f"{name} of {given}: there is no memory for what that asks for")
    if isinstance(error, OverflowError):
        return ArgumentError(f"{name} of {given}: one of these numbers is larger than any that can be counted with")
    kind = DTypeError if isinstance(error, TypeError | AttributeError) else ArgumentError
    kind = IndexOutOfRangeError if isinstance(error, IndexError) else kind
    return kind(f"{name} cannot work with {given}; help(mg.{name}) says what each of them may be")


def _expected(annotation: Any, value: Any) -> str:
    """What the annotation asks for where the value is not of its kind; '' where it is, or where it asks for nothing."""
    if annotation is bool:
        return "" if isinstance(value, int | np.bool_) or value is None else "True or False"
    if annotation is int:
        return "" if isinstance(value, int | np.integer) and not isinstance(value, bool) else "an integer"
    if annotation is float:
        return "" if isinstance(value, int | float | np.number) else "a number"
    if annotation is str:
        return "" if isinstance(value, str) else "a word"
    return ""


def described(value: Any) -> str:
    """A value in few words: an array or a tensor by its shape and dtype."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{type(value).__name__} of shape {value.shape} and dtype {value.dtype}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
