"""CIFAR-10 from its binary version, with torchvision's interface."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from ..errors import DataError
from ..files import gunzip, read_bytes
from ..tensor import Array
from .download import Archive, Resource, download, find
from .mnist import PublishedImages

__all__ = ["CIFAR10"]

# A record is a label and three planes of 32 × 32 bytes: red, green, blue.
_PLANES = (3, 32, 32)
_RECORD = 1 + 3 * 32 * 32

# Beside the images, a tar file holds headers, padding and a few small files.
_ALLOWANCE = 1 << 20


class CIFAR10(PublishedImages):
    """CIFAR-10: 50 000 small photographs to train on, 10 000 to test, 32 × 32 pixels in colour, ten classes.

    `root` holds the files of the *binary version*, or has them in cifar-10-batches-bin, or holds its archive
    cifar-10-binary.tar.gz, which is then read without being unpacked. Items are (32, 32, 3) uint8 arrays. The SHA-256
    of the contents is checked on every use. `download=True` fetches the archive. Raises `DataError` for files that are
    missing, damaged or not the published ones, and for the Python version, whose files are pickles.

    >>> import minigrad as mg
    >>> mg.datasets.CIFAR10(root="no/such/folder")
    Traceback (most recent call last):
    minigrad.errors.DataError: CIFAR10: data_batch_1.bin, data_batch_2.bin, ... are not in ...
    """

    base_folder: ClassVar[str] = "cifar-10-batches-bin"
    mirrors: ClassVar[Sequence[str]] = ("https://www.cs.toronto.edu/~kriz/",)
    archive: ClassVar[Archive] = Archive(
        "cifar-10-binary.tar.gz",
        170_052_171,
        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    )
    resources: ClassVar[Sequence[Resource]] = tuple(
        Resource(name, 30_730_000, sha256)
        for name, sha256 in (
            ("data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
            ("data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
            ("data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
            ("data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
            ("data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
            ("test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
        )
    )
    classes = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

    def download(self) -> None:
        """Fetch the archive unless it or all files are there; raises `DataError` if no mirror has it right."""
        if self._archive() is None and any(self._find(resource) is None for resource in self.resources):
            download(self.archive, self.mirrors, self.root)

    def _images_and_labels(self) -> tuple[Array, Array]:
        return _unpacked(np.concatenate([np.frombuffer(contents, np.uint8) for contents in self._contents()]))

    def _split(self) -> Sequence[Resource]:
        return self.resources[:-1] if self.train else self.resources[-1:]

    def _find(self, resource: Resource) -> Path | None:
        return find(resource, (self.root / self.base_folder, self.root))

    def _archive(self) -> Path | None:
        path = self.root / self.archive.name
        return path if path.is_file() else None

    def _contents(self) -> list[bytes | bytearray]:
        """The verified contents of the files of the split: from the files, or else from the archive."""
        resources = self._split()
        paths = [path for path in map(self._find, resources) if path is not None]
        archive = self._archive()
        try:
            if len(paths) == len(resources):
                return [_read(resource, path) for resource, path in zip(resources, paths, strict=True)]
            if archive is not None:
                limit = sum(resource.size for resource in self.resources) + _ALLOWANCE
                found = self.archive.members(read_bytes(archive, limit + 1), archive, resources, limit)
                return [found[resource.name] for resource in resources]
        except DataError as error:
            raise DataError(
                f"{error}. Delete it, and pass download=True or fetch {self.archive.name} from {self._source()}"
            ) from error
        raise self._missing()

    def _source(self) -> str:
        return self.mirrors[0] if self.mirrors else "where it is published"

    def _missing(self) -> DataError:
        names = [resource.name for resource in self._split() if self._find(resource) is None]
        verb = "are" if len(names) > 1 else "is"
        pickles = [
            name
            for name in ("cifar-10-python.tar.gz", "cifar-10-batches-py", "data_batch_1")
            if (self.root / name).exists()
        ]
        if pickles:
            return DataError(
                f"{type(self).__name__}: {pickles[0]} in {self.root} is the Python version, whose files are pickles: "
                f"reading one runs whatever code it holds, so minigrad never does. Take {self.archive.name}, the "
                f"binary version of the same images, from {self._source()}, or pass download=True"
            )
        return DataError(
            f"{type(self).__name__}: {', '.join(names)} {verb} not in {self.root / self.base_folder} nor in "
            f"{self.root}, and {self.archive.name} is not there either. Pass download=True, or put the archive there "
            f"from {self._source()}"
        )


def _read(resource: Resource, path: Path) -> bytearray:
    limit = resource.size + _ALLOWANCE
    contents = gunzip(read_bytes(path, limit), path, resource.size)
    resource.check(contents, path, cut=len(contents) == limit)
    return contents


def _unpacked(records: Array) -> tuple[Array, Array]:
    """Images (N, H, W, C) and labels (N,) from the records."""
    table = records.reshape(-1, _RECORD)
    images = table[:, 1:].reshape(-1, *_PLANES).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), table[:, 0]
