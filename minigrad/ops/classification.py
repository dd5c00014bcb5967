"""The losses of classification (N98), sample by sample: scores per class against class numbers."""

from typing import Any

import numpy as np

from ..dtypes import int64
from ..errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError
from ..kernels.elementwise import drop, in_pieces
from ..kernels.indexing import Index
from ..kernels.sums import total
from ..operands import as_integer, as_number, as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor
from .comparison import where
from .indexing import gather, getitem_primitive
from .reduction import floating, sum_primitive
from .shape import squeeze, unsqueeze
from .softmax import log_total, softmax_primitive

__all__ = ["cross_entropy", "nll_loss"]


def _places(target: Array, axis: int) -> tuple[Array, ...]:
    """The index of the score of each label."""
    last = target.ndim - 1
    mesh = [np.arange(size).reshape((size, *(1,) * (last - place))) for place, size in enumerate(target.shape)]
    mesh.insert(axis, target)
    return tuple(mesh)


def _counted(target: Array, ignored: int) -> tuple[Array, Array | None]:
    """The labels, those that do not count replaced by 0, and where these are; None if nowhere."""
    missing = target == ignored
    return (np.where(missing, 0, target), missing) if np.count_nonzero(missing) else (target, None)


def _lifted(x: Array, axis: int) -> Array:
    """With an axis for the classes."""
    return x[(*(slice(None),) * axis, None)]


@primitive(
    "y = ln Σ eˣ − (1 − ε)·x_t − ε·mean x over the classes, and 0 where t does not count",
    vjp="x̄ = g·(softmax x − (1 − ε)·[class is t] − ε/C)",
    notes=("N98",),
)
def cross_entropy_primitive(x: Array, target: Array, *, axis: int, ignored: int, smoothing: float) -> Array:
    """What logits cost where the class is known; exact where it is certain."""
    labels, missing = _counted(target, ignored)
    shifted = np.subtract(x, x.max(axis=axis, keepdims=True, initial=-np.inf))
    y = log_total(shifted, (axis,)).reshape(labels.shape)
    right = shifted[_places(labels, axis)]
    if smoothing:
        y = y - right * x.dtype.type(1 - smoothing) - shifted.mean(axis) * x.dtype.type(smoothing)
    else:
        y = y - right
    return np.asarray(y) if missing is None else in_pieces(drop, missing, np.asarray(y))


@primitive(
    "x̄ = g·(softmax x − (1 − ε)·[class is t] − ε/C), and 0 where t does not count",
    vjp="ḡ = Σ h·(softmax x − (1 − ε)·[class is t] − ε/C), x̄ = g·p·(h − Σ h·p), p = softmax x",
    notes=("N98",),
)
def cross_entropy_vjp(g: Array, x: Array, target: Array, *, axis: int, ignored: int, smoothing: float) -> Array:
    """The VJP of cross_entropy."""
    labels, missing = _counted(target, ignored)
    if missing is not None:
        g = in_pieces(drop, missing, g)
    y = np.subtract(x, x.max(axis=axis, keepdims=True, initial=-np.inf))
    np.exp(y, out=y)
    np.multiply(y, _lifted(g, axis) / total(y, (axis,), True), out=y)
    if smoothing:
        np.subtract(y, _lifted(g * x.dtype.type(smoothing / x.shape[axis]), axis), out=y)
        g = g * x.dtype.type(1 - smoothing)
    y[_places(labels, axis)] -= g
    return y  # type: ignore[no-any-return]


def _against(h: Tensor, x: Tensor, target: Tensor, axis: int, ignored: int, smoothing: float) -> Tensor:
    """Σ h·(softmax x − (1 − ε)·[class is t] − ε/C): one number for each label, linear in h."""
    missing = target == ignored
    labels = unsqueeze(where(missing, 0, target), axis)
    right = squeeze(gather(h, axis, labels), axis)
    y = sum_primitive(h * softmax_primitive(x, axes=(axis,)), axes=(axis,), keepdims=False) - right * (1 - smoothing)
    if smoothing:
        y = y - sum_primitive(h, axes=(axis,), keepdims=False) * (smoothing / x.shape[axis])
    return where(missing, 0, y)  # type: ignore[no-any-return]


def _bend(h: Tensor, g: Tensor, x: Tensor, target: Tensor, axis: int, ignored: int) -> Tensor:
    share = softmax_primitive(x, axes=(axis,))
    weighed = h * unsqueeze(where(target == ignored, 0, g), axis)
    return share * (weighed - sum_primitive(weighed * share, axes=(axis,), keepdims=True))


cross_entropy_primitive.defvjp(
    x=lambda g, x, target, axis, ignored, smoothing: cross_entropy_vjp(
        g, x, target, axis=axis, ignored=ignored, smoothing=smoothing
    )
)
cross_entropy_primitive.defjvp(
    x=lambda t, x, target, axis, ignored, smoothing: _against(t, x, target, axis, ignored, smoothing)
)
cross_entropy_vjp.defvjp(
    g=lambda h, x, target, axis, ignored, smoothing: _against(h, x, target, axis, ignored, smoothing),
    x=lambda h, g, x, target, axis, ignored: _bend(h, g, x, target, axis, ignored),
)


def _labels(input: Tensor, target: Tensor, ignored: int) -> int:
    """The axis of the classes, once labels and scores fit together."""
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
    if labels.size and labels.view(np.uint64).max() >= classes:  # what is negative is large without its sign
        wrong = labels[((labels < 0) | (labels >= classes)) & (labels != ignored)]
        if wrong.size:
            raise IndexOutOfRangeError(
                f"the label {wrong[0]} arrived for scores of {classes} classes; labels count from 0 to {classes - 1}. "
                "Do yours start at 1, or has the last layer too few outputs?"
            )
    return axis


def _integers(target: Any, name: str) -> Tensor:
    """The labels in int64: unsigned ones could not be compared with ignore_index."""
    labels: Tensor = as_operand(target, name)
    return labels.to(dtype=int64) if labels.dtype.kind in "iu" and labels.dtype != int64 else labels


@function
def cross_entropy(input: Tensor, target: Tensor, ignore_index: int = -100, label_smoothing: float = 0.0) -> Tensor:
    """−ln softmax(x) at the right class, label by label (N98); `nn.functional` has the mean, and weights.

    (C), (N, C) or (N, C, *d) logits, class numbers (), (N) or (N, *d) -> the shape of the class numbers

    Labels equal to `ignore_index` cost 0, `label_smoothing` ε mixes the target with the
    uniform distribution. The gradient in the logits is softmax(x) − t.

    Raises `IndexOutOfRangeError` for labels that are no class, `ShapeError`, `ArgumentError` for an ε
    beyond [0, 1], `DTypeError` for labels that are no integers.

    >>> import minigrad as mg
    >>> mg.cross_entropy(mg.tensor([[0., 0.], [0., -20.]]), mg.tensor([1, 0]))
    tensor([6.9315e-01, 2.0612e-09])
    """
    name = "cross_entropy"
    smoothing, ignored = (
        as_number(label_smoothing, name, "label_smoothing"),
        as_integer(ignore_index, name, "ignore_index"),
    )
    if not 0 <= smoothing <= 1:
        raise ArgumentError(f"cross_entropy got label_smoothing={smoothing}; it lies between 0 and 1")
    input, target = floating(as_operand(input, name), name), _integers(target, name)
    axis = _labels(input, target, ignored)
    return cross_entropy_primitive(input, target, axis=axis, ignored=ignored, smoothing=smoothing)


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
    axis = _labels(input, target, ignored)
    labels, missing = _counted(target._array, ignored)
    right = -getitem_primitive(input, index=Index([_places(labels, axis)]))
    return right if missing is None else where(Tensor._wrap(missing), 0, right)
