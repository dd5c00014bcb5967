"""Every error is ours and the built-in that a reader of PyTorch or NumPy code would catch."""

import inspect
import pickle
from pathlib import Path

import pytest

from minigrad import errors

CLASSES = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, errors.MinigradError)]
FAMILIAR = {
    "ShapeError": ValueError,
    "ArgumentError": ValueError,
    "DTypeError": TypeError,
    "IndexOutOfRangeError": IndexError,
    "GradError": RuntimeError,
    "AnomalyError": RuntimeError,
    "StateDictError": RuntimeError,
    "DataError": RuntimeError,
    "MissingFileError": FileNotFoundError,
    "MissingForwardError": NotImplementedError,
    "MissingMethodError": NotImplementedError,
}


@pytest.mark.parametrize("name", FAMILIAR)
def test_familiar(name):
    assert issubclass(getattr(errors, name), FAMILIAR[name])


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.__name__)
def test_every_class_is_two(one):
    assert issubclass(one, errors.MinigradError)
    builtin = [
        base for base in one.__mro__ if base.__module__ == "builtins" and base not in (Exception, BaseException, object)
    ]
    assert builtin or one is errors.MinigradError
    assert one.__doc__
    assert str(one("what arrived")) == "what arrived"
    assert pickle.loads(pickle.dumps(one("kept"))).args == ("kept",)


def test_the_base_is_not_raised_by_the_library():
    """What is raised has a built-in besides: so says the module's text."""
    import ast

    import minigrad
    import nn

    for package in (minigrad, nn):
        for path in Path(package.__file__).parent.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                    assert getattr(node.exc.func, "id", "") != "MinigradError", f"{path}:{node.lineno}"


def test_warnings_are_one_family_that_the_page_about_mistakes_lists():
    assert issubclass(errors.MinigradWarning, UserWarning)
    page = (Path(errors.__file__).parents[1] / "docs" / "howto" / "debugging.md").read_text(encoding="utf-8")
    found = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, Warning)]
    for one in found:
        assert issubclass(one, errors.MinigradWarning)
        assert one.__doc__
        assert one is errors.MinigradWarning or f"\n| `{one.__name__}` |" in page
