"""The functions of tensors that are also methods, by the same name."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import DTypeError, IndexOutOfRangeError
from ..registry import lookup
from .core import TensorCore

if TYPE_CHECKING:
    from . import Tensor


def _method(name: str) -> "Callable[..., Tensor]":
    def method(self: TensorCore, *args: Any, **keywords: Any) -> "Tensor":
        return lookup(name)(self, *args, **keywords)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"`minigrad.{name}` with this tensor as its first argument."
    return method


class Methods(TensorCore):
    """Named methods; each is the function of that name, where its documentation stands."""

    __slots__ = ()

    # element-wise
    add, sub, mul, div, pow = map(_method, ("add", "sub", "mul", "div", "pow"))
    remainder, floor_divide = map(_method, ("remainder", "floor_divide"))
    neg, abs, exp, log, log1p, expm1 = map(_method, ("neg", "abs", "exp", "log", "log1p", "expm1"))
    sqrt, rsqrt, square, reciprocal, sign = map(_method, ("sqrt", "rsqrt", "square", "reciprocal", "sign"))
    sin, cos, erf, tanh, sigmoid, relu = map(_method, ("sin", "cos", "erf", "tanh", "sigmoid", "relu"))
    maximum, minimum, clamp, clip, where = map(_method, ("maximum", "minimum", "clamp", "clip", "where_method"))
    floor, ceil, round, trunc = map(_method, ("floor", "ceil", "round", "trunc"))
    eq, ne, lt, le, gt, ge = map(_method, ("eq", "ne", "lt", "le", "gt", "ge"))
    logical_and, logical_or, logical_not = map(_method, ("logical_and", "logical_or", "logical_not"))
    isnan, isinf, isfinite, isclose = map(_method, ("isnan", "isinf", "isfinite", "isclose"))
    addcmul, addcdiv, lerp, masked_fill = map(_method, ("addcmul", "addcdiv", "lerp", "masked_fill"))

    # reductions
    sum, mean, var, std, prod = map(_method, ("sum", "mean", "var", "std", "prod"))
    amax, amin, max, min = map(_method, ("amax", "amin", "max", "min"))
    argmax, argmin, any, all = map(_method, ("argmax", "argmin", "any", "all"))
    logsumexp, softmax, log_softmax = map(_method, ("logsumexp", "softmax", "log_softmax"))

    # shape
    squeeze, unsqueeze, flip, flatten, unflatten = map(
        _method, ("squeeze", "unsqueeze", "flip", "flatten", "unflatten")
    )
    transpose, swapaxes, movedim = map(_method, ("transpose", "swapaxes", "movedim"))
    chunk, unbind, narrow, index_select = map(_method, ("chunk", "unbind", "narrow", "index_select"))
    gather, broadcast_to, clone, detach = map(_method, ("gather", "broadcast_to", "clone", "detach"))

    # products
    matmul, mm, bmm, mv, dot, t = map(_method, ("matmul", "mm", "bmm", "mv", "dot", "t"))

    def reshape(self, *sizes: Any, shape: Any = None) -> "Tensor":
        """The same elements in another shape; one size may be -1, which means what is left."""
        return lookup("reshape")(self, _sizes(sizes) if shape is None else shape)

    def split(self, split_size: Any, dim: "_Int" = 0) -> "Tensor":
        """Parts of a given size along `dim`, or of given sizes."""
        return lookup("split")(self, split_size, dim)

    def view(self, *sizes: Any, size: Any = None) -> "Tensor":
        """As `reshape`: shares memory where the strides allow it, and copies where they do not."""
        return lookup("reshape")(self, _sizes(sizes) if size is None else size)

    def view_as(self, other: "Tensor") -> "Tensor":
        """The same elements in the shape of `other`."""
        return lookup("reshape")(self, _tensor(other, "view_as").shape)

    reshape_as = view_as

    def permute(self, *axes: Any, dims: Any = None) -> "Tensor":
        """The axes in the order `dims`."""
        return lookup("permute")(self, _sizes(axes) if dims is None else dims)

    def expand(self, *sizes: Any, size: Any = None) -> "Tensor":
        """Axes of size 1 repeated to `size`; -1 keeps a size."""
        return lookup("expand")(self, _sizes(sizes) if size is None else size)

    def expand_as(self, other: "Tensor") -> "Tensor":
        """Expanded to the shape of `other`."""
        return lookup("expand")(self, _tensor(other, "expand_as").shape)

    def contiguous(self) -> "Tensor":
        """This tensor if its memory is C-contiguous, otherwise a copy that is."""
        return self if self._array.flags.c_contiguous else lookup("contiguous")(self)  # type: ignore[return-value]

    def is_contiguous(self) -> "_Bool":
        """Whether the elements lie in memory in C order without gaps."""
        return self._array.flags.c_contiguous

    @property
    def T(self) -> "Tensor":  # noqa: N802 - NumPy's and PyTorch's name
        """The axes in reverse order."""
        return lookup("permute")(self, tuple(range(self.ndim))[::-1])

    @property
    def mT(self) -> "Tensor":  # noqa: N802 - PyTorch's name
        """The last two axes swapped."""
        return lookup("transpose")(self, -2, -1)

    def size(self, dim: "_Int | None" = None) -> Any:
        """The shape, or the size of one axis."""
        if dim is not None and not -self.ndim <= dim < self.ndim:
            raise IndexOutOfRangeError(f"size({dim}) of a tensor of shape {self.shape}, which has {self.ndim} axes")
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> "_Int":
        """The number of axes."""
        return self.ndim

    def numel(self) -> "_Int":
        """The number of elements."""
        return self._array.size

    nelement = numel

    def element_size(self) -> "_Int":
        """Bytes of one element."""
        return self._array.itemsize

    def is_floating_point(self) -> "_Bool":
        """Whether the elements are floating-point numbers."""
        return self.dtype.kind == "f"

    def new_zeros(self, *size: Any, **keywords: Any) -> "Tensor":
        """Zeros of this dtype."""
        return lookup("zeros")(_sizes(size), **{"dtype": self.dtype, **keywords})

    def new_ones(self, *size: Any, **keywords: Any) -> "Tensor":
        """Ones of this dtype."""
        return lookup("ones")(_sizes(size), **{"dtype": self.dtype, **keywords})

    def new_full(self, size: Any, fill_value: Any, **keywords: Any) -> "Tensor":
        """A constant of this dtype."""
        return lookup("full")(size, fill_value, **{"dtype": self.dtype, **keywords})

    def new_tensor(self, data: Any, **keywords: Any) -> "Tensor":
        """A tensor of `data` in this dtype."""
        return lookup("tensor")(data, **{"dtype": self.dtype, **keywords})


# The class has methods called `int` and `bool`.
_Int = int
_Bool = bool


def _sizes(sizes: tuple[Any, ...]) -> tuple[Any, ...]:
    """`f(2, 3)` and `f((2, 3))` mean the same."""
    if len(sizes) == 1 and isinstance(sizes[0], tuple | list):
        return tuple(sizes[0])
    return sizes


def _tensor(value: Any, name: str) -> TensorCore:
    if not isinstance(value, TensorCore):
        raise DTypeError(f"{name} got a {type(value).__name__}; it takes a tensor")
    return value
