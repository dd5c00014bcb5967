"""What a unit sees: the pixels that its value depends on, found by the tape."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd import enable_grad, grad
from ..errors import DTypeError, GradError, IndexOutOfRangeError
from ..operands import as_integer
from ..tensor import Array, Tensor
from .axes import axis_or_new, check_axis, numbers

__all__ = ["receptive_field"]


def receptive_field(
    function: Callable[..., Any], image: Any, unit: Any = None, ax: Any = None, *, title: str | None = None
) -> Any:
    """The pixels that one unit of a network sees, framed, the redder the larger its |∂unit/∂pixel|; returns the axis.

    `function` is a model, or a part of it, that takes a batch of images; `image` is one, (C, H, W), (1, C, H, W) or
    (H, W). `unit` are the indices of the unit in what comes out for it, such as (channel, row, column); without it, the
    first channel's unit in the middle. Gradients of channels add up by their absolute values. What is framed is the
    least rectangle that holds all of them, as large as the field counted from kernels and strides (N61) where no
    gradient is zero by chance; a ReLU that is off hides what lies behind it.

    Raises `GradError` for what does not depend on the image in a way that is recorded, `IndexOutOfRangeError` for a
    unit that there is not, `DTypeError` and `ShapeError` for what is no function and no image.

    >>> import minigrad as mg, nn
    >>> layers = nn.Sequential(nn.Conv2d(1, 2, 5), nn.AvgPool2d(2), nn.Conv2d(2, 2, 5))
    >>> mg.plot.receptive_field(layers, mg.rand(1, 28, 28)).get_title()
    'unit (0, 4, 4) sees 14×14 pixels'
    """
    name = "receptive_field"
    check_axis(ax, name)
    if not callable(function):
        raise DTypeError(
            f"{name} got a {type(function).__name__} as function; it is a model, or any function of images"
        )
    pixels = numbers(image, name, "image", (2, 3, 4), "one image, shape (C, H, W), (1, C, H, W) or (H, W)")
    pixels = numbers(
        pixels[0] if pixels.ndim == 4 and len(pixels) == 1 else pixels, name, "image", (2, 3), "one image, not a batch"
    ).reshape(-1, *pixels.shape[-2:])
    dtype = image.dtype if isinstance(image, Tensor) and image.is_floating_point() else np.float32
    place, slopes = _slopes(function, pixels.astype(dtype), unit, name)
    rows, columns = (np.flatnonzero(slopes.any(axis)) for axis in (1, 0))
    shape = (int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1) if len(rows) else (0, 0)
    height, width = slopes.shape
    with axis_or_new(ax, name, (4.5, min(9.0, 0.8 + 4.2 * height / width))) as ax:
        from matplotlib.patches import Rectangle

        ax.imshow(pixels.mean(0), cmap="gray")
        largest = slopes.max()
        shades = np.zeros((height, width, 4))
        shades[..., 0] = 1.0
        shades[..., 3] = 0.75 * np.sqrt(slopes / largest) if largest > 0 else 0.0
        ax.imshow(shades)
        if len(rows):
            corner = (columns[0] - 0.5, rows[0] - 0.5)
            ax.add_patch(Rectangle(corner, shape[1], shape[0], fill=False, edgecolor="red", linewidth=2))
        ax.set(xticks=[], yticks=[], xlabel=f"{np.count_nonzero(slopes)} of {slopes.size} pixels have a gradient")
        ax.set_title(f"unit {place} sees {shape[0]}×{shape[1]} pixels" if title is None else title)
    return ax


def _slopes(function: Callable[..., Any], pixels: Array, unit: Any, name: str) -> tuple[tuple[int, ...], Array]:
    """Where the unit stands, and Σ_c |∂unit/∂x_c| at each pixel."""
    with enable_grad():
        x = Tensor._wrap(pixels[None]).requires_grad_()
        output = function(x)
        if not isinstance(output, Tensor) or not output.requires_grad:
            given = "None" if output is None else f"a {type(output).__name__}"
            raise GradError(
                f"{name} got a function that gives {given} without a tape; it has to give a tensor that is computed "
                "from the image, without detach() or NumPy in between"
            )
        place = _place(output, unit, name)
        (slopes,) = grad(output[(0, *place)], x, allow_unused=True, materialize_grads=True)
    return place, np.abs(slopes.numpy()[0]).sum(0)


def _place(output: Tensor, unit: Any, name: str) -> tuple[int, ...]:
    """The indices of the unit in what comes out for one image; the middle of the first channel where it is None."""
    if unit is None:
        place = (0, *(n // 2 for n in output.shape[2:]))[: output.ndim - 1]
    else:
        place = tuple(as_integer(one, name, "unit") for one in (unit if isinstance(unit, tuple | list) else (unit,)))
    if len(place) != output.ndim - 1 or any(not -n <= one < n for one, n in zip(place, output.shape[1:])):
        raise IndexOutOfRangeError(
            f"{name} got unit={place}; for one image comes {output.shape[1:]}, of which it is an index"
        )
    return place
