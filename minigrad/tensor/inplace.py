"""Operations that change a tensor in place.

The storage really is overwritten, for all its views. On the tape, `t += u` binds
`t`, its base and their views to new nodes, and what earlier operations saved is
copied before (see `views`). Off the tape (under `no_grad`, or where nothing asks
for gradients) the version counter tells any backward pass that still needed the
old values.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import can_hold
from ..errors import ArgumentError, DTypeError, GradError, ShapeError
from ..explaining import as_flag
from ..mode import MODE
from ..observing import tell
from ..registry import lookup
from ..tape import Leaf
from .core import TensorCore
from .views import Copied, move, overlap, replace

if TYPE_CHECKING:
    from . import Tensor


def writing(tensor: TensorCore, name: str, operands: tuple[Any, ...]) -> bool:
    """Whether the change must be recorded.

    Raises `ArgumentError` for memory that cannot be written, or is a copy where
    a view was asked for; and as `_on_tape`.
    """
    if not tensor._array.flags.writeable:
        raise ArgumentError(
            f"{name} on a tensor of shape {tensor.shape} whose memory cannot be written: it was expanded (several "
            "elements share one place) or made from a read-only array. Use t.clone() first"
        )
    held = tensor._held
    if isinstance(held, Copied) and held.source() is not None:
        raise ArgumentError(
            f"{name} on the result of view or reshape (shape {tensor.shape}), which is a copy here, since the memory "
            "order allows no view: the tensor that it was taken of is still there and would not change. Use reshape(…) "
            "and clone() for a copy, or call contiguous() before view"
        )
    mode = MODE.get()
    recorded = mode.recording and _on_tape(tensor, name, operands)
    if mode.observers:
        tell(mode.observers, "writing", tensor, recorded)
    return recorded


def _on_tape(tensor: TensorCore, name: str, operands: tuple[Any, ...] = ()) -> bool:
    """Whether the change must be recorded.

    Raises `GradError`, while recording, for a leaf that requires gradients, a
    view of one, and a view of a recorded tensor that was made under `no_grad`.
    """
    if not MODE.get().recording:
        return False
    if isinstance(tensor._node, Leaf):
        raise GradError(
            f"{name} would change a leaf that requires gradients (shape {tensor.shape}) in place: its gradient would "
            "no longer be that of the value you created. Inside `with no_grad():` (as optimisers do) it is allowed; "
            "otherwise make a new tensor"
        )
    recorded = tensor._node is not None or any(isinstance(o, TensorCore) and o._node is not None for o in operands)
    base = tensor if tensor._base is None else tensor._base
    if recorded:
        related = (base, *tensor._storage.views(base))
        leaf = next((t for t in related if isinstance(t._node, Leaf) and overlap(t._array, tensor._array)), None)
        if leaf is not None:
            raise GradError(
                f"{name} on a view of a leaf that requires gradients (shape {leaf.shape}), or on what the leaf is a "
                "view of, would change the leaf in place. Inside `with no_grad():` it is allowed; otherwise make a new "
                "tensor"
            )
    if tensor._node is None and base._node is not None and not isinstance(base._node, Leaf):
        raise GradError(
            f"{name} on a view made under no_grad of a recorded tensor (shape {base.shape}): off the tape the write "
            "would be missing in its gradient. Make the view outside no_grad, or write inside it"
        )
    return recorded


def _change(tensor: TensorCore, name: str, function: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> "Tensor":
    """`tensor` becomes `function(tensor, *args)`, in its own shape and dtype."""
    recorded = writing(tensor, name, (*args, *keywords.values()))
    value = lookup(function)(tensor, *args, **keywords)
    if value.shape != tensor.shape:
        raise ShapeError(
            f"{name} on a tensor of shape {tensor.shape} would give shape {value.shape}; an in-place operation cannot "
            f"grow its tensor. Write t = mg.{function}(t, …) instead"
        )
    if value.dtype != tensor.dtype:
        if not can_hold(tensor.dtype, value.dtype):
            raise DTypeError(
                f"{name} on a tensor of {tensor.dtype} would give {value.dtype}, which it cannot hold. Convert first: "
                f"t = t.to(mg.{value.dtype})"
            )
        value = lookup("cast")(value, tensor.dtype)
    if recorded:
        replace(tensor, value)
    else:
        np.copyto(tensor._array, value._array)
        tensor._storage.count += 1
    return tensor  # type: ignore[return-value]


def _in_place(function: str) -> "Callable[..., Tensor]":
    name = f"{function}_"

    def method(self: TensorCore, *args: Any, **keywords: Any) -> "Tensor":
        return _change(self, name, function, args, keywords)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"`minigrad.{function}` of this tensor, in place; returns the tensor."
    return method


def _seen_otherwise(function: str) -> "Callable[..., Tensor]":
    name = f"{function}_"

    def method(self: TensorCore, *args: Any, **keywords: Any) -> "Tensor":
        recorded = _on_tape(self, name)
        value = lookup(function)(self, *args, **keywords)
        self._lie(value)
        if recorded:
            move(self, value)
        return self  # type: ignore[return-value]

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"Let this tensor have the shape of its `minigrad.{function}`; returns the tensor."
    return method


class InPlace(TensorCore):
    """The names with a trailing underscore, and the augmented assignments."""

    __slots__ = ()

    add_, sub_, mul_, div_, pow_ = map(_in_place, ("add", "sub", "mul", "div", "pow"))
    neg_, abs_, exp_, log_, sqrt_ = map(_in_place, ("neg", "abs", "exp", "log", "sqrt"))
    tanh_, sigmoid_, relu_ = map(_in_place, ("tanh", "sigmoid", "relu"))
    addcmul_, addcdiv_, lerp_, masked_fill_ = map(_in_place, ("addcmul", "addcdiv", "lerp", "masked_fill"))
    round_, floor_, ceil_ = map(_in_place, ("round", "floor", "ceil"))
    clamp_ = clip_ = _in_place("clamp")

    sin_, cos_, tan_, asin_, acos_, atan_ = map(_in_place, ("sin", "cos", "tan", "asin", "acos", "atan"))
    atan2_, sinh_, cosh_, asinh_, acosh_ = map(_in_place, ("atan2", "sinh", "cosh", "asinh", "acosh"))
    atanh_, sinc_, exp2_, expm1_, log1p_, log2_ = map(_in_place, ("atanh", "sinc", "exp2", "expm1", "log1p", "log2"))
    log10_, erf_, erfc_, erfinv_, lgamma_ = map(_in_place, ("log10", "erf", "erfc", "erfinv", "lgamma"))
    digamma_, rsqrt_, reciprocal_, square_ = map(_in_place, ("digamma", "rsqrt", "reciprocal", "square"))
    sign_, sgn_, trunc_, frac_, logit_, xlogy_ = map(_in_place, ("sign", "sgn", "trunc", "frac", "logit", "xlogy"))
    deg2rad_, rad2deg_, clamp_min_, clamp_max_ = map(_in_place, ("deg2rad", "rad2deg", "clamp_min", "clamp_max"))
    floor_divide_, remainder_, fmod_, hypot_ = map(_in_place, ("floor_divide", "remainder", "fmod", "hypot"))
    heaviside_, copysign_, nan_to_num_ = map(_in_place, ("heaviside", "copysign", "nan_to_num"))
    absolute_, negative_, subtract_, multiply_ = map(_in_place, ("absolute", "negative", "subtract", "multiply"))
    divide_, true_divide_, fix_, arccos_ = map(_in_place, ("divide", "true_divide", "fix", "arccos"))
    arccosh_, arcsin_, arcsinh_, arctan_ = map(_in_place, ("arccosh", "arcsin", "arcsinh", "arctan"))
    arctan2_, arctanh_, cumsum_, cumprod_, tril_ = map(_in_place, ("arctan2", "arctanh", "cumsum", "cumprod", "tril"))
    triu_, renorm_, eq_, ne_, lt_, le_, gt_ = map(_in_place, ("triu", "renorm", "eq", "ne", "lt", "le", "gt"))
    ge_, greater_, greater_equal_, less_ = map(_in_place, ("ge", "greater", "greater_equal", "less"))
    less_equal_, not_equal_, logical_and_ = map(_in_place, ("less_equal", "not_equal", "logical_and"))
    logical_or_, logical_xor_, logical_not_ = map(_in_place, ("logical_or", "logical_xor", "logical_not"))
    bitwise_and_, bitwise_or_, bitwise_xor_ = map(_in_place, ("bitwise_and", "bitwise_or", "bitwise_xor"))
    bitwise_not_, index_add_, index_copy_ = map(_in_place, ("bitwise_not", "index_add", "index_copy"))
    index_fill_, index_put_, index_reduce_, put_ = map(_in_place, ("index_fill", "index_put", "index_reduce", "put"))
    masked_scatter_, scatter_, scatter_add_ = map(_in_place, ("masked_scatter", "scatter", "scatter_add"))
    scatter_reduce_, addmm_, addmv_, addr_ = map(_in_place, ("scatter_reduce", "addmm", "addmv", "addr"))
    addbmm_, baddbmm_ = map(_in_place, ("addbmm", "baddbmm"))
    squeeze_, unsqueeze_, t_, transpose_ = map(_seen_otherwise, ("squeeze", "unsqueeze", "t", "transpose"))
    swapaxes_, swapdims_ = map(_seen_otherwise, ("swapaxes", "swapdims"))

    def __iadd__(self, other: Any) -> "Tensor":
        return _change(self, "+=", "add", (other,), {})

    def __isub__(self, other: Any) -> "Tensor":
        return _change(self, "-=", "sub", (other,), {})

    def __imul__(self, other: Any) -> "Tensor":
        return _change(self, "*=", "mul", (other,), {})

    def __itruediv__(self, other: Any) -> "Tensor":
        return _change(self, "/=", "div", (other,), {})

    def __ifloordiv__(self, other: Any) -> "Tensor":
        return _change(self, "//=", "floor_divide", (other,), {})

    def __imod__(self, other: Any) -> "Tensor":
        return _change(self, "%=", "remainder", (other,), {})

    def __iand__(self, other: Any) -> "Tensor":
        return _change(self, "&=", "bitwise_and", (other,), {})

    def __ior__(self, other: Any) -> "Tensor":
        return _change(self, "|=", "bitwise_or", (other,), {})

    def __ixor__(self, other: Any) -> "Tensor":
        return _change(self, "^=", "bitwise_xor", (other,), {})

    def __ipow__(self, other: Any) -> "Tensor":
        return _change(self, "**=", "pow", (other,), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        self._write("t[…] = value", index, value)

    def _write(self, name: str, index: Any, value: Any) -> None:
        if writing(self, name, (value,)):
            lookup("assign")(self, index, value)
            return
        lookup("write")(self._array, index, value)
        self._storage.count += 1

    def copy_(self, other: Any, non_blocking: bool = False) -> "Tensor":
        """Copy `other`, broadcast to this shape and cast to this dtype."""
        if not isinstance(other, int | float):
            other = lookup("as_tensor")(other, dtype=self.dtype)
        self._write("copy_", ..., other)
        return self  # type: ignore[return-value]

    def fill_(self, value: Any) -> "Tensor":
        """Set every element to `value`."""
        self._write("fill_", ..., value)
        return self  # type: ignore[return-value]

    def zero_(self) -> "Tensor":
        """Set every element to zero."""
        self._write("zero_", ..., 0)
        return self  # type: ignore[return-value]

    def fill_diagonal_(self, fill_value: Any, wrap: bool = False) -> "Tensor":
        """Set the main diagonal to `fill_value`; with `wrap`, that of a tall matrix starts again below each square.

        Raises `ShapeError` for fewer than two axes, or more that are not of one size.
        """
        if self.ndim < 2 or (self.ndim > 2 and len(set(self.shape)) > 1):
            raise ShapeError(f"fill_diagonal_ of shape {self.shape}; it takes a matrix, or more axes of one size")
        rows, columns = self.shape[:2]
        wrap = as_flag(wrap, "fill_diagonal_", "wrap")
        places = np.arange(rows if wrap and self.ndim == 2 else min(rows, columns))
        if columns:
            places = places[places % (columns + 1) < columns]
            self[(places, *(places % (columns + 1),) * (self.ndim - 1))] = fill_value
        return self  # type: ignore[return-value]

    def detach_(self) -> "Tensor":
        """Take this tensor off the tape; returns the tensor. Raises `GradError` for a view."""
        if self._base is not None and self._node is not None:
            raise GradError(
                f"detach_() on a view (shape {self.shape}), which is on the tape as a part of its base; use detach()"
            )
        self._node = None
        return self  # type: ignore[return-value]
