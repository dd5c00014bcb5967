"""The losses as the notes write them, as modules (N97–N99)."""

import minigrad as mg

from ..module import Module
from . import functional as F

__all__ = ["CrossEntropy", "HalfSquaredError", "SumSquaredError"]


class SumSquaredError(Module):
    """L = Σ_n Σ_k (y − t)²: n times `nn.MSELoss` for n numbers (N97, N100).

    (*), (*) -> (). Raises as `notes.functional.sum_squared_error`.

    >>> import minigrad as mg, nn
    >>> nn.notes.SumSquaredError()(mg.tensor([1., 2.]), mg.tensor([1., 4.]))
    tensor(4.)
    """

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(*), (*) -> ()"""
        return F.sum_squared_error(input, target)


class HalfSquaredError(Module):
    """L = ½·Σ_n Σ_k (y − t)², whose gradient is y − t (N99, X63).

    (*), (*) -> (). Raises as `notes.functional.half_squared_error`.

    >>> import minigrad as mg, nn
    >>> nn.notes.HalfSquaredError()(mg.tensor([1., 2.]), mg.tensor([1., 4.]))
    tensor(2.)
    """

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(*), (*) -> ()"""
        return F.half_squared_error(input, target)


class CrossEntropy(Module):
    """L = −Σ_n Σ_k t·ln y of probabilities y (N98, X62); for logits, `nn.CrossEntropyLoss`.

    (*), (*) -> (). Raises as `notes.functional.cross_entropy`.

    >>> import minigrad as mg, nn
    >>> nn.notes.CrossEntropy()(mg.tensor([0.2, 0.7, 0.1]), mg.tensor([0., 1., 0.]))
    tensor(0.3567)
    """

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(*), (*) -> ()"""
        return F.cross_entropy(input, target)
