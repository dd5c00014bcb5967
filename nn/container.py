"""Modules that hold modules."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, overload

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError
from minigrad.explaining import iterable

from .calling import names_of
from .module import Module

__all__ = ["ModuleDict", "ModuleList", "Sequential"]


def _checked(module: Any, container: str) -> Any:
    """`module` itself, or None as the place of one; raises `DTypeError` for anything else."""
    if not isinstance(module, Module | None):
        remedy = "give modules"
        if isinstance(module, type):
            remedy = f"that is a class: write {module.__name__}()"
        elif isinstance(module, list | tuple):
            remedy = f"write {container}(*layers)" if container == "Sequential" else "give the modules themselves"
        elif callable(module):
            remedy = (
                "many functions are modules too, as F.relu is nn.ReLU(); else write a module whose forward calls it"
            )
        raise DTypeError(f"{container} got a {type(module).__name__} where an nn.Module belongs; {remedy}")
    return module


class _Numbered(Module):
    """Modules numbered from 0 on, as a list."""

    def _place(self, index: Any) -> int:
        try:
            place: int = index.__index__()
        except (AttributeError, TypeError):
            raise DTypeError(
                f"an index of type {type(index).__name__} into a {type(self).__name__}; use an integer"
            ) from None
        if not -len(self) <= place < len(self):
            possible = f"an index is {-len(self)} to {len(self) - 1}" if len(self) else "append some first"
            raise IndexOutOfRangeError(f"index {place} into a {type(self).__name__} of {len(self)} modules; {possible}")
        return place % len(self)

    def _places(self, part: slice) -> range:
        """The places in a slice; raises `DTypeError` for one of anything but integers."""
        try:
            return range(*part.indices(len(self)))
        except (TypeError, ValueError):
            raise DTypeError(
                f"{part} into a {type(self).__name__}; slices are made of integers, and the step is not 0"
            ) from None

    def _renumber(self, modules: Iterable[Any]) -> None:
        checked = [_checked(module, type(self).__name__) for module in modules]
        self._modules.clear()
        for number, module in enumerate(checked):
            self.add_module(str(number), module)

    def append(self, module: Module) -> Any:
        """Add a module at the end."""
        self.add_module(str(len(self)), _checked(module, type(self).__name__))
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add several modules at the end."""
        if not iterable(modules):
            raise DTypeError(f"{type(self).__name__} got a {type(modules).__name__} to add; give a list of modules")
        for module in [_checked(module, type(self).__name__) for module in modules]:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Add a module before position `index`."""
        modules = list(self)
        modules.insert(mg.as_integer(index, "insert", "index"), module)
        self._renumber(modules)
        return self

    def pop(self, index: int = -1) -> Module:
        """Take a module out."""
        module = self[index]
        del self[index]
        return module

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Any: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            part = type(self)()
            part.extend([self[place] for place in self._places(index)])
            return part
        return self._modules[str(self._place(index))]

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(str(self._place(index)), _checked(module, type(self).__name__))

    def __delitem__(self, index: int | slice) -> None:
        out = self._places(index) if isinstance(index, slice) else [self._place(index)]
        self._renumber([module for place, module in enumerate(self) if place not in out])

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(list(self._modules.values()))  # type: ignore[arg-type]

    def __contains__(self, module: object) -> bool:
        return any(module is one for one in self)


def _sequence(other: Any, name: str) -> list[Module]:
    if not isinstance(other, _Numbered | list | tuple):
        raise DTypeError(
            f"{name} and a {type(other).__name__} cannot be joined; give modules, in a list or a container"
        )
    return list(other)


def _repeated(modules: list[Module], times: Any, there: int = 0) -> list[Module]:
    """The list so many times, less those that are there."""
    count = mg.as_integer(times, "Sequential", "times")
    if count * len(modules) > 10**6:
        raise ArgumentError(f"a Sequential of {len(modules)} modules times {count}; no model has so many layers")
    return modules * (count - there)


class Sequential(_Numbered):
    """Modules run one after the other; from modules in order, or one ordered dictionary of them.

    Raises `DTypeError` for what is no module, `IndexOutOfRangeError` for an index there is not.

    >>> import minigrad as mg, nn
    >>> nn.Sequential(nn.Linear(4, 3), nn.ReLU())(mg.zeros(2, 4)).shape
    (2, 3)
    """

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self.add_module(name, _checked(module, "Sequential"))
        else:
            self.extend(modules)

    def __getitem__(self, index: Any) -> Any:
        names = list(self._modules)
        if isinstance(index, slice):
            return type(self)({names[place]: self._modules[names[place]] for place in self._places(index)})
        return self._modules[names[self._place(index)]]

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(list(self._modules)[self._place(index)], _checked(module, "Sequential"))

    def __add__(self, other: Any) -> "Sequential":
        return Sequential(*self, *_sequence(other, "Sequential"))

    def __iadd__(self, other: Any) -> Any:
        return self.extend(_sequence(other, "Sequential"))

    def __mul__(self, times: int) -> "Sequential":
        return Sequential(*_repeated(list(self), times))

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Any:
        return self.extend(_repeated(list(self), times, 1))

    def insert(self, index: int, module: Module) -> Any:
        """Add a module before position `index`, which is one of the modules' or the end."""
        if mg.as_integer(index, "insert", "index") not in range(-len(self), len(self) + 1):
            raise IndexOutOfRangeError(
                f"insert at {index} into a Sequential of {len(self)} modules; a place is {-len(self)} to {len(self)}"
            )
        if module is None:
            raise DTypeError("insert got None; give an nn.Module, for example nn.Identity()")
        return super().insert(index, module)

    def forward(self, input: Any) -> Any:
        """The output of the last module, each fed with the one before it."""
        for number, module in enumerate(self):
            if module is None:
                raise DTypeError(
                    f"place {number} of the Sequential holds None, which cannot be called; put a module there, "
                    "for example nn.Identity()"
                )
            input = module(input)
        return input


class ModuleList(_Numbered):
    """A list of modules that are registered; it has no forward of its own.

    Raises as `Sequential`.

    >>> import nn
    >>> len(nn.ModuleList([nn.Linear(2, 2) for _ in range(3)]))
    3
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend([] if modules is None else modules)

    def __add__(self, other: Any) -> "ModuleList":
        return ModuleList([*self, *_sequence(other, "ModuleList")])

    def __iadd__(self, other: Any) -> Any:
        return self.extend(_sequence(other, "ModuleList"))

    def __repr__(self) -> str:
        """Runs of equal modules in one line: (0-3): 4 x Linear(…)."""
        texts = [repr(module).replace("\n", "\n  ") for module in self]
        lines, start = [], 0
        for end in range(1, len(texts) + 1):
            if end == len(texts) or texts[end] != texts[start]:
                count = end - start
                lines.append(
                    f"({start}): {texts[start]}" if count == 1 else f"({start}-{end - 1}): {count} x {texts[start]}"
                )
                start = end
        body = "".join(f"  {line}\n" for line in lines)
        return f"ModuleList(\n{body})" if lines else "ModuleList()"


class ModuleDict(Module):
    """A dictionary of modules that are registered; it has no forward of its own.

    Raises `DTypeError` for what is no module.

    >>> import nn
    >>> list(nn.ModuleDict({"a": nn.ReLU()}).keys())
    ['a']
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        self.update(modules or {})

    def update(self, modules: Any) -> None:
        """Add or replace modules by name, from a dictionary or from pairs."""
        held = modules.items() if isinstance(modules, Mapping | ModuleDict) else modules
        if not isinstance(held, Iterable) or isinstance(held, str | Module):
            raise DTypeError(f"ModuleDict got a {type(modules).__name__}; give a dictionary of modules")
        try:
            named = [(name, _checked(module, "ModuleDict")) for name, module in held]
        except (TypeError, ValueError) as error:
            if isinstance(error, DTypeError):
                raise
            raise DTypeError(
                "ModuleDict got a list of things that are no pairs; give a dictionary of modules"
            ) from error
        for name, module in named:
            self.add_module(name, module)

    def __getitem__(self, key: str) -> Module:
        if key not in self:
            raise KeyError(f"ModuleDict has no {key!r}; its names are {names_of(self)}")
        return self._modules[key]  # type: ignore[return-value]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        self[key]  # raises for a name there is not
        del self._modules[key]

    def pop(self, key: str) -> Module:
        """Take a module out."""
        module = self[key]
        del self[key]
        return module

    def clear(self) -> None:
        """Take all modules out."""
        self._modules.clear()

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def values(self) -> Iterable[Module | None]:
        """The modules."""
        return self._modules.values()

    def items(self) -> Iterable[tuple[str, Module | None]]:
        """Names and modules."""
        return self._modules.items()

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key in self._modules
