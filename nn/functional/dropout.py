"""Dropout as functions: noise in training, nothing in evaluation."""

from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError


def dropout(
    input: mg.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, generator: Any = None
) -> mg.Tensor:
    """In training, zeros with probability p and the rest divided by 1 − p (Srivastava et al., 2014); else the input.

    (*) -> (*). Raises `ArgumentError` for p outside [0, 1].

    >>> import minigrad as mg, nn.functional as F
    >>> F.dropout(mg.ones(3), p=0.0)
    tensor([1., 1., 1.])
    """
    if not 0 <= p <= 1:
        raise ArgumentError(f"dropout got p={p}; it is a probability, from 0 to 1")
    input = mg.as_operand(input, "dropout")
    if not training or p == 0:
        return input
    if p == 1:
        dropped = input * 0
    else:
        keep = mg.rand(input.shape, generator=generator, dtype=mg.float32) >= p
        dropped = input * (keep.to(input.dtype) * (1 / (1 - p)))
    return input.copy_(dropped) if inplace else dropped
