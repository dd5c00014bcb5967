"""Reading maps at places of one's own: spatial transformers (Jaderberg et al., 2015)."""

import itertools
from collections.abc import Sequence
from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.registry import guarded

_MODES = ("bilinear", "nearest", "bicubic")
_BORDERS = ("zeros", "border", "reflection")
_FAR = 2.0**30  # beyond it, and for NaN, a place is outside

Tap = tuple[mg.Tensor, mg.Tensor | None]


def _within(x: mg.Tensor, n: int) -> mg.Tensor:
    """x kept between 0 and n − 1, with no slope at and beyond them."""
    limited: mg.Tensor = mg.where(x <= 0, 0, mg.where(x >= n - 1, n - 1, x))
    return limited


def _mirrored(x: mg.Tensor, n: int, align: bool) -> mg.Tensor:
    """x thrown back by the borders: the outermost elements' centres with `align`, otherwise their edges."""
    low, span = (0.0, n - 1.0) if align else (-0.5, float(n))
    if span == 0:
        return x * 0
    distance = mg.abs(x - low)
    turns = mg.floor(distance.detach() / span)
    rest = distance - turns * span
    folded: mg.Tensor = mg.where(turns % 2 == 0, rest, span - rest)
    return folded + low


def _bordered(x: mg.Tensor, n: int, border: str, align: bool) -> mg.Tensor:
    """A place outside as the border has it; with zeros as it is."""
    if border == "reflection":
        x = _mirrored(x, n, align)
    return x if border == "zeros" else _within(x, n)


def _cubic(t: mg.Tensor) -> list[mg.Tensor]:
    """The weights of the taps −1, 0, 1, 2 at a distance t behind tap 0: Keys (1981) with a = −3/4."""
    a = -0.75

    def far(x: mg.Tensor) -> mg.Tensor:
        return ((x * a - 5 * a) * x + 8 * a) * x - 4 * a

    def near(x: mg.Tensor) -> mg.Tensor:
        return (x * (a + 2) - (a + 3)) * x * x + 1

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def _taps(x: mg.Tensor, n: int, mode: str, border: str, align: bool) -> list[Tap]:
    """The positions along one axis that x reads, with their weights."""
    if mode == "nearest":
        return [(mg.round(_bordered(x, n, border, align).detach()), None)]
    if mode == "bilinear":
        x = _bordered(x, n, border, align)
    below = mg.floor(x.detach())
    part = x - below
    if mode == "bilinear":
        return [(below, 1 - part), (below + 1, part)]
    places = [_bordered(below + step, n, border, align) for step in (-1, 0, 1, 2)]
    return list(zip(places, _cubic(part), strict=True))


def _refuse(input: mg.Tensor, grid: mg.Tensor, mode: str, padding_mode: str) -> None:
    if not isinstance(mode, str) or mode not in _MODES:
        raise ArgumentError(f"grid_sample got mode={mode!r}; it is one of {', '.join(_MODES)}")
    if not isinstance(padding_mode, str) or padding_mode not in _BORDERS:
        raise ArgumentError(f"grid_sample got padding_mode={padding_mode!r}; it is one of {', '.join(_BORDERS)}")
    axes = input.ndim - 2
    if axes not in (2, 3) or grid.ndim != input.ndim or grid.shape[-1] != axes or grid.shape[0] != input.shape[0]:
        hint = ""
        if grid.ndim == input.ndim > 2 and grid.shape[1] == axes != grid.shape[-1]:
            hint = ". Are the coordinates on axis 1? Then use grid.movedim(1, -1)"
        elif grid.shape[:1] == (1,) != input.shape[:1]:
            hint = f". One grid for all? Then use grid.expand({input.shape[0]}, {', '.join(['-1'] * (grid.ndim - 1))})"
        raise ShapeError(
            f"grid_sample got an input of shape {input.shape} and a grid of shape {grid.shape}; they are (N, C, H, W) "
            f"and (N, h, w, 2), or (N, C, D, H, W) and (N, d, h, w, 3), with the same N{hint}"
        )
    if 0 in input.shape[1:]:
        raise ShapeError(f"grid_sample of an input of shape {input.shape}: only the batch may be empty")
    if mode == "bicubic" and axes != 2:
        raise ShapeError(
            f"grid_sample with mode='bicubic' got an input of shape {input.shape}; it takes 4 axes. Volumes have "
            "'bilinear' and 'nearest'"
        )
    if input.dtype != grid.dtype or not input.is_floating_point():
        raise DTypeError(
            f"grid_sample got an input of {input.dtype} and a grid of {grid.dtype}; both are of one floating dtype"
        )


@guarded
def grid_sample(
    input: mg.Tensor, grid: mg.Tensor, mode: str = "bilinear", padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> mg.Tensor:  # fmt: skip
    """Maps read at the places that a grid names, between elements by interpolation (Jaderberg et al., 2015).

    (N, C, H, W), (N, h, w, 2) -> (N, C, h, w), or (N, C, D, H, W), (N, d, h, w, 3) -> (N, C, d, h, w)

    A place is (x, y) or (x, y, z), x along the last axis, from −1 to 1: from the
    first to the last element's outer edge, or with `align_corners` its centre.
    `mode`: 'bilinear' (in volumes trilinear), 'nearest', or 'bicubic' for images.
    `padding_mode`: outside are 'zeros', the 'border', or its 'reflection'.
    Gradients flow to the input and to the grid.

    Raises `ShapeError` for shapes that do not belong together, `ArgumentError` for
    another mode, `DTypeError` for integers or two dtypes.

    >>> import minigrad as mg, nn.functional as F
    >>> x = mg.tensor([[[[1., 2.], [3., 4.]]]])
    >>> F.grid_sample(x, mg.zeros(1, 1, 1, 2)).item()
    2.5
    """
    input, grid = mg.as_operand(input, "grid_sample"), mg.as_operand(grid, "grid_sample")
    _refuse(input, grid, mode, padding_mode)
    align, sizes = mg.as_flag(align_corners, "grid_sample", "align_corners"), input.shape[2:]
    taps = []
    for axis, n in enumerate(sizes):
        x = grid[..., len(sizes) - 1 - axis]
        x = (x + 1) * ((n - 1) / 2) if align else ((x + 1) * n - 1) / 2
        x = mg.where(mg.abs(x) < _FAR, x, -100.0)
        taps.append(_taps(x, n, mode, padding_mode, align))
    batch = mg.arange(input.shape[0]).reshape(-1, *(1,) * len(sizes))
    maps = input.movedim(1, -1)  # (N, *n, C)
    total: Any = 0
    for corner in itertools.product(*taps):
        inside: Any = True
        index = []
        for (place, _), n in zip(corner, sizes, strict=True):
            inside = (place >= 0) & (place < n) & inside
            index.append(mg.clamp(place, 0, n - 1).long())
        weight: Any = inside.to(input.dtype)
        for _, part in corner:
            weight = weight if part is None else weight * part
        total = maps[(batch, *index)] * weight.unsqueeze(-1) + total
    return total.movedim(-1, 1)  # type: ignore[no-any-return]


@guarded
def affine_grid(theta: mg.Tensor, size: Sequence[int], align_corners: bool | None = None) -> mg.Tensor:
    """The grid for `grid_sample` that reads each place of an output where an affine map sends it.

    (N, 2, 3) -> (N, H, W, 2) for size (N, C, H, W), or (N, 3, 4) -> (N, D, H, W, 3) for (N, C, D, H, W)

    Raises `ShapeError` where theta and the size do not belong together,
    `DTypeError` for integers.

    >>> import minigrad as mg, nn.functional as F
    >>> turned = mg.tensor([[[0., -1., 0.], [1., 0., 0.]]])
    >>> x = mg.tensor([[[[1., 2.], [3., 4.]]]])
    >>> F.grid_sample(x, F.affine_grid(turned, (1, 1, 2, 2)))
    tensor([[[[2., 4.],
              [1., 3.]]]])
    """
    theta = mg.as_operand(theta, "affine_grid")
    if not isinstance(size, Sequence) or not all(hasattr(one, "__index__") for one in size):
        raise DTypeError(
            f"affine_grid got size={size!r}; it is the shape of the output, (N, C, H, W) or (N, C, D, H, W)"
        )
    if not theta.is_floating_point():
        raise DTypeError(f"affine_grid got theta of {theta.dtype}; convert it first, for example t.float()")
    batch, sizes = size[0] if len(size) else 0, tuple(size[2:])
    axes = len(sizes)
    if axes not in (2, 3) or theta.shape != (batch, axes, axes + 1) or min(size) < 1:
        raise ShapeError(
            f"affine_grid got theta of shape {theta.shape} and size {tuple(size)}; they are (N, 2, 3) and (N, C, H, "
            "W), or (N, 3, 4) and (N, C, D, H, W), with the same N, all sizes at least 1"
        )
    lines = []
    for axis in reversed(range(axes)):
        n = sizes[axis]
        line = mg.linspace(-1, 1, n, dtype=theta.dtype) if n > 1 else mg.zeros(1, dtype=theta.dtype)
        if not align_corners:
            line = line * ((n - 1) / n)
        lines.append(line.reshape(-1, *(1,) * (axes - 1 - axis)).expand(*sizes))
    points = mg.stack([*lines, mg.ones(sizes, dtype=theta.dtype)], -1).reshape(-1, axes + 1)
    return mg.matmul(points, theta.transpose(1, 2)).reshape(batch, *sizes, axes)
