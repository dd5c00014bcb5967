"""What a sliding kernel meets beyond the border of an image (N35–N37, X80).

Every filling but a constant and one of the caller's own is the image again, read
at other places: reflected, repeated or from the opposite side. So the gradient
of the border is added to the places that it was read from.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, MinigradError, ShapeError
from ..explaining import ACCIDENTS, described
from ..operands import as_number, as_operand
from ..ops.comparison import where
from ..ops.padding import pad, take
from ..ops.shape import cast, expand
from ..tensor import Array, Tensor

Widths = Sequence[tuple[int, int]]

_NAMES = {
    "zero": "zero", "zeros": "zero", "constant": "constant", "reflect": "reflect", "symmetric": "symmetric",
    "edge": "edge", "replicate": "edge", "wrap": "wrap", "circular": "wrap",
}  # fmt: skip

_ELSEWHERE = {
    "fill": "zero' or 'constant", "symm": "symmetric", "mirror": "reflect", "nearest": "edge",
    "grid-mirror": "symmetric", "grid-wrap": "wrap", "grid-constant": "constant", "periodic": "wrap",
}  # fmt: skip


def border_of(border: Any, value: Any, name: str) -> Any:
    """A border by our name for it, a callable or a tensor as they are; 'zero' for a constant of 0.

    Raises `ArgumentError` for another name, and for a value where none is asked for.
    """
    if isinstance(border, str):
        kind = _NAMES.get(border)
        if kind is None:
            hint = f" (elsewhere {border!r} means '{_ELSEWHERE[border]}')" if border in _ELSEWHERE else ""
            raise ArgumentError(
                f"{name} got border={border!r}{hint}; the borders are 'zero', 'constant' with a value, 'reflect' "
                "(mirrored without the edge), 'symmetric' (mirrored with it), 'edge' and 'wrap', or a function "
                "(x, widths) -> padded x, or an array of the padded shape"
            )
    elif isinstance(border, type) or not (callable(border) or isinstance(border, Tensor | np.ndarray)):
        raise DTypeError(
            f"{name} got border={described(border)}; it is a word such as 'reflect', a function (x, widths) -> "
            "padded x, or an array of the padded shape"
        )
    else:
        kind = border
    number = as_number(value, name, "value")
    if isinstance(kind, str) and kind == "constant":
        return "constant" if number != 0 else "zero"
    if number != 0:
        said = repr(border) if isinstance(border, str) else "of your own"
        raise ArgumentError(f"{name} got value={value} with a border {said}, which has none; say border='constant'")
    return kind


def sources(n: int, before: int, after: int, border: str) -> Array:
    """Which of n elements each element of the padded axis repeats; widths may be larger than n.

    >>> from minigrad.signal.borders import sources
    >>> sources(3, 2, 4, "reflect"), sources(3, 2, 2, "symmetric")
    (array([2, 1, 0, 1, 2, 1, 0, 1, 2]), array([1, 0, 0, 1, 2, 2, 1]))
    """
    places = np.arange(-before, n + after)
    if border == "edge":
        return places.clip(0, n - 1)
    if border == "wrap":
        return places % n
    period, turn = (2 * n, 1) if border == "symmetric" else (max(2 * n - 2, 1), 0)
    places %= period
    return np.minimum(places, period - turn - places)


def extended(x: Tensor, widths: Widths, border: Any, value: float, name: str) -> Tensor:
    """The image with a border, as `border_of` gave it, round its last axes: (*a, *n) -> (*a, *(before + n + after))."""
    shape = (*x.shape[: x.ndim - len(widths)], *_padded(x, widths))
    if isinstance(border, str):
        if border in ("zero", "constant"):
            return pad(x, widths, "constant", value if border == "constant" else 0)
        for axis, (before, after) in enumerate(widths, x.ndim - len(widths)):
            if before or after:
                x = take(x, index=sources(x.shape[axis], before, after, border), axis=axis)
        return x
    if callable(border) and not isinstance(border, Tensor):
        return _made(border, x, tuple(widths), shape, name)
    return _laid_over(x, widths, as_operand(border, name), shape, name)


def _padded(x: Tensor, widths: Widths) -> tuple[int, ...]:
    sizes = x.shape[x.ndim - len(widths) :]
    return tuple(n + before + after for n, (before, after) in zip(sizes, widths, strict=True))


def _made(border: Callable[..., Any], x: Tensor, widths: Widths, shape: tuple[int, ...], name: str) -> Tensor:
    """What the caller's function makes of the image."""
    try:
        y = border(x, widths)
    except (MinigradError, MemoryError):
        raise
    except ACCIDENTS as error:
        raise ArgumentError(
            f"{name}: the function given as border fails for x of shape {x.shape} and widths {widths}: "
            f"{type(error).__name__}: {error}. It takes (x, widths), with a pair of widths for each of the last axes, "
            "and returns the padded x"
        ) from error
    if not isinstance(y, Tensor):
        raise DTypeError(
            f"{name}: the function given as border returned a {type(y).__name__}; it must return a tensor made of x by "
            "functions of minigrad, so that gradients flow through it"
        )
    if y.shape != shape:
        raise ShapeError(
            f"{name}: the function given as border made {y.shape} of {x.shape}; with widths {widths} of the "
            f"last axes it must make {shape}"
        )
    return y


def _laid_over(x: Tensor, widths: Widths, frame: Tensor, shape: tuple[int, ...], name: str) -> Tensor:
    """The image in the middle of the caller's array."""
    if frame.shape not in (shape, shape[x.ndim - len(widths) :]):
        raise ShapeError(
            f"{name} got an array of shape {frame.shape} as border; with widths {tuple(widths)} the padded image has "
            f"the shape {shape}, so give that. What lies under the image is not read"
        )
    inside = np.zeros(_padded(x, widths), bool)
    inside[tuple(slice(before, size - after) for size, (before, after) in zip(inside.shape, widths, strict=True))] = (
        True
    )
    y: Tensor = where(Tensor._wrap(inside), pad(x, widths), expand(cast(frame, x.dtype), shape))
    return y
