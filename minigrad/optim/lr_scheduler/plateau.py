"""Rates that fall when nothing gets better."""

import math
from typing import Any

from ...errors import ArgumentError
from ...operands import as_number
from ..optimizer import Optimizer
from .scheduler import LRScheduler, as_many, as_optimizer, as_word, at_least, rates, set_option

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(LRScheduler):
    """The rate is multiplied by `factor` when a metric has not become better for more than `patience` epochs.

    Better is less than best·(1 − threshold) in the mode 'min', more than best·(1 + threshold) in 'max'; with the
    `threshold_mode` 'abs', less than best − threshold, more than best + threshold. After a fall, bad epochs are not
    counted for `cooldown` epochs. No rate falls below `min_lr`, or by less than `eps`. `step` takes the metric.

    Raises `DTypeError` for what is no optimiser or metric, `ArgumentError` for options outside their range.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = mg.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.0): optimizer.step(); scheduler.step(loss)
    >>> scheduler.get_last_lr()
    [0.1]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        name = "ReduceLROnPlateau"
        self.optimizer = as_optimizer(optimizer, name)
        self.factor = as_number(factor, name, "factor")
        if not self.factor < 1:
            raise ArgumentError(f"{name} got factor={factor}; it must be below 1, so that the rate falls")
        self.mode = as_word(mode, name, "mode", "min", "max")
        self.threshold_mode = as_word(threshold_mode, name, "threshold_mode", "rel", "abs")
        self.threshold = as_number(threshold, name, "threshold")
        self.eps = as_number(eps, name, "eps")
        self.patience, self.cooldown = at_least(0, patience, name, "patience"), at_least(0, cooldown, name, "cooldown")
        self.min_lrs = as_many(min_lr, optimizer, name, "min_lr")
        self.last_epoch = 0
        self.best = math.inf if self.mode == "min" else -math.inf
        self.cooldown_counter = self.num_bad_epochs = 0
        self._last_lr = rates(optimizer)

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take notice of the metric of an epoch, a number or a tensor of one, and lower the rates if it is time."""
        metric = as_number(metrics, "ReduceLROnPlateau.step", "metrics")
        self.last_epoch = self.last_epoch + 1 if epoch is None else at_least(0, epoch, "ReduceLROnPlateau", "epoch")
        if self._is_better(metric):
            self.best, self.num_bad_epochs = metric, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = rates(self.optimizer)

    @property
    def in_cooldown(self) -> bool:
        """Whether bad epochs are not counted now."""
        return self.cooldown_counter > 0

    def _is_better(self, metric: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        margin = self.threshold if self.threshold_mode == "abs" else None
        bound = self.best + sign * margin if margin is not None else self.best * (1 + sign * self.threshold)
        return metric > bound if self.mode == "max" else metric < bound

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(self.min_lrs) != len(groups):
            raise ArgumentError(
                f"ReduceLROnPlateau was made for {len(self.min_lrs)} parameter groups, the optimiser now has "
                f"{len(groups)}; make a new scheduler"
            )
        for group, rate, least in zip(groups, rates(self.optimizer), self.min_lrs, strict=True):
            lower = max(rate * self.factor, least)
            if rate - lower > self.eps:
                set_option(group, "lr", lower)
