"""Adamax: Adam with the largest gradient in the place of the mean square."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..tensor import Array, Tensor
from .adaptive import Adaptive, decayed, draw_near
from .optimizer import pieces
from .options import as_option, at_least_zero, below_one, flags, no_tape

__all__ = ["Adamax"]


class Adamax(Adaptive):
    """Adamax (Kingma and Ba, 2015, section 7.1), as PyTorch defines it.

    With gradient g, weight decay λ, betas β₁ and β₂ and rate η, in step t from 1 on:

        g ← g + λ·p;  m ← β₁·m + (1 − β₁)·g;  u ← max(β₂·u, |g| + ε);  p ← p − η / (1 − β₁ᵗ) · m / u

    `foreach` and `capturable`, which choose between implementations of PyTorch's, make no
    difference. Raises as `Optimizer`, and `ArgumentError` for options outside their range.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.], requires_grad=True)
    >>> optimizer = mg.optim.Adamax([p], lr=0.1)
    >>> (p * p).sum().backward(); optimizer.step(); p.detach()
    tensor([0.9000])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        no_tape("Adamax", differentiable)
        super().__init__(
            params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        )

    def _check(self, group: dict[str, Any]) -> None:
        at_least_zero(group, "Adamax", "lr", "eps", "weight_decay")
        below_one(group, "Adamax")
        flags(group, "Adamax", "maximize")

    def _update(self, group: dict[str, Any]) -> None:
        rate, eps, decay = (as_option(group, option, "Adamax") for option in ("lr", "eps", "weight_decay"))
        beta1, beta2 = map(float, group["betas"])

        def move(param: Tensor, array: Array, gradient: Array) -> None:
            step, *kept = self._kept(param, "exp_avg", "exp_inf")
            corrected = rate / (1 - beta1**step)
            for p, g, mean, largest in pieces(array, gradient, *kept):
                g, room = decayed(p, g, group, rate, decay), np.empty_like(p)
                draw_near(mean, g, 1 - beta1, room)
                np.abs(g, out=room)
                np.add(room, eps, out=room)
                np.multiply(largest, beta2, out=largest)
                np.maximum(largest, room, out=largest)
                np.divide(mean, largest, out=room)
                np.multiply(room, corrected, out=room)
                np.subtract(p, room, out=p)

        self._each(group, move)
