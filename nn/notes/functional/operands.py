"""What the notes' functions take: maps, with or without a batch axis."""

from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError

__all__ = ["as_floating", "as_maps", "as_positive", "as_sign"]


def as_floating(input: Any, name: str) -> mg.Tensor:
    """The input as a floating tensor; raises `DTypeError` for integers.

    >>> from nn.notes.functional.operands import as_floating
    >>> as_floating(0.5, "softplus")
    tensor(0.5000)
    """
    tensor: mg.Tensor = mg.as_operand(input, name)
    if tensor.dtype.kind != "f":
        raise DTypeError(f"{name} got a tensor of {tensor.dtype}; convert it first, for example x.float()")
    return tensor


def as_maps(input: Any, name: str) -> mg.Tensor:
    """The input as floating maps (N, C, H, W) or (C, H, W); raises `ShapeError` for another rank, or empty maps.

    >>> import minigrad as mg
    >>> from nn.notes.functional.operands import as_maps
    >>> as_maps(mg.ones(3, 4, 4), "gain").shape
    (3, 4, 4)
    """
    maps = as_floating(input, name)
    if maps.ndim not in (3, 4):
        remedy = ". Are the batch and channel axes missing? Use x[None, None]" if maps.ndim == 2 else ""
        raise ShapeError(f"{name} got a tensor of shape {maps.shape}; it takes maps (N, C, H, W) or (C, H, W){remedy}")
    if 0 in maps.shape[-3:]:
        raise ShapeError(f"{name} got maps of shape {maps.shape}; only the batch may be empty")
    return maps


def as_positive(value: Any, name: str, role: str) -> float:
    """A finite number above 0; raises `ArgumentError` for another.

    >>> from nn.notes.functional.operands import as_positive
    >>> as_positive(2, "softplus", "k")
    2.0
    """
    number: float = mg.as_number(value, name, role)
    if not 0 < number < mg.inf:
        raise ArgumentError(f"{name} got {role}={number}; it is a finite number above 0")
    return number


def as_sign(value: Any, name: str) -> int:
    """1 where the bias is added, −1 where it is subtracted, as in note C; raises `ArgumentError` for another number.

    >>> from nn.notes.functional.operands import as_sign
    >>> as_sign(-1, "linear")
    -1
    """
    sign: int = mg.as_integer(value, name, "bias_sign")
    if sign not in (1, -1):
        raise ArgumentError(f"{name} got bias_sign={sign}; it is 1, or -1 where the bias is subtracted as in note C")
    return sign
