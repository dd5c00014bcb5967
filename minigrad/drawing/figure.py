"""Pictures that are put together from pieces: one SVG in a file, pieces that flow with the width of a page."""

import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

from ..errors import ArgumentError, DTypeError
from ..files import replace_atomically
from .style import cell_stylesheet

__all__ = ["ArrayDrawing", "Piece", "Rules", "escaped", "px", "saved"]

WIDE = 720.0  # how wide a line of a file's picture gets
GAP, MARGIN = 14.0, 10.0
Rules = Callable[[str], str]  # from the class of a picture to further rules of its style
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def escaped(text: str) -> str:
    """Text with XML's own characters escaped, and those that it does not allow replaced."""
    return escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text), quote=True)


def px(value: float) -> str:
    """A length, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def saved(path: str | os.PathLike[str], forms: Mapping[str, Callable[[], str]], endings: str, example: str) -> None:
    """Write what the ending of `path` asks for, whole or not at all; `endings` says which there are."""
    if not isinstance(path, str | os.PathLike):
        raise DTypeError(f"save got a {type(path).__name__}; give a path, for example '{example}'")
    place = Path(path)
    form = forms.get(place.suffix.lower())
    if form is None:
        raise ArgumentError(f"save got {place.name!r}; the ending says what to write: {endings}")
    contents = form()
    with replace_atomically(place) as file:
        file.write((contents if contents.endswith("\n") else contents + "\n").encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a picture that stays together; without a body, the end of a line."""

    width: float
    height: float
    body: str


class ArrayDrawing:
    """A picture of arrays: an SVG for files, HTML whose parts find their places on any width, text for a terminal.

    Notebooks show it; `str` of it are the numbers side by side.

    >>> import minigrad as mg
    >>> picture = mg.drawing.draw_arrays(("x", mg.tensor([1., 2.])), "+", [3, 4], "=", [4, 6])
    >>> picture
      x
    [1 2] + [3 4] = [4 6]
    >>> picture.svg().startswith("<svg ")
    True
    """

    def __init__(
        self, pieces: Sequence[Piece], title: str, description: str, text: str, rules: Rules | None = None
    ) -> None:
        self._pieces = list(pieces)
        self._title = title
        self._description = description
        self._text = text
        self._rules = rules

    def __repr__(self) -> str:
        return self._text

    @cached_property
    def _name(self) -> str:
        """A class made from the contents, so that several pictures stand in one page."""
        rules = self._rules("") if self._rules else ""
        told = "\n".join([self._title, rules, *(piece.body for piece in self._pieces)])
        return "mg-" + hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:10]

    def _style(self) -> str:
        return cell_stylesheet(self._name) + (self._rules(self._name) if self._rules else "")

    def text(self) -> str:
        """The numbers, side by side, for a terminal; `print` shows it."""
        return self._text

    def svg(self) -> str:
        """The picture: one SVG element with light and dark colours and its description inside."""
        parts, width, y = [], 0.0, MARGIN
        for line in _lines(self._pieces):
            x, height = MARGIN, max(piece.height for piece in line)
            for piece in line:
                parts.append(
                    f'<g transform="translate({px(x)} {px(y + (height - piece.height) / 2)})">{piece.body}</g>'
                )
                x += piece.width + GAP
            width, y = max(width, x - GAP + MARGIN), y + height + GAP
        height = y - GAP + MARGIN
        told = f"<desc>{escaped(self._description)}</desc>\n" if self._description else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="{self._name}" role="img" '
            f'viewBox="0 0 {px(width)} {px(height)}" width="{px(width)}" height="{px(height)}" '
            f'style="max-width:100%;height:auto">\n<title>{escaped(self._title)}</title>\n{told}'
            f"<style>\n{self._style()}</style>\n"
            f'<rect class="mg-page" width="{px(width)}" height="{px(height)}" rx="8"/>\n'
            + "\n".join(parts)
            + "\n</svg>\n"
        )

    def html(self) -> str:
        """The picture in pieces that a page sets side by side or below each other, as it has room."""
        parts = []
        for piece in self._pieces:
            if not piece.body:
                parts.append('<span class="mg-break"></span>')
                continue
            width, height = px(piece.width), px(piece.height)
            parts.append(
                f'<svg class="mg-piece" aria-hidden="true" viewBox="0 0 {width} {height}" width="{width}" '
                f'height="{height}">{piece.body}</svg>'
            )
        label = escaped(f"{self._title}. {self._description}" if self._description else self._title)
        focus = ' tabindex="0"' if self._rules else ""
        return (
            f'<div class="{self._name} mg-flow" role="img" aria-label="{label}"{focus}>\n'
            f"<style>\n{self._style()}</style>\n" + "\n".join(parts) + "\n</div>"
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file: .svg, .html or .txt, by its ending; whole or not at all.

        Raises `ArgumentError` for another ending, `DTypeError` for what is no path.
        """
        forms = {".svg": self.svg, ".html": self._page, ".txt": self.text}
        saved(path, forms, ".svg for a picture, .html for a page, .txt for text. Browsers show both", "arrays.svg")

    def _page(self) -> str:
        return (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" '
            f'content="light dark"><title>{escaped(self._title)}</title></head>\n<body>{self.html()}</body></html>\n'
        )

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_html_(self) -> str:
        return self.html()


def _lines(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The pieces in lines, each as full as its width allows."""
    lines: list[list[Piece]] = [[]]
    room = WIDE
    for piece in pieces:
        if not piece.body or (lines[-1] and piece.width > room):
            lines.append([])
            room = WIDE
        if piece.body:
            lines[-1].append(piece)
            room -= piece.width + GAP
    return [line for line in lines if line]
