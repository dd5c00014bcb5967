"""Convolution layers over one, two and three spatial axes, and their transposes."""

from collections.abc import Sequence
from typing import Any

import minigrad as mg
from minigrad.channels import check_correlation, check_groups
from minigrad.errors import ArgumentError, ShapeError
from minigrad.geometry import Geometry

from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

# PyTorch's words for borders -> those of `minigrad.pad`.
_BORDERS = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def _tuple(value: Any, axes: int) -> Any:
    """One entry per axis; words are kept."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return value if isinstance(value, str) else tuple(value) if isinstance(value, Sequence) else (value,) * axes


class _ConvNd(Module):
    """What the six layers share: sizes, parameters, initialisation, repr."""

    axes: int
    transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
        output_padding: Any = 0,
    ) -> None:
        super().__init__()
        mg.as_integer(in_channels, type(self).__name__, "in_channels")
        mg.as_integer(out_channels, type(self).__name__, "out_channels")
        check_groups(groups, in_channels, out_channels, type(self).__name__)
        if not isinstance(padding_mode, str) or padding_mode not in _BORDERS:
            raise ArgumentError(
                f"{type(self).__name__} got padding_mode={padding_mode!r}; the modes are {', '.join(_BORDERS)}"
            )
        if isinstance(padding, str) and padding not in ("valid", "same", "full"):
            raise ArgumentError(
                f"{type(self).__name__} got padding={padding!r}; the words are 'valid', 'same' and 'full'"
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _tuple(kernel_size, self.axes)
        self.stride = _tuple(stride, self.axes)
        self.padding = _tuple(padding, self.axes)
        self.dilation = _tuple(dilation, self.axes)
        self.output_padding = _tuple(output_padding, self.axes)
        self.groups = groups
        self.padding_mode = padding_mode
        self._check_sizes()
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = Parameter(mg.empty(first, second // groups, *self.kernel_size, dtype=dtype, device=device))
        self.register_parameter("bias", Parameter(mg.empty(out_channels, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def _check_sizes(self) -> None:
        for name, smallest in (("kernel_size", 1), ("stride", 1), ("dilation", 1), ("output_padding", 0)):
            sizes = getattr(self, name)
            lengths = (self.axes,) if name == "kernel_size" else (1, self.axes)  # one entry counts for every axis
            if len(sizes) not in lengths or any(not hasattr(size, "__index__") or size < smallest for size in sizes):
                raise ArgumentError(
                    f"{type(self).__name__} got {name}={sizes}; it takes an integer of at least {smallest}, or "
                    f"{self.axes} of them"
                )

    def reset_parameters(self) -> None:
        """Draw the initial values again: U(−1/√fan_in, 1/√fan_in), PyTorch's default."""
        init.default_(self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes; what is at its default is left out, as in PyTorch."""
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        if self.padding != (0,) * len(self.padding):
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * len(self.dilation):
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != (0,) * len(self.output_padding):
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class _Conv(_ConvNd):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype
        )

    def _borders(self, input: mg.Tensor) -> list[tuple[int, int]]:
        """The padding as a pair per axis, for borders that are not zeros."""
        if isinstance(self.padding, str):
            if self.padding == "valid":
                return [(0, 0)] * self.axes
            sizes = input.shape[-self.axes :]
            return list(Geometry.window(sizes, self.kernel_size, self.stride, self.padding, self.dilation).padding)
        if len(self.padding) != self.axes:
            raise ArgumentError(
                f"{type(self).__name__} with padding_mode={self.padding_mode!r} got padding={self.padding}; borders "
                f"that are not zeros need one entry for each of the {self.axes} axes"
            )
        return [tuple(one) if isinstance(one, Sequence) else (one, one) for one in self.padding]

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *n) or (C, *n) -> (N, O, *o) or (O, *o)"""
        function = (F.conv1d, F.conv2d, F.conv3d)[self.axes - 1]
        padding = self.padding
        if self.padding_mode != "zeros":
            input = mg.as_operand(input, function.__name__)
            single = input.ndim == self.axes + 1
            shape = (1, *input.shape) if single else input.shape
            check_correlation(shape, self.weight.shape, self.groups, self.axes, function.__name__, single)
            input = mg.pad(input, self._borders(input), _BORDERS[self.padding_mode])
            padding = 0
        return function(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Conv):
    """Correlation of signals with a bank of kernels: (N, C, n) -> (N, O, o). See `Conv2d`.

    >>> import minigrad as mg, nn
    >>> nn.Conv1d(1, 4, 3)(mg.zeros(2, 1, 10)).shape
    (2, 4, 8)
    """

    axes = 1


class Conv2d(_Conv):
    """The convolution layer: Y_o = Σ_c X_c ⋆ K_oc + b_o (N46–N48), kernels not reversed (N20).

    (N, C, H, W) or (C, H, W) -> (N, O, oh, ow) or (O, oh, ow), with
    o = ⌊(n + p₀ + p₁ − d(k − 1) − 1)/s⌋ + 1 (N44)

    `weight` (O, C/groups, kh, kw) and `bias` (O) start from U(−1/√fan_in,
    1/√fan_in). `padding` is an integer, one per axis, 'valid' or 'same'; beyond
    PyTorch, also a pair (before, after) per axis, and 'same' with strides.

    Raises `ArgumentError` for sizes, borders or groups that cannot be; when it is
    called, as `functional.conv2d`.

    >>> import minigrad as mg, nn
    >>> nn.Conv2d(1, 6, 5, padding=2)(mg.zeros(2, 1, 28, 28)).shape
    (2, 6, 28, 28)
    """

    axes = 2


class Conv3d(_Conv):
    """Correlation of volumes with a bank of kernels: (N, C, D, H, W) -> (N, O, …). See `Conv2d`.

    >>> import minigrad as mg, nn
    >>> nn.Conv3d(1, 2, 3)(mg.zeros(1, 1, 5, 5, 5)).shape
    (1, 2, 3, 3, 3)
    """

    axes = 3


class _ConvTranspose(_ConvNd):
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if not isinstance(padding_mode, str) or padding_mode != "zeros":
            raise ArgumentError(
                f"{type(self).__name__} got padding_mode={padding_mode!r}; its padding is what is cut from the output, "
                "so only 'zeros' has a meaning"
            )
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode,
            device, dtype, output_padding,
        )  # fmt: skip

    def forward(self, input: mg.Tensor, output_size: Sequence[int] | None = None) -> mg.Tensor:
        """(N, C, *o) or (C, *o) -> (N, O, *n) or (O, *n); `output_size` names the spatial sizes n."""
        input = mg.as_operand(input, type(self).__name__)
        if input.ndim not in (self.axes + 1, self.axes + 2):
            raise ShapeError(
                f"an input of shape {input.shape} arrived; {type(self).__name__} takes {self.axes + 2} axes, or "
                f"{self.axes + 1} without the batch"
            )
        function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[self.axes - 1]
        return function(
            input, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups, self.dilation,
            output_size,
        )  # fmt: skip


class ConvTranspose1d(_ConvTranspose):
    """The transpose of `Conv1d`: (N, C, n) -> (N, O, m). See `ConvTranspose2d`.

    >>> import minigrad as mg, nn
    >>> nn.ConvTranspose1d(4, 1, 3, stride=2)(mg.zeros(2, 4, 5)).shape
    (2, 1, 11)
    """

    axes = 1


class ConvTranspose2d(_ConvTranspose):
    """The transpose of `Conv2d` (N135, N138): it makes larger maps, for decoders.

    (N, C, h, w) -> (N, O, H, W) with H = (h − 1)·s − 2p + d(k − 1) + 1 +
    output_padding (N136). `weight` is (C, O/groups, kh, kw). `output_padding`,
    or `output_size` in the call, chooses among the s sizes that `Conv2d` would
    bring to h; it is not padding of the output.

    Raises `ArgumentError` for sizes or groups that cannot be and for borders other
    than zeros; when it is called, as `functional.conv_transpose2d`.

    >>> import minigrad as mg, nn
    >>> nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1)(mg.zeros(2, 8, 7, 7)).shape
    (2, 4, 14, 14)
    """

    axes = 2


class ConvTranspose3d(_ConvTranspose):
    """The transpose of `Conv3d`: (N, C, …) -> (N, O, …). See `ConvTranspose2d`.

    >>> import minigrad as mg, nn
    >>> nn.ConvTranspose3d(2, 1, 2, stride=2)(mg.zeros(1, 2, 3, 3, 3)).shape
    (1, 1, 6, 6, 6)
    """

    axes = 3
