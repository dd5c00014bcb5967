"""Every other pixel: subsampling as slicing and as matrices, and the pyramid of an image at several scales."""

from typing import Any

from ..creation import eye, tensor
from ..dtypes import is_floating
from ..errors import ArgumentError, DTypeError, ShapeError
from ..geometry import per_axis
from ..operands import as_integer, as_operand
from ..ops.products import kron
from ..ops.shape import cast
from ..registry import guarded
from ..tensor import Tensor
from .kernels import Kernel, floating
from .sizes import listed
from .sliding import separably

__all__ = ["projection_matrix", "pyramid", "sampling_kind", "subsample", "subsampling_matrix"]


@guarded
def subsample(x: Tensor, step: Any = 2) -> Tensor:
    """Every `step`-th row and column, the first among them: S·X·Sᵀ without the matrices (N81).

    (*, H, W) -> (*, ⌈H/s⌉, ⌈W/s⌉), or (n) -> (⌈n/s⌉)

    `step`: a number for the last two axes (or the only one), or one for each of the last axes. Pixels between are
    dropped, unheard: smooth first, or use `pyramid`. Raises `ArgumentError`, `ShapeError`, `DTypeError`.

    >>> import minigrad as mg
    >>> mg.signal.subsample(mg.tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]]))
    tensor([[1, 3],
            [7, 9]])
    """
    x = as_operand(x, "subsample")
    axes = len(step) if listed(step) else min(max(x.ndim, 1), 2)
    steps = per_axis(step, axes, "step")
    if x.ndim < axes:
        raise ShapeError(f"subsample got shape {x.shape} and {axes} step(s); there is an axis for each step")
    return x[(..., *(slice(None, None, one) for one in steps))]


@guarded
def subsampling_matrix(n: int, step: int = 2, *, dtype: Any = None) -> Tensor:
    """The matrix S that keeps every `step`-th of n elements: S_{r, r·step} = 1 (N81).

    -> (⌈n/step⌉, n); S·x subsamples a signal, S·X·Sᵀ an image, and Sᵀ·g puts gradients back among zeros.

    Raises `ArgumentError` for a size or a step below 1, `DTypeError`.

    >>> import minigrad as mg
    >>> mg.signal.subsampling_matrix(5)
    tensor([[1., 0., 0., 0., 0.],
            [0., 0., 1., 0., 0.],
            [0., 0., 0., 0., 1.]])
    """
    (n,), (step,) = per_axis(n, 1, "n"), per_axis(step, 1, "step")
    return eye(n, dtype=dtype)[::step]


# ----------------------------------------------------------------- pyramids


def _factors(kernel: Any, like: Tensor, axes: int, name: str) -> list[Tensor]:
    """The kernel of each of the axes, in the image's dtype."""
    if isinstance(kernel, Kernel):
        kernel = kernel.as_convolution()
        if len(kernel.factors) == axes > 1:
            return [cast(as_operand(factor, name), like.dtype) for factor in kernel.factors]
        kernel = kernel.to(like.dtype)
    elif kernel is None:
        kernel = [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16]
    h = as_operand(tensor(kernel) if isinstance(kernel, list | tuple) else kernel, name)
    if h.ndim != 1 or not h.numel():
        raise ShapeError(
            f"{name} got a kernel of shape {h.shape}; it takes one line (k), which runs along every axis in turn"
        )
    return [cast(h, like.dtype)] * axes


@guarded
def pyramid(image: Tensor, levels: int, kernel: Any = None, border: Any = "reflect") -> list[Tensor]:
    """The image and `levels` smaller ones, each the one before it smoothed and subsampled by 2 (N82, N85).

    (*, H, W) -> [(*, H, W), (*, ⌈H/2⌉, ⌈W/2⌉), …], or (n) -> [(n), (⌈n/2⌉), …]

    `kernel` is one line that runs along both axes, [1, 4, 6, 4, 1]/16 unless told otherwise, or a separable
    `kernels.Kernel`, used as it is meant; one that sums to 1 keeps the brightness. `border` as in `convolve`. Where
    the sizes are powers of two, all levels together have fewer than 4/3 of the image's pixels. The gradient goes
    back into the image and the kernel.

    Raises `ShapeError` for a kernel that is no line, `ArgumentError`, `DTypeError`.

    >>> import minigrad as mg
    >>> [tuple(level.shape) for level in mg.signal.pyramid(mg.ones(16, 16), 3)]
    [(16, 16), (8, 8), (4, 4), (2, 2)]
    """
    x, count = floating(as_operand(image, "pyramid")), as_integer(levels, "pyramid", "levels")
    if count < 0:
        raise ArgumentError(f"pyramid got levels={count}; so many smaller images are made, 0 or more")
    if x.ndim < 1:
        raise ShapeError("pyramid got a number; it takes a signal (n), an image (H, W), or images (*, H, W)")
    factors, found = _factors(kernel, x, min(x.ndim, 2), "pyramid"), [x]
    for _ in range(count):
        found.append(subsample(separably(found[-1], factors, "same", border, 0, "pyramid", convolving=True)))
    return found


@guarded
def projection_matrix(
    shape: Any, kernel: Any = None, step: Any = 2, border: Any = "reflect", *, dtype: Any = None
) -> Tensor:
    """A step of a pyramid as one matrix: the next level is Pᵀ·vec(image), with Pᵀ = S·H (N83, X60).

    shape (n₁, n₂, …) -> (⌈n₁/s⌉·⌈n₂/s⌉·…, n₁·n₂·…)

    What is returned is Pᵀ: its rows are the projection vectors p₀, p₁, …, each as long as the image has pixels, and
    the coefficients are a = Pᵀ·I. H smooths with `kernel` along each axis, in the `border`, and S subsamples by `step`.
    Along several axes it is Kronecker's product of the matrices along each. `sampling_kind` says what is lost.

    Raises `ShapeError` for a kernel that is no line, `ArgumentError`, `DTypeError`.

    >>> import minigrad as mg
    >>> mg.signal.projection_matrix(4, [0.25, 0.5, 0.25])
    tensor([[0.5000, 0.5000, 0.0000, 0.0000],
            [0.0000, 0.2500, 0.5000, 0.2500]])
    """
    sizes = per_axis(shape, len(shape) if listed(shape) else 1, "shape")
    steps = per_axis(step, len(sizes), "step")
    product = eye(1, dtype=dtype)
    if not is_floating(product.dtype):
        raise DTypeError(
            f"projection_matrix got dtype={product.dtype}; its entries are fractions. Use a floating dtype"
        )
    factors = _factors(kernel, product, len(sizes), "projection_matrix")
    for n, one, h in zip(sizes, steps, factors, strict=True):
        # What the step makes of each unit signal in turn is a column of its matrix.
        responses = separably(eye(n, dtype=dtype), [h], "same", border, 0, "projection_matrix", convolving=True)
        product = kron(product, responses[:, ::one].T)
    return product


@guarded
def sampling_kind(M: int, N: int) -> str:
    """What M coefficients say about N pixels: 'critical' sampling for M = N, 'over' for M > N, 'under' for M < N (N84).

    A generic N×M matrix P has rank min(M, N), so its coefficients a = Pᵀ·I give the image back exactly
    when it is not under-sampled. Raises `ArgumentError` for a number below 1, `DTypeError`.

    >>> from minigrad import signal
    >>> signal.sampling_kind(64, 256)
    'under'
    """
    M, N = as_integer(M, "sampling_kind", "M"), as_integer(N, "sampling_kind", "N")
    if min(M, N) < 1:
        raise ArgumentError(f"sampling_kind got M={M} coefficients and N={N} pixels; there is at least 1 of each")
    return "critical" if M == N else "over" if M > N else "under"
