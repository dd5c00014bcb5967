"""The promises that the repository makes about itself: sizes, places, names, and a README that runs."""

import ast
import importlib
import io
import itertools
import pkgutil
import re
import tokenize
import tomllib
from pathlib import Path

import pytest

import minigrad
import nn

ROOT = Path(__file__).parent.parent
PACKAGES = ("minigrad", "nn")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

LONGEST_FILE = 450
LONGEST_FUNCTION = 60
ENGINE_LINES = 2500

# An afternoon's reading: the tape, the tensor, the geometry, the three maps and the walk; not how
# tensors become NumPy's and Python's objects, are printed, and filled with random numbers.
ENGINE = ["tape", "mode", "hooks", "tensor", "geometry", "primitive", "rules", "registry", "ops/convolution",
          "kernels/correlate", "kernels/rows", "kernels/memory"]  # fmt: skip
BESIDE_THE_ENGINE = {"interop.py", "display.py", "filling.py"}

# Test files named after something that cuts across the modules of their folder.
TOPICS = {
    "tests/minigrad": {"contract"},
    "tests/minigrad/tensor": {"tensor"},
    "tests/nn/functional": {"functional"},
}


def relative(path):
    return path.relative_to(ROOT).as_posix()


def code_lines(source):
    """Numbers of the lines that hold code: no blank lines, no comments, no docstrings."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    idle = {
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER
    }  # fmt: skip
    lines = set()
    for token in tokens:
        if token.type not in idle:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines.difference_update(range(node.lineno, node.end_lineno + 1))
    return lines


def test_code_lines_counts_code_only():
    lines = ['"""Module."""', "", "x = 1  # why", "# comment", "def f():", '    """Doc."""', '    return """a', 'b"""']
    assert code_lines("\n".join(lines)) == {3, 5, 7, 8}


# ------------------------------------------------------------------------ sizes


def test_no_file_is_too_long():
    long = {relative(path): lines for path in FILES if (lines := len(path.read_text().splitlines())) > LONGEST_FILE}
    assert not long, f"split by what a reader would look for: {long}"


def test_no_function_is_too_long():
    long = {}
    for path in FILES:
        source = path.read_text(encoding="utf-8")
        code = code_lines(source)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = len(code.intersection(range(node.lineno, node.end_lineno + 1)))
                if length > LONGEST_FUNCTION:
                    long[f"{relative(path)}:{node.lineno} {node.name}"] = length
    assert not long, long


def engine_files():
    for name in ENGINE:
        place = ROOT / "minigrad" / name
        if place.is_dir():
            yield from sorted(path for path in place.rglob("*.py") if path.name not in BESIDE_THE_ENGINE)
        else:
            yield place.with_suffix(".py")


def test_the_engine_is_an_afternoons_reading():
    lines = {relative(path): len(code_lines(path.read_text(encoding="utf-8"))) for path in engine_files()}
    assert sum(lines.values()) < ENGINE_LINES, f"{sum(lines.values())} lines: {lines}"


# ----------------------------------------------------------------------- places


def stands_for(test, topics=TOPICS):
    """Whether tests/a/b/test_x.py has a module or folder a/b/x beside it, x_more being a part of x."""
    folder = test.parent.relative_to(ROOT / "tests")
    topic = test.stem.removeprefix("test_")
    home = ROOT / folder
    if not home.is_dir():
        return False
    names = {path.stem.strip("_") for path in home.iterdir() if path.suffix == ".py"}
    names |= {path.name for path in home.iterdir() if (path / "__init__.py").is_file()}
    return topic in topics.get(relative(test.parent), ()) or any(
        topic == name or topic.startswith(f"{name}_") for name in names
    )


def test_tests_mirror_the_packages():
    tests = [test for package in PACKAGES for test in sorted((ROOT / "tests" / package).rglob("test_*.py"))]
    lost = [relative(test) for test in tests if not stands_for(test)]
    assert not lost, f"no module or topic has this name: {lost}"


def test_no_package_below_tests():
    assert not list((ROOT / "tests").rglob("__init__.py")), "tests/nn would hide nn"


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_typed(package):
    assert (ROOT / package / "py.typed").read_bytes() == b""


# ------------------------------------------------------------------------ names


def public_modules():
    """Every module of both packages that states what it offers."""
    for package in (minigrad, nn):
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.rpartition(".")[2].startswith("_"):
                yield importlib.import_module(found.name)


MODULES = [module for module in public_modules() if hasattr(module, "__all__")]


@pytest.mark.parametrize("package", [minigrad, nn], ids=lambda module: module.__name__)
def test_packages_say_what_is_public(package):
    assert package.__all__


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_public_name_exists_once_and_is_documented(module):
    assert len(set(module.__all__)) == len(module.__all__), "a name is listed twice"
    missing = [name for name in module.__all__ if not hasattr(module, name)]
    assert not missing, f"{module.__name__}.__all__ names what is not there: {missing}"
    values = {name: getattr(module, name) for name in module.__all__}
    silent = [name for name, value in values.items() if needs_docstring(value) and not has_docstring(value)]
    assert not silent, f"{module.__name__}: no docstring on {silent}"


def needs_docstring(value):
    """Whether it is a function, class or other callable of ours; NumPy's dtypes and numbers speak for themselves."""
    return callable(value) and getattr(value, "__module__", "").split(".")[0] in PACKAGES


def has_docstring(value):
    text = value.__dict__.get("__doc__") if isinstance(value, type) else value.__doc__
    return bool(text and text.strip())


@pytest.mark.parametrize("module", list(public_modules()), ids=lambda module: module.__name__)
def test_every_module_has_a_docstring(module):
    assert module.__doc__
    assert module.__doc__.strip()


# ----------------------------------------------------------------------- README


README = (ROOT / "README.md").read_text(encoding="utf-8")


def block_after(marker):
    """The fenced block that follows a marker of README.md."""
    found = re.search(rf"^<!-- {marker} -->\n```\w+\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert found, f"README.md has no fenced block behind <!-- {marker} -->"
    return found[1]


def test_readme_example_runs():
    example = block_after("example")
    assert len([line for line in example.splitlines() if line.strip()]) <= 16, "it should stay a glance"
    exec(compile(example, "<example in README.md>", "exec"), {"__name__": "example"})


@pytest.mark.parametrize("marker", ["train-command", "test-command"])
def test_readme_commands_are_one_line(marker):
    (line,) = block_after(marker).splitlines()
    assert line.startswith("python3 -m venv .venv && ")


def test_picture_of_the_readme_is_what_its_lines_save(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(block_after("drawing"), "<drawing in README.md>", "exec"), {"__name__": "example"})

    def words(path):
        return re.findall(r"<text[^>]*>(?:<[^>]*>)*([A-Za-z][\w. ·]*)", path.read_text(encoding="utf-8"))

    stored = re.search(r'src="([^"]+)"', README)[1]
    assert words(ROOT / stored) == words(tmp_path / "residual.svg")
    assert {"image", "Conv2d", "Tanh", "add"} <= set(words(ROOT / stored))


def test_readme_commands_name_extras_and_files_that_exist():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    commands = block_after("train-command") + block_after("test-command")
    for group in re.findall(r"\.\[([\w,]+)\]", commands):
        assert set(group.split(",")) <= extras.keys()
    for script in re.findall(r"\S+\.py\b", commands):
        assert (ROOT / script).is_file(), script


def test_the_test_command_installs_what_tests_draw_and_show_progress_with():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert ".[test]" in block_after("test-command")
    brought = ",".join(re.findall(r"^minigrad-conv\[([\w,]+)\]$", "\n".join(extras["test"]), re.MULTILINE)).split(",")
    assert {"progress", "viz"} <= set(brought)
    assert extras["viz"][0].startswith("matplotlib")
    assert extras["progress"][0].startswith("tqdm")


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target]
    assert not [target for target in targets if not (ROOT / target).exists()]


def test_version_is_the_same_everywhere():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert minigrad.__version__ == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


# ---------------------------------------------------------------- documentation


# A page of docs/reference/api for each, as soon as it exists.
REFERENCE = [
    "minigrad",
    "minigrad.autograd",
    "minigrad.autograd.function",
    "minigrad.autograd.functional",
    "minigrad.autograd.graph",
    "minigrad.bench",
    "minigrad.cuda",
    "minigrad.func",
    "minigrad.random",
    "minigrad.scopes",
    "minigrad.serialization",
    "minigrad.signal",
    "minigrad.signal.kernels",
    "minigrad.optim",
    "minigrad.optim.lr_scheduler",
    "minigrad.utils.checkpoint",
    "minigrad.utils.data",
    "minigrad.utils.progress",
    "minigrad.utils.stopping",
    "minigrad.metrics",
    "minigrad.datasets",
    "minigrad.profiler",
    "minigrad.transforms",
    "minigrad.drawing",
    "minigrad.plot",
    "nn",
    "nn.functional",
    "nn.init",
    "nn.models",
    "nn.modules.module",
    "nn.utils",
    "nn.notes",
    "nn.notes.functional",
]


def exists(module):
    place = ROOT / module.replace(".", "/")
    return (place / "__init__.py").is_file() or place.with_suffix(".py").is_file()


@pytest.mark.parametrize("name", [name for name in REFERENCE if exists(name)])
def test_public_modules_stand_in_the_reference(name):
    pages = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "reference" / "api").glob("*.md"))
    assert f"```{{public-names}} {name}\n" in pages, f"add {name} to a page of docs/reference/api"
    assert hasattr(importlib.import_module(name), "__all__"), f"{name} has no __all__, so nothing of it is documented"


def test_every_layer_has_its_shape_rule():
    page = (ROOT / "docs" / "reference" / "shapes.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    layers = {
        name for name in nn.__all__ if isinstance(getattr(nn, name), type) and issubclass(getattr(nn, name), nn.Module)
    }  # fmt: skip
    plain = {name for name in layers if not name.startswith("Lazy")} - {"Module"}
    containers = {"ParameterList", "ParameterDict"}
    assert sorted(plain - set(told) - {"GLU"}) == [], "they stand in no row"
    assert sorted(set(told) - layers - containers) == [], "they are no layers"
    assert len(told) == len(set(told)), "a layer stands in two rows"
    lazy = {name.removeprefix("Lazy") for name in layers if name.startswith("Lazy")}
    lines = [line for line in page.splitlines() if "lazy form" in line]
    assert not sorted(name for name in lazy if not any(f"`{name}`" in line for line in lines))


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.stem)
def test_paragraphs_stand_apart(page):
    lines = page.read_text(encoding="utf-8").splitlines()
    glued = [line for before, line in itertools.pairwise(lines) if line.startswith("**") and before.strip()]
    assert not glued
