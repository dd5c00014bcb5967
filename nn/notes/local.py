"""A layer whose units see a window each, and share nothing: what convolution would be without parameter sharing."""

import math
from typing import Any

import minigrad as mg
from minigrad.geometry import pairs, per_axis

from .. import init
from ..module import Module
from ..parameter import Parameter
from . import functional as F
from .sizes import count, output_shape

__all__ = ["LocallyConnected2d"]


class LocallyConnected2d(Module):
    """Local connections without sharing: every unit has a kernel and a bias of its own (N60, X48).

    (N, C, H, W) or (C, H, W) -> (N, O, oh, ow) or (O, oh, ow)

    `size` is that of the maps that go in. `weight` (O, C, kh, kw, oh, ow) and
    `bias` (O, oh, ow) start from U(−1/√fan_in, 1/√fan_in): oh·ow times the
    parameters of a convolution (N63), which is this layer with all places tied.
    The convolution's weight gradient is the sum of this layer's over the places (N62).

    Raises `ShapeError` where the kernel does not fit into the maps; when it is
    called, as `notes.functional.locally_connected2d`.

    >>> import minigrad as mg, nn
    >>> layer = nn.notes.LocallyConnected2d(1, 6, 5, size=32)
    >>> layer(mg.zeros(2, 1, 32, 32)).shape, nn.notes.count_parameters(layer)
    ((2, 6, 28, 28), 122304)
    """

    def __init__(
        self, c_in: int, c_out: int, kernel_size: Any, size: Any, *, stride: Any = 1, padding: Any = 0,
        bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        name = type(self).__name__
        self.c_in = count(c_in, name, "c_in")
        self.c_out = count(c_out, name, "c_out")
        self.kernel_size = per_axis(kernel_size, 2, "kernel_size")
        self.size = per_axis(size, 2, "size")
        self.stride = per_axis(stride, 2, "stride")
        self.padding = pairs(padding, 2)
        places = output_shape(self.size, self.kernel_size, self.stride, self.padding, (1, 1))  # type: ignore[arg-type]
        self.weight = Parameter(mg.empty(self.c_out, self.c_in, *self.kernel_size, *places))
        kept = mg.as_flag(bias, name, "bias")
        self.register_parameter("bias", Parameter(mg.empty(self.c_out, *places)) if kept else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        bound = 1 / math.sqrt(self.c_in * math.prod(self.kernel_size))
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) or (C, H, W) -> (N, O, oh, ow) or (O, oh, ow)"""
        return F.locally_connected2d(input, self.weight, self.bias, self.stride, self.padding)

    def extra_repr(self) -> str:
        """The hyperparameters (N45)."""
        return (
            f"{self.c_in}, {self.c_out}, kernel_size={self.kernel_size}, size={self.size}, stride={self.stride}, "
            f"padding={self.padding}, bias={self.bias is not None}"
        )
