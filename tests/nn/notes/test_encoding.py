"""Labels as vectors."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError
from nn.notes import multi_hot, one_hot

ANIMALS = ["dog", "fish", "cat", "bird"]


def test_one_label_and_several():
    assert one_hot("cat", ANIMALS).tolist() == one_hot(2, 4).tolist() == [0, 0, 1, 0]
    assert one_hot(["dog", "bird"], ANIMALS).tolist() == [[1, 0, 0, 0], [0, 0, 0, 1]]
    for labels in ([0, 3], (0, 3), np.array([0, 3]), mg.tensor([0, 3])):
        assert one_hot(labels, 4).tolist() == [[1, 0, 0, 0], [0, 0, 0, 1]]
    assert one_hot(mg.tensor(1), 2).tolist() == one_hot(np.int64(1), 2).tolist() == [0, 1]
    assert one_hot(0, 2, mg.float64).dtype == mg.float64
    assert one_hot([], 3).shape == (0, 3)


def test_one_sample_and_several():
    assert multi_hot(["dog", "cat"], ANIMALS).tolist() == multi_hot({0, 2}, 4).tolist() == [1, 0, 1, 0]
    assert multi_hot([], ANIMALS).tolist() == [0, 0, 0, 0]
    assert multi_hot([["dog"], [], {"fish", "bird"}], ANIMALS).tolist() == [
        [1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 1]]  # fmt: skip
    assert multi_hot(mg.tensor([1, 1]), 2, mg.float64).tolist() == [0, 1]


@pytest.mark.parametrize("encode", [one_hot, lambda label, classes: multi_hot([label], classes)])
def test_labels_that_are_none(encode):
    with pytest.raises(ArgumentError, match="the label 'cow'; the classes are dog, fish, cat, bird"):
        encode("cow", ANIMALS)
    with pytest.raises(ArgumentError, match="the label 1; the classes are dog"):
        encode(1, ANIMALS)
    with pytest.raises(ArgumentError, match="the label 'dog'; the classes are 0, 1, 2, 3, 4, 5, 6, 7, 8, …"):
        encode("dog", 10)
    for number in (4, -1):
        with pytest.raises(IndexOutOfRangeError, match=rf"the label {number}; 4 classes have the numbers 0 to 3"):
            encode(number, 4)
    with pytest.raises(DTypeError, match="an integer"):
        encode(1.5, 4)


def test_classes_that_are_none():
    with pytest.raises(ArgumentError, match="classes=0; it is a number of classes, or a list of their names"):
        one_hot(0, 0)
    for classes in ([], ["a", "a"], ["a", 1], {"a", "b"}):
        with pytest.raises(ArgumentError, match="they are names in order, each of them once, or the number of classes"):
            multi_hot([0], classes)
    with pytest.raises(DTypeError, match="an integer"):
        one_hot("d", "dog")
    with pytest.raises(DTypeError, match=r"labels in a list, a set or a tensor"):
        multi_hot("dog", ANIMALS)


def test_a_set_has_no_order():
    with pytest.raises(DTypeError, match=r"one_hot got a set, which has no order.*there is multi_hot"):
        one_hot({"dog", "fish"}, ANIMALS)
