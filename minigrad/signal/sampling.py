"""From a scene to numbers: rounding to levels, coordinates around a centre, and the order of an image's axes."""

from typing import Any

import numpy as np

from ..creation import arange
from ..dtypes import as_dtype, get_default_dtype, is_floating
from ..errors import ArgumentError, DTypeError, ShapeError
from ..explaining import described
from ..geometry import per_axis
from ..operands import as_number, as_operand
from ..ops.arithmetic import div, mul
from ..ops.elementary import round as rounded
from ..ops.shape import cast, permute, squeeze, unsqueeze
from ..ops.stacking import meshgrid
from ..registry import guarded
from ..tensor import Tensor
from .sizes import listed

__all__ = ["centred_grid", "from_nchw", "quantize", "to_nchw"]


@guarded
def quantize(x: Tensor, step: float = 1) -> Tensor:
    """Each sample rounded to the nearest multiple of `step`, halves to the even multiple (N3).

    (*) -> (*);  y = step · round(x / step), so |y − x| ≤ step / 2

    The gradient is 0, as that of a staircase. Raises `ArgumentError` for a step that is not above 0, `DTypeError`.

    >>> import minigrad as mg
    >>> mg.signal.quantize(mg.tensor([0.2, 0.6, 1.1]), 0.5)
    tensor([0.0000, 0.5000, 1.0000])
    """
    x, size = as_operand(x, "quantize"), as_number(step, "quantize", "step")
    if not 0 < size < float("inf"):
        raise ArgumentError(f"quantize got step={step!r}; the distance between two levels is a number above 0")
    return mul(rounded(div(x, size)), size)


@guarded
def centred_grid(size: Any, *, dtype: Any = None) -> Any:
    """Coordinates that are 0 in the middle: u = i − (n − 1)/2 for the array's index i (N5).

    n -> (n), or (n₁, n₂, …) -> one (n₁, n₂, …) for each axis

    An odd size 2h + 1 runs from −h to h, so u stands at the index u + h. An even one has its middle
    between two elements, and runs by whole steps from −(n − 1)/2. The grids of several axes are in the
    order of the axes: rows, which count down, then columns.

    Raises `ArgumentError` for a size below 1, `DTypeError`, also for whole numbers of an even size.

    >>> import minigrad as mg
    >>> mg.signal.centred_grid(5), mg.signal.centred_grid(2)
    (tensor([-2., -1., 0., 1., 2.]), tensor([-0.5000, 0.5000]))
    >>> down, right = mg.signal.centred_grid((3, 3))
    >>> down[2, 0].item(), right[2, 0].item()
    (1.0, -1.0)
    """
    several = listed(size)
    sizes = per_axis(size, len(size) if several else 1, "size")
    wanted = get_default_dtype() if dtype is None else as_dtype(dtype)
    if not is_floating(wanted) and any(n % 2 == 0 for n in sizes):
        raise DTypeError(
            f"centred_grid got size={described(size)} and dtype={wanted}; an even size has its middle between two "
            "elements, so its coordinates are halves. Use a floating dtype, or odd sizes"
        )
    lines = [cast(arange(n, dtype=np.float64) - (n - 1) / 2, wanted) for n in sizes]
    return tuple(meshgrid(*lines, indexing="ij")) if several else lines[0]


# ----------------------------------------------------------------- layouts


def _layout(layout: Any, name: str) -> str:
    """The layout, once it is known to name axes of a batch of images."""
    if not isinstance(layout, str):
        raise DTypeError(f"{name} got layout={layout!r}; it is a word such as 'HWC', a letter for each axis")
    if not {"H", "W"} <= set(layout) <= set("NCHW") or len(set(layout)) != len(layout):
        raise ArgumentError(
            f"{name} got layout={layout!r}; a letter stands for each axis: H and W once each, N for the batch and "
            "C for the channels where there are such axes: 'HW', 'HWC', 'CHW', 'NHWC', …"
        )
    return layout


@guarded
def to_nchw(x: Tensor, layout: str) -> Tensor:
    """An image, or a batch of them, with its axes in the order that layers take: batch, channels, rows, columns (N4).

    `layout` has a letter for each axis of `x`: (H, W) for 'HW', (H, W, C) for 'HWC', … -> (N, C, H, W)

    An axis that the layout does not name gets size 1. A grey image has 1 channel, a coloured one 3 (red,
    green, blue), 4 with its opacity. `from_nchw` goes back.

    Raises `ArgumentError` for a word that is no layout, `ShapeError` for another number of axes, `DTypeError`.

    >>> import minigrad as mg
    >>> mg.signal.to_nchw(mg.zeros(28, 20, 3), "HWC").shape
    (1, 3, 28, 20)
    """
    x, word = as_operand(x, "to_nchw"), _layout(layout, "to_nchw")
    if x.ndim != len(word):
        raise ShapeError(
            f"to_nchw got shape {x.shape} for layout={word!r}, which has {len(word)} axes; give a letter for each axis"
        )
    x = permute(x, [word.index(letter) for letter in "NCHW" if letter in word])
    for axis, letter in enumerate("NCHW"):
        if letter not in word:
            x = unsqueeze(x, axis)
    return x


@guarded
def from_nchw(x: Tensor, layout: str) -> Tensor:
    """A batch of images with its axes in another order: what `to_nchw` made, back again (N4).

    (N, C, H, W) -> (H, W) for 'HW', (H, W, C) for 'HWC', …; an axis that the layout does not name must have size 1.

    Raises `ShapeError` where it has not, or for another number of axes, `ArgumentError`, `DTypeError`.

    >>> import minigrad as mg
    >>> mg.signal.from_nchw(mg.zeros(1, 3, 28, 20), "HWC").shape
    (28, 20, 3)
    """
    x, word = as_operand(x, "from_nchw"), _layout(layout, "from_nchw")
    if x.ndim != 4:
        raise ShapeError(f"from_nchw got shape {x.shape}; it takes a batch (N, C, H, W)")
    missing = [axis for axis, letter in enumerate("NCHW") if letter not in word]
    if any(x.shape[axis] != 1 for axis in missing):
        lost = " and ".join(f"{x.shape[axis]} along {'NCHW'[axis]}" for axis in missing if x.shape[axis] != 1)
        raise ShapeError(
            f"from_nchw got shape {x.shape} for layout={word!r}, which has no place for {lost}; name what is missing, "
            "or keep one, x[:1] or x[:, :1]"
        )
    x = squeeze(x, tuple(missing))
    left = [letter for letter in "NCHW" if letter in word]
    return permute(x, [left.index(letter) for letter in word])
