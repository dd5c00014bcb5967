"""How containers become named arrays and text, and what a text that was not written by us cannot do."""

import json
import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DataError, DTypeError
from minigrad.serialization.structure import Contents, described, leads_outside, restored


def names(value):
    return list(described(value)[0])


def test_arrays_are_named_by_their_path():
    value = {"model": {"0.weight": mg.ones(2), "bias": mg.ones(1)}, 3: [mg.ones(1), (np.ones(1), mg.ones(1))]}
    assert names(value) == ["model.0.weight", "model.bias", "3.0", "3.1.0", "3.1.1"]
    assert names({"conv1.weight": mg.ones(1), "a/b": mg.ones(1), "größe": mg.ones(1)}) == [
        "conv1.weight",
        "a/b",
        "größe",
    ]


@pytest.mark.parametrize(
    "key", ["", "../x", "a/../../b", "/etc/passwd", "C:/x", "c:x", "..", "a\\b", "a\nb", "a\0b", "\ud800", "x" * 2000,
            "__metadata__"]
)  # fmt: skip
@pytest.mark.parametrize("format", ["npz", "safetensors"])
def test_a_name_that_archives_should_not_have_is_replaced_and_comes_back(key, format, tmp_path):
    if format == "safetensors":
        pytest.importorskip("safetensors")
    assert names({key: mg.ones(1)}) == ["arr_0"]
    mg.save({key: mg.ones(1), "b": mg.zeros(1)}, tmp_path / "file", format=format)
    assert list(mg.load(tmp_path / "file")) == [key, "b"]


def test_no_two_arrays_share_a_name(tmp_path):
    value = {"a.b": mg.zeros(1), "a": {"b": mg.ones(1)}, "arr_1": mg.full((1,), 2.0), 3: mg.full((1,), 3.0),
             "3": mg.full((1,), 4.0), "": mg.full((1,), 5.0)}  # fmt: skip
    mg.save(value, tmp_path / "file")
    loaded = mg.load(tmp_path / "file")
    assert [loaded[key].item() for key in ("a.b", "arr_1", 3, "3", "")] == [0, 2, 3, 4, 5]
    assert loaded["a"]["b"].item() == 1


@pytest.mark.parametrize(
    ("name", "outside"),
    [("a/b", False), ("a..b", False), ("../a", True), ("a/..", True), ("/a", True), ("\\\\server", True), ("D:a", True),
     ("ab:c", False)],
)  # fmt: skip
def test_leads_outside(name, outside):
    assert leads_outside(name) is outside


def test_what_contains_itself_is_refused(tmp_path):
    one = []
    one.append(one)
    two = {}
    two["two"] = {"again": two}
    for value in (one, two):
        with pytest.raises(ArgumentError, match=r"more than 100 containers.*contain itself"):
            mg.save(value, tmp_path / "file")
    assert not list(tmp_path.iterdir())


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


def test_what_can_be_saved_can_be_loaded_however_deep(tmp_path):
    mg.save(nested(100), tmp_path / "file")
    assert mg.load(tmp_path / "file") == nested(100)
    with pytest.raises(ArgumentError):
        mg.save(nested(101), tmp_path / "file")


def test_large_integers(tmp_path):
    for number in (2**4096 - 1, 1 - 2**4096):
        mg.save(number, tmp_path / "file")
        assert mg.load(tmp_path / "file") == number
    for number in (2**4096, -(2**100_000)):
        with pytest.raises(ArgumentError, match="bits at the top; files hold 4096"):
            mg.save({}, tmp_path / "other") or mg.save(number, tmp_path / "file")


def test_the_error_says_where(tmp_path):
    with pytest.raises(DTypeError, match=r"a object at \['a'\]\[1\]\['b'\]"):
        described({"a": [1, {"b": object()}]})


def contents(value, arrays=(), format="minigrad-2", sealed=True):
    return Contents({str(number): array for number, array in enumerate(arrays)},
                    json.dumps({"format": format, "value": value}), sealed)  # fmt: skip


ONE = {"tensor": "0"}


@pytest.mark.parametrize(
    "value",
    [
        3, None, {}, {"list": 3}, {"unknown": 3}, {"plain": [1]}, {"plain": {"a": 1}},
        {"dict": [["a"]]}, {"dict": [[["a"], {"plain": 1}]]}, {"dict": [[True, {"plain": 1}]]}, {"dict": {"a": 1}},
        {"dict": [[None, {"plain": 1}]]}, {"dict": [["a", {"plain": 1}], ["a", {"plain": 2}]]}, {"dict": [[1.5, ONE]]},
        {"plain": 1}, {"list": []}, {"list": [ONE, ONE]}, {"tensor": "1"}, {"tensor": None}, {"tensor": ["0"]},
        {"tensor": "0", "order": [0]}, {"tensor": "0", "order": [1, 1]}, {"tensor": "0", "order": [-1, 0]},
        {"tensor": "0", "order": [0, 1, 2]}, {"tensor": "0", "order": "01"}, {"tensor": "0", "order": None},
        {"tensor": "0", "order": [0, math.nan]}, {"tensor": "0", "grad": "yes"}, {"tensor": "0", "grad": 2},
        {"array": "0", "order": [2**70, 0]},
    ],
    ids=repr,
)  # fmt: skip
def test_descriptions_of_other_things_are_refused(value):
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError)):
        restored(contents(value, [np.ones((2, 3), np.float32)]))


def test_a_description_needs_its_checksum_and_its_version():
    array = np.ones((2, 3), np.float32)
    assert restored(contents(ONE, [array])).tolist() == array.tolist()
    with pytest.raises(ValueError, match="checksum"):
        restored(contents(ONE, [array], sealed=False))
    with pytest.raises(ValueError, match=r"'minigrad-3', 'minigrad-2' was expected"):
        restored(contents(ONE, [array], "minigrad-3"))


def test_the_first_format_is_still_read():
    """It had no checksum, numbered its arrays, and wrote their axes in the order of memory."""
    t = np.arange(24.0).reshape(2, 3, 4)
    value = {"list": [{"tensor": 0, "order": [2, 0, 1], "grad": True}]}
    (loaded,) = restored(contents(value, [t.transpose(2, 0, 1).copy()], "minigrad-1", False))
    assert loaded.tolist() == t.tolist()
    assert loaded.requires_grad
    assert loaded._array.strides == t.transpose(2, 0, 1).copy().transpose(1, 2, 0).strides


def test_files_refuse_with_the_name_of_the_file(tmp_path):
    (tmp_path / "x.npz").write_bytes(b"PK\3\4")
    with pytest.raises(DataError, match=r"x\.npz cannot be loaded"):
        mg.load(tmp_path / "x.npz")
