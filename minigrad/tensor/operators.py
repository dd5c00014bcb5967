"""Python's operators on tensors; each is the primitive of its name."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DTypeError, ShapeError
from ..registry import lookup, operation
from .core import TensorCore

if TYPE_CHECKING:
    from . import Tensor


# What == compares element by element; anything else is simply not equal, as Python has it.
_COMPARABLE = (TensorCore, float, int, bool, np.ndarray, np.generic)


def _pair(
    name: str, reflected: str, find: Callable[[str], Callable[..., "Tensor"]] = lookup
) -> tuple[Callable[[Any, Any], "Tensor"], Callable[[Any, Any], "Tensor"]]:
    """The function `name` as an operator and as its reflection.

    A foreign object that has the reflected operator itself gets its turn.
    """
    function: Callable[..., Tensor] | None = None

    def forward(self: TensorCore, other: Any) -> "Tensor":
        nonlocal function
        if type(other) is not type(self) and _is_foreign(other) and hasattr(type(other), reflected):
            return NotImplemented  # type: ignore[no-any-return]
        if function is None:
            function = find(name)
        return function(self, other)

    def backward(self: TensorCore, other: Any) -> "Tensor":
        return find(name)(other, self)

    forward.__name__, backward.__name__ = reflected.replace("__r", "__", 1), reflected
    forward.__doc__ = f"`minigrad.{name}` of this tensor and `other`."
    backward.__doc__ = f"`minigrad.{name}` of `other` and this tensor."
    return forward, backward


def _is_foreign(other: Any) -> bool:
    return not isinstance(other, _COMPARABLE) and type(other).__module__ != "builtins"


class Operators(TensorCore):
    """Arithmetic, comparison, logic and indexing."""

    __slots__ = ()

    __add__, __radd__ = _pair("add", "__radd__", operation)
    __sub__, __rsub__ = _pair("sub", "__rsub__", operation)
    __mul__, __rmul__ = _pair("mul", "__rmul__")
    __truediv__, __rtruediv__ = _pair("div", "__rtruediv__", operation)
    __floordiv__, __rfloordiv__ = _pair("floor_divide", "__rfloordiv__")
    __mod__, __rmod__ = _pair("remainder", "__rmod__")
    __pow__, __rpow__ = _pair("pow", "__rpow__")
    __matmul__, __rmatmul__ = _pair("matmul", "__rmatmul__")
    __and__, __rand__ = _pair("bitwise_and", "__rand__")
    __or__, __ror__ = _pair("bitwise_or", "__ror__")
    __xor__, __rxor__ = _pair("bitwise_xor", "__rxor__")

    def __neg__(self) -> "Tensor":
        return lookup("neg")(self)

    def __pos__(self) -> "Tensor":
        return self  # type: ignore[return-value]

    def __abs__(self) -> "Tensor":
        return lookup("abs")(self)

    def __invert__(self) -> "Tensor":
        return lookup("logical_not")(self) if self.dtype.kind == "b" else lookup("bitwise_not")(self)

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
