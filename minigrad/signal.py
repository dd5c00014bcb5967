"""Correlation and convolution of plain images and of batches of them."""

from typing import Any

from .errors import ArgumentError, ShapeError
from .operands import as_operand
from .ops.convolution import correlate, correlate_input
from .ops.shape import reshape
from .registry import function
from .tensor import Tensor

__all__ = ["correlate2d", "full_convolve2d"]


def _as_batches(x: Any, w: Any, name: str) -> tuple[Tensor, Tensor, bool]:
    """Both operands with batch and channel axes, and whether they came as bare matrices."""
    x, w = as_operand(x, name), as_operand(w, name)
    if x.ndim == 2 and w.ndim == 2:
        return reshape(x, (1, 1, *x.shape)), reshape(w, (1, 1, *w.shape)), True
    if x.ndim == 4 and w.ndim == 4:
        return x, w, False
    raise ShapeError(
        f"{name} got shapes {x.shape} and {w.shape}; give two matrices (H, W) and (kh, kw), or a batch (N, C, H, W) "
        "with a bank (O, C, kh, kw)"
    )


@function
def correlate2d(
    x: Tensor, w: Tensor, mode: str = "valid", *, stride: Any = 1, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """Cross-correlation x ⋆ w of an image with a kernel, image first; the kernel is not reversed (N15, X24).

    (H, W), (kh, kw) -> (oh, ow), or (N, C, H, W), (O, C/G, kh, kw) -> (N, O, oh, ow)

    `mode` is 'valid' (windows inside the image: n − k + 1), 'same' (n, zeros
    outside, ⌊(k − 1)/2⌋ of them before: X81) or 'full' (every overlap:
    n + k − 1); N34. Raises `ShapeError`, `ArgumentError`, `DTypeError`.

    >>> import minigrad as mg
    >>> mg.correlate2d(mg.tensor([[0., 0., 2.], [0., 2., 2.], [2., 2., 9.]]), mg.tensor([[1., 2.], [3., -1.]]))
    tensor([[-2.,  8.],
            [ 8.,  3.]])
    """
    if mode not in ("valid", "same", "full"):
        raise ArgumentError(f"correlate2d got mode={mode!r}; the modes are 'valid', 'same' and 'full'")
    image, kernel, bare = _as_batches(x, w, "correlate2d")
    y = correlate(image, kernel, stride=stride, padding=mode, dilation=dilation, groups=groups)
    return reshape(y, y.shape[2:]) if bare else y


@function
def full_convolve2d(y: Tensor, w: Tensor) -> Tensor:
    """True convolution y *_full w over every overlap: the kernel is reversed (N34, N114).

    (H, W), (kh, kw) -> (H + kh − 1, W + kw − 1), or (N, O, H, W), (O, C, kh, kw) -> (N, C, …)

    Of a batch it is what carries the gradient of a correlation back to its
    input: X̄_c = Σ_o Ȳ_o *_full K_oc (N124). Raises `ShapeError`, `DTypeError`.

    >>> import minigrad as mg
    >>> mg.full_convolve2d(mg.tensor([[1., -1.], [0., 2.]]), mg.tensor([[1., 0.], [2., -1.]]))
    tensor([[ 1., -1.,  0.],
            [ 2., -1.,  1.],
            [ 0.,  4., -2.]])
    """
    image, kernel, bare = _as_batches(y, w, "full_convolve2d")
    x = correlate_input(kernel, image)
    return reshape(x, x.shape[2:]) if bare else x
