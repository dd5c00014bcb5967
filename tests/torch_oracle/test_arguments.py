"""Arguments of functions and methods: by PyTorch's names, in its order, with its defaults."""

import ast
import inspect
import pathlib

import numpy as np
import pytest
import torch
import torch.nn.functional as G

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from tests.torch_oracle.compare import assert_same, dtype_name, ours_of, same, theirs_of
from tests.torch_oracle.examples import EXAMPLES, SHAPED, Y

pytestmark = pytest.mark.filterwarnings("ignore:index_reduce.* is in beta")

STUBS = pathlib.Path(torch.__file__).parent / "_C" / "_VariableFunctions.pyi"

# Arguments of PyTorch's that minigrad leaves out on purpose (departures).
OMITTED = {"out", "layout", "pin_memory", "memory_format", "names", "out_dtype", "sparse_grad"}
FUNCTIONS = [name for name in (*EXAMPLES, *SHAPED) if name in mg.__all__ and hasattr(torch, name)]


def resolved(library, arguments):
    """Arguments for one library: arrays become tensors, names of dtypes dtypes."""
    operand = ours_of if library is mg else theirs_of

    def one(key, value):
        if key == "dtype":
            return getattr(library, value)
        if isinstance(value, list):
            return [operand(part) for part in value]
        return operand(value) if isinstance(value, np.ndarray) else value

    return {key: one(key, value) for key, value in arguments.items()}


def run(library, function, example, words, in_place=False):
    """The result of an example, its arguments given by `words` or by position; off the tape where a leaf changes."""
    positional, by_name = resolved(library, example.positional), resolved(library, example.by_name)
    with library.set_grad_enabled(not in_place):
        return function(**positional, **by_name) if words else function(*positional.values(), **by_name)


def tolerance_of(example):
    return 1e-5 if "float32" in (example.positional.get("dtype"), example.by_name.get("dtype")) else 1e-9


def compare_examples(name, ours, theirs):
    for example in EXAMPLES[name]:
        expected = run(torch, theirs, example, True, name.endswith("_"))
        for words in (True, False):
            label = f"{name} {'by words' if words else 'by position'}: {list(example.positional)}"
            assert_same(run(mg, ours, example, words, name.endswith("_")), expected, label, tolerance_of(example))


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name in EXAMPLES])
def test_arguments_by_position_and_by_word(name):
    compare_examples(name, getattr(mg, name), getattr(torch, name))


@pytest.mark.parametrize("name", SHAPED)
def test_arguments_of_random_functions(name):
    for example in SHAPED[name]:
        expected = run(torch, getattr(torch, name), example, True)
        for words in (True, False):
            ours = run(mg, getattr(mg, name), example, words)
            assert ours.shape == tuple(expected.shape)
            assert dtype_name(ours) == dtype_name(expected)


def overloads(path):
    """name -> the names of all arguments over PyTorch's overloads, in the stub that comes with it."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            arguments = node.args
            names = {one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
            if "self" not in names:  # those overloads are kept for old programs
                found.setdefault(node.name, set()).update(names)
    return found


OVERLOADS = overloads(STUBS)
# By position they can be given here too.
OTHER_WORDS_OF_OVERLOADS = {
    "isin": {"element", "test_element"},
    "tensor_split": {"tensor_indices_or_sections"},
}


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name in OVERLOADS])
def test_no_argument_is_forgotten(name):
    """The examples name every argument that PyTorch's own stub names."""
    examples = (*EXAMPLES.get(name, []), *SHAPED.get(name, []))
    shown = {key for example in examples for key in (*example.positional, *example.by_name)}
    elsewhere = {"dtype", "device", "requires_grad", "generator"}  # in test_creation
    forgotten = OVERLOADS[name] - shown - OMITTED - elsewhere - OTHER_WORDS_OF_OVERLOADS.get(name, set())
    assert not forgotten, f"{name}: {sorted(forgotten)}"


SUBJECTS = {"input", "tensor"}  # what a function calls the tensor whose method it is
OTHER_WORDS_OF_METHODS = {"split_size_or_sections": "split_size"}


@pytest.mark.parametrize("name", [one for one in EXAMPLES if hasattr(torch.Tensor, one) and hasattr(mg.Tensor, one)])
def test_methods_by_word(name):
    """A function's method takes the same arguments but the first, by the same names."""
    for example in EXAMPLES[name]:
        subject, *others = example.positional
        if subject not in SUBJECTS:
            continue
        results = []
        for library in (mg, torch):
            arguments = resolved(library, {**example.positional, **example.by_name})
            tensor = arguments.pop(subject)
            words = {OTHER_WORDS_OF_METHODS.get(key, key): one for key, one in arguments.items()}
            with library.set_grad_enabled(not name.endswith("_")):
                results.append(getattr(tensor, name)(**words))
        assert_same(*results, f"{name} as a method with {others}", tolerance_of(example))


def test_methods_with_words_of_their_own():
    for call_it in (
        lambda t: t.reshape(shape=(4, 3)), lambda t: t.permute(dims=(1, 0)), lambda t: t.expand(size=(2, 3, 4)),
        lambda t: t.view(size=(4, 3)), lambda t: t.flip(dims=(0, 1)), lambda t: t.view_as(other=t),
        lambda t: t.expand_as(other=t), lambda t: t.type_as(other=t), lambda t: t.to(t), lambda t: t.to(dtype=t.dtype),
        lambda t: t.size(dim=1), lambda t: t.where(condition=t > 0, other=-t), lambda t: t.new_zeros(size=(2,)),
        lambda t: t.new_ones(size=(2,)), lambda t: t.new_full(size=(2,), fill_value=3.0),
        lambda t: t.new_tensor(data=[1.0]), lambda t: t.clamp(min=-0.5, max=0.5), lambda t: t.clip(max=0.5),
        lambda t: t.clone().add_(other=t, alpha=2), lambda t: t.clone().sub_(other=t, alpha=0.5),
        lambda t: t.clone().copy_(other=t * 2), lambda t: t.clone().fill_(value=3.0),
        lambda t: t.clone().masked_fill_(mask=t > 0, value=1.0),
        lambda t: t.clone().addcmul_(tensor1=t, tensor2=t, value=0.1),
        lambda t: t.clone().lerp_(end=t * 2, weight=0.5), lambda t: t.clone().mul_(other=2),
        lambda t: t.clone().clamp_(min=0), lambda t: t.clone().pow_(exponent=2),
        lambda t: t.clone().div_(other=2, rounding_mode="floor").detach(),
    ):  # fmt: skip
        same(call_it, Y, order=1)
    for fill in (
        lambda t: t.uniform_(**{"from": 1.0, "to": 2.0}), lambda t: t.normal_(mean=1.0, std=0.1),
        lambda t: t.bernoulli_(p=0.5),
    ):  # fmt: skip
        for library in (mg, torch):
            assert tuple(fill(library.zeros(2, 3)).shape) == (2, 3)


# ---------------------------------------------------------------- functional


def is_python(name):
    """Whether PyTorch's function is written in Python, where its signature says all that is to be compared."""
    return any(inspect.isfunction(getattr(G, candidate, None)) for candidate in (name, f"_{name}"))


@pytest.mark.parametrize("name", [name for name in F.__all__ if hasattr(G, name) and not is_python(name)])
def test_arguments_of_functional(name):
    """Functions whose signatures PyTorch does not show take the same arguments, by position and by word."""
    assert name in EXAMPLES, "PyTorch's is not written in Python; add an example"
    compare_examples(name, getattr(F, name), getattr(G, name))


# -------------------------------------------------------------------- methods

# Arguments of PyTorch's methods that have no meaning here, or that PyTorch has given up (departures).
OMITTED_OF_METHODS = {"destination", "grad_variables", "is_grads_batched"}
OTHER_WORDS = {("Sequential", "extend"), ("Sequential", "pop"), ("ModuleList", "pop")}  # `sequential` and `key` there
OWN_CHECKS = {"gradcheck", "gradgradcheck", "enable_grad", "no_grad"}  # more, or fewer, options


def methods():
    kinds = [
        (name, getattr(nn, name), getattr(torch.nn, name))
        for name in ("Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict")
    ]
    kinds += [
        ("Optimizer", mg.optim.Optimizer, torch.optim.Optimizer),
        ("autograd", mg.autograd, torch.autograd),
        ("Tensor", mg.Tensor, torch.Tensor),
    ]
    for kind, ours, theirs in kinds:
        for name in dir(ours):
            chosen = getattr(ours, name), getattr(theirs, name, None)
            if (
                name.startswith("_")
                or not all(map(inspect.isfunction, chosen))
                or name in OWN_CHECKS
                or (kind, name) in OTHER_WORDS
            ):
                continue
            if name in ("forward", "state_dict", "cuda") or (kind == "Tensor" and name in ("split", "unflatten")):
                continue
            if inspect.isclass(ours) and name not in vars(ours) and kind not in ("Module", "Tensor"):
                continue  # Module's own
            yield f"{kind}.{name}", *chosen


METHODS = list(methods())


@pytest.mark.parametrize(("name", "ours", "theirs"), METHODS, ids=[one[0] for one in METHODS])
def test_signatures_of_methods(name, ours, theirs):
    """Where PyTorch's method is written in Python: the same arguments, in the same order, with the same defaults."""
    wanted = [
        (key, one.default) for key, one in inspect.signature(theirs).parameters.items() if key not in OMITTED_OF_METHODS
    ]
    found = [(key, one.default) for key, one in inspect.signature(ours).parameters.items()]
    assert found == wanted
