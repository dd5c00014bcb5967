"""Dropout: noise in training, nothing in evaluation."""

import minigrad as mg
from minigrad.errors import ArgumentError

from . import functional as F
from .module import Module

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= mg.as_number(p, type(self).__name__, "p") <= 1:
            raise ArgumentError(f"{type(self).__name__} got p={p}; it is the probability of being dropped, from 0 to 1")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training, zeros with probability p and the rest divided by 1 − p (Srivastava et al., 2014).

    (*) -> (*). Raises `ArgumentError` for p outside [0, 1].

    >>> import minigrad as mg, nn
    >>> nn.Dropout(0.5).eval()(mg.ones(3))
    tensor([1., 1., 1.])
    """

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """In training, whole channels become 0 with probability p: (N, C, L) or (C, L) -> the same. See `Dropout2d`.

    >>> import minigrad as mg, nn
    >>> nn.Dropout1d()(mg.ones(2, 3, 4)).shape
    (2, 3, 4)
    """

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, L) or (C, L) -> the same"""
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """In training, whole channels become 0 with probability p and the rest is divided by 1 − p (Tompson et al., 2015).

    (N, C, H, W) -> (N, C, H, W). Raises `ArgumentError` for p outside [0, 1]; when it is called, as
    `functional.dropout2d`.

    >>> import minigrad as mg, nn
    >>> nn.Dropout2d()(mg.ones(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, H, W) -> (N, C, H, W)"""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """In training, whole channels become 0: (N, C, D, H, W) or (C, D, H, W) -> the same. See `Dropout2d`.

    >>> import minigrad as mg, nn
    >>> nn.Dropout3d()(mg.ones(2, 3, 4, 4, 4)).shape
    (2, 3, 4, 4, 4)
    """

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, D, H, W) or (C, D, H, W) -> the same"""
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """In training, what selu gives far below 0 with probability p; mean 0, variance 1 stay (Klambauer et al., 2017).

    (*) -> (*). `inplace` has no effect, as in PyTorch. Raises `ArgumentError` for p outside [0, 1].

    >>> import minigrad as mg, nn
    >>> nn.AlphaDropout(0.5).eval()(mg.ones(3))
    tensor([1., 1., 1.])
    """

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_Dropout):
    """`AlphaDropout` of whole channels: (N, C, *) -> (N, C, *)

    `inplace` has no effect, as in PyTorch. Raises `ArgumentError` for p outside [0, 1]; when it is called, as
    `functional.feature_alpha_dropout`.

    >>> import minigrad as mg, nn
    >>> nn.FeatureAlphaDropout(0.5)(mg.ones(2, 3, 4)).shape
    (2, 3, 4)
    """

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *) -> (N, C, *)"""
        return F.feature_alpha_dropout(input, self.p, self.training)
