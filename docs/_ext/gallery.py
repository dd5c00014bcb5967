"""The error gallery: reads the entries of docs/reference/errors, runs them, and knows which raise each of them reaches.

An entry is a fenced block of a page. Its lines are cells of code, each followed by the
class and the text that it raises; then the cause and the remedy, each one line, and the
remedy as code, indented. A text of several lines goes on behind bars.

    ```{raises}
    mg.ones(2, 3) + mg.ones(4)
    ShapeError: add of shapes (2, 3) and (4,): …
    Cause: The last axes have sizes 3 and 4.
    Remedy: Give the second operand an axis of size 1.
        mg.ones(2, 3, 1) + mg.ones(4)
    ```

Every cell runs in a namespace of its own, where np, mg, nn and F are known, and in an
empty folder; the remedy goes on where the first cell stopped. Lines indented below
`Given:` run before every cell, and are shown once; those below `Setup:` run before
them and are not shown: there `patch(place, "name", value)` changes an attribute
until the cell is done. In a text, ‹words› between angle quotes
stand for anything, and ‹folder› for the folder that the cell runs in.

    python docs/_ext/gallery.py --missing minigrad/ops   raise statements that no entry reaches
    python docs/_ext/gallery.py --write docs/reference/errors/x.md fill in the texts; `?` marks one not known yet
    python docs/_ext/gallery.py                          run every entry and say what differs

Nothing here needs Sphinx.
"""

import argparse
import ast
import contextlib
import contextvars
import importlib
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = ROOT / "docs" / "reference" / "errors"
PACKAGES = ("minigrad", "nn")

FENCE = re.compile(r"^```\{raises\}\s*$")
RAISED = re.compile(r"^(\w*(?:Error|Warning|Interrupt|Iteration)): ?(.*)$")
KEY = re.compile(r"^(Setup|Given|Cause|Remedy):\s*(.*)$")
MASK = re.compile(r"‹[^›\n]*›")
UNKNOWN = "?"

# --------------------------------------------------------------------- reading


@dataclass
class Cell:
    """A piece of code and what it raises; `line` is that of the page, `place` where the text begins in the entry."""

    code: str
    kind: str
    text: str
    line: int
    place: tuple[int, int]


@dataclass
class Entry:
    """One block of a page."""

    page: Path
    line: int
    setup: str = ""
    given: str = ""
    cells: list[Cell] = field(default_factory=list)
    cause: str = ""
    remedy: str = ""
    remedy_code: str = ""
    anchor: str = ""


class GalleryError(Exception):
    """An entry that cannot be read, or does not raise what it says."""


def indented(lines: list[str], start: int) -> tuple[str, int]:
    """The indented lines from `start` on, without their indent, and where they end."""
    end = start
    while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
        end += 1
    return "\n".join(line[4:] for line in lines[start:end]).strip("\n"), end


def read_entry(lines: list[str], page: Path, line: int) -> Entry:
    """The entry that the lines between two fences spell; `line` is the number of the first of them."""
    entry = Entry(page, line)
    code: list[str] = []
    at = 0
    while at < len(lines):
        text = lines[at]
        if key := KEY.match(text):
            where = f"{page.name}:{line + at}"
            if any(map(str.strip, code)):
                raise GalleryError(f"{where}: {code} is followed by no class and text; write `{UNKNOWN}` below it")
            body, after = indented(lines, at + 1)
            if key[1] == "Setup":
                entry.setup = body
            elif key[1] == "Given":
                entry.given = body
            elif key[1] == "Cause":
                entry.cause = key[2]
            else:
                entry.remedy, entry.remedy_code = key[2], body
            at = after
        elif text.strip() == UNKNOWN or RAISED.match(text):
            found = RAISED.match(text)
            end = at + 1
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            message = "\n".join([found[2] if found else "", *[more[2:] for more in lines[at + 1 : end]]])
            entry.cells.append(
                Cell("\n".join(code).strip("\n"), found[1] if found else UNKNOWN, message, line + at, (at, end))
            )
            code = []
            at = end
        else:
            code.append(text)
            at += 1
    if not entry.cells:
        raise GalleryError(f"{page.name}:{line}: no cell")
    if any(map(str.strip, code)):
        raise GalleryError(f"{page.name}:{line}: {code} at the end is followed by nothing")
    return entry


def read_page(page: Path) -> list[Entry]:
    """The entries of one page, in order, with their anchors."""
    lines = page.read_text(encoding="utf-8").split("\n")
    entries = []
    anchors: set[str] = set()
    start = None
    for number, text in enumerate(lines):
        if start is None and FENCE.match(text):
            start = number + 1
        elif start is not None and text.startswith("```"):
            entry = read_entry(lines[start:number], page, start + 1)
            entry.anchor = anchor(entry.cells[0].text, anchors)
            entries.append(entry)
            start = None
    return entries


def anchor(text: str, taken: set[str]) -> str:
    """A name for the address of an entry: the first words of its text."""
    words = re.findall(r"[a-z_]+", MASK.sub("", text).lower())[:8]
    base = made = "-".join(words).replace("_", "-").strip("-") or "message"
    number = 1
    while made in taken:
        number += 1
        made = f"{base}-{number}"
    taken.add(made)
    return made


def pages() -> list[Path]:
    """The pages that hold entries, in the order of the index."""
    found = [page for page in sorted(PAGES.glob("*.md")) if "```{raises}" in page.read_text(encoding="utf-8")]
    listed = (PAGES / "index.md").read_text(encoding="utf-8").split("\n")
    return sorted(found, key=lambda page: listed.index(page.stem) if page.stem in listed else len(listed))


# --------------------------------------------------------------------- running


Site = tuple[str, int]


@dataclass
class Raised:
    """What a cell raised: class, text, the lines of ours that it came through, and whether the class may be raised."""

    kind: str
    text: str
    sites: frozenset[Site]
    proper: bool = True


@cache
def ours(filename: str) -> str | None:
    """The path of a file of ours below the root; None for every other file."""
    path = Path(filename)
    if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in PACKAGES:
        return path.relative_to(ROOT).as_posix()
    return None


@contextlib.contextmanager
def noting(heard: list[tuple[BaseException, Site]]) -> Iterator[None]:
    """Note the lines of our files that an error is raised at, goes through, or is returned from to be raised."""

    def look(frame, event, value):
        path = ours(frame.f_code.co_filename)
        if path is None:
            return None
        frame.f_trace_lines = False
        error = value[1] if event == "exception" else value
        if event in ("exception", "return") and isinstance(error, BaseException):
            heard.append((error, (path, frame.f_lineno)))
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        yield
    finally:
        sys.settrace(before)


def sites_of(error: BaseException, heard: list[tuple[BaseException, Site]]) -> Iterator[Site]:
    """The lines that speak in an error: its own, and those of the errors that its text quotes."""
    for other, site in heard:
        if other is error or (str(other) and str(other) in str(error)):
            yield site


def run(code: str, name: str, space: dict[str, object]) -> None:
    """Run code in a namespace."""
    exec(compile(code, name, "exec", dont_inherit=True), space)


def run_cell(entry: Entry, cell: Cell, space: dict[str, object], folder: str) -> Raised | None:
    """What a cell raises or warns of; None for nothing."""
    name = f"<{entry.page.name}:{cell.line}>"
    warned: list[tuple[str, str, Site]] = []
    heard: list[tuple[BaseException, Site]] = []
    error: BaseException | None = None
    real = warnings.warn

    def warn(message, category=UserWarning, stacklevel=1, **options):
        frame = sys._getframe(1)
        if path := ours(frame.f_code.co_filename):
            warned.append((category.__name__, str(message), (path, frame.f_lineno)))
        real(message, category, stacklevel + 1, **options)

    def warn_explicit(message, category, *place):
        frame = sys._getframe(2)  # what called minigrad.callers.warn
        if path := ours(frame.f_code.co_filename):
            warned.append((category.__name__, str(message), (path, frame.f_lineno)))
        real_explicit(message, category, *place)

    real_explicit = warnings.warn_explicit
    patched = mock.patch.multiple(warnings, warn=warn, warn_explicit=warn_explicit)
    with warnings.catch_warnings(record=True) as seen, patched:
        warnings.simplefilter("always")
        with noting(heard):
            try:
                run(cell.code, name, space)
            except (Exception, KeyboardInterrupt) as raised:
                error = raised
    for one in seen:
        if one.filename != name:
            raise GalleryError(f"{name}: the warning {str(one.message)!r} points at {one.filename}, not at the cell")
    if error is not None:
        text = "\n".join([str(error), *getattr(error, "__notes__", ())])
        if seen and not warned:
            raise GalleryError(f"{name}: a warning that is not ours, {seen[0].message}")
        sites = frozenset(sites_of(error, heard))
        return Raised(type(error).__name__, masked(text, folder), sites, proper(error))
    if warned:
        kind, text, _ = warned[0]
        return Raised(kind, masked(text, folder), frozenset(site for *_, site in warned))
    if seen:
        raise GalleryError(f"{name}: a warning that is not ours, {seen[0].message}")
    return None


def proper(error: BaseException) -> bool:
    """Whether it is one of minigrad's errors, or one that Python's own protocols ask for."""
    errors = importlib.import_module("minigrad.errors")
    return isinstance(error, errors.MinigradError | AttributeError | ImportError | KeyError)


def masked(text: str, folder: str) -> str:
    """A text with marks in the place of what no two runs share: the folder, and the numbers of nodes."""
    return re.sub(r"(<\w+ #)\d+>", r"\1‹number›>", text.replace(folder, "‹folder›"))


def run_entry(entry: Entry) -> list[Raised | None]:
    """What each cell raises; a remedy that fails raises `GalleryError`."""
    return contextvars.copy_context().run(_run_entry, entry)


def _run_entry(entry: Entry) -> list[Raised | None]:
    mg = importlib.import_module("minigrad")
    dtype = mg.get_default_dtype()
    results = []
    for number, cell in enumerate(entry.cells):
        space = namespace()
        mg.manual_seed(0)
        try:
            with contextlib.ExitStack() as things:
                folder = str(Path(things.enter_context(tempfile.TemporaryDirectory())).resolve())
                things.enter_context(contextlib.chdir(folder))
                prepare(entry, space, things)
                results.append(run_cell(entry, cell, space, folder))
                if number == 0:
                    run_remedy(entry, space)
        finally:
            mg.set_default_dtype(dtype)
    return results


def namespace() -> dict[str, object]:
    """The names that every cell knows."""
    known = {"np": "numpy", "mg": "minigrad", "nn": "nn", "F": "nn.functional"}
    return {"__name__": "cell"} | {name: importlib.import_module(module) for name, module in known.items()}


def prepare(entry: Entry, space: dict[str, object], patches: contextlib.ExitStack) -> None:
    """Run the lines that an entry has before its cells; what they patch stays patched until `patches` is closed."""

    def patch(place, name, value):
        patches.enter_context(mock.patch.object(place, name, value))

    where = f"{entry.page.name}:{entry.line}"
    space["patch"] = patch
    run(entry.setup, f"<setup of {where}>", space)
    del space["patch"]
    run(entry.given, f"<given in {where}>", space)


def run_remedy(entry: Entry, space: dict[str, object]) -> None:
    """Run what the entry advises: it neither raises nor warns."""
    where = f"{entry.page.name}:{entry.line}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            run(entry.remedy_code, f"<remedy of {where}>", space)
        except Exception as error:
            raise GalleryError(f"{where}: the remedy raises {type(error).__name__}: {error}") from error


# ------------------------------------------------------------------- comparing


def same(expected: str, arrived: str) -> bool:
    """Whether a text is the expected one; what stands between ‹› is not compared, but ‹folder›, which is."""
    pattern = "".join(
        re.escape(part) if part == "‹folder›" or not MASK.fullmatch(part) else r".*?"
        for part in re.split(r"(‹[^›\n]*›)", expected)
    )
    return re.fullmatch(pattern, arrived, re.DOTALL) is not None


@dataclass
class Report:
    """What came of running entries: complaints, the sites reached, and the texts that differ."""

    complaints: list[str] = field(default_factory=list)
    reached: set[Site] = field(default_factory=set)
    corrections: list[tuple[Entry, Cell, Raised]] = field(default_factory=list)


def check_entry(entry: Entry, report: Report) -> None:
    """Run one entry and add what came of it to the report."""
    where = f"{entry.page.name}:{entry.line}"
    if not entry.cause or not entry.remedy:
        report.complaints.append(f"{where}: an entry has a line `Cause:` and a line `Remedy:`")
    try:
        results = run_entry(entry)
    except Exception as error:
        report.complaints.append(f"{where}: {type(error).__name__}: {error}")
        return
    for cell, raised in zip(entry.cells, results, strict=True):
        place = f"{entry.page.name}:{cell.line}"
        if raised is None:
            report.complaints.append(f"{place}: this cell raises nothing and warns of nothing:\n{cell.code}")
            continue
        report.reached |= raised.sites
        if not raised.sites:
            report.complaints.append(f"{place}: {raised.kind}: {raised.text} is not raised by a line of ours")
        elif not raised.proper:
            report.complaints.append(f"{place}: {raised.kind}: {raised.text} is none of minigrad's errors")
        if cell.kind != raised.kind or not same(cell.text, raised.text):
            report.corrections.append((entry, cell, raised))
            report.complaints.append(
                f"{place}: the page says\n  {cell.kind}: {cell.text}\nand this arrived\n  {raised.kind}: {raised.text}"
            )


def check_page(page: Path) -> Report:
    """Run every entry of a page."""
    report = Report()
    try:
        entries = read_page(page)
    except GalleryError as error:
        report.complaints.append(str(error))
        return report
    for entry in entries:
        check_entry(entry, report)
    return report


def write_page(page: Path) -> Report:
    """Run every entry of a page and put the texts that arrived in the place of those that differ."""
    report = check_page(page)
    lines = page.read_text(encoding="utf-8").split("\n")
    for entry, cell, raised in reversed(report.corrections):
        first, *more = raised.text.split("\n")
        start, end = (entry.line - 1 + number for number in cell.place)
        lines[start:end] = [f"{raised.kind}: {first}", *[f"| {line}" for line in more]]
    page.write_text("\n".join(lines), encoding="utf-8")
    return report


# -------------------------------------------------------------------- coverage


@dataclass(frozen=True)
class Statement:
    """A statement of ours that raises or returns an error, or that warns."""

    path: str
    first: int
    last: int
    function: str
    source: str

    def __str__(self) -> str:
        return f"{self.path}:{self.first} in {self.function}: {self.source}"


def is_error(node: ast.AST | None) -> bool:
    """Whether it is a call of a class that is named like an error."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Error")


def speaks(node: ast.AST) -> bool:
    """Whether a statement raises, returns an error to be raised, or warns."""
    if isinstance(node, ast.Raise):
        return node.exc is not None
    if isinstance(node, ast.Return):
        return is_error(node.value)
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and ast.unparse(node.value.func) in WARN


WARN = ("warnings.warn", "warn")


@cache
def statements(path: Path) -> list[Statement]:
    """The statements of one file that speak to the user."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []

    def walk(node: ast.AST, function: str) -> None:
        for child in ast.iter_child_nodes(node):
            inside = function
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inside = f"{function}.{child.name}".lstrip(".")
            if speaks(child):
                found.append(
                    Statement(
                        path.relative_to(ROOT).as_posix(), child.lineno, child.end_lineno, function, ast.unparse(child)
                    )
                )
            walk(child, inside)

    walk(tree, "")
    return found


def all_statements() -> list[Statement]:
    """Those of both packages."""
    return [one for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) for one in statements(path)]


def missing(reached: set[Site]) -> list[Statement]:
    """The statements that no entry reaches."""
    by_file: dict[str, set[int]] = {}
    for path, line in reached:
        by_file.setdefault(path, set()).add(line)
    return [
        one for one in all_statements()
        if not by_file.get(one.path, set()).intersection(range(one.first, one.last + 1))
    ]  # fmt: skip


# ---------------------------------------------------------------- command line


def main() -> int:
    """Run entries as the command line says."""
    parser = argparse.ArgumentParser(description="Run the entries of docs/reference/errors.")
    parser.add_argument("paths", nargs="*", help="pages to run; with --missing, beginnings of source files")
    parser.add_argument("--write", action="store_true", help="put the texts that arrive into the pages")
    parser.add_argument("--missing", action="store_true", help="list the raise statements that no entry reaches")
    options = parser.parse_args()
    chosen = [Path(path).resolve() for path in options.paths] if options.paths and not options.missing else pages()
    sys.path.insert(0, str(ROOT))
    reached: set[Site] = set()
    complaints = []
    for page in chosen:
        report = write_page(page) if options.write else check_page(page)
        reached |= report.reached
        wrong = {f"{entry.page.name}:{cell.line}:" for entry, cell, _ in report.corrections} if options.write else set()
        complaints += [text for text in report.complaints if text.split(" ")[0] not in wrong]
    if options.missing:
        left = [one for one in missing(reached) if not options.paths or one.path.startswith(tuple(options.paths))]
        print("\n".join(map(str, left)))
        print(f"{len(left)} statements without an entry")
    print("\n".join(complaints))
    return bool(complaints)


if __name__ == "__main__":
    sys.exit(main())
