"""Joining and cutting by direction, ranks brought to a minimum, and grids."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, ShapeError
from ..operands import as_flag, as_operand
from ..registry import function
from ..tensor import Tensor
from .axes import axis_of, sizes_of, whole
from .indexing import getitem, narrow
from .joining import cat, split, stack
from .selecting import together
from .shape import flatten, reshape

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block_diag",
    "broadcast_tensors",
    "cartesian_prod",
    "column_stack",
    "combinations",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "meshgrid",
    "split_with_sizes",
    "tensor_split",
    "vsplit",
    "vstack",
]


def _listed(tensors: Any, name: str) -> list[Tensor]:
    """Tensors given one by one or as one sequence."""
    if len(tensors) == 1 and isinstance(tensors[0], tuple | list):
        tensors = tensors[0]
    return [as_operand(one, name) for one in tensors]


# ------------------------------------------------------------- at least so many axes


def _at_least(tensors: Any, rank: int) -> Any:
    name = f"atleast_{rank}d"
    found = []
    for x in _listed(tensors, name):
        line = x.shape or (1,)
        shape = {1: line, 2: (1, *line), 3: (*line, 1) if x.ndim == 2 else (1, *line, 1)}[rank]
        found.append(reshape(x, shape) if x.ndim < rank else x)
    alone = len(tensors) == 1 and not isinstance(tensors[0], tuple | list)
    return found[0] if alone else tuple(found)


@function
def atleast_1d(*tensors: Any) -> Any:
    """The tensors, a 0-d one as a vector of one element; a tuple where there are several.

    () -> (1)

    >>> import minigrad as mg
    >>> mg.atleast_1d(mg.tensor(1))
    tensor([1])
    """
    return _at_least(tensors, 1)


@function
def atleast_2d(*tensors: Any) -> Any:
    """The tensors with axes of size 1 in front up to two; a tuple where there are several.

    (n) -> (1, n)

    >>> import minigrad as mg
    >>> mg.atleast_2d(mg.tensor([1, 2]))
    tensor([[1, 2]])
    """
    return _at_least(tensors, 2)


@function
def atleast_3d(*tensors: Any) -> Any:
    """The tensors with axes of size 1 up to three: a matrix gets one at the end; a tuple where there are several.

    (n) -> (1, n, 1), (n, m) -> (n, m, 1)

    >>> import minigrad as mg
    >>> mg.atleast_3d(mg.zeros(2, 3)).shape
    (2, 3, 1)
    """
    return _at_least(tensors, 3)


# -------------------------------------------------------------------- joining


def _parts(tensors: Any, name: str) -> list[Tensor]:
    if isinstance(tensors, Tensor) or not isinstance(tensors, Sequence) or isinstance(tensors, str):
        raise DTypeError(f"{name} got a {type(tensors).__name__}; give a list of tensors")
    if not tensors:
        raise ArgumentError(f"{name} got no tensors; give at least one")
    return [as_operand(one, name) for one in tensors]


@function
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors side by side: joined along the second axis, vectors along their only one.

    (n, m₁, *), (n, m₂, *), … -> (n, m₁ + m₂ + …, *). Raises as `cat`.

    >>> import minigrad as mg
    >>> mg.hstack([mg.tensor([1]), mg.tensor([2, 3])])
    tensor([1, 2, 3])
    """
    parts = [atleast_1d(one) for one in _parts(tensors, "hstack")]
    return cat(parts, 0 if parts[0].ndim == 1 else 1)


@function
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors above each other: joined along the first axis, vectors as rows.

    (n₁, *), (n₂, *), … -> (n₁ + n₂ + …, *). Raises as `cat`.

    >>> import minigrad as mg
    >>> mg.vstack([mg.tensor([1, 2]), mg.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    return cat([atleast_2d(one) for one in _parts(tensors, "vstack")], 0)


@function
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors behind each other: joined along the third axis.

    (n, m), (n, m), … -> (n, m, number of tensors). Raises as `cat`.

    >>> import minigrad as mg
    >>> mg.dstack([mg.zeros(2, 3), mg.zeros(2, 3)]).shape
    (2, 3, 2)
    """
    return cat([atleast_3d(one) for one in _parts(tensors, "dstack")], 2)


@function
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors side by side, vectors as columns.

    (n), (n), … -> (n, number of tensors). Raises as `cat`.

    >>> import minigrad as mg
    >>> mg.column_stack([mg.tensor([1, 2]), mg.tensor([3, 4])])
    tensor([[1, 3],
            [2, 4]])
    """
    parts = _parts(tensors, "column_stack")
    return cat([reshape(one, (one._array.size, 1)) if one.ndim < 2 else one for one in parts], 1)


@function
def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices along the diagonal of a larger one, zeros elsewhere; vectors are rows.

    (n₁, m₁), (n₂, m₂), … -> (n₁ + n₂ + …, m₁ + m₂ + …). Raises `ShapeError` for more than two axes.

    >>> import minigrad as mg
    >>> mg.block_diag(mg.ones(1, 1), mg.tensor([[2., 3.]]))
    tensor([[1., 0., 0.],
            [0., 2., 3.]])
    """
    blocks = [as_operand(one, "block_diag") for one in tensors]
    if wrong := [one.shape for one in blocks if one.ndim > 2]:
        raise ShapeError(f"block_diag got a tensor of shape {wrong[0]}; blocks are matrices")
    blocks = [atleast_2d(one) for one in blocks] or [Tensor._wrap(np.zeros((1, 0), np.float32))]
    width, column, rows = sum(one.shape[1] for one in blocks), 0, []
    for block in blocks:
        rest = width - column - block.shape[1]
        sides = [Tensor._wrap(np.zeros((block.shape[0], n), block.dtype)) for n in (column, rest)]
        rows.append(cat([sides[0], block, sides[1]], 1))
        column += block.shape[1]
    return cat(rows, 0)


# -------------------------------------------------------------------- cutting


@function
def tensor_split(
    input: Tensor, indices_or_sections: Any = None, dim: int = 0, *, indices: Any = None, sections: Any = None
) -> tuple[Tensor, ...]:
    """So many parts along `dim`, the first ones larger by one where they do not fit; or cuts at given positions.

    (*a, n, *c) -> (*a, n₁, *c), (*a, n₂, *c), … They share memory. Raises `ArgumentError` for fewer
    than 1 part, `ShapeError` for a 0-d tensor, `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg
    >>> [part.tolist() for part in mg.tensor_split(mg.arange(5), 2)]
    [[0, 1, 2], [3, 4]]
    """
    cuts = _only(indices_or_sections, indices, sections, "tensor_split")
    return _cut(as_operand(input, "tensor_split"), cuts, dim, "tensor_split")


def _only(*given: Any) -> Any:
    """The one of three words for the same that was used; the last argument is the name of the function."""
    *words, name = given
    found = [one for one in words if one is not None]
    if len(found) != 1:
        raise ArgumentError(f"{name} takes a number of sections, or the indices of cuts; {len(found)} of them arrived")
    return found[0]


def _cut(x: Tensor, cuts: Any, dim: int, name: str) -> tuple[Tensor, ...]:
    axis = axis_of(dim, x.ndim, name)
    if x.ndim == 0:
        raise ShapeError(f"{name} of a 0-d tensor: it has no axis to cut")
    size = x.shape[axis]
    if isinstance(cuts, Tensor | np.ndarray):
        cuts = cuts.tolist()
    if isinstance(cuts, Sequence) and not isinstance(cuts, str):
        ends = [slice(one, None).indices(size)[0] for one in sizes_of(cuts, name)]
        edges = zip([0, *ends], [*ends, size], strict=True)
        return tuple(narrow(x, axis, start, max(end - start, 0)) for start, end in edges)
    count = whole(cuts, name)
    if not 0 < count < 2**24:
        raise ArgumentError(f"{name} into {count} parts; there is at least one")
    return split(x, [size // count + (number < size % count) for number in range(count)], axis)


def _split_evenly(input: Any, cuts: Any, axis: int, least: int, name: str) -> tuple[Tensor, ...]:
    x = as_operand(input, name)
    if x.ndim < least:
        raise ShapeError(f"{name} of shape {x.shape}: it needs {least} axes or more")
    if isinstance(cuts, int) and (cuts <= 0 or x.shape[axis] % cuts):
        raise ArgumentError(f"{name} of an axis of size {x.shape[axis]} into {cuts} equal parts; use tensor_split")
    return _cut(x, cuts, axis, name)


@function
def hsplit(
    input: Tensor, indices_or_sections: Any = None, *, indices: Any = None, sections: Any = None
) -> tuple[Tensor, ...]:
    """Cut along the second axis, a vector along its only one: into equal parts, or at given positions.

    (n, m, *) -> (n, m₁, *), (n, m₂, *), … Raises `ArgumentError` where the parts are not equal, `ShapeError` for a
    0-d tensor.

    >>> import minigrad as mg
    >>> [part.tolist() for part in mg.hsplit(mg.arange(4), 2)]
    [[0, 1], [2, 3]]
    """
    x = as_operand(input, "hsplit")
    cuts = _only(indices_or_sections, indices, sections, "hsplit")
    return _split_evenly(x, cuts, min(x.ndim - 1, 1) if x.ndim else 0, 1, "hsplit")


@function
def vsplit(
    input: Tensor, indices_or_sections: Any = None, *, indices: Any = None, sections: Any = None
) -> tuple[Tensor, ...]:
    """Cut along the first axis: into equal parts, or at given positions.

    (n, m, *) -> (n₁, m, *), (n₂, m, *), … Raises `ArgumentError` where the parts are not equal, `ShapeError` for fewer
    than two axes.

    >>> import minigrad as mg
    >>> [part.tolist() for part in mg.vsplit(mg.tensor([[1, 2], [3, 4]]), 2)]
    [[[1, 2]], [[3, 4]]]
    """
    cuts = _only(indices_or_sections, indices, sections, "vsplit")
    return _split_evenly(input, cuts, 0, 2, "vsplit")


@function
def dsplit(
    input: Tensor, indices_or_sections: Any = None, *, indices: Any = None, sections: Any = None
) -> tuple[Tensor, ...]:
    """Cut along the third axis: into equal parts, or at given positions.

    (n, m, k, *) -> (n, m, k₁, *), … Raises `ArgumentError` where the parts are not equal, `ShapeError` for fewer than
    three axes.

    >>> import minigrad as mg
    >>> len(mg.dsplit(mg.zeros(2, 3, 4), 2))
    2
    """
    cuts = _only(indices_or_sections, indices, sections, "dsplit")
    return _split_evenly(input, cuts, 2, 3, "dsplit")


@function
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of given sizes along `dim`, as `split` gives them.

    (*a, n, *c) -> (*a, n₁, *c), (*a, n₂, *c), … Raises as `split`.

    >>> import minigrad as mg
    >>> [part.tolist() for part in mg.split_with_sizes(mg.arange(3), [1, 2])]
    [[0], [1, 2]]
    """
    return split(as_operand(input, "split_with_sizes"), list(sizes_of(split_sizes, "split_with_sizes")), dim)


# ---------------------------------------------------------------------- grids


@function
def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape; they share memory.

    (*), (*), … -> the same shape for all. Raises `ShapeError` where there is none.

    >>> import minigrad as mg
    >>> [one.shape for one in mg.broadcast_tensors(mg.zeros(2, 1), mg.zeros(3))]
    [(2, 3), (2, 3)]
    """
    return tuple(together("broadcast_tensors", *_listed(tensors, "broadcast_tensors")))


@function
def meshgrid(*tensors: Tensor, indexing: str | None = None) -> tuple[Tensor, ...]:
    """The coordinates of a grid: of n vectors, n tensors over all their combinations.

    (n₁), (n₂), … -> (n₁, n₂, …) each; 'xy' exchanges the first two axes ('ij' is the default).
    Raises `ShapeError` for what is no vector, `DTypeError` where the dtypes differ, `ArgumentError` for another word.

    >>> import minigrad as mg
    >>> mg.meshgrid(mg.arange(2), mg.arange(3), indexing="ij")[1]
    tensor([[0, 1, 2],
            [0, 1, 2]])
    """
    vectors = [atleast_1d(one) for one in _listed(tensors, "meshgrid")]
    if indexing not in (None, "ij", "xy"):
        raise ArgumentError(f"meshgrid got indexing={indexing!r}; it is 'ij' or 'xy'")
    if not vectors or any(one.ndim > 1 for one in vectors):
        raise ShapeError(f"meshgrid got shapes {[one.shape for one in vectors]}; it takes vectors, at least one")
    if len({one.dtype for one in vectors}) > 1:
        raise DTypeError(f"meshgrid got {', '.join(str(one.dtype) for one in vectors)}; the vectors need one dtype")
    place = list(range(len(vectors)))
    if indexing == "xy" and len(vectors) > 1:
        place[:2] = [1, 0]
    laid = [
        reshape(one, tuple(one.shape[0] if axis == place[number] else 1 for axis in range(len(place))))
        for number, one in enumerate(vectors)
    ]
    return tuple(together("meshgrid", *laid))


@function
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Every combination of one element of each vector, one row each.

    (n₁), (n₂), … -> (n₁·n₂·…, number of vectors); of one vector, itself. Raises as `meshgrid`.

    >>> import minigrad as mg
    >>> mg.cartesian_prod(mg.tensor([1, 2]), mg.tensor([3, 4])).tolist()
    [[1, 3], [1, 4], [2, 3], [2, 4]]
    """
    vectors = _listed(tensors, "cartesian_prod")
    if any(one.ndim != 1 for one in vectors):
        raise ShapeError(f"cartesian_prod got shapes {[one.shape for one in vectors]}; it takes vectors")
    if len(vectors) == 1:
        return vectors[0]
    return stack([flatten(one) for one in meshgrid(*vectors, indexing="ij")], 1)


@function
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Every choice of r elements of a vector, in order, one row each.

    (n) -> (number of choices, r). Raises `ShapeError` for what is no vector, `ArgumentError` for a negative r.

    >>> import minigrad as mg
    >>> mg.combinations(mg.tensor([1, 2, 3])).tolist()
    [[1, 2], [1, 3], [2, 3]]
    """
    x, count = as_operand(input, "combinations"), whole(r, "combinations")
    if x.ndim != 1:
        raise ShapeError(f"combinations of shape {x.shape}: it takes a vector")
    if not 0 <= count < 2**16:
        raise ArgumentError(f"combinations of {count} elements; r is not negative")
    if count == 0:
        return Tensor._wrap(np.zeros(0, x.dtype))
    repeated = as_flag(with_replacement, "combinations", "with_replacement")
    if math.comb(x.shape[0] + (count - 1 if repeated else 0), count) * count >= 2**27:
        raise ArgumentError(f"combinations of {count} among {x.shape[0]} elements; no memory holds so many")
    choose = itertools.combinations_with_replacement if repeated else itertools.combinations
    rows = np.array(list(choose(range(x.shape[0]), count)), np.int64).reshape(-1, count)
    return getitem(x, rows)
