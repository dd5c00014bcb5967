"""Every image and every SVG of a page has a text for those who do not see it; one that has none is a warning.

An image of a cell gets it by an option of the cell, `:mystnb: {image: {alt: "…"}}`, one in the text by its brackets.
"""

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# What is written where nobody said anything: the name of the file.
NAME_OF_A_FILE = re.compile(r"\S+\.(png|svg|jpe?g|gif|webp)", re.IGNORECASE)
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Images(HTMLParser):
    """The images of a page that have no text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []  # elements, and whether what is in them is told or need not be
        self.untold: list[str] = []
        self.drawing: str | None = None  # an SVG whose title has not come yet

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        told = bool(self.open) and self.open[-1][1]
        if given.get("aria-hidden") == "true" or (given.get("role") == "img" and given.get("aria-label", "").strip()):
            told = True
        if tag == "img" and not told:
            alt = given.get("alt", "").strip()
            if not alt or NAME_OF_A_FILE.fullmatch(alt):
                self.untold.append(f"the image {given.get('src', '')[:100]}")
        if tag == "svg" and not told:
            self.drawing = f"the drawing <svg class={given.get('class', '')!r}>"
            told = True  # what is in it belongs to it
            self.untold.append(self.drawing)
        if tag not in VOID:
            self.open.append((tag, told))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if self.drawing and len(self.open) > 1 and self.open[-1][0] == "title" and data.strip():
            if self.open[-2][0] == "svg":
                self.untold.remove(self.drawing)
            self.drawing = None

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass
        if tag == "svg":
            self.drawing = None


def untold(html: str) -> list[str]:
    """What on a page has no text for those who do not see it."""
    images = Images()
    images.feed(html)
    return images.untold


def check(app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Complain about a page that is about to be written; pages without a document, such as sources, have no images."""
    from sphinx.util import logging

    for image in untold(context.get("body", "")) if doctree is not None else ():
        logging.getLogger(__name__).warning(
            "%s has no alternative text; give a cell's figure one with :mystnb: {image: {alt: \"…\"}}, an image of the "
            "text one in its brackets",
            image, location=page, type="alternatives",
        )  # fmt: skip


def setup(app: "Sphinx") -> dict[str, Any]:
    app.connect("html-page-context", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
