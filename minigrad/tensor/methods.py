"""The functions of tensors that are also methods, by the same name."""

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DTypeError, IndexOutOfRangeError
from ..explaining import misplaced
from ..registry import lookup
from .core import TensorCore
from .views import Copied

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

    # element-wise, further
    tan, asin, acos, atan, atan2, sinh, cosh = map(_method, ("tan", "asin", "acos", "atan", "atan2", "sinh", "cosh"))
    asinh, acosh, atanh, sinc, deg2rad = map(_method, ("asinh", "acosh", "atanh", "sinc", "deg2rad"))
    rad2deg, exp2, log2, log10, logaddexp = map(_method, ("rad2deg", "exp2", "log2", "log10", "logaddexp"))
    logaddexp2, xlogy, logit, float_power = map(_method, ("logaddexp2", "xlogy", "logit", "float_power"))
    erfc, erfinv, lgamma, digamma, sgn = map(_method, ("erfc", "erfinv", "lgamma", "digamma", "sgn"))
    signbit, copysign, heaviside, isposinf = map(_method, ("signbit", "copysign", "heaviside", "isposinf"))
    isneginf, frac, fmod, hypot, fmax, fmin = map(_method, ("isneginf", "frac", "fmod", "hypot", "fmax", "fmin"))
    nan_to_num, clamp_min, clamp_max = map(_method, ("nan_to_num", "clamp_min", "clamp_max"))
    logical_xor, bitwise_and, bitwise_or = map(_method, ("logical_xor", "bitwise_and", "bitwise_or"))
    bitwise_xor, bitwise_not, allclose, equal = map(_method, ("bitwise_xor", "bitwise_not", "allclose", "equal"))

    # other names
    absolute, negative, subtract, multiply = map(_method, ("absolute", "negative", "subtract", "multiply"))
    divide, true_divide, fix, greater = map(_method, ("divide", "true_divide", "fix", "greater"))
    greater_equal, less, less_equal, not_equal = map(_method, ("greater_equal", "less", "less_equal", "not_equal"))
    arccos, arccosh, arcsin, arcsinh, arctan = map(_method, ("arccos", "arccosh", "arcsin", "arcsinh", "arctan"))
    arctan2, arctanh, ger, moveaxis, ravel = map(_method, ("arctan2", "arctanh", "ger", "moveaxis", "ravel"))
    swapdims = _method("swapdims")

    # running, ordered, counted
    cumsum, cumprod, cummax, cummin = map(_method, ("cumsum", "cumprod", "cummax", "cummin"))
    logcumsumexp, diff, sort, argsort, msort = map(_method, ("logcumsumexp", "diff", "sort", "argsort", "msort"))
    topk, kthvalue, median, nanmedian, mode = map(_method, ("topk", "kthvalue", "median", "nanmedian", "mode"))
    quantile, nanquantile, nansum, nanmean = map(_method, ("quantile", "nanquantile", "nansum", "nanmean"))
    aminmax, count_nonzero, bincount, histc = map(_method, ("aminmax", "count_nonzero", "bincount", "histc"))
    dist, renorm, is_nonzero, is_same_size = map(_method, ("dist", "renorm", "is_nonzero", "is_same_size"))

    # by index, by mask, along diagonals
    select, take, take_along_dim, put = map(_method, ("select", "take", "take_along_dim", "put"))
    index_put, masked_select, masked_scatter = map(_method, ("index_put", "masked_select", "masked_scatter"))
    nonzero, argwhere, scatter, scatter_add = map(_method, ("nonzero", "argwhere", "scatter", "scatter_add"))
    scatter_reduce, index_add, index_copy = map(_method, ("scatter_reduce", "index_add", "index_copy"))
    index_fill, index_reduce, diagonal, diag = map(_method, ("index_fill", "index_reduce", "diagonal", "diag"))
    diag_embed, diagflat, trace, tril, triu = map(_method, ("diag_embed", "diagflat", "trace", "tril", "triu"))

    # repeated, turned, cut
    repeat_interleave, roll, rot90, fliplr = map(_method, ("repeat_interleave", "roll", "rot90", "fliplr"))
    flipud, tensor_split, hsplit, vsplit = map(_method, ("flipud", "tensor_split", "hsplit", "vsplit"))
    dsplit, split_with_sizes = map(_method, ("dsplit", "split_with_sizes"))

    # further products, and chance
    addmm, addmv, addr, addbmm, baddbmm = map(_method, ("addmm", "addmv", "addr", "addbmm", "baddbmm"))
    outer, inner, vdot, kron, cross = map(_method, ("outer", "inner", "vdot", "kron", "cross"))
    bernoulli, multinomial = map(_method, ("bernoulli", "multinomial"))

    def reshape(self, *sizes: Any, shape: Any = None) -> "Tensor":
        """The same elements in another shape; one size may be -1, which means what is left."""
        return lookup("reshape")(self, _sizes(sizes) if shape is None else shape)

    def split(self, split_size: Any, dim: "_Int" = 0) -> "Tensor":
        """Parts of a given size along `dim`, or of given sizes."""
        return lookup("split")(self, split_size, dim)

    def view(self, *sizes: Any, size: Any = None) -> "Tensor":
        """As `reshape`, of which a copy cannot be changed in place as long as this tensor is there."""
        result = lookup("reshape")(self, _sizes(sizes) if size is None else size)
        if result._storage is not self._storage and result._array.size:
            result._storage = Copied(self)
        return result

    def view_as(self, other: "Tensor") -> "Tensor":
        """The same elements in the shape of `other`; as `view`."""
        return self.view(_tensor(other, "view_as").shape)

    def reshape_as(self, other: "Tensor") -> "Tensor":
        """The same elements in the shape of `other`; as `reshape`."""
        return lookup("reshape")(self, _tensor(other, "reshape_as").shape)

    def permute(self, *axes: Any, dims: Any = None) -> "Tensor":
        """The axes in the order `dims`."""
        return lookup("permute")(self, _sizes(axes) if dims is None else dims)

    def expand(self, *sizes: Any, size: Any = None) -> "Tensor":
        """Axes of size 1 repeated to `size`; -1 keeps a size."""
        return lookup("expand")(self, _sizes(sizes) if size is None else size)

    def expand_as(self, other: "Tensor") -> "Tensor":
        """Expanded to the shape of `other`."""
        return lookup("expand")(self, _tensor(other, "expand_as").shape)

    def norm(self, p: Any = "fro", dim: Any = None, keepdim: "_Bool" = False, dtype: Any = None) -> "Tensor":
        """The p-norm over `dim`, or of all elements."""
        return lookup("norm")(self, p, dim, keepdim, dtype)

    def unique(
        self, sorted: "_Bool" = True, return_inverse: "_Bool" = False, return_counts: "_Bool" = False, dim: Any = None
    ) -> Any:
        """The different elements in order."""
        return lookup("unique")(self, sorted, return_inverse, return_counts, dim)

    def unique_consecutive(
        self, return_inverse: "_Bool" = False, return_counts: "_Bool" = False, dim: Any = None
    ) -> Any:
        """The elements without those equal to the one before."""
        return lookup("unique_consecutive")(self, return_inverse, return_counts, dim)

    def repeat(self, *sizes: Any, repeats: Any = None) -> "Tensor":
        """All of it so many times along each axis; more numbers than axes put new axes in front."""
        return lookup("repeat")(self, _sizes(sizes) if repeats is None else repeats)

    def tile(self, *sizes: Any, dims: Any = None) -> "Tensor":
        """All of it so many times along the last axes."""
        return lookup("tile")(self, _sizes(sizes) if dims is None else dims)

    def unfold(self, dimension: "_Int", size: "_Int", step: "_Int") -> "Tensor":
        """All windows of `size` elements along an axis, `step` apart, as a new last axis; shares memory.

        (*a, n, *c) -> (*a, ⌊(n − size)/step⌋ + 1, *c, size). Raises `ShapeError` where no window fits.

        >>> import minigrad as mg
        >>> mg.arange(5).unfold(0, 3, 2)
        tensor([[0, 1, 2],
                [2, 3, 4]])
        """
        return lookup("windows")(self, dimension, size, step)

    def sum_to_size(self, *size: Any) -> "Tensor":
        """Summed to a shape that broadcasts to this one."""
        return lookup("sum_to")(self, _sizes(size))

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
        if dim is None:
            return self.shape
        if not hasattr(dim, "__index__") or isinstance(dim, np.ndarray | type):
            raise DTypeError(misplaced(dim, "size", "dim", "an integer"))
        if not -self.ndim <= operator.index(dim) < self.ndim:
            raise IndexOutOfRangeError(
                f"size({dim}) of a tensor of shape {self.shape}; an axis is {-self.ndim} to {self.ndim - 1}"
            )
        return self.shape[dim]

    def dim(self) -> "_Int":
        """The number of axes."""
        return self.ndim

    def numel(self) -> "_Int":
        """The number of elements."""
        return self._array.size

    nelement = numel
    ndimension = dim

    def stride(self, dim: "_Int | None" = None) -> Any:
        """How many elements further in memory the next one along each axis, or along one, lies."""
        strides = tuple(step // self._array.itemsize for step in self._array.strides)
        self.size(dim)  # refuses an axis there is not
        return strides if dim is None else strides[dim]

    def data_ptr(self) -> "_Int":
        """The address of the first element."""
        return self._array.ctypes.data

    def element_size(self) -> "_Int":
        """Bytes of one element."""
        return self._array.itemsize

    @property
    def itemsize(self) -> "_Int":
        """Bytes of one element."""
        return self._array.itemsize

    @property
    def nbytes(self) -> "_Int":
        """Bytes of all elements."""
        return self._array.nbytes

    @property
    def is_cuda(self) -> "_Bool":
        """False: tensors are on the CPU."""
        return False

    @property
    def is_sparse(self) -> "_Bool":
        """False: every element is stored."""
        return False

    def is_complex(self) -> "_Bool":
        """False: there are no complex numbers."""
        return False

    def get_device(self) -> "_Int":
        """-1, the number of the CPU."""
        return -1

    def pin_memory(self, device: Any = None) -> "Tensor":
        """This tensor: there is no device to copy it to."""
        return self  # type: ignore[return-value]

    def is_pinned(self, device: Any = None) -> "_Bool":
        """False, as wherever there is no other device."""
        return False

    def is_floating_point(self) -> "_Bool":
        """Whether the elements are floating-point numbers."""
        return self.dtype.kind == "f"

    def is_signed(self) -> "_Bool":
        """Whether the elements can be negative."""
        return self.dtype.kind in "if"

    def new_empty(self, *size: Any, **keywords: Any) -> "Tensor":
        """A tensor of this dtype whose values are whatever the memory held."""
        return lookup("empty")(_sizes(size), **{"dtype": self.dtype, **keywords})

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
