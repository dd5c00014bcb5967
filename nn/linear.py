"""Dense layers and changes of shape."""

import math
from collections.abc import Sequence
from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError

from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["Bilinear", "Flatten", "Identity", "Linear", "Unflatten"]


class Linear(Module):
    """y = x·Wᵀ + b (N94): (*, in_features) -> (*, out_features)

    `weight` (out, in) and `bias` (out) start from U(−1/√in, 1/√in), PyTorch's
    default.

    Raises `ArgumentError` for negative sizes; when it is called, as `functional.linear`.

    >>> import minigrad as mg, nn
    >>> nn.Linear(400, 120)(mg.zeros(2, 400)).shape
    (2, 120)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(mg.empty(out_features, in_features, dtype=dtype, device=device))
        self.register_parameter("bias", Parameter(mg.empty(out_features, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        init.default_(self.weight, self.bias)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*, in_features) -> (*, out_features)"""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """y_o = x₁ᵀ·W_o·x₂ + b_o: (*, in1_features), (*, in2_features) -> (*, out_features)

    `weight` (out, in1, in2) and `bias` (out) start from U(−1/√in1, 1/√in1).

    Raises `ArgumentError` where there are no first features; when it is called,
    as `functional.bilinear`.

    >>> import minigrad as mg, nn
    >>> nn.Bilinear(3, 4, 5)(mg.zeros(2, 3), mg.zeros(2, 4)).shape
    (2, 5)
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if not hasattr(in1_features, "__index__") or in1_features <= 0:
            raise ArgumentError(f"Bilinear got in1_features={in1_features!r}; it is a positive integer")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = Parameter(mg.empty(out_features, in1_features, in2_features, dtype=dtype, device=device))
        self.register_parameter("bias", Parameter(mg.empty(out_features, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        bound = 1 / math.sqrt(self.in1_features)
        for parameter in (self.weight, self.bias):
            if parameter is not None:
                init.uniform_(parameter, -bound, bound)

    def forward(self, input1: mg.Tensor, input2: mg.Tensor) -> mg.Tensor:
        """(*, in1_features), (*, in2_features) -> (*, out_features)"""
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Identity(Module):
    """Its input; takes any arguments and ignores them: (*) -> (*)

    >>> import minigrad as mg, nn
    >>> nn.Identity(54)(mg.ones(1))
    tensor([1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """The input."""
        return input


class Flatten(Module):
    """The axes from start_dim to end_dim as one; by default all but the batch.

    (N, …) -> (N, product). Raises as `minigrad.flatten`.

    >>> import minigrad as mg, nn
    >>> nn.Flatten()(mg.zeros(2, 16, 5, 5)).shape
    (2, 400)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, …) -> (N, product)"""
        return mg.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The axes."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One axis as several.

    (N, product) -> (N, …). Raises `DTypeError` for sizes that are no tuple or
    list of integers; when it is called, as `minigrad.unflatten`.

    >>> import minigrad as mg, nn
    >>> nn.Unflatten(1, (16, 5, 5))(mg.zeros(2, 400)).shape
    (2, 16, 5, 5)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(unflattened_size, tuple | list) or not all(hasattr(n, "__index__") for n in unflattened_size):
            raise DTypeError(
                f"Unflatten got unflattened_size={unflattened_size!r}; it is a tuple or list of integers. Axes have no "
                "names here"
            )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, product) -> (N, …)"""
        return mg.unflatten(input, self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        """The sizes."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
