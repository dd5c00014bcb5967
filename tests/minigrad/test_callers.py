"""Warnings point at the user's line, once for each; a `grad` that is None warns who reads it, and nobody else."""

import _thread
import ast
import copy
import inspect
import pickle
import sys
import threading
import warnings
from pathlib import Path

import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad import callers, errors
from minigrad.callers import in_library, users_frame
from minigrad.errors import ImplicitDimWarning, MinigradWarning, NonLeafGradWarning


@pytest.fixture
def recorded():
    """The warnings of the test under Python's own default filter, from an empty register."""
    globals().pop("__warningregistry__", None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        yield caught


def line_of(text):
    with open(__file__, encoding="utf-8") as file:
        return next(number for number, line in enumerate(file, 1) if line.rstrip().endswith(f"# {text}"))


def test_a_warning_points_at_the_users_line_from_any_depth(recorded):
    F.softmax(mg.ones(2))  # direct
    nn.Sequential(nn.Sequential(nn.Softmax()))(mg.ones(2))  # through modules
    assert [(one.filename, one.lineno) for one in recorded] == [
        (__file__, line_of("direct")), (__file__, line_of("through modules"))]  # fmt: skip
    assert {one.category for one in recorded} == {ImplicitDimWarning}


def test_a_line_is_warned_about_once(recorded):
    for _ in range(3):
        F.softmax(mg.ones(2))
    F.softmax(mg.ones(2))
    assert len(recorded) == 2


def test_a_category_can_be_switched_off(recorded):
    warnings.filterwarnings("ignore", category=errors.ImplicitDimWarning)
    F.softmax(mg.ones(2))
    F.gumbel_softmax(mg.ones(2), eps=0.1)
    assert [one.category for one in recorded] == [errors.UnusedArgumentWarning]


def test_where_all_frames_are_the_librarys(monkeypatch):
    found, done = [], threading.Event()

    def keep(*args, stacklevel):
        found.append(args)
        done.set()

    monkeypatch.setattr(callers.warnings, "warn", keep)
    _thread.start_new_thread(callers.warn, ("alone",))
    assert done.wait(10)
    assert found == [("alone", MinigradWarning)]


@pytest.mark.parametrize("package", [mg, nn], ids=["minigrad", "nn"])
def test_every_warning_of_the_library_goes_this_way(package):
    for path in Path(package.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("warnings.warn"):
                assert path.name == "callers.py", f"{path}:{node.lineno}: use minigrad.callers.warn"


def test_files_of_the_library():
    assert in_library(mg.__file__)
    assert in_library(nn.__file__)
    assert not in_library(__file__)
    assert users_frame(sys._getframe()).f_code.co_filename == __file__
    assert users_frame(None) is None


# ------------------------------------------------------------------- the grad of a computed tensor


def computed():
    return mg.ones(2, 2, requires_grad=True) * 2


def test_reading_a_grad_that_cannot_be_there_warns_once_for_each_line(recorded):
    y = computed()
    y.sum().backward()
    for _ in range(3):
        assert y.grad is None  # first
    assert y.grad is None  # second
    assert [one.lineno for one in recorded] == [line_of("first"), line_of("second")]
    assert {(one.category, one.filename) for one in recorded} == {(NonLeafGradWarning, __file__)}
    assert "computed, by mul, is None" in str(recorded[0].message)


def test_no_warning_where_it_can_be_there_or_is(recorded):
    y = computed()
    y.retain_grad()
    assert y.grad is None
    y.sum().backward()
    assert y.grad is not None
    x, constant = mg.ones(1, requires_grad=True), mg.ones(1)
    assert (x.grad, constant.grad) == (None, None)
    z = computed()
    z.grad = mg.ones(2, 2)
    assert z.grad is not None
    z.grad = None
    del z.grad
    assert recorded == []


def test_who_only_looks_around_is_not_warned(recorded):
    y = computed()
    assert hasattr(y, "grad")
    assert getattr(y, "grad") is None  # noqa: B009
    inspect.getmembers(y)
    repr(y), dir(y), vars(y), y.detach(), y.clone(), copy.copy(y)
    copy.deepcopy(y.detach())
    pickle.dumps(y.detach())
    model = nn.Sequential(nn.Linear(2, 2))
    nn.utils.clip_grad_norm_([y], 1.0)
    model.zero_grad()
    copy.deepcopy(model)
    assert recorded == []


def test_it_warns_while_a_tracer_runs_too(recorded):
    y = computed()
    before = sys.gettrace()
    sys.settrace(lambda *_: None)
    try:
        assert y.grad is None
    finally:
        sys.settrace(before)
    assert len(recorded) == 1


def test_tools_are_not_warned(recorded):
    y = computed()
    for name in ("jedi.inference", "pydevd", "inspect", "unittest.mock"):
        exec("y.grad", {"y": y, "__name__": name})
    assert recorded == []
    exec("y.grad", {"y": y, "__name__": "__main__"})
    assert len(recorded) == 1
