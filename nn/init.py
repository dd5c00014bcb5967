"""Initial values of parameters, in place; PyTorch's names and formulae.

`generator=` chooses the source of randomness; without it, the calling thread's
generator is used. Nothing here is recorded.
"""

import math
from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.registry import guarded

__all__ = [
    "calculate_gain",
    "constant_",
    "dirac_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "sparse_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]


def _tensor(value: Any, name: str) -> mg.Tensor:
    if not isinstance(value, mg.Tensor):
        raise DTypeError(f"{name} got a {type(value).__name__}; it fills a tensor in place, for example layer.weight")
    return value


def fans(tensor: mg.Tensor) -> tuple[int, int]:
    """How many inputs one output reads, and how many outputs one input feeds, for a weight (out, in, *kernel).

    Raises `ShapeError` for a tensor with fewer than two axes.
    """
    if _tensor(tensor, "an initialisation by fan in and fan out").ndim < 2:
        raise ShapeError(
            f"fan in and fan out of a tensor of shape {tensor.shape}: it needs an out and an in axis. Is it a bias? "
            "Then use zeros_ or uniform_"
        )
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


_calculate_fan_in_and_fan_out = fans  # PyTorch's name, which programs use though it is private


@guarded
def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor on the standard deviation that a nonlinearity asks for.

    Raises `ArgumentError` for a name that it does not know.

    >>> import nn
    >>> nn.init.calculate_gain("relu")
    1.4142135623730951
    """
    if nonlinearity in ("linear", "sigmoid") or str(nonlinearity).startswith("conv"):
        return 1.0
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else float(param)
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ArgumentError(
        f"calculate_gain got {nonlinearity!r}; it knows linear, conv…, sigmoid, tanh, relu, leaky_relu and selu. "
        "For another one give the name of the most similar"
    )


@guarded
@mg.no_grad()
def uniform_(tensor: mg.Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> mg.Tensor:
    """Uniform values from [a, b).

    (*) -> (*). Raises `ArgumentError` where a is above b, `DTypeError` for a tensor of integers.

    >>> import minigrad as mg, nn
    >>> w = nn.init.uniform_(mg.empty(4), 2, 3); bool(((w >= 2) & (w < 3)).all())
    True
    """
    return _tensor(tensor, "uniform_").uniform_(a, b, generator=generator)


@guarded
@mg.no_grad()
def normal_(tensor: mg.Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> mg.Tensor:
    """Normal values of a mean and a standard deviation.

    (*) -> (*). Raises `ArgumentError` for a negative deviation, `DTypeError` for a tensor of integers.

    >>> import minigrad as mg, nn
    >>> nn.init.normal_(mg.empty(2, 3), std=0.02).shape
    (2, 3)
    """
    return _tensor(tensor, "normal_").normal_(mean, std, generator=generator)


@guarded
@mg.no_grad()
def trunc_normal_(
    tensor: mg.Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> mg.Tensor:
    """Normal values from [a, b]: the inverse of the distribution function, at uniform values between those of a and b.

    (*) -> (*). Raises `ArgumentError` where the interval is empty or lies more than 6 standard deviations off.

    >>> import minigrad as mg, nn
    >>> bool((nn.init.trunc_normal_(mg.empty(9)).abs() <= 2).all())
    True
    """
    mean, std = mg.as_number(mean, "trunc_normal_", "mean"), mg.as_number(std, "trunc_normal_", "std")
    a, b = mg.as_number(a, "trunc_normal_", "a"), mg.as_number(b, "trunc_normal_", "b")
    if not a < b or std < 0 or a > mean + 6 * std or b < mean - 6 * std:
        raise ArgumentError(
            f"trunc_normal_ to [{a}, {b}] with mean {mean} and std {std}: hardly any value lies there. The bounds are "
            "values, a below b, and not numbers of deviations: move them with the mean"
        )
    _tensor(tensor, "trunc_normal_")
    if std == 0:
        return tensor.fill_(mean)
    scale = std * math.sqrt(2)
    low, high = math.erf((a - mean) / scale), math.erf((b - mean) / scale)
    places = mg.rand(tensor.shape, generator=generator, dtype=mg.float64) * (high - low) + low
    limit = 1 - 2.0**-53  # where the inverse is still finite
    values = mg.clamp(places, -limit, limit).erfinv() * scale + mean
    return tensor.copy_(mg.clamp(values, a, b))


@guarded
@mg.no_grad()
def constant_(tensor: mg.Tensor, val: float) -> mg.Tensor:
    """One value everywhere.

    (*) -> (*). Raises `ArgumentError` for a value that an integer dtype cannot hold.

    >>> import minigrad as mg, nn
    >>> nn.init.constant_(mg.empty(2), 0.5)
    tensor([0.5000, 0.5000])
    """
    return _tensor(tensor, "constant_").fill_(val)


@guarded
def ones_(tensor: mg.Tensor) -> mg.Tensor:
    """Ones.

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.init.ones_(mg.empty(2))
    tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


@guarded
def zeros_(tensor: mg.Tensor) -> mg.Tensor:
    """Zeros.

    (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.init.zeros_(mg.empty(2))
    tensor([0., 0.])
    """
    return constant_(tensor, 0.0)


@guarded
@mg.no_grad()
def eye_(tensor: mg.Tensor) -> mg.Tensor:
    """The identity, for a matrix.

    (n, m) -> (n, m). Raises `ShapeError` for what is no matrix.

    >>> import minigrad as mg, nn
    >>> nn.init.eye_(mg.empty(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    if _tensor(tensor, "eye_").ndim != 2:
        raise ShapeError(f"eye_ got a tensor of shape {tensor.shape}; it fills matrices. Convolutions have dirac_")
    return tensor.copy_(mg.eye(*tensor.shape))


@guarded
@mg.no_grad()
def dirac_(tensor: mg.Tensor, groups: int = 1) -> mg.Tensor:
    """A convolution weight that passes its input channels through.

    (O, C/G, *k) -> (O, C/G, *k). Raises `ShapeError` for fewer than three axes, or groups that do not divide O.

    >>> import minigrad as mg, nn
    >>> nn.init.dirac_(mg.empty(1, 1, 3))
    tensor([[[0., 1., 0.]]])
    """
    groups = mg.as_integer(groups, "dirac_", "groups")
    if _tensor(tensor, "dirac_").ndim < 3 or groups < 1 or tensor.shape[0] % groups:
        raise ShapeError(
            f"dirac_ got shape {tensor.shape} with groups={groups}; it needs (out, in, *kernel), groups dividing out"
        )
    tensor.zero_()
    centre = tuple(size // 2 for size in tensor.shape[2:])
    per_group = tensor.shape[0] // groups
    for group in range(groups):
        for channel in range(min(per_group, tensor.shape[1])):
            tensor[(group * per_group + channel, channel, *centre)] = 1
    return tensor


@guarded
def xavier_uniform_(tensor: mg.Tensor, gain: float = 1.0, generator: Any = None) -> mg.Tensor:
    """Glorot's uniform: U(−a, a), a = gain·√(6/(fan_in + fan_out)) (Glorot and Bengio, 2010).

    (O, C/G, *k) -> (O, C/G, *k). Raises `ShapeError` for fewer than two axes.

    >>> import minigrad as mg, nn
    >>> bool((nn.init.xavier_uniform_(mg.empty(2, 4)).abs() <= 1).all())
    True
    """
    bound = gain * math.sqrt(6.0 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


@guarded
def xavier_normal_(tensor: mg.Tensor, gain: float = 1.0, generator: Any = None) -> mg.Tensor:
    """Glorot's normal: σ = gain·√(2/(fan_in + fan_out)) (Glorot and Bengio, 2010).

    (O, C/G, *k) -> (O, C/G, *k). Raises `ShapeError` for fewer than two axes.

    >>> import minigrad as mg, nn
    >>> nn.init.xavier_normal_(mg.empty(2, 4)).shape
    (2, 4)
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(fans(tensor))), generator)


def _kaiming_std(tensor: mg.Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if not isinstance(a, int | float):
        raise DTypeError(
            f"a={a!r} arrived; the negative slope of a leaky ReLU is a number. Was the nonlinearity meant? Then write "
            f"nonlinearity={a!r}"
        )
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(f"a Kaiming initialisation got mode={mode!r}; it is 'fan_in' or 'fan_out'")
    fan = fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fan, 1))


@guarded
def kaiming_uniform_(
    tensor: mg.Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> mg.Tensor:
    """He's uniform: U(−b, b), b = gain·√(3/fan) (He et al., 2015).

    (O, C/G, *k) -> (O, C/G, *k). Raises `ShapeError` for fewer than two axes,
    `ArgumentError` for a mode or a nonlinearity that it does not know.

    >>> import minigrad as mg, nn
    >>> bool((nn.init.kaiming_uniform_(mg.empty(8, 6)).abs() <= 1).all())
    True
    """
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


@guarded
def kaiming_normal_(
    tensor: mg.Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> mg.Tensor:
    """He's normal: σ = gain/√fan (He et al., 2015).

    (O, C/G, *k) -> (O, C/G, *k). Raises `ShapeError` for fewer than two axes,
    `ArgumentError` for a mode or a nonlinearity that it does not know.

    >>> import minigrad as mg, nn
    >>> nn.init.kaiming_normal_(mg.empty(8, 6)).shape
    (8, 6)
    """
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


@guarded
@mg.no_grad()
def orthogonal_(tensor: mg.Tensor, gain: float = 1.0, generator: Any = None) -> mg.Tensor:
    """A random (semi-)orthogonal matrix, axes after the first flattened (Saxe et al., 2013).

    (O, C/G, *k) -> (O, C/G, *k). Raises `ShapeError` for fewer than two axes.

    >>> import minigrad as mg, nn
    >>> w = nn.init.orthogonal_(mg.empty(2, 3)); mg.allclose(w @ w.T, mg.eye(2), atol=1e-6)
    True
    """
    if _tensor(tensor, "orthogonal_").ndim < 2:
        raise ShapeError(f"orthogonal_ got a tensor of shape {tensor.shape}; it needs at least two axes")
    if not isinstance(gain, int | float):
        raise DTypeError(f"orthogonal_ got gain={gain!r}; it is a number, for example calculate_gain('relu')")
    import numpy as np

    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    draw = mg.randn(max(rows, columns), min(rows, columns), dtype=mg.float64, generator=generator).numpy()
    q, r = np.linalg.qr(draw)
    q = q * np.sign(np.diag(r))
    matrix = q if rows >= columns else q.T
    return tensor.copy_(mg.from_numpy(gain * matrix.reshape(tensor.shape)))


@guarded
@mg.no_grad()
def sparse_(tensor: mg.Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> mg.Tensor:
    """Normal values, with a part of each column, chosen at random, set to 0 (Martens, 2010).

    (n, m) -> (n, m). Raises `ShapeError` for what is no matrix, `ArgumentError` for a part outside [0, 1].

    >>> import minigrad as mg, nn
    >>> (nn.init.sparse_(mg.empty(4, 2), 0.5) == 0).sum(0)
    tensor([2, 2])
    """
    if _tensor(tensor, "sparse_").ndim != 2:
        raise ShapeError(f"sparse_ got a tensor of shape {tensor.shape}; it fills matrices (n, m)")
    if not 0 <= sparsity <= 1:
        raise ArgumentError(
            f"sparse_ got sparsity={sparsity}; it is the part of each column that is 0, between 0 and 1"
        )
    rows, columns = tensor.shape
    normal_(tensor, 0.0, std, generator)
    for column in range(columns):
        tensor[mg.randperm(rows, generator=generator)[: math.ceil(sparsity * rows)], column] = 0
    return tensor


def default_(weight: mg.Tensor, bias: mg.Tensor | None) -> None:
    """PyTorch's default for linear and convolution layers: U(−1/√fan_in, 1/√fan_in) for weight and bias alike."""
    kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        bound = 1 / math.sqrt(max(fans(weight)[0], 1))
        uniform_(bias, -bound, bound)
