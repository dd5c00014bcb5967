"""What the transforms of images share: the layout of a batch, and random numbers for each of its images.

Inside, every batch is an array (N, C, H, W). Each image gets the same count of
uniform numbers, one row of a matrix. So a batch has the numbers that its images
would have one after the other, and the results are the same bits.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from ..creation import from_numpy
from ..errors import ArgumentError, DTypeError, GradError, OutOfMemoryError, ShapeError
from ..operands import as_integer, as_number, as_numbers
from ..random import chosen_generator
from ..tensor import Array, Tensor

__all__ = [
    "LARGEST",
    "ImageTransform",
    "Shape",
    "drawn",
    "exact_numbers",
    "fills",
    "interval",
    "known_generator",
    "probability",
    "sizes",
]

Shape = tuple[int, int, int]
Needs = list[tuple["np.random.Generator | None", int]]

# Pixels that are worked on at once: their coordinates and numbers stay in the cache.
_PIXELS = 1 << 16

# Arrays have the channels last, as `ToTensor` takes them; no picture has more.
_MOST_CHANNELS = 4

# No angle, factor, width of a filter or place in an image is larger.
LARGEST = 1e6


class ImageTransform:
    """A transform of one image or a batch; derived classes say how many random numbers an image needs.

    Tensors are (H, W), (C, H, W) or (N, C, H, W); arrays (H, W), (H, W, C) or (N, H, W, C), as `ToTensor` takes
    them. Each image of a batch gets random numbers of its own.
    """

    generator: "np.random.Generator | None" = None
    _shown: ClassVar[tuple[str, ...]] = ()

    def _plan(self, shape: Shape) -> tuple[Needs, Shape]:
        """The random numbers that an image (C, H, W) needs, and what shape it then has."""
        return [], shape

    def _applied(self, images: Array, numbers: Iterator[Array]) -> Array:
        """The images (N, C, H, W) after the transform, each with its row of the next matrix of random numbers."""
        return images

    def __call__(self, image: Any) -> Any:
        images, restored = _planes(image, type(self).__name__)
        step = max(2, _PIXELS // max(1, math.prod(images.shape[1:])))
        needs, _ = self._plan(images.shape[1:])
        parts = []
        try:
            for start in range(0, max(len(images), 1), step):
                part = images[start : start + step]
                with np.errstate(all="ignore"):
                    parts.append(self._applied(part, iter(drawn(needs, len(part)))))
            return restored(parts[0] if len(parts) == 1 else np.concatenate(parts))
        except MemoryError as error:
            raise OutOfMemoryError(
                f"{self} of images of shape {tuple(image.shape)}: there is no memory for what that asks for"
            ) from error

    def _of_batch(self, images: Any, numbers: Iterator[Array]) -> Any:
        with np.errstate(all="ignore"):
            if isinstance(images, Tensor):
                return from_numpy(self._applied(images.numpy(), numbers)) if images.ndim == 4 else None
            planes = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
            result = self._applied(planes, numbers)
        return result[:, 0] if images.ndim == 3 else result.transpose(0, 2, 3, 1)

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)}" for name in self._shown if getattr(self, name) is not None)
        return f"{type(self).__name__}({', '.join(shown)})"


def _planes(image: Any, name: str) -> tuple[Array, Callable[[Array], Any]]:
    """The batch (N, C, H, W) that an image or batch is, and what brings a result back into the form that arrived."""
    if not isinstance(image, Tensor | np.ndarray) or image.dtype.kind not in "biuf":
        raise DTypeError(
            f"{name} got a {type(image).__name__}{f' of {image.dtype}' if hasattr(image, 'dtype') else ''}; it takes "
            "images as tensors or NumPy arrays of numbers"
        )
    shape, rank = tuple(image.shape), image.ndim
    if isinstance(image, Tensor):
        if image.requires_grad:
            raise GradError(f"{name} got a tensor that requires gradients, which it does not pass on; detach() it")
        if rank in (2, 3, 4):
            images = image.numpy().reshape((1,) * (4 - rank) + shape)
            return images, lambda result: from_numpy(np.ascontiguousarray(result[(0,) * (4 - rank)]))
    elif rank == 2:
        return image[None, None], lambda result: np.ascontiguousarray(result[0, 0])
    elif rank in (3, 4) and shape[-1] <= _MOST_CHANNELS:
        images = (image if rank == 4 else image[None]).transpose(0, 3, 1, 2)
        return images, lambda result: np.ascontiguousarray(result.transpose(0, 2, 3, 1)[(0,) * (4 - rank)])
    raise ShapeError(
        f"{name} got {'a tensor' if isinstance(image, Tensor) else 'an array'} of shape {shape}; it takes tensors "
        f"(H, W), (C, H, W) or (N, C, H, W), and arrays (H, W), (H, W, C) or (N, H, W, C) with at most "
        f"{_MOST_CHANNELS} channels. Channels first in an array? Make a tensor of it, by minigrad.from_numpy"
    )


def drawn(needs: Needs, count: int) -> list[Array]:
    """Uniform numbers from [0, 1) for so many images: a matrix (count, need) for each need, drawn image by image.

    >>> import minigrad as mg
    >>> from minigrad.transforms.images import drawn
    >>> [part.shape for part in drawn([(None, 2), (mg.Generator(), 3)], 4)]
    [(4, 2), (4, 3)]
    """
    generators = [chosen_generator(generator) for generator, _ in needs]
    totals: dict[int, int] = {}
    starts = []
    for generator, (_, need) in zip(generators, needs, strict=True):
        starts.append(totals.get(id(generator), 0))
        totals[id(generator)] = starts[-1] + need
    whole: dict[int, Array] = {}
    for generator in generators:
        if id(generator) not in whole:
            whole[id(generator)] = generator.random((count, totals[id(generator)]))
    return [
        whole[id(generator)][:, start : start + need]
        for generator, start, (_, need) in zip(generators, starts, needs, strict=True)
    ]


def known_generator(generator: "np.random.Generator | None") -> "np.random.Generator | None":
    """The generator itself, or None for the calling thread's; raises `DTypeError` for anything else.

    >>> from minigrad.transforms.images import known_generator
    >>> known_generator(None) is None
    True
    """
    if generator is not None:
        chosen_generator(generator)
    return generator


def interval(name: str, role: str, value: Any, symmetric: bool = False) -> tuple[float, float]:
    """Two numbers in rising order; where `symmetric`, one number v stands for (−v, v)."""
    numbers = as_numbers(value, name, role)
    if symmetric and numbers.ndim == 0 and numbers >= 0:
        numbers = np.array([-numbers, numbers])
    if numbers.shape != (2,) or not (np.abs(numbers) <= LARGEST).all() or numbers[0] > numbers[1]:
        single = ", or one that is not negative" if symmetric else ""
        raise ArgumentError(
            f"{name}({role}={value!r}): expected two numbers of at most a million, the smaller first{single}"
        )
    return float(numbers[0]), float(numbers[1])


def probability(name: str, p: Any) -> float:
    """Return `p` if it is a probability."""
    chance = as_number(p, name, "p")
    if not 0 <= chance <= 1:
        raise ArgumentError(f"{name}(p={p!r}): expected a probability, from 0 to 1")
    return chance


def sizes(name: str, role: str, value: Any, counts: Sequence[int], least: int) -> list[int]:
    """Integers of at least `least`: one, or a list of as many as `counts` allows."""
    numbers = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    found = [as_integer(number, name, role) for number in numbers]
    if len(found) not in counts or not all(least <= number <= LARGEST for number in found):
        allowed = " or ".join(map(str, counts))
        raise ArgumentError(
            f"{name}({role}={value!r}): expected {allowed} integers of at least {least}, and at most a million"
        )
    return found


def exact_numbers(values: Any, name: str, role: str) -> Array:
    """Numbers as `as_numbers` takes them, where integers stay integers, of which floats hold 53 bits.

    >>> from minigrad.transforms.images import exact_numbers
    >>> exact_numbers(2**53 + 1, "Pad", "fill").item(), exact_numbers(0.5, "Pad", "fill").item()
    (9007199254740993, 0.5)
    """
    found = as_numbers(values, name, role)
    given = np.asarray(values.detach() if isinstance(values, Tensor) else values)
    return given if given.dtype.kind in "iu" else found


def fills(name: str, fill: Any, channels: int) -> Array:
    """The value for each channel, (C,), where one number stands for all."""
    values = exact_numbers(0 if fill is None else fill, name, "fill")
    if values.ndim > 1 or values.size not in (1, channels):
        raise ArgumentError(
            f"{name}(fill={fill!r}) got an image of {channels} channels; expected one number, or one for each channel"
        )
    return np.broadcast_to(values.ravel(), (channels,))
