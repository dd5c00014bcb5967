"""Archives of NumPy's: exchanged with NumPy both ways, and refused when they are hostile."""

import io
import json
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest

import minigrad as mg
from minigrad.dtypes import SUPPORTED
from minigrad.errors import DataError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.npz"


def npy(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


GOOD = npy(np.arange(6.0))


# --------------------------------------------------------------------------- with NumPy


def test_numpy_reads_a_state_dict_under_its_names(path):
    state = {
        "conv.weight": mg.rand(3, 2, 5, 5),
        "conv.bias": mg.rand(3),
        "steps": mg.tensor(7),
        "odd": mg.rand(2, 3, 4).permute(2, 0, 1),
    }
    mg.save(state, path)
    with np.load(path) as archive:
        assert archive.files == list(state)  # and nothing else
        for name, value in archive.items():
            assert value.dtype == state[name].dtype
            assert np.array_equal(value, state[name].numpy())


def test_numpy_reads_the_arrays_of_nested_containers(path):
    mg.save({"model": {"w": mg.ones(2)}, "epoch": 3, "list": [mg.zeros(1)]}, path)
    with np.load(path) as archive:
        assert archive.files == ["model.w", "list.0"]


def test_a_description_too_long_for_a_comment_is_a_member(path):
    state = {f"layer{number}.weight": mg.tensor(float(number)) for number in range(2000)}
    mg.save(state, path)
    loaded = mg.load(path)
    assert list(loaded) == list(state)
    assert all(loaded[name].item() == number for number, name in enumerate(state))
    with np.load(path) as archive:
        assert archive.files == [*state, "structure.json"]
        assert archive["layer7.weight"] == 7


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("dtype", SUPPORTED, ids=str)
def test_archives_of_numpy_are_read(save, dtype, path):
    arrays = {"a": np.arange(6).reshape(2, 3).astype(dtype), "b.c": np.zeros((), dtype), "d/e": np.ones((0, 2), dtype)}
    save(path, **arrays)
    loaded = mg.load(path)
    assert list(loaded) == list(arrays)
    for name, array in arrays.items():
        assert type(loaded[name]) is mg.Tensor
        assert loaded[name].dtype == dtype
        assert not loaded[name].requires_grad
        assert np.array_equal(loaded[name].numpy(), array)
        assert loaded[name]._array.flags.writeable


def test_order_and_bytes_of_other_machines(path):
    fortran = np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4))
    np.savez(path, fortran, fortran.astype(">f4"), fortran.astype(">i8"))
    a, b, c = mg.load(path).values()
    assert a._array.flags.f_contiguous
    assert a.tolist() == b.tolist() == c.tolist() == fortran.tolist()
    assert (b.dtype, c.dtype) == (mg.float32, mg.int64)


def test_same_contents_make_the_same_file(path, tmp_path):
    value = {"w": mg.arange(5.0), "n": [1, "text"]}
    mg.save(value, path)
    mg.save(value, tmp_path / "again.npz")
    assert path.read_bytes() == (tmp_path / "again.npz").read_bytes()


def test_zeros_may_be_packed_tightly(path):
    np.savez_compressed(path, zeros=np.zeros(4_000_000, np.float32))
    assert path.stat().st_size < 20_000
    assert mg.load(path)["zeros"].shape == (4_000_000,)


# --------------------------------------------------------------------------- hostile


def archive(path, *members, method=zipfile.ZIP_STORED, comment=b""):
    with zipfile.ZipFile(path, "w", method, compresslevel=1) as file:
        for name, data in members:
            file.writestr(zipfile.ZipInfo(name) if "\0" in name else name, data, method)
        file.comment = comment


class Bomb:
    def __reduce__(self):
        return exec, ("raise SystemExit('code ran')",)


CODE = npy(np.array([Bomb()]), allow_pickle=True)


def with_header(text, data=b"", version=1):
    raw = text.encode("latin1")
    return b"\x93NUMPY" + bytes([version, 0]) + len(raw).to_bytes(2 if version == 1 else 4, "little") + raw + data


HEADER = "{{'descr': {}, 'fortran_order': False, 'shape': {}}}"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("a.npy", CODE)], "dtype object"),
        ([("a.npy", GOOD), ("b.npy", CODE)], "dtype object"),
        ([("../a.npy", GOOD)], "leads outside"),
        ([("a/../../b.npy", GOOD)], "leads outside"),
        ([("/etc/a.npy", GOOD)], "leads outside"),
        ([("C:/a.npy", GOOD)], "leads outside"),
        ([("..\\a.npy", GOOD)], "leads outside"),
        ([("a.npy", GOOD), ("a.npy", GOOD)], "twice"),
        ([("a.npy", GOOD), ("readme.txt", b"hello")], "no array"),
        ([("a", GOOD)], "no array"),
        ([("a.npy", GOOD[:-8])], "in 40 bytes"),
        ([("a.npy", GOOD + bytes(8))], "in 56 bytes"),
        ([("a.npy", GOOD[:20])], ""),
        ([("a.npy", b"")], ""),
        ([("a.npy", npy(np.array(["a"])))], "dtype <U1"),
        ([("a.npy", npy(np.ones(1, complex)))], "complex128"),
        ([("a.npy", npy(np.ones(1, "f4,i4")))], "dtype"),
        ([("a.npy", npy(np.ones(1, "M8[s]")))], "dtype"),
        ([("a.npy", npy(np.ones(1, np.uint32)))], "uint32"),
        ([("a.npy", with_header(HEADER.format("'<f4'", "(10**15,)"), bytes(8)))], ""),
        ([("a.npy", with_header(HEADER.format("'<f4'", f"({10**15},)"), bytes(8)))], "in 8 bytes"),
        ([("a.npy", with_header(HEADER.format("'<f4'", f"({2**62}, 4)"), bytes(8)))], "in 8 bytes"),
        ([("a.npy", with_header(HEADER.format("'<f4'", f"({2**70}, 0)")))], ""),
        ([("a.npy", with_header(HEADER.format("'<f4'", "(-2, -1)"), bytes(8)))], "shape"),
        ([("a.npy", with_header(HEADER.format("'<f4'", "(True,)"), bytes(4)))], ""),
        ([("a.npy", with_header(HEADER.format("'<f4'", "(" + "1," * 100 + ")"), bytes(4)))], ""),
        ([("a.npy", with_header(HEADER.format("'|V0'", "(4,)")))], ""),
        ([("a.npy", with_header("(" * 1500))], ""),
        ([("a.npy", with_header("-" * 1900 + "1"))], ""),
        ([("a.npy", with_header("{'''"))], ""),
        ([("a.npy", with_header(" " * 60_000 + "{}"))], ""),
        ([("a.npy", with_header("__import__('os').abort()"))], ""),
        ([("a.npy", with_header(HEADER.format("'<f4'", "(1,)"), bytes(4), version=3))], "version"),
        ([("structure.json", b"[" * 100_000)], ""),
        ([("structure.json", b"\xff")], ""),
        ([("structure.json", b"NaN")], ""),
        ([("structure.json", b"1" * 5000)], ""),
        ([("structure.json", json.dumps({"format": "minigrad-2", "value": {"plain": 1}}).encode())], "checksum"),
    ],
)  # fmt: skip
def test_hostile_members_are_refused(members, message, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's, of a name that is there twice
        archive(path, *members)
    with pytest.raises(DataError, match=rf"(?s)state\.npz.*{message}"):
        mg.load(path)


def peak(call):
    tracemalloc.start()
    try:
        with pytest.raises(DataError) as caught:
            call()
        return tracemalloc.get_traced_memory()[1], str(caught.value)
    finally:
        tracemalloc.stop()


def test_a_bomb_is_refused_before_it_is_unpacked(path):
    archive(path, *[(f"{number}.npy", npy(np.zeros(2**22))) for number in range(3)], method=zipfile.ZIP_DEFLATED)
    size = path.stat().st_size
    assert size < 500_000
    memory, message = peak(lambda: mg.load(path))
    assert "more than arrays ever do" in message
    assert memory < 10 * size + 2**20


def test_a_bomb_that_lies_about_its_size_is_not_unpacked(path):
    archive(path, ("a.npy", npy(np.zeros(2**21))), method=zipfile.ZIP_DEFLATED)
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = raw.index(signature) + offset
        raw[at : at + 4] = (208).to_bytes(4, "little")
    path.write_bytes(raw)
    memory, _ = peak(lambda: mg.load(path))
    assert memory < 10 * len(raw) + 2**20


def test_a_member_that_is_there_again_and_again_is_refused(path):
    """One stretch of the file under many names: it would unpack to far more than the file."""
    archive(path, ("a.npy", npy(np.zeros(10_000))))
    raw = path.read_bytes()
    start, end = raw.index(b"PK\x01\x02"), raw.index(b"PK\x05\x06")
    entry, count = raw[start:end], 9
    entries = b"".join(entry.replace(b"a.npy", b"%d.npy" % number) for number in range(count))
    tail = bytearray(raw[end:])
    tail[8:10] = tail[10:12] = count.to_bytes(2, "little")
    tail[12:16] = len(entries).to_bytes(4, "little")
    path.write_bytes(raw[:start] + entries + tail)
    with pytest.raises(DataError, match="overlap"):
        mg.load(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(method, path):
    archive(path, ("a.npy", GOOD), method=method)
    with pytest.raises(DataError, match="packed by method"):
        mg.load(path)


def test_a_packed_description_is_refused(path):
    text = json.dumps({"format": "minigrad-1", "value": {"list": [{"list": []}] * 1000}})
    archive(path, ("structure.json", text), method=zipfile.ZIP_DEFLATED)
    with pytest.raises(DataError, match="compressed, which save never does"):
        mg.load(path)


def test_an_array_is_given_once(path):
    """Or a small file would name a large array a million times."""
    entry = {"array": 0, "order": [0]}
    archive(
        path, ("structure.json", json.dumps({"format": "minigrad-1", "value": {"list": [entry] * 9}})), ("0.npy", GOOD)
    )
    with pytest.raises(DataError):
        mg.load(path)


def test_a_wrong_crc_is_noticed(path):
    archive(path, ("a.npy", GOOD))
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"PK\x01\x02") - 3] ^= 1
    path.write_bytes(raw)
    with pytest.raises(DataError, match="CRC"):
        mg.load(path)


def test_a_pickle_of_pytorch_in_an_archive(path):
    archive(path, ("archive/data.pkl", b""), ("archive/data/0", bytes(8)))
    with pytest.raises(DataError, match=r"is a pickle.*safetensors\.torch\.save_file"):
        mg.load(path)


def test_a_file_without_an_end_is_not_read():
    with pytest.raises(DataError):
        mg.load("/dev/zero")
