import gzip
import hashlib
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import transforms
from minigrad.datasets import MNIST, FashionMNIST, ImageDataset
from minigrad.errors import ArgumentError, DataError, DTypeError, IndexOutOfRangeError, ShapeError
from minigrad.utils.data import DataLoader, Subset

Fill = Callable[..., None]
Snapshot = Callable[[], dict[str, bytes]]
Tiny = dict[str, np.ndarray[Any, np.dtype[Any]]]


@pytest.mark.parametrize("place", [".", "FashionMNIST/raw"])
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("train", [True, False])
def test_the_files_are_found_in_both_places_packed_or_not(
    tmp_path: Path, fill: Fill, tiny: Tiny, place: str, packed: bool, train: bool
) -> None:
    fill(tmp_path / place, packed)
    dataset = FashionMNIST(tmp_path, train)
    images, labels = (tiny[f"{'train' if train else 't10k'}-{kind}-ubyte"] for kind in ("images-idx3", "labels-idx1"))
    assert isinstance(dataset.data, mg.Tensor)
    assert isinstance(dataset.targets, mg.Tensor)
    assert dataset.data.dtype == np.uint8
    assert dataset.targets.dtype == np.int64
    assert np.array_equal(dataset.data.numpy(), images)
    assert np.array_equal(dataset.targets.numpy(), labels)
    assert len(dataset) == len(labels)
    assert dataset.train is train
    assert dataset.root == tmp_path


def test_the_root_may_be_a_string_or_start_at_home(tmp_path: Path, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "data")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert len(FashionMNIST("~/data")) == len(FashionMNIST(str(tmp_path / "data"))) == 12


def test_an_item_is_a_copied_array_and_an_int(tmp_path: Path, fill: Fill, tiny: Tiny) -> None:
    fill(tmp_path)
    dataset = FashionMNIST(tmp_path)
    image, target = dataset[3]
    assert type(image) is np.ndarray
    assert image.dtype == np.uint8
    assert image.shape == (4, 3)
    assert np.array_equal(image, tiny["train-images-idx3-ubyte"][3])
    assert type(target) is int
    assert target == 3
    image[:] = 0
    assert np.array_equal(dataset[3][0], tiny["train-images-idx3-ubyte"][3])
    assert np.array_equal(dataset[-1][0], dataset[11][0])
    assert np.array_equal(dataset[np.int64(2)][0], dataset[mg.tensor(2)][0])
    assert [target for _, target in dataset] == (np.arange(12) % 10).tolist()


@pytest.mark.parametrize("index", [12, -13, 10**30])
def test_an_index_out_of_range_is_refused(tmp_path: Path, fill: Fill, index: int) -> None:
    fill(tmp_path)
    with pytest.raises(IndexOutOfRangeError, match=rf"index {index} is outside this FashionMNIST of 12 items"):
        FashionMNIST(tmp_path)[index]


@pytest.mark.parametrize("index", [slice(0, 2), [0, 1], 1.0, "0", None, (0, 1)])
def test_an_index_that_is_no_integer_is_refused(tmp_path: Path, fill: Fill, index: object) -> None:
    fill(tmp_path)
    with pytest.raises(DTypeError, match=r"an index is one integer.*\.data.*Subset"):
        FashionMNIST(tmp_path)[index]


def test_transforms_are_applied_to_image_and_target(tmp_path: Path, fill: Fill) -> None:
    fill(tmp_path)
    dataset = FashionMNIST(tmp_path, True, lambda image: image.sum(), lambda target: f"class {target}")
    assert dataset[2] == (FashionMNIST(tmp_path)[2][0].sum(), "class 2")


def test_data_and_targets_may_be_replaced_or_changed(tmp_path: Path, fill: Fill) -> None:
    fill(tmp_path)
    dataset = FashionMNIST(tmp_path)
    dataset.data, dataset.targets = dataset.data[4:6], dataset.targets[4:6]
    assert len(dataset) == 2
    assert [target for _, target in dataset] == [4, 5]
    dataset.targets[0] = 9
    assert dataset[0][1] == 9
    dataset.targets = [7, 8]
    assert [target for _, target in dataset] == [7, 8]


@pytest.mark.parametrize(
    "change", [lambda t: t[::-2], lambda t: np.broadcast_to(t[0], t.shape), lambda t: np.asfortranarray(t)]
)
def test_strided_and_read_only_images_are_not_copied_for_every_item(change: Any) -> None:
    images = np.random.default_rng(0).integers(256, size=(50_000, 28, 28), dtype=np.uint8)
    dataset = ImageDataset(images, np.zeros(50_000, np.uint8))
    dataset.data = changed = change(images)
    tracemalloc.start()
    assert np.array_equal(dataset[7][0], changed[7])
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()


def test_a_loader_makes_batches_of_it(tmp_path: Path, fill: Fill, tiny: Tiny) -> None:
    fill(tmp_path)
    images, targets = next(iter(DataLoader(FashionMNIST(tmp_path), batch_size=5)))
    assert images.dtype == np.uint8
    assert np.array_equal(images.numpy(), tiny["train-images-idx3-ubyte"][:5])
    assert targets.dtype == np.int64
    dataset = FashionMNIST(tmp_path, transform=transforms.ToTensor())
    images, _ = next(iter(DataLoader(Subset(dataset, [7, 1]), batch_size=2)))
    assert images.shape == (2, 1, 4, 3)
    expected = tiny["train-images-idx3-ubyte"][[7, 1], None].astype(np.float32) / np.float32(255)
    assert np.array_equal(images.numpy(), expected)


def test_classes_and_their_numbers() -> None:
    assert MNIST.classes[0] == "0 - zero"
    assert len(MNIST.classes) == len(FashionMNIST.classes) == 10
    assert FashionMNIST.classes[0] == "T-shirt/top"
    dataset = ImageDataset(np.zeros((1, 2, 2), np.uint8), np.zeros(1, np.uint8))
    dataset.classes = ("a", "b")
    assert dataset.class_to_idx == {"a": 0, "b": 1}


def test_the_representation_is_torchvisions(tmp_path: Path, fill: Fill) -> None:
    fill(tmp_path)
    assert repr(FashionMNIST(tmp_path, train=False)) == (
        f"Dataset FashionMNIST\n    Number of datapoints: 5\n    Root location: {tmp_path}\n    Split: Test"
    )
    both = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    assert repr(FashionMNIST(tmp_path, transform=both, target_transform=transforms.Lambda(str))) == (
        f"""Dataset FashionMNIST
    Number of datapoints: 12
    Root location: {tmp_path}
    Split: Train
    StandardTransform
    Transform: Compose(
                   ToTensor()
                   Normalize(mean=(0.5,), std=(0.5,))
               )
    Target transform: Lambda()"""
    )


@pytest.mark.parametrize("train", [True, False])
def test_missing_files_are_named_with_what_to_do(tmp_path: Path, snapshot: Snapshot, train: bool) -> None:
    before = snapshot()
    with pytest.raises(DataError) as caught:
        MNIST(tmp_path / "data", train)
    message = str(caught.value)
    split = "train" if train else "t10k"
    for part in (
        f"{split}-images-idx3-ubyte and {split}-labels-idx1-ubyte are not in",
        str(tmp_path / "data" / "MNIST" / "raw"),
        "download=True",
        "https://",
        "mnist_sample()",
    ):
        assert part in message
    assert snapshot() == before


def test_only_the_missing_file_is_named(tmp_path: Path, fill: Fill) -> None:
    fill(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"^FashionMNIST: train-labels-idx1-ubyte is not in "):
        FashionMNIST(tmp_path)
    assert len(FashionMNIST(tmp_path, train=False)) == 5


@pytest.mark.parametrize("place", [".", "FashionMNIST/raw"])
@pytest.mark.parametrize("download", [True, False])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda raw: raw[:-1], "truncated gzip archive"),
        (lambda raw: raw[: len(raw) // 2], "truncated gzip archive"),
        (lambda raw: b"", "not an IDX file"),
        (lambda raw: b"<html></html>", "not an IDX file"),
        (lambda raw: gzip.compress(b"\0\0\x07" + gzip.decompress(raw)[3:]), "not an IDX file"),
        (lambda raw: gzip.decompress(raw)[:-1], "truncated: 19 bytes.* 20 bytes"),
        (lambda raw: gzip.decompress(raw) + b"\0", "too long: 21 bytes.* 20 bytes"),
        (lambda raw: gzip.compress(gzip.decompress(raw) + b"\0"), "more than the 20 bytes"),
        (lambda raw: gzip.compress(gzip.decompress(raw)[:-1] + b"\x07"), "does not hold.*SHA-256.*SHA-256"),
        (lambda raw: b"\0\0\x08\x01\0\0\0\x01\x05", r"9 bytes, shape \(1,\).*expected 20 bytes"),
    ],
)
def test_a_bad_file_is_refused_and_left_as_it_is(
    tmp_path: Path,
    fill: Fill,
    snapshot: Snapshot,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[bytes], bytes],
    message: str,
    download: bool,
    place: str,
) -> None:
    fill(tmp_path / place)
    path = tmp_path / place / "train-labels-idx1-ubyte.gz"
    path.write_bytes(spoil(path.read_bytes()))
    before = snapshot()
    monkeypatch.setattr(FashionMNIST, "mirrors", ("http://mirror/",))
    with pytest.raises(DataError, match=f"(?s){message}") as caught:
        FashionMNIST(tmp_path, download=download)
    assert f"{path}" in str(caught.value)
    assert "Delete it, and pass download=True or fetch it from http://mirror/" in str(caught.value)
    assert ("of the same name" in str(caught.value)) == (place == ".")
    assert snapshot() == before


def test_a_data_set_of_ones_own_needs_no_mirror(tmp_path: Path, fill: Fill) -> None:
    fill(tmp_path)

    class Clothes(FashionMNIST):
        mirrors = ()

    assert len(Clothes(tmp_path)) == 12
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"Clothes: .*where they are published"):
        Clothes(tmp_path)


def test_a_file_that_belongs_to_another_split_is_refused(tmp_path: Path, fill: Fill) -> None:
    fill(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").replace(tmp_path / "train-labels-idx1-ubyte.gz")
    with pytest.raises(DataError, match=r"does not hold train-labels-idx1-ubyte: .*shape \(5,\)"):
        FashionMNIST(tmp_path)


@pytest.mark.parametrize("root", [None, 3, b"bytes"])
def test_a_root_that_is_no_path_is_refused(root: Any) -> None:
    with pytest.raises(DTypeError, match="root is the folder"):
        MNIST(root)
    with pytest.raises(DTypeError, match="environment variable unset"):
        MNIST(None)  # type: ignore[arg-type]


def test_a_transform_in_the_place_of_train_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="expected True or False"):
        MNIST(tmp_path, transforms.ToTensor())  # type: ignore[arg-type]


def test_images_and_labels_must_be_equally_many() -> None:
    with pytest.raises(ShapeError, match="3 images and 2 labels"):
        ImageDataset(np.zeros((3, 2, 2), np.uint8), np.zeros(2, np.uint8))


@pytest.mark.parametrize("dataset", [MNIST, FashionMNIST])
def test_the_table_of_files_is_whole(dataset: type[MNIST]) -> None:
    for entry, count in zip(dataset.resources, (60_000, 60_000, 10_000, 10_000), strict=True):
        assert entry.size == (16 + 784 * count if "images" in entry.name else 8 + count)
        assert len(bytes.fromhex(entry.sha256)) == 32
    assert len({entry.sha256 for entry in (*MNIST.resources, *FashionMNIST.resources)}) == 8
    assert all(mirror.startswith("http") and mirror.endswith("/") for mirror in dataset.mirrors)
    assert len(dataset.mirrors) == 2


def test_the_full_mnist(mnist_root: Path) -> None:
    train, test = MNIST(mnist_root), MNIST(mnist_root, train=False)
    assert train.data.shape == (60_000, 28, 28)
    assert test.data.shape == (10_000, 28, 28)
    assert [train[index][1] for index in range(10)] == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert [test[index][1] for index in range(5)] == [7, 2, 1, 0, 4]
    histogram = np.bincount(train.data.numpy().ravel(), minlength=256) / train.data.numpy().size
    values = np.arange(256) / 255
    mean = float(histogram @ values)
    assert round(mean, 4) == 0.1307
    assert round(float(histogram @ (values - mean) ** 2) ** 0.5, 4) == 0.3081


def test_the_files_of_mnist_are_not_those_of_fashion_mnist(mnist_root: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)does not hold.*another data set's file of the same name.*FashionMNIST"):
        FashionMNIST(mnist_root, train=False)


def test_the_digest_is_that_of_the_contents(mnist_root: Path) -> None:
    labels = MNIST(mnist_root, train=False).targets.numpy().astype(np.uint8)
    contents = bytes([0, 0, 8, 1, 0, 0, 0x27, 0x10]) + labels.tobytes()
    assert hashlib.sha256(contents).hexdigest() == MNIST.resources[3].sha256
