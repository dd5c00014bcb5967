"""Batch and instance normalisation over one, two and three spatial axes."""

from typing import Any

import minigrad as mg
from minigrad.callers import warn
from minigrad.errors import InputShapeWarning, ShapeError

from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
]


class _NormBase(Module):
    """What the six layers share: parameters, running statistics, repr."""

    _optional = ("num_batches_tracked",)  # PyTorch's early state dicts lack it

    def __init__(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        track_running_stats: bool,
        device: Any,
        dtype: Any,
        bias: bool,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats

        def values(make: Any) -> mg.Tensor:
            made: mg.Tensor = make(num_features, dtype=dtype, device=device)
            return made

        self.register_parameter("weight", Parameter(values(mg.ones)) if affine else None)
        self.register_parameter("bias", Parameter(values(mg.zeros)) if affine and bias else None)
        self.register_buffer("running_mean", values(mg.zeros) if track_running_stats else None)
        self.register_buffer("running_var", values(mg.ones) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", mg.tensor(0) if track_running_stats else None)

    def reset_running_stats(self) -> None:
        """Forget the statistics: mean 0, variance 1, no batches."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Forget the statistics, and set the weight to 1 and the bias to 0."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _ranked(self, given: Any, ranks: tuple[int, ...]) -> mg.Tensor:
        """The input as a tensor of one of those ranks."""
        input: mg.Tensor = mg.as_operand(given, type(self).__name__)
        if input.ndim not in ranks:
            raise ShapeError(
                f"{type(self).__name__} got an input of shape {input.shape}, {input.ndim} axes; it takes "
                f"{' or '.join(map(str, ranks))}. The digit in the layer's name counts the spatial axes"
            )
        return input

    def extra_repr(self) -> str:
        """The arguments."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_NormBase):
    ranks: tuple[int, ...]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *n) -> (N, C, *n)"""
        input = self._ranked(input, self.ranks)
        mean, var, count = self.running_mean, self.running_var, self.num_batches_tracked
        learning = self.training and self.track_running_stats
        if self.training and not learning:
            mean = var = None
        momentum = 0.0 if self.momentum is None else self.momentum
        if learning and count is not None and self.momentum is None:
            momentum = 1 / (count.item() + 1)
        by_batch = self.training or (mean is None and var is None)
        output = F.batch_norm(input, mean, var, self.weight, self.bias, by_batch, momentum, self.eps)
        if learning and count is not None:
            count.add_(1)
        return output


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of features, or of signals: (N, C) or (N, C, n). See `BatchNorm2d`.

    >>> import minigrad as mg, nn
    >>> nn.BatchNorm1d(1)(mg.tensor([[1.], [3.]])).detach()
    tensor([[-1.0000],
            [ 1.0000]])
    """

    ranks = (2, 3)


class BatchNorm2d(_BatchNorm):
    """(x − μ)/√(σ² + ε)·w + b, channel by channel over the batch (Ioffe and Szegedy, 2015).

    (N, C, H, W) -> (N, C, H, W)

    In training μ and σ² are those of the batch, and the buffers `running_mean` and
    `running_var` follow them in steps of size `momentum`; with momentum=None
    they are the mean over all batches so far, which `num_batches_tracked`
    counts. In evaluation they take the batch's place. `weight` and `bias` (C)
    start from 1 and 0; they are None with affine=False, and the buffers with
    track_running_stats=False, where evaluation goes by the batch too.

    Raises, when it is called, `ShapeError` for another rank, else as `functional.batch_norm`.

    >>> import minigrad as mg, nn
    >>> nn.BatchNorm2d(6)(mg.zeros(2, 6, 28, 28)).shape
    (2, 6, 28, 28)
    """

    ranks = (4,)


class BatchNorm3d(_BatchNorm):
    """Batch normalisation of volumes: (N, C, D, H, W) -> (N, C, D, H, W). See `BatchNorm2d`.

    >>> import minigrad as mg, nn
    >>> nn.BatchNorm3d(2)(mg.zeros(1, 2, 3, 3, 3)).shape
    (1, 2, 3, 3, 3)
    """

    ranks = (5,)


class _InstanceNorm(_NormBase):
    axes: int
    ranks: tuple[int, ...]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *n) or (C, *n) -> the same"""
        input = self._ranked(input, self.ranks)
        channels = input.shape[-self.axes - 1]
        if channels != self.num_features:
            if self.affine:
                raise ShapeError(
                    f"{type(self).__name__} for {self.num_features} channels got an input of shape {input.shape}, with "
                    f"{channels}. Make the layer with num_features={channels}, or put the channels before the space"
                )
            warn(
                f"{type(self).__name__} for {self.num_features} channels got an input with {channels}; without affine "
                f"it computes all the same. Make the layer with num_features={channels}",
                InputShapeWarning,
            )
        batch = input if input.ndim == self.axes + 2 else input.unsqueeze(0)
        output = F.instance_norm(
            batch, self.running_mean, self.running_var, self.weight, self.bias,
            self.training or not self.track_running_stats, 0.0 if self.momentum is None else self.momentum, self.eps,
        )  # fmt: skip
        return output if batch is input else output.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    """Instance normalisation of signals: (N, C, n) or (C, n). See `InstanceNorm2d`.

    >>> import minigrad as mg, nn
    >>> nn.InstanceNorm1d(1)(mg.tensor([[[1., 3.]]]))
    tensor([[[-1.0000,  1.0000]]])
    """

    axes = 1
    ranks = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """(x − μ)/√(σ² + ε)·w + b with the μ and σ² of each map of each instance (Ulyanov et al., 2016).

    (N, C, H, W) or (C, H, W) -> the same

    `weight` and `bias` exist with affine=True. With track_running_stats=True the
    running statistics follow the mean over the batch, and take its place in
    evaluation; without, evaluation does as training.

    Raises, when it is called, `ShapeError` for another rank or, with affine=True,
    another number of channels, else as `functional.instance_norm`.

    >>> import minigrad as mg, nn
    >>> nn.InstanceNorm2d(6)(mg.zeros(2, 6, 28, 28)).shape
    (2, 6, 28, 28)
    """

    axes = 2
    ranks = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Instance normalisation of volumes: (N, C, D, H, W) or (C, D, H, W). See `InstanceNorm2d`.

    >>> import minigrad as mg, nn
    >>> nn.InstanceNorm3d(2)(mg.zeros(1, 2, 3, 3, 3)).shape
    (1, 2, 3, 3, 3)
    """

    axes = 3
    ranks = (4, 5)
