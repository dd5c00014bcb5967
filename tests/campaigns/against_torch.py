"""A case of the campaign in PyTorch: the same values and gradients, or a refusal."""

import inspect
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

import minigrad as mg
from tests.campaigns.judging import Verdict, tensors_in
from tests.campaigns.layers import Made

torch.set_num_threads(1)

# Relative and absolute tolerance by dtype.
CLOSE = {"float16": (2e-2, 2e-3), "float32": (2e-4, 2e-5), "float64": (1e-8, 1e-10)}
# Another thing under the same name, or one that prints.
LEFT_OUT = {
    "operator.repr", "operator.str", "format", "operator.hash", "minigrad.load", "minigrad.save", "Tensor.type",
    "minigrad.set_default_dtype", "minigrad.set_printoptions", "Tensor.pin_memory", "minigrad.from_numpy",
}  # fmt: skip


class Untold(Exception):
    """PyTorch has no such function, or no such argument."""


def counterpart(name: str) -> Callable[..., Any]:
    """PyTorch's function of that name."""
    kind, _, rest = name.partition(".")
    if kind == "operator" or name == "format":
        import builtins
        import operator

        return getattr(operator, rest, None) or getattr(builtins, rest or name)  # type: ignore[no-any-return]
    if kind == "nn":
        raise Untold
    owner = {
        "minigrad": torch, "Tensor": torch.Tensor, "functional": torch.nn.functional, "init": torch.nn.init,
        "utils": torch.nn.utils,
    }.get(kind)  # fmt: skip
    found = getattr(owner, rest, None)
    if found is None or not callable(found) or isinstance(found, type):
        raise Untold
    return found  # type: ignore[no-any-return]


def theirs_of(value: Any, twins: dict[int, Any]) -> Any:
    """An argument for PyTorch; raises `Untold` where it has no such thing."""
    if isinstance(value, mg.Tensor):
        twin = torch.from_numpy(value.detach().numpy().copy())
        if value.requires_grad:
            twin.requires_grad_()
            if not value.is_leaf:
                twins[id(value)] = twin
                return twin * 1
        twins[id(value)] = twin
        return twin
    if isinstance(value, np.ndarray):
        if value.dtype.name not in CLOSE and value.dtype.kind not in "bi" and value.dtype != np.uint8:
            raise Untold
        return torch.from_numpy(np.array(value, order="C"))
    if isinstance(value, int | np.integer) and abs(int(value)) > 2**20:
        raise Untold  # with some of these sizes PyTorch does not come back
    if isinstance(value, np.dtype):
        return getattr(torch, value.name)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.random.Generator):
        raise Untold
    if type(value) in (list, tuple):
        return type(value)([theirs_of(one, twins) for one in value])
    return value


class Twin(NamedTuple):
    """The call of a case in PyTorch; without a function where PyTorch has no such call."""

    function: Callable[..., Any] | None
    args: list[Any]
    keywords: dict[str, Any]
    leaves: dict[int, Any]


def twin_of(case: Any) -> Twin:
    """The same call in PyTorch; made before the case runs, since that may change its first argument."""
    leaves: dict[int, Any] = {}
    try:
        if case.target.shaped or case.target.name in LEFT_OUT:
            raise Untold
        made = case.target.function
        function = made.theirs() if isinstance(made, Made) else counterpart(case.target.name)
        args = [theirs_of(one, leaves) for one in case.args]
        names = inspect.signature(made).parameters if case.target.name.startswith("functional.") else {}
        by_name = {name: one for name, one in zip(names, args, strict=False) if name != "input"}
        keywords = {name: theirs_of(one, leaves) for name, one in case.keywords.items()}
        if by_name and "size_average" in getattr(getattr(function, "__code__", None), "co_varnames", ()):
            keywords |= by_name  # PyTorch's old words `size_average` and `reduce` stand in between
            args = args[: len(args) - len(by_name)]
        if isinstance(keywords.get("dtype"), str):
            keywords["dtype"] = getattr(torch, keywords["dtype"])
    except (Untold, AttributeError, TypeError, ValueError):
        return Twin(None, [], {}, {})
    return Twin(function, args, keywords, leaves)


def disagreement(case: Any, verdict: Verdict, twin: Twin) -> tuple[str, str]:
    """How the case compares, and what is wrong; '' where nothing is."""
    if twin.function is None:
        return "without a counterpart", ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            theirs = twin.function(*twin.args, **twin.keywords)
        except Exception as error:
            if not verdict.returned:
                return "refused by both", ""
            return "refused by PyTorch only", "" if case.mutated else f"PyTorch refuses: {error}"
        finally:
            torch.set_default_dtype(torch.float32)
            torch.set_grad_enabled(True)
    if not verdict.returned:
        return "refused here only", f"refused here only: {verdict.error}"
    ours = case.args[0] if case.target.changing and verdict.result is None else verdict.result
    if case.target.changing and theirs is None:
        theirs = twin.args[0]
    fault = difference(ours, theirs) or gradients_differ(case, ours, theirs, twin)
    return ("other values", fault) if fault else ("agree", "")


def names_of(case: Any) -> list[str]:
    """The names of the arguments that are no flags turned off."""
    names = (
        list(inspect.signature(case.target.function).parameters) if case.target.name.startswith("functional.") else []
    )
    given = {**dict(zip(names, case.args, strict=False)), **case.keywords}
    return [name for name, value in given.items() if value is not False]


def gradients_differ(case: Any, ours: Any, theirs: Any, twin: Twin) -> str:
    """What differs between the gradients of the sum of the results; '' where nothing does."""
    outputs = [one for one in flat(ours) if isinstance(one, mg.Tensor) and one.requires_grad]
    others = [one for one in flat(theirs) if isinstance(one, torch.Tensor) and one.requires_grad]
    leaves = [
        one for one in tensors_in([*case.args, *case.keywords.values()]) if one.requires_grad and id(one) in twin.leaves
    ]
    if len(outputs) != len(others):
        return f"{len(outputs)} results on the tape, PyTorch {len(others)}"
    in_place = any(name == "inplace" for name in names_of(case))
    if not outputs or not leaves or case.target.changing or in_place:
        return ""
    try:
        seeds = [mg.ones(one.shape, dtype=one.dtype) for one in outputs]
    except mg.errors.OutOfMemoryError:
        return ""
    mine = mg.autograd.grad(outputs, leaves, seeds, allow_unused=True)
    points = [twin.leaves[id(one)] for one in leaves]
    try:
        other = torch.autograd.grad(others, points, [torch.ones_like(one) for one in others], allow_unused=True)
    except RuntimeError:
        return ""
    for number, (a, b) in enumerate(zip(mine, other, strict=True)):
        a = mg.zeros(leaves[number].shape, dtype=leaves[number].dtype) if a is None else a
        b = torch.zeros_like(points[number]) if b is None else b
        fault = difference(a, b)
        if fault:
            return f"gradient {number}: {fault}"
    return ""


def flat(result: Any) -> list[Any]:
    """The tensors and numbers in a result."""
    if isinstance(result, tuple | list):
        return [one for part in result for one in flat(part)]
    return [result]


def difference(ours: Any, theirs: Any) -> str:
    """What differs between two results; '' where nothing does."""
    left, right = flat(ours), flat(theirs)
    if len(left) != len(right):
        return f"{len(left)} results, PyTorch {len(right)}"
    for a, b in zip(left, right, strict=True):
        if not isinstance(b, torch.Tensor):
            continue
        if not isinstance(a, mg.Tensor):
            return f"{type(a).__name__}, PyTorch a tensor"
        x, y = a.detach().numpy(), b.detach().numpy(force=True)
        if x.shape != y.shape:
            return f"shape {x.shape}, PyTorch {y.shape}"
        if x.dtype != y.dtype:
            return f"dtype {x.dtype}, PyTorch {y.dtype}"
        if x.size > 10**6:  # for which there may be no memory a second time
            x, y = x.reshape(-1)[: 10**6], y.reshape(-1)[: 10**6]
        if x.dtype.kind != "f":
            if not (x == y).all():
                return f"{x.tolist()}, PyTorch {y.tolist()}"
            continue
        rtol, atol = CLOSE[x.dtype.name]
        finite = np.abs(y[np.isfinite(y)].astype(np.float64))
        with np.errstate(all="ignore"):
            scale = float(min(finite.max(initial=1), 1e30))
            close = np.isclose(x.astype(np.float64), y.astype(np.float64), rtol, atol * scale, equal_nan=True)
        if not close.all():
            place = tuple(np.argwhere(~close)[0].tolist())
            return f"{x.dtype} at {place}: {x[place]}, PyTorch {y[place]}"
    return ""


__all__ = ["disagreement", "twin_of"]
