"""Rates that rise and fall while the momentum falls and rises."""

import math
from collections.abc import Callable
from typing import Any

from ...errors import ArgumentError, DTypeError
from ...operands import as_flag, as_number
from ..optimizer import Optimizer
from .scheduler import LRScheduler, as_many, as_optimizer, as_word, at_least, power, set_option

__all__ = ["CyclicLR", "OneCycleLR"]


class _Cycling(LRScheduler):
    """Rates with a momentum that goes the other way: `momentum`, or the first of `betas`."""

    def _cycle_momentum(self, optimizer: Optimizer, cycle_momentum: Any) -> None:
        name, options = type(self).__name__, as_optimizer(optimizer, type(self).__name__).defaults
        self.cycle_momentum = as_flag(cycle_momentum, name, "cycle_momentum")
        if not self.cycle_momentum:
            return
        self.use_beta1 = "betas" in options
        if not self.use_beta1 and "momentum" not in options:
            raise ArgumentError(
                f"{name} cycles the momentum, and {type(optimizer).__name__} has neither momentum nor betas; give "
                "cycle_momentum=False"
            )

    def _set_momenta(self, momenta: list[float]) -> None:
        for group, momentum in zip(self.optimizer.param_groups, momenta, strict=True):
            if self.use_beta1:
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum


class CyclicLR(_Cycling):
    """The rate rises and falls in straight lines between `base_lr` and `max_lr` (Smith, 2017); one step per batch.

    base + (max − base)·x·f, where x goes from 0 to 1 in `step_size_up` steps and back in `step_size_down`, as many
    unless told. f is 1 in the mode 'triangular', 1 / 2^(cycle − 1) in 'triangular2', γ^step in 'exp_range', or
    `scale_fn` of the cycle, or of the step if `scale_mode` is 'iterations'. The momentum goes from `max_momentum`
    down to `base_momentum` and back. Functions are not saved: the scheduler is made with them again.

    Raises as `LRScheduler`, and `ArgumentError` for unknown modes and where there is no momentum to cycle.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=0.1, momentum=0.9)
    >>> scheduler = mg.optim.lr_scheduler.CyclicLR(optimizer, base_lr=0.1, max_lr=1.1, step_size_up=2)
    >>> optimizer.step(); scheduler.step(); scheduler.get_last_lr(), optimizer.param_groups[0]["momentum"]
    ([0.6], 0.85)
    """

    _unsaved = frozenset({"optimizer", "scale_fn"})

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        bases = as_many(base_lr, as_optimizer(optimizer, "CyclicLR"), "CyclicLR", "base_lr")
        self.max_lrs = as_many(max_lr, optimizer, "CyclicLR", "max_lr")
        up = as_number(step_size_up, "CyclicLR", "step_size_up")
        down = up if step_size_down is None else as_number(step_size_down, "CyclicLR", "step_size_down")
        if not (up >= 1 and down >= 0 and up + down < math.inf):
            raise ArgumentError(
                f"CyclicLR got step_size_up={step_size_up} and step_size_down={step_size_down}; the rate rises in 1 "
                "step or more, and falls in 0 or more"
            )
        self.total_size, self.step_ratio = up + down, up / (up + down)
        self.gamma = as_number(gamma, "CyclicLR", "gamma")
        self._choose(mode, scale_fn, scale_mode)
        self._cycle_momentum(optimizer, cycle_momentum)
        if self.cycle_momentum:
            self.base_momentums = as_many(base_momentum, optimizer, "CyclicLR", "base_momentum")
            self.max_momentums = as_many(max_momentum, optimizer, "CyclicLR", "max_momentum")
        if last_epoch == -1:
            for number, group in enumerate(optimizer.param_groups):
                set_option(group, "lr", bases[number])
                if self.cycle_momentum:
                    group["max_momentum"], group["base_momentum"] = (
                        self.max_momentums[number],
                        self.base_momentums[number],
                    )
        super().__init__(optimizer, last_epoch)
        self.base_lrs = bases

    def _choose(self, mode: Any, scale_fn: Any, scale_mode: Any) -> None:
        """The function that scales the cycles, and what it is a function of."""
        if scale_fn is not None and not callable(scale_fn):
            raise DTypeError(f"CyclicLR got a {type(scale_fn).__name__} as scale_fn; it takes a function of a number")
        if scale_fn is None:  # the modes know what they are functions of
            as_word(mode, "CyclicLR", "mode", "triangular", "triangular2", "exp_range")
            scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.scale_mode = as_word(scale_mode, "CyclicLR", "scale_mode", "cycle", "iterations")
        self.mode = str(mode)
        self.scale_fn = scale_fn

    def _height(self) -> tuple[float, float]:
        """How far up the cycle is, from 0 to 1, and the scale of this one."""
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        place = cycle if self.scale_mode == "cycle" else self.last_epoch
        if self.scale_fn is not None:
            return height, as_number(self.scale_fn(place), "CyclicLR", "scale_fn(…)")
        if self.mode == "triangular2":
            return height, 1 / 2.0 ** (place - 1)
        return height, power(self.gamma, place) if self.mode == "exp_range" else 1.0

    def get_lr(self) -> list[float]:
        """The rates at a place of the current cycle."""
        height, scale = self._height()
        pairs = zip(self._bases(), self.max_lrs, strict=True)
        return [base + (most - base) * height * scale for base, most in pairs]

    def _go(self, epoch: Any) -> None:
        super()._go(epoch)
        if self.cycle_momentum:
            height, scale = self._height()
            pairs = zip(self.base_momentums, self.max_momentums, strict=True)
            self._set_momenta([most - (most - base) * height * scale for base, most in pairs])


class OneCycleLR(_Cycling):
    """The rate rises to `max_lr` and falls to almost nothing, once (Smith and Topin, 2019); one step per batch.

    It begins at max_lr / `div_factor` and ends at a `final_div_factor` of that, after `total_steps`, or `epochs` times
    `steps_per_epoch`; the part `pct_start` of them rises. With `three_phase` it falls to where it began in as
    many steps as it rose, and then to the end. It goes along half a cosine, or straight where `anneal_strategy`
    is 'linear'. The momentum goes from `max_momentum` down to `base_momentum` and back.

    Raises as `LRScheduler`, and `ArgumentError` without a number of steps, for options outside their range, where there
    is no momentum to cycle, and for more steps than there are.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=0.1, momentum=0.9)
    >>> scheduler = mg.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
    >>> optimizer.step(); scheduler.step(); scheduler.get_last_lr(), optimizer.param_groups[0]["momentum"]
    ([0.52], 0.9)
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        most = as_many(max_lr, as_optimizer(optimizer, "OneCycleLR"), "OneCycleLR", "max_lr")
        self.total_steps = _total(total_steps, epochs, steps_per_epoch)
        rising = as_number(pct_start, "OneCycleLR", "pct_start")
        if not 0 <= rising <= 1:
            raise ArgumentError(
                f"OneCycleLR got pct_start={pct_start}; it is the part of the steps that rise, from 0 to 1"
            )
        first, last = (
            as_number(one, "OneCycleLR", role)
            for one, role in ((div_factor, "div_factor"), (final_div_factor, "final_div_factor"))
        )
        if not (first > 0 and last > 0):
            raise ArgumentError(
                f"OneCycleLR got div_factor={div_factor} and final_div_factor={final_div_factor}; rates are divided "
                "by them, so they must be above 0"
            )
        three = as_flag(three_phase, "OneCycleLR", "three_phase")
        self._schedule_phases = _phases(self.total_steps, rising, three)
        self._anneal_func_type = as_word(anneal_strategy, "OneCycleLR", "anneal_strategy", "cos", "linear")
        self._cycle_momentum(optimizer, cycle_momentum)
        lower = as_many(base_momentum, optimizer, "OneCycleLR", "base_momentum")
        upper = as_many(max_momentum, optimizer, "OneCycleLR", "max_momentum")
        if last_epoch == -1:
            for number, group in enumerate(optimizer.param_groups):
                group["initial_lr"] = most[number] / first
                group["max_lr"], group["min_lr"] = most[number], most[number] / first / last
                if self.cycle_momentum:
                    group["max_momentum"], group["base_momentum"] = upper[number], lower[number]
        super().__init__(optimizer, last_epoch)

    def _between(self, group: dict[str, Any], option: str) -> float:
        """An option of a group at the time `last_epoch`."""
        time, begin = self.last_epoch, 0.0
        if time > self.total_steps:
            raise ArgumentError(
                f"OneCycleLR was made for {self.total_steps} steps, and this is number {time}; give total_steps=… as "
                "many as there are batches in all epochs"
            )
        for phase in self._schedule_phases:
            end = phase["end_step"]
            if time <= end or phase is self._schedule_phases[-1]:
                break
            begin = end
        share = (time - begin) / (end - begin) if end != begin else 1.0
        start, stop = (float(group[phase[f"{place}_{option}"]]) for place in ("start", "end"))
        if self._anneal_func_type == "linear":
            return (stop - start) * share + start
        return stop + (start - stop) / 2 * (math.cos(math.pi * share) + 1)

    def get_lr(self) -> list[float]:
        """The rates at a place of the cycle."""
        self._bases()
        return [self._between(group, "lr") for group in self.optimizer.param_groups]

    def _go(self, epoch: Any) -> None:
        super()._go(epoch)
        if self.cycle_momentum:
            self._set_momenta([self._between(group, "momentum") for group in self.optimizer.param_groups])


def _total(total_steps: Any, epochs: Any, steps_per_epoch: Any) -> int:
    """The number of steps, given as one number or as epochs of batches."""
    if total_steps is not None:
        return at_least(1, total_steps, "OneCycleLR", "total_steps")
    if epochs is None or steps_per_epoch is None:
        raise ArgumentError(
            "OneCycleLR got no number of steps; give total_steps, or epochs and steps_per_epoch=len(loader)"
        )
    return at_least(1, epochs, "OneCycleLR", "epochs") * at_least(1, steps_per_epoch, "OneCycleLR", "steps_per_epoch")


def _phases(total: int, rising: float, three: bool) -> list[dict[str, Any]]:
    """When each phase ends, and between which options of a group it goes."""
    parts = [(rising * total - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum")]
    if three:
        parts.append((2 * rising * total - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum"))
        parts.append((total - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum"))
    else:
        parts.append((total - 1, "max_lr", "min_lr", "base_momentum", "max_momentum"))
    names = ("end_step", "start_lr", "end_lr", "start_momentum", "end_momentum")
    return [dict(zip(names, part, strict=True)) for part in parts]
