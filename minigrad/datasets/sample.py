"""A sample of MNIST that comes with the package."""

import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ..errors import DataError, DTypeError
from ..tensor import Array
from .mnist import MNIST, ImageDataset, Transform

__all__ = ["MNISTSample", "mnist_sample"]

SAMPLE_PATH = Path(__file__).with_name("mnist_sample.npz")


class MNISTSample(ImageDataset):
    """6 000 of MNIST's training images or 1 000 of its test images, equally many of each digit, in random order.

    Made by `mnist_sample`; the interface is that of `MNIST`. How it was chosen, and the terms of use (CC BY-SA 3.0),
    stand in MNIST-LICENSE.md beside it. Raises `DataError` if the file of the installation is missing or damaged.

    >>> import minigrad as mg
    >>> dataset = mg.datasets.MNISTSample(train=False)
    >>> len(dataset), dataset[0][0].shape
    (1000, (28, 28))
    """

    classes = MNIST.classes

    def __init__(
        self,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        if not isinstance(train, bool):
            raise DTypeError(
                f"mnist_sample got train={train!r}; it is True or False. The sample is in the package and needs no root"
            )
        self.train = train
        split = "train" if train else "test"
        images, labels = _arrays(f"{split}_images", f"{split}_labels")
        super().__init__(images, labels, transform, target_transform)

    extra_repr = MNIST.extra_repr


def mnist_sample(
    train: bool = True, transform: Transform | None = None, target_transform: Transform | None = None
) -> MNISTSample:
    """Return the embedded sample of MNIST: 6 000 training or 1 000 test images, without a download.

    Raises as `MNISTSample`.

    >>> import minigrad as mg
    >>> len(mg.datasets.mnist_sample())
    6000
    """
    return MNISTSample(train, transform, target_transform)


def _arrays(*names: str) -> list[Array]:
    try:
        # Opened here, since np.load leaves the file open when the archive is damaged.
        with SAMPLE_PATH.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return [archive[name] for name in names]
    # The last three: what zipfile makes of damaged streams, methods and flags.
    except (OSError, ValueError, TypeError, KeyError, EOFError, BadZipFile, zlib.error, RuntimeError) as error:
        reason = "it is no archive" if "pickle" in str(error) else error  # NumPy's guess at any other file
        raise DataError(
            f"{SAMPLE_PATH}, the sample of MNIST that comes with minigrad, cannot be read: {reason}. "
            "Expected an archive with " + " and ".join(names) + "; install minigrad again"
        ) from error
