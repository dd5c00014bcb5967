"""NAdam: Adam with Nesterov's momentum."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..tensor import Array, Tensor
from .adaptive import Adaptive, add_squares, decayed, draw_near
from .optimizer import pieces
from .options import as_option, at_least_zero, below_one, flags, no_tape

__all__ = ["NAdam"]


class NAdam(Adaptive):
    """Adam that looks ahead along its momentum (Dozat, 2016), as PyTorch defines it.

    With gradient g, weight decay λ, betas β₁ and β₂, momentum decay ψ and rate η, in step t from 1 on:

        μₜ = β₁·(1 − ½·0.96^(t·ψ));  M ← M·μₜ
        g ← g + λ·p;  m ← β₁·m + (1 − β₁)·g;  v ← β₂·v + (1 − β₂)·g²
        d = √(v / (1 − β₂ᵗ)) + ε;  p ← p − η·(1 − μₜ)/(1 − M) · g/d − η·μₜ₊₁/(1 − M·μₜ₊₁) · m/d

    With `decoupled_weight_decay`, p ← p − η·λ·p at first, and g stays. `foreach` and `capturable`, which
    choose between implementations of PyTorch's, make no difference. Raises as `Optimizer`, and
    `ArgumentError` for options outside their range.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.], requires_grad=True)
    >>> optimizer = mg.optim.NAdam([p], lr=0.1)
    >>> (p * p).sum().backward(); optimizer.step(); p.detach()
    tensor([0.8944])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        no_tape("NAdam", differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "maximize": maximize,
            },
        )

    def _check(self, group: dict[str, Any]) -> None:
        at_least_zero(group, "NAdam", "lr", "eps", "weight_decay", "momentum_decay")
        below_one(group, "NAdam")
        flags(group, "NAdam", "decoupled_weight_decay", "maximize")

    def _update(self, group: dict[str, Any]) -> None:
        rate, eps, decay, fall = (
            as_option(group, option, "NAdam") for option in ("lr", "eps", "weight_decay", "momentum_decay")
        )
        beta1, beta2 = map(float, group["betas"])

        def move(param: Tensor, array: Array, gradient: Array) -> None:
            product = self._number(param, "mu_product", 1.0)
            step, *kept = self._kept(param, "exp_avg", "exp_avg_sq")
            momentum, following = (beta1 * (1 - 0.5 * 0.96 ** (t * fall)) for t in (step, step + 1))
            product *= momentum
            along_g = rate * (1 - momentum) / (1 - float(product))
            along_m = rate * following / (1 - float(product) * following)
            correction = 1 - beta2**step
            for p, g, mean, square in pieces(array, gradient, *kept):
                g = decayed(p, g, group, rate, decay)
                room, scatter = np.empty_like(p), np.empty_like(p)
                draw_near(mean, g, 1 - beta1, room)
                add_squares(square, g, beta2, room)
                np.divide(square, correction, out=scatter)
                np.sqrt(scatter, out=scatter)
                np.add(scatter, eps, out=scatter)
                for factor, direction in ((along_g, g), (along_m, mean)):
                    np.multiply(direction, factor, out=room)
                    np.divide(room, scatter, out=room)
                    np.subtract(p, room, out=p)

        self._each(group, move)
