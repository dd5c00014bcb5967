"""Rows of tables by number: every option of embedding, its layer, renormalisation in place; one-hot."""

import numpy as np
import pytest
import torch
import torch.nn.functional as G
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from tests.torch_oracle.compare import assert_close, assert_same, both_refuse, compare, drawn, functional, normal, whole
from tests.torch_oracle.modules import compare_layer

SHAPES = st.sampled_from([(), (1,), (4,), (2, 3), (0,), (2, 0, 3), (2, 1, 3)])


def derivatives(shape, scaled):
    """PyTorch's second derivative leaves the scale out, and its first fails where nothing was read."""
    return 0 if 0 in shape else 1 if scaled else 2


@drawn(150)
@given(SHAPES, st.integers(1, 6), st.integers(0, 3), st.data())
def test_embedding(shape, rows, features, data):
    numbers = whole(0, rows, *shape).astype(data.draw(st.sampled_from(["int64", "int32"])))
    padding = data.draw(st.none() | st.integers(-rows, rows - 1))
    scaled = data.draw(st.booleans())
    compare(
        *functional("embedding", padding_idx=padding, scale_grad_by_freq=scaled), numbers, normal(rows, features),
        order=derivatives(shape, scaled),
    )  # fmt: skip


@drawn(80)
@given(SHAPES, st.integers(1, 6), st.integers(1, 3), st.data())
def test_the_layer(shape, rows, features, data):
    options = {
        "padding_idx": data.draw(st.none() | st.integers(-rows, rows - 1)),
        "max_norm": data.draw(st.sampled_from([None, 0.5, 1.0])),
        "norm_type": data.draw(st.sampled_from([2.0, 1.0, 3, float("inf")])),
        "scale_grad_by_freq": data.draw(st.booleans()),
    }
    order = derivatives(shape, options["scale_grad_by_freq"])
    compare_layer("Embedding", (rows, features), options, whole(0, rows, *shape), order=order)


def test_nothing_read():
    table = mg.ones(3, 2, requires_grad=True)
    F.embedding(mg.zeros(0, dtype=mg.int64), table, scale_grad_by_freq=True, max_norm=1.0).sum().backward()
    assert table.grad.tolist() == [[0, 0]] * 3


@pytest.mark.parametrize("norm_type", [0.5, 1, 2, 2.0, 3, float("inf")])
def test_rows_are_shortened_in_place(norm_type):
    table = normal(5, 3) * 2
    table[1] = 0
    for dtype, tolerance in ((np.float64, 1e-6), (np.float32, 1e-5)):
        ours, theirs = mg.tensor(table.astype(dtype)), torch.tensor(table.astype(dtype))
        version = ours._version
        numbers = np.array([[0, 1], [1, 3]])
        found = F.embedding(mg.tensor(numbers), ours, None, 1.5, norm_type)
        assert ours._version > version
        assert_same(found, G.embedding(torch.tensor(numbers), theirs, None, 1.5, norm_type), "", tolerance, tolerance)
        assert_same(ours, theirs, "table", tolerance, tolerance)
        np.testing.assert_array_equal(ours[2].numpy(), table[2].astype(dtype))


@pytest.mark.parametrize("limit", [0.0, -1.0, 1e9])
def test_odd_limits(limit):
    table = normal(4, 2)
    found = F.embedding(mg.tensor([0, 1]), mg.tensor(table), max_norm=limit)
    assert_close(
        found.numpy(), G.embedding(torch.tensor([0, 1]), torch.tensor(table), max_norm=limit).numpy(), "", 1e-6, 0
    )


def test_from_pretrained():
    table = normal(4, 2)
    for freeze in (True, False):
        ours = nn.Embedding.from_pretrained(mg.tensor(table), freeze, 1, 2.0, 1.0, True)
        theirs = torch.nn.Embedding.from_pretrained(torch.tensor(table), freeze, 1, 2.0, 1.0, True)
        assert repr(ours) == repr(theirs)
        assert ours.weight.requires_grad == theirs.weight.requires_grad
        assert_same(ours.weight, theirs.weight)
        assert_same(ours(mg.tensor([1, 3])), theirs(torch.tensor([1, 3])), "", 1e-6, 1e-6)
    source = mg.tensor(table)
    assert np.shares_memory(nn.Embedding.from_pretrained(source).weight.detach().numpy(), source.numpy())


def test_attributes_and_representations():
    for arguments, options in [
        ((4, 3), {}), ((4, 3, -1), {}), ((4, 3, 1, 2.0, 3.0, True), {}), ((4, 3), {"_freeze": True}),
        ((0, 3), {}), ((4, 0), {}),
    ]:  # fmt: skip
        ours, theirs = nn.Embedding(*arguments, **options), torch.nn.Embedding(*arguments, **options)
        assert repr(ours) == repr(theirs)
        assert ours.weight.requires_grad == theirs.weight.requires_grad
        for name in ("num_embeddings", "embedding_dim", "padding_idx", "max_norm", "norm_type", "scale_grad_by_freq",
                     "sparse"):  # fmt: skip
            assert getattr(ours, name) == getattr(theirs, name)


def test_initial_values():
    layer = nn.Embedding(500, 40, padding_idx=3)
    values = layer.weight.detach().numpy()
    assert not values[3].any()
    assert abs(values.mean()) < 0.03
    assert abs(values.std() - 1) < 0.03


REFUSED = [
    ([5], (5, 3), {}, "int64", IndexError),
    ([-1], (5, 3), {}, "int64", IndexError),
    ([0], (0, 3), {}, "int64", IndexError),
    ([1], (5, 3), {}, "float64", TypeError),
    ([1], (5, 3), {}, "int16", TypeError),
    ([1], (5, 3), {}, "bool", TypeError),
    ([1], (5,), {}, "int64", ValueError),
    ([1], (5, 2, 3), {}, "int64", ValueError),
    ([1], (5, 3), {"padding_idx": 5}, "int64", ValueError),
    ([1], (5, 3), {"padding_idx": -6}, "int64", ValueError),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_both_refuse(number):
    numbers, shape, options, dtype, error = REFUSED[number]
    ours, theirs = functional("embedding", **options)
    array = np.array(numbers, dtype)
    both_refuse(
        lambda: ours(mg.tensor(array), mg.ones(shape)), lambda: theirs(torch.tensor(array), torch.ones(shape)), error
    )


def test_layers_that_both_refuse():
    for arguments in ((5, 3, 5), (5, 3, -6), (-1, 3)):
        both_refuse(lambda one=arguments: nn.Embedding(*one), lambda one=arguments: torch.nn.Embedding(*one))
    both_refuse(
        lambda: nn.Embedding.from_pretrained(mg.ones(3)), lambda: torch.nn.Embedding.from_pretrained(torch.ones(3))
    )
    both_refuse(
        lambda: nn.Embedding(3, 2, _weight=mg.ones(3, 3)), lambda: torch.nn.Embedding(3, 2, _weight=torch.ones(3, 3))
    )


@drawn(60)
@given(SHAPES, st.integers(1, 5), st.sampled_from([-1, 5, 9]))
def test_one_hot(shape, rows, classes):
    if 0 in shape and classes == -1:
        return
    compare(*functional("one_hot", classes), whole(0, rows, *shape))


@pytest.mark.parametrize(
    ("numbers", "classes", "dtype"),
    [
        ([0, 2], 0, "int64"),
        ([0, 2], 2, "int64"),
        ([-1], 3, "int64"),
        ([], 0, "int64"),
        ([], -1, "int64"),
        ([0, 2], -2, "int64"),
        ([1.0], 3, "float32"),
        ([1], 3, "bool"),
    ],
)
def test_one_hot_that_both_refuse(numbers, classes, dtype):
    array = np.array(numbers, dtype)
    both_refuse(lambda: F.one_hot(mg.tensor(array), classes), lambda: G.one_hot(torch.tensor(array), classes))
