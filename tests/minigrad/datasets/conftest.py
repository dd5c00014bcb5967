import gzip
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minigrad.datasets import FashionMNIST, write_idx
from minigrad.datasets.download import Resource

Tiny = Mapping[str, np.ndarray[Any, np.dtype[Any]]]


@pytest.fixture
def mnist_root() -> Path:
    """The folder with the four files of MNIST; the developer sets MINIGRAD_DATA to it."""
    if "MINIGRAD_DATA" not in os.environ:
        pytest.skip("MINIGRAD_DATA is not set to a folder with the four files of MNIST")
    return Path(os.environ["MINIGRAD_DATA"])


@pytest.fixture
def tiny() -> Tiny:
    """Images and labels in the shape of MNIST's four files, few and small."""
    random = np.random.default_rng(0)
    return {
        "train-images-idx3-ubyte": random.integers(256, size=(12, 4, 3), dtype=np.uint8),
        "train-labels-idx1-ubyte": np.arange(12, dtype=np.uint8) % 10,
        "t10k-images-idx3-ubyte": random.integers(256, size=(5, 4, 3), dtype=np.uint8),
        "t10k-labels-idx1-ubyte": np.array([9, 1, 1, 0, 4], np.uint8),
    }


@pytest.fixture
def archives(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The tiny files as gzip archives by name; FashionMNIST takes them for the real ones, and no mirror is set."""
    folder = tmp_path_factory.mktemp("archives")
    table, made = [], {}
    for name, array in tiny.items():
        write_idx(folder / f"{name}.gz", array)
        made[f"{name}.gz"] = (folder / f"{name}.gz").read_bytes()
        contents = gzip.decompress(made[f"{name}.gz"])
        table.append(Resource(name, len(contents), hashlib.sha256(contents).hexdigest()))
    monkeypatch.setattr(FashionMNIST, "resources", tuple(table))
    monkeypatch.setattr(FashionMNIST, "mirrors", ())
    return made


@pytest.fixture
def fill(archives: dict[str, bytes]) -> Callable[..., None]:
    """Put the tiny files into a folder, packed or unpacked."""

    def put(folder: Path, packed: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, raw in archives.items():
            if packed:
                (folder / name).write_bytes(raw)
            else:
                (folder / name.removesuffix(".gz")).write_bytes(gzip.decompress(raw))

    return put
