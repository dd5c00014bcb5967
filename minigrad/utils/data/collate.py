"""From a list of items to one batch."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...creation import from_numpy, tensor
from ...errors import ArgumentError, DTypeError, ShapeError
from ...ops.joining import stack
from ...tensor import Tensor
from .sampler import indexed

__all__ = ["default_collate", "default_convert"]


def default_collate(batch: Sequence[Any]) -> Any:
    """Put a list of items together into one batch, keeping their structure.

    Tensors and arrays (*) become one tensor (N, *); Python floats a float64, ints an int64, bools a bool tensor
    (N,); strings and bytes stay as they are. Mappings, named tuples and sequences are gone through entry by entry; a
    tuple comes out as a list. Raises `ShapeError` for entries that differ in shape or length, `DTypeError` for types
    that do not fit in a tensor, `ArgumentError` for an empty batch or keys that an item lacks.

    >>> from minigrad.utils.data import default_collate
    >>> default_collate([(0.5, "a"), (1.5, "b")])[1]
    ('a', 'b')
    """
    if not len(indexed("default_collate", batch)):
        raise ArgumentError("default_collate got an empty batch; does the batch_sampler yield an empty list?")
    first = batch[0]
    if isinstance(first, Tensor | np.ndarray | np.generic):
        return _stacked(batch)
    if isinstance(first, float):
        return tensor(batch, dtype=np.float64)
    if isinstance(first, int):
        return tensor(batch)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        _check_kind(batch, Mapping)
        _check_keys(batch)
        return _rebuilt(first, {key: default_collate([item[key] for item in batch]) for key in first})
    if isinstance(first, Sequence):
        _check_kind(batch, Sequence)
        _check_lengths(batch)
        fields = [default_collate(field) for field in zip(*batch, strict=True)]
        if hasattr(first, "_fields"):
            return type(first)(*fields)
        return fields if isinstance(first, tuple) else _rebuilt(first, fields)
    raise DTypeError(
        f"default_collate cannot batch items of type {type(first).__name__}; it takes tensors, arrays, numbers, "
        "strings, mappings and sequences of these. Return one of them, or pass collate_fn="
    )


def default_convert(data: Any) -> Any:
    """Turn the NumPy arrays in one item into tensors, keeping its structure; all else passes through.

    >>> from minigrad.utils.data import default_convert
    >>> import numpy as np
    >>> default_convert({"x": np.zeros(2), "name": "a"})["x"].shape == (2,)
    True
    """
    if isinstance(data, np.ndarray | np.generic) and data.dtype.kind in "biufc":
        return from_numpy(np.asarray(data))
    if isinstance(data, Mapping):
        return _rebuilt(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, Sequence) and not isinstance(data, str | bytes | Tensor):
        entries = [default_convert(entry) for entry in data]
        return entries if isinstance(data, tuple) else _rebuilt(data, entries)
    return data


def _stacked(batch: Sequence[Any]) -> Tensor:
    _check_kind(batch, Tensor | np.ndarray | np.generic)
    _check_shapes([item.shape for item in batch])
    dtype = batch[0].dtype
    _check_dtype(dtype)
    if all(item.dtype == dtype and not getattr(item, "requires_grad", False) for item in batch):
        return from_numpy(np.stack([item.numpy() if isinstance(item, Tensor) else item for item in batch]))
    return stack([item if isinstance(item, Tensor) else from_numpy(np.asarray(item)) for item in batch], 0)


def _rebuilt(like: Any, content: Any) -> Any:
    # A class whose constructor wants something else (defaultdict, range) gets the plain dict or list.
    make: Callable[[Any], Any] = type(like)
    try:
        return make(content)
    except TypeError:
        return content


def _check_kind(batch: Sequence[Any], kind: Any) -> None:
    for position, item in enumerate(batch):
        if not isinstance(item, kind):
            raise DTypeError(
                f"default_collate: item 0 of the batch is a {type(batch[0]).__name__}, item {position} a "
                f"{type(item).__name__}; one batch needs one kind. Return the same from every item, or pass collate_fn="
            )


def _check_dtype(dtype: np.dtype[Any]) -> None:
    if dtype.kind not in "biufc":
        raise DTypeError(
            f"default_collate got arrays of dtype {dtype}, which no tensor can hold; convert them to numbers, or pass "
            "collate_fn="
        )


def _check_shapes(shapes: list[tuple[int, ...]]) -> None:
    if any(shape != shapes[0] for shape in shapes):
        position = next(i for i, shape in enumerate(shapes) if shape != shapes[0])
        raise ShapeError(
            f"default_collate: item 0 of the batch has shape {tuple(shapes[0])}, item {position} has "
            f"{tuple(shapes[position])}; one batch needs one shape. Resize or pad the items, or pass collate_fn="
        )


def _check_keys(batch: Sequence[Mapping[Any, Any]]) -> None:
    for position, item in enumerate(batch):
        if missing := [key for key in batch[0] if key not in item]:
            raise ArgumentError(
                f"default_collate: item {position} of the batch lacks the keys {missing} that item 0 has; give every "
                "item the same keys, or pass collate_fn="
            )


def _check_lengths(batch: Sequence[Any]) -> None:
    lengths = [len(item) for item in batch]
    if any(length != lengths[0] for length in lengths):
        raise ShapeError(
            f"default_collate: the items of this batch have {sorted(set(lengths))} entries; all need equally many. Pad "
            "them to one length, or pass collate_fn="
        )
