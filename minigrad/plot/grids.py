"""Images side by side on one axis, with transparent gaps between them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..operands import as_integer, as_number
from ..tensor import Array
from .axes import axis_or_new, check_axis, colour_map, named, numbers

__all__ = ["Grid", "image_grid", "show_grid"]

_IMAGES = "images with the channels second: (N, H, W), (N, 1, H, W) or (N, 3, H, W), or one image of (H, W)"


class Grid(NamedTuple):
    """Tiles on one canvas: gaps are NaN, or transparent between tiles of colours; `corners` are rows and columns."""

    canvas: Array
    corners: list[tuple[int, int]]
    filled: list[bool]
    height: int
    width: int

    @classmethod
    def of(cls, tiles: Sequence[Array | None], columns: int, heads: str = "") -> "Grid":
        """Lay out tiles (h, w) or (h, w, 4), None for an empty place, with room above the `first` row or `each`."""
        shape = next(tile.shape for tile in tiles if tile is not None)
        height, width = shape[:2]
        gap = max(1, round(0.06 * min(height, width)))
        room = max(2, round(0.3 * height)) if heads else 0
        above = room if heads == "each" else gap
        rows = -(-len(tiles) // columns)
        size = (room + rows * (height + above) - above, columns * (width + gap) - gap)
        canvas = np.full(size, np.nan) if len(shape) == 2 else np.zeros((*size, 4))
        corners = []
        for number, tile in enumerate(tiles):
            row, column = divmod(number, columns)
            top, left = room + row * (height + above), column * (width + gap)
            corners.append((top, left))
            if tile is not None:
                canvas[top : top + height, left : left + width] = tile
        return cls(canvas, corners, [tile is not None for tile in tiles], height, width)

    @property
    def figsize(self) -> tuple[float, float]:
        """Inches for a figure of its own, with room for words around it."""
        rows, columns = self.canvas.shape[:2]
        inch = min(8 / columns, 9 / rows, 1.2 / max(self.height, self.width))
        return max(3.6, columns * inch + 0.4), rows * inch + 0.8


def show_grid(ax: Any, grid: Grid, **options: Any) -> Any:
    """Draw a grid on an axis without ticks, each tile in a thin frame, and return the image of matplotlib."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    image = ax.imshow(grid.canvas, interpolation="nearest", **options)
    corners = [corner for corner, filled in zip(grid.corners, grid.filled) if filled]
    frames = [Rectangle((left - 0.5, top - 0.5), grid.width, grid.height) for top, left in corners]
    ax.add_collection(PatchCollection(frames, facecolor="none", edgecolor="0.5", linewidth=0.5), autolim=False)
    ax.set(xticks=[], yticks=[])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image


def balanced(count: int, ratio: float) -> int:
    """How many columns make so many tiles, of which width/height is `ratio`, a grid that is a little wide, and full.

    >>> from minigrad.plot.grids import balanced
    >>> balanced(10, 1.0), balanced(16, 1.0), balanced(7, 1.0)
    (5, 4, 4)
    """
    best = math.sqrt(1.6 * count / ratio)
    full = [one for one in range(1, count + 1) if count % one == 0 and 0.75 * best <= one <= 1.6 * best]
    return min(full, key=lambda one: abs(one - best)) if full else max(1, min(count, math.ceil(best)))


def chosen_columns(columns: Any, count: int, ratio: float, name: str) -> int:
    """The number of columns asked for, or a good one."""
    if columns is None:
        return balanced(count, ratio)
    columns = as_integer(columns, name, "columns")
    if columns < 1:
        raise ArgumentError(f"{name} got columns={columns}; it is how many tiles stand side by side, 1 or more")
    return min(int(columns), count)


def _pictures(images: Any, name: str, role: str) -> Array:
    """Images as (N, H, W) or (N, H, W, 3)."""
    array = numbers(images, name, role, (2, 3, 4), _IMAGES)
    if array.ndim == 4:
        if array.shape[1] not in (1, 3):
            remedy = "are they last? Then pass images.permute(0, 3, 1, 2)" if array.shape[3] in (1, 3) else ""
            remedy = remedy or "for the channels of a layer there is feature_maps"
            raise ShapeError(f"{name} got {role} of shape {array.shape}, {array.shape[1]} channels; {remedy}")
        return array[:, 0] if array.shape[1] == 1 else np.moveaxis(array, 1, -1)
    return array if array.ndim == 3 else array[None]


def _are_bytes(images: Any) -> bool:
    """Whether images, or all in a list of them, are uint8."""
    if isinstance(images, list | tuple):
        return bool(images) and all(map(_are_bytes, images))
    return bool(getattr(images, "dtype", None) == np.uint8)


def _limits(of_bytes: bool, array: Array, vmin: Any, vmax: Any, name: str) -> tuple[float, float]:
    """The values shown black and white: as given, 0 and 255 for bytes, 0 and 1 where all lie there, or the extremes."""
    finite = array[np.isfinite(array)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if of_bytes:
        low, high = 0.0, 255.0
    elif low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    low = low if vmin is None else as_number(vmin, name, "vmin")
    high = high if vmax is None else as_number(vmax, name, "vmax")
    if not low <= high:
        raise ArgumentError(f"{name} shows {low:g} as black and {high:g} as white; vmin is below vmax")
    return low, high if high > low else low + 1


def image_grid(
    images: Any,
    ax: Any = None,
    *,
    columns: int | None = None,
    titles: Any = None,
    title: str = "",
    cmap: Any = "gray",
    vmin: float | None = None,
    vmax: float | None = None,
) -> Any:
    """Images side by side: (N, H, W), (N, 1, H, W), or (N, 3, H, W) in colour; returns the axis.

    A dictionary from names to images makes a row of each, with the name before it: originals, noisy inputs and
    reconstructions. `titles` stand above the images, one for each, with a dictionary one for each column. `vmin` is
    shown black and `vmax` white: by default 0 and 1 where all values lie there, 0 and 255 for bytes, else the
    extremes. Rows of bytes beside rows of other numbers are divided by 255.

    Raises `ShapeError` for other shapes, images of several sizes and a wrong number of titles, `ArgumentError` for
    limits in the wrong order and colour maps that there are not.

    >>> import minigrad as mg
    >>> ax = mg.plot.image_grid(mg.rand(6, 1, 8, 8), title="noise")
    >>> ax.get_title(), ax.images[0].get_array().shape
    ('noise', (17, 26))
    """
    name = "image_grid"
    check_axis(ax, name)
    colours = colour_map(cmap, name)
    rows = images if isinstance(images, Mapping) else {"": images}
    if not rows:
        raise ShapeError("image_grid got an empty dictionary; it takes at least one row of images")
    found = [_pictures(one, name, f"images[{key!r}]" if images is rows else "images") for key, one in rows.items()]
    shapes = {one.shape[1:] for one in found}
    if len(shapes) > 1:
        raise ShapeError(f"image_grid got images of the sizes {', '.join(map(str, sorted(shapes)))}; all have one size")
    of_bytes = [_are_bytes(one) for one in rows.values()]
    if not all(of_bytes):
        found = [one / 255 if are else one for one, are in zip(found, of_bytes)]
    every = np.concatenate(found)
    low, high = _limits(all(of_bytes), every, vmin, vmax, name)
    if every.ndim == 4:  # colours are drawn as they are, so they are scaled here
        opaque = [np.ones((*one.shape[:-1], 1)) for one in found]
        found = [
            np.concatenate([(one - low).clip(0, high - low) / (high - low), more], -1)
            for one, more in zip(found, opaque)
        ]
    if images is rows:
        across = max(map(len, found)) if columns is None else chosen_columns(columns, max(map(len, found)), 1.0, name)
        tiles = [part[number] if number < len(part) else None for part in found for number in range(across)]
        headed = across
    else:
        tiles = list(found[0])
        across = chosen_columns(columns, len(tiles), found[0].shape[2] / found[0].shape[1], name)
        headed = len(tiles)
    heads = None if titles is None else named(titles, headed, name, "titles", "column" if images is rows else "image")
    grid = Grid.of(tiles, across, "" if heads is None else "first" if images is rows else "each")
    with axis_or_new(ax, name, grid.figsize) as ax:
        show_grid(ax, grid, cmap=colours, vmin=low, vmax=high)
        ax.set_title(title)
        if images is rows:
            middles = [grid.corners[number * across][0] + grid.height / 2 - 0.5 for number in range(len(rows))]
            ax.set_yticks(middles, [str(key) for key in rows])
        for text, (top, left) in zip(heads or [], grid.corners):
            ax.text(
                left + grid.width / 2 - 0.5, top - 0.5 - 0.04 * grid.height, text, ha="center", va="bottom", fontsize=9
            )
    return ax
