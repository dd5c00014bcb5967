"""`draw_arrays`: matrices and vectors side by side, with their numbers, colours and marks."""

import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError
from ..operands import as_flag, as_integer
from ..tensor import Tensor
from .cards import sans_width
from .cells import LABEL, Grid, heat, label_of, on_one_line, outlines, range_text, rows_of_text, top_of, written
from .describe import shape_text
from .figure import ArrayDrawing, Piece, escaped, px
from .graph import Array

__all__ = [
    "Panel",
    "alternative",
    "array_of",
    "beside",
    "draw_arrays",
    "panel_piece",
    "row_of_text",
    "told",
    "told_rows",
]

Window = tuple[int, int, int, int]
WORDS = 200.0  # how wide a line of words between arrays gets


class Panel:
    """An array for `draw_arrays`, with a label above it and marks around some of its cells.

    Each of `marks` is an index of the array: (i, j) is a cell, numpy.s_[0:3, 1:4] a window, a mask of the array's shape
    all cells where it is true. The first mark is green, the second violet and dashed, the third brown and dotted.

    Raises `DTypeError` for what is no array of numbers, `ShapeError` for one of more than two axes,
    `IndexOutOfRangeError` for a mark that is not in it.

    >>> import numpy as np
    >>> Panel([[1, 2], [3, 4]], "x", marks=[(0, 1), np.s_[:, 0]])
    Panel(2×2, 'x', 2 marks)
    """

    def __init__(self, array: Any, label: str = "", marks: Any = ()) -> None:
        values = array_of(array, "Panel")
        if not isinstance(label, str):
            raise DTypeError(f"Panel got a {type(label).__name__} as label; it is text: Panel(x, 'x')")
        self.label = on_one_line(label)
        self.shape = values.shape
        self.array = np.atleast_2d(values)
        listed = marks if isinstance(marks, list) or (isinstance(marks, tuple) and not marks) else [marks]
        self.marks: list[list[Window]] = [_windows(mark, self.shape) for mark in listed]

    def __repr__(self) -> str:
        marks = f", {len(self.marks)} mark{'s' * (len(self.marks) != 1)}" if self.marks else ""
        return f"Panel({shape_text(self.shape)}, {self.label!r}{marks})"


def array_of(value: Any, name: str) -> Array:
    """What is drawn as a float64 array of at most two axes."""
    try:
        array = np.asarray(value.detach() if isinstance(value, Tensor) else value)
    except ValueError:
        array = np.empty(0, object)
    if array.dtype.kind not in "biuf":
        held = f"a {type(value).__name__}" if array.dtype.kind == "O" else f"an array of {array.dtype}"
        remedy = "; a layer or a kernel has its array in weight" if hasattr(value, "weight") else ""
        raise DTypeError(f"{name} got {held}; it draws arrays and tensors of real numbers{remedy}")
    if array.ndim > 2:
        first = ", ".join("0" * (array.ndim - 2))
        raise ShapeError(
            f"{name} got the shape {array.shape}; a picture shows a map, of at most two axes. Pick one, "
            f"x[{first}], or give several"
        )
    return array.astype(np.float64)


def _windows(mark: Any, shape: tuple[int, ...]) -> list[Window]:
    """The windows, in a matrix, that one mark outlines: row, column, rows, columns."""
    mask = mark.detach() if isinstance(mark, Tensor) else mark
    if isinstance(mask, np.ndarray | Tensor) and np.asarray(mask).dtype == bool:
        cells = np.asarray(mask)
        if cells.shape != shape:
            raise ShapeError(
                f"Panel got a mask of shape {cells.shape} for an array of shape {shape}; they are the same"
            )
        return [(int(row), int(column), 1, 1) for row, column in np.argwhere(np.atleast_2d(cells))]
    parts = mark if isinstance(mark, tuple) else (mark,)
    if len(parts) > len(shape):
        raise _no_index(mark, shape)
    parts += (slice(None),) * (len(shape) - len(parts))
    ranges = [_range(part, size, mark, shape) for part, size in zip(parts, shape, strict=True)]
    (row, rows), (column, columns) = [(0, 1)] * (2 - len(ranges)) + ranges
    return [(row, column, rows, columns)] * bool(rows and columns)


def _range(part: Any, size: int, mark: Any, shape: tuple[int, ...]) -> tuple[int, int]:
    """Where an index along one axis begins, and how many places it takes."""
    if isinstance(part, slice):
        start, stop, step = part.indices(size)
        if step == 1:
            return start, max(stop - start, 0)
    else:
        try:
            at = operator.index(part)
        except TypeError:
            at = size
        if -size <= at < size:
            return at % size, 1
    raise _no_index(mark, shape)


def _no_index(mark: Any, shape: tuple[int, ...]) -> IndexOutOfRangeError:
    return IndexOutOfRangeError(
        f"Panel got the mark {mark!r} for an array of shape {shape}; it is an index of that array: (i, j) for a cell, "
        "numpy.s_[0:3, 1:4] for a window, without steps, or a mask"
    )


def alternative(alt: Any, name: str) -> str | None:
    """The text for those who do not see a picture, where one is given."""
    if alt is not None and not isinstance(alt, str):
        raise DTypeError(
            f"{name} got a {type(alt).__name__} as alt; it is the text for those who do not see the picture"
        )
    return alt


# ----------------------------------------------------------------- drawing


def draw_arrays(
    *items: Any, heat: bool = True, digits: int = 3, shared: bool = False, alt: str | None = None
) -> ArrayDrawing:
    """Draw matrices and vectors side by side, with signs or words between them.

    Items are arrays, tensors or lists of at most two axes, pairs ("label", array), `Panel`s with marks, and strings
    such as "⋆", "*", "=", "+"; "\\n" begins a new line. A number is red above zero and blue below, as strongly as it
    is large in its array, or with `shared` in all of them; `heat=False` leaves the cells uncoloured. Numbers have so
    many `digits`, whole ones below a million all of theirs. What has no room for digits is a heat map, grey where
    nothing is below zero. `alt` is the text for those who do not see the picture; without it, it is made from the
    numbers and the marks.

    Raises `DTypeError` for what is no array of numbers, `ShapeError` for one of more than two axes, `ArgumentError` for
    nothing to draw or digits outside 1 … 17.

    >>> import minigrad as mg
    >>> x, w = mg.tensor([[0., 0., 2.], [0., 2., 2.], [2., 2., 9.]]), mg.tensor([[1., 2.], [3., -1.]])
    >>> print(draw_arrays(("x", x), "⋆", ("w", w), "=", ("y", mg.correlate2d(x, w))))
       x        w        y
    [0 0 2]   [1  2]   [-2 8]
    [0 2 2] ⋆ [3 -1] = [ 8 3]
    [2 2 9]
    """
    heated, common = as_flag(heat, "draw_arrays", "heat"), as_flag(shared, "draw_arrays", "shared")
    digits = as_integer(digits, "draw_arrays", "digits")
    if not 1 <= digits <= 17:
        raise ArgumentError(f"draw_arrays got digits={digits}; numbers are written with 1 to 17")
    alt = alternative(alt, "draw_arrays")
    shown = [_item(item) for item in items]
    panels = [item for item in shown if isinstance(item, Panel)]
    if not panels:
        raise ArgumentError('draw_arrays got no array; give some: draw_arrays(("x", x), "⋆", ("w", w), "=", ("y", y))')
    tops = [top_of(panel.array) for panel in panels]
    scales = iter([max(tops)] * len(tops) if common else tops)
    labelled = any(panel.label for panel in panels)
    pieces = [
        panel_piece(item, next(scales), digits, heated, labelled) if isinstance(item, Panel) else item for item in shown
    ]
    names = [item.strip() if isinstance(item, str) else item.label or shape_text(item.shape) for item in shown]
    title = " ".join(filter(None, names))
    lines = row_of_text([item if isinstance(item, str) else told_rows(item, digits) for item in shown])
    if alt is not None:
        return ArrayDrawing(beside(pieces, labelled), alt, "", lines)
    return ArrayDrawing(beside(pieces, labelled), title, "; ".join(told(panel, digits) for panel in panels), lines)


def _item(item: Any) -> Panel | str:
    if isinstance(item, str):
        return item if item == "\n" else on_one_line(item)
    if isinstance(item, Panel):
        return item
    if isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str):
        return Panel(array_of(item[1], "draw_arrays"), item[0])
    return Panel(array_of(item, "draw_arrays"))


def panel_piece(panel: Panel, top: float, digits: int, heated: bool, labelled: bool) -> Piece:
    """An array as a piece: its label, where one has one, its cells and its marks."""
    array, note = panel.array, ""
    if not array.size:
        grid, body, note = Grid(1, 1, 24.0, 24.0), "", f"{shape_text(panel.shape)}, empty"
    elif texts := written(array, digits):
        grid = Grid.of(texts)
        body = grid.filled(array, texts, top if heated else 0.0)
    else:
        grid, body = heat(array, top)
        note = f"{shape_text(panel.shape)}: {range_text(array)}"
    body += outlines(grid, panel.marks)
    width, height = grid.columns * grid.width, grid.rows * grid.height
    if note:
        height += 18.0
    room = LABEL * labelled
    label, wide = label_of(panel.label, width)
    whole = max(width, wide, sans_width(note, 11, 1.2)) + 3
    body = f'<g transform="translate({px((whole - width) / 2)} {px(room + 1.5)})">{body}</g>'
    middle = px(whole / 2)
    if label:
        body += f'<text class="mg-label" x="{middle}" y="13">{escaped(label)}</text>'
    if note:
        body += (
            f'<text class="mg-note" x="{middle}" y="{px(room + height - 3)}">{escaped(note.replace("-", "−"))}</text>'
        )
    return Piece(whole, room + height + 3, body)


def beside(pieces: Sequence[Piece | str], labelled: bool) -> list[Piece]:
    """Pieces, each together with the sign or the words in front of it; "\\n" ends a line."""
    found: list[Piece] = []
    waiting: list[Piece] = []

    def join(last: Piece | None) -> None:
        parts = [*waiting, *([last] if last else [])]
        waiting.clear()
        if not parts:
            return
        height, x, body = max(part.height for part in parts), 0.0, ""
        for part in parts:
            shift = (height - part.height) / 2
            body += f'<g transform="translate({px(x)} {px(shift)})">{part.body}</g>' if x or shift else part.body
            x += part.width + 10.0
        found.append(Piece(x - 10.0, height, body))

    for piece in pieces:
        if isinstance(piece, Piece):
            join(piece)
        elif piece == "\n":
            join(None)
            found.append(Piece(0.0, 0.0, ""))
        elif piece:
            waiting.append(_words(piece, LABEL * labelled))
    join(None)
    return found


def _words(text: str, room: float) -> Piece:
    sign = len(text) <= 2
    kind, size = ("star", 34.0) if text == "⋆" else ("sign", 22.0) if sign else ("words", 13.0)
    lines = [text] if sign else _wrapped(text, size)
    height = max(27.0, 17.0 * len(lines))
    width = max(sans_width(line, size, 1.5 if sign else 1.2) for line in lines)
    middle = room + height / 2 - 17.0 * (len(lines) - 1) / 2 + size * 0.34
    body = "".join(
        f'<text class="mg-{kind}" x="{px(width / 2)}" y="{px(middle + 17 * at)}">{escaped(line)}</text>'
        for at, line in enumerate(lines)
    )
    return Piece(width, room + height, body)


def _wrapped(text: str, size: float) -> list[str]:
    """Words in lines that a telephone has room for beside an array."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and sans_width(longer, size, 1.2) > WORDS:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


# -------------------------------------------------------------------- words


def told(panel: Panel, digits: int) -> str:
    """An array in words: its rows, or its shape and range where these are many, and what is marked."""
    label = f"{panel.label}, " if panel.label else ""
    array = panel.array
    texts = written(array, digits) if 0 < array.size <= 100 else None
    if texts is None:
        text = f"{label}{shape_text(panel.shape)}" + (f": {range_text(array)}" if array.size else ": empty")
    else:
        text = f"{label}{shape_text(panel.shape)}: " + ", next row ".join(" ".join(row) for row in texts)
    marked = [", ".join(_told_window(window, len(panel.shape)) for window in windows[:9]) + ", …" * (len(windows) > 9)
              for windows in panel.marks if windows]  # fmt: skip
    return f"{text}, marked: {' and '.join(marked)}" if marked else text


def _told_window(window: Window, axes: int) -> str:
    """What a window takes of the axes, as the index that it is."""
    places = [(window[0], window[2]), (window[1], window[3])][2 - axes :]
    return f"[{', '.join(str(at) if size == 1 else f'{at}:{at + size}' for at, size in places)}]"


def told_rows(panel: Panel, digits: int) -> tuple[str, list[str]]:
    """The label of an array, and its numbers as lines."""
    return panel.label, rows_of_text(panel.array, panel.shape, digits)


def row_of_text(items: Iterable[str | tuple[str, list[str]]]) -> str:
    """Blocks of lines beside each other, their labels above; signs in the middle, "\\n" below."""
    rows: list[list[str | tuple[str, list[str]]]] = [[]]
    for item in items:
        if item == "\n":
            rows.append([])
        else:
            rows[-1].append(item)
    return "\n\n".join(_row_of_text(row) for row in rows if row)


def _row_of_text(items: Sequence[str | tuple[str, list[str]]]) -> str:
    blocks = [("", [item]) if isinstance(item, str) else item for item in items]
    height = max(len(lines) for _, lines in blocks)
    columns = []
    for label, lines in blocks:
        above = (height - len(lines)) // 2
        filled = [label, *[""] * above, *lines, *[""] * (height - len(lines) - above)]
        width = max(map(len, filled))
        columns.append([label.center(width), *(line.ljust(width) for line in filled[1:])])
    lines = [" ".join(parts).rstrip() for parts in zip(*columns, strict=True)]
    return "\n".join(lines if lines[0] else lines[1:])
