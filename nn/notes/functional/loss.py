"""The losses as the notes write them, summed over samples and outputs (N97–N99)."""

import minigrad as mg
from minigrad.errors import ArgumentError
from minigrad.registry import guarded
from nn.functional.reduction import check_floating, check_same_shape


def _pair(input: mg.Tensor, target: mg.Tensor, name: str) -> tuple[mg.Tensor, mg.Tensor]:
    """Both as tensors of one shape."""
    y, t = mg.as_operand(input, name), mg.as_operand(target, name)
    check_same_shape(y, t, name)
    check_floating(y, name)
    return y, t


@guarded
def sum_squared_error(input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
    """L = Σ_n Σ_k (y − t)²; the gradient is 2(y − t) (N97).

    (*), (*) -> (). The same as n·`mse_loss` for n numbers. Raises `ShapeError` where the shapes differ.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> F.sum_squared_error(mg.tensor([1., 2.]), mg.tensor([1., 4.]))
    tensor(4.)
    """
    y, t = _pair(input, target, "sum_squared_error")
    return mg.square(y - t).sum()


@guarded
def half_squared_error(input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
    """L = ½·Σ_n Σ_k (y − t)²; the gradient is y − t, the 2 cancels the ½ (N99, X63).

    (*), (*) -> (). Raises `ShapeError` where the shapes differ.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> F.half_squared_error(mg.tensor([1., 2.]), mg.tensor([1., 4.]))
    tensor(2.)
    """
    y, t = _pair(input, target, "half_squared_error")
    return mg.square(y - t).sum() / 2


@guarded
def cross_entropy(input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
    """L = −Σ_n Σ_k t·ln y of probabilities y; the gradient is −t/y (N98, X62).

    (*), (*) -> ()

    What the target does not count, t = 0, adds nothing, even at y = 0. The input
    comes from a softmax or a sigmoid; `nn.functional.cross_entropy` takes logits
    instead, in one step that does not underflow.

    Raises `ArgumentError` for an input outside [0, 1], `ShapeError` where the shapes differ.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> F.cross_entropy(mg.tensor([0.2, 0.7, 0.1]), mg.tensor([0., 1., 0.]))
    tensor(0.3567)
    """
    y, t = _pair(input, target, "cross_entropy")
    outside = (y < 0) | (y > 1.001)  # what a softmax rounds up is not meant
    if bool(outside.any()):
        raise ArgumentError(
            "cross_entropy of nn.notes got numbers outside [0, 1]; it takes probabilities, as a softmax gives them. "
            "For logits use nn.CrossEntropyLoss, or nn.BCEWithLogitsLoss for several labels at once"
        )
    idle = (t == 0) & (y == 0)
    return -(t * mg.log(mg.where(idle, 1, y))).sum()
