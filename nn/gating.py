"""Nonlinearities that know axes: a weight per channel, gates, the softmax family (N98)."""

from typing import Any

import minigrad as mg
from minigrad.errors import ShapeError

from . import functional as F
from .activation import Activation
from .init import constant_
from .module import Module
from .parameter import Parameter

__all__ = ["GLU", "LogSoftmax", "PReLU", "Softmax", "Softmax2d", "Softmin"]


class PReLU(Module):
    """x above 0, weight·x below; the weights are learnt, one for all channels or one for each (He et al., 2015).

    (N, C, *) -> (N, C, *); `weight` (num_parameters) starts from `init`. Raises, when it is called, as
    `functional.prelu`.

    >>> import minigrad as mg, nn
    >>> nn.PReLU(3)(mg.tensor([[-1., -2., 2.]])).detach()
    tensor([[-0.2500, -0.5000,  2.0000]])
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(mg.empty(num_parameters, dtype=dtype, device=device))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weights to `init` again."""
        constant_(self.weight, self.init)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *) -> (N, C, *)"""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """The number of weights."""
        return f"num_parameters={self.num_parameters}"


class GLU(Activation):
    """a·s(b), a and b the halves of x along `dim`, s the sigmoid (Dauphin et al., 2016).

    (*a, 2n, *c) -> (*a, n, *c). Raises as `functional.glu`, when it is called.

    >>> import minigrad as mg, nn
    >>> nn.GLU()(mg.tensor([3., 0.]))
    tensor([1.5000])
    """

    function = staticmethod(F.glu)

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)


class _OverAnAxis(Activation):
    """What the softmax family shares: the axis."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim=dim)


class Softmax(_OverAnAxis):
    """eˣ divided by its sum along `dim` (N98). Cross-entropy wants logits, not this.

    (*) -> (*). Without a `dim`, as `functional.softmax`, it guesses and warns. Raises, when it is called, `DTypeError`
    for integers, `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg, nn
    >>> nn.Softmax(dim=0)(mg.tensor([0., 0.]))
    tensor([0.5000, 0.5000])
    """

    function = staticmethod(F.softmax)


class LogSoftmax(_OverAnAxis):
    """The logarithm of softmax along `dim`, in the form that loses no digits (N98).

    (*) -> (*). Raises and warns as `Softmax`.

    >>> import minigrad as mg, nn
    >>> nn.LogSoftmax(dim=0)(mg.tensor([0., 0.]))
    tensor([-0.6931, -0.6931])
    """

    function = staticmethod(F.log_softmax)


class Softmin(_OverAnAxis):
    """The softmax of −x along `dim`: the smallest has the largest share.

    (*) -> (*). Raises and warns as `Softmax`.

    >>> import minigrad as mg, nn
    >>> nn.Softmin(dim=0)(mg.tensor([0., 1.]))
    tensor([0.7311, 0.2689])
    """

    function = staticmethod(F.softmin)


class Softmax2d(Module):
    """Softmax over the channels at every place of a map (N98).

    (N, C, H, W) or (C, H, W) -> the same. Raises `ShapeError` for another rank.

    >>> import minigrad as mg, nn
    >>> nn.Softmax2d()(mg.zeros(4, 1, 2))[0]
    tensor([[0.2500, 0.2500]])
    """

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) or (C, H, W) -> the same"""
        input = mg.as_operand(input, "Softmax2d")
        if input.ndim not in (3, 4):
            raise ShapeError(f"Softmax2d got shape {input.shape}; it takes (N, C, H, W) or (C, H, W)")
        return F.softmax(input, -3)
