"""Rates by functions of one's own."""

from collections.abc import Callable
from typing import Any

from ...errors import ArgumentError, DTypeError
from ...operands import as_number
from ..optimizer import Optimizer
from .scheduler import LRScheduler, as_optimizer, rates

__all__ = ["LambdaLR", "MultiplicativeLR"]


class _ByFunctions(LRScheduler):
    """A function of the epoch for each group, one for all or one by one. They are not saved."""

    _unsaved = frozenset({"optimizer", "lr_lambdas"})

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        name, groups = type(self).__name__, len(as_optimizer(optimizer, type(self).__name__).param_groups)
        given = list(lr_lambda) if isinstance(lr_lambda, list | tuple) else [lr_lambda] * groups
        for one in given:
            if not callable(one):
                raise DTypeError(f"{name} got a {type(one).__name__} as lr_lambda; it takes a function of the epoch")
        if len(given) != groups:
            raise ArgumentError(f"{name} got {len(given)} functions; the optimiser has {groups} parameter groups")
        self.lr_lambdas = given
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Options and time; for each function None, which is PyTorch's for what is not saved."""
        return {**super().state_dict(), "lr_lambdas": [None] * len(self.lr_lambdas)}

    def _factors(self) -> list[float]:
        name = type(self).__name__
        return [as_number(one(self.last_epoch), name, "lr_lambda(epoch)") for one in self.lr_lambdas]


class LambdaLR(_ByFunctions):
    """The rate is that of the beginning times a function of the epoch: η₀ · f(t).

    A function for all groups, or one for each. Functions are not saved: the scheduler is made with them again.
    Raises as `LRScheduler`, `DTypeError` for what is no function, `ArgumentError` for another number of them.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = mg.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
    >>> optimizer.step(); scheduler.step(); scheduler.get_last_lr()
    [0.5]
    """

    def get_lr(self) -> list[float]:
        """The rates of the beginning, times the functions of the epoch."""
        return [base * factor for base, factor in zip(self._bases(), self._factors(), strict=True)]


class MultiplicativeLR(_ByFunctions):
    """The rate is the last one times a function of the epoch: η₀ · f(1) ⋯ f(t).

    A function for all groups, or one for each. Functions are not saved: the scheduler is made with them again.
    Raises as `LRScheduler`, `DTypeError` for what is no function, `ArgumentError` for another number of them.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = mg.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5)
    >>> optimizer.step(); scheduler.step(); scheduler.get_last_lr()
    [0.5]
    """

    def get_lr(self) -> list[float]:
        """The rates, times the functions of the epoch but when the scheduler is made."""
        return rates(self.optimizer) if self._is_initial else self._rates_at()

    def _rates_at(self) -> list[float]:
        self._bases()
        return [rate * factor for rate, factor in zip(rates(self.optimizer), self._factors(), strict=True)]
