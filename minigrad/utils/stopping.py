"""When to stop a training run, and the best state on the way: small objects for a loop of one's own.

stopper, best = EarlyStopping(patience=5), KeepBest(model)
for epoch in range(100):
    train(model)
    loss = test(model)
    best(loss)
    if stopper(loss):
        break
best.restore()
"""

import copy
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, StateDictError
from ..operands import as_integer, as_number
from ..tensor import Tensor

__all__ = ["EarlyStopping", "KeepBest"]


class _Best:
    """The best of the values so far: the smallest with the mode 'min', the largest with 'max'; NaN is never it."""

    def __init__(self, mode: str) -> None:
        name = type(self).__name__
        if not isinstance(mode, str) or mode not in ("min", "max"):
            raise ArgumentError(
                f"{name} got mode={mode!r}; it is 'min' where less is better, as for a loss, or 'max', as for an "
                "accuracy"
            )
        self.mode = mode
        self.best: float | None = None
        self.best_at = 0
        self.calls = 0

    def _better(self, value: Any, by: float = 0.0) -> bool:
        """Take in a value, and say whether it is better than the best by more than so much."""
        number = as_number(value, type(self).__name__, "value")
        self.calls += 1
        if math.isnan(number):
            return False
        if self.best is not None:
            gain = self.best - number if self.mode == "min" else number - self.best
            if not gain > by:
                return False
        self.best, self.best_at = number, self.calls
        return True

    def _seen(self) -> dict[str, Any]:
        """What the states of both have in them."""
        return {name: getattr(self, name) for name in ("mode", "best", "best_at", "calls")}

    def _checked(self, state_dict: Any, *more: str) -> dict[str, Any]:
        """What to take from a state with the keys of `_seen` and `more`; raises `StateDictError` for any other."""
        name, keys = type(self).__name__, (*_Best._seen(self), *more)
        if not isinstance(state_dict, Mapping) or set(state_dict) != set(keys):
            got = list(state_dict) if isinstance(state_dict, Mapping) else type(state_dict).__name__
            raise StateDictError(
                f"{name} cannot go on from {got}; its state_dict() has the keys {', '.join(map(repr, keys))}"
            )
        taken = dict(state_dict)
        if taken["mode"] != self.mode:
            raise StateDictError(
                f"{name} has mode={self.mode!r}, the state {taken['mode']!r:.80}; make it with the mode of the run "
                "that was saved"
            )
        function = f"{name}.load_state_dict"
        try:
            taken["best"] = None if taken["best"] is None else as_number(taken["best"], function, "best")
            for key in {"best_at", "calls", "waited"} & taken.keys():
                taken[key] = as_integer(taken[key], function, key)
        except (ArgumentError, DTypeError) as error:
            raise StateDictError(f"{error}; the file is damaged, or was edited") from error
        best, at, calls = taken["best"], taken["best_at"], taken["calls"]
        # The first call that may be the best is the call 1; where none is, best_at is 0.
        if not (best is not None) <= at <= calls * (best is not None) or (best is not None and math.isnan(best)):
            raise StateDictError(
                f"{function} got best={best}, best_at={at} after calls={calls}, which no run has; the file is damaged, "
                "or was edited"
            )
        return taken


class EarlyStopping(_Best):
    """Called with the value of each epoch, says whether to stop: after `patience` calls without a better one.

    Better is a value that lies more than `min_delta` below the best, with the mode 'max' above it. NaN never does.
    Attributes: `best`, the best value; `best_at`, which call had it, counted from 1; `calls`; `waited`, the calls
    since then; `stopped`.

    Raises `ArgumentError` for a patience below 1, a negative `min_delta` and modes but these two.

    >>> import minigrad as mg
    >>> stopper = mg.utils.EarlyStopping(patience=2)
    >>> [stopper(loss) for loss in (0.9, 0.5, 0.6, 0.5)], stopper.best, stopper.best_at
    ([False, False, False, True], 0.5, 2)
    """

    def __init__(self, patience: int = 3, min_delta: float = 0.0, mode: str = "min") -> None:
        super().__init__(mode)
        self.patience = as_integer(patience, "EarlyStopping", "patience")
        if self.patience < 1:
            raise ArgumentError(
                f"EarlyStopping got patience={patience}; it is how many calls may pass without a better value, 1 or "
                "more"
            )
        self.min_delta = as_number(min_delta, "EarlyStopping", "min_delta")
        if not 0 <= self.min_delta < math.inf:
            raise ArgumentError(
                f"EarlyStopping got min_delta={min_delta!r}; it is by how much a value must be better to count, 0 or "
                "more, in both modes"
            )
        self.waited = 0
        self.stopped = False

    def __call__(self, value: Any) -> bool:
        """Take in the value of an epoch; True if it is time to stop."""
        self.waited = 0 if self._better(value, self.min_delta) else self.waited + 1
        self.stopped = self.waited >= self.patience
        return self.stopped

    def state_dict(self) -> dict[str, Any]:
        """What has been seen, and the mode, as numbers that `mg.save` can write."""
        return {**self._seen(), "waited": self.waited, "stopped": self.stopped}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave; raises `StateDictError`, changing nothing, for anything else."""
        taken = self._checked(state_dict, "waited", "stopped")
        if not isinstance(taken["stopped"], bool) or not 0 <= taken["waited"] <= taken["calls"]:
            raise StateDictError(
                f"EarlyStopping.load_state_dict got waited={taken['waited']}, stopped={taken['stopped']!r:.80} after "
                f"calls={taken['calls']}, which no run has; the file is damaged, or was edited"
            )
        vars(self).update(taken)

    def __repr__(self) -> str:
        options = f"patience={self.patience}, min_delta={self.min_delta}, mode={self.mode!r}"
        return f"EarlyStopping({options}): best {self.best}, {self.waited} calls ago"


class KeepBest(_Best):
    """Called with the value of each epoch, remembers a copy of the model's state at the best; `restore` loads it.

    The model is anything with `state_dict` and `load_state_dict`. Of equal values the first is kept; NaN never is. A
    call returns whether the value was the best so far. Attributes: `best`, the best value; `best_at`, which call had
    it, counted from 1; `calls`; `state`, the copy, or None before the first.

    Raises `DTypeError` for what has no state, `ArgumentError` for modes but 'min' and 'max'; `restore` raises
    `StateDictError` where nothing was kept.

    >>> import minigrad as mg, nn
    >>> layer = nn.Linear(1, 1); best = mg.utils.KeepBest(layer, mode="max")
    >>> for step in range(4): _ = nn.init.constant_(layer.weight, step), best(-(step - 2)**2)
    >>> best.restore(); layer.weight.item(), best.best_at
    (2.0, 3)
    """

    def __init__(self, model: Any, mode: str = "min") -> None:
        super().__init__(mode)
        if isinstance(model, type) or not (hasattr(model, "state_dict") and hasattr(model, "load_state_dict")):
            raise DTypeError(
                f"KeepBest got {model!r} as its model; it takes what has state_dict() and load_state_dict(), such as "
                "an nn.Module: KeepBest(model, mode='max')"
            )
        self.model = model
        self.state: Any = None

    def __call__(self, value: Any) -> bool:
        """Take in the value of an epoch, and keep the model's state if it is the best; returns whether it is."""
        better = self._better(value)
        if better:
            self.state = _copied(self.model.state_dict())
        return better

    def restore(self) -> None:
        """Load the best state into the model."""
        if self.state is None:
            seen = f"{self.calls} values came, all of them NaN" if self.calls else "it was not called with a value"
            raise StateDictError(
                f"KeepBest has no state to restore: {seen}. Call it after each epoch, keep(loss), and see why the loss "
                "is NaN, if it is, with mg.autograd.detect_anomaly()"
            )
        self.model.load_state_dict(_copied(self.state))

    def state_dict(self) -> dict[str, Any]:
        """What has been seen and kept, as numbers and tensors that `mg.save` can write."""
        return {**self._seen(), "state": self.state}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave, copied; raises `StateDictError`, changing nothing, for anything else."""
        taken = self._checked(state_dict, "state")
        state, model = taken["state"], type(self.model).__name__
        if (state is None) != (taken["best"] is None):
            raise StateDictError(
                f"KeepBest.load_state_dict got best={taken['best']} with a {type(state).__name__} as 'state'; there is "
                "a state where there is a best, and None where there is none"
            )
        if state is not None and isinstance(self.model.state_dict(), Mapping) != isinstance(state, Mapping):
            raise StateDictError(
                f"KeepBest.load_state_dict got a {type(state).__name__} as 'state'; it is what the state_dict() of its "
                f"{model} gave"
            )
        taken["state"] = _copied(state)
        vars(self).update(taken)

    def __repr__(self) -> str:
        return f"KeepBest({type(self.model).__name__}, mode={self.mode!r}): best {self.best}, at call {self.best_at}"


def _copied(value: Any) -> Any:
    """A copy off the tape of tensors and arrays in nested containers, in the same order of memory."""
    if isinstance(value, Tensor):
        return Tensor._wrap(value._array.copy(order="K"))
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    if isinstance(value, Mapping):
        return {key: _copied(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(one) for one in value] if isinstance(value, list) else tuple(map(_copied, value))
    return copy.deepcopy(value)
