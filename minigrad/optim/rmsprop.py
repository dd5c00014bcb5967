"""RMSprop: gradients divided by the root of their mean square."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..tensor import Array, Tensor
from .adaptive import Adaptive, add_squares, decayed, draw_near
from .optimizer import pieces
from .options import as_option, at_least_zero, flags, no_tape

__all__ = ["RMSprop"]


class RMSprop(Adaptive):
    """RMSprop (Tieleman and Hinton, 2012), as PyTorch defines it; `centered` as in Graves (2013).

    With gradient g, weight decay λ, smoothing α, momentum μ and rate η:

        g ← g + λ·p;  v ← α·v + (1 − α)·g²;  a ← α·a + (1 − α)·g
        d = √v + ε, or √(v − a²) + ε where centred
        p ← p − η·g/d, or with momentum b ← μ·b + g/d;  p ← p − η·b

    `foreach` and `capturable`, which choose between implementations of PyTorch's, make no
    difference. Raises as `Optimizer`, and `ArgumentError` for options outside their range.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.], requires_grad=True)
    >>> optimizer = mg.optim.RMSprop([p], lr=0.1)
    >>> (p * p).sum().backward(); optimizer.step(); p.detach()
    tensor([0.0000])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        no_tape("RMSprop", differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "alpha": alpha,
                "eps": eps,
                "centered": centered,
                "weight_decay": weight_decay,
                "maximize": maximize,
            },
        )

    def _check(self, group: dict[str, Any]) -> None:
        at_least_zero(group, "RMSprop", "lr", "alpha", "eps", "weight_decay", "momentum")
        flags(group, "RMSprop", "centered", "maximize")

    def _update(self, group: dict[str, Any]) -> None:
        rate, alpha, eps, decay, momentum = (
            as_option(group, option, "RMSprop") for option in ("lr", "alpha", "eps", "weight_decay", "momentum")
        )
        names = [*["momentum_buffer"] * (momentum > 0), *["grad_avg"] * bool(group["centered"])]

        def move(param: Tensor, array: Array, gradient: Array) -> None:
            _, square, *others = self._kept(param, "square_avg", *names)
            velocity = others[0] if momentum > 0 else None
            average = others[-1] if group["centered"] else None
            for p, g, v, b, a in pieces(array, gradient, square, velocity, average):
                g, room = decayed(p, g, group, rate, decay), np.empty_like(p)
                add_squares(v, g, alpha, room)
                if a is not None:
                    draw_near(a, g, 1 - alpha, room)
                    np.multiply(a, a, out=room)
                    np.subtract(v, room, out=room)
                np.sqrt(v if a is None else room, out=room)
                np.add(room, eps, out=room)
                np.divide(g, room, out=room)
                if b is not None:
                    np.multiply(b, momentum, out=b)
                    np.add(b, room, out=b)
                np.multiply(room if b is None else b, rate, out=room)
                np.subtract(p, room, out=p)

        self._each(group, move)
