"""Layers that learn the number of their input channels from the first input."""

from typing import Any

import minigrad as mg
from minigrad.channels import check_groups
from minigrad.errors import ArgumentError, MinigradError, ShapeError

from .calling import locate
from .conv import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    _Conv,
    _ConvTranspose,
)
from .linear import Linear
from .module import Module
from .parameter import UninitializedParameter, is_lazy

__all__ = [
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyLinear",
    "LazyModuleMixin",
]


class LazyModuleMixin:
    """Lets a module wait for its first input before its parameters get their shapes.

    Stands before the module's class among the bases. The constructor puts
    `UninitializedParameter`s where shapes are unknown, and `initialize_parameters`
    gets what the first call gets and materialises them. After it, the module turns
    into a `cls_to_become`, if there is one.

    Raises `ArgumentError` where parameters are still uninitialised then.

    >>> import minigrad as mg, nn
    >>> layer = nn.LazyLinear(2)
    >>> layer.has_uninitialized_params()
    True
    >>> layer(mg.zeros(4, 3)).shape, layer
    ((4, 2), Linear(in_features=3, out_features=2, bias=True))
    """

    cls_to_become: type[Module] | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The first call finds the shapes; then it is a call as any other."""
        assert isinstance(self, Module)
        if not self.__dict__.get("_inferred"):
            try:
                self._infer_parameters(args, kwargs)
            except MinigradError as error:
                locate(error, self)
                raise
        return Module.__call__(self, *args, **kwargs)

    def _infer_parameters(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.initialize_parameters(*args, **kwargs)
        if self.has_uninitialized_params():
            raise ArgumentError(
                f"{type(self).__name__} has uninitialised parameters after initialize_parameters; give shapes to all "
                "of them there, by materialize(shape)"
            )
        if self.cls_to_become is not None:
            self.__class__ = self.cls_to_become  # type: ignore[assignment]
        else:
            self.__dict__["_inferred"] = True

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materialise the parameters for the arguments of the first call; defined by subclasses."""
        raise ArgumentError(
            f"{type(self).__name__} does not say how its parameters follow from an input; define "
            "initialize_parameters(self, input) in the class"
        )

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer of its own has no shape yet."""
        assert isinstance(self, Module)
        own = (*self._parameters.values(), *self._buffers.values())
        return any(is_lazy(one) for one in own)


def _materialize(*pairs: tuple[Any, tuple[int, ...]]) -> None:
    """Give shapes to those that have none yet."""
    for tensor, shape in pairs:
        if is_lazy(tensor):
            tensor.materialize(shape)


# -------------------------------------------------------------- convolution


class _LazyChannels(LazyModuleMixin):
    """What a convolution and its transpose share; stands before their classes."""

    axes: int
    in_channels: int
    out_channels: int
    groups: int
    transposed: bool
    kernel_size: tuple[int, ...]
    weight: Any
    bias: Any

    def _wait(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        self.out_channels = out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw the initial values again, once there is a place for them."""
        if self.in_channels and not self.has_uninitialized_params():
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: mg.Tensor, *args: Any, **kwargs: Any) -> None:
        """The input's channels give the weight its shape: (N, C, *n) or (C, *n)."""
        input = mg.as_operand(input, type(self).__name__)
        if input.ndim not in (self.axes + 1, self.axes + 2):
            raise ShapeError(
                f"an input of shape {input.shape} arrived; {type(self).__name__} takes {self.axes + 2} axes (batch, "
                f"channels, {self.axes} spatial), or {self.axes + 1} without the batch"
            )
        if not self.has_uninitialized_params():  # loaded
            own = self.weight.shape
            self.in_channels, self.out_channels = (
                (own[0], own[1] * self.groups) if self.transposed else (own[1] * self.groups, own[0])
            )
            return
        channels = input.shape[-self.axes - 1]
        mg.as_integer(self.out_channels, type(self).__name__, "out_channels")
        check_groups(self.groups, channels, self.out_channels, type(self).__name__)
        self.in_channels = channels
        first, second = (channels, self.out_channels) if self.transposed else (self.out_channels, channels)
        _materialize(
            (self.weight, (first, second // self.groups, *self.kernel_size)), (self.bias, (self.out_channels,))
        )
        self.reset_parameters()


class _LazyConv(_LazyChannels, _Conv):
    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._wait(out_channels, bias, device, dtype)


class _LazyConvTranspose(_LazyChannels, _ConvTranspose):
    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode
        )  # fmt: skip
        self._wait(out_channels, bias, device, dtype)


class LazyConv1d(_LazyConv, Conv1d):
    """A `Conv1d` that takes its in_channels from the first input. See `LazyConv2d`.

    >>> import minigrad as mg, nn
    >>> layer = nn.LazyConv1d(4, 3)
    >>> layer(mg.zeros(1, 2, 10)).shape, layer.in_channels
    ((1, 4, 8), 2)
    """

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A `Conv2d` that takes its in_channels from the first input: (N, C, H, W) or (C, H, W) -> as `Conv2d`.

    `weight` and `bias` are uninitialised until then, so that they can be neither
    counted nor computed with; a first call, which may be a dry run under
    `no_grad`, gives them shapes and values, and the layer turns into a `Conv2d`.
    Loading a state dict gives them theirs as well.

    Raises `ShapeError` for an input of another rank, `ArgumentError` for groups
    that do not divide its channels.

    >>> import minigrad as mg, nn
    >>> layer = nn.LazyConv2d(4, 3)
    >>> layer(mg.zeros(1, 2, 10, 10)).shape, layer.in_channels
    ((1, 4, 8, 8), 2)
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A `Conv3d` that takes its in_channels from the first input. See `LazyConv2d`.

    >>> import minigrad as mg, nn
    >>> layer = nn.LazyConv3d(4, 3)
    >>> layer(mg.zeros(1, 2, 10, 10, 10)).shape, layer.in_channels
    ((1, 4, 8, 8, 8), 2)
    """

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A `ConvTranspose1d` that takes its in_channels from the first input. See `LazyConv2d`.

    >>> import minigrad as mg, nn
    >>> layer = nn.LazyConvTranspose1d(4, 2, stride=2)
    >>> layer(mg.zeros(1, 2, 5)).shape, layer.in_channels
    ((1, 4, 10), 2)
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A `ConvTranspose2d` that takes its in_channels from the first input. See `LazyConv2d`.

    >>> import minigrad as mg, nn
    >>> layer = nn.LazyConvTranspose2d(4, 2, stride=2)
    >>> layer(mg.zeros(1, 2, 5, 5)).shape, layer.in_channels
    ((1, 4, 10, 10), 2)
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A `ConvTranspose3d` that takes its in_channels from the first input. See `LazyConv2d`.

    >>> import minigrad as mg, nn
    >>> layer = nn.LazyConvTranspose3d(4, 2, stride=2)
    >>> layer(mg.zeros(1, 2, 5, 5, 5)).shape, layer.in_channels
    ((1, 4, 10, 10, 10), 2)
    """

    cls_to_become = ConvTranspose3d


# ------------------------------------------------------------------- linear


class LazyLinear(LazyModuleMixin, Linear):
    """A `Linear` that takes its in_features from the first input: (*, in) -> (*, out_features).

    `weight` and `bias` are uninitialised until then; the layer turns into a
    `Linear`. Raises `ShapeError` for an input without axes.

    >>> import minigrad as mg, nn
    >>> head = nn.Sequential(nn.Flatten(), nn.LazyLinear(10))
    >>> head(mg.zeros(2, 16, 5, 5)).shape, head[1].in_features
    ((2, 10), 400)
    """

    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False)
        self.out_features = out_features
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw the initial values again, once there is a place for them."""
        if self.in_features and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input: mg.Tensor) -> None:
        """The input's last axis gives the weight its shape: (*, in)."""
        input = mg.as_operand(input, "LazyLinear")
        if input.ndim == 0:
            raise ShapeError("LazyLinear got a 0-d input; its last axis holds the features")
        if not self.has_uninitialized_params():  # loaded
            self.out_features, self.in_features = self.weight.shape
            return
        self.in_features = input.shape[-1]
        _materialize((self.weight, (self.out_features, self.in_features)), (self.bias, (self.out_features,)))
        self.reset_parameters()
