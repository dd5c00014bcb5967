"""Stochastic gradient descent (N141)."""

from collections.abc import Iterable
from typing import Any

from ..errors import ArgumentError
from ..operands import as_flag, as_number
from .optimizer import Optimizer

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
        lr: float = 1e-3,
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
        if as_flag(differentiable, "SGD", "differentiable"):
            raise ArgumentError(
                "SGD(differentiable=True): the step is not recorded here; write it with tensor operations"
            )
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
        for option in ("lr", "momentum", "dampening", "weight_decay"):
            number = as_number(group[option], f"SGD({option}=…)")
            if option != "dampening" and not number >= 0:
                raise ArgumentError(f"SGD got {option}={group[option]}; it must be 0 or more")
        for option in ("nesterov", "maximize"):
            as_flag(group[option], "SGD", option)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ArgumentError("SGD with nesterov=True needs a momentum above 0 and no dampening")

    def _update(self, group: dict[str, Any]) -> None:
        momentum, decay = group["momentum"], group["weight_decay"]
        for param in group["params"]:
            if param.grad is None:
                continue
            step = -param.grad.detach() if group["maximize"] else param.grad.detach()
            if decay:
                step = step + param.detach() * decay
            if momentum:
                state = self.state.setdefault(param, {})
                velocity = state.get("momentum_buffer")
                if velocity is None:
                    velocity = state["momentum_buffer"] = step.clone()
                else:
                    velocity.mul_(momentum).add_(step * (1 - group["dampening"]))
                step = step + velocity * momentum if group["nesterov"] else velocity
            param.sub_(step * group["lr"])
