"""Losses of classification (N98): scores per class against class numbers."""

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError
from minigrad.registry import guarded

from .misuse import warn_of_missing_log, warn_of_probabilities
from .reduction import check_floating, check_reduction, reduced


@guarded
def cross_entropy(
    input: mg.Tensor,
    target: mg.Tensor,
    weight: mg.Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> mg.Tensor:
    """−ln softmax(x) at the right class (N98): what a classifier's logits cost.

    (C), (N, C) or (N, C, *d) logits; class numbers (), (N) or (N, *d), or
    probabilities in the shape of the logits -> (), or the shape of the class
    numbers with reduction 'none'

    `weight` (C) weighs the classes, labels equal to `ignore_index` do not
    count, `label_smoothing` mixes the target with the uniform distribution.
    The gradient in the logits is softmax(x) − t.

    Raises `IndexOutOfRangeError` for labels that are no class, `ShapeError`,
    `DTypeError` for labels that are no integers.

    >>> import minigrad as mg, nn.functional as F
    >>> F.cross_entropy(mg.tensor([[0., 0.]]), mg.tensor([1]))
    tensor(0.6931)
    """
    input, target = mg.as_operand(input, "cross_entropy"), mg.as_operand(target, "cross_entropy")
    check_reduction(reduction)
    axis = 0 if input.ndim == 1 else 1
    check_floating(input, "cross_entropy")
    warn_of_probabilities(input, "cross_entropy", axis)
    hard = target.dtype.kind != "f"
    if hard and weight is None:
        return mg.cross_entropy(input, target, ignore_index, label_smoothing, reduction)  # type: ignore[no-any-return]
    label_smoothing = mg.as_number(label_smoothing, "cross_entropy", "label_smoothing")
    ignore_index = mg.as_integer(ignore_index, "cross_entropy", "ignore_index")
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"cross_entropy got label_smoothing={label_smoothing}; it lies between 0 and 1")
    weight = None if weight is None else mg.as_operand(weight, "cross_entropy")
    if not hard:
        if ignore_index >= 0:
            raise ArgumentError(
                f"cross_entropy got ignore_index={ignore_index} and probabilities; only class numbers can be ignored"
            )
        logs = mg.log_softmax(input, axis)
        return _soft_cross_entropy(logs, target, weight, reduction, label_smoothing, axis)
    assert weight is not None
    if label_smoothing == 0:
        losses = mg.cross_entropy(input, target, ignore_index)
        return _weighed(losses, input, target, weight, ignore_index, reduction)
    # The weight of each class stands inside the sum over the classes.
    logs = mg.log_softmax(input, axis)
    right = nll_loss(logs, target, weight, ignore_index, reduction)
    target = target.to(mg.int64)
    per_class = logs * weight.reshape((-1,) + (1,) * (logs.ndim - axis - 1))
    smooth: mg.Tensor = mg.where(target != ignore_index, -per_class.sum(axis), 0)
    if reduction == "mean":
        # Weighed like the hard part: by the weights of the true classes.
        smooth = smooth.sum() / _weights_of(target, weight, ignore_index).sum()
    else:
        smooth = reduced(smooth, reduction)
    return right * (1 - label_smoothing) + smooth * (label_smoothing / input.shape[axis])


def _soft_cross_entropy(
    logs: mg.Tensor, target: mg.Tensor, weight: mg.Tensor | None, reduction: str, smoothing: float, axis: int
) -> mg.Tensor:
    """Targets are probabilities of the classes."""
    if target.shape != logs.shape:
        raise ShapeError(
            f"cross_entropy of logits of shape {logs.shape} with floating targets of shape {target.shape}: "
            "probabilities have the shape of the logits; class numbers are integers, so use target.long() for those"
        )
    classes = logs.shape[axis]
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    loss = logs * target
    if weight is not None:
        loss = loss * weight.reshape((-1,) + (1,) * (logs.ndim - axis - 1))
    return reduced(-loss.sum(axis), reduction)


def _weights_of(target: mg.Tensor, weight: mg.Tensor, ignore_index: int) -> mg.Tensor:
    """The weight of each label's class; 0 for those that do not count."""
    counted = target != ignore_index
    return weight[mg.where(counted, target, 0)] * counted.to(weight.dtype)


@guarded
def nll_loss(
    input: mg.Tensor,
    target: mg.Tensor,
    weight: mg.Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> mg.Tensor:
    """The negative log-likelihood of the right classes, from log-probabilities (N98).

    (C), (N, C) or (N, C, *d), class numbers (), (N) or (N, *d) -> (), or the
    shape of the class numbers with reduction 'none'. The mean is weighted by
    the classes' `weight`. Raises as `cross_entropy`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.nll_loss(mg.tensor([[-0.5, -1.]]), mg.tensor([1]))
    tensor(1.)
    """
    check_reduction(reduction)
    input, target = mg.as_operand(input, "nll_loss"), mg.as_operand(target, "nll_loss")
    weight = None if weight is None else mg.as_operand(weight, "nll_loss")
    check_floating(input, "nll_loss")
    losses = mg.nll_loss(input, target, ignore_index)
    warn_of_missing_log(input, "nll_loss", 0 if input.ndim == 1 else 1)
    return _weighed(losses, input, target, weight, ignore_index, reduction)


def _weighed(
    losses: mg.Tensor,
    input: mg.Tensor,
    target: mg.Tensor,
    weight: mg.Tensor | None,
    ignore_index: int,
    reduction: str,
) -> mg.Tensor:
    """The losses of the labels times the weights of their classes, reduced; the mean is over what counts."""
    classes = input.shape[0 if input.ndim == 1 else 1]
    if weight is not None:
        _check_class_weight(weight, input, classes)
        weights = _weights_of(target.to(mg.int64), weight, ignore_index)
        losses = losses * weights
    elif reduction == "mean":
        if target.numel() and not (target.numpy() == ignore_index).any():
            return losses.mean()
        weights = (target.to(mg.int64) != ignore_index).to(input.dtype)
    if reduction != "mean":
        return reduced(losses, reduction)
    return losses.sum() / weights.sum()


def _check_class_weight(weight: mg.Tensor, input: mg.Tensor, classes: int) -> None:
    if weight.dtype != input.dtype:
        raise DTypeError(
            f"a class weight of {weight.dtype} arrived for scores of {input.dtype}; use weight.to(scores.dtype)"
        )
    if weight.shape != (classes,):
        raise ShapeError(
            f"a class weight of shape {weight.shape} arrived for {classes} classes; it needs shape ({classes},)"
        )


# ---------------------------------------------------------------------------- margins


def _rows(input: mg.Tensor, name: str) -> mg.Tensor:
    """Scores (N, C); one sample without batch, (C) or (), becomes a batch of one."""
    check_floating(input, name)
    if input.ndim > 2 or 0 in input.shape[-1:]:
        raise ShapeError(
            f"{name} got scores of shape {input.shape}; they are (N, C), or (C) for one sample, with at least one class"
        )
    return input if input.ndim == 2 else input.reshape(1, -1)


def _check_integers(target: mg.Tensor, name: str) -> mg.Tensor:
    if target.dtype.kind not in "iu":
        raise DTypeError(f"{name} got labels of {target.dtype}; class numbers are integers, for example target.long()")
    return target.to(mg.int64)


def _check_range(labels: mg.Tensor, lowest: int, classes: int, name: str) -> None:
    wrong = mg.logical_or(labels < lowest, labels >= classes)
    if bool(wrong.any()):
        raise IndexOutOfRangeError(
            f"{name} got the label {int(labels[wrong][0])} for scores of {classes} classes; labels count from 0 to "
            f"{classes - 1}" + (", and -1 ends them" if lowest == -1 else ". Do yours start at 1?")
        )


@guarded
def multi_margin_loss(
    input: mg.Tensor,
    target: mg.Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: mg.Tensor | None = None,
    reduction: str = "mean",
) -> mg.Tensor:
    """Every wrong class shall stay a margin below the right one: Σⱼ max(0, m − x_t + xⱼ)ᵖ/C (Crammer and Singer, 2001).

    (N, C) or (C), class numbers (N) or () -> (), or the shape of the class numbers with reduction 'none'.
    `weight` (C) weighs the right classes. Raises `ArgumentError` for a p other than 1 and 2,
    `IndexOutOfRangeError` for labels that are no class, `DTypeError`, `ShapeError`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.multi_margin_loss(mg.tensor([[0.5, 0., 1.]]), mg.tensor([0]))
    tensor(0.6667)
    """
    name = "multi_margin_loss"
    if mg.as_number(p, name, "p") not in (1, 2):
        raise ArgumentError(f"{name} got p={p}; it is 1 or 2")
    input, target = mg.as_operand(input, name), mg.as_operand(target, name)
    rows, labels = _rows(input, name), _check_integers(target, name).reshape(-1)
    count, classes = rows.shape
    if target.ndim > 1 or labels.numel() != count:
        raise ShapeError(
            f"{name} of scores of shape {input.shape} and labels of shape {target.shape}; one label per sample was "
            f"expected, shape {input.shape[:-1]}"
        )
    _check_range(labels, 0, classes, name)
    right = mg.gather(rows, 1, labels.unsqueeze(1))
    short = mg.relu(rows - right + margin)
    costs = mg.where(labels.unsqueeze(1) == mg.arange(classes), 0, short if p == 1 else mg.square(short))
    if weight is not None:
        weight = mg.as_operand(weight, name)
        _check_class_weight(weight, input, classes)
        costs = costs * weight[labels].unsqueeze(1)
    return reduced((costs.sum(1) / classes).reshape(target.shape), reduction)


@guarded
def multilabel_margin_loss(input: mg.Tensor, target: mg.Tensor, reduction: str = "mean") -> mg.Tensor:
    """Every wrong class shall stay 1 below every right one: Σ max(0, 1 − x_right + x_wrong)/C.

    (N, C) or (C), the right class numbers in the same shape, a -1 behind the last -> (), or (N) or () with
    reduction 'none'. A class that is named twice counts twice.

    Raises `IndexOutOfRangeError` for labels that are no class and not -1, `DTypeError`, `ShapeError`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.multilabel_margin_loss(mg.tensor([[0.1, 0.2, 0.4, 0.8]]), mg.tensor([[3, 0, -1, 1]]))
    tensor(0.8500)
    """
    name = "multilabel_margin_loss"
    input, target = mg.as_operand(input, name), mg.as_operand(target, name)
    rows, labels = _rows(input, name), _check_integers(target, name)
    if target.shape != input.shape and not (input.numel() == target.numel() == 1 and input.ndim + target.ndim == 1):
        raise ShapeError(
            f"{name} of scores of shape {input.shape} and labels of shape {target.shape}; both have the same shape: "
            "the right class numbers come first, then -1"
        )
    labels = labels.reshape(rows.shape)
    classes = rows.shape[1]
    _check_range(labels, -1, classes, name)
    ends = labels < 0
    end = mg.where(ends.any(1), mg.argmax(ends.to(mg.int64), 1), classes)
    named = mg.arange(classes) < end.unsqueeze(1)
    labels = mg.where(named, labels, 0)
    is_right = mg.logical_and(named.unsqueeze(2), labels.unsqueeze(2) == mg.arange(classes)).any(1)
    right = mg.gather(rows, 1, labels).unsqueeze(2)
    pairs = mg.logical_and(named.unsqueeze(2), ~is_right.unsqueeze(1))  # (N, right classes, all classes)
    costs = mg.where(pairs, mg.relu(rows.unsqueeze(1) - right + 1), 0)
    return reduced((costs.sum((1, 2)) / classes).reshape(input.shape[:-1]), reduction)
