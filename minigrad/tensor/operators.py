"""Python's operators on tensors; each is the primitive of its name."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DTypeError, ShapeError
from ..registry import lookup
from .core import TensorCore

if TYPE_CHECKING:
    from . import Tensor


# What == compares element by element; anything else is simply not equal, as Python has it.
_COMPARABLE = (TensorCore, np.ndarray, np.generic, bool, int, float)


class Operators(TensorCore):
    """Arithmetic, comparison, logic and indexing."""

    __slots__ = ()

    def __add__(self, other: Any) -> "Tensor":
        return lookup("add")(self, other)

    def __radd__(self, other: Any) -> "Tensor":
        return lookup("add")(other, self)

    def __sub__(self, other: Any) -> "Tensor":
        return lookup("sub")(self, other)

    def __rsub__(self, other: Any) -> "Tensor":
        return lookup("sub")(other, self)

    def __mul__(self, other: Any) -> "Tensor":
        return lookup("mul")(self, other)

    def __rmul__(self, other: Any) -> "Tensor":
        return lookup("mul")(other, self)

    def __truediv__(self, other: Any) -> "Tensor":
        return lookup("div")(self, other)

    def __rtruediv__(self, other: Any) -> "Tensor":
        return lookup("div")(other, self)

    def __floordiv__(self, other: Any) -> "Tensor":
        return lookup("floor_divide")(self, other)

    def __rfloordiv__(self, other: Any) -> "Tensor":
        return lookup("floor_divide")(other, self)

    def __mod__(self, other: Any) -> "Tensor":
        return lookup("remainder")(self, other)

    def __rmod__(self, other: Any) -> "Tensor":
        return lookup("remainder")(other, self)

    def __pow__(self, other: Any) -> "Tensor":
        return lookup("pow")(self, other)

    def __rpow__(self, other: Any) -> "Tensor":
        return lookup("pow")(other, self)

    def __matmul__(self, other: Any) -> "Tensor":
        return lookup("matmul")(self, other)

    def __rmatmul__(self, other: Any) -> "Tensor":
        return lookup("matmul")(other, self)

    def __neg__(self) -> "Tensor":
        return lookup("neg")(self)

    def __pos__(self) -> "Tensor":
        return self  # type: ignore[return-value]

    def __abs__(self) -> "Tensor":
        return lookup("abs")(self)

    def __invert__(self) -> "Tensor":
        return lookup("logical_not")(self) if self.dtype.kind == "b" else lookup("bitwise_not")(self)

    def __and__(self, other: Any) -> "Tensor":
        return lookup("bitwise_and")(self, other)

    __rand__ = __and__

    def __or__(self, other: Any) -> "Tensor":
        return lookup("bitwise_or")(self, other)

    __ror__ = __or__

    def __xor__(self, other: Any) -> "Tensor":
        return lookup("bitwise_xor")(self, other)

    __rxor__ = __xor__

    # Comparison. A tensor is hashed by identity, so that it can be a dictionary key.

    def __eq__(self, other: object) -> "Tensor":  # type: ignore[override]
        if not isinstance(other, _COMPARABLE):
            return NotImplemented
        return lookup("eq")(self, other)

    def __ne__(self, other: object) -> "Tensor":  # type: ignore[override]
        if not isinstance(other, _COMPARABLE):
            return NotImplemented
        return lookup("ne")(self, other)

    def __lt__(self, other: Any) -> "Tensor":
        return lookup("lt")(self, other)

    def __le__(self, other: Any) -> "Tensor":
        return lookup("le")(self, other)

    def __gt__(self, other: Any) -> "Tensor":
        return lookup("gt")(self, other)

    def __ge__(self, other: Any) -> "Tensor":
        return lookup("ge")(self, other)

    __hash__ = object.__hash__

    # Containers.

    def __getitem__(self, index: Any) -> "Tensor":
        return lookup("getitem")(self, index)

    def __len__(self) -> int:
        if self.ndim == 0:
            raise DTypeError("len() of a 0-d tensor: it has no axis to count; use t.item() for its value")
        return self._array.shape[0]  # type: ignore[no-any-return]

    def __iter__(self) -> "Iterator[Tensor]":
        if self.ndim == 0:
            raise DTypeError("iteration over a 0-d tensor: it has no axis; use t.item() for its value")
        return iter(lookup("unbind")(self))

    def __contains__(self, value: Any) -> bool:
        return bool(lookup("eq")(self, value)._array.any())

    def __bool__(self) -> bool:
        if self._array.size != 1:
            raise ShapeError(
                f"the truth value of a tensor of shape {self.shape} is ambiguous; reduce it first, with .any() or "
                ".all()"
            )
        return bool(self._array.reshape(())[()])
