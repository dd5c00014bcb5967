"""A convolution as a matrix: which input each weight of each output meets, written out (N54)."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..channels import check_correlation
from ..errors import ArgumentError, ShapeError
from ..geometry import Geometry, per_axis, resolved_padding
from ..operands import as_operand
from ..ops.indexing import getitem
from ..ops.selecting import added_at
from ..ops.shape import reshape
from ..registry import guarded
from ..tensor import Array, Tensor
from .borders import border_of, sources
from .kernels import Kernel
from .sliding import mode_of, turned, widths_of

__all__ = ["toeplitz_matrix"]


@guarded
def toeplitz_matrix(
    kernel: Tensor,
    input_shape: Any,
    *,
    mode: str = "valid",
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    operator: str = "correlation",
    border: Any = "zero",
    sparse: bool = False,
) -> Any:
    """The matrix T of a correlation, vec(y) = T·vec(x), for inputs of one shape (N54).

    (*k), *n -> (∏o, ∏n), or for a bank (O, C/G, *k), (C, *n) -> (O·∏o, C·∏n); rows and columns in row-major order

    T holds each weight once per output, and zeros where an output does not look; Tᵀ·g is
    the gradient of the input (N124). In one dimension the entries are constant
    along each diagonal. `mode` says how far the kernel reaches beyond the border, as in
    `correlate`, or `padding` does, as in a layer; `border` is 'zero', 'reflect',
    'symmetric', 'edge' or 'wrap'. With operator 'convolution' the kernel is reversed;
    the entries of a `Kernel` are taken as they stand.

    The result is a tensor, differentiable in the kernel, or with `sparse` a
    `scipy.sparse.csr_array` of numbers. Raises `ShapeError` where kernel and shape do not
    fit, `ArgumentError` for a border that is not linear, for mode and padding at once and
    for another word.

    >>> import minigrad as mg
    >>> mg.signal.toeplitz_matrix(mg.tensor([1., 2., 3.]), 5)
    tensor([[1., 2., 3., 0., 0.],
            [0., 1., 2., 3., 0.],
            [0., 0., 1., 2., 3.]])
    >>> mg.signal.toeplitz_matrix(mg.tensor([1., 2., 3.]), 4, mode="same", border="wrap")
    tensor([[2., 3., 0., 1.],
            [1., 2., 3., 0.],
            [0., 1., 2., 3.],
            [3., 0., 1., 2.]])
    """
    name = "toeplitz_matrix"
    w = kernel.weight if isinstance(kernel, Kernel) else as_operand(kernel, name)
    w, shape = _bank(w, input_shape)
    if operator not in ("correlation", "convolution"):
        raise ArgumentError(f"{name} got operator={operator!r}; it is 'correlation' or 'convolution'")
    border = border_of(border, 0, name)
    if not isinstance(border, str):
        raise ArgumentError(
            f"{name} got a border of your own; a matrix needs one that is linear in the image: 'zero', 'reflect', "
            "'symmetric', 'edge' or 'wrap'"
        )
    check_correlation((1, *shape), w.shape, groups, None, name)
    convolving, n, k = operator == "convolution", shape[1:], w.shape[2:]
    if isinstance(padding, int | np.integer) and padding == 0:
        widths = widths_of(mode_of(mode, name), n, k, stride, dilation, convolving=convolving)
    elif mode_of(mode, name) != "valid":
        raise ArgumentError(f"{name} got mode={mode!r} and padding={padding!r}; each says what lies round, so give one")
    else:
        d, s = per_axis(dilation, len(n), "dilation"), per_axis(stride, len(n), "stride")
        widths = resolved_padding(padding, n, k, s, d)
    geometry = Geometry.window(n, k, stride, widths, dilation, groups)
    rows, columns, weights = _entries(geometry, w.shape, border)
    size = (w.shape[0] * math.prod(geometry.outputs), math.prod(shape))
    values = getitem(reshape(turned(w, len(n)) if convolving else w, (-1,)), weights)
    if sparse:
        from scipy.sparse import csr_array

        return csr_array((values.detach().numpy(), (rows, columns)), shape=size)
    return added_at(values, (rows, columns), size)


def _bank(w: Tensor, input_shape: Any) -> tuple[Tensor, tuple[int, ...]]:
    """The kernel as a bank (O, C/G, *k), and the shape of its inputs with their channels."""
    given = input_shape if isinstance(input_shape, Sequence) and not isinstance(input_shape, str) else (input_shape,)
    shape = per_axis(tuple(given), len(given), "input_shape")
    if w.ndim == len(shape) >= 1:
        return reshape(w, (1, 1, *w.shape)), (1, *shape)
    if w.ndim == len(shape) + 1 >= 3:
        return w, shape
    raise ShapeError(
        f"toeplitz_matrix got a kernel of shape {w.shape} and an input of shape {shape}; give one size for each axis "
        "of the kernel, or (C, *n) for a bank (O, C, *k)"
    )


def _entries(geometry: Geometry, w_shape: Sequence[int], border: str) -> tuple[Array, Array, Array]:
    """Row, column and number of the weight, for each product that the correlation makes."""
    axes, inside, column = len(geometry.inputs), np.ones((), bool), np.zeros((), np.int64)
    for axis, n in enumerate(geometry.inputs):
        met = _met(geometry, axis, border)
        met = met.reshape(
            [size if a % axes == axis else 1 for a, size in enumerate(geometry.outputs + geometry.kernel)]
        )
        inside, column = inside & (met >= 0), column * n + met
    places, taps = math.prod(geometry.outputs), math.prod(geometry.kernel)
    row, tap = np.nonzero(inside.reshape(places, taps))
    column = column.reshape(places, taps)[row, tap]
    maps, per_group = w_shape[:2]
    out, channel = np.indices((maps, per_group)).reshape(2, -1, 1)
    first = out // (maps // geometry.groups) * per_group
    rows = out * places + row
    columns = (first + channel) * math.prod(geometry.inputs) + column
    weights = (out * per_group + channel) * taps + tap
    return rows.ravel(), columns.ravel(), weights.ravel()


def _met(geometry: Geometry, axis: int, border: str) -> Array:
    """Which element of one axis each output meets with each element of the kernel: (o, k), -1 for a zero outside."""
    n, (before, after) = geometry.inputs[axis], geometry.padding[axis]
    if border == "zero":
        source = np.arange(-before, n + after)
        source[source >= n] = -1
        source = source.clip(-1)
    else:
        source = sources(n, before, after, border)
    steps = np.arange(geometry.outputs[axis])[:, None] * geometry.stride[axis]
    return source[steps + np.arange(geometry.kernel[axis]) * geometry.dilation[axis]]  # type: ignore[no-any-return]
