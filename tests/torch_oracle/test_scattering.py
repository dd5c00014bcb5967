"""Writing and reading at places: scatter and its kin, index_add and its kin, take, masks."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.torch_oracle.compare import (
    agree,
    both,
    both_refuse,
    compare,
    drawn,
    method,
    normal,
    ours_of,
    positive,
    same,
    theirs_of,
    whole,
)

REDUCTIONS = ["sum", "prod", "mean", "amax", "amin"]
pytestmark = [
    pytest.mark.filterwarnings("ignore:index_reduce.* is in beta"),
    pytest.mark.filterwarnings("ignore:The reduce argument of torch.scatter"),
]


@st.composite
def places(draw, unique=False, least=0):
    """The shape of a tensor, an axis, an index that may be smaller elsewhere, and the shape of a larger source."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    size = [draw(st.integers(least, n)) for n in shape]
    if not unique:
        size[dim] = draw(st.integers(least, 5))
    seed = draw(st.integers(0, 99))
    index = whole(0, shape[dim], *size, seed=seed)
    if unique:
        index = np.argsort(
            normal(*[n if a != dim % len(shape) else shape[dim] for a, n in enumerate(size)], seed=seed), dim
        )
        index = np.take(index, range(size[dim]), dim)
    return shape, dim, index, tuple(size)


def written(name, dim, index, *arguments, **options):
    """A function of the tensor and the source in both libraries."""
    return tuple(
        lambda x, s, library=library: getattr(library, name)(x, dim, library.tensor(index), s, *arguments, **options)
        for library in (mg, torch)
    )


def as_method(name, dim, index, *arguments, **options):
    """The method of that name, in place where it ends so, on an interior tensor."""
    return tuple(
        lambda x, s, library=library: getattr(x * 1, name)(dim, library.tensor(index), s, *arguments, **options)
        for library in (mg, torch)
    )


@drawn(90)
@given(places(unique=True))
def test_scatter(case):
    shape, dim, index, source = case
    x, s = normal(*shape), normal(*source, seed=1)
    compare(*written("scatter", dim, index), x, s)
    compare(*as_method("scatter_", dim, index), x, s, order=1)
    for value in (2.5, 3):
        agree(lambda library: library.scatter(library.tensor(x), dim, library.tensor(index), value))
        agree(lambda library: library.tensor(x).scatter_(dim, library.tensor(index), value=value))
        same(lambda t: t.scatter(dim, _index_like(t, index), value), x)


def _index_like(tensor, index):
    return (ours_of if isinstance(tensor, mg.Tensor) else theirs_of)(index)


@drawn(60)
@given(places())
def test_scatter_add(case):
    shape, dim, index, source = case
    x, s = normal(*shape), normal(*source, seed=1)
    compare(*written("scatter_add", dim, index), x, s)
    compare(*as_method("scatter_add_", dim, index), x, s, order=1)
    compare(*written("scatter_add", dim, index), whole(0, 9, *shape), whole(0, 9, *source))


@drawn(150)
@given(places(), st.sampled_from(REDUCTIONS), st.booleans(), st.booleans())
def test_scatter_reduce(case, reduce, include_self, ties):
    shape, dim, index, source = case
    make = (lambda *n, seed=0: whole(1, 4, *n, seed=seed).astype(float)) if ties else positive
    x, s = make(*shape), make(*source, seed=1)
    options = {"include_self": include_self}
    # PyTorch's second derivative of a product is another one, without the terms of elements that share a place.
    order = 1 if reduce in ("prod", "amax", "amin") else 2
    if ties and reduce in ("amax", "amin") and not include_self:
        order = 0  # PyTorch shares the gradient with an equal element that does not take part
    compare(*written("scatter_reduce", dim, index, reduce, **options), x, s, order=order)
    compare(*as_method("scatter_reduce_", dim, index, reduce, **options), x, s, order=min(order, 1))
    for kind in ("int64", "float32"):
        agree(
            lambda library: library.scatter_reduce(
                library.tensor(x.astype(kind)),
                dim,
                library.tensor(index),
                library.tensor(s.astype(kind)),
                reduce,
                **options,
            ),
            rtol=1e-5,
        )


@pytest.mark.parametrize("reduce", ["add", "multiply"])
def test_scatter_with_an_old_reduction(reduce):
    x, index, s = normal(3, 4), whole(0, 3, 5, 4)[:2], normal(2, 4, seed=1)
    agree(
        lambda library: library.scatter(library.tensor(x), 0, library.tensor(index), library.tensor(s), reduce=reduce)
    )
    agree(lambda library: library.scatter(library.tensor(x), 0, library.tensor(index), 2.0, reduce=reduce))


def test_a_source_larger_than_the_index():
    """PyTorch computes it, and then fails to give the gradient."""
    x, s = normal(3, 4), normal(4, 5, seed=1)
    for name in ("scatter_add", "scatter"):
        index = np.array([[0, 1, 2], [1, 2, 0]])
        agree(lambda library: getattr(library, name)(library.tensor(x), 0, library.tensor(index), library.tensor(s)))


def test_zeros_in_a_product():
    x, s = np.array([0.0, 2.0, 3.0]), np.array([0.0, 5.0, 0.0, 7.0])
    compare(*written("scatter_reduce", 0, np.array([1, 1, 2, 2]), "prod"), x, s, order=1)
    compare(*written("scatter_reduce", 0, np.array([0, 0, 1, 2]), "prod"), x, s, order=1)


def test_infinities_and_nan():
    x, s = np.array([np.inf, -np.inf, np.nan]), np.array([1.0, np.inf, 2.0, np.nan])
    for reduce in ("sum", "amax", "amin", "mean"):
        compare(*written("scatter_reduce", 0, np.array([0, 0, 1, 1]), reduce), x, s, order=0)
    compare(
        *written("scatter_reduce", 0, np.array([0, 0, 1, 2]), "amax"),
        np.array([np.inf, 1.0, 2.0]),
        np.full(4, np.inf),
        order=1,
    )


def test_one_number():
    x, s = np.array(1.5), np.array([2.5])
    for name in ("scatter", "scatter_add"):
        compare(*written(name, 0, np.array([0])), x, s)
        compare(*written(name, 0, np.array(0)), x, np.array(2.5))
    compare(*written("index_add", 0, np.array([0])), x, np.array(2.5))


@pytest.mark.parametrize("name", ["scatter", "scatter_add"])
def test_scatter_refuses(name):
    for shape, dim, index, source in (
        ((3, 4), 0, [[3]], (1, 1)), ((3, 4), 0, [[-1]], (1, 1)), ((3, 4), 1, [[0], [0], [0], [0]], (4, 1)),
        ((3, 4), 0, [0], (1,)), ((3, 4), 0, [[0, 0]], (1, 1)), ((3, 4), 2, [[0]], (1, 1)), ((3,), 0, [0.5], (1,)),
    ):  # fmt: skip
        both_refuse(
            lambda: getattr(mg, name)(mg.zeros(shape), dim, mg.tensor(index), mg.ones(source)),
            lambda: getattr(torch, name)(torch.zeros(shape), dim, torch.tensor(index), torch.ones(source)),
        )
    both_refuse(
        lambda: getattr(mg, name)(mg.zeros(2), 0, mg.tensor([0]), mg.ones(1, dtype=mg.float64)),
        lambda: getattr(torch, name)(torch.zeros(2), 0, torch.tensor([0]), torch.ones(1, dtype=torch.float64)),
    )


# ------------------------------------------------------------ slices


@st.composite
def slices(draw, unique=False):
    """The shape of a tensor, an axis, positions along it, and the shape of so many slices."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    index = draw(st.lists(st.integers(0, shape[dim] - 1), max_size=4, unique=unique))
    source = [len(index) if axis == dim % len(shape) else n for axis, n in enumerate(shape)]
    return shape, dim, np.array(index, np.int64), tuple(source)


@drawn(60)
@given(slices(), st.sampled_from([1, 2.5]))
def test_index_add(case, alpha):
    shape, dim, index, source = case
    compare(*written("index_add", dim, index, alpha=alpha), normal(*shape), normal(*source, seed=1))
    compare(*as_method("index_add_", dim, index, alpha=alpha), normal(*shape), normal(*source, seed=1), order=1)


@drawn(60)
@given(slices(unique=True))
def test_index_copy_and_fill(case):
    shape, dim, index, source = case
    x, s = normal(*shape), normal(*source, seed=1)
    compare(*written("index_copy", dim, index), x, s)
    compare(*as_method("index_copy_", dim, index), x, s, order=1)
    for value in (2.5, 3):
        same(lambda t: t.index_fill(dim, _index_like(t, index), value), x)
        same(lambda t: (t * 1).index_fill_(dim, _index_like(t, index), value), x, order=1)
    compare(*written("index_fill", dim, index), x, np.array(2.5))


@drawn(60)
@given(slices(), st.sampled_from(REDUCTIONS[1:]), st.booleans())
def test_index_reduce(case, reduce, include_self):
    shape, dim, index, source = case
    x, s = positive(*shape), positive(*source, seed=1)
    compare(*written("index_reduce", dim, index, reduce, include_self=include_self), x, s, order=1)
    compare(*as_method("index_reduce_", dim, index, reduce, include_self=include_self), x, s, order=1)


@pytest.mark.parametrize("name", ["index_add", "index_copy"])
def test_slices_refuse(name):
    for dim, index, source in (
        (0, [3], (1, 4)), (0, [-1], (1, 4)), (0, [0], (2, 4)), (0, [0], (1, 3)), (2, [0], (1, 4)), (0, [[0]], (1, 4)),
        (0, [0.5], (1, 4)),
    ):  # fmt: skip
        both_refuse(
            lambda: getattr(mg, name)(mg.zeros(3, 4), dim, mg.tensor(index), mg.ones(source)),
            lambda: getattr(torch, name)(torch.zeros(3, 4), dim, torch.tensor(index), torch.ones(source)),
        )


# ------------------------------------------------------------ numbers and masks


def test_take_and_put():
    x = normal(3, 4)
    for index in (np.array([0, 11, -2]), np.array([[3, 3], [0, 5]]), np.array(2), np.zeros(0, np.int64)):
        agree_on = lambda t: t.take(_index_like(t, index))  # noqa: E731
        same(agree_on, x)
        values = normal(*index.shape, seed=1)
        for accumulate in (False, True) if len(set(index.ravel())) == index.size else (True,):
            compare(
                lambda t, v: mg.put(t, mg.tensor(index), v, accumulate),
                lambda t, v: torch.put(t, torch.tensor(index), v, accumulate), x, values,
            )  # fmt: skip
            same(lambda t, v: (t * 1).put_(_index_like(t, index), v, accumulate), x, values, order=1)
    both_refuse(lambda: mg.take(mg.ones(2), mg.tensor([2])), lambda: torch.take(torch.ones(2), torch.tensor([2])))
    both_refuse(lambda: mg.take(mg.ones(2), mg.tensor([0.5])), lambda: torch.take(torch.ones(2), torch.tensor([0.5])))


def test_take_along_dim():
    x = normal(3, 4)
    for index, dim in (
        (whole(0, 4, 3, 2), 1), (whole(0, 4, 1, 2), 1), (whole(0, 3, 2, 4), 0), (whole(0, 12, 5), None),
        (whole(0, 4, 3, 1), -1),
    ):  # fmt: skip
        same(lambda t: t.take_along_dim(_index_like(t, index), dim), x)
    same(lambda t: t.take_along_dim(t.argsort(1), 1), x)
    both_refuse(
        lambda: mg.take_along_dim(mg.ones(2, 3), mg.tensor([0]), 1),
        lambda: torch.take_along_dim(torch.ones(2, 3), torch.tensor([0]), 1),
    )


@drawn(60)
@given(st.lists(st.integers(0, 3), min_size=0, max_size=3).map(tuple), st.integers(0, 9), st.booleans())
def test_masks(shape, seed, broadcast):
    x, mask = normal(*shape), whole(0, 2, *shape, seed=seed) > 0
    if broadcast and shape:
        mask = mask[:1]
    if 0 in mask.shape and 0 not in shape:
        return
    same(lambda t: t.masked_select(_index_like(t, mask)), x)
    source = normal(int(np.prod(shape)) + 1, seed=2)
    same(lambda t, s: t.masked_scatter(_index_like(t, mask), s), x, source)
    same(lambda t, s: (t * 1).masked_scatter_(_index_like(t, mask), s), x, source, order=1)
    for value in (x * mask, mask):
        agree(lambda library: library.nonzero(library.tensor(value)))
        agree(lambda library: library.tensor(value).nonzero(as_tuple=True))
        agree(lambda library: library.argwhere(library.tensor(value)))


def test_masks_refuse():
    both_refuse(
        lambda: mg.masked_select(mg.ones(2), mg.tensor([0, 1])),
        lambda: torch.masked_select(torch.ones(2), torch.tensor([0, 1])),
    )
    both_refuse(
        lambda: mg.masked_select(mg.ones(2), mg.tensor([True] * 3)),
        lambda: torch.masked_select(torch.ones(2), torch.tensor([True] * 3)),
    )
    both_refuse(
        lambda: mg.masked_scatter(mg.ones(2), mg.tensor([True, True]), mg.ones(1)),
        lambda: torch.masked_scatter(torch.ones(2), torch.tensor([True, True]), torch.ones(1)),
    )


def test_index_put():
    x = normal(3, 4)
    for indices, shape in (
        ((np.array([0, 2]),), (2, 4)), ((np.array([0, 2]), np.array([1, 3])), (2,)), ((np.array([0, 2]),), ()),
        ((np.array([True, False, True]),), (2, 4)),
    ):  # fmt: skip
        for accumulate in (False, True):
            same(
                lambda t, v: t.index_put(tuple(_index_like(t, one) for one in indices), v, accumulate),
                x, normal(*shape, seed=1),
            )  # fmt: skip
            same(
                lambda t, v: (t * 1).index_put_(tuple(_index_like(t, one) for one in indices), v, accumulate),
                x, normal(*shape, seed=1), order=1,
            )  # fmt: skip
    same(lambda t, v: t.index_put((_index_like(t, np.array([0, 0])),), v, True), x, normal(2, 4, seed=1))


def test_select():
    for dim, index in ((0, 0), (1, -1), (-1, 2)):
        compare(*both("select", dim, index), normal(3, 4))
        same(method("select", dim, index), normal(3, 4), order=1)
    for dim, index in ((0, 3), (0, -4), (2, 0)):
        both_refuse(lambda: mg.select(mg.ones(3, 4), dim, index), lambda: torch.select(torch.ones(3, 4), dim, index))
    for library in (mg, torch):
        t = library.zeros(2, 3)
        t.select(1, 0).fill_(7)
        assert t.tolist() == [[7, 0, 0], [7, 0, 0]]
