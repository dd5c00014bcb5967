"""Adam and AdamW: steps of the size of the gradients' own scatter."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ..tensor import Array, Tensor
from .adaptive import Adaptive, add_squares, decayed, draw_near
from .optimizer import pieces
from .options import as_option, at_least_zero, below_one, flags, no_tape

__all__ = ["Adam", "AdamW"]


class Adam(Adaptive):
    """Adam (Kingma and Ba, 2015), as PyTorch defines it; with `amsgrad` as in Reddi et al. (2018).

    With gradient g, weight decay λ, betas β₁ and β₂ and rate η, in step t from 1 on:

        g ← g + λ·p;  m ← β₁·m + (1 − β₁)·g;  v ← β₂·v + (1 − β₂)·g²
        m̂ = m / (1 − β₁ᵗ);  v̂ = v / (1 − β₂ᵗ), or the largest v so far in the place of v (AMSGrad)
        p ← p − η·m̂ / (√v̂ + ε)

    With `decoupled_weight_decay`, p ← p − η·λ·p at first, and g stays. `foreach`, `fused` and
    `capturable`, which choose between implementations of PyTorch's, make no difference. Raises
    as `Optimizer`, and `ArgumentError` for options outside their range.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.], requires_grad=True)
    >>> optimizer = mg.optim.Adam([p], lr=0.1)
    >>> (p * p).sum().backward(); optimizer.step(); p.detach()
    tensor([0.9000])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        no_tape(type(self).__name__, differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )

    def _check(self, group: dict[str, Any]) -> None:
        name = type(self).__name__
        at_least_zero(group, name, "lr", "eps", "weight_decay")
        below_one(group, name)
        flags(group, name, "amsgrad", "maximize", "decoupled_weight_decay")

    def _update(self, group: dict[str, Any]) -> None:
        name = type(self).__name__
        rate, decay, eps = (as_option(group, option, name) for option in ("lr", "weight_decay", "eps"))
        beta1, beta2 = map(float, group["betas"])
        names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")[: 3 if group["amsgrad"] else 2]

        def move(param: Tensor, array: Array, gradient: Array) -> None:
            step, *kept = self._kept(param, *names)
            rule = _Rule(rate / (1 - beta1**step), beta1, beta2, (1 - beta2**step) ** 0.5, eps)
            for p, g, *averages in pieces(array, gradient, *kept):
                _descend(p, decayed(p, g, group, rate, decay), *averages, rule=rule)

        self._each(group, move)


class _Rule(NamedTuple):
    """The numbers of one step: the rate and the root of the mean square as they are corrected for beginning at 0."""

    rate: float
    beta1: float
    beta2: float
    root: float
    eps: float


def _descend(p: Array, g: Array, mean: Array, square: Array, most: Array | None = None, *, rule: _Rule) -> None:
    """One step of p against g, in place, with the averages of g and g² and the largest of the latter."""
    room = np.empty_like(p)
    draw_near(mean, g, 1 - rule.beta1, room)
    add_squares(square, g, rule.beta2, room)
    if most is not None:
        square = np.maximum(most, square, out=most)
    np.sqrt(square, out=room)
    np.divide(room, rule.root, out=room)
    np.add(room, rule.eps, out=room)
    np.divide(mean, room, out=room)
    np.multiply(room, rule.rate, out=room)
    np.subtract(p, room, out=p)


class AdamW(Adam):
    """Adam with a weight decay of its own (Loshchilov and Hutter, 2019): p ← p − η·λ·p, then Adam's step.

    The same as `Adam` with `decoupled_weight_decay=True`, and a decay of 0.01 unless told.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.], requires_grad=True)
    >>> optimizer = mg.optim.AdamW([p], lr=0.1, weight_decay=0.5)
    >>> (p * p).sum().backward(); optimizer.step(); p.detach()
    tensor([0.8500])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            maximize=maximize,
            differentiable=differentiable,
            decoupled_weight_decay=True,
        )

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over options and states, also Adam's; the weight decay stays decoupled."""
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
