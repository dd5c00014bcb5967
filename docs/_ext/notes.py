"""The catalogue of the lecture notes, their errata, tests and glossary, made from the tables beside the pages.

    ```{notes-items}
    ```

and likewise `{notes-errata}`, `{notes-tests}` and `{notes-glossary}`. On every page, in
docstrings too, `N113` and `X16` become links to their entries.
"""

import re
from pathlib import Path
from typing import Any

import catalogue
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

WHERE = {"N": "reference/notes/catalogue", "X": "reference/notes/errata"}
PICTURES = "../api/signal.html#the-pictures-of-the-lecture-notes"


class CitedOn(nodes.General, nodes.Element):
    """Where the links to the sections that name an item will stand, once all pages are read."""


def python(code: str, language: str = "python") -> nodes.literal_block:
    """A block of code, or of what it printed."""
    return nodes.literal_block(code, code, language=language)


def joined(links: list[list[nodes.Node]]) -> nodes.paragraph:
    """Links with commas between them."""
    paragraph = nodes.paragraph()
    for number, link in enumerate(links):
        paragraph += [nodes.Text(", ")] if number else []
        paragraph += link
    return paragraph


class Table(SphinxDirective):
    """What the four directives share."""

    def depend(self, *paths: Path) -> None:
        """Make the page again when one of these changes."""
        for path in paths:
            self.env.note_dependency(str(path))

    def inline(self, text: str) -> list[nodes.Node]:
        """The nodes of one line of MyST text."""
        (paragraph,) = self.parse_text_to_nodes(text)
        return list(paragraph.children)

    def section(self, key: str, title: str) -> nodes.section:
        """A section with this anchor."""
        children = self.inline(title)
        heading = nodes.title(title, "", *children)
        return nodes.section("", heading, ids=[key.lower()], classes=["notes-section"])

    def fields(self, pairs: list[tuple[str, list[nodes.Node]]]) -> nodes.field_list:
        """A list of names and bodies, without those that are empty."""
        rows = [
            nodes.field("", nodes.field_name(name, name), nodes.field_body("", *body)) for name, body in pairs if body
        ]
        return nodes.field_list("", *rows, classes=["notes-entry"])

    def text(self, text: str) -> list[nodes.Node]:
        return list(self.parse_text_to_nodes(text))

    def tests(self, key: str) -> list[nodes.Node]:
        """Links to the tests of an item or erratum."""
        found = catalogue.tests_by_key().get(key, [])
        links = [
            [nodes.reference("", "", nodes.literal("", test.name), refuri=f"tests.html#{test.name}", internal=True)]
            for test in found
        ]
        return [joined(links)] if links else []


class Items(Table):
    """N1 to N144 by part: statement, code, tests, numbers and pages of each."""

    def run(self) -> list[nodes.Node]:
        self.depend(catalogue.TABLES / "items.toml", catalogue.NUMBERS, *catalogue.test_files())
        result: list[nodes.Node] = []
        for number, (title, entries) in enumerate(catalogue.parts(), 1):
            part = self.section(f"part-{number}", f"{title}")
            part.extend(self.item(entry) for entry in entries)
            result.append(part)
        return result

    def item(self, item: catalogue.Item) -> nodes.section:
        section = self.section(item.key, f"{item.key}. {item.title}")
        section += self.text(item.statement)
        source = ", ".join(item.notes) + (" (follows from them, printed in none)" if item.derived else "")
        tests = self.tests(item.key)
        tests += [nodes.paragraph("", "", nodes.literal("", name)) for name in item.tests]
        numbers = [[nodes.literal("", name)] for name in catalogue.numbers_of(item.key)]
        section += self.fields(
            [
                ("Notes", [nodes.paragraph("", source)]),
                ("Code", [joined([[self.code(name)] for name in item.code])] if item.code else []),
                ("Tests", tests or self.text(item.untested)),
                ("Numbers", [joined(numbers)] if numbers else []),
                ("Pages", [CitedOn("", key=item.key, otherwise=item.uncited)]),
            ]
        )
        return section

    def code(self, name: str) -> nodes.Node:
        """A name that leads to its entry in the reference; a picture leads to the table of pictures."""
        literal = nodes.literal("", name)
        if "/" in name:
            return literal
        if not callable(catalogue.resolve(name)):
            return nodes.reference("", "", literal, refuri=PICTURES, internal=True)
        return addnodes.pending_xref(
            "", literal, refdomain="py", reftype="obj", reftarget=name, refdoc=self.env.docname, refexplicit=True,
            refwarn=True,
        )  # fmt: skip


class Errata(Table):
    """X1 to X85 by note, with what the evidence prints when the page is built."""

    def run(self) -> list[nodes.Node]:
        self.depend(catalogue.TABLES / "errata.toml", *catalogue.test_files())
        groups: dict[str, list[catalogue.Erratum]] = {}
        for entry in catalogue.errata().values():
            group = f"Note {catalogue.NOTES[entry.notes]}" if len(entry.notes) == 1 else "Across notes"
            groups.setdefault(group, []).append(entry)
        result: list[nodes.Node] = []
        for title, entries in sorted(groups.items(), key=lambda group: group[0][0] != "N"):
            section = self.section(f"errata-{title[5] if title[0] == 'N' else 'across'}", title)
            section.extend(self.erratum(entry) for entry in entries)
            result.append(section)
        return result

    def erratum(self, entry: catalogue.Erratum) -> nodes.section:
        section = self.section(entry.key, f"{entry.key}. {entry.place}")
        belongs = [key for key, item in catalogue.items().items() if entry.key in catalogue.named(item.statement)]
        section += self.fields(
            [
                ("Printed", self.text(entry.printed)),
                ("Right", self.text(entry.right)),
                ("Items", [joined([[nodes.Text(key)] for key in belongs])] if belongs else []),
                ("Tests", self.tests(entry.key)),
                ("Kind", [nodes.paragraph("", self.kind(entry))]),
                ("Pages", [CitedOn("", key=entry.key, otherwise="")]),
            ]
        )
        if entry.evidence:
            code = entry.evidence.strip("\n")
            section += nodes.container("", python(code), python(catalogue.shown(code), "text"), classes=["evidence"])
        return section

    def kind(self, entry: catalogue.Erratum) -> str:
        """The kind, and whether numbers or reading decide."""
        word = "right as printed" if entry.kind == "right" else entry.kind
        where = f", notes {', '.join(entry.notes)}" if len(entry.notes) > 1 else ""
        tested = "by the tests above" if entry.key in catalogue.tests_by_key() else "by reading"
        return f"{word}{where}; {'by the numbers below' if entry.evidence else tested}"


class Tests(Table):
    """The source of every test, each under its name, and of what the tests of a file share."""

    def run(self) -> list[nodes.Node]:
        extra = [catalogue.TESTS / "by_hand.py"]
        self.depend(*catalogue.test_files(), *extra)
        result: list[nodes.Node] = []
        for path in catalogue.test_files():
            section = self.file(path)
            section += self.folded("What these tests share", catalogue.shared(path))
            for test in catalogue.tests():
                if test.file == path.name:
                    link = f'<a class="headerlink" href="#{test.name}" title="Link to this test">#</a>'
                    section += nodes.container(
                        "", nodes.raw("", link, format="html"), python(test.source), ids=[test.name], classes=["test"]
                    )
            result.append(section)
        for path in extra:
            section = self.file(path)
            section += python(path.read_text(encoding="utf-8"))
            result.append(section)
        return result

    def file(self, path: Path) -> nodes.section:
        """A section for one file, named after what its docstring says first."""
        text = path.read_text(encoding="utf-8")
        sentence = re.split(r"[.:]\s|[.:]\"", text.removeprefix('"""'), maxsplit=1)[0]
        section = self.section(path.stem.replace("_", "-"), sentence)
        section += nodes.paragraph("", "", nodes.literal("", f"tests/notes/{path.name}"))
        return section

    def folded(self, title: str, code: str) -> list[nodes.Node]:
        """Code that a reader unfolds."""
        before, after = f"<details><summary>{title}</summary>", "</details>"
        return [nodes.raw("", before, format="html"), python(code), nodes.raw("", after, format="html")]


class Glossary(Table):
    """The terms in three languages as one table."""

    def run(self) -> list[nodes.Node]:
        self.depend(catalogue.TABLES / "glossary.toml")
        languages = ("English", "Spanish", "Russian")
        group = nodes.tgroup("", *[nodes.colspec("", colwidth=1) for _ in languages], cols=len(languages))
        group += nodes.thead("", self.row(languages))
        group += nodes.tbody("", *[self.row(term) for term in catalogue.glossary()])
        return [nodes.table("", group, classes=["notes-glossary"])]

    def row(self, cells: Any) -> nodes.row:
        return nodes.row("", *[nodes.entry("", nodes.paragraph("", cell)) for cell in cells])


# ------------------------------------------------------------------------ links


def cited(app: Sphinx, doctree: nodes.document) -> None:
    """Note the section and the title under which a page names each item."""
    env = app.env
    places: dict[str, tuple[str, str, str]] = {}
    readable = {page.relative_to(catalogue.DOCS).with_suffix("").as_posix() for page in catalogue.pages()}
    if env.docname in readable:
        page = next((title.astext() for title in doctree.findall(nodes.title)), env.docname)
        for text in texts(doctree):
            section = text.parent
            while not isinstance(section, nodes.section):
                section = section.parent
            title = section[0].astext() if isinstance(section[0], nodes.title) else page
            for key in catalogue.named(str(text)):
                places.setdefault(key, (section["ids"][0], page, title))
    env.metadata[env.docname]["notes-cited"] = places


def texts(tree: nodes.Node) -> list[nodes.Text]:
    """Plain text in sections: no code, no formula, no heading, no link."""
    closed = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw, nodes.title, nodes.reference,
              nodes.comment, addnodes.pending_xref, addnodes.desc_signature)  # fmt: skip
    found = []
    for text in tree.findall(nodes.Text):
        above, inside = text.parent, False
        while above is not None and not isinstance(above, closed):
            inside = inside or isinstance(above, nodes.section)
            above = above.parent
        if above is None and inside:
            found.append(text)
    return found


def outdated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The catalogue and the errata list the pages, so they are written again with every change."""
    return [page for page in WHERE.values() if page in env.all_docs]


def linked(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Fill in the pages of each item, and make its name a link everywhere."""
    if app.builder.format != "html":
        return
    for node in list(doctree.findall(CitedOn)):
        links = []
        for page, metadata in sorted(app.env.metadata.items()):
            if place := metadata.get("notes-cited", {}).get(node["key"]):
                anchor, name, title = place
                uri = f"{app.builder.get_relative_uri(docname, page)}#{anchor}"
                text = name if title == name else f"{name}: {title}"
                links.append(nodes.paragraph("", "", nodes.reference("", text, refuri=uri, internal=True)))
        if links or node["otherwise"]:
            node.replace_self(links or [nodes.paragraph("", node["otherwise"])])
        else:
            row = node.parent.parent
            row.parent.remove(row)
    for text in texts(doctree):
        new = with_links(app, str(text), docname)
        if len(new) > 1 or not isinstance(new[0], nodes.Text):
            text.parent.replace(text, new)


def slimmed(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Names and brackets have the colour of the text: without their elements the page of the tests is half as large."""
    if page == "reference/notes/tests":
        context["body"] = re.sub(r'<span class="[np]">([^<]*)</span>', r"\1", context["body"])


def with_links(app: Sphinx, text: str, docname: str) -> list[nodes.Node]:
    """A text in which each name of an item or erratum leads to its entry."""
    pieces: list[nodes.Node] = []
    end = 0
    for found in re.finditer(r"\b[NX]\d{1,3}\b", text):
        page = WHERE[found[0][0]]
        if catalogue.exists(found[0]) and page in app.env.all_docs:
            uri = f"{app.builder.get_relative_uri(docname, page)}#{found[0].lower()}"
            pieces += [nodes.Text(text[end : found.start()])] if found.start() > end else []
            pieces.append(nodes.reference("", found[0], refuri=uri, internal=True, classes=["notes-link"]))
            end = found.end()
    if end < len(text) or not pieces:
        pieces.append(nodes.Text(text[end:]))
    return pieces


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_node(CitedOn)
    app.add_directive("notes-items", Items)
    app.add_directive("notes-errata", Errata)
    app.add_directive("notes-tests", Tests)
    app.add_directive("notes-glossary", Glossary)
    app.connect("doctree-read", cited)
    app.connect("env-updated", outdated)
    app.connect("doctree-resolved", linked)
    app.connect("html-page-context", slimmed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
