"""Nonlinearities as layers (N65): the functions of `nn.functional`, element by element unless a `dim` is named."""

import minigrad as mg

from . import functional as F
from .module import Module

__all__ = [
    "ELU",
    "GELU",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
]


class ReLU(Module):
    """max(0, x) (N69).

    >>> ReLU()(mg.tensor([-1., 2.]))
    tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.relu(input, self.inplace)

    def extra_repr(self) -> str:
        """Whether in place."""
        return "inplace=True" if self.inplace else ""


class ReLU6(ReLU):
    """min(max(0, x), 6)."""

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.relu6(input, self.inplace)


class LeakyReLU(Module):
    """x above 0, negative_slope·x below."""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        """The slope."""
        return f"negative_slope={self.negative_slope}" + (", inplace=True" if self.inplace else "")


class ELU(Module):
    """x above 0, α·(eˣ − 1) below."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        """The scale."""
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class Hardtanh(Module):
    """x limited to [min_val, max_val]."""

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        """The limits."""
        return f"min_val={self.min_val}, max_val={self.max_val}" + (", inplace=True" if self.inplace else "")


class GELU(Module):
    """x·Φ(x), Φ the standard normal distribution."""

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        """The formula."""
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """x·s(x), s the sigmoid."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.silu(input, self.inplace)

    def extra_repr(self) -> str:
        """Whether in place."""
        return "inplace=True" if self.inplace else ""


class Sigmoid(Module):
    """1/(1 + e⁻ˣ) (N67)."""

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.sigmoid(input)


class LogSigmoid(Module):
    """ln(1/(1 + e⁻ˣ)), without overflow."""

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.logsigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent (N71)."""

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.tanh(input)


class Softsign(Module):
    """x/(1 + |x|)."""

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.softsign(input)


class Softplus(Module):
    """ln(1 + e^(βx))/β with gain β (N70); linear where βx exceeds the threshold."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """The gain."""
        return f"beta={self.beta}, threshold={self.threshold}"


class Softmax(Module):
    """eˣ divided by its sum along `dim` (N98). Cross-entropy wants logits, not this."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        """The axis."""
        return f"dim={self.dim}"


class LogSoftmax(Softmax):
    """The logarithm of softmax along `dim`."""

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.log_softmax(input, self.dim)
