"""`Parameter`: a tensor that a module learns."""

from typing import Any

import minigrad as mg

__all__ = ["Parameter"]


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
