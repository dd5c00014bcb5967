"""Dropout as functions: noise in training, nothing in evaluation."""

import math
from typing import Any

import minigrad as mg
from minigrad.callers import warn
from minigrad.errors import ArgumentError, DTypeError, InputShapeWarning, ShapeError
from minigrad.registry import guarded

# What selu gives far below 0, negated: −s·α.
SATURATION = 1.0507009873554805 * 1.6732632423543772


def _dropped(
    input: mg.Tensor,
    p: float,
    training: bool,
    inplace: bool,
    generator: Any,
    name: str,
    shape: tuple[int, ...],
    alpha: bool = False,
) -> mg.Tensor:
    """Each drop of `shape`, which broadcasts against the input, falls with probability p.

    What is kept is divided by 1 − p; with `alpha`, what is dropped becomes the value at which selu saturates, and an
    affine map restores mean 0 and variance 1.
    """
    p = mg.as_number(p, name, "p")
    if not 0 <= p <= 1:
        raise ArgumentError(f"{name} got p={p}; it is the probability of being dropped, from 0 to 1")
    if not mg.as_flag(training, name, "training") or p == 0:
        return input
    if p == 1:
        dropped = input * 0
    elif input.dtype.kind != "f":
        raise DTypeError(f"{name} got {input.dtype}; what it keeps becomes fractions. Convert first: t.float()")
    else:
        keep = (mg.rand(shape, generator=generator, dtype=mg.float32) >= p).to(input.dtype)
        if alpha:
            scale = 1 / math.sqrt((1 - p) * (1 + p * SATURATION**2))
            dropped = input * (keep * scale) + ((keep - 1 + p) * (SATURATION * scale))
        else:
            dropped = input * (keep * (1 / (1 - p)))
    return input.copy_(dropped) if mg.as_flag(inplace, name, "inplace") else dropped


@guarded
def dropout(
    input: mg.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, generator: Any = None
) -> mg.Tensor:
    """In training, zeros with probability p and the rest divided by 1 − p (Srivastava et al., 2014); else the input.

    (*) -> (*). Raises `ArgumentError` for p outside [0, 1], `DTypeError` for integers.

    >>> import minigrad as mg, nn.functional as F
    >>> F.dropout(mg.ones(3), p=0.0)
    tensor([1., 1., 1.])
    """
    input = mg.as_operand(input, "dropout")
    return _dropped(input, p, training, inplace, generator, "dropout", input.shape)


@guarded
def alpha_dropout(
    input: mg.Tensor, p: float = 0.5, training: bool = False, inplace: bool = False, generator: Any = None
) -> mg.Tensor:
    """In training, what selu gives far below 0 with probability p; mean 0 and variance 1 stay (Klambauer et al., 2017).

    (*) -> (*). Kept are a·x + b, dropped a·(−s·α) + b, with a = ((1 − p)·(1 + p·s²α²))^(−1/2) and b = a·p·s·α.
    Raises as `dropout`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.alpha_dropout(mg.ones(3), p=0.0, training=True)
    tensor([1., 1., 1.])
    """
    input = mg.as_operand(input, "alpha_dropout")
    return _dropped(input, p, training, inplace, generator, "alpha_dropout", input.shape, True)


# --------------------------------------------------------------- whole channels

# What each takes by number of axes: PyTorch's dropout2d knows no maps without a batch axis.
MAPS = {
    1: ((2, 3), "(N, C, L) or (C, L)"),
    2: ((4,), "(N, C, H, W)"),
    3: ((4, 5), "(N, C, D, H, W) or (C, D, H, W)"),
}


def _channels(shape: tuple[int, ...], batched: bool) -> tuple[int, ...]:
    """One drop for each channel, of each sample where there is a batch axis."""
    leading = 2 if batched else 1
    return (*shape[:leading], *(1,) * (len(shape) - leading))


def _of_maps(input: Any, axes: int, p: float, training: bool, inplace: bool, generator: Any) -> mg.Tensor:
    """Dropout of whole channels of maps with so many axes; for ranks that PyTorch has given up, its rule and a warning.

    That rule: dropout2d takes the first two axes for (N, C), dropout3d the first for C.
    """
    name = f"dropout{axes}d"
    input = mg.as_operand(input, name)
    ranks, maps = MAPS[axes]
    batched = axes == 2 or input.ndim == axes + 2
    if input.ndim not in ranks:
        if axes == 1 or input.ndim < (2 if batched else 1):
            raise ShapeError(f"{name} got shape {input.shape}; it drops whole channels of maps {maps}")
        warn(
            f"{name} got shape {input.shape}, where {maps} belongs; like PyTorch it takes the "
            f"{'first two axes for (N, C)' if batched else 'first axis for C'}. Use the function for that many axes, "
            "or dropout for single values",
            InputShapeWarning,
        )
    return _dropped(input, p, training, inplace, generator, name, _channels(input.shape, batched))


@guarded
def dropout1d(
    input: mg.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, generator: Any = None
) -> mg.Tensor:
    """In training, whole channels become 0 with probability p and the rest is divided by 1 − p (Tompson et al., 2015).

    (N, C, L) or (C, L) -> the same.
    Raises `ShapeError` for another rank; else as `dropout`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.dropout1d(mg.ones(2, 3, 4)).shape
    (2, 3, 4)
    """
    return _of_maps(input, 1, p, training, inplace, generator)


@guarded
def dropout2d(
    input: mg.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, generator: Any = None
) -> mg.Tensor:
    """In training, whole channels become 0 with probability p and the rest is divided by 1 − p (Tompson et al., 2015).

    (N, C, H, W) -> the same; with another rank the first two axes are (N, C), and an `InputShapeWarning` says so.
    Raises `ShapeError` for less than two axes; else as `dropout`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.dropout2d(mg.ones(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """
    return _of_maps(input, 2, p, training, inplace, generator)


@guarded
def dropout3d(
    input: mg.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, generator: Any = None
) -> mg.Tensor:
    """In training, whole channels become 0 with probability p and the rest is divided by 1 − p (Tompson et al., 2015).

    (N, C, D, H, W) or (C, D, H, W) -> the same; with another rank the first axis is C, and an
    `InputShapeWarning` says so.
    Raises `ShapeError` for a 0-d tensor; else as `dropout`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.dropout3d(mg.ones(2, 3, 4, 4, 4)).shape
    (2, 3, 4, 4, 4)
    """
    return _of_maps(input, 3, p, training, inplace, generator)


@guarded
def feature_alpha_dropout(
    input: mg.Tensor, p: float = 0.5, training: bool = False, inplace: bool = False, generator: Any = None
) -> mg.Tensor:
    """`alpha_dropout` of whole channels (Klambauer et al., 2017).

    (N, C, *) -> (N, C, *). Raises, where it drops something, `ShapeError` for less than two axes; else as `dropout`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.feature_alpha_dropout(mg.ones(2, 3), p=0.0, training=True).shape
    (2, 3)
    """
    input = mg.as_operand(input, "feature_alpha_dropout")
    p = mg.as_number(p, "feature_alpha_dropout", "p")
    if input.ndim < 2 and mg.as_flag(training, "feature_alpha_dropout", "training") and p > 0:
        raise ShapeError(f"feature_alpha_dropout got shape {input.shape}; it drops whole channels of (N, C, *)")
    shape = _channels(input.shape, True) if input.ndim > 1 else input.shape
    return _dropped(input, p, training, inplace, generator, "feature_alpha_dropout", shape, True)
