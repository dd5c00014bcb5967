"""Trees of tensors: taken apart, put together, compared."""

import gc
import weakref
from collections import OrderedDict, namedtuple

import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError
from minigrad.func.tree import flatten, leaves_as, tensors_in, unflatten

Pair = namedtuple("Pair", "left right")

TREES = [
    3,
    (),
    [],
    {},
    (1,),
    [1, (2, [3]), {"a": 4, "b": ()}],
    OrderedDict(z=1, a=[2]),
    Pair(1, {"x": (2, 3)}),
    {1: 2, "two": None},
]


@pytest.mark.parametrize("tree", TREES, ids=str)
def test_a_tree_is_put_together_again(tree):
    leaves, structure = flatten(tree)
    again = unflatten(leaves, structure)
    assert again == tree
    assert type(again) is type(tree)
    assert leaves_as(tree, structure, "it") == leaves


def test_leaves_are_read_from_left_to_right():
    assert flatten({"b": [1, (2,)], "a": 3})[0] == [1, 2, 3]


def test_structures_as_text():
    assert str(flatten((1, [2], {"a": (3,)}))[1]) == "(*, [*], {'a': (*,)})"


def test_another_order_of_keys_is_the_same_structure():
    _, structure = flatten({"a": 1, "b": 2})
    assert leaves_as({"b": 20, "a": 10}, structure, "it") == [10, 20]


@pytest.mark.parametrize("other", [1, (1,), (1, 2, 3), [1, 2], (1, (2,)), {"a": 1, "b": 2}, (1, {"a": 2})])
def test_another_structure_is_refused(other):
    _, structure = flatten((1, 2))
    with pytest.raises(ArgumentError, match=r"the tangents have the structure .*, expected \(\*, \*\)"):
        leaves_as(other, structure, "the tangents")


def test_only_tensors_are_leaves():
    assert len(tensors_in([mg.ones(1), {"a": mg.ones(2)}], "f")[0]) == 2
    with pytest.raises(DTypeError, match=r"f: a float arrived where tensors belong"):
        tensors_in([mg.ones(1), 2.0], "f")


def test_what_was_taken_apart_is_freed_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        leaf = mg.ones(2)
        leaves, structure = flatten({"a": [leaf]})
        built = unflatten(leaves, structure)
        again = leaves_as(built, structure, "these")
        gone = weakref.ref(leaf)
        del leaf, leaves, built, again
        assert gone() is None

        second = mg.func.hessian(lambda x: (x**3).sum())(mg.ones(2))
        gone = weakref.ref(second)
        del second
        assert gone() is None
    finally:
        gc.enable()
