"""Checksums: whichever bit of a file of ours is changed, it is noticed."""

import hashlib

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DataError
from minigrad.serialization.seals import BLANK, MARK, digest_of

SMALL = {"w": mg.arange(3.0), "n": [1, "text"]}
LONG = {"note": "x" * 70_000}  # its description does not fit into a comment


def saved(value, path):
    if path.suffix == ".safetensors":
        pytest.importorskip("safetensors")
    mg.save(value, path)
    return path.read_bytes()


@pytest.mark.parametrize("name", ["state.npz", "state.safetensors"])
def test_every_byte_counts(name, tmp_path):
    path = tmp_path / name
    raw = saved(SMALL, path)
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1 << position % 8
        path.write_bytes(changed)
        with pytest.raises(DataError):
            mg.load(path)


def test_every_byte_counts_around_a_long_description(tmp_path):
    path = tmp_path / "state.npz"
    raw = saved(LONG, path)
    for position in [*range(80), *range(len(raw) - 250, len(raw)), *range(80, len(raw) - 250, 2999)]:
        changed = bytearray(raw)
        changed[position] ^= 1 << position % 8
        path.write_bytes(changed)
        with pytest.raises(DataError):
            mg.load(path)


@pytest.mark.parametrize("name", ["state.npz", "state.safetensors"])
def test_a_file_cut_or_lengthened_anywhere_is_refused(name, tmp_path):
    path = tmp_path / name
    raw = saved(SMALL, path)
    for changed in [*(raw[:end] for end in range(len(raw))), raw + b"\0", raw + raw, b"\0" + raw, raw[1:]]:
        path.write_bytes(changed)
        with pytest.raises(DataError):
            mg.load(path)


@pytest.mark.parametrize("name", ["state.npz", "state.safetensors"])
def test_swapped_bytes_are_noticed(name, tmp_path):
    path = tmp_path / name
    raw = bytearray(saved({"w": mg.arange(100.0)}, path))
    at = raw.index(np.float32(50).tobytes())
    raw[at : at + 4], raw[at + 4 : at + 8] = raw[at + 4 : at + 8], raw[at : at + 4]
    path.write_bytes(raw)
    with pytest.raises(DataError, match="damaged"):
        mg.load(path)


@pytest.mark.parametrize("name", ["state.npz", "state.safetensors"])
def test_text_that_looks_like_a_checksum_is_text(name, tmp_path):
    mark = (MARK + BLANK).decode()
    value = {mark: mark, f'{mark}"': mg.ones(1), "b": [f'{mark}"', f"{mark}\\"]}
    path = tmp_path / name
    saved(value, path)
    loaded = mg.load(path)
    assert list(loaded) == list(value)
    assert loaded["b"] == value["b"]


def test_the_checksum_is_of_all_bytes_with_zeros_in_its_own_place():
    data = b"before" + b"f" * 64 + b"after"
    assert digest_of(data, 6).decode() == hashlib.sha256(b"before" + b"0" * 64 + b"after").hexdigest()
