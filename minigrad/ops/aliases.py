"""PyTorch's other names for functions that have one already."""

from collections.abc import Callable
from typing import Any

from ..registry import function
from ..tensor import Tensor
from .arithmetic import div, mul, neg, sub
from .comparison import ge, gt, le, lt, ne
from .elementary import abs, trunc
from .joining import cat
from .products import outer
from .shape import flatten, movedim, transpose
from .stacking import vstack
from .trigonometric import acos, acosh, asin, asinh, atan, atan2, atanh

__all__ = [
    "absolute",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "concat",
    "divide",
    "fix",
    "ger",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "moveaxis",
    "multiply",
    "negative",
    "not_equal",
    "ravel",
    "row_stack",
    "subtract",
    "swapdims",
    "true_divide",
]


def _alias(name: str, meant: Callable[..., Any]) -> Callable[..., Tensor]:
    """`meant` under another name."""

    def alias(*args: Any, **keywords: Any) -> Any:
        return meant(*args, **keywords)

    alias.__name__ = alias.__qualname__ = name
    alias.__doc__ = f"PyTorch's other name for `{meant.__name__}`."
    alias.__wrapped__ = meant  # type: ignore[attr-defined]
    return function(alias)


absolute = _alias("absolute", abs)
negative = _alias("negative", neg)
subtract = _alias("subtract", sub)
multiply = _alias("multiply", mul)
divide = _alias("divide", div)
true_divide = _alias("true_divide", div)
fix = _alias("fix", trunc)
greater = _alias("greater", gt)
greater_equal = _alias("greater_equal", ge)
less = _alias("less", lt)
less_equal = _alias("less_equal", le)
not_equal = _alias("not_equal", ne)
arccos = _alias("arccos", acos)
arccosh = _alias("arccosh", acosh)
arcsin = _alias("arcsin", asin)
arcsinh = _alias("arcsinh", asinh)
arctan = _alias("arctan", atan)
arctan2 = _alias("arctan2", atan2)
arctanh = _alias("arctanh", atanh)
concat = _alias("concat", cat)
ger = _alias("ger", outer)
moveaxis = _alias("moveaxis", movedim)
row_stack = _alias("row_stack", vstack)


@function
def ravel(input: Tensor) -> Tensor:
    """All elements as a vector, in row-major order.

    (*) -> (k)

    >>> import minigrad as mg
    >>> mg.ravel(mg.tensor([[1, 2], [3, 4]]))
    tensor([1, 2, 3, 4])
    """
    return flatten(input)


@function
def swapdims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """PyTorch's other name for `transpose`.

    (*a, n, *b, m, *c) -> (*a, m, *b, n, *c). Raises as `transpose`.

    >>> import minigrad as mg
    >>> mg.swapdims(mg.zeros(2, 3), 0, 1).shape
    (3, 2)
    """
    return transpose(input, dim0, dim1)
