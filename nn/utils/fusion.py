"""Batch normalisation in evaluation is affine: it can be put into the layer in front of it."""

import copy
from typing import TypeVar

import minigrad as mg
from minigrad.errors import ArgumentError, ShapeError
from minigrad.registry import guarded

from ..module import Module
from ..parameter import Parameter

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]

M = TypeVar("M", bound=Module)


def _fused(
    weight: mg.Tensor,
    bias: mg.Tensor | None,
    mean: mg.Tensor,
    var: mg.Tensor,
    eps: float,
    scale: mg.Tensor | None,
    shift: mg.Tensor | None,
    axis: int,
) -> tuple[Parameter, Parameter]:
    """Weight and bias that give (w·x + b − μ)/√(σ² + ε)·scale + shift, the outputs along `axis` of the weight."""
    bias = mg.zeros_like(mean) if bias is None else bias
    factor = mg.rsqrt(var + eps)
    factor = factor if scale is None else scale * factor
    rows = factor.reshape([-1 if one == axis else 1 for one in range(weight.ndim)])
    moved = (bias - mean) * factor
    moved = moved if shift is None else moved + shift
    return (
        Parameter((weight * rows).to(weight.dtype), weight.requires_grad),
        Parameter(moved.to(bias.dtype), bias.requires_grad),
    )


@guarded
def fuse_conv_bn_weights(
    conv_w: mg.Tensor,
    conv_b: mg.Tensor | None,
    bn_rm: mg.Tensor,
    bn_rv: mg.Tensor,
    bn_eps: float,
    bn_w: mg.Tensor | None,
    bn_b: mg.Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """The weight and the bias of a convolution that does its batch normalisation's work too.

    (O, C/G, *k), (O), (O) five times -> (O, C/G, *k), (O); with `transpose` the weight is (C, O, *k)

    >>> import minigrad as mg, nn
    >>> nn.utils.fuse_conv_bn_weights(mg.ones(2, 1, 3), None, mg.ones(2), mg.ones(2), 0.0, None, None)[1].tolist()
    [-1.0, -1.0]
    """
    return _fused(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, 1 if transpose else 0)


@guarded
def fuse_linear_bn_weights(
    linear_w: mg.Tensor,
    linear_b: mg.Tensor | None,
    bn_rm: mg.Tensor,
    bn_rv: mg.Tensor,
    bn_eps: float,
    bn_w: mg.Tensor | None,
    bn_b: mg.Tensor | None,
) -> tuple[Parameter, Parameter]:
    """The weight and the bias of a linear layer that does its batch normalisation's work too.

    (O, I), (O) six times -> (O, I), (O)

    >>> import minigrad as mg, nn
    >>> nn.utils.fuse_linear_bn_weights(mg.ones(1, 2), None, mg.ones(1), mg.ones(1), 0.0, None, None)[1].tolist()
    [-1.0]
    """
    return _fused(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, 0)


def _refuse(layer: Module, bn: Module, name: str) -> None:
    if layer.training or bn.training:
        raise ArgumentError(
            f"{name} of layers in training: the batch's own mean and variance cannot be known beforehand. Call eval() "
            "on both first"
        )
    if bn.running_mean is None or bn.running_var is None:
        raise ArgumentError(f"{name} got {bn!r}, which keeps no running statistics; only those can be fused")


def _with(layer: M, bn: Module, axis: int) -> M:
    """A copy of the layer with the fused weight and bias."""
    fused = copy.deepcopy(layer)
    fused.weight, fused.bias = _fused(
        layer.weight, layer.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, axis
    )
    return fused


@guarded
def fuse_conv_bn_eval(conv: M, bn: Module, transpose: bool = False) -> M:
    """A copy of the convolution that gives what batch normalisation in evaluation gave behind it.

    Raises `ArgumentError` for layers in training, or without running statistics.

    >>> import minigrad as mg, nn
    >>> nn.utils.fuse_conv_bn_eval(nn.Conv2d(1, 6, 5).eval(), nn.BatchNorm2d(6).eval())
    Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))
    """
    _refuse(conv, bn, "fuse_conv_bn_eval")
    return _with(conv, bn, 1 if transpose else 0)


@guarded
def fuse_linear_bn_eval(linear: M, bn: Module) -> M:
    """A copy of the linear layer that gives what batch normalisation in evaluation gave behind it.

    Raises `ArgumentError` for layers in training or without running statistics,
    `ShapeError` for another number of features.

    >>> import minigrad as mg, nn
    >>> nn.utils.fuse_linear_bn_eval(nn.Linear(3, 2).eval(), nn.BatchNorm1d(2).eval())
    Linear(in_features=3, out_features=2, bias=True)
    """
    _refuse(linear, bn, "fuse_linear_bn_eval")
    if bn.num_features not in (1, linear.out_features):
        raise ShapeError(
            f"fuse_linear_bn_eval of {linear.out_features} features and a normalisation of {bn.num_features}; the "
            "numbers must be equal, or the latter 1"
        )
    return _with(linear, bn, 0)
