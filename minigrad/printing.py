"""How arrays of numbers are written: PyTorch's rules of digits, widths and what is left out."""

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np

from .errors import ArgumentError, DTypeError
from .explaining import as_flag, misplaced

__all__ = ["array_text", "set_printoptions"]

Array = np.ndarray[Any, np.dtype[Any]]

_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": inf, "edgeitems": 3, "linewidth": 80},
}
_options: dict[str, Any] = {**_PROFILES["default"], "sci_mode": None}


def set_printoptions(
    precision: int | None = None,
    threshold: int | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Digits after the point, the number of elements that still prints in full, how many at each edge, line width.

    A `profile`, 'default', 'short' or 'full', sets all four; the other arguments change it. `sci_mode` prints powers
    of ten always or never; every call sets it, and without it the numbers decide. Raises `ArgumentError` for an
    unknown profile.

    >>> import minigrad as mg
    >>> mg.set_printoptions(precision=2); mg.tensor(0.25)
    tensor(0.25)
    >>> mg.set_printoptions(precision=4)
    """
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    for name, value in given.items():
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        endless = name == "threshold" and isinstance(value, float) and value == inf
        if value is not None and not endless and not (whole and 0 <= value < 2**31):
            raise DTypeError(misplaced(value, "set_printoptions", name, "an integer from 0 to 2**31"))
    if precision is not None and precision > 100:
        raise ArgumentError(f"set_printoptions got precision={precision}; up to 100 digits are shown")
    if profile is not None and not (isinstance(profile, str) and profile in _PROFILES):
        raise ArgumentError(f"profile={profile!r}; the profiles are {', '.join(map(repr, _PROFILES))}")
    sci_mode = None if sci_mode is None else as_flag(sci_mode, "set_printoptions", "sci_mode")
    _options.update({} if profile is None else _PROFILES[profile], sci_mode=sci_mode)
    _options.update({name: value for name, value in given.items() if value is not None})


def array_text(array: Array, prefix: str = "") -> str:
    """The elements in brackets, those in the middle left out where there are many; `prefix` stands before them.

    >>> import numpy as np
    >>> from minigrad.printing import array_text
    >>> array_text(np.array([1.0, 2.5]))
    '[1.0000, 2.5000]'
    """
    text = np.array2string(
        array,
        separator=", ",
        prefix=prefix,
        formatter=_formatter_of(array),
        max_line_width=_options["linewidth"],
        threshold=_options["threshold"],
        edgeitems=_options["edgeitems"],
    )
    return text.replace(", ..., ", ",  ..., ")  # two spaces, as PyTorch has it


def _shown(array: Array) -> Array:
    """The elements that will be printed: those at the edges, where there are many."""
    if array.size <= _options["threshold"]:
        return array
    edge = _options["edgeitems"]
    for axis, size in enumerate(array.shape):
        if size > 2 * edge:
            array = array.take([*range(edge), *range(size - edge, size)], axis)
    return array


def _formatter_of(array: Array) -> Any:
    """How NumPy is to write the elements; integers as it does anyway."""
    if array.dtype.kind == "f":
        return {"float_kind": _format_of(array)}
    if array.dtype.kind == "b":
        width = 4 if _shown(array).all() else 5
        return {"bool": lambda value: str(value).rjust(width if array.ndim else 0)}
    return None


def _format_of(array: Array) -> Callable[[Any], str]:
    """One format for all numbers, by PyTorch's rule: `1.` where all are whole, powers of ten where far apart."""
    shown = np.abs(_shown(array).astype(np.float64).ravel())
    values = shown[np.isfinite(shown) & (shown != 0)]
    if values.size == 0:
        return lambda value: f"{value:.0f}." if value == 0 else f"{value}"
    smallest, largest, whole = float(values.min()), float(values.max()), bool((values == np.ceil(values)).all())
    powers = _options["sci_mode"]
    if powers is None:
        powers = largest / smallest > 1000 or largest > 1e8 or (not whole and smallest < 1e-4)
    digits = _options["precision"]
    pattern = f".{digits}e" if powers else ".0f" if whole else f".{digits}f"
    point = "." if whole and not powers else ""
    sample = _shown(array).ravel()
    width = max(len(f"{value:{pattern}}{point}") for value in sample[np.isfinite(sample)].tolist())
    return lambda value: (f"{value:{pattern}}{point}" if np.isfinite(value) else f"{value}").rjust(width)
