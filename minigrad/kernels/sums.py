"""Sums over axes in the order of memory, as products with ones.

A product with a vector of ones reads memory as fast as it comes, several times
faster than an addition after the other. Where the axes to be summed over lie
innermost it takes rows, else columns; what is left is small and is added up in
float64. Rows are cut, so that no sum of float32 grows long.
"""

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# The longest stretch that is added up in the dtype of its elements: by rows in many lanes, by columns in one.
ROW, COLUMN, SHORT = 4096, 256, 512


class Order:
    """How the axes of an array lie in memory; neighbours that are both summed over, or both kept, count as one.

    Attributes: `sizes` and `summed`, outermost first: how long, and whether to be summed over.
    """

    __slots__ = ("axes", "groups", "shape", "sizes", "summed")

    def __init__(self, x: Array, axes: tuple[int, ...]) -> None:
        self.shape = x.shape
        self.axes = sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))
        self.groups: list[list[int]] = []
        self.summed: list[bool] = []
        for axis in self.axes:
            summed = axis in axes
            if x.shape[axis] == 1:
                continue
            if self.summed and self.summed[-1] == summed:
                self.groups[-1].append(axis)
            else:
                self.groups.append([axis])
                self.summed.append(summed)
        if not self.groups:
            self.groups, self.summed = [[]], [False]
        self.sizes = [math.prod([x.shape[axis] for axis in group]) for group in self.groups]

    def lay(self, x: Array) -> Array:
        """An array of the same shape by these axes: a view if it lies in this order, without gaps."""
        return x.transpose(self.axes).reshape(self.sizes)

    def fit(self, x: Array) -> Array:
        """An array that broadcasts to the shape, so that it broadcasts to the laid one."""
        x = x.reshape((1,) * (len(self.shape) - x.ndim) + x.shape)
        sizes, shape = [], list(x.shape)
        for group, size in zip(self.groups, self.sizes, strict=True):
            constant = all(x.shape[axis] == 1 for axis in group)
            sizes.append(1 if constant else size)
            for axis in () if constant else group:
                shape[axis] = self.shape[axis]
        return np.broadcast_to(x, shape).transpose(self.axes).reshape(sizes)

    def unlay(self, x: Array) -> Array:
        """A laid array of all elements by the array's own axes: a view."""
        return x.reshape([self.shape[axis] for axis in self.axes]).transpose(np.argsort(self.axes))

    def restore(self, sums: Array, axes: tuple[int, ...]) -> Array:
        """What was added up by these axes, in the array's own: those summed over have size 1."""
        sizes = [1 if axis in axes else self.shape[axis] for axis in self.axes]
        return sums.reshape(sizes).transpose(np.argsort(self.axes))


def _rows(x: Array) -> Array:
    """(*, K) -> (*, pieces), the sums of pieces of each row."""
    length = x.shape[-1]
    if length <= ROW:
        return np.matmul(x, np.ones(length, x.dtype))[..., None]  # type: ignore[no-any-return]
    count = length // ROW
    whole = x[..., : count * ROW].reshape(*x.shape[:-1], count, ROW)
    sums = np.matmul(whole, np.ones(ROW, x.dtype))
    if count * ROW == length:
        return sums  # type: ignore[no-any-return]
    return np.concatenate([sums, _rows(x[..., count * ROW :])], -1)


def _columns(x: Array) -> Array:
    """(*, K, D) -> (*, pieces, D), the sums of pieces of each column."""
    length = x.shape[-2]
    if length <= COLUMN:
        return np.matmul(np.ones((1, length), x.dtype), x)  # type: ignore[no-any-return]
    count = length // COLUMN
    whole = x[..., : count * COLUMN, :].reshape(*x.shape[:-2], count, COLUMN, x.shape[-1])
    sums = np.matmul(np.ones(COLUMN, x.dtype), whole)
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
    if not summed[-1] or a.shape[-1] > ROW or a.shape != b.shape:
        return begun(np.multiply(a, b), summed)
    return np.vecdot(a, b)[..., None]  # type: ignore[no-any-return]


def added(parts: list[Array], summed: list[bool]) -> Array:
    """The sums that were begun in slices along the first axis, in float64; axes summed over stay with size 1."""
    x = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return x.sum(axis=tuple(np.flatnonzero(summed)), keepdims=True, dtype=np.float64)  # type: ignore[no-any-return]


def total(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    """The sum of a floating array over axes, in its dtype; what is longer than a row or a column adds up in float64."""
    count = math.prod([x.shape[axis] for axis in axes])
    if x.dtype == np.float16 or count <= SHORT or x.size <= ROW:
        wide = np.float32 if x.dtype == np.float16 else np.float64 if count > SHORT else None
        return np.asarray(x.sum(axis=axes, keepdims=keepdims, dtype=wide)).astype(x.dtype, copy=False)
    whole, repeated = x, [axis for axis in axes if x.strides[axis] == 0]
    if repeated:
        x = x[tuple(slice(1 if axis in repeated else None) for axis in range(x.ndim))]
    order = Order(x, axes)
    sums = order.restore(added([begun(order.lay(x), order.summed)], order.summed), axes) * (whole.size // x.size)
    if not keepdims:
        sums = sums.reshape([size for axis, size in enumerate(sums.shape) if axis not in axes])
    return sums.astype(x.dtype)
