"""Dense layers as the notes write them: a bias that may be subtracted, and weights with four indices."""

from typing import Any

import minigrad as mg
from minigrad.geometry import per_axis

from .. import init
from ..module import Module
from ..parameter import Parameter
from . import functional as F
from .functional.operands import as_sign
from .sizes import count

__all__ = ["FullyConnectedMaps", "Linear"]


class Linear(Module):
    """p = W·a + b, or with `bias_sign=-1` note C's p = W·a − b (N51, N94, N109).

    (*, n_in) -> (*, n_out). The gradient of a subtracted bias is −Σ G (X41).

    `weight` (n_out, n_in) and `bias` (n_out) start from U(−1/√n_in, 1/√n_in).
    Raises `ArgumentError` for another sign; when it is called, as `functional.linear`.

    >>> import minigrad as mg, nn
    >>> nn.notes.Linear(400, 120, bias_sign=-1)(mg.zeros(2, 400)).shape
    (2, 120)
    """

    def __init__(self, n_in: int, n_out: int, bias: bool = True, bias_sign: int = 1) -> None:
        super().__init__()
        name = type(self).__name__
        self.n_in = count(n_in, name, "n_in")
        self.n_out = count(n_out, name, "n_out")
        self.bias_sign = as_sign(bias_sign, name)
        self.weight = Parameter(mg.empty(self.n_out, self.n_in))
        kept = mg.as_flag(bias, name, "bias")
        self.register_parameter("bias", Parameter(mg.empty(self.n_out)) if kept else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        init.default_(self.weight, self.bias)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*, n_in) -> (*, n_out)"""
        return F.linear(input, self.weight, self.bias, self.bias_sign)

    def extra_repr(self) -> str:
        """The sizes, and the sign of the bias."""
        return f"{self.n_in}, {self.n_out}, bias={self.bias is not None}, bias_sign={self.bias_sign}"


class FullyConnectedMaps(Module):
    """Neurons that read whole maps: z_i = Σ_j Σ_r Σ_s w_ijrs·(Y_j)_rs + b_i (N95, N105, X61).

    (N, maps, H, W) or (maps, H, W) -> (N, n_out) or (n_out)

    `weight` (n_out, maps, H, W), of which w_ijrs joins unit (r, s) of map j with
    neuron i, and `bias` (n_out) start from U(−1/√fan_in, 1/√fan_in). Flattened,
    the weight is that of `nn.Linear`; as it is, that of a valid convolution.

    Raises, when it is called, as `notes.functional.fully_connected_maps`.

    >>> import minigrad as mg, nn
    >>> layer = nn.notes.FullyConnectedMaps(16, 5, 120)
    >>> layer(mg.zeros(2, 16, 5, 5)).shape, layer.weight.shape
    ((2, 120), (120, 16, 5, 5))
    """

    def __init__(self, maps: int, size: Any, n_out: int, bias: bool = True) -> None:
        super().__init__()
        name = type(self).__name__
        self.maps = count(maps, name, "maps")
        self.size = per_axis(size, 2, "size")
        self.n_out = count(n_out, name, "n_out")
        self.weight = Parameter(mg.empty(self.n_out, self.maps, *self.size))
        kept = mg.as_flag(bias, name, "bias")
        self.register_parameter("bias", Parameter(mg.empty(self.n_out)) if kept else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        init.default_(self.weight, self.bias)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, maps, H, W) or (maps, H, W) -> (N, n_out) or (n_out)"""
        return F.fully_connected_maps(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return f"{self.maps}, {self.size}, {self.n_out}, bias={self.bias is not None}"
