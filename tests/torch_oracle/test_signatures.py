"""Every public name takes PyTorch's arguments: the same names, in the same order, with the same defaults.

More arguments may follow PyTorch's. A name that is compared with nothing fails.
"""

import inspect

import pytest
import torch

import minigrad as mg
from minigrad import nn
from minigrad.registry import lookup
from tests.torch_oracle.signatures import REQUIRED, UNKNOWN, Signature, mismatch, of_python, references

PAIRS = {
    "nn": (nn, torch.nn),
    "nn.functional": (nn.functional, torch.nn.functional),
    "nn.init": (nn.init, torch.nn.init),
    "nn.utils": (getattr(nn, "utils", None), torch.nn.utils),
    "optim": (mg.optim, torch.optim),
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
    "nn.NLLLoss2d": "given up by PyTorch, whose class takes any arguments and hands them on",
    "minigrad.Size": "Python's tuple",
    "minigrad.dtype": "NumPy's",
    "minigrad.finfo": "NumPy's",
    "minigrad.iinfo": "NumPy's",
    "minigrad.meshgrid": "PyTorch's takes anything, and reads it as tensors and the indexing",
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
    """What is wrong with the signature of a public name; '' where it agrees with one of PyTorch's."""
    kind, _, name = path.rpartition(".")
    theirs = references(PAIRS[kind][1], name)
    if not theirs:
        return "compared with nothing"
    problems = [mismatch(ours_of(kind, name), one) for one in theirs]
    return "" if "" in problems else "; ".join(dict.fromkeys(problems))


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
    assert signature.split() in [[key for key, _ in one] for one in references(owner, name)]
