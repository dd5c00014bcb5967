"""Links that lead nowhere are warnings: every one to a file or a place of these pages is followed once all are written.

And the sources' "[docs]" lead to where a name stands. `sphinx.ext.viewcode` takes the
module under which it met a file first; here functions of one file are listed under several.
"""

import re
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from sphinx.application import Sphinx

BACK = re.compile(r'(id="([^"]+)">\s*<a class="viewcode-back" href=")([^"#]*)#([^"]+)(?=")')


class Places(HTMLParser):
    """The links of a page, and the places in it that a link can lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: dict[str, None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.places.add(value)
            elif name in ("href", "src") and value:
                self.links[value] = None


def dead(folder: Path) -> list[tuple[str, str]]:
    """Each page below a folder with a link that leads to no file, or to no place of a page."""
    pages: dict[Path, Places] = {}
    for page in sorted(folder.rglob("*.html")):
        if "_static" not in page.relative_to(folder).parts:
            pages[page.resolve()] = found = Places()
            found.feed(page.read_text(encoding="utf-8"))
    wrong = []
    for page, found in pages.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            place = unquote(parts.fragment)
            if not target.exists() or (place and target in pages and place not in pages[target].places):
                wrong.append((page.relative_to(folder.resolve()).as_posix(), link))
    return wrong


def check(app: "Sphinx", error: Exception | None) -> None:
    """Complain about the pages that were written."""
    from sphinx.util import logging

    if error is None and app.builder.name == "html":
        for page, link in dead(Path(app.outdir)):
            logging.getLogger(__name__).warning("%s: %s leads nowhere", page, link, type="links")


def led_back(body: str, documented: dict[str, set[str]]) -> str:
    """The page of a source with each "[docs]" at its name, on the page it leads to or else on another."""

    def right(link: re.Match[str]) -> str:
        start, local, page, name = link.groups()
        if name not in documented.get(page, set()):
            same = [
                (other, where) for where, names in documented.items() for other in names if other.endswith(f".{local}")
            ]
            name, page = min(same, key=lambda at: (at[1] != page, at[0].count("."), at), default=(name, page))
        return f"{start}{page}#{name}"

    return BACK.sub(right, body)


def backlinks(app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Mend the sources' way back before they are written."""
    if page.startswith("_modules/") and "body" in context:
        documented: dict[str, set[str]] = defaultdict(set)
        for entry in app.env.domaindata["py"]["objects"].values():
            documented[app.builder.get_relative_uri(page, entry.docname)].add(entry.node_id)
        context["body"] = led_back(context["body"], documented)


def setup(app: "Sphinx") -> dict[str, Any]:
    app.connect("html-page-context", backlinks)
    app.connect("build-finished", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
