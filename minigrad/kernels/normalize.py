"""Standardising and its derivatives, slice by slice: what lies between the steps never leaves the cache.

Statistics have size 1 along the axes that they are taken over, and are added up
in float64. All formulae are in x − k with one number k for what is summed over together. It may be
any: 0 saves a pass, and is taken where the means are not much larger than the
deviations; else it is the mean, so that a large one does no harm.
"""

import itertools
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from . import threads
from .sums import Order, added, begun, begun_products, order_of, total_to

Array = np.ndarray[Any, np.dtype[Any]]

# Elements of a slice; of an array that is worth another thread; of a row from which on one number for all of it need
# not be repeated; and of one from which on rows of numbers need not.
PIECE, LARGE, ROW, LONG = 1 << 17, 1 << 20, 512, 2048

# How many times the variance the square of a mean may be without harm to sums of squares: so many digits are lost.
# Squares whose sum is beyond the largest number of float32 are not looked at.
FAR, LAST = 16.0, 3e38


def _by_slices(step: Callable[..., Any], *laid: Array, shared: bool = True) -> list[Any]:
    """What the step returns for slices along the first axis; what has size 1 there goes with every slice.

    Where there are slices to share, threads may: how they are cut depends on the sizes alone.
    """
    first = laid[0]
    count = min(len(first), -(-first.size // PIECE))
    if count < 2:
        return [step(*laid)]
    borders = [len(first) * number // count for number in range(count + 1)]
    tasks = [
        partial(step, *[one[start:end] if len(one) > 1 else one for one in laid])
        for start, end in itertools.pairwise(borders)
    ]
    return threads.run(tasks, threads.sharing() if shared and first.size >= LARGE else 1)


def _constant(w: Array, summed: list[bool]) -> bool:
    """Whether `w` has one value for everything that is summed over together."""
    return all(size == 1 for size, over in zip(w.shape, summed, strict=True) if over)


def _spread(order: Order, dtype: np.dtype[Any], *statistics: Array) -> list[Array]:
    """Statistics in a dtype; repeated along all axes but the first where rows are short: then a step is one stretch."""
    shape = (1, *order.sizes[1:])
    found = []
    for one in statistics:
        one = one.astype(dtype, copy=False)
        if one.shape != shape and one.size > 1 == len(one) and order.sizes[-1] < ROW:
            one = np.ascontiguousarray(np.broadcast_to(one, shape))
        found.append(one)
    return found


def _folded(laid: list[Array], statistics: list[Array]) -> list[Array]:
    """Laid arrays with several short rows in one, and the statistics repeated as often."""
    first = laid[0]
    row = first[:1].size
    if row >= LONG or any(len(one) > 1 for one in statistics) or all(one.size == 1 for one in statistics):
        return [*laid, *statistics]
    times = math.gcd(len(first), 1 << (LONG // row).bit_length())
    found = [one.reshape(len(first) // times, times * row) for one in laid]
    for one in statistics:
        repeated = np.empty((times, *first.shape[1:]), one.dtype)
        repeated[...] = one
        found.append(repeated.reshape(1, -1))
    return found


def _near(mean: Array, var: Array) -> bool:
    """Whether sums of squares may be taken about 0."""
    return bool((np.square(mean) <= np.minimum(FAR * var, LAST)).all())


def _about(order: Order, laid: Array, middle: Array | None) -> tuple[Array, Array]:
    """The mean of x − k, and the variance, in float64."""
    summed = order.summed

    def step(piece: Array, *middles: Array) -> tuple[Array, Array]:
        centred = np.subtract(piece, middles[0]) if middles else piece
        return begun(centred, summed), begun_products(centred, centred, summed)

    parts = _by_slices(step, laid, *([] if middle is None else _spread(order, laid.dtype, middle)), shared=False)
    sums, squares = (added(list(one), summed) for one in zip(*parts, strict=True))
    share = sums.size / laid.size
    mean = sums * share
    return mean, squares * share - np.square(mean)


def _moments(order: Order, laid: Array) -> tuple[Array | None, Array, Array]:
    """The k that was taken, None for 0, and mean and variance, in float64."""
    mean, var = _about(order, laid, None)
    if _near(mean, var):
        return None, mean, np.maximum(var, 0)
    middle = mean.astype(laid.dtype)
    rest, var = _about(order, laid, middle)
    return middle, middle + rest, np.maximum(var, 0)


def _inverse(var: Array, eps: float) -> Array:
    return 1 / np.sqrt(var + var.dtype.type(eps))  # type: ignore[no-any-return]


def standardize(x: Array, w: Array, b: Array, axes: tuple[int, ...], eps: float) -> tuple[Array, Array, Array]:
    """w·z + b of the standardised z, and the mean and the variance that were taken out."""
    order, dtype = order_of(x, axes), x.dtype
    if not x.size:
        nothing = np.full([1 if axis in axes else size for axis, size in enumerate(x.shape)], np.nan, dtype)
        return np.empty_like(x), nothing, nothing.copy()
    laid, out = order.lay(x), np.empty(order.sizes, dtype)
    middle, level, spread = _moments(order, laid)
    mean, var = level.astype(dtype), spread.astype(dtype)
    gain, shift, factor = order.fit(w), order.fit(b), _inverse(var, eps)
    rest = level if middle is None else level - middle
    constant = _constant(gain, order.summed)
    if constant:
        factor = factor * gain
        given = [middle, factor, shift - rest * factor, None, None]
    else:
        given = [middle, factor, -rest * factor, gain, shift]

    def step(y: Array, piece: Array, *statistics: Array) -> None:
        factor, offset, *affine = statistics if middle is None else statistics[1:]
        if middle is not None:
            piece = np.subtract(piece, statistics[0], out=y)
        np.multiply(piece, factor, out=y)
        np.add(y, offset, out=y)
        if affine:
            np.multiply(y, affine[0], out=y)
            np.add(y, affine[1], out=y)

    _by_slices(step, *_folded([out, laid], _spread(order, dtype, *[one for one in given if one is not None])))
    return order.unlay(out), order.restore(mean, axes), order.restore(var, axes)


class _Pull:
    """The VJPs of standardising, from one reading of the cotangent and the input for sums, and one for what is left.

    Attributes: `sums` and `products`, Σ h and Σ h·(x − μ) in float64; h = g where the weight has one value for what is
    summed over together, else g·w.
    """

    def __init__(self, g: Array, x: Array, mean: Array, var: Array, w: Array, axes: tuple[int, ...], eps: float):
        self.order = order = order_of(x, axes)
        self.dtype = x.dtype
        self.cotangent, self.laid = order.lay(g), order.lay(x)
        mean, var, self.gain = order.fit(mean), order.fit(var), order.fit(w)
        self.constant = _constant(self.gain, order.summed)
        self.scale = _inverse(var, eps)
        level = mean.astype(np.float64)
        self.middle = None if _near(level, var) else mean
        self.rest = level if self.middle is None else np.zeros_like(level)
        given = [*([] if self.middle is None else [self.middle]), *([] if self.constant else [self.gain])]
        parts = _by_slices(self._add, self.cotangent, self.laid, *_spread(order, self.dtype, *given), shared=False)
        self.sums, products = (added(list(one), order.summed) for one in zip(*parts, strict=True))
        self.products = products - self.rest * self.sums

    def _add(self, cotangent: Array, piece: Array, *given: Array) -> tuple[Array, Array]:
        if self.middle is not None:
            piece = np.subtract(piece, given[0])
        h = cotangent if self.constant else np.multiply(cotangent, given[-1])
        return begun(h, self.order.summed), begun_products(h, piece, self.order.summed)

    def of_input(self) -> Array:
        """r·(h − mean h − z·mean(h·z)), as ((x − k)·s + e + h)·r."""
        order, share = self.order, self.sums.size / self.laid.size
        slope = self.products * (-share) * np.square(self.scale.astype(np.float64))
        offset = -self.sums * share - slope * self.rest
        factor = self.scale * self.gain if self.constant else self.scale
        given = [*([] if self.middle is None else [self.middle]), slope, offset, factor]
        out = np.empty(order.sizes, self.dtype)
        affine = [] if self.constant else [self.gain]
        statistics = _spread(order, self.dtype, *given, *affine)
        _by_slices(self._write, *_folded([out, self.cotangent, self.laid], statistics))
        return order.unlay(out)

    def _write(self, y: Array, cotangent: Array, piece: Array, *given: Array) -> None:
        slope, offset, factor, *affine = given if self.middle is None else given[1:]
        if self.middle is not None:
            piece = np.subtract(piece, given[0], out=y)
        np.multiply(piece, slope, out=y)
        np.add(y, offset, out=y)
        np.add(y, np.multiply(cotangent, affine[0]) if affine else cotangent, out=y)
        np.multiply(y, factor, out=y)

    def of_weight(self, shape: tuple[int, ...], axes: tuple[int, ...]) -> Array:
        """Σ g·z to a shape with size 1 along the axes."""
        return total_to(self.order.restore(self.products * self.scale, axes), shape).astype(self.dtype)


def standardize_vjp(g: Array, x: Array, mean: Array, var: Array, w: Array, axes: tuple[int, ...], eps: float) -> Array:
    """r·(h − mean h − z·mean(h·z)) with h = g·w, r = 1/√(var + eps) and z = r·(x − mean)."""
    return _Pull(g, x, mean, var, w, axes, eps).of_input() if x.size else np.empty_like(x)


def standardize_vjps(
    g: Array, x: Array, mean: Array, var: Array, w: Array, shape: tuple[int, ...], axes: tuple[int, ...], eps: float
) -> tuple[Array, Array, Array] | None:
    """The VJPs for input, weight and bias, which has that shape, together.

    None where there is nothing to share: weights and biases that differ within what is summed over together.
    """
    wide = (1,) * (x.ndim - len(shape)) + shape
    inner = (1,) * (x.ndim - w.ndim) + w.shape
    if not x.size or any(wide[axis] != 1 or inner[axis] != 1 for axis in axes):
        return None
    pull = _Pull(g, x, mean, var, w, axes, eps)
    return pull.of_input(), pull.of_weight(w.shape, axes), total_to(g, shape)


def standardize_weight(g: Array, x: Array, mean: Array, var: Array, shape: tuple[int, ...], eps: float) -> Array:
    """Σ g·z with z = (x − mean)/√(var + eps), over all axes along which `shape` has size 1."""
    wide = (1,) * (x.ndim - len(shape)) + shape
    if not x.size:
        return np.zeros(shape, x.dtype)
    own = tuple([axis for axis, size in enumerate(var.shape) if size == 1])
    if all(wide[axis] == 1 for axis in own):  # as together with the other gradients, to the bit
        return _Pull(g, x, mean, var, np.ones((), x.dtype), own, eps).of_weight(shape, own)
    axes = tuple([axis for axis, size in enumerate(wide) if size == 1])
    order = order_of(x, axes)
    scale, summed = _inverse(order.fit(var), eps), order.summed
    late = _constant(scale, summed)  # then it need not be multiplied with every element

    def step(cotangent: Array, piece: Array, middle: Array, *factor: Array) -> Array:
        z = np.subtract(piece, middle)
        return begun_products(cotangent, np.multiply(z, factor[0], out=z) if factor else z, summed)

    given = _spread(order, x.dtype, order.fit(mean), *([] if late else [scale]))
    sums = added(_by_slices(step, order.lay(g), order.lay(x), *given, shared=False), summed)
    return order.restore(sums * scale if late else sums, axes).reshape(shape).astype(x.dtype)
