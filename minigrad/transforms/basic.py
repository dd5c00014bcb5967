"""From images to tensors, and transforms made of transforms."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..creation import from_numpy
from ..errors import ArgumentError, DTypeError, GradError, ShapeError
from ..explaining import iterable
from ..operands import as_numbers
from ..ops.joining import stack
from ..random import chosen_generator
from ..tensor import Array, Tensor
from . import framing, noise, warping
from .images import ImageTransform, Needs, Shape, drawn, known_generator, probability

__all__ = ["Compose", "Lambda", "Normalize", "RandomApply", "ToTensor", "transformed"]

Transform = Callable[[Any], Any]

_BYTE_MAXIMUM = np.float32(255)


class Compose:
    """Several transforms, one after the other.

    >>> from minigrad.transforms import Compose, Normalize, ToTensor
    >>> Compose([ToTensor(), Normalize((0.1307,), (0.3081,))])
    Compose(
        ToTensor()
        Normalize(mean=(0.1307,), std=(0.3081,))
    )
    """

    def __init__(self, transforms: Sequence[Transform]) -> None:
        if not iterable(transforms):
            raise DTypeError(f"Compose got a {type(transforms).__name__}; it takes a list of transforms")
        self.transforms = transforms if isinstance(transforms, Sequence) else list(transforms)
        for place, transform in enumerate(self.transforms):
            if not callable(transform):
                raise DTypeError(f"Compose got {transform!r} in place {place}; a transform is a function of an image")

    def __call__(self, image: Any) -> Any:
        for transform in self.transforms:
            image = transform(image)
        return image

    def _plan(self, shape: Shape) -> tuple[Needs, Shape]:
        needs: Needs = []
        for transform in self.transforms:
            more, shape = transform._plan(shape)  # type: ignore[attr-defined]
            needs += more
        return needs, shape

    def _of_batch(self, images: Any, numbers: Iterator[Array]) -> Any:
        for transform in self.transforms:
            images = None if images is None else transform._of_batch(images, numbers)  # type: ignore[attr-defined]
        return images

    def __repr__(self) -> str:
        return "\n".join([f"{type(self).__name__}(", *(f"    {transform}" for transform in self.transforms), ")"])


class _Fixed:
    """A transform that draws no numbers and keeps the shape (C, H, W)."""

    def _plan(self, shape: Shape) -> tuple[Needs, Shape]:
        return [], shape


class ToTensor(_Fixed):
    """An image array as a tensor with the channels first; bytes 0 … 255 become float32 0 … 1.

    (H, W) -> (1, H, W), (H, W, C) -> (C, H, W). Other dtypes than uint8 keep their values and dtype. The tensor has
    memory of its own. Raises `DTypeError` for anything but an array of numbers, `ShapeError` for other ranks.

    >>> import minigrad as mg, numpy as np
    >>> mg.transforms.ToTensor()(np.array([[0, 255]], np.uint8)).tolist()
    [[[0.0, 1.0]]]
    """

    def __call__(self, image: Array) -> Tensor:
        if not isinstance(image, np.ndarray):
            raise DTypeError(
                f"ToTensor got a {type(image).__name__}; it takes a NumPy array (H, W) or (H, W, C). "
                + ("A tensor needs no ToTensor" if isinstance(image, Tensor) else "Try numpy.asarray(image)")
            )
        if image.ndim == 2:
            channels_first = image[None]
        elif image.ndim == 3:
            channels_first = image.transpose(2, 0, 1)
        else:
            raise ShapeError(
                f"ToTensor got shape {image.shape}; it takes one image, (H, W) or (H, W, C). A batch (N, H, W) of "
                "bytes: minigrad.from_numpy(batch[:, None] / numpy.float32(255))"
            )
        return self._floats(channels_first)

    def _floats(self, images: Array) -> Tensor:
        if images.dtype == np.uint8:
            return from_numpy(np.divide(images, _BYTE_MAXIMUM, order="C"))
        return from_numpy(np.array(images, order="C"))

    def _of_batch(self, images: Any, numbers: Iterator[Array]) -> Tensor | None:
        if not isinstance(images, np.ndarray) or images.ndim not in (3, 4):
            return None
        return self._floats(images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Normalize(_Fixed):
    """(x − mean) / std, with a mean and a standard deviation for each channel.

    (*, C, H, W) -> (*, C, H, W), float. `inplace=True` changes the tensor that is passed. Raises `ArgumentError`
    for a std of zero and for numbers that are not finite, `ShapeError` if the channels do not fit, `DTypeError` for
    anything but a float tensor.

    >>> import minigrad as mg
    >>> mg.transforms.Normalize((0.5,), (0.25,))(mg.ones(1, 1, 2)).tolist()
    [[[2.0, 2.0]]]
    """

    def __init__(self, mean: Sequence[float] | float, std: Sequence[float] | float, inplace: bool = False) -> None:
        self.mean = mean
        self.std = std
        self.inplace = inplace
        self._by_dtype: dict[np.dtype[Any], tuple[Array, ...]] = {}
        self._statistics(np.dtype(np.float64))

    def _statistics(self, dtype: np.dtype[Any]) -> tuple[Array, ...]:
        """Return mean and std as (C, 1, 1) arrays of the dtype."""
        found = self._by_dtype.get(dtype)
        if found is None:
            found = (_per_channel("mean", self.mean, dtype), _per_channel("std", self.std, dtype))
            if not np.all(found[1]):
                raise ArgumentError(
                    f"Normalize(std={self.std!r}) is {found[1].ravel().tolist()} in {dtype}, and is divided by; "
                    "expected no 0 in it. Is a channel constant? Give it a std of 1"
                )
            if len({len(values) for values in found} - {1}) > 1:
                raise ArgumentError(
                    f"Normalize(mean={self.mean!r}, std={self.std!r}) has {len(found[0])} means and {len(found[1])} "
                    "standard deviations; give one of each for each channel"
                )
            self._by_dtype[dtype] = found
        return found

    def __call__(self, image: Tensor) -> Tensor:
        if not isinstance(image, Tensor) or image.dtype.kind != "f":
            raise DTypeError(
                f"Normalize got a {f'tensor of {image.dtype}' if isinstance(image, Tensor) else type(image).__name__}; "
                "expected a float tensor. Put ToTensor() before it"
            )
        mean, std = self._statistics(image.dtype)
        channels = max(len(mean), len(std))
        if image.ndim < 3 or channels not in (1, image.shape[-3]):
            raise ShapeError(
                f"Normalize(mean={self.mean!r}, std={self.std!r}) got shape {tuple(image.shape)}; expected (*, "
                f"{channels if channels > 1 else 'C'}, H, W). Are the channels last, or missing?"
            )
        if image.requires_grad:
            if self.inplace:
                raise GradError("Normalize(inplace=True) got a tensor that requires gradients; use inplace=False")
            return (image - from_numpy(mean)) / from_numpy(std)
        if self.inplace:
            image -= from_numpy(mean)
            image /= from_numpy(std)
            return image
        result = image.numpy() - mean
        result /= std
        return from_numpy(result)

    def _of_batch(self, images: Any, numbers: Iterator[Array]) -> Tensor | None:
        if not isinstance(images, Tensor) or images.dtype.kind != "f" or images.ndim < 4:
            return None
        mean, std = self._statistics(images.dtype)
        if max(len(mean), len(std)) not in (1, images.shape[-3]):
            return None
        values = images.numpy()  # of a batch that nobody else sees
        values -= mean
        values /= std
        return images

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


def _per_channel(name: str, given: Any, dtype: np.dtype[Any]) -> Array:
    with np.errstate(over="ignore"):
        values = as_numbers(given, "Normalize", name).astype(dtype)
    if values.ndim > 1 or not values.size or not np.all(np.isfinite(values)):
        raise ArgumentError(
            f"Normalize({name}={given!r}) is {values.tolist()} in {dtype}; expected one finite number per channel"
        )
    return values.reshape(-1, 1, 1)


class Lambda:
    """Any function of one argument as a transform; raises `DTypeError` for what cannot be called.

    >>> import minigrad as mg
    >>> mg.transforms.Lambda(lambda label: label % 2)(7)
    1
    """

    def __init__(self, lambd: Transform) -> None:
        if not callable(lambd):
            raise DTypeError(f"Lambda got {lambd!r}, a {type(lambd).__name__}; expected a function of one argument")
        self.lambd = lambd

    def __call__(self, image: Any) -> Any:
        return self.lambd(image)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class RandomApply(ImageTransform):
    """Apply a list of transforms to each image with probability `p`, and else leave it as it is.

    Of a batch, each image is decided on by itself; all must then have one shape. Raises `DTypeError` for what is no
    list of transforms, `ArgumentError` for what is no probability, `ShapeError` for a batch in which only some images
    would change their shape.

    >>> import minigrad as mg
    >>> noisy = mg.transforms.RandomApply([mg.transforms.GaussianNoise(sigma=0.5)], p=0.3)
    >>> noisy(mg.rand(8, 1, 28, 28)).shape
    (8, 1, 28, 28)
    """

    def __init__(
        self, transforms: Sequence[Transform], p: float = 0.5, *, generator: "np.random.Generator | None" = None
    ) -> None:
        self.transforms = Compose(transforms).transforms
        self.p = probability("RandomApply", p)
        self.generator = known_generator(generator)

    def __call__(self, image: Any) -> Any:
        if all(_of_images(transform) for transform in self.transforms):
            return super().__call__(image)
        if getattr(image, "ndim", 0) == 4:
            if not len(image):
                return image
            results = [self(one) for one in image]
            return stack(results) if isinstance(image, Tensor) else np.stack(results)
        if chosen_generator(self.generator).random() < self.p:
            for transform in self.transforms:
                image = transform(image)
        return image

    def _plan(self, shape: Shape) -> tuple[Needs, Shape]:
        needs: Needs = [(self.generator, 1)]
        for transform in self.transforms:
            more, shape = transform._plan(shape)  # type: ignore[attr-defined]
            needs += more
        return needs, shape

    def _applied(self, images: Array, numbers: Iterator[Array]) -> Array:
        chosen = next(numbers)[:, 0] < self.p
        rows = (part[chosen] for part in numbers)
        changed = images[chosen]
        for transform in self.transforms:
            changed = transform._applied(changed, rows)  # type: ignore[attr-defined]
        if len(images) > 1 and changed.shape[1:] != images.shape[1:] and 0 < self.p < 1:
            raise ShapeError(
                f"RandomApply got images of shape {images.shape[1:]}, and its transforms make {changed.shape[1:]} of "
                "some of them; in a batch all keep their shape"
            )
        if chosen.all():
            return changed
        result = images.copy()
        if chosen.any():
            result[chosen] = changed
        return result

    def __repr__(self) -> str:
        return "\n".join(
            [f"{type(self).__name__}(", f"    p={self.p}", *(f"    {transform}" for transform in self.transforms), ")"]
        )


def transformed(transform: Any, images: Array) -> Tensor | None:
    """What a transform makes of each image of a fresh batch, stacked; None if only one by one is sure to give it.

    >>> import numpy as np
    >>> from minigrad.transforms import ToTensor, transformed
    >>> transformed(ToTensor(), np.zeros((2, 28, 28), np.uint8)).shape
    (2, 1, 28, 28)
    """
    result: Any = images
    if transform is not None:
        if not _batched(transform) or images.ndim not in (3, 4):
            return None
        shape = (1, *images.shape[1:]) if images.ndim == 3 else (images.shape[3], *images.shape[1:3])
        needs, _ = transform._plan(shape)
        result = transform._of_batch(images, iter(drawn(needs, len(images))))
    return from_numpy(np.ascontiguousarray(result)) if isinstance(result, np.ndarray) else result


def _batched(transform: Any) -> bool:
    """Whether a transform is one of ours all through; a subclass may do what it likes to an image."""
    if type(transform) is Compose:
        return all(map(_batched, transform.transforms))
    return type(transform) in (ToTensor, Normalize) or _of_images(transform)


def _of_images(transform: Any) -> bool:
    if type(transform) is RandomApply:
        return all(map(_of_images, transform.transforms))
    return type(transform) in _IMAGE_TRANSFORMS


_IMAGE_TRANSFORMS = {getattr(module, name) for module in (framing, noise, warping) for name in module.__all__}
