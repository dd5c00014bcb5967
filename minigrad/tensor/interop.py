"""Tensors among NumPy arrays, Python numbers, copies and pickles."""

import copy
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..device import device as as_device
from ..dtypes import TYPE_NAMES, as_dtype
from ..errors import ArgumentError, DTypeError, GradError, ShapeError
from ..explaining import as_flag
from ..registry import lookup
from .core import TensorCore
from .views import Array

if TYPE_CHECKING:
    from . import Tensor

# NumPy's ufuncs by their names -> ours.
_UFUNCS = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div", "power": "pow",
    "negative": "neg", "positive": "clone", "absolute": "abs", "fabs": "abs", "exp": "exp",
    "log": "log", "log1p": "log1p", "sqrt": "sqrt", "square": "square", "tanh": "tanh", "maximum": "maximum",
    "minimum": "minimum", "matmul": "matmul", "sign": "sign", "floor": "floor", "ceil": "ceil", "rint": "round",
    "floor_divide": "floor_divide", "remainder": "remainder", "reciprocal": "reciprocal", "expm1": "expm1",
    "sin": "sin", "cos": "cos", "isnan": "isnan", "isinf": "isinf", "isfinite": "isfinite",
    "equal": "eq", "not_equal": "ne", "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge",
    "logical_and": "logical_and", "logical_or": "logical_or", "logical_not": "logical_not",
    "bitwise_and": "bitwise_and", "bitwise_or": "bitwise_or", "bitwise_xor": "bitwise_xor", "invert": "bitwise_not",
}  # fmt: skip

# NumPy's functions with the same meaning and order of arguments under one of our names.
_FUNCTIONS = {
    "sum": "sum", "mean": "mean", "amax": "amax", "max": "amax", "amin": "amin", "min": "amin", "argmax": "argmax",
    "argmin": "argmin", "prod": "prod", "reshape": "reshape", "squeeze": "squeeze", "expand_dims": "unsqueeze",
    "concatenate": "cat", "stack": "stack", "where": "where", "flip": "flip", "broadcast_to": "broadcast_to",
    "clip": "clamp", "any": "any", "all": "all", "moveaxis": "movedim", "ravel": "flatten",
    "isclose": "isclose", "allclose": "allclose", "array_equal": "equal",
}  # fmt: skip

_KEYWORDS = {"axis": "dim", "keepdims": "keepdim"}


class Interop(TensorCore):
    """What lets tensors and the rest of Python work on each other."""

    __slots__ = ()

    # --------------------------------------------------------------- NumPy

    def numpy(self, *, force: bool = False) -> Array:
        """The values as a NumPy array, C-contiguous and writable; without a copy where that is possible.

        Raises `GradError` for a tensor that requires gradients, unless
        `force=True`: what is written into the array would escape the tape.

        >>> import minigrad as mg
        >>> mg.tensor([1, 2]).numpy()
        array([1, 2])
        """
        if self._node is not None and not as_flag(force, "numpy", "force"):
            raise GradError(
                "numpy() of a tensor that requires gradients: NumPy would compute, and write, behind the tape's back. "
                "Use t.detach().numpy()"
            )
        array = self._array
        if array.flags.c_contiguous and array.flags.writeable:
            return array
        return np.array(array, order="C")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if self._node is not None:
            raise GradError(
                "a tensor that requires gradients was handed to NumPy, which would compute outside the tape. Use "
                "minigrad's function of the same name, or t.detach() for the plain values"
            )
        array = self.numpy()
        needed = array is not self._array or (dtype is not None and array.dtype != dtype)
        if needed and copy is False:
            raise ArgumentError("an array without a copy was asked for, which needs C-contiguous memory and no cast")
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        name = _UFUNCS.get(ufunc.__name__)
        if method != "__call__" or keywords or name is None:
            what = f"numpy.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
            if "out" in keywords:
                raise DTypeError(
                    f"{what} with out= (or an in-place operator on an array) cannot record a tensor's gradient; write "
                    "result = array + tensor instead, or use tensor.detach()"
                )
            extra = f" with {', '.join(keywords)}" if keywords else ""
            raise DTypeError(
                f"{what}{extra} has no counterpart on tensors; use minigrad's functions, or numpy on t.detach().numpy()"
            )
        return lookup(name)(*inputs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        name = _FUNCTIONS.get(func.__name__)
        if name is not None:
            try:
                return lookup(name)(*args, **{_KEYWORDS.get(key, key): value for key, value in kwargs.items()})
            except TypeError as error:
                if isinstance(error, DTypeError):
                    raise
                raise DTypeError(
                    f"numpy.{func.__name__} on a tensor means mg.{name}, which does not take these arguments: {error}"
                ) from error
        full_name = f"{func.__module__}.{func.__name__}"
        raise DTypeError(
            f"{full_name} does not work on tensors, since NumPy cannot record it. Use minigrad's functions or the "
            f"tensor's methods, or {full_name}(t.detach().numpy()) for plain values"
        )

    # ------------------------------------------------------ Python's numbers

    def item(self) -> Any:
        """The value of a one-element tensor as a Python number.

        Raises `ShapeError` where there are more elements, or none.
        """
        if self._array.size != 1:
            raise ShapeError(
                f"item() on a tensor of shape {self.shape}: only one element can become a Python number; tolist() "
                "gives them all"
            )
        return self._array.item()

    def tolist(self) -> Any:
        """The values as nested Python lists, or a number for a 0-d tensor."""
        return self._array.tolist()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        value = self.item()
        if value != value or value in (math.inf, -math.inf):
            raise ArgumentError(f"int() of a tensor that holds {value}, which no integer is")
        return int(value)

    def __index__(self) -> int:
        if self.dtype.kind not in "bui" or self._array.size != 1:
            raise DTypeError(
                f"a tensor of shape {self.shape} and dtype {self.dtype} cannot be an index; one integer element can"
            )
        return int(self.item())

    def __format__(self, specification: str) -> str:
        if self.ndim == 0:
            return format(self.item(), specification)
        return str(self) if not specification else object.__format__(self, specification)

    # ------------------------------------------------------- kinds and copies

    def to(
        self,
        *args: Any,
        dtype: Any = None,
        device: Any = None,
        copy: Any = False,
        non_blocking: Any = False,
        other: Any = None,
    ) -> "Tensor":
        """This tensor in another dtype; recorded. `device` may only be the CPU.

        Takes what PyTorch takes: `t.to("cpu")`, `t.to(mg.float64)`, `t.to(other)`.
        """
        for argument in args if other is None else (*args, other):
            if isinstance(argument, TensorCore):
                dtype = argument.dtype
            elif isinstance(argument, bool):
                continue  # PyTorch's positional non_blocking
            elif isinstance(argument, np.dtype | type):
                dtype = argument
            else:
                device = argument
        if device is not None:
            as_device(device)
        target = self.dtype if dtype is None else as_dtype(dtype)
        if target == self.dtype:
            return lookup("clone")(self) if as_flag(copy, "to", "copy") else self  # type: ignore[return-value]
        return lookup("cast")(self, target)

    def cpu(self) -> "Tensor":
        """This tensor: it is on the CPU."""
        return self  # type: ignore[return-value]

    def cuda(self, device: Any = "cuda") -> "Tensor":
        """Refused: there is no device but the CPU."""
        as_device("cuda")
        return self  # type: ignore[return-value]

    def type(self, dtype: Any = None, non_blocking: Any = False) -> Any:
        """This tensor in `dtype`: one, its name, or a constructor; without it the name, 'minigrad.FloatTensor'."""
        if dtype is None:
            return "minigrad." + next(name for name, known in TYPE_NAMES.items() if known == self.dtype)
        if isinstance(dtype, str):
            dtype = TYPE_NAMES.get(dtype.removeprefix("torch.").removeprefix("minigrad."), dtype)
        elif isinstance(getattr(dtype, "dtype", None), np.dtype):
            dtype = dtype.dtype
        return self.to(dtype=dtype)

    def type_as(self, other: "Tensor") -> "Tensor":
        """This tensor in the dtype of `other`."""
        if not isinstance(other, TensorCore):
            raise DTypeError(f"type_as got a {type(other).__name__}; it takes a tensor")
        return self.to(dtype=other.dtype)

    def double(self) -> "Tensor":
        """This tensor in float64."""
        return self.to(dtype=np.float64)

    def float(self) -> "Tensor":
        """This tensor in float32."""
        return self.to(dtype=np.float32)

    def half(self) -> "Tensor":
        """This tensor in float16."""
        return self.to(dtype=np.float16)

    def long(self) -> "Tensor":
        """This tensor in int64."""
        return self.to(dtype=np.int64)

    def int(self) -> "Tensor":
        """This tensor in int32."""
        return self.to(dtype=np.int32)

    def short(self) -> "Tensor":
        """This tensor in int16."""
        return self.to(dtype=np.int16)

    def char(self) -> "Tensor":
        """This tensor in int8."""
        return self.to(dtype=np.int8)

    def byte(self) -> "Tensor":
        """This tensor in uint8."""
        return self.to(dtype=np.uint8)

    def bool(self) -> "Tensor":
        """This tensor in bool: True where an element is not zero."""
        return self.to(dtype=np.bool_)

    def as_subclass(self, cls: Any) -> Any:
        """The same storage and place on the tape, as an instance of a subclass of `Tensor`."""
        if not (isinstance(cls, type) and issubclass(cls, TensorCore)):
            raise DTypeError(f"as_subclass got {cls!r}; it takes a subclass of Tensor")
        twin = cls._wrap(self._array, self._node, self._index, self._storage)
        if not self.is_leaf:
            self._link(twin)
        return twin

    def __copy__(self) -> "Tensor":
        return self._like(self._array, share=True)

    def __deepcopy__(self, memo: dict[Any, Any]) -> "Tensor":
        if not self.is_leaf:
            raise GradError(
                f"deepcopy of a tensor on the tape ({self._node!r}): only leaves can be copied with their meaning. Use "
                "t.detach() first"
            )
        twin = self._like(self._array.copy(order="K"))
        memo[id(self)] = twin
        twin._grad = copy.deepcopy(self._grad, memo)
        return twin

    def _like(self, array: Array, share: Any = False) -> "Tensor":
        """A leaf of this class over `array`, with the same attributes and wish for gradients."""
        twin = type(self)._wrap(array, storage=self._storage if share else None)
        twin.__dict__.update(self._attributes())
        return twin.requires_grad_(self.requires_grad)

    def _attributes(self) -> dict[str, Any]:
        """What a user has set on the tensor."""
        return {name: value for name, value in self.__dict__.items() if name != "_leaf"}

    def __reduce_ex__(self, protocol: Any) -> Any:
        if not self.is_leaf:
            raise GradError(f"pickling a tensor on the tape ({self._node!r}); use t.detach() first")
        return _rebuild, (type(self), self._array, self.requires_grad, self._attributes())


def _rebuild(kind: Any, array: Array, requires_grad: bool, attributes: dict[str, Any]) -> Any:
    tensor = kind._wrap(array)
    tensor.__dict__.update(attributes)
    return tensor.requires_grad_(requires_grad)
