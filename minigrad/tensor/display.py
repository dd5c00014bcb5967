"""How tensors print: as in PyTorch, values first, then what is not obvious."""

import numpy as np

from ..dtypes import get_default_dtype
from ..printing import array_text
from .core import TensorCore


class Display(TensorCore):
    """`repr` and `str`."""

    __slots__ = ()

    def __repr__(self) -> str:
        prefix = "tensor("
        text = array_text(self._array, prefix)
        notes = []
        if self._array.size == 0 and self.shape != (0,):
            notes.append(f"size={self.shape}")
        plain = (get_default_dtype(), np.bool_) if self._array.size == 0 else (get_default_dtype(), np.int64, np.bool_)
        if self.dtype not in plain:
            notes.append(f"dtype={self.dtype}")
        if self.grad_fn is not None:
            notes.append(f"grad_fn={self.grad_fn!r}")
        elif self.requires_grad:
            notes.append("requires_grad=True")
        return prefix + ", ".join([text, *notes]) + ")"
