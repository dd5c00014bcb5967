"""Batch and instance normalisation that learn the number of their channels from the first input."""

from typing import Any

import minigrad as mg

from .batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .lazy import LazyModuleMixin, _materialize
from .parameter import UninitializedBuffer, UninitializedParameter

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
]


class _LazyNorm(LazyModuleMixin):
    """What the six layers share; stands before their classes."""

    num_features: int
    affine: bool
    track_running_stats: bool
    weight: Any
    bias: Any
    running_mean: Any
    running_var: Any
    num_batches_tracked: Any
    channel_axis = 1

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False)  # type: ignore[call-arg]
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = mg.tensor(0)

    def reset_parameters(self) -> None:
        """Set the initial values again, once there is a place for them."""
        if self.num_features and not self.has_uninitialized_params():
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: mg.Tensor) -> None:
        """The input's channels give parameters and buffers their shape: (N, C, *n)."""
        input = self._ranked(input, self.ranks)  # type: ignore[attr-defined]
        self.num_features = input.shape[self.channel_axis]
        if self.has_uninitialized_params():
            shape = (self.num_features,)
            _materialize(
                (self.weight, shape), (self.bias, shape), (self.running_mean, shape), (self.running_var, shape)
            )
            self.reset_parameters()


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """A `BatchNorm1d` that takes its num_features from the first input. See `LazyBatchNorm2d`.

    >>> import minigrad as mg, nn
    >>> layer = nn.LazyBatchNorm1d()
    >>> layer(mg.zeros(4, 6)).shape, layer.num_features
    ((4, 6), 6)
    """

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """A `BatchNorm2d` that takes its num_features from the first input: (N, C, H, W) -> (N, C, H, W).

    Parameters and buffers are uninitialised until then. Raises as `BatchNorm2d`.

    >>> import minigrad as mg, nn
    >>> layer = nn.LazyBatchNorm2d()
    >>> layer(mg.zeros(2, 6, 5, 5)).shape, layer.num_features
    ((2, 6, 5, 5), 6)
    """

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """A `BatchNorm3d` that takes its num_features from the first input. See `LazyBatchNorm2d`.

    >>> import minigrad as mg, nn
    >>> layer = nn.LazyBatchNorm3d()
    >>> layer(mg.zeros(2, 6, 3, 3, 3)).shape, layer.num_features
    ((2, 6, 3, 3, 3), 6)
    """

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """An `InstanceNorm1d` that takes its num_features from the first input. See `LazyBatchNorm2d`.

    >>> import minigrad as mg, nn
    >>> layer = nn.LazyInstanceNorm1d()
    >>> layer(mg.zeros(2, 6, 5)).shape, layer.num_features
    ((2, 6, 5), 6)
    """

    cls_to_become = InstanceNorm1d
    channel_axis = -2


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """An `InstanceNorm2d` that takes its num_features from the first input. See `LazyBatchNorm2d`.

    >>> import minigrad as mg, nn
    >>> layer = nn.LazyInstanceNorm2d()
    >>> layer(mg.zeros(2, 6, 5, 5)).shape, layer.num_features
    ((2, 6, 5, 5), 6)
    """

    cls_to_become = InstanceNorm2d
    channel_axis = -3


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """An `InstanceNorm3d` that takes its num_features from the first input. See `LazyBatchNorm2d`.

    >>> import minigrad as mg, nn
    >>> layer = nn.LazyInstanceNorm3d()
    >>> layer(mg.zeros(2, 6, 3, 3, 3)).shape, layer.num_features
    ((2, 6, 3, 3, 3), 6)
    """

    cls_to_become = InstanceNorm3d
    channel_axis = -4
