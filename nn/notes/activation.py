"""Nonlinearity layers of note E: rectification by absolute value, smooth rectifiers with a gain, gains of maps."""

import minigrad as mg

from ..module import Module
from ..parameter import Parameter
from . import functional as F
from .functional.operands import as_positive
from .sizes import count

__all__ = ["Abs", "Gain", "SmoothAbs", "SmoothSign", "Softplus"]


class Abs(Module):
    """The rectification layer R_abs: |x| (N72, X55).

    (*) -> (*). The gradient is sgn x, and 0 at 0 (X75).

    >>> import minigrad as mg, nn
    >>> nn.notes.Abs()(mg.tensor([-2., 0., 3.]))
    tensor([2., 0., 3.])
    """

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return mg.abs(input)


class _Smooth(Module):
    """What tends to a function with a corner as its gain k grows."""

    def __init__(self, k: float = 1.0) -> None:
        super().__init__()
        self.k = as_positive(k, type(self).__name__, "k")

    def extra_repr(self) -> str:
        """The gain."""
        return f"k={self.k}"


class Softplus(_Smooth):
    """The smooth rectifier ln(1 + e^(kx))/k (N70, X69).

    (*) -> (*). Raises `ArgumentError` unless 0 < k < ∞.

    >>> import minigrad as mg, nn
    >>> nn.notes.Softplus(2.0)(mg.tensor([-1., 0., 1.]))
    tensor([0.0635, 0.3466, 1.0635])
    """

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.softplus(input, self.k)


class SmoothSign(_Smooth):
    """The smooth sign tanh(kx/2), the derivative of `SmoothAbs` (N73).

    (*) -> (*). Raises `ArgumentError` unless 0 < k < ∞.

    >>> import minigrad as mg, nn
    >>> nn.notes.SmoothSign(4.0)(mg.tensor([-1., 0., 1.]))
    tensor([-0.9640,  0.0000,  0.9640])
    """

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.smooth_sign(input, self.k)


class SmoothAbs(_Smooth):
    """The smooth absolute value 2/k·ln cosh(kx/2), which tends to |x| − 2/k·ln 2 (N74, X70).

    (*) -> (*). `centered=False` adds 2/k·ln 2, and so tends to |x|. Raises
    `ArgumentError` unless 0 < k < ∞.

    >>> import minigrad as mg, nn
    >>> nn.notes.SmoothAbs(4.0)(mg.tensor([-1., 0., 1.]))
    tensor([0.6625, 0.0000, 0.6625])
    """

    def __init__(self, k: float = 1.0, centered: bool = True) -> None:
        super().__init__(k)
        self.centered = mg.as_flag(centered, type(self).__name__, "centered")

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.smooth_abs(input, self.k, self.centered)

    def extra_repr(self) -> str:
        """The gain, and where it is 0."""
        return f"{super().extra_repr()}, centered={self.centered}"


class Gain(Module):
    """Each map times its gain: Y_i = g_i·X_i (N66).

    (N, maps, H, W) or (maps, H, W) -> the same

    `gain` (maps) starts from 1, with which the layer is the identity. With
    `trainable=False` it is a buffer. Raises, when it is called, as `notes.functional.gain`.

    >>> import minigrad as mg, nn
    >>> nn.notes.Gain(6)(mg.ones(2, 6, 4, 4)).shape
    (2, 6, 4, 4)
    """

    gain: mg.Tensor

    def __init__(self, maps: int, trainable: bool = True) -> None:
        super().__init__()
        self.maps = count(maps, type(self).__name__, "maps")
        self.trainable = mg.as_flag(trainable, type(self).__name__, "trainable")
        if self.trainable:
            self.gain = Parameter(mg.ones(self.maps))
        else:
            self.register_buffer("gain", mg.ones(self.maps))

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, maps, H, W) or (maps, H, W) -> the same"""
        return F.gain(input, self.gain)

    def extra_repr(self) -> str:
        """The number of maps, and whether the gains are learnt."""
        return f"{self.maps}, trainable={self.trainable}"
