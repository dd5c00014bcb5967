"""The format safetensors: exchanged with its own library, and refused when it is hostile."""

import json
import sys
import tracemalloc

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.dtypes import SUPPORTED
from minigrad.errors import ArgumentError, DataError, MissingPackageError, WidenedDTypeWarning

library = pytest.importorskip("safetensors.numpy")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.safetensors"


def test_the_library_reads_a_state_dict_under_its_names(path):
    state = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)).state_dict()
    state["odd"] = mg.rand(2, 3, 4).permute(2, 0, 1)
    mg.save(state, path)
    loaded = library.load_file(path)
    assert loaded.keys() == state.keys()
    for name, array in loaded.items():
        assert array.dtype == state[name].dtype
        assert np.array_equal(array, state[name].numpy())


@pytest.mark.parametrize("dtype", SUPPORTED, ids=str)
def test_files_of_the_library_are_read(dtype, path):
    arrays = {"z": np.arange(6).reshape(2, 3).astype(dtype), "b.c": np.ones((), dtype), "../d": np.ones((0, 2), dtype)}
    library.save_file(arrays, path, {"format": "pt"})
    loaded = mg.load(path)
    assert loaded.keys() == arrays.keys()
    for name, array in arrays.items():
        assert type(loaded[name]) is mg.Tensor
        assert (loaded[name].dtype, loaded[name].shape) == (dtype, array.shape)
        assert np.array_equal(loaded[name].numpy(), array)
        assert loaded[name]._array.flags.writeable


def test_nested_containers_come_back_with_everything_in_them(path):
    value = {
        "model": {"w": mg.rand(2, 3).T, "b": mg.ones(1, requires_grad=True)},
        3: [1, 2.5, (None, True, "text", float("inf"))],
        "array": np.arange(3),
        "empty": [(), {}, mg.zeros(0, 4)],
    }
    mg.save(value, path)
    loaded = mg.load(path)
    assert list(loaded) == list(value)
    assert loaded[3] == value[3]
    assert loaded["empty"][:2] == [(), {}]
    assert loaded["empty"][2].shape == (0, 4)
    assert loaded["model"]["w"].tolist() == value["model"]["w"].tolist()
    assert loaded["model"]["w"]._array.strides == value["model"]["w"]._array.strides
    assert loaded["model"]["b"].requires_grad
    assert type(loaded["array"]) is np.ndarray
    assert set(library.load_file(path)) == {"model.w", "model.b", "array", "empty.2"}


@pytest.mark.parametrize("value", [3, None, [], mg.ones(2)], ids=str)
def test_anything_that_can_be_saved_can_be_saved_so(value, path):
    mg.save(value, path)
    loaded = mg.load(path)
    assert loaded == value if not isinstance(value, mg.Tensor) else loaded.tolist() == value.tolist()


def test_the_argument_outranks_the_ending_and_the_contents_tell(tmp_path):
    mg.save({"a": mg.ones(1)}, tmp_path / "one.npz", format="safetensors")
    mg.save({"a": mg.ones(1)}, tmp_path / "two.safetensors", format="npz")
    assert (tmp_path / "two.safetensors").read_bytes()[:2] == b"PK"
    assert library.load_file(tmp_path / "one.npz")["a"] == 1
    for name in ("one.npz", "two.safetensors"):
        assert mg.load(tmp_path / name)["a"].item() == 1
    for wrong in ("pickle", "", 3, ["npz"]):
        with pytest.raises(ArgumentError, match="'npz' or 'safetensors'"):
            mg.save(1, tmp_path / "three", format=wrong)
    assert not (tmp_path / "three").exists()


def test_same_contents_make_the_same_file(path):
    value = {"w": mg.arange(5.0), "n": [1, "text"], "v": mg.ones(2, dtype=mg.float64)}
    files = set()
    for _ in range(5):
        mg.save(value, path)
        files.add(path.read_bytes())
    assert len(files) == 1


def test_without_the_library(path, tmp_path, monkeypatch):
    mg.save({"a": mg.ones(1)}, path)
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.delitem(sys.modules, "safetensors.numpy", raising=False)
    for call in (lambda: mg.load(path), lambda: mg.save(1, tmp_path / "b.safetensors")):
        with pytest.raises(MissingPackageError, match=r"pip install safetensors.*\.npz"):
            call()
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


# --------------------------------------------------------------------------- dtypes that tensors do not have


def raw(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def test_bfloat16_becomes_float32_exactly(path):
    values = np.array([1.0, -2.5, 3.140625, 0.0, -0.0, np.inf, np.nan, 2.0**-133], np.float32)
    short = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    header = {"a": {"dtype": "BF16", "shape": [2, 4], "data_offsets": [0, 16]},
              "b": {"dtype": "BF16", "shape": [], "data_offsets": [16, 18]}}  # fmt: skip
    path.write_bytes(raw(header, short + short[:2]))
    with pytest.warns(WidenedDTypeWarning, match=r"2 of 2 tensors are bfloat16, such as 'a'.*float32"):
        loaded = mg.load(path)
    assert loaded["a"].dtype == mg.float32
    assert loaded["a"].numpy().tobytes() == values.tobytes()
    assert (loaded["b"].shape, loaded["b"].item()) == ((), 1.0)


@pytest.mark.parametrize("dtype", ["U16", "U32", "U64", "F8_E4M3", "C64"])
def test_other_dtypes_are_refused_by_name(dtype, path):
    size = {"U16": 2, "U32": 4, "U64": 8, "F8_E4M3": 1, "C64": 8}[dtype]
    path.write_bytes(raw({"a": {"dtype": dtype, "shape": [1], "data_offsets": [0, size]}}, bytes(size)))
    with pytest.raises(DataError, match=rf"state\.safetensors.*{dtype}"):
        mg.load(path)


# --------------------------------------------------------------------------- hostile


def f4(shape, start, end, **more):
    return {"dtype": "F32", "shape": shape, "data_offsets": [start, end], **more}


@pytest.mark.parametrize(
    "contents",
    [
        raw({}, length=2**63),
        raw({}, length=2**31),
        raw({}, length=3),
        raw({"a": f4([1], 0, 4)}, bytes(4), length=10**7),
        raw(b"{" + b"[" * 100_000),
        raw(b'{"a":' * 100_000),
        raw(b'{"a":NaN}'),
        raw(b'{"a"'),
        raw(b"{\xff}"),
        raw(b"{" + b"9" * 10_000),
        raw({"a": f4([2**40, 2**40], 0, 4)}, bytes(4)),
        raw({"a": f4([10**12], 0, 4)}, bytes(4)),
        raw({"a": f4([10**12], 0, 4 * 10**12)}, bytes(4)),
        raw({"a": f4([-1], 0, 4)}, bytes(4)),
        raw({"a": f4([1.0], 0, 4)}, bytes(4)),
        raw({"a": f4([1], 4, 0)}, bytes(4)),
        raw({"a": f4([1], 0, 4), "b": f4([1], 0, 4)}, bytes(4)),
        raw({"a": f4([1], 0, 4), "b": f4([1], 2, 6)}, bytes(6)),
        raw({"a": f4([1], 0, 4), "b": f4([1], 8, 12)}, bytes(12)),
        raw({"a": f4([1], 0, 4)}, bytes(8)),
        raw({"a": f4([1], 0, 4)}, bytes(3)),
        raw({"a": {"dtype": "object", "shape": [1], "data_offsets": [0, 4]}}, bytes(4)),
        raw({"a": {"shape": [1], "data_offsets": [0, 4]}}, bytes(4)),
        raw({"__metadata__": 3}),
        raw({"__metadata__": {"a": 3}}),
        raw({"__metadata__": {"minigrad": ""}}),
        raw({"__metadata__": {"minigrad": json.dumps({"format": "minigrad-2", "value": {"plain": 1}})}}),
        raw({"__metadata__": {"minigrad": "[" * 100_000}}),
        raw({"__metadata__": {"minigrad": '{"format": NaN}'}}),
        raw(b'{"a":%s,"a":%s}' % ((json.dumps(f4([0], 0, 0)).encode(),) * 2)),
    ],
    ids=range(30),
)  # fmt: skip
def test_hostile_files_are_refused_with_little_memory(contents, path):
    path.write_bytes(contents)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=r"state\.safetensors cannot be loaded"):
            mg.load(path)
        assert tracemalloc.get_traced_memory()[1] < 20 * len(contents) + 2**20
    finally:
        tracemalloc.stop()
