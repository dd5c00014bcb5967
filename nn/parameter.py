"""`Parameter`: a tensor that a module learns, and what stands for one whose shape is not known yet."""

from typing import Any, TypeGuard

import minigrad as mg

__all__ = ["Parameter", "UninitializedBuffer", "UninitializedParameter", "is_lazy"]


class Parameter(mg.Tensor):
    """A tensor that a module learns: assigned to an attribute of a module, it is registered there.

    (*) -> (*), sharing its storage. Raises `GradError` for integers that ask for gradients.

    >>> import minigrad as mg, nn
    >>> nn.Parameter(mg.zeros(2))
    Parameter containing:
    tensor([0., 0.], requires_grad=True)
    """

    __slots__ = ()

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> "Parameter":
        """A leaf over the storage of `data`, without a copy."""
        source = mg.empty(0) if data is None else mg.as_tensor(data)
        parameter: Parameter = source.detach().as_subclass(cls)
        parameter.requires_grad_(requires_grad)
        return parameter

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class UninitializedParameter(mg.Uninitialized, Parameter):
    """A parameter of a lazy module: `materialize(shape)` turns it into a `Parameter`; any other use is refused.

    Raises `ArgumentError` where it is computed with, or asked for its shape.

    >>> import nn
    >>> p = nn.UninitializedParameter()
    >>> p.materialize((2, 3)); type(p).__name__, p.shape
    ('Parameter', (2, 3))
    """

    __slots__ = ()

    becomes = cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> "UninitializedParameter":
        """A parameter of a dtype, without a shape."""
        return super().__new__(cls, requires_grad, device, dtype)  # type: ignore[return-value]


class UninitializedBuffer(mg.Uninitialized):
    """A buffer of a lazy module: `materialize(shape)` turns it into a tensor; any other use is refused.

    Raises `ArgumentError` where it is computed with, or asked for its shape.

    >>> import nn
    >>> b = nn.UninitializedBuffer()
    >>> b.materialize((2,)); type(b).__name__, b.shape
    ('Tensor', (2,))
    """

    __slots__ = ()

    becomes = cls_to_become = mg.Tensor

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> "UninitializedBuffer":
        """A buffer of a dtype, without a shape."""
        made = super().__new__(cls, requires_grad, device, dtype)
        made.persistent = persistent  # type: ignore[attr-defined]
        return made  # type: ignore[return-value]


def is_lazy(param: Any) -> TypeGuard[mg.Uninitialized]:
    """Whether a parameter or buffer has no shape yet.

    >>> import nn
    >>> nn.parameter.is_lazy(nn.LazyLinear(2).weight)
    True
    """
    return isinstance(param, mg.Uninitialized)
