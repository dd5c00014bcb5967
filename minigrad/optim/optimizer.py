"""What every optimiser shares: groups of parameters with options, and a state for each parameter."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import ArgumentError, DTypeError, GradError, MissingMethodError, StateDictError
from ..explaining import iterable
from ..mode import MODE, enable_grad, no_grad
from ..observing import applied, region
from ..registry import lookup
from ..silence import silent
from ..tensor import Array, Tensor
from ..tensor.inplace import writing
from .states import taken_over

__all__ = ["Optimizer", "pieces"]

# A step takes so many elements of a parameter through all its formulae while they are in the cache.
_BLOCK = 2**15


def pieces(p: Array, *others: Array | None) -> Sequence[tuple[Any, ...]]:
    """A parameter and arrays of its shape, cut alike where they are large; None stays None.

    >>> import numpy as np
    >>> from minigrad.optim.optimizer import pieces
    >>> [one.shape for one, _ in pieces(np.zeros((3, 20_000)), None)]
    [(1, 20000), (1, 20000), (1, 20000)]
    """
    if p.size <= _BLOCK or any(other is not None and np.may_share_memory(p, other) for other in others):
        return ((p, *others),)
    step = max(_BLOCK * len(p) // p.size, 1)
    return [
        tuple(None if one is None else one[start : start + step] for one in (p, *others))
        for start in range(0, len(p), step)
    ]


class Update(NamedTuple):
    """What observers hear of where a parameter is moved: its name is the optimiser's."""

    name: str
    arguments: tuple[str, ...] = ("parameter", "gradient")


def _watched(
    watching: Any, update: Update, param: Tensor, gradient: Tensor, move: Callable[[Tensor, Array, Array], None]
) -> None:
    """Move a parameter before the eyes of the observers."""
    before = Tensor._wrap(param._array.copy(order="K"))

    def moved() -> Tensor:
        move(param, param._array, gradient._array)
        return Tensor._wrap(param._array, storage=param._storage)

    applied(watching, update, (before, gradient), {}, moved)


class Optimizer:
    """Base class: `param_groups`, `state`, `zero_grad`, `step`, and their saving and loading.

    Subclasses give the default options and define `_update(group)`, which
    changes the parameters of one group that have a gradient.

    Raises `DTypeError` for parameters that are no tensors, `ArgumentError` for
    an empty list or a parameter given twice, `GradError` for one that was
    computed rather than created.

    >>> import minigrad as mg
    >>> class SignDescent(mg.optim.Optimizer):
    ...     def _update(self, group):
    ...         for p in group["params"]: p.sub_(p.grad.sign() * group["lr"])
    >>> p = mg.tensor([3.], requires_grad=True); (p * p).sum().backward()
    >>> SignDescent([p], {"lr": 0.5}).step(); p.detach()
    tensor([2.5000])
    """

    _stepped: bool | None = None  # whether it stepped since a scheduler asked

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise DTypeError("an optimiser got one tensor; give a list of parameters, for example model.parameters()")
        if hasattr(params, "parameters"):
            raise DTypeError(f"an optimiser got a {type(params).__name__}; did you mean its .parameters()?")
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Tensor, dict[str, Any]] = defaultdict(dict)
        if isinstance(params, set | frozenset):
            raise DTypeError("an optimiser got a set, which has no order to save its state in; give a list")
        if callable(params) and not isinstance(params, Iterable):
            raise DTypeError("an optimiser got a function; is a call missing: model.parameters()?")
        if not isinstance(params, Iterable):
            raise DTypeError(f"an optimiser got a {type(params).__name__}; give a list of parameters")
        if isinstance(params, np.ndarray):
            raise DTypeError("an optimiser got an array; it changes tensors, in a list")
        given = list(params)  # parameters, pairs of a name and a parameter, or groups of either
        if not given:
            raise ArgumentError(
                "an optimiser got no parameters; was model.parameters() used up, or are the layers in a plain list?"
            )
        groups = [one for one in given if isinstance(one, dict)]
        if groups and len(groups) < len(given):
            raise ArgumentError("an optimiser got parameters beside parameter groups; put them into a group as well")
        for group in groups or [{"params": given}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with options of their own; what is missing comes from the defaults."""
        if "params" not in param_group:
            raise ArgumentError(f"a parameter group needs the key 'params'; it has {', '.join(param_group) or 'none'}")
        params = param_group["params"]
        if not isinstance(params, Tensor) and (not iterable(params) or isinstance(params, np.ndarray)):
            raise DTypeError(f"a parameter group got a {type(params).__name__} as params; it is a list of tensors")
        params = [params] if isinstance(params, Tensor) else list(params)
        if params and all(isinstance(one, tuple) and len(one) == 2 for one in params):  # model.named_parameters()
            param_group = {**param_group, "param_names": [name for name, _ in params]}
            params = [param for _, param in params]
        known = {id(one) for group in self.param_groups for one in group["params"]}
        for number, param in enumerate(params):
            if not isinstance(param, Tensor):
                raise DTypeError(
                    f"an optimiser got a {type(param).__name__} as parameter {number}; parameters are tensors"
                )
            if not param.is_leaf:
                raise GradError(
                    f"parameter {number} (shape {param.shape}) was computed, by {param.grad_fn!r}; only leaves can be "
                    "learnt"
                )
            if id(param) in known:
                raise ArgumentError(f"parameter {number} (shape {param.shape}) is given twice; it would be moved twice")
            known.add(id(param))
        group = {**self.defaults, **param_group, "params": params}
        self._check(group)
        self.param_groups.append(group)

    def _check(self, group: dict[str, Any]) -> None:
        """Raise `ArgumentError` for options outside their range."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, or set them to zero."""
        for group in self.param_groups:
            for param in group["params"]:
                if param._grad is None:
                    continue
                if set_to_none:
                    param._grad = None
                else:
                    writable = param.grad._node is None and param.grad._array.flags.writeable
                    param.grad = param.grad.zero_() if writable else lookup("zeros_like")(param.grad)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move the parameters once; with a closure, which computes the loss anew, return its loss."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        if self._stepped is False:
            self._stepped = True
        with no_grad(), region(f"Optimizer.step#{type(self).__name__}.step"):
            for group in self.param_groups:
                self._update(group)
        return loss

    def _update(self, group: dict[str, Any]) -> None:
        raise MissingMethodError(f"{type(self).__name__} must define _update(group), which moves a group")

    def _each(self, group: dict[str, Any], move: Callable[[Tensor, Array, Array], None]) -> None:
        """Call `move(param, array, gradient)` for the parameters that have a gradient; it changes the array in place.

        Observers hear of each call as of an application, of an operation with the optimiser's name.
        """
        name, watching = type(self).__name__, MODE.get().observers
        with silent():
            for param in group["params"]:
                gradient = param._grad
                if gradient is None:
                    continue
                writing(param, name, ())
                if watching:
                    _watched(watching, Update(name), param, gradient, move)
                else:
                    move(param, param._array, gradient._array)
                param._storage.count += 1

    def _buffer(self, param: Tensor, name: str) -> tuple[Array, bool]:
        """The array kept under a name for the elements of a parameter, and whether it is new and yet to be filled.

        Raises `StateDictError` where the state has something else there.
        """
        state = self.state.setdefault(param, {})
        kept = state.get(name)
        if kept is None:
            array = np.empty_like(param._array)
            state[name] = Tensor._wrap(array)
            return array, True
        if not isinstance(kept, Tensor) or kept._array.shape != param._array.shape:
            what = f"of shape {kept.shape}" if isinstance(kept, Tensor) else f"a {type(kept).__name__}"
            raise StateDictError(
                f"{type(self).__name__}: {name} of a parameter of shape {param.shape} is {what}; it needs a tensor of "
                "that shape. Was the state saved for another model?"
            )
        if kept._array.dtype != param._array.dtype:
            kept = state[name] = kept.to(dtype=param.dtype)
        writing(kept, name, ())
        kept._storage.count += 1
        return kept._array, False

    def state_dict(self) -> dict[str, Any]:
        """Options and states, with parameters replaced by their numbers; `save` can write it."""
        number = {id(param): n for n, param in enumerate(self._params())}
        groups = [
            {
                **{key: value for key, value in group.items() if key != "params"},
                "params": [number[id(p)] for p in group["params"]],
            }
            for group in self.param_groups
        ]
        return {
            "state": {number[id(param)]: dict(state) for param, state in self.state.items()},
            "param_groups": groups,
        }

    def _params(self) -> list[Tensor]:
        return [param for group in self.param_groups for param in group["params"]]

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over options and states that `state_dict` gave, here or in PyTorch, copied; arrays become tensors.

        Raises `StateDictError`, changing nothing, where groups or their sizes differ, and as when an optimiser is
        made for options outside their range.
        """
        if not isinstance(state_dict, dict) or not {"state", "param_groups"} <= state_dict.keys():
            raise StateDictError("an optimiser's state dict has the keys 'state' and 'param_groups'; is it a model's?")
        groups = state_dict["param_groups"]
        if any(not isinstance(group, dict) or "params" not in group for group in groups):
            raise StateDictError("an optimiser's state dict has groups with the key 'params'; this one lacks it")
        ours, theirs = ([len(group["params"]) for group in side] for side in (self.param_groups, groups))
        if ours != theirs:
            raise StateDictError(
                f"the optimiser has groups of {ours} parameters, the state dict of {theirs}; nothing was loaded"
            )
        params = self._params()
        numbers = {str(number): number for number in range(len(params))}
        strangers = [key for key in state_dict["state"] if str(key) not in numbers]
        if strangers:
            raise StateDictError(f"the state dict has states for {strangers}, the optimiser {len(params)} parameters")
        state: dict[Tensor, dict[str, Any]] = defaultdict(dict)
        for key, entries in state_dict["state"].items():
            if not isinstance(entries, dict):
                raise StateDictError(
                    f"the state of parameter {key} is a {type(entries).__name__}; it is a dictionary of tensors and "
                    "numbers"
                )
            state[params[numbers[str(key)]]] = taken_over(entries)
        options = [taken_over({key: value for key, value in saved.items() if key != "params"}) for saved in groups]
        for group, saved in zip(self.param_groups, options, strict=True):
            self._check({**group, **saved})
        for group, saved in zip(self.param_groups, options, strict=True):
            group.update(saved)
        self.state = state
        if self._stepped is False:  # it did where the state was taken
            self._stepped = True

    def __repr__(self) -> str:
        lines = []
        for number, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {number}")
            lines.extend(f"    {key}: {value}" for key, value in sorted(group.items()) if key != "params")
        return f"{type(self).__name__} (\n" + "\n".join(lines) + "\n)"
