"""Element-wise formulae of several steps, piece by piece, and choices without branches.

A formula such as g·(1 − y²) is three passes over memory if each step takes whole
arrays. Taken in pieces that fit in the cache, what lies between the steps never
leaves it. The pieces are stretches of memory, whatever order the axes have there.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# Elements of a piece: with a few intermediate results, what a core's own cache holds.
PIECE = 1 << 16

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


def in_pieces(compute: Callable[..., Any], *arrays: Array) -> Array:
    """What `compute(out, *arrays)` writes into `out`: an element-wise formula, in the dtype of the last array."""
    out = empty_in_order(*arrays)
    vectors = _vectors(out, arrays) if out.size > PIECE else None
    if vectors is None:
        compute(out, *arrays)
        return out
    whole = out.ravel(order="K")
    for start in range(0, whole.size, PIECE):
        part = slice(start, start + PIECE)
        compute(whole[part], *[vector[part] if vector.size > 1 else vector for vector in vectors])
    return out


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
