"""Rates along half a cosine, once or again and again."""

import math
from typing import Any

from ...errors import ArgumentError
from ...operands import as_number
from ..optimizer import Optimizer
from .scheduler import LRScheduler, at_least, rates

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts"]


class CosineAnnealingLR(LRScheduler):
    """The rate falls along half a cosine to `eta_min` in `T_max` epochs, and rises again if one goes on.

    η_min + (η₀ − η_min)·(1 + cos(π·t / T_max)) / 2 (Loshchilov and Hutter, 2017). Raises as `LRScheduler`, and
    `ArgumentError` for a `T_max` below 1.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = mg.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2)
    >>> optimizer.step(); scheduler.step(); scheduler.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = at_least(1, T_max, "CosineAnnealingLR", "T_max")
        self.eta_min = as_number(eta_min, "CosineAnnealingLR", "eta_min")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rates, by the quotient of the cosine's height now and in the epoch before."""
        last, bases, time = rates(self.optimizer), self._bases(), self.last_epoch
        if self._is_initial:
            return last
        if (time - 1 - self.T_max) % (2 * self.T_max) == 0:  # the height before was 0
            height = (1 - math.cos(math.pi / self.T_max)) / 2
            return [rate + (base - self.eta_min) * height for rate, base in zip(last, bases, strict=True)]
        now, before = (1 + math.cos(math.pi * one / self.T_max) for one in (time, time - 1))
        return [now / before * (rate - self.eta_min) + self.eta_min for rate in last]

    def _rates_at(self) -> list[float]:
        height = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self._bases()]


class CosineAnnealingWarmRestarts(LRScheduler):
    """The rate falls along half a cosine and starts anew, first after `T_0` epochs, then after `T_mult` times as many.

    η_min + (η₀ − η_min)·(1 + cos(π·T_cur / T_i)) / 2, where T_cur epochs of the T_i of a period have passed
    (Loshchilov and Hutter, 2017). `step` also takes parts of epochs: `scheduler.step(epoch + batch / batches)`.
    Raises as `LRScheduler`, and `ArgumentError` for periods below 1 and times before 0.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = mg.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> optimizer.step(); scheduler.step(); scheduler.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        name = "CosineAnnealingWarmRestarts"
        self.T_0 = at_least(1, T_0, name, "T_0")
        self.T_mult = at_least(1, T_mult, name, "T_mult")
        self.eta_min = as_number(eta_min, name, "eta_min")
        self._place(max(at_least(-1, last_epoch, name, "last_epoch"), 0))
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rates at a place of the current period."""
        height = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self._bases()]

    def _go(self, epoch: Any) -> None:
        if epoch is None and self.last_epoch >= 0:
            self.last_epoch += 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
        else:
            self._place(0.0 if epoch is None else as_number(epoch, type(self).__name__, "epoch"))
        self._set(self.get_lr())

    def _place(self, time: float) -> None:
        """Find the period in which a time lies."""
        if not 0 <= time < math.inf:
            raise ArgumentError(f"CosineAnnealingWarmRestarts.step got epoch={time}; times are 0 or more")
        self.last_epoch, self.T_cur, self.T_i = math.floor(time), time, self.T_0
        if self.T_mult == 1:
            self.T_cur = time % self.T_0
            return
        while self.T_cur >= self.T_i:
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult
