"""State dicts: collecting them, and loading all of one, or nothing."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import minigrad as mg
from minigrad.errors import DTypeError, MinigradError, MissingMethodError, StateDictError
from minigrad.explaining import misplaced

from .parameter import Parameter, is_lazy

if TYPE_CHECKING:
    from .module import Module

__all__ = ["IncompatibleKeys", "as_target", "collect", "convert", "get_extra_state", "load", "set_extra_state"]


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` found amiss with `strict=False`."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        """PyTorch's: all is well, or what is amiss."""
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


_EXTRA = "_extra_state"


def get_extra_state(self: "Module") -> Any:
    """State beside parameters and buffers, kept under the key `_extra_state`; defined by subclasses."""
    raise MissingMethodError(f"{type(self).__name__} has no extra state; define get_extra_state(self) in the class")


def set_extra_state(self: "Module", state: Any) -> None:
    """Take back what `get_extra_state` gave; defined by subclasses."""
    raise MissingMethodError(
        f"{type(self).__name__} has no extra state; define set_extra_state(self, state) in the class"
    )


def _entries(module: "Module", prefix: str, defines: Any) -> "Iterator[tuple[str, Module, Any]]":
    """Every key with its module and tensor: None for an extra state, of classes with their own `defines`."""
    for path, one in module.named_modules(prefix=prefix.removesuffix("."), remove_duplicate=False):
        above = f"{path}." if path else ""
        for name, tensor in {**one._parameters, **one._buffers}.items():
            if tensor is not None and name not in one._transient:
                yield above + name, one, tensor
        if getattr(type(one), defines.__name__) is not defines:
            yield above + _EXTRA, one, None


def collect(module: "Module", prefix: str, keep_vars: bool) -> OrderedDict[str, Any]:
    """The state dict: tensors, detached unless `keep_vars`, and extra states."""
    as_target(prefix, "state_dict", "prefix")
    keep_vars = mg.as_flag(keep_vars, "state_dict", "keep_vars")
    state: OrderedDict[str, Any] = OrderedDict()
    for key, one, tensor in _entries(module, prefix, get_extra_state):
        if tensor is None:
            state[key] = one.get_extra_state()
        else:
            state[key] = tensor if keep_vars or is_lazy(tensor) else tensor.detach()
    return state


def load(module: "Module", state_dict: Mapping[str, Any], strict: bool, assign: bool) -> IncompatibleKeys:
    """Copy values by path into a module, once everything has been seen to fit."""
    strict = mg.as_flag(strict, "load_state_dict", "strict")
    assign = mg.as_flag(assign, "load_state_dict", "assign")
    if not isinstance(state_dict, Mapping):
        raise DTypeError(
            f"load_state_dict got a {type(state_dict).__name__}; it takes what state_dict() gave, for example "
            "mg.load(path)"
        )
    entries = {key: (one, tensor) for key, one, tensor in _entries(module, "", set_extra_state)}
    own = {key: tensor for key, (_, tensor) in entries.items() if tensor is not None}
    missing = [key for key in entries if key not in state_dict and not _may_be_missing(module, key)]
    unexpected = [key for key in state_dict if key not in entries]
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
        remedy = "pass strict=False to load the keys that both have"
        if len(problems) > strict * (bool(missing) + bool(unexpected)):
            remedy = "take what does not fit out of the dict" + (" and pass strict=False" if strict else "")
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
    for key, (one, tensor) in entries.items():
        if tensor is None and key in state_dict:
            one.set_extra_state(state_dict[key])
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


def convert(module: "Module", args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Convert what is floating in a module and below it; what is held twice stays one tensor."""
    converted: dict[int, mg.Tensor] = {}
    for one in module.modules():
        for held in (one._parameters, one._buffers):
            for name, tensor in held.items():
                if tensor is None or not tensor.is_floating_point():
                    continue
                if id(tensor) not in converted:
                    converted[id(tensor)] = _converted(tensor, *args, **kwargs)
                held[name] = converted[id(tensor)]  # type: ignore[assignment]


def _converted(tensor: mg.Tensor, *args: Any, **kwargs: Any) -> mg.Tensor:
    """A parameter, itself with other values; a buffer's place gets another tensor: the one there may be a user's."""
    if is_lazy(tensor):
        tensor.retype(mg.empty(0, dtype=tensor.dtype).to(*args, **kwargs).dtype)
    elif isinstance(tensor, Parameter):
        gradient = tensor.grad
        tensor.grad = None
        tensor.data = tensor.detach().to(*args, **kwargs)
        tensor.grad = None if gradient is None else gradient.detach().to(*args, **kwargs)
    else:
        return tensor.to(*args, **kwargs)
    return tensor


def as_target(value: Any, name: str, role: str = "target") -> str:
    """`value` itself; raises `DTypeError` for a path that is no string."""
    if not isinstance(value, str):
        raise DTypeError(misplaced(value, name, role, "a string such as 'features.0.weight'"))
    return value
