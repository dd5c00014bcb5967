"""The nonlinearities that write their result into their input, by PyTorch's names with an underscore."""

from typing import Any

import minigrad as mg
from minigrad.registry import guarded

from . import activation


@guarded
def relu_(input: mg.Tensor) -> mg.Tensor:
    """`relu` in place.

    (*) -> (*). Raises `GradError` for a leaf that requires gradients.

    >>> import minigrad as mg, nn.functional as F
    >>> F.relu_(mg.tensor([-1., 2.]))
    tensor([0., 2.])
    """
    return activation.relu(input, True)


@guarded
def leaky_relu_(input: mg.Tensor, negative_slope: float = 0.01) -> mg.Tensor:
    """`leaky_relu` in place.

    (*) -> (*). Raises `GradError` for a leaf that requires gradients.

    >>> import minigrad as mg, nn.functional as F
    >>> F.leaky_relu_(mg.tensor([-1., 2.]), 0.5)
    tensor([-0.5000,  2.0000])
    """
    return activation.leaky_relu(input, negative_slope, True)


@guarded
def rrelu_(
    input: mg.Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, generator: Any = None
) -> mg.Tensor:
    """`rrelu` in place.

    (*) -> (*). Raises as `rrelu`, and `GradError` for a leaf that requires gradients.

    >>> import minigrad as mg, nn.functional as F
    >>> F.rrelu_(mg.tensor([-1., 2.]), 0.25, 0.75)
    tensor([-0.5000,  2.0000])
    """
    return activation.rrelu(input, lower, upper, training, True, generator)


@guarded
def elu_(input: mg.Tensor, alpha: float = 1.0) -> mg.Tensor:
    """`elu` in place.

    (*) -> (*). Raises `GradError` for a leaf that requires gradients.

    >>> import minigrad as mg, nn.functional as F
    >>> F.elu_(mg.tensor([-1., 2.]))
    tensor([-0.6321,  2.0000])
    """
    return activation.elu(input, alpha, True)


@guarded
def celu_(input: mg.Tensor, alpha: float = 1.0) -> mg.Tensor:
    """`celu` in place.

    (*) -> (*). Raises as `celu`, and `GradError` for a leaf that requires gradients.

    >>> import minigrad as mg, nn.functional as F
    >>> F.celu_(mg.tensor([-1., 2.]), 2.0)
    tensor([-0.7869,  2.0000])
    """
    return activation.celu(input, alpha, True)


@guarded
def selu_(input: mg.Tensor) -> mg.Tensor:
    """`selu` in place.

    (*) -> (*). Raises `GradError` for a leaf that requires gradients.

    >>> import minigrad as mg, nn.functional as F
    >>> F.selu_(mg.tensor([-1., 2.]))
    tensor([-1.1113,  2.1014])
    """
    return activation.selu(input, True)


@guarded
def hardtanh_(input: mg.Tensor, min_val: float = -1.0, max_val: float = 1.0) -> mg.Tensor:
    """`hardtanh` in place.

    (*) -> (*). Raises as `hardtanh`, and `GradError` for a leaf that requires gradients.

    >>> import minigrad as mg, nn.functional as F
    >>> F.hardtanh_(mg.tensor([-3., 0.5]))
    tensor([-1.0000,  0.5000])
    """
    return activation.hardtanh(input, min_val, max_val, True)


@guarded
def threshold_(input: mg.Tensor, threshold: float, value: float) -> mg.Tensor:
    """`threshold` in place.

    (*) -> (*). Raises `GradError` for a leaf that requires gradients.

    >>> import minigrad as mg, nn.functional as F
    >>> F.threshold_(mg.tensor([-1., 2.]), 0.5, 20.)
    tensor([20.,  2.])
    """
    return activation.threshold(input, threshold, value, True)
