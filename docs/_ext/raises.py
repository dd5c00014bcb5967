"""The directive of the error gallery: an entry is run when its page is built, and shown.

    ```{raises}
    mg.ones(2, 3) + mg.ones(4)
    ShapeError: …
    Cause: …
    Remedy: …
    ```

`gallery.py` says how an entry is written, reads it and runs it; a difference between
the page and what arrives breaks the build. `{all-messages}` lists every text of the
gallery with a link to its entry.
"""

from pathlib import Path
from typing import ClassVar

import gallery
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective


def python(code: str) -> nodes.literal_block:
    """A block of code."""
    return nodes.literal_block(code, code, language="python")


def message(cell: gallery.Cell) -> nodes.container:
    """The box with what a cell raises."""
    tone = "warned" if cell.kind.endswith("Warning") else "raised"
    text = nodes.paragraph()
    text += nodes.strong(cell.kind, cell.kind)
    text += nodes.Text(f": {cell.text}")
    return nodes.container("", text, classes=["message", tone])


class Raises(SphinxDirective):
    """One entry of the gallery."""

    has_content = True
    option_spec: ClassVar = {}

    def run(self) -> list[nodes.Node]:
        page = Path(self.env.doc2path(self.env.docname))
        entry = gallery.read_entry(list(self.content), page, self.lineno + 1)
        taken = self.env.temp_data.setdefault("gallery anchors", set())
        entry.anchor = gallery.anchor(entry.cells[0].text, taken)
        return [self.shown(entry)]

    def shown(self, entry: gallery.Entry) -> nodes.container:
        report = gallery.Report()
        gallery.check_entry(entry, report)
        if report.complaints:
            raise ExtensionError("\n".join(report.complaints))
        box = nodes.container(ids=[entry.anchor], classes=["gallery-entry"])
        if entry.given:
            box += nodes.container("", python(entry.given), classes=["given"])
        for number, cell in enumerate(entry.cells):
            box += python(cell.code)
            box += message(cell)
            if number == 0:
                link = f'<a class="headerlink" href="#{entry.anchor}" title="Link to this message">#</a>'
                box[-1][0] += nodes.raw("", link, format="html")
        box += self.said("Cause", entry.cause)
        box += self.said("Remedy", entry.remedy)
        if entry.remedy_code:
            box += nodes.container("", python(entry.remedy_code), classes=["remedy-code"])
        return box

    def said(self, word: str, text: str) -> nodes.container:
        return nodes.container("", *self.parse_text_to_nodes(f"**{word}.** {text}"), classes=[word.lower()])


class AllMessages(SphinxDirective):
    """Every text of the gallery, page by page, each a link to its entry."""

    def run(self) -> list[nodes.Node]:
        result: list[nodes.Node] = []
        for page in gallery.pages():
            self.env.note_dependency(str(page))
            title = next(line[2:] for line in page.read_text(encoding="utf-8").split("\n") if line.startswith("# "))
            section = nodes.section("", nodes.title(title, title), ids=[f"all-{page.stem}"])
            listed = nodes.bullet_list(classes=["all-messages"])
            for entry in gallery.read_page(page):
                for cell in entry.cells:
                    text = f"{cell.kind}: {cell.text}"
                    link = nodes.reference("", text, refuri=f"{page.stem}.html#{entry.anchor}", internal=True)
                    listed += nodes.list_item("", nodes.paragraph("", "", link))
            section += listed
            result.append(section)
        return result


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("raises", Raises)
    app.add_directive("all-messages", AllMessages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
