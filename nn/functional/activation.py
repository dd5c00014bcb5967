"""Nonlinearities that are compositions of the engine's primitives, element by element."""

import math
from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.registry import guarded


def _into(input: mg.Tensor, value: mg.Tensor, inplace: bool) -> mg.Tensor:
    """With `inplace`, the input takes the value, as PyTorch's does."""
    return input.copy_(value) if mg.as_flag(inplace, "an activation", "inplace") else value


def _floating(input: Any, name: str) -> mg.Tensor:
    """The input as a tensor; raises `DTypeError` for integers and bools, as PyTorch does for these functions."""
    tensor: mg.Tensor = mg.as_operand(input, name)
    if tensor.dtype.kind != "f":
        raise DTypeError(f"{name} got {tensor.dtype}; its values are fractions. Convert first, for example t.float()")
    return tensor


def _no_bool(input: Any, name: str) -> mg.Tensor:
    """The input as a tensor; raises `DTypeError` for bools, which are no numbers to this function."""
    tensor: mg.Tensor = mg.as_operand(input, name)
    if tensor.dtype.kind == "b":
        raise DTypeError(f"{name} got a bool tensor; it takes numbers. Convert first, for example t.float()")
    return tensor


def _limit(value: Any, dtype: Any, name: str) -> mg.Tensor:
    """A number in the dtype of the input; a fraction does not pass through float32 on its way to float64."""
    wide = mg.full((), value, dtype=mg.float64) if isinstance(value, float) else mg.as_operand(value, name)
    return wide.to(dtype)


# ------------------------------------------------------------------ rectifiers


@guarded
def relu(input: mg.Tensor, inplace: bool = False) -> mg.Tensor:
    """max(0, x) (N69).

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.relu(mg.tensor([-1., 2.]))
    tensor([0., 2.])
    """
    input = _no_bool(input, "relu")
    return input.relu_() if mg.as_flag(inplace, "an activation", "inplace") else mg.relu(input)


@guarded
def relu6(input: mg.Tensor, inplace: bool = False) -> mg.Tensor:
    """min(max(0, x), 6) (Krizhevsky, 2010).

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.relu6(mg.tensor([-1., 2., 9.]))
    tensor([0., 2., 6.])
    """
    return hardtanh(input, 0.0, 6.0, inplace)


@guarded
def leaky_relu(input: mg.Tensor, negative_slope: float = 0.01, inplace: bool = False) -> mg.Tensor:
    """x above 0, negative_slope·x below (Maas et al., 2013).

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.leaky_relu(mg.tensor([-1., 2.]), 0.5)
    tensor([-0.5000,  2.0000])
    """
    input = _floating(input, "leaky_relu")
    return _into(input, mg.leaky_relu(input, negative_slope), inplace)


@guarded
def rrelu(
    input: mg.Tensor,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,
    generator: Any = None,
) -> mg.Tensor:
    """x above 0, r·x below: r drawn from U(lower, upper) per element in training, else their mean (Xu et al., 2015).

    (*) -> (*). Raises `ArgumentError` for bounds in the wrong order or that are not finite, `DTypeError` for
    integers.

    >>> import minigrad as mg, nn.functional as F
    >>> F.rrelu(mg.tensor([-1., 2.]), 0.25, 0.75)
    tensor([-0.5000,  2.0000])
    """
    input = _floating(input, "rrelu")
    lower, upper = mg.as_number(lower, "rrelu", "lower"), mg.as_number(upper, "rrelu", "upper")
    if not -math.inf < lower <= upper < math.inf:
        raise ArgumentError(f"rrelu got slopes from {lower} to {upper}; they are finite, the lower bound first")
    if not mg.as_flag(training, "rrelu", "training"):
        return leaky_relu(input, (lower + upper) / 2, inplace)
    slope = mg.rand(input.shape, generator=generator, dtype=input.dtype) * (upper - lower) + lower
    return _into(input, mg.where(input <= 0, input * slope, input), inplace)


@guarded
def prelu(input: mg.Tensor, weight: mg.Tensor) -> mg.Tensor:
    """x above 0, weight·x below, with one learnt weight for all channels or one for each (He et al., 2015).

    (N, C, *), (C) or (1) -> (N, C, *); an input of fewer axes has one channel. Raises `ShapeError` where the number
    of weights is another, `DTypeError` for mixed dtypes.

    >>> import minigrad as mg, nn.functional as F
    >>> F.prelu(mg.tensor([[-1., -1., 2.]]), mg.tensor([0.5, 0.25, 0.5]))
    tensor([[-0.5000, -0.2500,  2.0000]])
    """
    input, weight = mg.as_operand(input, "prelu"), mg.as_operand(weight, "prelu")
    if weight.ndim > 1:
        raise ShapeError(f"prelu got a weight of shape {weight.shape}; it is one number, or (C) for one per channel")
    if input.dtype != weight.dtype:
        raise DTypeError(
            f"prelu got an input of {input.dtype} and a weight of {weight.dtype}; convert one, for example "
            "layer.double() or input.float()"
        )
    if weight.numel() != 1:
        channels = input.shape[1] if input.ndim > 1 else 1
        if input.ndim == 0 or weight.numel() != channels:
            raise ShapeError(
                f"prelu got {weight.numel()} weights for an input of shape {input.shape}, whose axis 1 makes "
                f"{channels} channels: one weight for all or one for each is needed (num_parameters=1 or {channels})"
            )
    if input.ndim > 1:
        weight = weight.reshape(-1, *(1,) * (input.ndim - 2))
    elif input.ndim == 0:
        weight = weight.reshape(())
    # The weight meets no positive x: what is infinite there must not make NaN of its gradient.
    below = weight * mg.masked_fill(input, input > 0, 0)
    output: mg.Tensor = mg.where(input > 0, input, below)
    return output


@guarded
def threshold(input: mg.Tensor, threshold: float, value: float, inplace: bool = False) -> mg.Tensor:
    """x above the threshold, `value` elsewhere.

    (*) -> (*). Raises `ArgumentError` for a value that an integer dtype cannot hold.

    >>> import minigrad as mg, nn.functional as F
    >>> F.threshold(mg.tensor([-1., 2.]), 0.5, 20.)
    tensor([20.,  2.])
    """
    input = _no_bool(input, "threshold")
    limit = _limit(threshold, input.dtype, "threshold")
    return _into(input, mg.masked_fill(input, input <= limit, value), inplace)


# ---------------------------------------------------- exponential linear units


@guarded
def elu(input: mg.Tensor, alpha: float = 1.0, inplace: bool = False) -> mg.Tensor:
    """x above 0, α·(eˣ − 1) below (Clevert et al., 2015).

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.elu(mg.tensor([-1., 2.]))
    tensor([-0.6321,  2.0000])
    """
    input = _floating(input, "elu")
    return _into(input, mg.elu(input, alpha), inplace)


@guarded
def celu(input: mg.Tensor, alpha: float = 1.0, inplace: bool = False) -> mg.Tensor:
    """x above 0, α·(e^(x/α) − 1) below: the slope at 0 is 1 for every α (Barron, 2017).

    (*) -> (*). Raises `ArgumentError` for α = 0.

    >>> import minigrad as mg, nn.functional as F
    >>> F.celu(mg.tensor([-1., 2.]), 2.0)
    tensor([-0.7869,  2.0000])
    """
    input = _floating(input, "celu")
    alpha = mg.as_number(alpha, "celu", "alpha")
    if alpha == 0:
        raise ArgumentError("celu got alpha=0, by which it divides; relu is its limit there")
    return _into(input, mg.elu(input, alpha, 1.0, 1.0 / alpha), inplace)


@guarded
def selu(input: mg.Tensor, inplace: bool = False) -> mg.Tensor:
    """s·x above 0, s·α·(eˣ − 1) below, s ≈ 1.0507 and α ≈ 1.6733: mean 0 and variance 1 stay (Klambauer et al., 2017).

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.selu(mg.tensor([-1., 2.]))
    tensor([-1.1113,  2.1014])
    """
    input = _floating(input, "selu")
    return _into(input, mg.elu(input, 1.6732632423543772, 1.0507009873554805), inplace)


@guarded
def softplus(input: mg.Tensor, beta: float = 1.0, threshold: float = 20.0) -> mg.Tensor:
    """ln(1 + e^(βx))/β with gain β (N70), without overflow; linear where βx exceeds the threshold.

    (*) -> (*). Raises `DTypeError` for integers.

    >>> import minigrad as mg, nn.functional as F
    >>> F.softplus(mg.tensor([0., 30.]))
    tensor([ 0.6931, 30.0000])
    """
    return mg.softplus(_floating(input, "softplus"), beta, threshold)


# --------------------------------------------------------- piecewise functions


@guarded
def hardtanh(input: mg.Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> mg.Tensor:
    """x limited to [min_val, max_val] (Collobert, 2004); the slope at and beyond the limits is 0.

    (*) -> (*). Raises `ArgumentError` for limits in the wrong order.

    >>> import minigrad as mg, nn.functional as F
    >>> F.hardtanh(mg.tensor([-3., 0.5, 3.]))
    tensor([-1.0000,  0.5000,  1.0000])
    """
    input = _no_bool(input, "hardtanh")
    if mg.as_number(min_val, "hardtanh", "min_val") > mg.as_number(max_val, "hardtanh", "max_val"):
        raise ArgumentError(
            f"hardtanh from {min_val} to {max_val}: the lower limit is above the upper. Turn them around"
        )
    if input.dtype == mg.uint8 and min_val < 0:
        raise DTypeError(
            f"hardtanh of a tensor of uint8 from {min_val}, which it cannot hold; convert it first: t.int()"
        )
    if input.dtype.kind == "f":
        return _into(input, mg.hardtanh(input, min_val, max_val), inplace)
    low, high = (_limit(limit, input.dtype, "hardtanh") for limit in (min_val, max_val))
    return _into(input, mg.where(input >= high, high, mg.where(input <= low, low, input)), inplace)


@guarded
def hardsigmoid(input: mg.Tensor, inplace: bool = False) -> mg.Tensor:
    """(x + 3)/6 limited to [0, 1] (Courbariaux et al., 2015); the slope at and beyond the limits is 0.

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.hardsigmoid(mg.tensor([-4., 0., 1.5]))
    tensor([0.0000, 0.5000, 0.7500])
    """
    input = _floating(input, "hardsigmoid")
    inside = (input > -3) & (input < 3)
    flat = relu6(input.detach() + 3.0) / 6  # also of NaN, where the slope is 0
    return _into(input, mg.where(inside, (input + 3.0) / 6, flat), inplace)


@guarded
def hardswish(input: mg.Tensor, inplace: bool = False) -> mg.Tensor:
    """x times its hardsigmoid (Howard et al., 2019); the slope is 0 up to −3 and 1 from 3 on.

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.hardswish(mg.tensor([-1.5, 4.]))
    tensor([-0.3750,  4.0000])
    """
    input = _floating(input, "hardswish")
    return _into(input, mg.hardswish(input), inplace)


@guarded
def hardshrink(input: mg.Tensor, lambd: float = 0.5) -> mg.Tensor:
    """x where it lies outside [−λ, λ], 0 inside.

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.hardshrink(mg.tensor([-1., 0.25, 1.]))
    tensor([-1.,  0.,  1.])
    """
    input = _floating(input, "hardshrink")
    lambd = mg.as_number(lambd, "hardshrink", "lambd")
    return mg.masked_fill(input, (input >= -lambd) & (input <= lambd), 0)


@guarded
def softshrink(input: mg.Tensor, lambd: float = 0.5) -> mg.Tensor:
    """x moved by λ towards 0, and 0 where it lies within [−λ, λ].

    (*) -> (*). Raises `ArgumentError` for a negative or infinite λ.

    >>> import minigrad as mg, nn.functional as F
    >>> F.softshrink(mg.tensor([-1., 0.25, 1.]))
    tensor([-0.5000,  0.0000,  0.5000])
    """
    input = _floating(input, "softshrink")
    lambd = mg.as_number(lambd, "softshrink", "lambd")
    if not 0 <= lambd < math.inf:
        raise ArgumentError(f"softshrink got lambd={lambd}; it moves towards 0 by a finite number that is not negative")
    return input - mg.clamp(input, -lambd, lambd)


# -------------------------------------------------------------- smooth functions


@guarded
def gelu(input: mg.Tensor, approximate: str = "none") -> mg.Tensor:
    """x·Φ(x), Φ the standard normal distribution (Hendrycks and Gimpel, 2016); approximate='tanh' for their formula.

    (*) -> (*). Raises `ArgumentError` for another word.

    >>> import minigrad as mg, nn.functional as F
    >>> F.gelu(mg.tensor([-1., 2.]))
    tensor([-0.1587,  1.9545])
    """
    input = _floating(input, "gelu")
    if not isinstance(approximate, str):
        raise DTypeError(f"gelu got approximate={approximate!r}; it is 'none' or 'tanh'")
    if approximate == "none":
        return input * ((mg.erf(input * math.sqrt(0.5)) + 1) * 0.5)
    if approximate == "tanh":
        if input.dtype == mg.float16:  # the cube may be too large for it
            return gelu(input.float(), approximate).to(mg.float16)
        inner = (input + input * input * input * 0.044715) * math.sqrt(2 / math.pi)
        return input * ((mg.tanh(inner) + 1) * 0.5)
    raise ArgumentError(f"gelu got approximate={approximate!r}; it is 'none' or 'tanh'")


@guarded
def silu(input: mg.Tensor, inplace: bool = False) -> mg.Tensor:
    """x·s(x), s the sigmoid (Elfwing et al., 2017).

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.silu(mg.tensor([0., 2.]))
    tensor([0.0000, 1.7616])
    """
    input = _floating(input, "silu")
    return _into(input, mg.silu(input), inplace)


@guarded
def mish(input: mg.Tensor, inplace: bool = False) -> mg.Tensor:
    """x·tanh(ln(1 + eˣ)) (Misra, 2019).

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.mish(mg.tensor([0., 2.]))
    tensor([0.0000, 1.9440])
    """
    input = _floating(input, "mish")
    return _into(input, input * mg.tanh(mg.softplus(input, threshold=math.inf)), inplace)


@guarded
def logsigmoid(input: mg.Tensor) -> mg.Tensor:
    """ln s(x), s the sigmoid, without overflow.

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.logsigmoid(mg.tensor([0., -1000.]))
    tensor([-6.9315e-01, -1.0000e+03])
    """
    input = mg.as_operand(input, "logsigmoid")
    if input.dtype.kind != "b":  # PyTorch takes bools, and no integers
        input = _floating(input, "logsigmoid")
    return -mg.softplus(-input, threshold=math.inf)


@guarded
def softsign(input: mg.Tensor) -> mg.Tensor:
    """x/(1 + |x|) (Bergstra et al., 2009).

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.softsign(mg.tensor([-1., 3.]))
    tensor([-0.5000,  0.7500])
    """
    input = _no_bool(input, "softsign")
    return input / (mg.abs(input) + 1)


@guarded
def tanhshrink(input: mg.Tensor) -> mg.Tensor:
    """x − tanh x.

    (*) -> (*)

    >>> import minigrad as mg, nn.functional as F
    >>> F.tanhshrink(mg.tensor([0., 2.]))
    tensor([0.0000, 1.0360])
    """
    input = _no_bool(input, "tanhshrink")
    return input - mg.tanh(input)
