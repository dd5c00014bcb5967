"""How tensors print: as in PyTorch, values first, then what is not obvious."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..dtypes import get_default_dtype
from .core import Array, TensorCore

_options: dict[str, Any] = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80}


def set_printoptions(
    precision: int | None = None,
    threshold: int | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
) -> None:
    """Digits after the point, the number of elements that still prints in full, how many at each edge, line width.

    >>> import minigrad as mg
    >>> mg.set_printoptions(precision=2); mg.tensor(0.25)
    tensor(0.25)
    >>> mg.set_printoptions(precision=4)
    """
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    _options.update({name: value for name, value in given.items() if value is not None})


class Display(TensorCore):
    """`repr` and `str`."""

    __slots__ = ()

    def __repr__(self) -> str:
        prefix = "tensor("
        options = {key: value for key, value in _options.items() if key not in ("linewidth", "precision")}
        text = np.array2string(
            self._array,
            separator=", ",
            prefix=prefix,
            formatter={"float_kind": _format_of(self._array)} if self.dtype.kind == "f" else None,
            max_line_width=_options["linewidth"],
            **options,
        )
        text = text.replace(", ..., ", ",  ..., ")  # two spaces, as PyTorch has it
        notes = []
        if self._array.size == 0 and self.shape != (0,):
            notes.append(f"size={self.shape}")
        plain = (get_default_dtype(), np.bool_) if self._array.size == 0 else (get_default_dtype(), np.int64, np.bool_)
        if self.dtype not in plain:
            notes.append(f"dtype={self.dtype}")
        if self.grad_fn is not None:
            notes.append(f"grad_fn={self.grad_fn!r}")
        elif self.requires_grad:
            notes.append("requires_grad=True")
        return prefix + ", ".join([text, *notes]) + ")"


def _shown(array: Array) -> Array:
    """The elements that will be printed: those at the edges, where there are many."""
    if array.size <= _options["threshold"]:
        return array
    edge = _options["edgeitems"]
    for axis, size in enumerate(array.shape):
        if size > 2 * edge:
            array = array.take([*range(edge), *range(size - edge, size)], axis)
    return array


def _format_of(array: Array) -> Callable[[Any], str]:
    """One format for all numbers, by PyTorch's rule: `1.` where all are whole, powers of ten where far apart."""
    shown = np.abs(_shown(array).astype(np.float64).ravel())
    values = shown[np.isfinite(shown) & (shown != 0)]
    if values.size == 0:
        return lambda value: f"{value:.0f}." if value == 0 else f"{value}"
    smallest, largest, whole = values.min(), values.max(), bool((values == np.ceil(values)).all())
    powers = largest / smallest > 1000 or largest > 1e8 or (not whole and smallest < 1e-4)
    digits = _options["precision"]
    pattern = f".{digits}e" if powers else ".0f" if whole else f".{digits}f"
    point = "." if whole and not powers else ""
    sample = _shown(array).ravel()
    width = max(len(f"{value:{pattern}}{point}") for value in sample[np.isfinite(sample)].tolist())
    return lambda value: (f"{value:{pattern}}{point}" if np.isfinite(value) else f"{value}").rjust(width)
