"""Losses of probabilities and of distributions (N98): yes-or-no questions, divergences, likelihoods."""

import math

import minigrad as mg
from minigrad.callers import warn
from minigrad.errors import ArgumentError, DTypeError, MeanDivergenceWarning, ShapeError
from minigrad.registry import guarded

from .activation import logsigmoid
from .misuse import warn_of_missing_log, warn_of_probabilities
from .reduction import check_fit, check_floating, check_reduction, check_same_shape, check_weight, reduced

# ------------------------------------------------------------------------- yes or no


def _check_between_0_and_1(values: mg.Tensor, what: str, remedy: str) -> None:
    outside = ~((values.detach() >= 0) & (values.detach() <= 1))
    if bool(outside.any()):
        first = values.detach()[outside].reshape(-1)[0].item()
        raise ArgumentError(f"binary_cross_entropy got {what} of {first}; they lie between 0 and 1. {remedy}")


@guarded
def binary_cross_entropy(
    input: mg.Tensor, target: mg.Tensor, weight: mg.Tensor | None = None, reduction: str = "mean"
) -> mg.Tensor:
    """What probabilities cost where the answers are known: −t·ln x − (1 − t)·ln(1 − x) (N98, N2).

    (*), (*) -> (), or (*) with reduction 'none'. `weight` broadcasts to (*).
    Logarithms below −100 count as −100, and no gradient is beyond 10¹²: a
    certain mistake stays finite. From logits, `binary_cross_entropy_with_logits` is exact.

    Raises `ArgumentError` for values outside [0, 1], `ShapeError` where the shapes differ,
    `DTypeError` for answers that are not in the dtype of the probabilities.

    >>> import minigrad as mg, nn.functional as F
    >>> F.binary_cross_entropy(mg.tensor([0.5, 0.9]), mg.tensor([1., 0.]), reduction="none")
    tensor([0.6931, 2.3026])
    """
    name = "binary_cross_entropy"
    input, target = mg.as_operand(input, name), mg.as_operand(target, name)
    check_floating(input, name)
    if target.dtype != input.dtype:
        raise DTypeError(
            f"{name} got a target of {target.dtype} for an input of {input.dtype}; use target.to(input.dtype)"
        )
    check_same_shape(input, target, name)
    _check_between_0_and_1(
        input, "an input", "Did you forget the sigmoid? For logits there is binary_cross_entropy_with_logits"
    )
    _check_between_0_and_1(target, "a target", "Targets are 0, 1 or a probability; did you swap input and target?")
    losses = mg.binary_cross_entropy(input, target)
    if weight is not None:
        weights = mg.as_operand(weight, name)
        check_weight(weights, input.shape, name)
        losses = (losses * weights).to(input.dtype)
    return reduced(losses, reduction)


@guarded
def binary_cross_entropy_with_logits(
    input: mg.Tensor,
    target: mg.Tensor,
    weight: mg.Tensor | None = None,
    reduction: str = "mean",
    pos_weight: mg.Tensor | None = None,
) -> mg.Tensor:
    """What logits cost where the answers are known: −p·t·ln s(x) − (1 − t)·ln s(−x), s the sigmoid (N98, N67).

    (*), (*) -> (), or (*) with reduction 'none'. `weight` and `pos_weight`
    broadcast to (*); p, the `pos_weight`, weighs the answer yes. It neither overflows nor loses
    digits at either end; without p the gradient is s(x) − t.

    Raises `ShapeError` where the shapes differ, `DTypeError` for integers.

    >>> import minigrad as mg, nn.functional as F
    >>> F.binary_cross_entropy_with_logits(mg.tensor([0., 1e4]), mg.tensor([1., 0.]), reduction="none")
    tensor([6.9315e-01, 1.0000e+04])
    """
    name = "binary_cross_entropy_with_logits"
    input, target = mg.as_operand(input, name), mg.as_operand(target, name)
    check_floating(input, name)
    check_floating(target, name, "target", "Use target.float().")
    check_same_shape(input, target, name)
    warn_of_probabilities(input, name)
    check_reduction(reduction)
    if pos_weight is None and weight is None:
        return mg.logistic_loss(input, target, reduction).to(target.dtype)  # type: ignore[no-any-return]
    if pos_weight is None:
        losses = mg.logistic_loss(input, target)
    else:
        pos_weight = mg.as_operand(pos_weight, name)
        check_weight(pos_weight, input.shape, name, "pos_weight")
        losses = -(target * logsigmoid(input) * pos_weight + (1 - target) * logsigmoid(-input))
    if weight is not None:
        weight = mg.as_operand(weight, name)
        check_weight(weight, input.shape, name)
        losses = losses * weight
    return reduced(losses.to(target.dtype), reduction)


@guarded
def multilabel_soft_margin_loss(
    input: mg.Tensor, target: mg.Tensor, weight: mg.Tensor | None = None, reduction: str = "mean"
) -> mg.Tensor:
    """The mean over the classes of `binary_cross_entropy_with_logits`: any number of classes may be right (N98, N2).

    (*, C), (*, C) of zeros and ones -> (), or (*) with reduction 'none'; `weight`
    (C) weighs the classes. Raises `ShapeError` where the shapes do not fit, `DTypeError` for integer logits.

    >>> import minigrad as mg, nn.functional as F
    >>> F.multilabel_soft_margin_loss(mg.tensor([[0., 2.]]), mg.tensor([[1, 1]]))
    tensor(0.4100)
    """
    name = "multilabel_soft_margin_loss"
    input, target = mg.as_operand(input, name), mg.as_operand(target, name)
    check_floating(input, name)
    if target.dtype.kind == "b":
        raise DTypeError(f"{name} got a target of bool; use target.float()")
    check_fit(name, input=input, target=target)
    if input.ndim == 0 or target.ndim > input.ndim:
        raise ShapeError(
            f"{name} of an input of shape {input.shape} and a target of shape {target.shape}: both have the shape "
            "(N, C), or (C) for one sample"
        )
    warn_of_probabilities(input, name)
    losses = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        weight = mg.as_operand(weight, name)
        check_weight(weight, losses.shape, name)
        losses = losses * weight
    return reduced(losses.sum(-1) / input.shape[-1], reduction)


@guarded
def soft_margin_loss(input: mg.Tensor, target: mg.Tensor, reduction: str = "mean") -> mg.Tensor:
    """ln(1 + exp(−t·x)) for answers t of 1 and −1: the logistic loss, without overflow.

    (*), (*) -> (), or (*) with reduction 'none'. Raises `ShapeError` for a target
    that does not broadcast to the input, `DTypeError` for integer logits.

    >>> import minigrad as mg, nn.functional as F
    >>> F.soft_margin_loss(mg.tensor([0., 1000.]), mg.tensor([1, -1]), reduction="none")
    tensor([6.9315e-01, 1.0000e+03])
    """
    name = "soft_margin_loss"
    input, target = mg.as_operand(input, name), mg.as_operand(target, name)
    check_floating(input, name)
    check_weight(target, input.shape, name, "target")
    return reduced(-logsigmoid(target * input).to(input.dtype), reduction)


# ------------------------------------------------------------- divergences, likelihoods


@guarded
def kl_div(input: mg.Tensor, target: mg.Tensor, reduction: str = "mean", log_target: bool = False) -> mg.Tensor:
    """The divergence t·(ln t − x) of log-probabilities x from probabilities t (Kullback and Leibler, 1951).

    (*), (*) -> (), or the common shape with reduction 'none'. With `log_target`
    the target holds logarithms too. The divergence of distributions is 'batchmean', the sum over
    the size of the first axis; the default 'mean', over the number of elements, warns.

    Raises `DTypeError` for integers, `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg, nn.functional as F
    >>> F.kl_div(mg.tensor([[0.5, 0.5]]).log(), mg.tensor([[1., 0.]]), reduction="batchmean")
    tensor(0.6931)
    """
    input, target = mg.as_operand(input, "kl_div"), mg.as_operand(target, "kl_div")
    check_floating(input, "kl_div", hint="It holds log-probabilities, for example of log_softmax")
    check_floating(target, "kl_div", "target", "It holds probabilities, or their logarithms with log_target=True")
    check_fit("kl_div", input=input, target=target)
    if not isinstance(reduction, str) or reduction not in ("none", "mean", "sum", "batchmean"):
        raise ArgumentError(f"reduction={reduction!r}; it is 'none', 'mean', 'sum' or, for kl_div, 'batchmean'")
    if reduction == "mean":
        warn(
            "kl_div with reduction='mean' divides by the number of elements, which is no divergence; 'batchmean' "
            "divides by the size of the batch and is one",
            MeanDivergenceWarning,
        )
    warn_of_missing_log(input, "kl_div")
    if mg.as_flag(log_target, "kl_div", "log_target"):
        losses = mg.exp(target) * (target - input)
    else:
        losses = mg.xlogy(target, target) - target * input
    if reduction == "batchmean":
        return losses.sum() / (input.shape[0] if input.ndim else 1)
    return reduced(losses, reduction)


@guarded
def poisson_nll_loss(
    input: mg.Tensor,
    target: mg.Tensor,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> mg.Tensor:
    """What a Poisson distribution of mean λ gives for counts t: λ − t·ln λ, and with `full` Stirling's ln t!.

    (*), (*) -> (), or the common shape with reduction 'none'. The input is
    ln λ, or without `log_input` λ itself, whose logarithm is that of λ + eps. Stirling's formula
    t·ln t − t + ln(2πt)/2 is added where t > 1.

    Raises `ShapeError` where the shapes do not fit.

    >>> import minigrad as mg, nn.functional as F
    >>> F.poisson_nll_loss(mg.tensor([0., 1.]), mg.tensor([2., 3.]), reduction="none")
    tensor([ 1.0000, -0.2817])
    """
    name = "poisson_nll_loss"
    input, target = mg.as_operand(input, name), mg.as_operand(target, name)
    check_fit(name, input=input, target=target)
    by_log = mg.as_flag(log_input, name, "log_input")
    losses = mg.exp(input) - target * input if by_log else input - target * mg.log(input + eps)
    if mg.as_flag(full, name, "full"):
        # The logarithms see no t of 1 or less, where their derivatives would make NaN of the gradient 0.
        counted = mg.where(target > 1, target, 1)
        stirling = counted * mg.log(counted) - counted + mg.log(counted * (2 * math.pi)) * 0.5
        losses = losses + mg.where(target > 1, stirling, 0)
    return reduced(losses, reduction)


def _variances(var: mg.Tensor, input: mg.Tensor) -> mg.Tensor:
    """The variances with as many axes as the input."""
    if var.shape == input.shape:
        return var
    if var.shape == input.shape[:-1]:
        return var.unsqueeze(-1)
    differing = [own for own, size in zip(var.shape, input.shape, strict=False) if own != size]
    if var.ndim == input.ndim and differing == [1]:
        return var
    raise ShapeError(
        f"gaussian_nll_loss got variances of shape {var.shape} for an input of shape {input.shape}; they have its "
        "shape, or lack its last axis, or have 1 in the place of one size"
    )


@guarded
def gaussian_nll_loss(
    input: mg.Tensor,
    target: mg.Tensor,
    var: mg.Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> mg.Tensor:
    """What a normal distribution of mean x and variance v gives for t: (ln v + (x − t)²/v)/2 (Nix and Weigend, 1994).

    (*), (*), variances (*), with one axis missing at the end or 1, or one number
    -> (), or (*) with reduction 'none'. `full` adds ln(2π)/2. Variances below `eps` count as
    `eps`, but their gradient is not cut off.

    Raises `ArgumentError` for negative variances, `DTypeError` for integer ones, `ShapeError`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.gaussian_nll_loss(mg.tensor([1., 2.]), mg.tensor([1., 4.]), mg.tensor([1., 2.]), reduction="none")
    tensor([0.0000, 1.3466])
    """
    name = "gaussian_nll_loss"
    input, target = mg.as_operand(input, name), mg.as_operand(target, name)
    var = mg.ones_like(input) * float(var) if isinstance(var, int | float) else mg.as_operand(var, name)
    check_floating(var, name, "var", "Use var.float().")
    if bool((var.detach() < 0).any()):
        raise ArgumentError(
            f"{name} got a variance of {var.detach().amin().item()}; variances are not negative. Let the layer end in "
            "softplus, or in exp if it gives ln v"
        )
    var = _variances(var, input)
    check_fit(name, input=input, target=target, var=var)
    held = mg.where(var < eps, var - var.detach() + eps, var)
    losses = (mg.log(held) + mg.square(input - target) / held) * 0.5
    whole = mg.as_flag(full, name, "full")
    return reduced(losses + 0.5 * math.log(2 * math.pi) if whole else losses, reduction)
