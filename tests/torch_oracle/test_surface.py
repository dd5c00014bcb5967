"""Every public name that PyTorch has too is compared somewhere in this folder; and what is left: devices, files."""

import ast
import inspect
import pathlib
import re

import pytest
import torch
import torch.nn.functional as G

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from tests.torch_oracle.compare import compare
from tests.torch_oracle.examples import EXAMPLES, SHAPED, Z

HERE = pathlib.Path(__file__).parent
SHARED = [name for name in mg.__all__ if hasattr(torch, name)]

# Public names that are no functions of tensors.
NO_FUNCTIONS = {
    "Generator", "Tensor", "autograd", "default_generator", "device", "enable_grad", "get_default_dtype",
    "initial_seed", "is_grad_enabled", "manual_seed", "no_grad", "random", "save", "load", "seed",
    "set_default_dtype", "set_grad_enabled", "set_printoptions", "cuda", "tensor", "as_tensor", "from_numpy", "bool",
    "uint8", "int8", "int16", "short", "int32", "int", "int64", "long", "float16", "half", "float32", "float",
    "float64", "double", "e", "inf", "nan", "pi", "finfo", "iinfo", "newaxis", "asarray", "is_tensor",
    # Words of scripts, in test_words.
    "inference_mode", "backends", "use_deterministic_algorithms", "are_deterministic_algorithms_enabled",
    "is_anomaly_enabled", "is_anomaly_check_nan_enabled", "get_num_threads", "set_num_threads",
    "get_rng_state", "set_rng_state", "Size", "dtype", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor",
    "FloatTensor", "HalfTensor", "IntTensor", "LongTensor", "ShortTensor",
    # Of dtypes, or of any number of tensors: in test_queries, test_einsum and test_stacking.
    "func", "profiler",  # in test_func and test_profiler
    "can_cast", "promote_types", "result_type", "broadcast_shapes", "einsum", "atleast_1d", "atleast_2d", "atleast_3d",
    "block_diag", "broadcast_tensors", "cartesian_prod", "meshgrid",
}  # fmt: skip


def words_of_the_tests():
    """Every attribute and every string in the tests of this folder."""
    found = {*EXAMPLES, *SHAPED}
    for path in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.FunctionDef):
                found.add(node.name)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(node.value.split())
    return found


WORDS = words_of_the_tests()


def unseen(names):
    return sorted(name for name in names if not name.startswith("_") and name not in WORDS)


def test_every_function_is_compared():
    assert not unseen(SHARED)
    without = sorted(
        name for name in SHARED if name not in NO_FUNCTIONS and name not in EXAMPLES and name not in SHAPED
    )
    assert not without, f"no example in examples.py: {without}"


def test_every_method_is_compared():
    assert not unseen(name for name in dir(mg.Tensor) if hasattr(torch.Tensor, name))


def test_every_layer_function_and_initialiser_is_compared():
    assert not unseen(name for name in nn.__all__ if hasattr(torch.nn, name))
    assert not unseen(name for name in F.__all__ if hasattr(G, name))
    assert not unseen(name for name in nn.init.__all__ if hasattr(torch.nn.init, name))
    assert not unseen(name for name in nn.utils.__all__ if hasattr(torch.nn.utils, name))
    assert not unseen(name for name in mg.optim.__all__ if hasattr(torch.optim, name))
    kinds = mg.optim.lr_scheduler
    assert not unseen(name for name in kinds.__all__ if hasattr(torch.optim.lr_scheduler, name))
    assert not unseen(name for name in dir(kinds.LRScheduler) if hasattr(torch.optim.lr_scheduler.LRScheduler, name))
    assert not unseen(name for name in mg.random.__all__ if hasattr(torch.random, name) or hasattr(torch, name))
    assert not unseen(name for name in mg.autograd.__all__ if hasattr(torch.autograd, name))
    for kind in ("Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"):
        assert not unseen(name for name in dir(getattr(nn, kind)) if hasattr(getattr(torch.nn, kind), name))
    assert not unseen(name for name in dir(mg.optim.Optimizer) if hasattr(torch.optim.Optimizer, name))


def test_expand_as_a_function():
    compare(lambda t: mg.expand(t, (3, 4)), lambda t: t.expand(3, 4), Z)


def test_subclasses():
    for library in (mg, torch):

        class Marked(library.Tensor):
            pass

        x = library.ones(2, requires_grad=True)
        marked = (x * 3).as_subclass(Marked)
        assert type(marked) is Marked
        marked.sum().backward()
        assert x.grad.tolist() == [3, 3]


def test_devices():
    for library in (mg, torch):
        assert str(library.device("cpu")) == "cpu"
        assert library.device("cpu") == library.ones(1).device
        assert library.device("cpu").type == "cpu"
        assert library.device("cpu").index is None
        assert repr(library.device("cpu")) == "device(type='cpu')"
        x = library.ones(2)
        assert x.to("cpu") is x
        assert x.to(library.device("cpu")) is x
        assert x.to(device="cpu", dtype=library.float32) is x
        assert x.to("cpu", library.float64).dtype == library.float64
        assert x.to(library.float32, copy=True) is not x
        assert x.cpu() is x
        assert x.to(x) is x
        assert x.to("cpu", non_blocking=True) is x
        with pytest.raises((RuntimeError, AssertionError, ValueError)):
            library.ones(1).to("cuda")


def test_save_and_load(tmp_path):
    """The same calls; the files differ (a departure)."""
    for library in (mg, torch):
        path = tmp_path / library.__name__
        net = library.nn.Linear(2, 3)
        library.save(net.state_dict(), path)
        state = library.load(path)
        assert list(state) == ["weight", "bias"]
        assert (state["weight"] == net.weight).all()
        net.load_state_dict(state)
        library.save({"epoch": 3, "loss": 0.5, "name": "a", "list": [1, 2], "tensor": library.ones(2)}, path)
        back = library.load(path)
        assert (back["epoch"], back["loss"], back["name"], back["list"]) == (3, 0.5, "a", [1, 2])
        assert back["tensor"].tolist() == [1, 1]


# ------------------------------------------------------------- what is left out

PAGE = (HERE.parent.parent / "docs" / "reference" / "differences_from_pytorch.md").read_text(encoding="utf-8")

# What `torch.nn.functional` holds besides functions of tensors.
MACHINERY = {"assert_int_or_pair", "boolean_dispatch"}


def in_torch():
    """The classes of `torch.nn` and the functions of `torch.nn.functional`."""
    for name in dir(torch.nn):
        if name[0].isupper() and inspect.isclass(getattr(torch.nn, name)):
            yield name
    for name in dir(G):
        value = getattr(G, name)
        if inspect.isclass(value) or not callable(value) or value.__module__ == "typing":
            continue
        if name[0] != "_" and "torch_function" not in name:
            yield name


def test_what_is_left_out_is_told():
    """The table of the page on differences names exactly what is missing."""
    table = PAGE[PAGE.index("## Not here") :].split("\n\n")[2]
    told = {name for row in table.splitlines() for name in re.findall(r"`([\w.]+)`", row.split("|")[1])}
    missing = {name for name in in_torch() if name not in nn.__all__ and name not in F.__all__} - MACHINERY
    assert sorted(missing - told) == [], "missing, and not told"
    assert sorted(told - missing) == [], "told, but here or unknown"
