"""Losses as modules: the functions of `nn.functional` with their options kept. Here those of classification (N98)."""

import minigrad as mg
from minigrad.errors import ArgumentError, ShapeError

from . import functional as F
from .module import Module

__all__ = ["CrossEntropyLoss", "MultiLabelMarginLoss", "MultiMarginLoss", "NLLLoss", "NLLLoss2d"]


class Loss(Module):
    """What losses have in common: the `reduction` 'none', 'mean' or 'sum'."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction


class NLLLoss(Loss):
    """The negative log-likelihood of the right classes, from log-probabilities (N98); see `functional.nll_loss`.

    (N, C, *d), class numbers (N, *d) -> (), or (N, *d) with reduction 'none'

    >>> import minigrad as mg, nn
    >>> nn.NLLLoss()(mg.tensor([[-0.5, -1.]]), mg.tensor([1]))
    tensor(1.)
    """

    def __init__(self, weight: mg.Tensor | None = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(N, C, *d), (N, *d) -> ()"""
        return F.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class NLLLoss2d(NLLLoss):
    """The name that `NLLLoss` once had for maps of class numbers.

    (N, C, H, W), class numbers (N, H, W) -> (), or (N, H, W) with reduction 'none'

    >>> import minigrad as mg, nn
    >>> nn.NLLLoss2d()(mg.full((1, 2, 1, 1), -0.5), mg.tensor([[[1]]]))
    tensor(0.5000)
    """


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


class MultiMarginLoss(Loss):
    """Every wrong class shall stay a margin below the right one; see `functional.multi_margin_loss`.

    (N, C), class numbers (N) -> (), or (N) with reduction 'none'. Raises `ArgumentError` for
    a p other than 1 and 2, `ShapeError` for a weight that is not (C).

    >>> import minigrad as mg, nn
    >>> nn.MultiMarginLoss()(mg.tensor([[0.5, 0., 1.]]), mg.tensor([0]))
    tensor(0.6667)
    """

    def __init__(
        self, p: int = 1, margin: float = 1.0, weight: mg.Tensor | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        if mg.as_number(p, "MultiMarginLoss", "p") not in (1, 2):
            raise ArgumentError(f"MultiMarginLoss got p={p}; it is 1 or 2")
        self.register_buffer("weight", weight)
        if weight is not None and weight.ndim != 1:
            raise ShapeError(
                f"MultiMarginLoss got a weight of shape {weight.shape}; it holds one number per class, shape (C,)"
            )
        self.p = p
        self.margin = margin

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(N, C), (N) -> ()"""
        return F.multi_margin_loss(input, target, self.p, self.margin, self.weight, self.reduction)


class MultiLabelMarginLoss(Loss):
    """Every wrong class shall stay 1 below every right one; see `functional.multilabel_margin_loss`.

    (N, C), the right class numbers (N, C) with a -1 behind the last -> (), or (N) with reduction 'none'

    >>> import minigrad as mg, nn
    >>> nn.MultiLabelMarginLoss()(mg.tensor([[0.1, 0.2, 0.4, 0.8]]), mg.tensor([[3, 0, -1, 1]]))
    tensor(0.8500)
    """

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(N, C), (N, C) -> ()"""
        return F.multilabel_margin_loss(input, target, self.reduction)
