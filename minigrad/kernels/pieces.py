"""How work is cut: rows into pieces for caches and threads, large matrix products into small ones."""

import math
from functools import lru_cache
from typing import NamedTuple

from .rows import Rows

_SCRATCH = 2**22  # bytes of a lowered piece: it should stay in a core's cache

# OpenBLAS takes a matrix product of so few multiplications without packing its operands. For matrices of no more
# than so many rows (or columns) that is faster: then large products are cut. So it is for twice as many rows, if the
# pieces still get so many columns, and lines of the matrix are no multiple of a page apart, where they would share
# places in the cache. A gradient of so few that they do not fill a vector register gains nothing from turning the
# cotangent.
_SMALL = 10**6
_THIN = 32
_COLUMNS = 100
_PAGE = 4096
_NARROW = 8


# ------------------------------------------------------------- pieces of rows


class Piece(NamedTuple):
    """Rows of the output, the rows of the input that they see, and stride and padding between the two.

    `zeros` are rows of padding, before and after.
    """

    outputs: slice
    inputs: slice
    stride: int
    before: int
    zeros: tuple[int, int]


def _spans(count: int, bytes_of_one: int, threads: int) -> list[tuple[int, int]]:
    """Spans of rows whose scratch memory stays small, as many for each thread."""
    pieces = -(-count // max(_SCRATCH // max(bytes_of_one, 1), 1))
    step = max(-(-count // (-(-pieces // threads) * threads)), 1) if count else 1
    return [(first, min(first + step, count)) for first in range(0, count, step)]


@lru_cache(maxsize=4096)
def row_pieces(rows: Rows, bytes_of_one: int, threads: int) -> tuple[Piece, ...]:
    """Pieces of the rows for a lowered input; dilated ones are dealt into classes without dilation."""
    found = []
    common = math.gcd(rows.s, rows.d)
    stride, apart = rows.s // common, rows.d // common
    for number in range(min(apart, rows.o)):
        start = number * rows.s - rows.p
        skipped = max(-(start // rows.d), 0)  # of the input rows of this class, those in the padding
        start += skipped * rows.d
        available = len(range(start, rows.n, rows.d))
        for first, last in _spans(len(range(number, rows.o, apart)), stride * bytes_of_one, threads):
            lo = min(max(first * stride - skipped, 0), available)
            hi = max(min((last - 1) * stride - skipped + rows.k, available), lo)
            before = max(skipped - first * stride + lo, 0)
            behind = (last - first - 1) * stride + rows.k - before - (hi - lo)
            outputs = slice(number + first * apart, number + (last - 1) * apart + 1, apart)
            inputs = slice(start + lo * rows.d, start + hi * rows.d, rows.d)
            found.append(Piece(outputs, inputs, stride, 0, (before, max(behind, 0))))
    return tuple(found)


@lru_cache(maxsize=4096)
def class_pieces(rows: Rows, bytes_of_one: int, threads: int) -> tuple[tuple[Piece, slice], ...]:
    """Pieces of the rows for a gradient of the input, each with its kernel rows: those that meet it, turned."""
    found = []
    common = math.gcd(rows.s, rows.d)
    every, apart = rows.s // common, rows.d // common
    step = every * rows.d
    for number in range(min(step, rows.n)):
        met = [i for i in range(rows.k) if (number + rows.p - i * rows.d) % rows.s == 0]
        start, turned = 0, slice(0, 0)
        if met:
            start = (number + rows.p - met[0] * rows.d) // rows.s
            turned = slice(met[-1], met[0] - 1 if met[0] else None, -every)
        offset = start % apart
        available = len(range(offset, rows.o, apart))
        for first, last in _spans(len(range(number, rows.n, step)), bytes_of_one, threads):
            inputs = slice(number + first * step, number + (last - 1) * step + 1, step)
            before = len(met) - 1 - start // apart - first
            lo = min(max(-before, 0), available)
            hi = max(min(last - first - 1 - before + len(met), available), lo)
            outputs = slice(offset + lo * apart, offset + hi * apart, apart)
            found.append((Piece(outputs, inputs, 1, before + lo, (0, 0)), turned))
    return tuple(found)


# ---------------------------------------------------------------- small products


def _small(rows: int, depth: int, width: int) -> int:
    least = -(-rows * depth * width // _SMALL)
    return next((n for n in range(least, 4 * least) if width % n == 0), 1) if least > 1 else 1


def cuts(rows: int, depth: int, width: int, itemsize: int) -> int:
    """Into how many equal parts the width of a product of rows × depth × width is best cut."""
    wide = rows <= 2 * _THIN and rows * depth * _COLUMNS <= _SMALL and width * itemsize % _PAGE != 0
    return _small(rows, depth, width) if rows < _THIN or wide else 1


def turning_pays(depth: int, rows: int) -> bool:
    """Whether a cotangent of so many rows is best turned for its product with so many of the input."""
    return _NARROW < rows <= _THIN and depth >= 2 * _THIN


def cuts_of_sums(depth: int, rows: int, width: int) -> int:
    """Into how many products, added up, that of depth × width × rows is best cut."""
    return _small(rows, depth, width) if rows <= _NARROW or turning_pays(depth, rows) else 1
