"""Clipping gradients between `backward` and `step`, in place."""

import math
from collections.abc import Iterable
from typing import Any

import minigrad as mg
from minigrad.errors import DTypeError, GradError
from minigrad.explaining import iterable
from minigrad.registry import guarded

from ..module import Module

__all__ = ["clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm", "listed"]

Tensors = mg.Tensor | Iterable[mg.Tensor]


def listed(tensors: Tensors, name: str) -> list[mg.Tensor]:
    """The tensors in a list; raises `DTypeError`, naming the function, for what are none."""
    found: list[Any] = list(tensors) if iterable(tensors) and not isinstance(tensors, mg.Tensor) else [tensors]
    for tensor in found:
        if not isinstance(tensor, mg.Tensor):
            remedy = "model.parameters()" if isinstance(tensor, Module) else "tensors, such as model.parameters() gives"
            raise DTypeError(f"{name} got a {type(tensor).__name__} where a parameter belongs; give {remedy}")
    return found


def _gradients(parameters: Tensors, name: str) -> list[mg.Tensor]:
    return [parameter.grad for parameter in listed(parameters, name) if parameter.grad is not None]


def _norm(tensor: mg.Tensor, order: float) -> mg.Tensor:
    """(Σ |x|^p)^(1/p) over all elements, and its limits at 0 and ±∞."""
    if not tensor.is_floating_point():
        raise DTypeError(
            f"the norm of a tensor of {tensor.dtype} is a fraction; convert it first, for example t.float()"
        )
    if tensor.dtype == mg.float16:
        return _norm(tensor.float(), order).to(mg.float16)
    size = mg.abs(tensor)
    if order == math.inf:
        return mg.amax(size)
    if order == -math.inf:
        return mg.amin(size)
    if order == 0:
        return mg.sum((size != 0).to(tensor.dtype))
    if order == 2:
        return mg.sqrt(mg.sum(size * size))
    return mg.sum(size**order) ** (1 / order)


@guarded
@mg.no_grad()
def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> mg.Tensor:
    """The norm of all tensors as one vector; `norm_type` is its order, math.inf for the largest absolute value.

    Raises `GradError` with `error_if_nonfinite` where it is infinite or NaN. `foreach` has no meaning here.

    >>> import minigrad as mg, nn
    >>> nn.utils.get_total_norm([mg.tensor([3.]), mg.tensor([[4.]])])
    tensor(5.)
    """
    order = mg.as_number(math.inf if str(norm_type) == "inf" else norm_type, "get_total_norm", "norm_type")
    norms = [_norm(tensor, order) for tensor in listed(tensors, "get_total_norm")]
    total = _norm(mg.stack(norms), order) if norms else mg.tensor(0.0)
    if error_if_nonfinite and not total.isfinite():
        raise GradError(
            f"the norm of order {norm_type} of the gradients is {total.item()}, so that they cannot be clipped by it. "
            "Look for the first layer whose gradient is not finite, or pass error_if_nonfinite=False to scale by it "
            "all the same"
        )
    return total


@guarded
@mg.no_grad()
def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: mg.Tensor, foreach: bool | None = None
) -> None:
    """Multiply the gradients by max_norm/(total_norm + 10⁻⁶) where that is below 1, in place.

    >>> import minigrad as mg, nn
    >>> w = nn.Parameter(mg.zeros(2)); w.grad = mg.tensor([6., 8.])
    >>> nn.utils.clip_grads_with_norm_(w, 5.0, mg.tensor(10.)); w.grad
    tensor([3.0000, 4.0000])
    """
    factor = mg.clamp(mg.as_number(max_norm, "clip_grads_with_norm_", "max_norm") / (total_norm + 1e-6), max=1.0)
    for gradient in _gradients(parameters, "clip_grads_with_norm_"):
        gradient.mul_(factor)


@guarded
@mg.no_grad()
def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> mg.Tensor:
    """Scale the gradients of all parameters together so that their norm is at most `max_norm` (Pascanu et al., 2013).

    Returns the norm that they had. Parameters without a gradient are passed over.
    Raises `GradError` with `error_if_nonfinite` where the norm is infinite or NaN.

    >>> import minigrad as mg, nn
    >>> w = nn.Parameter(mg.zeros(2)); w.grad = mg.tensor([6., 8.])
    >>> nn.utils.clip_grad_norm_([w], 1.0), w.grad
    (tensor(10.), tensor([0.6000, 0.8000]))
    """
    parameters = listed(parameters, "clip_grad_norm_")
    total = get_total_norm(_gradients(parameters, "clip_grad_norm_"), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(parameters, max_norm, total, foreach)
    return total


@guarded
@mg.no_grad()
def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Limit each element of the gradients to [−clip_value, clip_value], in place.

    >>> import minigrad as mg, nn
    >>> w = nn.Parameter(mg.zeros(2)); w.grad = mg.tensor([6., -0.5])
    >>> nn.utils.clip_grad_value_(w, 1.0); w.grad
    tensor([ 1.0000, -0.5000])
    """
    limit = mg.as_number(clip_value, "clip_grad_value_", "clip_value")
    for gradient in _gradients(parameters, "clip_grad_value_"):
        gradient.clamp_(-limit, limit)
