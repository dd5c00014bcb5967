from collections import OrderedDict, defaultdict, namedtuple
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.utils.data import default_collate, default_convert

Point = namedtuple("Point", ["x", "y"])


@pytest.mark.parametrize(
    ("batch", "values", "dtype"),
    [
        ([mg.tensor([1.0, 2.0]), mg.tensor([3.0, 4.0])], [[1, 2], [3, 4]], np.float32),
        ([mg.tensor(1), mg.tensor(2)], [1, 2], np.int64),
        ([np.array([1, 2], np.uint8), np.array([3, 4], np.uint8)], [[1, 2], [3, 4]], np.uint8),
        ([np.float32(1), np.float32(2)], [1, 2], np.float32),
        ([np.int16(1), np.int16(2)], [1, 2], np.int16),
        ([np.float64(1), np.float64(2)], [1, 2], np.float64),
        ([np.True_, np.False_], [True, False], np.bool_),
        ([1.5, 2], [1.5, 2], np.float64),
        ([1, 2], [1, 2], np.int64),
        ([True, False], [True, False], np.bool_),
        ([mg.tensor([[1.0]])], [[[1]]], np.float32),
        ([mg.tensor(1), mg.tensor(2.5)], [1, 2.5], np.float32),
        ([np.float32(1), np.int64(2)], [1, 2], np.float32),
        ([np.ones(1, np.uint8), mg.tensor([2])], [[1], [2]], np.int64),
    ],
)
def test_numbers_become_one_tensor(batch: list[Any], values: list[Any], dtype: type) -> None:
    result = default_collate(batch)
    assert isinstance(result, mg.Tensor)
    assert result.tolist() == values
    assert result.dtype == dtype


def test_the_batch_has_memory_of_its_own() -> None:
    array = np.zeros(2, np.float32)
    for item in (array, mg.from_numpy(array)):
        default_collate([item]).numpy()[:] = 1
    assert not array.any()


@pytest.mark.parametrize("batch", [["a", "b"], [b"a", b"b"]])
def test_strings_stay_a_list(batch: list[Any]) -> None:
    assert default_collate(batch) == batch


def test_structures_are_kept_and_tuples_become_lists() -> None:
    images, labels = default_collate([(np.zeros(2), 3), (np.ones(2), 4)])
    assert images.tolist() == [[0, 0], [1, 1]]
    assert labels.tolist() == [3, 4]
    assert type(default_collate([(1, 2)])) is list
    assert [part.tolist() for part in default_collate([[1, 2], [3, 4], [5, 6]])] == [[1, 3, 5], [2, 4, 6]]
    point = default_collate([Point(1, "a"), Point(2, "b")])
    assert type(point) is Point
    assert (point.x.tolist(), point.y) == ([1, 2], ("a", "b"))
    nested = default_collate([{"p": (1, {"q": [2.0]})}, {"p": (3, {"q": [4.0]})}])
    assert nested["p"][1]["q"][0].tolist() == [2, 4]


def test_mappings_keep_their_type_where_they_can() -> None:
    ordered = default_collate([OrderedDict(b=1, a=2), OrderedDict(a=4, b=3)])
    assert type(ordered) is OrderedDict
    assert list(ordered) == ["b", "a"]
    assert ordered["b"].tolist() == [1, 3]
    assert default_collate([defaultdict(int, a=1), defaultdict(int, a=2)])["a"].tolist() == [1, 2]
    assert [part.tolist() for part in default_collate([range(2), range(2)])] == [[0, 0], [1, 1]]


def test_gradients_pass_through_the_batch() -> None:
    first = mg.tensor([1.0, 2.0])
    first.requires_grad = True
    batch = default_collate([first, mg.tensor([3.0, 4.0])])
    (batch * batch).sum().backward()
    assert first.grad is not None
    assert first.grad.tolist() == [2.0, 4.0]


@pytest.mark.parametrize(
    ("batch", "error", "message"),
    [
        ([], ArgumentError, "empty batch"),
        ([mg.ones(2), mg.ones(2), mg.ones(3)], ShapeError, r"item 0 .*shape \(2,\), item 2 has \(3,\)"),
        ([np.zeros((2, 1)), np.zeros((1, 2))], ShapeError, "collate_fn="),
        ([(1, 2), (3,)], ShapeError, r"have \[1, 2\] entries"),
        ([[1], [1, 2]], ShapeError, "Pad them"),
        ([{"a": 1, "b": 2}, {"a": 1}], ArgumentError, r"item 1 of the batch lacks the keys \['b'\]"),
        ([mg.ones(2), 3], DTypeError, "item 0 of the batch is a Tensor, item 1 a int; one batch needs one kind"),
        ([(1, 2), 3], DTypeError, "a tuple, item 1 a int"),
        ([{"a": 1}, [1]], DTypeError, "a dict, item 1 a list"),
        ([None, None], DTypeError, "NoneType"),
        ([object()], DTypeError, "type object"),
        ([np.array(["a"])], DTypeError, "which no tensor can hold"),
        ([np.array([None])], DTypeError, "dtype object"),
        ([{1, 2}], DTypeError, "type set"),
    ],
)
def test_what_makes_no_batch_is_refused(batch: list[Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        default_collate(batch)


def test_convert_turns_arrays_into_tensors_and_leaves_the_rest() -> None:
    converted = default_convert((np.array([1.0]), 2, "s", {"k": np.int16(3)}, Point(np.zeros(1), None)))
    assert type(converted) is list
    array, number, text, mapping, point = converted
    assert isinstance(array, mg.Tensor)
    assert (number, text) == (2, "s")
    assert isinstance(mapping["k"], mg.Tensor)
    assert mapping["k"].dtype == np.int16
    assert type(point) is Point
    assert isinstance(point.x, mg.Tensor)
    assert point.y is None
    tensor = mg.ones(2)
    assert default_convert(tensor) is tensor
    strings = np.array(["a"])
    assert default_convert(strings) is strings
    assert default_convert([1, [2]]) == [1, [2]]
