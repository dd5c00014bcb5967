"""Contrast normalisation layers of note E, subtractive and divisive (N76–N79)."""

from typing import Any

import minigrad as mg
from minigrad.geometry import per_axis

from ..module import Module
from . import functional as F
from .functional.normalization import as_weight_and_exponent, gaussian_window
from .functional.operands import as_positive
from .sizes import count

__all__ = ["BrightnessNorm", "SubtractiveNorm"]


class SubtractiveNorm(Module):
    """Each map less the weighted mean over a Gaussian window and all m maps: Y_i = X_i − 1/m·Σ_j K_G ⋆ X_j (N77, N78).

    (N, C, H, W) or (C, H, W) -> the same

    `sigma` and the odd `size` belong to the window, `border` says what lies
    beyond the maps, `literal=True` leaves the 1/m out as the note prints it
    (X58). In front of a `BrightnessNorm` it makes local contrast normalisation
    (N76). Raises as `notes.functional.subtractive_norm`.

    >>> import minigrad as mg, nn
    >>> nn.notes.SubtractiveNorm(1.5, 5)(mg.ones(2, 6, 28, 28)).shape
    (2, 6, 28, 28)
    """

    stride = (1, 1)

    def __init__(self, sigma: float, size: Any, border: Any = "reflect", literal: bool = False) -> None:
        super().__init__()
        self.sigma = as_positive(sigma, type(self).__name__, "sigma")
        gaussian_window(self.sigma, size)
        self.size = self.kernel_size = per_axis(size, 2, "size")
        self.border = border
        self.literal = mg.as_flag(literal, type(self).__name__, "literal")

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) or (C, H, W) -> the same"""
        return F.subtractive_norm(input, self.sigma, self.size, self.border, self.literal)

    def extra_repr(self) -> str:
        """The window, the border, and which formula."""
        return f"sigma={self.sigma}, size={self.size}, border={self.border!r}, literal={self.literal}"


class BrightnessNorm(Module):
    """Each unit over the energy of all maps at its position: Y_i = X_i/(κ + λ·Σ_j X_j²)^μ (N79).

    (N, C, H, W) or (C, H, W) -> the same

    Behind a `nn.ReLU`; κ, λ and μ are chosen on a validation set (X56).
    `window` limits the sum to so many neighbouring maps. Raises as
    `notes.functional.brightness_norm`.

    >>> import minigrad as mg, nn
    >>> nn.notes.BrightnessNorm(2.0, 0.1, 0.75)(mg.ones(2, 6, 28, 28)).shape
    (2, 6, 28, 28)
    """

    kernel_size = stride = (1, 1)  # each position sees itself, in all maps

    def __init__(self, kappa: float, lam: float, mu: float, window: int | None = None) -> None:
        super().__init__()
        name = type(self).__name__
        self.kappa = as_positive(kappa, name, "kappa")
        self.lam, self.mu = as_weight_and_exponent(lam, mu, name)
        self.window = None if window is None else count(window, name, "window")

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) or (C, H, W) -> the same"""
        return F.brightness_norm(input, self.kappa, self.lam, self.mu, self.window)

    def extra_repr(self) -> str:
        """The constants."""
        return f"kappa={self.kappa}, lam={self.lam}, mu={self.mu}, window={self.window}"
