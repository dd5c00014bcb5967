"""MNIST and Fashion-MNIST, with torchvision's interface."""

import operator
import os
from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ..creation import from_numpy
from ..dtypes import check_supported
from ..errors import ArgumentError, DataError, DTypeError, IndexOutOfRangeError, ShapeError
from ..explaining import as_flag
from ..tensor import Array, Tensor
from ..transforms import transformed
from ..utils.data.collate import default_collate
from ..utils.data.dataset import Dataset, rows_of
from .download import Resource, download, find, read

__all__ = ["MNIST", "FashionMNIST", "ImageDataset", "PublishedImages"]

Transform = Callable[[Any], Any]


class ImageDataset(Dataset[tuple[Any, Any]]):
    """Images with class labels, held in memory; item i is the pair (image, int target).

    (N, H, W) or (N, H, W, C) uint8, (N,) int64. Without `transform` the image is a new (H, W) or (H, W, C) uint8 NumPy
    array, which `transforms.ToTensor` takes (torchvision's is a PIL image). `data` and `targets` are tensors and may be
    replaced. Raises `ShapeError` if their lengths differ.

    >>> import minigrad as mg, numpy as np
    >>> image, target = mg.datasets.ImageDataset(np.zeros((3, 28, 28), np.uint8), np.array([5, 0, 4]))[0]
    >>> image.shape, target
    ((28, 28), 5)
    """

    classes: Sequence[str] = ()
    root: Path | None = None

    def __init__(
        self,
        data: Array,
        targets: Array,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        for role, given in (("data", data), ("targets", targets)):
            if not isinstance(given, np.ndarray | Tensor) or not given.ndim:
                raise DTypeError(
                    f"{type(self).__name__} got {role} of type {type(given).__name__}; it takes an array of them"
                )
            check_supported(given.dtype)
        if len(data) != len(targets):
            raise ShapeError(
                f"{type(self).__name__} got {len(data)} images and {len(targets)} labels; each image needs one label. "
                "Are they of the same split?"
            )
        self.data = data
        self.targets = np.asarray(targets).astype(np.int64)
        self.transform = transform
        self.target_transform = target_transform

    @property
    def data(self) -> Tensor:
        """The images, (N, H, W) or (N, H, W, C); a tensor or an array may be assigned."""
        return self._data

    @data.setter
    def data(self, values: Any) -> None:
        self._data = _quick_to_index(values)

    @property
    def targets(self) -> Tensor:
        """The labels, (N,); a tensor, an array or a list may be assigned."""
        return self._targets

    @targets.setter
    def targets(self, values: Any) -> None:
        self._targets = _quick_to_index(values)

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The label of each class name."""
        return {name: label for label, name in enumerate(self.classes)}

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        images = self._data.numpy()
        try:
            position = operator.index(index)
        except TypeError as error:
            raise DTypeError(
                f"{type(self).__name__}[{index!r}]: an index is one integer; take several images from .data, or make a "
                "Subset"
            ) from error
        if not -len(images) <= position < len(images):
            raise IndexOutOfRangeError(f"index {position} is outside this {type(self).__name__} of {len(images)} items")
        # A copy: a transform that works in place must not change the data set.
        image: Any = images[position].copy()
        target: Any = int(self._targets.numpy()[position])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def _collated(self, indices: Sequence[Any]) -> list[Any] | None:
        images, targets, rows = self._data.numpy(), self._targets.numpy(), rows_of(indices)
        if rows is None or images.ndim < 2 or targets.ndim != 1 or not np.can_cast(targets.dtype, np.int64):
            return None
        if rows.min() < -len(images) or rows.max() >= min(len(images), len(targets)):
            return None
        batch = transformed(self.transform, images[rows])
        if batch is None:
            return None
        if self.target_transform is None:
            return [batch, from_numpy(targets[rows].astype(np.int64, copy=False))]
        return [batch, default_collate(tuple(map(self.target_transform, targets[rows].tolist())))]

    def extra_repr(self) -> str:
        """Return what a subclass adds to the representation."""
        return ""

    def __repr__(self) -> str:
        lines = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            lines.append(f"Root location: {self.root}")
        lines += self.extra_repr().splitlines()
        if self.transform is not None or self.target_transform is not None:
            lines.append("StandardTransform")
        for head, made in (("Transform: ", self.transform), ("Target transform: ", self.target_transform)):
            if made is not None:
                lines += (head + repr(made).replace("\n", "\n" + " " * len(head))).splitlines()
        return "\n    ".join([f"Dataset {type(self).__name__}", *lines])


def _quick_to_index(values: Any) -> Tensor:
    # Of an array that is strided or read-only, numpy() copies the whole for every item.
    return from_numpy(np.require(values, requirements=["C_CONTIGUOUS", "WRITEABLE"]))


def _folder_and_split(name: str, root: Any, train: Any) -> tuple[Path, bool]:
    """The folder and the split that a data set was asked for; raises `DTypeError` or `ArgumentError` for neither."""
    if not isinstance(root, str | os.PathLike):
        raise DTypeError(
            f"{name}(root={root!r}): root is the folder with the data files, a str or Path"
            + (". Is an environment variable unset?" if root is None else "")
        )
    if not isinstance(train, bool):
        raise ArgumentError(f"{name}(train={train!r}): expected True or False")
    return Path(root).expanduser(), train


class PublishedImages(ImageDataset):
    """Images that were published in two splits, to train on and to test, from files in the folder `root`.

    Raises `DTypeError` or `ArgumentError` for arguments of the wrong kind, `DataError` for files that are not right.
    """

    root: Path

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        self.root, self.train = _folder_and_split(type(self).__name__, root, train)
        if as_flag(download, type(self).__name__, "download"):
            self.download()
        images, labels = self._images_and_labels()
        super().__init__(images, labels, transform, target_transform)

    @abstractmethod
    def download(self) -> None:
        """Fetch what is not there yet."""

    @abstractmethod
    def _images_and_labels(self) -> Sequence[Array]:
        """The images and the labels of the split."""

    def extra_repr(self) -> str:
        """Return the line that names the split."""
        return f"Split: {'Train' if self.train else 'Test'}"


class MNIST(PublishedImages):
    """The MNIST digits: 60 000 images to train on, 10 000 to test, 28 × 28 pixels, labels 0 … 9.

    `root` holds the four IDX files, or has them in MNIST/raw below it as torchvision leaves them; with or without
    .gz. The SHA-256 of their contents is checked on every use. `download=True` fetches what is missing into
    MNIST/raw. Raises `DataError` for files that are missing, damaged or not the published ones.

    >>> import minigrad as mg
    >>> mg.datasets.MNIST(root="no/such/folder")
    Traceback (most recent call last):
    minigrad.errors.DataError: MNIST: train-images-idx3-ubyte and train-labels-idx1-ubyte are not in ...
    """

    mirrors: ClassVar[Sequence[str]] = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    )
    resources: ClassVar[Sequence[Resource]] = (
        Resource(
            "train-images-idx3-ubyte",
            47_040_016,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        Resource(
            "train-labels-idx1-ubyte",
            60_008,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        Resource(
            "t10k-images-idx3-ubyte",
            7_840_016,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        Resource(
            "t10k-labels-idx1-ubyte",
            10_008,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    )
    classes = (
        "0 - zero",
        "1 - one",
        "2 - two",
        "3 - three",
        "4 - four",
        "5 - five",
        "6 - six",
        "7 - seven",
        "8 - eight",
        "9 - nine",
    )

    @property
    def raw_folder(self) -> Path:
        """The folder that downloads go to: root/<class name>/raw, as in torchvision."""
        return self.root / type(self).__name__ / "raw"

    def download(self) -> None:
        """Fetch those of the four files that are not there yet; raises `DataError` if no mirror has one right."""
        for resource in self.resources:
            if self._find(resource) is None:
                download(resource, self.mirrors, self.raw_folder)

    def _images_and_labels(self) -> list[Array]:
        return [self._load(resource) for resource in self._split()]

    def _split(self) -> Sequence[Resource]:
        return self.resources[:2] if self.train else self.resources[2:]

    def _find(self, resource: Resource) -> Path | None:
        return find(resource, (self.raw_folder, self.root))

    def _source(self) -> str:
        return self.mirrors[0] if self.mirrors else "where they are published"

    def _load(self, resource: Resource) -> Array:
        path = self._find(resource)
        if path is None:
            raise self._missing()
        try:
            return read(resource, path)
        except DataError as error:
            remedy = f"Delete it, and pass download=True or fetch it from {self._source()}"
            if path.parent == self.root:
                remedy += f"; if it is another data set's file of the same name, use {self.raw_folder} for this one"
            raise DataError(f"{error}. {remedy}") from error

    def _missing(self) -> DataError:
        names = [resource.name for resource in self._split() if self._find(resource) is None]
        verb = "are" if len(names) > 1 else "is"
        return DataError(
            f"{type(self).__name__}: {' and '.join(names)} {verb} not in {self.raw_folder} nor in {self.root}, with or "
            f"without .gz. Pass download=True, or put the files there from {self._source()}; offline, "
            "minigrad.datasets.mnist_sample() has 7 000 digits of MNIST without any file"
        )


class FashionMNIST(MNIST):
    """Fashion-MNIST: 70 000 images of clothes in ten classes, in the sizes and files of `MNIST`.

    `root` holds the four IDX files, or has them in FashionMNIST/raw. Raises as `MNIST` does.

    >>> import minigrad as mg
    >>> mg.datasets.FashionMNIST.classes[9]
    'Ankle boot'
    """

    mirrors = (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    )
    resources = (
        Resource(
            "train-images-idx3-ubyte",
            47_040_016,
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        ),
        Resource(
            "train-labels-idx1-ubyte",
            60_008,
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        ),
        Resource(
            "t10k-images-idx3-ubyte",
            7_840_016,
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        ),
        Resource(
            "t10k-labels-idx1-ubyte",
            10_008,
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    )
    classes = (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )
