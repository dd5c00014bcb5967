"""Padding layers: a border of zeros, of a constant, mirrored, repeated, or from the other side."""

from collections.abc import Iterable
from typing import Any

import minigrad as mg
from minigrad.errors import ShapeError

from . import functional as F
from .module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]


class _Pad(Module):
    """What all have in common: the widths, as `functional.pad` takes them."""

    axes: int

    def __init__(self, padding: Any) -> None:
        super().__init__()
        if hasattr(padding, "tolist"):
            padding = padding.tolist()
        several = isinstance(padding, Iterable) and not isinstance(padding, str)
        self.padding = tuple(padding) if several else (padding,) * (2 * self.axes)

    def extra_repr(self) -> str:
        """The widths."""
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*a, *n) -> (*a, *(before + n + after))"""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """The widths and the value."""
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    """A constant of zero; stands before the class of its rank."""

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """The widths."""
        return f"{self.padding}"


class _BorderPad(_Pad):
    """A border that is taken from the input."""

    mode: str

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *n) or (C, *n) -> (N, C, *o) or (C, *o)"""
        input = mg.as_operand(input, type(self).__name__)
        if input.ndim not in (self.axes + 1, self.axes + 2):
            raise ShapeError(
                f"an input of shape {input.shape} arrived; {type(self).__name__} takes {self.axes + 2} axes (batch, "
                f"channels, {self.axes} spatial), or {self.axes + 1} without the batch"
            )
        return F.pad(input, self.padding, self.mode)


class ConstantPad1d(_ConstantPad):
    """A border of a constant along the last axis: (*a, n) -> (*a, left + n + right). See `ConstantPad2d`.

    >>> import minigrad as mg, nn
    >>> nn.ConstantPad1d(1, 5.)(mg.tensor([1., 2.]))
    tensor([5., 1., 2., 5.])
    """

    axes = 1


class ConstantPad2d(_ConstantPad):
    """A border of a constant around images (N35): (*a, h, w) -> (*a, top + h + bottom, left + w + right).

    `padding` is one width for all sides, or (left, right, top, bottom); negative
    widths cut away. Raises, when it is called, as `functional.pad`.

    >>> import minigrad as mg, nn
    >>> nn.ConstantPad2d((1, 0, 0, 1), 5.)(mg.tensor([[1., 2.]]))
    tensor([[5., 1., 2.],
            [5., 5., 5.]])
    """

    axes = 2


class ConstantPad3d(_ConstantPad):
    """A border of a constant around volumes: (*a, d, h, w) -> likewise, larger. See `ConstantPad2d`.

    >>> import minigrad as mg, nn
    >>> nn.ConstantPad3d(1, 5.)(mg.zeros(1, 2, 3, 4)).shape
    (1, 4, 5, 6)
    """

    axes = 3


class ZeroPad1d(_ZeroPad, ConstantPad1d):
    """A border of zeros along the last axis: (*a, n) -> (*a, left + n + right). See `ConstantPad1d`.

    >>> import minigrad as mg, nn
    >>> nn.ZeroPad1d((2, 0))(mg.tensor([1., 2.]))
    tensor([0., 0., 1., 2.])
    """


class ZeroPad2d(_ZeroPad, ConstantPad2d):
    """A border of zeros around images (N35). See `ConstantPad2d`.

    >>> import minigrad as mg, nn
    >>> nn.ZeroPad2d(1)(mg.zeros(1, 6, 28, 28)).shape
    (1, 6, 30, 30)
    """


class ZeroPad3d(_ZeroPad, ConstantPad3d):
    """A border of zeros around volumes: (*a, d, h, w) -> likewise, larger. See `ConstantPad3d`.

    >>> import minigrad as mg, nn
    >>> nn.ZeroPad3d(1)(mg.zeros(1, 2, 3, 4)).shape
    (1, 4, 5, 6)
    """


class ReflectionPad1d(_BorderPad):
    """A border mirrored without the edge, along the last axis. See `ReflectionPad2d`.

    >>> import minigrad as mg, nn
    >>> nn.ReflectionPad1d((2, 1))(mg.tensor([[1., 2., 3.]]))
    tensor([[3., 2., 1., 2., 3., 2.]])
    """

    axes = 1
    mode = "reflect"


class ReflectionPad2d(_BorderPad):
    """A border mirrored without the edge, around images (N36).

    (N, C, h, w) or (C, h, w) -> (N, C, top + h + bottom, left + w + right), or likewise without N

    `padding` is one width for all sides, or (left, right, top, bottom); negative
    widths cut away. A width is at most one less than there is to mirror. Raises, when it
    is called, `ShapeError` for another rank, and as `functional.pad`.

    >>> import minigrad as mg, nn
    >>> nn.ReflectionPad2d((1, 0, 0, 1))(mg.zeros(1, 6, 4, 4)).shape
    (1, 6, 5, 5)
    """

    axes = 2
    mode = "reflect"


class ReflectionPad3d(_BorderPad):
    """A border mirrored without the edge, around volumes: (N, C, d, h, w) -> likewise, larger. See `ReflectionPad2d`.

    >>> import minigrad as mg, nn
    >>> nn.ReflectionPad3d(1)(mg.zeros(1, 2, 3, 4)).shape
    (1, 4, 5, 6)
    """

    axes = 3
    mode = "reflect"


class ReplicationPad1d(_BorderPad):
    """A border that repeats the edge, along the last axis. See `ReplicationPad2d`.

    >>> import minigrad as mg, nn
    >>> nn.ReplicationPad1d((2, 1))(mg.tensor([[1., 2., 3.]]))
    tensor([[1., 1., 1., 2., 3., 3.]])
    """

    axes = 1
    mode = "replicate"


class ReplicationPad2d(_BorderPad):
    """A border that repeats the edge, around images (N36).

    (N, C, h, w) or (C, h, w) -> (N, C, top + h + bottom, left + w + right), or likewise without N

    `padding` is one width for all sides, or (left, right, top, bottom); negative
    widths cut away. Raises, when it
    is called, `ShapeError` for another rank, and as `functional.pad`.

    >>> import minigrad as mg, nn
    >>> nn.ReplicationPad2d((1, 0, 0, 1))(mg.zeros(1, 6, 4, 4)).shape
    (1, 6, 5, 5)
    """

    axes = 2
    mode = "replicate"


class ReplicationPad3d(_BorderPad):
    """A border that repeats the edge, around volumes: (N, C, d, h, w) -> likewise, larger. See `ReplicationPad2d`.

    >>> import minigrad as mg, nn
    >>> nn.ReplicationPad3d(1)(mg.zeros(1, 2, 3, 4)).shape
    (1, 4, 5, 6)
    """

    axes = 3
    mode = "replicate"


class CircularPad1d(_BorderPad):
    """A border from the other side, along the last axis. See `CircularPad2d`.

    >>> import minigrad as mg, nn
    >>> nn.CircularPad1d((2, 1))(mg.tensor([[1., 2., 3.]]))
    tensor([[2., 3., 1., 2., 3., 1.]])
    """

    axes = 1
    mode = "circular"


class CircularPad2d(_BorderPad):
    """A border from the other side, around images (N37).

    (N, C, h, w) or (C, h, w) -> (N, C, top + h + bottom, left + w + right), or likewise without N

    `padding` is one width for all sides, or (left, right, top, bottom); negative
    widths cut away. A width is at most what there is. Raises, when it
    is called, `ShapeError` for another rank, and as `functional.pad`.

    >>> import minigrad as mg, nn
    >>> nn.CircularPad2d((1, 0, 0, 1))(mg.zeros(1, 6, 4, 4)).shape
    (1, 6, 5, 5)
    """

    axes = 2
    mode = "circular"


class CircularPad3d(_BorderPad):
    """A border from the other side, around volumes: (N, C, d, h, w) -> likewise, larger. See `CircularPad2d`.

    >>> import minigrad as mg, nn
    >>> nn.CircularPad3d(1)(mg.zeros(1, 2, 3, 4)).shape
    (1, 4, 5, 6)
    """

    axes = 3
    mode = "circular"
