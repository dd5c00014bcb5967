"""Adadelta: gradients in the units of the steps."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..tensor import Array, Tensor
from .adaptive import Adaptive, add_squares, decayed
from .optimizer import pieces
from .options import as_option, at_least_zero, flags, no_tape

__all__ = ["Adadelta"]


class Adadelta(Adaptive):
    """Adadelta (Zeiler, 2012), as PyTorch defines it.

    With gradient g, weight decay λ, decay ρ of the averages and rate η:

        g ← g + λ·p;  v ← ρ·v + (1 − ρ)·g²;  δ = √(u + ε) / √(v + ε) · g;  u ← ρ·u + (1 − ρ)·δ²;  p ← p − η·δ

    `foreach` and `capturable`, which choose between implementations of PyTorch's, make no
    difference. Raises as `Optimizer`, and `ArgumentError` for options outside their range.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.], requires_grad=True)
    >>> optimizer = mg.optim.Adadelta([p])
    >>> (p * p).sum().backward(); optimizer.step(); p.detach()
    tensor([0.9968])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        no_tape("Adadelta", differentiable)
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize})

    def _check(self, group: dict[str, Any]) -> None:
        at_least_zero(group, "Adadelta", "lr", "rho", "eps", "weight_decay")
        if as_option(group, "rho", "Adadelta") > 1:
            raise ArgumentError(f"Adadelta got rho={group['rho']}; it is the part that averages keep, from 0 to 1")
        flags(group, "Adadelta", "maximize")

    def _update(self, group: dict[str, Any]) -> None:
        rate, rho, eps, decay = (as_option(group, one, "Adadelta") for one in ("lr", "rho", "eps", "weight_decay"))

        def move(param: Tensor, array: Array, gradient: Array) -> None:
            _, *kept = self._kept(param, "square_avg", "acc_delta")
            for p, g, square, moved in pieces(array, gradient, *kept):
                g, room, delta = decayed(p, g, group, rate, decay), np.empty_like(p), np.empty_like(p)
                add_squares(square, g, rho, room)
                np.add(moved, eps, out=delta)
                np.sqrt(delta, out=delta)
                np.add(square, eps, out=room)
                np.sqrt(room, out=room)
                np.divide(delta, room, out=delta)
                np.multiply(delta, g, out=delta)
                add_squares(moved, delta, rho, room)
                np.multiply(delta, rate, out=delta)
                np.subtract(p, delta, out=p)

        self._each(group, move)
