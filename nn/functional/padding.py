"""Padding in PyTorch's order, the last axis first."""

from collections.abc import Iterable, Sequence

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.registry import guarded

# Borders that negative widths leave out of account; the mirrors and the repeated edge see the whole input.
_CUT_FIRST = ("constant", "circular")
_MODES = ("constant", "reflect", "replicate", "circular", "symmetric")


@guarded
def pad(input: mg.Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> mg.Tensor:
    """`input` inside a border; `pad` is flat and speaks of the *last* axis first: (left, right, top, bottom, …).

    (*a, *n) -> (*a, *(before + n + after)); a negative width cuts away.

    Modes: constant (the `value`), reflect, replicate, circular, and symmetric, each
    for as many of the last axes as there are pairs (N35–N37). The padding by a
    pair per axis in their own order is `minigrad.pad`.

    Raises `ArgumentError` for an odd number of widths, another mode, or a value
    for a border that takes none; `ShapeError` where a border is wider than what it
    mirrors or more is cut away than there is.

    >>> import minigrad as mg, nn.functional as F
    >>> F.pad(mg.ones(1, 2), (1, 0))
    tensor([[0., 1., 1.]])
    """
    input = mg.as_operand(input, "pad")
    if not isinstance(pad, Iterable) or not all(hasattr(width, "__index__") for width in pad):
        raise DTypeError(f"pad got {pad!r} as widths; they are a list of integers, two for each padded axis")
    widths = [width.__index__() for width in pad]
    if len(widths) % 2 or len(widths) > 2 * input.ndim:
        raise ArgumentError(
            f"pad got {len(widths)} widths for a tensor of shape {input.shape}; give a pair (before, after) for each "
            "padded axis, the last axis first"
        )
    if not isinstance(mode, str) or mode not in _MODES:
        raise ArgumentError(f"pad got mode={mode!r}; the modes are {', '.join(_MODES)}")
    if mode != "constant" and value:
        raise ArgumentError(f"pad got value={value!r} with mode={mode!r}; only a constant border has a value")
    pairs = list(zip(widths[::2], widths[1::2], strict=True))[::-1]
    _refuse_cutting_all(input.shape, pairs, mode)
    if not any(widths):
        return input.clone()
    if mode == "circular":
        input, pairs = _emptied(input, pairs)
    if mode in _CUT_FIRST:
        return mg.pad(_cut(input, pairs), _positive(pairs), mode, 0 if value is None else value)
    return _cut(mg.pad(input, _positive(pairs), mode), pairs)


def _emptied(input: mg.Tensor, pairs: list[tuple[int, int]]) -> tuple[mg.Tensor, list[tuple[int, int]]]:
    """Axes of which nothing is left are cut to nothing, whatever the order of cutting and wrapping."""
    sizes = input.shape[input.ndim - len(pairs) :]
    gone = [min(pair) < 0 and n + sum(pair) == 0 for n, pair in zip(sizes, pairs, strict=True)]
    if not any(gone):
        return input, pairs
    cut = [(n, 0) if empty else (0, 0) for n, empty in zip(sizes, gone, strict=True)]
    return mg.crop(input, cut), [(0, 0) if empty else pair for pair, empty in zip(pairs, gone, strict=True)]


def _positive(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(max(before, 0), max(after, 0)) for before, after in pairs]


def _cut(input: mg.Tensor, pairs: list[tuple[int, int]]) -> mg.Tensor:
    """The input without what negative widths cut away."""
    if all(min(pair) >= 0 for pair in pairs):
        return input
    return mg.crop(input, [(max(-before, 0), max(-after, 0)) for before, after in pairs])


def _refuse_cutting_all(shape: tuple[int, ...], pairs: list[tuple[int, int]], mode: str) -> None:
    """Raise where negative widths leave less than there may be."""
    for n, pair in zip(shape[len(shape) - len(pairs) :], pairs, strict=True):
        left = n + (sum(min(width, 0) for width in pair) if mode in _CUT_FIRST else sum(pair))
        if mode == "circular" and n + sum(pair) == 0:
            continue
        if min(pair) < 0 and left < (1 if mode in ("reflect", "replicate") else 0):
            raise ShapeError(
                f"pad of shape {shape} by {pair} along an axis of size {n}: more would be cut away than there is"
            )
