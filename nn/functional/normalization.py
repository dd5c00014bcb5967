"""Normalisation as functions: over a batch, a layer, groups of channels, one map, or neighbouring channels."""

import math
from collections.abc import Sequence
from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.registry import guarded


def _floating(given: Any, name: str, least: int) -> mg.Tensor:
    input: mg.Tensor = mg.as_operand(given, name)
    if not input.is_floating_point():
        raise DTypeError(f"{name} got an input of {input.dtype}; convert it first, for example x.float()")
    if input.ndim < least:
        raise ShapeError(f"{name} got an input of shape {input.shape}; it takes (N, C, *), at least {least} axes")
    return input


def _fitting(
    name: str, input: mg.Tensor, shape: tuple[int, ...], any_dtype: bool = False, **given: mg.Tensor | None
) -> None:
    """Refuse parameters and statistics that are not of that shape and of the input's dtype."""
    for word, tensor in given.items():
        if tensor is None:
            continue
        if not isinstance(tensor, mg.Tensor):
            raise DTypeError(f"{name} got a {type(tensor).__name__} as {word}; it takes a tensor, or None")
        if tensor.shape != shape:
            raise ShapeError(
                f"{name} got a {word} of shape {tensor.shape} for an input of shape {input.shape}; it must be {shape}. "
                "Was the layer made for another number of channels, or are the channels on the last axis?"
            )
        if not any_dtype and tensor.dtype != input.dtype and (input.dtype, tensor.dtype) != (mg.float16, mg.float32):
            raise DTypeError(
                f"{name} got a {word} of {tensor.dtype} for an input of {input.dtype}; convert one of them, for "
                f"example with layer.to(mg.{input.dtype})"
            )


def _affine(values: mg.Tensor, weight: mg.Tensor | None, bias: mg.Tensor | None, shape: Sequence[int]) -> mg.Tensor:
    """values·weight + bias, in the dtype of the values."""
    dtype = values.dtype
    if weight is not None:
        values = values * weight.reshape(shape)
    if bias is not None:
        values = values + bias.reshape(shape)
    return values.to(dtype)


def _shaped(parameter: mg.Tensor | None, shape: Sequence[int]) -> mg.Tensor | None:
    """A parameter per channel along the channels' axis; where that is the last it is there already."""
    return parameter if parameter is None or len(shape) == 2 else parameter.reshape(shape)


def _per_channel(input: mg.Tensor) -> tuple[int, ...]:
    return (1, input.shape[1], *(1,) * (input.ndim - 2))


def _more_than_one(name: str, count: int, input: mg.Tensor, what: str, remedy: str) -> None:
    if count == 1:
        raise ShapeError(
            f"{name} got an input of shape {input.shape}: one value per {what}, whose variance is 0 whatever it is, so "
            f"that the output would not depend on the input. {remedy}"
        )


def _with_statistics(
    name: str,
    given: Any,
    mean: mg.Tensor | None,
    var: mg.Tensor | None,
    weight: mg.Tensor | None,
    bias: mg.Tensor | None,
) -> mg.Tensor:
    """The input as a tensor; refuses what does not fit it, and one running statistic without the other."""
    input = _floating(given, name, 2)
    _fitting(name, input, (input.shape[1],), running_mean=mean, running_var=var, weight=weight, bias=bias)
    if (mean is None) != (var is None):
        present, missing = ("running_var", "running_mean") if mean is None else ("running_mean", "running_var")
        raise ArgumentError(f"{name} got a {present} and no {missing}; the two go together: give both, or neither")
    return input


def _move(
    running_mean: mg.Tensor | None,
    running_var: mg.Tensor | None,
    mean: mg.Tensor,
    var: mg.Tensor,
    momentum: float,
    count: int,
) -> None:
    """Let running statistics take a step towards new ones, or their mean over the batch, in place and off the tape.

    The new variances are those of so many values, and get Bessel's correction.
    """
    if running_mean is None or running_var is None or not count or not mean.numel():
        return
    with mg.no_grad():
        for running, value, size in (
            (running_mean, mean, momentum),
            (running_var, var, momentum * count / (count - 1)),
        ):
            several = value.numel() != running.numel()
            value = value.reshape(len(value), len(running)).mean(0) if several else value.reshape(running.shape)
            running.mul_(1 - momentum).add_(value, alpha=size)


def _by_running(
    input: mg.Tensor, mean: mg.Tensor, var: mg.Tensor, weight: mg.Tensor | None, bias: mg.Tensor | None, eps: float
) -> mg.Tensor:
    shape = _per_channel(input)
    scale = mg.rsqrt(var.detach() + eps)
    centred = input - mean.detach().reshape(shape)
    return _affine(centred, scale if weight is None else scale * weight, bias, shape).to(input.dtype)


@guarded
def batch_norm(
    input: mg.Tensor,
    running_mean: mg.Tensor | None,
    running_var: mg.Tensor | None,
    weight: mg.Tensor | None = None,
    bias: mg.Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> mg.Tensor:
    """(x − μ)/√(σ² + ε)·w + b, channel by channel (Ioffe and Szegedy, 2015).

    (N, C, *), (C) four times -> (N, C, *)

    In training μ and σ² are those of the batch over all axes but the channels',
    σ² without Bessel's correction, and the running statistics, where they are
    given, take a step of size `momentum` towards them in place and off the tape,
    σ² with the correction. Else they are the running statistics.

    Raises `ArgumentError` where running statistics are missing or eps is not
    positive in training, `ShapeError` for one value per channel in training and
    for sizes that do not fit, `DTypeError` for dtypes that differ.

    >>> import minigrad as mg, nn.functional as F
    >>> F.batch_norm(mg.tensor([[1.], [3.]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    input = _with_statistics("batch_norm", input, running_mean, running_var, weight, bias)
    momentum, eps = mg.as_number(momentum, "batch_norm", "momentum"), mg.as_number(eps, "batch_norm", "eps")
    if not mg.as_flag(training, "batch_norm", "training"):
        if running_mean is None or running_var is None:
            raise ArgumentError(
                "batch_norm got no running_mean or no running_var, and normalises by them in evaluation; give both, or "
                "training=True to normalise by the batch"
            )
        return _by_running(input, running_mean, running_var, weight, bias, eps)
    count = input.shape[0] * math.prod(input.shape[2:])
    remedy = "Give a larger batch (DataLoader's drop_last leaves a smaller last one out), or call eval()"
    _more_than_one("batch_norm", count, input, "channel in training", remedy)
    if eps <= 0:
        raise ArgumentError(
            f"batch_norm got eps={eps}; in training it must be positive, for channels that are constant"
        )
    axes, shape = (0, *range(2, input.ndim)), _per_channel(input)
    values, mean, var = mg.standardize(input, axes, eps, _shaped(weight, shape), _shaped(bias, shape))
    _move(running_mean, running_var, mean, var, momentum, count)
    return values


@guarded
def instance_norm(
    input: mg.Tensor,
    running_mean: mg.Tensor | None = None,
    running_var: mg.Tensor | None = None,
    weight: mg.Tensor | None = None,
    bias: mg.Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> mg.Tensor:
    """(x − μ)/√(σ² + ε)·w + b with the μ and σ² of each map of each instance (Ulyanov et al., 2016).

    (N, C, *), (C) four times -> (N, C, *)

    Without `use_input_stats` μ and σ² are the running statistics, which else, where
    they are given, take a step of size `momentum` towards the mean over the batch
    of μ and of σ² with Bessel's correction.

    Raises as `batch_norm`; `ShapeError` for maps of one element.

    >>> import minigrad as mg, nn.functional as F
    >>> F.instance_norm(mg.tensor([[[1., 3.], [5., 5.]]]))
    tensor([[[-1.0000,  1.0000],
             [ 0.0000,  0.0000]]])
    """
    input = _with_statistics("instance_norm", input, running_mean, running_var, weight, bias)
    momentum, eps = mg.as_number(momentum, "instance_norm", "momentum"), mg.as_number(eps, "instance_norm", "eps")
    if not mg.as_flag(use_input_stats, "instance_norm", "use_input_stats"):
        if running_mean is None or running_var is None:
            raise ArgumentError(
                "instance_norm with use_input_stats=False needs running_mean and running_var; give both"
            )
        return _by_running(input, running_mean, running_var, weight, bias, eps)
    count = math.prod(input.shape[2:])
    _more_than_one("instance_norm", count, input, "map", "Use it on maps that are larger")
    axes, shape = tuple(range(2, input.ndim)), _per_channel(input)
    values, mean, var = mg.standardize(input, axes, eps, _shaped(weight, shape), _shaped(bias, shape))
    _move(running_mean, running_var, mean, var, momentum, count)
    return values


@guarded
def group_norm(
    input: mg.Tensor,
    num_groups: int,
    weight: mg.Tensor | None = None,
    bias: mg.Tensor | None = None,
    eps: float = 1e-5,
) -> mg.Tensor:
    """(x − μ)/√(σ² + ε)·w + b with the μ and σ² of each group of channels of each instance (Wu and He, 2018).

    (N, C, *), (C) twice -> (N, C, *)

    Raises `ArgumentError` where the channels are not a multiple of the groups,
    `ShapeError` for one value per group and for sizes that do not fit.

    >>> import minigrad as mg, nn.functional as F
    >>> F.group_norm(mg.tensor([[1., 3., 5., 9.]]), 2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    input = _floating(input, "group_norm", 2)
    channels = input.shape[1]
    num_groups = mg.as_integer(num_groups, "group_norm", "num_groups")
    if num_groups < 1 or channels % num_groups:
        raise ArgumentError(
            f"group_norm of {channels} channels (shape {input.shape}) in {num_groups} groups: the number of groups "
            "must be positive and divide the number of channels"
        )
    _fitting("group_norm", input, (channels,), weight=weight, bias=bias)
    grouped = input.reshape(input.shape[0], num_groups, channels // num_groups, *input.shape[2:])
    _more_than_one("group_norm", input.shape[0] * math.prod(grouped.shape[2:]), input, "group", "Use fewer groups")
    axes, shape = tuple(range(2, grouped.ndim)), (1, *grouped.shape[1:3], *(1,) * (grouped.ndim - 3))
    values = mg.standardize(grouped, axes, eps, _shaped(weight, shape), _shaped(bias, shape)).values
    return values.reshape(input.shape).clone()  # no view: a checkpoint that begins here may change it in place


def _trailing(name: str, input: mg.Tensor, normalized_shape: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The sizes of the last axes, which must be `normalized_shape`, and the axes."""
    if not isinstance(normalized_shape, Sequence):
        raise DTypeError(f"{name} got normalized_shape={normalized_shape!r}; it is a tuple of sizes, such as (64,)")
    shape = tuple(normalized_shape)
    if not shape or input.shape[-len(shape) :] != shape:
        raise ShapeError(
            f"{name} got an input of shape {input.shape} for normalized_shape {shape}; these must be the sizes of its "
            "last axes, one at least"
        )
    return shape, tuple(range(input.ndim - len(shape), input.ndim))


@guarded
def layer_norm(
    input: mg.Tensor,
    normalized_shape: Sequence[int],
    weight: mg.Tensor | None = None,
    bias: mg.Tensor | None = None,
    eps: float = 1e-5,
) -> mg.Tensor:
    """(x − μ)/√(σ² + ε)·w + b with the μ and σ² over the last axes (Ba et al., 2016).

    (*, *normalized_shape), (*normalized_shape) twice -> (*, *normalized_shape)

    Raises `ShapeError` where the last axes are not of `normalized_shape`,
    `DTypeError` for dtypes that differ.

    >>> import minigrad as mg, nn.functional as F
    >>> F.layer_norm(mg.tensor([[1., 3.], [0., 8.]]), (2,))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """
    input = _floating(input, "layer_norm", 0)
    shape, axes = _trailing("layer_norm", input, normalized_shape)
    _fitting("layer_norm", input, shape, weight=weight, bias=bias)
    return mg.standardize(input, axes, eps, weight, bias).values


# PyTorch adds the smallest step of the dtype that it computes in, which is float32 for float16.
_STEP = {mg.float16: 2.0**-23, mg.float32: 2.0**-23, mg.float64: 2.0**-52}


@guarded
def rms_norm(
    input: mg.Tensor, normalized_shape: Sequence[int], weight: mg.Tensor | None = None, eps: float | None = None
) -> mg.Tensor:
    """x/√(mean x² + ε)·w over the last axes (Zhang and Sennrich, 2019); ε is that of the dtype unless given.

    (*, *normalized_shape), (*normalized_shape) -> (*, *normalized_shape)

    Raises `ShapeError` where the last axes are not of `normalized_shape`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.rms_norm(mg.tensor([[1., 7.]]), (2,))
    tensor([[0.2000, 1.4000]])
    """
    input = _floating(input, "rms_norm", 0)
    shape, axes = _trailing("rms_norm", input, normalized_shape)
    _fitting("rms_norm", input, shape, any_dtype=True, weight=weight)
    wide = input.float() if input.dtype == mg.float16 else input
    level = mg.mean(wide * wide, axes, keepdim=True) + (_STEP[input.dtype] if eps is None else eps)
    return _affine((wide * mg.rsqrt(level)).to(input.dtype), weight, None, shape)


@guarded
def local_response_norm(
    input: mg.Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> mg.Tensor:
    """x/(k + α/n·Σ x²)^β over the n = `size` channels around each (Krizhevsky et al., 2012).

    (N, C, *) -> (N, C, *)

    The notes' divisive normalisation (N79) adds up over all channels, with its λ
    for α/n; their subtractive one (N77) takes a local mean away.

    Raises `ArgumentError` for a size below 1, `ShapeError` for fewer than three axes.

    >>> import minigrad as mg, nn.functional as F
    >>> F.local_response_norm(mg.tensor([[[1.], [1.]]]), 2, alpha=2.0, beta=1.0)
    tensor([[[0.5000],
             [0.3333]]])
    """
    input = _floating(input, "local_response_norm", 3)
    size = mg.as_integer(size, "local_response_norm", "size")
    if size < 1:
        raise ArgumentError(f"local_response_norm got size={size}; it is a number of channels, at least 1")
    if 0 in input.shape:
        return input
    batch, channels, *space = input.shape
    squares = (input * input).reshape(batch, 1, channels, math.prod(space))
    squares = mg.pad(squares, ((0, 0), (0, 0), (size // 2, (size - 1) // 2), (0, 0)))
    level = mg.avg_pool2d(squares, (size, 1), 1).reshape(input.shape)
    return input / (level * alpha + k) ** beta
