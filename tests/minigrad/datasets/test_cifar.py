import gzip
import hashlib
import io
import os
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.datasets import CIFAR10
from minigrad.datasets import cifar as module
from minigrad.datasets.download import Archive, Resource
from minigrad.errors import ArgumentError, DataError, DTypeError
from minigrad.transforms import Compose, RandomCrop, RandomHorizontalFlip, ToTensor
from minigrad.utils.data import DataLoader

FOLDER = "cifar-10-batches-bin"
NAMES = [f"data_batch_{number}.bin" for number in range(1, 6)] + ["test_batch.bin"]

Pack = Callable[..., bytes]


def packed(files: dict[str, bytes], prefix: str = f"{FOLDER}/", change: Any = None) -> bytes:
    """A .tar.gz of the files, as the published one is laid out."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, contents in files.items():
            member = tarfile.TarInfo(prefix + name)
            member.size = len(contents)
            if change is not None:
                change(member)
            archive.addfile(member, io.BytesIO(contents) if member.isreg() else None)
    return buffer.getvalue()


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Three records in each file; CIFAR10 takes them for the real ones, and no mirror is set."""
    random = np.random.default_rng(0)
    made = {}
    for name in NAMES:
        labels = random.integers(10, size=(3, 1), dtype=np.uint8)
        made[name] = np.concatenate([labels, random.integers(256, size=(3, 3072), dtype=np.uint8)], 1).tobytes()
    monkeypatch.setattr(
        CIFAR10,
        "resources",
        tuple(Resource(name, len(made[name]), hashlib.sha256(made[name]).hexdigest()) for name in NAMES),
    )
    made["batches.meta.txt"] = b"airplane\n"
    raw = packed(made)
    monkeypatch.setattr(
        CIFAR10, "archive", Archive("cifar-10-binary.tar.gz", len(raw), hashlib.sha256(raw).hexdigest())
    )
    monkeypatch.setattr(CIFAR10, "mirrors", ())
    return made


def put(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, contents in files.items():
        (folder / name).write_bytes(contents)


def record(files: dict[str, bytes], index: int) -> tuple[Any, int]:
    """An image and its label, read byte by byte."""
    contents = files[NAMES[index // 3]][3073 * (index % 3) : 3073 * (index % 3 + 1)]
    image = np.zeros((32, 32, 3), np.uint8)
    for channel in range(3):
        for row in range(32):
            for column in range(32):
                image[row, column, channel] = contents[1 + 1024 * channel + 32 * row + column]
    return image, contents[0]


@pytest.mark.parametrize("place", ["folder", "root", "gzipped", "archive"])
def test_every_byte_is_where_it_belongs(tmp_path: Path, files: dict[str, bytes], place: str) -> None:
    if place == "folder":
        put(tmp_path / FOLDER, files)
    elif place == "root":
        put(tmp_path, files)
    elif place == "gzipped":
        put(tmp_path, {f"{name}.gz": gzip.compress(contents) for name, contents in files.items()})
    else:
        put(tmp_path, {"cifar-10-binary.tar.gz": packed(files)})
    before = sorted(tmp_path.rglob("*"))
    train, test = CIFAR10(tmp_path), CIFAR10(str(tmp_path), train=False)
    assert (len(train), len(test)) == (15, 3)
    assert train.data.shape == (15, 32, 32, 3)
    assert train.data.dtype == np.uint8
    for index in (0, 1, 7, 14, 15, 17):
        image, target = train[index] if index < 15 else test[index - 15]
        expected, label = record(files, index)
        assert image.dtype == np.uint8
        assert np.array_equal(image, expected)
        assert target == label == (train if index < 15 else test).targets[index if index < 15 else index - 15].item()
    assert sorted(tmp_path.rglob("*")) == before


def test_the_interface_is_torchvisions(tmp_path: Path, files: dict[str, bytes]) -> None:
    put(tmp_path, files)
    dataset = CIFAR10(tmp_path, False, ToTensor(), lambda label: label + 100)
    image, target = dataset[0]
    assert image.shape == (3, 32, 32)
    assert target == record(files, 15)[1] + 100
    assert np.array_equal(image.numpy(), record(files, 15)[0].transpose(2, 0, 1).astype(np.float32) / np.float32(255))
    assert dataset.class_to_idx["truck"] == 9
    assert repr(dataset).splitlines()[0] == "Dataset CIFAR10"
    assert "Split: Test" in repr(dataset)
    dataset.data[0, 0, 0, 0] = 5  # in memory of its own


def test_whole_batches_are_what_the_items_are(tmp_path: Path, files: dict[str, bytes]) -> None:
    put(tmp_path, files)
    dataset = CIFAR10(tmp_path, transform=Compose([RandomCrop(32, 4), RandomHorizontalFlip(), ToTensor()]))
    mg.manual_seed(0)
    batches = [images.numpy() for images, _ in DataLoader(dataset, 4)]
    mg.manual_seed(0)
    items = [dataset[index][0].numpy() for index in range(15)]
    assert np.array_equal(np.concatenate(batches), np.stack(items))


def test_missing_files_are_named(tmp_path: Path, files: dict[str, bytes]) -> None:
    put(tmp_path / FOLDER, {name: contents for name, contents in files.items() if name != "data_batch_3.bin"})
    with pytest.raises(DataError, match=r"^CIFAR10: data_batch_3\.bin is not in .*cifar-10-batches-bin.*download=True"):
        CIFAR10(tmp_path)
    assert len(CIFAR10(tmp_path, train=False)) == 3


@pytest.mark.parametrize("name", ["cifar-10-python.tar.gz", "cifar-10-batches-py", "data_batch_1"])
def test_the_python_version_is_refused_unread(tmp_path: Path, files: dict[str, bytes], name: str) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "exploded"),)

    if name.endswith("py"):
        put(tmp_path / name, {"data_batch_1": pickle.dumps(Bomb())})
    else:
        put(tmp_path, {name: pickle.dumps(Bomb())})
    with pytest.raises(DataError, match=r"Python version.*pickles.*runs whatever code.*Take cifar-10-binary\.tar\.gz"):
        CIFAR10(tmp_path)
    assert not (tmp_path / "exploded").exists()


def test_an_archive_of_the_python_version_under_the_wrong_name(tmp_path: Path, files: dict[str, bytes]) -> None:
    python = {"data_batch_1": pickle.dumps([1]), "batches.meta": pickle.dumps([2])}
    put(tmp_path, {"cifar-10-binary.tar.gz": packed(python, "cifar-10-batches-py/")})
    with pytest.raises(DataError, match=r"lacks data_batch_1\.bin; it holds data_batch_1, batches\.meta"):
        CIFAR10(tmp_path)


@pytest.mark.parametrize("place", ["folder", "archive"])
@pytest.mark.parametrize("damage", ["short", "long", "flipped", "empty"])
def test_damaged_files_are_refused(tmp_path: Path, files: dict[str, bytes], damage: str, place: str) -> None:
    whole = files["data_batch_4.bin"]
    bad = {
        "short": whole[:-1], "long": whole + b"x", "flipped": whole[:99] + bytes([whole[99] ^ 4]) + whole[100:],
        "empty": b"",
    }[damage]  # fmt: skip
    changed = {**files, "data_batch_4.bin": bad}
    if place == "folder":
        put(tmp_path / FOLDER, changed)
    else:
        put(tmp_path, {"cifar-10-binary.tar.gz": packed(changed)})
    with pytest.raises(DataError, match=r"data_batch_4\.bin.*SHA-256.*Delete it, and pass download=True"):
        CIFAR10(tmp_path)
    assert len(CIFAR10(tmp_path, train=False)) == 3


def test_no_cut_of_the_archive_is_taken(tmp_path: Path, files: dict[str, bytes]) -> None:
    raw = packed(files)
    for kept in [0, 1, 10, *range(20, len(raw), len(raw) // 40), len(raw) - 1]:
        put(tmp_path, {"cifar-10-binary.tar.gz": raw[:kept]})
        with pytest.raises(DataError, match=r"cifar-10-binary\.tar\.gz"):
            CIFAR10(tmp_path)


def test_no_damaged_tar_does_harm(tmp_path: Path, files: dict[str, bytes]) -> None:
    tar = bytearray(gzip.decompress(packed(files)))
    random = np.random.default_rng(1)
    headers = [start for start in range(0, len(tar), 512) if bytes(tar[start : start + 5]) == b"cifar"]
    assert len(headers) == 7
    refused = 0
    for _ in range(60):
        damaged = tar.copy()
        start = int(random.choice(headers))
        for place in random.integers(start, start + 512, size=3):
            damaged[place] = random.integers(256)
        put(tmp_path, {"cifar-10-binary.tar.gz": bytes(damaged)})
        try:
            dataset = CIFAR10(tmp_path)
        except DataError:
            refused += 1
        else:
            assert np.array_equal(dataset[14][0], record(files, 14)[0])
    assert refused > 10


def test_links_folders_and_devices_are_not_followed(tmp_path: Path, files: dict[str, bytes]) -> None:
    secret = tmp_path / "elsewhere"
    secret.write_bytes(files["test_batch.bin"])
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):

        def link(member: tarfile.TarInfo, kind: bytes = kind) -> None:
            if member.name.endswith("test_batch.bin"):
                member.type, member.linkname, member.size = kind, str(secret), 0

        put(tmp_path, {"cifar-10-binary.tar.gz": packed(files, change=link)})
        with pytest.raises(DataError, match=r"lacks test_batch\.bin"):
            CIFAR10(tmp_path, train=False)


def test_members_with_paths_outside_write_nothing(tmp_path: Path, files: dict[str, bytes]) -> None:
    root = tmp_path / "root"
    put(root, {"cifar-10-binary.tar.gz": packed(files, prefix="../../escaped/")})
    assert len(CIFAR10(root)) == 15
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["cifar-10-binary.tar.gz", "root"]


def test_a_bomb_is_not_unpacked(tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ALLOWANCE", 20_000)
    put(tmp_path, {"cifar-10-binary.tar.gz": gzip.compress(bytes(50_000_000))})
    with pytest.raises(DataError, match="unpacks to more than"):
        CIFAR10(tmp_path)
    put(tmp_path, {"test_batch.bin.gz": gzip.compress(bytes(50_000_000))})
    with pytest.raises(DataError, match="unpacks to more than"):
        CIFAR10(tmp_path, train=False)


def test_download_fetches_the_archive_once(
    tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from minigrad.datasets import download

    asked = []
    answers = {"bad": b"<html>", "good": packed(files)}

    def fetch(address: str, resource: Any, timeout: float) -> bytes:
        asked.append(address)
        return answers[address.split("/")[2]]

    monkeypatch.setattr(download, "_fetch", fetch)
    monkeypatch.setattr(CIFAR10, "mirrors", ("http://bad/", "http://good/"))
    # gzip writes the time into the archive, so its digest is taken again.
    archive = Archive("cifar-10-binary.tar.gz", len(answers["good"]), hashlib.sha256(answers["good"]).hexdigest())
    monkeypatch.setattr(CIFAR10, "archive", archive)
    assert len(CIFAR10(tmp_path, download=True)) == 15
    assert asked == ["http://bad/cifar-10-binary.tar.gz", "http://good/cifar-10-binary.tar.gz"]
    assert len(CIFAR10(tmp_path, train=False, download=True)) == 3
    assert len(asked) == 2
    monkeypatch.setattr(CIFAR10, "mirrors", ("http://bad/",))
    with pytest.raises(DataError, match=r"cifar-10-binary\.tar\.gz could not be downloaded from any of 1 mirrors"):
        CIFAR10(tmp_path / "other", download=True)
    assert not (tmp_path / "other").exists()


def test_files_that_are_there_are_not_fetched(tmp_path: Path, files: dict[str, bytes]) -> None:
    put(tmp_path, files)
    assert len(CIFAR10(tmp_path, download=True)) == 15


def test_wrong_arguments(tmp_path: Path) -> None:
    with pytest.raises(DTypeError, match=r"CIFAR10\(root=None\).*environment variable"):
        CIFAR10(None)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"CIFAR10\(train='test'\)"):
        CIFAR10(tmp_path, "test")  # type: ignore[arg-type]
    with pytest.raises(DTypeError, match="download"):
        CIFAR10(tmp_path, download="yes")  # type: ignore[arg-type]


def test_the_published_files() -> None:
    assert [resource.name for resource in CIFAR10.resources] == NAMES
    assert all(resource.size == 10_000 * 3073 and len(resource.sha256) == 64 for resource in CIFAR10.resources)
    assert len({resource.sha256 for resource in CIFAR10.resources}) == 6
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in CIFAR10.mirrors)


def test_a_file_that_is_far_too_long_is_said_to_be_longer(tmp_path: Path, files: dict[str, bytes]) -> None:
    put(tmp_path, {**files, "test_batch.bin": bytes(3 << 20)})
    with pytest.raises(DataError, match=r"its contents are at least \d+ bytes, those with SHA-256 .*; expected"):
        CIFAR10(tmp_path, train=False)
    put(tmp_path, {"test_batch.bin": bytes(1 << 20)})
    with pytest.raises(DataError, match=r"its contents are 1048576 bytes with SHA-256"):
        CIFAR10(tmp_path, train=False)
