"""How tensors print: as in PyTorch, values first, then what is not obvious."""

from typing import Any

import numpy as np

from ..dtypes import get_default_dtype
from .core import TensorCore

_options: dict[str, Any] = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80}


def set_printoptions(
    precision: int | None = None,
    threshold: int | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
) -> None:
    """Digits after the point, the number of elements that still prints in full, how many at each edge, line width.

    >>> set_printoptions(precision=4)
    """
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    _options.update({name: value for name, value in given.items() if value is not None})


class Display(TensorCore):
    """`repr` and `str`."""

    __slots__ = ()

    def __repr__(self) -> str:
        prefix = "tensor("
        options = {key: value for key, value in _options.items() if key != "linewidth"}
        text = np.array2string(
            self._array,
            separator=", ",
            prefix=prefix,
            floatmode=self._floatmode(),
            max_line_width=_options["linewidth"],
            **options,
        )
        notes = []
        if self._array.size == 0 and self.shape != (0,):
            notes.append(f"size={self.shape}")
        if self.dtype not in (get_default_dtype(), np.int64, np.bool_):
            notes.append(f"dtype={self.dtype}")
        if self.grad_fn is not None:
            notes.append(f"grad_fn={self.grad_fn!r}")
        elif self.requires_grad:
            notes.append("requires_grad=True")
        return prefix + ", ".join([text, *notes]) + ")"

    def _floatmode(self) -> Any:
        """`1.` rather than `1.0000` where every value is whole, as PyTorch does."""
        if self.dtype.kind != "f":
            return "fixed"
        finite = self._array[np.isfinite(self._array)]
        return "maxprec_equal" if bool((finite == np.trunc(finite)).all()) else "fixed"
