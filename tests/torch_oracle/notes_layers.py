"""The layers of `nn.notes` written in PyTorch, from the notes' formulae: for its models, and to compare them with."""

from typing import Any

import torch
import torch.nn.functional as G


class Conv2d(torch.nn.Module):
    """Both operators, every kind of bias, padding as a pair (before, after) per axis."""

    def __init__(
        self, c_in: int, c_out: int, kernel_size: Any, *, stride: Any = 1, padding: Any = ((0, 0), (0, 0)),
        dilation: Any = 1, flip: bool = False, bias: Any = (), bias_sign: int = 1,
    ) -> None:  # fmt: skip
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(c_out, c_in, *kernel_size) / 3)
        self.bias = torch.nn.Parameter(torch.randn(bias)) if bias else None
        self.stride, self.padding, self.dilation = stride, padding, dilation
        self.flip, self.bias_sign = flip, bias_sign

    @classmethod
    def after_e(cls, c_in: int, c_out: int, h: int, *, size: int) -> "Conv2d":
        """Kernels of 2h + 1, a number per unit."""
        k = 2 * h + 1
        return cls(c_in, c_out, (k, k), bias=(c_out, size - 2 * h, size - 2 * h))

    def forward(self, x: Any) -> Any:
        """The layer."""
        (top, bottom), (left, right) = self.padding
        weight = self.weight.flip(2, 3) if self.flip else self.weight
        y = G.conv2d(G.pad(x, (left, right, top, bottom)), weight, None, self.stride, 0, self.dilation)
        if self.bias is None:
            return y
        if self.bias.dim() == 3:
            return y + self.bias_sign * self.bias
        per_map = self.bias if self.bias.dim() == 1 else self.bias.sum(1)
        return y + self.bias_sign * per_map[:, None, None]


class Softplus(torch.nn.Softplus):
    """PyTorch's, without the line behind a threshold."""

    def __init__(self, k: float = 1.0) -> None:
        super().__init__(beta=k, threshold=float("inf"))


class Subsample2d(torch.nn.Module):
    """Rows and columns between which some are skipped."""

    def __init__(self, skip: int) -> None:
        super().__init__()
        self.step = skip + 1

    def forward(self, x: Any) -> Any:
        """The layer."""
        return x[..., :: self.step, :: self.step]


class FullyConnectedMaps(torch.nn.Module):
    """z_i = Σ w_ijrs·Y_jrs."""

    def __init__(self, maps: int, size: int, n_out: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(n_out, maps, size, size))
        self.register_parameter("bias", torch.nn.Parameter(torch.randn(n_out)) if bias else None)

    def forward(self, x: Any) -> Any:
        """The layer."""
        z = torch.einsum("njrs,ijrs->ni", x, self.weight)
        return z if self.bias is None else z + self.bias
