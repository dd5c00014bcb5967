"""`draw_sliding`: a kernel on its way over an image, the products below it and the output that fills up."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ArgumentError, IndexOutOfRangeError, ShapeError
from ..operands import as_integer
from .arrays import Panel, alternative, array_of, beside, panel_piece, row_of_text, told, told_rows
from .cards import MONO, sans_width
from .cells import LABEL, NARROW, Grid, cell_texts, cell_width, label_of, on_one_line, signed, top_of
from .figure import ArrayDrawing, Piece, Rules, escaped, px
from .graph import Array

__all__ = ["draw_sliding"]

DIGITS = 3
OTHER_NAMES = {"narrow": "valid", "wide": "full"}  # the notes' own
MOST_KERNEL, MOST_GRID, MOST_PLACES = 5, 18, 200
HOLD = 3  # how many steps long the whole is shown
STRIP = 11.0  # the height of the kernel's numbers below those of the image

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Slide:
    """One kernel over one image, both as matrices: `padded` is the image with what windows reach outside."""

    axes: int
    padded: Array
    laid: Array  # the kernel as it lies on the image
    before: Pair
    image: Pair
    stride: Pair
    dilation: Pair
    output: Array
    words: tuple[list[list[str]], list[list[str]], list[list[str]]]  # the three as digits

    @classmethod
    def of(
        cls, padded: Array, laid: Array, before: Pair, image: Pair, stride: Pair, dilation: Pair, shape: Pair, axes: int
    ) -> "Slide":
        """With its output, of this shape."""
        output = np.empty(shape)
        for i, j in np.ndindex(shape):
            row, column = i * stride[0], j * stride[1]
            window = padded[row :: dilation[0], column :: dilation[1]][: laid.shape[0], : laid.shape[1]]
            with np.errstate(all="ignore"):
                output[i, j] = (window * laid).sum()
        words = cell_texts(padded, DIGITS), cell_texts(laid, DIGITS), cell_texts(output, DIGITS)
        return cls(axes, padded, laid, before, image, stride, dilation, output, words)

    def start(self, place: Pair) -> Pair:
        """The first cell of a window."""
        return place[0] * self.stride[0], place[1] * self.stride[1]

    def cells(self) -> list[Pair]:
        """The cells of the first window, in the order of the kernel."""
        return [(i * self.dilation[0], j * self.dilation[1]) for i, j in np.ndindex(self.laid.shape)]

    def formula(self, place: Pair, label: str) -> list[str]:
        """The parts of y[i, j] = x₀·w₀ + x₁·w₁ + … = sum, which lines may end between."""
        image, kernel, output = self.words
        row, column = self.start(place)
        index = ", ".join(map(str, place[2 - self.axes :]))
        parts = [
            f"{_factor(image[row + i][column + j])}·{_factor(weight)}"
            for (i, j), weight in zip(self.cells(), itertools.chain(*kernel), strict=True)
        ]
        return [
            f"{label}[{index}] =",
            parts[0],
            *(f"+ {part}" for part in parts[1:]),
            f"= {output[place[0]][place[1]]}",
        ]


def _factor(text: str) -> str:
    return f"({text})" if text.startswith("-") else text


def draw_sliding(
    x: Any,
    w: Any,
    *,
    operator: str = "⋆",
    mode: str = "valid",
    stride: Any = 1,
    dilation: Any = 1,
    labels: Sequence[str] = ("x", "w", "y"),
    at: Any = None,
    alt: str | None = None,
) -> ArrayDrawing:
    """Draw how a kernel slides over a small image: its window, the products, their sum, and the output that fills up.

    (H, W), (kh, kw) or (n,), (k,). With "⋆" the kernel lies on the image as it is (N15), with "*" reversed (N13).
    `mode` is 'valid' (or 'narrow'), 'same' or 'full' ('wide'; N34, X81), with zeros outside. The picture moves,
    stands still while the pointer is on it, and always for readers who ask for reduced motion; with `at`, a place
    (i, j) of the output, it is that place. Images are small, kernels at most 5 long, so that all numbers can be read.

    Raises `ShapeError` for other ranks or what is too large to be read, `ArgumentError` for an unknown operator or
    mode, `IndexOutOfRangeError` for a place that the output does not have, `DTypeError` for what are no numbers.

    >>> print(draw_sliding([1., 2., 3.], [1., -1.], operator="*"))
       x        w      w reversed     y
    [1 2 3] * [1 -1] → [-1 1]     = [1 1]
    <BLANKLINE>
    y[0] = 1·(-1) + 2·1 = 1
    y[1] = 2·(-1) + 3·1 = 1
    """
    names = _labels(labels)
    alt = alternative(alt, "draw_sliding")
    kernel = array_of(w, "draw_sliding")
    slide = _slide(array_of(x, "draw_sliding"), kernel, operator, mode, stride, dilation)
    places: list[Pair] = [(int(i), int(j)) for i, j in np.ndindex(slide.output.shape)]
    chosen = None if at is None else _place(at, slide)
    picture = _Picture(slide, places if chosen is None else places[: places.index(chosen) + 1], names, chosen is None)
    image = slide.padded[slide.before[0] :, slide.before[1] :][: slide.image[0], : slide.image[1]]
    flat = slice(None) if slide.axes == 2 else 0
    panels = [Panel(image[flat], names[0]), Panel(kernel, names[1])]
    kernels: list[Panel | str] = [panels[1]]
    if operator == "*":
        panels.append(Panel(slide.laid[flat], f"{names[1]} reversed"))
        kernels += ["→", panels[2]]
    result = Panel(slide.output[flat], names[2])
    drawn = [
        one if isinstance(one, str) else panel_piece(one, top_of(one.array), DIGITS, True, True) for one in kernels
    ]
    line = beside([picture.image(), operator, *drawn, "=", picture.result()], True)
    pieces = [*line, Piece(0.0, 0.0, ""), picture.formulas()]
    rows = [
        one if isinstance(one, str) else told_rows(one, DIGITS) for one in [panels[0], operator, *kernels, "=", result]
    ]
    sums = [" ".join(slide.formula(place, names[2])) for place in (places if chosen is None else [chosen])]
    text = row_of_text(rows) + "\n\n" + "\n".join(sums)
    title = f"{names[1]}{', reversed,' * (operator == '*')} on its way over {names[0]}"
    about = "; ".join([*(told(panel, DIGITS) for panel in [*panels, result]), sums[0]])
    return ArrayDrawing(pieces, alt or title, "" if alt else about, text, picture.rules() if chosen is None else None)


# --------------------------------------------------------------- arguments


def _labels(labels: Any) -> list[str]:
    found = list(labels) if isinstance(labels, list | tuple) else []
    if len(found) != 3 or not all(isinstance(one, str) for one in found):
        raise ArgumentError(f"draw_sliding got labels={labels!r}; they name image, kernel and output: ('x', 'w', 'y')")
    return [on_one_line(one) for one in found]


def _slide(image: Array, kernel: Array, operator: Any, mode: Any, stride: Any, dilation: Any) -> Slide:
    if not isinstance(operator, str) or operator not in ("⋆", "*"):
        raise ArgumentError(
            f"draw_sliding got operator={operator!r}; '⋆' is correlation, '*' convolution, which reverses the kernel"
        )
    if not isinstance(mode, str) or (mode := OTHER_NAMES.get(mode, mode)) not in ("valid", "same", "full"):
        raise ArgumentError(f"draw_sliding got mode={mode!r}; the modes are 'valid', 'same' and 'full'")
    axes = image.ndim
    if axes != kernel.ndim or not axes or not image.size or not kernel.size:
        raise ShapeError(
            f"draw_sliding got shapes {image.shape} and {kernel.shape}; give an image (H, W) and a kernel (kh, kw), or "
            "a signal (n,) and a kernel (k,)"
        )
    steps, apart = _pair(stride, "stride", axes), _pair(dilation, "dilation", axes)
    image, kernel = np.atleast_2d(image), np.atleast_2d(kernel)
    laid = kernel[::-1, ::-1] if operator == "*" else kernel
    reach = [gap * (size - 1) + 1 for gap, size in zip(apart, kernel.shape, strict=True)]
    sides = [_outside(mode, size, operator) for size in reach]
    below = [n + sum(side) for n, side in zip(image.shape, sides, strict=True)]
    output = [(n - size) // step + 1 for n, size, step in zip(below, reach, steps, strict=True)]
    if min(output) < 1:
        raise ShapeError(f"draw_sliding: the kernel reaches over {_sizes(reach, axes)} of an image of "
                         f"{_sizes(image.shape, axes)}; no window fits; mode='full' lets them hang over")  # fmt: skip
    if max(kernel.shape) > MOST_KERNEL or max(below) > MOST_GRID or output[0] * output[1] > MOST_PLACES:
        raise ShapeError(
            f"draw_sliding: {_sizes(below, axes)} cells below a kernel of {_sizes(kernel.shape, axes)} are too "
            f"many to be read; draw a part, x[{', '.join(['2:10'] * axes)}], with a kernel of at most {MOST_KERNEL} "
            "a side, or the results with draw_arrays"
        )
    before, size = (sides[0][0], sides[1][0]), (image.shape[0], image.shape[1])
    return Slide.of(np.pad(image, sides), laid, before, size, steps, apart, (output[0], output[1]), axes)


def _outside(mode: str, reach: int, operator: str) -> Pair:
    """How far windows hang over, before and behind."""
    if mode == "valid":
        return 0, 0
    if mode == "full":
        return reach - 1, reach - 1
    less, more = (reach - 1) // 2, reach // 2
    return (less, more) if operator == "⋆" else (more, less)


def _pair(value: Any, role: str, axes: int) -> Pair:
    given = tuple(value) if isinstance(value, tuple | list) else (value,) * axes
    sizes = [as_integer(one, "draw_sliding", role) for one in given]
    if len(sizes) != axes or min(sizes) < 1:
        raise ArgumentError(f"draw_sliding got {role}={value!r}; it is at least 1, one number or one for each axis")
    return (sizes[0], sizes[1]) if axes == 2 else (1, sizes[0])


def _sizes(sizes: Sequence[int], axes: int) -> str:
    return "×".join(map(str, sizes[2 - axes :]))


def _place(at: Any, slide: Slide) -> Pair:
    given = list(at) if isinstance(at, tuple | list) else [at]
    shape = slide.output.shape[2 - slide.axes :]
    place = [as_integer(one, "draw_sliding", "at") for one in given]
    if len(place) != slide.axes or not all(0 <= one < size for one, size in zip(place, shape, strict=True)):
        raise IndexOutOfRangeError(f"draw_sliding got at={at!r}; the output has the shape {shape}")
    return (place[0], place[1]) if slide.axes == 2 else (0, place[0])


# ----------------------------------------------------------------- picture


class _Picture:
    """The parts that move, or their state at the last of `places`."""

    def __init__(self, slide: Slide, places: list[Pair], names: list[str], moving: bool) -> None:
        self.slide = slide
        self.places = places
        self.names = names
        self.moving = moving and len(places) > 1
        self.texts, self.kernel, self.results = slide.words
        self.x = _grid(self.texts)
        self.y = _grid(self.results)

    def image(self) -> Piece:
        """The image with the zeros around it, and the window."""
        slide, grid = self.slide, self.x
        kernel = list(itertools.chain(*self.kernel))
        size = next((size for size in (9.5, 8.5) if max(sans_width(one, size) for one in kernel) < grid.width - 1), 0.0)
        strips = bool(size) and grid.height >= 26
        lift = 0.0 if not strips else 5.0 if grid.height < 34 else 3.0
        parts, top = [grid.ground()], top_of(slide.padded)
        for i, j in np.ndindex(slide.padded.shape):
            inside = all(0 <= at - less < n for at, less, n in zip((i, j), slide.before, slide.image, strict=True))
            colour = grid.colour(i, j, float(slide.padded[i, j]), top) if inside else grid.rect("outside", i, j)
            parts += [colour, grid.digits(i, j, self.texts[i][j], lift, "" if inside else ' class="mg-zero"')]
        parts.append(grid.lines())
        window = []
        for (i, j), text in zip(slide.cells(), kernel, strict=True):
            x, y = grid.place(i, j)
            if strips:
                y += grid.height - STRIP
                window.append(
                    f'<rect class="mg-strip" x="{px(x)}" y="{px(y)}" width="{px(grid.width)}" height="{px(STRIP)}"/>'
                    f'<text class="mg-kernel" x="{px(x + grid.width / 2)}" y="{px(y + 8.8)}" font-size="{px(size)}">'
                    f"{signed(text)}</text>"
                )
            if max(slide.dilation) > 1:
                window.append(grid.rect("mark0", i, j))
        if max(slide.dilation) == 1:
            window.append(grid.rect("mark0", 0, 0, len(self.kernel), len(self.kernel[0]), ' rx="2"'))
        return self._piece(grid, [*parts, self._moved("window", grid, self._starts(), "".join(window))], self.names[0])

    def result(self) -> Piece:
        """The output, filled as far as the window came."""
        grid, top, parts = self.y, top_of(self.slide.output), [self.y.ground()]
        for number, (i, j) in enumerate(self.places):
            value = float(self.slide.output[i, j])
            cell = grid.colour(i, j, value, top) + grid.digits(i, j, self.results[i][j])
            parts.append(f'<g class="mg-y{number}">{cell}</g>' if self.moving else cell)
        cursor = grid.rect("mark0", 0, 0, more=' rx="2"')
        parts += [grid.lines(), self._moved("cursor", grid, self.places, cursor)]
        return self._piece(grid, parts, self.names[2])

    def formulas(self) -> Piece:
        """The products and their sum, for each place on top of each other."""
        width, blocks = NARROW, []
        for place in self.places if self.moving else self.places[-1:]:
            lines = [""]
            for part in self.slide.formula(place, self.names[2]):
                if lines[-1] and (len(lines[-1]) + 1 + len(part)) * 12 * MONO > width:
                    lines.append("  ")
                lines[-1] += (" " if lines[-1].strip() else "") + part
            blocks.append(lines)
        parts = []
        for number, lines in enumerate(blocks):
            spans = "".join(
                f'<text class="mg-sum" x="{16 * bool(row)}" y="{17 * row + 13}">{escaped(signed(line.strip()))}</text>'
                for row, line in enumerate(lines)
            )
            last = " mg-last" * (number == len(blocks) - 1)
            parts.append(f'<g class="mg-step mg-s{number}{last}">{spans}</g>' if self.moving else spans)
        widest = max(len(line) for lines in blocks for line in lines) * 12 * MONO + 10
        return Piece(max(width, widest), max(map(len, blocks)) * 17 + 3.0, "".join(parts))

    def rules(self) -> Rules | None:
        """What moves when, for readers who have not asked for reduced motion."""
        if not self.moving:
            return None
        count = len(self.places)
        step = min(1.8, max(0.6, 30 / count))
        frames = count + HOLD
        whole = f"{step * frames:.3f}"

        def rules(name: str) -> str:
            me = f".{name}"
            lines = [
                f"{me} .mg-step{{opacity:0}} {me} .mg-last{{opacity:1}}",
                "@media (prefers-reduced-motion:no-preference){",
            ]
            lines += [
                f"{me} .mg-{kind}{{animation:{name}-{kind} {whole}s linear infinite}}" for kind in ("window", "cursor")
            ]
            lines.append(f"{me} .mg-step{{opacity:0;animation:{name}-step {whole}s step-end infinite}}")
            lines.append(f"{me} .mg-last{{animation-name:{name}-last}}")
            for number in range(1, count):
                lines.append(f"{me} .mg-s{number}{{animation-delay:{number * step:.3f}s}}")
                lines.append(f"{me} .mg-y{number}{{animation:{name}-y{number} {whole}s step-end infinite}}")
            lines += [f"{me}:hover *,{me}:focus *{{animation-play-state:paused}}", "}"]
            lines.append(f"@keyframes {name}-step{{0%{{opacity:1}}{100 / frames:.3f}%{{opacity:0}}}}")
            lines.append(f"@keyframes {name}-last{{0%{{opacity:1}}{100 * (HOLD + 1) / frames:.3f}%{{opacity:0}}}}")
            for number in range(1, count):
                share = 100 * number / frames
                lines.append(f"@keyframes {name}-y{number}{{0%{{opacity:0}}{share:.3f}%{{opacity:1}}}}")
            lines.append(_path(f"{name}-window", self.x, self._starts(), frames))
            lines.append(_path(f"{name}-cursor", self.y, self.places, frames))
            return "\n".join(lines) + "\n"

        return rules

    # ------------------------------------------------------------- parts

    def _starts(self) -> list[Pair]:
        return [self.slide.start(place) for place in self.places]

    def _moved(self, kind: str, grid: Grid, places: Sequence[Pair], body: str) -> str:
        """What moves, at its last place."""
        x, y = grid.place(*places[-1])
        return f'<g class="mg-{kind}" transform="translate({px(x)} {px(y)})">{body}</g>'

    @staticmethod
    def _piece(grid: Grid, parts: Sequence[str], label: str) -> Piece:
        width, height = grid.columns * grid.width, grid.rows * grid.height
        label, wide = label_of(label, width)
        whole = max(width, wide) + 3
        return Piece(
            whole, LABEL + height + 3,
            f'<text class="mg-label" x="{px(whole / 2)}" y="13">{escaped(label)}</text>'
            f'<g transform="translate({px((whole - width) / 2)} {px(LABEL + 1.5)})">{"".join(parts)}</g>',
        )  # fmt: skip


def _grid(texts: Sequence[Sequence[str]]) -> Grid:
    """Cells as large as a telephone has room for."""
    columns = len(texts[0])
    side = float(min(max(NARROW // columns, 20), 36))
    size = next((size for size in (13.0, 12.0, 11.0, 10.0) if cell_width(texts, size) - 3 <= side), 10.0)
    return Grid(len(texts), columns, max(side, cell_width(texts, size) - 3), side, size)


def _path(name: str, grid: Grid, places: Sequence[Pair], frames: int) -> str:
    """From place to place: standing for four fifths of a step, then on its way."""
    stops = []
    for number, place in enumerate(places):
        x, y = grid.place(*place)
        end = 100.0 if number == len(places) - 1 else 100 * (number + 0.8) / frames
        stops.append(f"{100 * number / frames:.3f}%,{end:.3f}%{{transform:translate({px(x)}px,{px(y)}px)}}")
    return f"@keyframes {name}{{{''.join(stops)}}}"
