"""Losses of pairs and triplets: what belongs together shall be near or rank higher, what does not at least a margin."""

from collections.abc import Callable

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.registry import guarded

from .distance import pairwise_distance
from .reduction import check_fit, check_floating, reduced

# What keeps cosines of zero vectors finite: the float32 nearest to 10⁻¹², which PyTorch uses.
_TINY = 9.999999960041972e-13


@guarded
def hinge_embedding_loss(
    input: mg.Tensor, target: mg.Tensor, margin: float = 1.0, reduction: str = "mean"
) -> mg.Tensor:
    """A distance x costs x where t = 1, and max(0, m − x) where t = −1 (Hadsell et al., 2006, without the squares).

    (*), (*) of 1 and −1 -> (), or the common shape with reduction 'none'.
    Raises `DTypeError` for integer distances, `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg, nn.functional as F
    >>> F.hinge_embedding_loss(mg.tensor([0.2, 0.2]), mg.tensor([1, -1]), reduction="none")
    tensor([0.2000, 0.8000])
    """
    name = "hinge_embedding_loss"
    input, target = mg.as_operand(input, name), mg.as_operand(target, name)
    check_floating(input, name)
    check_fit(name, input=input, target=target)
    apart = mg.where(target == 1, 0, mg.clamp(margin - input, min=0))
    return reduced(apart + mg.where(target == -1, 0, input), reduction)


@guarded
def margin_ranking_loss(
    input1: mg.Tensor, input2: mg.Tensor, target: mg.Tensor, margin: float = 0, reduction: str = "mean"
) -> mg.Tensor:
    """max(0, m − t·(x₁ − x₂)): with t = 1 the first score shall be higher, with −1 the second (Joachims, 2002).

    (*), (*), (*) of 1 and −1 -> (), or the common shape with reduction 'none'.
    Raises `ShapeError` for operands with different numbers of axes and where the shapes do not fit.

    >>> import minigrad as mg, nn.functional as F
    >>> F.margin_ranking_loss(mg.tensor([3., 1.]), mg.tensor([1., 2.]), mg.tensor([1, 1]), reduction="none")
    tensor([0., 1.])
    """
    name = "margin_ranking_loss"
    input1, input2, target = (mg.as_operand(one, name) for one in (input1, input2, target))
    if not input1.ndim == input2.ndim == target.ndim:
        raise ShapeError(
            f"{name} of shapes {input1.shape}, {input2.shape} and {target.shape}; all three have the same number of "
            "axes, else broadcasting would compare every score with every other"
        )
    check_fit(name, input1=input1, input2=input2, target=target)
    return reduced(mg.clamp(-target * (input1 - input2) + mg.as_number(margin, name, "margin"), min=0), reduction)


@guarded
def cosine_embedding_loss(
    input1: mg.Tensor, input2: mg.Tensor, target: mg.Tensor, margin: float = 0, reduction: str = "mean"
) -> mg.Tensor:
    """1 − cos(x₁, x₂) where t = 1, and max(0, cos(x₁, x₂) − m) where t = −1.

    (N, D), (N, D), (N), or (D), (D), () -> (), or (N) or () with reduction 'none'. The cosine with a zero vector is 0.
    Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg, nn.functional as F
    >>> x = mg.tensor([[1., 0.], [1., 0.]])
    >>> F.cosine_embedding_loss(x, mg.tensor([[0., 1.], [1., 1.]]), mg.tensor([1, -1]), reduction="none")
    tensor([1.0000, 0.7071])
    """
    name = "cosine_embedding_loss"
    input1, input2, target = (mg.as_operand(one, name) for one in (input1, input2, target))
    if target.ndim > 1 or not input1.ndim == input2.ndim == target.ndim + 1:
        raise ShapeError(
            f"{name} of vectors of shapes {input1.shape} and {input2.shape} and a target of shape {target.shape}; the "
            "shapes are (N, D), (N, D) and (N), or (D), (D) and () for one pair"
        )
    check_fit(name, input1=input1, input2=input2)
    squares1, squares2 = (mg.square(one).sum(-1) + _TINY for one in (input1, input2))
    cosine = (input1 * input2).sum(-1) / mg.sqrt(squares1 * squares2)
    check_fit(name, cosine=cosine, target=target)
    together = mg.where(target == 1, 1 - cosine, 0)
    return reduced(together + mg.where(target == -1, mg.clamp(cosine - margin, min=0), 0), reduction)


@guarded
def triplet_margin_loss(
    anchor: mg.Tensor,
    positive: mg.Tensor,
    negative: mg.Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> mg.Tensor:
    """max(0, d(a, p) − d(a, n) + m) with d the `pairwise_distance` (Schroff et al., 2015; Balntas et al., 2016).

    (*, D), (*, D), (*, D) -> (), or (*) with reduction 'none'. With `swap`, the
    negative's distance is the smaller of those from the anchor and from the positive.

    Raises `ArgumentError` for a margin that is not positive, `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg, nn.functional as F
    >>> F.triplet_margin_loss(mg.tensor([[0., 0.]]), mg.tensor([[3., 4.]]), mg.tensor([[0., 5.]]))
    tensor(1.0000)
    """
    return _triplet(
        "triplet_margin_loss", (anchor, positive, negative), lambda x, y: pairwise_distance(x, y, p, eps), margin, swap,
        reduction,
    )  # fmt: skip


@guarded
def triplet_margin_with_distance_loss(
    anchor: mg.Tensor,
    positive: mg.Tensor,
    negative: mg.Tensor,
    *,
    distance_function: Callable[[mg.Tensor, mg.Tensor], mg.Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> mg.Tensor:
    """`triplet_margin_loss` with any distance, a function of two tensors; None stands for the Euclidean one.

    (*, D), (*, D), (*, D) -> (), or the shape of the distances with reduction 'none'. Raises as `triplet_margin_loss`.

    >>> import minigrad as mg, nn.functional as F
    >>> a, p, n = mg.tensor([[0., 0.]]), mg.tensor([[3., 4.]]), mg.tensor([[0., 5.]])
    >>> F.triplet_margin_with_distance_loss(a, p, n, distance_function=lambda x, y: (x - y).abs().sum(-1))
    tensor(3.)
    """
    if not (distance_function is None or callable(distance_function)):
        raise DTypeError(
            f"triplet_margin_with_distance_loss got distance_function={distance_function!r}; it is a function of two "
            "tensors, or None"
        )
    distance = pairwise_distance if distance_function is None else distance_function
    return _triplet(
        "triplet_margin_with_distance_loss", (anchor, positive, negative), distance, margin, swap, reduction
    )


def check_margin(margin: float, name: str) -> None:
    """Raise `ArgumentError` for a margin that is not positive."""
    if not mg.as_number(margin, name, "margin") > 0:
        raise ArgumentError(f"{name} got margin={margin}; how much farther the negative shall be is a positive number")


def _triplet(
    name: str,
    triplet: tuple[mg.Tensor, mg.Tensor, mg.Tensor],
    distance: Callable[[mg.Tensor, mg.Tensor], mg.Tensor],
    margin: float,
    swap: bool,
    reduction: str,
) -> mg.Tensor:
    check_margin(margin, name)
    anchor, positive, negative = (mg.as_operand(one, name) for one in triplet)
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise ShapeError(
            f"{name} of an anchor {anchor.shape}, a positive {positive.shape} and a negative {negative.shape}; all "
            "three have the same number of axes"
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if mg.as_flag(swap, name, "swap"):
        far = mg.minimum(far, distance(positive, negative))
    return reduced(mg.clamp(near - far + margin, min=0), reduction)
