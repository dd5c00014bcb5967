"""Modules that hold parameters in a list or a dictionary."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

import minigrad as mg
from minigrad.errors import DTypeError, IndexOutOfRangeError
from minigrad.explaining import iterable, misplaced

from .calling import check_name, names_of
from .module import Module
from .parameter import Parameter

__all__ = ["ParameterDict", "ParameterList"]


def _as_parameter(value: Any) -> Any:
    """Tensors as parameters, anything else as it is."""
    return Parameter(value) if isinstance(value, mg.Tensor) and not isinstance(value, Parameter) else value


def _described(value: Any) -> str:
    """A value in the repr: a tensor's kind, dtype and size, or the type of anything else."""
    if not isinstance(value, mg.Tensor):
        return f"Object of type: {type(value).__name__}"
    return f"Parameter containing: [{value.dtype} of size {'x'.join(map(str, value.shape))}]"


class ParameterList(Module):
    """A list of parameters that are registered; it has no forward of its own.

    Tensors become parameters; other values are kept as they are, and are no part
    of the state. A slice is a new list of the same parameters.

    Raises `IndexOutOfRangeError` for an index there is not, `DTypeError` for what
    is no index or no iterable.

    >>> import minigrad as mg, nn
    >>> weights = nn.ParameterList([mg.ones(2), mg.zeros(3)])
    >>> [name for name, _ in weights.named_parameters()]
    ['0', '1']
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _name(self, index: Any) -> str:
        try:
            place: int = index.__index__()
        except (AttributeError, TypeError):
            raise DTypeError(f"an index of type {type(index).__name__} into a ParameterList; use an integer") from None
        if not -len(self) <= place < len(self):
            possible = f"an index is {-len(self)} to {len(self) - 1}" if len(self) else "append some first"
            raise IndexOutOfRangeError(f"index {place} into a ParameterList of {len(self)}; {possible}")
        return str(place % len(self))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            try:
                return type(self)(list(self)[index])
            except (TypeError, ValueError):
                raise DTypeError(
                    f"{index} into a ParameterList; slices are made of integers, and the step is not 0"
                ) from None
        return getattr(self, self._name(index))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, self._name(index), _as_parameter(value))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return iter([getattr(self, str(number)) for number in range(len(self))])

    def __iadd__(self, values: Iterable[Any]) -> Self:
        return self.extend(values)

    def append(self, value: Any) -> Self:
        """Add a value at the end."""
        setattr(self, str(self._size), _as_parameter(value))
        self._size += 1
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add several values at the end."""
        if not iterable(values) or isinstance(values, mg.Tensor):
            raise DTypeError(f"ParameterList got a {type(values).__name__} to add; give a list of tensors")
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self) -> str:
        """A line for each value."""
        return "\n".join(f"  ({number}): {_described(value)}" for number, value in enumerate(self))


class ParameterDict(Module):
    """A dictionary of parameters that are registered; it has no forward of its own.

    Tensors become parameters; other values are kept as they are, and are no part
    of the state. As in PyTorch, the entries of a plain dictionary come in the
    order of their sorted names; those of an `OrderedDict`, of another
    `ParameterDict` and of pairs keep theirs.

    Raises `DTypeError` for names that are no strings and for what is no dictionary.

    >>> import minigrad as mg, nn
    >>> [name for name, _ in nn.ParameterDict({"b": mg.ones(2), "a": mg.zeros(3)}).named_parameters()]
    ['a', 'b']
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        if key not in self:
            raise KeyError(f"ParameterDict has no {key!r}; its names are {names_of(self)}")
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise DTypeError(f"ParameterDict got {key!r} as a name; names are strings")
        if key not in self and key != "training":  # an attribute, which a parameter may replace, and no method
            check_name(self, key, "parameter")
        setattr(self, key, _as_parameter(value))
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        self[key]  # raises for a name there is not
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self._keys))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key in self._keys

    def copy(self) -> "ParameterDict":
        """A new dictionary of the same parameters."""
        return ParameterDict(OrderedDict(self.items()))

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a name, which gets `default` first if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def clear(self) -> None:
        """Take all values out."""
        for key in list(self._keys):
            del self[key]

    def pop(self, key: str) -> Any:
        """Take a value out."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Take out the name and value that came last."""
        if not self._keys:
            raise KeyError("popitem() of an empty ParameterDict; there is nothing to take out")
        key = next(reversed(self))
        return key, self.pop(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a name, or `default`."""
        return getattr(self, key) if key in self else default

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> "ParameterDict":
        """A new dictionary that gives every name the same value."""
        if not iterable(keys):
            raise DTypeError(misplaced(keys, "fromkeys", "keys", "a list of names"))
        return ParameterDict([(key, default) for key in keys])

    def keys(self) -> Any:
        """The names."""
        return self._keys.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names and values."""
        return ((key, self[key]) for key in self._keys)

    def values(self) -> Iterable[Any]:
        """The values."""
        return (self[key] for key in self._keys)

    def update(self, parameters: Any) -> None:
        """Add or replace values by name, from a dictionary or from pairs."""
        if not iterable(parameters) or isinstance(parameters, str | mg.Tensor):
            raise DTypeError(f"ParameterDict got a {type(parameters).__name__}; give a dictionary of tensors")
        if isinstance(parameters, OrderedDict | ParameterDict):
            pairs = list(parameters.items())
        elif isinstance(parameters, Mapping):
            pairs = sorted(parameters.items(), key=lambda pair: str(pair[0]))
        else:
            pairs = [tuple(pair) if iterable(pair) and not hasattr(pair, "ndim") else pair for pair in parameters]
        for number, pair in enumerate(pairs):
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise DTypeError(
                    f"element {number} that ParameterDict got is {pair!r}; give pairs of a name and a value"
                )
        for key, value in pairs:
            self[key] = value

    def __or__(self, other: Any) -> "ParameterDict":
        joined = self.copy()
        joined.update(other)
        return joined

    def __ror__(self, other: Any) -> Any:
        joined = other.copy()
        joined.update(self)
        return joined

    def __ior__(self, other: Any) -> Self:
        self.update(other)
        return self

    def extra_repr(self) -> str:
        """A line for each value."""
        return "\n".join(f"  ({key}): {_described(value)}" for key, value in self.items())
