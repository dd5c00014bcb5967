"""Labels as vectors: one 1 where the classes exclude each other, several where they do not (N2, X22)."""

from collections.abc import Sequence
from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError
from minigrad.registry import guarded

__all__ = ["multi_hot", "one_hot"]


def _classes(classes: Any, name: str) -> list[Any]:
    """The classes by name; numbers from 0 on where only their number is given."""
    if isinstance(classes, str) or not hasattr(classes, "__iter__"):
        number = mg.as_integer(classes, name, "classes")
        if number < 1:
            raise ArgumentError(f"{name} got classes={number}; it is a number of classes, or a list of their names")
        return list(range(number))
    names = list(classes)
    unordered = isinstance(classes, set | frozenset)
    if unordered or not names or any(not isinstance(one, str) for one in names) or len(set(names)) < len(names):
        raise ArgumentError(
            f"{name} got classes={classes!r}; they are names in order, each of them once, or the number of classes"
        )
    return names


def _place(label: Any, classes: list[Any], name: str) -> int:
    """The number of a label."""
    if isinstance(label, str) or isinstance(classes[0], str):
        if not isinstance(label, str) or label not in classes:
            known = ", ".join(map(str, classes[:9])) + (", …" if len(classes) > 9 else "")
            raise ArgumentError(f"{name} got the label {label!r}; the classes are {known}")
        return classes.index(label)
    number: int = mg.as_integer(label, name, "label")
    if not 0 <= number < len(classes):
        raise IndexOutOfRangeError(f"{name} got the label {number}; {len(classes)} classes have the numbers 0 to "
                                   f"{len(classes) - 1}")  # fmt: skip
    return number


def _members(labels: Any, name: str) -> list[Any]:
    """Several labels in a list, set, array or tensor."""
    if hasattr(labels, "tolist"):
        labels = labels.tolist()
    if isinstance(labels, str) or not isinstance(labels, Sequence | set | frozenset):
        raise DTypeError(f"{name} got {labels!r}; it takes labels in a list, a set or a tensor")
    return list(labels)


@guarded
def one_hot(labels: Any, classes: Any, dtype: Any = None) -> mg.Tensor:
    """1 at the place of the label and 0 elsewhere, for classes that exclude each other (N2).

    One label -> (K); N labels -> (N, K)

    `classes` are their names in order, or their number K; labels are names or
    numbers. Goes with a softmax and the cross-entropy. Raises `ArgumentError`
    for a name that is none of them, `IndexOutOfRangeError` for such a number,
    `DTypeError` for a set, whose labels have no order.

    >>> import nn
    >>> nn.notes.one_hot("smiling", ["smiling", "crying", "laughing", "angry"])
    tensor([1., 0., 0., 0.])
    """
    names = _classes(classes, "one_hot")
    single = isinstance(labels, str) or not hasattr(labels, "__iter__") or getattr(labels, "ndim", 1) == 0
    if isinstance(labels, set | frozenset):
        raise DTypeError(
            "one_hot got a set, which has no order, and each label makes a row. Give a list; for several labels of one "
            "sample there is multi_hot"
        )
    members = [labels] if single else _members(labels, "one_hot")
    encoded = mg.zeros(len(members), len(names), dtype=dtype)
    for row, label in enumerate(members):
        encoded[row, _place(label, names, "one_hot")] = 1
    return encoded[0] if single else encoded


@guarded
def multi_hot(labels: Any, classes: Any, dtype: Any = None) -> mg.Tensor:
    """1 at the place of each of the labels and 0 elsewhere, for classes that may come together (N2, X22).

    Labels of one sample -> (K); a list of the labels of N samples -> (N, K)

    `classes` and labels as for `one_hot`; a sample may have no label. Goes with
    a sigmoid and the binary cross-entropy, `nn.BCEWithLogitsLoss`. Raises as `one_hot`.

    >>> import nn
    >>> nn.notes.multi_hot({"table", "chair"}, ["table", "couch", "chair"])
    tensor([1., 0., 1.])
    """
    names = _classes(classes, "multi_hot")
    samples = _members(labels, "multi_hot")
    several = bool(samples) and not any(isinstance(one, str) or not hasattr(one, "__iter__") for one in samples)
    encoded = mg.zeros(len(samples) if several else 1, len(names), dtype=dtype)
    for row, members in enumerate(samples if several else [samples]):
        for label in _members(members, "multi_hot"):
            encoded[row, _place(label, names, "multi_hot")] = 1
    return encoded if several else encoded[0]
