"""The loss of sequences without alignment: connectionist temporal classification."""

import math
from collections.abc import Sequence

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError
from minigrad.registry import guarded

from .reduction import check_floating, check_reduction, reduced

# The logarithm of a probability that cannot be: finite, so that differences of two are no NaN.
_NEVER = -1e30

Lengths = mg.Tensor | Sequence[int]


def _lengths(lengths: Lengths, name: str, batch: int, longest: int) -> list[int]:
    """One length per sample as Python numbers."""
    values = mg.as_operand(lengths, "ctc_loss") if not isinstance(lengths, list | tuple) else mg.tensor(lengths).long()
    if values.dtype.kind not in "iu":
        raise DTypeError(f"ctc_loss got {name} of {values.dtype}; lengths are integers. Use {name}.long()")
    if values.numel() != batch:
        raise ShapeError(f"ctc_loss got {values.numel()} {name} for {batch} samples; it takes one for each")
    found = [int(value) for value in values.reshape(-1).tolist()]
    if batch and not 0 <= min(found) <= max(found) <= longest:
        what = "steps in time" if name == "input_lengths" else "labels"
        raise ArgumentError(f"ctc_loss got {name} of {found}; there are {longest} {what}, so they are 0 to {longest}")
    return found


def _padded(targets: mg.Tensor, lengths: list[int], classes: int, blank: int) -> mg.Tensor:
    """Labels (N, S), blanks behind the last; from (N, S) or from one row of all labels."""
    longest, batch = max(lengths), len(lengths)
    if targets.ndim == 1:
        if targets.numel() != sum(lengths):
            raise ShapeError(
                f"ctc_loss got {targets.numel()} targets in a row for target_lengths of {lengths}, which add up to "
                f"{sum(lengths)}"
            )
        rows = mg.split(targets, lengths)
        targets = mg.stack([mg.cat([row, mg.zeros(longest - row.numel(), dtype=row.dtype)]) for row in rows])
    elif targets.ndim != 2 or targets.shape[0] != batch or targets.shape[1] < longest:
        raise ShapeError(
            f"ctc_loss got targets of shape {targets.shape}; (N, S) with N = {batch} and S at least {longest} was "
            "expected, or all labels in one row"
        )
    targets = targets[:, :longest].long()
    counted = mg.arange(longest) < mg.tensor(lengths).unsqueeze(1)
    wrong = mg.logical_and(counted, mg.logical_or(targets < 0, targets >= classes))
    if bool(wrong.any()):
        raise IndexOutOfRangeError(
            f"ctc_loss got the label {int(targets[wrong][0])} for log-probabilities of {classes} classes; labels count "
            f"from 0 to {classes - 1}, and {blank} is the blank"
        )
    return mg.where(counted, targets, blank)  # type: ignore[no-any-return]


def _shifted(scores: mg.Tensor, steps: int) -> mg.Tensor:
    """Scores (N, L) moved to the right; what comes in cannot be."""
    return mg.cat([mg.full((scores.shape[0], steps), _NEVER, dtype=scores.dtype), scores[:, :-steps]], 1)


def _log_likelihoods(
    log_probs: mg.Tensor, labels: mg.Tensor, input_lengths: list[int], target_lengths: list[int], blank: int
) -> mg.Tensor:
    """ln p(labels) of each sample: the forward recursion over the labels with a blank before, between and behind."""
    times, batch, _ = log_probs.shape
    between = mg.stack([mg.full_like(labels, blank), labels], 2).reshape(batch, -1)
    path = mg.cat([between, mg.full((batch, 1), blank, dtype=mg.int64)], 1)
    places = path.shape[1]
    # A blank may be left out between two different labels.
    before = mg.cat([mg.full((batch, 2), blank, dtype=mg.int64), path], 1)[:, :places]
    may_skip = mg.logical_and(path != blank, path != before)
    emitted = mg.gather(log_probs, 2, path.unsqueeze(0).expand(times, batch, places))
    ends, last = mg.tensor(input_lengths).unsqueeze(1), mg.tensor(target_lengths).unsqueeze(1) * 2
    # Before the first step only the place in front of the path can be: the first blank and label follow from it.
    scores = mg.where(mg.arange(places) < 2, emitted[0], _NEVER)
    for time in range(1, times):
        skipped = mg.where(may_skip, _shifted(scores, 2), _NEVER) if places > 1 else _shifted(scores, 1)
        came = mg.logsumexp(mg.stack([scores, _shifted(scores, 1), skipped]), 0)
        scores = mg.where(ends > time, mg.clamp(came + emitted[time], min=_NEVER), scores)
    on_label = mg.where(last > 0, mg.gather(scores, 1, mg.clamp(last - 1, min=0)), _NEVER)
    found = mg.logsumexp(mg.stack([mg.gather(scores, 1, last), on_label]), 0)
    # Without any input the empty sequence is certain, and no other possible.
    return mg.where(ends > 0, found, mg.where(last > 0, _NEVER, 0)).squeeze(1)  # type: ignore[no-any-return]


@guarded
def ctc_loss(
    log_probs: mg.Tensor,
    targets: mg.Tensor,
    input_lengths: Lengths,
    target_lengths: Lengths,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> mg.Tensor:
    """−ln of the probability of all alignments of an output with its labels (Graves et al., 2006).

    (T, N, C) or (T, C) log-probabilities; labels (N, S), (S) or all in one row; lengths (N)
    -> (), or (N) or () with reduction 'none'

    Repeated labels and then blanks are removed from an alignment. 'mean'
    divides by the lengths of the targets first. A target that does not fit into its input costs ∞, or
    0 with `zero_infinity`; it gives no gradient.

    Raises `ArgumentError` for lengths and a blank out of range, `IndexOutOfRangeError` for such labels,
    `ShapeError`, `DTypeError`.

    >>> import minigrad as mg, nn.functional as F
    >>> halves = mg.full((2, 1, 2), 0.5).log()
    >>> F.ctc_loss(halves, mg.tensor([[1]]), [2], [1]).exp()  # three of the four alignments: 01, 10, 11
    tensor(1.3333)
    """
    check_reduction(reduction)
    log_probs, targets = mg.as_operand(log_probs, "ctc_loss"), mg.as_operand(targets, "ctc_loss")
    check_floating(log_probs, "ctc_loss", "log_probs", "They come from log_softmax")
    single = log_probs.ndim == 2
    if log_probs.ndim not in (2, 3) or 0 in log_probs.shape:
        raise ShapeError(
            f"ctc_loss got log_probs of shape {log_probs.shape}; they are (T, N, C), or (T, C) for one sample, and not "
            "empty. Is the batch axis in front? Use log_probs.transpose(0, 1)"
        )
    if single:
        log_probs = log_probs.unsqueeze(1)
    times, batch, classes = log_probs.shape
    if not 0 <= blank < classes:
        raise ArgumentError(f"ctc_loss got blank={blank} for {classes} classes; it is one of 0 to {classes - 1}")
    inputs = _lengths(input_lengths, "input_lengths", batch, times)
    lengths = _lengths(target_lengths, "target_lengths", batch, targets.numel())
    costs = -_log_likelihoods(log_probs, _padded(targets, lengths, classes, blank), inputs, lengths, blank)
    losses: mg.Tensor = mg.where(costs < -_NEVER / 2, costs, 0.0 if zero_infinity else math.inf)
    if reduction == "mean":
        return (losses / mg.tensor([max(length, 1) for length in lengths])).mean()
    return reduced(losses.squeeze(0) if single else losses, reduction)
