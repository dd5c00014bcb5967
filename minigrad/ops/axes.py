"""Reading `dim` arguments: numbers of axes, negative ones counted from the end."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, IndexOutOfRangeError

Dims = int | Sequence[int] | None


def whole(value: Any, name: str) -> int:
    """`value` as an integer; raises `DTypeError` for fractions and other objects."""
    try:
        return value.__index__()  # type: ignore[no-any-return]
    except (AttributeError, TypeError):
        raise DTypeError(f"{name} got {value!r} where an integer belongs") from None


def axis_of(dim: int, ndim: int, name: str) -> int:
    """The axis `dim` means in a tensor of `ndim` axes, counted from 0.

    Raises `IndexOutOfRangeError` where there is no such axis.
    """
    dim = whole(dim, name)
    limit = max(ndim, 1)
    if not -limit <= dim < limit:
        raise IndexOutOfRangeError(
            f"{name} got dim={dim} for a tensor with {ndim} {'axis' if ndim == 1 else 'axes'}; it can be {-limit} to "
            f"{limit - 1}"
        )
    return dim % limit


def axes_of(dim: Dims, ndim: int, name: str) -> tuple[int, ...]:
    """The axes that `dim` means: all of them for None.

    Raises `IndexOutOfRangeError` for an axis there is not, `ArgumentError` for one named twice.
    """
    if dim is None:
        return tuple(range(ndim))
    if isinstance(dim, np.ndarray):
        dim = dim.tolist()
    if not isinstance(dim, Sequence) or isinstance(dim, str):
        return (axis_of(dim, ndim, name),) if ndim else _checked_scalar(dim, name)
    axes = tuple(axis_of(one, ndim, name) for one in dim)
    if len(set(axes)) != len(axes):
        raise ArgumentError(f"{name} got dim={tuple(dim)}, which names an axis twice")
    return axes if ndim else ()


def _checked_scalar(dim: int, name: str) -> tuple[int, ...]:
    axis_of(dim, 0, name)
    return ()


def sizes_of(sizes: Any, name: str) -> tuple[int, ...]:
    """Sizes given as an integer, a sequence or an array; raises `DTypeError` for what is no integer."""
    if isinstance(sizes, np.ndarray):
        sizes = sizes.tolist()
    given = sizes if isinstance(sizes, Sequence) and not isinstance(sizes, str) else (sizes,)
    return tuple(whole(size, name) for size in given)
