"""Convolution layers as functions, in the notes' conventions: both operators, three kinds of bias, weights unshared."""

from typing import Any

import minigrad as mg
from minigrad.errors import DTypeError, ShapeError
from minigrad.geometry import Geometry, pairs, per_axis
from minigrad.registry import guarded

from .operands import as_floating, as_maps, as_sign


def _same_dtype(name: str, input: mg.Tensor, **others: mg.Tensor | None) -> None:
    """Raise `DTypeError` where an operand is not of the input's dtype."""
    for role, other in others.items():
        if other is not None and other.dtype != input.dtype:
            raise DTypeError(
                f"{name} got an input of {input.dtype} and a {role} of {other.dtype}; convert one of them, for example "
                "layer.double() or input.float()"
            )


@guarded
def conv2d(
    input: mg.Tensor,
    weight: mg.Tensor,
    bias: mg.Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    flip: bool = False,
    bias_sign: int = 1,
) -> mg.Tensor:
    """Y_o = Σ_c X_c ⋆ K_oc ± b_o, or with `flip` the true convolution Y_o = Σ_c X_c * K_oc ± b_o (N47–N52).

    (N, C, H, W) or (C, H, W), (O, C, kh, kw), bias -> (N, O, oh, ow) or (O, oh, ow)

    The shape of `bias` says what it is: (O) a number per map, (O, C) one per pair
    of maps, of which only the sum over C counts (X35), (O, oh, ow) one per unit.
    Their gradients are Σ G_o, the same for each c, and G_o itself (N121), times
    `bias_sign`. With `flip` the weight's gradient is rot₁₈₀(X ⋆ G) (N116).

    Raises `ShapeError` for a bias of another shape, else as `nn.functional.conv2d`.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> x, w = mg.tensor([[[0., 1., 2.]]]), mg.tensor([[[[1., 3.]]]])
    >>> F.conv2d(x, w), F.conv2d(x, w, flip=True)
    (tensor([[[3., 7.]]]), tensor([[[1., 5.]]]))
    """
    input, weight = mg.as_operand(input, "conv2d"), mg.as_operand(weight, "conv2d")
    sign = as_sign(bias_sign, "conv2d")
    if mg.as_flag(flip, "conv2d", "flip") and weight.ndim == 4:
        weight = mg.flip(weight, (2, 3))
    if bias is None:
        return mg.conv2d(input, weight, None, stride, padding, dilation)
    bias = mg.as_operand(bias, "conv2d")
    signed = bias if sign == 1 else -bias
    if bias.ndim == 2 and bias.shape == weight.shape[:2]:
        return mg.conv2d(input, weight, signed.sum(1), stride, padding, dilation)
    if bias.ndim == 1:
        return mg.conv2d(input, weight, signed, stride, padding, dilation)
    y = mg.conv2d(input, weight, None, stride, padding, dilation)
    _same_dtype("conv2d", y, bias=bias)
    if bias.shape != y.shape[-3:]:
        raise ShapeError(
            f"conv2d got a bias of shape {bias.shape}, and its maps have shape {y.shape[-3:]}; a bias is "
            f"({weight.shape[0]},), one number per map, {weight.shape[:2]}, one per pair of maps, or {y.shape[-3:]}, "
            "one per unit, which fits inputs of one size only"
        )
    return y + signed


@guarded
def locally_connected2d(
    input: mg.Tensor, weight: mg.Tensor, bias: mg.Tensor | None = None, stride: Any = 1, padding: Any = 0
) -> mg.Tensor:
    """A correlation whose kernel is another one at every place: local, and not shared (N60, X48).

    (N, C, H, W) or (C, H, W), (O, C, kh, kw, oh, ow), (O, oh, ow) -> (N, O, oh, ow) or (O, oh, ow)

    Where all places have the same kernel this is `conv2d`; the gradient of a
    shared kernel is the sum of these over the places (N62).

    Raises `ShapeError` where the weight does not belong to maps of that size.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> x, w = mg.tensor([[[1., 2., 3.]]]), mg.tensor([1., 0., 0., 1.]).reshape(1, 1, 1, 2, 1, 2)
    >>> F.locally_connected2d(x, w)
    tensor([[[1., 3.]]])
    """
    input, weight = as_maps(input, "locally_connected2d"), as_floating(weight, "locally_connected2d")
    if weight.ndim != 6 or 0 in weight.shape:
        raise ShapeError(
            f"locally_connected2d got a weight of shape {weight.shape}; it needs (O, C, kh, kw, oh, ow), a kernel for "
            "each place of each map"
        )
    _same_dtype("locally_connected2d", input, weight=weight, bias=bias)
    single = input.ndim == 3
    maps = input.unsqueeze(0) if single else input
    out, channels, *kernel = weight.shape[:4]
    geometry = Geometry.window(maps.shape[2:], kernel, per_axis(stride, 2, "stride"), pairs(padding, 2), (1, 1))
    places = geometry.outputs
    if channels != maps.shape[1] or weight.shape[4:] != places:
        raise ShapeError(
            f"locally_connected2d of an input of shape {input.shape} with a weight of shape {weight.shape}: a kernel "
            f"{kernel[0]}×{kernel[1]} has {places[0]}×{places[1]} places there, so the weight must be "
            f"{(out, maps.shape[1], *kernel, *places)}. Was the layer made for maps of another size?"
        )
    columns = mg.im2col(maps, tuple(kernel), stride=stride, padding=padding)
    y: mg.Tensor = mg.einsum("npl,opl->nol", columns, weight.reshape(out, -1, places[0] * places[1]))
    y = y.reshape(maps.shape[0], out, *places)
    if bias is not None:
        if bias.shape != y.shape[1:]:
            raise ShapeError(
                f"locally_connected2d got a bias of shape {bias.shape}; its maps have shape {y.shape[1:]}, and every "
                "unit has a bias of its own"
            )
        y = y + bias
    return y.squeeze(0) if single else y


@guarded
def fully_connected_maps(input: mg.Tensor, weight: mg.Tensor, bias: mg.Tensor | None = None) -> mg.Tensor:
    """z_i = Σ_j Σ_r Σ_s w_ijrs·(Y_j)_rs + b_i: w_ijrs joins unit (r, s) of map j with neuron i (N95, X61).

    (N, C, H, W) or (C, H, W), (O, C, H, W), (O) -> (N, O) or (O)

    The same as a dense layer behind a flattening, and as a valid correlation
    whose kernels have the maps' size (N105). w̄_ijrs = z̄_i·(Y_j)_rs, and
    (Ȳ_j)_rs = Σ_i z̄_i·w_ijrs.

    Raises `ShapeError` where the maps are not those that the weight joins.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> F.fully_connected_maps(mg.ones(2, 2, 2), mg.ones(3, 2, 2, 2))
    tensor([8., 8., 8.])
    """
    input, weight = as_maps(input, "fully_connected_maps"), as_floating(weight, "fully_connected_maps")
    if weight.ndim != 4 or weight.shape[1:] != input.shape[-3:]:
        raise ShapeError(
            f"fully_connected_maps got maps of shape {input.shape[-3:]} and a weight of shape {weight.shape}; behind "
            "the axis of the neurons the weight has those of the maps, a number for each unit. Make the layer for "
            "these maps, or check the one before it"
        )
    _same_dtype("fully_connected_maps", input, weight=weight, bias=bias)
    z: mg.Tensor = mg.linear(input.flatten(-3), weight.flatten(1), bias)
    return z


@guarded
def linear(input: mg.Tensor, weight: mg.Tensor, bias: mg.Tensor | None = None, bias_sign: int = 1) -> mg.Tensor:
    """p = W·a + b, or p = W·a − b with `bias_sign=-1`, as note C writes it (N51, N94, N109).

    (*, n), (m, n), (m) -> (*, m). Raises as `nn.functional.linear`, and `ArgumentError` for another sign.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> F.linear(mg.ones(2), mg.ones(1, 2), mg.ones(1), bias_sign=-1)
    tensor([1.])
    """
    sign = as_sign(bias_sign, "linear")
    return mg.linear(input, weight, bias if bias is None or sign == 1 else -mg.as_operand(bias, "linear"))
