"""Einstein's summation: products of tensors over named axes, by permutations, products of matrices and sums.

Operands are contracted two at a time from the left, each pair by one stack of
matrix products, so every order of derivative follows from those of its parts.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..errors import ArgumentError, DTypeError, ShapeError
from ..operands import as_operand
from ..registry import function
from ..tensor import Tensor
from .arithmetic import mul
from .axes import whole
from .diagonals import diagonal
from .linear import matmul_primitive, refuse_mixed_dtypes
from .reduction import sum_primitive
from .shape import permute, reshape

__all__ = [
    "einsum",
]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

Label = Any  # a letter, or the number of an axis that … stands for, counted from the last: −1, −2, …


class _Term(NamedTuple):
    """An operand and the label of each of its axes."""

    tensor: Tensor
    labels: list[Label]

    def size(self, label: Label) -> int:
        return self.tensor.shape[self.labels.index(label)]

    def ordered(self, labels: Sequence[Label]) -> Tensor:
        return permute(self.tensor, tuple(self.labels.index(label) for label in labels))

    def summed(self, unwanted: Sequence[Label]) -> "_Term":
        """Without the labels that nothing else has."""
        if not unwanted:
            return self
        axes = tuple(axis for axis, label in enumerate(self.labels) if label in unwanted)
        rest = [label for label in self.labels if label not in unwanted]
        return _Term(sum_primitive(self.tensor, axes=axes, keepdims=False), rest)


# ------------------------------------------------------------ reading the text


def _subscripts(text: str, equation: str) -> list[str]:
    """The letters of one operand, '…' among them."""
    parts = text.replace("...", "…")
    if wrong := [letter for letter in parts if letter not in _LETTERS and letter != "…"]:
        raise ArgumentError(
            f"einsum got {equation!r}, in which {wrong[0]!r} stands for no axis; axes are letters, and three dots"
        )
    if parts.count("…") > 1:
        raise ArgumentError(f"einsum got {equation!r}: {text!r} has more than one ellipsis")
    return list(parts)


def _parsed(equation: str) -> tuple[list[list[str]], list[str] | None]:
    """The subscripts of the operands, and of the result where they are given."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    return [_subscripts(one, equation) for one in left.split(",")], _subscripts(right, equation) if arrow else None


def _numbered(axes: Any) -> list[str]:
    """Axes given as a list of numbers, and possibly an Ellipsis, as letters."""
    found = []
    for one in axes:
        number = None if one is Ellipsis else whole(one, "einsum")
        if number is not None and not 0 <= number < len(_LETTERS):
            raise ArgumentError(f"einsum got the axis {number}; axes are numbered from 0 to {len(_LETTERS) - 1}")
        found.append("…" if number is None else _LETTERS[number])
    return found


def _arguments(args: tuple[Any, ...]) -> tuple[list[Tensor], list[list[str]], list[str] | None, str]:
    """Operands, their subscripts, those of the result, and how to call it all in a message."""
    if isinstance(args[0], str):
        operands = args[1:]
        if len(operands) == 1 and isinstance(operands[0], list | tuple):
            operands = tuple(operands[0])
        inputs, output = _parsed(args[0])
        name = repr(args[0])
    else:
        pairs = args if len(args) % 2 == 0 else args[:-1]
        if not pairs or not all(isinstance(axes, list | tuple) for axes in args[1::2]):
            raise DTypeError("einsum takes an equation and tensors, or tensors each followed by a list of its axes")
        operands, inputs = pairs[::2], [_numbered(axes) for axes in pairs[1::2]]
        output = None if len(args) % 2 == 0 else _numbered(args[-1])
        name = ",".join("".join(one) for one in inputs)
    if len(inputs) != len(operands):
        raise ArgumentError(f"einsum {name} names {len(inputs)} operands, and {len(operands)} arrived")
    return [as_operand(one, "einsum") for one in operands], inputs, output, name


# ------------------------------------------------------------ labels on axes


def _labelled(tensor: Tensor, letters: list[str], number: int, name: str) -> _Term:
    """An operand whose axes have one label each: repeated letters become diagonals."""
    free = tensor.ndim - sum(letter != "…" for letter in letters)
    if free < 0 or (free > 0 and "…" not in letters):
        raise ShapeError(
            f"einsum {name}: operand {number} has shape {tensor.shape}, which is not what {''.join(letters)!r} says; "
            "write … for further axes"
        )
    labels: list[Label] = []
    for letter in letters:
        labels += list(range(-free, 0)) if letter == "…" else [letter]
    while repeated := [label for label in labels if labels.count(label) > 1]:
        first = labels.index(repeated[0])
        second = labels.index(repeated[0], first + 1)
        if tensor.shape[first] != tensor.shape[second]:
            raise ShapeError(
                f"einsum {name}: {repeated[0]!r} is repeated in operand {number} of shape {tensor.shape}, but the "
                f"sizes are {tensor.shape[first]} and {tensor.shape[second]}"
            )
        tensor = diagonal(tensor, 0, first, second)
        labels = [label for axis, label in enumerate(labels) if axis not in (first, second)] + [repeated[0]]
    return _Term(tensor, labels)


def _check_sizes(terms: Sequence[_Term], name: str) -> None:
    """Raise `ShapeError` where a label has two sizes, neither of them 1."""
    seen: dict[Label, tuple[int, int]] = {}
    for number, term in enumerate(terms):
        for label, size in zip(term.labels, term.tensor.shape, strict=True):
            known = seen.get(label, (1, number))
            if size not in (1, known[0]) and known[0] != 1:
                what = f"the letter {label!r}" if isinstance(label, str) else f"axis {label} of …"
                raise ShapeError(
                    f"einsum {name}: {what} has size {known[0]} in operand {known[1]} and size {size} in operand "
                    f"{number}; the shapes are {', '.join(str(one.tensor.shape) for one in terms)}"
                )
            if size != 1 or label not in seen:
                seen[label] = (size, number)


def _result_labels(output: list[str] | None, inputs: list[list[str]], terms: Sequence[_Term], name: str) -> list[Label]:
    """The labels of the result; without an arrow, … and then the letters that stand once, in alphabetical order."""
    ellipsis = sorted({label for term in terms for label in term.labels if not isinstance(label, str)})
    letters = [letter for one in inputs for letter in one if letter != "…"]
    if output is None:
        return [*ellipsis, *sorted(letter for letter in set(letters) if letters.count(letter) == 1)]
    for letter in output:
        if output.count(letter) > 1:
            raise ArgumentError(f"einsum {name}: {letter!r} stands more than once in the result")
        if letter != "…" and letter not in letters:
            raise ArgumentError(f"einsum {name}: the result has {letter!r}, which no operand has")
    return [label for letter in output for label in (ellipsis if letter == "…" else [letter])]


# ------------------------------------------------------------------ products


def _without_ones(term: _Term, other: _Term) -> _Term:
    """Without the axes of size 1 that the other operand has too: they stand for any size."""
    ones = [label for label in term.labels if label in other.labels and term.size(label) == 1 != other.size(label)]
    rest = [label for label in term.labels if label not in ones]
    return _Term(reshape(term.tensor, tuple(term.size(label) for label in rest)), rest) if ones else term


def _product(left: _Term, right: _Term, wanted: set[Label]) -> _Term:
    """Two operands as one: labels that both have and nothing else wants are summed over."""
    left, right = _without_ones(left, right), _without_ones(right, left)
    left = left.summed([label for label in left.labels if label not in wanted and label not in right.labels])
    right = right.summed([label for label in right.labels if label not in wanted and label not in left.labels])
    common = [label for label in left.labels if label in right.labels]
    batch = [label for label in common if label in wanted]
    inside = [label for label in common if label not in wanted]
    rows = [label for label in left.labels if label not in common]
    columns = [label for label in right.labels if label not in common]

    def sizes(term: _Term, labels: list[Label]) -> tuple[int, ...]:
        return tuple(term.size(label) for label in labels)

    heads, inner = sizes(left, batch), math.prod(sizes(left, inside))
    tall, wide = sizes(left, rows), sizes(right, columns)
    if inside:
        a = reshape(left.ordered([*batch, *rows, *inside]), (*heads, math.prod(tall), inner))
        b = reshape(right.ordered([*batch, *inside, *columns]), (*heads, inner, math.prod(wide)))
        product = reshape(matmul_primitive(a, b), (*heads, *tall, *wide))
    else:
        a = reshape(left.ordered([*batch, *rows]), (*heads, *tall, *(1 for _ in wide)))
        product = mul(a, reshape(right.ordered([*batch, *columns]), (*heads, *(1 for _ in tall), *wide)))
    return _Term(product, [*batch, *rows, *columns])


@function
def einsum(equation: Any, *operands: Any) -> Tensor:
    """Products summed over the axes that the result does not name: einsum('ij,jk->ik', a, b) is a·b.

    A letter names an axis, … any further ones, which broadcast; a letter repeated
    within an operand takes the diagonal. Without `->` the result has the letters
    that stand once, in alphabetical order. The other way of calling is
    `einsum(a, [0, 1], b, [1, 2], [0, 2])`.

    Raises `ShapeError` where a letter has two sizes or an operand other axes than its
    letters, `ArgumentError` for an equation that makes no sense, `DTypeError` where the dtypes differ.

    >>> import minigrad as mg
    >>> mg.einsum("ij,j->i", mg.tensor([[1., 2.], [3., 4.]]), mg.tensor([1., 1.]))
    tensor([3., 7.])
    """
    tensors, inputs, output, name = _arguments((equation, *operands))
    terms = [
        _labelled(tensor, letters, number, name)
        for number, (tensor, letters) in enumerate(zip(tensors, inputs, strict=True))
    ]
    _check_sizes(terms, name)
    if len({one.dtype for one in tensors}) > 1:
        refuse_mixed_dtypes("einsum", **{f"operand_{number}": one for number, one in enumerate(tensors)})
    result = _result_labels(output, inputs, terms, name)
    made, *rest = terms
    while rest:
        wanted = {*result, *(label for term in rest[1:] for label in term.labels)}
        made, rest = _product(made, rest[0], wanted), rest[1:]
    made = made.summed([label for label in made.labels if label not in result])
    return made.ordered(result)
