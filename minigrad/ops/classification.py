"""The losses of classification (N98), sample by sample: scores per class against class numbers."""

import math
from typing import Any

import numpy as np

from ..dtypes import int64
from ..errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError
from ..kernels import likelihood as kernels
from ..kernels.indexing import Index
from ..operands import as_integer, as_number, as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .comparison import where
from .indexing import gather, getitem_primitive
from .reduction import divisor, floating, sum_primitive
from .shape import expand_primitive, squeeze, unsqueeze
from .softmax import softmax_primitive

__all__ = ["cross_entropy", "nll_loss"]


def _places(target: Array, axis: int) -> tuple[Array, ...]:
    """The index of the score of each label."""
    last = target.ndim - 1
    mesh = [np.arange(size).reshape((size, *(1,) * (last - place))) for place, size in enumerate(target.shape)]
    mesh.insert(axis, target)
    return tuple(mesh)


@primitive(
    "y = ln Σ eˣ − (1 − ε)·x_t − ε·mean x over the classes, and 0 where t does not count; or their sum divided by n",
    vjp="x̄ = g·(softmax x − (1 − ε)·[class is t] − ε/C)",
    notes=("N98",),
    aux=("pieces",),
)
def cross_entropy_primitive(
    x: Array, target: Array, *, axis: int, ignored: int | None, smoothing: float, count: int | None
) -> tuple[Array, list[kernels.Piece]]:
    """What logits cost where the class is known; exact where it is certain."""
    return kernels.costs(x, target, axis, ignored, smoothing, count)


@primitive(
    "x̄ = g·(softmax x − (1 − ε)·[class is t] − ε/C), and 0 where t does not count",
    vjp="ḡ = Σ h·(softmax x − (1 − ε)·[class is t] − ε/C), x̄ = g·p·(h − Σ h·p), p = softmax x",
    notes=("N98",),
)
def cross_entropy_vjp(
    g: Array, x: Array, target: Array, *, axis: int, ignored: int | None, smoothing: float, count: int | None,
    pieces: list[kernels.Piece] | None = None,
) -> Array:  # fmt: skip
    """The VJP of cross_entropy; `pieces` is what the forward found of x."""
    if pieces is None:
        _, pieces = kernels.costs(x, target, axis, ignored, smoothing, count)
    return kernels.gradient(g, x, axis, smoothing, count, pieces)


def _against(
    h: Tensor, x: Tensor, target: Tensor, axis: int, ignored: int | None, smoothing: float, count: int | None
) -> Tensor:
    """Σ h·(softmax x − (1 − ε)·[class is t] − ε/C) for each label, or their sum divided by n; linear in h."""
    missing = target == ignored if ignored is not None else None
    labels = unsqueeze(target if missing is None else where(missing, 0, target), axis)
    right = squeeze(gather(h, axis, labels), axis)
    y = sum_primitive(h * softmax_primitive(x, axes=(axis,)), axes=(axis,), keepdims=False) - right * (1 - smoothing)
    if smoothing:
        y = y - sum_primitive(h, axes=(axis,), keepdims=False) * (smoothing / x.shape[axis])
    if missing is not None:
        y = where(missing, 0, y)
    return y if count is None else sum_primitive(y, axes=tuple(range(y.ndim)), keepdims=False) / (count or math.nan)


def _bend(h: Tensor, g: Tensor, x: Tensor, target: Tensor, axis: int, ignored: int | None, count: int | None) -> Tensor:
    share = softmax_primitive(x, axes=(axis,))
    if count is not None:
        g = expand_primitive(g / (count or math.nan), shape=target.shape)
    if ignored is not None:
        g = where(target == ignored, 0, g)
    weighed = h * unsqueeze(g, axis)
    return share * (weighed - sum_primitive(weighed * share, axes=(axis,), keepdims=True))


cross_entropy_primitive.defvjp(
    x=lambda g, x, target, pieces, axis, ignored, smoothing, count: cross_entropy_vjp(
        g, x, target, axis=axis, ignored=ignored, smoothing=smoothing, count=count, pieces=pieces
    )
)
cross_entropy_primitive.defjvp(
    x=lambda t, x, target, axis, ignored, smoothing, count: _against(t, x, target, axis, ignored, smoothing, count)
)
cross_entropy_vjp.defvjp(
    g=lambda h, x, target, axis, ignored, smoothing, count: _against(h, x, target, axis, ignored, smoothing, count),
    x=lambda h, g, x, target, axis, ignored, count: _bend(h, g, x, target, axis, ignored, count),
)


def _labels(input: Tensor, target: Tensor, ignored: int) -> tuple[int, int | None]:
    """The axis of the classes, once labels and scores fit together; and `ignored`, None where no label is that."""
    if target.dtype.kind not in "iu":
        raise DTypeError(
            f"labels of {target.dtype} arrived; class numbers are integers, for example target.long(). Probabilities "
            "go to cross_entropy, in the shape of the logits"
        )
    axis = 0 if input.ndim == 1 else 1
    wanted = input.shape[:axis] + input.shape[axis + 1 :]
    if input.ndim == 0 or target.shape != wanted:
        hint = ". One-hot targets? Use target.argmax(1)" if target.shape == input.shape else ""
        raise ShapeError(
            f"scores of shape {input.shape} with labels of shape {target.shape}: scores are (N, C, …) and labels (N, "
            f"…), so labels of shape {wanted} were expected{hint}"
        )
    classes, labels = input.shape[axis], target._array
    # What is negative is large without its sign.
    beyond = bool(labels.size) and int(np.maximum.reduce(labels.view(np.uint64), axis=None)) >= classes
    if beyond:
        wrong = labels[((labels < 0) | (labels >= classes)) & (labels != ignored)]
        if wrong.size:
            raise IndexOutOfRangeError(
                f"the label {wrong[0]} arrived for scores of {classes} classes; labels count from 0 to {classes - 1}. "
                "Do yours start at 1, or has the last layer too few outputs?"
            )
    some = beyond or (0 <= ignored < classes and bool((labels == ignored).any()))
    return axis, ignored if some else None


def _integers(target: Any, name: str) -> Tensor:
    """The labels in int64: unsigned ones could not be compared with ignore_index."""
    labels: Tensor = as_operand(target, name)
    return labels.to(dtype=int64) if labels.dtype.kind in "iu" and labels.dtype != int64 else labels


@function
def cross_entropy(
    input: Tensor, target: Tensor, ignore_index: int = -100, label_smoothing: float = 0.0, reduction: str = "none"
) -> Tensor:
    """−ln softmax(x) at the right class, label by label (N98); `nn.functional` has weights, too.

    (C), (N, C) or (N, C, *d) logits, class numbers (), (N) or (N, *d) -> the shape of the class numbers,
    or () with reduction 'sum' or 'mean'

    Labels equal to `ignore_index` cost 0, and do not count in the mean; `label_smoothing` ε mixes the target with
    the uniform distribution. The gradient in the logits is softmax(x) − t.

    Raises `IndexOutOfRangeError` for labels that are no class, `ShapeError`, `ArgumentError` for an ε
    beyond [0, 1], `DTypeError` for labels that are no integers.

    >>> import minigrad as mg
    >>> mg.cross_entropy(mg.tensor([[0., 0.], [0., -20.]]), mg.tensor([1, 0]))
    tensor([6.9315e-01, 2.0612e-09])
    """
    name = "cross_entropy"
    smoothing = as_number(label_smoothing, name, "label_smoothing")
    ignored = as_integer(ignore_index, name, "ignore_index")
    if not 0 <= smoothing <= 1:
        raise ArgumentError(f"cross_entropy got label_smoothing={smoothing}; it lies between 0 and 1")
    input, target = floating(as_operand(input, name), name), _integers(target, name)
    axis, missing = _labels(input, target, ignored)
    labels = target._array
    counted = labels.size if missing is None else int(np.count_nonzero(labels != missing))
    return cross_entropy_primitive(
        input, target, axis=axis, ignored=missing, smoothing=smoothing, count=divisor(reduction, counted)
    )


@function
def nll_loss(input: Tensor, target: Tensor, ignore_index: int = -100) -> Tensor:
    """−x at the right class, label by label (N98); `nn.functional` has the mean, and weights.

    (C), (N, C) or (N, C, *d), class numbers (), (N) or (N, *d) -> the shape of the class numbers

    Labels equal to `ignore_index` cost 0. Raises as `cross_entropy`.

    >>> import minigrad as mg
    >>> mg.nll_loss(mg.tensor([[-0.5, -1.]]), mg.tensor([1]))
    tensor([1.])
    """
    input, target = floating(as_operand(input, "nll_loss"), "nll_loss"), _integers(target, "nll_loss")
    ignored = as_integer(ignore_index, "nll_loss", "ignore_index")
    axis, some = _labels(input, target, ignored)
    labels = target._array
    missing = None if some is None else labels == some
    if missing is not None:
        labels = np.where(missing, 0, labels)
    right = -getitem_primitive(input, index=Index([_places(labels, axis)]))
    return right if missing is None else where(Tensor._wrap(missing), 0, right)
