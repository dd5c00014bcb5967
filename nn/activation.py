"""Nonlinearities as layers (N65): the functions of `nn.functional`, element by element."""

from collections.abc import Callable
from typing import Any, ClassVar

import minigrad as mg
from minigrad.errors import ArgumentError

from . import functional as F
from .module import Module

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "Mish",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]


class Activation(Module):
    """A function of one tensor as a layer; the function's other arguments are attributes, given to the constructor."""

    function: ClassVar[Callable[..., mg.Tensor]]

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self._options = tuple(options)
        for name, value in options.items():
            setattr(self, name, value)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return self.function(input, **{name: getattr(self, name) for name in self._options})

    def extra_repr(self) -> str:
        """The options; `inplace` where it is True."""
        shown = [name for name in self._options if name != "inplace" or self.inplace]
        return ", ".join(f"{name}={getattr(self, name)}" for name in shown)


class ReLU(Activation):
    """max(0, x) (N69).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.ReLU()(mg.tensor([-1., 2.]))
    tensor([0., 2.])
    """

    function = staticmethod(F.relu)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class LeakyReLU(Activation):
    """x above 0, negative_slope·x below (Maas et al., 2013).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.LeakyReLU(0.5)(mg.tensor([-1., 2.]))
    tensor([-0.5000,  2.0000])
    """

    function = staticmethod(F.leaky_relu)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(negative_slope=negative_slope, inplace=inplace)


class RReLU(Activation):
    """x above 0, r·x below: r drawn from U(lower, upper) in training, else their mean (Xu et al., 2015).

    (*) -> (*). Raises as `functional.rrelu`, when it is called.

    >>> import minigrad as mg, nn
    >>> nn.RReLU(0.25, 0.75).eval()(mg.tensor([-1., 2.]))
    tensor([-0.5000,  2.0000])
    """

    function = staticmethod(F.rrelu)

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> None:
        super().__init__(lower=lower, upper=upper, inplace=inplace)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class Threshold(Activation):
    """x above the threshold, `value` elsewhere.

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.Threshold(0.5, 20.)(mg.tensor([-1., 2.]))
    tensor([20.,  2.])
    """

    function = staticmethod(F.threshold)

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(threshold=threshold, value=value, inplace=inplace)


class ELU(Activation):
    """x above 0, α·(eˣ − 1) below (Clevert et al., 2015).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.ELU()(mg.tensor([-1., 2.]))
    tensor([-0.6321,  2.0000])
    """

    function = staticmethod(F.elu)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha=alpha, inplace=inplace)


class CELU(Activation):
    """x above 0, α·(e^(x/α) − 1) below: the slope at 0 is 1 for every α (Barron, 2017).

    (*) -> (*). Raises `ArgumentError`, when it is called, for α = 0.

    >>> import minigrad as mg, nn
    >>> nn.CELU(2.0)(mg.tensor([-1., 2.]))
    tensor([-0.7869,  2.0000])
    """

    function = staticmethod(F.celu)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha=alpha, inplace=inplace)


class SELU(Activation):
    """s·x above 0, s·α·(eˣ − 1) below: mean 0 and variance 1 stay from layer to layer (Klambauer et al., 2017).

    (*) -> (*). Initialise with `kaiming_normal_(…, nonlinearity="linear")`, drop with `AlphaDropout`.

    >>> import minigrad as mg, nn
    >>> nn.SELU()(mg.tensor([-1., 2.]))
    tensor([-1.1113,  2.1014])
    """

    function = staticmethod(F.selu)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class Hardtanh(Activation):
    """x limited to [min_val, max_val] (Collobert, 2004); the slope at and beyond the limits is 0.

    (*) -> (*). Raises `ArgumentError` unless max_val is above min_val.

    >>> import minigrad as mg, nn
    >>> nn.Hardtanh()(mg.tensor([-3., 0.5, 3.]))
    tensor([-1.0000,  0.5000,  1.0000])
    """

    function = staticmethod(F.hardtanh)

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        if mg.as_number(min_val, "Hardtanh", "min_val") >= mg.as_number(max_val, "Hardtanh", "max_val"):
            raise ArgumentError(f"Hardtanh from {min_val} to {max_val}: max_val must be above min_val")
        super().__init__(min_val=min_val, max_val=max_val, inplace=inplace)


class ReLU6(Hardtanh):
    """min(max(0, x), 6) (Krizhevsky, 2010).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.ReLU6()(mg.tensor([-1., 2., 9.]))
    tensor([0., 2., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        """Whether in place."""
        return "inplace=True" if self.inplace else ""


class Hardsigmoid(Activation):
    """(x + 3)/6 limited to [0, 1] (Courbariaux et al., 2015); the slope at and beyond the limits is 0.

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.Hardsigmoid()(mg.tensor([-4., 0., 1.5]))
    tensor([0.0000, 0.5000, 0.7500])
    """

    function = staticmethod(F.hardsigmoid)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)

    def extra_repr(self) -> str:
        """Nothing, as in PyTorch."""
        return ""


class Hardswish(Activation):
    """x times its hardsigmoid (Howard et al., 2019).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.Hardswish()(mg.tensor([-1.5, 4.]))
    tensor([-0.3750,  4.0000])
    """

    function = staticmethod(F.hardswish)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)

    def extra_repr(self) -> str:
        """Nothing, as in PyTorch."""
        return ""


class Hardshrink(Activation):
    """x where it lies outside [−λ, λ], 0 inside.

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.Hardshrink()(mg.tensor([-1., 0.25, 1.]))
    tensor([-1.,  0.,  1.])
    """

    function = staticmethod(F.hardshrink)

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd=lambd)

    def extra_repr(self) -> str:
        """The limit."""
        return str(self.lambd)


class Softshrink(Activation):
    """x moved by λ towards 0, and 0 where it lies within [−λ, λ].

    (*) -> (*). Raises `ArgumentError`, when it is called, for a negative or infinite λ.

    >>> import minigrad as mg, nn
    >>> nn.Softshrink()(mg.tensor([-1., 0.25, 1.]))
    tensor([-0.5000,  0.0000,  0.5000])
    """

    function = staticmethod(F.softshrink)

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd=lambd)

    def extra_repr(self) -> str:
        """The limit."""
        return str(self.lambd)


class Tanhshrink(Activation):
    """x − tanh x.

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.Tanhshrink()(mg.tensor([0., 2.]))
    tensor([0.0000, 1.0360])
    """

    function = staticmethod(F.tanhshrink)


class GELU(Activation):
    """x·Φ(x), Φ the standard normal distribution (Hendrycks and Gimpel, 2016); approximate='tanh' for their formula.

    (*) -> (*). Raises `ArgumentError`, when it is called, for another word.

    >>> import minigrad as mg, nn
    >>> nn.GELU()(mg.tensor([-1., 2.]))
    tensor([-0.1587,  1.9545])
    """

    function = staticmethod(F.gelu)

    def __init__(self, approximate: str = "none") -> None:
        super().__init__(approximate=approximate)

    def extra_repr(self) -> str:
        """The formula."""
        return f"approximate={self.approximate!r}"


class SiLU(Activation):
    """x·s(x), s the sigmoid (Elfwing et al., 2017).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.SiLU()(mg.tensor([0., 2.]))
    tensor([0.0000, 1.7616])
    """

    function = staticmethod(F.silu)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class Mish(Activation):
    """x·tanh(ln(1 + eˣ)) (Misra, 2019).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.Mish()(mg.tensor([0., 2.]))
    tensor([0.0000, 1.9440])
    """

    function = staticmethod(F.mish)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class Sigmoid(Activation):
    """1/(1 + e⁻ˣ) (N67).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.Sigmoid()(mg.tensor([0., 1000.]))
    tensor([0.5000, 1.0000])
    """

    function = staticmethod(F.sigmoid)


class LogSigmoid(Activation):
    """ln(1/(1 + e⁻ˣ)), without overflow.

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.LogSigmoid()(mg.tensor([0., -9.]))
    tensor([-0.6931, -9.0001])
    """

    function = staticmethod(F.logsigmoid)


class Tanh(Activation):
    """The hyperbolic tangent: tanh x (N71).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.Tanh()(mg.tensor([0., 1.]))
    tensor([0.0000, 0.7616])
    """

    function = staticmethod(F.tanh)


class Softsign(Activation):
    """x/(1 + |x|) (Bergstra et al., 2009).

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.Softsign()(mg.tensor([-1., 3.]))
    tensor([-0.5000,  0.7500])
    """

    function = staticmethod(F.softsign)


class Softplus(Activation):
    """ln(1 + e^(βx))/β with gain β (N70); linear where βx exceeds the threshold.

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.Softplus()(mg.tensor([0., 30.]))
    tensor([ 0.6931, 30.0000])
    """

    function = staticmethod(F.softplus)

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__(beta=beta, threshold=threshold)
