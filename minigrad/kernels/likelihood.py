"""What scores cost where the class is known: exponentials once, and kept for the gradient.

The scores are taken as (P, C, Q), with C the classes: P is what lies outside of them in
memory, Q what lies inside, whatever axes that are. Pieces of that fit in the cache,
and threads share them. A piece keeps e^(x − max x), less 1 at the right class: the sum
over the classes is then Σ eˣ/max eˣ − 1, with all digits where a class is nearly certain.
"""

import math
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from .elementwise import PIECE, added, shared
from .sums import SHORT, ones, total

Array = np.ndarray[Any, np.dtype[Any]]

# Elements of a piece, about: few steps pass over it, and most of them over a part that is kept.
MOST = 2 * PIECE


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
        """Pieces of P and Q, about as large as the cache holds: of Q only where one of P has several."""
        outer, classes, inner = self.sizes
        if outer * classes * inner <= MOST:
            return [(slice(None), slice(None))]
        rows = -(-outer // -(-outer * classes * inner // MOST))
        columns = -(-inner // -(-inner * classes // MOST)) if inner * classes > MOST else inner
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

    `powers` holds e^(x − max x), at the `labels` (P, Q) less 1, of which `missing` do not
    count; `rest` (P, Q) is the sum of the powers.
    """

    powers: Array
    labels: Array
    rest: Array
    missing: Array | None


@lru_cache(maxsize=64)
def _starts(outer: int, step: int, inner: int) -> Array:
    return np.arange(outer)[:, None] * step + np.arange(inner)


def _places(labels: Array, classes: int, inner: int) -> Array:
    """Where the classes of labels (P, q) stand in (P, C, Q), counted in elements from the first column of q."""
    starts = _starts(labels.shape[0], classes * inner, labels.shape[1])
    return starts + (labels * inner if inner > 1 else labels)  # type: ignore[no-any-return]


def _summed(x: Array) -> Array:
    """(P, C, Q) -> (P, Q)"""
    outer, classes, inner = x.shape
    if inner == 1 and classes <= SHORT and x.dtype != np.float16:
        return np.matmul(x.reshape(outer, classes), ones(classes, x.dtype)).reshape(outer, 1)  # type: ignore[no-any-return]
    return total(x, (1,), False)


def _cost(x: Array, labels: Array, ignored: int | None, smoothing: float) -> tuple[Array, Piece]:
    """The costs of one piece (P, Q), and what its gradient needs."""
    _, classes, inner = x.shape
    missing = None
    if ignored is not None:
        missing = labels == ignored
        labels = np.where(missing, 0, labels)
    peak = np.maximum.reduce(x, axis=1, keepdims=True, initial=-np.inf)
    powers = np.subtract(x, peak, order="C")
    line, places = powers.reshape(-1), _places(labels, classes, inner)
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
    return costs, Piece(powers, labels, rest, missing)


def costs(
    x: Array, labels: Array, axis: int, ignored: int | None, smoothing: float, count: int | None
) -> tuple[Array, list[Piece]]:
    """ln Σ eˣ − (1 − ε)·x_t − ε·mean x for each label, or their sum divided by `count`; and what the gradient needs."""
    lie = laid(x, axis)
    cuts = lie.cuts()
    scores, known = lie.lay(x), lie.lay_labels(labels)
    found = shared([partial(_cost, scores[p, :, q], known[p, q], ignored, smoothing) for p, q in cuts], 4 * x.size)
    pieces = [piece for _, piece in found]
    if count is not None:
        summed = sum([added(one) for one, _ in found])
        return np.asarray(summed / (count or math.nan), x.dtype), pieces
    y = np.empty(lie.sizes[::2], x.dtype)
    for cut, (cost, _) in zip(cuts, found, strict=True):
        y[cut] = cost
    return lie.unlay_labels(y, labels.shape), pieces


def _slope(y: Array, p: slice, q: slice, g: Array, piece: Piece, smoothing: float) -> None:
    """The gradient of one piece: softmax is (powers + [class is t])/(rest + 1). One g stands for all."""
    _, classes, inner = y.shape
    if piece.missing is not None:
        g = np.where(piece.missing, 0, g).astype(y.dtype, copy=False)
    share = g / (piece.rest + 1)
    out = y[p, :, q]
    np.multiply(piece.powers, share[:, None], out=out)
    less = np.multiply(piece.rest, share, out=share)
    if smoothing:
        less = less - g * y.dtype.type(smoothing)
        out -= np.broadcast_to(g * y.dtype.type(smoothing / classes), share.shape)[:, None]
    line = y.reshape(-1)[(p.start or 0) * classes * inner + (q.start or 0) :]
    line[_places(piece.labels, classes, inner)] -= less


def gradient(g: Array, x: Array, axis: int, smoothing: float, count: int | None, pieces: list[Piece]) -> Array:
    """g·(softmax x − (1 − ε)·[class is t] − ε/C), from what `costs` gave."""
    lie = laid(x, axis)
    y = np.empty(lie.sizes, x.dtype)
    cuts = lie.cuts()
    if count is not None:
        parts = [np.asarray(g / (count or math.nan), x.dtype)] * len(cuts)
    else:
        known = lie.lay_labels(g)
        parts = [known[cut] for cut in cuts]
    tasks = [
        partial(_slope, y, p, q, part, piece, smoothing)
        for (p, q), part, piece in zip(cuts, parts, pieces, strict=True)
    ]
    shared(tasks, 4 * x.size)
    return lie.unlay(y, x.shape)
