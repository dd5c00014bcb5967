"""A tensor whose shape is not known yet; parameters of lazy modules are such."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .errors import ArgumentError
from .registry import lookup
from .tape import Leaf, Spec
from .tensor import Tensor, Version

__all__ = ["Uninitialized"]


class Uninitialized(Tensor):
    """A leaf without storage: it has a dtype, and gets its shape and values by `materialize`.

    Every other use raises `ArgumentError`. Then the object turns into a
    `becomes`, so that whoever holds it holds the real one.

    >>> import minigrad as mg
    >>> t = mg.Uninitialized()
    >>> t.materialize((2, 3)); t.shape
    (2, 3)
    """

    __slots__ = ()

    becomes: type[Tensor] = Tensor

    def __new__(cls, requires_grad: bool = False, device: Any = None, dtype: Any = None) -> "Uninitialized":
        """A leaf of a dtype, without a shape."""
        kind = lookup("empty")(0, device=device, dtype=dtype).requires_grad_(requires_grad).dtype
        made = object.__new__(cls)
        # `_array` stays unset: reading it, as everything does that computes, ends in `__getattr__`.
        made._node, made._index, made._storage, made._grad, made._base = None, 0, Version(), None, None
        made.__dict__["_dtype"] = kind
        if requires_grad:
            made._node = Leaf(made, Spec((), kind))
        return made

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or (name != "_array" and not hasattr(Tensor, name)):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise self._refusal()

    def _refusal(self) -> ArgumentError:
        return ArgumentError(
            f"{type(self).__name__} has no shape and no values yet: the first forward of its lazy module gives them. "
            "Call the model once with a batch like those to come, then look at its parameters or compute with them"
        )

    @property
    def dtype(self) -> np.dtype[Any]:
        """The element type that it will have."""
        return self.__dict__["_dtype"]  # type: ignore[no-any-return]

    def is_floating_point(self) -> bool:
        """Whether the element type is floating."""
        return self.dtype.kind == "f"

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Refused until there are values."""
        raise self._refusal()

    def retype(self, dtype: Any) -> None:
        """Another element type, in place."""
        kind = lookup("empty")(0, dtype=dtype).dtype
        self.__dict__["_dtype"] = kind
        if self._node is not None:
            self._node = Leaf(self, Spec((), kind))

    def materialize(self, shape: Sequence[int], device: Any = None, dtype: Any = None) -> None:
        """Give it a shape; its values are undetermined, and it turns into a `becomes`."""
        values = lookup("empty")(shape, device=device, dtype=self.dtype if dtype is None else dtype)
        del self.__dict__["_dtype"]
        self.__class__ = self.becomes  # type: ignore[assignment]
        self.data = values

    def way_back(self) -> Callable[[], None]:
        """A function that takes shape and values from it again, if it has got them by then.

        >>> import minigrad as mg
        >>> t = mg.Uninitialized(); back = t.way_back()
        >>> t.materialize((2, 3)); back(); t
        <Uninitialized>
        """
        kind, node, attributes = type(self), self._node, dict(self.__dict__)

        def go_back() -> None:
            if isinstance(self, Uninitialized):
                return
            del self._array
            self.__class__ = kind
            self._node, self._index, self._storage, self._grad, self._base = node, 0, Version(), None, None
            self.__dict__.clear()
            self.__dict__.update(attributes)

        return go_back

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __copy__(self) -> Tensor:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[Any, Any]) -> Tensor:
        twin = type(self)(self.requires_grad, dtype=self.dtype)
        memo[id(self)] = twin
        return twin

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.requires_grad, None, str(self.dtype))
