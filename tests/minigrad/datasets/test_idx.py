import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minigrad.datasets import read_idx, write_idx
from minigrad.datasets.idx import parse_idx
from minigrad.errors import DataError, DTypeError, ShapeError

LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3, 4), (1, 2, 1, 3)])
@pytest.mark.parametrize("name", ["array", "array.gz"])
def test_what_is_written_is_read(tmp_path: Path, dtype: type, shape: tuple[int, ...], name: str) -> None:
    array = np.random.default_rng(1).integers(-100 if dtype is not np.uint8 else 0, 100, size=shape).astype(dtype)
    write_idx(tmp_path / name, array)
    read = read_idx(str(tmp_path / name))
    assert read.dtype == array.dtype
    assert read.dtype.isnative
    assert read.shape == array.shape
    assert np.array_equal(read, array)
    assert read.flags.writeable
    assert read.flags.c_contiguous


def test_the_bytes_are_those_of_the_format(tmp_path: Path) -> None:
    write_idx(tmp_path / "labels", np.array([7, 8, 9], np.uint8))
    assert (tmp_path / "labels").read_bytes() == LABELS
    write_idx(tmp_path / "halves", np.array([[0.5, -2.0]], ">f4").T)
    assert (tmp_path / "halves").read_bytes() == struct.pack(">4B2I2f", 0, 0, 0x0D, 2, 2, 1, 0.5, -2.0)


def test_gzip_archives_are_the_same_every_time(tmp_path: Path) -> None:
    array = np.arange(1000, dtype=np.int32)
    for name in ("a.gz", "b.gz"):
        write_idx(tmp_path / name, array)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert (tmp_path / "a.gz").read_bytes()[:2] == b"\x1f\x8b"


def test_an_archive_is_known_by_its_bytes_not_its_name(tmp_path: Path) -> None:
    write_idx(tmp_path / "packed.gz", np.arange(3, dtype=np.uint8))
    (tmp_path / "packed.gz").rename(tmp_path / "labels")
    (tmp_path / "plain.gz").write_bytes(LABELS)
    assert read_idx(tmp_path / "labels").tolist() == [0, 1, 2]
    assert read_idx(tmp_path / "plain.gz").tolist() == [7, 8, 9]


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", r"not an IDX file.*\(none\)"),
        (b"\0\0\x08", r"not an IDX file.*00 00 08;"),
        (b"<html>404 Not Found</html>", r"3c 68 74 6d.*web\s+site"),
        (b"\0\x01\x08\x01\0\0\0\0", "not an IDX file"),
        (b"\x01\0\x08\x01\0\0\0\0", "not an IDX file"),
        (b"\0\0\x0a\x01\0\0\0\0", "not an IDX file"),
        (b"\x93NUMPY\x01\0", "not an IDX file"),
        (b"\0\0\x08\x03\0\0\0\x01", "truncated: 8 bytes, but its IDX header alone has 16"),
        (LABELS[:-1], r"truncated: 10 bytes.*says \(3,\), which are 11 bytes"),
        (LABELS + b"\0", r"too long: 12 bytes.*says \(3,\), which are 11 bytes"),
        (b"\0\0\x0e\x04" + b"\xff" * 16, "truncated: 20 bytes"),
    ],
)
def test_wrong_contents_are_refused(
    tmp_path: Path, snapshot: Callable[[], dict[str, bytes]], contents: bytes, message: str
) -> None:
    (tmp_path / "file").write_bytes(contents)
    before = snapshot()
    with pytest.raises(DataError, match=f"(?s){message}.*Get the file again") as caught:
        read_idx(tmp_path / "file")
    assert str(tmp_path / "file") in str(caught.value)
    assert snapshot() == before


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.gz cannot be read"):
        read_idx(tmp_path / "none.gz")


def test_parsing_immutable_bytes_gives_a_writable_array() -> None:
    labels = parse_idx(LABELS, "labels")
    labels[0] = 1
    assert labels.tolist() == [1, 8, 9]
    assert LABELS[8] == 7


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.zeros(3, np.int64), DTypeError, "int64; IDX holds uint8, int8, int16"),
        (np.zeros(3, bool), DTypeError, "dtype bool"),
        (np.array(["a"]), DTypeError, "IDX holds"),
        (np.broadcast_to(np.uint8(0), (2**32,)), ShapeError, "below 2"),
    ],
)
def test_what_idx_cannot_hold_is_refused_before_anything_is_written(
    tmp_path: Path,
    snapshot: Callable[[], dict[str, bytes]],
    array: np.ndarray[Any, np.dtype[Any]],
    error: type[Exception],
    message: str,
) -> None:
    (tmp_path / "file.gz").write_bytes(b"old")
    before = snapshot()
    with pytest.raises(error, match=message):
        write_idx(tmp_path / "file.gz", array)
    assert snapshot() == before
