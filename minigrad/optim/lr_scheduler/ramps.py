"""Rates that begin lower, or end at nothing: constant, linear, polynomial."""

from ...errors import ArgumentError
from ...operands import as_number
from ..optimizer import Optimizer
from .scheduler import LRScheduler, at_least, rates

__all__ = ["ConstantLR", "LinearLR", "PolynomialLR"]


class ConstantLR(LRScheduler):
    """The rate is `factor` times as large for `total_iters` epochs: η₀ · factor, then η₀.

    Raises as `LRScheduler`, and `ArgumentError` for a factor outside [0, 1].

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = mg.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=3)
    >>> optimizer.step(); scheduler.step(); scheduler.get_last_lr()
    [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        self.factor = as_number(factor, "ConstantLR", "factor")
        if not 0 <= self.factor <= 1:
            raise ArgumentError(f"ConstantLR got factor={factor}; it is from 0 to 1, of the rate that follows")
        self.total_iters = at_least(0, total_iters, "ConstantLR", "total_iters")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rates, lowered at the beginning and raised at the end."""
        factor = 1.0
        if self.last_epoch == 0:
            factor = self.factor
        elif self.last_epoch == self.total_iters:
            if self.factor == 0:  # nothing is left to be raised
                return list(self._bases())
            factor = 1 / self.factor
        return [rate * factor for rate in rates(self.optimizer)]

    def _rates_at(self) -> list[float]:
        factor = self.factor if self.last_epoch < self.total_iters else 1.0
        return [base * factor for base in self._bases()]


class LinearLR(LRScheduler):
    """The rate goes in a straight line from `start_factor` to `end_factor` times its value, in `total_iters` epochs.

    η₀ · (start + (end − start)·min(t / total_iters, 1)). Raises as `LRScheduler`, and `ArgumentError` for
    a start outside (0, 1] and an end outside [0, 1].

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = mg.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> optimizer.step(); scheduler.step(); scheduler.get_last_lr()
    [0.75]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self.start_factor = as_number(start_factor, "LinearLR", "start_factor")
        self.end_factor = as_number(end_factor, "LinearLR", "end_factor")
        if not 0 < self.start_factor <= 1:
            raise ArgumentError(f"LinearLR got start_factor={start_factor}; it is above 0 and at most 1")
        if not 0 <= self.end_factor <= 1:
            raise ArgumentError(f"LinearLR got end_factor={end_factor}; it is from 0 to 1")
        self.total_iters = at_least(0, total_iters, "LinearLR", "total_iters")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rates, by the quotient of this epoch's factor and the last one's."""
        if self.last_epoch == 0:
            factor = self.start_factor
        elif self._is_initial or self.last_epoch > self.total_iters:
            factor = 1.0
        else:
            rise = self.end_factor - self.start_factor
            factor = 1 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise)
        return [rate * factor for rate in rates(self.optimizer)]

    def _rates_at(self) -> list[float]:
        factor = self.start_factor + (self.end_factor - self.start_factor) * _passed(self.last_epoch, self.total_iters)
        return [base * factor for base in self._bases()]


class PolynomialLR(LRScheduler):
    """The rate falls to 0 in `total_iters` epochs: η₀ · (1 − min(t / total_iters, 1))^power.

    Raises as `LRScheduler`, and `ArgumentError` for a power below 0.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = mg.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4, power=2.0)
    >>> optimizer.step(); scheduler.step(); scheduler.get_last_lr()
    [0.5625]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = at_least(0, total_iters, "PolynomialLR", "total_iters")
        self.power = as_number(power, "PolynomialLR", "power")
        if not self.power >= 0:
            raise ArgumentError(f"PolynomialLR got power={power}; it must be 0 or more, so that the rate falls")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rates, by the quotient of what is left of the time now and in the epoch before."""
        factor = 1.0
        if not self._is_initial and self.last_epoch <= self.total_iters:
            now, before = (1 - epoch / self.total_iters for epoch in (self.last_epoch, self.last_epoch - 1))
            factor = (now / before) ** self.power
        return [rate * factor for rate in rates(self.optimizer)]

    def _rates_at(self) -> list[float]:
        left = (1 - _passed(self.last_epoch, self.total_iters)) ** self.power
        return [base * left for base in self._bases()]


def _passed(epoch: int, total: int) -> float:
    """The part of the time that has passed."""
    return min(epoch, total) / total if total else 1.0
