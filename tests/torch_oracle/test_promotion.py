"""Promotion of dtypes: every pair of dtypes, as tensors with axes, 0-d tensors and Python numbers."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import itertools
import operator

import numpy as np
import pytest
import torch

import minigrad as mg
from tests.torch_oracle.compare import agree, assert_same, compare, dtype_name

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
OPERANDS = [(kind, dtype) for kind in ("dimensioned", "0-d") for dtype in DTYPES] + [
    ("number", "bool"), ("number", "int"), ("number", "float")
]  # fmt: skip
NUMBERS = {"bool": True, "int": 2, "float": 1.5}
ARITHMETIC = {
    "add": operator.add, "mul": operator.mul, "div": operator.truediv, "pow": operator.pow, "eq": operator.eq,
    "lt": operator.lt, "remainder": operator.mod, "floor_divide": operator.floordiv, "sub": operator.sub,
}  # fmt: skip


def operand(library, kind, dtype):
    if kind == "number":
        return NUMBERS[dtype]
    made = library.ones((2,) if kind == "dimensioned" else (), dtype=getattr(library, dtype))
    return made


@pytest.mark.parametrize("name", ARITHMETIC)
def test_every_pair(name):
    """The dtype of the result, and its values, for all pairs in which at least one is a tensor."""
    function = ARITHMETIC[name]
    wrong = []
    for left, right in itertools.product(OPERANDS, OPERANDS):
        if left[0] == right[0] == "number":
            continue
        a, b = (operand(torch, *one) for one in (left, right))
        try:
            theirs = function(a, b)
        except (RuntimeError, TypeError, NotImplementedError):
            continue  # minigrad may go further: `True - True`, remainders of bools
        ours = function(operand(mg, *left), operand(mg, *right))
        if dtype_name(ours) != dtype_name(theirs):
            wrong.append(f"{left} and {right}: minigrad {dtype_name(ours)}, PyTorch {dtype_name(theirs)}")
        else:
            assert_same(ours, theirs, f"{name} of {left} and {right}", rtol=1e-3)
    assert not wrong, f"{len(wrong)} of {len(OPERANDS) ** 2}: " + "; ".join(wrong[:6])


@pytest.mark.parametrize("name", ["where", "maximum", "cat", "stack", "clamp", "setitem", "lerp"])
def test_every_pair_of_dimensioned_operands(name):
    wrong = []
    for left, right in itertools.product(DTYPES, DTYPES):
        results = []
        for library in (mg, torch):
            a = library.ones(2, dtype=getattr(library, left))
            b = library.zeros(2, dtype=getattr(library, right))
            try:
                if name == "where":
                    result = library.where(library.ones(2, dtype=library.bool), a, b)
                elif name in ("cat", "stack"):
                    result = getattr(library, name)([a, b])
                elif name == "clamp":
                    result = library.clamp(a, max=b)
                elif name == "lerp":
                    result = library.lerp(a, b, 0.5)
                elif name == "setitem":
                    result = a
                    result[:1] = b[:1]
                else:
                    result = getattr(library, name)(a, b)
            except (RuntimeError, TypeError) as error:
                result = error
            results.append(result)
        ours, theirs = results
        fraction_into_integer = name == "setitem" and np.dtype(left).kind != "f" == np.dtype(right).kind
        if isinstance(theirs, Exception) or fraction_into_integer:
            continue  # minigrad refuses to cut fractions off (a departure)
        if isinstance(ours, Exception):
            wrong.append(f"{left} and {right}: minigrad {ours!r}, PyTorch {dtype_name(theirs)}")
        elif dtype_name(ours) != dtype_name(theirs):
            wrong.append(f"{left} and {right}: minigrad {dtype_name(ours)}, PyTorch {dtype_name(theirs)}")
        else:
            assert_same(ours, theirs, f"{name} of {left} and {right}", rtol=1e-3)
    assert not wrong, f"{len(wrong)} of {len(DTYPES) ** 2}: " + "; ".join(wrong[:6])


@pytest.mark.parametrize("name", ["add_", "mul_", "div_", "sub_"])
def test_in_place_keeps_the_dtype_or_refuses(name):
    wrong = []
    for left, right in itertools.product(OPERANDS[: 2 * len(DTYPES)], OPERANDS):
        outcomes = []
        for library in (mg, torch):
            target, other = operand(library, *left), operand(library, *right)
            try:
                outcomes.append(getattr(target, name)(other))
            except (RuntimeError, TypeError, ValueError):
                outcomes.append(None)
        ours, theirs = outcomes
        if theirs is None and left[1] != "bool" and np.dtype(left[1]).kind != "f" and "float" in right[1]:
            assert ours is None, f"{name} of {left} and {right}: minigrad gives {ours}"
        elif ours is None and theirs is not None:
            wrong.append(f"{left} and {right}: minigrad {ours}, PyTorch {theirs}")
        elif theirs is not None:
            assert_same(ours, theirs, f"{name} of {left} and {right}", rtol=1e-3)
    assert not wrong, f"{len(wrong)}: " + "; ".join(wrong[:6])


@pytest.mark.parametrize(
    "name", ["sum", "prod", "mean", "var", "std", "cumulative", "amax", "argmax", "any", "all", "softmax", "logsumexp"]
)
def test_dtype_of_reductions(name):
    for dtype in DTYPES:
        results = []
        for library in (mg, torch):
            x = library.ones(3, dtype=getattr(library, dtype))
            try:
                if name == "cumulative":
                    result = library.ones(2, 3, dtype=getattr(library, dtype)).sum(0)
                elif name in ("softmax", "logsumexp"):
                    result = getattr(library, name)(x, 0)
                else:
                    result = getattr(library, name)(x)
            except (RuntimeError, TypeError):
                result = None
            results.append(result)
        if name in ("any", "all") and dtype == "uint8":
            continue  # PyTorch's result is uint8, for old programs' sake; minigrad's is bool (a departure)
        if results[1] is not None:
            assert results[0] is not None, (
                f"{name} of {dtype}: minigrad refuses, PyTorch gives {dtype_name(results[1])}"
            )
            assert_same(*results, f"{name} of {dtype}", rtol=2e-3)


def test_dtype_argument_of_reductions():
    x = np.array([[1.5, 2.5], [3.0, 4.0]])
    for name in ("sum", "mean", "prod"):
        for dtype in ("float32", "float64", "float16"):
            compare(
                lambda t: getattr(mg, name)(t, dtype=getattr(mg, dtype)),
                lambda t: getattr(torch, name)(t, dtype=getattr(torch, dtype)), x, order=1, rtol=2e-3, single=False,
            )  # fmt: skip
    compare(lambda t: t.sum(dtype=mg.float64), lambda t: t.sum(dtype=torch.float64), np.arange(4))
    compare(lambda t: t.float().mean(), lambda t: t.float().mean(), np.arange(4))
    compare(
        lambda t: mg.softmax(t, 0, dtype=mg.float64), lambda t: torch.softmax(t, 0, dtype=torch.float64), np.arange(4)
    )
    compare(
        lambda t: mg.log_softmax(t, 0, dtype=mg.float64),
        lambda t: torch.log_softmax(t, 0, dtype=torch.float64),
        np.arange(4),
    )


@pytest.mark.parametrize("target", DTYPES)
def test_conversions(target):
    x = np.array([-1.5, 0.0, 0.5, 2.0, 100.7])
    for source in DTYPES:
        values = np.abs(x).astype(source) if source == "uint8" or target == "uint8" else x.astype(source)
        compare(
            lambda t: t.to(getattr(mg, target)),
            lambda t: t.to(getattr(torch, target)),
            values,
            order=int(source == "float64"),
        )
    method = {
        "float32": "float",
        "float64": "double",
        "float16": "half",
        "int64": "long",
        "int32": "int",
        "bool": "bool",
    }
    if target in method:
        name = method[target]
        compare(lambda t: getattr(t, name)(), lambda t: getattr(t, name)(), x, order=1)


def test_type_as_and_type():
    a, b = np.array([1.5, 2.0]), np.array([1], np.int16)
    compare(lambda x, y: x.type_as(y), lambda x, y: x.type_as(y), a, b)
    compare(lambda x, y: y.type_as(x), lambda x, y: y.type_as(x), a, b)
    compare(lambda x: x.type(mg.float32), lambda x: x.type(torch.float32), a, order=1)
    compare(lambda x, y: x.to(y), lambda x, y: x.to(y), b, a)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow", "maximum", "where", "cat", "lerp"])
def test_dtypes_of_gradients(name):
    """Operands of different floating dtypes: each gradient has the dtype of its operand, 0-d operands too."""
    for left, right in itertools.product(
        [("float16", (2,)), ("float32", (2,)), ("float64", (2,)), ("float64", ()), ("float32", ())], repeat=2
    ):
        if name == "cat" and not (left[1] and right[1]):
            continue
        results = []
        for library in (mg, torch):
            a = library.full(left[1], 1.5, dtype=getattr(library, left[0]), requires_grad=True)
            b = library.full(right[1], 2.0, dtype=getattr(library, right[0]), requires_grad=True)
            if name == "where":
                y = library.where(library.tensor([True, False]), a, b)
            elif name == "cat":
                y = library.cat([a, b])
            elif name == "lerp":
                if left[0] != right[0]:
                    continue
                y = library.lerp(a, b, 0.25)
            else:
                y = getattr(library, name)(a, b)
            y.sum().backward()
            results += [y.detach(), a.grad, b.grad]
        half = len(results) // 2
        assert_same(results[:half], results[half:], f"{name} of {left} and {right}", rtol=2e-3)


def test_cotangents_of_another_dtype():
    for given in ("float32", "float64", "float16"):
        results = []
        for library in (mg, torch):
            x = library.ones(3, dtype=library.float64, requires_grad=True)
            (x * x).backward(library.full((3,), 0.5, dtype=getattr(library, given)))
            results.append(x.grad)
        assert_same(*results)


def test_gradients_through_conversions():
    def run(library):
        def function(x):
            narrow = x.to(library.float32)
            return (narrow * narrow).double() * x + x.half().to(library.float64)

        return function

    compare(run(mg), run(torch), np.array([0.5, 1.5, -2.0]), rtol=1e-6)


def test_names_of_dtypes():
    for alias, name in {"double": "float64", "float": "float32", "half": "float16", "long": "int64", "int": "int32",
                        "short": "int16"}.items():  # fmt: skip
        assert getattr(torch, alias) is getattr(torch, name)
        assert getattr(mg, alias) is getattr(mg, name)
    for name in DTYPES:
        assert (
            mg.zeros(1, dtype=getattr(mg, name)).element_size()
            == torch.zeros(1, dtype=getattr(torch, name)).element_size()
        )
        assert mg.zeros(1, dtype=getattr(mg, name)).is_floating_point() == getattr(torch, name).is_floating_point


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16, np.int64, np.int32, np.uint8])
def test_scalars_of_numpy(kind):
    """They count as Python numbers."""
    for name, shape, operation in itertools.product(
        ("bool", "uint8", "int32", "int64", "float16", "float32", "float64"), ((2,), ()), (operator.add, operator.pow)
    ):
        for flipped in (False, True):
            dtypes = []
            for library in (mg, torch):
                t = library.ones(shape, dtype=getattr(library, name))
                dtypes.append(dtype_name(operation(kind(1), t) if flipped else operation(t, kind(1))))
            assert dtypes[0] == dtypes[1], (name, shape, operation, flipped)


HALF = np.float64(0.5)


@pytest.mark.parametrize(
    "run",
    [
        lambda lib: lib.arange(3) * HALF, lambda lib: HALF + lib.tensor([True, False]),
        lambda lib: lib.arange(3) / HALF,
        lambda lib: lib.full((2,), HALF), lambda lib: lib.arange(3).clamp(max=HALF),
        lambda lib: lib.arange(1, 4) ** HALF,
        lambda lib: lib.ones(2) * HALF, lambda lib: lib.ones(2, dtype=lib.float64) * HALF,
        lambda lib: lib.where(lib.arange(3) > 1, lib.arange(3), HALF), lambda lib: lib.tensor(HALF),
        lambda lib: lib.zeros(2, dtype=float), lambda lib: lib.tensor([1], dtype=float),
        lambda lib: lib.ones(2).to(float),
        lambda lib: lib.ones(2).to(int), lambda lib: lib.ones(2, dtype=bool), lambda lib: lib.arange(3, dtype=float),
        lambda lib: lib.ones(2).sum(dtype=float),
    ],
)  # fmt: skip
def test_float64_scalars_of_numpy_and_pythons_types_as_dtypes(run):
    """NumPy's float64 scalar is a Python float, which widens nothing; Python's `float` as a dtype is float64."""
    agree(run)
