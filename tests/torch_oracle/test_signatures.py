"""Every public name takes PyTorch's arguments: the same names, in the same order, with the same defaults.

More arguments may follow PyTorch's. A name that is compared with nothing fails.
"""

import inspect

import pytest
import torch
import torch.func

import minigrad as mg
from minigrad import nn
from minigrad.registry import lookup
from tests.torch_oracle.signatures import REQUIRED, UNKNOWN, Signature, longest, mismatch, of_python, references

PAIRS = {
    "nn": (nn, torch.nn),
    "nn.functional": (nn.functional, torch.nn.functional),
    "nn.init": (nn.init, torch.nn.init),
    "nn.utils": (getattr(nn, "utils", None), torch.nn.utils),
    "optim": (mg.optim, torch.optim),
    "optim.lr_scheduler": (mg.optim.lr_scheduler, torch.optim.lr_scheduler),
    "func": (mg.func, torch.func),
    "autograd.functional": (mg.autograd.functional, torch.autograd.functional),
    "minigrad": (mg, torch),
    "Tensor": (mg.Tensor, torch.Tensor),
}

# Where the signatures differ, or none can be read, and why; what is here must be so.
EXCEPTIONS = {
    "minigrad.Generator": "a builtin class",
    "minigrad.Tensor": "a builtin class",
    "minigrad.device": "a builtin class",
    "minigrad.enable_grad": "the decorated function, by position only",
    "minigrad.from_numpy": "the array, by position only",
    "minigrad.set_default_dtype": "the dtype, by position only",
    "minigrad.is_anomaly_check_nan_enabled": "no arguments, of a builtin without a stub",
    "minigrad.is_anomaly_enabled": "no arguments, of a builtin without a stub",
    "minigrad.BoolTensor": "a builtin class",
    "minigrad.ByteTensor": "a builtin class",
    "minigrad.CharTensor": "a builtin class",
    "minigrad.DoubleTensor": "a builtin class",
    "minigrad.FloatTensor": "a builtin class",
    "minigrad.HalfTensor": "a builtin class",
    "minigrad.IntTensor": "a builtin class",
    "minigrad.LongTensor": "a builtin class",
    "minigrad.ShortTensor": "a builtin class",
    "minigrad.load": "nothing is ever unpickled",
    "minigrad.save": "nothing is ever pickled",
    "func.jacrev": "`_preallocate_and_copy` is for PyTorch itself",
    "nn.NLLLoss2d": "given up by PyTorch, whose class takes any arguments and hands them on",
    "minigrad.Size": "Python's tuple",
    "minigrad.dtype": "NumPy's",
    "minigrad.finfo": "NumPy's",
    "minigrad.iinfo": "NumPy's",
    "minigrad.meshgrid": "PyTorch's takes anything, and reads it as tensors and the indexing",
    "minigrad.tensor": "the stub takes by position what PyTorch takes by name only",
    "minigrad.randperm": "integers have no gradients",
    "minigrad.tril_indices": "integers have no gradients; int64 is told as the default",
    "minigrad.triu_indices": "integers have no gradients; int64 is told as the default",
    **dict.fromkeys(
        ["minigrad.std", "minigrad.var", "minigrad.std_mean", "minigrad.var_mean", "Tensor.std", "Tensor.var"],
        "`unbiased` in the place of `correction` is told by its kind",
    ),
    **dict.fromkeys(["minigrad.result_type", "minigrad.isin"], "numbers go by the words of tensors"),
    "minigrad.unique_consecutive": "PyTorch's takes anything",
    **dict.fromkeys(
        ["minigrad.hsplit", "minigrad.vsplit", "minigrad.dsplit", "minigrad.tensor_split", "Tensor.tensor_split"],
        "one argument for PyTorch's two, `indices` and `sections`",
    ),
    "nn.functional.one_hot": "PyTorch takes `input`, and documents `tensor`",
    "Tensor.cuda": "there is no other device",
    "Tensor.expand": "`implicit` is for PyTorch itself",
    "Tensor.requires_grad_": "PyTorch takes `requires_grad`, and its stub says `mode`",
    "Tensor.sum_to_size": "sizes one by one, or in a tuple",
    "Tensor.view": "not as another dtype",
    "Tensor.dsplit": "one argument for PyTorch's two, `indices` and `sections`",
    "Tensor.hsplit": "one argument for PyTorch's two, `indices` and `sections`",
    "Tensor.vsplit": "one argument for PyTorch's two, `indices` and `sections`",
    "Tensor.random_": "`from` is a word of Python's",
    "Tensor.to": "PyTorch tells its three forms apart by the kinds of their arguments",
    "Tensor.uniform_": "`from` is a word of Python's",
}


def names_of(kind):
    ours, theirs = PAIRS[kind]
    names = [name for name in dir(ours) if name[0] != "_"] if inspect.isclass(ours) else getattr(ours, "__all__", [])
    for name in names:
        both = getattr(ours, name), getattr(theirs, name, None)
        if all(map(callable, both)) and not any(map(inspect.ismodule, both)):
            yield f"{kind}.{name}"


EVERY = [name for kind in PAIRS for name in names_of(kind)]


def ours_of(kind, name):
    """The signature here; that of a method which is a function's is the function's."""
    signature = of_python(getattr(PAIRS[kind][0], name))
    if kind != "Tensor":
        return signature
    if [key for key, _ in signature] == ["self", "*args", "**keywords"]:
        names = (f"{name}_method", name, name.removesuffix("_"), {"clip_": "clamp"}.get(name, ""))
        signature = next(of_python(lookup(one)) for one in names if is_function(one))
    return signature[1:]


def is_function(name):
    try:
        lookup(name)
    except KeyError:
        return False
    return True


def why_not(path):
    """What is wrong with the signature of a public name; '' where it agrees with one of PyTorch's, and lacks none."""
    kind, _, name = path.rpartition(".")
    every = references(PAIRS[kind][1], name)
    if not every:
        return "compared with nothing"
    ours, theirs = ours_of(kind, name), longest(every)
    problems = [mismatch(ours, one) for one in theirs]
    known = {key for key, _ in ours}
    lacking = {key for one in theirs for key, _ in one if key[0] != "*"} - known
    if "" in problems and (not lacking or any(key.startswith("**") for key, _ in ours)):
        return ""
    return "; ".join(dict.fromkeys([*filter(None, problems), *(f"no argument {key}" for key in sorted(lacking))]))


@pytest.mark.parametrize("path", [path for path in EVERY if path not in EXCEPTIONS])
def test_signature(path):
    assert not why_not(path)


@pytest.mark.parametrize("path", EXCEPTIONS)
def test_exceptions_are_exceptions(path):
    assert path in EVERY
    kind, _, name = path.rpartition(".")
    readable = ("minigrad.enable_grad", "minigrad.Size", "minigrad.dtype", "nn.NLLLoss2d")
    if isinstance(getattr(PAIRS[kind][1], name), type) and path not in readable:
        with pytest.raises(ValueError, match="no signature found"):
            why_not(path)
    else:
        assert why_not(path), "it agrees: take it off the list"


# ----------------------------------------------------- the comparison itself


def test_a_different_signature_is_seen():
    theirs: Signature = [("input", REQUIRED), ("p", 0.5), ("training", True)]
    assert not mismatch(theirs, theirs)
    assert not mismatch([*theirs, ("generator", None)], theirs)
    assert "no default" in mismatch([("input", REQUIRED), ("p", REQUIRED), ("training", True)], theirs)
    assert "argument 1 is training" in mismatch([theirs[0], theirs[2], theirs[1]], theirs)
    assert "argument 2 is nothing" in mismatch(theirs[:2], theirs)
    assert "p=0.1" in mismatch([theirs[0], ("p", 0.1), theirs[2]], theirs)
    assert "does not know" in mismatch([*theirs, ("generator", REQUIRED)], theirs)
    assert not mismatch(theirs, [("input", REQUIRED), ("p", UNKNOWN), ("training", True)])


@pytest.mark.parametrize(
    ("owner", "name", "signature"),
    [
        (torch.nn.functional, "avg_pool1d", "input kernel_size stride padding ceil_mode count_include_pad"),
        (torch.nn.functional, "max_pool2d", "input kernel_size stride padding dilation ceil_mode return_indices"),
        (torch.nn.functional, "l1_loss", "input target reduction weight"),
        (torch.nn, "MSELoss", "reduction"),
        (torch.nn, "Tanh", ""),
        (torch, "addcmul", "input tensor1 tensor2 value"),
        (torch.Tensor, "masked_fill_", "mask value"),
        (torch.Tensor, "split", "split_size dim"),
    ],
)
def test_references_are_what_pytorch_takes(owner, name, signature):
    assert signature.split() in [[key for key, _ in one if key != "*"] for one in references(owner, name)]


def mutants(signature):
    """The signature with one argument renamed, left out, or with another default."""
    for place, (name, default) in enumerate(signature):
        if name[0] != "*":
            before, after = signature[:place], signature[place + 1 :]
            yield f"{name} renamed", [*before, (f"{name}_", default), *after]
            if default is not REQUIRED:
                yield f"{name} left out", [*before, *after]
                yield f"{name} with another default", [*before, (name, "another"), *after]


MUTATED = [
    "minigrad.sum", "minigrad.max", "minigrad.sort", "minigrad.div", "minigrad.zeros", "minigrad.squeeze",
    "minigrad.logit", "minigrad.nonzero", "minigrad.round", "Tensor.sum", "Tensor.argmax", "nn.Conv2d",
    "nn.functional.interpolate", "nn.init.kaiming_normal_", "nn.utils.clip_grad_norm_", "optim.SGD",
    "optim.Adam", "optim.LBFGS", "optim.lr_scheduler.OneCycleLR",
]  # fmt: skip


@pytest.mark.parametrize("path", MUTATED)
def test_a_changed_signature_fails(path, monkeypatch):
    kind, _, name = path.rpartition(".")
    theirs = [pair for one in references(PAIRS[kind][1], name) for pair in one]
    survivors = []
    for what, changed in mutants(ours_of(kind, name)):
        told = [default for key, default in theirs if key == what.split()[0]]
        if not told or ("default" in what and REQUIRED in told):
            continue  # an argument beyond PyTorch's; a default for what an overload of PyTorch's does without
        monkeypatch.setitem(globals(), "ours_of", lambda *_, changed=changed: changed)
        if not why_not(path):
            survivors.append(what)
        monkeypatch.undo()
    assert not survivors
