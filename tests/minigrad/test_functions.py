"""What the modules of `ops` offer by an `__all__` reaches `minigrad`."""

import importlib
import pkgutil

import minigrad as mg
from minigrad import functions, ops


def test_every_name_is_exported():
    assert set(functions.__all__) <= set(mg.__all__)
    assert len(set(functions.__all__)) == len(functions.__all__)
    assert all(getattr(mg, name) is getattr(functions, name) for name in functions.__all__)


def test_every_module_with_names_is_gathered():
    modules = [importlib.import_module(f"minigrad.ops.{found.name}") for found in pkgutil.iter_modules(ops.__path__)]
    offered = {name for module in modules for name in getattr(module, "__all__", ())}
    assert offered <= set(functions.__all__) | set(mg.__all__)
