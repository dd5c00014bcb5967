"""Dropout: noise in training, nothing in evaluation."""

import minigrad as mg
from minigrad.errors import ArgumentError

from . import functional as F
from .module import Module

__all__ = ["Dropout"]


class Dropout(Module):
    """In training, zeros with probability p and the rest divided by 1 − p (Srivastava et al., 2014).

    (*) -> (*). Raises `ArgumentError` for p outside [0, 1].

    >>> import minigrad as mg, nn
    >>> nn.Dropout(0.5).eval()(mg.ones(3))
    tensor([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ArgumentError(f"Dropout got p={p}; it is a probability, from 0 to 1")
        self.p = p
        self.inplace = inplace

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*)"""
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}, inplace={self.inplace}"
