"""Losses of pairs and triplets, as modules."""

from collections.abc import Callable

import minigrad as mg

from . import functional as F
from .distance import PairwiseDistance
from .functional.embedding_loss import check_margin
from .loss import Loss

__all__ = [
    "CosineEmbeddingLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class HingeEmbeddingLoss(Loss):
    """A distance of what belongs together shall be 0, any other at least the margin (Hadsell et al., 2006).

    (*), (*) of 1 and −1 -> (), or (*) with reduction 'none'; see `functional.hinge_embedding_loss`

    >>> import minigrad as mg, nn
    >>> nn.HingeEmbeddingLoss(reduction="none")(mg.tensor([0.2, 0.2]), mg.tensor([1, -1]))
    tensor([0.2000, 0.8000])
    """

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(*), (*) -> ()"""
        return F.hinge_embedding_loss(input, target, self.margin, self.reduction)


class MarginRankingLoss(Loss):
    """max(0, m − t·(x₁ − x₂)): which of two scores shall be higher; see `functional.margin_ranking_loss`.

    (*), (*), (*) of 1 and −1 -> (), or (*) with reduction 'none'

    >>> import minigrad as mg, nn
    >>> nn.MarginRankingLoss()(mg.tensor([3., 1.]), mg.tensor([1., 2.]), mg.tensor([1, 1]))
    tensor(0.5000)
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: mg.Tensor, input2: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(*), (*), (*) -> ()"""
        return F.margin_ranking_loss(input1, input2, target, self.margin, self.reduction)


class CosineEmbeddingLoss(Loss):
    """The angle between what belongs together shall be 0, any other at least wide.

    (N, D), (N, D), (N) of 1 and −1 -> (), or (N) with reduction 'none'; see `functional.cosine_embedding_loss`

    >>> import minigrad as mg, nn
    >>> nn.CosineEmbeddingLoss()(mg.tensor([[1., 0.]]), mg.tensor([[0., 1.]]), mg.tensor([1]))
    tensor(1.)
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: mg.Tensor, input2: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        """(N, D), (N, D), (N) -> ()"""
        return F.cosine_embedding_loss(input1, input2, target, self.margin, self.reduction)


class TripletMarginLoss(Loss):
    """The negative shall be farther than the positive, by a margin (Schroff et al., 2015).

    (*, D), (*, D), (*, D) -> (), or (*) with reduction 'none'; see
    `functional.triplet_margin_loss`. Raises `ArgumentError` for a margin that is not positive.

    >>> import minigrad as mg, nn
    >>> nn.TripletMarginLoss()(mg.tensor([[0., 0.]]), mg.tensor([[3., 4.]]), mg.tensor([[0., 5.]]))
    tensor(1.0000)
    """

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        check_margin(margin, "TripletMarginLoss")
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: mg.Tensor, positive: mg.Tensor, negative: mg.Tensor) -> mg.Tensor:
        """(*, D), (*, D), (*, D) -> ()"""
        return F.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, self.reduction
        )


class TripletMarginWithDistanceLoss(Loss):
    """`TripletMarginLoss` with any distance, by default `PairwiseDistance`; a module that is one is a submodule.

    (*, D), (*, D), (*, D) -> (), or the shape of the distances with reduction 'none'

    >>> import minigrad as mg, nn
    >>> taxi = nn.TripletMarginWithDistanceLoss(distance_function=lambda x, y: (x - y).abs().sum(-1))
    >>> taxi(mg.tensor([[0., 0.]]), mg.tensor([[3., 4.]]), mg.tensor([[0., 5.]]))
    tensor(3.)
    """

    distance_function: Callable[[mg.Tensor, mg.Tensor], mg.Tensor]

    def __init__(
        self,
        *,
        distance_function: Callable[[mg.Tensor, mg.Tensor], mg.Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        check_margin(margin, "TripletMarginWithDistanceLoss")
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: mg.Tensor, positive: mg.Tensor, negative: mg.Tensor) -> mg.Tensor:
        """(*, D), (*, D), (*, D) -> ()"""
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
