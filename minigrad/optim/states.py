"""What an optimiser takes over from a state dict."""

import copy
from typing import Any

from ..creation import as_tensor
from ..tensor import Tensor

__all__ = ["taken_over"]


def taken_over(value: Any) -> Any:
    """A copy of nested dicts, lists and tuples, in which arrays, PyTorch's tensors among them, are tensors of ours.

    >>> import numpy as np
    >>> from minigrad.optim.states import taken_over
    >>> taken_over({"step": np.float32(3), "d": [np.zeros(2)]})
    {'step': tensor(3.), 'd': [tensor([0., 0.], dtype=float64)]}
    """
    if isinstance(value, dict):
        return {key: taken_over(one) for key, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)(taken_over(one) for one in value)
    if isinstance(value, Tensor):
        return copy.deepcopy(value)
    if hasattr(value, "__array__") and hasattr(value, "dtype"):
        return as_tensor(value).clone()
    return copy.deepcopy(value)
