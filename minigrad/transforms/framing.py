"""What of an image is seen: padding, cropping, flipping, resizing."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from ..creation import from_numpy
from ..errors import ArgumentError, ShapeError
from ..operands import as_flag, as_numbers
from ..ops.resampling import resize
from ..tensor import Array
from .images import ImageTransform, Needs, Shape, fills, known_generator, probability, sizes
from .resampling import InterpolationMode, interpolation_of, real_of, rounded

__all__ = ["CenterCrop", "Pad", "RandomCrop", "RandomHorizontalFlip", "RandomVerticalFlip", "Resize"]

_MODES = ("constant", "edge", "reflect", "symmetric")

Margins = tuple[int, int, int, int]


class Pad(ImageTransform):
    """Add margins: `padding` on all sides, (left and right, top and bottom), or (left, top, right, bottom).

    (*, C, H, W) -> (*, C, H + top + bottom, W + left + right). `padding_mode` is 'constant' with `fill`, 'edge',
    'reflect' or 'symmetric'. Raises `ArgumentError` for negative margins, `ShapeError` where an image is too small
    to be reflected.

    >>> import minigrad as mg
    >>> mg.transforms.Pad((1, 0), fill=7)(mg.ones(1, 1, 2)).tolist()
    [[[7.0, 1.0, 1.0, 7.0]]]
    """

    _shown: ClassVar[tuple[str, ...]] = ("padding", "fill", "padding_mode")

    def __init__(self, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> None:
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode
        _check_fill("Pad", fill)
        self._margins = _margins("Pad", padding, padding_mode)

    def _plan(self, shape: Shape) -> tuple[Needs, Shape]:
        left, top, right, bottom = self._margins
        return [], (shape[0], shape[1] + top + bottom, shape[2] + left + right)

    def _applied(self, images: Array, numbers: Iterator[Array]) -> Array:
        return _padded("Pad", images, self._margins, self.fill, self.padding_mode)


class CenterCrop(ImageTransform):
    """Cut out the middle: `size` is (height, width), or one number for both; a smaller image gets margins of 0.

    (*, C, H, W) -> (*, C, height, width). Raises `ArgumentError` for a size below 1.

    >>> import minigrad as mg
    >>> mg.transforms.CenterCrop(2)(mg.arange(16).reshape(1, 4, 4)).tolist()
    [[[5, 6], [9, 10]]]
    """

    _shown: ClassVar[tuple[str, ...]] = ("size",)

    def __init__(self, size: Any) -> None:
        self.size = _size("CenterCrop", size)

    def _plan(self, shape: Shape) -> tuple[Needs, Shape]:
        return [], (shape[0], *self.size)

    def _applied(self, images: Array, numbers: Iterator[Array]) -> Array:
        missing = [max(want - have, 0) for want, have in zip(self.size, images.shape[2:], strict=True)]
        top, left = (lack // 2 for lack in missing)
        if any(missing):
            images = _padded("CenterCrop", images, (left, top, missing[1] - left, missing[0] - top), 0, "constant")
        top, left = (round((have - want) / 2) for want, have in zip(self.size, images.shape[2:], strict=True))
        return images[:, :, top : top + self.size[0], left : left + self.size[1]].copy()


class RandomCrop(ImageTransform):
    """Cut a part of `size` out of each image, at a random place, after adding margins as `Pad` does.

    (*, C, H, W) -> (*, C, height, width). `pad_if_needed` adds margins to what is smaller than `size`; without it
    that raises `ShapeError`. Raises `ArgumentError` for a size below 1 or negative margins.

    >>> import minigrad as mg
    >>> mg.transforms.RandomCrop(32, padding=4)(mg.rand(8, 3, 32, 32)).shape
    (8, 3, 32, 32)
    """

    _shown: ClassVar[tuple[str, ...]] = ("size", "padding", "pad_if_needed", "fill", "padding_mode")

    def __init__(
        self,
        size: Any,
        padding: Any = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
        *,
        generator: "np.random.Generator | None" = None,
    ) -> None:
        self.size = _size("RandomCrop", size)
        self.padding = padding
        self.pad_if_needed = as_flag(pad_if_needed, "RandomCrop", "pad_if_needed")
        self.fill = fill
        self.padding_mode = padding_mode
        _check_fill("RandomCrop", fill)
        self._margins = _margins("RandomCrop", 0 if padding is None else padding, padding_mode)
        self.generator = known_generator(generator)

    def _plan(self, shape: Shape) -> tuple[Needs, Shape]:
        return [(self.generator, 2)], (shape[0], *self.size)

    def _applied(self, images: Array, numbers: Iterator[Array]) -> Array:
        left, top, right, bottom = self._margins
        if self.pad_if_needed:
            down, across = (
                max(want - have, 0)
                for want, have in zip(
                    self.size, (images.shape[2] + top + bottom, images.shape[3] + left + right), strict=True
                )
            )
            left, top, right, bottom = left + across, top + down, right + across, bottom + down
        images = _padded("RandomCrop", images, (left, top, right, bottom), self.fill, self.padding_mode)
        free = [have - want for want, have in zip(self.size, images.shape[2:], strict=True)]
        if min(free) < 0:
            raise ShapeError(
                f"RandomCrop(size={self.size}) got images of {images.shape[2]} × {images.shape[3]} pixels, margins "
                "included; they are smaller. Give padding=, or pad_if_needed=True"
            )
        row, column = ((part * (room + 1)).astype(np.intp) for part, room in zip(next(numbers).T, free, strict=True))
        windows = np.lib.stride_tricks.sliding_window_view(images, self.size, (2, 3))
        return windows[np.arange(len(images)), :, row, column]


class _RandomFlip(ImageTransform):
    _shown: ClassVar[tuple[str, ...]] = ("p",)
    _axis: ClassVar[int]

    def __init__(self, p: float = 0.5, *, generator: "np.random.Generator | None" = None) -> None:
        self.p = probability(type(self).__name__, p)
        self.generator = known_generator(generator)

    def _plan(self, shape: Shape) -> tuple[Needs, Shape]:
        return [(self.generator, 1)], shape

    def _applied(self, images: Array, numbers: Iterator[Array]) -> Array:
        flipped = (next(numbers) < self.p).reshape(-1, 1, 1, 1)
        return np.where(flipped, np.flip(images, self._axis), images)


class RandomHorizontalFlip(_RandomFlip):
    """Exchange left and right in each image with probability `p`; raises `ArgumentError` for what is none.

    >>> import minigrad as mg
    >>> mg.transforms.RandomHorizontalFlip(p=1.0)(mg.tensor([[[1, 2]]])).tolist()
    [[[2, 1]]]
    """

    _axis = 3


class RandomVerticalFlip(_RandomFlip):
    """Exchange top and bottom in each image with probability `p`; raises `ArgumentError` for what is none.

    >>> import minigrad as mg
    >>> mg.transforms.RandomVerticalFlip(p=1.0)(mg.tensor([[[1], [2]]])).tolist()
    [[[2], [1]]]
    """

    _axis = 2


class Resize(ImageTransform):
    """Resize to (height, width), or so that the shorter side has `size` pixels.

    (*, C, H, W) -> (*, C, height, width). `antialias` widens the bilinear weights where the image shrinks. `max_size`
    limits the longer side, for one `size`; the shorter one keeps at least one pixel. Raises `ArgumentError` for a size
    below 1, or a `max_size` that is smaller, `ShapeError` for images without pixels.

    >>> import minigrad as mg
    >>> mg.transforms.Resize(14)(mg.rand(8, 1, 28, 42)).shape
    (8, 1, 14, 21)
    """

    _shown: ClassVar[tuple[str, ...]] = ("size", "interpolation", "max_size", "antialias")

    def __init__(
        self,
        size: Any,
        interpolation: Any = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        self.size = sizes("Resize", "size", size, (1, 2), 1)
        self.interpolation = interpolation_of("Resize", interpolation)
        self.max_size = None if max_size is None else sizes("Resize", "max_size", max_size, (1,), 1)[0]
        self.antialias = as_flag(bool(antialias) if antialias is None else antialias, "Resize", "antialias")
        if self.max_size is not None and (len(self.size) == 2 or self.max_size <= self.size[0]):
            raise ArgumentError(
                f"Resize(size={size!r}, max_size={max_size}): max_size goes with one size, and is larger than it"
            )

    def _plan(self, shape: Shape) -> tuple[Needs, Shape]:
        if not shape[1] or not shape[2]:
            raise ShapeError(f"Resize got images of {shape[1]} × {shape[2]} pixels; there is nothing to make pixels of")
        if len(self.size) == 2:
            return [], (shape[0], self.size[0], self.size[1])
        short, long = sorted(shape[1:])
        want = (self.size[0], int(self.size[0] * long / short))
        if self.max_size is not None and want[1] > self.max_size:
            want = (max(1, int(self.max_size * want[0] / want[1])), self.max_size)
        height, width = want if shape[1] <= shape[2] else want[::-1]
        return [], (shape[0], height, width)

    def _applied(self, images: Array, numbers: Iterator[Array]) -> Array:
        _, (_, *size) = self._plan(images.shape[1:])
        if tuple(size) == images.shape[2:]:
            return images.copy()
        bilinear = self.interpolation is InterpolationMode.BILINEAR
        kept = not bilinear or images.dtype == np.uint8  # which are rounded as PyTorch rounds them
        values = from_numpy(np.ascontiguousarray(images, images.dtype if kept else real_of(images.dtype)))
        found = resize(values, size, mode="linear" if bilinear else "nearest", antialias=bilinear and self.antialias)
        return rounded(found.numpy(), images.dtype)


def _size(name: str, size: Any) -> tuple[int, int]:
    found = sizes(name, "size", size, (1, 2), 1)
    return found[0], found[-1]


def _check_fill(name: str, fill: Any) -> None:
    """Refuse what is no number; how many there are is seen beside an image."""
    if fill is not None:
        as_numbers(fill, name, "fill")


def _margins(name: str, padding: Any, mode: Any) -> Margins:
    found = sizes(name, "padding", padding, (1, 2, 4), 0)
    if not isinstance(mode, str) or mode not in _MODES:
        raise ArgumentError(f"{name}(padding_mode={mode!r}): expected one of {', '.join(_MODES)}")
    left, top, right, bottom = found * (4 // len(found))
    return left, top, right, bottom


def _padded(name: str, images: Array, margins: Margins, fill: Any, mode: Any) -> Array:
    left, top, right, bottom = margins
    if not any(margins):
        return images.copy()
    if mode == "constant":
        values = fills(name, fill, images.shape[1])
        height, width = images.shape[2:]
        result = np.empty((*images.shape[:2], height + top + bottom, width + left + right), images.dtype)
        result[...] = rounded(values, images.dtype)[:, None, None]
        result[:, :, top : top + height, left : left + width] = images
        return result
    room = [size - (mode == "reflect") for size in images.shape[2:]]
    if (mode != "edge" and (max(top, bottom) > room[0] or max(left, right) > room[1])) or min(images.shape[2:]) == 0:
        raise ShapeError(
            f"{name}(padding_mode={mode!r}) got images of {images.shape[2]} × {images.shape[3]} pixels, which are too "
            f"small for margins of (left, top, right, bottom) = {margins}; use 'edge' or 'constant'"
        )
    rows, columns = (
        np.pad(np.arange(size), around, mode=mode)
        for size, around in zip(images.shape[2:], ((top, bottom), (left, right)), strict=True)
    )
    return images[:, :, rows[:, None], columns]
