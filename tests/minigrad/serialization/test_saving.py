"""Files that `save` writes: they come back exactly, or are refused; nothing in them is executed."""

import io
import json
import math
import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.dtypes import SUPPORTED
from minigrad.errors import DataError, DTypeError, MinigradError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.npz"


def again(value, path):
    mg.save(value, path)
    return mg.load(path)


def same(a, b):
    """Whether two structures are of the same types, dtypes and bits."""
    if isinstance(a, mg.Tensor):
        return (
            type(b) is mg.Tensor
            and a.requires_grad == b.requires_grad
            and same(a.numpy(force=True), b.numpy(force=True))
        )
    if isinstance(a, np.ndarray):
        return type(b) is np.ndarray and (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    if isinstance(a, dict):
        return type(b) is dict and list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b)))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        -(2**70),
        1.5,
        0.1,
        float("inf"),
        float("-inf"),
        float("nan"),
        "text",
        'ünï\n"\\',
        "",
        [],
        (),
        {},
        [1, (2, [3])],
        {"a": {"b": [None, True]}, 3: "int", -1: "negative", "": "empty"},
        {"tensor": 1, "plain": 2, "dict": [1]},
        [{"array": [1]}, ("tuple",)],
    ],
    ids=repr,
)
def test_plain_values_come_back(value, path):
    assert same(value, again(value, path))


@pytest.mark.parametrize("dtype", SUPPORTED, ids=str)
@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (0, 3), (2, 1, 2, 1)])
def test_tensors_and_arrays_come_back_bit_for_bit(dtype, shape, path):
    array = np.arange(math.prod(shape)).reshape(shape).astype(dtype)
    value = {"tensor": mg.tensor(array), "array": array}
    loaded = again(value, path)
    assert same(value, loaded)
    for one in (loaded["tensor"]._array, loaded["array"]):
        assert one.flags.writeable
    loaded["tensor"].zero_()


def test_special_floats_keep_their_bits(path):
    array = np.array([0x7FC00001, 0xFFC00000, 0x7F800000, 0x80000000, 1], np.uint32).view(np.float32)
    assert same(mg.from_numpy(array), again(mg.from_numpy(array), path))


def test_wishes_for_gradients_come_back(path):
    loaded = again(
        [mg.ones(1, requires_grad=True), nn.Parameter(mg.ones(1)), mg.ones(1), mg.ones(1, requires_grad=True) * 2], path
    )
    assert [one.requires_grad for one in loaded] == [True, True, False, True]
    assert all(type(one) is mg.Tensor and one.is_leaf for one in loaded)


@pytest.mark.parametrize("axes", [(0, 1, 2, 3), (1, 0, 2, 3), (2, 3, 1, 0), (3, 2, 1, 0), (0, 2, 3, 1)])
def test_memory_order_comes_back(axes, path):
    t = mg.arange(120.0).reshape(2, 3, 4, 5).permute(*axes)
    loaded = again(t, path)
    assert loaded.tolist() == t.tolist()
    assert loaded._array.strides == t._array.strides


def test_every_stride_can_be_saved(path):
    t = mg.arange(6.0).reshape(2, 3)
    for view in (t[:, ::2], t.flip(1), t[0].expand(4, 3), t.T[1:]):
        assert again(view, path).tolist() == view.tolist()


def test_numpy_numbers_become_plain_ones(path):
    assert again([np.float32(0.5), np.int64(3), np.bool_(True), np.str_("s")], path) == [0.5, 3, True, "s"]


def test_ordered_dictionaries_become_plain_ones_in_order(path):
    assert list(again(OrderedDict([("b", 1), ("a", 2)]), path)) == ["b", "a"]


def test_the_path_is_taken_as_it_is(tmp_path):
    for name in ("state", "state.pt", "a b.npz", "new/folder/state"):
        mg.save([1], tmp_path / name)
        assert mg.load(str(tmp_path / name)) == [1]
    assert {one.name for one in tmp_path.iterdir()} == {"state", "state.pt", "a b.npz", "new"}


def test_a_model_and_its_optimiser_go_on_where_they_were(path):
    def training():
        mg.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(8, 3))
        return model, mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def steps(model, optimizer, count):
        x, labels = mg.linspace(-1, 1, 64).reshape(4, 1, 4, 4), mg.tensor([0, 1, 2, 0])
        for _ in range(count):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), labels).backward()
            optimizer.step()
        return [p.tolist() for p in model.parameters()]

    model, optimizer = training()
    steps(model, optimizer, 3)
    mg.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, path)
    right = steps(model, optimizer, 3)
    mg.manual_seed(77)
    model, optimizer = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(8, 3)), None
    optimizer = mg.optim.SGD(model.parameters(), lr=5.0, momentum=0.1)
    state = mg.load(path)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    assert steps(model, optimizer, 3) == right


# --------------------------------------------------------------------------- refusals


class Strange:
    pass


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (Strange(), r"a Strange at the top.*state_dict\(\)"),
        ({"a": [1, {"b": Strange()}]}, r"a Strange at \['a'\]\[1\]\['b'\]"),
        (nn.Linear(2, 2), r"a Linear at the top.*save module.state_dict\(\)"),
        ({1.5: 1}, "the key 1.5 at the top is a float"),
        ({"a": {True: 1}}, r"the key True at \['a'\] is a bool"),
        ({None: 1}, "NoneType"),
        ([np.array(["a"])], "dtype <U1"),
        ([np.array([1j])], "complex128"),
        ({1, 2}, "a set"),
        (1j, "a complex"),
        (b"bytes", "a bytes"),
        (lambda: 1, "a function"),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_leaves_the_old_file(value, message, path, tmp_path):
    mg.save("old", path)
    with pytest.raises(DTypeError, match=message):
        mg.save(value, path)
    assert mg.load(path) == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["state.npz"]


def test_arguments_the_wrong_way_round(path):
    for wrong in ({"a": 1}, io.BytesIO(), None, 3):
        with pytest.raises(DTypeError, match=rf"path of type {type(wrong).__name__}; .*save\(object, path\)"):
            mg.save(path, wrong)
        if not isinstance(wrong, io.BytesIO):
            with pytest.raises(MinigradError, match=r"path|loaded"):
                mg.load(wrong)
    assert not path.exists()


def test_a_missing_file(tmp_path):
    for kind in (DataError, FileNotFoundError):
        with pytest.raises(kind, match="absent"):
            mg.load(tmp_path / "absent.npz")
    with pytest.raises(DataError):
        mg.load(tmp_path)


@pytest.mark.parametrize(
    "contents",
    [b"", b"PK", b"not an archive", b"\x93NUMPY\x01\x00", b"PK\x05\x06" + bytes(18), b"        {" + bytes(9)],
)
def test_other_files_are_refused(contents, path):
    path.write_bytes(contents)
    with pytest.raises(DataError, match=r"cannot be loaded.*minigrad's save"):
        mg.load(path)


def archive(path, structure, **members):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("structure.json", structure if isinstance(structure, str | bytes) else json.dumps(structure))
        for name, data in members.items():
            file.writestr(f"{name.removeprefix('_')}.npy", data)


def npy(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_refused_with_the_way_to_convert_it(protocol, path):
    path.write_bytes(pickle.dumps({"a": Bomb()}, protocol))
    with pytest.raises(DataError, match=r"is a pickle.*safetensors\.torch\.save_file.*numpy\.savez"):
        mg.load(path)


class Bomb:
    def __reduce__(self):
        return os.abort, ()


VERSION = "minigrad-1"


@pytest.mark.parametrize(
    ("structure", "members"),
    [
        ("", {}),
        ("null", {}),
        ("[]", {}),
        ("3", {}),
        ("{}", {}),
        (b"\xff\xfe", {}),
        ("[" * 100_000, {}),
        ({"format": "minigrad-99", "value": {"plain": 1}}, {}),
        ({"format": VERSION}, {}),
        ({"format": VERSION, "value": 3}, {}),
        ({"format": VERSION, "value": {}}, {}),
        ({"format": VERSION, "value": None}, {}),
        ({"format": VERSION, "value": {"unknown": 3}}, {}),
        ({"format": VERSION, "value": {"list": 3}}, {}),
        ({"format": VERSION, "value": {"dict": [["a"]]}}, {}),
        ({"format": VERSION, "value": {"dict": [[["a"], {"plain": 1}]]}}, {}),
        ({"format": VERSION, "value": {"tensor": 0, "grad": False, "order": [0]}}, {}),
        ({"format": VERSION, "value": {"tensor": 0, "grad": False, "order": [0]}}, {"_0": b"rubbish"}),
        (
            {"format": VERSION, "value": {"tensor": 0, "grad": False, "order": [0]}},
            {"_0": npy(np.array([Bomb()]), allow_pickle=True)},
        ),
        ({"format": VERSION, "value": {"tensor": 0, "grad": False, "order": [0]}}, {"_0": npy(np.ones(2))[:-3]}),
        ({"format": VERSION, "value": {"tensor": 0, "grad": False, "order": [0]}}, {"_0": npy(np.array(["a"]))}),
        ({"format": VERSION, "value": {"tensor": 0, "grad": False, "order": [0]}}, {"_0": npy(np.ones(1, complex))}),
        ({"format": VERSION, "value": {"tensor": 0, "grad": True, "order": [0]}}, {"_0": npy(np.ones(1, int))}),
        ({"format": VERSION, "value": {"tensor": 0, "grad": False, "order": [0, 1]}}, {"_0": npy(np.ones(1))}),
        ({"format": VERSION, "value": {"tensor": "../../evil", "grad": False, "order": [0]}}, {"_0": npy(np.ones(1))}),
        (
            {"format": VERSION, "value": {"array": 0, "order": [0]}},
            {"_0": npy(np.zeros(1)).replace(b"(1,)", b"(99999999999999,)")[:128]},
        ),
    ],
)
def test_crafted_archives_are_refused(structure, members, path):
    archive(path, structure, **members)
    with pytest.raises(DataError, match=r"state\.npz"):
        mg.load(path)


def test_an_encrypted_or_strangely_packed_archive_is_refused(path):
    archive(path, {"format": VERSION, "value": {"plain": 1}})
    raw = bytearray(path.read_bytes())
    local, central = raw.index(b"PK\x03\x04"), raw.index(b"PK\x01\x02")
    for offset, value in ((6, 1), (8, 99)):  # the flags, the method
        changed = bytearray(raw)
        changed[local + offset] = changed[central + offset + 2] = value
        path.write_bytes(changed)
        with pytest.raises(DataError, match="cannot be loaded"):
            mg.load(path)


def test_a_file_cut_anywhere_is_refused(path):
    mg.save({"w": mg.arange(3.0), "n": 1}, path)
    raw = path.read_bytes()
    for end in range(0, len(raw), 7):
        path.write_bytes(raw[:end])
        with pytest.raises(DataError):
            mg.load(path)


SLOW_WRITER = """
import sys, time, minigrad.serialization as s, minigrad as mg
import numpy.lib.format as f
write = f.write_array
def slow(file, array, **options):
    print("writing", flush=True)
    time.sleep(60)
f.write_array = slow
mg.save({"w": mg.ones(5)}, sys.argv[1])
"""


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_a_killed_save_leaves_the_old_file(environment, path):
    mg.save("old", path)
    process = subprocess.Popen([sys.executable, "-c", SLOW_WRITER, str(path)], env=environment, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"writing\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=20)
    process.stdout.close()
    assert mg.load(path) == "old"


def test_saving_takes_one_moment(path):
    """Readers see the old file or the new one, never a part."""
    mg.save([mg.zeros(1000)], path)
    old = os.stat(path).st_ino
    mg.save([mg.ones(1000)], path)
    assert os.stat(path).st_ino != old
    assert time.time() - os.stat(path).st_mtime < 60
