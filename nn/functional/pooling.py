"""Pooling that is made of the engine's: power means, maxima with their places by PyTorch's names."""

import math
from collections.abc import Callable
from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError
from minigrad.geometry import per_axis
from minigrad.registry import guarded

# ---------------------------------------------------------------- power means


def _power(input: mg.Tensor, p: float) -> mg.Tensor:
    """xᵖ. Between the orders 0 and 2 an element that is 0 gets the gradient 0, where a slope may be infinite."""
    if p == 1 or not 0 < p < 2:
        return input**p
    level = input == 0
    return mg.where(level, 0, mg.where(level, 1, input) ** p)  # type: ignore[no-any-return]


def _lp_pool(
    axes: int, input: mg.Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool
) -> mg.Tensor:
    name = f"lp_pool{axes}d"
    input = mg.as_operand(input, name)
    if input.dtype.kind != "f":
        raise DTypeError(
            f"{name} of a tensor of {input.dtype}: a norm is no integer. Convert first, for example t.float()"
        )
    if not isinstance(norm_type, int | float):
        raise DTypeError(f"{name} got norm_type={norm_type!r}; it is a number, 2 for the Euclidean norm")
    if norm_type == 0:
        raise ArgumentError(f"{name} got norm_type=0; there is no root of order 0")
    largest: Callable[..., Any] = (mg.max_pool1d, mg.max_pool2d, mg.max_pool3d)[axes - 1]
    mean: Callable[..., Any] = (mg.avg_pool1d, mg.avg_pool2d, mg.avg_pool3d)[axes - 1]
    if math.isinf(norm_type):
        sign = math.copysign(1, norm_type)
        result: mg.Tensor = largest(abs(input) * sign, kernel_size, stride, ceil_mode=ceil_mode) * sign
        return result
    elements = math.prod(per_axis(kernel_size, axes, "kernel_size"))
    total = mean(_power(input, norm_type), kernel_size, stride, ceil_mode=ceil_mode) * elements
    level = total == 0
    root = mg.where(level, 1, total) ** (1 / norm_type)
    return mg.where(level, 0 if norm_type > 0 else math.inf, root)  # type: ignore[no-any-return]


@guarded
def lp_pool1d(
    input: mg.Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> mg.Tensor:
    """The p-norm of each window: (N, C, n) or (C, n) -> (N, C, o) or (C, o). See `lp_pool2d`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.lp_pool1d(mg.tensor([[3., -4., 0., 0.]]), 2, 2)
    tensor([[5., 0.]])
    """
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


@guarded
def lp_pool2d(
    input: mg.Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> mg.Tensor:
    """The p-norm of each window, map by map (N89): (Σ xᵖ)^(1/p), the sum over the window.

    (N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow); the stride is the kernel size unless given.

    p is `norm_type`: 1 adds up, 2 is the Euclidean norm, ∞ the largest and −∞
    the smallest absolute value. As in PyTorch no absolute value is taken
    otherwise, so a root of a negative sum is NaN; and where `ceil_mode` lets a
    window reach beyond the input, the sum counts as if it went on like the
    rest. The gradient is 0 where the sum is (N130).

    Raises `DTypeError` for integers, `ArgumentError` for order 0, else as `max_pool2d`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.lp_pool2d(mg.tensor([[[3., -4.], [0., 0.]]]), 2, 2)
    tensor([[[5.]]])
    """
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


@guarded
def lp_pool3d(
    input: mg.Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> mg.Tensor:
    """The p-norm of each window: (N, C, D, H, W) or (C, D, H, W) -> likewise. See `lp_pool2d`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.lp_pool3d(mg.ones(1, 2, 2, 2), 1, 2)
    tensor([[[[8.]]]])
    """
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


# ------------------------------------------------------ maxima and their places


@guarded
def adaptive_max_pool1d(input: mg.Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each window: (N, C, n) or (C, n) -> (N, C, o) or (C, o). See `adaptive_max_pool2d`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.adaptive_max_pool1d(mg.tensor([[1., 3., 2.]]), 2)
    tensor([[3., 3.]])
    """
    found = mg.adaptive_max_pool1d(input, output_size)
    return found if mg.as_flag(return_indices, "adaptive_max_pool", "return_indices") else found[0]


@guarded
def adaptive_max_pool2d(input: mg.Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each window that cuts a map into `output_size` parts (N87); with `return_indices` its place too.

    (N, C, H, W) or (C, H, W) -> (N, C, oh, ow) or (C, oh, ow)

    Windows as in `adaptive_avg_pool2d`; the gradient goes to the first winner
    (N128). Raises as `adaptive_avg_pool2d`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.adaptive_max_pool2d(mg.arange(9.).reshape(1, 3, 3), (1, 2))
    tensor([[[7., 8.]]])
    """
    found = mg.adaptive_max_pool2d(input, output_size)
    return found if mg.as_flag(return_indices, "adaptive_max_pool", "return_indices") else found[0]


@guarded
def adaptive_max_pool3d(input: mg.Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each window: (N, C, D, H, W) or (C, D, H, W) -> likewise. See `adaptive_max_pool2d`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.adaptive_max_pool3d(mg.ones(1, 4, 4, 4), (1, 2, None)).shape
    (1, 1, 2, 4)
    """
    found = mg.adaptive_max_pool3d(input, output_size)
    return found if mg.as_flag(return_indices, "adaptive_max_pool", "return_indices") else found[0]


@guarded
def adaptive_max_pool1d_with_indices(input: mg.Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """`adaptive_max_pool1d` with the places, whatever `return_indices` says: (N, C, n) -> twice (N, C, o).

    >>> import minigrad as mg, nn.functional as F
    >>> F.adaptive_max_pool1d_with_indices(mg.tensor([[1., 3., 2.]]), 1)
    (tensor([[3.]]), tensor([[1]]))
    """
    return mg.adaptive_max_pool1d(input, output_size)


@guarded
def adaptive_max_pool2d_with_indices(input: mg.Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """`adaptive_max_pool2d` with the places, whatever `return_indices` says: (N, C, H, W) -> twice (N, C, oh, ow).

    >>> import minigrad as mg, nn.functional as F
    >>> F.adaptive_max_pool2d_with_indices(mg.arange(4.).reshape(1, 2, 2), 1)
    (tensor([[[3.]]]), tensor([[[3]]]))
    """
    return mg.adaptive_max_pool2d(input, output_size)


@guarded
def adaptive_max_pool3d_with_indices(input: mg.Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """`adaptive_max_pool3d` with the places, whatever `return_indices` says: (N, C, D, H, W) -> twice likewise.

    >>> import minigrad as mg, nn.functional as F
    >>> F.adaptive_max_pool3d_with_indices(mg.arange(8.).reshape(1, 2, 2, 2), 1)[1]
    tensor([[[[7]]]])
    """
    return mg.adaptive_max_pool3d(input, output_size)


@guarded
def max_pool1d_with_indices(
    input: mg.Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """`max_pool1d` with the places, whatever `return_indices` says: (N, C, n) -> twice (N, C, o).

    >>> import minigrad as mg, nn.functional as F
    >>> F.max_pool1d_with_indices(mg.tensor([[1., 3., 2., 5.]]), 2)
    (tensor([[3., 5.]]), tensor([[1, 3]]))
    """
    return mg.max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


@guarded
def max_pool2d_with_indices(
    input: mg.Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """`max_pool2d` with the places, whatever `return_indices` says: (N, C, H, W) -> twice (N, C, oh, ow).

    >>> import minigrad as mg, nn.functional as F
    >>> F.max_pool2d_with_indices(mg.tensor([[[1., 2.], [4., 3.]]]), 2)
    (tensor([[[4.]]]), tensor([[[2]]]))
    """
    return mg.max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


@guarded
def max_pool3d_with_indices(
    input: mg.Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """`max_pool3d` with the places, whatever `return_indices` says: (N, C, D, H, W) -> twice likewise.

    >>> import minigrad as mg, nn.functional as F
    >>> F.max_pool3d_with_indices(mg.arange(8.).reshape(1, 2, 2, 2), 2)[1]
    tensor([[[[7]]]])
    """
    return mg.max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode, True)
