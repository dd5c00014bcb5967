"""Points of a latent space in the plane, coloured by class."""

from typing import Any

import numpy as np

from ..errors import DTypeError, ShapeError
from ..operands import as_number, as_numbers
from ..silence import silent
from ..tensor import Array
from .axes import axis_or_new, check_axis, colour_map, named, numbers

__all__ = ["embedding"]

_MOST_CLASSES = 20


def embedding(
    points: Any,
    labels: Any = None,
    ax: Any = None,
    *,
    names: Any = None,
    title: str = "",
    size: float | None = None,
    cmap: Any = None,
) -> Any:
    """Points (N, D) in the plane, coloured by their labels (N,); returns the axis.

    Of more than two axes the two principal components are drawn, whose labels say which share of the variance they
    hold. Up to 20 different integers are classes, with a legend and, if given, `names` for the classes 0, 1, …; other
    numbers are a scale of colours. `size` is the area of a point, by default smaller the more there are.

    Raises `ShapeError` for other shapes and a wrong number of labels, `DTypeError` for what holds no numbers,
    `ArgumentError` for a colour map that there is not.

    >>> import minigrad as mg
    >>> ax = mg.plot.embedding(mg.randn(50, 16), mg.randint(0, 3, (50,)), names=["a", "b", "c"])
    >>> len(ax.collections), ax.get_xlabel()[:23]
    (3, '1st principal component')
    """
    name = "embedding"
    check_axis(ax, name)
    colours = colour_map(cmap, name)
    flat = numbers(points, name, "points", (2,), "points of at least two coordinates, shape (N, D)")
    if flat.shape[1] < 2:
        raise ShapeError(f"{name} got points of shape {flat.shape}; in the plane each has at least two coordinates")
    values = None if labels is None else as_numbers(labels, name, "labels")
    if values is not None and values.shape != flat.shape[:1]:
        raise ShapeError(f"{name} got labels of shape {values.shape} for {len(flat)} points; each has one, shape (N,)")
    classes = None if values is None else _classes(values)
    if names is not None and classes is None:
        raise DTypeError(
            f"{name} got names, and labels that are no classes: integers from 0 on, at most {_MOST_CLASSES}"
        )
    known = None if names is None or classes is None else named(names, int(classes.max()) + 1, name, "names", "class")
    area = min(30.0, max(2.0, 15000 / len(flat))) if size is None else as_number(size, name, "size")
    with silent():
        plane, axes = _plane(flat)
    with silent(), axis_or_new(ax, name, (6.0, 5.0)) as ax:
        common: dict[str, Any] = {"s": area, "linewidths": 0, "alpha": 0.8}
        if values is None:
            ax.scatter(plane[:, 0], plane[:, 1], **common)
        elif classes is None:
            drawn = ax.scatter(plane[:, 0], plane[:, 1], c=values, cmap=colours or "viridis", **common)
            ax.figure.colorbar(drawn, ax=ax)
        else:
            _draw_classes(ax, plane, values, classes, known, colours, common)
        ax.set(title=title, xlabel=axes[0], ylabel=axes[1])
    return ax


def _classes(values: Array) -> Array | None:
    """The different labels, where they are few integers from 0 on; None where they are not."""
    found = np.unique(values)
    few = len(found) <= _MOST_CLASSES and bool(np.isfinite(found).all()) and bool((found == np.round(found)).all())
    return found.astype(np.int64) if few and found[0] >= 0 and found[-1] < 2**15 else None


def _plane(flat: Array) -> tuple[Array, tuple[str, str]]:
    """Two coordinates of each point and what they are: the given ones, or the first principal components."""
    if flat.shape[1] == 2:
        return flat, ("first coordinate", "second coordinate")
    finite = np.isfinite(flat).all(1)
    if not finite.any():
        return flat[:, :2], ("first coordinate", "second coordinate")
    scale = float(np.abs(flat[finite]).max()) or 1.0
    centred = flat / scale - (flat[finite] / scale).mean(0)
    variances, directions = np.linalg.eigh(centred[finite].T @ centred[finite])
    shares = variances[::-1] / max(float(variances.sum()), np.finfo(float).tiny)
    directions = directions[:, ::-1][:, :2]
    directions *= np.sign(directions[np.abs(directions).argmax(0), [0, 1]])  # eigenvectors come with any sign
    words = (f"{rank} principal component ({share:.0%} of the variance)" for rank, share in zip(("1st", "2nd"), shares))
    first, second = words
    return centred @ directions * scale, (first, second)


def _draw_classes(
    ax: Any,
    plane: Array,
    values: Array,
    classes: Array,
    names: list[str] | None,
    cmap: Any,
    common: dict[str, Any],
) -> None:
    """A cloud for each class, with a legend beside the axis."""
    from matplotlib import colormaps

    few = int(classes.max()) < 10
    colours = cmap or colormaps["tab10" if few else "tab20"]
    for place, number in enumerate(classes):
        which = int(number) if few or names is not None else place
        colour = colours(which % colours.N) if colours.N <= _MOST_CLASSES else colours(place / max(len(classes) - 1, 1))
        chosen = values == number
        label = str(number) if names is None else names[number]
        ax.scatter(plane[chosen, 0], plane[chosen, 1], color=colour, label=label, **common)
    legend = ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, borderaxespad=0.3)
    for handle in legend.legend_handles:
        handle.set_sizes([30.0])
        handle.set_alpha(1.0)
