"""Losses (N97, N98, N100)."""

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError


def _check_reduction(reduction: str) -> None:
    if reduction not in ("none", "mean", "sum"):
        raise ArgumentError(f"reduction={reduction!r}; it is 'none', 'mean' or 'sum'")


def _reduced(loss: mg.Tensor, reduction: str) -> mg.Tensor:
    _check_reduction(reduction)
    if reduction == "none":
        return loss
    if reduction == "sum":
        return loss.sum()
    return loss.mean()


def _same_shape(input: mg.Tensor, target: mg.Tensor, name: str) -> None:
    if input.shape == target.shape:
        return
    remedy = "use squeeze or reshape so that both have one shape"
    if input.numel() == target.numel():
        remedy = f"use target.reshape{input.shape} or input.squeeze() so that each value meets its own target"
    raise ShapeError(
        f"{name} of an input of shape {input.shape} and a target of shape {target.shape}: broadcasting would compare "
        f"every value with every target, which is hardly ever meant; {remedy}"
    )


def mse_loss(
    input: mg.Tensor, target: mg.Tensor, reduction: str = "mean", weight: mg.Tensor | None = None
) -> mg.Tensor:
    """The squared error (N97, N100): (y − t)², its mean or its sum.

    (*), (*) -> (), or (*) with reduction 'none'. A `weight` per element weighs
    the squares, and their mean. Raises `ShapeError` where the
    shapes differ: (N, 1) against (N,) would broadcast silently.

    >>> import minigrad as mg, nn.functional as F
    >>> F.mse_loss(mg.tensor([1., 2.]), mg.tensor([1., 4.]))
    tensor(2.)
    """
    input, target = mg.as_operand(input, "mse_loss"), mg.as_operand(target, "mse_loss")
    _same_shape(input, target, "mse_loss")
    squares = mg.square(input - target)
    if weight is None:
        return _reduced(squares, reduction)
    weights = mg.as_operand(weight, "mse_loss")
    _same_shape(input, weights, "mse_loss")
    weighted = squares * weights
    return weighted.sum() / weights.sum() if reduction == "mean" else _reduced(weighted, reduction)


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
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"cross_entropy got label_smoothing={label_smoothing}; it lies between 0 and 1")
    input, target = mg.as_operand(input, "cross_entropy"), mg.as_operand(target, "cross_entropy")
    weight = None if weight is None else mg.as_operand(weight, "cross_entropy")
    if target.dtype.kind in "iu":
        target = target.to(mg.int64)
    axis = 0 if input.ndim == 1 else 1
    logs = mg.log_softmax(input, axis)
    if target.dtype.kind == "f":
        return _soft_cross_entropy(logs, target, weight, reduction, label_smoothing, axis)
    hard = nll_loss(logs, target, weight, ignore_index, reduction)
    if label_smoothing == 0:
        return hard
    counted = target != ignore_index
    per_class = logs if weight is None else logs * weight.reshape((-1,) + (1,) * (logs.ndim - axis - 1))
    smooth: mg.Tensor = mg.where(counted, -per_class.sum(axis), 0)
    if reduction == "mean":
        # Weighed like the hard part: by the weights of the true classes.
        smooth = smooth.sum() / (counted if weight is None else _weights_of(target, weight, ignore_index)).sum()
    else:
        smooth = _reduced(smooth, reduction)
    return hard * (1 - label_smoothing) + smooth * (label_smoothing / input.shape[axis])


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
    loss = -loss.sum(axis)
    return loss.sum() / loss.numel() if reduction == "mean" else _reduced(loss, reduction)


def _weights_of(target: mg.Tensor, weight: mg.Tensor, ignore_index: int) -> mg.Tensor:
    """The weight of each label's class; 0 for those that do not count."""
    counted = target != ignore_index
    return weight[mg.where(counted, target, 0)] * counted.to(weight.dtype)


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
    _check_reduction(reduction)
    input, target = mg.as_operand(input, "nll_loss"), mg.as_operand(target, "nll_loss")
    weight = None if weight is None else mg.as_operand(weight, "nll_loss")
    if target.dtype.kind in "iu":
        target = target.to(mg.int64)  # unsigned labels could not be compared with ignore_index
    axis = 0 if input.ndim == 1 else 1
    classes = _check_labels(input, target, weight, ignore_index, axis)
    rows = mg.movedim(input, axis, -1).reshape(-1, classes) if classes else input.reshape(-1, 0)
    labels = target.reshape(-1)
    counted = labels != ignore_index
    everything = bool(counted.all())
    safe = labels if everything else mg.where(counted, labels, 0)
    loss = -mg.gather(rows, 1, safe.unsqueeze(1)).squeeze(1)
    weights = None
    if weight is not None:
        weights = _weights_of(labels, weight, ignore_index)
    elif not everything:
        weights = counted.to(input.dtype)
    if weights is not None:
        loss = mg.where(counted, loss, 0) * weights
    if reduction == "none":
        return loss.reshape(target.shape)
    total = loss.sum()
    if reduction == "sum":
        return total
    return total / (weights.sum() if weights is not None else labels.numel())


def _check_labels(input: mg.Tensor, target: mg.Tensor, weight: mg.Tensor | None, ignore_index: int, axis: int) -> int:
    """The number of classes, once labels and scores fit together."""
    if target.dtype.kind not in "iu":
        raise DTypeError(
            f"labels of {target.dtype} arrived; class numbers are integers, for example target.long(). Probabilities "
            "go to cross_entropy, in the shape of the logits"
        )
    wanted = input.shape[:axis] + input.shape[axis + 1 :]
    if input.ndim == 0 or target.shape != wanted:
        hint = ". One-hot targets? Use target.argmax(1)" if target.shape == input.shape else ""
        raise ShapeError(
            f"scores of shape {input.shape} with labels of shape {target.shape}: scores are (N, C, …) and labels (N, "
            f"…), so labels of shape {wanted} were expected{hint}"
        )
    classes = input.shape[axis]
    if weight is not None and weight.dtype != input.dtype:
        raise DTypeError(
            f"a class weight of {weight.dtype} arrived for scores of {input.dtype}; use weight.to(scores.dtype)"
        )
    if weight is not None and weight.shape != (classes,):
        raise ShapeError(
            f"a class weight of shape {weight.shape} arrived for {classes} classes; it needs shape ({classes},)"
        )
    wrong = mg.logical_and(mg.logical_or(target < 0, target >= classes), target != ignore_index)
    if bool(wrong.any()):
        first = int(target[wrong][0])
        raise IndexOutOfRangeError(
            f"the label {first} arrived for scores of {classes} classes; labels count from 0 to {classes - 1}. Do "
            "yours start at 1, or has the last layer too few outputs?"
        )
    return classes
