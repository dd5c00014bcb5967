"""minigrad and PyTorch have the same names: what is written for one runs in the other."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from . import Array


def modules(library: str) -> tuple[ModuleType, ModuleType, ModuleType]:
    """The library, its layers and its functions of layers."""
    if library == "torch":
        import torch
        from torch import nn
        from torch.nn import functional

        return torch, nn, functional
    import minigrad
    import nn as layers
    from nn import functional as functions

    return minigrad, layers, functions


def fill(library: ModuleType, parameters: Sequence[Any], values: Sequence[Array]) -> None:
    """Write values into parameters."""
    with library.no_grad():
        for parameter, value in zip(parameters, values, strict=True):
            assert tuple(parameter.shape) == value.shape
            parameter.copy_(library.from_numpy(value))


def array(tensor: Any) -> Array:
    """A copy of the numbers in a tensor."""
    found: Array = tensor.detach().numpy().copy()
    return found
