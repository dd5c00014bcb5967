"""Reading and writing by index: basic and advanced indices, drawn and chosen."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

import minigrad as mg
from tests.torch_oracle.compare import both_refuse, compare, drawn, normal, whole


def indexed(index):
    """Reading `index`, whose arrays become tensors of each library."""

    def part(library, item):
        if isinstance(item, np.ndarray):
            return library.tensor(item)
        return item

    def key(library):
        if isinstance(index, tuple):
            return tuple(part(library, item) for item in index)
        return part(library, index)

    return lambda x: x[key(mg)], lambda x: x[key(torch)]


def place_of(shape, index):
    """The shape that `index` reads, in PyTorch."""
    return tuple(indexed(index)[1](torch.empty(shape)).shape)


def fits(shape, index):
    """Whether the integers are in range and the arrays broadcast."""
    try:
        place_of(shape, index)
    except IndexError:
        return False
    return True


@st.composite
def basic(draw):
    """A shape and a basic index: integers, slices with positive steps, None, an Ellipsis."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    index = []
    for size in shape[: draw(st.integers(0, len(shape)))]:
        if draw(st.booleans()):
            index.append(draw(st.integers(-size, size - 1)))
        else:
            end = st.one_of(st.none(), st.integers(-size - 1, size + 1))
            index.append(slice(draw(end), draw(end), draw(st.sampled_from([None, 1, 2, 3]))))
    if draw(st.booleans()):
        index.insert(draw(st.integers(0, len(index))), None)
    if draw(st.booleans()):
        index.insert(draw(st.integers(0, len(index))), Ellipsis)
    assume(fits(shape, tuple(index)))  # behind an Ellipsis an integer meets another axis
    return shape, tuple(index)


@st.composite
def advanced(draw):
    """A shape and an index with one or two broadcasting integer arrays or a mask, among slices, integers and None."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    pick = draw(st.lists(st.integers(0, 2), max_size=2).map(tuple))
    index, arrays = [], 0
    for size in shape[: draw(st.integers(1, len(shape)))]:
        kind = draw(st.sampled_from(["array", "mask", "slice", "integer", "array"]))
        if kind == "array":
            arrays += 1
            seed = draw(st.integers(0, 50))
            one = tuple(1 if draw(st.booleans()) else n for n in pick)
            index.append(whole(-size, size, *one, seed=seed))
        elif kind == "mask" and len(pick) <= 1 and not arrays:
            arrays += 1
            index.append(whole(0, 2, size, seed=draw(st.integers(0, 9))) > 0)
            pick = (1,)
        elif kind == "integer":
            index.append(draw(st.integers(-size, size - 1)))
        else:
            index.append(slice(draw(st.sampled_from([None, 0, 1])), None, draw(st.sampled_from([None, 2]))))
    if draw(st.booleans()):
        index.insert(draw(st.integers(0, len(index))), None)
    assume(fits(shape, tuple(index)))
    return shape, tuple(index)


@drawn(300)
@given(basic())
def test_basic(case):
    shape, index = case
    compare(*indexed(index), normal(*shape))


@drawn(300)
@given(advanced())
def test_advanced(case):
    shape, index = case
    compare(*indexed(index), normal(*shape))


CHOSEN = [
    np.array([0, 2, 0, -1]), np.array([[0, 1], [2, 2]]), np.array(1), np.array([], np.int64), [0, 2], [0, -1, 0],
    (np.array([0, 1]), np.array([2, 3])), (slice(None), np.array([3, 0, 0])),
    (np.array([[0], [1]]), np.array([1, 2])), (np.array([0, 1]), slice(None), np.array([1, 0])),
    (slice(None), np.array([0, 1]), np.array([1, 0])), (0, slice(None), np.array([1, 0])), (np.array([0, 1]), 2),
    (..., np.array([1, 0])), (np.array([1, 0]), ...), (np.array([0, 1]), None, np.array([1, 2])),
    (None, np.array([0, 1])), ([0, 1], [2, 3]), (slice(None), [True, False, True, False]),
    np.array([True, False, True]), np.array([False, False, False]), True, False, np.array(True), np.array(False),
    None, ..., (), (np.array([1], np.uint8) > 0, 0), np.array([0, 2], np.int32), (1, 2, 1), (..., 0), (slice(0, 0),),
    (slice(None), slice(1, 3), slice(None, None, 2)), ([[0, 1], [1, 2]],), (np.array([2, 0]), np.array([True] * 4)),
    (np.array([0, 1])[:, None, None], np.array([0, 1])[:, None], np.array([0, 1])), (None, None, 0, ..., None),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(CHOSEN)))
def test_chosen_reads(number):
    index = CHOSEN[number]
    x = normal(3, 4, 2)
    if fits(x.shape, index):
        compare(*indexed(index), x)
    else:
        both_refuse(lambda: indexed(index)[0](mg.tensor(x)), lambda: indexed(index)[1](torch.tensor(x)), IndexError)


def test_mask_of_several_axes():
    x = normal(3, 4, 2)
    mask = normal(3, 4, seed=1) > 0
    for index in (mask, (mask, 0), (mask, slice(None)), (mask, np.array([1])), (..., normal(4, 2, seed=2) > 0), x > 0):
        compare(*indexed(index), x)


def test_reads_that_are_refused():
    for index in (3, -4, (0, 4), (0, 0, 0, 0), np.array([3]), np.array([-4]), np.array([True, False])):
        both_refuse(lambda: indexed(index)[0](mg.ones(3, 4)), lambda: indexed(index)[1](torch.ones(3, 4)), IndexError)
    for index in (1.5, "a", np.array([0.5]), slice(0.5, 2)):
        both_refuse(lambda: indexed(index)[0](mg.ones(3, 4)), lambda: indexed(index)[1](torch.ones(3, 4)))
    both_refuse(lambda: mg.tensor(1.0)[0], lambda: torch.tensor(1.0)[0], IndexError)
    both_refuse(
        lambda: mg.ones(3, 4)[mg.tensor([0, 1]), mg.tensor([0, 1, 2])],
        lambda: torch.ones(3, 4)[torch.tensor([0, 1]), torch.tensor([0, 1, 2])], IndexError,
    )  # fmt: skip


# ------------------------------------------------------------------- writes


def written(index):
    """A function that writes a value at `index` of a product, so that the write is recorded."""

    def write(library):
        def run(x, v):
            key = (
                tuple(library.tensor(one) if isinstance(one, np.ndarray) else one for one in index)
                if isinstance(index, tuple)
                else (library.tensor(index) if isinstance(index, np.ndarray) else index)
            )
            t = x * 2
            before = t * 3
            t[key] = v * 1
            return t * t, before

        return run

    return write(mg), write(torch)


@drawn(180)
@given(basic(), st.booleans())
def test_basic_writes(case, scalar):
    shape, index = case
    place = place_of(shape, index)
    compare(*written(index), normal(*shape), np.array(0.5) if scalar else normal(*place, seed=1))


@drawn(180)
@given(advanced(), st.booleans())
def test_advanced_writes(case, broadcast):
    shape, index = case
    place = place_of(shape, index)
    read = np.arange(np.prod(shape)).reshape(shape)[index]
    assume(read.size == np.unique(read).size)  # PyTorch leaves open which of several values an element gets
    value = normal(*place[1:] if broadcast else place, seed=1)
    compare(*written(index), normal(*shape), value)


def test_chosen_writes():
    x = normal(3, 4)
    for index, shape in [
        (0, (4,)), (0, ()), (slice(None), (4,)), ((slice(None), 1), (3,)), ((slice(None), 1), (1,)),
        (np.array([0, 2]), (2, 4)), (np.array([0, 2]), (4,)), (x > 0, ()),
        ((np.array([0, 1]), np.array([1, 2])), (2,)), (..., (1, 4)), (None, (1, 3, 4)), (0, (1, 4)), ((0, 0), (1,)),
        (np.array([True, False, True]), (2, 4)), (True, (3, 4)), (slice(0, 0), (0, 4)), (x > 10, ()), (x > 10, (0,)),
        (0, (1, 1, 4)),
    ]:  # fmt: skip
        compare(*written(index), x, normal(*shape, seed=1))


def test_writes_that_are_refused():
    for index, shape in (
        (0, (3,)),
        (slice(None), (3,)),
        ((0, 0), (2,)),
        (np.array([0, 1]), (3, 4)),
        (0, (2, 4)),
        (5, ()),
        ((0, 9), ()),
    ):
        ours, theirs = mg.ones(3, 4), torch.ones(3, 4)
        key = [library.tensor(index) if isinstance(index, np.ndarray) else index for library in (mg, torch)]
        both_refuse(
            lambda: ours.__setitem__(key[0], mg.ones(shape)), lambda: theirs.__setitem__(key[1], torch.ones(shape))
        )
        assert (ours == 1).all()


def test_writes_of_numbers_into_every_dtype():
    for dtype in ("bool", "uint8", "int8", "int64", "float16", "float32", "float64"):
        for value in (True, 1, 2.5):
            results = []
            for library in (mg, torch):
                t = library.zeros(3, dtype=getattr(library, dtype))
                t[1] = value
                t[library.tensor([2])] = value
                results.append(t)
            assert results[0].tolist() == results[1].tolist(), (dtype, value)


def test_written_values_through_a_graph():
    """A value written into zeros, and reads of it before and after another write."""

    def run(library):
        def function(a, b):
            t = library.zeros(4, dtype=a.dtype)
            t[:2] = a
            early = t * 2
            t[1:3] = b
            t[3] = t[0].clone() * t[1].clone()
            return t * t, early

        return function

    compare(run(mg), run(torch), normal(2), normal(2, seed=1))


# ------------------------------------------------------------ along one axis


@drawn(120)
@given(st.data())
def test_gather(data):
    shape = tuple(data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    sizes = [data.draw(st.integers(0, size)) for size in shape]
    sizes[dim] = data.draw(st.integers(0, 5))
    index = whole(0, shape[dim], *sizes, seed=data.draw(st.integers(0, 9)))
    compare(lambda x, i: mg.gather(x, dim, i), lambda x, i: torch.gather(x, dim, i), normal(*shape), index)
    compare(lambda x, i: x.gather(dim, i), lambda x, i: x.gather(dim, i), normal(*shape), index, order=1)


@drawn(90)
@given(st.data())
def test_index_select(data):
    shape = tuple(data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    index = whole(0, shape[dim], data.draw(st.integers(0, 5)))
    compare(lambda x, i: mg.index_select(x, dim, i), lambda x, i: torch.index_select(x, dim, i), normal(*shape), index)
    compare(lambda x, i: x.index_select(dim, i), lambda x, i: x.index_select(dim, i), normal(*shape), index, order=1)


def test_along_one_axis_of_few():
    compare(lambda x, i: mg.gather(x, 0, i), lambda x, i: torch.gather(x, 0, i), np.array(2.0), np.array(0))
    compare(lambda x, i: mg.gather(x, 0, i), lambda x, i: torch.gather(x, 0, i), normal(3), np.array([[0, 1]])[0])
    compare(lambda x, i: mg.index_select(x, 0, i), lambda x, i: torch.index_select(x, 0, i), normal(3), np.array(1))
    compare(
        lambda x, i: mg.index_select(x, 0, i), lambda x, i: torch.index_select(x, 0, i), np.array(3.0), np.array([0])
    )
    for index in (np.array([3]), np.array([-1]), np.array([0.0]), np.array([[0]])):
        for name in ("gather", "index_select"):
            both_refuse(
                lambda: getattr(mg, name)(mg.ones(3), 0, mg.tensor(index)),
                lambda: getattr(torch, name)(torch.ones(3), 0, torch.tensor(index)),
            )
    both_refuse(
        lambda: mg.gather(mg.ones(2, 2), 0, mg.zeros(2, 3, dtype=mg.int64)),
        lambda: torch.gather(torch.ones(2, 2), 0, torch.zeros(2, 3, dtype=torch.int64)),
    )
