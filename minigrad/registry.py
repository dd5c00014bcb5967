"""Name -> function and name -> primitive: how lower layers reach higher ones.

`Tensor`'s operators need primitives that are declared above it. They find them
here, by name and when called, so nothing is patched onto a class from outside
and no module imports upwards.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import ArgumentError
from .explaining import ACCIDENTS, explained

if TYPE_CHECKING:
    from .tensor import Tensor

__all__ = ["function", "guarded", "lookup", "operation", "register_primitive", "registered_primitives"]

F = TypeVar("F", bound=Callable[..., Any])

_functions: dict[str, Callable[..., Any]] = {}
_primitives: dict[str, Any] = {}
_users: set[str] = set()


def function(operation: F) -> F:
    """Register a public function of tensors under its own name; used as a decorator.

    What is wrapped already, a function by another name, is taken as it is.
    """
    known = operation if hasattr(operation, "__wrapped__") else guarded(operation)
    _functions[operation.__name__] = known
    return known


def guarded(operation: F) -> F:
    """The function, of which accidents with its arguments are explained by errors of our own.

    One with the argument `dim` or `keepdim` also takes NumPy's word for it, as in PyTorch.
    """
    code = operation.__code__
    taken = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    words = [(numpys, ours) for numpys, ours in (("axis", "dim"), ("keepdims", "keepdim")) if ours in taken]

    @wraps(operation)
    def called(*args: Any, **keywords: Any) -> Any:
        if keywords:
            for numpys, ours in words:
                if numpys in keywords and ours not in keywords:
                    keywords[ours] = keywords.pop(numpys)
        try:
            return operation(*args, **keywords)
        except ACCIDENTS as error:
            told = explained(operation, args, keywords, error)
            if told is error:
                raise
            raise told from error

    return called  # type: ignore[return-value]


def lookup(name: str) -> "Callable[..., Tensor]":
    """The function or primitive called `name`; a primitive answers where no function has that name."""
    found = _functions.get(name)
    return found if found is not None else _primitives[name]


def operation(name: str) -> "Callable[..., Tensor]":
    """The primitive called `name`, without the options of a function of that name; a function where there is none."""
    found = _primitives.get(name)
    return found if found is not None else _functions[name]


def register_primitive(name: str, primitive: Any, users: bool = False) -> None:
    """Make a primitive known; a name is given once, but a user's primitive makes way for another of theirs."""
    if users and name not in _functions and (name not in _primitives or name in _users):
        _primitives.pop(name, None)
        _users.add(name)
    elif users or name in _primitives:
        raise ArgumentError(f"a primitive called {name!r} is registered already: choose another name, with name=…")
    _primitives[name] = primitive


def registered_primitives() -> Mapping[str, Any]:
    """Every registered primitive by name, read-only and in the order of declaration."""
    return MappingProxyType(_primitives)
