"""Resizing: along each axis a sparse linear map, made of `take`, weights and `take_adjoint`.

The map of one axis has entries (row, column, weight): output `row` gets `weight`
times input `column`. It is separable, so the axes follow one another, and its
derivatives of every order are those of its parts.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import ArgumentError, DTypeError, ShapeError
from ..geometry import per_axis
from ..operands import as_operand
from ..registry import function
from ..tensor import Array, Tensor
from .padding import take, take_adjoint


class _Map(NamedTuple):
    """The entries of a sparse matrix by rows; no weights mean ones, no rows one entry in each."""

    columns: Array
    rows: Array | None = None
    weights: Array | None = None


# ----------------------------------------------------------- the maps of one axis


def _step(n: int, o: int, scale: float | None, align: bool, real: Any) -> Any:
    """How far apart in the input neighbouring outputs lie."""
    if align:
        return real(n - 1) / real(o - 1) if o > 1 else real(0)
    return real(1 / scale) if scale is not None and scale > 0 else real(n) / real(o)


def _nearest(n: int, o: int, step: Any, exact: bool) -> _Map:
    """One input each: that below i·step, or with `exact` below (i + 1/2)·step."""
    real = type(step)
    places = (np.arange(o, dtype=real) + real(0.5 if exact else 0)) * step
    return _Map(np.minimum(np.floor(places).astype(np.intp), n - 1))


def _centres(o: int, step: Any, align: bool) -> Array:
    """Where the outputs lie in the input, whose elements lie at 0, 1, …, n − 1."""
    half = type(step)(0.5)
    places = np.arange(o, dtype=type(step))
    return np.asarray(places * step if align else (places + half) * step - half)


def _linear(n: int, o: int, step: Any, align: bool) -> _Map:
    """The two neighbours, by nearness; before the first and behind the last, that one."""
    places = np.clip(_centres(o, step, align), 0, n - 1)
    below = np.floor(places).astype(np.intp)
    part = places - below
    return _of_taps([below, np.minimum(below + 1, n - 1)], [1 - part, part])


def _cubic(n: int, o: int, step: Any, align: bool) -> _Map:
    """Four neighbours, by the cubic convolution with a = −3/4 (Keys, 1981); beyond the edges, the edges repeated."""
    places = _centres(o, step, align)
    below = np.floor(places)
    part = places - below
    columns = [np.clip(below.astype(np.intp) + tap, 0, n - 1) for tap in (-1, 0, 1, 2)]
    return _of_taps(columns, [_keys(part - tap, -0.75) for tap in (-1, 0, 1, 2)])


def _antialiased(n: int, o: int, step: Any, kernel: Callable[[Array], Array], support: float) -> _Map:
    """A filter as wide as its outputs lie apart, over all inputs that it reaches; its weights add up to 1."""
    stretch = max(float(step), 1.0)
    rows, columns, weights = [], [], []
    for i in range(o):
        centre = float(step) * (i + 0.5)
        first = max(int(centre - support * stretch + 0.5), 0)
        members = np.arange(first, min(int(centre + support * stretch + 0.5), n))
        part = kernel((members - centre + 0.5) / stretch)
        rows.append(np.full(len(members), i))
        columns.append(members)
        weights.append(part / part.sum())
    return _Map(np.concatenate(columns), np.concatenate(rows), np.concatenate(weights))


def _of_taps(columns: Sequence[Array], weights: Sequence[Array]) -> _Map:
    """As many entries in every row."""
    rows = np.repeat(np.arange(len(columns[0])), len(columns))
    return _Map(np.stack(columns, 1).ravel(), rows, np.stack(weights, 1).ravel())


def _triangle(x: Array) -> Array:
    return np.asarray(np.maximum(1 - np.abs(x), 0))


def _keys(x: Array, a: float) -> Array:
    """The cubic convolution kernel (Keys, 1981)."""
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def _sinc(x: Array) -> Array:
    """Lanczos's window of three lobes (Duchon, 1979)."""
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


# Kernel and half its width, where the outputs lie one input apart.
_FILTERS: dict[str, tuple[Callable[[Array], Array], float]] = {
    "linear": (_triangle, 1),
    "cubic": (lambda x: _keys(x, -0.5), 2),
    "lanczos": (_sinc, 3),
}

_MODES = ("nearest", "nearest-exact", "linear", "cubic")


def _map(mode: str, n: int, o: int, scale: float | None, align: bool, antialias: bool, real: Any) -> _Map:
    if mode in ("nearest", "nearest-exact"):
        return _nearest(n, o, _step(n, o, scale, False, real), mode == "nearest-exact")
    step = _step(n, o, scale, align, real)
    if n == o and mode == "linear" and not antialias:
        return _Map(np.arange(n))
    if antialias:
        return _antialiased(n, o, step, *_FILTERS[mode])
    return _linear(n, o, step, align) if mode == "linear" else _cubic(n, o, step, align)


def _mapped(x: Tensor, axis: int, entries: _Map, size: int) -> Tensor:
    y = take(x, index=entries.columns, axis=axis)
    if entries.weights is not None:
        y = y * Tensor._wrap(entries.weights.astype(x.dtype).reshape(-1, *(1,) * (x.ndim - axis - 1)))
    return y if entries.rows is None else take_adjoint(y, index=entries.rows, axis=axis, size=size)


def _mapped_bytes(x: Tensor, axis: int, entries: _Map, size: int) -> Tensor:
    """The map of an image of uint8, rounded to uint8: in fixed point with weights of 16 bits, as PyTorch's."""
    if entries.weights is None or entries.rows is None:
        return _mapped(x, axis, entries, size)
    n = x.shape[axis]
    places, entry = np.unique(entries.rows * n + entries.columns, return_inverse=True)
    weights = np.bincount(entry, entries.weights)  # of an edge that is met more than once, their sum
    bits = 0
    while bits < 22 and int(0.5 + weights.max() * 2 ** (bits + 1)) < 2**15:
        bits += 1
    whole = np.trunc(weights * 2**bits + np.copysign(0.5, weights)).astype(np.int32)
    total = _mapped(x.to(dtype=np.dtype(np.int32)), axis, _Map(places % n, places // n, whole), size)
    rounded = (total._array + 2 ** (bits - 1)) >> bits
    return Tensor._wrap(np.clip(rounded, 0, 255).astype(np.uint8))


# ------------------------------------------------------------------------ resize


@function
def resize(
    input: Tensor,
    size: Any,
    mode: str = "nearest",
    align_corners: bool = False,
    scale: Sequence[float | None] | None = None,
    antialias: bool = False,
) -> Tensor:
    """The last axes with other sizes: between the elements of the input, the output is interpolated.

    (*a, *n) -> (*a, *size)

    `mode`, for every axis: 'nearest' (the element below i·n/o), 'nearest-exact'
    (the one nearest), 'linear', 'cubic' (Keys, 1981). Elements are intervals whose
    centres lie at (i + 1/2)·n/o; with `align_corners` they are points, and the
    first and last ones coincide. (Means over stretches are adaptive pooling.)
    `scale` gives o/n where it is not that of the sizes; of two axes 'nearest' passes
    it over where o is n or 2n. With `antialias` 'linear',
    'cubic' and 'lanczos' filter before they shrink.

    Raises `ArgumentError` for another mode, `ShapeError` for sizes below 1 or more
    sizes than axes, `DTypeError` for integers that cannot be weighted (uint8 is rounded).

    >>> import minigrad as mg
    >>> mg.resize(mg.tensor([0., 2., 4.]), (6,), "linear")
    tensor([0.0000, 0.5000, 1.5000, 2.5000, 3.5000, 4.0000])
    """
    input = as_operand(input, "resize")
    if mode not in (_FILTERS if antialias else _MODES):
        raise ArgumentError(
            f"resize got mode={mode!r}{' with antialias' if antialias else ''}; it is one of "
            f"{', '.join(_FILTERS if antialias else _MODES)}"
        )
    axes = len(size) if isinstance(size, Sequence) and not isinstance(size, str) else 1
    sizes = per_axis(size, axes, "size", 0)
    if max(sizes, default=0) >= 2**40 or math.prod(sizes) >= 2**48:
        raise ArgumentError(f"resize to {sizes}: no memory holds so many elements")
    scales = (None,) * axes if scale is None else tuple(scale)
    lead = input.ndim - axes
    if lead < 0 or len(scales) != axes or min(*sizes, *input.shape[lead:]) < 1:
        raise ShapeError(
            f"resize of shape {input.shape} to {sizes}: as many of the last axes as there are sizes are resized, and "
            "both the old and the new sizes must be at least 1"
        )
    kind = input.dtype
    if kind.kind != "f" and kind != np.uint8 and mode not in ("nearest", "nearest-exact"):
        raise DTypeError(
            f"resize of a tensor of {kind} with mode={mode!r}: its values would have to be rounded. Convert it first, "
            "for example t.float()"
        )
    exact = kind == np.float64 or (kind == np.uint8 and not mode.startswith("nearest"))
    real = np.float64 if exact else np.float32
    wide = input.to(dtype=np.dtype(np.float32)) if kind == np.float16 else input
    mapped = _mapped_bytes if kind == np.uint8 else _mapped
    for axis in reversed(range(axes)):
        n, o, factor = input.shape[lead + axis], sizes[axis], scales[axis]
        if mode == "nearest" and axes == 2 and o in (n, 2 * n):
            factor = None  # in the plane, as in PyTorch, a map of such a size is the input, or repeats each element
        if n != o or (factor is not None and (kind != np.uint8 or mode.startswith("nearest"))):
            wide = mapped(wide, lead + axis, _map(mode, n, o, factor, align_corners, antialias, real), o)
    return wide.to(dtype=kind)
