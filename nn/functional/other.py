"""Padding in PyTorch's order, dropout, encodings."""

from collections.abc import Iterable, Sequence
from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError


def dropout(
    input: mg.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, generator: Any = None
) -> mg.Tensor:
    """In training, zeros with probability p and the rest divided by 1 − p (Srivastava et al., 2014); else the input.

    (*) -> (*). Raises `ArgumentError` for p outside [0, 1].

    >>> import minigrad as mg, nn.functional as F
    >>> F.dropout(mg.ones(3), p=0.0)
    tensor([1., 1., 1.])
    """
    if not 0 <= p <= 1:
        raise ArgumentError(f"dropout got p={p}; it is a probability, from 0 to 1")
    input = mg.as_operand(input, "dropout")
    if not training or p == 0:
        return input
    if p == 1:
        dropped = input * 0
    else:
        keep = mg.rand(input.shape, generator=generator, dtype=mg.float32) >= p
        dropped = input * (keep.to(input.dtype) * (1 / (1 - p)))
    return input.copy_(dropped) if inplace else dropped


def pad(input: mg.Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> mg.Tensor:
    """`input` inside a border; `pad` is flat and speaks of the *last* axis first: (left, right, top, bottom, …).

    Modes: constant, reflect, replicate, circular, and symmetric. The padding by
    a pair per axis in their own order is `minigrad.pad`.

    Raises `ArgumentError` for an odd number of widths or another mode.

    >>> import minigrad as mg, nn.functional as F
    >>> F.pad(mg.ones(1, 2), (1, 0))
    tensor([[0., 1., 1.]])
    """
    input = mg.as_operand(input, "pad")
    if not isinstance(pad, Iterable) or not all(hasattr(width, "__index__") for width in pad):
        raise DTypeError(f"pad got {pad!r} as widths; they are a list of integers, two for each padded axis")
    widths = list(pad)
    if len(widths) % 2 or len(widths) > 2 * input.ndim:
        raise ArgumentError(
            f"pad got {len(widths)} widths for a tensor of shape {input.shape}; give a pair (before, after) for each "
            "padded axis, the last axis first"
        )
    if any(width < 0 for width in widths):
        # Negative padding cuts away, as in PyTorch.
        index = [slice(None)] * input.ndim
        for number in range(len(widths) // 2):
            low, high = (min(width, 0) for width in widths[2 * number : 2 * number + 2])
            if input.shape[-1 - number] + low + high < 0:
                raise ShapeError(f"pad of shape {input.shape} by {widths}: more would be cut away than there is")
            index[-1 - number] = slice(-low, input.shape[-1 - number] + high)
        input, widths = input[tuple(index)], [max(width, 0) for width in widths]
    pairs = [(widths[i], widths[i + 1]) for i in range(0, len(widths), 2)][::-1]
    if not pairs:
        return input
    return mg.pad(input, pairs, mode, 0 if value is None else value)


def one_hot(input: mg.Tensor, num_classes: int = -1) -> mg.Tensor:
    """Class numbers as rows of zeros with a one (N2): (*) -> (*, classes), int64.

    Raises `DTypeError` for labels that are no integers, `IndexOutOfRangeError` for labels out of range.

    >>> import minigrad as mg, nn.functional as F
    >>> F.one_hot(mg.tensor([0, 2]), 3)
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    tensor = mg.as_operand(input, "one_hot")
    if tensor.dtype.kind not in "iu":
        raise DTypeError(f"one_hot got labels of {tensor.dtype}; class numbers are integers")
    if num_classes == -1 and tensor.numel() == 0:
        raise ArgumentError("one_hot of no labels cannot tell how many classes there are; give num_classes")
    largest = int(tensor.max()) if tensor.numel() else -1
    classes = largest + 1 if num_classes == -1 else num_classes
    if tensor.numel() and (int(tensor.min()) < 0 or largest >= classes):
        raise IndexOutOfRangeError(
            f"one_hot got labels from {int(tensor.min())} to {largest} for {classes} classes; they count from 0 to "
            f"{classes - 1}"
        )
    return (tensor.unsqueeze(-1) == mg.arange(classes)).to(mg.int64)
