"""RAdam: Adam that waits until it knows the scatter of the gradients."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..tensor import Array, Tensor
from .adaptive import Adaptive, add_squares, decayed, draw_near
from .optimizer import pieces
from .options import as_option, at_least_zero, below_one, flags, no_tape

__all__ = ["RAdam"]


class RAdam(Adaptive):
    """Rectified Adam (Liu et al., 2020), as PyTorch defines it.

    With gradient g, weight decay λ, betas β₁ and β₂ and rate η, in step t from 1 on:

        g ← g + λ·p;  m ← β₁·m + (1 − β₁)·g;  v ← β₂·v + (1 − β₂)·g²;  m̂ = m / (1 − β₁ᵗ)
        ρ = 2/(1 − β₂) − 1;  ρₜ = ρ − 2·t·β₂ᵗ / (1 − β₂ᵗ)
        p ← p − η·m̂, or from ρₜ > 5 on p ← p − η·m̂ · r·√(1 − β₂ᵗ) / (√v + ε)
        with r² = (ρₜ − 4)·(ρₜ − 2)·ρ / ((ρ − 4)·(ρ − 2)·ρₜ)

    With `decoupled_weight_decay`, p ← p − η·λ·p at first, and g stays. `foreach` and `capturable`, which
    choose between implementations of PyTorch's, make no difference. Raises as `Optimizer`, and
    `ArgumentError` for options outside their range.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.], requires_grad=True)
    >>> optimizer = mg.optim.RAdam([p], lr=0.1)
    >>> (p * p).sum().backward(); optimizer.step(); p.detach()
    tensor([0.8000])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        no_tape("RAdam", differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )

    def _check(self, group: dict[str, Any]) -> None:
        at_least_zero(group, "RAdam", "lr", "eps", "weight_decay")
        below_one(group, "RAdam")
        flags(group, "RAdam", "maximize", "decoupled_weight_decay")

    def _update(self, group: dict[str, Any]) -> None:
        rate, eps, decay = (as_option(group, option, "RAdam") for option in ("lr", "eps", "weight_decay"))
        beta1, beta2 = map(float, group["betas"])

        def move(param: Tensor, array: Array, gradient: Array) -> None:
            step, *kept = self._kept(param, "exp_avg", "exp_avg_sq")
            corrected, rectified = rate / (1 - beta1**step), _rectification(step, beta2)
            for p, g, mean, square in pieces(array, gradient, *kept):
                g = decayed(p, g, group, rate, decay)
                room = np.empty_like(p)
                draw_near(mean, g, 1 - beta1, room)
                add_squares(square, g, beta2, room)
                if rectified is None:
                    np.multiply(mean, corrected, out=room)
                else:
                    np.sqrt(square, out=room)
                    np.add(room, eps, out=room)
                    np.divide(mean, room, out=room)
                    np.multiply(room, corrected * rectified, out=room)
                np.subtract(p, room, out=p)

        self._each(group, move)


def _rectification(step: float, beta2: float) -> float | None:
    """r·√(1 − β₂ᵗ), which makes up for the scatter of v in few steps; None while there are too few."""
    known = 1 - beta2**step
    most = 2 / (1 - beta2) - 1
    length = most - 2 * step * beta2**step / known
    if not length > 5:
        return None
    ratio = (length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)
    return float((ratio * known) ** 0.5)
