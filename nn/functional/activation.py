"""Nonlinearities that are compositions of the engine's primitives, element by element."""

import math

import minigrad as mg
from minigrad.errors import ArgumentError


def _into(input: mg.Tensor, value: mg.Tensor, inplace: bool) -> mg.Tensor:
    """With `inplace`, the input takes the value, as PyTorch's does."""
    return input.copy_(value) if inplace else value


def relu(input: mg.Tensor, inplace: bool = False) -> mg.Tensor:
    """max(0, x) (N69).

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.relu(mg.tensor([-1., 2.]))
    tensor([0., 2.])
    """
    return _into(input, mg.relu(input), inplace)


def leaky_relu(input: mg.Tensor, negative_slope: float = 0.01, inplace: bool = False) -> mg.Tensor:
    """x above 0, negative_slope·x below (Maas et al., 2013).

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.leaky_relu(mg.tensor([-1., 2.]), 0.5)
    tensor([-0.5000,  2.0000])
    """
    input = mg.as_operand(input, "leaky_relu")
    return _into(input, mg.where(input > 0, input, input * negative_slope), inplace)


def relu6(input: mg.Tensor, inplace: bool = False) -> mg.Tensor:
    """min(max(0, x), 6) (Krizhevsky, 2010).

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.relu6(mg.tensor([-1., 2., 9.]))
    tensor([0., 2., 6.])
    """
    return hardtanh(input, 0.0, 6.0, inplace)


def hardtanh(input: mg.Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> mg.Tensor:
    """x limited to [min_val, max_val] (Collobert, 2004); the slope at and beyond the limits is 0.

    (*) -> (*). Raises `ArgumentError` for limits in the wrong order.

    >>> import minigrad as mg, nn.functional as F
    >>> F.hardtanh(mg.tensor([-3., 0.5, 3.]))
    tensor([-1.0000,  0.5000,  1.0000])
    """
    input = mg.as_operand(input, "hardtanh")
    if min_val > max_val:
        raise ArgumentError(f"hardtanh from {min_val} to {max_val}: the lower limit is above the upper")
    low, high = (mg.as_operand(limit, "hardtanh").to(input.dtype) for limit in (min_val, max_val))
    return _into(input, mg.where(input >= high, high, mg.where(input <= low, low, input)), inplace)


def elu(input: mg.Tensor, alpha: float = 1.0, inplace: bool = False) -> mg.Tensor:
    """x above 0, α·(eˣ − 1) below (Clevert et al., 2015).

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.elu(mg.tensor([-1., 2.]))
    tensor([-0.6321,  2.0000])
    """
    input = mg.as_operand(input, "elu")
    # The exponential sees no positive x, whose overflow would make NaN of the zero gradient of the branch not taken.
    negative = mg.expm1(mg.where(input > 0, 0, input)) * alpha
    return _into(input, mg.where(input > 0, input, negative), inplace)


def gelu(input: mg.Tensor, approximate: str = "none") -> mg.Tensor:
    """x·Φ(x), Φ the standard normal distribution (Hendrycks and Gimpel, 2016); approximate='tanh' for their formula.

    (*) -> (*). Raises `ArgumentError` for another word.

    >>> import minigrad as mg, nn.functional as F
    >>> F.gelu(mg.tensor([-1., 2.]))
    tensor([-0.1587,  1.9545])
    """
    input = mg.as_operand(input, "gelu")
    if approximate == "none":
        return input * ((mg.erf(input * math.sqrt(0.5)) + 1) * 0.5)
    if approximate == "tanh":
        inner = (input + input * input * input * 0.044715) * math.sqrt(2 / math.pi)
        return input * ((mg.tanh(inner) + 1) * 0.5)
    raise ArgumentError(f"gelu got approximate={approximate!r}; it is 'none' or 'tanh'")


def silu(input: mg.Tensor, inplace: bool = False) -> mg.Tensor:
    """x·s(x), s the sigmoid (Elfwing et al., 2017).

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.silu(mg.tensor([0., 2.]))
    tensor([0.0000, 1.7616])
    """
    input = mg.as_operand(input, "silu")
    return _into(input, input * mg.sigmoid(input), inplace)


def logsigmoid(input: mg.Tensor) -> mg.Tensor:
    """ln s(x), s the sigmoid, without overflow.

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.logsigmoid(mg.tensor([0., -1000.]))
    tensor([-6.9315e-01, -1.0000e+03])
    """
    input = mg.as_operand(input, "logsigmoid")
    return -mg.softplus(-input, threshold=math.inf)


def softsign(input: mg.Tensor) -> mg.Tensor:
    """x/(1 + |x|) (Bergstra et al., 2009).

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.softsign(mg.tensor([-1., 3.]))
    tensor([-0.5000,  0.7500])
    """
    input = mg.as_operand(input, "softsign")
    return input / (mg.abs(input) + 1)
