import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from minigrad import transforms
from minigrad.datasets import MNIST, MNISTSample, mnist_sample, sample
from minigrad.errors import DataError


@pytest.mark.parametrize(("train", "per_class"), [(True, 600), (False, 100)])
def test_every_digit_is_there_equally_often(train: bool, per_class: int) -> None:
    dataset = mnist_sample(train)
    assert isinstance(dataset, MNISTSample)
    assert len(dataset) == 10 * per_class
    assert dataset.data.shape == (10 * per_class, 28, 28)
    assert dataset.data.dtype == np.uint8
    assert dataset.targets.dtype == np.int64
    assert np.bincount(dataset.targets.numpy()).tolist() == [per_class] * 10


def test_the_order_is_random_throughout() -> None:
    for train in (True, False):
        labels = mnist_sample(train).targets.numpy()
        for part in np.split(labels, 5):  # each fifth has 20 % of each digit, give or take
            assert np.all(np.abs(np.bincount(part, minlength=10) / (len(labels) / 50) - 1) < 0.6)


def test_the_interface_is_that_of_mnist() -> None:
    dataset = mnist_sample(False, transforms.ToTensor(), lambda target: -target)
    image, target = dataset[0]
    assert image.shape == (1, 28, 28)
    assert image.dtype == np.float32
    assert 0 <= image.numpy().min() < image.numpy().max() <= 1
    assert target == -int(dataset.targets[0])
    assert dataset.classes == MNIST.classes
    assert dataset.class_to_idx["7 - seven"] == 7
    assert repr(dataset).startswith("Dataset MNISTSample\n    Number of datapoints: 1000\n    Split: Test\n")


def test_two_samples_share_no_memory() -> None:
    first = mnist_sample(False)
    first.data[:] = 0
    assert mnist_sample(False).data.numpy().any()


def test_it_is_small_and_quick_to_load() -> None:
    assert sample.SAMPLE_PATH.stat().st_size <= 1_500_000
    start = time.perf_counter()
    mnist_sample()
    assert time.perf_counter() - start < 0.3


def test_it_holds_plain_arrays_without_pickle_and_without_a_date() -> None:
    with zipfile.ZipFile(sample.SAMPLE_PATH) as archive:
        names = ["train_images.npy", "train_labels.npy", "test_images.npy", "test_labels.npy"]
        assert archive.namelist() == names
        assert all(member.date_time == (1980, 1, 1, 0, 0, 0) for member in archive.infolist())
    with np.load(sample.SAMPLE_PATH, allow_pickle=False) as arrays:
        assert all(arrays[name.removesuffix(".npy")].dtype == np.uint8 for name in names)


def test_its_terms_stand_beside_it() -> None:
    text = sample.SAMPLE_PATH.with_name("MNIST-LICENSE.md").read_text(encoding="utf-8")
    for part in ("Yann LeCun", "Corinna Cortes", "CC BY-SA 3.0", "NIST", "make_sample"):
        assert part in text


@pytest.mark.parametrize("contents", [None, b"", b"not a zip archive", b"PK\x03\x04cut", b"\x93NUMPY\x01\0"])
def test_a_damaged_installation_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contents: bytes | None
) -> None:
    if contents is not None:
        (tmp_path / "sample.npz").write_bytes(contents)
    monkeypatch.setattr(sample, "SAMPLE_PATH", tmp_path / "sample.npz")
    with pytest.raises(DataError, match=r"sample\.npz.*cannot be read.*install minigrad again"):
        mnist_sample()


@pytest.mark.parametrize("position", [200, 500_000, -200, -10])
def test_a_changed_byte_never_gives_other_digits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, position: int
) -> None:
    raw = bytearray(sample.SAMPLE_PATH.read_bytes())
    raw[position] ^= 0x55
    (tmp_path / "sample.npz").write_bytes(raw)
    monkeypatch.setattr(sample, "SAMPLE_PATH", tmp_path / "sample.npz")
    with pytest.raises(DataError, match="install minigrad again"):
        mnist_sample(True), mnist_sample(False)
