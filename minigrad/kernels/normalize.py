"""Standardising and its derivatives, slice by slice: what lies between the steps never leaves the cache.

Statistics have size 1 along the axes that they are taken over. The variance is
that of centred values, so that a large mean does no harm.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from .sums import Order, added, begun, begun_products, order_of

Array = np.ndarray[Any, np.dtype[Any]]

# Elements of a slice.
PIECE = 1 << 16


def _slices(*laid: Array) -> Iterator[list[Array]]:
    """Laid arrays in slices along their first axis; what has size 1 there goes with every slice."""
    first = laid[0]
    step = max(1, PIECE // max(1, first[:1].size))
    for start in range(0, len(first), step):
        part = slice(start, start + step)
        yield [one[part] if len(one) > 1 else one for one in laid]


def _constant(w: Array, summed: list[bool]) -> bool:
    """Whether `w` has one value for everything that is summed over together."""
    return all(size == 1 for size, over in zip(w.shape, summed, strict=True) if over)


def _spread(order: Order, *statistics: Array) -> list[Array]:
    """Statistics repeated along all axes but the first, where they go with every slice: then a step is one stretch."""
    return [
        np.ascontiguousarray(np.broadcast_to(one, (1, *order.sizes[1:]))) if len(one) == 1 < one.ndim else one
        for one in statistics
    ]


def standardize(x: Array, w: Array, b: Array, axes: tuple[int, ...], eps: float) -> tuple[Array, Array, Array]:
    """w·z + b of the standardised z, and the mean and the variance that were taken out."""
    order = order_of(x, axes)
    if not x.size:
        nothing = np.full([1 if axis in axes else size for axis, size in enumerate(x.shape)], np.nan, x.dtype)
        return np.empty_like(x), nothing, nothing.copy()
    laid, summed, out = order.lay(x), order.summed, np.empty(order.sizes, x.dtype)
    sums = added([begun(laid, summed)], summed)
    count = laid.size / sums.size
    mean = (sums / count).astype(x.dtype)
    rests, squares = [], []
    for centred, piece, middle in _slices(out, laid, *_spread(order, mean)):
        np.subtract(piece, middle, out=centred)
        rests.append(begun(centred, summed))
        squares.append(begun_products(centred, centred, summed))
    rest = added(rests, summed) / count  # how far the mean was off
    mean = (mean + rest).astype(x.dtype)
    var = np.maximum(added(squares, summed) / count - rest * rest, 0).astype(x.dtype)
    gain, shift = order.fit(w), order.fit(b)
    scale = _inverse(var, eps)
    rest = (rest * scale).astype(x.dtype)
    constant = _constant(gain, summed)
    if constant:
        scale, shift = scale * gain, shift - rest * gain
    for y, factor, offset, more, end in _slices(out, *_spread(order, scale, rest, gain, shift)):
        np.multiply(y, factor, out=y)
        if not constant:
            np.subtract(y, offset, out=y)
            np.multiply(y, more, out=y)
        np.add(y, end, out=y)
    return order.unlay(out), order.restore(mean, axes), order.restore(var, axes)


def _inverse(var: Array, eps: float) -> Array:
    return 1 / np.sqrt(var + var.dtype.type(eps))  # type: ignore[no-any-return]


def standardize_vjp(g: Array, x: Array, mean: Array, var: Array, w: Array, axes: tuple[int, ...], eps: float) -> Array:
    """r·(h − mean h − z·mean(h·z)) with h = g·w, r = 1/√(var + eps) and z = r·(x − mean)."""
    order = order_of(x, axes)
    summed, out = order.summed, np.empty(order.sizes, x.dtype)
    if not x.size:
        return order.unlay(out)
    laid, scale, gain = order.lay(g), _inverse(order.fit(var), eps), order.fit(w)
    constant = _constant(gain, summed)
    sums, products = [], []
    middles = _spread(order, order.fit(mean), gain)
    for centred, cotangent, piece, middle, more in _slices(out, laid, order.lay(x), *middles):
        np.subtract(piece, middle, out=centred)
        h = cotangent if constant else np.multiply(cotangent, more)
        sums.append(begun(h, summed))
        products.append(begun_products(h, centred, summed))
    count = x.size / scale.size
    level = (added(sums, summed) / count).astype(x.dtype)
    slope = (added(products, summed) / count * np.square(scale)).astype(x.dtype)
    statistics = _spread(order, level, slope, scale * gain if constant else scale, gain)
    for y, cotangent, base, tilt, factor, more in _slices(out, laid, *statistics):
        np.multiply(y, tilt, out=y)
        np.add(y, base, out=y)
        np.subtract(cotangent if constant else np.multiply(cotangent, more), y, out=y)
        np.multiply(y, factor, out=y)
    return order.unlay(out)


def standardize_weight(g: Array, x: Array, mean: Array, var: Array, shape: tuple[int, ...], eps: float) -> Array:
    """Σ g·z with z = (x − mean)/√(var + eps), over all axes along which `shape` has size 1."""
    lead = (1,) * (x.ndim - len(shape))
    axes = tuple(axis for axis, size in enumerate((*lead, *shape)) if size == 1)
    order = order_of(x, axes)
    if not x.size:
        return np.zeros(shape, x.dtype)
    scale = _inverse(order.fit(var), eps)
    late = _constant(scale, order.summed)  # then it need not be multiplied with every element
    parts = []
    for cotangent, piece, middle, factor in _slices(
        order.lay(g), order.lay(x), *_spread(order, order.fit(mean)), scale
    ):
        z = np.subtract(piece, middle)
        parts.append(begun_products(cotangent, z if late else np.multiply(z, factor, out=z), order.summed))
    sums = added(parts, order.summed) * (scale if late else 1)
    return order.restore(sums, axes).reshape(shape).astype(x.dtype)
