"""The lecture notes as tables: their items and errata, the terms, and which tests and pages name an item.

The tables stand in docs/reference/notes. What can be found is not written there: a test
belongs to the items in its name (`test_N33_…`, `test_X16_…`), a page to those that it
names, a number to those that it says it belongs to. Nothing here needs Sphinx.
"""

import ast
import contextlib
import importlib
import io
import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
TABLES = DOCS / "reference" / "notes"
TESTS = ROOT / "tests" / "notes"
NUMBERS = TESTS / "golden.json"

ITEMS, ERRATA = 144, 85
KINDS = ("wrong", "garbled", "contradiction", "ambiguous", "sloppy", "right")
NOTES = {
    "A": "A, Lara Ávila, Redes convolucionales",
    "B": "B, Villca Poggian, Redes Neuronales Convolucionales",
    "C": "C, Ñanculef, Backpropagation convolucional",
    "D": "D, slides in Russian, Сверточные нейронные сети",
    "E": "E, Méndez-Vázquez, Convolutional Networks",
}

NAMED = re.compile(r"\b([NX])(\d{1,3})\b(?:\s*[–-]\s*\1(\d{1,3})\b)?")
FENCE = re.compile(r"^(`{3,}|~{3,})")
HEADING = re.compile(r"^#{1,6} ")

# ---------------------------------------------------------------------- tables


@dataclass(frozen=True)
class Item:
    """What the notes say in one place or several."""

    key: str
    title: str
    notes: str
    statement: str
    code: list[str]
    derived: bool = False
    tests: list[str] = field(default_factory=list)
    untested: str = ""
    uncited: str = ""


@dataclass(frozen=True)
class Erratum:
    """What is printed, and what is right; `evidence` is code whose output says so."""

    key: str
    notes: str
    place: str
    kind: str
    printed: str
    right: str
    evidence: str = ""


def exists(key: str) -> bool:
    """Whether the notes have an item or an erratum of this name."""
    number = int(key[1:])
    return 1 <= number <= (ITEMS if key[0] == "N" else ERRATA)


def named(text: str) -> list[str]:
    """The items and errata that a text names, ranges spelt out, in the order of the text."""
    found: dict[str, None] = {}
    for letter, first, last in NAMED.findall(text):
        for number in range(int(first), int(last or first) + 1):
            if exists(f"{letter}{number}"):
                found[f"{letter}{number}"] = None
    return list(found)


def table(name: str) -> dict[str, Any]:
    """One of the tables as it stands in its file."""
    return tomllib.loads((TABLES / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def items() -> dict[str, Item]:
    """N1 to N144."""
    return {key: Item(key=key, **value) for key, value in table("items").items() if key != "part"}


@cache
def errata() -> dict[str, Erratum]:
    """X1 to X85."""
    return {key: Erratum(key=key, **value) for key, value in table("errata").items()}


def parts() -> list[tuple[str, list[Item]]]:
    """The parts of the catalogue with their items."""
    heads = table("items")["part"]
    ends = [head["first"] for head in heads[1:]] + [ITEMS + 1]
    return [
        (head["title"], [items()[f"N{number}"] for number in range(head["first"], end)])
        for head, end in zip(heads, ends, strict=True)
    ]


def glossary() -> list[list[str]]:
    """Each term in English, Spanish and Russian."""
    return list(table("glossary")["terms"])


@cache
def numbers() -> dict[str, dict[str, Any]]:
    """The notes' numbers by name, each with the items it belongs to, where it comes from and its status."""
    return dict(json.loads(NUMBERS.read_text(encoding="utf-8"))["golden"])


def numbers_of(key: str) -> list[str]:
    """The names of the numbers that belong to an item or erratum."""
    return [name for name, entry in numbers().items() if key in entry["items"]]


# ----------------------------------------------------------------------- tests


@dataclass(frozen=True)
class Test:
    """A test function of tests/notes."""

    file: str
    name: str
    source: str

    @property
    def keys(self) -> list[str]:
        """The items and errata in its name."""
        return [part for part in self.name.split("_") if re.fullmatch(r"[NX]\d{1,3}", part)]

    @property
    def place(self) -> str:
        """How pytest calls it."""
        return f"tests/notes/{self.file}::{self.name}"


def test_files() -> list[Path]:
    """The files of tests/notes in the order of the items that their first sentences name."""

    def first(path: Path) -> tuple[int, str]:
        found = re.search(r"\(N(\d+)", path.read_text(encoding="utf-8").partition("\n")[0])
        return int(found[1]) if found else ITEMS + 1, path.name

    return sorted(TESTS.glob("test_*.py"), key=first)


@cache
def tests() -> list[Test]:
    """Every test function, in the order of the files."""
    found = []
    for path in test_files():
        text = path.read_text(encoding="utf-8")
        lines = text.split("\n")
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                start = min([node.lineno, *[decorator.lineno for decorator in node.decorator_list]])
                found.append(Test(path.name, node.name, "\n".join(lines[start - 1 : node.end_lineno])))
    return found


def shared(path: Path) -> str:
    """What a file of tests holds besides its tests: what they import, and what they share."""
    lines = path.read_text(encoding="utf-8").split("\n")
    for test in tests():
        if test.file == path.name:
            own = test.source.split("\n")
            start = next(n for n in range(len(lines)) if lines[n : n + len(own)] == own)
            lines[start : start + len(own)] = [""] * len(own)
    return re.sub(r"\n{3,}", "\n\n\n", "\n".join(lines)).strip("\n")


@cache
def tests_by_key() -> dict[str, list[Test]]:
    """The tests of each item and erratum: by their names, and those that its entry lists."""
    found: dict[str, list[Test]] = defaultdict(list)
    for test in tests():
        for key in test.keys:
            found[key].append(test)
    return found


# ----------------------------------------------------------------------- pages


def pages() -> list[Path]:
    """The pages that a reader reads: no tables of contents, no reference of names, messages and notes."""
    return [
        page
        for page in sorted(DOCS.rglob("*.md"))
        if page.name != "index.md"
        and not {"_build", "api", "errors", "notes", "jupyter_execute"} & set(page.relative_to(DOCS).parts)
    ]


def prose(text: str) -> Iterator[str]:
    """The lines outside of code."""
    fence = ""
    for line in text.split("\n"):
        mark = FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif fence and line.startswith(fence) and not line.strip("`~ "):
            fence = ""
        elif not fence:
            yield line


@cache
def pages_by_key() -> dict[str, list[str]]:
    """The pages that name each item and erratum, as paths below docs."""
    found: dict[str, list[str]] = defaultdict(list)
    for page in pages():
        for key in named("\n".join(prose(page.read_text(encoding="utf-8")))):
            found[key].append(page.relative_to(DOCS).as_posix())
    return found


# ------------------------------------------------------------------------ code


def resolve(name: str) -> Any:
    """The object with a qualified name, through modules and then attributes."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            value: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            value = getattr(value, part)
        return value
    raise ModuleNotFoundError(name)


def shown(evidence: str) -> str:
    """What the code of an erratum prints."""
    import numpy as np
    import scipy.signal

    import minigrad as mg
    import nn
    import nn.functional as F

    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(evidence, {"np": np, "scipy": scipy, "mg": mg, "nn": nn, "F": F, "__name__": "__main__"})
    return output.getvalue().rstrip("\n")
