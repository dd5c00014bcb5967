"""What every figure begins with: an axis to draw on, and numbers to draw."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, MissingPackageError, ShapeError
from ..explaining import iterable
from ..operands import as_numbers
from ..tensor import Array

__all__ = ["axis_or_new", "background", "check_axis", "colour_map", "ink_on", "named", "numbers"]


def check_axis(ax: Any, name: str) -> None:
    """Refuse what is neither an axis of matplotlib with straight x and y nor None, before anything is drawn.

    >>> from minigrad.plot.axes import check_axis
    >>> check_axis(None, "filters")
    """
    if ax is None or all(hasattr(ax, method) for method in ("imshow", "plot", "figure", "set_title")):
        projection = getattr(ax, "name", "rectilinear")
        if ax is not None and projection != "rectilinear":
            raise DTypeError(
                f"{name} got an axis of the projection {projection!r}; it draws along straight x and y: make the axis "
                "without projection="
            )
        return
    remedy = (
        ". Of several axes, as plt.subplots(2, 3) gives them, pass one: axes[0, 0]"
        if isinstance(ax, np.ndarray | list | tuple)
        else ""
    )
    if hasattr(ax, "add_subplot"):
        remedy = ". A figure has axes: pass figure.subplots(), or ax=None for a figure of its own"
    raise DTypeError(
        f"{name} got a {type(ax).__name__} as ax; it draws on one axis of matplotlib, or makes a figure where ax is "
        "None" + remedy
    )


def _pyplot(name: str) -> Any:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise MissingPackageError(
            f"{name} draws with matplotlib, which is not installed: pip install matplotlib, or the extra viz"
        ) from error
    return pyplot


@contextmanager
def axis_or_new(ax: Any, name: str, figsize: tuple[float, float]) -> Iterator[Any]:
    """The axis, or that of a new figure of so many inches, which is closed where drawing on it raises.

    Raises `MissingPackageError` where matplotlib is not installed.
    """
    if ax is not None:
        yield ax
        return
    pyplot = _pyplot(name)
    figure, ax = pyplot.subplots(figsize=figsize, layout="constrained")
    try:
        yield ax
    except BaseException:
        pyplot.close(figure)
        raise


def colour_map(cmap: Any, name: str) -> Any:
    """The colour map of matplotlib that a name means, a colour map itself, or None.

    Raises `ArgumentError` for anything else, before there is a figure.
    """
    if cmap is None:
        return None
    _pyplot(name)
    from difflib import get_close_matches

    from matplotlib import colormaps
    from matplotlib.colors import Colormap

    if isinstance(cmap, Colormap):
        return cmap
    if not isinstance(cmap, str) or cmap not in colormaps:
        near = get_close_matches(cmap, list(colormaps), 1, 0.75) if isinstance(cmap, str) else []
        raise ArgumentError(
            f"{name} got cmap={cmap!r}; it is a colour map of matplotlib or its name, such as 'gray', 'viridis' or "
            "'RdBu_r'" + "".join(f". Is it {one!r}?" for one in near)
        )
    return colormaps[cmap]


def numbers(values: Any, name: str, role: str, ndims: tuple[int, ...], shape: str) -> Array:
    """Tensors, arrays and lists as a float64 array of so many axes; `shape` says which in words.

    Raises `ShapeError` for another number of axes or no elements, `DTypeError` for what holds no numbers.

    >>> from minigrad.plot.axes import numbers
    >>> numbers([1, 2], "learning_curves", "history", (1,), "one number an epoch")
    array([1., 2.])
    """
    array = as_numbers(values, name, role)
    if array.ndim not in ndims or not array.size:
        raise ShapeError(f"{name} got {role} of shape {array.shape}; it takes {shape}")
    return array


def named(values: Any, count: int, name: str, role: str, what: str) -> list[str]:
    """So many names as strings; raises `ShapeError` for another number of them.

    >>> from minigrad.plot.axes import named
    >>> named(range(2), 2, "confusion_matrix", "labels", "class")
    ['0', '1']
    """
    if isinstance(values, str) or not iterable(values):
        raise DTypeError(f"{name} got {role}={values!r}; it is a list with one name for each {what}")
    names = [str(one) for one in values]
    if len(names) != count:
        raise ShapeError(f"{name} got {len(names)} {role} for {count} of them; give one for each {what}")
    return names


def background(ax: Any) -> tuple[float, float, float]:
    """The colour behind what is drawn on an axis: its own, or, where that is transparent, the figure's."""
    from matplotlib.colors import to_rgba

    colour = np.ones(3)
    for below in (ax.figure.get_facecolor(), ax.get_facecolor()):
        *rgb, alpha = to_rgba(below)
        colour = alpha * np.asarray(rgb) + (1 - alpha) * colour
    red, green, blue = (float(one) for one in colour)
    return red, green, blue


def ink_on(colour: Any) -> str:
    """Black on light colours, white on dark ones, by their luminance (ITU-R BT.709).

    >>> from minigrad.plot.axes import ink_on
    >>> ink_on((1.0, 1.0, 0.8)), ink_on((0.1, 0.1, 0.4))
    ('black', 'white')
    """
    red, green, blue = colour[:3]
    return "black" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5 else "white"
