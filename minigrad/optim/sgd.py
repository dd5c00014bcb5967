"""Stochastic gradient descent (N141)."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ..errors import ArgumentError
from ..tensor import Array, Tensor
from .optimizer import Optimizer, pieces
from .options import as_option, at_least_zero, flags, no_tape

__all__ = ["SGD"]


class SGD(Optimizer):
    """Gradient descent (N141) with momentum (Sutskever et al., 2013), as PyTorch defines it.

    With gradient g, weight decay λ, momentum μ, dampening τ and rate η:

        g ← g + λ·p;  v ← μ·v + (1 − τ)·g  (v = g at first);  g ← g + μ·v (Nesterov) or v;  p ← p − η·g

    `foreach` and `fused`, which choose between implementations of PyTorch's, make
    no difference. Raises as `Optimizer`, and `ArgumentError` for negative
    options, or for Nesterov's method without momentum or with dampening.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.], requires_grad=True)
    >>> optimizer = mg.optim.SGD([p], lr=0.1)
    >>> (p * p).sum().backward(); optimizer.step(); p.detach()
    tensor([0.8000])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        no_tape("SGD", differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
            },
        )

    def _check(self, group: dict[str, Any]) -> None:
        at_least_zero(group, "SGD", "lr", "momentum", "weight_decay")
        as_option(group, "dampening", "SGD")
        flags(group, "SGD", "nesterov", "maximize")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ArgumentError("SGD with nesterov=True needs a momentum above 0 and no dampening")

    def _update(self, group: dict[str, Any]) -> None:
        momentum, rules = bool(group["momentum"]), dict[np.dtype[Any], _Rule]()

        def move(param: Tensor, array: Array, gradient: Array) -> None:
            rule = rules.get(array.dtype) or rules.setdefault(array.dtype, _rule(group, array.dtype))
            velocity, new = self._buffer(param, "momentum_buffer") if momentum else (None, False)
            for p, g, v in pieces(array, gradient, velocity):
                _descend(p, g, v, new, rule)

        self._each(group, move)


class _Rule(NamedTuple):
    """The options of a group as numbers in the dtype of a parameter; None where one makes no difference."""

    rate: Array
    momentum: Array
    gain: Array | None
    decay: Array | None
    nesterov: bool
    maximize: bool


def _rule(group: dict[str, Any], dtype: np.dtype[Any]) -> _Rule:
    rate, momentum, dampening, decay = (
        as_option(group, option, "SGD") for option in ("lr", "momentum", "dampening", "weight_decay")
    )
    return _Rule(
        np.asarray(rate, dtype),
        np.asarray(momentum, dtype),
        np.asarray(1 - dampening, dtype) if dampening else None,
        np.asarray(decay, dtype) if decay else None,
        bool(group["nesterov"]),
        bool(group["maximize"]),
    )


def _descend(p: Array, g: Array, v: Array | None, new: bool, rule: _Rule) -> None:
    """One step of p along g, in place; v is the velocity, to be filled where it is new."""
    room = np.empty_like(p) if rule.decay is not None or rule.maximize else None
    if rule.decay is not None:
        moved = np.multiply(p, rule.decay, out=room)
        g = (np.subtract if rule.maximize else np.add)(moved, g, out=room)
    elif rule.maximize:
        g = np.negative(g, out=room)
    if v is not None:
        if new:
            np.copyto(v, g)
        else:
            np.multiply(v, rule.momentum, out=v)
            np.add(v, g if rule.gain is None else g * rule.gain, out=v)
        g = np.add(g, v * rule.momentum) if rule.nesterov else v
    np.subtract(p, np.multiply(g, rule.rate, out=room), out=p)
