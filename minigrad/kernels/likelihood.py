"""What scores cost where the class is known: exponentials once, and kept for the gradient.

The scores are taken as (P, C, Q), with C the classes: P is what lies outside of them in
memory, Q what lies inside, whatever axes that are. Pieces of that fit in the cache,
and threads share them. A piece keeps e^(x − max x), less 1 at the right class: the sum
over the classes is then Σ eˣ/max eˣ − 1, with all digits where a class is nearly certain.
"""

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from .elementwise import PIECE, shared
from .sums import SHORT, total

Array = np.ndarray[Any, np.dtype[Any]]


class Laid(NamedTuple):
    """How the axes of an array lie in memory around that of its classes; `order` is None for C's."""

    sizes: tuple[int, int, int]
    order: tuple[int, ...] | None
    axis: int

    def lay(self, x: Array) -> Array:
        """Scores as (P, C, Q): a view if there are no gaps between them."""
        return (x if self.order is None else x.transpose(self.order)).reshape(self.sizes)

    def lay_labels(self, labels: Array) -> Array:
        """One number for each label as (P, Q)."""
        if self.order is not None:
            labels = labels.transpose([place - (place > self.axis) for place in self.order if place != self.axis])
        return labels.reshape(self.sizes[::2])

    def unlay(self, y: Array, shape: tuple[int, ...]) -> Array:
        """(P, C, Q) by the array's own axes: a view."""
        if self.order is None:
            return y.reshape(shape)
        return y.reshape([shape[place] for place in self.order]).transpose(np.argsort(self.order))

    def unlay_labels(self, y: Array, shape: tuple[int, ...]) -> Array:
        """(P, Q) in the shape of the labels."""
        if self.order is None:
            return y.reshape(shape)
        places = [place - (place > self.axis) for place in self.order if place != self.axis]
        return y.reshape([shape[place] for place in places]).transpose(np.argsort(places))

    def cuts(self) -> list[tuple[slice, slice]]:
        """Pieces of P and Q, as large as the cache holds."""
        outer, classes, inner = self.sizes
        if outer * classes * inner <= PIECE:
            return [(slice(None), slice(None))]
        columns = -(-inner // -(-inner * classes // PIECE))
        rows = -(-outer // -(-outer * classes * columns // PIECE)) if columns == inner else 1
        return [
            (slice(row, row + rows), slice(column, column + columns))
            for row in range(0, outer, rows)
            for column in range(0, inner, columns)
        ]


def laid(x: Array, axis: int) -> Laid:
    """How scores lie."""
    if x.flags.c_contiguous:
        order = None
        sizes, place = x.shape, axis
    else:
        order = tuple(sorted(range(x.ndim), key=lambda one: -abs(x.strides[one])))
        sizes, place = tuple([x.shape[one] for one in order]), order.index(axis)
    return Laid((math.prod(sizes[:place]), sizes[place], math.prod(sizes[place + 1 :])), order, axis)


class Piece(NamedTuple):
    """What the gradient needs of scores (P, C, Q).

    `powers` holds e^(x − max x), at the labels less 1; `right` says where these are, of
    which `missing` do not count; `rest` (P, Q) is the sum of the powers.
    """

    powers: Array
    right: Array
    rest: Array
    missing: Array | None


@lru_cache(maxsize=64)
def _starts(outer: int, classes: int, inner: int) -> Array:
    """The place of the first class for each label of (P, C, Q), counted in elements."""
    return np.arange(outer)[:, None] * (classes * inner) + np.arange(inner)


@lru_cache(maxsize=64)
def _ones(length: int, dtype: np.dtype[Any]) -> Array:
    return np.ones(length, dtype)


def _summed(x: Array) -> Array:
    """(P, C, Q) -> (P, Q)"""
    outer, classes, inner = x.shape
    if inner == 1 and classes <= SHORT and x.dtype != np.float16:
        return np.matmul(x.reshape(outer, classes), _ones(classes, x.dtype)).reshape(outer, 1)  # type: ignore[no-any-return]
    return total(x, (1,), False)


def _cost(x: Array, labels: Array, ignored: int | None, smoothing: float) -> tuple[Array, Piece]:
    """The costs of one piece (P, Q), and what its gradient needs."""
    outer, classes, inner = x.shape
    missing = None
    if ignored is not None:
        missing = labels == ignored
        labels = np.where(missing, 0, labels)
    places = _starts(*x.shape) + (labels * inner if inner > 1 else labels)
    if inner == 1:
        rows = x.reshape(outer, classes)
        powers = np.subtract(rows, rows.max(axis=1, keepdims=True, initial=-np.inf), order="C").reshape(x.shape)
    else:
        powers = np.subtract(x, x.max(axis=1, keepdims=True, initial=-np.inf), order="C")
    line = powers.reshape(-1)
    right = line.take(places)
    blurred = powers.mean(axis=1) * x.dtype.type(smoothing) if smoothing else None
    np.exp(powers, out=powers)
    line[places] = np.exp(right) - 1
    rest = _summed(powers)
    costs = np.log1p(rest)
    if blurred is None:
        costs -= right
    else:
        costs -= right * x.dtype.type(1 - smoothing)
        costs -= blurred
    if missing is not None:
        costs[missing] = 0
    return costs, Piece(powers, places, rest, missing)


def costs(
    x: Array, labels: Array, axis: int, ignored: int | None, smoothing: float, count: float | None
) -> tuple[Array, list[Piece]]:
    """ln Σ eˣ − (1 − ε)·x_t − ε·mean x for each label, or their sum divided by `count`; and what the gradient needs."""
    lie = laid(x, axis)
    scores, known = lie.lay(x), lie.lay_labels(labels)
    tasks = [
        partial(_cost, scores[rows, :, columns], known[rows, columns], ignored, smoothing)
        for rows, columns in lie.cuts()
    ]
    found = shared(tasks, x.size)
    pieces = [piece for _, piece in found]
    if count is not None:
        summed = sum([float(np.add.reduce(one, axis=None, dtype=np.float64)) for one, _ in found])
        return np.asarray(summed / count, x.dtype), pieces
    if len(found) == 1:
        return lie.unlay_labels(found[0][0], labels.shape), pieces
    y = np.empty(lie.sizes[::2], x.dtype)
    for cut, (cost, _) in zip(lie.cuts(), found, strict=True):
        y[cut] = cost
    return lie.unlay_labels(y, labels.shape), pieces


def _slope(out: Array, g: Array, piece: Piece, smoothing: float) -> None:
    """The gradient of one piece, of a cotangent (P, Q) or a single one."""
    if piece.missing is not None:
        g = np.where(piece.missing, 0, g).astype(out.dtype, copy=False)
    share = g / (piece.rest + 1)
    np.multiply(piece.powers, share[:, None], out=out)
    less = piece.rest * share
    if smoothing:
        less -= g * out.dtype.type(smoothing)
        out -= np.asarray(g * out.dtype.type(smoothing / out.shape[1])).reshape(-1, 1, out.shape[2] if g.ndim else 1)
    if out.flags.c_contiguous:
        line = out.reshape(-1)
        line[piece.right] -= less
    else:
        out[np.unravel_index(piece.right, out.shape)] -= less


def gradient(g: Array, x: Array, axis: int, smoothing: float, count: float | None, pieces: list[Piece]) -> Array:
    """g·(softmax x − (1 − ε)·[class is t] − ε/C), of what `costs` gave: softmax is (rest + [class is t])/(rest + 1)."""
    lie = laid(x, axis)
    y = np.empty(lie.sizes, x.dtype)
    cuts = lie.cuts()
    if count is not None:
        g = np.asarray(g / count, x.dtype)
        parts = [g] * len(cuts)
    else:
        known = lie.lay_labels(g)
        parts = [known[cut] for cut in cuts]
    tasks: list[Callable[[], None]] = [
        partial(_slope, y[rows, :, columns], part, piece, smoothing)
        for (rows, columns), part, piece in zip(cuts, parts, pieces, strict=True)
    ]
    shared(tasks, x.size)
    return lie.unlay(y, x.shape)
