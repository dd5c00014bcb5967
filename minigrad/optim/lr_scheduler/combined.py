"""Several schedulers of one optimiser: one after another, or all at once."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ...errors import ArgumentError, DTypeError, StateDictError
from ...operands import as_integer
from ..optimizer import Optimizer
from .plateau import ReduceLROnPlateau
from .scheduler import LRScheduler, as_optimizer, rates, set_option

__all__ = ["ChainedScheduler", "SequentialLR"]


class _Several(LRScheduler):
    """Schedulers of one optimiser, saved with the one that steps them."""

    _unsaved = frozenset({"optimizer", "_schedulers"})
    _schedulers: list[LRScheduler]

    def state_dict(self) -> dict[str, Any]:
        """Options and time, and the state dicts of the schedulers."""
        return {**super().state_dict(), "_schedulers": [one.state_dict() for one in self._schedulers]}

    def _checked(self, state_dict: Any) -> dict[str, Any]:
        taken = super()._checked(state_dict)
        states = state_dict.get("_schedulers")
        if not isinstance(states, list | tuple) or len(states) != len(self._schedulers):
            raise StateDictError(
                f"{type(self).__name__} has {len(self._schedulers)} schedulers, and the state dict no state for each, "
                "under '_schedulers'; was it saved with others? Nothing was loaded"
            )
        inner = [one._checked(state) for one, state in zip(self._schedulers, states, strict=True)]
        return {**taken, "_schedulers": inner}

    def _take(self, taken: dict[str, Any]) -> None:
        for one, inner in zip(self._schedulers, taken.pop("_schedulers"), strict=True):
            one._take(inner)
        super()._take(taken)

    def _undo(self) -> None:
        for one in self._schedulers:
            one._undo()


def _schedulers_of(schedulers: Any, optimizer: Any, name: str) -> list[LRScheduler]:
    """Schedulers in a list, all of one optimiser; raises `DTypeError` or `ArgumentError` for others."""
    if not isinstance(schedulers, list | tuple):
        raise DTypeError(f"{name} got a {type(schedulers).__name__} as schedulers; it takes a list of schedulers")
    if not schedulers:
        raise ArgumentError(f"{name} got no schedulers; give a list of them")
    for number, one in enumerate(schedulers):
        if not isinstance(one, LRScheduler):
            raise DTypeError(f"{name} got a {type(one).__name__} as scheduler {number}; each is a scheduler")
        if isinstance(one, ReduceLROnPlateau):
            raise ArgumentError(
                f"{name} got a ReduceLROnPlateau as scheduler {number}, whose step needs a metric; step it beside "
                "this one"
            )
        if one.optimizer is not optimizer:
            raise ArgumentError(
                f"{name} got scheduler {number} of another optimiser; all of them change the rates of one"
            )
    return list(schedulers)


class SequentialLR(_Several):
    """Schedulers one after another: the next takes over at each milestone, a number of epochs.

    Raises `DTypeError` for what is no list of schedulers, `ArgumentError` for schedulers of another optimiser and
    milestones that are not one fewer, and rising.

    >>> import minigrad as mg
    >>> from minigrad.optim.lr_scheduler import ConstantLR, ExponentialLR, SequentialLR
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    >>> warm, fall = ConstantLR(optimizer, factor=0.5, total_iters=9), ExponentialLR(optimizer, gamma=0.9)
    >>> scheduler = SequentialLR(optimizer, [warm, fall], milestones=[2])
    >>> for _ in range(4):
    ...     print(scheduler.get_last_lr()); optimizer.step(); scheduler.step()
    [0.5]
    [0.5]
    [1.0]
    [0.9]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        self.optimizer = as_optimizer(optimizer, "SequentialLR")
        self._schedulers = _schedulers_of(schedulers, optimizer, "SequentialLR")
        if not isinstance(milestones, list | tuple):
            raise DTypeError(
                f"SequentialLR got milestones={milestones!r:.80}; it takes a list of epochs, for example [10]"
            )
        self._milestones = [as_integer(one, "SequentialLR", "milestones") for one in milestones]
        if len(milestones) != len(schedulers) - 1 or self._milestones != sorted(self._milestones):
            raise ArgumentError(
                f"SequentialLR got {len(schedulers)} schedulers and milestones={milestones}; between each two there "
                "is a milestone, and they rise"
            )
        self.last_epoch = as_integer(last_epoch, "SequentialLR", "last_epoch") + 1
        for group in optimizer.param_groups:
            set_option(group, "lr", group.get("initial_lr", group["lr"]))
        self._undo()
        self._schedulers[0]._begin()
        self._last_lr = self._schedulers[0].get_last_lr()

    def step(self) -> None:  # type: ignore[override]
        """Go to the next time, with the scheduler whose turn it is."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            scheduler._start()
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def _begin(self) -> None:
        self.last_epoch = 0
        self._schedulers[0]._begin()
        self._last_lr = self._schedulers[0].get_last_lr()

    def _start(self) -> None:
        self.last_epoch = 0
        self._schedulers[0]._start()
        self._last_lr = self._schedulers[0].get_last_lr()


class ChainedScheduler(_Several):
    """Schedulers all at once: each changes what the one before it has set.

    Raises `DTypeError` for what is no list of schedulers, `ArgumentError` for schedulers of different optimisers.

    >>> import minigrad as mg
    >>> from minigrad.optim.lr_scheduler import ChainedScheduler, ConstantLR, ExponentialLR
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = ChainedScheduler([ConstantLR(optimizer, factor=0.5), ExponentialLR(optimizer, gamma=0.9)])
    >>> optimizer.step(); scheduler.step(); scheduler.get_last_lr()
    [0.45]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        first = schedulers[0] if isinstance(schedulers, list | tuple) and schedulers else None
        chosen = getattr(first, "optimizer", None) if optimizer is None else as_optimizer(optimizer, "ChainedScheduler")
        self._schedulers = _schedulers_of(schedulers, chosen, "ChainedScheduler")
        self.optimizer = self._schedulers[0].optimizer
        self._last_lr = rates(self.optimizer)

    def step(self) -> None:  # type: ignore[override]
        """Step all schedulers, in their order."""
        for one in self._schedulers:
            one.step()
        self._last_lr = rates(self.optimizer)

    def _begin(self) -> None:
        for one in self._schedulers:
            one._begin()
        self._last_lr = rates(self.optimizer)

    def _start(self) -> None:
        first, *others = self._schedulers
        first._start()
        for one in others:
            one._undo()
            one._begin()
        self._last_lr = rates(self.optimizer)
