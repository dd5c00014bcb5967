"""PyTorch's old constructors, one for each dtype: of sizes, or of values; and its name for shapes."""

from typing import Any

import numpy as np

from .creation import empty, tensor
from .device import device as as_device
from .dtypes import TYPE_NAMES, DType
from .errors import DTypeError
from .tensor import Tensor

__all__ = [
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
    "Size",
]

Size: type[tuple[Any, ...]] = tuple  # shapes are plain tuples


class TensorType:
    """A constructor of tensors of one dtype; `isinstance(t, mg.FloatTensor)` asks for that dtype."""

    def __init__(self, name: str, dtype: DType) -> None:
        self.dtype = dtype
        self.__name__ = self.__qualname__ = name
        self.__doc__ = (
            f"A tensor of {dtype}: uninitialised for integers, which are sizes; of a list or an array, its values.\n"
            "\n"
            "Raises `DTypeError` for a tensor of another dtype and for a number that is no size.\n"
            "\n"
            ">>> import minigrad as mg\n"
            f">>> mg.{name}(2, 3).shape\n"
            "(2, 3)\n"
        )

    def __call__(self, *data: Any, device: Any = None) -> Tensor:
        """A tensor of sizes, or of values."""
        if device is not None:
            as_device(device)
        if data and all(isinstance(size, int | np.integer) and not isinstance(size, bool) for size in data):
            return empty(*data, dtype=self.dtype)
        if len(data) > 1:
            raise DTypeError(
                f"{self.__name__} got {len(data)} arguments, not all of them whole numbers; it takes sizes, or one list"
            )
        values = data[0] if data else ()
        if isinstance(values, Tensor):
            if values.dtype != self.dtype:
                raise DTypeError(f"{self.__name__} got a tensor of {values.dtype}; convert it by t.to(mg.{self.dtype})")
            return values.detach()
        if isinstance(values, str | bytes | type) or not hasattr(values, "__len__"):
            raise DTypeError(
                f"{self.__name__} got {values!r}, a {type(values).__name__}; it takes sizes, a list or an array. For a "
                "single value, use mg.tensor"
            )
        return tensor(values if isinstance(values, list | tuple | np.ndarray) else list(values), dtype=self.dtype)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance.dtype == self.dtype

    def __repr__(self) -> str:
        return f"<class 'minigrad.{self.__name__}'>"


BoolTensor, ByteTensor, CharTensor, ShortTensor, IntTensor, LongTensor, HalfTensor, FloatTensor, DoubleTensor = (
    TensorType(name, dtype) for name, dtype in TYPE_NAMES.items()
)
