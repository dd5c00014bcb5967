"""Losses as modules: the functions of `nn.functional` with their options kept."""

import minigrad as mg

from . import functional as F
from .module import Module

__all__ = ["CrossEntropyLoss", "MSELoss", "NLLLoss"]


class MSELoss(Module):
    """The squared error (y − t)², its mean or its sum (N97, N100).

    (*), (*) -> (), or (*) with reduction 'none'. Raises as `functional.mse_loss`.

    >>> import minigrad as mg, nn
    >>> nn.MSELoss()(mg.tensor([1., 2.]), mg.tensor([1., 4.]))
    tensor(2.)
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(*), (*) -> ()"""
        return F.mse_loss(input, target, self.reduction)


class NLLLoss(Module):
    """The negative log-likelihood of the right classes, from log-probabilities (N98); see `functional.nll_loss`.

    (N, C, *d), class numbers (N, *d) -> (), or (N, *d) with reduction 'none'

    >>> import minigrad as mg, nn
    >>> nn.NLLLoss()(mg.tensor([[-0.5, -1.]]), mg.tensor([1]))
    tensor(1.)
    """

    def __init__(self, weight: mg.Tensor | None = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(N, C, *d), (N, *d) -> ()"""
        return F.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class CrossEntropyLoss(NLLLoss):
    """−ln softmax(x) at the right class, from logits (N98); see `functional.cross_entropy`.

    (N, C, *d), class numbers (N, *d) or probabilities (N, C, *d) -> (), or (N, *d) with reduction 'none'

    >>> import minigrad as mg, nn
    >>> nn.CrossEntropyLoss()(mg.tensor([[0., 0.]]), mg.tensor([1]))
    tensor(0.6931)
    """

    def __init__(
        self,
        weight: mg.Tensor | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, ignore_index, reduction)
        self.label_smoothing = label_smoothing

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(N, C, *d), (N, *d) or (N, C, *d) -> ()"""
        return F.cross_entropy(input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing)
