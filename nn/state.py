"""Loading state dicts: all of it, or nothing."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import minigrad as mg
from minigrad.errors import DTypeError, MinigradError, StateDictError

from .parameter import Parameter, is_lazy

if TYPE_CHECKING:
    from .module import Module

__all__ = ["IncompatibleKeys", "load"]


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` found amiss with `strict=False`."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def load(module: "Module", state_dict: Mapping[str, Any], strict: bool, assign: bool) -> IncompatibleKeys:
    """Copy values by path into a module, once everything has been seen to fit."""
    if not isinstance(state_dict, Mapping):
        raise DTypeError(
            f"load_state_dict got a {type(state_dict).__name__}; it takes what state_dict() gave, for example "
            "mg.load(path)"
        )
    own = module.state_dict(keep_vars=True)
    missing = [key for key in own if key not in state_dict and not _may_be_missing(module, key)]
    unexpected = [key for key in state_dict if key not in own]
    problems = []
    if strict and missing:
        problems.append(f"missing keys: {', '.join(missing)}")
    if strict and unexpected:
        problems.append(f"unexpected keys: {', '.join(map(str, unexpected))}")
    values = {}
    for key, tensor in own.items():
        if key in state_dict:
            if is_lazy(state_dict[key]):
                if not is_lazy(tensor):
                    problems.append(f"{key} is uninitialised in the dict, and not in the module")
                continue
            try:
                value = mg.as_tensor(state_dict[key])
                values[key] = _in_place_of(tensor, value) if assign else value.detach().to(tensor.dtype, copy=True)
            except MinigradError as error:
                problems.append(f"{key} is a {type(state_dict[key]).__name__}: {error}")
                continue
            if not is_lazy(tensor) and tensor.shape == () and values[key].shape == (1,):
                values[key] = values[key].reshape(())  # as old checkpoints hold num_batches_tracked
            if not is_lazy(tensor) and values[key].shape != tensor.shape:
                problems.append(f"{key} has shape {values[key].shape}, the module's has {tensor.shape}")
    if problems:
        remedy = "pass strict=False for missing and unexpected keys" if strict else "take those keys out of the dict"
        raise StateDictError(
            f"the state dict does not fit {type(module).__name__}: {'; '.join(problems)}. Nothing was loaded. Build "
            f"the module with the arguments it was saved with, or {remedy}"
        )
    if assign:
        for key, value in values.items():
            path, _, name = key.rpartition(".")
            setattr(module.get_submodule(path), name, value)
    else:
        for key, value in values.items():
            tensor = own[key]
            if is_lazy(tensor):
                tensor.materialize(value.shape)
        _copy_all(own, values)
    return IncompatibleKeys(missing, unexpected)


def _may_be_missing(module: "Module", key: str) -> bool:
    path, _, name = key.rpartition(".")
    return name in module.get_submodule(path)._optional


def _in_place_of(tensor: mg.Tensor, value: mg.Tensor) -> mg.Tensor:
    """`value` itself, as a parameter where a parameter is to be replaced; no cast, no copy."""
    if isinstance(tensor, Parameter) and not isinstance(value, Parameter):
        return Parameter(value, tensor.requires_grad)
    return value


def _copy_all(targets: Mapping[str, mg.Tensor], values: Mapping[str, mg.Tensor]) -> None:
    """Copy all values into their targets; if one cannot be written, put back those that were."""
    before: dict[str, mg.Tensor] = {}
    with mg.no_grad():
        try:
            for key, value in values.items():
                old = targets[key].detach().clone()
                targets[key].copy_(value)
                before[key] = old
        except MinigradError:
            for key, old in before.items():
                targets[key].copy_(old)
            raise
