"""Every message of both packages has an entry in the error gallery that raises it, word for word; its remedy runs."""

import importlib.util
import sys
from functools import cache
from pathlib import Path

import pytest

import minigrad as mg

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "docs" / "_ext" / "gallery.py"


def load():
    spec = importlib.util.spec_from_file_location("gallery", SOURCE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["gallery"] = module
    spec.loader.exec_module(module)
    return module


gallery = load()

# Beginnings of paths whose messages have no entries yet.
NOT_YET: tuple[str, ...] = ()

# What no cell of a page can reach: path, a piece of the statement, and why.
UNREACHABLE = [
    ("minigrad/drawing/layers.py", "raise CircleError", "caught by the layout, which draws without clusters"),
    ("minigrad/callers.py", "warnings.warn(", "for threads whose function is the library's own"),
    ("minigrad/recomputation.py", "raise AskedTooEarly", "caught by the first run, which then starts anew"),
    ("minigrad/recorder.py", "raise KeyError", "what a dictionary raises, and no VJP asks for"),
    ("minigrad/geometry.py", "raise TypeError", "caught by its callers, which name the argument"),
    ("minigrad/kernels/threads.py", "raise error", "what was raised in another thread, as it was"),
]


@cache
def report(page):
    return gallery.check_page(page)


@pytest.mark.parametrize("page", gallery.pages(), ids=lambda page: page.stem)
def test_entries_raise_what_they_say(page):
    assert not report(page).complaints, "\n\n".join(report(page).complaints)


def test_every_message_has_an_entry():
    reached = set().union(*(report(page).reached for page in gallery.pages()))
    left = [
        str(one) for one in gallery.missing(reached)
        if not one.path.startswith(NOT_YET)
        and not any(one.path == path and piece in one.source for path, piece, _ in UNREACHABLE)
    ]  # fmt: skip
    assert not left, (
        f"{len(left)} messages have no entry in docs/reference/errors. Add each to its topic's page (CONTRIBUTING.md, "
        "'Adding an error message'); python docs/_ext/gallery.py --write fills in the texts:\n" + "\n".join(left)
    )


@pytest.mark.parametrize(("path", "piece", "why"), UNREACHABLE)
def test_what_is_called_unreachable_exists_and_is_not_reached(path, piece, why):
    reached = set().union(*(report(page).reached for page in gallery.pages()))
    matching = [one for one in gallery.missing(reached) if one.path == path and piece in one.source]
    assert len(matching) == 1, f"{path}, {piece!r} ({why}): {len(matching)} statements; delete or sharpen this line"


def test_the_index_leads_to_every_page():
    index = (gallery.PAGES / "index.md").read_text(encoding="utf-8")
    listed = index.partition(":maxdepth: 1\n")[2].partition("```")[0].split()
    assert sorted(listed) == sorted({page.stem for page in gallery.PAGES.glob("*.md")} - {"index"})


def test_the_index_names_every_class():
    index = (gallery.PAGES / "index.md").read_text(encoding="utf-8")
    classes = [value for value in vars(mg.errors).values() if isinstance(value, type)]
    missing = [one.__name__ for one in classes if f"{one.__name__}`" not in index]
    assert not missing


# ------------------------------------------------------ the gallery's own errors


def entry(text):
    return gallery.read_entry(text.strip("\n").split("\n"), Path("page.md"), 1)


def complaints(text):
    report = gallery.Report()
    gallery.check_entry(entry(text), report)
    return "\n".join(report.complaints)


GOOD = """
x = mg.ones(2)
x.item()
ShapeError: ‹anything›
Cause: two elements.
Remedy: take one.
    x[0].item()
"""


def test_an_entry_is_read():
    before = "Setup:\n    a = 1\n\nGiven:\n    b = a\n\n"
    cells = "first\n\nsecond\nShapeError: one\n| two\nother\n?\n"
    read = entry(before + cells + "Cause: c\nRemedy: r\n    code")
    assert (read.setup, read.given) == ("a = 1", "b = a")
    assert [(cell.code, cell.kind, cell.text) for cell in read.cells] == [
        ("first\n\nsecond", "ShapeError", "one\ntwo"),
        ("other", "?", ""),
    ]
    assert (read.cause, read.remedy, read.remedy_code) == ("c", "r", "code")
    assert complaints(GOOD) == ""


def test_the_check_can_fail():
    assert "the page says" in complaints(GOOD.replace("‹anything›", "something"))
    assert "the page says" in complaints(GOOD.replace("ShapeError", "ArgumentError"))
    assert "raises nothing" in complaints(GOOD.replace("ones(2)", "ones(1)"))
    assert "the remedy raises ShapeError" in complaints(GOOD.replace("x[0].item", "x.item"))
    assert "`Remedy:`" in complaints(GOOD.partition("Remedy")[0])
    assert "not raised by a line of ours" in complaints(GOOD.replace("x.item()", "[][0]"))


def test_an_error_that_is_not_ours_is_told():
    setup = (
        "Setup:\n    def stop(*arguments): raise RuntimeError('foreign')\n    patch(mg.creation, 'finish', stop)\n\n"
    )
    assert "RuntimeError: foreign is none of minigrad's errors" in complaints(
        setup + "mg.ones(2)\nShapeError: ‹anything›\nCause: c\nRemedy: r"
    )


def test_setup_and_given_run_before_every_cell_and_patches_end_with_it():
    name = mg.errors.ShapeError.__name__
    text = (
        "Setup:\n    patch(mg, 'ones', mg.zeros)\n\nGiven:\n"
        f"    x = mg.ones(2)\n\nassert not x.any()\nx.item()\n{name}: ‹anything›\nx.item()\n{name}: ‹anything›\n"
        "Cause: c\nRemedy: r"
    )
    assert complaints(text) == ""
    assert bool(mg.ones(2).all())


def test_what_an_error_quotes_counts_as_reached():
    heard = [(ValueError("inner"), ("a.py", 1)), (ValueError("else"), ("b.py", 2)), (ValueError(), ("c.py", 3))]
    assert list(gallery.sites_of(ValueError("outer: inner"), heard)) == [("a.py", 1)]


@pytest.mark.parametrize("text", ["x = 1", "x = 1\nCause: it", "Cause: it"])
def test_an_entry_that_cannot_be_read_says_so(text):
    with pytest.raises(gallery.GalleryError):
        entry(text)


def test_masks():
    assert gallery.same("a ‹number› b", "a 12 b")
    assert not gallery.same("a ‹number› b", "a 12 c")
    assert not gallery.same("in ‹folder›", "in /tmp")
    assert gallery.same("in ‹folder›", "in ‹folder›")


def test_texts_are_written_into_a_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A page\n\n```{raises}\nmg.ones(2).item()\n?\nCause: c\nRemedy: r\n```\n", encoding="utf-8")
    gallery.write_page(page)
    assert "\nShapeError: " in page.read_text(encoding="utf-8")
    assert not gallery.check_page(page).complaints


def test_statements_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(gallery, "ROOT", tmp_path)
    file = tmp_path / "file.py"
    file.write_text(
        "def f():\n    try:\n        raise ValueError(1)\n    except ValueError:\n        raise\n"
        "def g():\n    warnings.warn(\n        'text')\n    return ShapeError('x')\n",
        encoding="utf-8",
    )
    found = [(one.function, one.first, one.last) for one in gallery.statements(file)]
    assert found == [("f", 3, 3), ("g", 7, 8), ("g", 9, 9)]
