"""Resizing maps: PyTorch's `interpolate` and its older names."""

import math
from collections.abc import Sequence
from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.registry import guarded

# Mode -> that of `minigrad.resize`, and the numbers of spatial axes that it takes.
_MODES: dict[str, tuple[str, tuple[int, ...]]] = {
    "nearest": ("nearest", (1, 2, 3)),
    "linear": ("linear", (1,)),
    "bilinear": ("linear", (2,)),
    "bicubic": ("cubic", (2,)),
    "trilinear": ("linear", (3,)),
    "lanczos": ("lanczos", (2,)),
    "area": ("area", (1, 2, 3)),
    "nearest-exact": ("nearest-exact", (1, 2, 3)),
}
_ALIGNED = ("linear", "bilinear", "bicubic", "trilinear")
_FILTERED = ("bilinear", "bicubic", "lanczos")


def _each(value: Any, axes: int, what: str, whole: bool) -> list[Any]:
    """One entry per spatial axis: integers where `whole`, numbers otherwise."""
    kind = "integer" if whole else "number"
    if hasattr(value, "tolist"):
        value = value.tolist()
    given = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value] * axes
    for one in given:
        if isinstance(one, bool) or not hasattr(one, "__index__" if whole else "__float__"):
            raise DTypeError(f"interpolate got {what}={value!r}; it takes {kind}s, one in all or one per spatial axis")
    if len(given) != axes:
        raise ArgumentError(
            f"interpolate got {what}={value!r} with {len(given)} entries for {axes} spatial axes; the batch and the "
            "channels are not among them"
        )
    if not whole and not all(math.isfinite(one) for one in given):
        raise ArgumentError(f"interpolate got {what}={value!r}; factors are finite")
    return given


def _refuse_options(mode: str, axes: int, shape: Any, align_corners: bool | None, antialias: bool) -> None:
    """Raise where the mode is unknown, or does not take this rank or these options."""
    if not isinstance(mode, str) or mode not in _MODES:
        raise ArgumentError(f"interpolate got mode={mode!r}; the modes are {', '.join(_MODES)}")
    ranks = _MODES[mode][1]
    if axes not in ranks:
        needed = " or ".join(str(rank + 2) for rank in ranks)
        raise ShapeError(
            f"interpolate with mode={mode!r} got an input of shape {shape}; it needs {needed} axes: batch, channels "
            "and the spatial ones. Is the batch axis missing? Then use x.unsqueeze(0)"
        )
    if align_corners is not None and mode not in _ALIGNED:
        raise ArgumentError(
            f"interpolate got align_corners={align_corners} with mode={mode!r}; only {', '.join(_ALIGNED)} have it"
        )
    if mg.as_flag(antialias, "interpolate", "antialias") and mode not in _FILTERED:
        raise ArgumentError(f"interpolate got antialias=True with mode={mode!r}; only {', '.join(_FILTERED)} have it")
    if mode == "lanczos" and not antialias:
        raise ArgumentError("interpolate with mode='lanczos' is a filter for shrinking; pass antialias=True")


@guarded
def interpolate(
    input: mg.Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> mg.Tensor:
    """Maps with other sizes, up or down.

    (N, C, *n) -> (N, C, *o), o = `size`, or ⌊n · scale_factor⌋

    Modes: 'nearest', 'nearest-exact' and 'area' (adaptive average pooling) for one
    to three spatial axes, 'linear' for one, 'bilinear' and 'bicubic' for two,
    'trilinear' for three; see `minigrad.resize`. A given `scale_factor` also says how far apart the outputs
    lie, unless `recompute_scale_factor` takes o/n for that.

    Raises `ShapeError` for a rank that the mode does not take or sizes below 1,
    `ArgumentError` for another mode, or options that do not go together.

    >>> import minigrad as mg, nn.functional as F
    >>> F.interpolate(mg.tensor([[[1., 3.]]]), scale_factor=2, mode="linear")
    tensor([[[1.0000, 1.5000, 2.5000, 3.0000]]])
    """
    input = mg.as_operand(input, "interpolate")
    axes = input.ndim - 2
    _refuse_options(mode, axes, input.shape, align_corners, antialias)
    if (size is None) == (scale_factor is None):
        raise ArgumentError(f"interpolate got size={size} and scale_factor={scale_factor}; give one of the two")
    factors: list[Any] | None = None
    if size is not None:
        if recompute_scale_factor:
            raise ArgumentError("interpolate got a size and recompute_scale_factor=True; there is nothing to recompute")
        sizes = _each(size, axes, "size", True)
    else:
        factors = _each(scale_factor, axes, "scale_factor", False)
        sizes = [math.floor(n * float(factor)) for n, factor in zip(input.shape[2:], factors, strict=True)]
        if recompute_scale_factor or mode == "area":
            factors = None
    if mode == "area" and min(sizes) >= 0 and 0 not in input.shape[1:]:
        return (mg.adaptive_avg_pool1d, mg.adaptive_avg_pool2d, mg.adaptive_avg_pool3d)[axes - 1](input, sizes)
    if min(sizes) < 1 or 0 in input.shape[1:]:
        raise ShapeError(
            f"interpolate of shape {input.shape} to the sizes {tuple(sizes)}: both must be at least 1, and there must "
            "be channels"
        )
    return mg.resize(input, sizes, _MODES[mode][0], bool(align_corners), factors, antialias)


@guarded
def upsample(
    input: mg.Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
    align_corners: bool | None = None,
) -> mg.Tensor:  # fmt: skip
    """`interpolate` by its older name.

    (N, C, *n) -> (N, C, *o)

    >>> import minigrad as mg, nn.functional as F
    >>> F.upsample(mg.tensor([[[1., 3.]]]), scale_factor=2)
    tensor([[[1., 1., 3., 3.]]])
    """
    return interpolate(input, size, scale_factor, mode, align_corners)


@guarded
def upsample_nearest(input: mg.Tensor, size: Any = None, scale_factor: Any = None) -> mg.Tensor:
    """`interpolate` with mode='nearest'.

    (N, C, *n) -> (N, C, *o)

    >>> import minigrad as mg, nn.functional as F
    >>> F.upsample_nearest(mg.tensor([[[1., 3.]]]), 3)
    tensor([[[1., 1., 3.]]])
    """
    return interpolate(input, size, scale_factor, mode="nearest")


@guarded
def upsample_bilinear(input: mg.Tensor, size: Any = None, scale_factor: Any = None) -> mg.Tensor:
    """`interpolate` with mode='bilinear' and align_corners=True.

    (N, C, H, W) -> (N, C, oh, ow)

    >>> import minigrad as mg, nn.functional as F
    >>> F.upsample_bilinear(mg.tensor([[[[1., 3.]]]]), (1, 3))
    tensor([[[[1., 2., 3.]]]])
    """
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)
