"""Matrix products in all shapes, and the linear map."""

import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal
from tests.torch_oracle.modules import compare_layer, twins


@st.composite
def matmul_shapes(draw):
    """Two shapes that matmul takes: vectors, matrices and stacks that broadcast, zero sizes included."""
    size = st.integers(0, 3)
    inner, rows, columns = draw(size), draw(size), draw(size)
    batch = draw(st.lists(st.integers(0, 2), max_size=2))

    def side(matrix, vector):
        if draw(st.booleans()) and not batch:
            return vector
        lead = [1 if draw(st.booleans()) else n for n in batch][draw(st.integers(0, len(batch))) :]
        return (*lead, *matrix)

    return side((rows, inner), (inner,)), side((inner, columns), (inner,))


@drawn(180)
@given(matmul_shapes())
def test_matmul(shapes):
    a, b = shapes
    compare(mg.matmul, torch.matmul, normal(*a), normal(*b, seed=1))


@pytest.mark.parametrize("shapes", [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((5, 2, 3), (3,)), ((3,), (5, 3, 2)),
                                    ((2, 3), (5, 3, 4)), ((5, 2, 3), (3, 4)), ((4, 1, 2, 3), (5, 3, 2))])  # fmt: skip
def test_matmul_of_each_rank(shapes):
    a, b = shapes
    compare(lambda x, y: x @ y, lambda x, y: x @ y, normal(*a), normal(*b, seed=1))


def test_named_products():
    for name, a, b in [
        ("mm", (2, 3), (3, 4)),
        ("bmm", (5, 2, 3), (5, 3, 4)),
        ("mv", (2, 3), (3,)),
        ("dot", (3,), (3,)),
    ]:
        compare(getattr(mg, name), getattr(torch, name), normal(*a), normal(*b, seed=1))
        compare(
            lambda x, y, name=name: getattr(x, name)(y),
            lambda x, y, name=name: getattr(x, name)(y),
            normal(*a),
            normal(*b),
        )


LEADS = st.sampled_from([(), (3,), (0,), (2, 3), (2, 0, 3), (1, 1)])


@drawn(80)
@given(LEADS, st.integers(0, 4), st.integers(0, 4), st.booleans())
def test_the_linear_layer(lead, features, outputs, bias):
    if features == 0 or outputs == 0:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch says that there is nothing to initialise
            ours, theirs = twins("Linear", features, outputs, bias)
        compare(ours, theirs, normal(*lead, features), order=1, single=False)
        return
    compare_layer("Linear", (features, outputs, bias), None, normal(*lead, features))


@drawn(80)
@given(LEADS, st.integers(1, 4), st.integers(1, 4), st.integers(0, 4), st.booleans())
def test_bilinear(lead, first, second, outputs, bias):
    x, y = normal(*lead, first), normal(*lead, second, seed=1)
    compare_layer("Bilinear", (first, second, outputs, bias), None, x, y)
    w, b = normal(outputs, first, second, seed=2), normal(outputs, seed=3)
    compare(*functional("bilinear"), x, y, w, *([b] if bias else []))


@pytest.mark.parametrize(
    "shapes",
    [
        ((2, 3), (3, 4), (5, 3, 4)),
        ((1, 3), (3, 4), (5, 3, 4)),
        ((2, 3), (2, 4), (5, 3, 4), (4,)),
        ((2, 3), (4,), (5, 3, 4)),
        ((2, 3), (2, 4), (5, 3, 4), (1,)),
        ((2, 4), (2, 4), (5, 3, 4)),
        ((2, 3), (2, 3), (5, 3, 4)),
        ((2, 3), (2, 4), (3, 4)),
    ],
)
def test_bilinear_maps_that_both_refuse(shapes):
    ours, theirs = functional("bilinear")
    both_refuse(lambda: ours(*map(mg.ones, shapes)), lambda: theirs(*map(torch.ones, shapes)), ValueError)


def test_more_that_both_refuse():
    ours, theirs = functional("bilinear")
    both_refuse(
        lambda: ours(mg.ones(2, 3), mg.ones(2, 4, dtype=mg.float64), mg.ones(5, 3, 4)),
        lambda: theirs(torch.ones(2, 3), torch.ones(2, 4, dtype=torch.float64), torch.ones(5, 3, 4)),
        TypeError,
    )
    both_refuse(lambda: nn.Bilinear(0, 2, 3), lambda: torch.nn.Bilinear(0, 2, 3), ValueError)
    for shape in ((2, 399), (399,), ()):
        both_refuse(
            lambda shape=shape: nn.Linear(400, 3)(mg.ones(shape)),
            lambda shape=shape: torch.nn.Linear(400, 3)(torch.ones(shape)),
            ValueError,
        )


def test_initial_values_of_bilinear_maps():
    layer = nn.Bilinear(16, 9, 40)
    for parameter in (layer.weight, layer.bias):
        assert 0.2 < parameter.abs().max().item() <= 0.25


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ((), (2, 3, 4)),
        ((0,), (2, 3)),
        ((-2, -1), (2, 3, 4)),
        ((), (0, 3, 4)),
        ((0, 0), (2, 3)),
        ((0,), ()),
        ((1, 2), (2, 3, 4, 5)),
    ],
)
def test_flatten(arguments, shape):
    compare_layer("Flatten", arguments, None, normal(*shape))


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ((1, (2, 3)), (2, 6)),
        ((1, [2, 3]), (2, 6)),
        ((-1, (2, -1)), (2, 6)),
        ((0, (1, 2, 1)), (2, 6)),
        ((0, (2, -1)), (0, 6)),
        ((-2, (2, 2)), (3, 4, 5)),
        ((1, (6,)), (2, 6)),
        ((1, (0, 3)), (2, 0)),
    ],
)
def test_unflatten(arguments, shape):
    compare_layer("Unflatten", arguments, None, normal(*shape))
    layer, theirs = nn.Unflatten(*arguments), torch.nn.Unflatten(*arguments)
    assert (layer.dim, layer.unflattened_size) == (theirs.dim, theirs.unflattened_size)


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ((1, (-1, -1)), (2, 6)),
        ((2, (2, 3)), (2, 6)),
        ((1, ()), (2, 1)),
        ((1, (4, 2)), (2, 6)),
        ((0, (0, -1)), (0, 6)),
        ((1, (4, -1)), (2, 6)),
        ((1.5, (2, 3)), (2, 6)),
        ((1, 6), (2, 6)),
        ((1, (2, 2.5)), (2, 6)),
        ((1, ("a", "b")), (2, 6)),
        (("a", (("b", 2), ("c", 3))), (2, 6)),
        ((1, (-2, -3)), (2, 6)),
    ],
)
def test_unflatten_that_both_refuse(arguments, shape):
    both_refuse(
        lambda: nn.Unflatten(*arguments)(mg.ones(shape)), lambda: torch.nn.Unflatten(*arguments)(torch.ones(shape))
    )


@pytest.mark.parametrize(("arguments", "shape"), [((), (3,)), ((2, 1), (2, 3, 4)), ((5,), (2, 3)), ((1.0,), (2, 3))])
def test_flatten_that_both_refuse(arguments, shape):
    both_refuse(lambda: nn.Flatten(*arguments)(mg.ones(shape)), lambda: torch.nn.Flatten(*arguments)(torch.ones(shape)))


def test_identity():
    compare_layer("Identity", (3, 4), {"anything": 5}, normal(2, 3))
