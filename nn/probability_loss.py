"""Losses of probabilities and of distributions, as modules (N98)."""

import minigrad as mg

from . import functional as F
from .loss import Loss

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "GaussianNLLLoss",
    "KLDivLoss",
    "MultiLabelSoftMarginLoss",
    "PoissonNLLLoss",
    "SoftMarginLoss",
]


class BCELoss(Loss):
    """−t·ln x − (1 − t)·ln(1 − x), from probabilities (N98); see `functional.binary_cross_entropy`.

    (*), (*) -> (), or (*) with reduction 'none'. `weight` is a buffer.

    >>> import minigrad as mg, nn
    >>> nn.BCELoss()(mg.tensor([0.5, 0.5]), mg.tensor([1., 0.]))
    tensor(0.6931)
    """

    def __init__(self, weight: mg.Tensor | None = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(*), (*) -> ()"""
        return F.binary_cross_entropy(input, target, self.weight, self.reduction)


class BCEWithLogitsLoss(Loss):
    """The sigmoid (N67) and `BCELoss` in one, from logits; see `functional.binary_cross_entropy_with_logits`.

    (*), (*) -> (), or (*) with reduction 'none'. `weight` and `pos_weight`, which
    weighs the answer yes, are buffers.

    >>> import minigrad as mg, nn
    >>> nn.BCEWithLogitsLoss()(mg.tensor([0., 0.]), mg.tensor([1., 0.]))
    tensor(0.6931)
    """

    def __init__(
        self, weight: mg.Tensor | None = None, reduction: str = "mean", pos_weight: mg.Tensor | None = None
    ) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(*), (*) -> ()"""
        return F.binary_cross_entropy_with_logits(input, target, self.weight, self.reduction, self.pos_weight)


class MultiLabelSoftMarginLoss(Loss):
    """`BCEWithLogitsLoss`, its mean over the classes first; see `functional.multilabel_soft_margin_loss`.

    (N, C), (N, C) of zeros and ones -> (), or (N) with reduction 'none'

    >>> import minigrad as mg, nn
    >>> nn.MultiLabelSoftMarginLoss()(mg.tensor([[0., 2.]]), mg.tensor([[1, 1]]))
    tensor(0.4100)
    """

    def __init__(self, weight: mg.Tensor | None = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(N, C), (N, C) -> ()"""
        return F.multilabel_soft_margin_loss(input, target, self.weight, self.reduction)


class SoftMarginLoss(Loss):
    """ln(1 + exp(−t·x)) for answers of 1 and −1; see `functional.soft_margin_loss`.

    (*), (*) -> (), or (*) with reduction 'none'

    >>> import minigrad as mg, nn
    >>> nn.SoftMarginLoss()(mg.tensor([0., 0.]), mg.tensor([1, -1]))
    tensor(0.6931)
    """

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(*), (*) -> ()"""
        return F.soft_margin_loss(input, target, self.reduction)


class KLDivLoss(Loss):
    """The divergence of log-probabilities from probabilities; see `functional.kl_div`.

    (*), (*) -> (), or (*) with reduction 'none'. 'batchmean' is the divergence of
    distributions; the default 'mean', over all elements, warns when it is computed.

    >>> import minigrad as mg, nn
    >>> nn.KLDivLoss("batchmean")(mg.tensor([[0.5, 0.5]]).log(), mg.tensor([[1., 0.]]))
    tensor(0.6931)
    """

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(*), (*) -> ()"""
        return F.kl_div(input, target, self.reduction, self.log_target)


class PoissonNLLLoss(Loss):
    """What a Poisson distribution gives for counts; see `functional.poisson_nll_loss`.

    (*), (*) -> (), or (*) with reduction 'none'

    >>> import minigrad as mg, nn
    >>> nn.PoissonNLLLoss(reduction="none")(mg.tensor([0., 1.]), mg.tensor([2., 3.]))
    tensor([ 1.0000, -0.2817])
    """

    def __init__(self, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(*), (*) -> ()"""
        return F.poisson_nll_loss(log_input, target, self.log_input, self.full, self.eps, self.reduction)


class GaussianNLLLoss(Loss):
    """What a normal distribution with variances gives for values; see `functional.gaussian_nll_loss`.

    (*), (*), variances (*) or one number -> (), or (*) with reduction 'none'

    >>> import minigrad as mg, nn
    >>> nn.GaussianNLLLoss()(mg.tensor([1., 2.]), mg.tensor([1., 4.]), mg.tensor([1., 1.]))
    tensor(1.)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: mg.Tensor, target: mg.Tensor, var: mg.Tensor | float) -> mg.Tensor:
        """(*), (*), (*) -> ()"""
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)
