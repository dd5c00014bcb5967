"""Sums over axes in the order of memory, as products with ones.

A product with a vector of ones reads memory as fast as it comes, several times
faster than an addition after the other. Where the axes to be summed over lie
innermost it takes rows, else columns; what is left is small and is added up in
float64. Rows are cut, so that no sum of float32 grows long.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# The longest stretches that are added up in the dtype of their elements: rows take many lanes, columns one. A sum of
# SHORT ones is left to NumPy; as are SMALL arrays, for which the preparations would take longer than the sum.
ROW, COLUMN, SHORT, SMALL = 512, 64, 512, 4096


class Order:
    """How the axes of an array lie in memory; neighbours that are both summed over, or both kept, count as one.

    Attributes: `sizes` and `summed`, outermost first: how long, and whether to be summed over.
    """

    __slots__ = ("_fitted", "axes", "back", "groups", "shape", "sizes", "summed")

    def __init__(self, shape: tuple[int, ...], strides: tuple[int, ...], axes: tuple[int, ...]) -> None:
        self.shape = shape
        self.axes = sorted(range(len(shape)), key=lambda axis: -abs(strides[axis]))
        self.back = [self.axes.index(axis) for axis in range(len(shape))]
        self.groups: list[list[int]] = []
        self.summed: list[bool] = []
        for axis in self.axes:
            summed = axis in axes
            if shape[axis] == 1:
                continue
            if self.summed and self.summed[-1] == summed:
                self.groups[-1].append(axis)
            else:
                self.groups.append([axis])
                self.summed.append(summed)
        if not self.groups:
            self.groups, self.summed = [[]], [False]
        self.sizes = [math.prod([shape[axis] for axis in group]) for group in self.groups]
        self._fitted: dict[tuple[int, ...], tuple[tuple[int, ...], tuple[int, ...], list[int]]] = {}

    def lay(self, x: Array) -> Array:
        """An array of the same shape by these axes: a view if it lies in this order, without gaps."""
        return x.transpose(self.axes).reshape(self.sizes)

    def fit(self, x: Array) -> Array:
        """An array that broadcasts to the shape, so that it broadcasts to the laid one."""
        found = self._fitted.get(x.shape)
        if found is None:
            found = self._fitted[x.shape] = self._fitting(x.shape)
        wide, whole, sizes = found
        x = x.reshape(wide)
        return (x if whole == wide else np.broadcast_to(x, whole)).transpose(self.axes).reshape(sizes)

    def _fitting(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...], list[int]]:
        """For an array of that shape: the shape with all axes, what must be repeated, and the laid one's sizes."""
        wide = (1,) * (len(self.shape) - len(shape)) + shape
        sizes, whole = [], list(wide)
        for group, size in zip(self.groups, self.sizes, strict=True):
            found = math.prod([wide[axis] for axis in group])
            sizes.append(1 if found == 1 else size)
            if found not in (1, size):
                for axis in group:
                    whole[axis] = self.shape[axis]
        return wide, tuple(whole), sizes

    def unlay(self, x: Array) -> Array:
        """A laid array of all elements by the array's own axes: a view."""
        return x.reshape([self.shape[axis] for axis in self.axes]).transpose(self.back)

    def restore(self, sums: Array, axes: tuple[int, ...]) -> Array:
        """What was added up by these axes, in the array's own: those summed over have size 1."""
        sizes = [1 if axis in axes else self.shape[axis] for axis in self.axes]
        return sums.reshape(sizes).transpose(self.back)


_remembered = lru_cache(maxsize=256)(Order)


def order_of(x: Array, axes: tuple[int, ...]) -> Order:
    """The order of an array, found once for each shape and each way to lie in memory."""
    return _remembered(x.shape, x.strides, axes)


@lru_cache(maxsize=64)
def ones(length: int, dtype: np.dtype[Any]) -> Array:
    """Ones, that nobody writes to."""
    return np.ones(length, dtype)


def _rows(x: Array) -> Array:
    """(*, K) -> (*, pieces), the sums of pieces of each row."""
    length = x.shape[-1]
    least = max(1, -(-length // ROW))
    for count in range(least, least + 8):
        if length % count == 0:  # all pieces of all rows in one product
            pieces = x.reshape((x.size // max(1, length) * count, length // count))
            sums = np.matmul(pieces, ones(length // count, x.dtype))
            return sums.reshape((*x.shape[:-1], count))  # type: ignore[no-any-return]
    count = length // ROW
    whole = x[..., : count * ROW].reshape(*x.shape[:-1], count, ROW)
    sums = np.matmul(whole, ones(ROW, x.dtype))
    return np.concatenate([sums, _rows(x[..., count * ROW :])], -1)


def _columns(x: Array) -> Array:
    """(*, K, D) -> (*, pieces, D), the sums of pieces of each column."""
    length = x.shape[-2]
    if length <= COLUMN:
        return np.matmul(ones(length, x.dtype)[None], x)  # type: ignore[no-any-return]
    count = length // COLUMN
    whole = x[..., : count * COLUMN, :].reshape(*x.shape[:-2], count, COLUMN, x.shape[-1])
    sums = np.matmul(ones(COLUMN, x.dtype), whole)
    if count * COLUMN == length:
        return sums  # type: ignore[no-any-return]
    return np.concatenate([sums, _columns(x[..., count * COLUMN :, :])], -2)


def begun(x: Array, summed: list[bool]) -> Array:
    """The sums of a laid array of float32 or float64 over its last summed axis, in pieces along it."""
    if summed[-1]:
        return _rows(x)
    return _columns(x) if len(summed) > 1 else x


def begun_products(a: Array, b: Array, summed: list[bool]) -> Array:
    """`begun(a*b)`, where the two are small enough that their product stays in the cache."""
    if a.shape == b.shape:
        if not summed[-1] and len(summed) > 1 and (a.shape[-2] <= COLUMN or a.shape[-2] % COLUMN == 0):
            pieces = (*a.shape[:-2], -1, min(COLUMN, a.shape[-2]), a.shape[-1])
            return np.einsum("...kd,...kd->...d", a.reshape(pieces), b.reshape(pieces))  # type: ignore[no-any-return]
        if summed[-1] and a.shape[-1] <= SMALL:
            return np.vecdot(a, b)[..., None]  # type: ignore[no-any-return]
    return begun(np.multiply(a, b), summed)


def added(parts: list[Array], summed: list[bool]) -> Array:
    """The sums that were begun in slices along the first axis, in float64; axes summed over stay with size 1."""
    x = parts[0] if len(parts) == 1 else np.concatenate(parts)
    for axis, over in enumerate(summed):
        if over:
            x = np.add.reduce(x, axis=axis, dtype=np.float64, keepdims=True)
    return x.astype(np.float64, copy=False)


def total(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    """The sum of a floating array over axes, in its dtype; what is longer than a row or a column adds up in float64."""
    count = math.prod([x.shape[axis] for axis in axes])
    if x.dtype == np.float16 or count <= SHORT or x.size <= SMALL:
        wide = np.float32 if x.dtype == np.float16 else np.float64 if count > SHORT else None
        return np.asarray(x.sum(axis=axes, keepdims=keepdims, dtype=wide)).astype(x.dtype, copy=False)
    whole, repeated = x, [axis for axis in axes if x.strides[axis] == 0]
    if repeated:
        x = x[tuple(slice(1 if axis in repeated else None) for axis in range(x.ndim))]
    order = order_of(x, axes)
    sums = order.restore(added([begun(order.lay(x), order.summed)], order.summed), axes)
    if repeated:
        sums *= whole.size // x.size
    if not keepdims:
        sums = sums.squeeze(axes)
    return sums.astype(x.dtype)


def total_to(x: Array, shape: tuple[int, ...]) -> Array:
    """The sum over what broadcasting to the shape of `x` repeated."""
    lead = x.ndim - len(shape)
    repeated = tuple([axis + lead for axis, size in enumerate(shape) if size == 1 != x.shape[axis + lead]])
    summed = total(x, (*range(lead), *repeated), True)
    return summed.reshape(summed.shape[lead:])
