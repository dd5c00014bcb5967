"""Which class is taken for which, as a matrix of colours and numbers."""

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..explaining import as_flag
from ..tensor import Array
from .axes import axis_or_new, background, check_axis, colour_map, ink_on, named, numbers

__all__ = ["confusion_matrix"]

# Up to so many classes the cells have room for numbers, and the axes for every name.
_NUMBERED = 20


def confusion_matrix(
    matrix: Any,
    ax: Any = None,
    *,
    labels: Any = None,
    diagonal: bool = True,
    annotate: bool | None = None,
    title: str = "Confusions",
    cmap: Any = None,
) -> Any:
    """A matrix of counts or shares, rows for true and columns for predicted classes; returns the axis.

    `matrix` is what `metrics.ConfusionMatrix` computes. With `diagonal=False` only the mistakes are coloured, so that
    they show beside many right answers. `labels` name the classes. Numbers are written for up to 20 classes, or as
    `annotate` says; zeros stay blank. Without a `cmap` colours begin at the background of the axis, light or dark.

    Raises `ShapeError` for a matrix that is not square, and a wrong number of labels, `ArgumentError` for a colour map
    that there is not.

    >>> from minigrad import plot
    >>> ax = plot.confusion_matrix([[9, 1], [0, 8]], labels=["cat", "dog"])
    >>> ax.get_xlabel(), ax.get_ylabel(), [text.get_text() for text in ax.texts]
    ('predicted', 'true', ['9', '1', '8'])
    """
    name = "confusion_matrix"
    check_axis(ax, name)
    colours = colour_map(cmap, name)
    counts = numbers(matrix, name, "matrix", (2,), "a square matrix (C, C), such as ConfusionMatrix(C).compute()")
    size = len(counts)
    if counts.shape != (size, size):
        raise ShapeError(
            f"{name} got a matrix of shape {counts.shape}; it is square, with a row and a column for each class. "
            "Scores and classes go through metrics.confusion_matrix(scores, classes, C) first"
        )
    names = None if labels is None else named(labels, size, name, "labels", "class")
    coloured = counts.copy()
    if not as_flag(diagonal, name, "diagonal"):
        np.fill_diagonal(coloured, 0)
    written = size <= _NUMBERED if annotate is None else as_flag(annotate, name, "annotate")
    side = min(10.0, max(3.6, 0.45 * size + 1.2))
    with axis_or_new(ax, name, (side, side)) as ax:
        if colours is None:
            from matplotlib.colors import LinearSegmentedColormap

            ends = [background(ax), "tab:blue" if diagonal else "tab:red"]
            colours = LinearSegmentedColormap.from_list("from the background", ends)
        finite = coloured[np.isfinite(coloured)]
        largest = float(finite.max()) if finite.size else 0.0
        image = ax.imshow(coloured, cmap=colours, vmin=0, vmax=largest or 1)
        if written:
            _write(ax, image, counts, coloured)
        if names is not None or size <= _NUMBERED:
            ticks = names or list(map(str, range(size)))
            slanted = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if max(map(len, ticks)) > 3 else {}
            ax.set_xticks(range(size), ticks, **slanted)
            ax.set_yticks(range(size), ticks)
        ax.set(title=title, xlabel="predicted", ylabel="true")
    return ax


def _write(ax: Any, image: Any, counts: Array, coloured: Array) -> None:
    """The number in each cell that is not zero, black or white as the cell asks for."""
    whole = bool((counts == np.round(counts)).all())
    fontsize = max(4.0, min(10.0, 110 / len(counts)))
    for row, column in zip(*np.nonzero(counts)):
        text = f"{counts[row, column]:.0f}" if whole else _share(counts[row, column])
        colour = ink_on(image.cmap(image.norm(coloured[row, column])))
        ax.text(column, row, text, ha="center", va="center", fontsize=fontsize, color=colour)


def _share(value: float) -> str:
    """Two decimals, of which 0.00 would say that there is nothing."""
    return "<.01" if 0 < value < 0.005 else f"{value:.2f}"
