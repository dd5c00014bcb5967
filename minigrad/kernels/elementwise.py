"""Element-wise formulae of several steps, piece by piece, and choices without branches.

A formula such as g·(1 − y²) is three passes over memory if each step takes whole
arrays. Taken in pieces that fit in the cache, what lies between the steps never
leaves it. The pieces are stretches of memory, whatever order the axes have there.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np

from . import threads

Array = np.ndarray[Any, np.dtype[Any]]
T = TypeVar("T")

# Elements of a piece: with a few intermediate results, what a core's own cache holds.
PIECE = 1 << 16

# From so many elements on the pieces of a short formula are shared between threads; longer ones count theirs more than
# once. One core takes several times as long for that many as handing work over does.
MANY = 1 << 19

# The longest sum that is left to the dtype of its terms.
ROW = 4096

_WORDS: dict[int, Any] = {1: np.int8, 2: np.int16, 4: np.int32, 8: np.int64}


def empty_in_order(*arrays: Array) -> Array:
    """An array for the broadcast result, of the last one's dtype, in the order of the first that has its shape."""
    shape, dtype = arrays[0].shape, arrays[-1].dtype
    for array in arrays:
        if array.shape != shape:
            shape = np.broadcast_shapes(*[one.shape for one in arrays])
            break
    else:
        if 0 not in arrays[0].strides:
            return np.empty_like(arrays[0], dtype)
    alike = [array for array in arrays if array.shape == shape]
    alike.sort(key=lambda array: 0 in array.strides)  # what is repeated has no order of its own
    return np.empty_like(alike[0], dtype=dtype) if alike else np.empty(shape, dtype)


def in_order(ufunc: Callable[..., Any], a: Array, b: Array) -> Array:
    """A ufunc of two arrays of one dtype, in the order of the first of full shape, where NumPy's would be C's."""
    if a.ndim and b.ndim and a.strides != b.strides:
        return ufunc(a, b, out=empty_in_order(a, b))  # type: ignore[no-any-return]
    return ufunc(a, b)  # type: ignore[no-any-return]


def _steps(array: Array) -> list[int]:
    """From one element to the next along each axis, counted in elements; axes of size 1 have none."""
    return [stride // array.itemsize for size, stride in zip(array.shape, array.strides, strict=True) if size > 1]


def _vectors(out: Array, arrays: tuple[Array, ...]) -> list[Array] | None:
    """The arrays as vectors in the order of memory; None where one lies otherwise than `out`."""
    steps = _steps(out)
    vectors = []
    for array in arrays:
        if not any(array.strides):
            vectors.append(array[(0,) * array.ndim].reshape(1))
        elif array.shape == out.shape and _steps(array) == steps:
            vectors.append(array.ravel(order="K"))
        else:
            return None
    return vectors


def shared(tasks: Sequence[Callable[[], T]], size: int) -> list[T]:
    """The results of tasks on the pieces of an array of that many elements, from several threads where that pays."""
    if len(tasks) == 1:
        return [tasks[0]()]
    return threads.run(tasks, threads.sharing() if size >= MANY else 1)


def _cut(out: Array, arrays: tuple[Array, ...]) -> list[tuple[Array, ...]]:
    """The arrays in pieces, each with its piece of `out`; all at once where they are small, or lie differently.

    No piece is a single number, of which NumPy's functions would make no array.
    """
    if not out.ndim:
        return [tuple([one.reshape(1) for one in (out, *arrays)])]
    vectors = _vectors(out, arrays) if out.size > PIECE else None
    if vectors is None:
        return [(out, *arrays)]
    whole = out.ravel(order="K")
    parts = [slice(start, start + PIECE) for start in range(0, whole.size, PIECE)]
    return [(whole[part], *[one[part] if one.size > 1 else one for one in vectors]) for part in parts]


def in_pieces(compute: Callable[..., Any], *arrays: Array) -> Array:
    """What `compute(out, *arrays)` writes into `out`: an element-wise formula, in the dtype of the last array."""
    out = empty_in_order(*arrays)
    if out.size <= PIECE and out.ndim:
        compute(out, *arrays)
    else:
        shared([partial(compute, *piece) for piece in _cut(out, arrays)], out.size)
    return out


def sum_in_pieces(compute: Callable[..., float], *arrays: Array) -> tuple[float, Array]:
    """The sum of what `compute(out, *arrays)` returns for each piece, and what it writes into `out`."""
    out = empty_in_order(*arrays)
    return sum(shared([partial(compute, *piece) for piece in _cut(out, arrays)], 2 * out.size)), out


def inner(a: Array, b: Array) -> float:
    """Σ a·b, rows of it in the dtype of the elements."""
    if a.strides != b.strides or a.dtype == np.float16:
        return float(np.multiply(a, b, dtype=np.float64).sum())
    a, b = a.ravel(order="K"), b.ravel(order="K")
    whole = a.size - a.size % ROW
    if not whole:
        return float(np.vecdot(a, b))
    rows = np.vecdot(a[:whole].reshape(-1, ROW), b[:whole].reshape(-1, ROW))
    return float(np.add.reduce(rows, dtype=np.float64)) + float(np.vecdot(a[whole:], b[whole:]))


def added(a: Array) -> float:
    """Σ a, pairwise in the dtype of the elements."""
    return float(np.add.reduce(a, axis=None, dtype=np.float32 if a.dtype == np.float16 else None))


def not_negative(x: Array) -> Array:
    """Where the sign of x is plus, that of 0 too."""
    return x.view(_WORDS[x.itemsize]) >= 0  # type: ignore[no-any-return]


def negative_size(x: Array) -> Array:
    """−|x|"""
    word = _WORDS[x.itemsize]
    return np.bitwise_or(x.view(word), np.iinfo(word).min).view(x.dtype)  # type: ignore[no-any-return]


def with_sign(x: Array, size: Array) -> Array:
    """`size`, which is not negative, with the sign of x, by bits; written over `size`."""
    word = _WORDS[x.itemsize]
    bits = size.view(word)
    np.bitwise_or(bits, np.bitwise_and(x.view(word), np.iinfo(word).min), out=bits)
    return size


def drop(out: Array, mask: Array, x: Array) -> None:
    """0 where the mask holds, x elsewhere. By bits: branches that nobody can foretell cost ten times as much."""
    word = _WORDS[x.itemsize]
    bits = out.view(word)
    np.copyto(bits, np.subtract(mask.view(np.int8), 1, dtype=np.int8))
    np.bitwise_and(bits, x.view(word), out=bits)


def choose(out: Array, mask: Array, a: Array, b: Array) -> None:
    """`a` where the mask holds, `b` elsewhere, by bits."""
    word = _WORDS[b.itemsize]
    bits = out.view(word)
    difference = np.bitwise_xor(a.view(word), b.view(word))
    np.copyto(bits, np.negative(mask.view(np.int8)))
    np.bitwise_and(difference, bits, out=bits)
    np.bitwise_xor(bits, b.view(word), out=bits)
