"""The loss of sequences without alignment, as a module."""

import minigrad as mg

from . import functional as F
from .functional.sequence_loss import Lengths
from .loss import Loss

__all__ = ["CTCLoss"]


class CTCLoss(Loss):
    """−ln of the probability of all alignments of an output with its labels (Graves et al., 2006).

    (T, N, C), labels (N, S) or in one row, lengths (N), lengths (N) -> (), or (N) with reduction 'none'; see
    `functional.ctc_loss`.

    >>> import minigrad as mg, nn
    >>> nn.CTCLoss()(mg.full((2, 1, 2), 0.5).log(), mg.tensor([[1]]), [2], [1]).exp()
    tensor(1.3333)
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(
        self, log_probs: mg.Tensor, targets: mg.Tensor, input_lengths: Lengths, target_lengths: Lengths
    ) -> mg.Tensor:
        """(T, N, C), (N, S), (N), (N) -> ()"""
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
