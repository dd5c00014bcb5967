"""What every scheduler shares: time, the rates at the beginning and now, saving and loading."""

import math
from collections.abc import Sequence
from typing import Any

from ...callers import warn
from ...errors import ArgumentError, DTypeError, MissingMethodError, StateDictError, StepOrderWarning
from ...explaining import iterable, misplaced
from ...mode import no_grad
from ...operands import as_integer, as_number
from ...tensor import Tensor
from ..optimizer import Optimizer
from ..options import as_option

__all__ = ["LRScheduler", "as_many", "as_optimizer", "as_word", "at_least", "power", "rates", "set_option"]


def as_optimizer(optimizer: Any, name: str) -> Optimizer:
    """`optimizer` itself; raises `DTypeError` for what is none."""
    if not isinstance(optimizer, Optimizer):
        what = f"the class {optimizer.__name__}" if isinstance(optimizer, type) else f"a {type(optimizer).__name__}"
        raise DTypeError(
            f"{name} got {what} as its optimizer; it changes the rates of an optimiser such as mg.optim.SGD"
        )
    return optimizer


def rates(optimizer: Optimizer, option: str = "lr") -> list[float]:
    """An option of each group, as numbers."""
    return [as_option(group, option, type(optimizer).__name__) for group in optimizer.param_groups]


def set_option(group: dict[str, Any], option: str, value: float) -> None:
    """Set an option of a group; one that is a tensor is filled, so that all who hold it see it."""
    if isinstance(group.get(option), Tensor):
        with no_grad():
            group[option].fill_(value)
    else:
        group[option] = value


def as_many(values: Any, optimizer: Optimizer, name: str, role: str) -> list[float]:
    """A number for each group, given as one for all or one by one; raises `ArgumentError` for another count."""
    groups = len(optimizer.param_groups)
    if not isinstance(values, list | tuple):
        return [as_number(values, name, role)] * groups
    if len(values) != groups:
        raise ArgumentError(f"{name} got {len(values)} numbers as {role}; the optimiser has {groups} parameter groups")
    return [as_number(value, name, role) for value in values]


def as_word(value: Any, name: str, role: str, *words: str) -> str:
    """`value` itself; raises `ArgumentError` for what is none of the words."""
    if not isinstance(value, str) or value not in words:
        *some, last = map(repr, words)
        raise ArgumentError(misplaced(value, name, role, f"{', '.join(some)} or {last}"))
    return value


def at_least(least: int, value: Any, name: str, role: str) -> int:
    """`value` as an integer; raises `ArgumentError` for one below `least`."""
    number = as_integer(value, name, role)
    if number < least:
        raise ArgumentError(f"{name} got {role}={number}; it must be {least} or more")
    return number


def power(base: float, exponent: int) -> float:
    """A power, infinite where no float holds it."""
    try:
        return base**exponent
    except OverflowError:
        return math.inf


# The lists that schedulers of this package keep; those of a user's own, such as a history, may have grown.
_OURS = frozenset({
    "base_lrs", "_last_lr", "max_lrs", "min_lrs", "base_momentums", "max_momentums", "milestones", "_milestones",
    "lr_lambdas", "_schedule_phases", "_schedulers",
})  # fmt: skip


class LRScheduler:
    """Base class: `step`, `get_last_lr`, and their saving and loading.

    Subclasses define `get_lr()`, which returns the rate of each group at the time `last_epoch`, 0 when the
    scheduler is made and one more with each step. To go on from an earlier time, `last_epoch` is given,
    and the optimiser's groups have the `initial_lr` that its state dict keeps.

    Raises `DTypeError` for what is no optimiser, `ArgumentError` where `initial_lr` is missing; warns with a
    `StepOrderWarning` where the scheduler steps before the optimiser.

    >>> import minigrad as mg
    >>> class Halving(mg.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self): return [rate / 2**self.last_epoch for rate in self.base_lrs]
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=0.1)
    >>> scheduler = Halving(optimizer)
    >>> optimizer.step(); scheduler.step(); scheduler.get_last_lr()
    [0.05]
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        name = type(self).__name__
        self.optimizer = as_optimizer(optimizer, name)
        self.last_epoch = at_least(-1, last_epoch, name, "last_epoch")
        for number, group in enumerate(optimizer.param_groups):
            if self.last_epoch == -1:
                group.setdefault("initial_lr", as_option(group, "lr", name))
            elif "initial_lr" not in group:
                raise ArgumentError(
                    f"{name} got last_epoch={self.last_epoch}, but group {number} of the optimiser has no 'initial_lr' "
                    "to go on from. Load the optimiser's state dict first, or set group['initial_lr']"
                )
        self.base_lrs = rates(optimizer, "initial_lr")
        self._step_count = 0
        self._last_lr: list[float] = []
        if optimizer._stepped is None:
            optimizer._stepped = False
        self._begin()

    def _begin(self) -> None:
        """The first step, to the rates at the time at which it is made."""
        self._step_count = 0
        self.step()

    @property
    def _is_initial(self) -> bool:
        """Whether the first step is being made, which leaves the rates that an optimiser was loaded with."""
        return self._step_count == 1

    def _start(self) -> None:
        """Go to the time 0 after another scheduler."""
        self._go(0)

    def _undo(self) -> None:
        """Take back the first step, but for the rates."""
        self.last_epoch -= 1

    def get_last_lr(self) -> list[float]:
        """The rates that were set last, one for each group."""
        return self._last_lr

    def get_lr(self) -> list[float]:
        """The rates at the time `last_epoch`, from those before; defined by subclasses."""
        raise MissingMethodError(
            f"{type(self).__name__} must define get_lr(), which returns a rate for each group at self.last_epoch"
        )

    def _bases(self) -> list[float]:
        """The rates of the beginning; raises `ArgumentError` where groups have joined since."""
        if len(self.base_lrs) != len(self.optimizer.param_groups):
            raise ArgumentError(
                f"{type(self).__name__} was made for {len(self.base_lrs)} parameter groups, the optimiser now has "
                f"{len(self.optimizer.param_groups)}; make a new scheduler"
            )
        return self.base_lrs

    def _rates_at(self) -> list[float]:
        """The rates at the time `last_epoch`, whatever came before, where there is a formula for them."""
        return self.get_lr()

    def step(self, epoch: int | None = None) -> None:
        """Go to the next time, or to the time `epoch`, and set the rates; once after each epoch, or each batch."""
        if self._step_count == 1 and epoch is None:
            self._look_at_order()
        self._step_count += 1
        self._go(epoch)

    def _go(self, epoch: float | None) -> None:
        if epoch is None:
            self.last_epoch += 1
            self._set(self.get_lr())
        else:
            self.last_epoch = as_integer(epoch, type(self).__name__, "epoch")
            self._set(self._rates_at())

    def _set(self, values: Sequence[float]) -> None:
        groups = self.optimizer.param_groups
        if not iterable(values) or len(values) != len(groups):
            raise ArgumentError(
                f"{type(self).__name__}.get_lr() returned {values!r}; it returns a rate for each of the "
                f"optimiser's {len(groups)} parameter groups, in a list"
            )
        for group, value in zip(groups, values, strict=True):
            set_option(group, "lr", value)
        self._last_lr = rates(self.optimizer)

    def _look_at_order(self) -> None:
        known = type(self.optimizer).step.__module__.startswith("minigrad.")
        if known and self.optimizer._stepped is False:
            warn(
                f"{type(self).__name__}.step() came before the optimiser's step(), so the first rate was never used. "
                "Call optimizer.step() first, then scheduler.step()",
                StepOrderWarning,
            )

    # ------------------------------------------------------------------- saving

    _unsaved = frozenset({"optimizer"})

    def state_dict(self) -> dict[str, Any]:
        """Options and time, in numbers, words and lists of them; `save` can write it, and so can JSON."""
        return {key: _plain(value) for key, value in vars(self).items() if key not in self._unsaved}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave; the rates themselves are in the optimiser's.

        Raises `StateDictError`, changing nothing, for the state of another scheduler.
        """
        self._take(self._checked(state_dict))

    def _take(self, taken: dict[str, Any]) -> None:
        vars(self).update(taken)

    def _checked(self, state_dict: Any) -> dict[str, Any]:
        """What of a state dict is to be taken over."""
        name, own = type(self).__name__, LRScheduler.state_dict(self)
        if not isinstance(state_dict, dict):
            raise StateDictError(f"{name} got a {type(state_dict).__name__}; it loads what its state_dict() gave")
        missing = [key for key in self.state_dict() if key not in state_dict]
        if missing:
            raise StateDictError(
                f"{name} finds no {', '.join(missing)} in the state dict, which has {', '.join(map(str, state_dict))}; "
                "is it another scheduler's, or the optimiser's? Nothing was loaded"
            )
        taken = {key: _plain(state_dict[key]) for key in own}
        grows = {key for key, value in own.items() if isinstance(value, list | dict)} - _OURS
        for key, value in own.items():
            if key in grows and isinstance(taken[key], type(value)):
                continue
            if not _alike(value, taken[key]):
                raise StateDictError(
                    f"{name} has {key}={value!r}, the state dict {taken[key]!r}; was it saved with other parameter "
                    "groups? Nothing was loaded"
                )
        return taken


def _plain(value: Any) -> Any:
    """A copy in Python's lists, dictionaries and numbers."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value


def _alike(own: Any, other: Any) -> bool:
    """Whether a value is of the kind of another: a number, a word, as many of them."""
    if isinstance(own, list):
        return isinstance(other, list) and len(own) == len(other) and all(map(_alike, own, other))
    if isinstance(own, dict):
        return (
            isinstance(other, dict) and own.keys() == other.keys() and all(_alike(own[key], other[key]) for key in own)
        )
    if isinstance(own, str):
        return isinstance(other, str)
    return not isinstance(own, int | float) or isinstance(other, int | float)
