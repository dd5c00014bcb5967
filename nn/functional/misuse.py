"""Warnings where the tape knows that a loss is given what it does not take: probabilities for logits or logarithms."""

import minigrad as mg
from minigrad.callers import warn
from minigrad.errors import DoubledSoftmaxWarning, LogOfSoftmaxWarning, MissingLogWarning

# Probabilities that pass through these are probabilities still.
_CARRIERS = frozenset({
    "cast", "clamp_both", "clamp_max", "clamp_min", "clone", "contiguous", "expand", "flip", "getitem", "identity",
    "permute", "reshape",
})  # fmt: skip

# What losses of logits are not to be given: across the classes, or of each alone.
_NORMALIZED = frozenset({"softmax", "log_softmax", "log"})
_SQUASHED = frozenset({"sigmoid", "softmax"})


def _producers(tensor: mg.Tensor) -> tuple[str, str]:
    """The operation that computed a tensor, and the one that computed its first operand; '' where it is not known."""
    node = tensor.grad_fn
    names: list[str] = []
    while node is not None and len(names) < 2:
        if node.name() not in _CARRIERS:
            names.append(node.name())
        elif node.name() == "identity" and len(node.next_functions) > 1:
            break
        node = node.next_functions[0][0] if node.next_functions else None
    first, second = [*names, "", ""][:2]
    return first, second


def _sums_to_one(input: mg.Tensor, axis: int) -> bool:
    """Whether the values along the axis are those of a distribution: the softmax was over the classes."""
    sums = input.numpy(force=True).sum(axis)
    return bool((abs(sums - 1) < 1e-2).all())


def warn_of_probabilities(input: mg.Tensor, name: str, axis: int | None = None) -> None:
    """Warn where a loss that takes logits is given probabilities: of softmax along `axis`, or without it of sigmoid."""
    node = input.grad_fn
    kinds = _SQUASHED if axis is None else _NORMALIZED
    if node is None or ((last := node.name()) not in kinds and last not in _CARRIERS):
        return
    made, before = _producers(input)
    if made not in kinds or (made == "log" and before != "softmax"):
        return
    if made == "softmax" and axis is not None and not _sums_to_one(input, axis):
        return
    if made in ("log_softmax", "log"):
        given = "log_softmax" if made == "log_softmax" else "the logarithm of a softmax"
        warn(
            f"{name} got the result of {given}: it takes logits and applies log_softmax itself, which changes nothing "
            "the second time. Give it the logits, or the logarithms to nll_loss",
            DoubledSoftmaxWarning,
        )
        return
    itself = "log_softmax" if axis is not None else "the sigmoid"
    warn(
        f"{name} got the result of {made}: it takes logits and applies {itself} itself. Done twice, the loss cannot "
        "come near 0 and the gradients are small. Leave the last layer or call away",
        DoubledSoftmaxWarning,
    )


def warn_of_missing_log(input: mg.Tensor, name: str, axis: int | None = None) -> None:
    """Warn where a loss that takes logarithms of probabilities is given a softmax (along `axis`), or its log."""
    if input.grad_fn is None:
        return
    made, before = _producers(input)
    if made == "softmax" and (axis is None or _sums_to_one(input, axis)):
        warn(
            f"{name} got the result of softmax: it takes the logarithms of probabilities, so what it computes is no "
            "likelihood. Use log_softmax" + (", or cross_entropy on the logits" if name == "nll_loss" else ""),
            MissingLogWarning,
        )
    elif made == "log" and before == "softmax":
        warn(
            f"{name} got the logarithm of a softmax: where the softmax underflows to 0 the loss is infinite and the "
            "gradient NaN. Use log_softmax, which is the same without the underflow",
            LogOfSoftmaxWarning,
        )
