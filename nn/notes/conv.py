"""The convolution layer with the conventions of each of the five notes (N46–N53)."""

from typing import Any, Self

import minigrad as mg
from minigrad.errors import ArgumentError
from minigrad.geometry import per_axis

from .. import init
from ..module import Module
from ..parameter import Parameter
from . import functional as F
from .functional.operands import as_sign
from .matrix import KernelMatrix
from .sizes import checked_stride, checked_widths, count, output_shape

__all__ = ["Conv2d"]

BIASES = ("channel", "pair", "map", None)


class Conv2d(Module):
    """Y_o = Σ_c X_c ⋆ K_oc ± b, with every convention that the notes differ in as an argument (N46–N53, X79).

    (N, C, H, W) or (C, H, W) -> (N, O, oh, ow) or (O, oh, ow), with
    o = ⌊(n + p₀ + p₁ − d(k − 1) − 1)/s⌋ + 1 (N44)

    - `flip`: the true convolution X_c * K_oc, whose kernels are reversed (N20, N51).
    - `stride`, or `skip` = stride − 1 pixels left out in between (N39, X77).
    - `padding` on each side, `pad_total` on both sides together (N41, X26), or
      `mode`: 'full' or 'wide', 'same', 'valid' or 'narrow' (N34, N45), whatever the
      stride: a strided map is the dense one, sliced (N38). Where a
      total is odd the surplus goes to the end, with `flip` to the beginning (X81).
    - `bias`: 'channel' (O), a number per map; 'pair' (O, C), of which only the
      sum over C counts (X35); 'map' (O, oh, ow), a number per unit, which takes
      `size`, that of the maps that go in; or None (N52). `bias_sign=-1` subtracts it.

    `after_a` … `after_e` make the layer of one note. `weight` (O, C, kh, kw) and
    `bias` start from U(−1/√fan_in, 1/√fan_in). `nn.Conv2d` is PyTorch's layer.

    Raises `ArgumentError` for arguments that contradict each other; when it is
    called, as `notes.functional.conv2d`.

    >>> import minigrad as mg, nn
    >>> layer = nn.notes.Conv2d(1, 6, 3, pad_total=2, bias="pair", bias_sign=-1)
    >>> layer(mg.zeros(2, 1, 28, 28)).shape, layer.bias.shape
    ((2, 6, 28, 28), (6, 1))
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        kernel_size: Any,
        *,
        stride: Any = 1,
        padding: Any = 0,
        pad_total: Any = None,
        skip: Any = None,
        mode: str | None = None,
        dilation: Any = 1,
        flip: bool = False,
        bias: str | None = "channel",
        bias_sign: int = 1,
        size: Any = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.c_in = count(c_in, name, "c_in")
        self.c_out = count(c_out, name, "c_out")
        self.kernel_size = _pair(kernel_size, "kernel_size")
        self.dilation = _pair(dilation, "dilation")
        self.flip = mg.as_flag(flip, name, "flip")
        self.stride = checked_stride(stride, skip, name)
        self.mode = mode
        self.padding = checked_widths(padding, pad_total, mode, self.kernel_size, self.dilation, self.flip, name)
        self.bias_mode = bias
        self.bias_sign = as_sign(bias_sign, name)
        self.size = None if size is None else _pair(size, "size")
        shape = self._bias_shape(name)
        self.weight = Parameter(mg.empty(self.c_out, self.c_in, *self.kernel_size))
        self.register_parameter("bias", None if shape is None else Parameter(mg.empty(shape)))
        self.reset_parameters()

    def _bias_shape(self, name: str) -> tuple[int, ...] | None:
        mode = self.bias_mode
        if not isinstance(mode, str | None) or mode not in BIASES:
            raise ArgumentError(f"{name} got bias={mode!r}; it is 'channel', 'pair', 'map' or None (N52)")
        if (mode == "map") != (self.size is not None):
            arrived = f"got bias={mode!r} and size={self.size}"
            raise ArgumentError(
                f"{name} {arrived}; a bias per unit, bias='map', and the size of the maps that go in, size=(H, W), go "
                "together: no other bias depends on it"
            )
        if mode == "map":
            return (self.c_out, *output_shape(self.size, self.kernel_size, self.stride, self.padding, self.dilation))
        return {"channel": (self.c_out,), "pair": (self.c_out, self.c_in), None: None}[mode]

    # ------------------------------------------------------------ one note's layer

    @classmethod
    def after_a(cls, c_in: int, c_out: int, kernel_size: Any, *, stride: Any = 1, padding: Any = 0) -> Self:
        """Note A's layer: X = O ⋆ W + b with one number b per filter, padding on each side (N40, N112).

        >>> import nn
        >>> nn.notes.Conv2d.after_a(1, 1, 2)
        Conv2d(1, 1, kernel_size=(2, 2), stride=(1, 1), padding=((0, 0), (0, 0)))
        """
        return cls(c_in, c_out, kernel_size, stride=stride, padding=padding)

    @classmethod
    def after_b(cls, c_in: int, c_out: int, kernel_size: Any, *, stride: Any = 1, pad_total: Any = 0) -> Self:
        """Note B's layer: H ⋆ W_i + b_i, and padding is counted on both sides together (N41, N47, X26).

        >>> import nn
        >>> nn.notes.Conv2d.after_b(1, 6, 3, pad_total=2)
        Conv2d(1, 6, kernel_size=(3, 3), stride=(1, 1), padding=((1, 1), (1, 1)))
        """
        return cls(c_in, c_out, kernel_size, stride=stride, pad_total=pad_total)

    @classmethod
    def after_c(cls, c_in: int, c_out: int, kernel_size: Any) -> Self:
        """Note C's layer: Σ_k (w_ok * a_k − b_ok), a true convolution, biases subtracted, one per pair (N51, X35).

        >>> import nn
        >>> nn.notes.Conv2d.after_c(2, 3, 3)
        Conv2d(2, 3, kernel_size=(3, 3), stride=(1, 1), padding=((0, 0), (0, 0)), flip=True, bias='pair', bias_sign=-1)
        """
        return cls(c_in, c_out, kernel_size, flip=True, bias="pair", bias_sign=-1)

    @classmethod
    def after_d(
        cls,
        c_in: int,
        c_out: int,
        kernel_size: Any,
        *,
        mode: str = "valid",
        bias: str | None = "channel",
        size: Any = None,
    ) -> Self:
        """Note D's layer: 𝒦 ⋆ X + B in one of three modes, B_o a number or a map, which it leaves open (N34, N48, X45).

        >>> import nn
        >>> nn.notes.Conv2d.after_d(2, 3, 5, mode="same")
        Conv2d(2, 3, kernel_size=(5, 5), stride=(1, 1), padding=((2, 2), (2, 2)), mode='same')
        """
        return cls(c_in, c_out, kernel_size, mode=mode, bias=bias, size=size)

    @classmethod
    def after_e(cls, c_in: int, c_out: int, h: Any, *, size: Any, skip: Any = 0) -> Self:
        """Note E's layer: B_i + Σ_j K_ij ⋆ Y_j with kernels of 2h + 1 and a number B per unit (N39, N49, N50).

        `size` is that of the maps that go in.

        >>> import nn
        >>> nn.notes.Conv2d.after_e(1, 4, 1, size=12).bias.shape
        (4, 10, 10)
        """
        rows, columns = per_axis(h, 2, "h", 0)
        return cls(c_in, c_out, (2 * rows + 1, 2 * columns + 1), skip=skip, bias="map", size=size)

    # -------------------------------------------------------------------- the layer

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        init.default_(self.weight, self.bias)

    @property
    def kernels(self) -> KernelMatrix:
        """The kernels as they lie on the input, reversed where `flip` is set: a matrix, of which `@` is ⋆ (N48)."""
        return KernelMatrix(mg.flip(self.weight, (2, 3)) if self.flip else self.weight)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) or (C, H, W) -> (N, O, oh, ow) or (O, oh, ow)"""
        return F.conv2d(
            input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.flip, self.bias_sign
        )

    def extra_repr(self) -> str:
        """The hyperparameters (N45): depth, kernel, stride, zeros before and after, and what is not the default."""
        parts = [
            f"{self.c_in}, {self.c_out}, kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
        ]
        if self.mode is not None:
            parts.append(f"mode={self.mode!r}")
        if self.dilation != (1, 1):
            parts.append(f"dilation={self.dilation}")
        if self.flip:
            parts.append("flip=True")
        if self.bias_mode != "channel":
            parts.append(f"bias={self.bias_mode!r}")
        if self.bias_sign != 1 and self.bias_mode is not None:
            parts.append("bias_sign=-1")
        if self.size is not None:
            parts.append(f"size={self.size}")
        return ", ".join(parts)


def _pair(value: Any, name: str) -> tuple[int, int]:
    """One size per axis."""
    rows, columns = per_axis(value, 2, name)
    return rows, columns
