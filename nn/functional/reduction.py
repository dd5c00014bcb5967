"""What every loss begins and ends with: operands that fit together, and the mean, the sum or neither."""

from collections.abc import Sequence

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError


def check_reduction(reduction: str) -> None:
    """Raise `ArgumentError` for another word than 'none', 'mean' and 'sum'."""
    if not isinstance(reduction, str) or reduction not in ("none", "mean", "sum"):
        raise ArgumentError(f"reduction={reduction!r}; it is 'none', 'mean' or 'sum'")


def reduced(losses: mg.Tensor, reduction: str) -> mg.Tensor:
    """The losses themselves, their mean or their sum; the mean of nothing is NaN."""
    check_reduction(reduction)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.mean()


def check_same_shape(input: mg.Tensor, target: mg.Tensor, name: str) -> None:
    """Raise `ShapeError` where the shapes differ: broadcasting would compare values that have nothing in common."""
    if input.shape == target.shape:
        return
    remedy = "use squeeze or reshape so that both have one shape"
    if input.numel() == target.numel():
        remedy = f"use target.reshape{input.shape} or input.squeeze() so that each value meets its own target"
    raise ShapeError(
        f"{name} of an input of shape {input.shape} and a target of shape {target.shape}: broadcasting would compare "
        f"every value with every target, which is hardly ever meant; {remedy}"
    )


def check_floating(tensor: mg.Tensor, name: str, role: str = "input", hint: str = "") -> None:
    """Raise `DTypeError` for integers and bools where a loss needs fractions."""
    if tensor.dtype.kind != "f":
        article = "" if role.endswith("s") else "an " if role[0] in "aio" else "a "
        raise DTypeError(
            f"{name} got {article}{role} of {tensor.dtype}; it must be floating. "
            + (hint or f"Use {role}.float(), or put the arguments in the order (input, target)")
        )


def check_weight(weight: mg.Tensor, shape: Sequence[int], name: str, role: str = "weight") -> None:
    """Raise `ShapeError` for a weight that does not broadcast to `shape`."""
    sizes = tuple(shape)[len(shape) - weight.ndim :] if weight.ndim <= len(shape) else ()
    if len(sizes) != weight.ndim or any(own not in (1, size) for own, size in zip(weight.shape, sizes, strict=True)):
        raise ShapeError(
            f"{name} got a {role} of shape {weight.shape} for an input of shape {tuple(shape)}; it must broadcast to "
            "that shape: as long as the last axis, or with axes of size 1"
        )


def check_fit(name: str, **operands: mg.Tensor) -> None:
    """Raise `ShapeError`, naming each operand, where their shapes do not broadcast."""
    longest = max(operand.ndim for operand in operands.values())
    for axis in range(-longest, 0):
        sizes = {operand.shape[axis] for operand in operands.values() if operand.ndim >= -axis}
        if len(sizes - {1}) > 1:
            shown = ", ".join(f"{role} {operand.shape}" for role, operand in operands.items())
            raise ShapeError(
                f"{name} of shapes that do not fit: {shown}. Along axis {axis} they have the sizes {sorted(sizes)}, "
                "where all are equal, or 1"
            )
