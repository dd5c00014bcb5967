"""Rates that fall by a factor: every few epochs, at milestones, in every epoch."""

from typing import Any

from ...errors import DTypeError
from ...explaining import iterable, misplaced
from ...operands import as_integer, as_number
from ..optimizer import Optimizer
from .scheduler import LRScheduler, at_least, power, rates

__all__ = ["ExponentialLR", "MultiStepLR", "StepLR"]


class StepLR(LRScheduler):
    """The rate is multiplied by `gamma` every `step_size` epochs: η₀ · γ^⌊t / step_size⌋.

    Raises as `LRScheduler`, and `ArgumentError` for a `step_size` below 1.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = mg.optim.lr_scheduler.StepLR(optimizer, step_size=2)
    >>> for _ in range(2): optimizer.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.1]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = at_least(1, step_size, "StepLR", "step_size")
        self.gamma = as_number(gamma, "StepLR", "gamma")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rates, multiplied where a period ends."""
        factor = self.gamma if self.last_epoch and self.last_epoch % self.step_size == 0 else 1.0
        return [rate * factor for rate in rates(self.optimizer)]

    def _rates_at(self) -> list[float]:
        return [base * power(self.gamma, self.last_epoch // self.step_size) for base in self._bases()]


class MultiStepLR(LRScheduler):
    """The rate is multiplied by `gamma` at each milestone, a number of epochs: η₀ · γ^(milestones up to t).

    Raises as `LRScheduler`, and `DTypeError` for milestones that are no integers.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = mg.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 3])
    >>> for _ in range(2): optimizer.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.1]
    """

    def __init__(self, optimizer: Optimizer, milestones: Any, gamma: float = 0.1, last_epoch: int = -1) -> None:
        if not iterable(milestones):
            raise DTypeError(
                misplaced(milestones, "MultiStepLR", "milestones", "a list of epochs, for example [30, 80]")
            )
        self.milestones = sorted(as_integer(one, "MultiStepLR", "milestones") for one in milestones)
        self.gamma = as_number(gamma, "MultiStepLR", "gamma")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rates, multiplied at a milestone, twice where it is given twice."""
        factor = power(self.gamma, self.milestones.count(self.last_epoch))
        return [rate * factor for rate in rates(self.optimizer)]

    def _rates_at(self) -> list[float]:
        passed = sum(milestone <= self.last_epoch for milestone in self.milestones)
        return [base * power(self.gamma, passed) for base in self._bases()]

    def _checked(self, state_dict: Any) -> dict[str, Any]:
        """The milestones may be others, and may be counted, as PyTorch does."""
        milestones = state_dict.get("milestones") if isinstance(state_dict, dict) else None
        if isinstance(milestones, dict):
            milestones = sorted(int(epoch) for epoch, times in milestones.items() for _ in range(int(times)))
        if isinstance(milestones, list) and all(type(one) is int for one in milestones):
            taken = super()._checked({**state_dict, "milestones": self.milestones})
            return {**taken, "milestones": list(milestones)}
        return super()._checked(state_dict)


class ExponentialLR(LRScheduler):
    """The rate is multiplied by `gamma` in every epoch: η₀ · γᵗ.

    Raises as `LRScheduler`.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = mg.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> for _ in range(2): optimizer.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = as_number(gamma, "ExponentialLR", "gamma")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rates, multiplied but when the scheduler is made."""
        factor = 1.0 if self._is_initial else self.gamma
        return [rate * factor for rate in rates(self.optimizer)]

    def _rates_at(self) -> list[float]:
        return [base * power(self.gamma, self.last_epoch) for base in self._bases()]
