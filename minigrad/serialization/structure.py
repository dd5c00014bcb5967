"""Nested containers as named arrays and a JSON text that says how they were put together."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..dtypes import check_supported
from ..errors import ArgumentError, DTypeError
from ..tensor import Array, Tensor

__all__ = ["Contents", "described", "leads_outside", "require", "restored"]

FORMAT = "minigrad-2"

# The first format numbered its arrays, wrote their axes in the order of memory, and had no checksum.
_EARLIER = "minigrad-1"

_DEEPEST = 100
_LARGEST_INTEGER = 2**4096


class Contents(NamedTuple):
    """What a file holds: arrays under names and, if `save` wrote it, the text that describes their structure."""

    arrays: dict[str, Array]
    text: str | None
    sealed: bool


def require(holds: bool, text: str) -> None:
    """Raise `ValueError` for a file that breaks a rule; `load` tells it with the file's name."""
    if not holds:
        raise ValueError(text)


def leads_outside(name: str) -> bool:
    """Whether a name in an archive is a path to somewhere else than below the folder that it is unpacked in.

    >>> from minigrad.serialization.structure import leads_outside
    >>> leads_outside("../evil"), leads_outside("layer1/conv.weight")
    (True, False)
    """
    return bool(re.match(r"[A-Za-z]:|/", name)) or "\\" in name or ".." in name.split("/")


def described(value: Any) -> tuple[dict[str, Array], str]:
    """The arrays in `value` under their names, and its structure as text.

    An array's name is its path, the keys joined by points: in a flat dict of tensors, the key. Where that is no
    good name for a member of an archive, or taken, it is `arr_` and a number. Raises `DTypeError` for what files
    do not hold, `ArgumentError` for nesting without end.
    """
    arrays: dict[str, Array] = {}
    return arrays, json.dumps({"format": FORMAT, "value": _described(value, arrays, ())})


def _place(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{key!r}]" for key in path) or "the top"


def _described(value: Any, arrays: dict[str, Array], path: tuple[str | int, ...]) -> Any:
    """`value` as JSON, with arrays replaced by their names."""
    if len(path) > _DEEPEST:
        raise ArgumentError(
            f"save: more than {_DEEPEST} containers in each other, at {_place(path[:3])}…; does a list or dict "
            "contain itself?"
        )
    if isinstance(value, Tensor | np.ndarray):
        return _described_array(value, arrays, path)
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | str | float):
        return {"plain": value}
    if isinstance(value, int):
        if abs(value) >= _LARGEST_INTEGER:
            raise ArgumentError(
                f"save: an integer of {value.bit_length()} bits at {_place(path)}; files hold 4096 bits at most"
            )
        return {"plain": int(value)}
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str | int) or isinstance(key, bool):
                raise DTypeError(
                    f"save: the key {key!r} at {_place(path)} is a {type(key).__name__}; keys are str or int"
                )
        return {"dict": [[key, _described(item, arrays, (*path, key))] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_described(item, arrays, (*path, number)) for number, item in enumerate(value)]}
    raise DTypeError(
        f"save: a {type(value).__name__} at {_place(path)}; files hold dicts, lists and tuples of tensors, "
        "arrays, numbers, strings and None. For a module, save module.state_dict()"
    )


def _described_array(value: Any, arrays: dict[str, Array], path: tuple[str | int, ...]) -> Any:
    array = value._array if isinstance(value, Tensor) else value
    check_supported(array.dtype)
    name = _name(path, arrays)
    arrays[name] = array
    entry: dict[str, Any] = {"tensor" if isinstance(value, Tensor) else "array": name}
    # The axes in the order in which they lie in memory, where that is not their own order.
    order = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
    if order != list(range(array.ndim)):
        entry["order"] = order
    if isinstance(value, Tensor) and value.requires_grad:
        entry["grad"] = True
    return entry


def _name(path: tuple[str | int, ...], taken: Mapping[str, Array]) -> str:
    name, number = ".".join(map(str, path)), len(taken)
    fits = 0 < len(name) <= 1000 and name.isprintable() and not leads_outside(name) and name != "__metadata__"
    while not fits or name in taken:
        name, number, fits = f"arr_{number}", number + 1, True
    return name


def restored(contents: Contents) -> Any:
    """What `described` was given; the tensors by name where there is no description.

    Raises `ValueError`, or another accident, for a description that does not fit the arrays.
    """
    if contents.text is None:
        return {name: Tensor._wrap(_native(array).copy(order="K")) for name, array in contents.arrays.items()}
    structure = json.loads(contents.text)
    known = structure["format"]
    require(known in (FORMAT, _EARLIER), f"it has the format {known!r}, {FORMAT!r} was expected; update minigrad")
    require(contents.sealed or known == _EARLIER, "its checksum is damaged")
    value = _restored(structure["value"], contents.arrays, known == _EARLIER)
    require(not contents.arrays, f"the arrays {list(contents.arrays)[:3]!r:.80} belong nowhere in its description")
    return value


def _restored(entry: dict[str, Any], arrays: dict[str, Array], permuted: bool) -> Any:
    for kind, content in entry.items():
        if kind == "plain":
            require(content is None or isinstance(content, bool | int | str | float), f"{content!r:.80} is no number")
            return content
        if kind == "dict":
            keys = [key for key, _ in content]
            require(all(type(key) in (str, int) for key in keys), "a key is neither a str nor an int")
            require(len(set(keys)) == len(keys), "a key stands twice in a dict")
            return {key: _restored(item, arrays, permuted) for key, item in content}
        if kind == "list":
            return [_restored(item, arrays, permuted) for item in content]
        if kind == "tuple":
            return tuple(_restored(item, arrays, permuted) for item in content)
        if kind in ("tensor", "array"):
            # Taken out, so that a description cannot ask for one array again and again.
            array = arrays.pop(str(content))
            array = _laid_out(array, entry.get("order", list(range(array.ndim))), permuted)
            grad = entry.get("grad", False)
            require(isinstance(grad, bool), f"{grad!r:.80} is neither true nor false")
            return Tensor._wrap(array).requires_grad_(grad) if kind == "tensor" else array
    raise ValueError(f"an entry of an unknown kind: {entry!r:.80}")


def _native(array: Array) -> Array:
    """The array with elements as this machine has them; raises `DTypeError` where tensors cannot have them."""
    dtype = check_supported(array.dtype.newbyteorder("="))
    return array.astype(dtype, order="K", copy=False)


def _laid_out(array: Array, order: list[int], permuted: bool) -> Array:
    """A copy whose axes lie in memory in the given order, slowest first; `permuted` if the file has them so already."""
    require(
        isinstance(order, list) and sorted(order) == list(range(array.ndim)),
        f"{order!r:.80} is no order of {array.ndim} axes",
    )
    array = _native(array)
    back = np.argsort(np.array(order, int))
    if permuted:
        return array.copy(order="C").transpose(back)
    made = np.empty([array.shape[axis] for axis in order], array.dtype).transpose(back)
    made[...] = array
    return made
