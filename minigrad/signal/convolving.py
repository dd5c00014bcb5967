"""Correlation and convolution of signals, images and batches of them, as SciPy names them (N10–N16, N34–N37)."""

import math
from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, ShapeError
from ..explaining import described
from ..operands import as_numbers, as_operand
from ..ops.convolution import correlate_input
from ..ops.shape import reshape
from ..registry import function, guarded
from ..tensor import Tensor
from .kernels import Kernel, floating, operands
from .sliding import bank_over_batch, filtered, prepared, separably, turned

__all__ = [
    "convolve", "convolve2d", "convolve_sampled", "convolve_separable", "correlate", "correlate2d", "full_convolve2d",
    "rot180",
]  # fmt: skip


# ------------------------------------------------------------------- any rank


@guarded
def convolve(x: Tensor, h: Tensor, mode: str = "full", *, border: Any = "zero", value: float = 0.0) -> Tensor:
    """Convolution y(i) = Σ_m h(m)·x(i − m) of a signal, an image or a volume: the kernel is reversed (N11, N12).

    (*a, *n), (*k) -> (*a, *o) with o = n + k − 1, n or n − k + 1 (N34); axes in front are a batch

    `mode` is 'full' (every overlap; also 'wide'), 'same' (its middle: from ⌊(k − 1)/2⌋
    on, as many as the image has) or 'valid' (nothing beyond the border; also
    'narrow'). If the kernel is the larger one, 'valid' lets the image slide inside
    it. All three are those of `scipy.signal.convolve`, and of `numpy.convolve` where
    the kernel is not the longer one, for odd and for even sizes (X81).

    `border` fills what lies outside: 'zero', 'constant' (with the `value`), 'reflect'
    (mirrored without the edge), 'symmetric' (with it), 'edge', 'wrap', a function
    (x, widths) -> padded x, or an array of the padded shape (N35–N37, X80).

    `h` may be a `minigrad.signal.kernels.Kernel`, whose entries are convolved as they
    stand. Differentiable in both. Raises `ShapeError`, `ArgumentError`, `DTypeError`.

    >>> import minigrad as mg
    >>> x, h = mg.tensor([1., 2., 3., 4., 5.]), mg.tensor([1., 2., 3.])
    >>> mg.signal.convolve(x, h)
    tensor([ 1.,  4., 10., 16., 22., 22., 15.])
    >>> mg.signal.convolve(x, h, "same", border="wrap")
    tensor([19., 10., 16., 22., 23.])
    """
    x, h = operands(x, h, "convolve")
    return filtered(x, h, mode, border, value, "convolve", convolving=True)


@guarded
def correlate(x: Tensor, h: Tensor, mode: str = "full", *, border: Any = "zero", value: float = 0.0) -> Tensor:
    """Cross-correlation y(i) = Σ_m h(m)·x(i + m), image first; the kernel is not reversed (N14, N15, X24).

    (*a, *n), (*k) -> (*a, *o) with o = n + k − 1, n or n − k + 1 (N34); axes in front are a batch

    Modes, borders and kernels are those of `convolve`. 'full' and 'valid' are those of
    `scipy.signal.correlate`. 'same' has ⌊(k − 1)/2⌋ places before the image and ⌊k/2⌋
    behind it, as the layers of this library and of PyTorch; for odd k so has SciPy's, for
    even k SciPy's begins one place earlier: its `correlate(x, h, "same")[1:]` is ours
    without the last (X81).

    Differentiable in both. Raises `ShapeError`, `ArgumentError`, `DTypeError`.

    >>> import minigrad as mg
    >>> x, h = mg.tensor([1., 2., 3., 4., 5.]), mg.tensor([1., 2., 3.])
    >>> mg.signal.correlate(x, h)
    tensor([ 3.,  8., 14., 20., 26., 14.,  5.])
    >>> mg.signal.correlate(h, x)
    tensor([ 5., 14., 26., 20., 14.,  8.,  3.])
    """
    x, h = operands(x, h, "correlate")
    return filtered(x, h, mode, border, value, "correlate", convolving=False)


@guarded
def convolve_separable(
    x: Tensor, factors: Sequence[Tensor], mode: str = "full", *, border: Any = "zero", value: float = 0.0
) -> Tensor:
    """Convolution with the outer product of vectors, one pass along each of the last axes (N26, N31).

    (*a, *n), [(k₁), (k₂), …] -> (*a, *o): k₁ + k₂ products for each output instead of k₁·k₂

    Modes and borders are those of `convolve`, which gives the same with the outer
    product. Differentiable in the image and in each factor.
    Raises `ShapeError`, `ArgumentError`, `DTypeError`.

    >>> import minigrad as mg
    >>> smooth, slope = mg.tensor([1., 2., 1.]), mg.tensor([1., 0., -1.])
    >>> mg.signal.convolve_separable(mg.arange(5.) * mg.ones(4, 1), [smooth, slope], "valid")
    tensor([[8., 8., 8.],
            [8., 8., 8.]])
    """
    image = as_operand(x, "convolve_separable")
    if not isinstance(factors, Sequence) or isinstance(factors, str) or len(factors) == 0:
        raise ArgumentError(
            f"convolve_separable got factors={described(factors)}; give a list of vectors, one for each axis that "
            "they slide along"
        )
    if any(isinstance(factor, Kernel) for factor in factors):
        image = floating(image)
    vectors = [operands(image, factor, "convolve_separable")[1] for factor in factors]
    if any(vector.ndim != 1 for vector in vectors):
        raise ShapeError(
            f"convolve_separable got factors of shapes {[vector.shape for vector in vectors]}; each is a vector. A "
            "kernel that is no outer product is for convolve"
        )
    return separably(image, vectors, mode, border, value, "convolve_separable", convolving=True)


@guarded
def convolve_sampled(
    x: Tensor, h: Tensor, dt: Any, mode: str = "full", *, border: Any = "zero", value: float = 0.0
) -> Tensor:
    """The integral ∫ h(τ)·x(t − τ) dτ of sampled functions, as a sum of rectangles: Δt·Σ (N10, N11).

    (*a, *n), (*k) -> (*a, *o); `dt` is the distance of the samples, one number or one for each axis

    If the samples of x begin at time t₀ and those of h at s₀, the result begins at t₀ + s₀
    in mode 'full'. Modes and borders are those of `convolve`. Raises `ArgumentError`
    for a distance that is not positive, and as `convolve` does.

    >>> import minigrad as mg
    >>> box = mg.ones(4)
    >>> mg.signal.convolve_sampled(box, box, 0.25)
    tensor([0.2500, 0.5000, 0.7500, 1.0000, 0.7500, 0.5000, 0.2500])
    """
    image, kernel = operands(x, h, "convolve_sampled")
    steps = as_numbers(dt, "convolve_sampled", "dt").reshape(-1)
    if len(steps) not in (1, kernel.ndim) or not all(0 < step < math.inf for step in steps):
        raise ArgumentError(
            f"convolve_sampled got dt={described(dt)} with a kernel of shape {kernel.shape}; it is the positive "
            "distance of two samples, one number or one for each axis"
        )
    cell = math.prod(map(float, steps)) if len(steps) > 1 else float(steps[0]) ** kernel.ndim
    return filtered(image, kernel, mode, border, value, "convolve_sampled", convolving=True) * cell


@guarded
def rot180(w: Tensor) -> Tensor:
    """A kernel rotated by 180°: reversed along its last two axes, or along its only one (N13, N21).

    (*a, kh, kw) -> (*a, kh, kw): x * w = x ⋆ rot180(w). Raises `ShapeError` for a 0-d tensor.

    >>> import minigrad as mg
    >>> mg.signal.rot180(mg.tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]]))
    tensor([[9, 8, 7],
            [6, 5, 4],
            [3, 2, 1]])
    """
    kernel = w.weight if isinstance(w, Kernel) else as_operand(w, "rot180")
    if kernel.ndim == 0:
        raise ShapeError("rot180 got a 0-d tensor; a kernel has one axis at least")
    return turned(kernel, min(kernel.ndim, 2))


# --------------------------------------------------- images, and banks over batches


def _matrices_or_banks(x: Any, w: Any, name: str) -> tuple[Tensor, Tensor]:
    image, kernel = operands(x, w, name)
    if (image.ndim, kernel.ndim) in ((2, 2), (4, 4)):
        return image, kernel
    raise ShapeError(
        f"{name} got shapes {image.shape} and {kernel.shape}; give two matrices (H, W) and (kh, kw), or a batch "
        "(N, C, H, W) with a bank (O, C, kh, kw). One kernel for every image of a batch is for convolve and correlate"
    )


def _in_banks(tensor: Tensor) -> Tensor:
    return reshape(tensor, (1, 1, *tensor.shape)) if tensor.ndim == 2 else tensor


def _slid2d(
    x: Any,
    w: Any,
    mode: Any,
    stride: Any,
    dilation: Any,
    groups: Any,
    border: Any,
    value: Any,
    name: str,
    convolving: bool,
) -> Tensor:
    image, kernel = _matrices_or_banks(x, w, name)
    sizes = {"stride": stride, "dilation": dilation}
    bare = image.ndim == 2
    image, kernel, padding = prepared(image, kernel, 2, mode, border, value, name, convolving=convolving, **sizes)
    y = bank_over_batch(_in_banks(image), _in_banks(kernel), padding, name, groups=groups, **sizes)
    return reshape(y, y.shape[2:]) if bare else y


@function
def correlate2d(
    x: Tensor,
    w: Tensor,
    mode: str = "valid",
    *,
    stride: Any = 1,
    dilation: Any = 1,
    groups: int = 1,
    border: Any = "zero",
    value: float = 0.0,
) -> Tensor:
    """Cross-correlation x ⋆ w of an image with a kernel, image first; the kernel is not reversed (N15, X24).

    (H, W), (kh, kw) -> (oh, ow), or (N, C, H, W), (O, C/G, kh, kw) -> (N, O, oh, ow)

    `mode` is 'valid' (windows inside the image: n − k + 1), 'same' (n, with
    ⌊(k − 1)/2⌋ places before the image: X81) or 'full' (every overlap:
    n + k − 1); N34. With a stride 'same' is that of the layers: ⌈n/s⌉ results, and
    only the zeros that their windows need. `border` fills what lies outside, as in `convolve`.
    Raises `ShapeError`, `ArgumentError`, `DTypeError`.

    >>> import minigrad as mg
    >>> mg.correlate2d(mg.tensor([[0., 0., 2.], [0., 2., 2.], [2., 2., 9.]]), mg.tensor([[1., 2.], [3., -1.]]))
    tensor([[-2.,  8.],
            [ 8.,  3.]])
    """
    return _slid2d(x, w, mode, stride, dilation, groups, border, value, "correlate2d", convolving=False)


@guarded
def convolve2d(
    x: Tensor,
    w: Tensor,
    mode: str = "full",
    *,
    stride: Any = 1,
    dilation: Any = 1,
    groups: int = 1,
    border: Any = "zero",
    value: float = 0.0,
) -> Tensor:
    """True convolution x * w of an image with a kernel, which is rotated by 180° (N12, N13).

    (H, W), (kh, kw) -> (oh, ow), or (N, C, H, W), (O, C/G, kh, kw) -> (N, O, oh, ow)

    Of a batch it is the layer of notes C and E, Y_o = Σ_c X_c * W_oc (N49, N51). Modes and
    borders are those of `convolve`: 'full', 'same' and 'valid' as in `scipy.signal.convolve2d`,
    whose boundaries 'fill', 'wrap' and 'symm' are 'zero' or 'constant', 'wrap' and 'symmetric'.
    Raises `ShapeError`, `ArgumentError`, `DTypeError`.

    >>> import minigrad as mg
    >>> mg.signal.convolve2d(mg.tensor([[1., -1.], [0., 2.]]), mg.tensor([[1., 0.], [2., -1.]]), "same")
    tensor([[ 1., -1.],
            [ 2., -1.]])
    """
    return _slid2d(x, w, mode, stride, dilation, groups, border, value, "convolve2d", convolving=True)


@function
def full_convolve2d(y: Tensor, w: Tensor) -> Tensor:
    """True convolution y *_full w over every overlap: the kernel is reversed (N34, N114).

    (H, W), (kh, kw) -> (H + kh − 1, W + kw − 1), or (N, O, H, W), (O, C, kh, kw) -> (N, C, …)

    Of a batch it is what carries the gradient of a correlation back to its
    input: X̄_c = Σ_o Ȳ_o *_full K_oc (N124), so the bank is read the other way round
    than by `convolve2d`. Raises `ShapeError`, `DTypeError`.

    >>> import minigrad as mg
    >>> mg.full_convolve2d(mg.tensor([[1., -1.], [0., 2.]]), mg.tensor([[1., 0.], [2., -1.]]))
    tensor([[ 1., -1.,  0.],
            [ 2., -1.,  1.],
            [ 0.,  4., -2.]])
    """
    image, kernel = _matrices_or_banks(y, w, "full_convolve2d")
    x = correlate_input(_in_banks(kernel), _in_banks(image))
    return reshape(x, x.shape[2:]) if image.ndim == 2 else x
