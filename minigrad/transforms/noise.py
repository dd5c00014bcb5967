"""Images spoilt on purpose: noise, and parts that are missing."""

import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from ..errors import ArgumentError, DTypeError
from ..operands import as_flag, as_number, as_numbers
from ..tensor import Array, Tensor
from .images import ImageTransform, Needs, Shape, exact_numbers, interval, known_generator, probability
from .resampling import rounded

__all__ = ["GaussianNoise", "RandomErasing"]

# How often a rectangle is drawn that may be too large for the image, as in torchvision.
_ATTEMPTS = 10


def _normal(numbers: Array) -> Array:
    """Normal numbers from pairs of uniform ones, (N, 2k) -> (N, 2k) (Box and Muller 1958)."""
    half = numbers.shape[1] // 2
    radius = np.sqrt(-2 * np.log1p(-numbers[:, :half]))
    angle = 2 * math.pi * numbers[:, half:]
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


class GaussianNoise(ImageTransform):
    """Add normal noise to each value; `clip=True` then keeps it in [0, 1].

    (*, C, H, W) -> (*, C, H, W), float. Raises `ArgumentError` for a negative sigma or a mean that is not finite,
    `DTypeError` for integers.

    >>> import minigrad as mg
    >>> mg.transforms.GaussianNoise(sigma=0.5)(mg.rand(8, 1, 28, 28)).max() <= 1
    tensor(True)
    """

    _shown: ClassVar[tuple[str, ...]] = ("mean", "sigma", "clip")

    def __init__(
        self,
        mean: float = 0.0,
        sigma: float = 0.1,
        clip: bool = True,
        *,
        generator: "np.random.Generator | None" = None,
    ) -> None:
        self.mean = as_number(mean, "GaussianNoise", "mean")
        self.sigma = as_number(sigma, "GaussianNoise", "sigma")
        if not math.isfinite(self.mean):
            raise ArgumentError(f"GaussianNoise(mean={mean!r}): a mean is finite")
        if not 0 <= self.sigma < math.inf:
            raise ArgumentError(f"GaussianNoise(sigma={sigma!r}): a standard deviation is finite and not negative")
        self.clip = as_flag(clip, "GaussianNoise", "clip")
        self.generator = known_generator(generator)

    def _plan(self, shape: Shape) -> tuple[Needs, Shape]:
        values = math.prod(shape)
        return [(self.generator, values + values % 2)], shape

    def _applied(self, images: Array, numbers: Iterator[Array]) -> Array:
        if images.dtype.kind != "f":
            raise DTypeError(f"GaussianNoise got an image of {images.dtype}; expected floats. Put ToTensor() before it")
        noise = _normal(next(numbers))[:, : math.prod(images.shape[1:])]
        noise *= self.sigma
        noise += self.mean
        values = images + noise.reshape(images.shape)
        if self.clip:
            np.clip(values, 0, 1, out=values)
        return values.astype(images.dtype)


class RandomErasing(ImageTransform):
    """Overwrite a random rectangle of each image, with probability `p`.

    (*, C, H, W) -> (*, C, H, W). Its area is a part of the image's from `scale`, its height / width from `ratio`, even
    on a logarithmic axis; `value` is a number, one for each channel, or "random" for normal noise. `inplace` writes
    into the tensor or array that is passed. Raises `ArgumentError` for limits that are none, and for writing into a
    read-only array.

    >>> import minigrad as mg
    >>> (mg.transforms.RandomErasing(p=1.0)(mg.ones(8, 1, 28, 28)) == 0).any()
    tensor(True)
    """

    _shown: ClassVar[tuple[str, ...]] = ("p", "scale", "ratio", "value", "inplace")

    def __init__(
        self,
        p: float = 0.5,
        scale: Any = (0.02, 0.33),
        ratio: Any = (0.3, 3.3),
        value: Any = 0.0,
        inplace: bool = False,
        *,
        generator: "np.random.Generator | None" = None,
    ) -> None:
        self.p = probability("RandomErasing", p)
        self.scale = interval("RandomErasing", "scale", scale)
        self.ratio = interval("RandomErasing", "ratio", ratio)
        if self.scale[0] < 0 or self.scale[1] > 1 or self.ratio[0] <= 0:
            raise ArgumentError(
                f"RandomErasing(scale={scale!r}, ratio={ratio!r}): expected parts of the area from 0 to 1, and ratios "
                "above 0"
            )
        self.value = value
        if not (isinstance(value, str) and value == "random"):
            as_numbers(value, "RandomErasing", "value")
        self.inplace = as_flag(inplace, "RandomErasing", "inplace")
        self.generator = known_generator(generator)

    def __call__(self, image: Any) -> Any:
        if self.inplace and isinstance(image, np.ndarray) and not image.flags.writeable:
            raise ArgumentError(
                "RandomErasing(inplace=True) got an array that is read-only; pass a copy of it, or leave inplace away"
            )
        result = super().__call__(image)
        if not self.inplace:
            return result
        if isinstance(image, Tensor):
            return image.copy_(result)
        image[...] = result
        return image

    def _plan(self, shape: Shape) -> tuple[Needs, Shape]:
        values = math.prod(shape) if isinstance(self.value, str) else 0
        return [(self.generator, 3 + 2 * _ATTEMPTS + values + values % 2)], shape

    def _applied(self, images: Array, numbers: Iterator[Array]) -> Array:
        drawn = next(numbers)
        height, width = images.shape[2:]
        low, high = np.log(self.ratio)
        areas = self.scale[0] + (self.scale[1] - self.scale[0]) * drawn[:, 3 : 3 + _ATTEMPTS]
        ratios = np.exp(low + (high - low) * drawn[:, 3 + _ATTEMPTS : 3 + 2 * _ATTEMPTS])
        tall = np.rint(np.sqrt(areas * height * width * ratios))
        wide = np.rint(np.sqrt(areas * height * width / ratios))
        fits = (tall < height) & (wide < width)
        first = fits.argmax(1)[:, None]
        tall, wide = (np.take_along_axis(sides, first, 1)[:, 0] for sides in (tall, wide))
        erased = fits.any(1) & (drawn[:, 0] < self.p)
        top, left = (drawn[:, 1] * (height - tall + 1)) // 1, (drawn[:, 2] * (width - wide + 1)) // 1
        rows, columns = np.arange(height), np.arange(width)
        inside = (rows >= top[:, None]) & (rows < (top + tall)[:, None]) & erased[:, None]
        across = (columns >= left[:, None]) & (columns < (left + wide)[:, None])
        mask = (inside[:, :, None] & across[:, None, :])[:, None]
        return np.where(mask, self._values(images, drawn[:, 3 + 2 * _ATTEMPTS :]), images)

    def _values(self, images: Array, numbers: Array) -> Array:
        if isinstance(self.value, str):
            values = _normal(numbers)[:, : math.prod(images.shape[1:])].reshape(images.shape)
        else:
            values = exact_numbers(self.value, "RandomErasing", "value").reshape(-1, 1, 1)
            if len(values) not in (1, images.shape[1]):
                raise ArgumentError(
                    f"RandomErasing(value={self.value!r}) got an image of {images.shape[1]} channels; expected one "
                    "number, or one for each channel"
                )
        return rounded(values, images.dtype)
