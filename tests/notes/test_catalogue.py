"""The catalogue holds: every item and erratum is in it, and whatever it names is there."""

import ast
import importlib.util
import inspect
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from tests.notes.calls import CALLS
from tests.notes.evidence import SAYS

ROOT = Path(__file__).parents[2]


def load():
    spec = importlib.util.spec_from_file_location("catalogue", ROOT / "docs" / "_ext" / "catalogue.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["catalogue"] = module
    spec.loader.exec_module(module)
    return module


catalogue = load()
ITEMS, ERRATA = catalogue.items(), catalogue.errata()


# ---------------------------------------------------------------------- tables


def test_every_item_and_erratum_has_an_entry():
    assert list(ITEMS) == [f"N{number}" for number in range(1, 145)]
    assert list(ERRATA) == [f"X{number}" for number in range(1, 86)]
    assert [item.key for _, items in catalogue.parts() for item in items] == list(ITEMS)


def test_entries_say_something():
    for item in ITEMS.values():
        assert item.title, item.key
        assert item.statement.strip().endswith((".", "`")), item.key
        assert set(item.notes) <= set("ABCDE"), item.key
        assert item.notes, item.key
    for entry in ERRATA.values():
        assert entry.printed.strip(), entry.key
        assert entry.right.strip(), entry.key
        assert entry.kind in catalogue.KINDS, entry.key
        assert set(entry.notes) <= set("ABCDE"), entry.key


def test_what_statements_name_exists():
    texts = {**{key: item.statement for key, item in ITEMS.items()}, **{key: e.right for key, e in ERRATA.items()}}
    for key, text in texts.items():
        assert all(catalogue.exists(found) for found in re.findall(r"\b[NX]\d{1,3}\b", text)), key


def test_the_glossary_has_three_languages():
    terms = catalogue.glossary()
    assert len(terms) == 52
    assert all(len(term) == 3 and all(term) for term in terms)
    assert all(re.search("[а-яё]", term[2], re.IGNORECASE) for term in terms)


# ------------------------------------------------------------------------ code


def documented():
    """The modules whose names the API reference lists."""
    pages = (ROOT / "docs" / "reference" / "api").glob("*.md")
    return {name for page in pages for name in re.findall(r"\{public-names\} (\S+)", page.read_text(encoding="utf-8"))}


def reachable(name):
    """Whether a name can be imported, or an example is there, and the API reference lists it."""
    if "/" in name:
        return (ROOT / name).is_file()
    parts = name.split(".")
    if not callable(catalogue.resolve(name)):
        return f"`{parts[-1]}`" in (ROOT / "docs" / "reference" / "api" / "signal.md").read_text(encoding="utf-8")
    ends = [n for n in range(1, len(parts)) if inspect.ismodule(catalogue.resolve(".".join(parts[:n])))]
    module = ".".join(parts[: ends[-1]])
    return module in documented() and parts[ends[-1]] in catalogue.resolve(module).__all__


def test_code_is_there_and_in_the_reference():
    wrong = [(key, name) for key, item in ITEMS.items() for name in item.code if not reachable(name)]
    assert not wrong


def test_items_without_code_are_those_that_only_tell():
    assert [key for key, item in ITEMS.items() if not item.code] == ["N58", "N143", "N144"]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.item}-{call.name}")
def test_what_an_item_asks_for_does_it_on_its_numbers(call):
    assert call.name in ITEMS[call.item].code, "the catalogue names what the table calls"
    found = call.use(catalogue.resolve(call.name))
    found = found.detach().numpy() if isinstance(found, mg.Tensor) else found
    np.testing.assert_allclose(found, call.expected, rtol=1e-12, atol=1e-12)


def test_every_item_that_names_functions_or_layers_has_a_call():
    asked = [key for key, item in ITEMS.items() if any("/" not in name for name in item.code)]
    assert not set(asked) - {call.item for call in CALLS}


# ----------------------------------------------------------------------- tests


def test_names_of_tests_are_used_once():
    names = [test.name for test in catalogue.tests()]
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})


def test_every_test_names_items_that_exist():
    for test in catalogue.tests():
        if test.file != Path(__file__).name:
            assert test.keys, f"{test.place} names no item"
            assert all(map(catalogue.exists, test.keys)), test.place


def test_everything_is_tested_or_says_why_not():
    tests = catalogue.tests_by_key()
    wrong = [key for key, item in ITEMS.items() if bool(tests.get(key) or item.tests) == bool(item.untested)]
    wrong += [key for key, entry in ERRATA.items() if entry.evidence and not tests.get(key)]
    assert not wrong, "neither a test nor a reason, or both"


def test_other_tests_that_items_list_are_there():
    for item in ITEMS.values():
        for place in item.tests:
            file, _, name = place.partition("::")
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{item.key}: {place}"


@pytest.mark.parametrize("key", [key for key, entry in ERRATA.items() if entry.evidence])
def test_the_evidence_of_an_erratum_shows_it(key):
    shown = catalogue.shown(ERRATA[key].evidence)
    assert all(words in shown for words in SAYS[key]), shown


def test_nothing_else_is_said_to_be_shown():
    assert SAYS.keys() == {key for key, entry in ERRATA.items() if entry.evidence}
    assert all(SAYS.values())


def spelt():
    """A pattern for each string in the sources of these tests; what an f-string fills in may be anything."""
    for path in catalogue.TESTS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [re.escape(part.value) if isinstance(part, ast.Constant) else ".+" for part in node.values]
                yield "".join(parts)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield re.escape(node.value)


def test_every_number_is_compared_with_and_belongs_to_items():
    numbers = catalogue.numbers()
    assert len(numbers) == 72
    patterns = {pattern for pattern in spelt() if len(pattern.replace(".+", "")) > 3}
    open_ones = [pattern for pattern in patterns if ".+" in pattern]
    unread = [
        name
        for name in numbers
        if re.escape(name) not in patterns and not any(re.fullmatch(pattern, name) for pattern in open_ones)
    ]
    assert not unread, "no test reads these"
    for name, entry in numbers.items():
        assert entry["items"], name
        assert all(map(catalogue.exists, entry["items"])), name


# ----------------------------------------------------------------------- pages


def test_every_item_is_on_a_page_or_says_why_not():
    cited = catalogue.pages_by_key()
    wrong = [key for key, item in ITEMS.items() if bool(cited.get(key)) == bool(item.uncited)]
    assert not wrong, "neither a page nor a reason, or both"


def test_pages_name_what_exists():
    for page in catalogue.pages():
        for letter, number in re.findall(r"\b([NX])(\d{1,3})\b", "\n".join(catalogue.prose(page.read_text("utf-8")))):
            assert catalogue.exists(letter + number), f"{page.name} names {letter}{number}"


def test_docstrings_name_what_exists():
    for place in documented():
        module = catalogue.resolve(place)
        for name in module.__all__:
            text = inspect.getdoc(getattr(module, name)) or ""
            for found in re.findall(r"\b[NX]\d{1,3}\b", text):
                assert catalogue.exists(found), f"{place}.{name} names {found}"


def test_ranges_are_spelt_out():
    assert catalogue.named("(N113–N115, X16), N7 and N200") == ["N113", "N114", "N115", "X16", "N7"]
    assert list(catalogue.prose("a\n```python\nN5\n```\nb")) == ["a", "b"]


@pytest.mark.parametrize("page", ["catalogue", "errata", "tests", "glossary"])
def test_the_pages_are_made_from_the_tables(page):
    text = (catalogue.TABLES / f"{page}.md").read_text(encoding="utf-8")
    assert re.search(r"```\{notes-\w+\}\n```", text)
