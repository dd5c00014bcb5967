"""How alike an image and a template are, place by place (N19)."""

import math
from typing import Any

import numpy as np

from ..ops.comparison import where
from ..ops.elementary import sqrt
from ..ops.padding import pad
from ..ops.reduction import mean, sum
from ..ops.shape import cast
from ..registry import guarded
from ..tensor import Array, Tensor
from .kernels import floating, operands
from .sliding import check_ranks, kernel_over_images, prepared
from .smoothing import window_sums

__all__ = ["normalized_correlation"]


@guarded
def normalized_correlation(
    image: Tensor, template: Tensor, mode: str = "valid", *, border: Any = "zero", value: float = 0.0
) -> Tensor:
    """The correlation coefficient of a template and of each window of an image: from −1 to 1, and 1 for a match (N19).

    (*a, *n), (*k) -> (*a, *o): Σ (x − x̄)(t − t̄) / (‖x − x̄‖·‖t − t̄‖) over the window, x̄ and t̄ being the means

    Neither brightness nor contrast of a window matters, so a bright spot does not
    outshine a match, as in a plain correlation. Where the window or the template is
    constant the value is 0, and NaN where one is not finite. Modes and borders are those of `correlate`; whole
    numbers become floats. Computed in float64, given in the dtype of the image;
    differentiable in both. Raises `ShapeError`, `ArgumentError`, `DTypeError`.

    >>> import minigrad as mg
    >>> mg.signal.normalized_correlation(mg.tensor([0., 9., 9., 1., 3., 2., 0.]), mg.tensor([1., 3., 2.]))
    tensor([ 0.8660,  0.0000, -0.9608,  1.0000, -0.3273])
    """
    name = "normalized_correlation"
    x, t = operands(image, template, name)
    dtype = floating(x).dtype
    x, t = cast(x, np.float64), cast(t, np.float64)
    check_ranks(x, t, name)
    k = math.prod(t.shape)
    x, t, padding = prepared(x, t, t.ndim, mode, border, value, name, convolving=False)
    x = pad(x, padding)
    # The result is the same for any brightness; near the values that most windows have, squares lose the least.
    x = x - _typical(x.detach().numpy(), t.ndim)
    centred = t - mean(t)
    products = kernel_over_images(x, centred, 0, name)
    squares, total = _sums(x * x, t.shape), _sums(x, t.shape)
    spread, norm = squares - total * total / k, sum(centred * centred)
    # What rounding leaves of the spread of a constant.
    least = 4 * k * np.finfo(np.float64).eps
    constant = (spread <= least * squares) | (norm <= least * sum(t * t))
    return cast(where(constant, 0.0, products / sqrt(where(constant, 1.0, spread * norm))), dtype)


def _typical(pixels: Array, axes: int) -> Tensor:
    """The middle one, in size, of each image's finite pixels: (*a, *n) -> (*a, 1, …)."""
    batch, sizes = pixels.shape[: pixels.ndim - axes], pixels.shape[pixels.ndim - axes :]
    flat = np.where(np.isfinite(pixels), pixels, 0).reshape(*batch, math.prod(sizes))
    middle = flat.shape[-1] // 2
    return Tensor._wrap(np.partition(flat, middle)[..., middle].reshape(*batch, *[1] * axes))


def _sums(x: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """The sum over each window of these sizes along the last axes."""
    for axis, size in enumerate(sizes, -len(sizes)):
        x = window_sums(x, size, axis)
    return x
