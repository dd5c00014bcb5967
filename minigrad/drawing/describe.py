"""Shapes, arguments and arrays in a few words."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..geometry import Geometry
from ..kernels.indexing import Index
from .graph import Array

__all__ = ["array_lines", "number_text", "shape_text", "short", "static_notes"]

FEW = 6  # numbers that are written out in a row
ROWS = 4


def short(text: str, most: int = 44) -> str:
    """`text`, cut in its middle where it is longer than `most`."""
    if len(text) <= most:
        return text
    return f"{text[: most // 2 - 1]}…{text[-(most - most // 2) :]}"


def shape_text(shape: tuple[int, ...], dtype: Any = None) -> str:
    """A shape, and a dtype other than float32: '2×3', '(3,)', 'scalar float64'."""
    sizes = "×".join(map(str, shape)) if len(shape) > 1 else str(shape) if shape else "scalar"
    return sizes if dtype is None or dtype == np.float32 else f"{sizes} {np.dtype(dtype).name}"


def number_text(value: Any) -> str:
    """A number in at most five digits."""
    value = np.asarray(value).item()
    if isinstance(value, float):
        text = f"{value:.4g}"
        return text.replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")
    return str(value)


def array_lines(array: Array) -> list[str]:
    """A small array written out, a larger one as its mean and range, and how many of its elements are no numbers."""
    if array.size == 0:
        return ["empty"]
    if array.ndim == 0:
        return [number_text(array)]
    if array.ndim == 1 and array.size <= FEW:
        return ["[" + ", ".join(map(number_text, array)) + "]"]
    if array.ndim == 2 and array.shape[0] <= ROWS and array.shape[1] <= FEW:
        cells = [[number_text(cell) for cell in row] for row in array]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        return ["[" + " ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) + "]" for row in cells]
    if array.size == 1:
        return [number_text(array.reshape(()))]
    if array.dtype.kind == "b":
        return [f"{int(array.sum())} of {array.size} true"]
    finite = array[np.isfinite(array)]
    lines = []
    if finite.size:
        lowest, highest = number_text(finite.min()), number_text(finite.max())
        lines = [f"{lowest} … {highest}, mean {number_text(finite.mean(dtype=np.float64))}"]
    if finite.size < array.size:
        bad = np.isnan(array).sum()
        parts = [f"{count} {name}" for count, name in ((bad, "NaN"), (array.size - finite.size - bad, "inf")) if count]
        lines.append(" and ".join(parts))
    return lines


# -------------------------------------------------------------- arguments


def static_notes(operation: Any, static: Mapping[str, Any]) -> list[str]:
    """The arguments of an operation that are no tensors and say more than its shapes."""
    notes: list[str] = []
    for name, value in static.items():
        if isinstance(value, Geometry):
            notes += _geometry_notes(value, "w" not in getattr(operation, "arguments", ()))
        elif name != "shape" and value is not None and value is not False:
            text = _value_text(value)
            notes.append(name if value is True else f"{name} {text}" if not text.startswith("[") else text)
    return [short(note, 36) for note in notes]


def _geometry_notes(geometry: Geometry, kernel: bool) -> list[str]:
    count = len(geometry.stride)
    notes = [f"kernel {_sizes(geometry.kernel)}"] if kernel else []
    for name, default in (("stride", 1), ("dilation", 1)):
        sizes = getattr(geometry, name)
        if sizes != (default,) * count:
            notes.append(f"{name} {_sizes(sizes)}")
    if any(map(any, geometry.padding)):
        even = all(before == after for before, after in geometry.padding)
        sides = tuple(before for before, _ in geometry.padding) if even else geometry.padding
        notes.append(f"padding {_sizes(sides)}")
    if geometry.groups != 1:
        notes.append(f"groups {geometry.groups}")
    return notes


def _sizes(sizes: tuple[Any, ...]) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else "×".join(str(size).replace(" ", "") for size in sizes)


def _value_text(value: Any) -> str:
    if isinstance(value, Index):
        return "".join("[" + ", ".join(map(_index_text, step)) + "]" for step in value.steps)
    if isinstance(value, np.ndarray):
        return f"{shape_text(value.shape)} {value.dtype}"
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, tuple | list):
        return ", ".join(map(_value_text, value)) or "()"
    if isinstance(value, bool | int | str):
        return str(value)
    return type(value).__name__


def _index_text(part: Any) -> str:
    if isinstance(part, slice):
        start, stop, step = ("" if side is None else str(side) for side in (part.start, part.stop, part.step))
        return f"{start}:{stop}" + (f":{step}" if step not in ("", "1") else "")
    if isinstance(part, np.ndarray):
        return f"{part.dtype}({shape_text(part.shape)})"
    return "…" if part is Ellipsis else str(part)
