"""Padding in PyTorch's order, the last axis first."""

from collections.abc import Iterable, Sequence

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError


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
