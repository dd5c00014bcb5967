"""Losses between values and what they should be, as modules (N97, N100)."""

import minigrad as mg

from . import functional as F
from .loss import Loss

__all__ = ["HuberLoss", "L1Loss", "MSELoss", "SmoothL1Loss"]


class L1Loss(Loss):
    """The absolute error |y − t|, its mean or its sum; see `functional.l1_loss`.

    (*), (*) -> (), or (*) with reduction 'none'

    >>> import minigrad as mg, nn
    >>> nn.L1Loss()(mg.tensor([1., 2.]), mg.tensor([1., 4.]))
    tensor(1.)
    """

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(*), (*) -> ()"""
        return F.l1_loss(input, target, self.reduction)


class MSELoss(Loss):
    """The squared error (y − t)², its mean or its sum (N97, N100).

    (*), (*) -> (), or (*) with reduction 'none'. Raises as `functional.mse_loss`.

    >>> import minigrad as mg, nn
    >>> nn.MSELoss()(mg.tensor([1., 2.]), mg.tensor([1., 4.]))
    tensor(2.)
    """

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(*), (*) -> ()"""
        return F.mse_loss(input, target, self.reduction)


class SmoothL1Loss(Loss):
    """The absolute error, rounded off where it is below β (Girshick, 2015); see `functional.smooth_l1_loss`.

    (*), (*) -> (), or (*) with reduction 'none'

    >>> import minigrad as mg, nn
    >>> nn.SmoothL1Loss()(mg.tensor([1., 2.]), mg.tensor([1., 4.]))
    tensor(0.7500)
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = beta

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(*), (*) -> ()"""
        return F.smooth_l1_loss(input, target, self.reduction, self.beta)


class HuberLoss(Loss):
    """Squared near 0, linear beyond δ (Huber, 1964); see `functional.huber_loss`.

    (*), (*) -> (), or (*) with reduction 'none'

    >>> import minigrad as mg, nn
    >>> nn.HuberLoss(delta=2.0)(mg.tensor([1., 2.]), mg.tensor([1., 5.]))
    tensor(2.)
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = delta

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(*), (*) -> ()"""
        return F.huber_loss(input, target, self.reduction, self.delta)
