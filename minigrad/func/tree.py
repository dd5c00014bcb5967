"""Nested tuples, lists and dictionaries of tensors: taken apart into a list, and put together again."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ..errors import ArgumentError, DTypeError
from ..tensor import Tensor

__all__ = ["Structure", "flatten", "leaves_as", "tensors_in", "unflatten"]


class Structure(NamedTuple):
    """The shape of a tree: what it is made of; a leaf has no kind.

    >>> from minigrad.func.tree import flatten
    >>> print(flatten((1, {"a": 2}))[1])
    (*, {'a': *})
    """

    kind: Any = None
    keys: tuple[Any, ...] = ()
    children: tuple["Structure", ...] = ()

    def __str__(self) -> str:
        inside = [str(child) for child in self.children]
        if self.kind is None:
            return "*"
        if self.keys:
            return "{" + ", ".join(f"{key!r}: {one}" for key, one in zip(self.keys, inside, strict=True)) + "}"
        if self.kind is list:
            return "[" + ", ".join(inside) + "]"
        return "(" + ", ".join(inside) + ("," if len(inside) == 1 else "") + ")"


LEAF = Structure()


def _parts(tree: Any) -> tuple[Any, tuple[Any, ...], Sequence[Any]] | None:
    """What a tree is made of: its kind, its keys and its children; None for a leaf."""
    kind = type(tree)
    if kind in (dict, OrderedDict):
        return kind, tuple(tree), list(tree.values())
    if kind in (tuple, list) or (isinstance(tree, tuple) and hasattr(tree, "_fields")):
        return kind, (), list(tree)
    return None


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves from left to right, and the structure that `unflatten` puts them into.

    >>> from minigrad.func.tree import flatten, unflatten
    >>> leaves, structure = flatten((1, {"a": [2, 3]})); leaves
    [1, 2, 3]
    >>> unflatten([4, 5, 6], structure)
    (4, {'a': [5, 6]})
    """
    parts = _parts(tree)
    if parts is None:
        return [tree], LEAF
    kind, keys, below = parts
    found = [flatten(child) for child in below]
    leaves = [leaf for some, _ in found for leaf in some]
    return leaves, Structure(kind, keys, tuple(structure for _, structure in found))


def unflatten(leaves: Sequence[Any], structure: Structure) -> Any:
    """The tree of that structure with these leaves."""
    return _built(iter(leaves), structure)


def _built(rest: Iterator[Any], structure: Structure) -> Any:
    # No function inside another: one that calls itself is a circle, which would keep the leaves alive.
    if structure.kind is None:
        return next(rest)
    below = [_built(rest, child) for child in structure.children]
    if structure.kind in (dict, OrderedDict):
        return structure.kind(zip(structure.keys, below, strict=True))
    return structure.kind(below) if structure.kind in (tuple, list) else structure.kind(*below)


def leaves_as(tree: Any, structure: Structure, what: str) -> list[Any]:
    """The leaves of a tree that must have the given structure; dictionaries may be in another order.

    Raises `ArgumentError` where it has another one.
    """
    leaves: list[Any] = []
    if not _collected(tree, structure, leaves):
        raise ArgumentError(f"{what} have the structure {flatten(tree)[1]}, expected {structure}, where * is a tensor")
    return leaves


def _collected(part: Any, structure: Structure, leaves: list[Any]) -> bool:
    """Whether a tree has that structure; its leaves are added to `leaves`."""
    if structure.kind is None:
        leaves.append(part)
        return _parts(part) is None
    parts = _parts(part)
    if parts is None or len(parts[2]) != len(structure.children) or set(parts[1]) != set(structure.keys):
        return False
    if (structure.kind is list) != (parts[0] is list):
        return False
    below = [part[key] for key in structure.keys] if structure.keys else parts[2]
    return all(_collected(child, one, leaves) for child, one in zip(below, structure.children, strict=True))


def tensors_in(tree: Any, what: str) -> tuple[list[Tensor], Structure]:
    """The leaves, all of which must be tensors, and the structure.

    Raises `DTypeError` for anything else among them.
    """
    leaves, structure = flatten(tree)
    for leaf in leaves:
        if not isinstance(leaf, Tensor):
            raise DTypeError(
                f"{what}: a {type(leaf).__name__} arrived where tensors belong, or tuples, lists and dictionaries of "
                "them. Wrap a number in mg.tensor, or take it from the function's surroundings"
            )
    return leaves, structure
