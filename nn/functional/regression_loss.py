"""Losses between values and what they should be (N97, N99, N100): absolute, squared, and between the two."""

from collections.abc import Callable

import minigrad as mg
from minigrad.errors import ArgumentError, ShapeError
from minigrad.registry import guarded

from .reduction import check_floating, check_reduction, check_same_shape, reduced


def _pair(input: mg.Tensor, target: mg.Tensor, name: str) -> tuple[mg.Tensor, mg.Tensor]:
    """The two as tensors of one shape, at least one of them floating."""
    input, target = mg.as_operand(input, name), mg.as_operand(target, name)
    check_same_shape(input, target, name)
    if target.dtype.kind != "f":
        check_floating(input, name, "difference", "Use input.float().")
    return input, target


def _weights(weight: mg.Tensor, losses: mg.Tensor, name: str) -> mg.Tensor:
    """The weight per element, in the shape of the losses."""
    weights = mg.as_operand(weight, name)
    if weights.shape != losses.shape:
        raise ShapeError(
            f"{name} got a weight of shape {weights.shape} for an input of shape {losses.shape}; it holds one number "
            "per element, so both need one shape: use weight.expand(input.shape)"
        )
    return weights


def _weighted(
    loss: Callable[..., mg.Tensor],
    input: mg.Tensor,
    target: mg.Tensor,
    weight: mg.Tensor | None,
    reduction: str,
    name: str,
) -> mg.Tensor:
    """The reduced losses; with weights the mean is the weighted one."""
    check_reduction(reduction)
    if weight is None:
        return loss(input, target, reduction=reduction)
    losses = loss(input, target)
    weights = _weights(weight, losses, name)
    weighted = losses * weights
    return weighted.sum() / weights.sum() if reduction == "mean" else reduced(weighted, reduction)


@guarded
def l1_loss(input: mg.Tensor, target: mg.Tensor, reduction: str = "mean", weight: mg.Tensor | None = None) -> mg.Tensor:
    """The absolute error |y − t|, its mean or its sum; the gradient where both are equal is 0.

    (*), (*) -> (), or (*) with reduction 'none'. A `weight` per element weighs
    the errors, and their mean. Raises `ShapeError` where the shapes differ, as `mse_loss`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.l1_loss(mg.tensor([1., 2.]), mg.tensor([1., 4.]))
    tensor(1.)
    """
    input, target = mg.as_operand(input, "l1_loss"), mg.as_operand(target, "l1_loss")
    check_same_shape(input, target, "l1_loss")
    return _weighted(mg.absolute_error, input, target, weight, reduction, "l1_loss")


@guarded
def mse_loss(
    input: mg.Tensor, target: mg.Tensor, reduction: str = "mean", weight: mg.Tensor | None = None
) -> mg.Tensor:
    """The squared error (N97, N100): (y − t)², its mean or its sum. Half the sum is N99.

    (*), (*) -> (), or (*) with reduction 'none'. A `weight` per element weighs
    the squares, and their mean. Raises `ShapeError` where the
    shapes differ: (N, 1) against (N,) would broadcast silently.

    >>> import minigrad as mg, nn.functional as F
    >>> F.mse_loss(mg.tensor([1., 2.]), mg.tensor([1., 4.]))
    tensor(2.)
    """
    input, target = _pair(input, target, "mse_loss")
    return _weighted(mg.squared_error, input, target, weight, reduction, "mse_loss")


@guarded
def smooth_l1_loss(input: mg.Tensor, target: mg.Tensor, reduction: str = "mean", beta: float = 1.0) -> mg.Tensor:
    """The absolute error, rounded off near 0 (Girshick, 2015): z²/(2β) where |z| < β, else |z| − β/2; z = y − t.

    (*), (*) -> (), or (*) with reduction 'none'. It is `huber_loss`/β, and with
    β = 0 `l1_loss`. Raises `ArgumentError` for a negative β, `ShapeError` where the shapes differ, as `mse_loss`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.smooth_l1_loss(mg.tensor([1., 2.]), mg.tensor([0.5, 4.]), reduction="none")
    tensor([0.1250, 1.5000])
    """
    beta = mg.as_number(beta, "smooth_l1_loss", "beta")
    if not beta >= 0:
        raise ArgumentError(
            f"smooth_l1_loss got beta={beta}; the width of the rounded part is a number that is not negative"
        )
    if beta == 0:
        return l1_loss(input, target, reduction)
    input, target = _pair(input, target, "smooth_l1_loss")
    check_reduction(reduction)
    return mg.huber_error(input, target, beta, beta, reduction)  # type: ignore[no-any-return]


@guarded
def huber_loss(
    input: mg.Tensor,
    target: mg.Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: mg.Tensor | None = None,
) -> mg.Tensor:
    """Squared near 0, linear beyond δ (Huber, 1964): z²/2 where |z| < δ, else δ·(|z| − δ/2); z = y − t.

    (*), (*) -> (), or (*) with reduction 'none'. A `weight` per element weighs
    the errors; their mean is over the number of elements. The gradient is z limited to [−δ, δ].

    Raises `ArgumentError` for a δ that is not positive, `ShapeError` where the shapes differ, as `mse_loss`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.huber_loss(mg.tensor([1., 2.]), mg.tensor([0.5, 4.]), reduction="none")
    tensor([0.1250, 1.5000])
    """
    delta = mg.as_number(delta, "huber_loss", "delta")
    if not delta > 0:
        raise ArgumentError(f"huber_loss got delta={delta}; the error where it becomes linear is a positive number")
    input = mg.as_operand(input, "huber_loss")
    check_floating(input, "huber_loss")
    input, target = _pair(input, target, "huber_loss")
    check_reduction(reduction)
    if weight is None:
        return mg.huber_error(input, target, delta, reduction=reduction).to(input.dtype)  # type: ignore[no-any-return]
    losses = mg.huber_error(input, target, delta).to(input.dtype)
    return reduced(losses * _weights(weight, losses, "huber_loss"), reduction)
