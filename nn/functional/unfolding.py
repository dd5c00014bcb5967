"""The windows of maps as columns, and back."""

from collections.abc import Sequence
from typing import Any

import minigrad as mg
from minigrad.errors import ShapeError
from minigrad.registry import guarded


@guarded
def unfold(input: mg.Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> mg.Tensor:
    """What a kernel meets at each of its L places, as columns: a convolution is the weight times them (N132).

    (N, C, *n) or (C, *n) -> (N, C·∏k, L) or (C·∏k, L)

    Two spatial axes, or as many as `kernel_size` has entries. Raises `ShapeError`
    for another rank, or a kernel that does not fit in; `ArgumentError` for sizes
    that cannot be.

    >>> import minigrad as mg, nn.functional as F
    >>> F.unfold(mg.ones(1, 3, 4, 5), 2).shape
    (1, 12, 12)
    """
    input = mg.as_operand(input, "unfold")
    axes = len(kernel_size) if isinstance(kernel_size, Sequence) else 2
    if input.ndim not in (axes + 1, axes + 2):
        raise ShapeError(
            f"unfold got an input of shape {input.shape}; with kernel_size={kernel_size} it needs {axes + 2} axes "
            f"(batch, channels, {axes} spatial), or {axes + 1} without the batch"
        )
    single = input.ndim == axes + 1
    y = mg.im2col(
        input.unsqueeze(0) if single else input, kernel_size, stride=stride, padding=padding, dilation=dilation
    )
    return y.squeeze(0) if single else y


@guarded
def fold(
    input: mg.Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> mg.Tensor:
    """Columns added to the windows of a map that they stand for: the transpose of `unfold`, not its inverse (N135).

    (N, C·∏k, L) or (C·∏k, L) -> (N, C, *output_size) or (C, *output_size)

    What overlaps is added up: fold(unfold(x)) is x times fold(unfold(1)). Raises
    `ShapeError` where the rows are no multiple of the kernel's elements, or there
    are not as many columns as the kernel has places.

    >>> import minigrad as mg, nn.functional as F
    >>> F.fold(mg.ones(4, 4), (3, 3), 2)
    tensor([[[1., 2., 1.],
             [2., 4., 2.],
             [1., 2., 1.]]])
    """
    input = mg.as_operand(input, "fold")
    if input.ndim not in (2, 3):
        raise ShapeError(
            f"fold got an input of shape {input.shape}; it needs (batch, channels · kernel elements, places), or the "
            "same without the batch"
        )
    single = input.ndim == 2
    columns = input.unsqueeze(0) if single else input
    y = mg.col2im(columns, output_size, kernel_size, stride=stride, padding=padding, dilation=dilation)
    return y.squeeze(0) if single else y
