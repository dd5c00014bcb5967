"""What convolutions hold and give: their kernels, and the maps behind them."""

from typing import Any

import numpy as np

from ..errors import ArgumentError, IndexOutOfRangeError
from ..explaining import as_flag
from ..operands import as_integer
from ..tensor import Array
from .axes import axis_or_new, check_axis, colour_map, numbers
from .grids import Grid, chosen_columns, show_grid

__all__ = ["feature_maps", "filters"]

# So many rows or columns have room for their numbers.
_NUMBERED = 32


def filters(
    weight: Any, ax: Any = None, *, columns: int | None = None, rgb: bool = False, title: str | None = None
) -> Any:
    """The kernels of a layer as the correlation applies them, red if positive, blue if negative; returns the axis.

    (O, C, h, w) or (O, C, k): a tensor, an array, or a layer with a `weight`. With one channel each tile is a filter;
    with more, rows are filters and columns their channels, or, with `rgb`, the three channels are a colour, grey for
    0. All have one scale, which goes as far down as up.

    Raises `ShapeError` for other shapes, `ArgumentError` for colours of other than three channels.

    >>> import nn
    >>> from minigrad import plot
    >>> plot.filters(nn.Conv2d(1, 6, 5)).get_title()
    '6 filters, 5×5'
    """
    name = "filters"
    check_axis(ax, name)
    if not hasattr(weight, "shape") and hasattr(weight, "weight"):
        weight = weight.weight
    shape = "the weight of a convolution over one or two axes, shape (O, C, k) or (O, C, h, w)"
    kernels = numbers(weight, name, "weight", (3, 4), shape)
    if kernels.ndim == 3:
        kernels = kernels[:, :, None]
    out, channels, height, width = kernels.shape
    finite = np.abs(kernels[np.isfinite(kernels)])
    limit = float(finite.max()) if finite.size and finite.max() > 0 else 1.0
    options: dict[str, Any] = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
    across = channels
    if as_flag(rgb, name, "rgb"):
        if channels != 3:
            raise ArgumentError(f"filters got rgb=True and kernels of {channels} channels; a colour has three")
        coloured = np.concatenate([0.5 + 0.5 * kernels / limit, np.ones((out, 1, height, width))], 1)
        tiles = list(np.moveaxis(coloured, 1, -1))
    else:
        tiles = list(kernels.reshape(-1, height, width))
    if rgb or channels == 1:
        across = chosen_columns(columns, out, width / height, name)
    grid = Grid.of(tiles, across)
    one = "" if out == 1 else "s"
    scale = f"grey 0, ±{limit:.3g}" if rgb else f"blue −{limit:.3g}, white 0, red {limit:.3g}"
    with axis_or_new(ax, name, grid.figsize) as ax:
        show_grid(ax, grid, **options)
        if not rgb and channels > 1:
            _number_axes(ax, grid, out, channels)
        ax.set_title(f"{out} filter{one}, {height}×{width}" if title is None else title)
        ax.set_xlabel(f"input channel\n{scale}" if not rgb and channels > 1 else scale)
    return ax


def _number_axes(ax: Any, grid: Grid, rows: int, columns: int) -> None:
    """Numbers along rows of filters and columns of channels, every so many where they are many."""
    down, right = range(0, rows, -(-rows // _NUMBERED)), range(0, columns, -(-columns // _NUMBERED))
    ax.set_yticks([grid.corners[row * columns][0] + grid.height / 2 - 0.5 for row in down], list(map(str, down)))
    ax.set_xticks([grid.corners[column][1] + grid.width / 2 - 0.5 for column in right], list(map(str, right)))
    ax.set_ylabel("filter")


def feature_maps(
    maps: Any,
    ax: Any = None,
    *,
    index: int = 0,
    columns: int | None = None,
    scale: str = "each",
    title: str | None = None,
    cmap: Any = "viridis",
) -> Any:
    """The maps that a layer makes of one example, a tile for each channel; returns the axis.

    (N, C, H, W), of which the example `index` is shown, or (C, H, W). With `scale='each'` every map goes from its own
    smallest value, dark, to its largest, bright; with 'all' they share one scale, so that they can be compared.

    Raises `ShapeError` for other shapes, `IndexOutOfRangeError` for an example that there is not, `ArgumentError` for
    another scale or colour map.

    >>> import minigrad as mg, nn
    >>> maps = nn.Conv2d(1, 6, 5)(mg.rand(2, 1, 28, 28))
    >>> mg.plot.feature_maps(maps, index=1).get_title()
    '6 maps of 24×24'
    """
    name = "feature_maps"
    check_axis(ax, name)
    colours = colour_map(cmap, name)
    if not isinstance(scale, str) or scale not in ("each", "all"):
        raise ArgumentError(f"feature_maps got scale={scale!r}; it is 'each', or 'all' for one scale")
    shape = "what a convolution over two axes gives, shape (N, C, H, W), or one example of it, (C, H, W)"
    array = numbers(maps, name, "maps", (3, 4), shape)
    if array.ndim == 4:
        example = as_integer(index, name, "index")
        if not -len(array) <= example < len(array):
            raise IndexOutOfRangeError(
                f"feature_maps got index={example} and {len(array)} examples, of shape {array.shape}"
            )
        array = array[example]
    low, high = _extremes(array)
    note = f"dark {low:.3g}, bright {high:.3g}".replace("-", "−")
    if scale == "each":
        array, low, high, note = (
            np.stack([_stretched(one) for one in array]),
            0.0,
            1.0,
            "each from its least to its largest",
        )
    grid = Grid.of(list(array), chosen_columns(columns, len(array), array.shape[2] / array.shape[1], name))
    with axis_or_new(ax, name, grid.figsize) as ax:
        show_grid(ax, grid, cmap=colours, vmin=low, vmax=high if high > low else low + 1)
        plural = "" if len(array) == 1 else "s"
        ax.set_title(f"{len(array)} map{plural} of {array.shape[1]}×{array.shape[2]}" if title is None else title)
        ax.set_xlabel(note)
    return ax


def _extremes(array: Array) -> tuple[float, float]:
    finite = array[np.isfinite(array)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def _stretched(one: Array) -> Array:
    """A map from 0 to 1; a constant one is 0."""
    low, high = _extremes(one)
    return (one - low) / (high - low if high > low else 1.0)
