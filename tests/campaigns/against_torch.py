"""A case of the campaign in PyTorch: the same values and gradients, or a refusal."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import minigrad as mg
from minigrad.errors import MinigradError
from tests.campaigns.judging import Verdict, tensors_in

torch.set_num_threads(1)

# Relative and absolute tolerance by dtype.
CLOSE = {"float16": (2e-2, 2e-3), "float32": (2e-4, 2e-5), "float64": (1e-8, 1e-10)}
OPERATORS = {"and_", "or_", "xor"}


class Untold(Exception):
    """PyTorch has no such function, or no such argument."""


def counterpart(name: str) -> Callable[..., Any]:
    """PyTorch's function of that name."""
    kind, _, rest = name.partition(".")
    if kind == "operator" or name == "format":
        import builtins
        import operator

        return getattr(operator, rest, None) or getattr(builtins, rest or name)  # type: ignore[no-any-return]
    owner = {"minigrad": torch, "Tensor": torch.Tensor}.get(kind)
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
    if isinstance(value, np.dtype):
        return getattr(torch, value.name)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.random.Generator):
        raise Untold
    if type(value) in (list, tuple):
        return type(value)([theirs_of(one, twins) for one in value])
    return value


def disagreement(case: Any, verdict: Verdict) -> tuple[str, str]:
    """How the case compares, and what is wrong; '' where nothing is."""
    if case.target.shaped or not verdict.returned:
        outcome = "not compared" if case.target.shaped else ""
    else:
        outcome = ""
    if outcome:
        return outcome, ""
    twins: dict[int, Any] = {}
    try:
        function = counterpart(case.target.name)
        args = [theirs_of(one, twins) for one in case.args]
        keywords = {name: theirs_of(one, twins) for name, one in case.keywords.items()}
        for name in ("dtype",):
            if isinstance(keywords.get(name), str):
                keywords[name] = getattr(torch, keywords[name])
    except (Untold, AttributeError, TypeError, ValueError):
        return "without a counterpart", ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            theirs = function(*args, **keywords)
        except Exception as error:
            if verdict.returned:
                return "refused by PyTorch only", "" if case.mutated else f"PyTorch refuses: {error}"
            return "refused by both", ""
    if not verdict.returned:
        return "refused here only", "" if case.mutated else f"refused here only: {verdict.error}"
    ours = case.args[0] if case.target.changing and verdict.result is None else verdict.result
    if case.target.changing and theirs is None:
        theirs = args[0]
    fault = difference(ours, theirs)
    if fault:
        return "other values", fault
    return "agree", ""


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
        x, y = a.detach().numpy(), b.detach().numpy()
        if x.shape != y.shape:
            return f"shape {x.shape}, PyTorch {y.shape}"
        if x.dtype != y.dtype:
            return f"dtype {x.dtype}, PyTorch {y.dtype}"
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


__all__ = ["MinigradError", "disagreement", "tensors_in"]
