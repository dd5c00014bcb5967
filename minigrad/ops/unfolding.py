"""The windows of a correlation as the columns of a matrix, and their sum.

    im2col ↔ col2im

With them a convolution is one matrix product: correlate(x, w) = W · im2col(x).
"""

import math
from collections.abc import Sequence
from typing import Any

from ..errors import ShapeError
from ..geometry import Geometry, Padding, per_axis
from ..kernels import windows as kernels
from ..operands import as_operand
from ..primitive import primitive
from ..registry import function
from ..tensor import Array, Tensor


@primitive(
    "y = the windows of x as columns",
    vjp="x̄ = every column of g added to its window",
    notes=("N132",),
    quiet=True,
    linear=True,
)
def im2col_primitive(x: Array, *, geometry: Geometry) -> Array:
    """(N, C, *n) -> (N, C·∏k, L); the adjoint of `col2im`."""
    return kernels.im2col(x, geometry)


@primitive(
    "y = every column of x added to its window",
    vjp="x̄ = the windows of g as columns",
    notes=("N132", "N135"),
    linear=True,
)
def col2im_primitive(x: Array, *, geometry: Geometry) -> Array:
    """(N, C·∏k, L) -> (N, C, *n); the adjoint of `im2col`."""
    return kernels.col2im(x, geometry)


im2col_primitive.defvjp(x=lambda g, geometry: col2im_primitive(g, geometry=geometry))
col2im_primitive.defvjp(x=lambda g, geometry: im2col_primitive(g, geometry=geometry))


@function
def im2col(
    input: Tensor, kernel_size: Any, *, stride: Any = 1, padding: Padding = 0, dilation: Any = 1
) -> Tensor:  # fmt: skip
    """What a kernel meets at each of its places, as columns (N132).

    (N, C, *n) -> (N, C·∏k, L), L = ∏o: row (c, j) holds what kernel element j of
    channel c meets, column i what the kernel meets at place i, both row-major.

    Any number of spatial axes; `padding` as for `correlate`. Raises `ShapeError`
    where the kernel does not fit in, `ArgumentError` for sizes that cannot be.

    >>> import minigrad as mg
    >>> mg.im2col(mg.tensor([[[1., 2., 3.]]]), 2)
    tensor([[[1., 2.],
             [2., 3.]]])
    """
    input = as_operand(input, "im2col")
    axes = input.ndim - 2
    if axes < 1 or 0 in input.shape[1:]:
        raise ShapeError(
            f"im2col of shape {input.shape}: it takes batch, channels and at least one spatial axis, none of them "
            "empty but the batch"
        )
    geometry = Geometry.window(input.shape[2:], per_axis(kernel_size, axes, "kernel_size"), stride, padding, dilation)
    return im2col_primitive(input, geometry=geometry)


def _axes(*sizes: Any) -> int:
    """The number of spatial axes that sizes speak of: two where all of them are single numbers."""
    return max((len(one) for one in sizes if isinstance(one, Sequence) and not isinstance(one, str)), default=2)


@function
def col2im(
    input: Tensor, output_size: Any, kernel_size: Any, *, stride: Any = 1, padding: Padding = 0, dilation: Any = 1
) -> Tensor:  # fmt: skip
    """Columns added to the windows that they stand for: the adjoint of `im2col`, not its inverse (N135).

    (N, C·∏k, L) -> (N, C, *output_size). Where windows overlap, values add up.

    `output_size` has an entry per spatial axis; one number means a square. Raises
    `ShapeError` where the rows or the columns do not belong to these sizes,
    `ArgumentError` for sizes that cannot be.

    >>> import minigrad as mg
    >>> mg.col2im(mg.ones(1, 2, 2), (3,), (2,))
    tensor([[[1., 2., 1.]]])
    """
    input = as_operand(input, "col2im")
    axes = _axes(output_size, kernel_size)
    sizes, kernel = per_axis(output_size, axes, "output_size"), per_axis(kernel_size, axes, "kernel_size")
    if input.ndim != 3 or 0 in input.shape[1:]:
        raise ShapeError(
            f"col2im of shape {input.shape}: it takes (batch, channels · kernel elements, places), none of them empty "
            "but the batch"
        )
    geometry = Geometry.window(sizes, kernel, stride, padding, dilation)
    rows, columns, taps, places = *input.shape[1:], math.prod(kernel), math.prod(geometry.outputs)
    if rows % taps:
        raise ShapeError(
            f"col2im of shape {input.shape} with kernel_size {kernel}: every channel has {taps} rows, one for each "
            f"kernel element, and {rows} is no multiple of that"
        )
    if columns != places:
        raise ShapeError(
            f"col2im of shape {input.shape}: over an output of {sizes} a kernel of {kernel} with stride "
            f"{geometry.stride}, padding {geometry.asked(padding)} and dilation {geometry.dilation} stands at "
            f"{' · '.join(map(str, geometry.outputs))} = {places} places, so the last axis must have {places} columns; "
            f"it has {columns}. Give the sizes that the columns were made with"
        )
    return col2im_primitive(input, geometry=geometry)
