"""A grid of numbers as a piece of a picture: colours, digits, outlines; and the same numbers as lines of text."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .cards import sans_width
from .describe import number_text, shape_text
from .figure import escaped, px
from .graph import Array
from .thumbnails import COLD, HOT, MISSING, address

__all__ = [
    "LABEL", "NARROW", "Grid", "cell_texts", "cell_width", "heat", "heat_pixels", "label_of", "on_one_line", "outlines",
    "range_text", "rows_of_text", "signed", "top_of", "written",
]  # fmt: skip

LABEL = 20.0  # room for the label above a grid
NARROW = 328.0  # a grid should get by with it: telephones have no more
WIDEST = 480.0
BOLD = 1.32  # how much wider than the table the face of labels may be
MOST_ROWS = 32
SIDE, PIXELS = 168.0, 336  # how large a heat map is drawn, and how many pixels it has at most


def cell_text(value: Any, digits: int, decimals: int | None = None) -> str:
    """A number in so many digits, or decimals; a whole one below a million in all of its."""
    number = float(value)
    if not np.isfinite(number):
        return "NaN" if number != number else "∞" if number > 0 else "-∞"
    if abs(number) < 1e6 and number == round(number):
        return f"{round(number)}"
    if decimals is not None:
        text = f"{number:.{decimals}f}".rstrip("0").rstrip(".")
        if text not in ("0", "-0"):
            return text
        digits = 1
    mantissa, _, exponent = f"{number:.{digits}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def cell_texts(array: Array, digits: int) -> list[list[str]]:
    """The numbers of a matrix, with so many decimals that the largest has `digits` digits."""
    top = top_of(array)
    decimals = max(digits - 1 - math.floor(math.log10(top)), 1) if 1e-3 <= top < 1e6 else None
    return [[cell_text(value, digits, decimals) for value in row] for row in array]


def top_of(array: Array) -> float:
    """The largest absolute value of the finite numbers."""
    return float(np.abs(array[np.isfinite(array)]).max(initial=0.0))


def signed(text: str) -> str:
    """Text with a minus sign for each hyphen."""
    return text.replace("-", "−")


def range_text(array: Array) -> str:
    """The least and the greatest finite number, and how many others there are."""
    finite = array[np.isfinite(array)]
    parts = [f"{number_text(finite.min())} … {number_text(finite.max())}"] if finite.size else []
    nans = int(np.isnan(array).sum())
    parts += [f"{count} {name}" for count, name in ((nans, "NaN"), (array.size - finite.size - nans, "inf")) if count]
    return ", ".join(parts)


def written(array: Array, digits: int) -> list[list[str]] | None:
    """The digits of each cell of a matrix, or None where there is no room for them."""
    rows, columns = array.shape
    if rows > MOST_ROWS or columns * 20 > WIDEST:
        return None
    texts = cell_texts(array, digits)
    return texts if columns * cell_width(texts, 11) <= WIDEST else None


def cell_width(texts: Sequence[Sequence[str]], size: float) -> float:
    """How wide cells are whose digits have this size."""
    longest = max((sans_width(text, size) for row in texts for text in row), default=0.0)
    return max(round(longest + 9), size + 10)


def on_one_line(text: str) -> str:
    """Text without ends of lines, for which a label has no room."""
    return " ".join(text.splitlines())


def label_of(label: str, width: float) -> tuple[str, float]:
    """As much of a label as has room above cells of this width, or on a telephone, and how wide it is."""
    room, shown = max(width, NARROW), label
    while sans_width(shown, 13, BOLD) > room:
        shown = shown[:-2].rstrip() + "…"
    return shown, sans_width(shown, 13, BOLD)


def rows_of_text(array: Array, shape: tuple[int, ...], digits: int) -> list[str]:
    """A matrix as lines, in brackets; one too large for that as its shape and range."""
    texts = written(array, digits)
    if texts is None or not array.size:
        return [f"[{shape_text(shape)}" + (f": {range_text(array)}]" if array.size else "]")]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return ["[" + " ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) + "]" for row in texts]


# -------------------------------------------------------------------- cells


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the cells of a matrix stand: `left` and `top` of the first, their sizes, and how many there are."""

    rows: int
    columns: int
    width: float
    height: float
    size: float = 13.0
    left: float = 0.0
    top: float = 0.0

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]], left: float = 0.0, top: float = 0.0) -> "Grid":
        """Cells in which these digits have room, square ones where they can be."""
        size = next((size for size in (13.0, 12.0) if len(texts[0]) * cell_width(texts, size) <= NARROW), 11.0)
        width = cell_width(texts, size)
        return cls(len(texts), len(texts[0]), width, width if width <= 36 else 26.0, size, left, top)

    def place(self, row: float, column: float) -> tuple[float, float]:
        """The upper left corner of a cell."""
        return self.left + column * self.width, self.top + row * self.height

    def rect(self, kind: str, row: int, column: int, rows: int = 1, columns: int = 1, more: str = "") -> str:
        """A rectangle over a cell, or several."""
        x, y = self.place(row, column)
        return (
            f'<rect class="mg-{kind}" x="{px(x)}" y="{px(y)}" width="{px(columns * self.width)}" '
            f'height="{px(rows * self.height)}"{more}/>'
        )

    def ground(self) -> str:
        """What is below the cells."""
        return self.rect("ground", 0, 0, self.rows, self.columns)

    def lines(self) -> str:
        """The lines between and around the cells."""
        path = "".join(f"M{px(self.left)} {px(self.place(row, 0)[1])}h{px(self.columns * self.width)}"
                       for row in range(self.rows + 1))  # fmt: skip
        path += "".join(f"M{px(self.place(0, column)[0])} {px(self.top)}v{px(self.rows * self.height)}"
                        for column in range(self.columns + 1))  # fmt: skip
        return f'<path class="mg-grid" d="{path}"/>'

    def colour(self, row: int, column: int, value: float, top: float) -> str:
        """The colour of a number among others up to `top`."""
        if not np.isfinite(value):
            return self.rect("odd", row, column)
        if not value or not top:
            return ""
        share = 0.1 + 0.9 * min(abs(value) / top, 1.0)
        return self.rect("cold" if value < 0 else "hot", row, column, more=f' fill-opacity="{share:.2f}"')

    def digits(self, row: int, column: int, text: str, lift: float = 0.0, more: str = "") -> str:
        """The digits in a cell."""
        x, y = self.place(row + 0.5, column + 0.5)
        return (
            f'<text x="{px(x)}" y="{px(y + self.size * 0.36 - lift)}" font-size="{px(self.size)}"{more}>'
            f"{escaped(signed(text))}</text>"
        )

    def filled(self, array: Array, texts: Sequence[Sequence[str]], top: float) -> str:
        """All cells: colours where `top` is not 0, digits, lines."""
        places = list(np.ndindex(array.shape))
        parts = [self.ground()]
        parts += [self.colour(i, j, float(array[i, j]), top) for i, j in places] if top else []
        parts += [self.digits(i, j, texts[i][j]) for i, j in places]
        return "".join([*parts, self.lines()])


def outlines(grid: Grid, marks: Sequence[Sequence[tuple[int, int, int, int]]]) -> str:
    """The frames around windows, of which each mark has some: row, column, rows, columns."""
    parts = []
    for number, windows in enumerate(marks):
        for row, column, rows, columns in windows:
            x, y = grid.place(row, column)
            parts.append(
                f'<rect class="mg-mark{number % 3}" x="{px(x + 1)}" y="{px(y + 1)}" '
                f'width="{px(columns * grid.width - 2)}" height="{px(rows * grid.height - 2)}" rx="2"/>'
            )
    return "".join(parts)


# ---------------------------------------------------------------- heat maps


def heat(array: Array, top: float) -> tuple[Grid, str]:
    """A matrix too large for digits as one picture: grey where nothing is below zero, else cold and hot."""
    rows, columns = array.shape
    side = min(SIDE / max(rows, columns), 24.0)
    grid = Grid(rows, columns, max(side, 24.0 / columns), max(side, 24.0 / rows))
    step = -(-max(rows, columns) // PIXELS)
    sizes = f'width="{px(columns * grid.width)}" height="{px(rows * grid.height)}"'
    picture = f'<image {sizes} preserveAspectRatio="none" href="{address(heat_pixels(array[::step, ::step], top))}"/>'
    return grid, grid.ground() + picture + grid.rect("grid", 0, 0, rows, columns)


def heat_pixels(values: Array, top: float) -> Array:
    """The colours of a heat map, and how opaque they are."""
    finite = np.isfinite(values)
    shares = np.clip(np.where(finite, values, 0.0) / (top or 1.0), -1.0, 1.0)
    pixels = np.empty((*values.shape, 4))
    if (shares < 0).any():
        pixels[..., :3] = np.where(shares[..., None] < 0, COLD, HOT)
        pixels[..., 3] = np.abs(shares) * 255
    else:
        pixels[..., :3] = shares[..., None] * 255
        pixels[..., 3] = 255
    pixels[~finite] = (*MISSING, 255)
    return np.rint(pixels).astype(np.uint8)
