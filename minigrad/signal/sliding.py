"""A kernel over an image: modes, borders and sides, and the one path that every filter takes.

Correlation in a mode is the valid correlation of the image in a border. Of k
elements, 'full' needs k − 1 more on each side, 'same' ⌊(k − 1)/2⌋ before and
⌊k/2⌋ behind. Convolution is the correlation with the kernel turned round, and
the two sides of 'same' exchanged, so that it stays what NumPy calls 'same' (X81).
"""

import functools
import math
from collections.abc import Sequence
from typing import Any

from ..channels import check_correlation
from ..errors import ArgumentError, ShapeError
from ..geometry import Geometry, per_axis, resolved_padding
from ..ops.arithmetic import mul
from ..ops.convolution import correlate_primitive
from ..ops.linear import refuse_mixed_dtypes
from ..ops.shape import flip, reshape
from ..tensor import Tensor
from .borders import Widths, border_of, extended

_MODES = {"full": "full", "wide": "full", "same": "same", "valid": "valid", "narrow": "valid"}

# From here on a kernel over one signal is faster as a column.
_LONG_ROW = 64


def mode_of(mode: Any, name: str) -> str:
    """'full', 'same' or 'valid' for each of their names; raises `ArgumentError` for another word."""
    known = _MODES.get(mode) if isinstance(mode, str) else None
    if known is None:
        raise ArgumentError(
            f"{name} got mode={mode!r}; the modes are 'valid', 'same' and 'full' ('narrow' is valid, 'wide' is full)"
        )
    return known


def turned(w: Tensor, axes: int) -> Tensor:
    """The kernel with its last axes reversed."""
    return flip(w, tuple(range(w.ndim - axes, w.ndim)))


def widths_of(
    mode: str, n: Sequence[int], k: Sequence[int], stride: Any = 1, dilation: Any = 1, *, convolving: bool = False
) -> tuple[tuple[int, int], ...]:
    """How much border a mode adds before and behind, along each axis (N34, X81).

    >>> from minigrad.signal.sliding import widths_of
    >>> widths_of("same", (9,), (4,)), widths_of("same", (9,), (4,), convolving=True), widths_of("full", (9,), (4,))
    (((1, 2),), ((2, 1),), ((3, 3),))
    """
    n, k = tuple(n), tuple(k)
    s, d = per_axis(stride, len(n), "stride"), per_axis(dilation, len(n), "dilation")
    widths = resolved_padding(mode, n, k, s, d)
    return tuple((behind, before) for before, behind in widths) if convolving else widths


def prepared(
    x: Tensor,
    w: Tensor,
    axes: int,
    mode: Any,
    border: Any,
    value: Any,
    name: str,
    *,
    convolving: bool,
    stride: Any = 1,
    dilation: Any = 1,
) -> tuple[Tensor, Tensor, Widths]:
    """The image in its border, the kernel as a correlation takes it, and the zeros that are still to be added."""
    kind, border = mode_of(mode, name), border_of(border, value, name)
    n, k = sizes_of(x, w, axes, name)
    widths = widths_of(kind, n, k, stride, dilation, convolving=convolving)
    if convolving:
        w = turned(w, axes)
    if not (isinstance(border, str) and border == "zero") and any(map(any, widths)):
        return extended(x, widths, border, value, name), w, ((0, 0),) * axes
    return x, w, widths


def bank_over_batch(
    x: Tensor, w: Tensor, padding: Any, name: str, stride: Any = 1, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """A correlation of maps with a bank of kernels: (N, C, *n), (O, C/G, *k) -> (N, O, *o)."""
    refuse_mixed_dtypes(name, x=x, w=w)
    check_correlation(x.shape, w.shape, groups, None, name)
    geometry = Geometry.window(x.shape[2:], w.shape[2:], stride, padding, dilation, groups)
    return correlate_primitive(x, w, geometry=geometry)


def kernel_over_images(x: Tensor, h: Tensor, padding: Any, name: str) -> Tensor:
    """A correlation of each of the images in front with one kernel: (*a, *n), (*k) -> (*a, *o)."""
    refuse_mixed_dtypes(name, x=x, h=h)
    batch, sizes, kernel = x.shape[: x.ndim - h.ndim], x.shape[x.ndim - h.ndim :], h.shape
    count = math.prod(batch)
    # Of a column the windows are views; along a row they would be copied, k numbers for each output.
    if h.ndim == 1 and (count > 1 or h.shape[0] > _LONG_ROW):
        sizes, kernel = (*sizes, 1), (*kernel, 1)
        padding = padding if isinstance(padding, int) else (*padding, (0, 0))
    y = bank_over_batch(reshape(x, (count, 1, *sizes)), reshape(h, (1, 1, *kernel)), padding, name)
    return reshape(y, (*batch, *y.shape[2 : 2 + h.ndim]))


def filtered(x: Tensor, h: Tensor, mode: Any, border: Any, value: Any, name: str, *, convolving: bool) -> Tensor:
    """One kernel over images: (*a, *n), (*k) -> (*a, *o), as the function `name` is asked for it."""
    check_ranks(x, h, name)
    n, k = sizes_of(x, h, h.ndim, name)
    if mode_of(mode, name) == "valid" and any(a < b for a, b in zip(n, k, strict=True)):
        border_of(border, value, name)
        return _inside_the_kernel(x, h, name, convolving)
    x, h, padding = prepared(x, h, h.ndim, mode, border, value, name, convolving=convolving)
    return kernel_over_images(x, h, padding, name)


def separably(
    x: Tensor, factors: Sequence[Tensor], mode: Any, border: Any, value: Any, name: str, *, convolving: bool
) -> Tensor:
    """A kernel that is an outer product, factor by factor: one pass along each axis, over the image in its border."""
    axes = len(factors)
    # Axes in front of a factor's own are a batch to it.
    along = [reshape(factor, (factor.shape[0], *[1] * (axes - 1 - axis))) for axis, factor in enumerate(factors)]
    kernel = functools.reduce(mul, along)
    check_ranks(x, kernel, name)
    n, k = sizes_of(x, kernel, axes, name)
    kind = mode_of(mode, name)
    if kind == "valid" and any(a < b for a, b in zip(n, k, strict=True)):
        return filtered(x, kernel, mode, border, value, name, convolving=convolving)
    border = border_of(border, value, name)
    widths = widths_of(kind, n, k, convolving=convolving)
    x = extended(x, widths, border, value, name) if any(map(any, widths)) else x
    for h in along:
        x = kernel_over_images(x, turned(h, h.ndim) if convolving else h, 0, name)
    return x


def sizes_of(x: Tensor, w: Tensor, axes: int, name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The sizes of image and kernel along the last axes; raises `ShapeError` where one is 0."""
    n, k = x.shape[x.ndim - axes :], w.shape[w.ndim - axes :]
    if 0 in n + k:
        raise ShapeError(
            f"{name} got an image of shape {x.shape} and a kernel of shape {w.shape}; along an axis there is nothing"
        )
    return n, k


def check_ranks(x: Tensor, h: Tensor, name: str) -> None:
    """Raises `ShapeError` for a kernel of more axes than the image, or none."""
    if not 1 <= h.ndim <= x.ndim:
        raise ShapeError(
            f"{name} got an image of shape {x.shape} and a kernel of shape {h.shape}; the kernel needs an axis for "
            "each of the image that it slides along, one at least. Axes of the image in front of those are a batch"
        )


def _inside_the_kernel(x: Tensor, h: Tensor, name: str, convolving: bool) -> Tensor:
    """'valid' with the larger kernel: every place where the image lies inside it, in the order of 'full' (as SciPy)."""
    refuse_mixed_dtypes(name, x=x, h=h)
    axes = h.ndim
    batch, sizes = x.shape[: x.ndim - axes], x.shape[x.ndim - axes :]
    if any(a > b for a, b in zip(sizes, h.shape, strict=True)):
        raise ShapeError(
            f"{name} got an image of sizes {sizes} and a kernel of sizes {h.shape} in mode 'valid': along one axis the "
            "image is larger, along another the kernel, so neither ever lies inside the other. Use mode='same' or "
            "'full', or another kernel"
        )
    images = reshape(x, (math.prod(batch), 1, *sizes))
    bank = turned(images, axes) if convolving else images
    y = bank_over_batch(reshape(h, (1, 1, *h.shape)), bank, ((0, 0),) * axes, name)
    y = reshape(y, (*batch, *y.shape[2:]))
    return y if convolving else turned(y, axes)
