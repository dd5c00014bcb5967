"""Layers that compare vectors."""

import minigrad as mg

from . import functional as F
from .module import Module

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class CosineSimilarity(Module):
    """The cosine of the angle between vectors along `dim`: (*), (*) -> (* without dim) after broadcasting.

    Raises, when it is called, as `functional.cosine_similarity`.

    >>> import minigrad as mg, nn
    >>> nn.CosineSimilarity()(mg.tensor([[1., 0.]]), mg.tensor([[3., 4.]]))
    tensor([0.6000])
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: mg.Tensor, x2: mg.Tensor) -> mg.Tensor:
        """(*), (*) -> (* without dim)"""
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """‖x₁ − x₂ + eps‖ₚ along the last axis: (*, D), (*, D) -> (*), or (*, 1) with `keepdim`.

    Raises, when it is called, as `functional.pairwise_distance`.

    >>> import minigrad as mg, nn
    >>> nn.PairwiseDistance()(mg.tensor([[1., 2.]]), mg.tensor([[4., 6.]]))
    tensor([5.0000])
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: mg.Tensor, x2: mg.Tensor) -> mg.Tensor:
        """(*, D), (*, D) -> (*)"""
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
