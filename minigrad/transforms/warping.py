"""Images turned, moved, sheared and bent: the place where each pixel comes from, and one reading of the image there."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from ..errors import ArgumentError
from ..operands import as_flag, as_numbers
from ..tensor import Array
from .images import LARGEST, ImageTransform, Needs, Shape, fills, interval, known_generator
from .resampling import InterpolationMode, interpolation_of, real_of, resampled

__all__ = ["ElasticTransform", "RandomAffine", "RandomDistortion", "RandomRotation"]


class _Warp(ImageTransform):
    """What the transforms below share: an affine map of the image's plane, and a field of displacements."""

    def _options(self, interpolation: Any, fill: Any, generator: "np.random.Generator | None") -> None:
        name = type(self).__name__
        self.interpolation = interpolation_of(name, interpolation)
        if as_numbers(fill, name, "fill").ndim > 1:
            fills(name, fill, 1)
        self.fill = fill
        self.generator = known_generator(generator)

    def _read(self, images: Array, rows: Array, columns: Array) -> Array:
        fill = fills(type(self).__name__, self.fill, images.shape[1])
        return resampled(images, rows, columns, self.interpolation, fill)


def _between(limits: tuple[float, ...], numbers: Array) -> Array:
    return limits[0] + (limits[1] - limits[0]) * numbers


def _matrices(angles: Array, scales: Any, shears: Array, squeezes: Any = 1.0) -> Array:
    """The maps from output to input, (N, 2, 2) on (x, y): the inverse of rotation · shear · scale, y pointing down.

    Angles and shears (N, 2) in degrees; the rotation is clockwise for the eye.
    """
    turn, (across, down) = np.radians(angles), np.tan(np.radians(shears)).T
    # The inverse of [[1, 0], [-down, 1]] · [[1, -across], [0, 1]], and of the rotation, from the left to the right.
    shear = np.stack([np.stack([1 + across * down, across], -1), np.stack([down, np.ones_like(down)], -1)], -2)
    cos, sin = np.cos(turn), np.sin(turn)
    rotation = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)
    factors = np.stack(np.broadcast_arrays(scales * squeezes, scales / squeezes), -1)
    matrices: Array = shear @ rotation / np.broadcast_to(factors, (len(angles), 2))[:, :, None]
    return matrices


def _places(shape: tuple[int, ...], matrices: Array, shifts: Array, center: Any, real: Any) -> tuple[Array, Array]:
    """The rows and columns (N, H, W) that the pixels of the result come from, for shifts (N, 2) in (x, y)."""
    height, width = shape[-2:]
    middle = ((width - 1) / 2, (height - 1) / 2) if center is None else (center[0] - 0.5, center[1] - 0.5)
    across = (np.arange(width) - middle[0] - shifts[:, :1])[:, None, :]
    down = (np.arange(height) - middle[1] - shifts[:, 1:])[:, :, None]
    columns, rows = (
        (matrices[:, axis, 0, None, None] * across).astype(real)
        + (matrices[:, axis, 1, None, None] * down + middle[axis]).astype(real)
        for axis in (0, 1)
    )
    return rows, columns


class RandomAffine(_Warp):
    """Turn, move, scale and shear each image at random, about its centre.

    (*, C, H, W) -> (*, C, H, W). `degrees` is a number for ±degrees or (min, max); `translate` the largest shift in
    parts of the width and of the height, by whole pixels; `scale` (min, max); `shear` in degrees a number, (min,
    max) along x, or four numbers for x and y. Output pixel p shows the input at M⁻¹(p − c − t) + c with M = rotation ·
    shear · scale. `fill` is outside; `center` (x, y) counts from the upper left corner. Raises `ArgumentError` for
    limits that are none.

    >>> import minigrad as mg
    >>> mg.transforms.RandomAffine(15, translate=(0.1, 0.1), scale=(0.9, 1.1))(mg.rand(8, 1, 28, 28)).shape
    (8, 1, 28, 28)
    """

    _shown: ClassVar[tuple[str, ...]] = (
        "degrees", "translate", "scale", "shear", "interpolation", "fill", "center"
    )  # fmt: skip

    def __init__(
        self,
        degrees: Any,
        translate: Any = None,
        scale: Any = None,
        shear: Any = None,
        interpolation: Any = InterpolationMode.NEAREST,
        fill: Any = 0,
        center: Any = None,
        *,
        generator: "np.random.Generator | None" = None,
    ) -> None:
        self._options(interpolation, fill, generator)
        name = type(self).__name__
        self.degrees = interval(name, "degrees", degrees, symmetric=True)
        self.translate = None if translate is None else _shares(name, translate)
        self.scale = None if scale is None else _factors(name, "scale", scale)
        self.shear = None if shear is None else _shears(name, shear)
        self.center = None if center is None else _center(name, center)

    def _plan(self, shape: Shape) -> tuple[Needs, Shape]:
        return [(self.generator, 6)], shape

    def _applied(self, images: Array, numbers: Iterator[Array]) -> Array:
        angle, right, down, scale, *shear = next(numbers).T
        height, width = images.shape[2:]
        share = self.translate or (0.0, 0.0)
        shifts = np.rint(np.stack([(2 * right - 1) * share[0] * width, (2 * down - 1) * share[1] * height], -1))
        limits = self.shear or (0.0, 0.0, 0.0, 0.0)
        shears = np.stack([_between(limits[:2], shear[0]), _between(limits[2:], shear[1])], -1)
        matrices = _matrices(_between(self.degrees, angle), _between(self.scale or (1.0, 1.0), scale), shears)
        return self._read(images, *_places(images.shape, matrices, shifts, self.center, real_of(images.dtype)))


class RandomRotation(_Warp):
    """Turn each image by an angle from ±degrees or (min, max), counter-clockwise for the eye, about its centre.

    (*, C, H, W) -> (*, C, H, W). `fill` is outside; `center` (x, y) counts from the upper left corner. Raises
    `ArgumentError` for limits that are none, and for expand=True: the images of a batch have one size.

    >>> import minigrad as mg
    >>> mg.transforms.RandomRotation((90, 90))(mg.tensor([[[1., 2.], [3., 4.]]])).tolist()
    [[[2.0, 4.0], [1.0, 3.0]]]
    """

    _shown: ClassVar[tuple[str, ...]] = ("degrees", "interpolation", "expand", "fill", "center")

    def __init__(
        self,
        degrees: Any,
        interpolation: Any = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Any = None,
        fill: Any = 0,
        *,
        generator: "np.random.Generator | None" = None,
    ) -> None:
        self._options(interpolation, fill, generator)
        self.degrees = interval("RandomRotation", "degrees", degrees, symmetric=True)
        self.expand = as_flag(expand, "RandomRotation", "expand")
        if self.expand:
            raise ArgumentError(
                "RandomRotation(expand=True) would give every angle its own size, and the images of a batch have one; "
                "put Pad(…) before it"
            )
        self.center = None if center is None else _center("RandomRotation", center)

    def _plan(self, shape: Shape) -> tuple[Needs, Shape]:
        return [(self.generator, 1)], shape

    def _applied(self, images: Array, numbers: Iterator[Array]) -> Array:
        (angle,) = next(numbers).T
        none = np.zeros((len(images), 2))
        matrices = _matrices(-_between(self.degrees, angle), 1.0, none)
        return self._read(images, *_places(images.shape, matrices, none, self.center, real_of(images.dtype)))


class ElasticTransform(_Warp):
    """Bend each image by a smooth random field of displacements (Simard, Steinkraus and Platt 2003).

    (*, C, H, W) -> (*, C, H, W). The field is uniform noise from [−1, 1), blurred by a Gaussian of `sigma` pixels and
    multiplied by alpha/2, as in torchvision: the paper's α of 34 at σ = 4 is an `alpha` of 68 here. Both are numbers,
    or pairs (x, y). `fill` is outside. Raises `ArgumentError` for what is negative.

    >>> import minigrad as mg
    >>> mg.transforms.ElasticTransform(alpha=68, sigma=4)(mg.rand(8, 1, 28, 28)).shape
    (8, 1, 28, 28)
    """

    _shown: ClassVar[tuple[str, ...]] = ("alpha", "sigma", "interpolation", "fill")

    def __init__(
        self,
        alpha: Any = 50.0,
        sigma: Any = 5.0,
        interpolation: Any = InterpolationMode.BILINEAR,
        fill: Any = 0,
        *,
        generator: "np.random.Generator | None" = None,
    ) -> None:
        self._options(interpolation, fill, generator)
        self.alpha = _pair("ElasticTransform", "alpha", alpha)
        self.sigma = _pair("ElasticTransform", "sigma", sigma)

    def _plan(self, shape: Shape) -> tuple[Needs, Shape]:
        return [(self.generator, 2 * shape[1] * shape[2])], shape

    def _applied(self, images: Array, numbers: Iterator[Array]) -> Array:
        real = real_of(images.dtype)
        right, down = _fields(next(numbers), images.shape, self.alpha, self.sigma, real)
        down += np.arange(images.shape[2], dtype=real)[:, None]
        right += np.arange(images.shape[3], dtype=real)
        return self._read(images, down, right)


class RandomDistortion(_Warp):
    """Distort each image of a digit or letter as handwriting varies: affine and elastic, in one reading of the image.

    (*, C, H, W) -> (*, C, H, W). The planar affine maps of LeCun et al. 1998 (shifts by up to `translate` of the
    width and height, in fractions of pixels; `scale`; `squeeze`, which multiplies the width and divides the height;
    `shear` as in `RandomAffine`) and a rotation, followed by the elastic field of `ElasticTransform`. What is None
    stays as it is. The ranges fit images of about 28 × 28 pixels. Raises `ArgumentError` for limits that are none.

    >>> import minigrad as mg
    >>> mg.transforms.RandomDistortion()(mg.rand(8, 1, 28, 28)).shape
    (8, 1, 28, 28)
    """

    _shown: ClassVar[tuple[str, ...]] = (
        "degrees", "translate", "scale", "squeeze", "shear", "alpha", "sigma", "interpolation", "fill"
    )  # fmt: skip

    def __init__(
        self,
        degrees: Any = 10.0,
        translate: Any = (0.06, 0.06),
        scale: Any = (0.87, 1.15),
        squeeze: Any = (0.93, 1.08),
        shear: Any = 10.0,
        alpha: Any = 50.0,
        sigma: Any = 4.0,
        interpolation: Any = InterpolationMode.BILINEAR,
        fill: Any = 0,
        *,
        generator: "np.random.Generator | None" = None,
    ) -> None:
        self._options(interpolation, fill, generator)
        name = type(self).__name__
        self.degrees = None if degrees is None else interval(name, "degrees", degrees, symmetric=True)
        self.translate = None if translate is None else _shares(name, translate)
        self.scale = None if scale is None else _factors(name, "scale", scale)
        self.squeeze = None if squeeze is None else _factors(name, "squeeze", squeeze)
        self.shear = None if shear is None else _shears(name, shear)
        self.alpha = None if alpha is None else _pair(name, "alpha", alpha)
        self.sigma = _pair(name, "sigma", sigma)

    def _plan(self, shape: Shape) -> tuple[Needs, Shape]:
        return [(self.generator, 7 + (2 * shape[1] * shape[2] if self.alpha else 0))], shape

    def _applied(self, images: Array, numbers: Iterator[Array]) -> Array:
        drawn = next(numbers)
        angle, right, down, scale, squeeze, *shear = drawn[:, :7].T
        height, width = images.shape[2:]
        share = self.translate or (0.0, 0.0)
        shifts = np.stack([(2 * right - 1) * share[0] * width, (2 * down - 1) * share[1] * height], -1)
        limits = self.shear or (0.0, 0.0, 0.0, 0.0)
        shears = np.stack([_between(limits[:2], shear[0]), _between(limits[2:], shear[1])], -1)
        matrices = _matrices(
            _between(self.degrees or (0.0, 0.0), angle),
            _between(self.scale or (1.0, 1.0), scale),
            shears,
            _between(self.squeeze or (1.0, 1.0), squeeze),
        )
        real = real_of(images.dtype)
        rows, columns = _places(images.shape, matrices, shifts, None, real)
        if self.alpha:
            across, along = _fields(drawn[:, 7:], images.shape, self.alpha, self.sigma, real)
            columns += across
            rows += along
        return self._read(images, rows, columns)


def _fields(numbers: Array, shape: tuple[int, ...], alpha: Any, sigma: Any, real: Any) -> tuple[Array, Array]:
    """The displacements to the right and down, (N, H, W) each."""
    height, width = shape[2:]
    noise = numbers.reshape(len(numbers), 2, height, width).astype(real)
    noise *= 2
    noise -= 1
    right, down = (
        # One small product for each image: so its bits do not depend on how many there are.
        np.matmul(np.matmul(_blur(height, sigma[axis], real), noise[:, axis]), _blur(width, sigma[axis], real).T)
        * real.type(alpha[axis] / 2)
        for axis in (0, 1)
    )
    return right, down


@lru_cache(maxsize=32)
def _blur(size: int, sigma: float, real: Any) -> Array:
    """The matrix of a Gaussian filter over an axis, mirrored at the ends."""
    unit = np.eye(size)
    if sigma >= 0.125:  # below, the window of 4σ to both sides is one pixel
        from scipy.ndimage import gaussian_filter1d

        unit = gaussian_filter1d(unit, sigma, axis=0, mode="mirror")
    return unit.astype(real)


def _shares(name: str, translate: Any) -> tuple[float, float]:
    shares = as_numbers(translate, name, "translate")
    if shares.shape != (2,) or not ((shares >= 0) & (shares <= 1)).all():
        raise ArgumentError(f"{name}(translate={translate!r}): expected two parts of the width and height, from 0 to 1")
    return float(shares[0]), float(shares[1])


def _factors(name: str, role: str, given: Any) -> tuple[float, float]:
    low, high = interval(name, role, given)
    if low < 1 / LARGEST:
        raise ArgumentError(f"{name}({role}={given!r}): expected (min, max) above 0, at least a millionth")
    return low, high


def _shears(name: str, shear: Any) -> tuple[float, ...]:
    along = as_numbers(shear, name, "shear")
    parts = (along[:2], along[2:]) if along.shape == (4,) else (along, (0, 0))
    found = (*interval(name, "shear", parts[0], symmetric=True), *interval(name, "shear", parts[1]))
    if max(map(abs, found)) >= 90:
        raise ArgumentError(f"{name}(shear={shear!r}): expected angles between -90 and 90 degrees")
    return found


def _center(name: str, center: Any) -> tuple[float, float]:
    point = as_numbers(center, name, "center")
    if point.shape != (2,) or not (np.abs(point) <= LARGEST).all():
        raise ArgumentError(f"{name}(center={center!r}): expected (x, y) in pixels from the upper left corner")
    return float(point[0]), float(point[1])


def _pair(name: str, role: str, given: Any) -> tuple[float, float]:
    numbers = as_numbers(given, name, role)
    if numbers.shape not in ((), (1,), (2,)) or not all(0 <= number <= LARGEST for number in numbers.flat):
        raise ArgumentError(f"{name}({role}={given!r}): expected a number from 0 to a million, or two for x and y")
    first, last = numbers.flat[0], numbers.flat[-1]
    return float(first), float(last)
