"""Who may import whom: the chain of layers by reading the source, the cost and the aliases by running Python."""

import ast
import importlib
import os
import pkgutil
import subprocess
import sys
import textwrap
from collections import defaultdict
from pathlib import Path

import pytest

import minigrad
import nn

ROOT = Path(minigrad.__file__).parent.parent

# Lowest first. A module may import what stands on its own line or above it in this table,
# never what stands below.
LAYERS = [
    [
        "errors",
        "explaining",
        "registry",
        "random",
        "generator",
        "dtypes",
        "device",
        "cuda",
        "backends",
        "determinism",
        "files",
        "hooks",
        "printing",
    ],
    ["mode", "callers", "silence"],
    ["observing"],
    ["geometry", "channels"],
    ["kernels"],
    ["tape"],
    ["tensor"],
    ["operands"],
    ["rules"],
    ["primitive"],
    ["joint"],
    ["ops"],
    ["functions", "threads"],
    ["creation"],
    ["legacy", "uninitialized"],
    ["sampling"],
    ["scopes"],
    ["profiler"],
    ["causes"],
    ["anomaly"],
    ["recorder", "recomputation", "custom"],
    ["autograd", "func", "signal", "optim", "utils", "datasets", "transforms", "serialization", "drawing"],
    ["metrics", "plot"],
    ["bench"],
]
LEVEL = {f"minigrad.{topic}": level for level, topics in enumerate(LAYERS) for topic in topics}
TOP = len(LAYERS)
LEVEL |= {"minigrad": TOP, "minigrad.__main__": TOP, "minigrad._alias": TOP, "nn": TOP + 1}

# Where the chain is narrower than "anything below".
ONLY = {
    "minigrad.geometry": {"minigrad.errors"},
    "minigrad.kernels": {"minigrad.geometry", "minigrad.errors"},
}
BESIDE_THE_CHAIN = {"minigrad.geometry", "minigrad.kernels"}
FIRST_USER_OF_KERNELS = LEVEL["minigrad.ops"]

# Upward imports that exist for the type checker alone (`if TYPE_CHECKING:`).
TYPE_ONLY = {
    ("minigrad", "nn"),
    ("minigrad.random", "minigrad.tensor"),
    ("minigrad.registry", "minigrad.tensor"),
    ("minigrad.tape", "minigrad.tensor"),
    ("minigrad.mode", "minigrad.observing"),
    ("minigrad.observing", "minigrad.tape"),
    ("minigrad.observing", "minigrad.tensor"),
}

# nn sees these modules of minigrad, and of each only its public names.
PUBLIC_MODULES = ["errors", "explaining", "registry", "callers", "channels", "geometry", "random", "cuda", "backends",
                  "autograd", "func", "signal", "optim", "utils", "datasets", "transforms", "serialization",
                  "drawing", "metrics", "plot"]  # fmt: skip


# ---------------------------------------------------------------- reading the source


def sources():
    """Module name -> path, for both packages."""
    found = {}
    for package in ("minigrad", "nn"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


SOURCES = sources()
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in SOURCES.items()}


def is_type_checking(test):
    name = test.id if isinstance(test, ast.Name) else getattr(test, "attr", "")
    return name.lstrip("_") == "TYPE_CHECKING"


def statements(node, lazy=False, type_only=False):
    """Every node below `node` with two marks: inside a function, inside `if TYPE_CHECKING:`."""
    for child in ast.iter_child_nodes(node):
        inside = lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield child, inside, type_only
        if isinstance(child, ast.If) and is_type_checking(child.test):
            for part in child.body:
                yield part, inside, True
                yield from statements(part, inside, True)
            for part in child.orelse:
                yield part, inside, type_only
                yield from statements(part, inside, type_only)
        else:
            yield from statements(child, inside, type_only)


def absolute(module, node):
    """The module that `from … import` names, without dots in front."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    if SOURCES[module].name != "__init__.py":
        parts = parts[:-1]
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, *(node.module or "").split(".")]).rstrip(".")


def canonical(name):
    """minigrad.nn and its submodules are other names for nn."""
    return name.removeprefix("minigrad.") if name == "minigrad.nn" or name.startswith("minigrad.nn.") else name


def imports_of(module):
    """(target, name or None, lazy, type_only) for every import in the module; targets may be foreign."""
    for node, lazy, type_only in statements(TREES[module]):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield canonical(alias.name), None, lazy, type_only
        elif isinstance(node, ast.ImportFrom):
            base = absolute(module, node)
            for alias in node.names:
                whole = canonical(f"{base}.{alias.name}")
                if whole in SOURCES:
                    yield whole, None, lazy, type_only
                else:
                    yield canonical(base), alias.name, lazy, type_only
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"import_module", "__import__"} and isinstance(node.args[0].value, str):
                yield canonical(node.args[0].value), None, lazy, type_only


def unit(module):
    """The entry of the table that a module belongs to: minigrad.ops.shape -> minigrad.ops, nn.conv -> nn."""
    if module in LEVEL:
        return module
    parts = module.split(".")
    return "nn" if parts[0] == "nn" else ".".join(parts[:2])


def level(module):
    """How high the module stands; one without a place counts as the highest of minigrad until it gets one."""
    return LEVEL.get(unit(module), TOP)


ARROWS = [
    (module, target, name, lazy, type_only)
    for module in SOURCES
    for target, name, lazy, type_only in imports_of(module)
    if target.split(".")[0] in {"minigrad", "nn"}
]


def test_every_module_has_a_layer():
    strangers = sorted({unit(module) for module in SOURCES} - LEVEL.keys())
    assert not strangers, f"give these modules a place in LAYERS: {strangers}"


def test_no_upward_arrow():
    upward = [
        f"{module} imports {target}"
        for module, target, _, _, type_only in ARROWS
        if not type_only and module != "minigrad._alias" and level(target) > level(module)
    ]
    assert not upward, "imports that point up the chain:\n" + "\n".join(upward)


def test_geometry_and_kernels_stand_beside_the_chain():
    wrong = []
    for module, target, _, _, type_only in ARROWS:
        source, goal = unit(module), unit(target)
        if type_only or source == goal:
            continue
        if source in ONLY and goal not in ONLY[source]:
            wrong.append(f"{module} imports {target}, but may import only {sorted(ONLY[source])}")
        if goal in BESIDE_THE_CHAIN and source not in BESIDE_THE_CHAIN and level(source) < FIRST_USER_OF_KERNELS:
            wrong.append(f"{module} imports {target}, which is for ops and what stands above")
    assert not wrong, "\n".join(wrong)


def test_only_the_alias_finder_knows_nn():
    wrong = [
        f"{module} imports {target}"
        for module, target, _, _, type_only in ARROWS
        if module.startswith("minigrad") and target.split(".")[0] == "nn"
        if module != "minigrad._alias" and not type_only
    ]
    assert not wrong, "\n".join(wrong)


def test_type_only_imports_that_point_upwards_are_listed():
    found = {
        (module, target) for module, target, _, _, type_only in ARROWS if type_only and level(target) > level(module)
    }
    assert found == TYPE_ONLY, f"TYPE_ONLY must read {sorted(found)}"


def circle_in(graph):
    """One circle of the graph as a list of names, or None."""
    state = {}

    def visit(node, path):
        state[node] = "open"
        for neighbour in sorted(graph[node]):
            if state.get(neighbour) == "open":
                return [*path[path.index(neighbour) :], neighbour]
            if neighbour not in state and (circle := visit(neighbour, [*path, neighbour])):
                return circle
        state[node] = "done"
        return None

    for start in sorted(graph):
        if start not in state and (circle := visit(start, [start])):
            return circle
    return None


def test_no_circle():
    graph = defaultdict(set, {module: set() for module in SOURCES})
    for module, target, _, _, type_only in ARROWS:
        if not type_only and target in SOURCES and target != module and module != "minigrad._alias":
            graph[module].add(target)
    circle = circle_in(graph)
    assert circle is None, " -> ".join(circle)


def test_circle_in_finds_one():
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": set()}) is None
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


def test_at_module_level_only_numpy_is_foreign():
    wrong = []
    for module in SOURCES:
        for target, _, lazy, type_only in imports_of(module):
            top = target.split(".")[0]
            if not lazy and not type_only and top not in {"minigrad", "nn", "numpy", *sys.stdlib_module_names}:
                wrong.append(f"{module} imports {target} at module level")
    assert not wrong, "import inside the function that needs it:\n" + "\n".join(wrong)


def public_names(module):
    """`__all__`; without one, what the module defines itself without a leading underscore."""
    names = getattr(module, "__all__", None)
    if names is None:
        names = [name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
    return {name for name in names if not name.startswith("_")}


def reachable_public_modules():
    """The modules of minigrad that nn may import from."""
    allowed = {"minigrad"}
    for name in SOURCES:
        parts = name.split(".")
        if parts[0] == "minigrad" and parts[1:2] and parts[1] in PUBLIC_MODULES and "._" not in name:
            allowed.add(name)
    return allowed


def test_nn_uses_public_names_only():
    allowed = reachable_public_modules()
    wrong = []
    for module, target, name, _, _ in ARROWS:
        if not module.startswith("nn") or not target.startswith("minigrad"):
            continue
        if target not in allowed:
            wrong.append(f"{module} imports {target}, which is not public")
        elif name is not None and name not in public_names(importlib.import_module(target)):
            wrong.append(f"{module} imports {name} from {target}, where it is not public")
    assert not wrong, "\n".join(wrong)


def names_bound_to(tree, package):
    """Local names under which the module knows `package` itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == package:
                    yield alias.asname or package


@pytest.mark.parametrize("module", [name for name in SOURCES if name.split(".")[0] == "nn"])
def test_nn_reads_public_attributes_only(module):
    local = set(names_bound_to(TREES[module], "minigrad"))
    public = public_names(minigrad) | {name.split(".")[1] for name in reachable_public_modules() if "." in name}
    wrong = sorted(
        f"line {node.lineno}: {node.value.id}.{node.attr}"
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in local
        if node.attr not in public
    )
    assert not wrong, f"{module} reads names that minigrad does not export: {wrong}"


def numpy_names(tree):
    """Local names that stand for NumPy or come from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.asname or a.name.split(".")[0] for a in node.names if a.name.split(".")[0] == "numpy")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "numpy" and not node.level:
            yield from (a.asname or a.name for a in node.names)


def root_name(node):
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


@pytest.mark.parametrize("module", [name for name in SOURCES if name.split(".")[0] == "nn"])
def test_numpy_is_never_called_in_a_forward(module):
    foreign = set(numpy_names(TREES[module]))
    wrong = [
        f"line {call.lineno}"
        for owner in ast.walk(TREES[module])
        if isinstance(owner, ast.ClassDef)
        for method in owner.body
        if isinstance(method, ast.FunctionDef) and method.name == "forward"
        for call in ast.walk(method)
        if isinstance(call, ast.Call) and root_name(call.func) in foreign
    ]
    assert not wrong, f"{module} calls NumPy in a forward: {wrong}"


# ---------------------------------------------------------------- running Python


def python(code, *path, cwd=None):
    """Run code in a fresh interpreter that finds the packages, behind the folders of `path`."""
    variables = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, [*path, ROOT])), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        env=variables, cwd=cwd, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def succeed(run):
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_import_is_light_silent_and_without_side_effects(tmp_path):
    run = python(
        """
        import sys, threading
        seen = []
        def watch(event, arguments):
            if event.startswith(("socket.", "subprocess.", "urllib.")) or event == "_thread.start_new_thread":
                seen.append(event)
            if event == "open" and isinstance(arguments[2], int) and arguments[2] & 3:
                seen.append(f"writes {arguments[0]}")
        import numpy
        before = set(sys.modules)
        threading.Thread.start = lambda thread: seen.append(thread)  # not every Python raises the event
        sys.addaudithook(watch)
        import minigrad, nn
        assert not seen, seen
        assert threading.active_count() == 1, threading.enumerate()
        heavy = ("numpy.random", "scipy.", "urllib.request", "http.", "matplotlib", "tqdm", "safetensors", "torch")
        loaded = sorted(name for name in sys.modules if name.startswith(heavy) and name not in before)
        assert not loaded, loaded
        """,
        cwd=tmp_path,
    )
    assert succeed(run) == ""
    assert run.stderr == ""
    assert not list(tmp_path.iterdir())


def submodules_of_nn():
    return ["nn", *(found.name for found in pkgutil.walk_packages(nn.__path__, "nn."))]


@pytest.mark.parametrize("first", ["nn", "minigrad.nn"])
def test_alias_gives_the_same_modules(first, tmp_path):
    run = python(
        f"""
        import importlib, sys
        for name in {submodules_of_nn()!r}:
            pair = [name, "minigrad." + name]
            if {first!r} == "minigrad.nn":
                pair.reverse()
            one, two = [importlib.import_module(each) for each in pair]
            assert one is two, name
            assert sys.modules[name] is sys.modules["minigrad." + name] is one, name
            assert one.__name__ == one.__spec__.name == name, (one.__name__, one.__spec__)
        """,
        cwd=tmp_path,
    )
    succeed(run)


FORMS = [
    "import nn",
    "from minigrad import nn",
    "import minigrad.nn as nn",
    "import minigrad.nn.functional as F",
    "import nn.functional as F",
    "from minigrad.nn import functional as F",
    "from minigrad.nn.functional import conv2d",
    "import minigrad; nn = minigrad.nn",
]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_import_works_first_and_gives_the_same_objects(form, tmp_path):
    run = python(
        f"""
        {form}
        bound = {{name: value for name, value in globals().items() if name in ("nn", "F", "conv2d")}}
        import sys
        import nn as layers
        import nn.functional as functional
        same = {{"nn": layers, "F": functional, "conv2d": functional.conv2d}}
        assert bound and all(value is same[name] for name, value in bound.items()), bound
        assert sys.modules["minigrad.nn.functional" if "minigrad.nn." in {form!r} else "nn.functional"] is functional
        """,
        cwd=tmp_path,
    )
    succeed(run)


def test_a_missing_submodule_is_reported_as_missing(tmp_path):
    run = python(
        """
        try:
            import minigrad.nn.no_such_module
        except ModuleNotFoundError as error:
            assert "no_such_module" in str(error), error
        else:
            raise SystemExit("imported")
        """,
        cwd=tmp_path,
    )
    succeed(run)


@pytest.mark.parametrize("shape", ["package", "module"])
@pytest.mark.parametrize(
    "form", ["from minigrad import nn", "import minigrad.nn as nn", "import minigrad.nn.functional as F"]
)
def test_a_foreign_nn_is_refused_by_name(form, shape, tmp_path):
    file = tmp_path / "nn" / "__init__.py" if shape == "package" else tmp_path / "nn.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text("Linear = 'not ours'\n", encoding="utf-8")
    run = python(
        f"""
        import minigrad
        try:
            {form}
        except ImportError as error:
            print(error)
        """,
        tmp_path,
        cwd=tmp_path.parent,
    )
    assert str(file) in succeed(run)


def test_a_foreign_nn_that_is_already_loaded_is_refused(tmp_path):
    (tmp_path / "nn.py").write_text("", encoding="utf-8")
    run = python(
        """
        import nn as theirs
        import minigrad
        try:
            from minigrad import nn
        except ImportError as error:
            print(error)
        assert theirs.__file__
        """,
        tmp_path,
        cwd=tmp_path.parent,
    )
    assert str(tmp_path / "nn.py") in succeed(run)
