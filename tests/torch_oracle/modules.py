"""The same layer in minigrad and in PyTorch: state, repr, values, first and second derivatives, buffers."""

import copy
from typing import Any

import numpy as np
import torch

import minigrad as mg
from minigrad import nn
from tests.torch_oracle.compare import LOOSE, OURS, THEIRS, as_single, assert_same, compare_runs


def as_torch(value: Any) -> Any:
    """Arrays among the arguments of a constructor as PyTorch's tensors."""
    return torch.from_numpy(value.copy()) if isinstance(value, np.ndarray) else value


def as_ours(value: Any) -> Any:
    """Arrays among the arguments of a constructor as minigrad's tensors."""
    return mg.tensor(value) if isinstance(value, np.ndarray) else value


def twins(name: str, *arguments: Any, double: bool = True, **options: Any) -> tuple[Any, Any]:
    """The layer of both libraries with PyTorch's initial weights, its state dict taken as it is."""
    ours = getattr(nn, name)(*map(as_ours, arguments), **{key: as_ours(one) for key, one in options.items()})
    theirs = getattr(torch.nn, name)(*map(as_torch, arguments), **{key: as_torch(one) for key, one in options.items()})
    if double:
        ours.double()
        theirs.double()
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def same_state(ours: Any, theirs: Any, rtol: float = 1e-9, atol: float = 1e-11) -> None:
    """The same keys in the same order, shapes, dtypes and values; and PyTorch takes minigrad's state strictly."""
    left, right = ours.state_dict(), theirs.state_dict()
    assert list(left) == list(right)
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    assert [name for name, _ in ours.named_buffers()] == [name for name, _ in theirs.named_buffers()]
    for key in left:
        assert_same(left[key], right[key], key, rtol, atol)
    taken = {key: torch.from_numpy(np.array(value.numpy())) for key, value in left.items()}
    copy.deepcopy(theirs).load_state_dict(taken, strict=True)


def compare_layer(
    name: str,
    arguments: tuple[Any, ...] = (),
    options: dict[str, Any] | None = None,
    *inputs: np.ndarray,
    order: int = 2,
    train: bool = True,
    rtol: float = 1e-9,
    atol: float = 1e-11,
    calls: int = 1,
) -> None:
    """One layer of both libraries agrees, with the same weights, in float64 and loosely in float32.

    Compared: repr, state (both ways), outputs, gradients by the inputs and all
    parameters up to `order`, buffers after `calls` calls. Floating inputs are
    differentiated, others are constants.
    """
    options = options or {}
    pair = twins(name, *arguments, **options)
    assert repr(pair[0]) == repr(pair[1])
    for module in pair:
        module.train(train)
    same_state(*pair)
    for _ in range(calls):
        runs = [
            side.run(module, inputs, order, list(module.parameters()))
            for side, module in zip((OURS, THEIRS), pair, strict=True)
        ]
        compare_runs(runs[0], runs[1], f"{name} ", rtol, atol)
    same_state(*pair)

    narrow = [as_single(one) for one in inputs]
    pair = twins(
        name, *(as_single(one) for one in arguments), double=False, **{k: as_single(v) for k, v in options.items()}
    )
    for module in pair:
        module.train(train)
    runs = [
        side.run(module, narrow, min(order, 1), list(module.parameters()))
        for side, module in zip((OURS, THEIRS), pair, strict=True)
    ]
    compare_runs(runs[0], runs[1], f"{name} in float32 ", **LOOSE)
    same_state(*pair, **LOOSE)


def compare_modules(ours: Any, theirs: Any, *inputs: np.ndarray, order: int = 2, **tolerances: float) -> None:
    """Two modules whose parameters are the same in the same order agree, in float64 and loosely in float32.

    Compared: outputs, gradients by the inputs and all parameters, up to `order` in float64 and the first in float32.
    """
    for single in (False, True):
        values = [as_single(one) if single else one for one in inputs]
        for module in (ours, theirs):
            module.float() if single else module.double()
        left, right = (
            side.run(module, values, min(order, 1) if single else order, list(module.parameters()))
            for side, module in ((OURS, ours), (THEIRS, theirs))
        )
        limits = LOOSE if single else {"rtol": 1e-9, "atol": 1e-11, **tolerances}
        compare_runs(left, right, "float32 " if single else "", **limits)
