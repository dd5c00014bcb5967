"""Normalisation that needs no batch: over a layer, groups of channels, or neighbouring channels."""

from collections.abc import Sequence
from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError

from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


class _Scaled(Module):
    """A weight and a bias of one shape, or None in their place."""

    def _register(self, shape: Any, weight: bool, bias: bool, device: Any, dtype: Any) -> None:
        self.register_parameter("weight", Parameter(mg.ones(shape, dtype=dtype, device=device)) if weight else None)
        self.register_parameter("bias", Parameter(mg.zeros(shape, dtype=dtype, device=device)) if bias else None)

    def reset_parameters(self) -> None:
        """Set the weight to 1 and the bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if getattr(self, "bias", None) is not None:
            init.zeros_(self.bias)


class GroupNorm(_Scaled):
    """(x − μ)/√(σ² + ε)·w + b with the μ and σ² of each group of channels of each instance (Wu and He, 2018).

    (N, C, *) -> (N, C, *)

    `weight` and `bias` (C) start from 1 and 0. One group is a layer normalisation
    over everything but the batch, C groups are an instance normalisation.

    Raises `ArgumentError` where num_groups does not divide num_channels; when it
    is called, as `functional.group_norm`.

    >>> import minigrad as mg, nn
    >>> nn.GroupNorm(3, 6)(mg.zeros(2, 6, 28, 28)).shape
    (2, 6, 28, 28)
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        mg.as_integer(num_groups, "GroupNorm", "num_groups")
        mg.as_integer(num_channels, "GroupNorm", "num_channels")
        if num_groups < 1 or num_channels % num_groups:
            raise ArgumentError(
                f"GroupNorm got {num_groups} groups for {num_channels} channels; the number of groups must be positive "
                "and divide the number of channels"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self._register(num_channels, affine, affine and bias, device, dtype)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *) -> (N, C, *)"""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The arguments."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


def _shape(normalized_shape: Any) -> tuple[int, ...]:
    given = tuple(normalized_shape) if isinstance(normalized_shape, Sequence) else (normalized_shape,)
    return tuple(mg.as_integer(size, "a normalisation", "normalized_shape") for size in given)


class LayerNorm(_Scaled):
    """(x − μ)/√(σ² + ε)·w + b with the μ and σ² over the last axes (Ba et al., 2016).

    (*, *normalized_shape) -> (*, *normalized_shape)

    `weight` and `bias` (*normalized_shape) start from 1 and 0. Training and evaluation do the same.

    Raises, when it is called, as `functional.layer_norm`.

    >>> import minigrad as mg, nn
    >>> nn.LayerNorm([6, 28, 28])(mg.zeros(2, 6, 28, 28)).shape
    (2, 6, 28, 28)
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self._register(self.normalized_shape, elementwise_affine, elementwise_affine and bias, device, dtype)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*, *normalized_shape) -> the same"""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The arguments."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(_Scaled):
    """x/√(mean x² + ε)·w over the last axes (Zhang and Sennrich, 2019); eps=None takes the dtype's own.

    (*, *normalized_shape) -> (*, *normalized_shape). Raises, when it is called, as `functional.rms_norm`.

    >>> import minigrad as mg, nn
    >>> nn.RMSNorm(4)(mg.zeros(2, 4)).shape
    (2, 4)
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        made = mg.ones(self.normalized_shape, dtype=dtype, device=device) if elementwise_affine else None
        self.register_parameter("weight", None if made is None else Parameter(made))

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*, *normalized_shape) -> the same"""
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class LocalResponseNorm(Module):
    """x/(k + α/n·Σ x²)^β over the n = `size` channels around each (Krizhevsky et al., 2012).

    (N, C, *) -> (N, C, *). Raises, when it is called, as `functional.local_response_norm`.

    >>> import minigrad as mg, nn
    >>> nn.LocalResponseNorm(2)(mg.zeros(2, 6, 28, 28)).shape
    (2, 6, 28, 28)
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *) -> (N, C, *)"""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
