"""Adagrad: gradients divided by the root of the sum of their squares."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..tensor import Array, Tensor
from .adaptive import Adaptive, decayed
from .optimizer import pieces
from .options import as_option, at_least_zero, flags, no_tape

__all__ = ["Adagrad"]


class Adagrad(Adaptive):
    """Adagrad (Duchi, Hazan and Singer, 2011), as PyTorch defines it.

    With gradient g, weight decay λ, rate decay κ and rate η, in step t from 1 on:

        g ← g + λ·p;  s ← s + g² (s = `initial_accumulator_value` at first)
        p ← p − η / (1 + (t − 1)·κ) · g / (√s + ε)

    `foreach` and `fused`, which choose between implementations of PyTorch's, make no
    difference. Raises as `Optimizer`, and `ArgumentError` for options outside their range.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.], requires_grad=True)
    >>> optimizer = mg.optim.Adagrad([p], lr=0.1)
    >>> (p * p).sum().backward(); optimizer.step(); p.detach()
    tensor([0.9000])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        no_tape("Adagrad", differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "eps": eps,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "maximize": maximize,
            },
        )

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with options of their own, and begin their sums of squares."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        start = as_option(group, "initial_accumulator_value", "Adagrad")
        for param in group["params"]:
            self._opened(param, "sum", start=start)

    def _check(self, group: dict[str, Any]) -> None:
        at_least_zero(group, "Adagrad", "lr", "lr_decay", "eps", "weight_decay", "initial_accumulator_value")
        flags(group, "Adagrad", "maximize")

    def _update(self, group: dict[str, Any]) -> None:
        rate, fall, eps, decay, start = (
            as_option(group, option, "Adagrad")
            for option in ("lr", "lr_decay", "eps", "weight_decay", "initial_accumulator_value")
        )

        def move(param: Tensor, array: Array, gradient: Array) -> None:
            step, squares = self._kept(param, "sum", start=start)
            falling = rate / (1 + (step - 1) * fall)
            for p, g, total in pieces(array, gradient, squares):
                g, room = decayed(p, g, group, rate, decay), np.empty_like(p)
                np.multiply(g, g, out=room)
                np.add(total, room, out=total)
                np.sqrt(total, out=room)
                np.add(room, eps, out=room)
                np.divide(g, room, out=room)
                np.multiply(room, falling, out=room)
                np.subtract(p, room, out=p)

        self._each(group, move)
