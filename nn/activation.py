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

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.ReLU()(mg.tensor([-1., 2.]))
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
    """min(max(0, x), 6) (Krizhevsky, 2010).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.ReLU6()(mg.tensor([-1., 2., 9.]))
    tensor([0., 2., 6.])
    """

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.relu6(input, self.inplace)


class LeakyReLU(Module):
    """x above 0, negative_slope·x below (Maas et al., 2013).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.LeakyReLU(0.5)(mg.tensor([-1., 2.]))
    tensor([-0.5000,  2.0000])
    """

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
    """x above 0, α·(eˣ − 1) below (Clevert et al., 2015).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.ELU()(mg.tensor([-1., 2.]))
    tensor([-0.6321,  2.0000])
    """

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
    """x limited to [min_val, max_val] (Collobert, 2004); the slope at and beyond the limits is 0.

    (*) -> (*). Raises `ArgumentError`, when it is called, for limits in the wrong order.

    >>> import minigrad as mg, nn
    >>> nn.Hardtanh()(mg.tensor([-3., 0.5, 3.]))
    tensor([-1.0000,  0.5000,  1.0000])
    """

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
    """x·Φ(x), Φ the standard normal distribution (Hendrycks and Gimpel, 2016); approximate='tanh' for their formula.

    (*) -> (*). Raises `ArgumentError`, when it is called, for another word.

    >>> import minigrad as mg, nn
    >>> nn.GELU()(mg.tensor([-1., 2.]))
    tensor([-0.1587,  1.9545])
    """

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
    """x·s(x), s the sigmoid (Elfwing et al., 2017).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.SiLU()(mg.tensor([0., 2.]))
    tensor([0.0000, 1.7616])
    """

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
    """1/(1 + e⁻ˣ) (N67).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.Sigmoid()(mg.tensor([0., 1000.]))
    tensor([0.5000, 1.0000])
    """

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.sigmoid(input)


class LogSigmoid(Module):
    """ln(1/(1 + e⁻ˣ)), without overflow.

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.LogSigmoid()(mg.tensor([0., -9.]))
    tensor([-0.6931, -9.0001])
    """

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.logsigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent: tanh x (N71).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.Tanh()(mg.tensor([0., 1.]))
    tensor([0.0000, 0.7616])
    """

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.tanh(input)


class Softsign(Module):
    """x/(1 + |x|) (Bergstra et al., 2009).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.Softsign()(mg.tensor([-1., 3.]))
    tensor([-0.5000,  0.7500])
    """

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.softsign(input)


class Softplus(Module):
    """ln(1 + e^(βx))/β with gain β (N70); linear where βx exceeds the threshold.

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.Softplus()(mg.tensor([0., 30.]))
    tensor([ 0.6931, 30.0000])
    """

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
    """eˣ divided by its sum along `dim` (N98). Cross-entropy wants logits, not this.

    (*) -> (*). Raises, when it is called, `ArgumentError` where `dim` is missing, `DTypeError` for integers.

    >>> import minigrad as mg, nn
    >>> nn.Softmax(dim=0)(mg.tensor([0., 0.]))
    tensor([0.5000, 0.5000])
    """

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
    """The logarithm of softmax along `dim`, in the form that loses no digits (N98).

    (*) -> (*). Raises as `Softmax`.

    >>> import minigrad as mg, nn
    >>> nn.LogSoftmax(dim=0)(mg.tensor([0., 0.]))
    tensor([-0.6931, -0.6931])
    """

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.log_softmax(input, self.dim)
